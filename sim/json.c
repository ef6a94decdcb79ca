/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_gen.h>

#include "sim/utf8.h"

struct json {
	yajl_gen gen;
	FILE *file;
	bool failed;
};

static void print(void *context, const char *text, size_t length)
{
	struct json *json = context;

	if (fwrite(text, 1, length, json->file) != length)
		json->failed = true;
}

static void must(yajl_gen_status status)
{
	assert(status == yajl_gen_status_ok || status == yajl_gen_generation_complete);
	(void)status;
}

struct json *json_begin(FILE *file)
{
	struct json *json = calloc(1, sizeof(*json));

	if (!json)
		abort();
	json->file = file;
	json->gen = yajl_gen_alloc(NULL);
	if (!json->gen)
		abort();
	yajl_gen_config(json->gen, yajl_gen_print_callback, print, json);
	return json;
}

bool json_end(struct json *json)
{
	bool ok = !json->failed;

	yajl_gen_free(json->gen);
	free(json);
	return ok;
}

void json_object_begin(struct json *json)
{
	must(yajl_gen_map_open(json->gen));
}

void json_object_end(struct json *json)
{
	must(yajl_gen_map_close(json->gen));
}

void json_array_begin(struct json *json)
{
	must(yajl_gen_array_open(json->gen));
}

void json_array_end(struct json *json)
{
	must(yajl_gen_array_close(json->gen));
}

/* A copy with U+FFFD for each byte that is not UTF-8. */
static char *as_utf8(const char *string)
{
	char *copy = malloc(3 * strlen(string) + 1), *to = copy;

	if (!copy)
		abort();
	while (*string) {
		size_t length = utf8_length_at(string);

		memcpy(to, length ? string : UTF8_REPLACEMENT, length ? length : 3);
		to += length ? length : 3;
		string += length ? length : 1;
	}
	*to = '\0';
	return copy;
}

static void json_string(struct json *json, const char *string)
{
	char *copy;

	if (!string) {
		must(yajl_gen_null(json->gen));
		return;
	}
	copy = as_utf8(string);
	must(yajl_gen_string(json->gen, (const unsigned char *)copy, strlen(copy)));
	free(copy);
}

void json_key(struct json *json, const char *key)
{
	assert(key);
	json_string(json, key);
}

static void json_number(struct json *json, int64_t number)
{
	must(yajl_gen_integer(json->gen, number));
}

static void json_bool(struct json *json, bool value)
{
	must(yajl_gen_bool(json->gen, value));
}

void json_line_end(struct json *json)
{
	print(json, "\n", 1);
	yajl_gen_reset(json->gen, NULL);
}

void json_string_at(struct json *json, const char *key, const char *string)
{
	json_key(json, key);
	json_string(json, string);
}

void json_number_at(struct json *json, const char *key, int64_t number)
{
	json_key(json, key);
	json_number(json, number);
}

void json_bool_at(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}
