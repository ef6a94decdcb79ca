/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base.h: numbers that must not mix, and every limit in one place.
 *
 * Linux: include/linux/kvm_types.h (gfn_t, gpa_t, hva_t, kvm_pfn_t).
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef u64 gpa_t;	/* guest physical address, bytes */
typedef u64 gfn_t;	/* guest frame number */
typedef u64 hva_t;	/* host user virtual address, bytes */
typedef u64 pfn_t;	/* host page frame number, or one of KVM's error pfns (kvm.h) */

#define PAGE_SHIFT	12
#define PAGE_SIZE	((u64)1 << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))

#define BIT(n)		((u64)1 << (n))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
