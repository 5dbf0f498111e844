/* SPDX-License-Identifier: GPL-2.0 */
/* Handshakes with peers: sending, answering, new keypairs. */
#ifndef _MYTUN_SESSION_H
#define _MYTUN_SESSION_H

#include <linux/mutex.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include "core/cookie.h"
#include "core/noise.h"
#include "mytun.h"
#include "peerlookup.h"

/**
 * enum mytun_session_work - what a peer's work has to do, bit numbers
 * @SESSION_WORK_INITIATE: send an initiation
 * @SESSION_WORK_ZERO: wipe the handshake and every keypair
 * @SESSION_WORK_OFFER: tell the peer what we take beyond WireGuard
 */
enum mytun_session_work {
	SESSION_WORK_INITIATE,
	SESSION_WORK_ZERO,
	SESSION_WORK_OFFER,
};

/**
 * struct mytun_session - the handshake part of a peer
 * @lock: protects @handshake, @cookie, @index, @timestamp_ns, the making of keypairs and what
 *	is wanted beyond WireGuard;
 *	sleeps; inside the device's identity lock
 * @handshake: Noise state
 * @cookie: what the peer's cookies say
 * @index: our name for the handshake under way
 * @work: sends a message or wipes the keys, as @work_bits say
 * @work_bits: enum mytun_session_work
 * @timestamp_ns: the time in the last initiation, since 1970
 * @last_sent_ns: when the last initiation or response left, boot time; 0: none since the keys were
 *	wiped or the device got another one of its own
 * @cipher: enum mytun_cipher as configured; changed under the device's lock
 * @extended: what goes beyond WireGuard is switched on for the peer: @cipher is not
 *	ChaCha20-Poly1305; changed under @lock, read anywhere
 * @gcm_wanted: what else follows from it on this machine; the same
 * @completed: wall-clock time of the last complete handshake, for people; written by
 *	whoever completes one
 */
struct mytun_session {
	struct mutex lock;
	struct noise_handshake handshake;
	struct cookie cookie;
	struct mytun_index index;
	struct work_struct work;
	unsigned long work_bits;
	u64 timestamp_ns;
	atomic64_t last_sent_ns;
	u8 cipher;
	bool extended;
	bool gcm_wanted;
	struct timespec64 completed;
};

void mytun_session_peer_init(struct mytun_peer *peer, const u8 public_key[NOISE_KEY_LEN],
			     const u8 preshared_key[NOISE_KEY_LEN]);
void mytun_session_peer_stop(struct mytun_peer *peer);
void mytun_session_peer_free(struct mytun_peer *peer);

void mytun_session_set_identity(struct mytun_device *device, const u8 private_key[NOISE_KEY_LEN]);
void mytun_session_set_psk(struct mytun_peer *peer, const u8 preshared_key[NOISE_KEY_LEN]);
int mytun_session_check_cipher(u32 cipher, bool *gcm);
void mytun_session_set_cipher(struct mytun_peer *peer, u32 cipher, bool gcm);
bool mytun_session_clear(struct mytun_peer *peer, u32 reason);
void mytun_session_start(struct mytun_peer *peer);
void mytun_session_retry(struct mytun_peer *peer);
void mytun_session_zero(struct mytun_peer *peer);
void mytun_session_offer(struct mytun_peer *peer);
void mytun_session_given_up(struct mytun_peer *peer);
enum mytun_drop mytun_session_receive(struct mytun_device *device, struct sk_buff *skb,
				      enum message_type type);
void mytun_session_confirmed(struct mytun_peer *peer);

#endif /* _MYTUN_SESSION_H */
