// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes at all as a capability message, or behind 0xf3 as a probe or an answer: no byte too
 * many is read, and what is made of it.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/bug.h>
#include <linux/unaligned.h>

#include "control.h"
#include "fuzz.h"
#include "probe.h"

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

static void take_capabilities(const u8 *msg, size_t size)
{
	enum capabilities_verdict verdict;
	const u8 *version, *aeads, *heard, *probes;
	struct capabilities caps;
	bool fits;

	verdict = capabilities_read(&caps, msg, size);
	version = find(msg, size, 1, &fits);
	aeads = find(msg, size, 2, &fits);
	heard = find(msg, size, 3, &fits);
	probes = find(msg, size, 4, &fits);
	if (!fits)
		WARN_ON(verdict != CAPABILITIES_BAD);
	if (verdict != CAPABILITIES_BAD) {
		WARN_ON(!version || !version[0] || !version[1]);
		WARN_ON(caps.heard != !!heard);
		WARN_ON(caps.probes != !!probes);
		WARN_ON(aeads ? caps.aeads != get_unaligned_le32(aeads + 1) : caps.aeads);
	}
}

/* An answer to the probe of id 1 and size 1420 is waited for, and to no other. */
static void take_probe(const u8 *msg, size_t size)
{
	static const u8 wanted[] = { 2, 0x8c, 0x05, 1, 0, 0, 0 };
	struct probe_state state = { .expected = true, .id = 1, .size = 1420 };
	enum probe_verdict verdict;
	struct probe probe;
	u8 answer[PROBE_LEN];

	verdict = probe_receive(&state, &probe, msg, size, 0);
	if (verdict == PROBE_TO_ANSWER) {
		WARN_ON(msg[1] != 1 || size < sizeof(answer) || probe.size != size);
		probe_write(answer, &probe);
		WARN_ON(answer[1] != 2 || memcmp(answer + 4, msg + 4, 4));
	}
	WARN_ON((verdict == PROBE_ANSWERED) !=
		(size >= PROBE_LEN && !memcmp(msg + 1, wanted, sizeof(wanted))));
	WARN_ON(state.expected == (verdict == PROBE_ANSWERED));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	u8 *msg;

	if (!size)
		return 0;
	msg = malloc(size);	/* of this size, for ASan */
	memcpy(msg, data, size);
	if (msg[0] == CONTROL_PROBE)
		take_probe(msg, size);
	else
		take_capabilities(msg, size);
	free(msg);
	return 0;
}
