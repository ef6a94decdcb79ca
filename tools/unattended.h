/* SPDX-License-Identifier: GPL-2.0-only */
/* unattended.h: --baseline, --jobs, --timeout, and the summary, of commands with many inputs. */
#pragma once

#include <argp.h>

#include "sim/baseline.h"
#include "sim/ci.h"
#include "tools/crew.h"
#include "tools/pfnsim.h"

enum { KEY_BASELINE = 512, KEY_UPDATE_BASELINE, KEY_TIMEOUT };

#define UNATTENDED_OPTIONS \
	{ "jobs", 'j', "N", 0, "run N inputs at a time; the output is the same", 0 }, \
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0, \
	  "an input that takes longer is inconclusive", 0 }, \
	{ "baseline", KEY_BASELINE, "FILE", 0, \
	  "verdicts that are accepted; new ones fail, those that no longer occur are told\v" \
	  "What is accepted is named as such.", 0 }, \
	{ "update-baseline", KEY_UPDATE_BASELINE, NULL, 0, \
	  "write the baseline anew, so that it accepts this run; its comments stay", 0 }, \
	QUIET_OPTION

struct unattended {
	const char *file;
	bool update;
	struct baseline baseline;	/* if .file */
	struct crew crew;
	bool json;			/* say what is accepted, and the sum, as JSON */
	bool silent;			/* not at all: another document has it */
	size_t told;			/* cases */
};

error_t unattended_parse(struct unattended *u, int key, char *arg, struct argp_state *state);
/* False: complained. */
bool unattended_begin(struct unattended *u, struct ci *ci);
/*
 * crew_next() of @inputs. In the parent, cases and findings of the input have been added to @ci,
 * and held against the baseline; what is accepted, late or crashed has been said.
 */
enum crew_turn unattended_next(struct unattended *u, char **inputs, struct ci *ci);
/* From the child. */
void unattended_send(struct unattended *u, const struct ci *mine);
/* What is stale, the baseline anew, the sum: the exit code. */
int unattended_end(struct unattended *u, struct ci *ci);
void unattended_free(struct unattended *u, struct ci *ci);
/* As one of OF_CI on standard output; false: a write error. */
bool print_ci(const struct ci *ci, enum output_format format);
