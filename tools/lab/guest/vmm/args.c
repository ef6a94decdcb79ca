/* SPDX-License-Identifier: GPL-2.0-only */
/* args.c: words of a command. */
#define _GNU_SOURCE
#include "vmm.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *arg(const struct args *args, unsigned i)
{
	return i < args->nr ? args->word[i] : "0";
}

uint64_t number_of(const char *word)
{
	char *end;
	uint64_t value = strtoull(word, &end, 0);

	switch (tolower((unsigned char)*end)) {
	case 'k':
		return value << 10;
	case 'm':
		return value << 20;
	case 'g':
		return value << 30;
	default:
		return value;
	}
}

uint64_t arg_number(const struct args *args, unsigned i)
{
	return number_of(arg(args, i));
}

const char *arg_option(const struct args *args, const char *key, const char *preset)
{
	size_t length = strlen(key);

	for (unsigned i = 0; i < args->nr; i++) {
		const char *word = args->word[i];

		if (strncmp(word, key, length))
			continue;
		if (word[length] == '=')
			return word + length + 1;
		if (!word[length])
			return "1";
	}
	return preset;
}

uint64_t arg_value(const struct args *args, const char *key, uint64_t preset)
{
	const char *value = arg_option(args, key, NULL);

	return value ? number_of(value) : preset;
}

int protection_of(const char *word)
{
	int prot = PROT_NONE;

	if (!strcmp(word, "none"))
		return prot;
	for (; *word; word++)
		prot |= *word == 'r' ? PROT_READ : *word == 'w' ? PROT_WRITE :
			*word == 'x' ? PROT_EXEC : 0;
	return prot;
}

struct region *region_named(struct vmm *vmm, const char *name, size_t length)
{
	for (size_t i = 0; i < vmm->nr_regions; i++)
		if (strlen(vmm->region[i].name) == length &&
		    !strncmp(vmm->region[i].name, name, length))
			return &vmm->region[i];
	return NULL;
}

uint64_t address_of(struct vmm *vmm, const char *word)
{
	size_t length = strcspn(word, "+");
	struct region *region;

	if (isdigit((unsigned char)*word))
		return number_of(word);
	region = region_named(vmm, word, length);
	if (!region) {
		fprintf(vmm->out, "!! unknown region %s\n", word);
		return 0;
	}
	return region->base + (word[length] ? number_of(word + length + 1) : 0);
}

uint64_t arg_address(struct vmm *vmm, const struct args *args, unsigned i)
{
	return address_of(vmm, arg(args, i));
}

void say(struct text *text, const char *format, ...)
{
	size_t room = sizeof(text->text) - text->length;
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(text->text + text->length, room, format, list);
	va_end(list);
	if (n > 0)
		text->length += (size_t)n < room ? (size_t)n : room - 1;
}

int place_of(const char *word, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(word, words[i]))
			return i;
	return -1;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

ssize_t read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, text, size - 1);
	text[n > 0 ? n : 0] = 0;
	close(fd);
	return n;
}
