/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * entry_words.h: what each bit of an entry says, by its name: of a stage-2 table in whatever format
 * the kernel and the processor have for it, of the host's tables, of a page's flags.
 *
 * No bit is passed over: one without a name is told by its place.
 */
#pragma once

#include <stddef.h>

#include "model/base.h"

struct machine;

enum entry_kind {
	ENTRY_NONE,		/* nothing there */
	ENTRY_TABLE,
	ENTRY_LEAF,
	ENTRY_MMIO,		/* KVM's own: emulate it */
	ENTRY_FROZEN,		/* somebody is about to change it */
	ENTRY_AWAY,		/* host: swap, migration, a marker */
};

enum { ENTRY_WORDS_SIZE = 240 };

const char *entry_kind_word(enum entry_kind kind);
/* What a stage-2 entry of @level is; its words are put into @words. */
enum entry_kind spte_words(const struct machine *m, u64 entry, unsigned level,
			   char words[ENTRY_WORDS_SIZE]);
/* The same of a host entry. */
enum entry_kind host_entry_words(u64 entry, unsigned level, char words[ENTRY_WORDS_SIZE]);
/* enum page_flag of the page's own record, enum memslot_flag, enum vm_flag */
void page_flag_words(u32 flags, char words[ENTRY_WORDS_SIZE]);
void memslot_flag_words(u32 flags, char words[ENTRY_WORDS_SIZE]);
void vma_flag_words(u32 flags, char words[ENTRY_WORDS_SIZE]);
/* enum holder, enum page_owner */
const char *holder_word(unsigned holder);
const char *owner_word(unsigned owner);
