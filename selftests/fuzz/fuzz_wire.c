// SPDX-License-Identifier: GPL-2.0
/* Any bytes at all: which message they are, and that no byte too many is looked at. */
#include <stdlib.h>
#include <string.h>

#include <linux/bug.h>
#include <linux/unaligned.h>

#include "fuzz.h"
#include "wire.h"

enum { LINEAR = 16 };	/* message_classify() may look at so much */

/* Said once more, in other words. */
static enum message_type expected(const u8 *data, size_t size)
{
	static const size_t lengths[] = { 0, 148, 92, 64 };

	if (size < 32 || data[2] || data[3] || !data[0] || data[0] > 4)
		return MESSAGE_INVALID;
	/* data may be sealed with AES-256-GCM */
	if (data[1] && (data[1] != 1 || data[0] != 4))
		return MESSAGE_INVALID;
	if (data[0] < 4 && size != lengths[data[0]])
		return MESSAGE_INVALID;
	return data[0];
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	size_t linear = size < LINEAR ? size : LINEAR;
	u8 *copy = malloc(linear);	/* of this size, for ASan */

	if (linear)
		memcpy(copy, data, linear);
	WARN_ON(message_classify(copy, size) != expected(data, size));
	free(copy);
	return 0;
}
