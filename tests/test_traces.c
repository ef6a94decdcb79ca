// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traces as a whole: those of traces/ and the examples of docs/TRACE-FORMAT.md come out as they
 * say, an expectation that is wrong is missed, and what cannot be run is refused with one message
 * at the right place. The reader alone is test_ast.c's.
 */
#include <dirent.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/host_mm.h"
#include "model/law.h"
#include "sim/trace_config.h"
#include "sim/expect.h"
#include "sim/replay_internal.h"

/* Last: it has a macro expect_check(). */
#include <cmocka.h>

/* ---- lists of tests, made at run time ---- */

struct trace_run {
	char name[200];
	char path[PATH_MAX];
	const struct semantics_patch *patch;	/* NULL: it cannot be read; the test says why */
};

struct doc_error {
	char name[64];
	char path[PATH_MAX];
	char message[512];	/* as the tool prints it, without "pfnsim: " */
};

struct test_set {
	struct CMUnitTest *tests;
	size_t n;
	char *names[192];	/* of words that are rows of one claim */
	size_t nr_names;
};

static void *copy_of(const void *data, size_t size)
{
	void *copy = malloc(size);

	if (!copy)
		abort();
	return memcpy(copy, data, size);
}

static void set_add(struct test_set *set, const char *name, CMUnitTestFunction f, void *state)
{
	set->tests = realloc(set->tests, (set->n + 1) * sizeof(*set->tests));
	if (!set->tests)
		abort();
	set->tests[set->n++] = (struct CMUnitTest){ .name = name, .test_func = f,
						    .initial_state = state };
}

static void set_add_rows(struct test_set *set, CMUnitTestFunction f, const void *rows, size_t nr,
			 size_t size)
{
	for (size_t i = 0; i < nr; i++) {
		const char *const *row = (const void *)((const char *)rows + i * size);

		set_add(set, *row, f, (void *)row);
	}
}

/* The same of rows whose name is a word: their tests are called "claim: word". */
static void set_add_words(struct test_set *set, const char *claim, CMUnitTestFunction f,
			  const void *rows, size_t nr, size_t size)
{
	for (size_t i = 0; i < nr; i++) {
		const char *const *row = (const void *)((const char *)rows + i * size);
		size_t room = strlen(claim) + strlen(*row) + 3;
		char *name = malloc(room);

		if (!name || set->nr_names == ARRAY_SIZE(set->names))
			abort();
		snprintf(name, room, "%s: %s", claim, *row);
		set->names[set->nr_names++] = name;
		set_add(set, name, f, (void *)row);
	}
}

static void set_free(struct test_set *set, bool rows)
{
	for (size_t i = 0; rows && i < set->n; i++)
		free(set->tests[i].initial_state);
	for (size_t i = 0; i < set->nr_names; i++)
		free(set->names[i]);
	free(set->tests);
}

/* ---- files ---- */

static const char *from_env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

/* A file that cannot be read is empty: its tests fail. */
static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t size = 0, room = 1 << 16, n;
	char *text = calloc(room + 1, 1);

	if (!text)
		abort();
	if (!file)
		return text;
	while ((n = fread(text + size, 1, room - size, file)) > 0) {
		size += n;
		if (size == room)
			text = realloc(text, (room *= 2) + 1);
		if (!text)
			abort();
	}
	fclose(file);
	text[size] = 0;
	return text;
}

static char folder[PATH_MAX];	/* of mkdtemp(), for what tests write */

static void in_folder(char *path, const char *name)
{
	snprintf(path, PATH_MAX, "%.4000s/%.80s", folder, name);
}

static void write_file(const char *path, const void *bytes, size_t length)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(bytes, 1, length, file) != length || fclose(file))
		abort();
}

static void remove_folder(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[PATH_MAX];

	while (dir && (entry = readdir(dir))) {
		in_folder(path, entry->d_name);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
}

/* ---- running ---- */

static void list_surprises(const struct replay_run *run, char *text, size_t size)
{
	size_t used = 0;

	text[0] = 0;
	for (size_t i = 0; i < run->nr_mismatches && used < size; i++)
		used += snprintf(text + used, size - used, "\n  line %u: %s", run->mismatch[i].line,
				 run->mismatch[i].text);
	for (size_t i = 0; i < run->vm->nr_violations && used < size; i++)
		if (!run->vm->violations[i].expected)
			used += snprintf(text + used, size - used,
					 "\n  violation of %s at event %u, blame %s",
					 run->vm->violations[i].v.law->id,
					 run->vm->violations[i].event,
					 blame_name(run->vm->violations[i].v.blame));
	if (run->missing[0] && used < size)
		snprintf(text + used, size - used, "\n  inconclusive: %s", run->missing);
}

/* Its test: no expectation is missed, no violation unexpected, and every event ends. */
static void trace_comes_out_as_it_says(void **state)
{
	const struct trace_run *t = *state;
	struct replay_options options = { .semantics = &t->patch, .nr_semantics = 1 };
	struct error error = { .text = "it names no semantics" };
	struct replay replayed;
	char surprises[4000];

	if (!t->patch || !replay(t->path, &options, &replayed, &error))
		fail_msg("%s:%u:%u: %s", t->path, error.line, error.column, error.text);
	list_surprises(&replayed.run[0], surprises, sizeof(surprises));
	replay_free(&replayed);
	if (surprises[0])
		fail_msg("%s under %s:%s", t->path, t->patch->name, surprises);
}

static bool is_named(const struct ast *ast, const struct semantics_patch *patch)
{
	for (size_t i = 0; i < ast->nr_statements; i++) {
		const struct ast_statement *s = &ast->statements[i];

		for (size_t m = 0; s->kind == AST_EXPECT && m < s->nr_models; m++)
			if (model_matches(s->models[m], patch))
				return true;
	}
	return false;
}

/* The @i-th that a trace may name, kernels before policies; NULL at the end. */
static const struct semantics_patch *nth_semantics(size_t i)
{
	size_t nr = 0;

	while (all_semantics[nr])
		nr++;
	return i < nr ? all_semantics[i] : policies[i - nr];
}

/* One test for each semantics that the trace's expectations name. */
static void add_runs(struct test_set *set, const char *path, const char *shown)
{
	struct trace_run t = { .patch = NULL };
	struct error error = { 0 };
	struct trace_run *kept;
	size_t before = set->n;
	struct ast ast;

	snprintf(t.path, sizeof(t.path), "%s", path);
	if (ast_read(path, &ast, &error)) {
		for (size_t i = 0; nth_semantics(i); i++) {
			t.patch = nth_semantics(i);
			if (!is_named(&ast, t.patch))
				continue;
			snprintf(t.name, sizeof(t.name), "%s under %s", shown, t.patch->name);
			kept = copy_of(&t, sizeof(t));
			set_add(set, kept->name, trace_comes_out_as_it_says, kept);
		}
		ast_free(&ast);
	}
	if (set->n == before) {
		snprintf(t.name, sizeof(t.name), "%s", shown);
		kept = copy_of(&t, sizeof(t));
		set_add(set, kept->name, trace_comes_out_as_it_says, kept);
	}
}

/* ---- all traces of the tree ---- */

struct path_list {
	char **paths;
	size_t n;
};

static struct path_list traces;
static const char *traces_root;

static void find_traces(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);
		char below[PATH_MAX];
		struct stat stat_;

		snprintf(below, sizeof(below), "%.3800s/%.255s", path, entry->d_name);
		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "recorded") ||
		    !strcmp(entry->d_name, "regress") || !strcmp(entry->d_name, "race") ||
		    stat(below, &stat_))
			continue;
		if (S_ISDIR(stat_.st_mode)) {
			find_traces(below);
		} else if (length > 6 && !strcmp(entry->d_name + length - 6, ".trace")) {
			traces.paths = realloc(traces.paths, (traces.n + 1) * sizeof(char *));
			if (!traces.paths)
				abort();
			traces.paths[traces.n++] = copy_of(below, strlen(below) + 1);
		}
	}
	if (dir)
		closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Calls @visit for every statement of every trace. */
static void for_each_statement(void (*visit)(const struct ast_statement *s, void *what), void *what)
{
	for (size_t i = 0; i < traces.n; i++) {
		struct error error = { 0 };
		struct ast ast;

		if (!ast_read(traces.paths[i], &ast, &error))
			fail_msg("%s:%u:%u: %s", error.file, error.line, error.column, error.text);
		for (size_t s = 0; s < ast.nr_statements; s++)
			visit(&ast.statements[s], what);
		ast_free(&ast);
	}
}

struct seen { const char *word; bool found; };

static void see_event(const struct ast_statement *s, void *what)
{
	struct seen *seen = what;

	seen->found |= s->kind == AST_EVENT && !strcmp(s->word, seen->word);
}

static void every_event_kind_is_in_a_trace(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_event_kinds; i++) {
		struct seen seen = { .word = event_kinds[i].name };

		for_each_statement(see_event, &seen);
		if (!seen.found)
			fail_msg("no trace has an event \"%s\"", seen.word);
	}
}

static void see_violation(const struct ast_statement *s, void *what)
{
	struct seen *seen = what;

	seen->found |= s->kind == AST_EXPECT && !strcmp(s->word, "violation") && s->nr_args &&
		       s->args[0].value.type == AST_NAME &&
		       !strcmp(s->args[0].value.name, seen->word);
}

/* Nothing that a trace can say breaks these under a semantics that is shipped. */
static const char *const never_broken[] = {
	"writable-bits-agree", "leaf-immutable",
	"notifier-counts-agree", "error-holds-no-ref",
	"atomic-does-not-sleep", "atomic-gives-a-page",
	"ad-only-if-refcounted", "mmio-generation",
	"seq-before-count", "inhibited-apic-unmapped",
	"no-lock-left",
};

static void every_law_is_broken_by_a_trace_or_known_to_hold(void **state)
{
	(void)state;
	for (unsigned i = 0; i < nr_laws; i++) {
		struct seen seen = { .word = laws[i].id };
		bool listed = laws[i].judged;

		for (size_t n = 0; n < ARRAY_SIZE(never_broken); n++)
			listed |= !strcmp(never_broken[n], laws[i].id);
		for_each_statement(see_violation, &seen);
		if (seen.found && listed)
			fail_msg("\"%s\" is broken by a trace", laws[i].id);
		if (!seen.found && !listed)
			fail_msg("no trace expects a violation of \"%s\"", laws[i].id);
	}
}

static void every_law_that_is_known_to_hold_exists(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(never_broken); i++)
		assert_non_null(law_find(never_broken[i]));
}

static void every_trace_has_title_source_event_and_expectation(void **state)
{
	(void)state;
	assert_true(traces.n > 40);
	for (size_t i = 0; i < traces.n; i++) {
		bool title = false, source = false, event = false, expect = false;
		struct error error = { 0 };
		struct ast ast;

		if (!ast_read(traces.paths[i], &ast, &error))
			fail_msg("%s:%u:%u: %s", error.file, error.line, error.column, error.text);
		for (size_t n = 0; n < ast.nr_statements; n++) {
			const struct ast_statement *s = &ast.statements[n];

			title |= s->kind == AST_DIRECTIVE && !strcmp(s->word, "title");
			source |= s->kind == AST_DIRECTIVE && !strcmp(s->word, "source");
			event |= s->kind == AST_EVENT;
			expect |= s->kind == AST_EXPECT;
		}
		ast_free(&ast);
		if (!title || !source || !event || !expect)
			fail_msg("%s lacks a title, a source, an event or an expectation",
				 traces.paths[i]);
	}
}

static void every_semantics_is_named_by_a_trace(void **state)
{
	(void)state;
	for (size_t p = 0; nth_semantics(p); p++) {
		bool found = false;

		for (size_t i = 0; i < traces.n && !found; i++) {
			struct error error = { 0 };
			struct ast ast;

			assert_true(ast_read(traces.paths[i], &ast, &error));
			found = is_named(&ast, nth_semantics(p));
			ast_free(&ast);
		}
		if (!found)
			fail_msg("no trace names %s", nth_semantics(p)->name);
	}
}

/* ---- docs/TRACE-FORMAT.md ---- */

static char *document;

/* The end of the line at @at, and where the next begins. */
static const char *next_line(const char *at)
{
	const char *end = strchr(at, '\n');

	return end ? end + 1 : at + strlen(at);
}

struct fence {
	const char *text;	/* its first line */
	size_t length;
	unsigned line;		/* of the ``` */
	char info[32], name[64];
};

/* The next fenced block from @*at on, which stands in line @*line; false: there is none. */
static bool next_fence(const char **at, unsigned *line, struct fence *fence)
{
	for (; **at; *at = next_line(*at), ++*line) {
		if (strncmp(*at, "```", 3))
			continue;
		*fence = (struct fence){ .text = next_line(*at), .line = *line };
		if (**at && (*at)[3] != '\n')
			sscanf(*at + 3, "%31s%*[ ]%63[^\n ]", fence->info, fence->name);
		for (*at = fence->text, ++*line; **at && strncmp(*at, "```", 3); ++*line)
			*at = next_line(*at);
		fence->length = *at - fence->text;
		*at = next_line(*at);
		++*line;
		return true;
	}
	return false;
}

static const char *write_example(const struct fence *fence, char *path)
{
	char name[80];

	if (fence->name[0])
		snprintf(name, sizeof(name), "%s", fence->name);
	else
		snprintf(name, sizeof(name), "line-%u.trace", fence->line);
	in_folder(path, name);
	write_file(path, fence->text, fence->length);
	return path;
}

static void example_is_refused_with_the_message_shown(void **state)
{
	const struct doc_error *t = *state;
	size_t nr = 0;
	struct replay replayed;
	struct error error = { 0 };
	char message[1200];

	while (all_semantics[nr])
		nr++;
	if (replay(t->path, &(struct replay_options){ .semantics = all_semantics,
						      .nr_semantics = nr }, &replayed, &error)) {
		replay_free(&replayed);
		fail_msg("%s is accepted", t->name);
	}
	snprintf(message, sizeof(message), "%s:%u:%u: %s", strrchr(error.file, '/') + 1, error.line,
		 error.column, error.text);
	assert_string_equal(message, t->message);
}

/* A block that is called a trace, or is one and not called anything. */
static bool is_trace(const struct fence *fence)
{
	return !strcmp(fence->info, "trace") ||
	       (!fence->info[0] && !strncmp(fence->text, "pfntrace 1\n", 11));
}

/* ```trace [NAME] is run; ```trace-error NAME is refused as the block behind it says. */
static void add_examples(struct test_set *set, const char *at, const char *document_name)
{
	struct fence fence, shown;
	unsigned line = 1;

	while (next_fence(&at, &line, &fence)) {
		char path[PATH_MAX], name[64];
		struct doc_error t, *kept;

		snprintf(name, sizeof(name), "%s:%u", document_name, fence.line);
		if (is_trace(&fence)) {
			add_runs(set, write_example(&fence, path), name);
		} else if (!strcmp(fence.info, "trace-error")) {
			memcpy(t.name, name, sizeof(name));
			write_example(&fence, t.path);
			snprintf(t.message, sizeof(t.message), "(shown in the block behind it)");
			if (next_fence(&at, &line, &shown) && !strncmp(shown.text, "pfnsim: ", 8))
				snprintf(t.message, sizeof(t.message), "%.*s",
					 (int)shown.length - 9, shown.text + 8);
			kept = copy_of(&t, sizeof(t));
			set_add(set, kept->name, example_is_refused_with_the_message_shown, kept);
		}
	}
}

static void the_document_has_examples_and_errors(void **state)
{
	const char *at = document;
	unsigned line = 1, nr_traces = 0, nr_errors = 0;
	struct fence fence;

	(void)state;
	while (next_fence(&at, &line, &fence)) {
		nr_traces += !strcmp(fence.info, "trace");
		nr_errors += !strcmp(fence.info, "trace-error");
	}
	assert_true(nr_traces >= 5);
	assert_true(nr_errors >= 3);
}

/* What the document says about an argument, from its row. */

static size_t words_text(const char *const *words, const char *between, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; words[i]; i++)
		used += snprintf(out + used, size - used, "%s`%s`", i ? between : "", words[i]);
	return used;
}

static void number_text(uint64_t number, char *out, size_t size)
{
	snprintf(out, size, number < 100000 ? "%llu" : "0x%llx", (unsigned long long)number);
}

static void value_text(const struct arg_row *row, char *out, size_t size)
{
	static const char *const text[] = {
		[ARG_NUMBER] = "number", [ARG_DELTA] = "signed number",
		[ARG_ADDRESS] = "address", [ARG_SIZE] = "size", [ARG_OBJECT] = "object",
		[ARG_NEW_OBJECT] = "new name", [ARG_NEW_REGION] = "new name",
		[ARG_NEW_FILE] = "new name", [ARG_FILE] = "file",
		[ARG_CHOICE] = "", [ARG_FLAGS] = "", [ARG_STEP] = "step", [ARG_LABEL] = "label",
	};
	char min[32], max[32];
	size_t used;

	snprintf(out, size, "%s", text[row->type]);
	if (row->type == ARG_CHOICE) {
		words_text(row->words, " ", out, size);
	} else if (row->type == ARG_FLAGS) {
		used = words_text(row->words, ",", out, size);
		snprintf(out + used, size - used, ", or `none`");
	} else if (row->type == ARG_NUMBER) {
		number_text(row->min, min, sizeof(min));
		number_text(row->max, max, sizeof(max));
		snprintf(out, size, row->max ? "%s to %s" : "from %s", min, max);
	}
}

static void preset_text(const struct arg_row *row, char *out, size_t size)
{
	size_t used = 0;

	snprintf(out, size, "-");
	if (row->required) {
		snprintf(out, size, "needed");
	} else if (row->type == ARG_CHOICE) {
		snprintf(out, size, "`%s`", row->words[row->preset]);
	} else if (row->type == ARG_FLAGS) {
		for (size_t i = 0; row->words[i]; i++)
			if (row->preset & (uint64_t)1 << i)
				used += snprintf(out + used, size - used, "%s%s", used ? "," : "`",
						 row->words[i]);
		snprintf(out + used, size - used, used ? "`" : "`none`");
	} else if (row->type == ARG_NUMBER && row->preset != NO_PFN && row->preset < 1 << 28) {
		number_text(row->preset, out, size);
	}
}

/* The section of an event; the document has it word for word. */
static void kind_text(const struct event_kind *kind, char *out, size_t size)
{
	size_t used = snprintf(out, size, "### `%s`\n\n%s\n", kind->name, kind->help);

	for (size_t i = 0; i < MAX_ARGS && kind->args[i].key; i++) {
		const struct arg_row *row = &kind->args[i];
		char value[200], preset[64];

		value_text(row, value, sizeof(value));
		preset_text(row, preset, sizeof(preset));
		if (!i)
			used += snprintf(out + used, size - used, "\n%s\n%s\n",
					 "| argument | value | if absent | |", "|---|---|---|---|");
		used += snprintf(out + used, size - used, "| `%s%s` | %s | %s | %s |\n", row->key,
				 row->positional ? "" : "=", value, preset, row->help);
	}
	assert_true(used < size);
}

static void event_is_documented_as_it_is(void **state)
{
	char text[4000];

	kind_text(*state, text, sizeof(text));
	if (!strstr(document, text))
		fail_msg("docs/TRACE-FORMAT.md lacks this, word for word:\n%s", text);
}

static void no_event_is_documented_that_is_not(void **state)
{
	(void)state;
	for (const char *at = document; *at; at = next_line(at)) {
		bool found = strncmp(at, "### `", 5);

		for (size_t i = 0; i < nr_event_kinds && !found; i++) {
			size_t length = strlen(event_kinds[i].name);

			found = !strncmp(at + 5, event_kinds[i].name, length) &&
				at[5 + length] == '`';
		}
		if (!found)
			fail_msg("no event is called %.*s", (int)strcspn(at + 4, "\n"), at + 4);
	}
}

/* ---- expectations that do not hold ---- */

#define SET_UP	"alloc B noncompound order=1\nmmap D 8K device B\nmemslot 1 0x200000 D 8K\n"

/* After "pfntrace 1", under v11: the first mismatch, always of the last line. */
static const struct miss { const char *claim, *body, *text; } misses[] = {
	{ "an_outcome_is_missed", SET_UP "r: read 0x200000\nexpect v11: outcome efault at=r",
	  "v11: expected efault at r, found mapped" },
	{ "an_outcome_of_the_group_is_missed",
	  SET_UP "r: read 0x200000\nexpect new: outcome ok at=r",
	  "v11: expected ok at r, found mapped" },
	{ "refs_are_missed", SET_UP "r: read 0x200000\nexpect v11: outcome mapped at=r refs=2",
	  "v11: expected refs=2 at r, found 1" },
	{ "refs_that_are_not_there_are_missed", "r: read 0\nexpect v11: outcome mmio at=r refs=1",
	  "v11: expected refs=1 at r, found -1" },
	{ "a_value_is_missed", SET_UP "host-write D 7\nr: read 0x200000\n"
	  "expect v11: outcome mapped at=r value=8", "v11: expected value=0x8 at r, found 0x7" },
	{ "a_pfn_is_missed", "alloc M mmio pfn=0xfb000\nmmap D 4K device M\nmemslot 1 0 D 4K\n"
	  "r: read 0\nexpect v11: outcome mapped at=r pfn=0xfb001",
	  "v11: expected pfn=0xfb001 at r, found 0xfb000" },
	{ "a_violation_is_missed", SET_UP "r: read 0x201000\n"
	  "expect v11: violation no-get-from-zero at=r",
	  "v11: expected a violation of no-get-from-zero at r, found none" },
	{ "a_violation_at_another_event_is_missed", SET_UP "r: read 0x200000\nf: free B\n"
	  "expect v11: violation no-free-page-mapped at=r",
	  "v11: expected a violation of no-free-page-mapped at r, found none" },
	{ "a_violation_by_another_party_is_missed", SET_UP "r: read 0x200000\nf: free B\n"
	  "expect v11: violation no-free-page-mapped at=f blame=kvm",
	  "v11: expected a violation of no-free-page-mapped at f, found none" },
	{ "ok_is_missed", SET_UP "r: read 0x200000\nfree B\nexpect v11: ok",
	  "v11: expected ok, found a violation of no-free-page-mapped" },
	{ "a_pages_count_is_missed", SET_UP "drain\nexpect v11: page object=B index=1 refs=1",
	  "v11: expected refs=1, found 0" },
	{ "a_free_page_is_missed", SET_UP "drain\nexpect v11: page object=B index=1 free=1",
	  "v11: expected free=1, found 0" },
	{ "a_dirty_page_is_missed", SET_UP "drain\nexpect v11: page object=B index=0 dirty=1",
	  "v11: expected dirty=1, found 0" },
	{ "an_accessed_page_is_missed", SET_UP "read 0x200000\n"
	  "expect v11: page object=B index=0 accessed=0", "v11: expected accessed=0, found 1" },
	{ "a_page_beyond_its_object_is_missed", SET_UP "drain\n"
	  "expect v11: page object=B index=2 refs=0", "v11: \"B\" has no page with that index" },
	{ "a_present_spte_is_missed", SET_UP "drain\nexpect v11: spte gpa=0x200000 present=1",
	  "v11: expected present=1, found 0" },
	{ "a_writable_spte_is_missed", SET_UP "read 0x200000\n"
	  "expect v11: spte gpa=0x200000 writable=0", "v11: expected writable=0, found 1" },
	{ "a_refcounted_spte_is_missed", SET_UP "read 0x201000\n"
	  "expect v11: spte gpa=0x201000 refcounted=1", "v11: expected refcounted=1, found 0" },
	{ "a_level_is_missed", SET_UP "read 0x200000\nexpect v11: spte gpa=0x200000 level=2",
	  "v11: expected level=2, found 1" },
	{ "how_an_event_stopped_is_missed", SET_UP "r: read 0x200000 until=lock_mmu\nresume r\n"
	  "expect v11: outcome blocked at=r", "v11: expected blocked at r, found paused" },
};

static bool replay_body(const char *body, const char *semantics, struct replay *replayed,
			struct error *error)
{
	const struct semantics_patch *patch = semantics_find(semantics);
	struct replay_options options = { .semantics = &patch, .nr_semantics = 1 };
	char path[PATH_MAX], text[2000];

	assert_true((size_t)snprintf(text, sizeof(text), "pfntrace 1\n%s\n", body) < sizeof(text));
	in_folder(path, "t.trace");
	write_file(path, text, strlen(text));
	return replay(path, &options, replayed, error);
}

static struct replay good_body(const char *body, const char *semantics)
{
	struct error error = { 0 };
	struct replay replayed;

	if (!replay_body(body, semantics, &replayed, &error))
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
	return replayed;
}

static void expectation_is_missed(void **state)
{
	const struct miss *miss = *state;
	struct replay replayed = good_body(miss->body, "v11");
	const struct replay_run *run = &replayed.run[0];
	unsigned lines = 2;

	for (const char *c = miss->body; *c; c++)
		lines += *c == '\n';
	assert_int_equal(run->nr_mismatches, 1);
	assert_string_equal(run->mismatch[0].text, miss->text);
	assert_int_equal(run->mismatch[0].line, lines);
	assert_int_equal(run->mismatch[0].column, 1);
	assert_int_equal(run->verdict, VERDICT_MISMATCH);
	assert_int_equal(replay_exit_code(&replayed), 1);
	replay_free(&replayed);
}

static void an_expectation_of_another_semantics_does_not_count(void **state)
{
	struct replay replayed = good_body(SET_UP "r: read 0x201000\n"
					   "expect old,v11-unsafe: outcome hwpoison at=r", "v11");

	(void)state;
	assert_int_equal(replayed.run[0].nr_mismatches, 0);
	assert_int_equal(replay_exit_code(&replayed), 0);
	replay_free(&replayed);
}

static void an_alias_names_its_semantics(void **state)
{
	struct replay replayed = good_body(SET_UP "r: read 0x200000\n"
					   "expect v11-p0: outcome efault at=r", "v6.8-rc3");

	(void)state;
	assert_int_equal(replayed.run[0].nr_mismatches, 1);
	replay_free(&replayed);
}

static void a_violation_that_nobody_expects_fails_the_trace(void **state)
{
	struct replay replayed = good_body(SET_UP "read 0x200000\nfree B", "v11");

	(void)state;
	assert_int_equal(replayed.run[0].nr_mismatches, 0);
	assert_false(replayed.run[0].all_expected);
	assert_int_equal(replayed.run[0].verdict, VERDICT_VIOLATION);
	assert_int_equal(replay_exit_code(&replayed), 1);
	replay_free(&replayed);
}

static void a_violation_that_is_expected_is_as_it_should_be(void **state)
{
	struct replay replayed = good_body(SET_UP "read 0x200000\nf: free B\n"
					   "expect v11: violation no-free-page-mapped", "v11");

	(void)state;
	assert_true(replayed.run[0].all_expected);
	assert_int_equal(replayed.run[0].verdict, VERDICT_VIOLATION);
	assert_int_equal(replay_exit_code(&replayed), 0);
	replay_free(&replayed);
}

static void an_event_that_is_never_resumed_makes_it_inconclusive(void **state)
{
	struct replay replayed = good_body(SET_UP "r: read 0x200000 until=lock_mmu\n"
					   "expect v11: outcome paused at=r", "v11");

	(void)state;
	assert_string_equal(replayed.run[0].missing, "event \"r\" never ended: resume it");
	assert_int_equal(replayed.run[0].verdict, VERDICT_INCONCLUSIVE);
	assert_int_equal(replay_exit_code(&replayed), 3);
	replay_free(&replayed);
}

static void an_event_that_never_stopped_needs_no_resume(void **state)
{
	struct replay replayed = good_body(SET_UP "r: read 0x201000 until=install_leaf\nresume r\n"
					   "expect v6.8: outcome efault at=r", "v6.8");

	(void)state;
	assert_string_equal(replayed.run[0].outcome[4].word, "finished");
	assert_int_equal(replayed.run[0].nr_mismatches, 0);
	assert_int_equal(replayed.run[0].verdict, VERDICT_OK);
	replay_free(&replayed);
}

static const struct { const char *word; } outcomes[] = {
	{ "mapped" }, { "spurious" }, { "retry" }, { "emulate" }, { "mmio" }, { "efault" },
	{ "hwpoison" }, { "internal_error" }, { "ok" }, { "einval" }, { "eexist" }, { "ebusy" },
	{ "enomem" }, { "enoent" }, { "ro_fault" }, { "noslot" }, { "sigsegv" }, { "paused" },
	{ "blocked" }, { "finished" }, { "livelock" }, { "bug" }, { "oops" }, { "hang" },
	{ "unreachable" },
};

static void outcome_can_be_expected_and_is_documented(void **state)
{
	const char *const *word = *state;
	struct replay replayed;
	char body[100], quoted[40];

	snprintf(body, sizeof(body), "d: drain\nexpect v11: outcome %s at=d", *word);
	snprintf(quoted, sizeof(quoted), "`%s`", *word);
	replayed = good_body(body, "v11");

	assert_int_equal(replayed.run[0].nr_mismatches, strcmp(*word, "ok") ? 1 : 0);
	assert_non_null(strstr(strstr(document, "## Outcomes"), quoted));
	replay_free(&replayed);
}

/* ---- what is refused ---- */

/* After "pfntrace 1", so that the first line of the body is line 2. */
static const struct refusal {
	const char *claim, *body;
	unsigned line, column;
	const char *message;
} refusals[] = {
	/* events */
	{ "a_misspelt_event_is_refused", "reed 0", 2, 1,
	  "unknown event \"reed\"; did you mean \"read\"?" },
	{ "an_unknown_event_is_refused", "drain\nfrobnicate", 3, 1,
	  "unknown event \"frobnicate\"; expected alloc, mmap, memslot, read, write, zap ... "
	  "(pfnsim events)" },
	{ "a_trace_cut_in_a_word_is_refused", "read 0\nwri", 3, 1,
	  "unknown event \"wri\"; did you mean \"write\"?" },
	{ "a_trace_cut_in_a_string_is_refused", "read 0\ntitle \"abc", 3, 7,
	  "string without an end" },
	{ "a_trace_cut_behind_a_key_is_refused", "read 0 vcpu=", 2, 13,
	  "missing value after 'vcpu='" },
	{ "a_trace_without_events_is_refused", "title \"x\"", 0, 0, "a trace without events" },
	/* arguments */
	{ "an_unknown_key_is_refused", "read 0x1000 cound=2", 2, 13,
	  "\"read\" has no argument \"cound\"" },
	{ "a_missing_argument_is_refused", "mmap D", 2, 1, "\"mmap\" needs \"size\"" },
	{ "an_event_without_arguments_is_refused_its_own", "read", 2, 1, "\"read\" needs \"gpa\"" },
	{ "a_value_too_many_is_refused", "drain 1", 2, 7, "\"drain\" takes no further value here" },
	{ "a_key_given_twice_is_refused", "read gpa=1 gpa=2", 2, 12,
	  "'gpa' is given twice, first in column 6" },
	{ "a_value_given_twice_is_refused", "mmap A 8K region=B", 2, 11,
	  "\"region\" is given twice" },
	{ "a_number_above_its_range_is_refused", "alloc B noncompound order=11", 2, 27,
	  "\"order\" is out of range: from 0 to 10" },
	{ "a_number_below_its_range_is_refused", "alloc B order0 pages=0", 2, 22,
	  "\"pages\" is out of range: from 1 to 268435456" },
	{ "a_negative_number_is_refused", "read -1", 2, 6,
	  "\"gpa\" is out of range: from 0 to 4503599627370496" },
	{ "a_vcpu_too_many_is_refused", "read 0 vcpu=4", 2, 13,
	  "\"vcpu\" is out of range: from 0 to 3" },
	{ "a_value_of_more_than_four_bytes_is_refused", "write 0 0x100000000", 2, 9,
	  "\"value\" is out of range: from 0 to 4294967295" },
	{ "a_number_that_does_not_fit_is_refused", "read 18446744073709551616", 2, 6,
	  "'18446744073709551616' does not fit in 64 bits" },
	{ "a_name_for_a_number_is_refused", "read D", 2, 6, "\"gpa\" takes a number" },
	{ "a_string_for_a_number_is_refused", "read \"0\"", 2, 6, "\"gpa\" takes a number" },
	{ "a_range_for_a_number_is_refused", "read 0x1000+2", 2, 6, "\"gpa\" takes a number" },
	{ "a_delta_that_does_not_fit_is_refused", "alloc B order0\nref B 0 0x80000000", 3, 9,
	  "\"delta\" takes a signed 32-bit number" },
	{ "a_size_of_half_a_page_is_refused", "mmap A 2048", 2, 8,
	  "\"size\" takes a number of bytes, a multiple of 4096 (8K, 2M ...)" },
	{ "a_size_of_nothing_is_refused", "mmap A 0", 2, 8,
	  "\"size\" takes a number of bytes, a multiple of 4096 (8K, 2M ...)" },
	{ "an_unknown_word_is_refused", "alloc B huge", 2, 9,
	  "\"kind\" is one of: order0, compound, noncompound, split, counted, reserved, mmio, "
	  "zone-device" },
	{ "an_unknown_flag_is_refused", "mmap A 8K prot=r,z", 2, 16,
	  "\"prot\" is made of: r, w, x, or none" },
	/* names */
	{ "an_unknown_region_is_refused", "munmap D 4K", 2, 8, "no region is called \"D\"" },
	{ "an_offset_outside_its_region_is_refused", "mmap A 8K\nmunmap A+8K 4K", 3, 8,
	  "the offset lies outside region \"A\"" },
	{ "a_kernel_address_is_refused", "munmap 0x800000000000 4K", 2, 8,
	  "\"hva\" takes a user address below 0x800000000000" },
	{ "an_unknown_object_is_refused", "zap B", 2, 5, "no object is called \"B\"" },
	{ "an_unknown_label_is_refused", "resume r", 2, 8,
	  "\"event\" takes the label of an event above" },
	{ "a_label_used_twice_is_refused", "a: drain\na: drain", 3, 1, "label \"a\" is taken" },
	{ "a_region_named_twice_is_refused", "mmap A 8K\nmmap A 8K", 3, 6,
	  "\"A\" is a region already" },
	/* memory */
	{ "an_object_allocated_twice_is_refused", "alloc B order0\nalloc B order0", 3, 7,
	  "\"B\" is allocated already" },
	{ "an_object_freed_twice_is_refused", "alloc B order0\nfree B\nfree B", 4, 6,
	  "the pages of \"B\" have been freed" },
	{ "a_page_used_after_its_free_is_refused", "alloc B order0\nfree B\nref B 0 1", 4, 5,
	  "the pages of \"B\" have been freed" },
	{ "a_ninth_object_is_refused", "alloc A order0\nalloc B order0\nalloc C order0\n"
	  "alloc D order0\nalloc E order0\nalloc F order0\nalloc G order0\nalloc H order0\n"
	  "alloc I order0", 10, 7, "more than 8 objects" },
	{ "an_index_outside_its_object_is_refused", "alloc B order0\nref B 1 1", 3, 1,
	  "\"B\" has no page with that index" },
	{ "a_repoint_outside_its_object_is_refused", "alloc B order0\nrepoint B 0 B 5", 3, 1,
	  "\"B\" has no page with that index" },
	{ "mmio_without_its_pfn_is_refused", "alloc B mmio", 2, 1, "kind mmio needs its pfn" },
	{ "pages_of_a_block_are_refused", "alloc B noncompound pages=8", 2, 1,
	  "a block takes order, not pages" },
	{ "an_order_of_single_pages_is_refused", "alloc B order0 order=3", 2, 1,
	  "single pages take pages, not order" },
	{ "a_block_that_is_not_aligned_is_refused", "alloc B split order=3 pfn=0x5001", 2, 1,
	  "a block's pfn is a multiple of its pages" },
	{ "a_page_of_two_objects_is_refused",
	  "alloc B order0 pfn=0x5000\nalloc C order0 pages=2 pfn=0x4fff", 3, 1,
	  "\"C\" and \"B\" share a page" },
	{ "overlapping_regions_are_refused", "mmap A 8K hva=0x1000\nmmap B 8K hva=0x2000", 3, 1,
	  "\"B\" overlaps region \"A\"" },
	{ "a_region_that_is_not_aligned_is_refused", "mmap A 8K hva=0x123", 2, 1,
	  "hva is not a multiple of 4096" },
	{ "a_region_above_user_space_is_refused", "mmap A 8K hva=0x7ffffffff000", 2, 1,
	  "\"A\" ends above 0x800000000000" },
	{ "a_device_without_its_object_is_refused", "mmap A 8K device", 2, 1,
	  "\"mmap\" of a device needs its object, other memory has none" },
	{ "anonymous_memory_with_an_object_is_refused", "alloc B order0\nmmap A 4K anon B", 3, 1,
	  "\"mmap\" of a device needs its object, other memory has none" },
	{ "a_memslot_that_is_not_aligned_is_refused", "memslot 1 0x800 0 4K", 2, 1,
	  "gpa and hva of a memslot are multiples of 4096" },
	/* stopping */
	{ "until_without_label_is_refused", "read 0 until=lock_mmu", 2, 1,
	  "an event with until= needs a label" },
	{ "an_unknown_step_is_refused", "r: read 0 until=nowhere", 2, 17,
	  "no semantics has a step \"nowhere\" (pfnsim semantics --steps lists them)" },
	{ "a_second_resume_is_refused", "r: read 0\nresume r\nresume r", 4, 8,
	  "event \"r\" did not stop anywhere" },
	{ "an_event_that_waits_without_a_label_is_refused", "mmap A 8K\nhost-write A 1\n"
	  "memslot 1 0 A 8K\nd: dontneed A 4K until=clear_ptes\nmemslot-delete 1", 6, 1,
	  "this event waits for a lock that an unfinished event holds; label it, and resume it "
	  "when the other has gone on" },
	/* directives */
	{ "a_title_that_is_no_string_is_refused", "title x", 2, 7, "\"title\" takes a string" },
	{ "a_feature_that_is_not_there_is_refused", "need thp\nread 0", 2, 6,
	  "this build has no feature \"thp\"" },
	{ "an_unknown_configuration_is_refused", "config colour=red", 2, 8,
	  "config is " TRACE_CONFIG },
	{ "an_unknown_stage2_is_refused", "config stage2=shadow", 2, 8,
	  "config is " TRACE_CONFIG },
	{ "an_unknown_mmu_is_refused", "config mmu=ept", 2, 8,
	  "config is " TRACE_CONFIG },
	{ "an_lru_batch_of_7_is_refused", "config lru-batch=7", 2, 8,
	  "config is " TRACE_CONFIG },
	{ "npt_without_a_and_d_is_refused", "config stage2=npt ad=0", 2, 19,
	  "ad=off: NPT always has accessed and dirty bits" },
	{ "npt_without_a_and_d_is_refused_on_two_lines", "config ad=off\nconfig stage2=npt", 3, 8,
	  "ad=off: NPT always has accessed and dirty bits" },
	{ "shadow_paging_without_a_and_d_is_refused", "config ad=off mmu=shadow", 2, 15,
	  "ad=off: the guest's own paging, and so shadow paging, always has accessed and dirty "
	  "bits" },
	{ "npt_of_52_bits_is_refused", "config phys-bits=52 stage2=npt", 2, 21,
	  "phys-bits=52: what KVM does without a reserved bit for MMIO entries is not modelled" },
	{ "six_levels_are_refused", "config levels=6", 2, 8, "config is " TRACE_CONFIG },
	{ "a_missing_include_is_refused", "drain\ninclude \"/nowhere/x.trace\"", 3, 9,
	  "cannot include '/nowhere/x.trace': No such file or directory" },
	{ "a_schedule_without_threads_is_refused", "schedule v11 no-bad-free", 2, 1,
	  "only threads have a schedule: \"thread\" comes first" },
	{ "a_schedule_of_an_unknown_kernel_is_refused",
	  "thread a\nr: read 0\nschedule v9 no-bad-free\nturn r", 4, 1,
	  "\"schedule\" takes a semantics, or in quotes what is wrong with a kernel, and the law "
	  "that breaks" },
	{ "a_schedule_of_an_unknown_law_is_refused",
	  "thread a\nr: read 0\nschedule v11 no-such-law\nturn r", 4, 1,
	  "\"schedule\" takes a semantics, or in quotes what is wrong with a kernel, and the law "
	  "that breaks" },
	{ "a_turn_of_no_schedule_is_refused", "thread a\nr: read 0\nturn r", 4, 1,
	  "\"turn\" stands below \"schedule\"" },
	{ "a_turn_of_the_set_up_is_refused",
	  "s: read 0\nthread a\nr: read 0\nschedule v11 no-bad-free\nturn s", 6, 1,
	  "\"turn\" takes the label of a thread's event above" },
	{ "a_turn_until_nowhere_is_refused",
	  "thread a\nr: read 0\nschedule v11 no-bad-free\nturn r until=nowhere", 5, 8,
	  "\"turn\" takes a label, and until=STEP (pfnsim semantics --steps)" },
	{ "a_schedule_without_a_turn_is_refused", "thread a\nr: read 0\nschedule v11 no-bad-free",
	  0, 0, "a schedule without a turn" },
	/* expectations */
	{ "an_unknown_semantics_is_refused", "read 0\nexpect v11,v9: ok", 3, 1,
	  "unknown semantics \"v9\" (pfnsim semantics)" },
	{ "an_unknown_verdict_is_refused", "read 0\nexpect all: good", 3, 1,
	  "unknown verdict \"good\"; expected ok, violation, outcome, verdict, page, spte, "
	  "deadlock, livelock or lock-inversion" },
	{ "an_unknown_law_is_refused", "read 0\nexpect all: violation no-such-law", 3, 23,
	  "unknown law \"no-such-law\" (pfnsim invariants)" },
	{ "a_violation_of_no_law_is_refused", "read 0\nexpect all: violation", 3, 1,
	  "\"violation\" takes LAW [at=LABEL] [blame=PARTY]" },
	{ "a_violation_of_two_laws_is_refused",
	  "read 0\nexpect all: violation no-bad-free no-bad-free", 3, 35,
	  "\"violation\" takes LAW [at=LABEL] [blame=PARTY]" },
	{ "an_unknown_party_is_refused", "read 0\nexpect all: violation no-bad-free blame=me",
	  3, 41, "\"blame\" is one of: kvm, driver, mm, vmm, none" },
	{ "an_unknown_outcome_is_refused", "r: read 0\nexpect all: outcome exploded at=r", 3, 21,
	  "unknown outcome \"exploded\"; one of mapped, ok, spurious, retry, emulate, mmio, "
	  "efault, hwpoison, einval ..." },
	{ "an_outcome_without_event_is_refused", "read 0\nexpect all: outcome ok", 3, 1,
	  "\"outcome\" takes WORD at=LABEL [refs=N] [value=N] [pfn=N]" },
	{ "an_outcome_of_an_unknown_event_is_refused", "read 0\nexpect all: outcome ok at=r", 3, 27,
	  "no event has the label \"r\"" },
	{ "a_count_that_is_no_number_is_refused",
	  "r: read 0\nexpect all: outcome mmio at=r refs=one", 3, 36, "\"refs\" takes a number" },
	{ "a_label_that_is_no_name_is_refused", "r: read 0\nexpect all: outcome mmio at=5", 3, 29,
	  "\"at\" takes a name" },
	{ "an_expectation_with_an_unknown_key_is_refused", "r: read 0\n"
	  "expect all: outcome mmio at=r cound=1", 3, 31,
	  "\"outcome\" takes WORD at=LABEL [refs=N] [value=N] [pfn=N]" },
	{ "ok_with_a_word_is_refused", "read 0\nexpect all: ok please", 3, 16,
	  "\"ok\" takes no argument: no law is broken" },
	{ "a_page_of_an_unknown_object_is_refused", "read 0\nexpect all: page object=B index=0", 3,
	  25, "no object is called \"B\"" },
	{ "a_page_of_no_object_is_refused", "read 0\nexpect all: page index=0", 3, 1,
	  "\"page\" takes object=NAME index=N [refs=N] [free=0|1] [dirty=0|1] [accessed=0|1], "
	  "at the end" },
	{ "an_spte_of_no_address_is_refused", "read 0\nexpect all: spte present=1", 3, 1,
	  "\"spte\" takes gpa=N [present=0|1] [writable=0|1] [refcounted=0|1] [level=N], "
	  "at the end" },
	/* what the model has not got, which only a run can show */
	{ "a_tss_of_kvm_amd_is_refused", "config stage2=npt\nprivate-slot T tss 0xfffbd000", 3, 1,
	  "kvm_amd has no such memslot, and an identity map is EPT's alone" },
	{ "an_address_from_4g_on_is_refused_under_shadow_paging",
	  "config mmu=shadow\nread 0x100000000", 3, 1,
	  "a guest in 32-bit mode has no addresses from 4G on" },
	{ "an_address_above_48_bits_takes_5_levels", "config phys-bits=52\nread 0x1000000000001",
	  3, 1, "the guest has no such address: 48 bits with tables of 4 levels, else as many as "
	  "phys-bits, or 46" },
	{ "an_address_above_the_processors_is_refused", "read 0x400000000001", 2, 1,
	  "the guest has no such address: 48 bits with tables of 4 levels, else as many as "
	  "phys-bits, or 46" },
	{ "a_memory_error_of_a_file_with_write_back_is_refused",
	  "file F 2M disk\nmmap A 2M file file=F\nhost-write A 1\npoison A", 5, 1,
	  "memory errors of these pages are not modelled" },
	{ "pageout_of_a_huge_file_beyond_its_end_is_refused",
	  "file F 1M huge=always\nmmap A 2M file file=F\nhost-write A 1\npageout A 1M", 5, 1,
	  "reclaim of these pages is not modelled" },
	{ "compaction_of_a_huge_file_is_refused",
	  "file F 2M huge=always\nmmap A 2M file file=F\nhost-write A 1\ncompact A 2M", 5, 1,
	  "a scan of these pages is not modelled" },
	{ "reclaim_of_a_huge_page_is_refused",
	  "mmap A 2M anon\nmadvise A 2M hugepage\nhost-write A 1\nreclaim A 2M", 5, 1,
	  "a scan of these pages is not modelled" },
};

static void assert_error(const struct error *error, const char *file, unsigned line,
			 unsigned column, const char *text)
{
	assert_string_equal(error->text, text);
	assert_string_equal(strrchr(error->file, '/') + 1, file);
	assert_int_equal(error->line, line);
	assert_int_equal(error->column, column);
}

static void body_is_refused(void **state)
{
	const struct refusal *refusal = *state;
	struct error error = { 0 };
	struct replay replayed;

	if (replay_body(refusal->body, "v11", &replayed, &error)) {
		replay_free(&replayed);
		fail_msg("it is accepted");
	}
	assert_error(&error, "t.trace", refusal->line, refusal->column, refusal->message);
}

/* Whole files. */
static void file_is_refused(const char *name, const void *bytes, size_t length,
			    struct error *error)
{
	const struct semantics_patch *patch = semantics_find("v11");
	struct replay_options options = { .semantics = &patch, .nr_semantics = 1 };
	struct replay replayed;
	char path[PATH_MAX];

	in_folder(path, name);
	write_file(path, bytes, length);
	if (replay(path, &options, &replayed, error)) {
		replay_free(&replayed);
		fail_msg("it is accepted");
	}
}

static void an_empty_file_is_refused(void **state)
{
	struct error error = { 0 };

	(void)state;
	file_is_refused("empty.trace", "", 0, &error);
	assert_error(&error, "empty.trace", 0, 0, "empty file: line 1 must be 'pfntrace 1'");
}

static void a_file_of_another_kind_is_refused(void **state)
{
	struct error error = { 0 };

	(void)state;
	file_is_refused("elf.trace", "\x7f" "ELF\x02\x01\x01\0\0", 9, &error);
	assert_error(&error, "elf.trace", 1, 1, "not text: byte 0x7f");
}

static void a_nul_in_the_middle_is_refused(void **state)
{
	static const char text[] = "pfntrace 1\nread 0\n\0read 0\n";
	struct error error = { 0 };

	(void)state;
	file_is_refused("nul.trace", text, sizeof(text) - 1, &error);
	assert_error(&error, "nul.trace", 3, 1, "not text: byte 0x00");
}

static void a_line_without_end_is_refused(void **state)
{
	struct error error = { 0 };
	char text[6000];

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, "pfntrace 1\n", 11);
	file_is_refused("long.trace", text, sizeof(text), &error);
	assert_error(&error, "long.trace", 2, 0, "line longer than 4096 bytes");
}

static void a_future_version_is_refused(void **state)
{
	static const char text[] = "pfntrace 2\nteleport 0\n";
	struct error error = { 0 };

	(void)state;
	file_is_refused("future.trace", text, sizeof(text) - 1, &error);
	assert_error(&error, "future.trace", 1, 10,
		     "trace format 2 is too new: this build reads version 1");
}

static void a_missing_file_is_refused(void **state)
{
	const struct semantics_patch *patch = semantics_find("v11");
	struct replay_options options = { .semantics = &patch, .nr_semantics = 1 };
	struct error error = { 0 };
	struct replay replayed;
	char path[PATH_MAX];

	(void)state;
	in_folder(path, "nothing.trace");
	assert_false(replay(path, &options, &replayed, &error));
	assert_error(&error, "nothing.trace", 0, 0, "cannot read: No such file or directory");
}

static void an_include_cycle_is_refused_where_it_closes(void **state)
{
	static const char one[] = "pfntrace 1\ninclude \"two.trace\"\n";
	static const char two[] = "pfntrace 1\n\ndrain\ninclude \"one.trace\"\n";
	struct error error = { 0 };
	char path[PATH_MAX];

	(void)state;
	in_folder(path, "two.trace");
	write_file(path, two, sizeof(two) - 1);
	file_is_refused("one.trace", one, sizeof(one) - 1, &error);
	assert_string_equal(strrchr(error.file, '/') + 1, "two.trace");
	assert_int_equal(error.line, 4);
	assert_int_equal(error.column, 9);
	assert_memory_equal(error.text, "include cycle: ", 15);
}

static void an_error_in_an_included_file_is_of_that_file(void **state)
{
	static const char outer[] = "pfntrace 1\ninclude \"inner.inc\"\nread 0\n";
	static const char inner[] = "pfntrace 1\n# one line\n  alloc B order0 order=3\n";
	struct error error = { 0 };
	char path[PATH_MAX];

	(void)state;
	in_folder(path, "inner.inc");
	write_file(path, inner, sizeof(inner) - 1);
	file_is_refused("outer.trace", outer, sizeof(outer) - 1, &error);
	assert_error(&error, "inner.inc", 3, 3, "single pages take pages, not order");
}

static void no_event_starts_while_six_are_unfinished(void **state)
{
	static const char body[] = "mmap A 8K\nhost-write A 1\nmemslot 1 0 A 8K\n"
		"a: map 0 map=0 until=gup_fast\nb: map 0 map=1 until=gup_fast\n"
		"c: map 0 map=2 until=gup_fast\nd: map 0 map=3 until=gup_fast\n"
		"e: lookup 0 until=gup_fast\nf: lookup 0 until=gup_fast\ng: drain\n"
		"h: lookup 0 until=gup_fast\n";
	struct error error = { 0 };
	struct replay replayed;

	(void)state;
	assert_false(replay_body(body, "v11", &replayed, &error));
	assert_error(&error, "t.trace", 12, 1, "more than 5 events are unfinished");
}

/* ---- */

static char *open_document(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.4000s/%s", from_env("PFNSIM_SOURCE", "."), name);
	return read_file(path);
}

/* What has examples besides docs/TRACE-FORMAT.md. */
static void add_other_examples(struct test_set *set)
{
	static const char *const names[] = { "README.md", "docs/man/pfntrace.5.scd" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *text = open_document(names[i]);

		assert_non_null(strstr(text, "```\npfntrace 1\n"));
		add_examples(set, text, names[i]);
		free(text);
	}
}

static void make_folder(void)
{
	snprintf(folder, sizeof(folder), "%.200s/test_traces.XXXXXX", from_env("TMPDIR", "/tmp"));
	if (!mkdtemp(folder))
		abort();
	atexit(remove_folder);
}

#define ADD(set, f)		set_add(set, #f, f, NULL)
#define ADD_ROWS(set, f, rows)	set_add_rows(set, f, rows, ARRAY_SIZE(rows), sizeof(*(rows)))

static void add_fixed_tests(struct test_set *set)
{
	ADD(set, every_event_kind_is_in_a_trace);
	ADD(set, every_law_is_broken_by_a_trace_or_known_to_hold);
	ADD(set, every_law_that_is_known_to_hold_exists);
	ADD(set, every_trace_has_title_source_event_and_expectation);
	ADD(set, every_semantics_is_named_by_a_trace);
	ADD(set, the_document_has_examples_and_errors);
	ADD(set, no_event_is_documented_that_is_not);
	set_add_words(set, "event_is_documented_as_it_is", event_is_documented_as_it_is,
		      event_kinds, nr_event_kinds, sizeof(*event_kinds));
	ADD_ROWS(set, expectation_is_missed, misses);
	ADD(set, an_expectation_of_another_semantics_does_not_count);
	ADD(set, an_alias_names_its_semantics);
	ADD(set, a_violation_that_nobody_expects_fails_the_trace);
	ADD(set, a_violation_that_is_expected_is_as_it_should_be);
	ADD(set, an_event_that_is_never_resumed_makes_it_inconclusive);
	ADD(set, an_event_that_never_stopped_needs_no_resume);
	set_add_words(set, "outcome_can_be_expected_and_is_documented",
		      outcome_can_be_expected_and_is_documented, outcomes, ARRAY_SIZE(outcomes),
		      sizeof(*outcomes));
	ADD_ROWS(set, body_is_refused, refusals);
	ADD(set, an_empty_file_is_refused);
	ADD(set, a_file_of_another_kind_is_refused);
	ADD(set, a_nul_in_the_middle_is_refused);
	ADD(set, a_line_without_end_is_refused);
	ADD(set, a_future_version_is_refused);
	ADD(set, a_missing_file_is_refused);
	ADD(set, an_include_cycle_is_refused_where_it_closes);
	ADD(set, an_error_in_an_included_file_is_of_that_file);
	ADD(set, no_event_starts_while_six_are_unfinished);
}

int main(void)
{
	struct test_set runs = { 0 }, examples = { 0 }, fixed = { 0 };
	int failed = 0;

	make_folder();
	document = open_document("docs/TRACE-FORMAT.md");
	traces_root = from_env("PFNSIM_TRACES", "traces");
	find_traces(traces_root);
	qsort(traces.paths, traces.n, sizeof(*traces.paths), by_name);
	for (size_t i = 0; i < traces.n; i++)
		add_runs(&runs, traces.paths[i], traces.paths[i] + strlen(traces_root) + 1);
	add_examples(&examples, document, "TRACE-FORMAT.md");
	add_other_examples(&examples);
	add_fixed_tests(&fixed);

	failed += _cmocka_run_group_tests("fixed", fixed.tests, fixed.n, NULL, NULL);
	failed += _cmocka_run_group_tests("traces", runs.tests, runs.n, NULL, NULL);
	failed += _cmocka_run_group_tests("examples", examples.tests, examples.n, NULL, NULL);
	set_free(&runs, true);
	set_free(&examples, true);
	set_free(&fixed, false);
	for (size_t i = 0; i < traces.n; i++)
		free(traces.paths[i]);
	free(traces.paths);
	free(document);
	return failed ? 1 : 0;
}
