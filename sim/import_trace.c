// SPDX-License-Identifier: GPL-2.0-only
/*
 * import_trace.c: a recording as a trace: what host and guest did, in the order recorded.
 *
 * Of the host's memory only what KVM saw is known: addresses of memslots, and ranges that were
 * invalidated. Memory is anonymous, unless a count of 0, or no page, was recorded where the guest
 * has it: then it is a driver's, of that kind. A range is dropped (MADV_DONTNEED), a driver's
 * zapped, and one of MMU_NOTIFY_PROTECTION_VMA loses its access. What KVM did with it (x-recorded
 * and so on) is for comparison, and replay computes it anew.
 */
#define _GNU_SOURCE	/* asprintf() */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/ast.h"
#include "sim/import_internal.h"

enum { MAX_REGIONS = 30, MAX_OBJECTS = 8, MAX_VCPU = 4, MODEL_SLOTS = 16, MAX_LINES = 900000,
       MAX_ASSUMED = 8, MAX_UNMAPS = 8, UNMAP = 0, PROTECTION_VMA = 2, BLOCK_PAGES = 1024 };

enum backing { ANON, COUNT_0, NO_PAGE };

struct region {
	uint64_t start, end;
	enum backing backing;
	uint64_t pfn;			/* of its first page, NO_PAGE; as recorded */
	int object;			/* of a driver; -1: none */
	bool has_released, has_unreleased;	/* pages that were mapped */
	bool is_guess;			/* COUNT_0, or NO_PAGE: nothing says which */
};

struct last { uint64_t key; size_t value; };	/* a page of the host: its last fault */

struct writer {
	struct import *import;
	FILE *out;
	struct region region[MAX_REGIONS];
	size_t nr_regions;
	struct import_slots slots;
	struct import_fate *fates;	/* by place in .events */
	struct import_event *assumed;	/* stb_ds: memslots that were there before */
	struct last *last;		/* stb_ds map */
	size_t nr_lines, nr_outside, nr_unmaps;
	char *limit, *order, *kind;	/* sentences; NULL */
	bool knows_counts;		/* but for what .kind says */
};

/*
 * Neither a driver's page of VM_PFNMAP nor MMIO is referenced or marked by 7.2's
 * kvm_follow_pfn(); of an NPT entry make_spte() has no bit hang on kvm_is_mmio_pfn() but SME's.
 */
#define NO_DIFFERENCE	" but=v7.2"

__attribute__((format(printf, 2, 3)))
static void say_limit(struct writer *w, const char *format, ...)
{
	char text[200];
	va_list args;

	if (w->limit)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	w->limit = strdup(text);
}

/* ---- the host's memory ---- */

static struct region *region_of(struct writer *w, uint64_t hva)
{
	for (size_t i = 0; i < w->nr_regions; i++)
		if (hva >= w->region[i].start && hva < w->region[i].end)
			return &w->region[i];
	return NULL;
}

/* Regions that overlap become one. */
static void add_region(struct writer *w, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < w->nr_regions; i++) {
		struct region *r = &w->region[i];

		if (start >= r->end || end <= r->start)
			continue;
		start = start < r->start ? start : r->start;
		end = end > r->end ? end : r->end;
		w->region[i--] = w->region[--w->nr_regions];
	}
	if (w->nr_regions == MAX_REGIONS) {
		say_limit(w, "more than %d regions of memory", MAX_REGIONS);
		return;
	}
	w->region[w->nr_regions++] = (struct region){ .start = start, .end = end, .object = -1 };
}

static bool is_good_slot(const struct import_event *e)
{
	uint64_t all = e->value[2] | e->value[3] | e->value[4];

	return !(all & 4095) && e->value[0] < 32767 && e->value[4] < 1ULL << 47 &&
	       e->value[3] <= 1ULL << 40 && e->value[4] + e->value[3] <= 1ULL << 47 &&
	       e->value[2] < 1ULL << 46 && e->value[2] + e->value[3] <= 1ULL << 46;
}

/*
 * Mapped and not released: a page without a count, or none. KVM has EPT's memory type UC for what
 * is no RAM (kvm_is_mmio_pfn()), and NPT has no such bits.
 */
static void guess_backing(struct writer *w, struct region *r, const struct import_fate *fate,
			  uint64_t hva)
{
	bool no_ram = w->import->ept && !(fate->spte >> 3 & 7);

	r->backing = no_ram ? NO_PAGE : COUNT_0;
	r->is_guess = !w->import->ept;
	if (no_ram)
		r->pfn = import_pfn(fate->spte) - ((hva - r->start) >> 12);
}

/* A driver's, if a page of it has no count. */
static void find_backing(struct writer *w, size_t i)
{
	const struct import_event *e = &w->import->events[i];
	const struct import_fate *fate = &w->fates[i];
	const struct import_slot *slot = import_slot_of(&w->slots, 0, e->value[1]);
	uint64_t hva = slot ? slot->hva + (e->value[1] - slot->gpa) : 0;
	struct region *r = slot ? region_of(w, hva) : NULL;

	if (slot && fate->is_mapped)
		hmput(w->last, hva & ~4095ULL, i);
	if (!r)
		return;
	r->has_released |= fate->is_mapped && fate->has_count && !fate->no_page;
	r->has_unreleased |= fate->is_mapped && fate->is_uncounted;
	if (r->backing != ANON)
		return;
	if (fate->is_uncounted && fate->is_mapped)
		guess_backing(w, r, fate, hva);
	else if (fate->is_uncounted)
		r->backing = COUNT_0;
	if (fate->no_page && fate->is_mapped) {
		r->backing = NO_PAGE;
		r->pfn = import_pfn(fate->spte) - ((hva - r->start) >> 12);
	}
}

static void find_regions(struct writer *w)
{
	const struct import_event *events = w->import->events;

	for (size_t i = 0; i < arrlenu(w->assumed) && i < MAX_ASSUMED; i++) {
		const struct import_event *e = &w->assumed[i];

		if (!is_good_slot(e))
			continue;
		add_region(w, e->value[4], e->value[4] + e->value[3]);
		import_slots_set(&w->slots, e);
	}
	for (size_t i = 0; i < arrlenu(events); i++)
		if (events[i].kind == IMPORT_MEMSLOT && events[i].value[3] &&
		    is_good_slot(&events[i]))
			add_region(w, events[i].value[4], events[i].value[4] + events[i].value[3]);
	for (size_t i = 0; i < arrlenu(events); i++) {
		if (events[i].kind == IMPORT_MEMSLOT)
			import_slots_set(&w->slots, &events[i]);
		if (events[i].kind == IMPORT_FAULT)
			find_backing(w, i);
	}
	w->slots.n = 0;
}

static void say_kind(struct writer *w, const struct region *r)
{
	if (!w->kind && asprintf(&w->kind, "counts of pages at 0x%llx: mapped, and none was "
				 "released; NPT does not say whether they are a driver's, without "
				 "a count, or MMIO, which kernels to 6.12 tell apart",
				 (unsigned long long)r->start) < 0)
		abort();
}

static unsigned order_of(uint64_t pages)
{
	unsigned order = 0;

	while (1ULL << order < pages)
		order++;
	return order;
}

static void write_regions(struct writer *w)
{
	int objects = 0;

	for (size_t i = 0; i < w->nr_regions; i++) {
		struct region *r = &w->region[i];
		uint64_t pages = (r->end - r->start) >> 12;

		if (r->has_released && r->has_unreleased) {
			say_limit(w, "memory at 0x%llx of which some pages were released after "
				  "faults, and some were not", (unsigned long long)r->start);
			r->backing = ANON;
		}
		if (r->backing == COUNT_0 && r->is_guess)
			say_kind(w, r);
		if (r->backing == COUNT_0 && pages > BLOCK_PAGES)
			say_limit(w, "a driver's block of %llu pages", (unsigned long long)pages);
		else if (r->backing != ANON && objects < MAX_OBJECTS)
			r->object = objects++;
		else if (r->backing != ANON)
			say_limit(w, "more than %d drivers' objects", MAX_OBJECTS);
		if (r->object >= 0 && r->backing == COUNT_0)
			fprintf(w->out, "alloc O%d noncompound order=%u\n", r->object,
				order_of(pages));
		else if (r->object >= 0)
			fprintf(w->out, "alloc O%d mmio pages=%llu pfn=0x%llx\n", r->object,
				(unsigned long long)pages, (unsigned long long)r->pfn);
		fprintf(w->out, "mmap R%zu 0x%llx ", i, (unsigned long long)(r->end - r->start));
		if (r->object >= 0)
			fprintf(w->out, "device O%d", r->object);
		else
			fprintf(w->out, "anon");
		fprintf(w->out, " hva=0x%llx\n", (unsigned long long)r->start);
	}
}

/* ---- what happened ---- */

static void write_slot(struct writer *w, const struct import_event *e)
{
	unsigned id = e->value[0] & 0xffff;
	bool had = false;

	for (size_t i = 0; i < w->slots.n; i++)
		had |= w->slots.slot[i].id == e->value[0];
	if (e->value[0] >> 16) {
		say_limit(w, "memslots of SMM's address space");
		return;
	}
	if (!is_good_slot(e)) {
		say_limit(w, "memslot %u is none that the model takes", id);
		return;
	}
	if (!e->value[3] && had)
		fprintf(w->out, "memslot-delete %u x-place=%u\n", id, e->place);
	w->nr_lines += e->value[3] || had;
	if (e->value[3] && (w->slots.n < MODEL_SLOTS || had)) {
		fprintf(w->out, "memslot %u 0x%llx 0x%llx 0x%llx", id,
			(unsigned long long)e->value[2], (unsigned long long)e->value[4],
			(unsigned long long)e->value[3]);
		if (e->value[1] & 3)
			fprintf(w->out, " flags=%s", (e->value[1] & 3) == 3 ? "log,ro" :
				e->value[1] & 1 ? "log" : "ro");
		fprintf(w->out, " x-place=%u\n", e->place);
	} else if (e->value[3]) {
		say_limit(w, "more than %d memslots", MODEL_SLOTS);
		return;
	}
	import_slots_set(&w->slots, e);
}

/*
 * AMD's and shadow paging's error code has bit 1 for a write and 4 for a fetch, NPT's a bit 32 or
 * 33 as well; Intel's exit qualification has bit 1 for a write and 2 for a fetch.
 */
static const char *access_of(const struct import *import, uint64_t code)
{
	bool pferr = code >> 32 || !import->ept;

	return code & 2 ? "write" : code & (pferr ? 1 << 4 : 1 << 2) ? "exec" : "read";
}

static void write_fault(struct writer *w, const struct import_event *e,
			const struct import_fate *fate)
{
	unsigned vcpu = e->known & 1 ? e->value[0] : 0;
	const char *access = access_of(w->import, e->value[2]);
	uint64_t pages = 1ULL << 9 * (fate->level - fate->is_mapped);

	if (e->value[1] >= 1ULL << 46) {
		say_limit(w, "guest physical address 0x%llx", (unsigned long long)e->value[1]);
		return;
	}
	if (vcpu >= MAX_VCPU)
		say_limit(w, "vCPU %u is taken for vCPU %u", vcpu, vcpu % MAX_VCPU);
	fprintf(w->out, "%s 0x%llx%s", access, (unsigned long long)e->value[1] & ~3ULL,
		*access == 'w' ? " 1" : "");
	if (vcpu % MAX_VCPU)
		fprintf(w->out, " vcpu=%u", vcpu % MAX_VCPU);
	fprintf(w->out, " x-place=%u", e->place);
	if (fate->is_mapped)
		fprintf(w->out, " x-recorded=mapped x-pfn=0x%llx x-level=%llu x-spte=0x%llx",
			(unsigned long long)(import_pfn(fate->spte) +
					     (e->value[1] >> 12 & (pages - 1))),
			(unsigned long long)fate->level, (unsigned long long)fate->spte);
	else if (fate->is_refused)
		fprintf(w->out, " x-recorded=efault");
	if (fate->has_count)
		fprintf(w->out, " x-count=%lld", fate->no_page ? -1LL : (long long)fate->count);
	fprintf(w->out, "\n");
	w->nr_lines++;
	if (fate->in_flight && !w->order)
		w->order = strdup("the order of steps: an invalidation begins while another "
				  "thread's fault is under way; one is taken after the other");
}

/* Does the guest get memory in [@start, @end) once more, after event @i? */
static bool is_mapped_again(const struct writer *w, size_t i, uint64_t start, uint64_t end)
{
	struct last *last = w->last;

	if ((end - start) >> 12 > hmlenu(last)) {
		for (size_t l = 0; l < hmlenu(last); l++)
			if (last[l].key >= start && last[l].key < end && last[l].value > i)
				return true;
		return false;
	}
	for (uint64_t page = start; page < end; page += 4096)
		if (hmget(last, page) > i)
			return true;
	return false;
}

/* What goes for good has been unmapped; munmap() splits a region, of which there are not many. */
static const char *what_happened(struct writer *w, size_t i, uint64_t start, uint64_t end)
{
	const struct import_event *e = &w->import->events[i];

	if (e->known & 4 && e->value[2] == PROTECTION_VMA)
		return "numa-hint";
	if (!(e->known & 4) || e->value[2] != UNMAP || w->nr_unmaps == MAX_UNMAPS ||
	    is_mapped_again(w, i, start, end))
		return "dontneed";
	w->nr_unmaps++;
	return "munmap";
}

static void write_range(struct writer *w, size_t i)
{
	const struct import_event *e = &w->import->events[i];
	bool found = false;

	for (size_t n = 0; n < w->nr_regions; n++) {
		const struct region *r = &w->region[n];
		uint64_t start = e->value[0] > r->start ? e->value[0] & ~4095ULL : r->start;
		uint64_t end = e->value[1] < r->end ? (e->value[1] + 4095) & ~4095ULL : r->end;

		if (start >= end)
			continue;
		found = true;
		if (r->object >= 0)
			fprintf(w->out, "zap O%d %llu %llu x-place=%u\n", r->object,
				(unsigned long long)(start - r->start) >> 12,
				(unsigned long long)(end - start) >> 12, e->place);
		else
			fprintf(w->out, "%s 0x%llx 0x%llx x-place=%u\n",
				what_happened(w, i, start, end), (unsigned long long)start,
				(unsigned long long)(end - start), e->place);
		w->nr_lines++;
	}
	w->nr_outside += !found;
}

static void write_events(struct writer *w)
{
	const struct import *import = w->import;
	enum import_kind ranges = import->count[IMPORT_INV_START] ? IMPORT_INV_START : IMPORT_RANGE;

	for (size_t i = 0; i < arrlenu(w->assumed) && i < MAX_ASSUMED; i++)
		write_slot(w, &w->assumed[i]);
	for (size_t i = 0; i < arrlenu(import->events) && w->nr_lines < MAX_LINES; i++) {
		const struct import_event *e = &import->events[i];

		if (e->kind == IMPORT_MEMSLOT)
			write_slot(w, e);
		if (e->kind == IMPORT_FAULT)
			write_fault(w, e, &w->fates[i]);
		if (e->kind == ranges)
			write_range(w, i);
	}
	if (w->nr_lines >= MAX_LINES)
		say_limit(w, "more than %d events: the rest is left out", MAX_LINES);
}

static void write_head(const struct writer *w, FILE *out)
{
	const struct import *import = w->import;
	char title[160];

	fprintf(out, "pfntrace 1\n");
	snprintf(title, sizeof(title), "imported from %s%s%s, evidence E%d", import->form,
		 import->release[0] ? " of " : "", import->release,
		 import->level < 0 ? 0 : import->level);
	fprintf(out, "title ");
	ast_print_string(title, out);
	fprintf(out, "\nsource ");
	ast_print_string(import->path, out);
	fprintf(out, "\n");
	/* Of these two only what was recorded is judged. */
	for (size_t i = 0; i < NR_LACKS; i++)
		if (import->lacks[i] && i != LACK_REFS && i != LACK_FREES) {
			fprintf(out, "lacks %s ", import_lack_name(i));
			ast_print_string(import->lacks[i], out);
			fprintf(out, "%s\n", i == LACK_COUNTS && w->knows_counts ?
				NO_DIFFERENCE : "");
		}
	fprintf(out, "config stage2=%s\n", import->ept ? "ept" : "npt");
	fprintf(out, "# %zu invalidations were of memory that no memslot has.\n", w->nr_outside);
}

static void move_sentence(struct import *import, enum import_lack lack, char *sentence)
{
	if (!sentence)
		return;
	free(import->lacks[lack]);
	import->lacks[lack] = sentence;
}

char *import_trace(struct import *import, struct error *error)
{
	struct writer w = { .import = import };
	char *body = NULL, *text = NULL;
	size_t size;
	FILE *out;

	w.out = open_memstream(&body, &size);
	if (!w.out)
		abort();
	w.fates = import_fates(import);
	w.assumed = import_assume_slots(import, w.fates);
	if (arrlenu(w.assumed) > MAX_ASSUMED)
		say_limit(&w, "%zu pieces of memory in no memslot", arrlenu(w.assumed));
	find_regions(&w);
	write_regions(&w);
	write_events(&w);
	fclose(w.out);
	move_sentence(import, LACK_LIMIT, w.limit);
	move_sentence(import, LACK_ORDER, w.order);
	w.knows_counts = !import->lacks[LACK_COUNTS];
	move_sentence(import, LACK_COUNTS, w.kind);
	if (w.nr_lines) {
		out = open_memstream(&text, &size);
		if (!out)
			abort();
		write_head(&w, out);
		fputs(body, out);
		fclose(out);
	} else {
		error_at(error, import->path, 0, 0, "nothing in it that could be replayed: no "
			 "memslot, no fault, no invalidation of memory that a memslot has");
	}
	free(body);
	arrfree(w.assumed);
	hmfree(w.last);
	free(w.fates);
	return text;
}
