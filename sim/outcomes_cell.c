/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * outcomes_cell.c: which cells there are, and the world of one: a page, a VMA, a PTE, a memslot.
 *
 * What maps what: mm/memory.c:vm_insert_page(), vmf_insert_mixed(), remap_pfn_range();
 * drivers/gpu/drm/ttm/ttm_pool.c:ttm_pool_alloc_page() for blocks without __GFP_COMP.
 */
#include "sim/outcomes_internal.h"

#include "model/host_mm.h"
#include "model/memslot.h"

const char *const outcome_pages[] = {
	"ANON0", "CHEAD", "CTAIL", "HOHEAD", "HOTAIL", "RESV", "ZERO", "ZDEV", "ZDEV0", "NOPAGE",
};

const char *const outcome_vmas[] = {
	"NORMAL", "PFNMAP", "IO_special", "IO_normal", "MIXED_normal", "MIXED_special",
	"MIXED_devmap",
};

#define P(page)	(1u << OUT_##page)

/* A normal PTE takes a reference: what has none cannot be mapped by one. */
static const unsigned maps[NR_OUT_VMAS] = {
	[OUT_NORMAL] = P(ANON0) | P(CHEAD) | P(CTAIL) | P(ZERO) | P(ZDEV),
	[OUT_PFNMAP] = (1u << NR_OUT_PAGES) - 1,
	[OUT_IO_SPECIAL] = (1u << NR_OUT_PAGES) - 1,
	[OUT_IO_NORMAL] = P(ANON0) | P(CHEAD) | P(CTAIL) | P(HOHEAD) | P(RESV),
	[OUT_MIXED_NORMAL] = P(ANON0) | P(CHEAD) | P(CTAIL) | P(HOHEAD) | P(RESV) | P(ZDEV),
	[OUT_MIXED_SPECIAL] = (1u << NR_OUT_PAGES) - 1,
	[OUT_MIXED_DEVMAP] = P(ZDEV),
};

/* Who reads at all, and who gets as far as a look-up in a read-only slot. */
static const struct { bool reads, in_ro_slot; } wants[NR_OUT_CALLERS] = {
	[OUT_TDP] = { true, true },
	[OUT_SHADOW] = { true, true },
	[OUT_VCPU_MAP] = { false, true },
	[OUT_PFNCACHE] = { false, false },
	[OUT_COMPAT] = { true, true },
	[OUT_REEXECUTE] = { false, true },
	[OUT_PREFETCH_DIRECT] = { false, false },
	[OUT_PREFETCH_SHADOW] = { false, false },
};

static bool exists(const struct outcome_cell *c)
{
	return (maps[c->vma] & (1u << c->page)) && (c->write || wants[c->caller].reads) &&
	       (!c->ro_slot || wants[c->caller].in_ro_slot);
}

/* The cells as numbers, the read-only slot lowest. */
static bool decode(unsigned n, struct outcome_cell *c)
{
	c->ro_slot = n % 2;
	c->host_pte_w = !(n / 2 % 2);
	c->write = n / 4 % 2;
	n /= 8;
	c->caller = n % NR_OUT_CALLERS;
	n /= NR_OUT_CALLERS;
	c->vma = n % NR_OUT_VMAS;
	c->page = n / NR_OUT_VMAS;
	return n < NR_OUT_VMAS * NR_OUT_PAGES;
}

bool outcome_next(unsigned *at, struct outcome_cell *cell)
{
	while (decode((*at)++, cell))
		if (exists(cell))
			return true;
	return false;
}

static const enum alloc_kind alloc_kinds[NR_OUT_PAGES] = {
	[OUT_ANON0] = ALLOC_ORDER0, [OUT_CHEAD] = ALLOC_COMPOUND, [OUT_CTAIL] = ALLOC_COMPOUND,
	[OUT_HOHEAD] = ALLOC_NONCOMPOUND, [OUT_HOTAIL] = ALLOC_NONCOMPOUND,
	[OUT_RESV] = ALLOC_RESERVED, [OUT_ZDEV] = ALLOC_ZONE_DEVICE,
	[OUT_ZDEV0] = ALLOC_ZONE_DEVICE, [OUT_NOPAGE] = ALLOC_MMIO,
};

enum { FIRST_PAGE = 0x10000 };

static bool is_block(enum outcome_page page)
{
	return page == OUT_CHEAD || page == OUT_CTAIL || page == OUT_HOHEAD || page == OUT_HOTAIL;
}

static pfn_t make_page(struct machine *m, const struct outcome_cell *c)
{
	u8 owner = c->vma == OUT_NORMAL ? OWNER_USER : OWNER_DRIVER;
	pfn_t pfn = FIRST_PAGE;

	if (c->page == OUT_ZERO)
		return m->w->config.zero_pfn;
	pages_init(m, alloc_kinds[c->page], pfn, is_block(c->page) ? 1 : 0, owner);
	if (c->page == OUT_ZDEV0)
		page_set_count(m, pfn, 0);
	if (c->page == OUT_ZDEV && c->vma == OUT_MIXED_NORMAL)	/* p2pmem_alloc_mmap() */
		page_of(m, pfn)->flags |= PG_P2PDMA;
	else if (c->page == OUT_ZDEV)	/* fsdax */
		page_of(m, pfn)->flags |= PG_CACHE;
	if (owner == OWNER_USER && c->page != OUT_ZDEV)
		page_of(m, pfn)->flags |= PG_ANON;
	return c->page == OUT_CTAIL || c->page == OUT_HOTAIL ? pfn + 1 : pfn;
}

static const struct { u8 mode; u32 flags; u64 pte; } mappings[NR_OUT_VMAS] = {
	[OUT_NORMAL] = { MODE_PAGE, 0, 0 },
	[OUT_PFNMAP] = { MODE_PFN, VM_PFNMAP | VM_IO, PTE_SPECIAL },
	[OUT_IO_SPECIAL] = { MODE_IO_MIXED, VM_IO | VM_MIXEDMAP, PTE_SPECIAL },
	[OUT_IO_NORMAL] = { MODE_IO_INSERT, VM_IO | VM_MIXEDMAP, 0 },
	[OUT_MIXED_NORMAL] = { MODE_INSERT, VM_MIXEDMAP, 0 },
	[OUT_MIXED_SPECIAL] = { MODE_MIXED, VM_MIXEDMAP, PTE_SPECIAL },
	[OUT_MIXED_DEVMAP] = { MODE_MIXED, VM_MIXEDMAP, PTE_SPECIAL | PTE_DEVMAP },
};

static u64 pte_kind(const struct outcome_cell *c)
{
	if (c->page == OUT_ZERO)
		return PTE_SPECIAL;
	if (c->page == OUT_ZDEV && c->vma == OUT_NORMAL)	/* fsdax */
		return PTE_SPECIAL | PTE_DEVMAP;
	return mappings[c->vma].pte;
}

/*
 * A normal PTE without W that may be written is a private mapping's: do_wp_page() copies. P2PDMA
 * memory has none (drivers/pci/p2pdma.c:p2pmem_alloc_mmap()).
 */
static bool is_copied(const struct outcome_cell *c)
{
	if (c->page == OUT_ZDEV && c->vma == OUT_MIXED_NORMAL)
		return false;
	return !c->host_pte_w && !(mappings[c->vma].flags & (VM_IO | VM_PFNMAP)) &&
	       pte_kind(c) != PTE_SPECIAL;
}

/* The ZERO_PAGE's own PTE (mm/memory.c:do_anonymous_page()) has no W, whatever the VMA allows. */
static bool pte_is_writable(const struct outcome_cell *c)
{
	return c->host_pte_w &&
	       (c->page != OUT_ZERO || (mappings[c->vma].flags & (VM_IO | VM_PFNMAP)));
}

static void map_page(struct machine *m, const struct outcome_cell *c, pfn_t pfn)
{
	bool anon = c->vma == OUT_NORMAL ? c->page != OUT_ZDEV :
					   c->vma == OUT_MIXED_SPECIAL && c->page == OUT_ZERO;
	struct vma vma = { .start = CELL_HVA & ~(hva_t)0xffff, .mode = mappings[c->vma].mode,
			   .kind = anon ? VMA_ANON : VMA_DEVICE };
	u64 entry = pfn << PAGE_SHIFT | PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_NX |
		    pte_kind(c);

	vma.end = vma.start + 0x10000;
	vma.flags = VM_READ | VM_WRITE | mappings[c->vma].flags;
	vma.flags |= anon || is_copied(c) ? 0 : VM_SHARED;
	vma_add(m, &vma);
	m->w->object[0] = (struct object_state){ .used = true, .pages = 16, .base = NO_PFN,
						    .mode = vma.mode };
	object_set_pfn(m, 0, (CELL_HVA - vma.start) >> PAGE_SHIFT, pfn);
	if (!(entry & PTE_SPECIAL))
		page_get(m, pfn, HOLD_PTE);
	host_set_leaf(m, CELL_HVA, 1, entry | (pte_is_writable(c) ? PTE_WRITE | PTE_DIRTY : 0));
}

static void add_memslot(struct vm *vm, bool read_only)
{
	task_start(&vm->m, 0, PATH_SLOT, BLAME_VMM)->slot = (struct slot_op){
		.id = 1, .base_gfn = CELL_GFN & ~(gfn_t)15, .npages = 16,
		.hva = CELL_HVA & ~(hva_t)0xffff, .flags = read_only ? KVM_MEM_READONLY : 0,
	};
	vm_run(vm, 0, NULL);
	assert(!vm->w.task[0].slot.error);
}

struct vm *outcome_world(const struct semantics_patch *patch, const struct outcome_cell *c,
			 enum mmu_kind mmu)
{
	struct vm_config config = { .ept = true, .ad = true, .mmu = mmu, .zero_pfn = NO_PFN,
				    .first_frame = 0x1000, .code_gpa = NO_PFN };
	struct vm *vm = vm_new(patch, &config);

	map_page(&vm->m, c, make_page(&vm->m, c));
	add_memslot(vm, c->ro_slot);
	vm_begin_event(vm, 1);
	return vm;
}
