/* SPDX-License-Identifier: GPL-2.0-only */
/* event_uffd.c: ioctls on a userfaultfd: arguments, and what is not modelled of them. */
#include "model/host_mm.h"
#include "model/machine.h"
#include "sim/event.h"

void event_start_uffd(struct task *t, const struct event *e)
{
	bool registers = e->id == EVENT_UFFD_REGISTER || e->id == EVENT_UFFD_UNREGISTER;
	hva_t end = e->hva + e->size;

	t->range = (struct range_op){
		.start = e->hva, .end = end, .kind = registers ? RANGE_UFFD : RANGE_UFFD_WP,
		.prot = e->id == EVENT_UFFD_REGISTER ? e->mode : e->id == EVENT_UFFD_PROTECT };
	t->uffd = (struct uffd_op){
		.start = e->hva, .end = end, .at = e->hva, .page = NO_PFN,
		.from = e->id == EVENT_UFFD_COPY || e->id == EVENT_UFFD_MOVE ? e->other_hva : 0,
		.silent = e->silent, .holes = e->keep,
		.wp = e->write, .verb = UFFD_REGISTER + (e->id - EVENT_UFFD_REGISTER) };
}

bool event_uffd_possible(const struct vm *vm, const struct event *e, struct error *error)
{
	const struct host_mm *mm = &vm->w.mm[VM_MM];

	if (e->id != EVENT_UFFD_REGISTER)
		return true;
	for (unsigned i = 0; i < mm->nr_vmas; i++)
		if (mm->vma[i].used && mm->vma[i].kind == VMA_HUGETLB &&
		    mm->vma[i].start < e->hva + e->size && mm->vma[i].end > e->hva)
			return error_at(error, e->file, e->line, e->column,
					"userfaultfd over hugetlb is not modelled");
	return true;
}
