// SPDX-License-Identifier: GPL-2.0
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <sys/random.h>

#include <asm/byteorder.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "craft.h"
#include "crypto.h"

/* The TAI64 label of 1970-01-01 00:00:00 */
#define TAI64_EPOCH 0x400000000000000aULL

/* A cookie never ages here: what is sent with an old one is up to the test. */
enum { NOW_NS = 1 };

/* RFC 7748 section 6.1 warns of them: their product with any scalar is zero. */
static const u8 low_order[CRAFT_LOW_ORDER_POINTS][NOISE_KEY_LEN] = {
	{ 0 },
	{ 1 },
	{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
	  0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
	  0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
	{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
	  0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
	  0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57 },
	/* p - 1, p, p + 1 for p = 2^255 - 19 */
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
};

/* While it is set, every public key is that point, and every shared secret zero. */
static const u8 *forced_point;

/* While it is set, nothing is equal: noise.c sees no zero secret. */
static bool blind;

bool __wrap_crypto_x25519(u8 *out, const u8 *secret, const u8 *point)
{
	if (!forced_point)
		return __real_crypto_x25519(out, secret, point);
	memset(out, 0, NOISE_KEY_LEN);
	return true;
}

bool __wrap_crypto_x25519_public(u8 *pub, const u8 *secret)
{
	if (!forced_point)
		return __real_crypto_x25519_public(pub, secret);
	memcpy(pub, forced_point, NOISE_KEY_LEN);
	return true;
}

bool __wrap_crypto_equal(const u8 *a, const u8 *b, size_t len)
{
	return !blind && __real_crypto_equal(a, b, len);
}

const u8 *craft_low_order(unsigned int point)
{
	return low_order[point % CRAFT_LOW_ORDER_POINTS];
}

static void random_bytes(u8 *out, size_t len)
{
	if (getrandom(out, len, 0) != (ssize_t)len)
		abort();
}

void craft_init(struct craft *c, const u8 private_key[NOISE_KEY_LEN],
		const u8 remote[NOISE_KEY_LEN])
{
	u8 secret[NOISE_HASH_LEN];

	noise_init();
	noise_identity_set(&c->id, private_key);
	memcpy(c->remote, remote, sizeof(c->remote));
	noise_handshake_init(&c->hs, &c->id, remote, NULL);
	cookie_init(&c->cookie, remote);
	cookie_checker_init(&c->checker, c->id.static_public);
	random_bytes(secret, sizeof(secret));
	cookie_checker_renew(&c->checker, secret, NOW_NS);
}

void craft_macs(struct craft *c, u8 *msg, size_t len)
{
	cookie_add_macs(&c->cookie, msg, len, NOW_NS);
}

static __le32 next_index(struct craft *c)
{
	return cpu_to_le32(++c->index);
}

bool craft_initiation(struct craft *c, u64 stamp, int low_ephemeral, int low_static)
{
	u8 ephemeral[NOISE_KEY_LEN], timestamp[NOISE_TIMESTAMP_LEN] = { 0 };
	u8 static_static[NOISE_KEY_LEN];
	struct noise_identity id = c->id;
	bool ok;

	put_unaligned_be64(TAI64_EPOCH + stamp, timestamp);
	random_bytes(ephemeral, sizeof(ephemeral));
	memcpy(static_static, c->hs.static_static, sizeof(static_static));
	if (low_static >= 0) {
		memcpy(id.static_public, low_order[low_static], sizeof(id.static_public));
		memset(c->hs.static_static, 0, sizeof(c->hs.static_static));
		blind = true;
	}
	if (low_ephemeral >= 0)
		forced_point = low_order[low_ephemeral];
	ok = noise_create_initiation((void *)c->msg, &c->hs, &id, ephemeral, timestamp,
				     next_index(c));
	forced_point = NULL;
	blind = false;
	memcpy(c->hs.static_static, static_static, sizeof(static_static));
	c->stamp = stamp;
	c->len = sizeof(struct message_initiation);
	craft_macs(c, c->msg, c->len);
	return ok;
}

bool craft_response(struct craft *c, int low_ephemeral)
{
	u8 ephemeral[NOISE_KEY_LEN];
	bool ok;

	random_bytes(ephemeral, sizeof(ephemeral));
	if (low_ephemeral >= 0)
		forced_point = low_order[low_ephemeral];
	ok = noise_create_response((void *)c->msg, &c->hs, ephemeral, next_index(c));
	forced_point = NULL;
	c->len = sizeof(struct message_response);
	craft_macs(c, c->msg, c->len);
	return ok;
}

bool craft_cookie(struct craft *c, const struct message_initiation *to,
		  const struct cookie_source *source)
{
	u8 nonce[COOKIE_NONCE_LEN];

	random_bytes(nonce, sizeof(nonce));
	cookie_create_reply((void *)c->msg, &c->checker, (const u8 *)to, sizeof(*to),
			    to->sender_index, source, nonce);
	c->len = sizeof(struct message_cookie);
	return true;
}

/* RFC 1071, section 1 */
static u16 internet_checksum(const void *data, size_t len)
{
	const u8 *bytes = data;
	u32 sum = 0;
	size_t i;

	for (i = 0; i < len; i += 2)
		sum += bytes[i] << 8 | (i + 1 < len ? bytes[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* An ICMP echo request, its sequence number the last bits of the counter */
static size_t make_echo(const struct craft *c, u8 *out, u64 counter, size_t payload_len)
{
	size_t icmp_len = sizeof(struct icmphdr) + payload_len;
	struct icmphdr icmp = { .type = ICMP_ECHO };
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_ICMP,
		.tot_len = htons(sizeof(ip) + icmp_len),
		.saddr = c->inner_source.s_addr, .daddr = c->inner_dest.s_addr,
	};

	ip.check = internet_checksum(&ip, sizeof(ip));
	icmp.un.echo.sequence = htons(counter);
	memset(out, 0, sizeof(ip) + icmp_len);
	memcpy(out, &ip, sizeof(ip));
	memcpy(out + sizeof(ip), &icmp, sizeof(icmp));
	icmp.checksum = internet_checksum(out + sizeof(ip), icmp_len);
	memcpy(out + sizeof(ip), &icmp, sizeof(icmp));
	return sizeof(ip) + icmp_len;
}

bool craft_data(struct craft *c, int session, u64 counter, size_t payload_len, bool empty)
{
	struct message_data *msg = (void *)c->msg;
	struct craft_session *s = &c->sessions[session];
	u8 plain[CRAFT_MAX_LEN] = { 0 };
	size_t len = 0;

	if (session < 0 || session >= c->count ||
	    payload_len + sizeof(struct iphdr) + sizeof(struct icmphdr) + MESSAGE_PADDING +
	    MESSAGE_MIN_LEN > CRAFT_MAX_LEN)
		return false;
	if (!empty)
		len = make_echo(c, plain, counter, payload_len);
	len = (len + MESSAGE_PADDING - 1) / MESSAGE_PADDING * MESSAGE_PADDING;
	msg->header.type = cpu_to_le32(MESSAGE_DATA);
	msg->receiver_index = s->keys.remote_index;
	msg->counter = cpu_to_le64(counter);
	crypto_seal(msg->encrypted, plain, len, NULL, 0, counter, s->keys.sending);
	c->len = MESSAGE_DATA_LEN(len);
	if (counter >= s->counter)
		s->counter = counter + 1;
	return true;
}

bool craft_take_initiation(struct craft *c, const struct message_initiation *msg)
{
	struct noise_opening opening;

	/* Time stands still here, and the device may send as many as it likes. */
	c->hs.last_initiation_ns = 0;
	return noise_open_initiation(&opening, msg, &c->id) &&
	       !memcmp(opening.remote_static, c->remote, sizeof(c->remote)) &&
	       !noise_consume_initiation(&c->hs, &opening, msg, NOW_NS);
}

bool craft_take_response(struct craft *c, const struct message_response *msg)
{
	return msg->receiver_index == c->hs.local_index &&
	       noise_consume_response(&c->hs, msg, &c->id);
}

bool craft_take_cookie(struct craft *c, const struct message_cookie *msg)
{
	return cookie_consume_reply(&c->cookie, msg, NOW_NS);
}

int craft_begin_session(struct craft *c)
{
	struct craft_session *s = &c->sessions[c->count];

	if (c->count == CRAFT_MAX_SESSIONS || !noise_begin_session(&s->keys, &c->hs))
		return -1;
	s->counter = 0;
	return c->count++;
}

static struct craft_session *session_of(struct craft *c, __le32 index)
{
	int i;

	for (i = 0; i < c->count; i++)
		if (c->sessions[i].keys.local_index == index)
			return &c->sessions[i];
	return NULL;
}

bool craft_take_data(struct craft *c, const u8 *data, size_t len, struct craft_echo *echo)
{
	const struct message_data *msg = (const void *)data;
	const struct iphdr *ip;
	const struct icmphdr *icmp;
	struct craft_session *s;
	u8 plain[CRAFT_MAX_LEN];

	if (len < MESSAGE_MIN_LEN || len > sizeof(plain))
		return false;
	s = session_of(c, msg->receiver_index);
	len -= sizeof(*msg);
	if (!s || !crypto_open(plain, msg->encrypted, len, NULL, 0, le64_to_cpu(msg->counter),
			       s->keys.receiving))
		return false;
	len -= NOISE_TAG_LEN;
	ip = (const void *)plain;
	icmp = (const void *)(plain + sizeof(*ip));
	if (len < sizeof(*ip) + sizeof(*icmp) || ip->protocol != IPPROTO_ICMP)
		return false;
	echo->session = s - c->sessions;
	echo->sequence = ntohs(icmp->un.echo.sequence);
	echo->reply = icmp->type == ICMP_ECHOREPLY;
	return echo->reply || icmp->type == ICMP_ECHO;
}
