/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/lanes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/entry_words.h"
#include "sim/vm.h"

/* ---- who acts ---- */

static void add_lane(struct lanes *lanes, const struct log_step *step)
{
	struct lane *lane = &lanes->lane[lanes->nr_lanes];

	for (unsigned i = 0; i < lanes->nr_lanes; i++)
		if (lanes->lane[i].by == step->by &&
		    (step->by != BLAME_KVM || lanes->lane[i].vcpu == step->vcpu))
			return;
	if (lanes->nr_lanes == MAX_LANES)
		return;
	*lane = (struct lane){ .by = step->by, .vcpu = step->vcpu };
	if (step->by == BLAME_KVM)
		snprintf(lane->name, sizeof(lane->name), "vCPU %u", step->vcpu);
	else
		snprintf(lane->name, sizeof(lane->name), "%s", blame_name(step->by));
	lanes->nr_lanes++;
}

unsigned lane_of(const struct lanes *lanes, const struct run_step *step)
{
	unsigned i = 0;

	while (i + 1 < lanes->nr_lanes &&
	       (lanes->lane[i].by != step->step.by ||
		(step->step.by == BLAME_KVM && lanes->lane[i].vcpu != step->step.vcpu)))
		i++;
	return i;
}

/* ---- step beside step ---- */

const struct run_step *lanes_step(const struct lanes *lanes, size_t row, unsigned run)
{
	long step = run < lanes->nr_runs ? lanes->rows[row].step[run] : NO_STEP;

	return step == NO_STEP ? NULL : &lanes->run[run]->vm->log->steps[step];
}

static size_t notes_before(const struct replay_run *run, long step)
{
	return step > 0 ? run->vm->log->steps[step - 1].nr_notes : 0;
}

size_t lanes_notes(const struct lanes *lanes, size_t row, unsigned run, size_t *first)
{
	const struct run_step *step = lanes_step(lanes, row, run);

	if (!step)
		return 0;
	*first = notes_before(lanes->run[run], lanes->rows[row].step[run]);
	return step->nr_notes - *first;
}

size_t lanes_violations(const struct lanes *lanes, size_t row, unsigned run, size_t *first)
{
	const struct run_step *step = lanes_step(lanes, row, run);

	if (!step)
		return 0;
	*first = lanes->rows[row].step[run] ? step[-1].nr_violations : 0;
	return step->nr_violations - *first;
}

static bool is_same_step(const struct run_step *a, const struct run_step *b)
{
	return !strcmp(a->step.name, b->step.name) && a->path == b->path &&
	       a->step.by == b->step.by && a->step.vcpu == b->step.vcpu;
}

static size_t end_of_event(const struct replay_run *run, size_t from, unsigned event)
{
	size_t nr = arrlenu(run->vm->log->steps);

	while (from < nr && run->vm->log->steps[from].step.event == event)
		from++;
	return from;
}

/* What comes before the first event is set-up. */
static size_t begin_of_event(const struct replay_run *run, size_t from, unsigned event)
{
	size_t nr = arrlenu(run->vm->log->steps);

	while (from < nr && run->vm->log->steps[from].step.event < event)
		from++;
	return from;
}

static void add_row(struct lanes *lanes, size_t line, long a, long b)
{
	arrput(lanes->rows, ((struct lanes_row){ .line = line, .step = { a, b } }));
}

enum { MOST_ALIGNED = 2000 };	/* steps of an event; beyond that, pairs */

/* The longest common subsequence of both runs' steps of one event: a table of its lengths. */
static u16 *lengths(const struct run_step *a, size_t n, const struct run_step *b, size_t k)
{
	u16 *length = calloc((n + 1) * (k + 1), sizeof(*length));

	if (!length)
		abort();
	for (size_t i = n; i-- > 0; )
		for (size_t j = k; j-- > 0; ) {
			u16 down = length[(i + 1) * (k + 1) + j];
			u16 right = length[i * (k + 1) + j + 1];

			length[i * (k + 1) + j] = is_same_step(&a[i], &b[j]) ?
				1 + length[(i + 1) * (k + 1) + j + 1] :
				down > right ? down : right;
		}
	return length;
}

static void align(struct lanes *lanes, size_t line, size_t a, size_t a_end, size_t b, size_t b_end)
{
	const struct run_step *x = lanes->run[0]->vm->log->steps;
	const struct run_step *y = lanes->nr_runs > 1 ? lanes->run[1]->vm->log->steps : NULL;
	size_t n = a_end - a, k = b_end - b, width = k + 1, i = 0, j = 0;
	bool few = n <= MOST_ALIGNED && k <= MOST_ALIGNED;
	u16 *length = y && few ? lengths(x + a, n, y + b, k) : NULL;

	while (i < n || j < k) {
		bool both = i < n && j < k && is_same_step(&x[a + i], &y[b + j]);
		bool left = i < n && (j == k || !length ||
				      length[(i + 1) * width + j] >= length[i * width + j + 1]);

		add_row(lanes, line, both || left ? (long)(a + i) : NO_STEP,
			both || !left ? (long)(b + j) : NO_STEP);
		i += both || left;
		j += both || !left;
	}
	free(length);
}

/* ---- what is worth it ---- */

static bool is_event_of_interest(const struct lanes *lanes, size_t line)
{
	const struct replay *replay = lanes->replay;
	unsigned event = replay->line[line].number;
	bool breaks = false;

	for (unsigned r = 0; r < lanes->nr_runs; r++)
		breaks |= run_violations_at(lanes->run[r], event) > 0;
	return breaks || (lanes->nr_runs > 1 &&
			  !same_outcome(&lanes->run[0]->outcome[line],
					&lanes->run[1]->outcome[line]));
}

enum { LED_THERE = 3 };		/* events before one of interest */

static bool is_kept(const struct lanes *lanes, size_t line)
{
	for (size_t i = line; i < lanes->replay->nr_lines && i <= line + LED_THERE; i++)
		if (is_event_of_interest(lanes, i))
			return true;
	return line < LED_THERE;
}

static void leave_out(struct lanes *lanes, size_t most)
{
	size_t kept = 0;

	for (size_t i = 0; i < arrlenu(lanes->rows); i++)
		if (is_kept(lanes, lanes->rows[i].line) && kept < most)
			lanes->rows[kept++] = lanes->rows[i];
	lanes->nr_left_out = arrlenu(lanes->rows) - kept;
	arrsetlen(lanes->rows, kept);
}

void lanes_make(struct lanes *lanes, const struct replay *replay, const struct replay_run *a,
		const struct replay_run *b, size_t most)
{
	size_t at[2] = { 0 };

	*lanes = (struct lanes){ .replay = replay, .run = { a, b }, .nr_runs = b ? 2 : 1 };
	for (unsigned r = 0; r < lanes->nr_runs; r++) {
		for (size_t i = 0; i < arrlenu(lanes->run[r]->vm->log->steps); i++)
			add_lane(lanes, &lanes->run[r]->vm->log->steps[i].step);
		lanes->nr_unlogged += lanes->run[r]->vm->log->nr_dropped;
	}
	for (size_t line = 0; line < replay->nr_lines; line++) {
		unsigned event = replay->line[line].number;
		size_t end[2] = { 0 };

		for (unsigned r = 0; r < lanes->nr_runs; r++) {
			at[r] = begin_of_event(lanes->run[r], at[r], event);
			end[r] = end_of_event(lanes->run[r], at[r], event);
		}
		align(lanes, line, at[0], end[0], at[1], end[1]);
		at[0] = end[0];
		at[1] = end[1];
	}
	if (most != LANES_ALL && arrlenu(lanes->rows) > most)
		leave_out(lanes, most);
}

void lanes_free(struct lanes *lanes)
{
	arrfree(lanes->rows);
}

bool lanes_begins(const struct lanes *lanes, size_t row)
{
	return !row || lanes->rows[row].line != lanes->rows[row - 1].line;
}

/* ---- what it did ---- */

static bool was_refused(const struct note *n)
{
	return !n->ok && !strcmp(n->name, "page_ref_mod_unless");
}

const char *lanes_note_text(const struct log_note *log, char *text, size_t size)
{
	const struct note *n = &log->note;

	if (n->kind != NOTE_REF)
		return replay_note_text(n, text, size);
	if (was_refused(n))
		snprintf(text, size, "pfn 0x%llx: count is 0, no reference",
			 (unsigned long long)n->pfn);
	else
		snprintf(text, size, "pfn 0x%llx count %d (%+lld, %s)", (unsigned long long)n->pfn,
			 n->count, (long long)n->value, holder_word(n->holder));
	return text;
}

/* The next note from *@i on that is for people; NULL: there is none before @end. */
static const char *next_text(const struct replay_run *run, size_t *i, size_t end, char *text,
			     size_t size)
{
	while (*i < end) {
		if (*lanes_note_text(&run->vm->log->notes[(*i)++], text, size))
			return text;
	}
	return NULL;
}

static bool says_the_same(const struct lanes *lanes, size_t row)
{
	const struct replay_run *a = lanes->run[0], *b = lanes->run[1];
	size_t i = 0, k = 0, i_end, k_end;

	i_end = lanes_notes(lanes, row, 0, &i);
	k_end = lanes_notes(lanes, row, 1, &k);
	i_end += i;
	k_end += k;
	for (;;) {
		char x[160], y[160];
		const char *p = next_text(a, &i, i_end, x, sizeof(x));
		const char *q = next_text(b, &k, k_end, y, sizeof(y));

		if (!p || !q || strcmp(p, q))
			return p == q;
	}
}

bool lanes_differs(const struct lanes *lanes, size_t row)
{
	size_t first;

	if (lanes->nr_runs < 2)
		return false;
	return lanes->rows[row].step[0] == NO_STEP || lanes->rows[row].step[1] == NO_STEP ||
	       lanes_violations(lanes, row, 0, &first) != lanes_violations(lanes, row, 1, &first) ||
	       !says_the_same(lanes, row);
}
