/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmd_tables.c: the tables that the program works by, for scripts: options, usage, events, laws,
 * semantics. As text a row is a line, its columns apart by tabs; as scdoc it is what tools/pages
 * puts into the manual pages.
 */
#include <argp.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/law.h"
#include "sim/event.h"
#include "tools/misuse.h"
#include "tools/options.h"
#include "tools/pfnsim.h"
#include "tools/scdoc.h"

struct arguments {
	const char *table;
	const struct tool_command *command;	/* NULL: all */
	bool scdoc;
};

static const struct argp_option options[] = {
	{ "format", 'f', "text|scdoc", 0, "scdoc: as in the manual pages; default: text", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'f':
		a->scdoc = !strcmp(arg, "scdoc");
		if (!a->scdoc && strcmp(arg, "text"))
			misused(state, "unknown format \"%s\": text or scdoc", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (!a->table) {
			a->table = arg;
			return 0;
		}
		a->command = a->command ? NULL : tool_command_find(arg);
		if (!a->command || !a->command->argp)
			misused(state, "unknown command \"%s\"", arg);
		return 0;
	case ARGP_KEY_END:
		if (!a->table)
			misused(state, "which table?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp argp_tables = {
	.options = options,
	.parser = parse,
	.help_filter = tool_help,
	.args_doc = "options|usage|events|laws|semantics [COMMAND]",
	.doc = "Print one of the tables that the program works by, for scripts. Columns are apart "
	       "by tabs.\vExample: pfnsim tables options replay",
};

static const char *or_none(const char *text)
{
	return text ? text : "";
}

/* ---- options ---- */

static void print_option(const struct tool_command *command, const struct argp_option *option)
{
	const char *more = strchr(option->doc, '\v');
	size_t help = more ? (size_t)(more - option->doc) : strlen(option->doc);
	char letter[3] = "";

	if (option_has_letter(option))
		snprintf(letter, sizeof(letter), "-%c", option->key);
	printf("%s\t%s\t--%s\t%s\t%.*s\t%s\n", command->name, letter, option->name,
	       or_none(option->arg), (int)help, option->doc, more ? more + 1 : "");
}

/* "text|json" as "_text_|_json_", "depth=D" as "depth=_D_" */
static void add_argument(struct scdoc *doc, const char *argument)
{
	while (*argument) {
		size_t length = strcspn(argument, "|,=");
		const char *mark = argument[length] == '=' ? "" : "_";

		scdoc_add(doc, mark);
		scdoc_add_plain(doc, argument, length);
		scdoc_add(doc, mark);
		scdoc_add_plain(doc, argument + length, argument[length] != '\0');
		argument += length + (argument[length] != '\0');
	}
}

static void print_option_scdoc(const struct argp_option *option)
{
	char help[1024], *more;
	struct scdoc doc = { 0 };

	if (option_has_letter(option))
		printf("*-%c*, ", option->key);
	printf("*--%s*", option->name);
	if (option->arg) {
		add_argument(&doc, option->arg);
		printf("=%s", doc.text);
		doc = (struct scdoc){ 0 };
	}
	printf("\n");
	assert(strlen(option->doc) < sizeof(help));
	strcpy(help, option->doc);
	more = strchr(help, '\v');
	if (more)
		*more = '\0';
	scdoc_add_sentence(&doc, help, option->arg);
	if (more) {
		scdoc_add(&doc, " ");
		scdoc_add(&doc, more + 1);
	}
	scdoc_print(&doc, "");
	printf("\n");
}

static void print_options(const struct arguments *a, const struct tool_command *command)
{
	const struct argp_option *option;

	if (a->command ? a->command != command : !command->help)
		return;
	for (size_t i = 0; (option = option_at(command->argp, i)); i++)
		if (a->scdoc)
			print_option_scdoc(option);
		else
			print_option(command, option);
}

/* ---- usage ---- */

/* Words in capitals are what to put there. */
static void add_usage(struct scdoc *doc, const char *usage)
{
	while (*usage) {
		size_t name = strspn(usage, "-abcdefghijklmnopqrstuvwxyz");
		size_t place = strspn(usage, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
		size_t length = name + place ? name + place : 1;
		const char *mark = name ? "*" : place ? "_" : "";

		scdoc_add(doc, mark);
		scdoc_add_plain(doc, usage, length);
		scdoc_add(doc, mark);
		usage += length;
	}
}

/* A line for each way to call it */
static void print_usage(const struct arguments *a, const struct tool_command *command)
{
	const char *usage = command->argp && command->argp->args_doc ? command->argp->args_doc : "";
	char way[64];

	if (a->command ? a->command != command : !command->help)
		return;
	for (const char *end; usage; usage = *end ? end + 1 : NULL) {
		struct scdoc doc = { 0 };

		end = usage + strcspn(usage, "\n");
		snprintf(way, sizeof(way), "%.*s", (int)(end - usage), usage);
		add_usage(&doc, way);
		if (a->scdoc)
			printf("*pfnsim %s* [_OPTION_...]%s%s%s\n", command->name,
			       *way ? " " : "", doc.text, *end ? "++" : "");
		else
			printf("%s\t%s\n", command->name, way);
	}
}

/* ---- events ---- */

static const char *const arg_types[] = {
	[ARG_NUMBER] = "number", [ARG_DELTA] = "signed number", [ARG_ADDRESS] = "address",
	[ARG_SIZE] = "size", [ARG_OBJECT] = "object", [ARG_NEW_OBJECT] = "new object",
	[ARG_NEW_REGION] = "new region", [ARG_FILE] = "file", [ARG_NEW_FILE] = "new file",
	[ARG_CHOICE] = "one of", [ARG_FLAGS] = "some of", [ARG_STEP] = "step",
	[ARG_LABEL] = "label",
};

/* A row of its own for the event, and one for each argument. */
static void print_event(const struct event_kind *kind)
{
	printf("%s\t\t\t\t%s\n", kind->name, kind->help);
	for (size_t i = 0; i < MAX_ARGS && kind->args[i].key; i++) {
		const struct arg_row *row = &kind->args[i];

		printf("%s\t%s%s\t%s\t%s", kind->name, row->key, row->positional ? "" : "=",
		       row->required ? "needed" : "", arg_types[row->type]);
		for (size_t w = 0; row->words && row->words[w]; w++)
			printf("%s%s", w ? "," : " ", row->words[w]);
		printf("\t%s\n", row->help);
	}
}

static void print_argument_scdoc(const struct arg_row *row)
{
	struct scdoc doc = { 0 };

	scdoc_add(&doc, row->positional ? "_" : "*");
	scdoc_add_plain(&doc, row->key, strlen(row->key));
	scdoc_add(&doc, row->positional ? "_: " : "*=: ");
	scdoc_add_help(&doc, row->help, NULL);
	for (size_t w = 0; row->words && row->words[w]; w++) {
		scdoc_add(&doc, w ? ", *" : ": *");
		scdoc_add_plain(&doc, row->words[w], strlen(row->words[w]));
		scdoc_add(&doc, "*");
	}
	scdoc_print(&doc, "- ");
}

static void print_event_scdoc(const struct event_kind *kind)
{
	struct scdoc doc = { 0 };
	size_t nr = 0;

	printf("*%s*", kind->name);
	for (; nr < MAX_ARGS && kind->args[nr].key; nr++) {
		const struct arg_row *row = &kind->args[nr];
		const char *mark = row->positional ? "_" : "*";

		printf(" %s%s%s%s%s%s", row->required ? "" : "[", mark, row->key, mark,
		       row->positional ? "" : "=", row->required ? "" : "]");
	}
	printf("\n");
	scdoc_add_help(&doc, kind->help, NULL);
	scdoc_print(&doc, "");
	for (size_t i = 0; i < nr; i++)
		if (kind->args[i].type != ARG_STEP)	/* the page says it once */
			print_argument_scdoc(&kind->args[i]);
	printf("\n");
}

static void print_events(bool scdoc)
{
	for (size_t i = 0; i < nr_event_kinds; i++)
		if (scdoc)
			print_event_scdoc(&event_kinds[i]);
		else
			print_event(&event_kinds[i]);
}

/* ---- laws ---- */

static void print_law_scdoc(const struct law *law)
{
	const char *when = law->judged ? law->judged : law->when;
	struct scdoc doc = { 0 };

	printf("*%s*\n", law->id);
	scdoc_add_sentence(&doc, law->sentence, NULL);
	if (when) {
		struct scdoc more = { 0 };

		scdoc_add_sentence(&more, when, NULL);
		scdoc_add(&doc, " ");
		scdoc_add(&doc, more.text);
	}
	scdoc_print(&doc, "");
	printf("\n");
}

/* By what they are about; a section is what its kinds have, the last what is left. */
static const struct section {
	const char *heading;
	u32 about;		/* BIT(enum object_kind) */
	bool judged;		/* over whole runs */
} sections[] = {
	{ "PAGES", 1 << OBJECT_PAGE, false },
	{ "GFNS, STAGE-2 ENTRIES AND TLBS", 1 << OBJECT_SPTE | 1 << OBJECT_TLB, false },
	{ "LOOK-UPS", 1 << OBJECT_LOOKUP, false },
	{ "THE REST", ~(1u << OBJECT_PAGE | 1 << OBJECT_SPTE | 1 << OBJECT_TLB |
			1 << OBJECT_LOOKUP), false },
	{ "WHOLE RUNS", ~0u, true },
};

static void print_laws_scdoc(void)
{
	for (size_t s = 0; s < ARRAY_SIZE(sections); s++) {
		printf("# %s\n\n", sections[s].heading);
		for (unsigned i = 0; i < nr_laws; i++)
			if (!!laws[i].judged == sections[s].judged &&
			    sections[s].about >> laws[i].about & 1)
				print_law_scdoc(&laws[i]);
	}
}

static void print_laws(bool scdoc)
{
	if (scdoc)
		print_laws_scdoc();
	for (unsigned i = 0; i < nr_laws && !scdoc; i++)
		printf("%s\t%s\t%s\t%s\t%s\n", laws[i].id, laws[i].sentence,
		       or_none(laws[i].when), or_none(laws[i].judged), laws[i].source);
}

/* ---- semantics ---- */

static void print_one_semantics(const struct semantics_patch *patch, bool scdoc)
{
	struct scdoc doc = { 0 };

	if (!scdoc) {
		printf("%s\t%s\t%s\t%s\n", patch->name, patch->group, or_none(patch->alias),
		       patch->source);
		return;
	}
	printf("*%s*", patch->name);
	if (patch->alias)
		printf(", *%s*", patch->alias);
	printf(" (_%s_)\n", patch->group);
	scdoc_add_sentence(&doc, patch->source, NULL);
	scdoc_print(&doc, "");
	printf("\n");
}

static void print_semantics(bool scdoc)
{
	for (size_t i = 0; all_semantics[i]; i++)
		print_one_semantics(all_semantics[i], scdoc);
	for (size_t i = 0; policies[i]; i++)
		print_one_semantics(policies[i], scdoc);
}

int cmd_tables(int argc, char **argv)
{
	struct arguments a = { 0 };

	argp_parse(&argp_tables, argc, argv, 0, NULL, &a);
	if (!strcmp(a.table, "options")) {
		for (size_t i = 0; tool_commands[i].name; i++)
			print_options(&a, &tool_commands[i]);
	} else if (!strcmp(a.table, "usage")) {
		for (size_t i = 0; tool_commands[i].name; i++)
			print_usage(&a, &tool_commands[i]);
		if (a.scdoc)
			printf("\n");
	} else if (!strcmp(a.table, "events")) {
		print_events(a.scdoc);
	} else if (!strcmp(a.table, "laws")) {
		print_laws(a.scdoc);
	} else if (!strcmp(a.table, "semantics")) {
		print_semantics(a.scdoc);
	} else {
		fprintf(stderr, "pfnsim: unknown table \"%s\": options, usage, events, laws "
			"or semantics\n", a.table);
		return CODE_BAD_INPUT;
	}
	return CODE_EXPECTED;
}
