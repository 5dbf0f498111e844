/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Path-MTU probes: control messages of a chosen size, and their answers, which are short and
 * name the size that came (docs/wire-format.md). What is kept of them is one
 * struct probe_state for each peer, however many are sent or come.
 */
#ifndef _MYTUN_CORE_PROBE_H
#define _MYTUN_CORE_PROBE_H

#include <linux/types.h>

enum {
	PROBE_LEN = 8,			/* what a probe begins with, and all of an answer */
	PROBE_MIN_SIZE = 68,		/* bytes of plaintext: the least MTU of IPv4 */
	PROBE_MAX_SIZE = 16384,		/* more than common links take */
	PROBE_BURST = 8,		/* answers at once, when there were none for a while */
};

/* Between two probes that are sent, and between two answers in the long run. */
#define PROBE_INTERVAL_NS 50000000ULL

/**
 * struct probe - a probe or an answer
 * @answer: which of the two
 * @size: of an answer: bytes of the probe's plaintext, as they came
 * @id: whoever sends a probe chooses it at random; the answer has the same
 */
struct probe {
	bool answer;
	u16 size;
	u32 id;
};

/**
 * struct probe_state - what is known of probes to a peer and from it
 * @expected: an answer to the last probe that was sent has not come yet
 * @size: of that probe
 * @id: of that probe
 * @may_send_ns: no probe before this time
 * @quiet_ns: from then on %PROBE_BURST answers may leave at once
 *
 * All zero to begin with. The caller sees to it that nobody else has it at a time.
 */
struct probe_state {
	bool expected;
	u16 size;
	u32 id;
	u64 may_send_ns;
	u64 quiet_ns;
};

/**
 * enum probe_verdict - what probe_receive() makes of a message
 * @PROBE_BAD: not understood, or not wanted
 * @PROBE_TO_ANSWER: a probe, to be answered
 * @PROBE_ANSWERED: the answer to the last probe, the first that came
 */
enum probe_verdict {
	PROBE_BAD,
	PROBE_TO_ANSWER,
	PROBE_ANSWERED,
};

/**
 * probe_write() - make the beginning of a probe, or an answer
 * @to: gets it; zeroes follow in a probe
 * @probe: what to say
 */
void probe_write(u8 to[PROBE_LEN], const struct probe *probe);

/**
 * probe_begin() - a probe is about to be sent
 * @state: of the peer
 * @id: chosen
 * @size: bytes of plaintext, %PROBE_MIN_SIZE to %PROBE_MAX_SIZE
 * @now_ns: any clock that does not go back
 *
 * Return: false when it is too soon after the last one; else its answer is the one expected.
 */
bool __must_check probe_begin(struct probe_state *state, u32 id, u16 size, u64 now_ns);

/**
 * probe_receive() - take a probe or an answer
 * @state: of the peer
 * @probe: for %PROBE_TO_ANSWER what to answer; for %PROBE_ANSWERED what came
 * @msg: first bytes of the plaintext, at least %PROBE_LEN if @len says so
 * @len: of the plaintext
 * @now_ns: as for probe_begin()
 */
enum probe_verdict __must_check probe_receive(struct probe_state *state, struct probe *probe,
					      const u8 *msg, size_t len, u64 now_ns);

#endif /* _MYTUN_CORE_PROBE_H */
