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

	if (knows(run, recorded) || recorded->owner == FRAME_NEW)
		return true;
	if (recorded->owner == FRAME_ZERO)
		return model->frame[0] == run->vm->w.config.zero_pfn;
	return frames_model(frames, recorded->frame[0]) == model->frame[0];
}

/* Can these be one event, whatever its values? */
static bool same_event(const struct run *run, const struct item *recorded,
		       const struct item *model)
{
	if (recorded->kind != model->kind || recorded->key != model->key ||
	    strcmp(recorded->event, model->event))
		return false;
	if (recorded->kind == CONFORM_PAGE_REF && !is_ours(run, recorded, model))
		return false;
	if (recorded->kind != CONFORM_PAGE_REF && recorded->kind != CONFORM_RELEASE)
		return true;
	if (recorded->frame[0] == NO_PFN || model->frame[0] == NO_PFN)
		return recorded->frame[0] == model->frame[0];
	return frames_may_bind(&run->frames, recorded->frame[0], model->frame[0]);
}

static struct said full_text(const struct run *run, const struct item *item, bool is_model)
{
	const char *text = item->said.text;
	struct said said = say("%s%s%s", item->event, *text == ' ' ? "" : " ", text);

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
static void pass(struct run *run, const struct item *model)
{
	if (model->kind == NR_CONFORM_KINDS)
		frames_release(&run->frames, model->frame[0], model->frame[1]);
	else if (model->frees_old_table)
		frames_release(&run->frames, model->frame[0], 1);
	else if (model->kind == CONFORM_PAGE_REF && !strcmp(model->event, "page_ref_set"))
		frames_take(&run->frames, model->frame[0], 1);
}

static void compare(struct run *run, const struct item *recorded, const struct item *model)
{
	struct place place = { .file = run->file.trace, .line = recorded->line };

	for (int i = 0; i < 2; i++)
		if (recorded->frame[i] != NO_PFN && model->frame[i] != NO_PFN)
			frames_bind(&run->frames, recorded->frame[i], model->frame[i]);
	observe(run, recorded->kind, place, full_text(run, recorded, false).text,
		full_text(run, model, true).text);
	pass(run, model);
}

static void only_recorded(struct run *run, const struct item *recorded)
{
	struct place place = { .file = run->file.trace, .line = recorded->line };

	if (!may_be_foreign(run, recorded))
		observe(run, recorded->kind, place, full_text(run, recorded, false).text, NULL);
}

static void only_model(struct run *run, const struct item *model, unsigned line)
{
	struct place place = { .file = run->file.trace, .line = line };

	pass(run, model);
	if (model->kind == NR_CONFORM_KINDS)
		return;
	if (!line)
		place = place_of_command(run);
	observe(run, model->kind, place, NULL, full_text(run, model, true).text);
}

struct stretch {
	const struct item *recorded, *model;
	size_t nr_recorded, nr_model;
};

/* How many events on either side come before the next that both have. */
static struct stretch gap_before_match(const struct run *run, const struct stretch *rest)
{
	struct stretch gap = *rest;

	for (size_t sum = 1; sum <= 2 * WINDOW; sum++)
		for (size_t r = 0; r <= sum; r++) {
			size_t m = sum - r;

			if (r > WINDOW || m > WINDOW || r >= rest->nr_recorded || m >= rest->nr_model)
				continue;
			if (!same_event(run, rest->recorded + r, rest->model + m))
				continue;
			gap.nr_recorded = r;
			gap.nr_model = m;
			return gap;
		}
	return gap;
}

/* Within a gap, an event and its like are one difference. */
static void report_gap(struct run *run, const struct stretch *gap)
{
	bool *used = NULL;
	unsigned line = gap->nr_recorded ? gap->recorded[0].line : 0;

	arrsetlen(used, gap->nr_model + 1);
	memset(used, 0, (gap->nr_model + 1) * sizeof(*used));
	for (size_t r = 0; r < gap->nr_recorded; r++) {
		const struct item *recorded = &gap->recorded[r];
		size_t m = 0;

		if (may_be_foreign(run, recorded))
			continue;
		while (m < gap->nr_model &&
		       (used[m] || gap->model[m].kind != recorded->kind ||
			strcmp(gap->model[m].event, recorded->event)))
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

static void advance(struct stretch *rest, size_t recorded, size_t model)
{
	rest->recorded += recorded;
	rest->nr_recorded -= recorded;
	rest->model += model;
	rest->nr_model -= model;
}

void items_align(struct run *run, struct item *recorded, struct item *model)
{
	struct stretch rest = { .recorded = recorded, .nr_recorded = arrlenu(recorded),
				.model = model, .nr_model = arrlenu(model) };

	while (rest.nr_recorded || rest.nr_model) {
		struct stretch gap;

		if (rest.nr_model && rest.model->kind == NR_CONFORM_KINDS) {
			pass(run, rest.model);
			advance(&rest, 0, 1);
		} else if (rest.nr_recorded && rest.nr_model &&
			   same_event(run, rest.recorded, rest.model)) {
			compare(run, rest.recorded, rest.model);
			advance(&rest, 1, 1);
		} else if (rest.nr_recorded && may_be_foreign(run, rest.recorded)) {
			advance(&rest, 1, 0);
		} else {
			gap = gap_before_match(run, &rest);
			report_gap(run, &gap);
			advance(&rest, gap.nr_recorded, gap.nr_model);
		}
	}
}
