// SPDX-License-Identifier: GPL-2.0-only
/*
 * A trace as commands of the lab, read back as conform reads a recording's, is the trace again: the
 * same file says the same to the model and to a real kernel.
 */
#define _GNU_SOURCE	/* nftw() */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/host_mm.h"
#include "sim/lab.h"
#include "sim/script.h"
#include "sim/trace_config.h"
#include "sim/vm.h"
#include "tests/support.h"

enum { MOST_EVENTS = 4096, MOST_WORDS = 64, MOST_FILES = 600 };

#define CODE_BELOW	0x10000000000ull	/* the VMM's own memory */

/* ---- the events of a trace, and those of its commands ---- */

struct events { struct event event[MOST_EVENTS]; size_t nr; };

/* What one side alone has: files come with their mappings, watches are nobody's event. */
static bool is_compared(const struct event *e)
{
	return e->id != EVENT_NOTHING && e->id != EVENT_FILE && e->id != EVENT_GMEM &&
	       !(e->id == EVENT_HOST_WRITE && e->hva < CODE_BELOW);
}

static void keep(struct events *events, const struct event *e)
{
	if (!is_compared(e))
		return;
	assert_true(events->nr < MOST_EVENTS);
	events->event[events->nr++] = *e;
}

static void read_trace(const struct ast *ast, struct names *names, struct events *events)
{
	struct error error;
	struct event e;

	for (size_t i = 0; i < ast->nr_statements; i++)
		if (ast->statements[i].kind == AST_EVENT) {
			assert_true(event_bind(&ast->statements[i], names, &e, &error));
			keep(events, &e);
		}
}

static void read_command(struct script *script, char *line, struct events *events)
{
	const char *words[MOST_WORDS];
	char *text = strdup(line), *save = NULL;
	struct command command = { .text = text, .words = words, .traced = true,
				   .answer = { .kind = ANSWER_OK, .text = "OK", .result = "OK",
					       .error = "OK", .rest = "" } };
	struct script_events got;

	for (char *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
		words[command.nr_words++] = word;
	got = script_command(script, &command);
	if (got.verdict == SCRIPT_UNMODELLED)
		fail_msg("%s: %s", text, got.why);
	for (size_t i = 0; i < got.nr_events; i++)
		keep(events, &got.events[i]);
	free(text);
}

static void read_commands(char *text, struct events *events, struct script *script)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (*line != '#')
			read_command(script, line, events);
}

/* ---- are they the same? ---- */

#define FIELD(name)	{ #name, offsetof(struct event, name) }

struct field { const char *name; size_t offset; };

static const struct field ranges[] = { FIELD(hva), FIELD(size) };
static const struct field accesses[] = {
	FIELD(gpa), FIELD(value), FIELD(count), FIELD(stride), FIELD(vcpu)
};
static const struct field driver[] = {
	FIELD(object), FIELD(index), FIELD(delta), FIELD(kind), FIELD(order), FIELD(mode)
};
static const struct field slots[] = { FIELD(gpa), FIELD(hva), FIELD(size) };
static const struct field touches[] = { FIELD(hva), FIELD(value) };

static const struct field uffd[] = {
	FIELD(hva), FIELD(size), FIELD(mode), FIELD(silent), FIELD(other_hva), FIELD(write)
};

static const struct { enum event_id id; const struct field *fields; size_t nr; } compared[] = {
	{ EVENT_MMAP, ranges, 2 }, { EVENT_MUNMAP, ranges, 2 }, { EVENT_DONTNEED, ranges, 2 },
	{ EVENT_MPROTECT, ranges, 2 }, { EVENT_MLOCK, ranges, 2 }, { EVENT_MUNLOCK, ranges, 2 },
	{ EVENT_MADVISE, ranges, 2 }, { EVENT_MREMAP, ranges, 2 }, { EVENT_MIGRATE, ranges, 2 },
	{ EVENT_PAGEOUT, ranges, 2 }, { EVENT_COLD, ranges, 2 }, { EVENT_REMOVE, ranges, 2 },
	{ EVENT_CHILD_DONTNEED, ranges, 2 }, { EVENT_POISON, ranges, 1 },
	{ EVENT_OFFLINE, ranges, 1 }, { EVENT_READ, accesses, 5 }, { EVENT_WRITE, accesses, 5 },
	{ EVENT_RMW, accesses, 5 }, { EVENT_EXEC, accesses, 1 }, { EVENT_ALLOC, driver, 4 },
	{ EVENT_FREE, driver, 1 }, { EVENT_REF, driver, 3 }, { EVENT_REPOINT, driver, 2 },
	{ EVENT_MODE, driver, 6 }, { EVENT_ZAP, driver, 2 }, { EVENT_MEMSLOT, slots, 3 },
	{ EVENT_HOST_WRITE, touches, 2 }, { EVENT_HOST_READ, touches, 1 },
	{ EVENT_CHILD_WRITE, touches, 2 }, { EVENT_CHILD_READ, touches, 1 },
	{ EVENT_LOOKUP, accesses, 1 }, { EVENT_MAP, accesses, 1 }, { EVENT_VMSAVE, accesses, 1 },
	{ EVENT_UFFD_REGISTER, uffd, 3 }, { EVENT_UFFD_UNREGISTER, uffd, 2 },
	{ EVENT_UFFD_PROTECT, uffd, 2 }, { EVENT_UFFD_UNPROTECT, uffd, 4 },
	{ EVENT_UFFD_COPY, uffd, 6 }, { EVENT_UFFD_ZEROPAGE, uffd, 4 },
	{ EVENT_UFFD_WAKE, uffd, 2 }, { EVENT_PREFAULT, slots, 1 },
	{ EVENT_GPC, accesses, 1 }, { EVENT_ATTRIBUTES, slots, 1 },
};

static uint64_t value_of(const struct event *e, const struct field *field)
{
	uint64_t value;

	memcpy(&value, (const char *)e + field->offset, sizeof(value));
	return value;
}

static void must_be_same(const char *path, const struct event *a, const struct event *b)
{
	if (a->id != b->id)
		fail_msg("%s:%u: %s comes back as another event, %d", path, a->line, a->op, b->id);
	if (strcmp(a->until ? a->until : "", b->until ? b->until : ""))
		fail_msg("%s:%u: %s stops elsewhere when it comes back", path, a->line, a->op);
	for (size_t i = 0; i < ARRAY_SIZE(compared); i++)
		for (size_t n = 0; compared[i].id == a->id && n < compared[i].nr; n++) {
			const struct field *field = &compared[i].fields[n];

			if (value_of(a, field) != value_of(b, field))
				fail_msg("%s:%u: %s: %s is 0x%llx, comes back as 0x%llx", path,
					 a->line, a->op, field->name,
					 (unsigned long long)value_of(a, field),
					 (unsigned long long)value_of(b, field));
		}
}

/* ---- all traces ---- */

static char *files[MOST_FILES];
static size_t nr_files;

static int on_file(const char *path, const struct stat *status, int type, struct FTW *at)
{
	size_t length = strlen(path);

	(void)status;
	(void)at;
	if (type == FTW_F && length > 6 && !strcmp(path + length - 6, ".trace") &&
	    !strstr(path, "/recorded/") && !strstr(path, "/regress/") &&
	    !strstr(path, "/ends/") && !strstr(path, "/race/") && nr_files < MOST_FILES)
		files[nr_files++] = strdup(path);
	return 0;
}

/* False: the lab cannot do it, and says where, and why. */
static bool comes_back(const char *path)
{
	static struct events written, read;
	struct recording recording = { .path = (char *)"x", .name = (char *)"x", .uname = "",
				       .tdp = true, .tdp_mmu = true };
	struct lab_script commands;
	struct names *names = names_new();
	struct script *script = script_new(&recording);
	struct error error;
	struct ast ast;
	bool can;

	assert_true(ast_read(path, &ast, &error));
	written.nr = read.nr = 0;
	can = lab_script(path, &commands, &error);
	if (can) {
		recording.private_mem = strstr(commands.text, "#!vmtype 1");
		read_trace(&ast, names, &written);
		read_commands(commands.text, &read, script);
		for (size_t i = 0; i < written.nr && i < read.nr; i++)
			must_be_same(path, &written.event[i], &read.event[i]);
		assert_int_equal(written.nr, read.nr);
		lab_script_free(&commands);
	} else {
		assert_true(strstr(error.file, ".trace") || strstr(error.file, ".inc"));
		assert_int_not_equal(error.line, 0);
	}
	script_free(script);
	names_free(names);
	ast_free(&ast);
	return can;
}

static void a_trace_as_commands_is_the_trace_again(void **state)
{
	size_t nr = 0;

	(void)state;
	for (size_t i = 0; i < nr_files; i++)
		nr += comes_back(files[i]);
	assert_true(nr > 100);
}

/* ---- what is said of what cannot be done ---- */

struct refusal { const char *name, *text, *why; unsigned line; };

static const struct refusal refusals[] = {
	{ "a stop under a spinlock", "mmap A 4K\nmemslot 1 0x200000 A 4K\n"
	  "r: read 0x200000 until=install_leaf\n",
	  "the lab cannot stop before install_leaf", 4 },
	{ "two accesses of a vCPU at once", "mmap A 4K\nmemslot 1 0x200000 A 4K\n"
	  "r: read 0x200000 until=lock_mmu\nread 0x200000\nresume r\n",
	  "the lab's vCPU 0 has an access that is not over", 5 },
	{ "a gpa where the VMM has its code", "mmap A 4K\nmemslot 1 0x1000 A 4K\n",
	  "the lab's guest has its code at gpa 0 to 0x3fff", 3 },
	{ "a gpa beyond 4 GiB", "read 0x100000000\n",
	  "the lab's guest has 32 bits: no gpa beyond 4 GiB", 2 },
	{ "an event without a command", "khugepaged 0x10000000000\n",
	  "the lab has no command for khugepaged", 2 },
	{ "another machine", "config levels=5\nread 0x200000\n",
	  "the lab's machine cannot be had so", 2 },
};

static void what_the_lab_cannot_do_is_said_with_its_place(void **state)
{
	const struct refusal *r = *state;
	char path[] = "/tmp/pfnsim-lab-XXXXXX";
	struct lab_script commands;
	struct error error;
	FILE *file = fdopen(mkstemp(path), "w");

	assert_non_null(file);
	fprintf(file, "pfntrace 1\n%s", r->text);
	fclose(file);
	assert_false(lab_script(path, &commands, &error));
	unlink(path);
	assert_string_equal(error.text, r->why);
	assert_int_equal(error.line, r->line);
}

int main(void)
{
	static struct test_list list;
	const char *root = getenv("PFNSIM_TRACES");

	nftw(root ? root : "traces", on_file, 16, FTW_PHYS);
	LIST_TEST(&list, a_trace_as_commands_is_the_trace_again);
	LIST_ROWS(&list, what_the_lab_cannot_do_is_said_with_its_place, refusals);
	return list_run(&list, "lab_script");
}
