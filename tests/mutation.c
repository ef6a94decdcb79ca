// SPDX-License-Identifier: GPL-2.0-only
#include "tests/mutation.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support.h"

static op_fn op_at(const struct ops *ops, size_t offset)
{
	op_fn op;

	memcpy(&op, (const char *)ops + offset, sizeof(op));
	return op;
}

/* The machine is little-endian, as all that is modelled. */
static u64 trait_at(const struct traits *traits, const struct trait_row *row)
{
	u64 value = 0;

	memcpy(&value, (const char *)traits + row->offset, row->size);
	return value;
}

/* ---- the list ---- */

struct list { struct mutation *item; size_t nr; };

static void add(struct list *list, const struct mutation *mutation)
{
	if (!(list->nr & (list->nr - 1)))
		list->item = realloc(list->item,
				     (list->nr ? 2 * list->nr : 1) * sizeof(*list->item));
	assert_non_null(list->item);
	list->item[list->nr++] = *mutation;
}

static void add_op(struct list *list, const struct semantics *sem, size_t row, op_fn function,
		   const char *with)
{
	for (size_t i = 0; i < list->nr; i++)
		if (list->item[i].kind == MUTATION_OP && list->item[i].row == row &&
		    list->item[i].function == function)
			return;
	if (function && function != op_at(&sem->ops, op_rows[row].offset))
		add(list, &(struct mutation){ .kind = MUTATION_OP, .row = row, .function = function,
					      .what = op_rows[row].name, .with = with });
}

static void add_trait(struct list *list, const struct semantics *sem, size_t row, u64 value,
		      const char *with)
{
	const struct trait_row *r = &trait_rows[row];

	for (size_t i = 0; i < list->nr; i++)
		if (list->item[i].kind == MUTATION_TRAIT && list->item[i].row == row &&
		    list->item[i].value == value)
			return;
	if (value != trait_at(&sem->traits, r))
		add(list, &(struct mutation){ .kind = MUTATION_TRAIT, .row = row, .value = value,
					      .what = r->name, .with = with });
}

/* What @other, called @name, does otherwise. */
static void add_others(struct list *list, const struct semantics *sem,
		       const struct semantics *other, const char *name)
{
	for (size_t i = 0; i < nr_op_rows; i++)
		add_op(list, sem, i, op_at(&other->ops, op_rows[i].offset), name);
	for (size_t i = 0; i < nr_trait_rows; i++)
		if (!trait_rows[i].is_switch)
			add_trait(list, sem, i, trait_at(&other->traits, &trait_rows[i]), name);
}

static void add_replaced(struct list *list, const struct semantics *sem, enum mmu_kind mmu)
{
	static struct semantics other;
	char why[128];

	for (size_t i = 0; i < nr_op_rows; i++)
		for (size_t k = 0; k < ARRAY_SIZE(op_rows[i].instead); k++)
			add_op(list, sem, i, op_rows[i].instead[k].function,
			       op_rows[i].instead[k].name);
	for (size_t i = 0; i < nr_trait_rows; i++)
		if (trait_rows[i].is_switch) {
			bool on = trait_at(&sem->traits, &trait_rows[i]);

			add_trait(list, sem, i, !on, on ? "off" : "on");
		}
	for (size_t i = 0; all_semantics[i]; i++) {
		assert_true(semantics_resolve_mmu(all_semantics[i], mmu, &other, why, sizeof(why)));
		add_others(list, sem, &other, all_semantics[i]->name);
	}
	for (unsigned kind = 0; kind < NR_MMU_KINDS; kind++) {
		assert_true(semantics_resolve_mmu(semantics_find(sem->name), kind, &other, why,
						  sizeof(why)));
		add_others(list, sem, &other, semantics_mmu[kind].name);
	}
}

struct mutation *mutations_of(const struct semantics *sem, enum mmu_kind mmu, size_t *nr)
{
	struct list list = { NULL, 0 };

	for (unsigned p = 0; p < NR_PATHS; p++)
		for (const struct step *step = sem->path[p]; step->name; step++) {
			struct mutation m = { .kind = MUTATION_DROP, .path = p,
					      .step = step - sem->path[p], .what = step->name };

			add(&list, &m);
			m.kind = MUTATION_SWAP;
			m.with = step[1].name;
			if (m.with)
				add(&list, &m);
		}
	add_replaced(&list, sem, mmu);
	*nr = list.nr;
	return list.item;
}

/* ---- one of them ---- */

static enum step_result do_nothing(struct machine *m, struct task *t)
{
	(void)m;
	(void)t;
	return STEP_NEXT;
}

static bool resolves(const struct semantics_patch *patch, enum mmu_kind mmu)
{
	static struct semantics sem;
	char why[128];

	return semantics_resolve_mmu(patch, mmu, &sem, why, sizeof(why));
}

bool mutation_build(const struct mutation *m, const struct semantics_patch *base,
		    enum mmu_kind mmu, const struct semantics *sem, struct mutation_patch *out)
{
	*out = (struct mutation_patch){ .patch = { .name = "mutant", .base = base,
						   .edits = out->edits } };
	for (unsigned i = 0; i < ARRAY_SIZE(out->edits); i++)
		out->edits[i].verb = EDIT_END;
	if (m->kind == MUTATION_OP) {
		memcpy((char *)&out->patch.ops + op_rows[m->row].offset, &m->function,
		       sizeof(m->function));
		return true;
	}
	if (m->kind == MUTATION_TRAIT) {
		out->traits = sem->traits;
		memcpy((char *)&out->traits + trait_rows[m->row].offset, &m->value,
		       trait_rows[m->row].size);
		out->patch.traits = &out->traits;
		return true;
	}
	out->edits[0] = (struct step_edit){ .verb = EDIT_DROP, .path = m->path, .anchor = m->what };
	if (m->kind == MUTATION_SWAP)
		out->edits[1] = (struct step_edit){ .verb = EDIT_AFTER, .path = m->path,
						    .anchor = m->with,
						    .step = sem->path[m->path][m->step] };
	if (resolves(&out->patch, mmu) || m->kind == MUTATION_SWAP)
		return resolves(&out->patch, mmu);
	/* A step that others go back to stays as a place to go to, and does nothing. */
	out->edits[0].verb = EDIT_REPLACE;
	out->edits[0].step = (struct step){ .name = m->what, .run = do_nothing };
	return resolves(&out->patch, mmu);
}

bool mutation_is_read(const struct mutation *m, const u8 *reads)
{
	bool is_op = m->kind == MUTATION_OP;
	size_t at = is_op ? offsetof(struct semantics, ops) + op_rows[m->row].offset :
			    offsetof(struct semantics, traits) + trait_rows[m->row].offset;
	size_t size = is_op ? sizeof(m->function) : trait_rows[m->row].size;

	return memchr(reads + at, 1, size);
}

const char *mutation_kind_name(unsigned kind)
{
	static const char *const name[] = { "without", "swapped", "replaced", "trait" };

	return name[kind];
}

static bool is_or_any(const char *word, const char *name)
{
	size_t n;

	if (!word || !name)
		return !word;
	n = strlen(word);
	return word[n - 1] == '*' ? !strncmp(word, name, n - 1) : !strcmp(word, name);
}

const struct equivalent *mutation_equivalent(const struct mutation *m, const struct semantics *sem)
{
	for (size_t i = 0; i < nr_equivalents; i++) {
		const struct equivalent *e = &equivalents[i];

		if (e->kind == m->kind && is_or_any(e->what, m->what) &&
		    is_or_any(e->with, m->with) && (!e->where || e->where(sem)))
			return e;
	}
	return NULL;
}
