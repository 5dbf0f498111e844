// SPDX-License-Identifier: GPL-2.0
/* Capability messages: bytes as in docs/wire-format.md, and what is to be made of others. */
#include "control.h"
#include "test_cmocka.h"

static void test_bytes(void **state)
{
	static const u8 plain[] = { 0xf0, 1, 1, 1, 2, 4, 1, 0, 0, 0, 0, 0, 0, 0 };
	static const u8 heard[] = { 0xf0, 1, 1, 1, 2, 4, 0, 0, 0, 0, 3, 0, 0, 0 };
	static const u8 probes[] = { 0xf0, 1, 1, 1, 2, 4, 0, 0, 0, 0, 4, 0, 0, 0 };
	static const u8 both[] = { 0xf0, 1, 1, 1, 2, 4, 0, 0, 0, 0, 4, 0, 3, 0 };
	struct capabilities caps = { .aeads = AEAD_AES_256_GCM };
	u8 msg[CAPABILITIES_LEN];

	capabilities_write(msg, &caps);
	assert_int_equal(sizeof(msg), sizeof(plain));
	assert_memory_equal(msg, plain, sizeof(plain));
	caps = (struct capabilities){ .heard = true };
	capabilities_write(msg, &caps);
	assert_memory_equal(msg, heard, sizeof(heard));
	caps.probes = true;
	capabilities_write(msg, &caps);
	assert_memory_equal(msg, both, sizeof(both));
	caps.heard = false;
	capabilities_write(msg, &caps);
	assert_memory_equal(msg, probes, sizeof(probes));
}

static void check(const u8 *msg, size_t len, enum capabilities_verdict verdict, u32 aeads,
		  bool heard)
{
	struct capabilities caps = { .aeads = 77 };

	assert_int_equal(capabilities_read(&caps, msg, len), verdict);
	if (verdict == CAPABILITIES_BAD)
		return;
	assert_int_equal(caps.aeads, aeads);
	assert_int_equal(caps.heard, heard);
}

#define MESSAGE(...) ((const u8[]){ 0xf0, __VA_ARGS__ })
#define CHECK(verdict, aeads, heard, ...)                                                          \
	check(MESSAGE(__VA_ARGS__), sizeof(MESSAGE(__VA_ARGS__)), verdict, aeads, heard)

static void test_read(void **state)
{
	CHECK(CAPABILITIES_GOOD, 0x04030201, false, 1, 1, 1, 2, 4, 1, 2, 3, 4);
	CHECK(CAPABILITIES_GOOD, 0, true, 3, 0, 1, 1, 9);
	CHECK(CAPABILITIES_GOOD, 0, false, 1, 1, 1, 0, 99, 99, 99);
	/* longer than known */
	CHECK(CAPABILITIES_GOOD, 1, true, 1, 2, 1, 9, 2, 5, 1, 0, 0, 0, 7, 3, 1, 1);
	/* the last one counts */
	CHECK(CAPABILITIES_GOOD, 2, false, 1, 1, 1, 2, 4, 1, 0, 0, 0, 2, 4, 2, 0, 0, 0);
	CHECK(CAPABILITIES_PARTLY, 1, false, 200, 2, 5, 5, 1, 1, 1, 2, 4, 1, 0, 0, 0);
	CHECK(CAPABILITIES_PARTLY, 0, true, 1, 1, 1, 3, 0, 5, 0);
}

static bool says_probes(const u8 *msg, size_t len)
{
	struct capabilities caps = { .probes = true };

	assert_int_equal(capabilities_read(&caps, msg, len), CAPABILITIES_GOOD);
	return caps.probes;
}

static void test_probes(void **state)
{
	static const u8 silent[] = { 0xf0, 1, 1, 1, 3, 0, 0, 4, 0 };
	static const u8 plain[] = { 0xf0, 1, 1, 1, 4, 0 };
	static const u8 longer[] = { 0xf0, 4, 2, 0, 0, 1, 1, 1 };

	assert_false(says_probes(silent, sizeof(silent)));
	assert_true(says_probes(plain, sizeof(plain)));
	assert_true(says_probes(longer, sizeof(longer)));
}

static void test_bad(void **state)
{
	static const u8 alone[] = { 0xf0 };

	check(alone, sizeof(alone), CAPABILITIES_BAD, 0, false);
	CHECK(CAPABILITIES_BAD, 0, false, 0, 0, 0);
	/* no version, version 0, no value */
	CHECK(CAPABILITIES_BAD, 0, false, 2, 4, 1, 0, 0, 0);
	CHECK(CAPABILITIES_BAD, 0, false, 1, 1, 0);
	CHECK(CAPABILITIES_BAD, 0, false, 1, 0);
	/* cut off: type, length, value */
	CHECK(CAPABILITIES_BAD, 0, false, 1, 1, 1, 2);
	CHECK(CAPABILITIES_BAD, 0, false, 1, 1, 1, 2, 4);
	CHECK(CAPABILITIES_BAD, 0, false, 1, 1, 1, 2, 4, 1, 0, 0);
	CHECK(CAPABILITIES_BAD, 0, false, 1, 1, 1, 2, 3, 1, 0, 0);
	CHECK(CAPABILITIES_BAD, 0, false, 1, 1, 1, 250, 255, 0);
}

static void test_there_and_back(void **state)
{
	struct capabilities caps = { 0 };
	u8 msg[CAPABILITIES_LEN];
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		caps.aeads = 1U << bit;
		caps.heard = bit & 1;
		caps.probes = bit & 2;
		capabilities_write(msg, &caps);
		check(msg, sizeof(msg), CAPABILITIES_GOOD, caps.aeads, caps.heard);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_there_and_back),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
