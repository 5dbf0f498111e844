/* SPDX-License-Identifier: GPL-2.0 */
/* Messages of a peer that knows the protocol, and need not keep to it. */
#ifndef _RAWPEER_CRAFT_H
#define _RAWPEER_CRAFT_H

#include <netinet/in.h>

#include "cookie.h"
#include "noise.h"

enum {
	CRAFT_MAX_LEN = 2048,		/* of a message */
	CRAFT_MAX_SESSIONS = 64,
	CRAFT_LOW_ORDER_POINTS = 7,
};

/**
 * struct craft_session - keys, and the next counter
 * @keys: from the handshake
 * @counter: for the next data message
 */
struct craft_session {
	struct noise_session_keys keys;
	u64 counter;
};

/**
 * struct craft - one peer
 * @id: our static keys
 * @remote: the device's public key
 * @hs: the handshake under way
 * @cookie: cookies that we got
 * @checker: makes cookies for the device
 * @stamp: seconds of the last TAI64N that we sent
 * @index: our last session index
 * @inner_source: our address inside the tunnel
 * @inner_dest: the device's
 * @sessions: all that we have had
 * @count: how many there are
 * @msg: message under construction
 * @len: its length
 */
struct craft {
	struct noise_identity id;
	u8 remote[NOISE_KEY_LEN];
	struct noise_handshake hs;
	struct cookie cookie;
	struct cookie_checker checker;
	u64 stamp;
	u32 index;
	struct in_addr inner_source;
	struct in_addr inner_dest;
	struct craft_session sessions[CRAFT_MAX_SESSIONS];
	int count;
	u8 msg[CRAFT_MAX_LEN];
	size_t len;
};

/**
 * struct craft_echo - an ICMP echo as it came out of a data message
 * @session: whose
 * @sequence: of the echo
 * @reply: a reply, not a request
 */
struct craft_echo {
	int session;
	u16 sequence;
	bool reply;
};

/* Points whose product with any scalar is zero */
const u8 *craft_low_order(unsigned int point);

void craft_init(struct craft *c, const u8 private_key[NOISE_KEY_LEN],
		const u8 remote[NOISE_KEY_LEN]);

/*
 * What is built goes to @c->msg. A low-order point, 0 to CRAFT_LOW_ORDER_POINTS - 1, takes
 * the place of a key; -1 does not. Return: success.
 */
bool craft_initiation(struct craft *c, u64 stamp, int low_ephemeral, int low_static);
bool craft_response(struct craft *c, int low_ephemeral);
bool craft_cookie(struct craft *c, const struct message_initiation *to,
		  const struct cookie_source *source);
bool craft_data(struct craft *c, int session, u64 counter, size_t payload_len, bool empty);

/* Both macs anew, the second if there is a cookie; of handshake messages alone. */
void craft_macs(struct craft *c, u8 *msg, size_t len);

/* What came. Return: it was good. */
bool craft_take_initiation(struct craft *c, const struct message_initiation *msg);
bool craft_take_response(struct craft *c, const struct message_response *msg);
bool craft_take_cookie(struct craft *c, const struct message_cookie *msg);
bool craft_take_data(struct craft *c, const u8 *msg, size_t len, struct craft_echo *echo);

/* Keys out of the finished handshake. Return: the number of the session, or -1. */
int craft_begin_session(struct craft *c);

/* The linker sends calls of these here (--wrap). */
bool __real_crypto_x25519(u8 *out, const u8 *secret, const u8 *point);
bool __real_crypto_x25519_public(u8 *pub, const u8 *secret);
bool __real_crypto_equal(const u8 *a, const u8 *b, size_t len);
bool __wrap_crypto_x25519(u8 *out, const u8 *secret, const u8 *point);
bool __wrap_crypto_x25519_public(u8 *pub, const u8 *secret);
bool __wrap_crypto_equal(const u8 *a, const u8 *b, size_t len);

#endif /* _RAWPEER_CRAFT_H */
