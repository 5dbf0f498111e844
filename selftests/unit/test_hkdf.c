// SPDX-License-Identifier: GPL-2.0
/* HMAC and HKDF against Python's hmac over hashlib.blake2s (see vectors.h). */
#include "test_cmocka.h"

#include <linux/string.h>

#include "hkdf.h"
#include "../../module/selftest/vectors.h"

/* Computed with Python: hmac.new(salt, input, "blake2s"). */
static const u8 hmac_blake2s[32] = {
	0xf4, 0x28, 0x4d, 0x59, 0xb8, 0x14, 0xed, 0x0f, 0x85, 0xf6, 0x3b,
	0xee, 0x1e, 0xc9, 0xd8, 0x78, 0x24, 0x8a, 0xa7, 0xe1, 0x37, 0x52,
	0xef, 0xe9, 0x08, 0xc5, 0x57, 0x9b, 0x53, 0xf3, 0x00, 0x2b,
};

static u8 salt[NOISE_HASH_LEN], input[NOISE_KEY_LEN];

static int fill(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(salt); i++) {
		salt[i] = 0x20 + i;
		input[i] = 0x60 + i;
	}
	return 0;
}

static void test_hmac(void **state)
{
	u8 out[NOISE_HASH_LEN];

	hkdf_hmac(out, salt, input, sizeof(input));
	assert_memory_equal(out, hmac_blake2s, sizeof(out));
}

static void test_hmac_in_place(void **state)
{
	u8 key[NOISE_HASH_LEN], in[NOISE_KEY_LEN];

	memcpy(key, salt, sizeof(key));
	hkdf_hmac(key, key, input, sizeof(input));
	assert_memory_equal(key, hmac_blake2s, sizeof(key));
	memcpy(in, input, sizeof(in));
	hkdf_hmac(in, salt, in, sizeof(in));
	assert_memory_equal(in, hmac_blake2s, sizeof(in));
}

static void test_three_outputs(void **state)
{
	u8 out[3][NOISE_HASH_LEN];

	hkdf_derive(out[0], out[1], out[2], salt, input, sizeof(input));
	assert_memory_equal(out, hkdf_32, sizeof(out));
	hkdf_derive(out[0], out[1], out[2], salt, NULL, 0);
	assert_memory_equal(out, hkdf_empty, sizeof(out));
}

static void test_fewer_outputs(void **state)
{
	u8 out[2][NOISE_HASH_LEN];

	hkdf_derive(out[0], NULL, NULL, salt, input, sizeof(input));
	assert_memory_equal(out[0], hkdf_32, sizeof(out[0]));
	memset(out, 0, sizeof(out));
	hkdf_derive(out[0], out[1], NULL, salt, input, sizeof(input));
	assert_memory_equal(out, hkdf_32, sizeof(out));
}

/* As noise.c calls it: the new chaining key replaces the old one. */
static void test_in_place(void **state)
{
	u8 chaining_key[NOISE_HASH_LEN], key[NOISE_KEY_LEN];

	memcpy(chaining_key, salt, sizeof(chaining_key));
	hkdf_derive(chaining_key, key, NULL, chaining_key, input, sizeof(input));
	assert_memory_equal(chaining_key, hkdf_32, sizeof(chaining_key));
	assert_memory_equal(key, hkdf_32 + sizeof(chaining_key), sizeof(key));
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(test_hmac),	      cmocka_unit_test(test_hmac_in_place),
		cmocka_unit_test(test_three_outputs), cmocka_unit_test(test_fewer_outputs),
		cmocka_unit_test(test_in_place),
	};

	return cmocka_run_group_tests(all, fill, NULL);
}
