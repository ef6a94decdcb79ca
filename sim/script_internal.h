/* SPDX-License-Identifier: GPL-2.0-only */
/* script_internal.h: what script.c and script_commands.c share. */
#pragma once

#include "model/host_mm.h"
#include "sim/lab_vmm.h"
#include "sim/script.h"

enum { MAX_REGIONS = 32, MAX_BACKGROUND = 4, MAX_LATER = 4,	/* labvmm's own bounds */
       MAX_STARTED = 32 };	/* threads with names of their own */

#define CODE_HVA	(RBASE - 0x100000)
#define CODE_SIZE	0x4000
/* Is the code page in an LRU batch when the recording begins? */
bool script_code_waits_for_lru(const struct recording *recording);

/* A row of world.file that is never used: what open() did not find. */
enum { NO_FILE = MAX_FILES - 1 };

struct script {
	const struct recording *recording;
	struct {
		const char *name;
		uint64_t base, size, offset;
		int file;
	} region[MAX_REGIONS];
	size_t nr_regions;
	const char *mode[MAX_OBJECTS];		/* of each object, as the script has it; NULL */
	const char *mapped_mode[MAX_OBJECTS];	/* when it was mapped; NULL: it never was */
	const char *file_path[MAX_FILES];	/* NULL: has none */
	char *name[MAX_FILES];			/* paths that are not a word */
	size_t nr_files;
	size_t gmem;			/* the last guest_memfd */
	bool has_gmem;
	bool has_no_dax;		/* nothing is mounted there */
	struct { uint64_t gpa, hva, size; } slot[64];
	struct event *events;		/* of the command at hand */
	size_t nr_events, room;
	bool watches, autodrain;
	bool swaps;			/* swapon has run */
	bool child_died;		/* of a signal */
	bool has_child, is_mergeable;	/* a child that may have memory for ksmd */
	uint64_t ksm_hva;		/* of a page that ksmd has merged; 0: none */
	struct { uint64_t key, value; } *ksm_frame;	/* stb_ds: where each was, by its frame */
	struct event background[MAX_BACKGROUND];	/* of bg; .op NULL: not running */
	struct event later[MAX_LATER];	/* of later, until a look-up has opened its window */
	size_t nr_later;
	bool has_no_window;		/* the recorder's driver cannot open one */
	struct { char name[32]; struct event event; } started[MAX_STARTED];	/* by thread */
	struct found_page *found;	/* by the scanner of compaction, list after list */
	bool overlaps;			/* the command's events run at the same time */
	char *file;			/* NAME.out, for messages */
};

/* One more event of the command at hand, with what all of them share filled in. */
struct event *script_add(struct script *s, const struct command *c, enum event_id id);
/* What kernel threads did meanwhile (script_daemons.c). */
void script_daemons(struct script *s, const struct command *c);
/* Userfaultfd (script_uffd.c) */
const char *script_uffd(struct script *s, const struct command *c);
const char *script_gstart(struct script *s, const struct command *c);
const char *script_hstart(struct script *s, const struct command *c);
/* What a thread called @name begins: it may stop, or wait. Or why it cannot. (script_stop.c) */
const char *script_begin(struct script *s, struct event *e, const char *name);
const char *script_start(struct script *s, const struct command *c);
const char *script_resume(struct script *s, const struct command *c);
/* Does a thread that it starts, or wakes, act for it? */
bool script_starts_thread(const struct command *c);
const char *script_gwake(struct script *s, const struct command *c);
const char *script_reclaim(struct script *s, const struct command *c);
const char *script_compact(struct script *s, const struct command *c);
/* The command's words; "0" where there is none. */
const char *script_word(const struct command *c, size_t i);

struct script_row {
	const char *name;
	/* NULL, or why it is not modelled */
	const char *(*run)(struct script *s, const struct command *c);
	bool looks;			/* changes nothing in the world */
};

/* The row of @name, or NULL. */
const struct script_row *script_row(const char *name);

static inline uint64_t number(const struct command *c, size_t i)
{
	return script_number(script_word(c, i));
}

static inline uint64_t option(const struct command *c, const char *key, uint64_t preset)
{
	const char *value = script_option(c, key);

	return value ? script_number(value) : preset;
}

const char *do_slot(struct script *s, const struct command *c);
const char *do_slotdel(struct script *s, const struct command *c);
const char *do_dirtylog(struct script *s, const struct command *c);
const char *do_cleardirty(struct script *s, const struct command *c);
const char *do_cap(struct script *s, const struct command *c);
const char *do_randw(struct script *s, const struct command *c);
const char *do_randr(struct script *s, const struct command *c);
const char *do_par(struct script *s, const struct command *c);
const char *do_bg(struct script *s, const struct command *c);
const char *do_bgstop(struct script *s, const struct command *c);
const char *do_later(struct script *s, const struct command *c);
const char *do_join(struct script *s, const struct command *c);
const char *script_kvm(struct script *s, const struct command *c);
const char *script_xen(struct script *s, const struct command *c);
/* script_gmem.c */
const char *script_gmemslot(struct script *s, const struct command *c);
const char *script_private(struct script *s, const struct command *c);
const char *script_gpunch(struct script *s, const struct command *c);
const char *script_prefault(struct script *s, const struct command *c);
const char *script_vmsave(struct script *s, const struct command *c);
/* script_ksm.c: what ksmd merged while @c ran; the command "ksm"; a setting of it */
#define KSM_SYSFS	"/sys/kernel/mm/ksm/"
#define KVM_SYSFS	"/sys/module/kvm/parameters/"
#define SHMEM_SYSFS	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"
void script_ksm_merges(struct script *s, const struct command *c);
const char *script_ksm(struct script *s, const struct command *c);
const char *script_ksm_set(struct script *s, const struct command *c);
/* script_files.c: the row of the file that is mapped, made or cut to size as open() does. */
const char *script_kvm_set(struct script *s, const struct command *c, const char *name);
const char *script_shmem_huge(struct script *s, const struct command *c);
const char *script_open(struct script *s, const struct command *c, const char *kind, uint64_t size,
			int *file);
const char *script_truncate(struct script *s, const struct command *c);
const char *script_punch(struct script *s, const struct command *c);
const char *script_fallocate(struct script *s, const struct command *c);
const char *script_fwrite(struct script *s, const struct command *c);
const char *script_shell(struct script *s, const struct command *c);
