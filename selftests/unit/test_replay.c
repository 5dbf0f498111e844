// SPDX-License-Identifier: GPL-2.0
/* The replay window: its edges, and long random sequences against a naive record. */
#include <string.h>

#include <linux/kernel.h>

#include "../../module/selftest/replay_test.c"
#include "test_cmocka.h"
#include "test_random.h"

static struct replay_window window;

static int setup(void **state)
{
	memset(&window, 0xff, sizeof(window));
	replay_init(&window);
	return 0;
}

#define accepts(counter) assert_true(replay_accept(&window, counter))
#define refuses(counter) assert_false(replay_accept(&window, counter))

static void test_each_once(void **state)
{
	u64 i;

	for (i = 0; i < 3 * REPLAY_WINDOW_BITS; i++) {
		accepts(i);
		refuses(i);
	}
}

static void test_backwards(void **state)
{
	s64 i;

	for (i = REPLAY_WINDOW_SIZE; i >= 0; i--)
		accepts(i);
	for (i = REPLAY_WINDOW_SIZE; i >= 0; i--)
		refuses(i);
}

/* The oldest counter that is still looked at is REPLAY_WINDOW_SIZE behind the greatest. */
static void edges_behind(u64 greatest)
{
	accepts(greatest);
	refuses(greatest);
	refuses(greatest - REPLAY_WINDOW_SIZE - 1);
	accepts(greatest - REPLAY_WINDOW_SIZE);
	refuses(greatest - REPLAY_WINDOW_SIZE);
	accepts(greatest - REPLAY_WINDOW_SIZE + 1);
	refuses(greatest - REPLAY_WINDOW_SIZE + 1);
	accepts(greatest - 1);
	refuses(greatest - 1);
	accepts(greatest + 1);
	refuses(greatest + 1);
	refuses(greatest - REPLAY_WINDOW_SIZE);
	refuses(greatest);
}

/* Whatever place of a word the edge is at. */
static void test_edges(void **state)
{
	u64 offset;

	for (offset = 0; offset <= 2 * BITS_PER_LONG; offset++) {
		setup(state);
		edges_behind(5 * REPLAY_WINDOW_BITS + offset);
	}
}

/* A jump forgets all that it leaves behind, and lets all that is then new in. */
static void test_jumps(void **state)
{
	static const u64 jumps[] = {
		1, BITS_PER_LONG - 1, BITS_PER_LONG, BITS_PER_LONG + 1,
		REPLAY_WINDOW_SIZE - 1, REPLAY_WINDOW_SIZE, REPLAY_WINDOW_SIZE + 1,
		REPLAY_WINDOW_BITS - 1, REPLAY_WINDOW_BITS, REPLAY_WINDOW_BITS + 1,
		2 * REPLAY_WINDOW_BITS, 1ULL << 32, 1ULL << 48,
	};
	u64 base = 0, old, i;
	size_t j;

	for (j = 0; j < ARRAY_SIZE(jumps); j++) {
		for (i = 0; i <= REPLAY_WINDOW_BITS; i++)
			accepts(base + i);
		old = base + REPLAY_WINDOW_BITS;
		base = old + jumps[j];
		accepts(base);
		for (i = 1; i <= REPLAY_WINDOW_SIZE; i++)
			assert_int_equal(replay_accept(&window, base - i), base - i > old);
		refuses(base - REPLAY_WINDOW_SIZE - 1);
		base++;
	}
}

/* A long time without a message: the ring comes round to the same words. */
static void test_wraparound(void **state)
{
	u64 round;

	for (round = 1; round < 100; round++) {
		accepts(round * REPLAY_WINDOW_BITS);
		accepts(round * REPLAY_WINDOW_BITS - REPLAY_WINDOW_SIZE);
		refuses(round * REPLAY_WINDOW_BITS - REPLAY_WINDOW_BITS);
	}
}

static void test_end_of_counters(void **state)
{
	refuses(U64_MAX);
	refuses(REJECT_AFTER_MESSAGES);
	accepts(0);
	accepts(REJECT_AFTER_MESSAGES - 2);
	refuses(REJECT_AFTER_MESSAGES);
	refuses(REJECT_AFTER_MESSAGES + 1);
	refuses(U64_MAX - 1);
	refuses(U64_MAX);
	accepts(REJECT_AFTER_MESSAGES - 1);
	refuses(REJECT_AFTER_MESSAGES - 1);
	refuses(REJECT_AFTER_MESSAGES - 2);
	accepts(REJECT_AFTER_MESSAGES - 1 - REPLAY_WINDOW_SIZE);
	refuses(REJECT_AFTER_MESSAGES - 2 - REPLAY_WINDOW_SIZE);
	refuses(0);
}

enum { RECORD = 1 << 24 };	/* counters that the naive record can hold */

/* Mostly close to the greatest, now and then far behind or a jump ahead. */
static u64 next_counter(u64 greatest)
{
	u64 spread = 1ULL << test_random_below(16);
	u64 by = test_random_below(spread);

	if (test_random_below(3) == 0)
		return greatest + by % 200 + (by >= 1 << 15 ? by : 0);
	return greatest > by ? greatest - by : by;
}

static void test_against_record(void **state)
{
	u8 *seen = calloc(RECORD, 1);
	u64 greatest = 0, counter;
	bool expected;
	unsigned long i;

	assert_non_null(seen);
	test_random_seed();
	for (i = test_rounds(3000000); i; i--) {
		counter = next_counter(greatest);
		if (counter >= RECORD) {
			memset(seen, 0, RECORD);
			replay_init(&window);
			greatest = 0;
			continue;
		}
		expected = !seen[counter] && counter + REPLAY_WINDOW_SIZE >= greatest;
		assert_int_equal(replay_accept(&window, counter), expected);
		if (expected)
			seen[counter] = 1;
		if (expected && counter > greatest)
			greatest = counter;
	}
	free(seen);
}

static void test_module_selftest(void **state)
{
	assert_true(mytun_replay_selftest());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_each_once, setup),
		cmocka_unit_test_setup(test_backwards, setup),
		cmocka_unit_test_setup(test_edges, setup),
		cmocka_unit_test_setup(test_jumps, setup),
		cmocka_unit_test_setup(test_wraparound, setup),
		cmocka_unit_test_setup(test_end_of_counters, setup),
		cmocka_unit_test_setup(test_against_record, setup),
		cmocka_unit_test(test_module_selftest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
