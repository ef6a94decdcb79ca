// SPDX-License-Identifier: GPL-2.0-only
/*
 * stop.c: a thread stops before a step of the model, where the kernel may sleep.
 *
 * A function that a stop needs is redirected as livepatch does it: ftrace calls held() in its
 * place, which calls it, and sleeps before or after. A table says which function that is; what a
 * kernel does not have, or has inlined, is tried no further. Nothing can stop under a spinlock.
 */
#include <linux/ftrace.h>
#include <linux/kallsyms.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "driver.h"

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_REGS
enum { NR_THREADS = 8, SECONDS = 60 };

enum when { ON_ENTRY, ON_RETURN };

/* A place of a kernel: only one of a step's rows is there. */
struct place {
	const char *step, *function;
	enum when when;
	bool (*fits)(unsigned long result);	/* ON_RETURN; NULL: any */
	const char *caller;			/* that the call came from; NULL: any */
	unsigned int nth;			/* call of the thread; 0: the first */
};

static bool is_zero(unsigned long result)
{
	return !(u32)result;
}

static bool is_page(unsigned long pfn)
{
	return !pfn_error(pfn);
}

static const struct place places[] = {
	/* arch/x86/kvm/mmu/mmu.c: RET_PF_CONTINUE is 0; mmu_lock is next. */
	{ "lock_mmu", "kvm_mmu_faultin_pfn", ON_RETURN, is_zero },
	{ "lock_mmu", "kvm_faultin_pfn", ON_RETURN, is_zero },
	{ "snapshot_seq", "mmu_topup_memory_caches", ON_RETURN, is_zero, "page_fault" },
#if SINCE(6, 13)
	{ "precheck_retry_again", "__kvm_faultin_pfn", ON_RETURN, is_page },
#elif SINCE(6, 8)
	{ "precheck_retry_again", "hva_to_pfn", ON_RETURN, is_page },
#endif
	{ "emulate_access", "x86_emulate_instruction", ON_ENTRY },
	/* virt/kvm/ */
	{ "gpc_install", "hva_to_pfn", ON_RETURN, is_page },
	{ "follow_pte_again", "follow_pte", ON_ENTRY, NULL, NULL, 2 },
	{ "follow_pte_again", "follow_pfnmap_start", ON_ENTRY, NULL, NULL, 2 },
	{ "zap_all_fast", "kvm_arch_flush_shadow_memslot", ON_ENTRY },
	{ "note_readers", "synchronize_srcu_expedited", ON_ENTRY, NULL,
	  "kvm_swap_active_memslots" },
	{ "end_update", "synchronize_srcu_expedited", ON_RETURN, NULL,
	  "kvm_swap_active_memslots" },
	/* mm/, fs/ */
	{ "clear_ptes", "kvm_mmu_notifier_invalidate_range_start", ON_RETURN },
	{ "uffd_change", "kvm_mmu_notifier_invalidate_range_start", ON_RETURN },
	{ "move_page", "move_to_new_folio", ON_ENTRY },
	{ "find_mapping", "try_to_migrate", ON_ENTRY },
	{ "find_mapping", "try_to_unmap", ON_ENTRY },
	{ "install_file_page", "finish_fault", ON_ENTRY },
	{ "unmap_hole", "unmap_mapping_range", ON_ENTRY },
	{ "lock_batch", "find_lock_entries", ON_ENTRY },
};

static const char userfault[] = "handle_userfault";

struct hook {
	struct ftrace_ops ops;
	const char *function;	/* NULL: a free row */
	bool is_set;
};

static struct hook hooks[ARRAY_SIZE(places) + 1];

struct thread {
	struct task_struct *task;	/* NULL: a free row */
	char step[32];			/* that it is to stop before; "": none */
	unsigned int calls;
	/* of the call at hand */
	const struct place *place;	/* NULL: handle_userfault() */
	unsigned long function;
	bool inside;
	/* of a stop */
	wait_queue_head_t queue;
	bool go;
	u32 state;
};

static struct thread threads[NR_THREADS];
static DEFINE_MUTEX(lock);

static struct thread *thread_of(const struct task_struct *task)
{
	for (size_t i = 0; i < NR_THREADS; i++)
		if (READ_ONCE(threads[i].task) == task)
			return &threads[i];
	return NULL;
}

/* ---- in the thread ---- */

static void stop(struct thread *thread)
{
	thread->step[0] = 0;
	if (in_atomic() || irqs_disabled() || rcu_preempt_depth()) {
		WRITE_ONCE(thread->state, PFNLAB_CANNOT_SLEEP);
		return;
	}
	thread->go = false;
	WRITE_ONCE(thread->state, PFNLAB_STOPPED);
	(void)wait_event_killable_timeout(thread->queue, READ_ONCE(thread->go), SECONDS * HZ);
	WRITE_ONCE(thread->state, PFNLAB_RUNS);
}

typedef unsigned long (*function)(unsigned long, unsigned long, unsigned long, unsigned long,
				  unsigned long, unsigned long);

/* Calls of this are in the place of what ftrace has found: six arguments are all in registers. */
static noinline unsigned long held(unsigned long a, unsigned long b, unsigned long c,
				   unsigned long d, unsigned long e, unsigned long f)
{
	struct thread *thread = thread_of(current);
	const struct place *place = thread->place;
	unsigned long switches = current->nvcsw;
	function call = (function)thread->function;
	unsigned long result;

	if (place && place->when == ON_ENTRY)
		stop(thread);
	thread->inside = true;
	result = call(a, b, c, d, e, f);
	thread->inside = false;
	if (!place && current->nvcsw != switches)	/* it has slept for userspace */
		stop(thread);
	if (place && place->when == ON_RETURN && (!place->fits || place->fits(result)))
		stop(thread);
	return result;
}

static bool is_called_by(unsigned long address, const char *caller)
{
	char name[KSYM_SYMBOL_LEN];

	if (!caller)
		return true;
	snprintf(name, sizeof(name), "%ps", (void *)address);
	return strstr(name, caller);
}

static const struct place *place_of(const struct thread *thread, const char *function)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (!strcmp(places[i].step, thread->step) &&
		    !strcmp(places[i].function, function))
			return &places[i];
	return NULL;
}

static void redirect(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
		     struct ftrace_regs *fregs)
{
	struct hook *hook = container_of(ops, struct hook, ops);
	struct thread *thread = thread_of(current);
	struct pt_regs *regs = ftrace_get_regs(fregs);
	const struct place *place;
	bool sleeps = hook->function == userfault;

	if (!thread || !regs || thread->inside)
		return;
	place = sleeps ? NULL : place_of(thread, hook->function);
	if (!sleeps && (!place || !is_called_by(parent, place->caller)))
		return;
	if (place && ++thread->calls < place->nth)
		return;
	thread->place = place;
	/* The look-up's own probe is to see the call that held() makes; others have seen this. */
	thread->function = stop_is_outer(hook->function) ? ip : ip + MCOUNT_INSN_SIZE;
	regs->ip = (unsigned long)held;
}

bool stop_is_outer(const char *function)
{
	struct thread *thread = thread_of(current);
	const struct place *place = thread && !thread->inside ? place_of(thread, function) : NULL;

	return place && place->fits == is_page;
}

/* ---- of others ---- */

static long hook_set(const char *function)
{
	struct hook *hook = hooks;
	long error;

	while (hook->function && strcmp(hook->function, function))
		hook++;
	if (hook->is_set)
		return 0;
	if (!symbol(function))		/* which takes a while */
		return -ENXIO;
	*hook = (struct hook){
		.function = function,
		.ops = { .func = redirect,
			 .flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY },
	};
	error = ftrace_set_filter(&hook->ops, (unsigned char *)function, strlen(function), 1);
	if (!error)
		error = register_ftrace_function(&hook->ops);
	hook->is_set = !error;
	if (error) {
		ftrace_free_filter(&hook->ops);
		hook->function = NULL;
	}
	return error;
}

/* -ENOENT: no such step, or not one that can be stopped at; -ENXIO: this kernel has it nowhere */
static long hooks_set(const char *step)
{
	long error = *step ? -ENOENT : 0;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (strcmp(places[i].step, step))
			continue;
		if (error == -ENOENT)
			error = -ENXIO;
		if (!hook_set(places[i].function))
			error = 0;
	}
	hook_set(userfault);
	return error;
}

static long arm(struct thread *thread, const char *step)
{
	long error = hooks_set(step);

	if (error)
		return error;
	thread->calls = 0;
	strscpy(thread->step, step, sizeof(thread->step));
	return 0;
}

static long arm_caller(const char *step)
{
	struct thread *thread = thread_of(current);

	if (!thread)
		thread = thread_of(NULL);
	if (!thread)
		return -ENOMEM;
	thread->state = PFNLAB_RUNS;
	thread->inside = false;
	thread->step[0] = 0;
	init_waitqueue_head(&thread->queue);
	WRITE_ONCE(thread->task, current);
	return arm(thread, step);
}

static struct thread *thread_by_id(pid_t id)
{
	for (size_t i = 0; i < NR_THREADS; i++)
		if (threads[i].task && task_pid_vnr(threads[i].task) == id)
			return &threads[i];
	return NULL;
}

static long on_thread(struct thread *thread, struct pfnlab_stop *request)
{
	long error = 0;

	request->state = READ_ONCE(thread->state);
	if (request->op != PFNLAB_GO)
		return 0;
	if (*request->step)
		error = arm(thread, request->step);
	if (!error && request->state == PFNLAB_STOPPED) {
		WRITE_ONCE(thread->state, PFNLAB_RUNS);
		WRITE_ONCE(thread->go, true);
		wake_up(&thread->queue);
	}
	return error;
}

long stop_run(struct pfnlab_stop *request)
{
	struct thread *thread;
	long error = 0;

	request->step[sizeof(request->step) - 1] = 0;
	mutex_lock(&lock);
	thread = request->op == PFNLAB_ARM || request->op == PFNLAB_DISARM ? thread_of(current) :
		 thread_by_id(request->thread);
	if (request->op == PFNLAB_ARM)
		error = arm_caller(request->step);
	else if (!thread)
		error = -ESRCH;
	else if (request->op == PFNLAB_DISARM)
		WRITE_ONCE(thread->task, NULL);
	else
		error = on_thread(thread, request);
	mutex_unlock(&lock);
	return error;
}

/* Its threads are gone. */
void stops_release(void)
{
	mutex_lock(&lock);
	for (size_t i = 0; i < NR_THREADS; i++)
		WRITE_ONCE(threads[i].task, NULL);
	for (struct hook *hook = hooks; hook < hooks + ARRAY_SIZE(hooks); hook++)
		if (hook->is_set) {
			unregister_ftrace_function(&hook->ops);
			ftrace_free_filter(&hook->ops);
			*hook = (struct hook){ .function = NULL };
		}
	mutex_unlock(&lock);
}
#else
bool stop_is_outer(const char *function)
{
	return false;
}

long stop_run(struct pfnlab_stop *request)
{
	return request->op == PFNLAB_ARM && *request->step ? -ENXIO : 0;
}

void stops_release(void)
{
}
#endif
