/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_invariants.c: the laws, as text, JSON, and as docs/INVARIANTS.md. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/law.h"
#include "sim/json.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

enum { KEY_JSON = 256 };

static const struct argp_option options[] = {
	{ "format", 'f', "text|json|markdown", 0,
	  "json: one object a line; markdown: docs/INVARIANTS.md of the sources; default: text",
	  0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	enum output_format *format = state->input;

	if (key == 'f' && !parse_format(arg, TEXT_JSON_OR_MARKDOWN, format))
		exit(CODE_BAD_INPUT);
	if (key == KEY_JSON)
		*format = FORMAT_JSON;
	if (key == ARGP_KEY_ARG)
		misused(state, "takes no argument \"%s\"", arg);
	return key == 'f' || key == KEY_JSON ? 0 : ARGP_ERR_UNKNOWN;
}

const struct argp argp_invariants = {
	.options = options,
	.parser = parse,
	.help_filter = tool_help,
	.doc = "List the laws that are checked after every step.\v"
	       "Example: pfnsim invariants | grep refs-",
};

static void print_text(void)
{
	for (unsigned i = 0; i < nr_laws; i++)
		printf("%-26s %s [%s]\n", laws[i].id, laws[i].sentence, laws[i].source);
}

static void print_json(void)
{
	struct json *json = json_begin(stdout);

	for (unsigned i = 0; i < nr_laws; i++) {
		const struct law *law = &laws[i];

		json_object_begin(json);
		json_number_at(json, "schema", 1);
		json_string_at(json, "type", "invariant");
		json_string_at(json, "id", law->id);
		json_string_at(json, "sentence", law->sentence);
		json_string_at(json, "when", law->when);
		json_string_at(json, "judged", law->judged);
		json_string_at(json, "source", law->source);
		json_string_at(json, "finding", law->finding);
		json_object_end(json);
		json_line_end(json);
	}
	json_end(json);
}

/* ---- docs/INVARIANTS.md ---- */

static const char head[] =
	"# Invariants\n\n"
	"What must hold whatever a kernel does. This file is printed by\n"
	"`pfnsim invariants --format=markdown` from `model/law_table.c`: change that. Findings\n"
	"are those of [FINDINGS-v11.md](FINDINGS-v11.md). "
	"[pfnsim-laws(7)](man/pfnsim-laws.7.scd) has the laws one by one.\n\n";

static const char after_step[] =
	"## Looked at after every step\n\n"
	"A step that breaks one of these is reported with what was found and who is to blame.\n\n";

static const char whole_run[] =
	"\n## Judged over whole runs\n\n"
	"No step breaks these; they are about what an event came to, or one run against another.\n"
	"`tests/test_matrix.c` judges them.\n\n";

static const char known[] =
	"\n## Known not to hold\n\n"
	"Of kernels as shipped, whatever well-behaved drivers do. `tests/test_matrix.c` computes\n"
	"who breaks what, and fails where this list and the model disagree. A driver that frees\n"
	"before it unmaps, or moves counts about, breaks more, under every kernel.\n\n";

/* "A4, B1" as links */
static void print_findings(const char *finding)
{
	char name[8];

	for (int n; finding && sscanf(finding, " %7[A-Z0-9]%n", name, &n) == 1; ) {
		printf("[%s](FINDINGS-v11.md#", name);
		for (const char *c = name; *c; c++)
			putchar(*c >= 'A' && *c <= 'Z' ? *c + 'a' - 'A' : *c);
		printf(")");
		finding += n;
		finding += *finding == ',';
		if (*finding)
			printf(", ");
	}
}

static void print_laws(bool judged)
{
	printf("| law | what | %s | from | findings |\n|---|---|---|---|---|\n",
	       judged ? "how it is judged" : "when");
	for (unsigned i = 0; i < nr_laws; i++) {
		const struct law *law = &laws[i];
		const char *when = law->when ? law->when : "always";

		if (!!law->judged != judged)
			continue;
		printf("| `%s` | %s | %s | %s | ", law->id, law->sentence,
		       judged ? law->judged : when, law->source);
		print_findings(law->finding);
		printf(" |\n");
	}
}

static void print_known(void)
{
	printf("| law | under | because |\n|---|---|---|\n");
	for (unsigned i = 0; i < nr_laws; i++)
		for (unsigned b = 0; b < MAX_BREACHES && laws[i].breaches[b].semantics; b++)
			printf("| `%s` | %s | %s |\n", laws[i].id, laws[i].breaches[b].semantics,
			       laws[i].breaches[b].why);
}

static void print_markdown(void)
{
	fputs(head, stdout);
	fputs(after_step, stdout);
	print_laws(false);
	fputs(whole_run, stdout);
	print_laws(true);
	fputs(known, stdout);
	print_known();
}

int cmd_invariants(int argc, char **argv)
{
	enum output_format format = FORMAT_TEXT;

	argp_parse(&argp_invariants, argc, argv, 0, NULL, &format);
	if (format == FORMAT_MARKDOWN)
		print_markdown();
	else if (format == FORMAT_JSON)
		print_json();
	else
		print_text();
	return CODE_EXPECTED;
}
