// SPDX-License-Identifier: GPL-2.0
/*
 * Changed handshake messages against handshakes that wait for them. Whatever an attacker
 * makes of a message that he saw, it is taken only when all that is authenticated is as it
 * was; when it is not taken, nothing has changed.
 *
 * mac1 is keyed with a public key, so the attacker may also have it made anew. What is not
 * authenticated then are the indices and the macs themselves.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/time64.h>

#include "cookie.h"
#include "fuzz.h"
#include "noise.h"
#include "wire.h"

enum kind { INITIATION, RESPONSE, COOKIE_REPLY, KINDS };

/* The first byte of an input: what it attacks, and how the message is made. */
enum {
	KIND_MASK = 3,
	REDO_MAC1 = 1 << 2,
	VERBATIM = 1 << 3,	/* the rest of the input is the message, not changes to one */
};

/**
 * struct side - one end
 * @id: its key pair
 * @hs: its handshake with the other end
 * @cookie: makes the macs of what it sends
 * @checker: checks the macs of what it receives
 */
struct side {
	struct noise_identity id;
	struct noise_handshake hs;
	struct cookie cookie;
	struct cookie_checker checker;
};

/**
 * struct message - one on its way
 * @bytes: any of the three kinds
 * @len: in bytes
 */
struct message {
	u8 bytes[sizeof(struct message_initiation)];
	size_t len;
};

static const u64 now_ns = 1000ULL * NSEC_PER_SEC;
static const struct cookie_source source = { .addr = { 192, 0, 2, 1 }, .len = 4 };

/* A message of each kind, and its receiver as it waits for it. */
static struct side to[KINDS];
static struct message original[KINDS];

static void name_side(struct side *side, const char *name)
{
	u8 private_key[NOISE_KEY_LEN] = {};

	memcpy(private_key, name, strlen(name));
	noise_identity_set(&side->id, private_key);
	cookie_checker_init(&side->checker, side->id.static_public);
	cookie_checker_renew(&side->checker, private_key, now_ns);
}

static void introduce(struct side *side, const struct side *other)
{
	noise_handshake_init(&side->hs, &side->id, other->id.static_public, (const u8 *)
			     "a pre-shared key of thirty-two b");
	cookie_init(&side->cookie, other->id.static_public);
}

static void keep(enum kind kind, const void *msg, size_t len, const struct side *receiver)
{
	memcpy(original[kind].bytes, msg, len);
	original[kind].len = len;
	to[kind] = *receiver;
}

/* One handshake, each message and its receiver kept before it arrives. */
static void record(void)
{
	static const u8 ephemeral_a[NOISE_KEY_LEN] = "ephemeral a";
	static const u8 ephemeral_b[NOISE_KEY_LEN] = "ephemeral b";
	static const u8 timestamp[NOISE_TIMESTAMP_LEN] = { 0x40, [11] = 1 };
	static const u8 nonce[COOKIE_NONCE_LEN] = "nonce";
	struct message_initiation initiation;
	struct message_response response;
	struct noise_opening opening;
	struct message_cookie reply;
	struct side a = {}, b = {};

	noise_init();
	name_side(&a, "side a");
	name_side(&b, "side b");
	introduce(&a, &b);
	introduce(&b, &a);

	WARN_ON(!noise_create_initiation(&initiation, &a.hs, &a.id, ephemeral_a, timestamp, 1));
	cookie_add_macs(&a.cookie, (u8 *)&initiation, sizeof(initiation), now_ns);
	keep(INITIATION, &initiation, sizeof(initiation), &b);

	cookie_create_reply(&reply, &b.checker, (u8 *)&initiation, sizeof(initiation),
			    initiation.sender_index, &source, nonce);
	keep(COOKIE_REPLY, &reply, sizeof(reply), &a);

	WARN_ON(!noise_open_initiation(&opening, &initiation, &b.id));
	WARN_ON(noise_consume_initiation(&b.hs, &opening, &initiation, now_ns));
	WARN_ON(!noise_create_response(&response, &b.hs, ephemeral_b, 2));
	cookie_add_macs(&b.cookie, (u8 *)&response, sizeof(response), now_ns);
	keep(RESPONSE, &response, sizeof(response), &a);
}

/* --- the receiver, as rx and session do it ------------------------------------------- */

static bool take_initiation(struct side *side, const struct message *m)
{
	const struct message_initiation *msg = (const void *)m->bytes;
	struct noise_opening opening;

	return noise_open_initiation(&opening, msg, &side->id) &&
	       !memcmp(opening.remote_static, side->hs.remote_static, NOISE_KEY_LEN) &&
	       !noise_consume_initiation(&side->hs, &opening, msg, now_ns);
}

static bool take_response(struct side *side, const struct message *m)
{
	return noise_consume_response(&side->hs, (const void *)m->bytes, &side->id);
}

static bool take_cookie_reply(struct side *side, const struct message *m)
{
	return cookie_consume_reply(&side->cookie, (const void *)m->bytes, now_ns);
}

static bool macs_hold(const struct side *side, const struct message *m)
{
	return cookie_check_macs(&side->checker, m->bytes, m->len, &source, false, now_ns) !=
	       COOKIE_BAD_MAC1;
}

static bool take(struct side *side, const struct message *m, enum kind *kind)
{
	switch (message_classify(m->bytes, m->len)) {
	case MESSAGE_INITIATION:
		*kind = INITIATION;
		return macs_hold(side, m) && take_initiation(side, m);
	case MESSAGE_RESPONSE:
		*kind = RESPONSE;
		return macs_hold(side, m) && take_response(side, m);
	case MESSAGE_COOKIE:
		*kind = COOKIE_REPLY;
		return take_cookie_reply(side, m);
	default:
		return false;
	}
}

/* --- the attacker -------------------------------------------------------------------- */

/* The part that is authenticated whoever makes mac1: all but type, indices and macs. */
static bool same_core(const struct message *m, enum kind kind)
{
	static const size_t begin[KINDS] = {
		offsetof(struct message_initiation, ephemeral),
		offsetof(struct message_response, ephemeral),
		offsetof(struct message_cookie, nonce),
	};
	static const size_t end[KINDS] = {
		offsetof(struct message_initiation, macs),
		offsetof(struct message_response, macs),
		sizeof(struct message_cookie),
	};

	return m->len == original[kind].len &&
	       !memcmp(m->bytes + begin[kind], original[kind].bytes + begin[kind],
		       end[kind] - begin[kind]);
}

/* Without the power to make mac1: all up to and with mac1. */
static bool same_up_to_mac1(const struct message *m, enum kind kind)
{
	size_t len = m->len - (kind == COOKIE_REPLY ? 0 : MAC_LEN);

	return !memcmp(m->bytes, original[kind].bytes, len);
}

static void change(struct message *m, struct fuzz_input *in)
{
	u8 at;

	while (in->size) {
		at = fuzz_byte(in);
		m->bytes[at % m->len] ^= fuzz_byte(in);
	}
}

static void replace(struct message *m, struct fuzz_input *in)
{
	m->len = min(in->size, sizeof(m->bytes));
	memset(m->bytes, 0, sizeof(m->bytes));
	memcpy(m->bytes, in->data, m->len);
}

static void redo_mac1(struct message *m, enum kind kind)
{
	struct cookie cookie;

	if (kind == COOKIE_REPLY || m->len < sizeof(struct message_macs))
		return;
	cookie_init(&cookie, to[kind].id.static_public);
	cookie_add_macs(&cookie, m->bytes, m->len, now_ns);
}

/* Taken or not: was that right, and is the receiver as it was? */
static void judge(const struct message *m, enum kind aimed, u8 how)
{
	enum kind kind = aimed;
	struct side side;

	memcpy(&side, &to[aimed], sizeof(side));	/* padding too, for memcmp() */
	if (!take(&side, m, &kind)) {
		/* NOLINTNEXTLINE(bugprone-suspicious-memory-*,cert-exp42-c,cert-flp37-c) */
		WARN_ON(memcmp(&side, &to[aimed], sizeof(side)));
		WARN_ON(m->len == original[aimed].len && same_up_to_mac1(m, aimed));
		return;
	}
	WARN_ON(!same_core(m, kind));
	WARN_ON(kind != aimed && !(aimed != INITIATION && kind != INITIATION));
	if (!(how & REDO_MAC1) && kind != COOKIE_REPLY)
		WARN_ON(!same_up_to_mac1(m, kind));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct fuzz_input in = { data, size };
	u8 how = fuzz_byte(&in);
	enum kind kind = how & KIND_MASK;
	struct message m;

	if (!original[INITIATION].len)
		record();
	if (kind >= KINDS)
		return -1;

	m = original[kind];
	if (how & VERBATIM)
		replace(&m, &in);
	else
		change(&m, &in);
	if (how & REDO_MAC1)
		redo_mac1(&m, kind);
	judge(&m, kind, how);
	return 0;
}
