/* SPDX-License-Identifier: GPL-2.0 */
/* Random numbers that can be had again: TEST_SEED=<what the test printed>. */
#ifndef _TEST_RANDOM_H
#define _TEST_RANDOM_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <linux/types.h>

static u64 test_random_state;

/* splitmix64 (Steele, Lea, Flood, 2014) */
static inline u64 test_random(void)
{
	u64 z = test_random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline u64 test_random_below(u64 end)
{
	return test_random() % end;
}

static inline void test_random_seed(void)
{
	const char *seed = getenv("TEST_SEED");

	test_random_state = seed ? strtoull(seed, NULL, 0) : (u64)time(NULL);
	printf("# TEST_SEED=%llu\n", (unsigned long long)test_random_state);
	fflush(stdout);
}

/* The number of rounds: TEST_ROUNDS, or @otherwise. */
static inline unsigned long test_rounds(unsigned long otherwise)
{
	const char *rounds = getenv("TEST_ROUNDS");

	return rounds ? strtoul(rounds, NULL, 0) : otherwise;
}

#endif /* _TEST_RANDOM_H */
