/* SPDX-License-Identifier: GPL-2.0 */
/* Two ends of a tunnel in one process, and the messages between them. */
#ifndef NOISE_SIDES_H
#define NOISE_SIDES_H

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/unaligned.h>

#include "cookie.h"
#include "noise.h"
#include "test_cmocka.h"

#define INDEX_A cpu_to_le32(0xa1a2a3a4)
#define INDEX_B cpu_to_le32(0xb1b2b3b4)

static const u64 start_ns = 1000ULL * NSEC_PER_SEC;

static const u8 private_a[NOISE_KEY_LEN] = "private key of a";
static const u8 private_b[NOISE_KEY_LEN] = "private key of b";
static const u8 private_c[NOISE_KEY_LEN] = "private key of c";
static const u8 ephemeral_a[NOISE_KEY_LEN] = "ephemeral of a";
static const u8 ephemeral_b[NOISE_KEY_LEN] = "ephemeral of b";
static const u8 psk[NOISE_KEY_LEN] = "pre-shared key";
static const u8 zero[NOISE_KEY_LEN];

/**
 * struct side - one end of a tunnel
 * @id: its own key pair
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

static struct side a, b;
static struct message_initiation initiation;
static struct message_response response;

static inline void connect(struct side *from, const struct side *to, const u8 *preshared_key)
{
	noise_handshake_init(&from->hs, &from->id, to->id.static_public, preshared_key);
	cookie_init(&from->cookie, to->id.static_public);
	cookie_checker_init(&from->checker, from->id.static_public);
}

static inline int setup_with(const u8 *psk_a, const u8 *psk_b)
{
	noise_init();
	memset(&a, 0xaa, sizeof(a));
	memset(&b, 0xbb, sizeof(b));
	memset(&initiation, 0, sizeof(initiation));
	memset(&response, 0, sizeof(response));
	noise_identity_set(&a.id, private_a);
	noise_identity_set(&b.id, private_b);
	connect(&a, &b, psk_a);
	connect(&b, &a, psk_b);
	return 0;
}

static inline int setup(void **state)
{
	return setup_with(psk, psk);
}

static inline bool try_initiate(struct side *from, u64 time)
{
	u8 timestamp[NOISE_TIMESTAMP_LEN] = { 0x40 };

	put_unaligned_be64(time, timestamp + 4);
	if (!noise_create_initiation(&initiation, &from->hs, &from->id, ephemeral_a, timestamp,
				     INDEX_A))
		return false;
	cookie_add_macs(&from->cookie, (u8 *)&initiation, sizeof(initiation), start_ns);
	return true;
}

static inline int open_and_consume(struct side *to, u64 now_ns)
{
	struct noise_opening opening;

	if (!noise_open_initiation(&opening, &initiation, &to->id))
		return -EPERM;
	if (memcmp(opening.remote_static, to->hs.remote_static, NOISE_KEY_LEN))
		return -ENOENT;
	return noise_consume_initiation(&to->hs, &opening, &initiation, now_ns);
}

/* What the module does with an initiation, macs first. */
static inline int accept_initiation(struct side *to, u64 now_ns)
{
	static const struct cookie_source src = { .len = 4 };

	if (cookie_check_macs(&to->checker, (u8 *)&initiation, sizeof(initiation), &src, false,
			      now_ns) == COOKIE_BAD_MAC1)
		return -EKEYREJECTED;
	return open_and_consume(to, now_ns);
}

static inline bool respond(struct side *from)
{
	if (!noise_create_response(&response, &from->hs, ephemeral_b, INDEX_B))
		return false;
	cookie_add_macs(&from->cookie, (u8 *)&response, sizeof(response), start_ns);
	return true;
}

static inline bool accept_response(struct side *to)
{
	static const struct cookie_source src = { .len = 4 };

	return cookie_check_macs(&to->checker, (u8 *)&response, sizeof(response), &src, false,
				 start_ns) != COOKIE_BAD_MAC1 &&
	       noise_consume_response(&to->hs, &response, &to->id);
}

/* Whether @call leaves @hs as it was, to the bit, and gives @expected. */
#define assert_unchanged(hs, call, expected)                                                       \
	do {                                                                                       \
		const struct noise_handshake *__hs = (hs);                                         \
		struct noise_handshake __before;                                                   \
		memcpy(&__before, __hs, sizeof(__before));                                         \
		assert_int_equal(call, expected);                                                  \
		assert_memory_equal(&__before, __hs, sizeof(__before));                            \
	} while (0)

static inline void assert_cleared(const struct noise_handshake *hs)
{
	assert_int_equal(hs->state, HANDSHAKE_ZEROED);
	assert_memory_equal(hs->ephemeral_private, zero, NOISE_KEY_LEN);
	assert_memory_equal(hs->remote_ephemeral, zero, NOISE_KEY_LEN);
	assert_memory_equal(hs->hash, zero, NOISE_HASH_LEN);
	assert_memory_equal(hs->chaining_key, zero, NOISE_HASH_LEN);
}

static inline void assert_mirrored(const struct noise_session_keys *x,
				   const struct noise_session_keys *y)
{
	assert_memory_equal(x->sending, y->receiving, NOISE_KEY_LEN);
	assert_memory_equal(x->receiving, y->sending, NOISE_KEY_LEN);
	assert_memory_not_equal(x->sending, x->receiving, NOISE_KEY_LEN);
	assert_memory_not_equal(x->sending, zero, NOISE_KEY_LEN);
	assert_memory_not_equal(x->receiving, zero, NOISE_KEY_LEN);
	assert_memory_equal(x->gcm_sending, y->gcm_receiving, NOISE_KEY_LEN);
	assert_memory_equal(x->gcm_receiving, y->gcm_sending, NOISE_KEY_LEN);
	assert_memory_not_equal(x->gcm_sending, x->gcm_receiving, NOISE_KEY_LEN);
	assert_memory_not_equal(x->gcm_sending, x->sending, NOISE_KEY_LEN);
	assert_memory_not_equal(x->gcm_receiving, x->receiving, NOISE_KEY_LEN);
	assert_memory_not_equal(x->gcm_sending, zero, NOISE_KEY_LEN);
	assert_true(x->local_index == y->remote_index && x->remote_index == y->local_index);
	assert_true(x->initiator != y->initiator);
}

static inline void run_handshake(struct side *from, struct side *to, u64 time)
{
	struct noise_session_keys theirs, ours;

	assert_true(try_initiate(from, time));
	assert_int_equal(from->hs.state, HANDSHAKE_CREATED_INITIATION);
	assert_int_equal(accept_initiation(to, start_ns + time), 0);
	assert_int_equal(to->hs.state, HANDSHAKE_CONSUMED_INITIATION);
	assert_true(respond(to));
	assert_int_equal(to->hs.state, HANDSHAKE_CREATED_RESPONSE);
	assert_true(accept_response(from));
	assert_int_equal(from->hs.state, HANDSHAKE_CONSUMED_RESPONSE);

	assert_true(noise_begin_session(&ours, &from->hs));
	assert_true(noise_begin_session(&theirs, &to->hs));
	assert_true(ours.initiator);
	assert_true(ours.local_index == INDEX_A && ours.remote_index == INDEX_B);
	assert_mirrored(&ours, &theirs);
	assert_cleared(&from->hs);
	assert_cleared(&to->hs);
}

#endif /* NOISE_SIDES_H */
