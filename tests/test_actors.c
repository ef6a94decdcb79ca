// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recordings of several actors: an order of steps is found if there is one, and none is made up.
 */
#define _GNU_SOURCE	/* nftw() */
#include "tests/recording_box.h"

#include <stb/stb_ds.h>

#include "sim/conform.h"
#include "sim/rewind.h"
#include "model/semantics.h"

#define TRACE_HEAD	"# tracer: nop\n#\n# entries-in-buffer/entries-written: 30/30   #P:2\n#\n"
#define BY(pid, body)	"  labvmm-" pid "     [000] .....     6.033375: " body "\n"
#define VMM(text)	BY("134", "tracing_mark_write: " text)
#define VCPU(body)	BY("134", body)
#define LOOP(body)	BY("136", body)
/* The loop's range, and whether the vCPU's page is in it. */
#define OUTSIDE		"A+8K 8K"
#define INSIDE		"A 16K"
#define RANGE(start)	"start=0x1000000" start " end=0x10000004000 flags=0x1 event=1"
#define INV_PROBE(start) LOOP("inv_start: (f) " RANGE(start))
#define INV_EVENT(start) LOOP("kvm_unmap_hva_range: mmu notifier unmap range: 0x0001000000" start \
			      " -- 0x00010000004000")
#define INV_START(start) INV_PROBE(start) INV_EVENT(start)
#define INV_END(start)	LOOP("inv_end: (f) " RANGE(start))
#define FAULT(page)	VCPU("kvm_page_fault: vcpu 0 rip 0x20 address 0x000000000400" page \
			     " error_code 0x100000006")
#define FAULTIN(gfn, pfn) \
	VCPU("rp_faultin: __kvm_faultin_pfn(gfn=" gfn " foll=0x11) = writable=1 " \
	     "refcounted_page=yes pfn=" pfn " ref=3 headref=3 map=1")
#define SLOW		VCPU("gup_unlocked: (f) addr=0x10000000000 n=1") \
			VCPU("gup_unlocked_ret: (f) ret=1")
#define INSTALL		VCPU("kvm_tdp_mmu_spte_changed: as id 0 gfn 4000 level 2 " \
			     "old_spte 8000000000000000 new_spte 7b47827") \
			VCPU("kvm_tdp_mmu_spte_changed: as id 0 gfn 4000 level 1 " \
			     "old_spte 8000000000000000 new_spte 31e0e67") \
			VCPU("kvm_mmu_set_spte: gfn 4000 spte 31e0e67 (rwxu) level 1 at 7b47900")
#define RELEASE		VCPU("kp_kvm_release_page_dirty: kvm_release_page_dirty(pfn=0x31e0 " \
			     "ref=3 headref=3 map=1)")

#define SCRIPT(range)	"#!smp 2\nmmap A 16K anon\nslot 1 0x4000000 A 16K\n" \
			"bg 0 dontneed " range " 200\ngwrite 0x4000000 5 n=1\nbgstop 0\n"

static const char events[] =
	"kvm/kvm_page_fault\nkvm/kvm_unmap_hva_range\nkvmmmu\n"
	"kprobe p:lab/inv_start kvm_mmu_notifier_invalidate_range_start\n"
	"kprobe p:lab/inv_end kvm_mmu_notifier_invalidate_range_end\n"
	"kprobe p:lab/gup_unlocked get_user_pages_unlocked\n"
	"kprobe r:lab/gup_unlocked_ret get_user_pages_unlocked ret=$retval:s64\n";

#define OUT(range, stat) "# kernel 7.2.13-1 scenario x\nvcpu0 boot: HLT eax=0x0\n" \
			"vcpu1 boot: HLT eax=0x0\n[ 1] mmap A 16K anon => OK hva=0x10000000000\n" \
			"[ 2] slot 1 0x4000000 A 16K => OK\n" \
			"[ 3] bg 0 dontneed " range " 200 => OK\n" \
			"[ 4] gwrite 0x4000000 5 n=1 => HLT eax=0x5\n      stat " stat "\n" \
			"[ 5] bgstop 0 => OK iterations=1 fail=0\nDONE 5 commands\n"

#define TRACE(range, actors)	TRACE_CUT(range, actors, "")
#define TRACE_CUT(range, actors, rest)	TRACE_HEAD VMM("### 1 mmap A 16K anon") \
	VCPU("handle_mm_fault: (f) addr=0x508908 flags=0x1255") \
	VCPU("handle_mm_fault_ret: (f) ret=0x0") VMM("=== 1 => OK hva=0x10000000000") \
	VMM("### 2 slot 1 0x4000000 A 16K") VMM("=== 2 => OK") \
	VMM("### 3 bg 0 dontneed " range " 200") VMM("=== 3 => OK") \
	VMM("### 4 gwrite 0x4000000 5 n=1") actors VMM("=== 4 => HLT eax=0x5") rest \
	VMM("### 5 bgstop 0") VMM("=== 5 => OK iterations=1 fail=0")

static struct conform run(struct box *box, const char *script, const char *out,
			  const char *trace)
{
	struct conform_options options = { .keep_all = true };
	struct recording recording;
	struct error error = { .line = 0 };
	struct conform result;
	char path[320];
	FILE *file;

	box_empty(box);
	box_write(box, "7.2", ".cmd", script);
	box_write(box, "7.2", ".out", out);
	box_write(box, "7.2", ".trace", trace);
	snprintf(path, sizeof(path), "%.200s/7.2/events.txt", box->root);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(events, file);
	fclose(file);
	if (!recording_read(box->path, &recording, &error))
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
	conform_run(&recording, &options, &result);
	for (size_t i = 0; i < result.nr_seen; i++)
		if (result.seen[i].verdict == CONFORM_DIFFER)
			print_message("line %u: %s; model %s\n", result.seen[i].line,
				      result.seen[i].recorded ? result.seen[i].recorded : "-",
				      result.seen[i].model ? result.seen[i].model : "-");
	if (result.lost)
		print_message("line %u: %s\n", result.lost_line, result.lost);
	recording_free(&recording);
	return result;
}

/* The sequence is raised after inv_end is entered: how long after, only the retry tells. */
static void retry_shows_that_the_end_was_late(void **state)
{
	struct conform result = run(*state, SCRIPT(OUTSIDE),
		OUT(OUTSIDE, "pf_taken+2(=3) pf_fixed+1(=2) pages_4k+1(=2)"),
		TRACE(OUTSIDE, INV_START("2000") INV_END("2000") FAULT("0000") SLOW
		      FAULTIN("0x4000", "0x31e0")
		      FAULT("0000") FAULTIN("0x4000", "0x31e0") INSTALL RELEASE));

	assert_int_equal(conform_count(&result, CONFORM_DIFFER), 0);
	assert_int_equal(conform_count(&result, CONFORM_UNMODELLED), 0);
	assert_false(result.lost);
	conform_free(&result);
}

static void no_retry_shows_that_the_end_was_not(void **state)
{
	struct conform result = run(*state, SCRIPT(OUTSIDE),
		OUT(OUTSIDE, "pf_taken+1(=2) pf_fixed+1(=2) pages_4k+1(=2)"),
		TRACE(OUTSIDE, INV_START("2000") INV_END("2000") FAULT("0000") SLOW
		      FAULTIN("0x4000", "0x31e0")
		      INSTALL RELEASE));

	assert_int_equal(conform_count(&result, CONFORM_DIFFER), 0);
	assert_int_equal(conform_count(&result, CONFORM_UNMODELLED), 0);
	conform_free(&result);
}

/* Nobody invalidates anything, and still the fault is retried. */
static void trace_that_no_order_gives_is_unmodelled(void **state)
{
	struct conform result = run(*state, SCRIPT(OUTSIDE),
		OUT(OUTSIDE, "pf_taken+2(=3) pf_fixed+1(=2) pages_4k+1(=2)"),
		TRACE(OUTSIDE, FAULT("0000") SLOW FAULTIN("0x4000", "0x31e0")
		      FAULT("0000") FAULTIN("0x4000", "0x31e0") INSTALL RELEASE));

	assert_int_equal(conform_count(&result, CONFORM_DIFFER), 0);
	assert_true(conform_count(&result, CONFORM_UNMODELLED));
	assert_true(result.lost);
	conform_free(&result);
}

/* Installed between the zap and the end of the invalidation: a kernel would retry. */
static void install_inside_an_invalidation_is_no_order(void **state)
{
	struct conform result = run(*state, SCRIPT(INSIDE),
		OUT(INSIDE, "pf_taken+2(=3) pf_fixed+2(=3) pages_4k+2(=3)"),
		TRACE(INSIDE, FAULT("0000") SLOW FAULTIN("0x4000", "0x31e0") INSTALL
		      RELEASE INV_START("0000")
		      LOOP("kvm_tdp_mmu_spte_changed: as id 0 gfn 4000 level 1 "
			   "old_spte 31e0e67 new_spte 8000000000000000")
		      FAULT("0000") FAULTIN("0x4000", "0x31e0") INSTALL RELEASE INV_END("0000")));

	assert_int_equal(conform_count(&result, CONFORM_DIFFER), 0);
	assert_true(conform_count(&result, CONFORM_UNMODELLED));
	conform_free(&result);
}

/* A command's end cuts the trace wherever a loop is: between a probe and a tracepoint, too. */
static void a_step_of_a_loop_may_be_in_two_parts_of_the_trace(void **state)
{
	struct conform result = run(*state, SCRIPT(OUTSIDE),
		OUT(OUTSIDE, "pf_taken+1(=2) pf_fixed+1(=2) pages_4k+1(=2)"),
		TRACE_CUT(OUTSIDE, FAULT("0000") SLOW FAULTIN("0x4000", "0x31e0") INSTALL RELEASE
			  INV_PROBE("2000"), INV_EVENT("2000") INV_END("2000")));

	assert_int_equal(conform_count(&result, CONFORM_DIFFER), 0);
	assert_int_equal(conform_count(&result, CONFORM_UNMODELLED), 0);
	assert_false(result.lost);
	conform_free(&result);
}

/* ---- rewind.h ---- */

static struct vm *vm_with_page(void)
{
	struct vm_config config = { .first_frame = 1 << 20, .zero_pfn = NO_PFN,
				    .code_gpa = NO_PFN };
	struct vm *vm = vm_new(semantics_find("v7.2"), &config);

	vm->m.phys->store(vm->m.phys, 5, 1, 7);
	return vm;
}

static void going_back_brings_world_and_memory_back(void **state)
{
	struct vm *vm = vm_with_page();
	struct rewind *rewind = rewind_new(vm);

	(void)state;
	rewind_mark(rewind);
	vm->w.kvm.mmu_seq = 9;
	vm->m.phys->store(vm->m.phys, 5, 1, 8);
	vm->m.phys->page(vm->m.phys, 5)->refcount = 3;
	rewind_to_mark(rewind);

	assert_int_equal(vm->w.kvm.mmu_seq, 0);
	assert_int_equal(vm->m.phys->load(vm->m.phys, 5, 1), 7);
	assert_int_equal(vm->m.phys->page(vm->m.phys, 5)->refcount, 0);
	rewind_free(rewind);
	vm_free(vm);
}

static void equal_states_have_equal_hashes_whatever_the_way(void **state)
{
	struct vm *vm = vm_with_page();
	struct rewind *rewind = rewind_new(vm);
	u64 hash, other;

	(void)state;
	rewind_mark(rewind);
	vm->m.phys->store(vm->m.phys, 5, 1, 8);
	vm->m.phys->store(vm->m.phys, 6, 1, 8);
	hash = rewind_hash(rewind, 0);
	rewind_to_mark(rewind);
	vm->m.phys->store(vm->m.phys, 6, 1, 8);
	other = rewind_hash(rewind, 0);
	vm->m.phys->store(vm->m.phys, 5, 1, 3);
	vm->m.phys->store(vm->m.phys, 5, 1, 8);

	assert_true(hash != other);
	assert_true(hash == rewind_hash(rewind, 0));
	rewind_free(rewind);
	vm_free(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOXED(retry_shows_that_the_end_was_late),
		BOXED(no_retry_shows_that_the_end_was_not),
		BOXED(trace_that_no_order_gives_is_unmodelled),
		BOXED(install_inside_an_invalidation_is_no_order),
		BOXED(a_step_of_a_loop_may_be_in_two_parts_of_the_trace),
		cmocka_unit_test(going_back_brings_world_and_memory_back),
		cmocka_unit_test(equal_states_have_equal_hashes_whatever_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
