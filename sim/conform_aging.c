/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_aging.c: whoever reclaims ages others' pages, and tracing follows the recorder alone.
 *
 * mm/vmscan.c:walk_pmd_range(), lru_gen_look_around(), by any task that allocates; they notify KVM
 * (kvm_mmu_notifier_clear_young()), whose events are shown of the recorder and of some kernel
 * threads. So an accessed bit that has gone, and nothing else, is input: of MGLRU, and of bits that
 * no command can have cleared.
 */
#include "sim/conform_internal.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"
#include "model/semantics.h"
#include "model/spte.h"

static bool may_be_aged(const struct run *run)
{
	return run->vm && run->vm->sem.traits.multi_gen_lru;
}

bool item_is_but_aged(struct run *run, const struct item *recorded, const struct item *model)
{
	const struct spte_format *format = spte_format_of(&run->vm->m);
	const char *r = strstr(recorded->said.text, "old="), *m = strstr(model->said.text, "old=");
	char *r_end, *m_end;

	if (model->kind != CONFORM_SPTE || !r || !m || !format->accessed ||
	    r - recorded->said.text != m - model->said.text ||
	    strncmp(recorded->said.text, model->said.text, r - recorded->said.text))
		return false;
	return (strtoull(r + 4, &r_end, 16) | format->accessed) == strtoull(m + 4, &m_end, 16) &&
	       !strcmp(r_end, m_end);
}

bool item_may_be_aged(struct run *run, const struct item *recorded, const struct item *model)
{
	return may_be_aged(run) && item_is_but_aged(run, recorded, model) &&
	       strcmp(recorded->said.text, model->said.text);
}

/* What was seen there before had A and was otherwise the same; then the model's goes, too. */
bool host_may_be_aged(struct run *run, const char *name, const char *recorded, hva_t hva)
{
	struct said key = say("host-pte %s", name), with = say("%s", recorded);
	struct pt_leaf leaf = host_leaf(&run->vm->m, hva);
	ptrdiff_t before = shgeti(run->last, key.text);

	if (!may_be_aged(run) || run->main == EVENT_CLEAR_REFS || !leaf.present ||
	    !(leaf.entry & PTE_ACCESSED) || with.text[0] != 'L' || with.text[4] != '-' ||
	    before < 0)
		return false;
	with.text[4] = 'A';
	if (strcmp(run->last[before].value, with.text))
		return false;
	host_set_leaf(&run->vm->m, leaf.first << PAGE_SHIFT, leaf.level,
		      leaf.entry & ~PTE_ACCESSED);
	run->has_aged = true;
	return true;
}

/* kvm_age_gfn(): the bit goes with the PTE's; an entry made meanwhile may lose it, too. */
bool s2_may_be_aged(const struct run *run, const struct fact *fact, const char *model)
{
	uint64_t accessed = spte_format_of(&run->vm->m)->accessed;
	struct fact young = *fact;

	if (!may_be_aged(run) || !run->has_aged || !fact->s2.present ||
	    (fact->s2.raw & accessed) == accessed)
		return false;
	young.s2.raw |= accessed;
	return !strcmp(s2_said_recorded(&young).text, model);
}
