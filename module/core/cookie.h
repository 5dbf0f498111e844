/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mac1, mac2 and cookies: what a handshake message must prove before it costs us a
 * curve operation (the paper, sections 5.3, 5.4.4 and 5.4.7). Pure; callers lock.
 */
#ifndef _MYTUN_CORE_COOKIE_H
#define _MYTUN_CORE_COOKIE_H

#include <linux/types.h>

#include "wire.h"

/**
 * struct cookie_source - where a handshake message came from, as it goes into a cookie
 * @addr: source address in network order, 4 or 16 bytes
 * @len: 4 or 16
 * @port: source port
 */
struct cookie_source {
	u8 addr[16];
	u8 len;
	__be16 port;
};

/**
 * struct cookie_checker - the receiving side, one per device
 * @mac1_key: HASH("mac1----" | our public key)
 * @cookie_key: HASH("cookie--" | our public key)
 * @secret: Rm, renewed every COOKIE_SECRET_MAX_AGE seconds
 * @secret_born_ns: when @secret was made, boot time; 0: never
 */
struct cookie_checker {
	u8 mac1_key[NOISE_KEY_LEN];
	u8 cookie_key[NOISE_KEY_LEN];
	u8 secret[NOISE_HASH_LEN];
	u64 secret_born_ns;
};

/**
 * struct cookie - the sending side, one per peer
 * @mac1_key: HASH("mac1----" | the peer's public key)
 * @cookie_key: HASH("cookie--" | the peer's public key)
 * @cookie: the last cookie that the peer sent
 * @born_ns: when it arrived, boot time; 0: none
 * @last_mac1: mac1 of the last message sent, awaited by cookie_consume_reply()
 * @have_sent_mac1: @last_mac1 has not been answered yet
 */
struct cookie {
	u8 mac1_key[NOISE_KEY_LEN];
	u8 cookie_key[NOISE_KEY_LEN];
	u8 cookie[COOKIE_LEN];
	u64 born_ns;
	u8 last_mac1[MAC_LEN];
	bool have_sent_mac1;
};

/**
 * enum cookie_verdict - what the macs of a message prove
 * @COOKIE_BAD_MAC1: the sender does not know our public key: silence
 * @COOKIE_NO_MAC2: mac1 holds, mac2 does not (or is out of date)
 * @COOKIE_VALID: both hold: the sender can receive at its source address
 */
enum cookie_verdict {
	COOKIE_BAD_MAC1,
	COOKIE_NO_MAC2,
	COOKIE_VALID,
};

/**
 * cookie_checker_init() - set the receiving side up for a public key
 * @checker: checker, any content
 * @static_public: our public key, or NULL: no message will ever be valid
 */
void cookie_checker_init(struct cookie_checker *checker, const u8 static_public[NOISE_KEY_LEN]);

/**
 * cookie_init() - set the sending side up for a peer
 * @cookie: cookie, any content
 * @remote_static: the peer's public key
 */
void cookie_init(struct cookie *cookie, const u8 remote_static[NOISE_KEY_LEN]);

/**
 * cookie_checker_stale() - is it time to renew the secret?
 * @checker: checker
 * @now_ns: boot time
 *
 * Return: true when cookie_checker_renew() has to be called before a cookie is made.
 */
bool cookie_checker_stale(const struct cookie_checker *checker, u64 now_ns);

/**
 * cookie_checker_renew() - take a new secret
 * @checker: checker
 * @secret: random bytes
 * @now_ns: boot time
 */
void cookie_checker_renew(struct cookie_checker *checker, const u8 secret[NOISE_HASH_LEN],
			  u64 now_ns);

/**
 * cookie_check_macs() - check the macs of a received handshake message
 * @checker: checker; only read
 * @msg: the whole message, macs at its end
 * @len: its length in bytes, at least sizeof(struct message_macs)
 * @src: where it came from
 * @check_mac2: look at mac2 at all (under load)
 * @now_ns: boot time
 *
 * Costs one BLAKE2s unless mac1 holds and @check_mac2 is set.
 */
enum cookie_verdict cookie_check_macs(const struct cookie_checker *checker, const u8 *msg,
				      size_t len, const struct cookie_source *src,
				      bool check_mac2, u64 now_ns);

/**
 * cookie_add_macs() - complete a handshake message that we send
 * @cookie: the peer's
 * @msg: message, macs at its end are filled in
 * @len: its length in bytes
 * @now_ns: boot time; a cookie older than COOKIE_SECRET_MAX_AGE - COOKIE_SECRET_LATENCY
 *	is not used
 */
void cookie_add_macs(struct cookie *cookie, u8 *msg, size_t len, u64 now_ns);

/**
 * cookie_create_reply() - answer a message whose mac1 holds, under load
 * @dst: message
 * @checker: checker; not stale
 * @msg: the message to answer
 * @len: its length in bytes
 * @sender_index: its sender's index
 * @src: where it came from
 * @nonce: random bytes
 */
void cookie_create_reply(struct message_cookie *dst, const struct cookie_checker *checker,
			 const u8 *msg, size_t len, __le32 sender_index,
			 const struct cookie_source *src, const u8 nonce[COOKIE_NONCE_LEN]);

/**
 * cookie_consume_reply() - take the cookie that a peer sent us
 * @cookie: the peer's
 * @src: message; its receiver index named this peer
 * @now_ns: boot time
 *
 * Return: false when none is awaited or it does not authenticate; nothing changed.
 */
bool __must_check cookie_consume_reply(struct cookie *cookie, const struct message_cookie *src,
				       u64 now_ns);

#endif /* _MYTUN_CORE_COOKIE_H */
