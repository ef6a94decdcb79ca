/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/baseline.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/guess.h"
#include "sim/vm.h"

enum { MAX_WORDS = 8, MAX_LINES = 1000000, MAX_TIMES = 1000000 };

struct word { char *text; unsigned column; bool quoted; };

struct line {
	const char *file;
	unsigned number;
	struct word word[MAX_WORDS];
	size_t nr;
	const char *comment;	/* from its # on */
	struct error *error;
};

static bool wrong(const struct line *line, unsigned column, const char *text, const char *word)
{
	return error_at(line->error, line->file, line->number, column, text, word);
}

/* ---- words ---- */

/* "text", with \" and \\; NULL: it does not end. */
static const char *take_quoted(const char *c, char *text)
{
	for (c++; *c && *c != '"'; c++) {
		c += *c == '\\' && c[1];
		*text++ = *c;
	}
	*text = '\0';
	return *c ? c + 1 : NULL;
}

/* Words are kept in @room, which has at least as many bytes as @text. */
static bool split(const char *text, char *room, struct line *line)
{
	const char *c = text + strspn(text, " \t");

	while (*c && *c != '#') {
		struct word *word = &line->word[line->nr];
		unsigned column = c - text + 1;

		if (line->nr++ == MAX_WORDS)
			return wrong(line, column, "too many words%s", "");
		*word = (struct word){ .text = room, .column = column, .quoted = *c == '"' };
		if (word->quoted) {
			c = take_quoted(c, room);
			if (!c)
				return wrong(line, column, "the string has no end%s", "");
			if (*c && !strchr(" \t#", *c))
				return wrong(line, c - text + 1, "a blank is missing%s", "");
		} else {
			size_t length = strcspn(c, " \t");

			memcpy(room, c, length);
			room[length] = '\0';
			c += length;
		}
		room += strlen(room) + 1;
		c += strspn(c, " \t");
	}
	line->comment = *c ? c : NULL;
	return true;
}

/* ---- a row ---- */

static bool take_rule(struct line *line, struct baseline_row *row)
{
	const struct word *word = &line->word[2];
	struct guess guess;

	row->rule = ci_rule_id(word->text);
	if (row->rule) {
		unsigned i = ci_rule_find(row->rule);

		if (i >= nr_laws && !ci_rules[i - nr_laws].acceptable)
			return wrong(line, word->column, "\"%s\" cannot be accepted",
				     word->text);
		return true;
	}
	guess_law(&guess, word->text);
	if (guess.best)
		return error_at(line->error, line->file, line->number, word->column,
				"\"%s\" is no law%s", word->text, guess_text(&guess));
	return wrong(line, word->column, "\"%s\" is neither a law (pfnsim invariants) nor "
		     "expectation, inconclusive or input", word->text);
}

static bool take_semantics(struct line *line, struct baseline_row *row)
{
	const struct word *word = &line->word[1];
	const struct semantics_patch *patch = semantics_find(word->text);
	bool none = !strcmp(word->text, "-");

	if (!patch && !none)
		return wrong(line, word->column,
			     "\"%s\" is not one semantics; pfnsim semantics lists them",
			     word->text);
	if (none != !strcmp(row->rule, CI_INPUT))
		return wrong(line, word->column, none ? "\"%s\" stands for no semantics, and goes "
			     "with input" : "\"%s\": what cannot be read has none: -", word->text);
	row->semantics = none ? "" : patch->name;
	return true;
}

static bool take_times(struct line *line, const struct word *word, struct baseline_row *row)
{
	const char *text = word->text + strlen("times=");
	char *end;
	unsigned long times = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !times || times > MAX_TIMES)
		return wrong(line, word->column, "\"%s\": a number from 1 to 1000000 is expected",
			     word->text);
	row->times = times;
	return true;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* at=, event=, blame= of a law; a text of the others; times= of any. */
static bool take_argument(struct line *line, const struct word *word, struct baseline_row *row)
{
	bool law = ci_rule_find(row->rule) < nr_laws;
	bool place = begins(word->text, "at=") || begins(word->text, "event=");
	bool of_law = !word->quoted && (place || begins(word->text, "blame="));
	char *what;

	if (!word->quoted && begins(word->text, "times="))
		return take_times(line, word, row);
	if (law ? !of_law : !word->quoted)
		return wrong(line, word->column, law ? "\"%s\": a law takes at=LABEL or event=N, "
			     "blame=PARTY and times=N" :
			     "\"%s\": a \"text\" or times=N is expected",
			     word->text);
	if (row->what && (!law || strstr(row->what, place ? "at=" : "blame=") ||
			  (place && strstr(row->what, "event="))))
		return wrong(line, word->column, "\"%s\" is one too many", word->text);
	what = malloc(strlen(word->text) + (row->what ? strlen(row->what) : 0) + 2);
	if (!what)
		abort();
	sprintf(what, "%s%s%s", row->what ? row->what : "", row->what ? " " : "", word->text);
	free(row->what);
	row->what = what;
	return true;
}

/* What a row says, once its words are there. */
static bool fill_row(struct line *line, struct baseline_row *row)
{
	if (line->nr < 3)
		return wrong(line, line->word[0].column, "TRACE SEMANTICS LAW is expected%s", "");
	row->trace = strdup(line->word[0].text + (begins(line->word[0].text, "./") ? 2 : 0));
	if (!take_rule(line, row) || !take_semantics(line, row))
		return false;
	for (size_t i = 3; i < line->nr; i++)
		if (!take_argument(line, &line->word[i], row))
			return false;
	return true;
}

static bool take_line(struct baseline *baseline, const char *text, struct line *line)
{
	struct baseline_row row = { .times = 1, .line = line->number };
	char *room = malloc(strlen(text) + MAX_WORDS + 1);
	bool ok;

	if (!room)
		abort();
	ok = split(text, room, line);
	if (ok && line->number == 1)
		ok = (line->nr == 2 && !strcmp(line->word[0].text, "pfnbaseline") &&
		      !strcmp(line->word[1].text, "1")) ||
		     wrong(line, 1, "a baseline begins with \"pfnbaseline 1\"%s", "");
	else if (ok && line->nr) {
		ok = fill_row(line, &row);
		row.why = line->comment;
		arrput(baseline->rows, row);
	}
	free(room);
	return ok;
}

/* ---- the file ---- */

static bool read_lines(FILE *in, struct baseline *baseline, struct error *error)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t length;
	bool ok = true;

	while (ok && (length = getline(&text, &room, in)) >= 0) {
		struct line line = { .file = baseline->name, .error = error,
				     .number = arrlenu(baseline->lines) + 1 };

		if (length && text[length - 1] == '\n')
			text[--length] = '\0';
		if (length && text[length - 1] == '\r')
			text[--length] = '\0';
		arrput(baseline->lines, strdup(text));
		if (strlen(text) != (size_t)length)
			ok = wrong(&line, strlen(text) + 1, "a byte 0 in a text%s", "");
		else if (line.number > MAX_LINES)
			ok = wrong(&line, 0, "more than 1000000 lines%s", "");
		else
			ok = take_line(baseline, baseline->lines[line.number - 1], &line);
	}
	if (ok && ferror(in))
		ok = error_at(error, baseline->name, 0, 0, "%s", strerror(errno));
	if (ok && !arrlenu(baseline->lines))
		ok = error_at(error, baseline->name, 1, 1,
			      "a baseline begins with \"pfnbaseline 1\"");
	free(text);
	return ok;
}

bool baseline_load(const char *name, bool may_be_new, struct baseline *baseline,
		   struct error *error)
{
	FILE *in = fopen(name, "r");
	char *folder = strdup(name);
	bool ok = in || (may_be_new && errno == ENOENT) ||
		  error_at(error, name, 0, 0, "%s", strerror(errno));

	*baseline = (struct baseline){ .name = strdup(name) };
	if (!folder || !baseline->name)
		abort();
	baseline->folder = ok ? realpath(dirname(folder), NULL) : NULL;
	if (ok && !baseline->folder)
		ok = error_at(error, name, 0, 0, "%s", strerror(errno));
	if (ok && in)
		ok = read_lines(in, baseline, error);
	if (in)
		fclose(in);
	free(folder);
	if (!ok)
		baseline_free(baseline);
	return ok;
}

void baseline_free(struct baseline *baseline)
{
	for (size_t r = 0; r < arrlenu(baseline->rows); r++) {
		free(baseline->rows[r].trace);
		free(baseline->rows[r].what);
	}
	for (size_t i = 0; i < arrlenu(baseline->lines); i++)
		free(baseline->lines[i]);
	arrfree(baseline->rows);
	arrfree(baseline->lines);
	free(baseline->name);
	free(baseline->folder);
	*baseline = (struct baseline){ .name = NULL };
}
