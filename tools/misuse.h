/* SPDX-License-Identifier: GPL-2.0-only */
/* misuse.h: a command line that is wrong: one line on stderr. */
#pragma once

#include <argp.h>

/* "PROGRAM: text; PROGRAM --help says more" */
__attribute__((format(printf, 2, 3)))
void misuse(const char *program, const char *format, ...);
/* The same of the command whose options are parsed; exits with CODE_BAD_INPUT. */
__attribute__((format(printf, 2, 3), noreturn))
void misused(const struct argp_state *state, const char *format, ...);
