/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hugetlb_resv.c: what a file of hugetlb has been promised, and what it has in its page cache.
 *
 * Each mmap() but of a memfd has a file of its own, which its VMA names, and the parts that it is
 * split into, and a fork's copy. A shared mapping's promises and pages are the file's, and go with
 * the last VMA, if it is no memfd; a private one's are of the process that has made it, and go with
 * each VMA.
 * Linux: mm/hugetlb.c:struct resv_map, fs/hugetlbfs/inode.c; 5.12 to 7.2.
 */
#include "model/hugetlb.h"

#include "model/host_rmap.h"
#include "model/machine.h"
#include "model/semantics.h"
#include "model/thp.h"

/* Of each file a word for each huge page; and above the bits what is cached there. */
enum resv_bit { RESV_PROMISED = 1, RESV_USED = 2, RESV_BITS = 2 };

enum { MAX_FILE_PAGES = HUGETLB_FILE_PAGES };

static pfn_t file_words(unsigned file)
{
	return SPACE_RESV + ((u64)file << 32);
}

/* vma_hugecache_offset() */
static u64 index_of(const struct vma *vma, hva_t hva)
{
	return (vma->index + ((hva - vma->start) >> PAGE_SHIFT)) / level_pages(hugetlb_level(vma));
}

static u64 load_word(struct machine *m, const struct vma *vma, hva_t hva)
{
	return m->phys->load(m->phys, file_words(vma->object), index_of(vma, hva));
}

static void store_word(struct machine *m, const struct vma *vma, hva_t hva, u64 word)
{
	m->phys->store(m->phys, file_words(vma->object), index_of(vma, hva), word);
}

static bool is_free(struct machine *m, unsigned file)
{
	if (m->w->hugetlb.open & BIT(file - 1))
		return false;
	for (unsigned i = 0; i < MAX_FILE_PAGES; i++)
		if (m->phys->load(m->phys, file_words(file), i))
			return false;
	return true;
}

static u8 new_file(struct machine *m, unsigned level)
{
	u8 file = 1;

	while (!is_free(m, file)) {
		assert(file < MAX_HUGETLB_PAGES);
		file++;
	}
	m->w->hugetlb.gigantic &= ~BIT(file - 1);
	m->w->hugetlb.gigantic |= level == 3 ? BIT(file - 1) : 0;
	return file;
}

u8 hugetlb_create(struct machine *m, unsigned level)
{
	u8 file = new_file(m, level);

	m->w->hugetlb.open |= BIT(file - 1);
	return file;
}

unsigned hugetlb_file_level(const struct machine *m, unsigned file)
{
	return m->w->hugetlb.gigantic & BIT(file - 1) ? 3 : 2;
}

/* hugetlb_reserve_pages(): what another mapping of the file has been promised counts for this. */
bool hugetlb_reserve(struct machine *m, struct vma *vma)
{
	struct hugetlb_pool *pool = hugetlb_pool(m, hugetlb_level(vma));
	u64 pages = 0, size = hugetlb_size(vma);

	if (!vma->object)
		vma->object = new_file(m, hugetlb_level(vma));
	for (hva_t at = vma->start; at < vma->end; at += size)
		pages += !(load_word(m, vma, at) & RESV_PROMISED);
	if (pages > pool->free - pool->reserved)
		return false;
	pool->reserved += pages;
	vma->flags |= VM_HUGETLB;
	for (hva_t at = vma->start; at < vma->end; at += size)
		if (!(load_word(m, vma, at) & RESV_PROMISED))
			store_word(m, vma, at, RESV_PROMISED);
	return true;
}

/* filemap_add_folio(): since 6.7 of hugetlb, too, one for each 4K */
s32 hugetlb_cache_refs(struct machine *m, pfn_t page)
{
	return m->sem->traits.hugetlb_cache_counts ? (s32)1 << page_of(m, page)->order : 1;
}

void hugetlb_hold_cached(struct machine *m, pfn_t page)
{
	page_add_held(m, page, HOLD_OWNER, hugetlb_cache_refs(m, page));
}

/* A private mapping whose promises are another's has none. */
static bool owns(const struct vma *vma)
{
	return vma->object && vma->object != HUGETLB_BEREFT;
}

bool hugetlb_is_used(struct machine *m, const struct vma *vma, hva_t hva)
{
	return !owns(vma) || load_word(m, vma, hva) != RESV_PROMISED;
}

pfn_t hugetlb_cached(struct machine *m, const struct vma *vma, hva_t hva)
{
	u64 word = owns(vma) ? load_word(m, vma, hva) : 0;

	return word >> RESV_BITS ? word >> RESV_BITS : NO_PFN;
}

void hugetlb_use(struct machine *m, const struct vma *vma, hva_t hva, pfn_t cached)
{
	if (owns(vma))
		store_word(m, vma, hva, RESV_PROMISED | RESV_USED |
			   (cached == NO_PFN ? 0 : cached << RESV_BITS));
}

void hugetlb_restore(struct machine *m, const struct vma *vma, hva_t hva, pfn_t head)
{
	if (!owns(vma))
		return;
	store_word(m, vma, hva, RESV_PROMISED);
	page_of(m, head)->flags |= PG_RESTORE;
}

void hugetlb_disown(struct vma *vma)
{
	if (!(vma->flags & VM_SHARED))
		vma->object = 0;
}

/* Nobody can ask for what the rest of the mapping was promised: it stays promised for good. */
void hugetlb_move_promises(struct machine *m, struct vma *vma, hva_t start, hva_t end)
{
	if (vma->flags & VM_SHARED)
		return;
	for (hva_t at = vma->start; at < vma->end; at += hugetlb_size(vma))
		if (owns(vma) && (at < start || at >= end))
			store_word(m, vma, at, 0);
	hugetlb_disown(vma);
}

/* ---- VMAs that are unmapped: four words each in LIST_PAGES, until they are closed ---- */

void hugetlb_remember(struct machine *m, struct task *t, const struct vma *vma)
{
	u64 at = 4 * t->range.huge_vmas++;

	list_set(m, LIST_PAGES, at, vma->start);
	list_set(m, LIST_PAGES, at + 1, vma->end);
	list_set(m, LIST_PAGES, at + 2, vma->index);
	list_set(m, LIST_PAGES, at + 3, (u64)vma->mode << 40 | (u64)vma->object << 32 | vma->flags);
}

struct vma hugetlb_detached(struct machine *m, unsigned i)
{
	u64 last = list_get(m, LIST_PAGES, 4 * i + 3);

	return (struct vma){
		.start = list_get(m, LIST_PAGES, 4 * i), .end = list_get(m, LIST_PAGES, 4 * i + 1),
		.index = list_get(m, LIST_PAGES, 4 * i + 2), .flags = (u32)last,
		.kind = VMA_HUGETLB, .mode = last >> 40, .object = (u8)(last >> 32) };
}

static bool is_in_use(const struct machine *m, u8 file)
{
	if (m->w->hugetlb.open & BIT(file - 1))
		return true;
	for (unsigned i = 0; i < MAX_MMS * MAX_VMAS; i++) {
		const struct vma *vma = &m->w->mm[i / MAX_VMAS].vma[i % MAX_VMAS];

		if (vma->used && vma->kind == VMA_HUGETLB && vma->object == file)
			return true;
	}
	return false;
}

/* Others, too, may be about to close a VMA of it. */
static bool is_detached(struct machine *m, u8 file)
{
	u8 task = m->task;
	bool found = false;

	for (m->task = 0; m->task < MAX_TASKS && !found; m->task++)
		for (unsigned i = 0; i < m->w->task[m->task].range.huge_vmas; i++)
			found |= hugetlb_detached(m, i).object == file;
	m->task = task;
	return found;
}

/* hugetlb_vm_op_close(); remove_inode_hugepages(), hugetlb_unreserve_pages() */
static void close_place(struct machine *m, const struct vma *vma, u64 index)
{
	pfn_t words = file_words(vma->object);
	u64 word = m->phys->load(m->phys, words, index);

	hugetlb_pool(m, hugetlb_level(vma))->reserved -= word == RESV_PROMISED;
	m->phys->store(m->phys, words, index, 0);
	if (word >> RESV_BITS)
		page_put_refs(m, word >> RESV_BITS, HOLD_OWNER,
			      hugetlb_cache_refs(m, word >> RESV_BITS));
}

static void close_vma(struct machine *m, const struct vma *vma)
{
	u64 size = hugetlb_size(vma);

	if (!owns(vma))
		return;
	for (hva_t at = vma->start; !(vma->flags & VM_SHARED) && at < vma->end; at += size)
		close_place(m, vma, index_of(vma, at));
	if (!(vma->flags & VM_SHARED) || is_in_use(m, vma->object) || is_detached(m, vma->object))
		return;
	for (u64 i = 0; i < MAX_FILE_PAGES; i++)
		close_place(m, vma, i);
}

void hugetlb_close_detached(struct machine *m, struct task *t)
{
	while (t->range.huge_vmas) {
		unsigned last = --t->range.huge_vmas;
		struct vma vma = hugetlb_detached(m, last);

		for (unsigned i = 0; i < 4; i++)
			list_set(m, LIST_PAGES, 4 * last + i, 0);
		close_vma(m, &vma);
	}
}

/* ---- the page cache, by place ---- */

pfn_t hugetlb_file_page(struct machine *m, unsigned file, u64 index)
{
	u64 word = m->phys->load(m->phys, file_words(file), index);

	return word >> RESV_BITS ? word >> RESV_BITS : NO_PFN;
}

bool hugetlb_is_beyond(const struct machine *m, const struct vma *vma, hva_t hva)
{
	for (unsigned i = 0; i < MAX_FILES; i++) {
		const struct file_state *file = &m->w->file[i];

		if (file->used && file->type == FILE_HUGETLB && file->hugetlb == vma->object)
			return index_of(vma, hva) >= file->size / hugetlb_size(vma);
	}
	return false;
}

bool hugetlb_add_cached(struct machine *m, unsigned file, u64 index)
{
	pfn_t words = file_words(file);
	u64 word = m->phys->load(m->phys, words, index);
	pfn_t page;

	if (word >> RESV_BITS)
		return true;
	page = hugetlb_take(m, hugetlb_file_level(m, file), word == RESV_PROMISED);
	if (page == NO_PFN)
		return false;
	page_hand_over(m, page, HOLD_OWNER, HOLD_MM);
	hugetlb_hold_cached(m, page);
	m->phys->store(m->phys, words, index, RESV_PROMISED | RESV_USED | page << RESV_BITS);
	page_put(m, page, HOLD_MM);
	return true;
}

void hugetlb_unreserve(struct machine *m, unsigned file, u64 first)
{
	struct hugetlb_pool *pool = hugetlb_pool(m, hugetlb_file_level(m, file));
	pfn_t words = file_words(file);

	for (u64 i = first; i < MAX_FILE_PAGES; i++) {
		pool->reserved -= m->phys->load(m->phys, words, i) == RESV_PROMISED;
		m->phys->store(m->phys, words, i, 0);
	}
}

/* hugetlb_delete_from_page_cache(), region_del(), __folio_batch_release() */
void hugetlb_drop_cached(struct machine *m, unsigned file, u64 index)
{
	pfn_t head = hugetlb_file_page(m, file, index);

	page_get(m, head, HOLD_MM);
	m->phys->store(m->phys, file_words(file), index, RESV_USED);
	page_put_refs(m, head, HOLD_OWNER, hugetlb_cache_refs(m, head));
	lru_drain(m);
	page_put(m, head, HOLD_MM);
}

/* ---- the page cache, by page ---- */

void hugetlb_set_cached(struct machine *m, pfn_t head, pfn_t to)
{
	u64 new = to == NO_PFN ? 0 : to << RESV_BITS;

	for (unsigned i = 0; i < MAX_HUGETLB_PAGES * MAX_FILE_PAGES; i++) {
		pfn_t words = file_words(1 + i / MAX_FILE_PAGES);
		u64 word = m->phys->load(m->phys, words, i % MAX_FILE_PAGES);

		if (word >> RESV_BITS == head)
			m->phys->store(m->phys, words, i % MAX_FILE_PAGES,
				       RESV_PROMISED | RESV_USED | new);
	}
}
