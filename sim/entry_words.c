/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/entry_words.h"

#include <stdio.h>
#include <string.h>

#include "model/host_mm.h"
#include "model/host_rmap.h"
#include "model/machine.h"
#include "model/semantics.h"
#include "model/spte.h"

struct bit_word { u64 mask; const char *word; };

/* What is left of a value, and the words so far. */
struct speaker { u64 left; char *words; };

static void say(struct speaker *s, const char *word)
{
	size_t used = strlen(s->words);

	snprintf(s->words + used, ENTRY_WORDS_SIZE - used, "%s%s", used ? " " : "", word);
}

/* Bits that have a name together are told if all of them are set. */
static void say_bits(struct speaker *s, const struct bit_word *bits, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (bits[i].mask && (s->left & bits[i].mask) == bits[i].mask) {
			say(s, bits[i].word);
			s->left &= ~bits[i].mask;
		}
}

static void say_rest(struct speaker *s)
{
	char word[16];

	for (unsigned bit = 0; bit < 64; bit++)
		if (s->left >> bit & 1) {
			snprintf(word, sizeof(word), "bit-%u", bit);
			say(s, word);
		}
}

static void begin(struct speaker *s, u64 value, char *words)
{
	*s = (struct speaker){ .left = value, .words = words };
	words[0] = '\0';
}

const char *entry_kind_word(enum entry_kind kind)
{
	static const char *const words[] = { "none", "table", "leaf", "mmio", "frozen", "away" };

	return words[kind];
}

/* ---- stage 2 ---- */

/* EPT has a bit for reading, long-mode tables have not. */
static bool is_ept(const struct spte_format *format)
{
	return format->read;
}

/* Intel SDM vol. 3C, tables 29-3 to 29-7 */
static void say_ept(struct speaker *s, bool is_leaf)
{
	static const struct bit_word rights[] = {
		{ BIT(0), "R" }, { BIT(1), "W" }, { BIT(2), "X" },
	};
	static const char *const types[] = { "UC", "WC", "type-2", "type-3", "WT", "WP", "WB",
					     "type-7" };

	say_bits(s, rights, ARRAY_SIZE(rights));
	if (!is_leaf)
		return;
	say(s, types[s->left >> 3 & 7]);
	s->left &= ~(u64)(7 << 3);
	say_bits(s, (const struct bit_word[]){ { BIT(6), "ignore-PAT" } }, 1);
}

/* AMD APM vol. 2, 5.4 */
static void say_long_mode(struct speaker *s)
{
	static const struct bit_word rights[] = {
		{ BIT(0), "P" }, { BIT(1), "W" }, { BIT(2), "U" }, { BIT(63), "NX" },
	};

	say_bits(s, rights, ARRAY_SIZE(rights));
}

/* What access tracking has put away, to be used again. */
static void say_saved(struct speaker *s, const struct spte_format *format)
{
	u64 saved = s->left >> format->track_shift & format->track_mask;

	if (!format->track_mask || !saved)
		return;
	if (saved & BIT(0))
		say(s, is_ept(format) ? "saved-R" : "saved-P");
	if (saved & BIT(2))
		say(s, is_ept(format) ? "saved-X" : "saved-U");
	if (saved & BIT(10))
		say(s, "saved-XU");
	s->left &= ~(saved << format->track_shift);
}

static enum entry_kind say_present(const struct machine *m, struct speaker *s,
				   const struct spte_format *format, unsigned level)
{
	const struct bit_word software[] = {
		{ format->exec & BIT(10), "XU" },
		{ level > 1 ? format->huge : 0, "huge" },
		{ format->accessed, "A" }, { format->dirty, "D" },
		{ format->host_writable, "host-writable" },
		{ format->mmu_writable, "mmu-writable" },
		{ refcounted_mask(m), "refcounted" },
		{ format->ad_disabled, "AD-disabled" },
		{ format->nonpresent & BIT(63), "suppress-VE" },
	};
	bool is_leaf = spte_is_leaf(format, s->left, level);

	say(s, "present");
	s->left &= ~(format->mmu_present | PT_ADDR_MASK);
	if (is_ept(format))
		say_ept(s, is_leaf);
	else
		say_long_mode(s);
	say_bits(s, software, ARRAY_SIZE(software));
	say_saved(s, format);
	say_rest(s);
	return is_leaf ? ENTRY_LEAF : ENTRY_TABLE;
}

/* Its other bits are the generation, and the address where L1TF cannot read. */
static enum entry_kind say_mmio(const struct machine *m, struct speaker *s,
				const struct spte_format *format)
{
	u64 generation = spte_mmio_generation(format, s->left);
	u64 now = spte_mmio_generation_of(format, m->w->kvm.generation);
	char word[64];

	snprintf(word, sizeof(word), "generation-%llu %s", (unsigned long long)generation,
		 generation == now ? "current" : "stale");
	say(s, "MMIO");
	say(s, word);
	return ENTRY_MMIO;
}

enum entry_kind spte_words(const struct machine *m, u64 entry, unsigned level,
			   char words[ENTRY_WORDS_SIZE])
{
	const struct spte_format *format = spte_format_of(m);
	struct speaker s;

	begin(&s, entry, words);
	if (spte_is_present(format, entry))
		return say_present(m, &s, format, level);
	if (entry == format->frozen) {
		say(&s, "frozen");
		return ENTRY_FROZEN;
	}
	if (format->mmio_mask && spte_is_mmio(format, entry))
		return say_mmio(m, &s, format);
	say(&s, "non-present");
	say_bits(&s, (const struct bit_word[]){ { format->nonpresent, "suppress-VE" } }, 1);
	say_rest(&s);
	return ENTRY_NONE;
}

/* ---- the host's ---- */

static enum entry_kind say_away(struct speaker *s)
{
	static const struct bit_word away[] = {
		{ PTE_POISONED, "poison-marker" }, { PTE_HWPOISON, "hwpoison" },
		{ PTE_MIGRATION, "migration" }, { PTE_SWAPPED, "swapped" },
		{ PTE_SWP_EXCLUSIVE, "exclusive" }, { PTE_MARKER, "marker" },
		{ PTE_UFFD_WP, "uffd-wp" },
	};

	say(s, "non-present");
	if (!s->left)
		return ENTRY_NONE;
	s->left &= ~PT_ADDR_MASK;
	say_bits(s, away, ARRAY_SIZE(away));
	say_rest(s);
	return ENTRY_AWAY;
}

enum entry_kind host_entry_words(u64 entry, unsigned level, char words[ENTRY_WORDS_SIZE])
{
	const struct bit_word bits[] = {
		{ PTE_PRESENT, "P" }, { PTE_WRITE, "W" }, { PTE_USER, "U" },
		{ PTE_ACCESSED, "A" }, { PTE_DIRTY, "D" },
		{ level > 1 ? PTE_HUGE : 0, "huge" }, { PTE_PROTNONE, "protnone" },
		{ PTE_SPECIAL, "special" }, { PTE_UFFD_WP, "uffd-wp" },
		{ PTE_SOFT_CLEAN, "soft-clean" }, { PTE_DEVMAP, "devmap" },
		{ PTE_SAVED_DIRTY, "saved-dirty" }, { PTE_NX, "NX" },
	};
	struct speaker s;

	begin(&s, entry, words);
	if (!(entry & (PTE_PRESENT | PTE_PROTNONE)))
		return say_away(&s);
	s.left &= ~PT_ADDR_MASK;
	say_bits(&s, bits, ARRAY_SIZE(bits));
	say_rest(&s);
	return level == 1 || (entry & PTE_HUGE) ? ENTRY_LEAF : ENTRY_TABLE;
}

/* ---- flags ---- */

void page_flag_words(u32 flags, char words[ENTRY_WORDS_SIZE])
{
	bool hugetlb = flags & PG_HUGETLB, swap = flags & PG_SWAPCACHE;
	bool table = !(flags & (PG_HUGETLB | PG_ANON | PG_CACHE));
	const struct bit_word bits[] = {
		{ PG_VALID, "valid" }, { PG_FREE, "free" }, { PG_HEAD, "head" },
		{ PG_TAIL, "tail" }, { PG_RESERVED, "reserved" }, { PG_ZERO, "zero-page" },
		{ PG_MMIO, "mmio" }, { PG_DIRTY, "dirty" }, { PG_REFERENCED, "referenced" },
		{ PG_ACTIVE, "active" }, { PG_WORKINGSET, "workingset" },
		{ PG_LRU, hugetlb ? "migratable" : "lru" }, { PG_ANON, "anon" },
		{ PG_EXCLUSIVE, "exclusive" }, { PG_ZONE_DEVICE, "zone-device" },
		{ PG_HWPOISON, "hwpoison" }, { PG_LEAKED, "leaked" }, { PG_CACHE, "page-cache" },
		{ PG_REMOTE, "remote-node" }, { PG_KSM, "ksm" }, { PG_SWAPCACHE, "swap-cache" },
		{ PG_LOCKED, "locked" }, { PG_MLOCKED, "mlocked" }, { PG_P2PDMA, "p2pdma" },
		{ PG_HUGETLB, "hugetlb" },
		{ PG_RESTORE, swap ? "readahead" : "restore-reserve" },
		{ PG_DOUBLE_MAP, "double-map" }, { PG_FSDAX, "fsdax" },
		{ PG_NX_SPLIT, table ? "nx-split" : "temporary" }, { PG_LAZYFREE, "lazy-free" },
		{ PG_GUEST_WROTE, "guest-wrote" }, { PG_REUSED, "reused-while-mapped" },
	};
	struct speaker s;

	begin(&s, flags, words);
	say_bits(&s, bits, ARRAY_SIZE(bits));
	say_rest(&s);
}

void memslot_flag_words(u32 flags, char words[ENTRY_WORDS_SIZE])
{
	static const struct bit_word bits[] = {
		{ KVM_MEM_LOG_DIRTY_PAGES, "log-dirty-pages" }, { KVM_MEM_READONLY, "readonly" },
		{ KVM_MEM_GUEST_MEMFD, "guest-memfd" }, { KVM_MEMSLOT_GMEM_ONLY, "gmem-only" },
		{ KVM_MEMSLOT_INVALID, "invalid" },
	};
	struct speaker s;

	begin(&s, flags & ~(u32)KVM_MEMSLOT_USED, words);
	say_bits(&s, bits, ARRAY_SIZE(bits));
	say_rest(&s);
}

void vma_flag_words(u32 flags, char words[ENTRY_WORDS_SIZE])
{
	static const struct bit_word bits[] = {
		{ VM_READ, "read" }, { VM_WRITE, "write" }, { VM_EXEC, "exec" },
		{ VM_SHARED, "shared" }, { VM_PFNMAP, "pfnmap" }, { VM_MIXEDMAP, "mixedmap" },
		{ VM_IO, "io" }, { VM_LOCKED, "locked" }, { VM_HUGETLB, "hugetlb" },
		{ VM_HUGEPAGE, "hugepage" }, { VM_NOHUGEPAGE, "nohugepage" },
		{ VM_MERGEABLE, "mergeable" }, { VM_DONTCOPY, "dontcopy" },
		{ VM_WIPEONFORK, "wipeonfork" }, { VM_ACCOUNT, "account" },
		{ VM_SOFT_CLEAN, "soft-clean" }, { VM_UFFD_MISSING, "uffd-missing" },
		{ VM_UFFD_MINOR, "uffd-minor" }, { VM_UFFD_WP, "uffd-wp" },
	};
	struct speaker s;

	begin(&s, flags, words);
	say_bits(&s, bits, ARRAY_SIZE(bits));
	say_rest(&s);
}

const char *holder_word(unsigned holder)
{
	static const char *const words[NR_HOLDERS] = {
		[HOLD_OWNER] = "owner", [HOLD_PTE] = "host-ptes", [HOLD_CACHE] = "cache",
		[HOLD_LRU] = "lru-batch", [HOLD_FAULT] = "kvm-look-up", [HOLD_MAP] = "kvm-map",
		[HOLD_MM] = "mm-operation", [HOLD_SPTE] = "spte",
	};

	return words[holder];
}

const char *owner_word(unsigned owner)
{
	static const char *const words[] = { [OWNER_NONE] = "none", [OWNER_KERNEL] = "kernel",
					     [OWNER_USER] = "user", [OWNER_DRIVER] = "driver" };

	return words[owner];
}
