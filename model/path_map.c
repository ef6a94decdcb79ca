/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_map.c: KVM itself uses guest memory for a while: kvm_vcpu_map(), kvm_vcpu_unmap().
 *
 * Linux: virt/kvm/kvm_main.c, 5.12 to 7.2.
 * Nothing ties a map to the MMU notifier: only a reference keeps its page.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"

static bool map_ok(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->map.error;
}

/* kvm_vcpu_map_readonly(), since 6.13; before, such callers map as any other. */
static bool is_readonly(const struct machine *m, const struct task *t)
{
	return t->map.readonly && m->sem->traits.wrappers_gone;
}

static enum step_result map_lookup(struct machine *m, struct task *t)
{
	int row = memslot_of_gfn(m, t->map.gfn);

	follow_init(&t->follow, t->map.gfn, row, 0);
	m->sem->ops.map_args(m, &t->follow);
	if (is_readonly(m, t))
		t->follow.foll &= ~(u32)FOLL_WRITE;
	return follow_resolve_hva(m, t) ? STEP_CALL : STEP_NEXT;
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
				  .used = true,
				  .writable = follow->writable && !is_readonly(m, t) };
	t->map.refcounted = follow->page != NO_PFN;
	t->map.refs_held = t->refs;
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

/*
 * kvm_vcpu_map_mark_dirty() (by 7.2): hardware writes to what an L2 guest has mapped for long.
 * Before, nested_mark_vmcs12_pages_dirty() says so by the gfn. The page itself is marked when it is
 * unmapped.
 */
static enum step_result map_mark_dirty(struct machine *m, struct task *t)
{
	const struct host_map *map = &m->w->kvm.maps[t->map.map];

	if (map->used)
		memslot_mark_dirty(m, memslot_of_gfn(m, map->gfn), map->gfn);
	else
		t->map.error = -EINVAL;
	return STEP_DONE;
}

const struct step path_log_map[] = {
	STEP(map_mark_dirty, .chain = "kvm_vcpu_map_mark_dirty > kvm_vcpu_mark_page_dirty"),
	{ 0 }
};
