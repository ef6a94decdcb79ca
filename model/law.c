/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/law.h"

#include <string.h>

#include "model/memslot.h"
#include "model/semantics.h"
#include "model/tdp.h"

const char *blame_name(enum blame blame)
{
	static const char *const name[] = { "none", "kvm", "driver", "mm", "vmm" };

	return name[blame];
}

/* ---- pages ---- */

static bool refs_match(struct machine *m, u64 pfn, struct violation *v)
{
	const struct page *page = page_of(m, pfn);
	s64 held = 0;

	if ((page->flags & (PG_FREE | PG_TAIL | PG_LEAKED)) || !(page->flags & PG_VALID))
		return true;
	for (unsigned i = 0; i < NR_HOLDERS; i++)
		held += page->held[i];
	v->pfn = pfn;
	v->value = page->refcount;
	v->wanted = held;
	v->blame = page->misput_by ? page->misput_by : BLAME_KVM;
	return page->refcount == held;
}

/* Leaves, or TLB entries, of any size that cover @pfn. */
static unsigned mappings(struct machine *m, pfn_t pfn, bool tlb)
{
	unsigned n = 0;

	for (unsigned level = 1; level <= NR_LEVELS; level++) {
		const struct page *page = page_of(m, pfn & ~(level_pages(level) - 1));

		n += tlb ? page->tlbs[level - 1] : page->sptes[level - 1];
	}
	return n;
}

static bool free_page_unmapped(struct machine *m, u64 pfn, struct violation *v)
{
	if (!page_is(m, pfn, PG_FREE))
		return true;
	v->pfn = pfn;
	v->value = mappings(m, pfn, false);
	v->wanted = mappings(m, pfn, true);
	v->blame = page_blame(m, pfn);
	return !v->value && !v->wanted;
}

static bool dirty_kept(struct machine *m, u64 pfn, struct violation *v)
{
	const struct page *page = page_of(m, pfn);
	const struct page *head = page_of(m, page->head);

	v->pfn = pfn;
	v->blame = BLAME_KVM;
	if (!(page->flags & PG_GUEST_WROTE) || page->owner != OWNER_USER ||
	    (page->flags & (PG_FREE | PG_RESERVED)))
		return true;
	return (head->flags & PG_DIRTY) || page->dirty_ptes || mappings(m, pfn, false);
}

/* ---- stage-2 entries ---- */

struct mapping {
	struct pt_leaf leaf;
	int slot;
	hva_t hva;
	struct pt_leaf host;
	bool open;		/* an invalidation covers it and has not zapped yet */
	bool zapped;		/* ... and has zapped */
};

static void find_open(struct machine *m, struct mapping *at)
{
	hva_t end = at->hva + level_pages(at->leaf.level) * PAGE_SIZE;

	for (unsigned i = 0; i < MAX_OPEN; i++) {
		const struct open_range *open = &m->w->kvm.open[i];

		if (!open->used || open->ended || at->hva >= open->end || end <= open->start)
			continue;
		if (open->zapped)
			at->zapped = true;
		else
			at->open = true;
	}
}

/* The present leaf for @gfn in the current root; false: there is none. */
static bool find_mapping(struct machine *m, u64 gfn, struct mapping *at, struct violation *v)
{
	pfn_t root = tdp_current_root(m);

	*at = (struct mapping){ .slot = NO_SLOT };
	if (root == NO_PFN)
		return false;
	at->leaf = tdp_walk(m, root, gfn);
	if (!spte_is_leaf(spte_format_of(m), at->leaf.entry, at->leaf.level))
		return false;
	v->gfn = at->leaf.first;
	v->pfn = pt_pfn(at->leaf.entry);
	v->blame = BLAME_KVM;
	at->slot = memslot_of_gfn(m, at->leaf.first);
	if (at->slot == NO_SLOT)
		return true;
	at->hva = memslot_row(m, at->slot)->userspace_addr +
		  ((at->leaf.first - memslot_row(m, at->slot)->base_gfn) << PAGE_SHIFT);
	at->host = host_leaf(m, at->hva);
	find_open(m, at);
	return true;
}

static bool spte_has_slot(struct machine *m, u64 gfn, struct violation *v)
{
	struct mapping at;

	return !find_mapping(m, gfn, &at, v) || at.slot != NO_SLOT;
}

static bool spte_is_fresh(struct machine *m, u64 gfn, struct violation *v)
{
	struct mapping at;

	if (!find_mapping(m, gfn, &at, v) || at.slot == NO_SLOT || at.open)
		return true;
	v->value = pt_pfn(at.leaf.entry);
	v->wanted = at.host.present ? host_leaf_pfn(&at.host, at.hva) : NO_PFN;
	return !at.zapped && v->value == v->wanted;
}

static bool within_host_rights(struct machine *m, u64 gfn, struct violation *v)
{
	const struct spte_format *format = spte_format_of(m);
	struct mapping at;

	if (!find_mapping(m, gfn, &at, v) || at.slot == NO_SLOT || at.open || !at.host.present)
		return true;
	v->value = at.leaf.entry;
	v->wanted = at.host.entry;
	return !(at.leaf.entry & (format->write | format->host_writable)) ||
	       (at.host.entry & PTE_WRITE);
}

static bool read_only_slot_kept(struct machine *m, u64 gfn, struct violation *v)
{
	const struct spte_format *format = spte_format_of(m);
	struct mapping at;

	if (!find_mapping(m, gfn, &at, v) || !memslot_is(m, at.slot, KVM_MEM_READONLY))
		return true;
	v->value = at.leaf.entry;
	return !(at.leaf.entry & (format->write | format->mmu_writable | format->host_writable));
}

static bool writable_bits_agree(struct machine *m, u64 gfn, struct violation *v)
{
	const struct spte_format *format = spte_format_of(m);
	struct mapping at;
	u64 e;

	if (!find_mapping(m, gfn, &at, v))
		return true;
	e = v->value = at.leaf.entry;
	if ((e & format->write) && !(e & format->mmu_writable))
		return false;
	return !(e & format->mmu_writable) || (e & format->host_writable);
}

static bool huge_is_contained(struct machine *m, u64 gfn, struct violation *v)
{
	const struct memslot *slot;
	struct mapping at;
	u64 pages;

	if (!find_mapping(m, gfn, &at, v) || at.leaf.level == 1 || at.slot == NO_SLOT || at.open)
		return true;
	slot = memslot_row(m, at.slot);
	pages = level_pages(at.leaf.level);
	v->value = at.leaf.level;
	v->wanted = at.host.level;
	return at.host.present && at.host.level >= at.leaf.level &&
	       at.leaf.first + pages <= slot->base_gfn + slot->npages &&
	       !((pt_pfn(at.leaf.entry) ^ at.leaf.first) & (pages - 1));
}

/* ---- TLB entries ---- */

/* A notification that has not zapped yet has not failed yet. */
static bool start_is_running(const struct machine *m)
{
	for (unsigned i = 0; i < MAX_OPEN; i++)
		if (m->w->kvm.open[i].used && !m->w->kvm.open[i].zapped)
			return true;
	return false;
}

/* Who will flush before anybody can tell: a notification, a memslot or dirty-log call in flight. */
static bool flush_is_due(const struct machine *m)
{
	if (start_is_running(m))
		return true;
	for (unsigned i = 0; i < MAX_TASKS; i++) {
		const struct task *t = &m->w->task[i];

		if (t->state == TASK_RUNNING && (t->frame[0].path == PATH_SLOT ||
						 t->frame[0].path == PATH_DIRTY_LOG ||
						 t->frame[0].path == PATH_CLEAR_LOG))
			return true;
	}
	return false;
}

static bool tlb_is_fresh(struct machine *m, u64 key, struct violation *v)
{
	unsigned vcpu = key >> 52;
	gfn_t gfn = key & (BIT(52) - 1);
	const struct tlb_entry *entry = tlb_find(m, vcpu, gfn);
	struct mapping at;

	if (!entry || flush_is_due(m) || m->w->vcpu[vcpu].root != tdp_current_root(m))
		return true;
	v->gfn = gfn;
	v->pfn = entry->pfn;
	v->blame = BLAME_KVM;
	v->value = entry->pfn;
	v->wanted = NO_PFN;
	if (!find_mapping(m, gfn, &at, v))
		return false;
	v->pfn = entry->pfn;
	v->wanted = pt_pfn(at.leaf.entry) + (entry->gfn - at.leaf.first);
	return v->value == v->wanted &&
	       (!entry->writable || spte_is_writable(spte_format_of(m), at.leaf.entry));
}

/* ---- the rest ---- */

static bool notifier_counts_agree(struct machine *m, u64 key, struct violation *v)
{
	const struct kvm *kvm = &m->w->kvm;

	(void)key;
	v->blame = BLAME_KVM;
	v->value = kvm->in_progress;
	v->wanted = kvm->mn_active;
	return kvm->in_progress >= 0 && kvm->in_progress <= kvm->mn_active;
}

static bool task_is_balanced(struct machine *m, u64 key, struct violation *v)
{
	const struct task *t = &m->w->task[key];

	v->blame = BLAME_KVM;
	v->value = t->refs;
	v->pfn = t->follow.page;
	v->gfn = t->follow.gfn;
	return t->state != TASK_DONE || !t->refs;
}

static bool map_page_lives(struct machine *m, u64 key, struct violation *v)
{
	const struct host_map *map = &m->w->kvm.maps[key];

	if (!map->used)
		return true;
	v->pfn = map->pfn;
	v->gfn = map->gfn;
	v->blame = map->page == NO_PFN ? BLAME_KVM : page_blame(m, map->pfn);
	return !page_is(m, map->pfn, PG_FREE);
}

#define ON(kind)	(1u << OBJECT_##kind)
#define ALARM(kind)	(1u << ALARM_##kind)

const struct law laws[] = {
	{ "refs-match-holders", "A page has exactly as many references as holders we can name.",
	  "page_count() against the allocation, PTEs, LRU batches, look-ups and maps",
	  "%lld references, %lld held", ON(PAGE), 0, OBJECT_PAGE, refs_match },
	{ "no-get-from-zero", "Nobody but the allocator takes a page's count from 0 to 1.",
	  "CVE-2021-22543; f8be156be163 (5.13)", NULL, 0, ALARM(GET_FROM_ZERO), OBJECT_PAGE, NULL },
	{ "no-put-by-non-owner", "Nobody puts a reference that it does not hold.",
	  "include/linux/mm.h:put_page()", NULL, 0, ALARM(PUT_UNHELD), OBJECT_PAGE, NULL },
	{ "no-free-of-owned", "A put does not free a page that its owner has not given up.",
	  "CVE-2021-22543", NULL, 0, ALARM(FREED_OWNED), OBJECT_PAGE, NULL },
	{ "no-bad-free", "What is freed is allocated, and nobody else holds a part of it.",
	  "mm/page_alloc.c:free_pages_prepare()", NULL, 0, ALARM(BAD_FREE), OBJECT_PAGE, NULL },
	{ "no-free-page-mapped", "No stage-2 entry and no TLB entry leads to a free page.",
	  "Documentation/mm/mmu_notifier.rst", "%lld stage-2 entries, %lld TLB entries",
	  ON(PAGE), 0, OBJECT_PAGE, free_page_unmapped },
	{ "no-use-after-free", "Neither guest nor host uses a page that is not allocated.",
	  "Documentation/mm/mmu_notifier.rst", NULL, 0, ALARM(ACCESS_FREE), OBJECT_PAGE, NULL },
	{ "dirty-not-lost", "What a guest wrote to user memory stays known to be dirty.",
	  "mm/vmscan.c: a clean page may be dropped", NULL, ON(PAGE), 0, OBJECT_PAGE, dirty_kept },
	{ "mark-only-alive", "KVM marks no page dirty or accessed whose count is 0.",
	  "v11 1/8; kvm_is_ad_tracked_page()", NULL, 0, ALARM(MARK_DEAD), OBJECT_PAGE, NULL },
	{ "no-stale-spte",
	  "After an invalidation began, no stage-2 entry maps what the host no longer maps there.",
	  "virt/kvm/kvm_main.c:kvm_mmu_notifier_invalidate_range_start()",
	  "maps pfn 0x%llx, the host maps 0x%llx", ON(SPTE) | ON(HPTE) | ON(RANGE), 0,
	  OBJECT_SPTE, spte_is_fresh },
	{ "spte-within-host-rights", "A stage-2 entry allows no write that the host PTE forbids.",
	  "arch/x86/kvm/mmu/spte.h: host-writable", "SPTE 0x%llx, host PTE 0x%llx",
	  ON(SPTE) | ON(HPTE) | ON(RANGE), 0, OBJECT_SPTE, within_host_rights },
	{ "ro-slot-never-writable", "A read-only memslot has no writable stage-2 entry.",
	  "Documentation/virt/kvm/api.rst: KVM_MEM_READONLY", "SPTE 0x%llx", ON(SPTE), 0,
	  OBJECT_SPTE, read_only_slot_kept },
	{ "writable-bits-agree", "W implies MMU-writable implies host-writable.",
	  "arch/x86/kvm/mmu/spte.h:check_spte_writable_invariants()", "SPTE 0x%llx", ON(SPTE), 0,
	  OBJECT_SPTE, writable_bits_agree },
	{ "huge-contained", "A huge stage-2 entry stays within the host's mapping and its memslot.",
	  "arch/x86/kvm/mmu/mmu.c:kvm_mmu_hugepage_adjust()", "level %lld, host level %lld",
	  ON(SPTE) | ON(HPTE) | ON(RANGE), 0, OBJECT_SPTE, huge_is_contained },
	{ "leaf-immutable", "A present leaf changes its page only by way of non-present.",
	  "arch/x86/kvm/mmu/tdp_mmu.c:__handle_changed_spte()", NULL, 0, ALARM(LEAF_REPLACED),
	  OBJECT_SPTE, NULL },
	{ "spte-has-slot", "Every mapped gfn belongs to a memslot.",
	  "virt/kvm/kvm_main.c:kvm_set_memslot()", NULL, ON(SPTE), 0, OBJECT_SPTE, spte_has_slot },
	{ "no-stale-tlb", "When mmu_lock is free, no TLB allows what the stage-2 tables do not.",
	  "arch/x86/kvm/mmu/mmu.c:kvm_flush_remote_tlbs()", "cached pfn 0x%llx, mapped 0x%llx",
	  ON(TLB) | ON(SPTE) | ON(RANGE) | ON(TASK), 0, OBJECT_TLB, tlb_is_fresh },
	{ "notifier-counts-agree", "Invalidations in progress are active ones, and never negative.",
	  "virt/kvm/kvm_main.c:kvm_mmu_invalidate_end()", "%lld in progress, %lld active",
	  ON(NOTIFIER), 0, OBJECT_NOTIFIER, notifier_counts_agree },
	{ "fault-balance", "A look-up gives back every reference that it took.",
	  "virt/kvm/kvm_main.c:kvm_release_pfn_clean(), kvm_release_faultin_page()",
	  "%lld references left", ON(TASK), 0, OBJECT_TASK, task_is_balanced },
	{ "map-page-lives", "A page that KVM has mapped for itself is not free.",
	  "virt/kvm/kvm_main.c:kvm_vcpu_map()", NULL, ON(MAP) | ON(PAGE), 0, OBJECT_MAP,
	  map_page_lives },
	{ "no-kernel-warning", "No WARN_ON() of the kernel fires.", "the function named", NULL, 0,
	  ALARM(WARN), OBJECT_TASK, NULL },
	{ "no-kernel-bug", "No BUG_ON() of the kernel fires, and nothing it dereferences is bad.",
	  "the function named", NULL, 0, ALARM(BUG) | ALARM(OOPS), OBJECT_TASK, NULL },
};

const unsigned nr_laws = ARRAY_SIZE(laws);

const struct law *law_find(const char *id)
{
	for (unsigned i = 0; i < nr_laws; i++)
		if (!strcmp(laws[i].id, id))
			return &laws[i];
	return NULL;
}

/* ---- which objects a touch leads to ---- */

struct checker {
	struct machine *m;
	struct violation *out;
	unsigned n, max;
};

static void check_one(struct checker *c, const struct law *law, u64 key)
{
	struct violation v = { .law = law, .kind = law->about, .key = key, .pfn = NO_PFN,
			       .gfn = NO_PFN };

	if (law->holds(c->m, key, &v) || c->n == c->max)
		return;
	for (unsigned i = 0; i < c->n; i++)
		if (c->out[i].law == law && c->out[i].pfn == v.pfn && c->out[i].gfn == v.gfn)
			return;
	c->out[c->n++] = v;
}

static void check_leaves(struct checker *c, const struct law *law, gfn_t gfn, gfn_t end)
{
	pfn_t root = tdp_current_root(c->m);

	while (root != NO_PFN && gfn < end) {
		struct pt_leaf leaf = tdp_next_leaf(c->m, root, gfn, end);

		if (!leaf.present)
			return;
		check_one(c, law, leaf.first);
		gfn = leaf.first + level_pages(leaf.level);
	}
}

static void check_hvas(struct checker *c, const struct law *law, hva_t start, hva_t end)
{
	for (int row = 0; row < MAX_SLOTS; row++) {
		gfn_t lo, hi;

		if (memslot_overlap(memslot_row(c->m, row), start, end, &lo, &hi))
			check_leaves(c, law, lo, hi);
	}
}

static void check_tlbs(struct checker *c, const struct law *law)
{
	for (u64 vcpu = 0; vcpu < MAX_VCPUS; vcpu++)
		for (unsigned i = 0; i < TLB_ENTRIES; i++) {
			const struct tlb_entry *entry = &c->m->w->vcpu[vcpu].tlb.entry[i];

			if (entry->level)
				check_one(c, law, vcpu << 52 | entry->gfn);
		}
}

static void check_pages(struct checker *c, const struct law *law)
{
	pfn_t pfn = 0;

	while ((pfn = c->m->phys->next_page(c->m->phys, pfn)) != NO_PFN) {
		check_one(c, law, pfn);
		pfn++;
	}
}

static void check_touched(struct checker *c, const struct law *law, const struct object *o)
{
	const struct notify *range = &c->m->w->task[c->m->task].notify;

	if (o->kind == law->about) {
		check_one(c, law, o->key);
		return;
	}
	switch ((enum object_kind)law->about) {
	case OBJECT_SPTE:
		if (o->kind == OBJECT_HPTE)
			check_hvas(c, law, o->key, o->key + PAGE_SIZE);
		else if (o->kind == OBJECT_RANGE)
			check_hvas(c, law, range->start, range->end);
		break;
	case OBJECT_TLB:
		check_tlbs(c, law);
		break;
	case OBJECT_MAP:
		for (unsigned i = 0; i < MAX_MAPS; i++)
			check_one(c, law, i);
		break;
	case OBJECT_PAGE:
	case OBJECT_HPTE:
	case OBJECT_NOTIFIER:
	case OBJECT_RANGE:
	case OBJECT_TASK:
	case NR_OBJECT_KINDS:
		break;
	}
}

static void check_everything(struct checker *c, const struct law *law)
{
	switch ((enum object_kind)law->about) {
	case OBJECT_PAGE:
		check_pages(c, law);
		break;
	case OBJECT_SPTE:
		check_leaves(c, law, 0, (gfn_t)1 << 36);
		break;
	case OBJECT_TLB:
		check_tlbs(c, law);
		break;
	case OBJECT_TASK:
		for (unsigned i = 0; i < MAX_TASKS; i++)
			check_one(c, law, i);
		break;
	case OBJECT_MAP:
		for (unsigned i = 0; i < MAX_MAPS; i++)
			check_one(c, law, i);
		break;
	case OBJECT_NOTIFIER:
		check_one(c, law, 0);
		break;
	case OBJECT_HPTE:
	case OBJECT_RANGE:
	case NR_OBJECT_KINDS:
		break;
	}
}

static void add_alarm(struct checker *c, const struct law *law, const struct alarm *alarm)
{
	struct violation v = { .law = law, .blame = alarm->blame, .kind = law->about,
			       .key = alarm->key, .pfn = NO_PFN, .gfn = NO_PFN,
			       .value = alarm->key };

	if (law->about == OBJECT_PAGE)
		v.pfn = alarm->key;
	else if (law->about == OBJECT_SPTE)
		v.gfn = alarm->key;
	if (alarm->kind == ALARM_MARK_DEAD || alarm->kind == ALARM_ACCESS_FREE)
		v.blame = page_blame(c->m, alarm->key);
	if (c->n < c->max)
		c->out[c->n++] = v;
}

unsigned laws_check(struct machine *m, struct violation *out, unsigned max)
{
	struct checker c = { .m = m, .out = out, .max = max };

	for (unsigned i = 0; i < nr_laws; i++) {
		const struct law *law = &laws[i];

		for (unsigned a = 0; a < m->nr_alarms; a++)
			if (law->alarms & (1u << m->alarms[a].kind))
				add_alarm(&c, law, &m->alarms[a]);
		if (!law->holds)
			continue;
		if (m->touched_all)
			check_everything(&c, law);
		for (unsigned o = 0; o < m->nr_touched && !m->touched_all; o++)
			if (law->reads & (1u << m->touched[o].kind))
				check_touched(&c, law, &m->touched[o]);
	}
	return c.n;
}

unsigned laws_check_all(struct machine *m, struct violation *out, unsigned max)
{
	struct checker c = { .m = m, .out = out, .max = max };

	for (unsigned i = 0; i < nr_laws; i++)
		if (laws[i].holds)
			check_everything(&c, &laws[i]);
	return c.n;
}
