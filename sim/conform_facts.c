/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_facts.c: what is printed below a command: counters, signals, and what is watched.
 *
 * The recorder prints the counters that changed, and every watched address whether it changed or
 * not. It has emptied the LRU batches before it looked.
 */
#include "sim/conform_internal.h"

#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"
#include "model/tdp.h"

/* KVM's statistics of a VM; of the others the change is input. */
static const char *const counters[NR_COUNTERS] = {
	"pf_taken", "pf_fixed", "pf_emulate", "pf_spurious", "pf_fast", "pf_mmio_spte_created",
	"pages_4k", "pages_2m", "pages_1g", "mmio_exits", "mmu_shadow_zapped",
};

static long counted(const struct run *run, const char *counter)
{
	long delta = 0;

	for (size_t i = 0; i < arrlenu(run->notes); i++) {
		const struct note *note = &run->notes[i].note;

		if (note->kind == NOTE_STAT && !strcmp(note->name, counter))
			delta += note->value;
	}
	for (size_t i = 0; i < arrlenu(run->between); i++) {
		const struct note *note = &run->between[i].note;

		if (note->kind == NOTE_STAT && !strcmp(note->name, counter))
			delta += note->value;
	}
	return delta;
}

static const struct fact *stat_of(const struct command *command, const char *counter)
{
	for (size_t i = 0; i < command->nr_facts; i++)
		if (command->facts[i].kind == FACT_STAT &&
		    !strcmp(command->facts[i].stat.name, counter))
			return &command->facts[i];
	return NULL;
}

/* Counters that only vCPUs move: the others go on with a loop that zaps, while they are read. */
static bool is_vcpus(const char *counter)
{
	return !strncmp(counter, "pf_", 3) || !strcmp(counter, "mmio_exits");
}

static bool stat_agrees(struct run *run, size_t i)
{
	const struct fact *fact = stat_of(run->command, counters[i]);
	long delta = counted(run, counters[i]) - run->read_ahead[i];

	for (size_t n = 0; n < run->vm->nr_notes; n++) {
		const struct note *note = &run->vm->notes[n].note;

		if (note->kind == NOTE_STAT && !strcmp(note->name, counters[i]))
			delta += note->value;
	}
	return delta == (fact ? fact->stat.delta : 0);
}

bool stats_agree(struct run *run)
{
	bool agree = true;

	for (size_t i = 0; i < ARRAY_SIZE(counters) && agree; i++)
		agree = stat_agrees(run, i);
	return agree;
}

bool vcpu_stats_agree(struct run *run)
{
	bool agree = true;

	for (size_t i = 0; i < ARRAY_SIZE(counters) && agree; i++)
		agree = !is_vcpus(counters[i]) || stat_agrees(run, i);
	return agree;
}

/* Read in the midst of a loop's zap: what was read too much or too little is so the next time. */
static bool is_read_meanwhile(struct run *run, size_t i, long recorded, long model)
{
	if (!run->says || recorded == model || is_vcpus(counters[i]) || !actors_loop(run))
		return false;
	run->read_ahead[i] = recorded - model;
	return true;
}

static void compare_stat(struct run *run, size_t i)
{
	const struct fact *fact = stat_of(run->command, counters[i]);
	long delta = counted(run, counters[i]) - run->read_ahead[i];
	long recorded = fact ? fact->stat.delta : 0;
	struct place place = place_of_command(run);
	struct said said = say("%s%+ld", counters[i], recorded);

	run->read_ahead[i] = 0;
	if (fact)
		place.line = fact->line;
	if (is_read_meanwhile(run, i, recorded, delta))
		observe_unmodelled(run, CONFORM_STAT, place, said.text,
				   "a loop goes on while counters are read");
	else if (fact || delta)
		observe(run, CONFORM_STAT, place, fact ? said.text : NULL,
			say("%s%+ld", counters[i], delta).text);
}

static void compare_stats(struct run *run)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		compare_stat(run, i);
}

static void take_stats(struct run *run)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		const struct fact *fact = stat_of(run->command, counters[i]);

		if (fact)
			take_input(run, place_of_command(run), "%s%+ld", counters[i],
				   fact->stat.delta);
	}
}

static bool is_counter(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (!strcmp(counters[i], name))
			return true;
	return false;
}

/* ---- "host X: pte ... | pfn=..." ---- */

static struct said pte_said(int level, uint64_t raw, bool protnone)
{
	if (!level || !raw)
		return say("none");
	if (protnone)
		return say("L%d PROTNONE", level);
	if (!(raw & PTE_PRESENT))
		return say("L%d swap or migration", level);
	return say("L%d %s%s%s%s", level, raw & PTE_WRITE ? "W" : "R",
		   raw & PTE_ACCESSED ? "A" : "-", raw & PTE_DIRTY ? "D" : "-",
		   raw & PTE_SPECIAL ? " special" : "");
}

static struct said pte_said_model(const struct run *run, const struct pt_leaf *leaf)
{
	u64 entry = leaf->entry;

	if (leaf->swap)
		return say("L%d swap or migration", leaf->level);
	if (run->vm->sem.traits.saved_dirty && !(entry & PTE_WRITE))
		entry &= ~PTE_DIRTY;	/* it is in bit 58 */
	return pte_said(leaf->level, entry, !(entry & PTE_PRESENT) && (entry & PTE_PROTNONE));
}

/*
 * A PTE without P has its frame inverted (L1TF), and the recorder takes that for the frame. Of a
 * PMD the lowest bits are as in a page's frame: hugetlb's are inverted, too, and tools/lab puts the
 * index in their place; an older recorder adds it.
 */
#define INVERTED	((pt_pfn(PT_ADDR_MASK)))
#define IN_PMD		(level_pages(2) - 1)
#define IS_INVERTED	BIT(62)		/* of a model frame that is remembered */
#define IS_HUGE		BIT(61)		/* of a PMD */
#define IS_HUGETLB	BIT(60)		/* and that is hugetlb's */
#define REMEMBERED	(IS_INVERTED | IS_HUGE | IS_HUGETLB)

static bool is_added(const struct page_facts *recorded, pfn_t pfn)
{
	return (pfn & IS_HUGETLB) && recorded->known && (recorded->pfn ^ pfn) & IN_PMD;
}

/* Both ways: the frame that the recorder shows, and the page's. */
static uint64_t frame_inverted(const struct page_facts *recorded, pfn_t pfn, uint64_t frame)
{
	uint64_t index = pfn & IN_PMD;

	if (is_added(recorded, pfn))
		return ((frame - index) ^ INVERTED) + index;
	return frame ^ (INVERTED & ~(pfn & IS_HUGE ? IN_PMD : 0));
}

/* The page that the recorder would show: the one mapped here, or else the one seen here last. */
static pfn_t page_shown(struct run *run, const char *watch, const struct pt_leaf *leaf, hva_t hva)
{
	bool inverted = leaf->present && !(leaf->entry & PTE_PRESENT);
	bool is_hugetlb = page_is(&run->vm->m, pt_pfn(leaf->entry), PG_HUGETLB);

	if (leaf->present)
		shput(run->mapped, watch,
		      host_leaf_pfn(leaf, hva) | (inverted ? IS_INVERTED : 0) |
		      (inverted && leaf->level == 2 ? IS_HUGE : 0) |
		      (inverted && leaf->level == 2 && is_hugetlb ? IS_HUGETLB : 0));
	return shgeti(run->mapped, watch) < 0 ? NO_PFN : shget(run->mapped, watch);
}

/* A loop has taken it since, and the recorder remembers it. */
static void remember_seen(struct run *run, const struct fact *fact)
{
	pfn_t pfn = fact->host.page.known ?
		    frames_model(&run->frames, fact->host.page.pfn) : NO_PFN;

	if (pfn != NO_PFN && (fact->host.raw & PTE_PRESENT))
		shput(run->mapped, fact->host.name, pfn);
}

/* Freed since: its frame is nobody's any more, and what the recorder remembers of it is no page. */
static bool is_gone(struct run *run, pfn_t pfn)
{
	return page_is(&run->vm->m, pfn & ~REMEMBERED, PG_FREE);
}

static struct said shown_said(struct run *run, const struct page_facts *recorded, pfn_t pfn,
			      bool last)
{
	bool inverted = pfn & IS_INVERTED;
	uint64_t frame = recorded->pfn;

	if (recorded->known)
		frames_bind(&run->frames,
			    inverted ? frame_inverted(recorded, pfn, frame) : frame,
			    pfn & ~REMEMBERED);
	if (!inverted)
		return page_said_model(run, pfn, last);
	frame = frame_inverted(recorded, pfn, frames_recorded(&run->frames, pfn & ~REMEMBERED));
	return say("last pfn=0x%llx NOPAGE", (unsigned long long)frame);
}

/*
 * What the kernel does with a frame that it was seen to free is nobody's business here: others
 * get it. Without a trace nothing is seen.
 */
static bool has_new_owner(struct run *run, const struct page_facts *recorded, pfn_t pfn,
			  const char *model)
{
	if (pfn == NO_PFN || (pfn & IS_INVERTED))
		return false;
	if (page_is_taken(run, pfn))
		return strcmp(page_said_recorded(recorded).text, model);
	return page_is(&run->vm->m, pfn, PG_FREE) &&
	       (!run->recording->has_trace || frames_is_gone(&run->frames, recorded->pfn)) &&
	       strcmp(page_said_recorded(recorded).text, model);
}

/* Or one of ours again: the recorder remembers the frame, whatever has become of it. */
static pfn_t page_of_frame(struct run *run, const struct page_facts *recorded, pfn_t pfn)
{
	pfn_t now = recorded->known ? frames_model(&run->frames, recorded->pfn) : NO_PFN;

	if (pfn == NO_PFN || (pfn & IS_INVERTED) || !page_is(&run->vm->m, pfn, PG_FREE))
		return pfn;
	return now != NO_PFN && !page_is(&run->vm->m, now, PG_FREE) ? now : pfn;
}

/* Who reclaims has one reference more: from when he was seen to age the folio until it is gone. */
static bool is_isolated(struct run *run, const struct page_facts *recorded, pfn_t head, bool aged,
			const char *model)
{
	struct page_facts without = *recorded;

	without.ref -= !recorded->tail;
	without.headref--;
	if (strcmp(page_said_recorded(&without).text, model)) {
		(void)hmdel(run->isolated, head);
		return false;
	}
	if (aged)
		hmput(run->isolated, head, true);
	return hmgeti(run->isolated, head) >= 0;
}

static void compare_host(struct run *run, const struct fact *fact)
{
	struct place place = { .file = run->file.out, .line = fact->line };
	const char *name = fact->host.name;
	struct said pte = pte_said(fact->host.level, fact->host.raw, fact->host.protnone);
	struct said page = page_said_recorded(&fact->host.page), model = say("no page");
	struct pt_leaf leaf;
	uint64_t hva;
	pfn_t pfn, head;
	bool aged, held;

	if (fact->host.raw & BIT(11))
		take_input(run, place, "soft-dirty of 0x%llx", (unsigned long long)fact->host.raw);
	if (!run->says || !script_address(run->script, name, &hva)) {
		observe_fact(run, CONFORM_HOST_PTE, place, name, pte.text, NULL);
		observe_fact(run, CONFORM_PAGE, place, name, page.text, NULL);
		return;
	}
	leaf = host_leaf(&run->vm->m, hva & PAGE_MASK);
	head = leaf.present ? page_head(&run->vm->m, pt_pfn(leaf.entry)) : NO_PFN;
	held = leaf.present && folio_may_be_isolated(run, head);
	aged = host_may_be_aged(run, name, pte.text, hva & PAGE_MASK) ||
	       host_may_be_in_tlb(run, name, pte.text, hva & PAGE_MASK) ||
	       host_may_be_faulted_twice(run, fact, hva & PAGE_MASK);
	migration_may_be_aged(run, fact, hva & PAGE_MASK);
	leaf = host_leaf(&run->vm->m, hva & PAGE_MASK);
	if (actors_loop(run) && !fact->host.level)
		leaf.present = false;	/* it has gone since, and the recorder never saw it */
	if (actors_loop(run) && fact->host.level && !leaf.present)
		remember_seen(run, fact);
	pfn = page_shown(run, name, &leaf, hva & PAGE_MASK);
	pfn = page_of_frame(run, &fact->host.page, pfn);
	observe_fact(run, CONFORM_HOST_PTE, place, name, pte.text,
		     aged ? NULL : pte_said_model(run, &leaf).text);
	if (pfn != NO_PFN && (pfn & IS_INVERTED) && is_gone(run, pfn)) {
		observe_fact(run, CONFORM_PAGE, place, name, page.text, NULL);
		return;
	}
	if (pfn != NO_PFN)
		model = shown_said(run, &fact->host.page, pfn, !(leaf.entry & PTE_PRESENT));
	if (has_new_owner(run, &fact->host.page, pfn, model.text)) {
		take_input(run, place, "somebody else's page: %s", page.text);
		reuse_seen(run, &fact->host.page, pfn);
		observe_fact(run, CONFORM_PAGE, place, name, page.text, NULL);
	} else if (strcmp(page.text, model.text) &&
		   (collapse_may_hold(run) ||
		    is_isolated(run, &fact->host.page, head, held, model.text))) {
		observe_fact_or(run, CONFORM_PAGE, place, name, page.text, NULL,
				"whoever reclaims or collapses may hold it");
	} else {
		observe_fact(run, CONFORM_PAGE, place, name, page.text, model.text);
	}
}

/* ---- "s2 0x200000: L1 0x..." ---- */

static struct said s2_said(int level, uint64_t rest, const char *frame, int b59)
{
	struct said said = say("L%d 0x%llx", level, (unsigned long long)rest);

	if (*frame)
		say_more(&said, " pfn=%s", frame);
	else
		say_more(&said, " nonpresent");
	if (b59 >= 0)
		say_more(&said, " b59=%d", b59);
	return said;
}

struct said s2_said_recorded(const struct fact *fact)
{
	uint64_t raw = fact->s2.raw;

	if (fact->s2.noroot)
		return say("noroot");
	if (!fact->s2.present)
		return s2_said(fact->s2.level, raw, "", -1);
	return s2_said(fact->s2.level, raw & ~PT_ADDR_MASK,
		       say("0x%llx", (unsigned long long)pt_pfn(raw)).text, fact->s2.b59);
}

static struct said s2_said_model(struct run *run, const struct fact *fact)
{
	struct pt_leaf leaf;
	uint64_t frame, rest;

	if (run->root == NO_PFN)
		return say("noroot");
	leaf = run->vm->sem.ops.walk(&run->vm->m, run->root, fact->s2.gpa >> PAGE_SHIFT);
	rest = spte_without_frame(run, leaf.entry, &frame);
	if (frame == NO_PFN)
		return s2_said(leaf.level, rest, "", -1);
	if (fact->s2.present)
		frames_bind(&run->frames, pt_pfn(fact->s2.raw), frame);
	return s2_said(leaf.level, rest, frame_said(&run->frames, frame).text,
		       fact->s2.b59 < 0 ? -1 : (int)(leaf.entry >> 59 & 1));
}

void conform_s2(struct run *run, const struct fact *fact)
{
	struct place place = { .file = run->file.out, .line = fact->line };
	struct said key = say("0x%llx", (unsigned long long)fact->s2.gpa), model = say("%s", "");
	bool says = run->says;

	if (says)
		model = s2_said_model(run, fact);
	if (says && s2_may_be_aged(run, fact, model.text))
		says = false;
	observe_fact(run, CONFORM_S2, place, key.text, s2_said_recorded(fact).text,
		     says ? model.text : NULL);
}

/* ---- the rest ---- */

/* A host access that failed is the one thing here that brings a signal. */
static void compare_signal(struct run *run, const struct fact *fact)
{
	struct place place = { .file = run->file.out, .line = fact->line };
	const char *word = run->outcome.word;
	bool injects = run->main == EVENT_POISON;
	bool killed = injects && (!run->outcome.error || !strcmp(word, "hwpoison")) &&
		      run->says && run->vm->sem.traits.poison_kills;
	bool failed = run->says && (killed || !strcmp(word, "sigsegv") ||
				    !strcmp(word, "sigbus") ||
				    (!injects && !strcmp(word, "hwpoison")));

	observe(run, CONFORM_SIGNAL, place, say("%u", fact->signal.times).text,
		failed ? "1" : "none");
}

/* Letters of VmFlags that the model has */
static struct said vm_flags_said(const char *text)
{
	static const char *const letters[] = { "rd", "wr", "ex", "sh", "pf", "io", "mm",
					       "ht", "hg", "nh", "mg" };
	struct said said = say("%s", "");

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (strstr(text, say(" %s", letters[i]).text))
			say_more(&said, "%s ", letters[i]);
	return said;
}

static struct said vm_flags_said_model(struct run *run)
{
	static const struct { u32 flag; const char *letters; } flags[] = {
		{ VM_READ, "rd" }, { VM_WRITE, "wr" }, { VM_EXEC, "ex" }, { VM_SHARED, "sh" },
		{ VM_PFNMAP, "pf" }, { VM_IO, "io" }, { VM_MIXEDMAP, "mm" },
		{ VM_HUGETLB, "ht" }, { VM_HUGEPAGE, "hg" }, { VM_NOHUGEPAGE, "nh" },
		{ VM_MERGEABLE, "mg" },
	};
	struct said said = say("%s", "");
	const struct vma *vma = NULL;
	uint64_t hva;

	if (run->command->nr_words > 1 &&
	    script_address(run->script, run->command->words[1], &hva))
		vma = vma_find(&run->vm->m, hva);
	for (size_t i = 0; vma && i < ARRAY_SIZE(flags); i++)
		if (vma->flags & flags[i].flag)
			say_more(&said, "%s ", flags[i].letters);
	return said;
}

static void compare_other(struct run *run, const struct fact *fact)
{
	struct place place = { .file = run->file.out, .line = fact->line };

	if (!strncmp(fact->text, "VmFlags:", 8))
		observe(run, CONFORM_VM_FLAGS, place, vm_flags_said(fact->text).text,
			run->says ? vm_flags_said_model(run).text : NULL);
	else
		take_input(run, place, "%s", fact->text);
}

/* Has NUMA balancing come between the line before and this one? */
static bool shows_visit(struct run *run, const struct fact *fact)
{
	uint64_t frame, hva;

	if (!run->numa_later || !run->says)
		return false;
	if (fact->kind == FACT_HOST)
		return fact->host.protnone && script_address(run->script, fact->host.name, &hva) &&
		       (host_leaf(&run->vm->m, hva & PAGE_MASK).entry & PTE_PRESENT);
	if (fact->kind != FACT_S2 || fact->s2.present || run->root == NO_PFN)
		return false;
	spte_without_frame(run, run->vm->sem.ops.walk(&run->vm->m, run->root,
						      fact->s2.gpa >> PAGE_SHIFT).entry, &frame);
	return frame != NO_PFN;
}

void conform_facts(struct run *run)
{
	if (tries_until_alarm(run))
		take_stats(run);
	else
		compare_stats(run);
	arrsetlen(run->between, 0);
	for (size_t i = 0; i < run->command->nr_facts; i++) {
		const struct fact *fact = &run->command->facts[i];
		struct place place = { .file = run->file.out, .line = fact->line };

		if (shows_visit(run, fact))
			numa_visit_later(run);
		switch (fact->kind) {
		case FACT_STAT:
			if (!is_counter(fact->stat.name))
				take_input(run, place, "%s%+ld", fact->stat.name,
					   fact->stat.delta);
			break;
		case FACT_HOST:
			compare_host(run, fact);
			break;
		case FACT_S2:
			conform_s2(run, fact);
			break;
		case FACT_SIGNAL:
			compare_signal(run, fact);
			break;
		case FACT_OTHER:
			compare_other(run, fact);
			break;
		}
	}
}
