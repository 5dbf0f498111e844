// SPDX-License-Identifier: GPL-2.0
/* Path-MTU probes: bytes as in docs/wire-format.md, what is answered, and how often. */
#include <string.h>

#include <linux/kernel.h>

#include "control.h"
#include "probe.h"
#include "test_cmocka.h"

#define MS 1000000ULL
#define SECOND (1000 * MS)

static const u8 a_probe[PROBE_LEN] = { 0xf3, 1, 0, 0, 0x78, 0x56, 0x34, 0x12 };
static const u8 an_answer[PROBE_LEN] = { 0xf3, 2, 0x8c, 0x05, 0x78, 0x56, 0x34, 0x12 };
enum { ID = 0x12345678, SIZE = 1420 };

static void test_bytes(void **state)
{
	struct probe probe = { .id = ID, .size = SIZE };
	u8 msg[PROBE_LEN];

	probe_write(msg, &probe);
	assert_memory_equal(msg, a_probe, sizeof(msg));
	probe.answer = true;
	probe_write(msg, &probe);
	assert_memory_equal(msg, an_answer, sizeof(msg));
	assert_int_equal(CONTROL_PROBE, 0xf3);
	assert_in_range(PROBE_LEN, 1, PROBE_MIN_SIZE - 1);
	assert_in_range(PROBE_MAX_SIZE, PROBE_MIN_SIZE, U16_MAX);
}

/* The size is what came, whatever the probe says it is. */
static void test_answer_a_probe(void **state)
{
	static const size_t good[] = { PROBE_MIN_SIZE, 576, SIZE, PROBE_MAX_SIZE };
	static const size_t bad[] = { 0, 1, PROBE_LEN - 1, PROBE_LEN, 16, PROBE_MIN_SIZE - 1,
				      PROBE_MAX_SIZE + 1, 65535 };
	u8 msg[PROBE_LEN];
	unsigned int i;

	memcpy(msg, a_probe, sizeof(msg));
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		struct probe_state st = { 0 };
		struct probe probe = { 0 };

		msg[2] = i;
		assert_int_equal(probe_receive(&st, &probe, msg, good[i], 0), PROBE_TO_ANSWER);
		assert_true(probe.answer);
		assert_int_equal(probe.size, good[i]);
		assert_int_equal(probe.id, ID);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct probe_state st = { 0 };
		struct probe probe;

		assert_int_equal(probe_receive(&st, &probe, msg, bad[i], 0), PROBE_BAD);
		assert_int_equal(st.quiet_ns, 0);
	}
}

static void test_other_kinds(void **state)
{
	struct probe_state st = { .expected = true, .id = ID, .size = SIZE };
	unsigned int kind;

	for (kind = 0; kind < 256; kind++) {
		u8 msg[PROBE_LEN] = { 0xf3, kind, 0, 0, 1 };
		struct probe probe;

		assert_int_equal(probe_receive(&st, &probe, msg, 500, kind * SECOND),
				 kind == 1 ? PROBE_TO_ANSWER : PROBE_BAD);
	}
	assert_true(st.expected);
}

/* Only what was asked for, of that size, and once. */
static void test_take_an_answer(void **state)
{
	struct probe_state st = { 0 };
	struct probe probe;
	u8 other[PROBE_LEN];

	assert_int_equal(probe_receive(&st, &probe, an_answer, 16, 0), PROBE_BAD);
	assert_true(probe_begin(&st, ID, SIZE, 0));
	assert_int_equal(probe_receive(&st, &probe, an_answer, PROBE_LEN - 1, 1), PROBE_BAD);
	memcpy(other, an_answer, sizeof(other));
	other[2]++;
	assert_int_equal(probe_receive(&st, &probe, other, 16, 1), PROBE_BAD);
	other[2]--;
	other[7]++;
	assert_int_equal(probe_receive(&st, &probe, other, 16, 1), PROBE_BAD);
	assert_int_equal(probe_receive(&st, &probe, an_answer, 16, 2), PROBE_ANSWERED);
	assert_int_equal(probe.size, SIZE);
	assert_int_equal(probe.id, ID);
	assert_int_equal(probe_receive(&st, &probe, an_answer, 16, 3), PROBE_BAD);
}

/* The last one that was sent counts. */
static void test_a_later_probe(void **state)
{
	struct probe_state st = { 0 };
	struct probe probe;

	assert_true(probe_begin(&st, ID, SIZE, 0));
	assert_true(probe_begin(&st, ID + 1, SIZE, SECOND));
	assert_int_equal(probe_receive(&st, &probe, an_answer, 16, SECOND), PROBE_BAD);
	assert_true(probe_begin(&st, ID, SIZE, 2 * SECOND));
	assert_int_equal(probe_receive(&st, &probe, an_answer, 16, 9 * SECOND), PROBE_ANSWERED);
}

static void test_sending_rate(void **state)
{
	struct probe_state st = { 0 };
	unsigned int sent = 0;
	u64 now;

	for (now = 5 * SECOND; now < 15 * SECOND; now += MS)
		sent += probe_begin(&st, 7, 100, now);
	assert_int_equal(sent, 10 * SECOND / PROBE_INTERVAL_NS);
	/* what was refused does not count as sent */
	now = st.may_send_ns;
	assert_false(probe_begin(&st, 8, 200, now - 1));
	assert_int_equal(st.id, 7);
	assert_int_equal(st.size, 100);
	assert_true(probe_begin(&st, 8, 200, now));
}

static unsigned int answers(struct probe_state *st, u64 from, u64 to, u64 step)
{
	unsigned int n = 0;
	struct probe probe;

	for (; from < to; from += step)
		n += probe_receive(st, &probe, a_probe, 100, from) == PROBE_TO_ANSWER;
	return n;
}

static void test_answering_rate(void **state)
{
	struct probe_state st = { 0 };

	assert_int_equal(answers(&st, SECOND, SECOND + 100, 1), PROBE_BURST);
	assert_int_equal(answers(&st, SECOND + 100, 11 * SECOND, MS),
			 10 * SECOND / PROBE_INTERVAL_NS - 1);
	/* after some quiet, no more than one burst */
	assert_int_equal(answers(&st, 100 * SECOND, 100 * SECOND + 100, 1), PROBE_BURST);
	/* whoever keeps to the rate of probe_begin() is answered each time */
	assert_int_equal(answers(&st, 200 * SECOND, 210 * SECOND, PROBE_INTERVAL_NS),
			 10 * SECOND / PROBE_INTERVAL_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_answer_a_probe),
		cmocka_unit_test(test_other_kinds),
		cmocka_unit_test(test_take_an_answer),
		cmocka_unit_test(test_a_later_probe),
		cmocka_unit_test(test_sending_rate),
		cmocka_unit_test(test_answering_rate),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
