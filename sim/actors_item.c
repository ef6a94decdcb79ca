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

/* When an LRU batch takes and gives back its reference is not known here. */
static bool same_counts(const struct search *search, const struct item *recorded,
			const struct item *model)
{
	const char *text = recorded->said.text;
	bool exact;
	long more;

	if (model->counts != COUNT_PAGE)
		return true;
	more = labs(number_behind(text, "headref=") - model->headcount);
	exact = page_is(&search->run->vm->m, model->frame[0], PG_RESERVED) && !model->inside;
	return more <= !exact && number_behind(text, "map=") == model->mapcount;
}

/* The allocator chose a frame; it does not choose one that is in use. */
static bool may_be_bound(const struct search *search, u64 recorded, pfn_t model)
{
	struct bound *bound = search->bound;	/* hmgeti() would make a map of NULL */
	ptrdiff_t i = bound ? hmgeti(bound, recorded) : -1;
	pfn_t partner = i >= 0 ? bound[i].value : frames_model(&search->run->frames, recorded);

	return recorded == NO_PFN || model == NO_PFN || partner == NO_PFN || partner == model ||
	       page_is(&search->run->vm->m, partner, PG_FREE);
}

/* Somebody has aged the entry, and nothing in the trace says who. */
static bool is_but_aged(const struct search *search, const struct item *recorded,
			const struct item *model)
{
	const struct spte_format *format = spte_format_of(&search->run->vm->m);
	const char *r = strstr(recorded->said.text, "old="), *m = strstr(model->said.text, "old=");
	char *r_end, *m_end;

	if (model->kind != CONFORM_SPTE || !r || !m || !format->accessed ||
	    r - recorded->said.text != m - model->said.text ||
	    strncmp(recorded->said.text, model->said.text, r - recorded->said.text))
		return false;
	return (strtoull(r + 4, &r_end, 16) | format->accessed) == strtoull(m + 4, &m_end, 16) &&
	       !strcmp(r_end, m_end);
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
	return (is_but_aged(search, recorded, model) ||
		(length == text_length(model->said.text) &&
		 !strncmp(recorded->said.text, model->said.text, length))) &&
	       same_counts(search, recorded, model) &&
	       may_be_bound(search, recorded->frame[0], model->frame[0]) &&
	       may_be_bound(search, recorded->frame[1], model->frame[1]);
}

bool actors_exact_item(const struct item *recorded, const struct item *model)
{
	const char *mark = strchr(model->said.text, COUNT_MARK);

	return model->counts == COUNT_PAGE ?
	       !model->inside ||
	       number_behind(recorded->said.text, "headref=") == model->headcount :
	       mark || recorded->kind != CONFORM_SPTE ||
	       !strcmp(recorded->said.text, model->said.text);
}
