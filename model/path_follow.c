/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_follow.c: hva to pfn. GUP first, then the walk of VM_IO and VM_PFNMAP mappings.
 *
 * Linux: virt/kvm/kvm_main.c:hva_to_pfn() and its _fast, _slow and _remapped parts, 5.12 to 7.2;
 * mm/gup.c. What a look-up takes and gives back is ops.own_page and ops.take_remapped.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/swap.h"

void follow_init(struct follow *follow, gfn_t gfn, s16 slot, u32 foll)
{
	*follow = (struct follow){ .gfn = gfn, .slot = slot, .foll = foll, .page = NO_PFN,
				   .spare = NO_PFN, .pfn = KVM_PFN_ERR_FAULT };
}

void follow_finish(struct task *t, pfn_t pfn)
{
	t->follow.pfn = pfn;
	t->follow.done = true;
}

/* Neither owned nor guarded: nothing would keep what is found. */
static bool get_or_guard(struct machine *m, struct task *t)
{
	if (!m->sem->traits.get_or_guard || (t->follow.foll & FOLL_GET) || t->follow.guarded)
		return true;
	raise_alarm(m, ALARM_WARN, SPLAT_GET_OR_GUARD, BLAME_KVM);
	follow_finish(t, KVM_PFN_ERR_FAULT);
	return false;
}

bool follow_resolve_hva(struct machine *m, struct task *t)
{
	struct follow *f = &t->follow;

	if (!get_or_guard(m, t))
		return false;
	f->hva = memslot_hva(m, f->slot, f->gfn, f->foll & FOLL_WRITE);
	if (f->hva == KVM_HVA_ERR_RO_BAD)
		follow_finish(t, KVM_PFN_ERR_RO_FAULT);
	else if (is_error_hva(f->hva))
		follow_finish(t, KVM_PFN_NOSLOT);
	else if (memslot_is(m, f->slot, KVM_MEM_READONLY))
		f->try_map_writable = false;
	return !f->done;
}

static bool unresolved(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->follow.done;
}

static bool is_atomic_async(const struct machine *m, const struct task *t)
{
	return unresolved(m, t) && t->follow.atomic && (t->follow.foll & FOLL_NOWAIT);
}

/* An atomic caller cannot be told to wait for I/O. */
static enum step_result refuse_atomic_async(struct machine *m, struct task *t)
{
	bool warns = m->sem->traits.atomic_async_warns;

	(void)t;
	raise_alarm(m, warns ? ALARM_WARN : ALARM_BUG, SPLAT_ATOMIC_ASYNC, BLAME_KVM);
	return STEP_NEXT;
}

static bool wants_fast(const struct machine *m, const struct task *t)
{
	return unresolved(m, t) && ((t->follow.foll & FOLL_WRITE) || t->follow.try_map_writable);
}

static bool is_atomic(const struct machine *m, const struct task *t)
{
	return unresolved(m, t) && t->follow.atomic;
}

static bool slow_runs(const struct machine *m, const struct task *t)
{
	return unresolved(m, t) && !t->follow.gup;
}

static bool slow_succeeded(const struct machine *m, const struct task *t)
{
	return unresolved(m, t) && t->follow.gup == 1;
}

static bool wants_upgrade(const struct machine *m, const struct task *t)
{
	return slow_succeeded(m, t) && !(t->follow.foll & FOLL_WRITE) &&
	       t->follow.try_map_writable;
}

static bool wants_fixup(const struct machine *m, const struct task *t)
{
	return unresolved(m, t) && !t->follow.retried;
}

static bool holds_mmap_lock(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->follow.locked;
}

static void note_gup(struct machine *m, const char *name, hva_t hva, s64 result)
{
	note(m, &(struct note){ .kind = NOTE_GUP, .name = name, .hva = hva, .value = result });
}

/* What has been read is what the look-up may say: laws of *writable. */
static void found(struct machine *m, const struct pt_leaf *leaf)
{
	m->w->task[m->task].follow.found_writable = !!(leaf->entry & PTE_WRITE);
}

static const char *fast_gup_name(const struct follow *f)
{
	return f->pin ? "pin_user_pages_fast" : "get_user_pages_fast_only";
}

static const char *slow_gup_name(const struct follow *f)
{
	return f->pin ? "pin_user_pages_unlocked" : "get_user_pages_unlocked";
}

/* gup_fast_folio_allowed(): what may be secret memory is left to the slow path. */
static bool gup_fast_allows(struct machine *m, pfn_t pfn)
{
	return !m->sem->traits.gup_fast_needs_mapping || page_is(m, pfn, PG_ANON) ||
	       page_is(m, pfn, PG_CACHE) || page_is(m, pfn, PG_FSDAX) ||
	       page_is(m, page_head(m, pfn), PG_HEAD);
}

/* Who has a page without a count mapped as one that has? */
static u8 grab_blame(struct machine *m, pfn_t head)
{
	return page_of(m, head)->owner == OWNER_DRIVER ? BLAME_DRIVER : BLAME_KVM;
}

/* __gup_device_huge_pmd(): by try_grab_page(), which warns where others just fail. */
static pfn_t grab_device_page(struct machine *m, const struct pt_leaf *leaf, pfn_t pfn,
			      enum holder holder)
{
	page_of(m, pfn)->flags |= PG_REFERENCED;
	if (page_of(m, pfn)->refcount <= 0) {
		raise_alarm(m, ALARM_WARN, SPLAT_TRY_GRAB, BLAME_KVM);
		return NO_PFN;
	}
	page_get(m, pfn, holder);
	found(m, leaf);
	return pfn;
}

/* pmd_special() (6.12): before, a driver's huge PFN leaf is like any other. */
static bool looks_normal(const struct machine *m, const struct pt_leaf *leaf)
{
	return leaf_is_normal(leaf) || leaf_is_devmap(leaf) ||
	       (leaf->present && leaf->level > 1 && !m->sem->traits.pfnmap_huge);
}

/* mm/gup.c:gup_fast_pte_range(): a present, permitted, normal PTE; the VMA is not looked at. */
pfn_t gup_fast_page(struct machine *m, hva_t hva, bool write, bool pin, enum holder holder)
{
	struct pt_leaf leaf = host_leaf(m, hva);
	pfn_t pfn = host_leaf_pfn(&leaf, hva);

	if (!leaf_is_accessible(&leaf) || !looks_normal(m, &leaf))
		return NO_PFN;
	if (write && !(leaf.entry & PTE_WRITE))
		return NO_PFN;
	if (!page_is(m, pfn, PG_VALID) || page_is(m, pfn, PG_P2PDMA))
		return NO_PFN;
	if (leaf.level == 2 && leaf_is_devmap(&leaf) && m->sem->traits.devmap_grab_page)
		return grab_device_page(m, &leaf, pfn, holder);
	if (!(pin ? page_try_pin(m, pfn, holder) : page_try_get_folio(m, pfn, holder, 1)))
		return NO_PFN;
	if (!gup_fast_allows(m, pfn)) {
		if (pin)
			page_unpin(m, pfn, holder);
		else
			page_put_refs(m, pfn, holder, 1);
		return NO_PFN;
	}
	page_of(m, page_head(m, pfn))->flags |= PG_REFERENCED;	/* folio_set_referenced() */
	found(m, &leaf);
	return pfn;
}

/* hva_to_pfn_fast(): always asks for a writable PTE. */
static enum step_result gup_fast(struct machine *m, struct task *t)
{
	struct follow *f = &t->follow;
	pfn_t page = gup_fast_page(m, f->hva, true, f->pin, HOLD_FAULT);

	note_gup(m, fast_gup_name(f), f->hva, page != NO_PFN);
	if (page == NO_PFN)
		return STEP_NEXT;
	f->writable = true;
	m->sem->ops.own_page(m, t, page);
	follow_finish(t, page);
	return STEP_NEXT;
}

static enum step_result atomic_miss(struct machine *m, struct task *t)
{
	(void)m;
	follow_finish(t, KVM_PFN_ERR_FAULT);
	return STEP_NEXT;
}

/* get_user_pages_unlocked() > __get_user_pages() > check_vma_flags() */
static enum step_result gup_slow(struct machine *m, struct task *t)
{
	struct follow *f = &t->follow;
	const struct vma *vma = vma_find(m, f->hva);
	u32 wanted = f->foll & FOLL_WRITE ? VM_WRITE : VM_READ;

	if (m->sem->traits.writable_by_slow && f->try_map_writable)
		f->writable = !!(f->foll & FOLL_WRITE);
	t->host = (struct host_fault){ .page = NO_PFN };
	if (f->atomic)
		raise_alarm(m, ALARM_SLEPT, f->gfn, BLAME_KVM);
	if (vma && !(vma->flags & (VM_IO | VM_PFNMAP)) && (vma->flags & wanted))
		return STEP_NEXT;
	f->gup = -EFAULT;
	note_gup(m, slow_gup_name(f), f->hva, -EFAULT);
	return STEP_NEXT;
}

/* follow_pfn_pte(): FOLL_TOUCH does its work even where there is no page to be had. */
static void touch_special(struct machine *m, const struct follow *f, const struct pt_leaf *leaf)
{
	u64 entry = leaf->entry | PTE_ACCESSED | (f->foll & FOLL_WRITE ? PTE_DIRTY : 0);

	if (entry != leaf->entry)
		host_set_leaf(m, f->hva, leaf->level, entry);
}

/*
 * touch_pmd(): FOLL_TOUCH marks the PMD, not the page. hugetlb came there late, and
 * follow_huge_pud() does nothing but of devmap.
 */
static void touch_pmd(struct machine *m, const struct follow *f, const struct pt_leaf *leaf)
{
	const struct vma *vma = vma_find(m, f->hva);

	if (leaf->level > 2)
		return;
	if (vma && vma->kind == VMA_HUGETLB && !m->sem->traits.gup_touches_hugetlb)
		return;
	if (!(f->foll & FOLL_WRITE))	/* x86's pmdp_set_access_flags() */
		return;
	touch_special(m, f, leaf);
}

void gup_touch(struct machine *m, hva_t hva, const struct pt_leaf *leaf)
{
	const struct follow f = { .hva = hva, .foll = FOLL_WRITE };
	pfn_t pfn = host_leaf_pfn(leaf, hva);

	if (!leaf_is_normal(leaf) && !leaf_is_devmap(leaf)) {
		touch_special(m, &f, leaf);
	} else if (leaf->level > 1) {
		touch_pmd(m, &f, leaf);
	} else if (page_count(m, pfn) > 0) {
		if (!(leaf->entry & PTE_DIRTY))
			page_set_dirty(m, pfn);
		m->sem->ops.mark_accessed(m, pfn);
	}
}

/* follow_page_pte() of a special PTE: only the zero page may be had, and only for reading. */
static s32 grab_leaf(struct machine *m, struct task *t, const struct pt_leaf *leaf)
{
	struct follow *f = &t->follow;
	pfn_t pfn = host_leaf_pfn(leaf, f->hva);
	pfn_t head = page_head(m, pfn);

	if (!leaf_is_normal(leaf) && !leaf_is_devmap(leaf) && pfn != m->w->config.zero_pfn &&
	    pt_pfn(leaf->entry) != m->w->huge_zero) {
		touch_special(m, f, leaf);
		return -EEXIST;
	}
	if (page_of(m, head)->refcount <= 0) {
		raise_alarm(m, ALARM_WARN, SPLAT_TRY_GRAB, grab_blame(m, head));
		return -ENOMEM;
	}
	if (page_is(m, pfn, PG_P2PDMA))		/* without FOLL_PCI_P2PDMA */
		return -EREMOTEIO;
	f->spare = pfn;
	found(m, leaf);
	if (f->pin && pfn == m->w->config.zero_pfn)
		return 1;
	if (f->pin)
		page_try_pin(m, pfn, HOLD_FAULT);
	else
		page_get(m, pfn, HOLD_FAULT);
	if (leaf->level > 1) {
		touch_pmd(m, f, leaf);
		return 1;
	}
	if ((f->foll & FOLL_WRITE) && !(leaf->entry & PTE_DIRTY))
		page_set_dirty(m, pfn);		/* FOLL_TOUCH */
	m->sem->ops.mark_accessed(m, pfn);
	return 1;
}

/* FAULT_FLAG_RETRY_NOWAIT: the read begins, and who waits for it is somebody else. */
static bool needs_io(struct machine *m, const struct follow *f, const struct pt_leaf *leaf)
{
	return m->w->config.async_pf && (f->foll & FOLL_NOWAIT) && (leaf->swap & PTE_SWAPPED) &&
	       swap_cached(m, pt_pfn(leaf->swap)) == NO_PFN;
}

/* A pin for reading, too, is of a page that no COW will part from the mapping. */
static bool gup_must_unshare(struct machine *m, const struct follow *f, const struct pt_leaf *leaf)
{
	pfn_t page = pt_pfn(leaf->entry);

	return f->pin && !(f->foll & FOLL_WRITE) && !(leaf->entry & PTE_WRITE) &&
	       leaf_is_normal(leaf) && page_is(m, page, PG_ANON) &&
	       !page_is(m, page, PG_EXCLUSIVE);
}

/* The loop of __get_user_pages(): fault until the PTE will do, then grab the page. */
static enum step_result gup_slow_page(struct machine *m, struct task *t)
{
	struct follow *f = &t->follow;
	struct pt_leaf leaf = host_leaf(m, f->hva);
	bool write = f->foll & FOLL_WRITE;

	if (leaf.poisoned || (t->host.error && t->host.poisoned)) {
		f->gup = -EHWPOISON;
	} else if (t->host.error) {
		f->gup = -EFAULT;
	} else if (t->host.retry && (f->foll & FOLL_NOWAIT)) {
		f->gup = -EAGAIN;	/* __get_user_pages(): 0 pages, which nobody waits for */
	} else if (needs_io(m, f, &leaf)) {
		swap_read_ahead(m, pt_pfn(leaf.swap), PG_ANON);
		f->gup = -EAGAIN;
	} else if (!leaf_is_accessible(&leaf) || (write && !(leaf.entry & PTE_WRITE))) {
		t->host = (struct host_fault){ .hva = f->hva, .write = write };
		return STEP_CALL_BACK;
	} else if (gup_must_unshare(m, f, &leaf)) {	/* -EMLINK */
		t->host = (struct host_fault){ .hva = f->hva, .write = true, .unshare = true };
		return STEP_CALL_BACK;
	} else {
		f->gup = grab_leaf(m, t, &leaf);
	}
	note_gup(m, slow_gup_name(f), f->hva, f->gup == -EAGAIN ? 0 : f->gup);
	return STEP_NEXT;
}

/* hva_to_pfn_slow(): map a read fault as writable if that costs nothing. */
static enum step_result gup_fast_upgrade(struct machine *m, struct task *t)
{
	struct follow *f = &t->follow;
	pfn_t page = gup_fast_page(m, f->hva, true, false, HOLD_FAULT);

	note_gup(m, fast_gup_name(f), f->hva, page != NO_PFN);
	if (page == NO_PFN)
		return STEP_NEXT;
	page_put(m, f->spare, HOLD_FAULT);
	f->spare = page;
	f->writable = true;
	return STEP_NEXT;
}

static enum step_result gup_slow_own(struct machine *m, struct task *t)
{
	struct follow *f = &t->follow;
	pfn_t page = f->spare;

	if (f->foll & FOLL_WRITE)
		f->writable = true;
	f->spare = NO_PFN;
	m->sem->ops.own_page(m, t, page);
	follow_finish(t, page);
	return STEP_NEXT;
}

enum step_result lock_mmap(struct machine *m, struct task *t)
{
	if (!lock_try_read(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	t->follow.locked = true;
	return STEP_NEXT;
}

static bool may_be_poisoned(const struct machine *m, const struct task *t)
{
	return unresolved(m, t) && m->sem->traits.checks_hwpoison &&
	       (t->follow.gup == -EEXIST || t->follow.gup == -ENOMEM) &&
	       !(t->follow.foll & FOLL_NOWAIT);
}

/* A look-up for writing, only to see if it says -EHWPOISON; it leaves its traces in the PTE. */
static enum step_result check_user_page_hwpoison(struct machine *m, struct task *t)
{
	struct follow write = { .hva = t->follow.hva, .foll = FOLL_WRITE };
	const struct vma *vma = vma_find(m, write.hva);
	struct pt_leaf leaf = host_leaf(m, write.hva);

	if (!vma || !(vma->flags & VM_WRITE) || t->host.error)
		return STEP_NEXT;
	if (!leaf.present || !(leaf.entry & PTE_WRITE)) {
		t->host = (struct host_fault){ .hva = write.hva, .write = true };
		return STEP_CALL_BACK;
	}
	if (!leaf_is_normal(&leaf))
		touch_special(m, &write, &leaf);
	return STEP_NEXT;
}

/* vma_is_valid(): would the access be allowed, so that I/O might make it work? */
static bool vma_permits(const struct vma *vma, const struct follow *f)
{
	return (vma->flags & VM_READ) && (!(f->foll & FOLL_WRITE) || (vma->flags & VM_WRITE));
}

static enum step_result find_vma(struct machine *m, struct task *t)
{
	struct follow *f = &t->follow;
	const struct vma *vma = vma_find(m, f->hva);

	if (f->gup == -EHWPOISON) {
		follow_finish(t, KVM_PFN_ERR_HWPOISON);
		return STEP_NEXT;
	}
	if (vma && (vma->flags & (VM_IO | VM_PFNMAP)))
		return STEP_NEXT;
	f->async = vma && (f->foll & FOLL_NOWAIT) && vma_permits(vma, f);
	follow_finish(t, f->async && m->sem->traits.needs_io ? KVM_PFN_ERR_NEEDS_IO :
		      KVM_PFN_ERR_FAULT);
	return STEP_NEXT;
}

static void take_leaf(struct machine *m, struct task *t, const struct pt_leaf *leaf)
{
	found(m, leaf);
	m->sem->ops.take_remapped(m, t, host_leaf_pfn(leaf, t->follow.hva),
				  leaf->entry & PTE_WRITE);
}

/* hva_to_pfn_remapped(): the PTE, and under its lock whatever reference can be had. */
static enum step_result follow_pte(struct machine *m, struct task *t)
{
	struct follow *f = &t->follow;
	struct pt_leaf leaf = host_leaf(m, f->hva);

	if (leaf.present && leaf.level > 1 && !m->sem->traits.pfnmap_huge)
		follow_finish(t, KVM_PFN_ERR_FAULT);	/* follow_pte(): -EINVAL for a huge leaf */
	else if (leaf.present)
		take_leaf(m, t, &leaf);
	else if (f->retried)
		follow_finish(t, KVM_PFN_ERR_FAULT);
	return STEP_NEXT;
}

static enum step_result fixup_user_fault(struct machine *m, struct task *t)
{
	(void)m;
	t->follow.retried = true;
	t->host = (struct host_fault){ .hva = t->follow.hva,
				       .write = !!(t->follow.foll & FOLL_WRITE) };
	return STEP_CALL;
}

static enum step_result end_fixup(struct machine *m, struct task *t)
{
	struct follow *f = &t->follow;

	note(m, &(struct note){ .kind = NOTE_FIXUP, .name = "fixup_user_fault", .hva = f->hva,
				.flags = !!(f->foll & FOLL_WRITE),
				.value = t->host.error ? -EFAULT : 0 });
	if (t->host.error)
		follow_finish(t, KVM_PFN_ERR_FAULT);
	return STEP_NEXT;
}

/* Between the two, mmap_lock is held but the PTE's lock is not: a driver may zap again. */
static enum step_result follow_pte_again(struct machine *m, struct task *t)
{
	return follow_pte(m, t);
}

enum step_result unlock_mmap(struct machine *m, struct task *t)
{
	lock_release_read(m, &current_mm(m)->mmap_lock);
	t->follow.locked = false;
	return STEP_NEXT;
}

static void note_follow(struct machine *m, const struct task *t, const char *name)
{
	const struct follow *f = &t->follow;
	struct note n = { .kind = NOTE_FOLLOW, .name = name, .hva = f->hva, .gfn = f->gfn,
			  .pfn = f->pfn, .ok = f->writable, .has_page = f->page != NO_PFN,
			  .flags = f->foll,
			  .knobs = (f->atomic ? KNOB_ATOMIC : 0) |
				   (f->try_map_writable ? KNOB_TRY_MAP_WRITABLE : 0) |
				   (f->guarded ? KNOB_GUARDED : 0) |
				   (f->allow_nonref ? KNOB_NON_REF : 0) };

	if (!is_error_noslot_pfn(f->pfn) && page_is(m, f->pfn, PG_VALID)) {
		n.count = page_of(m, f->pfn)->refcount;
		n.headcount = page_count(m, f->pfn);
		n.mapcount = page_of(m, f->pfn)->mapcount;
	}
	note(m, &n);
}

static bool reached_hva_to_pfn(const struct machine *m, const struct task *t)
{
	(void)m;
	return !is_error_hva(t->follow.hva);
}

static enum step_result end_follow(struct machine *m, struct task *t)
{
	note_follow(m, t, "hva_to_pfn");
	return STEP_DONE;
}

/* Since 6.13 it is __kvm_faultin_pfn() that a probe can see; hva_to_pfn() is inlined. */
enum step_result end_faultin(struct machine *m, struct task *t)
{
	if (t->depth > 1 && t->frame[t->depth - 2].path == PATH_FAULT)
		note_follow(m, t, "__kvm_faultin_pfn");
	return STEP_DONE;
}

/* 7.2: a read-only slot refuses before hva_to_pfn(), but inside of what the probe sees. */
bool lookup_refused(const struct machine *m, const struct task *t)
{
	return fault_continues_in_slot(m, t) && t->follow.done &&
	       t->follow.hva == KVM_HVA_ERR_RO_BAD;
}

enum step_result note_refusal(struct machine *m, struct task *t)
{
	note_follow(m, t, "__kvm_faultin_pfn");
	return STEP_NEXT;
}

const struct step path_follow[] = {
	STEP(refuse_atomic_async, .when = is_atomic_async, .chain = "hva_to_pfn"),
	STEP(gup_fast, .when = wants_fast, .chain = "hva_to_pfn > hva_to_pfn_fast"),
	STEP(atomic_miss, .when = is_atomic, .chain = "hva_to_pfn"),
	STEP(gup_slow, .when = unresolved,
	     .chain = "hva_to_pfn > hva_to_pfn_slow > get_user_pages_unlocked"),
	STEP(gup_slow_page, .when = slow_runs, .calls = PATH_HOST_FAULT, .to = "gup_slow_page",
	     .chain = "hva_to_pfn > hva_to_pfn_slow > get_user_pages_unlocked"),
	STEP(gup_fast_upgrade, .when = wants_upgrade, .chain = "hva_to_pfn > hva_to_pfn_slow"),
	STEP(gup_slow_own, .when = slow_succeeded, .chain = "hva_to_pfn > hva_to_pfn_slow"),
	STEP(lock_mmap, .when = unresolved, .chain = "hva_to_pfn"),
	STEP(check_user_page_hwpoison, .when = may_be_poisoned, .calls = PATH_HOST_FAULT,
	     .to = "check_user_page_hwpoison", .chain = "hva_to_pfn > check_user_page_hwpoison"),
	STEP(find_vma, .when = unresolved, .chain = "hva_to_pfn"),
	STEP(follow_pte, .when = unresolved, .chain = "hva_to_pfn > hva_to_pfn_remapped"),
	STEP(fixup_user_fault, .when = wants_fixup, .calls = PATH_HOST_FAULT,
	     .chain = "hva_to_pfn > hva_to_pfn_remapped > fixup_user_fault"),
	STEP(end_fixup, .when = unresolved,
	     .chain = "hva_to_pfn > hva_to_pfn_remapped > fixup_user_fault"),
	STEP(follow_pte_again, .when = unresolved, .chain = "hva_to_pfn > hva_to_pfn_remapped"),
	STEP(unlock_mmap, .when = holds_mmap_lock, .chain = "hva_to_pfn"),
	STEP(end_follow, .when = reached_hva_to_pfn, .chain = "hva_to_pfn"),
	{ 0 }
};
