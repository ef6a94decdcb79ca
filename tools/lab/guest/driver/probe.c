// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe.c: what KVM looks up and gives back, with the pages' counts at that moment, as lines of the
 * trace: "rp_NAME: NAME(...) = ...", "kp_NAME: NAME(...)" (docs/RECORDINGS.md).
 *
 * The name before the colon is the function that prints: probes' handlers are called so.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

#include "driver.h"

#define PAGE_FORMAT	"pfn=0x%lx ref=%d headref=%d map=%d%s%s%s"
#define PAGE_VALUES(pfn, page)							\
	pfn, (page).refs, (page).head_refs, (page).map,				\
	(page).tail ? " tail" : (page).head ? " head" : "",			\
	(page).reserved ? " rsvd" : "", (page).valid ? "" : " nopage"

static bool probes = true;
module_param(probes, bool, 0444);

unsigned long last_root;
int last_root_level;

/* include/linux/kvm_host.h: KVM_PFN_ERR_* and KVM_PFN_NOSLOT */
const char *pfn_error(unsigned long pfn)
{
	static const char * const names[] = { "ERR_FAULT", "ERR_HWPOISON", "ERR_RO_FAULT",
					      "ERR_SIGPENDING", "ERR_NEEDS_IO" };
	unsigned long error = pfn - (0x7fful << 52);

	if (pfn == 1ul << 63)
		return "NOSLOT";
	if (!(pfn >> 52))
		return NULL;
	return error < ARRAY_SIZE(names) ? names[error] : "ERR?";
}

/* ---- returns ---- */

struct arguments { unsigned long of[6]; };

#if !SINCE(6, 13)
#define LOOKUP_PROBE	"hva_to_pfn"
#define LOOKUP_HANDLER	rp_hva_to_pfn
#else
#define LOOKUP_PROBE	"__kvm_faultin_pfn"
#define LOOKUP_HANDLER	rp_faultin
#endif

static int keep_arguments(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct arguments *kept = (void *)instance->data;

	if (stop_is_outer(LOOKUP_PROBE))
		return 1;
	*kept = (struct arguments){ { regs->di, regs->si, regs->dx, regs->cx, regs->r8,
				      regs->r9 } };
	return 0;
}

#if !SINCE(6, 13)
/* 6.1: (addr, atomic, *async, write_fault, *writable); 6.2: interruptible is the third */
static int rp_hva_to_pfn(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct arguments *kept = (void *)instance->data;
	unsigned long pfn = regs_return_value(regs);
	unsigned long write = kept->of[SINCE(6, 2) ? 4 : 3] & 1;
	bool *writable = (bool *)kept->of[SINCE(6, 2) ? 5 : 4];
	struct pfnlab_page page;

	if (pfn_error(pfn)) {
		trace_printk("hva_to_pfn(hva=0x%lx write=%lu) = %s (0x%lx)\n", kept->of[0], write,
			     pfn_error(pfn), pfn);
		return 0;
	}
	page_fill(&page, pfn);
	trace_printk("hva_to_pfn(hva=0x%lx write=%lu) = writable=%d " PAGE_FORMAT "\n",
		     kept->of[0], write, writable ? *writable : -1, PAGE_VALUES(pfn, page));
	return 0;
}
#else
/* (slot, gfn, foll, *writable, **refcounted_page) */
static int rp_faultin(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct arguments *kept = (void *)instance->data;
	unsigned long pfn = regs_return_value(regs);
	unsigned long foll = kept->of[2] & 0xffffffff;
	bool *writable = (bool *)kept->of[3];
	struct page **refcounted = (struct page **)kept->of[4];
	struct pfnlab_page page;

	if (pfn_error(pfn)) {
		trace_printk("__kvm_faultin_pfn(gfn=0x%lx foll=0x%lx) = %s (0x%lx)\n", kept->of[1],
			     foll, pfn_error(pfn), pfn);
		return 0;
	}
	page_fill(&page, pfn);
	trace_printk("__kvm_faultin_pfn(gfn=0x%lx foll=0x%lx) = writable=%d refcounted_page=%s "
		     PAGE_FORMAT "\n", kept->of[1], foll, *writable, *refcounted ? "yes" : "NULL",
		     PAGE_VALUES(pfn, page));
	return 0;
}
#endif

static struct kretprobe lookup = {
	.kp.symbol_name = LOOKUP_PROBE,
	.entry_handler = keep_arguments,
	.handler = LOOKUP_HANDLER,
	.data_size = sizeof(struct arguments),
	.maxactive = 16,
};

/* ---- entries ---- */

static int kp_load_pgd(struct kprobe *probe, struct pt_regs *regs)
{
	last_root = regs->si;
	last_root_level = regs->dx;
	return 0;
}

static __always_inline void print_page(const char *function, unsigned long pfn)
{
	struct pfnlab_page page;

	page_fill(&page, pfn);
	trace_printk("%s(" PAGE_FORMAT ")\n", function, PAGE_VALUES(pfn, page));
}

/* The argument is a pfn ... */
static __always_inline void print_pfn(const char *function, unsigned long pfn)
{
	if (pfn_error(pfn))
		trace_printk("%s(%s)\n", function, pfn_error(pfn));
	else
		print_page(function, pfn);
}

/* ... or a struct page */
static __always_inline void print_struct(const char *function, unsigned long page)
{
	if (page)
		print_page(function, page_to_pfn((struct page *)page));
	else
		trace_printk("%s(NULL)\n", function);
}

#define ENTRY(function, print)								\
	static int kp_##function(struct kprobe *probe, struct pt_regs *regs)		\
	{										\
		print(#function, regs->di);						\
		return 0;								\
	}
#if !SINCE(6, 13)
ENTRY(kvm_release_pfn_clean, print_pfn)
ENTRY(kvm_release_pfn_dirty, print_pfn)
ENTRY(kvm_set_pfn_dirty, print_pfn)
ENTRY(kvm_set_pfn_accessed, print_pfn)
#else
ENTRY(kvm_release_page_clean, print_struct)
ENTRY(kvm_release_page_dirty, print_struct)
#endif
#define ROW(function)	{ .symbol_name = #function, .pre_handler = kp_##function }

static struct kprobe entries[] = {
#if !SINCE(6, 13)
	ROW(kvm_release_pfn_clean),
	ROW(kvm_release_pfn_dirty),
	ROW(kvm_set_pfn_dirty),
	ROW(kvm_set_pfn_accessed),
#else
	ROW(kvm_release_page_clean),
	ROW(kvm_release_page_dirty),
#endif
	{ .symbol_name = "svm_load_mmu_pgd", .pre_handler = kp_load_pgd },
	{ .symbol_name = "vmx_load_mmu_pgd", .pre_handler = kp_load_pgd },
};

static bool is_set[ARRAY_SIZE(entries)], lookup_is_set;

/* One that this kernel lacks is said so; nothing fails for it. */
int probes_set(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		bool is_root = entries[i].pre_handler == kp_load_pgd;

		if (!probes && !is_root)
			continue;
		is_set[i] = !register_kprobe(&entries[i]);
		if (!is_set[i] && !is_root)
			pr_info("pfnlab: no probe on %s\n", entries[i].symbol_name);
	}
	lookup_is_set = probes && !register_kretprobe(&lookup);
	if (probes && !lookup_is_set)
		pr_info("pfnlab: no probe on %s\n", LOOKUP_PROBE);
	return 0;
}

void probes_remove(void)
{
	if (lookup_is_set)
		unregister_kretprobe(&lookup);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (is_set[i])
			unregister_kprobe(&entries[i]);
}
