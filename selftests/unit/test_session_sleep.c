// SPDX-License-Identifier: GPL-2.0
/* How deadlines are met by a timer that rounds as the kernel's timer wheel does. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "session_policy.h"
#include "test_cmocka.h"

#define SECOND ((u64)NSEC_PER_SEC)
#define START (1000 * SECOND)

/* Two ends whose jitter differs by more than this must be told apart; there are 333 ms of it. */
#define LATE_MAX (111 * (u64)NSEC_PER_MSEC)

static const unsigned int hz_values[] = { 100, 250, 300, 1000 };

/*
 * When the wheel wakes who wants to sleep until @expires: from 63 << 3 n ticks on, a slot is
 * 8 << 3 n ticks long, and a timer waits for the end of its slot.
 */
static u64 wheel(u64 now, u64 expires)
{
	u64 slot = 1;

	while (expires - now >= 63 * slot)
		slot *= 8;
	return (expires / slot + 1) * slot;
}

/* As timers.c sleeps, until a deadline is met. Return: how late; @sleeps: how often. */
static u64 meet(struct session_state *s, enum session_deadline which, u64 start_ns,
		unsigned int hz, unsigned int *sleeps)
{
	u64 deadline_ns = s->deadline_ns[which], tick_ns = NSEC_PER_SEC / hz;
	u64 now = start_ns / tick_ns;

	for (*sleeps = 0; now * tick_ns < deadline_ns; ++*sleeps) {
		now = wheel(now, now + 1 + session_policy_sleep(s, now * tick_ns) / tick_ns);
		if (s->deadline_ns[DEADLINE_PERSISTENT] <= now * tick_ns)
			s->deadline_ns[DEADLINE_PERSISTENT] = 0;
	}
	return now * tick_ns - deadline_ns;
}

/* With each jitter that there is; a keepalive every @persistent seconds, 0: none */
static void check_from(u64 start_ns, enum session_deadline which, unsigned int seconds,
		       unsigned int persistent, unsigned int hz)
{
	unsigned int ms, sleeps;

	for (ms = 0; ms <= REKEY_TIMEOUT_JITTER_MS; ms++) {
		struct session_state s = { 0 };

		s.deadline_ns[which] = start_ns + seconds * SECOND + ms * NSEC_PER_MSEC;
		if (persistent)
			s.deadline_ns[DEADLINE_PERSISTENT] = start_ns + persistent * SECOND;
		s.deadline_ns[DEADLINE_ZERO_KEYS] = start_ns + 540 * SECOND;
		assert_true(meet(&s, which, start_ns, hz, &sleeps) < LATE_MAX);
		assert_in_range(sleeps, 1, 4);
	}
}

/* At several phases of the wheel */
static void check_jitter(enum session_deadline which, unsigned int seconds,
			 unsigned int persistent)
{
	unsigned int i, phase;

	for (i = 0; i < ARRAY_SIZE(hz_values); i++)
		for (phase = 0; phase < 20; phase++)
			check_from(START + phase * 37 * NSEC_PER_MSEC, which, seconds, persistent,
				   hz_values[i]);
}

static void test_retransmit(void **state)
{
	check_jitter(DEADLINE_RETRANSMIT, 5, 0);
}

/* Both were set at once: the keepalive comes first, and its rounding is not the other's. */
static void test_keepalive_shortly_before(void **state)
{
	unsigned int persistent;

	for (persistent = 1; persistent <= 5; persistent++)
		check_jitter(DEADLINE_RETRANSMIT, 5, persistent);
	for (persistent = 10; persistent <= 15; persistent++)
		check_jitter(DEADLINE_NEW_HANDSHAKE, 15, persistent);
}

static void test_new_handshake(void **state)
{
	check_jitter(DEADLINE_NEW_HANDSHAKE, 15, 0);
}

/* Where nobody minds, nobody is woken more than once. */
static void test_without_jitter(void **state)
{
	static const enum session_deadline exact[] = {
		DEADLINE_KEEPALIVE, DEADLINE_ZERO_KEYS, DEADLINE_PERSISTENT,
	};
	unsigned int i, sleeps;

	for (i = 0; i < ARRAY_SIZE(exact); i++) {
		struct session_state s = { 0 };

		s.deadline_ns[exact[i]] = START + 25 * SECOND;
		s.deadline_ns[DEADLINE_RETRANSMIT] = START + 32 * SECOND;
		assert_int_equal(session_policy_sleep(&s, START), 25 * SECOND);
		meet(&s, exact[i], START, 250, &sleeps);
		assert_int_equal(sleeps, 1);
	}
}

static void test_due(void **state)
{
	struct session_state s = { 0 };

	s.deadline_ns[DEADLINE_RETRANSMIT] = START;
	assert_int_equal(session_policy_sleep(&s, START - SECOND), SECOND);
	assert_int_equal(session_policy_sleep(&s, START - 1), 1);
	assert_int_equal(session_policy_sleep(&s, START), 0);
	assert_int_equal(session_policy_sleep(&s, START + 1), 0);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(test_retransmit),
		cmocka_unit_test(test_keepalive_shortly_before),
		cmocka_unit_test(test_new_handshake),
		cmocka_unit_test(test_without_jitter),
		cmocka_unit_test(test_due),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
