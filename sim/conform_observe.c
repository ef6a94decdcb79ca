/* SPDX-License-Identifier: GPL-2.0-only */
/* conform_observe.c: an observation is two texts. What is compared, and how it is counted. */
#include "sim/conform_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <stb/stb_ds.h>

const char *const conform_verdicts[NR_CONFORM_VERDICTS] = {
	[CONFORM_AGREE] = "agree",
	[CONFORM_DIFFER] = "differ",
	[CONFORM_UNMODELLED] = "unmodelled",
};

const struct conform_kind_row conform_kinds[NR_CONFORM_KINDS] = {
	[CONFORM_RESULT] = { "result", "the answer of a command",
		"OK or the errno; of a vCPU: HLT, or KVM_RUN's errno and which access failed" },
	[CONFORM_VALUE] = { "value", "HLT eax=, hread",
		"the value, but for a register of a device" },
	[CONFORM_EXIT] = { "exit", "MMIO-R, MMIO-W, EXIT, INTERNAL_ERROR",
		"kind, GPA, length, data written; the first four of a command, and if more came" },
	[CONFORM_SIGNAL] = { "signal", "signal, HOST-SIGSEGV, HOST-SIGBUS",
		"kind, code and address" },
	[CONFORM_STAT] = { "stat", "stat: one counter each",
		"the delta; a counter that is not printed has not changed" },
	[CONFORM_HOST_PTE] = { "host-pte", "host: the entry",
		"level, present, W, A, D, special; none, PROTNONE, swap" },
	[CONFORM_PAGE] = { "page", "host, pinfo, lab info, pfninfo: the page",
		"the frame, ref, map, head, tail, order, headref, rsvd, NOPAGE" },
	[CONFORM_S2] = { "s2", "s2: the stage-2 entry",
		"level and every bit; the frame number must be that of the same page" },
	[CONFORM_FLAGS] = { "flags", "lab info: flags=, not of compound tails",
		"referenced, dirty, reserved" },
	[CONFORM_LOOKUP] = { "lookup", "kvm OP => ...",
		"result, page, counts while held and after, writable, async, refcounted, value" },
	[CONFORM_DIRTY_LOG] = { "dirty-log", "dirtylog: dirty=",
		"number and list of pages" },
	[CONFORM_VM_FLAGS] = { "vm-flags", "maps: VmFlags",
		"rd wr ex sh pf io mm" },
	[CONFORM_SPLAT] = { "splat", "WARNING, BUG, Oops of the kernel's log",
		"the function" },
	[CONFORM_END] = { "end", "the console's last lines, after the last answer",
		"BUG, oops, hang, Bad rss-counter; at which command, or at the VMM's exit" },
	[CONFORM_UNCHANGED] = { "unchanged", "every line that is as it was after the last command",
		"one observation a command: all of them are as they were in the model too" },
	[CONFORM_NOTIFY] = { "notify", "inv_start, inv_end, kvm_unmap_hva_range, change_pte, "
		"kvm_set_spte_hva", "order, range, event type; entry" },
	[CONFORM_SPTE] = { "spte", "kvm_tdp_mmu_spte_changed",
		"order, gfn, level, old and new value, frames as above" },
	[CONFORM_SET_SPTE] = { "set-spte", "kvm_mmu_set_spte", "order, gfn, level, value" },
	[CONFORM_GUP] = { "gup", "gup_fast_only, gup_unlocked, fixup_user_fault and their returns",
		"order, address, result" },
	[CONFORM_LOOKUP_PROBE] = { "lookup-probe", "rp_hva_to_pfn, rp_faultin",
		"order, address, arguments, result, writable, refcounted page, counts" },
	[CONFORM_RELEASE] = { "release", "kp_kvm_release_*, kp_kvm_set_*",
		"order, page, counts" },
	[CONFORM_PAGE_REF] = { "page-ref", "page_ref_* of the model's pages",
		"order, page, count, val, ret" },
};

struct said say(const char *format, ...)
{
	struct said said;
	va_list args;

	va_start(args, format);
	vsnprintf(said.text, sizeof(said.text), format, args);
	va_end(args);
	return said;
}

void say_more(struct said *said, const char *format, ...)
{
	size_t length = strlen(said->text);
	va_list args;

	va_start(args, format);
	vsnprintf(said->text + length, sizeof(said->text) - length, format, args);
	va_end(args);
}

struct place place_of_command(const struct run *run)
{
	return (struct place){ .file = run->file.out, .line = run->command->line };
}

static const char *keep(struct run *run, const char *text)
{
	return text ? arena_strndup(&run->out->arena, text, strlen(text)) : NULL;
}

static void add(struct run *run, struct conform_observation seen)
{
	struct conform *out = run->out;

	if (run->trial) {
		run->trial_differs += seen.verdict == CONFORM_DIFFER;
		return;
	}
	out->kind[seen.kind].of[seen.verdict]++;
	if (seen.verdict != CONFORM_DIFFER && !run->options->keep_all &&
	    !(seen.verdict == CONFORM_UNMODELLED && run->options->keep_unmodelled))
		return;
	seen.command = run->command ? run->command->number : 0;
	seen.recorded = keep(run, seen.recorded);
	seen.model = keep(run, seen.model);
	arrput(out->seen, seen);
}

void observe_unmodelled(struct run *run, enum conform_kind kind, struct place place,
			const char *recorded, const char *why)
{
	assert(run->out->lost || why);
	add(run, (struct conform_observation){ .kind = kind, .verdict = CONFORM_UNMODELLED,
					       .file = place.file, .line = place.line,
					       .recorded = recorded,
					       .why = run->out->lost ? run->out->lost : why });
}

static bool texts_agree(const char *recorded, const char *model)
{
	return recorded && model && !strcmp(recorded, model);
}

void observe(struct run *run, enum conform_kind kind, struct place place, const char *recorded,
	     const char *model)
{
	if (!run->says) {
		if (recorded)
			observe_unmodelled(run, kind, place, recorded, NULL);
		return;
	}
	add(run, (struct conform_observation){
			 .kind = kind, .file = place.file, .line = place.line,
			 .verdict = texts_agree(recorded, model) ? CONFORM_AGREE : CONFORM_DIFFER,
			 .recorded = recorded, .model = model });
}

/* Has @key another text than last time? */
static bool has_changed(struct run *run, const char *key, const char *text)
{
	ptrdiff_t i = shgeti(run->last, key);

	if (i >= 0 && !strcmp(run->last[i].value, text))
		return false;
	if (!run->last)
		sh_new_strdup(run->last);
	shput(run->last, key, arena_strndup(&run->out->arena, text, strlen(text)));
	return true;
}

/* What is watched, and the model does not say, though it follows the command */
static const char *why_no_fact(enum conform_kind kind)
{
	switch (kind) {
	case CONFORM_HOST_PTE:
		return "whoever reclaims may have aged it";
	case CONFORM_PAGE:
		return "the page is somebody else's by now";
	default:
		return "whose it is, the model does not know";
	}
}

void observe_fact(struct run *run, enum conform_kind kind, struct place place, const char *key,
		  const char *recorded, const char *model)
{
	observe_fact_or(run, kind, place, key, recorded, model, why_no_fact(kind));
}

void observe_fact_or(struct run *run, enum conform_kind kind, struct place place, const char *key,
		     const char *recorded, const char *model, const char *why)
{
	bool changed = has_changed(run, say("%s %s", conform_kinds[kind].name, key).text, recorded);

	if (model && actors_loop(run) && strcmp(recorded, model))
		model = NULL;	/* a loop has gone on since the command's end */
	if (changed && model) {
		observe(run, kind, place, recorded, model);
	} else if (changed) {
		observe_unmodelled(run, kind, place, recorded, why);
	} else if (!model) {
		if (run->same.verdict == CONFORM_AGREE)
			run->same.verdict = CONFORM_UNMODELLED;
	} else if (strcmp(recorded, model) && run->same.verdict != CONFORM_DIFFER) {
		run->same.verdict = CONFORM_DIFFER;
		run->same.place = place;
		run->same.recorded = keep(run, recorded);
		run->same.model = keep(run, model);
	}
}

void observe_unchanged(struct run *run)
{
	struct place place = place_of_command(run);

	if (!run->says || run->same.verdict == CONFORM_UNMODELLED)
		observe_unmodelled(run, CONFORM_UNCHANGED, place, "nothing else changed",
				   "among it is what is not modelled");
	else if (run->same.verdict == CONFORM_AGREE)
		observe(run, CONFORM_UNCHANGED, place, "nothing else changed",
			"nothing else changed");
	else
		observe(run, CONFORM_UNCHANGED, run->same.place, run->same.recorded,
			run->same.model);
}

void take_input(struct run *run, struct place place, const char *format, ...)
{
	char text[CONFORM_TEXT];
	va_list args;

	if (!run->options->keep_inputs || run->trial)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	arrput(run->out->inputs, ((struct conform_input){ .file = place.file, .line = place.line,
							  .text = keep(run, text) }));
}

void lose(struct run *run, const char *why)
{
	run->says = false;
	if (run->out->lost)
		return;
	run->out->lost = why;
	run->out->lost_line = run->command ? run->command->line : 0;
}

unsigned conform_count(const struct conform *conform, enum conform_verdict verdict)
{
	unsigned n = 0;

	for (size_t i = 0; i < NR_CONFORM_KINDS; i++)
		n += conform->kind[i].of[verdict];
	return n;
}

int conform_exit_code(const struct conform *conform)
{
	if (conform_count(conform, CONFORM_DIFFER))
		return 1;
	return conform->inconclusive ? 3 : 0;
}

void conform_free(struct conform *conform)
{
	arrfree(conform->seen);
	arrfree(conform->inputs);
	arena_free(&conform->arena);
}
