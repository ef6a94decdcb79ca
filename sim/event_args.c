/* SPDX-License-Identifier: GPL-2.0-only */
/* event_args.c: which event a statement is, and which of its arguments is which. */
#include <string.h>

#include "sim/event.h"
#include "sim/guess.h"

static bool wrong(const struct ast_statement *s, unsigned column, struct error *error,
		  const char *format, const char *a, const char *b)
{
	return error_at(error, s->file, s->line, column, format, a, b);
}

/* ---- kinds ---- */

static bool unknown_event(const struct ast_statement *s, struct error *error)
{
	struct guess guess;

	guess_begin(&guess, s->word);
	for (size_t i = 0; i < nr_event_kinds; i++)
		guess_at(&guess, event_kinds[i].name);
	if (guess.best)
		return wrong(s, s->column, error, "unknown event \"%s\"; did you mean \"%s\"?",
			     s->word, guess.best);
	return wrong(s, s->column, error,
		     "unknown event \"%s\"; expected alloc, mmap, memslot, read, write, zap ... "
		     "(pfnsim events)%s", s->word, "");
}

const struct event_kind *event_kind_of(const struct ast_statement *statement, struct error *error)
{
	for (size_t i = 0; i < nr_event_kinds; i++)
		if (!strcmp(event_kinds[i].name, statement->word))
			return &event_kinds[i];
	unknown_event(statement, error);
	return NULL;
}

/* ---- arguments ---- */

bool event_arg_is_ignored(const struct ast_arg *arg)
{
	return arg->key && !strncmp(arg->key, "x-", 2);
}

/* By its key, or the first that may go without one and is not taken; SIZE_MAX: none. */
static size_t row_of(const struct event_kind *kind, const struct ast_arg *arg,
		     const struct ast_arg *const *args)
{
	for (size_t i = 0; i < MAX_ARGS && kind->args[i].key; i++)
		if (arg->key ? !strcmp(kind->args[i].key, arg->key) :
			       kind->args[i].positional && !args[i])
			return i;
	return SIZE_MAX;
}

static bool place_arg(const struct ast_statement *s, const struct event_kind *kind,
		      const struct ast_arg *arg, const struct ast_arg **args, struct error *error)
{
	size_t row = row_of(kind, arg, args);

	if (row == SIZE_MAX && arg->key)
		return wrong(s, arg->column, error, "\"%s\" has no argument \"%s\"", kind->name,
			     arg->key);
	if (row == SIZE_MAX)
		return wrong(s, arg->column, error, "\"%s\" takes no further value here%s",
			     kind->name, "");
	if (args[row])
		return wrong(s, arg->column, error, "\"%s\" is given twice%s",
			     kind->args[row].key, "");
	args[row] = arg;
	return true;
}

bool event_args(const struct ast_statement *statement, const struct event_kind *kind,
		const struct ast_arg *args[MAX_ARGS], struct error *error)
{
	memset(args, 0, MAX_ARGS * sizeof(*args));
	for (size_t i = 0; i < statement->nr_args; i++)
		if (!event_arg_is_ignored(&statement->args[i]) &&
		    !place_arg(statement, kind, &statement->args[i], args, error))
			return false;
	for (size_t i = 0; i < MAX_ARGS && kind->args[i].key; i++)
		if (kind->args[i].required && !args[i])
			return wrong(statement, statement->column, error, "\"%s\" needs \"%s\"",
				     kind->name, kind->args[i].key);
	return true;
}
