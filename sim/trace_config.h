/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_config.h: the words of a trace's config line.
 */
#pragma once

#include <stdbool.h>

struct ast_arg;
struct vm_config;

#define TRACE_CONFIG								\
	"stage2=ept|npt, mmu=tdp|rmap|shadow, lru-batch=0|1, ad=on|off, "	\
	"nx-huge=on|off, pml=on|off, mmio-caching=on|off, private-mem=on|off, "	\
	"async-pf=on|off, file-split=on|off, frames-by-place=on|off, "		\
	"phys-bits=36..52, guest-phys-bits=36..52, levels=4|5, generation=N, huge-fault=on|off"

/* What of @config contradicts itself, or NULL. */
const char *trace_config_conflict(const struct vm_config *config);
/* Set what KEY=VALUE says; false: no such key, or not a value of it. */
bool trace_config(struct vm_config *config, const struct ast_arg *arg);
