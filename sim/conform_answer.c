/* SPDX-License-Identifier: GPL-2.0-only */
/* conform_answer.c: what stands behind "=>". Nothing of it is watched: each is an observation. */
#include "sim/conform_internal.h"
#include "sim/script_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"
#include "model/memslot.h"
#include "model/pagecache.h"
#include "model/swap.h"

#define ENOMEM	12
#define MMIO_ANSWER	0x5a5a5a5a	/* the VMM's, to every read: input */

enum { PRINTED_EXITS = 4 };	/* the VMM prints the first four MMIO exits */

static bool is_mmio(const struct vcpu_exit *exit)
{
	return exit->kind == EXIT_MMIO_READ || exit->kind == EXIT_MMIO_WRITE;
}

static struct said exit_said(const struct vcpu_exit *exit)
{
	switch (exit->kind) {
	case EXIT_MMIO_READ:
		return say("MMIO-R gpa=0x%llx len=%u", (unsigned long long)exit->gpa, exit->length);
	case EXIT_MMIO_WRITE:
		return say("MMIO-W gpa=0x%llx len=%u data=0x%llx", (unsigned long long)exit->gpa,
			   exit->length, (unsigned long long)exit->data);
	case EXIT_INTERNAL:
		return say("INTERNAL_ERROR sub=%u", exit->code);
	case EXIT_RUN_ERROR:
		return say("KVM_RUN=-1 %s (ebx=0x%llx ecx_left=%llu)%s", exit->error,
			   (unsigned long long)exit->ebx, (unsigned long long)exit->ecx_left,
			   exit->memory_fault ? " MEMORY_FAULT" : "");
	case EXIT_UNKNOWN:
		return say("EXIT %u", exit->code);
	case EXIT_HLT:
		break;
	}
	return say("HLT");
}

/* The @n'th MMIO exit of the command in the model; "": there are fewer. */
static struct said mmio_said(const struct run *run, size_t n)
{
	for (size_t i = 0; i < arrlenu(run->notes); i++) {
		const struct note *note = &run->notes[i].note;

		if (note->kind != NOTE_EXIT || n--)
			continue;
		if (!strcmp(note->name, "MMIO-W"))
			return say("MMIO-W gpa=0x%llx len=4 data=0x%x",
				   (unsigned long long)note->hva, (u32)note->value);
		return say("%s gpa=0x%llx len=4", note->name, (unsigned long long)note->hva);
	}
	return say("%s", "");
}

/* Of the random loops, and of a fetch, it does not print that there were more. */
static bool says_more(const struct run *run)
{
	const char *verb = run->command->nr_words ? run->command->words[0] : "";

	return !strcmp(verb, "gread") || !strcmp(verb, "gwrite") || !strcmp(verb, "grmw");
}

/* What an increment has read of a device's register, which nothing has told before, plus one */
static bool is_unread_register(struct run *run, const struct vcpu_exit *exit)
{
	gfn_t gfn = exit->gpa >> PAGE_SHIFT;
	int row = memslot_of_gfn(&run->vm->m, gfn);
	struct pt_leaf leaf;

	if (!run->says || run->main != EVENT_RMW || exit->kind != EXIT_MMIO_WRITE ||
	    row == NO_SLOT)
		return false;
	leaf = host_leaf(&run->vm->m, memslot_hva(&run->vm->m, row, gfn, false));
	return leaf.present && !page_is(&run->vm->m, pt_pfn(leaf.entry), PG_VALID);
}

static void answer_exit(struct run *run, const struct vcpu_exit *exit, const char *model)
{
	struct said recorded = exit_said(exit);

	if (strcmp(recorded.text, model) && is_unread_register(run, exit))
		observe_unmodelled(run, CONFORM_EXIT, place_of_command(run), recorded.text,
				   "a device's register that has not been read or written before");
	else
		observe(run, CONFORM_EXIT, place_of_command(run), recorded.text, model);
}

static void answer_mmio(struct run *run)
{
	const struct answer *answer = &run->command->answer;
	struct place place = place_of_command(run);
	size_t n = 0;

	for (size_t i = 0; i < answer->nr_exits; i++) {
		if (!is_mmio(&answer->exits[i]))
			continue;
		if (answer->exits[i].kind == EXIT_MMIO_READ)
			take_input(run, place, "MMIO read answered with 0x%x", MMIO_ANSWER);
		answer_exit(run, &answer->exits[i], mmio_said(run, n++).text);
	}
	if (answer->more_mmio)
		observe(run, CONFORM_EXIT, place, "more MMIO exits",
			*mmio_said(run, PRINTED_EXITS).text ? "more MMIO exits" : "no more");
	else if (*mmio_said(run, n).text && (n < PRINTED_EXITS || says_more(run)))
		observe(run, CONFORM_EXIT, place, NULL, mmio_said(run, n).text);
}

/* How KVM_RUN came back for good. */
static struct said run_said(const struct run *run)
{
	const struct outcome *o = &run->outcome;

	if (!strcmp(o->word, "livelock"))
		return say("no end");
	if (!strcmp(o->word, "internal_error"))
		return say("INTERNAL_ERROR sub=1");
	if (!o->error)
		return say("HLT");
	if (!strcmp(o->word, "gp") || !strcmp(o->word, "ud"))
		return say("EXIT 8");	/* no handler: KVM_EXIT_SHUTDOWN */
	return say("KVM_RUN=-1 %s (ebx=0x%llx ecx_left=%llu)%s", errno_name(o->error),
		   (unsigned long long)o->stopped_at,
		   run->main == EVENT_EXEC ? 0ull : (unsigned long long)o->left,
		   strcmp(o->word, "memory_fault") ? "" : " MEMORY_FAULT");
}

/* A register of a device is nobody's memory. */
static bool is_register(struct run *run)
{
	const struct outcome *o = &run->outcome;

	bool reads = run->main == EVENT_READ || run->main == EVENT_HOST_READ ||
		     run->main == EVENT_CHILD_READ;

	return run->says && reads && o->pfn != NO_PFN &&
	       !page_is(&run->vm->m, o->pfn, PG_VALID);
}

/* What a page holds that is the allocator's, or somebody else's by now */
static bool is_freed(struct run *run)
{
	const struct outcome *o = &run->outcome;

	return run->says && o->has_value && run->main != EVENT_WRITE && o->pfn != NO_PFN &&
	       (page_is(&run->vm->m, o->pfn, PG_FREE) || page_is_taken(run, o->pfn)) && !o->error;
}

/* What nothing has told yet; from here on it reads so until it is written. */
static void learn_register(struct run *run, uint64_t value)
{
	const char *word = run->command->nr_words > 1 ? run->command->words[1] : "0";
	uint64_t at = script_number(word);

	take_input(run, place_of_command(run), "device register 0x%llx",
		   (unsigned long long)value);
	observe_unmodelled(run, CONFORM_VALUE, place_of_command(run),
			   say("0x%llx", (unsigned long long)value).text,
			   "a device's register that has not been read or written before");
	if (script_address(run->script, word, &at) || *word == '0')
		page_store(&run->vm->m, run->outcome.pfn, at, value);
}

static void answer_value(struct run *run, uint64_t value)
{
	struct place place = place_of_command(run);
	struct said recorded = say("0x%llx", (unsigned long long)value);

	if (!strcmp(script_word(run->command, 0), "grmw")) {	/* lock incl: eax is as it was */
		observe(run, CONFORM_VALUE, place, recorded.text,
			say("0x%llx", (unsigned long long)number(run->command, 2)).text);
		return;
	}
	if (is_freed(run) && run->outcome.value != value) {
		observe_unmodelled(run, CONFORM_VALUE, place, recorded.text,
				   "the page has been freed");
		return;
	}
	if (is_register(run) && (!run->outcome.has_value || !value ||
				 run->outcome.value != value)) {
		if (!run->trial)
			learn_register(run, value);
		return;
	}
	if (run->says && run->outcome.has_value &&
	    is_raced(run, run->outcome.pfn, value, run->outcome.value)) {
		observe_unmodelled(run, CONFORM_VALUE, place, recorded.text, RACED_VALUE);
		return;
	}
	observe(run, CONFORM_VALUE, place, recorded.text,
		run->outcome.has_value ? say("0x%x", run->outcome.value).text : "no value");
}

bool tries_until_alarm(const struct run *run)
{
	const struct answer *answer = &run->command->answer;

	return run->says && !strcmp(run->outcome.word, "retry") && answer->kind == ANSWER_VCPU &&
	       answer->nr_exits && answer->exits[answer->nr_exits - 1].timeout;
}

static void answer_vcpu(struct run *run)
{
	const struct answer *answer = &run->command->answer;
	struct place place = place_of_command(run);

	if (!run->trial)	/* its notes are still the vm's */
		answer_mmio(run);
	for (size_t i = 0; i < answer->nr_exits; i++) {
		const struct vcpu_exit *exit = &answer->exits[i];
		bool is_result = exit->kind == EXIT_HLT || exit->kind == EXIT_RUN_ERROR;

		if (is_mmio(exit))
			continue;
		observe(run, is_result ? CONFORM_RESULT : CONFORM_EXIT, place,
			exit_said(exit).text,
			tries_until_alarm(run) ? exit_said(exit).text : run_said(run).text);
		if (exit->kind == EXIT_HLT)
			answer_value(run, exit->eax);
	}
}

void answer_vcpu_text(struct run *run, const char *recorded)
{
	struct place place = place_of_command(run);
	const char *eax = strstr(recorded, " eax=");

	if (!eax) {
		observe(run, CONFORM_RESULT, place, recorded, run_said(run).text);
		return;
	}
	observe(run, CONFORM_RESULT, place, "HLT", run_said(run).text);
	answer_value(run, strtoull(eax + strlen(" eax="), NULL, 16));
}

/* "OK dirty=2: 0 7": the first few pages are listed */
static void answer_dirty_log(struct run *run)
{
	struct said pages = say("%s", ""), model;
	unsigned dirty = 0;

	for (size_t i = 0; i < arrlenu(run->notes); i++) {
		const struct note *note = &run->notes[i].note;

		if (note->kind != NOTE_STAT || strcmp(note->name, "dirty"))
			continue;
		dirty++;
		say_more(&pages, " %lld", (long long)note->value);
	}
	model = say("dirty=%u:", dirty);
	say_more(&model, "%s", pages.text);
	observe(run, CONFORM_DIRTY_LOG, place_of_command(run),
		say("%.160s", run->command->answer.rest).text, say("%.160s", model.text).text);
}

/* "lab info" is no event: it fails beyond the end of the object. */
static s32 error_of(const struct run *run)
{
	const struct command *c = run->command;
	uint64_t object;

	if (!run->says || strcmp(script_word(c, 0), "lab") || strcmp(script_word(c, 1), "info"))
		return run->outcome.error;
	object = number(c, 2) % MAX_OBJECTS;
	return number(c, 3) < run->vm->w.object[object].pages ? 0 : -22;
}

static void answer_result(struct run *run)
{
	const struct answer *answer = &run->command->answer;

	observe(run, CONFORM_RESULT, place_of_command(run), answer->error,
		errno_name(error_of(run)));
	if (run->main == EVENT_DIRTY_LOG)
		answer_dirty_log(run);
	if (run->main == EVENT_PREFAULT)
		observe(run, CONFORM_RESULT, place_of_command(run), answer->rest,
			say("gpa=0x%llx left=0x%llx", (unsigned long long)run->outcome.stopped_at,
			    (unsigned long long)run->outcome.left).text);
	if (run->main == EVENT_REPOINT && answer->has_pfn && run->outcome.pfn != NO_PFN) {
		frames_bind(&run->frames, answer->pfn, run->outcome.pfn);
		observe(run, CONFORM_PAGE, place_of_command(run),
			say("pfn=0x%llx", (unsigned long long)answer->pfn).text,
			say("pfn=%s", frame_said(&run->frames, run->outcome.pfn).text).text);
	}
}

/* The PTE says so, or the page that the file has there. */
static bool is_poisoned(struct machine *m, const struct vma *vma, hva_t hva)
{
	pfn_t pfn = vma->kind == VMA_FILE ? cache_page(m, vma->object, vma_page_index(vma, hva)) :
					    NO_PFN;
	struct pt_leaf leaf = host_leaf(m, hva & PAGE_MASK);

	return swap_is_poisoned(m, &leaf) ||
	       (pfn != NO_PFN && page_is(m, pfn, PG_HWPOISON));
}

/* do_user_addr_fault(): no VMA, no permission, or the driver said no */
static struct said signal_said(struct run *run, hva_t hva)
{
	struct vma *vma = vma_find(&run->vm->m, hva);
	bool write = run->main == EVENT_HOST_WRITE;
	bool permitted = vma && (vma->flags & (write ? VM_WRITE : VM_READ | VM_WRITE | VM_EXEC));
	bool poisoned = vma && is_poisoned(&run->vm->m, vma, hva);	/* BUS_MCEERR_AR */

	return say("HOST-%s code=%d addr=0x%llx", permitted ? "SIGBUS" : "SIGSEGV",
		   !vma ? 1 : permitted && poisoned ? 4 : 2, (unsigned long long)hva);
}

static bool has_signal(const struct run *run)
{
	return run->says && (!strcmp(run->outcome.word, "sigsegv") ||
			     !strcmp(run->outcome.word, "sigbus"));
}

/* What such a command prints is not about the VM; "maps" prints facts below itself. */
static bool is_input(const struct command *command)
{
	static const char *const words[] = { "sysr", "checkcap", "maps", "sh", "join" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (command->nr_words && !strcmp(command->words[0], words[i]))
			return true;
	return false;
}

/* userfault_msg(): what the access that has not ended asks for */
static struct said pending_said(const struct run *run)
{
	const struct host_fault *host;

	for (unsigned i = 0; run->outcome.blocked && i < MAX_TASKS; i++) {
		host = &run->vm->w.task[i].host;
		if (run->vm->m.task == i && host->waits)
			return say("PENDING addr=0x%llx%s%s",
				   (unsigned long long)(host->hva & PAGE_MASK),
				   host->write ? " write" : "",
				   host->userfault == USERFAULT_WP ? " wp" :
				   host->userfault == USERFAULT_MINOR ? " minor" : "");
	}
	return say("%s", run->outcome.word);
}

/* How a thread stands that has not come to its command's end; NULL: that is not the answer. */
static const char *stopped_said(const struct run *run)
{
	const char *text = run->command->answer.result;

	if (!script_starts_thread(run->command))
		return NULL;
	if (!strcmp(text, "STOPPED"))
		return run->outcome.paused ? text : run->outcome.word;
	if (!strcmp(text, "WAITS"))
		return run->outcome.blocked ? text : run->outcome.word;
	return strcmp(text, "OVER") ? NULL : strcmp(run->outcome.word, "finished") ?
	       run->outcome.word : text;
}

/* move_pages(): how many have stayed; without a page for the next one, -ENOMEM */
static struct said moved_said(const struct page_op *op)
{
	return op->error == -ENOMEM ? say("rc=-1") : say("rc=%llu", (unsigned long long)op->left);
}

static void answer_other(struct run *run)
{
	const char *text = run->command->answer.result;
	struct place place = place_of_command(run);

	if (!strncmp(text, "HOST-", 5)) {
		observe(run, CONFORM_SIGNAL, place, text,
			has_signal(run) ? signal_said(run, run->outcome.stopped_at).text : NULL);
	} else if (run->command->nr_words && !strcmp(run->command->words[0], "kvm")) {
		conform_lookup(run);
	} else if (run->says && (!strcmp(text, "child:ok") || !strcmp(text, "child:"))) {
		observe(run, CONFORM_RESULT, place, text,
			strcmp(run->outcome.word, "ok") ? "child:" : "child:ok");
	} else if (run->says && run->main == EVENT_MIGRATE && !strncmp(text, "rc=", 3)) {
		take_input(run, place, "%s", text);	/* of the first page, its node */
		observe(run, CONFORM_RESULT, place, say("%.*s", (int)strcspn(text, " "), text).text,
			moved_said(&run->vm->w.task[run->vm->m.task].pages).text);
	} else if (run->says && run->scheduled && !strcmp(run->command->words[0], "par")) {
		actors_answer(run);
	} else if (run->says && stopped_said(run)) {
		observe(run, CONFORM_RESULT, place, text, stopped_said(run));
		if (!strcmp(text, "WAITS"))
			lose(run, "what waits goes on by itself as soon as it may");
	} else if (run->says && !strncmp(text, "PENDING", 7)) {
		observe(run, CONFORM_RESULT, place, text, pending_said(run).text);
	} else if (conform_look(run)) {
		return;
	} else if (run->says && is_input(run->command)) {
		take_input(run, place, "%s", text);
	} else {
		observe_unmodelled(run, CONFORM_RESULT, place, text,
				   "an answer that the model has not got");
	}
}

void conform_answer(struct run *run)
{
	const struct answer *answer = &run->command->answer;

	if (run->says && (script_is_refused(run->command) ||
			  script_opens_window(run->command))) {
		take_input(run, place_of_command(run), "%s", answer->result);
		return;
	}
	switch (answer->kind) {
	case ANSWER_OK:
	case ANSWER_ERRNO:
		answer_result(run);
		if (run->main == EVENT_HOST_WRITE && has_signal(run))
			observe(run, CONFORM_SIGNAL, place_of_command(run), NULL,
				signal_said(run, run->outcome.stopped_at).text);
		break;
	case ANSWER_VCPU:
		answer_vcpu(run);
		break;
	case ANSWER_VALUE:
		answer_value(run, answer->value);
		break;
	case ANSWER_PAGE:
		if (!conform_look(run))
			look_at_object(run);
		break;
	case ANSWER_OTHER:
		answer_other(run);
		break;
	}
}

/* Where threads act, their order decides of these; whatever else is answered, of notes. */
bool answer_would_agree(struct run *run)
{
	const struct answer *answer = &run->command->answer;
	bool says = run->says;

	if (answer->kind == ANSWER_OTHER ? strncmp(answer->result, "HOST-", 5) :
	    answer->kind != ANSWER_VCPU && answer->kind != ANSWER_VALUE &&
	    run->main != EVENT_HOST_WRITE)
		return true;
	run->trial = run->says = true;
	run->trial_differs = 0;
	conform_answer(run);
	run->trial = false;
	run->says = says;
	return !run->trial_differs;
}

bool vcpu_would_agree(struct run *run, const char *recorded)
{
	bool says = run->says;

	run->trial = run->says = true;
	run->trial_differs = 0;
	answer_vcpu_text(run, recorded);
	run->trial = false;
	run->says = says;
	return !run->trial_differs;
}
