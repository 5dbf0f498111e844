// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes that wireguard-go took part in (noise_vectors.h, made by record_vectors.sh),
 * replayed: what we send must come out the same byte for byte, and what it sent must be
 * accepted and must open.
 */
#include "test_cmocka.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "cookie.h"
#include "crypto.h"
#include "noise.h"
#include "noise_vectors.h"
#include "vector_keys.h"

static struct noise_identity go, us;
static struct noise_handshake hs;
static struct cookie cookie;
static struct cookie_checker checker;

static const struct cookie_source nowhere = { .len = 4 };

static void start_as(const u8 *private_key, const u8 *psk)
{
	noise_init();
	noise_identity_set(&go, vector_go_private);
	noise_identity_set(&us, private_key);
	noise_handshake_init(&hs, &us, go.static_public, psk);
	cookie_init(&cookie, go.static_public);
	cookie_checker_init(&checker, us.static_public);
}

static int start_as_initiator(void **state)
{
	start_as(vector_initiator_private, vector_initiator_psk);
	return 0;
}

static int start_as_responder(void **state)
{
	start_as(vector_responder_private, vector_responder_psk);
	return 0;
}

/*
 * The keys of AES-256-GCM of these sessions, of the initiator and of the responder: computed with
 * Python's hmac over hashlib.blake2s, from the last chaining key, as docs/wire-format.md says.
 */
static const u8 gcm_go_starts[2][NOISE_KEY_LEN] = {
	{
		0xc2, 0x52, 0xa4, 0x2e, 0xcc, 0x39, 0x39, 0x01, 0x8f, 0xec, 0x9b,
		0x58, 0x04, 0x81, 0x81, 0x3b, 0xf0, 0x7f, 0x0b, 0x1e, 0x46, 0xb4,
		0x76, 0x87, 0x4b, 0xa6, 0x39, 0x51, 0xe5, 0x78, 0x92, 0xbc,
	},
	{
		0x62, 0xf5, 0x6a, 0xff, 0x19, 0xe6, 0x53, 0x0d, 0x71, 0xbe, 0x3f,
		0xa8, 0xff, 0x85, 0x21, 0x20, 0xbd, 0xd0, 0xde, 0xdd, 0xb3, 0xbd,
		0x87, 0x79, 0x69, 0x73, 0x12, 0xcd, 0xb9, 0x67, 0xb0, 0x93,
	},
};

static const u8 gcm_we_start[2][NOISE_KEY_LEN] = {
	{
		0xe7, 0x17, 0xf2, 0xb7, 0xa4, 0x26, 0x01, 0x19, 0x1f, 0x67, 0x42,
		0x74, 0x18, 0x8d, 0x12, 0xa1, 0xc7, 0x1b, 0x87, 0xb2, 0x63, 0x2a,
		0x8e, 0xce, 0xb0, 0xdc, 0x67, 0xb0, 0x41, 0xc4, 0x93, 0xfb,
	},
	{
		0x03, 0x2a, 0x86, 0xef, 0x24, 0x84, 0x04, 0xa8, 0x43, 0xde, 0x47,
		0x14, 0xd1, 0x48, 0x2a, 0x3a, 0x29, 0xc6, 0xd9, 0x0d, 0x66, 0xf8,
		0x6d, 0xdf, 0xad, 0x8a, 0xb4, 0xd1, 0x12, 0xc2, 0x68, 0x56,
	},
};

/* What is sent with the first key is received with it at the other end. */
static void assert_gcm_keys(const struct noise_session_keys *keys,
			    const u8 expected[2][NOISE_KEY_LEN])
{
	assert_memory_equal(keys->gcm_sending, expected[!keys->initiator], NOISE_KEY_LEN);
	assert_memory_equal(keys->gcm_receiving, expected[keys->initiator], NOISE_KEY_LEN);
}

static enum cookie_verdict check_macs(const u8 *msg, size_t len)
{
	return cookie_check_macs(&checker, msg, len, &nowhere, true, VECTOR_NOW_NS);
}

static void assert_opens(const u8 *msg, size_t len, u64 counter, const u8 *plain, size_t plain_len,
			 const u8 *key, __le32 receiver_index)
{
	const struct message_data *data = (const struct message_data *)msg;
	u8 opened[256];

	assert_int_equal(len, MESSAGE_DATA_LEN(plain_len));
	assert_true(plain_len <= sizeof(opened));
	assert_int_equal(le32_to_cpu(data->header.type), MESSAGE_DATA);
	assert_int_equal(le64_to_cpu(data->counter), counter);
	assert_true(data->receiver_index == receiver_index);
	assert_true(crypto_open(opened, data->encrypted, plain_len + NOISE_TAG_LEN, NULL, 0,
				counter, key));
	assert_memory_equal(opened, plain, plain_len);
}

static int consume_go_initiation(void)
{
	const struct message_initiation *msg = (const void *)go_initiation;
	struct noise_opening opening;

	assert_int_equal(sizeof(go_initiation), sizeof(*msg));
	assert_true(noise_open_initiation(&opening, msg, &us));
	assert_memory_equal(opening.remote_static, go.static_public, NOISE_KEY_LEN);
	return noise_consume_initiation(&hs, &opening, msg, VECTOR_NOW_NS);
}

static void test_go_starts(void **state)
{
	struct noise_session_keys keys;
	struct message_response response;

	assert_int_equal(check_macs(go_initiation, sizeof(go_initiation)), COOKIE_NO_MAC2);
	assert_int_equal(consume_go_initiation(), 0);
	assert_true(noise_create_response(&response, &hs, vector_responder_ephemeral,
					  VECTOR_RESPONDER_INDEX));
	cookie_add_macs(&cookie, (u8 *)&response, sizeof(response), VECTOR_NOW_NS);
	assert_int_equal(sizeof(our_response), sizeof(response));
	assert_memory_equal(&response, our_response, sizeof(response));

	assert_true(noise_begin_session(&keys, &hs));
	assert_false(keys.initiator);
	assert_gcm_keys(&keys, gcm_go_starts);
	assert_opens(go_first_data, sizeof(go_first_data), 0, go_first_data_plain,
		     sizeof(go_first_data_plain), keys.receiving, VECTOR_RESPONDER_INDEX);
	assert_int_equal(consume_go_initiation(), -EALREADY);
}

static void create_initiation(struct message_initiation *dst, const u8 *ephemeral,
			      const u8 *timestamp, __le32 index)
{
	assert_true(noise_create_initiation(dst, &hs, &us, ephemeral, timestamp, index));
	cookie_add_macs(&cookie, (u8 *)dst, sizeof(*dst), VECTOR_NOW_NS);
}

static void consume_response(struct noise_session_keys *keys, const u8 *msg, size_t len)
{
	assert_int_equal(len, sizeof(struct message_response));
	assert_int_equal(check_macs(msg, len), COOKIE_NO_MAC2);
	assert_true(noise_consume_response(&hs, (const void *)msg, &us));
	assert_true(noise_begin_session(keys, &hs));
	assert_true(keys->initiator);
}

static void test_we_start(void **state)
{
	struct message_initiation initiation;
	struct noise_session_keys keys;

	create_initiation(&initiation, vector_initiator_ephemeral, vector_timestamp,
			  VECTOR_INITIATOR_INDEX);
	assert_int_equal(sizeof(our_initiation), sizeof(initiation));
	assert_memory_equal(&initiation, our_initiation, sizeof(initiation));

	consume_response(&keys, go_response, sizeof(go_response));
	assert_gcm_keys(&keys, gcm_we_start);
	assert_opens(our_echo_request, sizeof(our_echo_request), 0, our_echo_request_plain,
		     sizeof(our_echo_request_plain), keys.sending, keys.remote_index);
	assert_opens(go_echo_reply, sizeof(go_echo_reply), 0, go_echo_reply_plain,
		     sizeof(go_echo_reply_plain), keys.receiving, VECTOR_INITIATOR_INDEX);
}

/* The kernel behind wireguard-go's TUN understood what we sent: it is an echo reply. */
static void test_echo(void **state)
{
	const u8 *reply = go_echo_reply_plain, *request = our_echo_request_plain;
	const size_t icmp = 20;

	assert_int_equal(sizeof(go_echo_reply_plain), sizeof(our_echo_request_plain));
	assert_memory_equal(reply + 12, request + 16, 4);
	assert_memory_equal(reply + 16, request + 12, 4);
	assert_int_equal(reply[icmp], 0);
	assert_memory_equal(reply + icmp + 4, request + icmp + 4,
			    sizeof(go_echo_reply_plain) - icmp - 4);
}

static void test_cookie(void **state)
{
	struct message_initiation initiation;
	struct noise_session_keys keys;

	create_initiation(&initiation, vector_initiator_ephemeral, vector_timestamp,
			  VECTOR_INITIATOR_INDEX);
	assert_int_equal(sizeof(go_cookie_reply), sizeof(struct message_cookie));
	assert_true(cookie_consume_reply(&cookie, (const void *)go_cookie_reply, VECTOR_NOW_NS));

	/* wireguard-go, still under load, took the mac2 of this one. */
	create_initiation(&initiation, vector_cookie_ephemeral, vector_cookie_timestamp,
			  VECTOR_COOKIE_INDEX);
	assert_memory_equal(&initiation, our_cookie_initiation, sizeof(initiation));
	consume_response(&keys, go_cookie_response, sizeof(go_cookie_response));
}

static void test_cookie_altered(void **state)
{
	struct message_initiation initiation;
	u8 reply[sizeof(go_cookie_reply)];
	size_t i;

	create_initiation(&initiation, vector_initiator_ephemeral, vector_timestamp,
			  VECTOR_INITIATOR_INDEX);
	for (i = offsetof(struct message_cookie, nonce); i < sizeof(reply); i++) {
		memcpy(reply, go_cookie_reply, sizeof(reply));
		reply[i] ^= 1 << (i % 8);
		assert_false(cookie_consume_reply(&cookie, (const void *)reply, VECTOR_NOW_NS));
	}
}

static void check_mac1_altered(const u8 *msg, size_t len)
{
	u8 altered[256];
	size_t i;

	assert_true(len <= sizeof(altered));
	for (i = 0; i < len - MAC_LEN; i++) {
		memcpy(altered, msg, len);
		altered[i] ^= 1 << (i % 8);
		assert_int_equal(check_macs(altered, len), COOKIE_BAD_MAC1);
	}
}

static void test_mac1_altered(void **state)
{
	start_as_responder(state);
	check_mac1_altered(go_initiation, sizeof(go_initiation));
	start_as_initiator(state);
	check_mac1_altered(go_response, sizeof(go_response));
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test_setup(test_go_starts, start_as_responder),
		cmocka_unit_test_setup(test_we_start, start_as_initiator),
		cmocka_unit_test(test_echo),
		cmocka_unit_test_setup(test_cookie, start_as_initiator),
		cmocka_unit_test_setup(test_cookie_altered, start_as_initiator),
		cmocka_unit_test(test_mac1_altered),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
