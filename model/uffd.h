/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uffd.h: userfaultfd: what faults have of it, and who is woken.
 *
 * Linux: fs/userfaultfd.c, mm/userfaultfd.c, include/linux/userfaultfd_k.h; 5.12 to 7.2.
 */
#pragma once

#include "model/path.h"

/* userfaultfd_wp_use_markers(): is what is protected there and not mapped kept in mind? */
bool uffd_uses_markers(const struct machine *m, const struct vma *vma);
/* What replaces a marker at @hva is protected as it was: pte_mkuffd_wp(). */
u64 marked_entry(struct machine *m, const struct vma *vma, hva_t hva, u64 entry);
/* Known to this kernel */
bool uffd_has_ioctl(const struct machine *m, u8 verb);
/* wake_userfault(): whoever waits for an address in [@start, @end) */
void uffd_wake(struct machine *m, hva_t start, hva_t end);

/* UFFDIO_MOVE (uffd_move.c): where what is at hand comes from */
hva_t uffd_source(const struct uffd_op *op);
bool leaf_is_exclusive(struct machine *m, const struct pt_leaf *leaf);
/* Takes a reference on the page of an entry, to op->page; an errno: it does not move. */
s32 uffd_take(struct machine *m, struct uffd_op *op, const struct pt_leaf *leaf);
void uffd_move_leaf(struct machine *m, const struct uffd_op *op, const struct pt_leaf *leaf);
/* check_ptes_for_batched_move(): pages one behind the other, in both tables of PTEs */
bool uffd_goes_along(struct machine *m, const struct uffd_op *op);

/* Steps of a fault (path_userfault.c) */
DECLARE_STEP(resolve_async);
bool is_resolved_async(const struct machine *m, const struct task *t);
/* userfaultfd_huge_pmd_wp() with UFFD_FEATURE_WP_ASYNC: a PMD is split */
bool is_async_wp(const struct machine *m, const struct vma *vma, const struct pt_leaf *leaf);
DECLARE_STEP(clear_marker);
DECLARE_STEP(ask_userspace);
DECLARE_STEP(userfault_retry);
bool marker_is_stale(const struct machine *m, const struct task *t);
bool userspace_must_resolve(const struct machine *m, const struct task *t);
bool userspace_must_fill(const struct machine *m, const struct task *t);
bool fault_was_left(const struct machine *m, const struct task *t);
