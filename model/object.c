/* SPDX-License-Identifier: GPL-2.0-only */
/* object.c: a driver's array of pfns. Pages in a row have no words until one is re-pointed. */
#include "model/host_mm.h"

#include "model/machine.h"

static pfn_t word_page(unsigned object, u64 index)
{
	return SPACE_OBJECT + ((u64)object << 32) + index / WORDS_PER_PAGE;
}

static pfn_t word_at(const struct machine *m, unsigned object, u64 index)
{
	return m->phys->load(m->phys, word_page(object, index), index % WORDS_PER_PAGE);
}

static pfn_t pfn_in_row(const struct machine *m, unsigned object, u64 index)
{
	const struct object_state *state = &m->w->object[object];

	return state->used && state->base != NO_PFN && index < state->pages ?
	       state->base + index : 0;
}

pfn_t object_pfn(struct machine *m, unsigned object, u64 index)
{
	pfn_t pfn = word_at(m, object, index);

	return pfn || object >= MAX_OBJECTS ? pfn : pfn_in_row(m, object, index);
}

void object_set_pfn(struct machine *m, unsigned object, u64 index, pfn_t pfn)
{
	m->phys->store(m->phys, word_page(object, index), index % WORDS_PER_PAGE, pfn);
}

pfn_t object_own_pfn(struct machine *m, unsigned object, u64 index)
{
	pfn_t pfn = word_at(m, object + MAX_OBJECTS, index);

	return pfn ? pfn : object_pfn(m, object, index);
}

void object_forget_pfns(struct machine *m, unsigned object)
{
	for (u64 i = 0; i < m->w->object[object].pages; i += WORDS_PER_PAGE) {
		m->phys->clear(m->phys, word_page(object, i));
		m->phys->clear(m->phys, word_page(object + MAX_OBJECTS, i));
	}
}
