/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/step.h"

#include <string.h>

#include "model/machine.h"
#include "model/memslot.h"
#include "model/semantics.h"

/* A switch, so that the compiler misses a path without a name. */
const char *path_name(enum path_id path)
{
	switch (path) {
	case PATH_ACCESS:
		return "access";
	case PATH_FAULT:
		return "fault";
	case PATH_FOLLOW:
		return "follow";
	case PATH_EMULATE:
		return "emulate";
	case PATH_HOST_ACCESS:
		return "host-access";
	case PATH_HOST_FAULT:
		return "host-fault";
	case PATH_NOTIFY_START:
		return "notify-start";
	case PATH_NOTIFY_END:
		return "notify-end";
	case PATH_UNMAP:
		return "unmap";
	case PATH_FILE_FAULT:
		return "file-fault";
	case PATH_DAX_FAULT:
		return "dax-fault";
	case PATH_FILE_RESIZE:
		return "file-resize";
	case PATH_FILE_WRITE:
		return "file-write";
	case PATH_FOLIO_SPLIT:
		return "folio-split";
	case PATH_FILE_CLEAN:
		return "file-clean";
	case PATH_ADVISE:
		return "advise";
	case PATH_COLLAPSE_FILE:
		return "collapse-file";
	case PATH_COLLAPSE:
		return "collapse";
	case PATH_PROTECT:
		return "protect";
	case PATH_NUMA:
		return "numa";
	case PATH_UFFD:
		return "uffd";
	case PATH_UFFD_PROTECT:
		return "uffd-protect";
	case PATH_UFFD_FILL:
		return "uffd-fill";
	case PATH_UFFD_MOVE:
		return "uffd-move";
	case PATH_USERFAULT:
		return "userfault";
	case PATH_MREMAP:
		return "mremap";
	case PATH_MADVISE:
		return "madvise";
	case PATH_MMAP:
		return "mmap";
	case PATH_MLOCK:
		return "mlock";
	case PATH_POPULATE:
		return "populate";
	case PATH_FORK:
		return "fork";
	case PATH_MIGRATE:
		return "migrate";
	case PATH_UNMAP_PAGE:
		return "unmap-page";
	case PATH_PAGE_SPLIT:
		return "page-split";
	case PATH_POISON:
		return "poison";
	case PATH_RECLAIM:
		return "reclaim";
	case PATH_KSM_MERGE:
		return "ksm-merge";
	case PATH_KSM_UNMERGE:
		return "ksm-unmerge";
	case PATH_YOUNG:
		return "young";
	case PATH_CLEAR_REFS:
		return "clear-refs";
	case PATH_DRIVER:
		return "driver";
	case PATH_SLOT:
		return "slot";
	case PATH_DIRTY_LOG:
		return "dirty-log";
	case PATH_CLEAR_LOG:
		return "clear-log";
	case PATH_LOG_MODE:
		return "log-mode";
	case PATH_ZAP_GFNS:
		return "zap-gfns";
	case PATH_MMU_PAGES:
		return "mmu-pages";
	case PATH_SHRINK_MMU:
		return "shrink-mmu";
	case PATH_SET_NX:
		return "set-nx";
	case PATH_IOEVENTFD:
		return "ioeventfd";
	case PATH_RECOVER_NX:
		return "recover-nx";
	case PATH_MAP:
		return "map";
	case PATH_UNMAP_MAP:
		return "unmap-map";
	case PATH_STAGE2:
		return "stage2";
	case PATH_PREFAULT:
		return "prefault";
	case PATH_ASYNC_PF:
		return "async-pf";
	case PATH_LOG_MAP:
		return "log-map";
	case PATH_STEAL:
		return "steal";
	case PATH_COPY:
		return "copy";
	case PATH_LOOKUP:
		return "lookup";
	case PATH_PREFETCH:
		return "prefetch";
	case PATH_GMEM:
		return "gmem";
	case PATH_GMEM_FILE:
		return "gmem-file";
	case PATH_ATTRIBUTES:
		return "attributes";
	case PATH_GPC:
		return "gpc";
	case PATH_EXIT:
		return "exit";
	case PATH_APIC:
		return "apic";
	case PATH_NESTED:
		return "nested";
	case NR_PATHS:
		break;
	}
	assert(!"no such path");
	return NULL;
}

static const struct step *row(const struct machine *m, const struct frame *frame)
{
	return &m->sem->path[frame->path][frame->pc];
}

static void push(struct task *t, u8 path)
{
	assert(t->depth < MAX_DEPTH);
	t->frame[t->depth++] = (struct frame){ .path = path };
	if (path == PATH_FOLLOW) {
		t->follow.before = t->refs;
		t->follow.got = NO_PFN;
		t->follow.found_writable = false;
	}
}

static void pop(struct machine *m, struct task *t)
{
	if (t->frame[--t->depth].path == PATH_FOLLOW)
		touch(m, OBJECT_LOOKUP, t - m->w->task);
	t->frame[t->depth] = (struct frame){ 0 };
	if (!t->depth) {
		t->state = TASK_DONE;
		touch(m, OBJECT_TASK, t - m->w->task);
	}
}

static const struct step *next_step(struct machine *m, struct task *t)
{
	while (t->state == TASK_RUNNING) {
		struct frame *frame = &t->frame[t->depth - 1];
		const struct step *step = row(m, frame);

		if (!step->name)
			pop(m, t);
		else if (step->when && !step->when(m, t))
			frame->pc++;
		else
			return step;
	}
	return NULL;
}

const struct step *task_next_step(struct machine *m, unsigned task)
{
	const struct step *step;

	m->task = task;		/* guards may ask whose step it is */
	m->mm = m->w->task[task].mm;
	step = next_step(m, &m->w->task[task]);
	m->mm = 0;
	return step;
}

struct task *task_start(struct machine *m, unsigned task, enum path_id path, u8 by)
{
	struct task *t = &m->w->task[task];

	assert(t->state != TASK_RUNNING);
	*t = (struct task){ .state = TASK_RUNNING, .by = by };
	m->task = task;		/* what it works on is put into its lists */
	push(t, path);
	return t;
}

enum run_result task_step(struct machine *m, unsigned task)
{
	struct task *t = &m->w->task[task];
	const struct step *step;
	struct frame *frame;

	m->task = task;
	m->nr_touched = 0;
	m->nr_alarms = 0;
	m->nr_taken = 0;
	m->refused = NULL;
	m->touched_all = false;
	step = task_next_step(m, task);
	if (!step)
		return RUN_FINISHED;
	frame = &t->frame[t->depth - 1];
	frame->at = frame->pc;
	m->mm = t->mm;
	switch (step->run(m, t)) {
	case STEP_NEXT:
		frame->pc++;
		break;
	case STEP_BACK:
		frame->pc = step->to_index;
		break;
	case STEP_CALL:
		frame->pc++;
		push(t, step->calls);
		break;
	case STEP_CALL_BACK:
		frame->pc = step->to_index;
		push(t, step->calls);
		break;
	case STEP_DONE:
		pop(m, t);
		break;
	case STEP_BLOCKED:
		m->mm = 0;
		return RUN_BLOCKED;
	}
	step = task_next_step(m, task);
	if (m->w->kvm.srcu_readers >> task & 1 && !task_reads_slots(t))
		m->w->kvm.srcu_readers &= ~(1u << task);	/* srcu_read_unlock(&kvm->srcu) */
	return step ? RUN_STEPPED : RUN_FINISHED;
}

static size_t append(char *buffer, size_t size, size_t used, const char *text, size_t length)
{
	while (length-- && used + 1 < size)
		buffer[used++] = *text++;
	buffer[used] = 0;
	return used;
}

static const char *name_here(const struct call_name *c, const char *name, size_t length)
{
	for (; c && c->name; c++)
		if (!strncmp(c->name, name, length) && !c->name[length])
			return c->here;
	return NULL;
}

/* A chain is written with one set of names; each version has its own for some. */
static size_t append_call(const struct machine *m, char *buffer, size_t size, size_t used,
			  const char *name, size_t length)
{
	const char *here = name_here(m->sem->mmu_calls, name, length);

	if (!here)
		here = name_here(m->sem->calls, name, length);
	if (here) {
		name = here;
		length = strlen(name);
	}
	if (used && length)
		used = append(buffer, size, used, " > ", 3);
	return append(buffer, size, used, name, length);
}

void task_chain(const struct machine *m, const struct frame *frames, unsigned depth, char *buffer,
		size_t size)
{
	size_t used = 0;

	buffer[0] = 0;
	for (unsigned i = 0; i < depth; i++) {
		const struct frame *frame = &frames[i];
		unsigned pc = i + 1 == depth ? frame->pc : frame->at;
		const char *chain = m->sem->path[frame->path][pc].chain;

		if (!chain)
			continue;
		while (*chain) {
			size_t length = strcspn(chain, ">");
			size_t name = chain[length] ? length - 1 : length;

			used = append_call(m, buffer, size, used, chain, name);
			chain += chain[length] ? length + 2 : length;
		}
	}
}
