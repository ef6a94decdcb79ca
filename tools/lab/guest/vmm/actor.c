/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * actor.c: commands in threads of their own, which stop before a step of the model, or wait.
 *
 *	start NAME [until=STEP] COMMAND...	STOPPED, PENDING ..., WAITS, or the command's answer
 *	resume NAME [until=STEP]		the same; OVER: it has said its answer before
 *
 * It is the module that stops them (driver/stop.c). gstart, hstart and gwake are the same with
 * names that are numbers.
 */
#define _GNU_SOURCE
#include "vmm.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TICK = 1000, ASLEEP = 150, PATIENCE = 10000, SETTLE = 3000 };	/* microseconds; ticks */

static struct actor *actor_named(struct vmm *vmm, const char *name)
{
	for (size_t i = 0; i < MAX_ACTORS; i++)
		if (!strcmp(vmm->actor[i].name, name))
			return &vmm->actor[i];
	return NULL;
}

bool any_actor(const struct vmm *vmm)
{
	for (size_t i = 0; i < MAX_ACTORS; i++)
		if (*vmm->actor[i].name)
			return true;
	return false;
}

/* ---- its thread ---- */

static int arm(const struct actor *actor)
{
	struct pfnlab_stop stop = { .op = PFNLAB_ARM };

	strcpy(stop.step, actor->step);
	return ioctl(actor->vmm->lab, PFNLAB_STOP, &stop) ? errno : 0;
}

static void act(struct actor *actor)
{
	struct args args;
	int error = arm(actor);

	if (error == ENXIO || error == ENOENT) {
		snprintf(actor->answer, sizeof(actor->answer), "NOPROBE %s", actor->step);
		return;
	}
	words_of(actor->line, &args);
	if (args.nr)
		run_words(actor->vmm, &args);
}

static void *actor_run(void *data)
{
	struct pfnlab_stop stop = { .op = PFNLAB_DISARM };
	struct actor *actor = data;
	sigset_t others;

	sigfillset(&others);		/* alarms, the end of a child of "sh": the main thread's */
	sigdelset(&others, SIGBUS);
	sigdelset(&others, SIGSEGV);
	pthread_sigmask(SIG_BLOCK, &others, NULL);
	self = actor;
	actor->id = gettid();
	for (;;) {
		sem_wait(&actor->begin);
		act(actor);
		ioctl(actor->vmm->lab, PFNLAB_STOP, &stop);
		actor->done = true;
	}
	return NULL;
}

/* A new thread's stack is mmap()ed, which waits for who is stopped with mmap_lock: all at once. */
static int make_threads(struct vmm *vmm)
{
	pthread_t thread;
	int error = 0;

	for (size_t i = 0; i < MAX_ACTORS && !error; i++) {
		if (vmm->actor[i].vmm)
			continue;
		sem_init(&vmm->actor[i].begin, 0, 0);
		error = pthread_create(&thread, NULL, actor_run, &vmm->actor[i]);
		vmm->actor[i].vmm = error ? NULL : vmm;
	}
	return error;
}

/* ---- who waits for it ---- */

static enum pfnlab_state state_of(const struct actor *actor)
{
	struct pfnlab_stop stop = { .op = PFNLAB_STATE, .thread = actor->id };

	return ioctl(actor->vmm->lab, PFNLAB_STOP, &stop) ? PFNLAB_RUNS : stop.state;
}

static bool is_asleep(const struct actor *actor)
{
	char path[48], text[512], *end;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", actor->id);
	if (read_file(path, text, sizeof(text)) <= 0)
		return false;
	end = strrchr(text, ')');
	return end && end[1] && (end[2] == 'S' || end[2] == 'D');
}

static void end(struct actor *actor)
{
	answer(actor->vmm, "%s", actor->answer);
	actor->name[0] = 0;
}

static int go(struct actor *actor, const char *step, struct pfnlab_stop *stop)
{
	*stop = (struct pfnlab_stop){ .op = PFNLAB_GO, .thread = actor->id };
	snprintf(stop->step, sizeof(stop->step), "%s", step);
	if (ioctl(actor->vmm->lab, PFNLAB_STOP, stop))
		return errno;
	if (stop->state == PFNLAB_STOPPED)
		actor->asked[0] = 0;
	return 0;
}

/* True: there is something to say. */
static bool has_news(struct actor *actor, unsigned *asleep)
{
	struct pfnlab_stop stop;
	enum pfnlab_state state;

	uffd_read(actor->vmm);
	if (actor->done) {
		end(actor);
		return true;
	}
	state = actor->id ? state_of(actor) : PFNLAB_RUNS;
	if (state == PFNLAB_STOPPED && *actor->asked && !actor->asks) {	/* woken meanwhile */
		go(actor, "", &stop);
		return false;
	}
	if (actor->asks)
		usleep(SETTLE);		/* it sleeps by then */
	else if (state == PFNLAB_CANNOT_SLEEP)
		answer(actor->vmm, "NOPROBE it holds a spinlock there");
	else if (state == PFNLAB_STOPPED)
		answer(actor->vmm, "STOPPED");
	if (actor->asks)
		answer(actor->vmm, "%s", actor->asked);
	if (actor->asks || state != PFNLAB_RUNS)
		return true;
	*asleep = is_asleep(actor) ? *asleep + 1 : 0;
	if (*asleep > ASLEEP)
		answer(actor->vmm, "%s", *actor->asked ? actor->asked : "WAITS");
	return *asleep > ASLEEP;
}

static void wait_for(struct actor *actor)
{
	unsigned asleep = 0;

	for (unsigned i = 0; i < PATIENCE; i++) {
		if (has_news(actor, &asleep))
			return;
		usleep(TICK);
	}
	answer(actor->vmm, "STUCK");
}

static void start(struct vmm *vmm, const char *name, const char *step, const struct args *args,
		  unsigned first)
{
	struct actor *actor = actor_named(vmm, "");
	size_t n = 0;

	/* A process of several threads is balanced between nodes: that would be others' faults. */
	write_file("/proc/sys/kernel/numa_balancing", "0");
	if (!actor || actor_named(vmm, name) || make_threads(vmm)) {
		answer_error(vmm, EBUSY);
		return;
	}
	actor->done = actor->asks = false;
	actor->answer[0] = actor->asked[0] = actor->line[0] = 0;
	snprintf(actor->name, sizeof(actor->name), "%s", name);
	snprintf(actor->step, sizeof(actor->step), "%s", step);
	for (unsigned i = first; i < args->nr; i++)
		n += snprintf(actor->line + n, sizeof(actor->line) - n, "%s ", args->word[i]);
	sem_post(&actor->begin);
	wait_for(actor);
}

/* It goes on if it is stopped; otherwise what it waits for is, perhaps, over by itself. */
static void go_on(struct vmm *vmm, const char *name, const char *step)
{
	struct actor *actor = actor_named(vmm, name);
	struct pfnlab_stop stop;

	if (!actor) {
		answer(vmm, "OVER");
		return;
	}
	if (!actor->done && go(actor, step, &stop) && *step) {
		answer(vmm, "NOPROBE %s", step);
		return;
	}
	actor->asks = false;
	wait_for(actor);
}

/* ---- commands ---- */

static const char *until(const struct args *args)
{
	const char *word = arg(args, 2);

	return !strncmp(word, "until=", 6) ? word + 6 : "";
}

static void do_start(struct vmm *vmm, const struct args *args)
{
	const char *step = until(args);

	start(vmm, arg(args, 1), step, args, *step ? 3 : 2);
}

static void do_resume(struct vmm *vmm, const struct args *args)
{
	go_on(vmm, arg(args, 1), until(args));
}

/* gstart read|write|rmw GPA [VALUE] [v=], hstart read|write ADDRESS [VALUE] [v=] */
static void do_gstart(struct vmm *vmm, const struct args *args)
{
	struct args command = *args;
	char verb[16];

	snprintf(verb, sizeof(verb), "%c%s", *arg(args, 0), arg(args, 1));
	if (args->nr > 1)
		command.word[1] = verb;
	start(vmm, arg_option(args, "v", "0"), "", &command, 1);
}

/* gwake ADDRESS LENGTH [v=] */
static void do_gwake(struct vmm *vmm, const struct args *args)
{
	const char *name = arg_option(args, "v", "0");
	struct actor *actor = actor_named(vmm, name);
	int error = uffd_wake(vmm, arg_address(vmm, args, 1), arg_number(args, 2));

	if (error) {
		answer_error(vmm, error);
		return;
	}
	for (unsigned i = 0; actor && i < ASLEEP && state_of(actor) != PFNLAB_STOPPED; i++)
		usleep(TICK);
	go_on(vmm, name, "");
}

const struct command actor_commands[] = {
	{ "start", do_start },
	{ "resume", do_resume },
	{ "gstart", do_gstart },
	{ "hstart", do_gstart },
	{ "gwake", do_gwake },
	{ NULL, NULL },
};
