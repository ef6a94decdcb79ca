/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_map.c: KVM itself uses guest memory: kvm_vcpu_map(), and look-ups by kernel callers.
 *
 * Linux: virt/kvm/kvm_main.c:kvm_vcpu_map(), kvm_vcpu_unmap(), gfn_to_pfn_prot(); 5.12 to 7.2.
 * Nothing ties a map to the MMU notifier: only a reference keeps its page.
 */
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"

#define EINVAL	22

static bool map_ok(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->map.error;
}

static enum step_result call_if_mapped(struct machine *m, struct task *t)
{
	return follow_resolve_hva(m, t) ? STEP_CALL : STEP_NEXT;
}

static enum step_result map_lookup(struct machine *m, struct task *t)
{
	int row = memslot_of_gfn(m, t->map.gfn);

	follow_init(&t->follow, t->map.gfn, row, FOLL_WRITE);
	m->sem->ops.map_args(m, &t->follow);
	if (t->follow.done)
		return STEP_NEXT;
	return call_if_mapped(m, t);
}

/* The reference changes hands: from the look-up to the map. */
static s32 hand_to_map(struct machine *m, const struct follow *follow)
{
	s32 refs;

	if (follow->page == NO_PFN || (follow->pin && follow->page == m->w->config.zero_pfn))
		return 0;
	refs = follow->pin ? page_pin_refs(m, follow->page) : 1;
	for (s32 i = 0; i < refs; i++)
		page_hand_over(m, follow->page, HOLD_FAULT, HOLD_MAP);
	return refs;
}

static enum step_result map_result(struct machine *m, struct task *t)
{
	struct host_map *map = &m->w->kvm.maps[t->map.map];
	const struct follow *follow = &t->follow;

	if (is_error_noslot_pfn(follow->pfn)) {
		t->map.error = -EINVAL;
		return STEP_NEXT;
	}
	if (map->used)		/* a caller that forgets its first map */
		page_touch(m, map->pfn);
	*map = (struct host_map){ .pfn = follow->pfn, .gfn = follow->gfn, .page = follow->page,
				  .used = true, .writable = follow->writable };
	t->map.refcounted = follow->page != NO_PFN;
	map->refs = hand_to_map(m, follow);
	t->map.value = page_load(m, map->pfn, 0);
	touch(m, OBJECT_MAP, t->map.map);
	return STEP_NEXT;
}

const struct step path_map[] = {
	STEP(map_lookup, .calls = PATH_FOLLOW, .chain = "kvm_vcpu_map"),
	STEP(map_result, .chain = "kvm_vcpu_map"),
	{ 0 }
};

static enum step_result unmap_log_dirty(struct machine *m, struct task *t)
{
	const struct host_map *map = &m->w->kvm.maps[t->map.map];

	if (!map->used)
		t->map.error = -EINVAL;
	else if (t->map.dirty)
		memslot_mark_dirty(m, memslot_of_gfn(m, map->gfn), map->gfn);
	return STEP_NEXT;
}

/* 6.13: the caller is not asked any more. */
enum step_result unmap_log_writable(struct machine *m, struct task *t)
{
	const struct host_map *map = &m->w->kvm.maps[t->map.map];

	if (!map->used)
		t->map.error = -EINVAL;
	else if (map->writable)
		memslot_mark_dirty(m, memslot_of_gfn(m, map->gfn), map->gfn);
	return STEP_NEXT;
}

static enum step_result unmap_release(struct machine *m, struct task *t)
{
	page_touch(m, m->w->kvm.maps[t->map.map].pfn);
	m->sem->ops.map_release(m, t);
	m->w->kvm.maps[t->map.map] = (struct host_map){ 0 };
	touch(m, OBJECT_MAP, t->map.map);
	return STEP_NEXT;
}

const struct step path_unmap_map[] = {
	STEP(unmap_log_dirty, .chain = "kvm_vcpu_unmap"),
	STEP(unmap_release, .when = map_ok, .chain = "kvm_vcpu_unmap"),
	{ 0 }
};

static const char *const lookup_name[NR_LOOKUPS] = {
	"gfn_to_pfn_prot", "gfn_to_pfn", "gfn_to_pfn_memslot_atomic", "__gfn_to_pfn_memslot",
};

const char *lookup_api_name(unsigned api)
{
	assert(api < NR_LOOKUPS);
	return lookup_name[api];
}

static enum step_result lookup(struct machine *m, struct task *t)
{
	struct map_op *op = &t->map;
	bool write = op->write || op->api == LOOKUP_PFN || op->api == LOOKUP_ATOMIC;

	follow_init(&t->follow, op->gfn, memslot_of_gfn(m, op->gfn), write ? FOLL_WRITE : 0);
	op->has_writable = op->api == LOOKUP_PROT || op->api == LOOKUP_MEMSLOT;
	t->follow.try_map_writable = op->has_writable;
	t->follow.atomic = op->api == LOOKUP_ATOMIC;
	if (op->api == LOOKUP_MEMSLOT)
		t->follow.foll |= FOLL_NOWAIT;	/* async pointer given */
	m->sem->ops.lookup_args(m, &t->follow);
	if (t->follow.done)
		return STEP_NEXT;
	return call_if_mapped(m, t);
}

static enum step_result lookup_result(struct machine *m, struct task *t)
{
	const struct follow *follow = &t->follow;

	t->map.writable = follow->writable;
	t->map.refcounted = follow->page != NO_PFN;
	if (follow->pfn == KVM_PFN_ERR_NEEDS_IO)	/* the wrapper's *async = true */
		follow_finish(t, KVM_PFN_ERR_FAULT);
	if (is_error_noslot_pfn(follow->pfn)) {
		t->map.error = -EINVAL;
		return STEP_NEXT;
	}
	t->map.held = page_of(m, follow->pfn)->refcount;
	t->map.held_head = page_count(m, follow->pfn);
	return STEP_NEXT;
}

static enum step_result lookup_release(struct machine *m, struct task *t)
{
	m->sem->ops.lookup_release(m, t);
	t->map.after = page_of(m, t->follow.pfn)->refcount;
	return STEP_NEXT;
}

const struct step path_lookup[] = {
	STEP(lookup, .calls = PATH_FOLLOW, .chain = "gfn_to_pfn_prot"),
	STEP(lookup_result, .chain = "gfn_to_pfn_prot"),
	STEP(lookup_release, .when = map_ok, .chain = "kvm_release_pfn_clean"),
	{ 0 }
};
