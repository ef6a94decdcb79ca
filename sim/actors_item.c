/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * actors_item.c: can a step of the model have shown this recorded event? Only then may it be taken.
 *
 * What can change between two steps that the model takes as one is not decided here, but doubtful,
 * and not compared later: counts inside a step that shows several events, and an accessed bit.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/page.h"
#include "model/semantics.h"
#include "model/spte.h"
#include "sim/actors.h"

/* Texts up to the counts. */
static size_t text_length(const char *text)
{
	const char *mark = strchr(text, COUNT_MARK), *ref = strstr(text, "ref=");
	size_t length = mark ? (size_t)(mark - text) : ref ? (size_t)(ref - text) : strlen(text);

	while (length && text[length - 1] == ' ')
		length--;
	return length;
}

static long number_behind(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtol(at + strlen(key), NULL, 10) : 0;
}

/* ---- LRU batches, as in conform_lru.c, and with a way back ---- */

static struct lru_page lru_of(const struct search *search, pfn_t pfn)
{
	struct lru_page *lru = search->lru;
	ptrdiff_t i = lru ? hmgeti(lru, pfn) : -1;

	return i >= 0 ? lru[i] : lru_page(search->run, pfn);
}

static void set_lru(struct search *search, struct lru_page page)
{
	arrput(search->lru_before, lru_of(search, page.key));
	hmputs(search->lru, page);
}

void actors_lru_undo(struct search *search, size_t n)
{
	while (arrlenu(search->lru_before) > n) {
		struct lru_page before = arrpop(search->lru_before);

		hmputs(search->lru, before);
	}
}

void actors_lru_note(struct search *search, const struct item *model)
{
	struct lru_page page = { .key = model->frame[0], .model = LRU_HELD, .kernel = LRU_HELD };

	if (model->lru < 0) {
		page = lru_of(search, model->frame[0]);
		page.model = LRU_DRAINED;
	}
	if (model->lru)
		set_lru(search, page);
	for (u64 n = 0; model->kind == NR_CONFORM_KINDS && n < model->frame[1]; n++)
		set_lru(search, (struct lru_page){ .key = model->frame[0] + n, .model = LRU_DRAINED,
						   .kernel = LRU_NONE });
}

/* ---- counts ---- */

enum counts_match {
	COUNTS_DIFFER,
	COUNTS_SAME,
	COUNTS_BUT_LRU,		/* if the kernel's batch was emptied otherwise than known */
	COUNTS_DOUBTFUL,	/* if others' references came and went inside the step */
};

/* Another actor's fault is about this page: its references come and go unseen. */
static bool others_use(const struct search *search, pfn_t pfn)
{
	for (size_t i = 0; i < search->nr_actors; i++) {
		const struct actor *a = &search->actors[i];
		const struct task *t = &search->run->vm->w.task[a->s.task];

		if (a != search->acting && a->s.task >= 0 &&
		    (t->fault.orig_pfn == pfn || t->follow.pfn == pfn || t->follow.spare == pfn))
			return true;
	}
	return false;
}

/* Until a batch is emptied, each mark of use puts the page into it once more. To 6.1. */
static bool may_be_activated(const struct search *search, const struct item *model, long kernel)
{
	const struct semantics *sem = search->run->vm->m.sem;

	if (sem->ops.mark_accessed != page_mark_accessed_classic)
		return false;
	return kernel > LRU_HELD && kernel <= sem->traits.lru_batch &&
	       lru_of(search, model->frame[0]).kernel != LRU_NONE;
}

static bool may_be_lru(const struct search *search, const struct item *model, long kernel)
{
	return (kernel == LRU_HELD || kernel == LRU_DRAINED) &&
	       lru_of(search, model->frame[0]).kernel != LRU_NONE;
}

/* LRU_HELD, LRU_DRAINED, or what no batch explains. */
static long kernel_holds(const struct search *search, const struct item *recorded,
			 const struct item *model)
{
	return lru_of(search, model->frame[0]).model - model->headcount +
	       number_behind(recorded->said.text, "headref=");
}

static enum counts_match match_counts(const struct search *search, const struct item *recorded,
				      const struct item *model)
{
	const char *text = recorded->said.text;
	u8 known;
	long more, kernel;	/* in the batch, as the recorded count says */

	if (model->counts != COUNT_PAGE)
		return COUNTS_SAME;
	if (number_behind(text, "map=") != model->mapcount)
		return COUNTS_DIFFER;
	more = number_behind(text, "headref=") - model->headcount;
	kernel = kernel_holds(search, recorded, model);
	known = lru_of(search, model->frame[0]).kernel;
	if (known == LRU_HELD || known == LRU_DRAINED)
		more = kernel - known;
	if (!more)
		return COUNTS_SAME;
	if ((search->out_of_order || others_use(search, model->frame[0])) && labs(more) <= 1)
		return COUNTS_DOUBTFUL;
	if (may_be_activated(search, model, kernel))
		return COUNTS_DOUBTFUL;
	if (may_be_lru(search, model, kernel))
		return search->run->refs_traced ? COUNTS_DOUBTFUL : COUNTS_BUT_LRU;
	return model->inside && labs(more) <= 1 ? COUNTS_DOUBTFUL : COUNTS_DIFFER;
}

bool actors_take_counts(struct search *search, const struct item *recorded,
			const struct item *model)
{
	struct lru_page page;

	switch (match_counts(search, recorded, model)) {
	case COUNTS_BUT_LRU:
		page = lru_of(search, model->frame[0]);
		page.kernel = kernel_holds(search, recorded, model);
		set_lru(search, page);
		break;
	case COUNTS_DOUBTFUL:
		return false;
	case COUNTS_SAME:
	case COUNTS_DIFFER:
		break;
	}
	return true;
}

static pfn_t partner_of(const struct search *search, u64 recorded)
{
	struct bound *bound = search->bound;	/* hmgeti() makes a map of NULL */
	ptrdiff_t i = bound ? hmgeti(bound, recorded) : -1;

	return i >= 0 ? bound[i].value : frames_model(&search->run->frames, recorded);
}

/* The allocator chose a frame; it does not choose one that is in use. */
static bool may_be_bound(const struct search *search, u64 recorded, pfn_t model)
{
	pfn_t partner = partner_of(search, recorded);

	return recorded == NO_PFN || model == NO_PFN || partner == NO_PFN || partner == model ||
	       page_is(&search->run->vm->m, partner, PG_FREE);
}

static bool may_be_allocated(const struct search *search, u64 recorded, pfn_t model)
{
	struct bound *bound = search->bound;
	ptrdiff_t i = bound ? hmgeti(bound, ALLOCATED | model) : -1;

	return recorded == NO_PFN || model == NO_PFN || i < 0 || bound[i].value == NO_PFN ||
	       bound[i].value == recorded;
}

/* ---- references ---- */

static bool may_be_reference(const struct search *search, const struct item *recorded,
			     const struct item *model)
{
	pfn_t partner = partner_of(search, recorded->frame[0]);

	if (recorded->key != model->key || strcmp(recorded->event, model->event))
		return false;
	return partner == model->frame[0] ||
	       (recorded->owner == FRAME_NEW &&
		may_be_bound(search, recorded->frame[0], model->frame[0]));
}

bool actors_exact_reference(const struct search *search, const struct item *recorded,
			    const struct item *model)
{
	struct lru_page page = lru_of(search, model->frame[0]);
	s32 more = page.kernel == LRU_HELD || page.kernel == LRU_DRAINED ?
		   page.kernel - page.model : 0;

	return number_behind(recorded->said.text, "count=") == model->count + more;
}

size_t actors_find_reference(const struct search *search, const struct actor *a, size_t end,
			     const struct item *model)
{
	size_t found = SIZE_MAX;

	for (size_t i = a->s.at; i < end && model->lru >= 0; i++) {
		if (!may_be_reference(search, &a->items[i], model))
			continue;
		if (actors_exact_reference(search, &a->items[i], model))
			return i;
		if (found == SIZE_MAX)
			found = i;
	}
	return found;
}

void actors_skip_reference(struct search *search, const struct item *recorded)
{
	struct lru_page page = lru_of(search, partner_of(search, recorded->frame[0]));

	if (recorded->key != (u64)-1 || strcmp(recorded->event, "page_ref_mod_and_test") ||
	    page.kernel != LRU_HELD)
		return;
	page.kernel = LRU_DRAINED;
	set_lru(search, page);
}

bool actors_same_item(const struct search *search, const struct item *recorded,
		      const struct item *model)
{
	size_t length = text_length(recorded->said.text);

	if (recorded->kind != model->kind || recorded->key != model->key ||
	    strcmp(recorded->event, model->event))
		return false;
	if (recorded->kind == NR_CONFORM_KINDS)
		return recorded->count == model->count;
	return (item_is_but_aged(search->run, recorded, model) ||
		(length == text_length(model->said.text) &&
		 !strncmp(recorded->said.text, model->said.text, length))) &&
	       match_counts(search, recorded, model) != COUNTS_DIFFER &&
	       may_be_bound(search, recorded->frame[0], model->frame[0]) &&
	       may_be_bound(search, recorded->frame[1], model->frame[1]) &&
	       may_be_allocated(search, recorded->frame[0], model->frame[0]) &&
	       may_be_allocated(search, recorded->frame[1], model->frame[1]);
}

bool actors_exact_spte(const struct item *recorded, const struct item *model)
{
	return strchr(model->said.text, COUNT_MARK) || recorded->kind != CONFORM_SPTE ||
	       !strcmp(recorded->said.text, model->said.text);
}
