/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_ioeventfd.c: stores of the guest that signal an eventfd, and the fast MMIO bus.
 *
 * Linux: virt/kvm/eventfd.c:kvm_ioeventfd(), ioeventfd_in_range(); virt/kvm/kvm_main.c:
 * kvm_io_bus_register_dev(), kvm_io_bus_write(); 5.12 to 7.2. Without a length it is on two buses,
 * one after the other; the fast one knows the address alone, and not who stores or loads.
 * SIMPLIFIED: a bus is searched for the very address; devices other than ioeventfds are absent.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/walker.h"

static bool has_address(const struct ioeventfd *p, u8 bus, gpa_t gpa)
{
	return p->bus == bus && p->gpa == gpa;
}

/* ioeventfd_in_range(), of four bytes */
static bool matches(const struct ioeventfd *p, gpa_t gpa, u32 value)
{
	if (!has_address(p, IO_BUS_MMIO, gpa))
		return false;
	return !p->length || (p->length == 4 && (p->wildcard || p->match == value));
}

bool ioeventfd_write(struct machine *m, gpa_t gpa, u32 value)
{
	struct ioeventfd *all = m->w->kvm.ioeventfds;

	for (unsigned i = 0; i < MAX_IOEVENTFDS; i++)
		if (matches(&all[i], gpa, value)) {
			all[i].signals++;
			return true;
		}
	return false;
}

static struct ioeventfd *find_fast(struct machine *m, gpa_t gpa)
{
	struct ioeventfd *all = m->w->kvm.ioeventfds;

	for (unsigned i = 0; i < MAX_IOEVENTFDS; i++)
		if (has_address(&all[i], IO_BUS_FAST, gpa))
			return &all[i];
	return NULL;
}

/* An MMIO SPTE was met; whether its generation is still good is not asked. */
bool on_fast_bus(const struct machine *m, const struct task *t)
{
	const struct access *a = &t->access;
	const struct config *config = &m->w->config;

	return a->walk == WALK_MISCONFIG && !a->fetching && a->kind != ACCESS_EXEC &&
	       config->mmu != MMU_SHADOW && (config->ept || m->sem->traits.npt_fast_mmio) &&
	       find_fast((struct machine *)m, a->gpa);
}

void ioeventfd_signal_fast(struct machine *m, gpa_t gpa)
{
	find_fast(m, gpa)->signals++;
}

/* ---- KVM_IOEVENTFD ---- */

static bool io_ok(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->io.error;
}

static bool io_changes_fast(const struct machine *m, const struct task *t)
{
	return io_ok(m, t) && !t->io.length && t->io.bus == IO_BUS_MMIO;
}

/* kvm_io_bus_register_dev() leaves the old bus to call_srcu(), some time after 6.12. */
static bool io_waits(const struct machine *m, const struct task *t)
{
	return io_ok(m, t) && (t->io.off || !m->sem->traits.bus_freed_later);
}

static enum step_result check_ioeventfd(struct machine *m, struct task *t)
{
	struct io_op *op = &t->io;

	(void)m;
	op->bus = IO_BUS_MMIO;
	if (op->length != 0 && op->length != 1 && op->length != 2 && op->length != 4 &&
	    op->length != 8)
		op->error = -EINVAL;
	if (!op->length && !op->wildcard)
		op->error = -EINVAL;
	op->error = op->off && op->error ? -ENOENT : op->error;	/* nobody checks it */
	return op->error ? STEP_DONE : STEP_NEXT;
}

static enum step_result io_lock(struct machine *m, struct task *t)
{
	(void)t;
	return lock_try_write(m, &m->w->kvm.slots_lock) ? STEP_NEXT : STEP_BLOCKED;
}

/* ioeventfd_check_collision() */
static bool collides(const struct ioeventfd *p, const struct io_op *op)
{
	if (!has_address(p, op->bus, op->gpa))
		return false;
	return !p->length || !op->length ||
	       (p->length == op->length &&
		(p->wildcard || op->wildcard || p->match == op->match));
}

static s32 assign(struct kvm *kvm, const struct io_op *op)
{
	struct ioeventfd *free = NULL;

	for (unsigned i = MAX_IOEVENTFDS; i--; ) {
		if (collides(&kvm->ioeventfds[i], op))
			return -EEXIST;
		free = kvm->ioeventfds[i].bus ? free : &kvm->ioeventfds[i];
	}
	if (!free)
		return -ENOSPC;
	*free = (struct ioeventfd){ .gpa = op->gpa, .match = op->match, .length = op->length,
				    .wildcard = op->wildcard, .bus = op->bus, .fd = op->fd };
	return 0;
}

static s32 deassign(struct kvm *kvm, const struct io_op *op)
{
	for (unsigned i = 0; i < MAX_IOEVENTFDS; i++) {
		struct ioeventfd *p = &kvm->ioeventfds[i];

		if (!has_address(p, op->bus, op->gpa) || p->fd != op->fd ||
		    p->length != op->length || p->wildcard != op->wildcard ||
		    (!p->wildcard && p->match != op->match))
			continue;
		*p = (struct ioeventfd){ 0 };
		return 0;
	}
	return -ENOENT;
}

static enum step_result change_bus(struct machine *m, struct task *t)
{
	struct io_op *op = &t->io;

	op->error = op->off ? deassign(&m->w->kvm, op) : assign(&m->w->kvm, op);
	return STEP_NEXT;
}

static enum step_result io_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_write(m, &m->w->kvm.slots_lock);
	return STEP_NEXT;
}

static enum step_result change_fast_bus(struct machine *m, struct task *t)
{
	(void)m;
	t->io.bus = IO_BUS_FAST;
	return STEP_BACK;
}

static bool fast_bus_failed(const struct machine *m, const struct task *t)
{
	return !io_ok(m, t) && t->io.bus == IO_BUS_FAST && !t->io.off;
}

/* kvm_assign_ioeventfd(): somebody is still on the fast bus; off the other one again. */
static enum step_result leave_slow_bus(struct machine *m, struct task *t)
{
	struct io_op *op = &t->io;

	if (!lock_pass_write(m, &m->w->kvm.slots_lock))
		return STEP_BLOCKED;
	op->bus = IO_BUS_MMIO;
	deassign(&m->w->kvm, op);
	return STEP_NEXT;
}

#define IO	"kvm_ioeventfd"

const struct step path_ioeventfd[] = {
	STEP(check_ioeventfd, .chain = IO),
	STEP(io_lock, .chain = IO),
	STEP(change_bus, .chain = IO " > kvm_io_bus_register_dev"),
	STEP_AS(io_note_readers, note_readers, .when = io_waits,
		.chain = IO " > synchronize_srcu_expedited"),
	STEP_AS(io_wait_for_readers, wait_for_readers, .when = io_waits,
		.chain = IO " > synchronize_srcu_expedited"),
	STEP(io_unlock, .chain = IO),
	STEP(change_fast_bus, .when = io_changes_fast, .to = "io_lock", .chain = IO),
	STEP(leave_slow_bus, .when = fast_bus_failed, .chain = IO),
	{ 0 }
};
