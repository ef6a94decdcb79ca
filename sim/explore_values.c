/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/explore_values.h"

#include <stdlib.h>

#include <stb/stb_ds.h>

enum { WORDS = ARRAY_SIZE(((struct line_values *)NULL)->of[0]) };

void values_free(struct values *values)
{
	for (unsigned t = 0; t < TRACE_MAX_THREADS; t++) {
		for (size_t i = 0; i < arrlenu(values->line[t]); i++)
			free(values->line[t][i]);
		arrfree(values->line[t]);
	}
}

static u64 *set_of(struct values *values, unsigned thread, u32 line, unsigned bit)
{
	struct line_values ***all = &values->line[thread];

	while (arrlenu(*all) <= line)
		arrput(*all, NULL);
	if (!(*all)[line])
		(*all)[line] = calloc(1, sizeof(struct line_values));
	if (!(*all)[line])
		abort();
	return (*all)[line]->of[bit];
}

bool values_add(struct values *values, unsigned thread, u32 line, unsigned bit, u8 value)
{
	u64 *set = set_of(values, thread, line, bit);
	bool new = !(set[value / 64] >> value % 64 & 1);

	set[value / 64] |= BIT(value % 64);
	return new;
}

bool set_has_any(const u64 *set)
{
	u64 any = 0;

	for (unsigned i = 0; i < WORDS; i++)
		any |= set[i];
	return any;
}

void values_add_set(struct values *values, unsigned thread, u32 line, unsigned bit,
		    const u64 *more)
{
	u64 *set = set_of(values, thread, line, bit);

	for (unsigned i = 0; i < WORDS; i++)
		set[i] |= more[i];
}

void values_add_all(struct values *values, const struct values *more)
{
	for (unsigned t = 0; t < TRACE_MAX_THREADS; t++)
		for (u32 line = 0; line < arrlenu(more->line[t]); line++)
			for (unsigned bit = 0; more->line[t][line] && bit < 64; bit++)
				if (set_has_any(more->line[t][line]->of[bit]))
					values_add_set(values, t, line, bit,
						       more->line[t][line]->of[bit]);
}

bool values_have(const struct values *values, unsigned thread, u32 line, unsigned bit, u8 value)
{
	struct line_values **all = values->line[thread];

	return line < arrlenu(all) && all[line] &&
	       all[line]->of[bit][value / 64] >> value % 64 & 1;
}

static bool lines_meet(const struct line_values *a, const struct line_values *b)
{
	for (unsigned bit = 0; bit < 64; bit++)
		for (unsigned i = 0; i < WORDS; i++)
			if (a->of[bit][i] & b->of[bit][i])
				return true;
	return false;
}

bool values_meet(const struct values *a, const struct values *b)
{
	for (unsigned t = 0; t < TRACE_MAX_THREADS; t++)
		for (size_t i = 0; i < arrlenu(a->line[t]) && i < arrlenu(b->line[t]); i++)
			if (a->line[t][i] && b->line[t][i] &&
			    lines_meet(a->line[t][i], b->line[t][i]))
				return true;
	return false;
}
