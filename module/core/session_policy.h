/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When to send a handshake or a keepalive and when to forget keys (the paper, section
 * 6), as a pure function: (state, event, now) -> actions. timers.c carries them out.
 */
#ifndef _MYTUN_CORE_SESSION_POLICY_H
#define _MYTUN_CORE_SESSION_POLICY_H

#include <linux/types.h>

#include "wire.h"

/**
 * enum session_deadline - what a session can be waiting for
 * @DEADLINE_RETRANSMIT: no response to our initiation yet (REKEY_TIMEOUT and jitter)
 * @DEADLINE_KEEPALIVE: data came and we have sent nothing since (KEEPALIVE_TIMEOUT)
 * @DEADLINE_NEW_HANDSHAKE: we sent data and nothing came back
 *	(KEEPALIVE_TIMEOUT + REKEY_TIMEOUT and jitter)
 * @DEADLINE_ZERO_KEYS: no new session for KEY_ZEROING_TIME
 * @DEADLINE_PERSISTENT: the persistent keepalive's interval
 * @DEADLINE_COUNT: how many there are
 */
enum session_deadline {
	DEADLINE_RETRANSMIT,
	DEADLINE_KEEPALIVE,
	DEADLINE_NEW_HANDSHAKE,
	DEADLINE_ZERO_KEYS,
	DEADLINE_PERSISTENT,
	DEADLINE_COUNT,
};

/**
 * enum session_event - what can happen to a session
 * @SESSION_DATA_SENT: data messages left, keepalives do not count
 * @SESSION_DATA_RECEIVED: authenticated data messages came, keepalives do not count
 * @SESSION_PACKET_SENT: any authenticated message left: data, keepalive, handshake
 * @SESSION_PACKET_RECEIVED: any authenticated message came: data, keepalive, handshake
 * @SESSION_INITIATION_SENT: our initiation is about to leave
 * @SESSION_HANDSHAKE_COMPLETE: as initiator on the response, as responder on the first
 *	data message
 * @SESSION_DERIVED: keys were derived (zero-keys deadline starts anew)
 * @SESSION_TRAVERSAL: any authenticated message left or came (persistent keepalive
 *	starts anew)
 * @SESSION_EVENT_COUNT: how many there are
 */
enum session_event {
	SESSION_DATA_SENT,
	SESSION_DATA_RECEIVED,
	SESSION_PACKET_SENT,
	SESSION_PACKET_RECEIVED,
	SESSION_INITIATION_SENT,
	SESSION_HANDSHAKE_COMPLETE,
	SESSION_DERIVED,
	SESSION_TRAVERSAL,
	SESSION_EVENT_COUNT,
};

/* What the caller has to do, a bit each. */
enum session_action {
	ACTION_SEND_KEEPALIVE = 1U << 0,
	ACTION_SEND_INITIATION = 1U << 1,	/* a retry: does not reset the attempts */
	ACTION_START_HANDSHAKE = 1U << 2,	/* a fresh one: session_policy_fresh_handshake() */
	ACTION_CLEAR_SOURCE = 1U << 3,		/* forget the sticky source address */
	ACTION_DROP_STAGED = 1U << 4,		/* handshakes were given up */
	ACTION_ZERO_KEYS = 1U << 5,		/* wipe the handshake and every keypair */
};

/**
 * struct session_state - where one peer's session stands in time
 * @deadline_ns: boot time for each enum session_deadline; 0: not waiting
 * @attempts: initiations sent again for want of an answer
 * @persistent_keepalive_s: interval in seconds, 0: off
 * @need_another_keepalive: data came while DEADLINE_KEEPALIVE was already waiting
 *
 * The caller serialises.
 */
struct session_state {
	u64 deadline_ns[DEADLINE_COUNT];
	u8 attempts;
	u16 persistent_keepalive_s;
	bool need_another_keepalive;
};

/**
 * struct session_age - the facts of a keypair that decide on a rekey
 * @born_ns: boot time
 * @counter: next counter to send, or greatest received
 * @initiator: we initiated it
 */
struct session_age {
	u64 born_ns;
	u64 counter;
	bool initiator;
};

void session_policy_init(struct session_state *s);

/**
 * session_policy_event() - something happened
 * @s: state, updated
 * @event: what
 * @now_ns: boot time
 * @random: 32 random bits for the jitter
 *
 * Return: enum session_action bits.
 */
u32 session_policy_event(struct session_state *s, enum session_event event, u64 now_ns,
			 u32 random);

/**
 * session_policy_unmoved() - would events change nothing?
 * @s: state; nobody has to be kept from it: the answer is that of some moment during the call
 * @events: enum session_event, as bits
 * @now_ns: boot time
 *
 * Most of a stream's packets find the deadlines where they would put them.
 *
 * Return: true when session_policy_event() would leave everything as it is.
 */
bool session_policy_unmoved(const struct session_state *s, unsigned long events, u64 now_ns);

/**
 * session_policy_expire() - time passed
 * @s: state; deadlines not after @now_ns are taken, one call takes all of them
 * @now_ns: boot time
 * @random: 32 random bits
 *
 * Return: enum session_action bits.
 */
u32 session_policy_expire(struct session_state *s, u64 now_ns, u32 random);

/**
 * session_policy_next() - when is session_policy_expire() due?
 * @s: state
 *
 * Return: the earliest deadline, boot time in ns; 0: none.
 */
u64 session_policy_next(const struct session_state *s);

/**
 * session_policy_sleep() - how long to sleep, by a timer that is late the more the longer it runs
 * @s: state that awaits something
 * @now_ns: boot time
 *
 * Return: ns until session_policy_next(), or less when jitter must not be lost: nothing may be
 * due then, and it is to be asked again.
 */
u64 session_policy_sleep(const struct session_state *s, u64 now_ns);

/**
 * session_policy_set_persistent() - change the persistent keepalive's interval
 * @s: state
 * @seconds: 0: off
 * @now_ns: boot time
 *
 * Return: ACTION_SEND_KEEPALIVE when it was off and is on now, else 0.
 */
u32 session_policy_set_persistent(struct session_state *s, u16 seconds, u64 now_ns);

/**
 * session_policy_fresh_handshake() - the attempts start anew
 * @s: state
 */
void session_policy_fresh_handshake(struct session_state *s);

/**
 * session_policy_stop() - nothing is awaited any longer (device down, peer removed)
 * @s: state; the persistent keepalive's interval is kept
 */
void session_policy_stop(struct session_state *s);

/**
 * session_policy_usable() - may this keypair still be used?
 * @age: its facts
 * @now_ns: boot time
 *
 * Return: false after REJECT_AFTER_TIME or REJECT_AFTER_MESSAGES.
 */
bool session_policy_usable(const struct session_age *age, u64 now_ns);

/**
 * session_policy_rekey_after_send() - time for a new handshake after sending?
 * @age: the current keypair, @counter as sent
 * @now_ns: boot time
 *
 * Return: true after REKEY_AFTER_MESSAGES, or as initiator after REKEY_AFTER_TIME.
 */
bool session_policy_rekey_after_send(const struct session_age *age, u64 now_ns);

/**
 * session_policy_rekey_after_receive() - last chance for a new handshake?
 * @age: the current keypair
 * @now_ns: boot time
 *
 * Return: true as initiator after REJECT_AFTER_TIME - KEEPALIVE_TIMEOUT - REKEY_TIMEOUT.
 */
bool session_policy_rekey_after_receive(const struct session_age *age, u64 now_ns);

/**
 * session_policy_zero_due() - may everything be wiped?
 * @newest: the youngest keypair
 * @now_ns: boot time
 *
 * Return: true when nothing was derived for KEY_ZEROING_TIME.
 */
bool session_policy_zero_due(const struct session_age *newest, u64 now_ns);

#endif /* _MYTUN_CORE_SESSION_POLICY_H */
