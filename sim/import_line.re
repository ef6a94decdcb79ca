// SPDX-License-Identifier: GPL-2.0-only
/*
 * import_line.re: one line of a host's recording, whatever wrote it.
 *
 *	TASK-PID (TGID) [CPU] FLAGS SECONDS: NAME: BODY		ftrace's "trace", trace_pipe
 *	BUFFER: TASK-PID [CPU] SECONDS: (+us) NAME: BODY	trace-cmd report, bpftrace of ours
 *	TASK-PID CPUFLAGS SECONDSus+: NAME: BODY		latency-format, ftrace_dump_on_oops
 *	TASK PID/TID [CPU] SECONDS: PERIOD SYSTEM:NAME: BODY	perf script; without [CPU], too
 *
 * FLAGS are as many as the kernel has; a stamp without a point is a counter's. A task's name may
 * have blanks and dashes, but no "[" in front of a digit. In front may stand the quotation marks
 * of a mail and the stamp of the kernel's log. What is none of the lines below is told apart.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/import_internal.h"

/*!stags:re2c format = "static const char *@@;\n"; */

/* Nanoseconds of "12.345678", "1234us" or, of a counter, "12345678". */
static uint64_t stamp(const char *text)
{
	char *end;
	uint64_t whole = strtoull(text, &end, 10), digits = 0, unit = 1000000000;

	if (!strncmp(end, "us", 2))
		return whole * 1000;
	if (*end != '.')
		return whole;
	for (end++; *end >= '0' && *end <= '9'; end++)
		if (unit > 1) {
			digits = digits * 10 + (*end - '0');
			unit /= 10;
		}
	return whole * 1000000000 + digits * unit;
}

/* A line that is no event's. */
static enum import_line_kind other_line(const char *text, struct import_line *line)
{
	const char *YYCURSOR = text, *YYMARKER = text;
	const char *cpu = NULL, *name = NULL, *a = NULL, *b = NULL, *end = NULL;

	/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:yyfill:enable = 0;
	re2c:flags:tags = 1;

	any	= [^\x00];
	ws	= [ \t];
	d	= [0-9];
	hex	= [0-9a-fA-F];
	word	= [A-Za-z_] [A-Za-z0-9_.]*;
	release	= [^\x00 \t]+;
	buffer	= ( [^\x00[:]+ ":" ws+ )?;

	buffer "CPU:" ws* @cpu d+ ws+ "[LOST " @a d+ " EVENTS]" any* "\x00" { goto lost; }
	buffer "CPU:" ws* @cpu d+ ws+ "[" @a d+ " EVENTS DROPPED]" any* "\x00" { goto lost; }
	buffer "CPU:" ws* @cpu d+ ws+ "[EVENTS DROPPED]" any* "\x00" { goto lost; }
	"Lost " @a d+ " events" any* "\x00" { goto lost; }

	"#" ws+ "entries-in-buffer/entries-written: " @a d+ "/" @b d+ any* "\x00" { goto entries; }
	"#" ws+ "latency: " d+ " us, #" @a d+ "/" @b d+ any* "\x00" { goto entries; }
	"#" ws+ word ws "latency trace v" release " on " @name release @end any* "\x00" {
		goto release;
	}
	"# pfnsim-record kernel=" @name release @end any* "\x00" { goto release; }
	"# os release : " @name release @end any* "\x00" { goto release; }
	"cpus=" @a d+ "\x00" { goto report; }
	"# nrcpus online : " @a d+ "\x00" { goto cpus; }
	any* "Processed " d+ ws word " and lost " any* "\x00" { return LINE_LOST; }
	"# pfnsim-record begin" any* "\x00" { return LINE_BEGIN; }
	"# pfnsim-record end" any* "\x00" { return LINE_END; }

	"#" any* "\x00" | ws* "\x00" | "version = " d+ "\x00" |
	"CPU " d+ " is empty\x00" | "Attach" ( "ing" | "ed" ) " " d+ " probe" "s"? "..."? "\x00" |
	"trace-cmd: " any* "\x00" |
	ws* "failed to read event print fmt" any* "\x00" | "---" "-"+ "\x00" |
	ws+ ( hex{6,} ws any* | hex+ ws any* "(" any* ")" ws* ) "\x00" { return LINE_NOTHING; }
	* { return LINE_UNKNOWN; }
	*/
lost:
	line->cpu = cpu ? atoi(cpu) : -1;
	line->count = a ? strtoull(a, NULL, 10) : 0;
	return LINE_LOST;
entries:
	line->here = strtoull(a, NULL, 10);
	line->count = strtoull(b, NULL, 10) - line->here;
	return LINE_ENTRIES;
report:
	line->here = strtoull(a, NULL, 10);
	return LINE_REPORT;
cpus:
	line->here = strtoull(a, NULL, 10);
	return LINE_CPUS;
release:
	line->name = name;
	line->name_length = end - name;
	return LINE_RELEASE;
}

/* What a mail or the kernel's log has put in front. */
static const char *skip_quotes(const char *text)
{
	const char *stamp;

	while (*text == '>')
		text += 1 + strspn(text + 1, " \t");
	stamp = text + 1 + strspn(text + 1, " .0123456789");
	return *text == '[' && stamp[0] == ']' && stamp[1] == ' ' ? stamp + 2 : text;
}

enum import_line_kind import_line(const char *text, struct import_line *line)
{
	const char *YYCURSOR = text, *YYMARKER = text;
	const char *task = NULL, *pid = NULL, *cpu = NULL, *time = NULL, *name = NULL, *end = NULL;

	*line = (struct import_line){ .cpu = -1 };
	YYCURSOR = text = skip_quotes(text);
	if (strstr(text, "PERF_RECORD_LOST")) {
		text = strstr(text, "lost ");
		line->count = text ? strtoull(text + strlen("lost "), NULL, 10) : 0;
		return LINE_LOST;
	}
	/*!re2c
	task	= ( [^\x00[] | "[" [^\x000-9] )+;
	flags	= [-.#0-9A-Za-z]{3,};
	time	= d+ ( "." d+ )?;
	comm	= @task task "-" @pid d+ ws+ ( "(" ws* ( d+ | "-"+ ) ")" ws+ )?;
	place	= "[" @cpu d+ "]" ws+ ( flags ws+ )?;
	since	= ( "(" [-+]? d+ ")" ws+ )?;
	said	= @name word @end ":" ( ws any* )?;

	comm place @time time ":" ws+ since said "\x00" { goto event; }
	comm @cpu d+ [.A-Za-z] flags ws+ @time time ( "us" [-+!#*@$ ]? )? ws* ":" ws* since said
		"\x00" { goto event; }
	@task task ws @pid d+ ( "/" d+ )? ws+ place @time time ":" ws+ ( d+ ws+ )? ( word ":" )?
		said "\x00" { goto perf; }
	@task task ws @pid d+ ( "/" d+ )? ws+ @time d+ "." d+ ":" ws+ ( d+ ws+ )? ( word ":" )?
		said "\x00" { goto perf; }
	comm place @time time ":" ws+ @name "sys_" word @end "(" any* "\x00" { goto event; }
	comm place time ":" any* "\x00" { line->cpu = atoi(cpu); return LINE_OTHER; }
	* { return other_line(text, line); }
	*/
perf:
	line->is_perf = true;
event:
	line->task = task;
	line->pid = atoi(pid);
	line->cpu = cpu ? atoi(cpu) : -1;
	line->time = stamp(time);
	line->name = name;
	line->name_length = end - name;
	line->body = end + 1 + strspn(end + 1, " \t");
	return LINE_EVENT;
}
