/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_STRING_H
#define _SHIM_LINUX_STRING_H

#include <string.h>
#include <linux/types.h>

static inline void memzero_explicit(void *s, size_t count)
{
	explicit_bzero(s, count);
}

void *memchr_inv(const void *s, int c, size_t n);

#endif /* _SHIM_LINUX_STRING_H */
