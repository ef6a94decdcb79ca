/* SPDX-License-Identifier: GPL-2.0-only */
#include "tools/misuse.h"
#include "tools/unattended.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/json.h"
#include "sim/report_ci.h"

error_t unattended_parse(struct unattended *u, int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'j':
		u->crew.jobs = parse_count(arg, MAX_JOBS, "--jobs", state);
		return 0;
	case 'q':
		tool_be_quiet();
		return 0;
	case KEY_TIMEOUT:
		u->crew.timeout = parse_count(arg, 1000000, "--timeout", state);
		return 0;
	case KEY_BASELINE:
		u->file = arg;
		return 0;
	case KEY_UPDATE_BASELINE:
		u->update = true;
		return 0;
	case ARGP_KEY_END:
		if (u->update && !u->file)
			misused(state, "--update-baseline: which --baseline?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

bool unattended_begin(struct unattended *u, struct ci *ci)
{
	struct error error = { .text = "" };

	if (!u->file)
		return true;
	if (!baseline_load(u->file, u->update, &u->baseline, &error)) {
		complain(&error);
		return false;
	}
	ci->baseline = &u->baseline;
	return true;
}

/* ---- one input ---- */

static void tell_json(const struct unattended *u, const struct ci_case *c,
		      const struct ci_finding *f)
{
	struct json *json = json_begin(stdout);

	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", f->accepted ? "accepted" : "unfinished");
	json_string_at(json, "trace", c->input);
	if (c->semantics[0])
		json_string_at(json, "semantics", c->semantics);
	json_string_at(json, "rule", f->rule);
	json_string_at(json, "what", f->what);
	if (f->accepted) {
		json_string_at(json, "baseline", u->baseline.name);
		json_number_at(json, "line", u->baseline.rows[f->accepted - 1].line);
	}
	json_object_end(json);
	json_line_end(json);
	json_end(json);
}

static void tell_finding(const struct unattended *u, const struct ci_case *c,
			 const struct ci_finding *f)
{
	bool late = !strcmp(f->rule, CI_TIMEOUT), crash = !strcmp(f->rule, CI_CRASH);

	if (late || crash)
		fprintf(stderr, "pfnsim: %s: %s\n", c->input, f->text);
	if (u->silent || (!f->accepted && !late && !crash))
		return;
	if (u->json)
		tell_json(u, c, f);
	else if (f->accepted)
		printf("accepted by %s:%u: %s %s %s %s\n", u->baseline.name,
		       u->baseline.rows[f->accepted - 1].line, c->input,
		       c->semantics[0] ? c->semantics : "-", f->rule, f->what);
	else
		printf("%s: inconclusive: %s\n", c->input, f->text);
}

static void take_input(struct unattended *u, enum crew_turn turn, char **inputs, struct ci *ci)
{
	const char *input = inputs[u->crew.at];
	size_t first = arrlenu(ci->cases);
	char why[64];

	snprintf(why, sizeof(why), "not done in %u s", u->crew.timeout);
	if (turn == CREW_TIMEOUT)
		ci_add_end(ci, input, CI_TIMEOUT, why);
	else if (turn == CREW_CRASH || !ci_read(ci, u->crew.result))
		ci_add_end(ci, input, CI_CRASH, "the program crashed, or could not write");
	if (u->file)
		baseline_accept(&u->baseline, ci, first);
	for (size_t i = first; i < arrlenu(ci->cases); i++)
		for (size_t k = 0; k < ci->cases[i].nr; k++)
			tell_finding(u, &ci->cases[i], &ci->findings[ci->cases[i].first + k]);
}

enum crew_turn unattended_next(struct unattended *u, char **inputs, struct ci *ci)
{
	enum crew_turn turn;

	u->crew.names = inputs;
	u->crew.nr = arrlenu(inputs);
	turn = crew_next(&u->crew);
	if (turn == CREW_OVER)
		ci->left = u->crew.nr - u->crew.at;
	else if (turn != CREW_WORK)
		take_input(u, turn, inputs, ci);
	return turn;
}

void unattended_send(struct unattended *u, const struct ci *mine)
{
	ci_write(mine, u->crew.result);
}

/* ---- the end ---- */

static bool update(const struct unattended *u, const struct ci *ci)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	bool ok;

	if (!out)
		abort();
	baseline_print(&u->baseline, ci, out);
	fclose(out);
	ok = write_anew(u->file, text, length);
	free(text);
	return ok;
}

/* What the file says now accepts what it had to. */
static bool update_and_accept(struct unattended *u, struct ci *ci)
{
	struct error error = { .text = "" };

	if (!update(u, ci))
		return false;
	baseline_free(&u->baseline);
	if (!baseline_load(u->file, false, &u->baseline, &error)) {
		complain(&error);
		return false;
	}
	for (size_t i = 0; i < arrlenu(ci->findings); i++)
		ci->findings[i].accepted = 0;
	baseline_accept(&u->baseline, ci, 0);
	return true;
}

int unattended_end(struct unattended *u, struct ci *ci)
{
	int code = CODE_EXPECTED;

	if (ci->left)
		fprintf(stderr, "pfnsim: interrupted: %zu of %zu inputs have not been run\n",
			ci->left, u->crew.nr);
	if (u->update && ci->left)
		fprintf(stderr, "pfnsim: %s: stays as it is\n", u->file);
	else if (u->update && !update_and_accept(u, ci))
		code = CODE_INTERNAL;
	if (u->file)
		baseline_list_stale(&u->baseline, ci);
	if (u->json) {
		ci_print_total(ci, stdout);
	} else {
		for (size_t i = 0; !u->silent && i < arrlenu(ci->stale); i++)
			printf("stale: %s:%u: %s\n", u->file, ci->stale[i].line,
			       ci->stale[i].text);
		if (!u->silent)
			ci_print_summary(ci, stdout);
	}
	return worse_exit_code(code, ci_exit_code(ci));
}

void unattended_free(struct unattended *u, struct ci *ci)
{
	crew_free(&u->crew);
	ci_free(ci);
	if (u->file)
		baseline_free(&u->baseline);
}

bool print_ci(const struct ci *ci, enum output_format format)
{
	switch (format) {
	case FORMAT_JUNIT:
		return ci_print_junit(ci, stdout);
	case FORMAT_SARIF:
		return ci_print_sarif(ci, PFNSIM_VERSION, stdout);
	default:
		return ci_print_github(ci, stdout);
	}
}
