/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/event_names.h"

#include <stdlib.h>
#include <string.h>

struct names *names_new(void)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		abort();
	return names;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	free(names->label);
	free(names->unfinished);
	arena_free(&names->arena);
	free(names);
}

const struct region *find_region(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->nr_regions; i++)
		if (!strcmp(names->region[i].name, name))
			return &names->region[i];
	return NULL;
}

int find_label(const struct names *names, const char *label)
{
	for (size_t i = 0; i < names->nr_labels; i++)
		if (!strcmp(names->label[i], label))
			return i;
	return -1;
}

bool names_has_label(const struct names *names, const char *label)
{
	return find_label(names, label) >= 0;
}

int find_object(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->nr_objects; i++)
		if (!strcmp(names->object[i].name, name))
			return i;
	return -1;
}

bool names_object(const struct names *names, const char *name, uint64_t *row)
{
	int i = find_object(names, name);

	if (i >= 0)
		*row = i;
	return i >= 0;
}

const char *names_of_object(const struct names *names, uint64_t row)
{
	return row < names->nr_objects ? names->object[row].name : "";
}

int find_file(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->nr_files; i++)
		if (!strcmp(names->file[i], name))
			return i;
	return -1;
}

const char *names_of_file(const struct names *names, uint64_t row)
{
	return row < names->nr_files ? names->file[row] : "";
}
