/* SPDX-License-Identifier: GPL-2.0-only */
/* event_names.h: the names that a trace has given so far, and what they stand for. */
#pragma once

#include "model/host_mm.h"
#include "sim/arena.h"
#include "sim/event.h"

struct region { const char *name; uint64_t base, size; bool gone; };
struct named_object { const char *name; bool freed; uint64_t pages, pfn; };

struct names {
	struct region region[MAX_VMAS];
	size_t nr_regions;
	struct named_object object[MAX_OBJECTS];
	size_t nr_objects;
	const char *file[MAX_FILES];
	size_t nr_files;
	const char **label;
	bool *unfinished;
	size_t nr_labels;
	struct arena *arena;
};

const struct region *find_region(const struct names *names, const char *name);
/* A row, or -1. */
int find_label(const struct names *names, const char *label);
int find_object(const struct names *names, const char *name);
int find_file(const struct names *names, const char *name);
