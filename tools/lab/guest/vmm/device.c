/* SPDX-License-Identifier: GPL-2.0-only */
/* device.c: "lab ...": what the driver does with its pages. */
#include "vmm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* By the numbers of enum alloc_kind and enum map_mode */
static const char *const kinds[] = { "order0", "comp", "nc", "split", "ncref", "rsvd", "phys",
				     "zdev", NULL };
static const char *const modes[] = { "pfn", "remap", "insert", "page", "mixed", "pmd", "ioinsert",
				     "iomixed", "pud", NULL };

/* lab alloc OBJECT KIND ORDER PAGES; of phys: lab alloc OBJECT phys PAGES PFN */
static void lab_alloc(struct vmm *vmm, const struct args *args)
{
	int kind = place_of(arg(args, 3), kinds);
	bool phys = !strcmp(arg(args, 3), "phys");
	struct pfnlab_alloc alloc = {
		.object = arg_number(args, 2), .kind = kind,
		.order = phys ? 0 : arg_number(args, 4),
		.pages = arg_number(args, phys ? 4 : 5),
		.pfn = phys ? arg_number(args, 5) : 0,
	};
	int error = kind < 0 ? EINVAL : 0;

	if (phys && !alloc.pages)
		alloc.pages = 1;
	if (!error && ioctl(vmm->lab, PFNLAB_ALLOC, &alloc))
		error = errno;
	answer(vmm, "%s pfn=0x%llx", error_name(error), (unsigned long long)alloc.pfn);
}

static void call(struct vmm *vmm, unsigned long request, struct pfnlab_object *object)
{
	answer_error(vmm, ioctl(vmm->lab, request, object) ? errno : 0);
}

static void lab_mode(struct vmm *vmm, const struct args *args)
{
	int mode = place_of(arg(args, 3), modes);
	struct pfnlab_object object = { .object = arg_number(args, 2), .mode = mode };

	if (mode < 0)
		answer_error(vmm, EINVAL);
	else
		call(vmm, PFNLAB_MODE, &object);
}

/* lab info OBJECT INDEX */
static void lab_info(struct vmm *vmm, const struct args *args)
{
	struct pfnlab_object object = { .object = arg_number(args, 2),
					.index = arg_number(args, 3) };
	char text[160];

	if (ioctl(vmm->lab, PFNLAB_INDEX, &object)) {
		answer_error(vmm, errno);
		return;
	}
	page_text(vmm, object.page.pfn, text, sizeof(text));
	answer(vmm, "%s flags=0x%llx", text, (unsigned long long)object.page.flags);
}

/* lab zap OBJECT INDEX PAGES */
static void lab_zap(struct vmm *vmm, const struct args *args)
{
	struct pfnlab_object object = { .object = arg_number(args, 2),
					.index = arg_number(args, 3),
					.pages = arg_number(args, 4) };

	call(vmm, PFNLAB_ZAP, &object);
}

/* lab repoint OBJECT INDEX OTHER INDEX */
static void lab_repoint(struct vmm *vmm, const struct args *args)
{
	struct pfnlab_object object = { .object = arg_number(args, 2),
					.index = arg_number(args, 3),
					.other = arg_number(args, 4),
					.other_index = arg_number(args, 5) };
	int error = ioctl(vmm->lab, PFNLAB_REPOINT, &object) ? errno : 0;

	answer(vmm, "%s pfn=0x%llx", error_name(error), (unsigned long long)object.page.pfn);
}

static void lab_free(struct vmm *vmm, const struct args *args)
{
	struct pfnlab_object object = { .object = arg_number(args, 2) };

	call(vmm, PFNLAB_FREE, &object);
}

/* lab ref OBJECT INDEX DELTA */
static void lab_ref(struct vmm *vmm, const struct args *args)
{
	struct pfnlab_object object = { .object = arg_number(args, 2),
					.index = arg_number(args, 3),
					.delta = atoi(arg(args, 4)) };

	call(vmm, PFNLAB_REF, &object);
}

static void lab_drain(struct vmm *vmm, const struct args *args)
{
	(void)args;
	answer_error(vmm, ioctl(vmm->lab, PFNLAB_DRAIN) ? errno : 0);
}

static void do_lab(struct vmm *vmm, const struct args *args)
{
	static const struct command verbs[] = {
		{ "alloc", lab_alloc },
		{ "mode", lab_mode },
		{ "info", lab_info },
		{ "zap", lab_zap },
		{ "repoint", lab_repoint },
		{ "free", lab_free },
		{ "ref", lab_ref },
		{ "drain", lab_drain },
	};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i].name, arg(args, 1))) {
			verbs[i].run(vmm, args);
			return;
		}
	answer_error(vmm, ENOTTY);
}

const struct command device_commands[] = {
	{ "lab", do_lab },
	{ NULL, NULL },
};
