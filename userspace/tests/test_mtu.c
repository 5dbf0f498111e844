// SPDX-License-Identifier: GPL-2.0
/* The search for the MTU: each is found exactly, and what is common soon. */
#include "../../module/uapi/mytun.h"
#include "mtu.h"
#include "test.h"

/* Looks for @mtu, 0: nothing passes. Return: sizes that failed. */
static unsigned int look(unsigned int mtu, unsigned int *tried)
{
	unsigned int size, failed = 0;
	struct mtu_search search;

	*tried = 0;
	mtu_search_begin(&search);
	while ((size = mtu_search_next(&search))) {
		assert_in_range(size, MYTUN_PROBE_SIZE_MIN, MYTUN_PROBE_SIZE_MAX);
		assert_in_range(++*tried, 1, 64);
		failed += size > mtu;
		mtu_search_tell(&search, size, size <= mtu);
	}
	assert_int_equal(search.passes, mtu < MYTUN_PROBE_SIZE_MIN ? 0 : mtu);
	return failed;
}

static void test_every_mtu(void **state)
{
	unsigned int mtu, tried;

	(void)state;
	for (mtu = MYTUN_PROBE_SIZE_MIN; mtu <= MYTUN_PROBE_SIZE_MAX; mtu++) {
		assert_in_range(look(mtu, &tried), 0, 8);
		assert_in_range(tried, 1, 38);
	}
}

static void test_nothing_passes(void **state)
{
	unsigned int tried;

	(void)state;
	assert_int_equal(look(0, &tried), 1);
	assert_int_equal(tried, 1);
	assert_int_equal(look(MYTUN_PROBE_SIZE_MIN - 1, &tried), 1);
}

static void test_common(void **state)
{
	unsigned int tried;

	(void)state;
	assert_int_equal(look(1420, &tried), 1);
	assert_int_equal(look(1440, &tried), 1);
	assert_int_equal(look(8920, &tried), 1);
	assert_int_equal(look(8940, &tried), 1);
	assert_int_equal(tried, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_mtu),
		cmocka_unit_test(test_nothing_passes),
		cmocka_unit_test(test_common),
	};

	return cmocka_run_group_tests_name("mtu", tests, NULL, NULL);
}
