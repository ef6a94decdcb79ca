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
#include "model/frame.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"

#define EINVAL	22
#define ENOSYS	38

/* How the caller gives back what it was given. */
enum release { BY_PFN, BY_PAGE, PUT_PAGE, PUT_IF_OWNED, BY_VERSION };

static const struct lookup {
	const char *name;
	bool for_writing;	/* whatever the caller wants */
	bool writable;		/* a pointer to *writable */
	bool atomic;
	bool async;		/* a pointer to *async */
	bool page;		/* gfn_to_page() */
	u8 own_gets;		/* get_page() by the caller, of what it has got */
	u8 release;
} lookups[NR_LOOKUPS] = {
	[LOOKUP_PROT] = { "gfn_to_pfn_prot", .writable = true },
	[LOOKUP_PFN] = { "gfn_to_pfn", .for_writing = true },
	[LOOKUP_ATOMIC] = { "gfn_to_pfn_memslot_atomic", .for_writing = true, .atomic = true },
	[LOOKUP_MEMSLOT] = { "__gfn_to_pfn_memslot", .writable = true, .async = true },
	[LOOKUP_ATOMIC_ASYNC] = { "__gfn_to_pfn_memslot", .writable = true, .atomic = true,
				  .async = true },
	[LOOKUP_FOLLOW] = { "kvm_follow_pfn", .writable = true, .release = PUT_IF_OWNED },
	[LOOKUP_MANY] = { "gfn_to_page_many_atomic", .for_writing = true, .release = PUT_PAGE },
	[LOOKUP_PAGE] = { "gfn_to_page", .for_writing = true, .page = true, .release = PUT_PAGE },
	[LOOKUP_REEXECUTE] = { "reexecute_instruction", .for_writing = true, .release = BY_PAGE },
	/* up to 6.12 one more than it gives back (17b7dbaf183e: kvm_vcpu_map() instead) */
	[LOOKUP_DCBZ] = { "kvmppc_patch_dcbz", .for_writing = true, .page = true, .own_gets = 1,
			  .release = PUT_PAGE },
	/* to 5.19 kvmgt_gfn_to_pfn() */
	[LOOKUP_GVT] = { "is_2MB_gtt_possible", .for_writing = true, .release = BY_VERSION },
	[LOOKUP_MTE_TAGS] = { "kvm_vm_ioctl_mte_copy_tags", .release = BY_VERSION },
	[LOOKUP_UVMEM] = { "kvmppc_svm_page_in", .release = BY_VERSION },
};

static enum odd_caller odd_caller(const struct semantics *sem, unsigned api)
{
	if (api == LOOKUP_GVT)
		return sem->traits.gvt;
	return api == LOOKUP_MTE_TAGS ? sem->traits.mte_tags : sem->traits.uvmem;
}

static bool lookup_exists(const struct semantics *sem, unsigned api)
{
	assert(api < NR_LOOKUPS);
	if (api == LOOKUP_FOLLOW)
		return sem->traits.follow_api;
	if (api == LOOKUP_REEXECUTE)
		return sem->traits.reexecutes;
	if (lookups[api].release == BY_VERSION)
		return odd_caller(sem, api) != CALLER_ABSENT;
	return !sem->traits.wrappers_gone || api == LOOKUP_MANY || api == LOOKUP_PAGE;
}

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

/* A page of the ultravisor's memory is taken for one of the guest's, which uv_page_in() refuses. */
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
	if (odd_caller(m->sem, LOOKUP_UVMEM) == CALLER_PUTS)
		page_put(m, pfn, HOLD_FAULT);
}

static enum step_result lookup(struct machine *m, struct task *t)
{
	struct map_op *op = &t->map;
	bool write = op->write || lookups[op->api].for_writing;

	follow_init(&t->follow, op->gfn, memslot_of_gfn(m, op->gfn), write ? FOLL_WRITE : 0);
	if (!lookup_exists(m->sem, op->api)) {
		op->error = -ENOSYS;
		return STEP_DONE;
	}
	if (op->api == LOOKUP_MANY || op->api == LOOKUP_UVMEM) {
		op->api == LOOKUP_MANY ? lookup_many_atomic(m, t) : uvmem_page_in(m, t);
		return STEP_NEXT;
	}
	if (op->api == LOOKUP_FOLLOW)
		follow_args(t);
	else
		lookup_args(m, t);
	return follow_resolve_hva(m, t) ? STEP_CALL : STEP_NEXT;
}

/* kvm_prefetch_pages() since 6.13: one page, by fast GUP, of a slot that may be written */
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

/* gfn_to_page(), and what its caller does with the page */
static void take_page(struct machine *m, struct task *t, const struct lookup *lookup)
{
	pfn_t page = m->sem->ops.gfn_to_page(m, t);

	for (unsigned i = 0; page != NO_PFN && i < lookup->own_gets; i++)
		page_get(m, page, HOLD_FAULT);
	follow_finish(t, page == NO_PFN ? KVM_PFN_ERR_FAULT : page);
}

/* kvm_vm_ioctl_mte_copy_tags() asks for a page since 6.13. */
static bool asks_for_page(const struct machine *m, unsigned api)
{
	return lookups[api].page || (api == LOOKUP_MTE_TAGS && m->sem->traits.wrappers_gone);
}

/* pfn_to_online_page() is NULL: there are no tags. */
static bool is_offline(struct machine *m, const struct task *t)
{
	return t->map.api == LOOKUP_MTE_TAGS && !is_error_noslot_pfn(t->follow.pfn) &&
	       (!page_is(m, t->follow.pfn, PG_VALID) ||
		page_is(m, t->follow.pfn, PG_ZONE_DEVICE) ||
		page_is(m, t->follow.pfn, PG_FSDAX));
}

static void release_by_version(struct machine *m, struct task *t)
{
	if (t->map.api == LOOKUP_GVT && odd_caller(m->sem, LOOKUP_GVT) == CALLER_KEEPS)
		return;
	if (m->sem->traits.wrappers_gone)
		page_put(m, t->follow.pfn, HOLD_FAULT);
	else if (t->map.api == LOOKUP_MTE_TAGS)
		m->sem->ops.release_pfn(m, t->follow.pfn, t->map.write, HOLD_FAULT);
	else
		m->sem->ops.lookup_release(m, t);
}

static void release(struct machine *m, struct task *t)
{
	const struct follow *f = &t->follow;

	switch ((enum release)lookups[t->map.api].release) {
	case BY_PFN:
		m->sem->ops.lookup_release(m, t);
		break;
	case BY_PAGE:
		m->sem->ops.reexecute_release(m, t);
		break;
	case PUT_PAGE:
		page_put(m, f->pfn, HOLD_FAULT);
		break;
	case PUT_IF_OWNED:
		if ((f->foll & FOLL_GET) && f->page != NO_PFN)
			page_put(m, f->page, HOLD_FAULT);
		break;
	case BY_VERSION:
		release_by_version(m, t);
		break;
	}
}

/* "Reject ZONE_DEVICE memory": up to 6.11 without a release */
static void reject_offline(struct machine *m, struct task *t)
{
	if (odd_caller(m->sem, LOOKUP_MTE_TAGS) == CALLER_PUTS)
		release(m, t);
	follow_finish(t, KVM_PFN_ERR_FAULT);
}

static enum step_result lookup_result(struct machine *m, struct task *t)
{
	const struct follow *follow = &t->follow;
	struct map_op *op = &t->map;

	op->writable = follow->writable;
	op->refcounted = follow->page != NO_PFN;
	if (follow->pfn == KVM_PFN_ERR_NEEDS_IO && op->api != LOOKUP_FOLLOW)
		follow_finish(t, KVM_PFN_ERR_FAULT);	/* the wrapper's *async = true */
	if (asks_for_page(m, op->api) && !is_error_noslot_pfn(follow->pfn))
		take_page(m, t, &lookups[op->api]);
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
	release(m, t);
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
