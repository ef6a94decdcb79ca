/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path.h: the paths that all semantics start from, and the steps they are made of.
 *
 * The tables are v5.12's, the oldest; sem_*.c edits them. Each path_*.c has the steps of one
 * piece of the kernel and, at its end, the table.
 */
#pragma once

#include "model/step.h"

#include "model/page.h"
#include "model/spte.h"

struct access;
struct hva_cache;
struct machine;
struct pt_leaf;
struct vma;
struct pt_leaf;

#define STEP(function, ...)	{ .name = #function, .run = function, ##__VA_ARGS__ }
/* A row of its own name, for what several paths do. */
#define STEP_AS(label, function, ...)	{ .name = #label, .run = function, ##__VA_ARGS__ }
#define DECLARE_STEP(function)	enum step_result function(struct machine *m, struct task *t)

extern const struct step path_access[], path_emulate[];
extern const struct step path_fault[];
extern const struct step path_follow[];
extern const struct step path_host_access[], path_host_fault[];
extern const struct step path_notify_start[], path_notify_end[];
extern const struct step path_unmap[], path_protect[], path_mmap[];
extern const struct step path_fork[];
extern const struct step path_mlock[], path_populate[];
extern const struct step path_file_fault[], path_dax_fault[];
extern const struct step path_folio_split[];
extern const struct step path_file_resize[], path_file_write[], path_file_clean[];
extern const struct step path_advise[], path_collapse[], path_collapse_file[];
extern const struct step path_migrate[], path_unmap_page[], path_poison[], path_clear_refs[];
extern const struct step path_page_split[];
/* remove_migration_pte(): the entry at @at is of a page of @from, and will be of @to's. */
struct rmap_at;
void migration_entry_restore(struct machine *m, const struct rmap_at *at, pfn_t from, pfn_t to);
/* split_huge_page() of the folio of @page, which the caller has a reference to */
void page_split_begin(struct task *t, pfn_t page, bool waits, bool list);
/* path_poison.c: a page that is to be given up is faulted in first. */
DECLARE_STEP(inject_fault);
DECLARE_STEP(inject_unlock);
bool injects_absent(const struct machine *m, const struct task *t);
bool inject_has_lock(const struct machine *m, const struct task *t);
bool injects(const struct machine *m, const struct task *t);
/* page_handle_poison(): the page goes, and is kept from the allocator. (path_migrate.c) */
void take_off_buddy(struct machine *m, pfn_t pfn);
/* folio_error.c */
DECLARE_STEP(poison_split);
DECLARE_STEP(poison_after_split);
DECLARE_STEP(offline_split);
DECLARE_STEP(offline_after_split);
bool poison_splits(const struct machine *m, const struct task *t);
bool poison_has_split(const struct machine *m, const struct task *t);
bool offline_splits(const struct machine *m, const struct task *t);
bool offline_has_split(const struct machine *m, const struct task *t);
extern const struct step path_reclaim[], path_young[];
extern const struct step path_madvise[], path_mremap[], path_numa[];
DECLARE_STEP(numa_fault);
DECLARE_STEP(move_misplaced);
/* path_range.c: @start moves up to what change_protection() notifies of; false: nothing. */
bool protect_first_populated(struct machine *m, hva_t *start, hva_t end);
/* pte_modify() to what the VMA allows, and W where mprotect() gives it back */
u64 protected_entry(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf);
/* can_change_pte_writable() */
bool may_regain_write(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf);
bool fault_is_numa(const struct machine *m, const struct task *t);
bool fault_is_misplaced(const struct machine *m, const struct task *t);
extern const struct step path_uffd[], path_uffd_protect[], path_uffd_fill[], path_userfault[];
extern const struct step path_uffd_move[];
extern const struct step path_ksm_merge[], path_ksm_unmerge[];
DECLARE_STEP(swap_in);
bool fault_swaps_in(const struct machine *m, const struct task *t);
extern const struct step path_driver[];
extern const struct step path_slot[];
extern const struct step path_dirty_log[], path_clear_log[], path_log_mode[];
extern const struct step path_map[], path_unmap_map[], path_log_map[], path_lookup[];
extern const struct step path_copy[], path_steal[];
/* Steal time since 5.16 (path_steal.c) */
DECLARE_STEP(steal_check_hva);
DECLARE_STEP(steal_clear_preempted);
DECLARE_STEP(steal_get_version);
DECLARE_STEP(steal_put_version);
DECLARE_STEP(steal_set_preempted);
DECLARE_STEP(steal_mark_dirty);
bool steal_records(const struct machine *m, const struct task *t);
bool steal_goes_well(const struct machine *m, const struct task *t);
bool steal_is_preempted(const struct machine *m, const struct task *t);
/* kvm_release_pfn() of what 5.12's cache holds */
void steal_time_release(struct machine *m, struct task *t, unsigned vcpu);
/* The CPU's own use of a PTE, where it must not fault; false: it would. (path_host_access.c) */
bool host_access_nofault(struct machine *m, struct access *a);
/* __kvm_gfn_to_hva_cache_init(): 0 or -EFAULT */
s32 hva_cache_init(struct machine *m, struct hva_cache *cache, gpa_t gpa);
extern const struct step path_prefetch[], path_gpc[], path_nested[], path_stage2[];
extern const struct step path_prefault[], path_exit[], path_async_pf[];
extern const struct step path_apic[];
/* The APIC access page (path_apic.c): its memslot, the notifier, a vCPU before it goes on */
DECLARE_STEP(alloc_apic_page);
DECLARE_STEP(put_apic_page);
DECLARE_STEP(enable_apic_page);
DECLARE_STEP(ask_apic_reload);
DECLARE_STEP(reload_apic_page);
DECLARE_STEP(apic_lock);
DECLARE_STEP(apic_check);
DECLARE_STEP(apic_unlock);
DECLARE_STEP(apic_release);
bool apic_slot_looks_up(const struct machine *m, const struct task *t);
bool apic_slot_is_made(const struct machine *m, const struct task *t);
/*
 * mmu_invalidate_retry(): the sequence moved, or the range that is being invalidated has this
 * point: an hva up to 6.1, a gfn since 6.8 (path_notify.c).
 */
bool invalidate_retry(const struct machine *m, u64 seq, u64 point);
bool notify_takes_apic_page(const struct machine *m, const struct task *t);
bool zap_takes_apic_page(const struct machine *m, const struct task *t);
bool apic_reload_is_asked(const struct machine *m, const struct task *t);
/* Is an access to @gfn the local APIC's to answer, in software? */
bool apic_is_emulated(const struct machine *m, gfn_t gfn);
bool apic_page_found(const struct machine *m, const struct task *t);
void apic_enter_guest(struct machine *m, unsigned vcpu);
/* Is an access to @pfn one to the local APIC? */
bool apic_is_virtualized(const struct machine *m, unsigned vcpu, pfn_t pfn);
extern const struct step path_ioeventfd[], path_set_nx[];
extern const struct step path_mmu_pages[], path_shrink_mmu[];
bool nx_changes(const struct machine *m, const struct task *t);
DECLARE_STEP(zap_all_roots);
extern const struct step path_zap_gfns[], path_recover_nx[];
bool zap_inhibits(const struct machine *m, const struct task *t);
DECLARE_STEP(inhibit_apicv);
DECLARE_STEP(zap_count_hvas);
DECLARE_STEP(zap_count_gfns);
DECLARE_STEP(zap_uncount);
DECLARE_STEP(zap_unlock);
DECLARE_STEP(recover_shadow_pages);
DECLARE_STEP(recover_lock_shared);
DECLARE_STEP(recover_unlock_shared);
DECLARE_STEP(private_count);
DECLARE_STEP(private_zap);
DECLARE_STEP(private_flush);
DECLARE_STEP(private_raise_seq);
DECLARE_STEP(private_uncount);
bool private_has_slot(const struct machine *m, const struct task *t);
bool private_is_counted(const struct machine *m, const struct task *t);
bool private_has_locked(const struct machine *m, const struct task *t);
extern const struct step path_gmem_file[], path_gmem[], path_attributes[];

/* Steps that stand in several paths (path_common.c, path_fault.c, path_follow.c, path_slot.c) */
DECLARE_STEP(enter_path);
DECLARE_STEP(enter_path_and_go_back);
DECLARE_STEP(go_back);
DECLARE_STEP(write_lock_mmu);
DECLARE_STEP(write_unlock_mmu);
DECLARE_STEP(find_slot);
DECLARE_STEP(snapshot_seq);
/* mmu_lock has been taken for @f. */
void watch_retry(struct machine *m, const struct fault *f);
DECLARE_STEP(check_slot);
DECLARE_STEP(lock_mmap);
DECLARE_STEP(unlock_mmap);
DECLARE_STEP(note_readers);
DECLARE_STEP(wait_for_readers);

/* uffd_wp_range() (path_uffd.c) */
DECLARE_STEP(uffd_begin);
DECLARE_STEP(uffd_begin_cut);
DECLARE_STEP(uffd_change);
bool uffd_unregisters(const struct machine *m, const struct task *t);
bool uffd_has_piece(const struct machine *m, const struct task *t);
bool uffd_cuts_pmd(const struct machine *m, const struct task *t);

/* Steps that all changes of VMAs in a range have in common (path_range.c) */
DECLARE_STEP(range_lock);
DECLARE_STEP(split_notify);
DECLARE_STEP(split_pmd);
DECLARE_STEP(range_unlock);
/* collapse_pte_mapped_thp(), since 6.6: within the notification */
DECLARE_STEP(clear_pte_mapped);
bool has_pte_table(const struct machine *m, const struct task *t);
/* zap_empty_pte_table(), of MADV_DONTNEED alone: CONFIG_PT_RECLAIM (6.14) */
DECLARE_STEP(reclaim_tables);
bool range_drops_pages(const struct machine *m, const struct task *t);
bool may_split(const struct machine *m, const struct task *t);
bool split_is_open(const struct machine *m, const struct task *t);

/* mprotect() of locked memory (path_mlock.c): @vma gets @flags */
void protect_locked(struct task *t, const struct vma *vma, u32 flags);
bool protect_populates(const struct machine *m, const struct task *t);
DECLARE_STEP(protect_populate);

/* Asynchronous page faults (path_async_pf.c): of the fault, and of a vCPU before it goes on */
DECLARE_STEP(try_async_pf);
DECLARE_STEP(halt_for_page);
DECLARE_STEP(async_page_ready);
DECLARE_STEP(async_page_present);
bool fault_may_be_async(const struct machine *m, const struct task *t);
bool vcpu_is_halted(const struct machine *m, const struct task *t);
bool async_page_is_there(const struct machine *m, const struct task *t);

/* Steps and guards that sem_*.c put elsewhere or leave out */
DECLARE_STEP(mmio_fault);
DECLARE_STEP(fast_page_fault);
DECLARE_STEP(fast_fix);
bool fast_wants_fix(const struct machine *m, const struct task *t);
/* vcpu_cache_mmio_info(), vcpu_match_mmio_gpa(): the last gfn that had no memslot */
void vcpu_cache_mmio(struct machine *m, unsigned vcpu, gfn_t gfn);
/* A store of four bytes signals an eventfd. False: none is meant. */
bool ioeventfd_write(struct machine *m, gpa_t gpa, u32 value);
bool on_fast_bus(const struct machine *m, const struct task *t);
void ioeventfd_signal_fast(struct machine *m, gpa_t gpa);
bool vcpu_knows_mmio(const struct machine *m, unsigned vcpu, gfn_t gfn);
DECLARE_STEP(unmap_log_writable);
DECLARE_STEP(precheck_retry);
DECLARE_STEP(precheck_retry_again);
DECLARE_STEP(precheck_retry_finish);
DECLARE_STEP(release_fault_page);
DECLARE_STEP(spurious_if_allowed);
DECLARE_STEP(unlock_mmu);
DECLARE_STEP(end_faultin);
DECLARE_STEP(note_refusal);
bool lookup_refused(const struct machine *m, const struct task *t);
DECLARE_STEP(swap_to_invalid);
DECLARE_STEP(swap_to_new);
DECLARE_STEP(invalidate_slot);
DECLARE_STEP(zap_all_fast);
DECLARE_STEP(zap_obsolete);
DECLARE_STEP(zap_slot);
DECLARE_STEP(commit_slot);
bool log_begins_eagerly(const struct machine *m, const struct task *t);
DECLARE_STEP(split_slot);
DECLARE_STEP(slots_lock);
DECLARE_STEP(prepare_slot);
DECLARE_STEP(collapse_slot);
DECLARE_STEP(collapse_tables);
DECLARE_STEP(recover_slot);
DECLARE_STEP(protect_slot_shared);
DECLARE_STEP(clear_dirty_slot_shared);
DECLARE_STEP(split_cleared);
DECLARE_STEP(slots_unlock);
DECLARE_STEP(flush_slot);
DECLARE_STEP(gpc_invalidate);
DECLARE_STEP(gpc_activate_once);
DECLARE_STEP(gpc_deactivate_unlocked);
DECLARE_STEP(gpc_deactivate);
DECLARE_STEP(gpc_read_gpa);
DECLARE_STEP(stage2_release);
/* guest_memfd (path_gmem.c), since 6.8 */
DECLARE_STEP(exit_memory_fault);
DECLARE_STEP(faultin_gmem);
bool fault_mismatches(const struct machine *m, const struct task *t);
bool fault_is_private(const struct machine *m, const struct task *t);
/* truncate_inode_pages_range() of what t->file says (path_file.c) */
DECLARE_STEP(lock_batch);
DECLARE_STEP(unmap_batch);
DECLARE_STEP(delete_batch);
bool has_batch(const struct machine *m, const struct task *t);
bool batch_is_mapped(const struct machine *m, const struct task *t);
bool stage2_releases_locked(const struct machine *m, const struct task *t);
bool stage2_releases_late(const struct machine *m, const struct task *t);
bool gpc_activates(const struct machine *m, const struct task *t);
bool gpc_deactivates(const struct machine *m, const struct task *t);
bool gpc_checks(const struct machine *m, const struct task *t);
bool gpcs_active(const struct machine *m, const struct task *t);
gfn_t max_gfn(const struct machine *m);
bool mmio_generation_wraps(const struct machine *m, const struct task *t);
bool invalid_generation_wraps(const struct machine *m, const struct task *t);
bool slot_zaps_all(const struct machine *m, const struct task *t);
bool slot_zaps_itself(const struct machine *m, const struct task *t);
bool slot_ok(const struct machine *m, const struct task *t);
bool may_be_fast(const struct machine *m, const struct task *t);
bool slot_changes(const struct machine *m, const struct task *t);
bool slot_publishes(const struct machine *m, const struct task *t);
bool log_begins(const struct machine *m, const struct task *t);
bool log_begins_full(const struct machine *m, const struct task *t);
bool log_begins_by_dirty(const struct machine *m, const struct task *t);
bool clears_full_log(const struct machine *m, const struct task *t);
bool log_ends(const struct machine *m, const struct task *t);
bool slot_goes(const struct machine *m, const struct task *t);
gpa_t access_gpa(const struct machine *m, const struct access *a);
bool fault_continues(const struct machine *m, const struct task *t);
bool fault_continues_in_slot(const struct machine *m, const struct task *t);
bool fault_installs(const struct machine *m, const struct task *t);
/* A fault that is none of MMIO, once. */
void count_fault(struct machine *m, struct task *t);
bool fault_has_lookup(const struct machine *m, const struct task *t);
bool fault_holds_mmu_lock(const struct machine *m, const struct task *t);

/* A KVM_SET_USER_MEMORY_REGION, or with @log a KVM_GET or CLEAR_DIRTY_LOG, has not returned yet. */
bool slot_call_runs(const struct machine *m, bool log);
/* Its end: slots_lock is free, and the ghost names no call. */
void slots_release(struct machine *m);

/*
 * kvm_arch_mmu_enable_log_dirty_pt_masked(): from the first to the last of the pages in @mask; is
 * the last one's huge leaf protected, too? Not where it begins a huge page: ALIGN() is up.
 */
struct cleared { gfn_t start, end; bool protects_last; };
struct cleared cleared_mask(gfn_t first, u64 mask);
/* KVM_PRE_FAULT_MEMORY goes on with the root that the vCPU has, though it is obsolete. */
bool prefault_keeps_root(struct machine *m, unsigned vcpu);
/* make_spte()'s arguments for the fault's own page; .old is the caller's. */
struct spte_args fault_spte_args(struct machine *m, const struct fault *f);
void fault_account_table(struct machine *m, const struct fault *f, pfn_t table,
			 const struct pt_leaf *parent);
/* For a law: does the leaf that is put in place say refcounted as the look-up did? */
void fault_check_bit(struct machine *m, const struct fault *f, u64 new);
/* The direct MMU without the TDP MMU (path_direct.c), put in place by semantics_mmu[] */
DECLARE_STEP(direct_lock_mmu);
DECLARE_STEP(direct_unlock_mmu);
DECLARE_STEP(make_mmu_pages_available);
DECLARE_STEP(link_shadow_pages);
DECLARE_STEP(set_leaf);
DECLARE_STEP(prefetch_leaves);
DECLARE_STEP(zap_all_shadow);
DECLARE_STEP(limit_mmu_pages);
DECLARE_STEP(protect_rmaps);
DECLARE_STEP(protect_huge_rmaps);
DECLARE_STEP(protect_cleared);
DECLARE_STEP(zap_collapsible);
bool fault_makes_room(const struct machine *m, const struct task *t);
bool fault_makes_room_late(const struct machine *m, const struct task *t);
bool fault_has_mapped(const struct machine *m, const struct task *t);
bool slot_counts(const struct machine *m, const struct task *t);

/* A look-up that is over: with @pfn, or with an error pfn. */
void follow_finish(struct task *t, pfn_t pfn);
/* Arguments common to all look-ups of a gfn; writable outputs and results cleared. */
void follow_init(struct follow *follow, gfn_t gfn, s16 slot, u32 foll);
/* __gfn_to_hva_many() and what a read-only slot does to .try_map_writable; true: go on. */
bool follow_resolve_hva(struct machine *m, struct task *t);
/* gfn_to_page_many_atomic() of one gfn: the look-up's result as if hva_to_pfn() had given it. */
void lookup_many_atomic(struct machine *m, struct task *t);
/* The function's name, in the versions that have it. */
struct semantics;
/* GUP of one present, permitted leaf, fast or slow; the page, or NO_PFN. */
pfn_t gup_fast_page(struct machine *m, hva_t hva, bool write, bool pin, enum holder holder);
/* FOLL_TOUCH of a writable leaf, by a GUP that takes no reference */
void gup_touch(struct machine *m, hva_t hva, const struct pt_leaf *leaf);
/* vma_interval_tree_foreach(): the next VMA that maps t->range's pages, and where; NULL: none. */
const struct vma *rmap_next(struct machine *m, struct task *t, hva_t *start, hva_t *end);
u32 map_mode_flags(u8 mode);
bool map_mode_fills(u8 mode);
/* Its pfn_mkwrite() is VM_FAULT_SIGBUS. */
bool driver_refuses_write(const struct vma *vma, hva_t hva);
/* Is this a fault for path_file_fault? */
bool dax_fault_wanted(const struct machine *m, const struct task *t);
bool file_fault_wanted(const struct machine *m, const struct task *t);
DECLARE_STEP(protect_vmas);
