/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * walker_pae.c: PAE paging of a guest in 32-bit protected mode, whose tables are KVM's: shadow
 * paging. Intel SDM vol. 3A, 4.4; AMD APM vol. 2, 5.2. CR0.WP is set, the guest is supervisor.
 */
#include "model/walker.h"

#include "model/machine.h"

#define PTE_P		BIT(0)
#define PTE_W		BIT(1)
#define PTE_A		BIT(5)
#define PTE_D		BIT(6)
#define PTE_PS		BIT(7)
#define PTE_NX		BIT(63)
#define PTE_ADDRESS	(((u64)1 << 52) - 4096)
/* #PF error code */
#define PF_P		BIT(0)
#define PF_W		BIT(1)
#define PF_RSVD		BIT(3)
#define PF_I		BIT(4)

static struct walk pf(unsigned access, bool present, bool reserved)
{
	u64 code = (present ? PF_P : 0) | (reserved ? PF_RSVD : 0) |
		   (access & WALK_WRITE ? PF_W : 0) | (access & WALK_EXEC ? PF_I : 0);

	return (struct walk){ .result = reserved ? WALK_MISCONFIG : WALK_VIOLATION,
			      .qualification = code };
}

/* Above MAXPHYADDR up to NX; below a large page, but for its PAT bit. */
static bool is_reserved(const struct machine *m, u64 e, unsigned level)
{
	u64 below = level == 2 && (e & PTE_PS) ? BIT(21) - BIT(13) : 0;

	return (e & ~PTE_NX & ~(BIT(physical_bits(m)) - 1)) || (e & below);
}

struct walk pae_hardware_walk(struct machine *m, u64 root, u64 gfn, unsigned access)
{
	u64 e = m->phys->load(m->phys, root, gfn >> 18 & 3), table[3];
	bool writable = true, executable = true;
	bool was_dirty;
	unsigned level;

	for (level = 2; ; level--) {
		if (!(e & PTE_P))
			return pf(access, false, false);
		table[level] = (e & PTE_ADDRESS) >> PAGE_SHIFT;
		e = m->phys->load(m->phys, table[level], gfn >> (9 * (level - 1)) & 511);
		if ((e & PTE_P) && is_reserved(m, e, level))
			return pf(access, true, true);
		writable &= !!(e & PTE_W);
		executable &= !(e & PTE_NX);
		if (level == 1 || !(e & PTE_P) || (e & PTE_PS))
			break;
	}
	if (!(e & PTE_P))
		return pf(access, false, false);
	if (((access & WALK_WRITE) && !writable) || ((access & WALK_EXEC) && !executable))
		return pf(access, true, false);
	was_dirty = e & PTE_D;
	for (unsigned l = 2; l >= level; l--) {
		unsigned index = gfn >> (9 * (l - 1)) & 511;
		u64 old = m->phys->load(m->phys, table[l], index);

		e = old | PTE_A | (l == level && (access & WALK_WRITE) ? PTE_D : 0);
		if (e != old)
			m->phys->store(m->phys, table[l], index, e);
	}
	return (struct walk){ .result = WALK_OK, .level = level, .writable = writable,
			      .executable = executable, .dirty = e & PTE_D,
			      .newly_dirty = !was_dirty && (e & PTE_D), .entry = e,
			      .pfn = (e & PTE_ADDRESS) >> PAGE_SHIFT,
			      .first = gfn & ~(((u64)1 << (9 * (level - 1))) - 1) };
}
