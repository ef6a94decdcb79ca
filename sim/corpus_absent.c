/* SPDX-License-Identifier: GPL-2.0-only */
/* corpus_absent.c: bugs without a trace, because they are about what is not modelled. */
#include "sim/corpus.h"

const struct corpus_absent corpus_absent[] = {
	{ "B07",
	  "vfio type1 and ACRN follow a PFN, and then decide by its page (07956b6269d3, "
	  "3d6586008f7b)",
	  "users of their own are not modelled; the same two mistakes in KVM are B01 and B06" },
	{ "B19",
	  "Dirty and accessed are written to the zero page (a1040b0d42ac, 5.19)",
	  "GUP marks that page accessed itself (FOLL_TOUCH), and its entries are read-only, never "
	  "dirty: no flag tells whether KVM did, too" },
	{ "B22",
	  "arm64: tags are written to the shared zero page (2986a6257405)",
	  "memory tags are not modelled" },
	{ "B28",
	  "SEV: pinned pages are flushed after somebody else may have unpinned them "
	  "(5ef1d8c1ddbf)",
	  "SEV and its pins are not modelled" },
	{ "B35",
	  "arm64, riscv, e500: a block's size is taken from the VMA (71cc2c67fb8f)",
	  "stage-2 tables of other architectures are not modelled, a fault is of 4K; x86 walks "
	  "the host's tables: B36" },
	{ "B38",
	  "Shadow paging: an rmap stays behind when a guest's PDE is changed from outside "
	  "(0cb2af2ea66a)",
	  "the guest's page tables are not modelled" },
	{ "B53",
	  "arm64, riscv: the VMA is looked up, mmap_lock dropped, the sequence read too late "
	  "(13ec9308a857)",
	  "what a VMA is asked for there, a block's size, is not modelled" },
	{ "B57",
	  "A worker's asynchronous page fault outlives its vCPU (3d75b8aa5c29, 6.9, "
	  "CVE-2024-26976)",
	  "no page, reference or entry is at stake: the worker holds the VM's mm and, up to 6.8, "
	  "the VM; what may go under it is KVM's code, if that is a module" },
	{ "B62",
	  "The memory type of a PFNMAP is not the guest's, nor the VMA's",
	  "PAT and MTRR are not modelled: memory-type-compatible" },
	{ "B63",
	  "A memslot that goes and zaps its own leaves alone broke assigned GPUs (2019)",
	  "the cause was never found: there is no event to write down" },
	{ "B65",
	  "The memory type is guessed from PageReserved",
	  "PAT and MTRR are not modelled; what recordings show is in docs/CLAIMS.md" },
};

const size_t nr_corpus_absent = ARRAY_SIZE(corpus_absent);
