/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/rmap.h"

#include "model/machine.h"
#include "model/memslot.h"
#include "model/semantics.h"
#include "model/shadow.h"
#include "model/tdp.h"
#include "model/walker.h"

/* slot->arch.rmap[level - 1][]: words in pages that no host frame has, by gfn. */
struct rmap { unsigned level; u64 index; };	/* index: the gfn in units of the level's size */

static struct rmap rmap_of(gfn_t gfn, unsigned level)
{
	return (struct rmap){ .level = level, .index = gfn / level_pages(level) };
}

static pfn_t rmap_page(struct rmap rmap)
{
	return SPACE_RMAP + ((u64)rmap.level << 40) + rmap.index / WORDS_PER_PAGE;
}

static u64 rmap_first(struct machine *m, struct rmap rmap)
{
	return m->phys->load(m->phys, rmap_page(rmap), rmap.index % WORDS_PER_PAGE);
}

/*
 * rmap_get_first(), mmu.c 5.12 to 7.2: BUG_ON(!is_shadow_present_pte()). What an entry for MMIO has
 * taken the place of is on the rmap still (lose_leaf()). 0: a BUG.
 */
static u64 rmap_get_first(struct machine *m, struct rmap rmap)
{
	u64 sptep = rmap_first(m, rmap);

	if (spte_is_present(spte_format_of(m), spte_read(m, sptep)))
		return sptep;
	raise_alarm(m, ALARM_OOPS, SPLAT_RMAP_NOT_PRESENT, BLAME_KVM);
	return 0;
}

static void rmap_put(struct machine *m, struct rmap rmap, u64 sptep)
{
	m->phys->store(m->phys, rmap_page(rmap), rmap.index % WORDS_PER_PAGE, sptep);
}

/* for_each_slot_rmap_range(): the next rmap that is not empty, up to and with that of @last. */
static bool next_rmap(struct machine *m, struct rmap *rmap, gfn_t last)
{
	u64 end = last / level_pages(rmap->level);

	while (rmap->index <= end) {
		unsigned at = rmap->index % WORDS_PER_PAGE;
		unsigned next = m->phys->next(m->phys, rmap_page(*rmap), at);

		rmap->index += next - at;
		if (next < WORDS_PER_PAGE)
			return rmap->index <= end;
	}
	return false;
}

static gfn_t gfn_of(const struct shadow_page *sp, u64 sptep)
{
	return sp->gfn + (sptep >> 3 & 511) * level_pages(sp->level);
}

static void spte_write(struct machine *m, u64 sptep, gfn_t gfn, u64 spte)
{
	m->phys->store(m->phys, sptep >> PAGE_SHIFT, sptep >> 3 & 511, spte);
	touch(m, OBJECT_SPTE, gfn);
}

static void flush(struct machine *m, bool wanted)
{
	if (!wanted)
		return;
	tlb_flush_all(m);
}

/* What @old says of its page and @new does not */
static bool harvest(struct machine *m, u64 old, u64 new)
{
	const struct spte_format *format = spte_format_of(m);
	bool present = spte_is_present(format, new);
	bool accessed = spte_is_accessed(format, old) &&
			!(present && spte_is_accessed(format, new));
	bool dirty = spte_is_dirty(format, old) && !(present && spte_is_dirty(format, new));
	u32 before = stage2_marks(m, pt_pfn(old));

	if (accessed)
		m->sem->ops.harvest_accessed(m, old);
	if (dirty)
		m->sem->ops.harvest_dirty(m, old);
	stage2_check_marks(m, old, before);
	return accessed || dirty;
}

/* mmu_spte_clear_track_bits() */
static void clear_track_bits(struct machine *m, u64 sptep)
{
	const struct spte_format *format = spte_format_of(m);
	struct shadow_page sp = shadow_page_of(m, sptep);
	u64 old = spte_read(m, sptep);

	spte_write(m, sptep, gfn_of(&sp, sptep), format->nonpresent);
	if (!spte_is_present(format, old))
		return;
	stage2_count_leaf(m, old, sp.level, -1);
	m->sem->ops.check_zapped(m, old);
	harvest(m, old, format->nonpresent);
}

void rmap_drop(struct machine *m, u64 sptep)
{
	struct shadow_page sp = shadow_page_of(m, sptep);
	struct rmap rmap = rmap_of(gfn_of(&sp, sptep), sp.level);

	assert(rmap_first(m, rmap) == sptep);
	clear_track_bits(m, sptep);
	rmap_put(m, rmap, 0);
}

void rmap_forget(struct machine *m, u64 sptep)
{
	struct shadow_page sp = shadow_page_of(m, sptep);
	struct rmap rmap = rmap_of(gfn_of(&sp, sptep), sp.level);

	if (rmap_first(m, rmap) == sptep)
		rmap_put(m, rmap, 0);
}

/* mmu_spte_update(): the page stays. True: TLBs must be flushed. */
static bool update(struct machine *m, const struct pt_leaf *at, u64 new)
{
	const struct spte_format *format = spte_format_of(m);
	u64 old = at->entry;
	bool stale = (old & format->mmu_writable) && !spte_is_writable(format, new);

	spte_write(m, sptep_of(at), at->first, new);
	if (!spte_is_present(format, old))
		return false;
	stage2_count_dirty(m, old, new, at->level);
	return harvest(m, old, new) || stale;
}

/*
 * mmu_set_spte(), mmu.c 5.12 to 7.2: what stands where another page is to be mapped goes first;
 * under a direct root 7.2 warns of another page's leaf, 6.12 not yet. True: TLBs must be flushed.
 */
static bool make_room(struct machine *m, struct pt_leaf *at, pfn_t pfn)
{
	const struct spte_format *format = spte_format_of(m);

	if (!spte_is_present(format, at->entry))
		return false;
	if (!spte_is_leaf(format, at->entry, at->level)) {
		shadow_unlink(m, sptep_of(at));
	} else if (pfn != pt_pfn(at->entry)) {
		if (m->sem->traits.direct_leaf_warns)
			raise_alarm(m, ALARM_WARN, SPLAT_DIRECT_LEAF, BLAME_KVM);
		rmap_drop(m, sptep_of(at));
	} else {
		return false;
	}
	at->entry = spte_read(m, sptep_of(at));
	return true;
}

/*
 * mmu_set_spte(), mark_mmio_spte(), mmu.c 6.8 (a54aa15c6bda, 5.13, to aad885e77496): a leaf is
 * overwritten; its rmap and pages_4k know nothing of it.
 */
static void lose_leaf(struct machine *m, const struct pt_leaf *at)
{
	pfn_t pfn = pt_pfn(at->entry);

	raise_alarm(m, ALARM_WARN, SPLAT_MMIO_OVER_LEAF, BLAME_KVM);
	page_of(m, pfn)->sptes[at->level - 1]--;
	stage2_count_dirty(m, at->entry, 0, at->level);
	page_touch(m, pfn);
}

enum ret_pf rmap_set_mmio(struct machine *m, const struct pt_leaf *where)
{
	const struct spte_format *format = spte_format_of(m);
	struct pt_leaf at = *where;
	bool stale = false;

	if (!m->sem->traits.mmio_over_leaf)
		stale = make_room(m, &at, KVM_PFN_NOSLOT);
	else if (spte_is_present(format, at.entry))
		lose_leaf(m, &at);

	note_stat(m, "pf_mmio_spte_created", 1);
	spte_write(m, sptep_of(&at), at.first,
		   spte_make_mmio(format, at.first, m->w->kvm.generation, has_l1tf(m)));
	flush(m, stale);
	return RET_PF_EMULATE;
}

enum ret_pf rmap_set_spte(struct machine *m, const struct pt_leaf *where,
			  const struct spte_args *with, int slot)
{
	const struct spte_format *format = spte_format_of(m);
	struct pt_leaf at = *where;
	struct spte_args args = *with;
	bool stale = make_room(m, &at, args.pfn);
	bool was_rmapped = spte_is_present(format, at.entry);
	u64 new;

	if (was_rmapped && args.prefetch && m->sem->traits.prefetch_keeps_spte)
		return RET_PF_SPURIOUS;
	args.old = at.entry;
	new = spte_make(format, &args);
	if (spte_is_writable(format, new))
		memslot_mark_dirty(m, slot, at.first);
	if (new == at.entry)
		return RET_PF_SPURIOUS;
	stale |= update(m, &at, new);
	note(m, &(struct note){ .kind = NOTE_SET_SPTE, .name = "kvm_mmu_set_spte",
				.gfn = at.first, .level = at.level, .new = new });
	flush(m, stale);
	if (!was_rmapped) {	/* rmap_add() */
		stage2_count_leaf(m, new, at.level, 1);
		rmap_put(m, rmap_of(at.first, at.level), sptep_of(&at));
	}
	return RET_PF_FIXED;
}

/* ---- walks of a range: level by level, from 4K up ---- */

/* kvm_zap_rmap() */
void rmap_unmap_range(struct machine *m, gfn_t start, gfn_t end, bool zapped[2])
{
	for (unsigned level = 1; level <= NR_LEVELS; level++) {
		struct rmap rmap = rmap_of(start, level);

		for (; next_rmap(m, &rmap, end - 1); rmap.index++) {
			rmap_drop(m, rmap_first(m, rmap));
			zapped[0] = true;
		}
	}
}

/* kvm_rmap_zap_gfn_range(): memslot by memslot */
void rmap_zap_gfns(struct machine *m, gfn_t start, gfn_t end, bool zapped[2])
{
	for (int row = memslots_begin(m); row < memslots_end(m); row++) {
		const struct memslot *slot = memslot_row(m, row);
		gfn_t lo = start > slot->base_gfn ? start : slot->base_gfn;
		gfn_t hi = slot->base_gfn + slot->npages;

		if (end < hi)
			hi = end;
		if (lo < hi && memslot_is(m, row, KVM_MEMSLOT_USED))
			rmap_unmap_range(m, lo, hi, zapped);
	}
}

/* mmu_spte_age(): no tracepoint sees it; D goes to struct page before W does. */
static bool age(struct machine *m, u64 sptep)
{
	const struct spte_format *format = spte_format_of(m);
	struct shadow_page sp = shadow_page_of(m, sptep);
	u64 old = spte_read(m, sptep), new = spte_mark_old(format, old);

	if (!spte_is_accessed(format, old))
		return false;
	if ((old & format->write) && !(new & format->write))
		m->sem->ops.leaf_aged(m, old);
	spte_write(m, sptep, gfn_of(&sp, sptep), new);
	stage2_count_dirty(m, old, new, sp.level);
	page_touch(m, pt_pfn(new));
	return true;
}

/* kvm_age_rmap() */
bool rmap_age_range(struct machine *m, gfn_t start, gfn_t end)
{
	bool young = false;

	for (unsigned level = 1; level <= NR_LEVELS; level++) {
		struct rmap rmap = rmap_of(start, level);

		for (; next_rmap(m, &rmap, end - 1); rmap.index++) {
			u64 sptep = rmap_get_first(m, rmap);

			young |= sptep && age(m, sptep);
		}
	}
	return young;
}

/* spte_write_protect(). @for_good: KVM alone gives W back, in a fault under mmu_lock. */
static void write_protect(struct machine *m, u64 sptep, bool for_good)
{
	const struct spte_format *format = spte_format_of(m);
	struct shadow_page sp = shadow_page_of(m, sptep);
	struct pt_leaf at = { .entry = spte_read(m, sptep), .table = sptep >> PAGE_SHIFT,
			      .first = gfn_of(&sp, sptep), .level = sp.level };
	u64 goes = format->write | (for_good ? format->mmu_writable : 0);

	if (at.entry & goes)
		update(m, &at, at.entry & ~goes);
}

void rmap_write_protect(struct machine *m, struct rmap_range range, bool for_good)
{
	for (unsigned level = range.min_level; level <= range.max_level; level++) {
		struct rmap rmap = rmap_of(range.start, level);

		for (; next_rmap(m, &rmap, range.end - 1); rmap.index++) {
			u64 sptep = rmap_get_first(m, rmap);

			if (sptep)
				write_protect(m, sptep, for_good);
		}
	}
}

/* kvm_mmu_write_protect_pt_masked(): 4K leaves alone */
void rmap_rearm(struct machine *m, gfn_t gfn)
{
	rmap_write_protect(m, (struct rmap_range){ gfn, gfn + 1, 1, 1 }, false);
}

/*
 * lpage_info_slot() of a table that begins below the memslot: if in another 2M, it is out of
 * bounds; else it has the memslot's unaligned beginning, where nothing is huge.
 */
static bool is_out_of_bounds(const struct memslot *slot, gfn_t gfn)
{
	return gfn / level_pages(2) < slot->base_gfn / level_pages(2);
}

/* kvm_mmu_zap_collapsible_spte(): the level is asked for at the table's first gfn. */
static bool is_collapsible(struct machine *m, int row, u64 sptep)
{
	struct shadow_page sp = shadow_page_of(m, sptep);
	const struct memslot *slot = memslot_row(m, row);

	if (sp.gfn - slot->base_gfn >= slot->npages) {
		if (m->sem->traits.collapses_unchecked && is_out_of_bounds(slot, sp.gfn))
			raise_alarm(m, ALARM_OOPS, SPLAT_COLLAPSIBLE, BLAME_KVM);
		return false;
	}
	return sp.level < tdp_max_level(m, row, sp.gfn, pt_pfn(spte_read(m, sptep)));
}

bool rmap_zap_collapsible(struct machine *m, int row)
{
	const struct memslot *slot = memslot_row(m, row);
	bool any = false;

	for (unsigned level = 1; level < NR_LEVELS; level++) {
		struct rmap rmap = rmap_of(slot->base_gfn, level);

		for (; next_rmap(m, &rmap, slot->base_gfn + slot->npages - 1); rmap.index++) {
			u64 sptep = rmap_get_first(m, rmap);

			if (!sptep || !is_collapsible(m, row, sptep))
				continue;
			rmap_drop(m, sptep);
			any = true;
		}
	}
	return any;
}
