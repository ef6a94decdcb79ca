/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmm.h: a VMM that does what a script says, one command a line, and writes down what came of it.
 *
 * The language, and the form of the answers: docs/RECORDINGS.md. It runs inside the lab's VM, on
 * the kernel that is asked.
 */
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <linux/kvm.h>

#include "../pfnlab.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* sim/script_internal.h has the same: the model's VM is set up as this one is. */
#define REGION_BASE	0x10000000000ull
#define REGION_GAP	0x40000000ull
#define CODE_SIZE	0x4000
#define CODE_HVA	(REGION_BASE - 0x100000)
#define GUEST_TABLE	0x3000		/* gpa of a page directory, for VMSAVE */
#define MMIO_ANSWER	0x5a5a5a5au

enum {
	NR_VCPUS = 2, MAX_REGIONS = 32, MAX_SLOTS = 64, MAX_WORDS = 32, MAX_WATCHES = 64,
	MAX_LOOPS = 4, MAX_ACTORS = 6, MAX_STATS = 14, LINE_SIZE = 4096, ANSWER_SIZE = 2048,
};

enum program {
	PROGRAM_HALT = 0, PROGRAM_READ = 0x10, PROGRAM_WRITE = 0x20, PROGRAM_RMW = 0x30,
	PROGRAM_EXEC = 0x40, PROGRAM_RANDOM_WRITE = 0x50, PROGRAM_RANDOM_READ = 0x80,
	PROGRAM_VMSAVE = 0xb0, PROGRAM_VMLOAD = 0xc0, PROGRAM_WRMSR = 0xd0,
	PROGRAM_NONE = -1,
};

struct access {
	enum program program;
	uint32_t eax, ebx, ecx, edx, esi, edi;
};

/* An answer that is put together piece by piece; what does not fit is cut off. */
struct text {
	char text[ANSWER_SIZE];
	size_t length;
};

/* What KVM_RUN came to, as docs/RECORDINGS.md writes it */
struct exits {
	struct text said;
	unsigned mmio;
};

struct vcpu {
	int fd;
	struct kvm_run *run;
};

struct region {
	char name[32];
	uint64_t base, size;
	int fd;			/* -1: anonymous */
};

struct host_watch { char name[48]; uint64_t hva, pfn; };

/* A thread that does the same over and over ("bg"). */
struct loop {
	pthread_t thread;
	atomic_bool stop;
	char what[16];
	uint64_t hva, size;
	unsigned object;
	unsigned pause;		/* microseconds */
	unsigned long rounds, failures;
	struct vmm *vmm;
};

/* One access of a vCPU in a thread of its own ("par", "gstart"). */
struct runner {
	pthread_t thread;
	atomic_bool done;
	unsigned vcpu;
	struct access access;
	struct exits exits;
	struct vmm *vmm;
};

/* A command in a thread of its own ("start"), until "resume" has seen its end. */
struct actor {
	char name[32];		/* "": a free row */
	char line[LINE_SIZE], step[32];
	sem_t begin;		/* its thread is there from the first "start" on */
	atomic_int id;
	atomic_bool done;
	char answer[ANSWER_SIZE];
	char asked[96];		/* for userspace: what of; "": nothing */
	bool asks;		/* since it was waited for last */
	struct vmm *vmm;
};

struct child { pid_t pid; int to, from; };

struct vmm {
	FILE *out;
	unsigned number;	/* of the command at hand */
	int kvm, vm, lab, marker, pagemap, gmem;
	unsigned vm_type;
	bool is_intel;
	char stats[128];	/* the VM's folder in debugfs */
	long stat[MAX_STATS];
	struct vcpu vcpu[NR_VCPUS];
	struct region region[MAX_REGIONS];
	size_t nr_regions;
	struct { uint64_t gpa, hva, size; } slot[MAX_SLOTS];
	struct host_watch host[MAX_WATCHES];
	size_t nr_host;
	uint64_t guest[MAX_WATCHES];
	size_t nr_guest;
	bool autodrain;
	struct loop loop[MAX_LOOPS];
	struct runner runner[NR_VCPUS];
	struct actor actor[MAX_ACTORS];
	int uffd;		/* -1: there is none yet */
	struct child child;
	bool xen;
};

struct args {
	char *word[MAX_WORDS];
	unsigned nr;
};

struct command {
	const char *name;
	void (*run)(struct vmm *vmm, const struct args *args);
};

/* The rows of all files, each ending with a NULL name */
extern const struct command memory_commands[], device_commands[], guest_commands[],
	slot_commands[], lookup_commands[], look_commands[], system_commands[], child_commands[],
	race_commands[], actor_commands[], uffd_commands[];

/* The actor whose thread this is; NULL: the main thread */
extern _Thread_local struct actor *self;

/* ---- main.c ---- */

/* The command's answer: behind "=> " in the output, and a mark in the trace. */
void answer(struct vmm *vmm, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* 0 or an errno, with its name */
void answer_error(struct vmm *vmm, int error);
void mark(struct vmm *vmm, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *error_name(int error);
void run_words(struct vmm *vmm, const struct args *args);
/* @line is cut into its words. */
void words_of(char *line, struct args *args);

/* ---- args.c: words of a command ---- */

const char *arg(const struct args *args, unsigned i);		/* "0": not given */
uint64_t arg_number(const struct args *args, unsigned i);
/* "KEY=VALUE", or "KEY" for 1 */
const char *arg_option(const struct args *args, const char *key, const char *preset);
uint64_t arg_value(const struct args *args, const char *key, uint64_t preset);
uint64_t number_of(const char *word);
int protection_of(const char *word);
struct region *region_named(struct vmm *vmm, const char *name, size_t length);
/* 0x..., NAME, NAME+OFFSET */
uint64_t address_of(struct vmm *vmm, const char *word);
uint64_t arg_address(struct vmm *vmm, const struct args *args, unsigned i);
void say(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The place of @word in @words, which ends with NULL; -1: it is not there. */
int place_of(const char *word, const char *const *words);

/* ---- files below /proc and /sys ---- */

int write_file(const char *path, const char *text);		/* 0 or an errno */
/* Bytes read into @text, which becomes a string; -1 and errno */
ssize_t read_file(const char *path, char *text, size_t size);

/* ---- vm.c ---- */

bool vm_create(struct vmm *vmm);
int slot_set(struct vmm *vmm, unsigned id, uint64_t gpa, uint64_t hva, uint64_t size,
	     unsigned flags);
void vcpu_run(struct vmm *vmm, unsigned v, const struct access *access, struct exits *exits);
/* SIGALRM after so long, and then again and again; 0: no more */
void alarm_after(unsigned milliseconds);

/* ---- memory.c ---- */

/* Map as @kind says; 0 or an errno. @region: what keeps the file, or NULL. */
int map_memory(struct vmm *vmm, const struct args *args, const char *kind, uint64_t at,
	       uint64_t size, struct region *region);

/* ---- access.c: accesses of the VMM itself, which may end in a signal ---- */

void faults_catch(void);
void faults_forget(void);
/* "signal SIGBUS x1 ...": what came since faults_forget() */
void faults_print(struct vmm *vmm);
bool host_load(uint64_t hva, uint32_t *value);
bool host_store(uint64_t hva, uint32_t value);
/* After one that has failed: "HOST-SIGBUS code=2 addr=0x..." */
void faults_answer(struct vmm *vmm);
bool timed_out(void);
void timed_out_clear(void);

/* ---- look.c: what is watched, and KVM's counters ---- */

void watch_slot(struct vmm *vmm, uint64_t gpa, uint64_t hva, uint64_t size);
void stats_read(struct vmm *vmm, bool print);
void watches_print(struct vmm *vmm);
void page_text(struct vmm *vmm, uint64_t pfn, char *text, size_t size);

/* ---- actor.c ---- */

bool any_actor(const struct vmm *vmm);

/* ---- uffd.c ---- */

/* Who has asked for userspace since: noted with each actor */
void uffd_read(struct vmm *vmm);
int uffd_wake(struct vmm *vmm, uint64_t hva, uint64_t size);	/* 0 or an errno */
