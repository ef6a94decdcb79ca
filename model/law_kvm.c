/* SPDX-License-Identifier: GPL-2.0-only */
/* law_kvm.c: laws about TLBs, the notifier's counts, KVM's own maps, and look-ups. */
#include "model/law_internal.h"

#include "model/semantics.h"

/* A notification that has zapped, not flushed yet, and not returned. */
static bool start_will_flush(const struct machine *m)
{
	for (unsigned i = 0; i < MAX_TASKS; i++) {
		const struct task *t = &m->w->task[i];

		if (t->notify.flush && !t->open[t->notify.open].zapped)
			return true;
	}
	return false;
}

/* kvm_zap_gfn_range(), kvm_recover_nx_huge_pages(): before they let go of mmu_lock */
static bool zap_will_flush(const struct machine *m)
{
	for (unsigned i = 0; i < MAX_TASKS; i++)
		if (m->w->task[i].zap.flush && m->w->task[i].state == TASK_RUNNING)
			return true;
	return false;
}

/* Who will flush before anybody can tell: a notification, a memslot or dirty-log call in flight. */
static bool flush_is_due(const struct machine *m)
{
	for (unsigned i = 0; i < MAX_TASKS; i++)
		if (m->w->task[i].private.flush && m->w->task[i].state == TASK_RUNNING)
			return true;
	return start_will_flush(m) || slot_call_runs(m, true) || zap_will_flush(m);
}

/* Access tracking takes W, too, and TLBs may stay: the page is as writable as it was. */
static bool tlb_may_write(struct machine *m, u64 spte)
{
	const struct spte_format *format = spte_format_of(m);

	if (spte_restore_tracked(format, spte) != spte)
		return spte & format->mmu_writable;
	return spte_is_writable(format, spte);
}

bool tlb_is_fresh(struct machine *m, u64 key, struct violation *v)
{
	unsigned vcpu = key >> 52;
	gfn_t gfn = key & (BIT(52) - 1);
	const struct tlb_entry *entry = tlb_find(m, vcpu, gfn);
	struct mapping at;

	if (!entry || flush_is_due(m) || m->sem->ops.root_is_obsolete(m, vcpu))
		return true;
	v->gfn = gfn;
	v->pfn = entry->pfn;
	v->blame = BLAME_KVM;
	v->value = entry->pfn;
	v->wanted = NO_PFN;
	if (!find_mapping(m, gfn, &at, v))
		return false;
	v->pfn = entry->pfn;
	v->wanted = pt_pfn(at.leaf.entry) + (entry->gfn - at.leaf.first);
	return v->value == v->wanted && (!entry->writable || tlb_may_write(m, at.leaf.entry));
}

/* Of a notification that is over. */
static bool has_left_its_count(const struct task *t)
{
	for (unsigned i = 0; i < MAX_OPEN; i++)
		if (is_counted(&t->open[i]) && !t->open[i].used)
			return true;
	return false;
}

/* KVM's own invalidations are no notifier's. */
bool notifier_counts_agree(struct machine *m, u64 key, struct violation *v)
{
	const struct kvm *kvm = &m->w->kvm;
	s32 counted = kvm->private_ranges;

	v->blame = BLAME_KVM;
	v->value = 1;
	v->wanted = 0;
	if (key)
		return !has_left_its_count(&m->w->task[key - 1]);
	for (unsigned i = 0; i < MAX_TASKS; i++)
		counted += m->w->task[i].zap.counted;
	for (unsigned i = 0; i < MAX_OPEN_RANGES; i++)
		counted += is_counted(open_range(m, i));
	v->value = kvm->in_progress;
	v->wanted = counted;
	return kvm->in_progress >= 0 && kvm->in_progress <= counted;
}

/* Of the very folios: who takes one and puts another is not balanced. */
bool task_is_balanced(struct machine *m, u64 key, struct violation *v)
{
	const struct task *t = &m->w->task[key];

	v->blame = BLAME_KVM;
	v->value = t->refs ? t->refs : 1;
	v->pfn = t->follow.page;
	v->gfn = t->follow.gfn;
	return t->state != TASK_DONE || (!t->refs && !t->refs_of);
}

bool no_lock_is_left(struct machine *m, u64 key, struct violation *v)
{
	const struct task *t = &m->w->task[key];

	v->blame = t->by;
	v->value = t->locks;
	return t->state != TASK_DONE || !t->locks;
}

bool map_page_lives(struct machine *m, u64 key, struct violation *v)
{
	const struct host_map *map = &m->w->kvm.maps[key];

	if (!map->used)
		return true;
	v->pfn = map->pfn;
	v->gfn = map->gfn;
	v->blame = map->page == NO_PFN ? BLAME_KVM : page_blame(m, map->pfn);
	return !page_is(m, map->pfn, PG_FREE);
}

/* kvm_mmu_invalidate_end(): smp_wmb() between the two */
bool sequence_comes_first(struct machine *m, u64 key, struct violation *v)
{
	for (unsigned i = 0; key && i < MAX_OPEN; i++) {
		const struct open_range *open = &m->w->task[key - 1].open[i];

		v->value = open->start;
		v->wanted = open->end;
		v->blame = BLAME_KVM;
		if (open->used && open->ended && !open->raised)
			return false;
	}
	return true;
}

bool map_is_held(struct machine *m, u64 key, struct violation *v)
{
	const struct host_map *map = &m->w->kvm.maps[key];

	v->pfn = map->pfn;
	v->gfn = map->gfn;
	v->blame = BLAME_KVM;
	return !map->used || map->page != NO_PFN;
}

/* ---- a look-up that has just returned ---- */

/* What it took and did not put again. */
static s32 taken(const struct task *t)
{
	return t->refs - t->follow.before;
}

/* What one reference of the kind it asked for is; FOLL_PIN does not count the zero page. */
static s32 one_reference(struct machine *m, const struct follow *f)
{
	if (!f->pin)
		return 1;
	return f->page == m->w->config.zero_pfn ? 0 : page_pin_refs(m, f->page);
}

static const struct follow *ended_lookup(struct machine *m, u64 key, struct violation *v)
{
	const struct task *t = &m->w->task[key];

	v->gfn = t->follow.gfn;
	v->pfn = t->follow.page;
	v->value = taken(t);
	v->blame = BLAME_KVM;
	return &t->follow;
}

bool error_holds_nothing(struct machine *m, u64 key, struct violation *v)
{
	const struct follow *f = ended_lookup(m, key, v);

	return !is_error_noslot_pfn(f->pfn) || !v->value;
}

bool get_means_own(struct machine *m, u64 key, struct violation *v)
{
	const struct follow *f = ended_lookup(m, key, v);

	if (is_error_noslot_pfn(f->pfn))
		return true;
	v->wanted = f->page == NO_PFN ? 0 : one_reference(m, f);
	if (!(f->foll & FOLL_GET) && (!v->value || m->sem->traits.get_or_guard))
		v->wanted = 0;
	return v->value == v->wanted;
}

bool unheld_is_guarded(struct machine *m, u64 key, struct violation *v)
{
	const struct follow *f = ended_lookup(m, key, v);

	if (is_error_noslot_pfn(f->pfn) || v->value || f->guarded)
		return true;
	if (f->page == NO_PFN)		/* before, nobody says who is guarded */
		return !m->sem->traits.get_or_guard || m->sem->traits.allow_unsafe_mappings;
	return !one_reference(m, f);
}

bool outputs_are_fresh(struct machine *m, u64 key, struct violation *v)
{
	const struct follow *f = ended_lookup(m, key, v);

	v->value = f->page;
	v->wanted = f->got;
	return f->page == NO_PFN || f->page == f->got || f->page == m->w->config.zero_pfn;
}

bool writable_was_found(struct machine *m, u64 key, struct violation *v)
{
	const struct follow *f = ended_lookup(m, key, v);

	v->pfn = f->pfn;
	return is_error_noslot_pfn(f->pfn) || !f->writable || f->found_writable;
}

bool read_only_slot_said(struct machine *m, u64 key, struct violation *v)
{
	const struct follow *f = ended_lookup(m, key, v);

	v->pfn = f->pfn;
	return is_error_noslot_pfn(f->pfn) || !f->writable || f->slot == NO_SLOT ||
	       !memslot_is(m, f->slot, KVM_MEM_READONLY);
}

bool atomic_or_nowait(struct machine *m, u64 key, struct violation *v)
{
	const struct follow *f = ended_lookup(m, key, v);

	return !f->atomic || !(f->foll & FOLL_NOWAIT);
}

/* Fast GUP is all that it can run, and that gives nothing else. */
bool atomic_names_a_page(struct machine *m, u64 key, struct violation *v)
{
	const struct follow *f = ended_lookup(m, key, v);

	v->pfn = f->pfn;
	return !f->atomic || is_error_noslot_pfn(f->pfn) || f->page != NO_PFN;
}
