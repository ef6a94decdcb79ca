/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_lookup.c: a kernel caller looks a gfn up, uses it, gives it back.
 *
 * Linux: virt/kvm/kvm_main.c:gfn_to_pfn_prot() and its like, gfn_to_page(),
 * gfn_to_page_many_atomic(), powerpc's kvmppc_patch_dcbz(), i915's is_2MB_gtt_possible(), arm64's
 * kvm_vm_ioctl_mte_copy_tags(), powerpc's kvmppc_svm_page_in(); v11: kvm_follow_pfn(); 5.12 to 7.2.
 * The rows of lookups[] are the arguments that each function is given or gives; who calls which is
 * in caller.c.
 * SIMPLIFIED: of kvmppc_svm_page_in(), which looks no gfn up, the way alone on which uv_page_in()
 * fails; its migration, which is taken back, is left out. Tags are neither read nor written.
 */
#include "model/errno.h"
#include "model/frame.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"

/* ---- which kernels have the caller, and how it gives back what it was given ---- */

static bool page_exists(const struct semantics *sem)
{
	(void)sem;
	return true;
}

static bool wrapper_exists(const struct semantics *sem)
{
	return !sem->traits.wrappers_gone;
}

static bool follow_exists(const struct semantics *sem)
{
	return sem->traits.follow_api;
}

static bool reexecute_exists(const struct semantics *sem)
{
	return sem->traits.reexecutes;
}

static bool gvt_exists(const struct semantics *sem)
{
	return sem->traits.gvt != CALLER_ABSENT;
}

static bool mte_tags_exists(const struct semantics *sem)
{
	return sem->traits.mte_tags != CALLER_ABSENT;
}

static bool uvmem_exists(const struct semantics *sem)
{
	return sem->traits.uvmem != CALLER_ABSENT;
}

static void release_by_pfn(struct machine *m, struct task *t)
{
	m->sem->ops.lookup_release(m, t);
}

static void release_reexecute(struct machine *m, struct task *t)
{
	m->sem->ops.reexecute_release(m, t);
}

static void release_page(struct machine *m, struct task *t)
{
	page_put(m, t->follow.pfn, HOLD_FAULT);
}

static void release_if_owned(struct machine *m, struct task *t)
{
	const struct follow *f = &t->follow;

	if ((f->foll & FOLL_GET) && f->page != NO_PFN)
		page_put(m, f->page, HOLD_FAULT);
}

/* is_2MB_gtt_possible(): kvm_release_pfn_clean(), or nothing */
static void release_gvt(struct machine *m, struct task *t)
{
	if (m->sem->traits.gvt == CALLER_PUTS)
		release_by_pfn(m, t);
}

/*
 * kvm_vm_ioctl_mte_copy_tags(): kvm_release_pfn_clean() or _dirty(); since 6.13 of the page, and
 * kvm_release_page_unused() of what is rejected (arch/arm64/kvm/guest.c, 6.12, 7.2)
 */
static void give_tags_back(struct machine *m, struct task *t, bool used)
{
	t->map.dirty = used && t->map.write;
	if (m->sem->traits.wrappers_gone)
		m->sem->ops.stage2_release(m, t, used);
	else
		m->sem->ops.release_pfn(m, t->follow.pfn, t->map.dirty, HOLD_FAULT);
}

static void release_mte_tags(struct machine *m, struct task *t)
{
	give_tags_back(m, t, true);
}

/*
 * kvm_prefetch_pages() since 6.13: one page, by fast GUP, of a slot that may be written. Up to
 * 6.12 gfn_to_page_many_atomic().
 */
void lookup_many_atomic(struct machine *m, struct task *t)
{
	struct follow *f = &t->follow;
	pfn_t page = NO_PFN;

	f->foll = FOLL_WRITE;
	f->hva = memslot_hva(m, f->slot, f->gfn, true);
	if (!is_error_hva(f->hva)) {
		page = gup_fast_page(m, f->hva, true, false, HOLD_FAULT);
		note(m, &(struct note){ .kind = NOTE_GUP, .name = "get_user_pages_fast_only",
					.hva = f->hva, .value = page != NO_PFN });
	}
	f->page = page;
	f->writable = page != NO_PFN;
	follow_finish(t, page != NO_PFN ? page : KVM_PFN_ERR_FAULT);
}

/*
 * kvmppc_svm_page_in() > uv_page_in(): a page of the ultravisor's memory, which is taken for one
 * of the guest's, is refused. Its reference is the caller's: book3s_hv_uvmem.c, 5.12.
 */
static void uvmem_page_in(struct machine *m, struct task *t)
{
	hva_t hva = memslot_hva(m, t->follow.slot, t->follow.gfn, true);
	struct pt_leaf leaf = host_leaf(m, is_error_hva(hva) ? 0 : hva);
	pfn_t pfn;

	follow_finish(t, KVM_PFN_ERR_FAULT);
	if (!leaf.present || !leaf_is_normal(&leaf))
		return;
	pfn = alloc_frame(m, 0, ANY_PLACE);
	pages_init(m, ALLOC_ZONE_DEVICE, pfn, 0, OWNER_USER);
	page_hand_over(m, pfn, HOLD_OWNER, HOLD_FAULT);
	if (m->sem->traits.uvmem == CALLER_PUTS)
		page_put(m, pfn, HOLD_FAULT);
}

/* ---- the callers ---- */

static const struct lookup {
	const char *name;
	bool (*exists)(const struct semantics *sem);
	void (*at_once)(struct machine *m, struct task *t);	/* without the path */
	void (*release)(struct machine *m, struct task *t);	/* NULL: nothing comes of it */
	bool for_writing;	/* whatever the caller wants */
	bool writable;		/* a pointer to *writable */
	bool atomic;
	bool async;		/* a pointer to *async */
	bool page;		/* gfn_to_page() */
	bool late_page;		/* that since 6.13 */
	u8 own_gets;		/* get_page() by the caller, of what it has got */
} lookups[NR_LOOKUPS] = {
	[LOOKUP_PROT] = { "gfn_to_pfn_prot", wrapper_exists, .release = release_by_pfn,
			  .writable = true },
	[LOOKUP_PFN] = { "gfn_to_pfn", wrapper_exists, .release = release_by_pfn,
			 .for_writing = true },
	[LOOKUP_ATOMIC] = { "gfn_to_pfn_memslot_atomic", wrapper_exists,
			    .release = release_by_pfn, .for_writing = true, .atomic = true },
	[LOOKUP_MEMSLOT] = { "__gfn_to_pfn_memslot", wrapper_exists, .release = release_by_pfn,
			     .writable = true, .async = true },
	[LOOKUP_ATOMIC_ASYNC] = { "__gfn_to_pfn_memslot", wrapper_exists,
				  .release = release_by_pfn, .writable = true, .atomic = true,
				  .async = true },
	[LOOKUP_FOLLOW] = { "kvm_follow_pfn", follow_exists, .release = release_if_owned,
			    .writable = true },
	[LOOKUP_MANY] = { "gfn_to_page_many_atomic", page_exists, lookup_many_atomic,
			  release_page, .for_writing = true },
	[LOOKUP_PAGE] = { "gfn_to_page", page_exists, .release = release_page,
			  .for_writing = true, .page = true },
	[LOOKUP_REEXECUTE] = { "reexecute_instruction", reexecute_exists,
			       .release = release_reexecute, .for_writing = true },
	/* up to 6.12 one more than it gives back (17b7dbaf183e: kvm_vcpu_map() instead) */
	[LOOKUP_DCBZ] = { "kvmppc_patch_dcbz", wrapper_exists, .release = release_page,
			  .for_writing = true, .page = true, .own_gets = 1 },
	/* to 5.19 kvmgt_gfn_to_pfn() */
	[LOOKUP_GVT] = { "is_2MB_gtt_possible", gvt_exists, .release = release_gvt,
			 .for_writing = true },
	[LOOKUP_MTE_TAGS] = { "kvm_vm_ioctl_mte_copy_tags", mte_tags_exists,
			      .release = release_mte_tags, .late_page = true },
	[LOOKUP_UVMEM] = { "kvmppc_svm_page_in", uvmem_exists, uvmem_page_in },
};

/* ---- one look-up ---- */

static bool map_ok(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->map.error;
}

/* The wrappers' arguments become struct kvm_follow_pfn, or stay what they are. */
static void lookup_args(struct machine *m, struct task *t)
{
	const struct lookup *row = &lookups[t->map.api];
	struct follow *f = &t->follow;

	f->try_map_writable = t->map.has_writable = row->writable;
	f->atomic = row->atomic;
	if (row->async)
		f->foll |= FOLL_NOWAIT;
	if (t->map.api == LOOKUP_REEXECUTE)
		m->sem->ops.reexecute_args(m, f);
	else
		m->sem->ops.lookup_args(m, f);
}

/* kvm_follow_pfn() itself, with whatever arguments */
static void follow_args(struct task *t)
{
	struct follow *f = &t->follow;
	u8 knobs = t->map.knobs;

	t->map.has_writable = true;
	f->foll = t->map.foll;
	f->atomic = !!(knobs & KNOB_ATOMIC);
	f->try_map_writable = !!(knobs & KNOB_TRY_MAP_WRITABLE);
	f->guarded = !!(knobs & KNOB_GUARDED);
	f->allow_nonref = !!(knobs & KNOB_NON_REF);
}

static enum step_result lookup(struct machine *m, struct task *t)
{
	struct map_op *op = &t->map;
	const struct lookup *row;
	bool write;

	assert(op->api < NR_LOOKUPS);
	row = &lookups[op->api];
	write = op->write || row->for_writing;
	follow_init(&t->follow, op->gfn, memslot_of_gfn(m, op->gfn), write ? FOLL_WRITE : 0);
	if (!row->exists(m->sem)) {
		op->error = -ENOSYS;
		return STEP_DONE;
	}
	if (row->at_once) {
		row->at_once(m, t);
		return STEP_NEXT;
	}
	if (op->api == LOOKUP_FOLLOW)
		follow_args(t);
	else
		lookup_args(m, t);
	return follow_resolve_hva(m, t) ? STEP_CALL : STEP_NEXT;
}

/* gfn_to_page(), and what its caller does with the page */
static void take_page(struct machine *m, struct task *t, const struct lookup *row)
{
	pfn_t page = m->sem->ops.gfn_to_page(m, t);

	for (unsigned i = 0; page != NO_PFN && i < row->own_gets; i++)
		page_get(m, page, HOLD_FAULT);
	follow_finish(t, page == NO_PFN ? KVM_PFN_ERR_FAULT : page);
}

static bool asks_for_page(const struct machine *m, const struct lookup *row)
{
	return row->page || (row->late_page && m->sem->traits.wrappers_gone);
}

/* pfn_to_online_page() is NULL: there are no tags. */
static bool is_offline(struct machine *m, const struct task *t)
{
	return t->map.api == LOOKUP_MTE_TAGS && !is_error_noslot_pfn(t->follow.pfn) &&
	       (!page_is(m, t->follow.pfn, PG_VALID) ||
		page_is(m, t->follow.pfn, PG_ZONE_DEVICE) ||
		page_is(m, t->follow.pfn, PG_FSDAX));
}

/*
 * kvm_vm_ioctl_mte_copy_tags(), "Reject ZONE_DEVICE memory" (arch/arm64/kvm/guest.c, 6.1): up to
 * 6.11 without a release.
 */
static void reject_offline(struct machine *m, struct task *t)
{
	if (m->sem->traits.mte_tags == CALLER_PUTS)
		give_tags_back(m, t, false);
	follow_finish(t, KVM_PFN_ERR_FAULT);
}

static enum step_result lookup_result(struct machine *m, struct task *t)
{
	const struct follow *follow = &t->follow;
	struct map_op *op = &t->map;
	const struct lookup *row = &lookups[op->api];

	op->writable = follow->writable;
	op->refcounted = follow->page != NO_PFN;
	if (follow->pfn == KVM_PFN_ERR_NEEDS_IO && op->api != LOOKUP_FOLLOW)
		follow_finish(t, KVM_PFN_ERR_FAULT);	/* the wrapper's *async = true */
	if (asks_for_page(m, row) && !is_error_noslot_pfn(follow->pfn))
		take_page(m, t, row);
	if (is_offline(m, t))
		reject_offline(m, t);
	op->refs_held = op->refs_after = t->refs;
	if (is_error_noslot_pfn(follow->pfn)) {
		op->error = -EINVAL;
		return STEP_NEXT;
	}
	op->held = page_of(m, follow->pfn)->refcount;
	op->held_head = page_count(m, follow->pfn);
	return STEP_NEXT;
}

static enum step_result lookup_release(struct machine *m, struct task *t)
{
	lookups[t->map.api].release(m, t);
	t->map.after = page_of(m, t->follow.pfn)->refcount;
	t->map.refs_after = t->refs;
	return STEP_NEXT;
}

const struct step path_lookup[] = {
	STEP(lookup, .calls = PATH_FOLLOW, .chain = "gfn_to_pfn_prot"),
	STEP(lookup_result, .chain = "gfn_to_pfn_prot"),
	STEP(lookup_release, .when = map_ok, .chain = "kvm_release_pfn_clean"),
	{ 0 }
};
