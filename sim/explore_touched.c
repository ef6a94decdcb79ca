/* SPDX-License-Identifier: GPL-2.0-only */
/* explore_touched.c: the lines of one turn. */
#include "sim/explore_reduce.h"

#include <stb/stb_ds.h>

void touched_set(struct touched *t, const struct footprint *f)
{
	arrsetlen(t->line, f->nr);
	arrsetlen(t->read, f->nr);
	arrsetlen(t->write, f->nr);
	t->is_lost = f->is_lost;
	for (size_t i = 0; i < f->nr; i++) {
		t->line[i] = f->lines[i];
		t->read[i] = f->read[f->lines[i]];
		t->write[i] = f->write[f->lines[i]];
	}
}

void touched_clear(struct touched *t)
{
	arrsetlen(t->line, 0);
	arrsetlen(t->read, 0);
	arrsetlen(t->write, 0);
	t->is_lost = false;
}

void touched_add(struct touched *t, u32 line, u64 read, u64 write)
{
	size_t i = 0;

	while (i < arrlenu(t->line) && t->line[i] != line)
		i++;
	if (i == arrlenu(t->line)) {
		arrput(t->line, line);
		arrput(t->read, 0);
		arrput(t->write, 0);
	}
	t->read[i] |= read;
	t->write[i] |= write;
}

void touched_free(struct touched *t)
{
	arrfree(t->line);
	arrfree(t->read);
	arrfree(t->write);
}

/* What is another now of that line; of what is no memory, all. */
static u64 changed_in(const struct watch_overwritten *changed, u32 line)
{
	u64 bits = 0;

	if (line >= WATCH_WORLD_LINES && line < WATCH_WORLD_LINES + WATCH_OTHER_LINES)
		return ~(u64)0;
	for (size_t i = 0; i < arrlenu(changed); i++)
		bits |= (u64)(changed[i].line == line) << changed[i].bit;
	return bits;
}

void touched_weaken(struct touched *t, const struct watch_overwritten *changed)
{
	for (size_t i = 0; i < arrlenu(t->line); i++) {
		u64 silent = t->write[i] & ~changed_in(changed, t->line[i]);

		t->read[i] |= silent;
		t->write[i] &= ~silent;
	}
}
