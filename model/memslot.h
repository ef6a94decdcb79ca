/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memslot.h: gfn to hva, and back; the two sets of memslots, and who still reads the old one.
 *
 * Linux: virt/kvm/kvm_main.c:__gfn_to_hva_many(), search_memslots(), kvm_swap_active_memslots()
 * (before 5.17 install_new_memslots(), with copies of the array); one address space. A row is of
 * one set: who found it before a switch goes on with the memslot as it was.
 */
#pragma once

#include "model/base.h"
#include "model/kvm.h"

struct machine;
struct task;

/* SHRT_MAX, of which the last are KVM's own: TSS, APIC access page, identity map. */
enum { KVM_MEM_SLOTS_NUM = 32767, KVM_INTERNAL_MEM_SLOTS = 3,
       KVM_USER_MEM_SLOTS = KVM_MEM_SLOTS_NUM - KVM_INTERNAL_MEM_SLOTS,
       APIC_ACCESS_PAGE_PRIVATE_MEMSLOT = KVM_USER_MEM_SLOTS + 1 };

/* Rows of the active set: kvm_for_each_memslot() */
int memslots_begin(const struct machine *m);
int memslots_end(const struct machine *m);
/*
 * The next row after @row (NO_SLOT: the first) by its hva, and then as they were inserted:
 * kvm_for_each_memslot_in_hva_range()
 */
int memslot_next_by_hva(const struct machine *m, int row);
/* kvm_replace_memslot(): the row has been made or changed. */
void memslot_insert(struct machine *m, int row);
/* The row for the same memslot in the active set, and in the other. */
int memslot_active(const struct machine *m, int row);
int memslot_inactive(const struct machine *m, int row);
/*
 * rcu_assign_pointer(kvm->memslots[0]): the other set is active from now on, and whoever is in
 * kvm->srcu may still have the old one.
 */
void memslots_publish(struct machine *m);
/* Whom synchronize_srcu() of kvm->srcu waits for from now on. */
void srcu_note_readers(struct machine *m);
/* What was changed in the active set is taken over into the other. */
void memslots_propagate(struct machine *m, int row);
/* Is the task in a read section of kvm->srcu, in which a row may survive a cut? */
bool task_reads_slots(const struct task *t);

/* The row that holds @gfn (an INVALID one too), or NO_SLOT. */
int memslot_of_gfn(const struct machine *m, gfn_t gfn);
int memslot_of_id(const struct machine *m, int id);
const struct memslot *memslot_row(const struct machine *m, int row);
bool memslot_is(const struct machine *m, int row, u16 flags);
/* __gfn_to_hva_many(): an hva, KVM_HVA_ERR_BAD or KVM_HVA_ERR_RO_BAD. */
hva_t memslot_hva(struct machine *m, int row, gfn_t gfn, bool write);
/* The gfns of @row that [start, end) covers: gfn_lo .. gfn_hi, hi rounded up. False: none. */
bool memslot_overlap(const struct memslot *slot, hva_t start, hva_t end, gfn_t *lo, gfn_t *hi);
bool memslots_overlap(struct machine *m, hva_t start, hva_t end);

/* mark_page_dirty_in_slot(), and the bitmap that KVM_GET_DIRTY_LOG reads: words of 64 pages. */
bool memslot_knows_dirty(struct machine *m, int row, gfn_t gfn);
void memslot_mark_dirty(struct machine *m, int row, gfn_t gfn);
u64 memslot_dirty_word(struct machine *m, int row, u64 word);
void memslot_set_dirty_word(struct machine *m, int row, u64 word, u64 bits);
void memslot_clear_dirty(struct machine *m, int row);
void memslot_fill_dirty(struct machine *m, int row);
