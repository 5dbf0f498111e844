// SPDX-License-Identifier: GPL-2.0
/* What the shim headers need at run time. */
#include <stdio.h>
#include <stdlib.h>

#include <linux/bug.h>
#include <linux/string.h>

void shim_bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

void *memchr_inv(const void *s, int c, size_t n)
{
	const unsigned char *p = s;

	for (; n; p++, n--)
		if (*p != (unsigned char)c)
			return (void *)p;
	return NULL;
}
