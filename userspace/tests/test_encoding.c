// SPDX-License-Identifier: GPL-2.0
/* Keys as base64, against libsodium's own encoder. */
#include <sodium.h>

#include "test.h"

static void test_against_sodium(void **state)
{
	char mine[KEY_BASE64_LEN], theirs[KEY_BASE64_LEN];
	uint8_t key[KEY_LEN], back[KEY_LEN];
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		randombytes_buf(key, sizeof(key));
		key_to_base64(mine, key);
		sodium_bin2base64(theirs, sizeof(theirs), key, sizeof(key),
				  sodium_base64_VARIANT_ORIGINAL);
		assert_string_equal(mine, theirs);
		assert_int_equal(key_from_base64(back, mine), 0);
		assert_memory_equal(back, key, sizeof(key));
	}
}

static bool sodium_takes(uint8_t key[KEY_LEN], const char *text)
{
	size_t len;

	return !sodium_base642bin(key, KEY_LEN, text, strlen(text), NULL, &len, NULL,
				  sodium_base64_VARIANT_ORIGINAL) && len == KEY_LEN;
}

/*
 * Every byte at every place: taken exactly when libsodium takes it, but for the bytes
 * that are not ASCII, of which version 1.0.18 takes some.
 */
static void test_every_byte(void **state)
{
	uint8_t key[KEY_LEN], theirs[KEY_LEN];
	char text[KEY_BASE64_LEN];
	size_t place;
	bool good;
	int c;

	(void)state;
	for (place = 0; place < KEY_BASE64_LEN - 1; place++) {
		for (c = 1; c < 256; c++) {
			memcpy(text, KEY_A, sizeof(text));
			text[place] = (char)c;
			good = c < 128 && sodium_takes(theirs, text);
			assert_int_equal(key_from_base64(key, text), good ? 0 : -EINVAL);
			if (good)
				assert_memory_equal(key, theirs, sizeof(key));
			else
				assert_true(key_is_zero(key));
		}
	}
}

static void test_wrong_length(void **state)
{
	uint8_t key[KEY_LEN];

	(void)state;
	assert_int_equal(key_from_base64(key, ""), -EINVAL);
	assert_int_equal(key_from_base64(key, KEY_A "="), -EINVAL);
	assert_int_equal(key_from_base64(key, KEY_A "\n"), -EINVAL);
	assert_int_equal(key_from_base64(key, &KEY_A[1]), -EINVAL);
	/* the two bits behind the key must be zero: one text for one key */
	assert_int_equal(key_from_base64(key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9="),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_sodium),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_wrong_length),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
