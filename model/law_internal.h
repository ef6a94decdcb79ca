/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * law_internal.h: the pure functions behind the rows of law_table.c, for law*.c alone.
 *
 * Each is given the key of one object of the kind that its law is about, and fills *v where the
 * law does not hold. law_page.c, law_spte.c, law_kvm.c have them by what they look at.
 */
#pragma once

#include "model/law.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/tdp.h"

#define DECLARE_LAW(holds)	bool holds(struct machine *m, u64 key, struct violation *v)

/* A stage-2 leaf, and what the host and the memslots have in its place. */
struct mapping {
	struct pt_leaf leaf;
	int slot;
	hva_t hva;
	struct pt_leaf host;
	bool open;		/* an invalidation covers it and has not zapped yet */
	bool zapped;		/* ... and has zapped: the host may change it without a word */
};

/* The present leaf for @gfn in the current root; false: there is none. */
bool find_mapping(struct machine *m, u64 gfn, struct mapping *at, struct violation *v);

DECLARE_LAW(refs_match);
DECLARE_LAW(free_page_unmapped);
DECLARE_LAW(dirty_kept);
DECLARE_LAW(map_references_match);

DECLARE_LAW(spte_has_slot);
DECLARE_LAW(no_root_maps_it);
DECLARE_LAW(spte_is_fresh);
DECLARE_LAW(within_host_rights);
DECLARE_LAW(read_only_slot_kept);
DECLARE_LAW(writable_bits_agree);
DECLARE_LAW(huge_is_contained);

DECLARE_LAW(tlb_is_fresh);
DECLARE_LAW(notifier_counts_agree);
DECLARE_LAW(sequence_comes_first);
DECLARE_LAW(task_is_balanced);
DECLARE_LAW(no_lock_is_left);
DECLARE_LAW(map_page_lives);
DECLARE_LAW(map_is_held);
DECLARE_LAW(gpc_is_fresh);
DECLARE_LAW(apic_page_is_fresh);
DECLARE_LAW(inhibited_apic_is_unmapped);
DECLARE_LAW(error_holds_nothing);
DECLARE_LAW(get_means_own);
DECLARE_LAW(unheld_is_guarded);
DECLARE_LAW(outputs_are_fresh);
DECLARE_LAW(writable_was_found);
DECLARE_LAW(read_only_slot_said);
DECLARE_LAW(atomic_or_nowait);
DECLARE_LAW(atomic_names_a_page);
