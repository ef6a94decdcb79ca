// SPDX-License-Identifier: GPL-2.0-only
/* mutation_rows.c: names for the operations and traits, and what there is to put in their place. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tests/mutation.h"
#include "tests/support.h"

/* ---- whatever it is asked, it does nothing, and says nothing, or no, or none; or yes ---- */

static u64 nothing(void)
{
	return 0;
}

static u64 yes(void)
{
	return 1;
}

static pfn_t no_page(void)
{
	return NO_PFN;
}

static struct pt_leaf no_leaf(void)
{
	return (struct pt_leaf){ 0 };
}

/* ---- the rows ---- */

#define OP_ROW(field, ...)	{ #field, offsetof(struct ops, field), { __VA_ARGS__ } }
#define OP(field)	OP_ROW(field, { (op_fn)nothing, "nothing" })
#define YES_OR_NO(field)	OP_ROW(field, { (op_fn)nothing, "no" }, { (op_fn)yes, "yes" })
#define PAGE(field)	OP_ROW(field, { (op_fn)no_page, "nothing" })
#define LEAF(field)	OP_ROW(field, { (op_fn)no_leaf, "nothing" })

const struct op_row op_rows[] = {
	OP(own_page), OP(take_remapped), YES_OR_NO(fault_is_stale), OP(range_add),
	YES_OR_NO(range_counts), YES_OR_NO(is_ad_tracked), OP(release_pfn), OP(release_fault),
	OP(spte_changed), OP(log_rearmed), OP(leaf_aged), OP(leaf_bits), YES_OR_NO(huge_ok),
	OP(mark_accessed), OP(map_args), OP(map_release), OP(lookup_args), OP(lookup_release),
	OP(reexecute_args), OP(reexecute_release), OP(stage2_release), OP(stage2_mark),
	PAGE(gfn_to_page), OP(gpc_release), OP(fault_args), YES_OR_NO(zap_flushes),
	PAGE(load_root), PAGE(current_root), YES_OR_NO(root_is_obsolete), PAGE(root_at),
	OP(free_roots), LEAF(walk), LEAF(next_leaf), YES_OR_NO(age_range), OP(unmap_range),
	OP(zap_gfns), OP(rearm), OP(check_zapped), OP(harvest_accessed), OP(harvest_dirty),
	OP(release_prefetched),
};
const size_t nr_op_rows = ARRAY_SIZE(op_rows);

#define TRAIT_ROW(field, is_switch)				\
	{ #field, offsetof(struct traits, field),		\
	  sizeof(((struct traits *)NULL)->field), is_switch }
#define SWITCH(field)	TRAIT_ROW(field, true)
#define VALUE(field)	TRAIT_ROW(field, false)

const struct trait_row trait_rows[] = {
	VALUE(ept), VALUE(npt), VALUE(refcounted_bit), VALUE(pferr), VALUE(allow_unsafe_mappings),
	SWITCH(pfnmap_huge), SWITCH(change_pte), SWITCH(apic_page_checked),
	SWITCH(arm64_accessed_once), SWITCH(arm64_dirty_unlocked), SWITCH(riscv_kvm),
	SWITCH(loongarch_kvm), SWITCH(gmem), SWITCH(gmem_poison_leaks), SWITCH(gmem_mmap),
	SWITCH(attributes_add_huge), SWITCH(private_by_tdp_mmu), SWITCH(prefetch_keeps_spte),
	SWITCH(npt_fast_mmio), SWITCH(bus_freed_later), SWITCH(clear_splits_last),
	SWITCH(prefaults), SWITCH(reload_frees_roots), SWITCH(prefetch_gives_up),
	SWITCH(async_error_code), SWITCH(rearm_clears_bits), SWITCH(level_is_hosts),
	SWITCH(age_cleans), SWITCH(make_spte_logs), SWITCH(mmu_pages_first),
	SWITCH(fast_asks_private), SWITCH(mmu_shrinker), SWITCH(npt_five_levels),
	SWITCH(nx_leaves_logged), SWITCH(nx_tables_known), SWITCH(fault_splits),
	SWITCH(mmio_below_max_gfn), SWITCH(slot_zap_quirk), SWITCH(wrap_asks_caching),
	SWITCH(log_wants_vcpu), SWITCH(pfncache), SWITCH(pfncache_logs_locked),
	SWITCH(pfncache_of_hva), SWITCH(follow_api),
	SWITCH(get_or_guard), SWITCH(follow_outputs_kept), SWITCH(atomic_async_warns),
	SWITCH(wrappers_gone), SWITCH(needs_io), SWITCH(writable_by_slow),
	SWITCH(gup_fast_needs_mapping), SWITCH(checks_hwpoison), SWITCH(cmpxchg_maps),
	SWITCH(forgets_cmpxchg), SWITCH(reexecutes), VALUE(gvt), VALUE(mte_tags), VALUE(uvmem),
	SWITCH(devmap_grab_page),
	SWITCH(map_pages_puts), SWITCH(fault_keeps_dirty), SWITCH(saved_dirty),
	VALUE(zap_root_from), SWITCH(table_noted_last), SWITCH(follow_page),
	SWITCH(follow_needs_access), SWITCH(vmsave_exits), SWITCH(migrate_batches),
	SWITCH(migrate_drains), SWITCH(migration_keeps_ad), VALUE(migrate_tries),
	SWITCH(order_in_flags), SWITCH(hugetlb_cache_counts), SWITCH(numa_keeps_write),
	SWITCH(vm_shares_mm), SWITCH(numa_skips_held), SWITCH(numa_rebuilds_folio),
	SWITCH(numa_moves_pmds), SWITCH(numa_moves_shared), SWITCH(numa_asks_pmds),
	SWITCH(numa_skips_pinned), SWITCH(mremap_hugetlb), SWITCH(mremap_keeps_files),
	SWITCH(mremap_realigns), SWITCH(mremap_moves_vmas), SWITCH(uffd_wp_files),
	SWITCH(uffd_regains_write), SWITCH(uffd_wp_vmas), SWITCH(uffd_unpopulated),
	SWITCH(uffd_minor), SWITCH(uffd_minor_efault), SWITCH(uffd_poison), SWITCH(uffd_wp_async),
	VALUE(uffd_moves), SWITCH(protect_clean_writable), SWITCH(mremap_clears_uffd),
	SWITCH(madvise_populates), SWITCH(populate_stops_at_hole), SWITCH(lazyfree_waits),
	SWITCH(ksm_unshares), SWITCH(pageout_ignores_young), SWITCH(pageout_takes_copies),
	SWITCH(shmem_swaps_whole), SWITCH(shmem_swapin_large), SWITCH(swapin_by_cache),
	SWITCH(copy_frees_swap), SWITCH(swapin_writable), SWITCH(multi_gen_lru),
	SWITCH(lockless_aging), SWITCH(shmem_keeps_poison), SWITCH(poison_kills),
	SWITCH(poison_unmaps_ksm), SWITCH(poison_splits_files), VALUE(lru_batch),
	SWITCH(anon_exclusive), VALUE(large_reuse), SWITCH(zap_noted_nonpresent),
	SWITCH(dirty_skipped_over_table), SWITCH(double_map), SWITCH(hugetlb_dontneed),
	SWITCH(remove_needs_write), SWITCH(hugetlb_zap_notifies), SWITCH(hugetlb_moves_by_head),
	SWITCH(hugetlb_zap_locks), SWITCH(gigantic_stays), SWITCH(hugetlb_restores),
	SWITCH(huge_zero_special), SWITCH(huge_zero_wp), SWITCH(no_madvise_collapse),
	SWITCH(collapse_retracts_all), SWITCH(collapse_of_nothing), SWITCH(collapse_passes_holes),
	SWITCH(direct_leaf_warns), SWITCH(mmio_over_leaf),
	SWITCH(collapse_read_only), SWITCH(gup_touches_hugetlb), SWITCH(split_keeps_dirty),
	SWITCH(protect_pmd_writable), SWITCH(protect_pmd_cleans), SWITCH(protect_unaccounts),
	SWITCH(unused_vma_takes_anon), SWITCH(protect_notifies_pud), SWITCH(file_pmd_counts),
	SWITCH(rmap_splits_first), VALUE(folio_sharers), SWITCH(unmap_splits_first),
	SWITCH(swapout_wants_pmd), SWITCH(migrate_splits_first), SWITCH(migrate_splits_partial),
	SWITCH(split_ascends), SWITCH(split_drops_zeroes), SWITCH(split_keeps_buddies),
	SWITCH(shmem_any_order), SWITCH(shmem_fits_vma), SWITCH(set_pmd_in_size),
	SWITCH(set_pmd_asks_vma), VALUE(fault_maps_folio), SWITCH(around_maps_folio),
	SWITCH(zap_pmd_marks), SWITCH(anon_ref_add), SWITCH(split_pud_asserts),
	SWITCH(collapses_unchecked),
};
const size_t nr_trait_rows = ARRAY_SIZE(trait_rows);

bool mutation_knows_ops(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(op_rows); i++)
		if (op_rows[i].offset != i * sizeof(op_fn))
			return false;
	return sizeof(struct ops) == ARRAY_SIZE(op_rows) * sizeof(op_fn);
}

/* The next word that a ";" or "," follows, in the line at *@at; comments hold none of ours. */
static bool next_member(const char **at, char *name, size_t size)
{
	size_t n = 0;

	for (; **at && **at != '/'; (*at)++) {
		if (isalnum((unsigned char)**at) || **at == '_') {
			if (n + 1 < size)
				name[n++] = **at;
		} else if (n && (**at == ';' || **at == ',')) {
			name[n] = 0;
			return true;
		} else {
			n = 0;
		}
	}
	return false;
}

/* Padding hides from sizeof() what has no row: the header has not. */
const char *mutation_unknown_trait(const char *header)
{
	static char name[64];
	FILE *file = fopen(header, "r");
	char line[256];
	bool inside = false;
	size_t nr = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) && !(inside && line[0] == '}')) {
		const char *at = line;

		while (inside && next_member(&at, name, sizeof(name))) {
			if (nr == nr_trait_rows || strcmp(trait_rows[nr].name, name))
				return name;
			nr++;
		}
		inside |= !strcmp(line, "struct traits {\n");
	}
	fclose(file);
	return nr == nr_trait_rows ? NULL : "one that has gone";
}
