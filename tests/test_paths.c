// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a look-up comes to, for every kind of page in every kind of mapping, by caller and kernel:
 * the outcome, the references while it is used and afterwards, and the entry's bit.
 *
 * A cell says "HELD/AFTER", the change of the folio's count; "bN" is v11's bit. The columns are
 * kernels: get_page() (5.12), get_page_unless_zero() (6.1, 6.8), the same where GUP-fast refuses
 * what may be secret memory (6.12), the series without and with unsafe mappings, the merged rework.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/host_mm.h"
#include "model/memslot.h"
#include "model/page.h"
#include "model/tdp.h"
#include "sim/event.h"
#include "tests/support.h"

enum page_kind { ANON0, CHEAD, CTAIL, HOHEAD, HOTAIL, RESV, ZERO, ZDEV, ZDEV0, NOPAGE };
enum mapping { NORMAL, PFNMAP, REMAPPED, IO_SPECIAL, IO_NORMAL, MIXED_NORMAL, MIXED_SPECIAL };

enum { NR_COLUMNS = 6 };

static const struct {
	const char *semantics;
	unsigned column;
} columns[] = {
	{ "v5.12", 0 }, { "v6.1", 1 }, { "v6.8-rc3", 1 }, { "v6.8", 1 }, { "v6.12", 2 },
	{ "v11", 3 }, { "v11-unsafe", 4 }, { "v7.2", 5 }, { "v11-p1", 1 }, { "v11-p2", 1 },
	{ "v11-on-v6.8", 3 },
};

/* Of no column: what each of them does is in traces/series. */
static const char *const halfway[] = {
	"v5.11", "v11-p3", "v11-p4", "v11-p5", "v11-p6", "v11-p7",
};

/* NULL: not asked. */
struct cells {
	const char *by[NR_COLUMNS];
};

#define C(...)	{ { __VA_ARGS__ } }
#define ALL(c)	C(c, c, c, c, c, c)

#define FAULT_GUP	C("+1/0", "+1/0", "+1/0", "0/0 b1", "0/0 b1", "+1/0")
#define FAULT_REF	C("+1/0", "+1/0", "+1/0", "0/0 b1", "0/0 b1", "0/0")
#define FAULT_NOREF	C("+1/0", "efault", "efault", "0/0 b0", "0/0 b0", "0/0")
#define FAULT_NOPAGE	C("0/0", "0/0", "0/0", "0/0 b0", "0/0 b0", "0/0")
#define FAULT_NONE	ALL("efault")

#define MAP_SMALL	C("+1/0", "+1/0", "+1/0", "+1/0", "+1/0", "+1024/0")
#define MAP_LARGE	C("+1/0", "+1/0", "+1/0", "+1/0", "+1/0", "+1/0")
#define MAP_REF		C("+1/0", "+1/0", "+1/0", "+1/0", "+1/0", "einval")
#define MAP_NOREF	C("+1/0", "einval", "einval", "einval", "0/0", "einval")
#define MAP_NOPAGE	C("0/0", "0/0", "0/0", "einval", "0/0", "einval")
#define MAP_NONE	ALL("einval")

/* gfn_to_pfn_prot(), gfn_to_pfn(), __gfn_to_pfn_memslot() and the caller's release; none in 7.2 */
#define LOOKUP_GUP	C("+1/0", "+1/0", "+1/0", "+1/0", "+1/0", NULL)
#define LOOKUP_NOREF	C("+1/0", "efault", "efault", "efault", "efault", NULL)
#define LOOKUP_NOPAGE	C("0/0", "0/0", "0/0", "efault", "0/0", NULL)
#define LOOKUP_NONE	C("efault", "efault", "efault", "efault", "efault", NULL)
#define LOOKUP_LEAK	C("+1/+1", "+1/+1", "+1/+1", "+1/+1", "+1/+1", NULL)

struct row {
	const char *name;
	u8 page, vma;
	bool write;
	struct cells fault, map, lookup;
};

/* The host PTE is present and, but for the ZERO_PAGE in anonymous memory, writable. */
static const struct row rows[] = {
	{ "ANON0 NORMAL write", ANON0, NORMAL, true, FAULT_GUP, MAP_SMALL, LOOKUP_GUP },
	{ "ANON0 NORMAL read", ANON0, NORMAL, false, FAULT_GUP, MAP_SMALL, LOOKUP_GUP },
	{ "ANON0 PFNMAP write", ANON0, PFNMAP, true, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "ANON0 PFNMAP read", ANON0, PFNMAP, false, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "ANON0 remapped write", ANON0, REMAPPED, true, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "ANON0 IO_special write", ANON0, IO_SPECIAL, true, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "ANON0 IO_normal write", ANON0, IO_NORMAL, true,
	  C("+1/0", "+1/0", "+1/0", "0/0 b1", "0/0 b1", "0/0"), MAP_REF, LOOKUP_GUP },
	{ "ANON0 MIXED_normal write", ANON0, MIXED_NORMAL, true, FAULT_GUP, MAP_SMALL, LOOKUP_GUP },
	{ "ANON0 MIXED_special write", ANON0, MIXED_SPECIAL, true, FAULT_NONE, MAP_NONE,
	  LOOKUP_NONE },

	{ "CHEAD NORMAL write", CHEAD, NORMAL, true, FAULT_GUP, MAP_LARGE, LOOKUP_GUP },
	{ "CHEAD PFNMAP write", CHEAD, PFNMAP, true, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "CHEAD remapped write", CHEAD, REMAPPED, true, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "CHEAD IO_special write", CHEAD, IO_SPECIAL, true, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "CHEAD IO_normal write", CHEAD, IO_NORMAL, true, FAULT_GUP, MAP_LARGE, LOOKUP_GUP },
	{ "CHEAD MIXED_normal write", CHEAD, MIXED_NORMAL, true, FAULT_GUP, MAP_LARGE, LOOKUP_GUP },
	{ "CHEAD MIXED_special write", CHEAD, MIXED_SPECIAL, true, FAULT_NONE, MAP_NONE,
	  LOOKUP_NONE },

	{ "CTAIL NORMAL write", CTAIL, NORMAL, true, FAULT_GUP, MAP_LARGE, LOOKUP_GUP },
	{ "CTAIL NORMAL read", CTAIL, NORMAL, false, FAULT_GUP, MAP_LARGE, LOOKUP_GUP },
	{ "CTAIL PFNMAP write", CTAIL, PFNMAP, true, FAULT_NOREF, MAP_NOREF, LOOKUP_NOREF },
	{ "CTAIL PFNMAP read", CTAIL, PFNMAP, false, FAULT_NOREF, MAP_NOREF, LOOKUP_NOREF },
	{ "CTAIL remapped write", CTAIL, REMAPPED, true, FAULT_NOREF, MAP_NOREF, LOOKUP_NOREF },
	{ "CTAIL IO_special write", CTAIL, IO_SPECIAL, true, FAULT_NOREF, MAP_NOREF,
	  LOOKUP_NOREF },
	{ "CTAIL IO_normal write", CTAIL, IO_NORMAL, true, FAULT_GUP, MAP_LARGE, LOOKUP_GUP },
	{ "CTAIL MIXED_normal write", CTAIL, MIXED_NORMAL, true, FAULT_GUP, MAP_LARGE, LOOKUP_GUP },
	{ "CTAIL MIXED_special write", CTAIL, MIXED_SPECIAL, true, FAULT_NONE, MAP_NONE,
	  LOOKUP_NONE },

	{ "HOHEAD PFNMAP write", HOHEAD, PFNMAP, true, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "HOHEAD remapped write", HOHEAD, REMAPPED, true, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "HOHEAD IO_special write", HOHEAD, IO_SPECIAL, true, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "HOHEAD IO_normal write", HOHEAD, IO_NORMAL, true,
	  C("+1/0", "+1/0", "+1/0", "0/0 b1", "0/0 b1", "0/0"), MAP_REF, LOOKUP_GUP },
	{ "HOHEAD MIXED_normal write", HOHEAD, MIXED_NORMAL, true, FAULT_GUP, MAP_SMALL,
	  LOOKUP_GUP },
	{ "HOHEAD MIXED_special write", HOHEAD, MIXED_SPECIAL, true, FAULT_NONE, MAP_NONE,
	  LOOKUP_NONE },

	{ "HOTAIL PFNMAP write", HOTAIL, PFNMAP, true, FAULT_NOREF, MAP_NOREF, LOOKUP_NOREF },
	{ "HOTAIL PFNMAP read", HOTAIL, PFNMAP, false, FAULT_NOREF, MAP_NOREF, LOOKUP_NOREF },
	{ "HOTAIL remapped write", HOTAIL, REMAPPED, true, FAULT_NOREF, MAP_NOREF, LOOKUP_NOREF },
	{ "HOTAIL IO_special write", HOTAIL, IO_SPECIAL, true, FAULT_NOREF, MAP_NOREF,
	  LOOKUP_NOREF },
	{ "HOTAIL MIXED_special write", HOTAIL, MIXED_SPECIAL, true, FAULT_NONE, MAP_NONE,
	  LOOKUP_NONE },

	{ "RESV PFNMAP write", RESV, PFNMAP, true, FAULT_NOPAGE, MAP_NOPAGE, LOOKUP_NOPAGE },
	{ "RESV remapped write", RESV, REMAPPED, true, FAULT_NOPAGE, MAP_NOPAGE, LOOKUP_NOPAGE },
	{ "RESV IO_special write", RESV, IO_SPECIAL, true, FAULT_NOPAGE, MAP_NOPAGE,
	  LOOKUP_NOPAGE },
	{ "RESV IO_normal write", RESV, IO_NORMAL, true,
	  C("+1/+1", "+1/+1", "0/0", "0/0 b1", "0/0 b1", "0/0"),
	  C("+1/+1", "+1/+1", "0/0", "+1/0", "+1/0", "einval"),
	  C("+1/+1", "+1/+1", "0/0", "+1/+1", "+1/+1", NULL) },
	{ "RESV MIXED_normal write", RESV, MIXED_NORMAL, true,
	  C("+1/+1", "+1/+1", "+1/+1", "0/0 b1", "0/0 b1", "+1/0"),
	  C("+1/+1", "+1/+1", "+1/+1", "+1/0", "+1/0", "+1024/0"), LOOKUP_LEAK },
	{ "RESV MIXED_special write", RESV, MIXED_SPECIAL, true, FAULT_NONE, MAP_NONE,
	  LOOKUP_NONE },

	{ "ZERO NORMAL read", ZERO, NORMAL, false, FAULT_GUP, ALL(NULL), LOOKUP_GUP },
	{ "ZERO PFNMAP write", ZERO, PFNMAP, true, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "ZERO remapped write", ZERO, REMAPPED, true, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "ZERO IO_special write", ZERO, IO_SPECIAL, true, FAULT_REF, MAP_REF, LOOKUP_GUP },

	{ "ZDEV PFNMAP write", ZDEV, PFNMAP, true, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "ZDEV IO_special write", ZDEV, IO_SPECIAL, true, FAULT_REF, MAP_REF, LOOKUP_GUP },
	{ "ZDEV MIXED_special write", ZDEV, MIXED_SPECIAL, true, FAULT_NONE, MAP_NONE,
	  LOOKUP_NONE },
	{ "ZDEV0 PFNMAP write", ZDEV0, PFNMAP, true, FAULT_NOPAGE, MAP_NOPAGE, LOOKUP_NOPAGE },
	{ "ZDEV0 MIXED_special write", ZDEV0, MIXED_SPECIAL, true, FAULT_NONE, MAP_NONE,
	  LOOKUP_NONE },

	{ "NOPAGE PFNMAP write", NOPAGE, PFNMAP, true, FAULT_NOPAGE, MAP_NOPAGE, LOOKUP_NOPAGE },
	{ "NOPAGE PFNMAP read", NOPAGE, PFNMAP, false, FAULT_NOPAGE, MAP_NOPAGE, LOOKUP_NOPAGE },
	{ "NOPAGE remapped write", NOPAGE, REMAPPED, true, FAULT_NOPAGE, MAP_NOPAGE,
	  LOOKUP_NOPAGE },
	{ "NOPAGE IO_special write", NOPAGE, IO_SPECIAL, true, FAULT_NOPAGE, MAP_NOPAGE,
	  LOOKUP_NOPAGE },
	{ "NOPAGE MIXED_special write", NOPAGE, MIXED_SPECIAL, true, FAULT_NONE, MAP_NONE,
	  LOOKUP_NONE },
};

#define READ_ONLY_PAGE	\
	ALL("mmio"), ALL("einval"),	\
	C("ro_fault", "ro_fault", "ro_fault", "efault", "efault", NULL)
#define READ_ONLY_NOPAGE	\
	ALL("mmio"), ALL("einval"),	\
	C("ro_fault", "ro_fault", "ro_fault", "efault", "ro_fault", NULL)

/* Writes where the host's PTE is read-only: to userspace; finding A2 is in the wrappers' column. */
static const struct row read_only_rows[] = {
	{ "ANON0 PFNMAP", ANON0, PFNMAP, true, READ_ONLY_PAGE },
	{ "CHEAD PFNMAP", CHEAD, PFNMAP, true, READ_ONLY_PAGE },
	{ "CTAIL PFNMAP", CTAIL, PFNMAP, true, READ_ONLY_PAGE },
	{ "HOTAIL remapped", HOTAIL, REMAPPED, true, READ_ONLY_PAGE },
	{ "HOTAIL IO_special", HOTAIL, IO_SPECIAL, true, READ_ONLY_PAGE },
	{ "HOHEAD IO_normal", HOHEAD, IO_NORMAL, true, READ_ONLY_PAGE },
	{ "ZDEV PFNMAP", ZDEV, PFNMAP, true, READ_ONLY_PAGE },
	{ "RESV PFNMAP", RESV, PFNMAP, true, READ_ONLY_NOPAGE },
	{ "RESV IO_normal", RESV, IO_NORMAL, true, READ_ONLY_NOPAGE },
	{ "NOPAGE PFNMAP", NOPAGE, PFNMAP, true, READ_ONLY_NOPAGE },
	{ "NOPAGE IO_special", NOPAGE, IO_SPECIAL, true, READ_ONLY_NOPAGE },
};

#define READ_ONLY_SLOT	\
	ALL("mmio"), ALL("einval"),	\
	C("ro_fault", "ro_fault", "ro_fault", "ro_fault", "ro_fault", NULL)

/* Writes to a read-only memslot, whatever is behind it. */
static const struct row slot_rows[] = {
	{ "ANON0 NORMAL", ANON0, NORMAL, true, READ_ONLY_SLOT },
	{ "CTAIL NORMAL", CTAIL, NORMAL, true, READ_ONLY_SLOT },
	{ "HOTAIL PFNMAP", HOTAIL, PFNMAP, true, READ_ONLY_SLOT },
	{ "RESV MIXED_normal", RESV, MIXED_NORMAL, true, READ_ONLY_SLOT },
	{ "NOPAGE PFNMAP", NOPAGE, PFNMAP, true, READ_ONLY_SLOT },
};

#define NOT_WRITABLE	ALL("-")
#define WRITABLE_V11	C("-", "-", "-", "W", "W", "-")

/* What a read through a read-only memslot leaves: W, or not. Finding A1. */
static const struct row slot_read_rows[] = {
	{ "ANON0 NORMAL", ANON0, NORMAL, false, NOT_WRITABLE, ALL(NULL), ALL(NULL) },
	{ "CHEAD NORMAL", CHEAD, NORMAL, false, NOT_WRITABLE, ALL(NULL), ALL(NULL) },
	{ "ANON0 MIXED_normal", ANON0, MIXED_NORMAL, false, NOT_WRITABLE, ALL(NULL), ALL(NULL) },
	{ "ANON0 PFNMAP", ANON0, PFNMAP, false, WRITABLE_V11, ALL(NULL), ALL(NULL) },
	{ "HOHEAD IO_special", HOHEAD, IO_SPECIAL, false, WRITABLE_V11, ALL(NULL), ALL(NULL) },
	{ "RESV PFNMAP", RESV, PFNMAP, false, WRITABLE_V11, ALL(NULL), ALL(NULL) },
	{ "NOPAGE remapped", NOPAGE, REMAPPED, false, WRITABLE_V11, ALL(NULL), ALL(NULL) },
};

/* ---- a host and a VM with one such page ---- */

enum { HVA_BASE = 0x40000000 };

struct place {
	struct vm *vm;
	u64 index;		/* of the page in its mapping, which is behind gfn 0 */
	pfn_t pfn;
	s32 before;
};

static struct outcome run_event(struct vm *vm, struct event event)
{
	static struct event kept[MAX_TASKS];
	static unsigned next;
	struct event *e = &kept[next++ % MAX_TASKS];
	struct outcome outcome;
	struct error error;

	*e = event;
	e->number = 1;
	e->label = "it";
	if (!event_run(vm, e, &outcome, &error))
		fail_msg("%s", error.text);
	return outcome;
}

static void must(struct vm *vm, struct event event)
{
	struct outcome outcome = run_event(vm, event);

	if (outcome.error || !strcmp(outcome.word, "sigsegv"))
		fail_msg("setting up: %s", outcome.word);
}

static u8 alloc_kind_of(enum page_kind page)
{
	static const u8 kind[] = {
		[ANON0] = ALLOC_ORDER0, [CHEAD] = ALLOC_COMPOUND, [CTAIL] = ALLOC_COMPOUND,
		[HOHEAD] = ALLOC_NONCOMPOUND, [HOTAIL] = ALLOC_NONCOMPOUND,
		[RESV] = ALLOC_RESERVED, [ZERO] = ALLOC_ORDER0, [ZDEV] = ALLOC_ZONE_DEVICE,
		[ZDEV0] = ALLOC_ZONE_DEVICE, [NOPAGE] = ALLOC_MMIO,
	};

	return kind[page];
}

static u8 mode_of(enum mapping vma)
{
	static const u8 mode[] = {
		[NORMAL] = MODE_PAGE, [PFNMAP] = MODE_PFN, [REMAPPED] = MODE_REMAP,
		[IO_SPECIAL] = MODE_IO_MIXED, [IO_NORMAL] = MODE_IO_INSERT,
		[MIXED_NORMAL] = MODE_INSERT, [MIXED_SPECIAL] = MODE_MIXED,
	};

	return mode[vma];
}

static void make_pages(struct vm *vm, const struct row *row)
{
	u8 kind = alloc_kind_of(row->page);

	must(vm, (struct event){ .id = EVENT_ALLOC, .kind = kind, .order = 1, .count = 1,
				 .pfn = kind == ALLOC_MMIO ? 0xfe000 : NO_PFN });
	must(vm, (struct event){ .id = EVENT_MODE, .mode = mode_of(row->vma) });
	if (row->page == ZERO)
		object_set_pfn(&vm->m, 0, 0, vm->w.config.zero_pfn);
}

static void populate(struct vm *vm, const struct row *row, hva_t hva)
{
	bool zero = row->page == ZERO;

	must(vm, (struct event){ .id = zero ? EVENT_HOST_READ : EVENT_HOST_WRITE, .hva = hva });
}

static s32 count_of(const struct place *place)
{
	struct machine *m = &place->vm->m;

	return page_is(m, place->pfn, PG_VALID) ? page_count(m, place->pfn) : 0;
}

struct protection {
	bool of_the_host;	/* PROT_READ, once the PTE is there */
	u16 flags;		/* of the memslot */
};

static struct place set_up(const struct semantics_patch *patch, const struct row *row,
			   const struct protection *protection)
{
	const struct vm_config config = { .ept = true, .ad = true, .zero_pfn = NO_PFN,
					  .first_frame = FIRST_FRAME, .code_gpa = NO_PFN };
	struct place place = { .vm = vm_new(patch, &config),
			       .index = row->page == CTAIL || row->page == HOTAIL };
	bool anon = row->vma == NORMAL && (row->page == ANON0 || row->page == ZERO);
	u64 pages = place.index + 1;
	hva_t hva = HVA_BASE + place.index * PAGE_SIZE;
	struct pt_leaf leaf;

	if (!anon)
		make_pages(place.vm, row);
	must(place.vm, (struct event){ .id = EVENT_MMAP, .hva = HVA_BASE,
				       .size = pages * PAGE_SIZE, .prot = VM_READ | VM_WRITE,
				       .backing = anon ? VMA_ANON : VMA_DEVICE });
	populate(place.vm, row, hva);
	if (row->page == ZDEV0)
		must(place.vm, (struct event){ .id = EVENT_REF, .delta = -1 });
	if (protection->of_the_host)
		must(place.vm, (struct event){ .id = EVENT_MPROTECT, .hva = HVA_BASE,
					       .size = pages * PAGE_SIZE, .prot = VM_READ });
	must(place.vm, (struct event){ .id = EVENT_MEMSLOT, .slot = 1, .hva = HVA_BASE,
				       .size = pages * PAGE_SIZE, .flags = protection->flags });
	leaf = host_leaf(&place.vm->m, hva);
	assert_true(leaf.present);
	place.pfn = host_leaf_pfn(&leaf, hva);
	place.before = count_of(&place);
	return place;
}

/* ---- what is asked ---- */

static void say(char *cell, size_t size, s32 held, s32 after)
{
	size_t n = snprintf(cell, size, held ? "%+d" : "%d", held);

	snprintf(cell + n, size - n, after ? "/%+d" : "/%d", after);
}

static void say_bit(const struct place *place, char *cell, size_t size)
{
	struct machine *m = &place->vm->m;
	struct pt_leaf leaf = tdp_walk(m, tdp_current_root(m), place->index);
	u64 mask = refcounted_mask(m);
	size_t n = strlen(cell);

	assert_true(spte_is_leaf(spte_format_of(m), leaf.entry, leaf.level));
	assert_int_equal(pt_pfn(leaf.entry), place->pfn);
	if (mask)
		snprintf(cell + n, size - n, " b%d", !!(leaf.entry & mask));
}

static struct outcome resume(struct vm *vm)
{
	return run_event(vm, (struct event){ .id = EVENT_RESUME, .name = "it" });
}

static void ask_fault(const struct place *place, const struct row *row, char *cell, size_t size)
{
	struct outcome outcome = run_event(place->vm, (struct event){
		.id = row->write ? EVENT_WRITE : EVENT_READ, .gpa = place->index * PAGE_SIZE,
		.count = 1, .until = "lock_mmu" });
	s32 held = count_of(place) - place->before;

	if (!outcome.paused) {
		snprintf(cell, size, "%s", outcome.word);
		return;
	}
	outcome = resume(place->vm);
	assert_string_equal(outcome.word, "mapped");
	say(cell, size, held, count_of(place) - place->before);
	say_bit(place, cell, size);
}

/* Is the entry that a read leaves writable? */
static void ask_writable(const struct place *place, const struct row *row, char *cell, size_t size)
{
	struct machine *m = &place->vm->m;
	const struct spte_format *format = spte_format_of(m);
	struct pt_leaf leaf;

	ask_fault(place, row, cell, size);
	leaf = tdp_walk(m, tdp_current_root(m), place->index);
	if (spte_is_leaf(format, leaf.entry, leaf.level))
		snprintf(cell, size, "%s", spte_is_writable(format, leaf.entry) ? "W" : "-");
}

static void ask_map(const struct place *place, const struct row *row, char *cell, size_t size)
{
	struct outcome outcome = run_event(place->vm, (struct event){
		.id = EVENT_MAP, .gpa = place->index * PAGE_SIZE });
	s32 held = count_of(place) - place->before;

	(void)row;
	if (outcome.error) {
		snprintf(cell, size, "%s", outcome.word);
		return;
	}
	outcome = run_event(place->vm, (struct event){ .id = EVENT_UNMAP });
	assert_int_equal(outcome.error, 0);
	say(cell, size, held, count_of(place) - place->before);
}

static void ask_wrapper(const struct place *place, const struct row *row, unsigned api,
			char *cell, size_t size)
{
	struct outcome outcome = run_event(place->vm, (struct event){
		.id = EVENT_LOOKUP, .gpa = place->index * PAGE_SIZE, .api = api,
		.write = row->write, .until = "lookup_release" });
	s32 held = count_of(place) - place->before;

	if (!outcome.paused) {
		snprintf(cell, size, "%s", outcome.word);
		return;
	}
	resume(place->vm);
	say(cell, size, held, count_of(place) - place->before);
}

static void ask_prot(const struct place *place, const struct row *row, char *cell, size_t size)
{
	ask_wrapper(place, row, LOOKUP_PROT, cell, size);
}

/* It always asks for writing, and breaks COW of what is only read here. */
static void ask_pfn(const struct place *place, const struct row *row, char *cell, size_t size)
{
	unsigned api = row->page == ZERO && row->vma == NORMAL ? LOOKUP_PROT : LOOKUP_PFN;

	ask_wrapper(place, row, api, cell, size);
}

static void ask_memslot(const struct place *place, const struct row *row, char *cell, size_t size)
{
	ask_wrapper(place, row, LOOKUP_MEMSLOT, cell, size);
}

typedef void (*ask_fn)(const struct place *place, const struct row *row, char *cell, size_t size);

static const struct protection open_to_all, host_read_only = { .of_the_host = true };
static const struct protection slot_read_only = { .flags = KVM_MEM_READONLY };

static void compare(const struct row *row, const struct cells *cells,
		    const struct protection *protection, ask_fn ask)
{
	char wrong[1000] = "";
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		const char *wanted = cells->by[columns[i].column];
		char cell[40] = "";
		struct place place;

		if (!wanted)
			continue;
		place = set_up(semantics_find(columns[i].semantics), row, protection);
		ask(&place, row, cell, sizeof(cell));
		vm_free(place.vm);
		if (strcmp(cell, wanted))
			used += snprintf(wrong + used, sizeof(wrong) - used, "\n  %s: %s, not %s",
					 columns[i].semantics, cell, wanted);
	}
	if (used)
		fail_msg("%s%s", row->name, wrong);
}

static void a_fault_comes_to_this(void **state)
{
	const struct row *row = *state;

	compare(row, &row->fault, &open_to_all, ask_fault);
}

static void kvm_vcpu_map_comes_to_this(void **state)
{
	const struct row *row = *state;

	compare(row, &row->map, &open_to_all, ask_map);
}

static void gfn_to_pfn_prot_comes_to_this(void **state)
{
	const struct row *row = *state;

	compare(row, &row->lookup, &open_to_all, ask_prot);
}

static void gfn_to_pfn_comes_to_this(void **state)
{
	const struct row *row = *state;

	compare(row, &row->lookup, &open_to_all, ask_pfn);
}

static void gfn_to_pfn_memslot_comes_to_this(void **state)
{
	const struct row *row = *state;

	compare(row, &row->lookup, &open_to_all, ask_memslot);
}

static void a_write_over_a_read_only_pte_comes_to_this(void **state)
{
	const struct row *row = *state;

	compare(row, &row->fault, &host_read_only, ask_fault);
	compare(row, &row->map, &host_read_only, ask_map);
	compare(row, &row->lookup, &host_read_only, ask_prot);
	compare(row, &row->lookup, &host_read_only, ask_pfn);
	compare(row, &row->lookup, &host_read_only, ask_memslot);
}

static void a_write_to_a_read_only_memslot_comes_to_this(void **state)
{
	const struct row *row = *state;

	compare(row, &row->fault, &slot_read_only, ask_fault);
	compare(row, &row->map, &slot_read_only, ask_map);
	compare(row, &row->lookup, &slot_read_only, ask_prot);
	compare(row, &row->lookup, &slot_read_only, ask_pfn);
	compare(row, &row->lookup, &slot_read_only, ask_memslot);
}

static void a_read_of_a_read_only_memslot_leaves_w_or_not(void **state)
{
	const struct row *row = *state;

	compare(row, &row->fault, &slot_read_only, ask_writable);
}

static void every_semantics_has_its_column_or_is_halfway(void **state)
{
	size_t n = 0;

	(void)state;
	while (all_semantics[n])
		n++;

	assert_int_equal(n, ARRAY_SIZE(columns) + ARRAY_SIZE(halfway));
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		assert_non_null(semantics_find(columns[i].semantics));
	for (size_t i = 0; i < ARRAY_SIZE(halfway); i++)
		assert_non_null(semantics_find(halfway[i]));
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, a_fault_comes_to_this, rows);
	LIST_ROWS(&list, kvm_vcpu_map_comes_to_this, rows);
	LIST_ROWS(&list, gfn_to_pfn_prot_comes_to_this, rows);
	LIST_ROWS(&list, gfn_to_pfn_comes_to_this, rows);
	LIST_ROWS(&list, gfn_to_pfn_memslot_comes_to_this, rows);
	LIST_ROWS(&list, a_write_over_a_read_only_pte_comes_to_this, read_only_rows);
	LIST_ROWS(&list, a_write_to_a_read_only_memslot_comes_to_this, slot_rows);
	LIST_ROWS(&list, a_read_of_a_read_only_memslot_leaves_w_or_not, slot_read_rows);
	LIST_TEST(&list, every_semantics_has_its_column_or_is_halfway);
	return list_run(&list, "paths");
}
