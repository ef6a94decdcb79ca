/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_exit.c: the VMM exits: its stage-2 entries go first, then its memory, the VM, its files.
 *
 * Linux: kernel/exit.c:do_exit(): exit_mm() before exit_files(). mm/mmap.c:exit_mmap(),
 * virt/kvm/kvm_main.c:kvm_mmu_notifier_release(), kvm_destroy_vm(),
 * arch/x86/kvm/x86.c:kvm_arch_destroy_vm(); 5.11 to 7.2. Nothing flushes a TLB here: no vCPU will
 * run again. What kvm_vcpu_map() has pinned for somebody else stays. A VM goes with its last file,
 * which another process may have: its ioctls say -EIO from then on, but an irqfd's still delivers.
 * SIMPLIFIED: a driver's file and a guest_memfd stay open, and their pages stay allocated.
 */
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/shadow.h"
#include "model/tdp.h"

static bool mm_goes(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->exits & EXIT_MM;
}

static bool vm_goes(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->exits & EXIT_VM;
}

/* mmput(): the last thread of the VMM; no vCPU uses its TLB any more. */
static enum step_result exit_threads(struct machine *m, struct task *t)
{
	for (unsigned i = 0; i < MAX_TASKS; i++)
		if (&m->w->task[i] != t && m->w->task[i].state == TASK_RUNNING &&
		    m->w->task[i].by != BLAME_DRIVER)
			return STEP_BLOCKED;
	for (unsigned v = 0; v < MAX_VCPUS; v++)
		tlb_flush(m, v);
	return STEP_NEXT;
}

/* kvm_mmu_zap_all(): shadow pages, then the TDP MMU's roots, obsolete ones as well */
static enum step_result exit_zap_all(struct machine *m, struct task *t)
{
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;

	(void)t;
	if (!lock_try_write(m, mmu_lock))
		return STEP_BLOCKED;
	shadow_zap_all(m);
	(void)tdp_zap_all(m);	/* a flush (5.12) is nobody's any more */
	lock_release_write(m, mmu_lock);
	return STEP_NEXT;
}

/* From here on no notification reaches the VM. Nobody has told its pfncaches. */
static enum step_result exit_unlisten(struct machine *m, struct task *t)
{
	m->w->kvm.gone = vm_goes(m, t) ? VM_ENDS : VM_OUTLIVES;
	m->touched_all = true;
	return STEP_NEXT;
}

static enum step_result exit_unmap(struct machine *m, struct task *t)
{
	lru_drain(m);
	t->range = (struct range_op){ .kind = RANGE_EXIT, .end = BIT(47), .split = 2 };
	return STEP_CALL;
}

/*
 * check_mm(): what was mapped as one kind of page and unmapped as another. The exiting thread
 * itself keeps the mm until it is switched away from.
 */
static bool rss_is_bad(const struct machine *m, const struct task *t)
{
	return vm_goes(m, t) && m->w->mm[t->mm].bad_rss;
}

static enum step_result exit_check_mm(struct machine *m, struct task *t)
{
	(void)t;
	raise_alarm(m, ALARM_WARN, SPLAT_BAD_RSS, BLAME_KVM);
	return STEP_NEXT;
}

/* kvm_unload_vcpu_mmus(), kvm_destroy_vcpus() */
static enum step_result exit_free_vcpus(struct machine *m, struct task *t)
{
	(void)t;
	for (unsigned v = 0; v < MAX_VCPUS; v++)
		m->sem->ops.free_roots(m, v);
	return STEP_NEXT;
}

static bool holds_steal_time(const struct machine *m, const struct task *t)
{
	bool holds = false;

	for (unsigned v = 0; v < MAX_VCPUS; v++)
		holds |= m->w->vcpu[v].st.pfn != 0;
	return holds && vm_goes(m, t);
}

/* kvm_arch_vcpu_destroy(): kvm_release_pfn(), up to 5.15 */
static enum step_result exit_release_steal(struct machine *m, struct task *t)
{
	for (unsigned v = 0; v < MAX_VCPUS; v++)
		steal_time_release(m, t, v);
	return STEP_NEXT;
}

static bool has_gpc(const struct machine *m, const struct task *t)
{
	return vm_goes(m, t) && gpcs_active(m, t);
}

/* kvm_xen_destroy_vm() */
static enum step_result exit_gpc(struct machine *m, struct task *t)
{
	u8 row = 0;

	while (!m->w->kvm.gpcs[row].active)
		row++;
	t->gpc = (struct gpc_op){ .row = row, .verb = GPC_DEACTIVATE, .pfn = KVM_PFN_ERR_FAULT };
	return STEP_CALL_BACK;
}

/* kvm_mmu_uninit_vm(), kvm_free_memslots() */
static enum step_result exit_free_vm(struct machine *m, struct task *t)
{
	(void)t;
	tdp_invalidate_roots(m);
	tdp_zap_invalid_roots(m);
	for (int row = 0; row < 2 * MAX_SLOTS; row++) {
		memslot_clear_dirty(m, row);
		m->w->kvm.slots[row] = (struct memslot){ 0 };
	}
	m->w->kvm.gone = VM_DESTROYED;
	m->touched_all = true;
	return STEP_NEXT;
}

static u8 next_unlinked(const struct machine *m)
{
	u8 row = 0;

	while (row < MAX_FILES && !(m->w->file[row].used && m->w->file[row].unlinked))
		row++;
	return row;
}

static bool has_unlinked(const struct machine *m, const struct task *t)
{
	(void)t;
	return next_unlinked(m) < MAX_FILES;
}

/*
 * exit_files() puts files in the order of their numbers, task_work_run() takes the works last in,
 * first out (6.1, 7.2): a file without a name, opened after the VM, is evicted before
 * kvm_vm_release().
 * SIMPLIFIED: a file opened before the VM, or held by its mapping alone, goes before it, too.
 */
static enum step_result exit_evict(struct machine *m, struct task *t)
{
	u8 row = next_unlinked(m);

	t->file = (struct file_op){ .verb = FILE_TRUNCATE, .file = row };
	m->w->file[row].unlinked = false;
	return STEP_CALL_BACK;
}

#define RELEASE	"exit_mmap > mmu_notifier_release"
#define DESTROY	"kvm_vm_release > kvm_destroy_vm > kvm_arch_destroy_vm"

const struct step path_exit[] = {
	STEP(exit_threads, .when = mm_goes, .chain = "do_exit > exit_mm"),
	STEP(exit_zap_all, .when = mm_goes,
	     .chain = RELEASE " > kvm_mmu_notifier_release > kvm_flush_shadow_all > "
		      "kvm_mmu_zap_all > kvm_tdp_mmu_zap_all"),
	STEP(exit_unlisten, .when = mm_goes, .chain = RELEASE),
	STEP(exit_unmap, .when = mm_goes, .calls = PATH_UNMAP, .chain = "exit_mmap"),
	STEP(exit_evict, .when = has_unlinked, .calls = PATH_FILE_RESIZE, .to = "exit_evict",
	     .chain = "exit_task_work > evict > shmem_evict_inode"),
	STEP(exit_free_vcpus, .when = vm_goes, .chain = DESTROY " > kvm_unload_vcpu_mmus"),
	STEP(exit_release_steal, .when = holds_steal_time,
	     .chain = DESTROY " > kvm_free_vcpus > kvm_arch_vcpu_destroy > kvm_release_pfn"),
	STEP(exit_gpc, .when = has_gpc, .calls = PATH_GPC, .to = "exit_gpc",
	     .chain = DESTROY " > kvm_xen_destroy_vm"),
	STEP(exit_free_vm, .when = vm_goes, .chain = DESTROY " > kvm_mmu_uninit_vm"),
	STEP(exit_check_mm, .when = rss_is_bad, .chain = "finish_task_switch > mmdrop > check_mm"),
	{ 0 }
};
