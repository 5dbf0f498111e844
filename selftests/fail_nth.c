// SPDX-License-Identifier: GPL-2.0
/*
 * Let each allocation of an operation fail in its turn: the first, then the second, and so on
 * until none is left to fail (the kernel's fail-nth, CONFIG_FAULT_INJECTION).
 *
 *	fail_nth			list the operations
 *	fail_nth IFNAME OPERATION...	do that with them, on a mytun device that nobody else
 *					uses; link_up wants it down
 *	fail_nth IFNAME packet ADDRESS	do that with datagrams to there, one of which is a
 *					GSO packet; each is sent, refused or lost
 *
 * Each failure must be told as such, and must leave everything as it was: the device and
 * its peers are read before and after. A fault that the operation can do without is
 * "tolerated"; then the operation must have been done. The result is a line for each:
 *
 *	OPERATION: N faults: N refused, N tolerated
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "genl.h"

enum {
	STATE_LEN = 1 << 16,
	MAX_FAULTS = 10000,	/* far more than any operation has */
	PORT = 4243,
	OTHER_PORT = 4242,
	DISCARD_PORT = 9,
	PACKET_LEN = 4000,
	SEGMENT_LEN = 1000,
};

static int genl, route, nth_fd, family_id;
static const char *ifname;
static const char *made = "failnth0";	/* the device that link_add makes */
static const uint8_t known[MYTUN_KEY_LEN] = { [0 ... MYTUN_KEY_LEN - 1] = 0x42 };
static const uint8_t other[MYTUN_KEY_LEN] = { [0 ... MYTUN_KEY_LEN - 1] = 0x17 };
static const uint8_t private[MYTUN_KEY_LEN] = { 8, [1 ... MYTUN_KEY_LEN - 1] = 0x55 };

static void die(const char *what)
{
	fprintf(stderr, "fail_nth: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- requests: msg is filled in, and sent by perform() ---- */

static void request(uint8_t cmd, uint16_t flags)
{
	begin(family_id, cmd, flags);
	put(MYTUN_A_IFNAME, ifname, strlen(ifname) + 1);
}

static void dev_get(void)
{
	request(MYTUN_CMD_DEV_GET, 0);
}

static void dev_dump(void)
{
	begin(family_id, MYTUN_CMD_DEV_GET, NLM_F_DUMP);
}

static void dev_set_to(const uint8_t key[MYTUN_KEY_LEN], uint16_t port, uint32_t mark)
{
	struct nlattr *dev;

	request(MYTUN_CMD_DEV_SET, 0);
	dev = nest(MYTUN_A_DEV);
	put(MYTUN_DEV_A_PRIVATE_KEY, key, MYTUN_KEY_LEN);
	put_u16(MYTUN_DEV_A_LISTEN_PORT, port);
	put_u32(MYTUN_DEV_A_FWMARK, mark);
	end(dev);
}

static void dev_set(void)
{
	dev_set_to(private, OTHER_PORT, 7);
}

static void dev_reset(void)
{
	static const uint8_t none[MYTUN_KEY_LEN];

	dev_set_to(none, PORT, 0);
}

static void allowed_ip(uint8_t third, uint8_t len)
{
	uint8_t addr[4] = { 10, 77, third, 0 };
	struct nlattr *entry = nest(MYTUN_ALLOWEDIP_A_ENTRY);

	put(MYTUN_ALLOWEDIP_A_ADDR, addr, sizeof(addr));
	put_u8(MYTUN_ALLOWEDIP_A_PREFIX_LEN, len);
	end(entry);
}

/* With all that can be set; @count allowed IPs in place of those there are */
static void whole_peer(uint8_t cmd, const uint8_t *key, uint8_t secret, int count)
{
	uint8_t psk[MYTUN_KEY_LEN] = { secret }, addr[4] = { 127, 0, 0, 1 };
	struct nlattr *attr, *ips;
	int i;

	request(cmd, 0);
	attr = nest(MYTUN_A_PEER);
	put(MYTUN_PEER_A_PUBLIC_KEY, key, MYTUN_KEY_LEN);
	put(MYTUN_PEER_A_PRESHARED_KEY, psk, sizeof(psk));
	put_u32(MYTUN_PEER_A_FLAGS, MYTUN_PEER_F_REPLACE_ALLOWEDIPS);
	put(MYTUN_PEER_A_ENDPOINT_ADDR, addr, sizeof(addr));
	put_u16(MYTUN_PEER_A_ENDPOINT_PORT, 4000 + secret);
	put_u16(MYTUN_PEER_A_PERSISTENT_KEEPALIVE, secret);
	ips = nest(MYTUN_PEER_A_ALLOWEDIPS);
	for (i = 0; i < count; i++)
		allowed_ip(secret * 16 + i, 24 + i);
	end(ips);
	end(attr);
}

static void name_peer(uint8_t cmd, const uint8_t *key)
{
	struct nlattr *attr;

	request(cmd, 0);
	attr = nest(MYTUN_A_PEER);
	put(MYTUN_PEER_A_PUBLIC_KEY, key, MYTUN_KEY_LEN);
	end(attr);
}

static void peer_new(void)
{
	whole_peer(MYTUN_CMD_PEER_NEW, other, 2, 5);
}

static void peer_new_undo(void)
{
	name_peer(MYTUN_CMD_PEER_DEL, other);
}

static void peer_set(void)
{
	whole_peer(MYTUN_CMD_PEER_SET, known, 3, 6);
}

static void peer_set_undo(void)
{
	whole_peer(MYTUN_CMD_PEER_NEW, known, 1, 3);
}

static void peer_get(void)
{
	name_peer(MYTUN_CMD_PEER_GET, known);
}

static void peer_dump(void)
{
	request(MYTUN_CMD_PEER_GET, NLM_F_DUMP);
}

static void peer_del(void)
{
	name_peer(MYTUN_CMD_PEER_DEL, known);
}

static void begin_link(uint16_t type, uint16_t flags, const char *name, unsigned int link_flags)
{
	struct ifinfomsg *info;

	memset(&msg, 0, sizeof(msg));
	msg.nl.nlmsg_type = type;
	msg.nl.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	msg.nl.nlmsg_len = NLMSG_LENGTH(sizeof(*info));
	info = (struct ifinfomsg *)(msg.bytes + NLMSG_HDRLEN);
	info->ifi_flags = link_flags;
	info->ifi_change = IFF_UP;
	put(IFLA_IFNAME, name, strlen(name) + 1);
}

static void link_add(void)
{
	struct nlattr *info;

	begin_link(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, made, 0);
	info = nest(IFLA_LINKINFO);
	put(IFLA_INFO_KIND, MYTUN_LINK_KIND, sizeof(MYTUN_LINK_KIND));
	end(info);
}

static void link_del(void)
{
	begin_link(RTM_DELLINK, 0, made, 0);
}

static void link_up(void)
{
	begin_link(RTM_NEWLINK, 0, ifname, IFF_UP);
}

static void link_down(void)
{
	begin_link(RTM_NEWLINK, 0, ifname, 0);
}

/**
 * struct operation - what is tried with faults, and how it is undone without
 * @name: its name
 * @build: fills in msg
 * @undo: fills in msg, or NULL when nothing has changed
 * @link: to rtnetlink
 */
static const struct operation {
	const char *name;
	void (*build)(void);
	void (*undo)(void);
	bool link;
} operations[] = {
	{ "dev_get", dev_get, NULL, false },
	{ "dev_dump", dev_dump, NULL, false },
	{ "dev_set", dev_set, dev_reset, false },
	{ "peer_new", peer_new, peer_new_undo, false },
	{ "peer_set", peer_set, peer_set_undo, false },
	{ "peer_get", peer_get, NULL, false },
	{ "peer_dump", peer_dump, NULL, false },
	{ "peer_del", peer_del, peer_set_undo, false },
	{ "link_add", link_add, link_del, true },
	{ "link_up", link_up, link_down, true },
};

/**
 * struct outcome - what became of a request
 * @err: the error that was told, or 0
 * @lost: there was no memory for the answer
 * @injected: an allocation was made to fail
 */
struct outcome {
	int err;
	bool lost;
	bool injected;
};

/* ---- sending them ---- */

/* All of the answer; a dump goes on while it is read, which is without faults by then. */
static void receive(int fd, struct outcome *outcome)
{
	static char buf[1 << 15] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nl;
	ssize_t left;

	for (;;) {
		left = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (left < 0 && errno == EAGAIN)
			return;
		if (left < 0) {
			outcome->lost = true;
			continue;
		}
		for (nl = (struct nlmsghdr *)buf; NLMSG_OK(nl, left); nl = NLMSG_NEXT(nl, left)) {
			bool over = nl->nlmsg_type == NLMSG_ERROR || nl->nlmsg_type == NLMSG_DONE;

			if (over && !outcome->err)
				outcome->err = -*(int *)NLMSG_DATA(nl);
		}
	}
}

/*
 * To tell the kernel and to ask it takes copies between kernel and user, which are among what
 * can fail. A failure disarms: nothing is left to fail in the second attempt.
 */
static void set_nth(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	while (pwrite(nth_fd, text, len, 0) != len) {
		if (errno != EFAULT)
			die("fail-nth");
	}
}

/* Return: something is still to fail. If the asking itself fails, that is what was left. */
static bool fault_left(void)
{
	char text[16] = "";

	if (pread(nth_fd, text, sizeof(text) - 1, 0) < 0) {
		if (errno != EFAULT)
			die("fail-nth");
		return true;
	}
	return atoi(text) > 0;
}

/* Send msg, and let the allocation number @nth fail (0: none). */
static struct outcome perform(bool link, int nth)
{
	int fd = link ? route : genl;
	struct outcome outcome = {};

	if (nth)
		set_nth(nth);
	if (send(fd, &msg, msg.nl.nlmsg_len, 0) < 0)
		outcome.err = errno;
	if (nth) {
		outcome.injected = !fault_left();
		set_nth(0);
	}
	receive(fd, &outcome);
	return outcome;
}

/* Send msg; nothing may fail. */
static void must(bool link, const char *what)
{
	struct outcome outcome = perform(link, 0);

	errno = outcome.lost ? ENOBUFS : outcome.err;
	if (errno)
		die(what);
}

/**
 * struct state - what the kernel tells of the device and its peers
 * @bytes: attributes, all but counters
 * @len: how many
 * @made: the device that link_add makes is there
 * @up: our device is up
 */
struct state {
	char bytes[STATE_LEN];
	size_t len;
	bool made;
	bool up;
};

/* Counters go on counting: make an attribute of a nest all zero. */
static void blank(char *data, size_t len, int nest, int type)
{
	const struct nlattr *outer = find(data, len, nest), *inner;

	if (!outer)
		return;
	inner = find((const char *)outer + NLA_HDRLEN, outer->nla_len - NLA_HDRLEN, type);
	if (inner)
		memset((char *)inner + NLA_HDRLEN, 0, inner->nla_len - NLA_HDRLEN);
}

static void keep(struct state *state, char *data, size_t len)
{
	blank(data, len, MYTUN_A_DEV, MYTUN_DEV_A_DROPS);
	blank(data, len, MYTUN_A_PEER, MYTUN_PEER_A_RX_BYTES);
	blank(data, len, MYTUN_A_PEER, MYTUN_PEER_A_TX_BYTES);
	if (state->len + len > sizeof(state->bytes)) {
		errno = E2BIG;
		die("state");
	}
	memcpy(state->bytes + state->len, data, len);
	state->len += len;
}

static void read_into(struct state *state)
{
	static char buf[1 << 15] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nl;
	ssize_t left;

	if (send(genl, &msg, msg.nl.nlmsg_len, 0) < 0)
		die("state");
	for (;;) {
		left = recv(genl, buf, sizeof(buf), 0);
		if (left < 0)
			die("state");
		for (nl = (struct nlmsghdr *)buf; NLMSG_OK(nl, left); nl = NLMSG_NEXT(nl, left)) {
			if (nl->nlmsg_type == NLMSG_DONE || nl->nlmsg_type == NLMSG_ERROR) {
				errno = -*(int *)NLMSG_DATA(nl);
				if (errno)
					die("state");
				return;
			}
			keep(state, (char *)nl + NLMSG_LENGTH(GENL_HDRLEN),
			     nl->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
		}
	}
}

/* Not by sysfs, which shows the namespace it was mounted in */
static bool is_up(const char *name)
{
	struct ifreq request = {};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(route, SIOCGIFFLAGS, &request))
		die(name);
	return request.ifr_flags & IFF_UP;
}

static void read_state(struct state *state)
{
	memset(state, 0, sizeof(*state));
	dev_get();
	read_into(state);
	peer_dump();
	read_into(state);
	state->made = if_nametoindex(made);
	state->up = is_up(ifname);
}

/*
 * What the kernel says for want of memory. EFAULT: the copying of the message failed. ENFILE
 * is sock_create()'s word for it, and EINVAL device_add()'s for a device whose name it has
 * no memory for.
 */
static bool refusal(int err, bool made_device)
{
	return err == ENOMEM || err == ENOBUFS || err == EFAULT || err == ENFILE ||
	       (made_device && err == EINVAL);
}

/* Where two states part */
static void tell_difference(const struct state *a, const struct state *b)
{
	size_t at = 0;

	while (at < a->len && at < b->len && a->bytes[at] == b->bytes[at])
		at++;
	printf("state: %zu and %zu bytes, different from %zu on, made %d %d, up %d %d\n", a->len,
	       b->len, at, a->made, b->made, a->up, b->up);
}

static bool same_state(const struct state *a, const struct state *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len) && a->made == b->made &&
	       a->up == b->up;
}

/* Tell what is wrong with it, if anything. */
static const char *judge(const struct operation *op, const struct outcome *outcome,
			 const struct state *before, const struct state *after,
			 const struct state *wanted)
{
	bool nothing = same_state(after, before);
	bool all = same_state(after, wanted);

	if (outcome->err && !refusal(outcome->err, op->build == link_add))
		return strerror(outcome->err);
	if (outcome->lost)
		return nothing || all ? NULL : "half of it was done";
	if (outcome->err && !nothing)
		return "it was refused, and yet something has changed";
	if (!outcome->err && !all)
		return "it was not refused, and yet not everything was done";
	return NULL;
}

static void undo(const struct operation *op)
{
	if (!op->undo)
		return;
	op->undo();
	must(op->link, "undo");
}

/* What the operation does when nothing fails */
static void read_wanted(const struct operation *op, struct state *wanted)
{
	op->build();
	must(op->link, op->name);
	read_state(wanted);
	undo(op);
}

static bool sweep(const struct operation *op)
{
	static struct state before, after, wanted;
	struct outcome outcome = { .injected = true };
	int nth, refused = 0, tolerated = 0;
	const char *wrong;

	read_wanted(op, &wanted);
	for (nth = 1; outcome.injected && nth < MAX_FAULTS; nth++) {
		read_state(&before);
		op->build();
		outcome = perform(op->link, nth);
		read_state(&after);
		wrong = judge(op, &outcome, &before, &after, &wanted);
		if (wrong) {
			printf("%s: fault %d: %s\n", op->name, nth, wrong);
			tell_difference(&after, &before);
			tell_difference(&after, &wanted);
			return false;
		}
		if (!same_state(&after, &before))
			undo(op);
		if (outcome.err || outcome.lost)
			refused++;
		else if (outcome.injected)
			tolerated++;
	}
	printf("%s: %d faults: %d refused, %d tolerated\n", op->name, refused + tolerated, refused,
	       tolerated);
	return refused > 0;
}

/* A datagram, of which UDP makes several if @gso. Return: an allocation failed. */
static bool send_packet(const struct sockaddr_in *to, bool gso, int nth, int *refused)
{
	int sock = socket(AF_INET, SOCK_DGRAM, 0), segment = SEGMENT_LEN;
	static const char packet[PACKET_LEN];
	bool injected;
	ssize_t sent;

	if (gso && setsockopt(sock, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment)))
		die("UDP_SEGMENT");
	set_nth(nth);
	sent = sendto(sock, packet, gso ? PACKET_LEN : SEGMENT_LEN, 0, (const void *)to,
		      sizeof(*to));
	injected = !fault_left();
	set_nth(0);
	if (sent < 0 && !refusal(errno, false))
		die("packet");
	*refused += sent < 0;
	close(sock);
	return injected;
}

static bool sweep_packets(const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(DISCARD_PORT) };
	int gso, nth, refused;

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		die(address);
	for (gso = 0; gso <= 1; gso++) {
		refused = 0;
		for (nth = 1; send_packet(&to, gso, nth, &refused) && nth < MAX_FAULTS; nth++)
			;
		printf("packet%s: %d faults: %d refused, %d lost or tolerated\n",
		       gso ? " of four" : "", nth - 1, refused, nth - 1 - refused);
		if (nth < 2)
			return false;
	}
	return true;
}

static void prepare(const char *name)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };

	ifname = name;
	genl = genl_open(&family_id);
	if (genl < 0)
		die("no family");
	route = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	if (route < 0 || bind(route, (struct sockaddr *)&addr, sizeof(addr)))
		die("rtnetlink");
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	if (nth_fd < 0)
		die("fail-nth");
}

int main(int argc, char **argv)
{
	const struct operation *end = operations + sizeof(operations) / sizeof(*operations), *op;
	bool ok = true;
	int i;

	for (op = operations; argc == 1 && op < end; op++)
		puts(op->name);
	if (argc > 1)
		prepare(argv[1]);
	if (argc == 4 && !strcmp(argv[2], "packet"))
		return !sweep_packets(argv[3]);
	if (argc > 1) {
		dev_reset();
		must(false, "device");
		peer_set_undo();
		must(false, "peer");
	}
	for (i = 2; i < argc; i++) {
		for (op = operations; op < end && strcmp(op->name, argv[i]); op++)
			;
		if (op == end) {
			errno = EINVAL;
			die(argv[i]);
		}
		ok &= sweep(op);
	}
	return !ok;
}
