// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams for the device's port, that come out of a tun device: the kernel takes one in
 * while we write it, up to the module's queues, and what its workers and NAPI do with it
 * afterwards is reported as well.
 *
 * An input is no datagram: it says how to make one. The session's keys, indices, counters
 * and macs are of the moment; what is random is the plaintext, or what is done to a message
 * of which everything is right.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <asm/byteorder.h>
#include <linux/if_tun.h>
#include <linux/string.h>
#include <sodium/utils.h>

#include "../rawpeer/craft.h"
#include "crypto.h"
#include "kcov.h"

/* Bytes of an input's head */
enum {
	HEAD_KIND,
	HEAD_FLAGS,
	HEAD_COUNTER,
	HEAD_DS,
	HEAD_CUT,
	HEAD_POINT,
	HEAD_SOURCE,
};

enum kind { RAW, INITIATION, RESPONSE, COOKIE, DATA, KINDS };

enum {
	FLAG_NO_MACS = 1,	/* the macs are not made anew after a change */
	FLAG_SPOIL = 2,		/* a byte is changed after all */
	FLAG_LENGTHEN = 4,	/* HEAD_CUT bytes are added, and not taken away */
};

enum {
	OWN_PORT = 5000,
	BUFFER_LEN = 1 << 16,
	PATIENCE = 200,		/* looks at the counters, 100 us and more each */
	PAUSE_US = 100,
	ROUND = 64,		/* inputs after which the session is a new one */
	TRIES = 40,
	BETWEEN_INITIATIONS_US = 25000,
	FIRST = 14,
};

static const u8 our_address[4] = { 10, 77, 0, 2 }, device_address[4] = { 10, 77, 0, 1 };
static const u8 our_inner[4] = { 10, 9, 0, 2 };

static struct craft craft;
/* The device's last initiation, and the state of who has read it */
static struct message_initiation pending;
static struct noise_handshake opened;
static bool have_pending;
static u16 device_port;
static int tun, counters;
static const char *device_name;
static bool alive;		/* the last session should still do */
static unsigned long rounds;

/* ---- the wire ---- */

static void transmit(const u8 *message, size_t len, u8 ds, u8 source)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .tos = ds, .ttl = 64,
			    .protocol = IPPROTO_UDP };
	struct udphdr udp = { .source = htons(OWN_PORT + (source & 3)),
			      .dest = htons(device_port) };
	static u8 packet[sizeof(ip) + sizeof(udp) + CRAFT_MAX_LEN];
	size_t i, total = sizeof(ip) + sizeof(udp) + len;
	u32 sum = 0;

	udp.len = htons(sizeof(udp) + len);
	ip.tot_len = htons(total);
	memcpy(&ip.saddr, our_address, sizeof(ip.saddr));
	memcpy(&ip.daddr, device_address, sizeof(ip.daddr));
	for (i = 0; i < sizeof(ip) / 2; i++)
		sum += ((u16 *)&ip)[i];
	sum = (sum & 0xffff) + (sum >> 16);
	ip.check = ~(sum + (sum >> 16));
	memcpy(packet, &ip, sizeof(ip));
	memcpy(packet + sizeof(ip), &udp, sizeof(udp));
	memcpy(packet + sizeof(ip) + sizeof(udp), message, len);
	if (write(tun, packet, total) != (ssize_t)total)
		die("write to the tun device");
}

static void take(const u8 *data, size_t len)
{
	switch (message_classify(data, len)) {
	case MESSAGE_INITIATION:
		memcpy(&pending, data, sizeof(pending));
		if (!craft_take_initiation(&craft, &pending))
			break;
		opened = craft.hs;
		have_pending = true;
		break;
	case MESSAGE_RESPONSE:
		if (!craft_take_response(&craft, (const void *)data))
			break;
		if (craft.count == CRAFT_MAX_SESSIONS)
			craft.count = 0;
		alive = craft_begin_session(&craft) >= 0;
		break;
	case MESSAGE_COOKIE:
		craft_take_cookie(&craft, (const void *)data);
		break;
	default:
		break;
	}
}

/* What the device has sent */
static void drain(void)
{
	static u8 packet[BUFFER_LEN];
	const struct iphdr *ip = (const void *)packet;
	ssize_t len;

	while ((len = read(tun, packet, sizeof(packet))) > 0)
		if (len > (ssize_t)(sizeof(*ip) + sizeof(struct udphdr)) && ip->version == 4 &&
		    ip->protocol == IPPROTO_UDP)
			take(packet + sizeof(*ip) + sizeof(struct udphdr),
			     len - sizeof(*ip) - sizeof(struct udphdr));
}

static bool wait_until(const bool *come)
{
	int i;

	for (i = 0; i < PATIENCE && !*come; i++) {
		usleep(PAUSE_US);
		drain();
	}
	return *come;
}

/* Each message is counted when the module is done with it: received, or dropped. */
static unsigned long counted(void)
{
	unsigned long packets, dropped;
	char text[4096];
	const char *line;
	ssize_t len = pread(counters, text, sizeof(text) - 1, 0);

	text[len < 0 ? 0 : len] = '\0';
	line = strstr(text, device_name);
	if (!line || sscanf(line + strlen(device_name), ": %*u %lu %*u %lu", &packets,
			    &dropped) != 2)
		die("the device's counters");
	return packets + dropped;
}

/* ---- the state that an input wants ---- */

static void last_index(struct craft_session **session)
{
	*session = craft.count ? &craft.sessions[craft.count - 1] : NULL;
}

static void need_session(void)
{
	int i;

	for (i = 0; i < TRIES && !alive; i++) {
		if (!craft_initiation(&craft, craft.stamp + 1, -1, -1))
			die("an initiation");
		transmit(craft.msg, craft.len, 0, 0);
		/* They may not come quicker */
		if (!wait_until(&alive))
			usleep(BETWEEN_INITIATIONS_US);
	}
	if (!alive)
		die("no session");
}

static void need_initiation(void)
{
	int i;

	for (i = 0; i < TRIES && !have_pending; i++) {
		alive = false;
		peer_renew(craft.id.static_public, our_address, OWN_PORT, our_inner);
		wait_until(&have_pending);
	}
	if (!have_pending)
		die("no initiation");
}

/* ---- messages ---- */

static bool all_zero(const u8 *data, size_t len)
{
	while (len)
		if (data[--len])
			return false;
	return true;
}

/* The input's bytes change what is right, or follow it; it gets the input's length */
static void change(const struct input *input)
{
	size_t i, right = craft.len;

	for (i = 0; i < input->len; i++)
		craft.msg[i] = i < right ? craft.msg[i] ^ input->data[i] : input->data[i];
	craft.len = input->len;
	if (!(input->head[HEAD_FLAGS] & FLAG_NO_MACS) && craft.len > sizeof(struct message_macs))
		craft_macs(&craft, craft.msg, craft.len);
}

static u64 message_counter(struct craft_session *session, u8 how)
{
	static const u64 far[] = { 1, 64, 2000, REPLAY_WINDOW_SIZE, 1 << 20, REKEY_AFTER_MESSAGES,
				   REJECT_AFTER_MESSAGES, U64_MAX };

	switch (how & 0xf0) {
	case 0xe0:
		return session->counter - (how & 0xf);
	case 0xf0:
		if ((how & 7) > 3)
			alive = false;
		return session->counter + far[how & 7];
	default:
		return session->counter;
	}
}

/* The input's bytes are the plaintext */
static void make_data(const struct input *input)
{
	struct message_data *msg = (void *)craft.msg;
	struct craft_session *session;
	u64 number;

	need_session();
	last_index(&session);
	number = message_counter(session, input->head[HEAD_COUNTER]);
	msg->header.type = cpu_to_le32(MESSAGE_DATA);
	msg->receiver_index = session->keys.remote_index;
	msg->counter = cpu_to_le64(number);
	crypto_seal(msg->encrypted, input->data, input->len, NULL, 0, number,
		    session->keys.sending);
	craft.len = MESSAGE_DATA_LEN(input->len);
	if (number >= session->counter)
		session->counter = number + 1;
}

static void make_handshake(const struct input *input)
{
	u8 point = input->head[HEAD_POINT];
	struct cookie_source source = { .len = 4 };
	int low = point % CRAFT_LOW_ORDER_POINTS;

	switch (input->head[HEAD_KIND] % KINDS) {
	case INITIATION:
		craft_initiation(&craft, craft.stamp + 1, point >= 0xf0 ? low : -1,
				 point >= 0xe0 && point < 0xf0 ? low : -1);
		break;
	case RESPONSE:
		need_initiation();
		craft.hs = opened;
		craft_response(&craft, point >= 0xf0 ? low : -1);
		/* If nothing is wrong with it, then the initiation has been answered */
		if (all_zero(input->data, input->len) && !input->head[HEAD_FLAGS] && point < 0xf0) {
			if (craft.count == CRAFT_MAX_SESSIONS)
				craft.count = 0;
			alive = craft_begin_session(&craft) >= 0;
			have_pending = false;
		}
		break;
	default:
		need_initiation();
		craft_cookie(&craft, &pending, &source);
		break;
	}
	change(input);
}

static void make_message(const struct input *input)
{
	u8 cut = input->head[HEAD_CUT], flags = input->head[HEAD_FLAGS];

	switch (input->head[HEAD_KIND] % KINDS) {
	case RAW:
		memcpy(craft.msg, input->data, input->len);
		craft.len = input->len;
		if (!(flags & FLAG_NO_MACS) && craft.len > sizeof(struct message_macs))
			craft_macs(&craft, craft.msg, craft.len);
		return;
	case DATA:
		make_data(input);
		break;
	default:
		make_handshake(input);
		return;
	}
	if (flags & FLAG_LENGTHEN)
		craft.len += cut;
	else
		craft.len -= cut < craft.len ? cut : craft.len;
	if (flags & FLAG_SPOIL && craft.len)
		craft.msg[cut % craft.len] ^= 1 << (cut & 7);
}

static void run(const struct input *input)
{
	unsigned long before;
	int i;

	if (++rounds % ROUND == 0)
		alive = false;
	if (rounds % (4 * ROUND) == 0)
		have_pending = false;
	make_message(input);
	before = counted();
	transmit(craft.msg, craft.len, input->head[HEAD_DS] & 3, input->head[HEAD_SOURCE]);
	for (i = 0; i < PATIENCE && counted() == before; i++)
		usleep(PAUSE_US);
	/* The last worker has counted, and is about to report */
	usleep(PAUSE_US);
	drain();
}

/* ---- inputs ---- */

/* An echo request, a datagram of IPv6, a segment of TCP: as they should be, but checksums */
static const u8 inner_icmp[] = { 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0, 10, 9, 0, 2,
				 10, 9, 0, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
static const u8 inner_udp6[] = { 0x60, 0, 0, 0, 0, 8, 17, 64, 0xfd, 9, 0, 0, 0, 0, 0, 0,
				 0, 0, 0, 0, 0, 0, 0, 2, 0xfd, 9, 0, 0, 0, 0, 0, 0,
				 0, 0, 0, 0, 0, 0, 0, 1, 0, 9, 0, 9, 0, 8, 0, 0 };
static const u8 inner_tcp[] = { 0x45, 2, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 9, 0, 2,
				10, 9, 0, 1, 0, 9, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0,
				0x50, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

static void set_data(struct input *input, u8 kind, const u8 *data, size_t len)
{
	memset(input, 0, sizeof(*input));
	input->head[HEAD_KIND] = kind;
	input->len = len;
	if (data)
		memcpy(input->data, data, len);
}

static void make(struct input *input, int number)
{
	static const u8 control[16] = { 0xf0 }, strangers[] = { 4, 0, 0, 0, 1, 2, 3, 4 };

	switch (number) {
	case 0:
		set_data(input, INITIATION, NULL, sizeof(struct message_initiation));
		break;
	case 1:
		set_data(input, RESPONSE, NULL, sizeof(struct message_response));
		break;
	case 2:
		set_data(input, COOKIE, NULL, sizeof(struct message_cookie));
		input->head[HEAD_FLAGS] = FLAG_NO_MACS;
		break;
	case 3:
		set_data(input, DATA, NULL, 0);
		break;
	case 4:
		set_data(input, DATA, inner_icmp, sizeof(inner_icmp));
		break;
	case 5:
		set_data(input, DATA, inner_udp6, sizeof(inner_udp6));
		break;
	case 6:
		set_data(input, DATA, inner_tcp, sizeof(inner_tcp));
		break;
	case 7:
		set_data(input, DATA, control, sizeof(control));
		break;
	case 8:
		set_data(input, DATA, inner_icmp, sizeof(inner_icmp));
		input->head[HEAD_COUNTER] = 0xe1;
		break;
	case 9:
		set_data(input, DATA, inner_icmp, sizeof(inner_icmp));
		input->head[HEAD_FLAGS] = FLAG_SPOIL;
		break;
	case 10:
		set_data(input, RAW, strangers, sizeof(strangers));
		input->len = MESSAGE_MIN_LEN;
		break;
	case 11:
		set_data(input, INITIATION, NULL, sizeof(struct message_initiation));
		input->head[HEAD_FLAGS] = FLAG_NO_MACS;
		input->data[0] = 1;
		break;
	case 12:
		set_data(input, RESPONSE, NULL, sizeof(struct message_response));
		input->data[sizeof(struct message_response) / 2] = 1;
		break;
	default:
		set_data(input, RAW, NULL, 0);
		break;
	}
}

static void mutate(struct input *input, const struct input *other)
{
	if (once_in(3))
		input->head[below(INPUT_HEAD_LEN)] = once_in(2) ? any_number() : below(8);
	else
		mutate_bytes(input, other);
}

/* ---- the beginning ---- */

static void open_tun(void)
{
	struct ifreq ifr = { .ifr_name = "kcov0", .ifr_flags = IFF_TUN | IFF_NO_PI };

	tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	if (tun < 0 || ioctl(tun, TUNSETIFF, &ifr))
		die("/dev/net/tun");
	if (system("ip address add 10.77.0.1/24 dev kcov0 && ip link set kcov0 up"))
		die("ip");
}

static void read_key(u8 key[NOISE_KEY_LEN], const char *text)
{
	size_t len;

	if (sodium_base642bin(key, NOISE_KEY_LEN, text, strlen(text), "\n", &len, NULL,
			      sodium_base64_VARIANT_ORIGINAL) || len != NOISE_KEY_LEN)
		die("not a key");
}

static void open_target(char *const *words, int n)
{
	u8 private_key[NOISE_KEY_LEN], remote[NOISE_KEY_LEN];
	char line[128];

	if (n != 3 || !fgets(line, sizeof(line), stdin))
		die("usage: packet IFNAME PUBLIC-KEY PORT");
	read_key(private_key, line);
	read_key(remote, words[1]);
	device_port = atoi(words[2]);
	craft_init(&craft, private_key, remote);
	craft.stamp = 1000000;
	netlink_open(words[0]);
	open_tun();
	device_name = words[0];
	counters = open("/proc/self/net/dev", O_RDONLY);
	peer_renew(craft.id.static_public, our_address, OWN_PORT, our_inner);
}

const struct target packet_target = {
	.name = "packet",
	.workers = true,
	.open = open_target,
	.make = make,
	.first = FIRST,
	.mutate = mutate,
	.run = run,
};
