// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_config.c: which kernel it was and how it was set up.
 *
 * Three sources, the weakest first: the folder's name, line 1 of .out, .meta.  The semantics comes
 * from the folder, as several of them share one release (a series is tried on the kernel it was
 * written for); where the folder's name says nothing, from the release.
 */
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "sim/recording_internal.h"

/* A folder is [PREFIX]KERNEL[SUFFIX...] of the next two tables. */
static const struct kernel {
	const char *folder;
	const char *semantics;
	const char *release;	/* what its uname begins with */
	/*
	 * A folder named otherwise is the first row with its release and, if the row asks for
	 * one, its allow_unsafe_mappings of .meta ('-': n/a, or not mentioned; '?': no .meta
	 * tells, so only a folder's name does).
	 */
	char unsafe;
} kernels[] = {
	{ "6.1",	 "v6.1",	"6.1",	 0 },
	{ "6.8",	 "v6.8",	"6.8",	'-' },
	{ "6.12",	 "v6.12",	"6.12",	 0 },
	{ "7.2",	 "v7.2",	"7.2",	 0 },
	{ "v11",	 "v11",		"6.8",	'N' },
	{ "v11-unsafe",	 "v11-unsafe",	"6.8",	'Y' },
	{ "v11-on-v6.8", "v11-on-v6.8",	"6.8",	'?' },
};

static const struct affix {
	const char *text;
	bool prefix;
	struct config config;
} affixes[] = {
	{ "ept-",	true,	{ .ept = 'Y', .eptad = 'Y' } },
	{ "eptad0-",	true,	{ .ept = 'Y', .eptad = 'N' } },
	{ "-npt0",	false,	{ .npt = 'N', .tdp_mmu = 'N' } },
	{ "-tdpmmu0",	false,	{ .tdp_mmu = 'N' } },
	{ "-dax",	false,	{ .ept = 0 } },		/* what hardware there was: no setting */
	{ "-lab",	false,	{ .ept = 0 } },		/* who recorded it: tools/lab */
};

/* The flags of .meta and of line 1 of .out; an offset of 0: read and not kept. */
static const struct flag {
	const char *name;
	size_t offset;
} flags[] = {
	{ "ept",			offsetof(struct config, ept) },
	{ "eptad",			offsetof(struct config, eptad) },
	{ "tdp_mmu",			offsetof(struct config, tdp_mmu) },
	{ "npt",			offsetof(struct config, npt) },
	{ "allow_unsafe_mappings",	offsetof(struct config, unsafe) },
	{ "nx_huge_pages",		0 },
	{ "smp",			0 },
	{ "package",			0 },
};

static const size_t nr_kernels = sizeof(kernels) / sizeof(kernels[0]);
static const size_t nr_affixes = sizeof(affixes) / sizeof(affixes[0]);
static const size_t nr_flags = sizeof(flags) / sizeof(flags[0]);

static bool word_is(const struct cursor *cursor, const char *word)
{
	size_t length = strcspn(cursor->at, " \t");

	return length == strlen(word) && !strncmp(cursor->at, word, length);
}

static const struct flag *flag_at(const struct cursor *cursor)
{
	for (size_t i = 0; i < nr_flags; i++)
		if (word_is(cursor, flags[i].name))
			return &flags[i];
	return NULL;
}

static void skip_blanks(struct cursor *cursor)
{
	cursor->at += strspn(cursor->at, " \t");
}

/* The value of @flag; none if the next word is a name again (the parameter's file was empty). */
static bool flag_value(struct reader *reader, struct cursor *cursor, const struct flag *flag,
		       const char *end)
{
	char value;

	skip_blanks(cursor);
	if (!*cursor->at || flag_at(cursor) || (end && word_is(cursor, end)))
		return true;
	if (!flag->offset) {
		cursor->at += strcspn(cursor->at, " \t");
		return true;
	}
	if (word_is(cursor, "Y") || word_is(cursor, "1"))
		value = 'Y';
	else if (word_is(cursor, "N") || word_is(cursor, "0"))
		value = 'N';
	else if (word_is(cursor, "n/a"))
		value = flag->offset == offsetof(struct config, unsafe) ? '-' : 0;
	else
		return cursor_fail(cursor, "expected Y, N or n/a after \"%s\"", flag->name);
	*((char *)&reader->config + flag->offset) = value;
	cursor->at += strcspn(cursor->at, " \t");
	return true;
}

/* "uname RELEASE", "ept Y", ... up to the word @end (NULL: up to the end of the line). */
bool config_words(struct reader *reader, struct cursor *cursor, const char *end)
{
	struct config *config = &reader->config;
	const struct flag *flag;

	for (skip_blanks(cursor); *cursor->at; skip_blanks(cursor)) {
		if (end && word_is(cursor, end))
			return true;
		if (cursor_skip(cursor, "uname ")) {
			skip_blanks(cursor);
			if (!cursor_word(cursor, reader, &config->uname))
				return false;
			config->file = cursor->text->file;
			config->line = cursor->text->number;
			continue;
		}
		flag = flag_at(cursor);
		if (!flag)
			return cursor_fail(cursor, "expected \"uname\" or a parameter's name "
					   "(ept, eptad, tdp_mmu, npt, ...)");
		cursor->at += strlen(flag->name);
		if (!flag_value(reader, cursor, flag, end))
			return false;
	}
	return !end || cursor_fail(cursor, "expected \"%s\"", end);
}

bool config_read_meta(struct reader *reader, const char *path)
{
	struct text *text = &reader->text;
	struct cursor cursor;
	bool missing;

	if (!text_load(reader, path, &missing))
		return false;
	while (text_line(text)) {
		if (text->unfinished)
			return text_truncated(text);
		if (splat_line(reader, text->line))
			continue;
		cursor = cursor_at(text, text->line);
		if (!config_words(reader, &cursor, NULL))
			return false;
	}
	return true;
}

/* Take @affix off the name between *@start and *@end if it is there. */
static bool take_affix(const struct affix *affix, const char **start, const char **end)
{
	size_t length = strlen(affix->text);

	if ((size_t)(*end - *start) <= length)
		return false;
	if (strncmp(affix->prefix ? *start : *end - length, affix->text, length))
		return false;
	if (affix->prefix)
		*start += length;
	else
		*end -= length;
	return true;
}

/* What the folder's name says: its kernel (NULL if none that we know) and @config. */
static const struct kernel *folder_kernel(const char *folder, struct config *config)
{
	const char *start = folder, *end = folder + strlen(folder);

	for (size_t i = 0; i < nr_affixes; i++) {
		const struct config *says = &affixes[i].config;

		if (!take_affix(&affixes[i], &start, &end))
			continue;
		config->ept = says->ept ? says->ept : config->ept;
		config->eptad = says->eptad ? says->eptad : config->eptad;
		config->npt = says->npt ? says->npt : config->npt;
		config->tdp_mmu = says->tdp_mmu ? says->tdp_mmu : config->tdp_mmu;
	}
	for (size_t i = 0; i < nr_kernels; i++)
		if (strlen(kernels[i].folder) == (size_t)(end - start) &&
		    !strncmp(kernels[i].folder, start, end - start))
			return &kernels[i];
	*config = (struct config) { .uname = "" };
	return NULL;
}

/* Is @uname a release @release ("6.1": 6.1, 6.1.0-56; not 6.12)? */
static bool release_is(const char *uname, const char *release)
{
	size_t length = strlen(release);

	return !strncmp(uname, release, length) && !isdigit((unsigned char)uname[length]);
}

static const struct kernel *release_kernel(const struct config *config)
{
	char unsafe = config->unsafe ? config->unsafe : '-';

	for (size_t i = 0; i < nr_kernels; i++)
		if (release_is(config->uname, kernels[i].release) &&
		    (!kernels[i].unsafe || kernels[i].unsafe == unsafe))
			return &kernels[i];
	return NULL;
}

/* Everything has been read: settle what the recording says about its kernel. */
bool config_settle(struct reader *reader)
{
	struct recording *recording = reader->recording;
	struct config *says = &reader->config, folder = { .uname = "" };
	const struct kernel *kernel = folder_kernel(recording->folder, &folder);
	char ept = says->ept ? says->ept : folder.ept;
	char eptad = says->eptad ? says->eptad : folder.eptad;
	char npt = says->npt ? says->npt : folder.npt;
	char tdp_mmu = says->tdp_mmu ? says->tdp_mmu : folder.tdp_mmu;

	if (kernel && *says->uname && !release_is(says->uname, kernel->release))
		return error_at(reader->error, says->file, says->line, 0,
				"kernel %s in the folder %s; expected a kernel %s",
				says->uname, recording->folder, kernel->release);
	if (!kernel && *says->uname)
		kernel = release_kernel(says);
	recording->semantics = kernel ? kernel->semantics : NULL;
	recording->uname = says->uname;
	recording->ept = ept == 'Y';
	recording->ept_ad = recording->ept && eptad != 'N';
	recording->tdp = ept == 'Y' || npt == 'Y' || (ept != 'N' && npt != 'N');
	recording->tdp_mmu = recording->tdp && tdp_mmu != 'N';
	return true;
}
