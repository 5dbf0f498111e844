// SPDX-License-Identifier: GPL-2.0
/* Plain C: the unit tests run it in user space too. */
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "../core/replay.h"
#include "selftest.h"

#define SIZE REPLAY_WINDOW_SIZE
#define LAST (REJECT_AFTER_MESSAGES - 1)

/**
 * struct message - a counter that arrives
 * @counter: its value
 * @fresh: it is to be accepted
 */
struct message {
	u64 counter;
	bool fresh;
};

static const struct message messages[] = {
	{ 0, true }, { 0, false }, { 1, true }, { 1, false },
	{ 63, true }, { 64, true }, { 65, true }, { 63, false }, { 64, false }, { 2, true },
	{ SIZE, true }, { 3, true }, { 0, false },
	{ SIZE + 4, true }, { 3, false }, { 4, true }, { 4, false }, { 5, true },
	{ 2 * REPLAY_WINDOW_BITS, true }, { SIZE + 4, false }, { 6, false },
	{ 2 * REPLAY_WINDOW_BITS - SIZE, true }, { 2 * REPLAY_WINDOW_BITS - SIZE - 1, false },
	{ 1ULL << 40, true }, { 2 * REPLAY_WINDOW_BITS, false }, { (1ULL << 40) - 1, true },
	{ LAST + 1, false }, { U64_MAX, false }, { (1ULL << 40) - 2, true },
	{ LAST, true }, { LAST, false }, { LAST + 1, false }, { LAST - SIZE, true },
	{ LAST - SIZE, false }, { LAST - SIZE - 1, false },
};

static bool edges(struct replay_window *window)
{
	bool success = true;
	size_t i;

	replay_init(window);
	for (i = 0; i < ARRAY_SIZE(messages); i++) {
		if (replay_accept(window, messages[i].counter) == messages[i].fresh)
			continue;
		pr_err("replay self-tests: message %zu: FAIL\n", i);
		success = false;
	}
	return success;
}

/* Down from the top of a full window, then all of it again. */
static bool downwards(struct replay_window *window)
{
	bool success = true;
	u64 i;

	replay_init(window);
	for (i = 0; i <= SIZE; i++)
		success &= replay_accept(window, SIZE - i);
	for (i = 0; i <= SIZE; i++)
		success &= !replay_accept(window, i);
	if (!success)
		pr_err("replay self-tests: from the top down: FAIL\n");
	return success;
}

bool mytun_replay_selftest(void)
{
	struct replay_window *window = kzalloc(sizeof(*window), GFP_KERNEL);
	bool success;

	if (!window) {
		pr_err("replay self-tests: no memory: FAIL\n");
		return false;
	}
	success = edges(window) && downwards(window);
	kfree(window);
	if (success)
		pr_info("replay self-tests: pass\n");
	return success;
}
