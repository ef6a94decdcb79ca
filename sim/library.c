/* SPDX-License-Identifier: GPL-2.0-only */
/* library.c: libpfnsim: errors, semantics, laws, traces. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/library_internal.h"

void *library_alloc(size_t n, size_t size)
{
	void *memory = calloc(n ? n : 1, size);

	if (!memory)
		abort();
	return memory;
}

const char *pfnsim_version(void)
{
	return PFNSIM_VERSION;
}

/* ---- errors ---- */

_Static_assert(sizeof(struct pfnsim_error) == sizeof(struct error), "one shape");

void library_error(struct pfnsim_error *to, const struct error *from)
{
	if (to)
		memcpy(to, from, sizeof(*to));
}

const char *pfnsim_error_text(const struct pfnsim_error *error, char *buffer, size_t size)
{
	char place[40] = "";

	if (error->line && error->column)
		snprintf(place, sizeof(place), "%u:%u:", error->line, error->column);
	else if (error->line)
		snprintf(place, sizeof(place), "%u:", error->line);
	snprintf(buffer, size, "%s%s%s%s%s", error->file, error->file[0] ? ":" : "", place,
		 error->file[0] ? " " : "", error->text);
	return buffer;
}

/* ---- semantics ---- */

const struct pfnsim_semantics *pfnsim_semantics_at(size_t i)
{
	size_t nr = 0;

	while (all_semantics[nr] && nr < i)
		nr++;
	if (all_semantics[nr])
		return (const struct pfnsim_semantics *)all_semantics[nr];
	for (size_t p = 0; policies[p]; p++)
		if (nr + p == i)
			return (const struct pfnsim_semantics *)policies[p];
	return NULL;
}

const struct pfnsim_semantics *pfnsim_semantics_find(const char *name)
{
	return (const struct pfnsim_semantics *)semantics_find(name);
}

const char *pfnsim_semantics_name(const struct pfnsim_semantics *semantics)
{
	return patch_of(semantics)->name;
}

const char *pfnsim_semantics_group(const struct pfnsim_semantics *semantics)
{
	return patch_of(semantics)->group;
}

const char *pfnsim_semantics_source(const struct pfnsim_semantics *semantics)
{
	return patch_of(semantics)->source;
}

/* ---- laws ---- */

static const struct law *law_of(const struct pfnsim_law *law)
{
	return (const struct law *)law;
}

const struct pfnsim_law *pfnsim_law_at(size_t i)
{
	return i < nr_laws ? given_law(&laws[i]) : NULL;
}

const struct pfnsim_law *pfnsim_law_find(const char *id)
{
	return given_law(law_find(id));
}

const char *pfnsim_law_id(const struct pfnsim_law *law)
{
	return law_of(law)->id;
}

const char *pfnsim_law_sentence(const struct pfnsim_law *law)
{
	return law_of(law)->sentence;
}

const char *pfnsim_law_when(const struct pfnsim_law *law)
{
	return law_of(law)->when;
}

const char *pfnsim_law_source(const struct pfnsim_law *law)
{
	return law_of(law)->source;
}

const char *pfnsim_law_breach(const struct pfnsim_law *law,
			      const struct pfnsim_semantics *semantics)
{
	return law_breach_of(law_of(law), patch_of(semantics)->name);
}

/* ---- traces ---- */

static struct pfnsim_trace *trace_new(void)
{
	struct pfnsim_trace *trace = library_alloc(1, sizeof(*trace));

	trace->replay.input = &trace->input;
	return trace;
}

static void take_events(struct pfnsim_trace *trace)
{
	const struct event *events = trace->input.trace.events;

	replay_take_trace(&trace->replay);
	trace->events = library_alloc(trace->replay.nr_lines, sizeof(*trace->events));
	for (size_t i = 0; i < trace->replay.nr_lines; i++) {
		const struct replay_line *line = &trace->replay.line[i];

		trace->events[i] = (struct pfnsim_event){
			.label = line->label, .kind = line->op, .text = line->text,
			.file = line->file, .line = line->line, .column = events[i].column };
	}
}

static struct pfnsim_trace *trace_done(struct pfnsim_trace *trace, bool good,
				       const struct error *failure, struct pfnsim_error *error)
{
	if (good) {
		take_events(trace);
		return trace;
	}
	library_error(error, failure);
	free(trace);
	return NULL;
}

struct pfnsim_trace *pfnsim_trace_load(const char *path, struct pfnsim_error *error)
{
	struct pfnsim_trace *trace = trace_new();
	struct error failure = { .text = "" };
	bool good = trace_load(path, &trace->input.trace, &failure);

	return trace_done(trace, good, &failure, error);
}

struct pfnsim_trace *pfnsim_trace_parse(const char *name, const char *text, size_t length,
					struct pfnsim_error *error)
{
	struct pfnsim_trace *trace = trace_new();
	struct error failure = { .text = "" };
	bool good = trace_load_bytes(name, text, length, &trace->input.trace, &failure);

	return trace_done(trace, good, &failure, error);
}

void pfnsim_trace_free(struct pfnsim_trace *trace)
{
	if (!trace)
		return;
	replay_free_lines(&trace->replay);
	trace_free(&trace->input.trace);
	free(trace->events);
	free(trace);
}

const char *pfnsim_trace_title(const struct pfnsim_trace *trace)
{
	return trace->replay.title;
}

size_t pfnsim_trace_nr_events(const struct pfnsim_trace *trace)
{
	return trace->replay.nr_lines;
}

size_t pfnsim_trace_nr_threads(const struct pfnsim_trace *trace)
{
	return trace->input.trace.nr_threads;
}

const struct pfnsim_event *pfnsim_trace_event(const struct pfnsim_trace *trace, size_t event)
{
	return event < trace->replay.nr_lines ? &trace->events[event] : NULL;
}

size_t pfnsim_trace_find(const struct pfnsim_trace *trace, const char *label)
{
	return trace_find_event(&trace->input.trace, label);
}
