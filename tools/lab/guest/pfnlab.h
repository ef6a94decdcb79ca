/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pfnlab.h: what the lab's module (pfnlab.ko, /dev/pfnlab) does for the lab's VMM.
 *
 * Numbers of kinds and modes are those of the model (enum alloc_kind of model/page.h, enum map_mode
 * of model/host_mm.h), so that an event of a trace is a request. Objects are mapped by
 * mmap() at offset OBJECT << PFNLAB_OBJECT_SHIFT, plus the first page.
 */
#pragma once

#ifdef __KERNEL__
#include <linux/ioctl.h>
#include <linux/types.h>
#else
#include <linux/types.h>
#include <sys/ioctl.h>
#endif

#define PFNLAB_DEVICE		"/dev/pfnlab"
#define PFNLAB_OBJECT_SHIFT	40	/* bytes */

enum { PFNLAB_OBJECTS = 8, PFNLAB_MAX_PAGES = 1 << 18 };

/* A page as the module sees it. */
struct pfnlab_page {
	__u64 pfn;
	__u64 flags;			/* page->flags of the page itself */
	__s32 refs, head_refs;		/* _refcount, raw: the page's own, its head's */
	__s32 map;			/* _mapcount + 1 */
	__s32 order;			/* of the compound page */
	__u8 valid;			/* 0: no struct page, and nothing of the above */
	__u8 head, tail, reserved;
	__u32 pad;
};

struct pfnlab_alloc {
	__u32 object, kind, order, pages;
	__u64 pfn;			/* in: of kind mmio; out: of the first page */
};

struct pfnlab_object {
	__u32 object, mode;		/* PFNLAB_MODE */
	__u32 index, pages;		/* PFNLAB_ZAP: pages 0: all */
	__u32 other, other_index;	/* PFNLAB_REPOINT */
	__s32 delta;			/* PFNLAB_REF */
	__u32 pad;
	struct pfnlab_page page;	/* out: of object and index, but for PFNLAB_ZAP */
};

/* A walk of page tables: of the caller's, or of a vCPU's stage 2. */
struct pfnlab_walk {
	__u64 address;			/* hva or gpa */
	__u64 entry;			/* raw; the last one that was read */
	__u64 pfn;			/* of the host's walk: of the page at that address */
	__u64 root;			/* stage 2: what this CPU's vCPU loaded last; 0: none */
	__u32 level;			/* 1: 4K ... ; 0: there is no table */
	__u32 pad;
};

/* KVM's own look-ups, called from the kernel; the first are the model's LOOKUP_* (model/task.h). */
enum pfnlab_op {
	PFNLAB_PROT, PFNLAB_PFN, PFNLAB_ATOMIC, PFNLAB_MEMSLOT, PFNLAB_ATOMIC_ASYNC, PFNLAB_FOLLOW,
	PFNLAB_MANY, PFNLAB_GFN_TO_PAGE,
	PFNLAB_MAP = 16, PFNLAB_PEEK, PFNLAB_UNMAP, PFNLAB_READ_GUEST, PFNLAB_WRITE_GUEST,
};

struct pfnlab_lookup {
	__s32 fd;			/* of the VM; MAP, PEEK, UNMAP: of the vCPU */
	__u32 op;			/* enum pfnlab_op */
	__u64 gpa;
	__u32 write, knobs, map, dirty;	/* map: which of four; knobs: of kvm_follow_pfn() */
	__u64 pfn;			/* out: as KVM gave it, errors too */
	__s64 result;			/* of what returns an error */
	__s32 writable, refcounted, async;	/* out: -1: this call does not say */
	__u32 value;			/* MAP, PEEK, READ_GUEST: what is there; WRITE_GUEST: in */
	struct pfnlab_page during, after;	/* while held, and once it was released */
};

/*
 * A thread is stopped before a step of the model (docs/TRACE-FORMAT.md, "until="), or when it has
 * slept for userspace: where it may sleep, until it is told to go on.
 */
enum pfnlab_stop_op {
	PFNLAB_ARM,			/* the caller, before @step; "": for userspace alone */
	PFNLAB_DISARM,			/* the caller */
	PFNLAB_STATE,			/* of @thread */
	PFNLAB_GO,			/* @thread goes on, to @step if that is not "" */
};

enum pfnlab_state { PFNLAB_RUNS, PFNLAB_STOPPED, PFNLAB_CANNOT_SLEEP };

struct pfnlab_stop {
	__u32 op, state;
	__s32 thread;
	__u32 pad;
	char step[32];
};

#define PFNLAB_ALLOC	_IOWR('L', 1, struct pfnlab_alloc)
#define PFNLAB_FREE	_IOWR('L', 2, struct pfnlab_object)
#define PFNLAB_MODE	_IOWR('L', 3, struct pfnlab_object)
#define PFNLAB_ZAP	_IOWR('L', 4, struct pfnlab_object)
#define PFNLAB_REPOINT	_IOWR('L', 5, struct pfnlab_object)
#define PFNLAB_REF	_IOWR('L', 6, struct pfnlab_object)
#define PFNLAB_INDEX	_IOWR('L', 7, struct pfnlab_object)	/* looks only */
#define PFNLAB_PAGE	_IOWR('L', 8, struct pfnlab_page)	/* by .pfn; looks only */
#define PFNLAB_HOST	_IOWR('L', 9, struct pfnlab_walk)
#define PFNLAB_STAGE2	_IOWR('L', 10, struct pfnlab_walk)
#define PFNLAB_LOOKUP	_IOWR('L', 11, struct pfnlab_lookup)
#define PFNLAB_DRAIN	_IO('L', 12)				/* lru_add_drain_all() */
#define PFNLAB_STOP	_IOWR('L', 13, struct pfnlab_stop)
