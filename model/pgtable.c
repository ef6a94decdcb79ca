/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/pgtable.h"

#include "model/machine.h"

u64 pt_entry(struct machine *m, pfn_t table, u64 page_number, unsigned level)
{
	return m->phys->load(m->phys, table, pt_index(page_number, level));
}

void pt_set_entry(struct machine *m, pfn_t table, u64 page_number, unsigned level, u64 entry)
{
	m->phys->store(m->phys, table, pt_index(page_number, level), entry);
}

static bool is_present(const struct pt_format *format, u64 entry)
{
	if (format->absent_mask && (entry & format->absent_mask) == format->absent)
		return false;
	return entry & format->present;
}

static unsigned top_level(const struct pt_format *format)
{
	return format->top ? format->top : PT_LEVELS;
}

static bool is_leaf(const struct pt_format *format, u64 entry, unsigned level)
{
	return level == 1 || (entry & format->huge);
}

struct pt_leaf pt_walk(struct machine *m, const struct pt_format *format, pfn_t top,
		       u64 page_number)
{
	struct pt_leaf leaf = { .table = top };

	for (leaf.level = top_level(format); ; leaf.level--) {
		leaf.entry = pt_entry(m, leaf.table, page_number, leaf.level);
		leaf.first = page_number & ~(level_pages(leaf.level) - 1);
		if (!is_present(format, leaf.entry))
			return leaf;
		if (is_leaf(format, leaf.entry, leaf.level)) {
			leaf.present = true;
			return leaf;
		}
		leaf.table = pt_pfn(leaf.entry);
	}
}

/* The next present entry of one table at or after @index: 512 if there is none. */
static unsigned next_present(struct machine *m, const struct pt_format *format, pfn_t table,
			     unsigned index)
{
	for (;;) {
		index = m->phys->next(m->phys, table, index);
		if (index == WORDS_PER_PAGE ||
		    is_present(format, m->phys->load(m->phys, table, index)))
			return index;
		index++;
	}
}

struct pt_leaf pt_next_sibling(struct machine *m, const struct pt_format *format,
			       const struct pt_leaf *leaf)
{
	unsigned index = pt_index(leaf->first, leaf->level), next = WORDS_PER_PAGE;
	struct pt_leaf sibling = { 0 };
	u64 entry;

	if (index + 1 < WORDS_PER_PAGE)
		next = next_present(m, format, leaf->table, index + 1);
	if (next == WORDS_PER_PAGE)
		return sibling;
	entry = m->phys->load(m->phys, leaf->table, next);
	if (!is_leaf(format, entry, leaf->level))
		return sibling;
	return (struct pt_leaf){ .entry = entry, .level = leaf->level, .present = true,
				 .table = leaf->table,
				 .first = leaf->first + (next - index) * level_pages(leaf->level) };
}

struct pt_leaf pt_next_leaf(struct machine *m, const struct pt_format *format, pfn_t top,
			    u64 page_number, u64 end)
{
	struct pt_leaf none = { 0 };
	pfn_t table[MAX_PT_LEVELS + 1];
	unsigned highest = top_level(format), level = highest, index;

	table[level] = top;
	while (page_number < end) {
		index = next_present(m, format, table[level], pt_index(page_number, level));
		if (index == WORDS_PER_PAGE) {
			if (level == highest)
				return none;
			level++;
			page_number = (page_number | (level_pages(level) - 1)) + 1;
			if (pt_index(page_number, level) == 0)	/* past this table, too */
				level = highest;
			continue;
		}
		if (index != pt_index(page_number, level)) {
			page_number &= ~(level_pages(level + 1) - 1);
			page_number += index * level_pages(level);
			if (page_number >= end)
				return none;
		}
		u64 entry = m->phys->load(m->phys, table[level], index);

		if (is_leaf(format, entry, level))
			return (struct pt_leaf){ .entry = entry, .level = level, .present = true,
						 .table = table[level],
						 .first = page_number & ~(level_pages(level) - 1) };
		table[level - 1] = pt_pfn(entry);
		level--;
	}
	return none;
}
