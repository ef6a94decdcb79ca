/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "tests/recording_box.h"

#include "sim/conform.h"
#include "sim/conform_internal.h"
#include "tests/support.h"

#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

/* ---- reading ---- */

static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	size_t n = 0, got;

	assert_non_null(file);
	do {
		text = realloc(text, n + 65537);
		assert_non_null(text);
		got = fread(text + n, 1, 65536, file);
		n += got;
	} while (got);
	fclose(file);
	text[n] = '\0';
	if (size)
		*size = n;
	return text;
}

/* NAME.trace, unpacked. */
static char *read_trace(const char *path)
{
#ifdef HAVE_ZSTD
	enum { ROOM = 1 << 22 };
	size_t size;
	char *packed = read_file(path, &size), *text = calloc(1, ROOM);

	size = ZSTD_decompress(text, ROOM - 1, packed, size);
	assert_false(ZSTD_isError(size));
	text[size] = '\0';
	free(packed);
	return text;
#else
	(void)path;
	skip();
	return NULL;
#endif
}

static void conform_path(const char *path, struct conform *result, bool keep_all)
{
	struct conform_options options = { .keep_all = keep_all, .keep_inputs = true };
	struct recording recording;

	read_good(path, &recording);
	conform_run(&recording, &options, result);
	recording_free(&recording);
	result->capture = NULL;		/* was the recording's */
}

/* ---- every recording there is ---- */

struct folder { const char *name; };

static const struct folder folders[] = {
	/* 6.1, 6.12 and 7.2, which have hundreds, are the test conformance's. */
	{ "6.8" }, { "v11" }, { "v11-unsafe" },
	{ "ept-6.1" }, { "ept-6.12" }, { "ept-7.2" }, { "eptad0-6.1" }, { "eptad0-7.2" },
	{ "v11-on-v6.8" }, { "6.8-npt0" }, { "v11-npt0" }, { "6.8-tdpmmu0" }, { "v11-tdpmmu0" },
	{ "6.8-dax" }, { "v11-dax" },
	{ "6.1-npt0" }, { "6.1-tdpmmu0" }, { "7.2-npt0" }, { "7.2-tdpmmu0" },
	{ "ept-6.1-lab" }, { "ept-6.12-lab" }, { "ept-7.2-lab" },
	{ "eptad0-6.1-lab" }, { "eptad0-6.12-lab" }, { "eptad0-7.2-lab" },
	{ "ept-6.1-tdpmmu0" }, { "ept-7.2-tdpmmu0" },
};

static void expect_conformity(const char *path)
{
	struct conform result;
	unsigned seen, unmodelled;

	conform_path(path, &result, false);

	for (size_t i = 0; i < result.nr_seen; i++)
		print_error("%s:%u: %s | %s\n", result.seen[i].file, result.seen[i].line,
			    result.seen[i].recorded, result.seen[i].model);
	unmodelled = conform_count(&result, CONFORM_UNMODELLED);
	seen = conform_count(&result, CONFORM_AGREE) + unmodelled;
	assert_int_equal(conform_count(&result, CONFORM_DIFFER), 0);
	assert_true(seen >= 20);
	assert_true(unmodelled * 10 <= seen);
	assert_int_equal(result.kind[CONFORM_PAGE].of[CONFORM_UNMODELLED], 0);
	assert_int_equal(result.kind[CONFORM_S2].of[CONFORM_UNMODELLED], 0);
	conform_free(&result);
}

static void every_recording_conforms_to_the_model_of_its_kernel(void **state)
{
	const struct folder *folder = *state;
	struct error error = { .line = 0 };
	char path[300];
	char **list;
	size_t n = 0;

	need_zstd();
	snprintf(path, sizeof(path), "%.200s/recorded/%s", traces(), folder->name);
	list = recording_list(path, &error);
	assert_non_null(list);

	for (; list[n]; n++)
		expect_conformity(list[n]);

	assert_true(n >= 2);
	recording_list_free(list);
}

/* ---- recordings with one lie ---- */

struct place_in_text {
	const char *extension;		/* ".out", ".trace", ".meta" */
	const char *after;		/* the first @from after this */
	const char *from, *to;
};

struct lie {
	const char *name;		/* "FOLDER/NAME: what" */
	struct place_in_text at, mark;	/* a changed answer stands in the trace's mark too */
	enum conform_kind kind;
};

static char *replace(char *text, const struct place_in_text *place, unsigned *line)
{
	char *after = strstr(text, place->after), *from = after ? strstr(after, place->from) : NULL;
	char *result;

	assert_non_null(from);
	*line = 1;
	for (const char *at = text; at < from; at++)
		*line += *at == '\n';
	assert_true(asprintf(&result, "%.*s%s%s", (int)(from - text), text, place->to,
			     from + strlen(place->from)) > 0);
	free(text);
	return result;
}

/* A copy of the recording that the row's name begins with, in the box; with its lie. */
static unsigned copy_with_lie(struct box *box, const struct lie *lie)
{
	static const char *const extensions[] = { ".out", ".trace", ".meta", ".cmd" };
	char folder[50], name[100], path[600];
	unsigned line = 0, ignored;

	assert_int_equal(sscanf(lie->name, "%49[^/]/%99[^:]", folder, name), 2);
	for (size_t i = 0; i < N(extensions); i++) {
		bool trace = !strcmp(extensions[i], ".trace");
		char *text;

		snprintf(path, sizeof(path), "%.200s/recorded/%s/%s%s%s", traces(), folder, name,
			 extensions[i], trace ? ".zst" : "");
		text = trace ? read_trace(path) : read_file(path, NULL);
		if (lie->mark.extension && trace)
			text = replace(text, &lie->mark, &ignored);
		if (lie->at.extension && !strcmp(lie->at.extension, extensions[i]))
			text = replace(text, &lie->at, &line);
		box_write(box, folder, extensions[i], text);
		free(text);
	}
	snprintf(path, sizeof(path), "%.200s/recorded/%s/events.txt", traces(), folder);
	if (access(path, R_OK) == 0) {
		char *text = read_file(path, NULL), copy[400];

		box_write(box, folder, "-events", text);
		snprintf(path, sizeof(path), "%s-events", box->path);
		snprintf(copy, sizeof(copy), "%s/%s/events.txt", box->root, folder);
		assert_int_equal(rename(path, copy), 0);
		free(text);
	}
	return line;
}

#define SEED	"v11/pfnmap_nc_seed: "
#define HEAD_L1	"gfn 200 level 1 old_spte 0 new_spte 8000000024c0e67"
#define LOG	"v11/pfnmap_ro_slot_log: "
#define RO	"v11/pfnmap_ro_prot: "

static const struct lie lies[] = {
	{ SEED "errno", { ".out", "[10] ", "HLT eax=0x0", "EFAULT" },
	  { ".trace", "=== 10 ", "HLT eax=0x0", "EFAULT" }, .kind = CONFORM_RESULT },
	{ SEED "value read by the host", { ".out", "[14] ", "0xb\n", "0xc\n" },
	  { ".trace", "=== 14 ", "0xb\n", "0xc\n" }, .kind = CONFORM_VALUE },
	{ SEED "value read by the guest", { ".out", "[16] ", "eax=0x5", "eax=0x7" },
	  { ".trace", "=== 16 ", "eax=0x5", "eax=0x7" }, .kind = CONFORM_VALUE },
	{ RO "data of an MMIO write", { ".out", "[ 7] ", "data=0x1;", "data=0x3;" },
	  { ".trace", "=== 7 ", "data=0x1;", "data=0x3;" }, .kind = CONFORM_EXIT },
	{ SEED "delta of a counter", { ".out", "[10] ", "pf_fixed+1", "pf_fixed+2" },
	  .kind = CONFORM_STAT },
	{ SEED "counter that did not change", { ".out", "[11] ", "stat ", "stat pf_fast+1(=1) " },
	  .kind = CONFORM_STAT },
	{ SEED "counter that changed", { ".out", "[17] ", "pages_4k-3(=1)", "exits+1(=12)" },
	  .kind = CONFORM_STAT },
	{ SEED "D of a host PTE", { ".out", "[15] ", "24c2267", "24c2227" },
	  .kind = CONFORM_HOST_PTE },
	{ SEED "count of a page", { ".out", "[15] ", "pfn=0x24c2 ref=0", "pfn=0x24c2 ref=1" },
	  .kind = CONFORM_PAGE },
	{ SEED "count of a page that nothing happened to",
	  { ".out", "[14] ", "pfn=0x24c0 ref=1", "pfn=0x24c0 ref=2" }, .kind = CONFORM_PAGE },
	{ SEED "mapcount", { ".out", "[15] ", "pfn=0x24c2 ref=0 map=0", "pfn=0x24c2 ref=0 map=1" },
	  .kind = CONFORM_PAGE },
	{ SEED "frame", { ".out", "[18] ", "pfn=0x24c0 ref=1", "pfn=0x24c1 ref=1" },
	  .kind = CONFORM_PAGE },
	{ SEED "W of a stage-2 entry",
	  { ".out", "[12] ", "0x8000000024c0e67", "0x8000000024c0e65" }, .kind = CONFORM_S2 },
	{ SEED "refcounted bit of a stage-2 entry",
	  { ".out", "[12] ", "0x8000000024c0e67 pfn=0x24c0 WXAD hw+mw b59=1",
	    "0x24c0e67 pfn=0x24c0 WXAD hw+mw b59=0" }, .kind = CONFORM_S2 },
	{ SEED "level of a stage-2 entry",
	  { ".out", "[17] ", "s2 0x201000: L1", "s2 0x201000: L2" }, .kind = CONFORM_S2 },
	{ SEED "dirty flag", { ".out", "[20] ", "0x100000214", "0x100000204" },
	  { ".trace", "=== 20 ", "0x100000214", "0x100000204" }, .kind = CONFORM_FLAGS },
	{ LOG "dirty page", { ".out", "[ 8] ", "dirty=1: 0", "dirty=1: 1" },
	  { ".trace", "=== 8 ", "dirty=1: 0", "dirty=1: 1" }, .kind = CONFORM_DIRTY_LOG },
	{ "v11/pfnmap_ro_prot_order0: result of a look-up",
	  { ".out", "[ 9] ", "ERR_FAULT", "ERR_RO_FAULT" },
	  { ".trace", "=== 9 ", "ERR_FAULT", "ERR_RO_FAULT" }, .kind = CONFORM_LOOKUP },
	{ SEED "range of a notification",
	  { ".trace", "### 17 ", "end=0x10000008000", "end=0x10000007000" },
	  .kind = CONFORM_NOTIFY },
	{ SEED "event type of a notification", { ".trace", "### 17 ", "event=1", "event=0" },
	  .kind = CONFORM_NOTIFY },
	{ SEED "new value of an entry", { ".trace", "### 12 ", HEAD_L1,
					  "gfn 200 level 1 old_spte 0 new_spte 24c0e67" },
	  .kind = CONFORM_SPTE },
	{ SEED "gfn of an entry", { ".trace", "### 12 ", HEAD_L1,
				    "gfn 201 level 1 old_spte 0 new_spte 8000000024c0e67" },
	  .kind = CONFORM_SPTE },
	{ SEED "frame of an entry", { ".trace", "### 12 ", HEAD_L1,
				      "gfn 200 level 1 old_spte 0 new_spte 8000000024c1e67" },
	  .kind = CONFORM_SPTE },
	{ SEED "entry that is set",
	  { ".trace", "### 12 ", "spte 8000000024c0e67 (", "spte 24c0e67 (" },
	  .kind = CONFORM_SET_SPTE },
	{ SEED "result of GUP", { ".trace", "### 12 ", "ret=-14", "ret=1" }, .kind = CONFORM_GUP },
	{ SEED "writable of a look-up", { ".trace", "### 12 ", "writable=1", "writable=0" },
	  .kind = CONFORM_LOOKUP_PROBE },
	{ SEED "page of a look-up",
	  { ".trace", "### 12 ", "refcounted_page=yes", "refcounted_page=NULL" },
	  .kind = CONFORM_LOOKUP_PROBE },
	{ SEED "count at a release", { ".trace", "### 12 ", "accessed(pfn=0x24c0 ref=1",
				       "accessed(pfn=0x24c0 ref=2" }, .kind = CONFORM_RELEASE },
	{ SEED "count of a page_ref event", { ".trace", "### 12 ", "pfn=0x24c0 flags=none count=2",
					      "pfn=0x24c0 flags=none count=3" },
	  .kind = CONFORM_PAGE_REF },
	{ SEED "val of a page_ref event",
	  { ".trace", "page_ref_mod_and_test: pfn=0x24c0 ", "val=-1 ret=0", "val=-2 ret=0" },
	  .kind = CONFORM_PAGE_REF },
	{ SEED "ret of a page_ref event",
	  { ".trace", "page_ref_mod_and_test: pfn=0x24c0 ", "val=-1 ret=0", "val=-1 ret=1" },
	  .kind = CONFORM_PAGE_REF },
	{ SEED "event too few",
	  { ".trace", "### 12 ", "kvm_mmu_set_spte: gfn 200", "nothing: gfn 200" },
	  .kind = CONFORM_SET_SPTE },
};

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length >= strlen(end) && !strcmp(text + length - strlen(end), end);
}

static void a_recording_with_one_lie_has_exactly_that_difference(void **state)
{
	const struct lie *lie = *state;
	struct conform result;
	void *box_state;
	unsigned line;

	need_zstd();
	assert_int_equal(box_setup(&box_state), 0);
	line = copy_with_lie(box_state, lie);

	conform_path(((struct box *)box_state)->path, &result, false);

	for (size_t i = 0; i < result.nr_seen && result.nr_seen != 1; i++)
		print_error("%s:%u: %s | %s\n", result.seen[i].file, result.seen[i].line,
			    result.seen[i].recorded, result.seen[i].model);
	assert_int_equal(result.nr_seen, 1);
	assert_int_equal(result.seen[0].kind, lie->kind);
	assert_true(ends_with(result.seen[0].file, lie->at.extension));
	if (result.seen[0].recorded)
		assert_int_equal(result.seen[0].line, line);
	assert_int_equal(conform_exit_code(&result), 1);
	conform_free(&result);
	box_teardown(&box_state);
}

/* A stack keeps several functions of one splat: each would do. */
static void lie_about_all_functions(struct box *box)
{
	struct lie none = { .name = "v11/pfnmap_free_stale: " };

	copy_with_lie(box, &none);
	box_write(box, "v11", ".meta",
		  "uname 6.8.0\n[    2.109060]  ? another_function+0x137/0x230\n");
}

static void a_splat_in_another_function_differs(void **state)
{
	struct conform result;

	need_zstd();
	lie_about_all_functions(*state);

	conform_path(((struct box *)*state)->path, &result, false);

	assert_int_equal(result.kind[CONFORM_SPLAT].of[CONFORM_DIFFER], 1);
	conform_free(&result);
}

static void a_copy_without_a_lie_agrees(void **state)
{
	struct lie none = { .name = SEED };
	struct conform result;

	need_zstd();
	copy_with_lie(*state, &none);

	conform_path(((struct box *)*state)->path, &result, false);

	assert_int_equal(conform_count(&result, CONFORM_DIFFER), 0);
	assert_int_equal(conform_exit_code(&result), 0);
	conform_free(&result);
}

/* ---- what is not the whole story ---- */

static void a_recording_without_its_DONE_line_is_inconclusive(void **state)
{
	struct lie none = { .name = SEED };
	struct box *box = *state;
	struct conform result;
	char path[400], *text;

	need_zstd();
	copy_with_lie(box, &none);
	snprintf(path, sizeof(path), "%s.out", box->path);
	text = read_file(path, NULL);
	*strstr(text, "DONE ") = '\0';
	box_write(box, "v11", ".out", text);
	free(text);

	conform_path(box->path, &result, false);

	assert_non_null(result.inconclusive);
	assert_int_equal(conform_exit_code(&result), 3);
	conform_free(&result);
}

static void a_reconstructed_recording_is_inconclusive(void **state)
{
	struct box *box = *state;
	struct conform result;

	box_write(box, "6.1", ".out", "# kernel 6.1.0-1 scenario x\n# RECONSTRUCTED FROM SERIAL\n"
		  "vcpu0 boot: HLT eax=0x0\n[ 1] sleep 1 => OK\n");

	conform_path(box->path, &result, false);

	assert_int_equal(conform_exit_code(&result), 3);
	conform_free(&result);
}

static void a_difference_outweighs_a_missing_end(void **state)
{
	struct box *box = *state;
	struct conform result;

	box_write(box, "6.1", ".out", HEAD "[ 1] mmap A 4K anon => EINVAL hva=0x10000000000\n");

	conform_path(box->path, &result, false);

	assert_int_equal(conform_exit_code(&result), 1);
	conform_free(&result);
}

static void nothing_is_modelled_after_a_command_that_is_not(void **state)
{
	struct box *box = *state;
	struct conform result;

	box_write(box, "6.1", ".out", HEAD "[ 1] sleep 1 => OK\n[ 2] conjure up => OK\n"
		  "[ 3] sleep 1 => OK\nDONE 3 commands\n");

	conform_path(box->path, &result, false);

	assert_int_equal(result.lost_line, 5);
	assert_int_equal(result.kind[CONFORM_RESULT].of[CONFORM_AGREE], 1);
	assert_int_equal(result.kind[CONFORM_RESULT].of[CONFORM_UNMODELLED], 2);
	assert_int_equal(result.kind[CONFORM_UNCHANGED].of[CONFORM_UNMODELLED], 2);
	assert_int_equal(conform_exit_code(&result), 0);
	conform_free(&result);
}

static void a_kernel_without_a_model_is_unmodelled(void **state)
{
	struct box *box = *state;
	struct conform result;

	box_write(box, "other", ".out", "# kernel 4.19.0 scenario x\nvcpu0 boot: HLT eax=0x0\n"
		  "vcpu1 boot: HLT eax=0x0\n[ 1] sleep 1 => OK\nDONE 1 commands\n");

	conform_path(box->path, &result, false);

	assert_null(result.semantics);
	assert_int_equal(conform_count(&result, CONFORM_AGREE), 0);
	assert_int_equal(conform_count(&result, CONFORM_UNMODELLED), 2);
	conform_free(&result);
}

static void a_line_that_repeats_is_no_observation(void **state)
{
	struct box *box = *state;
	struct conform result;

	box_write(box, "6.1", ".out", HEAD "[ 1] mmap A 4K anon => OK hva=0x10000000000\n"
		  "[ 2] watch A => OK\n      host A: pte none\n"
		  "[ 3] sleep 1 => OK\n      host A: pte none\nDONE 3 commands\n");

	conform_path(box->path, &result, true);

	assert_int_equal(result.kind[CONFORM_HOST_PTE].of[CONFORM_AGREE], 1);
	assert_int_equal(result.kind[CONFORM_UNCHANGED].of[CONFORM_AGREE], 3);
	conform_free(&result);
}

static void a_register_of_a_device_is_input_until_it_has_been_read(void **state)
{
	struct conform result;
	char path[300];
	bool found = false;

	(void)state;
	need_zstd();
	snprintf(path, sizeof(path), "%.200s/recorded/6.1/pfnmap_phys_mmio", traces());

	conform_path(path, &result, false);

	assert_int_equal(result.kind[CONFORM_VALUE].of[CONFORM_UNMODELLED], 1);
	assert_int_equal(result.kind[CONFORM_VALUE].of[CONFORM_AGREE], 2);
	for (size_t i = 0; i < result.nr_inputs; i++)
		found |= !!strstr(result.inputs[i].text, "device register");
	assert_true(found);
	conform_free(&result);
}

/* ---- frames ---- */

static void a_frame_is_bound_to_one_page(void **state)
{
	struct frames frames = { .model = NULL };

	(void)state;
	assert_true(frames_bind(&frames, 0x100, 7));

	assert_true(frames_bind(&frames, 0x100, 7));
	assert_false(frames_bind(&frames, 0x100, 8));
	assert_false(frames_bind(&frames, 0x101, 7));
	assert_int_equal(frames_recorded(&frames, 7), 0x100);
	frames_free(&frames);
}

static void a_freed_frame_may_come_back_as_another_page(void **state)
{
	struct frames frames = { .model = NULL };

	(void)state;
	assert_true(frames_bind(&frames, 0x100, 7));
	frames_release(&frames, 7, 1);
	assert_false(frames_knows(&frames, 0x100));

	assert_true(frames_bind(&frames, 0x100, 8));

	assert_true(frames_knows(&frames, 0x100));
	assert_int_equal(frames_recorded(&frames, 7), NO_PFN);
	frames_free(&frames);
}

static void every_kind_has_its_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_CONFORM_KINDS; i++) {
		assert_non_null(conform_kinds[i].name);
		assert_non_null(conform_kinds[i].covers);
		assert_non_null(conform_kinds[i].compared);
	}
}

#define LIST_BOXED(list, f)	list_test(list, &(struct CMUnitTest)BOXED(f))

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, every_recording_conforms_to_the_model_of_its_kernel, folders);
	LIST_ROWS(&list, a_recording_with_one_lie_has_exactly_that_difference, lies);
	LIST_BOXED(&list, a_copy_without_a_lie_agrees);
	LIST_BOXED(&list, a_splat_in_another_function_differs);
	LIST_BOXED(&list, a_recording_without_its_DONE_line_is_inconclusive);
	LIST_BOXED(&list, a_reconstructed_recording_is_inconclusive);
	LIST_BOXED(&list, a_difference_outweighs_a_missing_end);
	LIST_BOXED(&list, nothing_is_modelled_after_a_command_that_is_not);
	LIST_BOXED(&list, a_kernel_without_a_model_is_unmodelled);
	LIST_BOXED(&list, a_line_that_repeats_is_no_observation);
	LIST_TEST(&list, a_register_of_a_device_is_input_until_it_has_been_read);
	LIST_TEST(&list, a_frame_is_bound_to_one_page);
	LIST_TEST(&list, a_freed_frame_may_come_back_as_another_page);
	LIST_TEST(&list, every_kind_has_its_row);
	return list_run(&list, "conform");
}
