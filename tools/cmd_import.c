/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/import.h"
#include "sim/json.h"
#include "sim/replay.h"
#include "tools/crew.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

enum { KEY_JSON = 256, KEY_VM, MAX_THREADS = 256 };

struct arguments {
	enum output_format format;
	const char *output;
	char *path;
	int32_t threads[MAX_THREADS];
	size_t nr_threads;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0,
	  "write the trace there, for pfnsim replay; - is standard output, without the rest then",
	  0 },
	{ "format", 'f', "text|json", 0, "json: one object a line; default: text", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 },
	{ "vm", KEY_VM, "PIDS", 0, "of several VMs that one whose threads these are, joined by "
	  "commas: its vCPUs' and its VMM's; a wrong one gets a list of those that there are", 0 },
	QUIET_OPTION,
	{ 0 }
};

static bool take_threads(const char *text, struct arguments *a)
{
	u64 pid;

	do {
		if (a->nr_threads == MAX_THREADS || !take_number(&text, &pid) || pid > INT32_MAX)
			return false;
		a->threads[a->nr_threads++] = pid;
	} while (*text++ == ',');
	return !text[-1];
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'q':
		tool_be_quiet();
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case 'f':
		if (!parse_format(arg, TEXT_OR_JSON, &a->format))
			exit(CODE_BAD_INPUT);
		return 0;
	case KEY_VM:
		if (!take_threads(arg, a))
			argp_error(state, "--vm is a list of threads: 4711,4713");
		return 0;
	case KEY_JSON:
		a->format = FORMAT_JSON;
		return 0;
	case ARGP_KEY_ARG:
		if (a->path)
			misused(state, "one recording at a time");
		a->path = strcmp(arg, "-") ? arg : IMPORT_STDIN;
		return 0;
	case ARGP_KEY_NO_ARGS:
		misused(state, "which recording?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp argp_import = {
	.options = options,
	.parser = parse,
	.args_doc = "RECORDING",
	.help_filter = tool_help,
	.doc = "Read what another host's tools have recorded of KVM: trace.dat, or the text of "
	       "ftrace, trace-cmd report, perf script and tools/record. Say what it proves, and "
	       "write it as a trace.\v"
	       "Exit code 3 where evidence is missing for some law: what is missing is named.\n\n"
	       "Example: pfnsim import trace.dat -o host.trace; pfnsim replay -s v6.12,v7.2 "
	       "host.trace",
};

static const char *const answers[] = { "kept", "broken", "inconclusive", "not asked" };

static void print_text(const struct import *import, const struct import_law *laws)
{
	static const char *const levels[] = {
		"E0: stage-2 entries", "E1: stage-2 entries, ranges of invalidations",
		"E2: stage-2 entries, ranges of invalidations, counts of pages",
	};

	printf("%s: %s%s%s, %zu events\n", import->path, import->form,
	       import->release[0] ? " of " : "", import->release, import->nr_read);
	printf("read: %zu faults, %zu stage-2 entries, %zu invalidations begun, %zu ended, "
	       "%zu memslots, %zu counts, %zu pages freed\n", import->count[IMPORT_FAULT],
	       import->count[IMPORT_SPTE] ? import->count[IMPORT_SPTE] :
					    import->count[IMPORT_SET_SPTE],
	       import->count[IMPORT_INV_START] ? import->count[IMPORT_INV_START] :
						 import->count[IMPORT_RANGE],
	       import->count[IMPORT_INV_END], import->count[IMPORT_MEMSLOT],
	       import->count[IMPORT_COUNT] + import->count[IMPORT_PAGE_REF],
	       import->count[IMPORT_FREE]);
	printf("evidence %s\n", import->level < 0 ? "none" : levels[import->level]);
	for (size_t i = 0; i < NR_LACKS; i++)
		if (import->lacks[i])
			printf("  lacks %s\n", import->lacks[i]);
	printf("laws, as recorded:\n");
	for (size_t i = 0; i < IMPORT_LAWS; i++) {
		const struct import_law *law = &laws[i];

		printf("  %-24s %s", law->law, answers[law->answer]);
		if (law->answer == IMPORT_KEPT)
			printf(", asked %zu times", law->nr_asked);
		if (law->answer == IMPORT_BROKEN)
			printf(" at %u", law->place);
		printf("%s%s\n", law->text[0] ? ": " : "", law->text);
	}
}

static void begin_line(struct json *json, const struct import *import, const char *type)
{
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", type);
	json_string_at(json, "recording", import->path);
}

static void end_line(struct json *json)
{
	json_object_end(json);
	json_line_end(json);
}

static bool print_json(const struct import *import, const struct import_law *laws)
{
	static const struct { const char *key; enum import_kind kind; } counts[] = {
		{ "faults", IMPORT_FAULT }, { "stage2_entries", IMPORT_SPTE },
		{ "stage2_sets", IMPORT_SET_SPTE }, { "ranges", IMPORT_RANGE },
		{ "invalidations", IMPORT_INV_START }, { "ends", IMPORT_INV_END },
		{ "memslots", IMPORT_MEMSLOT }, { "counts", IMPORT_COUNT },
		{ "page_refs", IMPORT_PAGE_REF }, { "frees", IMPORT_FREE },
	};
	struct json *json = json_begin(stdout);

	begin_line(json, import, "import");
	json_string_at(json, "form", import->form);
	json_string_at(json, "release", import->release[0] ? import->release : NULL);
	json_number_at(json, "evidence", import->level);
	json_number_at(json, "events", import->nr_read);
	json_number_at(json, "lost", import->lost);
	json_number_at(json, "gaps", import->nr_gaps);
	json_number_at(json, "unread", import->nr_unread);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		json_number_at(json, counts[i].key, import->count[counts[i].kind]);
	end_line(json);
	for (size_t i = 0; i < NR_LACKS; i++) {
		if (!import->lacks[i])
			continue;
		begin_line(json, import, "lack");
		json_string_at(json, "what", import_lack_name(i));
		json_string_at(json, "text", import->lacks[i]);
		end_line(json);
	}
	for (size_t i = 0; i < IMPORT_LAWS; i++) {
		begin_line(json, import, "law");
		json_string_at(json, "invariant", laws[i].law);
		json_string_at(json, "answer", answers[laws[i].answer]);
		json_number_at(json, "asked", laws[i].nr_asked);
		if (laws[i].answer == IMPORT_BROKEN)
			json_number_at(json, "place", laws[i].place);
		if (laws[i].text[0])
			json_string_at(json, "text", laws[i].text);
		end_line(json);
	}
	return json_end(json);
}

/* False: *@error. */
static bool write_trace(const char *path, const char *text, struct error *error)
{
	FILE *out = strcmp(path, "-") ? fopen(path, "w") : stdout;
	bool good = out && fputs(text, out) >= 0;

	if (out && out != stdout)
		good &= !fclose(out);
	return good || error_at(error, path, 0, 0, "%s", strerror(errno));
}

static int verdict_of(const struct import *import, const struct import_law *laws)
{
	int code = CODE_EXPECTED;

	for (size_t i = 0; i < NR_LACKS; i++)
		if (import->lacks[i])
			code = worse_exit_code(code, CODE_INCONCLUSIVE);
	for (size_t i = 0; i < IMPORT_LAWS; i++)
		if (laws[i].answer == IMPORT_BROKEN || laws[i].answer == IMPORT_OPEN)
			code = worse_exit_code(code, laws[i].answer == IMPORT_OPEN ?
					       CODE_INCONCLUSIVE : CODE_UNEXPECTED);
	return code;
}

static int import_one(const struct arguments *a, struct sim_progress *progress)
{
	struct import_law laws[IMPORT_LAWS];
	struct error error = { 0 };
	struct import import;
	bool good = true;
	char *text;
	int code;

	if (!import_read(a->path, progress, &import, &error))
		return complain(&error);
	if (a->nr_threads && !import_take_vm(&import, a->threads, a->nr_threads, &error)) {
		import_free(&import);
		return complain(&error);
	}
	import_judge(&import, laws);
	text = import_trace(&import, &error);
	if (a->output)
		good = text && write_trace(a->output, text, &error);
	if (a->output && !strcmp(a->output, "-"))
		;	/* the trace alone */
	else if (a->format == FORMAT_JSON)
		print_json(&import, laws);
	else
		print_text(&import, laws);
	code = good ? verdict_of(&import, laws) : complain(&error);
	if (text && !good)
		code = CODE_INTERNAL;	/* it is no bad input */
	free(text);
	import_free(&import);
	return code;
}

int cmd_import(int argc, char **argv)
{
	struct arguments a = { .path = NULL };
	int code = CODE_EXPECTED;
	enum crew_turn turn;
	struct crew crew;

	argp_parse(&argp_import, argc, argv, 0, NULL, &a);
	if (a.output && strcmp(a.output, "-") && !tool_can_write(a.output, false))
		return CODE_INTERNAL;
	crew = (struct crew){ .names = &a.path, .nr = 1 };
	while ((turn = crew_next(&crew)) != CREW_OVER) {
		if (turn == CREW_WORK)
			crew_exit_with(&crew, import_one(&a, crew.progress));
		code = crew_code(&crew, turn);
	}
	if (!crew.at)
		code = crew_code(&crew, turn);
	crew_free(&crew);
	return code;
}
