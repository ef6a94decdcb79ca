/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pipes.c: what a pipe brings, kept in a file that has no name.
 *
 * An input is looked at before it is read, to see what it is, and some commands read it for each
 * semantics. A pipe can be read once; so the file takes the pipe's place, below the same number,
 * which "/dev/stdin" and "/dev/fd/63" open from its beginning each time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/pfnsim.h"

static int descriptor_of(const char *word)
{
	static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };
	char *end;

	if (!strcmp(word, "-") || !strcmp(word, "/dev/stdin"))
		return STDIN_FILENO;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (!strncmp(word, folders[i], strlen(folders[i]))) {
			long number = strtol(word + strlen(folders[i]), &end, 10);

			return *end || number < 0 || number > 65535 ? -1 : (int)number;
		}
	return -1;
}

static bool can_be_read_once(int fd)
{
	struct stat stat;

	return !fstat(fd, &stat) &&
	       (S_ISFIFO(stat.st_mode) || S_ISSOCK(stat.st_mode) || isatty(fd));
}

static bool keep(int fd)
{
	FILE *file = tmpfile();
	char room[65536];
	ssize_t got = 0;
	bool ok = file;

	while (ok && (got = read(fd, room, sizeof(room))) > 0)
		ok = fwrite(room, 1, got, file) == (size_t)got;
	ok = ok && !got && !fflush(file) && !fseek(file, 0, SEEK_SET) &&
	     dup2(fileno(file), fd) == fd;
	if (file)
		fclose(file);
	return ok;
}

bool tool_keep_pipes(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		bool is_output = !strcmp(argv[i - 1], "-o") || !strcmp(argv[i - 1], "--output");
		int fd = is_output ? -1 : descriptor_of(argv[i]);

		if (fd < 0 || !can_be_read_once(fd) || keep(fd))
			continue;
		fprintf(stderr, "pfnsim: %s: cannot be kept in a file of %s: %s\n", argv[i],
			P_tmpdir, strerror(errno));
		return false;
	}
	return true;
}
