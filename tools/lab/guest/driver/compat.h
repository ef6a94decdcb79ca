/* SPDX-License-Identifier: GPL-2.0-only */
/* compat.h: what differs between the kernels that this builds for: 6.1 and later. */
#pragma once

#include <linux/mm.h>
#include <linux/version.h>

#define SINCE(a, b)	(LINUX_VERSION_CODE >= KERNEL_VERSION(a, b, 0))

#if SINCE(6, 18)
#define PAGE_FLAGS(page)	((page)->flags.f)
#define INSERTED(pfn)		(pfn)
#else
#include <linux/pfn_t.h>
#define PAGE_FLAGS(page)	((page)->flags)
#define INSERTED(pfn)		pfn_to_pfn_t(pfn)
#endif

#if !SINCE(6, 3)
static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}
#endif

/* huge_fault() takes an order since 6.6; drivers' PMDs are special since 6.12. */
#define HAS_HUGE_FAULT	(SINCE(6, 12) && IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE))
