// SPDX-License-Identifier: GPL-2.0
/* One timer for each peer, set by core/session_policy; see timers.h. */
#include <linux/bitops.h>
#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/ktime.h>

#include "peer.h"
#include "timers.h"

/*
 * A timer fires by an eighth of its time late. One that is set already does if it will not be later
 * than one that was set now: it fires, finds nothing due, and is set again, which costs less than
 * to set it whenever a deadline moves. Both are told in jiffies, which stand still while the
 * machine sleeps, as the timer's clock does; that of the deadlines goes on.
 */
static void timers_arm(struct mytun_timers *timers, u64 now_ns)
{
	unsigned long sleep;
	u32 latest;

	lockdep_assert_held(&timers->lock);
	if (!timers->running || !session_policy_next(&timers->state))
		return;
	sleep = 1 + nsecs_to_jiffies(session_policy_sleep(&timers->state, now_ns));
	latest = (u32)(jiffies + sleep + sleep / 8);
	if (timer_pending(&timers->timer) && (s32)(timers->latest - latest) <= 0)
		return;
	timers->latest = latest;
	mod_timer(&timers->timer, jiffies + sleep);
}

static void timers_expired(struct timer_list *timer)
{
	struct mytun_peer *peer = container_of(timer, struct mytun_peer, timers.timer);
	u64 now_ns = ktime_get_coarse_boottime_ns();
	struct mytun_timers *timers = &peer->timers;
	u32 actions = 0;

	spin_lock_bh(&timers->lock);
	if (timers->running)
		actions = session_policy_expire(&timers->state, now_ns, get_random_u32());
	timers_arm(timers, now_ns);
	spin_unlock_bh(&timers->lock);
	if (actions)
		peer->device->upcalls->act(peer, actions);
}

void mytun_timers_peer_init(struct mytun_peer *peer)
{
	spin_lock_init(&peer->timers.lock);
	session_policy_init(&peer->timers.state);
	timer_setup(&peer->timers.timer, timers_expired, 0);
}

/**
 * mytun_timers_start() - the device is up: deadlines may be set from now on
 * @peer: peer
 */
void mytun_timers_start(struct mytun_peer *peer)
{
	spin_lock_bh(&peer->timers.lock);
	WRITE_ONCE(peer->timers.running, true);
	spin_unlock_bh(&peer->timers.lock);
}

/**
 * mytun_timers_stop() - wait for nothing any longer
 * @peer: peer
 *
 * Context: may sleep.
 */
void mytun_timers_stop(struct mytun_peer *peer)
{
	struct mytun_timers *timers = &peer->timers;

	spin_lock_bh(&timers->lock);
	WRITE_ONCE(timers->running, false);
	session_policy_stop(&timers->state);
	spin_unlock_bh(&timers->lock);
	timer_delete_sync(&timers->timer);
}

/**
 * mytun_timers_shutdown() - as mytun_timers_stop(), for good
 * @peer: peer that is being removed
 *
 * Context: may sleep.
 */
void mytun_timers_shutdown(struct mytun_peer *peer)
{
	mytun_timers_stop(peer);
	timer_shutdown_sync(&peer->timers.timer);
}

/* Only the events that set a deadline with jitter need a random number. */
static u32 event_random(const struct session_state *state, enum session_event event)
{
	bool wanted = event == SESSION_INITIATION_SENT ||
		      (event == SESSION_DATA_SENT && !state->deadline_ns[DEADLINE_NEW_HANDSHAKE]);

	return wanted ? get_random_u32() : 0;
}

/**
 * mytun_timers_events() - tell the policy what happened
 * @peer: peer
 * @events: enum session_event, as bits: none of them has a bearing on another
 *
 * Context: any but hardirq; RCU held or a reference to the peer.
 */
void mytun_timers_events(struct mytun_peer *peer, unsigned long events)
{
	struct mytun_timers *timers = &peer->timers;
	u64 now_ns = ktime_get_coarse_boottime_ns();
	u32 actions = 0;
	int event;

	/* A deadline of two words cannot be read without the lock */
	if (IS_ENABLED(CONFIG_64BIT) &&
	    session_policy_unmoved(&timers->state, events, now_ns))
		return;
	spin_lock_bh(&timers->lock);
	if (timers->running) {
		for_each_set_bit(event, &events, SESSION_EVENT_COUNT)
			actions |= session_policy_event(&timers->state, event, now_ns,
							event_random(&timers->state, event));
		timers_arm(timers, now_ns);
	}
	spin_unlock_bh(&timers->lock);
	if (actions)
		peer->device->upcalls->act(peer, actions);
}

/**
 * mytun_timers_event() - tell the policy that one thing happened
 * @peer: peer
 * @event: what
 *
 * Context: any but hardirq; RCU held or a reference to the peer.
 */
void mytun_timers_event(struct mytun_peer *peer, enum session_event event)
{
	mytun_timers_events(peer, BIT(event));
}

/**
 * mytun_timers_fresh_handshake() - somebody wants a handshake that is not a retry
 * @peer: peer
 *
 * The attempts start anew, unless a handshake is being tried already: traffic that goes
 * on must not keep a dead peer from being given up.
 */
void mytun_timers_fresh_handshake(struct mytun_peer *peer)
{
	struct mytun_timers *timers = &peer->timers;

	spin_lock_bh(&timers->lock);
	if (!timers->state.deadline_ns[DEADLINE_RETRANSMIT])
		session_policy_fresh_handshake(&timers->state);
	spin_unlock_bh(&timers->lock);
}

/**
 * mytun_timers_set_persistent() - change the persistent keepalive's interval
 * @peer: peer
 * @seconds: interval, 0: off
 *
 * Return: true when a keepalive is to be sent at once.
 */
bool mytun_timers_set_persistent(struct mytun_peer *peer, u16 seconds)
{
	struct mytun_timers *timers = &peer->timers;
	u64 now_ns = ktime_get_coarse_boottime_ns();
	u32 actions;

	spin_lock_bh(&timers->lock);
	actions = session_policy_set_persistent(&timers->state, seconds, now_ns);
	timers_arm(timers, now_ns);
	spin_unlock_bh(&timers->lock);
	return actions & ACTION_SEND_KEEPALIVE;
}

u16 mytun_timers_get_persistent(const struct mytun_peer *peer)
{
	return READ_ONCE(peer->timers.state.persistent_keepalive_s);
}

/**
 * mytun_timers_running() - is the device up and the peer alive?
 * @peer: peer
 */
bool mytun_timers_running(const struct mytun_peer *peer)
{
	return READ_ONCE(peer->timers.running);
}
