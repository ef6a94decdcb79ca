/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * options.h: a command's options as the rows of its struct argp, for whoever lists them.
 *
 * A row's .doc is what --help says of it, and behind \v what only the manual page adds, in
 * scdoc's markup. A row's .arg is words to choose from, or in capitals what it is: kinds[]
 * of tools/cmd_complete.c knows them all.
 */
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

/* The options that argp gives every command; ends with a row of zeroes. */
extern const struct argp_option options_of_all[];

/* The row at place @i, those of all commands behind the command's own; NULL: none. */
const struct argp_option *option_at(const struct argp *argp, size_t i);
/* "name" of "--name", or what it may be abbreviated to; NULL: none, or several. */
const struct argp_option *option_of_name(const struct argp *argp, const char *name, size_t length);
const struct argp_option *option_of_letter(const struct argp *argp, char letter);
/* Has it "-x"? */
bool option_has_letter(const struct argp_option *option);
/* The option whose value is the word behind @word; NULL: that is on its own. */
const struct argp_option *option_before(const struct argp *argp, const char *word);
/* False: one is not, or has a value that it does not take, or none; a line on stderr says so. */
bool options_are_known(const struct argp *argp, int argc, char **argv);
