// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking at what a step touched finds what looking at everything finds; and a world over the small
 * store goes the way of one over the sparse store. On all scripts, and on random events whose steps
 * are interleaved at random.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/path.h"
#include "sim/store.h"
#include "tests/stories.h"
#include "tests/support.h"

/* ---- what is broken right now, as the checks after the steps have it ---- */

enum { MOST_BROKEN = 1024, CHECKED_STEPS = 200 };

struct books {
	struct violation known[MOST_BROKEN];
	unsigned nr_known;
	unsigned steps;
	struct violation now[MOST_BROKEN];
};

/* As the checks do: one report for a law, a page and a gfn. */
static bool same_breach(const struct violation *a, const struct violation *b)
{
	return a->law == b->law && a->pfn == b->pfn && a->gfn == b->gfn;
}

static bool is_among(const struct violation *v, const struct violation *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (same_breach(v, &list[i]))
			return true;
	return false;
}

/*
 * Law by law a breach that the full check sees was seen by a check after some step. Of an event
 * with very many steps the full check follows some.
 */
static void check_after_step(struct books *books, struct machine *m, const char *where,
			     const char *step, unsigned nth)
{
	unsigned n = laws_check(m, books->now, MOST_BROKEN), kept = 0;

	assert_true(n < MOST_BROKEN);
	for (unsigned i = 0; i < n; i++) {
		if (!books->now[i].law->holds ||
		    is_among(&books->now[i], books->known, books->nr_known))
			continue;
		assert_true(books->nr_known < MOST_BROKEN);
		books->known[books->nr_known++] = books->now[i];
	}
	books->steps++;
	if (nth > CHECKED_STEPS && nth % 64)
		return;
	n = laws_check_all(m, books->now, MOST_BROKEN);
	assert_true(n < MOST_BROKEN);
	for (unsigned i = 0; i < n; i++)
		if (!is_among(&books->now[i], books->known, books->nr_known))
			fail_msg("%s, after %s: only all of it finds %s: pfn 0x%llx gfn 0x%llx",
				 where, step, books->now[i].law->id,
				 (unsigned long long)books->now[i].pfn,
				 (unsigned long long)books->now[i].gfn);
	for (unsigned i = 0; i < books->nr_known; i++)
		if (is_among(&books->known[i], books->now, n))
			books->known[kept++] = books->known[i];
	books->nr_known = kept;
}

/*
 * Of all pairs of script and semantics every @nth, so that each script is told under several, and
 * each semantics has its share.
 */
static bool is_our_share(size_t script, const char *semantics, unsigned nth)
{
	size_t i = 0;

	while (all_semantics[i] && strcmp(all_semantics[i]->name, semantics))
		i++;
	return (script + i) % nth == 0;
}

/* ---- events, one step at a time ---- */

enum { MOST_STEPS_IN_VAIN = 3000 };	/* a split of 2M has 512 pages */

struct stage {
	struct vm *vm;
	struct books books;
	char name[80];
	const char *label[MAX_TASKS];	/* of the event that runs in this row */
	bool until_reached;
};

/* The @nth step of @task's event, if it has any. False: it has ended, or is blocked. */
static bool take_step(struct stage *stage, unsigned task, unsigned nth)
{
	struct machine *m = &stage->vm->m;
	const struct step *step = task_next_step(m, task);
	enum run_result result;

	if (!step)
		return false;
	result = task_step(m, task);
	assert_false(m->phys->exhausted);
	if (result == RUN_BLOCKED)
		return false;
	check_after_step(&stage->books, m, stage->name, step->name, nth);
	return result == RUN_STEPPED;
}

static void run_until(struct stage *stage, unsigned task, const char *until)
{
	for (unsigned n = 0; n < MOST_STEPS_IN_VAIN; n++) {
		const struct step *step = task_next_step(&stage->vm->m, task);

		if (!step || (until && !strcmp(step->name, until)) ||
		    !take_step(stage, task, n))
			return;
	}
}

static int row_of(const struct stage *stage, const char *label)
{
	for (int i = 0; i < MAX_TASKS; i++)
		if (stage->label[i] && !strcmp(stage->label[i], label))
			return i;
	return -1;
}

static void drain(struct stage *stage)
{
	struct machine *m = &stage->vm->m;

	m->nr_touched = m->nr_alarms = 0;
	m->touched_all = false;
	lru_drain(m);
	check_after_step(&stage->books, m, stage->name, "drain", 0);
}

static void perform(struct stage *stage, const struct event *event)
{
	int task;

	if (event->id == EVENT_DRAIN) {
		drain(stage);
	} else if (event->id == EVENT_RESUME) {
		task = row_of(stage, event->name);
		if (task >= 0)
			run_until(stage, task, event->until);
	} else if (event->id != EVENT_NOTHING) {
		task = event_start(stage->vm, event);
		if (task < 0)
			return;
		stage->label[task] = event->label;
		run_until(stage, task, event->until);
	}
}

static struct stage *stage_new(const char *semantics, const struct vm_config *config)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	assert_non_null(stage);
	stage->vm = vm_new(semantics_find(semantics), config);
	return stage;
}

static void stage_free(struct stage *stage)
{
	vm_free(stage->vm);
	free(stage);
}

static void the_checks_agree_on_every_script(void **state)
{
	const char *const *name = *state;
	size_t nr;
	const struct script *script = all_scripts(&nr);

	for (size_t i = 0; i < nr; i++) {
		struct stage *stage;

		if (!is_our_share(i, *name, 7))
			continue;
		stage = stage_new(*name, &script[i].config);
		snprintf(stage->name, sizeof(stage->name), "%s under %s", script[i].name, *name);
		for (size_t e = 0; e < script[i].nr_events && !stage->vm->dead; e++)
			perform(stage, &script[i].events[e]);
		assert_int_not_equal(stage->books.steps, 0);
		stage_free(stage);
	}
}

/* ---- random events ---- */

struct dice { u64 state; };

/* splitmix64: from 0 to @sides - 1. */
static u64 roll(struct dice *dice, u64 sides)
{
	u64 z = (dice->state += 0x9e3779b97f4a7c15ull);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (z ^ z >> 31) % sides;
}

enum { NR_REGIONS = 3, NR_GFNS = 4, MOST_EVENTS = 14 };

struct play {
	struct stage *stage;
	struct dice dice;
	struct event event[MOST_EVENTS + 4 * NR_REGIONS];
	unsigned nr_events;
	bool freed[NR_REGIONS];
	bool mapped[MAX_MAPS];
	unsigned nr_mmaps;
};

static hva_t region(unsigned i)
{
	return 0x10000000000 + i * 0x40000000ull;
}

static u64 slot_gpa(unsigned i)
{
	return i * 0x100000ull;
}

static void play_one(struct play *play, struct event event)
{
	struct event *kept = &play->event[play->nr_events++];

	assert_true(play->nr_events <= ARRAY_SIZE(play->event));
	*kept = event;
	kept->number = play->nr_events;
	perform(play->stage, kept);
}

/* Region 0 is anonymous, the others a driver's of any kind; each is behind a memslot. */
static void set_up(struct play *play)
{
	struct dice *dice = &play->dice;

	for (unsigned i = 0; i < NR_REGIONS; i++) {
		u64 kind = roll(dice, ALLOC_ZONE_DEVICE + 1), flags = roll(dice, 6);
		pfn_t pfn = kind == ALLOC_MMIO ? 0xfe000 + 16 * i : NO_PFN;

		if (i) {
			play_one(play, (struct event){
				.id = EVENT_ALLOC, .object = i, .kind = kind, .order = 1,
				.count = 2, .pfn = pfn });
			play_one(play, (struct event){ .id = EVENT_MODE, .object = i,
						       .mode = roll(dice, NR_MAP_MODES) });
		}
		play_one(play, (struct event){
			.id = EVENT_MMAP, .hva = region(i), .size = (i ? 2 : 4) * PAGE_SIZE,
			.backing = i ? VMA_DEVICE : VMA_ANON, .object = i,
			.prot = VM_READ | VM_WRITE });
		play_one(play, (struct event){
			.id = EVENT_MEMSLOT, .slot = i, .gpa = slot_gpa(i), .hva = region(i),
			.size = NR_GFNS * PAGE_SIZE, .flags = flags < 4 ? 0 : flags - 3 });
	}
}

static bool vcpu_is_busy(const struct play *play, unsigned vcpu)
{
	for (unsigned i = 0; i < MAX_TASKS; i++) {
		const struct task *t = &play->stage->vm->w.task[i];

		if (t->state == TASK_RUNNING && t->frame[0].path == PATH_ACCESS && t->vcpu == vcpu)
			return true;
	}
	return false;
}

static struct event random_access(struct play *play)
{
	struct dice *dice = &play->dice;
	struct event event = { .id = EVENT_READ + roll(dice, 4), .count = 1 + roll(dice, 2),
			       .stride = PAGE_SIZE, .value = roll(dice, 100) };

	event.gpa = slot_gpa(roll(dice, NR_REGIONS + 1)) + roll(dice, NR_GFNS) * PAGE_SIZE;
	event.vcpu = roll(dice, MAX_VCPUS);
	if (vcpu_is_busy(play, event.vcpu))
		event.id = EVENT_NOTHING;
	return event;
}

static struct event random_range(struct play *play, enum event_id id)
{
	struct dice *dice = &play->dice;
	unsigned first = roll(dice, NR_GFNS);

	return (struct event){
		.id = id, .hva = region(roll(dice, NR_REGIONS)) + first * PAGE_SIZE,
		.size = (1 + roll(dice, NR_GFNS - first)) * PAGE_SIZE, .prot = roll(dice, 4),
	};
}

static struct event random_poison(struct play *play)
{
	struct event event = random_range(play, EVENT_POISON);

	event.size = PAGE_SIZE;
	return event;
}

static struct event random_slot(struct play *play)
{
	struct dice *dice = &play->dice;
	unsigned slot = roll(dice, NR_REGIONS), gpa = roll(dice, 8) ? slot : NR_REGIONS;

	if (!roll(dice, 3))
		return (struct event){ .id = EVENT_MEMSLOT_DELETE, .slot = slot };
	return (struct event){ .id = EVENT_MEMSLOT, .slot = slot, .gpa = slot_gpa(gpa),
			       .hva = region(slot), .size = NR_GFNS * PAGE_SIZE,
			       .flags = roll(dice, 3) };
}

static struct event random_driver(struct play *play)
{
	struct dice *dice = &play->dice;
	unsigned object = 1 + roll(dice, NR_REGIONS - 1);

	switch (roll(dice, 6)) {
	case 0:
		if (play->freed[object])
			break;
		play->freed[object] = true;
		return (struct event){ .id = EVENT_FREE, .object = object };
	case 1:
		return (struct event){ .id = EVENT_REF, .object = object, .index = roll(dice, 2),
				       .delta = roll(dice, 4) ? 1 : -1 };
	case 2:
		return (struct event){ .id = EVENT_REPOINT, .object = object, .other = 1,
				       .index = roll(dice, 2), .other_index = roll(dice, 2) };
	default:
		break;
	}
	return (struct event){ .id = EVENT_ZAP, .object = object, .index = roll(dice, 2),
			       .count = 1 + roll(dice, 2) };
}

static struct event random_map(struct play *play)
{
	struct dice *dice = &play->dice;
	unsigned map = roll(dice, MAX_MAPS);
	u64 gpa = slot_gpa(roll(dice, NR_REGIONS)) + roll(dice, NR_GFNS) * PAGE_SIZE;

	if (roll(dice, 2))
		return (struct event){ .id = EVENT_LOOKUP, .gpa = gpa, .write = roll(dice, 2),
				       .api = roll(dice, NR_LOOKUPS) };
	play->mapped[map] = !play->mapped[map];
	return (struct event){ .id = play->mapped[map] ? EVENT_MAP : EVENT_UNMAP, .gpa = gpa,
			       .map = map, .dirty = roll(dice, 2) };
}

static struct event random_event(struct play *play)
{
	struct dice *dice = &play->dice;

	switch (roll(dice, 16)) {
	case 0:
		return random_range(play, EVENT_MUNMAP);
	case 1:
		return random_range(play, EVENT_DONTNEED);
	case 2:
		return random_range(play, EVENT_MPROTECT);
	case 3:
	case 4:
		return random_range(play, EVENT_HOST_READ + roll(dice, 2));
	case 5:
		return random_slot(play);
	case 6:
		return (struct event){ .id = EVENT_DIRTY_LOG, .slot = roll(dice, NR_REGIONS) };
	case 7:
		return random_map(play);
	case 8:
	case 9:
		return random_driver(play);
	case 10:
		if (!roll(dice, 3))
			return random_poison(play);
		return (struct event){ .id = roll(dice, 2) ? EVENT_DRAIN : EVENT_NOTHING };
	default:
		return random_access(play);
	}
}

/* Does the event at hand stand still here, after at most @steps steps? */
static void take_steps(struct play *play, unsigned task, u64 steps)
{
	while (steps-- && take_step(play->stage, task, 0))
		;
}

static void start_random(struct play *play)
{
	struct event *event = &play->event[play->nr_events++];
	int task;

	*event = random_event(play);
	event->number = play->nr_events;
	if (event->id == EVENT_DRAIN)
		drain(play->stage);
	if (event->id == EVENT_DRAIN || event->id == EVENT_NOTHING)
		return;
	task = event_start(play->stage->vm, event);
	if (task >= 0)
		take_steps(play, task, roll(&play->dice, 3) ? roll(&play->dice, 24) : 200);
}

/* What has begun comes to an end when everybody gets a turn: nobody waits for ever. */
static void finish_all(struct play *play)
{
	bool running = true;

	for (unsigned round = 0; running; round++) {
		running = false;
		if (round == 200)
			fail_msg("%s: events never end", play->stage->name);
		for (unsigned task = 0; task < MAX_TASKS; task++) {
			take_steps(play, task, 50);
			running |= play->stage->vm->w.task[task].state == TASK_RUNNING;
		}
	}
}

static void play_sequence(const struct semantics_patch *patch, u64 seed)
{
	struct vm_config config = { .ept = seed % 3, .ad = seed % 3 != 2, .zero_pfn = NO_PFN,
				    .first_frame = FIRST_FRAME, .code_gpa = NO_PFN,
				    .lru_batch = seed % 5 == 0 };
	struct play *play = calloc(1, sizeof(*play));

	assert_non_null(play);
	config.ad |= !config.ept;
	play->dice.state = seed;
	play->stage = stage_new(patch->name, &config);
	snprintf(play->stage->name, sizeof(play->stage->name), "sequence %llu under %s",
		 (unsigned long long)seed, patch->name);
	set_up(play);
	while (play->nr_events < ARRAY_SIZE(play->event)) {
		if (roll(&play->dice, 2))
			start_random(play);
		else
			take_steps(play, roll(&play->dice, MAX_TASKS), roll(&play->dice, 12));
	}
	finish_all(play);
	stage_free(play->stage);
	free(play);
}

enum { NR_SEQUENCES = 2000 };

static void the_checks_agree_on_random_events(void **state)
{
	const char *const *name = *state;
	const struct semantics_patch *patch = semantics_find(*name);
	unsigned nr_semantics = 0;

	while (all_semantics[nr_semantics])
		nr_semantics++;
	for (unsigned i = 0; i < NR_SEQUENCES; i++)
		if (all_semantics[i % nr_semantics] == patch)
			play_sequence(patch, i);
}

/* ---- two stores ---- */

enum { SMALL_PAGES = 16384, SMALL_WORDS = 1 << 16 };

static void into_small_store(struct vm *vm)
{
	pfn_t zero = vm->w.config.zero_pfn;

	store_free(vm->store);
	vm->store = store_new_small(SMALL_PAGES, SMALL_WORDS);
	vm->m.phys = store_phys(vm->store);
	pages_init(&vm->m, ALLOC_ORDER0, zero, 0, OWNER_KERNEL);
	page_of(&vm->m, zero)->flags |= PG_ZERO | PG_RESERVED;
}

static void the_small_store_is_as_good_as_the_sparse_one(void **state)
{
	const struct tell_options small = { .prepare = into_small_store };
	const char *const *name = *state;
	const struct semantics_patch *patch = semantics_find(*name);
	size_t nr;
	const struct script *script = all_scripts(&nr);

	for (size_t i = 0; i < nr; i++) {
		struct telling a, b;
		char what[80];

		if (!is_our_share(i, *name, 11))
			continue;
		tell(&script[i], patch, NULL, &a);
		tell(&script[i], patch, &small, &b);
		assert_false(b.vm->m.phys->exhausted);
		if (tellings_differ(&a, &b, what, sizeof(what)))
			fail_msg("%s: %s", script[i].name, what);
		assert_memory_equal(&a.vm->w, &b.vm->w, sizeof(a.vm->w));
		telling_free(&a);
		telling_free(&b);
	}
}

/* ---- what the checks go by ---- */

static void a_law_is_a_state_or_an_act(void **state)
{
	(void)state;
	for (unsigned i = 0; i < nr_laws; i++) {
		assert_int_equal(!!laws[i].holds + !!laws[i].alarms + !!laws[i].judged, 1);
		assert_int_equal(!!laws[i].holds, !!laws[i].reads);
	}
}

/* A touch of what a law is about makes it look, whatever else it reads. */
static void a_law_reads_what_it_is_about(void **state)
{
	(void)state;
	for (unsigned i = 0; i < nr_laws; i++)
		if (laws[i].holds)
			assert_true(laws[i].reads & (1u << laws[i].about));
}

static void no_alarm_is_without_a_law(void **state)
{
	u32 heard = 0;

	(void)state;
	for (unsigned i = 0; i < nr_laws; i++)
		heard |= laws[i].alarms;

	assert_int_equal(heard, (1u << NR_ALARMS) - 1);
}

int main(void)
{
	static struct test_list list;
	static const char *names[40];
	size_t n = 0;

	for (; all_semantics[n] && n < ARRAY_SIZE(names); n++)
		names[n] = all_semantics[n]->name;
#define LIST_EACH(f)	list_rows(&list, #f, f, names, n, sizeof(*names))
	LIST_EACH(the_checks_agree_on_every_script);
	LIST_EACH(the_checks_agree_on_random_events);
	LIST_EACH(the_small_store_is_as_good_as_the_sparse_one);
	LIST_TEST(&list, a_law_is_a_state_or_an_act);
	LIST_TEST(&list, a_law_reads_what_it_is_about);
	LIST_TEST(&list, no_alarm_is_without_a_law);
	return list_run(&list, "check_agrees");
}
