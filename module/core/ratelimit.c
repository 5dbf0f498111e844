// SPDX-License-Identifier: GPL-2.0
/*
 * A bucket is one number: the time at which it will be full again. A token costs
 * TOKEN_NS of that time, and the bucket may be at most CAPACITY_NS away from full (the
 * "virtual scheduling" form of a leaky bucket, ITU-T I.371). Full and empty slot are then
 * the same thing, a time that is not in the future, and nothing ever has to be refilled.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/unaligned.h>

#include "ratelimit.h"
#include "wire.h"

#define TOKEN_NS ((u64)NSEC_PER_SEC / HANDSHAKES_PER_SECOND)
#define CAPACITY_NS (TOKEN_NS * HANDSHAKES_BURST)

static_assert((RATELIMIT_SETS & (RATELIMIT_SETS - 1)) == 0, "a set is picked by masking");

/**
 * struct ratelimit_bucket - tokens of one source
 * @source: keyed hash of namespace and address; that two sources share it is as likely as
 *	guessing a 64-bit key, and costs them a shared bucket
 * @full_ns: boot time at which the bucket is full again; in the past: the slot is free
 */
struct ratelimit_bucket {
	u64 source;
	u64 full_ns;
};

/**
 * struct ratelimit_set - the slots that a source may use
 * @lock: protects @buckets. Leaf lock, BH off, held for RATELIMIT_WAYS comparisons
 * @buckets: in no order
 */
struct ratelimit_set {
	spinlock_t lock;	/* leaf, BH off */
	struct ratelimit_bucket buckets[RATELIMIT_WAYS];
};

int ratelimit_init(struct ratelimit *rl, const siphash_key_t *key)
{
	int i;

	rl->key = *key;
	rl->sets = kvcalloc(RATELIMIT_SETS, sizeof(*rl->sets), GFP_KERNEL);
	if (!rl->sets)
		return -ENOMEM;

	for (i = 0; i < RATELIMIT_SETS; i++)
		spin_lock_init(&rl->sets[i].lock);
	return 0;
}

void ratelimit_uninit(struct ratelimit *rl)
{
	kvfree(rl->sets);
	memset(rl, 0, sizeof(*rl));
}

/* The bucket of @source; else a free slot, made its; NULL when there is none. */
static struct ratelimit_bucket *get_bucket(struct ratelimit_set *set, u64 source, u64 now_ns)
{
	struct ratelimit_bucket *free = NULL;
	int i;

	for (i = 0; i < RATELIMIT_WAYS; i++) {
		if (set->buckets[i].source == source)
			return &set->buckets[i];
		if (set->buckets[i].full_ns <= now_ns)
			free = &set->buckets[i];
	}
	if (free)
		free->source = source;
	return free;
}

static bool take_token(struct ratelimit_bucket *bucket, u64 now_ns)
{
	u64 full_ns = max(bucket->full_ns, now_ns) + TOKEN_NS;

	if (full_ns - now_ns > CAPACITY_NS)
		return false;
	bucket->full_ns = full_ns;
	return true;
}

bool ratelimit_allow(struct ratelimit *rl, u64 ns_id, const u8 *addr, u8 len, u64 now_ns)
{
	u64 prefix = len == 4 ? get_unaligned_be32(addr) : get_unaligned_be64(addr);
	u64 source = siphash_3u64(ns_id, prefix, len, &rl->key);
	struct ratelimit_set *set = &rl->sets[source & (RATELIMIT_SETS - 1)];
	struct ratelimit_bucket *bucket;
	bool allowed;

	spin_lock_bh(&set->lock);
	bucket = get_bucket(set, source, now_ns);
	allowed = bucket && take_token(bucket, now_ns);
	spin_unlock_bh(&set->lock);
	return allowed;
}
