/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_look.c: commands that only look, and answer with what they see.
 *
 *	lab info OBJ IDX => PAGE flags=0x..		the page that the driver's array names
 *	pfninfo PFN => PAGE				s2info GPA => L1 0x.. pfn=0x.. ... | PAGE
 *	pinfo HVA => PAGE pm=0x..  or  not-present pm=0x..
 */
#include "sim/conform_internal.h"
#include "sim/script_internal.h"

#include <stdio.h>
#include <string.h>

#include "model/host_mm.h"

/* "pfn=0x.. ref=R map=M[ head|tail(orderN headref=H)][ rsvd]" or "pfn=0x.. NOPAGE" in @text */
static struct page_facts page_parse(const char *text)
{
	struct page_facts page = { .known = false };
	unsigned long long pfn;
	const char *order;

	if (sscanf(text, "pfn=0x%llx", &pfn) != 1)
		return page;
	page.pfn = pfn;
	page.known = true;
	page.nopage = strstr(text, " NOPAGE");
	page.head = strstr(text, " head(");
	page.tail = strstr(text, " tail(");
	page.reserved = strstr(text, " rsvd");
	order = strchr(text, '(');
	sscanf(text, "pfn=0x%*x ref=%d map=%d", &page.ref, &page.map);
	if (order)
		sscanf(order, "(order%d headref=%d)", &page.order, &page.headref);
	return page;
}

static void compare_page(struct run *run, const struct page_facts *page, pfn_t pfn)
{
	struct said key = say("info 0x%llx", (unsigned long long)page->pfn);

	if (run->says && pfn != NO_PFN) {
		frames_bind(&run->frames, page->pfn, pfn);
		lru_settle(run, pfn, page->ref, page_of(&run->vm->m, pfn)->refcount);
	}
	observe_fact(run, CONFORM_PAGE, place_of_command(run), key.text,
		     page_said_recorded(page).text,
		     !run->says ? NULL : pfn == NO_PFN ? "no page" :
		     page_said_model(run, pfn, false).text);
}

void look_at_object(struct run *run)
{
	const struct answer *answer = &run->command->answer;
	struct said key = say("info 0x%llx", (unsigned long long)answer->page.pfn), recorded;
	pfn_t pfn = NO_PFN;

	if (run->says)
		pfn = object_pfn(&run->vm->m, number(run->command, 2) % MAX_OBJECTS,
				 number(run->command, 3));
	compare_page(run, &answer->page, pfn);
	if (answer->page.tail || answer->page.nopage)
		return;		/* since 6.8 the flags of a compound tail are something else */
	recorded = flags_said_recorded(run, answer->flags);
	observe_fact(run, CONFORM_FLAGS, place_of_command(run), key.text, recorded.text,
		     run->says && pfn != NO_PFN && *recorded.text ?
		     flags_said_model(run, pfn).text : NULL);
}

/* /proc/self/pagemap: nothing of a VM_PFNMAP VMA is present. */
static void look_at_address(struct run *run, const char *word, const char *text)
{
	struct page_facts page = page_parse(text);
	const struct vma *vma;
	struct pt_leaf leaf = { .present = false };
	pfn_t pfn = NO_PFN;
	uint64_t hva;

	if (run->says && script_address(run->script, word, &hva)) {
		leaf = host_leaf(&run->vm->m, hva & PAGE_MASK);
		vma = vma_find(&run->vm->m, hva);
		if (leaf.present && vma && !(vma->flags & VM_PFNMAP))
			pfn = host_leaf_pfn(&leaf, hva & PAGE_MASK);
	}
	if (page.known)
		compare_page(run, &page, pfn);
	else
		observe(run, CONFORM_PAGE, place_of_command(run), "not present",
			pfn == NO_PFN ? "not present" : "present");
}

static void look_at_stage2(struct run *run, const char *word, const char *text)
{
	const char *bar = strstr(text, " | "), *b59 = strstr(text, " b59=");
	struct page_facts page = page_parse(bar ? bar + 3 : "");
	struct fact fact = { .kind = FACT_S2, .line = run->command->line,
			     .s2 = { .gpa = script_number(word), .b59 = -1,
				     .noroot = !strncmp(text, "noroot", 6) } };
	unsigned long long raw = 0;

	if (sscanf(text, "L%d nonpresent 0x%llx", &fact.s2.level, &raw) != 2) {
		sscanf(text, "L%d 0x%llx", &fact.s2.level, &raw);
		fact.s2.present = !fact.s2.noroot;
	}
	fact.s2.raw = raw;
	if (b59)
		fact.s2.b59 = b59[5] == '1';
	conform_s2(run, &fact);
	if (page.known)
		compare_page(run, &page, frames_model(&run->frames, page.pfn));
}

bool conform_look(struct run *run)
{
	const struct command *command = run->command;
	const char *text = command->answer.result;
	const char *word = command->nr_words > 1 ? command->words[1] : "0";
	struct page_facts page;

	if (!command->nr_words)
		return false;
	if (!strcmp(command->words[0], "pinfo")) {
		look_at_address(run, word, text);
	} else if (!strcmp(command->words[0], "s2info")) {
		look_at_stage2(run, word, text);
	} else if (!strcmp(command->words[0], "pfninfo")) {
		page = page_parse(text);
		if (frames_model(&run->frames, page.pfn) == NO_PFN)
			observe_unmodelled(run, CONFORM_PAGE, place_of_command(run), text,
					   "a page that the model has not got");
		else
			compare_page(run, &page, frames_model(&run->frames, page.pfn));
	} else {
		return false;
	}
	return true;
}
