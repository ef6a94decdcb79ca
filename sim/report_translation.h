/* SPDX-License-Identifier: GPL-2.0-only */
/* report_translation.h: what an address is at an event, for people and for programs. */
#pragma once

#include <stdio.h>

#include "sim/json.h"
#include "sim/translation.h"

/* The event and what it came to; then translations or leaves. */
void report_moment(const struct trace *trace, const struct moment *moment, FILE *out);
void report_translation(const struct trace *trace, const struct vm *vm,
			const struct translation *t, FILE *out);
/* All leaves of the current root. Returns how many. */
size_t report_leaves(struct vm *vm, FILE *out);

void report_translation_json(const char *path, const struct trace *trace,
			     const struct moment *moment, const struct translation *t,
			     struct json *json);
size_t report_leaves_json(const char *path, const struct moment *moment, struct json *json);
