/* SPDX-License-Identifier: GPL-2.0-only */
/* stories_memory.h: what most stories begin with: memory, and a memslot of it at 0. */
#pragma once

/* Two pages with a count each. */
#define PAGES						\
	"alloc pages order0 pages=2\n"			\
	"mode pages pfn\n"				\
	"mmap m 8K device pages\n"			\
	"memslot 1 gpa=0 hva=m size=8K\n"

#define ANON						\
	"mmap m 16K\n"					\
	"memslot 1 gpa=0 hva=m size=16K\n"
