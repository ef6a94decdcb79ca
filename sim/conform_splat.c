/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_splat.c: WARNs, BUGs and oopses: in which function, not when.
 *
 * Most are WARN_ON_ONCE(), so that the kernel says it once for all commands; its log is read at
 * the end or by "sh dmesg", and of a stack only some lines are kept. Hence one observation a
 * recording: the model has a splat with one of the recorded functions on its stack, or neither
 * has any. A recording that nowhere reads the log does not say that there was none.
 */
#include "sim/conform_internal.h"

#include <ctype.h>
#include <string.h>

/* Functions that the compiler inlines the place of a splat into. */
static const char *const inlined_into[NR_SPLATS] = {
	[SPLAT_AD_TRACKED_COUNT0] =
		"kvm_set_page_accessed kvm_set_page_dirty kvm_release_page_clean",
	[SPLAT_LEAF_OF_OTHER] = "kvm_tdp_mmu_map",
};

/*
 * The next function of a log's line, "NAME+0x12/0x34" or "NAME.part.0+0x12/0x34", at or after
 * *@at; "": there is none.
 */
static struct said next_function(const char **at)
{
	const char *plus = strstr(*at, "+0x"), *start = plus;
	size_t length;

	if (!plus)
		return say("%s", "");
	while (start > *at && (isalnum((unsigned char)start[-1]) || strchr("_.", start[-1])))
		start--;
	*at = plus + 3;
	length = strcspn(start, ".+");
	return say("%.*s", (int)length, start);
}

/*
 * check_new_page(): whoever is given a free page whose count is not 0 finds it out. When, and who
 * that is, is the allocator's business.
 */
static bool has_bad_free_page(struct run *run)
{
	struct phys *phys = run->vm->m.phys;

	for (pfn_t pfn = 0; (pfn = phys->next_page(phys, pfn)) != NO_PFN; pfn++) {
		const struct page *page = phys->page(phys, pfn);

		if ((page->flags & PG_FREE) && page->refcount)
			return true;
	}
	return false;
}

/* free_pages_prepare(): whoever frees what somebody holds is told so at once. */
static bool has_bad_free(struct run *run)
{
	for (size_t i = 0; i < run->vm->nr_violations; i++)
		if (!strcmp(run->vm->violations[i].v.law->id, "no-bad-free"))
			return true;
	return false;
}

/* Did the model splat with @function on its stack? */
static bool is_modelled(struct run *run, const char *function)
{
	if (!strcmp(function, "bad_page") && (has_bad_free_page(run) || has_bad_free(run)))
		return true;
	for (size_t s = 0; s < run->vm->nr_splats; s++) {
		const struct splat_seen *splat = &run->vm->splats[s];
		const char *inlined = inlined_into[splat->splat];

		if (!strcmp(splat_names[splat->splat], function) ||
		    (inlined && strstr(inlined, function)))
			return true;
		for (size_t i = 0; i < run->vm->nr_violations; i++) {
			const struct found_violation *v = &run->vm->violations[i];
			char chain[512];

			vm_chain(run->vm, v->frame, v->depth, chain, sizeof(chain));
			if (v->event == splat->event && strstr(chain, function))
				return true;
		}
	}
	return false;
}

struct search {
	struct run *run;
	struct said best;	/* a recorded function, one that is modelled if there is any */
	bool modelled;
	bool closes;		/* of a driver's file that is closed */
};

static void search_line(struct search *search, const char *line)
{
	while (!search->modelled) {
		struct said function = next_function(&line);

		if (!*function.text)
			return;
		search->modelled = search->run->vm && is_modelled(search->run, function.text);
		if (search->modelled || !*search->best.text)
			search->best = function;
	}
}

static bool is_heading(const char *line)
{
	return strstr(line, "WARNING") || strstr(line, "BUG") || strstr(line, "Oops");
}

/*
 * objects_release() of the recorder's module: what the allocator says of the pages that it gives
 * back, when the VMM is gone. The model's driver keeps them (path_exit.c).
 */
static void search_stack(struct search *search, const char **lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(lines[i], " pfnlab_release+0x")) {
			search->closes = true;
			return;
		}
	for (size_t i = 0; i < n; i++)
		search_line(search, lines[i]);
}

static void search_log(struct search *search)
{
	const struct recording *recording = search->run->recording;

	for (size_t i = 0, end; i < recording->nr_splats; i = end) {
		end = i + 1;
		while (end < recording->nr_splats && !is_heading(recording->splats[end]))
			end++;
		search_stack(search, recording->splats + i, end - i);
	}
	for (size_t i = 0; i < recording->nr_commands; i++) {
		const struct command *command = &recording->commands[i];

		if (!command->nr_words || strcmp(command->words[0], "sh"))
			continue;
		search_line(search, command->answer.text);
		for (size_t n = 0; n < command->nr_facts; n++)
			if (command->facts[n].kind == FACT_OTHER)
				search_line(search, command->facts[n].text);
	}
}

void conform_splats(struct run *run)
{
	struct search search = { .run = run, .best = say("%s", "") };
	struct place place = { .file = run->file.meta };
	const char *ours = NULL;

	search_log(&search);
	run->command = NULL;
	run->says = !run->out->lost || (run->vm && run->vm->dead);
	if (run->vm && run->splats_read)
		ours = splat_names[run->vm->splats[0].splat];
	if (*search.best.text)
		observe(run, CONFORM_SPLAT, place, search.best.text,
			search.modelled ? search.best.text : ours);
	else if (ours)
		observe(run, CONFORM_SPLAT, place, NULL, ours);
	else if (search.closes)
		observe_unmodelled(run, CONFORM_SPLAT, place, "pfnlab_release",
				   "a driver's file is closed");
}
