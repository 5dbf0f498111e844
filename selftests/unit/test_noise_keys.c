// SPDX-License-Identifier: GPL-2.0
/* The keys that a handshake takes: identities that change or are none, points of low order. */
#include "crypto.h"
#include "crypto_host.h"
#include "hkdf.h"
#include "noise_sides.h"
#include "../../module/selftest/vectors.h"

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
