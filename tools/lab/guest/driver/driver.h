/* SPDX-License-Identifier: GPL-2.0-only */
/* driver.h: what the files of pfnlab.ko share. */
#pragma once

#include <linux/fs.h>
#include <linux/mm.h>

#include "../pfnlab.h"
#include "compat.h"

/* enum alloc_kind of model/page.h */
enum { KIND_ORDER0, KIND_COMPOUND, KIND_NONCOMPOUND, KIND_SPLIT, KIND_COUNTED, KIND_RESERVED,
       KIND_MMIO, KIND_ZONE_DEVICE };
/* enum map_mode of model/host_mm.h */
enum { MODE_PFN, MODE_REMAP, MODE_INSERT, MODE_PAGE, MODE_MIXED, MODE_PMD, MODE_IO_INSERT,
       MODE_IO_MIXED, MODE_PUD, NR_MODES };

struct object {
	u32 kind, mode, order;
	unsigned long pages;
	unsigned long *pfn;	/* what a fault maps: PFNLAB_REPOINT changes it */
	unsigned long *owned;	/* what was allocated */
	bool freed;
};

/* Under the lock of main.c; ID below PFNLAB_OBJECTS */
struct object *object_of(u32 id);

long object_alloc(struct pfnlab_alloc *request);
long object_free(struct object *object);
void objects_release(void);
void page_fill(struct pfnlab_page *page, unsigned long pfn);

int mapping_mmap(struct file *file, struct vm_area_struct *vma);

long walk_host(struct pfnlab_walk *walk);
void walk_stage2(struct pfnlab_walk *walk);

/* The address of a function that may not be exported; NULL: this kernel has none */
void *symbol(const char *name);
const char *pfn_error(unsigned long pfn);	/* NULL: it is a page's */
int probes_set(void);
void probes_remove(void);

long lookup_run(struct pfnlab_lookup *lookup);

/* stop.c */
long stop_run(struct pfnlab_stop *request);
void stops_release(void);
/* Will this call stop when it returns? The one that it makes then is the one to show. */
bool stop_is_outer(const char *function);
