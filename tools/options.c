/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/guess.h"
#include "tools/misuse.h"
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

/* ---- what is wrong with them: one line, where argp would say two ---- */

static bool name_is_known(const struct argp *argp, const char *program, const char *text)
{
	size_t length = strcspn(text, "=");
	const struct argp_option *option = option_of_name(argp, text, length);
	struct guess guess;
	char name[64];

	if (option && text[length] && !option->arg)
		misuse(program, "--%s takes no value", option->name);
	if (option)
		return !text[length] || option->arg;
	snprintf(name, sizeof(name), "%.*s", (int)length, text);
	guess_begin(&guess, name);
	for (size_t i = 0; (option = option_at(argp, i)); i++)
		guess_at(&guess, option->name);
	if (guess.best && !guess.edits)
		misuse(program, "\"--%s\" may be one of %u, as --%s", name, guess.nr_best,
		       guess.best);
	else if (guess.best)
		misuse(program, "unknown option \"--%s\", did you mean \"--%s\"?", name,
		       guess.best);
	else
		misuse(program, "unknown option \"--%s\"", name);
	return false;
}

static bool letters_are_known(const struct argp *argp, const char *program, const char *letters)
{
	for (; *letters; letters++) {
		const struct argp_option *option = option_of_letter(argp, *letters);

		if (!option)
			misuse(program, "unknown option \"-%c\"", *letters);
		if (!option || option->arg)
			return option;		/* the rest is its value */
	}
	return true;
}

bool options_are_known(const struct argp *argp, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		const struct argp_option *option = option_before(argp, argv[i]);
		const char *word = argv[i];

		if (word[0] != '-' || !word[1])
			continue;
		if (word[1] == '-' ? !name_is_known(argp, argv[0], word + 2) :
				     !letters_are_known(argp, argv[0], word + 1))
			return false;
		if (option && ++i == argc) {
			misuse(argv[0], "%s wants a value: %s", word, option->arg);
			return false;
		}
	}
	return true;
}
