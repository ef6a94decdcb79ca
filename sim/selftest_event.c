/* SPDX-License-Identifier: GPL-2.0-only */
/* selftest_event.c: what the host does, as calls of user space. A row an event. */
#include "sim/selftest_internal.h"

#include <stdlib.h>
#include <string.h>

#include "model/host_mm.h"
#include "model/memslot.h"

typedef unsigned long long ull;

static const char not_ended[] = "it does not end here; a thread of its own";

/* ---- the driver ---- */

static const char *driver(struct selftest_writer *w, const struct event *e,
			  const struct outcome *o)
{
	const char *err = selftest_errno(o);
	char *text;

	if (!err)
		return not_ended;
	text = trace_event_text(e, w->trace->names);
	selftest_say(w, "EXPECT(%s, driver(\"%s\"));", err, text);
	free(text);
	return NULL;
}

/* ---- memory ---- */

static const char *prot_text(uint64_t prot)
{
	static const char *const words[] = {
		"PROT_NONE", "PROT_READ", "PROT_WRITE", "PROT_READ | PROT_WRITE", "PROT_EXEC",
		"PROT_READ | PROT_EXEC", "PROT_WRITE | PROT_EXEC",
		"PROT_READ | PROT_WRITE | PROT_EXEC",
	};

	return words[(prot & VM_READ ? 1 : 0) + (prot & VM_WRITE ? 2 : 0) +
		     (prot & VM_EXEC ? 4 : 0)];
}

/* The file descriptor, and what goes with it. */
static const char *backing_of(const struct selftest_writer *w, const struct event *e,
			      const char **flags)
{
	const char *shared = e->is_private ? "MAP_PRIVATE" : "MAP_SHARED";

	*flags = shared;
	switch (e->backing & BACKING_KIND) {
	case VMA_ANON:
		*flags = "MAP_PRIVATE | MAP_ANONYMOUS";
		return "-1";
	case VMA_DEVICE:
		return "device";
	case VMA_FILE:
		return selftest_file(w, e->mapped_file);
	default:
		*flags = e->backing & BACKING_1G ?
			e->backing & BACKING_SHARED ?
				"MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_1GB" :
				"MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_1GB" :
			e->backing & BACKING_SHARED ?
				"MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB" :
				"MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB";
		return "-1";
	}
}

static const char *map(struct selftest_writer *w, const struct event *e, const struct outcome *o)
{
	const char *flags, *fd = backing_of(w, e, &flags), *err = selftest_errno(o);

	if (!err)
		return not_ended;
	if (w->nr_regions == SELFTEST_REGIONS)
		return "more regions than a skeleton has";
	w->region[w->nr_regions].name = e->name;
	w->region[w->nr_regions].base = e->hva;
	w->region[w->nr_regions++].size = e->size;
	if (!strcmp(fd, "device"))
		selftest_say(w, "EXPECT(0, driver(\"map %s from page %llu\"));",
			     names_of_object(w->trace->names, e->object), (ull)e->index);
	selftest_say(w, "EXPECT(%s, map(%s, 0x%llx, %s, %s%s, %s, 0x%llx));", err,
		     selftest_address(w, e->hva), (ull)e->size, prot_text(e->prot), flags,
		     e->populate ? " | MAP_POPULATE" : "", fd, (ull)e->index * PAGE_SIZE);
	return NULL;
}

static const char *file(struct selftest_writer *w, const struct event *e, const struct outcome *o)
{
	const char *name = selftest_file(w, e->object);
	bool hugetlb = (e->kind & BACKING_KIND) == FILE_HUGETLB;

	(void)o;
	if (e->kind == FILE_SHMEM && e->mount == MOUNT_OWN)
		selftest_comment(w, LATER ": on a tmpfs of its own, mounted with huge=%s",
				 e->huge == SHMEM_HUGE_ALWAYS ? "always" : "as the trace says");
	if (e->kind != FILE_SHMEM && !hugetlb)
		selftest_comment(w, LATER ": on a %s", e->kind == FILE_DAX ?
				 "file system with DAX, mounted with -o dax=always" :
				 "file system on a disk");
	selftest_say(w, "%s = memfd_create(\"%s\", %s);", name, name + strlen("file_"),
		     !hugetlb ? "0" : e->kind & BACKING_1G ? "MFD_HUGETLB | MFD_HUGE_1GB" :
				"MFD_HUGETLB | MFD_HUGE_2MB");
	selftest_say(w, "TEST_ASSERT(%s >= 0, \"memfd_create()\");", name);
	selftest_say(w, "EXPECT(0, ftruncate(%s, 0x%llx));", name, (ull)e->size);
	return NULL;
}

static const char *on_file(struct selftest_writer *w, const struct event *e,
			   const struct outcome *o)
{
	const char *name = selftest_file(w, e->object), *err = selftest_errno(o);
	ull offset = e->offset, size = e->size;

	if (!err)
		return not_ended;
	if (e->id == EVENT_TRUNCATE)
		selftest_say(w, "EXPECT(%s, ftruncate(%s, 0x%llx));", err, name, offset);
	else if (e->id == EVENT_WRITEBACK)
		selftest_say(w, "EXPECT(%s, fsync(%s));", err, name);
	else if (e->id == EVENT_FILE_WRITE)
		selftest_say(w, "EXPECT(%s, file_store(%s, 0x%llx, 0x%llx));", err, name, offset,
			     (ull)e->value);
	else if (e->id == EVENT_GMEM_CLOSE)
		selftest_say(w, "EXPECT(%s, close(%s));", err, name);
	else
		selftest_say(w, "EXPECT(%s, fallocate(%s, %s, 0x%llx, 0x%llx));", err, name,
			     e->id == EVENT_FALLOCATE || e->id == EVENT_GMEM_ALLOCATE ?
			     "FALLOC_FL_KEEP_SIZE" : "FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE",
			     offset, size);
	return NULL;
}

static const char *range(struct selftest_writer *w, const struct event *e,
			 const struct outcome *o)
{
	static const char *const advices[NR_ADVICES] = {
		"MADV_HUGEPAGE", "MADV_NOHUGEPAGE", "MADV_COLLAPSE", "MADV_MERGEABLE",
		"MADV_UNMERGEABLE", "MADV_FREE", "MADV_WILLNEED", "MADV_POPULATE_READ",
		"MADV_POPULATE_WRITE", "MADV_DONTFORK", "MADV_DOFORK", "MADV_WIPEONFORK",
		"MADV_KEEPONFORK",
	};
	static const struct { enum event_id id; const char *call, *more; } rows[] = {
		{ EVENT_MUNMAP, "munmap", "" }, { EVENT_MLOCK, "mlock", "" },
		{ EVENT_MUNLOCK, "munlock", "" }, { EVENT_DONTNEED, "madvise", ", MADV_DONTNEED" },
		{ EVENT_REMOVE, "madvise", ", MADV_REMOVE" },
		{ EVENT_OFFLINE, "madvise", ", MADV_SOFT_OFFLINE" },
		{ EVENT_PAGEOUT, "madvise", ", MADV_PAGEOUT" },
		{ EVENT_COLD, "madvise", ", MADV_COLD" }, { EVENT_MADVISE, "madvise", ", " },
		{ EVENT_MPROTECT, "mprotect", ", " },
	};
	const char *err = selftest_errno(o), *last = "";

	if (!err)
		return not_ended;
	if (e->id == EVENT_PAGEOUT && !e->no_swap)
		selftest_comment(w, LATER ": swap has to be on");
	if (e->id == EVENT_POISON)
		selftest_say(w, "EXPECT(%s, poison(%s, 0x%llx));", err, selftest_address(w, e->hva),
			     (ull)(e->size ? e->size : PAGE_SIZE));
	if (e->id == EVENT_MADVISE)
		last = advices[e->advice];
	if (e->id == EVENT_MPROTECT)
		last = prot_text(e->prot);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].id == e->id)
			selftest_say(w, "EXPECT(%s, %s((void *)(%s), 0x%llx%s%s));", err,
				     rows[i].call, selftest_address(w, e->hva),
				     (ull)(e->size ? e->size : PAGE_SIZE), rows[i].more, last);
	return NULL;
}

static const char *move(struct selftest_writer *w, const struct event *e, const struct outcome *o)
{
	const char *err = selftest_errno(o);
	char to[80] = "";

	if (!err)
		return not_ended;
	if (e->id == EVENT_MIGRATE) {
		selftest_say(w, "EXPECT(%s, move_to_node(%s, 0x%llx, %llu));", err,
			     selftest_address(w, e->hva), (ull)e->size, (ull)e->node);
		return NULL;
	}
	if (e->other_hva != NO_PFN)
		snprintf(to, sizeof(to), ", (void *)(0x%llxul)", (ull)e->other_hva);
	selftest_say(w, "EXPECT(%s, mremap((void *)(%s), 0x%llx, 0x%llx, %s%s%s) == MAP_FAILED ? "
		     "-1 : 0);", err, selftest_address(w, e->hva), (ull)e->size,
		     (ull)(e->new_size ? e->new_size : e->size),
		     *to ? "MREMAP_MAYMOVE | MREMAP_FIXED" : "0",
		     e->keep ? " | MREMAP_DONTUNMAP" : "", to);
	return NULL;
}

static const char *host_access(struct selftest_writer *w, const struct event *e,
			       const struct outcome *o)
{
	const char *who = event_is_of_child(e->id) ? "child" : "host";
	bool reads = e->id == EVENT_HOST_READ || e->id == EVENT_CHILD_READ;
	const char *signal = !strcmp(o->word, "sigbus") ? "SIGBUS" :
			     !strcmp(o->word, "sigsegv") ? "SIGSEGV" :
			     !strcmp(o->word, "ok") ? "0" : NULL;

	if (!signal)
		return not_ended;
	if (!reads) {
		selftest_say(w, "TEST_ASSERT_EQ(%s_store(%s, 0x%llx), %s);", who,
			     selftest_address(w, e->hva), (ull)e->value, signal);
		return NULL;
	}
	selftest_say(w, "TEST_ASSERT_EQ(%s_load(%s, &value), %s);", who,
		     selftest_address(w, e->hva), signal);
	if (o->has_value && !strcmp(signal, "0"))
		selftest_say(w, "TEST_ASSERT_EQ(value, 0x%xu);", o->value);
	return NULL;
}

static const char *child(struct selftest_writer *w, const struct event *e, const struct outcome *o)
{
	const char *err = selftest_errno(o);

	if (!err)
		return not_ended;
	if (e->id == EVENT_FORK)
		selftest_say(w, "child_begins();");
	else if (e->id == EVENT_CHILD_EXIT)
		selftest_say(w, "child_ends();");
	else
		selftest_say(w, "EXPECT(%s, child_dontneed(%s, 0x%llx));", err,
			     selftest_address(w, e->hva), (ull)e->size);
	return NULL;
}

/* ---- settings ---- */

static const char *setting(struct selftest_writer *w, const struct event *e,
			   const struct outcome *o)
{
	static const char *const huge[] = { "never", "always", "within_size", "advise", "deny",
					    "force" };
	static const struct { enum event_id id; const char *path; } rows[] = {
		{ EVENT_SET_NX, "/sys/module/kvm/parameters/nx_huge_pages" },
		{ EVENT_EAGER_SPLIT, "/sys/module/kvm/parameters/eager_page_split" },
		{ EVENT_SHMEM_HUGE, "/sys/kernel/mm/transparent_hugepage/shmem_enabled" },
		{ EVENT_HUGEPAGES, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages" },
		{ EVENT_CLEAR_REFS, "/proc/self/clear_refs" },
		{ EVENT_COMPACT, "/proc/sys/vm/compact_memory" },
		{ EVENT_SHRINK_MMU, "/proc/sys/vm/drop_caches" },
		{ EVENT_KSM_MERGE, "/sys/kernel/mm/ksm/run" },
		{ EVENT_KSM_UNMERGE, "/sys/kernel/mm/ksm/run" },
	};
	const char *path = "";
	char value[32];

	(void)o;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].id == e->id)
			path = rows[i].path;
	if (e->id == EVENT_HUGEPAGES && e->size == BIT(30))
		path = "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages";
	snprintf(value, sizeof(value), "%llu",
		 e->id == EVENT_CLEAR_REFS ? (ull)e->kind + 1 :
		 e->id == EVENT_HUGEPAGES ? (ull)e->count :
		 e->id == EVENT_SHRINK_MMU || e->id == EVENT_KSM_UNMERGE ? 2ull : 1ull);
	if (e->id == EVENT_SET_NX || e->id == EVENT_EAGER_SPLIT)
		snprintf(value, sizeof(value), "%s", e->value ? "Y" : "N");
	if (e->id == EVENT_SHMEM_HUGE)
		snprintf(value, sizeof(value), "%s", huge[e->huge]);
	if (e->id == EVENT_HUGEPAGES)
		selftest_say(w, "hugepages(\"%s\", %s);", path, value);
	else
		selftest_say(w, "write_file(\"%s\", \"%s\");", path, value);
	if (e->id == EVENT_KSM_MERGE)
		selftest_comment(w, LATER ": wait until /sys/kernel/mm/ksm/pages_sharing has them");
	return NULL;
}

/* ---- the VM ---- */

static void slot_flags(const struct event *e, char *text, size_t size)
{
	const char *words[] = {
		e->flags & KVM_MEM_READONLY ? "KVM_MEM_READONLY" : NULL,
		e->flags & KVM_MEM_LOG_DIRTY_PAGES ? "KVM_MEM_LOG_DIRTY_PAGES" : NULL,
		e->gmem != NO_PFN ? "KVM_MEM_GUEST_MEMFD" : NULL,
	};
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i])
			used += snprintf(text + used, size - used, "%s%s", used ? " | " : "",
					 words[i]);
}

static const char *memslot(struct selftest_writer *w, const struct event *e,
			   const struct outcome *o)
{
	const char *err = selftest_errno(o);
	bool gmem = e->id == EVENT_MEMSLOT && e->gmem != NO_PFN;
	char flags[100] = "0", more[80] = "";

	if (!err)
		return not_ended;
	if (e->slot < SELFTEST_SLOTS)
		w->slot_pages[e->slot] = e->size / PAGE_SIZE;
	if (e->id == EVENT_MEMSLOT)
		slot_flags(e, flags, sizeof(flags));
	if (gmem)
		snprintf(more, sizeof(more), ", %s, 0x%llx", selftest_file(w, e->gmem),
			 (ull)e->offset);
	selftest_say(w, "EXPECT(%s, __vm_set_user_memory_region%s(vm, SLOT(%llu), %s, "
		     "GPA(0x%llx), 0x%llx, (void *)(%s)%s));", err, gmem ? "2" : "",
		     (ull)e->slot, flags, e->id == EVENT_MEMSLOT ? (ull)e->gpa : 0,
		     e->id == EVENT_MEMSLOT ? (ull)e->size : 0,
		     e->id == EVENT_MEMSLOT ? selftest_address(w, e->hva) : "0", more);
	return NULL;
}

static const char *slot_log(struct selftest_writer *w, const struct event *e,
			    const struct outcome *o)
{
	const char *err = selftest_errno(o);
	ull pages = e->slot < SELFTEST_SLOTS ? w->slot_pages[e->slot] : 0;

	if (!err || (strcmp(err, "0") && !pages))
		return !err ? not_ended : "KVM_GET_DIRTY_LOG of a memslot that is not there";
	if (e->id == EVENT_CLEAR_LOG)
		selftest_say(w, "EXPECT(%s, clear_log(vm, SLOT(%llu), %llu, %llu));", err,
			     (ull)e->slot, (ull)e->index, (ull)e->count);
	else if (e->id == EVENT_LOG_MODE)
		selftest_say(w, "EXPECT(%s, __vm_enable_cap(vm, "
			     "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, %llu));", err, (ull)e->mode);
	else if (strcmp(err, "0") != 0)
		selftest_say(w, "TEST_ASSERT_EQ(dirty_pages(vm, SLOT(%llu), %llu), -%s);",
			     (ull)e->slot, pages, err);
	else
		selftest_say(w, "TEST_ASSERT_EQ(dirty_pages(vm, SLOT(%llu), %llu), %u);",
			     (ull)e->slot, pages, o->value);
	return NULL;
}

static const char *vm_call(struct selftest_writer *w, const struct event *e,
			   const struct outcome *o)
{
	const char *err = selftest_errno(o);

	if (!err)
		return not_ended;
	if (e->id == EVENT_PREFAULT)
		selftest_say(w, "EXPECT(%s, prefault(vcpus[%llu], GPA(0x%llx), 0x%llx));", err,
			     (ull)e->vcpu, (ull)e->gpa, (ull)e->size);
	else if (e->id == EVENT_ATTRIBUTES)
		selftest_say(w, "EXPECT(%s, attributes(vm, GPA(0x%llx), 0x%llx, %s));", err,
			     (ull)e->gpa, (ull)e->size, e->is_guest_private ?
			     "KVM_MEMORY_ATTRIBUTE_PRIVATE" : "0");
	else if (e->id == EVENT_MMU_PAGES)
		selftest_say(w, "EXPECT(%s, __vm_ioctl(vm, KVM_SET_NR_MMU_PAGES, "
			     "(void *)%lluul));", err, (ull)e->count);
	else if (e->id == EVENT_GMEM && strcmp(err, "0") != 0)
		selftest_say(w, "EXPECT(%s, __vm_create_guest_memfd(vm, 0x%llx, %llu));", err,
			     (ull)e->size, (ull)e->flags);
	else if (e->id != EVENT_GMEM)
		selftest_say(w, "EXPECT(%s, ioeventfd(vm, GPA(0x%llx), %llu, %llu, %s, 0x%llx, "
			     "%s));", err, (ull)e->gpa, (ull)e->size, (ull)e->fd,
			     e->match == NO_PFN ? "false" : "true",
			     e->match == NO_PFN ? 0 : (ull)e->match,
			     e->id == EVENT_IOEVENTFD ? "false" : "true");
	if (e->id != EVENT_GMEM || strcmp(err, "0") != 0)
		return NULL;
	selftest_say(w, "TEST_REQUIRE(kvm_has_cap(KVM_CAP_GUEST_MEMFD));");
	selftest_say(w, "%s = vm_create_guest_memfd(vm, 0x%llx, %llu);",
		     selftest_file(w, e->object), (ull)e->size, (ull)e->flags);
	return NULL;
}

static const struct {
	enum event_id id;
	const char *(*say)(struct selftest_writer *w, const struct event *e,
			   const struct outcome *o);
} rows[] = {
	{ EVENT_ALLOC, driver }, { EVENT_FREE, driver }, { EVENT_REF, driver },
	{ EVENT_REPOINT, driver }, { EVENT_MODE, driver }, { EVENT_REFUSE, driver },
	{ EVENT_ZAP, driver }, { EVENT_MMAP, map }, { EVENT_FILE, file },
	{ EVENT_TRUNCATE, on_file },
	{ EVENT_PUNCH, on_file }, { EVENT_FALLOCATE, on_file }, { EVENT_FILE_WRITE, on_file },
	{ EVENT_WRITEBACK, on_file }, { EVENT_GMEM_PUNCH, on_file },
	{ EVENT_GMEM_ALLOCATE, on_file }, { EVENT_GMEM_CLOSE, on_file }, { EVENT_MUNMAP, range },
	{ EVENT_MLOCK, range }, { EVENT_MUNLOCK, range }, { EVENT_DONTNEED, range },
	{ EVENT_REMOVE, range }, { EVENT_POISON, range }, { EVENT_OFFLINE, range },
	{ EVENT_PAGEOUT, range }, { EVENT_COLD, range }, { EVENT_MADVISE, range },
	{ EVENT_MPROTECT, range }, { EVENT_MREMAP, move }, { EVENT_MIGRATE, move },
	{ EVENT_HOST_READ, host_access }, { EVENT_HOST_WRITE, host_access },
	{ EVENT_CHILD_READ, host_access }, { EVENT_CHILD_WRITE, host_access },
	{ EVENT_FORK, child }, { EVENT_CHILD_EXIT, child }, { EVENT_CHILD_DONTNEED, child },
	{ EVENT_SET_NX, setting }, { EVENT_EAGER_SPLIT, setting }, { EVENT_SHMEM_HUGE, setting },
	{ EVENT_HUGEPAGES, setting }, { EVENT_CLEAR_REFS, setting }, { EVENT_COMPACT, setting },
	{ EVENT_SHRINK_MMU, setting }, { EVENT_KSM_MERGE, setting },
	{ EVENT_KSM_UNMERGE, setting }, { EVENT_MEMSLOT, memslot },
	{ EVENT_MEMSLOT_DELETE, memslot }, { EVENT_DIRTY_LOG, slot_log },
	{ EVENT_CLEAR_LOG, slot_log }, { EVENT_LOG_MODE, slot_log }, { EVENT_PREFAULT, vm_call },
	{ EVENT_ATTRIBUTES, vm_call }, { EVENT_MMU_PAGES, vm_call }, { EVENT_GMEM, vm_call },
	{ EVENT_IOEVENTFD, vm_call }, { EVENT_IOEVENTFD_OFF, vm_call },
};

const char *selftest_event(struct selftest_writer *w, const struct event *e,
			   const struct outcome *o)
{
	const char *needs = selftest_needs(e->id);

	for (size_t i = 0; !needs && i < ARRAY_SIZE(rows); i++)
		if (rows[i].id == e->id)
			return rows[i].say(w, e, o);
	if (needs)
		return needs;
	snprintf(w->why, sizeof(w->why), "no call does what %.60s does", e->op);
	return w->why;
}
