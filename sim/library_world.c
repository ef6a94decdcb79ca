/* SPDX-License-Identifier: GPL-2.0-only */
/* library_world.c: libpfnsim: pages, addresses and counters between two events of a run. */
#include "model/host_mm.h"
#include "sim/library_run.h"

/* ---- pages ---- */

static unsigned sum(const u16 counts[NR_LEVELS])
{
	unsigned all = 0;

	for (unsigned i = 0; i < NR_LEVELS; i++)
		all += counts[i];
	return all;
}

static size_t fill_holders(const struct page *head, struct pfnsim_holder *holders)
{
	size_t nr = 0;

	for (unsigned i = 0; i < NR_HOLDERS; i++)
		if (head->held[i])
			holders[nr++] = (struct pfnsim_holder){ holder_word(i), head->held[i] };
	return nr;
}

const struct pfnsim_page *pfnsim_run_page(struct pfnsim_run *run, uint64_t pfn)
{
	struct machine *m = &run->run.vm->m;
	struct page page = *page_of(m, pfn), head = *page_of(m, page.head);
	struct page_answer *a = &run->page;

	page_flag_words(page.flags, a->flags);
	a->page = (struct pfnsim_page){
		.pfn = pfn, .head = page.head, .is_valid = page.flags & PG_VALID,
		.is_free = page.flags & PG_FREE, .refcount = page.refcount,
		.head_refcount = head.refcount, .mapcount = page.mapcount, .flags = a->flags,
		.owner = owner_word(page.owner), .holders = a->holders,
		.nr_holders = fill_holders(&head, a->holders), .sptes = sum(page.sptes),
		.ptes = page.ptes, .tlbs = sum(page.tlbs) };
	return &a->page;
}

uint64_t pfnsim_run_object(const struct pfnsim_run *run, const char *name, uint64_t index)
{
	struct vm *vm = run->run.vm;
	uint64_t row;

	if (!names_object(run->trace->input.trace.names, name, &row) ||
	    !vm->w.object[row].used || vm->w.object[row].freed ||
	    index >= vm->w.object[row].pages)
		return PFNSIM_NO_PFN;
	return object_pfn(&vm->m, row, index);
}

/* ---- addresses ---- */

static size_t fill_entries(const struct table_entry *from, size_t nr, struct pfnsim_entry *to)
{
	for (size_t i = 0; i < nr; i++)
		to[i] = (struct pfnsim_entry){
			.level = from[i].level, .kind = entry_kind_word(from[i].kind),
			.entry = from[i].entry, .words = from[i].words, .table = from[i].table,
			.start = from[i].first << PAGE_SHIFT,
			.size = from[i].pages << PAGE_SHIFT };
	return nr;
}

static void fill_stage2(struct gpa_answer *a)
{
	const struct translation *t = &a->from;
	const struct root_walk *root = &t->roots[0];
	const struct table_entry *last = root->nr ? &root->entries[root->nr - 1] : NULL;

	a->gpa.pfn = PFNSIM_NO_PFN;
	if (!t->has_root || !last)
		return;
	a->gpa.nr_stage2 = fill_entries(root->entries, root->nr, a->stage2);
	a->gpa.readable = t->hardware[0].result == WALK_OK;
	a->gpa.writable = t->hardware[1].result == WALK_OK;
	a->gpa.executable = t->hardware[2].result == WALK_OK;
	if (last->kind != ENTRY_LEAF)
		return;
	a->gpa.is_mapped = true;
	a->gpa.level = last->level;
	a->gpa.spte = last->entry;
	a->gpa.pfn = t->pfn;
}

const struct pfnsim_gpa *pfnsim_run_gpa(struct pfnsim_run *run, uint64_t gpa)
{
	struct gpa_answer *a = &run->gpa;
	const struct translation *t = &a->from;

	if (!gpa_has_entry(run->run.vm, gpa))
		return NULL;
	translate(run->run.vm, gpa, &a->from);
	a->gpa = (struct pfnsim_gpa){ .gpa = gpa, .stage2 = a->stage2, .host = a->host,
				      .slot = -1 };
	fill_stage2(a);
	if (t->slot == NO_SLOT)
		return &a->gpa;
	a->gpa.slot = t->memslot.id;
	a->gpa.hva = t->hva;
	a->gpa.nr_host = fill_entries(t->host, t->nr_host, a->host);
	return &a->gpa;
}

/* ---- counters ---- */

const struct pfnsim_kvm *pfnsim_run_kvm(struct pfnsim_run *run)
{
	const struct kvm *kvm = &run->run.vm->w.kvm;

	run->kvm = (struct pfnsim_kvm){ .mmu_seq = kvm->mmu_seq, .in_progress = kvm->in_progress,
					.mn_active = mn_active(&run->run.vm->w) };
	return &run->kvm;
}
