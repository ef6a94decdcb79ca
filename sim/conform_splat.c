/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_splat.c: WARNs, BUGs and oopses: in which function, not when.
 *
 * Most are WARN_ON_ONCE(), so that the kernel says it once for all commands; its log is read at
 * the end, and of a stack only some lines are kept. Hence one observation a recording: the model
 * has a splat with one of the recorded functions on its stack, or neither has any.
 */
#include "sim/conform_internal.h"

#include <ctype.h>
#include <string.h>

/* The next function of a log's line, "NAME+0x12/0x34", at or after *@at; "": there is none. */
static struct said next_function(const char **at)
{
	const char *plus = strstr(*at, "+0x"), *start = plus;

	if (!plus)
		return say("%s", "");
	while (start > *at && (isalnum((unsigned char)start[-1]) || start[-1] == '_'))
		start--;
	*at = plus + 3;
	return say("%.*s", (int)(plus - start), start);
}

/* Did the model splat with @function on its stack? */
static bool is_modelled(struct run *run, const char *function)
{
	for (size_t s = 0; s < run->vm->nr_splats; s++) {
		const struct splat_seen *splat = &run->vm->splats[s];

		if (!strcmp(splat_names[splat->splat], function))
			return true;
		for (size_t i = 0; i < run->vm->nr_violations; i++) {
			const struct found_violation *v = &run->vm->violations[i];
			char chain[512];

			vm_chain(run->vm, v->frame, v->depth, chain, sizeof(chain));
			if (v->event == splat->event && strstr(chain, function))
				return true;
		}
	}
	return false;
}

/* A recorded function that the model splat in, or else the first one; "": none was recorded. */
static struct said best_function(struct run *run, bool *modelled)
{
	const struct recording *recording = run->recording;
	struct said best = say("%s", "");

	for (size_t i = 0; i < recording->nr_splats; i++) {
		const char *at = recording->splats[i];

		for (;;) {
			struct said function = next_function(&at);

			if (!*function.text)
				break;
			*modelled = run->vm && is_modelled(run, function.text);
			if (*modelled)
				return function;
			if (!*best.text)
				best = function;
		}
	}
	return best;
}

void conform_splats(struct run *run)
{
	struct place place = { .file = run->file.meta };
	bool modelled = false;
	struct said function = best_function(run, &modelled);
	const char *ours = NULL;

	run->command = NULL;
	run->says = !run->out->lost || (run->vm && run->vm->dead);
	if (run->vm && run->vm->nr_splats)
		ours = splat_names[run->vm->splats[0].splat];
	if (*function.text)
		observe(run, CONFORM_SPLAT, place, function.text,
			modelled ? function.text : ours);
	else if (ours)
		observe(run, CONFORM_SPLAT, place, NULL, ours);
}
