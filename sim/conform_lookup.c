/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_lookup.c: "kvm OP GPA => ...": KVM's own look-ups, called from the kernel's side.
 *
 *	pfn=0x.. held ref=R headref=H after ref=R headref=H val=0x.. writable=W refcounted=C async=A
 *	ERR_FAULT writable=0		ret=EINVAL		NOSLOT		pfn=0x.. NOPAGE
 */
#include "sim/conform_internal.h"

#include <stdlib.h>
#include <string.h>

static bool is_op(const struct run *run, const char *op)
{
	return run->command->nr_words > 1 && !strcmp(run->command->words[1], op);
}

static u32 map_row(const struct run *run)
{
	const char *knobs = script_option(run->command, "knobs");

	return (knobs ? script_number(knobs) : 0) & 3;
}

/* "ref=": the first count that it prints */
static s32 count_of_answer(const struct run *run)
{
	const char *text = strstr(run->command->answer.result, " ref=");

	return text ? atoi(text + strlen(" ref=")) : 0;
}

/* The first word: what was found, with the counts that are printed for this @op. */
static void say_page(struct run *run, struct said *said, pfn_t pfn, const struct map_op *op)
{
	struct page *page = page_of(&run->vm->m, pfn);
	bool shows = is_op(run, "vunmap") || is_op(run, "vpeek"), maps = is_op(run, "vmap");
	s32 held = shows || maps ? page->refcount : op->held;
	s32 more = lru_settle(run, pfn, count_of_answer(run), held);
	s32 head = page_count(&run->vm->m, pfn) + more;

	say_more(said, "pfn=%s", frame_said(&run->frames, pfn).text);
	if (!(page->flags & PG_VALID))
		say_more(said, " NOPAGE");
	else if (shows)
		say_more(said, " ref=%d headref=%d", held + more, head);
	else if (maps)
		say_more(said, " held ref=%d headref=%d after ref=%d headref=%d", held + more,
			 head, held + more, head);
	else
		say_more(said, " held ref=%d headref=%d after ref=%d headref=%d", held + more,
			 op->held_head + more, op->after + more, head);
}

static bool answer_has(const struct run *run, const char *key)
{
	return strstr(run->command->answer.result, key);
}

/* The recorder's own value stays where kvm_follow_pfn() refuses its arguments. */
static void say_hva(const struct run *run, struct said *said)
{
	hva_t hva = run->vm->w.task[run->vm->m.task].follow.hva;

	say_more(said, " hva=0x%llx", (unsigned long long)(hva ? hva : 0x5a5a));
}

/* Which of the last words a kernel prints is its API's shape; their values are its rules. */
static void say_flags(struct run *run, struct said *said, const struct map_op *op)
{
	if (op->has_writable)
		say_more(said, " writable=%d", op->writable);
	if (answer_has(run, " refcounted="))
		say_more(said, " refcounted=%d", op->refcounted);
	if (answer_has(run, " async="))
		say_more(said, " async=%d", run->vm->w.task[run->vm->m.task].follow.async);
	if (is_op(run, "follow"))
		say_hva(run, said);
}

/*
 * What a page holds that is the allocator's, or somebody else's by now, is input; and what a
 * device's register reads as.
 */
static u32 value_shown(struct run *run, pfn_t pfn, u32 value)
{
	const char *text = strstr(run->command->answer.result, " val=");
	u32 recorded = text ? strtoul(text + strlen(" val="), NULL, 16) : value;

	if (recorded == value)
		return value;
	if (!page_is(&run->vm->m, pfn, PG_VALID)) {
		take_input(run, place_of_command(run), "device register 0x%x", recorded);
		page_store(&run->vm->m, pfn, 0, recorded);
		return recorded;
	}
	if (!page_is(&run->vm->m, pfn, PG_FREE) && !page_is_taken(run, pfn))
		return value;
	take_input(run, place_of_command(run), "0x%x in a page that was freed", recorded);
	return recorded;
}

static struct said lookup_said(struct run *run)
{
	const struct task *t = &run->vm->w.task[run->vm->m.task];
	struct said said = say("%s", "");
	pfn_t pfn = t->follow.pfn;

	if (!t->map.error)
		say_page(run, &said, pfn, &t->map);
	else if (is_op(run, "vmap"))
		say_more(&said, "ret=%s", errno_name(t->map.error));
	else
		say_more(&said, "%s", error_pfn_name(pfn));
	if (is_op(run, "vmap") && !t->map.error)
		say_more(&said, " val=0x%x", value_shown(run, pfn, t->map.value));
	say_flags(run, &said, &t->map);
	return said;
}

/* vunmap has run: its page is what the map held; vpeek reads through it. */
static struct said map_said(struct run *run, pfn_t pfn)
{
	struct said said = say("%s", "");

	if (pfn == NO_PFN)
		return say("n/a");
	say_page(run, &said, pfn, NULL);
	if (is_op(run, "vpeek"))
		say_more(&said, " val=0x%x",
			 value_shown(run, pfn, page_load(&run->vm->m, pfn, 0)));
	return said;
}

/* The page that the answer is about; NO_PFN: the model found none. */
static pfn_t page_of_answer(struct run *run)
{
	const struct task *t = &run->vm->w.task[run->vm->m.task];
	u32 row = map_row(run);
	pfn_t pfn = run->maps[row];

	if (is_op(run, "vpeek"))
		return pfn;
	if (is_op(run, "vunmap"))
		run->maps[row] = NO_PFN;
	else
		pfn = t->map.error ? NO_PFN : t->follow.pfn;
	if (is_op(run, "vmap"))
		run->maps[row] = pfn;
	return pfn;
}

static void bind_answer(struct run *run, pfn_t pfn)
{
	const char *text = strstr(run->command->answer.result, "pfn=0x");

	if (text)
		frames_bind(&run->frames, strtoull(text + 4, NULL, 16), pfn);
}

void conform_lookup(struct run *run)
{
	const struct answer *answer = &run->command->answer;
	struct place place = place_of_command(run);
	pfn_t pfn = run->says ? page_of_answer(run) : NO_PFN;

	if (!strcmp(answer->result, "n/a"))	/* this kernel has no such function */
		return;
	if (!run->says || !strcmp(answer->result, "ERR?")) {	/* another function of that name */
		observe_unmodelled(run, CONFORM_LOOKUP, place, answer->result,
				   "another function of that name");
		return;
	}
	if (pfn != NO_PFN)
		bind_answer(run, pfn);
	if (is_op(run, "vunmap") || is_op(run, "vpeek"))
		observe(run, CONFORM_LOOKUP, place, answer->result, map_said(run, pfn).text);
	else
		observe(run, CONFORM_LOOKUP, place, answer->result, lookup_said(run).text);
}
