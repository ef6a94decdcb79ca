/* SPDX-License-Identifier: GPL-2.0-only */
/* law.c: which laws a step makes look, and at what; who is found to have broken one. */
#include "model/law_internal.h"

#include <string.h>

#include "model/semantics.h"

const char *blame_name(enum blame blame)
{
	static const char *const name[] = { "none", "kvm", "driver", "mm", "vmm" };

	return name[blame];
}

/* Is @name one of the words of @list? */
static bool is_word_of(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += length)
		if ((at == list || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
	return false;
}

const char *law_breach_of(const struct law *law, const char *semantics)
{
	for (unsigned i = 0; i < MAX_BREACHES && law->breaches[i].semantics; i++)
		if (is_word_of(law->breaches[i].semantics, semantics))
			return law->breaches[i].why;
	return NULL;
}

/* ---- which objects a touch leads to ---- */

struct checker {
	struct machine *m;
	struct violation *out;
	unsigned n, max;
};

/* What is as another before it makes room for what is not: no law is passed over. */
static void add(struct checker *c, const struct violation *v)
{
	if (c->n < c->max) {
		c->out[c->n++] = *v;
		return;
	}
	for (unsigned i = 0; i < c->n; i++)
		if (is_same_violation(&c->out[i], v))
			return;
	for (unsigned last = c->n; last-- > 0; )
		for (unsigned i = 0; i < last; i++)
			if (is_same_violation(&c->out[i], &c->out[last])) {
				c->out[last] = *v;
				return;
			}
}

static void check_one(struct checker *c, const struct law *law, u64 key)
{
	struct violation v = { .law = law, .kind = law->about, .key = key, .pfn = NO_PFN,
			       .gfn = NO_PFN };

	if (law->holds(c->m, key, &v))
		return;
	for (unsigned i = 0; i < c->n; i++)
		if (c->out[i].law == law && c->out[i].pfn == v.pfn && c->out[i].gfn == v.gfn)
			return;
	add(c, &v);
}

static void check_rows(struct checker *c, const struct law *law, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		check_one(c, law, i);
}

static void check_leaves_of(struct checker *c, const struct law *law, pfn_t root, gfn_t gfn,
			    gfn_t end)
{
	while (gfn < end) {
		struct pt_leaf leaf = c->m->sem->ops.next_leaf(c->m, root, gfn, end);

		if (!leaf.present)
			return;
		check_one(c, law, leaf.first);
		gfn = leaf.first + level_pages(leaf.level);
	}
}

/* Of obsolete roots as well: a law says itself which root it means. */
static void check_leaves(struct checker *c, const struct law *law, gfn_t gfn, gfn_t end)
{
	for (unsigned i = 0; i < MAX_ROOTS; i++) {
		pfn_t root = c->m->sem->ops.root_at(c->m, i);

		if (root != NO_PFN)
			check_leaves_of(c, law, root, gfn, end);
	}
}

static void check_hvas(struct checker *c, const struct law *law, hva_t start, hva_t end)
{
	for (int row = memslots_begin(c->m); row < memslots_end(c->m); row++) {
		gfn_t lo, hi;

		if (memslot_overlap(memslot_row(c->m, row), start, end, &lo, &hi))
			check_leaves(c, law, lo, hi);
	}
}

static void check_tlbs(struct checker *c, const struct law *law)
{
	for (u64 vcpu = 0; vcpu < MAX_VCPUS; vcpu++)
		for (unsigned i = 0; i < TLB_ENTRIES; i++) {
			const struct tlb_entry *entry = &c->m->w->vcpu[vcpu].tlb.entry[i];

			if (entry->level)
				check_one(c, law, vcpu << 52 | entry->gfn);
		}
}

static void check_pages(struct checker *c, const struct law *law)
{
	pfn_t pfn = 0;

	while ((pfn = c->m->phys->next_page(c->m->phys, pfn)) != NO_PFN) {
		check_one(c, law, pfn);
		pfn++;
	}
}

/* What the host's entry is of, whether it is a page or nothing. */
static void check_host_leaf(struct checker *c, const struct law *law, hva_t hva)
{
	u64 size = level_pages(host_leaf(c->m, hva).level) * PAGE_SIZE;

	check_hvas(c, law, hva & ~(size - 1), (hva & ~(size - 1)) + size);
}

/* A task is over: who counted on its flush was right, or not. */
static bool owed_flush(const struct task *t)
{
	return t->zap.flush || t->private.flush;
}

static void check_touched(struct checker *c, const struct law *law, const struct object *o)
{
	const struct notify *range = &c->m->w->task[c->m->task].notify;

	if (o->kind == law->about) {
		check_one(c, law, o->key);
		return;
	}
	switch ((enum object_kind)law->about) {
	case OBJECT_SPTE:
		if (o->kind == OBJECT_HPTE)
			check_host_leaf(c, law, o->key);
		else if (o->kind == OBJECT_RANGE)
			check_hvas(c, law, range->start, range->end);
		break;
	case OBJECT_TLB:
		if (o->kind != OBJECT_TASK || owed_flush(&c->m->w->task[o->key]))
			check_tlbs(c, law);
		break;
	case OBJECT_MAP:
		check_rows(c, law, MAX_MAPS);
		break;
	case OBJECT_GPC:
		check_rows(c, law, MAX_GPCS);
		break;
	case OBJECT_APIC:
		check_rows(c, law, MAX_VCPUS);
		break;
	case OBJECT_PAGE:
	case OBJECT_HPTE:
	case OBJECT_NOTIFIER:
	case OBJECT_RANGE:
	case OBJECT_TASK:
	case OBJECT_LOOKUP:
	case NR_OBJECT_KINDS:
		break;
	}
}

/* A look-up's end is a moment, not a state: only the step that ends it is looked at. */
static void check_everything(struct checker *c, const struct law *law)
{
	switch ((enum object_kind)law->about) {
	case OBJECT_PAGE:
		check_pages(c, law);
		break;
	case OBJECT_SPTE:
		check_leaves(c, law, 0, (gfn_t)1 << 36);
		break;
	case OBJECT_TLB:
		check_tlbs(c, law);
		break;
	case OBJECT_TASK:
		check_rows(c, law, MAX_TASKS);
		break;
	case OBJECT_MAP:
		check_rows(c, law, MAX_MAPS);
		break;
	case OBJECT_GPC:
		check_rows(c, law, MAX_GPCS);
		break;
	case OBJECT_APIC:
		check_rows(c, law, MAX_VCPUS);
		break;
	case OBJECT_NOTIFIER:
		check_rows(c, law, 1 + MAX_TASKS);
		break;
	case OBJECT_HPTE:
	case OBJECT_RANGE:
	case OBJECT_LOOKUP:
	case NR_OBJECT_KINDS:
		break;
	}
}

static void add_alarm(struct checker *c, const struct law *law, const struct alarm *alarm)
{
	struct violation v = { .law = law, .blame = alarm->blame, .kind = law->about,
			       .key = alarm->key, .pfn = NO_PFN, .gfn = NO_PFN,
			       .value = alarm->key };

	if (law->about == OBJECT_PAGE)
		v.pfn = alarm->key;
	else if (law->about == OBJECT_SPTE)
		v.gfn = alarm->key;
	if (alarm->kind == ALARM_MARK_DEAD || alarm->kind == ALARM_ACCESS_FREE)
		v.blame = page_blame(c->m, alarm->key);
	add(c, &v);
}

unsigned laws_check(struct machine *m, struct violation *out, unsigned max)
{
	struct checker c = { .m = m, .out = out, .max = max };

	for (unsigned i = 0; i < nr_laws; i++) {
		const struct law *law = &laws[i];

		for (unsigned a = 0; a < m->nr_alarms; a++)
			if (law->alarms & (1u << m->alarms[a].kind))
				add_alarm(&c, law, &m->alarms[a]);
		if (!law->holds)
			continue;
		if (m->touched_all)
			check_everything(&c, law);
		for (unsigned o = 0; o < m->nr_touched; o++)
			if ((!m->touched_all || law->about == OBJECT_LOOKUP) &&
			    (law->reads & (1u << m->touched[o].kind)))
				check_touched(&c, law, &m->touched[o]);
	}
	return c.n;
}

unsigned laws_check_all(struct machine *m, struct violation *out, unsigned max)
{
	struct checker c = { .m = m, .out = out, .max = max };

	for (unsigned i = 0; i < nr_laws; i++)
		if (laws[i].holds)
			check_everything(&c, &laws[i]);
	return c.n;
}

const struct law *law_find(const char *id)
{
	for (unsigned i = 0; i < nr_laws; i++)
		if (!strcmp(laws[i].id, id))
			return &laws[i];
	return NULL;
}
