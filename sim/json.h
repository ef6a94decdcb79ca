/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json.h: reports as JSON, one object a line.
 *
 * The order of calls is the order of output. A string that is not UTF-8 is written with U+FFFD
 * for each byte that does not belong. A key outside an object, or a value without its key, is our
 * bug and asserts.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json;

/* Writes to @file, which stays the caller's. */
struct json *json_begin(FILE *file);
/* Ends the document; false if a write failed. */
bool json_end(struct json *json);
void json_object_begin(struct json *json);
void json_object_end(struct json *json);
/* Of objects. */
void json_array_begin(struct json *json);
void json_array_end(struct json *json);
void json_key(struct json *json, const char *key);
/* A newline; what comes next is a new document. */
void json_line_end(struct json *json);

/* A key and its value. */
void json_string_at(struct json *json, const char *key, const char *string);
void json_number_at(struct json *json, const char *key, int64_t number);
void json_bool_at(struct json *json, const char *key, bool value);
