/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_MINMAX_H
#define _SHIM_LINUX_MINMAX_H

#include <linux/build_bug.h>

/* As the kernel's, these refuse operands of two types (comparing the pointers warns). */
#define __shim_pick(x, op, y)                                                                      \
	__extension__({                                                                            \
		__typeof__(x) __x = (x);                                                           \
		__typeof__(y) __y = (y);                                                           \
		(void)(&__x == &__y);                                                              \
		__x op __y ? __x : __y;                                                            \
	})

#define min(x, y) __shim_pick(x, <, y)
#define max(x, y) __shim_pick(x, >, y)
#define min_t(type, x, y) __shim_pick((type)(x), <, (type)(y))
#define max_t(type, x, y) __shim_pick((type)(x), >, (type)(y))
#define clamp(val, lo, hi) min(max(val, lo), hi)
#define clamp_t(type, val, lo, hi) min_t(type, max_t(type, val, lo), hi)

#define swap(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) __tmp = (a);                                                         \
		(a) = (b);                                                                         \
		(b) = __tmp;                                                                       \
	} while (0)

#endif /* _SHIM_LINUX_MINMAX_H */
