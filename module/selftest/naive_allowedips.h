/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allowed-ips as a plain list: what core/allowedips.c is compared with, at insmod, in the
 * unit test and by the fuzzer. Slow, and too simple to be wrong.
 */
#ifndef _MYTUN_SELFTEST_NAIVE_ALLOWEDIPS_H
#define _MYTUN_SELFTEST_NAIVE_ALLOWEDIPS_H

#include <linux/string.h>
#include <linux/types.h>

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

#endif /* _MYTUN_SELFTEST_NAIVE_ALLOWEDIPS_H */
