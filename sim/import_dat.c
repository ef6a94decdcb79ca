// SPDX-License-Identifier: GPL-2.0-only
/*
 * import_dat.c: trace.dat, versions 6 and 7, by libtracecmd.
 *
 * A child process reads it and streams records of one size through a pipe: the library dies of
 * damaged files (tracecmd_open() most readily, which is not used). What a child that did not come
 * to its end has sent is not believed. Fields are read by name, never printed and parsed.
 */
#include "sim/import_internal.h"

#ifndef HAVE_TRACECMD
bool import_dat(struct import *import, struct error *error)
{
	return error_at(error, import->path, 0, 0, "this build cannot read trace.dat (it was made "
			"without libtracecmd): give it the text of \"trace-cmd report\"");
}
#else
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stb/stb_ds.h>
#include <trace-cmd.h>

enum wire_kind { WIRE_EVENT, WIRE_GAP, WIRE_UNREAD, WIRE_RELEASE, WIRE_DECLARED, WIRE_FAILED,
		 WIRE_END };

enum { SILENCE = 60, CPU_SECONDS = 3600 };

struct wire {
	uint32_t kind;			/* enum wire_kind */
	uint32_t place;
	uint64_t count;			/* END: all that were read; GAP: lost, 0: not said */
	union {
		struct import_event event;
		char text[80];		/* RELEASE, FAILED */
	};
};

/* The library exports them, and no header of it has them: they may be missing. */
__attribute__((weak)) const char *tracecmd_get_cpustats(struct tracecmd_input *handle);
__attribute__((weak)) const char *tracecmd_get_uname(struct tracecmd_input *handle);

/* ---- the child ---- */

struct fields { struct tep_event *key; struct { const struct import_row *row;
			struct tep_format_field *field[IMPORT_VALUES]; } value; };

struct child {
	int out;
	struct wire wire[64];		/* what is to be sent */
	size_t nr_wire;
	uint32_t place;
	struct fields *fields;		/* stb_ds map: by event */
};

static void flush(struct child *child)
{
	const char *at = (const char *)child->wire;
	size_t left = child->nr_wire * sizeof(struct wire);

	while (left) {
		ssize_t wrote = write(child->out, at, left);

		if (wrote <= 0)
			_exit(1);
		at += wrote;
		left -= wrote;
	}
	child->nr_wire = 0;
}

static struct wire *send_wire(struct child *child, enum wire_kind kind)
{
	struct wire *wire;

	if (child->nr_wire == sizeof(child->wire) / sizeof(child->wire[0]))
		flush(child);
	wire = &child->wire[child->nr_wire++];
	memset(wire, 0, sizeof(*wire));
	wire->kind = kind;
	wire->place = child->place;
	return wire;
}

static void send_text(struct child *child, enum wire_kind kind, const char *text)
{
	snprintf(send_wire(child, kind)->text, sizeof(((struct wire *)0)->text), "%s", text);
}

/* The first field of @event that @keys name. */
static struct tep_format_field *field_of(struct tep_event *event, const char *keys)
{
	while (*keys) {
		size_t one = strcspn(keys, " "), bare = strcspn(keys, " :");
		struct tep_format_field *field;
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)bare, keys);
		field = tep_find_field(event, name);
		if (field)
			return field;
		keys += one + (keys[one] == ' ');
	}
	return NULL;
}

/* By name, or by the function that a probe of an unknown name is on. */
static const struct import_row *row_of(struct tep_event *event, const struct tep_record *record)
{
	struct tep_format_field *ip = tep_find_field(event, "__probe_ip");
	struct tep_format_field *func = tep_find_field(event, "__probe_func");
	unsigned long long address = 0;

	if ((func || ip) && !tep_read_number_field(func ? func : ip, record->data, &address))
		return import_row(event->name, strlen(event->name),
				  tep_find_function(event->tep, address), func != NULL);
	return import_row(event->name, strlen(event->name), NULL, false);
}

static const struct fields *fields_of(struct child *child, struct tep_event *event,
				      const struct tep_record *record)
{
	struct fields *known = hmgetp_null(child->fields, event), new = { .key = event };

	if (known)
		return known;
	new.value.row = row_of(event, record);
	for (int v = 0; new.value.row && v < IMPORT_VALUES && new.value.row->keys[v]; v++)
		new.value.field[v] = field_of(event, new.value.row->keys[v]);
	hmputs(child->fields, new);
	return hmgetp_null(child->fields, event);
}

static bool is_within(const struct tep_format_field *field, const struct tep_record *record)
{
	return field && field->offset >= 0 && field->size > 0 && field->size <= 8 &&
	       field->offset <= record->size - field->size;
}

static void take_record(struct child *child, struct tep_handle *tep, struct tep_record *record)
{
	struct tep_event *event = tep_find_event_by_record(tep, record);
	const struct fields *fields;
	struct import_event e = { .pid = tep_data_pid(tep, record), .cpu = record->cpu,
				  .cpu_known = 1, .time = record->ts, .place = child->place };

	if (!event) {
		send_wire(child, WIRE_UNREAD);
		return;
	}
	fields = fields_of(child, event, record);
	if (!fields->value.row)
		return;
	e.kind = fields->value.row->kind;
	e.row = fields->value.row - import_rows;
	for (int v = 0; v < IMPORT_VALUES; v++) {
		unsigned long long value;

		if (!is_within(fields->value.field[v], record) ||
		    tep_read_number_field(fields->value.field[v], record->data, &value))
			continue;
		e.value[v] = value;
		e.known |= 1 << v;
	}
	if ((e.known & fields->value.row->needed) == fields->value.row->needed)
		send_wire(child, WIRE_EVENT)->event = e;
	else if (!fields->value.row->or_nothing)
		send_wire(child, WIRE_UNREAD);
}

static int each_record(struct tracecmd_input *handle, struct tep_record *record, int cpu,
		       void *context)
{
	struct child *child = context;

	(void)cpu;
	child->place++;
	if (record->missed_events)
		send_wire(child, WIRE_GAP)->count = record->missed_events > 0 ?
						    record->missed_events : 0;
	take_record(child, tracecmd_get_tep(handle), record);
	return 0;
}

/* What stands behind each "@key: " of the text of per_cpu/cpuN/stats, one after the other. */
static uint64_t sum_of(const char *text, const char *key)
{
	uint64_t sum = 0;

	while ((text = strstr(text, key))) {
		text += strlen(key);
		sum += strtoull(text, NULL, 10);
	}
	return sum;
}

/* How many events the kernel says that it has given, and the library does not ask. */
static void take_stats(struct child *child, struct tracecmd_input *handle)
{
	const char *stats = tracecmd_get_cpustats ? tracecmd_get_cpustats(handle) : NULL;

	if (stats && !tracecmd_buffer_instances(handle))
		send_wire(child, WIRE_DECLARED)->count = sum_of(stats, "\nentries: ") +
							 sum_of(stats, "\nread events: ");
}

/* What was recorded into instances of the ring is of the same host. */
static void take_buffers(struct child *child, struct tracecmd_input *handle)
{
	for (int i = 0; i < tracecmd_buffer_instances(handle); i++) {
		struct tracecmd_input *instance = tracecmd_buffer_instance_handle(handle, i);

		if (instance)
			tracecmd_iterate_events(instance, NULL, 0, each_record, child);
	}
}

static void child_main(struct child *child, const char *path)
{
	struct rlimit seconds = { CPU_SECONDS, CPU_SECONDS };
	struct tracecmd_input *handle;
	int null = open("/dev/null", O_RDWR);

	/* What the library has to say of a damaged file is not for the user. */
	dup2(null, 1);
	dup2(null, 2);
	setrlimit(RLIMIT_CPU, &seconds);
	handle = tracecmd_open_head(path, 0);
	if (!handle || tracecmd_init_data(handle)) {
		send_text(child, WIRE_FAILED, handle ? "its data do not read" :
						      "its head does not read");
		flush(child);
		_exit(0);
	}
	if (tracecmd_get_uname && tracecmd_get_uname(handle))
		send_text(child, WIRE_RELEASE, tracecmd_get_uname(handle));
	if (tracecmd_iterate_events(handle, NULL, 0, each_record, child) < 0)
		send_wire(child, WIRE_GAP);
	take_stats(child, handle);
	take_buffers(child, handle);
	send_wire(child, WIRE_END)->count = child->place;
	flush(child);
	_exit(0);	/* without tracecmd_close(), which may die as well */
}

/* ---- the parent ---- */

static void gap(struct import *import, const struct wire *wire)
{
	if (!import->nr_gaps++)
		import->first_gap = wire->place;
	import->lost += wire->count;
}

/* "Linux HOST RELEASE #1 SMP ..." */
static void take_release(struct import *import, const char *text)
{
	sscanf(text, "Linux %*s %79s", import->release);
}

/* False: it is over. */
static bool take_wire(struct import *import, struct wire *wire)
{
	switch ((enum wire_kind)wire->kind) {
	case WIRE_EVENT:
		if (wire->event.kind < NR_IMPORT_KINDS)
			arrput(import->events, wire->event);
		return true;
	case WIRE_GAP:
		gap(import, wire);
		return true;
	case WIRE_UNREAD:
		if (!import->nr_unread++)
			import->first_unread = wire->place;
		return true;
	case WIRE_RELEASE:
		wire->text[sizeof(wire->text) - 1] = '\0';
		take_release(import, wire->text);
		return true;
	case WIRE_DECLARED:
		import->declared = wire->count;
		return true;
	case WIRE_END:
		import->nr_read = wire->count;
		import->ended = true;
		return false;
	case WIRE_FAILED:
		wire->text[sizeof(wire->text) - 1] = '\0';
		return false;
	}
	return false;
}

/* All of one record, or false: the pipe is at its end, or nothing came for SILENCE seconds. */
static bool receive(int in, struct wire *wire)
{
	char *at = (char *)wire;
	size_t left = sizeof(*wire);

	while (left) {
		struct pollfd ready = { .fd = in, .events = POLLIN };
		ssize_t got = poll(&ready, 1, SILENCE * 1000) > 0 ? read(in, at, left) : 0;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		left -= got;
	}
	return true;
}

static bool read_child(struct import *import, int in, pid_t pid, struct error *error)
{
	struct wire wire = { .kind = WIRE_END };
	int status = 0;

	import->begun = true;
	while (receive(in, &wire) && take_wire(import, &wire))
		progress_of(import->progress, arrlenu(import->events), 0);
	close(in);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (wire.kind == WIRE_FAILED)
		return error_at(error, import->path, 0, 0, "a damaged trace.dat: %s", wire.text);
	if (import->ended)
		return true;
	return error_at(error, import->path, 0, 0, "a damaged trace.dat: its reader %s, after %zu "
			"events", WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL ?
			strsignal(WTERMSIG(status)) : "did not come to the end",
			arrlenu(import->events));
}

bool import_dat(struct import *import, struct error *error)
{
	struct child child = { .place = 0 };
	int ends[2];
	pid_t pid;

	import->form = "trace.dat";
	import->tells_loss = true;
	fflush(NULL);
	if (pipe(ends))
		return error_at(error, import->path, 0, 0, "%s", strerror(errno));
	pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return error_at(error, import->path, 0, 0, "%s", strerror(errno));
	}
	if (!pid) {
		close(ends[0]);
		child.out = ends[1];
		child_main(&child, import->path);
	}
	close(ends[1]);
	if (!read_child(import, ends[0], pid, error))
		return false;
	return import->nr_read || error_at(error, import->path, 0, 0, "no event in it");
}
#endif
