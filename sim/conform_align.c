/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_align.c: two sequences of events, step by step.
 *
 * Where they part, the smallest number of events that must be left out on either side before they
 * meet again is left out: one event too few is one difference, not one for each that follows.
 */
#include "sim/conform_internal.h"

#include <string.h>

#include <stb/stb_ds.h>

enum { WINDOW = 200 };		/* events that may be left out on one side */

static bool knows(const struct run *run, const struct item *recorded)
{
	return frames_knows(&run->frames, recorded->frame[0]);
}

/* Events of other processes' pages, and of what has become of a freed page of ours. */
static bool may_be_foreign(const struct run *run, const struct item *recorded)
{
	return recorded->kind == CONFORM_PAGE_REF && recorded->owner != FRAME_NEW &&
	       !knows(run, recorded);
}

static bool is_ours(const struct run *run, const struct item *recorded, const struct item *model)
{
	const struct frames *frames = &run->frames;

	if (knows(run, recorded) || recorded->owner == FRAME_NEW ||
	    recorded->owner == FRAME_FOUND)
		return true;
	if (recorded->owner == FRAME_ZERO)
		return page_is(&run->vm->m, model->frame[0], PG_RESERVED);
	return frames_model(frames, recorded->frame[0]) == model->frame[0];
}

/* The item without its frames; @more: what to add to the model's counts. */
static struct said text_of(const struct item *item, s32 more)
{
	const char *text = item->said.text, *mark = strchr(text, COUNT_MARK);
	struct said said = say("%s%s%.*s", item->event, *text == ' ' ? "" : " ",
			       mark ? (int)(mark - text) : (int)strlen(text), text);

	if (item->counts == COUNT_PAGE)
		say_more(&said, "%sref=%d headref=%d map=%d", mark == text ? "" : " ",
			 item->count + more, item->headcount + more, item->mapcount);
	else if (item->counts != COUNT_NONE)
		say_more(&said, "count=%d", item->count + more);
	if (item->counts == COUNT_AND_RET)
		say_more(&said, " val=%lld ret=%d", (long long)item->key, item->count + more == 0);
	if (mark)
		say_more(&said, "%s", mark + 1);
	return said;
}

/* Can these be one event, whatever its values? */
static bool same_event(struct run *run, const struct item *recorded, const struct item *model)
{
	if (recorded->kind != model->kind || recorded->key != model->key ||
	    strcmp(recorded->event, model->event))
		return false;
	if (recorded->kind == CONFORM_PAGE_REF && !is_ours(run, recorded, model))
		return false;
	if (model->lru < 0 &&
	    strcmp(text_of(recorded, 0).text,
		   text_of(model, lru_correction(run, model->frame[0])).text))
		return false;	/* another put of this page is more likely */
	if (recorded->kind != CONFORM_PAGE_REF && recorded->kind != CONFORM_RELEASE)
		return true;
	if (recorded->frame[0] == NO_PFN || model->frame[0] == NO_PFN)
		return recorded->frame[0] == model->frame[0];
	return frames_may_bind(&run->frames, recorded->frame[0], model->frame[0]);
}

static struct said full_text(struct run *run, const struct item *item, bool is_model)
{
	s32 more = is_model && item->counts ? lru_correction(run, item->frame[0]) : 0;
	struct said said = text_of(item, more);

	for (int i = 0; i < 2; i++) {
		if (item->frame[i] == NO_PFN)
			continue;
		say_more(&said, " pfn=%s",
			 is_model ? frame_said(&run->frames, item->frame[i]).text :
				    say("0x%llx", (unsigned long long)item->frame[i]).text);
	}
	return said;
}

/* The model's event has happened: what it freed may come back as anything. */
static void pass(struct run *run, const struct item *model, bool recorded)
{
	if (model->lru)
		lru_note(run, model->frame[0], model->lru, recorded);
	if (model->kind == NR_CONFORM_KINDS) {
		frames_release(&run->frames, model->frame[0], model->frame[1]);
		lru_forget(run, model->frame[0]);
	}
	if (model->frees_old_table)
		frames_release(&run->frames, model->frame[0], 1);
	else if (model->kind == CONFORM_PAGE_REF && !strcmp(model->event, "page_ref_set"))
		frames_take(&run->frames, model->frame[0], 1);
}

/* Would the counts agree if the kernel's LRU batch had taken or given back the page by now? */
static void guess_lru(struct run *run, const struct item *recorded, const struct item *model)
{
	struct said wanted = text_of(recorded, 0);
	s32 now = model->counts ? lru_correction(run, model->frame[0]) : 0;

	if (!model->counts || model->seen_before || !strcmp(wanted.text, text_of(model, now).text))
		return;
	for (s32 more = -1; more <= 1; more++)
		if (!strcmp(wanted.text, text_of(model, more).text) &&
		    lru_guess(run, model->frame[0], more))
			take_input(run, (struct place){ run->file.trace, recorded->line },
				   "LRU batch of pfn=%s",
				   frame_said(&run->frames, model->frame[0]).text);
}

/* Of two threads' references, one that only one side has. */
static bool is_in_doubt(const struct run *run, const struct item *item)
{
	return item->doubtful || (run->refs_in_doubt && item->kind == CONFORM_PAGE_REF);
}

/* Two CPUs have a batch each, and which of them has the page, is not searched. */
static bool batch_is_in_doubt(struct run *run, const struct item *recorded,
			      const struct item *model)
{
	struct said wanted = text_of(recorded, 0);
	s32 now = model->counts ? lru_correction(run, model->frame[0]) : 0;

	if (!run->refs_in_doubt || !model->counts ||
	    lru_page(run, model->frame[0]).kernel == LRU_NONE ||
	    !strcmp(wanted.text, text_of(model, now).text))
		return false;
	return !strcmp(wanted.text, text_of(model, now - 1).text) ||
	       !strcmp(wanted.text, text_of(model, now + 1).text);
}

/* A count that is one higher, of a folio that the command has seen aged */
static bool reclaim_is_in_doubt(struct run *run, const struct item *recorded,
				const struct item *model)
{
	struct item held = *model;
	pfn_t head;

	if (!model->counts || model->frame[0] == NO_PFN)
		return false;
	head = page_head(&run->vm->m, model->frame[0]);
	held.count += head == model->frame[0];
	held.headcount++;
	return !strcmp(text_of(recorded, 0).text,
		       text_of(&held, lru_correction(run, model->frame[0])).text) &&
	       folio_may_be_isolated(run, head);
}

static const char *why_in_doubt(struct run *run, const struct item *recorded,
				const struct item *model)
{
	return recorded->doubtful ? SEVERAL_COUNT :
	       reclaim_is_in_doubt(run, recorded, model) ? "whoever reclaims may hold it" :
	       batch_is_in_doubt(run, recorded, model) ? "which CPU's LRU batch has the page" :
							 "whoever reclaims may have aged it";
}

static void compare(struct run *run, const struct item *recorded, const struct item *model)
{
	struct place place = { .file = run->file.trace, .line = recorded->line };

	for (int i = 0; i < 2; i++)
		if (recorded->frame[i] != NO_PFN && model->frame[i] != NO_PFN)
			frames_bind(&run->frames, recorded->frame[i], model->frame[i]);
	if (model->lru > 0)
		pass(run, model, true);		/* its reference is counted already */
	if (!recorded->doubtful)
		guess_lru(run, recorded, model);
	if (recorded->doubtful || batch_is_in_doubt(run, recorded, model) ||
	    reclaim_is_in_doubt(run, recorded, model) ||
	    item_may_be_aged(run, recorded, model))
		observe_unmodelled(run, recorded->kind, place,
				   full_text(run, recorded, false).text,
				   why_in_doubt(run, recorded, model));
	else
		observe(run, recorded->kind, place, full_text(run, recorded, false).text,
			full_text(run, model, true).text);
	if (model->lru <= 0)
		pass(run, model, true);
}

/* The kernel's LRU batch gives a page back: when, is input. */
static bool is_lru_put(struct run *run, const struct item *recorded)
{
	return recorded->kind == CONFORM_PAGE_REF && recorded->key == (uint64_t)-1 &&
	       !strcmp(recorded->event, "page_ref_mod_and_test") &&
	       lru_may_be_put(run, frames_model(&run->frames, recorded->frame[0]));
}

static void only_recorded(struct run *run, const struct item *recorded)
{
	struct place place = { .file = run->file.trace, .line = recorded->line };

	if (is_lru_put(run, recorded)) {
		lru_note(run, frames_model(&run->frames, recorded->frame[0]), 0, true);
		take_input(run, place, "LRU batch: %s", full_text(run, recorded, false).text);
	} else if (may_be_foreign(run, recorded)) {
		return;
	} else if (is_in_doubt(run, recorded)) {
		observe_unmodelled(run, recorded->kind, place,
				   full_text(run, recorded, false).text, SEVERAL_COUNT);
	} else {
		observe(run, recorded->kind, place, full_text(run, recorded, false).text, NULL);
	}
}

static void only_model(struct run *run, const struct item *model, unsigned line)
{
	struct place place = { .file = run->file.trace, .line = line };

	pass(run, model, false);
	if (model->kind == NR_CONFORM_KINDS || model->lru < 0 || !model->visible ||
	    is_in_doubt(run, model))
		return;
	if (model->kind == CONFORM_PAGE_REF &&
	    (!run->allocations_traced || model->frame[0] < run->first_frame) &&
	    frames_recorded(&run->frames, model->frame[0]) == NO_PFN)
		return;		/* which of the recorded events it is, nothing says */
	if (!line)
		place = place_of_command(run);
	observe(run, model->kind, place, NULL, full_text(run, model, true).text);
}

struct stretch {
	const struct item *recorded, *model;
	size_t nr_recorded, nr_model;
};

/* How many events on either side come before the next that both have. */
static struct stretch gap_before_match(struct run *run, const struct stretch *rest)
{
	struct stretch gap = *rest;

	for (size_t sum = 1; sum <= 2 * WINDOW; sum++)
		for (size_t r = 0; r <= sum; r++) {
			size_t m = sum - r;

			if (r > WINDOW || m > WINDOW || r >= rest->nr_recorded ||
			    m >= rest->nr_model)
				continue;
			if (!same_event(run, rest->recorded + r, rest->model + m))
				continue;
			gap.nr_recorded = r;
			gap.nr_model = m;
			return gap;
		}
	return gap;
}

static bool alike(struct run *run, const struct item *recorded, const struct item *model)
{
	if (model->kind != recorded->kind || strcmp(model->event, recorded->event))
		return false;
	if (model->kind != CONFORM_PAGE_REF)
		return true;
	return !model->lru && !is_lru_put(run, recorded) && is_ours(run, recorded, model) &&
	       frames_may_bind(&run->frames, recorded->frame[0], model->frame[0]);
}

/* Within a gap, an event and its like are one difference. */
static void report_gap(struct run *run, const struct stretch *gap, unsigned line)
{
	bool *used = NULL;

	arrsetlen(used, gap->nr_model + 1);
	memset(used, 0, (gap->nr_model + 1) * sizeof(*used));
	for (size_t r = 0; r < gap->nr_recorded; r++) {
		const struct item *recorded = &gap->recorded[r];
		size_t m = 0;

		if (may_be_foreign(run, recorded))
			continue;
		while (m < gap->nr_model && (used[m] || !alike(run, recorded, &gap->model[m])))
			m++;
		if (m < gap->nr_model)
			compare(run, recorded, &gap->model[m]);
		else
			only_recorded(run, recorded);
		used[m] = true;
	}
	for (size_t m = 0; m < gap->nr_model; m++)
		if (!used[m])
			only_model(run, &gap->model[m], line);
	arrfree(used);
}

/* One event with another value, and then the same again: no event is missing on either side. */
static bool only_values_differ(struct run *run, const struct stretch *rest)
{
	bool last = rest->nr_recorded == 1 && rest->nr_model == 1;

	if (!rest->nr_recorded || !rest->nr_model || !alike(run, rest->recorded, rest->model))
		return false;
	return last || (rest->nr_recorded > 1 && rest->nr_model > 1 &&
			same_event(run, rest->recorded + 1, rest->model + 1));
}

static bool starts_alike(struct run *run, const struct stretch *rest)
{
	return (rest->nr_recorded && rest->nr_model &&
		same_event(run, rest->recorded, rest->model)) || only_values_differ(run, rest);
}

static void advance(struct stretch *rest, size_t recorded, size_t model)
{
	rest->recorded += recorded;
	rest->nr_recorded -= recorded;
	rest->model += model;
	rest->nr_model -= model;
}

/*
 * The model's batch is full, and gives this page back before its holder does; the kernel's is not,
 * as one put is all that is recorded.
 */
static bool only_model_drains(const struct stretch *rest)
{
	const struct item *model = rest->model, *put = model + 1;

	if (rest->nr_model < 2 || model->lru >= 0 || put->frame[0] != model->frame[0] ||
	    put->kind != CONFORM_PAGE_REF || put->lru || strcmp(put->event, model->event) ||
	    !rest->nr_recorded)
		return false;	/* a page that is freed here is no other put */
	return rest->nr_recorded < 2 || rest->recorded[1].frame[0] != rest->recorded->frame[0] ||
	       strcmp(rest->recorded[1].event, put->event);
}

/* The kernel's batch is emptied here, and the model's is not: no event of the model is its like. */
static bool drains_here(struct run *run, const struct stretch *rest)
{
	const struct item *put = rest->recorded;

	if (!rest->nr_recorded || !is_lru_put(run, put))
		return false;
	for (size_t m = 0; m < rest->nr_model && m < WINDOW; m++) {
		const struct item *item = &rest->model[m];

		if (item->kind != CONFORM_PAGE_REF || !is_ours(run, put, item) ||
		    frames_model(&run->frames, put->frame[0]) != item->frame[0])
			continue;
		if (only_model_drains(&(struct stretch){ put, item, rest->nr_recorded,
							 rest->nr_model - m }))
			return false;
		return item->lru || strcmp(item->event, put->event);
	}
	return true;
}

void items_align(struct run *run, struct item *recorded, struct item *model)
{
	struct stretch rest = { .recorded = recorded, .nr_recorded = arrlenu(recorded),
				.model = model, .nr_model = arrlenu(model) };
	unsigned line = 0;	/* near which an event is missing */

	while (rest.nr_recorded || rest.nr_model) {
		struct stretch gap;

		if (rest.nr_recorded)
			line = rest.recorded->line;
		if (rest.nr_model && !rest.model->visible) {
			pass(run, rest.model, false);
			advance(&rest, 0, 1);
		} else if (only_model_drains(&rest)) {
			only_model(run, rest.model, line);
			advance(&rest, 0, 1);
		} else if (starts_alike(run, &rest)) {
			compare(run, rest.recorded, rest.model);
			advance(&rest, 1, 1);
		} else if (rest.nr_recorded && may_be_foreign(run, rest.recorded)) {
			advance(&rest, 1, 0);
		} else if (drains_here(run, &rest)) {
			only_recorded(run, rest.recorded);
			advance(&rest, 1, 0);
		} else if (rest.nr_model && rest.model->lru < 0) {
			only_model(run, rest.model, line);
			advance(&rest, 0, 1);
		} else {
			gap = gap_before_match(run, &rest);
			if (gap.nr_recorded < rest.nr_recorded)
				line = rest.recorded[gap.nr_recorded].line;
			report_gap(run, &gap, line);
			advance(&rest, gap.nr_recorded, gap.nr_model);
		}
	}
}

void items_compare(struct run *run, struct item *scheduled, struct item *model)
{
	size_t next = 0, nr = arrlenu(scheduled);

	for (size_t i = 0; i < arrlenu(model); i++) {
		if (!model[i].visible) {
			pass(run, &model[i], false);
			continue;
		}
		for (; next < nr && scheduled[next].by == BY_KERNEL; next++)
			only_recorded(run, &scheduled[next]);
		if (next < nr && scheduled[next].by == BY_BOTH)
			compare(run, &scheduled[next], &model[i]);
		else
			only_model(run, &model[i], 0);
		next += next < nr;
	}
	for (; next < nr; next++)
		only_recorded(run, &scheduled[next]);
}
