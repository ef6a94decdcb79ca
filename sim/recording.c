// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording.c: from a path to a recording: which files there are, and the order to read them in.
 *
 * .cmd first, as .out must agree with it; .out before .trace, whose marks must agree with .out;
 * .meta after .out, as it wins where both speak.
 */
#define _GNU_SOURCE	/* vasprintf() */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/recording_internal.h"

/* In the order in which they are tried; none is the end of another that comes after it. */
static const char *const extensions[] = { ".trace.zst", ".trace", ".cmd", ".out", ".meta" };

/* The length of @path without the extension of a recording's file. */
static size_t stem_length(const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		size_t extension = strlen(extensions[i]);

		if (length > extension && path[length - extension - 1] != '/' &&
		    !strcmp(path + length - extension, extensions[i]))
			return length - extension;
	}
	return length;
}

__attribute__((format(printf, 1, 2)))
static char *format_text(const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		abort();
	return text;
}

static bool is_folder(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISDIR(status.st_mode);
}

static bool exists(const char *path)
{
	struct stat status;

	return !stat(path, &status);
}

static char *arena_text(struct reader *reader, const char *text, size_t length)
{
	return arena_strndup(&reader->arena, text, length);
}

/* The last component of the directory @directory of @length bytes: "6.1". */
static char *folder_name(struct reader *reader, const char *directory, size_t length)
{
	char *copy = arena_text(reader, directory, length), *last, *real;

	while (length > 1 && copy[length - 1] == '/')
		copy[--length] = '\0';
	last = strrchr(copy, '/');
	last = last ? last + 1 : copy;
	if (*last && strcmp(last, ".") && strcmp(last, ".."))
		return last;
	/* It has no name in the path: ask where it is. */
	real = realpath(*copy ? copy : ".", NULL);
	last = real ? strrchr(real, '/') : NULL;
	copy = arena_text(reader, last ? last + 1 : "", last ? strlen(last + 1) : 0);
	free(real);
	return copy;
}

static void set_names(struct reader *reader, const char *path)
{
	struct recording *recording = reader->recording;
	size_t length = stem_length(path), folder;
	const char *stem;
	char *name;

	recording->path = arena_text(reader, path, length);
	stem = strrchr(recording->path, '/');
	stem = stem ? stem + 1 : recording->path;
	recording->folder = folder_name(reader, path, stem - recording->path);
	folder = strlen(recording->folder);
	name = arena_alloc(&reader->arena, folder + strlen(stem) + 2);
	snprintf(name, folder + strlen(stem) + 2, "%s/%s", recording->folder, stem);
	recording->name = name;
}

static char *with_extension(struct reader *reader, const char *extension)
{
	const char *stem = reader->recording->path;
	size_t length = strlen(stem) + strlen(extension) + 1;
	char *path = arena_alloc(&reader->arena, length);

	snprintf(path, length, "%s%s", stem, extension);
	return path;
}

static char *events_path(struct reader *reader)
{
	const char *path = reader->recording->path, *slash = strrchr(path, '/');
	int folder = slash ? slash + 1 - path : 0;
	size_t length = folder + sizeof("events.txt");
	char *events = arena_alloc(&reader->arena, length);

	snprintf(events, length, "%.*sevents.txt", folder, path);
	return events;
}

/*
 * A line of events.txt: "SYSTEM/EVENT" or "SYSTEM" (enabled), "kprobe SPEC" (set) or "NOKPROBE
 * SPEC" (refused); SPEC is "p:lab/NAME FUNCTION ..." or "r:lab/NAME FUNCTION ...".
 */
static bool probe_line(struct reader *reader, struct vec *probes)
{
	struct cursor cursor = cursor_at(&reader->text, reader->text.line);
	struct probe *probe, one = { .present = true };

	if (cursor_skip(&cursor, "NOKPROBE "))
		one.present = false;
	if (!one.present || cursor_skip(&cursor, "kprobe ")) {
		if (!cursor_skip(&cursor, "p:") && !cursor_skip(&cursor, "r:"))
			return cursor_fail(&cursor, "expected \"p:\" or \"r:\"");
		if (!cursor_word(&cursor, reader, &one.name))
			return false;
	} else if (!cursor_word(&cursor, reader, &one.name) || !cursor_end(&cursor)) {
		return false;
	}
	/* One name may have been tried for several functions, of which a kernel has one. */
	for (size_t i = 0; i < probes->n; i++) {
		probe = (struct probe *)probes->data + i;
		if (!strcmp(probe->name, one.name)) {
			probe->present |= one.present;
			return true;
		}
	}
	probe = vec_push(probes);
	*probe = one;
	return true;
}

static bool probes_read(struct reader *reader, const char *path)
{
	struct vec probes = { .size = sizeof(struct probe) };
	struct recording *recording = reader->recording;
	bool missing, good = text_load(reader, path, &missing);

	while (good && text_line(&reader->text))
		good = reader->text.unfinished ? text_truncated(&reader->text) :
		       probe_line(reader, &probes);
	recording->nr_probes = probes.n;
	recording->probes = vec_take(&probes, &reader->arena);
	vec_free(&probes);
	return good;
}

static bool trace_read_any(struct reader *reader)
{
	char *plain = with_extension(reader, ".trace");
	char *packed = with_extension(reader, ".trace.zst");

	/* The trace died with the guest: one that is there is that of another run. */
	if (reader->recording->reconstructed)
		return true;
	if (exists(plain))
		return trace_read(reader, plain);
	return !exists(packed) || trace_read(reader, packed);
}

static bool read_files(struct reader *reader)
{
	struct recording *recording = reader->recording;
	bool good = script_read(reader, with_extension(reader, ".cmd")) &&
		    out_read(reader, with_extension(reader, ".out")) &&
		    config_read_meta(reader, with_extension(reader, ".meta"));

	recording->nr_splats = reader->splats.n;
	recording->splats = vec_take(&reader->splats, &reader->arena);
	return good && config_settle(reader) && probes_read(reader, events_path(reader)) &&
	       trace_read_any(reader);
}

bool recording_read(const char *path, struct recording *recording, struct error *error)
{
	struct reader reader = {
		.recording = recording,
		.error = error,
		.config = { .uname = "" },
		.script = { .size = sizeof(struct script_line) },
		.commands = { .size = sizeof(struct command) },
		.facts = { .size = sizeof(struct fact) },
		.splats = { .size = sizeof(const char *) },
		.events = { .size = sizeof(struct trace_event) },
		.fields = { .size = sizeof(struct trace_field) },
		.keys = { .size = sizeof(const char *) },
	};
	bool good;

	*recording = (struct recording) { .uname = "" };
	set_names(&reader, path);
	good = read_files(&reader);
	vec_free(&reader.script);
	vec_free(&reader.commands);
	vec_free(&reader.facts);
	vec_free(&reader.splats);
	vec_free(&reader.events);
	vec_free(&reader.fields);
	vec_free(&reader.keys);
	recording->arena = reader.arena;
	if (!good)
		recording_free(recording);
	return good;
}

void recording_free(struct recording *recording)
{
	struct arena *arena = recording->arena;

	arena_free(&arena);
	*recording = (struct recording) { .uname = "" };
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool names_an_out(const char *name)
{
	size_t length = strlen(name);

	return length > strlen(".out") && !strcmp(name + length - strlen(".out"), ".out");
}

/* The recordings in the folder @path, in @names; @names is left empty if it cannot be read. */
static bool list_folder(const char *path, struct vec *names, struct error *error)
{
	size_t length = strlen(path);
	DIR *folder = opendir(path);
	struct dirent *entry;

	if (!folder)
		return error_at(error, path, 0, 0, "%s", strerror(errno));
	while (length > 1 && path[length - 1] == '/')
		length--;
	while ((entry = readdir(folder))) {
		if (!names_an_out(entry->d_name))
			continue;
		*(char **)vec_push(names) = format_text("%.*s/%.*s", (int)length, path,
							(int)stem_length(entry->d_name),
							entry->d_name);
	}
	closedir(folder);
	if (!names->n)
		return error_at(error, path, 0, 0, "no recording (*.out) in this folder");
	qsort(names->data, names->n, sizeof(char *), compare_names);
	return true;
}

char **recording_list(const char *path, struct error *error)
{
	struct vec names = { .size = sizeof(char *) };
	char *out;

	if (is_folder(path)) {
		if (!list_folder(path, &names, error)) {
			vec_free(&names);
			return NULL;
		}
	} else {
		out = format_text("%.*s.out", (int)stem_length(path), path);
		if (!exists(out)) {
			if (exists(path))
				error_at(error, path, 0, 0, "no recording of the lab, which would "
					 "have a *.out beside it; pfnsim replay takes traces and "
					 "other hosts' recordings");
			else
				error_at(error, out, 0, 0, "%s", strerror(errno));
			free(out);
			return NULL;
		}
		out[stem_length(out)] = '\0';
		*(char **)vec_push(&names) = out;
	}
	vec_push(&names);	/* the NULL at the end */
	return (char **)names.data;
}

void recording_list_free(char **list)
{
	for (char **name = list; name && *name; name++)
		free(*name);
	free(list);
}

/* It says itself that it is a trace, whatever lies beside it: a report kept as NAME.out, say. */
static bool says_pfntrace(const char *path)
{
	static const char word[] = "pfntrace";
	char start[sizeof(word) - 1];
	FILE *file = fopen(path, "r");
	bool says;

	if (!file)
		return false;
	says = fread(start, 1, sizeof(start), file) == sizeof(start) &&
	       !memcmp(start, word, sizeof(start));
	fclose(file);
	return says;
}

bool recording_is(const char *path)
{
	char **list;

	if (says_pfntrace(path))
		return false;
	list = recording_list(path, NULL);
	recording_list_free(list);
	return list;
}

const char *trace_event_field(const struct trace_event *event, const char *key)
{
	for (size_t i = 0; i < event->nr_fields; i++)
		if (!strcmp(event->fields[i].key, key))
			return event->fields[i].value;
	return NULL;
}

bool trace_event_u64(const struct trace_event *event, const char *key, int base, uint64_t *value)
{
	const char *text = trace_event_field(event, key);
	unsigned long long number;
	char *end;

	/* strtoull() would take blanks and signs as well. */
	if (!text || *text < '0' || (*text > '9' && (*text < 'a' || *text > 'f')))
		return false;
	errno = 0;
	number = strtoull(text, &end, base);
	if (errno || end == text || *end)
		return false;
	*value = number;
	return true;
}
