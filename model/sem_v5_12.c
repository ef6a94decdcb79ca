/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v5_12.c: the old API before f8be156be163: CVE-2021-22543.
 *
 * The remapped path takes a reference on whatever is not reserved, by get_page(): on a tail of a
 * non-compound block that is 0 -> 1, and the release's 1 -> 0 frees the driver's page.
 * Linux 5.12.9: virt/kvm/kvm_main.c, arch/x86/kvm/mmu/{mmu,tdp_mmu}.c.
 */
#include "model/sem.h"

/* kvm_is_zone_device_pfn(), since 5.14 kvm_is_zone_device_page(): warns if there is no count */
bool is_zone_device_pfn(struct machine *m, pfn_t pfn)
{
	if (page_count(m, pfn))
		return page_is(m, pfn, PG_ZONE_DEVICE);
	raise_alarm(m, ALARM_WARN, SPLAT_ZONE_DEVICE_COUNT0,
		    page_is(m, pfn, PG_FREE) ? page_blame(m, pfn) : BLAME_KVM);
	return false;
}

/* kvm_is_reserved_pfn(), 5.12 */
static bool is_reserved_pfn(struct machine *m, pfn_t pfn)
{
	if (!page_is(m, pfn, PG_VALID))
		return true;
	if (!page_is(m, pfn, PG_RESERVED) || pfn == m->w->config.zero_pfn)
		return false;
	return !is_zone_device_pfn(m, pfn);
}

static void own_with_reference(struct machine *m, struct task *t, pfn_t page)
{
	(void)m;
	t->follow.page = page;
}

bool remapped_read_only(struct task *t, bool writable)
{
	if (!(t->follow.foll & FOLL_WRITE) || writable)
		return false;
	follow_finish(t, KVM_PFN_ERR_RO_FAULT);
	return true;
}

void take_by_get(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	if (remapped_read_only(t, writable))
		return;
	if (t->follow.try_map_writable)
		t->follow.writable = writable;
	if (!is_reserved_pfn(m, pfn)) {		/* kvm_get_pfn() */
		page_get(m, pfn, HOLD_FAULT);
		t->follow.page = pfn;
	}
	follow_finish(t, pfn);
}

static void release_pfn(struct machine *m, pfn_t pfn, bool dirty, enum holder holder)
{
	if (dirty)
		set_pfn_dirty(m, pfn);
	note_release(m, "kvm_release_pfn_clean", pfn);
	if (!is_error_noslot_pfn(pfn) && !is_reserved_pfn(m, pfn))
		page_put(m, pfn, holder);
}

void release_original(struct machine *m, struct task *t, bool used)
{
	(void)used;
	m->sem->ops.release_pfn(m, t->fault.orig_pfn, false, HOLD_FAULT);
}

static bool is_ad_tracked(struct machine *m, pfn_t pfn)
{
	return !is_reserved_pfn(m, pfn) && !is_zone_device_pfn(m, pfn);
}

void mark_alive(struct machine *m, pfn_t pfn)
{
	mark_check(m, pfn);
}

void set_page_dirty(struct machine *m, pfn_t page)
{
	if (!m->sem->ops.is_ad_tracked(m, page))
		return;
	mark_alive(m, page);
	mark_check_dirty(m, page);
	page_set_dirty(m, page);
}

void set_page_accessed(struct machine *m, pfn_t page)
{
	if (!m->sem->ops.is_ad_tracked(m, page))
		return;
	mark_alive(m, page);
	m->sem->ops.mark_accessed(m, page);
}

void set_pfn_dirty(struct machine *m, pfn_t pfn)
{
	note_release(m, "kvm_set_pfn_dirty", pfn);
	set_page_dirty(m, pfn);
}

static void set_pfn_accessed(struct machine *m, pfn_t pfn)
{
	note_release(m, "kvm_set_pfn_accessed", pfn);
	set_page_accessed(m, pfn);
}

/* handle_changed_spte_dirty_log(), handle_changed_spte_acc_track() */
static void spte_changed(struct machine *m, u64 old, u64 new, unsigned level)
{
	const struct spte_format *format = spte_format_of(m);
	bool gone = !spte_is_leaf(format, new, level) || pt_pfn(old) != pt_pfn(new);

	if (spte_is_dirty(format, old) && (gone || !spte_is_dirty(format, new)))
		set_pfn_dirty(m, pt_pfn(old));
	if (spte_is_accessed(format, old) && (gone || !spte_is_accessed(format, new)))
		set_pfn_accessed(m, pt_pfn(old));
}

void look_away(struct machine *m, u64 old)
{
	(void)m;
	(void)old;
}

/* mmu_notifier_retry_hva(); no check for obsolete roots yet */
static bool fault_is_stale(struct machine *m, const struct fault *f)
{
	return f->slot != NO_SLOT && invalidate_retry(m, f->mmu_seq, f->hva);
}

static void range_add(struct machine *m, const struct notify *range)
{
	struct kvm *kvm = &m->w->kvm;
	bool first = kvm->in_progress == 1;

	if (first || range->start < kvm->range_start)
		kvm->range_start = range->start;
	if (first || range->end > kvm->range_end)
		kvm->range_end = range->end;
}

static bool range_counts(struct machine *m, const struct notify *range)
{
	(void)m;
	(void)range;
	return true;
}

static u64 no_leaf_bits(struct machine *m, const struct fault *fault)
{
	(void)m;
	(void)fault;
	return 0;
}

/* kvm_mmu_hugepage_adjust(): PageTransCompoundMap(), or zone device */
static bool huge_if_compound(struct machine *m, pfn_t pfn)
{
	if (is_reserved_pfn(m, pfn))
		return false;
	return page_is(m, pfn, PG_ZONE_DEVICE) || page_is(m, page_head(m, pfn), PG_HEAD);
}

static void map_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->foll = FOLL_WRITE;
}

static void map_release(struct machine *m, struct task *t)
{
	m->sem->ops.release_pfn(m, m->w->kvm.maps[t->map.map].pfn, t->map.dirty, HOLD_MAP);
}

static void lookup_args(struct machine *m, struct follow *follow)
{
	(void)m;
	(void)follow;
}

static void lookup_release(struct machine *m, struct task *t)
{
	m->sem->ops.release_pfn(m, t->follow.pfn, false, HOLD_FAULT);
}

/* kvm_pfn_to_page() */
static pfn_t gfn_to_page(struct machine *m, struct task *t)
{
	if (!is_reserved_pfn(m, t->follow.pfn))
		return t->follow.pfn;
	raise_alarm(m, ALARM_WARN, SPLAT_NO_STRUCT_PAGE, BLAME_KVM);
	return NO_PFN;
}

static void gpc_release(struct machine *m, struct task *t, bool used)
{
	(void)used;
	m->sem->ops.lookup_release(m, t);
}

static void stage2_put(struct machine *m, struct task *t, bool used)
{
	(void)used;
	m->sem->ops.lookup_release(m, t);
}

static void stage2_mark(struct machine *m, struct task *t, bool dirty)
{
	if (dirty)
		set_pfn_dirty(m, t->follow.pfn);
	else
		set_pfn_accessed(m, t->follow.pfn);
}

static void reexecute_args(struct machine *m, struct follow *follow)
{
	m->sem->ops.lookup_args(m, follow);
}

static void reexecute_release(struct machine *m, struct task *t)
{
	m->sem->ops.lookup_release(m, t);
}

static void fault_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->try_map_writable = true;
}

static bool zap_flushes(struct machine *m, bool zapped_valid, bool zapped_invalid)
{
	(void)m;
	return zapped_valid || zapped_invalid;
}

/* mmu_spte_clear_track_bits() */
static void check_zapped(struct machine *m, u64 old)
{
	pfn_t pfn = pt_pfn(old);

	if (!is_reserved_pfn(m, pfn) && !page_count(m, pfn))
		raise_alarm(m, ALARM_WARN, SPLAT_ZAPPED_COUNT0, page_blame(m, pfn));
}

static void harvest_accessed(struct machine *m, u64 old)
{
	set_pfn_accessed(m, pt_pfn(old));
}

static void harvest_dirty(struct machine *m, u64 old)
{
	set_pfn_dirty(m, pt_pfn(old));
}

/* direct_pte_prefetch_many() */
static void release_prefetched(struct machine *m, pfn_t page)
{
	page_put(m, page, HOLD_FAULT);
}

static const struct traits traits = {
	TRAITS_5_12, .level_is_hosts = true,
};

static const struct step *const paths[NR_PATHS] = {
	[PATH_ACCESS] = path_access,
	[PATH_FAULT] = path_fault,
	[PATH_FOLLOW] = path_follow,
	[PATH_EMULATE] = path_emulate,
	[PATH_HOST_ACCESS] = path_host_access,
	[PATH_HOST_FAULT] = path_host_fault,
	[PATH_NOTIFY_START] = path_notify_start,
	[PATH_NOTIFY_END] = path_notify_end,
	[PATH_UNMAP] = path_unmap,
	[PATH_FILE_FAULT] = path_file_fault,
	[PATH_DAX_FAULT] = path_dax_fault,
	[PATH_FILE_RESIZE] = path_file_resize,
	[PATH_FILE_WRITE] = path_file_write,
	[PATH_FOLIO_SPLIT] = path_folio_split,
	[PATH_FILE_CLEAN] = path_file_clean,
	[PATH_PROTECT] = path_protect,
	[PATH_ADVISE] = path_advise,
	[PATH_COLLAPSE_FILE] = path_collapse_file,
	[PATH_COLLAPSE] = path_collapse, [PATH_MADVISE] = path_madvise,
	[PATH_MREMAP] = path_mremap, [PATH_NUMA] = path_numa,
	[PATH_UFFD] = path_uffd, [PATH_UFFD_PROTECT] = path_uffd_protect,
	[PATH_UFFD_FILL] = path_uffd_fill, [PATH_UFFD_MOVE] = path_uffd_move,
	[PATH_USERFAULT] = path_userfault,
	[PATH_MMAP] = path_mmap,
	[PATH_MLOCK] = path_mlock,
	[PATH_POPULATE] = path_populate,
	[PATH_DRIVER] = path_driver,
	[PATH_SLOT] = path_slot,
	[PATH_DIRTY_LOG] = path_dirty_log,
	[PATH_CLEAR_LOG] = path_clear_log,
	[PATH_LOG_MODE] = path_log_mode,
	[PATH_MAP] = path_map,
	[PATH_UNMAP_MAP] = path_unmap_map, [PATH_LOG_MAP] = path_log_map,
	[PATH_COPY] = path_copy, [PATH_STEAL] = path_steal,
	[PATH_LOOKUP] = path_lookup,
	[PATH_PREFETCH] = path_prefetch,
	[PATH_GPC] = path_gpc,
	[PATH_EXIT] = path_exit,
	[PATH_NESTED] = path_nested,
	[PATH_FORK] = path_fork, [PATH_MIGRATE] = path_migrate,
	[PATH_UNMAP_PAGE] = path_unmap_page, [PATH_POISON] = path_poison,
	[PATH_PAGE_SPLIT] = path_page_split,
	[PATH_CLEAR_REFS] = path_clear_refs, [PATH_RECLAIM] = path_reclaim,
	[PATH_YOUNG] = path_young, [PATH_KSM_MERGE] = path_ksm_merge,
	[PATH_KSM_UNMERGE] = path_ksm_unmerge,
	[PATH_SET_NX] = path_set_nx,
	[PATH_MMU_PAGES] = path_mmu_pages, [PATH_SHRINK_MMU] = path_shrink_mmu,
	[PATH_IOEVENTFD] = path_ioeventfd,
	[PATH_ZAP_GFNS] = path_zap_gfns, [PATH_RECOVER_NX] = path_recover_nx,
	[PATH_STAGE2] = path_stage2,
	[PATH_APIC] = path_apic,
	[PATH_GMEM] = path_gmem, [PATH_ATTRIBUTES] = path_attributes,
	[PATH_GMEM_FILE] = path_gmem_file,
	[PATH_PREFAULT] = path_prefault,
	[PATH_ASYNC_PF] = path_async_pf,
};

static const struct call_name calls[] = {
	{ "kvm_tdp_page_fault", "kvm_tdp_page_fault > direct_page_fault" },
	{ "kvm_faultin_pfn", "try_async_pf" },
	{ "hva_to_pfn", "__gfn_to_pfn_memslot > hva_to_pfn" },
	{ "kvm_mmu_invalidate_begin", "" },
	{ "kvm_mmu_invalidate_end", "" },
	{ "kvm_unmap_gfn_range", "kvm_unmap_hva_range" },
	{ "kvm_tdp_mmu_unmap_gfn_range", "kvm_tdp_mmu_zap_hva_range" },
	{ "tdp_mmu_zap_leafs", "zap_gfn_range" },
	{ 0 }
};

const struct semantics_patch sem_v5_12 = {
	.name = "v5.12", .group = "old",
	.source = "Linux 5.12.9: gfn_to_pfn() with an unconditional get_page() (CVE-2021-22543)",
	.traits = &traits, .paths = paths, .calls = calls,
	.ops = {
		.own_page = own_with_reference, .take_remapped = take_by_get,
		.fault_is_stale = fault_is_stale, .range_add = range_add,
		.range_counts = range_counts, .release_fault = release_original,
		.is_ad_tracked = is_ad_tracked,
		.release_pfn = release_pfn,
		.spte_changed = spte_changed, .log_rearmed = look_away,
		.leaf_aged = harvest_dirty,
		.leaf_bits = no_leaf_bits, .huge_ok = huge_if_compound,
		.mark_accessed = page_mark_accessed_classic,
		.map_args = map_args, .map_release = map_release,
		.lookup_args = lookup_args, .lookup_release = lookup_release,
		.reexecute_args = reexecute_args, .reexecute_release = reexecute_release,
		.gfn_to_page = gfn_to_page, .gpc_release = gpc_release,
		.stage2_release = stage2_put, .stage2_mark = stage2_mark,
		.fault_args = fault_args, .zap_flushes = zap_flushes,
		.load_root = tdp_load_root, .current_root = tdp_current_root,
		.root_is_obsolete = tdp_root_is_obsolete, .root_at = tdp_root_at,
		.free_roots = tdp_unload_root,
		.walk = tdp_walk,
		.next_leaf = tdp_next_leaf, .unmap_range = tdp_zap_tables,
		.zap_gfns = tdp_zap_tables,
		.age_range = tdp_age_range,
		.rearm = tdp_rearm,
		.check_zapped = check_zapped, .harvest_accessed = harvest_accessed,
		.harvest_dirty = harvest_dirty, .release_prefetched = release_prefetched,
	},
};
