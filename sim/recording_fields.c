// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_fields.c: apply a form (recording_trace.c has the table) to the body of an event.
 *
 * A form is text that must stand in the body, with
 *
 *	%KEY	a value: everything up to the text that follows in the form (the first place where
 *		it stands), or up to the end of the body
 *	[...]	may be missing; without a %KEY in it, its words become a key whose value is "1"
 *
 * Two forms are names of a way to read instead:
 *
 *	@values	KEY=VALUE, separated by blanks and commas; words without "=" are skipped
 *	@call	FUNCTION(KEY=VALUE WORD ...) = ERROR (0xCODE) KEY=VALUE WORD ...: function, error
 *		(ERR_FAULT, ..., NOSLOT), code (0xCODE), every KEY, and WORD="1" for every other
 *		word ("head", "tail", "rsvd", "nopage", "NULL")
 *
 * A body in front of which a kprobe put "(F+0x0/0x10 [kvm]) " or a kretprobe "(C+0x4/0x10 <- F) "
 * has the keys function (F) and caller (C), and is then read by @values.
 */
#include <string.h>

#include "sim/recording_internal.h"

struct matcher {
	struct reader *reader;
	char *at;			/* in a copy of the body, which is cut up */
};

/* One copy of a key for all events of a recording. */
static const char *intern(struct reader *reader, const char *key, size_t length)
{
	const char **keys = (const char **)reader->keys.data;
	size_t i;

	for (i = 0; i < reader->keys.n; i++)
		if (!strncmp(keys[i], key, length) && !keys[i][length])
			return keys[i];
	key = arena_strndup(&reader->arena, key, length);
	*(const char **)vec_push(&reader->keys) = key;
	return key;
}

/* @key and @value live as long as the recording. */
static void add_field(struct reader *reader, const char *key, const char *value)
{
	*(struct trace_field *)vec_push(&reader->fields) =
		(struct trace_field) { .key = key, .value = value };
}

static size_t key_length(const char *form)
{
	return strspn(form, "abcdefghijklmnopqrstuvwxyz_0123456789");
}

/* Where the text that begins the form @form next stands in @at; NULL if nowhere. */
static char *find_literal(const char *form, char *at)
{
	char literal[64];
	size_t length = strcspn(form, "%[]");

	if (length >= sizeof(literal))
		return NULL;
	memcpy(literal, form, length);
	literal[length] = '\0';
	return length ? strstr(at, literal) : at + strlen(at);
}

/* The end of the value in front of the form @form. */
static char *value_end(struct matcher *matcher, const char *form)
{
	char *end, *optional;
	const char *close;

	if (*form == ']')	/* the end of a group; what follows it is not looked at */
		form++;
	if (*form != '[')
		return find_literal(form, matcher->at);
	close = strchr(form, ']');
	optional = find_literal(form + 1, matcher->at);
	end = find_literal(close + 1, matcher->at);
	return optional && (!end || optional < end) ? optional : end;
}

/* "[ direct]": is its text next?  A group with a key goes on being matched where it begins. */
static const char *match_group(struct matcher *matcher, const char *form)
{
	size_t length = strcspn(form, "%]");
	const char *close = strchr(form, ']');
	const char *word = form + strspn(form, " ");

	if (strncmp(matcher->at, form, length))
		return close + 1;
	matcher->at += length;
	if (form[length] == '%')
		return form + length;
	length = close - word;
	while (word[length - 1] == ' ')
		length--;
	add_field(matcher->reader, intern(matcher->reader, word, length), "1");
	return close + 1;
}

/* "%KEY": @form is behind the '%'. */
static const char *match_value(struct matcher *matcher, const char *form, char **cut)
{
	size_t length = key_length(form);
	char *end = value_end(matcher, form + length);

	if (!end)
		return NULL;
	add_field(matcher->reader, intern(matcher->reader, form, length), matcher->at);
	*cut = end;
	matcher->at = end;
	return form + length;
}

/*
 * Does the body fit @form?  Then its fields have been added.  A value gets its NUL only once the
 * text behind it has been matched, as the NUL takes the place of its first character.
 */
static bool match_form(struct matcher *matcher, const char *form)
{
	char *cut = NULL;

	while (form && *form) {
		if (*form == ']') {
			form++;
		} else if (*form == '[') {
			form = match_group(matcher, form + 1);
		} else if (*form == '%') {
			form = match_value(matcher, form + 1, &cut);
		} else if (*form++ != *matcher->at++) {
			return false;
		}
		if (cut && matcher->at > cut) {
			*cut = '\0';
			cut = NULL;
		}
	}
	return form && !*matcher->at;
}

/* "(kvm_set_memslot+0x0/0x4c0 [kvm]) " or "(C+0x30a/0x470 [kvm] <- F) " */
static char *match_probe(struct reader *reader, char *at)
{
	char *close = strstr(at, ")"), *arrow, *plus;

	if (*at != '(' || !close || (close[1] && close[1] != ' '))
		return at;
	*close = '\0';
	arrow = strstr(at, " <- ");
	plus = strstr(++at, "+0x");
	if (plus)
		*plus = '\0';
	if (arrow)
		add_field(reader, "caller", at);
	add_field(reader, "function", arrow ? arrow + strlen(" <- ") : at);
	return close[1] ? close + 2 : close + 1;
}

/* Cut the word at *@at off; *@at goes to what follows it. */
static char *next_word(char **at, const char *separators)
{
	char *word = *at + strspn(*at, separators);

	*at = word + strcspn(word, separators);
	if (**at)
		*(*at)++ = '\0';
	return word;
}

static void match_values(struct reader *reader, char *at, bool words)
{
	char *word, *equals;

	while (*(word = next_word(&at, " ,()"))) {
		equals = strchr(word, '=');
		if (equals && equals > word && equals[1]) {
			*equals = '\0';
			add_field(reader, word, equals + 1);
		} else if (words && !strcmp(word, "=")) {
			continue;	/* between a call and its result */
		} else if (words && (!strncmp(word, "ERR", 3) || !strcmp(word, "NOSLOT"))) {
			add_field(reader, "error", word);
		} else if (words && !strncmp(word, "0x", 2)) {
			add_field(reader, "code", word);
		} else if (words) {
			add_field(reader, word, "1");
		}
	}
}

static bool match_call(struct reader *reader, char *at)
{
	char *open = strchr(at, '(');

	if (!open || open == at)
		return false;
	*open = '\0';
	add_field(reader, "function", at);
	match_values(reader, open + 1, true);
	return true;
}

static char *copy_body(struct reader *reader, const struct trace_event *event)
{
	return arena_strndup(&reader->arena, event->body, strlen(event->body));
}

bool fields_fit(struct reader *reader, const char *form, struct trace_event *event)
{
	struct matcher matcher = { .reader = reader, .at = copy_body(reader, event) };

	reader->fields.n = 0;
	if (!match_form(&matcher, form))
		return false;
	event->nr_fields = reader->fields.n;
	event->fields = vec_take(&reader->fields, &reader->arena);
	return true;
}

void fields_read(struct reader *reader, const char *form, struct trace_event *event)
{
	char *body = copy_body(reader, event);
	struct matcher matcher = { .reader = reader, .at = body };
	bool fits = false;

	reader->fields.n = 0;
	if (form && !strcmp(form, "@call"))
		fits = match_call(reader, body);
	else if (form && strcmp(form, "@values"))
		fits = match_form(&matcher, form);
	if (!fits) {
		reader->fields.n = 0;
		if (form && strcmp(form, "@values"))
			body = copy_body(reader, event);
		match_values(reader, match_probe(reader, body), false);
	}
	event->nr_fields = reader->fields.n;
	event->fields = vec_take(&reader->fields, &reader->arena);
}
