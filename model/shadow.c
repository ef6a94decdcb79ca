/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/shadow.h"

#include "model/machine.h"
#include "model/nx.h"
#include "model/rmap.h"
#include "model/semantics.h"
#include "model/tdp.h"

enum { KVM_REFILL_PAGES = 25 };

/* Beside each table, in pages that no host frame has. */
enum { WORD_GFN, WORD_PREV, WORD_NEXT, WORD_STATE, WORD_PARENT };

static struct shadow_page sp_of(struct machine *m, pfn_t table)
{
	pfn_t at = SPACE_SHADOW + table;
	u64 state = m->phys->load(m->phys, at, WORD_STATE);

	struct shadow_page sp = {
		.gfn = m->phys->load(m->phys, at, WORD_GFN),
		.prev = m->phys->load(m->phys, at, WORD_PREV),
		.next = m->phys->load(m->phys, at, WORD_NEXT),
		.root_count = state >> 16, .level = state & 0xf, .gen = state >> 4 & 1,
		.invalid = state >> 5 & 1,
	};

	for (unsigned i = 0; i < MAX_PARENTS; i++)
		sp.parent[i] = m->phys->load(m->phys, at, WORD_PARENT + i);
	return sp;
}

static void sp_save(struct machine *m, pfn_t table, const struct shadow_page *sp)
{
	pfn_t at = SPACE_SHADOW + table;

	m->phys->store(m->phys, at, WORD_GFN, sp->gfn);
	for (unsigned i = 0; i < MAX_PARENTS; i++)
		m->phys->store(m->phys, at, WORD_PARENT + i, sp->parent[i]);
	m->phys->store(m->phys, at, WORD_PREV, sp->prev);
	m->phys->store(m->phys, at, WORD_NEXT, sp->next);
	m->phys->store(m->phys, at, WORD_STATE, (u64)sp->root_count << 16 | sp->level |
		       sp->gen << 4 | (u64)sp->invalid << 5);
}

struct shadow_page shadow_page_of(struct machine *m, u64 sptep)
{
	return sp_of(m, sptep >> PAGE_SHIFT);
}

bool shadow_is_obsolete(const struct machine *m, const struct shadow_page *sp)
{
	return sp->invalid || sp->gen != m->w->kvm.mmu_valid_gen;
}

u64 spte_read(struct machine *m, u64 sptep)
{
	u64 entry = m->phys->load(m->phys, sptep >> PAGE_SHIFT, sptep >> 3 & 511);

	return entry ? entry : spte_format_of(m)->nonpresent;
}

/* ---- active_mmu_pages: the newest first ---- */

static void list_add(struct machine *m, pfn_t table)
{
	struct kvm *kvm = &m->w->kvm;
	struct shadow_page sp = sp_of(m, table), first;

	sp.prev = 0;
	sp.next = kvm->active_first;
	sp_save(m, table, &sp);
	if (kvm->active_first) {
		first = sp_of(m, kvm->active_first);
		first.prev = table;
		sp_save(m, kvm->active_first, &first);
	} else {
		kvm->active_last = table;
	}
	kvm->active_first = table;
}

static void list_del(struct machine *m, pfn_t table)
{
	struct kvm *kvm = &m->w->kvm;
	struct shadow_page sp = sp_of(m, table), other;

	if (sp.prev) {
		other = sp_of(m, sp.prev);
		other.next = sp.next;
		sp_save(m, sp.prev, &other);
	} else {
		kvm->active_first = sp.next;
	}
	if (sp.next) {
		other = sp_of(m, sp.next);
		other.prev = sp.prev;
		sp_save(m, sp.next, &other);
	} else {
		kvm->active_last = sp.prev;
	}
}

/* ---- tables ---- */

/* for_each_valid_sp(): the list stands for the hash; zapped roots are not on it. */
static pfn_t find(struct machine *m, gfn_t gfn, unsigned level)
{
	struct shadow_page sp;

	for (pfn_t table = m->w->kvm.active_first; table; table = sp.next) {
		sp = sp_of(m, table);
		if (sp.gfn == gfn && sp.level == level && !shadow_is_obsolete(m, &sp))
			return table;
	}
	return 0;
}

pfn_t shadow_get(struct machine *m, gfn_t gfn, unsigned level)
{
	struct shadow_page sp = { .gfn = gfn, .level = level, .gen = m->w->kvm.mmu_valid_gen };
	pfn_t table = find(m, gfn, level);

	if (table)
		return table;
	table = alloc_table(m, place_of_stage2(level, gfn));
	sp_save(m, table, &sp);
	list_add(m, table);
	m->w->kvm.used_mmu_pages++;
	return table;
}

static void spte_write(struct machine *m, u64 sptep, gfn_t gfn, u64 spte)
{
	m->phys->store(m->phys, sptep >> PAGE_SHIFT, sptep >> 3 & 511, spte);
	touch(m, OBJECT_SPTE, gfn);
}

static void flush_remote_tlbs(struct machine *m)
{
	tlb_flush_all(m);
}

/* The list of parents: @from becomes @to. */
static void replace_parent(struct machine *m, pfn_t child, u64 from, u64 to)
{
	struct shadow_page sp = sp_of(m, child);
	unsigned i = 0;

	while (i < MAX_PARENTS && sp.parent[i] != from)
		i++;
	assert(i < MAX_PARENTS);
	sp.parent[i] = to;
	sp_save(m, child, &sp);
}

void shadow_unlink(struct machine *m, u64 sptep)
{
	pfn_t child = pt_pfn(spte_read(m, sptep));
	struct shadow_page sp = sp_of(m, child);

	replace_parent(m, child, sptep, 0);
	spte_write(m, sptep, sp.gfn, spte_format_of(m)->nonpresent);
}

/* mmu_page_zap_pte() */
static void zap_pte(struct machine *m, u64 sptep, gfn_t gfn, unsigned level)
{
	const struct spte_format *format = spte_format_of(m);
	u64 spte = spte_read(m, sptep);

	if (spte_is_leaf(format, spte, level)) {
		rmap_drop(m, sptep);
	} else if (spte_is_present(format, spte)) {
		shadow_unlink(m, sptep);
	} else if (spte_is_mmio(format, spte)) {
		spte_write(m, sptep, gfn, format->nonpresent);
		rmap_forget(m, sptep);
	}
}

void shadow_link(struct machine *m, const struct pt_leaf *at, pfn_t child)
{
	const struct spte_format *format = spte_format_of(m);

	if (spte_is_present(format, at->entry)) {
		zap_pte(m, sptep_of(at), at->first, at->level);
		flush_remote_tlbs(m);
	}
	replace_parent(m, child, 0, sptep_of(at));
	spte_write(m, sptep_of(at), at->first, spte_make_nonleaf(format, child, m->w->config.ad));
}

/* ---- zapping: prepared pages wait in a list for the flush ---- */

/* __kvm_mmu_prepare_zap_page(): a root in use is zapped as well, and stays. */
void shadow_prepare_zap(struct machine *m, pfn_t table, pfn_t *zapped)
{
	struct shadow_page sp = sp_of(m, table);

	note_stat(m, "mmu_shadow_zapped", 1);
	if (page_is(m, table, PG_NX_SPLIT))
		nx_untrack(m, table);
	for (unsigned i = 0; (i = m->phys->next(m->phys, table, i)) < WORDS_PER_PAGE; i++)
		zap_pte(m, table << PAGE_SHIFT | i << 3, sp.gfn + i * level_pages(sp.level),
			sp.level);
	for (unsigned i = 0; i < MAX_PARENTS; i++)
		if (sp.parent[i])
			shadow_unlink(m, sp.parent[i]);
	if (!sp.invalid)
		list_del(m, table);
	sp = sp_of(m, table);
	sp.prev = sp.next = 0;
	if (!sp.root_count) {
		sp.next = *zapped;
		*zapped = table;
		m->w->kvm.used_mmu_pages--;
	}
	sp.invalid = true;
	sp_save(m, table, &sp);
}

void shadow_commit_zap(struct machine *m, pfn_t zapped)
{
	if (zapped)
		flush_remote_tlbs(m);
	while (zapped) {
		pfn_t next = sp_of(m, zapped).next;

		m->phys->clear(m->phys, SPACE_SHADOW + zapped);
		free_table(m, zapped);
		zapped = next;
	}
}

/* kvm_zap_obsolete_pages(): the oldest first, up to the first that is not obsolete. */
static void zap_obsolete_pages(struct machine *m)
{
	pfn_t zapped = 0;

	for (pfn_t table = m->w->kvm.active_last; table; table = m->w->kvm.active_last) {
		struct shadow_page sp = sp_of(m, table);

		if (!shadow_is_obsolete(m, &sp))
			break;
		shadow_prepare_zap(m, table, &zapped);
	}
	shadow_commit_zap(m, zapped);
}

void shadow_zap_all_fast(struct machine *m)
{
	m->w->kvm.mmu_valid_gen = !m->w->kvm.mmu_valid_gen;
	for (unsigned v = 0; v < MAX_VCPUS; v++)	/* KVM_REQ_MMU_FREE_OBSOLETE_ROOTS */
		m->w->vcpu[v].free_obsolete_roots = true;
	tlb_flush_all(m);
	zap_obsolete_pages(m);
}

void shadow_zap_all(struct machine *m)
{
	pfn_t zapped = 0;

	while (m->w->kvm.active_first)
		shadow_prepare_zap(m, m->w->kvm.active_first, &zapped);
	shadow_commit_zap(m, zapped);
}

void shadow_zap_oldest(struct machine *m, u64 wanted)
{
	pfn_t zapped = 0, table = m->w->kvm.active_last;

	while (table && wanted) {
		struct shadow_page sp = sp_of(m, table);

		if (!sp.root_count) {
			shadow_prepare_zap(m, table, &zapped);
			wanted--;
		}
		table = sp.prev;
	}
	shadow_commit_zap(m, zapped);
}

static u64 available(const struct machine *m)
{
	const struct kvm *kvm = &m->w->kvm;

	return kvm->max_mmu_pages > kvm->used_mmu_pages ?
	       kvm->max_mmu_pages - kvm->used_mmu_pages : 0;
}

bool shadow_make_available(struct machine *m)
{
	if (available(m) >= KVM_MIN_FREE_MMU_PAGES)
		return true;
	shadow_zap_oldest(m, KVM_REFILL_PAGES - available(m));
	return available(m);
}

void shadow_limit(struct machine *m, u64 pages)
{
	struct kvm *kvm = &m->w->kvm;

	if (kvm->used_mmu_pages > pages) {
		shadow_zap_oldest(m, kvm->used_mmu_pages - pages);
		pages = kvm->used_mmu_pages;
	}
	kvm->max_mmu_pages = pages;
}

/* ---- roots ---- */

pfn_t shadow_get_root(struct machine *m, gfn_t gfn, unsigned level)
{
	pfn_t table = shadow_get(m, gfn, level);
	struct shadow_page sp = sp_of(m, table);

	sp.root_count++;
	sp_save(m, table, &sp);
	return table;
}

void shadow_put_root(struct machine *m, pfn_t table, pfn_t *zapped)
{
	struct shadow_page sp = sp_of(m, table);

	sp.root_count--;
	sp_save(m, table, &sp);
	if (!sp.root_count && sp.invalid)
		shadow_prepare_zap(m, table, zapped);
}
