/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * script_files.c: the lab's commands on files, and files as what is mapped.
 *
 *	mmap NAME SIZE file:P|pfile:P|memfd|hmemfd|shanon|same:NAME [ro] [notrunc] [foff=]
 *	truncate NAME SIZE	punch NAME OFFSET LENGTH	fwrite NAME OFFSET VALUE
 *	fallocate NAME OFFSET LENGTH
 *	sh sh -c 'echo WORD > P'	sh truncate -s SIZE P	sh fallocate -l SIZE P	sh rm P
 */
#include <stdlib.h>
#include <string.h>

#include "model/host_mm.h"
#include "sim/script_internal.h"

static const char too_many[] = "more than 11 files";

static int file_of_path(const struct script *s, const char *path, size_t length)
{
	for (size_t i = 0; i < s->nr_files; i++)
		if (s->file_path[i] && strlen(s->file_path[i]) == length &&
		    !strncmp(s->file_path[i], path, length))
			return i;
	return -1;
}

/* -1: no room. @path NULL: it has none. */
static int new_file(struct script *s, const struct command *c, const char *path,
		    enum file_type type, uint64_t size)
{
	struct event *e;

	if (s->nr_files == NO_FILE)
		return -1;
	e = script_add(s, c, EVENT_FILE);
	e->object = s->nr_files;
	e->kind = type;
	e->size = size;
	if (path && !strncmp(path, "/thp/", 5))
		e->huge = SHMEM_HUGE_ALWAYS;
	e->unlinked = !path;
	s->file_path[s->nr_files] = path;
	return s->nr_files++;
}

/* The filesystems that the recorder mounts. */
static bool type_of_path(const char *path, enum file_type *type)
{
	*type = strncmp(path, "/dax/", 5) ? FILE_SHMEM : FILE_DAX;
	return *type == FILE_DAX || !strncmp(path, "/tmp/", 5) || !strncmp(path, "/thp/", 5);
}

static const char *open_path(struct script *s, const struct command *c, const char *path,
			     uint64_t size, int *file)
{
	bool keeps = script_option(c, "ro") || script_option(c, "notrunc");
	enum file_type type;
	struct event *e;

	*file = file_of_path(s, path, strlen(path));
	if (!type_of_path(path, &type))
		return "files of this filesystem are not modelled";
	if (type == FILE_DAX && s->has_no_dax) {
		*file = NO_FILE;
		return NULL;
	}
	if (*file < 0 && keeps)
		return "nobody has said how long this file is";
	if (*file >= 0 && !keeps) {
		e = script_add(s, c, EVENT_TRUNCATE);
		e->object = *file;
		e->offset = size;
	}
	if (*file < 0)
		*file = new_file(s, c, path, type, size);
	return *file < 0 ? too_many : NULL;
}

static const char *open_same(const struct script *s, const char *name, int *file)
{
	for (size_t i = 0; i < s->nr_regions; i++)
		if (!strcmp(s->region[i].name, name) && s->region[i].file >= 0) {
			*file = s->region[i].file;
			return NULL;
		}
	return "this is no region of a file";
}

const char *script_open(struct script *s, const struct command *c, const char *kind, uint64_t size,
			int *file)
{
	if (!strncmp(kind, "file:", 5) || !strncmp(kind, "pfile:", 6))
		return open_path(s, c, strchr(kind, ':') + 1, size, file);
	if (!strncmp(kind, "same:", 5))
		return open_same(s, kind + 5, file);
	if (strcmp(kind, "memfd") && strcmp(kind, "hmemfd") && strcmp(kind, "hmemfd1g") &&
	    strcmp(kind, "shanon"))
		return "huge memory is not modelled";
	*file = new_file(s, c, NULL, *kind == 'h' ? FILE_HUGETLB : FILE_SHMEM, size);
	if (*file < 0)
		return too_many;
	s->events[s->nr_events - 1].kind |= strcmp(kind, "hmemfd1g") ? 0 : BACKING_1G;
	s->events[s->nr_events - 1].mount = *kind == 's' ? MOUNT_SHARED_ANON : MOUNT_MEMFD;
	return NULL;
}

/* sysw /sys/kernel/mm/transparent_hugepage/shmem_enabled WORD */
const char *script_shmem_huge(struct script *s, const struct command *c)
{
	static const char *const words[] = { "never", "always", "within_size", "advise", "deny",
					     "force" };
	struct event *e = script_add(s, c, EVENT_SHMEM_HUGE);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(script_word(c, 2), words[i])) {
			e->huge = i;
			return NULL;
		}
	return "an unknown word";
}

static const char *on_file(struct script *s, const struct command *c, enum event_id id,
			   uint64_t offset)
{
	struct event *e = script_add(s, c, id);

	e->offset = offset;
	for (size_t i = 0; i < s->nr_regions; i++)
		if (!strcmp(s->region[i].name, script_word(c, 1)) && s->region[i].file >= 0) {
			e->object = s->region[i].file;
			return NULL;
		}
	return "this is no region of a file";
}

const char *script_truncate(struct script *s, const struct command *c)
{
	return on_file(s, c, EVENT_TRUNCATE, script_number(script_word(c, 2)));
}

static const char *on_range(struct script *s, const struct command *c, enum event_id id)
{
	const char *why = on_file(s, c, id, script_number(script_word(c, 2)));

	s->events[s->nr_events - 1].size = script_number(script_word(c, 3));
	return why;
}

const char *script_punch(struct script *s, const struct command *c)
{
	return on_range(s, c, EVENT_PUNCH);
}

const char *script_fallocate(struct script *s, const struct command *c)
{
	return on_range(s, c, EVENT_FALLOCATE);
}

const char *script_fwrite(struct script *s, const struct command *c)
{
	const char *why = on_file(s, c, EVENT_FILE_WRITE, script_number(script_word(c, 2)));
	struct event *e = &s->events[s->nr_events - 1];

	e->value = (uint32_t)script_number(script_word(c, 3));
	return e->offset % 4 ? "a misaligned write is not modelled" : why;
}

/* sh -c 'echo WORD > PATH': the file is made anew, and written by somebody else. */
static const char *echo(struct script *s, const struct command *c)
{
	const char *text = strstr(c->text, "'echo ") + 6, *path = strstr(text, " > ");
	size_t length = path ? (size_t)(path - text) : 0, name = path ? strcspn(path + 3, "'") : 0;
	unsigned char bytes[64] = { 0 };
	enum file_type type;

	if (!path || length >= sizeof(bytes) - 1 || strcspn(text, "$\\\"`*?") < length ||
	    path[3 + name] != '\'' || !type_of_path(path + 3, &type) ||
	    file_of_path(s, path + 3, name) >= 0)
		return NULL;
	memcpy(bytes, text, length);
	bytes[length++] = '\n';
	s->name[s->nr_files % MAX_FILES] = strndup(path + 3, name);
	if (new_file(s, c, s->name[s->nr_files % MAX_FILES], type, length) < 0)
		return too_many;
	for (size_t at = 0; at < length; at += 4) {
		struct event *e = script_add(s, c, EVENT_FILE_WRITE);

		e->object = s->nr_files - 1;
		e->offset = at;
		e->goes_on = at;
		e->value = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 |
			   (uint32_t)bytes[at + 3] << 24;
	}
	for (size_t i = 0; i < s->nr_events; i++)
		s->events[i].elsewhere = true;
	return NULL;
}

/* sh truncate -s SIZE P: a new file that is a hole */
static const char *new_hole(struct script *s, const struct command *c)
{
	const char *path = script_word(c, 4);
	enum file_type type;

	if (!type_of_path(path, &type) || type != FILE_SHMEM ||
	    file_of_path(s, path, strlen(path)) >= 0)
		return "this file is not modelled";
	return new_file(s, c, path, type, script_number(script_word(c, 3))) < 0 ? too_many : NULL;
}

/* Blocks are allocated, and not written: unwritten extents. */
static const char *fallocate(struct script *s, const struct command *c)
{
	const char *path = script_word(c, 4);
	enum file_type type;

	if (!type_of_path(path, &type) || file_of_path(s, path, strlen(path)) >= 0)
		return "this file is not modelled";
	if (!strcmp(c->answer.result, "rc=1")) {	/* this recorder has no such filesystem */
		script_add(s, c, EVENT_NOTHING);
		s->has_no_dax = type == FILE_DAX;
		return NULL;
	}
	if (new_file(s, c, path, type, script_number(script_word(c, 3))) < 0)
		return too_many;
	s->events[s->nr_events - 1].elsewhere = true;
	return NULL;
}

/* The recorder still has it open, and mapped or not: nothing goes. */
static const char *rm(struct script *s, const struct command *c)
{
	int file = file_of_path(s, script_word(c, 2), strlen(script_word(c, 2)));

	if (file < 0 && strcmp(c->answer.result, "rc=1"))
		return "this file is not modelled";
	script_add(s, c, EVENT_NOTHING);
	if (file >= 0)
		s->file_path[file] = NULL;
	return NULL;
}

/* A cgroup of the recorder's own: what it takes from whom is seen when it does. */
static bool makes_cgroup(const struct command *c)
{
	bool first = true;

	for (size_t i = 1; i < c->nr_words; i++) {
		const char *word = c->words[i];

		if (first && strcmp(word, "mkdir") && strcmp(word, "mount") &&
		    strcmp(word, "echo"))
			return false;
		if (!strcmp(word, "mount") && strcmp(script_word(c, i + 2), "cgroup2"))
			return false;
		if (*word == '>' && !strstr(script_word(c, i + 1), "/cgroup."))
			return false;
		first = !strcmp(word, "&&");
	}
	return strstr(c->text, "cgroup2") != NULL;
}

const char *script_shell(struct script *s, const struct command *c)
{
	static const char *const swaps[] = { "insmod", "mkswap", "swapon" };

	if (!strncmp(c->text, "sh sh -c 'echo ", 15)) {
		const char *why = echo(s, c);

		return why || s->nr_events ? why : "this command is not modelled";
	}
	for (size_t i = 0; i < ARRAY_SIZE(swaps); i++)
		if (!strcmp(script_word(c, 1), swaps[i])) {
			s->swaps |= !strcmp(swaps[i], "swapon");
			script_add(s, c, EVENT_NOTHING);
			return NULL;
		}
	if (makes_cgroup(c)) {
		script_add(s, c, EVENT_NOTHING);
		return NULL;
	}
	if (!strcmp(script_word(c, 1), "truncate") && !strcmp(script_word(c, 2), "-s"))
		return new_hole(s, c);
	if (!strcmp(script_word(c, 1), "fallocate") && !strcmp(script_word(c, 2), "-l"))
		return fallocate(s, c);
	if (!strcmp(script_word(c, 1), "rm") && c->nr_words == 3)
		return rm(s, c);
	return "this command is not modelled";
}
