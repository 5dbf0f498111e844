// SPDX-License-Identifier: GPL-2.0
/* The groups of shapes.c: which packets it sends, and in what shapes. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shapes.h"
#include "shapes_bench.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum {
	EF = 0xb8,			/* a traffic class, without its ECN bits */
	MYTUN_MAX_LEN = 65455,		/* of an inner packet */
};

/* A packet that long with its headers, of either family */
static void try_len(struct bench *bench, struct lot *lot, bool v6, unsigned int len)
{
	lot->kind.v6 = v6;
	lot->kind.payload_len = 0;
	if (len < packet_headers(&lot->kind))
		return;
	lot->kind.payload_len = len - packet_headers(&lot->kind);
	bench_try(bench, lot);
}

/**
 * struct form - a shape with its name
 * @name: for people
 * @shape: where the bytes are; the rest is up to the group
 */
struct form {
	const char *name;
	struct skb_shape shape;
};

#define DIRECT .flags = SHAPE_DIRECT

static const struct form heads[] = {
	{ "ample room", { .headroom = 256 } },
	{ "no headroom", { .headroom = 0 } },
	{ "headroom 2", { .headroom = 2 } },
	{ "headroom 17", { .headroom = 17 } },
	{ "no tailroom", { .flags = SHAPE_NO_TAILROOM } },
	{ "no headroom, direct", { DIRECT } },
};

static const struct form pages[] = {
	{ "one page", { .headroom = 256, .linear = 60, .frags = 1 } },
	{ "all in one page", { .frags = 1 } },
	{ "two pages, headers torn", { .linear = 10, .frags = 2 } },
	{ "17 fragments", { .headroom = 256, .linear = 60, .frags = 17 } },
	{ "17 fragments, nothing before them", { .frags = 17 } },
	{ "17 fragments, direct", { .linear = 28, .frags = 17, DIRECT } },
};

static const struct form lists[] = {
	{ "list of one", { .headroom = 256, .linear = 60, .list = 1 } },
	{ "list of eight, no headroom", { .linear = 60, .list = 8 } },
	{ "list of one, direct", { .headroom = 256, .linear = 60, .list = 1, DIRECT } },
	{ "list of eight, direct", { .linear = 60, .list = 8, DIRECT } },
	{ "list of eight, headers in it, direct", { .list = 8, DIRECT } },
	{ "list of 24, direct", { .linear = 60, .list = 24, DIRECT } },
	{ "list of 25, direct", { .linear = 60, .list = 25, DIRECT } },
	{ "list of 60, direct", { .linear = 60, .list = 60, DIRECT } },
	{ "17 fragments and list of 8, direct", { .linear = 60, .frags = 17, .list = 8, DIRECT } },
	{ "17 fragments and list of 40", { .linear = 60, .frags = 17, .list = 40 } },
};

/* Each of them is sent with a clone, and with a second reference */
static const struct form others[] = {
	{ "head", { .headroom = 256 } },
	{ "head without room", { .headroom = 0 } },
	{ "17 fragments", { .linear = 60, .frags = 17 } },
	{ "list of eight", { .linear = 60, .list = 8, DIRECT } },
	{ "17 fragments and list of 40", { .linear = 60, .frags = 17, .list = 40, DIRECT } },
};

/* Those of all of them that a datagram can have between IP and UDP: its IP header is linear */
static const struct form incoming[] = {
	{ "ample room", { .headroom = 256 } },
	{ "no headroom", { .headroom = 0 } },
	{ "odd headroom", { .headroom = 17 } },
	{ "no tailroom", { .flags = SHAPE_NO_TAILROOM } },
	{ "clone", { .headroom = 256, .flags = SHAPE_CLONED } },
	{ "one page", { .linear = 40, .frags = 1 } },
	{ "17 fragments", { .linear = 40, .frags = 17 } },
	{ "17 fragments, header of the message torn", { .linear = 53, .frags = 17 } },
	{ "17 fragments of a clone", { .linear = 40, .frags = 17, .flags = SHAPE_CLONED } },
	{ "list of one", { .linear = 40, .list = 1 } },
	{ "list of eight", { .linear = 53, .list = 8 } },
	{ "list of 24", { .linear = 40, .list = 24 } },
	{ "list of 60", { .linear = 40, .list = 60 } },
	{ "list of eight of a clone", { .linear = 40, .list = 8, .flags = SHAPE_CLONED } },
	{ "17 fragments and list of 40", { .linear = 40, .frags = 17, .list = 40 } },
	{ "17 fragments and list of 40 of a clone",
	  { .linear = 40, .frags = 17, .list = 40, .flags = SHAPE_CLONED } },
};

/* Inner lengths that are tried with each form; the shortest is the headers' */
static const unsigned int lengths[] = { 28, 48, 49, 63, 64, 65, 100, 575, 1300, 1419, 1420 };

static void try_lengths(struct bench *bench, struct lot *lot)
{
	size_t i;

	for (i = 0; i < COUNT_OF(lengths); i++) {
		try_len(bench, lot, false, lengths[i]);
		try_len(bench, lot, true, lengths[i]);
	}
}

static void try_forms(struct bench *bench, const struct form *forms, size_t count,
		      unsigned int flags)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct lot lot = { .name = forms[i].name, .shape = forms[i].shape };

		lot.shape.flags |= flags;
		try_lengths(bench, &lot);
	}
}

static void do_heads(struct bench *bench)
{
	try_forms(bench, heads, COUNT_OF(heads), 0);
}

static void do_pages(struct bench *bench)
{
	try_forms(bench, pages, COUNT_OF(pages), 0);
}

static void do_lists(struct bench *bench)
{
	try_forms(bench, lists, COUNT_OF(lists), 0);
}

static void do_clones(struct bench *bench)
{
	try_forms(bench, others, COUNT_OF(others), SHAPE_CLONED);
}

static void do_shared(struct bench *bench)
{
	try_forms(bench, others, COUNT_OF(others), SHAPE_SHARED);
}

static void do_summed(struct bench *bench)
{
	unsigned int flags[] = { 0, SHAPE_CLONED, SHAPE_SHARED };
	unsigned int summed;
	size_t i, j;

	for (summed = 0; summed <= SHAPE_SUMMED_PARTIAL; summed++) {
		for (i = 0; i < COUNT_OF(others); i++) {
			for (j = 0; j < COUNT_OF(flags); j++) {
				struct lot lot = {
					.name = others[i].name,
					.shape = others[i].shape,
				};

				lot.shape.flags |= flags[j];
				lot.shape.summed = summed;
				try_len(bench, &lot, false, 1300);
				try_len(bench, &lot, true, 1300);
				lot.kind.tcp = true;
				try_len(bench, &lot, false, 101);
				try_len(bench, &lot, true, 101);
			}
		}
	}
}

/* Trains: payload of each segment, and of all. The last is more than one batch is long. */
static const struct {
	unsigned int size, all;
} trains[] = {
	{ 1340, 1341 },
	{ 1340, 5 * 1340 },
	{ 1340, 20001 },
	{ 50, 3000 },
	{ 50, 3001 },
	{ 33, 8000 },
};

/* As GRO makes a list: the first segment in the head, each other in an skb of its own */
static void list_segments(struct lot *lot)
{
	unsigned int size = lot->shape.gso_size;

	lot->shape.linear = packet_headers(&lot->kind) + size;
	lot->shape.list = (lot->kind.payload_len - 1) / size;
}

static void try_trains(struct bench *bench, struct lot *lot)
{
	size_t i;
	int v6;

	for (i = 0; i < COUNT_OF(trains); i++) {
		/* The kernel limits UDP's, and we lists */
		if ((!lot->kind.tcp || lot->shape.flags & SHAPE_LIST_OF_SEGMENTS) &&
		    trains[i].all / trains[i].size > 64)
			continue;
		for (v6 = 0; v6 <= 1; v6++) {
			lot->kind.v6 = v6;
			lot->kind.payload_len = trains[i].all;
			lot->shape.gso_size = trains[i].size;
			lot->shape.gso = !lot->kind.tcp ? SHAPE_GSO_UDP :
					 v6 ? SHAPE_GSO_TCP6 : SHAPE_GSO_TCP4;
			if (lot->shape.flags & SHAPE_LIST_OF_SEGMENTS)
				list_segments(lot);
			bench_try(bench, lot);
		}
	}
}

static void try_gso(struct bench *bench, bool tcp, unsigned int summed)
{
	static const struct form forms[] = {
		{ "train, ample room", { .headroom = 256 } },
		{ "train, no headroom", { .headroom = 0 } },
		{ "train in 17 fragments", { .headroom = 256, .linear = 60, .frags = 17 } },
		{ "train in 17 fragments, all of it", { .frags = 17 } },
		{ "train, clone", { .linear = 60, .frags = 17, .flags = SHAPE_CLONED } },
		{ "train, shared", { .linear = 60, .frags = 17, .flags = SHAPE_SHARED } },
		{ "train in a list", { .flags = SHAPE_LIST_OF_SEGMENTS } },
		{ "train in a list, direct", { .flags = SHAPE_LIST_OF_SEGMENTS | SHAPE_DIRECT } },
		{ "train in a list, clone",
		  { .flags = SHAPE_LIST_OF_SEGMENTS | SHAPE_DIRECT | SHAPE_CLONED } },
		{ "train in 17 fragments, direct", { .linear = 60, .frags = 17, DIRECT } },
	};
	size_t i;

	for (i = 0; i < COUNT_OF(forms); i++) {
		struct lot lot = { .name = forms[i].name, .shape = forms[i].shape };

		lot.kind.tcp = tcp;
		lot.shape.summed = summed;
		try_trains(bench, &lot);
	}
}

static void do_tcp_trains(struct bench *bench)
{
	try_gso(bench, true, SHAPE_SUMMED_PARTIAL);
	try_gso(bench, true, SHAPE_SUMMED_NONE);
}

static void do_udp_trains(struct bench *bench)
{
	try_gso(bench, false, SHAPE_SUMMED_PARTIAL);
}

/* What comes in takes that shape from now on. Return: its file. */
static int shape_incoming(const struct bench *bench, const struct skb_shape *form,
			  unsigned int summed)
{
	struct skb_shape shape = *form;
	int fd = open(SKB_SHAPES_DEV, O_RDWR);

	shape.flags |= SHAPE_INCOMING;
	shape.summed = summed;
	shape.port = TUNNEL_PORT;
	if (fd < 0 || setns(bench->receiver, CLONE_NEWNET) ||
	    write(fd, &shape, sizeof(shape)) != sizeof(shape) ||
	    setns(bench->sender, CLONE_NEWNET))
		die(SKB_SHAPES_DEV);
	return fd;
}

static void do_incoming(struct bench *bench)
{
	unsigned int summed;
	size_t i;

	for (i = 0; i < COUNT_OF(incoming); i++) {
		for (summed = 0; summed <= SHAPE_SUMMED_PARTIAL; summed++) {
			struct lot lot = { .name = incoming[i].name };

			bench->incoming = shape_incoming(bench, &incoming[i].shape, summed);
			try_len(bench, &lot, false, 28);
			try_len(bench, &lot, true, 48);
			try_len(bench, &lot, false, 333);
			try_len(bench, &lot, true, 333);
			try_len(bench, &lot, false, 1420);
			try_len(bench, &lot, true, 1420);
			close(bench->incoming);
			bench->incoming = -1;
		}
	}
}

/* ARGUMENT packets of either family by turns, that long with their headers: nothing may arrive */
static void do_refused(struct bench *bench, struct lot *lot, unsigned int len)
{
	static struct packet packet;
	static uint8_t bytes[PACKET_MAX_LEN];
	int i, count = atoi(bench->argument);

	for (i = 0; i < count; i++) {
		lot->kind.v6 = i & 1;
		lot->kind.payload_len = 0;
		lot->kind.payload_len = len - packet_headers(&lot->kind);
		lot->kind.number = bench->number++;
		packet_build(&packet, &lot->kind);
		if (!send_shaped(bench, lot, &packet))
			die(lot->name);
	}
	if (!receive(bench->in, bytes, false, QUIET_MS * 2))
		return;
	printf("a packet has arrived: %s\n", lot->name);
	bench->failed++;
}

static void do_vlan(struct bench *bench)
{
	struct lot lot = { .name = "tagged", .shape = { .headroom = 256, .vlan = 5 } };

	do_refused(bench, &lot, 128);
}

/* Longer than a message can be, as from a device with a larger MTU */
static void do_too_long(struct bench *bench)
{
	struct lot lot = { .name = "too long", .shape = { .headroom = 256 } };

	do_refused(bench, &lot, MYTUN_MAX_LEN + 1);
	do_refused(bench, &lot, PACKET_MAX_LEN);
}

/* A checksum over what is before the packet, in many that would be a train: those are long */
static void do_csum_before(struct bench *bench)
{
	enum { LINK_HEADER = 14, TOGETHER = 50, LONG = 3000 };
	struct lot lot = {
		.name = "checksum before the packet",
		.shape = { .headroom = 256, .flags = SHAPE_DIRECT, .copies = TOGETHER - 1,
			   .summed = SHAPE_SUMMED_PARTIAL, .csum_start = -LINK_HEADER,
			   .csum_offset = 16 },
		.kind.tcp = true,
	};

	do_refused(bench, &lot, LONG);
}

/* Segments of a byte each, as a virtual machine could have them: more than any queue takes */
static void do_tiny_segments(struct bench *bench)
{
	struct lot lot = {
		.name = "60000 segments",
		.shape = { .headroom = 256, .linear = 60, .frags = 17, .flags = SHAPE_DIRECT,
			   .summed = SHAPE_SUMMED_PARTIAL, .gso = SHAPE_GSO_TCP4, .gso_size = 1 },
		.kind.tcp = true,
	};

	do_refused(bench, &lot, 60040);
}

/* More than are in other packets, and few enough for the receiver's queue to have room for all */
static void do_many_segments(struct bench *bench)
{
	struct lot lot = {
		.name = "500 segments",
		.shape = { .headroom = 256, .linear = 60, .frags = 17,
			   .summed = SHAPE_SUMMED_PARTIAL, .gso = SHAPE_GSO_TCP4, .gso_size = 120 },
		.kind = { .tcp = true, .payload_len = 60000 },
	};

	bench_try(bench, &lot);
}

/* An MTU of ARGUMENT: lengths around it, and around multiples of 16 */
static void do_mtu(struct bench *bench)
{
	struct lot lot = { .name = "mtu" };
	unsigned int len, step;
	int v6, families;

	bench->mtu = atoi(bench->argument);
	families = bench->mtu < 1280 ? 1 : 2;
	step = bench->mtu > 10000 ? 7 : 1;
	for (v6 = 0; v6 < families; v6++) {
		for (len = 28; len <= 66 && len <= bench->mtu; len++)
			try_len(bench, &lot, v6, len);
		for (len = bench->mtu; len > 66 && len + 34 > bench->mtu; len -= step)
			try_len(bench, &lot, v6, len);
	}
}

/* The wire gives ARGUMENT to the outer header; RFC 6040, figure 4: what becomes of it */
static void do_ecn(struct bench *bench)
{
	enum { NOT_ECT, ECT_1, ECT_0, CE, DROP = -1 };
	static const int arrived[4][4] = {
		/* inner	outer: Not-ECT, ECT(1), ECT(0), CE */
		[NOT_ECT] = { NOT_ECT, NOT_ECT, NOT_ECT, DROP },
		[ECT_1] = { ECT_1, ECT_1, ECT_1, CE },
		[ECT_0] = { ECT_0, ECT_1, ECT_0, CE },
		[CE] = { CE, CE, CE, CE },
	};
	struct lot lot = { .name = "ECN" };
	int outer = atoi(bench->argument), inner, tos, v6;

	for (inner = 0; inner < 4; inner++) {
		for (v6 = 0; v6 <= 1; v6++) {
			tos = arrived[inner][outer & 3];
			lot.kind.tos = EF | inner;
			lot.tos = tos < 0 ? tos : EF | tos;
			lot.kind.v6 = v6;
			lot.kind.payload_len = 100;
			lot.kind.number = bench->number++;
			if (goes_through(bench, &lot))
				continue;
			printf("failed: ECN %d inside, %d outside, IPv%d\n", inner, outer,
			       v6 ? 6 : 4);
			bench->failed++;
			drain(bench);
		}
	}
}

/* ARGUMENT packets at once: all arrive, and what was kept of them is as it was */
static void do_together(struct bench *bench, unsigned int flags)
{
	static struct packet packet;
	static uint8_t bytes[PACKET_MAX_LEN];
	struct lot lot = { .shape = { .headroom = 256, .flags = flags } };
	int count = atoi(bench->argument), came = 0;

	lot.shape.copies = count - 1;
	lot.kind.tcp = true;
	lot.kind.number = bench->number++;
	packet_build(&packet, &lot.kind);
	if (!send_shaped(bench, &lot, &packet))
		die("not sent");
	while (receive(bench->in, bytes, false, QUIET_MS))
		came += packet_is_ours(bytes, packet.len);
	printf("arrived: %d\n", came);
	bench->failed += came != count;
	if (read(bench->shaper, bytes, 1) < 0 && (errno != ENODATA || flags & SHAPE_ORIGINAL)) {
		perror("what was kept");
		bench->failed++;
	}
}

/* That hold a reference to their socket: it has none of them in the end */
static void do_owned(struct bench *bench)
{
	do_together(bench, SHAPE_OWNED);
}

/* Past the packet socket on the device: with its clone nothing would be the headers' alone */
static void do_originals(struct bench *bench)
{
	do_together(bench, SHAPE_ORIGINAL | SHAPE_DIRECT);
}

static void do_foreign(struct bench *bench)
{
	do_together(bench, SHAPE_FOREIGN);
}

const struct group groups[] = {
	{ "heads", true, do_heads },
	{ "pages", true, do_pages },
	{ "lists", true, do_lists },
	{ "clones", true, do_clones },
	{ "shared", true, do_shared },
	{ "summed", true, do_summed },
	{ "tcp-trains", true, do_tcp_trains },
	{ "udp-trains", true, do_udp_trains },
	{ "incoming", true, do_incoming },
	{ "vlan", true, do_vlan },
	{ "too-long", true, do_too_long },
	{ "csum-before", true, do_csum_before },
	{ "tiny-segments", true, do_tiny_segments },
	{ "many-segments", true, do_many_segments },
	{ "owned", true, do_owned },
	{ "originals", true, do_originals },
	{ "foreign", true, do_foreign },
	{ "mtu", false, do_mtu },
	{ "ecn", false, do_ecn },
	{ NULL },
};
