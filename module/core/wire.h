/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that stands on the wire, and every constant of the protocol.
 *
 * Source: J. Donenfeld, "WireGuard: Next Generation Kernel Network Tunnel"
 * (NDSS 2017), sections 5.4 (messages) and 6 (timers); "the paper" below.
 */
#ifndef _MYTUN_CORE_WIRE_H
#define _MYTUN_CORE_WIRE_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/limits.h>
#include <linux/types.h>

enum {
	NOISE_KEY_LEN = 32,		/* X25519 points and scalars, symmetric keys */
	NOISE_HASH_LEN = 32,		/* BLAKE2s-256 */
	NOISE_TAG_LEN = 16,		/* Poly1305 */
	NOISE_TIMESTAMP_LEN = 12,	/* TAI64N */
	COOKIE_LEN = 16,
	COOKIE_NONCE_LEN = 24,		/* XChaCha20-Poly1305 */
	MAC_LEN = 16,			/* keyed BLAKE2s-128 */
};

enum message_type {
	MESSAGE_INVALID = 0,
	MESSAGE_INITIATION = 1,
	MESSAGE_RESPONSE = 2,
	MESSAGE_COOKIE = 3,
	MESSAGE_DATA = 4,
};

/* The type word of data that is sealed with AES-256-GCM (docs/wire-format.md). */
enum { MESSAGE_DATA_GCM = MESSAGE_DATA | 1 << 8 };

/**
 * struct message_header - first word of every message
 * @type: enum message_type; the upper three bytes are reserved and zero, but for
 *	MESSAGE_DATA_GCM
 */
struct message_header {
	__le32 type;
} __packed;

/**
 * struct message_macs - trailer of both handshake messages (the paper, 5.4.4)
 * @mac1: MAC over all that precedes it, keyed by the receiver's public key
 * @mac2: MAC over all that precedes it, keyed by the last cookie; zero without one
 */
struct message_macs {
	u8 mac1[MAC_LEN];
	u8 mac2[MAC_LEN];
} __packed;

/**
 * struct message_initiation - first message of a handshake (the paper, 5.4.2)
 * @header: MESSAGE_INITIATION
 * @sender_index: the initiator's name for the session
 * @ephemeral: the initiator's ephemeral public key
 * @encrypted_static: the initiator's static public key, sealed
 * @encrypted_timestamp: TAI64N, sealed
 * @macs: see struct message_macs
 */
struct message_initiation {
	struct message_header header;
	__le32 sender_index;
	u8 ephemeral[NOISE_KEY_LEN];
	u8 encrypted_static[NOISE_KEY_LEN + NOISE_TAG_LEN];
	u8 encrypted_timestamp[NOISE_TIMESTAMP_LEN + NOISE_TAG_LEN];
	struct message_macs macs;
} __packed;

/**
 * struct message_response - second message of a handshake (the paper, 5.4.3)
 * @header: MESSAGE_RESPONSE
 * @sender_index: the responder's name for the session
 * @receiver_index: the initiator's, from the initiation
 * @ephemeral: the responder's ephemeral public key
 * @encrypted_nothing: the tag of an empty plaintext
 * @macs: see struct message_macs
 */
struct message_response {
	struct message_header header;
	__le32 sender_index;
	__le32 receiver_index;
	u8 ephemeral[NOISE_KEY_LEN];
	u8 encrypted_nothing[NOISE_TAG_LEN];
	struct message_macs macs;
} __packed;

/**
 * struct message_cookie - answer to a handshake message under load (the paper, 5.4.7)
 * @header: MESSAGE_COOKIE
 * @receiver_index: the sender's index of the message that is answered
 * @nonce: random
 * @encrypted_cookie: the cookie, sealed with the mac1 of that message as associated data
 */
struct message_cookie {
	struct message_header header;
	__le32 receiver_index;
	u8 nonce[COOKIE_NONCE_LEN];
	u8 encrypted_cookie[COOKIE_LEN + NOISE_TAG_LEN];
} __packed;

/**
 * struct message_data - transport data (the paper, 5.4.6)
 * @header: MESSAGE_DATA or MESSAGE_DATA_GCM
 * @receiver_index: the receiver's name for the session
 * @counter: the nonce of this message
 * @encrypted: the inner packet, zero-padded, and its tag
 */
struct message_data {
	struct message_header header;
	__le32 receiver_index;
	__le64 counter;
	u8 encrypted[];
} __packed;

static_assert(sizeof(struct message_initiation) == 148);
static_assert(sizeof(struct message_response) == 92);
static_assert(sizeof(struct message_cookie) == 64);
static_assert(sizeof(struct message_data) == 16);

#define MESSAGE_DATA_LEN(plain_len) (sizeof(struct message_data) + (plain_len) + NOISE_TAG_LEN)

enum {
	MESSAGE_MIN_LEN = MESSAGE_DATA_LEN(0),	/* a keepalive is the shortest of all */
	MESSAGE_PADDING = 16,			/* plaintexts are padded to multiples of this */
};

/* Counters: the sliding window, and when a session has to be renewed (the paper, 6.2). */
enum {
	REPLAY_WINDOW_BITS = 8192,
	REPLAY_WINDOW_SIZE = REPLAY_WINDOW_BITS - BITS_PER_LONG,
};

#define REKEY_AFTER_MESSAGES BIT_ULL(60)
#define REJECT_AFTER_MESSAGES (U64_MAX - REPLAY_WINDOW_BITS)

/* Times in seconds (the paper, 6.1), unless the name says otherwise. */
enum {
	REKEY_AFTER_TIME = 120,
	REJECT_AFTER_TIME = 180,
	REKEY_TIMEOUT = 5,
	REKEY_TIMEOUT_JITTER_MS = 333,
	REKEY_ATTEMPT_TIME = 90,
	KEEPALIVE_TIMEOUT = 10,
	KEY_ZEROING_TIME = REJECT_AFTER_TIME * 3,
	COOKIE_SECRET_MAX_AGE = 120,
	COOKIE_SECRET_LATENCY = 5,
	MAX_HANDSHAKE_ATTEMPTS = REKEY_ATTEMPT_TIME / REKEY_TIMEOUT,
	INITIATIONS_PER_SECOND = 50,	/* for each peer */
	HANDSHAKES_PER_SECOND = 20,	/* for each source address, under load */
	HANDSHAKES_BURST = 5,
};

/**
 * message_classify() - which message is this, by type word and length?
 * @data: the message; its first 16 bytes can be read directly if there are as many
 * @len: its length in bytes, any
 *
 * A data message need not be padded to a multiple of MESSAGE_PADDING.
 *
 * Return: MESSAGE_INVALID unless the type word, its reserved bytes included, names a
 * message whose length is right. Data is MESSAGE_DATA however it is sealed.
 */
enum message_type message_classify(const void *data, size_t len);

/**
 * message_is_gcm() - is this data sealed with AES-256-GCM?
 * @header: of a message that message_classify() calls MESSAGE_DATA
 */
bool message_is_gcm(const struct message_data *header);

#endif /* _MYTUN_CORE_WIRE_H */
