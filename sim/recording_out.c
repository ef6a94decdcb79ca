// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_out.c: NAME.out, and NAME.cmd, which it must agree with.
 *
 *	# kernel RELEASE scenario NAME			line 1
 *	# RECONSTRUCTED FROM SERIAL, ...		the guest died; what its console had
 *	vcpu0 boot: HLT eax=0x0
 *	[ 1] COMMAND => ANSWER				numbered from 1
 *	      FACT					what had changed after it
 *	DONE 1 commands
 *	# labvmm rc=0
 *
 * A line of the kernel's log may stand anywhere.
 */
#include <ctype.h>
#include <string.h>

#include "sim/recording_internal.h"

#define INDENT		"      "
#define COMMAND_BLANKS	" \t"		/* between words; a line of these is no command */

/*
 * The commands of @path: the VMM takes a line up to its '#', and skips it if no word is left.
 * The last line may lack its newline, as a script is written by hand.
 */
bool script_read(struct reader *reader, const char *path)
{
	struct text *text = &reader->text;
	struct script_line *line;
	bool missing;

	if (!text_load(reader, path, &missing))
		return false;
	reader->has_script = !missing;
	while (text_line(text)) {
		if (!strncmp(text->line, "#!vmtype 1", 10))
			reader->recording->private_mem = true;
		text->line[strcspn(text->line, "#")] = '\0';
		if (!text->line[strspn(text->line, COMMAND_BLANKS)])
			continue;
		line = vec_push(&reader->script);
		*line = (struct script_line) { .text = text->line, .line = text->number };
	}
	return true;
}

static struct command *last_command(struct reader *reader)
{
	return reader->commands.n ?
		(struct command *)reader->commands.data + reader->commands.n - 1 : NULL;
}

/* The last command is complete: what was collected becomes its own. */
static void close_command(struct reader *reader)
{
	struct command *command = last_command(reader);

	if (!command)
		return;
	command->nr_facts = reader->facts.n;
	command->facts = vec_take(&reader->facts, &reader->arena);
	command->nr_splats = reader->splats.n - command->first_splat;
	reader->open = false;
}

/*
 * Where the answer proper begins in the line @text of an answer; NULL: it follows in another.
 * "sh" prints what its program printed, then "rc=0", on a line of its own if the program ended its
 * last; a complaint about an unknown region comes before the answer, and one about Xen's
 * hypercall page on the same line.
 */
static char *answer_proper(const struct command *command, char *text)
{
	const char *refused = "(hvm_config ";
	char *status = strrchr(text, '='), *close;

	if (!strcmp(command->words[0], "sh"))
		return status && status - text >= 2 && !strncmp(status - 2, "rc", 2) &&
		       status[1] && !status[1 + strspn(status + 1, "0123456789")] ?
		       status - 2 : NULL;
	close = strncmp(text, refused, strlen(refused)) ? NULL : strstr(text, ") ");
	if (close)
		return close + 2;
	return strncmp(text, "!! ", 3) ? text : NULL;
}

/* The answer ends in this line, at @cursor, or it stays open. */
static bool finish_answer(struct reader *reader, struct cursor *cursor)
{
	struct command *command = last_command(reader);
	char *proper = answer_proper(command, cursor->at);

	reader->open = !proper;
	command->answer.result = proper ? proper : "";
	command->answer.rest = "";
	command->answer.kind = ANSWER_OTHER;
	if (!proper)
		return true;
	cursor->at = proper;
	return answer_read(reader, command->words[0], cursor, &command->answer);
}

/* A line of an answer that takes several. */
static bool answer_line(struct reader *reader, struct cursor *cursor)
{
	struct fact *fact;

	splat_line(reader, cursor->at);
	fact = vec_push(&reader->facts);
	*fact = (struct fact) {
		.kind = FACT_OTHER, .line = cursor->text->number, .text = cursor->at,
	};
	return finish_answer(reader, cursor);
}

/*
 * Where the command at @cursor ends: at " => ".  With a script its own line says what comes
 * before that; NULL with the error set if it is not there.
 */
static char *command_end(struct reader *reader, struct cursor *cursor, struct command *command)
{
	const struct script_line *script = (struct script_line *)reader->script.data;
	struct cursor end = *cursor;

	if (!reader->has_script) {
		char *arrow = strstr(cursor->at, " => ");

		if (!arrow)
			cursor_fail(cursor, "expected a command and \" => \"");
		return arrow;
	}
	if (command->number > reader->script.n) {
		cursor_fail(cursor, "command %u, but %s.cmd has only %zu", command->number,
			    reader->recording->path, reader->script.n);
		return NULL;
	}
	script += command->number - 1;
	command->script_line = script->line;
	if (!cursor_skip(&end, script->text)) {
		cursor_fail(cursor, "expected \"%.200s\", which is line %u of %s.cmd",
			    script->text, script->line, reader->recording->path);
		return NULL;
	}
	if (strncmp(end.at, " => ", 4)) {
		cursor_fail(&end, "expected \" => \", as line %u of %s.cmd ends here",
			    script->line, reader->recording->path);
		return NULL;
	}
	return end.at;
}

static void split_words(struct reader *reader, struct command *command)
{
	struct vec words = { .size = sizeof(char *) };
	const char *at = command->text;
	size_t length;

	for (;;) {
		at += strspn(at, COMMAND_BLANKS);
		length = strcspn(at, COMMAND_BLANKS);
		if (!length)
			break;
		*(char **)vec_push(&words) = arena_strndup(&reader->arena, at, length);
		at += length;
	}
	command->nr_words = words.n;
	command->words = vec_take(&words, &reader->arena);
	vec_free(&words);
}

static bool second_run(const struct text *text)
{
	struct cursor line = cursor_at(text, text->line);

	return cursor_fail(&line, "a second VM run begins here; expected one in a file");
}

/* "[ 1] COMMAND => ANSWER" */
static bool command_line(struct reader *reader, struct cursor *cursor)
{
	struct command command = { .line = cursor->text->number };
	unsigned expected = reader->commands.n + 1;
	struct cursor number = *cursor;
	char *end;

	cursor->at += strspn(cursor->at, " ");
	if (!cursor_unsigned(cursor, &command.number) || !cursor_want(cursor, "] "))
		return false;
	if (reader->done || (command.number == 1 && expected > 1))
		return second_run(cursor->text);
	if (command.number != expected)
		return cursor_fail(&number, "command %u; expected %u", command.number, expected);
	if (reader->open)
		return cursor_fail(&number, "expected the end of the answer to command %u first",
				   expected - 1);
	end = command_end(reader, cursor, &command);
	if (!end)
		return false;
	command.text = arena_strndup(&reader->arena, cursor->at, end - cursor->at);
	split_words(reader, &command);
	if (!command.nr_words)
		return cursor_fail(cursor, "expected a command");
	close_command(reader);
	cursor->at = end + strlen(" => ");
	command.answer.text = cursor->at;
	command.first_splat = reader->splats.n;
	*(struct command *)vec_push(&reader->commands) = command;
	splat_line(reader, cursor->at);
	return finish_answer(reader, cursor);
}

static bool kernel_line(struct reader *reader, struct cursor *cursor)
{
	struct config *config = &reader->config;

	if (cursor->text->number != 1)
		return second_run(cursor->text);
	if (!strncmp(cursor->at, "uname ", 6))
		return config_words(reader, cursor, "scenario");
	config->file = cursor->text->file;
	config->line = 1;
	/* A reconstructed recording has its folder's name here. */
	if (isdigit((unsigned char)*cursor->at) && !cursor_word(cursor, reader, &config->uname))
		return false;
	return strstr(cursor->at, "scenario ") || cursor_fail(cursor, "expected \"scenario NAME\"");
}

static bool reconstructed_line(struct reader *reader, struct cursor *cursor)
{
	if (cursor->text->number != 2)
		return cursor_fail(cursor, "expected this on line 2 only");
	reader->recording->reconstructed = true;
	return true;
}

/* "vcpu0 boot: HLT eax=0x0": both vCPUs run to their first halt before the first command. */
static bool boot_line(struct reader *reader, struct cursor *cursor)
{
	unsigned vcpu;

	if (!cursor_unsigned(cursor, &vcpu) || !cursor_want(cursor, " boot: "))
		return false;
	if (vcpu < reader->booted || reader->commands.n)
		return second_run(cursor->text);
	reader->booted = vcpu + 1;
	return true;
}

/* What perror() or the handler of SIGSEGV of the VMM printed last. */
static bool failure_line(struct reader *reader, struct cursor *cursor)
{
	reader->recording->failure = cursor->text->line;
	return true;
}

static bool done_line(struct reader *reader, struct cursor *cursor)
{
	struct cursor start = *cursor;
	uint64_t count;

	if (!cursor_u64(cursor, &count) || !cursor_want(cursor, " commands") ||
	    !cursor_end(cursor))
		return false;
	if (reader->done)
		return second_run(cursor->text);
	if (count != reader->commands.n)
		return cursor_fail(&start, "expected %zu, the number of commands above",
				   reader->commands.n);
	if (reader->has_script && count != reader->script.n)
		return cursor_fail(&start, "expected %zu, the number of commands of %s.cmd",
				   reader->script.n, reader->recording->path);
	close_command(reader);	/* what the console prints from here on is nobody's answer */
	reader->done = true;
	return true;
}

static bool status_line(struct reader *reader, struct cursor *cursor)
{
	unsigned status;

	(void)reader;
	return cursor_unsigned(cursor, &status) && cursor_end(cursor);
}

/*
 * What else a dying guest prints: in a reconstructed .out, a line that is none of the above, or a
 * fact that another line runs through.
 */
static bool junk_line(struct reader *reader)
{
	struct text *text = &reader->text;

	if (!reader->recording->reconstructed)
		return false;
	if (text->error)
		*text->error = (struct error) { .line = 0 };
	splat_keep(reader, text->line);
	return true;
}

static bool indented_line(struct reader *reader, struct cursor *cursor)
{
	size_t nr_facts = reader->facts.n;

	if (!reader->commands.n || reader->done)
		return cursor_fail(cursor, "expected a command above what is indented");
	if (fact_read(reader, cursor))
		return true;
	reader->facts.n = nr_facts;
	return junk_line(reader);
}

/* Every shape of a line but the kernel's log. */
static const struct shape {
	const char *begin;
	bool (*read)(struct reader *reader, struct cursor *cursor);
} shapes[] = {
	{ INDENT,				indented_line },
	{ "[",					command_line },
	{ "# kernel ",				kernel_line },
	{ "# RECONSTRUCTED FROM SERIAL",	reconstructed_line },
	{ "# labvmm rc=",			status_line },
	{ "vcpu: ",				failure_line },
	{ "vcpu",				boot_line },
	{ "DONE ",				done_line },
	{ "kvm: ",				failure_line },
	{ "vm: ",				failure_line },
	{ "slot0: ",				failure_line },
	{ "sregs: ",				failure_line },
	{ "!! SIGSEGV in labvmm",		failure_line },
};

/* "[12] ": not the time of a log, and no other bracket that a program prints. */
static bool begins_command(const char *line)
{
	size_t digits;

	if (*line++ != '[')
		return false;
	line += strspn(line, " ");
	digits = strspn(line, "0123456789");
	return digits && line[digits] == ']';
}

static bool out_line(struct reader *reader)
{
	struct text *text = &reader->text;
	struct cursor cursor = cursor_at(text, text->line);

	if (text->number == 1 && strncmp(text->line, "# kernel ", 9))
		return cursor_fail(&cursor, "expected \"# kernel RELEASE scenario NAME\"");
	if (reader->open && !begins_command(text->line))
		return answer_line(reader, &cursor);
	if (splat_line(reader, text->line))
		return true;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (cursor_skip(&cursor, shapes[i].begin))
			return shapes[i].read(reader, &cursor);
	cursor_fail(&cursor, "expected \"[%2zu] COMMAND => ANSWER\", an indented fact or "
		    "\"DONE %zu commands\"", reader->commands.n + 1, reader->commands.n);
	return junk_line(reader);
}

/* Does the last answer lack what the one before it has shown of the watched? */
static bool facts_are_lost(const struct reader *reader)
{
	const struct command *last = (struct command *)reader->commands.data + reader->commands.n;
	size_t watched[2] = { 0, 0 };

	for (unsigned i = 0; i < 2 && i < reader->commands.n; i++) {
		last--;
		for (size_t n = 0; n < last->nr_facts; n++)
			watched[i] += last->facts[n].kind == FACT_HOST ||
				      last->facts[n].kind == FACT_S2;
	}
	return watched[0] < watched[1];
}

/* The log of its death is no answer to its last command. */
static void drop_unanswered(struct reader *reader)
{
	const char *text;

	if (!reader->commands.n)
		return;
	text = last_command(reader)->answer.text;
	if (*text == '[' && strcspn(text, "]") > strcspn(text, "."))
		reader->commands.n--;
}

/*
 * What a guest that died was doing: the script's next command. Where the console has lost a part
 * of the last answer, it may have lost whole ones as well.
 */
static void find_fatal(struct reader *reader)
{
	struct recording *recording = reader->recording;
	const struct script_line *script = (struct script_line *)reader->script.data;
	size_t first;

	if (!recording->reconstructed || reader->done || reader->open)
		return;
	drop_unanswered(reader);
	first = reader->commands.n;
	if (first >= reader->script.n)
		return;
	recording->nr_fatal = facts_are_lost(reader) ? reader->script.n - first : 1;
	recording->fatal = arena_alloc(&reader->arena,
				       recording->nr_fatal * sizeof(*recording->fatal));
	for (size_t i = 0; i < recording->nr_fatal; i++) {
		struct command *command = &recording->fatal[i];

		*command = (struct command){
			.number = first + i + 1, .text = script[first + i].text,
			.script_line = script[first + i].line,
			.answer = { .kind = ANSWER_OTHER, .text = "", .result = "" } };
		split_words(reader, command);
	}
}

bool out_read(struct reader *reader, const char *path)
{
	struct recording *recording = reader->recording;
	struct text *text = &reader->text;

	if (!text_load(reader, path, NULL))
		return false;
	if (text->next == text->end)
		return error_at(reader->error, path, 0, 0, "the file is empty");
	while (text_line(text)) {
		if (!text->unfinished && !out_line(reader))
			return false;
		if (text->unfinished && !text_truncated(text) && !junk_line(reader))
			return false;
	}
	if (!reader->done)
		close_command(reader);
	recording->complete = reader->done;
	find_fatal(reader);
	recording->nr_commands = reader->commands.n;
	recording->commands = vec_take(&reader->commands, &reader->arena);
	return true;
}
