/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The trie of module/core/allowedips.c and a naive list side by side, for the unit test and
 * the fuzzer: each operation is done to both, and a difference ends the program.
 */
#ifndef _PAIR_ALLOWEDIPS_H
#define _PAIR_ALLOWEDIPS_H

#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "../../module/selftest/naive_allowedips.h"
#include "allowedips.h"

/* The nodes that a trie of these takes: one for each prefix and for each fork between. */
static inline int pair_nodes(const struct naive_table *t)
{
	static struct naive_table forks;
	int i, j;

	forks.count = 0;
	for (i = 0; i < t->count; i++) {
		for (j = 0; j < i; j++) {
			const struct naive_entry *a = &t->entries[i], *b = &t->entries[j];
			struct naive_entry fork;

			if (a->len != b->len)
				continue;
			fork = naive_entry(a->addr, a->len,
					   naive_common(a->addr, b->addr,
							a->prefix_len < b->prefix_len ?
							a->prefix_len : b->prefix_len), 0);
			if (naive_find(t, &fork) < 0 && naive_find(&forks, &fork) < 0)
				forks.entries[forks.count++] = fork;
		}
	}
	return t->count + forks.count;
}

/**
 * struct allowedips_pair - a table under test and the list that it must agree with
 * @trie: under test
 * @owners: their addresses are what lookups tell
 * @list: what holds
 * @base: objects allocated before the first prefix
 */
struct allowedips_pair {
	struct allowedips trie;
	struct allowedips_owner owners[NAIVE_OWNERS];
	struct naive_table list;
	size_t base;
};

static inline void pair_init(struct allowedips_pair *p)
{
	int i;

	memset(p, 0, sizeof(*p));
	WARN_ON(allowedips_cache_init());
	p->base = shim_alloc_objects();
	allowedips_init(&p->trie);
	for (i = 0; i < NAIVE_OWNERS; i++)
		allowedips_owner_init(&p->owners[i]);
}

/* @fail_nth allocation fails, 0: none. Return whether it was inserted. */
static inline bool pair_insert(struct allowedips_pair *p, const u8 *addr, u8 len, u8 prefix_len,
			       int owner, unsigned int fail_nth)
{
	int ret;

	if (p->list.count == NAIVE_ROOM)
		return false;
	shim_alloc_fail(fail_nth);
	ret = allowedips_insert(&p->trie, addr, len, prefix_len, &p->owners[owner]);
	shim_alloc_fail(0);
	WARN_ON(ret && !(fail_nth && ret == -ENOMEM));
	if (!ret)
		naive_insert(&p->list, addr, len, prefix_len, owner);
	return !ret;
}

static inline void pair_remove(struct allowedips_pair *p, const u8 *addr, u8 len, u8 prefix_len,
			       int owner)
{
	allowedips_remove(&p->trie, addr, len, prefix_len, &p->owners[owner]);
	naive_remove(&p->list, addr, len, prefix_len, owner);
}

static inline void pair_remove_owner(struct allowedips_pair *p, int owner)
{
	allowedips_remove_owner(&p->trie, &p->owners[owner]);
	naive_remove_owner(&p->list, owner);
	WARN_ON(allowedips_next(&p->owners[owner], NULL));
}

static inline void pair_lookup(struct allowedips_pair *p, const u8 *addr, u8 len)
{
	int expected = naive_lookup(&p->list, addr, len);
	struct allowedips_owner *found;

	rcu_read_lock();
	found = len == 4 ? allowedips_lookup4(&p->trie, addr) :
			   allowedips_lookup6(&p->trie, addr);
	rcu_read_unlock();
	WARN_ON(found != (expected == NAIVE_NOBODY ? NULL : &p->owners[expected]));
}

/* All that can be seen: each owner's prefixes in order, the border of each, no node too many. */
static inline void pair_compare(struct allowedips_pair *p)
{
	struct allowedips_node *at[NAIVE_OWNERS] = {};
	struct allowedips_prefix prefix;
	int i;

	for (i = 0; i < p->list.count; i++) {
		const struct naive_entry *e = &p->list.entries[i];

		at[e->owner] = allowedips_next(&p->owners[e->owner], at[e->owner]);
		WARN_ON(!at[e->owner]);
		allowedips_read(at[e->owner], &prefix);
		WARN_ON(prefix.len != e->len || prefix.prefix_len != e->prefix_len);
		WARN_ON(memcmp(prefix.addr, e->addr, sizeof(e->addr)));
		pair_lookup(p, e->addr, e->len);
	}
	for (i = 0; i < NAIVE_OWNERS; i++)
		WARN_ON(allowedips_next(&p->owners[i], at[i]));

	rcu_barrier();
	WARN_ON(shim_alloc_objects() - p->base != (size_t)pair_nodes(&p->list));
}

static inline void pair_free(struct allowedips_pair *p)
{
	int i;

	allowedips_free(&p->trie);
	for (i = 0; i < NAIVE_OWNERS; i++)
		WARN_ON(allowedips_next(&p->owners[i], NULL));
	allowedips_cache_uninit();
	WARN_ON(shim_alloc_objects() != p->base - 1);	/* the cache was there at @base */
}

#endif /* _PAIR_ALLOWEDIPS_H */
