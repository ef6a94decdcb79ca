/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * errno.h: what the simulated kernel returns, negative; the numbers of x86, whatever the host is.
 *
 * Linux: include/uapi/asm-generic/errno-base.h, errno.h.
 */
#pragma once

#define ENOENT		2
#define EINTR		4
#define EIO		5
#define EBADF		9
#define EAGAIN		11
#define ENOMEM		12
#define EACCES		13
#define EFAULT		14
#define EBUSY		16
#define EEXIST		17
#define ENODEV		19
#define EINVAL		22
#define ENOTTY		25
#define EFBIG		27
#define ENOSPC		28
#define ENOSYS		38
#define EOPNOTSUPP	95
#define EREMOTEIO	121
#define EHWPOISON	133
