// SPDX-License-Identifier: GPL-2.0
/*
 * Print one line for each tunnel message that passes a device, until SIGTERM or SIGINT:
 *
 *	wiretap DEVICE PORT...
 *
 *	TIME DIRECTION FAMILY TYPE LENGTH TOS MAC2
 *
 * TIME is seconds of the wall clock; DIRECTION out or in; FAMILY 4 or 6; TYPE the first word
 * of the message as a number; LENGTH that of the UDP payload; TOS DSCP and ECN in hexadecimal;
 * MAC2 1 when it is a handshake message that carries one, else 0. Only UDP from or to one of
 * the PORTs counts. The last line is "lost N": packets that were not looked at for want of
 * buffers. It stands alone, so that it can be linked statically and run in a guest.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	MAC_LEN = 16,
	INITIATION_LEN = 148,
	RESPONSE_LEN = 92,
	BUFFER_LEN = 65536,
	RECEIVE_BUFFER_LEN = 64 << 20,
};

/* struct message - what a line tells of a UDP packet */
struct message {
	const uint8_t *payload;
	size_t len;
	int family;
	unsigned int tos;
	uint16_t source, dest;
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	stopped = signal;
}

static bool parse_udp(struct message *msg, const uint8_t *data, size_t len)
{
	struct udphdr udp;

	if (len < sizeof(udp))
		return false;
	memcpy(&udp, data, sizeof(udp));
	msg->source = ntohs(udp.source);
	msg->dest = ntohs(udp.dest);
	msg->payload = data + sizeof(udp);
	msg->len = len - sizeof(udp);
	return ntohs(udp.len) == len;
}

static bool parse_packet(struct message *msg, const uint8_t *data, size_t len)
{
	struct ip6_hdr ip6;
	struct iphdr ip4;

	if (len < sizeof(ip4))
		return false;
	msg->family = data[0] >> 4;
	if (msg->family == 4) {
		memcpy(&ip4, data, sizeof(ip4));
		msg->tos = ip4.tos;
		if (ip4.protocol != IPPROTO_UDP || ntohs(ip4.tot_len) > len ||
		    ntohs(ip4.tot_len) < ip4.ihl * 4)
			return false;
		return parse_udp(msg, data + ip4.ihl * 4, ntohs(ip4.tot_len) - ip4.ihl * 4);
	}
	if (msg->family != 6 || len < sizeof(ip6))
		return false;
	memcpy(&ip6, data, sizeof(ip6));
	msg->tos = ntohl(ip6.ip6_flow) >> 20 & 0xff;
	if (ip6.ip6_nxt != IPPROTO_UDP || ntohs(ip6.ip6_plen) + sizeof(ip6) > len)
		return false;
	return parse_udp(msg, data + sizeof(ip6), ntohs(ip6.ip6_plen));
}

static bool has_mac2(const struct message *msg, uint32_t type)
{
	static const uint8_t none[MAC_LEN];

	if ((type != 1 || msg->len != INITIATION_LEN) && (type != 2 || msg->len != RESPONSE_LEN))
		return false;
	return memcmp(msg->payload + msg->len - MAC_LEN, none, MAC_LEN);
}

static bool wanted(const struct message *msg, char *const ports[])
{
	int port;

	for (; *ports; ports++) {
		port = atoi(*ports);
		if (msg->source == port || msg->dest == port)
			return true;
	}
	return false;
}

static void print_message(const struct message *msg, bool out, const struct timespec *time)
{
	uint32_t type = 0;

	if (msg->len >= sizeof(type))
		type = msg->payload[0] | msg->payload[1] << 8 | msg->payload[2] << 16 |
		       (uint32_t)msg->payload[3] << 24;
	printf("%lld.%06ld %s %d %u %zu %02x %d\n", (long long)time->tv_sec, time->tv_nsec / 1000,
	       out ? "out" : "in", msg->family, type, msg->len, msg->tos, has_mac2(msg, type));
}

/* Return: the time that the kernel gave the packet, or none */
static const struct timespec *stamp(struct msghdr *hdr)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(hdr); cmsg; cmsg = CMSG_NXTHDR(hdr, cmsg))
		if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_TIMESTAMPNS)
			return (const struct timespec *)CMSG_DATA(cmsg);
	return NULL;
}

/* @unblocked: signals that end the waiting; elsewhere they are blocked, so that none is missed */
static void listen_in(int fd, char *const ports[], const sigset_t *unblocked)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	static uint8_t data[BUFFER_LEN];
	union {
		struct cmsghdr align;
		char room[64];
	} control;
	struct iovec iov = { data, sizeof(data) };
	const struct timespec *time;
	struct sockaddr_ll from;
	struct message msg;
	ssize_t len;

	while (!stopped) {
		struct msghdr hdr = {
			.msg_name = &from, .msg_namelen = sizeof(from),
			.msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = control.room, .msg_controllen = sizeof(control),
		};

		if (ppoll(&ready, 1, NULL, unblocked) < 0)
			continue;
		len = recvmsg(fd, &hdr, MSG_DONTWAIT);
		if (len < 0)
			continue;
		time = stamp(&hdr);
		if (time && parse_packet(&msg, data, len) && wanted(&msg, ports))
			print_message(&msg, from.sll_pkttype == PACKET_OUTGOING, time);
	}
}

static int open_device(const char *name)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(name),
	};
	const int on = 1, buffer = RECEIVE_BUFFER_LEN;
	int fd;

	if (!addr.sll_ifindex)
		return -1;
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

int main(int argc, char *argv[])
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);
	sigset_t blocked, before;
	int fd;

	if (argc < 3) {
		fprintf(stderr, "usage: %s DEVICE PORT...\n", argv[0]);
		return 1;
	}
	fd = open_device(argv[1]);
	if (fd < 0) {
		fprintf(stderr, "%s: cannot listen on %s\n", argv[0], argv[1]);
		return 1;
	}
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("listening");
	listen_in(fd, argv + 2, &before);
	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	printf("lost %u\n", stats.tp_drops);
	close(fd);
	return 0;
}
