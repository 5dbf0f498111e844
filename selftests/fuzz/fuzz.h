/* SPDX-License-Identifier: GPL-2.0 */
/* An input is read from its start, byte by byte; what is missing is zero. */
#ifndef _FUZZ_H
#define _FUZZ_H

#include <stddef.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/**
 * struct fuzz_input - what is left of an input
 * @data: next byte
 * @size: how many there are
 */
struct fuzz_input {
	const unsigned char *data;
	size_t size;
};

static inline unsigned char fuzz_byte(struct fuzz_input *in)
{
	if (!in->size)
		return 0;
	in->size--;
	return *in->data++;
}

#endif /* _FUZZ_H */
