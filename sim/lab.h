/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab.h: a trace as a script of the lab, so that a real kernel does what the model does.
 *
 * The lab's language is that of docs/RECORDINGS.md, which conform reads back into the same events.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sim/error.h"

struct lab_script { char *text; };	/* with what is watched; lab_script_free() */

/*
 * The commands that do what the trace at @path says. False: it cannot be read, or says something
 * that the lab cannot bring about; *@error has the place, and why.
 */
bool lab_script(const char *path, struct lab_script *script, struct error *error);
void lab_script_free(struct lab_script *script);
