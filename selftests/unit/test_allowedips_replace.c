// SPDX-License-Identifier: GPL-2.0
/*
 * What a caller needs to change a peer's prefixes wholly or not at all: whose a prefix was,
 * to give it back without memory, and to remove all but some.
 */
#include <linux/slab.h>

#include "allowedips.h"
#include "test_cmocka.h"

enum { V4 = 4 };

static struct allowedips table;
static struct allowedips_owner a, b;

static int setup(void **state)
{
	assert_int_equal(allowedips_cache_init(), 0);
	allowedips_init(&table);
	allowedips_owner_init(&a);
	allowedips_owner_init(&b);
	return 0;
}

static int teardown(void **state)
{
	allowedips_free(&table);
	allowedips_cache_uninit();
	return shim_alloc_objects() != 0;
}

static int insert(u8 first, u8 prefix_len, struct allowedips_owner *owner)
{
	const u8 addr[V4] = { first };

	return allowedips_insert(&table, addr, V4, prefix_len, owner);
}

static struct allowedips_owner *owner_of(u8 first, u8 prefix_len)
{
	const u8 addr[V4] = { first };

	return allowedips_owner_of(&table, addr, V4, prefix_len);
}

static void keep(u8 first, u8 prefix_len, struct allowedips_owner *owner)
{
	const u8 addr[V4] = { first };

	allowedips_keep(&table, addr, V4, prefix_len, owner);
}

static struct allowedips_owner *lookup(u8 first)
{
	const u8 addr[V4] = { first };
	struct allowedips_owner *found;

	rcu_read_lock();
	found = allowedips_lookup4(&table, addr);
	rcu_read_unlock();
	return found;
}

/* The first bytes of the owner's prefixes, in their order. */
static void has(const struct allowedips_owner *owner, const char *firsts)
{
	struct allowedips_node *node = NULL;
	struct allowedips_prefix prefix;

	while ((node = allowedips_next(owner, node))) {
		allowedips_read(node, &prefix);
		assert_int_equal(prefix.addr[0], *firsts++);
	}
	assert_int_equal(*firsts, 0);
}

static void test_owner_of(void **state)
{
	assert_null(owner_of(10, 8));
	assert_int_equal(insert(10, 8, &a), 0);
	assert_ptr_equal(owner_of(10, 8), &a);
	assert_null(owner_of(10, 7));
	assert_null(owner_of(10, 9));
	assert_null(owner_of(11, 8));
	assert_int_equal(insert(11, 8, &b), 0);
	/* The fork above the two is nobody's. */
	assert_null(owner_of(10, 7));
	assert_int_equal(insert(0, 0, &b), 0);
	assert_ptr_equal(owner_of(0, 0), &b);
	assert_ptr_equal(owner_of(10, 8), &a);
}

/* A prefix that is there goes from owner to owner and back while every allocation fails. */
static void test_moves_without_memory(void **state)
{
	int i;

	assert_int_equal(insert(10, 8, &a), 0);
	assert_int_equal(insert(11, 8, &b), 0);
	for (i = 0; i < 4; i++) {
		shim_alloc_fail(1);
		assert_int_equal(insert(10, 8, i % 2 ? &a : &b), 0);
		shim_alloc_fail(0);
	}
	assert_ptr_equal(lookup(10), &a);
	has(&a, "\x0a");
	has(&b, "\x0b");
}

static void test_keep(void **state)
{
	struct allowedips_owner aside;

	assert_int_equal(insert(1, 8, &a), 0);
	assert_int_equal(insert(2, 8, &a), 0);
	assert_int_equal(insert(3, 8, &a), 0);
	assert_int_equal(insert(4, 8, &b), 0);
	allowedips_set_aside(&a, &aside);
	assert_ptr_equal(lookup(1), &a);	/* nothing goes before its time */
	keep(3, 8, &a);
	keep(1, 8, &a);
	keep(3, 8, &a);
	keep(4, 8, &a);		/* not its own */
	keep(5, 8, &a);		/* nobody's */
	allowedips_remove_owner(&table, &aside);
	has(&a, "\x01\x03");
	has(&b, "\x04");
	assert_ptr_equal(lookup(1), &a);
	assert_null(lookup(2));
	assert_ptr_equal(lookup(3), &a);
	assert_ptr_equal(lookup(4), &b);
}

static void test_keep_none(void **state)
{
	struct allowedips_owner aside;

	assert_int_equal(insert(1, 8, &a), 0);
	allowedips_set_aside(&a, &aside);
	allowedips_remove_owner(&table, &aside);
	has(&a, "");
	allowedips_set_aside(&a, &aside);
	allowedips_remove_owner(&table, &aside);
	assert_null(lookup(1));
	assert_int_equal(insert(1, 8, &a), 0);
	has(&a, "\x01");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_owner_of, setup, teardown),
		cmocka_unit_test_setup_teardown(test_moves_without_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keep_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
