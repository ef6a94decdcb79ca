/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ast.h: a trace as it was written: statements with their keys, values and places.
 *
 * Nothing here knows what an event means; sim/event.c does. docs/TRACE-FORMAT.md is the grammar.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/error.h"

enum ast_value_type {
	AST_INT,	/* 7, 0x2000, 32K, 2M, 1G, -1 */
	AST_RANGE,	/* START+COUNT */
	AST_NAME,	/* identifier, or NAME+OFFSET with .name and .offset */
	AST_STRING,	/* "..." */
};

struct ast_value {
	enum ast_value_type type;
	int64_t number;		/* AST_INT; AST_RANGE: start.  Unsigned 64-bit values wrap */
	uint64_t count;		/* AST_RANGE */
	const char *name;	/* AST_NAME, AST_STRING */
	uint64_t offset;	/* AST_NAME: NAME+OFFSET, else 0 */
	bool has_offset;
	unsigned column;
};

struct ast_arg {
	const char *key;	/* NULL: positional */
	struct ast_value value;
	unsigned column;	/* of the key, or of a positional value */
};

enum ast_kind {
	AST_DIRECTIVE,	/* title, source, need, config, bug ...: facts about the trace */
	AST_EVENT,	/* [LABEL:] NAME args */
	AST_EXPECT,	/* expect MODELS: VERDICT args */
};

struct ast_statement {
	enum ast_kind kind;
	const char *file;	/* the file it stands in (an included one, perhaps) */
	unsigned line, column;
	const char *label;	/* AST_EVENT: NULL if none */
	const char *word;	/* directive word, event name, or AST_EXPECT's verdict word */
	const char **models;	/* AST_EXPECT: names as written */
	size_t nr_models;
	struct ast_arg *args;
	size_t nr_args;
};

struct ast {
	unsigned version;	/* of the format: 1 */
	struct ast_statement *statements;
	size_t nr_statements;
	void *arena;		/* owns every string and array above */
};

/*
 * Read the trace at @path (plain or .zst; "-" is standard input) with what it includes.
 * On false *@error says where and why, and *@ast holds nothing to free.
 */
bool ast_read(const char *path, struct ast *ast, struct error *error);
/* The same from memory; @name is used in messages, includes are relative to its folder. */
bool ast_parse(const char *name, const char *text, size_t length, struct ast *ast,
	       struct error *error);
void ast_free(struct ast *ast);
/* As a STRING of the format. */
void ast_print_string(const char *text, FILE *out);
/* As the grammar has it; numbers are hexadecimal. */
void ast_print_value(const struct ast_value *value, FILE *out);
