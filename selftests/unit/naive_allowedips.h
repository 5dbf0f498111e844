/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allowed-ips as a plain list: what module/core/allowedips.c is compared with, by the
 * unit test and the fuzzer. Slow, and too simple to be wrong.
 */
#ifndef _NAIVE_ALLOWEDIPS_H
#define _NAIVE_ALLOWEDIPS_H

#include <stdlib.h>
#include <string.h>

#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "allowedips.h"

enum { NAIVE_ROOM = 512, NAIVE_OWNERS = 8, NAIVE_NOBODY = -1 };

/**
 * struct naive_entry - one prefix
 * @addr: host bits zero
 * @len: 4 or 16
 * @prefix_len: in bits
 * @owner: number
 */
struct naive_entry {
	u8 addr[16];
	u8 len;
	u8 prefix_len;
	int owner;
};

/**
 * struct naive_table - all prefixes, those of an owner in the order in which it got them
 * @entries: the prefixes
 * @count: how many
 */
struct naive_table {
	struct naive_entry entries[NAIVE_ROOM];
	int count;
};

static inline int naive_bit(const u8 *addr, int pos)
{
	return addr[pos / 8] >> (7 - pos % 8) & 1;
}

static inline int naive_common(const u8 *a, const u8 *b, int bits)
{
	int i = 0;

	while (i < bits && naive_bit(a, i) == naive_bit(b, i))
		i++;
	return i;
}

static inline struct naive_entry naive_entry(const u8 *addr, u8 len, u8 prefix_len, int owner)
{
	struct naive_entry e = { .len = len, .prefix_len = prefix_len, .owner = owner };
	int i;

	for (i = 0; i < prefix_len; i++)
		e.addr[i / 8] |= naive_bit(addr, i) << (7 - i % 8);
	return e;
}

static inline int naive_find(const struct naive_table *t, const struct naive_entry *e)
{
	int i;

	for (i = 0; i < t->count; i++)
		if (t->entries[i].len == e->len && t->entries[i].prefix_len == e->prefix_len &&
		    !memcmp(t->entries[i].addr, e->addr, sizeof(e->addr)))
			return i;
	return -1;
}

static inline void naive_remove_at(struct naive_table *t, int i)
{
	t->count--;
	memmove(&t->entries[i], &t->entries[i + 1], (t->count - i) * sizeof(t->entries[0]));
}

static inline void naive_insert(struct naive_table *t, const u8 *addr, u8 len, u8 prefix_len,
				int owner)
{
	struct naive_entry e = naive_entry(addr, len, prefix_len, owner);
	int i = naive_find(t, &e);

	if (i >= 0 && t->entries[i].owner == owner)
		return;
	if (i >= 0)
		naive_remove_at(t, i);
	t->entries[t->count++] = e;
}

static inline void naive_remove(struct naive_table *t, const u8 *addr, u8 len, u8 prefix_len,
				int owner)
{
	struct naive_entry e = naive_entry(addr, len, prefix_len, owner);
	int i = naive_find(t, &e);

	if (i >= 0 && t->entries[i].owner == owner)
		naive_remove_at(t, i);
}

static inline void naive_remove_owner(struct naive_table *t, int owner)
{
	int i;

	for (i = t->count - 1; i >= 0; i--)
		if (t->entries[i].owner == owner)
			naive_remove_at(t, i);
}

static inline int naive_lookup(const struct naive_table *t, const u8 *addr, u8 len)
{
	int best = NAIVE_NOBODY, best_len = -1, i;

	for (i = 0; i < t->count; i++) {
		const struct naive_entry *e = &t->entries[i];

		if (e->len != len || e->prefix_len <= best_len ||
		    naive_common(e->addr, addr, e->prefix_len) < e->prefix_len)
			continue;
		best = e->owner;
		best_len = e->prefix_len;
	}
	return best;
}

/* The nodes that a trie of these takes: one for each prefix and for each fork between. */
static inline int naive_nodes(const struct naive_table *t)
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

/* --- the two side by side; a difference ends the program ------------------------------ */

/**
 * struct naive_pair - a table under test and the list that it must agree with
 * @trie: under test
 * @owners: their addresses are what lookups tell
 * @list: what holds
 * @base: objects allocated before the first prefix
 */
struct naive_pair {
	struct allowedips trie;
	struct allowedips_owner owners[NAIVE_OWNERS];
	struct naive_table list;
	size_t base;
};

static inline void pair_init(struct naive_pair *p)
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
static inline bool pair_insert(struct naive_pair *p, const u8 *addr, u8 len, u8 prefix_len,
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

static inline void pair_remove(struct naive_pair *p, const u8 *addr, u8 len, u8 prefix_len,
			       int owner)
{
	allowedips_remove(&p->trie, addr, len, prefix_len, &p->owners[owner]);
	naive_remove(&p->list, addr, len, prefix_len, owner);
}

static inline void pair_remove_owner(struct naive_pair *p, int owner)
{
	allowedips_remove_owner(&p->trie, &p->owners[owner]);
	naive_remove_owner(&p->list, owner);
	WARN_ON(allowedips_next(&p->owners[owner], NULL));
}

static inline void pair_lookup(struct naive_pair *p, const u8 *addr, u8 len)
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
static inline void pair_compare(struct naive_pair *p)
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
	WARN_ON(shim_alloc_objects() - p->base != (size_t)naive_nodes(&p->list));
}

static inline void pair_free(struct naive_pair *p)
{
	int i;

	allowedips_free(&p->trie);
	for (i = 0; i < NAIVE_OWNERS; i++)
		WARN_ON(allowedips_next(&p->owners[i], NULL));
	allowedips_cache_uninit();
	WARN_ON(shim_alloc_objects() != p->base - 1);	/* the cache was there at @base */
}

#endif /* _NAIVE_ALLOWEDIPS_H */
