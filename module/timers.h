/* SPDX-License-Identifier: GPL-2.0 */
/* One timer for each peer, set by core/session_policy; sends nothing itself. */
#ifndef _MYTUN_TIMERS_H
#define _MYTUN_TIMERS_H

#include <linux/spinlock.h>
#include <linux/timer.h>

#include "core/session_policy.h"
#include "mytun.h"

/**
 * struct mytun_timers - the timer part of a peer
 * @lock: protects the rest; taken with BH off, innermost
 * @state: deadlines
 * @timer: fires about when the earliest deadline is, or on the way there
 * @latest: when @timer fires at the latest, the lower half of jiffies; while it is pending
 * @running: the device is up and the peer alive: deadlines may be set
 */
struct mytun_timers {
	spinlock_t lock;
	struct session_state state;
	struct timer_list timer;
	u32 latest;
	bool running;
};

void mytun_timers_peer_init(struct mytun_peer *peer);
void mytun_timers_start(struct mytun_peer *peer);
void mytun_timers_stop(struct mytun_peer *peer);
void mytun_timers_shutdown(struct mytun_peer *peer);
void mytun_timers_event(struct mytun_peer *peer, enum session_event event);
void mytun_timers_events(struct mytun_peer *peer, unsigned long events);
void mytun_timers_fresh_handshake(struct mytun_peer *peer);
bool mytun_timers_set_persistent(struct mytun_peer *peer, u16 seconds);
u16 mytun_timers_get_persistent(const struct mytun_peer *peer);
bool mytun_timers_running(const struct mytun_peer *peer);

#endif /* _MYTUN_TIMERS_H */
