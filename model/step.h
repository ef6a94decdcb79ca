/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * step.h: kernel code as tables of small named steps, and the one place where it runs.
 *
 * A path is an array of steps, ended by one without a name. A step runs to completion; another
 * task may run before it and after it. Replay and exploration differ in whose step they let run.
 */
#pragma once

#include "model/base.h"
#include "model/task.h"

struct machine;

enum step_result {
	STEP_NEXT,
	STEP_BACK,		/* go on at the step that .to names */
	STEP_CALL,		/* enter the path .calls, then go on with the next step */
	STEP_CALL_BACK,		/* enter the path .calls, then go on at .to */
	STEP_DONE,		/* leave the path */
	STEP_BLOCKED,		/* a lock is taken; nothing has changed */
};

struct step {
	const char *name;
	enum step_result (*run)(struct machine *m, struct task *t);
	/* The step is passed over (and is no cut) unless this holds; NULL: always runs. */
	bool (*when)(const struct machine *m, const struct task *t);
	/*
	 * The modelled kernel functions, outermost first, that are on the stack below those of the
	 * calling path: "kvm_tdp_page_fault > kvm_faultin_pfn". Version: the semantics' source.
	 */
	const char *chain;
	const char *to;		/* STEP_BACK, STEP_CALL_BACK: a step of this path */
	u8 calls;		/* STEP_CALL, STEP_CALL_BACK: enum path_id */
	u8 to_index;		/* .to, resolved by semantics_resolve() */
};

enum { MAX_STEPS = 40 };

enum run_result {
	RUN_STEPPED,		/* one step ran */
	RUN_BLOCKED,		/* its step waits for a lock */
	RUN_FINISHED,		/* the task had finished, or finished with this step */
};

/* As `pfnsim semantics --steps` has it: "notify-start". */
const char *path_name(enum path_id path);
/* The step that @task would run next, or NULL if it has none left. Passes over guarded steps. */
const struct step *task_next_step(struct machine *m, unsigned task);
/* Run one step of @task. Empties the touched list and the alarms first. */
enum run_result task_step(struct machine *m, unsigned task);
/* A fresh task in row @task that is about to enter @path; the caller fills in its arguments. */
struct task *task_start(struct machine *m, unsigned task, enum path_id path, u8 by);
/*
 * The modelled call chain of @depth frames, outermost first, "a > b > c", into @buffer. The top
 * frame counts as standing at .pc: copy a task's frames before its step, or ask during it.
 */
void task_chain(const struct machine *m, const struct frame *frames, unsigned depth, char *buffer,
		size_t size);
