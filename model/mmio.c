/* SPDX-License-Identifier: GPL-2.0-only */
/* mmio.c: a page that has no record yet is what its 2M are declared to be. */
#include "model/mmio.h"

#include "model/machine.h"

static pfn_t mark_page(pfn_t pfn)
{
	return SPACE_MMIO + pfn / level_pages(2) / WORDS_PER_PAGE;
}

static unsigned mark_word(pfn_t pfn)
{
	return pfn / level_pages(2) % WORDS_PER_PAGE;
}

bool mmio_is_whole(const struct machine *m, pfn_t pfn)
{
	return m->phys->load(m->phys, mark_page(pfn), mark_word(pfn));
}

static void declare_known(struct machine *m, pfn_t pfn, pfn_t end)
{
	while ((pfn = m->phys->next_page(m->phys, pfn)) < end)
		page_init_mmio(m, pfn++);
}

void mmio_declare(struct machine *m, pfn_t pfn, u64 pages)
{
	pfn_t end = pfn + pages;

	declare_known(m, pfn, end);
	while (pfn < end)
		if (pfn % level_pages(2) || end - pfn < level_pages(2)) {
			page_init_mmio(m, pfn++);
		} else {
			m->phys->store(m->phys, mark_page(pfn), mark_word(pfn), true);
			pfn += level_pages(2);
		}
}
