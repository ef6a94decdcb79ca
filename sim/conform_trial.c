/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_trial.c: an order of several actors' steps must also give what was answered, and what was
 * seen when all of them were at rest; and what no order that is known says: values that two vCPUs
 * have written at once.
 *
 * An access to what a TLB or a table has shows nothing: which of two stores came last is not in the
 * trace, nor whether one lies between the halves of another's increment.
 */
#include "sim/conform_internal.h"
#include "sim/script_internal.h"

#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"
#include "model/spte.h"

/* ---- what is watched, at rest ---- */

static bool pte_is_there(struct run *run, const struct fact *fact)
{
	uint64_t hva;

	return !script_address(run->script, fact->host.name, &hva) ||
	       host_leaf(&run->vm->m, hva & PAGE_MASK).present;
}

/* But for A and D, which the hardware sets, and others may clear. */
static bool pte_would_agree(struct run *run, const struct fact *fact)
{
	const struct pt_leaf none = { 0 };
	u64 keeps = PTE_PRESENT | PTE_WRITE | PTE_SPECIAL | PTE_PROTNONE;
	struct pt_leaf leaf;
	uint64_t hva;

	if (!script_address(run->script, fact->host.name, &hva))
		return true;
	leaf = host_leaf(&run->vm->m, hva & PAGE_MASK);
	if (!leaf.present && !leaf.swap)
		leaf = none;
	if (!fact->host.level || !leaf.level || leaf.swap || !(fact->host.raw & PTE_PRESENT))
		return !fact->host.level == !leaf.level;
	return fact->host.level == (int)leaf.level &&
	       !((fact->host.raw ^ leaf.entry) & keeps);
}

static bool entry_would_agree(struct run *run, const struct fact *fact)
{
	struct pt_leaf leaf;
	uint64_t frame;

	if (run->root == NO_PFN || fact->s2.noroot)
		return true;
	leaf = run->vm->sem.ops.walk(&run->vm->m, run->root, fact->s2.gpa >> PAGE_SHIFT);
	spte_without_frame(run, leaf.entry, &frame);
	return fact->s2.present == (frame != NO_PFN) &&
	       (!fact->s2.present || fact->s2.level == (int)leaf.level);
}

/*
 * Loops go on until the recorder looks, but they only take away: what it has seen was there when
 * the command had ended.
 */
bool seen_would_agree(struct run *run)
{
	for (size_t i = 0; i < run->command->nr_facts; i++) {
		const struct fact *fact = &run->command->facts[i];
		bool is_there = fact->kind == FACT_HOST ?
				fact->host.level && (fact->host.raw & PTE_PRESENT) :
				fact->kind == FACT_S2 && fact->s2.present;

		if (is_there && !(fact->kind == FACT_HOST ? pte_is_there(run, fact) :
							    entry_would_agree(run, fact)))
			return false;
	}
	return vcpu_stats_agree(run);
}

bool facts_would_agree(struct run *run)
{
	for (size_t i = 0; i < run->command->nr_facts; i++) {
		const struct fact *fact = &run->command->facts[i];

		if (fact->kind == FACT_HOST && !pte_would_agree(run, fact))
			return false;
		if (fact->kind == FACT_S2 && !entry_would_agree(run, fact))
			return false;
	}
	return stats_agree(run);
}

/* ---- D of what two have faulted in at once ---- */

static bool was_faulted_by_two(const struct command *c, hva_t hva)
{
	int first = -1;

	for (size_t i = 0; i < c->nr_events; i++) {
		const struct trace_event *event = &c->events[i];
		uint64_t addr;

		if (strcmp(event->name, "fixup_user_fault") ||
		    !trace_event_u64(event, "addr", 16, &addr) || (addr & PAGE_MASK) != hva)
			continue;
		if (first >= 0 && first != event->pid)
			return true;
		first = event->pid;
	}
	return false;
}

/*
 * insert_pfn() leaves a PTE clean, handle_pte_fault() makes one dirty that is there already: which
 * of them the second did, handle_mm_fault() alone would say. Then the model's is as recorded.
 */
bool host_may_be_faulted_twice(struct run *run, const struct fact *fact, hva_t hva)
{
	u64 compared = PTE_PRESENT | PTE_WRITE | PTE_SPECIAL | PTE_ACCESSED | PTE_DIRTY;
	struct pt_leaf leaf = host_leaf(&run->vm->m, hva);

	if (!run->refs_in_doubt || !leaf.present || leaf.level != 1 || fact->host.level != 1 ||
	    !(leaf.entry & PTE_SPECIAL) ||
	    ((leaf.entry ^ fact->host.raw) & compared) != PTE_DIRTY ||
	    !was_faulted_by_two(run->command, hva))
		return false;
	host_set_leaf(&run->vm->m, leaf.first << PAGE_SHIFT, leaf.level, leaf.entry ^ PTE_DIRTY);
	return true;
}

/* ---- values that two have written at once ---- */

enum { BOTH = 3, ONE_RACE = 1 << 2 };	/* of run->raced: who has, and above, how often both have */

void raced_access(struct run *run, const struct access *access, unsigned vcpu)
{
	u32 who;

	if (access->kind == ACCESS_READ || access->kind == ACCESS_EXEC || access->pfn == NO_PFN)
		return;
	who = hmget(run->raced, access->pfn);	/* not within hmput(): both have one index */
	who |= 1u << vcpu;
	hmput(run->raced, access->pfn, who);
}

void raced_command(struct run *run)
{
	for (size_t i = 0; i < hmlenu(run->raced); i++) {
		u32 *value = &run->raced[i].value;

		if (page_is(&run->vm->m, run->raced[i].key, PG_FREE))
			*value = 0;
		else if ((*value & BOTH) == BOTH)
			*value += ONE_RACE;
		*value &= ~(u32)BOTH;
	}
}

bool is_raced(struct run *run, pfn_t pfn, uint64_t recorded, uint64_t model)
{
	u32 races = pfn == NO_PFN ? 0 : hmget(run->raced, pfn) / ONE_RACE;
	uint64_t apart = recorded > model ? recorded - model : model - recorded;

	return apart && apart <= races;
}
