// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each recording in which the guest kernel died, hung or warned (traces/ends, and those of
 * traces/recorded whose log was read) is matched by the model's own BUG, oops, endless loop or
 * WARN, at that command; and one that ends otherwise is not.
 */
#define _GNU_SOURCE
#include "tests/recording_box.h"

#include "sim/conform.h"
#include "tests/support.h"

static const struct end {
	const char *name;
	const char *seen[3];		/* of kind end; ends with NULL */
	unsigned lost;			/* registers that nobody has read before, somebody's page */
} ends[] = {
	{ "6.8/api_atomic_async", { "kvm atomicasync 0x200000 write=1: bug" }, 0 },
	{ "v11-npt0/pfnmap_phys_mmio", { "lab zap 0 0 1: oops" }, 1 },
	{ "v11-npt0/slotdel_bar", { "lab zap 0 0 1: oops" }, 0 },
	{ "v11-on-v6.8/ksm_merge", { "exit: hang", "exit: bad rss" }, 1 },
	{ "v11-on-v6.8/stale_other_memfd_race", { "exit: hang" }, 0 },
};

static void conform_to(const char *path, struct conform *result)
{
	struct conform_options options = { .keep_all = true };
	struct recording recording;
	struct error error = { .line = 0 };

	if (!recording_read(path, &recording, &error))
		fail_msg("%s", error.text);
	conform_run(&recording, &options, result);
	recording_free(&recording);
}

static void the_kernel_ends_as_recorded(void **state)
{
	const struct end *end = *state;
	struct conform result;
	char path[300];
	size_t n = 0;

	snprintf(path, sizeof(path), "%.200s/ends/%s", traces(), end->name);

	conform_to(path, &result);

	for (size_t i = 0; i < result.nr_seen; i++) {
		if (result.seen[i].kind != CONFORM_END)
			continue;
		assert_non_null(end->seen[n]);
		assert_string_equal(result.seen[i].recorded, end->seen[n]);
		assert_string_equal(result.seen[i].model, end->seen[n++]);
	}
	assert_null(end->seen[n]);
	assert_int_equal(conform_count(&result, CONFORM_DIFFER), 0);
	assert_int_equal(conform_count(&result, CONFORM_UNMODELLED), end->lost);
	assert_int_equal(conform_exit_code(&result), 0);
	conform_free(&result);
}

#define HUNG_HEAD	"# kernel 6.1.0-1 scenario x\n# RECONSTRUCTED FROM SERIAL\n" \
		"vcpu0 boot: HLT eax=0x0\nvcpu1 boot: HLT eax=0x0\n[ 1] sleep 1 => OK\n"

static void a_death_that_the_model_does_not_die_differs(void **state)
{
	struct box *box = *state;
	struct conform result;

	box_write(box, "6.1", ".cmd", "sleep 1\nsleep 2\n");
	box_write(box, "6.1", ".out", HUNG_HEAD "[    2.1] kernel BUG at mm/slub.c:1!\n");

	conform_to(box->path, &result);

	assert_int_equal(result.kind[CONFORM_END].of[CONFORM_DIFFER], 1);
	assert_int_equal(conform_exit_code(&result), 1);
	conform_free(&result);
}

static void a_hang_after_the_last_command_that_the_model_has_not_differs(void **state)
{
	struct box *box = *state;
	struct conform result;

	box_write(box, "6.1", ".cmd", "sleep 1\n");
	box_write(box, "6.1", ".out", HUNG_HEAD "DONE 1 commands\n"
		  "[   23.7] rcu: INFO: rcu_preempt self-detected stall on CPU\n");

	conform_to(box->path, &result);

	assert_int_equal(result.kind[CONFORM_END].of[CONFORM_DIFFER], 1);
	conform_free(&result);
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, the_kernel_ends_as_recorded, ends);
	list_test(&list, &(struct CMUnitTest)BOXED(a_death_that_the_model_does_not_die_differs));
	list_test(&list, &(struct CMUnitTest)BOXED(
			  a_hang_after_the_last_command_that_the_model_has_not_differs));
	return list_run(&list, "ends");
}
