/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * law_table.c: the laws, each once, with where it comes from and who is known to break it.
 *
 * docs/INVARIANTS.md is printed from this table. What .breaches says is compared with what the
 * model computes (tests/test_matrix.c), so that neither can be wrong alone.
 */
#include "model/law_internal.h"

#define ON(kind)	(1u << OBJECT_##kind)
#define ALARM(kind)	(1u << ALARM_##kind)

/* Who has struct gfn_to_pfn_cache with invalidation (5.17) */
#define SERIES		"v11-p1 v11-p2 v11-p3 v11-p4 v11-p5 v11-p6 v11-p7 v11 v11-unsafe"
#define BUT_ON_6_8	"v6.1 v6.8-rc3 " SERIES " v6.8 v6.12 v7.2"
#define ON_6_8		"v6.8-rc3 " SERIES " v6.8 v11-on-v6.8"
#define PFNCACHES	BUT_ON_6_8 " v11-on-v6.8"

#define MAPS_1G { "v5.12", "it maps the host's 1G, also where a memslot allows no more than 2M" }
#define LATE_MMIO { "v5.11 v5.12 " PFNCACHES, "N11: MMIO replaces a leaf, and nobody flushes" }

const struct law laws[] = {
	/* ---- references ---- */
	{ .id = "refs-match-holders",
	  .sentence = "A page has exactly as many references as holders we can name.",
	  .when = "of every page but free ones, compound tails and what bad_page() has leaked; "
		  "holders are the allocation, host PTEs, LRU batches, look-ups and host "
		  "operations in flight, maps of KVM; a stage-2 entry holds none",
	  .source = "page_count() against the allocation, PTEs, LRU batches, look-ups and maps",
	  .found = "%lld references, %lld held",
	  .reads = ON(PAGE), .about = OBJECT_PAGE, .holds = refs_match,
	  .breaches = {
		{ "v6.8-rc3 v11-p1 v11-p2 v11-p3 v6.8",
		  "L2: the release of an adjusted pfn takes another block's count" },
		{ "v11-p4 v11-p5 v11-p6 v11-p7 v11 v11-unsafe",
		  "A6: a count-0 page is put for the page of an earlier round" },
		{ "v11-on-v6.8",
		  "the count itself is one too low; get_page_unless_zero() even takes -1" },
	  } },
	{ .id = "no-get-from-zero",
	  .sentence = "Nobody but the allocator takes a page's count from 0 to 1.",
	  .when = "get_page_unless_zero() cannot break it, get_page() of a count of 0 or less does",
	  .source = "CVE-2021-22543; f8be156be163 (5.13)",
	  .alarms = ALARM(GET_FROM_ZERO), .about = OBJECT_PAGE,
	  .breaches = {
		{ "v5.11 v5.12",
		  "kvm_get_pfn() is get_page() of whatever is not reserved: a tail "
		  "of a block without __GFP_COMP goes from 0 to 1 (CVE-2021-22543)" },
	  } },
	{ .id = "no-put-by-non-owner",
	  .sentence = "Nobody puts a reference that it does not hold.",
	  .source = "include/linux/mm.h:put_page(); d02c357e5bfa on top of v11",
	  .finding = "B1, A6",
	  .alarms = ALARM(PUT_UNHELD), .about = OBJECT_PAGE,
	  .breaches = {
		{ "v5.11 v5.12 v6.1 v6.8-rc3 v11-p1 v11-p2 v11-p3 v11-p6 v11-p7 v6.8 v6.12",
		  "a pfn is asked at the release whether it is counted: a page that "
		  "was reserved at the look-up, and has been freed since, is put unheld" },
		{ "v11-unsafe", "the same in the wrappers, which the gate no longer protects; A6" },
		{ "v11-p4 v11-p5 v11",
		  "A6: a count-0 page is put for the page of an earlier round" },
		{ "v11-on-v6.8",
		  "d02c357e5bfa's check after the look-up puts by pfn what v11 has put already" },
	  } },
	{ .id = "no-free-of-owned",
	  .sentence = "A put does not free a page that its owner has not given up.",
	  .when = "the owner is a driver or the kernel",
	  .source = "CVE-2021-22543",
	  .alarms = ALARM(FREED_OWNED), .about = OBJECT_PAGE,
	  .breaches = {
		{ "v5.11 v5.12",
		  "the put of CVE-2021-22543: 1 to 0 of a page that its driver has" },
		{ "v11-on-v6.8",
		  "that put frees a page of which its driver held the last reference" },
		{ "v6.1 v6.8-rc3 " SERIES " v6.8 v6.12",
		  "powerpc's e500 releases by pfn what it has not looked up in a VM_PFNMAP" },
	  } },
	{ .id = "no-bad-free",
	  .sentence = "What is freed is allocated, and nobody else holds a part of it.",
	  .source = "mm/page_alloc.c:free_pages_prepare()",
	  .alarms = ALARM(BAD_FREE), .about = OBJECT_PAGE,
	  .breaches = {
		{ "v5.11 v5.12",
		  "the driver frees a block of which KVM has freed or holds a tail" },
		{ "v11-on-v6.8", "that put frees a page that the host still maps" },
	  } },
	{ .id = "fault-balance",
	  .sentence = "A look-up gives back every reference that it took.",
	  .when = "when the fault, the wrapper's caller or the emulation has returned; to the very "
		  "folio, not as many to another",
	  .source = "virt/kvm/kvm_main.c:kvm_release_pfn_clean(), kvm_release_faultin_page()",
	  .finding = "L1, L2", .found = "%lld references left",
	  .reads = ON(TASK), .about = OBJECT_TASK, .holds = task_is_balanced,
	  .breaches = {
		{ "v6.1 v6.8-rc3 v11-p1 v11-p2 v11-p3 v11-p4 v11-p5 v11-p6 v11-p7 v6.8 v6.12",
		  "L1: GUP takes a reference on a PG_reserved page, the release by "
		  "pfn does not put it; L2, up to 6.8" },
		{ "v5.11 v5.12",
		  "L1; and record_steal_time() returns with the reference of its cache, which "
		  "the vCPU has from one entry to the next" },
		{ "v11 v11-unsafe", "L1 in the wrappers, whose callers still release by pfn" },
		{ "v11-on-v6.8", "each retry after the look-up puts one reference too many" },
	  } },

	/* ---- what a look-up promises its caller ---- */
	{ .id = "error-holds-no-ref",
	  .sentence = "A look-up that fails leaves no reference behind.",
	  .when = "when hva_to_pfn() returns an error pfn",
	  .source = "v11 4/8: kvm_follow_refcounted_pfn() and the gate",
	  .found = "%lld references left",
	  .reads = ON(LOOKUP), .about = OBJECT_LOOKUP, .holds = error_holds_nothing },
	{ .id = "get-means-own",
	  .sentence = "A caller that asks with FOLL_GET owns one reference on what it is given.",
	  .when = "when hva_to_pfn() returns a pfn; without FOLL_GET none (before v11 4/8, "
		  "and since 6.13: or one), with FOLL_PIN what a pin is, on a pfn without a page "
		  "none",
	  .source = "v11 4/8; include/linux/mm_types.h:FOLL_GET",
	  .finding = "A6", .found = "%lld references taken, %lld expected",
	  .reads = ON(LOOKUP), .about = OBJECT_LOOKUP, .holds = get_means_own,
	  .breaches = {
		{ "v11-p4 v11-p5 v11-p6 v11-p7 v11 v11-unsafe v11-on-v6.8",
		  "A6: the pfncache's second round still names the page of its first" },
	  } },
	{ .id = "get-or-guard",
	  .sentence = "What a look-up holds no reference on is given only to whom the notifier "
		      "guards.",
	  .when = "when hva_to_pfn() returns a page; in v11, but for allow_unsafe_mappings, also a "
		  "pfn without one",
	  .source = "v11 4/8: guarded_by_mmu_notifier; virt/kvm/kvm_main.c:kvm_follow_pfn()",
	  .finding = "A6",
	  .reads = ON(LOOKUP), .about = OBJECT_LOOKUP, .holds = unheld_is_guarded,
	  .breaches = {
		{ "v11-p4 v11-p5 v11-p6 v11-p7 v11 v11-unsafe v11-on-v6.8",
		  "A6: the pfncache's second round still names the page of its first" },
	  } },
	{ .id = "outputs-fresh",
	  .sentence = "The page that a look-up names is one that this look-up took a reference on.",
	  .when = "when hva_to_pfn() returns; what an earlier call left behind is none of it",
	  .source = "v11 4/8: refcounted_page; virt/kvm/pfncache.c:hva_to_pfn_retry()",
	  .finding = "A6", .found = "names pfn 0x%llx, took pfn 0x%llx",
	  .reads = ON(LOOKUP), .about = OBJECT_LOOKUP, .holds = outputs_are_fresh,
	  .breaches = {
		{ "v11-p4 v11-p5 v11-p6 v11-p7 v11 v11-unsafe v11-on-v6.8",
		  "A6: the pfncache's second round still names the page of its first" },
	  } },
	{ .id = "atomic-does-not-sleep",
	  .sentence = "An atomic look-up runs only what cannot sleep.",
	  .source = "virt/kvm/kvm_main.c:gfn_to_pfn_memslot_atomic()",
	  .alarms = ALARM(SLEPT), .about = OBJECT_SPTE },
	{ .id = "atomic-xor-nowait",
	  .sentence = "Nobody asks for an atomic look-up that is also to be tried without waiting.",
	  .source = "virt/kvm/kvm_main.c:hva_to_pfn(): BUG_ON(atomic && async); v11 2/8",
	  .reads = ON(LOOKUP), .about = OBJECT_LOOKUP, .holds = atomic_or_nowait },
	{ .id = "atomic-gives-a-page",
	  .sentence = "What an atomic look-up gives is a page that it took a reference on.",
	  .when = "when hva_to_pfn() returns a pfn; prefetching relies on it",
	  .source = "v11 7/8: make_spte(): fault is NULL; review of v9 6/6 (Maxim Levitsky)",
	  .reads = ON(LOOKUP), .about = OBJECT_LOOKUP, .holds = atomic_names_a_page },

	/* ---- pages that something leads to ---- */
	{ .id = "no-free-page-mapped",
	  .sentence = "No stage-2 entry and no TLB entry leads to a free page.",
	  .when = "entries of obsolete roots count; owners unmap before they free",
	  .source = "Documentation/mm/mmu_notifier.rst",
	  .found = "%lld stage-2 entries, %lld TLB entries", .apart = true,
	  .reads = ON(PAGE), .about = OBJECT_PAGE, .holds = free_page_unmapped,
	  .breaches = {
		{ "v5.11 v5.12", "the page that KVM has freed stays mapped" },
		{ "v5.11", "B51: MMIO replaces a leaf of a memslot on its way out" },
		{ "v11-on-v6.8", "what was put too often is mapped after it is free" },
		LATE_MMIO,
	  } },
	{ .id = "no-use-after-free",
	  .sentence = "Neither guest nor host uses a page that is not allocated.",
	  .source = "Documentation/mm/mmu_notifier.rst", .finding = "G1",
	  .alarms = ALARM(ACCESS_FREE), .about = OBJECT_PAGE,
	  .breaches = {
		{ "v5.11 v5.12", "the guest goes on with the page that KVM has freed" },
		{ "v11-on-v6.8", "what was put too often is used after it is free; G1" },
		{ BUT_ON_6_8, "G1: the VMM's memory is free, and a pfncache of its VM is valid" },
		{ "v6.12 v7.2", "G2: a pfncache of an hva has kept a page that is free" },
		LATE_MMIO,
	  } },
	{ .id = "map-page-lives",
	  .sentence = "A page that KVM has mapped for itself is not free.",
	  .when = "from kvm_vcpu_map() to kvm_vcpu_unmap()",
	  .source = "virt/kvm/kvm_main.c:kvm_vcpu_map()",
	  .reads = ON(MAP) | ON(PAGE), .about = OBJECT_MAP, .holds = map_page_lives,
	  .breaches = {
		{ "v5.11 v5.12 v6.1 v6.8-rc3 v11-p1 v11-p2 v11-p3 v6.8 v6.12",
		  "kvm_vcpu_map() of reserved memory holds nothing" },
		{ "v11-unsafe", "nor does it of what has no count" },
	  } },
	{ .id = "unguarded-holds-ref",
	  .sentence = "What KVM maps for itself, without the notifier, it holds.",
	  .when = "from kvm_vcpu_map() to kvm_vcpu_unmap()",
	  .source = "v11 4/8: allow_unsafe_mappings; 68e51d0a437b (6.13)",
	  .reads = ON(MAP), .about = OBJECT_MAP, .holds = map_is_held,
	  .breaches = {
		{ "v5.11 v5.12 v6.1 v6.8-rc3 v11-p1 v11-p2 v11-p3 v6.8 v6.12",
		  "kvm_vcpu_map() of what is reserved or has no struct page holds nothing" },
		{ "v11-unsafe", "that is what allow_unsafe_mappings asks for" },
	  } },
	{ .id = "pfncache-fresh",
	  .sentence = "A valid pfncache has the page that the host maps there.",
	  .when = "unless an invalidation has begun and not come to it yet, or memslots have "
		  "changed: its users see that",
	  .source = "virt/kvm/pfncache.c:gfn_to_pfn_cache_invalidate_start()",
	  .found = "has pfn 0x%llx, the host maps 0x%llx",
	  .finding = "G1",
	  .reads = ON(GPC) | ON(HPTE) | ON(RANGE), .about = OBJECT_GPC, .holds = gpc_is_fresh,
	  .breaches = {
		{ PFNCACHES,
		  "G1: the VMM exits, and kvm_mmu_notifier_release() tells no pfncache" },
		{ "v6.12 v7.2", "G2: mmu_invalidate_seq stays where no memslot overlaps, and a "
				"pfncache of an hva asks for it" },
	  } },
	{ .id = "apic-page-fresh",
	  .sentence = "A VMCS has the address of the APIC access page that the host maps.",
	  .when = "unless a reload is asked for, or has not reached the guest; while the page is "
		  "being taken it may be the old one, if that is not free",
	  .source = "arch/x86/kvm/vmx/vmx.c:vmx_set_apic_access_page_addr(); 0a8a5f2c8c26 (6.5)",
	  .found = "has pfn 0x%llx, the host maps 0x%llx",
	  .reads = ON(APIC) | ON(HPTE) | ON(RANGE), .about = OBJECT_APIC,
	  .holds = apic_page_is_fresh },
	{ .id = "inhibited-apic-unmapped",
	  .sentence = "While APICv is inhibited, the APIC access page is not mapped.",
	  .when = "once kvm_set_apicv_inhibit() has returned; of AMD's AVIC a guest would store to "
		  "memory that its local APIC never reads",
	  .source = "arch/x86/kvm/x86.c:__kvm_set_or_clear_apicv_inhibit(); edb298c663fc (5.15), "
		    "6d3085e4d89a (6.2)",
	  .reads = ON(SPTE), .about = OBJECT_SPTE, .holds = inhibited_apic_is_unmapped },
	{ .id = "steal-time-fresh",
	  .sentence = "Steal time is written to the page that the host maps there.",
	  .source = "arch/x86/kvm/x86.c:record_steal_time(); 7e2175ebd695 (5.16)",
	  .alarms = ALARM(STALE_STEAL), .about = OBJECT_PAGE,
	  .breaches = {
		{ "v5.11 v5.12",
		  "its struct gfn_to_pfn_cache is no notifier's: it keeps page and reference "
		  "until the gfn or the memslots change" },
	  } },
	{ .id = "unmap-pairs-map",
	  .sentence = "kvm_vcpu_unmap() puts what kvm_vcpu_map() took, no more, no less.",
	  .source = "v11 5/8; virt/kvm/kvm_main.c:kvm_vcpu_unmap()", .finding = "L1",
	  .found = "maps hold %lld references, %lld are recorded",
	  .reads = ON(PAGE), .about = OBJECT_PAGE, .holds = map_references_match,
	  .breaches = {
		{ "v5.11 v5.12 v6.1 v6.8-rc3 v11-p1 v11-p2 v11-p3 v11-p4 v6.8 v6.12",
		  "L1: the release by pfn does not put a PG_reserved page" },
	  } },

	/* ---- marks on struct page ---- */
	{ .id = "dirty-not-lost",
	  .sentence = "What a guest wrote to user memory stays known to be dirty.",
	  .when = "in struct page, a host PTE, or a stage-2 entry that maps it and is dirty: D, or "
		  "W where A/D are off",
	  .source = "mm/vmscan.c: a clean page may be dropped",
	  .reads = ON(PAGE), .about = OBJECT_PAGE, .holds = dirty_kept,
	  .breaches = {
		{ ON_6_8, "B39: without the TDP MMU an entry for MMIO goes over a leaf" },
	  } },
	{ .id = "mark-only-alive",
	  .sentence = "KVM marks no page dirty or accessed whose count is 0.",
	  .source = "v11 1/8; kvm_is_ad_tracked_page()", .finding = "A4",
	  .alarms = ALARM(MARK_DEAD), .about = OBJECT_PAGE,
	  .breaches = {
		{ "v5.11 v5.12", "it marks what it has freed itself" },
		{ "v6.1 v6.8-rc3 v11-p1 v11-p2 v11-p3 v11-p6 v11-p7 v6.8 v6.12",
		  "a pfn is asked at the release whether it is counted: a page that "
		  "was reserved at the look-up, and has been freed since, is marked" },
		{ "v11 v11-unsafe v11-on-v6.8", "A4, A6" },
		{ "v11-p4 v11-p5",
		  "A6: the release marks the count-0 page that it is about to put" },
	  } },
	{ .id = "no-touch-when-stale",
	  .sentence = "A fault touches a page it does not hold only while that cannot be freed.",
	  .when = "under mmu_lock, while the host maps the page and no invalidation covers it",
	  .source = "v11 8/8: accessed_page; Yan Zhao and Sean Christopherson on v7 5/8",
	  .finding = "A4",
	  .alarms = ALARM(TOUCH_UNHELD), .about = OBJECT_PAGE,
	  .breaches = {
		{ "v6.1 v6.8-rc3 v11-p1 v11-p2 v11-p3 v11-p6 v11-p7 v6.8 v6.12",
		  "a pfn is asked at the release whether it is counted: a page that "
		  "was reserved at the look-up, and has been freed since, is marked" },
		{ "v11 v11-unsafe v11-on-v6.8", "A4" },
	  } },
	{ .id = "dirty-before-clean",
	  .sentence = "A fault marks its page dirty only while the host PTE lets it be written.",
	  .when = "who takes W from the PTE has cleaned the page, or drops it; of user memory",
	  .source = "35b80f7b494d, 28991c91d577 (6.13): dirty only under mmu_lock",
	  .alarms = ALARM(DIRTY_LATE), .about = OBJECT_PAGE,
	  .breaches = {
		{ "v5.11 v5.12 v6.1 v6.8-rc3 " SERIES " v6.8 v11-on-v6.8 v6.12",
		  "powerpc's hv and radix mark behind mmu_lock, loongarch, too; arm64 in 6.12" },
		{ "v7.2", "powerpc's hv and radix still do; and its pr marks what is stale" },
	  } },
	{ .id = "ad-only-if-refcounted",
	  .sentence = "A page is marked from a stage-2 entry only if the entry says refcounted.",
	  .when = "where SPTEs have SPTE_MMU_PAGE_REFCOUNTED",
	  .source = "v11 7/8: is_refcounted_page_spte()", .finding = "A5, A7",
	  .alarms = ALARM(MARK_UNCOUNTED), .about = OBJECT_PAGE },
	{ .id = "spte-bit-exact",
	  .sentence = "A new stage-2 entry says refcounted exactly if its look-up named a page.",
	  .when = "where SPTEs have SPTE_MMU_PAGE_REFCOUNTED; it is kept when an entry is split, "
		  "repaired or re-armed",
	  .source = "v11 7/8, 8/8: make_spte()", .finding = "A10",
	  .alarms = ALARM(BIT_INEXACT), .about = OBJECT_SPTE,
	  .breaches = {
		{ "v11-p7", "7/8 sets the bit in each leaf, also of what nobody counts" },
	  } },
	{ .id = "no-bad-pfn-to-page",
	  .sentence = "No struct page is used of a pfn that has none.",
	  .source = "include/asm-generic/memory_model.h:pfn_to_page(); include/linux/mmzone.h",
	  .finding = "A5",
	  .alarms = ALARM(NO_STRUCT_PAGE), .about = OBJECT_PAGE,
	  .breaches = {
		{ "v11-p7", "a leaf without struct page has the bit, and nobody asks pfn_valid()" },
		{ "v11 v11-unsafe v11-on-v6.8",
		  "A5: where there is no bit every leaf counts as refcounted" },
	  } },

	/* ---- stage-2 entries of the root that new faults use ---- */
	{ .id = "no-stale-spte",
	  .sentence = "After an invalidation began, no stage-2 entry maps what the host no longer "
		      "maps there.",
	  .when = "in any root, but for entries that an invalidation covers which has not zapped "
		  "yet, or has a part of what the host maps huge, and will split before; between "
		  "its zap and its end nothing may be mapped in an invalidation's range",
	  .source = "virt/kvm/kvm_main.c:kvm_mmu_notifier_invalidate_range_start()",
	  .found = "maps pfn 0x%llx, the host maps 0x%llx",
	  .reads = ON(SPTE) | ON(HPTE) | ON(RANGE), .about = OBJECT_SPTE, .holds = spte_is_fresh,
	  .breaches = { MAPS_1G } },
	{ .id = "spte-within-host-rights",
	  .sentence = "A stage-2 entry allows no write that the host PTE forbids.",
	  .when = "host-writable counts; but for entries that an invalidation covers which has not "
		  "zapped yet",
	  .source = "arch/x86/kvm/mmu/spte.h: host-writable",
	  .found = "SPTE 0x%llx, host PTE 0x%llx",
	  .reads = ON(SPTE) | ON(HPTE) | ON(RANGE), .about = OBJECT_SPTE,
	  .holds = within_host_rights,
	  .breaches = {
		{ "v5.11", "nobody looks whether a PFNMAP's PTE may be written (bd2fae8da794)" },
	  } },
	{ .id = "ro-slot-never-writable",
	  .sentence = "A read-only memslot has no writable stage-2 entry.",
	  .when = "nor one that may become writable",
	  .source = "Documentation/virt/kvm/api.rst: KVM_MEM_READONLY", .finding = "A1",
	  .found = "SPTE 0x%llx",
	  .reads = ON(SPTE), .about = OBJECT_SPTE, .holds = read_only_slot_kept,
	  .breaches = {
		{ "v11-p3 v11-p4 v11-p5 v11-p6 v11-p7 v11 v11-unsafe v11-on-v6.8", "A1" },
	  } },
	{ .id = "ro-slot-says-read-only",
	  .sentence = "No look-up in a read-only memslot says writable.",
	  .when = "when hva_to_pfn() returns a pfn",
	  .source = "virt/kvm/kvm_main.c:__gfn_to_pfn_memslot(): *writable = false",
	  .finding = "A1",
	  .reads = ON(LOOKUP), .about = OBJECT_LOOKUP, .holds = read_only_slot_said,
	  .breaches = {
		{ "v11-p3 v11-p4 v11-p5 v11-p6 v11-p7 v11 v11-unsafe v11-on-v6.8", "A1" },
	  } },
	{ .id = "writable-as-found",
	  .sentence = "A look-up says writable only of what it found writable in the host's PTE.",
	  .when = "when hva_to_pfn() returns a pfn; what an earlier call found is none of it",
	  .source = "virt/kvm/kvm_main.c:hva_to_pfn_slow(), hva_to_pfn_remapped(): *writable",
	  .reads = ON(LOOKUP), .about = OBJECT_LOOKUP, .holds = writable_was_found,
	  .breaches = {
		{ "v5.11", "nobody looks whether a PFNMAP's PTE may be written (bd2fae8da794)" },
	  } },
	{ .id = "writable-bits-agree",
	  .sentence = "W implies MMU-writable implies host-writable.",
	  .source = "arch/x86/kvm/mmu/spte.h:check_spte_writable_invariants()",
	  .found = "SPTE 0x%llx",
	  .reads = ON(SPTE), .about = OBJECT_SPTE, .holds = writable_bits_agree },
	{ .id = "huge-contained",
	  .sentence = "A huge stage-2 entry stays within the host's mapping and its memslot.",
	  .when = "but for entries that an invalidation covers which has not zapped yet; while a "
		  "memslot logs, writable only if each of its pages is known to be dirty",
	  .source = "arch/x86/kvm/mmu/mmu.c:kvm_mmu_hugepage_adjust()",
	  .found = "level %lld, host level %lld",
	  .reads = ON(SPTE) | ON(HPTE) | ON(RANGE), .about = OBJECT_SPTE,
	  .holds = huge_is_contained,
	  .breaches = {
		MAPS_1G,
		{ "v6.1 v6.8-rc3 " SERIES " v6.8 v11-on-v6.8",
		  "the last page that is cleared of a full log, as in dirty-log-complete" },
	  } },
	{ .id = "leaf-immutable",
	  .sentence = "A present leaf changes its page only by way of non-present.",
	  .source = "arch/x86/kvm/mmu/tdp_mmu.c:__handle_changed_spte()",
	  .alarms = ALARM(LEAF_REPLACED), .about = OBJECT_SPTE },
	{ .id = "spte-has-slot",
	  .sentence = "Every mapped gfn belongs to a memslot.",
	  .source = "virt/kvm/kvm_main.c:kvm_set_memslot()",
	  .reads = ON(SPTE), .about = OBJECT_SPTE, .holds = spte_has_slot,
	  .breaches = { MAPS_1G } },

	/* ---- memslots, notifier, TLB ---- */
	{ .id = "slot-delete-leaves-nothing",
	  .sentence = "When a memslot has gone, no root maps its gfns, a dying one neither.",
	  .when = "while no KVM_SET_USER_MEMORY_REGION runs",
	  .source = "virt/kvm/kvm_main.c:kvm_set_memslot(): INVALID, SRCU; kvm_mmu_zap_all_fast()",
	  .reads = ON(SPTE), .about = OBJECT_SPTE, .holds = no_root_maps_it,
	  .breaches = { MAPS_1G } },
	{ .id = "bound-retry-stays-out",
	  .sentence = "A fault that is bound to retry does not come to mmu_lock.",
	  .when = "where a trace asks (config watch-retries=on), of one that began within an "
		  "invalidation of its page, before that raised the sequence; it costs time: who "
		  "zaps yields to whoever contends",
	  .source = "arch/x86/kvm/mmu/mmu.c:kvm_faultin_pfn(); d02c357e5bfa (6.8)",
	  .alarms = ALARM(LOCKED_IN_VAIN), .about = OBJECT_SPTE,
	  .breaches = {
		{ "v5.11 v5.12 v6.1 v6.8-rc3 " SERIES,
		  "B56: only under mmu_lock is it asked whether an invalidation is under way" },
	  } },
	{ .id = "mmio-generation",
	  .sentence = "A cached MMIO entry answers for no gfn that a memslot has.",
	  .source = "arch/x86/kvm/mmu/mmu.c:handle_mmio_page_fault(), check_mmio_spte()",
	  .alarms = ALARM(STALE_MMIO), .about = OBJECT_SPTE },
	{ .id = "dirty-log-complete",
	  .sentence = "What a guest writes to a memslot that logs is in its bitmap.",
	  .when = "when the write retires, but while a memslot or dirty-log call runs",
	  .source = "Documentation/virt/kvm/api.rst: KVM_GET_DIRTY_LOG",
	  .alarms = ALARM(LOG_MISSED), .about = OBJECT_SPTE,
	  .breaches = {
		{ "v5.11 v5.12", "with PML, what a fault finds writable gets D unlogged (5.16)" },
		{ "v6.1 v6.8-rc3 " SERIES " v6.8 v11-on-v6.8",
		  "the last page that is cleared of a full log is not split (6.11: end + 1), and "
		  "ALIGN() takes it to be in the huge page before" },
		{ "v6.8-rc3 " SERIES " v6.8 v11-on-v6.8",
		  "an emulated atomic instruction is not logged (910c57dfa4d1, 6.9)" },
	  } },
	{ .id = "no-stale-tlb",
	  .sentence = "When mmu_lock is free, no TLB allows what the stage-2 tables do not.",
	  .when = "but while a flush is due (mmu_lock held for writing, an invalidation that has "
		  "not zapped yet, a memslot update, the reading of a dirty log), and for a vCPU "
		  "that will load a new root first",
	  .source = "arch/x86/kvm/mmu/mmu.c:kvm_flush_remote_tlbs()",
	  .found = "cached pfn 0x%llx, mapped 0x%llx",
	  .reads = ON(TLB) | ON(SPTE) | ON(RANGE) | ON(TASK), .about = OBJECT_TLB,
	  .holds = tlb_is_fresh,
	  .breaches = {
		LATE_MMIO,
		{ "v11 v11-unsafe v11-on-v6.8", "A17: a read-only leaf replaces a writable one" },
		{ "v6.12", "GUP-fast leaves driver pages to the slow one, which maps read-only: "
			   "it replaces another vCPU's writable entry, and nobody flushes" },
	  } },
	{ .id = "notifier-counts-agree",
	  .sentence = "Invalidations in progress are active ones, and never negative.",
	  .source = "virt/kvm/kvm_main.c:kvm_mmu_invalidate_end()",
	  .found = "%lld in progress, %lld active",
	  .reads = ON(NOTIFIER), .about = OBJECT_NOTIFIER, .holds = notifier_counts_agree },
	{ .id = "no-lock-left",
	  .sentence = "Who has returned holds no lock.",
	  .source = "kernel/locking/lockdep.c:lockdep_sys_exit()",
	  .found = "%lld locks",
	  .reads = ON(TASK), .about = OBJECT_TASK, .holds = no_lock_is_left },
	{ .id = "seq-before-count",
	  .sentence = "An invalidation raises the sequence before it drops its count.",
	  .source = "virt/kvm/kvm_main.c:kvm_mmu_invalidate_end()",
	  .found = "invalidation of 0x%llx to 0x%llx",
	  .reads = ON(NOTIFIER), .about = OBJECT_NOTIFIER, .holds = sequence_comes_first },

	/* ---- what the kernel itself finds wrong ---- */
	{ .id = "no-kernel-warning",
	  .sentence = "No WARN_ON() of the kernel fires.",
	  .when = "of those that are modelled",
	  .source = "the function named", .finding = "A4, A5, A11, A13, L2",
	  .alarms = ALARM(WARN), .about = OBJECT_TASK,
	  .breaches = {
		{ "v5.11 v5.12", "kvm_is_zone_device_pfn() of the page that KVM has freed" },
		{ SERIES " v11-on-v6.8", "A4 and A6: the assertion of 1/8" },
		{ "v6.1 v6.8-rc3 v6.8 v6.12",
		  "kvm_is_zone_device_page() of a device's page whose count is 0; L2" },
		{ "v6.8-rc3 v6.8", "B39: mark_mmio_spte() of a leaf, without the TDP MMU" },
		{ "v7.2", "N11: a fault of before a memslot finds the leaf of another vCPU" },
	  } },
	{ .id = "no-kernel-bug",
	  .sentence = "No BUG_ON() of the kernel fires, nothing it dereferences is bad, and no "
		      "loop of it is endless.",
	  .when = "behind it the modelled host is dead, and the rest of a trace unreachable",
	  .source = "the function named",
	  .alarms = ALARM(BUG) | ALARM(OOPS) | ALARM(HANG), .about = OBJECT_TASK,
	  .breaches = {
		{ "v11-p7", "page_count() of a struct page that is not there: a BAR is zapped" },
		{ "v11 v11-unsafe v11-on-v6.8", "A5: the same where there is no bit" },
		{ "v6.8-rc3 v11-p1 v11-p2 v11-p3 v11-p4 v11-p5 v11-p6 v6.8",
		  "without the TDP MMU the end of logging reads beyond the memslot's lpage_info" },
		{ ON_6_8, "B39: rmap_get_first() of the leaf's rmap finds that entry for MMIO" },
	  } },

	/* ---- what only whole runs show ---- */
	{ .id = "pfnmap-mappable",
	  .sentence = "What the host maps through VM_PFNMAP the guest can use.",
	  .source = "drivers/gpu/drm/ttm/ttm_bo_vm.c; the reason for the v11 series",
	  .judged = "a guest's access to a present, permitting VM_PFNMAP PTE, or one that its "
		    "driver makes, does not end in -EFAULT",
	  .breaches = {
		{ "v6.1 v6.8-rc3 v11-p1 v11-p2 v11-p3 v11-p4 v11-p5 v11-p6 v11-p7 v6.8 v6.12",
		  "the repair of CVE-2021-22543 refuses every tail; until 6.8 "
		  "follow_pte() no huge leaf" },
		{ "v5.11 v5.12", "follow_pte() finds no huge leaf" },
		{ "v11 v11-unsafe v11-on-v6.8", "follow_pte() finds no huge leaf" },
	  } },
	{ .id = "no-spurious-refusal",
	  .sentence = "What the VMM itself can access, its guest can.",
	  .source = "Documentation/virt/kvm/api.rst: KVM_SET_USER_MEMORY_REGION",
	  .judged = "a guest's access to what the VMM has just written there does not end in "
		    "-EFAULT, nor in an exit unless the memslot is read-only and it writes",
	  .breaches = {
		{ "v6.1 v6.8-rc3 v11-p1 v11-p2 v11-p3 v11-p4 v11-p5 v11-p6 v11-p7 v6.8 v6.12",
		  "tails under VM_PFNMAP, and special PTEs of a VM_MIXEDMAP without VM_IO" },
		{ "v5.11 v5.12 v11 v11-unsafe v11-on-v6.8 v7.2",
		  "a special PTE of a VM_MIXEDMAP without VM_IO is neither GUP's nor "
		  "hva_to_pfn_remapped()'s" },
	  } },
	{ .id = "no-weaker-than-base",
	  .sentence = "What a caller could look up in a kernel, it still can in its successor.",
	  .source = "v11 0/8", .finding = "A2, A3, A8",
	  .judged = "two runs: where the semantics that this one is a patch of succeeds, it "
		    "succeeds",
	  .breaches = {
		{ "v6.1", "the repair of CVE-2021-22543 refuses tails" },
		{ "v6.12",
		  "GUP-fast refuses a driver's page of order 0, and atomic look-ups "
		  "have nothing else (CONFIG_SECRETMEM)" },
		{ "v11-p6 v11-p7 v11",
		  "A3, A8, and by design: unguarded callers get no page without a count" },
		{ "v7.2", "by design: kvm_vcpu_map() pins, and a VM_PFNMAP cannot be pinned" },
		{ "v11-p4 v11-p5", "x86 faults do not say that a notifier guards them: no BARs" },
	  } },
	{ .id = "ro-distinguishable",
	  .sentence = "A write to a read-only PFNMAP PTE is told from one that leads nowhere.",
	  .source = "virt/kvm/kvm_main.c:hva_to_pfn_remapped(): KVM_PFN_ERR_RO_FAULT",
	  .finding = "A2",
	  .judged = "a write, or a look-up for one, over a read-only VM_PFNMAP PTE does not "
		    "end in -EFAULT",
	  .breaches = {
		{ "v11-p4 v11-p5 v11-p6 v11-p7 v11 v11-unsafe v11-on-v6.8", "A2" },
	  } },
	{ .id = "no-spurious-read-only",
	  .sentence = "A page that the host may write is not mapped read-only by a read.",
	  .source = "virt/kvm/kvm_main.c:hva_to_pfn_slow(): map_writable",
	  .judged = "after a guest's read, the entry over a writable PTE is host-writable, unless "
		    "the memslot is read-only",
	  .breaches = {
		{ "v6.12 v7.2",
		  "GUP-fast refuses a driver's page of order 0, so that the upgrade "
		  "to writable fails (CONFIG_SECRETMEM)" },
	  } },
	{ .id = "no-foreign-mark",
	  .sentence = "KVM marks no page dirty or accessed that a driver mapped by its PFN.",
	  .source = "v11 7/8; Christian Koenig on v11, March 2024; 6.13: "
		    "kvm_release_faultin_page()",
	  .finding = "A5",
	  .judged = "after the entries are zapped, a driver's page under VM_PFNMAP has no mark",
	  .breaches = {
		{ "v5.11 v5.12 v6.1 v6.8-rc3 v11-p1 v11-p2 v11-p3 v11-p4 v11-p5 "
		  "v11-p6 v11-p7 v6.8 v6.12",
		  "whatever is not reserved is marked when its entry goes" },
		{ "v11 v11-unsafe v11-on-v6.8",
		  "so is what had a count at the look-up: a driver's page of order "
		  "0, the head of its block" },
	  } },
	{ .id = "no-false-dirty",
	  .sentence = "A page that nobody has written is not marked dirty.",
	  .source = "arch/x86/kvm/mmu/mmu.c:kvm_mmu_finish_page_fault(), 6.13",
	  .judged = "a page that guest and host have only read is clean in the end",
	  .breaches = {
		{ "v5.11 v5.12 v6.1 v6.8-rc3 v11-p1 v11-p2 v11-p3 v11-p4 v11-p5 "
		  "v11-p6 v11-p7 v11 v11-unsafe v6.8 v11-on-v6.8 v6.12",
		  "make_spte() sets D wherever it sets W, for a read as well" },
		{ "v7.2", "by design: a fault marks what the host may write" },
	  } },
	{ .id = "faults-end",
	  .sentence = "When no invalidation is under way, a fault ends.",
	  .source = "arch/x86/kvm/mmu/mmu.c:kvm_mmu_page_fault()",
	  .judged = "no program takes more steps than a kernel that retries for ever; "
		    "without asynchronous page faults, with which a special PTE in a "
		    "VM_MIXEDMAP is tried for ever by all (A16)" },
	{ .id = "map-fresh",
	  .sentence = "What KVM maps for itself is the page that the host has there.",
	  .source = "virt/kvm/kvm_main.c:kvm_vcpu_map(); Fred Griffoul, 2025: pfncaches for nVMX",
	  .judged = "not at all but where a trace asks for it (\"judge\"): a map has no "
		    "notifier, so that each is stale whose page is replaced, under every "
		    "kernel up to 7.2" },
	{ .id = "unsafe-is-constant",
	  .sentence = "allow_unsafe_mappings does not change while a VM lives.",
	  .source = "v11 4/8: module_param(allow_unsafe_mappings, bool, 0444)",
	  .judged = "by construction: it is a trait of a semantics, which is constant" },
	{ .id = "memory-type-compatible",
	  .sentence = "A stage-2 entry's memory type agrees with that of the host's mapping.",
	  .source = "arch/x86/kvm/mmu/spte.c:kvm_is_mmio_pfn()",
	  .judged = "not at all: PAT and MTRR are not modelled" },
};

const unsigned nr_laws = ARRAY_SIZE(laws);
