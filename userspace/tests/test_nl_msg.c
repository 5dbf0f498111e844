// SPDX-License-Identifier: GPL-2.0
/* Messages: what is built can be read again, and what is damaged is refused. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "nl_msg.h"
#include "test.h"

#define FAMILY 0x21

/* Attributes of the first level that a message has, by type. */
static unsigned int count(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr;
	unsigned int n = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		n += mnl_attr_get_type(attr) == type;
	return n;
}

static uint8_t command(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	return genl->cmd;
}

static void test_device(void **state)
{
	struct device *dev = parse_good("[Interface]\nPrivateKey=" KEY_A "\nListenPort=5\n"
					"FwMark=0x12345678\n");
	struct device *back = device_alloc();
	static char buf[MSG_ROOM];
	struct nlmsghdr *nlh;

	(void)state;
	strcpy(dev->name, "mt0");
	nlh = msg_start(buf, FAMILY, NLM_F_REQUEST | NLM_F_ACK, MYTUN_CMD_DEV_SET, dev);
	msg_put_device(nlh, dev);
	assert_int_equal(nlh->nlmsg_type, FAMILY);
	assert_int_equal(command(nlh), MYTUN_CMD_DEV_SET);
	assert_int_equal(count(nlh, MYTUN_A_IFNAME), 1);
	assert_int_equal(count(nlh, MYTUN_A_IFINDEX), 0);
	assert_int_equal(msg_get_device(nlh, back), 0);
	assert_string_equal(back->name, "mt0");
	assert_int_equal(back->flags, dev->flags);
	assert_int_equal(back->listen_port, 5);
	assert_int_equal(back->fwmark, 0x12345678);
	assert_memory_equal(back->private_key, dev->private_key, KEY_LEN);
	device_free(dev);
	device_free(back);
}

/* Only what has its flag is sent; a zero that has it is sent too. */
static void test_device_flags(void **state)
{
	struct device *dev = device_alloc(), *back = device_alloc();
	static char buf[MSG_ROOM];
	struct nlmsghdr *nlh;

	(void)state;
	dev->ifindex = 7;
	dev->fwmark = 9;
	dev->flags = DEVICE_HAS_LISTEN_PORT;
	nlh = msg_start(buf, FAMILY, 0, MYTUN_CMD_DEV_SET, dev);
	msg_put_device(nlh, dev);
	assert_int_equal(count(nlh, MYTUN_A_IFINDEX), 1);
	assert_int_equal(count(nlh, MYTUN_A_IFNAME), 0);
	assert_int_equal(msg_get_device(nlh, back), 0);
	assert_int_equal(back->ifindex, 7);
	assert_int_equal(back->flags, DEVICE_HAS_LISTEN_PORT);
	assert_int_equal(back->fwmark, 0);
	device_free(dev);
	device_free(back);
}

static void test_peer(void **state)
{
	struct device *dev = parse_good("[Peer]\nPublicKey=" KEY_A "\nPresharedKey=" KEY_B "\n"
					"Endpoint=[fe80::1%lo]:5\nPersistentKeepalive=25\n"
					"AllowedIPs=10.0.0.0/8,fd00::/64\n#! Cipher=auto\n");
	struct device *back = device_alloc();
	struct peer *peer = dev->peers;
	static char buf[MSG_ROOM];
	struct nlmsghdr *nlh = msg_start(buf, FAMILY, 0, MYTUN_CMD_PEER_NEW, dev);

	(void)state;
	assert_int_equal(msg_put_peer(nlh, MSG_ROOM, peer, 0), 2);
	assert_int_equal(msg_get_peer(nlh, back), 0);
	assert_int_equal(back->n_peers, 1);
	assert_int_equal(back->peers->flags, peer->flags & ~PEER_REPLACE_ALLOWEDIPS);
	assert_memory_equal(back->peers->public_key, peer->public_key, KEY_LEN);
	assert_memory_equal(back->peers->preshared_key, peer->preshared_key, KEY_LEN);
	assert_true(endpoint_equal(&back->peers->endpoint, &peer->endpoint));
	assert_int_equal(back->peers->endpoint.sin6.sin6_scope_id, if_nametoindex("lo"));
	assert_int_equal(back->peers->keepalive, 25);
	assert_int_equal(back->peers->cipher, MYTUN_CIPHER_AUTO);
	assert_int_equal(back->peers->n_ips, 2);
	assert_int_equal(allowedip_cmp(&back->peers->ips[0], &peer->ips[0]), 0);
	assert_int_equal(allowedip_cmp(&back->peers->ips[1], &peer->ips[1]), 0);
	device_free(dev);
	device_free(back);
}

/* A removal is a key and nothing else. */
static void test_peer_remove(void **state)
{
	struct device *dev = parse_good("[Peer]\nPublicKey=" KEY_A "\nPresharedKey=" KEY_B "\n"
					"AllowedIPs=10.0.0.0/8\n");
	struct device *back = device_alloc();
	static char buf[MSG_ROOM];
	struct nlmsghdr *nlh = msg_start(buf, FAMILY, 0, MYTUN_CMD_PEER_DEL, dev);

	(void)state;
	dev->peers->flags |= PEER_REMOVE;
	assert_int_equal(msg_put_peer(nlh, MSG_ROOM, dev->peers, 0), 1);
	assert_int_equal(msg_get_peer(nlh, back), 0);
	assert_int_equal(back->peers->flags, PEER_HAS_PUBLIC_KEY);
	assert_int_equal(back->peers->n_ips, 0);
	device_free(dev);
	device_free(back);
}

static const struct nlattr *find(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	fail_msg("no attribute %u", type);
	return NULL;
}

/* How many entries the ALLOWEDIPS of a message has, which must fill it to its end. */
static size_t count_entries(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr, *ips, *peer = NULL;
	const char *end;
	size_t n = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == MYTUN_A_PEER)
			peer = attr;
	ips = find(peer, MYTUN_PEER_A_ALLOWEDIPS);
	end = mnl_attr_get_payload(ips);
	mnl_attr_for_each_nested(attr, ips) {
		find(attr, MYTUN_ALLOWEDIP_A_PREFIX_LEN);
		end = (const char *)attr + MNL_ALIGN(attr->nla_len);
		n++;
	}
	assert_ptr_equal(end, (const char *)mnl_attr_get_payload(ips) +
			 mnl_attr_get_payload_len(ips));
	return n;
}

static struct device *make_big_device(size_t n)
{
	struct device *dev = parse_good("[Peer]\nPublicKey=" KEY_A "\nPersistentKeepalive=1\n");
	struct allowedip *ip;
	size_t i;

	for (i = 0; i < n; i++) {
		ip = peer_add_ip(dev->peers);
		ip->family = i % 2 ? AF_INET6 : AF_INET;
		ip->addr.ip4.s_addr = htonl((uint32_t)i << 8);
		ip->prefix_len = 24;
		ip->remove = i % 3 == 0;
	}
	return dev;
}

/* 255 * 256 * 2 prefixes go in many messages, in order, and nothing is replaced twice. */
static void test_chunks(void **state)
{
	struct device *dev = make_big_device(255UL * 256 * 2), *back = device_alloc();
	size_t first = 0, before, messages = 0, i;
	static char buf[MSG_ROOM];
	struct nlmsghdr *nlh;

	(void)state;
	while (first < dev->peers->n_ips) {
		before = first;
		nlh = msg_start(buf, FAMILY, 0, MYTUN_CMD_PEER_NEW, dev);
		first = msg_put_peer(nlh, MSG_ROOM, dev->peers, first);
		assert_true(first > before);
		assert_true(nlh->nlmsg_len <= MSG_ROOM);
		assert_int_equal(count_entries(nlh), first - before);
		/* keepalive comes with the first alone */
		if (back->peers)
			back->peers->flags &= ~PEER_HAS_KEEPALIVE;
		assert_int_equal(msg_get_peer(nlh, back), 0);
		assert_int_equal(!!(back->peers->flags & PEER_HAS_KEEPALIVE), !messages);
		messages++;
	}
	assert_true(messages > 40);
	assert_int_equal(back->n_peers, 1);
	assert_int_equal(back->peers->n_ips, dev->peers->n_ips);
	for (i = 0; i < dev->peers->n_ips; i++)
		assert_int_equal(allowedip_cmp(&back->peers->ips[i], &dev->peers->ips[i]), 0);
	device_free(dev);
	device_free(back);
}

/* A message of the kernel's, made by hand: counters, drops, and an attribute of the future. */
static void test_from_kernel(void **state)
{
	static char buf[MSG_ROOM];
	struct device *dev = device_alloc();
	struct nlmsghdr *nlh = msg_start(buf, FAMILY, 0, MYTUN_CMD_PEER_GET, NULL);
	struct nlattr *nest = mnl_attr_nest_start(nlh, MYTUN_A_PEER);
	uint8_t key[KEY_LEN] = { 1 }, none[KEY_LEN] = { 0 };

	(void)state;
	mnl_attr_put(nlh, MYTUN_PEER_A_PUBLIC_KEY, KEY_LEN, key);
	mnl_attr_put(nlh, MYTUN_PEER_A_PRESHARED_KEY, KEY_LEN, none);
	mnl_attr_put_u64(nlh, MYTUN_PEER_A_LAST_HANDSHAKE_SEC, 1795225741);
	mnl_attr_put_u32(nlh, MYTUN_PEER_A_LAST_HANDSHAKE_NSEC, 5);
	mnl_attr_put_u64(nlh, MYTUN_PEER_A_RX_BYTES, 1ULL << 40);
	mnl_attr_put_u64(nlh, MYTUN_PEER_A_TX_BYTES, 2);
	mnl_attr_put_u32(nlh, MYTUN_PEER_A_CIPHER_USED, MYTUN_CIPHER_AES_256_GCM);
	mnl_attr_put_u32(nlh, MYTUN_PEER_A_MAX + 7, 3);
	mnl_attr_nest_end(nlh, nest);
	assert_int_equal(msg_get_peer(nlh, dev), 0);
	assert_int_equal(dev->peers->flags, PEER_HAS_PUBLIC_KEY | PEER_HAS_CIPHER_USED);
	assert_int_equal(dev->peers->cipher_used, MYTUN_CIPHER_AES_256_GCM);
	assert_int_equal(dev->peers->last_handshake.tv_sec, 1795225741);
	assert_true(dev->peers->rx_bytes == 1ULL << 40);
	assert_int_equal(dev->peers->tx_bytes, 2);

	nlh = msg_start(buf, FAMILY, 0, MYTUN_CMD_DEV_GET, NULL);
	nest = mnl_attr_nest_start(nlh, MYTUN_A_DEV);
	{
		struct nlattr *drops = mnl_attr_nest_start(nlh, MYTUN_DEV_A_DROPS);

		mnl_attr_put(nlh, MYTUN_DROP_UNSPEC, 0, NULL);
		mnl_attr_put_u64(nlh, MYTUN_DROP_RX_REPLAY, 9);
		mnl_attr_put_u64(nlh, MYTUN_DROP_MAX + 1, 9);
		mnl_attr_nest_end(nlh, drops);
	}
	mnl_attr_nest_end(nlh, nest);
	assert_int_equal(msg_get_device(nlh, dev), 0);
	assert_int_equal(dev->drops[MYTUN_DROP_RX_REPLAY], 9);
	device_free(dev);
}

/* The continuation of a peer repeats its key; another key is another peer. */
static void test_continuation(void **state)
{
	struct device *dev = parse_good("[Peer]\nPublicKey=" KEY_A "\nAllowedIPs=10.0.0.0/8\n"
					"[Peer]\nPublicKey=" KEY_B "\nAllowedIPs=11.0.0.0/8\n");
	struct device *back = device_alloc();
	static char buf[MSG_ROOM];
	struct peer *order[] = { dev->peers, dev->peers, dev->peers->next };
	struct nlmsghdr *nlh;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		nlh = msg_start(buf, FAMILY, 0, MYTUN_CMD_PEER_GET, dev);
		msg_put_peer(nlh, MSG_ROOM, order[i], 0);
		assert_int_equal(msg_get_peer(nlh, back), 0);
	}
	assert_int_equal(back->n_peers, 2);
	assert_int_equal(back->peers->n_ips, 2);
	assert_int_equal(back->last_peer->n_ips, 1);
	device_free(dev);
	device_free(back);
}

static void test_event(void **state)
{
	static char buf[MSG_ROOM];
	struct device who = { .name = "mt0" };
	struct event event = { .dev = device_alloc() };
	struct nlmsghdr *nlh = msg_start(buf, FAMILY, 0, MYTUN_CMD_PEER_DEAD_NTF, &who);
	struct nlattr *nest = mnl_attr_nest_start(nlh, MYTUN_A_PEER);
	uint8_t key[KEY_LEN] = { 1 }, addr[4] = { 1, 2, 3, 4 };

	(void)state;
	mnl_attr_put(nlh, MYTUN_PEER_A_PUBLIC_KEY, KEY_LEN, key);
	mnl_attr_put(nlh, MYTUN_PEER_A_ENDPOINT_ADDR, sizeof(addr), addr);
	mnl_attr_put_u16(nlh, MYTUN_PEER_A_ENDPOINT_PORT, 0x1234);
	mnl_attr_put_u32(nlh, MYTUN_PEER_A_REASON, MYTUN_DEAD_TIMEOUT);
	mnl_attr_nest_end(nlh, nest);
	assert_int_equal(msg_get_event(nlh, &event), 0);
	assert_int_equal(event.cmd, MYTUN_CMD_PEER_DEAD_NTF);
	assert_string_equal(event.dev->name, "mt0");
	assert_memory_equal(event.peer->public_key, key, KEY_LEN);
	assert_int_equal(event.reason, MYTUN_DEAD_TIMEOUT);
	assert_int_equal(event.peer->endpoint.sin.sin_port, htons(0x1234));
	assert_int_equal(event.probe.size, 0);
	device_free(event.dev);
}

/* What asks for a probe and what tells of its answer have the same attributes. */
static void test_probe(void **state)
{
	static char buf[MSG_ROOM];
	struct device who = { .name = "mt0" };
	struct peer peer = { .public_key = { 1, 2 } };
	struct probe probe = { .id = 0x12345678, .size = 1412 };
	struct event event = { .dev = device_alloc() };
	struct nlmsghdr *nlh = msg_start(buf, FAMILY, 0, MYTUN_CMD_PROBE_NTF, &who);

	(void)state;
	msg_put_probe(nlh, &peer, &probe);
	assert_int_equal(msg_get_event(nlh, &event), 0);
	assert_int_equal(event.cmd, MYTUN_CMD_PROBE_NTF);
	assert_memory_equal(event.peer->public_key, peer.public_key, KEY_LEN);
	assert_int_equal(event.probe.id, 0x12345678);
	assert_int_equal(event.probe.size, 1412);
	device_free(event.dev);
}

/* Cut at every length and with every byte changed: an error or an answer, never a crash. */
static void test_damage(void **state)
{
	struct device *dev = parse_good("[Peer]\nPublicKey=" KEY_A "\nPresharedKey=" KEY_B "\n"
					"Endpoint=[fe80::1%lo]:5\nPersistentKeepalive=25\n"
					"AllowedIPs=10.0.0.0/8,fd00::/64\n");
	static char whole[MSG_ROOM];
	struct nlmsghdr *nlh = msg_start(whole, FAMILY, 0, MYTUN_CMD_PEER_GET, dev);
	uint32_t len, i;

	(void)state;
	msg_put_peer(nlh, MSG_ROOM, dev->peers, 0);
	len = nlh->nlmsg_len;
	for (i = 0; i < 2 * len; i++) {
		struct device *back = device_alloc();
		/* on the heap and no longer than it says, for ASan to see a step too far */
		uint32_t size = i < len ? (i < NLMSG_HDRLEN ? NLMSG_HDRLEN : i) : len;
		struct nlmsghdr *copy = malloc(size);

		memcpy(copy, whole, size);
		copy->nlmsg_len = size;
		if (i >= len && i - len >= NLMSG_HDRLEN)
			((uint8_t *)copy)[i - len] ^= 0x15;
		msg_get_peer(copy, back);
		msg_get_device(copy, back);
		free(copy);
		device_free(back);
	}
	device_free(dev);
}

static void test_wrong_lengths(void **state)
{
	static const uint16_t types[] = {
		MYTUN_PEER_A_PRESHARED_KEY, MYTUN_PEER_A_PERSISTENT_KEEPALIVE,
		MYTUN_PEER_A_LAST_HANDSHAKE_SEC, MYTUN_PEER_A_LAST_HANDSHAKE_NSEC,
		MYTUN_PEER_A_RX_BYTES, MYTUN_PEER_A_TX_BYTES, MYTUN_PEER_A_ENDPOINT_ADDR,
	};
	uint8_t key[KEY_LEN] = { 1 };
	static char buf[MSG_ROOM];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct device *dev = device_alloc();
		struct nlmsghdr *nlh = msg_start(buf, FAMILY, 0, MYTUN_CMD_PEER_GET, NULL);
		struct nlattr *nest = mnl_attr_nest_start(nlh, MYTUN_A_PEER);

		mnl_attr_put(nlh, MYTUN_PEER_A_PUBLIC_KEY, KEY_LEN, key);
		mnl_attr_put(nlh, types[i], 3, key);
		mnl_attr_nest_end(nlh, nest);
		assert_int_equal(msg_get_peer(nlh, dev), -EBADMSG);
		device_free(dev);
	}
}

/* What the kernel may send of a peer is either whole or not there. */
static void test_halves(void **state)
{
	static const struct {
		uint16_t outer, inner, len;
	} halves[] = {
		{ MYTUN_PEER_A_ENDPOINT_ADDR, 0, 4 },
		{ MYTUN_PEER_A_ENDPOINT_ADDR, 0, 16 },
		{ MYTUN_PEER_A_ALLOWEDIPS, MYTUN_ALLOWEDIP_A_ADDR, 4 },
		{ MYTUN_PEER_A_ALLOWEDIPS, MYTUN_ALLOWEDIP_A_ADDR, 5 },
		{ MYTUN_PEER_A_ALLOWEDIPS, MYTUN_ALLOWEDIP_A_PREFIX_LEN, 1 },
	};
	uint8_t key[KEY_LEN] = { 1 };
	static char buf[MSG_ROOM];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		struct device *dev = device_alloc();
		struct nlmsghdr *nlh = msg_start(buf, FAMILY, 0, MYTUN_CMD_PEER_GET, NULL);
		struct nlattr *nest = mnl_attr_nest_start(nlh, MYTUN_A_PEER);
		struct nlattr *ips, *entry;

		mnl_attr_put(nlh, MYTUN_PEER_A_PUBLIC_KEY, KEY_LEN, key);
		if (halves[i].inner) {
			ips = mnl_attr_nest_start(nlh, halves[i].outer);
			entry = mnl_attr_nest_start(nlh, MYTUN_ALLOWEDIP_A_ENTRY);
			mnl_attr_put(nlh, halves[i].inner, halves[i].len, key);
			mnl_attr_nest_end(nlh, entry);
			mnl_attr_nest_end(nlh, ips);
		} else {
			mnl_attr_put(nlh, halves[i].outer, halves[i].len, key);
		}
		mnl_attr_nest_end(nlh, nest);
		assert_int_equal(msg_get_peer(nlh, dev), -EBADMSG);
		device_free(dev);
	}
}

/* @outer is one of the device's, and DROPS has @inner in it; 0: @inner is beside the device. */
static void assert_device_refused(uint16_t outer, uint16_t inner, uint16_t len)
{
	static const char bytes[2 * IFNAMSIZ] = "a name that is too long";
	struct device *dev = device_alloc();
	static char buf[MSG_ROOM];
	struct nlmsghdr *nlh = msg_start(buf, FAMILY, 0, MYTUN_CMD_DEV_GET, NULL);
	struct nlattr *nest = mnl_attr_nest_start(nlh, MYTUN_A_DEV);
	struct nlattr *drops;

	if (outer == MYTUN_DEV_A_DROPS) {
		drops = mnl_attr_nest_start(nlh, outer);
		mnl_attr_put(nlh, inner, len, bytes);
		mnl_attr_nest_end(nlh, drops);
	} else if (outer) {
		mnl_attr_put(nlh, outer, len, bytes);
	}
	mnl_attr_nest_end(nlh, nest);
	if (!outer)
		mnl_attr_put(nlh, inner, len, bytes);
	assert_int_equal(msg_get_device(nlh, dev), -EBADMSG);
	device_free(dev);
}

static void test_device_refused(void **state)
{
	struct device *dev = device_alloc();
	static char buf[MSG_ROOM];

	(void)state;
	assert_device_refused(MYTUN_DEV_A_PRIVATE_KEY, 0, KEY_LEN - 1);
	assert_device_refused(MYTUN_DEV_A_PUBLIC_KEY, 0, 0);
	assert_device_refused(MYTUN_DEV_A_LISTEN_PORT, 0, 4);
	assert_device_refused(MYTUN_DEV_A_FWMARK, 0, 2);
	assert_device_refused(MYTUN_DEV_A_DROPS, MYTUN_DROP_MAX, 4);
	assert_device_refused(0, MYTUN_A_IFINDEX, 2);
	assert_device_refused(0, MYTUN_A_IFNAME, IFNAMSIZ);
	assert_int_equal(msg_get_device(msg_start(buf, FAMILY, 0, MYTUN_CMD_DEV_GET, NULL), dev),
			 -EBADMSG);
	device_free(dev);
}

static void test_long_prefix(void **state)
{
	struct device *dev = parse_good("[Peer]\nPublicKey=" KEY_A "\nAllowedIPs=10.0.0.0/8\n");
	struct device *back = device_alloc();
	static char buf[MSG_ROOM];
	struct nlmsghdr *nlh = msg_start(buf, FAMILY, 0, MYTUN_CMD_PEER_GET, NULL);

	(void)state;
	dev->peers->ips[0].prefix_len = 33;
	msg_put_peer(nlh, MSG_ROOM, dev->peers, 0);
	assert_int_equal(msg_get_peer(nlh, back), -EBADMSG);
	device_free(dev);
	device_free(back);
}

/* An acknowledgment as the kernel makes it with NETLINK_CAP_ACK, and one without. */
static void test_extack(void **state)
{
	static char buf[MSG_ROOM];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlmsgerr *err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err));

	(void)state;
	nlh->nlmsg_type = NLMSG_ERROR;
	err->error = -EINVAL;
	err->msg.nlmsg_len = NLMSG_HDRLEN;
	assert_null(msg_get_extack(nlh));
	nlh->nlmsg_flags = NLM_F_ACK_TLVS | NLM_F_CAPPED;
	assert_null(msg_get_extack(nlh));
	mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, 20);
	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "no such thing");
	assert_string_equal(msg_get_extack(nlh), "no such thing");

	nlh = mnl_nlmsg_put_header(buf);
	err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err) + 8);
	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_ACK_TLVS;
	err->error = -EINVAL;
	err->msg.nlmsg_len = NLMSG_HDRLEN + 8;
	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "behind the request");
	assert_string_equal(msg_get_extack(nlh), "behind the request");
}

/* A text without its end is not read beyond the message. */
static void test_extack_open_end(void **state)
{
	static char buf[MSG_ROOM];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	(void)state;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nlmsgerr));
	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_ACK_TLVS | NLM_F_CAPPED;
	mnl_attr_put(nlh, NLMSGERR_ATTR_MSG, 4, "abcd");
	assert_null(msg_get_extack(nlh));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_device_flags),
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_peer_remove),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_from_kernel),
		cmocka_unit_test(test_continuation),
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_wrong_lengths),
		cmocka_unit_test(test_halves),
		cmocka_unit_test(test_device_refused),
		cmocka_unit_test(test_long_prefix),
		cmocka_unit_test(test_extack),
		cmocka_unit_test(test_extack_open_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
