/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/error.h"
#include "tools/options.h"
#include "tools/pfnsim.h"

enum { KEY_USAGE = 256 };

const struct argp_option options_of_all[] = {
	{ "help", '?', NULL, 0, "list the options", 0 },
	{ "usage", KEY_USAGE, NULL, 0, "the same in short", 0 },
	{ 0 }
};

char *tool_help(int key, const char *text, void *input)
{
	bool is_option = key < ARGP_KEY_HELP_PRE_DOC;
	const char *more = text && is_option ? strchr(text, '\v') : NULL;

	(void)input;
	return more ? strndup(text, more - text) : (char *)text;
}

static bool is_end(const struct argp_option *option)
{
	return !option->name && !option->key;
}

const struct argp_option *option_at(const struct argp *argp, size_t i)
{
	const struct argp_option *own = argp->options;

	for (; own && !is_end(own); own++)
		if (i-- == 0)
			return own;
	return i < 2 ? &options_of_all[i] : NULL;
}

const struct argp_option *option_of_name(const struct argp *argp, const char *name, size_t length)
{
	const struct argp_option *option, *found = NULL;

	for (size_t i = 0; (option = option_at(argp, i)); i++) {
		if (strncmp(option->name, name, length))
			continue;
		if (!option->name[length])
			return option;
		if (found)
			return NULL;
		found = option;
	}
	return found;
}

bool option_has_letter(const struct argp_option *option)
{
	return option->key > ' ' && option->key < 127;
}

const struct argp_option *option_of_letter(const struct argp *argp, char letter)
{
	const struct argp_option *option;

	for (size_t i = 0; (option = option_at(argp, i)); i++)
		if (option_has_letter(option) && option->key == letter)
			return option;
	return NULL;
}

const struct argp_option *option_before(const struct argp *argp, const char *word)
{
	const struct argp_option *option;

	if (word[0] != '-' || !word[1] || !strcmp(word, "--"))
		return NULL;
	if (word[1] == '-') {
		option = option_of_name(argp, word + 2, strlen(word + 2));
		return option && option->arg ? option : NULL;
	}
	for (word++; *word; word++) {
		option = option_of_letter(argp, *word);
		if (option && option->arg)
			return word[1] ? NULL : option;
	}
	return NULL;
}

/* ---- options that there are not ---- */

static size_t edits_to(const struct argp_option *option, const char *word)
{
	return strncmp(option->name, word, strlen(word)) ? error_edits(word, option->name) : 0;
}

/* The one that is meant, if any is near enough; with no edits it begins so. */
static const struct argp_option *nearest(const struct argp *argp, const char *word, size_t *edits)
{
	const struct argp_option *option, *best = NULL;

	*edits = strlen(word) / 2 + 1;		/* more are another word */
	for (size_t i = 0; (option = option_at(argp, i)); i++)
		if (edits_to(option, word) < *edits) {
			best = option;
			*edits = edits_to(option, word);
		}
	return best;
}

bool options_are_known(const struct argp *argp, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		const struct argp_option *meant;
		char word[64];
		size_t edits;

		if (option_before(argp, argv[i])) {
			i++;
			continue;
		}
		if (strncmp(argv[i], "--", 2))
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(argv[i] + 2, "="), argv[i] + 2);
		meant = nearest(argp, word, &edits);
		if (meant && !edits)
			continue;
		fprintf(stderr, "%s: unknown option \"--%s\"%s%s%s; %s --help lists them\n",
			argv[0], word, meant ? ", did you mean \"--" : "",
			meant ? meant->name : "", meant ? "\"?" : "", argv[0]);
		return false;
	}
	return true;
}
