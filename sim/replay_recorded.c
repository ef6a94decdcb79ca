// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay_recorded.c: what a trace that was imported says of its recording.
 *
 * Beside an event stands what became of it (x-recorded, x-pfn, x-level); "lacks" says which
 * evidence there is not, and no run of it is more than inconclusive then.
 */
#include <stdio.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/expect.h"
#include "sim/replay_internal.h"

static const struct ast_value *value_of(const struct ast_statement *s, const char *key)
{
	for (size_t i = 0; i < s->nr_args; i++)
		if (s->args[i].key && !strcmp(s->args[i].key, key))
			return &s->args[i].value;
	return NULL;
}

/* "mapped pfn=0x5d40 4K"; NULL: nothing was recorded. */
static char *recorded_text(const struct ast_statement *s)
{
	static const char *const sizes[] = { "4K", "2M", "1G" };
	const struct ast_value *word = value_of(s, "x-recorded"), *pfn = value_of(s, "x-pfn");
	const struct ast_value *level = value_of(s, "x-level");
	char text[100];

	if (!word || word->type != AST_NAME)
		return NULL;
	if (pfn && level && level->number >= 1 && level->number <= 3)
		snprintf(text, sizeof(text), "%.20s pfn=0x%llx %s", word->name,
			 (unsigned long long)pfn->number, sizes[level->number - 1]);
	else
		snprintf(text, sizeof(text), "%.40s", word->name);
	return strdup(text);
}

char *replay_recorded(const struct trace *trace, size_t event)
{
	return recorded_text(trace->statements[event]);
}

void replay_lacks(const struct trace *trace, const struct semantics_patch *patch, char *missing,
		  size_t size)
{
	size_t used = 0;

	missing[0] = '\0';
	for (size_t i = 0; i < arrlenu(trace->lacks) && used < size; i++)
		if (!trace->lacks[i].but || !model_matches(trace->lacks[i].but, patch))
			used += snprintf(missing + used, size - used, "%s%s", used ? "; " : "",
					 trace->lacks[i].text);
}

/* Under any of them that are run. */
static void take_lacks(struct replay *replay)
{
	char missing[sizeof(replay->missing)];

	for (size_t r = 0; r < replay->nr_runs; r++) {
		replay_lacks(&replay->input->trace, replay->run[r].patch, missing,
			     sizeof(missing));
		if (strlen(missing) > strlen(replay->missing))
			memcpy(replay->missing, missing, sizeof(missing));
	}
}

void replay_take_recorded(struct replay *replay)
{
	const struct trace *trace = &replay->input->trace;

	for (size_t i = 0; i < replay->nr_lines; i++) {
		replay->line[i].recorded = replay_recorded(trace, i);
		replay->has_recorded |= replay->line[i].recorded != NULL;
	}
	take_lacks(replay);
}

enum versus replay_versus(const struct replay_line *line, const struct outcome *o)
{
	struct outcome recorded = { .word = "mapped" }, here = *o;

	if (!line->recorded)
		return VERSUS_NONE;
	if (!strcmp(line->recorded, "efault"))
		recorded.word = "efault";
	else if (strncmp(line->recorded, "mapped", strlen("mapped")))
		return VERSUS_NONE;
	here.has_value = false;
	return same_outcome(&recorded, &here) ? VERSUS_SAME : VERSUS_CHANGED;
}
