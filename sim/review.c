/* SPDX-License-Identifier: GPL-2.0-only */
/* review.c: a review's text, and what it asks for. */
#include "sim/guess.h"
#include "sim/review.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <stb/stb_ds.h>

#include "sim/corpus.h"

/* ---- lists of semantics ---- */

struct place { const char *path; unsigned line; };

/* A text that nobody has written has no lines. */
__attribute__((format(printf, 3, 4)))
static bool wrong(struct error *error, const struct place *at, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_at(error, at->path, *at->path ? at->line : 0, 0, "%s", text);
}

static bool add_side(struct review_part *part, const char *name, const struct place *at,
		     struct error *error)
{
	const struct semantics_patch *patch = semantics_find(name);
	struct guess guess;

	if (!patch) {
		guess_semantics(&guess, name);
		return wrong(error, at, "unknown semantics \"%s\"%s; pfnsim semantics lists them",
			     name, guess_text(&guess));
	}
	if (part->nr_sides == REVIEW_MAX_SIDES)
		return wrong(error, at, "more than %d semantics", REVIEW_MAX_SIDES);
	part->side[part->nr_sides++] = (struct equiv_side){ name, patch };
	return true;
}

/* "A..B": the ends as they are called here, and what is between them. */
static bool add_chain(struct review_part *part, char *first, char *last, const struct place *at,
		      struct error *error)
{
	const struct semantics_patch *list[BISECT_MAX_POINTS];
	const struct semantics_patch *a = semantics_find(first), *b = semantics_find(last);
	size_t nr = a && b ? bisect_between(a, b, list, BISECT_MAX_POINTS) : 0;

	if (!a || !b)
		return add_side(part, a ? last : first, at, error);
	if (nr < 2 || list[0] != a)
		return wrong(error, at, "no chain leads from %s to %s; A,B,C makes one", first,
			     last);
	for (size_t i = 0; i < nr; i++)
		if (!add_side(part, i == 0 ? first : i + 1 == nr ? last : (char *)list[i]->name, at,
			      error))
			return false;
	return true;
}

/* Cuts @list. */
static bool take_list(struct review_part *part, char *list, const struct place *at,
		      struct error *error)
{
	char *dots = strstr(list, "..");

	if (dots) {
		*dots = '\0';
		return add_chain(part, list, dots + 2, at, error);
	}
	for (char *name = strtok(list, ","); name; name = strtok(NULL, ","))
		if (!add_side(part, name, at, error))
			return false;
	return true;
}

/* ---- the text ---- */

static char *next_word(char **rest)
{
	char *word = *rest;

	*rest += strcspn(*rest, " ");
	if (**rest)
		*(*rest)++ = '\0';
	*rest += strspn(*rest, " ");
	return word;
}

static void add_prose(struct review *r, char *line)
{
	struct review_part *last = arrlenu(r->parts) ? &arrlast(r->parts) : NULL;
	size_t document = arrlenu(r->documents) - 1;
	size_t before = 0;

	if (!last || last->kind != REVIEW_PROSE || last->document != document) {
		arrput(r->parts, ((struct review_part){ .kind = REVIEW_PROSE,
							.document = document }));
		last = &arrlast(r->parts);
	}
	before = last->text ? strlen(last->text) : 0;
	last->text = realloc(last->text, before + strlen(line) + 2);
	if (!last->text)
		abort();
	sprintf(last->text + before, "%s\n", line);
}

static bool add_computed(struct review *r, enum review_kind kind, char *rest,
			 const struct place *at, struct error *error)
{
	struct review_part part = { .kind = kind, .document = arrlenu(r->documents) - 1 };
	char *list = next_word(&rest);
	size_t least = kind == REVIEW_COMPARE || kind == REVIEW_PATCHES ? 2 : 1;

	if (!take_list(&part, list, at, error))
		return false;
	if (part.nr_sides < least)
		return wrong(error, at, "which semantics?");
	if (kind == REVIEW_RUN && !*rest)
		return wrong(error, at, "which trace?");
	if (kind == REVIEW_RUN)
		part.trace = rest;
	else if (*rest)
		return wrong(error, at, "\"%s\" is one too many", rest);
	arrput(r->parts, part);
	return true;
}

static bool add_reading(struct review *r, char *rest, const struct place *at,
			struct error *error)
{
	struct review_part one = { .kind = REVIEW_PROSE };

	if (!take_list(&one, next_word(&rest), at, error))
		return false;
	if (one.nr_sides != 1 || !*rest)
		return wrong(error, at, "@read SEMANTICS TEXT");
	arrput(r->readings, ((struct review_reading){ one.side[0].patch, rest }));
	return true;
}

static bool add_line(struct review *r, char *line, const struct place *at, struct error *error)
{
	static const struct { const char *word; enum review_kind kind; } computed[] = {
		{ "@patches", REVIEW_PATCHES }, { "@compare", REVIEW_COMPARE },
		{ "@laws", REVIEW_LAWS }, { "@run", REVIEW_RUN },
	};
	char *rest = line, *word;

	if (*line != '@') {
		if (!arrlenu(r->documents))
			return wrong(error, at, "\"@document NAME\" comes first");
		add_prose(r, line);
		return true;
	}
	word = next_word(&rest);
	if (!strcmp(word, "@document")) {
		if (!*rest || strpbrk(rest, "/ "))
			return wrong(error, at, "@document NAME");
		arrput(r->documents, rest);
		return true;
	}
	if (!strcmp(word, "@read"))
		return add_reading(r, rest, at, error);
	for (size_t i = 0; i < ARRAY_SIZE(computed) && arrlenu(r->documents); i++)
		if (!strcmp(word, computed[i].word))
			return add_computed(r, computed[i].kind, rest, at, error);
	return wrong(error, at, "\"%s\" is not one of @document, @read, @patches, @compare, @laws, "
		     "@run", word);
}

/* What stands below a line with '@', and is indented, belongs to it. *@lines: of the file. */
static char *take_line(char **rest, unsigned *lines)
{
	char *line = *rest, *end = line + strcspn(line, "\n");

	for (*lines = 1; *line == '@' && *end && end[1] == ' '; ++*lines) {
		char *more = end + 1 + strspn(end + 1, " ");

		*end = ' ';
		memmove(end + 1, more, strlen(more) + 1);
		end += strcspn(end, "\n");
	}
	*rest = end + (*end == '\n');
	*end = '\0';
	return line;
}

static bool read_text(struct review *r, const char *path, struct error *error)
{
	struct place at = { path, 1 };
	unsigned lines;

	for (char *rest = r->words; *rest; at.line += lines) {
		char *line = take_line(&rest, &lines);

		if (!add_line(r, line, &at, error))
			return false;
	}
	if (!arrlenu(r->documents))
		return error_at(error, path, 0, 0, "nothing to review");
	return true;
}

char *review_text_of(const char *chain)
{
	char *text = NULL, *name = strdup(chain);
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out || !name)
		abort();
	for (char *c = name; *c; c++)
		if (*c == ',' || *c == '/')
			*c = '-';
	fprintf(out, "@document %s\n# %s\n\n@patches %s\n\n## One and the next\n\n@compare %s\n\n"
		"## Every law\n\n@laws %s\n", name, name, chain, chain, chain);
	fclose(out);
	free(name);
	return text;
}

/* ---- what is asked for ---- */

size_t review_column(const struct review *r, const struct semantics_patch *patch)
{
	size_t i = 0;

	while (i < r->nr_semantics && r->semantics[i] != patch)
		i++;
	return i;
}

const char *review_reading(const struct review *r, const struct semantics_patch *patch)
{
	for (size_t i = 0; i < arrlenu(r->readings); i++)
		if (r->readings[i].patch == patch)
			return r->readings[i].text;
	return NULL;
}

struct review_pair review_pair_of(const struct review_part *part, size_t i)
{
	return (struct review_pair){ part->equiv, i, part->side[i], part->side[i + 1] };
}

bool review_find_pair(const struct review *r, const struct equiv_side *a,
		      const struct equiv_side *b, struct review_pair *found)
{
	for (size_t p = 0; p < arrlenu(r->parts); p++) {
		const struct review_part *part = &r->parts[p];

		for (size_t i = 0; part->kind == REVIEW_COMPARE && i + 1 < part->nr_sides; i++)
			if (part->side[i].patch == a->patch &&
			    part->side[i + 1].patch == b->patch) {
				*found = review_pair_of(part, i);
				return true;
			}
	}
	return false;
}

static bool add_semantics(struct review *r, const struct review_part *part)
{
	for (size_t i = 0; i < part->nr_sides; i++) {
		if (review_column(r, part->side[i].patch) < r->nr_semantics)
			continue;
		if (r->nr_semantics == REVIEW_MAX_SEMANTICS)
			return false;
		r->semantics[r->nr_semantics++] = part->side[i].patch;
	}
	return true;
}

static bool plan_part(struct review *r, struct review_part *part, const char *path,
		      struct error *error)
{
	struct review_pair pair;

	if (part->kind != REVIEW_RUN && !add_semantics(r, part))
		return error_at(error, path, 0, 0, "more than %d semantics", REVIEW_MAX_SEMANTICS);
	for (size_t i = 0; part->kind == REVIEW_PATCHES && i + 1 < part->nr_sides; i++)
		if (!review_find_pair(r, &part->side[i], &part->side[i + 1], &pair))
			return error_at(error, path, 0, 0, "@patches: no @compare has %s and %s",
					part->side[i].name, part->side[i + 1].name);
	if (part->kind == REVIEW_COMPARE)
		part->equiv = equiv_new(part->side, part->nr_sides, &r->bound.programs);
	if (part->equiv && !equiv_result(part->equiv)->stages)
		return error_at(error, NULL, 0, 0,
				"no set-up has \"%s\" in its name (pfnsim equiv --alphabet)",
				r->bound.programs.only);
	return true;
}

/* Those of @list that are wanted: with threads, or with a bug. Takes @list. */
static char **choose(char **list, bool threads, struct error *error)
{
	char **chosen = NULL;

	for (size_t i = 0; i < arrlenu(list); i++) {
		struct trace trace;

		if (!error->text[0] && trace_load(list[i], &trace, error)) {
			if (threads ? trace.nr_threads : trace.nr_bugs)
				arrput(chosen, list[i]);
			else
				free(list[i]);
			trace_free(&trace);
		} else {
			free(list[i]);
		}
	}
	arrfree(list);
	return chosen;
}

/* A folder without races, or without a corpus, is one. */
static bool list_traces(struct review *r, struct error *error)
{
	struct error none = { .text = "" };
	char race[600];
	struct stat stat_of;

	if (stat(r->bound.traces, &stat_of) || !S_ISDIR(stat_of.st_mode))
		return error_at(error, r->bound.traces, 0, 0,
				"no such folder: run in the sources, or say --traces FOLDER");
	snprintf(race, sizeof(race), "%.590s/race", r->bound.traces);
	error->text[0] = '\0';
	if (!stat(race, &stat_of))
		r->scenarios = choose(corpus_list(race, &none), true, error);
	r->cases_left = choose(corpus_list(r->bound.traces, &none), false, error);
	return !error->text[0];
}

bool review_begin(struct review *r, const char *path, const char *text,
		  const struct review_bound *bound, struct error *error)
{
	*r = (struct review){ .bound = *bound, .words = strdup(text),
			      .stopped_in = REVIEW_DONE };
	if (!r->words)
		abort();
	if (!read_text(r, path, error))
		return false;
	snprintf(r->name, sizeof(r->name), "%.63s", r->documents[0]);
	for (size_t i = 0; i < arrlenu(r->parts); i++)
		if (!plan_part(r, &r->parts[i], path, error))
			return false;
	if (!list_traces(r, error))
		return false;
	law_sheet_begin(&r->sheet, r->semantics, r->nr_semantics);
	return true;
}

void review_free(struct review *r)
{
	for (size_t i = 0; i < arrlenu(r->parts); i++) {
		if (r->parts[i].kind == REVIEW_PROSE)
			free(r->parts[i].text);
		equiv_free(r->parts[i].equiv);
		if (r->parts[i].run)
			bisect_free(r->parts[i].run);
		free(r->parts[i].run);
	}
	for (size_t i = 0; i < arrlenu(r->cases); i++) {
		bisect_free(r->cases[i].run);
		free(r->cases[i].run);
	}
	if (r->x) {
		explore_free(r->x);
		trace_free(&r->trace);
	}
	law_sheet_free(&r->sheet);
	corpus_list_free(r->scenarios);
	corpus_list_free(r->cases_left);
	arrfree(r->cases);
	arrfree(r->readings);
	arrfree(r->parts);
	arrfree(r->documents);
	free(r->words);
}
