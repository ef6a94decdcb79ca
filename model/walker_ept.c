/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * walker_ept.c: EPT as the manual has it, for any set of its features that concerns KVM's tables.
 *
 * Intel SDM vol. 3C, 29.3.2 (translation), 29.3.3 (misconfigurations come before violations),
 * 29.3.5 (A and D), table 28-7 (exit qualification). Not here: #VE, sub-page permissions, shadow
 * stacks, guest-paging verification: bits 13 and up of the qualification are 0.
 */
#include "model/walker.h"

#include "model/phys.h"

#define EPT_READ		BIT(0)
#define EPT_WRITE		BIT(1)
#define EPT_EXECUTE		BIT(2)
#define EPT_MEMTYPE(e)		(((e) >> 3) & 7)
#define EPT_PAGE_SIZE		BIT(7)
#define EPT_ACCESSED		BIT(8)
#define EPT_DIRTY		BIT(9)
#define EPT_USER_EXECUTE	BIT(10)
#define EPT_ADDRESS		(((u64)1 << 52) - PAGE_SIZE)

/* Exit qualification; bits 0 to 2 are the access, 3 to 5 the permissions, in EPT's order */
#define QUAL_PERMISSIONS_SHIFT	3
#define QUAL_USER_EXECUTE	BIT(6)
#define QUAL_LINEAR_VALID	BIT(7)
#define QUAL_FINAL		BIT(8)
#define QUAL_USER		BIT(9)
#define QUAL_WRITABLE		BIT(10)
#define QUAL_EXECUTE_DISABLE	BIT(11)
#define QUAL_IRET		BIT(12)

enum { MAX_LEVELS = 5, RIGHTS = WALK_READ | WALK_WRITE | WALK_EXEC };

static unsigned index_of(u64 gfn, unsigned level)
{
	return (gfn >> (9 * (level - 1))) & 511;
}

/* Bits of an entry that permit; one that has none of them is not present. */
static u64 permissions_of(const struct ept_processor *processor)
{
	return RIGHTS | (processor->mode_based ? EPT_USER_EXECUTE : 0);
}

/* Tables 29-1 to 29-7: 7:3 of the top levels, 6:3 of other tables, the low address of leaves. */
static bool has_reserved(const struct ept_processor *processor, u64 e, unsigned level)
{
	u64 below = ((u64)1 << (12 + 9 * (level - 1))) - 1;

	if (e & EPT_ADDRESS & ~(BIT(processor->physical_bits) - 1))
		return true;
	if (level >= 4)
		return e >> 3 & 0x1f;
	if (level > 1 && !(e & EPT_PAGE_SIZE))
		return e >> 3 & 0xf;
	if (level == 3 && !processor->gigantic)
		return true;
	return e & EPT_ADDRESS & below;
}

/* SDM 29.3.3.1, of an entry that is present. */
static bool is_misconfigured(const struct ept_processor *processor, u64 e, unsigned level)
{
	bool leaf = level == 1 || (level < 4 && (e & EPT_PAGE_SIZE));
	u64 executes = permissions_of(processor) & ~(EPT_READ | EPT_WRITE);

	if (!(e & EPT_READ) && (e & EPT_WRITE))
		return true;
	if (!(e & EPT_READ) && (e & executes) && !processor->execute_only)
		return true;
	if (has_reserved(processor, e, level))
		return true;
	return leaf && (EPT_MEMTYPE(e) == 2 || EPT_MEMTYPE(e) == 3 || EPT_MEMTYPE(e) == 7);
}

/* With A and D in use, the guest's own paging structures are written, whatever the access. */
static unsigned rights_wanted(const struct ept_processor *processor,
			      const struct ept_access *access)
{
	if (access->final)
		return access->rights;
	return WALK_READ | (processor->ad ? WALK_WRITE : 0);
}

static bool permits(const struct ept_processor *processor, const struct ept_access *access,
		    u64 permissions)
{
	unsigned wanted = rights_wanted(processor, access);

	if ((wanted & WALK_EXEC) && processor->mode_based && access->user)
		permissions = (permissions & ~EPT_EXECUTE) |
			      (permissions & EPT_USER_EXECUTE ? EPT_EXECUTE : 0);
	return !(wanted & ~permissions);	/* WALK_* are the permission bits */
}

/* @permissions are 0 if an entry was not present. */
static struct walk violation(const struct ept_processor *processor,
			     const struct ept_access *access, u64 permissions)
{
	u64 q = rights_wanted(processor, access) |
		(permissions & RIGHTS) << QUAL_PERMISSIONS_SHIFT;

	if (permissions & EPT_USER_EXECUTE)
		q |= QUAL_USER_EXECUTE;
	if (access->linear_valid)
		q |= QUAL_LINEAR_VALID | (access->final ? QUAL_FINAL : 0);
	if (processor->advanced && access->linear_valid && access->final)
		q |= (access->user ? QUAL_USER : 0) | (access->writable ? QUAL_WRITABLE : 0) |
		     (access->execute_disable ? QUAL_EXECUTE_DISABLE : 0);
	return (struct walk){ .result = WALK_VIOLATION,
			      .qualification = q | (access->iret ? QUAL_IRET : 0) };
}

struct visited { pfn_t table[MAX_LEVELS + 1]; unsigned top, level; };

/* A of every entry used, D of the leaf; returns the leaf. */
static u64 set_accessed_dirty(struct phys *phys, const struct visited *at, gfn_t gfn, bool write)
{
	u64 e = 0;

	for (unsigned l = at->top; l >= at->level; l--) {
		u64 old = phys->load(phys, at->table[l], index_of(gfn, l));

		e = old | EPT_ACCESSED | (l == at->level && write ? EPT_DIRTY : 0);
		if (e != old)
			phys->store(phys, at->table[l], index_of(gfn, l), e);
	}
	return e;
}

struct walk ept_walk(struct phys *phys, const struct ept_processor *processor, pfn_t root,
		     gfn_t gfn, const struct ept_access *access)
{
	u64 permissions = permissions_of(processor), e;
	struct visited at = { .top = processor->levels };
	pfn_t table = root;
	bool was_dirty;
	unsigned level;

	assert(processor->levels == 4 || processor->levels == 5);
	for (level = processor->levels; ; level--) {
		at.table[level] = table;
		e = phys->load(phys, table, index_of(gfn, level));
		if (!(e & permissions_of(processor)))
			return violation(processor, access, 0);
		if (is_misconfigured(processor, e, level))
			return (struct walk){ .result = WALK_MISCONFIG };
		permissions &= e;
		if (level == 1 || (e & EPT_PAGE_SIZE))
			break;
		table = (e & EPT_ADDRESS) >> PAGE_SHIFT;
	}
	if (!permits(processor, access, permissions))
		return violation(processor, access, permissions);
	at.level = level;
	was_dirty = e & EPT_DIRTY;
	if (processor->ad)
		e = set_accessed_dirty(phys, &at, gfn,
				       rights_wanted(processor, access) & WALK_WRITE);
	return (struct walk){ .result = WALK_OK, .level = level,
			      .writable = permissions & EPT_WRITE,
			      .executable = permissions & (processor->mode_based && access->user ?
							   EPT_USER_EXECUTE : EPT_EXECUTE),
			      .dirty = !processor->ad || (e & EPT_DIRTY),
			      .newly_dirty = processor->ad && !was_dirty && (e & EPT_DIRTY),
			      .entry = e, .pfn = (e & EPT_ADDRESS) >> PAGE_SHIFT,
			      .first = gfn & ~(((u64)1 << (9 * (level - 1))) - 1) };
}
