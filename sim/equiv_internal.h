/* SPDX-License-Identifier: GPL-2.0-only */
/* equiv_internal.h: what the equiv*.c share. */
#pragma once

#include "sim/equiv.h"
#include "sim/rewind.h"
#include "sim/trace.h"
#include "sim/vm.h"

enum { STAGE_TEXT = 4096, MAX_ALPHABET = 96, STAGE_GFN = 0x200, MOST_RACE_STATES = 50000 };

/* ---- equiv_alphabet.c ---- */

/* On which side of a race an event may stand; none: it is not raced. */
enum race_side { RACE_FIRST = 1, RACE_SECOND = 2 };

/* A set-up, and each event of the alphabet that can be there. */
struct stage {
	char name[160];
	char text[STAGE_TEXT];		/* a trace: the set-up's lines, then one for each event */
	char *line[MAX_ALPHABET];	/* of each event, in .text's copy */
	u8 races[MAX_ALPHABET];		/* enum race_side, bits */
	u8 page[MAX_ALPHABET];		/* it is about this page, and all before it came earlier */
	size_t nr_events;
	unsigned config;		/* which configuration */
	const char *config_name;	/* "" for the first */
	bool huge;			/* the region has 2M */
	bool raced;			/* by two actors, too */
	bool pages_differ;		/* the second may be used without the first */
	struct trace trace;		/* events: the set-up's, then the alphabet's */
	size_t nr_setup;
};

size_t stage_count(void);
/* False: *@error, which is a bug of the table's. */
bool stage_open(size_t index, const struct equiv_bound *bound, struct stage *stage,
		struct error *error);
void stage_close(struct stage *stage);
/* NULL: no such. */
const char *stage_config_name(unsigned config);

/* ---- equiv_facts.c ---- */

enum fact_kind {
	FACT_OUTCOME,		/* key: place in the program; value: fact_add_outcome() */
	FACT_READ,		/* key: place; value: what was read */
	FACT_LAW,		/* key: place, or NO_PLACE, and the law's row */
	FACT_SPLAT,		/* key: place and the splat's number */
	FACT_STUCK,		/* nobody goes on; no end is reached; host gone; locks in a cycle */
	FACT_SPTE,		/* key: gfn; value: name of the page that it leads to; 0: none */
	FACT_SPTE_LEVEL, FACT_SPTE_WRITE, FACT_SPTE_EXEC, FACT_SPTE_ACCESSED, FACT_SPTE_DIRTY,
	FACT_SPTE_REFCOUNTED,
	FACT_TLB,		/* key: vcpu and gfn; value: name of the page */
	FACT_TLB_WRITE,
	FACT_PTE,		/* key: mm and page of the region; value: name of the page */
	FACT_PTE_WRITE, FACT_PTE_DIRTY, FACT_PTE_ACCESSED, FACT_PTE_OTHER,
	FACT_PAGE_REFS,		/* key: name of the page */
	FACT_PAGE_MAPS, FACT_PAGE_DIRTY, FACT_PAGE_REFERENCED, FACT_PAGE_ACTIVE, FACT_PAGE_FLAGS,
	FACT_PAGE_CONTENTS,
	FACT_LOG,		/* key: gfn; value: it is in the dirty log */
	FACT_MAP,		/* key: row of kvm.maps; value: name of the page */
	FACT_MAP_REFS,
	FACT_GPC,		/* key: row of kvm.gpcs; value: name of the page, if it is valid */
	NR_FACT_KINDS,
};

/* .word: of FACT_OUTCOME, which is .value; or NULL */
struct fact { u8 kind; u64 key, value; const char *word; };
struct facts { struct fact *list; };	/* stb_ds: in order of kind and key */

/* Everything observable of the state at hand, but for what events came to. */
void facts_of_state(struct vm *vm, const struct stage *stage, struct facts *facts);
void fact_add(struct facts *facts, enum fact_kind kind, u64 key, u64 value);
u64 fact_of_law(unsigned place, const struct law *law);
u64 fact_of_splat(unsigned place, u8 splat);
/* Words that nobody can tell apart are one. */
void fact_add_outcome(struct facts *facts, unsigned place, const char *word);
u64 facts_hash(const struct facts *facts);
/* A kind of difference: @a or @b is NULL if only the other side has that fact. */
struct unlike { u64 kind; u8 rank; bool follows; char text[120]; };
void fact_unlike(const struct fact *a, const struct fact *b, const struct stage *stage,
		 const struct equiv_program *program, struct unlike *out);

/* ---- equiv.c ---- */

struct side {
	const struct semantics_patch *patch;
	struct vm *vm;
	struct rewind *rewind;
	bool out;		/* its host is gone, or the event is not possible there */
};

/* A program of one actor, and where it leads. */
struct node {
	struct equiv_program program;
	u32 differs;		/* under these pairs, bits */
	u64 *words;		/* stb_ds: of each side how many (0: it is out), and they */
};

struct equiv {
	const struct semantics_patch *list[EQUIV_MAX_SEMANTICS];
	size_t n;
	struct equiv_bound bound;
	struct equiv_result result;
	/* Of the stage at hand */
	bool open;
	size_t at;
	struct stage stage;
	struct side side[EQUIV_MAX_SEMANTICS];
	struct facts facts[EQUIV_MAX_SEMANTICS];	/* of the last program */
	struct node *now, *next;	/* stb_ds: to be expanded, and after those */
	size_t expanded;		/* of .now */
	struct { u64 key; u8 value; } *seen;
	u64 *packed;			/* stb_ds */
	struct equiv_program *races;	/* stb_ds: to come, the last one first */
};

/* One program differs in this way. */
void equiv_note(struct equiv *equiv, size_t pair, const struct equiv_program *program,
		const struct unlike *unlike);
/* Facts of the same program under the pair, in order. @follows: an earlier event differs. */
bool equiv_compare(struct equiv *equiv, size_t pair, const struct equiv_program *program,
		   bool follows);

/* ---- equiv_single.c ---- */

/* The stage's set-up under all semantics; and its programs of one actor, a node at a time. */
bool equiv_begin(struct equiv *equiv, size_t stage, struct error *error);
bool equiv_expand(struct equiv *equiv);
void equiv_end(struct equiv *equiv);

/* ---- equiv_race.c ---- */

/* The stage's programs of two actors, the shortest last. */
void equiv_list_races(struct equiv *equiv, size_t stage);
void equiv_race(struct equiv *equiv, const struct equiv_program *program);
/* The program's trace, its events in a list of their own; the rest is the stage's. */
struct trace equiv_trace_of(const struct stage *stage, const struct equiv_program *program);
void equiv_trace_free(struct trace *trace);
