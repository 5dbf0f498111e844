// SPDX-License-Identifier: GPL-2.0
/*
 * The session's timers, as a table of single rules (state, event, time -> actions, state)
 * and as whole lives in simulated time.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "session_policy.h"
#include "test_cmocka.h"
#include "test_random.h"

#define SECOND ((u64)NSEC_PER_SEC)
#define MS ((u64)NSEC_PER_MSEC)
#define NOW (1000 * SECOND)
#define JITTER_MAX ((u64)REKEY_TIMEOUT_JITTER_MS * MS)

/* What each constant is, said once more: the table is not to follow a slip in wire.h. */
#define KEEPALIVE (10 * SECOND)
#define RETRY (5 * SECOND)
#define ZERO (540 * SECOND)

enum {
	RETRANSMIT = DEADLINE_RETRANSMIT,
	KEEP = DEADLINE_KEEPALIVE,
	NEW = DEADLINE_NEW_HANDSHAKE,
	ZEROING = DEADLINE_ZERO_KEYS,
	PERSIST = DEADLINE_PERSISTENT,
	EXPIRE = SESSION_EVENT_COUNT,
};

/**
 * struct rule - one row of the table
 * @name: what it shows
 * @event: enum session_event, or EXPIRE
 * @random: for the jitter
 * @before: state that the event finds at NOW
 * @actions: expected
 * @after: expected state
 */
struct rule {
	const char *name;
	int event;
	u32 random;
	struct session_state before;
	u32 actions;
	struct session_state after;
};

#define AT(which, t) .deadline_ns[which] = NOW + (t)

static const struct rule rules[] = {
	/* data sent */
	{ "data sent awaits an answer", SESSION_DATA_SENT, 0,
	  { }, 0, { AT(NEW, 15 * SECOND) } },
	{ "with jitter", SESSION_DATA_SENT, U32_MAX,
	  { }, 0, { AT(NEW, 15 * SECOND + JITTER_MAX) } },
	{ "the first data counts", SESSION_DATA_SENT, 0,
	  { AT(NEW, 1) }, 0, { AT(NEW, 1) } },
	{ "nothing else moves", SESSION_DATA_SENT, 0,
	  { AT(KEEP, 7), AT(ZEROING, 8), AT(RETRANSMIT, 9), AT(PERSIST, 10), .attempts = 3 }, 0,
	  { AT(KEEP, 7), AT(ZEROING, 8), AT(RETRANSMIT, 9), AT(PERSIST, 10), .attempts = 3,
	    AT(NEW, 15 * SECOND) } },

	/* data received */
	{ "data received wants a sign of life", SESSION_DATA_RECEIVED, U32_MAX,
	  { }, 0, { AT(KEEP, KEEPALIVE) } },
	{ "more data while waiting", SESSION_DATA_RECEIVED, 0,
	  { AT(KEEP, 1) }, 0, { AT(KEEP, 1), .need_another_keepalive = true } },

	/* packets */
	{ "anything sent is a sign of life", SESSION_PACKET_SENT, 0,
	  { AT(KEEP, 1), AT(NEW, 2), AT(ZEROING, 3) }, 0, { AT(NEW, 2), AT(ZEROING, 3) } },
	{ "anything received is an answer", SESSION_PACKET_RECEIVED, 0,
	  { AT(KEEP, 1), AT(NEW, 2), AT(ZEROING, 3) }, 0, { AT(KEEP, 1), AT(ZEROING, 3) } },

	/* handshakes */
	{ "an initiation is repeated", SESSION_INITIATION_SENT, 0,
	  { }, 0, { AT(RETRANSMIT, RETRY) } },
	{ "with jitter", SESSION_INITIATION_SENT, U32_MAX,
	  { }, 0, { AT(RETRANSMIT, RETRY + JITTER_MAX) } },
	{ "with half of it", SESSION_INITIATION_SENT, 1U << 31,
	  { }, 0, { AT(RETRANSMIT, RETRY + 167 * MS) } },
	{ "counted from the last one", SESSION_INITIATION_SENT, 0,
	  { AT(RETRANSMIT, 1), .attempts = 2 }, 0, { AT(RETRANSMIT, RETRY), .attempts = 2 } },
	{ "a complete handshake is not repeated", SESSION_HANDSHAKE_COMPLETE, 0,
	  { AT(KEEP, 1), AT(NEW, 2), AT(ZEROING, 3), AT(RETRANSMIT, 1), .attempts = 5 }, 0,
	  { AT(KEEP, 1), AT(NEW, 2), AT(ZEROING, 3) } },
	{ "keys live for a while", SESSION_DERIVED, U32_MAX,
	  { }, 0, { AT(ZEROING, ZERO) } },
	{ "new keys live anew", SESSION_DERIVED, 0,
	  { AT(ZEROING, 1) }, 0, { AT(ZEROING, ZERO) } },

	/* persistent keepalive */
	{ "none when it is off", SESSION_TRAVERSAL, 0, { }, 0, { } },
	{ "counted from the last packet", SESSION_TRAVERSAL, U32_MAX,
	  { AT(PERSIST, 1), .persistent_keepalive_s = 25 }, 0,
	  { AT(PERSIST, 25 * SECOND), .persistent_keepalive_s = 25 } },
	{ "the longest", SESSION_TRAVERSAL, 0,
	  { .persistent_keepalive_s = U16_MAX }, 0,
	  { AT(PERSIST, 65535 * SECOND), .persistent_keepalive_s = U16_MAX } },

	/* expiry */
	{ "nothing waits", EXPIRE, 0, { }, 0, { } },
	{ "nothing is due yet", EXPIRE, 0,
	  { AT(KEEP, 1), AT(NEW, 2), AT(ZEROING, 3), AT(RETRANSMIT, 1) }, 0,
	  { AT(KEEP, 1), AT(NEW, 2), AT(ZEROING, 3), AT(RETRANSMIT, 1) } },
	{ "retry", EXPIRE, 0,
	  { AT(RETRANSMIT, 0) }, ACTION_CLEAR_SOURCE | ACTION_SEND_INITIATION,
	  { AT(RETRANSMIT, RETRY), .attempts = 1 } },
	{ "the last retry", EXPIRE, U32_MAX,
	  { AT(RETRANSMIT, 0), .attempts = 16 }, ACTION_CLEAR_SOURCE | ACTION_SEND_INITIATION,
	  { AT(RETRANSMIT, RETRY + JITTER_MAX), .attempts = 17 } },
	{ "given up", EXPIRE, 0,
	  { AT(RETRANSMIT, 0), AT(KEEP, 1), .attempts = 17 }, ACTION_DROP_STAGED,
	  { AT(ZEROING, ZERO), .attempts = 17 } },
	{ "given up, with keys that have their time", EXPIRE, 0,
	  { AT(RETRANSMIT, 0), AT(ZEROING, 1), .attempts = 17 }, ACTION_DROP_STAGED,
	  { AT(ZEROING, 1), .attempts = 17 } },
	{ "given up and a keepalive due", EXPIRE, 0,
	  { AT(RETRANSMIT, 0), AT(KEEP, 0), .attempts = 17 }, ACTION_DROP_STAGED,
	  { AT(ZEROING, ZERO), .attempts = 17 } },
	{ "keepalive", EXPIRE, 0, { AT(KEEP, 0) }, ACTION_SEND_KEEPALIVE, { } },
	{ "keepalive, and another", EXPIRE, 0,
	  { AT(KEEP, 0), .need_another_keepalive = true }, ACTION_SEND_KEEPALIVE,
	  { AT(KEEP, KEEPALIVE) } },
	{ "no answer to data", EXPIRE, 0,
	  { AT(NEW, 0) }, ACTION_CLEAR_SOURCE | ACTION_START_HANDSHAKE, { } },
	{ "keys too old", EXPIRE, 0, { AT(ZEROING, 0) }, ACTION_ZERO_KEYS, { } },
	{ "persistent keepalive, armed again", EXPIRE, 0,
	  { AT(PERSIST, 0), .persistent_keepalive_s = 25 }, ACTION_SEND_KEEPALIVE,
	  { AT(PERSIST, 25 * SECOND), .persistent_keepalive_s = 25 } },
	{ "persistent keepalive, switched off meanwhile", EXPIRE, 0,
	  { AT(PERSIST, 0) }, 0, { } },
	{ "all at once, late", EXPIRE, 0,
	  { AT(RETRANSMIT, -SECOND), AT(KEEP, -SECOND), AT(NEW, -SECOND), AT(ZEROING, -SECOND),
	    AT(PERSIST, -SECOND), .persistent_keepalive_s = 1 },
	  ACTION_CLEAR_SOURCE | ACTION_SEND_INITIATION | ACTION_SEND_KEEPALIVE |
	  ACTION_START_HANDSHAKE | ACTION_ZERO_KEYS,
	  { AT(RETRANSMIT, RETRY), AT(PERSIST, SECOND), .attempts = 1,
	    .persistent_keepalive_s = 1 } },
};

static bool same(const struct session_state *a, const struct session_state *b)
{
	return !memcmp(a->deadline_ns, b->deadline_ns, sizeof(a->deadline_ns)) &&
	       a->attempts == b->attempts &&
	       a->persistent_keepalive_s == b->persistent_keepalive_s &&
	       a->need_another_keepalive == b->need_another_keepalive;
}

static void test_rules(void **state)
{
	const struct rule *rule;
	struct session_state s;
	u32 actions;

	for (rule = rules; rule < rules + ARRAY_SIZE(rules); rule++) {
		s = rule->before;
		if (rule->event == EXPIRE)
			actions = session_policy_expire(&s, NOW, rule->random);
		else
			actions = session_policy_event(&s, rule->event, NOW, rule->random);
		if (actions != rule->actions || !same(&s, &rule->after))
			fail_msg("rule %zu (%s): actions %#x", (size_t)(rule - rules),
				 rule->name, actions);
	}
}

/* Is it foretold whether these events change the state? */
static void assert_foretold(const struct session_state *before, unsigned long events)
{
	struct session_state s = *before;
	int event;

	for (event = 0; event < SESSION_EVENT_COUNT; event++)
		if (events & BIT(event))
			session_policy_event(&s, event, NOW, 0);
	if (session_policy_unmoved(before, events, NOW) != same(before, &s))
		fail_msg("events %#lx", events);
}

/* Every state of deadlines that packets have to do with, and what one packet is. */
static void test_unmoved(void **state)
{
	static const unsigned long packets[] = {
		BIT(SESSION_DATA_SENT), BIT(SESSION_DATA_RECEIVED), BIT(SESSION_PACKET_SENT),
		BIT(SESSION_PACKET_RECEIVED), BIT(SESSION_TRAVERSAL),
		BIT(SESSION_PACKET_SENT) | BIT(SESSION_TRAVERSAL),
		BIT(SESSION_PACKET_RECEIVED) | BIT(SESSION_TRAVERSAL),
		BIT(SESSION_PACKET_RECEIVED) | BIT(SESSION_TRAVERSAL) | BIT(SESSION_DATA_RECEIVED),
	};
	unsigned int bits, i;

	for (bits = 0; bits < 1 << 5; bits++) {
		struct session_state s = {
			.deadline_ns[KEEP] = bits & 1 ? NOW + 3 * SECOND : 0,
			.deadline_ns[NEW] = bits & 2 ? NOW + 4 * SECOND : 0,
			.need_another_keepalive = bits & 4,
			.persistent_keepalive_s = bits & 8 ? 25 : 0,
			.deadline_ns[PERSIST] = (bits & 24) == 24 ? NOW + 25 * SECOND :
						bits & 8 ? NOW + 24 * SECOND : 0,
		};

		for (i = 0; i < ARRAY_SIZE(packets); i++)
			assert_foretold(&s, packets[i]);
		assert_false(session_policy_unmoved(&s, BIT(SESSION_INITIATION_SENT), NOW));
		assert_false(session_policy_unmoved(&s, BIT(SESSION_DERIVED), NOW));
		assert_false(session_policy_unmoved(&s, BIT(SESSION_HANDSHAKE_COMPLETE), NOW));
	}
}

static void test_next(void **state)
{
	struct session_state s;
	int i;

	memset(&s, 0xff, sizeof(s));
	session_policy_init(&s);
	assert_int_equal(session_policy_next(&s), 0);
	for (i = 0; i < DEADLINE_COUNT; i++) {
		s.deadline_ns[i] = NOW - i;
		assert_int_equal(session_policy_next(&s), NOW - i);
	}
	for (i = DEADLINE_COUNT - 1; i >= 0; i--) {
		assert_int_equal(session_policy_next(&s), NOW - i);
		s.deadline_ns[i] = 0;
	}
	assert_int_equal(session_policy_next(&s), 0);
}

static void test_set_persistent(void **state)
{
	struct session_state s = {};

	assert_int_equal(session_policy_set_persistent(&s, 0, NOW), 0);
	assert_int_equal(session_policy_next(&s), 0);
	assert_int_equal(session_policy_set_persistent(&s, 25, NOW), ACTION_SEND_KEEPALIVE);
	assert_int_equal(session_policy_next(&s), NOW + 25 * SECOND);
	assert_int_equal(session_policy_set_persistent(&s, 10, NOW), 0);
	assert_int_equal(session_policy_next(&s), NOW + 10 * SECOND);
	assert_int_equal(session_policy_set_persistent(&s, 0, NOW), 0);
	assert_int_equal(session_policy_next(&s), 0);

	/* While stopped, another interval does not wake it. */
	session_policy_set_persistent(&s, 25, NOW);
	session_policy_stop(&s);
	assert_int_equal(session_policy_set_persistent(&s, 30, NOW), 0);
	assert_int_equal(session_policy_next(&s), 0);
	assert_int_equal(s.persistent_keepalive_s, 30);
}

static void test_stop(void **state)
{
	struct session_state s;
	int event;

	session_policy_init(&s);
	session_policy_set_persistent(&s, 25, NOW);
	for (event = 0; event < SESSION_EVENT_COUNT; event++)
		session_policy_event(&s, event, NOW, 0);
	session_policy_event(&s, SESSION_DATA_RECEIVED, NOW, 0);
	session_policy_event(&s, SESSION_DATA_RECEIVED, NOW, 0);
	s.attempts = 7;
	session_policy_stop(&s);
	assert_int_equal(session_policy_next(&s), 0);
	assert_int_equal(s.attempts, 0);
	assert_false(s.need_another_keepalive);
	assert_int_equal(s.persistent_keepalive_s, 25);
}

/* A number that is no event is taken for none. */
static void test_no_event(void **state)
{
	struct session_state s, before;
	int i;

	session_policy_init(&s);
	session_policy_event(&s, SESSION_DATA_SENT, NOW, 0);
	before = s;
	for (i = SESSION_EVENT_COUNT; i < SESSION_EVENT_COUNT + 2; i++) {
		assert_int_equal(session_policy_event(&s, i, NOW + SECOND, 0), 0);
		assert_memory_equal(&s, &before, sizeof(s));
	}
}

static void test_ages(void **state)
{
	struct session_age age = { .born_ns = NOW, .initiator = true };

	assert_true(session_policy_usable(&age, NOW - MS));	/* a coarse clock */
	assert_true(session_policy_usable(&age, NOW + 180 * SECOND - 1));
	assert_false(session_policy_usable(&age, NOW + 180 * SECOND));
	assert_false(session_policy_rekey_after_send(&age, NOW - MS));
	assert_false(session_policy_rekey_after_send(&age, NOW + 120 * SECOND - 1));
	assert_true(session_policy_rekey_after_send(&age, NOW + 120 * SECOND));
	assert_false(session_policy_rekey_after_receive(&age, NOW + 165 * SECOND - 1));
	assert_true(session_policy_rekey_after_receive(&age, NOW + 165 * SECOND));

	assert_false(session_policy_zero_due(&age, NOW - MS));
	assert_false(session_policy_zero_due(&age, NOW + 540 * SECOND - 1));
	assert_true(session_policy_zero_due(&age, NOW + 540 * SECOND));

	age.initiator = false;
	assert_false(session_policy_rekey_after_send(&age, NOW + 179 * SECOND));
	assert_false(session_policy_rekey_after_receive(&age, NOW + 179 * SECOND));
	assert_false(session_policy_usable(&age, NOW + 180 * SECOND));

	age.counter = (1ULL << 60) - 1;
	assert_false(session_policy_rekey_after_send(&age, NOW));
	age.counter = 1ULL << 60;
	assert_true(session_policy_rekey_after_send(&age, NOW));
	age.counter = U64_MAX - (1 << 13) - 1;
	assert_true(session_policy_usable(&age, NOW));
	age.counter++;
	assert_false(session_policy_usable(&age, NOW));
}

/* --- whole lives: two peers that send what the actions say, over a wire that may be cut -- */

/**
 * struct life - one side
 * @s: its timers
 * @age: of its session, when @alive
 * @alive: it has one
 * @initiations: sent
 * @keepalives: sent
 * @last_ns: when the last of either was sent
 * @gave_up_ns: when ACTION_DROP_STAGED came
 * @zeroed_ns: when ACTION_ZERO_KEYS came
 */
struct life {
	struct session_state s;
	struct session_age age;
	bool alive;
	int initiations;
	int keepalives;
	u64 last_ns;
	u64 gave_up_ns;
	u64 zeroed_ns;
};

static struct life us, them;
static bool cut;
static u64 now;

static u32 event(struct life *l, enum session_event e)
{
	return session_policy_event(&l->s, e, now, test_random());
}

static void packet_sent(struct life *l)
{
	l->last_ns = now;
	event(l, SESSION_PACKET_SENT);
	event(l, SESSION_TRAVERSAL);
}

static void packet_received(struct life *l)
{
	event(l, SESSION_PACKET_RECEIVED);
	event(l, SESSION_TRAVERSAL);
}

static void derive(struct life *l, bool initiator)
{
	event(l, SESSION_DERIVED);
	l->age = (struct session_age){ .born_ns = now, .initiator = initiator };
	l->alive = true;
}

static void initiate(struct life *l)
{
	struct life *other = l == &us ? &them : &us;

	l->initiations++;
	packet_sent(l);
	event(l, SESSION_INITIATION_SENT);
	if (cut)
		return;
	packet_received(other);
	derive(other, false);
	packet_sent(other);
	packet_received(l);
	derive(l, true);
	event(l, SESSION_HANDSHAKE_COMPLETE);
	event(other, SESSION_HANDSHAKE_COMPLETE);
}

static void start_handshake(struct life *l)
{
	session_policy_fresh_handshake(&l->s);
	initiate(l);
}

static bool may_send(struct life *l)
{
	if (l->alive && session_policy_usable(&l->age, now))
		return true;
	start_handshake(l);
	return l->alive && session_policy_usable(&l->age, now);
}

static void send(struct life *l, bool data)
{
	struct life *other = l == &us ? &them : &us;

	if (!may_send(l))
		return;
	if (data)
		event(l, SESSION_DATA_SENT);
	else
		l->keepalives++;
	packet_sent(l);
	l->age.counter++;
	if (!cut) {
		if (data)
			event(other, SESSION_DATA_RECEIVED);
		packet_received(other);
	}
	if (session_policy_rekey_after_send(&l->age, now))
		start_handshake(l);
}

static void obey(struct life *l, u32 actions)
{
	if (actions & ACTION_ZERO_KEYS) {
		l->alive = false;
		l->zeroed_ns = now;
	}
	if (actions & ACTION_DROP_STAGED)
		l->gave_up_ns = now;
	if (actions & ACTION_START_HANDSHAKE)
		start_handshake(l);
	if (actions & ACTION_SEND_INITIATION)
		initiate(l);
	if (actions & ACTION_SEND_KEEPALIVE)
		send(l, false);
}

/* Let time pass until @end_ns, from one deadline of either side to the next. */
static void run_until(u64 end_ns)
{
	for (;;) {
		u64 a = session_policy_next(&us.s) ?: U64_MAX;
		u64 b = session_policy_next(&them.s) ?: U64_MAX;

		if (min(a, b) > end_ns)
			break;
		assert_true(min(a, b) >= now);
		now = min(a, b);
		obey(&us, session_policy_expire(&us.s, now, test_random()));
		obey(&them, session_policy_expire(&them.s, now, test_random()));
	}
	now = end_ns;
}

static int be_born(void **state)
{
	memset(&us, 0, sizeof(us));
	memset(&them, 0, sizeof(them));
	session_policy_init(&us.s);
	session_policy_init(&them.s);
	cut = false;
	now = NOW;
	return 0;
}

static void test_keepalive_after_10_s(void **state)
{
	send(&us, true);
	run_until(NOW + 10 * SECOND - 1);
	assert_int_equal(them.keepalives, 0);
	run_until(NOW + 10 * SECOND);
	assert_int_equal(them.keepalives, 1);
	run_until(NOW + 100 * SECOND);
	assert_int_equal(them.keepalives, 1);	/* a keepalive is not answered */
	assert_int_equal(us.keepalives, 0);
	assert_int_equal(us.initiations + them.initiations, 1);
}

static void test_no_keepalive_when_answered(void **state)
{
	int i;

	for (i = 0; i < 100; i++) {
		send(&us, true);
		send(&them, true);
		run_until(now + SECOND);
	}
	assert_int_equal(us.keepalives + them.keepalives, 0);
}

/* Traffic all the time: the initiator alone renews, every 120 s. */
static void test_rekey_at_120_s(void **state)
{
	int i;

	for (i = 0; i < 1000; i++) {
		send(&us, true);
		send(&them, true);
		assert_int_equal(us.initiations, 1 + i / 120);
		run_until(now + SECOND);
	}
	assert_int_equal(them.initiations, 0);
	assert_int_equal(us.zeroed_ns + them.zeroed_ns, 0);
}

/* Data into a cut wire: a new handshake after 15 s, retries, the end 90 s after that. */
static void test_give_up_after_90_s(void **state)
{
	u64 started;

	send(&us, true);
	cut = true;
	run_until(now + SECOND);
	send(&us, true);
	run_until(now + 16 * SECOND);
	assert_int_equal(us.initiations, 2);
	started = us.last_ns;
	assert_in_range(started, NOW + 15 * SECOND, NOW + 16 * SECOND + JITTER_MAX);
	run_until(started + 90 * SECOND - 1);
	assert_int_equal(us.gave_up_ns, 0);
	run_until(started + 90 * SECOND + 18 * JITTER_MAX);
	assert_in_range(us.gave_up_ns, started + 90 * SECOND, started + 90 * SECOND +
			18 * JITTER_MAX);
	assert_int_equal(us.initiations, 2 + 17);
	run_until(NOW + 530 * SECOND);
	assert_int_equal(us.initiations, 2 + 17);

	/* The keys of the session that there was, at their time. */
	assert_int_equal(us.zeroed_ns, 0);
	run_until(NOW + 540 * SECOND);
	assert_int_equal(us.zeroed_ns, NOW + 540 * SECOND);
	run_until(NOW + 10000 * SECOND);
	assert_int_equal(session_policy_next(&us.s), 0);

	/* New data tries anew. */
	cut = false;
	send(&us, true);
	assert_true(us.alive);
	assert_int_equal(us.initiations, 3 + 17);
}

static void test_zero_after_540_s(void **state)
{
	send(&us, true);
	run_until(NOW + 540 * SECOND - 1);
	assert_int_equal(us.zeroed_ns + them.zeroed_ns, 0);
	run_until(NOW + 2000 * SECOND);
	assert_int_equal(us.zeroed_ns, NOW + 540 * SECOND);
	assert_int_equal(them.zeroed_ns, NOW + 540 * SECOND);
	assert_int_equal(us.initiations + them.initiations, 1);
}

/* Never had a session: what a half-done handshake left is wiped 540 s after giving up. */
static void test_zero_after_giving_up(void **state)
{
	cut = true;
	send(&us, true);
	run_until(NOW + 2000 * SECOND);
	assert_int_equal(us.initiations, 18);
	assert_int_equal(us.zeroed_ns, us.gave_up_ns + 540 * SECOND);
}

static void test_persistent_25_s(void **state)
{
	obey(&us, session_policy_set_persistent(&us.s, 25, now));
	assert_int_equal(us.keepalives, 1);
	run_until(NOW + 99 * SECOND);
	assert_int_equal(us.keepalives, 4);
	run_until(NOW + 3600 * SECOND);
	assert_int_equal(us.keepalives, 1 + 3600 / 25);
	assert_int_equal(them.keepalives, 0);
	assert_in_range(us.initiations, 3600 / 150, 3600 / 120 + 1);
	assert_int_equal(us.zeroed_ns + them.zeroed_ns, 0);
}

/* Each keepalive fails for two hours; the next that can be sent is. */
static void test_persistent_survives_failure(void **state)
{
	u32 actions;
	int i;

	session_policy_set_persistent(&us.s, 25, now);
	for (i = 0; i < 2 * 3600 / 25; i++) {
		now += 25 * SECOND;
		assert_int_equal(session_policy_next(&us.s), now);
		actions = session_policy_expire(&us.s, now, 0);
		assert_int_equal(actions, ACTION_SEND_KEEPALIVE);
	}
}

/* Only keepalives are sent by one that only receives: it must rekey before they end. */
static void test_receiver_renews(void **state)
{
	send(&us, true);
	while (now < NOW + 165 * SECOND) {
		assert_false(session_policy_rekey_after_receive(&us.age, now));
		run_until(now + SECOND);
	}
	assert_true(session_policy_rekey_after_receive(&us.age, now));
	assert_false(session_policy_rekey_after_receive(&them.age, now));
}

int main(void)
{
#define with_life(f) cmocka_unit_test_setup(f, be_born)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_unmoved),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_set_persistent),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_no_event),
		cmocka_unit_test(test_ages),
		with_life(test_keepalive_after_10_s),
		with_life(test_no_keepalive_when_answered),
		with_life(test_rekey_at_120_s),
		with_life(test_give_up_after_90_s),
		with_life(test_zero_after_540_s),
		with_life(test_zero_after_giving_up),
		with_life(test_persistent_25_s),
		with_life(test_persistent_survives_failure),
		with_life(test_receiver_renews),
	};

	test_random_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
