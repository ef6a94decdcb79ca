/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine.h: what a step works on: a world, the memory behind it, the semantics it runs under.
 *
 * The model writes four things for others to read: the world, the list of objects a step
 * touched (laws are checked on those, law.h), the locks it took, and notes (journal) of what a
 * kernel's tracepoints and probes would have shown. It never reads the last three back.
 */
#pragma once

#include "model/base.h"
#include "model/frame.h"
#include "model/page.h"
#include "model/phys.h"
#include "model/world.h"

/* The party at fault in a violation. */
enum blame { BLAME_NONE, BLAME_KVM, BLAME_DRIVER, BLAME_MM, BLAME_VMM };

/* What the laws read; a touched object is one of these and its key. */
enum object_kind {
	OBJECT_PAGE,		/* key: pfn */
	OBJECT_SPTE,		/* key: gfn; in the current root */
	OBJECT_HPTE,		/* key: hva of the page */
	OBJECT_TLB,		/* key: vcpu << 52 | gfn */
	OBJECT_NOTIFIER,	/* key: 0: the count; 1 + task: its notifications */
	OBJECT_RANGE,		/* key: start of an invalidation that just zapped, or ended */
	OBJECT_TASK,		/* key: task index; its path has ended */
	OBJECT_MAP,		/* key: index of a kvm_vcpu_map() */
	OBJECT_LOOKUP,		/* key: task index; its hva_to_pfn() has just returned */
	OBJECT_GPC,		/* key: row of kvm.gpcs */
	OBJECT_APIC,		/* key: vcpu, whose VMCS names the APIC access page */
	NR_OBJECT_KINDS,
};

struct object { u8 kind; u64 key; };

/* A law that is broken in the act rather than in a state; law.c reads them. */
enum alarm_kind {
	ALARM_GET_FROM_ZERO,	/* key: pfn */
	ALARM_PUT_UNHELD,	/* key: pfn; a put of a reference that this holder does not have */
	ALARM_FREED_OWNED,	/* key: pfn; a put to zero of a page whose owner still holds it */
	ALARM_BAD_FREE,		/* key: pfn; free of a free page, bad_page() */
	ALARM_MARK_DEAD,	/* key: pfn; dirty/accessed mark on a page with count 0 */
	ALARM_LEAF_REPLACED,	/* key: gfn; present leaf to present leaf of another pfn */
	ALARM_WARN,		/* key: enum splat */
	ALARM_BUG,
	ALARM_OOPS,
	ALARM_HANG,		/* a loop without an end */
	ALARM_ACCESS_FREE,	/* key: pfn; guest or kernel used a page that is not allocated */
	ALARM_NO_STRUCT_PAGE,	/* key: pfn; pfn_to_page() of a pfn that has no struct page */
	ALARM_TOUCH_UNHELD,	/* key: pfn; a struct page that nothing protects was touched */
	ALARM_DIRTY_LATE,	/* key: pfn; marked dirty by a fault when W was gone */
	ALARM_MARK_UNCOUNTED,	/* key: pfn; marked from an entry without v11's refcounted bit */
	ALARM_BIT_INEXACT,	/* key: gfn; v11's refcounted bit is not what the look-up said */
	ALARM_SLEPT,		/* key: gfn; an atomic look-up came where it may sleep */
	ALARM_LOG_MISSED,	/* key: gfn; a guest's write that the dirty bitmap does not know */
	ALARM_STALE_MMIO,	/* key: gfn; a cached MMIO entry answered for memory */
	ALARM_STALE_STEAL,	/* key: pfn; steal time was written where no guest reads it */
	ALARM_LOCKED_IN_VAIN,	/* key: gfn; mmu_lock, for a fault that was bound to retry */
	NR_ALARMS,
};

/* WARN_ON, BUG_ON and bad dereferences that are modelled; splat_names[] has the functions. */
enum splat {
	SPLAT_AD_TRACKED_COUNT0,	/* v11 1/8: kvm_is_ad_tracked_page() */
	SPLAT_ZONE_DEVICE_COUNT0,	/* kvm_is_zone_device_page() */
	SPLAT_TRY_GRAB,			/* try_grab_page()/try_grab_folio(): count <= 0 */
	SPLAT_GET_OR_GUARD,		/* v11: kvm_follow_pfn() without GET and not guarded */
	SPLAT_LEAF_REPLACED,		/* __handle_changed_spte(): BUG() */
	SPLAT_NO_STRUCT_PAGE,		/* gfn_to_page() of a reserved pfn: WARN_ON(1) (5.12) */
	SPLAT_ATOMIC_ASYNC,		/* hva_to_pfn(): BUG_ON(), since v11 2/8 WARN_ON_ONCE() */
	SPLAT_GET_PAGE_ZERO,		/* get_page() at 0: VM_BUG_ON, only with CONFIG_DEBUG_VM */
	SPLAT_ZAPPED_COUNT0,		/* mmu_spte_clear_track_bits(): WARN_ON_ONCE() */
	SPLAT_ZAPPED_BAD_PFN,		/* v11, mask 0: page_count(pfn_to_page(invalid)) */
	SPLAT_COLLAPSIBLE,		/* kvm_mmu_zap_collapsible_spte(): lpage_info[-1] (6.8) */
	SPLAT_MMAP_UNLOCKED,		/* mmap_assert_locked(): zap_pud_range() (6.12) */
	SPLAT_CACHE_VALID,		/* kvm_gpc_activate(): KVM_BUG_ON(gpc->valid) (6.3) */
	SPLAT_BAD_RSS,			/* check_mm(): "Bad rss-counter state" */
	SPLAT_LEAF_OF_OTHER,		/* tdp_mmu_map_handle_target_level(): not its pfn (7.2) */
	SPLAT_DIRECT_LEAF,		/* mmu_set_spte(): a direct root's leaf of another (7.2) */
	SPLAT_MMIO_OVER_LEAF,		/* mmu_spte_set(), by mark_mmio_spte(): present (6.8) */
	SPLAT_RMAP_NOT_PRESENT,		/* rmap_get_first(): BUG_ON(!is_shadow_present_pte()) */
	SPLAT_TABLES_LEFT,		/* kvm_mmu_uninit_tdp_mmu(): tdp_mmu_pages (5.13) */
	SPLAT_CACHE_LOOKUP,		/* filemap_get_entry(): folio_try_get() fails for ever */
	NR_SPLATS,
};
extern const char *const splat_names[NR_SPLATS];

struct alarm { u8 kind; u8 blame; u64 key; };

enum { MAX_TOUCHED = 256, MAX_ALARMS = 16, MAX_TAKEN = 8 };

/* What a tracepoint, a probe or a counter would have shown. */
enum note_kind {
	NOTE_REF,		/* a count changed: name is the page_ref event's */
	NOTE_GUP,		/* get_user_pages_*(): name, hva, value = pages or -errno */
	NOTE_FIXUP,		/* fixup_user_fault(): hva, flags, value */
	NOTE_FOLLOW,		/* the look-up's end: hva, pfn, ok = writable */
	NOTE_SPTE,		/* kvm_tdp_mmu_spte_changed */
	NOTE_SET_SPTE,		/* kvm_mmu_set_spte */
	NOTE_RELEASE,		/* a release or mark helper was called: name, pfn */
	NOTE_NOTIFY,		/* invalidate_range_start/end: name, hva, end, value = event type */
	NOTE_CHANGE_PTE,
	NOTE_FLUSH,		/* kvm_flush_remote_tlbs */
	NOTE_STAT,		/* a per-VM statistic: name, value = delta */
	NOTE_EXIT,		/* the vCPU left to userspace: name, gpa, value */
	NOTE_FREE,		/* a block went back to the allocator: pfn, level = order */
	NOTE_ROOT,		/* a vCPU loaded a root: pfn */
	NOTE_TLB_FILL,		/* of vCPU .value: gfn, pfn, level, ok = writable */
	NOTE_TLB_DROP,		/* the same entry goes */
};

/* Arguments of a look-up; the old API's pointer to *writable is KNOB_TRY_MAP_WRITABLE. */
enum follow_knob { KNOB_ATOMIC = 1, KNOB_TRY_MAP_WRITABLE = 2, KNOB_GUARDED = 4, KNOB_NON_REF = 8 };

struct note {
	u8 kind;
	u8 level;		/* NOTE_SPTE, NOTE_SET_SPTE; NOTE_FREE: order */
	bool ok;		/* NOTE_REF: the event's ret; NOTE_FOLLOW: writable */
	bool has_page;		/* NOTE_FOLLOW: refcounted_page */
	const char *name;
	u32 flags;		/* NOTE_FOLLOW: FOLL_*; NOTE_FIXUP: FAULT_FLAG_WRITE */
	u8 holder;		/* NOTE_REF */
	u8 knobs;		/* NOTE_FOLLOW: enum follow_knob */
	gfn_t gfn;
	hva_t hva, end;
	pfn_t pfn;
	u64 old, new;		/* SPTE values */
	s64 value;
	s32 count, headcount, mapcount;	/* the page's at that instant, after a change */
};

struct journal {
	void (*note)(struct journal *journal, const struct note *note);
};

struct semantics;

struct machine {
	const struct semantics *sem;
	struct world *w;
	struct phys *phys;
	struct journal *journal;	/* NULL: nobody listens */
	u8 task;			/* whose step runs */
	u8 mm;				/* whose tables it works on; between steps the VM's */
	bool touched_all;		/* the list overflowed: check everything */
	u16 nr_touched;
	u16 nr_alarms;
	u16 nr_taken;
	const struct lock *taken[MAX_TAKEN];	/* by the last step */
	const struct lock *refused;		/* that it has to wait for; or NULL */
	struct object touched[MAX_TOUCHED];
	struct alarm alarms[MAX_ALARMS];
};

/* Notifications that are open; of nobody if it is not .used. */
static inline const struct open_range *open_range(const struct machine *m, unsigned i)
{
	return &m->w->task[i / MAX_OPEN].open[i % MAX_OPEN];
}
enum { MAX_OPEN_RANGES = MAX_OPEN * MAX_TASKS };

/* It is one of kvm->mmu_invalidate_in_progress. */
static inline bool is_counted(const struct open_range *open)
{
	return open->no_leaf_to != 0;
}

/* kvm->mn_active_invalidate_count: of all tasks together; nobody's turn meets another's in it. */
static inline s32 mn_active(const struct world *w)
{
	s32 sum = 0;

	for (unsigned i = 0; i < MAX_TASKS; i++)
		sum += w->task[i].mn_active;
	return sum;
}

static inline struct host_mm *current_mm(const struct machine *m)
{
	return &m->w->mm[m->mm];
}

void touch(struct machine *m, enum object_kind kind, u64 key);
void raise_alarm(struct machine *m, enum alarm_kind kind, u64 key, enum blame blame);
void note(struct machine *m, const struct note *n);
void note_stat(struct machine *m, const char *name, s64 delta);
/* A helper that a probe shows by name, with the page's counts at that instant. */
void note_release(struct machine *m, const char *name, pfn_t pfn);
