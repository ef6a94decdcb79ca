/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/semantics.h"

#include <string.h>

static bool fail(char *why, size_t size, const char *what, const char *name)
{
	size_t used = 0;
	const char *parts[] = { what, ": ", name ? name : "?" };

	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
		for (const char *c = parts[i]; *c && used + 1 < size; c++)
			why[used++] = *c;
	if (size)
		why[used] = 0;
	return false;
}

static unsigned path_length(const struct step *path)
{
	unsigned n = 0;

	while (path[n].name)
		n++;
	return n;
}

static int find_step(const struct step *path, const char *name)
{
	for (int i = 0; path[i].name; i++)
		if (!strcmp(path[i].name, name))
			return i;
	return -1;
}

static bool insert_at(struct step *path, unsigned at, const struct step *step)
{
	unsigned n = path_length(path);

	if (n == MAX_STEPS)
		return false;
	memmove(&path[at + 1], &path[at], (n + 1 - at) * sizeof(*path));
	path[at] = *step;
	return true;
}

static bool apply_edit(struct step *path, const struct step_edit *edit, char *why, size_t size)
{
	int at = edit->anchor ? find_step(path, edit->anchor) : (int)path_length(path);
	bool room = true;

	if (at < 0 && (edit->verb == EDIT_DROP_ANY || edit->verb == EDIT_REPLACE_ANY))
		return true;
	if (at < 0)
		return fail(why, size, "no such step to edit", edit->anchor);
	switch ((enum edit_verb)edit->verb) {
	case EDIT_BEFORE:
	case EDIT_APPEND:
		room = insert_at(path, at, &edit->step);
		break;
	case EDIT_AFTER:
		room = insert_at(path, at + 1, &edit->step);
		break;
	case EDIT_REPLACE:
	case EDIT_REPLACE_ANY:
		path[at] = edit->step;
		break;
	case EDIT_DROP:
	case EDIT_DROP_ANY:
		memmove(&path[at], &path[at + 1], (path_length(path) - at) * sizeof(*path));
		break;
	case EDIT_END:
		break;
	}
	return room || fail(why, size, "path too long at step", edit->step.name);
}

/* struct ops is an array of function pointers of one size: override where not NULL. */
static void override_ops(struct ops *ops, const struct ops *with)
{
	void (**to)(void) = (void (**)(void))ops;
	void (*const *from)(void) = (void (*const *)(void))with;

	for (size_t i = 0; i < sizeof(*ops) / sizeof(*to); i++)
		if (from[i])
			to[i] = from[i];
}

static bool apply_one(const struct semantics_patch *patch, struct semantics *out, char *why,
		      size_t size)
{
	for (unsigned p = 0; patch->paths && p < NR_PATHS; p++) {
		unsigned n = patch->paths[p] ? path_length(patch->paths[p]) : 0;

		if (n > MAX_STEPS)
			return fail(why, size, "path too long at step", patch->paths[p]->name);
		if (n)
			memcpy(out->path[p], patch->paths[p], n * sizeof(struct step));
	}
	override_ops(&out->ops, &patch->ops);
	if (patch->traits)
		out->traits = *patch->traits;
	if (patch->calls)
		out->calls = patch->calls;
	for (const struct step_edit *edit = patch->edits; edit && edit->verb != EDIT_END; edit++)
		if (!apply_edit(out->path[edit->path], edit, why, size))
			return false;
	return true;
}

static bool is_listed(const struct semantics_patch *patch)
{
	for (unsigned i = 0; all_semantics[i]; i++)
		if (all_semantics[i] == patch)
			return true;
	return false;
}

/* The patch of the MMU belongs to the last that is listed, or to the root. */
static bool apply_patch(const struct semantics_patch *patch, const struct semantics_patch *mmu,
			struct semantics *out, char *why, size_t size)
{
	bool mine = mmu && (is_listed(patch) || !patch->base);

	if (patch->base && !apply_patch(patch->base, mine ? NULL : mmu, out, why, size))
		return false;
	if (!apply_one(patch, out, why, size))
		return false;
	if (mine) {
		const struct call_name *calls = out->calls;

		if (!apply_one(mmu, out, why, size))
			return false;
		out->mmu_calls = mmu->calls;
		out->calls = calls;
	}
	out->name = patch->name;
	out->alias = patch->alias;
	out->group = patch->group;
	out->source = patch->source;
	return true;
}

static bool is_complete(struct semantics *out, char *why, size_t size)
{
	void (**op)(void) = (void (**)(void))&out->ops;

	for (size_t i = 0; i < sizeof(out->ops) / sizeof(*op); i++)
		if (!op[i])
			return fail(why, size, "an operation is missing", out->name);
	if (!out->traits.ept || !out->traits.npt)
		return fail(why, size, "an SPTE format is missing", out->name);
	for (unsigned p = 0; p < NR_PATHS; p++) {
		if (!path_length(out->path[p]))
			return fail(why, size, "a path has no steps", out->name);
		for (struct step *step = out->path[p]; step->name; step++) {
			int to = step->to ? find_step(out->path[p], step->to) : 0;

			if (to < 0)
				return fail(why, size, "a step jumps nowhere", step->name);
			step->to_index = to;
		}
	}
	return true;
}

bool semantics_resolve(const struct semantics_patch *patch, struct semantics *out, char *why,
		       size_t size)
{
	return semantics_resolve_mmu(patch, MMU_TDP, out, why, size);
}

bool semantics_resolve_mmu(const struct semantics_patch *patch, enum mmu_kind mmu,
			   struct semantics *out, char *why, size_t size)
{
	memset(out, 0, sizeof(*out));
	return apply_patch(patch, mmu == MMU_TDP ? NULL : &semantics_mmu[mmu], out, why, size) &&
	       is_complete(out, why, size);
}

bool semantics_is_called(const struct semantics_patch *patch, const char *name)
{
	return !strcmp(patch->name, name) || (patch->alias && !strcmp(patch->alias, name)) ||
	       (patch->table && !strcmp(patch->table, name));
}

const struct semantics_patch *semantics_find(const char *name)
{
	for (unsigned i = 0; all_semantics[i]; i++)
		if (semantics_is_called(all_semantics[i], name))
			return all_semantics[i];
	for (unsigned i = 0; policies[i]; i++)
		if (semantics_is_called(policies[i], name))
			return policies[i];
	return NULL;
}
