/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_perfetto.c: the steps of a page's runs as a trace that Perfetto opens.
 *
 * Its protobuf messages: Trace, TracePacket, TrackDescriptor, TrackEvent
 * (protos/perfetto/trace/). A process is a run, a track a task, a counter a page's count. There
 * is no clock: a step is a microsecond. Slices of a track nest: what a task does in one event
 * without a break, and in it its steps.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/report_internal.h"
#include "sim/vm.h"

enum {	/* field numbers */
	TRACE_PACKET = 1,
	PACKET_TIMESTAMP = 8, PACKET_SEQUENCE = 10, PACKET_EVENT = 11, PACKET_TRACK = 60,
	TRACK_UUID = 1, TRACK_NAME = 2, TRACK_PROCESS = 3, TRACK_PARENT = 5, TRACK_COUNTER = 8,
	PROCESS_PID = 1, PROCESS_NAME = 6,
	EVENT_NOTES = 4, EVENT_TYPE = 9, EVENT_TRACK = 11, EVENT_CATEGORY = 22, EVENT_LABEL = 23,
	EVENT_COUNT = 30,
	ANNOTATION_STRING = 6, ANNOTATION_NAME = 10,
};
enum { SLICE_BEGIN = 1, SLICE_END = 2, INSTANT = 3, COUNTER = 4 };
enum { WIRE_NUMBER = 0, WIRE_BYTES = 2 };
enum { NANOSECONDS = 1000 };	/* a step */

/* ---- protobuf ---- */

static void put_number(u8 **to, u64 value)
{
	for (; value >= 0x80; value >>= 7)
		arrput(*to, (u8)(value | 0x80));
	arrput(*to, (u8)value);
}

static void put_field(u8 **to, unsigned field, u64 value)
{
	put_number(to, field << 3 | WIRE_NUMBER);
	put_number(to, value);
}

static void put_bytes(u8 **to, unsigned field, const void *bytes, size_t size)
{
	put_number(to, field << 3 | WIRE_BYTES);
	put_number(to, size);
	if (size)	/* an empty message has no bytes to copy from */
		memcpy(arraddnptr(*to, size), bytes, size);
}

static void put_text(u8 **to, unsigned field, const char *text)
{
	put_bytes(to, field, text, strlen(text));
}

/* @message goes into @to, and is given back. */
static void put_message(u8 **to, unsigned field, u8 *message)
{
	put_bytes(to, field, message, arrlenu(message));
	arrfree(message);
}

static void write_packet(u8 *packet, FILE *out)
{
	u8 *trace = NULL;

	put_field(&packet, PACKET_SEQUENCE, 1);
	put_message(&trace, TRACE_PACKET, packet);
	fwrite(trace, 1, arrlenu(trace), out);
	arrfree(trace);
}

/* ---- tracks ---- */

static u64 track_of_run(unsigned run)
{
	return 1 + run;
}

static u64 track_of_task(unsigned run, unsigned task)
{
	return 0x100 + run * 0x100 + task;
}

static u64 track_of_window(unsigned run)
{
	return 0x1000 + run;
}

static u64 track_of_page(unsigned run, pfn_t pfn)
{
	return 0x10000 + pfn * 2 + run;
}

static void write_track(u64 uuid, u64 parent, const char *name, bool counter, FILE *out)
{
	u8 *track = NULL, *packet = NULL;

	put_field(&track, TRACK_UUID, uuid);
	put_field(&track, TRACK_PARENT, parent);
	put_text(&track, TRACK_NAME, name);
	if (counter)
		put_message(&track, TRACK_COUNTER, NULL);
	put_message(&packet, PACKET_TRACK, track);
	write_packet(packet, out);
}

static void write_process(const struct lanes *lanes, unsigned run, FILE *out)
{
	u8 *process = NULL, *track = NULL, *packet = NULL;

	put_field(&process, PROCESS_PID, run + 1);
	put_text(&process, PROCESS_NAME, lanes->run[run]->patch->name);
	put_field(&track, TRACK_UUID, track_of_run(run));
	put_message(&track, TRACK_PROCESS, process);
	put_message(&packet, PACKET_TRACK, track);
	write_packet(packet, out);
}

/* Each task that acts, and each page whose count moves. */
static void write_tracks(const struct lanes *lanes, unsigned run, FILE *out)
{
	const struct run_log *log = lanes->run[run]->vm->log;
	struct { pfn_t key; bool value; } *pages = NULL;
	u32 tasks = 0;
	char name[64];

	write_process(lanes, run, out);
	write_track(track_of_window(run), track_of_run(run), "invalidations in progress", true,
		    out);
	for (size_t i = 0; i < arrlenu(log->steps); i++) {
		const struct run_step *step = &log->steps[i];

		if (tasks >> step->task & 1)
			continue;
		tasks |= 1u << step->task;
		snprintf(name, sizeof(name), "task %u: %s", step->task,
			 lanes->lane[lane_of(lanes, step)].name);
		write_track(track_of_task(run, step->task), track_of_run(run), name, false, out);
	}
	for (size_t i = 0; i < arrlenu(log->notes); i++) {
		const struct note *n = &log->notes[i].note;

		if (n->kind != NOTE_REF || hmgeti(pages, n->pfn) >= 0)
			continue;
		hmput(pages, n->pfn, true);
		snprintf(name, sizeof(name), "count of pfn 0x%llx", (unsigned long long)n->pfn);
		write_track(track_of_page(run, n->pfn), track_of_run(run), name, true, out);
	}
	hmfree(pages);
}

/* ---- events ---- */

static u8 *event_on(u64 track, unsigned type)
{
	u8 *event = NULL;

	put_field(&event, EVENT_TYPE, type);
	put_field(&event, EVENT_TRACK, track);
	return event;
}

static void write_event(u8 *event, u64 time, FILE *out)
{
	u8 *packet = NULL;

	put_field(&packet, PACKET_TIMESTAMP, time);
	put_message(&packet, PACKET_EVENT, event);
	write_packet(packet, out);
}

static void annotate(u8 **event, const char *name, const char *text)
{
	u8 *note = NULL;

	if (!text[0])
		return;
	put_text(&note, ANNOTATION_NAME, name);
	put_text(&note, ANNOTATION_STRING, text);
	put_message(event, EVENT_NOTES, note);
}

static void write_named(u64 track, unsigned type, const char *category, const char *name, u64 time,
			FILE *out)
{
	u8 *event = event_on(track, type);

	put_text(&event, EVENT_CATEGORY, category);
	put_text(&event, EVENT_LABEL, name);
	write_event(event, time, out);
}

static void write_count(u64 track, s64 count, u64 time, FILE *out)
{
	u8 *event = event_on(track, COUNTER);

	put_field(&event, EVENT_COUNT, (u64)count);
	write_event(event, time, out);
}

static void write_step(const struct lanes *lanes, size_t row, unsigned run, u64 time, FILE *out)
{
	const struct run_step *step = lanes_step(lanes, row, run);
	const struct vm *vm = lanes->run[run]->vm;
	u64 track = track_of_task(run, step->task);
	u8 *event = event_on(track, SLICE_BEGIN);
	size_t first = 0, nr = lanes_notes(lanes, row, run, &first), broken = 0, nr_broken;
	char text[400];

	put_text(&event, EVENT_CATEGORY, "step");
	put_text(&event, EVENT_LABEL, step->step.name);
	vm_chain(vm, step->frame, step->depth, text, sizeof(text));
	annotate(&event, "in", text);
	for (size_t i = 0; i < nr; i++)
		annotate(&event, "did", lanes_note_text(&vm->log->notes[first + i], text,
							sizeof(text)));
	write_event(event, time, out);
	for (size_t i = 0; i < nr; i++) {
		const struct note *n = &vm->log->notes[first + i].note;

		if (n->kind == NOTE_REF)
			write_count(track_of_page(run, n->pfn), n->count, time, out);
	}
	nr_broken = lanes_violations(lanes, row, run, &broken);
	for (size_t i = 0; i < nr_broken; i++)
		write_named(track, INSTANT, "violation", vm->violations[broken + i].v.law->id,
			    time + NANOSECONDS / 2, out);
	write_event(event_on(track, SLICE_END), time + NANOSECONDS - 1, out);
}

/* Is the next step of this run, or the last, of the same task in the same event? */
static bool goes_on(const struct lanes *lanes, size_t row, unsigned run, int way)
{
	const struct run_step *step = lanes_step(lanes, row, run), *other = NULL;
	size_t nr = arrlenu(lanes->rows);

	for (size_t i = row + way; !other && i < nr; i += way)
		other = lanes_step(lanes, i, run);
	return other && other->task == step->task && other->step.event == step->step.event;
}

static void write_run(const struct lanes *lanes, unsigned run, FILE *out)
{
	int windows = -1;

	write_tracks(lanes, run, out);
	for (size_t row = 0; row < arrlenu(lanes->rows); row++) {
		const struct run_step *step = lanes_step(lanes, row, run);
		const struct replay_line *line;
		u64 time = (u64)row * NANOSECONDS;

		if (!step)
			continue;
		line = &lanes->replay->line[lanes->rows[row].line];
		if (!goes_on(lanes, row, run, -1))
			write_named(track_of_task(run, step->task), SLICE_BEGIN, "event",
				    line->text, time, out);
		write_step(lanes, row, run, time, out);
		if (!goes_on(lanes, row, run, 1))
			write_event(event_on(track_of_task(run, step->task), SLICE_END),
				    time + NANOSECONDS - 1, out);
		if (step->in_progress != windows)
			write_count(track_of_window(run), step->in_progress, time, out);
		windows = step->in_progress;
	}
}

/* What a recording answered, where the model's event begins. */
static void write_recorded(const struct lanes *lanes, FILE *out)
{
	enum { RECORDED = 0x80 };

	write_track(RECORDED, 0, "recorded", false, out);
	for (size_t row = 0; row < arrlenu(lanes->rows); row++) {
		const struct replay_line *line = &lanes->replay->line[lanes->rows[row].line];
		u8 *event;

		if (!lanes_begins(lanes, row) || !line->recorded)
			continue;
		event = event_on(RECORDED, INSTANT);
		put_text(&event, EVENT_CATEGORY, "recorded");
		put_text(&event, EVENT_LABEL, line->text);
		annotate(&event, "answer", line->recorded);
		write_event(event, (u64)row * NANOSECONDS, out);
	}
}

bool report_page_perfetto(const struct report_page *page, FILE *out)
{
	struct lanes lanes;

	lanes_make(&lanes, page->replay, page->a, page->b, LANES_ALL);
	for (unsigned run = 0; run < lanes.nr_runs; run++)
		write_run(&lanes, run, out);
	if (page->replay->has_recorded)
		write_recorded(&lanes, out);
	lanes_free(&lanes);
	return !ferror(out);
}
