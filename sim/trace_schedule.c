/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/trace_schedule.h"

#include <string.h>

#include <stb/stb_ds.h>

#include "model/law.h"
#include "model/semantics.h"
#include "sim/expect.h"

static bool bad(const struct ast_statement *s, struct error *error, const char *text)
{
	return error_at(error, s->file, s->line, s->column, "%s", text);
}

/* A semantics by its name, or in quotes what is wrong with a kernel. */
static bool is_kernel(const struct ast_arg *arg)
{
	if (arg->key || (arg->value.type != AST_NAME && arg->value.type != AST_STRING) ||
	    arg->value.has_offset)
		return false;
	return arg->value.type == AST_STRING || semantics_find(arg->value.name);
}

bool take_schedule(struct trace *trace, const struct ast_statement *s, struct error *error)
{
	struct trace_schedule schedule = { .first = arrlenu(trace->turns) };

	if (!trace->nr_threads)
		return bad(s, error, "only threads have a schedule: \"thread\" comes first");
	if (s->nr_args != 2 || !is_kernel(&s->args[0]) || s->args[1].key ||
	    s->args[1].value.type != AST_NAME || !law_find(s->args[1].value.name))
		return bad(s, error, "\"schedule\" takes a semantics, or in quotes what is wrong "
			   "with a kernel, and the law that breaks");
	schedule.of = s->args[0].value.name;
	schedule.law = s->args[1].value.name;
	arrput(trace->schedules, schedule);
	return true;
}

static bool is_of_thread(const struct trace *trace, size_t event)
{
	return event >= trace->threads[0].first && (!trace->join || event < trace->join);
}

bool take_turn(struct trace *trace, const struct ast_statement *s, struct error *error)
{
	struct trace_turn turn = { .event = SIZE_MAX };

	if (!arrlenu(trace->schedules))
		return bad(s, error, "\"turn\" stands below \"schedule\"");
	for (size_t i = 0; i < s->nr_args; i++) {
		const struct ast_arg *arg = &s->args[i];
		bool is_name = arg->value.type == AST_NAME && !arg->value.has_offset;

		if (is_name && !arg->key && !i)
			turn.event = trace_find_event(trace, arg->value.name);
		else if (is_name && arg->key && !strcmp(arg->key, "until") &&
			 step_exists(arg->value.name))
			turn.until = arg->value.name;
		else
			return error_at(error, s->file, s->line, arg->column, "\"turn\" takes a "
					"label, and until=STEP (pfnsim semantics --steps)");
	}
	if (turn.event == SIZE_MAX || !is_of_thread(trace, turn.event))
		return bad(s, error, "\"turn\" takes the label of a thread's event above");
	arrput(trace->turns, turn);
	arrlast(trace->schedules).nr++;
	return true;
}

bool check_schedules(const struct trace *trace, const char *path, struct error *error)
{
	for (size_t i = 0; i < arrlenu(trace->schedules); i++)
		if (!trace->schedules[i].nr)
			return error_at(error, path, 0, 0, "a schedule without a turn");
	return true;
}
