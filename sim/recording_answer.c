// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_answer.c: what stands after "=>".
 *
 *	OK | OK REST | EINVAL | EINVAL REST | errno123		of most commands
 *	0xVALUE							hread
 *	child:0xVALUE | child:ok | child:EINVAL			of a forked child
 *	PAGE flags=0xFLAGS | PAGE pm=0xBITS | PAGE		of lab info, pinfo and pfninfo
 *	EXIT; EXIT; ...						of a vCPU that ran
 *
 * PAGE is that of recording_facts.c, and EXIT one of
 *
 *	HLT eax=0xVALUE
 *	KVM_RUN=-1 EFAULT[ TIMEOUT] (ebx=0xADDRESS ecx_left=COUNT)
 *		[ MEMORY_FAULT gpa=0xGPA size=0xSIZE flags=0xFLAGS]
 *	MMIO-R gpa=0xGPA len=LENGTH
 *	MMIO-W gpa=0xGPA len=LENGTH data=0xDATA
 *	INTERNAL_ERROR sub=CODE
 *	EXIT REASON rip=0xRIP ebx=0xEBX
 *
 * Anything else is ANSWER_OTHER: the answers of "kvm" (its own language), of "par" (two of them),
 * and of commands that print what others wrote, whose words mean nothing here.
 */
#include <ctype.h>
#include <string.h>

#include "sim/recording_internal.h"

/* The commands whose answer is text of somebody else. */
static const char *const quoting[] = { "sh", "sysr", "par" };

static bool one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(word, words[i]))
			return true;
	return false;
}

static bool hlt_read(struct reader *reader, struct cursor *cursor, struct vcpu_exit *exit)
{
	(void)reader;
	exit->kind = EXIT_HLT;
	return cursor_hex(cursor, &exit->eax);
}

static bool run_error_read(struct reader *reader, struct cursor *cursor, struct vcpu_exit *exit)
{
	exit->kind = EXIT_RUN_ERROR;
	if (!cursor_word(cursor, reader, &exit->error))
		return false;
	exit->timeout = cursor_skip(cursor, " TIMEOUT");
	if (!cursor_want_hex(cursor, " (ebx=", &exit->ebx) ||
	    !cursor_want(cursor, " ecx_left=") || !cursor_u64(cursor, &exit->ecx_left) ||
	    !cursor_want(cursor, ")"))
		return false;
	exit->memory_fault = cursor_skip(cursor, " MEMORY_FAULT");
	return !exit->memory_fault || (cursor_want_hex(cursor, " gpa=", &exit->fault_gpa) &&
				       cursor_want_hex(cursor, " size=", &exit->fault_size) &&
				       cursor_want_hex(cursor, " flags=", &exit->fault_flags));
}

static bool mmio_read(struct cursor *cursor, struct vcpu_exit *exit)
{
	return cursor_hex(cursor, &exit->gpa) && cursor_want(cursor, " len=") &&
	       cursor_unsigned(cursor, &exit->length);
}

static bool mmio_r_read(struct reader *reader, struct cursor *cursor, struct vcpu_exit *exit)
{
	(void)reader;
	exit->kind = EXIT_MMIO_READ;
	return mmio_read(cursor, exit);
}

static bool mmio_w_read(struct reader *reader, struct cursor *cursor, struct vcpu_exit *exit)
{
	(void)reader;
	exit->kind = EXIT_MMIO_WRITE;
	return mmio_read(cursor, exit) && cursor_want_hex(cursor, " data=", &exit->data);
}

static bool internal_read(struct reader *reader, struct cursor *cursor, struct vcpu_exit *exit)
{
	(void)reader;
	exit->kind = EXIT_INTERNAL;
	return cursor_unsigned(cursor, &exit->code);
}

static bool unknown_read(struct reader *reader, struct cursor *cursor, struct vcpu_exit *exit)
{
	(void)reader;
	exit->kind = EXIT_UNKNOWN;
	return cursor_unsigned(cursor, &exit->code) &&
	       cursor_want_hex(cursor, " rip=", &exit->rip) &&
	       cursor_want_hex(cursor, " ebx=", &exit->ebx);
}

static const struct exit_shape {
	const char *begin;
	bool (*read)(struct reader *reader, struct cursor *cursor, struct vcpu_exit *exit);
} exit_shapes[] = {
	{ "HLT eax=",			hlt_read },
	{ "KVM_RUN=-1 ",		run_error_read },
	{ "MMIO-R gpa=",		mmio_r_read },
	{ "MMIO-W gpa=",		mmio_w_read },
	{ "INTERNAL_ERROR sub=",	internal_read },
	{ "EXIT ",			unknown_read },
};

static const struct exit_shape *exit_shape_at(const struct cursor *cursor)
{
	for (size_t i = 0; i < sizeof(exit_shapes) / sizeof(exit_shapes[0]); i++)
		if (!strncmp(cursor->at, exit_shapes[i].begin, strlen(exit_shapes[i].begin)))
			return &exit_shapes[i];
	return NULL;
}

static bool exits_read(struct reader *reader, struct cursor *cursor, struct answer *answer)
{
	struct vec exits = { .size = sizeof(struct vcpu_exit) };
	const struct exit_shape *shape;
	bool good = true;

	answer->kind = ANSWER_VCPU;
	do {
		shape = exit_shape_at(cursor);
		if (shape)
			cursor_skip(cursor, shape->begin);
		good = shape ? shape->read(reader, cursor, vec_push(&exits)) :
		       cursor_fail(cursor, "expected another exit of the vCPU");
	} while (good && cursor_skip(cursor, "; "));
	answer->more_mmio = good && cursor_skip(cursor, " (more mmio)");
	answer->nr_exits = exits.n;
	answer->exits = vec_take(&exits, &reader->arena);
	vec_free(&exits);
	return good && cursor_end(cursor);
}

/* "OK", "EINVAL" or "errno123" as a whole word: its length, else 0. */
static size_t errno_length(const char *at)
{
	size_t length = strcspn(at, " ");

	if (length == 2 && (!strncmp(at, "OK", 2) || !strncmp(at, "ok", 2)))
		return length;
	if (!strncmp(at, "errno", 5) && isdigit((unsigned char)at[5]))
		return strspn(at + 5, "0123456789") + 5 == length ? length : 0;
	return *at == 'E' && length > 2 && strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ2") == length ?
	       length : 0;
}

/* An error's name or OK, and the two numbers that may follow it. */
static bool errno_read(struct reader *reader, struct cursor *cursor, size_t length,
		       struct answer *answer)
{
	bool ok = *cursor->at == 'O' || *cursor->at == 'o';

	answer->kind = ok ? ANSWER_OK : ANSWER_ERRNO;
	answer->error = ok ? "OK" : arena_strndup(&reader->arena, cursor->at, length);
	cursor->at += length;
	cursor_skip(cursor, " ");
	answer->rest = cursor->at;
	answer->has_pfn = cursor_skip(cursor, "pfn=");
	answer->has_hva = !answer->has_pfn && cursor_skip(cursor, "hva=");
	if (!answer->has_pfn && !answer->has_hva)
		return true;
	return cursor_hex(cursor, answer->has_pfn ? &answer->pfn : &answer->hva) &&
	       cursor_end(cursor);
}

static bool page_answer_read(struct cursor *cursor, struct answer *answer)
{
	uint64_t pagemap;

	answer->kind = ANSWER_PAGE;
	if (!page_read(cursor, &answer->page))
		return false;
	if (cursor_skip(cursor, " flags="))
		return cursor_hex(cursor, &answer->flags) && cursor_end(cursor);
	if (cursor_skip(cursor, " pm="))
		return cursor_hex(cursor, &pagemap) && cursor_end(cursor);
	return cursor_end(cursor);
}

bool answer_read(struct reader *reader, const char *command, struct cursor *cursor,
		 struct answer *answer)
{
	size_t length;

	if (one_of(command, quoting, sizeof(quoting) / sizeof(quoting[0])))
		return true;
	/* First, as "EXIT" looks like the name of an error. */
	if (exit_shape_at(cursor))
		return exits_read(reader, cursor, answer);
	cursor_skip(cursor, "child:");
	length = errno_length(cursor->at);
	if (length)
		return errno_read(reader, cursor, length, answer);
	if (!strncmp(cursor->at, "0x", 2)) {
		answer->kind = ANSWER_VALUE;
		return cursor_hex(cursor, &answer->value) && cursor_end(cursor);
	}
	if (strcmp(command, "kvm") && !strncmp(cursor->at, "pfn=", 4))
		return page_answer_read(cursor, answer);
	return true;
}
