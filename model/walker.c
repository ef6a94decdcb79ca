/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/walker.h"

#include "model/machine.h"

/* EPT paging-structure entries */
#define EPT_READ		BIT(0)
#define EPT_WRITE		BIT(1)
#define EPT_EXECUTE		BIT(2)
#define EPT_PERMISSIONS		(EPT_READ | EPT_WRITE | EPT_EXECUTE)
#define EPT_MEMTYPE(e)		(((e) >> 3) & 7)
#define EPT_PAGE_SIZE		BIT(7)
#define EPT_ACCESSED		BIT(8)
#define EPT_DIRTY		BIT(9)
#define EPT_ADDRESS		(((u64)1 << 52) - 4096)

/* Exit qualification of an EPT violation */
#define QUAL_READ		BIT(0)
#define QUAL_WRITE		BIT(1)
#define QUAL_FETCH		BIT(2)
#define QUAL_PERMISSIONS_SHIFT	3
#define QUAL_LINEAR_VALID	BIT(7)
#define QUAL_FINAL		BIT(8)

/* Long-mode page-table entries, as nested paging uses them */
#define NPT_PRESENT		BIT(0)
#define NPT_WRITE		BIT(1)
#define NPT_USER		BIT(2)
#define NPT_ACCESSED		BIT(5)
#define NPT_DIRTY		BIT(6)
#define NPT_PAGE_SIZE		BIT(7)
#define NPT_NX			BIT(63)

/* #NPF error code */
#define NPF_PRESENT		BIT(0)
#define NPF_WRITE		BIT(1)
#define NPF_USER		BIT(2)
#define NPF_RSVD		BIT(3)
#define NPF_FETCH		BIT(4)
#define NPF_FINAL		BIT(32)

enum { PHYSICAL_BITS = 46 };	/* MAXPHYADDR of the simulated processor */

static unsigned index_of(u64 gfn, unsigned level)
{
	return (gfn >> (9 * (level - 1))) & 511;
}

/* SDM 29.3.3.1. Execute-only is supported; memory types 2, 3 and 7 are reserved. */
static bool ept_misconfigured(u64 e, unsigned level)
{
	bool leaf = level == 1 || (e & EPT_PAGE_SIZE);
	u64 superpage = level > 1 ? (((u64)1 << (12 + 9 * (level - 1))) - 1) & EPT_ADDRESS : 0;

	if ((e & EPT_WRITE) && !(e & EPT_READ))
		return true;
	if (e & EPT_ADDRESS & ~(((u64)1 << PHYSICAL_BITS) - 1))
		return true;
	if (!leaf)
		return level == 4 ? (e >> 3) & 0x1f : (e >> 3) & 0xf;
	if (level == 4)
		return true;
	if (EPT_MEMTYPE(e) == 2 || EPT_MEMTYPE(e) == 3 || EPT_MEMTYPE(e) == 7)
		return true;
	return level > 1 && (e & superpage);
}

static struct walk ept_fault(enum walk_result result, unsigned access, u64 permissions)
{
	u64 q = permissions << QUAL_PERMISSIONS_SHIFT | QUAL_LINEAR_VALID | QUAL_FINAL;

	q |= (access & WALK_READ ? QUAL_READ : 0) | (access & WALK_WRITE ? QUAL_WRITE : 0) |
	     (access & WALK_EXEC ? QUAL_FETCH : 0);
	return (struct walk){ .result = result, .qualification = result == WALK_VIOLATION ? q : 0 };
}

static struct walk ept_walk(struct machine *m, u64 root, u64 gfn, unsigned access)
{
	u64 table = root, e = 0, permissions = EPT_PERMISSIONS;
	u64 tables[5];
	unsigned level;

	for (level = 4; ; level--) {
		tables[level] = table;
		e = m->phys->load(m->phys, table, index_of(gfn, level));
		if (!(e & EPT_PERMISSIONS))
			return ept_fault(WALK_VIOLATION, access, 0);
		if (ept_misconfigured(e, level))
			return ept_fault(WALK_MISCONFIG, access, 0);
		permissions &= e;
		if (level == 1 || (e & EPT_PAGE_SIZE))
			break;
		table = (e & EPT_ADDRESS) >> 12;
	}
	if (access & ~permissions)	/* WALK_* are the permission bits */
		return ept_fault(WALK_VIOLATION, access, permissions);
	for (unsigned l = 4; m->w->config.ad && l >= level; l--) {
		u64 old = m->phys->load(m->phys, tables[l], index_of(gfn, l));
		u64 new = old | EPT_ACCESSED;

		if (l == level && (access & WALK_WRITE))
			new |= EPT_DIRTY;
		if (new != old)
			m->phys->store(m->phys, tables[l], index_of(gfn, l), new);
		e = new;
	}
	return (struct walk){ .result = WALK_OK, .level = level,
			      .writable = permissions & EPT_WRITE,
			      .executable = permissions & EPT_EXECUTE,
			      .dirty = !m->w->config.ad || (e & EPT_DIRTY),
			      .pfn = (e & EPT_ADDRESS) >> 12,
			      .first = gfn & ~(((u64)1 << (9 * (level - 1))) - 1) };
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
static bool npt_reserved(u64 e, unsigned level)
{
	u64 below = level > 1 ? (((u64)1 << (12 + 9 * (level - 1))) - 1) & ~(u64)0x1fff : 0;

	if (e & EPT_ADDRESS & ~(((u64)1 << PHYSICAL_BITS) - 1))
		return true;
	if (!(e & NPT_PAGE_SIZE) || level == 1)
		return false;
	return level == 4 || (e & below);
}

static struct walk npt_walk(struct machine *m, u64 root, u64 gfn, unsigned access)
{
	u64 table = root, e = 0;
	bool writable = true, executable = true;
	u64 tables[5];
	unsigned level;

	for (level = 4; ; level--) {
		tables[level] = table;
		e = m->phys->load(m->phys, table, index_of(gfn, level));
		if (!(e & NPT_PRESENT))
			return npt_fault(access, false, false);
		if (npt_reserved(e, level))
			return npt_fault(access, true, true);
		writable &= !!(e & NPT_WRITE);
		executable &= !(e & NPT_NX);
		if (!(e & NPT_USER))
			return npt_fault(access, true, false);
		if (level == 1 || (e & NPT_PAGE_SIZE))
			break;
		table = (e & EPT_ADDRESS) >> 12;
	}
	if (((access & WALK_WRITE) && !writable) || ((access & WALK_EXEC) && !executable))
		return npt_fault(access, true, false);
	for (unsigned l = 4; l >= level; l--) {
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
			      .pfn = (e & EPT_ADDRESS) >> 12,
			      .first = gfn & ~(((u64)1 << (9 * (level - 1))) - 1) };
}

struct walk hardware_walk(struct machine *m, u64 root, u64 gfn, unsigned access)
{
	if (m->w->config.mmu == MMU_SHADOW)
		return pae_hardware_walk(m, root, gfn, access);
	return m->w->config.ept ? ept_walk(m, root, gfn, access) : npt_walk(m, root, gfn, access);
}
