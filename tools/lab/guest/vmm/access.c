/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * access.c: accesses of the VMM itself, which may end in SIGBUS or SIGSEGV, and its alarm.
 *
 * Signal handlers have no argument of ours: what they tell stands in this file.
 */
#define _GNU_SOURCE
#include "vmm.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static struct {
	volatile sig_atomic_t times, signal, code, timed_out;
	volatile uint64_t address;
} fault;

/* An access that may fail, of each thread */
static _Thread_local struct {
	sigjmp_buf back;
	volatile sig_atomic_t expected;
} access_now;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	static const char message[] = "!! SIGSEGV in labvmm\n";

	(void)context;
	fault.signal = signal;
	fault.code = info->si_code;
	fault.address = (uintptr_t)info->si_addr;
	fault.times = fault.times + 1;
	if (access_now.expected)
		siglongjmp(access_now.back, 1);
	if (signal == SIGBUS)
		return;		/* BUS_MCEERR_AO, or sent by KVM's caller: told below the command */
	(void)!write(STDOUT_FILENO, message, sizeof(message) - 1);
	_exit(139);
}

static void on_alarm(int signal)
{
	(void)signal;
	fault.timed_out = 1;
}

void faults_catch(void)
{
	struct sigaction on = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sigaction alarmed = { .sa_handler = on_alarm };

	sigaction(SIGBUS, &on, NULL);
	sigaction(SIGSEGV, &on, NULL);
	sigaction(SIGALRM, &alarmed, NULL);
	sigaction(SIGUSR1, &alarmed, NULL);
	signal(SIGPIPE, SIG_IGN);	/* a child that a signal has ended */
}

void faults_forget(void)
{
	fault.times = 0;
}

void faults_print(struct vmm *vmm)
{
	if (fault.times)
		fprintf(vmm->out, "      signal SIGBUS x%d code=%d addr=0x%llx\n", (int)fault.times,
			(int)fault.code, (unsigned long long)fault.address);
}

void faults_answer(struct vmm *vmm)
{
	answer(vmm, "HOST-%s code=%d addr=0x%llx", fault.signal == SIGBUS ? "SIGBUS" : "SIGSEGV",
	       (int)fault.code, (unsigned long long)fault.address);
}

bool timed_out(void)
{
	return fault.timed_out;
}

void timed_out_clear(void)
{
	fault.timed_out = 0;
}

void alarm_after(unsigned milliseconds)
{
	struct itimerval timer = { .it_value = { .tv_sec = milliseconds / 1000,
						 .tv_usec = milliseconds % 1000 * 1000 } };

	if (self)
		return;		/* "resume" is patient, and others' alarms are none of its */
	if (milliseconds)
		timer.it_interval.tv_usec = 200000;	/* KVM_RUN may not have begun yet */
	setitimer(ITIMER_REAL, &timer, NULL);
}

bool host_load(uint64_t hva, uint32_t *value)
{
	bool ok = !sigsetjmp(access_now.back, 1);

	access_now.expected = ok;
	if (ok)
		*value = *(volatile uint32_t *)(uintptr_t)hva;
	access_now.expected = 0;
	return ok;
}

bool host_store(uint64_t hva, uint32_t value)
{
	bool ok = !sigsetjmp(access_now.back, 1);

	access_now.expected = ok;
	if (ok)
		*(volatile uint32_t *)(uintptr_t)hva = value;
	access_now.expected = 0;
	return ok;
}
