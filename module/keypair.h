/* SPDX-License-Identifier: GPL-2.0 */
/* Session keys: three of them for each peer, taken in turns (the paper, 6.3). */
#ifndef _MYTUN_KEYPAIR_H
#define _MYTUN_KEYPAIR_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "core/noise.h"
#include "core/replay.h"
#include "core/session_policy.h"
#include "peerlookup.h"

/**
 * struct noise_extensions - what a session has beyond WireGuard's; see capabilities.c
 * @sending_key: AES-256-GCM's key for what we send
 * @receiving_key: its key for what we receive
 * @gcm: AES-256-GCM with these keys, or NULL; set once
 * @send_gcm: what we send is sealed with it: we want it, and the peer has said that it takes it
 * @offering: capability messages are repeated until the peer's own has come
 * @heard: a capability message of the peer's has come
 * @told: one of ours was made
 * @remote_aeads: the last one's &capabilities.aeads
 * @remote_probes: the last one's &capabilities.probes
 * @offers: capability messages sent since the session began or our wishes changed
 * @offered_ns: when the last one was sent, boot time
 * @heard_counter: the counter of the last one that counted
 *
 * From @gcm on they are changed under &noise_keypairs.lock; @gcm, @send_gcm (with acquire),
 * @offering, @remote_probes and @offered_ns are read anywhere.
 */
struct noise_extensions {
	u8 sending_key[NOISE_KEY_LEN];
	u8 receiving_key[NOISE_KEY_LEN];
	struct mytun_gcm *gcm;
	bool send_gcm;
	bool offering;
	bool heard;
	bool told;
	bool remote_probes;
	unsigned int offers;
	u32 remote_aeads;
	u64 offered_ns;
	u64 heard_counter;
};

/**
 * struct noise_keypair - keys of one session
 * @index: our name for the session, in the device's index table
 * @remote_index: the peer's name for it
 * @initiator: we initiated it
 * @sending_valid: may be used to send; cleared once, never set again
 * @receiving_valid: may be used to receive; cleared once, never set again
 * @born_ns: when it was derived, boot time
 * @sending_counter: next counter to send
 * @greatest_received: greatest counter accepted so far; written by the peer's rx drain
 * @sending_key: key for what we send
 * @receiving_key: key for what we receive
 * @ext: what goes beyond WireGuard
 * @replay: counters received; touched only by the one who drains the peer's rx order
 * @peer: whose; the keypair holds a reference
 * @id: number in the log
 * @refcount: one for the slot in struct noise_keypairs, one for each batch
 * @rcu: freed, wiped, after a grace period
 */
struct noise_keypair {
	struct mytun_index index;
	__le32 remote_index;
	bool initiator;
	bool sending_valid;
	bool receiving_valid;
	u64 born_ns;
	atomic64_t sending_counter;
	u64 greatest_received;
	u8 sending_key[NOISE_KEY_LEN];
	u8 receiving_key[NOISE_KEY_LEN];
	struct noise_extensions ext;
	struct replay_window replay;
	struct mytun_peer *peer;
	u64 id;
	struct kref refcount;
	struct rcu_head rcu;
};

/**
 * struct noise_keypairs - a peer's keypairs
 * @lock: protects the slots and the &struct noise_extensions of the keypairs; taken with BH
 *	off, inside the session's mutex
 * @current_keypair: what we send with
 * @previous: the one before, for what is still under way to us
 * @next: as responder: derived, not confirmed by the initiator's first data
 * @had_session: a session was announced by an event and not yet declared dead
 */
struct noise_keypairs {
	spinlock_t lock;
	struct noise_keypair __rcu *current_keypair;
	struct noise_keypair __rcu *previous;
	struct noise_keypair __rcu *next;
	bool had_session;
};

void mytun_keypairs_init(struct noise_keypairs *keypairs);
struct noise_keypair *mytun_keypair_create(struct mytun_peer *peer,
					   const struct noise_session_keys *keys);
void mytun_keypairs_add(struct noise_keypairs *keypairs, struct noise_keypair *keypair);
bool mytun_keypairs_confirm(struct noise_keypairs *keypairs, struct noise_keypair *received);
bool mytun_keypairs_clear(struct noise_keypairs *keypairs);
u64 mytun_keypairs_newest(struct noise_keypairs *keypairs);
void mytun_keypairs_expire_current(struct noise_keypairs *keypairs);

struct noise_keypair *mytun_keypair_get_unless_zero(struct noise_keypair *keypair);
bool mytun_keypairs_may_send(struct noise_keypairs *keypairs);
struct noise_keypair *mytun_keypair_get_sending(struct noise_keypairs *keypairs);
void mytun_keypair_put(struct noise_keypair *keypair);
struct session_age mytun_keypair_age(const struct noise_keypair *keypair, u64 counter);

#endif /* _MYTUN_KEYPAIR_H */
