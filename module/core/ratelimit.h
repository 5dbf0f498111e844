/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Token buckets for handshakes, one for each source IPv4 address or IPv6 /64 of each
 * network namespace: HANDSHAKES_PER_SECOND, bursts of HANDSHAKES_BURST.
 *
 * The table has a fixed size and is set-associative: an address may live in any of a few
 * slots of one set. A bucket that is full again is the same as none, so its slot is free
 * for another address; when no slot of the set is free, the handshake is refused. Nothing
 * is allocated and nothing has to be collected, whatever arrives.
 */
#ifndef _MYTUN_CORE_RATELIMIT_H
#define _MYTUN_CORE_RATELIMIT_H

#include <linux/spinlock.h>
#include <linux/siphash.h>
#include <linux/types.h>

enum {
	RATELIMIT_SETS = 2048,
	RATELIMIT_WAYS = 8,
};

struct ratelimit_set;

/**
 * struct ratelimit - the table, one per module
 * @key: random: nobody outside knows who shares a set with whom
 * @sets: RATELIMIT_SETS of them, each with its own lock (taken with BH off or on: _bh)
 */
struct ratelimit {
	siphash_key_t key;
	struct ratelimit_set *sets;
};

/**
 * ratelimit_init() - allocate the table
 * @rl: table
 * @key: random
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int __must_check ratelimit_init(struct ratelimit *rl, const siphash_key_t *key);
void ratelimit_uninit(struct ratelimit *rl);

/**
 * ratelimit_allow() - may this source have another handshake?
 * @rl: table
 * @ns_id: the network namespace, any number that tells them apart
 * @addr: source address, network order, 4 or 16 bytes; of IPv6 the first 8 count
 * @len: 4 or 16
 * @now_ns: boot time, never going back by more than a tick
 *
 * Context: any but hardirq.
 * Return: true and one token less, or false.
 */
bool ratelimit_allow(struct ratelimit *rl, u64 ns_id, const u8 *addr, u8 len, u64 now_ns);

#endif /* _MYTUN_CORE_RATELIMIT_H */
