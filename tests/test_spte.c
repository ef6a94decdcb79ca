// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KVM writes into a stage-2 entry. The values are those that make_spte(),
 * make_nonleaf_spte() and make_mmio_spte() of each version give, and that recordings of real
 * kernels show (traces/recorded): EPT with and without A/D bits, and NPT.
 */
#include <string.h>

#include "model/semantics.h"
#include "model/spte.h"
#include "tests/support.h"

#define NX		BIT(63)

static const struct spte_format *const formats[] = {
	&spte_ept_5_12, &spte_ept_6_1, &spte_ept_6_12, &spte_ept_7_2,
	&spte_npt_5_12, &spte_npt_6_1, &spte_npt_6_12, &spte_npt_7_2,
};

/* A fault's usual leaf, less what a row takes away. */
enum {
	READ_ONLY_HOST	= 1 << 0,	/* the host maps it read-only */
	READ_ONLY_GUEST	= 1 << 1,	/* host-writable, but no ACC_WRITE (a write-tracked gfn) */
	HUGE		= 1 << 2,
	BAR		= 1 << 3,	/* kvm_is_mmio_pfn() */
	PAT		= 1 << 4,	/* the guest's memory types count */
	PREFETCH	= 1 << 5,
	NO_AD		= 1 << 6,
	NO_EXEC		= 1 << 7,
};

static u64 leaf(const struct spte_format *format, unsigned how, pfn_t pfn, u64 old)
{
	return spte_make(format, &(struct spte_args){
		.pfn = pfn, .level = how & HUGE ? 2 : 1, .write = !(how & READ_ONLY_GUEST),
		.exec = !(how & NO_EXEC), .host_writable = !(how & READ_ONLY_HOST),
		.prefetch = how & PREFETCH, .ad = !(how & NO_AD), .mmio = how & BAR,
		.honour_pat = how & PAT, .old = old,
	});
}

static const struct leaf_row {
	const char *name;
	const struct spte_format *format;
	unsigned how;
	u64 value;
} leaves[] = {
	/* 10 and 11 say host- and MMU-writable; nothing says present but R, W and X */
	{ "EPT 5.12, 4K RWX", &spte_ept_5_12, 0, 0xf77 },
	{ "EPT 5.12, 2M RWX", &spte_ept_5_12, HUGE, 0xff7 },
	{ "EPT 5.12, 4K of a read-only host PTE", &spte_ept_5_12, READ_ONLY_HOST, 0x175 },
	{ "EPT 5.12, 2M of a read-only host PMD", &spte_ept_5_12, READ_ONLY_HOST | HUGE, 0x1f5 },
	{ "EPT 5.12, 4K of a BAR", &spte_ept_5_12, BAR, 0xf07 },
	{ "EPT 5.12, 4K, prefetched", &spte_ept_5_12, PREFETCH, 0xe77 },
	{ "EPT 5.12, no A/D, 4K RWX", &spte_ept_5_12, NO_AD, 0x0010000000000c77 },
	{ "EPT 5.12, no A/D, 4K read-only", &spte_ept_5_12, NO_AD | READ_ONLY_HOST,
	  0x0010000000000075 },

	{ "NPT 5.12, 4K RW", &spte_npt_5_12, 0, 0xc67 },
	{ "NPT 5.12, 2M RW", &spte_npt_5_12, HUGE, 0xce7 },
	{ "NPT 5.12, 4K of a read-only host PTE", &spte_npt_5_12, READ_ONLY_HOST, 0x25 },

	{ "EPT 6.1, 4K RWX", &spte_ept_6_1, 0, 0x0600000000000b77 },
	{ "EPT 6.1, 2M RWX", &spte_ept_6_1, HUGE, 0x0600000000000bf7 },
	{ "EPT 6.1, 4K of a read-only host PTE", &spte_ept_6_1, READ_ONLY_HOST, 0x975 },
	{ "EPT 6.1, 2M of a read-only host PMD", &spte_ept_6_1, READ_ONLY_HOST | HUGE, 0x9f5 },
	{ "EPT 6.1, 4K of a BAR", &spte_ept_6_1, BAR, 0x0600000000000b07 },
	{ "EPT 6.1, 4K, guest PAT", &spte_ept_6_1, PAT, 0x0600000000000b37 },
	{ "EPT 6.1, 4K, prefetched", &spte_ept_6_1, PREFETCH, 0x0600000000000a77 },
	{ "EPT 6.1, no A/D, 4K RWX", &spte_ept_6_1, NO_AD, 0x0610000000000877 },
	{ "EPT 6.1, no A/D, 4K read-only", &spte_ept_6_1, NO_AD | READ_ONLY_HOST,
	  0x0010000000000875 },
	{ "EPT 6.1, no A/D, 2M RWX", &spte_ept_6_1, NO_AD | HUGE, 0x06100000000008f7 },
	{ "EPT 6.1, no A/D, 2M read-only", &spte_ept_6_1, NO_AD | HUGE | READ_ONLY_HOST,
	  0x00100000000008f5 },

	{ "EPT 6.12, 4K RWX", &spte_ept_6_12, 0, 0x8600000000000b77 },
	{ "EPT 6.12, 2M RWX", &spte_ept_6_12, HUGE, 0x8600000000000bf7 },
	{ "EPT 6.12, 4K of a read-only host PTE", &spte_ept_6_12, READ_ONLY_HOST,
	  0x8000000000000975 },
	{ "EPT 6.12, 2M of a read-only host PMD", &spte_ept_6_12, READ_ONLY_HOST | HUGE,
	  0x80000000000009f5 },
	{ "EPT 6.12, 4K read-only, prefetched", &spte_ept_6_12, READ_ONLY_HOST | PREFETCH,
	  0x8000000000000875 },
	{ "EPT 6.12, 4K of a BAR", &spte_ept_6_12, BAR, 0x8600000000000b07 },

	{ "EPT 6.12, no A/D, 4K RWX", &spte_ept_6_12, NO_AD, 0x8610000000000877 },
	{ "EPT 6.12, no A/D, 4K read-only", &spte_ept_6_12, NO_AD | READ_ONLY_HOST,
	  0x8010000000000875 },

	{ "EPT 7.2, 4K RWX", &spte_ept_7_2, 0, 0x80a0000000000f77 },
	{ "EPT 7.2, 2M RWX", &spte_ept_7_2, HUGE, 0x80a0000000000ff7 },
	{ "EPT 7.2, 4K of a read-only host PTE", &spte_ept_7_2, READ_ONLY_HOST,
	  0x8000000000000d75 },
	{ "EPT 7.2, 2M of a read-only host PMD", &spte_ept_7_2, READ_ONLY_HOST | HUGE,
	  0x8000000000000df5 },
	{ "EPT 7.2, 4K of a BAR", &spte_ept_7_2, BAR, 0x80a0000000000f07 },
	{ "EPT 7.2, 4K, prefetched", &spte_ept_7_2, PREFETCH, 0x80a0000000000e77 },
	{ "EPT 7.2, 4K read-only, prefetched", &spte_ept_7_2, READ_ONLY_HOST | PREFETCH,
	  0x8000000000000c75 },
	{ "EPT 7.2, no A/D, 4K RWX", &spte_ept_7_2, NO_AD, 0x90a0000000000f77 },
	{ "EPT 7.2, no A/D, 4K read-only", &spte_ept_7_2, NO_AD | READ_ONLY_HOST,
	  0x9000000000000d75 },
	{ "EPT 7.2, no A/D, 2M RWX", &spte_ept_7_2, NO_AD | HUGE, 0x90a0000000000ff7 },
	{ "EPT 7.2, no A/D, 2M read-only", &spte_ept_7_2, NO_AD | HUGE | READ_ONLY_HOST,
	  0x9000000000000df5 },

	{ "NPT 6.1, 4K RW", &spte_npt_6_1, 0, 0xe67 },
	{ "NPT 6.1, 2M RW", &spte_npt_6_1, HUGE, 0xee7 },
	{ "NPT 6.1, 4K of a read-only host PTE", &spte_npt_6_1, READ_ONLY_HOST, 0x825 },
	{ "NPT 6.1, 2M of a read-only host PMD", &spte_npt_6_1, READ_ONLY_HOST | HUGE, 0x8a5 },
	{ "NPT 6.1, 4K without execution", &spte_npt_6_1, NO_EXEC, NX | 0xe67 },
	{ "NPT 6.12, 4K RW", &spte_npt_6_12, 0, 0xe67 },
	{ "NPT 6.12, 2M RW", &spte_npt_6_12, HUGE, 0xee7 },
	{ "NPT 6.12, 4K of a read-only host PTE", &spte_npt_6_12, READ_ONLY_HOST, 0x825 },
	{ "NPT 6.12, 4K read-only, prefetched", &spte_npt_6_12, READ_ONLY_HOST | PREFETCH, 0x805 },
	{ "NPT 7.2, 4K RW", &spte_npt_7_2, 0, 0xe67 },
	{ "NPT 7.2, 2M RW", &spte_npt_7_2, HUGE, 0xee7 },
	{ "NPT 7.2, 4K of a read-only host PTE", &spte_npt_7_2, READ_ONLY_HOST, 0x825 },
	{ "NPT 7.2, 4K read-only, prefetched", &spte_npt_7_2, READ_ONLY_HOST | PREFETCH, 0x805 },
};

static void spte_make_gives_the_kernels_value(void **state)
{
	const struct leaf_row *row = *state;

	assert_true(leaf(row->format, row->how, 0, 0) == row->value);
}

static void spte_make_puts_the_frame_above_the_low_12_bits(void **state)
{
	const struct leaf_row *row = *state;

	assert_true(leaf(row->format, row->how, 0x29c8, 0) == (row->value | 0x29c8000));
	assert_true(pt_pfn(leaf(row->format, row->how, 0x29c8, 0)) == 0x29c8);
}

/*
 * mark_spte_for_access_track(): without A/D bits a prefetched entry keeps R and X in software
 * bits only, and so is not accessed until a fault brings them back.
 *
 */
static const struct leaf_row tracked[] = {
	{ "EPT 5.12", &spte_ept_5_12, NO_AD | PREFETCH, 0x0150000000000c70 },
	{ "EPT 5.12, read-only", &spte_ept_5_12, NO_AD | PREFETCH | READ_ONLY_HOST,
	  0x0150000000000070 },
	{ "EPT 6.1", &spte_ept_6_1, NO_AD | PREFETCH, 0x0750000000000870 },
	{ "EPT 6.1, read-only", &spte_ept_6_1, NO_AD | PREFETCH | READ_ONLY_HOST,
	  0x0150000000000870 },
	{ "EPT 6.12", &spte_ept_6_12, NO_AD | PREFETCH, 0x8750000000000870 },
	{ "EPT 7.2", &spte_ept_7_2, NO_AD | PREFETCH, 0xd0f0000000000a70 },
};

/*
 * Entries that make_spte() writes over another. Up to 6.12 the D bit stays away if bit 1 of the
 * old one was set, leaf or not: is_writable_pte(). An MMIO entry has that bit. 5.12 asks
 * "!can_unsync" first, and the TDP MMU says that it can.
 *
 */
static const struct over_row {
	const char *name;
	const struct spte_format *format;
	unsigned how;
	u64 old, value;
} overs[] = {
	{ "EPT 6.1, a read-only leaf", &spte_ept_6_1, 0, 0x975, 0x0600000000000b77 },
	{ "EPT 6.1, a writable leaf", &spte_ept_6_1, 0, 0x0600000000000b77, 0x0600000000000977 },
	{ "EPT 6.1, a MMIO entry", &spte_ept_6_1, 0, 0x16, 0x0600000000000977 },
	{ "EPT 6.1, a MMIO entry, read-only", &spte_ept_6_1, READ_ONLY_HOST, 0x16, 0x975 },
	{ "EPT 6.12, a writable leaf", &spte_ept_6_12, 0, 0x8600000000000b77, 0x8600000000000977 },
	{ "EPT 7.2, a writable leaf", &spte_ept_7_2, 0, 0x80a0000000000f77, 0x80a0000000000f77 },
	{ "NPT 6.1, a read-only leaf", &spte_npt_6_1, 0, 0x825, 0xe67 },
	{ "NPT 6.1, a writable leaf", &spte_npt_6_1, 0, 0xe67, 0xe27 },
	{ "NPT 6.1, a MMIO entry", &spte_npt_6_1, 0, 0x8000000200047, 0xe27 },
	{ "NPT 6.12, a MMIO entry", &spte_npt_6_12, 0, 0x8000000200047, 0xe27 },
	{ "NPT 7.2, a MMIO entry", &spte_npt_7_2, 0, 0x8000000200047, 0xe67 },
	{ "EPT 5.12, a MMIO entry", &spte_ept_5_12, 0, 0x0030000000000016, 0xf77 },
	{ "EPT 5.12, a writable leaf", &spte_ept_5_12, 0, 0xf77, 0xf77 },
};

static void spte_make_over_another_entry_gives_the_kernels_value(void **state)
{
	const struct over_row *row = *state;

	assert_true(leaf(row->format, row->how, 0, row->old) == row->value);
}

static void an_access_that_the_fault_does_not_have_is_not_writable_but_may_become_it(void **state)
{
	u64 spte = leaf(&spte_npt_6_1, READ_ONLY_GUEST, 0, 0);

	(void)state;
	assert_true(spte == (0x825 | spte_npt_6_1.host_writable));
}

/* ---- values that are no leaves ---- */

static const struct value_row {
	const char *name;
	const struct spte_format *format;
	u64 nonleaf, nonleaf_without_ad, nonpresent, frozen;
} values[] = {
	{ "EPT 5.12", &spte_ept_5_12, 0x107, 0x0010000000000007, 0, BIT(59) },
	{ "EPT 6.1", &spte_ept_6_1, 0x907, 0x0010000000000807, 0, 0x5a0 },
	{ "EPT 6.12", &spte_ept_6_12, 0x8000000000000907, 0x8010000000000807, BIT(63),
	  0x80000000000005a0 },
	{ "EPT 7.2", &spte_ept_7_2, 0x8000000000000d07, 0x9000000000000c07, BIT(63),
	  0x80000000000001a0 },
	{ "NPT 5.12", &spte_npt_5_12, 0x27, 0, 0, BIT(59) },
	{ "NPT 6.1", &spte_npt_6_1, 0x827, 0, 0, 0x5a0 },
	{ "NPT 6.12", &spte_npt_6_12, 0x827, 0, BIT(63), 0x80000000000005a0 },
	{ "NPT 7.2", &spte_npt_7_2, 0x827, 0, BIT(63), 0x80000000000001a0 },
};

static void spte_make_nonleaf_gives_the_kernels_value(void **state)
{
	const struct value_row *row = *state;

	assert_true(spte_make_nonleaf(row->format, 0, true) == row->nonleaf);
	assert_true(spte_make_nonleaf(row->format, 0x6377, true) == (row->nonleaf | 0x6377000));
}

static void spte_make_nonleaf_without_ad_says_so_in_the_type(void **state)
{
	const struct value_row *row = *state;

	if (row->nonleaf_without_ad)	/* NPT always has A and D */
		assert_true(spte_make_nonleaf(row->format, 0, false) == row->nonleaf_without_ad);
}

static void non_present_and_frozen_are_the_kernels_values_and_not_present(void **state)
{
	const struct value_row *row = *state;

	assert_true(row->format->nonpresent == row->nonpresent);
	assert_true(row->format->frozen == row->frozen);
	assert_false(spte_is_present(row->format, row->nonpresent));
	assert_false(spte_is_present(row->format, row->frozen));
	assert_false(spte_is_leaf(row->format, row->frozen, 1));
	assert_false(spte_is_mmio(row->format, row->frozen));
	assert_false(spte_is_mmio(row->format, row->nonpresent));
}

static void a_nonleaf_entry_is_present_and_no_leaf(void **state)
{
	const struct value_row *row = *state;

	for (unsigned level = 2; level <= 4; level++)
		assert_false(spte_is_leaf(row->format, row->nonleaf, level));
	assert_true(spte_is_present(row->format, row->nonleaf));
}

/* ---- MMIO entries ---- */

static const struct mmio_row {
	const char *name;
	const struct spte_format *format;
	gfn_t gfn;
	u64 generation, value;
} mmios[] = {
	/* 18 bits: 9 at 3, 9 at 54, and the type field says MMIO */
	{ "EPT 5.12, generation 0x22", &spte_ept_5_12, 0xfe000, 0x22,
	  0x00300000fe000116 },
	{ "EPT 5.12, generation 0x1a2", &spte_ept_5_12, 0xfe000, 0x1a2,
	  0x00300000fe000d16 },
	{ "EPT 5.12, generation 0x2a2", &spte_ept_5_12, 0xfe000, 0x2a2,
	  0x00700000fe000516 },
	{ "EPT 6.1, generation 0x22", &spte_ept_6_1, 0xfe000, 0x22, 0x00000000fe000116 },
	{ "EPT 6.1, generation 0x1a2", &spte_ept_6_1, 0xfe000, 0x1a2, 0x00100000fe000516 },
	{ "EPT 6.12, generation 0x22", &spte_ept_6_12, 0xfe000, 0x22, 0x00000000fe000116 },
	{ "EPT 6.12, generation 0x1a2", &spte_ept_6_12, 0xfe000, 0x1a2, 0x00100000fe000516 },
	{ "EPT 7.2, generation 0x22", &spte_ept_7_2, 0xfe000, 0x22, 0x00000000fe000116 },
	{ "EPT 7.2, generation 0x1a2", &spte_ept_7_2, 0xfe000, 0x1a2, 0x00300000fe000116 },
	{ "NPT 5.12, generation 2", &spte_npt_5_12, 0x10000, 2, 0x0038000010000017 },
	/* svm: P, W and U of the access, and a physical address bit that no processor has */
	{ "NPT 6.1, generation 2", &spte_npt_6_1, 0x10000, 2, 0x8000010000017 },
	{ "NPT 6.1, generation 8", &spte_npt_6_1, 0x200, 8, 0x8000000200047 },
	{ "NPT 6.12, generation 4", &spte_npt_6_12, 0x800, 4, 0x8000000800027 },
	{ "NPT 7.2, generation 4", &spte_npt_7_2, 0x800, 4, 0x8000000800027 },
};

/* The rows' processors have no L1TF bug; the model's Intel processor has it: see below. */
static void spte_make_mmio_gives_the_kernels_value(void **state)
{
	const struct mmio_row *row = *state;
	u64 spte = spte_make_mmio(row->format, row->gfn, row->generation, true);

	assert_true((spte & ~row->format->nonpresent_or_rsvd) == row->value);
}

/* Recorded on a processor with the L1TF bug, whose x86_cache_bits are 44. */
static const struct mmio_row l1tf[] = {
	{ "EPT 6.1, gfn 0x10000, generation 2", &spte_ept_6_1, 0x10000, 2, 0xf8010000016 },
	{ "EPT 6.12, gfn 0x800, generation 4", &spte_ept_6_12, 0x800, 4, 0xf8000800026 },
	{ "EPT 7.2, gfn 0x10000, generation 2", &spte_ept_7_2, 0x10000, 2, 0xf8010000016 },
	{ "EPT 7.2, gfn 0x800, generation 4", &spte_ept_7_2, 0x800, 4, 0xf8000800026 },
	/* shadow_nonpresent_or_rsvd_mask: the gpa's bits 39 to 43 move up by five */
	{ "EPT 6.1, bits 39 and 41 of the gpa", &spte_ept_6_1, 5 << 27, 0,
	  (u64)5 << 44 | 0xf8000000006 },
};

static void spte_make_mmio_on_an_l1tf_processor_points_at_no_cached_memory(void **state)
{
	const struct mmio_row *row = *state;

	assert_true(spte_make_mmio(row->format, row->gfn, row->generation, true) == row->value);
	assert_true(spte_is_mmio(row->format, row->value));
}

static void a_mmio_entry_of_the_kernel_is_known_by_its_value(void **state)
{
	const struct mmio_row *row = *state;

	assert_true(spte_is_mmio(row->format, row->value));
	assert_false(spte_is_present(row->format, row->value));
	assert_false(spte_is_leaf(row->format, row->value, 1));
	assert_true(spte_mmio_generation(row->format, row->value) == row->generation);
}

static const struct generation_row {
	const char *name;
	const struct spte_format *format;
	unsigned bits;
} generations[] = {
	{ "EPT 5.12", &spte_ept_5_12, 18 }, { "EPT 6.1", &spte_ept_6_1, 19 },
	{ "EPT 6.12", &spte_ept_6_12, 19 }, { "EPT 7.2", &spte_ept_7_2, 18 },
	{ "NPT 5.12", &spte_npt_5_12, 18 }, { "NPT 6.1", &spte_npt_6_1, 19 },
	{ "NPT 6.12", &spte_npt_6_12, 19 }, { "NPT 7.2", &spte_npt_7_2, 18 },
};

static void every_generation_that_fits_comes_back_from_its_entry(void **state)
{
	const struct generation_row *row = *state;

	for (u64 generation = 0; generation < BIT(row->bits); generation += 1 + generation / 64) {
		u64 spte = spte_make_mmio(row->format, 0xfe000, generation, true);

		assert_true(spte_is_mmio(row->format, spte));
		assert_true(spte_mmio_generation(row->format, spte) == generation);
		spte &= ~(BIT(51) | row->format->nonpresent_or_rsvd);
		assert_true(pt_pfn(spte) == 0xfe000);
	}
}

static void a_generation_wraps_at_what_an_entry_can_carry(void **state)
{
	const struct generation_row *row = *state;
	u64 last = BIT(row->bits) - 1;

	assert_true(spte_mmio_generation_of(row->format, last) == last);
	assert_true(spte_mmio_generation_of(row->format, last + 1) == 0);
	assert_true(spte_mmio_generation_of(row->format, BIT(63) | 5) == 5);
	assert_true(spte_mmio_generation(row->format,
					 spte_make_mmio(row->format, 1, last + 3, true)) == 2);
}

/* ---- reading entries ---- */

static const struct reading_row {
	const char *name;
	const struct spte_format *format;
	u64 spte;
	bool writable, executable, accessed, dirty;
} readings[] = {
	{ "EPT 6.1, RWX", &spte_ept_6_1, 0x0600000000000b77, true, true, true, true },
	{ "EPT 6.1, read-only", &spte_ept_6_1, 0x975, false, true, true, false },
	{ "EPT 6.1, write-protected by the dirty log", &spte_ept_6_1, 0x0600000000000b75,
	  false, true, true, true },
	{ "EPT 6.1, aged", &spte_ept_6_1, 0x0600000000000a77, true, true, false, true },
	{ "EPT 6.1, D cleared", &spte_ept_6_1, 0x0600000000000977, true, true, true, false },
	{ "EPT 6.1, no A/D, RWX", &spte_ept_6_1, 0x0610000000000877, true, true, true, true },
	{ "EPT 6.1, no A/D, read-only", &spte_ept_6_1, 0x0010000000000875,
	  false, true, true, false },
	{ "EPT 6.1, no A/D, access-tracked", &spte_ept_6_1, 0x0750000000000870,
	  false, false, false, false },
	{ "EPT 6.12, RWX", &spte_ept_6_12, 0x8600000000000b77, true, true, true, true },
	{ "EPT 7.2, RWX", &spte_ept_7_2, 0x80a0000000000f77, true, true, true, true },
	{ "EPT 7.2, executable by the supervisor alone", &spte_ept_7_2, 0x80a0000000000b77,
	  true, false, true, true },
	{ "EPT 5.12, RWX", &spte_ept_5_12, 0xf77, true, true, true, true },
	{ "NPT 6.1, RW", &spte_npt_6_1, 0xe67, true, true, true, true },
	{ "NPT 6.1, NX", &spte_npt_6_1, NX | 0xe67, true, false, true, true },
	{ "NPT 6.1, read-only", &spte_npt_6_1, 0x825, false, true, true, false },
	{ "NPT 6.1, write-protected by the dirty log", &spte_npt_6_1, 0xe65,
	  false, true, true, true },
	{ "NPT 6.1, aged", &spte_npt_6_1, 0xe47, true, true, false, true },
};

static void spte_is_writable_reads_bit_1(void **state)
{
	const struct reading_row *row = *state;

	assert_int_equal(spte_is_writable(row->format, row->spte), row->writable);
}

static void spte_is_executable_reads_x_or_nx(void **state)
{
	const struct reading_row *row = *state;

	assert_int_equal(spte_is_executable(row->format, row->spte), row->executable);
}

static void spte_is_accessed_reads_a_or_what_stands_for_it(void **state)
{
	const struct reading_row *row = *state;

	assert_int_equal(spte_is_accessed(row->format, row->spte), row->accessed);
}

static void spte_is_dirty_reads_d_or_what_stands_for_it(void **state)
{
	const struct reading_row *row = *state;

	if (row->format == &spte_ept_7_2)	/* has no such predicate */
		return;
	assert_int_equal(spte_is_dirty(row->format, row->spte), row->dirty);
}

static void spte_is_present_and_a_leaf_at_the_lowest_level(void **state)
{
	const struct reading_row *row = *state;

	assert_true(spte_is_present(row->format, row->spte));
	assert_true(spte_is_leaf(row->format, row->spte, 1));
	assert_false(spte_is_mmio(row->format, row->spte));
}

static void spte_is_leaf_above_the_lowest_level_only_with_the_size_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		assert_true(spte_is_leaf(formats[i], leaf(formats[i], HUGE, 0, 0), 2));
		assert_false(spte_is_leaf(formats[i], leaf(formats[i], 0, 0, 0), 2));
	}
}

/* In 5.12 an NPT MMIO entry has P, too: the special type tells it from a leaf. */
static bool is_absent(const struct pt_format *walk, u64 spte)
{
	if (walk->absent_mask && (spte & walk->absent_mask) == walk->absent)
		return true;
	return !(spte & walk->present);
}

static void spte_pt_format_tells_walks_what_is_in_use(void **state)
{
	const struct value_row *row = *state;
	struct pt_format walk = spte_pt_format(row->format);

	assert_true(row->nonleaf & walk.present);
	assert_false(row->nonleaf & walk.huge);
	assert_true(leaf(row->format, 0, 0, 0) & walk.present);
	assert_true(leaf(row->format, HUGE, 0, 0) & walk.huge);
	assert_false(row->nonpresent & walk.present);
	assert_true(is_absent(&walk, row->frozen));
	assert_true(is_absent(&walk, spte_make_mmio(row->format, 0x10000, 2, true)));
	assert_false(is_absent(&walk, leaf(row->format, 0, 0, 0)));
}

/* check_spte_writable_invariants(): W needs MMU-writable, which needs host-writable. */
static void whatever_is_asked_for_the_writable_bits_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		for (unsigned how = 0; how < 256; how++) {
			const struct spte_format *f = formats[i];
			u64 spte = leaf(f, how, 0, 0);
			bool host = spte & f->host_writable, mmu = spte & f->mmu_writable;

			assert_int_equal(host, !(how & READ_ONLY_HOST));
			assert_int_equal(mmu, host && !(how & READ_ONLY_GUEST));
			/* access tracking takes W away until the next access */
			assert_int_equal(spte_is_writable(f, spte),
					 mmu && !((how & PREFETCH) && (how & NO_AD)));
		}
}

static void what_the_dirty_log_leaves_is_the_leaf_without_bit_1(void **state)
{
	static const struct { const struct spte_format *format; u64 value; } rows[] = {
		{ &spte_ept_5_12, 0xf75 }, { &spte_npt_5_12, 0xc65 },
		{ &spte_ept_6_1, 0x0600000000000b75 }, { &spte_ept_6_12, 0x8600000000000b75 },
		{ &spte_ept_7_2, 0x80a0000000000f75 }, { &spte_npt_6_1, 0xe65 },
		{ &spte_npt_6_12, 0xe65 }, { &spte_npt_7_2, 0xe65 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_true((leaf(rows[i].format, 0, 0, 0) & ~rows[i].format->write) ==
			    rows[i].value);
}

/* Access tracking of leaves that hardware cannot mark: W is never saved, the rest comes back. */
static const struct track_row {
	const char *name;
	const struct spte_format *format;
	u64 used, tracked, restored;
} tracks[] = {
	{ "EPT 5.12, RWX", &spte_ept_5_12, 0x0010000000000c77, 0x0150000000000c70,
	  0x0010000000000c75 },
	{ "EPT 6.1, RWX", &spte_ept_6_1, 0x0610000000000877, 0x0750000000000870,
	  0x0610000000000875 },
	{ "EPT 6.1, read-only", &spte_ept_6_1, 0x0010000000000875, 0x0150000000000870,
	  0x0010000000000875 },
	{ "EPT 6.12, RWX", &spte_ept_6_12, 0x8610000000000877, 0x8750000000000870,
	  0x8610000000000875 },
	{ "EPT 7.2, RWX", &spte_ept_7_2, 0x90a0000000000f77, 0xd0f0000000000a70,
	  0x90a0000000000f75 },
	{ "EPT 7.2, read-only", &spte_ept_7_2, 0x9000000000000d75, 0xd050000000000870,
	  0x9000000000000d75 },
};

static void a_leaf_without_ad_that_gets_old_keeps_r_and_x_in_software_bits(void **state)
{
	const struct track_row *row = *state;

	assert_true(spte_mark_old(row->format, row->used) == row->tracked);
	assert_true(spte_restore_tracked(row->format, row->tracked) == row->restored);
	assert_true(spte_is_present(row->format, row->tracked));
	assert_true(row->tracked & spte_pt_format(row->format).present);
	assert_false(spte_is_mmio(row->format, row->tracked));
	assert_true(spte_mark_old(row->format, row->tracked) == row->tracked);
	assert_true(spte_restore_tracked(row->format, row->used) == row->used);
}

/* NX huge pages: make_spte_executable(), make_spte_nonexecutable(). */
static void a_leaf_becomes_executable_and_back_and_nothing_else_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		u64 runs = leaf(formats[i], HUGE, 0, 0);
		u64 stays = leaf(formats[i], HUGE | NO_EXEC, 0, 0);

		assert_true(spte_is_executable(formats[i], runs));
		assert_false(spte_is_executable(formats[i], stays));
		assert_true(spte_set_executable(formats[i], runs, false) == stays);
		assert_true(spte_set_executable(formats[i], stays, true) == runs);
	}
}

/* v11: shadow_refcounted_mask is bit 59, with TDP enabled. */
static void spte_make_marks_a_refcounted_page_with_bit_59(void **state)
{
	struct spte_args args = { .pfn = 0x17df, .level = 1, .write = true, .exec = true,
				  .host_writable = true, .ad = true };

	(void)state;
	assert_true(spte_make(&spte_npt_6_1, &args) == 0x17dfe67);
	args.refcounted = BIT(59);
	assert_true(spte_make(&spte_npt_6_1, &args) == 0x8000000017dfe67);
}

/* 7/8 brings it. */
static void the_series_alone_has_a_refcounted_bit(void **state)
{
	char why[128];

	(void)state;
	for (unsigned i = 0; all_semantics[i]; i++) {
		const char *name = all_semantics[i]->name;
		bool series = !strncmp(name, "v11", 3);
		bool early = !strncmp(name, "v11-p", 5) && name[5] < '7';
		struct semantics sem;

		assert_true(semantics_resolve(all_semantics[i], &sem, why, sizeof(why)));
		assert_true(sem.traits.refcounted_bit == (series && !early ? BIT(59) : 0));
	}
}

static const struct layout_row {
	const char *name;
	const struct spte_format *ept, *npt;
} layouts[] = {
	{ "v5.12", &spte_ept_5_12, &spte_npt_5_12 },
	{ "v6.1", &spte_ept_6_1, &spte_npt_6_1 },
	{ "v6.8", &spte_ept_6_1, &spte_npt_6_1 },
	{ "v11", &spte_ept_6_1, &spte_npt_6_1 },
	{ "v6.12", &spte_ept_6_12, &spte_npt_6_12 },
	{ "v7.2", &spte_ept_7_2, &spte_npt_7_2 },
};

static void a_semantics_has_the_layout_of_its_version(void **state)
{
	const struct layout_row *row = *state;
	struct machine *intel = machine_new(row->name, EPT), *amd = machine_new(row->name, NPT);

	assert_ptr_equal(spte_format_of(intel), row->ept);
	assert_ptr_equal(spte_format_of(amd), row->npt);

	machine_free(intel);
	machine_free(amd);
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, spte_make_gives_the_kernels_value, leaves);
	LIST_ROWS(&list, spte_make_puts_the_frame_above_the_low_12_bits, leaves);
	LIST_ROWS_AS(&list, "a_prefetched_entry_without_ad_is_access_tracked",
		     spte_make_gives_the_kernels_value, tracked);
	LIST_ROWS(&list, spte_make_over_another_entry_gives_the_kernels_value, overs);
	LIST_TEST(&list, an_access_that_the_fault_does_not_have_is_not_writable_but_may_become_it);
	LIST_ROWS(&list, spte_make_nonleaf_gives_the_kernels_value, values);
	LIST_ROWS(&list, spte_make_nonleaf_without_ad_says_so_in_the_type, values);
	LIST_ROWS(&list, non_present_and_frozen_are_the_kernels_values_and_not_present, values);
	LIST_ROWS(&list, a_nonleaf_entry_is_present_and_no_leaf, values);
	LIST_ROWS(&list, spte_make_mmio_gives_the_kernels_value, mmios);
	LIST_ROWS(&list, spte_make_mmio_on_an_l1tf_processor_points_at_no_cached_memory, l1tf);
	LIST_ROWS(&list, a_mmio_entry_of_the_kernel_is_known_by_its_value, mmios);
	LIST_ROWS(&list, every_generation_that_fits_comes_back_from_its_entry, generations);
	LIST_ROWS(&list, a_generation_wraps_at_what_an_entry_can_carry, generations);
	LIST_ROWS(&list, spte_is_writable_reads_bit_1, readings);
	LIST_ROWS(&list, spte_is_executable_reads_x_or_nx, readings);
	LIST_ROWS(&list, spte_is_accessed_reads_a_or_what_stands_for_it, readings);
	LIST_ROWS(&list, spte_is_dirty_reads_d_or_what_stands_for_it, readings);
	LIST_ROWS(&list, spte_is_present_and_a_leaf_at_the_lowest_level, readings);
	LIST_TEST(&list, spte_is_leaf_above_the_lowest_level_only_with_the_size_bit);
	LIST_ROWS(&list, spte_pt_format_tells_walks_what_is_in_use, values);
	LIST_TEST(&list, whatever_is_asked_for_the_writable_bits_agree);
	LIST_TEST(&list, what_the_dirty_log_leaves_is_the_leaf_without_bit_1);
	LIST_ROWS(&list, a_leaf_without_ad_that_gets_old_keeps_r_and_x_in_software_bits, tracks);
	LIST_TEST(&list, a_leaf_becomes_executable_and_back_and_nothing_else_changes);
	LIST_TEST(&list, spte_make_marks_a_refcounted_page_with_bit_59);
	LIST_TEST(&list, the_series_alone_has_a_refcounted_bit);
	LIST_ROWS(&list, a_semantics_has_the_layout_of_its_version, layouts);
	return list_run(&list, "spte");
}
