// SPDX-License-Identifier: GPL-2.0
/* mac1, mac2 and cookies between a client (struct cookie) and a server (cookie_checker). */
#include "test_cmocka.h"

#include <asm/byteorder.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "cookie.h"
#include "crypto.h"

#define SECONDS(s) (NSEC_PER_SEC * 1ULL * (s))

static const u64 start_ns = SECONDS(1000);
static const u8 server_public[NOISE_KEY_LEN] = "the server's public key";
static const u8 first_secret[NOISE_HASH_LEN] = "first secret";
static const u8 second_secret[NOISE_HASH_LEN] = "second secret";
static const u8 nonce[COOKIE_NONCE_LEN] = "nonce";

static const struct cookie_source home4 = { .addr = { 192, 0, 2, 1 }, .len = 4, .port = 0x3412 };
static const struct cookie_source home6 = {
	.addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
	.len = 16,
	.port = 0x3412,
};

struct sides {
	struct cookie client;
	struct cookie_checker server;
	u8 msg[sizeof(struct message_initiation)];
};

static struct sides s;

static int setup(void **state)
{
	size_t i;

	memset(&s, 0xaa, sizeof(s));
	cookie_init(&s.client, server_public);
	cookie_checker_init(&s.server, server_public);
	cookie_checker_renew(&s.server, first_secret, start_ns);
	for (i = 0; i < sizeof(s.msg); i++)
		s.msg[i] = i;
	return 0;
}

static struct message_macs *macs(void)
{
	return (struct message_macs *)(s.msg + sizeof(s.msg) - sizeof(struct message_macs));
}

static enum cookie_verdict check(const struct cookie_source *src, u64 now_ns)
{
	return cookie_check_macs(&s.server, s.msg, sizeof(s.msg), src, true, now_ns);
}

static void send_at(u64 now_ns)
{
	cookie_add_macs(&s.client, s.msg, sizeof(s.msg), now_ns);
}

static void reply_to(struct message_cookie *reply, const struct cookie_source *src)
{
	cookie_create_reply(reply, &s.server, s.msg, sizeof(s.msg), cpu_to_le32(0x11223344), src,
			    nonce);
}

/* The client sends, is told a cookie, and sends again. */
static void exchange(const struct cookie_source *src, u64 now_ns)
{
	struct message_cookie reply;

	send_at(now_ns);
	reply_to(&reply, src);
	assert_true(cookie_consume_reply(&s.client, &reply, now_ns));
	send_at(now_ns);
}

static void test_mac1(void **state)
{
	static const u8 none[MAC_LEN];

	send_at(start_ns);
	assert_memory_equal(macs()->mac2, none, sizeof(none));
	assert_int_equal(check(&home4, start_ns), COOKIE_NO_MAC2);
}

/* What the paper says mac1 is, put together from the primitives. */
static void test_mac1_formula(void **state)
{
	u8 key[NOISE_HASH_LEN], mac[MAC_LEN];

	crypto_hash(key, (const u8 *)"mac1----", 8, server_public, sizeof(server_public));
	crypto_mac(mac, key, sizeof(key), s.msg, offsetof(struct message_initiation, macs));
	send_at(start_ns);
	assert_memory_equal(macs()->mac1, mac, sizeof(mac));
}

static void test_mac1_wrong(void **state)
{
	size_t i;

	send_at(start_ns);
	for (i = 0; i < sizeof(s.msg) - MAC_LEN; i++) {
		s.msg[i] ^= 1 << (i % 8);
		assert_int_equal(check(&home4, start_ns), COOKIE_BAD_MAC1);
		s.msg[i] ^= 1 << (i % 8);
	}
	assert_int_equal(check(&home4, start_ns), COOKIE_NO_MAC2);
}

static void test_mac1_other_server(void **state)
{
	static const u8 other_public[NOISE_KEY_LEN] = "another public key";

	send_at(start_ns);
	cookie_checker_init(&s.server, other_public);
	assert_int_equal(check(&home4, start_ns), COOKIE_BAD_MAC1);
}

static void test_too_short(void **state)
{
	size_t len;

	for (len = 0; len < sizeof(struct message_macs); len++)
		assert_int_equal(cookie_check_macs(&s.server, s.msg, len, &home4, true, start_ns),
				 COOKIE_BAD_MAC1);
}

/* A device without a key believes nobody, not even who takes its keys for zeros. */
static void test_no_identity(void **state)
{
	static const u8 no_public[NOISE_KEY_LEN];

	cookie_checker_init(&s.server, NULL);
	send_at(start_ns);
	assert_int_equal(check(&home4, start_ns), COOKIE_BAD_MAC1);
	cookie_init(&s.client, no_public);
	send_at(start_ns);
	assert_int_equal(check(&home4, start_ns), COOKIE_BAD_MAC1);
	memset(s.client.mac1_key, 0, sizeof(s.client.mac1_key));
	send_at(start_ns);
	assert_int_equal(check(&home4, start_ns), COOKIE_BAD_MAC1);
}

static void test_cookie_accepted(void **state)
{
	exchange(&home4, start_ns);
	assert_int_equal(check(&home4, start_ns), COOKIE_VALID);
	setup(state);
	exchange(&home6, start_ns);
	assert_int_equal(check(&home6, start_ns), COOKIE_VALID);
}

static void test_mac2_ignored_without_load(void **state)
{
	enum cookie_verdict verdict;

	exchange(&home4, start_ns);
	verdict = cookie_check_macs(&s.server, s.msg, sizeof(s.msg), &home4, false, start_ns);
	assert_int_equal(verdict, COOKIE_NO_MAC2);
}

static void test_mac2_wrong(void **state)
{
	size_t i;

	exchange(&home4, start_ns);
	for (i = 0; i < MAC_LEN * 8; i++) {
		macs()->mac2[i / 8] ^= 1 << (i % 8);
		assert_int_equal(check(&home4, start_ns), COOKIE_NO_MAC2);
		macs()->mac2[i / 8] ^= 1 << (i % 8);
	}
	memset(macs()->mac2, 0, MAC_LEN);
	assert_int_equal(check(&home4, start_ns), COOKIE_NO_MAC2);
}

/* mac2 covers mac1: a message of another kind cannot borrow it. */
static void test_mac2_of_another_message(void **state)
{
	u8 mac2[MAC_LEN];

	exchange(&home4, start_ns);
	memcpy(mac2, macs()->mac2, sizeof(mac2));
	s.msg[20] ^= 1;
	send_at(start_ns);
	assert_int_equal(check(&home4, start_ns), COOKIE_VALID);
	memcpy(macs()->mac2, mac2, sizeof(mac2));
	assert_int_equal(check(&home4, start_ns), COOKIE_NO_MAC2);
}

static void check_other_sources(const struct cookie_source *home)
{
	struct cookie_source away;
	u8 i;

	exchange(home, start_ns);
	for (i = 0; i < home->len; i++) {
		away = *home;
		away.addr[i] ^= 1;
		assert_int_equal(check(&away, start_ns), COOKIE_NO_MAC2);
	}
	away = *home;
	away.port ^= 0x0100;
	assert_int_equal(check(&away, start_ns), COOKIE_NO_MAC2);
	away.port = home->port ^ 0x0001;
	assert_int_equal(check(&away, start_ns), COOKIE_NO_MAC2);
	assert_int_equal(check(home, start_ns), COOKIE_VALID);
}

static void test_other_source(void **state)
{
	check_other_sources(&home4);
	setup(state);
	check_other_sources(&home6);
}

static void test_secret_renewal(void **state)
{
	const u64 end_ns = start_ns + SECONDS(COOKIE_SECRET_MAX_AGE);

	exchange(&home4, start_ns);
	assert_false(cookie_checker_stale(&s.server, end_ns - 1));
	assert_int_equal(check(&home4, end_ns - 1), COOKIE_VALID);

	assert_true(cookie_checker_stale(&s.server, end_ns));
	assert_int_equal(check(&home4, end_ns), COOKIE_NO_MAC2);

	cookie_checker_renew(&s.server, second_secret, end_ns);
	assert_false(cookie_checker_stale(&s.server, end_ns));
	assert_int_equal(check(&home4, end_ns), COOKIE_NO_MAC2);
}

static void test_stale_from_the_beginning(void **state)
{
	cookie_checker_init(&s.server, server_public);
	assert_true(cookie_checker_stale(&s.server, start_ns));
	assert_true(cookie_checker_stale(&s.server, 1));
	send_at(start_ns);
	assert_int_equal(check(&home4, 1), COOKIE_NO_MAC2);
}

static void test_sender_forgets(void **state)
{
	const u64 end_ns = start_ns + SECONDS(COOKIE_SECRET_MAX_AGE - COOKIE_SECRET_LATENCY);
	static const u8 none[MAC_LEN];

	exchange(&home4, start_ns);
	send_at(end_ns - 1);
	assert_int_equal(check(&home4, end_ns - 1), COOKIE_VALID);
	send_at(end_ns);
	assert_memory_equal(macs()->mac2, none, sizeof(none));
}

static void refuse(const struct message_cookie *reply)
{
	struct cookie before;

	memcpy(&before, &s.client, sizeof(before));
	assert_false(cookie_consume_reply(&s.client, reply, start_ns));
	assert_memory_equal(&s.client, &before, sizeof(before));
}

static void test_reply_not_awaited(void **state)
{
	struct message_cookie reply;

	/* Sealed with the mac1 that a client that never sent has in its memory: zeros. */
	memset(s.msg, 0, sizeof(s.msg));
	reply_to(&reply, &home4);
	refuse(&reply);

	send_at(start_ns);
	reply_to(&reply, &home4);
	assert_true(cookie_consume_reply(&s.client, &reply, start_ns));
	refuse(&reply);
}

static void test_reply_to_an_older_message(void **state)
{
	struct message_cookie reply;

	send_at(start_ns);
	reply_to(&reply, &home4);
	s.msg[20] ^= 1;
	send_at(start_ns);
	refuse(&reply);
}

static void test_reply_altered(void **state)
{
	const size_t sealed = offsetof(struct message_cookie, nonce);
	struct message_cookie reply;
	u8 *bytes = (u8 *)&reply;
	size_t i;

	send_at(start_ns);
	reply_to(&reply, &home4);
	for (i = sealed; i < sizeof(reply); i++) {
		bytes[i] ^= 1 << (i % 8);
		refuse(&reply);
		bytes[i] ^= 1 << (i % 8);
	}
	assert_true(cookie_consume_reply(&s.client, &reply, start_ns));
}

static void test_reply_header(void **state)
{
	static const u8 head[] = { MESSAGE_COOKIE, 0, 0, 0, 0x44, 0x33, 0x22, 0x11 };
	struct message_cookie reply;

	send_at(start_ns);
	reply_to(&reply, &home4);
	assert_memory_equal(&reply, head, sizeof(head));
	assert_memory_equal(reply.nonce, nonce, sizeof(nonce));
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test_setup(test_mac1, setup),
		cmocka_unit_test_setup(test_mac1_formula, setup),
		cmocka_unit_test_setup(test_mac1_wrong, setup),
		cmocka_unit_test_setup(test_mac1_other_server, setup),
		cmocka_unit_test_setup(test_too_short, setup),
		cmocka_unit_test_setup(test_no_identity, setup),
		cmocka_unit_test_setup(test_cookie_accepted, setup),
		cmocka_unit_test_setup(test_mac2_ignored_without_load, setup),
		cmocka_unit_test_setup(test_mac2_wrong, setup),
		cmocka_unit_test_setup(test_mac2_of_another_message, setup),
		cmocka_unit_test_setup(test_other_source, setup),
		cmocka_unit_test_setup(test_secret_renewal, setup),
		cmocka_unit_test_setup(test_stale_from_the_beginning, setup),
		cmocka_unit_test_setup(test_sender_forgets, setup),
		cmocka_unit_test_setup(test_reply_not_awaited, setup),
		cmocka_unit_test_setup(test_reply_to_an_older_message, setup),
		cmocka_unit_test_setup(test_reply_altered, setup),
		cmocka_unit_test_setup(test_reply_header, setup),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
