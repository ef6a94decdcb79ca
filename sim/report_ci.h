/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_ci.h: replays as those who run them unattended read them: JUnit's XML, SARIF 2.1.0,
 * annotations of GitHub. All inputs of a run in one document. Of what the baseline has,
 * JUnit skips the case, SARIF has a suppression, GitHub a notice.
 */
#pragma once

#include "sim/baseline.h"
#include "sim/ci.h"

/* False: a write error. */
bool ci_print_junit(const struct ci *ci, FILE *out);
bool ci_print_sarif(const struct ci *ci, const char *version, FILE *out);
bool ci_print_github(const struct ci *ci, FILE *out);
