// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an entry's bits are called, by the processor's manual and the kernels' layouts; and that
 * whoever asks changes nothing.
 */
#include <stdio.h>
#include <string.h>

#include "model/pgtable.h"
#include "sim/translation.h"
#include "tests/support.h"

/* ---- stage-2 entries ---- */

static const struct words_row {
	const char *name, *semantics;
	enum stage2_of stage2;
	unsigned level;
	u64 entry;
	enum entry_kind kind;
	const char *words;
} words_rows[] = {
	/* arch/x86/kvm/mmu/spte.h, 6.1: present 11, host-writable 57, mmu-writable 58 */
	{ "EPT leaf of 6.1", "v6.1", EPT, 1,
	  0x5000 | BIT(0) | BIT(1) | BIT(2) | 6 << 3 | BIT(6) | BIT(8) | BIT(9) | BIT(11) |
	  BIT(57) | BIT(58), ENTRY_LEAF,
	  "present R W X WB ignore-PAT A D host-writable mmu-writable" },
	{ "EPT leaf of 6.1, read-only, not cached", "v6.1", EPT, 1,
	  0x5000 | BIT(0) | BIT(8) | BIT(11), ENTRY_LEAF, "present R UC A" },
	{ "EPT leaf of 2M", "v6.1", EPT, 2, 0x200000 | BIT(0) | 6 << 3 | BIT(7) | BIT(11),
	  ENTRY_LEAF, "present R WB huge" },
	{ "EPT table", "v6.1", EPT, 2, 0x5000 | 7 | BIT(8) | BIT(11), ENTRY_TABLE,
	  "present R W X A" },
	/* Without A and D: bit 52; an old leaf keeps R and X 54 bits up */
	{ "EPT leaf without AD", "v6.1", EPT, 1, 0x5000 | 5 | 6 << 3 | BIT(11) | BIT(52),
	  ENTRY_LEAF, "present R X WB AD-disabled" },
	{ "EPT leaf that is tracked", "v6.1", EPT, 1,
	  0x5000 | 6 << 3 | BIT(11) | BIT(52) | BIT(54) | BIT(56), ENTRY_LEAF,
	  "present WB AD-disabled saved-R saved-X" },
	/* v11 7/8: bit 59 */
	{ "EPT leaf of v11", "v11", EPT, 1, 0x5000 | 1 | 6 << 3 | BIT(11) | BIT(59), ENTRY_LEAF,
	  "present R WB refcounted" },
	{ "that bit before v11", "v6.8", EPT, 1, 0x5000 | 1 | 6 << 3 | BIT(11) | BIT(59),
	  ENTRY_LEAF, "present R WB bit-59" },
	/* 7.2: XU 10, host-writable 53, mmu-writable 55; SHADOW_NONPRESENT_VALUE is bit 63 */
	{ "EPT leaf of 7.2", "v7.2", EPT, 1,
	  0x5000 | 7 | 6 << 3 | BIT(10) | BIT(11) | BIT(53) | BIT(55) | BIT(63), ENTRY_LEAF,
	  "present R W X WB XU host-writable mmu-writable suppress-VE" },
	/* 5.12 has no marker: host-writable 10, mmu-writable 11 */
	{ "EPT leaf of 5.12", "v5.12", EPT, 1, 0x5000 | 7 | 6 << 3 | BIT(10) | BIT(11),
	  ENTRY_LEAF, "present R W X WB host-writable mmu-writable" },
	/* AMD APM vol. 2, 5.4: P 0, W 1, U 2, A 5, D 6, PS 7, NX 63; 6.1: 9, 10, 11 are KVM's */
	{ "NPT leaf", "v6.1", NPT, 1,
	  0x5000 | 7 | BIT(5) | BIT(6) | BIT(9) | BIT(10) | BIT(11), ENTRY_LEAF,
	  "present P W U A D host-writable mmu-writable" },
	{ "NPT leaf of 1G that is not executable", "v6.1", NPT, 3,
	  BIT(30) | 5 | BIT(7) | BIT(11) | BIT(63), ENTRY_LEAF, "present P U NX huge" },
	/* REMOVED_SPTE, FROZEN_SPTE */
	{ "frozen", "v6.1", EPT, 1, 0x5a0, ENTRY_FROZEN, "frozen" },
	{ "frozen in 7.2", "v7.2", EPT, 1, BIT(63) | 0x1a0, ENTRY_FROZEN, "frozen" },
	{ "nothing", "v6.1", EPT, 1, 0, ENTRY_NONE, "non-present" },
	{ "nothing in 7.2", "v7.2", EPT, 1, BIT(63), ENTRY_NONE, "non-present suppress-VE" },
	/* W and X without R; the generation's low bits are at 3, a new VM has 0 */
	{ "MMIO", "v6.1", EPT, 1, 6 | 0xfee00000, ENTRY_MMIO, "MMIO generation-0 current" },
	{ "MMIO of another time", "v6.1", EPT, 1, 6 | 0xfee00000 | 2 << 3, ENTRY_MMIO,
	  "MMIO generation-2 stale" },
};

static void entry_is_told_by_its_bits(void **state)
{
	const struct words_row *row = *state;
	struct machine *m = machine_new(row->semantics, row->stage2);
	char words[ENTRY_WORDS_SIZE];

	enum entry_kind kind = spte_words(m, row->entry, row->level, words);

	assert_string_equal(words, row->words);
	assert_int_equal(kind, row->kind);
	machine_free(m);
}

static const struct each_row { const char *name; enum stage2_of stage2; } each_rows[] = {
	{ "v5.12", EPT }, { "v6.1", EPT }, { "v6.12", EPT }, { "v7.2", EPT }, { "v11", EPT },
	{ "v5.12", NPT }, { "v6.1", NPT }, { "v7.2", NPT }, { "v11", NPT },
};

static void no_bit_of_a_present_entry_is_passed_over(void **state)
{
	const struct each_row *row = *state;
	struct machine *m = machine_new(row->name, row->stage2);
	u64 base = 0x5000 | BIT(0) | BIT(11);
	char before[ENTRY_WORDS_SIZE], with[ENTRY_WORDS_SIZE];

	for (unsigned bit = 1; bit < 64; bit++) {
		if (bit == 11 || (BIT(bit) & PT_ADDR_MASK))
			continue;
		spte_words(m, base, 1, before);
		if (spte_words(m, base | BIT(bit), 1, with) == ENTRY_LEAF)
			assert_string_not_equal(before, with);
	}
	machine_free(m);
}

/* Linux: arch/x86/include/asm/pgtable_types.h */
static void a_host_entry_is_told_by_its_bits(void **state)
{
	char words[ENTRY_WORDS_SIZE];

	(void)state;
	assert_int_equal(host_entry_words(0x5000 | 0x227 | BIT(63), 1, words), ENTRY_LEAF);
	assert_string_equal(words, "P W U A special NX");
	assert_int_equal(host_entry_words(0x5000 | 0x67, 2, words), ENTRY_TABLE);
	assert_string_equal(words, "P W U A D");
	assert_int_equal(host_entry_words(BIT(21) | 0xe7, 2, words), ENTRY_LEAF);
	assert_string_equal(words, "P W U A D huge");
	assert_int_equal(host_entry_words(0, 1, words), ENTRY_NONE);
	assert_string_equal(words, "non-present");
}

/* ---- translations ---- */

/* With PML the log clears D and leaves W: a write of the guest would set D again. */
static const char logged[] =
	"pfntrace 1\nconfig pml=on\nmmap A 8K\nmemslot 1 0x200000 A 8K flags=log\n"
	"w: write 0x201000 5\nc: clearlog 1 0 2\n";

static struct translation translation_at(const char *text, const char *semantics, const char *at,
					 gpa_t gpa, unsigned times)
{
	struct error error = { .text = "" };
	struct translation t;
	struct moment moment;
	struct trace trace;

	if (!trace_load_text("t", text, &trace, &error) ||
	    !moment_at(&trace, semantics_find(semantics), at, &moment, &error))
		fail_msg("%u: %s", error.line, error.text);
	assert_true(moment.reached);
	while (times--)
		translate(moment.vm, gpa, &t);
	moment_free(&moment);
	trace_free(&trace);
	return t;
}

static void whoever_asks_the_processor_leaves_no_mark(void **state)
{
	struct translation once = translation_at(logged, "v7.2", NULL, 0x201000, 1);
	struct translation twice = translation_at(logged, "v7.2", NULL, 0x201000, 2);
	const struct table_entry *leaf = &once.roots[0].entries[3];

	(void)state;
	assert_int_equal(once.roots[0].nr, 4);
	assert_int_equal(leaf->kind, ENTRY_LEAF);
	assert_true(leaf->entry & BIT(1));
	assert_false(leaf->entry & BIT(9));	/* EPT D */
	assert_int_equal(once.hardware[1].result, WALK_OK);
	assert_true(once.hardware[1].newly_dirty);
	assert_memory_equal(&once, &twice, sizeof(once));
}

/* The second page of a block without __GFP_COMP has no count: seed.trace. */
static const char seed[] =
	"pfntrace 1\nalloc BO noncompound order=3 pfn=0x5000\nmode BO pfn\n"
	"mmap D 32K device BO\nmemslot 7 0x200000 D 32K\n"
	"read 0x200000\nr: read 0x201000\nzap BO\n";

static void what_is_behind_an_address_is_found(void **state)
{
	struct translation t = translation_at(seed, "v7.2", "r", 0x201234, 1);

	(void)state;
	assert_int_equal(t.gfn, 0x201);
	assert_int_equal(t.pfn, 0x5001);
	assert_int_equal(t.page.refcount, 0);
	assert_int_equal(t.page.owner, OWNER_DRIVER);
	assert_int_equal(t.memslot.id, 7);
	assert_int_equal(t.hva, t.memslot.userspace_addr + 0x1000);
	assert_true(t.vma.flags & VM_PFNMAP);
	assert_int_equal(t.nr_host, 4);
	assert_int_equal(pt_pfn(t.host[3].entry), 0x5001);
	assert_int_equal(t.nr_tlbs, 1);
	assert_int_equal(t.tlbs[0].entry.pfn, 0x5001);
}

static void an_event_before_or_after_has_another_translation(void **state)
{
	struct translation before = translation_at(seed, "v7.2", "5", 0x201000, 1);
	struct translation after = translation_at(seed, "v7.2", NULL, 0x201000, 1);

	(void)state;
	assert_int_equal(before.pfn, NO_PFN);
	assert_int_equal(before.nr_tlbs, 0);
	assert_int_equal(after.pfn, NO_PFN);	/* zapped, and TLBs flushed */
	assert_int_equal(after.nr_tlbs, 0);
	assert_int_equal(after.roots[0].entries[3].kind, ENTRY_NONE);
}

static void what_has_no_memslot_is_mmio(void **state)
{
	struct translation t = translation_at(
		"pfntrace 1\nmmap A 8K\nmemslot 1 0x200000 A 8K\nread 0x400000\n", "v6.1", NULL,
		0x400000, 1);

	(void)state;
	assert_int_equal(t.slot, NO_SLOT);
	assert_int_equal(t.roots[0].entries[t.roots[0].nr - 1].kind, ENTRY_MMIO);
	assert_int_equal(t.hardware[0].result, WALK_MISCONFIG);
}

static void no_such_event_is_an_error(void **state)
{
	static const char *const none[] = { "0", "8", "q", "1r", "-1" };
	struct error error = { .text = "" };
	struct moment moment;
	struct trace trace;

	(void)state;
	assert_true(trace_load_text("t", seed, &trace, &error));
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_false(moment_at(&trace, semantics_find("v6.1"), none[i], &moment, &error));
	assert_string_equal(error.text, "no event is \"-1\": a label, or a number from 1 to 7");
	trace_free(&trace);
}

int main(void)
{
	struct test_list list = { .n = 0 };

	LIST_ROWS(&list, entry_is_told_by_its_bits, words_rows);
	LIST_ROWS(&list, no_bit_of_a_present_entry_is_passed_over, each_rows);
	LIST_TEST(&list, a_host_entry_is_told_by_its_bits);
	LIST_TEST(&list, whoever_asks_the_processor_leaves_no_mark);
	LIST_TEST(&list, what_is_behind_an_address_is_found);
	LIST_TEST(&list, an_event_before_or_after_has_another_translation);
	LIST_TEST(&list, what_has_no_memslot_is_mmio);
	LIST_TEST(&list, no_such_event_is_an_error);
	return _cmocka_run_group_tests("translation", list.test, list.n, NULL, NULL);
}
