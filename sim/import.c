// SPDX-License-Identifier: GPL-2.0-only
/*
 * import.c: which form a recording has, its order of time, and what it lacks.
 *
 * The level of evidence is 0 with KVM's stage-2 entries, 1 with the ranges of invalidations as
 * well, 2 with counts of pages too. What is lacking is said in a sentence each; a law that needs it
 * is open (import_laws.c), and so is a replay of the whole.
 */
#define _GNU_SOURCE	/* vasprintf() */
#include "sim/import.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stb/stb_ds.h>

#include "sim/import_internal.h"

static const char dat_magic[] = "\x17\x08\x44tracing";

static size_t head_of(const char *path, char *room, size_t size)
{
	FILE *file = fopen(path, "rb");
	size_t got = file ? fread(room, 1, size - 1, file) : 0;

	if (file)
		fclose(file);
	room[got] = '\0';
	return got;
}

static bool is_dat(const char *head, size_t length)
{
	return length >= sizeof(dat_magic) - 1 &&
	       !memcmp(head, dat_magic, sizeof(dat_magic) - 1);
}

/* A pipe, whose begin would be lost by looking at it. */
static bool can_be_read_once(int fd)
{
	struct stat stat;

	return !fstat(fd, &stat) && !S_ISREG(stat.st_mode);
}

bool import_is(const char *path)
{
	static const char zstd_magic[] = "\x28\xb5\x2f\xfd";
	char head[65536];
	size_t length = head_of(path, head, sizeof(head));
	struct import_line line;
	char *next;

	if (is_dat(head, length))
		return true;
	if (length > 4 && !memcmp(head, zstd_magic, 4))
		return import_text_is(path);
	if (!strncmp(head, "pfntrace", strlen("pfntrace")))
		return false;
	for (char *at = head; at && *at; at = next) {
		next = strchr(at, '\n');
		if (next)
			*next++ = '\0';
		if (import_line(at, &line) == LINE_EVENT)
			return true;
	}
	return false;
}

__attribute__((format(printf, 3, 4)))
static void lack(struct import *import, enum import_lack what, const char *format, ...)
{
	va_list args;

	free(import->lacks[what]);
	va_start(args, format);
	if (vasprintf(&import->lacks[what], format, args) < 0)
		abort();
	va_end(args);
}

const char *import_lack_name(enum import_lack lack)
{
	static const char *const names[] = {
		"faults", "stage2-entries", "stage2-zaps", "ranges", "range-ends", "memslots",
		"counts", "page-ref", "frees", "lost-events", "unread", "one-vm", "format",
		"order", "limits",
	};

	return names[lack];
}

/* ---- order of time ---- */

static int compare_events(const void *x, const void *y)
{
	const struct import_event *a = x, *b = y;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

static bool is_same(const struct import_event *a, const struct import_event *b)
{
	return a->kind == b->kind && a->pid == b->pid && a->cpu == b->cpu &&
	       !memcmp(a->value, b->value, sizeof(a->value));
}

/* A memslot that one function passes to the next, with a probe on both. */
static void drop_doubles(struct import *import)
{
	size_t kept = 0;

	for (size_t i = 0; i < arrlenu(import->events); i++) {
		const struct import_event *e = &import->events[i];
		bool twice = kept && e->kind == IMPORT_MEMSLOT &&
			     is_same(&import->events[kept - 1], e);

		if (!twice)
			import->events[kept++] = *e;
	}
	arrsetlen(import->events, kept);
}

/* ---- what is lacking ---- */

static size_t count_of(const struct import *import, enum import_kind kind)
{
	return import->count[kind];
}

/*
 * EPT's leaves have a memory type in bits 3 to 5, of which WB is 6 and UC 0; NPT's and shadow
 * paging's have A in bit 5 alone.
 */
static void find_format(struct import *import)
{
	bool has_entry = false, has_present = false;

	import->format_known = false;
	for (size_t i = 0; i < arrlenu(import->events); i++) {
		const struct import_event *e = &import->events[i];
		bool has_old = e->kind == IMPORT_SPTE, ept = e->value[0] == 1;
		uint64_t spte = e->value[has_old ? 4 : 2];
		bool says = e->kind == IMPORT_ISA && (ept || e->value[0] == 2);

		if (has_old || e->kind == IMPORT_SET_SPTE) {
			has_entry |= spte != 0;
			has_present |= spte >> 11 & 1;
			ept = (spte >> 3 & 7) == 6;
			says = import_is_leaf(spte, e->value[has_old ? 2 : 1]) &&
			       (ept || (spte >> 3 & 7) == 4);
		}
		if (says && !import->format_known)
			import->ept = ept;
		import->format_known |= says;
	}
	if (!import->format_known)
		lack(import, LACK_FORMAT, "whether the host has EPT or NPT: no stage-2 entry says");
	else if (has_entry && !has_present)
		lack(import, LACK_FORMAT, "which stage-2 entries are present: none has bit 11, "
		     "which says so since 5.13");
}

static void find_ends(struct import *import)
{
	size_t open = 0, without_begin = 0;

	if (!count_of(import, IMPORT_INV_END)) {
		lack(import, LACK_ENDS, "ends of invalidations: no probe on "
		     "kvm_mmu_notifier_invalidate_range_end()");
		return;
	}
	if (!count_of(import, IMPORT_INV_START)) {
		lack(import, LACK_ENDS, "begins of invalidations: no probe on "
		     "kvm_mmu_notifier_invalidate_range_start()");
		return;
	}
	for (size_t i = 0; i < arrlenu(import->events); i++) {
		open += import->events[i].kind == IMPORT_INV_START;
		if (import->events[i].kind == IMPORT_INV_END && open)
			open--;
		else if (import->events[i].kind == IMPORT_INV_END)
			without_begin++;
	}
	if (open || without_begin)
		lack(import, LACK_ENDS, "ends of invalidations: %zu begin and do not end, %zu end "
		     "and do not begin", open, without_begin);
}

/* Leaves outside of every memslot that was seen to be set. */
static void find_slots(struct import *import)
{
	struct import_slots slots = { .n = 0 };
	size_t outside = 0;
	uint64_t gfn = 0;

	if (count_of(import, IMPORT_IOCTL) && !count_of(import, IMPORT_MEMSLOT)) {
		for (size_t i = 0; i < arrlenu(import->events); i++)
			outside += import->events[i].kind == IMPORT_IOCTL &&
				   (import->events[i].value[0] & 0xffff) == 0xae46;
		if (outside) {
			lack(import, LACK_SLOTS, "memslots: %zu calls of "
			     "KVM_SET_USER_MEMORY_REGION, without what they say", outside);
			return;
		}
	}
	if (!count_of(import, IMPORT_MEMSLOT)) {
		lack(import, LACK_SLOTS, "memslots: no probe on kvm_set_memory_region()");
		return;
	}
	for (size_t i = 0; i < arrlenu(import->events); i++) {
		const struct import_event *e = &import->events[i];

		if (e->kind == IMPORT_MEMSLOT && !import_slots_set(&slots, e))
			lack(import, LACK_LIMIT, "more than %d memslots", IMPORT_MAX_SLOTS);
		if (e->kind != IMPORT_SPTE || !import_is_leaf(e->value[4], e->value[2]) ||
		    import_slot_of(&slots, e->value[0], e->value[1] << 12))
			continue;
		gfn = outside++ ? gfn : e->value[1];
	}
	if (outside)
		lack(import, LACK_SLOTS, "memslots: %zu entries are in none that was recorded, the "
		     "first for gfn 0x%llx: recorded from before the VM began?", outside,
		     (unsigned long long)gfn);
}

/*
 * Memslots of two struct kvm, or vCPUs of one number on two threads at once: two VMs, whose gfns
 * are not told apart.
 */
static void find_vms(struct import *import)
{
	enum { MANY = 64 };
	int32_t pid[MANY] = { 0 };
	uint64_t kvm = 0;

	for (size_t i = 0; i < arrlenu(import->events); i++) {
		const struct import_event *e = &import->events[i];

		if (e->kind != IMPORT_MEMSLOT || !(e->known & 1 << 5))
			continue;
		if (kvm && kvm != e->value[5]) {
			lack(import, LACK_ONE_VM, "which VM it is: memslots of two, struct kvm at "
			     "0x%llx and 0x%llx", (unsigned long long)kvm,
			     (unsigned long long)e->value[5]);
			return;
		}
		kvm = e->value[5];
	}
	for (size_t i = 0; i < arrlenu(import->events); i++) {
		const struct import_event *e = &import->events[i];

		if (e->kind != IMPORT_FAULT || !(e->known & 1) || e->value[0] >= MANY)
			continue;
		if (pid[e->value[0]] && pid[e->value[0]] != e->pid) {
			lack(import, LACK_ONE_VM, "which VM it is: threads %d and %d both run a "
			     "vCPU %u (pfnsim import --vm takes one)", pid[e->value[0]],
			     e->pid, (unsigned)e->value[0]);
			return;
		}
		pid[e->value[0]] = e->pid;
	}
}

/*
 * What "trace-cmd report --cpu" leaves, or a copy of one CPU's buffer. A header that counts the
 * events of all CPUs, as ftrace's does (get_total_entries()), settles it.
 */
static bool is_of_one_cpu(const struct import *import)
{
	return strcmp(import->form, "bpftrace") && strcmp(import->form, "trace.dat") &&
	       import->cpu >= 0 && !import->other_cpu && import->cpus > 1 && !import->declared;
}

static void find_loss(struct import *import)
{
	const char *lines = strcmp(import->form, "trace.dat") ? "line" : "record";
	const struct import_event *at;

	if (import->nr_gaps && import->lost)
		lack(import, LACK_LOST, "lost events: %llu, in %zu place%s, first at %s %u",
		     (unsigned long long)import->lost, import->nr_gaps,
		     import->nr_gaps > 1 ? "s" : "", lines, import->first_gap);
	else if (import->nr_gaps)
		lack(import, LACK_LOST, "lost events: in %zu place%s, first at %s %u, and nobody "
		     "says how many", import->nr_gaps, import->nr_gaps > 1 ? "s" : "", lines,
		     import->first_gap);
	else if (import_contrary(import, &at))
		lack(import, LACK_LOST, "lost events, or one VM alone: gfn 0x%llx was not what "
		     "%s %u says it was", (unsigned long long)at->value[1], lines, at->place);
	else if (!import->tells_loss)
		lack(import, LACK_LOST, "lost events: an excerpt, or perf without "
		     "--show-lost-events; nothing in it says whether there were any");
	else if (is_of_one_cpu(import))
		lack(import, LACK_LOST, "lost events: all are of CPU %d, of at least %u; nothing "
		     "says whether the others had any", import->cpu, import->cpus);
	if (import->declared && import->declared != import->nr_read)
		lack(import, LACK_DAMAGE, "events: %zu are here, and its header says %llu",
		     import->nr_read, (unsigned long long)import->declared);
	else if (import->nr_unread)
		lack(import, LACK_DAMAGE, "%zu %ss that nothing could be made of, first %s %u",
		     import->nr_unread, lines, lines, import->first_unread);
	else if (import->first_back && strcmp(import->form, "bpftrace"))
		lack(import, LACK_DAMAGE, "an order of time: stamps go back at line %u; several "
		     "recordings, or times since the line before", import->first_back);
	else if (import->is_cut)
		lack(import, LACK_DAMAGE, "the end: the last line breaks off");
	else if (import->begun && !import->ended)
		lack(import, LACK_DAMAGE, "the end: the recipe's last line is not there");
}

static void find_lacks(struct import *import)
{
	bool ranges = count_of(import, IMPORT_RANGE) || count_of(import, IMPORT_INV_START);
	bool counts = count_of(import, IMPORT_COUNT) || count_of(import, IMPORT_PAGE_REF);
	bool sptes = count_of(import, IMPORT_SPTE), sets = count_of(import, IMPORT_SET_SPTE);

	import->level = !sptes && !sets ? -1 : !ranges ? 0 : !counts ? 1 : 2;
	if (!count_of(import, IMPORT_FAULT))
		lack(import, LACK_FAULTS, "faults: no kvm_page_fault");
	if (!sptes && !sets)
		lack(import, LACK_SPTES, "stage-2 entries: neither kvm_tdp_mmu_spte_changed nor "
		     "kvm_mmu_set_spte");
	if (!sptes)
		lack(import, LACK_ZAPS, "zapped entries: no kvm_tdp_mmu_spte_changed; other MMUs "
		     "than the TDP MMU do not tell");
	if (!ranges)
		lack(import, LACK_RANGES, "ranges of invalidations: neither kvm_unmap_hva_range "
		     "nor a probe on kvm_mmu_notifier_invalidate_range_start()");
	find_ends(import);
	find_slots(import);
	if (!counts)
		lack(import, LACK_COUNTS, "counts of pages: neither page_ref events nor probes on "
		     "look-up and release");
	if (!count_of(import, IMPORT_PAGE_REF))
		lack(import, LACK_REFS, "changes of counts: no page_ref events "
		     "(CONFIG_DEBUG_PAGE_REF)");
	if (!count_of(import, IMPORT_FREE))
		lack(import, LACK_FREES, "freed pages: no mm_page_free");
	find_vms(import);
	find_loss(import);
	find_format(import);
}

void import_find_lacks(struct import *import)
{
	memset(import->count, 0, sizeof(import->count));
	for (size_t i = 0; i < NR_LACKS; i++) {
		free(import->lacks[i]);
		import->lacks[i] = NULL;
	}
	for (size_t i = 0; i < arrlenu(import->events); i++)
		import->count[import->events[i].kind]++;
	find_lacks(import);
}

bool import_read(const char *path, struct sim_progress *progress, struct import *import,
		 struct error *error)
{
	char head[16];
	bool is_text = (!strcmp(path, IMPORT_STDIN) && can_be_read_once(STDIN_FILENO)) ||
		       !is_dat(head, head_of(path, head, sizeof(head)));

	*import = (struct import){ .path = path, .progress = progress };
	if (!(is_text ? import_text(import, error) : import_dat(import, error))) {
		import_free(import);
		return false;
	}
	if (import->events)
		qsort(import->events, arrlenu(import->events), sizeof(*import->events),
		      compare_events);
	drop_doubles(import);
	import_find_lacks(import);
	return true;
}

void import_free(struct import *import)
{
	arrfree(import->events);
	for (size_t i = 0; i < NR_LACKS; i++)
		free(import->lacks[i]);
	arena_free(&import->arena);
	*import = (struct import){ .path = NULL };
}
