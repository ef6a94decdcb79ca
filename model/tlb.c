/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/tlb.h"

#include "model/machine.h"

static u64 tlb_key(unsigned vcpu, gfn_t gfn)
{
	return (u64)vcpu << 52 | gfn;
}

struct tlb_entry *tlb_find(struct machine *m, unsigned vcpu, gfn_t gfn)
{
	struct tlb *tlb = &m->w->vcpu[vcpu].tlb;

	for (unsigned i = 0; i < TLB_ENTRIES; i++) {
		struct tlb_entry *entry = &tlb->entry[i];

		if (entry->level && gfn - entry->gfn < level_pages(entry->level))
			return entry;
	}
	return NULL;
}

static void count_page(struct machine *m, const struct tlb_entry *entry, int delta)
{
	page_of(m, entry->pfn)->tlbs[entry->level - 1] += delta;
	page_touch(m, entry->pfn);
}

static void note_entry(struct machine *m, u8 kind, unsigned vcpu, const struct tlb_entry *entry)
{
	note(m, &(struct note){ .kind = kind, .value = vcpu, .gfn = entry->gfn, .pfn = entry->pfn,
				.level = entry->level, .ok = entry->writable });
}

void tlb_drop(struct machine *m, unsigned vcpu, struct tlb_entry *entry)
{
	if (!entry->level)
		return;
	touch(m, OBJECT_TLB, tlb_key(vcpu, entry->gfn));
	note_entry(m, NOTE_TLB_DROP, vcpu, entry);
	count_page(m, entry, -1);
	*entry = (struct tlb_entry){ 0 };
}

void tlb_fill(struct machine *m, unsigned vcpu, const struct tlb_entry *entry)
{
	struct tlb *tlb = &m->w->vcpu[vcpu].tlb;
	struct tlb_entry *slot = &tlb->entry[tlb->next];

	tlb_drop(m, vcpu, slot);
	note_entry(m, NOTE_TLB_FILL, vcpu, entry);
	*slot = *entry;
	tlb->next = (tlb->next + 1) % TLB_ENTRIES;
	count_page(m, entry, 1);
	touch(m, OBJECT_TLB, tlb_key(vcpu, entry->gfn));
}

void tlb_flush(struct machine *m, unsigned vcpu)
{
	struct tlb *tlb = &m->w->vcpu[vcpu].tlb;

	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		tlb_drop(m, vcpu, &tlb->entry[i]);
	tlb->next = 0;
}

void tlb_flush_all(struct machine *m)
{
	note(m, &(struct note){ .kind = NOTE_FLUSH, .name = "kvm_flush_remote_tlbs" });
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		tlb_flush(m, i);
}
