/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memslot.h: gfn to hva, and back.
 *
 * Linux: virt/kvm/kvm_main.c:__gfn_to_hva_many(), search_memslots(); one address space.
 */
#pragma once

#include "model/base.h"
#include "model/kvm.h"

struct machine;

/* The row that holds @gfn (an INVALID one too), or NO_SLOT. */
int memslot_of_gfn(struct machine *m, gfn_t gfn);
int memslot_of_id(struct machine *m, int id);
const struct memslot *memslot_row(struct machine *m, int row);
bool memslot_is(struct machine *m, int row, u16 flags);
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
