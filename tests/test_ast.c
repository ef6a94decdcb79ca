// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reader of trace format 1: what a trace may say, and that whatever else it says is refused
 * with one message at the right byte. Also what it stands on: error_at() and the arena.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "sim/arena.h"
#include "sim/ast.h"
#include "sim/error.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NO_FILE		"No such file or directory"

/* A folder of its own for each program run: the group's state. */
struct folder {
	char path[128];
	char *files[64];
	size_t nr_files;
};

static int folder_make(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct folder *folder = calloc(1, sizeof(*folder));

	if (!folder)
		return -1;
	snprintf(folder->path, sizeof(folder->path), "%s/test_ast.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder->path))
		return -1;
	*state = folder;
	return 0;
}

static int folder_remove(void **state)
{
	struct folder *folder = *state;

	while (folder->nr_files) {
		remove(folder->files[--folder->nr_files]);
		free(folder->files[folder->nr_files]);
	}
	rmdir(folder->path);
	free(folder);
	return 0;
}

/* The path of @name in the folder, which takes it away in the end. */
static const char *folder_path(struct folder *folder, const char *name)
{
	const size_t room = sizeof(folder->path) + 32;
	char *path = malloc(room);

	assert_non_null(path);
	assert_true(folder->nr_files < ARRAY_SIZE(folder->files));
	folder->files[folder->nr_files++] = path;
	assert_true((size_t)snprintf(path, room, "%s/%s", folder->path, name) < room);
	return path;
}

static const char *folder_write(struct folder *folder, const char *name, const void *bytes,
				size_t length)
{
	const char *path = folder_path(folder, name);
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	return path;
}

static const char *folder_write_text(struct folder *folder, const char *name, const char *text)
{
	return folder_write(folder, name, text, strlen(text));
}

/* From a block that ends where the text ends, so that a sanitizer sees each byte too many. */
static bool parse_bytes(const char *name, const char *text, size_t length, struct ast *ast,
			struct error *error)
{
	char *exact = malloc(length ? length : 1);
	bool ok;

	assert_non_null(exact);
	memcpy(exact, text, length);
	ok = ast_parse(name, exact, length, ast, error);
	free(exact);
	return ok;
}

/* @body is what follows line 1. */
static struct ast parse_body(const char *body)
{
	struct error error = { .text = "" };
	char text[256];
	struct ast ast;

	assert_true((size_t)snprintf(text, sizeof(text), "pfntrace 1\n%s", body) < sizeof(text));
	if (!parse_bytes("t.trace", text, strlen(text), &ast, &error))
		fail_msg("%s:%u:%u: %s", error.file, error.line, error.column, error.text);
	return ast;
}

static struct ast read_good(const char *path)
{
	struct error error = { .text = "" };
	struct ast ast;

	if (!ast_read(path, &ast, &error))
		fail_msg("%s:%u:%u: %s", error.file, error.line, error.column, error.text);
	return ast;
}

static void assert_error(const struct error *error, const char *file, unsigned line,
			 unsigned column, const char *text)
{
	assert_string_equal(error->text, text);
	assert_string_equal(error->file, file);
	assert_int_equal(error->line, line);
	assert_int_equal(error->column, column);
}

static void assert_nothing_in(const struct ast *ast)
{
	assert_int_equal(ast->nr_statements, 0);
	assert_null(ast->statements);
	assert_null(ast->arena);
}

static void refuse_file(const char *path, const char *file, unsigned line, unsigned column,
			const char *text)
{
	struct error error = { .text = "" };
	struct ast ast;

	assert_false(ast_read(path, &ast, &error));

	assert_error(&error, file, line, column, text);
	assert_nothing_in(&ast);
}

/* Rows: what is read. */

static void a_version_line_alone_is_a_trace_without_statements(void **state)
{
	struct ast ast = parse_body("");

	(void)state;
	assert_int_equal(ast.version, 1);
	assert_int_equal(ast.nr_statements, 0);
	ast_free(&ast);
}

static void an_event_has_a_label_a_name_and_arguments_in_order(void **state)
{
	struct ast ast = parse_body("f1: fault p1 gfn=0x105 access=w");
	const struct ast_statement *s = ast.statements;

	(void)state;
	assert_int_equal(ast.nr_statements, 1);
	assert_int_equal(s->kind, AST_EVENT);
	assert_string_equal(s->label, "f1");
	assert_string_equal(s->word, "fault");
	assert_int_equal(s->nr_args, 3);
	assert_null(s->args[0].key);
	assert_string_equal(s->args[0].value.name, "p1");
	assert_string_equal(s->args[1].key, "gfn");
	assert_int_equal(s->args[1].value.number, 0x105);
	assert_string_equal(s->args[2].key, "access");
	assert_string_equal(s->args[2].value.name, "w");
	ast_free(&ast);
}

static void an_event_without_label_and_arguments_has_none(void **state)
{
	struct ast ast = parse_body("flush");

	(void)state;
	assert_null(ast.statements[0].label);
	assert_null(ast.statements[0].args);
	assert_null(ast.statements[0].models);
	assert_int_equal(ast.statements[0].nr_args, 0);
	assert_int_equal(ast.statements[0].nr_models, 0);
	ast_free(&ast);
}

static void a_label_may_touch_its_event(void **state)
{
	struct ast ast = parse_body("f1:fault");

	(void)state;
	assert_string_equal(ast.statements[0].label, "f1");
	assert_string_equal(ast.statements[0].word, "fault");
	ast_free(&ast);
}

static void title_source_need_and_config_are_directives(void **state)
{
	static const char *const words[] = { "title", "source", "need", "config" };
	struct ast ast = parse_body("title \"a\"\nsource mail\nneed thp\nconfig levels=5\n");
	size_t i;

	(void)state;
	assert_int_equal(ast.nr_statements, 4);
	for (i = 0; i < 4; i++) {
		assert_int_equal(ast.statements[i].kind, AST_DIRECTIVE);
		assert_string_equal(ast.statements[i].word, words[i]);
		assert_int_equal(ast.statements[i].nr_args, 1);
	}
	ast_free(&ast);
}

static void any_other_word_is_an_event(void **state)
{
	struct ast ast = parse_body("titles\nmemslot 0\nfrobnicate\nall\npfntrace1\n");
	size_t i;

	(void)state;
	assert_int_equal(ast.nr_statements, 5);
	for (i = 0; i < 5; i++)
		assert_int_equal(ast.statements[i].kind, AST_EVENT);
	ast_free(&ast);
}

static void words_of_the_format_mean_nothing_as_values_and_keys(void **state)
{
	struct ast ast = parse_body("page include title=expect pfntrace=source");

	(void)state;
	assert_string_equal(ast.statements[0].args[0].value.name, "include");
	assert_string_equal(ast.statements[0].args[1].key, "title");
	assert_string_equal(ast.statements[0].args[1].value.name, "expect");
	assert_string_equal(ast.statements[0].args[2].key, "pfntrace");
	ast_free(&ast);
}

static void an_expectation_has_models_a_verdict_and_arguments(void **state)
{
	struct ast ast = parse_body("expect v6.8-rc3,v11,old: violation refs-match at=f1");
	const struct ast_statement *s = ast.statements;

	(void)state;
	assert_int_equal(s->kind, AST_EXPECT);
	assert_string_equal(s->word, "violation");
	assert_null(s->label);
	assert_int_equal(s->nr_models, 3);
	assert_string_equal(s->models[0], "v6.8-rc3");
	assert_string_equal(s->models[1], "v11");
	assert_string_equal(s->models[2], "old");
	assert_int_equal(s->nr_args, 2);
	assert_string_equal(s->args[0].value.name, "refs-match");
	assert_string_equal(s->args[1].key, "at");
	ast_free(&ast);
}

static void models_may_have_blanks_around_comma_and_colon(void **state)
{
	struct ast ast = parse_body("expect old , new\t,all : ok\nexpect all:ok");

	(void)state;
	assert_int_equal(ast.statements[0].nr_models, 3);
	assert_string_equal(ast.statements[0].models[2], "all");
	assert_string_equal(ast.statements[0].word, "ok");
	assert_int_equal(ast.statements[1].nr_models, 1);
	assert_string_equal(ast.statements[1].word, "ok");
	ast_free(&ast);
}

struct number {
	const char *name, *text;
	int64_t value;
};

static const struct number numbers[] = {
	{ "zero_is_a_number", "0", 0 },
	{ "a_decimal_number_is_read", "1234567890", 1234567890 },
	{ "a_leading_zero_does_not_mean_octal", "010", 10 },
	{ "a_hexadecimal_number_is_read", "0x2000", 0x2000 },
	{ "hexadecimal_digits_may_be_capitals", "0xAbCdEf", 0xabcdef },
	{ "K_is_1024", "32K", 32 << 10 },
	{ "M_is_1024_K", "2M", 2 << 20 },
	{ "G_is_1024_M", "3G", 3ll << 30 },
	{ "a_hexadecimal_number_may_have_a_suffix", "0x10K", 16 << 10 },
	{ "a_number_may_be_negative", "-1", -1 },
	{ "a_negative_number_may_have_a_suffix", "-0x2M", -(2 << 20) },
	{ "minus_zero_is_zero", "-0", 0 },
	{ "2_to_the_64_minus_1_fits_and_wraps", "18446744073709551615", -1 },
	{ "16_times_f_fits_and_wraps", "0xffffffffffffffff", -1 },
	{ "minus_2_to_the_63_fits", "-9223372036854775808", INT64_MIN },
	{ "the_last_number_before_a_suffix_overflows_fits", "17179869183G",
	  (int64_t)(17179869183ull << 30) },
};

static void number_is_read(void **state)
{
	const struct number *number = *state;
	char body[64];
	struct ast ast;

	snprintf(body, sizeof(body), "x %s k=%s", number->text, number->text);
	ast = parse_body(body);

	assert_int_equal(ast.statements[0].nr_args, 2);
	assert_int_equal(ast.statements[0].args[0].value.type, AST_INT);
	assert_int_equal(ast.statements[0].args[0].value.number, number->value);
	assert_int_equal(ast.statements[0].args[1].value.number, number->value);
	ast_free(&ast);
}

static void a_range_has_start_and_count(void **state)
{
	struct ast ast = parse_body("memslot gfn=0x100+16 4K+0xffffffffffffffff");
	const struct ast_value *first = &ast.statements[0].args[0].value;
	const struct ast_value *second = &ast.statements[0].args[1].value;

	(void)state;
	assert_int_equal(first->type, AST_RANGE);
	assert_int_equal(first->number, 0x100);
	assert_int_equal(first->count, 16);
	assert_int_equal(second->number, 4096);
	assert_int_equal(second->count, UINT64_MAX);
	ast_free(&ast);
}

static void a_name_may_have_an_offset(void **state)
{
	struct ast ast = parse_body("map D D+0 v1+0x2K");
	const struct ast_arg *args = ast.statements[0].args;

	(void)state;
	assert_int_equal(args[0].value.type, AST_NAME);
	assert_false(args[0].value.has_offset);
	assert_int_equal(args[1].value.type, AST_NAME);
	assert_true(args[1].value.has_offset);
	assert_int_equal(args[1].value.offset, 0);
	assert_string_equal(args[2].value.name, "v1");
	assert_int_equal(args[2].value.offset, 2048);
	ast_free(&ast);
}

static void a_name_may_join_identifiers_with_commas(void **state)
{
	struct ast ast = parse_body("memslot flags=ro,log ids=a,1,-b.c v6.8-rc3");
	const struct ast_arg *args = ast.statements[0].args;

	(void)state;
	assert_int_equal(ast.statements[0].nr_args, 3);
	assert_string_equal(args[0].value.name, "ro,log");
	assert_string_equal(args[1].value.name, "a,1,-b.c");
	assert_string_equal(args[2].value.name, "v6.8-rc3");
	ast_free(&ast);
}

static void a_string_may_hold_anything_but_a_newline(void **state)
{
	struct ast ast = parse_body("title \"# a, b: c=d+1\t<script> \xc3\xa9\" \"\"");
	const struct ast_arg *args = ast.statements[0].args;

	(void)state;
	assert_int_equal(ast.statements[0].nr_args, 2);
	assert_int_equal(args[0].value.type, AST_STRING);
	assert_string_equal(args[0].value.name, "# a, b: c=d+1\t<script> \xc3\xa9");
	assert_string_equal(args[1].value.name, "");
	ast_free(&ast);
}

static void escapes_of_a_string_are_resolved(void **state)
{
	struct ast ast = parse_body("title \"\\\"q\\\" \\\\ \\n\\t\\x41\\xfF\\\\n\"");

	(void)state;
	assert_string_equal(ast.statements[0].args[0].value.name, "\"q\" \\ \n\tA\xff\\n");
	ast_free(&ast);
}

static void the_same_key_may_be_in_two_statements(void **state)
{
	struct ast ast = parse_body("a k=1 k1=2 K=3\na k=1");

	(void)state;
	assert_int_equal(ast.nr_statements, 2);
	ast_free(&ast);
}

/* Each is "a 1", "l: b" with something around it that does not matter. */
static const struct { const char *name, *text; } same_traces[] = {
	{ "comments_do_not_matter", "pfntrace 1#\n# c \xc3\xa9 \"\na 1#c\n#\nl: b # \\\n" },
	{ "blank_lines_do_not_matter", "pfntrace 1\n\n \t \na 1\n\n\nl: b\n\n" },
	{ "blanks_do_not_matter", "pfntrace \t1 \n\ta  1\t\n  l:\t b \n" },
	{ "crlf_does_not_matter", "pfntrace 1\r\na 1\r\n\r\nl: b # c\r\n" },
	{ "a_missing_last_newline_does_not_matter", "pfntrace 1\na 1\nl: b" },
	{ "a_comment_may_end_the_file", "pfntrace 1\na 1\nl: b\n#" },
	{ "blanks_may_end_the_file", "pfntrace 1\na 1\nl: b\n  " },
	{ "a_carriage_return_may_end_the_file", "pfntrace 1\na 1\nl: b\r" },
};

static void same_trace_is_read(void **state)
{
	const char *text = *state;
	struct error error = { .text = "" };
	struct ast ast;

	assert_true(parse_bytes("t", text, strlen(text), &ast, &error));

	assert_int_equal(ast.nr_statements, 2);
	assert_string_equal(ast.statements[0].word, "a");
	assert_int_equal(ast.statements[0].nr_args, 1);
	assert_int_equal(ast.statements[0].args[0].value.number, 1);
	assert_string_equal(ast.statements[1].label, "l");
	assert_string_equal(ast.statements[1].word, "b");
	assert_int_equal(ast.statements[1].nr_args, 0);
	ast_free(&ast);
}

static void a_text_without_nul_behind_it_is_read(void **state)
{
	static const char text[] = "pfntrace 1\nab\"";
	struct ast ast;

	(void)state;
	assert_true(parse_bytes("t", text, sizeof(text) - 2, &ast, NULL));

	assert_string_equal(ast.statements[0].word, "ab");
	ast_free(&ast);
}

static void everything_knows_its_place_in_bytes(void **state)
{
	struct ast ast = parse_body("\n  l: a \"\xc3\xa9\" k=7+1\nb");
	const struct ast_statement *s = ast.statements;

	(void)state;
	assert_string_equal(s[0].file, "t.trace");
	assert_int_equal(s[0].line, 3);
	assert_int_equal(s[0].column, 3);
	assert_int_equal(s[0].args[0].column, 8);
	assert_int_equal(s[0].args[0].value.column, 8);
	assert_int_equal(s[0].args[1].column, 13);
	assert_int_equal(s[0].args[1].value.column, 15);
	assert_int_equal(s[1].line, 4);
	assert_int_equal(s[1].column, 1);
	ast_free(&ast);
}

static void a_freed_ast_may_be_freed_again(void **state)
{
	struct ast ast = parse_body("a");

	(void)state;
	ast_free(&ast);
	assert_nothing_in(&ast);
	ast_free(&ast);
}

/* Rows: what is refused. Line 0: the text stands as it is, else "pfntrace 1" stands before it. */

struct refusal {
	const char *name, *text;
	size_t length;
	unsigned line, column;
	const char *message;
};

#define TEXT(text)	text, sizeof(text) - 1
#define WHAT_MAY_FOLLOW	"expected KEY=VALUE, a number, a name, a string or the end of the line"
#define WHAT_MAY_FOLLOW_A_SUMMAND \
	"expected KEY=VALUE, a number, a name, a string, '+' or the end of the line"
#define ESCAPES		"no such escape: there are \\\" \\\\ \\n \\t \\xHH"

static const struct refusal first_lines[] = {
	{ "refuses_an_empty_file", TEXT(""), 0, 0, "empty file: line 1 must be 'pfntrace 1'" },
	{ "refuses_a_missing_first_line", TEXT("fault gfn=1\n"), 1, 1,
	  "line 1 must be 'pfntrace 1'" },
	{ "refuses_a_blank_first_line", TEXT("\npfntrace 1\n"), 1, 1,
	  "line 1 must be 'pfntrace 1'" },
	{ "refuses_a_comment_as_first_line", TEXT("# x\npfntrace 1\n"), 1, 1,
	  "line 1 must be 'pfntrace 1'" },
	{ "refuses_a_byte_order_mark", TEXT("\xef\xbb\xbfpfntrace 1\n"), 1, 1,
	  "line 1 must be 'pfntrace 1'" },
	{ "refuses_a_longer_first_word", TEXT("pfntraces 1\n"), 1, 1,
	  "found 'pfntraces', expected 'pfntrace'" },
	{ "refuses_the_first_word_as_label", TEXT("pfntrace: 1\n"), 1, 1,
	  "'pfntrace:' cannot be a label: the word is taken" },
	{ "refuses_a_first_line_without_version", TEXT("pfntrace\n"), 1, 9,
	  "found the end of the line, expected a number" },
	{ "refuses_a_version_that_is_a_name", TEXT("pfntrace v1\n"), 1, 10,
	  "found 'v1', expected a number" },
	{ "refuses_a_minor_version", TEXT("pfntrace 1.0\n"), 1, 10,
	  "'1.0' is neither a number nor a name" },
	{ "refuses_something_after_the_version", TEXT("pfntrace 1 x\n"), 1, 12,
	  "found 'x', expected the end of the line" },
	{ "refuses_a_later_version", TEXT("pfntrace 2\n"), 1, 10,
	  "trace format 2 is too new: this build reads version 1" },
	{ "refuses_a_later_version_before_it_reads_on", TEXT("pfntrace 2 [\n\x01"), 1, 10,
	  "trace format 2 is too new: this build reads version 1" },
	{ "refuses_version_0", TEXT("pfntrace 0\n"), 1, 10,
	  "no such trace format: this build reads version 1" },
	{ "refuses_a_negative_version", TEXT("pfntrace -1\n"), 1, 10,
	  "no such trace format: this build reads version 1" },
	{ "refuses_a_binary_file", TEXT("\x7f""ELF\x02\0\0"), 1, 1, "not text: byte 0x7f" },
};

static const struct refusal bodies[] = {
	/* characters */
	{ "refuses_a_nul_byte", TEXT("a \0"), 2, 3, "not text: byte 0x00" },
	{ "refuses_a_control_character", TEXT("a\n b\x1b[0m"), 3, 3, "not text: byte 0x1b" },
	{ "refuses_a_control_character_in_a_comment", TEXT("# \x07"), 2, 3, "not text: byte 0x07" },
	{ "refuses_a_control_character_in_a_string", TEXT("a \"\x08\""), 2, 4,
	  "not text: byte 0x08" },
	{ "refuses_a_carriage_return_inside_a_line", TEXT("a\rb\n"), 2, 2,
	  "carriage return without a line feed after it" },
	{ "refuses_a_byte_that_starts_no_character", TEXT("# \x80"), 2, 3, "not UTF-8: byte 0x80" },
	{ "refuses_a_cut_character", TEXT("# \xe2\x82\n"), 2, 3, "not UTF-8: byte 0xe2" },
	{ "refuses_a_cut_character_at_the_end", TEXT("# \xf0\x9f\x98"), 2, 3,
	  "not UTF-8: byte 0xf0" },
	{ "refuses_an_overlong_character", TEXT("# \xc0\xaf"), 2, 3, "not UTF-8: byte 0xc0" },
	{ "refuses_an_overlong_character_of_3_bytes", TEXT("# \xe0\x80\xaf"), 2, 3,
	  "not UTF-8: byte 0xe0" },
	{ "refuses_an_overlong_character_of_4_bytes", TEXT("# \xf0\x80\x80\xaf"), 2, 3,
	  "not UTF-8: byte 0xf0" },
	{ "refuses_a_surrogate", TEXT("# \xed\xa0\x80"), 2, 3, "not UTF-8: byte 0xed" },
	{ "refuses_a_character_beyond_unicode", TEXT("# \xf4\x90\x80\x80"), 2, 3,
	  "not UTF-8: byte 0xf4" },
	{ "refuses_bad_utf8_in_a_string", TEXT("a \"\xff\""), 2, 4, "not UTF-8: byte 0xff" },
	{ "refuses_a_stray_character", TEXT("a b;c\n"), 2, 4, "';' means nothing here" },
	{ "refuses_a_stray_character_at_the_start", TEXT("  $x"), 2, 3, "'$' means nothing here" },
	{ "refuses_a_letter_beyond_ascii", TEXT("a \xc3\xa9\n"), 2, 3,
	  "'\xc3\xa9' means nothing here" },
	{ "refuses_a_slash_in_a_name", TEXT("a order0/x"), 2, 9, "'/' means nothing here" },
	/* statements */
	{ "refuses_a_number_as_statement", TEXT("7 x"), 2, 1, "found '7', expected a statement" },
	{ "refuses_a_colon_without_label", TEXT(": x"), 2, 1, "found ':', expected a statement" },
	{ "refuses_a_label_without_event", TEXT("l:\n"), 2, 3,
	  "found the end of the line, expected an event name" },
	{ "refuses_a_label_apart_from_its_colon", TEXT("l : a"), 2, 3,
	  "found ':', " WHAT_MAY_FOLLOW },
	{ "refuses_two_labels", TEXT("l: m: a"), 2, 4, "found 'm:', expected an event name" },
	{ "refuses_a_label_behind_an_event", TEXT("a l: b"), 2, 4,
	  "found ':', " WHAT_MAY_FOLLOW_A_SUMMAND },
	{ "refuses_a_label_on_a_directive", TEXT("l: title x"), 2, 4,
	  "found 'title', expected an event name" },
	{ "refuses_a_label_on_an_include", TEXT("l: include \"x\""), 2, 4,
	  "found 'include', expected an event name" },
	{ "refuses_a_label_on_an_expectation", TEXT("l: expect all: ok"), 2, 4,
	  "found 'expect', expected an event name" },
	{ "refuses_a_directive_as_label", TEXT("title: a"), 2, 1,
	  "'title:' cannot be a label: the word is taken" },
	{ "refuses_a_second_version_line", TEXT("pfntrace 1\n"), 2, 1,
	  "'pfntrace' can be on line 1 only" },
	{ "refuses_a_comma_in_an_event_name", TEXT("a,b"), 2, 2, "found ',', " WHAT_MAY_FOLLOW },
	{ "refuses_a_key_as_statement", TEXT("k=1"), 2, 2, "'=' must directly follow a key" },
	/* keys and values */
	{ "refuses_a_key_twice", TEXT("a k=1 j=2 k=3"), 2, 11,
	  "'k' is given twice, first in column 3" },
	{ "refuses_a_key_twice_in_an_expectation", TEXT("expect all: ok at=a at=b"), 2, 21,
	  "'at' is given twice, first in column 16" },
	{ "refuses_a_key_without_value", TEXT("a k=\n"), 2, 5, "missing value after 'k='" },
	{ "refuses_a_key_without_value_at_the_end", TEXT("a k="), 2, 5,
	  "missing value after 'k='" },
	{ "refuses_a_comment_as_value", TEXT("a k=#v"), 2, 5, "missing value after 'k='" },
	{ "refuses_a_blank_after_the_equals_sign", TEXT("a k= v"), 2, 5,
	  "missing value after 'k='" },
	{ "refuses_a_blank_before_the_equals_sign", TEXT("a k =v"), 2, 5,
	  "'=' must directly follow a key" },
	{ "refuses_a_key_as_value", TEXT("a k=j=v"), 2, 5,
	  "found 'j=', expected a number, a name or a string" },
	{ "refuses_a_number_as_key", TEXT("a 7=v"), 2, 4, "'=' must directly follow a key" },
	{ "refuses_a_plus_as_value", TEXT("a k=+1"), 2, 5,
	  "found '+', expected a number, a name or a string" },
	{ "refuses_a_name_with_a_lone_comma", TEXT("a ro, log"), 2, 5,
	  "found ',', " WHAT_MAY_FOLLOW_A_SUMMAND },
	{ "refuses_a_name_with_an_empty_part", TEXT("a ro,,log"), 2, 5,
	  "found ',', " WHAT_MAY_FOLLOW_A_SUMMAND },
	{ "refuses_a_list_of_numbers", TEXT("a 1,2"), 2, 4,
	  "found ',', " WHAT_MAY_FOLLOW_A_SUMMAND },
	{ "refuses_values_that_touch", TEXT("a 7\"x\""), 2, 4, "'\"x\"' needs a blank before it" },
	{ "refuses_a_word_and_a_string_that_touch", TEXT("title\"x\""), 2, 6,
	  "'\"x\"' needs a blank before it" },
	{ "refuses_a_string_and_a_key_that_touch", TEXT("a \"x\"k=1"), 2, 6,
	  "'k=' needs a blank before it" },
	/* numbers */
	{ "refuses_2_to_the_64", TEXT("a 18446744073709551616"), 2, 3,
	  "'18446744073709551616' does not fit in 64 bits" },
	{ "refuses_a_hexadecimal_number_of_65_bits", TEXT("a k=0x10000000000000000"), 2, 5,
	  "'0x10000000000000000' does not fit in 64 bits" },
	{ "refuses_a_suffix_that_overflows", TEXT("a 17179869184G"), 2, 3,
	  "'17179869184G' does not fit in 64 bits" },
	{ "refuses_a_number_that_wraps_to_a_small_one",
	  TEXT("a 184467440737095516160000000000000001"), 2, 3,
	  "'184467440737095516160000000000000001' does not fit in 64 bits" },
	{ "refuses_less_than_minus_2_to_the_63", TEXT("a -9223372036854775809"), 2, 3,
	  "'-9223372036854775809' does not fit in 64 bits" },
	{ "refuses_a_lower_case_suffix", TEXT("a 12k"), 2, 3,
	  "'12k' is neither a number nor a name" },
	{ "refuses_an_unknown_suffix", TEXT("a 1T"), 2, 3, "'1T' is neither a number nor a name" },
	{ "refuses_two_suffixes", TEXT("a 1KM"), 2, 3, "'1KM' is neither a number nor a name" },
	{ "refuses_0x_without_digits", TEXT("a 0x"), 2, 3, "'0x' is neither a number nor a name" },
	{ "refuses_a_capital_0X", TEXT("a 0X10"), 2, 3, "'0X10' is neither a number nor a name" },
	{ "refuses_a_fraction", TEXT("a 1.5"), 2, 3, "'1.5' is neither a number nor a name" },
	{ "refuses_a_difference", TEXT("a 5-3"), 2, 3, "'5-3' is neither a number nor a name" },
	{ "refuses_a_lone_minus", TEXT("a -"), 2, 3, "'-' means nothing here" },
	/* sums */
	{ "refuses_a_blank_before_plus", TEXT("a p1 +1"), 2, 6,
	  "'+' must have no blank before or after it" },
	{ "refuses_a_blank_after_plus", TEXT("a 1+ 1"), 2, 4,
	  "'+' must have no blank before or after it" },
	{ "refuses_a_plus_without_count", TEXT("a p1+\n"), 2, 6,
	  "found the end of the line, expected a number" },
	{ "refuses_a_name_as_count", TEXT("a 1+p1"), 2, 5, "found 'p1', expected a number" },
	{ "refuses_a_negative_count", TEXT("a 1+-1"), 2, 5,
	  "what follows '+' must not be negative" },
	{ "refuses_a_negative_offset", TEXT("a p+-1"), 2, 5,
	  "what follows '+' must not be negative" },
	{ "refuses_three_summands", TEXT("a 1+2+3"), 2, 6, "found '+', " WHAT_MAY_FOLLOW },
	{ "refuses_a_string_as_summand", TEXT("a \"x\"+1"), 2, 6, "found '+', " WHAT_MAY_FOLLOW },
	/* strings */
	{ "refuses_a_string_without_end_at_its_start", TEXT("a k=\"bc\nd\"\n"), 2, 5,
	  "string without an end" },
	{ "refuses_a_string_without_end_in_the_file", TEXT("a \""), 2, 3, "string without an end" },
	{ "refuses_a_string_whose_end_is_escaped", TEXT("a \"b\\\""), 2, 3,
	  "string without an end" },
	{ "refuses_a_string_over_a_crlf", TEXT("a \"b\\\r\n\""), 2, 3, "string without an end" },
	{ "refuses_an_unknown_escape", TEXT("a \"b\\q\""), 2, 5, ESCAPES },
	{ "refuses_an_escape_with_one_digit", TEXT("a \"b\\x4\""), 2, 5, ESCAPES },
	{ "refuses_an_escape_without_digits", TEXT("a \"b\\x\""), 2, 5, ESCAPES },
	{ "refuses_an_escaped_nul", TEXT("a \"b\\x00\""), 2, 5,
	  "\\x00 cannot be part of a string" },
	/* expectations */
	{ "refuses_expect_alone", TEXT("expect\n"), 2, 7,
	  "found the end of the line, expected a model name" },
	{ "refuses_expect_without_model", TEXT("expect: ok"), 2, 7,
	  "found ':', expected a model name" },
	{ "refuses_expect_without_colon", TEXT("expect v11 ok"), 2, 12,
	  "found 'ok', expected ',' or ':'" },
	{ "refuses_expect_without_verdict", TEXT("expect v11:\n"), 2, 12,
	  "found the end of the line, expected a verdict" },
	{ "refuses_an_empty_model", TEXT("expect v11,,v12: ok"), 2, 12,
	  "found ',', expected a model name" },
	{ "refuses_a_comma_after_the_last_model", TEXT("expect v11,: ok"), 2, 12,
	  "found ':', expected a model name" },
	{ "refuses_a_number_as_model", TEXT("expect 6.8: ok"), 2, 8,
	  "'6.8' is neither a number nor a name" },
	{ "refuses_a_number_as_verdict", TEXT("expect all: 1"), 2, 13,
	  "found '1', expected a verdict" },
	{ "refuses_two_verdicts_joined_by_a_comma", TEXT("expect all: ok,violation"), 2, 15,
	  "found ',', " WHAT_MAY_FOLLOW },
	/* includes */
	{ "refuses_include_alone", TEXT("include\n"), 2, 8,
	  "found the end of the line, expected a string" },
	{ "refuses_include_of_a_name", TEXT("include x.trace"), 2, 9,
	  "found 'x.trace', expected a string" },
	{ "refuses_include_of_nothing", TEXT("include \"\""), 2, 9,
	  "'include' needs the name of a file" },
	{ "refuses_something_after_include", TEXT("include \"x\" y"), 2, 13,
	  "found 'y', expected the end of the line" },
	{ "refuses_include_of_a_missing_file", TEXT("include \"no-such-file\""), 2, 9,
	  "cannot include 'no-such-file': " NO_FILE },
};

static void assert_refused(const char *text, size_t length, const struct refusal *refusal)
{
	struct error error = { .text = "" };
	struct ast ast;

	assert_false(parse_bytes("t.trace", text, length, &ast, &error));

	assert_error(&error, "t.trace", refusal->line, refusal->column, refusal->message);
	assert_nothing_in(&ast);
}

static void first_line_is_refused(void **state)
{
	const struct refusal *refusal = *state;

	assert_refused(refusal->text, refusal->length, refusal);
}

static void body_is_refused(void **state)
{
	static const char version[] = "pfntrace 1\n";
	const struct refusal *refusal = *state;
	char text[128];

	assert_true(sizeof(version) + refusal->length < sizeof(text));
	memcpy(text, version, sizeof(version) - 1);
	memcpy(text + sizeof(version) - 1, refusal->text, refusal->length);
	assert_refused(text, sizeof(version) - 1 + refusal->length, refusal);
}

static void only_the_first_error_is_reported(void **state)
{
	struct error error;
	struct ast ast;

	(void)state;
	assert_false(ast_parse("t", "pfntrace 1\na\nb $\nc k=\n", 23, &ast, &error));

	assert_error(&error, "t", 3, 3, "'$' means nothing here");
}

static void a_long_token_is_shortened_in_the_message(void **state)
{
	char text[512] = "pfntrace 1\n7";
	struct error error;
	struct ast ast;

	(void)state;
	memset(text + strlen(text), 'x', 400);
	assert_false(ast_parse("t", text, strlen(text), &ast, &error));

	assert_non_null(strstr(error.text, "xx...' is neither a number nor a name"));
}

static void an_error_may_be_of_no_interest(void **state)
{
	struct ast ast;

	(void)state;
	assert_false(ast_parse("t", "pfntrace 1\n$", 12, &ast, NULL));
	assert_false(ast_parse("t", "pfntrace 1\ninclude \".\"", 22, &ast, NULL));
	assert_false(ast_read("/no/such/file", &ast, NULL));
	assert_nothing_in(&ast);
}

/* Limits. */

static void a_line_of_4096_bytes_is_read(void **state)
{
	char text[4200] = "pfntrace 1\r\n#";
	struct ast ast;

	(void)state;
	memset(text + strlen(text), 'x', 4095);
	strcat(text, "\r\n");
	assert_true(ast_parse("t", text, strlen(text), &ast, NULL));
	ast_free(&ast);
}

static void a_line_of_4097_bytes_is_refused(void **state)
{
	char text[4200] = "pfntrace 1\n#";
	struct error error;
	struct ast ast;

	(void)state;
	memset(text + strlen(text), 'x', 4096);
	assert_false(ast_parse("t", text, strlen(text), &ast, &error));

	assert_error(&error, "t", 2, 0, "line longer than 4096 bytes");
}

/* To be freed. */
static char *statements_text(size_t nr, size_t *length)
{
	static const char version[] = "pfntrace 1\n";
	char *text = malloc(sizeof(version) + 2 * nr);
	size_t i;

	assert_non_null(text);
	*length = sizeof(version) - 1 + 2 * nr;
	memcpy(text, version, sizeof(version));
	for (i = 0; i < nr; i++)
		memcpy(text + sizeof(version) - 1 + 2 * i, "a\n", 2);
	return text;
}

static void a_million_statements_are_read(void **state)
{
	size_t length;
	char *text = statements_text(1000000, &length);
	struct ast ast;

	(void)state;
	assert_true(ast_parse("t", text, length, &ast, NULL));

	assert_int_equal(ast.nr_statements, 1000000);
	assert_int_equal(ast.statements[999999].line, 1000001);
	ast_free(&ast);
	free(text);
}

static void one_statement_more_than_a_million_is_refused(void **state)
{
	size_t length;
	char *text = statements_text(1000001, &length);
	struct error error;
	struct ast ast;

	(void)state;
	assert_false(ast_parse("t", text, length, &ast, &error));

	assert_error(&error, "t", 1000002, 1, "more than 1000000 statements");
	assert_nothing_in(&ast);
	free(text);
}

static void an_include_counts_as_a_statement(void **state)
{
	static const char include[] = "include \"no-such-file\"";
	size_t length;
	char *text = statements_text(1000000 + sizeof(include) / 2, &length);
	struct error error;
	struct ast ast;

	(void)state;
	memcpy(text + length - sizeof(include) + 1, include, sizeof(include) - 1);
	assert_false(ast_parse("t", text, length, &ast, &error));

	assert_error(&error, "t", 1000002, 9, "more than 1000000 statements");
	free(text);
}

static void a_text_of_more_than_256_mib_is_refused(void **state)
{
	const size_t length = (256 << 20) + 1;
	char *text = calloc(1, length);
	struct error error;
	struct ast ast;

	(void)state;
	assert_non_null(text);
	assert_false(ast_parse("t", text, length, &ast, &error));
	free(text);

	assert_error(&error, "t", 0, 0, "cannot read: more than 256 MiB of text");
}

/* Files. */

static void a_file_of_more_than_256_mib_is_refused(void **state)
{
	const char *path = folder_write_text(*state, "sparse.trace", "pfntrace 1\n");

	assert_int_equal(truncate(path, (256 << 20) + 1), 0);
	refuse_file(path, path, 0, 0, "cannot read: more than 256 MiB of text");
}

static void a_file_that_fails_to_be_read_is_refused(void **state)
{
	static const char path[] = "/proc/self/mem";

	(void)state;
	refuse_file(path, path, 0, 0, "cannot read: Input/output error");
}

static void a_file_is_read(void **state)
{
	const char *path = folder_write_text(*state, "file.trace", "pfntrace 1\na\n");
	struct ast ast = read_good(path);

	assert_int_equal(ast.nr_statements, 1);
	assert_string_equal(ast.statements[0].file, path);
	ast_free(&ast);
}

static void a_file_of_many_reads_is_read(void **state)
{
	size_t length;
	char *text = statements_text(300000, &length);
	struct ast ast = read_good(folder_write(*state, "long.trace", text, length));

	assert_int_equal(ast.nr_statements, 300000);
	ast_free(&ast);
	free(text);
}

static void an_empty_file_is_refused(void **state)
{
	const char *path = folder_write_text(*state, "empty.trace", "");

	refuse_file(path, path, 0, 0, "empty file: line 1 must be 'pfntrace 1'");
}

static void a_missing_file_is_refused(void **state)
{
	const char *path = folder_path(*state, "missing.trace");

	refuse_file(path, path, 0, 0, "cannot read: " NO_FILE);
}

static void a_folder_is_refused(void **state)
{
	struct folder *folder = *state;

	refuse_file(folder->path, folder->path, 0, 0, "cannot read: it is a directory");
}

static void a_file_without_permission_is_refused(void **state)
{
	const char *path = folder_write_text(*state, "secret.trace", "pfntrace 1\n");
	bool is_root = !geteuid();

	assert_int_equal(chmod(path, 0), 0);
	/* Root may read everything. */
	if (is_root && seteuid(65534))
		skip();
	refuse_file(path, path, 0, 0, "cannot read: Permission denied");
	if (is_root)
		assert_int_equal(seteuid(0), 0);
}

static void a_path_through_a_file_is_refused(void **state)
{
	const char *path;

	folder_write_text(*state, "plain.trace", "pfntrace 1\n");
	path = folder_path(*state, "plain.trace/x");
	refuse_file(path, path, 0, 0, "cannot read: Not a directory");
}

static void a_minus_reads_standard_input(void **state)
{
	const char *path = folder_write_text(*state, "stdin.trace", "pfntrace 1\na\n");
	int saved = dup(STDIN_FILENO), fd = open(path, O_RDONLY);
	struct ast ast;

	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	ast = read_good("-");
	assert_int_equal(lseek(STDIN_FILENO, 0, SEEK_CUR), 13);
	if (saved >= 0)
		dup2(saved, STDIN_FILENO);
	close(saved);
	close(fd);

	assert_int_equal(ast.nr_statements, 1);
	assert_string_equal(ast.statements[0].file, "-");
	ast_free(&ast);
}

/* Includes. */

static void included_statements_take_the_place_of_the_include(void **state)
{
	const char *inner = folder_write_text(*state, "inner.trace", "pfntrace 1\n\nb\nc");
	const char *path = folder_write_text(*state, "outer.trace",
					     "pfntrace 1\na\ninclude \"inner.trace\" # c\nd\n");
	struct ast ast = read_good(path);
	const struct ast_statement *s = ast.statements;

	assert_int_equal(ast.nr_statements, 4);
	assert_string_equal(s[0].word, "a");
	assert_string_equal(s[1].word, "b");
	assert_string_equal(s[1].file, inner);
	assert_int_equal(s[1].line, 3);
	assert_string_equal(s[2].word, "c");
	assert_string_equal(s[3].word, "d");
	assert_string_equal(s[3].file, path);
	assert_int_equal(s[3].line, 4);
	ast_free(&ast);
}

static void an_include_is_relative_to_its_own_file(void **state)
{
	const char *folder = folder_path(*state, "sub");
	const char *path;
	struct ast ast;

	assert_int_equal(mkdir(folder, 0700), 0);
	folder_write_text(*state, "sub/near.trace", "pfntrace 1\ninclude \"nearer.trace\"\n");
	folder_write_text(*state, "sub/nearer.trace", "pfntrace 1\na\n");
	path = folder_write_text(*state, "far.trace", "pfntrace 1\ninclude \"sub/near.trace\"\n");
	ast = read_good(path);

	assert_int_equal(ast.nr_statements, 1);
	assert_string_equal(ast.statements[0].word, "a");
	ast_free(&ast);
}

static void an_include_from_memory_is_relative_to_the_name(void **state)
{
	const char *inner = folder_write_text(*state, "for-memory.trace", "pfntrace 1\na\n");
	static const char text[] = "pfntrace 1\ninclude \"for-memory.trace\"";
	const char *name = folder_path(*state, "not-there");
	struct ast ast;

	assert_true(ast_parse(name, text, sizeof(text) - 1, &ast, NULL));

	assert_string_equal(ast.statements[0].file, inner);
	ast_free(&ast);
}

static void an_absolute_include_is_taken_as_it_is(void **state)
{
	const char *inner = folder_write_text(*state, "absolute.trace", "pfntrace 1\na\n");
	char text[256];
	struct ast ast;

	snprintf(text, sizeof(text), "pfntrace 1\ninclude \"%s\"", inner);
	assert_true(ast_parse("some/where", text, strlen(text), &ast, NULL));

	assert_string_equal(ast.statements[0].file, inner);
	ast_free(&ast);
}

static void a_file_may_be_included_twice(void **state)
{
	struct ast ast;

	folder_write_text(*state, "twice.trace", "pfntrace 1\na\n");
	ast = read_good(folder_write_text(*state, "two.trace", "pfntrace 1\n"
					  "include \"twice.trace\"\ninclude \"twice.trace\"\n"));

	assert_int_equal(ast.nr_statements, 2);
	ast_free(&ast);
}

static void an_error_in_an_included_file_names_that_file(void **state)
{
	const char *inner = folder_write_text(*state, "bad.trace", "pfntrace 1\na\n  $\n");
	const char *path = folder_write_text(*state, "of-bad.trace",
					     "pfntrace 1\ninclude \"bad.trace\"\n");

	refuse_file(path, inner, 3, 3, "'$' means nothing here");
}

static void an_included_file_needs_its_version_line(void **state)
{
	const char *inner = folder_write_text(*state, "bare.trace", "a\n");
	const char *path = folder_write_text(*state, "of-bare.trace",
					     "pfntrace 1\ninclude \"bare.trace\"\n");

	refuse_file(path, inner, 1, 1, "line 1 must be 'pfntrace 1'");
}

static void an_include_of_a_folder_is_refused_where_it_stands(void **state)
{
	const char *path = folder_write_text(*state, "of-folder.trace",
					     "pfntrace 1\n\ninclude \"/\"\n");

	refuse_file(path, path, 3, 9, "cannot include '/': it is a directory");
}

static void an_include_of_a_pipe_is_refused_without_waiting(void **state)
{
	const char *pipe = folder_path(*state, "pipe");
	const char *path = folder_write_text(*state, "of-pipe.trace",
					     "pfntrace 1\ninclude \"pipe\"\n");
	char text[256];

	assert_int_equal(mkfifo(pipe, 0600), 0);
	snprintf(text, sizeof(text), "cannot include '%s': not a regular file", pipe);
	refuse_file(path, path, 2, 9, text);
}

static void an_include_cycle_is_refused_and_named(void **state)
{
	const char *a = folder_write_text(*state, "a.trace", "pfntrace 1\ninclude \"b.trace\"\n");
	const char *b = folder_write_text(*state, "b.trace",
					  "pfntrace 1\ninclude \"./a.trace\"\n");
	struct folder *folder = *state;
	char text[512];

	snprintf(text, sizeof(text), "include cycle: %s > %s > %s/./a.trace", a, b, folder->path);
	refuse_file(a, b, 2, 9, text);
}

static void a_file_that_includes_itself_is_refused(void **state)
{
	const char *path = folder_write_text(*state, "self.trace",
					     "pfntrace 1\ninclude \"self.trace\"\n");
	char text[512];

	snprintf(text, sizeof(text), "include cycle: %s > %s", path, path);
	refuse_file(path, path, 2, 9, text);
}

static void includes_nest_eight_deep_and_no_deeper(void **state)
{
	struct folder *folder = *state;
	char name[32], text[64], message[256], from[192];
	const char *second, *first;
	struct ast ast;
	int i;

	folder_write_text(folder, "deep9.trace", "pfntrace 1\na\n");
	for (i = 8; i >= 2; i--) {
		snprintf(name, sizeof(name), "deep%d.trace", i);
		snprintf(text, sizeof(text), "pfntrace 1\ninclude \"deep%d.trace\"\n", i + 1);
		folder_write_text(folder, name, text);
	}
	second = folder_write_text(folder, "deep1.trace", "pfntrace 1\ninclude \"deep2.trace\"\n");
	first = folder_write_text(folder, "deep0.trace", "pfntrace 1\ninclude \"deep1.trace\"\n");

	ast = read_good(second);
	assert_int_equal(ast.nr_statements, 1);
	ast_free(&ast);

	snprintf(from, sizeof(from), "%s/deep8.trace", folder->path);
	snprintf(message, sizeof(message),
		 "cannot include '%s/deep9.trace': includes nest too deep", folder->path);
	refuse_file(first, from, 2, 9, message);
}

/* Packed files. */

#ifdef HAVE_ZSTD
static size_t pack(const char *text, size_t length, char *packed, size_t room)
{
	size_t size = ZSTD_compress(packed, room, text, length, 3);

	assert_false(ZSTD_isError(size));
	return size;
}

static void a_packed_file_is_read_whatever_its_name(void **state)
{
	static const char *const names[] = { "packed.trace.zst", "packed.trace" };
	size_t length, size, i;
	char *text = statements_text(200000, &length), *packed = malloc(length);
	struct ast ast;

	assert_non_null(packed);
	size = pack(text, length, packed, length);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ast = read_good(folder_write(*state, names[i], packed, size));
		assert_int_equal(ast.nr_statements, 200000);
		ast_free(&ast);
	}
	free(packed);
	free(text);
}

static void a_packed_file_of_two_frames_is_read(void **state)
{
	char packed[256];
	size_t size = pack("pfntrace 1\n", 11, packed, sizeof(packed));
	struct ast ast;

	size += pack("a\nb\n", 4, packed + size, sizeof(packed) - size);
	ast = read_good(folder_write(*state, "frames.trace.zst", packed, size));

	assert_int_equal(ast.nr_statements, 2);
	ast_free(&ast);
}

static void a_packed_file_can_be_included(void **state)
{
	char packed[256];
	size_t size = pack("pfntrace 1\na\n", 13, packed, sizeof(packed));
	struct ast ast;

	folder_write(*state, "part.zst", packed, size);
	ast = read_good(folder_write_text(*state, "of-packed.trace",
					  "pfntrace 1\ninclude \"part.zst\"\n"));

	assert_int_equal(ast.nr_statements, 1);
	ast_free(&ast);
}

static void each_prefix_of_a_packed_file_is_refused_as_truncated(void **state)
{
	const char *path = folder_path(*state, "cut.trace.zst");
	char packed[256];
	size_t size = pack("pfntrace 1\na\n", 13, packed, sizeof(packed)), cut;
	FILE *file;

	for (cut = 0; cut < size; cut++) {
		file = fopen(path, "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(packed, 1, cut, file), cut);
		assert_int_equal(fclose(file), 0);
		refuse_file(path, path, 0, 0, "cannot read: truncated zstd data");
	}
}

static void a_damaged_packed_file_is_refused(void **state)
{
	const char *path = folder_write_text(*state, "fake.trace.zst", "pfntrace 1\n");
	struct error error;
	struct ast ast;

	assert_false(ast_read(path, &ast, &error));

	assert_non_null(strstr(error.text, "cannot read: damaged zstd data: "));
}

static void a_small_file_that_unpacks_to_too_much_is_refused(void **state)
{
	const size_t frame = 16 << 20;
	char *text = malloc(frame), *packed = malloc(1 << 20);
	const char *path;
	size_t size = 0, i;

	assert_non_null(text);
	assert_non_null(packed);
	memset(text, '#', frame);
	size = pack(text, frame, packed, 1 << 20);
	for (i = 1; i < 17; i++)
		memcpy(packed + i * size, packed, size);
	path = folder_write(*state, "bomb.trace.zst", packed, i * size);
	free(text);
	free(packed);

	refuse_file(path, path, 0, 0, "cannot read: more than 256 MiB of text");
}
#else
static void a_packed_file_is_refused_by_a_build_that_cannot_read_it(void **state)
{
	const char *path = folder_write_text(*state, "packed.trace", "\x28\xb5\x2f\xfd");

	refuse_file(path, path, 0, 0,
		    "cannot read: packed with zstd, which this build cannot read");
}
#endif

/* Bytes of any kind. */

static const char rich[] =
	"pfntrace 1 # the version\n"
	"title \"a \\\"rich\\\" trace \\x41\\n \xc3\xa9\"\r\n"
	"source mail=\"<a@b>\" line=7\n"
	"need thp\nconfig levels=5 arch=x86\n\n"
	"include \"rich-part.trace\"\n"
	"memslot 0 gfn=0x100+16 hva=0x7f0000000000+64K flags=ro,log\n"
	"f1: fault gfn=-1 page=p1+0x1000 access=w # why not\n"
	"expect v6.8-rc3 , v11: violation refs-match at=f1 page=p1+1\n"
	"expect all: ok\n";

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

/* One change of one of six kinds; @text has room for 64 bytes more. */
static size_t mutate(char *text, size_t length, uint64_t *seed)
{
	static const char odd[] = "\0\n\r\t\"\\#=+,:-. 0x9KMG/\x7f\x80\xff\xc3z";
	size_t at = length ? next_random(seed) % length : 0;
	size_t size = length ? 1 + next_random(seed) % 16 : 0;
	char odd_byte = odd[next_random(seed) % (sizeof(odd) - 1)];
	char piece[16];

	size = size > length - at ? length - at : size;
	switch (next_random(seed) % 6) {
	case 0:
		return at;
	case 1:
		memmove(text + at, text + at + size, length - at - size);
		return length - size;
	case 2:
		memmove(text + at + 1, text + at, length - at);
		text[at] = odd_byte;
		return length + 1;
	case 3:
		memcpy(piece, text + at, size);
		at = next_random(seed) % (length + 1);
		memmove(text + at + size, text + at, length - at);
		memcpy(text + at, piece, size);
		return length + size;
	case 4:
		if (length)
			text[at] ^= 1 << next_random(seed) % 8;
		return length;
	default:
		if (length)
			text[at] = odd_byte;
		return length;
	}
}

/* Touches every byte of it, for the sanitizers. */
static size_t measure(const struct ast *ast)
{
	const struct ast_statement *s;
	size_t size = 0, i, j;

	for (i = 0; i < ast->nr_statements; i++) {
		s = &ast->statements[i];
		size += strlen(s->word) + strlen(s->file) + (s->label ? strlen(s->label) : 0);
		for (j = 0; j < s->nr_models; j++)
			size += strlen(s->models[j]);
		for (j = 0; j < s->nr_args; j++) {
			size += s->args[j].key ? strlen(s->args[j].key) : 0;
			size += s->args[j].value.name ? strlen(s->args[j].value.name) : 0;
		}
	}
	return size;
}

/* Parses it, and holds it against what ast.h promises. Returns whether it was a trace. */
static bool parse_anything(const char *name, const char *text, size_t length)
{
	struct error error = { .text = "" };
	struct ast ast;

	if (parse_bytes(name, text, length, &ast, &error)) {
		assert_int_equal(ast.version, 1);
		assert_true(!ast.nr_statements || measure(&ast));
		assert_string_equal(error.text, "");
		ast_free(&ast);
		return true;
	}
	assert_nothing_in(&ast);
	assert_true(*error.text && *error.file && (error.line || !error.column));
	assert_null(strpbrk(error.text, "\n\r"));
	return false;
}

static void each_prefix_of_a_trace_is_read_or_refused(void **state)
{
	const char *name = folder_path(*state, "rich.trace");
	size_t length;

	folder_write_text(*state, "rich-part.trace", "pfntrace 1\npage p1 pfn=1\n");
	for (length = 0; length < sizeof(rich); length++)
		parse_anything(name, rich, length);
}

static void twenty_thousand_mutations_are_read_or_refused(void **state)
{
	const size_t nr = 20000, length = sizeof(rich) - 1;
	const char *name = folder_path(*state, "rich.trace");
	char text[sizeof(rich) + 64];
	size_t i, changes, size, good = 0;
	uint64_t seed = 20240229;

	folder_write_text(*state, "rich-part.trace", "pfntrace 1\npage p1 pfn=1\n");
	assert_true(parse_anything(name, rich, length));
	for (i = 0; i < nr; i++) {
		memcpy(text, rich, length);
		size = length;
		for (changes = 1 + next_random(&seed) % 3; changes; changes--)
			size = mutate(text, size, &seed);
		good += parse_anything(name, text, size);
	}

	/* Neither all alike: the mutations reach what is behind the first line. */
	assert_in_range(good, nr / 20, nr / 2);
}

static void any_single_byte_is_read_or_refused_anywhere(void **state)
{
	static const char at[] = "pfntrace 1\na@b k@=@\"@\" 1@+@1 @ \nexpect @v@:@ok";
	char text[sizeof(at)];
	size_t i, byte;

	(void)state;
	for (i = 0; i < sizeof(at) - 1; i++) {
		for (byte = 0; at[i] == '@' && byte < 256; byte++) {
			size_t j, length = 0;

			for (j = 0; j < sizeof(at) - 1; j++)
				if (at[j] != '@' || j == i)
					text[length++] = j == i ? (char)byte : at[j];
			parse_anything("t", text, length);
		}
	}
}

/* error_at() */

static void error_at_is_false_and_tolerates_null(void **state)
{
	struct error error;

	(void)state;
	assert_false(error_at(NULL, "f", 1, 2, "%s", "x"));
	assert_false(error_at(&error, "f", 1, 2, "%s", "x"));
	assert_error(&error, "f", 1, 2, "x");
	assert_false(error_at(&error, NULL, 0, 0, "x"));
	assert_error(&error, "", 0, 0, "x");
}

static void error_at_cuts_what_is_too_long(void **state)
{
	char text[2000] = "";
	struct error error;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	error_at(&error, text, 1, 1, "%s", text);

	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	assert_int_equal(strlen(error.file), sizeof(error.file) - 1);
}

static void error_at_does_not_cut_a_character_in_two(void **state)
{
	char text[2000] = "";
	struct error error;
	size_t i, shift;

	(void)state;
	for (shift = 0; shift < 4; shift++) {
		memset(text, 'x', shift);
		for (i = shift; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\xf0\x9f\x98\x80", 4);
		error_at(&error, "", 1, 1, "%s", text);
		assert_int_equal((strlen(error.text) - shift) % 4, 0);
		assert_in_range(strlen(error.text), sizeof(error.text) - 4, sizeof(error.text) - 1);
	}
}

static void error_at_keeps_to_one_line(void **state)
{
	struct error error;

	(void)state;
	error_at(&error, "a\nb", 1, 1, "c\r\nd\x1b" "e\x7f");

	assert_error(&error, "a?b", 1, 1, "c??d?e?");
}

static void error_at_may_speak_of_the_same_error(void **state)
{
	struct error error;

	(void)state;
	error_at(&error, "f", 3, 4, "inner");
	error_at(&error, error.file, error.line, error.column, "outer: %s", error.text);

	assert_error(&error, "f", 3, 4, "outer: inner");
}

/* The arena. */

static void arena_memory_is_zero_and_aligned(void **state)
{
	struct arena *arena = NULL;
	unsigned char *memory;
	size_t size, i;

	(void)state;
	for (size = 0; size < 70000; size = size * 3 + 1) {
		arena_strndup(&arena, "odd", 2);
		memory = arena_alloc(&arena, size);
		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		for (i = 0; i < size; i++)
			assert_int_equal(memory[i], 0);
		memset(memory, 0xff, size);
	}
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
}

static void arena_blocks_do_not_overlap(void **state)
{
	static const size_t sizes[] = { 1, 0, 16, 20000, 3, 65536, 65537, 100, 200000, 7, 30000 };
	unsigned char *block[ARRAY_SIZE(sizes) * 8];
	struct arena *arena = NULL;
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(block); i++) {
		block[i] = arena_alloc(&arena, sizes[i % ARRAY_SIZE(sizes)]);
		memset(block[i], i, sizes[i % ARRAY_SIZE(sizes)]);
	}
	for (i = 0; i < ARRAY_SIZE(block); i++)
		for (j = 0; j < sizes[i % ARRAY_SIZE(sizes)]; j++)
			if (block[i][j] != i)
				fail_msg("byte %zu of block %zu", j, i);
	arena_free(&arena);
}

static void arena_strndup_ends_what_has_no_end(void **state)
{
	struct arena *arena = NULL;

	(void)state;
	assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(&arena, NULL, 0), "");
	arena_free(&arena);
}

static const struct CMUnitTest plain_tests[] = {
	cmocka_unit_test(a_version_line_alone_is_a_trace_without_statements),
	cmocka_unit_test(an_event_has_a_label_a_name_and_arguments_in_order),
	cmocka_unit_test(an_event_without_label_and_arguments_has_none),
	cmocka_unit_test(a_label_may_touch_its_event),
	cmocka_unit_test(title_source_need_and_config_are_directives),
	cmocka_unit_test(any_other_word_is_an_event),
	cmocka_unit_test(words_of_the_format_mean_nothing_as_values_and_keys),
	cmocka_unit_test(an_expectation_has_models_a_verdict_and_arguments),
	cmocka_unit_test(models_may_have_blanks_around_comma_and_colon),
	cmocka_unit_test(a_range_has_start_and_count),
	cmocka_unit_test(a_name_may_have_an_offset),
	cmocka_unit_test(a_name_may_join_identifiers_with_commas),
	cmocka_unit_test(a_string_may_hold_anything_but_a_newline),
	cmocka_unit_test(escapes_of_a_string_are_resolved),
	cmocka_unit_test(the_same_key_may_be_in_two_statements),
	cmocka_unit_test(a_text_without_nul_behind_it_is_read),
	cmocka_unit_test(everything_knows_its_place_in_bytes),
	cmocka_unit_test(a_freed_ast_may_be_freed_again),
	cmocka_unit_test(only_the_first_error_is_reported),
	cmocka_unit_test(a_long_token_is_shortened_in_the_message),
	cmocka_unit_test(an_error_may_be_of_no_interest),
	cmocka_unit_test(a_line_of_4096_bytes_is_read),
	cmocka_unit_test(a_line_of_4097_bytes_is_refused),
	cmocka_unit_test(a_million_statements_are_read),
	cmocka_unit_test(one_statement_more_than_a_million_is_refused),
	cmocka_unit_test(an_include_counts_as_a_statement),
	cmocka_unit_test(a_text_of_more_than_256_mib_is_refused),
	cmocka_unit_test(a_file_of_more_than_256_mib_is_refused),
	cmocka_unit_test(a_file_that_fails_to_be_read_is_refused),
	cmocka_unit_test(a_file_is_read),
	cmocka_unit_test(a_file_of_many_reads_is_read),
	cmocka_unit_test(an_empty_file_is_refused),
	cmocka_unit_test(a_missing_file_is_refused),
	cmocka_unit_test(a_folder_is_refused),
	cmocka_unit_test(a_file_without_permission_is_refused),
	cmocka_unit_test(a_path_through_a_file_is_refused),
	cmocka_unit_test(a_minus_reads_standard_input),
	cmocka_unit_test(included_statements_take_the_place_of_the_include),
	cmocka_unit_test(an_include_is_relative_to_its_own_file),
	cmocka_unit_test(an_include_from_memory_is_relative_to_the_name),
	cmocka_unit_test(an_absolute_include_is_taken_as_it_is),
	cmocka_unit_test(a_file_may_be_included_twice),
	cmocka_unit_test(an_error_in_an_included_file_names_that_file),
	cmocka_unit_test(an_included_file_needs_its_version_line),
	cmocka_unit_test(an_include_of_a_folder_is_refused_where_it_stands),
	cmocka_unit_test(an_include_of_a_pipe_is_refused_without_waiting),
	cmocka_unit_test(an_include_cycle_is_refused_and_named),
	cmocka_unit_test(a_file_that_includes_itself_is_refused),
	cmocka_unit_test(includes_nest_eight_deep_and_no_deeper),
#ifdef HAVE_ZSTD
	cmocka_unit_test(a_packed_file_is_read_whatever_its_name),
	cmocka_unit_test(a_packed_file_of_two_frames_is_read),
	cmocka_unit_test(a_packed_file_can_be_included),
	cmocka_unit_test(each_prefix_of_a_packed_file_is_refused_as_truncated),
	cmocka_unit_test(a_damaged_packed_file_is_refused),
	cmocka_unit_test(a_small_file_that_unpacks_to_too_much_is_refused),
#else
	cmocka_unit_test(a_packed_file_is_refused_by_a_build_that_cannot_read_it),
#endif
	cmocka_unit_test(each_prefix_of_a_trace_is_read_or_refused),
	cmocka_unit_test(twenty_thousand_mutations_are_read_or_refused),
	cmocka_unit_test(any_single_byte_is_read_or_refused_anywhere),
	cmocka_unit_test(error_at_is_false_and_tolerates_null),
	cmocka_unit_test(error_at_cuts_what_is_too_long),
	cmocka_unit_test(error_at_does_not_cut_a_character_in_two),
	cmocka_unit_test(error_at_keeps_to_one_line),
	cmocka_unit_test(error_at_may_speak_of_the_same_error),
	cmocka_unit_test(arena_memory_is_zero_and_aligned),
	cmocka_unit_test(arena_blocks_do_not_overlap),
	cmocka_unit_test(arena_strndup_ends_what_has_no_end),
};

static struct CMUnitTest row(const char *name, CMUnitTestFunction function, const void *state)
{
	return (struct CMUnitTest) {
		.name = name, .test_func = function, .initial_state = (void *)state };
}

int main(void)
{
	struct CMUnitTest rows[ARRAY_SIZE(numbers) + ARRAY_SIZE(same_traces) +
			       ARRAY_SIZE(first_lines) + ARRAY_SIZE(bodies)];
	size_t nr = 0, i;
	int failed;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		rows[nr++] = row(numbers[i].name, number_is_read, &numbers[i]);
	for (i = 0; i < ARRAY_SIZE(same_traces); i++)
		rows[nr++] = row(same_traces[i].name, same_trace_is_read, same_traces[i].text);
	for (i = 0; i < ARRAY_SIZE(first_lines); i++)
		rows[nr++] = row(first_lines[i].name, first_line_is_refused, &first_lines[i]);
	for (i = 0; i < ARRAY_SIZE(bodies); i++)
		rows[nr++] = row(bodies[i].name, body_is_refused, &bodies[i]);

	/* Two groups: the state of a group would take the place of a row. */
	failed = cmocka_run_group_tests_name("ast", plain_tests, folder_make, folder_remove);
	return _cmocka_run_group_tests("ast_rows", rows, nr, NULL, NULL) || failed;
}
