// SPDX-License-Identifier: GPL-2.0
/*
 * The handshake, both roles in one process. test_noise_vectors.c has it against another
 * implementation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/unaligned.h>

#include "cookie.h"
#include "crypto.h"
#include "crypto_host.h"
#include "hkdf.h"
#include "noise.h"
#include "../../module/selftest/vectors.h"

#define INDEX_A cpu_to_le32(0xa1a2a3a4)
#define INDEX_B cpu_to_le32(0xb1b2b3b4)

static const u64 start_ns = 1000ULL * NSEC_PER_SEC;
static const u64 spacing_ns = NSEC_PER_SEC / INITIATIONS_PER_SECOND;

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

static void connect(struct side *from, const struct side *to, const u8 *preshared_key)
{
	noise_handshake_init(&from->hs, &from->id, to->id.static_public, preshared_key);
	cookie_init(&from->cookie, to->id.static_public);
	cookie_checker_init(&from->checker, from->id.static_public);
}

static int setup_with(const u8 *psk_a, const u8 *psk_b)
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

static int setup(void **state)
{
	return setup_with(psk, psk);
}

static bool try_initiate(struct side *from, u64 time)
{
	u8 timestamp[NOISE_TIMESTAMP_LEN] = { 0x40 };

	put_unaligned_be64(time, timestamp + 4);
	if (!noise_create_initiation(&initiation, &from->hs, &from->id, ephemeral_a, timestamp,
				     INDEX_A))
		return false;
	cookie_add_macs(&from->cookie, (u8 *)&initiation, sizeof(initiation), start_ns);
	return true;
}

static int open_and_consume(struct side *to, u64 now_ns)
{
	struct noise_opening opening;

	if (!noise_open_initiation(&opening, &initiation, &to->id))
		return -EPERM;
	if (memcmp(opening.remote_static, to->hs.remote_static, NOISE_KEY_LEN))
		return -ENOENT;
	return noise_consume_initiation(&to->hs, &opening, &initiation, now_ns);
}

/* What the module does with an initiation, macs first. */
static int accept_initiation(struct side *to, u64 now_ns)
{
	static const struct cookie_source src = { .len = 4 };

	if (cookie_check_macs(&to->checker, (u8 *)&initiation, sizeof(initiation), &src, false,
			      now_ns) == COOKIE_BAD_MAC1)
		return -EKEYREJECTED;
	return open_and_consume(to, now_ns);
}

static bool respond(struct side *from)
{
	if (!noise_create_response(&response, &from->hs, ephemeral_b, INDEX_B))
		return false;
	cookie_add_macs(&from->cookie, (u8 *)&response, sizeof(response), start_ns);
	return true;
}

static bool accept_response(struct side *to)
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

static void assert_cleared(const struct noise_handshake *hs)
{
	assert_int_equal(hs->state, HANDSHAKE_ZEROED);
	assert_memory_equal(hs->ephemeral_private, zero, NOISE_KEY_LEN);
	assert_memory_equal(hs->remote_ephemeral, zero, NOISE_KEY_LEN);
	assert_memory_equal(hs->hash, zero, NOISE_HASH_LEN);
	assert_memory_equal(hs->chaining_key, zero, NOISE_HASH_LEN);
}

static void assert_mirrored(const struct noise_session_keys *x, const struct noise_session_keys *y)
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

static void run_handshake(struct side *from, struct side *to, u64 time)
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

static void test_handshake(void **state)
{
	run_handshake(&a, &b, NSEC_PER_SEC);
}

static void test_handshake_without_psk(void **state)
{
	setup_with(NULL, NULL);
	run_handshake(&a, &b, NSEC_PER_SEC);
	setup_with(NULL, zero);
	run_handshake(&a, &b, NSEC_PER_SEC);
}

static void test_handshakes_in_turn(void **state)
{
	run_handshake(&a, &b, 1 * NSEC_PER_SEC);
	run_handshake(&b, &a, 2 * NSEC_PER_SEC);
	run_handshake(&a, &b, 3 * (u64)NSEC_PER_SEC);
}

static void test_wire(void **state)
{
	static const u8 initiation_head[] = { 1, 0, 0, 0, 0xa4, 0xa3, 0xa2, 0xa1 };
	static const u8 response_head[] = {
		2, 0, 0, 0, 0xb4, 0xb3, 0xb2, 0xb1, 0xa4, 0xa3, 0xa2, 0xa1,
	};

	assert_true(try_initiate(&a, 1));
	assert_memory_equal(&initiation, initiation_head, sizeof(initiation_head));
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	assert_true(respond(&b));
	assert_memory_equal(&response, response_head, sizeof(response_head));
}

static void test_psk_wrong(void **state)
{
	static const u8 *const psks[][2] = { { psk, NULL }, { NULL, psk }, { psk, private_c } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(psks); i++) {
		setup_with(psks[i][0], psks[i][1]);
		assert_true(try_initiate(&a, 1));
		assert_int_equal(accept_initiation(&b, start_ns), 0);
		assert_true(respond(&b));
		assert_unchanged(&a.hs, accept_response(&a), false);
	}
}

static void test_made_for_another(void **state)
{
	struct side c = { 0 };

	noise_identity_set(&c.id, private_c);
	connect(&c, &a, psk);
	assert_true(try_initiate(&a, 1));
	assert_unchanged(&c.hs, accept_initiation(&c, start_ns), -EKEYREJECTED);
	assert_unchanged(&c.hs, open_and_consume(&c, start_ns), -EPERM);
}

/* c is b's peer but shows a's public key: it cannot make "ss". */
static void test_sender_with_a_stolen_name(void **state)
{
	struct side c = { 0 };

	noise_identity_set(&c.id, private_c);
	connect(&c, &b, psk);
	memcpy(c.id.static_public, a.id.static_public, NOISE_KEY_LEN);
	assert_true(try_initiate(&c, 1));
	assert_unchanged(&b.hs, accept_initiation(&b, start_ns), -EBADMSG);
}

static void test_response_after_another_initiation(void **state)
{
	assert_true(try_initiate(&a, 1));
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	assert_true(respond(&b));
	assert_true(try_initiate(&a, 2));
	assert_unchanged(&a.hs, accept_response(&a), false);
}

/* c answers in place of b. */
static void test_response_by_another(void **state)
{
	struct side c = { 0 };

	noise_identity_set(&c.id, private_c);
	connect(&c, &a, psk);
	connect(&a, &c, psk);
	assert_true(try_initiate(&a, 1));
	assert_int_equal(accept_initiation(&c, start_ns), 0);
	assert_true(respond(&c));

	connect(&a, &b, psk);
	assert_true(try_initiate(&a, 1));
	assert_unchanged(&a.hs, accept_response(&a), false);
}

static void test_initiation_altered(void **state)
{
	const size_t sealed = offsetof(struct message_initiation, ephemeral);
	const size_t macs = offsetof(struct message_initiation, macs);
	u8 *bytes = (u8 *)&initiation;
	size_t bit;

	assert_true(try_initiate(&a, 1));
	for (bit = 0; bit < (macs + MAC_LEN) * 8; bit++) {
		bytes[bit / 8] ^= 1 << (bit % 8);
		assert_unchanged(&b.hs, accept_initiation(&b, start_ns), -EKEYREJECTED);
		bytes[bit / 8] ^= 1 << (bit % 8);
	}
	/* And who can make mac1, which is everybody who knows b, still comes to nothing. */
	for (bit = sealed * 8; bit < macs * 8; bit++) {
		bytes[bit / 8] ^= 1 << (bit % 8);
		assert_unchanged(&b.hs, !open_and_consume(&b, start_ns), false);
		bytes[bit / 8] ^= 1 << (bit % 8);
	}
	assert_int_equal(accept_initiation(&b, start_ns), 0);
}

static void test_response_altered(void **state)
{
	const size_t sealed = offsetof(struct message_response, ephemeral);
	const size_t macs = offsetof(struct message_response, macs);
	u8 *bytes = (u8 *)&response;
	size_t bit;

	assert_true(try_initiate(&a, 1));
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	assert_true(respond(&b));
	for (bit = 0; bit < (macs + MAC_LEN) * 8; bit++) {
		bytes[bit / 8] ^= 1 << (bit % 8);
		assert_unchanged(&a.hs, accept_response(&a), false);
		bytes[bit / 8] ^= 1 << (bit % 8);
	}
	for (bit = sealed * 8; bit < macs * 8; bit++) {
		bytes[bit / 8] ^= 1 << (bit % 8);
		assert_unchanged(&a.hs, noise_consume_response(&a.hs, &response, &a.id), false);
		bytes[bit / 8] ^= 1 << (bit % 8);
	}
	assert_true(accept_response(&a));
}

static void test_replay(void **state)
{
	struct message_initiation first;

	assert_true(try_initiate(&a, 1000));
	first = initiation;
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	assert_unchanged(&b.hs, accept_initiation(&b, start_ns + spacing_ns), -EALREADY);

	assert_true(try_initiate(&a, 999));
	assert_unchanged(&b.hs, accept_initiation(&b, start_ns + spacing_ns), -EALREADY);
	assert_true(try_initiate(&a, 1000));
	assert_unchanged(&b.hs, accept_initiation(&b, start_ns + spacing_ns), -EALREADY);
	assert_true(try_initiate(&a, 1001));
	assert_int_equal(accept_initiation(&b, start_ns + spacing_ns), 0);

	/* Neither a session nor a new identity makes b forget. */
	assert_true(respond(&b));
	noise_handshake_clear(&b.hs);
	assert_true(noise_handshake_set_identity(&b.hs, &b.id));
	initiation = first;
	assert_unchanged(&b.hs, accept_initiation(&b, 2 * start_ns), -EALREADY);
}

/* TAI64N is big endian; a low byte that wraps must not look older. */
static void test_timestamp_order(void **state)
{
	assert_true(try_initiate(&a, 0xff));
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	assert_true(try_initiate(&a, 0x100));
	assert_int_equal(accept_initiation(&b, start_ns + spacing_ns), 0);
	assert_true(try_initiate(&a, 0xff00000000));
	assert_int_equal(accept_initiation(&b, start_ns + 2 * spacing_ns), 0);
}

static void test_flood(void **state)
{
	u64 now_ns = start_ns, i;

	for (i = 1; i <= INITIATIONS_PER_SECOND; i++, now_ns += spacing_ns) {
		assert_true(try_initiate(&a, i));
		assert_int_equal(accept_initiation(&b, now_ns), 0);
	}
	assert_true(try_initiate(&a, i));
	assert_unchanged(&b.hs, accept_initiation(&b, now_ns - 1), -EBUSY);
	/* Another CPU's clock is a little behind. */
	assert_unchanged(&b.hs, accept_initiation(&b, now_ns - spacing_ns - 1), -EBUSY);
	/* The refused ones cost it nothing. */
	assert_int_equal(accept_initiation(&b, now_ns), 0);
}

static const enum noise_handshake_state all_states[] = {
	HANDSHAKE_ZEROED,	    HANDSHAKE_CREATED_INITIATION, HANDSHAKE_CONSUMED_INITIATION,
	HANDSHAKE_CREATED_RESPONSE, HANDSHAKE_CONSUMED_RESPONSE,
};

static void test_states_refused(void **state)
{
	struct noise_session_keys keys;
	size_t i;

	assert_true(try_initiate(&a, 1));
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	for (i = 0; i < ARRAY_SIZE(all_states); i++) {
		b.hs.state = all_states[i];
		if (all_states[i] != HANDSHAKE_CONSUMED_INITIATION)
			assert_unchanged(&b.hs, respond(&b), false);
		if (all_states[i] != HANDSHAKE_CREATED_RESPONSE &&
		    all_states[i] != HANDSHAKE_CONSUMED_RESPONSE)
			assert_unchanged(&b.hs, noise_begin_session(&keys, &b.hs), false);
	}
	b.hs.state = HANDSHAKE_CONSUMED_INITIATION;
	assert_true(respond(&b));
	for (i = 0; i < ARRAY_SIZE(all_states); i++) {
		a.hs.state = all_states[i];
		if (all_states[i] != HANDSHAKE_CREATED_INITIATION)
			assert_unchanged(&a.hs, accept_response(&a), false);
	}
	a.hs.state = HANDSHAKE_CREATED_INITIATION;
	assert_true(accept_response(&a));
}

/* Both start at once: the later message wins, the response to the earlier is refused. */
static void test_crossing(void **state)
{
	struct message_initiation from_b;

	assert_true(try_initiate(&b, 1));
	from_b = initiation;
	assert_true(try_initiate(&a, 1));
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	initiation = from_b;
	assert_int_equal(accept_initiation(&a, start_ns), 0);
	assert_true(respond(&b));
	assert_unchanged(&a.hs, accept_response(&a), false);
}

static void test_identity(void **state)
{
	struct noise_identity id;
	u8 clamped[NOISE_KEY_LEN], pub[NOISE_KEY_LEN];

	memset(&id, 0xaa, sizeof(id));
	noise_identity_set(&id, private_a);
	memcpy(clamped, private_a, sizeof(clamped));
	crypto_x25519_clamp(clamped);
	assert_true(id.valid);
	assert_memory_equal(id.static_private, clamped, sizeof(clamped));
	assert_true(crypto_x25519_public(pub, clamped));
	assert_memory_equal(id.static_public, pub, sizeof(pub));

	noise_identity_set(&id, zero);
	assert_false(id.valid);
	assert_memory_equal(id.static_private, zero, sizeof(zero));
	assert_memory_equal(id.static_public, zero, sizeof(zero));
}

static void test_without_identity(void **state)
{
	struct noise_handshake fresh;
	struct noise_identity none;

	noise_identity_set(&none, zero);
	noise_handshake_init(&fresh, &none, b.id.static_public, psk);
	assert_memory_equal(fresh.static_static, zero, sizeof(zero));

	assert_true(try_initiate(&a, 1));
	fresh.state = HANDSHAKE_CONSUMED_RESPONSE;
	b.hs = a.hs;
	a.hs = fresh;
	assert_unchanged(&a.hs, try_initiate(&a, 2), false);
	a.id = none;
	assert_unchanged(&a.hs, try_initiate(&a, 2), false);
	a.hs = b.hs;
	assert_unchanged(&a.hs, try_initiate(&a, 2), false);
}

static void test_identity_changes(void **state)
{
	struct noise_identity other, none;

	noise_identity_set(&other, private_c);
	noise_identity_set(&none, zero);
	assert_true(try_initiate(&a, 1));
	assert_true(noise_handshake_set_identity(&a.hs, &other));
	assert_cleared(&a.hs);
	assert_memory_equal(a.hs.preshared_key, psk, sizeof(psk));
	assert_memory_equal(a.hs.remote_static, b.id.static_public, NOISE_KEY_LEN);

	assert_false(noise_handshake_set_identity(&a.hs, &none));
	assert_memory_equal(a.hs.static_static, zero, sizeof(zero));
	assert_true(noise_handshake_set_identity(&a.hs, &a.id));
	run_handshake(&a, &b, 2);
}

static void check_low_order(const u8 point[NOISE_KEY_LEN])
{
	setup_with(psk, psk);
	assert_true(try_initiate(&a, 1));
	memcpy(initiation.ephemeral, point, NOISE_KEY_LEN);
	assert_unchanged(&b.hs, open_and_consume(&b, start_ns), -EPERM);

	assert_true(try_initiate(&a, 1));
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	assert_true(respond(&b));
	memcpy(response.ephemeral, point, NOISE_KEY_LEN);
	assert_unchanged(&a.hs, noise_consume_response(&a.hs, &response, &a.id), false);

	/* These two cannot come about by messages. */
	b.hs.state = HANDSHAKE_CONSUMED_INITIATION;
	memcpy(b.hs.remote_ephemeral, point, NOISE_KEY_LEN);
	assert_unchanged(&b.hs, respond(&b), false);
	memcpy(b.hs.remote_ephemeral, a.id.static_public, NOISE_KEY_LEN);
	memcpy(b.hs.remote_static, point, NOISE_KEY_LEN);
	assert_unchanged(&b.hs, respond(&b), false);

	memset(&a.hs, 0xaa, sizeof(a.hs));
	noise_handshake_init(&a.hs, &a.id, point, psk);
	assert_memory_equal(a.hs.static_static, zero, sizeof(zero));
	assert_false(noise_handshake_set_identity(&a.hs, &a.id));
	assert_unchanged(&a.hs, try_initiate(&a, 1), false);
}

static void test_low_order(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(x25519_low_order); i++)
		check_low_order(x25519_low_order[i]);
}

/* MixKey() and EncryptAndHash() once more, for a message that noise.c refuses to make. */
static void seal_with(u8 *dst, const u8 *src, size_t len, u8 *ck, u8 *h, const u8 *input)
{
	u8 key[NOISE_KEY_LEN];

	hkdf_derive(ck, key, NULL, ck, input, NOISE_KEY_LEN);
	crypto_seal(dst, src, len, h, NOISE_HASH_LEN, 0, key);
	crypto_hash(h, h, NOISE_HASH_LEN, dst, len + NOISE_TAG_LEN);
}

/* The secret that zeros become: everybody's. */
static void weak_secret(u8 secret[NOISE_KEY_LEN])
{
	memset(secret, 0, NOISE_KEY_LEN);
	crypto_x25519_clamp(secret);
}

/* An initiation in the name of @sender that takes "ss" for zeros. */
static void forge_initiation(const u8 sender[NOISE_KEY_LEN], const u8 receiver[NOISE_KEY_LEN],
			     const u8 receiver_point[NOISE_KEY_LEN])
{
	static const char name[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
	static const char prologue[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";
	static const u8 timestamp[NOISE_TIMESTAMP_LEN] = { 0x40, 1 };
	u8 ck[NOISE_HASH_LEN], h[NOISE_HASH_LEN], dh[NOISE_KEY_LEN], e[NOISE_KEY_LEN];

	memcpy(e, ephemeral_a, sizeof(e));
	crypto_x25519_clamp(e);
	crypto_hash(ck, (const u8 *)name, strlen(name), NULL, 0);
	crypto_hash(h, ck, sizeof(ck), (const u8 *)prologue, strlen(prologue));
	crypto_hash(h, h, sizeof(h), receiver, NOISE_KEY_LEN);
	assert_true(crypto_x25519_public(initiation.ephemeral, e));
	crypto_hash(h, h, sizeof(h), initiation.ephemeral, NOISE_KEY_LEN);
	hkdf_derive(ck, NULL, NULL, ck, initiation.ephemeral, NOISE_KEY_LEN);
	assert_true(crypto_x25519(dh, e, receiver_point));
	seal_with(initiation.encrypted_static, sender, NOISE_KEY_LEN, ck, h, dh);
	seal_with(initiation.encrypted_timestamp, timestamp, sizeof(timestamp), ck, h, zero);
}

/* A low-order key as a peer: anybody can compute "ss", so nobody must get in. */
static void test_zero_static_static(void **state)
{
	const u8 *point = x25519_low_order[2];

	noise_handshake_init(&b.hs, &b.id, point, psk);
	forge_initiation(point, b.id.static_public, b.id.static_public);
	assert_unchanged(&b.hs, open_and_consume(&b, start_ns), -EBADMSG);
}

/* A device without a key must not be taken for one whose private key is zeros. */
static void test_nobody_is_spoken_to(void **state)
{
	u8 secret[NOISE_KEY_LEN], point[NOISE_KEY_LEN];

	weak_secret(secret);
	assert_true(crypto_x25519_public(point, secret));
	noise_identity_set(&b.id, zero);
	forge_initiation(a.id.static_public, zero, point);
	assert_unchanged(&b.hs, open_and_consume(&b, start_ns), -EPERM);

	assert_true(try_initiate(&a, 1));
	noise_identity_set(&b.id, private_b);
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	memcpy(b.hs.remote_static, point, sizeof(point));
	assert_true(respond(&b));
	noise_identity_set(&a.id, zero);
	assert_unchanged(&a.hs, noise_consume_response(&a.hs, &response, &a.id), false);
}

/* Each X25519 of @call fails in turn: it is refused, and @hs stays as it was. */
#define assert_x25519_matters(hs, count, call, expected)                                           \
	do {                                                                                       \
		unsigned int __nth;                                                                \
		for (__nth = 1; __nth <= (count); __nth++) {                                       \
			crypto_host_fail(__nth);                                                   \
			assert_unchanged(hs, call, expected);                                      \
		}                                                                                  \
		crypto_host_fail(0);                                                               \
	} while (0)

/* Most of these points and scalars cannot fail with X25519 as it is: nobody relies on it. */
static void test_x25519_fails(void **state)
{
	struct noise_identity nobody;

	crypto_host_fail(1);
	noise_identity_set(&nobody, private_a);
	assert_false(nobody.valid);
	assert_memory_equal(nobody.static_private, zero, NOISE_KEY_LEN);

	assert_x25519_matters(&a.hs, 2, try_initiate(&a, 1), false);
	assert_true(try_initiate(&a, 1));
	assert_x25519_matters(&b.hs, 1, open_and_consume(&b, start_ns), -EPERM);
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	assert_x25519_matters(&b.hs, 3, respond(&b), false);
	assert_true(respond(&b));
	assert_x25519_matters(&a.hs, 2, accept_response(&a), false);
	assert_true(accept_response(&a));
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test_setup(test_handshake, setup),
		cmocka_unit_test_setup(test_handshake_without_psk, setup),
		cmocka_unit_test_setup(test_handshakes_in_turn, setup),
		cmocka_unit_test_setup(test_wire, setup),
		cmocka_unit_test_setup(test_psk_wrong, setup),
		cmocka_unit_test_setup(test_made_for_another, setup),
		cmocka_unit_test_setup(test_sender_with_a_stolen_name, setup),
		cmocka_unit_test_setup(test_response_after_another_initiation, setup),
		cmocka_unit_test_setup(test_response_by_another, setup),
		cmocka_unit_test_setup(test_initiation_altered, setup),
		cmocka_unit_test_setup(test_response_altered, setup),
		cmocka_unit_test_setup(test_replay, setup),
		cmocka_unit_test_setup(test_timestamp_order, setup),
		cmocka_unit_test_setup(test_flood, setup),
		cmocka_unit_test_setup(test_states_refused, setup),
		cmocka_unit_test_setup(test_crossing, setup),
		cmocka_unit_test_setup(test_identity, setup),
		cmocka_unit_test_setup(test_without_identity, setup),
		cmocka_unit_test_setup(test_identity_changes, setup),
		cmocka_unit_test_setup(test_low_order, setup),
		cmocka_unit_test_setup(test_zero_static_static, setup),
		cmocka_unit_test_setup(test_nobody_is_spoken_to, setup),
		cmocka_unit_test_setup(test_x25519_fails, setup),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
