// SPDX-License-Identifier: GPL-2.0-only
/*
 * import_text.c: text of ftrace, trace-cmd, perf and bpftrace, line by line.
 *
 * A line that is nothing known, and one of an event whose fields are not there, is counted: it may
 * have been any event. Only the events of import_table.c are taken apart.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/import_internal.h"
#include "sim/recording_internal.h"

static void unread(struct import *import, unsigned place)
{
	if (!import->nr_unread++)
		import->first_unread = place;
}

static void gap(struct import *import, unsigned place, uint64_t lost)
{
	if (!import->nr_gaps++)
		import->first_gap = place;
	import->lost += lost;
}

static bool number_of(const char *text, int base, uint64_t *value)
{
	char *end;

	*value = strtoull(text, &end, base);
	return end != text && (!*end || strchr(" ,)", *end));
}

/*
 * Which of the row's values the fields of @event are. trace-cmd prints what it failed to parse in
 * decimal, or with 0x; all else prints it as the kernel does.
 */
static void take_fields(const struct import_row *row, const struct trace_event *event,
			bool is_failed, struct import_event *e)
{
	for (size_t i = 0; i < event->nr_fields; i++)
		for (int v = 0; v < IMPORT_VALUES && row->keys[v]; v++) {
			const struct trace_field *field = &event->fields[i];
			bool hex;

			if (!import_key_is(row->keys[v], field->key, &hex))
				continue;
			if (number_of(field->value, hex && !is_failed ? 16 : 0, &e->value[v]))
				e->known |= 1 << v;
		}
}

static void read_body(struct reader *reader, const struct import_row *row, const char *body,
		      struct import_event *e)
{
	static const char failed[] = "[FAILED TO PARSE] ";
	struct trace_event event = { .body = body };
	bool is_failed = !strncmp(body, failed, strlen(failed)), fits = false;

	event.body += is_failed ? strlen(failed) : 0;
	for (size_t i = 0; i < 3 && row->forms[i] && !fits; i++)
		fits = fields_fit(reader, row->forms[i], &event);
	if (!fits)
		fields_read(reader, NULL, &event);
	take_fields(row, &event, is_failed, e);
}

/* The function in "(F+0x0/0x10 [kvm]) ..." or "(C+0x1/0x10 <- F) ...", NULL if there is none. */
static const char *function_of(const char *body, char *room, size_t size, bool *at_return)
{
	const char *close = strchr(body, ')'), *arrow = strstr(body, " <- ");

	if (*body != '(' || !close)
		return NULL;
	*at_return = arrow && arrow < close;
	body = *at_return ? arrow + strlen(" <- ") : body + 1;
	if (strcspn(body, "+) [") >= size)
		return NULL;
	memcpy(room, body, strcspn(body, "+) ["));
	room[strcspn(body, "+) [")] = '\0';
	/* trace-cmd and perf print an address there */
	return room[strspn(room, "0123456789abcdef")] ? room : NULL;
}

static const struct import_row *read_event(struct reader *reader, const char *name, size_t length,
					   const char *body, struct import_event *e)
{
	char room[128];
	bool at_return = false;
	const char *function = function_of(body, room, sizeof(room), &at_return);
	const struct import_row *row = import_row(name, length, function, at_return);

	if (!row)
		return NULL;
	e->kind = row->kind;
	e->row = row - import_rows;
	read_body(reader, row, body, e);
	arena_free(&reader->arena);
	reader->keys.n = 0;
	return row;
}

const struct import_row *import_event_of(const char *name, const char *body,
					 struct import_event *e)
{
	struct reader reader = {
		.fields = { .size = sizeof(struct trace_field) },
		.keys = { .size = sizeof(const char *) },
	};
	const struct import_row *row = read_event(&reader, name, strlen(name), body, e);

	vec_free(&reader.fields);
	vec_free(&reader.keys);
	return row;
}

static void note_cpu(struct import *import, int cpu)
{
	if (cpu < 0)
		return;
	if (import->cpu < 0)
		import->cpu = cpu;
	import->other_cpu |= cpu != import->cpu;
	if ((unsigned)cpu >= import->cpus)
		import->cpus = cpu + 1;
}

static void event_line(struct reader *reader, struct import *import, unsigned number,
		       const struct import_line *line)
{
	struct import_event e = { .pid = line->pid, .cpu = line->cpu, .place = number,
				  .time = line->time, .cpu_known = 1 };
	const struct import_row *row = read_event(reader, line->name, line->name_length,
						  line->body, &e);

	import->nr_read++;
	note_cpu(import, line->cpu);
	if (line->is_perf)
		import->form = "perf script";
	if (line->time < import->last_time && !import->first_back)
		import->first_back = number;
	import->last_time = line->time;
	if (!row)
		return;
	if ((e.known & row->needed) == row->needed)
		arrput(import->events, e);
	else if (!row->or_nothing)
		unread(import, number);
}

static void take_line(struct reader *reader, struct import *import)
{
	unsigned number = reader->text.number;
	struct import_line line;

	switch (import_line(reader->text.line, &line)) {
	case LINE_EVENT:
		event_line(reader, import, number, &line);
		return;
	case LINE_OTHER:
		import->nr_read++;
		note_cpu(import, line.cpu);
		return;
	case LINE_LOST:
		gap(import, number, line.count);
		return;
	case LINE_ENTRIES:
		import->tells_loss = true;
		import->declared += line.here;
		if (line.count)
			gap(import, number, line.count);
		return;
	case LINE_REPORT:
		import->tells_loss = true;
		import->form = "trace-cmd report";
		import->cpus = line.here;
		return;
	case LINE_CPUS:
		import->cpus = line.here;
		return;
	case LINE_RELEASE:
		snprintf(import->release, sizeof(import->release), "%.*s", (int)line.name_length,
			 line.name);
		return;
	case LINE_BEGIN:
		import->begun = true;
		import->form = "bpftrace";
		return;
	case LINE_END:
		import->ended = true;
		import->tells_loss |= import->begun;
		return;
	case LINE_NOTHING:
		return;
	case LINE_UNKNOWN:
		unread(import, number);
		return;
	}
}

bool import_text(struct import *import, struct error *error)
{
	struct reader reader = {
		.error = error,
		.text = { .is_foreign = true },
		.fields = { .size = sizeof(struct trace_field) },
		.keys = { .size = sizeof(const char *) },
	};
	struct arena *whole;
	const char *start;
	bool good = text_load(&reader, import->path, NULL);

	import->cpu = -1;
	whole = reader.arena;
	reader.arena = NULL;
	import->form = "ftrace text";
	start = reader.text.next;
	while (good && text_line(&reader.text)) {
		import->nr_lines++;
		import->is_cut |= reader.text.unfinished;
		take_line(&reader, import);
		progress_of(import->progress, reader.text.next - start, reader.text.end - start);
	}
	if (good && !import->nr_read)
		good = error_at(error, import->path, 0, 0, "no event in it: expected the text of "
				"ftrace, \"trace-cmd report\", \"perf script\" or tools/record, "
				"or a trace.dat");
	vec_free(&reader.fields);
	vec_free(&reader.keys);
	arena_free(&reader.arena);
	arena_free(&whole);
	return good;
}

bool import_text_is(const char *path)
{
	struct reader reader = { .error = NULL, .text = { .is_foreign = true } };
	struct import_line line;
	bool is = false;

	if (text_load(&reader, path, NULL) && strncmp(reader.text.next, "pfntrace", 8))
		while (!is && text_line(&reader.text))
			is = import_line(reader.text.line, &line) == LINE_EVENT;
	arena_free(&reader.arena);
	return is;
}
