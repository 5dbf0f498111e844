// SPDX-License-Identifier: GPL-2.0
/* Plain C, in time of its own: the unit tests run it in user space too. */
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/time64.h>

#include "../core/ratelimit.h"
#include "../core/wire.h"
#include "selftest.h"

#define TOKEN_NS ((u64)NSEC_PER_SEC / HANDSHAKES_PER_SECOND)
#define START_NS ((u64)NSEC_PER_SEC)

/**
 * struct source - who asks
 * @ns_id: network namespace
 * @addr: address
 * @len: of it, 4 or 16
 */
struct source {
	u64 ns_id;
	u8 addr[16];
	u8 len;
};

static const struct source v4 = { 1, { 192, 0, 2, 1 }, 4 };
static const struct source v4_next = { 1, { 192, 0, 2, 2 }, 4 };
static const struct source v4_elsewhere = { 2, { 192, 0, 2, 1 }, 4 };
static const struct source v6 = { 1, { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 1 }, 16 };
static const struct source v6_same_64 = { 1, { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 2 }, 16 };
static const struct source v6_next_64 = { 1, { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 2, 1 }, 16 };

static bool allow(struct ratelimit *rl, const struct source *source, u64 now_ns)
{
	return ratelimit_allow(rl, source->ns_id, source->addr, source->len, now_ns);
}

/* How many of a hundred at once. */
static int burst(struct ratelimit *rl, const struct source *source, u64 now_ns)
{
	int allowed = 0, i;

	for (i = 0; i < 100; i++)
		allowed += allow(rl, source, now_ns);
	return allowed;
}

static bool bursts(struct ratelimit *rl)
{
	return burst(rl, &v4, START_NS) == HANDSHAKES_BURST &&
	       burst(rl, &v4_next, START_NS) == HANDSHAKES_BURST &&
	       burst(rl, &v4_elsewhere, START_NS) == HANDSHAKES_BURST &&
	       burst(rl, &v6, START_NS) == HANDSHAKES_BURST &&
	       burst(rl, &v6_same_64, START_NS) == 0 &&
	       burst(rl, &v6_next_64, START_NS) == HANDSHAKES_BURST;
}

static bool refill(struct ratelimit *rl)
{
	return burst(rl, &v4, START_NS + TOKEN_NS - 1) == 0 &&
	       burst(rl, &v4, START_NS + TOKEN_NS) == 1 &&
	       burst(rl, &v6_same_64, START_NS + 2 * TOKEN_NS) == 2 &&
	       burst(rl, &v4, START_NS + 100 * TOKEN_NS) == HANDSHAKES_BURST;
}

/* Four times as many sources as slots: most slots are taken, and none is shared. */
static bool flood(struct ratelimit *rl)
{
	const u64 now_ns = START_NS + 1000 * TOKEN_NS;
	const int slots = RATELIMIT_SETS * RATELIMIT_WAYS;
	struct source source = { .ns_id = 3, .len = 4 };
	int allowed = 0, i;

	for (i = 0; i < 4 * slots; i++) {
		source.addr[0] = i >> 16;
		source.addr[1] = i >> 8;
		source.addr[2] = i;
		allowed += allow(rl, &source, now_ns);
	}
	return allowed <= slots && allowed > slots / 2;
}

bool mytun_ratelimit_selftest(void)
{
	static const siphash_key_t key = { { 1, 2 } };
	struct ratelimit rl;
	bool success;

	if (ratelimit_init(&rl, &key)) {
		pr_err("ratelimit self-tests: no memory: FAIL\n");
		return false;
	}
	success = bursts(&rl) && refill(&rl) && flood(&rl);
	ratelimit_uninit(&rl);
	if (success)
		pr_info("ratelimit self-tests: pass\n");
	else
		pr_err("ratelimit self-tests: FAIL\n");
	return success;
}
