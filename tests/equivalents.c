// SPDX-License-Identifier: GPL-2.0-only
/*
 * equivalents.c: mutants that no script can tell from the kernel, with the argument why. If a row
 * becomes wrong, because a path has learned more, test_steps.c says so.
 */
#include <string.h>

#include "model/shadow.h"
#include "model/sem.h"
#include "tests/mutation.h"

static bool splits_pmd_in_place(const struct semantics *sem)
{
	return !sem->traits.rmap_splits_first;
}

static bool migrates_pmd_in_place(const struct semantics *sem)
{
	return !sem->traits.migrate_splits_first;
}

static bool moves_parts_whole(const struct semantics *sem)
{
	return !sem->traits.migrate_splits_partial;
}

static bool splits_into_pages(const struct semantics *sem)
{
	return !sem->traits.split_keeps_buddies;
}

static bool collapses_no_file(const struct semantics *sem)
{
	return sem->traits.no_madvise_collapse;
}

/* 5.13, which is not among the semantics: 6.1 is the next */
static bool splits_nothing_cleared(const struct semantics *sem)
{
	return !sem->traits.pfncache;
}

static bool retracts_own_table(const struct semantics *sem)
{
	return !sem->traits.collapse_retracts_all;
}

static bool stores_by_a_map(const struct semantics *sem)
{
	return sem->traits.cmpxchg_maps;
}

/* Before 6.6 */
static bool dirties_with_write(const struct semantics *sem)
{
	return !sem->traits.saved_dirty;
}

static bool finds_nothing_read_only(const struct semantics *sem)
{
	return sem->ops.take_remapped == sem_v5_11.ops.take_remapped;
}

static bool emulates_once(const struct semantics *sem)
{
	return !sem->traits.reexecutes;
}

static bool probes_no_poison(const struct semantics *sem)
{
	return !sem->traits.checks_hwpoison;
}

static bool has_no_wrappers(const struct semantics *sem)
{
	return sem->traits.wrappers_gone;
}

/* kvm_vcpu_map() until 6.12 */
static bool maps_by_reference(const struct semantics *sem)
{
	return !sem->traits.wrappers_gone;
}

static bool has_no_pfncache(const struct semantics *sem)
{
	return !sem->traits.pfncache;
}

static bool logs_no_pfncache_late(const struct semantics *sem)
{
	return !sem->traits.pfncache || sem->traits.pfncache_logs_locked;
}

static bool marks_no_dirty_unlocked(const struct semantics *sem)
{
	return !sem->traits.loongarch_kvm;
}

static bool moves_one_vma(const struct semantics *sem)
{
	return !sem->traits.mremap_moves_vmas;
}

static bool has_no_gmem(const struct semantics *sem)
{
	return !sem->traits.gmem;
}

static bool maps_no_gmem(const struct semantics *sem)
{
	return !sem->traits.gmem_mmap;
}

/* kvm_is_vm_type_supported(): KVM_X86_SW_PROTECTED_VM */
static bool has_no_private_mem(const struct semantics *sem)
{
	return !sem->traits.gmem || sem->ops.load_root == pae_load_root ||
	       (sem->traits.private_by_tdp_mmu && sem->ops.load_root != tdp_load_root);
}

/* Nor files that other VMs may bind */
static bool binds_no_gmem(const struct semantics *sem)
{
	return has_no_private_mem(sem) && !sem->traits.gmem_mmap;
}

static bool prefaults(const struct semantics *sem)
{
	return sem->traits.prefaults;
}

static bool never_prefaults(const struct semantics *sem)
{
	return !sem->traits.prefaults;
}

static bool moves_one_by_one(const struct semantics *sem)
{
	return !sem->traits.migrate_batches;
}

static bool tells_hugetlb_once(const struct semantics *sem)
{
	return !sem->traits.hugetlb_zap_notifies;
}

static bool has_no_exclusive(const struct semantics *sem)
{
	return !sem->traits.anon_exclusive;
}

/* Large folios of shared memory */
static bool swaps_whole(const struct semantics *sem)
{
	return sem->traits.shmem_swaps_whole;
}

static bool swaps_in_parts(const struct semantics *sem)
{
	return !sem->traits.shmem_swaps_whole;
}

static bool has_no_continue(const struct semantics *sem)
{
	return !sem->traits.uffd_minor;
}

/* Neither MADV_PAGEOUT nor reclaim */
static bool asks_by_clear_young(const struct semantics *sem)
{
	return sem->traits.pageout_ignores_young && sem->traits.multi_gen_lru;
}

/* CONFIG_KVM_MMU_LOCKLESS_AGING, CONFIG_KVM_ELIDE_TLB_FLUSH_IF_YOUNG */
static bool ages_without_lock(const struct semantics *sem)
{
	return sem->traits.lockless_aging;
}

static bool is_shadow(const struct semantics *sem)
{
	return sem->ops.load_root == pae_load_root;
}

static bool has_step(const struct semantics *sem, unsigned path, const char *name)
{
	for (const struct step *step = sem->path[path]; step->name; step++)
		if (!strcmp(step->name, name))
			return true;
	return false;
}

/* d02c357e5bfa (6.8): the count is read without mmu_lock. */
static bool looks_under_mmu_lock(const struct semantics *sem)
{
	return !has_step(sem, PATH_FAULT, "precheck_retry");
}

/* kvm.eager_page_split=Y: no huge leaf is left when logging has begun. */
static bool splits_eagerly(const struct semantics *sem)
{
	return has_step(sem, PATH_SLOT, "split_slot");
}

/* tdp_mmu_split_huge_page() in a fault, recover_huge_pages_range() when logging ends */
static bool zaps_nothing_atomically(const struct semantics *sem)
{
	return sem->traits.fault_splits && has_step(sem, PATH_SLOT, "recover_slot");
}

/* break_ksm() of 6.2 */
static bool breaks_by_unshare(const struct semantics *sem)
{
	return sem->traits.ksm_unshares;
}

static bool has_no_pae_root(const struct semantics *sem)
{
	return !is_shadow(sem);
}

/* The rmap MMU prefetches what has become private: a1176ef5c92a (6.8) */
static bool shows_no_other_root(const struct semantics *sem)
{
	return has_no_pae_root(sem) && (sem->ops.load_root == tdp_load_root ||
					has_no_private_mem(sem));
}

static bool is_tdp(const struct semantics *sem)
{
	return sem->ops.load_root == tdp_load_root;
}

/* the-last-page-that-is-cleared-begins-2m.trace: the laws see that the entry stays writable */
static bool leaves_clean_writable(const struct semantics *sem)
{
	return sem->traits.pfncache && !(is_tdp(sem) && sem->traits.clear_splits_last);
}

/* So do they of a leaf beyond its memslot: 5.12-maps-1g-where-the-memslot-allows-2m.trace */
static bool shows_no_root_at_all(const struct semantics *sem)
{
	return shows_no_other_root(sem) && !leaves_clean_writable(sem) &&
	       !sem->traits.level_is_hosts;
}

static bool shows_no_leaf(const struct semantics *sem)
{
	return has_no_pae_root(sem) && !leaves_clean_writable(sem);
}

/* A private gfn, whose fault ends where its memslot is found, is not fast (6.11); counters tell. */
static bool is_fast_if_shared(const struct semantics *sem)
{
	return sem->traits.fast_asks_private ? is_tdp(sem) : has_no_private_mem(sem);
}

/* What is adjusted is released so, stale or not, unless a check before mmu_lock has ended it. */
static bool releases_as_found(const struct semantics *sem)
{
	return sem->ops.release_fault != sem_v6_8_rc3.ops.release_fault ||
	       has_step(sem, PATH_FAULT, "precheck_retry");
}

static bool has_rmaps(const struct semantics *sem)
{
	return !is_tdp(sem);
}

static bool shrinks_nothing(const struct semantics *sem)
{
	return is_tdp(sem) || !sem->traits.mmu_shrinker;
}

static bool makes_room_first(const struct semantics *sem)
{
	return sem->traits.mmu_pages_first;
}

static bool makes_room_late(const struct semantics *sem)
{
	return !sem->traits.mmu_pages_first;
}

/* kvm_mmu_notifier_invalidate_range_start() before 5.13 */
static bool counts_always(const struct semantics *sem)
{
	return sem->ops.range_counts == sem_v5_12.ops.range_counts;
}

static bool is_always_huge(const struct semantics *sem)
{
	return sem->ops.huge_ok == sem_v6_1.ops.huge_ok;
}

static bool rearms_silently(const struct semantics *sem)
{
	return sem->ops.log_rearmed == look_away;
}

static bool ages_silently(const struct semantics *sem)
{
	return sem->ops.leaf_aged == look_away;
}

static bool harvests_nothing(const struct semantics *sem)
{
	return sem->ops.harvest_dirty == look_away;
}

static bool adds_no_args(const struct semantics *sem)
{
	return sem->ops.lookup_args == sem_v5_12.ops.lookup_args &&
	       sem->ops.reexecute_args == sem_v5_12.ops.reexecute_args;
}

static bool has_no_bit(const struct semantics *sem)
{
	return !sem->traits.refcounted_bit || is_shadow(sem);
}

static bool has_no_gate(const struct semantics *sem)
{
	return !sem->traits.get_or_guard;
}

static bool has_shut_gate(const struct semantics *sem)
{
	return sem->traits.get_or_guard && !sem->traits.allow_unsafe_mappings;
}

/* get_page_unless_zero() of the very page is of 5.12.10 to 6.12: a tail's own count may go to 0. */
static bool counts_no_tail(const struct semantics *sem)
{
	return sem->ops.take_remapped == sem_v5_12.ops.take_remapped ||
	       sem->ops.take_remapped == sem_v5_11.ops.take_remapped ||
	       sem->ops.take_remapped == sem_v7_2.ops.take_remapped;
}

/* Markers are of 5.19; that mremap() takes them away went to 6.1, but to no 6.8. */
static bool has_no_stale_marker(const struct semantics *sem)
{
	return !sem->traits.uffd_wp_files || sem->traits.mremap_clears_uffd;
}

static bool has_no_async_wp(const struct semantics *sem)
{
	return !sem->traits.uffd_wp_async;
}

static bool moves_no_uffd(const struct semantics *sem)
{
	return sem->traits.uffd_moves == MOVES_NOTHING;
}

/* Neither v11's gate nor 6.13's refusal to pin */
static bool asks_for_no_consent(const struct semantics *sem)
{
	return !sem->traits.get_or_guard && !sem->traits.wrappers_gone;
}

static bool ignores_roots(const struct semantics *sem)
{
	return sem->ops.fault_is_stale == sem_v5_12.ops.fault_is_stale ||
	       sem->ops.fault_is_stale == sem_v5_11.ops.fault_is_stale;
}

/* kvm_tdp_mmu_zap_all(), under mmu_lock; TDP roots that outlive it are of 5.13. */
static bool empties_roots(const struct semantics *sem)
{
	return ignores_roots(sem) && is_tdp(sem);
}

static bool leaves_go_under_mmio(const struct semantics *sem)
{
	return sem->traits.mmio_over_leaf && !is_tdp(sem);
}

/* To 5.14, which is not among the semantics */
static bool inhibits_nothing(const struct semantics *sem)
{
	return !sem->traits.pfncache;
}

static bool rmaps_ignore_roots(const struct semantics *sem)
{
	return ignores_roots(sem) && has_rmaps(sem);
}

static bool empties_roots_by_range(const struct semantics *sem)
{
	return sem->ops.fault_is_stale == sem_v5_12.ops.fault_is_stale && is_tdp(sem);
}

static bool retries_any_range(const struct semantics *sem)
{
	return sem->ops.fault_is_stale == sem_v5_11.ops.fault_is_stale;
}

/* MADV_POPULATE_READ, 5.14 */
static bool never_populates(const struct semantics *sem)
{
	return !sem->traits.madvise_populates;
}

/* No table of the MMU outlives kvm_unload_vcpu_mmus(). */
static bool makes_dirty(const struct semantics *sem)
{
	return sem->traits.ept->dirty_always && sem->traits.npt->dirty_always;
}

static bool keeps_numa_write(const struct semantics *sem)
{
	return sem->traits.numa_keeps_write;
}

static bool keeps_numa_write_and_moves(const struct semantics *sem)
{
	return keeps_numa_write(sem) && sem->traits.numa_moves_pmds;
}

static bool moves_no_large(const struct semantics *sem)
{
	return !sem->traits.numa_moves_pmds && !sem->traits.numa_rebuilds_folio;
}

static bool keeps_hugetlb(const struct semantics *sem)
{
	return !sem->traits.hugetlb_dontneed;
}

#define UNMAPPABLE	"guest_memfd is mapped since 6.18: batch_is_mapped() never holds before"
#define ONE_VMA	"to 6.16 mremap() moves one VMA, and this step has nothing to choose"
#define NO_GMEM		"before 6.8 there is no guest_memfd"
#define NO_PRIVATE	"no private memory: it is of 6.8, and needs TDP, then the TDP MMU"
#define UNBOUND		"no file is bound, or has a page: until 6.18 that is for private memory"
#define PRIVATE_FLUSHED	"the pages are there until truncation or the attribute's end"
#define PRIVATE_LOCKED	"who looks without mmu_lock only saves itself a look-up; the others wait"
#define UNBINDS		"who punches a hole zaps the memslot's gfns, too, if it is still there"
#define UNPINNED	"kvm_vcpu_map() pins since 6.13; nobody else pins a page here"
#define UNHELD	"no reference since 6.2: .ksm_unshares guards it"
#define NO_FIRST_SPLIT	"since 6.10 no split_huge_pmd_address() comes first: never run"
#define NO_FIRST_FREEZE	"since 6.15 no split_huge_pmd_address() comes first: never run"
#define MOVED_WHOLE	"up to 6.9 it moves whole: .migrate_splits_partial guards it"
#define NO_SECOND	"up to 6.12 a split leaves no large folio: never run"
#define NO_ASYNC_WP "UFFD_FEATURE_WP_ASYNC is of 6.7"
#define NO_UFFD_MOVE "UFFDIO_MOVE is of 6.8"
#define NO_STALE_MARKER	"none outlives its VMA's watch: UNREGISTER and mremap() take it away"
#define EXCLUDE	"at most one of the two runs: cases of one switch, by their guards"
#define HANDLED	"to 5.18 nothing modelled is X86EMUL_UNHANDLEABLE: .cmpxchg_maps guards it"
#define GONE	"gone since 6.12: .reexecutes guards it"
#define NOT_INHIBITED	"to 5.14 APICv's inhibition is not modelled: nothing is emulated for it"
#define NO_CACHE	"there is no gfn_to_pfn_cache before 5.17: .pfncache guards it"
#define NO_USER	"of what is not active nobody looks at it, and who activates it begins anew"
#define NO_PREFAULT	"KVM_PRE_FAULT_MEMORY is of 6.11: refuse_prefault is the end before"
#define NO_BATCH	"migrate_pages_batch() is of 6.3: .migrate_batches guards it"
#define NO_ROOM	"is_page_fault_stale() comes on the other side of it: passed over"
#define TOLD_ONCE	"gone since 6.3: .hugetlb_zap_notifies guards it"
#define NEVER_SPLIT	"since 6.12 what reclaim has isolated is not split"
#define FILE_OR_NOT	"at most one of the two runs: a folio is a file's, or anonymous"
#define VMAS	"both under mmap_lock for writing, and nobody looks at VMAs without it"
#define WRAPPED	"zap_all_of_wrap has made all roots obsolete: no leaf is left to be changed"
#define GFN_BITS	"shadow paging allows 52 bits of address, and no event has as many"
#define NO_ATOMIC	"nobody has asked for an atomic look-up since 6.13"
#define LOCKLESS	"since 6.15 aging takes no lock and flushes nothing"
#define NEVER_FLUSHED	"lru_gen_look_around() asks by clear_young(); of PMDs nobody asks here"
#define NO_COLLAPSE	"MADV_COLLAPSE is of 6.1; khugepaged, here, leaves files alone"
#define NO_ROOTS	"no fault asks before 5.16, and the laws find no entry of such a root"
#define EMPTIED	"in 5.12 no root is obsolete once mmu_lock is free: it is emptied instead"
#define SAME	"the semantics' own does the same"
#define LAWS_EYES	"for the laws alone: a_broken_kernel_is_seen_by_the_laws_eyes"
#define OF_RMAPS	"only the MMU with rmaps calls it"
#define OF_TDP	"only the TDP MMU calls it"
#define TRAIT_OF_TDP	"only the TDP MMU asks"
#define NO_GATE	"v11 4/8 brings who asks for .guarded and .allow_nonref"
#define SHUT	"not guarded: without a reference it is refused, .allow_nonref or not"
#define DIRTY_UNLOCKED	"only loongarch (6.7) and arm64 (6.11) mark dirty behind mmu_lock"
#define NO_WRAPPERS	"6.13 has no wrappers, and nothing is released or marked by pfn"
#define TRACED	"a tracepoint's second look at the entry: nothing but the trace hangs on it"
#define AND_ENDS	"at most one of the two runs: logging begins or it ends"
#define ALONE		"all threads have gone: nobody is told, or asks, between the two"
#define APART		"of different things, and all threads have gone"
#define NO_VMCS	"shadow paging is taken for kvm_amd's, which has no VMCS"
#define NO_FAST_BUS	"shadow paging meets MMIO by #PF: no misconfig asks the fast bus"
#define MADE	"at most one of the two runs: KVM's own memslots never log"
#define ASKS_LOCKED	"all under mmu_lock, which a reload takes before it writes"
#define ASKS_AGAIN	"a page taken after the request was is asked for again, before the guest"
#define OUTSIDE	"the vCPU's own VMCS and TLB: used in the guest alone, and after both"
#define NO_POPULATE	"there is no MADV_POPULATE_* before 5.14: .madvise_populates says so"

const struct equivalent equivalents[] = {
	/* ---- without ---- */
	{ MUTATION_DROP, "ksm_put_broken", NULL, breaks_by_unshare, UNHELD },
	{ MUTATION_DROP, "notify_begun", NULL, NULL,
	  "a mark for the laws alone: the_mark_of_notify_begun_is_for_the_laws" },
	{ MUTATION_DROP, "retry_instruction", NULL, emulates_once, GONE },
	{ MUTATION_DROP, "emulate_apic", NULL, inhibits_nothing, NOT_INHIBITED },
	{ MUTATION_DROP, "reexecute_instruction", NULL, emulates_once, GONE },
	{ MUTATION_DROP, "reexecute_instruction", NULL, stores_by_a_map, HANDLED },
	{ MUTATION_DROP, "handle_emulation_failure", NULL, stores_by_a_map, HANDLED },
	{ MUTATION_DROP, "check_user_page_hwpoison", NULL, probes_no_poison,
	  "gone since 6.13: .checks_hwpoison guards it" },
	{ MUTATION_DROP, "atomic_miss", NULL, has_no_wrappers, NO_ATOMIC },
	{ MUTATION_DROP, "refuse_atomic_async", NULL, has_no_wrappers, NO_ATOMIC },
	{ MUTATION_DROP, "drain_for_reuse", NULL, has_no_exclusive,
	  "lru_add_drain() before reuse comes with PageAnonExclusive: .anon_exclusive guards it" },
	{ MUTATION_DROP, "gpc_invalidate", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_DROP, "gpc_lock_refresh", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_DROP, "gpc_translate", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_DROP, "gpc_snapshot_seq", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_DROP, "gpc_release_last", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_DROP, "gpc_lookup", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_DROP, "gpc_result", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_DROP, "gpc_install", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_DROP, "gpc_unmap", NULL, NULL, NO_USER },
	{ MUTATION_DROP, "gpc_unlock_refresh", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_DROP, "gpc_check_again", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_DROP, "gpc_lock_vcpu", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_DROP, "gpc_mark_dirty", NULL, logs_no_pfncache_late,
	  "what is written is logged with gpc->lock held: .pfncache_logs_locked guards it" },
	{ MUTATION_DROP, "refuse_prefault", NULL, prefaults, "6.11 and later refuse nothing here" },
	{ MUTATION_DROP, "prefault_*", NULL, never_prefaults, NO_PREFAULT },
	{ MUTATION_DROP, "next_of_batch", NULL, moves_one_by_one, NO_BATCH },
	{ MUTATION_DROP, "begin_pmd_split", NULL, migrates_pmd_in_place, NO_FIRST_FREEZE },
	{ MUTATION_DROP, "freeze_pmd", NULL, migrates_pmd_in_place, NO_FIRST_FREEZE },
	{ MUTATION_DROP, "split_moved", NULL, moves_parts_whole, MOVED_WHOLE },
	{ MUTATION_DROP, "list_parts", NULL, moves_parts_whole, MOVED_WHOLE },
	{ MUTATION_DROP, "begin_hugetlb_zap", NULL, tells_hugetlb_once, TOLD_ONCE },
	{ MUTATION_DROP, "end_hugetlb_zap", NULL, tells_hugetlb_once, TOLD_ONCE },
	{ MUTATION_DROP, "after_hugetlb_zap", NULL, tells_hugetlb_once, TOLD_ONCE },
	{ MUTATION_DROP, "prepare_slot", NULL, is_shadow, GFN_BITS },
	{ MUTATION_DROP, "fast_mmio", NULL, is_shadow, NO_FAST_BUS },
	{ MUTATION_DROP, "reload_apic_page", NULL, is_shadow, NO_VMCS },
	{ MUTATION_DROP, "ask_apic_reload", NULL, is_shadow, NO_VMCS },
	{ MUTATION_DROP, "enable_apic_page", NULL, is_shadow, NO_VMCS },
	{ MUTATION_DROP, "apic_snapshot_seq", NULL, is_shadow, NO_VMCS },
	{ MUTATION_DROP, "apic_lookup", NULL, is_shadow, NO_VMCS },
	{ MUTATION_DROP, "apic_lock", NULL, is_shadow, NO_VMCS },
	{ MUTATION_DROP, "apic_check", NULL, is_shadow, NO_VMCS },
	{ MUTATION_DROP, "apic_write", NULL, is_shadow, NO_VMCS },
	{ MUTATION_DROP, "apic_unlock", NULL, is_shadow, NO_VMCS },
	{ MUTATION_DROP, "apic_release", NULL, is_shadow, NO_VMCS },
	{ MUTATION_DROP, "reclaim_split", NULL, swaps_whole, NEVER_SPLIT },
	{ MUTATION_DROP, "young_lock", NULL, ages_without_lock, LOCKLESS },
	{ MUTATION_DROP, "young_flush", NULL, ages_without_lock, LOCKLESS },
	{ MUTATION_DROP, "young_unlock", NULL, ages_without_lock, LOCKLESS },
	{ MUTATION_DROP, "young_flush", NULL, asks_by_clear_young, NEVER_FLUSHED },

	{ MUTATION_DROP, "split_pinned", NULL, maps_by_reference, UNPINNED },
	{ MUTATION_DROP, "end_pinned", NULL, maps_by_reference, UNPINNED },
	{ MUTATION_DROP, "populate_piece", NULL, never_populates, NO_POPULATE },
	{ MUTATION_DROP, "take_populated", NULL, never_populates, NO_POPULATE },

	{ MUTATION_DROP, "begin_collapse_file", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_DROP, "isolate_file_page", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_DROP, "find_page_mapping", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_DROP, "unmap_file_page", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_DROP, "replace_file_page", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_DROP, "install_folio", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_DROP, "retract_table", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_DROP, "drop_pte_refs", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_DROP, "begin_pte_mapped", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_DROP, "flush_pte_mapped", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_DROP, "end_pte_mapped", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_DROP, "set_huge_pmd", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_DROP, "collapse_file", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_DROP, "end_file", NULL, collapses_no_file, NO_COLLAPSE },

	/* ---- neighbours swapped ---- */
	{ MUTATION_SWAP, "copy_ptes", "split_pinned", maps_by_reference, UNPINNED },
	{ MUTATION_SWAP, "split_pinned", "end_pinned", maps_by_reference, UNPINNED },
	{ MUTATION_SWAP, "end_pinned", "end_fork_vma", maps_by_reference, UNPINNED },
	{ MUTATION_SWAP, "begin_collapse_file", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "isolate_file_page", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "find_page_mapping", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "unmap_file_page", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "replace_file_page", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "install_folio", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "begin_retract", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "retract_table", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "drop_pte_refs", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "begin_pte_mapped", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "flush_pte_mapped", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "end_pte_mapped", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "collapse_file", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "collapse_scan", "collapse_file", collapses_no_file, NO_COLLAPSE },
	{ MUTATION_SWAP, "populate_piece", "take_populated", never_populates, NO_POPULATE },
	{ MUTATION_SWAP, "take_populated", NULL, never_populates, NO_POPULATE },
	{ MUTATION_SWAP, "trace_leaf", "unlock_mmu", has_rmaps, TRACED },
	{ MUTATION_SWAP, "guest_access", "fast_mmio", is_shadow, NO_FAST_BUS },
	{ MUTATION_SWAP, "fast_mmio", "take_exit", is_shadow, NO_FAST_BUS },
	{ MUTATION_SWAP, "handle_mm_fault", "numa_fault", NULL,
	  "whoever may not access it faults once more, and is refused then" },
	{ MUTATION_SWAP, "numa_fault", "look_up_hugetlb_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "range_lock", "find_refusal", NULL, VMAS },
	{ MUTATION_SWAP, "find_refusal", "unmerge_range", NULL,
	  "at most one of the two does something: MADV_UNMERGEABLE is never refused" },
	{ MUTATION_SWAP, "unmerge_range", "split_notify", NULL,
	  "merged pages are not of 2M: the two do not meet" },
	{ MUTATION_SWAP, "numa_fault", "clear_marker", NULL, EXCLUDE },
	{ MUTATION_DROP, "clear_marker", NULL, has_no_stale_marker, NO_STALE_MARKER },
	{ MUTATION_SWAP, "clear_marker", "ask_userspace", has_no_stale_marker, NO_STALE_MARKER },
	{ MUTATION_SWAP, "userfault_retry", "look_up_hugetlb_page", NULL,
	  "hugetlb pages are not registered, and who was left has nothing to map" },
	{ MUTATION_SWAP, "uffd_wake_missing", NULL, NULL,
	  "under mmap_lock for writing: who is woken goes on when it is free" },
	{ MUTATION_SWAP, "free_end", "read_swapped", NULL, EXCLUDE },
	{ MUTATION_SWAP, "read_swapped", "populate_piece", NULL, EXCLUDE },
	{ MUTATION_SWAP, "unmap_end", "expand_vma", NULL, EXCLUDE },
	{ MUTATION_SWAP, "expand_vma", "check_source", NULL, EXCLUDE },
	{ MUTATION_SWAP, "map_hugetlb_page", "reuse_hugetlb_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "reuse_hugetlb_page", "begin_hugetlb_copy", NULL, EXCLUDE },
	{ MUTATION_SWAP, "put_hugetlb_pages", "map_huge_zero_page", NULL, EXCLUDE },
	{ MUTATION_DROP, "resolve_async", NULL, has_no_async_wp, NO_ASYNC_WP },
	{ MUTATION_SWAP, "resolve_async", NULL, has_no_async_wp, NO_ASYNC_WP },
	{ MUTATION_SWAP, "end_huge_wp", "resolve_async", has_no_async_wp, NO_ASYNC_WP },
	{ MUTATION_DROP, "uffd_move_*", NULL, moves_no_uffd, NO_UFFD_MOVE },
	{ MUTATION_SWAP, "uffd_move_*", NULL, moves_no_uffd, NO_UFFD_MOVE },
	{ MUTATION_SWAP, "end_huge_wp", "resolve_async", NULL,
	  "the PTE's bit goes within the split's notification or behind it, which tells nobody" },
	{ MUTATION_SWAP, "resolve_async", "swap_in", NULL, EXCLUDE },
	{ MUTATION_SWAP, "uffd_move_again_cut", "uffd_move_take", NULL, EXCLUDE },
	{ MUTATION_SWAP, "uffd_move_after_split", "uffd_move_entries", NULL, EXCLUDE },
	{ MUTATION_SWAP, "swap_in", "map_zero_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "map_zero_page", "map_anon_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "map_anon_page", "drain_for_reuse", NULL, EXCLUDE },
	{ MUTATION_SWAP, "drain_for_reuse", "reuse_anon_page", NULL,
	  "a page that is reusable once it is drained is reused by the next try, before any copy" },
	{ MUTATION_SWAP, "fast_fix", "snapshot_seq", NULL,
	  "a fix that is lost begins anew, with another snapshot; one that is not needs none" },
	{ MUTATION_SWAP, "file_fault", "dax_fault", NULL, EXCLUDE },
	{ MUTATION_SWAP, "dax_fault", "driver_fault", NULL, EXCLUDE },
	{ MUTATION_SWAP, "refuse_atomic_async", "gup_fast", has_no_wrappers, NO_ATOMIC },
	{ MUTATION_SWAP, "gup_fast", "atomic_miss", has_no_wrappers, NO_ATOMIC },
	{ MUTATION_SWAP, "atomic_miss", "gup_slow", has_no_wrappers, NO_ATOMIC },
	{ MUTATION_SWAP, "find_page", "get_mapped_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "page_mkwrite", "copy_file_page", NULL,
	  "at most one of the two runs: a mapping is shared or private" },
	{ MUTATION_SWAP, "make_mmu_pages_late", "adjust_level", NULL,
	  "one looks at KVM's tables and the other at the host's" },
	{ MUTATION_SWAP, "check_stale", "make_mmu_pages_late", makes_room_first, NO_ROOM },
	{ MUTATION_DROP, "make_mmu_pages_late", NULL, makes_room_first, NO_ROOM },
	{ MUTATION_SWAP, "lock_mmu", "make_mmu_pages_available", makes_room_late, NO_ROOM },
	{ MUTATION_SWAP, "make_mmu_pages_available", "check_stale", makes_room_late, NO_ROOM },
	{ MUTATION_DROP, "make_mmu_pages_available", NULL, makes_room_late, NO_ROOM },
	{ MUTATION_SWAP, "make_mmu_pages_late", "refind_slot", NULL,
	  "one looks at KVM's tables and the other at memslots, both under mmu_lock" },
	{ MUTATION_SWAP, "check_stale", "refind_slot", NULL,
	  "SRCU keeps a memslot while a fault reads it: an INVALID one is found, too" },
	{ MUTATION_SWAP, "check_stale", "adjust_level", releases_as_found,
	  "mmu_lock is held across both, and the level of a stale fault is not used" },
	{ MUTATION_SWAP, "split_pmd", "protect_vmas", NULL, VMAS },
	{ MUTATION_SWAP, "end_cut", "begin_hugetlb_zap", NULL,
	  "at most one of the two runs: a VMA of hugetlb is not cut" },
	{ MUTATION_SWAP, "begin_hugetlb_zap", "clear_ptes", tells_hugetlb_once, TOLD_ONCE },
	{ MUTATION_SWAP, "clear_ptes", "end_hugetlb_zap", tells_hugetlb_once, TOLD_ONCE },
	{ MUTATION_SWAP, "reclaim_tables", "end_hugetlb_zap", tells_hugetlb_once, TOLD_ONCE },
	{ MUTATION_SWAP, "end_hugetlb_zap", "after_hugetlb_zap", tells_hugetlb_once, TOLD_ONCE },
	{ MUTATION_SWAP, "after_hugetlb_zap", "flush_dirty", NULL,
	  "at most one of the two runs: zap_pte_range() is not for hugetlb" },
	{ MUTATION_SWAP, "find_mapping", "begin_pmd_split", migrates_pmd_in_place,
	  NO_FIRST_FREEZE },
	{ MUTATION_SWAP, "begin_pmd_split", "freeze_pmd", migrates_pmd_in_place,
	  NO_FIRST_FREEZE },
	{ MUTATION_SWAP, "freeze_pmd", "begin_mapping", migrates_pmd_in_place, NO_FIRST_FREEZE },
	{ MUTATION_SWAP, "stop_unmapping", "split_moved", NULL,
	  "who runs out of room is compaction, which finds no folio of 2M" },
	{ MUTATION_SWAP, "split_moved", "list_parts", moves_parts_whole, MOVED_WHOLE },
	{ MUTATION_SWAP, "list_parts", "drop_freed", moves_parts_whole, MOVED_WHOLE },
	{ MUTATION_SWAP, "unmap_page", "next_of_batch", moves_one_by_one, NO_BATCH },
	{ MUTATION_SWAP, "next_of_batch", "move_page", moves_one_by_one, NO_BATCH },
	{ MUTATION_SWAP, "reclaim_again", "shrink_isolate", NULL,
	  "at most one of the two takes pages: MADV_PAGEOUT's, or those that reclaim looks at" },
	{ MUTATION_SWAP, "reclaim_split", "reclaim_split_thp", NULL, EXCLUDE },
	{ MUTATION_SWAP, "reclaim_judge", "reclaim_split", swaps_whole, NEVER_SPLIT },
	{ MUTATION_SWAP, "reclaim_split", "reclaim_unmap", swaps_whole, NEVER_SPLIT },
	{ MUTATION_SWAP, "inject_unlock", "offline_split", NULL,
	  "what an injected error faults in is a small page: others are refused" },
	{ MUTATION_SWAP, "offline_after_split", "split_offlined", NULL, FILE_OR_NOT },
	{ MUTATION_SWAP, "poison_after_split", "split_poisoned", NULL, FILE_OR_NOT },
	{ MUTATION_SWAP, "young_*", NULL, ages_without_lock, LOCKLESS },
	{ MUTATION_SWAP, "young_age", "young_flush", asks_by_clear_young, NEVER_FLUSHED },
	{ MUTATION_SWAP, "young_flush", "young_unlock", asks_by_clear_young, NEVER_FLUSHED },
	{ MUTATION_SWAP, "slots_lock", "check_region", NULL,
	  "check_region looks at the arguments alone" },
	{ MUTATION_SWAP, "check_region", "classify_change", NULL,
	  "both only refuse, and what check_region says wins either way" },
	{ MUTATION_SWAP, "zap_all_fast", "prepare_slot", is_shadow, GFN_BITS },
	{ MUTATION_SWAP, "wait_for_readers_of_valid", "end_update_to_invalid", NULL,
	  "no gfn without a memslot gets one when another becomes INVALID" },
	{ MUTATION_SWAP, "end_update_to_invalid", "zap_all_fast", empties_roots_by_range,
	  "who zaps does not look at the generation, and whoever zaps first, zaps all" },
	{ MUTATION_SWAP, "reclaim_split", "reclaim_unmap", NULL,
	  "a split unmaps a file's folio, and leaves nothing to unmap" },
	{ MUTATION_SWAP, "reclaim_isolate", "reclaim_again", NULL,
	  "what was taken before a split goes out first, either way; then the parts are taken" },
	{ MUTATION_SWAP, "wait_for_readers", "zap_all_of_wrap", NULL,
	  "MMIO entries that readers make meanwhile are of the generation that ends" },
	{ MUTATION_SWAP, "wait_for_readers_of_valid", "zap_all_of_first_wrap", NULL,
	  "MMIO entries that readers make meanwhile are of the generation that ends" },
	{ MUTATION_SWAP, "zap_obsolete", "zap_slot", NULL,
	  "at most one of the two runs: by KVM_X86_QUIRK_SLOT_ZAP_ALL" },
	{ MUTATION_SWAP, "zap_all_fast", "zap_slot", NULL,
	  "at most one of the two runs: by KVM_X86_QUIRK_SLOT_ZAP_ALL" },
	{ MUTATION_SWAP, "zap_flush", "zap_uncount", NULL,
	  "mmu_lock is held for writing across both: nobody installs anything before it is free" },
	{ MUTATION_SWAP, "end_update", NULL, NULL,
	  "the log has no gfn of an MMIO entry, and who maps or zaps leaves asks no generation" },
	{ MUTATION_SWAP, "prepare_slot", "swap_to_new", is_shadow, GFN_BITS },
	{ MUTATION_SWAP, "zap_obsolete_of_wrap", "split_slot", NULL, WRAPPED },
	{ MUTATION_SWAP, "zap_obsolete_of_wrap", "clear_dirty_slot", NULL, WRAPPED },
	{ MUTATION_SWAP, "zap_all_of_wrap", "limit_mmu_pages", NULL,
	  "where the limit falls, a memslot has gone, and all tables with it" },
	{ MUTATION_SWAP, "limit_mmu_pages", "protect_slot", NULL,
	  "at most one of the two runs: a memslot comes or goes, or its log begins" },
	{ MUTATION_SWAP, "protect_slot", "protect_full_slot", NULL,
	  "at most one of the two runs: the log is born empty or full" },
	{ MUTATION_SWAP, "flush_slot", "collapse_slot", NULL, AND_ENDS },
	{ MUTATION_SWAP, "flush_slot", "collapse_tables", NULL, AND_ENDS },
	{ MUTATION_SWAP, "flush_slot", "recover_slot", NULL, AND_ENDS },
	{ MUTATION_SWAP, "flush_slot", "zap_collapsible", NULL, AND_ENDS },
	{ MUTATION_DROP, "bind_gmem", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_DROP, "unbind_gmem", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "zap_*", "unbind_gmem", binds_no_gmem, UNBOUND },
	{ MUTATION_DROP, "private_*", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "private_*", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "gmem_punch", "private_lock", binds_no_gmem, UNBOUND },
	{ MUTATION_DROP, "gmem_punched", NULL, has_no_gmem, NO_GMEM },
	{ MUTATION_DROP, "gmem_file_*", NULL, has_no_gmem, NO_GMEM },
	{ MUTATION_SWAP, "gmem_file_*", NULL, has_no_gmem, NO_GMEM },
	{ MUTATION_DROP, "gmem_file_forget", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_DROP, "gmem_file_lock_mmu", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_DROP, "gmem_file_count", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_DROP, "gmem_file_zap", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_DROP, "gmem_file_flush", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_DROP, "gmem_file_unlock_mmu", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_DROP, "gmem_file_lock_again", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_DROP, "gmem_file_raise_seq", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_DROP, "gmem_file_uncount", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_DROP, "gmem_file_unlock_again", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "gmem_file_lock", "gmem_file_forget", binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "gmem_file_lock_mmu", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "gmem_file_count", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "gmem_file_zap", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "gmem_file_flush", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "gmem_file_unlock_mmu", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "gmem_file_lock_again", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "gmem_file_raise_seq", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "gmem_file_uncount", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "gmem_file_unlock_again", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "gmem_file_fail", "gmem_file_lock_slots", NULL, EXCLUDE },
	{ MUTATION_SWAP, "gmem_file_forget", "gmem_file_allocate", NULL, EXCLUDE },
	{ MUTATION_SWAP, "gmem_file_allocate", "gmem_file_lock_mmu", NULL, EXCLUDE },
	{ MUTATION_SWAP, "gmem_file_lock_mmu", "gmem_file_count", NULL, PRIVATE_LOCKED },
	{ MUTATION_SWAP, "gmem_file_count", "gmem_file_zap", NULL, PRIVATE_LOCKED },
	{ MUTATION_SWAP, "gmem_file_flush", "gmem_file_unlock_mmu", NULL, PRIVATE_FLUSHED },
	{ MUTATION_SWAP, "gmem_file_uncount", "gmem_file_unlock_again", NULL, PRIVATE_LOCKED },
	{ MUTATION_TRAIT, "gmem_poison_leaks", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_TRAIT, "attributes_add_huge", NULL, has_no_private_mem, UNBOUND },
	{ MUTATION_DROP, "faultin_gmem", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "faultin_gmem", NULL, binds_no_gmem, UNBOUND },
	{ MUTATION_SWAP, "*", "faultin_gmem", binds_no_gmem, UNBOUND },
	{ MUTATION_DROP, "exit_memory_fault", NULL, has_no_private_mem, NO_PRIVATE },
	{ MUTATION_SWAP, "exit_memory_fault", NULL, has_no_private_mem, NO_PRIVATE },
	{ MUTATION_SWAP, "*", "exit_memory_fault", has_no_private_mem, NO_PRIVATE },
	{ MUTATION_DROP, "begin_attributes", NULL, has_no_gmem, NO_GMEM },
	{ MUTATION_SWAP, "begin_attributes", NULL, has_no_private_mem, NO_PRIVATE },
	{ MUTATION_DROP, "attributes_*", NULL, has_no_private_mem, NO_PRIVATE },
	{ MUTATION_SWAP, "attributes_*", NULL, has_no_private_mem, NO_PRIVATE },
	{ MUTATION_DROP, "mremap_piece", NULL, moves_one_vma, ONE_VMA },
	{ MUTATION_SWAP, "mremap_piece", "unmap_target", moves_one_vma, ONE_VMA },
	{ MUTATION_SWAP, "mremap_lock", "mremap_piece", moves_one_vma, ONE_VMA },
	{ MUTATION_DROP, "private_unmap_batch", NULL, maps_no_gmem, UNMAPPABLE },
	{ MUTATION_SWAP, "private_unmap_batch", "private_delete_batch", maps_no_gmem, UNMAPPABLE },
	{ MUTATION_SWAP, "private_lock_batch", "private_unmap_batch", maps_no_gmem, UNMAPPABLE },
	{ MUTATION_SWAP, "classify_change", "bind_gmem", maps_no_gmem,
	  "-EINVAL is what both say" },
	{ MUTATION_SWAP, "bind_gmem", NULL, NULL,
	  "at most one of the two runs: such a memslot comes, it never moves" },
	{ MUTATION_SWAP, "unbind_gmem", NULL, NULL,
	  "such a memslot goes; what comes next is for one that comes, or for all alike" },
	{ MUTATION_SWAP, "zap_slot", "unbind_gmem", NULL, UNBINDS },
	{ MUTATION_SWAP, "private_lock", "private_count", is_tdp, PRIVATE_LOCKED },
	{ MUTATION_SWAP, "private_count", "private_zap", NULL, PRIVATE_LOCKED },
	{ MUTATION_SWAP, "private_flush", "private_unlock", NULL, PRIVATE_FLUSHED },
	{ MUTATION_SWAP, "private_uncount", "private_unlock_again", NULL, PRIVATE_LOCKED },
	{ MUTATION_SWAP, "attributes_lock_mmu", "attributes_count", is_tdp, PRIVATE_LOCKED },
	{ MUTATION_SWAP, "attributes_count", "attributes_zap", NULL, PRIVATE_LOCKED },
	{ MUTATION_SWAP, "attributes_flush", "attributes_unlock_mmu", NULL, PRIVATE_FLUSHED },
	{ MUTATION_SWAP, "attributes_uncount", "attributes_unlock_again", NULL, PRIVATE_LOCKED },
	{ MUTATION_SWAP, "async_page_present", "reload_apic_page", NULL,
	  "of different things, and the guest comes after both" },
	{ MUTATION_SWAP, "collapse_tables", "alloc_apic_page", NULL, MADE },
	{ MUTATION_SWAP, "collapse_slot", "alloc_apic_page", NULL, MADE },
	{ MUTATION_SWAP, "recover_slot", "enable_apic_page", NULL, MADE },
	{ MUTATION_SWAP, "flush_slot", "alloc_apic_page", NULL, MADE },
	{ MUTATION_SWAP, "flush_slot", "enable_apic_page", NULL, MADE },
	{ MUTATION_SWAP, "enable_apic_page", "zap_collapsible", NULL, MADE },
	{ MUTATION_SWAP, "notify_zap", "ask_apic_reload", NULL, ASKS_LOCKED },
	{ MUTATION_SWAP, "ask_apic_reload", "notify_flush", NULL, ASKS_LOCKED },
	{ MUTATION_SWAP, "apic_lock", "apic_check", NULL, ASKS_AGAIN },
	{ MUTATION_SWAP, "apic_check", "apic_write", NULL, ASKS_AGAIN },
	{ MUTATION_SWAP, "apic_unlock", "apic_release", NULL,
	  "the look-up's reference keeps the page; nobody waits for the mark" },
	{ MUTATION_SWAP, "apic_release", "apic_unlock", NULL,
	  "the look-up's reference keeps the page; nobody waits for the mark" },
	{ MUTATION_SWAP, "apic_lookup", "apic_lock", is_shadow, NO_VMCS },
	{ MUTATION_SWAP, "apic_snapshot_seq", "apic_lookup", is_shadow, NO_VMCS },
	{ MUTATION_SWAP, "apic_write", "apic_unlock", is_shadow, NO_VMCS },
	{ MUTATION_SWAP, "protect_end_cut", "change_ptes", NULL,
	  "what has been cut is empty, and the outer range comes after it" },
	{ MUTATION_SWAP, "put_apic_page", "enable_apic_page", is_shadow, NO_VMCS },
	{ MUTATION_SWAP, "apic_write", "apic_flush", NULL, OUTSIDE },
	{ MUTATION_SWAP, "apic_flush", "apic_put", NULL, OUTSIDE },
	{ MUTATION_SWAP, "stage2_absent", "stage2_snapshot_seq", NULL,
	  "what has no look-up uses no sequence" },
	{ MUTATION_SWAP, "stage2_mark_locked", "stage2_dirty_locked", NULL,
	  "at most one of the two runs: each architecture marks in one way" },
	{ MUTATION_SWAP, "stage2_dirty", "stage2_accessed", NULL,
	  "at most one of the two runs: where arm64 marks dirty here, its release marks accessed" },
	{ MUTATION_SWAP, "stage2_fast", "stage2_vma", NULL, "at most one of the two runs" },
	{ MUTATION_DROP, "stage2_dirty", NULL, marks_no_dirty_unlocked, DIRTY_UNLOCKED },
	{ MUTATION_SWAP, "stage2_unlock", "stage2_dirty", marks_no_dirty_unlocked,
	  DIRTY_UNLOCKED },
	{ MUTATION_SWAP, "refuse_prefault", "prefault_page", prefaults,
	  "6.11 and later refuse nothing here" },
	{ MUTATION_SWAP, "prefault_page", "prefault_next", never_prefaults, NO_PREFAULT },
	{ MUTATION_SWAP, "gpc_lock_vcpu", "gpc_check", has_no_pfncache, NO_CACHE },
	{ MUTATION_SWAP, "gpc_check", "gpc_activate", NULL, EXCLUDE },
	{ MUTATION_SWAP, "gpc_activate", "gpc_retire", NULL, EXCLUDE },
	{ MUTATION_SWAP, "store_by_mmio", "reexecute_instruction", NULL, EXCLUDE },
	{ MUTATION_SWAP, "gpc_activate", "gpc_deactivate", NULL, EXCLUDE },
	{ MUTATION_SWAP, "gpc_activate", "gpc_read_gpa", NULL, EXCLUDE },
	{ MUTATION_SWAP, "gpc_lock_refresh", "gpc_translate", has_no_pfncache, NO_CACHE },
	{ MUTATION_SWAP, "gpc_translate", "gpc_snapshot_seq", has_no_pfncache, NO_CACHE },
	{ MUTATION_SWAP, "gpc_snapshot_seq", "gpc_release_last", has_no_pfncache, NO_CACHE },
	{ MUTATION_SWAP, "gpc_release_last", "gpc_lookup", has_no_pfncache, NO_CACHE },
	{ MUTATION_SWAP, "gpc_lookup", "gpc_result", has_no_pfncache, NO_CACHE },
	{ MUTATION_SWAP, "gpc_result", "gpc_install", has_no_pfncache, NO_CACHE },
	{ MUTATION_SWAP, "gpc_unmap", "gpc_unlock_refresh", NULL, NO_USER },
	{ MUTATION_SWAP, "gpc_install", "gpc_unmap", NULL, EXCLUDE },
	{ MUTATION_SWAP, "gpc_unlock_refresh", "gpc_check_again", has_no_pfncache, NO_CACHE },
	{ MUTATION_SWAP, "gpc_check_again", "gpc_mark_dirty", has_no_pfncache, NO_CACHE },
	{ MUTATION_SWAP, "gpc_invalidate", "notify_lock", has_no_pfncache, NO_CACHE },
	{ MUTATION_SWAP, "notify_begin", "gpc_invalidate", has_no_pfncache, NO_CACHE },
	{ MUTATION_SWAP, "gpc_install", "gpc_deactivate", NULL,
	  "at most one of the two runs: a cache is refreshed or given up" },
	{ MUTATION_SWAP, "map_huge_zero_page", "map_huge_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "map_huge_page", "reuse_huge_page", NULL,
	  "at most one of the two runs: what was just mapped for a write is writable" },
	{ MUTATION_SWAP, "reuse_huge_page", "begin_huge_wp", NULL, EXCLUDE },
	{ MUTATION_SWAP, "end_huge_wp", "map_zero_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "reuse_anon_page", "copy_anon_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "put_old_page", "copy_driver_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "copy_driver_page", "file_fault", NULL, EXCLUDE },
	{ MUTATION_SWAP, "driver_fault", "reuse_shared_page", NULL,
	  "at most one of the two runs: a shared mapping of a driver's pages is born writable" },
	{ MUTATION_SWAP, "zap_obsolete_of_wrap", "split_slot", NULL,
	  "of two different roots: what is obsolete is not split" },
	{ MUTATION_SWAP, "zap_obsolete_of_wrap", "clear_dirty_slot", NULL,
	  "of two different roots: what is obsolete is not logged" },
	{ MUTATION_SWAP, "clear_dirty_slot", "protect_slot", splits_eagerly,
	  "with PML only huge leaves lose W, and none is left" },
	{ MUTATION_SWAP, "change_fast_bus", "leave_slow_bus", NULL,
	  "at most one of the two runs: it went well so far, or it did not" },
	{ MUTATION_SWAP, "copy_log", "harvest_log", NULL,
	  "at most one of the two runs: the log is manual or it is not" },
	{ MUTATION_SWAP, "leave_with_error", "emulate", NULL,
	  "at most one of the two runs: a fault that ends in an errno is not emulated" },
	{ MUTATION_SWAP, "faultin_wait", "note_refusal", NULL,
	  "at most one of the two runs: a read-only memslot refuses before any I/O" },
	{ MUTATION_SWAP, "mmio_fault", "fast_page_fault", NULL,
	  "fast_page_fault() finds no leaf where an MMIO entry is" },
	{ MUTATION_SWAP, "mmio_fault", "find_slot", NULL,
	  "what is answered from an MMIO entry asks for no memslot" },
	{ MUTATION_SWAP, "find_slot", "fast_page_fault", is_fast_if_shared,
	  "the fast path here finds the memslot itself" },
	{ MUTATION_SWAP, "lock_mmap", "check_user_page_hwpoison", NULL,
	  "the probe's GUP takes no mmap_lock here, so that it may as well come before it" },
	{ MUTATION_SWAP, "check_user_page_hwpoison", "find_vma", probes_no_poison,
	  "gone since 6.13: .checks_hwpoison guards it" },
	{ MUTATION_SWAP, "find_vma", "refuse_pin", NULL,
	  "both end a look-up that pins with an error, and kvm_vcpu_map() makes -EINVAL of any" },
	{ MUTATION_SWAP, "retry_instruction", "emulate_apic", emulates_once, GONE },
	{ MUTATION_SWAP, "retry_instruction", "emulate_apic", inhibits_nothing, NOT_INHIBITED },
	{ MUTATION_SWAP, "emulate_apic", "emulate_access", inhibits_nothing, NOT_INHIBITED },
	{ MUTATION_SWAP, "emulate_access", "reexecute_instruction", emulates_once, GONE },
	{ MUTATION_SWAP, "reexecute_instruction", "handle_emulation_failure", emulates_once, GONE },
	{ MUTATION_SWAP, "reexecute_instruction", "handle_emulation_failure", stores_by_a_map,
	  HANDLED },
	{ MUTATION_SWAP, "handle_emulation_failure", "finish_emulation", stores_by_a_map, HANDLED },
	{ MUTATION_SWAP, "ksm_break_cow", "ksm_put_broken", breaks_by_unshare, UNHELD },
	{ MUTATION_SWAP, "ksm_put_broken", "ksm_put_tree_page", breaks_by_unshare, UNHELD },
	{ MUTATION_SWAP, "notify_count", "notify_zap", looks_under_mmu_lock,
	  "mmu_lock is held for writing across both, and nobody looks without it before 6.8" },
	{ MUTATION_SWAP, "exit_zap_all", "exit_unlisten", NULL, ALONE },
	{ MUTATION_SWAP, "exit_evict", "exit_free_vcpus", is_tdp, APART },
	{ MUTATION_SWAP, "exit_free_vcpus", "exit_gpc", has_no_pfncache, NO_CACHE },
	{ MUTATION_SWAP, "exit_free_vcpus", "exit_release_steal", NULL, APART },
	{ MUTATION_SWAP, "exit_release_steal", "exit_gpc", NULL, APART },
	{ MUTATION_SWAP, "steal_put_version", "steal_set_preempted", NULL, EXCLUDE },
	{ MUTATION_SWAP, "copy_init_cache", "copy_check_cache", NULL, EXCLUDE },
	{ MUTATION_SWAP, "copy_check_cache", "copy_hva", NULL, EXCLUDE },
	{ MUTATION_SWAP, "copy_user", "copy_user_inatomic", NULL, EXCLUDE },
	{ MUTATION_SWAP, "exit_gpc", "exit_free_vm", NULL, APART },
	{ MUTATION_SWAP, "exit_free_vm", "exit_check_mm", NULL, APART },
	{ MUTATION_DROP, "exit_gpc", NULL, NULL,
	  "a cache that is installed has no reference, and nobody is left to use it" },
	{ MUTATION_DROP, "exit_free_vcpus", NULL, is_tdp,
	  "exit_free_vm, for all threads have gone, frees the roots that are left" },

	/* huge files */
	{ MUTATION_DROP, "begin_rmap_split", NULL, splits_pmd_in_place, NO_FIRST_SPLIT },
	{ MUTATION_DROP, "rmap_split", NULL, splits_pmd_in_place, NO_FIRST_SPLIT },
	{ MUTATION_SWAP, "find_mapping", "begin_rmap_split", splits_pmd_in_place, NO_FIRST_SPLIT },
	{ MUTATION_SWAP, "begin_rmap_split", "rmap_split", splits_pmd_in_place, NO_FIRST_SPLIT },
	{ MUTATION_SWAP, "rmap_split", "begin_rmap_unmap", splits_pmd_in_place, NO_FIRST_SPLIT },
	{ MUTATION_DROP, "take_second", NULL, splits_into_pages, NO_SECOND },
	{ MUTATION_SWAP, "take_partial", "take_second", splits_into_pages, NO_SECOND },
	{ MUTATION_SWAP, "take_second", "put_partial", splits_into_pages, NO_SECOND },
	{ MUTATION_SWAP, "end_file", "collapse_swap_in", NULL,
	  "at most one of the two runs: a file's 2M, or anonymous memory's" },
	{ MUTATION_SWAP, "end_file", "collapse_begin", NULL,
	  "at most one of the two runs: a file's 2M, or anonymous memory's" },
	{ MUTATION_SWAP, "unreserve_hugetlb", "allocate_hugetlb", NULL,
	  "at most one of the two runs: a file is cut, or filled" },
	{ MUTATION_SWAP, "allocate_hugetlb", "lock_batch", NULL,
	  "at most one of the two runs: of hugetlb, or of another file" },
	{ MUTATION_SWAP, "delete_rest", "unmap_hole_again", NULL,
	  "at most one of the two runs: truncation's split drops what lies beyond i_size, and "
	  "only a hole leaves a rest; only truncation unmaps again" },
	{ MUTATION_DROP, "begin_retract", NULL, retracts_own_table,
	  "the caller's own table, left there, goes by collapse_pte_mapped_thp(), which notifies "
	  "for the same range; it is empty" },
	{ MUTATION_SWAP, "retract_table", "drop_pte_refs", retracts_own_table,
	  "the table at hand is the caller's own, and empty: no PTE has a reference to give up" },
	{ MUTATION_SWAP, "install_folio", "begin_retract", retracts_own_table,
	  "the table at hand is the caller's own, and the notification looks at no page" },

	/* ---- operations replaced ---- */
	{ MUTATION_OP, "range_counts", "yes", counts_always, SAME },
	{ MUTATION_OP, "huge_ok", "yes", is_always_huge, SAME },
	{ MUTATION_OP, "log_rearmed", "nothing", rearms_silently, SAME },
	{ MUTATION_OP, "log_rearmed", NULL, has_rmaps, TRAIT_OF_TDP },
	{ MUTATION_OP, "leaf_aged", "nothing", ages_silently, SAME },
	{ MUTATION_OP, "leaf_aged", NULL, is_shadow, "its entries have A: aging takes no W" },
	{ MUTATION_OP, "check_zapped", NULL, is_tdp, OF_RMAPS },
	{ MUTATION_OP, "harvest_accessed", NULL, is_tdp, OF_RMAPS },
	{ MUTATION_OP, "harvest_dirty", NULL, is_tdp, OF_RMAPS },
	{ MUTATION_OP, "check_zapped", "nothing", harvests_nothing, SAME },
	{ MUTATION_OP, "harvest_accessed", "nothing", harvests_nothing, SAME },
	{ MUTATION_OP, "harvest_dirty", "nothing", harvests_nothing, SAME },
	{ MUTATION_OP, "spte_changed", NULL, has_rmaps, OF_TDP },
	{ MUTATION_OP, "spte_changed", "nothing", harvests_nothing, SAME },
	{ MUTATION_OP, "zap_flushes", "v5.11", has_rmaps,
	  "what is obsolete has left the rmaps: no leaf of it is zapped once more" },
	{ MUTATION_OP, "zap_flushes", "v6.12", has_rmaps,
	  "what is obsolete has left the rmaps: no leaf of it is zapped once more" },
	{ MUTATION_OP, "leaf_bits", NULL, has_no_bit, "refcounted_mask() is 0" },
	{ MUTATION_OP, "lookup_args", "nothing", adds_no_args, SAME },
	{ MUTATION_OP, "lookup_args", NULL, has_no_wrappers, NO_WRAPPERS },
	{ MUTATION_OP, "lookup_release", NULL, has_no_wrappers, NO_WRAPPERS },
	{ MUTATION_OP, "release_pfn", NULL, has_no_wrappers, NO_WRAPPERS },
	{ MUTATION_OP, "is_ad_tracked", NULL, has_no_wrappers, NO_WRAPPERS },
	{ MUTATION_OP, "reexecute_args", "nothing", adds_no_args, SAME },
	{ MUTATION_OP, "reexecute_args", NULL, emulates_once, GONE },
	{ MUTATION_OP, "reexecute_release", NULL, emulates_once, GONE },
	{ MUTATION_OP, "reexecute_args", "v5.11", has_shut_gate, SHUT },
	{ MUTATION_OP, "map_args", "v11-p4", has_shut_gate, SHUT },
	{ MUTATION_OP, "map_args", "v11-p5", has_shut_gate, SHUT },
	{ MUTATION_OP, "reexecute_args", "v11-p6", has_shut_gate, SHUT },
	{ MUTATION_OP, "fault_args", "v5.11", has_no_gate, NO_GATE },
	{ MUTATION_OP, "fault_args", "v11", has_no_gate, NO_GATE },
	{ MUTATION_OP, "fault_args", "v7.2", has_no_gate, NO_GATE },
	{ MUTATION_OP, "stage2_mark", NULL, has_no_wrappers, NO_WRAPPERS },
	{ MUTATION_OP, "gpc_release", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_OP, "range_add", NULL, retries_any_range,
	  "5.11 looks at no range: 4a42d848db95 is of 5.12" },
	{ MUTATION_OP, "fault_is_stale", "v6.1", empties_roots_by_range, EMPTIED },
	{ MUTATION_OP, "zap_flushes", "v6.12", empties_roots, EMPTIED },
	{ MUTATION_OP, "root_is_obsolete", "no", rmaps_ignore_roots, NO_ROOTS },
	{ MUTATION_OP, "root_is_obsolete", "yes", rmaps_ignore_roots, NO_ROOTS },
	{ MUTATION_OP, "root_is_obsolete", "tdp", ignores_roots, NO_ROOTS },
	{ MUTATION_OP, "root_is_obsolete", "rmap", ignores_roots, NO_ROOTS },
	{ MUTATION_OP, "root_is_obsolete", "shadow", ignores_roots, NO_ROOTS },
	{ MUTATION_OP, "root_is_obsolete", "shadow", has_rmaps,
	  "kvm_mmu_zap_all_fast() makes it so and the next load of a root ends it, either way" },
	{ MUTATION_OP, "root_at", "rmap", shows_no_other_root, LAWS_EYES },
	{ MUTATION_OP, "root_at", "shadow", shows_no_other_root, LAWS_EYES },
	{ MUTATION_OP, "root_at", "tdp", shows_no_root_at_all, LAWS_EYES },
	{ MUTATION_OP, "root_at", "nothing", shows_no_root_at_all, LAWS_EYES },
	{ MUTATION_OP, "next_leaf", NULL, shows_no_leaf, LAWS_EYES },
	{ MUTATION_OP, "current_root", "rmap", is_tdp, LAWS_EYES },
	{ MUTATION_OP, "current_root", "shadow", NULL, LAWS_EYES },

	/* ---- traits ---- */
	{ MUTATION_DROP, "shrink_mmu", NULL, shrinks_nothing,
	  "there is no shrinker, or no table that counts as the TDP MMU's do not" },
	{ MUTATION_TRAIT, "reload_frees_roots", NULL, never_prefaults, NO_PREFAULT },
	{ MUTATION_TRAIT, "prefetch_gives_up", NULL, never_prefaults,
	  "an asynchronous fault ignores what its prefetch ends with: " NO_PREFAULT },
	{ MUTATION_TRAIT, "pfncache_logs_locked", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_TRAIT, "direct_leaf_warns", NULL, is_tdp, "the TDP MMU has no mmu_set_spte()" },
	{ MUTATION_TRAIT, "direct_leaf_warns", NULL, leaves_go_under_mmio,
	  "an entry for MMIO, of which it warned, is written before: .mmio_over_leaf" },
	{ MUTATION_TRAIT, "mmio_over_leaf", NULL, is_tdp, "the TDP MMU has no mmu_set_spte()" },
	{ MUTATION_TRAIT, "mmu_pages_first", NULL, is_tdp, "of shadow pages" },
	{ MUTATION_TRAIT, "mmu_shrinker", NULL, is_tdp,
	  "the TDP MMU's tables do not count: there is nothing to shrink" },
	{ MUTATION_TRAIT, "ept", NULL, is_shadow, "shadow pages are in NPT's format" },
	{ MUTATION_TRAIT, "mmio_below_max_gfn", NULL, is_shadow, GFN_BITS },
	{ MUTATION_TRAIT, "npt_fast_mmio", NULL, is_shadow, NO_FAST_BUS },
	{ MUTATION_TRAIT, "populate_stops_at_hole", NULL, never_populates, NO_POPULATE },
	{ MUTATION_TRAIT, "refcounted_bit", NULL, is_shadow, "refcounted_mask() is 0" },
	{ MUTATION_TRAIT, "allow_unsafe_mappings", NULL, asks_for_no_consent,
	  "v11 4/8 and 6.13 bring who asks" },
	{ MUTATION_TRAIT, "pferr", NULL, NULL,
	  "no step asks for the bits in question: they are test_pferr's" },
	{ MUTATION_TRAIT, "shmem_swapin_large", NULL, swaps_in_parts, "no entry in swap is large" },
	{ MUTATION_TRAIT, "order_in_flags", NULL, counts_no_tail,
	  "of a leaked head, and a tail's own count leaks none here" },
	{ MUTATION_TRAIT, "numa_skips_pinned", NULL, maps_by_reference, UNPINNED },
	{ MUTATION_TRAIT, "uffd_minor_efault", NULL, has_no_continue,
	  "UFFDIO_CONTINUE is of 5.14: .uffd_minor guards it" },
	{ MUTATION_TRAIT, "zap_root_from", NULL, has_rmaps, TRAIT_OF_TDP },
	{ MUTATION_TRAIT, "age_cleans", NULL, has_rmaps, TRAIT_OF_TDP },
	{ MUTATION_TRAIT, "level_is_hosts", NULL, is_shadow, "2M at most" },
	{ MUTATION_TRAIT, "make_spte_logs", NULL, has_rmaps, TRAIT_OF_TDP },
	{ MUTATION_TRAIT, "table_noted_last", NULL, has_rmaps, TRAIT_OF_TDP },
	{ MUTATION_TRAIT, "zap_noted_nonpresent", NULL, has_rmaps, TRAIT_OF_TDP },
	{ MUTATION_TRAIT, "zap_noted_nonpresent", NULL, zaps_nothing_atomically,
	  "huge leaves are split, and tables recovered, in place" },
	{ MUTATION_TRAIT, "rearm_clears_bits", NULL, has_rmaps, TRAIT_OF_TDP },
	{ MUTATION_TRAIT, "fault_splits", NULL, has_rmaps, TRAIT_OF_TDP },
	{ MUTATION_TRAIT, "clear_splits_last", NULL, has_rmaps, TRAIT_OF_TDP },
	{ MUTATION_TRAIT, "clear_splits_last", NULL, splits_nothing_cleared,
	  "before 5.13 what is cleared is not split" },
	{ MUTATION_TRAIT, "dirty_skipped_over_table", NULL, has_rmaps,
	  "mmu_set_spte() has dropped the table before it makes the leaf" },
	{ MUTATION_TRAIT, "dirty_skipped_over_table", NULL, makes_dirty,
	  "its make_spte() sets D whatever was there before" },
	{ MUTATION_TRAIT, "collapse_retracts_all", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_TRAIT, "collapse_of_nothing", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_TRAIT, "collapse_passes_holes", NULL, collapses_no_file, NO_COLLAPSE },
	{ MUTATION_TRAIT, "collapses_unchecked", NULL, is_tdp, "only the MMU with rmaps asks" },
	{ MUTATION_TRAIT, "prefetch_keeps_spte", NULL, is_tdp, "only the MMU with rmaps asks" },
	{ MUTATION_TRAIT, "arm64_accessed_once", NULL, has_no_wrappers, NO_WRAPPERS },
	{ MUTATION_TRAIT, "arm64_dirty_unlocked", NULL, has_no_wrappers, NO_WRAPPERS },
	{ MUTATION_TRAIT, "riscv_kvm", NULL, has_no_wrappers, "7.2 has all of them" },
	{ MUTATION_TRAIT, "loongarch_kvm", NULL, has_no_wrappers, "7.2 has all of them" },
	{ MUTATION_TRAIT, "fast_asks_private", NULL, has_no_private_mem,
	  "no gfn is private" },
	{ MUTATION_TRAIT, "gup_touches_hugetlb", NULL, dirties_with_write,
	  "up to 6.5 an entry of hugetlb has D wherever it has W" },
	{ MUTATION_TRAIT, "forgets_cmpxchg", NULL, finds_nothing_read_only,
	  "5.11 maps whatever it finds as writable: no store to memory is emulated" },
	{ MUTATION_TRAIT, "gmem_mmap", NULL, has_no_gmem, NO_GMEM },
	{ MUTATION_TRAIT, "private_by_tdp_mmu", NULL, has_no_gmem, NO_GMEM },
	{ MUTATION_TRAIT, "private_by_tdp_mmu", NULL, is_tdp, "the TDP MMU is there" },
	{ MUTATION_TRAIT, "private_by_tdp_mmu", NULL, is_shadow, "without TDP never" },
	{ MUTATION_TRAIT, "follow_outputs_kept", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_TRAIT, "pfncache_of_hva", NULL, has_no_pfncache, NO_CACHE },
	{ MUTATION_TRAIT, "atomic_async_warns", NULL, has_no_wrappers, NO_ATOMIC },
	{ MUTATION_TRAIT, "numa_asks_pmds", NULL, keeps_numa_write_and_moves,
	  "a PMD that is shared, or at home, does not move, and comes back as it was" },
	{ MUTATION_TRAIT, "numa_moves_shared", NULL, moves_no_large,
	  "it is asked of large folios, and none gets there" },
	{ MUTATION_TRAIT, "hugetlb_restores", NULL, keeps_hugetlb,
	  "without MADV_DONTNEED a private page goes with its VMA, and its promise, too" },
	{ MUTATION_TRAIT, "hugetlb_zap_locks", NULL, keeps_hugetlb,
	  "MADV_DONTNEED drops no page of hugetlb before 5.18: nobody has anything to wait for" },
};

const size_t nr_equivalents = ARRAY_SIZE(equivalents);
