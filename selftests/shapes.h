/* SPDX-License-Identifier: GPL-2.0 */
/* IP packets with known contents, and the trains of them. */
#ifndef _SHAPES_H
#define _SHAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "module/skb_shapes.h"

enum {
	PACKET_MAX_LEN = 65535,
	IP4_LEN = 20,
	IP6_LEN = 40,
	TCP_LEN = 20,
	UDP_LEN = 8,
};

/**
 * struct packet - an IP packet, and where things are in it
 * @bytes: from the IP header on
 * @len: of all
 * @l4: where the TCP or UDP header begins
 * @payload: where its payload begins
 * @check: where its checksum is
 */
struct packet {
	uint8_t bytes[PACKET_MAX_LEN];
	unsigned int len;
	unsigned int l4;
	unsigned int payload;
	unsigned int check;
};

/**
 * struct packet_kind - what packet_build() makes
 * @v6: IPv6
 * @tcp: TCP, else UDP
 * @payload_len: bytes behind the last header
 * @tos: traffic class
 * @number: of the packet; its ports, its sequence numbers and its payload come of it
 */
struct packet_kind {
	bool v6;
	bool tcp;
	unsigned int payload_len;
	uint8_t tos;
	unsigned int number;
};

/* A packet from 10.9.0.1 or fd09::1 to 10.9.7.2 or fd09:7::2, all its checksums right */
void packet_build(struct packet *packet, const struct packet_kind *kind);
/* Its length without payload */
unsigned int packet_headers(const struct packet_kind *kind);
/* The field gets what is left to be completed from @packet->l4 on: the pseudo header's */
void packet_partial(struct packet *packet);
/* One of the segments of a train with that payload in each, as the wire must have it */
void packet_segment(const struct packet *train, unsigned int size, unsigned int index,
		    struct packet *segment);
unsigned int packet_segments(const struct packet *train, unsigned int size);
/* Is this a packet of ours, to the address that packet_build() uses? */
bool packet_is_ours(const uint8_t *bytes, size_t len);
/* Another traffic class, with the IPv4 header's checksum made anew */
void packet_set_tos(struct packet *packet, uint8_t tos);
/* Say at which byte they differ first. Return: they do not. */
bool packet_same(const struct packet *wanted, const uint8_t *bytes, size_t len);

#endif /* _SHAPES_H */
