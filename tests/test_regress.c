/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_regress.c: what fuzzing has found: the least scripts in which model and kernel once differed
 * (docs/FUZZING.md).
 */
#define _GNU_SOURCE
#include "tests/recording_box.h"

#include <dirent.h>

#include "sim/conform.h"
#include "tests/support.h"

static const char *regress(void)
{
	static char path[400];

	snprintf(path, sizeof(path), "%.300s/regress", getenv("PFNSIM_TRACES"));
	return path;
}

static void expect_conformity(const char *path)
{
	struct conform_options options = { .keep_all = false };
	struct error error = { .line = 0 };
	struct recording recording;
	struct conform result;

	assert_true(recording_read(path, &recording, &error));
	conform_run(&recording, &options, &result);
	if (conform_count(&result, CONFORM_DIFFER))
		print_error("%s differs\n", path);
	assert_int_equal(conform_count(&result, CONFORM_DIFFER), 0);
	assert_true(conform_count(&result, CONFORM_AGREE) > 0);
	conform_free(&result);
	recording_free(&recording);
}

static unsigned expect_conformity_of_all(const char *folder)
{
	struct error error = { .line = 0 };
	char **list = recording_list(folder, &error);
	unsigned n = 0;

	assert_non_null(list);
	for (; list[n]; n++)
		expect_conformity(list[n]);
	recording_list_free(list);
	return n;
}

static void what_fuzzing_has_found_conforms(void **state)
{
	DIR *folder = opendir(regress());
	struct dirent *entry;
	char path[700];
	unsigned n = 0;

	(void)state;
#ifndef HAVE_ZSTD
	skip();
#endif
	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		snprintf(path, sizeof(path), "%s/%s", regress(), entry->d_name);
		if (*entry->d_name != '.')
			n += expect_conformity_of_all(path);
	}
	closedir(folder);
	assert_true(n > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fuzzing_has_found_conforms),
	};

	return cmocka_run_group_tests_name("regress", tests, NULL, NULL);
}
