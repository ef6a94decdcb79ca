// SPDX-License-Identifier: GPL-2.0-only
/*
 * import_vm.c: of a recording of several VMs the events of one, as its threads are named.
 *
 * No event says whose VM it is, and no two VMs' gfns differ. What a thread does to a VM is known of
 * those that are named, and of a vCPU's thread that runs a vCPU which one of them runs, too: of
 * another VM. What all others did may have been to this one: that is lacking.
 */
#define _GNU_SOURCE	/* asprintf() */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/import_internal.h"

enum { MANY = 64 };

struct thread {
	int32_t key;			/* pid */
	struct { uint64_t vcpus; bool sets_slots, invalidates, is_chosen; } value;
};

static struct thread *find_threads(const struct import *import)
{
	struct thread *threads = NULL;

	for (size_t i = 0; i < arrlenu(import->events); i++) {
		const struct import_event *e = &import->events[i];
		struct thread new = { .key = e->pid }, *t = hmgetp_null(threads, e->pid);

		if (!t) {
			hmputs(threads, new);
			t = hmgetp(threads, e->pid);
		}
		if (e->kind == IMPORT_FAULT && (!(e->known & 1) || e->value[0] < MANY))
			t->value.vcpus |= 1ULL << (e->known & 1 ? e->value[0] : 0);
		t->value.sets_slots |= e->kind == IMPORT_MEMSLOT;
		t->value.invalidates |= e->kind == IMPORT_INV_START || e->kind == IMPORT_RANGE;
	}
	return threads;
}

/* "; vCPU 0: 77, 78" */
static void list_vcpu(const struct thread *threads, unsigned vcpu, FILE *out)
{
	const char *gap = "";

	for (size_t i = 0; i < hmlenu(threads); i++) {
		if (!(threads[i].value.vcpus >> vcpu & 1))
			continue;
		if (!*gap)
			fprintf(out, "; vCPU %u: ", vcpu);
		fprintf(out, "%s%d", gap, threads[i].key);
		gap = ", ";
	}
}

static void list_others(const struct thread *threads, bool slots, FILE *out)
{
	const char *gap = "";

	for (size_t i = 0; i < hmlenu(threads); i++) {
		if (!(slots ? threads[i].value.sets_slots :
			      threads[i].value.invalidates && !threads[i].value.vcpus))
			continue;
		if (!*gap)
			fprintf(out, slots ? "; set memslots: " : "; invalidate: ");
		fprintf(out, "%s%d", gap, threads[i].key);
		gap = ", ";
	}
}

static bool no_thread(const struct import *import, const struct thread *threads, int32_t pid,
		      struct error *error)
{
	char *list;
	size_t size;
	FILE *out = open_memstream(&list, &size);

	if (!out)
		abort();
	for (unsigned vcpu = 0; vcpu < MANY; vcpu++)
		list_vcpu(threads, vcpu, out);
	list_others(threads, true, out);
	list_others(threads, false, out);
	fclose(out);
	error_at(error, import->path, 0, 0, "thread %d has nothing in it. Threads%s", pid,
		 size ? list + 1 : ": none");
	free(list);
	return false;
}

/* What is of no VM: pages come and go for all. */
static bool is_of_host(const struct import_event *e)
{
	return e->kind == IMPORT_PAGE_REF || e->kind == IMPORT_ALLOC || e->kind == IMPORT_FREE ||
	       e->kind == IMPORT_ISA;
}

static bool is_of_another(const struct thread *t, uint64_t chosen_vcpus)
{
	return t->value.vcpus & chosen_vcpus;
}

/* Leaves out what the others did; returns how much of it may have been to this VM. */
static size_t take_events(struct import *import, struct thread *threads)
{
	size_t kept = 0, unknown = 0;
	uint64_t vcpus = 0;

	for (size_t i = 0; i < hmlenu(threads); i++)
		vcpus |= threads[i].value.is_chosen ? threads[i].value.vcpus : 0;
	for (size_t i = 0; i < arrlenu(import->events); i++) {
		const struct import_event *e = &import->events[i];
		const struct thread *t = hmgetp(threads, e->pid);

		if (is_of_host(e) || t->value.is_chosen)
			import->events[kept++] = *e;
		else
			unknown += !is_of_another(t, vcpus);
	}
	arrsetlen(import->events, kept);
	return unknown;
}

bool import_take_vm(struct import *import, const int32_t *pids, size_t nr, struct error *error)
{
	struct thread *threads = find_threads(import);
	size_t unknown;
	bool good = true;

	for (size_t i = 0; good && i < nr; i++) {
		struct thread *t = hmgetp_null(threads, pids[i]);

		if (t)
			t->value.is_chosen = true;
		else
			good = no_thread(import, threads, pids[i], error);
	}
	unknown = good ? take_events(import, threads) : 0;
	hmfree(threads);
	if (!good)
		return false;
	import_find_lacks(import);
	if (!unknown || import->lacks[LACK_ONE_VM])
		return true;
	if (asprintf(&import->lacks[LACK_ONE_VM], "what others did to this VM: %zu events of "
		     "threads that are neither named nor known to be another VM's", unknown) < 0)
		abort();
	return true;
}
