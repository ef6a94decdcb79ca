/* SPDX-License-Identifier: GPL-2.0-only */
/* race.c: several threads at once. Their order is what the trace says. */
#define _GNU_SOURCE
#include "vmm.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { SECONDS = 30, PIECE = 16 * 4096, PAGE = 4096 };

/* Numerical Recipes; the model's (sim/script_actors.c) and the guest's are the same. */
static unsigned next_random(unsigned seed)
{
	return seed * 1664525 + 1013904223;
}

/* ---- bg: the same over and over ---- */

static int drop_somewhere(const struct loop *loop, unsigned *seed)
{
	uint64_t offset, size = PIECE;

	*seed = next_random(*seed);
	offset = (uint64_t)(*seed >> 8) % (loop->size / PAGE) * PAGE;
	if (offset + size > loop->size)
		size = loop->size - offset;
	return madvise((void *)(uintptr_t)(loop->hva + offset), size, MADV_DONTNEED);
}

static int loop_round(struct loop *loop, unsigned *seed)
{
	struct pfnlab_object object = { .object = loop->object, .pages = loop->size / PAGE };
	void *at = (void *)(uintptr_t)loop->hva;
	int failed;

	if (!strcmp(loop->what, "rdontneed"))
		return drop_somewhere(loop, seed);
	if (!strcmp(loop->what, "dontneed"))
		return madvise(at, loop->size, MADV_DONTNEED);
	if (!strcmp(loop->what, "zap"))
		return ioctl(loop->vmm->lab, PFNLAB_ZAP, &object);
	failed = mprotect(at, loop->size, PROT_READ);
	usleep(loop->pause);
	return mprotect(at, loop->size, PROT_READ | PROT_WRITE) | failed;
}

static void *loop_run(void *data)
{
	struct loop *loop = data;
	unsigned seed = 12345 + (loop - loop->vmm->loop);

	while (!loop->stop) {
		loop->failures += !!loop_round(loop, &seed);
		loop->rounds++;
		if (loop->pause)
			usleep(loop->pause);
	}
	return NULL;
}

/* bg ID rdontneed|dontneed|mprot|zap ADDRESS SIZE MICROSECONDS [obj=OBJECT] */
static void do_bg(struct vmm *vmm, const struct args *args)
{
	static const char *const kinds[] = { "rdontneed", "dontneed", "mprot", "zap", NULL };
	struct loop *loop = &vmm->loop[arg_number(args, 1) % MAX_LOOPS];

	if (place_of(arg(args, 2), kinds) < 0 || arg_number(args, 4) < PAGE) {
		answer_error(vmm, EINVAL);
		return;
	}
	*loop = (struct loop){ .hva = arg_address(vmm, args, 3), .size = arg_number(args, 4),
			       .pause = arg_number(args, 5), .object = arg_value(args, "obj", 0),
			       .vmm = vmm };
	snprintf(loop->what, sizeof(loop->what), "%s", arg(args, 2));
	answer_error(vmm, pthread_create(&loop->thread, NULL, loop_run, loop));
}

static void do_bgstop(struct vmm *vmm, const struct args *args)
{
	struct loop *loop = &vmm->loop[arg_number(args, 1) % MAX_LOOPS];

	loop->stop = true;
	if (loop->vmm)
		pthread_join(loop->thread, NULL);
	loop->vmm = NULL;
	answer(vmm, "OK iterations=%lu fail=%lu", loop->rounds, loop->failures);
}

/* ---- par: the same on both vCPUs ---- */

static void *runner_run(void *data)
{
	struct runner *runner = data;

	vcpu_run(runner->vmm, runner->vcpu, &runner->access, &runner->exits);
	runner->done = true;
	return NULL;
}

static enum program program_of(const char *word)
{
	static const struct { const char *word; enum program program; } programs[] = {
		{ "gread", PROGRAM_READ }, { "r", PROGRAM_READ },
		{ "gwrite", PROGRAM_WRITE }, { "w", PROGRAM_WRITE },
		{ "grmw", PROGRAM_RMW }, { "rmw", PROGRAM_RMW },
		{ "randw", PROGRAM_RANDOM_WRITE }, { "randr", PROGRAM_RANDOM_READ },
	};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (!strcmp(programs[i].word, word))
			return programs[i].program;
	return PROGRAM_NONE;
}

static bool all_done(struct vmm *vmm)
{
	for (unsigned v = 0; v < NR_VCPUS; v++)
		if (!vmm->runner[v].done)
			return false;
	return true;
}

/* Until both are done; a guest that goes on for too long is interrupted. */
static void wait_for_all(struct vmm *vmm)
{
	time_t end = time(NULL) + SECONDS;

	while (!all_done(vmm)) {
		usleep(1000);
		for (unsigned v = 0; time(NULL) > end && v < NR_VCPUS; v++)
			if (!vmm->runner[v].done)
				pthread_kill(vmm->runner[v].thread, SIGUSR1);
	}
	for (unsigned v = 0; v < NR_VCPUS; v++)
		pthread_join(vmm->runner[v].thread, NULL);
}

/* par OPERATION GPA COUNT STRIDE|MASK [SEED] */
static void do_par(struct vmm *vmm, const struct args *args)
{
	enum program program = program_of(arg(args, 1));

	if (program == PROGRAM_NONE) {
		answer_error(vmm, EINVAL);
		return;
	}
	for (unsigned v = 0; v < NR_VCPUS; v++) {
		struct runner *runner = &vmm->runner[v];

		*runner = (struct runner){
			.vcpu = v, .vmm = vmm,
			.access = { .program = program, .eax = 0x1000 + v,
				    .ebx = arg_number(args, 2), .ecx = arg_number(args, 3),
				    .edx = arg_number(args, 4), .esi = arg_number(args, 4),
				    .edi = arg_number(args, 5) + v },
		};
		pthread_create(&runner->thread, NULL, runner_run, runner);
	}
	wait_for_all(vmm);
	answer(vmm, "v0: %.900s | v1: %.900s", vmm->runner[0].exits.said.text,
	       vmm->runner[1].exits.said.text);
}

const struct command race_commands[] = {
	{ "bg", do_bg },
	{ "bgstop", do_bgstop },
	{ "par", do_par },
	{ NULL, NULL },
};
