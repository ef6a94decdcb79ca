/* SPDX-License-Identifier: GPL-2.0-only */
/* mark.h: every dirty or accessed mark that KVM makes on a struct page asks here first. */
#pragma once

#include "model/base.h"

struct machine;

void mark_check(struct machine *m, pfn_t pfn);
/* The same of a dirty mark alone. */
void mark_check_dirty(struct machine *m, pfn_t pfn);
