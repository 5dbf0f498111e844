/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handshake: Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s (the paper, section 5.4;
 * Noise Protocol Framework, revision 34). Pure: randomness, time, and indices are
 * arguments; the caller finds the peer and serialises calls on one handshake.
 */
#ifndef _MYTUN_CORE_NOISE_H
#define _MYTUN_CORE_NOISE_H

#include <linux/types.h>

#include "wire.h"

/**
 * struct noise_identity - a device's own static key pair
 * @static_private: clamped; all zero when not valid
 * @static_public: its public key
 * @valid: a private key has been set
 */
struct noise_identity {
	u8 static_private[NOISE_KEY_LEN];
	u8 static_public[NOISE_KEY_LEN];
	bool valid;
};

/**
 * enum noise_handshake_state - how far a handshake with one peer has come
 * @HANDSHAKE_ZEROED: nothing under way
 * @HANDSHAKE_CREATED_INITIATION: we sent the first message
 * @HANDSHAKE_CONSUMED_INITIATION: we accepted the peer's first message
 * @HANDSHAKE_CREATED_RESPONSE: we answered it
 * @HANDSHAKE_CONSUMED_RESPONSE: the peer answered ours
 */
enum noise_handshake_state {
	HANDSHAKE_ZEROED,
	HANDSHAKE_CREATED_INITIATION,
	HANDSHAKE_CONSUMED_INITIATION,
	HANDSHAKE_CREATED_RESPONSE,
	HANDSHAKE_CONSUMED_RESPONSE,
};

/**
 * struct noise_handshake - the handshake with one peer
 * @state: how far it has come
 * @remote_static: the peer's public key; constant
 * @static_static: X25519 of our private key and @remote_static, or zero when that
 *	yields no secret or we have no identity: then no handshake succeeds
 * @preshared_key: zero when none is set
 * @ephemeral_private: ours, of the handshake under way
 * @remote_ephemeral: the peer's, of the handshake under way
 * @hash: Noise's h
 * @chaining_key: Noise's ck
 * @latest_timestamp: the greatest TAI64N accepted from the peer
 * @last_initiation_ns: when the last initiation was accepted, boot time; 0: never
 * @local_index: our name for the session under way
 * @remote_index: the peer's
 *
 * The caller serialises every function that takes one of these.
 */
struct noise_handshake {
	enum noise_handshake_state state;
	u8 remote_static[NOISE_KEY_LEN];
	u8 static_static[NOISE_KEY_LEN];
	u8 preshared_key[NOISE_KEY_LEN];
	u8 ephemeral_private[NOISE_KEY_LEN];
	u8 remote_ephemeral[NOISE_KEY_LEN];
	u8 hash[NOISE_HASH_LEN];
	u8 chaining_key[NOISE_HASH_LEN];
	u8 latest_timestamp[NOISE_TIMESTAMP_LEN];
	u64 last_initiation_ns;
	__le32 local_index;
	__le32 remote_index;
};

/**
 * struct noise_opening - an initiation whose sender is known but not yet looked up
 * @remote_static: the sender's public key, authenticated as far as the message can
 * @remote_ephemeral: from the message
 * @hash: Noise's h after the static key
 * @chaining_key: Noise's ck after the static key
 *
 * Secret: wipe with memzero_explicit() after use.
 */
struct noise_opening {
	u8 remote_static[NOISE_KEY_LEN];
	u8 remote_ephemeral[NOISE_KEY_LEN];
	u8 hash[NOISE_HASH_LEN];
	u8 chaining_key[NOISE_HASH_LEN];
};

/**
 * struct noise_session_keys - what a finished handshake yields
 * @sending: key for the data that we send
 * @receiving: key for the data that we receive
 * @gcm_sending: the same for AES-256-GCM, should the peers agree on it
 * @gcm_receiving: likewise
 * @local_index: our name for the session
 * @remote_index: the peer's
 * @initiator: we sent the first message
 *
 * Secret: wipe with memzero_explicit() after use.
 */
struct noise_session_keys {
	u8 sending[NOISE_KEY_LEN];
	u8 receiving[NOISE_KEY_LEN];
	u8 gcm_sending[NOISE_KEY_LEN];
	u8 gcm_receiving[NOISE_KEY_LEN];
	__le32 local_index;
	__le32 remote_index;
	bool initiator;
};

/**
 * noise_init() - compute the constants that every handshake starts from
 *
 * Call once before anything else here. Context: any.
 */
void noise_init(void);

/**
 * noise_identity_set() - set or clear a device's private key
 * @id: identity
 * @private_key: NOISE_KEY_LEN bytes, clamped here; all zero clears the identity
 *
 * The handshakes of all peers have to be told: noise_handshake_set_identity().
 */
void noise_identity_set(struct noise_identity *id, const u8 private_key[NOISE_KEY_LEN]);

/**
 * noise_handshake_init() - start out with a peer
 * @hs: handshake, any content
 * @id: our identity
 * @remote_static: the peer's public key
 * @preshared_key: or NULL for none
 */
void noise_handshake_init(struct noise_handshake *hs, const struct noise_identity *id,
			  const u8 remote_static[NOISE_KEY_LEN],
			  const u8 preshared_key[NOISE_KEY_LEN]);

/**
 * noise_handshake_set_identity() - compute @hs->static_static anew, drop what is under way
 * @hs: handshake
 * @id: our identity
 *
 * Return: false when no handshake with this peer can succeed (no identity, low-order key).
 */
bool noise_handshake_set_identity(struct noise_handshake *hs, const struct noise_identity *id);

/**
 * noise_handshake_clear() - wipe what is under way; keys, timestamp and PSK stay
 * @hs: handshake
 */
void noise_handshake_clear(struct noise_handshake *hs);

/**
 * noise_create_initiation() - first message (the paper, 5.4.2)
 * @dst: message; the macs are left for cookie_add_macs()
 * @hs: handshake; HANDSHAKE_CREATED_INITIATION on success, else unchanged or cleared
 * @id: our identity
 * @ephemeral: random bytes, clamped here
 * @timestamp: TAI64N, later than that of any initiation sent to this peer before
 * @sender_index: our name for the session, as on the wire
 *
 * Context: long (2 X25519): process context wanted.
 * Return: false when there is no identity or a key is of low order.
 */
bool __must_check noise_create_initiation(struct message_initiation *dst,
					  struct noise_handshake *hs,
					  const struct noise_identity *id,
					  const u8 ephemeral[NOISE_KEY_LEN],
					  const u8 timestamp[NOISE_TIMESTAMP_LEN],
					  __le32 sender_index);

/**
 * noise_open_initiation() - who sent this first message?
 * @opening: the answer, to be passed to noise_consume_initiation()
 * @src: message; its mac1 has been checked
 * @id: our identity
 *
 * Context: long (1 X25519).
 * Return: false when it was not made for us or was altered.
 */
bool __must_check noise_open_initiation(struct noise_opening *opening,
					const struct message_initiation *src,
					const struct noise_identity *id);

/**
 * noise_consume_initiation() - accept a first message from a known peer
 * @hs: handshake of the peer named by @opening->remote_static;
 *	HANDSHAKE_CONSUMED_INITIATION on success, else unchanged
 * @opening: from noise_open_initiation()
 * @src: the same message
 * @now_ns: boot time
 *
 * Return: 0; -EBADMSG when the timestamp does not authenticate; -EALREADY when it is not
 * later than the last one (a replay); -EBUSY when the peer sends more than
 * INITIATIONS_PER_SECOND.
 */
int __must_check noise_consume_initiation(struct noise_handshake *hs,
					  const struct noise_opening *opening,
					  const struct message_initiation *src, u64 now_ns);

/**
 * noise_create_response() - second message (the paper, 5.4.3)
 * @dst: message; the macs are left for cookie_add_macs()
 * @hs: handshake in HANDSHAKE_CONSUMED_INITIATION; HANDSHAKE_CREATED_RESPONSE on success
 * @ephemeral: random bytes, clamped here
 * @sender_index: our name for the session, as on the wire
 *
 * Context: long (3 X25519).
 * Return: false when the state is another or a key is of low order.
 */
bool __must_check noise_create_response(struct message_response *dst, struct noise_handshake *hs,
					const u8 ephemeral[NOISE_KEY_LEN], __le32 sender_index);

/**
 * noise_consume_response() - accept the second message
 * @hs: handshake in HANDSHAKE_CREATED_INITIATION whose @local_index is the message's
 *	receiver index; HANDSHAKE_CONSUMED_RESPONSE on success, else unchanged
 * @src: message; its mac1 has been checked
 * @id: our identity
 *
 * Context: long (2 X25519).
 * Return: false when the state is another or it does not authenticate.
 */
bool __must_check noise_consume_response(struct noise_handshake *hs,
					 const struct message_response *src,
					 const struct noise_identity *id);

/**
 * noise_begin_session() - turn a finished handshake into keys (the paper, 5.4.5)
 * @keys: result
 * @hs: handshake in HANDSHAKE_CREATED_RESPONSE or HANDSHAKE_CONSUMED_RESPONSE; cleared
 *
 * The keys for AES-256-GCM come from the same chaining key by a label of their own
 * (docs/wire-format.md): the others are what they are without it.
 *
 * Return: false when the state is another.
 */
bool __must_check noise_begin_session(struct noise_session_keys *keys,
				      struct noise_handshake *hs);

#endif /* _MYTUN_CORE_NOISE_H */
