/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * equiv_facts.c: what two kernels are compared by.
 *
 * Pages have names, not frames: which frame an allocator chose is not observable. Left out: the
 * invalidation sequence, generations, tables, statistics, who holds a reference (a law looks at
 * that), how many faults an access took, software bits of SPTEs but v11's.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"
#include "model/law.h"
#include "model/memslot.h"
#include "model/tdp.h"
#include "model/tlb.h"
#include "sim/equiv_internal.h"

void fact_add(struct facts *facts, enum fact_kind kind, u64 key, u64 value)
{
	arrput(facts->list, ((struct fact){ kind, key, value, NULL }));
}

u64 fact_of_law(unsigned place, const struct law *law)
{
	return (u64)place << 32 | (law - laws);
}

u64 fact_of_splat(unsigned place, u8 splat)
{
	return (u64)place << 32 | splat;
}

/* Its first letters, which no other word has, whatever its address is in this process. */
void fact_add_outcome(struct facts *facts, unsigned place, const char *word)
{
	static const char *const through[] = { "mapped", "spurious", "emulate" };
	struct fact fact = { FACT_OUTCOME, place, 0, word };

	for (size_t i = 0; word && i < ARRAY_SIZE(through); i++)
		if (!strcmp(word, through[i]))	/* how many faults it took is nobody's business */
			fact.word = "ok";
	if (word)
		memcpy(&fact.value, fact.word, strnlen(fact.word, sizeof(fact.value)));
	arrput(facts->list, fact);
}

/* ---- names of pages ---- */

enum name_kind { NAME_NONE, NAME_OBJECT, NAME_ZERO, NAME_REGION, NAME_CHILD, NAME_SPTE, NAME_MAP,
		 NAME_OTHER };

static u64 name_make(enum name_kind kind, u64 number)
{
	return (u64)kind << 32 | number;
}

/* Few of them; the first name stays. */
struct name { pfn_t pfn; u64 name; };
struct names_of { struct name *list; };	/* stb_ds */

static u64 name_of(const struct names_of *n, pfn_t pfn)
{
	for (size_t i = 0; i < arrlenu(n->list); i++)
		if (n->list[i].pfn == pfn)
			return n->list[i].name;
	return 0;
}

static void name_page(struct names_of *n, pfn_t pfn, u64 name)
{
	if (pfn != NO_PFN && !name_of(n, pfn))
		arrput(n->list, ((struct name){ pfn, name }));
}

static hva_t stage_hva(const struct stage *s)
{
	return s->trace.events[s->nr_setup - 1].hva;	/* of the memslot */
}

static pfn_t host_pfn(struct machine *m, u8 mm, hva_t hva)
{
	struct pt_leaf leaf;

	m->mm = mm;
	leaf = host_leaf(m, hva);
	m->mm = VM_MM;
	return leaf.present ? host_leaf_pfn(&leaf, hva) : NO_PFN;
}

static pfn_t spte_pfn(struct vm *vm, pfn_t root, gfn_t gfn)
{
	struct pt_leaf leaf = vm->sem.ops.walk(&vm->m, root, gfn);

	if (!spte_is_leaf(spte_format_of(&vm->m), leaf.entry, leaf.level))
		return NO_PFN;
	return pt_pfn(leaf.entry) + (gfn & (level_pages(leaf.level) - 1));
}

static void name_objects(struct vm *vm, struct names_of *n)
{
	name_page(n, vm->w.config.zero_pfn, name_make(NAME_ZERO, 0));
	for (unsigned o = 0; o < MAX_OBJECTS; o++) {
		const struct object_state *object = &vm->w.object[o];

		for (u64 i = 0; object->used && i < object->pages; i++)
			name_page(n, object_own_pfn(&vm->m, o, i),
				  name_make(NAME_OBJECT, o << 16 | i));
	}
}

/* What the region, stage 2 and KVM's maps lead to, in this order; then what is left over. */
static void name_mapped(struct vm *vm, const struct stage *s, struct names_of *n)
{
	struct machine *m = &vm->m;
	hva_t hva = stage_hva(s);
	pfn_t root = vm->sem.ops.current_root(m);

	for (u8 mm = VM_MM; mm <= CHILD_MM; mm++)
		for (unsigned i = 0; vm->w.mm[mm].used && i < EQUIV_MAX_PAGES; i++)
			name_page(n, host_pfn(m, mm, hva + i * PAGE_SIZE),
				  name_make(mm ? NAME_CHILD : NAME_REGION, i));
	for (unsigned i = 0; root != NO_PFN && i < EQUIV_MAX_PAGES; i++)
		name_page(n, spte_pfn(vm, root, STAGE_GFN + i), name_make(NAME_SPTE, i));
	for (unsigned i = 0; i < MAX_MAPS; i++)
		if (vm->w.kvm.maps[i].used)
			name_page(n, vm->w.kvm.maps[i].pfn, name_make(NAME_MAP, i));
}

/* A page that nobody leads to, and that is not free: somebody has forgotten it. */
static bool is_left_over(struct vm *vm, struct names_of *n, pfn_t pfn)
{
	const struct page *page = page_of(&vm->m, pfn);

	return (page->flags & PG_VALID) && page->owner != OWNER_KERNEL &&
	       !(page->flags & PG_TAIL) && !name_of(n, pfn) &&
	       (!(page->flags & PG_FREE) || page->refcount);
}

static void name_left_over(struct vm *vm, struct names_of *n)
{
	const struct phys *phys = vm->m.phys;
	unsigned rank = 0;

	for (pfn_t pfn = phys->next_page(phys, 0); pfn != NO_PFN;
	     pfn = phys->next_page(phys, pfn + 1))
		if (is_left_over(vm, n, pfn))
			name_page(n, pfn, name_make(NAME_OTHER, rank++));
}

/* ---- stage 2, and what hardware keeps of it ---- */

static void spte_facts(struct vm *vm, struct names_of *n, gfn_t gfn, struct facts *f)
{
	const struct spte_format *format = spte_format_of(&vm->m);
	pfn_t root = vm->sem.ops.current_root(&vm->m);
	struct pt_leaf leaf = { 0 };

	if (root != NO_PFN)
		leaf = vm->sem.ops.walk(&vm->m, root, gfn);
	if (root == NO_PFN || !spte_is_leaf(format, leaf.entry, leaf.level)) {
		fact_add(f, FACT_SPTE, gfn, 0);
		return;
	}
	fact_add(f, FACT_SPTE, gfn, name_of(n, spte_pfn(vm, root, gfn)) + 1);
	fact_add(f, FACT_SPTE_LEVEL, gfn, leaf.level);
	fact_add(f, FACT_SPTE_WRITE, gfn, spte_is_writable(format, leaf.entry));
	fact_add(f, FACT_SPTE_EXEC, gfn, spte_is_executable(format, leaf.entry));
	fact_add(f, FACT_SPTE_ACCESSED, gfn, spte_is_accessed(format, leaf.entry));
	fact_add(f, FACT_SPTE_DIRTY, gfn, leaf.entry & format->dirty ? 1 : 0);
	fact_add(f, FACT_SPTE_REFCOUNTED, gfn, leaf.entry & refcounted_mask(&vm->m) ? 1 : 0);
}

static void tlb_facts(struct vm *vm, struct names_of *n, unsigned vcpu, gfn_t gfn,
		      struct facts *f)
{
	const struct tlb_entry *e = tlb_find(&vm->m, vcpu, gfn);
	u64 key = (u64)vcpu << 32 | gfn;

	if (!e)
		return;
	fact_add(f, FACT_TLB, key, name_of(n, e->pfn + (gfn - e->gfn)) + 1);
	fact_add(f, FACT_TLB_WRITE, key, e->writable);
}

/* ---- the host's tables ---- */

static void pte_facts(struct vm *vm, struct names_of *n, u8 mm, hva_t hva, unsigned page,
		      struct facts *f)
{
	u64 key = (u64)mm << 32 | page;
	struct pt_leaf leaf;

	vm->m.mm = mm;
	leaf = host_leaf(&vm->m, hva);
	vm->m.mm = VM_MM;
	fact_add(f, FACT_PTE, key, leaf.present ? name_of(n, host_leaf_pfn(&leaf, hva)) + 1 : 0);
	if (!leaf.present) {
		fact_add(f, FACT_PTE_OTHER, key, leaf.poisoned | !!leaf.swap << 1);
		return;
	}
	fact_add(f, FACT_PTE_WRITE, key, !!(leaf.entry & PTE_WRITE));
	fact_add(f, FACT_PTE_DIRTY, key, !!(leaf.entry & PTE_DIRTY));
	fact_add(f, FACT_PTE_ACCESSED, key, !!(leaf.entry & PTE_ACCESSED));
	fact_add(f, FACT_PTE_OTHER, key, leaf.entry & (PTE_SPECIAL | PTE_PROTNONE | PTE_UFFD_WP));
}

/* ---- pages ---- */

enum { OTHER_FLAGS = PG_FREE | PG_HEAD | PG_TAIL | PG_RESERVED | PG_LRU | PG_ANON | PG_HWPOISON |
		     PG_LEAKED | PG_CACHE | PG_KSM | PG_SWAPCACHE | PG_MLOCKED | PG_LAZYFREE };

static void page_facts(struct vm *vm, pfn_t pfn, u64 name, struct facts *f)
{
	const struct page *page = page_of(&vm->m, pfn);
	u32 flags = page->flags;

	fact_add(f, FACT_PAGE_REFS, name, (u64)(s64)page->refcount);
	fact_add(f, FACT_PAGE_MAPS, name, (u64)(s64)page->mapcount);
	fact_add(f, FACT_PAGE_DIRTY, name, !!(flags & PG_DIRTY));
	fact_add(f, FACT_PAGE_REFERENCED, name, !!(flags & PG_REFERENCED));
	fact_add(f, FACT_PAGE_ACTIVE, name, !!(flags & PG_ACTIVE));
	fact_add(f, FACT_PAGE_FLAGS, name, flags & OTHER_FLAGS);
	if (!(flags & PG_FREE))
		fact_add(f, FACT_PAGE_CONTENTS, name, page_load(&vm->m, pfn, 0));
}

/* ---- what KVM keeps ---- */

static void kvm_facts(struct vm *vm, struct names_of *n, struct facts *f)
{
	for (unsigned i = 0; i < MAX_MAPS; i++) {
		const struct host_map *map = &vm->w.kvm.maps[i];

		fact_add(f, FACT_MAP, i, map->used ? name_of(n, map->pfn) + 1 : 0);
		if (map->used)
			fact_add(f, FACT_MAP_REFS, i, (u64)(s64)map->refs);
	}
	for (unsigned i = 0; i < MAX_GPCS; i++) {
		const struct gpc *gpc = &vm->w.kvm.gpcs[i];

		fact_add(f, FACT_GPC, i, gpc->valid ? name_of(n, gpc->pfn) + 1 : gpc->active);
	}
}

static void log_facts(struct vm *vm, gfn_t gfn, struct facts *f)
{
	int row = memslot_of_gfn(&vm->m, gfn);

	if (row != NO_SLOT && memslot_is(&vm->m, row, KVM_MEM_LOG_DIRTY_PAGES))
		fact_add(f, FACT_LOG, gfn, memslot_knows_dirty(&vm->m, row, gfn));
}

static int compare_facts(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;

	return x->kind != y->kind ? x->kind - y->kind :
	       x->key != y->key ? (x->key < y->key ? -1 : 1) : 0;
}

void facts_of_state(struct vm *vm, const struct stage *s, struct facts *f)
{
	struct names_of n = { NULL };
	hva_t hva = stage_hva(s);

	name_objects(vm, &n);
	name_mapped(vm, s, &n);
	name_left_over(vm, &n);
	for (unsigned i = 0; i < EQUIV_MAX_PAGES; i++) {
		spte_facts(vm, &n, STAGE_GFN + i, f);
		log_facts(vm, STAGE_GFN + i, f);
		for (unsigned vcpu = 0; vcpu < MAX_VCPUS; vcpu++)
			tlb_facts(vm, &n, vcpu, STAGE_GFN + i, f);
		for (u8 mm = VM_MM; mm <= CHILD_MM; mm++)
			if (vm->w.mm[mm].used)
				pte_facts(vm, &n, mm, hva + i * PAGE_SIZE, i, f);
	}
	for (size_t i = 0; i < arrlenu(n.list); i++)
		page_facts(vm, n.list[i].pfn, n.list[i].name, f);
	kvm_facts(vm, &n, f);
	arrfree(n.list);
	if (f->list)
		qsort(f->list, arrlenu(f->list), sizeof(*f->list), compare_facts);
}

u64 facts_hash(const struct facts *f)
{
	u64 hash = 0;

	for (size_t i = 0; i < arrlenu(f->list); i++) {
		const struct fact *fact = &f->list[i];

		hash = rewind_mix(rewind_mix(rewind_mix(hash, fact->kind), fact->key),
				  fact->value);
	}
	return hash;
}
