// SPDX-License-Identifier: GPL-2.0-only
/*
 * equivalents.c: mutants that no script can tell from the kernel, with the argument why. If a row
 * becomes wrong, because a path has learned more, test_steps.c says so.
 */
#include <string.h>

#include "tests/mutation.h"

static bool emulates_once(const struct semantics *sem)
{
	return !sem->traits.reexecutes;
}

static bool probes_no_poison(const struct semantics *sem)
{
	return !sem->traits.checks_hwpoison;
}

static bool has_no_wrappers(const struct semantics *sem)
{
	return sem->traits.wrappers_gone;
}

/* d02c357e5bfa (6.8): the count is read without mmu_lock. */
static bool looks_under_mmu_lock(const struct semantics *sem)
{
	for (const struct step *step = sem->path[PATH_FAULT]; step->name; step++)
		if (!strcmp(step->name, "precheck_retry"))
			return false;
	return true;
}

/* kvm.eager_page_split=Y: no huge leaf is left when logging has begun. */
static bool splits_eagerly(const struct semantics *sem)
{
	for (const struct step *step = sem->path[PATH_SLOT]; step->name; step++)
		if (!strcmp(step->name, "split_slot"))
			return true;
	return false;
}

#define EXCLUDE	"at most one of the two runs: cases of one switch, by their guards"
#define DIRTIED	"the folio is locked from there to install_file_page(), which dirties it, too"
#define GONE	"gone since 6.12: .reexecutes guards it"

const struct equivalent equivalents[] = {
	/* ---- without ---- */
	{ MUTATION_DROP, "reuse_shared_page", NULL, NULL,
	  "a shared mapping of a driver's pages is born writable, and mprotect() gives W back" },
	{ MUTATION_DROP, "page_mkwrite", NULL, NULL, DIRTIED },
	{ MUTATION_DROP, "notify_begun", NULL, NULL,
	  "a mark for the laws alone: the_mark_of_notify_begun_is_for_the_laws" },
	{ MUTATION_DROP, "retry_instruction", NULL, emulates_once, GONE },
	{ MUTATION_DROP, "reexecute_instruction", NULL, emulates_once, GONE },
	{ MUTATION_DROP, "check_user_page_hwpoison", NULL, probes_no_poison,
	  "gone since 6.13: .checks_hwpoison guards it" },
	{ MUTATION_DROP, "lookup_result", NULL, has_no_wrappers, "6.13 has no wrappers" },
	{ MUTATION_DROP, "atomic_miss", NULL, has_no_wrappers,
	  "nobody has asked for an atomic look-up since 6.13" },

	/* ---- neighbours swapped ---- */
	{ MUTATION_SWAP, "map_huge_zero_page", "map_huge_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "map_huge_page", "reuse_huge_page", NULL,
	  "at most one of the two runs: what was just mapped for a write is writable" },
	{ MUTATION_SWAP, "reuse_huge_page", "begin_huge_wp", NULL, EXCLUDE },
	{ MUTATION_SWAP, "end_huge_wp", "map_zero_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "reuse_anon_page", "copy_anon_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "put_old_page", "copy_driver_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "copy_driver_page", "file_fault", NULL, EXCLUDE },
	{ MUTATION_SWAP, "file_fault", "dax_fault", NULL, EXCLUDE },
	{ MUTATION_SWAP, "dax_fault", "driver_fault", NULL, EXCLUDE },
	{ MUTATION_SWAP, "find_page", "get_mapped_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "get_mapped_page", "page_mkwrite", NULL, DIRTIED },
	{ MUTATION_SWAP, "page_mkwrite", "copy_file_page", NULL, EXCLUDE },
	{ MUTATION_SWAP, "driver_fault", "reuse_shared_page", NULL,
	  "at most one of the two runs: a shared mapping of a driver's pages is born writable" },
	{ MUTATION_SWAP, "zap_obsolete_of_wrap", "split_slot", NULL,
	  "of two different roots: what is obsolete is not split" },
	{ MUTATION_SWAP, "zap_obsolete_of_wrap", "clear_dirty_slot", NULL,
	  "of two different roots: what is obsolete is not logged" },
	{ MUTATION_SWAP, "clear_dirty_slot", "protect_slot", splits_eagerly,
	  "with PML only huge leaves lose W, and none is left" },
	{ MUTATION_SWAP, "copy_log", "harvest_log", NULL,
	  "at most one of the two runs: the log is manual or it is not" },
	{ MUTATION_SWAP, "leave_with_error", "emulate", NULL,
	  "at most one of the two runs: a fault that ends in an errno is not emulated" },
	{ MUTATION_SWAP, "faultin_wait", "note_refusal", NULL,
	  "at most one of the two runs: a read-only memslot refuses before any I/O" },
	{ MUTATION_SWAP, "mmio_fault", "fast_page_fault", NULL,
	  "fast_page_fault() finds no leaf where an MMIO entry is" },
	{ MUTATION_SWAP, "lock_mmap", "check_user_page_hwpoison", NULL,
	  "the probe's GUP takes no mmap_lock here, so that it may as well come before it" },
	{ MUTATION_SWAP, "check_user_page_hwpoison", "find_vma", probes_no_poison,
	  "gone since 6.13: .checks_hwpoison guards it" },
	{ MUTATION_SWAP, "retry_instruction", "emulate_access", emulates_once, GONE },
	{ MUTATION_SWAP, "emulate_access", "reexecute_instruction", emulates_once, GONE },
	{ MUTATION_SWAP, "reexecute_instruction", "handle_emulation_failure", emulates_once, GONE },
	{ MUTATION_SWAP, "lookup_result", "lookup_release", has_no_wrappers,
	  "6.13 has no wrappers" },
	{ MUTATION_SWAP, "notify_count", "notify_zap", looks_under_mmu_lock,
	  "mmu_lock is held for writing across both, and nobody looks without it before 6.8" },
};

const size_t nr_equivalents = ARRAY_SIZE(equivalents);
