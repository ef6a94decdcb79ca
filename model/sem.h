/* SPDX-License-Identifier: GPL-2.0-only */
/* sem.h: what the sem_*.c share: each other as bases, and helpers of the old API. */
#pragma once

#include "model/machine.h"
#include "model/mark.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/tdp.h"

extern const struct semantics_patch sem_v5_12, sem_v6_1, sem_v6_8_rc3, sem_v6_8, sem_v6_12;
extern const struct semantics_patch sem_v11, sem_v11_unsafe, sem_v7_2;

/* kvm_pfn_to_refcounted_page(), 6.1 to 6.12: a guess by the kind of page. */
bool pfn_is_refcounted(struct machine *m, pfn_t pfn);
/* kvm_release_pfn_clean/dirty(), kvm_set_pfn_dirty/accessed() of 6.1 to 6.12 */
void release_pfn(struct machine *m, pfn_t pfn, bool dirty, enum holder holder);
/* kvm_is_zone_device_pfn(), kvm_is_zone_device_page(): warns of a page without a count. */
bool is_zone_device_pfn(struct machine *m, pfn_t pfn);
/* A page with count 0 is about to be marked dirty or accessed. */
void mark_alive(struct machine *m, pfn_t pfn);
/* A hva_to_pfn_remapped() that found a read-only PTE for a write; false: it did not. */
bool remapped_read_only(struct task *t, bool writable);
void own_with_reference(struct machine *m, struct task *t, pfn_t page);
bool range_counts_if_slot(struct machine *m, const struct notify *range);
bool huge_always(struct machine *m, pfn_t pfn);
bool root_is_obsolete(struct machine *m);
u64 no_leaf_bits(struct machine *m, const struct fault *fault);
/* The sequence moved, or [lo, hi) with this point in it is being invalidated. */
bool invalidate_retry(const struct machine *m, u64 seq, u64 point);
