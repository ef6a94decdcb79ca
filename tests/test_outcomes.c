/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_outcomes.c: every cell of the table of outcomes against rules written down apart from the
 * model: which class a page in a mapping is of, and what each class means for each caller.
 *
 * Sources: the series' own words on flags and gates (3/8 to 8/8), hva_to_pfn() and
 * kvm_pfn_to_refcounted_page() of 6.8-rc3.
 */
#include "tests/support.h"

#include <stdio.h>
#include <string.h>

#include "sim/outcomes.h"

enum { LEGACY, SERIES, UNSAFE, NR_COLUMNS };

static const char *const columns[NR_COLUMNS] = { "v6.8-rc3", "v11", "v11-unsafe" };

static bool is_one_of(enum outcome_page page, const char *words)
{
	const char *at = strstr(words, outcome_pages[page]);
	size_t length = strlen(outcome_pages[page]);

	return at && (at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length]);
}

/* kvm_pfn_to_refcounted_page() */
static bool guessed_refcounted(enum outcome_page page)
{
	return !is_one_of(page, "RESV ZDEV0 NOPAGE");
}

/* hva_to_pfn_remapped(): get_page_unless_zero() on the very page */
static const char *remapped(const struct outcome_cell *c)
{
	bool has_page = guessed_refcounted(c->page);

	if (c->write && !c->host_pte_w)
		return has_page ? "RRO_page" : "RRO_nopage";
	if (!has_page)
		return "REM_NOPAGE";
	return is_one_of(c->page, "CTAIL HOTAIL") ? "REM_NOREF" : "REM_REF";
}

static const char *class_of(const struct outcome_cell *c)
{
	bool ro = c->ro_slot && !c->write;

	switch (c->vma) {
	case OUT_PFNMAP:
	case OUT_IO_SPECIAL:
		return remapped(c);
	case OUT_IO_NORMAL:	/* only fast GUP does not look at the VMA */
		return c->host_pte_w && !ro ? "GUP" : remapped(c);
	case OUT_MIXED_SPECIAL:
		if (c->page != OUT_ZERO)
			return "XF";
		break;
	case OUT_MIXED_NORMAL:
		if (c->page == OUT_ZDEV)	/* p2pdma */
			return "XF";
		break;
	default:
		break;
	}
	return c->write && (!c->host_pte_w || c->page == OUT_ZERO) ? "COW" : "GUP";
}

/* What a class means for a caller: outcome, held/after, SPTE bit. */
static const struct rule {
	const char *class, *callers, *results[NR_COLUMNS];
} rules[] = {
	{ "GUP", "x86_tdp", { "PFN 1/0 -", "PFN 0/0 1", "PFN 0/0 1" } },
	{ "GUP", "x86_shadow", { "PFN 1/0 -", "PFN 0/0 none", "PFN 0/0 none" } },
	{ "GUP", "vcpu_map reexecute pfncache compat",
	  { "PFN 1/0 -", "PFN 1/0 -", "PFN 1/0 -" } },
	{ "GUP RESV", "x86_tdp", { "PFN 1/1 -", "PFN 0/0 1", "PFN 0/0 1" } },
	{ "GUP RESV", "x86_shadow", { "PFN 1/1 -", "PFN 0/0 none", "PFN 0/0 none" } },
	{ "GUP RESV", "vcpu_map reexecute", { "PFN 1/1 -", "PFN 1/0 -", "PFN 1/0 -" } },
	{ "GUP RESV", "pfncache compat", { "PFN 1/1 -", "PFN 1/1 -", "PFN 1/1 -" } },
	{ "REM_REF", "x86_tdp", { "PFN 1/0 -", "PFN 0/0 1", "PFN 0/0 1" } },
	{ "REM_REF", "x86_shadow", { "PFN 1/0 -", "PFN 0/0 none", "PFN 0/0 none" } },
	{ "REM_REF", "vcpu_map reexecute pfncache compat",
	  { "PFN 1/0 -", "PFN 1/0 -", "PFN 1/0 -" } },
	{ "REM_NOREF", "x86_tdp", { "ERR_FAULT 0/0 -", "PFN 0/0 0", "PFN 0/0 0" } },
	{ "REM_NOREF", "x86_shadow pfncache compat",
	  { "ERR_FAULT 0/0 -", "ERR_FAULT 0/0 -", "ERR_FAULT 0/0 -" } },
	{ "REM_NOREF", "vcpu_map reexecute",
	  { "ERR_FAULT 0/0 -", "ERR_FAULT 0/0 -", "PFN 0/0 -" } },
	{ "REM_NOPAGE", "x86_tdp", { "PFN 0/0 -", "PFN 0/0 0", "PFN 0/0 0" } },
	{ "REM_NOPAGE", "x86_shadow", { "PFN 0/0 -", "PFN 0/0 none", "PFN 0/0 none" } },
	{ "REM_NOPAGE", "vcpu_map reexecute pfncache compat",
	  { "PFN 0/0 -", "ERR_FAULT 0/0 -", "PFN 0/0 -" } },
	{ "RRO_page", "x86_tdp", { "ERR_RO_FAULT 0/0 -", "ERR_RO_FAULT 0/0 -",
				   "ERR_RO_FAULT 0/0 -" } },
	{ "RRO_page", "x86_shadow pfncache compat",
	  { "ERR_RO_FAULT 0/0 -", "ERR_FAULT 0/0 -", "ERR_FAULT 0/0 -" } },
	{ "RRO_page", "vcpu_map reexecute",
	  { "ERR_RO_FAULT 0/0 -", "ERR_FAULT 0/0 -", "ERR_RO_FAULT 0/0 -" } },
	{ "RRO_nopage", "x86_tdp x86_shadow", { "ERR_RO_FAULT 0/0 -", "ERR_RO_FAULT 0/0 -",
						"ERR_RO_FAULT 0/0 -" } },
	{ "RRO_nopage", "vcpu_map reexecute pfncache compat",
	  { "ERR_RO_FAULT 0/0 -", "ERR_FAULT 0/0 -", "ERR_RO_FAULT 0/0 -" } },
	{ "XF", "x86_tdp x86_shadow vcpu_map reexecute pfncache compat",
	  { "ERR_FAULT 0/0 -", "ERR_FAULT 0/0 -", "ERR_FAULT 0/0 -" } },
};

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += length)
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

/* What the primary MMU has copied is an ordinary page. */
static const char *class_in_rules(const struct outcome_cell *c, const char *class)
{
	if (!strcmp(class, "COW"))
		return "GUP";
	return c->page == OUT_RESV && !strcmp(class, "GUP") ? "GUP RESV" : class;
}

static const char *rule_for(const struct outcome_cell *c, const char *class, unsigned column)
{
	class = class_in_rules(c, class);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!strcmp(rules[i].class, class) &&
		    has_word(rules[i].callers, outcome_callers[c->caller]))
			return rules[i].results[column];
	return NULL;
}

static bool is_prefetch(const struct outcome_cell *c)
{
	return c->caller == OUT_PREFETCH_DIRECT || c->caller == OUT_PREFETCH_SHADOW;
}

/* Only what fast GUP gives; the direct one puts the page, the other releases by pfn. */
static const char *prefetch_result(const struct outcome_cell *c, const char *class, unsigned column)
{
	bool direct = c->caller == OUT_PREFETCH_DIRECT;
	bool leaks = !direct && c->page == OUT_RESV;

	if (strcmp(class, "GUP") || c->page == OUT_ZERO)
		return "ERR_FAULT 0/0 -";
	if (column == LEGACY)
		return leaks ? "PFN 1/1 -" : "PFN 1/0 -";
	return direct ? "PFN 1/0 1" : leaks ? "PFN 1/1 none" : "PFN 1/0 none";
}

static const char *expected(const struct outcome_cell *c, const char *class, unsigned column)
{
	if (c->ro_slot && c->write)
		return "RO_FAULT(slot) 0/0 -";
	return is_prefetch(c) ? prefetch_result(c, class, column) : rule_for(c, class, column);
}

static void every_cell_follows_the_rules(void **state)
{
	struct outcome_cell c;
	unsigned at = 0, n = 0, failed = 0;

	(void)state;
	while (outcome_next(&at, &c))
		for (unsigned column = 0; column < NR_COLUMNS; column++) {
			struct outcome_row row;
			char got[64], where[128];

			outcome_compute(semantics_find(columns[column]), &c, &row);
			snprintf(where, sizeof(where), "%s %s %s %s w%d ro%d %s: ",
				 outcome_pages[c.page], outcome_vmas[c.vma],
				 outcome_callers[c.caller], c.write ? "W" : "R", c.host_pte_w,
				 c.ro_slot, columns[column]);
			snprintf(got, sizeof(got), "%s %d/%d %s", row.outcome, row.held,
				 row.after, row.spte_bit);
			if (strcmp(class_of(&c), row.class) ||
			    strcmp(expected(&c, row.class, column), got))
				print_error("%s%s %s, expected %s %s (%u)\n", where, row.class, got,
					    class_of(&c), expected(&c, class_of(&c), column),
					    ++failed);
			n++;
		}
	assert_int_equal(failed, 0);
	assert_true(n > 4500);
}

/* Which findings a cell of the first three shows: from what each finding says. */
static unsigned expected_hazards(const struct outcome_cell *c, const struct outcome_row *row,
				 unsigned column)
{
	bool series = column != LEGACY, pfn = !strcmp(row->outcome, "PFN");
	bool fault = !strcmp(row->outcome, "ERR_FAULT"), rro = !strncmp(row->class, "RRO", 3);
	bool guessed = guessed_refcounted(c->page) || !strcmp(row->class, "COW");
	unsigned hazards = 0;

	if (series && c->ro_slot && pfn && !strncmp(row->class, "REM", 3) && c->host_pte_w)
		hazards |= BIT(HAZARD_A1);
	if (series && rro && fault && (c->caller == OUT_SHADOW || c->caller == OUT_COMPAT))
		hazards |= BIT(HAZARD_A2);
	if (series && fault && c->caller == OUT_COMPAT && !strcmp(row->class, "REM_NOPAGE"))
		hazards |= BIT(HAZARD_A3);
	if (series && pfn && c->caller == OUT_SHADOW && !guessed)
		hazards |= BIT(HAZARD_A5);
	if (series && pfn && c->caller == OUT_TDP && !guessed && !strcmp(row->spte_bit, "1"))
		hazards |= BIT(HAZARD_A13);
	if (row->after)
		hazards |= BIT(HAZARD_L1);
	return hazards;
}

static void every_cell_names_the_findings_that_it_shows(void **state)
{
	struct outcome_cell c;
	unsigned at = 0;

	(void)state;
	while (outcome_next(&at, &c))
		for (unsigned column = 0; column < NR_COLUMNS; column++) {
			struct outcome_row row;

			outcome_compute(semantics_find(columns[column]), &c, &row);
			assert_int_equal(row.hazards & ~BIT(HAZARD_W),
					 expected_hazards(&c, &row, column));
			/* kvm_is_zone_device_page() is asked wherever the pfn gets that far */
			if (c.page != OUT_ZDEV0)
				assert_false(row.hazards & BIT(HAZARD_W));
			else if (!strcmp(row.class, "REM_NOPAGE") &&
				 strcmp(row.outcome, "RO_FAULT(slot)"))
				assert_int_equal(!(row.hazards & BIT(HAZARD_W)), is_prefetch(&c));
		}
}

/* ---- the kernels: 5.12, the old API as it stayed from 5.13 to 6.12, and 7.2 ---- */

enum { L0, L1, N2, NR_ERAS };

static const struct kernel {
	const char *name;
	unsigned era;
	bool fast_needs_mapping;
} kernels[] = {
	{ "v5.12", L0, false }, { "v6.1", L1, false }, { "v6.8", L1, false },
	{ "v6.12", L1, true }, { "v7.2", N2, true },
};

static const struct rule kernel_rules[] = {
	{ "GUP", "x86_tdp x86_shadow vcpu_map pfncache compat reexecute",
	  { "PFN 1/0", "PFN 1/0", "PFN 1/0" } },
	{ "GUP RESV", "x86_tdp x86_shadow vcpu_map pfncache compat reexecute",
	  { "PFN 1/1", "PFN 1/1", "PFN 1/0" } },
	{ "REM_REF", "x86_tdp x86_shadow pfncache reexecute",
	  { "PFN 1/0", "PFN 1/0", "PFN 0/0" } },
	{ "REM_REF", "vcpu_map compat", { "PFN 1/0", "PFN 1/0", "ERR_FAULT 0/0" } },
	{ "REM_NOREF", "x86_tdp x86_shadow pfncache reexecute",
	  { "PFN 1/0", "ERR_FAULT 0/0", "PFN 0/0" } },
	{ "REM_NOREF", "vcpu_map compat", { "PFN 1/0", "ERR_FAULT 0/0", "ERR_FAULT 0/0" } },
	{ "REM_NOPAGE", "x86_tdp x86_shadow pfncache reexecute",
	  { "PFN 0/0", "PFN 0/0", "PFN 0/0" } },
	{ "REM_NOPAGE", "vcpu_map compat", { "PFN 0/0", "PFN 0/0", "ERR_FAULT 0/0" } },
	{ "RRO_page", "x86_tdp x86_shadow pfncache compat reexecute",
	  { "ERR_RO_FAULT 0/0", "ERR_RO_FAULT 0/0", "ERR_RO_FAULT 0/0" } },
	{ "RRO_nopage", "x86_tdp x86_shadow pfncache compat reexecute",
	  { "ERR_RO_FAULT 0/0", "ERR_RO_FAULT 0/0", "ERR_RO_FAULT 0/0" } },
	{ "RRO_page", "vcpu_map", { "ERR_RO_FAULT 0/0", "ERR_RO_FAULT 0/0", "ERR_FAULT 0/0" } },
	{ "RRO_nopage", "vcpu_map", { "ERR_RO_FAULT 0/0", "ERR_RO_FAULT 0/0", "ERR_FAULT 0/0" } },
	{ "XF", "x86_tdp x86_shadow vcpu_map pfncache compat reexecute",
	  { "ERR_FAULT 0/0", "ERR_FAULT 0/0", "ERR_FAULT 0/0" } },
};

/* gup_fast_folio_allowed(): a driver's page of order 0 has no mapping, and might be secret. */
static bool fast_gup_has_it(const struct outcome_cell *c, const struct kernel *k)
{
	return !k->fast_needs_mapping || c->vma == OUT_NORMAL || c->vma == OUT_MIXED_DEVMAP ||
	       is_one_of(c->page, "CHEAD CTAIL");
}

static const char *kernel_class(const struct outcome_cell *c, const struct kernel *k)
{
	if (c->vma == OUT_IO_NORMAL && !fast_gup_has_it(c, k))
		return remapped(c);
	return class_of(c);
}

static const char *kernel_expected(const struct outcome_cell *c, const struct kernel *k)
{
	const char *class = kernel_class(c, k);
	bool leaks = c->page == OUT_RESV && k->era != N2;

	if (c->ro_slot && c->write)
		return "RO_FAULT(slot) 0/0";
	if (is_prefetch(c) && (strcmp(class, "GUP") || c->page == OUT_ZERO ||
			       !fast_gup_has_it(c, k)))
		return "ERR_FAULT 0/0";
	if (is_prefetch(c))
		return leaks && c->caller == OUT_PREFETCH_SHADOW ? "PFN 1/1" : "PFN 1/0";
	class = class_in_rules(c, class);
	for (size_t i = 0; i < ARRAY_SIZE(kernel_rules); i++)
		if (!strcmp(kernel_rules[i].class, class) &&
		    has_word(kernel_rules[i].callers, outcome_callers[c->caller]))
			return kernel_rules[i].results[k->era];
	return NULL;
}

/* No bit in the SPTE, and no findings of a series that they do not have. */
static void every_cell_of_the_kernels_follows_theirs(void **state)
{
	struct outcome_cell c;
	unsigned at = 0, n = 0, failed = 0;

	(void)state;
	while (outcome_next(&at, &c))
		for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
			const struct kernel *k = &kernels[i];
			struct outcome_row row;
			char got[64];

			if (!outcome_compute(semantics_find(k->name), &c, &row))
				continue;
			snprintf(got, sizeof(got), "%s %d/%d", row.outcome, row.held, row.after);
			if (strcmp(kernel_expected(&c, k), got) ||
			    strcmp(kernel_class(&c, k), row.class) || strcmp(row.spte_bit, "-") ||
			    (row.hazards & ~(BIT(HAZARD_L1) | BIT(HAZARD_W))))
				print_error("%s %s %s %s w%d ro%d %s: %s %s, expected %s %s (%u)\n",
					    outcome_pages[c.page], outcome_vmas[c.vma],
					    outcome_callers[c.caller], c.write ? "W" : "R",
					    c.host_pte_w, c.ro_slot, k->name, row.class, got,
					    kernel_class(&c, k), kernel_expected(&c, k), ++failed);
			n++;
		}
	assert_int_equal(failed, 0);
	assert_true(n > 7000);
}

/* A read-only slot: false, but where the series takes the PTE's word for it (finding A1). */
static void a_read_only_slot_is_writable_only_where_the_series_takes_the_ptes_word(void **state)
{
	struct outcome_cell c;
	unsigned at = 0;

	(void)state;
	while (outcome_next(&at, &c))
		for (unsigned column = 0; column < NR_COLUMNS; column++) {
			bool a1 = column != LEGACY && !strncmp(class_of(&c), "REM", 3) &&
				  c.host_pte_w;
			struct outcome_row row;

			if (!c.ro_slot || c.write)
				continue;
			outcome_compute(semantics_find(columns[column]), &c, &row);
			assert_int_equal(row.writable, a1);
			assert_int_equal(!!(row.hazards & BIT(HAZARD_A1)),
					 a1 && !strcmp(row.outcome, "PFN"));
		}
}

static void each_cell_comes_once(void **state)
{
	struct outcome_cell c;
	static char seen[NR_OUT_PAGES][NR_OUT_VMAS][NR_OUT_CALLERS][8];
	unsigned at = 0;

	(void)state;
	memset(seen, 0, sizeof(seen));
	while (outcome_next(&at, &c))
		assert_false(seen[c.page][c.vma][c.caller]
				 [c.write * 4 + c.host_pte_w * 2 + c.ro_slot]++);
}

static void the_names_are_those_of_the_discussion(void **state)
{
	(void)state;
	assert_string_equal(outcome_semantics_name(semantics_find("v6.8-rc3")), "legacy");
	assert_string_equal(outcome_semantics_name(semantics_find("v11-p0")), "legacy");
	assert_string_equal(outcome_semantics_name(semantics_find("v11")), "v11u0");
	assert_string_equal(outcome_semantics_name(semantics_find("v11-unsafe")), "v11u1");
	assert_string_equal(outcome_semantics_name(semantics_find("v6.12")), "v6.12");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_follows_the_rules),
		cmocka_unit_test(
			a_read_only_slot_is_writable_only_where_the_series_takes_the_ptes_word),
		cmocka_unit_test(every_cell_names_the_findings_that_it_shows),
		cmocka_unit_test(every_cell_of_the_kernels_follows_theirs),
		cmocka_unit_test(each_cell_comes_once),
		cmocka_unit_test(the_names_are_those_of_the_discussion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
