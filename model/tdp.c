/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/tdp.h"

#include "model/gmem.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/nx.h"
#include "model/semantics.h"
#include "model/walker.h"

const struct spte_format *spte_format_of(const struct machine *m)
{
	return m->w->config.ept ? m->sem->traits.ept : m->sem->traits.npt;
}

u64 refcounted_mask(const struct machine *m)
{
	return m->w->config.mmu == MMU_SHADOW ? 0 : m->sem->traits.refcounted_bit;
}

/* EPT: 5 levels if the guest can address what takes them. NPT: as many as the host has. */
unsigned tdp_root_level(const struct machine *m)
{
	const struct config *config = &m->w->config;
	unsigned guest_bits = config->guest_bits ? config->guest_bits : physical_bits(m);

	if (!config->five_levels || (config->ept && guest_bits <= 48))
		return PT_LEVELS;
	return MAX_PT_LEVELS;
}

struct pt_format stage2_pt_format(const struct machine *m)
{
	struct pt_format format = spte_pt_format(spte_format_of(m));

	format.top = tdp_root_level(m);
	return format;
}

static pfn_t new_root(struct machine *m)
{
	for (unsigned i = 0; i < MAX_ROOTS; i++) {
		struct root *root = &m->w->kvm.roots[i];

		if (!root->used) {
			*root = (struct root){ .pfn = alloc_table(m, place_of_root(i)),
					       .used = true };
			return root->pfn;
		}
	}
	assert(!"out of roots");
	return NO_PFN;
}

pfn_t tdp_current_root(struct machine *m)
{
	for (unsigned i = 0; i < MAX_ROOTS; i++)
		if (m->w->kvm.roots[i].used && !m->w->kvm.roots[i].invalid)
			return m->w->kvm.roots[i].pfn;
	return NO_PFN;
}

u64 tdp_entry(struct machine *m, pfn_t table, gfn_t gfn, unsigned level)
{
	u64 entry = pt_entry(m, table, gfn, level);

	return entry ? entry : spte_format_of(m)->nonpresent;
}

struct pt_leaf tdp_walk(struct machine *m, pfn_t root, gfn_t gfn)
{
	struct pt_format format = stage2_pt_format(m);
	struct pt_leaf leaf = pt_walk(m, &format, root, gfn);

	if (!leaf.entry)
		leaf.entry = spte_format_of(m)->nonpresent;
	return leaf;
}

struct pt_leaf tdp_next_leaf(struct machine *m, pfn_t root, gfn_t gfn, gfn_t end)
{
	struct pt_format format = stage2_pt_format(m);

	return pt_next_leaf(m, &format, root, gfn, end);
}

void stage2_count_dirty(struct machine *m, u64 old, u64 new, unsigned level)
{
	const struct spte_format *format = spte_format_of(m);
	struct page *page = page_of(m, pt_pfn(old ? old : new));

	page->dirty_sptes[level - 1] += (new && spte_is_dirty(format, new)) -
					(old && spte_is_dirty(format, old));
}

void stage2_count_leaf(struct machine *m, u64 spte, unsigned level, int delta)
{
	static const char *const name[] = { "pages_4k", "pages_2m", "pages_1g" };

	page_of(m, pt_pfn(spte))->sptes[level - 1] += delta;
	stage2_count_dirty(m, delta > 0 ? 0 : spte, delta > 0 ? spte : 0, level);
	page_touch(m, pt_pfn(spte));
	note_stat(m, name[level - 1], delta);	/* kvm_update_page_stats() */
}

static void note_spte(struct machine *m, gfn_t gfn, unsigned level, u64 old, u64 new)
{
	note(m, &(struct note){ .kind = NOTE_SPTE, .name = "kvm_tdp_mmu_spte_changed", .gfn = gfn,
				.level = level, .old = old, .new = new });
}

/*
 * handle_removed_pt(): where mmu_lock is shared every entry is frozen, whether it was in use or
 * not, so that a walk that still is in the table cannot install anything.
 */
static void free_subtree(struct machine *m, u64 spte, gfn_t gfn, unsigned level)
{
	const struct spte_format *format = spte_format_of(m);
	pfn_t table = pt_pfn(spte);

	for (unsigned index = 0; index < WORDS_PER_PAGE; index++) {
		gfn_t child = gfn + index * level_pages(level - 1);
		u64 old = tdp_entry(m, table, child, level - 1);

		if (spte_is_present(format, old))
			tdp_set_spte(m, table, child, level - 1, format->frozen);
		else if (!m->w->kvm.mmu_lock.writer)
			note_spte(m, child, level - 1, old, format->frozen);
	}
	if (page_is(m, table, PG_NX_SPLIT))
		nx_untrack(m, table);
	free_table(m, table);
}

u32 stage2_marks(struct machine *m, pfn_t pfn)
{
	return page_of(m, page_head(m, pfn))->flags &
	       (PG_DIRTY | PG_REFERENCED | PG_ACTIVE | PG_WORKINGSET);
}

void stage2_check_marks(struct machine *m, u64 old, u32 before)
{
	if (refcounted_mask(m) && !(old & refcounted_mask(m)) &&
	    stage2_marks(m, pt_pfn(old)) != before)
		raise_alarm(m, ALARM_MARK_UNCOUNTED, pt_pfn(old), BLAME_KVM);
}

/* v11's bit goes with the entry wherever the page does. */
static void stage2_check_bit(struct machine *m, gfn_t gfn, u64 old, u64 new)
{
	if ((old ^ new) & refcounted_mask(m))
		raise_alarm(m, ALARM_BIT_INEXACT, gfn, BLAME_KVM);
}

static void leaf_changed(struct machine *m, u64 old, u64 new, unsigned level)
{
	u32 before = stage2_marks(m, pt_pfn(old));

	m->sem->ops.spte_changed(m, old, new, level);
	stage2_check_marks(m, old, before);
}

/* __handle_changed_spte(): arch/x86/kvm/mmu/tdp_mmu.c, 6.1 to 7.2. */
void tdp_set_spte(struct machine *m, pfn_t table, gfn_t gfn, unsigned level, u64 new)
{
	const struct spte_format *format = spte_format_of(m);
	u64 old = tdp_entry(m, table, gfn, level);
	bool was_leaf = spte_is_leaf(format, old, level);
	bool is_leaf = spte_is_leaf(format, new, level);
	bool loses_table = !was_leaf && level > 1 && spte_is_present(format, old) &&
			   pt_pfn(old) != pt_pfn(new);

	if (old == new)
		return;
	gfn &= ~(level_pages(level) - 1);
	pt_set_entry(m, table, gfn, level, new);
	touch(m, OBJECT_SPTE, gfn);
	if (was_leaf && is_leaf && pt_pfn(old) != pt_pfn(new)) {
		raise_alarm(m, ALARM_LEAF_REPLACED, gfn, BLAME_KVM);
		raise_alarm(m, ALARM_BUG, SPLAT_LEAF_REPLACED, BLAME_KVM);
	}
	if (loses_table && m->sem->traits.table_noted_last)
		free_subtree(m, old, gfn, level);
	note_spte(m, gfn, level, old, new);
	if (was_leaf)
		stage2_count_leaf(m, old, level, -1);
	if (is_leaf)
		stage2_count_leaf(m, new, level, 1);
	if (was_leaf)
		leaf_changed(m, old, new, level);
	if (loses_table && !m->sem->traits.table_noted_last)
		free_subtree(m, old, gfn, level);
}

pfn_t tdp_split_leaf(struct machine *m, const struct pt_leaf *leaf)
{
	const struct spte_format *format = spte_format_of(m);
	unsigned level = leaf->level - 1;
	pfn_t table = alloc_table(m, place_of_stage2(level, leaf->first));

	for (u64 i = 0; i < WORDS_PER_PAGE; i++) {
		u64 child = spte_split(format, leaf->entry, level, i, m->w->config.nx_huge);
		gfn_t gfn = leaf->first + i * level_pages(level);

		pt_set_entry(m, table, gfn, level, child);
		stage2_count_leaf(m, child, level, 1);
		stage2_check_bit(m, gfn, leaf->entry, child);
		touch(m, OBJECT_SPTE, gfn);
	}
	tdp_set_spte(m, leaf->table, leaf->first, leaf->level,
		     spte_make_nonleaf(format, table, m->w->config.ad));
	return table;
}

void tdp_fix_spte(struct machine *m, const struct pt_leaf *leaf, u64 new)
{
	pt_set_entry(m, leaf->table, leaf->first, leaf->level, new);
	stage2_count_dirty(m, leaf->entry, new, leaf->level);
	page_touch(m, pt_pfn(new));
	stage2_check_bit(m, leaf->first, leaf->entry, new);
	touch(m, OBJECT_SPTE, leaf->first);
}

void tdp_clear_bits(struct machine *m, const struct pt_leaf *leaf, u64 new)
{
	tdp_fix_spte(m, leaf, new);
	note_spte(m, leaf->first, leaf->level, leaf->entry, new);
}

/*
 * age_gfn_range(): D goes to struct page before W does, until 6.12. Until 6.3 what is not dirty any
 * more does so (once more), by __handle_changed_spte().
 */
static bool age_leaf(struct machine *m, const struct pt_leaf *leaf)
{
	const struct spte_format *format = spte_format_of(m);
	u64 new = spte_mark_old(format, leaf->entry);

	if (!spte_is_accessed(format, leaf->entry))
		return false;
	if (m->w->config.ad && m->sem->traits.age_cleans)
		new &= ~format->dirty;
	if ((leaf->entry & format->write) && !(new & format->write))
		m->sem->ops.leaf_aged(m, leaf->entry);
	tdp_clear_bits(m, leaf, new);
	if (spte_is_dirty(format, leaf->entry) && !spte_is_dirty(format, new) &&
	    !m->sem->traits.rearm_clears_bits)
		m->sem->ops.leaf_aged(m, leaf->entry);
	return true;
}

bool tdp_age_range(struct machine *m, gfn_t start, gfn_t end)
{
	bool young = false;

	for (unsigned i = 0; i < MAX_ROOTS; i++) {
		const struct root *root = &m->w->kvm.roots[i];

		if (root->invalid && m->sem->traits.lockless_aging)
			continue;
		for (gfn_t gfn = start; root->used && gfn < end; ) {
			struct pt_leaf leaf = tdp_next_leaf(m, root->pfn, gfn, end);

			if (!leaf.present)
				break;
			young |= age_leaf(m, &leaf);
			gfn = leaf.first + level_pages(leaf.level);
		}
	}
	return young;
}

bool tdp_zap_leafs(struct machine *m, pfn_t root, gfn_t start, gfn_t end)
{
	bool any = false;

	for (gfn_t gfn = start; gfn < end; ) {
		struct pt_leaf leaf = tdp_next_leaf(m, root, gfn, end);

		if (!leaf.present)
			break;
		tdp_set_spte(m, leaf.table, leaf.first, leaf.level, spte_format_of(m)->nonpresent);
		gfn = leaf.first + level_pages(leaf.level);
		any = true;
	}
	return any;
}

void tdp_unmap_range(struct machine *m, gfn_t start, gfn_t end, bool zapped[2])
{
	for (unsigned i = 0; i < MAX_ROOTS; i++) {
		const struct root *root = &m->w->kvm.roots[i];

		if (root->used && tdp_zap_leafs(m, root->pfn, start, end))
			zapped[root->invalid] = true;
	}
}

struct gfn_range { gfn_t start, end; };

/* zap_gfn_range() below @table: leaves, and tables that lie in the range as a whole */
static bool zap_range(struct machine *m, pfn_t table, gfn_t gfn, unsigned level,
		      struct gfn_range range)
{
	const struct spte_format *format = spte_format_of(m);
	bool any = false;

	for (unsigned i = 0; (i = m->phys->next(m->phys, table, i)) < WORDS_PER_PAGE; i++) {
		gfn_t at = gfn + i * level_pages(level), end = at + level_pages(level);
		u64 spte = tdp_entry(m, table, at, level);

		if (!spte_is_present(format, spte) || end <= range.start || at >= range.end)
			continue;
		if (!spte_is_leaf(format, spte, level) && (at < range.start || end > range.end)) {
			any |= zap_range(m, pt_pfn(spte), at, level - 1, range);
			continue;
		}
		tdp_set_spte(m, table, at, level, format->nonpresent);
		any = true;
	}
	return any;
}

void tdp_zap_tables(struct machine *m, gfn_t start, gfn_t end, bool zapped[2])
{
	for (unsigned i = 0; i < MAX_ROOTS; i++) {
		const struct root *root = &m->w->kvm.roots[i];

		if (root->used && zap_range(m, root->pfn, 0, tdp_root_level(m),
					    (struct gfn_range){ start, end }))
			zapped[root->invalid] = true;
	}
}

void tdp_zap_valid_roots(struct machine *m, gfn_t start, gfn_t end, bool zapped[2])
{
	pfn_t root = tdp_current_root(m);

	if (root != NO_PFN)
		zapped[0] |= tdp_zap_leafs(m, root, start, end);
}

void tdp_invalidate_roots(struct machine *m)
{
	for (unsigned i = 0; i < MAX_ROOTS; i++)
		if (m->w->kvm.roots[i].used)
			m->w->kvm.roots[i].invalid = true;
	/* KVM_REQ_MMU_FREE_OBSOLETE_ROOTS: vCPUs leave the guest, to return with a new root */
	tlb_flush_all(m);
}

/* __tdp_mmu_zap_root(): the entries of @zap_level below @table, whose entries are of @level. */
static void zap_entries(struct machine *m, pfn_t table, gfn_t gfn, unsigned level,
			unsigned zap_level)
{
	const struct spte_format *format = spte_format_of(m);

	for (unsigned i = 0; (i = m->phys->next(m->phys, table, i)) < WORDS_PER_PAGE; i++) {
		gfn_t at = gfn + i * level_pages(level);
		u64 spte = tdp_entry(m, table, at, level);

		if (!spte_is_present(format, spte))
			continue;
		if (level == zap_level)
			tdp_set_spte(m, table, at, level, format->nonpresent);
		else if (!spte_is_leaf(format, spte, level))
			zap_entries(m, pt_pfn(spte), at, level - 1, zap_level);
	}
}

static void zap_root(struct machine *m, pfn_t root)
{
	unsigned top = tdp_root_level(m);

	for (unsigned level = m->sem->traits.zap_root_from; level <= NR_LEVELS; level++)
		zap_entries(m, root, 0, top, level);
	zap_entries(m, root, 0, top, top);
}

/* A vCPU's root goes when it next enters the guest, not in the middle of an exit. */
static bool is_in_exit(const struct machine *m, unsigned vcpu)
{
	for (unsigned i = 0; i < MAX_TASKS; i++) {
		const struct task *t = &m->w->task[i];

		if (t->vcpu == vcpu && t->frame[0].path == PATH_ACCESS && t->frame[0].pc &&
		    t->state == TASK_RUNNING)
			return true;
	}
	return false;
}

/* Has a fault installed something behind the zap? Nobody finds it any more (a955cad84cda). */
static bool has_entries(struct machine *m, pfn_t root)
{
	const struct spte_format *format = spte_format_of(m);
	unsigned i = m->phys->next(m->phys, root, 0);

	while (i < WORDS_PER_PAGE && !spte_is_present(format, m->phys->load(m->phys, root, i)))
		i = m->phys->next(m->phys, root, i + 1);
	return i < WORDS_PER_PAGE;
}

/*
 * kvm_tdp_mmu_put_root(): an obsolete root, zapped already, goes with the last vCPU that has it.
 * SIMPLIFIED: that tables are left over is told here, by kvm_mmu_uninit_tdp_mmu() when the VM goes.
 */
static void put_root(struct machine *m, pfn_t pfn)
{
	for (unsigned v = 0; v < MAX_VCPUS; v++)
		if (m->w->vcpu[v].root == pfn)
			return;
	for (unsigned i = 0; i < MAX_ROOTS; i++) {
		struct root *root = &m->w->kvm.roots[i];

		if (!root->zapped || root->pfn != pfn)
			continue;
		if (has_entries(m, pfn))
			raise_alarm(m, ALARM_WARN, SPLAT_TABLES_LEFT, BLAME_KVM);
		free_table(m, pfn);
		*root = (struct root){ 0 };
	}
}

/* kvm_mmu_unload(), up to 5.12: a root goes with the last vCPU that has it. */
void tdp_unload_root(struct machine *m, unsigned vcpu)
{
	pfn_t old = m->w->vcpu[vcpu].root;

	m->w->vcpu[vcpu].free_obsolete_roots = false;
	m->w->vcpu[vcpu].root = NO_PFN;
	for (unsigned v = 0; v < MAX_VCPUS; v++)
		if (m->w->vcpu[v].root == old)
			return;
	for (unsigned i = 0; i < MAX_ROOTS; i++)
		if (m->w->kvm.roots[i].used && m->w->kvm.roots[i].pfn == old) {
			zap_root(m, old);
			free_table(m, old);
			m->w->kvm.roots[i] = (struct root){ 0 };
		}
}

bool tdp_zap_all(struct machine *m)
{
	bool any = false;

	for (unsigned i = 0; i < MAX_ROOTS; i++) {
		const struct root *root = &m->w->kvm.roots[i];

		if (!root->used)
			continue;
		any |= m->phys->next(m->phys, root->pfn, 0) < WORDS_PER_PAGE;
		zap_root(m, root->pfn);
	}
	for (unsigned v = 0; v < MAX_VCPUS; v++)	/* KVM_REQ_MMU_RELOAD */
		m->w->vcpu[v].free_obsolete_roots = m->w->vcpu[v].root != NO_PFN;
	return any;
}

pfn_t tdp_load_root(struct machine *m, unsigned vcpu)
{
	pfn_t root, old;

	if (m->w->vcpu[vcpu].free_obsolete_roots) {
		if (!lock_try_write(m, &m->w->kvm.mmu_lock))
			return NO_PFN;
		tdp_unload_root(m, vcpu);
		lock_release_write(m, &m->w->kvm.mmu_lock);
	}
	root = tdp_current_root(m);
	old = m->w->vcpu[vcpu].root;
	if (root == NO_PFN)
		root = new_root(m);
	if (old != root) {
		m->w->vcpu[vcpu].root = root;
		m->w->vcpu[vcpu].dropped_root = false;
		note(m, &(struct note){ .kind = NOTE_ROOT, .name = "load_mmu_pgd", .pfn = root });
		tlb_flush(m, vcpu);	/* kvm_mmu_load(): kvm_x86_ops.flush_tlb_current() */
		put_root(m, old);
	}
	return root;
}

/* A root that is not obsolete is the TDP MMU's own, too, and stays (6.4, and 6.1.192). */
void tdp_free_roots(struct machine *m, unsigned vcpu)
{
	pfn_t old = m->w->vcpu[vcpu].root;

	m->w->vcpu[vcpu].root = NO_PFN;
	m->w->vcpu[vcpu].dropped_root = false;
	put_root(m, old);
}

pfn_t tdp_root_at(struct machine *m, unsigned i)
{
	return m->w->kvm.roots[i].used ? m->w->kvm.roots[i].pfn : NO_PFN;
}

bool tdp_root_is_obsolete(struct machine *m, unsigned vcpu)
{
	pfn_t root = m->w->vcpu[vcpu].root;

	return root == NO_PFN || root != tdp_current_root(m);
}

void tdp_zap_invalid_roots(struct machine *m)
{
	for (unsigned i = 0; i < MAX_ROOTS; i++) {
		struct root *root = &m->w->kvm.roots[i];

		if (!root->used || !root->invalid || root->zapped)
			continue;
		zap_root(m, root->pfn);
		root->zapped = true;
		/* KVM_REQ_MMU_FREE_OBSOLETE_ROOTS */
		for (unsigned v = 0; v < MAX_VCPUS; v++) {
			if (m->w->vcpu[v].root != root->pfn)
				continue;
			tlb_flush(m, v);
			if (is_in_exit(m, v))
				continue;
			m->w->vcpu[v].root = NO_PFN;
			m->w->vcpu[v].dropped_root = true;
		}
		put_root(m, root->pfn);
	}
}

/* lpage_info[].disallow_lpage: kvm_alloc_memslot_metadata(), arch/x86/kvm/x86.c. */
static bool slot_allows(const struct memslot *slot, gfn_t gfn, unsigned level)
{
	u64 pages = level_pages(level);
	gfn_t first = gfn & ~(pages - 1);

	if ((slot->base_gfn ^ slot->userspace_addr >> PAGE_SHIFT) & (pages - 1))
		return false;
	return first >= slot->base_gfn && first + pages <= slot->base_gfn + slot->npages;
}

unsigned tdp_max_level(struct machine *m, int row, gfn_t gfn, pfn_t pfn)
{
	const struct memslot *slot;
	unsigned level = 1;
	struct pt_leaf leaf;

	if (row == NO_SLOT || is_error_noslot_pfn(pfn) ||
	    memslot_is(m, row, KVM_MEM_LOG_DIRTY_PAGES) || memslot_is(m, row, KVM_MEMSLOT_INVALID))
		return 1;
	if (!m->sem->ops.huge_ok(m, pfn) || gmem_serves(m, row, gfn))
		return 1;
	slot = memslot_row(m, row);
	leaf = host_leaf(m, slot->userspace_addr + ((gfn - slot->base_gfn) << PAGE_SHIFT));
	if (!leaf.present)
		return 1;
	while (level < leaf.level && slot_allows(slot, gfn, level + 1) &&
	       !attributes_mixed(m, gfn, level + 1))
		level++;
	return level > 1 && m->sem->traits.level_is_hosts ? leaf.level : level;
}
