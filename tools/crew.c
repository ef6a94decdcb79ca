/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE	/* sigtimedwait() */
#include "tools/crew.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <stb/stb_ds.h>

#include "tools/pfnsim.h"

/* So many may have been done before one that is not, each with three open files. */
enum { MAX_AHEAD = 128 };

struct crew_child {
	pid_t pid;		/* 0: it has been waited for */
	int status;
	double since;
	bool late;
	FILE *out, *err, *result;
	struct sim_progress *progress;	/* shared with it */
};

/* ---- children ---- */

static FILE *scratch(void)
{
	FILE *file = tmpfile();

	if (file)
		return file;
	fprintf(stderr, "pfnsim: no temporary file: %s\n", strerror(errno));
	exit(CODE_INTERNAL);
}

static struct sim_progress *shared(void)
{
	struct sim_progress *progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (progress != MAP_FAILED)
		return progress;
	fprintf(stderr, "pfnsim: mmap: %s\n", strerror(errno));
	exit(CODE_INTERNAL);
}

static void block_signal(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(how, &set, NULL);
}

/* True: this is the child. ^C is the parent's, who ends it. */
static bool start(struct crew *crew)
{
	struct crew_child child = { .since = tool_seconds(), .out = scratch(), .err = scratch(),
				    .result = scratch(), .progress = shared() };
	pid_t parent = getpid();

	fflush(NULL);
	child.pid = fork();
	if (child.pid < 0) {
		fprintf(stderr, "pfnsim: fork: %s\n", strerror(errno));
		exit(CODE_INTERNAL);
	}
	if (child.pid) {
		arrput(crew->children, child);
		crew->next++;
		crew->running++;
		return false;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(CODE_INTERNAL);
	signal(SIGINT, SIG_IGN);
	block_signal(SIG_UNBLOCK);
	if (dup2(fileno(child.out), STDOUT_FILENO) < 0 ||
	    dup2(fileno(child.err), STDERR_FILENO) < 0)
		_exit(CODE_INTERNAL);
	crew->at = crew->next;
	crew->result = child.result;
	crew->progress = child.progress;
	return true;
}

_Noreturn void crew_exit(struct crew *crew)
{
	bool ok = !fflush(stdout) && !ferror(stdout) && !fflush(crew->result) &&
		  !ferror(crew->result);

	exit(ok ? CODE_EXPECTED : CODE_INTERNAL);
}

_Noreturn void crew_exit_with(struct crew *crew, int code)
{
	fwrite(&code, sizeof(code), 1, crew->result);
	crew_exit(crew);
}

int crew_code(struct crew *crew, enum crew_turn turn)
{
	int code;

	if (turn == CREW_OVER) {
		fprintf(stderr, "pfnsim: interrupted: nothing is said of %zu of %zu inputs\n",
			crew->nr - crew->at, crew->nr);
		return CODE_INCONCLUSIVE;
	}
	if (turn == CREW_DONE && fread(&code, sizeof(code), 1, crew->result) == 1)
		return code;
	fprintf(stderr, "pfnsim: %s: the program crashed, or could not write\n",
		crew->names[crew->at]);
	return CODE_INTERNAL;
}

static void reap(struct crew *crew)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < arrlenu(crew->children); i++)
			if (crew->children[i].pid == pid) {
				crew->children[i].pid = 0;
				crew->children[i].status = status;
				crew->running--;
			}
}

static void end_late(struct crew *crew)
{
	for (size_t i = 0; crew->timeout && i < arrlenu(crew->children); i++) {
		struct crew_child *child = &crew->children[i];

		if (child->pid && tool_seconds() - child->since > crew->timeout) {
			child->late = true;
			kill(child->pid, SIGKILL);
		}
	}
}

static void end_all(struct crew *crew)
{
	for (size_t i = 0; i < arrlenu(crew->children); i++)
		if (crew->children[i].pid) {
			kill(crew->children[i].pid, SIGKILL);
			waitpid(crew->children[i].pid, NULL, 0);
			crew->children[i].pid = 0;
		}
}

static void close_child(struct crew_child *child)
{
	fclose(child->out);
	fclose(child->err);
	fclose(child->result);
	munmap(child->progress, sizeof(*child->progress));
}

/* ---- the parent ---- */

static void copy(FILE *from, FILE *to)
{
	char buffer[1 << 16];
	size_t n;

	rewind(from);
	while ((n = fread(buffer, 1, sizeof(buffer), from)) > 0)
		fwrite(buffer, 1, n, to);
}

/* What the first of them has done. It stays among the children until the next turn. */
static enum crew_turn tell(struct crew *crew)
{
	struct crew_child *child = &crew->children[0];
	bool crash = !WIFEXITED(child->status) || WEXITSTATUS(child->status) != CODE_EXPECTED;

	tool_progress(crew->since, 0, NULL);
	crew->at = crew->told++;
	crew->result = child->result;
	rewind(child->result);
	if (child->late && crash)
		return CREW_TIMEOUT;
	copy(child->err, stderr);
	if (crash)
		return CREW_CRASH;
	copy(child->out, stdout);
	return CREW_DONE;
}

static void forget_told(struct crew *crew)
{
	if (crew->next - crew->told == arrlenu(crew->children))
		return;
	close_child(&crew->children[0]);
	arrdel(crew->children, 0);
}

/* Until a child ends, or it is time to look at the clock, or ^C. */
static void wait_for_one(void)
{
	const struct timespec while_ = { .tv_nsec = 100000000 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigtimedwait(&set, NULL, &while_);
}

/* In inputs: those that are done, and of the others what they say. */
static double done(const struct crew *crew)
{
	double sum = crew->told;

	for (size_t i = 0; i < arrlenu(crew->children); i++) {
		const struct crew_child *child = &crew->children[i];
		double part = atomic_load(&child->progress->done);
		double all = atomic_load(&child->progress->all);

		sum += !child->pid ? 1 : all > 0 && part < all ? part / all : 0;
	}
	return sum;
}

static void tell_progress(const struct crew *crew)
{
	const struct sim_progress *first = crew->children[0].progress;
	size_t part = atomic_load(&first->done), all = atomic_load(&first->all);

	if (crew->nr > 1)
		tool_progress(crew->since, done(crew) / crew->nr, "%zu of %zu: %s", crew->told,
			      crew->nr, crew->names[crew->told]);
	else if (all)
		tool_progress(crew->since, done(crew), "%s: %.0f %%", crew->names[0],
			      100 * done(crew));
	else
		tool_progress(crew->since, 0, part ? "%s: %zu" : "%s", crew->names[0], part);
}

enum crew_turn crew_next(struct crew *crew)
{
	unsigned jobs = crew->jobs ? crew->jobs : 1;

	if (!crew->since) {
		crew->since = tool_seconds();
		block_signal(SIG_BLOCK);
		tool_catch_interrupt();
	}
	forget_told(crew);
	while (!tool_is_interrupted() && crew->told < crew->nr) {
		if (arrlenu(crew->children) && !crew->children[0].pid)
			return tell(crew);
		if (crew->next < crew->nr && crew->running < jobs &&
		    crew->next - crew->told < MAX_AHEAD) {
			if (start(crew))
				return CREW_WORK;
			continue;
		}
		wait_for_one();
		reap(crew);
		end_late(crew);
		tell_progress(crew);
	}
	tool_progress(crew->since, 0, NULL);
	end_all(crew);
	crew->at = crew->told;
	return CREW_OVER;
}

void crew_free(struct crew *crew)
{
	block_signal(SIG_UNBLOCK);
	for (size_t i = 0; i < arrlenu(crew->children); i++)
		close_child(&crew->children[i]);
	arrfree(crew->children);
}
