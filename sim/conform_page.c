/* SPDX-License-Identifier: GPL-2.0-only */
/* conform_page.c: pages, entries and errors as canonical text, from either side. */
#include "sim/conform_internal.h"

#include <string.h>

#include "model/semantics.h"

/* Since 6.12 the word of a hugetlb page's mapcount holds its type (PGTY_hugetlb). */
int mapcount_shown(int recorded)
{
	return recorded < -1 ? 0 : recorded;
}

static void say_page(struct said *said, const struct page_facts *page, const char *frame)
{
	say_more(said, "%spfn=%s", page->last ? "last " : "", frame);
	if (page->nopage) {
		say_more(said, " NOPAGE");
		return;
	}
	say_more(said, " ref=%d map=%d", page->ref,
		 mapcount_shown(page->map));
	if (page->head || page->tail)
		say_more(said, " %s(order%d headref=%d)", page->head ? "head" : "tail",
			 page->order, page->headref);
	if (page->reserved)
		say_more(said, " rsvd");
}

struct said page_said_recorded(const struct page_facts *page)
{
	struct said said = say("%s", page->known ? "" : "no page");

	if (page->known)
		say_page(&said, page, say("0x%llx", (unsigned long long)page->pfn).text);
	return said;
}

struct said page_said_model(struct run *run, pfn_t pfn, bool last)
{
	const struct page *page = page_of(&run->vm->m, pfn);
	const struct page *head = page_of(&run->vm->m, page->head);
	struct page_facts facts = {
		.known = true, .last = last, .nopage = !(page->flags & PG_VALID),
		.head = page->flags & PG_HEAD, .tail = page->flags & PG_TAIL,
		.reserved = page->flags & PG_RESERVED, .map = page->mapcount, .order = head->order,
		.ref = page->refcount + lru_correction(run, pfn), .headref = head->refcount,
	};
	struct said said = say("%s", "");

	say_page(&said, &facts, frame_said(&run->frames, pfn).text);
	return said;
}

uint64_t spte_without_frame(const struct run *run, uint64_t spte, uint64_t *frame)
{
	const struct spte_format *format = spte_format_of(&run->vm->m);

	*frame = ~(uint64_t)0;
	if (!spte_is_present(format, spte))
		return spte;
	*frame = pt_pfn(spte);
	return spte & ~PT_ADDR_MASK;
}

/* As the recorder writes them. */
const char *errno_name(s32 error)
{
	static const struct { s32 number; const char *name; } names[] = {
		{ 0, "OK" }, { -1, "EPERM" }, { -2, "ENOENT" }, { -4, "EINTR" }, { -5, "EIO" },
		{ -11, "EAGAIN" }, { -12, "ENOMEM" }, { -13, "EACCES" }, { -14, "EFAULT" },
		{ -16, "EBUSY" }, { -17, "EEXIST" }, { -19, "ENODEV" }, { -22, "EINVAL" },
		{ -25, "ENOTTY" }, { -28, "ENOSPC" },
		{ -38, "ENOSYS" }, { -95, "EOPNOTSUPP" }, { -133, "EHWPOISON" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].number == error)
			return names[i].name;
	return "another errno";
}

const char *error_pfn_name(u64 pfn)
{
	static const char *const names[] = { "ERR_FAULT", "ERR_HWPOISON", "ERR_RO_FAULT",
					     "ERR_SIGPENDING", "ERR_NEEDS_IO" };

	if (pfn == KVM_PFN_NOSLOT)
		return "NOSLOT";
	if (pfn - KVM_PFN_ERR_MASK < ARRAY_SIZE(names))
		return names[pfn - KVM_PFN_ERR_MASK];
	return "ERR?";
}

/*
 * enum pageflags: include/linux/page-flags.h of the kernel that ran. 6.8 moved PG_referenced and
 * PG_dirty up by one (PG_writeback became bit 1), 6.12 lost PG_error.
 */
static const struct { const char *release; u8 referenced, dirty, reserved; } flag_bits[] = {
	{ "6.1.", 1, 3, 12 },
	{ "6.8.", 2, 4, 14 },
	{ "6.12.", 2, 4, 13 },
	{ "7.2.", 2, 4, 13 },
};

static struct said say_flags(bool referenced, bool dirty, bool reserved)
{
	return say("%s%s%s", referenced ? "referenced" : "-", dirty ? " dirty" : " -",
		   reserved ? " reserved" : " -");
}

struct said flags_said_recorded(const struct run *run, uint64_t flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(flag_bits); i++)
		if (!strncmp(run->recording->uname, flag_bits[i].release,
			     strlen(flag_bits[i].release)))
			return say_flags(flags >> flag_bits[i].referenced & 1,
					 flags >> flag_bits[i].dirty & 1,
					 flags >> flag_bits[i].reserved & 1);
	return say("%s", "");
}

struct said flags_said_model(struct run *run, pfn_t pfn)
{
	u32 flags = page_of(&run->vm->m, pfn)->flags;

	return say_flags(flags & PG_REFERENCED, flags & PG_DIRTY, flags & PG_RESERVED);
}
