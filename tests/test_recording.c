// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reader of recordings: what it makes of good ones, real (traces/recorded) and made here.
 *
 * A real line is checked by printing it again from what was read, the way the lab's VMM prints it:
 * whatever was read wrongly, or not at all, shows as a difference.
 */
#define _GNU_SOURCE	/* nftw(), asprintf() */
#include <dirent.h>
#include <inttypes.h>

#include "tests/recording_box.h"

/* Call @check with every recording of the repository; returns their number. */
static unsigned each_real(void (*check)(const struct recording *recording))
{
	struct error error = { .line = 0 };
	struct recording recording;
	struct dirent *entry;
	char path[600];
	unsigned n = 0;
	DIR *folder;

	need_zstd();
	snprintf(path, sizeof(path), "%s/recorded", traces());
	folder = opendir(path);
	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		char **list;

		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s/recorded/%s", traces(), entry->d_name);
		list = recording_list(path, &error);
		assert_non_null(list);
		for (char **name = list; *name; name++, n++) {
			read_good(*name, &recording);
			if (recording.reconstructed)
				n--;		/* of a guest that died */
			else
				check(&recording);
			recording_free(&recording);
		}
		recording_list_free(list);
	}
	closedir(folder);
	return n;
}
/* Printing again. */

struct out { char text[1000]; };

__attribute__((format(printf, 2, 3)))
static void add(struct out *out, const char *format, ...)
{
	size_t length = strlen(out->text);
	va_list args;

	va_start(args, format);
	vsnprintf(out->text + length, sizeof(out->text) - length, format, args);
	va_end(args);
}

static void print_page(struct out *out, const struct page_facts *page)
{
	add(out, "pfn=0x%" PRIx64, page->pfn);
	if (page->nopage) {
		add(out, " NOPAGE");
		return;
	}
	add(out, " ref=%d map=%d%s%s", page->ref, page->map,
	    page->tail ? " tail" : page->head ? " head" : "", page->reserved ? " rsvd" : "");
	if (page->tail || page->head)
		add(out, "(order%d headref=%d)", page->order, page->headref);
}

static void print_host(struct out *out, const struct fact *fact)
{
	uint64_t raw = fact->host.raw;

	add(out, "host %s: pte ", fact->host.name);
	if (!fact->host.level)
		add(out, "none");
	else
		add(out, "L%d 0x%" PRIx64 " ", fact->host.level, raw);
	if (fact->host.protnone || fact->host.swap)
		add(out, fact->host.protnone ? "PROTNONE" : "swap/migr");
	else if (fact->host.level)
		add(out, "%s%s%s%s", raw & 2 ? "W" : "R", raw & 0x20 ? "A" : "-",
		    raw & 0x40 ? "D" : "-", raw & 0x200 ? " special" : "");
	if (!fact->host.page.known)
		return;
	add(out, " | %s", fact->host.page.last ? "last " : "");
	print_page(out, &fact->host.page);
}

static void print_s2(struct out *out, const struct fact *fact, bool ept)
{
	uint64_t raw = fact->s2.raw;

	add(out, "s2 0x%" PRIx64 ": L%d ", fact->s2.gpa, fact->s2.level);
	if (!fact->s2.present) {
		/* The recorder's guess is not kept. */
		add(out, "nonpresent 0x%" PRIx64 "%s", raw,
		    strstr(fact->text, " mmio?") ? " mmio?" : "");
		return;
	}
	add(out, "0x%" PRIx64 " pfn=0x%" PRIx64 " %s", raw, raw >> 12 & 0xffffffffff,
	    raw & 2 ? "W" : "R");
	if (ept)
		add(out, "%s%s%s%s%s mt=%d%s", raw & 4 ? "X" : "", raw & 0x100 ? "A" : "-",
		    raw & 0x200 ? "D" : "-", (raw >> 57 | raw >> 53) & 1 ? " hw" : "",
		    (raw >> 58 | raw >> 55) & 1 ? "+mw" : "", (int)(raw >> 3 & 7),
		    raw & 64 ? " ipat" : "");
	else
		add(out, "%s%s%s%s", raw >> 63 ? "" : "X", raw & 0x20 ? "A" : "-",
		    raw & 0x40 ? "D" : "-",
		    raw & 0x200 ? raw & 0x400 ? " hw+mw" : " hw" : "");
	if (fact->s2.b59 >= 0)
		add(out, " b59=%d", fact->s2.b59);
}

/* The line of @facts that begins with its first one. Returns the number of facts in it. */
static size_t print_line(struct out *out, const struct fact *facts, size_t n, bool ept)
{
	size_t i = 0;

	switch (facts->kind) {
	case FACT_STAT:
		add(out, "stat");
		for (; i < n && facts[i].line == facts->line; i++)
			add(out, " %s%+ld(=%ld)", facts[i].stat.name, facts[i].stat.delta,
			    facts[i].stat.total);
		return i;
	case FACT_HOST:
		print_host(out, facts);
		return 1;
	case FACT_S2:
		print_s2(out, facts, ept);
		return 1;
	case FACT_SIGNAL:
		add(out, "signal %s x%u code=%d addr=0x%" PRIx64, facts->signal.name,
		    facts->signal.times, facts->signal.code, facts->signal.address);
		return 1;
	default:
		add(out, "%s", facts->text);
		return 1;
	}
}

static void print_exit(struct out *out, const struct vcpu_exit *exit)
{
	if (exit->kind == EXIT_HLT)
		add(out, "HLT eax=0x%" PRIx64, exit->eax);
	if (exit->kind == EXIT_RUN_ERROR)
		add(out, "KVM_RUN=-1 %s%s (ebx=0x%" PRIx64 " ecx_left=%" PRIu64 ")", exit->error,
		    exit->timeout ? " TIMEOUT" : "", exit->ebx, exit->ecx_left);
	if (exit->memory_fault)
		add(out, " MEMORY_FAULT gpa=0x%" PRIx64 " size=0x%" PRIx64 " flags=0x%" PRIx64,
		    exit->fault_gpa, exit->fault_size, exit->fault_flags);
	if (exit->kind == EXIT_MMIO_READ || exit->kind == EXIT_MMIO_WRITE)
		add(out, "MMIO-%c gpa=0x%" PRIx64 " len=%u", "RW"[exit->kind == EXIT_MMIO_WRITE],
		    exit->gpa, exit->length);
	if (exit->kind == EXIT_MMIO_WRITE)
		add(out, " data=0x%" PRIx64, exit->data);
	if (exit->kind == EXIT_INTERNAL)
		add(out, "INTERNAL_ERROR sub=%u", exit->code);
	if (exit->kind == EXIT_UNKNOWN)
		add(out, "EXIT %u rip=0x%" PRIx64 " ebx=0x%" PRIx64, exit->code, exit->rip,
		    exit->ebx);
}

static void print_answer(struct out *out, const struct answer *answer)
{
	if (!strcmp(answer->result, "child:ok")) {	/* in small letters there alone */
		add(out, "child:ok");
		return;
	}
	if (!strncmp(answer->result, "child:", 6) && answer->kind != ANSWER_OTHER)
		add(out, "child:");
	switch (answer->kind) {
	case ANSWER_OK:
	case ANSWER_ERRNO:
		add(out, "%s%s", answer->error, *answer->rest ? " " : "");
		if (answer->has_pfn)
			add(out, "pfn=0x%" PRIx64, answer->pfn);
		else if (answer->has_hva)
			add(out, "hva=0x%" PRIx64, answer->hva);
		else
			add(out, "%s", answer->rest);
		break;
	case ANSWER_VALUE:
		add(out, "0x%" PRIx64, answer->value);
		break;
	case ANSWER_PAGE:
		print_page(out, &answer->page);
		if (strstr(answer->result, " pm="))	/* pagemap's bits are not kept */
			add(out, "%s", strstr(answer->result, " pm="));
		else if (strstr(answer->result, " flags="))
			add(out, " flags=0x%" PRIx64, answer->flags);
		break;
	case ANSWER_VCPU:
		for (size_t i = 0; i < answer->nr_exits; i++) {
			add(out, i ? "; " : "");
			print_exit(out, &answer->exits[i]);
		}
		add(out, answer->more_mmio ? " (more mmio)" : "");
		break;
	default:
		add(out, "%s", answer->result);
	}
}

static void check_printed(const struct recording *recording)
{
	for (size_t i = 0; i < recording->nr_commands; i++) {
		const struct command *command = &recording->commands[i];
		struct out out = { "" };

		print_answer(&out, &command->answer);
		assert_string_equal(out.text, command->answer.result);
		for (size_t f = 0; f < command->nr_facts;) {
			out = (struct out) { "" };
			f += print_line(&out, command->facts + f, command->nr_facts - f,
					recording->ept);
			assert_string_equal(out.text, command->facts[f - 1].text);
		}
	}
}

static void every_real_answer_and_fact_prints_again_as_it_was(void **state)
{
	(void)state;
	assert_true(each_real(check_printed) > 200);
}

static bool has_splat(const char *name)
{
	static const char *const names[] = {
		"v11/pfnmap_free_stale", "v11-unsafe/pfnmap_free_stale",
		"v11/pfncache_remap_race", "v11-npt0/insert_rsvd", "v11-tdpmmu0/insert_rsvd",
		"6.8-dax/fsdax_pmd", "v11-on-v6.8/fork_cow",
		"6.1/driver-puts-twice-or-frees-a-counted-tail",
		"6.12/driver-puts-twice-or-frees-a-counted-tail",
		"7.2/driver-puts-twice-or-frees-a-counted-tail",
		"6.1/a-driver-counts-its-tails-and-frees-by-order",
		"6.12/a-driver-counts-its-tails-and-frees-by-order",
		"6.1/gup-warns-of-a-mapped-page-without-a-count",
		"6.12/gup-warns-of-a-mapped-page-without-a-count",
		"7.2/gup-warns-of-a-mapped-page-without-a-count",
		"7.2/a-load-that-came-before-a-memslot-finds-a-leaf",
		"7.2-tdpmmu0/an-entry-for-mmio-replaces-a-leaf-of-a-direct-root-and-7.2-warns",
		"6.1-tdpmmu0/a-page-that-loses-its-count-warns-when-it-is-unmapped",
		"6.12/map-of-a-reserved-page-holds-nothing",
		"6.12-tdpmmu0/a-page-that-loses-its-count-warns-when-it-is-unmapped",
		"ept-6.1-tdpmmu0/a-page-that-loses-its-count-warns-when-it-is-unmapped",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void check_whole(const struct recording *recording)
{
	assert_true(recording->complete);
	assert_false(recording->reconstructed);
	assert_true(recording->has_trace);
	assert_true(recording->semantics && *recording->uname);
	assert_true(recording->nr_commands > 0);
	if ((recording->nr_splats > 0) != has_splat(recording->name))
		fail_msg("%s has %zu splats", recording->name, (size_t)recording->nr_splats);
	for (size_t i = 0; i < recording->nr_commands; i++) {
		const struct command *command = &recording->commands[i];

		assert_int_equal(command->number, i + 1);
		assert_true(command->script_line > 0);
		assert_true(command->line > (i ? command[-1].line : 3));
		/* Bochs is slow: there the recorder took the first 400 lines only. */
		assert_true(command->traced || recording->trace_cut);
		assert_true(recording->ept || command->traced);
	}
}

static void every_real_recording_is_whole(void **state)
{
	(void)state;
	assert_true(each_real(check_whole) > 200);
}

static void a_real_recording_gives_its_commands_facts_and_events(void **state)
{
	struct recording recording;
	const struct command *command;
	uint64_t value = 0;

	(void)state;
	read_real("6.1/pfnmap_nc_seed.out", &recording);
	assert_string_equal(recording.name, "6.1/pfnmap_nc_seed");
	assert_string_equal(recording.folder, "6.1");
	assert_string_equal(recording.semantics, "v6.1");
	assert_string_equal(recording.uname, "6.1.0-56-cloud-amd64");
	assert_int_equal(recording.nr_commands, 21);
	command = &recording.commands[11];
	assert_string_equal(command->text, "gread 0x200000");
	assert_int_equal(command->nr_words, 2);
	assert_string_equal(command->words[1], "0x200000");
	assert_int_equal(command->answer.exits[0].eax, 0);
	assert_int_equal(command->nr_facts, 4 + 3 + 3);
	assert_string_equal(command->facts[0].stat.name, "pf_taken");
	assert_int_equal(command->facts[4].host.page.ref, 1);
	assert_int_equal(command->facts[7].s2.raw, 0x5d40e67);
	for (size_t i = 0; i < command->nr_events; i++)
		if (!strcmp(command->events[i].name, "kvm_mmu_set_spte"))
			assert_true(trace_event_u64(&command->events[i], "spte", 16, &value));
	assert_int_equal(value, 0x5d40e67);
	recording_free(&recording);
}

static const struct {
	const char *folder, *out, *meta;
	const char *semantics, *flags;	/* ept, ept_ad, tdp, tdp_mmu */
} kernels[] = {
	{ "6.1", "6.1.0-56-cloud-amd64", NULL, "v6.1", "nntt" },
	{ "6.12", "6.12.107+deb13-cloud-amd64", NULL, "v6.12", "nntt" },
	{ "6.8-npt0", "6.8.0", NULL, "v6.8", "nnnn" },
	{ "6.8-tdpmmu0", "6.8.0", NULL, "v6.8", "nntn" },
	{ "v11-on-v6.8-dax", "6.8.0", NULL, "v11-on-v6.8", "nntt" },
	{ "v11-unsafe-npt0", "v11-unsafe-npt0", NULL, "v11-unsafe", "nnnn" },
	{ "eptad0-7.2", "7.2.13", NULL, "v7.2", "tntt" },
	{ "eptad0-6.12-lab", "6.12.9", NULL, "v6.12", "tntt" },
	{ "ept-6.1", "uname 6.1.0 ept Y eptad Y tdp_mmu Y nx_huge_pages N", "",
	  "v6.1", "tttt" },
	{ "ept-6.1", "6.1.0", "uname 6.1.0 ept Y eptad N tdp_mmu N\n", "v6.1", "tntn" },
	{ "6.1", "6.1.0", "uname 6.1.0\ntdp_mmu Y npt N nx_huge_pages N\n"
	  "smp 2 package 6.1.176-1\n", "v6.1", "nnnn" },
	{ "mine", "6.1.20", NULL, "v6.1", "nntt" },
	{ "mine", "6.10.2", NULL, NULL, "nntt" },
	{ "mine", "6.8.0", NULL, "v6.8", "nntt" },
	{ "mine", "6.8.0", "tdp_mmu Y npt Y allow_unsafe_mappings n/a\n", "v6.8", "nntt" },
	{ "mine", "6.8.0", "tdp_mmu Y npt Y allow_unsafe_mappings N\n", "v11", "nntt" },
	{ "mine", "6.8.0", "tdp_mmu N npt Y allow_unsafe_mappings Y nx_huge_pages\n",
	  "v11-unsafe", "nntn" },
	{ "mine", "7.2.13", "uname 7.2.13 ept Y eptad Y tdp_mmu Y\n", "v7.2", "tttt" },
	{ "ept-mine", "7.2.13", NULL, "v7.2", "nntt" },
	{ "mine", "nothing", NULL, NULL, "nntt" },
};

static void the_folder_and_the_meta_say_which_kernel_and_how(void **state)
{
	for (size_t i = 0; i < N(kernels); i++) {
		struct recording recording;
		char out[200], flags[5];

		snprintf(out, sizeof(out), "# kernel %s scenario x\n", kernels[i].out);
		box_empty(*state);
		box_write(*state, kernels[i].folder, ".meta", kernels[i].meta);
		box_write(*state, kernels[i].folder, ".out", out);
		read_good(((struct box *)*state)->path, &recording);
		snprintf(flags, sizeof(flags), "%c%c%c%c", recording.ept ? 't' : 'n',
			 recording.ept_ad ? 't' : 'n', recording.tdp ? 't' : 'n',
			 recording.tdp_mmu ? 't' : 'n');
		assert_string_equal(flags, kernels[i].flags);
		if (kernels[i].semantics)
			assert_string_equal(recording.semantics, kernels[i].semantics);
		else
			assert_null(recording.semantics);
		recording_free(&recording);
	}
}

static void rare_answers_print_again_as_they_were(void **state)
{
	static const struct { const char *command, *answer; enum answer_kind kind; } rows[] = {
		{ "gread 1", "KVM_RUN=-1 EINTR TIMEOUT (ebx=0x1 ecx_left=7)", ANSWER_VCPU },
		{ "gread 1", "KVM_RUN=-1 EFAULT (ebx=0x1 ecx_left=18446744073709551615)"
			     " MEMORY_FAULT gpa=0x200000 size=0x1000 flags=0x8", ANSWER_VCPU },
		{ "gread 1 n=9", "MMIO-R gpa=0x1 len=4; MMIO-W gpa=0x1 len=1 data=0xff;"
				 " HLT eax=0x5a5a5a5a (more mmio)", ANSWER_VCPU },
		{ "gexec 1", "INTERNAL_ERROR sub=1", ANSWER_VCPU },
		{ "gvmsave 1", "EXIT 8 rip=0xb3 ebx=0x0", ANSWER_VCPU },
		{ "hread D", "0xffffffff", ANSWER_VALUE },
		{ "cread A", "child:0xa", ANSWER_VALUE },
		{ "cdontneed A 4K", "child:EINVAL", ANSWER_ERRNO },
		{ "cread A", "child:?", ANSWER_OTHER },
		{ "slot 1", "errno123", ANSWER_ERRNO },
		{ "mmap A", "EHWPOISON hva=0x10000000000", ANSWER_ERRNO },
		{ "dirtylog 1", "OK dirty=2: 0 7", ANSWER_OK },
		{ "kvm pfn 1", "pfn=0x1 held ref=2 headref=2 after ref=1 headref=1",
		  ANSWER_OTHER },
		{ "kvm pfn 1", "ERR_FAULT writable=0", ANSWER_OTHER },
		{ "kvm pfn 1", "EFAULT", ANSWER_ERRNO },
		{ "par gread", "v0: HLT eax=0x0 | v1: HLT eax=0x0", ANSWER_OTHER },
		{ "hread D", "HOST-SIGBUS code=2 addr=0x10000000000", ANSWER_OTHER },
		{ "sysr /x", "0xnonsense", ANSWER_OTHER },
		{ "join", "", ANSWER_OTHER },
		{ "lab info 0 0", "pfn=0x1 ref=0 map=-201326591 tail rsvd(order9 headref=-1)"
				  " flags=0xffffffffffffffff", ANSWER_PAGE },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct recording recording;
		struct out out = { "" };
		char text[300];

		snprintf(text, sizeof(text), "[ 1] %s => %s\n", rows[i].command, rows[i].answer);
		read_out(*state, text, &recording);
		assert_int_equal(recording.commands[0].answer.kind, rows[i].kind);
		print_answer(&out, &recording.commands[0].answer);
		assert_string_equal(out.text, rows[i].answer);
		assert_false(recording.complete);
		recording_free(&recording);
	}
}

static void rare_facts_print_again_as_they_were(void **state)
{
	static const char *const rows[] = {
		"host 0x10000000000: pte L2 0x82000000224000e7 WAD | pfn=0x22400 ref=1 map=0 rsvd",
		"host A: pte L1 0x100 PROTNONE | last pfn=0x1 ref=1 map=1 head(order9 headref=1)",
		"host A: pte L1 0x7e00000000001 R--",
		"host A: pte L1 0x6000 swap/migr",
		"host A: pte none | last pfn=0xfed00 NOPAGE",
		"s2 0x10000000: L1 nonpresent 0x8000010000017 mmio?",
		"s2 0x200000: L1 0x8000000017c1e67 pfn=0x17c1 WXAD hw+mw b59=1",
		"stat pf_taken+2(=3) pages_4k-1(=0) pages_2m+1(=1)",
		"signal SIGBUS x2 code=4 addr=0x10000000000",
		"VmFlags: rd wr mr mw me ac hg ",
		"watch A: walk failed",
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct recording recording;
		struct out out = { "" };
		char text[300];

		snprintf(text, sizeof(text), "[ 1] sleep 1 => OK\n      %s\n", rows[i]);
		read_out(*state, text, &recording);
		print_line(&out, recording.commands[0].facts, recording.commands[0].nr_facts,
			   false);
		assert_string_equal(out.text, rows[i]);
		recording_free(&recording);
	}
}

static void a_watch_without_a_root_says_so(void **state)
{
	struct recording recording;

	read_out(*state, "[ 1] sleep 1 => OK\n      s2 0x1000: noroot\n", &recording);
	assert_true(recording.commands[0].facts[0].s2.noroot);
	assert_int_equal(recording.commands[0].facts[0].s2.b59, -1);
	recording_free(&recording);
}

static void the_output_of_a_shell_belongs_to_its_command(void **state)
{
	const char *warning = "[    2.1] WARNING: CPU: 0 PID: 1 at hva_to_pfn+0xbf/0x590 [kvm]";
	const struct command *command;
	struct recording recording;
	char text[600];

	snprintf(text, sizeof(text), "[ 1] sh dmesg => %s\n[a list]\n      b\n%s\nrc=0\n"
		 "      host A: pte none\n[ 2] slot 1 0 X 4K => !! unknown region X\nEINVAL\n"
		 "[ 3] sh printf a => arc=1\n[ 4] xen 0x1000 => (hvm_config EPERM) EFAULT\n"
		 "DONE 4 commands\n", warning, warning);
	read_out(*state, text, &recording);
	command = recording.commands;
	assert_string_equal(command->answer.text, warning);
	assert_string_equal(command->answer.result, "rc=0");
	assert_int_equal(command->nr_facts, 5);
	assert_string_equal(command->facts[1].text, "      b");
	assert_string_equal(command->facts[3].text, "rc=0");
	assert_int_equal(command->facts[4].kind, FACT_HOST);
	assert_int_equal(recording.nr_splats, 2);
	assert_int_equal(command->nr_splats, 2);
	assert_string_equal(recording.splats[command->first_splat], warning);
	assert_string_equal(command[1].answer.error, "EINVAL");
	assert_int_equal(command[1].nr_splats, 0);
	assert_string_equal(command[2].answer.text, "arc=1");
	assert_string_equal(command[2].answer.result, "rc=1");
	assert_int_equal(command[3].answer.kind, ANSWER_ERRNO);
	assert_true(recording.complete);
	recording_free(&recording);
}

static void a_guest_that_died_keeps_what_its_console_had(void **state)
{
	struct recording recording;

	box_write(*state, "v11", ".meta", "[    2.0]  ? kvm_tdp_mmu_zap_all+0x39/0x70 [kvm]\n"
					  "[    2.0] Call Trace:\n");
	box_write(*state, "v11", ".trace", "of another run, as this one's died with the guest\n");
	box_write(*state, "v11", ".out", "# kernel v11 scenario x\n"
		  "# RECONSTRUCTED FROM SERIAL, guest kernel died or hung (qemu rc=0)\n"
		  "[ 1] sleep 1 => OK\n      host A: p[    2.1] te none\n"
		  "[    2.2] BUG: unable to handle page fault\n[    2.2] Call Trace:\n"
		  "who knows\n[    2.3]  ? do_tr");
	read_good(((struct box *)*state)->path, &recording);
	assert_true(recording.reconstructed);
	assert_false(recording.complete);
	assert_false(recording.has_trace);
	assert_int_equal(recording.commands[0].nr_facts, 0);
	assert_int_equal(recording.nr_splats, 5);
	assert_string_equal(recording.splats[2], "who knows");
	assert_string_equal(recording.splats[4],
			    "[    2.0]  ? kvm_tdp_mmu_zap_all+0x39/0x70 [kvm]");
	assert_int_equal(recording.commands[0].nr_splats, 4);
	recording_free(&recording);
}

static void a_vmm_that_gave_up_says_why(void **state)
{
	struct recording recording;

	box_write(*state, "6.8", ".cmd", "slot 1 0 A 4K\n");
	box_write(*state, "6.8", ".out",
		  "# kernel 6.8.0 scenario x\nvm: Invalid argument\n# labvmm rc=1\n");
	read_good(((struct box *)*state)->path, &recording);
	assert_string_equal(recording.failure, "vm: Invalid argument");
	assert_false(recording.complete);
	assert_int_equal(recording.nr_commands, 0);
	recording_free(&recording);
}

static void the_script_is_read_as_the_vmm_reads_it(void **state)
{
	struct recording recording;

	box_write(*state, "6.1", ".cmd", "#!smp 2\n\n \t\n sleep 1 # a while\n\tsleep 2");
	read_out(*state, "[ 1]  sleep 1  => OK\n[ 2] \tsleep 2 => OK\nDONE 2 commands\n",
		 &recording);
	assert_int_equal(recording.commands[0].script_line, 4);
	assert_string_equal(recording.commands[0].text, " sleep 1 ");
	assert_string_equal(recording.commands[1].words[0], "sleep");
	assert_true(recording.complete);
	recording_free(&recording);
}

static const struct { const char *event, *fields; } bodies[] = {
	{ "kvm_tdp_mmu_spte_changed: as id 0 gfn 200 level 2 old_spte 0 new_spte 6377827",
	  "as_id=0 gfn=200 level=2 old_spte=0 new_spte=6377827 " },
	{ "kvm_mmu_set_spte: gfn 200 spte 5d40e67 (rwxu) level 1 at 6377000",
	  "gfn=200 spte=5d40e67 access=rwxu level=1 at=6377000 " },
	{ "kvm_mmu_spte_requested: gfn 0 pfn 17d2 level 1",
	  "gfn=0 pfn=17d2 level=1 " },
	{ "kvm_mmu_spte_requested: gfn 0 pfn 17d2 level 1 access f",
	  "gfn=0 pfn=17d2 level=1 access=f " },
	{ "kvm_mmu_get_page: sp gen 0 gfn 200 l1 8-byte q0 direct wux nxe ad root 0 sync "
	  "new", "gen=0 gfn=200 level=1 gpte_size=8 quadrant=0 direct=1 access=wux "
	  "nxe=nxe ad=ad root_count=0 sync=sync created=new " },
	{ "kvm_mmu_prepare_zap_page: sp gen 1 gfn 0 l2 8-byte q0 wux invalid !nxe !ad "
	  "root 2 unsync", "gen=1 gfn=0 level=2 gpte_size=8 quadrant=0 access=wux "
	  "invalid=1 nxe=!nxe ad=!ad root_count=2 sync=unsync " },
	{ "inv_start: (kvm_mmu_notifier_invalidate_range_start+0x0/0x360 [kvm]) "
	  "start=0x10000000000 end=0x10000001000 flags=0x1 event=1",
	  "function=kvm_mmu_notifier_invalidate_range_start start=0x10000000000 "
	  "end=0x10000001000 flags=0x1 event=1 " },
	{ "handle_mm_fault_ret: (fixup_user_fault+0x70/0x1a0 <- handle_mm_fault) ret=0x8",
	  "caller=fixup_user_fault function=handle_mm_fault ret=0x8 " },
	{ "zap_all_fast: (kvm_mmu_zap_all_fast+0x0/0x1e0 [kvm])",
	  "function=kvm_mmu_zap_all_fast " },
	{ "kvm_unmap_hva_range: mmu notifier unmap range: 0x0001 -- 0x0002",
	  "start=0x0001 end=0x0002 " },
	{ "rp_hva_to_pfn: hva_to_pfn(hva=0x1000 write=0) = ERR_FAULT (0x7ff)",
	  "function=hva_to_pfn hva=0x1000 write=0 error=ERR_FAULT code=0x7ff " },
	{ "rp_hva_to_pfn: hva_to_pfn(hva=0x1 flags=0x10 atomic=0) = writable=1 "
	  "refcounted_page=yes pfn=0x5 ref=2 headref=2 map=0 tail rsvd nopage",
	  "function=hva_to_pfn hva=0x1 flags=0x10 atomic=0 writable=1 "
	  "refcounted_page=yes pfn=0x5 ref=2 headref=2 map=0 tail=1 rsvd=1 nopage=1 " },
	{ "kp_kvm_release_pfn_clean: kvm_release_pfn_clean(NOSLOT)",
	  "function=kvm_release_pfn_clean error=NOSLOT " },
	{ "kp_kvm_set_page_dirty: kvm_set_page_dirty(NULL)",
	  "function=kvm_set_page_dirty NULL=1 " },
	{ "page_ref_mod: pfn=0x17d0 flags=a|b count=2 mapcount=0 mapping=00 mt=1 val=-1",
	  "pfn=0x17d0 flags=a|b count=2 mapcount=0 mapping=00 mt=1 val=-1 " },
	{ "kvm_emulate_insn: 0:20:89 03 (prot32) failed",
	  "cs_base=0 rip=20 bytes=89 03 mode=prot32 failed=1 " },
	{ "kvm_mmu_set_spte: of a later kernel gfn=200", "gfn=200 " },
	{ "never_heard_of: (x) a=1, b=2 c", "function=x a=1 b=2 " },
	{ "tracing_mark_write: ### later zap 0 0 1", "text=### later zap 0 0 1 " },
	{ "nothing:", "" },
};

static void the_bodies_of_events_become_fields(void **state)
{
	for (size_t i = 0; i < N(bodies); i++) {
		const struct trace_event *event;
		struct recording recording;
		struct out out = { "" };
		char *text;

		assert_true(asprintf(&text, MARK("### 1 sleep 1") EVENT("%s") MARK("=== 1 => OK"),
				     bodies[i].event) > 0);
		box_write(*state, "6.1", ".trace", text);
		box_write(*state, "6.1", ".out", ONE_SLEEP);
		read_good(((struct box *)*state)->path, &recording);
		assert_int_equal(recording.commands[0].nr_events, 1);
		event = recording.commands[0].events;
		for (size_t f = 0; f < event->nr_fields; f++)
			add(&out, "%s=%s ", event->fields[f].key, event->fields[f].value);
		assert_string_equal(out.text, bodies[i].fields);
		recording_free(&recording);
		free(text);
	}
}

static void the_columns_of_an_event_are_kept(void **state)
{
	const struct trace_event *event;
	struct recording recording;

	box_write(*state, "6.1", ".out", ONE_SLEEP);
	box_write(*state, "6.1", ".trace", "# tracer: nop\n" MARK("### 1 sleep 1")
		  " kworker/u4:1 [x]-12  (   7) [012] d..21... 12.000250: one: a: b \n"
		  MARK("=== 1 => OK"));
	read_good(((struct box *)*state)->path, &recording);
	event = recording.commands[0].events;
	assert_int_equal(event->line, 3);
	assert_string_equal(event->task, "kworker/u4:1 [x]");
	assert_int_equal(event->pid, 12);
	assert_int_equal(event->cpu, 12);
	assert_true(event->time > 12.0002499 && event->time < 12.0002501);
	assert_string_equal(event->name, "one");
	assert_string_equal(event->body, "a: b ");
	recording_free(&recording);
}

static void a_field_is_a_number_only_as_a_whole(void **state)
{
	static const struct {
		const char *value;
		int base;
		bool good;
		uint64_t number;
	} rows[] = {
		{ "0x1f", 16, true, 0x1f }, { "1f", 16, true, 0x1f }, { "12", 10, true, 12 },
		{ "ffffffffffffffff", 16, true, UINT64_MAX }, { "1f", 10, false, 0 },
		{ "-1", 10, false, 0 }, { "", 10, false, 0 }, { "1 ", 10, false, 0 },
		{ "18446744073709551616", 10, false, 0 }, { "0x1f", 0, true, 0x1f },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct trace_field field = { "k", rows[i].value };
		struct trace_event event = { .fields = &field, .nr_fields = 1 };
		uint64_t number = 0;

		assert_int_equal(trace_event_u64(&event, "k", rows[i].base, &number),
				 rows[i].good);
		assert_int_equal(number, rows[i].number);
		assert_false(trace_event_u64(&event, "other", rows[i].base, &number));
	}
}

static void events_belong_to_the_command_between_its_marks(void **state)
{
	static const struct {
		const char *trace;
		unsigned traced;	/* bit n: command n + 1 */
		bool cut;
		size_t events;		/* of command 2 */
	} rows[] = {
		{ MARK("### 1 fork") EVENT("a:") MARK("=== 1 => OK") EVENT("b:")
		  MARK("### 2 cread A") EVENT("c:") EVENT("d:") MARK("=== child 0x7"),
		  3, false, 2 },
		{ MARK("### 1 fork") MARK("=== 1 => OK") MARK("### 2 cread A") EVENT("c:"),
		  1, true, 0 },
		{ MARK("### 1 fork") MARK("### 2 cread A") EVENT("c:") MARK("=== child 0x7"),
		  2, true, 1 },
		{ EVENT("a:") MARK("=== 1 => OK") MARK("### 2 cread A") MARK("=== child 0x7"),
		  2, true, 0 },
		{ "# entries-in-buffer/entries-written: 4/4   #P:1\n" MARK("### 1 fork")
		  MARK("=== 1 => OK") MARK("### 2 cread A") MARK("=== child 0x7"), 3, false, 0 },
		{ "# entries-in-buffer/entries-written: 4/9   #P:1\n" MARK("### 1 fork")
		  MARK("=== 1 => OK") MARK("### 2 cread A") MARK("=== child 0x7"), 3, true, 0 },
		{ "CPU:2 [LOST 1234 EVENTS]\n" MARK("### 1 fork")
		  MARK("=== 1 => OK") MARK("### 2 cread A") MARK("=== child 0x7"), 3, true, 0 },
		{ "", 0, true, 0 },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct recording recording;

		box_write(*state, "6.1", ".trace", rows[i].trace);
		read_out(*state, "[ 1] fork => OK\n[ 2] cread A => child:0x7\nDONE 2 commands\n",
			 &recording);
		assert_true(recording.has_trace);
		assert_int_equal(recording.trace_cut, rows[i].cut);
		assert_int_equal(recording.commands[0].traced, rows[i].traced & 1);
		assert_int_equal(recording.commands[1].traced, rows[i].traced >> 1);
		assert_int_equal(recording.commands[1].nr_events, rows[i].events);
		recording_free(&recording);
	}
}

static void a_probe_is_present_if_one_attempt_was(void **state)
{
	static const struct probe expected[] = {
		{ "kvm/kvm_page_fault", true }, { "page_ref", true }, { "lab/gup", true },
		{ "lab/gup_ret", false },
	};
	struct recording recording;

	box_write_events(*state, "kvm/kvm_page_fault\npage_ref\nNOKPROBE p:lab/gup f a=%di:x64\n"
			 "kprobe p:lab/gup g a=%di:x64\nNOKPROBE r:lab/gup_ret f\n");
	read_out(*state, "", &recording);
	assert_int_equal(recording.nr_probes, N(expected));
	for (size_t i = 0; i < N(expected); i++) {
		assert_string_equal(recording.probes[i].name, expected[i].name);
		assert_int_equal(recording.probes[i].present, expected[i].present);
	}
	recording_free(&recording);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_real_recording_is_whole),
		cmocka_unit_test(every_real_answer_and_fact_prints_again_as_it_was),
		cmocka_unit_test(a_real_recording_gives_its_commands_facts_and_events),
		BOXED(the_folder_and_the_meta_say_which_kernel_and_how),
		BOXED(rare_answers_print_again_as_they_were),
		BOXED(rare_facts_print_again_as_they_were),
		BOXED(a_watch_without_a_root_says_so),
		BOXED(the_output_of_a_shell_belongs_to_its_command),
		BOXED(a_guest_that_died_keeps_what_its_console_had),
		BOXED(a_vmm_that_gave_up_says_why),
		BOXED(the_script_is_read_as_the_vmm_reads_it),
		BOXED(the_bodies_of_events_become_fields),
		BOXED(the_columns_of_an_event_are_kept),
		cmocka_unit_test(a_field_is_a_number_only_as_a_whole),
		BOXED(events_belong_to_the_command_between_its_marks),
		BOXED(a_probe_is_present_if_one_attempt_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
