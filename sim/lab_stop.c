/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_stop.c: events that stop before a step, or wait for others, as commands in threads.
 *
 * Where the lab can stop is in a table of its module (tools/lab/guest/driver/stop.c), by the names
 * of the model's steps; a kernel without the function says so when it is asked.
 */
#include "sim/lab_internal.h"

#include <stdio.h>
#include <string.h>

#include <stb/stb_ds.h>

/* tests/test_lab.py holds the module's table against this. */
static const char *const steps[] = {
	"clear_ptes", "emulate_access", "end_update", "find_mapping", "follow_pte_again",
	"gpc_install", "install_file_page", "lock_batch", "lock_mmu", "move_page",
	"note_readers", "precheck_retry_again", "snapshot_seq", "uffd_change", "unmap_hole",
	"zap_all_fast",
};

static bool is_known(const char *step)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (!strcmp(steps[i], step))
			return true;
	return false;
}

static bool is_access(const struct event *e)
{
	return e->id >= EVENT_READ && e->id <= EVENT_EXEC;
}

/* The last "resume" of @e; NULL: there is none */
static const struct event *last_resume(const struct lab *lab, const struct event *e)
{
	const struct event *end = lab->events + lab->nr_events, *last = NULL;

	for (const struct event *other = e + 1; e->label && other < end; other++)
		if (other->id == EVENT_RESUME && !strcmp(other->name, e->label))
			last = other;
	return last;
}

static bool needs_thread(const struct lab *lab, const struct event *e)
{
	return e->id != EVENT_RESUME && (e->until || last_resume(lab, e));
}

/* Is an access of @e's vCPU still to be resumed? KVM_RUN of both at once there is not. */
static bool vcpu_is_busy(const struct lab *lab, const struct event *e)
{
	for (const struct event *other = lab->events; is_access(e) && other < e; other++)
		if (is_access(other) && other->vcpu == e->vcpu && needs_thread(lab, other) &&
		    (!last_resume(lab, other) || last_resume(lab, other) > e))
			return true;
	return false;
}

/* A memslot that goes is swapped twice, and the lab would stop at the first of them. */
static bool stops_too_early(const struct event *e)
{
	return e->id == EVENT_MEMSLOT_DELETE && e->until &&
	       (!strcmp(e->until, "note_readers") || !strcmp(e->until, "end_update"));
}

const char *lab_refuses_stop(struct lab *lab, const struct event *e)
{
	if (e->until && !is_known(e->until)) {
		snprintf(lab->why, sizeof(lab->why), "the lab cannot stop before %s", e->until);
		return lab->why;
	}
	if (stops_too_early(e))
		return "the lab stops where the memslot becomes invalid, before that";
	if (needs_thread(lab, e) && (e->id == EVENT_MMAP || e->id == EVENT_FORK))
		return "the lab maps memory and forks in its main thread";
	if (vcpu_is_busy(lab, e)) {
		snprintf(lab->why, sizeof(lab->why),
			 "the lab's vCPU %llu has an access that is not over",
			 (unsigned long long)e->vcpu);
		return lab->why;
	}
	return NULL;
}

void lab_in_thread(struct lab *lab, const struct event *e)
{
	size_t at = arrlenu(lab->text);
	char word[160];
	int n;

	if (!needs_thread(lab, e) || !at)
		return;
	n = snprintf(word, sizeof(word), "start %s %s%s%s", e->label, e->until ? "until=" : "",
		     e->until ? e->until : "", e->until ? " " : "");
	for (at--; at && lab->text[at - 1] != '\n'; at--)
		;
	for (int i = 0; i < n; i++)
		arrins(lab->text, at + i, word[i]);
}

const char *lab_resume(struct lab *lab, const struct event *e)
{
	lab_say(lab, "resume %s%s%s", e->name, e->until ? " until=" : "",
		e->until ? e->until : "");
	return NULL;
}
