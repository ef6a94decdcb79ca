/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main.c: pfnlab-vmm SCRIPT: run its commands, write down the answers and what had changed.
 *
 * ftrace is told where each command begins and ends, by marks.
 */
#define _GNU_SOURCE
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRACING	"/sys/kernel/tracing/"

static const struct command *const tables[] = {
	memory_commands, device_commands, guest_commands, slot_commands, lookup_commands,
	look_commands, system_commands, child_commands, race_commands, actor_commands,
	uffd_commands,
};

_Thread_local struct actor *self;

const char *error_name(int error)
{
	static _Thread_local char other[32];
	static const char *const names[] = {
		[0] = "OK", [EFAULT] = "EFAULT", [EINVAL] = "EINVAL", [EEXIST] = "EEXIST",
		[EINTR] = "EINTR", [EAGAIN] = "EAGAIN", [ENOENT] = "ENOENT", [EBUSY] = "EBUSY",
		[ENOMEM] = "ENOMEM", [EACCES] = "EACCES", [EPERM] = "EPERM", [ENOTTY] = "ENOTTY",
		[EIO] = "EIO", [EHWPOISON] = "EHWPOISON", [EOPNOTSUPP] = "EOPNOTSUPP",
		[ENOSYS] = "ENOSYS", [ENODEV] = "ENODEV", [ENOSPC] = "ENOSPC",
	};

	if (error >= 0 && (size_t)error < ARRAY_SIZE(names) && names[error])
		return names[error];
	snprintf(other, sizeof(other), "errno%d", error);
	return other;
}

void mark(struct vmm *vmm, const char *format, ...)
{
	char text[ANSWER_SIZE];
	va_list list;

	if (vmm->marker < 0)
		return;
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	(void)!write(vmm->marker, text, strlen(text));
}

void answer(struct vmm *vmm, const char *format, ...)
{
	char text[ANSWER_SIZE];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (self) {
		strcpy(self->answer, text);
		return;
	}
	fprintf(vmm->out, "%s\n", text);
	mark(vmm, "=== %u => %s", vmm->number, text);
}

void answer_error(struct vmm *vmm, int error)
{
	answer(vmm, "%s", error_name(error));
}

void run_words(struct vmm *vmm, const struct args *args)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct command *row = tables[i]; row->name; row++)
			if (!strcmp(row->name, args->word[0])) {
				row->run(vmm, args);
				return;
			}
	answer(vmm, "UNKNOWN");
}

void words_of(char *line, struct args *args)
{
	char *save = NULL;

	args->nr = 0;
	for (char *word = strtok_r(line, " \t", &save); word && args->nr < MAX_WORDS;
	     word = strtok_r(NULL, " \t", &save))
		args->word[args->nr++] = word;
}

static void run_line(struct vmm *vmm, char *line)
{
	char text[LINE_SIZE];
	struct args args;

	line[strcspn(line, "\n#")] = 0;
	strcpy(text, line);
	words_of(line, &args);
	if (!args.nr)
		return;
	vmm->number++;
	fprintf(vmm->out, "[%2u] %s => ", vmm->number, text);
	fflush(vmm->out);
	mark(vmm, "### %u %s", vmm->number, text);
	faults_forget();
	run_words(vmm, &args);
	faults_print(vmm);
	stats_read(vmm, true);
	watches_print(vmm);
}

/* "#!vmtype 1": of KVM_CREATE_VM */
static unsigned type_of(FILE *script)
{
	char line[LINE_SIZE];
	unsigned type = 0;

	while (fgets(line, sizeof(line), script))
		sscanf(line, "#!vmtype %u", &type);
	rewind(script);
	return type;
}

static void trace_this_process(struct vmm *vmm)
{
	char pid[32];
	int fd = open(TRACING "set_event_pid", O_WRONLY | O_APPEND | O_CLOEXEC);

	snprintf(pid, sizeof(pid), "%d", getpid());
	if (fd >= 0) {
		(void)!write(fd, pid, strlen(pid));
		close(fd);
	}
	vmm->marker = open(TRACING "trace_marker", O_WRONLY | O_CLOEXEC);
	write_file(TRACING "tracing_on", "1");
}

int main(int argc, char **argv)
{
	static struct vmm vmm = { .marker = -1, .gmem = -1, .uffd = -1, .autodrain = true };
	char line[LINE_SIZE];
	FILE *script = argc == 2 ? fopen(argv[1], "r") : NULL;

	if (!script) {
		fprintf(stderr, "usage: pfnlab-vmm SCRIPT\n");
		return 2;
	}
	vmm.out = stdout;
	setvbuf(stdout, NULL, _IOLBF, 0);
	faults_catch();
	vmm.pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	vmm.lab = open(PFNLAB_DEVICE, O_RDWR | O_CLOEXEC);
	vmm.vm_type = type_of(script);
	if (!vm_create(&vmm))
		return 1;
	trace_this_process(&vmm);
	stats_read(&vmm, false);
	while (fgets(line, sizeof(line), script))
		run_line(&vmm, line);
	write_file(TRACING "tracing_on", "0");
	printf("DONE %u commands\n", vmm.number);
	return 0;
}
