/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/utf8.h"

#include <string.h>

size_t utf8_length_at(const char *string)
{
	static const struct {
		unsigned char from, to, second_from, second_to;
		size_t length;
	} rows[] = {
		{ 0x01, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const unsigned char *text = (const unsigned char *)string;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (*text < rows[i].from || *text > rows[i].to)
			continue;
		if (rows[i].length == 1)
			return 1;
		if (text[1] < rows[i].second_from || text[1] > rows[i].second_to)
			return 0;
		for (size_t n = 2; n < rows[i].length; n++)
			if ((text[n] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

void utf8_drop_half(char *string)
{
	size_t at = strlen(string);

	while (at && (string[at - 1] & 0xc0) == 0x80)
		at--;
	if (at && (string[at - 1] & 0x80) && !utf8_length_at(&string[at - 1]))
		string[at - 1] = '\0';
}
