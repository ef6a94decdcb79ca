// SPDX-License-Identifier: GPL-2.0-only
#include "tests/stories.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/trace_config.h"
#include "sim/watch.h"
#include "tests/support.h"

#define HASH_START	0xcbf29ce484222325ull

static u64 hash_bytes(u64 hash, const void *bytes, size_t size)
{
	const u8 *at = bytes;

	while (size--)
		hash = (hash ^ *at++) * 0x100000001b3ull;
	return hash;
}

static u64 hash_number(u64 hash, u64 number)
{
	return hash_bytes(hash, &number, sizeof(number));
}

static u64 hash_note(u64 hash, const struct note *n)
{
	hash = n->name ? hash_bytes(hash, n->name, strlen(n->name)) : hash;
	hash = hash_number(hash, n->kind);
	hash = hash_number(hash, (u64)n->level << 8 | n->ok << 4 | n->has_page);
	hash = hash_number(hash, (u64)n->flags << 8 | n->holder);
	hash = hash_number(hash, n->gfn);
	hash = hash_number(hash, n->hva);
	hash = hash_number(hash, n->end);
	hash = hash_number(hash, n->pfn);
	hash = hash_number(hash, n->old);
	hash = hash_number(hash, n->new);
	hash = hash_number(hash, n->value);
	hash = hash_number(hash, (u64)n->count << 32 | (u32)n->headcount);
	return hash_number(hash, n->mapcount);
}

u64 hash_notes(const struct vm *vm)
{
	u64 hash = HASH_START;

	for (size_t i = 0; i < vm->nr_notes; i++)
		hash = hash_note(hash, &vm->notes[i].note);
	return hash;
}

/* ---- reading ---- */

static bool set_config(struct script *script, const struct ast_statement *s)
{
	for (size_t i = 0; i < s->nr_args; i++) {
		const struct ast_arg *arg = &s->args[i];

		if (!arg->key)
			return false;
		if (!strcmp(arg->key, "code"))
			script->config.code_gpa = arg->value.number;
		else if (!strcmp(arg->key, "private"))
			script->private = arg->value.number;
		else if (!trace_config(&script->config, arg))
			return false;
	}
	return true;
}

static bool bind(struct script *script, struct error *error)
{
	script->config = (struct vm_config){ .ept = true, .ad = true, .zero_pfn = NO_PFN,
					     .first_frame = FIRST_FRAME, .code_gpa = NO_PFN };
	script->names = names_new();
	script->events = calloc(script->ast.nr_statements + 1, sizeof(*script->events));
	assert_non_null(script->events);
	for (size_t i = 0; i < script->ast.nr_statements; i++) {
		const struct ast_statement *s = &script->ast.statements[i];

		if (s->kind == AST_DIRECTIVE && !strcmp(s->word, "config") &&
		    !set_config(script, s))
			return error_at(error, s->file, s->line, 0, "config");
		if (s->kind != AST_EVENT)
			continue;
		if (!event_bind(s, script->names, &script->events[script->nr_events], error))
			return false;
		script->events[script->nr_events].number = script->nr_events + 1;
		script->events[script->nr_events].is_private |= script->private;
		script->nr_events++;
	}
	return true;
}

void script_of_story(const struct story *story, struct script *script)
{
	struct error error = { .text = "" };
	size_t size = strlen(story->text) + 32;
	char *text = malloc(size);

	assert_non_null(text);
	*script = (struct script){ .name = story->name };
	snprintf(text, size, "pfntrace 1\n%s", story->text);
	if (!ast_parse(story->name, text, strlen(text), &script->ast, &error) ||
	    !bind(script, &error))
		fail_msg("%s:%u:%u: %s", story->name, error.line, error.column, error.text);
	free(text);
}

bool script_of_file(const char *path, struct script *script)
{
	struct error error;

	*script = (struct script){ .name = path };
	if (!ast_read(path, &script->ast, &error))
		return false;
	if (bind(script, &error))
		return true;
	script_free_events(script);
	return false;
}

void script_free_events(struct script *script)
{
	ast_free(&script->ast);
	names_free(script->names);
	free(script->events);
	*script = (struct script){ 0 };
}

bool script_stops_at(const struct script *script, const char *step)
{
	for (size_t i = 0; i < script->nr_events; i++)
		if (script->events[i].until && !strcmp(script->events[i].until, step))
			return true;
	return false;
}

/* ---- all of them; read once, never given back ---- */

static struct {
	struct script *script;
	size_t nr;
} known;

static struct script *add_script(void)
{
	known.script = realloc(known.script, (known.nr + 1) * sizeof(*known.script));
	assert_non_null(known.script);
	known.script[known.nr] = (struct script){ 0 };
	return &known.script[known.nr];
}

static bool is_trace(const char *name)
{
	size_t n = strlen(name);

	return n > 6 && !strcmp(name + n - 6, ".trace");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_traces(const char *folder)
{
	char *name[1024], path[1024];
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct stat st;
	size_t n = 0;

	while (dir && n < ARRAY_SIZE(name) && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "recorded") &&
		    strcmp(entry->d_name, "regress") && strcmp(entry->d_name, "race"))
			name[n++] = strdup(entry->d_name);
	if (dir)
		closedir(dir);
	qsort(name, n, sizeof(*name), by_name);
	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, name[i]);
		if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
			add_traces(path);
		} else if (is_trace(name[i]) && script_of_file(path, add_script())) {
			known.script[known.nr++].name = name[i];
			continue;
		}
		free(name[i]);
	}
}

static void add_stories(const struct story *story, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		script_of_story(&story[i], add_script());
		known.nr++;
	}
}

const struct script *all_scripts(size_t *nr)
{
	if (!known.nr) {
		add_stories(stories, nr_stories);
		add_stories(step_stories, nr_step_stories);
		add_stories(version_stories, nr_version_stories);
		if (getenv("PFNSIM_TRACES"))
			add_traces(getenv("PFNSIM_TRACES"));
	}
	*nr = known.nr;
	return known.script;
}

const struct script *script_named(const char *name)
{
	size_t nr;
	const struct script *script = all_scripts(&nr);

	for (size_t i = 0; i < nr_stories && i < nr; i++)
		if (!strcmp(script[i].name, name))
			return &script[i];
	fail_msg("no story is called \"%s\"", name);
	return NULL;
}

/* ---- telling ---- */

static u64 hash_pages(const struct telling *telling)
{
	struct phys *phys = telling->vm->m.phys;
	u64 hash = HASH_START;

	for (pfn_t pfn = 0; (pfn = phys->next_page(phys, pfn)) != NO_PFN; pfn++) {
		hash = hash_number(hash, pfn);
		hash = hash_bytes(hash, phys->page(phys, pfn), sizeof(struct page));
	}
	return hash;
}

/* What host and guest can read, and their tables. */
static u64 hash_memory(const struct telling *telling)
{
	struct phys *phys = telling->vm->m.phys;
	u64 hash = HASH_START;

	for (pfn_t pfn = 0; (pfn = phys->next_page(phys, pfn)) != NO_PFN; pfn++)
		for (unsigned i = phys->next(phys, pfn, 0); i < WORDS_PER_PAGE;
		     i = phys->next(phys, pfn, i + 1)) {
			hash = hash_number(hash, pfn << 9 | i);
			hash = hash_number(hash, phys->load(phys, pfn, i));
		}
	return hash;
}

/* The steps of the semantics at hand, which a vm's own table hides behind watched(). */
static struct {
	struct semantics sem;
	struct telling *telling;
} watch;

_Static_assert(MAX_STEPS < 64, "telling.ran[] has a bit for each step, and one for a swap");

static enum step_result watched(struct machine *m, struct task *t)
{
	const struct frame *frame = &t->frame[t->depth - 1];

	if (++watch.telling->steps > watch.telling->most_steps)
		return STEP_BLOCKED;
	watch.telling->ran[frame->path] |= 1ull << frame->at;
	return watch.sem.path[frame->path][frame->at].run(m, t);
}

static void start_watch(struct telling *telling)
{
	watch.telling = telling;
	watch.sem = telling->vm->sem;
	for (unsigned p = 0; p < NR_PATHS; p++)
		for (struct step *step = telling->vm->sem.path[p]; step->name; step++)
			step->run = watched;
}

void tell(const struct script *script, const struct semantics_patch *patch,
	  const struct tell_options *options, struct telling *out)
{
	struct error error;

	*out = (struct telling){ .script = script, .vm = vm_new(patch, &script->config) };
	out->seen = calloc(script->nr_events + 1, sizeof(*out->seen));
	assert_non_null(out->seen);
	out->most_steps = options && options->most_steps ? options->most_steps : 200000;
	start_watch(out);
	if (options && options->with_reads) {
		out->reads = calloc(1, offsetof(struct semantics, calls));
		assert_non_null(out->reads);
	}
	watch_reads(out->vm->m.sem, offsetof(struct semantics, calls), out->reads);
	if (options && options->prepare)
		options->prepare(out->vm);
	for (size_t i = 0; i < script->nr_events && !out->refused && !out->vm->dead; i++) {
		struct seen *seen = &out->seen[i];

		out->refused = !event_run(out->vm, &script->events[i], &seen->outcome, &error);
		seen->notes = hash_notes(out->vm);
		out->nr_seen++;
		out->refused |= out->steps > out->most_steps;
	}
	watch_reads(NULL, 0, NULL);
	out->pages = hash_pages(out);
	out->memory = hash_memory(out);
}

void telling_free(struct telling *telling)
{
	vm_free(telling->vm);
	free(telling->seen);
	free(telling->reads);
	*telling = (struct telling){ 0 };
}

const struct found_violation *telling_broke(const struct telling *telling, const char *id)
{
	for (size_t i = 0; i < telling->vm->nr_violations; i++)
		if (!id || !strcmp(telling->vm->violations[i].v.law->id, id))
			return &telling->vm->violations[i];
	return NULL;
}

/* ---- differences ---- */

static bool outcomes_differ(const struct outcome *a, const struct outcome *b)
{
	return strcmp(a->word ? a->word : "", b->word ? b->word : "") || a->pfn != b->pfn ||
	       a->has_refs != b->has_refs || a->refs != b->refs || a->has_value != b->has_value ||
	       (a->has_value && a->value != b->value) || a->left != b->left || a->error != b->error;
}

static bool same_violation(const struct found_violation *a, const struct found_violation *b)
{
	return a->v.law == b->v.law && a->v.pfn == b->v.pfn && a->v.gfn == b->v.gfn &&
	       a->event == b->event;
}

static bool violations_differ(const struct telling *a, const struct telling *b, char *what,
			      size_t size)
{
	const struct vm *v = a->vm, *w = b->vm;

	for (size_t i = 0; i < v->nr_violations || i < w->nr_violations; i++) {
		const struct vm *longer = i < v->nr_violations ? v : w;

		if (i < v->nr_violations && i < w->nr_violations &&
		    same_violation(&v->violations[i], &w->violations[i]))
			continue;
		snprintf(what, size, "%s in event %u", longer->violations[i].v.law->id,
			 longer->violations[i].event);
		return true;
	}
	return false;
}

bool tellings_differ(const struct telling *a, const struct telling *b, char *what, size_t size)
{
	for (size_t i = 0; i < a->nr_seen && i < b->nr_seen; i++) {
		const struct seen *v = &a->seen[i], *w = &b->seen[i];

		if (outcomes_differ(&v->outcome, &w->outcome))
			snprintf(what, size, "event %zu: %s, else %s", i + 1,
				 v->outcome.word ? v->outcome.word : "nothing",
				 w->outcome.word ? w->outcome.word : "nothing");
		else if (v->notes != w->notes)
			snprintf(what, size, "notes of event %zu", i + 1);
		else
			continue;
		return true;
	}
	if (a->nr_seen != b->nr_seen || a->refused != b->refused) {
		snprintf(what, size, "the end: event %zu, else %zu", a->nr_seen, b->nr_seen);
		return true;
	}
	if (violations_differ(a, b, what, size))
		return true;
	if (a->pages != b->pages)
		snprintf(what, size, "counts or flags of pages in the end");
	else if (a->memory != b->memory)
		snprintf(what, size, "contents of memory or of tables in the end");
	else
		return false;
	return true;
}
