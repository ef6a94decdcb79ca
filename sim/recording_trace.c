// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_trace.c: NAME.trace, the text of ftrace's "trace" file.
 *
 *	# entries-in-buffer/entries-written: 152/152   #P:1
 *	     labvmm-63      [000] .....     2.423966: tracing_mark_write: ### 1 lab alloc 0 nc 3
 *	TASK-PID         (TGID)  [CPU] FLAGS     TIME: NAME: BODY
 *	CPU:0 [LOST 12 EVENTS]
 *
 * The VMM writes "### N COMMAND" before a command and "=== N => RESULT" (or "=== child ANSWER")
 * after it; what lies between the two belongs to the command, and nothing else is kept: after
 * "===" the VMM looks at what it watches, which makes events too.  "### later" and "=== later"
 * are of its second thread, and events like any other.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/recording_internal.h"

#define FLAGS_MIN	4
#define FLAGS_MAX	8
#define MARK_MAX	599

#define SP_FORM		"sp gen %gen gfn %gfn l%level %gpte_size-byte q%quadrant[ direct] %access" \
			"[ invalid] %nxe %ad root %root_count %sync[ %created]"

/*
 * What the bodies of events say.  The language of forms is in recording_fields.c.  Numbers are
 * as the kernel printed them: gfn, pfn and *spte of KVM's own events are hexadecimal without 0x.
 *
 * Linux: include/trace/events/kvm.h, arch/x86/kvm/trace.h, arch/x86/kvm/mmu/mmutrace.h,
 * include/trace/events/page_ref.h; the rp_, kp_ and race_window lines are the lab module's.
 */
static const struct { const char *event, *form; } forms[] = {
	{ "kvm_page_fault", "vcpu %vcpu rip %rip address %address error_code %error_code" },
	{ "fast_page_fault", "vcpu %vcpu gva %gva error_code %error_code sptep %sptep old %old "
			     "new %new spurious %spurious fixed %fixed" },
	{ "kvm_mmu_spte_requested", "gfn %gfn pfn %pfn level %level[ access %access]" },
	{ "kvm_mmu_set_spte", "gfn %gfn spte %spte (%access) level %level at %at" },
	{ "kvm_tdp_mmu_spte_changed", "as id %as_id gfn %gfn level %level old_spte %old_spte "
				      "new_spte %new_spte" },
	{ "kvm_mmu_get_page", SP_FORM },
	{ "kvm_mmu_prepare_zap_page", SP_FORM },
	{ "kvm_mmu_split_huge_page", "gfn %gfn spte %spte level %level errno %errno" },
	{ "kvm_mmu_zap_all_fast", "kvm-mmu-valid-gen %valid_gen used_pages %used_pages" },
	{ "kvm_mmu_pagetable_walk", "addr %address pferr %error_code %flags" },
	{ "kvm_mmu_paging_element", "pte %pte level %level" },
	{ "mark_mmio_spte", "sptep:%sptep gfn %gfn access %access gen %gen" },
	{ "check_mmio_spte", "spte %spte kvm_gen %kvm_gen spte-gen %spte_gen valid %valid" },
	{ "kvm_unmap_hva_range", "mmu notifier unmap range: %start -- %end" },
	{ "kvm_set_spte_hva", "mmu notifier set pte hva: %start" },
	{ "kvm_age_hva", "mmu notifier age hva: %start -- %end" },
	{ "kvm_test_age_hva", "mmu notifier test age hva: %start" },
	{ "kvm_userspace_exit", "reason %reason (%code)" },
	{ "kvm_mmio", "mmio %what len %len gpa %gpa val %val" },
	{ "kvm_emulate_insn", "%cs_base:%rip:%bytes (%mode)[ failed]" },
	{ "ksm_merge_with_ksm_page", "[ksm ]pfn %pfn rmap_item %rmap_item mm %mm error %error" },
	{ "ksm_remove_ksm_page", "pfn %pfn" },
	{ "ksm_remove_rmap_item", "pfn %pfn rmap_item %rmap_item mm %mm" },
	{ "ksm_start_scan", "seq %seq rmap size %rmap_size" },
	{ "ksm_stop_scan", "seq %seq rmap size %rmap_size" },
	{ "ksm_enter", "mm %mm" },
	{ "tracing_mark_write", "%text" },
	{ "race_window", "race window %ms ms: pfn=%pfn ref %ref -> %ref_after headref %headref -> "
			 "%headref_after map %map -> %map_after" },
	{ "rp_hva_to_pfn", "@call" },
	{ "rp_faultin", "@call" },
	{ "kp_kvm_release_page_clean", "@call" },
	{ "kp_kvm_release_page_dirty", "@call" },
	{ "kp_kvm_release_pfn_clean", "@call" },
	{ "kp_kvm_release_pfn_dirty", "@call" },
	{ "kp_kvm_set_page_accessed", "@call" },
	{ "kp_kvm_set_page_dirty", "@call" },
	{ "kp_kvm_set_pfn_accessed", "@call" },
	{ "kp_kvm_set_pfn_dirty", "@call" },
	/*
	 * @values, as every event that is not above.  page_ref_*: pfn, flags, count, mapcount,
	 * mapping, mt, val, ret; mm_page_*: page, pfn, order, ...; kprobes: function, caller, and
	 * start, end, flags, event (inv_start, inv_end, clear_flush_young), addr, pte
	 * (change_pte), old, new, change (set_memslot), ret (all *_ret) and so on.
	 */
};

static const char *form_of(const char *event)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!strcmp(forms[i].event, event))
			return forms[i].form;
	return "@values";
}

/* "[000] " of the CPU column, which "-PID" stands before; NULL if there is none. */
static char *find_cpu(char *line)
{
	for (char *at = strchr(line, '['); at; at = strchr(at + 1, '[')) {
		size_t digits = strspn(at + 1, "0123456789");

		if (digits && at[1 + digits] == ']' && at[2 + digits] == ' ' && at > line &&
		    at[-1] == ' ')
			return at;
	}
	return NULL;
}

/* "TASK-PID" or "TASK-PID (TGID)" between @line and @end, which is cut up. */
static bool task_read(const struct text *text, char *end, struct trace_event *event)
{
	struct cursor cursor;
	char *task = text->line + strspn(text->line, " "), *dash;

	while (end > task && end[-1] == ' ')
		end--;
	if (end > task && end[-1] == ')') {
		while (end > task && *--end != '(')
			;
		while (end > task && end[-1] == ' ')
			end--;
	}
	dash = end;
	while (dash > task && *--dash != '-')
		;
	cursor = cursor_at(text, dash);
	if (dash == task || !cursor_want(&cursor, "-") || !cursor_int(&cursor, &event->pid) ||
	    cursor.at != end) {
		cursor = cursor_at(text, task);
		return cursor_fail(&cursor, "expected TASK-PID");
	}
	*dash = '\0';
	event->task = task;
	return true;
}

static bool time_read(struct cursor *cursor, double *time)
{
	struct cursor fraction;
	uint64_t seconds, digits;

	if (!cursor_u64(cursor, &seconds) || !cursor_want(cursor, "."))
		return false;
	fraction = *cursor;
	if (!cursor_u64(cursor, &digits))
		return false;
	*time = digits;
	for (; fraction.at < cursor->at; fraction.at++)
		*time /= 10;
	*time += seconds;
	return cursor_want(cursor, ": ");
}

/* "TASK-PID [CPU] FLAGS TIME: NAME: BODY" */
static bool event_read(const struct text *text, struct trace_event *event)
{
	struct cursor cursor = cursor_at(text, text->line);
	char *cpu = find_cpu(text->line), *colon;
	size_t flags;

	if (!cpu)
		return cursor_fail(&cursor, "expected TASK-PID [CPU] FLAGS TIME: NAME: BODY");
	event->line = text->number;
	cursor.at = cpu + 1;
	if (!cursor_int(&cursor, &event->cpu) || !cursor_want(&cursor, "] "))
		return false;
	flags = strcspn(cursor.at, " ");
	if (flags < FLAGS_MIN || flags > FLAGS_MAX || !cursor.at[flags])
		return cursor_fail(&cursor, "expected from %d to %d flags and a time", FLAGS_MIN,
				   FLAGS_MAX);
	cursor.at += flags;
	cursor.at += strspn(cursor.at, " ");
	if (!time_read(&cursor, &event->time))
		return false;
	colon = strchr(cursor.at, ':');
	if (!colon || colon == cursor.at || (colon[1] && colon[1] != ' '))
		return cursor_fail(&cursor, "expected the event's \"NAME: \"");
	if (!task_read(text, cpu, event))
		return false;
	*colon = '\0';
	event->name = cursor.at;
	event->body = colon[1] ? colon + 2 : colon + 1;
	return true;
}

/* What came since the last command: other threads went on. */
static void keep_after(struct reader *reader)
{
	struct recording *recording = reader->recording;

	if (!reader->before && reader->last_mark)
		return;
	if (!reader->before) {
		recording->nr_early = reader->events.n;
		recording->early = vec_take(&reader->events, &reader->arena);
		return;
	}
	reader->before->nr_after = reader->events.n;
	reader->before->after = vec_take(&reader->events, &reader->arena);
	reader->before = NULL;
}

/* "### N COMMAND" */
static bool begin_mark(struct reader *reader, struct cursor *cursor,
		       const struct trace_event *mark)
{
	struct recording *recording = reader->recording;
	struct cursor start = *cursor;
	struct command *command;
	unsigned number;

	if (!cursor_unsigned(cursor, &number) || !cursor_want(cursor, " "))
		return false;
	if (number <= reader->last_mark)
		return cursor_fail(&start, "command %u after command %u; expected one VM run "
				   "in a file", number, reader->last_mark);
	if (!number || (number > recording->nr_commands && recording->complete))
		return cursor_fail(&start, "command %u; expected one of the %zu of %s.out", number,
				   recording->nr_commands, recording->path);
	keep_after(reader);
	reader->last_mark = number;
	reader->events.n = 0;
	reader->current = NULL;
	if (number > recording->nr_commands)
		return true;	/* the one during which the guest died */
	command = &recording->commands[number - 1];
	if (strcmp(cursor->at, command->text))
		return cursor_fail(cursor, "expected \"%.200s\", line %u of %s.out",
				   command->text, command->line, recording->path);
	command->begin = *mark;
	reader->current = command;
	return true;
}

/* Is what the mark in @cursor says @result?  The VMM cuts a mark at MARK_MAX bytes. */
static bool same_result(const struct cursor *cursor, const char *result)
{
	size_t length = strlen(cursor->at);

	return !strcmp(cursor->at, result) ||
	       (length >= MARK_MAX - strlen("=== 99999 => ") &&
		!strncmp(cursor->at, result, length));
}

/* "=== N => RESULT" or "=== child RESULT": the command is over. */
static bool end_mark(struct reader *reader, struct cursor *cursor,
		     const struct trace_event *mark)
{
	const struct recording *recording = reader->recording;
	struct command *command = reader->current;
	struct cursor start = *cursor;
	const char *result = command ? command->answer.result : "";
	unsigned number;

	if (cursor_skip(cursor, "child ")) {
		result += strncmp(result, "child:", 6) ? 0 : 6;
	} else {
		if (!cursor_unsigned(cursor, &number) || !cursor_want(cursor, " => "))
			return false;
		if (number > reader->last_mark && reader->last_mark && !recording->trace_cut)
			return cursor_fail(&start, "the end of command %u, but the last to "
					   "begin was %u", number, reader->last_mark);
		if (!command || number != command->number)
			return true;	/* its begin was cut off */
	}
	if (!command)
		return true;
	if (*result && !same_result(cursor, result))
		return cursor_fail(cursor, "expected \"%.200s\", line %u of %s.out", result,
				   command->line, recording->path);
	command->end = *mark;
	command->traced = true;
	command->nr_events = reader->events.n;
	command->events = vec_take(&reader->events, &reader->arena);
	reader->current = NULL;
	reader->before = command;
	return true;
}

static bool is_later(const char *body)
{
	return !strncmp(body + strlen("### "), "later ", strlen("later "));
}

static bool event_line(struct reader *reader)
{
	const struct text *text = &reader->text;
	struct trace_event event = { .line = text->number };
	struct cursor cursor;

	if (!event_read(text, &event))
		return false;
	if (!strcmp(event.name, "tracing_mark_write")) {
		cursor = cursor_at(text, (char *)event.body);
		if (cursor_skip(&cursor, "### ") && !is_later(event.body)) {
			reader->recording->pid = event.pid;
			return begin_mark(reader, &cursor, &event);
		}
		if (cursor_skip(&cursor, "=== ") && !is_later(event.body))
			return end_mark(reader, &cursor, &event);
	}
	if (!reader->current && !reader->before && reader->last_mark) {
		reader->recording->nr_unkept++;
		return true;
	}
	fields_read(reader, form_of(event.name), &event);
	*(struct trace_event *)vec_push(&reader->events) = event;
	return true;
}

/* "# entries-in-buffer/entries-written: 152/152   #P:1", the only '#' line that matters */
static bool header_line(struct reader *reader, struct cursor *cursor)
{
	uint64_t in_buffer, written;
	const char *cpus;

	if (!cursor_skip(cursor, "# entries-in-buffer/entries-written: "))
		return true;
	if (!cursor_u64(cursor, &in_buffer) || !cursor_want(cursor, "/") ||
	    !cursor_u64(cursor, &written))
		return false;
	cpus = strstr(cursor->at, "#P:");
	if (cpus)
		reader->recording->nr_cpus = strtoul(cpus + strlen("#P:"), NULL, 10);
	if (in_buffer != written)
		reader->recording->trace_cut = true;
	return true;
}

static bool trace_line(struct reader *reader)
{
	struct cursor cursor = cursor_at(&reader->text, reader->text.line);

	if (*cursor.at == '#')
		return header_line(reader, &cursor);
	if (!strncmp(cursor.at, "CPU:", 4) && strstr(cursor.at, " [LOST ")) {
		reader->recording->trace_cut = true;
		return true;
	}
	return event_line(reader);
}

bool trace_read(struct reader *reader, const char *path)
{
	struct recording *recording = reader->recording;
	struct text *text = &reader->text;

	if (!text_load(reader, path, NULL))
		return false;
	while (text_line(text)) {
		if (text->unfinished)
			return text_truncated(text);
		if (!trace_line(reader))
			return false;
	}
	keep_after(reader);
	for (size_t i = 0; i < recording->nr_commands; i++)
		if (!recording->commands[i].traced)
			recording->trace_cut = true;
	recording->has_trace = true;
	return true;
}
