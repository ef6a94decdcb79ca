/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_event.c: each event as commands of the lab. A row an event; what has none cannot be done.
 *
 * sim/script_commands.c is the way back: what it makes of these commands is the event again.
 */
#include "sim/lab_internal.h"

#include <stdio.h>
#include <string.h>

#include "model/memslot.h"
#include "model/task.h"
#include "sim/lab_vmm.h"

#define KVM_SYSFS	"/sys/module/kvm/parameters/"

static const char *hva_of(const struct lab *lab, const struct event *e)
{
	static _Thread_local char text[64];

	return lab_address(lab, e->hva, text, sizeof(text));
}

/* ---- the driver ---- */

static const char *alloc(struct lab *lab, const struct event *e)
{
	static const char *const kinds[] = { "order0", "comp", "nc", "split", "ncref", "rsvd",
					     "phys" };

	if (e->kind >= ARRAY_SIZE(kinds))
		return "the lab's module has no ZONE_DEVICE pages";
	lab->pages[e->object] = alloc_is_separate(e->kind) ? e->count : 1ull << e->order;
	if (e->kind == ALLOC_MMIO)
		lab_say(lab, "lab alloc %u phys %llu 0x%llx", (unsigned)e->object,
			(unsigned long long)e->count, (unsigned long long)e->pfn);
	else
		lab_say(lab, "lab alloc %u %s %llu %llu", (unsigned)e->object, kinds[e->kind],
			(unsigned long long)e->order, (unsigned long long)e->count);
	return NULL;
}

static const char *mode(struct lab *lab, const struct event *e)
{
	static const char *const modes[] = { "pfn", "remap", "insert", "page", "mixed", "pmd",
					     "ioinsert", "iomixed" };

	if (e->mode == MODE_MKWRITE || e->mode == MODE_PFN_MKWRITE)
		return "the lab's driver has no pfn_mkwrite()";
	if (e->mode >= ARRAY_SIZE(modes))
		return "conform does not read mappings of 1G";
	lab_say(lab, "lab mode %u %s", (unsigned)e->object, modes[e->mode]);
	return NULL;
}

static const char *zap(struct lab *lab, const struct event *e)
{
	uint64_t all = lab->pages[e->object];

	lab_say(lab, "lab zap %u %llu %llu", (unsigned)e->object, (unsigned long long)e->index,
		(unsigned long long)(e->count < all ? e->count : all));
	return NULL;
}

static const char *driver(struct lab *lab, const struct event *e)
{
	unsigned object = e->object;
	unsigned long long index = e->index;

	if (e->id == EVENT_FREE)
		lab_say(lab, "lab free %u", object);
	else if (e->id == EVENT_REF)
		lab_say(lab, "lab ref %u %llu %lld", object, index, (long long)e->delta);
	else if (e->id == EVENT_REPOINT)
		lab_say(lab, "lab repoint %u %llu %u %llu", object, index, (unsigned)e->other,
			(unsigned long long)e->other_index);
	else
		lab_say(lab, "lab drain");
	return NULL;
}

/* ---- mappings and files ---- */

static const char *prot_text(uint64_t prot, char *text)
{
	size_t n = 0;

	if (prot & VM_READ)
		text[n++] = 'r';
	if (prot & VM_WRITE)
		text[n++] = 'w';
	if (prot & VM_EXEC)
		text[n++] = 'x';
	text[n] = 0;
	return n ? text : "none";
}

/* The file is there from its first mapping on, or was made before if it has a name. */
static const char *file_kind(const struct lab_file *file, const struct event *e, char *kind,
			     size_t size)
{
	if (file->mount == MOUNT_OWN) {
		snprintf(kind, size, "%sfile:%s/%s notrunc", e->is_private ? "p" : "",
			 file->huge ? "/thp" : "/tmp", file->name);
		return NULL;
	}
	if (e->is_private)
		return "a private mapping of a file without a name";
	if (file->region)
		snprintf(kind, size, "same:%s", file->region);
	else if (e->index * PAGE_SIZE + e->size != file->size)
		return "a file without a name is as long as its first mapping";
	else
		snprintf(kind, size, "%s", file->is_1g ? "hmemfd1g" : file->is_hugetlb ? "hmemfd" :
			 file->mount == MOUNT_MEMFD ? "memfd" : "shanon");
	return NULL;
}

static const char *kind_of(const struct lab *lab, const struct event *e, char *kind, size_t size)
{
	const char *size_word = e->backing & BACKING_1G ? "1g" : "";

	switch (e->backing & BACKING_KIND) {
	case VMA_ANON:
		snprintf(kind, size, "anon");
		return NULL;
	case VMA_DEVICE:
		snprintf(kind, size, "%sdev:%u", e->is_private ? "p" : "", (unsigned)e->object);
		return NULL;
	case VMA_FILE:
		return file_kind(&lab->file[e->mapped_file], e, kind, size);
	default:
		snprintf(kind, size, "%s%s", e->backing & BACKING_SHARED ? "shhuge" : "huge",
			 size_word);
		return NULL;
	}
}

static const char *mmap(struct lab *lab, const struct event *e)
{
	uint64_t usual = RBASE + lab->nr_regions * REGION_GAP;
	char kind[128], prot[8];
	const char *why = kind_of(lab, e, kind, sizeof(kind));
	char more[96] = "";
	size_t n = 0;

	if (why || lab->nr_regions == LAB_REGIONS)
		return why ? why : "more than 32 regions";
	if (e->prot != (VM_READ | VM_WRITE))
		n += snprintf(more + n, sizeof(more) - n, " prot=%s", prot_text(e->prot, prot));
	if (e->populate)
		n += snprintf(more + n, sizeof(more) - n, " populate");
	if (e->index)
		n += snprintf(more + n, sizeof(more) - n, " foff=0x%llx",
			      (unsigned long long)e->index * PAGE_SIZE);
	if (e->hva != usual)
		snprintf(more + n, sizeof(more) - n, " skew=0x%llx",
			 (unsigned long long)(e->hva - usual));
	lab_say(lab, "mmap %s 0x%llx %s%s", e->name, (unsigned long long)e->size, kind, more);
	if (e->backing == VMA_FILE && !lab->file[e->mapped_file].region)
		lab->file[e->mapped_file].region = e->name;
	lab->region[lab->nr_regions].name = e->name;
	lab->region[lab->nr_regions].base = e->hva;
	lab->region[lab->nr_regions].size = e->size;
	lab_watch_region(lab, lab->nr_regions++);
	return NULL;
}

static const char *file(struct lab *lab, const struct event *e)
{
	struct lab_file *row = &lab->file[e->object];

	*row = (struct lab_file){ .name = names_of_file(lab->names, e->object), .size = e->size,
				  .huge = e->huge, .mount = e->mount };
	if ((e->kind & BACKING_KIND) == FILE_HUGETLB) {
		row->mount = MOUNT_MEMFD;
		row->is_hugetlb = true;
		row->is_1g = e->kind & BACKING_1G;
		return NULL;
	}
	if (e->kind != FILE_SHMEM)
		return "the lab has no filesystem on a disk, nor DAX";
	if (e->huge != SHMEM_HUGE_NEVER && e->huge != SHMEM_HUGE_ALWAYS)
		return "the lab has a tmpfs with huge=never and one with huge=always";
	if (e->mount == MOUNT_OWN)
		lab_say(lab, "sh truncate -s %llu %s/%s", (unsigned long long)e->size,
			row->huge ? "/thp" : "/tmp", row->name);
	return NULL;
}

/* By a region that maps it */
static const char *on_file(struct lab *lab, const struct event *e)
{
	const char *region = lab->file[e->object].region;
	unsigned long long offset = e->offset;

	if (!region)
		return "the lab names a file by a region that maps it, and there is none yet";
	if (e->id == EVENT_TRUNCATE)
		lab_say(lab, "truncate %s 0x%llx", region, offset);
	else if (e->id == EVENT_PUNCH || e->id == EVENT_FALLOCATE)
		lab_say(lab, "%s %s 0x%llx 0x%llx", e->id == EVENT_PUNCH ? "punch" : "fallocate",
			region, offset, (unsigned long long)e->size);
	else
		lab_say(lab, "fwrite %s 0x%llx 0x%llx", region, offset,
			(unsigned long long)e->value);
	return NULL;
}

/* ---- the VMM's memory ---- */

static const char *host_access(struct lab *lab, const struct event *e)
{
	bool child = event_is_of_child(e->id);

	if (e->id == EVENT_HOST_READ || e->id == EVENT_CHILD_READ)
		lab_say(lab, "%sread %s", child ? "c" : "h", hva_of(lab, e));
	else
		lab_say(lab, "%swrite %s 0x%llx", child ? "c" : "h", hva_of(lab, e),
			(unsigned long long)e->value);
	return NULL;
}

static const char *range(struct lab *lab, const struct event *e)
{
	static const struct { enum event_id id; const char *command, *more; } rows[] = {
		{ EVENT_MUNMAP, "munmap", "" }, { EVENT_MLOCK, "mlock", "" },
		{ EVENT_MUNLOCK, "munlock", "" }, { EVENT_DONTNEED, "madvise", " DONTNEED" },
		{ EVENT_CHILD_DONTNEED, "cdontneed", "" }, { EVENT_REMOVE, "madvise", " REMOVE" },
		{ EVENT_COLD, "madvise", " COLD" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].id == e->id)
			lab_say(lab, "%s %s 0x%llx%s", rows[i].command, hva_of(lab, e),
				(unsigned long long)e->size, rows[i].more);
	return NULL;
}

static const char *page_error(struct lab *lab, const struct event *e)
{
	lab_say(lab, "madvise %s 0x%llx %s", hva_of(lab, e),
		(unsigned long long)(e->size ? e->size : PAGE_SIZE),
		e->id == EVENT_POISON ? "HWPOISON" : "SOFT_OFFLINE");
	return NULL;
}

static const char *mprotect(struct lab *lab, const struct event *e)
{
	char prot[8];

	lab_say(lab, "mprotect %s 0x%llx %s", hva_of(lab, e), (unsigned long long)e->size,
		prot_text(e->prot, prot));
	return NULL;
}

static const char *madvise(struct lab *lab, const struct event *e)
{
	static const char *const advices[] = {
		"HUGEPAGE", "NOHUGEPAGE", "COLLAPSE", "MERGEABLE", "UNMERGEABLE", "FREE",
		"WILLNEED", "POPULATE_READ", "POPULATE_WRITE", "DONTFORK", "DOFORK", "WIPEONFORK",
		"KEEPONFORK",
	};

	lab_say(lab, "madvise %s 0x%llx %s", hva_of(lab, e), (unsigned long long)e->size,
		advices[e->advice]);
	return NULL;
}

static const char *mremap(struct lab *lab, const struct event *e)
{
	char to[64];

	if (e->other_hva == NO_PFN || e->keep || (e->new_size && e->new_size != e->size))
		return "the lab moves memory to a given place, as long as it was";
	lab_say(lab, "mremap %s 0x%llx %s", hva_of(lab, e), (unsigned long long)e->size,
		lab_address(lab, e->other_hva, to, sizeof(to)));
	return NULL;
}

static const char *migrate(struct lab *lab, const struct event *e)
{
	if (e->size / PAGE_SIZE > LAB_MOVED)
		return "the lab moves up to 64 pages at once";
	lab_say(lab, "movepage %s %llu n=%llu", hva_of(lab, e), (unsigned long long)e->node,
		(unsigned long long)(e->size / PAGE_SIZE));
	return NULL;
}

/* To swap: a disk of memory, as soon as somebody needs it */
static const char *pageout(struct lab *lab, const struct event *e)
{
	if (!e->no_swap && !lab->swaps) {
		lab_say(lab, "sh insmod /mods/brd.ko rd_nr=1 rd_size=16384");
		lab_say(lab, "sh mkswap /dev/ram0 > /dev/null");
		lab_say(lab, "sh swapon /dev/ram0");
		lab->swaps = true;
	}
	if (e->no_swap && lab->swaps)
		return "swap is on by now";
	lab_say(lab, "madvise %s 0x%llx PAGEOUT", hva_of(lab, e), (unsigned long long)e->size);
	return NULL;
}

static const char *setting(struct lab *lab, const struct event *e)
{
	static const char *const huge[] = { "never", "always", "within_size", "advise", "deny",
					    "force" };
	unsigned long long value = e->value;

	if (e->id == EVENT_HUGEPAGES && e->size == BIT(30) && e->count)
		lab_say(lab, "#!gigantic %llu", (unsigned long long)e->count);
	if (e->id == EVENT_HUGEPAGES)
		lab_say(lab, "sysw %s %llu", e->size == BIT(30) ? GIGANTIC_SYSFS :
			"/proc/sys/vm/nr_hugepages", (unsigned long long)e->count);
	else if (e->id == EVENT_SHMEM_HUGE)
		lab_say(lab, "sysw /sys/kernel/mm/transparent_hugepage/shmem_enabled %s",
			huge[e->huge]);
	else if (e->id == EVENT_SET_NX)
		lab_say(lab, "sysw " KVM_SYSFS "nx_huge_pages %s", value ? "Y" : "N");
	else if (e->id == EVENT_EAGER_SPLIT)
		lab_say(lab, "sysw " KVM_SYSFS "eager_page_split %s", value ? "Y" : "N");
	else
		lab_say(lab, "clearrefs %llu", (unsigned long long)e->kind + 1);
	return NULL;
}

static const char *child(struct lab *lab, const struct event *e)
{
	lab_say(lab, "%s", e->id == EVENT_FORK ? "fork" : "cexit");
	return NULL;
}

/* ---- the VM ---- */

/* The VMM's own memslot is 0. */
static unsigned long long slot_id(const struct event *e)
{
	return e->slot + 1;
}

static const char *memslot(struct lab *lab, const struct event *e)
{
	const struct lab_file *gmem = e->gmem == NO_PFN ? NULL : &lab->file[e->gmem];
	bool is_gmem = e->flags & ~(uint64_t)(KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES);

	if (slot_id(e) >= LAB_SLOTS)
		return "the lab's memslots are 0 to 62";
	if (e->gpa < LAB_CODE_SIZE)
		return "the lab's guest has its code at gpa 0 to 0x3fff";
	if (is_gmem && (!gmem || gmem->size != e->size || e->offset || gmem->region))
		return "the lab makes a guest_memfd with its memslot, as long as that";
	if (is_gmem)
		lab->file[e->gmem].region = "";
	lab_say(lab, "%s %llu 0x%llx %s 0x%llx%s%s", is_gmem ? "gmemslot" : "slot", slot_id(e),
		(unsigned long long)e->gpa, hva_of(lab, e), (unsigned long long)e->size,
		e->flags & KVM_MEM_READONLY ? " ro" : "",
		e->flags & KVM_MEM_LOG_DIRTY_PAGES ? " log" : "");
	return NULL;
}

/* Its file comes with its memslot. */
static const char *gmem(struct lab *lab, const struct event *e)
{
	if (e->id == EVENT_GMEM && e->flags)
		return "the lab's guest_memfd has no flags";
	if (e->id == EVENT_GMEM)
		lab->file[e->object] = (struct lab_file){
			.name = names_of_file(lab->names, e->object), .size = e->size };
	else if (e->id == EVENT_GMEM_PUNCH)
		lab_say(lab, "gpunch 0x%llx 0x%llx", (unsigned long long)e->offset,
			(unsigned long long)e->size);
	else
		lab_say(lab, "private 0x%llx 0x%llx %llu", (unsigned long long)e->gpa,
			(unsigned long long)e->size, (unsigned long long)e->is_guest_private);
	return NULL;
}

static const char *slot_log(struct lab *lab, const struct event *e)
{
	if (e->id == EVENT_MEMSLOT_DELETE)
		lab_say(lab, "slotdel %llu", slot_id(e));
	else if (e->id == EVENT_DIRTY_LOG)
		lab_say(lab, "dirtylog %llu", slot_id(e));
	else if (e->id == EVENT_CLEAR_LOG)
		lab_say(lab, "cleardirty %llu %llu %llu", slot_id(e),
			(unsigned long long)e->index, (unsigned long long)e->count);
	else
		lab_say(lab, "cap 168 %llu", (unsigned long long)e->mode);
	return NULL;
}

static const char *guest_access(struct lab *lab, const struct event *e)
{
	static const char *const names[] = { "gread", "gwrite", "grmw", "gexec" };
	char value[32] = "";

	if (e->vcpu >= LAB_VCPUS)
		return "the lab's VM has two vCPUs";
	if ((e->gpa + (e->count - 1) * e->stride) >> 32)
		return "the lab's guest has 32 bits: no gpa beyond 4 GiB";
	if (e->id == EVENT_WRITE)
		snprintf(value, sizeof(value), " 0x%llx", (unsigned long long)e->value);
	lab_say(lab, "%s 0x%llx%s", names[e->id - EVENT_READ], (unsigned long long)e->gpa, value);
	if (e->id != EVENT_EXEC && e->count > 1)
		lab_say_more(lab, " n=%llu stride=0x%llx", (unsigned long long)e->count,
			     (unsigned long long)e->stride);
	if (e->vcpu)
		lab_say_more(lab, " v=%llu", (unsigned long long)e->vcpu);
	return NULL;
}

static const char *look_up(struct lab *lab, const struct event *e)
{
	static const char *const apis[] = { "prot", "pfn", "atomic", "memslot", "atomicasync" };

	if (e->api == LOOKUP_MANY)
		lab_say(lab, "kvm many 0x%llx", (unsigned long long)e->gpa);
	else if (e->api < ARRAY_SIZE(apis))
		lab_say(lab, "kvm %s 0x%llx%s", apis[e->api], (unsigned long long)e->gpa,
			e->write ? " write=1" : "");
	else
		return "the lab's module does not call this look-up";
	return NULL;
}

static const char *map(struct lab *lab, const struct event *e)
{
	if (e->vcpu >= LAB_VCPUS || e->readonly)
		return "the lab maps for writing, on two vCPUs";
	lab_say(lab, "kvm %s 0x%llx knobs=%llu%s", e->id == EVENT_MAP ? "vmap" : "vunmap",
		(unsigned long long)e->gpa, (unsigned long long)e->map,
		e->id == EVENT_UNMAP && e->dirty ? " write=1" : "");
	return NULL;
}

static const char *kvm_user(struct lab *lab, const struct event *e)
{
	unsigned long long gpa = e->gpa;

	if ((e->id == EVENT_GPC || e->id == EVENT_GPC_OFF || e->id == EVENT_GPC_HVA) && e->cache)
		return "the lab has one pfncache";
	if (e->vcpu)
		return "the lab does this on vCPU 0";
	if (e->id == EVENT_GPC)
		lab_say(lab, "xen 0x%llx", gpa);
	else if (e->id == EVENT_GPC_HVA)
		lab_say(lab, "xen at %s", hva_of(lab, e));
	else if (e->id == EVENT_GPC_OFF)
		lab_say(lab, "xen off");
	else if (e->id == EVENT_PREFAULT)
		lab_say(lab, "prefault 0x%llx 0x%llx", gpa, (unsigned long long)e->size);
	else
		lab_say(lab, "gvmsave 0x%llx", gpa);
	return NULL;
}

static const struct {
	enum event_id id;
	const char *(*say)(struct lab *lab, const struct event *e);
} rows[] = {
	{ EVENT_ALLOC, alloc }, { EVENT_MODE, mode }, { EVENT_ZAP, zap }, { EVENT_FREE, driver },
	{ EVENT_REF, driver }, { EVENT_REPOINT, driver }, { EVENT_DRAIN, driver },
	{ EVENT_MMAP, mmap }, { EVENT_FILE, file }, { EVENT_TRUNCATE, on_file },
	{ EVENT_PUNCH, on_file }, { EVENT_FALLOCATE, on_file }, { EVENT_FILE_WRITE, on_file },
	{ EVENT_HOST_READ, host_access }, { EVENT_HOST_WRITE, host_access },
	{ EVENT_CHILD_READ, host_access }, { EVENT_CHILD_WRITE, host_access },
	{ EVENT_CHILD_DONTNEED, range }, { EVENT_MUNMAP, range }, { EVENT_MLOCK, range },
	{ EVENT_MUNLOCK, range }, { EVENT_DONTNEED, range }, { EVENT_REMOVE, range },
	{ EVENT_COLD, range }, { EVENT_POISON, page_error }, { EVENT_OFFLINE, page_error },
	{ EVENT_MPROTECT, mprotect }, { EVENT_MADVISE, madvise }, { EVENT_MREMAP, mremap },
	{ EVENT_MIGRATE, migrate }, { EVENT_PAGEOUT, pageout }, { EVENT_HUGEPAGES, setting },
	{ EVENT_SHMEM_HUGE, setting }, { EVENT_SET_NX, setting }, { EVENT_EAGER_SPLIT, setting },
	{ EVENT_CLEAR_REFS, setting }, { EVENT_FORK, child }, { EVENT_CHILD_EXIT, child },
	{ EVENT_MEMSLOT, memslot }, { EVENT_MEMSLOT_DELETE, slot_log },
	{ EVENT_DIRTY_LOG, slot_log }, { EVENT_CLEAR_LOG, slot_log }, { EVENT_LOG_MODE, slot_log },
	{ EVENT_READ, guest_access }, { EVENT_WRITE, guest_access }, { EVENT_RMW, guest_access },
	{ EVENT_EXEC, guest_access }, { EVENT_LOOKUP, look_up }, { EVENT_MAP, map },
	{ EVENT_UNMAP, map }, { EVENT_GPC, kvm_user }, { EVENT_GPC_OFF, kvm_user },
	{ EVENT_GPC_HVA, kvm_user },
	{ EVENT_PREFAULT, kvm_user }, { EVENT_VMSAVE, kvm_user }, { EVENT_GMEM, gmem },
	{ EVENT_GMEM_PUNCH, gmem }, { EVENT_ATTRIBUTES, gmem },
	{ EVENT_UFFD_REGISTER, lab_uffd }, { EVENT_UFFD_UNREGISTER, lab_uffd },
	{ EVENT_UFFD_PROTECT, lab_uffd }, { EVENT_UFFD_UNPROTECT, lab_uffd },
	{ EVENT_UFFD_COPY, lab_uffd }, { EVENT_UFFD_ZEROPAGE, lab_uffd },
	{ EVENT_UFFD_CONTINUE, lab_uffd }, { EVENT_UFFD_POISON, lab_uffd },
	{ EVENT_UFFD_MOVE, lab_uffd }, { EVENT_UFFD_WAKE, lab_uffd }, { EVENT_RESUME, lab_resume },
};

const char *lab_event(struct lab *lab, const struct event *e)
{
	const char *why = lab_refuses_stop(lab, e);

	for (size_t i = 0; !why && i < ARRAY_SIZE(rows); i++)
		if (rows[i].id == e->id) {
			why = rows[i].say(lab, e);
			if (!why)
				lab_in_thread(lab, e);
			return why;
		}
	if (!why)
		snprintf(lab->why, sizeof(lab->why), "the lab has no command for %s", e->op);
	return why ? why : lab->why;
}
