// SPDX-License-Identifier: GPL-2.0
/*
 * The handshake, both roles in one process: its messages and states. test_noise_keys.c has the
 * keys that it takes, test_noise_vectors.c has it against another implementation.
 */
#include "noise_sides.h"

static const u64 spacing_ns = NSEC_PER_SEC / INITIATIONS_PER_SECOND;

static void test_handshake(void **state)
{
	run_handshake(&a, &b, NSEC_PER_SEC);
}

static void test_handshake_without_psk(void **state)
{
	setup_with(NULL, NULL);
	run_handshake(&a, &b, NSEC_PER_SEC);
	setup_with(NULL, zero);
	run_handshake(&a, &b, NSEC_PER_SEC);
}

static void test_handshakes_in_turn(void **state)
{
	run_handshake(&a, &b, 1 * NSEC_PER_SEC);
	run_handshake(&b, &a, 2 * NSEC_PER_SEC);
	run_handshake(&a, &b, 3 * (u64)NSEC_PER_SEC);
}

static void test_wire(void **state)
{
	static const u8 initiation_head[] = { 1, 0, 0, 0, 0xa4, 0xa3, 0xa2, 0xa1 };
	static const u8 response_head[] = {
		2, 0, 0, 0, 0xb4, 0xb3, 0xb2, 0xb1, 0xa4, 0xa3, 0xa2, 0xa1,
	};

	assert_true(try_initiate(&a, 1));
	assert_memory_equal(&initiation, initiation_head, sizeof(initiation_head));
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	assert_true(respond(&b));
	assert_memory_equal(&response, response_head, sizeof(response_head));
}

static void test_psk_wrong(void **state)
{
	static const u8 *const psks[][2] = { { psk, NULL }, { NULL, psk }, { psk, private_c } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(psks); i++) {
		setup_with(psks[i][0], psks[i][1]);
		assert_true(try_initiate(&a, 1));
		assert_int_equal(accept_initiation(&b, start_ns), 0);
		assert_true(respond(&b));
		assert_unchanged(&a.hs, accept_response(&a), false);
	}
}

static void test_made_for_another(void **state)
{
	struct side c = { 0 };

	noise_identity_set(&c.id, private_c);
	connect(&c, &a, psk);
	assert_true(try_initiate(&a, 1));
	assert_unchanged(&c.hs, accept_initiation(&c, start_ns), -EKEYREJECTED);
	assert_unchanged(&c.hs, open_and_consume(&c, start_ns), -EPERM);
}

/* c is b's peer but shows a's public key: it cannot make "ss". */
static void test_sender_with_a_stolen_name(void **state)
{
	struct side c = { 0 };

	noise_identity_set(&c.id, private_c);
	connect(&c, &b, psk);
	memcpy(c.id.static_public, a.id.static_public, NOISE_KEY_LEN);
	assert_true(try_initiate(&c, 1));
	assert_unchanged(&b.hs, accept_initiation(&b, start_ns), -EBADMSG);
}

static void test_response_after_another_initiation(void **state)
{
	assert_true(try_initiate(&a, 1));
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	assert_true(respond(&b));
	assert_true(try_initiate(&a, 2));
	assert_unchanged(&a.hs, accept_response(&a), false);
}

/* c answers in place of b. */
static void test_response_by_another(void **state)
{
	struct side c = { 0 };

	noise_identity_set(&c.id, private_c);
	connect(&c, &a, psk);
	connect(&a, &c, psk);
	assert_true(try_initiate(&a, 1));
	assert_int_equal(accept_initiation(&c, start_ns), 0);
	assert_true(respond(&c));

	connect(&a, &b, psk);
	assert_true(try_initiate(&a, 1));
	assert_unchanged(&a.hs, accept_response(&a), false);
}

static void test_initiation_altered(void **state)
{
	const size_t sealed = offsetof(struct message_initiation, ephemeral);
	const size_t macs = offsetof(struct message_initiation, macs);
	u8 *bytes = (u8 *)&initiation;
	size_t bit;

	assert_true(try_initiate(&a, 1));
	for (bit = 0; bit < (macs + MAC_LEN) * 8; bit++) {
		bytes[bit / 8] ^= 1 << (bit % 8);
		assert_unchanged(&b.hs, accept_initiation(&b, start_ns), -EKEYREJECTED);
		bytes[bit / 8] ^= 1 << (bit % 8);
	}
	/* And who can make mac1, which is everybody who knows b, still comes to nothing. */
	for (bit = sealed * 8; bit < macs * 8; bit++) {
		bytes[bit / 8] ^= 1 << (bit % 8);
		assert_unchanged(&b.hs, !open_and_consume(&b, start_ns), false);
		bytes[bit / 8] ^= 1 << (bit % 8);
	}
	assert_int_equal(accept_initiation(&b, start_ns), 0);
}

static void test_response_altered(void **state)
{
	const size_t sealed = offsetof(struct message_response, ephemeral);
	const size_t macs = offsetof(struct message_response, macs);
	u8 *bytes = (u8 *)&response;
	size_t bit;

	assert_true(try_initiate(&a, 1));
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	assert_true(respond(&b));
	for (bit = 0; bit < (macs + MAC_LEN) * 8; bit++) {
		bytes[bit / 8] ^= 1 << (bit % 8);
		assert_unchanged(&a.hs, accept_response(&a), false);
		bytes[bit / 8] ^= 1 << (bit % 8);
	}
	for (bit = sealed * 8; bit < macs * 8; bit++) {
		bytes[bit / 8] ^= 1 << (bit % 8);
		assert_unchanged(&a.hs, noise_consume_response(&a.hs, &response, &a.id), false);
		bytes[bit / 8] ^= 1 << (bit % 8);
	}
	assert_true(accept_response(&a));
}

static void test_replay(void **state)
{
	struct message_initiation first;

	assert_true(try_initiate(&a, 1000));
	first = initiation;
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	assert_unchanged(&b.hs, accept_initiation(&b, start_ns + spacing_ns), -EALREADY);

	assert_true(try_initiate(&a, 999));
	assert_unchanged(&b.hs, accept_initiation(&b, start_ns + spacing_ns), -EALREADY);
	assert_true(try_initiate(&a, 1000));
	assert_unchanged(&b.hs, accept_initiation(&b, start_ns + spacing_ns), -EALREADY);
	assert_true(try_initiate(&a, 1001));
	assert_int_equal(accept_initiation(&b, start_ns + spacing_ns), 0);

	/* Neither a session nor a new identity makes b forget. */
	assert_true(respond(&b));
	noise_handshake_clear(&b.hs);
	assert_true(noise_handshake_set_identity(&b.hs, &b.id));
	initiation = first;
	assert_unchanged(&b.hs, accept_initiation(&b, 2 * start_ns), -EALREADY);
}

/* TAI64N is big endian; a low byte that wraps must not look older. */
static void test_timestamp_order(void **state)
{
	assert_true(try_initiate(&a, 0xff));
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	assert_true(try_initiate(&a, 0x100));
	assert_int_equal(accept_initiation(&b, start_ns + spacing_ns), 0);
	assert_true(try_initiate(&a, 0xff00000000));
	assert_int_equal(accept_initiation(&b, start_ns + 2 * spacing_ns), 0);
}

static void test_flood(void **state)
{
	u64 now_ns = start_ns, i;

	for (i = 1; i <= INITIATIONS_PER_SECOND; i++, now_ns += spacing_ns) {
		assert_true(try_initiate(&a, i));
		assert_int_equal(accept_initiation(&b, now_ns), 0);
	}
	assert_true(try_initiate(&a, i));
	assert_unchanged(&b.hs, accept_initiation(&b, now_ns - 1), -EBUSY);
	/* Another CPU's clock is a little behind. */
	assert_unchanged(&b.hs, accept_initiation(&b, now_ns - spacing_ns - 1), -EBUSY);
	/* The refused ones cost it nothing. */
	assert_int_equal(accept_initiation(&b, now_ns), 0);
}

static const enum noise_handshake_state all_states[] = {
	HANDSHAKE_ZEROED,	    HANDSHAKE_CREATED_INITIATION, HANDSHAKE_CONSUMED_INITIATION,
	HANDSHAKE_CREATED_RESPONSE, HANDSHAKE_CONSUMED_RESPONSE,
};

static void test_states_refused(void **state)
{
	struct noise_session_keys keys;
	size_t i;

	assert_true(try_initiate(&a, 1));
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	for (i = 0; i < ARRAY_SIZE(all_states); i++) {
		b.hs.state = all_states[i];
		if (all_states[i] != HANDSHAKE_CONSUMED_INITIATION)
			assert_unchanged(&b.hs, respond(&b), false);
		if (all_states[i] != HANDSHAKE_CREATED_RESPONSE &&
		    all_states[i] != HANDSHAKE_CONSUMED_RESPONSE)
			assert_unchanged(&b.hs, noise_begin_session(&keys, &b.hs), false);
	}
	b.hs.state = HANDSHAKE_CONSUMED_INITIATION;
	assert_true(respond(&b));
	for (i = 0; i < ARRAY_SIZE(all_states); i++) {
		a.hs.state = all_states[i];
		if (all_states[i] != HANDSHAKE_CREATED_INITIATION)
			assert_unchanged(&a.hs, accept_response(&a), false);
	}
	a.hs.state = HANDSHAKE_CREATED_INITIATION;
	assert_true(accept_response(&a));
}

/* Both start at once: the later message wins, the response to the earlier is refused. */
static void test_crossing(void **state)
{
	struct message_initiation from_b;

	assert_true(try_initiate(&b, 1));
	from_b = initiation;
	assert_true(try_initiate(&a, 1));
	assert_int_equal(accept_initiation(&b, start_ns), 0);
	initiation = from_b;
	assert_int_equal(accept_initiation(&a, start_ns), 0);
	assert_true(respond(&b));
	assert_unchanged(&a.hs, accept_response(&a), false);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test_setup(test_handshake, setup),
		cmocka_unit_test_setup(test_handshake_without_psk, setup),
		cmocka_unit_test_setup(test_handshakes_in_turn, setup),
		cmocka_unit_test_setup(test_wire, setup),
		cmocka_unit_test_setup(test_psk_wrong, setup),
		cmocka_unit_test_setup(test_made_for_another, setup),
		cmocka_unit_test_setup(test_sender_with_a_stolen_name, setup),
		cmocka_unit_test_setup(test_response_after_another_initiation, setup),
		cmocka_unit_test_setup(test_response_by_another, setup),
		cmocka_unit_test_setup(test_initiation_altered, setup),
		cmocka_unit_test_setup(test_response_altered, setup),
		cmocka_unit_test_setup(test_replay, setup),
		cmocka_unit_test_setup(test_timestamp_order, setup),
		cmocka_unit_test_setup(test_flood, setup),
		cmocka_unit_test_setup(test_states_refused, setup),
		cmocka_unit_test_setup(test_crossing, setup),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
