// SPDX-License-Identifier: GPL-2.0-only
/*
 * One entry of each kind in each layout: EPT with A and D bits and without, and NPT, of 5.12, 6.1
 * (and 6.8), 6.12 and 7.2. The values are what the bits named in arch/x86/kvm/mmu/spte.h and set by
 * kvm_mmu_set_ept_masks() and kvm_mmu_reset_all_pte_masks() of the version come to in make_spte(),
 * mark_spte_for_access_track(), make_small_spte() (make_huge_page_split_spte()), make_huge_spte(),
 * make_nonleaf_spte() and make_mmio_spte(). Frames are 0x2a40000 for 1G, else 0x2a40200.
 */
#include "model/spte.h"
#include "tests/support.h"

enum {
	READ_ONLY_HOST	= 1 << 0,
	TRACKED		= 1 << 1,	/* host-writable, but no ACC_WRITE */
	HUGE		= 1 << 2,
	GIGANTIC	= 1 << 3,
	BAR		= 1 << 4,
	PAT		= 1 << 5,
	PREFETCH	= 1 << 6,
	NO_AD		= 1 << 7,
	NO_EXEC		= 1 << 8,
};

static u64 leaf(const struct spte_format *format, unsigned how)
{
	return spte_make(format, &(struct spte_args){
		.pfn = how & GIGANTIC ? 0x2a40000 : 0x2a40200,
		.level = how & GIGANTIC ? 3 : how & HUGE ? 2 : 1,
		.write = !(how & TRACKED), .exec = !(how & NO_EXEC),
		.host_writable = !(how & READ_ONLY_HOST), .prefetch = how & PREFETCH,
		.ad = !(how & NO_AD), .mmio = how & BAR, .honour_pat = how & PAT,
	});
}

static const struct leaf_row {
	const char *name;
	const struct spte_format *format;
	unsigned how;
	u64 value;
} leaves[] = {
	{ "EPT 5.12, 1G", &spte_ept_5_12, GIGANTIC, 0x2a40000ff7 },
	{ "EPT 5.12, 1G of a read-only PUD", &spte_ept_5_12, GIGANTIC | READ_ONLY_HOST,
	  0x2a400001f5 },
	{ "EPT 5.12, 2M without execution", &spte_ept_5_12, HUGE | NO_EXEC, 0x2a40200ff3 },
	{ "EPT 5.12, 4K write-tracked", &spte_ept_5_12, TRACKED, 0x2a40200575 },
	{ "EPT 5.12, 4K, prefetched, without execution", &spte_ept_5_12, NO_EXEC | PREFETCH,
	  0x2a40200e73 },
	{ "EPT 5.12, 2M of a BAR", &spte_ept_5_12, HUGE | BAR, 0x2a40200f87 },
	{ "EPT 5.12, 1G, guest PAT", &spte_ept_5_12, GIGANTIC | PAT, 0x2a40000fb7 },
	{ "EPT 5.12, no A/D, 1G", &spte_ept_5_12, GIGANTIC | NO_AD, 0x0010002a40000cf7 },
	{ "EPT 5.12, no A/D, 1G of a read-only PUD", &spte_ept_5_12,
	  GIGANTIC | READ_ONLY_HOST | NO_AD, 0x0010002a400000f5 },
	{ "EPT 5.12, no A/D, 2M without execution", &spte_ept_5_12, HUGE | NO_EXEC | NO_AD,
	  0x0010002a40200cf3 },
	{ "EPT 5.12, no A/D, 4K write-tracked", &spte_ept_5_12, TRACKED | NO_AD,
	  0x0010002a40200475 },
	{ "EPT 5.12, no A/D, 4K, prefetched, without execution", &spte_ept_5_12,
	  NO_EXEC | PREFETCH | NO_AD, 0x0050002a40200c70 },
	{ "EPT 5.12, no A/D, 2M of a BAR", &spte_ept_5_12, HUGE | BAR | NO_AD, 0x0010002a40200c87 },
	{ "EPT 5.12, no A/D, 1G, guest PAT", &spte_ept_5_12, GIGANTIC | PAT | NO_AD,
	  0x0010002a40000cb7 },
	{ "EPT 6.1, 1G", &spte_ept_6_1, GIGANTIC, 0x0600002a40000bf7 },
	{ "EPT 6.1, 1G of a read-only PUD", &spte_ept_6_1, GIGANTIC | READ_ONLY_HOST,
	  0x2a400009f5 },
	{ "EPT 6.1, 2M without execution", &spte_ept_6_1, HUGE | NO_EXEC, 0x0600002a40200bf3 },
	{ "EPT 6.1, 4K write-tracked", &spte_ept_6_1, TRACKED, 0x0200002a40200975 },
	{ "EPT 6.1, 4K, prefetched, without execution", &spte_ept_6_1, NO_EXEC | PREFETCH,
	  0x0600002a40200a73 },
	{ "EPT 6.1, 2M of a BAR", &spte_ept_6_1, HUGE | BAR, 0x0600002a40200b87 },
	{ "EPT 6.1, 1G, guest PAT", &spte_ept_6_1, GIGANTIC | PAT, 0x0600002a40000bb7 },
	{ "EPT 6.1, no A/D, 1G", &spte_ept_6_1, GIGANTIC | NO_AD, 0x0610002a400008f7 },
	{ "EPT 6.1, no A/D, 1G of a read-only PUD", &spte_ept_6_1,
	  GIGANTIC | READ_ONLY_HOST | NO_AD, 0x0010002a400008f5 },
	{ "EPT 6.1, no A/D, 2M without execution", &spte_ept_6_1, HUGE | NO_EXEC | NO_AD,
	  0x0610002a402008f3 },
	{ "EPT 6.1, no A/D, 4K write-tracked", &spte_ept_6_1, TRACKED | NO_AD, 0x0210002a40200875 },
	{ "EPT 6.1, no A/D, 4K, prefetched, without execution", &spte_ept_6_1,
	  NO_EXEC | PREFETCH | NO_AD, 0x0650002a40200870 },
	{ "EPT 6.1, no A/D, 2M of a BAR", &spte_ept_6_1, HUGE | BAR | NO_AD, 0x0610002a40200887 },
	{ "EPT 6.1, no A/D, 1G, guest PAT", &spte_ept_6_1, GIGANTIC | PAT | NO_AD,
	  0x0610002a400008b7 },
	{ "EPT 6.12, 1G", &spte_ept_6_12, GIGANTIC, 0x8600002a40000bf7 },
	{ "EPT 6.12, 1G of a read-only PUD", &spte_ept_6_12, GIGANTIC | READ_ONLY_HOST,
	  0x8000002a400009f5 },
	{ "EPT 6.12, 2M without execution", &spte_ept_6_12, HUGE | NO_EXEC, 0x8600002a40200bf3 },
	{ "EPT 6.12, 4K write-tracked", &spte_ept_6_12, TRACKED, 0x8200002a40200975 },
	{ "EPT 6.12, 4K, prefetched, without execution", &spte_ept_6_12, NO_EXEC | PREFETCH,
	  0x8600002a40200a73 },
	{ "EPT 6.12, 2M of a BAR", &spte_ept_6_12, HUGE | BAR, 0x8600002a40200b87 },
	{ "EPT 6.12, 1G, guest PAT", &spte_ept_6_12, GIGANTIC | PAT, 0x8600002a40000bb7 },
	{ "EPT 6.12, no A/D, 1G", &spte_ept_6_12, GIGANTIC | NO_AD, 0x8610002a400008f7 },
	{ "EPT 6.12, no A/D, 1G of a read-only PUD", &spte_ept_6_12,
	  GIGANTIC | READ_ONLY_HOST | NO_AD, 0x8010002a400008f5 },
	{ "EPT 6.12, no A/D, 2M without execution", &spte_ept_6_12, HUGE | NO_EXEC | NO_AD,
	  0x8610002a402008f3 },
	{ "EPT 6.12, no A/D, 4K write-tracked", &spte_ept_6_12, TRACKED | NO_AD,
	  0x8210002a40200875 },
	{ "EPT 6.12, no A/D, 4K, prefetched, without execution", &spte_ept_6_12,
	  NO_EXEC | PREFETCH | NO_AD, 0x8650002a40200870 },
	{ "EPT 6.12, no A/D, 2M of a BAR", &spte_ept_6_12, HUGE | BAR | NO_AD, 0x8610002a40200887 },
	{ "EPT 6.12, no A/D, 1G, guest PAT", &spte_ept_6_12, GIGANTIC | PAT | NO_AD,
	  0x8610002a400008b7 },
	{ "EPT 7.2, 1G", &spte_ept_7_2, GIGANTIC, 0x80a0002a40000ff7 },
	{ "EPT 7.2, 1G of a read-only PUD", &spte_ept_7_2, GIGANTIC | READ_ONLY_HOST,
	  0x8000002a40000df5 },
	{ "EPT 7.2, 2M without execution", &spte_ept_7_2, HUGE | NO_EXEC, 0x80a0002a40200bf3 },
	{ "EPT 7.2, 4K write-tracked", &spte_ept_7_2, TRACKED, 0x8020002a40200d75 },
	{ "EPT 7.2, 4K, prefetched, without execution", &spte_ept_7_2, NO_EXEC | PREFETCH,
	  0x80a0002a40200a73 },
	{ "EPT 7.2, 2M of a BAR", &spte_ept_7_2, HUGE | BAR, 0x80a0002a40200f87 },
	{ "EPT 7.2, 1G, guest PAT", &spte_ept_7_2, GIGANTIC | PAT, 0x80a0002a40000fb7 },
	{ "EPT 7.2, no A/D, 1G", &spte_ept_7_2, GIGANTIC | NO_AD, 0x90a0002a40000ff7 },
	{ "EPT 7.2, no A/D, 1G of a read-only PUD", &spte_ept_7_2,
	  GIGANTIC | READ_ONLY_HOST | NO_AD, 0x9000002a40000df5 },
	{ "EPT 7.2, no A/D, 2M without execution", &spte_ept_7_2, HUGE | NO_EXEC | NO_AD,
	  0x90a0002a40200bf3 },
	{ "EPT 7.2, no A/D, 4K write-tracked", &spte_ept_7_2, TRACKED | NO_AD, 0x9020002a40200d75 },
	{ "EPT 7.2, no A/D, 4K, prefetched, without execution", &spte_ept_7_2,
	  NO_EXEC | PREFETCH | NO_AD, 0x90b0002a40200a70 },
	{ "EPT 7.2, no A/D, 2M of a BAR", &spte_ept_7_2, HUGE | BAR | NO_AD, 0x90a0002a40200f87 },
	{ "EPT 7.2, no A/D, 1G, guest PAT", &spte_ept_7_2, GIGANTIC | PAT | NO_AD,
	  0x90a0002a40000fb7 },
	{ "NPT 5.12, 1G", &spte_npt_5_12, GIGANTIC, 0x2a40000ce7 },
	{ "NPT 5.12, 1G of a read-only PUD", &spte_npt_5_12, GIGANTIC | READ_ONLY_HOST,
	  0x2a400000a5 },
	{ "NPT 5.12, 2M without execution", &spte_npt_5_12, HUGE | NO_EXEC, 0x8000002a40200ce7 },
	{ "NPT 5.12, 4K write-tracked", &spte_npt_5_12, TRACKED, 0x2a40200425 },
	{ "NPT 5.12, 4K, prefetched, without execution", &spte_npt_5_12, NO_EXEC | PREFETCH,
	  0x8000002a40200c47 },
	{ "NPT 6.1, 1G", &spte_npt_6_1, GIGANTIC, 0x2a40000ee7 },
	{ "NPT 6.1, 1G of a read-only PUD", &spte_npt_6_1, GIGANTIC | READ_ONLY_HOST,
	  0x2a400008a5 },
	{ "NPT 6.1, 2M without execution", &spte_npt_6_1, HUGE | NO_EXEC, 0x8000002a40200ee7 },
	{ "NPT 6.1, 4K write-tracked", &spte_npt_6_1, TRACKED, 0x2a40200a25 },
	{ "NPT 6.1, 4K, prefetched, without execution", &spte_npt_6_1, NO_EXEC | PREFETCH,
	  0x8000002a40200e47 },
	{ "NPT 6.12, 1G", &spte_npt_6_12, GIGANTIC, 0x2a40000ee7 },
	{ "NPT 6.12, 1G of a read-only PUD", &spte_npt_6_12, GIGANTIC | READ_ONLY_HOST,
	  0x2a400008a5 },
	{ "NPT 6.12, 2M without execution", &spte_npt_6_12, HUGE | NO_EXEC, 0x8000002a40200ee7 },
	{ "NPT 6.12, 4K write-tracked", &spte_npt_6_12, TRACKED, 0x2a40200a25 },
	{ "NPT 6.12, 4K, prefetched, without execution", &spte_npt_6_12, NO_EXEC | PREFETCH,
	  0x8000002a40200e47 },
	{ "NPT 7.2, 1G", &spte_npt_7_2, GIGANTIC, 0x2a40000ee7 },
	{ "NPT 7.2, 1G of a read-only PUD", &spte_npt_7_2, GIGANTIC | READ_ONLY_HOST,
	  0x2a400008a5 },
	{ "NPT 7.2, 2M without execution", &spte_npt_7_2, HUGE | NO_EXEC, 0x8000002a40200ee7 },
	{ "NPT 7.2, 4K write-tracked", &spte_npt_7_2, TRACKED, 0x2a40200a25 },
	{ "NPT 7.2, 4K, prefetched, without execution", &spte_npt_7_2, NO_EXEC | PREFETCH,
	  0x8000002a40200e47 },
};

static void a_leaf_of_this_kind_has_this_value(void **state)
{
	const struct leaf_row *row = *state;

	assert_true(leaf(row->format, row->how) == row->value);
	assert_true(spte_is_present(row->format, row->value));
	assert_true(spte_is_leaf(row->format, row->value, row->how & (HUGE | GIGANTIC) ? 3 : 1));
	assert_false(spte_is_mmio(row->format, row->value));
	assert_true(spte_is_writable(row->format, row->value) ==
		    !(row->how & (READ_ONLY_HOST | TRACKED | (row->how & NO_AD ? PREFETCH : 0))));
}

/* What becomes of a writable 4K leaf, of a 2M and a 1G one, and of their tables */
static const struct change_row {
	const char *name;
	const struct spte_format *format;
	bool ad;
	u64 used;			/* as a fault leaves it */
	u64 write_protected;		/* by the dirty log */
	u64 d_cleared;			/* by the dirty log, with PML; without A/D as above */
	u64 aged;
	u64 last_4k, last_4k_nx;	/* of 2M that are split; with NX huge pages */
	u64 last_2m;			/* of 1G that are split */
	u64 nonleaf;			/* to a table at 0x6377 */
	u64 recovered, recovered_nx;	/* 2M again, since 6.14 */
} changes[] = {
	{ "EPT 5.12", &spte_ept_5_12, true, .used = 0x2a40200f77, .write_protected = 0x2a40200f75,
	  .d_cleared = 0x2a40200d77, .aged = 0x2a40200e77, .last_4k = 0x2a403fff77,
	  .last_4k_nx = 0x2a403fff77, .last_2m = 0x2a7fe00ff7, .nonleaf = 0x6377107,
	  .recovered = 0x2a40200ff7, .recovered_nx = 0x2a40200ff3 },
	{ "EPT 5.12, no A/D", &spte_ept_5_12, false, .used = 0x0010002a40200c77,
	  .write_protected = 0x0010002a40200c75, .d_cleared = 0x0010002a40200c75,
	  .aged = 0x0150002a40200c70, .last_4k = 0x0010002a403ffc77,
	  .last_4k_nx = 0x0010002a403ffc77, .last_2m = 0x0010002a7fe00cf7,
	  .nonleaf = 0x0010000006377007, .recovered = 0x0010002a40200cf7,
	  .recovered_nx = 0x0010002a40200cf3 },
	{ "EPT 6.1", &spte_ept_6_1, true, .used = 0x0600002a40200b77,
	  .write_protected = 0x0600002a40200b75, .d_cleared = 0x0600002a40200977,
	  .aged = 0x0600002a40200a77, .last_4k = 0x0600002a403ffb77,
	  .last_4k_nx = 0x0600002a403ffb77, .last_2m = 0x0600002a7fe00bf7, .nonleaf = 0x6377907,
	  .recovered = 0x0600002a40200bf7, .recovered_nx = 0x0600002a40200bf3 },
	{ "EPT 6.1, no A/D", &spte_ept_6_1, false, .used = 0x0610002a40200877,
	  .write_protected = 0x0610002a40200875, .d_cleared = 0x0610002a40200875,
	  .aged = 0x0750002a40200870, .last_4k = 0x0610002a403ff877,
	  .last_4k_nx = 0x0610002a403ff877, .last_2m = 0x0610002a7fe008f7,
	  .nonleaf = 0x0010000006377807, .recovered = 0x0610002a402008f7,
	  .recovered_nx = 0x0610002a402008f3 },
	{ "EPT 6.12", &spte_ept_6_12, true, .used = 0x8600002a40200b77,
	  .write_protected = 0x8600002a40200b75, .d_cleared = 0x8600002a40200977,
	  .aged = 0x8600002a40200a77, .last_4k = 0x8600002a403ffb77,
	  .last_4k_nx = 0x8600002a403ffb77, .last_2m = 0x8600002a7fe00bf7,
	  .nonleaf = 0x8000000006377907, .recovered = 0x8600002a40200bf7,
	  .recovered_nx = 0x8600002a40200bf3 },
	{ "EPT 6.12, no A/D", &spte_ept_6_12, false, .used = 0x8610002a40200877,
	  .write_protected = 0x8610002a40200875, .d_cleared = 0x8610002a40200875,
	  .aged = 0x8750002a40200870, .last_4k = 0x8610002a403ff877,
	  .last_4k_nx = 0x8610002a403ff877, .last_2m = 0x8610002a7fe008f7,
	  .nonleaf = 0x8010000006377807, .recovered = 0x8610002a402008f7,
	  .recovered_nx = 0x8610002a402008f3 },
	{ "EPT 7.2", &spte_ept_7_2, true, .used = 0x80a0002a40200f77,
	  .write_protected = 0x80a0002a40200f75, .d_cleared = 0x80a0002a40200d77,
	  .aged = 0x80a0002a40200e77, .last_4k = 0x80a0002a403fff77,
	  .last_4k_nx = 0x80a0002a403fff77, .last_2m = 0x80a0002a7fe00ff7,
	  .nonleaf = 0x8000000006377d07, .recovered = 0x80a0002a40200ff7,
	  .recovered_nx = 0x80a0002a40200bf3 },
	{ "EPT 7.2, no A/D", &spte_ept_7_2, false, .used = 0x90a0002a40200f77,
	  .write_protected = 0x90a0002a40200f75, .d_cleared = 0x90a0002a40200f75,
	  .aged = 0xd0f0002a40200a70, .last_4k = 0x90a0002a403fff77,
	  .last_4k_nx = 0x90a0002a403fff77, .last_2m = 0x90a0002a7fe00ff7,
	  .nonleaf = 0x9000000006377c07, .recovered = 0x90a0002a40200ff7,
	  .recovered_nx = 0x90a0002a40200bf3 },
	{ "NPT 5.12", &spte_npt_5_12, true, .used = 0x2a40200c67, .write_protected = 0x2a40200c65,
	  .d_cleared = 0x2a40200c27, .aged = 0x2a40200c47, .last_4k = 0x2a403ffc67,
	  .last_4k_nx = 0x2a403ffc67, .last_2m = 0x2a7fe00ce7, .nonleaf = 0x6377027,
	  .recovered = 0x2a40200ce7, .recovered_nx = 0x8000002a40200ce7 },
	{ "NPT 6.1", &spte_npt_6_1, true, .used = 0x2a40200e67, .write_protected = 0x2a40200e65,
	  .d_cleared = 0x2a40200e27, .aged = 0x2a40200e47, .last_4k = 0x2a403ffe67,
	  .last_4k_nx = 0x2a403ffe67, .last_2m = 0x2a7fe00ee7, .nonleaf = 0x6377827,
	  .recovered = 0x2a40200ee7, .recovered_nx = 0x8000002a40200ee7 },
	{ "NPT 6.12", &spte_npt_6_12, true, .used = 0x2a40200e67, .write_protected = 0x2a40200e65,
	  .d_cleared = 0x2a40200e27, .aged = 0x2a40200e47, .last_4k = 0x2a403ffe67,
	  .last_4k_nx = 0x2a403ffe67, .last_2m = 0x2a7fe00ee7, .nonleaf = 0x6377827,
	  .recovered = 0x2a40200ee7, .recovered_nx = 0x8000002a40200ee7 },
	{ "NPT 7.2", &spte_npt_7_2, true, .used = 0x2a40200e67, .write_protected = 0x2a40200e65,
	  .d_cleared = 0x2a40200e27, .aged = 0x2a40200e47, .last_4k = 0x2a403ffe67,
	  .last_4k_nx = 0x2a403ffe67, .last_2m = 0x2a7fe00ee7, .nonleaf = 0x6377827,
	  .recovered = 0x2a40200ee7, .recovered_nx = 0x8000002a40200ee7 },
};

static struct spte_args huge_of(const struct change_row *row, unsigned level, bool nx)
{
	return (struct spte_args){ .pfn = level == 3 ? 0x2a40000 : 0x2a40200, .level = level,
				   .write = true, .exec = !nx, .host_writable = true,
				   .ad = row->ad };
}

static void a_fault_dirty_logging_and_aging_leave_these_values(void **state)
{
	const struct change_row *row = *state;
	const struct spte_format *f = row->format;
	u64 logged = row->ad ? f->dirty : f->write;

	assert_true(leaf(f, row->ad ? 0 : NO_AD) == row->used);
	assert_true((row->used & ~f->write) == row->write_protected);
	assert_true((row->used & ~logged) == row->d_cleared);
	assert_true(spte_mark_old(f, row->used) == row->aged);
	assert_true(spte_mark_old(f, row->aged) == row->aged);
	assert_true(spte_is_present(f, row->aged));
	assert_true(!spte_is_accessed(f, row->aged));
}

static void a_split_leaf_leaves_these_values(void **state)
{
	const struct change_row *row = *state;
	struct spte_args two = huge_of(row, 2, false), two_nx = huge_of(row, 2, true);
	struct spte_args one = huge_of(row, 3, false);
	const struct spte_format *f = row->format;

	assert_true(spte_split(f, spte_make(f, &two), 1, 511, false) == row->last_4k);
	assert_true(spte_split(f, spte_make(f, &two_nx), 1, 511, true) == row->last_4k_nx);
	assert_true(spte_split(f, spte_make(f, &one), 2, 511, false) == row->last_2m);
	assert_true(spte_make_nonleaf(f, 0x6377, row->ad) == row->nonleaf);
}

static void a_recovered_leaf_has_this_value(void **state)
{
	const struct change_row *row = *state;

	assert_true(spte_join(row->format, row->last_4k, 2, false) == row->recovered);
	assert_true(spte_join(row->format, row->last_4k, 2, true) == row->recovered_nx);
}

/* make_spte_executable(), change_spte_executable(): X goes where the tracked bits are kept. */
static void an_aged_leaf_stays_aged_when_execution_comes_and_goes(void **state)
{
	const struct change_row *row = *state;
	u64 without = spte_set_executable(row->format, row->aged, false);

	assert_true(spte_is_present(row->format, without));
	assert_false(spte_is_accessed(row->format, without));
	assert_true(spte_set_executable(row->format, without, true) == row->aged);
	assert_false(spte_is_executable(row->format, spte_restore_tracked(row->format, without)));
}

/* Of gfn 0x1000: the first and last that the low bits and the high bits hold */
static const struct mmio_row {
	const char *name;
	const struct spte_format *format;
	u64 generation, value;
} mmios[] = {
	{ "EPT 5.12, generation 0x0", &spte_ept_5_12, 0x0, 0x0030000001000006 },
	{ "EPT 5.12, generation 0x2", &spte_ept_5_12, 0x2, 0x0030000001000016 },
	{ "EPT 5.12, generation 0x80", &spte_ept_5_12, 0x80, 0x0030000001000406 },
	{ "EPT 5.12, generation 0x100", &spte_ept_5_12, 0x100, 0x0030000001000806 },
	{ "EPT 5.12, generation 0x200", &spte_ept_5_12, 0x200, 0x0070000001000006 },
	{ "EPT 5.12, generation 0x3fffe", &spte_ept_5_12, 0x3fffe, 0x7ff0000001000ff6 },
	{ "EPT 6.1, generation 0x0", &spte_ept_6_1, 0x0, 0x1000006 },
	{ "EPT 6.1, generation 0x2", &spte_ept_6_1, 0x2, 0x1000016 },
	{ "EPT 6.1, generation 0x80", &spte_ept_6_1, 0x80, 0x1000406 },
	{ "EPT 6.1, generation 0x100", &spte_ept_6_1, 0x100, 0x0010000001000006 },
	{ "EPT 6.1, generation 0x200", &spte_ept_6_1, 0x200, 0x0020000001000006 },
	{ "EPT 6.1, generation 0x7fffe", &spte_ept_6_1, 0x7fffe, 0x7ff00000010007f6 },
	{ "EPT 6.12, generation 0x0", &spte_ept_6_12, 0x0, 0x1000006 },
	{ "EPT 6.12, generation 0x2", &spte_ept_6_12, 0x2, 0x1000016 },
	{ "EPT 6.12, generation 0x80", &spte_ept_6_12, 0x80, 0x1000406 },
	{ "EPT 6.12, generation 0x100", &spte_ept_6_12, 0x100, 0x0010000001000006 },
	{ "EPT 6.12, generation 0x200", &spte_ept_6_12, 0x200, 0x0020000001000006 },
	{ "EPT 6.12, generation 0x7fffe", &spte_ept_6_12, 0x7fffe, 0x7ff00000010007f6 },
	{ "EPT 7.2, generation 0x0", &spte_ept_7_2, 0x0, 0x1000006 },
	{ "EPT 7.2, generation 0x2", &spte_ept_7_2, 0x2, 0x1000016 },
	{ "EPT 7.2, generation 0x80", &spte_ept_7_2, 0x80, 0x0010000001000006 },
	{ "EPT 7.2, generation 0x100", &spte_ept_7_2, 0x100, 0x0020000001000006 },
	{ "EPT 7.2, generation 0x200", &spte_ept_7_2, 0x200, 0x0040000001000006 },
	{ "EPT 7.2, generation 0x3fffe", &spte_ept_7_2, 0x3fffe, 0x7ff00000010003f6 },
	{ "NPT 5.12, generation 0x0", &spte_npt_5_12, 0x0, 0x0038000001000007 },
	{ "NPT 5.12, generation 0x2", &spte_npt_5_12, 0x2, 0x0038000001000017 },
	{ "NPT 5.12, generation 0x80", &spte_npt_5_12, 0x80, 0x0038000001000407 },
	{ "NPT 5.12, generation 0x100", &spte_npt_5_12, 0x100, 0x0038000001000807 },
	{ "NPT 5.12, generation 0x200", &spte_npt_5_12, 0x200, 0x0078000001000007 },
	{ "NPT 5.12, generation 0x3fffe", &spte_npt_5_12, 0x3fffe, 0x7ff8000001000ff7 },
	{ "NPT 6.1, generation 0x0", &spte_npt_6_1, 0x0, 0x0008000001000007 },
	{ "NPT 6.1, generation 0x2", &spte_npt_6_1, 0x2, 0x0008000001000017 },
	{ "NPT 6.1, generation 0x80", &spte_npt_6_1, 0x80, 0x0008000001000407 },
	{ "NPT 6.1, generation 0x100", &spte_npt_6_1, 0x100, 0x0018000001000007 },
	{ "NPT 6.1, generation 0x200", &spte_npt_6_1, 0x200, 0x0028000001000007 },
	{ "NPT 6.1, generation 0x7fffe", &spte_npt_6_1, 0x7fffe, 0x7ff80000010007f7 },
	{ "NPT 6.12, generation 0x0", &spte_npt_6_12, 0x0, 0x0008000001000007 },
	{ "NPT 6.12, generation 0x2", &spte_npt_6_12, 0x2, 0x0008000001000017 },
	{ "NPT 6.12, generation 0x80", &spte_npt_6_12, 0x80, 0x0008000001000407 },
	{ "NPT 6.12, generation 0x100", &spte_npt_6_12, 0x100, 0x0018000001000007 },
	{ "NPT 6.12, generation 0x200", &spte_npt_6_12, 0x200, 0x0028000001000007 },
	{ "NPT 6.12, generation 0x7fffe", &spte_npt_6_12, 0x7fffe, 0x7ff80000010007f7 },
	{ "NPT 7.2, generation 0x0", &spte_npt_7_2, 0x0, 0x0008000001000007 },
	{ "NPT 7.2, generation 0x2", &spte_npt_7_2, 0x2, 0x0008000001000017 },
	{ "NPT 7.2, generation 0x80", &spte_npt_7_2, 0x80, 0x0018000001000007 },
	{ "NPT 7.2, generation 0x100", &spte_npt_7_2, 0x100, 0x0028000001000007 },
	{ "NPT 7.2, generation 0x200", &spte_npt_7_2, 0x200, 0x0048000001000007 },
	{ "NPT 7.2, generation 0x3fffe", &spte_npt_7_2, 0x3fffe, 0x7ff80000010003f7 },
};

/* Processors without the L1TF bug; with it five bits of the address are set, and others move. */
static void a_mmio_entry_of_this_generation_has_this_value(void **state)
{
	const struct mmio_row *row = *state;
	u64 in_progress = row->generation | BIT(63);

	assert_true(spte_make_mmio(row->format, 0x1000, row->generation, false) == row->value);
	assert_true(spte_mmio_generation(row->format, row->value) == row->generation);
	assert_true(spte_is_mmio(row->format, row->value));
	assert_false(spte_is_present(row->format, row->value));
	/* KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS is not carried */
	assert_true(spte_make_mmio(row->format, 0x1000, in_progress, false) == row->value);
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, a_leaf_of_this_kind_has_this_value, leaves);
	LIST_ROWS(&list, a_fault_dirty_logging_and_aging_leave_these_values, changes);
	LIST_ROWS(&list, a_split_leaf_leaves_these_values, changes);
	LIST_ROWS(&list, a_recovered_leaf_has_this_value, changes);
	LIST_ROWS(&list, an_aged_leaf_stays_aged_when_execution_comes_and_goes, changes);
	LIST_ROWS(&list, a_mmio_entry_of_this_generation_has_this_value, mmios);
	return list_run(&list, "spte_layouts");
}
