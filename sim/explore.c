/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_rmap.h"
#include "sim/explore_live.h"
#include "sim/explore_mirror.h"
#include "sim/explore_reduce.h"
#include "sim/explore_symmetry.h"

/* What a schedule can have. */
enum { MOST_STEPS = UINT16_MAX };

/* ---- set-up ---- */

static bool run_setup(struct explore *x, struct error *error)
{
	const struct trace *trace = x->trace;

	for (size_t i = 0; i < trace->nr_setup; i++) {
		const struct event *e = &trace->events[i];
		struct outcome o;

		if (!explore_run_event(x, e, &o, error))
			return false;
		if (o.paused || o.blocked)
			return error_at(error, e->file, e->line, e->column,
					"the set-up has to come to its end");
	}
	return true;
}

/* What ended tasks have left in their rows and lists is nobody's any more. */
static void forget_tasks(struct explore *x)
{
	struct machine *m = &x->vm->m;
	u8 task = m->task;

	for (unsigned i = 0; i < x->trace->nr_threads; i++) {
		x->vm->w.task[i] = (struct task){ .state = TASK_IDLE };
		m->task = i;
		for (unsigned list = 0; list < NR_LISTS; list++)
			m->phys->clear(m->phys, list_page(m, list, 0));
	}
	m->task = task;
}

static bool uses_vcpu(const struct event *e)
{
	return event_names_vcpu(e->id) && (event_path(e->id) == PATH_ACCESS ||
					   event_path(e->id) == PATH_PREFAULT);
}

/* A vCPU is one thread. */
static bool check_vcpus(const struct trace *trace, struct error *error)
{
	unsigned user[MAX_VCPUS] = { 0 };	/* + 1 */

	for (unsigned t = 0; t < trace->nr_threads; t++)
		for (size_t i = 0; i < trace->threads[t].nr; i++) {
			const struct event *e = &trace->events[trace->threads[t].first + i];

			if (!uses_vcpu(e))
				continue;
			if (user[e->vcpu] && user[e->vcpu] != t + 1)
				return error_at(error, e->file, e->line, e->column,
						"vCPU %u is the thread \"%s\": say vcpu=",
						(unsigned)e->vcpu,
						trace->threads[user[e->vcpu] - 1].name);
			user[e->vcpu] = t + 1;
		}
	return true;
}

static void *allocate(size_t n, size_t size)
{
	void *array = calloc(n, size);

	if (!array)
		abort();
	return array;
}

static struct search *search_new(const struct trace *trace, const struct semantics_patch *patch,
				 const struct explore_bound *bound)
{
	struct search *search = allocate(1, sizeof(*search));

	search->bound = *bound;
	search->trace = trace;
	search->patch = patch;
	search->rounds = 1;
	pthread_mutex_init(&search->words_lock, NULL);
	if (bound->por && watch_works())
		search->futures = futures_new();
	if (bound->liveness && watch_works())
		search->live = live_new();
	search->nr_workers = bound->jobs < 1 ? 1 :
			     bound->jobs < MOST_JOBS ? bound->jobs : MOST_JOBS;
	if (bound->symmetry && watch_works())
		search->mirrors = mirrors_new(trace);
	search->nr_worlds = search->nr_workers *
			    (1 + (search->mirrors ? search->mirrors->nr : 0));
	search->worker = allocate(search->nr_worlds, sizeof(struct explore *));
	search->now = allocate(search->nr_workers, sizeof(*search->now));
	search->set = explore_set_new(search->bound.bitstate);
	search->names = watch_names_new();
	search->result.semantics = patch->name;
	return search;
}

/* Of world @number of all; the first ones are workers'. */
static struct explore *world_new(struct search *search, unsigned number,
				 const struct trace *trace, const struct semantics_patch *patch,
				 struct error *error)
{
	struct explore *x = allocate(1, sizeof(*x));

	x->search = search;
	x->number = number % search->nr_workers;
	x->world = number / search->nr_workers;
	for (unsigned t = 0; t < TRACE_MAX_THREADS; t++)
		x->mirror[t] = x->world ? search->mirrors->to[x->world - 1][t] : t;
	if (x->world)
		search->worker[number - search->nr_workers]->twin = x;
	x->trace = trace;
	x->nr_events = arrlenu(trace->events);
	x->progress.came_to = allocate(x->nr_events, sizeof(u64));
	x->packer = packer_new();
	x->vm = vm_new(patch, &trace->config);
	search->worker[number] = x;
	if (!run_setup(x, error))
		return NULL;
	forget_tasks(x);
	x->setup_violations = x->vm->nr_violations;
	x->vm->m.journal = NULL;
	x->watch = watch_new(x->vm, search->names);
	memcpy(x->as, nobody_else, sizeof(x->as));
	if (search->bound.symmetry && watch_works() && !number)
		search->symmetry = symmetry_new(x, search->unlike, sizeof(search->unlike));
	symmetry_use(x, search->symmetry);
	if (search->live)
		x->live = live_new();
	if (search->futures)
		explore_por_new(x);
	else if (!search->symmetry && !search->live)
		watch_no_footprints(x->watch);
	return x;
}

/* The first state, which waits. */
static void begin(struct search *search)
{
	struct explore *x = search->worker[0];
	struct way none = { 0, NO_THREAD };
	u32 node;

	watch_on(x->watch);
	explore_pack(x);
	explore_set_add(search->set, explore_fingerprint(x), none, &node);
	queue_push(x, x->packed, arrlenu(x->packed), node, none);
	queue_turn(search);
	explore_set_deeper(search->set);
	arrsetlen(search->root, 0);
	memcpy(arraddnptr(search->root, arrlenu(x->packed)), x->packed,
	       arrlenu(x->packed) * sizeof(u64));
	x->node = node;
	explore_judge_run(x, 0);
}

static void world_free(struct explore *x)
{
	if (!x)
		return;
	explore_por_free(x);
	live_free(x->live);
	watch_free(x->watch);
	vm_free(x->vm);
	free(x->progress.came_to);
	arrfree(x->marks);
	arrfree(x->outcomes);
	explore_forget_examples(&x->examples);
	arrfree(x->stuck);
	arrfree(x->packed);
	hmfree(x->symmetric);
	queue_free(&x->next);
	packer_free(x->packer);
	arrfree(x->chunk);
	free(x);
}

static void search_free(struct search *search)
{
	for (unsigned i = 0; i < search->nr_workers; i++)
		queue_free(&search->now[i]);
	for (unsigned i = 0; i < search->nr_worlds; i++)
		world_free(search->worker[i]);
	for (size_t i = 0; i < arrlenu(search->result.findings); i++)
		free(search->result.findings[i].schedule);
	arrfree(search->result.findings);
	arrfree(search->result.outcomes);
	arrfree(search->root);
	explore_set_free(search->set);
	futures_free(search->futures);
	live_free(search->live);
	free(search->symmetry);
	free(search->mirrors);
	watch_names_free(search->names);
	pthread_mutex_destroy(&search->words_lock);
	free(search->worker);
	free(search->now);
	free(search);
}

void explore_free(struct explore *x)
{
	if (x)
		search_free(x->search);
}

struct explore *explore_new(const struct trace *trace, const struct semantics_patch *patch,
			    const struct explore_bound *bound, struct error *error)
{
	struct search *search = search_new(trace, patch, bound);

	bool ok = check_vcpus(trace, error);

	for (unsigned i = 0; ok && i < search->nr_worlds; i++)
		ok = world_new(search, i, trace, patch, error);
	if (!ok) {
		search_free(search);
		return NULL;
	}
	begin(search);
	watch_on(NULL);	/* the caller's thread may go on to another world */
	return search->worker[0];
}

/* ---- the search ---- */

void explore_look_at_bounds(struct search *search)
{
	const struct explore_bound *b = &search->bound;
	u64 states = explore_set_states(search->set);
	u64 peak = explore_peak(search);
	unsigned stop = STOP_NONE;

	search->peak = peak > search->peak ? peak : search->peak;
	if (search->stop)
		return;
	if ((b->states && states >= b->states) || explore_set_is_full(search->set, BIT(24)))
		stop = STOP_STATES;
	else if ((b->depth && search->depth >= b->depth) || search->depth == MOST_STEPS)
		stop = STOP_DEPTH;
	else if (b->memory && search->peak > b->memory)
		stop = STOP_MEMORY;
	search->stop = stop;
}

/* False: nothing waits any more. */
static bool next_depth(struct search *search)
{
	bool more = queue_turn(search);

	search->depth++;
	explore_set_deeper(search->set);
	return more;
}

static u64 nr_expanded(const struct search *search)
{
	u64 expanded = 0;

	for (unsigned i = 0; i < search->nr_workers; i++)
		expanded += search->worker[i]->expanded;
	return expanded;
}

/* ---- rounds ---- */

enum { FIRST_LOOK = 1000, FEW_WALKS = 16 };	/* states; that show nothing new */

static void forget_noted(struct explore *x)
{
	if (x->spots) {
		spots_free(x->spots);
		x->spots = spots_new();
	}
	if (x->live) {
		live_free(x->live);
		x->live = live_new();
	}
}

static void forget(struct explore *x)
{
	arrfree(x->outcomes);
	explore_forget_examples(&x->examples);
	arrfree(x->stuck);
	forget_noted(x);
	x->transitions = x->ends = x->expanded = 0;
}

static void begin_again(struct search *search)
{
	for (unsigned i = 0; i < search->nr_worlds; i++) {
		struct explore *world = search->worker[i];

		forget(world);
		queue_clear(&world->next);
		world->at = world->end = NULL;
	}
	search->taken = 0;
	explore_set_free(search->set);
	search->set = explore_set_new(search->bound.bitstate);
	search->rounds++;
	search->depth = 0;
	explore_unpack(search->worker[0], search->root, arrlenu(search->root));
	begin(search);
}

/* What was seen is known. True: what was done did not bear that in mind. */
static bool learn(struct search *search)
{
	bool is_new = false;

	if (search->live) {
		struct live *live = live_after(search);

		is_new |= live != NULL;
		if (live) {
			live_free(search->live);
			search->live = live;
		}
	}
	if (search->futures) {
		struct futures *futures = futures_after(search);

		is_new |= !futures_bear_out(futures, search);
		futures_free(search->futures);
		search->futures = futures;
		for (unsigned i = 0; i < search->nr_worlds; i++)
			spots_forget_cut(search->worker[i]->spots);
	}
	return is_new;
}

/* Before the first round, of which it is no part. */
static void scout(struct search *search)
{
	search->next_look = FIRST_LOOK;
	if ((!search->live && !search->futures) || search->believes)
		return;
	explore_scout(search->worker[0], FEW_WALKS);
	learn(search);
	for (struct explore *w = search->worker[0]; w; w = w->twin)
		forget_noted(w);
}

/*
 * A round that is known to be wrong need not come to its end. It has so many states that more walks
 * cost little.
 */
static bool is_known_to_be_wrong(struct search *search)
{
	u64 states = explore_set_states(search->set);

	if ((!search->live && !search->futures) || search->believes || states < search->next_look)
		return false;
	explore_scout(search->worker[0], states / 100);
	search->next_look = 2 * states;
	return learn(search);
}

/*
 * Reductions went by what had not been seen yet: once more, with what is known by now.
 */
static bool has_to_begin_again(struct search *search)
{
	bool again;

	if (search->believes)
		return false;
	again = learn(search);
	if (again)
		begin_again(search);
	return again;
}

static void drop_symmetry(struct search *search)
{
	snprintf(search->unlike, sizeof(search->unlike), "%s", search->symmetry->why);
	for (unsigned i = 0; i < search->nr_worlds; i++) {
		symmetry_use(search->worker[i], NULL);
		hmfree(search->worker[i]->symmetric);
	}
	free(search->symmetry);
	search->symmetry = NULL;
}

static void drop_mirrors(struct search *search)
{
	snprintf(search->unlike, sizeof(search->unlike), "%s", search->mirrors->why);
	for (unsigned i = search->nr_workers; i < search->nr_worlds; i++)
		world_free(search->worker[i]);
	for (unsigned i = 0; i < search->nr_workers; i++)
		search->worker[i]->twin = NULL;
	search->nr_worlds = search->nr_workers;
	free(search->mirrors);
	search->mirrors = NULL;
}

/* Nothing of what was kept as one is known to be. */
static void go_on_without_symmetry(struct search *search)
{
	struct explore *x = search->worker[0];

	explore_unpack(x, search->root, arrlenu(search->root));
	if (search->symmetry && search->symmetry->is_broken)
		drop_symmetry(search);
	if (search->mirrors && search->mirrors->is_broken)
		drop_mirrors(search);
	if (search->futures) {
		futures_free(search->futures);
		search->futures = futures_new();
	}
	if (search->live) {
		live_free(search->live);
		search->live = live_new();
	}
	explore_pack(x);
	arrsetlen(search->root, 0);
	memcpy(arraddnptr(search->root, arrlenu(x->packed)), x->packed,
	       arrlenu(x->packed) * sizeof(u64));
	begin_again(search);
	search->next_look = 0;
}

/* There is a chunk for the first worker; false: all is done. */
static bool find_work(struct search *search)
{
	struct explore *x = search->worker[0];

	if (!search->next_look)
		scout(search);
	if (explore_take_chunk(x))
		return true;
	if (next_depth(search)) {
		if (is_known_to_be_wrong(search))
			begin_again(search);
	} else if (!has_to_begin_again(search)) {
		search->done = true;
		if (search->bound.bitstate)
			search->stop = STOP_BITSTATE;
		else
			explore_find_livelocks(search);
		return false;
	}
	return explore_take_chunk(x);
}

/* False: nothing is left, a bound is reached, or *@error. */
static bool expand_next(struct explore *x, struct error *error)
{
	struct search *search = x->search;

	if (search->done)
		return false;
	if (x->at == x->end) {
		if (!find_work(search))
			return false;
		explore_look_at_bounds(search);
	}
	if (search->stop)
		return false;
	if (!explore_expand(x)) {
		if (explore_is_broken(x)) {
			go_on_without_symmetry(search);
			return true;
		}
		*error = x->error.text[0] ? x->error : *error;
		return false;
	}
	return true;
}

/* The same, by all workers, until they pause or a depth is done. */
static bool expand_depth(struct search *search, struct error *error)
{
	if (search->done || search->stop || !find_work(search))
		return false;
	explore_look_at_bounds(search);
	if (search->stop)
		return false;
	explore_run_workers(search);
	if (explore_is_broken(search->worker[0])) {
		go_on_without_symmetry(search);
		return true;
	}
	for (unsigned i = 0; i < search->nr_workers; i++)
		if (search->worker[i]->error.text[0]) {
			*error = search->worker[i]->error;
			return false;
		}
	return !search->stop;
}

bool explore_more(struct explore *x, u64 states, struct error *error)
{
	struct search *search = x->search;
	u64 end = nr_expanded(search) + states;
	bool more = true;

	watch_on(x->watch);
	if (search->nr_workers == 1)
		while (more && states--)
			more = expand_next(x, error);
	else
		while (more && nr_expanded(search) < end) {
			search->until = x->expanded + states / search->nr_workers + 1;
			more = expand_depth(search, error);
		}
	watch_on(NULL);
	explore_look_at_bounds(search);
	explore_merge_numbers(search);
	return more && !search->stop;
}

const struct explore_end *explore_next_end(struct explore *x, struct error *error)
{
	assert(!x->search->futures);	/* with several rounds an end would be given twice */
	assert(!x->search->live);
	assert(!x->search->symmetry && !x->search->mirrors);	/* of several one would be given */
	while (expand_next(x, error))
		if (x->end_at.vm)
			return &x->end_at;
	explore_look_at_bounds(x->search);
	explore_merge_numbers(x->search);
	return NULL;
}

void explore_stop(struct explore *x)
{
	unsigned none = STOP_NONE;

	atomic_compare_exchange_strong(&x->search->stop, &none, STOP_ASKED);
}

struct explored *explore_result(struct explore *x)
{
	explore_merge(x->search);
	watch_on(NULL);
	return &x->search->result;
}

u64 explore_waiting(const struct explore *x)
{
	return explore_set_states(x->search->set) - nr_expanded(x->search);
}

/* The birthday bound. */
double explore_odds(u64 states)
{
	return (double)states * states / 2 / 18446744073709551616.0;
}
