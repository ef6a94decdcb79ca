/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_userfault.c: a fault that userspace has to resolve, and that waits until it is woken.
 *
 * Linux: fs/userfaultfd.c:handle_userfault(), mm/memory.c:do_anonymous_page(), do_wp_page(),
 * handle_pte_marker(), mm/shmem.c:shmem_get_folio_gfp(), mm/huge_memory.c; 5.12 to 7.2.
 * mmap_lock is given up, and no reference is held. A vCPU sleeps in GUP, inside of kvm->srcu. Who
 * was woken tries again, and waits again if nothing has changed; who must not wait (FOLL_NOWAIT,
 * or no FAULT_FLAG_ALLOW_RETRY) does not.
 */
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path_file.h"
#include "model/semantics.h"
#include "model/shmem_swap.h"
#include "model/thp.h"
#include "model/uffd.h"

bool uffd_uses_markers(const struct machine *m, const struct vma *vma)
{
	return (vma->flags & VM_UFFD_WP) &&
	       (vma->kind != VMA_ANON ||
		(m->w->uffd_features & (UFFD_WP_UNPOPULATED | UFFD_WP_ASYNC)));
}

u64 marked_entry(struct machine *m, const struct vma *vma, hva_t hva, u64 entry)
{
	struct pt_leaf leaf = host_leaf(m, hva);

	if (!(vma->flags & VM_UFFD_WP) || !leaf_is_marker(&leaf))
		return entry;
	return (entry | PTE_UFFD_WP) & ~PTE_WRITE;
}

void uffd_wake(struct machine *m, hva_t start, hva_t end)
{
	for (unsigned i = 0; i < MAX_TASKS; i++) {
		struct task *t = &m->w->task[i];

		if (t->state == TASK_RUNNING && t->host.hva >= start && t->host.hva < end)
			t->host.waits = false;
	}
}

static struct pt_leaf leaf_of(const struct machine *m, const struct task *t)
{
	return host_leaf((struct machine *)m, t->host.hva);
}

static const struct vma *vma_of(const struct machine *m, const struct task *t)
{
	return t->host.error ? NULL : vma_find((struct machine *)m, t->host.hva);
}

/* Who faults: the path that has called handle_mm_fault(). */
static u8 caller_of(const struct task *t)
{
	unsigned i = t->depth - 1;

	while (t->frame[i].path != PATH_HOST_FAULT)
		i--;
	return t->frame[i - 1].path;
}

/* ---- handle_pte_marker() ---- */

bool marker_is_stale(const struct machine *m, const struct task *t)
{
	const struct vma *vma = vma_of(m, t);
	struct pt_leaf leaf = leaf_of(m, t);

	return vma && leaf_is_marker(&leaf) && !(vma->flags & VM_UFFD_WP);
}

enum step_result clear_marker(struct machine *m, struct task *t)
{
	host_set_leaf(m, t->host.hva, 1, 0);
	return STEP_DONE;		/* who faults tries again */
}

/* ---- the fault ---- */

static bool is_wp(const struct vma *vma, const struct task *t, const struct pt_leaf *leaf)
{
	return t->host.write && !t->host.unshare && leaf_is_uffd_wp(vma, leaf) &&
	       !(leaf->entry & PTE_WRITE);
}

bool is_async_wp(const struct machine *m, const struct vma *vma, const struct pt_leaf *leaf)
{
	return (m->w->uffd_features & UFFD_WP_ASYNC) && leaf_is_uffd_wp(vma, leaf);
}

static bool is_protected(const struct machine *m, const struct vma *vma, const struct task *t,
			 const struct pt_leaf *leaf)
{
	return is_wp(vma, t, leaf) && !(m->w->uffd_features & UFFD_WP_ASYNC);
}

/* do_wp_page() with UFFD_FEATURE_WP_ASYNC: the bit goes, unnoticed, and then the fault goes on. */
bool is_resolved_async(const struct machine *m, const struct task *t)
{
	const struct vma *vma = vma_of(m, t);
	struct pt_leaf leaf = leaf_of(m, t);

	return vma && leaf.level == 1 && is_wp(vma, t, &leaf) && is_async_wp(m, vma, &leaf);
}

enum step_result resolve_async(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = leaf_of(m, t);

	host_set_leaf(m, t->host.hva, 1, leaf.entry & ~PTE_UFFD_WP);
	return STEP_NEXT;
}

static bool is_missing(const struct vma *vma, const struct pt_leaf *leaf)
{
	return vma->kind == VMA_ANON && (vma->flags & VM_UFFD_MISSING) && leaf_is_missing(leaf);
}

/* do_anonymous_page(), do_wp_page(), and both for a PMD */
bool userspace_must_resolve(const struct machine *m, const struct task *t)
{
	const struct vma *vma = vma_of(m, t);
	struct pt_leaf leaf = leaf_of(m, t);

	return vma && (is_missing(vma, &leaf) || is_protected(m, vma, t, &leaf));
}

static bool is_minor(struct machine *m, const struct vma *vma, hva_t hva)
{
	u64 index = vma_page_index(vma, hva);

	return vma->kind == VMA_FILE && (vma->flags & VM_UFFD_MINOR) &&
	       (cache_page(m, vma->object, index) != NO_PFN ||
		shmem_is_swapped(m, vma->object, index));
}

/* shmem_get_folio_gfp(): within i_size, and not in the page cache, or only not mapped */
bool userspace_must_fill(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;
	const struct vma *vma = file_vma(m, t);
	struct pt_leaf leaf = leaf_of(m, t);
	u64 index;

	if (!vma || !(vma->flags & VM_UFFD) || leaf.present)
		return false;
	index = vma_page_index(vma, t->host.hva);
	if (index >= file_nr_pages(m, vma->object))
		return false;
	return is_minor(machine, vma, t->host.hva) ||
	       ((vma->flags & VM_UFFD_MISSING) &&
		cache_page(machine, vma->object, index) == NO_PFN &&
		!shmem_is_swapped(machine, vma->object, index));
}

bool fault_was_left(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->host.userfault != USERFAULT_NONE;
}

/* Without FAULT_FLAG_ALLOW_RETRY: VM_FAULT_SIGBUS */
static bool may_retry(const struct task *t)
{
	u8 caller = caller_of(t);

	return caller != PATH_KSM_MERGE && caller != PATH_KSM_UNMERGE &&
	       !(caller == PATH_FOLLOW && t->follow.locked) &&
	       !(caller == PATH_POPULATE && t->populate.locked);
}

/* do_anonymous_page() of a write has its page by then, which goes again; 2M likewise. */
static void discard_page(struct machine *m, const struct task *t, struct vma *vma)
{
	bool huge = leaf_of(m, t).level != 1 && thp_is_allowed(m, vma, t->host.hva);
	pfn_t pfn;

	vma_prepare_anon(m, vma);
	pfn = huge ? thp_alloc(m, t->host.hva) : anon_alloc(m, t->host.hva);
	page_hand_over(m, pfn, HOLD_PTE, HOLD_MM);
	page_put(m, pfn, HOLD_MM);
}

enum step_result ask_userspace(struct machine *m, struct task *t)
{
	struct vma *vma = vma_find(m, t->host.hva);
	struct pt_leaf leaf = leaf_of(m, t);

	t->host.userfault = is_protected(m, vma, t, &leaf) ? USERFAULT_WP :
			    is_minor(m, vma, t->host.hva) ? USERFAULT_MINOR : USERFAULT_MISSING;
	if (t->host.userfault == USERFAULT_MISSING && vma->kind == VMA_ANON && t->host.write)
		discard_page(m, t, vma);
	t->host.error = t->host.sigbus = !may_retry(t);
	t->host.retry = caller_of(t) == PATH_FOLLOW && (t->follow.foll & FOLL_NOWAIT);
	return STEP_CALL;
}

/* VM_FAULT_RETRY, or VM_FAULT_SIGBUS */
enum step_result userfault_retry(struct machine *m, struct task *t)
{
	(void)m;
	(void)t;
	return STEP_DONE;
}

/* ---- handle_userfault() ---- */

static bool may_wait(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->host.error && !t->host.retry;
}

/*
 * handle_userfault(), fs/userfaultfd.c 6.1, 6.12, mm/userfaultfd.c 7.2: UFFD_USER_MODE_ONLY without
 * FAULT_FLAG_USER, which the CPU's own fault has, and neither GUP's nor that of the
 * kernel's access to the VMM's memory.
 */
static bool is_refused(const struct machine *m, const struct task *t)
{
	return may_wait(m, t) && (m->w->uffd_features & UFFD_USER_MODE_ONLY) &&
	       t->frame[0].path != PATH_HOST_ACCESS;
}

/* handle_userfault(): VM_FAULT_SIGBUS is what it began with */
static enum step_result userfault_refuse(struct machine *m, struct task *t)
{
	(void)m;
	t->host.error = t->host.sigbus = true;
	return STEP_NEXT;
}

/* userfaultfd_must_wait(): somebody may have resolved it meanwhile. */
static bool must_wait(const struct machine *m, const struct task *t)
{
	struct pt_leaf leaf = leaf_of(m, t);

	return leaf_is_missing(&leaf) || leaf_is_poison_marker(&leaf) ||
	       (leaf.present && !(leaf.entry & PTE_WRITE) &&
		t->host.userfault == USERFAULT_WP);
}

static bool caller_holds_mmap_lock(const struct task *t)
{
	return caller_of(t) == PATH_POPULATE || caller_of(t) == PATH_ASYNC_PF;
}

/* Known to userspace from here on */
static enum step_result userfault_queue(struct machine *m, struct task *t)
{
	t->host.retry = true;
	t->host.waits = must_wait(m, t);
	t->host.relock = caller_holds_mmap_lock(t);
	if (t->host.relock)
		lock_release_read(m, &current_mm(m)->mmap_lock);
	return STEP_NEXT;
}

static bool has_waited(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->host.error && t->host.userfault != USERFAULT_NONE;
}

static enum step_result userfault_wait(struct machine *m, struct task *t)
{
	(void)m;
	return t->host.waits ? STEP_BLOCKED : STEP_NEXT;
}

static bool must_relock(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->host.relock;
}

/* __get_user_pages_locked(): mmap_read_lock_killable() */
static enum step_result userfault_relock(struct machine *m, struct task *t)
{
	if (!lock_try_read(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	t->host.relock = false;
	return STEP_NEXT;
}

const struct step path_userfault[] = {
	STEP(userfault_refuse, .when = is_refused, .chain = "handle_userfault"),
	STEP(userfault_queue, .when = may_wait, .chain = "handle_userfault"),
	STEP(userfault_wait, .when = has_waited, .chain = "handle_userfault > schedule"),
	STEP(userfault_relock, .when = must_relock, .chain = "mmap_read_lock_killable"),
	{ 0 }
};
