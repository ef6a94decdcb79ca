/* SPDX-License-Identifier: GPL-2.0-only */
/* child.c: a forked child that does what it is told. */
#define _GNU_SOURCE
#include "vmm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ORDER_SIZE = 128 };

struct order { char what; uint64_t hva, value; };

/* Of the child: without handlers of ours, so that a signal ends it */
static void carry_out(const struct order *order, char *text, size_t size)
{
	volatile uint32_t *at = (uint32_t *)(uintptr_t)order->hva;

	switch (order->what) {
	case 'w':
		*at = order->value;
		snprintf(text, size, "ok");
		break;
	case 'r':
		snprintf(text, size, "0x%x", *at);
		break;
	default:
		snprintf(text, size, "%s",
			 error_name(madvise((void *)at, order->value, MADV_DONTNEED) ? errno : 0));
		break;
	}
}

static void be_child(struct vmm *vmm, int from, int to)
{
	struct order order;
	char text[ORDER_SIZE];

	for (unsigned v = 0; v < NR_VCPUS; v++)
		close(vmm->vcpu[v].fd);
	close(vmm->vm);
	close(vmm->kvm);
	while (read(from, &order, sizeof(order)) == sizeof(order)) {
		carry_out(&order, text, sizeof(text));
		(void)!write(to, text, strlen(text));
	}
	_exit(0);
}

static void do_fork(struct vmm *vmm, const struct args *args)
{
	int orders[2], answers[2];

	(void)args;
	if (pipe(orders) || pipe(answers)) {
		answer_error(vmm, errno);
		return;
	}
	fflush(vmm->out);
	vmm->child.pid = fork();
	if (!vmm->child.pid) {
		close(orders[1]);
		close(answers[0]);
		be_child(vmm, orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	vmm->child.to = orders[1];
	vmm->child.from = answers[0];
	answer_error(vmm, vmm->child.pid < 0 ? errno : 0);
}

/* "child:" alone: a signal has ended it */
static void tell(struct vmm *vmm, char what, uint64_t hva, uint64_t value)
{
	struct order order = { .what = what, .hva = hva, .value = value };
	char text[ORDER_SIZE];
	ssize_t n;

	(void)!write(vmm->child.to, &order, sizeof(order));
	n = read(vmm->child.from, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	fprintf(vmm->out, "child:%s\n", text);
	mark(vmm, "=== child %s", text);
}

static void do_cread(struct vmm *vmm, const struct args *args)
{
	tell(vmm, 'r', arg_address(vmm, args, 1), 0);
}

static void do_cwrite(struct vmm *vmm, const struct args *args)
{
	tell(vmm, 'w', arg_address(vmm, args, 1), arg_number(args, 2));
}

static void do_cdontneed(struct vmm *vmm, const struct args *args)
{
	tell(vmm, 'd', arg_address(vmm, args, 1), arg_number(args, 2));
}

static void do_cexit(struct vmm *vmm, const struct args *args)
{
	int status = 0;

	(void)args;
	close(vmm->child.to);
	close(vmm->child.from);
	waitpid(vmm->child.pid, &status, 0);
	answer(vmm, "OK status=0x%x", status);
}

const struct command child_commands[] = {
	{ "fork", do_fork },
	{ "cread", do_cread },
	{ "cwrite", do_cwrite },
	{ "cdontneed", do_cdontneed },
	{ "cexit", do_cexit },
	{ NULL, NULL },
};
