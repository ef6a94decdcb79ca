/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_host_access.c: a load or store of four bytes by userspace, or by copy_to_user().
 *
 * Linux: arch/x86/mm/fault.c:do_user_addr_fault(). Four bytes that lie in two pages are one access:
 * nothing is stored until both pages can be had, and the first one is asked for first.
 */
#include "model/host_mm.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/pgtable.h"

static bool access_writes(const struct access *a)
{
	return a->kind == ACCESS_WRITE || (a->kind == ACCESS_RMW && !a->loads);
}

static bool is_accessible(const struct pt_leaf *leaf, bool write)
{
	return leaf_is_accessible(leaf) && (!write || (leaf->entry & PTE_WRITE));
}

/* x86: the CPU sets A, and D for a store, in the PTE it used. NO_PFN: that one will not do. */
static pfn_t use_pte(struct machine *m, hva_t hva, bool write)
{
	struct pt_leaf leaf = host_leaf(m, hva);
	u64 entry = leaf.entry | PTE_ACCESSED | (write ? PTE_DIRTY : 0);
	pfn_t pfn = host_leaf_pfn(&leaf, hva);

	if (!is_accessible(&leaf, write))
		return NO_PFN;
	if (entry != leaf.entry)
		host_set_leaf(m, hva, leaf.level, entry);
	if (page_is(m, pfn, PG_FREE))
		raise_alarm(m, ALARM_ACCESS_FREE, pfn, page_of(m, pfn)->freed_by);
	return pfn;
}

/* Where the page of the last byte begins. */
static hva_t second_page(const struct access *a)
{
	return (a->hva + 3) & PAGE_MASK;
}

static bool crosses(const struct access *a)
{
	return second_page(a) > a->hva;
}

static u32 load_word(struct machine *m, const struct access *a, pfn_t second)
{
	u32 value = page_load(m, a->pfn, a->hva);

	return crosses(a) ? value | page_load_rest(m, second, a->hva) : value;
}

static void store_word(struct machine *m, const struct access *a, pfn_t second, u32 value)
{
	for (unsigned i = 0; i <= a->more; i++)
		page_store(m, a->pfn, a->hva + 4 * i, value);
	if (crosses(a))
		page_store_rest(m, second, a->hva, value);
}

static enum step_result fault_in(struct task *t, hva_t hva, bool write)
{
	t->host = (struct host_fault){ .hva = hva, .write = write };
	return STEP_CALL_BACK;
}

/* Of four bytes in one page */
bool host_access_nofault(struct machine *m, struct access *a)
{
	bool write = access_writes(a);

	a->pfn = use_pte(m, a->hva, write);
	if (a->pfn == NO_PFN)
		return false;
	if (write)
		page_store(m, a->pfn, a->hva, a->value);
	else
		a->value = page_load(m, a->pfn, a->hva);
	return true;
}

static enum step_result host_access(struct machine *m, struct task *t)
{
	struct access *a = &t->access;
	bool write = access_writes(a);
	pfn_t second = NO_PFN;

	a->failed |= t->host.error;
	if (a->failed)
		return STEP_DONE;
	a->pfn = use_pte(m, a->hva, write);
	if (a->pfn == NO_PFN)
		return fault_in(t, a->hva, write);
	if (crosses(a) && (second = use_pte(m, second_page(a), write)) == NO_PFN)
		return fault_in(t, second_page(a), write);
	if (a->kind != ACCESS_WRITE)
		a->value = load_word(m, a, second) + (a->kind == ACCESS_RMW && write);
	if (write)
		store_word(m, a, second, a->value);
	return STEP_DONE;
}

const struct step path_host_access[] = {
	STEP(host_access, .calls = PATH_HOST_FAULT, .to = "host_access",
	     .chain = "do_user_addr_fault"),
	{ 0 }
};
