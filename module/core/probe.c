// SPDX-License-Identifier: GPL-2.0
/* Path-MTU probes: a type byte, what it is, the size that came, and a number. */
#include <linux/minmax.h>
#include <linux/unaligned.h>

#include "control.h"
#include "probe.h"

enum probe_kind {
	KIND_PROBE = 1,
	KIND_ANSWER = 2,
};

/* Where the fields are: u8, u8, le16, le32. */
enum {
	AT_TYPE = 0,
	AT_KIND = 1,
	AT_SIZE = 2,
	AT_ID = 4,
};

void probe_write(u8 to[PROBE_LEN], const struct probe *probe)
{
	to[AT_TYPE] = CONTROL_PROBE;
	to[AT_KIND] = probe->answer ? KIND_ANSWER : KIND_PROBE;
	put_unaligned_le16(probe->answer ? probe->size : 0, to + AT_SIZE);
	put_unaligned_le32(probe->id, to + AT_ID);
}

bool probe_begin(struct probe_state *state, u32 id, u16 size, u64 now_ns)
{
	if (now_ns < state->may_send_ns)
		return false;
	state->may_send_ns = now_ns + PROBE_INTERVAL_NS;
	state->expected = true;
	state->id = id;
	state->size = size;
	return true;
}

/* A bucket of PROBE_BURST answers, kept as the time at which it will be full. */
static bool may_answer(struct probe_state *state, u64 now_ns)
{
	u64 quiet_ns = max(state->quiet_ns, now_ns);

	if (quiet_ns - now_ns > (PROBE_BURST - 1) * PROBE_INTERVAL_NS)
		return false;
	state->quiet_ns = quiet_ns + PROBE_INTERVAL_NS;
	return true;
}

static bool is_expected(struct probe_state *state, const struct probe *answer)
{
	if (!state->expected || answer->id != state->id || answer->size != state->size)
		return false;
	state->expected = false;
	return true;
}

enum probe_verdict probe_receive(struct probe_state *state, struct probe *probe, const u8 *msg,
				 size_t len, u64 now_ns)
{
	if (len < PROBE_LEN)
		return PROBE_BAD;
	probe->answer = true;
	probe->id = get_unaligned_le32(msg + AT_ID);
	switch (msg[AT_KIND]) {
	case KIND_PROBE:
		/* No answer is longer than what it answers. */
		if (len < PROBE_MIN_SIZE || len > PROBE_MAX_SIZE || !may_answer(state, now_ns))
			return PROBE_BAD;
		probe->size = len;
		return PROBE_TO_ANSWER;
	case KIND_ANSWER:
		probe->size = get_unaligned_le16(msg + AT_SIZE);
		return is_expected(state, probe) ? PROBE_ANSWERED : PROBE_BAD;
	default:
		return PROBE_BAD;
	}
}
