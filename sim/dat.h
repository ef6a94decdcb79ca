/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dat.h: write a trace.dat, version 6, for trace-cmd and KernelShark.
 *
 * trace-cmd.dat.v6(5); the pages are those of the kernel's ring buffer
 * (include/linux/ring_buffer.h: struct ring_buffer_event).
 * docs/decisions/0014-our-own-trace-dat.md says why no library does it.
 * An event has a time, a CPU, a task, and fields; each says itself how it is printed.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "model/base.h"
#include "sim/arena.h"

enum { DAT_FIELDS = 12, DAT_TEXT_BYTES = 1000, DAT_MAX_CPUS = 8192 };

enum dat_type {
	DAT_END, DAT_NUMBER, DAT_SIGNED, DAT_HEX,
	DAT_TEXT,		/* more than DAT_TEXT_BYTES end in "..." */
	DAT_BARE,		/* the same, printed without its name */
	DAT_TITLE,		/* ... and before all else */
	DAT_HIDDEN,		/* a number that is not printed */
};

struct dat_field { const char *name; enum dat_type type; };
/* Texts come last. The strings live as long as the struct dat. */
struct dat_format { const char *system, *name; struct dat_field field[DAT_FIELDS]; };
union dat_value { u64 number; const char *text; };

struct dat_event {
	u64 time;			/* ns */
	size_t at, size;		/* of .bytes */
	u32 cpu;
};

struct dat {
	const struct dat_format **formats;	/* stb_ds; one's id is its place and FIRST_EVENT */
	struct { int key; const char *value; } *tasks;	/* stb_ds map: by pid */
	struct dat_event *events;		/* stb_ds */
	u8 *bytes;				/* stb_ds: as they are on the pages */
	u8 *lost;				/* stb_ds: by CPU, bool: at its begin */
	u32 nr_cpus;
	int last_pid;			/* the highest */
	struct arena *arena;			/* for what must live as long */
	const char *uname;			/* "Linux HOST RELEASE ..."; NULL: not said */
};

/* Its number for dat_event(). */
unsigned dat_format(struct dat *dat, const struct dat_format *format);
/* @comm lives as long as @dat. The first name of a pid stays. */
void dat_task(struct dat *dat, int pid, const char *comm);
/*
 * @values: as many as the format has fields. Of one CPU and time, the first is the first. A time of
 * 0 becomes 1: KernelShark 2.2.1 does not show what is at 0.
 */
void dat_event(struct dat *dat, unsigned format, u64 time, unsigned cpu, int pid,
	       const union dat_value *values);
/* Events of @cpu, which has some, may be missing before its first. */
void dat_lost(struct dat *dat, unsigned cpu);
/* False: a write error. */
bool dat_write(struct dat *dat, FILE *out);
void dat_free(struct dat *dat);
