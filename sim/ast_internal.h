/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ast_internal.h: what ast.c, trace_lex.re and trace_gram.y share; nobody else includes it.
 *
 * ast.c opens files and keeps statements, the lexer makes tokens of one file, the grammar makes
 * statements of its tokens. An included file has a scanner and a parser of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim/arena.h"
#include "sim/ast.h"

#define AST_VERSION		1
#define AST_MAX_LINE		4096		/* bytes, without the line's end */
#define AST_MAX_STATEMENTS	1000000		/* of all files, include lines among them */
#define AST_MAX_TEXT		(256u << 20)	/* bytes, of all files, unpacked */
#define AST_MAX_DEPTH		8		/* files included from files */

struct ast_place {
	unsigned line, column;
};

struct ast_number {
	uint64_t bits;		/* two's complement if negative */
	bool negative;		/* written with '-' */
};

/* A file that is being read. */
struct ast_source {
	const char *name;
	/* why: NULL and 0 for the first file */
	const struct ast_source *parent;
	struct ast_place included_at;
	unsigned depth;
	/* which one: a file has many names */
	bool on_disk;
	dev_t device;
	ino_t inode;
};

/* The AST so far. Everything but the arena is scratch. */
struct ast_builder {
	struct error *error;
	struct arena *arena;
	size_t nr_includes, text_bytes;
	struct ast_statement *statements;
	size_t nr_statements, max_statements;
	/* of the statement that is being read */
	struct ast_arg *args;
	size_t nr_args, max_args;
	const char **models;
	size_t nr_models, max_models;
};

/* What the next token may be: re2c's conditions. */
enum ast_lexing {
	AST_LEX_STATEMENT,	/* start of a line, or after a label */
	AST_LEX_MODELS,		/* after expect */
	AST_LEX_VERDICT,	/* after the ':' of expect */
	AST_LEX_ARGS,
};

struct ast_scanner {
	struct ast_builder *builder;
	const struct ast_source *source;
	enum ast_lexing lexing;
	const char *cursor, *marker;	/* re2c's */
	const char *limit;		/* a NUL, the only one in the checked lines */
	const char *token;
	const char *operand_end;	/* of the last token, if that was a word or value */
	unsigned line;
	const char *line_start;
	const char *checked;		/* start of the last line that was checked */
};

/* 'text', with "..." for what is too much for @quote; never half a character. Returns @quote. */
const char *ast_quote(char *quote, size_t size, const char *text, size_t length);

/* For the grammar. All return false after an error. */
bool ast_add_arg(struct ast_scanner *s, const char *key, struct ast_place at,
		 struct ast_value value);
void ast_add_model(struct ast_builder *b, const char *model);
/* Completes @statement with the args and models added since the last one, and keeps it. */
bool ast_add_statement(struct ast_scanner *s, struct ast_statement statement,
		       struct ast_place at);
bool ast_include(struct ast_scanner *s, const char *path, struct ast_place at);
