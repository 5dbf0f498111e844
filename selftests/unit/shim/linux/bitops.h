/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_BITOPS_H
#define _SHIM_LINUX_BITOPS_H

#include <linux/bits.h>
#include <linux/types.h>

/* The position of the most significant bit set, from 1; 0 for 0. */
static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline unsigned int hweight8(u8 x)
{
	return __builtin_popcount(x);
}

static inline unsigned int hweight32(u32 x)
{
	return __builtin_popcount(x);
}

static inline unsigned int hweight64(u64 x)
{
	return __builtin_popcountll(x);
}

static inline u32 rol32(u32 x, unsigned int by)
{
	return x << (by & 31) | x >> (-by & 31);
}

static inline u64 rol64(u64 x, unsigned int by)
{
	return x << (by & 63) | x >> (-by & 63);
}

#endif /* _SHIM_LINUX_BITOPS_H */
