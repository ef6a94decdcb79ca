/* SPDX-License-Identifier: GPL-2.0-only */
/* errno_word.c: what a trace calls an error number. */
#include "sim/event.h"

const char *errno_word(s32 error)
{
	static const struct { s32 number; const char *word; } words[] = {
		{ 0, "ok" }, { -2, "enoent" }, { -4, "eintr" }, { -5, "eio" }, { -9, "ebadf" },
		{ -11, "eagain" }, { -12, "enomem" }, { -13, "eacces" }, { -14, "efault" },
		{ -16, "ebusy" },
		{ -17, "eexist" }, { -19, "enodev" }, { -22, "einval" }, { -25, "enotty" },
		{ -28, "enospc" },
		{ -38, "enosys" }, { -95, "eopnotsupp" }, { -133, "hwpoison" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].number == error)
			return words[i].word;
	return "error";
}
