/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmd_complete.c: pfnsim complete WORD...: what the last of these words of a command line may
 * become, for tools/completion/.
 *
 * A line is the whole word, a tab, and what it is; a word that ends with "=" goes on. A line that
 * begins with a colon is for the shell to do: ":files", with the patterns that their names have, or
 * ":folders".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/law.h"
#include "sim/trace.h"
#include "tools/options.h"
#include "tools/pfnsim.h"

enum what {
	NOTHING, SEMANTICS, MORE_SEMANTICS, SEMANTICS_OR_GROUPS, LAWS, LABELS, FILES, FOLDERS
};

/* The word that is asked about */
struct word {
	const char *text;
	size_t head;		/* so much of it stays */
	const char *trace;	/* the command's first argument; NULL: not there yet */
};

/* What a word in capitals of an option's .arg or a command's .args_doc stands for. */
static const struct kind {
	const char *word;
	enum what what;
	const char *more;	/* FILES: patterns; of semantics: what is between two */
} kinds[] = {
	{ "A", SEMANTICS, NULL },
	{ "A,B", SEMANTICS, "," },
	{ "A,B,C", MORE_SEMANTICS, "," },
	{ "A..B", MORE_SEMANTICS, ".." },
	{ "B", SEMANTICS, NULL },
	{ "BYTES", NOTHING, NULL },
	{ "CAPTURE", FILES, "*.cmd" },
	{ "COMMAND", NOTHING, NULL },
	{ "FILE", FILES, "" },
	{ "FOLDER", FOLDERS, NULL },
	{ "GPA", NOTHING, NULL },
	{ "LABEL", LABELS, NULL },
	{ "LAW", LAWS, NULL },
	{ "LIST", SEMANTICS_OR_GROUPS, "," },
	{ "N", NOTHING, NULL },
	{ "NAME", NOTHING, NULL },
	{ "NUMBER", NOTHING, NULL },
	{ "PIDS", NOTHING, NULL },
	{ "RECORDING", FILES, "" },
	{ "SECONDS", NOTHING, NULL },
	{ "SEMANTICS", SEMANTICS, NULL },
	{ "STEP", NOTHING, NULL },
	{ "TEXT", NOTHING, NULL },
	{ "TRACE", FILES, "*.trace *.trace.zst" },
};

static const struct kind *kind_of_word(const char *word, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i].word) == length && !strncmp(kinds[i].word, word, length))
			return &kinds[i];
	return NULL;
}

/* @help ends with its line, or before what only the manual page says. */
static void offer(const struct word *asked, const char *candidate, const char *help)
{
	const char *stem = asked->text + asked->head;

	if (!strncmp(candidate, stem, strlen(stem)))
		printf("%.*s%s\t%.*s\n", (int)asked->head, asked->text, candidate,
		       (int)strcspn(help, "\v\n"), help);
}

static void offer_semantics(struct word asked, const struct kind *kind)
{
	const char *behind = asked.text + asked.head;

	while (kind->more && (behind = strstr(behind, kind->more))) {
		behind += strlen(kind->more);
		asked.head = behind - asked.text;
	}
	if (kind->what == MORE_SEMANTICS && !asked.head)
		return;			/* the first is "A" */
	for (size_t i = 0; all_semantics[i]; i++) {
		offer(&asked, all_semantics[i]->name, all_semantics[i]->source);
		if (all_semantics[i]->alias)
			offer(&asked, all_semantics[i]->alias, all_semantics[i]->source);
	}
	for (size_t i = 0; policies[i]; i++)
		offer(&asked, policies[i]->name, policies[i]->source);
	for (size_t i = 0; kind->what == SEMANTICS_OR_GROUPS && semantics_groups[i].name; i++)
		offer(&asked, semantics_groups[i].name, semantics_groups[i].help);
}

/* Of a recording nobody has labelled anything. */
static void offer_labels(const struct word *asked)
{
	struct error error = { .text = "" };
	struct trace trace;

	if (!asked->trace || !strcmp(asked->trace, "-") ||
	    !trace_load(asked->trace, &trace, &error))
		return;
	for (size_t i = 0; i < arrlenu(trace.events); i++) {
		const struct event *e = &trace.events[i];
		char *text = trace_event_text(e, trace.names);

		if (e->label)
			offer(asked, e->label, text);
		free(text);
	}
	trace_free(&trace);
}

/* "depth=D,states=S,memory=BYTES": a key that is not there yet. */
static void offer_keys(struct word asked, const char *keys, size_t length)
{
	const char *end = keys + length, *given = asked.text + asked.head;
	const char *comma = strrchr(given, ',');
	char candidate[32];

	if (comma)
		asked.head = comma + 1 - asked.text;
	for (; keys < end; keys += strcspn(keys, ",| \n") + 1) {
		snprintf(candidate, sizeof(candidate), "%.*s=", (int)strcspn(keys, "="), keys);
		if (!strstr(given, candidate))
			offer(&asked, candidate, "");
	}
}

static void offer_kind(const struct word *asked, const struct kind *kind)
{
	switch (kind->what) {
	case NOTHING:
		break;
	case SEMANTICS:
	case MORE_SEMANTICS:
	case SEMANTICS_OR_GROUPS:
		offer_semantics(*asked, kind);
		break;
	case LAWS:
		for (unsigned i = 0; i < nr_laws; i++)
			offer(asked, laws[i].id, laws[i].sentence);
		break;
	case LABELS:
		offer_labels(asked);
		break;
	case FILES:
		printf(":files%s%s\n", *kind->more ? " " : "", kind->more);
		break;
	case FOLDERS:
		printf(":folders\n");
		break;
	}
}

/* @values: "text|json", "LABEL|NUMBER", both kinds of word, or keys of numbers. */
static void offer_values(const struct word *asked, const char *values, size_t length)
{
	const char *end = values + length;
	char candidate[32];

	for (; values < end; values += length + 1) {
		const struct kind *kind;

		length = strcspn(values, "| \n");
		length = length < (size_t)(end - values) ? length : (size_t)(end - values);
		kind = kind_of_word(values, length);
		if (kind) {
			offer_kind(asked, kind);
		} else if (memchr(values, '=', length)) {
			offer_keys(*asked, values, length);
		} else {
			snprintf(candidate, sizeof(candidate), "%.*s", (int)length, values);
			offer(asked, candidate, "");
		}
	}
}

/* ---- where on the line ---- */

/* The argument at @place, from 0, of each line of @usage: "TRACE|CAPTURE...", "A B\nA..B". */
static void offer_arguments(const struct word *asked, const char *usage, size_t place)
{
	for (; *usage; usage += *usage == '\n') {
		for (size_t i = 0; *usage && *usage != '\n'; ) {
			size_t length, dots;

			usage += strspn(usage, " [");
			length = strcspn(usage, " ]\n");
			dots = length > 3 && !strncmp(usage + length - 3, "...", 3) ? 3 : 0;
			if (*usage != '-' && (i == place || (i < place && dots)))
				offer_values(asked, usage, length - dots);
			i += *usage != '-';
			usage += length;
			usage += strspn(usage, " ]");
		}
	}
}

static void offer_options(const struct word *asked, const struct argp *argp)
{
	const struct argp_option *option;
	char name[64];

	for (size_t i = 0; (option = option_at(argp, i)); i++) {
		snprintf(name, sizeof(name), "--%s", option->name);
		offer(asked, name, option->doc);
	}
}

static void complete(const struct tool_command *command, int argc, char **argv)
{
	const struct argp *argp = command->argp;
	struct word asked = { .text = argv[argc - 1] };
	const struct argp_option *option = NULL;
	const char *value = strchr(asked.text, '=');
	bool no_more_options = false;
	size_t place = 0;

	for (int i = 0; i < argc - 1; i++) {
		if (option) {
			option = NULL;		/* that was its value */
		} else if (no_more_options || argv[i][0] != '-' || !argv[i][1]) {
			asked.trace = place++ ? asked.trace : argv[i];
		} else {
			no_more_options = !strcmp(argv[i], "--");
			option = option_before(argp, argv[i]);
		}
	}
	if (option) {
		offer_values(&asked, option->arg, strlen(option->arg));
	} else if (no_more_options || asked.text[0] != '-') {
		if (argp->args_doc)
			offer_arguments(&asked, argp->args_doc, place);
	} else if (value && !strncmp(asked.text, "--", 2)) {
		option = option_of_name(argp, asked.text + 2, value - asked.text - 2);
		asked.head = value + 1 - asked.text;
		if (option && option->arg)
			offer_values(&asked, option->arg, strlen(option->arg));
	} else {
		offer_options(&asked, argp);
	}
}

int cmd_complete(int argc, char **argv)
{
	const struct tool_command *command;
	struct word asked = { .text = argc > 1 ? argv[1] : "" };

	if (argc > 2) {
		command = tool_command_find(argv[1]);
		if (command && command->argp)
			complete(command, argc - 2, argv + 2);
		return CODE_EXPECTED;
	}
	for (size_t i = 0; tool_commands[i].help; i++)
		offer(&asked, tool_commands[i].name, tool_commands[i].help);
	offer(&asked, "--help", "list the commands");
	offer(&asked, "--version", "which pfnsim this is");
	return CODE_EXPECTED;
}
