/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_UNALIGNED_H
#define _SHIM_LINUX_UNALIGNED_H

#include <linux/string.h>
#include <linux/types.h>
#include <asm/byteorder.h>

#define __SHIM_UNALIGNED(end, bits)                                                                \
	static inline u##bits get_unaligned_##end##bits(const void *p)                             \
	{                                                                                          \
		__##end##bits v;                                                                   \
		memcpy(&v, p, sizeof(v));                                                          \
		return end##bits##_to_cpu(v);                                                      \
	}                                                                                          \
	static inline void put_unaligned_##end##bits(u##bits val, void *p)                         \
	{                                                                                          \
		__##end##bits v = cpu_to_##end##bits(val);                                         \
		memcpy(p, &v, sizeof(v));                                                          \
	}

__SHIM_UNALIGNED(le, 16)
__SHIM_UNALIGNED(le, 32)
__SHIM_UNALIGNED(le, 64)
__SHIM_UNALIGNED(be, 16)
__SHIM_UNALIGNED(be, 32)
__SHIM_UNALIGNED(be, 64)

#endif /* _SHIM_LINUX_UNALIGNED_H */
