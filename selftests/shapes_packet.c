// SPDX-License-Identifier: GPL-2.0
/* See shapes.h; RFC 791, RFC 8200, RFC 768, RFC 9293, RFC 1071. */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>

#include "shapes.h"

enum {
	TTL = 61,
	FIRST_PORT = 1024,
	PORTS = 60000,
	DISCARD_PORT = 9,
	TCP_WINDOW = 4321,
};

static const uint8_t source4[4] = { 10, 9, 0, 1 }, dest4[4] = { 10, 9, 7, 2 };
static const uint8_t source6[16] = { 0xfd, 9, [15] = 1 };
static const uint8_t dest6[16] = { 0xfd, 9, 0, 7, [15] = 2 };

static uint32_t sum_add(uint32_t sum, const uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? bytes[i] : bytes[i] << 8;
	return (sum & 0xffff) + (sum >> 16);
}

static uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static bool is_v6(const struct packet *packet)
{
	return packet->bytes[0] >> 4 == 6;
}

static bool is_tcp(const struct packet *packet)
{
	return packet->payload - packet->l4 == TCP_LEN;
}

static uint32_t pseudo_sum(const struct packet *packet)
{
	unsigned int len = packet->len - packet->l4;
	uint32_t sum = len + (is_tcp(packet) ? IPPROTO_TCP : IPPROTO_UDP);

	if (is_v6(packet))
		return sum_add(sum, packet->bytes + offsetof(struct ip6_hdr, ip6_src),
			       sizeof(source6) + sizeof(dest6));
	return sum_add(sum, packet->bytes + offsetof(struct iphdr, saddr),
		       sizeof(source4) + sizeof(dest4));
}

static void sum_l4(struct packet *packet)
{
	uint8_t *field = packet->bytes + packet->check;
	uint16_t sum;

	put16(field, 0);
	sum = ~sum_fold(sum_add(pseudo_sum(packet), packet->bytes + packet->l4,
				packet->len - packet->l4));
	/* UDP's zero would say that there is none */
	put16(field, sum || is_tcp(packet) ? sum : 0xffff);
}

static void sum_ip4(struct packet *packet)
{
	uint8_t *field = packet->bytes + offsetof(struct iphdr, check);

	put16(field, 0);
	put16(field, ~sum_fold(sum_add(0, packet->bytes, IP4_LEN)));
}

/* What depends on the packet's length, and the checksums */
static void complete(struct packet *packet)
{
	uint8_t *bytes = packet->bytes;

	if (!is_tcp(packet))
		put16(bytes + packet->l4 + offsetof(struct udphdr, len), packet->len - packet->l4);
	if (is_v6(packet)) {
		put16(bytes + offsetof(struct ip6_hdr, ip6_plen), packet->len - IP6_LEN);
	} else {
		put16(bytes + offsetof(struct iphdr, tot_len), packet->len);
		sum_ip4(packet);
	}
	sum_l4(packet);
}

void packet_set_tos(struct packet *packet, uint8_t tos)
{
	if (is_v6(packet)) {
		put16(packet->bytes, 0x6000 | tos << 4);
	} else {
		packet->bytes[1] = tos;
		sum_ip4(packet);
	}
}

static void put_ip4(struct packet *packet, const struct packet_kind *kind)
{
	struct iphdr header = {
		.version = 4,
		.ihl = IP4_LEN / 4,
		.tos = kind->tos,
		.id = htons(kind->number),
		.frag_off = htons(kind->tcp ? IP_DF : 0),
		.ttl = TTL,
		.protocol = kind->tcp ? IPPROTO_TCP : IPPROTO_UDP,
	};

	memcpy(&header.saddr, source4, sizeof(source4));
	memcpy(&header.daddr, dest4, sizeof(dest4));
	memcpy(packet->bytes, &header, sizeof(header));
	packet->l4 = IP4_LEN;
}

static void put_ip6(struct packet *packet, const struct packet_kind *kind)
{
	struct ip6_hdr header = {
		.ip6_flow = htonl(6 << 28 | kind->tos << 20),
		.ip6_nxt = kind->tcp ? IPPROTO_TCP : IPPROTO_UDP,
		.ip6_hlim = TTL,
	};

	memcpy(&header.ip6_src, source6, sizeof(source6));
	memcpy(&header.ip6_dst, dest6, sizeof(dest6));
	memcpy(packet->bytes, &header, sizeof(header));
	packet->l4 = IP6_LEN;
}

static void put_l4(struct packet *packet, const struct packet_kind *kind)
{
	const struct udphdr udp = {
		.source = htons(FIRST_PORT + kind->number % PORTS),
		.dest = htons(DISCARD_PORT),
	};
	const struct tcphdr tcp = {
		.source = udp.source,
		.dest = udp.dest,
		.seq = htonl(0xfffff000 + kind->number),	/* soon round the end */
		.ack_seq = htonl(kind->number),
		.doff = TCP_LEN / 4,
		.ack = 1,
		.psh = 1,
		.window = htons(TCP_WINDOW),
	};

	if (kind->tcp) {
		memcpy(packet->bytes + packet->l4, &tcp, TCP_LEN);
		packet->payload = packet->l4 + TCP_LEN;
		packet->check = packet->l4 + offsetof(struct tcphdr, check);
	} else {
		memcpy(packet->bytes + packet->l4, &udp, UDP_LEN);
		packet->payload = packet->l4 + UDP_LEN;
		packet->check = packet->l4 + offsetof(struct udphdr, check);
	}
}

unsigned int packet_headers(const struct packet_kind *kind)
{
	return (kind->v6 ? IP6_LEN : IP4_LEN) + (kind->tcp ? TCP_LEN : UDP_LEN);
}

void packet_build(struct packet *packet, const struct packet_kind *kind)
{
	uint32_t state = kind->number * 2654435761u + 1;
	unsigned int i;

	if (kind->v6)
		put_ip6(packet, kind);
	else
		put_ip4(packet, kind);
	put_l4(packet, kind);
	for (i = 0; i < kind->payload_len; i++) {
		state = state * 1664525 + 1013904223;
		packet->bytes[packet->payload + i] = state >> 24;
	}
	packet->len = packet->payload + kind->payload_len;
	complete(packet);
}

void packet_partial(struct packet *packet)
{
	put16(packet->bytes + packet->check, sum_fold(pseudo_sum(packet)));
}

unsigned int packet_segments(const struct packet *train, unsigned int size)
{
	return size ? (train->len - train->payload + size - 1) / size : 1;
}

void packet_segment(const struct packet *train, unsigned int size, unsigned int index,
		    struct packet *segment)
{
	unsigned int begin = index * size, len = train->len - train->payload;
	bool last = !size || begin + size >= len;
	struct tcphdr tcp;
	uint16_t id;

	len = last ? len - begin : size;
	memcpy(segment->bytes, train->bytes, train->payload);
	memcpy(segment->bytes + train->payload, train->bytes + train->payload + begin, len);
	segment->len = train->payload + len;
	segment->l4 = train->l4;
	segment->payload = train->payload;
	segment->check = train->check;
	if (!is_v6(train)) {
		memcpy(&id, train->bytes + offsetof(struct iphdr, id), sizeof(id));
		put16(segment->bytes + offsetof(struct iphdr, id), ntohs(id) + index);
	}
	if (is_tcp(train)) {
		memcpy(&tcp, train->bytes + train->l4, TCP_LEN);
		tcp.seq = htonl(ntohl(tcp.seq) + begin);
		tcp.psh = tcp.psh && last;
		memcpy(segment->bytes + segment->l4, &tcp, TCP_LEN);
	}
	complete(segment);
}

bool packet_is_ours(const uint8_t *bytes, size_t len)
{
	if (len >= IP4_LEN && bytes[0] >> 4 == 4)
		return !memcmp(bytes + offsetof(struct iphdr, daddr), dest4, sizeof(dest4));
	return len >= IP6_LEN && bytes[0] >> 4 == 6 &&
	       !memcmp(bytes + offsetof(struct ip6_hdr, ip6_dst), dest6, sizeof(dest6));
}

bool packet_same(const struct packet *wanted, const uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len && i < wanted->len; i++) {
		if (wanted->bytes[i] == bytes[i])
			continue;
		printf("byte %zu of %u: wanted %02x, got %02x\n", i, wanted->len,
		       wanted->bytes[i], bytes[i]);
		return false;
	}
	if (len != wanted->len)
		printf("wanted %u bytes, got %zu\n", wanted->len, len);
	return len == wanted->len;
}
