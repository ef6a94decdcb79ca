/* SPDX-License-Identifier: GPL-2.0-only */
/* utf8.h: what of a string is UTF-8. Names of files are bytes; what others read must not be. */
#pragma once

#include <stddef.h>

#define UTF8_REPLACEMENT	"\xef\xbf\xbd"

/* Bytes of the sequence at @string, 0 if it is none (RFC 3629: no surrogates, no overlong). */
size_t utf8_length_at(const char *string);
/* Drops a sequence that a limit has cut at the end of @string. */
void utf8_drop_half(char *string);
