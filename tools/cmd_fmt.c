/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_fmt.c: traces in the one way to write them. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stb/stb_ds.h>

#include "sim/fmt.h"
#include "sim/json.h"
#include "sim/replay.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

enum { KEY_JSON = 256, KEY_CHECK, MOST_BYTES = 256 << 20 };

struct arguments {
	bool check, in_place;
	enum output_format format;
	char **path;
	size_t nr_paths;
};

static const struct argp_option options[] = {
	{ "check", KEY_CHECK, NULL, 0,
	  "print nothing but what would change; 1 if anything would\v"
	  "It has the form of a unified diff. Nothing is written.", 0 },
	{ "in-place", 'i', NULL, 0, "write each FILE anew if it changes\v"
	  "At once: whoever opens it meanwhile has the old one or the new one.", 0 },
	{ "format", 'f', "text|json", 0,
	  "json: what would change, one object a line; default: text", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case KEY_CHECK:
		a->check = true;
		return 0;
	case 'i':
		a->in_place = true;
		return 0;
	case 'f':
		if (!parse_format(arg, TEXT_OR_JSON, &a->format))
			exit(CODE_BAD_INPUT);
		return 0;
	case KEY_JSON:
		a->format = FORMAT_JSON;
		return 0;
	case ARGP_KEY_ARGS:
		a->path = state->argv + state->next;
		a->nr_paths = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		misused(state, "which trace?");
		return 0;
	case ARGP_KEY_END:
		if (a->check && a->in_place)
			misused(state, "--check writes nothing: leave out it, or --in-place");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp argp_fmt = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE...",
	.help_filter = tool_help,
	.doc = "Print traces in the one way to write them: arguments in the order of their event's "
	       "table (pfnsim events), one blank between words, comments of lines in a row in one "
	       "column.\v"
	       "A FILE is a trace, or what traces include; \"-\" is standard input. What it means "
	       "does not change, nor does the number of its lines.\n\n"
	       "Example: pfnsim fmt --check traces/seed.trace",
};

/* ---- files ---- */

static int cannot(const char *path, const char *what)
{
	fprintf(stderr, "pfnsim: %s: %s\n", path, what);
	return CODE_BAD_INPUT;
}

/* The caller's to free; NULL: complained. */
static char *read_text(const char *path, size_t *length)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "r") : stdin;
	char *text = NULL, buffer[1 << 16];
	bool ok = in;
	size_t n;
	FILE *out = open_memstream(&text, length);

	if (!out)
		abort();
	while (ok && (n = fread(buffer, 1, sizeof(buffer), in)) > 0)
		ok = fwrite(buffer, 1, n, out) == n && ftello(out) <= MOST_BYTES;
	if (!ok || ferror(in))
		cannot(path, in && !ferror(in) ? "more than 256 MiB" : strerror(errno));
	ok = ok && !ferror(in);
	if (in && in != stdin)
		fclose(in);
	fclose(out);
	if (ok && *length >= 4 && !memcmp(text, "\x28\xb5\x2f\xfd", 4)) {
		cannot(path, "packed with zstd: unpack it first");
		ok = false;
	}
	if (!ok) {
		free(text);
		text = NULL;
	}
	return text;
}

/* ---- what would change ---- */

/* Lines that change together are shown together. */
static void print_changes(const char *path, const struct fmt *f)
{
	printf("--- %s\n+++ %s, by pfnsim fmt\n", path, path);
	for (size_t i = 0, end; i < arrlenu(f->changes); i = end) {
		for (end = i + 1; end < arrlenu(f->changes); end++)
			if (f->changes[end].line != f->changes[end - 1].line + 1)
				break;
		printf("@@ -%u,%zu +%u,%zu @@\n", f->changes[i].line, end - i, f->changes[i].line,
		       end - i);
		for (size_t k = i; k < end; k++)
			printf("-%s\n", f->changes[k].before);
		for (size_t k = i; k < end; k++)
			printf("+%s\n", f->changes[k].after);
	}
	if (!arrlenu(f->changes))
		printf("the last line does not end\n");
}

static void print_json(const char *path, const struct fmt *f)
{
	struct json *json = json_begin(stdout);

	for (size_t i = 0; i < arrlenu(f->changes); i++) {
		json_object_begin(json);
		json_number_at(json, "schema", 1);
		json_string_at(json, "type", "change");
		json_string_at(json, "trace", path);
		json_number_at(json, "line", f->changes[i].line);
		json_string_at(json, "before", f->changes[i].before);
		json_string_at(json, "after", f->changes[i].after);
		json_object_end(json);
		json_line_end(json);
	}
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", "format");
	json_string_at(json, "trace", path);
	json_bool_at(json, "canonical", f->is_canonical);
	json_number_at(json, "changes", arrlenu(f->changes));
	json_object_end(json);
	json_line_end(json);
	json_end(json);
}

static int tell(const struct arguments *a, const char *path, const struct fmt *f)
{
	int code = CODE_EXPECTED;

	if (a->format == FORMAT_JSON)
		print_json(path, f);
	else if (a->check && !f->is_canonical)
		print_changes(path, f);
	else if (!a->check && !a->in_place)
		fwrite(f->text, 1, f->length, stdout);
	if (a->in_place && !f->is_canonical)
		code = write_anew(path, f->text, f->length) ? CODE_EXPECTED : CODE_INTERNAL;
	return a->check && !f->is_canonical ? CODE_UNEXPECTED : code;
}

static int fmt_path(const struct arguments *a, const char *path)
{
	struct error error = { .text = "" };
	size_t length;
	struct fmt f;
	char *text;
	int code;

	if (a->in_place && !strcmp(path, "-"))
		return cannot(path, "standard input has no place to write to");
	text = read_text(path, &length);
	if (!text)
		return CODE_BAD_INPUT;
	if (fmt(path, text, length, &f, &error)) {
		code = tell(a, path, &f);
		fmt_free(&f);
	} else {
		code = complain(&error);
	}
	free(text);
	return code;
}

int cmd_fmt(int argc, char **argv)
{
	struct arguments a = { .check = false };
	int code = CODE_EXPECTED;

	argp_parse(&argp_fmt, argc, argv, 0, NULL, &a);
	for (size_t i = 0; i < a.nr_paths; i++)
		code = worse_exit_code(code, fmt_path(&a, a.path[i]));
	return code;
}
