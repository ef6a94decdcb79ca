// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_gram.y: trace format 1, from tokens to statements.
 *
 * The whole language. Between tokens may stand blanks (space, tab), except where "~" says that
 * there is none; two words, values or KEY= must have a blank between them.
 *
 *   file       = "pfntrace" INT NL { line } ;		INT is 1; nothing comes before it
 *   line       = [ include | directive | event | expect ] [ COMMENT ] NL ;
 *   include    = "include" STRING ;			from the folder of the including file
 *   directive  = ( "title" | "source" | "need" | "config" | "thread" | "order" | "join" |
 *                  "bug" | "case" | "judge" | "note" | "lacks" | "schedule" | "turn" ) { arg } ;
 *   event      = [ LABEL ] IDENT { arg } ;
 *   LABEL      = IDENT ~ ":" ;
 *   expect     = "expect" IDENT { "," IDENT } ":" IDENT { arg } ;	models, then a verdict
 *   arg        = [ KEY ~ "=" ~ ] value ;			a KEY once in a statement
 *   KEY        = IDENT ;
 *   value      = INT | INT ~ "+" ~ COUNT | NAME | NAME ~ "+" ~ COUNT | STRING ;
 *   COUNT      = INT ;					without "-"
 *
 *   IDENT      = ( letter | "_" ) { letter | digit | "_" | "." | "-" } ;
 *   NAME       = IDENT { "," part } ;			one name, as in flags=ro,log
 *   part       = ( letter | digit | "_" | "." | "-" ) { letter | digit | "_" | "." | "-" } ;
 *   INT        = [ "-" ] ( digit { digit } | "0x" hex { hex } ) [ "K" | "M" | "G" ] ;
 *   STRING     = '"' { character | escape } '"' ;		character: none of '"', "\", NL
 *   escape     = '\"' | "\\" | "\n" | "\t" | "\x" hex hex ;	not \x00
 *   COMMENT    = "#" { character of any kind but NL } ;	not inside a STRING
 *   NL         = LF | CR LF | end of file after an unfinished line ;
 *
 * An event's name and a label are none of the words quoted above; everywhere else these words
 * mean nothing. A leading 0 does not mean octal. K, M, G multiply by 2^10, 2^20, 2^30; an INT is
 * -2^63 .. 2^64-1 with its suffix. Text is UTF-8 without control characters but tab, outside of
 * COMMENT and STRING only ASCII. Limits: ast_internal.h.
 */

%require "3.8"
%define api.pure full
%define api.prefix {trace_}
%define api.token.prefix {TOK_}
%define api.location.type {struct ast_place}
%define parse.error custom
/* Without it a default reduction before the error would hide most of what was expected. */
%define parse.lac full
%locations
%param { struct ast_scanner *s }

%code requires {
#include "sim/ast_internal.h"
}

%union {
	const char *text;
	struct ast_number number;
	struct ast_value value;
}

%code provides {
int trace_lex(TRACE_STYPE *value, TRACE_LTYPE *at, struct ast_scanner *s);
}

%code {
#include <stdio.h>

/* The place of a thing is the place of its first token. */
#define YYLLOC_DEFAULT(Current, Rhs, N)	((Current) = YYRHSLOC(Rhs, (N) ? 1 : 0))

static void trace_error(const struct ast_place *at, struct ast_scanner *s, const char *text);
static bool version_is_known(struct ast_scanner *s, struct ast_place at, struct ast_number number);
static bool take_count(struct ast_scanner *s, struct ast_place at, struct ast_number number,
		     uint64_t *count);
}

%token YYEOF 0 "the end of the file"
%token PFNTRACE "'pfntrace'" INCLUDE "'include'" EXPECT "'expect'"
%token <text> DIRECTIVE "a directive" LABEL "a label" WORD "an event name"
%token <text> MODEL "a model name" VERDICT "a verdict"
%token <text> KEY "KEY=VALUE"
%token <number> INT "a number"
%token <text> NAME "a name" STRING "a string"
%token PLUS "'+'" COMMA "','" COLON "':'" NL "the end of the line"
%type <value> value

%%

file:
	version lines
;

version:
	/* Before another token is read: a later version may have other tokens. */
	PFNTRACE INT { if (!version_is_known(s, @INT, $INT)) YYABORT; } NL
;

lines:
	%empty
|	lines line
;

line:
	NL
|	INCLUDE STRING NL	{ if (!ast_include(s, $STRING, @STRING)) YYABORT; }
|	statement NL
;

statement:
	DIRECTIVE args {
		if (!ast_add_statement(s, (struct ast_statement) {
				.kind = AST_DIRECTIVE, .word = $DIRECTIVE }, @$))
			YYABORT;
	}
|	WORD args {
		if (!ast_add_statement(s, (struct ast_statement) {
				.kind = AST_EVENT, .word = $WORD }, @$))
			YYABORT;
	}
|	LABEL WORD args {
		if (!ast_add_statement(s, (struct ast_statement) {
				.kind = AST_EVENT, .label = $LABEL, .word = $WORD }, @$))
			YYABORT;
	}
|	EXPECT models COLON VERDICT args {
		if (!ast_add_statement(s, (struct ast_statement) {
				.kind = AST_EXPECT, .word = $VERDICT }, @$))
			YYABORT;
	}
;

models:
	MODEL			{ ast_add_model(s->builder, $MODEL); }
|	models COMMA MODEL	{ ast_add_model(s->builder, $MODEL); }
;

args:
	%empty
|	args arg
;

arg:
	value		{ if (!ast_add_arg(s, NULL, @value, $value)) YYABORT; }
|	KEY value	{ if (!ast_add_arg(s, $KEY, @KEY, $value)) YYABORT; }
;

value:
	INT {
		$$ = (struct ast_value) {
			.type = AST_INT, .number = (int64_t)$INT.bits, .column = @$.column };
	}
|	INT[start] PLUS INT[count] {
		$$ = (struct ast_value) {
			.type = AST_RANGE, .number = (int64_t)$start.bits, .column = @$.column };
		if (!take_count(s, @count, $count, &$$.count))
			YYABORT;
	}
|	NAME {
		$$ = (struct ast_value) { .type = AST_NAME, .name = $NAME, .column = @$.column };
	}
|	NAME PLUS INT {
		$$ = (struct ast_value) {
			.type = AST_NAME, .name = $NAME, .has_offset = true, .column = @$.column };
		if (!take_count(s, @INT, $INT, &$$.offset))
			YYABORT;
	}
|	STRING {
		$$ = (struct ast_value) {
			.type = AST_STRING, .name = $STRING, .column = @$.column };
	}
;

%%

static bool version_is_known(struct ast_scanner *s, struct ast_place at, struct ast_number number)
{
	if (number.bits == AST_VERSION)
		return true;
	if (number.negative || !number.bits)
		return error_at(s->builder->error, s->source->name, at.line, at.column,
				"no such trace format: this build reads version %d", AST_VERSION);
	return error_at(s->builder->error, s->source->name, at.line, at.column,
			"trace format %llu is too new: this build reads version %d",
			(unsigned long long)number.bits, AST_VERSION);
}

static bool take_count(struct ast_scanner *s, struct ast_place at, struct ast_number number,
		     uint64_t *count)
{
	*count = number.bits;
	if (!number.negative)
		return true;
	return error_at(s->builder->error, s->source->name, at.line, at.column,
			"what follows '+' must not be negative");
}

/* Bison's own errors; here that is only "memory exhausted". */
static void trace_error(const struct ast_place *at, struct ast_scanner *s, const char *text)
{
	error_at(s->builder->error, s->source->name, at->line, at->column, "%s", text);
}

/* "A, B or C" of what the parser could go on with. */
static void list_expected(const yypcontext_t *context, char *list, size_t size)
{
	yysymbol_kind_t expected[YYNTOKENS];
	int i, nr = yypcontext_expected_tokens(context, expected, YYNTOKENS);
	size_t used = 0;

	*list = '\0';
	for (i = 0; i < nr; i++) {
		/* Where one statement may start, all may. */
		if (expected[i] == YYSYMBOL_INCLUDE) {
			snprintf(list, size, "a statement");
			return;
		}
	}
	for (i = 0; i < nr && used < size; i++)
		used += snprintf(list + used, size - used, "%s%s",
				 !i ? "" : i < nr - 1 ? ", " : " or ", yysymbol_name(expected[i]));
}

static int yyreport_syntax_error(const yypcontext_t *context, struct ast_scanner *s)
{
	const struct ast_place *at = yypcontext_location(context);
	yysymbol_kind_t found = yypcontext_token(context);
	char expected[256], quote[64];

	list_expected(context, expected, sizeof(expected));
	error_at(s->builder->error, s->source->name, at->line, at->column,
		 "found %s, expected %s",
		 found == YYSYMBOL_NL || found == YYSYMBOL_YYEOF ? yysymbol_name(found) :
		 ast_quote(quote, sizeof(quote), s->token, s->cursor - s->token), expected);
	return 0;
}
