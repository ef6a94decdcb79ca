/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_dat.h: what the parts of a page's trace.dat share.
 *
 *	report_dat.c		steps and what they did: the system "pfnsim"
 *	report_dat_recorded.c	what was recorded: the system "recorded"
 *	report_dat_time.c	when a step was, between what was recorded
 */
#pragma once

#include "sim/dat.h"
#include "sim/lanes.h"

/* A row of the lanes; or a line that has none. */
struct dat_moment {
	size_t line;
	long row;			/* NO_STEP */
	u64 time;			/* ns */
};

u64 dat_nanoseconds(double seconds);
/* In order; stb_ds, the caller's. */
struct dat_moment *dat_moments(const struct lanes *lanes);
/* Every event of the recording, if @replay is of one. */
void dat_put_recorded(struct dat *dat, const struct replay *replay);
