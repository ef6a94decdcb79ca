/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/nx.h"

#include "model/machine.h"

/* A queue of rows of four words, in pages that no host frame has; who leaves it leaves a hole. */
enum { WORD_TABLE, WORD_PARENT, WORD_GFN, WORD_LEVEL, WORDS_OF_ROW };

static u64 load(struct machine *m, u64 row, unsigned word)
{
	u64 at = row * WORDS_OF_ROW + word;

	return m->phys->load(m->phys, SPACE_NX + at / WORDS_PER_PAGE, at % WORDS_PER_PAGE);
}

static void store(struct machine *m, u64 row, unsigned word, u64 value)
{
	u64 at = row * WORDS_OF_ROW + word;

	m->phys->store(m->phys, SPACE_NX + at / WORDS_PER_PAGE, at % WORDS_PER_PAGE, value);
}

u64 nx_splits(const struct machine *m)
{
	return m->w->kvm.nx_splits;
}

static bool is_tracked(struct machine *m, pfn_t table)
{
	u64 row = m->w->kvm.nx_begin;

	while (row < m->w->kvm.nx_end && load(m, row, WORD_TABLE) != table)
		row++;
	return row < m->w->kvm.nx_end;
}

void nx_track(struct machine *m, pfn_t table, const struct pt_leaf *parent)
{
	u64 row = m->w->kvm.nx_end;

	if (is_tracked(m, table))
		return;
	m->w->kvm.nx_end++;
	store(m, row, WORD_TABLE, table);
	store(m, row, WORD_PARENT, parent->table);
	store(m, row, WORD_GFN, parent->first);
	store(m, row, WORD_LEVEL, parent->level);
	m->w->kvm.nx_splits++;
	note_stat(m, "nx_lpage_splits", 1);
}

void nx_untrack(struct machine *m, pfn_t table)
{
	page_of(m, table)->flags &= ~(u32)PG_NX_SPLIT;
	page_touch(m, table);
	for (u64 row = m->w->kvm.nx_begin; row < m->w->kvm.nx_end; row++) {
		if (load(m, row, WORD_TABLE) != table)
			continue;
		store(m, row, WORD_TABLE, 0);
		m->w->kvm.nx_splits--;
		note_stat(m, "nx_lpage_splits", -1);
	}
}

bool nx_first(struct machine *m, pfn_t *table, struct pt_leaf *parent)
{
	struct kvm *kvm = &m->w->kvm;

	while (kvm->nx_begin < kvm->nx_end && !load(m, kvm->nx_begin, WORD_TABLE))
		kvm->nx_begin++;
	if (kvm->nx_begin == kvm->nx_end)
		return false;
	*table = load(m, kvm->nx_begin, WORD_TABLE);
	*parent = (struct pt_leaf){ .table = load(m, kvm->nx_begin, WORD_PARENT),
				    .first = load(m, kvm->nx_begin, WORD_GFN),
				    .level = load(m, kvm->nx_begin, WORD_LEVEL) };
	return true;
}
