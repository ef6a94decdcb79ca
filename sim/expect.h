/* SPDX-License-Identifier: GPL-2.0-only */
/* expect.h: the statements "expect MODELS: VERDICT ..." of a trace. */
#pragma once

#include "sim/ast.h"
#include "sim/event.h"

/* "old", "new", "series", "all", a name or an alias: does it mean @patch? */
/* Of a semantics, or of a group. */
bool model_exists(const char *model);
bool model_matches(const char *model, const struct semantics_patch *patch);
/* The keys of a verdict's arguments, in order, and then NULL; NULL: there is no such. */
const char *const *expect_keys(const char *verdict);
/* Static checks: words, labels, laws. */
bool expect_check(const struct ast_statement *s, const struct names *names, struct error *error);
/* Its argument KEY=NAME, or (NULL) the one without a key; NULL if there is none. */
const char *expect_name(const struct ast_statement *s, const char *key);
/* Its argument KEY=NUMBER; false: there is none. */
bool expect_number(const struct ast_statement *s, const char *key, uint64_t *number);
