/* SPDX-License-Identifier: GPL-2.0-only */
/* selftest.c: the file, from its first comment to main(). */
#include "sim/selftest_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/expect.h"
#include "sim/replay_internal.h"
#include "sim/vm.h"

typedef unsigned long long ull;

/* Addresses that a guest with four levels of tables can have, mapped one to one. */
static const gpa_t GPA_LIMIT = 1ull << 46;

/* ---- the first comment ---- */

/* A paragraph of the comment that the file begins with. */
__attribute__((format(printf, 2, 3)))
static void say_at_top(struct selftest_writer *w, const char *format, ...)
{
	char text[2000];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(w->out, " *\n * ");
	selftest_wrap(w->out, " * ", text);
	fprintf(w->out, "\n");
}

static void top_of_run(struct selftest_writer *w, const struct replay_run *run)
{
	const char *last = "";
	char text[1500];
	size_t used = 0;

	for (size_t i = 0; i < run->vm->nr_violations && used < sizeof(text); i++) {
		const struct found_violation *f = &run->vm->violations[i];

		if (strstr(text, f->v.law->id) == NULL || !used)
			used += snprintf(text + used, sizeof(text) - used, "%s%s", last,
					 f->v.law->id);
		last = ", ";
	}
	say_at_top(w, "%s%s: %s%s%s.", run->patch->name,
		   run == w->of->right ? ", which is asserted" : "", run->patch->source,
		   used ? "; breaks " : "", used ? text : "");
}

static void print_top(struct selftest_writer *w)
{
	const struct replay *replay = w->of->replay;

	fprintf(w->out, "// SPDX-License-Identifier: GPL-2.0-only\n/*\n * ");
	selftest_wrap(w->out, " * ", replay->title[0] ? replay->title : replay->name);
	fprintf(w->out, "\n");
	say_at_top(w, "The skeleton of a selftest, printed by pfnsim %s: %s", PFNSIM_VERSION,
		   w->of->command);
	say_at_top(w, "Each step has its line of that trace. What is asserted is what user space "
		   "sees; counts of pages, stage-2 entries and laws are in comments. " LATER
		   " marks what is to be done by hand; what is asserted behind it may wait for "
		   "that.");
	for (size_t r = 0; r < replay->nr_runs; r++)
		top_of_run(w, &replay->run[r]);
	for (size_t i = 0; i < w->trace->ast.nr_statements; i++) {
		const struct ast_statement *s = &w->trace->ast.statements[i];

		if (s->kind == AST_DIRECTIVE && !strcmp(s->word, "config"))
			say_at_top(w, LATER ": the machine, and KVM's parameters, as %s:%u says "
				   "(config).", s->file, s->line);
	}
	fprintf(w->out, " */\n");
}

/* ---- what it is made of ---- */

static bool is_guest_access(const struct event *e)
{
	return e->id == EVENT_READ || e->id == EVENT_WRITE || e->id == EVENT_RMW ||
	       e->id == EVENT_EXEC;
}

static bool makes_file(const struct event *e)
{
	return e->id == EVENT_FILE || e->id == EVENT_GMEM;
}

static void print_globals(struct selftest_writer *w)
{
	const struct event *events = w->trace->events;

	fprintf(w->out, "\n/* ---- this test ---- */\n\n");
	for (size_t i = 0; i < arrlenu(events); i++) {
		if (events[i].id == EVENT_MMAP)
			fprintf(w->out, "#define %s\t0x%llxul\n",
				selftest_identifier("REGION_", events[i].name), (ull)events[i].hva);
		if (makes_file(&events[i]))
			fprintf(w->out, "static int %s;\n", selftest_file(w, events[i].object));
	}
	fprintf(w->out, "\n");
}

static size_t nr_vcpus(const struct trace *trace)
{
	size_t nr = 1;

	for (size_t i = 0; i < arrlenu(trace->events); i++)
		if (trace->events[i].vcpu >= nr && trace->events[i].vcpu < SELFTEST_VCPUS)
			nr = trace->events[i].vcpu + 1;
	return nr;
}

/* The event at @at, or what a RESUME there goes on with. */
static const struct event *begun_at(const struct trace *trace, size_t at)
{
	const struct event *e = &trace->events[at];

	for (size_t i = 0; e->id == EVENT_RESUME && i < at; i++)
		if (trace->events[i].label && !strcmp(trace->events[i].label, e->name))
			return &trace->events[i];
	return e;
}

/* "line 9", or, of what the trace includes, "blob.inc:9" */
static const char *place_of(const struct selftest_writer *w, const char *file, unsigned line)
{
	static _Thread_local char text[120];
	const char *slash = strrchr(file, '/');
	bool own = !strcmp(file, w->of->replay->name);

	snprintf(text, sizeof(text), "%.90s%s%u", own ? "line" : slash ? slash + 1 : file,
		 own ? " " : ":", line);
	return text;
}

static const char *line_of(const struct selftest_writer *w, const struct event *e)
{
	static _Thread_local char text[400];
	char *op = trace_event_text(e, w->trace->names);

	snprintf(text, sizeof(text), "%s: %s%s%s", place_of(w, e->file, e->line),
		 e->label ? e->label : "", e->label ? ": " : "", op);
	free(op);
	return text;
}

/* ---- the guest ---- */

/* Words of an access that has been made. */
static bool went_well(const char *word)
{
	static const char *const well[] = { "ok", "mapped", "spurious", "emulate", "eventfd",
					    "fast_mmio", "apic" };

	for (size_t i = 0; i < ARRAY_SIZE(well); i++)
		if (!strcmp(word, well[i]))
			return true;
	return false;
}

/* Can the host tell that the access has come to that, and have the guest go on behind it? */
static bool can_run(const struct event *e, const struct outcome *o)
{
	static const char *const told[] = { "mmio", "hwpoison", "internal_error", "memory_fault" };

	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		if (!strcmp(o->word, told[i]))
			return e->gpa < GPA_LIMIT;
	return e->gpa < GPA_LIMIT && (went_well(o->word) || selftest_errno(o)) &&
	       strcmp(o->word, "eagain") && strcmp(o->word, "eintr");
}

static bool is_stopped(const struct outcome *o)
{
	return o->paused || !strcmp(o->word, "paused") || !strcmp(o->word, "blocked");
}

/* Does the host have it done, where it begins or where it goes on? */
static bool is_run(const struct selftest_writer *w, size_t at)
{
	const struct event *e = &w->trace->events[at];

	for (size_t i = at; i < arrlenu(w->trace->events); i++)
		if (begun_at(w->trace, i) == e && !is_stopped(&w->of->right->outcome[i]))
			return can_run(e, &w->of->right->outcome[i]);
	return false;
}

static void print_access(struct selftest_writer *w, const struct event *e)
{
	static const char *const calls[] = { "guest_load(", "guest_store(", "guest_increment(",
					     "guest_executes(" };
	const char *call = calls[e->id - EVENT_READ];
	char value[32] = "";

	if (e->id == EVENT_WRITE)
		snprintf(value, sizeof(value), ", 0x%llx", (ull)e->value);
	selftest_comment(w, "%s", line_of(w, e));
	if (e->count > 1) {
		selftest_say(w, "for (i = 0; i < %llu && !READ_ONCE(guest_gives_up); i++)",
			     (ull)e->count);
		selftest_say(w, "\tvalue = %sGPA(0x%llx) + i * 0x%llx%s);", call, (ull)e->gpa,
			     (ull)e->stride, value);
	} else {
		selftest_say(w, "value = %sGPA(0x%llx)%s);", call, (ull)e->gpa, value);
	}
	selftest_say(w, "GUEST_SYNC_ARGS(%u, value, 0, 0, 0);\n", e->number);
}

static void print_guest(struct selftest_writer *w, size_t vcpu)
{
	bool loops = false;

	for (size_t i = 0; i < arrlenu(w->trace->events); i++) {
		const struct event *e = &w->trace->events[i];

		loops |= is_guest_access(e) && e->vcpu == vcpu && e->count > 1 && is_run(w, i);
	}
	fprintf(w->out, "static void guest_of_vcpu_%zu(void)\n{\n\tuint32_t value = 0;\n%s\n", vcpu,
		loops ? "\tuint64_t i;\n" : "");
	for (size_t i = 0; i < arrlenu(w->trace->events); i++) {
		const struct event *e = &w->trace->events[i];

		if (is_guest_access(e) && e->vcpu == vcpu && e->count && is_run(w, i))
			print_access(w, e);
	}
	selftest_say(w, "GUEST_SYNC_ARGS(0, value, 0, 0, 0);\n}\n");
}

static void print_guests(struct selftest_writer *w)
{
	size_t nr = nr_vcpus(w->trace);

	for (size_t i = 0; i < nr; i++)
		print_guest(w, i);
	fprintf(w->out, "static void guest_code(int vcpu)\n{\n");
	for (size_t i = 0; i < nr; i++)
		fprintf(w->out, "\tif (vcpu == %zu)\n\t\tguest_of_vcpu_%zu();\n", i, i);
	fprintf(w->out, "\tGUEST_DONE();\n}\n\n");
}

/* ---- the host, event after event ---- */

static void tell_laws(struct selftest_writer *w, const struct replay_run *run, unsigned number)
{
	for (size_t i = 0; i < run->vm->nr_violations; i++) {
		const struct found_violation *f = &run->vm->violations[i];

		if (f->event == number)
			selftest_comment(w, "%s breaks %s here: %s (blame: %s)", run->patch->name,
					 f->v.law->id, f->v.law->sentence,
					 blame_name(f->v.blame));
	}
}

static void tell_others(struct selftest_writer *w, size_t at)
{
	const struct replay *replay = w->of->replay;
	unsigned number = w->trace->events[at].number;
	char text[100];

	for (size_t r = 0; r < replay->nr_runs; r++) {
		const struct replay_run *run = &replay->run[r];

		if (!same_outcome(&w->of->right->outcome[at], &run->outcome[at])) {
			snprintf(text, sizeof(text), "%s", run->outcome[at].word);
			if (run->outcome[at].has_value && strcmp(text, "efault") != 0)
				snprintf(text + strlen(text), sizeof(text) - strlen(text), " 0x%x",
					 run->outcome[at].value);
			selftest_comment(w, "%s: %s", run->patch->name, text);
		}
		tell_laws(w, run, number);
	}
}

/* What the trace expects there of the right kernel, by its line. */
static void tell_expected(struct selftest_writer *w, const char *label)
{
	for (size_t i = 0; i < arrlenu(w->trace->expects); i++) {
		const struct ast_statement *s = w->trace->expects[i];
		const char *at = expect_name(s, "at");
		bool right = false;

		for (size_t m = 0; m < s->nr_models; m++)
			right |= model_matches(s->models[m], w->of->right->patch);
		if (right && (label ? at && !strcmp(at, label) : !at))
			selftest_comment(w, "%s expects of %s: %s%s%s",
					 place_of(w, s->file, s->line), w->of->right->patch->name,
					 s->word, expect_name(s, NULL) ? " " : "",
					 expect_name(s, NULL) ? expect_name(s, NULL) : "");
	}
}

static const char *guest_access(struct selftest_writer *w, const struct event *e,
				const struct outcome *o)
{
	ull vcpu = e->vcpu;

	if (!can_run(e, o))
		return e->gpa < GPA_LIMIT ? "what the access comes to is to be told apart by hand" :
		       "a guest with tables of five levels";
	if (went_well(o->word) && e->id == EVENT_EXEC)
		selftest_comment(w, LATER ": the memory there has to begin with a RET, 0xc3, for "
				 "the guest to go on");
	if (went_well(o->word) && e->id == EVENT_READ && o->has_value)
		selftest_say(w, "TEST_ASSERT_EQ(guest_does(vcpus[%llu], %u), 0x%xu);", vcpu,
			     e->number, o->value);
	else if (went_well(o->word))
		selftest_say(w, "guest_does(vcpus[%llu], %u);", vcpu, e->number);
	else if (!strcmp(o->word, "mmio"))
		selftest_say(w, "guest_asks_user_space(vcpus[%llu], %u);", vcpu, e->number);
	else if (!strcmp(o->word, "hwpoison"))
		selftest_say(w, "guest_is_killed(vcpus[%llu], %u);", vcpu, e->number);
	else if (!strcmp(o->word, "internal_error"))
		selftest_say(w, "guest_exits(vcpus[%llu], %u, KVM_EXIT_INTERNAL_ERROR);", vcpu,
			     e->number);
	else if (!strcmp(o->word, "memory_fault"))
		selftest_say(w, "guest_exits(vcpus[%llu], %u, KVM_EXIT_MEMORY_FAULT);", vcpu,
			     e->number);
	else
		selftest_say(w, "guest_fails(vcpus[%llu], %u, %s);", vcpu, e->number,
			     selftest_errno(o));
	return NULL;
}

static void print_event(struct selftest_writer *w, size_t at)
{
	const struct event *e = &w->trace->events[at], *begun = begun_at(w->trace, at);
	const struct outcome *o = &w->of->right->outcome[at];
	const char *needs;

	fprintf(w->out, "\n");
	selftest_comment(w, "%s", line_of(w, e));
	tell_others(w, at);
	if (e->label)
		tell_expected(w, e->label);
	if (is_stopped(o)) {
		selftest_comment(w, LATER ": it has to stop %s%s; a thread of its own, and a delay "
				 "there. Without one, it is all done where it goes on",
				 e->until ? "before step " : "and wait for a lock",
				 e->until ? e->until : "");
		selftest_flush(w);
		return;
	}
	if (e->id == EVENT_RESUME && !strcmp(o->word, "finished")) {
		selftest_comment(w, "It was over.");
		selftest_flush(w);
		return;
	}
	needs = is_guest_access(begun) ? guest_access(w, begun, o) : selftest_event(w, begun, o);
	if (needs)
		selftest_comment(w, LATER ": %s. It comes to: %s", needs, o->word);
	selftest_flush(w);
}

/* ---- main() ---- */

static bool loads(const struct trace *trace)
{
	for (size_t i = 0; i < arrlenu(trace->events); i++)
		if (trace->events[i].id == EVENT_HOST_READ ||
		    trace->events[i].id == EVENT_CHILD_READ)
			return true;
	return false;
}

static void print_creation(struct selftest_writer *w)
{
	size_t nr = nr_vcpus(w->trace);

	fprintf(w->out, "int main(int argc, char *argv[])\n{\n\tstruct kvm_vcpu *vcpus[%zu];\n"
		"\tstruct kvm_vm *vm;\n%s\n", nr, loads(w->trace) ? "\tuint32_t value;\n" : "");
	for (size_t i = 0; i < arrlenu(w->trace->events); i++) {
		if (!selftest_is_of_driver(&w->trace->events[i]))
			continue;
		selftest_say(w, "device = open(DEVICE, O_RDWR);");
		selftest_say(w, "__TEST_REQUIRE(device >= 0, \"needs a driver: %%s\", DEVICE);");
		break;
	}
	if (w->trace->config.private_mem) {
		selftest_say(w, "TEST_REQUIRE(kvm_check_cap(KVM_CAP_VM_TYPES) & "
			     "BIT(KVM_X86_SW_PROTECTED_VM));");
		selftest_say(w, "vm = __vm_create_with_vcpus((struct vm_shape){ .mode = "
			     "VM_MODE_DEFAULT,");
		selftest_say(w, "\t.type = KVM_X86_SW_PROTECTED_VM }, %zu, 0, guest_code, vcpus);",
			     nr);
	} else {
		selftest_say(w, "vm = vm_create_with_vcpus(%zu, guest_code, vcpus);", nr);
	}
	for (size_t i = 0; i < nr; i++)
		selftest_say(w, "vcpu_args_set(vcpus[%zu], 1, %zu);", i, i);
}

/* Each page that the guest touches, once. */
static void print_guest_tables(struct selftest_writer *w)
{
	gpa_t *done = NULL;

	for (size_t i = 0; i < arrlenu(w->trace->events); i++) {
		const struct event *e = &w->trace->events[i];
		size_t k = 0;

		for (u64 n = 0; is_guest_access(e) && is_run(w, i) && n < e->count; n++) {
			gpa_t page = (e->gpa + n * e->stride) & ~(gpa_t)(PAGE_SIZE - 1);

			for (k = 0; k < arrlenu(done) && done[k] != page; k++)
				;
			if (k < arrlenu(done))
				continue;
			arrput(done, page);
			selftest_say(w, "virt_map(vm, GPA(0x%llx), GPA(0x%llx), 1);", (ull)page,
				     (ull)page);
		}
	}
	arrfree(done);
}

static char *body_of(struct selftest_writer *w)
{
	char *text = NULL;
	size_t size;

	w->out = open_memstream(&text, &size);
	if (!w->out)
		abort();
	print_globals(w);
	print_guests(w);
	print_creation(w);
	print_guest_tables(w);
	for (size_t i = 0; i < arrlenu(w->trace->events); i++)
		print_event(w, i);
	fprintf(w->out, "\n");
	selftest_comment(w, "The end");
	tell_expected(w, NULL);
	selftest_say(w, "kvm_vm_free(vm);");
	selftest_say(w, "return 0;\n}");
	fclose(w->out);
	return text;
}

bool selftest_print(const struct selftest *of, FILE *out)
{
	struct selftest_writer w = { .of = of, .trace = &of->replay->input->trace };
	char *text = selftest_with_helpers(of->helpers, body_of(&w));

	w.out = out;
	print_top(&w);
	fputs(text, out);
	free(text);
	return !ferror(out);
}
