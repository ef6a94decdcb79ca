/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * spte.h: what KVM writes into a stage-2 entry, per version and per hardware format.
 *
 * Linux: arch/x86/kvm/mmu/spte.[ch]. Layouts: 5.12.9, 6.1, 6.12, 7.2 (6.8 is 6.1's). Pure
 * functions of integers; the hardware's reading of the same bits is walker.c.
 */
#pragma once

#include "model/base.h"
#include "model/pgtable.h"

struct spte_format {
	const char *name;
	u64 nonpresent;		/* SHADOW_NONPRESENT_VALUE */
	u64 mmu_present;	/* SPTE_MMU_PRESENT_MASK; 0: any of R, W, X or P (5.12) */
	u64 base;		/* shadow_present_mask and what else every present entry has */
	u64 read, write, exec;	/* set to allow */
	u64 no_exec;		/* NX: set to forbid */
	u64 accessed, dirty;
	u64 huge;
	u64 host_writable, mmu_writable;
	u64 ad_disabled;	/* value of the A/D type field that says so */
	u64 frozen;		/* REMOVED_SPTE, FROZEN_SPTE */
	u64 memtype_wb, memtype_uc, ignore_pat;	/* EPT leaves */
	u64 mmio_value, mmio_mask;
	u64 mmio_access;	/* shadow_mmio_access_mask */
	u64 nonpresent_or_rsvd;	/* of a CPU with L1TF and 44 bits of L1 address: Haswell */
	u8 mmio_gen_low_shift, mmio_gen_low_bits, mmio_gen_high_shift, mmio_gen_high_bits;
	bool ad_in_software;	/* A and D are kept even if hardware ignores them (7.2) */
	bool dirty_always;	/* D is set whatever the old entry was (5.12, 7.2) */
	u64 track_mask;		/* access tracking: bits that move away, and how far */
	u8 track_shift;
};

extern const struct spte_format spte_ept_5_12, spte_ept_6_1, spte_ept_6_12, spte_ept_7_2;
extern const struct spte_format spte_npt_5_12, spte_npt_6_1, spte_npt_6_12, spte_npt_7_2;

struct spte_args {
	pfn_t pfn;
	u8 level;
	bool write, exec;	/* ACC_WRITE_MASK, ACC_EXEC_MASK */
	bool host_writable;
	bool prefetch;
	bool ad;		/* hardware A/D in use */
	bool mmio;		/* kvm_is_mmio_pfn() */
	bool honour_pat;
	u64 refcounted;		/* v11: shadow_refcounted_mask if is_refcounted, else 0 */
	u64 old;		/* what is there now */
	bool old_any;		/* 6.8: and it need not be a leaf for D to be skipped */
};

u64 spte_make(const struct spte_format *format, const struct spte_args *args);
u64 spte_make_nonleaf(const struct spte_format *format, pfn_t table, bool ad);
/* @l1tf: so that no such processor finds cached memory at what it takes for an address */
u64 spte_make_mmio(const struct spte_format *format, gfn_t gfn, u64 generation, bool l1tf);

bool spte_is_present(const struct spte_format *format, u64 spte);
bool spte_is_leaf(const struct spte_format *format, u64 spte, unsigned level);
bool spte_is_mmio(const struct spte_format *format, u64 spte);
bool spte_is_writable(const struct spte_format *format, u64 spte);
/* make_spte_executable(), make_spte_nonexecutable() */
u64 spte_set_executable(const struct spte_format *format, u64 spte, bool executable);
bool spte_is_executable(const struct spte_format *format, u64 spte);
/* make_small_spte(): the @index'th of the entries of @level that a huge leaf becomes. */
u64 spte_split(const struct spte_format *format, u64 huge, unsigned level, unsigned index, bool nx);
/* make_huge_spte() of @level, of the first leaf below it. */
u64 spte_join(const struct spte_format *format, u64 small, unsigned level, bool nx);
/* mark_spte_for_access_track() of a leaf that is old from now on; and back, when it is used. */
u64 spte_mark_old(const struct spte_format *format, u64 spte);
u64 spte_restore_tracked(const struct spte_format *format, u64 spte);
/* is_accessed_spte(), is_dirty_spte() (absent in 7.2, where nobody asks) */
bool spte_is_accessed(const struct spte_format *format, u64 spte);
bool spte_is_dirty(const struct spte_format *format, u64 spte);
/* The generation an MMIO SPTE carries, and the part of @generation that it can carry. */
u64 spte_mmio_generation(const struct spte_format *format, u64 spte);
u64 spte_mmio_generation_of(const struct spte_format *format, u64 generation);
/* For walks: which entries are in use, and which are leaves. */
struct pt_format spte_pt_format(const struct spte_format *format);
