/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/memslot.h"

#include "model/machine.h"

int memslots_begin(const struct machine *m)
{
	return m->w->kvm.active_slots * MAX_SLOTS;
}

int memslots_end(const struct machine *m)
{
	return memslots_begin(m) + MAX_SLOTS;
}

/* Of two with one hva the row that was there first, as in the interval tree (since 5.17). */
/* In the tree of hvas, where equal ones go to the right of what is there. */
static bool comes_before(const struct memslot *a, const struct memslot *b)
{
	return a->userspace_addr != b->userspace_addr ? a->userspace_addr < b->userspace_addr :
							a->inserted < b->inserted;
}

int memslot_next_by_hva(const struct machine *m, int row)
{
	const struct memslot *slots = m->w->kvm.slots;
	int next = NO_SLOT;

	for (int i = memslots_begin(m); i < memslots_end(m); i++) {
		if (!(slots[i].flags & KVM_MEMSLOT_USED))
			continue;
		if (row != NO_SLOT && !comes_before(&slots[row], &slots[i]))
			continue;
		if (next == NO_SLOT || comes_before(&slots[i], &slots[next]))
			next = i;
	}
	return next;
}

void memslot_insert(struct machine *m, int row)
{
	m->w->kvm.slots[row].inserted = ++m->w->kvm.slot_inserts;
}

int memslot_active(const struct machine *m, int row)
{
	return memslots_begin(m) + row % MAX_SLOTS;
}

int memslot_inactive(const struct machine *m, int row)
{
	return !m->w->kvm.active_slots * MAX_SLOTS + row % MAX_SLOTS;
}

/*
 * A vCPU is, from its exit until it enters the guest again, and so are callers of look-ups. A
 * notifier is as well, but finds its memslots in the step that uses them.
 */
bool task_reads_slots(const struct task *t)
{
	if (t->state != TASK_RUNNING)
		return false;
	switch ((enum path_id)t->frame[0].path) {
	case PATH_ACCESS:
		return t->depth > 1;
	case PATH_COPY:
	case PATH_GPC:
	case PATH_STEAL:
	case PATH_LOOKUP:
	case PATH_MAP:
	case PATH_NESTED:
	case PATH_PREFAULT:
	case PATH_PREFETCH:
	case PATH_STAGE2:
		return true;
	default:
		return false;
	}
}

void srcu_note_readers(struct machine *m)
{
	struct kvm *kvm = &m->w->kvm;

	kvm->srcu_readers = 0;
	for (unsigned i = 0; i < MAX_TASKS; i++)
		kvm->srcu_readers |= task_reads_slots(&m->w->task[i]) << i;
}

void memslots_publish(struct machine *m)
{
	struct kvm *kvm = &m->w->kvm;

	kvm->active_slots = !kvm->active_slots;
	kvm->generation |= KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS;
}

void memslots_propagate(struct machine *m, int row)
{
	struct memslot *slots = m->w->kvm.slots;

	slots[memslot_inactive(m, row)] = slots[memslot_active(m, row)];
}

const struct memslot *memslot_row(const struct machine *m, int row)
{
	assert(row >= 0 && row < 2 * MAX_SLOTS);
	return &m->w->kvm.slots[row];
}

bool memslot_is(const struct machine *m, int row, u16 flags)
{
	return row != NO_SLOT && (memslot_row(m, row)->flags & flags) == flags;
}

int memslot_of_gfn(const struct machine *m, gfn_t gfn)
{
	for (int row = memslots_begin(m); row < memslots_end(m); row++) {
		const struct memslot *slot = memslot_row(m, row);

		if ((slot->flags & KVM_MEMSLOT_USED) && gfn - slot->base_gfn < slot->npages)
			return row;
	}
	return NO_SLOT;
}

int memslot_of_id(const struct machine *m, int id)
{
	for (int row = memslots_begin(m); row < memslots_end(m); row++)
		if (memslot_is(m, row, KVM_MEMSLOT_USED) && memslot_row(m, row)->id == id)
			return row;
	return NO_SLOT;
}

hva_t memslot_hva(struct machine *m, int row, gfn_t gfn, bool write)
{
	const struct memslot *slot;

	if (row == NO_SLOT || memslot_is(m, row, KVM_MEMSLOT_INVALID))
		return KVM_HVA_ERR_BAD;
	if (write && memslot_is(m, row, KVM_MEM_READONLY))
		return KVM_HVA_ERR_RO_BAD;
	slot = memslot_row(m, row);
	return slot->userspace_addr + ((gfn - slot->base_gfn) << PAGE_SHIFT);
}

bool memslot_overlap(const struct memslot *slot, hva_t start, hva_t end, gfn_t *lo, gfn_t *hi)
{
	hva_t slot_end = slot->userspace_addr + (slot->npages << PAGE_SHIFT);

	if (start < slot->userspace_addr)
		start = slot->userspace_addr;
	if (end > slot_end)
		end = slot_end;
	if (!(slot->flags & KVM_MEMSLOT_USED) || start >= end)
		return false;
	*lo = slot->base_gfn + ((start - slot->userspace_addr) >> PAGE_SHIFT);
	*hi = slot->base_gfn + ((end - slot->userspace_addr + PAGE_SIZE - 1) >> PAGE_SHIFT);
	return true;
}

bool memslots_overlap(struct machine *m, hva_t start, hva_t end)
{
	gfn_t lo, hi;

	for (int row = memslots_begin(m); row < memslots_end(m); row++)
		if (memslot_overlap(memslot_row(m, row), start, end, &lo, &hi))
			return true;
	return false;
}

static pfn_t dirty_page(int row, u64 word)
{
	return SPACE_DIRTY + ((u64)(row % MAX_SLOTS) << 32) + word / WORDS_PER_PAGE;
}

u64 memslot_dirty_word(struct machine *m, int row, u64 word)
{
	return m->phys->load(m->phys, dirty_page(row, word), word % WORDS_PER_PAGE);
}

void memslot_set_dirty_word(struct machine *m, int row, u64 word, u64 bits)
{
	m->phys->store(m->phys, dirty_page(row, word), word % WORDS_PER_PAGE, bits);
}

bool memslot_knows_dirty(struct machine *m, int row, gfn_t gfn)
{
	u64 page;

	if (!memslot_is(m, row, KVM_MEM_LOG_DIRTY_PAGES))
		return true;
	page = gfn - memslot_row(m, row)->base_gfn;
	return memslot_dirty_word(m, row, page / 64) & BIT(page % 64);
}

void memslot_mark_dirty(struct machine *m, int row, gfn_t gfn)
{
	u64 page;

	if (!memslot_is(m, row, KVM_MEM_LOG_DIRTY_PAGES))
		return;
	page = gfn - memslot_row(m, row)->base_gfn;
	memslot_set_dirty_word(m, row, page / 64,
			       memslot_dirty_word(m, row, page / 64) | BIT(page % 64));
}

void memslot_clear_dirty(struct machine *m, int row)
{
	u64 words = (memslot_row(m, row)->npages + 63) / 64;

	for (u64 page = 0; page * WORDS_PER_PAGE < words; page++)
		m->phys->clear(m->phys, dirty_page(row, page * WORDS_PER_PAGE));
}

void memslot_fill_dirty(struct machine *m, int row)
{
	u64 pages = memslot_row(m, row)->npages;

	for (u64 word = 0; word * 64 < pages; word++)
		memslot_set_dirty_word(m, row, word, pages - word * 64 >= 64 ? ~(u64)0 :
						     BIT(pages % 64) - 1);
}
