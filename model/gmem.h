/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gmem.h: guest_memfd: a file whose pages are memory of a guest, and which gfns are to have them.
 *
 * Linux: virt/kvm/guest_memfd.c, virt/kvm/kvm_main.c:kvm_vm_set_mem_attributes(); 6.8 to 7.2. Its
 * pages are of order 0 and live in the file's page cache (pagecache.h); a memslot is bound to a
 * part of one file.
 */
#pragma once

#include "model/base.h"
#include "model/page.h"
#include "model/pgtable.h"

struct machine;
struct memslot;

/* GUEST_MEMFD_FLAG_MMAP, GUEST_MEMFD_FLAG_INIT_SHARED (6.18) */
enum gmem_flag {
	GMEM_MMAP = 1 << 0,
	GMEM_INIT_SHARED = 1 << 1,
	GMEM_CLOSED = 1 << 7,	/* not a kernel flag: memslots do not find it any more */
};

/* kvm_gmem_get_folio(): the page of @index, found or made; @holder gets a reference. */
pfn_t gmem_grab(struct machine *m, unsigned file, u64 index, enum holder holder);
/* kvm_mem_is_private() */
bool gfn_is_private(const struct machine *m, gfn_t gfn);
/* kvm_range_has_memory_attributes() */
bool attributes_are(const struct machine *m, gfn_t start, gfn_t end, bool is_private);
void attributes_set(struct machine *m, gfn_t start, gfn_t end, bool is_private);
/* hugepage_test_mixed(): the huge page of @level that holds @gfn is partly private. */
bool attributes_mixed(const struct machine *m, gfn_t gfn, unsigned level);

/* Is a fault on @gfn one for guest_memfd? */
bool gmem_serves(struct machine *m, int row, gfn_t gfn);
/* The page that it has for @gfn, as a host leaf; .present == 0: none yet. */
struct pt_leaf gmem_leaf(struct machine *m, int row, gfn_t gfn);
/* check_memory_region_flags(), for KVM_MEM_GUEST_MEMFD */
struct slot_op;
bool gmem_flags_valid(const struct machine *m, const struct slot_op *op);
/* kvm_gmem_bind(): 0 or -errno */
s32 gmem_bind(struct machine *m, struct slot_op *op);
