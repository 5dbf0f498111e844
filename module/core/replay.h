/* SPDX-License-Identifier: GPL-2.0 */
/* The sliding window against replays (RFC 6479), 8192 - 64 counters wide. */
#ifndef _MYTUN_CORE_REPLAY_H
#define _MYTUN_CORE_REPLAY_H

#include <linux/types.h>

#include "wire.h"

/**
 * struct replay_window - counters that have been seen
 * @greatest: one more than the greatest counter accepted; 0: none yet
 * @seen: ring of bits, one for each counter
 */
struct replay_window {
	u64 greatest;
	unsigned long seen[REPLAY_WINDOW_BITS / BITS_PER_LONG];
};

/**
 * replay_init() - forget everything
 * @window: window
 */
void replay_init(struct replay_window *window);

/**
 * replay_accept() - is this counter new? If so, remember it
 * @window: window; the caller serialises
 * @counter: of an authenticated message
 *
 * Return: false when it was seen before, is older than the window, or is not below
 * REJECT_AFTER_MESSAGES.
 */
bool __must_check replay_accept(struct replay_window *window, u64 counter);

#endif /* _MYTUN_CORE_REPLAY_H */
