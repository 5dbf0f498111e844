// SPDX-License-Identifier: GPL-2.0
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <asm/byteorder.h>

#include "cookie.h"
#include "crypto.h"

enum {
	LABEL_LEN = 8,
	SOURCE_MAX_LEN = sizeof_field(struct cookie_source, addr) + sizeof(__be16),
};

static const u8 mac1_label[LABEL_LEN] __nonstring = "mac1----";
static const u8 cookie_label[LABEL_LEN] __nonstring = "cookie--";
static const u8 no_key[NOISE_KEY_LEN];

static void derive_key(u8 key[NOISE_KEY_LEN], const u8 label[LABEL_LEN],
		       const u8 static_public[NOISE_KEY_LEN])
{
	crypto_hash(key, label, LABEL_LEN, static_public, NOISE_KEY_LEN);
}

/* Whether @seconds have gone by since @born_ns, where 0 means an eternity ago. */
static bool has_aged(u64 born_ns, u64 now_ns, u64 seconds)
{
	return !born_ns || now_ns >= born_ns + seconds * NSEC_PER_SEC;
}

/* The cookie of a source: who presents it has received something at that address. */
static void make_cookie(u8 cookie[COOKIE_LEN], const struct cookie_checker *checker,
			const struct cookie_source *src)
{
	u8 source[SOURCE_MAX_LEN];

	memcpy(source, src->addr, src->len);
	memcpy(source + src->len, &src->port, sizeof(src->port));
	crypto_mac(cookie, checker->secret, sizeof(checker->secret), source,
		   src->len + sizeof(src->port));
}

static void make_mac1(u8 mac1[MAC_LEN], const u8 key[NOISE_KEY_LEN], const u8 *msg, size_t len)
{
	crypto_mac(mac1, key, NOISE_KEY_LEN, msg, len - sizeof(struct message_macs));
}

static void make_mac2(u8 mac2[MAC_LEN], const u8 cookie[COOKIE_LEN], const u8 *msg, size_t len)
{
	crypto_mac(mac2, cookie, COOKIE_LEN, msg, len - sizeof_field(struct message_macs, mac2));
}

static const struct message_macs *macs_of(const u8 *msg, size_t len)
{
	return (const struct message_macs *)(msg + len - sizeof(struct message_macs));
}

void cookie_checker_init(struct cookie_checker *checker, const u8 static_public[NOISE_KEY_LEN])
{
	memzero_explicit(checker, sizeof(*checker));
	if (!static_public)
		return;
	derive_key(checker->mac1_key, mac1_label, static_public);
	derive_key(checker->cookie_key, cookie_label, static_public);
}

void cookie_init(struct cookie *cookie, const u8 remote_static[NOISE_KEY_LEN])
{
	memzero_explicit(cookie, sizeof(*cookie));
	derive_key(cookie->mac1_key, mac1_label, remote_static);
	derive_key(cookie->cookie_key, cookie_label, remote_static);
}

bool cookie_checker_stale(const struct cookie_checker *checker, u64 now_ns)
{
	return has_aged(checker->secret_born_ns, now_ns, COOKIE_SECRET_MAX_AGE);
}

void cookie_checker_renew(struct cookie_checker *checker, const u8 secret[NOISE_HASH_LEN],
			  u64 now_ns)
{
	memcpy(checker->secret, secret, sizeof(checker->secret));
	checker->secret_born_ns = now_ns;
}

static bool mac1_holds(const struct cookie_checker *checker, const u8 *msg, size_t len)
{
	u8 mac1[MAC_LEN];

	/* Without a key of our own there is no mac1; the zero key would be anybody's. */
	if (crypto_equal(checker->mac1_key, no_key, sizeof(no_key)))
		return false;
	make_mac1(mac1, checker->mac1_key, msg, len);
	return crypto_equal(mac1, macs_of(msg, len)->mac1, sizeof(mac1));
}

static bool mac2_holds(const struct cookie_checker *checker, const u8 *msg, size_t len,
		       const struct cookie_source *src)
{
	u8 cookie[COOKIE_LEN], mac2[MAC_LEN];
	bool holds;

	make_cookie(cookie, checker, src);
	make_mac2(mac2, cookie, msg, len);
	holds = crypto_equal(mac2, macs_of(msg, len)->mac2, sizeof(mac2));

	memzero_explicit(cookie, sizeof(cookie));
	memzero_explicit(mac2, sizeof(mac2));
	return holds;
}

enum cookie_verdict cookie_check_macs(const struct cookie_checker *checker, const u8 *msg,
				      size_t len, const struct cookie_source *src, bool check_mac2,
				      u64 now_ns)
{
	if (len < sizeof(struct message_macs) || !mac1_holds(checker, msg, len))
		return COOKIE_BAD_MAC1;
	if (!check_mac2 || cookie_checker_stale(checker, now_ns) ||
	    !mac2_holds(checker, msg, len, src))
		return COOKIE_NO_MAC2;
	return COOKIE_VALID;
}

void cookie_add_macs(struct cookie *cookie, u8 *msg, size_t len, u64 now_ns)
{
	struct message_macs *macs = (struct message_macs *)(msg + len - sizeof(*macs));

	make_mac1(macs->mac1, cookie->mac1_key, msg, len);
	memcpy(cookie->last_mac1, macs->mac1, sizeof(cookie->last_mac1));
	cookie->have_sent_mac1 = true;

	if (has_aged(cookie->born_ns, now_ns, COOKIE_SECRET_MAX_AGE - COOKIE_SECRET_LATENCY))
		memset(macs->mac2, 0, sizeof(macs->mac2));
	else
		make_mac2(macs->mac2, cookie->cookie, msg, len);
}

void cookie_create_reply(struct message_cookie *dst, const struct cookie_checker *checker,
			 const u8 *msg, size_t len, __le32 sender_index,
			 const struct cookie_source *src, const u8 nonce[COOKIE_NONCE_LEN])
{
	u8 cookie[COOKIE_LEN];

	dst->header.type = cpu_to_le32(MESSAGE_COOKIE);
	dst->receiver_index = sender_index;
	memcpy(dst->nonce, nonce, sizeof(dst->nonce));
	make_cookie(cookie, checker, src);
	crypto_xseal(dst->encrypted_cookie, cookie, sizeof(cookie), macs_of(msg, len)->mac1,
		     MAC_LEN, dst->nonce, checker->cookie_key);

	memzero_explicit(cookie, sizeof(cookie));
}

bool cookie_consume_reply(struct cookie *cookie, const struct message_cookie *src, u64 now_ns)
{
	u8 opened[COOKIE_LEN];
	bool accepted;

	/* The reply is bound to the mac1 that it answers: without one there is nothing to open. */
	accepted = cookie->have_sent_mac1 &&
		   crypto_xopen(opened, src->encrypted_cookie, sizeof(src->encrypted_cookie),
				cookie->last_mac1, sizeof(cookie->last_mac1), src->nonce,
				cookie->cookie_key);
	if (accepted) {
		memcpy(cookie->cookie, opened, sizeof(cookie->cookie));
		cookie->born_ns = now_ns;
		cookie->have_sent_mac1 = false;
	}

	memzero_explicit(opened, sizeof(opened));
	return accepted;
}
