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
#include "model/memslot.h"
#include "model/semantics.h"
#include "model/spte.h"

static bool may_be_aged(const struct run *run)
{
	return run->vm && run->vm->sem.traits.multi_gen_lru;
}

/* "KEYVALUE": is *@r's but for @accessed bits, which may have gone from it? Both go on behind. */
static bool value_is_but_aged(const char **r, const char **m, const char *key, uint64_t accessed)
{
	size_t length = strlen(key);
	uint64_t recorded, model;
	char *r_end, *m_end;

	if (strncmp(*r, key, length) || strncmp(*m, key, length))
		return false;
	recorded = strtoull(*r + length, &r_end, 16);
	model = strtoull(*m + length, &m_end, 16);
	*r = r_end;
	*m = m_end;
	return recorded == model || (recorded | accessed) == model;
}

/* An entry that had lost its bit already stays without when it is changed in place. */
bool item_is_but_aged(struct run *run, const struct item *recorded, const struct item *model)
{
	const struct spte_format *format = spte_format_of(&run->vm->m);
	const char *r = strstr(recorded->said.text, "old="), *m = strstr(model->said.text, "old=");

	if (model->kind != CONFORM_SPTE || !r || !m || !format->accessed ||
	    r - recorded->said.text != m - model->said.text ||
	    strncmp(recorded->said.text, model->said.text, r - recorded->said.text))
		return false;
	if (!value_is_but_aged(&r, &m, "old=", format->accessed))
		return false;
	if (!strcmp(r, m))
		return true;
	return value_is_but_aged(&r, &m, " new=", format->accessed) && !strcmp(r, m);
}

bool item_may_be_aged(struct run *run, const struct item *recorded, const struct item *model)
{
	return may_be_aged(run) && item_is_but_aged(run, recorded, model) &&
	       strcmp(recorded->said.text, model->said.text);
}

/* It was aged as a PMD, before the command split that: the PTE is as the model's but for A. */
static bool was_split(const char *before, const char *now, const struct pt_leaf *leaf)
{
	return !strncmp(before, "L2 ", 3) && before[4] == 'A' && !strncmp(now, "L1 ", 3) &&
	       leaf->level == 1 && (now[3] == 'W') == !!(leaf->entry & PTE_WRITE);
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
	if (strcmp(run->last[before].value, with.text) &&
	    !was_split(run->last[before].value, with.text, &leaf))
		return false;
	host_set_leaf(&run->vm->m, leaf.first << PAGE_SHIFT, leaf.level,
		      leaf.entry & ~PTE_ACCESSED);
	run->has_aged = true;
	return true;
}

/* What the command leaves there is as it was before, but for A; and it maps @head. */
static bool ages_folio(struct run *run, const struct fact *fact, pfn_t head)
{
	struct said key;
	struct pt_leaf leaf;
	ptrdiff_t before;
	uint64_t hva;

	if (fact->kind != FACT_HOST || !fact->host.level || (fact->host.raw & PTE_ACCESSED) ||
	    !script_address(run->script, fact->host.name, &hva))
		return false;
	key = say("host-pte %s", fact->host.name);
	before = shgeti(run->last, key.text);
	leaf = host_leaf(&run->vm->m, hva & PAGE_MASK);
	return before >= 0 && !strncmp(run->last[before].value, "L", 1) &&
	       run->last[before].value[4] == 'A' && leaf.present &&
	       page_head(&run->vm->m, pt_pfn(leaf.entry)) == head;
}

/* isolate_folios(), shrink_folio_list(): it has a reference meanwhile, and the folio's lock. */
bool folio_may_be_isolated(struct run *run, pfn_t head)
{
	if (!may_be_aged(run) || run->main == EVENT_CLEAR_REFS)
		return false;
	for (size_t i = 0; i < run->command->nr_facts; i++)
		if (ages_folio(run, &run->command->facts[i], head))
			return true;
	return false;
}

/*
 * clear_refs (but of soft dirty bits) takes A without a flush: whether a CPU that accesses the page
 * sets it again depends on its TLB. It is as it was; then so is the model's.
 */
bool host_may_be_in_tlb(struct run *run, const char *name, const char *recorded, hva_t hva)
{
	struct said key = say("host-pte %s", name);
	ptrdiff_t before = shgeti(run->last, key.text);
	struct pt_leaf leaf = host_leaf(&run->vm->m, hva);

	run->refs_cleared |= run->main == EVENT_CLEAR_REFS;
	if (!run->refs_cleared || !leaf.present || !(leaf.entry & PTE_ACCESSED) ||
	    recorded[0] != 'L' || recorded[4] != '-' || before < 0 ||
	    strcmp(run->last[before].value, recorded))
		return false;
	host_set_leaf(&run->vm->m, leaf.first << PAGE_SHIFT, leaf.level,
		      leaf.entry & ~PTE_ACCESSED);
	return true;
}

/*
 * set_pmd_migration_entry(), try_to_migrate_one(): what was young says so (SWP_MIG_YOUNG) above the
 * frame, and inverted. Not young, it was aged since.
 */
void migration_may_be_aged(struct run *run, const struct fact *fact, hva_t hva)
{
	unsigned bit = 9 + (run->vm->w.config.five_levels ? 52 : 46) - PAGE_SHIFT;
	struct pt_leaf leaf = host_leaf(&run->vm->m, hva);

	if (!may_be_aged(run) || !fact->host.swap || !(leaf.swap & PTE_MIGRATION) ||
	    !(leaf.swap & PTE_ACCESSED) || !(fact->host.raw & BIT(bit)))
		return;
	take_input(run, (struct place){ .file = run->file.out, .line = fact->line },
		   "%s was aged on its way", fact->host.name);
	host_set_leaf(&run->vm->m, leaf.first << PAGE_SHIFT, leaf.level,
		      leaf.swap & ~PTE_ACCESSED);
	run->has_aged = true;
}

/* A host PTE that is old already has nothing to lose: only an entry says that it was aged. */
static bool only_s2_was_young(struct run *run, const struct fact *fact, const char *young)
{
	struct said key = say("s2 0x%llx", (unsigned long long)fact->s2.gpa);
	ptrdiff_t before = shgeti(run->last, key.text);
	gfn_t gfn = fact->s2.gpa >> PAGE_SHIFT;
	hva_t hva = memslot_hva(&run->vm->m, memslot_of_gfn(&run->vm->m, gfn), gfn, false);
	struct pt_leaf leaf;

	if (before < 0 || strcmp(run->last[before].value, young) || is_error_hva(hva))
		return false;
	leaf = host_leaf(&run->vm->m, hva);
	return leaf.present && !(leaf.entry & PTE_ACCESSED);
}

/* kvm_age_gfn(): the bit goes with the PTE's; an entry made meanwhile may lose it, too. */
bool s2_may_be_aged(struct run *run, const struct fact *fact, const char *model)
{
	uint64_t accessed = spte_format_of(&run->vm->m)->accessed;
	struct fact young = *fact;
	struct said said;

	if (!may_be_aged(run) || !fact->s2.present || (fact->s2.raw & accessed) == accessed)
		return false;
	young.s2.raw |= accessed;
	said = s2_said_recorded(&young);
	if (strcmp(said.text, model))
		return false;
	run->has_aged |= only_s2_was_young(run, fact, said.text);
	return run->has_aged;
}
