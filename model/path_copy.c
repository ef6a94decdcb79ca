/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_copy.c: KVM copies from and to guest memory by its hva, as userspace would.
 *
 * Linux: virt/kvm/kvm_main.c:kvm_read_guest_page(), kvm_write_guest_page(),
 * kvm_gfn_to_hva_cache_init(), kvm_read_guest_cached(), kvm_write_guest_cached(), 5.12 to 7.2. No
 * pfn is looked up and no reference taken: the host's PTE is used, and faulted in, so that whatever
 * userspace can touch will do. A hva cache is good for one generation of the memslots.
 * SIMPLIFIED: four bytes, which lie in one page.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"

static bool copy_writes(const struct copy_op *op)
{
	return op->verb == COPY_WRITE || op->verb == COPY_CACHED_WRITE;
}

static bool is_cached(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->copy.verb == COPY_CACHED_READ || t->copy.verb == COPY_CACHED_WRITE;
}

static bool is_direct(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->copy.verb == COPY_READ || t->copy.verb == COPY_WRITE;
}

static bool inits_cache(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->copy.verb == COPY_CACHE_INIT;
}

static bool may_fault(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->copy.atomic;
}

static bool may_not_fault(const struct machine *m, const struct task *t)
{
	return !may_fault(m, t);
}

/* The generation comes first: who has failed does not try again before memslots change. */
s32 hva_cache_init(struct machine *m, struct hva_cache *cache, gpa_t gpa)
{
	gfn_t gfn = gpa >> PAGE_SHIFT;
	int row = memslot_of_gfn(m, gfn);

	cache->generation = m->w->kvm.generation;
	cache->slot = row;
	cache->has_slot = row != NO_SLOT;
	cache->hva = memslot_hva(m, row, gfn, true);
	if (is_error_hva(cache->hva))
		return -EFAULT;
	cache->hva += gpa & ~PAGE_MASK;
	cache->gpa = gpa;
	cache->used = true;
	return 0;
}

/* Who reads must be able to write, too: gfn_to_hva_many() is asked for both. */
static enum step_result copy_init_cache(struct machine *m, struct task *t)
{
	struct copy_op *op = &t->copy;

	op->error = hva_cache_init(m, &m->w->kvm.hva_caches[op->cache], op->gpa);
	return STEP_DONE;
}

static enum step_result copy_check_cache(struct machine *m, struct task *t)
{
	struct copy_op *op = &t->copy;
	struct hva_cache *cache = &m->w->kvm.hva_caches[op->cache];

	if (!cache->used)	/* of length 0: WARN_ON_ONCE(len + offset > ghc->len) */
		op->error = -EINVAL;
	else if (cache->generation != m->w->kvm.generation)
		op->error = hva_cache_init(m, cache, cache->gpa);
	if (!op->error && is_error_hva(cache->hva))
		op->error = -EFAULT;
	op->gpa = cache->gpa;
	op->slot = cache->slot;
	op->hva = cache->hva;
	return op->error ? STEP_DONE : STEP_NEXT;
}

/* gfn_to_hva_memslot_prot(), gfn_to_hva_memslot() */
static enum step_result copy_hva(struct machine *m, struct task *t)
{
	struct copy_op *op = &t->copy;
	gfn_t gfn = op->gpa >> PAGE_SHIFT;

	op->slot = memslot_of_gfn(m, gfn);
	op->hva = memslot_hva(m, op->slot, gfn, copy_writes(op));
	if (is_error_hva(op->hva)) {
		op->error = -EFAULT;
		return STEP_DONE;
	}
	op->hva += op->gpa & ~PAGE_MASK;
	return STEP_NEXT;
}

static void start_copy(struct task *t)
{
	const struct copy_op *op = &t->copy;

	t->host = (struct host_fault){ .page = NO_PFN };
	t->access = (struct access){ .hva = op->hva, .value = op->value, .count = 1,
				     .kind = copy_writes(op) ? ACCESS_WRITE : ACCESS_READ };
}

/* __copy_from_user(), __copy_to_user() */
static enum step_result copy_user(struct machine *m, struct task *t)
{
	(void)m;
	start_copy(t);
	return STEP_CALL;
}

/* __copy_from_user_inatomic() between pagefault_disable() and pagefault_enable() */
static enum step_result copy_user_inatomic(struct machine *m, struct task *t)
{
	start_copy(t);
	t->access.failed = !host_access_nofault(m, &t->access);
	return STEP_NEXT;
}

static enum step_result copy_result(struct machine *m, struct task *t)
{
	struct copy_op *op = &t->copy;

	(void)m;
	op->pfn = t->access.pfn;
	op->value = t->access.value;
	if (t->access.failed)
		op->error = -EFAULT;
	return t->access.failed || !copy_writes(op) ? STEP_DONE : STEP_NEXT;
}

/* mark_page_dirty_in_slot(): of the memslot as it was found; kvm_get_running_vcpu() may be NULL. */
static enum step_result copy_mark_dirty(struct machine *m, struct task *t)
{
	if (!t->copy.unloaded || !m->sem->traits.log_wants_vcpu)
		memslot_mark_dirty(m, t->copy.slot, t->copy.gpa >> PAGE_SHIFT);
	return STEP_DONE;
}

#define CACHED	"kvm_write_guest_cached > kvm_write_guest_offset_cached"

const struct step path_copy[] = {
	STEP(copy_init_cache, .when = inits_cache, .chain = "kvm_gfn_to_hva_cache_init"),
	STEP(copy_check_cache, .when = is_cached, .chain = CACHED),
	STEP(copy_hva, .when = is_direct, .chain = "kvm_write_guest > kvm_write_guest_page"),
	STEP(copy_user, .when = may_fault, .calls = PATH_HOST_ACCESS,
	     .chain = "kvm_write_guest > kvm_write_guest_page > __copy_to_user"),
	STEP(copy_user_inatomic, .when = may_not_fault,
	     .chain = "kvm_vcpu_read_guest_atomic > __kvm_read_guest_atomic"),
	STEP(copy_result, .chain = "kvm_write_guest > kvm_write_guest_page"),
	STEP(copy_mark_dirty,
	     .chain = "kvm_write_guest > kvm_write_guest_page > mark_page_dirty_in_slot"),
	{ 0 }
};
