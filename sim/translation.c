/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/translation.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/gmem.h"
#include "model/memslot.h"
#include "model/tdp.h"

enum { PAE_TOP = 3 };

/* ---- a moment ---- */

/* A label, or a number from 1; 0: none has it. */
static size_t find_event(const struct trace *trace, const char *at)
{
	char *end;
	unsigned long number = strtoul(at, &end, 10);

	if (!*end && *at >= '0' && *at <= '9')
		return number <= arrlenu(trace->events) ? number : 0;
	for (size_t i = 0; i < arrlenu(trace->events); i++)
		if (trace->events[i].label && !strcmp(trace->events[i].label, at))
			return i + 1;
	return 0;
}

static bool is_runnable(const struct trace *trace, const char *at, size_t *last,
			struct error *error)
{
	const char *file = trace->events[0].file;

	if (trace->nr_threads)
		return error_at(error, trace->threads[0].file, trace->threads[0].line, 1,
				"threads have no order of their own: pfnsim explore -o writes "
				"traces that have one");
	*last = at ? find_event(trace, at) : arrlenu(trace->events);
	if (*last)
		return true;
	return error_at(error, file, 0, 0, "no event is \"%s\": a label, or a number from 1 to %zu",
			at, arrlenu(trace->events));
}

static bool run_events(const struct trace *trace, size_t last, struct moment *moment,
		       struct error *error)
{
	for (size_t i = 0; i < last; i++) {
		const struct event *e = &trace->events[i];
		const char *why;

		if (moment->vm->dead) {
			moment->died = i;
			return true;
		}
		why = event_beyond_model(moment->vm, e);
		if (why)
			return error_at(error, e->file, e->line, e->column, "%s", why);
		if (!event_run(moment->vm, e, &moment->outcome, error))
			return false;
		moment->event = e->number;
	}
	/* up to 5.14 there may be no VM on such a host */
	moment->reached = strcmp(moment->outcome.word, "unreachable") != 0;
	return true;
}

bool moment_at(const struct trace *trace, const struct semantics_patch *patch, const char *at,
	       struct moment *moment, struct error *error)
{
	size_t last;

	*moment = (struct moment){ .vm = NULL };
	if (!is_runnable(trace, at, &last, error))
		return false;
	moment->vm = vm_new(patch, &trace->config);
	moment->vm->max_notes = 64;
	if (run_events(trace, last, moment, error))
		return true;
	moment_free(moment);
	return false;
}

void moment_free(struct moment *moment)
{
	if (moment->vm)
		vm_free(moment->vm);
	moment->vm = NULL;
}

/* ---- stage 2 ---- */

static struct table_entry *add_entry(struct root_walk *w, const struct machine *m, pfn_t table,
				     gfn_t gfn, unsigned level, u64 entry)
{
	struct table_entry *e = &w->entries[w->nr++];

	*e = (struct table_entry){ .level = level, .index = pt_index(gfn, level), .table = table,
				   .first = gfn & ~(level_pages(level) - 1),
				   .pages = level_pages(level), .entry = entry };
	e->kind = spte_words(m, entry, level, e->words);
	return e;
}

/* A PDPTE, of four; the processor's, KVM has no marks in it. */
static u64 pae_top_entry(struct machine *m, pfn_t root, gfn_t gfn, struct root_walk *w)
{
	u64 entry = m->phys->load(m->phys, root, gfn >> 18 & 3);

	w->entries[w->nr++] = (struct table_entry){
		.level = PAE_TOP, .kind = entry & 1 ? ENTRY_TABLE : ENTRY_NONE,
		.index = gfn >> 18 & 3, .table = root, .first = gfn & ~(level_pages(3) - 1),
		.pages = level_pages(3), .entry = entry };
	snprintf(w->entries[0].words, ENTRY_WORDS_SIZE, entry & 1 ? "P" : "non-present");
	return entry;
}

static void walk_root(struct machine *m, pfn_t root, gfn_t gfn, struct root_walk *w)
{
	unsigned level = tdp_root_level(m);
	struct table_entry *e;

	*w = (struct root_walk){ .root = root, .is_current = root == m->sem->ops.current_root(m) };
	for (unsigned v = 0; v < MAX_VCPUS; v++)
		w->vcpus |= (m->w->vcpu[v].root == root) << v;
	if (root >= SPACE_PAE_ROOT) {
		u64 top = pae_top_entry(m, root, gfn, w);

		if (!(top & 1))
			return;
		root = pt_pfn(top);
		level = PAE_TOP - 1;
	}
	for (; ; level--) {
		e = add_entry(w, m, root, gfn, level, tdp_entry(m, root, gfn, level));
		if (e->kind != ENTRY_TABLE)
			return;
		root = pt_pfn(e->entry);
	}
}

static void add_root(struct machine *m, struct translation *t, pfn_t root)
{
	for (size_t i = 0; i < t->nr_roots; i++)
		if (t->roots[i].root == root)
			return;
	if (root != NO_PFN && t->nr_roots < MAX_ROOTS)
		walk_root(m, root, t->gfn, &t->roots[t->nr_roots++]);
}

static void walk_roots(struct machine *m, struct translation *t)
{
	pfn_t current = m->sem->ops.current_root(m);

	t->has_root = current != NO_PFN;
	add_root(m, t, current);
	for (unsigned i = 0; i < MAX_ROOTS; i++)
		add_root(m, t, m->sem->ops.root_at(m, i));
}

/* The processor sets A and D on its way: the entries are put back. */
static struct walk ask_hardware(struct machine *m, const struct root_walk *w, gfn_t gfn,
				unsigned access)
{
	struct walk walk = hardware_walk(m, w->root, gfn, access);

	for (unsigned i = 0; i < w->nr; i++) {
		const struct table_entry *e = &w->entries[i];
		u64 now = m->phys->load(m->phys, e->table, e->index);

		if (now && now != e->entry)
			m->phys->store(m->phys, e->table, e->index, e->entry);
	}
	return walk;
}

/* ---- what is behind ---- */

static void find_page(struct machine *m, struct translation *t)
{
	const struct root_walk *w = &t->roots[0];
	const struct table_entry *leaf = w->nr ? &w->entries[w->nr - 1] : NULL;

	t->pfn = NO_PFN;
	if (!t->has_root || leaf->kind != ENTRY_LEAF)
		return;
	t->pfn = pt_pfn(leaf->entry) + (t->gfn - leaf->first);
	t->page = *page_of(m, t->pfn);
	t->head = *page_of(m, t->page.head);
}

static void walk_host(struct machine *m, struct translation *t)
{
	u64 number = t->hva >> PAGE_SHIFT;
	pfn_t table = current_mm(m)->pgd;

	for (unsigned level = PT_LEVELS; table != NO_PFN && level; level--) {
		struct table_entry *e = &t->host[t->nr_host++];

		*e = (struct table_entry){
			.level = level, .index = pt_index(number, level), .table = table,
			.first = number & ~(level_pages(level) - 1), .pages = level_pages(level),
			.entry = pt_entry(m, table, number, level) };
		e->kind = host_entry_words(e->entry, level, e->words);
		if (e->kind != ENTRY_TABLE)
			return;
		table = pt_pfn(e->entry);
	}
}

static void find_host(struct machine *m, struct translation *t)
{
	const struct vma *vma;

	t->slot = memslot_of_gfn(m, t->gfn);
	if (t->slot == NO_SLOT)
		return;
	t->memslot = *memslot_row(m, t->slot);
	t->hva = t->memslot.userspace_addr + ((t->gfn - t->memslot.base_gfn) << PAGE_SHIFT);
	vma = vma_find(m, t->hva);
	t->has_vma = vma;
	if (vma)
		t->vma = *vma;
	walk_host(m, t);
}

static void find_tlbs(struct machine *m, struct translation *t)
{
	for (unsigned v = 0; v < MAX_VCPUS; v++)
		for (unsigned i = 0; i < TLB_ENTRIES; i++) {
			const struct tlb_entry *e = &m->w->vcpu[v].tlb.entry[i];

			if (e->level && t->gfn - e->gfn < level_pages(e->level))
				t->tlbs[t->nr_tlbs++] = (struct cached){ v, *e };
		}
}

bool gpa_has_entry(const struct vm *vm, gpa_t gpa)
{
	u64 pages = vm->w.config.mmu == MMU_SHADOW ? 4 * level_pages(PAE_TOP) :
						     level_pages(tdp_root_level(&vm->m) + 1);

	return gpa >> PAGE_SHIFT < pages;
}

void translate(struct vm *vm, gpa_t gpa, struct translation *out)
{
	static const unsigned accesses[] = { WALK_READ, WALK_WRITE, WALK_EXEC };
	struct machine *m = &vm->m;

	*out = (struct translation){ .gpa = gpa, .gfn = gpa >> PAGE_SHIFT };
	walk_roots(m, out);
	for (size_t i = 0; out->has_root && i < ARRAY_SIZE(accesses); i++)
		out->hardware[i] = ask_hardware(m, &out->roots[0], out->gfn, accesses[i]);
	out->is_private = gfn_is_private(m, out->gfn);
	find_page(m, out);
	find_host(m, out);
	find_tlbs(m, out);
}

bool next_leaf(struct vm *vm, gfn_t gfn, struct table_entry *out)
{
	struct machine *m = &vm->m;
	pfn_t root = m->sem->ops.current_root(m);
	gfn_t end = level_pages(tdp_root_level(m) + 1);
	struct pt_leaf leaf = { .present = false };

	if (root != NO_PFN && gfn < end)
		leaf = m->sem->ops.next_leaf(m, root, gfn, end);
	if (!leaf.present)
		return false;
	*out = (struct table_entry){ .level = leaf.level, .index = pt_index(leaf.first, leaf.level),
				     .table = leaf.table, .first = leaf.first,
				     .pages = level_pages(leaf.level), .entry = leaf.entry };
	out->kind = spte_words(m, leaf.entry, leaf.level, out->words);
	return true;
}
