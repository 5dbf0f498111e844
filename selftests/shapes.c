// SPDX-License-Identifier: GPL-2.0
/*
 * Packets of every shape through a tunnel, each compared to the last bit where it comes out,
 * in the order sent:
 *
 *	shapes GROUP SENDER RECEIVER DEVICE WIRE [ARGUMENT]
 *
 * SENDER and RECEIVER are files of namespaces; the tunnel is DEVICE in both, and WIRE the
 * receiver's device that it comes by, "-": do not look there. Meanwhile a packet socket on
 * DEVICE of the sender, and one on WIRE, keep all that passes, as tcpdump would; they are
 * read when the packet has arrived, and must then hold the packet as it was sent, and nothing
 * of what is in it. GROUP is one of those in shapes_groups.c. The module skb_shapes makes the
 * shapes; groups that need none do without it. Exit status: 0, 1: a case failed, 4: no module.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <netpacket/packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shapes.h"
#include "shapes_bench.h"

enum {
	KSFT_SKIP = 4,
	RECEIVE_BUFFER_LEN = 64 << 20,
	WAIT_MS = 4000,
	MAX_FAILURES = 8,
	DATA_TYPE = 4,			/* of a message */
	DATA_OVERHEAD = 32,		/* header and tag */
	DATA_PADDING = 16,
	SECRET_LEN = 16,		/* so much of a payload is looked for outside */
	DEFAULT_MTU = 1420,
};

static int wait_ms(void)
{
	const char *slow = getenv("SLOW");

	return WAIT_MS * (slow ? atoi(slow) : 1);
}

void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- sockets ---- */

static int open_packet(const char *dev, int netns)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	const int buffer = RECEIVE_BUFFER_LEN;
	int fd;

	if (setns(netns, CLONE_NEWNET))
		die("setns");
	address.sll_ifindex = if_nametoindex(dev);
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (!address.sll_ifindex || fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) ||
	    bind(fd, (void *)&address, sizeof(address)))
		die(dev);
	return fd;
}

size_t receive(int fd, uint8_t *bytes, bool outgoing, int ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct sockaddr_ll from = {};
	socklen_t from_len;
	ssize_t len;
	bool out;

	while (poll(&ready, 1, ms) > 0) {
		from_len = sizeof(from);
		len = recvfrom(fd, bytes, PACKET_MAX_LEN, 0, (void *)&from, &from_len);
		out = from.sll_pkttype == PACKET_OUTGOING;
		if (len > 0 && out == outgoing)
			return len;
	}
	return 0;
}

/* One packet of ours */
static size_t receive_ours(int fd, uint8_t *bytes, bool outgoing, int ms)
{
	size_t len;

	do {
		len = receive(fd, bytes, outgoing, ms);
	} while (len && !packet_is_ours(bytes, len));
	return len;
}

static const uint8_t *udp_of(const uint8_t *bytes, size_t len)
{
	if (len > IP4_LEN + UDP_LEN && bytes[0] >> 4 == 4 &&
	    bytes[offsetof(struct iphdr, protocol)] == IPPROTO_UDP)
		return bytes + IP4_LEN;
	if (len > IP6_LEN + UDP_LEN && bytes[0] >> 4 == 6 &&
	    bytes[offsetof(struct ip6_hdr, ip6_nxt)] == IPPROTO_UDP)
		return bytes + IP6_LEN;
	return NULL;
}

/* One message of the tunnel that has data. Return: its length, 0: there is none. */
static size_t receive_data(int fd, uint8_t *bytes, size_t *len)
{
	const uint8_t *udp;
	size_t message_len;

	while ((*len = receive(fd, bytes, false, wait_ms()))) {
		udp = udp_of(bytes, *len);
		if (!udp)
			continue;
		message_len = *len - (udp - bytes) - UDP_LEN;
		if (udp[3] == TUNNEL_PORT && udp[UDP_LEN] == DATA_TYPE &&
		    message_len > DATA_OVERHEAD)
			return message_len;
	}
	return 0;
}

/* ---- one case ---- */

/* A packet as long as the MTU or longer is not padded, others never beyond it */
static unsigned int padded(const struct bench *bench, unsigned int len)
{
	unsigned int all = (len + DATA_PADDING - 1) / DATA_PADDING * DATA_PADDING;

	if (len >= bench->mtu)
		return len;
	return all < bench->mtu ? all : bench->mtu;
}

/* What went over the wire for this segment: length, ECN, nothing of what is inside */
static bool check_wire(const struct bench *bench, const struct packet *segment, uint8_t tos)
{
	static uint8_t bytes[PACKET_MAX_LEN];
	size_t len, message_len;
	uint8_t outer;

	if (bench->wire < 0)
		return true;
	message_len = receive_data(bench->wire, bytes, &len);
	if (message_len != padded(bench, segment->len) + DATA_OVERHEAD) {
		printf("on the wire: a message of %zu for %u inside, mtu %u\n", message_len,
		       segment->len, bench->mtu);
		return false;
	}
	if (segment->len - segment->payload >= SECRET_LEN &&
	    memmem(bytes, len, segment->bytes + segment->payload, SECRET_LEN)) {
		puts("on the wire: the payload itself");
		return false;
	}
	outer = bytes[0] >> 4 == 4 ? bytes[1] : (uint8_t)(bytes[0] << 4 | bytes[1] >> 4);
	if (outer != (tos & 3))
		printf("on the wire: traffic class %02x for %02x inside\n", outer, tos);
	return outer == (tos & 3);
}

/* The packet socket of the sender sees what was sent, not what became of it */
static bool check_tap(const struct bench *bench, const struct packet *sent)
{
	static uint8_t bytes[PACKET_MAX_LEN];
	size_t len = receive_ours(bench->tap, bytes, true, wait_ms());

	if (packet_same(sent, bytes, len))
		return true;
	puts("that is what the sender's packet socket has seen");
	return false;
}

/* The stack has torn this train before the packet socket saw it */
static bool check_tap_segments(const struct bench *bench, const struct packet *train,
			       unsigned int size)
{
	static uint8_t bytes[PACKET_MAX_LEN];
	static struct packet segment;
	unsigned int i;
	size_t len;

	for (i = 0; i < packet_segments(train, size); i++) {
		packet_segment(train, size, i, &segment);
		len = receive_ours(bench->tap, bytes, true, wait_ms());
		/* Their checksums are partial ones */
		memcpy(segment.bytes + segment.check, bytes + segment.check, sizeof(uint16_t));
		if (!packet_same(&segment, bytes, len))
			return false;
	}
	return true;
}

/* What the packet socket of the sender has seen, if the packet has passed it */
static bool check_sender(const struct bench *bench, const struct lot *lot,
			 const struct packet *whole, const struct packet *sent)
{
	static struct packet partial;

	if (lot->shape.flags & SHAPE_DIRECT)
		return true;
	/* The stack wants nothing but partial checksums of trains, and has made one of it */
	if (lot->shape.gso && lot->shape.summed == SHAPE_SUMMED_NONE) {
		partial = *whole;
		packet_partial(&partial);
		sent = &partial;
	}
	if (lot->shape.flags & SHAPE_LIST_OF_SEGMENTS)
		return check_tap_segments(bench, whole, lot->shape.gso_size);
	return check_tap(bench, sent);
}

/* Of a train that is shared it is the stack that makes the checksum partial, for all. */
static bool stack_changes(const struct skb_shape *shape)
{
	return shape->gso && shape->summed == SHAPE_SUMMED_NONE &&
	       (shape->flags & SHAPE_SHARED) && !(shape->flags & SHAPE_DIRECT);
}

static bool check_kept(int shaper, const struct skb_shape *shape)
{
	char byte;

	if (shaper < 0)
		return true;
	if (read(shaper, &byte, sizeof(byte)) >= 0 ||
	    (errno == ENODATA && !(shape && shape->flags & (SHAPE_CLONED | SHAPE_SHARED))) ||
	    (errno == EBADMSG && shape && stack_changes(shape)))
		return true;
	perror("what another one had of it");
	return false;
}

static bool send_plain(const struct bench *bench, const struct packet *packet)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(packet->bytes[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6),
		.sll_ifindex = if_nametoindex(bench->dev),
	};

	return sendto(bench->out, packet->bytes, packet->len, 0, (void *)&to, sizeof(to)) ==
	       packet->len;
}

bool send_shaped(const struct bench *bench, const struct lot *lot, const struct packet *packet)
{
	static uint8_t request[sizeof(struct skb_shape) + PACKET_MAX_LEN];
	struct skb_shape shape = lot->shape;
	ssize_t len = sizeof(shape) + packet->len;

	strcpy(shape.dev, bench->dev);
	if (shape.summed == SHAPE_SUMMED_PARTIAL && !shape.csum_offset) {
		shape.csum_start = packet->l4;
		shape.csum_offset = packet->check - packet->l4;
	}
	memcpy(request, &shape, sizeof(shape));
	memcpy(request + sizeof(shape), packet->bytes, packet->len);
	return write(bench->shaper, request, len) == len;
}

static bool arrives(const struct bench *bench, const struct lot *lot, const struct packet *train)
{
	static uint8_t bytes[PACKET_MAX_LEN];
	static struct packet segment;
	unsigned int count = packet_segments(train, lot->shape.gso_size);
	unsigned int i;
	size_t len;

	for (i = 0; i < count; i++) {
		packet_segment(train, lot->shape.gso_size, i, &segment);
		if (!check_wire(bench, &segment, lot->kind.tos))
			return false;
		if (lot->tos < 0)
			continue;
		packet_set_tos(&segment, lot->tos);
		len = receive_ours(bench->in, bytes, false, wait_ms());
		if (!packet_same(&segment, bytes, len)) {
			printf("that is packet %u of %u\n", i + 1, count);
			return false;
		}
	}
	return true;
}

bool goes_through(const struct bench *bench, const struct lot *lot)
{
	static struct packet whole, sent;

	packet_build(&whole, &lot->kind);
	sent = whole;
	if (lot->shape.summed == SHAPE_SUMMED_PARTIAL)
		packet_partial(&sent);
	if (bench->shaper < 0 ? !send_plain(bench, &sent) : !send_shaped(bench, lot, &sent)) {
		perror("not sent");
		return false;
	}
	return arrives(bench, lot, &whole) && check_sender(bench, lot, &whole, &sent) &&
	       check_kept(bench->shaper, &lot->shape) && check_kept(bench->incoming, NULL);
}

void drain(const struct bench *bench)
{
	static uint8_t bytes[PACKET_MAX_LEN];

	while (receive(bench->in, bytes, false, QUIET_MS))
		;
	while (receive(bench->tap, bytes, true, 0))
		;
	while (bench->wire >= 0 && receive(bench->wire, bytes, false, 0))
		;
}

void bench_try(struct bench *bench, struct lot *lot)
{
	lot->kind.number = bench->number++;
	if (bench->failed >= MAX_FAILURES || goes_through(bench, lot))
		return;
	printf("failed: %s, IPv%d %s, payload %u, segments of %u, checksum %u\n", lot->name,
	       lot->kind.v6 ? 6 : 4, lot->kind.tcp ? "TCP" : "UDP", lot->kind.payload_len,
	       lot->shape.gso_size, lot->shape.summed);
	bench->failed++;
	drain(bench);
}

static void open_all(struct bench *bench, char **argv)
{
	bench->sender = open(argv[2], O_RDONLY);
	bench->receiver = open(argv[3], O_RDONLY);
	bench->dev = argv[4];
	if (bench->sender < 0 || bench->receiver < 0)
		die("namespace");
	bench->in = open_packet(bench->dev, bench->receiver);
	bench->wire = strcmp(argv[5], "-") ? open_packet(argv[5], bench->receiver) : -1;
	bench->tap = open_packet(bench->dev, bench->sender);
	bench->out = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (bench->out < 0)
		die("packet socket");
}

int main(int argc, char *argv[])
{
	struct bench bench = { .shaper = -1, .incoming = -1, .mtu = DEFAULT_MTU, .number = 1 };
	size_t i;

	for (i = 0; argc > 5 && groups[i].name; i++) {
		if (!strcmp(argv[1], groups[i].name))
			break;
	}
	if (argc < 6 || !groups[i].name) {
		fprintf(stderr, "usage: %s GROUP SENDER RECEIVER DEVICE WIRE [ARGUMENT]\n",
			argv[0]);
		return 1;
	}
	if (groups[i].shapes) {
		bench.shaper = open(SKB_SHAPES_DEV, O_RDWR);
		if (bench.shaper < 0)
			return KSFT_SKIP;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	open_all(&bench, argv);
	bench.argument = argc > 6 ? argv[6] : "";
	groups[i].run(&bench);
	printf("cases %u\n", bench.number - 1);
	return bench.failed > 0;
}
