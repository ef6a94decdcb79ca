/* SPDX-License-Identifier: GPL-2.0-only */
/* explore_por.c: which threads' turns are taken in a state; see explore_reduce.h. */
#include "sim/explore_internal.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_mirror.h"
#include "sim/explore_reduce.h"
#include "sim/explore_symmetry.h"

/* A thread's turn in the state at hand; in a twin, that of its mirror image. */
struct tried {
	enum turn turn;
	bool is_dead;			/* the host is gone then, and nobody else goes on */
	struct spot_name spot;		/* where the thread stood */
	struct touched touched;
	struct lock_set held;		/* before it */
	u64 fingerprint;
	enum seen seen;
	u64 *packed;			/* stb_ds: if it was not seen */
	struct broken found[MAX_VIOLATIONS];
	unsigned nr_found;
	unsigned nr_alone;		/* turns that followed */
	struct late *late;		/* stb_ds: what those broke */
};

struct late { struct broken broken; unsigned alone; };

void explore_por_new(struct explore *x)
{
	x->spots = spots_new();
	x->tried = calloc(TRACE_MAX_THREADS + 1, sizeof(*x->tried));
	if (!x->tried)
		abort();
	x->alone = &x->tried[TRACE_MAX_THREADS];
}

void explore_por_free(struct explore *x)
{
	spots_free(x->spots);
	for (unsigned t = 0; x->tried && t <= TRACE_MAX_THREADS; t++) {
		touched_free(&x->tried[t].touched);
		arrfree(x->tried[t].late);
		arrfree(x->tried[t].packed);
	}
	free(x->tried);
}

/* How far a thread is: its events, and the steps that its task's paths are at. */
static struct spot_name spot_of(const struct explore *x, unsigned thread)
{
	u64 at = watch_mix(0, x->progress.begun[thread] << 1 | x->progress.runs[thread]);
	const struct task *t;

	if (!x->progress.runs[thread])
		return (struct spot_name){ at, thread };
	t = &x->vm->w.task[explore_row(x, thread)];
	for (unsigned i = 0; i < t->depth; i++)
		at = watch_mix(at, t->frame[i].path << 8 | t->frame[i].pc);
	return (struct spot_name){ at, thread };
}

/* What @thread's turn from @spot touched is in @tried, and noted. True: some of it is new. */
static bool note_touched(struct explore *x, unsigned thread, enum turn turn, struct spot_name spot,
			 struct tried *tried)
{
	bool new = turn == TURN_STEPPED && spots_note_values(x, thread);

	explore_touched(x, thread, turn, &tried->held, &tried->touched);
	new |= spot_note(x->spots, spot, turn == TURN_STEPPED ? spot_of(x, thread).at : spot.at,
			 &tried->touched, turn);
	return new;
}

/* Before its turn that may be the next alone, or is one of a scout's. */
static void look_at_thread(struct explore *x, unsigned thread)
{
	for (struct explore *w = x; w; w = w->twin) {
		w->alone->spot = spot_of(w, w->mirror[thread]);
		w->alone->held = explore_held(w, w->mirror[thread]);
	}
}

/* Behind it. */
static bool note_alone(struct explore *x, unsigned thread, enum turn turn)
{
	bool new = false;

	for (struct explore *w = x; w && turn != TURN_OVER; w = w->twin)
		new |= note_touched(w, w->mirror[thread], turn, w->alone->spot, w->alone);
	return new;
}

enum turn explore_noted_turn(struct explore *x, unsigned thread, bool *is_new)
{
	struct error error;
	enum turn turn;

	if (!x->spots)
		return explore_turn_of_worlds(x, thread, &error);
	look_at_thread(x, thread);
	turn = explore_turn_of_worlds(x, thread, &error);
	*is_new |= note_alone(x, thread, turn);
	return turn;
}

/* ---- turns that are taken alone, at once ---- */

static bool is_through(const struct explore *x, unsigned thread)
{
	return !x->progress.runs[thread] &&
	       x->progress.begun[thread] == x->trace->threads[thread].nr;
}

/* Where all stand before a turn: by world. */
struct standing { struct spot_name of[MOST_WORLDS][TRACE_MAX_THREADS]; };

/* Nobody else has to do with it. */
static bool is_alone_in(struct explore *w, unsigned thread, const struct spot_name *spots)
{
	const struct touched *touched = &w->alone->touched;

	if (touched->is_lost)
		return false;
	for (unsigned t = 0; t < w->trace->nr_threads; t++)
		if (t != thread && !is_through(w, t) &&
		    future_meets(w, spots[t], touched, &w->alone->held))
			return false;
	return true;
}

/* ... and they are relied upon not to. */
static bool is_alone(struct explore *x, unsigned thread, const struct standing *standing)
{
	for (struct explore *w = x; w; w = w->twin)
		if (!is_alone_in(w, w->mirror[thread], standing->of[w->world]))
			return false;
	for (struct explore *w = x; w; w = w->twin)
		for (unsigned t = 0; t < w->trace->nr_threads; t++)
			if (t != w->mirror[thread] && !is_through(w, t))
				spot_rely(w, standing->of[w->world][t], &w->alone->touched,
					  &w->alone->held);
	return true;
}

/* The thread's turn, if it may be taken alone; else nothing. */
static bool take_alone(struct explore *x, unsigned thread, const struct standing *standing)
{
	struct error error;
	enum turn turn;

	explore_mark(x);
	look_at_thread(x, thread);
	turn = explore_turn_of_all(x, thread, &error);
	note_alone(x, thread, turn);
	if (turn == TURN_STEPPED && !explore_is_dead(x) && is_alone(x, thread, standing)) {
		explore_forget(x);
		return true;
	}
	explore_back(x);
	return false;
}

/* Who was last is asked first. */
static unsigned someone_alone(struct explore *x, unsigned last)
{
	unsigned nr = x->trace->nr_threads;
	struct standing standing;

	for (const struct explore *w = x; w; w = w->twin)
		for (unsigned t = 0; t < nr; t++)
			standing.of[w->world][t] = spot_of(w, t);
	for (unsigned i = 0; i < nr; i++)
		if (!is_through(x, (last + i) % nr) && take_alone(x, (last + i) % nr, &standing))
			return (last + i) % nr;
	return NO_THREAD;
}

void explore_follow(struct explore *x, unsigned thread, unsigned most, u8 **schedule)
{
	struct error error;

	if (explore_turn_of_worlds(x, thread, &error) != TURN_STEPPED)
		assert(!"a way cannot be gone again");
	arrput(*schedule, thread);
	if (!x->alone || explore_is_dead(x))
		return;
	for (unsigned n = 0; n < most; n++) {
		thread = someone_alone(x, thread);
		if (thread == NO_THREAD)
			return;
		arrput(*schedule, thread);
	}
}

/* What the last turn, one of so many alone behind @thread's, broke in each world. */
static void note_late(struct explore *x, unsigned thread, unsigned alone, unsigned last)
{
	for (struct explore *w = x; w; w = w->twin) {
		explore_keep_locks(w, thread, alone, w->mirror[last]);
		for (unsigned i = 0; i < w->nr_found; i++)
			arrput(w->tried[thread].late,
			       ((struct late){ explore_broken(w, i), alone }));
	}
}

/* After @thread's turn. */
static void follow(struct explore *x, unsigned thread)
{
	struct tried *tried = &x->tried[thread];
	unsigned last = thread;

	tried->nr_alone = 0;
	while (!tried->is_dead && tried->nr_alone < MOST_ALONE) {
		last = someone_alone(x, last);
		if (last == NO_THREAD)
			return;
		note_late(x, thread, ++tried->nr_alone, last);
	}
}

/* ---- one state's turns ---- */

static void keep_successor(struct explore *x, unsigned thread)
{
	struct tried *tried = &x->tried[thread];

	for (struct explore *w = x; w; w = w->twin) {
		arrsetlen(w->tried[thread].late, 0);
		w->tried[thread].nr_found = w->nr_found;
		for (unsigned i = 0; i < w->nr_found; i++)
			w->tried[thread].found[i] = explore_broken(w, i);
		explore_keep_locks(w, thread, 0, w->mirror[thread]);
	}
	follow(x, thread);
	tried->fingerprint = explore_fingerprint(x);
	tried->seen = explore_set_look(x->search->set, tried->fingerprint,
				       (struct way){ x->node, thread });
	if (explore_has_to_wait(x, tried->seen)) {
		u64 *packed = tried->packed;

		if (x->search->symmetry)
			explore_make_first(x, NULL);
		explore_pack(x);
		tried->packed = x->packed;
		x->packed = packed;
	}
}

static bool is_live(const struct explore *x, unsigned thread)
{
	return x->tried[thread].turn != TURN_OVER;
}

static struct lock_set held_by(const struct explore *w, unsigned set)
{
	struct lock_set held = { 0 };

	for (unsigned t = 0; t < w->trace->nr_threads; t++)
		if (set >> t & 1) {
			held.read |= w->tried[t].held.read;
			held.write |= w->tried[t].held.write;
		}
	return held;
}

/* Has nobody outside @set to do with a turn of those in it? */
static bool is_persistent_in(struct explore *w, unsigned set)
{
	struct lock_set held = held_by(w, set);

	for (unsigned a = 0; a < w->trace->nr_threads; a++) {
		if (!(set >> a & 1))
			continue;
		if (w->tried[a].is_dead || w->tried[a].touched.is_lost)
			return false;
		for (unsigned b = 0; b < w->trace->nr_threads; b++)
			if (!(set >> b & 1) && is_live(w, b) &&
			    future_meets(w, w->tried[b].spot, &w->tried[a].touched, &held))
				return false;
	}
	return true;
}

static bool is_persistent(struct explore *x, unsigned set)
{
	for (struct explore *w = x; w; w = w->twin)
		if (!is_persistent_in(w, set))
			return false;
	return true;
}

/* Does it lead to where nobody has been? Else one would go round and leave the others out. */
static bool goes_on(const struct explore *x, unsigned set)
{
	for (unsigned t = 0; t < x->trace->nr_threads; t++)
		if (set >> t & 1 && x->tried[t].turn == TURN_STEPPED &&
		    x->tried[t].seen != SEEN_BEFORE)
			return true;
	return false;
}

/* Of one thread first, then of two, and so on; and all are a set. */
static unsigned choose(struct explore *x, unsigned all)
{
	for (int nr = 2; nr < __builtin_popcount(all); nr++)
		for (unsigned set = 1; set < all; set++)
			if (__builtin_popcount(set) == nr && !(set & ~all) && goes_on(x, set) &&
			    is_persistent(x, set))
				return set;
	return all;
}

static void rely(struct explore *w, unsigned set)
{
	struct lock_set held = held_by(w, set);

	for (unsigned b = 0; b < w->trace->nr_threads; b++)
		for (unsigned a = 0; a < w->trace->nr_threads && !(set >> b & 1); a++)
			if (set >> a & 1 && is_live(w, b))
				spot_rely(w, w->tried[b].spot, &w->tried[a].touched, &held);
}

static void keep_what_broke(struct explore *w, const struct tried *tried, unsigned thread)
{
	for (unsigned i = 0; i < tried->nr_found; i++)
		explore_keep_broken(w, &tried->found[i], thread, 0);
	for (size_t i = 0; i < arrlenu(tried->late); i++)
		explore_keep_broken(w, &tried->late[i].broken, thread, tried->late[i].alone);
}

static void take(struct explore *x, unsigned thread)
{
	struct tried *tried = &x->tried[thread];
	u32 node;

	for (struct explore *w = x; w; w = w->twin)
		keep_what_broke(w, &w->tried[thread], thread);
	x->transitions += 1 + tried->nr_alone;
	if (explore_has_to_wait(x, explore_set_add(x->search->set, tried->fingerprint,
						   (struct way){ x->node, thread }, &node)))
		explore_push(x, &tried->packed, node | (tried->is_dead ? WAITS_DEAD : 0), thread);
}

static void take_set(struct explore *x, unsigned set, unsigned all)
{
	bool waits = false, moved = false;

	for (struct explore *w = x; w && set != all; w = w->twin)
		rely(w, set);
	for (unsigned t = 0; t < x->trace->nr_threads; t++) {
		if (!(set >> t & 1))
			continue;
		waits |= x->tried[t].turn == TURN_WAITS;
		moved |= x->tried[t].turn == TURN_STEPPED;
		if (x->tried[t].turn == TURN_STEPPED)
			take(x, t);
	}
	if (set == all && moved && !goes_on(x, set))
		arrput(x->stuck, x->node);
	else if (set == all && waits && !moved)
		explore_keep(x, FOUND_DEADLOCK, NO_THREAD);
}

static void note_tried(struct explore *w, unsigned thread, enum turn turn)
{
	struct tried *tried = &w->tried[thread];

	tried->turn = turn;
	tried->is_dead = turn == TURN_STEPPED && explore_is_dead(w);
	if (turn != TURN_OVER)
		note_touched(w, w->mirror[thread], turn, tried->spot, tried);
	if (turn == TURN_WAITS)
		touched_waits(&tried->touched);
}

/* False: stop. */
static bool try(struct explore *x, unsigned thread)
{
	enum turn turn;

	explore_mark(x);
	turn = explore_turn_of_all(x, thread, &x->error);
	for (struct explore *w = x; w; w = w->twin)
		note_tried(w, thread, turn);
	if (turn == TURN_STEPPED)
		keep_successor(x, thread);
	explore_back(x);
	return turn != TURN_BAD && turn != TURN_UNMODELLED;
}

/* Before the others were tried: where they stand is known. */
static unsigned look_at_threads(struct explore *w)
{
	unsigned all = 0;

	for (unsigned t = 0; t < w->trace->nr_threads; t++) {
		bool is_over = is_through(w, w->mirror[t]);

		w->tried[t].turn = is_over ? TURN_OVER : TURN_WAITS;
		w->tried[t].spot = spot_of(w, w->mirror[t]);
		w->tried[t].held = explore_held(w, w->mirror[t]);
		all |= !is_over << t;
	}
	return all;
}

bool explore_try_reduced(struct explore *x)
{
	unsigned all = look_at_threads(x), set;

	for (struct explore *twin = x->twin; twin; twin = twin->twin)
		look_at_threads(twin);
	for (unsigned t = 0; t < x->trace->nr_threads; t++) {
		if (!(all >> t & 1))
			continue;
		if (!try(x, t))
			return false;
		if (goes_on(x, 1u << t) && all != 1u << t && is_persistent(x, 1u << t)) {
			take_set(x, 1u << t, all);
			return true;
		}
	}
	set = choose(x, all);
	take_set(x, set, all);
	return true;
}
