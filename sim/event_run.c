/* SPDX-License-Identifier: GPL-2.0-only */
/* event_run.c: events become tasks on paths, and finished tasks become outcomes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/host_mm.h"
#include "model/host_rmap.h"
#include "model/memslot.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "sim/event.h"

/* ---- starting ---- */

static void start_driver(struct task *t, const struct event *e, enum driver_verb verb)
{
	t->driver = (struct driver_op){
		.verb = verb, .object = e->object, .other = e->other, .index = e->index,
		.other_index = e->other_index, .count = e->count, .pfn = e->pfn,
		.delta = e->delta, .kind = e->kind, .order = e->order, .mode = e->mode,
		.contiguous = e->pfn != NO_PFN,
	};
}

static void start_range(struct task *t, const struct event *e, enum range_kind kind)
{
	t->range = (struct range_op){
		.start = e->hva, .end = e->hva + e->size, .kind = kind, .object = e->object,
		.index = e->index, .pages = e->count, .prot = e->prot, .backing = VMA_DEVICE,
		.split = kind == RANGE_MUNMAP || kind == RANGE_PROTECT || kind == RANGE_ADVISE ||
			 kind == RANGE_LOCK ? 0 : 2,
	};
}

static unsigned hugetlb_level_wanted(uint64_t words)
{
	return words & BACKING_1G ? 3 : 2;
}

static void start_file(struct task *t, const struct event *e, enum file_verb verb)
{
	t->file = (struct file_op){ .verb = verb, .file = e->object, .offset = e->offset,
				    .length = e->size, .type = e->kind & BACKING_KIND,
				    .level = hugetlb_level_wanted(e->kind), .value = e->value,
				    .huge = e->huge, .mount = e->mount,
				    .unlinked = e->unlinked,
				    .goes_on = e->goes_on,
				    .page = NO_PFN, .end = MAX_FILE_SIZE >> PAGE_SHIFT };
}

static void start_access(struct vm *vm, struct task *t, const struct event *e)
{
	static const u8 kind[] = { ACCESS_READ, ACCESS_WRITE, ACCESS_RMW, ACCESS_EXEC };

	t->vcpu = e->vcpu;
	t->access = (struct access){ .gpa = e->gpa, .count = e->count, .stride = e->stride,
				     .value = e->random ? 0 : e->value,
				     .kind = kind[e->id - EVENT_READ], .random = e->random,
				     .base = e->gpa, .lcg = e->value, .mask = e->mask,
				     .fetching = vm->w.config.code_gpa != NO_PFN };
}

static void start_pages(struct task *t, const struct event *e, enum pages_kind kind)
{
	t->pages = (struct page_op){ .start = e->hva, .end = e->hva + e->size, .kind = kind,
				     .node = e->node };
}

/* Of a range: the scanner goes up, and what it finds is put in front of the list. */
static void start_compact(struct vm *vm, struct task *t, const struct event *e)
{
	uint64_t pages = e->found ? e->count : e->size >> PAGE_SHIFT;

	start_pages(t, e, PAGES_LIST);
	t->pages.nr = pages;
	t->pages.room = e->room;
	for (uint64_t i = 0; i < pages; i++)
		list_set(&vm->m, LIST_PAGES, i,
			 e->found ? e->found[i].hva : e->hva + (pages - 1 - i) * PAGE_SIZE);
}

/* Of a range: a scan of an LRU list, on which its pages are in their order. */
static void start_reclaim(struct vm *vm, struct task *t, const struct event *e)
{
	uint64_t pages = e->found ? e->count : e->size >> PAGE_SHIFT;

	start_pages(t, e, PAGES_SHRINK);
	t->pages.nr = pages;
	for (uint64_t i = 0; i < pages; i++)
		list_set(&vm->m, LIST_PAGES, i, e->found ? e->found[i].hva :
						e->hva + i * PAGE_SIZE + SHRINK_ASKS);
}

static void start_host_access(struct task *t, const struct event *e, bool read)
{
	t->access = (struct access){ .hva = e->hva, .value = e->value, .count = 1,
				     .more = e->count ? e->count - 1 : 0,
				     .kind = read ? ACCESS_READ : ACCESS_WRITE };
}

static void start_slot(struct task *t, const struct event *e)
{
	t->slot = (struct slot_op){
		.id = e->slot, .base_gfn = e->gpa >> PAGE_SHIFT, .flags = e->flags, .hva = e->hva,
		.npages = e->id == EVENT_MEMSLOT ? e->size >> PAGE_SHIFT : 0,
		.unaligned = e->id == EVENT_MEMSLOT ? (e->gpa | e->size) & ~PAGE_MASK : 0,
		.first = e->index, .pages = e->count, .mode = e->mode,
		.has_gmem = e->gmem < MAX_FILES, .gmem = e->gmem < MAX_FILES ? e->gmem : 0,
		.gmem_offset = e->id == EVENT_MEMSLOT ? e->offset : 0,
	};
}

static void start_internal_slot(struct task *t, const struct event *e)
{
	start_slot(t, e);
	t->slot.internal = true;
	t->slot.npages = e->size >> PAGE_SHIFT;
	t->mmap = (struct mmap_op){ .hva = e->hva, .pages = t->slot.npages, .kind = VMA_FILE,
				    .object = e->object, .shared = true,
				    .prot = VM_READ | VM_WRITE };
}

enum path_id event_path(enum event_id id)
{
	static const u8 path[NR_EVENT_IDS] = {
		[EVENT_ALLOC] = PATH_DRIVER, [EVENT_FREE] = PATH_DRIVER, [EVENT_REF] = PATH_DRIVER,
		[EVENT_REPOINT] = PATH_DRIVER, [EVENT_MODE] = PATH_DRIVER,
		[EVENT_REFUSE] = PATH_DRIVER, [EVENT_ZAP] = PATH_UNMAP,
		[EVENT_MMAP] = PATH_MMAP, [EVENT_MUNMAP] = PATH_UNMAP,
		[EVENT_DONTNEED] = PATH_UNMAP, [EVENT_POISON] = PATH_POISON,
		[EVENT_OFFLINE] = PATH_MIGRATE, [EVENT_MIGRATE] = PATH_MIGRATE,
		[EVENT_CLEAR_REFS] = PATH_CLEAR_REFS, [EVENT_PAGEOUT] = PATH_RECLAIM,
		[EVENT_COLD] = PATH_RECLAIM, [EVENT_COMPACT] = PATH_MIGRATE,
		[EVENT_RECLAIM] = PATH_RECLAIM,
		[EVENT_KSM_MERGE] = PATH_KSM_MERGE,
		[EVENT_KSM_UNMERGE] = PATH_KSM_UNMERGE,
		[EVENT_MPROTECT] = PATH_PROTECT, [EVENT_MADVISE] = PATH_ADVISE,
		[EVENT_KHUGEPAGED] = PATH_COLLAPSE, [EVENT_MLOCK] = PATH_MLOCK,
		[EVENT_MUNLOCK] = PATH_MLOCK, [EVENT_MREMAP] = PATH_MREMAP,
		[EVENT_NUMA_HINT] = PATH_NUMA,
		[EVENT_UFFD_REGISTER ... EVENT_UFFD_UNREGISTER] = PATH_UFFD,
		[EVENT_UFFD_PROTECT ... EVENT_UFFD_UNPROTECT] = PATH_UFFD_PROTECT,
		[EVENT_UFFD_COPY ... EVENT_UFFD_WAKE] = PATH_UFFD_FILL,
		[EVENT_UFFD_MOVE] = PATH_UFFD_MOVE,
		[EVENT_FILE] = PATH_FILE_WRITE, [EVENT_FILE_WRITE] = PATH_FILE_WRITE,
		[EVENT_TRUNCATE] = PATH_FILE_RESIZE, [EVENT_PUNCH] = PATH_FILE_RESIZE,
		[EVENT_FALLOCATE] = PATH_FILE_RESIZE, [EVENT_REMOVE] = PATH_FILE_RESIZE,
		[EVENT_WRITEBACK] = PATH_FILE_CLEAN,
		[EVENT_MEMSLOT] = PATH_SLOT, [EVENT_MEMSLOT_DELETE] = PATH_SLOT,
		[EVENT_INTERNAL_SLOT] = PATH_SLOT,
		[EVENT_DIRTY_LOG] = PATH_DIRTY_LOG, [EVENT_CLEAR_LOG] = PATH_CLEAR_LOG,
		[EVENT_LOG_MODE] = PATH_LOG_MODE,
		[EVENT_READ] = PATH_ACCESS, [EVENT_WRITE] = PATH_ACCESS,
		[EVENT_RMW] = PATH_ACCESS, [EVENT_EXEC] = PATH_ACCESS,
		[EVENT_HOST_READ] = PATH_HOST_ACCESS, [EVENT_HOST_WRITE] = PATH_HOST_ACCESS,
		[EVENT_MAP] = PATH_MAP, [EVENT_UNMAP] = PATH_UNMAP_MAP,
		[EVENT_FORK] = PATH_FORK, [EVENT_CHILD_EXIT] = PATH_UNMAP,
		[EVENT_CHILD_READ] = PATH_HOST_ACCESS, [EVENT_CHILD_WRITE] = PATH_HOST_ACCESS,
		[EVENT_CHILD_DONTNEED] = PATH_UNMAP,
		[EVENT_KVM_READ] = PATH_COPY, [EVENT_KVM_WRITE] = PATH_COPY,
		[EVENT_HVA_CACHE] = PATH_COPY, [EVENT_HVA_CACHE_READ] = PATH_COPY,
		[EVENT_HVA_CACHE_WRITE] = PATH_COPY,
		[EVENT_MAP_LOG] = PATH_LOG_MAP,
		[EVENT_STEAL_TIME] = PATH_STEAL, [EVENT_STEAL_PREEMPTED] = PATH_STEAL,
		[EVENT_LOOKUP] = PATH_LOOKUP, [EVENT_PREFETCH] = PATH_PREFETCH,
		[EVENT_GPC] = PATH_GPC, [EVENT_GPC_OFF] = PATH_GPC, [EVENT_GPC_USE] = PATH_GPC,
		[EVENT_GPC_HVA] = PATH_GPC, [EVENT_GPC_WRITE] = PATH_GPC,
		[EVENT_VMSAVE] = PATH_NESTED,
		[EVENT_EXIT] = PATH_EXIT, [EVENT_STAGE2] = PATH_STAGE2,
		[EVENT_PREFAULT] = PATH_PREFAULT, [EVENT_ASYNC_PF] = PATH_ASYNC_PF,
		[EVENT_SET_NX] = PATH_SET_NX,
		[EVENT_MMU_PAGES] = PATH_MMU_PAGES, [EVENT_SHRINK_MMU] = PATH_SHRINK_MMU,
		[EVENT_IOEVENTFD] = PATH_IOEVENTFD, [EVENT_IOEVENTFD_OFF] = PATH_IOEVENTFD,
		[EVENT_ZAP_GFNS] = PATH_ZAP_GFNS, [EVENT_INHIBIT_APICV] = PATH_ZAP_GFNS,
		[EVENT_RECOVER_NX] = PATH_RECOVER_NX,
		[EVENT_GMEM] = PATH_GMEM, [EVENT_GMEM_PUNCH] = PATH_GMEM,
		[EVENT_ATTRIBUTES] = PATH_ATTRIBUTES, [EVENT_GMEM_ALLOCATE] = PATH_GMEM_FILE,
		[EVENT_GMEM_CLOSE] = PATH_GMEM_FILE, [EVENT_GMEM_POISON] = PATH_GMEM_FILE,
	};

	return path[id];
}

static const struct { u8 kind, prot; } advised[NR_ADVICES] = {
	[ADVICE_HUGEPAGE] = { RANGE_ADVISE, ADVISE_HUGEPAGE },
	[ADVICE_NOHUGEPAGE] = { RANGE_ADVISE, ADVISE_NOHUGEPAGE },
	[ADVICE_COLLAPSE] = { RANGE_COLLAPSE, ADVISE_NOHUGEPAGE },
	[ADVICE_MERGEABLE] = { RANGE_ADVISE, ADVISE_MERGEABLE },
	[ADVICE_UNMERGEABLE] = { RANGE_ADVISE, ADVISE_UNMERGEABLE },
	[ADVICE_FREE] = { RANGE_FREE, 0 },
	[ADVICE_WILLNEED] = { RANGE_WILLNEED, 0 },
	[ADVICE_POPULATE_READ] = { RANGE_POPULATE, POPULATE_READ },
	[ADVICE_POPULATE_WRITE] = { RANGE_POPULATE, POPULATE_WRITE },
	[ADVICE_DONTFORK] = { RANGE_ADVISE, ADVISE_DONTFORK },
	[ADVICE_DOFORK] = { RANGE_ADVISE, ADVISE_DOFORK },
	[ADVICE_WIPEONFORK] = { RANGE_ADVISE, ADVISE_WIPEONFORK },
	[ADVICE_KEEPONFORK] = { RANGE_ADVISE, ADVISE_KEEPONFORK },
};

/* Advices are alike only by their name. */
static enum path_id path_of_event(const struct event *e)
{
	if (e->id != EVENT_MADVISE)
		return event_path(e->id);
	switch (advised[e->advice].kind) {
	case RANGE_ADVISE:
		return PATH_ADVISE;
	case RANGE_COLLAPSE:
		return PATH_COLLAPSE;
	default:
		return PATH_MADVISE;
	}
}

static u8 actor_of(enum event_id id)
{
	switch (event_path(id)) {
	case PATH_DRIVER:
		return BLAME_DRIVER;
	case PATH_UNMAP:
		return id == EVENT_ZAP ? BLAME_DRIVER : BLAME_VMM;
	case PATH_ACCESS:
	case PATH_MAP:
	case PATH_UNMAP_MAP:
	case PATH_COPY:
	case PATH_LOG_MAP:
	case PATH_STEAL:
	case PATH_LOOKUP:
	case PATH_PREFETCH:
	case PATH_GPC:
	case PATH_NESTED:
	case PATH_STAGE2:
	case PATH_PREFAULT:
	case PATH_ASYNC_PF:
	case PATH_ZAP_GFNS:
	case PATH_RECOVER_NX:
		return BLAME_KVM;
	default:
		return BLAME_VMM;
	}
}

/* ksys_mmap_pgoff(): MAP_HUGETLB rounds up. */
static uint64_t pages_to_map(const struct event *e)
{
	uint64_t pages = e->size >> PAGE_SHIFT;
	uint64_t huge = level_pages(hugetlb_level_wanted(e->backing));

	return (e->backing & BACKING_KIND) == VMA_HUGETLB ? (pages + huge - 1) & ~(huge - 1) :
							    pages;
}

static void fill_arguments(struct vm *vm, struct task *t, const struct event *e)
{
	switch (e->id) {
	case EVENT_ALLOC:
		start_driver(t, e, DRIVER_ALLOC);
		break;
	case EVENT_FREE:
		start_driver(t, e, DRIVER_FREE);
		break;
	case EVENT_REF:
		start_driver(t, e, DRIVER_REF);
		break;
	case EVENT_REPOINT:
		start_driver(t, e, DRIVER_REPOINT);
		break;
	case EVENT_MODE:
		start_driver(t, e, DRIVER_MODE);
		break;
	case EVENT_REFUSE:
		start_driver(t, e, DRIVER_REFUSE);
		break;
	case EVENT_ZAP:
		start_range(t, e, RANGE_ZAP);
		break;
	case EVENT_MUNMAP:
		start_range(t, e, RANGE_MUNMAP);
		break;
	case EVENT_DONTNEED:
		start_range(t, e, RANGE_DONTNEED);
		break;
	case EVENT_POISON:
	case EVENT_OFFLINE:
		start_pages(t, e, PAGES_OFFLINE);
		t->pages.start &= PAGE_MASK;
		t->pages.end = t->pages.start + (e->size ? e->size : PAGE_SIZE);
		break;
	case EVENT_MIGRATE:
		start_pages(t, e, PAGES_MOVE);
		break;
	case EVENT_RECLAIM:
		start_reclaim(vm, t, e);
		break;
	case EVENT_COMPACT:
		start_compact(vm, t, e);
		break;
	case EVENT_PAGEOUT:
	case EVENT_COLD:
		start_pages(t, e, e->id == EVENT_COLD ? PAGES_COLD : PAGES_OUT);
		t->pages.no_swap = e->no_swap;
		t->pages.foreign = e->foreign;
		break;
	case EVENT_KSM_MERGE:
		t->ksm = (struct ksm_op){ .hva = e->hva & PAGE_MASK,
					  .other = e->other_hva & PAGE_MASK };
		break;
	case EVENT_KSM_UNMERGE:
		t->ksm = (struct ksm_op){ .hva = 0 };
		break;
	case EVENT_CLEAR_REFS:
		start_pages(t, e, CLEAR_ALL + e->kind);
		break;
	case EVENT_MLOCK:
	case EVENT_MUNLOCK:
		start_range(t, e, RANGE_LOCK);
		t->range.prot = e->id == EVENT_MLOCK ? LOCK_RANGE : UNLOCK_RANGE;
		break;
	case EVENT_MPROTECT:
		start_range(t, e, RANGE_PROTECT);
		break;
	case EVENT_FILE:
		start_file(t, e, FILE_CREATE);
		break;
	case EVENT_TRUNCATE:
		start_file(t, e, FILE_TRUNCATE);
		break;
	case EVENT_PUNCH:
		start_file(t, e, FILE_PUNCH);
		break;
	case EVENT_FALLOCATE:
		start_file(t, e, FILE_ALLOCATE);
		break;
	case EVENT_REMOVE:
		start_file(t, e, FILE_PUNCH);
		t->file.hva = e->hva;
		break;
	case EVENT_FILE_WRITE:
		start_file(t, e, FILE_WRITE);
		break;
	case EVENT_WRITEBACK:
		start_file(t, e, FILE_CLEAN);
		break;
	case EVENT_MADVISE:
		start_range(t, e, advised[e->advice].kind);
		t->range.at = e->hva;
		t->range.prot = advised[e->advice].prot;
		break;
	case EVENT_KHUGEPAGED:
		start_range(t, e, RANGE_COLLAPSE);
		t->range.at = t->range.start = e->hva & ~(((uint64_t)2 << 20) - 1);
		t->range.end = t->range.start + ((uint64_t)2 << 20);
		t->range.daemon = true;
		break;
	case EVENT_NUMA_HINT:
		start_range(t, e, RANGE_NUMA);
		t->range.alone = e->keep;
		break;
	case EVENT_UFFD_REGISTER ... EVENT_UFFD_MOVE:
		event_start_uffd(t, e);
		break;
	case EVENT_MREMAP:
		t->remap = (struct remap_op){
			.from = e->hva, .size = e->size, .keeps = e->keep,
			.fixed = e->other_hva != NO_PFN, .to = e->other_hva,
			.new_size = e->new_size ? e->new_size : e->size };
		break;
	case EVENT_MMAP:
		t->mmap = (struct mmap_op){
			.hva = e->hva, .pages = pages_to_map(e), .index = e->index,
			.kind = e->backing & BACKING_KIND, .object = e->object,
			.level = (e->backing & BACKING_KIND) != VMA_HUGETLB ? 0 :
				 hugetlb_level_wanted(e->backing),
			.prot = e->prot,
			.shared = (e->backing & BACKING_SHARED) ||
				  (e->backing != VMA_ANON &&
				   (e->backing & BACKING_KIND) != VMA_HUGETLB && !e->is_private),
			.populate = e->populate };
		break;
	case EVENT_MEMSLOT:
	case EVENT_MEMSLOT_DELETE:
	case EVENT_DIRTY_LOG:
	case EVENT_CLEAR_LOG:
	case EVENT_LOG_MODE:
		start_slot(t, e);
		break;
	case EVENT_READ:
	case EVENT_WRITE:
	case EVENT_RMW:
	case EVENT_EXEC:
		start_access(vm, t, e);
		break;
	case EVENT_CHILD_DONTNEED:
		t->mm = CHILD_MM;
		start_range(t, e, RANGE_DONTNEED);
		break;
	case EVENT_CHILD_EXIT:
		t->mm = CHILD_MM;
		start_range(t, &(struct event){ .size = (uint64_t)1 << 47 }, RANGE_EXIT);
		break;
	case EVENT_CHILD_READ:
	case EVENT_CHILD_WRITE:
		t->mm = CHILD_MM;
		start_host_access(t, e, e->id == EVENT_CHILD_READ);
		break;
	case EVENT_HOST_READ:
	case EVENT_HOST_WRITE:
		start_host_access(t, e, e->id == EVENT_HOST_READ);
		break;
	case EVENT_IOEVENTFD:
	case EVENT_IOEVENTFD_OFF:
		t->io = (struct io_op){ .gpa = e->gpa, .length = e->size, .fd = e->fd,
					.match = e->match == NO_PFN ? 0 : e->match,
					.wildcard = e->match == NO_PFN,
					.off = e->id == EVENT_IOEVENTFD_OFF };
		break;
	case EVENT_ZAP_GFNS:
		t->zap = (struct zap_op){ .start = e->gpa >> PAGE_SHIFT,
					  .end = (e->gpa + e->size) >> PAGE_SHIFT };
		break;
	case EVENT_INHIBIT_APICV:
		t->zap = (struct zap_op){ .start = 0xfee00, .end = 0xfee01, .inhibits = true };
		break;
	case EVENT_INTERNAL_SLOT:
		start_internal_slot(t, e);
		break;
	case EVENT_MMU_PAGES:
	case EVENT_SHRINK_MMU:
		t->slot = (struct slot_op){ .npages = e->count };
		break;
	case EVENT_SET_NX:
		t->zap = (struct zap_op){ .ratio = e->value };
		break;
	case EVENT_RECOVER_NX:
		t->zap = (struct zap_op){ .ratio = e->value };
		break;
	case EVENT_KVM_READ:
	case EVENT_KVM_WRITE:
	case EVENT_HVA_CACHE:
	case EVENT_HVA_CACHE_READ:
	case EVENT_HVA_CACHE_WRITE:
	case EVENT_MAP_LOG:
	case EVENT_STEAL_TIME:
	case EVENT_STEAL_PREEMPTED:
	case EVENT_MAP:
	case EVENT_UNMAP:
	case EVENT_LOOKUP:
	case EVENT_STAGE2:
	case EVENT_PREFAULT:
	case EVENT_ASYNC_PF:
	case EVENT_VMSAVE:
	case EVENT_PREFETCH:
	case EVENT_GPC:
	case EVENT_GPC_OFF:
	case EVENT_GPC_USE:
	case EVENT_GPC_HVA:
	case EVENT_GPC_WRITE:
	case EVENT_GMEM:
	case EVENT_GMEM_PUNCH:
	case EVENT_ATTRIBUTES:
	case EVENT_GMEM_ALLOCATE:
	case EVENT_GMEM_CLOSE:
	case EVENT_GMEM_POISON:
		event_start_caller(t, e);
		break;
	case EVENT_EXIT:
		t->exits = (vm->w.kvm.gone ? 0 : EXIT_MM) | (e->keep ? 0 : EXIT_VM);
		break;
	case EVENT_FORK:
	case EVENT_DRAIN:
	case EVENT_RESET_MMU:
	case EVENT_KICK:
	case EVENT_HUGEPAGES:
	case EVENT_EAGER_SPLIT:
	case EVENT_SHMEM_HUGE:
	case EVENT_RESUME:
	case EVENT_NOTHING:
	case NR_EVENT_IDS:
		break;
	}
}

/* ---- finishing ---- */

static void finish(struct vm *vm, unsigned task, enum vm_result result, const struct event *e,
		   struct outcome *o)
{
	struct task *t = &vm->w.task[task];

	if (result == VM_PAUSED) {
		o->paused = true;
		o->word = "paused";
		return;
	}
	if (result == VM_BLOCKED) {
		o->blocked = true;
		o->word = "blocked";
		return;
	}
	event_outcome(vm, t, e, o);
	if (result == VM_RETRIES || result == VM_LIVELOCK) {
		o->word = result == VM_RETRIES ? "retry" : "livelock";
		*t = (struct task){ 0 };
	}
	for (size_t i = 0; i < vm->nr_splats; i++)
		if (vm->splats[i].event == vm->event && vm->splats[i].kind != ALARM_WARN)
			o->word = vm->splats[i].kind == ALARM_BUG ? "bug" :
				  vm->splats[i].kind == ALARM_OOPS ? "oops" : "hang";
}

/* Where each paused event's task is: kept by the caller's label in the vm's task rows. */
static int paused_task(const struct vm *vm, const struct event *e)
{
	for (int i = 0; i < MAX_TASKS; i++)
		if (vm->paused[i] && !strcmp(vm->paused[i]->label, e->name))
			return i;
	return -1;
}

static bool resume(struct vm *vm, const struct event *e, struct outcome *o, struct error *error)
{
	int task = paused_task(vm, e);
	const struct event *first;
	enum vm_result result;

	if (task < 0) {	/* under this semantics it never came to the step where it was to stop */
		*o = (struct outcome){ .word = "finished", .pfn = NO_PFN };
		return true;
	}
	(void)error;
	first = vm->paused[task];
	result = e->until ? vm_run_steps(vm, task, 1) : VM_PAUSED;	/* off the step it is at */
	if (result == VM_PAUSED)
		result = vm_run(vm, task, e->until);
	finish(vm, task, result, first, o);
	if (!o->paused && !o->blocked)
		vm->paused[task] = NULL;
	return true;
}

void event_start_on(struct vm *vm, const struct event *event, unsigned task)
{
	fill_arguments(vm, task_start(&vm->m, task, path_of_event(event), actor_of(event->id)),
		       event);
}

int event_start(struct vm *vm, const struct event *event)
{
	int task = event_is_of_daemon(event->id) ? DAEMON_TASK : vm_free_task(vm);

	if (task >= 0)
		event_start_on(vm, event, task);
	return task;
}

void event_finish(struct vm *vm, int task, enum vm_result result, const struct event *event,
		  struct outcome *o)
{
	*o = (struct outcome){ .pfn = NO_PFN };
	finish(vm, task, result, event, o);
}

bool event_run(struct vm *vm, const struct event *event, struct outcome *o, struct error *error)
{
	enum vm_result result;
	int task;

	*o = (struct outcome){ .pfn = NO_PFN };
	vm_begin_event(vm, event->number);
	if (!event_has_vm(vm, o))
		return true;
	if (event->id == EVENT_RESUME)
		return resume(vm, event, o, error);
	if (event_at_once(vm, event, o))
		return true;
	if (!event_possible(vm, event, error))
		return false;
	task = event_start(vm, event);
	if (task < 0)
		return error_at(error, event->file, event->line, event->column,
				"more than %d events are unfinished", MAX_TASKS - 1);
	result = vm_run(vm, task, event->until);
	if (result == VM_FULL)
		return error_at(error, event->file, event->line, event->column, "out of memory");
	finish(vm, task, result, event, o);
	if (o->paused || o->blocked) {
		if (!event->label)
			return error_at(
				error, event->file, event->line, event->column,
				"this event waits for a lock that an unfinished event holds; "
				"label it, and resume it when the other has gone on");
		vm->paused[task] = event->kept ? event->kept : event;
	}
	return true;
}
