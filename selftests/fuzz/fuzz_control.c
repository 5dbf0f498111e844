// SPDX-License-Identifier: GPL-2.0
/* Any bytes at all as a capability message: no byte too many is read, and what is made of it. */
#include <stdlib.h>
#include <string.h>

#include <linux/bug.h>
#include <linux/unaligned.h>

#include "control.h"
#include "fuzz.h"

/* Said once more, in other words: the last value of that type, NULL when there is none. */
static const u8 *find(const u8 *msg, size_t size, u8 type, bool *fits)
{
	const u8 *found = NULL;
	size_t i = 1;

	*fits = true;
	while (i < size && msg[i]) {
		if (i + 1 == size || i + 2 + msg[i + 1] > size) {
			*fits = false;
			return NULL;
		}
		if (msg[i] == type)
			found = msg + i + 1;
		i += 2 + msg[i + 1];
	}
	return found;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	enum capabilities_verdict verdict;
	const u8 *version, *aeads, *heard;
	struct capabilities caps;
	bool fits;
	u8 *msg;

	if (!size)
		return 0;
	msg = malloc(size);	/* of this size, for ASan */
	memcpy(msg, data, size);
	verdict = capabilities_read(&caps, msg, size);
	version = find(msg, size, 1, &fits);
	aeads = find(msg, size, 2, &fits);
	heard = find(msg, size, 3, &fits);
	if (!fits)
		WARN_ON(verdict != CAPABILITIES_BAD);
	if (verdict != CAPABILITIES_BAD) {
		WARN_ON(!version || !version[0] || !version[1]);
		WARN_ON(caps.heard != !!heard);
		WARN_ON(aeads ? caps.aeads != get_unaligned_le32(aeads + 1) : caps.aeads);
	}
	free(msg);
	return 0;
}
