// SPDX-License-Identifier: GPL-2.0-only
#include "tests/mutation.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support.h"

/* ---- operations ---- */

#define OP(field)	{ #field, offsetof(struct ops, field), false }
#define YES_OR_NO(field)	{ #field, offsetof(struct ops, field), true }

/* What the MMU brings (load_root and what follows) is the same in all semantics. */
static const struct op_row {
	const char *name;
	size_t offset;
	bool yes_or_no;
} op_rows[] = {
	OP(own_page), OP(take_remapped), YES_OR_NO(fault_is_stale), OP(range_add),
	YES_OR_NO(range_counts), YES_OR_NO(is_ad_tracked), OP(release_pfn), OP(release_fault),
	OP(spte_changed), OP(log_rearmed), OP(leaf_bits), YES_OR_NO(huge_ok), OP(mark_accessed),
	OP(map_args), OP(map_release), OP(lookup_args), OP(lookup_release), OP(reexecute_args),
	OP(reexecute_release), OP(stage2_args), OP(stage2_release), OP(gfn_to_page),
	OP(prefetch_release), OP(gpc_release), OP(fault_args), YES_OR_NO(zap_flushes),
};

static op_fn op_at(const struct ops *ops, size_t offset)
{
	op_fn op;

	memcpy(&op, (const char *)ops + offset, sizeof(op));
	return op;
}

bool mutation_knows_ops(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(op_rows); i++)
		if (op_rows[i].offset != i * sizeof(op_fn))
			return false;
	return offsetof(struct ops, load_root) == ARRAY_SIZE(op_rows) * sizeof(op_fn);
}

/* Whatever it is asked, it does nothing, and says nothing, or no, or none; or yes. */
static u64 nothing(void)
{
	return 0;
}

static u64 yes(void)
{
	return 1;
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

static void add_op(struct list *list, const struct semantics *sem, size_t op, op_fn function,
		   const char *with)
{
	for (size_t i = 0; i < list->nr; i++)
		if (list->item[i].kind == MUTATION_OP && list->item[i].op == op &&
		    list->item[i].function == function)
			return;
	if (function != op_at(&sem->ops, op_rows[op].offset))
		add(list, &(struct mutation){ .kind = MUTATION_OP, .op = op, .function = function,
					      .what = op_rows[op].name, .with = with });
}

static void add_ops(struct list *list, const struct semantics *sem)
{
	static struct semantics other;
	char why[128];

	for (size_t op = 0; op < ARRAY_SIZE(op_rows); op++) {
		add_op(list, sem, op, (op_fn)nothing, "nothing");
		if (op_rows[op].yes_or_no)
			add_op(list, sem, op, (op_fn)yes, "yes");
	}
	for (size_t i = 0; all_semantics[i]; i++) {
		assert_true(semantics_resolve(all_semantics[i], &other, why, sizeof(why)));
		for (size_t op = 0; op < ARRAY_SIZE(op_rows); op++)
			add_op(list, sem, op, op_at(&other.ops, op_rows[op].offset),
			       all_semantics[i]->name);
	}
}

struct mutation *mutations_of(const struct semantics *sem, size_t *nr)
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
	add_ops(&list, sem);
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
		memcpy((char *)&out->patch.ops + op_rows[m->op].offset, &m->function,
		       sizeof(m->function));
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

const char *mutation_kind_name(unsigned kind)
{
	static const char *const name[] = { "without", "swapped", "replaced" };

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
