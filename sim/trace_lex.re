// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_lex.re: trace format 1, from bytes to tokens.
 *
 * A line is checked (text, UTF-8, length) when its first token is asked for, so that the first
 * error of a file is the one that is reported. The generated code has no bounds: it stops at the
 * NUL behind the text, which no rule crosses, and the check has found every other NUL.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/ast_internal.h"
#include "trace_gram.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static unsigned column_of(const struct ast_scanner *s, const char *byte)
{
	return byte - s->line_start + 1;
}

/* Bytes of the UTF-8 character at @text (Unicode 15, table 3-7); 0: there is none. */
static size_t utf8_length(const char *text, const char *end)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t i, length = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 :
			   c[0] < 0xf5 ? 4 : 0;

	if (!length || length > (size_t)(end - text))
		return 0;
	for (i = 1; i < length; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	/* overlong, surrogate, beyond U+10FFFF */
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] >= 0xa0) ||
	    (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] >= 0x90))
		return 0;
	return length;
}

static bool line_is_text(struct ast_scanner *s)
{
	const char *end = memchr(s->line_start, '\n', s->limit - s->line_start);
	struct error *error = s->builder->error;
	const char *name = s->source->name, *byte;
	size_t length;

	end = end ? end : s->limit;
	if (end > s->line_start && end[-1] == '\r')
		end--;
	for (byte = s->line_start; byte < end; byte += length) {
		if (byte - s->line_start >= AST_MAX_LINE)
			return error_at(error, name, s->line, 0, "line longer than %d bytes",
					AST_MAX_LINE);
		if (*byte == '\r')
			return error_at(error, name, s->line, column_of(s, byte),
					"carriage return without a line feed after it");
		if (((unsigned char)*byte < 0x20 && *byte != '\t') || *byte == 0x7f)
			return error_at(error, name, s->line, column_of(s, byte),
					"not text: byte 0x%02x", (unsigned char)*byte);
		length = utf8_length(byte, end);
		if (!length)
			return error_at(error, name, s->line, column_of(s, byte),
					"not UTF-8: byte 0x%02x", (unsigned char)*byte);
	}
	return true;
}

/* A message about the byte @at; its value is the token that makes the parser give up. */
#define REFUSE(s, at, ...) \
	(error_at((s)->builder->error, (s)->source->name, (s)->line, column_of(s, at), \
		  __VA_ARGS__), TOK_TRACE_error)

static int refuse_token(struct ast_scanner *s, const char *why)
{
	char quote[64];

	return REFUSE(s, s->token, "%s %s",
		      ast_quote(quote, sizeof(quote), s->token, s->cursor - s->token), why);
}

static int refuse_character(struct ast_scanner *s)
{
	size_t length = utf8_length(s->token, s->limit);

	s->cursor = s->token + length;
	return refuse_token(s, "means nothing here");
}

static const char *copy_token(struct ast_scanner *s, size_t without)
{
	return arena_strndup(&s->builder->arena, s->token, s->cursor - s->token - without);
}

static int text_token(struct ast_scanner *s, TRACE_STYPE *value, int token)
{
	value->text = copy_token(s, 0);
	return token;
}

/* A word with arguments behind it. */
static int word_token(struct ast_scanner *s, TRACE_STYPE *value, int token)
{
	s->lexing = AST_LEX_ARGS;
	return text_token(s, value, token);
}

static int number_token(struct ast_scanner *s, TRACE_STYPE *value)
{
	static const char digits[] = "0123456789abcdef";
	const char *c = s->token;
	bool negative = *c == '-', overflow = false;
	uint64_t bits = 0;
	unsigned base, shift;

	c += negative;
	base = c[0] == '0' && c[1] == 'x' ? 16 : 10;
	for (c += base == 16 ? 2 : 0; c < s->cursor && !strchr("KMG", *c); c++) {
		overflow |= __builtin_mul_overflow(bits, base, &bits);
		overflow |= __builtin_add_overflow(bits, strchr(digits, *c | 0x20) - digits, &bits);
	}
	shift = c == s->cursor ? 0 : *c == 'K' ? 10 : *c == 'M' ? 20 : 30;
	overflow |= __builtin_mul_overflow(bits, (uint64_t)1 << shift, &bits);
	if (overflow || (negative && bits > (uint64_t)1 << 63))
		return refuse_token(s, "does not fit in 64 bits");
	value->number = (struct ast_number) {
		.bits = negative ? -bits : bits, .negative = negative };
	return TOK_INT;
}

/* The byte that the escape at @c (its '\\') stands for, -1 if it is none; *@c moves on. */
static int escaped_byte(const char **c)
{
	char hex[3] = "";
	int byte;

	switch ((*c)[1]) {
	case 'n':
		byte = '\n';
		break;
	case 't':
		byte = '\t';
		break;
	case '"':
	case '\\':
		byte = (*c)[1];
		break;
	case 'x':
		memcpy(hex, *c + 2, 2);
		byte = strspn(hex, "0123456789abcdefABCDEF") == 2 ? strtol(hex, NULL, 16) : -1;
		*c += 2;
		break;
	default:
		return -1;
	}
	*c += 2;
	return byte;
}

static int string_token(struct ast_scanner *s, TRACE_STYPE *value)
{
	const char *c = s->token + 1, *end = s->cursor - 1, *escape;
	char *to = arena_alloc(&s->builder->arena, s->cursor - s->token);
	int byte;

	value->text = to;
	while (c < end) {
		if (*c != '\\') {
			*to++ = *c++;
			continue;
		}
		escape = c;
		byte = escaped_byte(&c);
		if (byte < 0)
			return REFUSE(s, escape,
				      "no such escape: there are \\\" \\\\ \\n \\t \\xHH");
		if (!byte)
			return REFUSE(s, escape, "\\x00 cannot be part of a string");
		*to++ = byte;
	}
	return TOK_STRING;
}

/* KEY= with its value right behind. */
static int key_token(struct ast_scanner *s, TRACE_STYPE *value)
{
	char quote[64];

	if (strchr(" \t\r\n#", *s->cursor))
		return REFUSE(s, s->cursor, "missing value after %s",
			      ast_quote(quote, sizeof(quote), s->token, s->cursor - s->token));
	value->text = copy_token(s, 1);
	return TOK_KEY;
}

/* "a +1" could be one value or two. */
static int plus_token(struct ast_scanner *s)
{
	if (is_blank(s->token[-1]) || is_blank(*s->cursor))
		return refuse_token(s, "must have no blank before or after it");
	return TOK_PLUS;
}

static int enter(struct ast_scanner *s, enum ast_lexing lexing, int token)
{
	s->lexing = lexing;
	return token;
}

static int version_token(struct ast_scanner *s)
{
	if (s->line != 1)
		return refuse_token(s, "can be on line 1 only");
	return enter(s, AST_LEX_ARGS, TOK_PFNTRACE);
}

/* The NUL behind the text, which ends a line that has begun. */
static int end_of_text(struct ast_scanner *s)
{
	s->cursor = s->limit;
	if (s->limit == s->line_start)
		return TOK_YYEOF;
	return enter(s, AST_LEX_STATEMENT, TOK_NL);
}

/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:define:YYCURSOR = "s->cursor";
	re2c:define:YYMARKER = "s->marker";
	re2c:define:YYGETCONDITION = "s->lexing";
	re2c:define:YYGETCONDITION:naked = 1;
	re2c:condenumprefix = AST_LEX_;
	re2c:yyfill:enable = 0;

	blank = [ \t];
	word = [A-Za-z0-9_.-];
	ident = [A-Za-z_] word*;
	name = ident ("," word+)*;
	int = "-"? ([0-9]+ | "0x" [0-9a-fA-F]+) [KMG]?;
	string = ["] ([^"\\\r\n\x00] | "\\" [^\r\n\x00])* ["];
	directive = "title" | "source" | "need" | "config" | "thread" | "order" | "join" |
		    "bug" | "case" | "judge" | "note" | "lacks" | "schedule" | "turn";
*/

static int scan(struct ast_scanner *s, TRACE_STYPE *value)
{
again:
	s->token = s->cursor;
/*!re2c
	<STATEMENT> "pfntrace"	{ return version_token(s); }
	<STATEMENT> "include"	{ return enter(s, AST_LEX_ARGS, TOK_INCLUDE); }
	<STATEMENT> "expect"	{ return enter(s, AST_LEX_MODELS, TOK_EXPECT); }
	<STATEMENT> directive	{ return word_token(s, value, TOK_DIRECTIVE); }
	<STATEMENT> ident	{ return word_token(s, value, TOK_WORD); }
	<STATEMENT> "expect" / ":" { return enter(s, AST_LEX_MODELS, TOK_EXPECT); }
	<STATEMENT> ("pfntrace" | "include" | directive) ":" {
				  return refuse_token(s, "cannot be a label: the word is taken"); }
	<STATEMENT> ident ":"	{ value->text = copy_token(s, 1); return TOK_LABEL; }

	<MODELS> ident		{ return text_token(s, value, TOK_MODEL); }
	<MODELS> ":"		{ return enter(s, AST_LEX_VERDICT, TOK_COLON); }
	<VERDICT> ident		{ return word_token(s, value, TOK_VERDICT); }

	<ARGS> ident "="	{ return key_token(s, value); }
	<ARGS> name		{ return text_token(s, value, TOK_NAME); }

	<*> int			{ return number_token(s, value); }
	<*> "-"? [0-9] word*	{ return refuse_token(s, "is neither a number nor a name"); }
	<*> string		{ return string_token(s, value); }
	<*> ["]			{ return REFUSE(s, s->token, "string without an end"); }
	<*> "+"			{ return plus_token(s); }
	<*> "="			{ return refuse_token(s, "must directly follow a key"); }
	<*> ","			{ return TOK_COMMA; }
	<STATEMENT, VERDICT, ARGS> ":"	{ return TOK_COLON; }
	<*> blank+		{ goto again; }
	<*> "#" [^\n\x00]*	{ goto again; }
	<*> "\r"? "\n"		{ return enter(s, AST_LEX_STATEMENT, TOK_NL); }
	<*> "\r"? "\x00"	{ return end_of_text(s); }
	<*> *			{ return refuse_character(s); }
*/
}

static bool line_is_fit(struct ast_scanner *s)
{
	if (!line_is_text(s))
		return false;
	if (s->line == 1 && strncmp(s->line_start, "pfntrace", strlen("pfntrace")))
		return error_at(s->builder->error, s->source->name, 1, 1,
				"line 1 must be 'pfntrace %d'", AST_VERSION);
	return true;
}

/* Two of these must have a blank between them: 7"x" or 5-3 is a slip. */
static bool is_operand(int token)
{
	return token != TOK_PLUS && token != TOK_COMMA && token != TOK_COLON && token != TOK_NL &&
	       token != TOK_YYEOF;
}

int trace_lex(TRACE_STYPE *value, TRACE_LTYPE *at, struct ast_scanner *s)
{
	int token;

	if (s->checked != s->line_start) {
		s->checked = s->line_start;
		if (!line_is_fit(s))
			return TOK_TRACE_error;
	}
	token = scan(s, value);
	*at = (struct ast_place) { .line = s->line, .column = column_of(s, s->token) };
	if (token == TOK_TRACE_error)
		return token;
	if (is_operand(token) && s->token == s->operand_end)
		return refuse_token(s, "needs a blank before it");
	s->operand_end = is_operand(token) && token != TOK_KEY && token != TOK_LABEL ?
			 s->cursor : NULL;
	if (token == TOK_NL) {
		s->line_start = s->cursor;
		s->line++;
	}
	return token;
}
