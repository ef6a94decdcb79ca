/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/walker.h"

#include "model/machine.h"
#include "model/tdp.h"

/* Long-mode page-table entries, as nested paging uses them */
#define NPT_PRESENT		BIT(0)
#define NPT_WRITE		BIT(1)
#define NPT_USER		BIT(2)
#define NPT_ACCESSED		BIT(5)
#define NPT_DIRTY		BIT(6)
#define NPT_PAGE_SIZE		BIT(7)
#define NPT_GLOBAL		BIT(8)
#define NPT_NX			BIT(63)

/* #NPF error code */
#define NPF_PRESENT		BIT(0)
#define NPF_WRITE		BIT(1)
#define NPF_USER		BIT(2)
#define NPF_RSVD		BIT(3)
#define NPF_FETCH		BIT(4)
#define NPF_FINAL		BIT(32)

#define PTE_ADDRESS		(((u64)1 << 52) - 4096)

unsigned physical_bits(const struct machine *m)
{
	return m->w->config.physical_bits ? m->w->config.physical_bits : 46;
}

bool has_l1tf(const struct machine *m)
{
	return physical_bits(m) <= 46;
}

static unsigned index_of(u64 gfn, unsigned level)
{
	return (gfn >> (9 * (level - 1))) & 511;
}

static struct walk npt_fault(unsigned access, bool present, bool reserved)
{
	u64 code = NPF_USER | NPF_FINAL;	/* nested walks are user accesses */

	code |= (present ? NPF_PRESENT : 0) | (reserved ? NPF_RSVD : 0) |
		(access & WALK_WRITE ? NPF_WRITE : 0) | (access & WALK_EXEC ? NPF_FETCH : 0);
	return (struct walk){ .result = reserved ? WALK_MISCONFIG : WALK_VIOLATION,
			      .qualification = code };
}

/* APM vol. 2, 5.3.3: what must be 0 in a present entry. Bit 12 of a large page is PAT. */
static bool npt_reserved(const struct machine *m, u64 e, unsigned level)
{
	u64 below = level > 1 ? (((u64)1 << (12 + 9 * (level - 1))) - 1) & ~(u64)0x1fff : 0;

	if (e & PTE_ADDRESS & ~(BIT(physical_bits(m)) - 1))
		return true;
	if (level >= 4)		/* PML4E, PML5E: page size and global */
		return e & (NPT_PAGE_SIZE | NPT_GLOBAL);
	return level > 1 && (e & NPT_PAGE_SIZE) && (e & below);
}

static struct walk npt_walk(struct machine *m, u64 root, u64 gfn, unsigned access)
{
	u64 table = root, e = 0;
	bool writable = true, executable = true, was_dirty;
	u64 tables[MAX_PT_LEVELS + 1];
	unsigned top = tdp_root_level(m), level;

	for (level = top; ; level--) {
		tables[level] = table;
		e = m->phys->load(m->phys, table, index_of(gfn, level));
		if (!(e & NPT_PRESENT))
			return npt_fault(access, false, false);
		if (npt_reserved(m, e, level))
			return npt_fault(access, true, true);
		writable &= !!(e & NPT_WRITE);
		executable &= !(e & NPT_NX);
		if (!(e & NPT_USER))
			return npt_fault(access, true, false);
		if (level == 1 || (e & NPT_PAGE_SIZE))
			break;
		table = (e & PTE_ADDRESS) >> 12;
	}
	if (((access & WALK_WRITE) && !writable) || ((access & WALK_EXEC) && !executable))
		return npt_fault(access, true, false);
	was_dirty = e & NPT_DIRTY;
	for (unsigned l = top; l >= level; l--) {
		u64 old = m->phys->load(m->phys, tables[l], index_of(gfn, l));
		u64 new = old | NPT_ACCESSED;

		if (l == level && (access & WALK_WRITE))
			new |= NPT_DIRTY;
		if (new != old)
			m->phys->store(m->phys, tables[l], index_of(gfn, l), new);
		e = new;
	}
	return (struct walk){ .result = WALK_OK, .level = level, .writable = writable,
			      .executable = executable, .dirty = e & NPT_DIRTY,
			      .newly_dirty = !was_dirty && (e & NPT_DIRTY), .entry = e,
			      .pfn = (e & PTE_ADDRESS) >> 12,
			      .first = gfn & ~(((u64)1 << (9 * (level - 1))) - 1) };
}

/* That of the recordings: its exit qualifications end at bit 8. */
static struct walk intel_walk(struct machine *m, u64 root, u64 gfn, unsigned access)
{
	const struct ept_processor processor = {
		.levels = tdp_root_level(m), .physical_bits = physical_bits(m),
		.ad = m->w->config.ad, .execute_only = true, .gigantic = true,
	};
	const struct ept_access unpaged = {
		.rights = access, .linear_valid = true, .final = true, .user = true,
		.writable = true,
	};

	return ept_walk(m->phys, &processor, root, gfn, &unpaged);
}

struct walk hardware_walk(struct machine *m, u64 root, u64 gfn, unsigned access)
{
	if (m->w->config.mmu == MMU_SHADOW)
		return pae_hardware_walk(m, root, gfn, access);
	return m->w->config.ept ? intel_walk(m, root, gfn, access) : npt_walk(m, root, gfn, access);
}
