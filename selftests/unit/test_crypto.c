// SPDX-License-Identifier: GPL-2.0
/* The primitives behind core/crypto.h: the module's known answers, and what takes longer. */
#include "test_cmocka.h"

#include "../../module/selftest/crypto_test.c"

static void test_known_answers(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tests); i++)
		if (!tests[i].passes())
			fail_msg("%s", tests[i].name);
	assert_true(mytun_crypto_selftest());
}

/* RFC 7748, section 5.2: after 1,000 iterations. */
static const u8 x25519_iterated_1000[32] = {
	0x68, 0x4c, 0xf5, 0x9b, 0xa8, 0x33, 0x09, 0x55, 0x28, 0x00, 0xef,
	0x56, 0x6f, 0x2f, 0x4d, 0x3c, 0x1c, 0x38, 0x87, 0xc4, 0x93, 0x60,
	0xe3, 0x87, 0x5f, 0x2e, 0xb9, 0x4d, 0x99, 0x53, 0x2c, 0x51,
};

/* RFC 7748, section 5.2: the scalar becomes the point, the result the scalar. */
static void test_x25519_iterated(void **state)
{
	u8 k[NOISE_KEY_LEN] = { 9 }, u[NOISE_KEY_LEN] = { 9 };
	u8 scalar[NOISE_KEY_LEN], result[NOISE_KEY_LEN];
	int i;

	for (i = 0; i < 1000; i++) {
		memcpy(scalar, k, sizeof(scalar));
		crypto_x25519_clamp(scalar);
		assert_true(crypto_x25519(result, scalar, u));
		memcpy(u, k, sizeof(u));
		memcpy(k, result, sizeof(k));
	}
	assert_memory_equal(k, x25519_iterated_1000, sizeof(k));
}

static void test_clamp(void **state)
{
	u8 ones[NOISE_KEY_LEN], zeros[NOISE_KEY_LEN] = { 0 };

	memset(ones, 0xff, sizeof(ones));
	crypto_x25519_clamp(ones);
	crypto_x25519_clamp(zeros);
	assert_int_equal(ones[0], 0xf8);
	assert_int_equal(ones[31], 0x7f);
	assert_int_equal(zeros[0], 0);
	assert_int_equal(zeros[31], 0x40);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_x25519_iterated),
		cmocka_unit_test(test_clamp),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
