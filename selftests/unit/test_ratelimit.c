// SPDX-License-Identifier: GPL-2.0
/* The handshake rate limiter: its rate, who shares a bucket, and what a flood can do. */
#include <string.h>

#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/time64.h>
#include <linux/unaligned.h>

#include "../../module/selftest/ratelimit_test.c"
#include "test_cmocka.h"
#include "test_random.h"

enum { NS = 1, SLOTS = RATELIMIT_SETS * RATELIMIT_WAYS };

static const siphash_key_t key = { { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL } };
static struct ratelimit rl;

static int setup(void **state)
{
	return ratelimit_init(&rl, &key);
}

static int teardown(void **state)
{
	ratelimit_uninit(&rl);
	return shim_alloc_objects() != 0;
}

static bool allow4(u64 ns_id, u32 addr, u64 now_ns)
{
	u8 bytes[4];

	put_unaligned_be32(addr, bytes);
	return ratelimit_allow(&rl, ns_id, bytes, sizeof(bytes), now_ns);
}

static bool allow6(u64 ns_id, u64 prefix, u64 host, u64 now_ns)
{
	u8 bytes[16];

	put_unaligned_be64(prefix, bytes);
	put_unaligned_be64(host, bytes + 8);
	return ratelimit_allow(&rl, ns_id, bytes, sizeof(bytes), now_ns);
}

/* The example of the SipHash paper, appendix A: else sets are picked by something else. */
static void test_siphash_of_shim(void **state)
{
	u8 in[15];
	int i;

	for (i = 0; i < (int)sizeof(in); i++)
		in[i] = i;
	assert_int_equal(siphash(in, sizeof(in), &key), 0xa129ca6149be45e5ULL);
}

static void test_burst(void **state)
{
	int i;

	for (i = 0; i < HANDSHAKES_BURST; i++)
		assert_true(allow4(NS, 0x0a000001, START_NS));
	for (i = 0; i < 100; i++)
		assert_false(allow4(NS, 0x0a000001, START_NS));
}

static void test_refill(void **state)
{
	u64 now_ns = START_NS;
	int i;

	while (allow4(NS, 0x0a000001, now_ns))
		;
	for (i = 0; i < 50; i++) {
		now_ns += TOKEN_NS - 1;
		assert_false(allow4(NS, 0x0a000001, now_ns));
		now_ns += 1;
		assert_true(allow4(NS, 0x0a000001, now_ns));
		assert_false(allow4(NS, 0x0a000001, now_ns));
	}

	/* A bucket holds no more than a burst, however long it is left alone. */
	now_ns += (u64)3600 * NSEC_PER_SEC;
	for (i = 0; i < HANDSHAKES_BURST; i++)
		assert_true(allow4(NS, 0x0a000001, now_ns));
	assert_false(allow4(NS, 0x0a000001, now_ns));
}

/* Asked every millisecond for ten seconds. A refusal costs nothing. */
static void test_rate(void **state)
{
	int allowed = 0, ms;

	for (ms = 0; ms < 10000; ms++)
		allowed += allow4(NS, 0x0a000001, START_NS + (u64)ms * NSEC_PER_MSEC);
	assert_in_range(allowed, 10 * HANDSHAKES_PER_SECOND,
			10 * HANDSHAKES_PER_SECOND + HANDSHAKES_BURST);
}

static void test_clock_back_a_tick(void **state)
{
	u64 now_ns = START_NS;
	int i;

	for (i = 0; i < HANDSHAKES_BURST - 1; i++)
		assert_true(allow4(NS, 0x0a000001, now_ns));
	assert_false(allow4(NS, 0x0a000001, now_ns - 4 * NSEC_PER_MSEC));
	assert_true(allow4(NS, 0x0a000001, now_ns));
	assert_false(allow4(NS, 0x0a000001, now_ns - 4 * NSEC_PER_MSEC));
}

static void test_ipv4_each_address(void **state)
{
	while (allow4(NS, 0x0a000001, START_NS))
		;
	assert_true(allow4(NS, 0x0a000000, START_NS));
	assert_true(allow4(NS, 0x0a000002, START_NS));
	assert_true(allow4(NS, 0x8a000001, START_NS));
}

static void test_ipv6_each_64(void **state)
{
	const u64 prefix = 0x20010db800010002ULL;
	int i;

	for (i = 0; i < HANDSHAKES_BURST; i++)
		assert_true(allow6(NS, prefix, test_random(), START_NS));
	for (i = 0; i < 100; i++)
		assert_false(allow6(NS, prefix, test_random(), START_NS));
	assert_true(allow6(NS, prefix + 1, 0, START_NS));
	assert_true(allow6(NS, prefix ^ 1ULL << 63, 0, START_NS));
}

static void test_families_apart(void **state)
{
	while (allow4(NS, 1, START_NS))
		;
	assert_true(allow6(NS, 1, 1, START_NS));
}

static void test_namespaces_apart(void **state)
{
	while (allow4(NS, 0x0a000001, START_NS))
		;
	while (allow6(NS, 0x20010db8ULL << 32, 1, START_NS))
		;
	assert_true(allow4(NS + 1, 0x0a000001, START_NS));
	assert_true(allow6(NS + 1, 0x20010db8ULL << 32, 1, START_NS));
	assert_false(allow4(NS, 0x0a000001, START_NS));
}

/* More sources than slots: memory does not grow, and what finds no slot is refused. */
static void test_flood(void **state)
{
	size_t objects = shim_alloc_objects(), bytes = shim_alloc_bytes();
	u32 allowed = 0, i;

	for (i = 0; i < 65537; i++)
		allowed += allow4(NS, i, START_NS);
	assert_in_range(allowed, SLOTS * 9 / 10, SLOTS);
	assert_int_equal(shim_alloc_objects(), objects);
	assert_int_equal(shim_alloc_bytes(), bytes);
	assert_true(bytes <= SLOTS * 32);

	/* One token later every slot is free again. */
	for (allowed = 0, i = 100000; i < 165537; i++)
		allowed += allow4(NS, i, START_NS + TOKEN_NS);
	assert_in_range(allowed, SLOTS * 9 / 10, SLOTS);
}

/* A source that is in a full set keeps its bucket; a ninth is refused, then let in. */
static void test_collision_fails_closed(void **state)
{
	u32 addrs[RATELIMIT_WAYS + 1], addr;
	u64 set = 0;
	int n = 0;

	for (addr = 0; n <= RATELIMIT_WAYS; addr++) {
		set = siphash_3u64(NS, addr, 4, &rl.key) % RATELIMIT_SETS;
		if (set == siphash_3u64(NS, 0, 4, &rl.key) % RATELIMIT_SETS)
			addrs[n++] = addr;
	}
	for (n = 0; n < RATELIMIT_WAYS; n++)
		assert_true(allow4(NS, addrs[n], START_NS));
	assert_false(allow4(NS, addrs[n], START_NS));
	assert_false(allow4(NS, addrs[n], START_NS + TOKEN_NS - 1));
	for (n = 0; n < RATELIMIT_WAYS; n++)
		assert_true(allow4(NS, addrs[n], START_NS + TOKEN_NS - 1));
	assert_false(allow4(NS, addrs[n], START_NS + TOKEN_NS));
	assert_true(allow4(NS, addrs[n], START_NS + 2 * TOKEN_NS));
}

static void test_no_memory(void **state)
{
	struct ratelimit other;

	shim_alloc_fail(1);
	assert_int_equal(ratelimit_init(&other, &key), -ENOMEM);
	ratelimit_uninit(&other);
}

static void test_module_selftest(void **state)
{
	assert_true(mytun_ratelimit_selftest());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash_of_shim),
		cmocka_unit_test_setup_teardown(test_burst, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refill, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_back_a_tick, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ipv4_each_address, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ipv6_each_64, setup, teardown),
		cmocka_unit_test_setup_teardown(test_families_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_namespaces_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
		cmocka_unit_test_setup_teardown(test_collision_fails_closed, setup, teardown),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_module_selftest),
	};

	test_random_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
