// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_dat_time.c: when a step was.
 *
 * The model has no clock: of a trace, a step is a microsecond. Of a recording the two marks of a
 * command, or the time of the event that a line was made of and that of the next such line, are
 * known; the steps of what lies between are spread evenly. It is their order that is computed.
 */
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/replay_internal.h"
#include "sim/report_dat.h"

enum { STEP = 1000 };		/* ns */

struct span { u64 begin, end; bool begins, ends; };

u64 dat_nanoseconds(double seconds)
{
	return seconds * 1e9 + 0.5;
}

static struct span span_of_command(const struct command *c)
{
	return (struct span){ .begins = c->traced, .begin = dat_nanoseconds(c->begin.time),
			      .ends = c->traced, .end = dat_nanoseconds(c->end.time) };
}

struct place { u32 key; u64 value; };	/* when */

static struct span span_of_statement(struct place *places, const struct ast_statement *s)
{
	for (size_t i = 0; i < s->nr_args; i++) {
		const struct ast_arg *arg = &s->args[i];
		const struct place *place = arg->key && !strcmp(arg->key, "x-place") ?
					    hmgetp_null(places, (u32)arg->value.number) : NULL;

		if (place)
			return (struct span){ .begins = true, .begin = place->value };
	}
	return (struct span){ .begins = false };
}

/* What is known of each line; stb_ds. */
static struct span *find_spans(const struct replay *replay)
{
	const struct replay_input *input = replay->input;
	struct place *places = NULL;
	struct span *spans = NULL;

	for (size_t i = 0; input->import && i < arrlenu(input->import->events); i++)
		hmput(places, input->import->events[i].place, input->import->events[i].time);
	for (size_t i = 0; i < replay->nr_lines; i++)
		arrput(spans, input->has_recording ?
			      span_of_command(&input->recording.commands[i]) :
			      span_of_statement(places, input->trace.statements[i]));
	hmfree(places);
	return spans;
}

/* As @nr moments of equal length, between @from and @to. */
static void spread(struct dat_moment *moments, size_t nr, u64 from, u64 to)
{
	u64 length = to > from ? to - from : 0;

	for (size_t i = 0; i < nr; i++)
		moments[i].time = from + (u64)((double)length * (i + 1) / (nr + 1));
}

/* The moments of lines from @*line on of which no more is known than of the first. */
static size_t take_lines(const struct dat_moment *moments, const struct span *spans, size_t at,
			 size_t *line)
{
	size_t end = at;
	bool alone = spans[*line].begins && spans[*line].ends;

	do
		(*line)++;
	while (*line < arrlenu(spans) && !alone && !spans[*line].begins);
	while (end < arrlenu(moments) && moments[end].line < *line)
		end++;
	return end;
}

static void fit(struct dat_moment *moments, const struct span *spans)
{
	u64 from = 0, to;
	bool known = false;

	for (size_t at = 0, end, line = 0; line < arrlenu(spans); at = end) {
		const struct span *span = &spans[line];

		end = take_lines(moments, spans, at, &line);
		if (span->begins)
			from = span->begin;
		known |= span->begins;
		to = from + (end - at + 1) * STEP;
		if (span->begins && span->ends)
			to = span->end;
		else if (line < arrlenu(spans))
			to = spans[line].begin;
		if (!known)	/* what is before all that was recorded */
			from = to > (end - at + 1) * STEP ? to - (end - at + 1) * STEP : 0;
		spread(moments + at, end - at, from, to);
		from = to;
	}
}

static void add_moments(const struct lanes *lanes, struct dat_moment **moments)
{
	size_t row = 0;

	for (size_t line = 0; line < lanes->replay->nr_lines; line++) {
		size_t first = row;

		for (; row < arrlenu(lanes->rows) && lanes->rows[row].line == line; row++)
			arrput(*moments, ((struct dat_moment){ .line = line, .row = row }));
		if (row == first)
			arrput(*moments, ((struct dat_moment){ .line = line, .row = NO_STEP }));
	}
}

struct dat_moment *dat_moments(const struct lanes *lanes)
{
	struct span *spans = find_spans(lanes->replay);
	struct dat_moment *moments = NULL;
	bool known = false;

	for (size_t i = 0; i < arrlenu(spans); i++)
		known |= spans[i].begins;
	add_moments(lanes, &moments);
	for (size_t i = 0; i < arrlenu(moments); i++)
		moments[i].time = (i + 1) * STEP;
	if (known)
		fit(moments, spans);
	arrfree(spans);
	return moments;
}
