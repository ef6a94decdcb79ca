/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/spte.h"

/* Intel SDM vol. 3C, table 29-7; bits 11, 52.. are KVM's. */
#define EPT_RWX		0x7
#define EPT_MT_WB	(6 << 3)
#define EPT_MT_UC	(0 << 3)
#define EPT_IPAT	BIT(6)
#define EPT_A		BIT(8)
#define EPT_D		BIT(9)
#define EPT_XU		BIT(10)
#define SUPPRESS_VE	BIT(63)
#define SPECIAL_MMIO	((u64)3 << 52)	/* 5.12: SPTE_MMIO_MASK of SPTE_SPECIAL_MASK */

#define EPT_COMMON								\
	.read = BIT(0), .write = BIT(1), .accessed = EPT_A, .dirty = EPT_D,	\
	.huge = BIT(7), .memtype_wb = EPT_MT_WB, .memtype_uc = EPT_MT_UC,	\
	.ignore_pat = EPT_IPAT, .nonpresent_or_rsvd = (u64)0x1f << 39

const struct spte_format spte_ept_5_12 = {
	.name = "EPT, 5.12", EPT_COMMON, .base = BIT(0), .exec = BIT(2),
	.host_writable = BIT(10), .mmu_writable = BIT(11), .ad_disabled = BIT(52),
	.frozen = BIT(59), .dirty_always = true,
	.mmio_value = 6 | SPECIAL_MMIO, .mmio_mask = SPECIAL_MMIO,
	.mmio_gen_low_shift = 3, .mmio_gen_low_bits = 9,
	.mmio_gen_high_shift = 54, .mmio_gen_high_bits = 9,
	.track_mask = BIT(0) | BIT(2), .track_shift = 54,
};

const struct spte_format spte_ept_6_1 = {
	.name = "EPT, 6.1 and 6.8", EPT_COMMON, .mmu_present = BIT(11), .base = BIT(0) | BIT(11),
	.exec = BIT(2), .host_writable = BIT(57), .mmu_writable = BIT(58), .ad_disabled = BIT(52),
	.frozen = 0x5a0, .mmio_value = 6, .mmio_mask = 7,
	.mmio_gen_low_shift = 3, .mmio_gen_low_bits = 8,
	.mmio_gen_high_shift = 52, .mmio_gen_high_bits = 11,
	.track_mask = BIT(0) | BIT(2), .track_shift = 54,
};

const struct spte_format spte_ept_6_12 = {
	.name = "EPT, 6.12", EPT_COMMON, .nonpresent = SUPPRESS_VE, .mmu_present = BIT(11),
	.base = BIT(0) | BIT(11) | SUPPRESS_VE,
	.exec = BIT(2), .host_writable = BIT(57), .mmu_writable = BIT(58), .ad_disabled = BIT(52),
	.frozen = SUPPRESS_VE | 0x5a0, .mmio_value = 6, .mmio_mask = 7 | SUPPRESS_VE,
	.mmio_gen_low_shift = 3, .mmio_gen_low_bits = 8,
	.mmio_gen_high_shift = 52, .mmio_gen_high_bits = 11,
	.track_mask = BIT(0) | BIT(2), .track_shift = 54,
};

const struct spte_format spte_ept_7_2 = {
	.name = "EPT, 7.2", EPT_COMMON, .nonpresent = SUPPRESS_VE, .mmu_present = BIT(11),
	.base = BIT(0) | BIT(11) | SUPPRESS_VE,
	.exec = BIT(2) | EPT_XU, .host_writable = BIT(53), .mmu_writable = BIT(55),
	.ad_disabled = BIT(60), .ad_in_software = true, .dirty_always = true,
	.track_mask = BIT(0) | BIT(2) | EPT_XU, .track_shift = 52,
	.frozen = SUPPRESS_VE | 0x1a0, .mmio_value = 6, .mmio_mask = 7 | SUPPRESS_VE,
	.mmio_gen_low_shift = 3, .mmio_gen_low_bits = 7,
	.mmio_gen_high_shift = 52, .mmio_gen_high_bits = 11,
};

/* AMD APM vol. 2, 5.4: the CPU's own PTE format; 9 to 11 are available to software. */
#define NPT_COMMON								\
	.read = 0, .write = BIT(1), .no_exec = BIT(63), .accessed = BIT(5),	\
	.dirty = BIT(6), .huge = BIT(7),					\
	.mmio_access = BIT(1) | BIT(2)

/* Since 5.13 the marker of MMU-present entries tells MMIO entries apart. */
#define NPT_SINCE_5_13								\
	NPT_COMMON, .host_writable = BIT(9), .mmu_writable = BIT(10),		\
	.mmio_value = BIT(51) | BIT(0), .mmio_mask = BIT(51) | BIT(0)

#define NPT_USER	BIT(2)

const struct spte_format spte_npt_5_12 = {
	.name = "NPT, 5.12", NPT_COMMON, .base = BIT(0) | NPT_USER, .frozen = BIT(59),
	.host_writable = BIT(10), .mmu_writable = BIT(11), .ad_disabled = BIT(52),
	.dirty_always = true,
	.mmio_value = BIT(51) | BIT(0) | SPECIAL_MMIO, .mmio_mask = SPECIAL_MMIO,
	.mmio_gen_low_shift = 3, .mmio_gen_low_bits = 9,
	.mmio_gen_high_shift = 54, .mmio_gen_high_bits = 9,
};

const struct spte_format spte_npt_6_1 = {
	.name = "NPT, 6.1 and 6.8", NPT_SINCE_5_13, .mmu_present = BIT(11),
	.base = BIT(0) | NPT_USER | BIT(11), .frozen = 0x5a0, .ad_disabled = BIT(52),
	.mmio_gen_low_shift = 3, .mmio_gen_low_bits = 8,
	.mmio_gen_high_shift = 52, .mmio_gen_high_bits = 11,
};

const struct spte_format spte_npt_6_12 = {
	.name = "NPT, 6.12", NPT_SINCE_5_13, .nonpresent = SUPPRESS_VE, .mmu_present = BIT(11),
	.base = BIT(0) | NPT_USER | BIT(11), .frozen = SUPPRESS_VE | 0x5a0,
	.ad_disabled = BIT(52),
	.mmio_gen_low_shift = 3, .mmio_gen_low_bits = 8,
	.mmio_gen_high_shift = 52, .mmio_gen_high_bits = 11,
};

const struct spte_format spte_npt_7_2 = {
	.name = "NPT, 7.2", NPT_SINCE_5_13, .nonpresent = SUPPRESS_VE, .mmu_present = BIT(11),
	.base = BIT(0) | NPT_USER | BIT(11), .frozen = SUPPRESS_VE | 0x1a0,
	.ad_disabled = BIT(60), .ad_in_software = true, .dirty_always = true,
	.track_mask = BIT(0) | NPT_USER, .track_shift = 52,
	.mmio_gen_low_shift = 3, .mmio_gen_low_bits = 7,
	.mmio_gen_high_shift = 52, .mmio_gen_high_bits = 11,
};

bool spte_is_mmio(const struct spte_format *format, u64 spte)
{
	return (spte & format->mmio_mask) == (format->mmio_value & format->mmio_mask);
}

bool spte_is_present(const struct spte_format *format, u64 spte)
{
	if (format->mmu_present)
		return spte & format->mmu_present;
	return spte && spte != format->frozen && !spte_is_mmio(format, spte);
}

bool spte_is_leaf(const struct spte_format *format, u64 spte, unsigned level)
{
	return spte_is_present(format, spte) && (level == 1 || (spte & format->huge));
}

bool spte_is_writable(const struct spte_format *format, u64 spte)
{
	return spte & format->write;
}

bool spte_is_executable(const struct spte_format *format, u64 spte)
{
	return format->exec ? (spte & format->exec) == format->exec : !(spte & format->no_exec);
}

static bool ad_enabled(const struct spte_format *format, u64 spte)
{
	return !(spte & format->ad_disabled);
}

bool spte_is_accessed(const struct spte_format *format, u64 spte)
{
	if (ad_enabled(format, spte) || format->ad_in_software)
		return spte & format->accessed;
	return spte & (format->read | format->exec | format->write);
}

bool spte_is_dirty(const struct spte_format *format, u64 spte)
{
	return spte & (ad_enabled(format, spte) ? format->dirty : format->write);
}

static u64 leaf_memtype(const struct spte_format *format, const struct spte_args *args)
{
	if (args->mmio)
		return format->memtype_uc;
	return format->memtype_wb | (args->honour_pat ? 0 : format->ignore_pat);
}

/* mark_spte_for_access_track(): without A/D, R and X move away, so that any access faults. */
static u64 track_access(const struct spte_format *format, const struct spte_args *args, u64 spte)
{
	if (args->ad)
		return spte & ~format->accessed;
	spte |= (spte & format->track_mask) << format->track_shift;
	return spte & ~(format->track_mask | format->write | format->accessed);
}

u64 spte_mark_old(const struct spte_format *format, u64 spte)
{
	return track_access(format, &(struct spte_args){ .ad = ad_enabled(format, spte) }, spte);
}

/* is_access_track_spte(), restore_acc_track_spte() */
u64 spte_restore_tracked(const struct spte_format *format, u64 spte)
{
	u64 saved = (spte >> format->track_shift) & format->track_mask;

	if (ad_enabled(format, spte) || (spte & format->track_mask))
		return spte;
	return (spte & ~(format->track_mask << format->track_shift)) | saved |
	       (format->ad_in_software ? format->accessed : 0);
}

/* Access tracking goes on: X is changed where it is kept meanwhile. */
u64 spte_set_executable(const struct spte_format *format, u64 spte, bool executable)
{
	bool tracked = !ad_enabled(format, spte) && !(spte & format->track_mask);

	if (tracked)
		spte = spte_restore_tracked(format, spte);
	spte = executable ? (spte & ~format->no_exec) | format->exec :
			    (spte & ~format->exec) | format->no_exec;
	return tracked ? spte_mark_old(format, spte) : spte;
}

u64 spte_split(const struct spte_format *format, u64 huge, unsigned level, unsigned index, bool nx)
{
	u64 small = huge + ((u64)index * level_pages(level) << PAGE_SHIFT);

	if (level > 1)
		return small;
	small &= ~format->huge;
	return nx ? spte_set_executable(format, small, true) : small;
}

u64 spte_join(const struct spte_format *format, u64 small, unsigned level, bool nx)
{
	u64 huge = (small | format->huge) & ~((level_pages(level) - 1) << PAGE_SHIFT);

	return nx ? spte_set_executable(format, huge, false) : huge;
}

/* make_spte(): arch/x86/kvm/mmu/spte.c. Shadow paging's unsync pages are not modelled. */
u64 spte_make(const struct spte_format *format, const struct spte_args *args)
{
	bool keep_ad = args->ad || format->ad_in_software;
	/* is_last_spte() && is_writable_pte(): true of an MMIO SPTE too */
	bool was_writable = (args->level == 1 || args->old_any || (args->old & format->huge)) &&
			    spte_is_writable(format, args->old);
	u64 spte = format->base | format->read | args->refcounted;

	if (!args->ad)
		spte |= format->ad_disabled;
	if (!args->prefetch && keep_ad)
		spte |= format->accessed;
	spte |= args->exec ? format->exec : format->no_exec;
	if (args->level > 1)
		spte |= format->huge;
	spte |= leaf_memtype(format, args);
	spte |= args->pfn << PAGE_SHIFT;
	if (args->host_writable)
		spte |= format->host_writable;
	if (args->write && args->host_writable) {
		spte |= format->write | format->mmu_writable;
		/* 6.1: "goto out" past the D bit if the old SPTE was writable */
		if (keep_ad && (!was_writable || format->dirty_always))
			spte |= format->dirty;
	}
	return args->prefetch ? track_access(format, args, spte) : spte;
}

u64 spte_make_nonleaf(const struct spte_format *format, pfn_t table, bool ad)
{
	return format->base | format->read | format->write | format->exec |
	       table << PAGE_SHIFT | (ad ? format->accessed : format->ad_disabled);
}

u64 spte_mmio_generation_of(const struct spte_format *format, u64 generation)
{
	return generation & (BIT(format->mmio_gen_low_bits + format->mmio_gen_high_bits) - 1);
}

u64 spte_mmio_generation(const struct spte_format *format, u64 spte)
{
	u64 low = spte >> format->mmio_gen_low_shift & (BIT(format->mmio_gen_low_bits) - 1);
	u64 high = spte >> format->mmio_gen_high_shift & (BIT(format->mmio_gen_high_bits) - 1);

	return high << format->mmio_gen_low_bits | low;
}

/* make_mmio_spte() */
u64 spte_make_mmio(const struct spte_format *format, gfn_t gfn, u64 generation, bool l1tf)
{
	u64 gen = spte_mmio_generation_of(format, generation);
	u64 low = gen & (BIT(format->mmio_gen_low_bits) - 1);
	u64 high = gen >> format->mmio_gen_low_bits;
	u64 gpa = gfn << PAGE_SHIFT, split = l1tf ? format->nonpresent_or_rsvd : 0;

	return format->mmio_value | format->mmio_access | gpa | split | (gpa & split) << 5 |
	       low << format->mmio_gen_low_shift | high << format->mmio_gen_high_shift;
}

struct pt_format spte_pt_format(const struct spte_format *format)
{
	u64 present = format->mmu_present;

	if (present)
		return (struct pt_format){ .present = present, .huge = format->huge };
	/* 5.12: P, or R where it is or where access tracking keeps it, and not MMIO */
	return (struct pt_format){ .present = BIT(0) | format->track_mask << format->track_shift,
				   .huge = format->huge, .absent_mask = format->mmio_mask,
				   .absent = format->mmio_mask };
}
