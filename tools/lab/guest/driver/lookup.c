// SPDX-License-Identifier: GPL-2.0-only
/*
 * lookup.c: KVM's own look-ups, called as its callers do, under kvm->srcu.
 *
 * Linux: virt/kvm/kvm_main.c. Which of them a kernel has, and their arguments, is its version's.
 */
#include <linux/kvm_host.h>
#include <linux/file.h>
#include <linux/slab.h>

#include "driver.h"

enum { NR_MAPS = 4 };

static struct kvm_host_map maps[NR_MAPS];

struct call {
	struct kvm *kvm;
	struct kvm_vcpu *vcpu;
	struct kvm_memory_slot *slot;
	gfn_t gfn;
	struct pfnlab_lookup *out;
	struct page *page;		/* what a release is to put, of versions that put pages */
};

typedef long (*operation)(struct call *call);

/* What this kernel lacks is -ENOSYS. */
#define NEED(function, name)								\
	do {										\
		if (!(function))							\
			(function) = symbol(name);					\
		if (!(function))							\
			return -ENOSYS;							\
	} while (0)

static void held(struct call *call, kvm_pfn_t pfn)
{
	call->out->pfn = pfn;
	if (!pfn_error(pfn))
		page_fill(&call->out->during, pfn);
}

#if !SINCE(6, 13)
static kvm_pfn_t (*prot)(struct kvm *, gfn_t, bool, bool *);
static kvm_pfn_t (*plain)(struct kvm *, gfn_t);
static kvm_pfn_t (*atomic)(const struct kvm_memory_slot *, gfn_t);
static int (*many)(struct kvm_memory_slot *, gfn_t, struct page **, int);
static void (*release)(kvm_pfn_t);

#if SINCE(6, 2)
static kvm_pfn_t (*by_slot)(const struct kvm_memory_slot *, gfn_t, bool, bool, bool *, bool,
			    bool *, hva_t *);
#define BY_SLOT(c, is_atomic, async, writable)						\
	by_slot((c)->slot, (c)->gfn, is_atomic, false, async, (c)->out->write, writable, NULL)
#else
static kvm_pfn_t (*by_slot)(const struct kvm_memory_slot *, gfn_t, bool, bool *, bool, bool *,
			    hva_t *);
#define BY_SLOT(c, is_atomic, async, writable)						\
	by_slot((c)->slot, (c)->gfn, is_atomic, async, (c)->out->write, writable, NULL)
#endif

static void put(struct call *call)
{
	if (!release)
		release = symbol("kvm_release_pfn_clean");
	if (release && !pfn_error(call->out->pfn))
		release(call->out->pfn);
}

static long do_prot(struct call *call)
{
	bool writable = false;

	NEED(prot, "gfn_to_pfn_prot");
	held(call, prot(call->kvm, call->gfn, call->out->write, &writable));
	call->out->writable = writable;
	put(call);
	return 0;
}

static long do_pfn(struct call *call)
{
	NEED(plain, "gfn_to_pfn");
	held(call, plain(call->kvm, call->gfn));
	put(call);
	return 0;
}

static long do_atomic(struct call *call)
{
	NEED(atomic, "gfn_to_pfn_memslot_atomic");
	held(call, atomic(call->slot, call->gfn));
	put(call);
	return 0;
}

static long do_by_slot(struct call *call)
{
	bool is_atomic = call->out->op == PFNLAB_ATOMIC_ASYNC;
	bool async = false, writable = false;

	NEED(by_slot, "__gfn_to_pfn_memslot");
	held(call, BY_SLOT(call, is_atomic, &async, &writable));
	call->out->writable = writable;
	call->out->async = async;
	put(call);
	return 0;
}

static long do_many(struct call *call)
{
	struct page *page = NULL;

	NEED(many, "gfn_to_page_many_atomic");
	if (many(call->slot, call->gfn, &page, 1) != 1) {
		call->out->pfn = 0x7fful << 52;	/* no page: nothing says why */
		return 0;
	}
	held(call, page_to_pfn(page));
	put_page(page);		/* as direct_pte_prefetch_many() does */
	return 0;
}

static long do_gfn_to_page(struct call *call)
{
	static struct page *(*to_page)(struct kvm *, gfn_t);
	struct page *page;

	NEED(to_page, "gfn_to_page");
	page = to_page(call->kvm, call->gfn);
	if (is_error_page(page)) {
		call->out->pfn = 0x7fful << 52;
		return 0;
	}
	held(call, page_to_pfn(page));
	put(call);
	return 0;
}

static const operation operations[] = {
	[PFNLAB_PROT] = do_prot,
	[PFNLAB_PFN] = do_pfn,
	[PFNLAB_ATOMIC] = do_atomic,
	[PFNLAB_MEMSLOT] = do_by_slot,
	[PFNLAB_ATOMIC_ASYNC] = do_by_slot,
	[PFNLAB_MANY] = do_many,
	[PFNLAB_GFN_TO_PAGE] = do_gfn_to_page,
};
#else
static void put(struct call *call)
{
	static void (*unused)(struct page *);

	if (!unused)
		unused = symbol("kvm_release_page_clean");
	if (unused)
		unused(call->page);
}

static long do_gfn_to_page(struct call *call)
{
	static struct page *(*to_page)(struct kvm *, gfn_t, bool);

	NEED(to_page, "__gfn_to_page");
	call->page = to_page(call->kvm, call->gfn, call->out->write);
	if (!call->page) {
		call->out->pfn = 0x7fful << 52;
		return 0;
	}
	held(call, page_to_pfn(call->page));
	put(call);
	return 0;
}

static long do_many(struct call *call)
{
	static int (*many)(struct kvm_memory_slot *, gfn_t, struct page **, int);

	NEED(many, "kvm_prefetch_pages");
	if (many(call->slot, call->gfn, &call->page, 1) != 1) {
		call->out->pfn = 0x7fful << 52;
		return 0;
	}
	held(call, page_to_pfn(call->page));
	put_page(call->page);
	return 0;
}

static const operation operations[] = {
	[PFNLAB_MANY] = do_many,
	[PFNLAB_GFN_TO_PAGE] = do_gfn_to_page,
};
#endif

/* ---- kvm_vcpu_map() ---- */

static void peek(struct call *call)
{
	struct kvm_host_map *map = &maps[call->out->map % NR_MAPS];

	call->out->pfn = map->pfn;
	if (!map->hva)
		return;
	page_fill(&call->out->during, map->pfn);
	call->out->value = *(u32 *)map->hva;
}

static long map(struct call *call)
{
#if SINCE(6, 13)
	static int (*to)(struct kvm_vcpu *, gfn_t, struct kvm_host_map *, bool);

	NEED(to, "__kvm_vcpu_map");
	call->out->result = to(call->vcpu, call->gfn, &maps[call->out->map % NR_MAPS], true);
#else
	static int (*to)(struct kvm_vcpu *, gfn_t, struct kvm_host_map *);

	NEED(to, "kvm_vcpu_map");
	call->out->result = to(call->vcpu, call->gfn, &maps[call->out->map % NR_MAPS]);
#endif
	if (!call->out->result)
		peek(call);
	call->out->after = call->out->during;
	return 0;
}

static long unmap(struct call *call)
{
	struct kvm_host_map *held = &maps[call->out->map % NR_MAPS];
	unsigned long pfn = held->pfn;
#if SINCE(6, 13)
	static void (*to)(struct kvm_vcpu *, struct kvm_host_map *);

	NEED(to, "kvm_vcpu_unmap");
	if (!held->hva)
		return -EINVAL;
	to(call->vcpu, held);
#else
	static void (*to)(struct kvm_vcpu *, struct kvm_host_map *, bool);

	NEED(to, "kvm_vcpu_unmap");
	if (!held->hva)
		return -EINVAL;
	to(call->vcpu, held, call->out->dirty);
#endif
	call->out->pfn = pfn;
	page_fill(&call->out->during, pfn);
	return 0;
}

static long map_operation(struct call *call)
{
	switch (call->out->op) {
	case PFNLAB_MAP:
		return map(call);
	case PFNLAB_UNMAP:
		return unmap(call);
	default:
		peek(call);
		return maps[call->out->map % NR_MAPS].hva ? 0 : -EINVAL;
	}
}

/* What is written for a guest is logged for the vCPU that runs: one is loaded. */
static long on_vcpu(struct call *call)
{
	static void (*load)(struct kvm_vcpu *), (*unload)(struct kvm_vcpu *);
	long result;

	NEED(load, "vcpu_load");
	NEED(unload, "vcpu_put");
	mutex_lock(&call->vcpu->mutex);
	load(call->vcpu);
	result = map_operation(call);
	unload(call->vcpu);
	mutex_unlock(&call->vcpu->mutex);
	return result;
}

static long on_vm(struct call *call)
{
	static struct kvm_memory_slot *(*to_slot)(struct kvm *, gfn_t);

	NEED(to_slot, "gfn_to_memslot");
	call->slot = to_slot(call->kvm, call->gfn);
	if (call->out->op >= ARRAY_SIZE(operations) || !operations[call->out->op])
		return -ENOSYS;
	return operations[call->out->op](call);
}

long lookup_run(struct pfnlab_lookup *out)
{
	bool of_vcpu = out->op >= PFNLAB_MAP && out->op <= PFNLAB_UNMAP;
	struct call call = { .gfn = out->gpa >> PAGE_SHIFT, .out = out };
	struct file *file = fget(out->fd);
	long result;
	int index;

	if (!file)
		return -EBADF;
	out->writable = out->refcounted = out->async = -1;
	out->pfn = 0;
	out->result = 0;
	memset(&out->during, 0, sizeof(out->during));
	memset(&out->after, 0, sizeof(out->after));
	call.vcpu = of_vcpu ? file->private_data : NULL;
	call.kvm = of_vcpu ? call.vcpu->kvm : file->private_data;
	index = srcu_read_lock(&call.kvm->srcu);
	result = of_vcpu ? on_vcpu(&call) : on_vm(&call);
	srcu_read_unlock(&call.kvm->srcu, index);
	if (!result && !of_vcpu && !pfn_error(out->pfn))
		page_fill(&out->after, out->pfn);
	fput(file);
	return result;
}
