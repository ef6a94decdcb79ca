/* SPDX-License-Identifier: GPL-2.0-only */
#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tools/scdoc.h"

enum { COLUMNS = 100, TAB = 8 };

static void add(struct scdoc *doc, const char *text, size_t length)
{
	assert(doc->length + length < sizeof(doc->text));

	memcpy(doc->text + doc->length, text, length);
	doc->length += length;
	doc->text[doc->length] = '\0';
}

void scdoc_add(struct scdoc *doc, const char *marked)
{
	add(doc, marked, strlen(marked));
}

void scdoc_add_plain(struct scdoc *doc, const char *plain, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (strchr("\\_*+~`", plain[i]))
			add(doc, "\\", 1);
		add(doc, plain + i, 1);
	}
}

static void add_as(struct scdoc *doc, const char *mark, const char *plain, size_t length)
{
	scdoc_add(doc, mark);
	scdoc_add_plain(doc, plain, length);
	scdoc_add(doc, mark);
}

/* ---- what a word is ---- */

static bool is_word_of(const char *argument, const char *word, size_t length)
{
	while (argument && *argument) {
		size_t n = strcspn(argument, "|,=.");

		if (n == length && n && argument[n] != '=' && !strncmp(argument, word, n))
			return true;
		argument += n + (argument[n] != '\0');
	}
	return false;
}

/* FOLDER, and FOLDER/NAME */
static bool is_argument(const char *argument, const char *word, size_t length)
{
	const char *slash = memchr(word, '/', length);

	return is_word_of(argument, word, length) ||
	       (slash && isupper(*word) && is_word_of(argument, word, slash - word));
}

/* pfntrace(5) */
static bool is_page(const char *word, size_t length)
{
	return length > 3 && word[length - 3] == '(' && isdigit(word[length - 2]) &&
	       word[length - 1] == ')';
}

static bool is_option(const char *word, size_t length)
{
	return (length > 2 && word[0] == '-' && word[1] == '-' && islower(word[2])) ||
	       (length == 2 && word[0] == '-' && islower(word[1]));
}

static void add_word(struct scdoc *doc, const char *argument, const char *word, size_t length)
{
	const char *value = memchr(word, '=', length);

	if (is_option(word, length) && value) {
		add_as(doc, "*", word, value - word);
		add(doc, "=", 1);
		add_as(doc, "_", value + 1, word + length - value - 1);
	} else if (is_option(word, length)) {
		add_as(doc, "*", word, length);
	} else if (is_argument(argument, word, length)) {
		add_as(doc, "_", word, length);
	} else if (is_page(word, length)) {
		add_as(doc, "*", word, length - 3);
		add(doc, word + length - 3, 3);
	} else if (length > 2 && word[0] == '`' && word[length - 1] == '`') {
		add_as(doc, "*", word + 1, length - 2);
	} else {
		scdoc_add_plain(doc, word, length);
	}
}

void scdoc_add_help(struct scdoc *doc, const char *plain, const char *argument)
{
	while (*plain) {
		size_t before = strspn(plain, " (\"["), length, word;

		scdoc_add_plain(doc, plain, before);
		plain += before;
		length = strcspn(plain, " ");
		word = length;
		while (word && (strchr(".,;:\"", plain[word - 1]) ||
				(plain[word - 1] == ')' && !memchr(plain, '(', word))))
			word--;
		add_word(doc, argument, plain, word);
		scdoc_add_plain(doc, plain + word, length - word);
		plain += length;
	}
}

void scdoc_add_sentence(struct scdoc *doc, const char *plain, const char *argument)
{
	size_t start = doc->length, word;

	scdoc_add_help(doc, plain, argument);
	word = strspn(doc->text + start, "abcdefghijklmnopqrstuvwxyz'-");
	if (word && strchr(word > 1 ? " ,;:" : " ", doc->text[start + word]))
		doc->text[start] = toupper(doc->text[start]);
	if (doc->length > start && !strchr(".!?", doc->text[doc->length - 1]))
		scdoc_add(doc, ".");
}

/* Which would mean something at the start of a line */
static bool may_begin_a_line(const char *word)
{
	return !strchr("-.#;|[]:`<>", *word);
}

void scdoc_print(struct scdoc *doc, const char *bullet)
{
	size_t margin = TAB + strlen(bullet), column = margin;

	printf("\t%s", bullet);
	for (char *word = strtok(doc->text, " "); word; word = strtok(NULL, " ")) {
		size_t length = strlen(word);
		bool is_first = column == margin;

		if (!is_first && column + 1 + length > COLUMNS && may_begin_a_line(word)) {
			printf("\n\t%*s%s", (int)strlen(bullet), "", word);
			column = margin + length;
		} else {
			printf("%s%s", is_first ? "" : " ", word);
			column += !is_first + length;
		}
	}
	printf("\n");
	*doc = (struct scdoc){ 0 };
}
