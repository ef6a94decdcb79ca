/* SPDX-License-Identifier: GPL-2.0-only */
/* library_run.h: a run of libpfnsim, and its last answers. */
#pragma once

#include "sim/library_internal.h"
#include "sim/translation.h"

struct gpa_answer {
	struct pfnsim_gpa gpa;
	struct translation from;	/* .words of the entries */
	struct pfnsim_entry stage2[MAX_PT_LEVELS], host[PT_LEVELS];
};

struct page_answer {
	struct pfnsim_page page;
	struct pfnsim_holder holders[NR_HOLDERS];
	char flags[ENTRY_WORDS_SIZE];
};

struct pfnsim_run {
	const struct pfnsim_trace *trace;
	struct replay_run run;
	size_t next;			/* event */
	bool is_over, has_failed;
	struct error failure;
	struct pfnsim_outcome *outcomes;	/* by event */
	struct pfnsim_violation **violations;
	size_t nr_violations;
	struct pfnsim_note note;
	struct pfnsim_kvm kvm;
	struct page_answer page;
	struct gpa_answer gpa;
};
