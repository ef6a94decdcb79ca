// SPDX-License-Identifier: GPL-2.0-only
/* dat.c: trace.dat, version 6: formats, tasks, options, and a ring buffer's pages for each CPU. */
#include "sim/dat.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

enum { PAGE_BYTES = 4096, PAGE_HEAD = 16, EVENT_HEAD = 8, FIRST_EVENT = 100 };
/* struct ring_buffer_event */
enum { TYPE_BITS = 5, DELTA_BITS = 27, MAX_TYPE_LEN = 28, TIME_EXTEND = 30 };
enum { COMMON_BYTES = 8, NUMBER_BYTES = 8, LOCATION_BYTES = 4 };
enum { OPTION_END = 0, OPTION_UNAME = 5 };
#define MISSED_EVENTS	((u64)1 << 31)	/* in a page's commit */

static const char header_page[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";
static const char header_event[] =
	"# compressed entry header\n"
	"\ttype_len    :    5 bits\n"
	"\ttime_delta  :   27 bits\n"
	"\tarray       :   32 bits\n"
	"\n"
	"\tpadding     : type == 29\n"
	"\ttime_extend : type == 30\n"
	"\ttime_stamp : type == 31\n"
	"\tdata max type_len  == 28\n";

static void put(u8 **to, u64 number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		arrput(*to, (u8)(number >> 8 * i));
}

static void put_bytes(u8 **to, const void *bytes, size_t size)
{
	memcpy(arraddnptr(*to, size), bytes, size);
}

/* With its NUL. */
static void put_text(u8 **to, const char *text)
{
	put_bytes(to, text, strlen(text) + 1);
}

static void pad(u8 **to, size_t unit)
{
	while (arrlenu(*to) % unit)
		arrput(*to, 0);
}

/* ---- events ---- */

unsigned dat_format(struct dat *dat, const struct dat_format *format)
{
	arrput(dat->formats, format);
	return arrlenu(dat->formats) - 1;
}

void dat_task(struct dat *dat, int pid, const char *comm)
{
	if (hmgeti(dat->tasks, pid) < 0)
		hmput(dat->tasks, pid, comm);
}

static bool is_text(enum dat_type type)
{
	return type == DAT_TEXT || type == DAT_BARE || type == DAT_TITLE;
}

static size_t field_bytes(enum dat_type type)
{
	return is_text(type) ? LOCATION_BYTES : NUMBER_BYTES;
}

static size_t fixed_bytes(const struct dat_format *format)
{
	size_t bytes = COMMON_BYTES;

	for (const struct dat_field *f = format->field; f->type; f++)
		bytes += field_bytes(f->type);
	return bytes;
}

/* Its place is told by 16 bits of length over 16 of offset: __data_loc. */
static void put_location(u8 **to, const char *text, size_t *at)
{
	size_t length = strlen(text);

	length = (length > DAT_TEXT_BYTES ? DAT_TEXT_BYTES : length) + 1;
	put(to, (u64)length << 16 | *at, LOCATION_BYTES);
	*at += length;
}

static void put_behind(u8 **to, const char *text)
{
	if (strlen(text) <= DAT_TEXT_BYTES) {
		put_text(to, text);
		return;
	}
	put_bytes(to, text, DAT_TEXT_BYTES - 3);
	put_text(to, "...");
}

void dat_event(struct dat *dat, unsigned format, u64 time, unsigned cpu, int pid,
	       const union dat_value *values)
{
	const struct dat_field *fields = dat->formats[format]->field;
	struct dat_event event = { .time = time ? time : 1, .cpu = cpu, .at = arrlenu(dat->bytes) };
	size_t behind = fixed_bytes(dat->formats[format]);

	assert(cpu < DAT_MAX_CPUS);
	put(&dat->bytes, FIRST_EVENT + format, 2);
	put(&dat->bytes, 0, 2);		/* flags, preempt_count */
	put(&dat->bytes, (u32)pid, 4);
	for (unsigned i = 0; fields[i].type; i++) {
		if (is_text(fields[i].type))
			put_location(&dat->bytes, values[i].text, &behind);
		else
			put(&dat->bytes, values[i].number, NUMBER_BYTES);
	}
	for (unsigned i = 0; fields[i].type; i++)
		if (is_text(fields[i].type))
			put_behind(&dat->bytes, values[i].text);
	pad(&dat->bytes, 4);
	event.size = arrlenu(dat->bytes) - event.at;
	assert(event.size <= PAGE_BYTES - PAGE_HEAD - EVENT_HEAD);
	arrput(dat->events, event);
	dat->last_pid = pid > dat->last_pid ? pid : dat->last_pid;
	for (; dat->nr_cpus <= cpu; dat->nr_cpus++)
		arrput(dat->lost, false);
}

void dat_lost(struct dat *dat, unsigned cpu)
{
	dat->lost[cpu] = true;
}

/* ---- formats ---- */

static void print_field(FILE *out, const char *type, const struct dat_field *field, size_t offset)
{
	fprintf(out, "\tfield:%s %s;\toffset:%zu;\tsize:%zu;\tsigned:%d;\n", type, field->name,
		offset, field_bytes(field->type), field->type == DAT_SIGNED);
}

/* The fields that are printed, titles first; true: behind them, false: among the words. */
static void print_fields(const struct dat_format *format, bool as_arguments, FILE *out)
{
	static const char *const word[] = {
		[DAT_NUMBER] = "%s%s=%%llu", [DAT_SIGNED] = "%s%s=%%lld",
		[DAT_HEX] = "%s%s=0x%%llx",
		[DAT_TEXT] = "%s%s=%%s", [DAT_BARE] = "%s%.0s%%s", [DAT_TITLE] = "%s%.0s%%s",
	};
	const char *gap = "";

	for (int titles = 1; titles >= 0; titles--)
		for (const struct dat_field *f = format->field; f->type; f++) {
			if (f->type == DAT_HIDDEN || (f->type == DAT_TITLE) != titles)
				continue;
			if (as_arguments)
				fprintf(out, is_text(f->type) ? ", __get_str(%s)" : ", REC->%s",
					f->name);
			else
				fprintf(out, word[f->type], gap, f->name);
			gap = " ";
		}
}

static void print_fmt(const struct dat_format *format, FILE *out)
{
	fprintf(out, "\nprint fmt: \"");
	print_fields(format, false, out);
	fprintf(out, "\"");
	print_fields(format, true, out);
	fprintf(out, "\n");
}

/* As /sys/kernel/tracing/events/SYSTEM/NAME/format. */
static void put_format(u8 **to, const struct dat_format *format, unsigned id)
{
	size_t offset = COMMON_BYTES, size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	fprintf(out, "name: %s\nID: %u\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
		"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n", format->name, id);
	for (const struct dat_field *f = format->field; f->type; f++) {
		print_field(out, is_text(f->type) ? "__data_loc char[]" :
			    f->type == DAT_SIGNED ? "s64" : "u64", f, offset);
		offset += field_bytes(f->type);
	}
	print_fmt(format, out);
	fclose(out);
	put(to, size, 8);
	put_bytes(to, text, size);
	free(text);
}

static bool is_first_of_system(const struct dat *dat, size_t format)
{
	for (size_t i = 0; i < format; i++)
		if (!strcmp(dat->formats[i]->system, dat->formats[format]->system))
			return false;
	return true;
}

static void put_system(u8 **to, const struct dat *dat, const char *system)
{
	unsigned nr = 0;

	for (size_t i = 0; i < arrlenu(dat->formats); i++)
		nr += !strcmp(dat->formats[i]->system, system);
	put_text(to, system);
	put(to, nr, 4);
	for (size_t i = 0; i < arrlenu(dat->formats); i++)
		if (!strcmp(dat->formats[i]->system, system))
			put_format(to, dat->formats[i], FIRST_EVENT + i);
}

static void put_formats(u8 **to, const struct dat *dat)
{
	unsigned systems = 0;

	for (size_t i = 0; i < arrlenu(dat->formats); i++)
		systems += is_first_of_system(dat, i);
	put(to, systems, 4);
	for (size_t i = 0; i < arrlenu(dat->formats); i++)
		if (is_first_of_system(dat, i))
			put_system(to, dat, dat->formats[i]->system);
}

/* ---- head ---- */

static void put_cmdlines(u8 **to, const struct dat *dat)
{
	u8 *text = NULL;
	char pid[16];

	for (size_t i = 0; i < hmlenu(dat->tasks); i++) {
		snprintf(pid, sizeof(pid), "%d ", dat->tasks[i].key);
		put_bytes(&text, pid, strlen(pid));
		put_bytes(&text, dat->tasks[i].value, strlen(dat->tasks[i].value));
		arrput(text, '\n');
	}
	arrput(text, 0);
	put(to, arrlenu(text), 8);
	put_bytes(to, text, arrlenu(text));
	arrfree(text);
}

static void put_options(u8 **to, const struct dat *dat)
{
	put_text(to, "options  ");
	if (dat->uname) {
		put(to, OPTION_UNAME, 2);
		put(to, strlen(dat->uname) + 1, 4);
		put_text(to, dat->uname);
	}
	put(to, OPTION_END, 2);
}

static u8 *make_head(const struct dat *dat)
{
	u8 *head = NULL;

	put_bytes(&head, "\x17\x08\x44tracing", 10);
	put_text(&head, "6");
	put(&head, 0, 1);		/* little-endian */
	put(&head, 8, 1);		/* bytes of a long */
	put(&head, PAGE_BYTES, 4);
	put_text(&head, "header_page");
	put(&head, sizeof(header_page) - 1, 8);
	put_bytes(&head, header_page, sizeof(header_page) - 1);
	put_text(&head, "header_event");
	put(&head, sizeof(header_event) - 1, 8);
	put_bytes(&head, header_event, sizeof(header_event) - 1);
	put(&head, 0, 4);		/* formats of ftrace's own events */
	put_formats(&head, dat);
	put(&head, 0, 4);		/* kallsyms */
	put(&head, 0, 4);		/* printk formats */
	put_cmdlines(&head, dat);
	put(&head, dat->nr_cpus, 4);
	put_options(&head, dat);
	put_text(&head, "flyrecord");
	return head;
}

/* ---- pages ---- */

static int compare_events(const void *x, const void *y)
{
	const struct dat_event *a = x, *b = y;

	if (a->cpu != b->cpu)
		return a->cpu < b->cpu ? -1 : 1;
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

struct pages {
	u8 *bytes;
	size_t page;		/* where the last begins */
	u64 time;		/* of its last event */
	u64 flags;		/* of the next page's commit */
};

static void end_page(struct pages *pages)
{
	u64 commit = arrlenu(pages->bytes) - pages->page - PAGE_HEAD;

	for (unsigned i = 0; i < 8; i++)
		pages->bytes[pages->page + 8 + i] |= (u8)(commit >> 8 * i);
	pad(&pages->bytes, PAGE_BYTES);
}

static void begin_page(struct pages *pages, u64 time)
{
	if (arrlenu(pages->bytes))
		end_page(pages);
	pages->page = arrlenu(pages->bytes);
	pages->time = time;
	put(&pages->bytes, time, 8);
	put(&pages->bytes, pages->flags, 8);
	pages->flags = 0;
}

static void put_event(struct pages *pages, const struct dat *dat, const struct dat_event *event)
{
	size_t used = arrlenu(pages->bytes) - pages->page;
	u64 delta = event->time - pages->time;
	bool is_long = event->size / 4 > MAX_TYPE_LEN, is_late = delta >> DELTA_BITS;

	if (!arrlenu(pages->bytes) ||
	    used + (is_late ? 8 : 0) + EVENT_HEAD + event->size > PAGE_BYTES) {
		begin_page(pages, event->time);
		delta = 0;
	}
	if (delta >> DELTA_BITS) {
		put(&pages->bytes, TIME_EXTEND | (u32)delta << TYPE_BITS, 4);
		put(&pages->bytes, delta >> DELTA_BITS, 4);
		delta = 0;
	}
	put(&pages->bytes, (is_long ? 0 : event->size / 4) | delta << TYPE_BITS, 4);
	if (is_long)
		put(&pages->bytes, event->size + 4, 4);
	put_bytes(&pages->bytes, dat->bytes + event->at, event->size);
	pages->time = event->time;
}

/* Every CPU's, one behind the other; @size: how many bytes each has. */
static u8 *make_pages(struct dat *dat, u64 *size)
{
	u8 *all = NULL;
	size_t i = 0;

	qsort(dat->events, arrlenu(dat->events), sizeof(*dat->events), compare_events);
	for (unsigned cpu = 0; cpu < dat->nr_cpus; cpu++) {
		struct pages pages = { .flags = dat->lost[cpu] ? MISSED_EVENTS : 0 };

		for (; i < arrlenu(dat->events) && dat->events[i].cpu == cpu; i++)
			put_event(&pages, dat, &dat->events[i]);
		if (arrlenu(pages.bytes))
			end_page(&pages);
		size[cpu] = arrlenu(pages.bytes);
		if (size[cpu])
			put_bytes(&all, pages.bytes, size[cpu]);
		arrfree(pages.bytes);
	}
	return all;
}

bool dat_write(struct dat *dat, FILE *out)
{
	u64 *size = calloc(dat->nr_cpus + 1, sizeof(*size)), offset;
	u8 *pages, *head = make_head(dat);

	if (!size)
		abort();
	pages = make_pages(dat, size);
	offset = (arrlenu(head) + 16 * dat->nr_cpus + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	for (unsigned cpu = 0; cpu < dat->nr_cpus; cpu++) {
		put(&head, offset, 8);
		put(&head, size[cpu], 8);
		offset += size[cpu];
	}
	pad(&head, PAGE_BYTES);
	fwrite(head, 1, arrlenu(head), out);
	if (pages)
		fwrite(pages, 1, arrlenu(pages), out);
	arrfree(head);
	arrfree(pages);
	free(size);
	return !ferror(out);
}

void dat_free(struct dat *dat)
{
	arrfree(dat->formats);
	hmfree(dat->tasks);
	arrfree(dat->events);
	arrfree(dat->bytes);
	arrfree(dat->lost);
	arena_free(&dat->arena);
}
