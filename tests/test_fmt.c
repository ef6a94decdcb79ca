// SPDX-License-Identifier: GPL-2.0-only
/* A trace in the one way to write it: what changes, and that nothing else does. */
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/fmt.h"
#include "sim/trace.h"
#include "tests/support.h"

/* ---- lines ---- */

/* Behind "pfntrace 1". */
static const struct fmt_row {
	const char *name, *text, *expected;	/* NULL: refused */
} fmt_rows[] = {
	{ "blanks between words are one, and none at the ends",
	  "  mmap \t A   8K  \n", "mmap A 8K\n" },
	{ "a line ends in LF", "mmap A 8K\r\n\r\nread 0x0", "mmap A 8K\n\nread 0x0\n" },
	{ "blank lines stay", "\n\n \nread 0x0\n\n", "\n\n\nread 0x0\n\n" },
	{ "a key that may go goes",
	  "memslot 1 gpa=0x0 hva=A size=8K flags=log\n", "memslot 1 0x0 A 8K flags=log\n" },
	{ "one that says what no place does stays",
	  "repoint B 0 C to-index=0\nmprotect A 4K r\n",
	  "repoint B 0 to=C to-index=0\nmprotect A 4K prot=r\n" },
	{ "arguments stand in the table's order",
	  "read until=lock_mmu vcpu=1 gpa=0x1000 count=2\n",
	  "read 0x1000 count=2 vcpu=1 until=lock_mmu\n" },
	{ "behind an absent argument the key stays",
	  "zap pages=3 object=B\n", "zap B pages=3\n" },
	{ "a value by place keeps its meaning behind keys",
	  "zap index=2 B 3\n", "zap B 2 3\n" },
	{ "an ignored argument comes last, as it is",
	  "read x-why=\"a  # b\" 0x0\n", "read 0x0 x-why=\"a  # b\"\n" },
	{ "numbers are spelt as they were", "host-write A+0x1000 0xAb\n",
	  "host-write A+0x1000 0xAb\n" },
	{ "a label stands before its event", "r:read 0x0\n", "r: read 0x0\n" },
	{ "expectations have no blanks at commas",
	  "r: read 0x0\nexpect v6.1 , new:outcome refs=1 at=r mapped value=2\n",
	  "r: read 0x0\nexpect v6.1,new: outcome mapped at=r value=2 refs=1\n" },
	{ "configuration keeps its order", "config  stage2=npt  mmu=tdp\n",
	  "config stage2=npt mmu=tdp\n" },
	{ "comments of lines in a row stand in one column",
	  "mmap A 8K#one\nread 0x1000      # two\n            # of two\nread 0x0\nread 0x0  # 3 \n",
	  "mmap A 8K   #one\nread 0x1000 # two\n            # of two\nread 0x0\nread 0x0 # 3\n" },
	{ "a column that others have, too, stays",
	  "read 0x0         # a\nread 0x0\nread 0x1000      # b\n                 # of b\n"
	  "read 0x0\nread 0x0   # c\nread 0x0\nread gpa=0x0     # d\n",
	  "read 0x0         # a\nread 0x0\nread 0x1000      # b\n                 # of b\n"
	  "read 0x0\nread 0x0 # c\nread 0x0\nread 0x0         # d\n" },
	{ "... unless a line needs more",
	  "read 0x0     # a\nread 0x0\nread 0x100000 # b\nread 0x0\nread 0x0     # c\n"
	  "read 0x0     # d\nread 0x100000 vcpu=1 # e\n",
	  "read 0x0 # a\nread 0x0\nread 0x100000 # b\nread 0x0\n"
	  "read 0x0             # c\nread 0x0             # d\nread 0x100000 vcpu=1 # e\n" },
	{ "a comment alone stands at the margin, or stays there",
	  "read 0x0\n  # alone\n# too\n", "read 0x0\n# alone\n# too\n" },
	{ "a # in a string is none", "title  \"a # b\" # c\n", "title \"a # b\" # c\n" },
	{ "characters are counted, not bytes", "note \"\xc3\xa4\" # a\nread 0x0     # b\n",
	  "note \"\xc3\xa4\" # a\nread 0x0 # b\n" },
	{ "an unknown event is refused", "reed 0x0\n", NULL },
	{ "an unknown argument is refused", "read 0x0 why=1\n", NULL },
	{ "an unknown verdict is refused", "expect all: fine\n", NULL },
};

static void fmt_writes_it_so(void **state)
{
	const struct fmt_row *row = *state;
	char text[400], expected[400];
	struct error error = { .text = "" };
	struct fmt f;
	bool ok;

	snprintf(text, sizeof(text), "pfntrace  1\n%s", row->text);
	snprintf(expected, sizeof(expected), "pfntrace 1\n%s", row->expected ? row->expected : "");

	ok = fmt("t", text, strlen(text), &f, &error);

	assert_int_equal(ok, !!row->expected);
	if (!ok)
		return;
	assert_string_equal(f.text, expected);
	assert_int_equal(f.length, strlen(expected));
	assert_false(f.is_canonical);	/* its first line has two blanks */
	assert_int_equal(f.changes[0].line, 1);
	fmt_free(&f);
}

/* ---- all there are ---- */

static char *read_file(const char *path, size_t *length)
{
	FILE *in = fopen(path, "r");
	char *text;

	assert_non_null(in);
	fseek(in, 0, SEEK_END);
	*length = ftell(in);
	rewind(in);
	text = calloc(1, *length + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, *length, in), *length);
	fclose(in);
	return text;
}

static void assert_same_string(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

/* All but the column. */
static void assert_same_event(struct event a, struct event b)
{
	assert_same_string(a.label, b.label);
	assert_same_string(a.until, b.until);
	assert_same_string(a.name, b.name);
	assert_string_equal(a.file, b.file);
	a.label = b.label = a.until = b.until = a.name = b.name = a.file = b.file = NULL;
	a.column = b.column = 0;
	assert_memory_equal(&a, &b, sizeof(a));
}

static const struct ast_arg *arg_of(const struct ast_statement *s, const char *key)
{
	for (size_t i = 0; i < s->nr_args; i++)
		if (key && s->args[i].key ? !strcmp(key, s->args[i].key) : key == s->args[i].key)
			return &s->args[i];
	return NULL;
}

static void assert_same_expect(const struct ast_statement *a, const struct ast_statement *b)
{
	assert_int_equal(a->line, b->line);
	assert_string_equal(a->word, b->word);
	assert_int_equal(a->nr_models, b->nr_models);
	for (size_t i = 0; i < a->nr_models; i++)
		assert_string_equal(a->models[i], b->models[i]);
	assert_int_equal(a->nr_args, b->nr_args);
	for (size_t i = 0; i < a->nr_args; i++) {
		const struct ast_arg *other = arg_of(b, a->args[i].key);

		assert_non_null(other);
		assert_int_equal(a->args[i].value.type, other->value.type);
		assert_int_equal(a->args[i].value.number, other->value.number);
		assert_same_string(a->args[i].value.name, other->value.name);
	}
}

static void assert_same_trace(const struct trace *a, const struct trace *b)
{
	assert_string_equal(a->title, b->title);
	assert_memory_equal(&a->config, &b->config, sizeof(a->config));
	assert_int_equal(arrlen(a->events), arrlen(b->events));
	for (size_t i = 0; i < arrlenu(a->events); i++)
		assert_same_event(a->events[i], b->events[i]);
	assert_int_equal(arrlen(a->expects), arrlen(b->expects));
	for (size_t i = 0; i < arrlenu(a->expects); i++)
		assert_same_expect(a->expects[i], b->expects[i]);
	assert_int_equal(a->nr_threads, b->nr_threads);
	for (size_t i = 0; i < a->nr_threads; i++) {
		assert_string_equal(a->threads[i].name, b->threads[i].name);
		assert_int_equal(a->threads[i].first, b->threads[i].first);
		assert_int_equal(a->threads[i].nr, b->threads[i].nr);
	}
	assert_int_equal(arrlen(a->orders), arrlen(b->orders));
	assert_int_equal(a->join, b->join);
	assert_int_equal(a->nr_bugs, b->nr_bugs);
	assert_int_equal(a->nr_cases, b->nr_cases);
	assert_int_equal(a->nr_judged, b->nr_judged);
	assert_int_equal(arrlen(a->notes), arrlen(b->notes));
}

static bool has_ending(const char *name, const char *ending)
{
	size_t length = strlen(name), tail = strlen(ending);

	return length > tail && !strcmp(name + length - tail, ending);
}

static bool is_trace(const char *path, const char *text)
{
	/* what is only included says nothing of a version */
	return has_ending(path, ".inc") || !strncmp(text, "pfntrace", strlen("pfntrace"));
}

/* False: @path is no trace, but a recording's. */
static bool is_written_so(const char *path)
{
	struct error error = { .text = "" };
	struct fmt f;
	size_t length;
	char *text = read_file(path, &length);
	bool checked = is_trace(path, text);

	if (checked && !fmt(path, text, length, &f, &error))
		fail_msg("%s:%u: %s", path, error.line, error.text);
	if (checked && !f.is_canonical)
		fail_msg("%s:%u: \"%s\": pfnsim fmt -i writes it otherwise", path,
			 arrlenu(f.changes) ? f.changes[0].line : 0,
			 arrlenu(f.changes) ? f.changes[0].before : "");
	if (checked)
		fmt_free(&f);
	free(text);
	return checked;
}

/* False: @path is no trace, but a recording's. */
static bool keeps_its_meaning(const char *path)
{
	struct error error = { .text = "" };
	struct trace before, after;
	struct fmt once, twice;
	size_t length;
	char *text = read_file(path, &length);
	bool checked = is_trace(path, text);

	if (checked && !fmt(path, text, length, &once, &error))
		fail_msg("%s:%u: %s", path, error.line, error.text);
	if (checked) {
		assert_true(fmt(path, once.text, once.length, &twice, &error));
		assert_string_equal(once.text, twice.text);
		assert_true(twice.is_canonical);
		assert_int_equal(arrlen(twice.changes), 0);
		/* What is only included may say nothing by itself. */
		if (trace_load_text(path, text, &before, &error)) {
			assert_true(trace_load_text(path, once.text, &after, &error));
			assert_same_trace(&before, &after);
			trace_free(&before);
			trace_free(&after);
		}
		fmt_free(&once);
		fmt_free(&twice);
	}
	free(text);
	return checked;
}

/* How many files below @folder of the sources are traces: what @check says of them. */
static unsigned check_all(const char *folder, bool (*check)(const char *path))
{
	const char *source = getenv("PFNSIM_SOURCE");
	char root[600], *roots[] = { root, NULL };
	unsigned checked = 0;
	FTSENT *entry;
	FTS *tree;

	assert_non_null(source);
	snprintf(root, sizeof(root), "%s/%s", source, folder);
	tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	assert_non_null(tree);
	while ((entry = fts_read(tree)))
		if (entry->fts_info == FTS_F &&
		    (has_ending(entry->fts_name, ".trace") || has_ending(entry->fts_name, ".inc")))
			checked += check(entry->fts_path);
	fts_close(tree);
	return checked;
}

static void fmt_keeps_the_meaning_of_every_trace_and_is_idempotent(void **state)
{
	(void)state;
	assert_true(check_all("traces", keeps_its_meaning) > 300);
}

/* What is committed, by hand or by pfnsim review; recordings stay as they are. */
static void every_trace_is_written_so(void **state)
{
	(void)state;
	assert_true(check_all("traces", is_written_so) > 300);
	assert_true(check_all("docs", is_written_so) > 50);
}

int main(void)
{
	struct test_list list = { .n = 0 };

	LIST_ROWS(&list, fmt_writes_it_so, fmt_rows);
	LIST_TEST(&list, fmt_keeps_the_meaning_of_every_trace_and_is_idempotent);
	LIST_TEST(&list, every_trace_is_written_so);
	return _cmocka_run_group_tests("fmt", list.test, list.n, NULL, NULL);
}
