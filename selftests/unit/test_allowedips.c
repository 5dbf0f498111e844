// SPDX-License-Identifier: GPL-2.0
/* Cryptokey routing: fixed cases, and random ones against a naive list. */
#include <arpa/inet.h>

#include "pair_allowedips.h"
#include "test_cmocka.h"
#include "test_random.h"

#include "../../module/selftest/allowedips_test.c"

enum { E = D + 1, F, G };

static struct allowedips_pair *pair;

static int setup(void **state)
{
	pair = malloc(sizeof(*pair));
	if (pair)
		pair_init(pair);
	return !pair;
}

static int teardown(void **state)
{
	pair_compare(pair);
	pair_free(pair);
	free(pair);
	return shim_alloc_objects() != 0;
}

static u8 parse(const char *text, u8 addr[16])
{
	if (inet_pton(AF_INET, text, addr) == 1)
		return 4;
	assert_int_equal(inet_pton(AF_INET6, text, addr), 1);
	return 16;
}

static void insert(const char *text, u8 prefix_len, int owner)
{
	u8 addr[16], len = parse(text, addr);

	assert_true(pair_insert(pair, addr, len, prefix_len, owner, 0));
}

static void take(const char *text, u8 prefix_len, int owner)
{
	u8 addr[16], len = parse(text, addr);

	pair_remove(pair, addr, len, prefix_len, owner);
}

static struct allowedips_owner *lookup(const char *text)
{
	u8 addr[17], len = parse(text, addr);
	struct allowedips_owner *found;

	memmove(addr + 1, addr, len);	/* at an odd place */
	rcu_read_lock();
	found = len == 4 ? allowedips_lookup4(&pair->trie, addr + 1) :
			   allowedips_lookup6(&pair->trie, addr + 1);
	rcu_read_unlock();
	return found;
}

#define leads_to(text, owner) assert_ptr_equal(lookup(text), &pair->owners[owner])
#define leads_nowhere(text) assert_null(lookup(text))

static void test_empty(void **state)
{
	leads_nowhere("0.0.0.0");
	leads_nowhere("255.255.255.255");
	leads_nowhere("::");
	leads_nowhere("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	take("10.0.0.0", 8, A);
	take("::", 0, A);
	allowedips_remove_owner(&pair->trie, &pair->owners[A]);
}

static void test_default_routes(void **state)
{
	insert("0.0.0.0", 0, A);
	leads_to("0.0.0.0", A);
	leads_to("255.255.255.255", A);
	leads_nowhere("::");
	insert("::", 0, B);
	leads_to("::", B);
	leads_to("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", B);
	leads_to("127.0.0.1", A);
	take("0.0.0.0", 0, A);
	leads_nowhere("127.0.0.1");
	leads_to("::1", B);
}

static void test_hosts(void **state)
{
	insert("192.168.4.4", 32, A);
	insert("192.168.4.5", 32, B);
	insert("255.255.255.255", 32, C);
	insert("0.0.0.0", 32, D);
	leads_to("192.168.4.4", A);
	leads_to("192.168.4.5", B);
	leads_nowhere("192.168.4.6");
	leads_to("255.255.255.255", C);
	leads_nowhere("255.255.255.254");
	leads_to("0.0.0.0", D);

	insert("2001:db8::1", 128, E);
	insert("2001:db8::", 128, F);
	insert("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128, G);
	leads_to("2001:db8::1", E);
	leads_to("2001:db8::", F);
	leads_nowhere("2001:db8::2");
	leads_to("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", G);
	leads_nowhere("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
}

static void test_longest_wins(void **state)
{
	insert("10.0.0.0", 8, A);
	insert("10.1.2.0", 24, B);
	insert("10.1.0.0", 16, C);
	insert("10.1.2.3", 32, D);
	insert("0.0.0.0", 0, E);
	leads_to("10.1.2.3", D);
	leads_to("10.1.2.4", B);
	leads_to("10.1.3.3", C);
	leads_to("10.2.2.3", A);
	leads_to("11.1.2.3", E);
	take("10.1.2.0", 24, B);
	leads_to("10.1.2.3", D);
	leads_to("10.1.2.4", C);
	take("10.0.0.0", 8, A);
	leads_to("10.2.2.3", E);
	leads_to("10.1.2.4", C);
}

/* Prefixes that end just before, at, and just after the border of the two words. */
static void test_word_border(void **state)
{
	insert("2001:db8:0:2::", 63, A);
	insert("2001:db8:0:2::", 64, B);
	insert("2001:db8:0:2::", 65, C);
	insert("2001:db8:0:2:8000::", 65, D);
	insert("2001:db8:0:2:8000::", 66, E);
	insert("2001:db8:0:3:8000::", 66, F);
	leads_to("2001:db8:0:2::", C);
	leads_to("2001:db8:0:2:7fff:ffff:ffff:ffff", C);
	leads_to("2001:db8:0:2:8000::", E);
	leads_to("2001:db8:0:2:c000::", D);
	leads_to("2001:db8:0:3:8000::", F);
	leads_to("2001:db8:0:3:c000::", A);
	leads_nowhere("2001:db8:0:4::");
	take("2001:db8:0:2::", 65, C);
	leads_to("2001:db8:0:2::", B);
	take("2001:db8:0:2::", 64, B);
	leads_to("2001:db8:0:2::", A);
	leads_to("2001:db8:0:2:8000::", E);
	take("2001:db8:0:2::", 63, A);
	leads_nowhere("2001:db8:0:3:c000::");
	leads_to("2001:db8:0:3:8000::", F);
}

static void test_host_bits_ignored(void **state)
{
	struct allowedips_prefix prefix;

	insert("10.9.8.7", 9, A);
	insert("2001:db8:ffff:ffff:ffff::1", 70, B);
	leads_to("10.127.255.255", A);
	leads_nowhere("10.128.0.0");
	allowedips_read(allowedips_next(&pair->owners[A], NULL), &prefix);
	assert_memory_equal(prefix.addr, "\x0a\0\0\0", 4);
	assert_int_equal(prefix.prefix_len, 9);
	allowedips_read(allowedips_next(&pair->owners[B], NULL), &prefix);
	assert_memory_equal(prefix.addr, "\x20\x01\x0d\xb8\xff\xff\xff\xff\xfc\0\0\0\0\0\0\0", 16);
	assert_int_equal(prefix.len, 16);
	take("10.55.55.55", 9, A);
	assert_null(allowedips_next(&pair->owners[A], NULL));
}

static void test_moves_to_new_owner(void **state)
{
	insert("10.0.0.0", 8, A);
	insert("10.0.0.0", 8, B);
	leads_to("10.1.1.1", B);
	assert_null(allowedips_next(&pair->owners[A], NULL));
	take("10.0.0.0", 8, A);
	leads_to("10.1.1.1", B);
	take("10.0.0.0", 9, B);
	leads_to("10.1.1.1", B);
}

/* A fork that nobody owned gets an owner, and is a fork again without it. */
static void test_fork_owned(void **state)
{
	insert("10.0.0.0", 16, A);
	insert("10.1.0.0", 16, B);
	leads_nowhere("10.2.0.0");
	insert("10.0.0.0", 15, C);
	leads_to("10.0.0.0", A);
	take("10.0.0.0", 15, C);
	pair_compare(pair);
	insert("10.0.0.0", 15, C);
	take("10.0.0.0", 16, A);
	leads_to("10.0.0.0", C);
	pair_compare(pair);
	take("10.1.0.0", 16, B);
	leads_to("10.1.0.0", C);
	pair_compare(pair);
}

static void test_order_is_kept(void **state)
{
	insert("10.0.0.3", 32, A);
	insert("::3", 128, A);
	insert("10.0.0.1", 32, A);
	insert("10.0.0.2", 32, B);
	insert("10.0.0.3", 32, A);	/* already its own: keeps its place */
	pair_compare(pair);
	insert("10.0.0.2", 32, A);	/* comes last */
	insert("10.0.0.3", 32, B);
	insert("10.0.0.3", 32, A);	/* taken away and given back: comes last */
	pair_compare(pair);
}

static void test_remove_owner(void **state)
{
	insert("10.0.0.0", 8, A);
	insert("10.1.0.0", 16, B);
	insert("10.1.1.0", 24, A);
	insert("2001:db8::", 32, A);
	insert("2001:db8:1::", 48, B);
	pair_remove_owner(pair, A);
	leads_nowhere("10.0.0.1");
	leads_to("10.1.1.1", B);
	leads_nowhere("2001:db8::1");
	leads_to("2001:db8:1::1", B);
	pair_remove_owner(pair, B);
	pair_remove_owner(pair, B);
	leads_nowhere("10.1.1.1");
	rcu_barrier();
	assert_int_equal(shim_alloc_objects(), pair->base);
}

/* Each allocation of each kind of insert fails once: nothing has changed then. */
static void test_out_of_memory(void **state)
{
	u8 addr[16];

	insert("10.0.0.0", 16, A);
	parse("10.1.0.0", addr);
	assert_false(pair_insert(pair, addr, 4, 16, B, 1));
	pair_compare(pair);
	assert_false(pair_insert(pair, addr, 4, 16, B, 2));	/* the fork */
	pair_compare(pair);
	assert_true(pair_insert(pair, addr, 4, 16, B, 3));
	pair_compare(pair);
	assert_false(pair_insert(pair, addr, 4, 8, C, 1));	/* above what is there */
	pair_compare(pair);
	assert_true(pair_insert(pair, addr, 4, 16, C, 1));	/* takes no memory */
	parse("fe80::", addr);
	assert_false(pair_insert(pair, addr, 16, 10, D, 1));
	pair_compare(pair);
}

static void test_no_cache(void **state)
{
	shim_alloc_fail(1);
	assert_int_equal(allowedips_cache_init(), -ENOMEM);
	shim_alloc_fail(0);
	assert_int_equal(allowedips_cache_init(), 0);
	allowedips_cache_uninit();
	assert_int_equal(shim_alloc_objects(), 0);
}

/* What a reader holds stays until the grace period ends, also when the table goes. */
static void test_grace_period(void **state)
{
	struct allowedips_node *node;
	struct allowedips_prefix prefix;

	insert("10.0.0.0", 16, A);
	insert("10.1.0.0", 16, B);
	node = allowedips_next(&pair->owners[A], NULL);
	rcu_read_lock();
	take("10.0.0.0", 16, A);
	assert_int_equal(shim_rcu_pending(), 2);	/* it and the fork */
	allowedips_read(node, &prefix);
	assert_memory_equal(prefix.addr, "\x0a\0\0\0", 4);
	rcu_read_unlock();
	rcu_barrier();
	assert_int_equal(shim_rcu_pending(), 0);
}

/* As deep as a trie gets: prefixes of each length, the longest path on either side. */
static void test_deepest(void **state)
{
	u8 zeros[16] = {}, ones[16];
	int i;

	memset(ones, 0xff, sizeof(ones));
	for (i = 0; i <= 128; i++) {
		pair_insert(pair, i % 2 ? zeros : ones, 16, i, i % NAIVE_OWNERS, 0);
		pair_insert(pair, i % 2 ? ones : zeros, 16, i, i % NAIVE_OWNERS, 0);
	}
	for (i = 0; i <= 32; i++)
		pair_insert(pair, i % 2 ? ones : zeros, 4, i, i % NAIVE_OWNERS, 0);
	pair_compare(pair);
	for (i = 0; i < NAIVE_OWNERS; i += 2)
		pair_remove_owner(pair, i);
	pair_compare(pair);
}

/* Freed without a stack: 200,000 prefixes on one path would not do, so many leaves do. */
static void test_free_large(void **state)
{
	u8 addr[4];
	u32 i;

	for (i = 0; i < 200000; i++) {
		u32 scattered = htonl(i * 2654435761U);

		memcpy(addr, &scattered, sizeof(addr));
		assert_int_equal(allowedips_insert(&pair->trie, addr, 4, 32, &pair->owners[A]), 0);
	}
	allowedips_free(&pair->trie);
	assert_null(allowedips_next(&pair->owners[A], NULL));
	rcu_barrier();
	assert_int_equal(shim_alloc_objects(), pair->base);
}

/* --- random ------------------------------------------------------------------------- */

/* Few different bits, so that prefixes meet: an address that was used, somewhat changed. */
static void random_addr(u8 addr[16], u8 len)
{
	static u8 last[16];
	int flips = test_random_below(4);
	u64 word = test_random();

	if (test_random_below(16) == 0) {
		memcpy(last, &word, 8);
		memcpy(last + 8, &word, 8);
	}
	while (flips--) {
		int pos = test_random_below(len * 8);

		last[pos / 8] ^= 0x80 >> pos % 8;
	}
	if (test_random_below(8) == 0 && pair->list.count) {
		int i = test_random_below(pair->list.count);

		memcpy(last, pair->list.entries[i].addr, sizeof(last));
	}
	memcpy(addr, last, sizeof(last));
}

/* Mostly one that is there, whoever has it. */
static void random_remove(const u8 *addr, u8 len, u8 prefix_len, int owner)
{
	struct naive_entry e;

	if (pair->list.count && test_random_below(4)) {
		e = pair->list.entries[test_random_below(pair->list.count)];
		pair_remove(pair, e.addr, e.len, e.prefix_len, e.owner);
	} else {
		pair_remove(pair, addr, len, prefix_len, owner);
	}
}

static void random_change(void)
{
	u8 addr[16], len = test_random_below(2) ? 4 : 16;
	u8 prefix_len = test_random_below(len * 8 + 1);
	int owner = test_random_below(NAIVE_OWNERS);

	random_addr(addr, len);
	switch (test_random_below(39)) {
	case 0 ... 17:
		pair_insert(pair, addr, len, prefix_len, owner, test_random_below(8) / 6);
		break;
	case 18 ... 20:
		pair_insert(pair, addr, len, prefix_len, owner, 2);
		break;
	case 21 ... 37:
		random_remove(addr, len, prefix_len, owner);
		break;
	default:
		pair_remove_owner(pair, owner);
	}
}

/**
 * struct watched - an address that readers look up while a writer is at work
 * @addr: address
 * @len: 4 or 16
 * @before: whom it leads to before the change
 * @seen: whom it has led to since, a bit for each owner, the first for none
 */
struct watched {
	u8 addr[16];
	u8 len;
	int before;
	u32 seen;
};

static struct watched watched[8];

static void read_watched(void)
{
	struct allowedips_owner *owner;
	struct watched *w;

	rcu_read_lock();
	for (w = watched; w < watched + ARRAY_SIZE(watched); w++) {
		owner = w->len == 4 ? allowedips_lookup4(&pair->trie, w->addr) :
				      allowedips_lookup6(&pair->trie, w->addr);
		w->seen |= 1U << (owner ? owner - pair->owners + 1 : 0);
	}
	rcu_read_unlock();
}

/* At each moment of a change a reader finds what held before or what holds after it. */
static void watched_change(void)
{
	struct watched *w;
	int after;

	for (w = watched; w < watched + ARRAY_SIZE(watched); w++) {
		w->len = test_random_below(2) ? 4 : 16;
		random_addr(w->addr, w->len);
		w->before = naive_lookup(&pair->list, w->addr, w->len);
		w->seen = 0;
	}
	shim_rcu_reader = read_watched;
	random_change();
	shim_rcu_reader = NULL;
	for (w = watched; w < watched + ARRAY_SIZE(watched); w++) {
		after = naive_lookup(&pair->list, w->addr, w->len);
		assert_int_equal(w->seen & ~(1U << (w->before + 1) | 1U << (after + 1)), 0);
	}
}

static void random_step(void)
{
	u8 addr[16], len = test_random_below(2) ? 4 : 16;

	switch (test_random_below(8)) {
	case 0:
		watched_change();
		break;
	case 1 ... 4:
		random_change();
		break;
	default:
		random_addr(addr, len);
		pair_lookup(pair, addr, len);
	}
}

static void test_random_operations(void **state)
{
	unsigned long rounds = test_rounds(1000000), i;

	test_random_seed();
	for (i = 1; i <= rounds; i++) {
		random_step();
		if (i % 4096 == 0)
			pair_compare(pair);
		if (test_random_below(256) == 0)
			rcu_barrier();
	}
}

static void test_module_selftest(void **state)
{
	assert_true(mytun_allowedips_selftest());
}

int main(void)
{
#define with_table(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		with_table(test_empty),
		with_table(test_default_routes),
		with_table(test_hosts),
		with_table(test_longest_wins),
		with_table(test_word_border),
		with_table(test_host_bits_ignored),
		with_table(test_moves_to_new_owner),
		with_table(test_fork_owned),
		with_table(test_order_is_kept),
		with_table(test_remove_owner),
		with_table(test_out_of_memory),
		cmocka_unit_test(test_no_cache),
		with_table(test_grace_period),
		with_table(test_deepest),
		with_table(test_free_large),
		with_table(test_random_operations),
		with_table(test_module_selftest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
