// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_dat_recorded.c: what was recorded, as events of the system "recorded".
 *
 * Each has its name, time, CPU and task, and prints what it printed. What import_table.c takes from
 * an event of this name is a number beside the text, so that pfnsim import reads here what it
 * reads there; formats are by the kernel's name for it, as the numbers that are there.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/import_internal.h"
#include "sim/replay_internal.h"
#include "sim/report_dat.h"

struct known {
	const char *name;		/* NULL: the row's first */
	const struct import_row *row;	/* NULL: text is all there is */
	unsigned known;			/* BIT(v): row->keys[v] is there */
	unsigned id;
};

struct put {
	struct dat *dat;
	struct known *known;		/* stb_ds */
};

/* ---- formats ---- */

/* The first of @words, without its ":x". */
static const char *first_word(struct dat *dat, const char *words)
{
	return arena_strndup(&dat->arena, words, strcspn(words, " :"));
}

static struct dat_format *make_format(struct dat *dat, const struct known *k, bool has_body)
{
	struct dat_format *format = arena_alloc(&dat->arena, sizeof(*format));
	struct dat_field *field = format->field;

	format->system = "recorded";
	format->name = k->name ? k->name : first_word(dat, k->row->names);
	for (int v = 0; v < IMPORT_VALUES; v++)
		if (k->known >> v & 1)
			*field++ = (struct dat_field){ first_word(dat, k->row->keys[v]),
						       has_body ? DAT_HIDDEN : DAT_HEX };
	if (has_body)
		*field = (struct dat_field){ "body", DAT_BARE };
	return format;
}

static unsigned format_of(struct put *put, const char *name, const struct import_row *row,
			  unsigned known, bool has_body)
{
	struct known new = { .name = name, .row = row, .known = known };

	for (size_t i = 0; i < arrlenu(put->known); i++) {
		const struct known *k = &put->known[i];

		if (k->row == row && k->known == known &&
		    (!name || !strcmp(k->name, name)))
			return k->id;
	}
	new.id = dat_format(put->dat, make_format(put->dat, &new, has_body));
	arrput(put->known, new);
	return new.id;
}

/* ---- events ---- */

static unsigned cpu_of(int cpu)
{
	return cpu < 0 ? 0 : cpu < DAT_MAX_CPUS / 2 ? cpu : DAT_MAX_CPUS / 2;
}

static void put_event(struct put *put, const char *name, const struct import_event *e,
		      const struct import_row *row, const char *body)
{
	union dat_value values[DAT_FIELDS];
	unsigned known = row ? e->known : 0, n = 0;

	for (int v = 0; v < IMPORT_VALUES; v++)
		if (known >> v & 1)
			values[n++].number = e->value[v];
	if (body)
		values[n].text = body;
	dat_event(put->dat, format_of(put, name, row, known, body), e->time, cpu_of(e->cpu),
		  e->pid, values);
}

static void put_line(struct put *put, const struct trace_event *event)
{
	struct import_event e = { .pid = event->pid, .cpu = event->cpu,
				  .time = dat_nanoseconds(event->time) };
	const struct import_row *row = import_event_of(event->name, event->body, &e);

	/* the reader of a trace.dat has no other way to know an event than its name */
	if (row && row != import_row(event->name, strlen(event->name), NULL, false))
		row = NULL;
	dat_task(put->dat, event->pid, event->task);
	put_event(put, event->name, &e, row, event->body);
}

static void put_command(struct put *put, const struct command *c)
{
	if (c->begin.name)
		put_line(put, &c->begin);
	for (size_t i = 0; i < c->nr_events; i++)
		put_line(put, &c->events[i]);
	if (c->end.name)
		put_line(put, &c->end);
	for (size_t i = 0; i < c->nr_after; i++)
		put_line(put, &c->after[i]);
}

static void put_recording(struct put *put, const struct recording *recording)
{
	for (size_t i = 0; i < recording->nr_early; i++)
		put_line(put, &recording->early[i]);
	for (size_t i = 0; i < recording->nr_commands; i++)
		put_command(put, &recording->commands[i]);
}

/* What was learned from it, under the first name of those that mean the same. */
static void put_import(struct put *put, const struct import *import)
{
	for (size_t i = 0; i < arrlenu(import->events); i++) {
		const struct import_event *e = &import->events[i];

		put_event(put, NULL, e, &import_rows[e->row], NULL);
	}
}

static const char *uname_of(struct dat *dat, const char *release)
{
	size_t size = strlen(release) + sizeof("Linux recorded ");
	char *text;

	if (!*release)
		return NULL;
	text = arena_alloc(&dat->arena, size);
	snprintf(text, size, "Linux recorded %s", release);
	return text;
}

void dat_put_recorded(struct dat *dat, const struct replay *replay)
{
	const struct recording *recording = &replay->input->recording;
	const struct import *import = replay->input->import;
	struct put put = { .dat = dat };
	bool lost = false;

	if (replay->input->has_recording) {
		put_recording(&put, recording);
		/* a text without its head does not say how much was written */
		lost = recording->trace_cut || recording->nr_unkept || !recording->nr_cpus;
		dat->uname = uname_of(dat, recording->uname);
	} else if (import) {
		put_import(&put, import);
		lost = import->lacks[LACK_LOST] || import->lacks[LACK_DAMAGE];
		dat->uname = uname_of(dat, import->release);
	}
	for (unsigned cpu = 0; lost && cpu < dat->nr_cpus; cpu++)
		dat_lost(dat, cpu);
	arrfree(put.known);
}
