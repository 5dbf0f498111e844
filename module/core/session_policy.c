// SPDX-License-Identifier: GPL-2.0
/* The timers of a session (the paper, section 6) as one table of deadlines. */
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "session_policy.h"

/*
 * Initiations leave every REKEY_TIMEOUT, the first before any retry was counted: so that
 * the attempt ends REKEY_ATTEMPT_TIME after the first, one less than their number is retried.
 */
enum { MAX_RETRIES = MAX_HANDSHAKE_ATTEMPTS - 1 };

static u64 seconds_ns(u64 seconds)
{
	return seconds * NSEC_PER_SEC;
}

/* A share of REKEY_TIMEOUT_JITTER_MS, its end included. */
static u64 jitter_ns(u32 random)
{
	return (((u64)random * (REKEY_TIMEOUT_JITTER_MS + 1)) >> 32) * NSEC_PER_MSEC;
}

/* Marked, like what changes them, for session_policy_unmoved(). */
static u64 deadline(const struct session_state *s, enum session_deadline d)
{
	return READ_ONCE(s->deadline_ns[d]);
}

static bool armed(const struct session_state *s, enum session_deadline d)
{
	return deadline(s, d);
}

static void arm(struct session_state *s, enum session_deadline d, u64 deadline_ns)
{
	WRITE_ONCE(s->deadline_ns[d], deadline_ns);
}

static void disarm(struct session_state *s, enum session_deadline d)
{
	arm(s, d, 0);
}

static void arm_retransmit(struct session_state *s, u64 now_ns, u32 random)
{
	arm(s, DEADLINE_RETRANSMIT, now_ns + seconds_ns(REKEY_TIMEOUT) + jitter_ns(random));
}

static u64 persistent_deadline(const struct session_state *s, u64 now_ns)
{
	u16 seconds = READ_ONCE(s->persistent_keepalive_s);

	return seconds ? now_ns + seconds_ns(seconds) : 0;
}

static void arm_persistent(struct session_state *s, u64 now_ns)
{
	if (s->persistent_keepalive_s)
		arm(s, DEADLINE_PERSISTENT, persistent_deadline(s, now_ns));
}

static void data_sent(struct session_state *s, u64 now_ns, u32 random)
{
	if (!armed(s, DEADLINE_NEW_HANDSHAKE))
		arm(s, DEADLINE_NEW_HANDSHAKE, now_ns + jitter_ns(random) +
		    seconds_ns(KEEPALIVE_TIMEOUT + REKEY_TIMEOUT));
}

static void data_received(struct session_state *s, u64 now_ns)
{
	if (armed(s, DEADLINE_KEEPALIVE))
		WRITE_ONCE(s->need_another_keepalive, true);
	else
		arm(s, DEADLINE_KEEPALIVE, now_ns + seconds_ns(KEEPALIVE_TIMEOUT));
}

void session_policy_init(struct session_state *s)
{
	memset(s, 0, sizeof(*s));
}

u32 session_policy_event(struct session_state *s, enum session_event event, u64 now_ns,
			 u32 random)
{
	switch (event) {
	case SESSION_DATA_SENT:
		data_sent(s, now_ns, random);
		break;
	case SESSION_DATA_RECEIVED:
		data_received(s, now_ns);
		break;
	case SESSION_PACKET_SENT:
		disarm(s, DEADLINE_KEEPALIVE);
		break;
	case SESSION_PACKET_RECEIVED:
		disarm(s, DEADLINE_NEW_HANDSHAKE);
		break;
	case SESSION_INITIATION_SENT:
		arm_retransmit(s, now_ns, random);
		break;
	case SESSION_HANDSHAKE_COMPLETE:
		disarm(s, DEADLINE_RETRANSMIT);
		s->attempts = 0;
		break;
	case SESSION_DERIVED:
		arm(s, DEADLINE_ZERO_KEYS, now_ns + seconds_ns(KEY_ZEROING_TIME));
		break;
	case SESSION_TRAVERSAL:
		arm_persistent(s, now_ns);
		break;
	case SESSION_EVENT_COUNT:
		break;
	}
	return 0;
}

bool session_policy_unmoved(const struct session_state *s, unsigned long events, u64 now_ns)
{
	const unsigned long packets = BIT(SESSION_DATA_SENT) | BIT(SESSION_DATA_RECEIVED) |
				      BIT(SESSION_PACKET_SENT) | BIT(SESSION_PACKET_RECEIVED) |
				      BIT(SESSION_TRAVERSAL);

	if (events & ~packets)
		return false;
	if (events & BIT(SESSION_DATA_SENT) && !armed(s, DEADLINE_NEW_HANDSHAKE))
		return false;
	if (events & BIT(SESSION_DATA_RECEIVED) &&
	    !(armed(s, DEADLINE_KEEPALIVE) && READ_ONCE(s->need_another_keepalive)))
		return false;
	if (events & BIT(SESSION_PACKET_SENT) && armed(s, DEADLINE_KEEPALIVE))
		return false;
	if (events & BIT(SESSION_PACKET_RECEIVED) && armed(s, DEADLINE_NEW_HANDSHAKE))
		return false;
	return !(events & BIT(SESSION_TRAVERSAL)) ||
	       deadline(s, DEADLINE_PERSISTENT) == persistent_deadline(s, now_ns);
}

/* Nobody answers: stop trying. What keys there still are go away in their time. */
static u32 give_up(struct session_state *s, u64 now_ns)
{
	disarm(s, DEADLINE_KEEPALIVE);
	if (!armed(s, DEADLINE_ZERO_KEYS))
		arm(s, DEADLINE_ZERO_KEYS, now_ns + seconds_ns(KEY_ZEROING_TIME));
	return ACTION_DROP_STAGED;
}

/* Armed again here already: a retry that cannot be sent must not be the last one. */
static u32 expired_retransmit(struct session_state *s, u64 now_ns, u32 random)
{
	if (s->attempts >= MAX_RETRIES)
		return give_up(s, now_ns);
	s->attempts++;
	arm_retransmit(s, now_ns, random);
	return ACTION_CLEAR_SOURCE | ACTION_SEND_INITIATION;
}

static u32 expired_keepalive(struct session_state *s, u64 now_ns)
{
	if (s->need_another_keepalive) {
		WRITE_ONCE(s->need_another_keepalive, false);
		arm(s, DEADLINE_KEEPALIVE, now_ns + seconds_ns(KEEPALIVE_TIMEOUT));
	}
	return ACTION_SEND_KEEPALIVE;
}

/* Armed again here already, as a retry is. */
static u32 expired_persistent(struct session_state *s, u64 now_ns)
{
	arm_persistent(s, now_ns);
	return s->persistent_keepalive_s ? ACTION_SEND_KEEPALIVE : 0;
}

static bool take_expired(struct session_state *s, enum session_deadline d, u64 now_ns)
{
	if (!armed(s, d) || s->deadline_ns[d] > now_ns)
		return false;
	disarm(s, d);
	return true;
}

/* DEADLINE_RETRANSMIT comes first: giving up cancels a keepalive that is due as well. */
u32 session_policy_expire(struct session_state *s, u64 now_ns, u32 random)
{
	u32 actions = 0;

	if (take_expired(s, DEADLINE_RETRANSMIT, now_ns))
		actions |= expired_retransmit(s, now_ns, random);
	if (take_expired(s, DEADLINE_KEEPALIVE, now_ns))
		actions |= expired_keepalive(s, now_ns);
	if (take_expired(s, DEADLINE_NEW_HANDSHAKE, now_ns))
		actions |= ACTION_CLEAR_SOURCE | ACTION_START_HANDSHAKE;
	if (take_expired(s, DEADLINE_ZERO_KEYS, now_ns))
		actions |= ACTION_ZERO_KEYS;
	if (take_expired(s, DEADLINE_PERSISTENT, now_ns))
		actions |= expired_persistent(s, now_ns);
	return actions;
}

/* One less than a deadline, 0 (not waiting) is the greatest of all. */
u64 session_policy_next(const struct session_state *s)
{
	u64 next = U64_MAX;
	int i;

	for (i = 0; i < DEADLINE_COUNT; i++)
		next = min(next, s->deadline_ns[i] - 1);
	return next + 1;
}

/* At any HZ the timer wheel rounds no shorter sleep by more than a third of the jitter. */
#define COARSE_NS ((u64)NSEC_PER_SEC)

/*
 * The timer wheel rounds 5 s up to a multiple of 256 ms (HZ=250): two ends that began a
 * handshake at the same time would try again at the same time, for ever on a slow link, if
 * their jitter were lost. So what has jitter is approached in steps, and so is what comes so
 * shortly before it that the rounding reaches it.
 */
u64 session_policy_sleep(const struct session_state *s, u64 now_ns)
{
	u64 next_ns = session_policy_next(s);
	u64 sleep_ns = next_ns > now_ns ? next_ns - now_ns : 0;
	/* As above: one less than 0 (not waiting) is far away. */
	u64 unsteady_ns = min(s->deadline_ns[DEADLINE_RETRANSMIT] - 1,
			      s->deadline_ns[DEADLINE_NEW_HANDSHAKE] - 1);
	bool near = unsteady_ns - (next_ns - 1) < sleep_ns / 4;

	return near && sleep_ns > COARSE_NS ? sleep_ns / 4 * 3 : sleep_ns;
}

u32 session_policy_set_persistent(struct session_state *s, u16 seconds, u64 now_ns)
{
	bool was_on = s->persistent_keepalive_s;

	WRITE_ONCE(s->persistent_keepalive_s, seconds);
	if (!seconds)
		disarm(s, DEADLINE_PERSISTENT);
	else if (!was_on || armed(s, DEADLINE_PERSISTENT))
		arm_persistent(s, now_ns);
	return seconds && !was_on ? ACTION_SEND_KEEPALIVE : 0;
}

void session_policy_fresh_handshake(struct session_state *s)
{
	s->attempts = 0;
}

void session_policy_stop(struct session_state *s)
{
	int d;

	for (d = 0; d < DEADLINE_COUNT; d++)
		disarm(s, d);
	s->attempts = 0;
	WRITE_ONCE(s->need_another_keepalive, false);
}

/* Not a difference: a coarse clock may be a tick behind the one that @born_ns came from. */
static bool older_than(const struct session_age *age, u64 now_ns, u64 seconds)
{
	return now_ns >= age->born_ns + seconds_ns(seconds);
}

bool session_policy_usable(const struct session_age *age, u64 now_ns)
{
	return age->counter < REJECT_AFTER_MESSAGES &&
	       !older_than(age, now_ns, REJECT_AFTER_TIME);
}

bool session_policy_rekey_after_send(const struct session_age *age, u64 now_ns)
{
	return age->counter >= REKEY_AFTER_MESSAGES ||
	       (age->initiator && older_than(age, now_ns, REKEY_AFTER_TIME));
}

bool session_policy_rekey_after_receive(const struct session_age *age, u64 now_ns)
{
	return age->initiator &&
	       older_than(age, now_ns, REJECT_AFTER_TIME - KEEPALIVE_TIMEOUT - REKEY_TIMEOUT);
}

bool session_policy_zero_due(const struct session_age *newest, u64 now_ns)
{
	return older_than(newest, now_ns, KEY_ZEROING_TIME);
}
