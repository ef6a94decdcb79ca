/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_corpus.c: real bugs, and whether the model would have caught them. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/corpus.h"
#include "sim/json.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"
#include "tools/unattended.h"

enum { KEY_JSON = 256, MAX_SEMANTICS = 64 };

static const char kernels[] =
	"v5.11,v5.12,v6.1,v6.8-rc3,v6.8,v6.12,v11,v11-unsafe,v11-on-v6.8,v7.2,policy";

struct arguments {
	const struct semantics_patch *semantics[MAX_SEMANTICS];
	size_t nr_semantics;
	struct explore_bound bound;
	enum output_format format;
	char **path;
	size_t nr_paths;
	struct unattended unattended;
};

static const struct argp_option options[] = {
	SEMANTICS_OPTION("; default: all kernels, v11, v11-unsafe, v11-on-v6.8, and the policies"),
	BOUND_OPTION,
	{ "format", 'f', "text|markdown|json|junit|sarif|github", 0,
	  "json: one object a bug; default: text\v"
	  "_markdown_ is _docs/CORPUS.md_ of the sources.", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 },
	UNATTENDED_OPTIONS,
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 's':
		a->nr_semantics = parse_semantics(arg, a->semantics, MAX_SEMANTICS);
		if (!a->nr_semantics)
			exit(CODE_BAD_INPUT);
		return 0;
	case 'b':
		if (!parse_bound(arg, &a->bound))
			misused(state, BOUND_IS);
		return 0;
	case 'f':
		if (!parse_format(arg, TEXT_JSON_OR_MARKDOWN | OF_CI, &a->format))
			exit(CODE_BAD_INPUT);
		return 0;
	case KEY_JSON:
		a->format = FORMAT_JSON;
		return 0;
	case ARGP_KEY_ARGS:
		a->path = state->argv + state->next;
		a->nr_paths = state->argc - state->next;
		return 0;
	default:
		return unattended_parse(&a->unattended, key, arg, state);
	}
}

const struct argp argp_corpus = {
	.options = options,
	.parser = parse,
	.args_doc = "[TRACE|FOLDER...]",
	.help_filter = tool_help,
	.doc = "Run the corpus of real bugs, and say of each what it does under each kernel.\v"
	       "Without TRACE or FOLDER: those below \"traces\", or those that came with pfnsim. "
	       "Traces without a \"bug\" line are passed over; a \"case\" line counts where "
	       "TRACE or FOLDER is given. V: a law breaks; E: a clean error; Es: an error where "
	       "the VMM itself has access; W: it works; -: it does not apply. V!W: found, and "
	       "what was expected.\n\n"
	       "Example: pfnsim corpus --semantics v6.8,v7.2 traces/acceptance",
};

/* ---- cells ---- */

/* "V", "Vd" if only a driver or the VMM is to blame, "V!W" if the trace expects another. */
static const char *cell_text(const struct corpus_cell *cell, char *text, size_t size)
{
	const struct judgement *j = &cell->found;
	bool other = j->is == JUDGED_VIOLATION && j->blame != BLAME_KVM;

	snprintf(text, size, "%s%s%s%.4s", cell->applies ? judged_word(j->is) : "-",
		 cell->applies && other ? "d" : "", cell->differs ? "!" : "",
		 cell->differs ? cell->expected : "");
	return text;
}

static void laws_text(const struct judgement *j, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < j->nr_laws && used < size; i++)
		used += snprintf(text + used, size - used, "%s%s", i ? ", " : "", j->law[i]);
	if (j->is == JUDGED_VIOLATION && j->blame != BLAME_KVM && used < size)
		snprintf(text + used, size - used, " (blame: %s)", blame_name(j->blame));
	else if (j->is == JUDGED_ERROR || j->is == JUDGED_SPURIOUS)
		snprintf(text, size, "%s %s", j->word, j->at);
	else if (j->is == JUDGED_UNKNOWN)
		snprintf(text, size, "%s", j->why);
}

static bool is_told_alike(const struct corpus_cell *a, const struct corpus_cell *b)
{
	char x[1000], y[1000];

	laws_text(&a->found, x, sizeof(x));
	laws_text(&b->found, y, sizeof(y));
	return a->applies == b->applies && a->found.is == b->found.is && !strcmp(x, y);
}

/* Each verdict with its laws, or its error, and all semantics that have it. */
static void print_reasons(const struct arguments *a, const struct corpus_row *row,
			  const char *before, const char *quote)
{
	for (size_t i = 0; i < a->nr_semantics; i++) {
		const struct corpus_cell *cell = &row->cells[i];
		char text[1000];
		size_t first = 0;

		while (!is_told_alike(&row->cells[first], cell))
			first++;
		laws_text(&cell->found, text, sizeof(text));
		if (!cell->applies || first != i || !text[0])
			continue;
		printf("%s%s%s", before, quote, a->semantics[i]->name);
		for (size_t k = i + 1; k < a->nr_semantics; k++)
			if (is_told_alike(cell, &row->cells[k]))
				printf(" %s", a->semantics[k]->name);
		printf("%s: %s %s\n", quote, judged_word(cell->found.is), text);
	}
}

/* ---- text ---- */

static void print_text(const struct arguments *a, const struct corpus *corpus)
{
	char text[32];

	printf("%-6s", "bug");
	for (size_t i = 0; i < a->nr_semantics; i++)
		printf(" %*s", (int)-strlen(a->semantics[i]->name), a->semantics[i]->name);
	printf("\n");
	for (size_t r = 0; r < arrlenu(corpus->rows); r++) {
		const struct corpus_row *row = &corpus->rows[r];

		printf("%-6s", row->id);
		for (size_t i = 0; i < a->nr_semantics; i++)
			printf(" %*s", (int)-strlen(a->semantics[i]->name),
			       cell_text(&row->cells[i], text, sizeof(text)));
		printf("  %s\n", row->claim);
		print_reasons(a, row, "         ", "");
	}
	for (size_t i = 0; !a->nr_paths && i < nr_corpus_absent; i++)
		printf("%-6s not modelled: %s\n         %s\n", corpus_absent[i].id,
		       corpus_absent[i].claim, corpus_absent[i].because);
}

/* ---- markdown ---- */

static void print_table(const struct arguments *a, const struct corpus *corpus)
{
	char text[32];

	printf("| bug |");
	for (size_t i = 0; i < a->nr_semantics; i++)
		printf(" %s |", a->semantics[i]->name);
	printf(" claim |\n|---|");
	for (size_t i = 0; i <= a->nr_semantics; i++)
		printf("---|");
	for (size_t r = 0; r < arrlenu(corpus->rows); r++) {
		const struct corpus_row *row = &corpus->rows[r];

		printf("\n| %s |", row->id);
		for (size_t i = 0; i < a->nr_semantics; i++)
			printf(" %s |", cell_text(&row->cells[i], text, sizeof(text)));
		printf(" %s |", row->claim);
	}
	printf("\n");
}

static void print_markdown(const struct arguments *a, const struct corpus *corpus)
{
	printf("# The corpus: real bugs, and whether the model catches them\n\n"
	       "Printed by `pfnsim corpus --format=markdown`, which runs the traces; nothing is\n"
	       "stored.\n\n"
	       "V: a law breaks. Vd: by a driver's or the VMM's doing alone. E: a clean error at\n"
	       "the guest, or at a caller within KVM. Es: an error where the VMM in the guest's\n"
	       "place has access: refused in vain. W: it works. -: it does not apply to that\n"
	       "kernel. A bug that all of these kernels have repaired is W throughout:\n"
	       "`tests/test_corpus.c` brings it back, one thing wrong in one kernel, and has it\n"
	       "caught on the same trace.\n\n"
	       "A race is searched in every order of its threads' steps, within memory=1G and, on\n"
	       "one core, a minute for all columns; its trace has the turns of one that breaks a\n"
	       "law, there or under a mutant.\n\n");
	print_table(a, corpus);
	printf("\n## One by one\n\n");
	for (size_t r = 0; r < arrlenu(corpus->rows); r++) {
		const struct corpus_row *row = &corpus->rows[r];

		printf("%s**%s** %s. `%s`\n\n", r ? "\n" : "", row->id, row->claim, row->path);
		print_reasons(a, row, "- ", "");
		for (size_t n = 0; n < arrlenu(row->schedules); n++)
			printf("- a way there, %s\n", row->schedules[n]);
		for (size_t n = 0; n < arrlenu(row->notes); n++)
			printf("- *%s*\n", row->notes[n]);
	}
	printf("\n## Not modelled\n\n| bug | claim | because |\n|---|---|---|\n");
	for (size_t i = 0; i < nr_corpus_absent; i++)
		printf("| %s | %s | %s |\n", corpus_absent[i].id, corpus_absent[i].claim,
		       corpus_absent[i].because);
}

/* ---- JSON ---- */

static void json_verdicts(const struct arguments *a, const struct corpus_row *row,
			  struct json *json)
{
	for (size_t i = 0; i < a->nr_semantics; i++) {
		const struct corpus_cell *cell = &row->cells[i];
		char text[1000];

		if (!cell->applies)
			continue;
		json_key(json, a->semantics[i]->name);
		json_object_begin(json);
		json_string_at(json, "verdict", judged_word(cell->found.is));
		if (cell->found.is == JUDGED_VIOLATION)
			json_string_at(json, "blame", blame_name(cell->found.blame));
		json_string_at(json, "expected", cell->expected);
		json_bool_at(json, "differs", cell->differs);
		laws_text(&cell->found, text, sizeof(text));
		json_string_at(json, "because", text);
		json_object_end(json);
	}
}

static void json_schedules(const struct corpus_row *row, struct json *json)
{
	for (size_t n = 0; n < arrlenu(row->schedules); n++) {
		json_object_begin(json);
		json_number_at(json, "schema", 1);
		json_string_at(json, "type", "schedule");
		json_string_at(json, "id", row->id);
		json_string_at(json, "way", row->schedules[n]);
		json_object_end(json);
		json_line_end(json);
	}
}

static void print_json(const struct arguments *a, const struct corpus *corpus)
{
	struct json *json = json_begin(stdout);

	for (size_t r = 0; r < arrlenu(corpus->rows); r++) {
		const struct corpus_row *row = &corpus->rows[r];

		json_object_begin(json);
		json_number_at(json, "schema", 1);
		json_string_at(json, "type", "bug");
		json_string_at(json, "id", row->id);
		json_string_at(json, "claim", row->claim);
		json_string_at(json, "trace", row->path);
		json_key(json, "verdicts");
		json_object_begin(json);
		json_verdicts(a, row, json);
		json_object_end(json);
		json_object_end(json);
		json_line_end(json);
		json_schedules(row, json);
	}
	for (size_t i = 0; !a->nr_paths && i < nr_corpus_absent; i++) {
		json_object_begin(json);
		json_number_at(json, "schema", 1);
		json_string_at(json, "type", "unmodelled");
		json_string_at(json, "id", corpus_absent[i].id);
		json_string_at(json, "claim", corpus_absent[i].claim);
		json_string_at(json, "because", corpus_absent[i].because);
		json_object_end(json);
		json_line_end(json);
	}
	json_end(json);
}

/* ---- the whole ---- */

/* The traces below all of @path; NULL: complained. */
static char **all_traces(char *const *path, size_t nr_paths)
{
	struct error error = { .text = "" };
	char **all = NULL;

	for (size_t i = 0; i < nr_paths; i++) {
		char **list = corpus_list(path[i], &error);

		if (!list) {
			complain(&error);
			corpus_list_free(all);
			return NULL;
		}
		for (size_t k = 0; k < arrlenu(list); k++)
			arrput(all, list[k]);
		arrfree(list);
	}
	return all;
}

/* In the child. */
static void run_one(struct arguments *a, struct corpus *mine, const char *path, FILE *out)
{
	struct error error = { .text = "" };
	struct ci ci = { NULL };

	if (!corpus_add(mine, path, &error)) {
		complain(&error);
		ci_add_error(&ci, path, &error);
	}
	for (size_t r = 0; r < arrlenu(mine->rows); r++)
		ci_add_row(&ci, mine, &mine->rows[r]);
	ci.nr_inputs += arrlenu(mine->rows) > 0;
	unattended_send(&a->unattended, &ci);
	corpus_write(mine, out);
}

/* What has been run until ^C is told, and is not the whole. */
static void run_all(struct arguments *a, struct corpus *corpus, char **traces, struct ci *ci)
{
	struct unattended *u = &a->unattended;
	struct corpus mine = *corpus;
	enum crew_turn turn;

	u->json = a->format == FORMAT_JSON;
	u->silent = (OF_CI | 1 << FORMAT_MARKDOWN) >> a->format & 1;
	while ((turn = unattended_next(u, traces, ci)) != CREW_OVER) {
		if (turn == CREW_WORK) {
			run_one(a, &mine, traces[u->crew.at], u->crew.result);
			crew_exit(&u->crew);
		}
		if (turn == CREW_DONE)
			corpus_read(corpus, u->crew.result);
	}
	if (!arrlenu(corpus->rows) && !ci->left && ci_exit_code(ci) == CODE_EXPECTED)
		fprintf(stderr, "pfnsim: no \"bug\" line in %zu traces\n", arrlenu(traces));
}

int cmd_corpus(int argc, char **argv)
{
	struct arguments a = { .bound = { .memory = (u64)1 << 30, ALL_REDUCTIONS } };
	char *everything[] = { tool_traces() };
	struct corpus corpus = { .rows = NULL };
	struct ci ci = { NULL };
	char **traces;
	int code;

	argp_parse(&argp_corpus, argc, argv, 0, NULL, &a);
	if (!a.nr_semantics)
		a.nr_semantics = parse_semantics(kernels, a.semantics, MAX_SEMANTICS);
	ci.nr_semantics = a.nr_semantics;
	corpus.semantics = a.semantics;
	corpus.nr_semantics = a.nr_semantics;
	corpus.bound = a.bound;
	corpus.with_cases = a.nr_paths;
	traces = all_traces(a.nr_paths ? a.path : everything, a.nr_paths ? a.nr_paths : 1);
	free(everything[0]);
	if (!traces || !unattended_begin(&a.unattended, &ci))
		return CODE_BAD_INPUT;
	run_all(&a, &corpus, traces, &ci);
	corpus_list_free(traces);
	corpus_sort(&corpus);
	if (a.format == FORMAT_TEXT)
		print_text(&a, &corpus);
	else if (a.format == FORMAT_MARKDOWN)
		print_markdown(&a, &corpus);
	else if (a.format == FORMAT_JSON)
		print_json(&a, &corpus);
	code = unattended_end(&a.unattended, &ci);
	if (OF_CI >> a.format & 1 && !print_ci(&ci, a.format))
		code = CODE_INTERNAL;
	unattended_free(&a.unattended, &ci);
	corpus_free(&corpus);
	return code;
}
