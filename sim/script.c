/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/script_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"


static char *out_name(const struct recording *recording)
{
	size_t length = strlen(recording->path);
	char *name = malloc(length + sizeof(".out"));

	if (!name)
		abort();
	memcpy(name, recording->path, length);
	memcpy(name + length, ".out", sizeof(".out"));
	return name;
}

struct script *script_new(const struct recording *recording)
{
	struct script *script = calloc(1, sizeof(*script));

	if (!script)
		abort();
	script->recording = recording;
	script->autodrain = true;
	script->file = out_name(recording);
	return script;
}

void script_free(struct script *script)
{
	if (!script)
		return;
	for (size_t i = 0; i < MAX_FILES; i++)
		free(script->name[i]);
	hmfree(script->ksm_frame);
	free(script->events);
	free(script->found);
	free(script->file);
	free(script);
}

uint64_t script_number(const char *word)
{
	char *end;
	uint64_t value = strtoull(word, &end, 0);

	switch (*end) {
	case 'K':
	case 'k':
		return value << 10;
	case 'M':
	case 'm':
		return value << 20;
	case 'G':
	case 'g':
		return value << 30;
	default:
		return value;
	}
}

const char *script_option(const struct command *command, const char *key)
{
	size_t length = strlen(key);

	for (size_t i = 0; i < command->nr_words; i++)
		if (!strncmp(command->words[i], key, length)) {
			if (command->words[i][length] == '=')
				return command->words[i] + length + 1;
			if (!command->words[i][length])
				return "1";
		}
	return NULL;
}

bool script_address(const struct script *script, const char *word, uint64_t *hva)
{
	size_t length = strcspn(word, "+");

	if (*word >= '0' && *word <= '9') {
		*hva = script_number(word);
		return true;
	}
	for (size_t i = 0; i < script->nr_regions; i++)
		if (strlen(script->region[i].name) == length &&
		    !strncmp(script->region[i].name, word, length)) {
			*hva = script->region[i].base +
			       (word[length] ? script_number(word + length + 1) : 0);
			return true;
		}
	return false;
}

bool script_drains(const struct script *script)
{
	return script->watches && script->autodrain;
}

/* ---- building events ---- */

struct event *script_add(struct script *s, const struct command *c, enum event_id id)
{
	struct event *e;

	if (s->nr_events == s->room) {
		s->room = s->room ? 2 * s->room : 8;
		s->events = realloc(s->events, s->room * sizeof(*s->events));
		if (!s->events)
			abort();
	}
	e = &s->events[s->nr_events++];
	*e = (struct event){ .id = id, .number = c->number, .file = s->file,
			     .line = c->line, .op = c->text, .pfn = NO_PFN, .count = 1,
			     .stride = 4096 };
	return e;
}

const char *script_word(const struct command *c, size_t i)
{
	return i < c->nr_words ? c->words[i] : "0";
}

bool script_shows_log(const struct command *c)
{
	return !strcmp(script_word(c, 0), "sh") && strstr(c->text, "dmesg") &&
	       !strchr(c->text, '>') && !strstr(c->text, "dmesg -");
}

/* The lab's race parameters only open the window that "later" uses. */
bool script_opens_window(const struct command *c)
{
	return !strcmp(script_word(c, 0), "sysw") &&
	       strstr(script_word(c, 1), "labdrv/parameters/race_");
}

/*
 * A recorder without this command, or a kernel without this ioctl, does nothing; nor is there
 * anything to write to without a file, or with one that was opened for reading (EBADF).
 */
bool script_is_refused(const struct command *c)
{
	static const char *const optional[] = { "xen", "gmemslot", "private", "gpunch",
						"punch", "fwrite", "truncate" };
	const char *result = c->answer.result;

	if (!strcmp(result, "UNKNOWN") || !strncmp(result, "SET_SREGS(", 10))	/* no SVM */
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
		if (!strcmp(script_word(c, 0), optional[i]))
			return strstr(result, "ENOTTY") || strstr(result, "errno9");
	return !strcmp(script_word(c, 0), "kvm") && !strcmp(result, "n/a");
}

/* Does it come to hva_to_pfn(), so that the window may open? Backgrounds: accesses alone. */
static bool looks_up(const struct script *s, const struct event *e)
{
	if (e->id >= EVENT_READ && e->id <= EVENT_RMW)
		return true;
	return s->nr_later && (e->id == EVENT_GPC || e->id == EVENT_LOOKUP || e->id == EVENT_MAP);
}

static void find_meanwhile(struct script *s, const struct command *c, struct script_events *out)
{
	if (script_opens_window(c) && strcmp(c->answer.result, "OK"))
		s->has_no_window = true;
	if (script_opens_window(c) || script_shows_log(c)) {
		script_add(s, c, EVENT_NOTHING);
		out->verdict = SCRIPT_LOOKS;
		out->why = NULL;
	}
	if (out->verdict != SCRIPT_EVENTS || s->nr_events != 1 || !looks_up(s, &s->events[0]))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(s->background); i++)
		if (s->background[i].op)
			out->meanwhile = &s->background[i];
	out->nr_meanwhile = !!out->meanwhile;
	if (out->meanwhile) {
		out->verdict = SCRIPT_OVERLAP;
	} else if (s->nr_later && !s->has_no_window) {
		out->meanwhile = s->later;
		out->nr_meanwhile = s->nr_later;
		out->meanwhile_known = true;
	}
}

const struct event *script_loop(const struct script *script, size_t i)
{
	return i < ARRAY_SIZE(script->background) && script->background[i].op ?
	       &script->background[i] : NULL;
}

bool script_has_threads(const struct script *script)
{
	bool any = script->nr_later;

	for (size_t i = 0; i < ARRAY_SIZE(script->background); i++)
		any |= script->background[i].op != NULL;
	return any;
}

void script_window_used(struct script *script)
{
	script->nr_later = 0;
}

/* The last one, but for what is put back behind it. */
static size_t main_event(const struct script *script)
{
	size_t n = script->nr_events;

	while (n > 1 && (script->events[n - 1].id == EVENT_RESET_MMU ||
			 script->events[n - 1].id == EVENT_CHILD_EXIT))
		n--;
	return n ? n - 1 : 0;
}

struct script_events script_command(struct script *script, const struct command *command)
{
	struct script_events out = { .verdict = SCRIPT_UNMODELLED,
				     .why = "this command is not modelled" };
	const struct script_row *row = script_row(script_word(command, 0));
	bool refused = script_is_refused(command);

	script->nr_events = 0;
	script->overlaps = false;
	if (refused) {
		script_add(script, command, EVENT_NOTHING);
		out.why = NULL;
	} else if (row) {
		out.why = row->run(script, command);
	}
	if (!out.why)
		out.verdict = refused || row->looks ? SCRIPT_LOOKS :
			      script->overlaps ? SCRIPT_OVERLAP : SCRIPT_EVENTS;
	find_meanwhile(script, command, &out);
	out.main = main_event(script);
	if (out.verdict != SCRIPT_UNMODELLED && !out.meanwhile)
		script_daemons(script, command);
	out.events = script->events;
	out.nr_events = script->nr_events;
	return out;
}

/* ---- the VM before the first command ---- */

/* CONFIG_MEM_SOFT_DIRTY: Debian's kernels have it, the plain 6.8 has not. */
static bool has_soft_dirty(const struct recording *recording)
{
	return strstr(recording->uname, "-cloud-amd64");
}

/* As the cloud kernels of Debian 12 were configured */
static bool lacks_memory_failure(const struct recording *recording)
{
	return !strncmp(recording->uname, "6.1.", 4);
}

/* The driver that the recordings were made with has a huge_fault() from 6.12 on. */
static bool lacks_huge_fault(const struct recording *recording)
{
	unsigned version, level;

	return sscanf(recording->uname, "%u.%u", &version, &level) == 2 &&
	       (version < 6 || (version == 6 && level < 12));
}

/* Of the recorder's own 6.8, whose split of a file's 2M fails before anything is unmapped */
static bool lacks_file_split(const struct recording *recording)
{
	return !strcmp(recording->uname, "6.8.0");
}

struct vm_config script_config(const struct recording *recording)
{
	return (struct vm_config){ .ept = recording->ept, .zero_pfn = NO_PFN,
				   .ad = !recording->ept || recording->ept_ad,
				   .mmu = recording->tdp_mmu ? MMU_TDP :
					  recording->tdp ? MMU_RMAP : MMU_SHADOW,
				   .first_frame = (pfn_t)1 << 28, .code_gpa = 0,
				   .lru_batch = true,
				   .private_mem = recording->private_mem,
				   .rmw_at_once = recording->nr_cpus > 1,
				   .no_huge_fault = lacks_huge_fault(recording),
				   .no_memory_failure = lacks_memory_failure(recording),
				   .no_file_split = lacks_file_split(recording),
				   .no_soft_dirty = !has_soft_dirty(recording) };
}

static void run(struct vm *vm, struct event event)
{
	struct outcome outcome;

	event.pfn = NO_PFN;
	event_run(vm, &event, &outcome, NULL);
}

void script_set_up(const struct recording *recording, struct vm *vm)
{
	run(vm, (struct event){ .id = EVENT_MMAP, .hva = CODE_HVA, .size = CODE_SIZE,
				.prot = VM_READ | VM_WRITE });
	for (uint64_t at = 0; at < CODE_SIZE; at += 4096)
		run(vm, (struct event){ .id = EVENT_HOST_WRITE, .hva = CODE_HVA + at,
					.value = at ? 0xf4f4f4f4 : 0xf4 });
	if (!script_code_waits_for_lru(recording))
		run(vm, (struct event){ .id = EVENT_DRAIN });
	run(vm, (struct event){ .id = EVENT_MEMSLOT, .hva = CODE_HVA, .size = CODE_SIZE });
	for (uint64_t vcpu = 0; vcpu < 2; vcpu++)
		run(vm, (struct event){ .id = EVENT_EXEC, .vcpu = vcpu, .count = 1 });
	vm_begin_event(vm, 0);
}
