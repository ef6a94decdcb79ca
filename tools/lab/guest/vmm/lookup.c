/* SPDX-License-Identifier: GPL-2.0-only */
/* lookup.c: KVM's own look-ups, called by the module, and its users of cached pages. */
#include "vmm.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#define XEN_INVALID_GFN		((uint64_t)-1)
#define SHARED_INFO_HVA		6	/* KVM_XEN_ATTR_TYPE_SHARED_INFO_HVA, 6.9 */
#define XEN_MSR			0x40000000u
#define PFN_NOSLOT		(1ull << 63)
#define PFN_ERROR		(0x7ffull << 52)

static void say_page(struct text *text, const struct pfnlab_lookup *lookup)
{
	const struct pfnlab_page *during = &lookup->during, *after = &lookup->after;
	bool maps = lookup->op == PFNLAB_UNMAP || lookup->op == PFNLAB_PEEK;

	say(text, "pfn=0x%llx", (unsigned long long)lookup->pfn);
	if (!during->valid)
		say(text, " NOPAGE");
	else if (maps)
		say(text, " ref=%d headref=%d", during->refs, during->head_refs);
	else
		say(text, " held ref=%d headref=%d after ref=%d headref=%d", during->refs,
		    during->head_refs, after->refs, after->head_refs);
	if (lookup->op == PFNLAB_MAP || lookup->op == PFNLAB_PEEK)
		say(text, " val=0x%x", lookup->value);
}

static void say_pfn(struct text *text, const struct pfnlab_lookup *lookup)
{
	static const char *const errors[] = { "ERR_FAULT", "ERR_HWPOISON", "ERR_RO_FAULT",
					      "ERR_SIGPENDING", "ERR_NEEDS_IO" };
	uint64_t error = lookup->pfn - PFN_ERROR;

	if (lookup->op == PFNLAB_MAP && lookup->result)
		say(text, "ret=%s", error_name(-lookup->result));
	else if (lookup->pfn == PFN_NOSLOT)
		say(text, "NOSLOT");
	else if (lookup->pfn >> 52)
		say(text, "%s", error < ARRAY_SIZE(errors) ? errors[error] : "ERR?");
	else
		say_page(text, lookup);
}

/* kvm OPERATION GPA [write=] [knobs=] [v=] */
static void do_kvm(struct vmm *vmm, const struct args *args)
{
	static const struct { const char *name; enum pfnlab_op op; bool of_vcpu; } ops[] = {
		{ "prot", PFNLAB_PROT, false }, { "pfn", PFNLAB_PFN, false },
		{ "atomic", PFNLAB_ATOMIC, false },
		{ "atomicasync", PFNLAB_ATOMIC_ASYNC, false },
		{ "memslot", PFNLAB_MEMSLOT, false }, { "follow", PFNLAB_FOLLOW, false },
		{ "many", PFNLAB_MANY, false }, { "vmap", PFNLAB_MAP, true },
		{ "vunmap", PFNLAB_UNMAP, true }, { "vpeek", PFNLAB_PEEK, true },
	};
	struct pfnlab_lookup lookup = { .gpa = arg_number(args, 2), .fd = -1,
					.write = arg_value(args, "write", 0),
					.knobs = arg_value(args, "knobs", 0) };
	struct text text = { .length = 0 };

	lookup.map = lookup.knobs & 3;	/* of maps: which of them, and whether it was written */
	lookup.dirty = lookup.write;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (!strcmp(ops[i].name, arg(args, 1))) {
			lookup.op = ops[i].op;
			lookup.fd = ops[i].of_vcpu ?
				    vmm->vcpu[arg_value(args, "v", 0) % NR_VCPUS].fd : vmm->vm;
		}
	if (lookup.fd < 0 || ioctl(vmm->lab, PFNLAB_LOOKUP, &lookup)) {
		answer(vmm, "%s", lookup.fd < 0 ? "EINVAL" : errno == ENOSYS ? "n/a" :
				  error_name(errno));
		return;
	}
	say_pfn(&text, &lookup);
	if (lookup.writable >= 0)
		say(&text, " writable=%d", lookup.writable);
	if (lookup.refcounted >= 0)
		say(&text, " refcounted=%d", lookup.refcounted);
	if (lookup.async >= 0)
		say(&text, " async=%d", lookup.async);
	answer(vmm, "%s", text.text);
}

/* xen GPA|off, xen at HVA: shared info, which KVM keeps in a pfncache with a mapping */
static void do_xen(struct vmm *vmm, const struct args *args)
{
	struct kvm_xen_hvm_config config = { .msr = XEN_MSR };
	struct kvm_xen_hvm_attr attr = { .type = KVM_XEN_ATTR_TYPE_SHARED_INFO };

	if (!vmm->xen && ioctl(vmm->vm, KVM_XEN_HVM_CONFIG, &config))
		fprintf(vmm->out, "(hvm_config %s) ", error_name(errno));
	vmm->xen = true;
	attr.u.shared_info.gfn = !strcmp(arg(args, 1), "off") ? XEN_INVALID_GFN :
				 arg_number(args, 1) >> 12;
	if (!strcmp(arg(args, 1), "at")) {
		attr.type = SHARED_INFO_HVA;
		attr.u.shared_info.gfn = arg_address(vmm, args, 2);	/* a union with .hva */
	}
	answer_error(vmm, ioctl(vmm->vm, KVM_XEN_HVM_SET_ATTR, &attr) ? errno : 0);
}

const struct command lookup_commands[] = {
	{ "kvm", do_kvm },
	{ "xen", do_xen },
	{ NULL, NULL },
};
