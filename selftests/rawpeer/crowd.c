// SPDX-License-Identifier: GPL-2.0
/* A command of rawpeer: many senders, each of a network of its own, each with its cookie. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asm/byteorder.h>

#include "rawpeer.h"

enum {
	MAX_CROWD = 1 << 17,
	PORTION = 64,		/* that many at once, then the device gets some time */
	PORTION_MS = 2,
	SILENCE_MS = 500,	/* nothing more comes */
	ROUNDS = 4,		/* for those whose answer was lost */
};

static struct cookie cookies[MAX_CROWD];
static bool have[MAX_CROWD];
static struct sockaddr_in6 device;
static long cookie_count;
/* The number of the first network */
static u32 first;

/* Local to the namespace, which need not have a device with it: "ip route add local" */
static struct in6_addr address_of(u32 i)
{
	struct in6_addr addr = { .s6_addr = { 0xfd, 0x01, 0, 0, i >> 24, i >> 16, i >> 8, i } };

	addr.s6_addr[15] = 1;
	return addr;
}

static int open_crowd(int port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	socklen_t len = sizeof(device);
	const int one = 1;
	int fd;

	if (getpeername(state.lanes[HOME].fd, (void *)&device, &len) ||
	    device.sin6_family != AF_INET6)
		return -1;
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one)) ||
	    bind(fd, (void *)&any, sizeof(any)))
		return -1;
	return fd;
}

static bool send_from(int fd, u32 i, const void *data, size_t len)
{
	struct iovec part = { .iov_base = (void *)data, .iov_len = len };
	struct in6_pktinfo info = { .ipi6_addr = address_of(first + i) };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(info))];
	} control;
	struct msghdr msg = {
		.msg_name = &device, .msg_namelen = sizeof(device),
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	memset(&control, 0, sizeof(control));
	control.header.cmsg_level = IPPROTO_IPV6;
	control.header.cmsg_type = IPV6_PKTINFO;
	control.header.cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(&control.header), &info, sizeof(info));
	return sendmsg(fd, &msg, 0) == (ssize_t)len;
}

/* Its index is that of who has asked */
static void take_cookies(int fd, int ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct message_cookie msg;
	u32 i;

	while (poll(&ready, 1, ms) > 0) {
		if (recv(fd, &msg, sizeof(msg), MSG_DONTWAIT) != sizeof(msg))
			continue;
		i = le32_to_cpu(msg.receiver_index);
		if (i >= MAX_CROWD || have[i])
			continue;
		have[i] = cookie_consume_reply(&cookies[i], &msg, CRAFT_NOW_NS);
		cookie_count += have[i];
	}
}

/* Those who have a cookie, or those who have none */
static unsigned long send_all(int fd, u32 count, bool with)
{
	struct message_initiation msg;
	unsigned long sent = 0;
	u32 i;

	for (i = 0; i < count; i++) {
		if (have[i] != with)
			continue;
		state.craft.index = i - 1;
		make_noise(&msg, &cookies[i]);
		sent += send_from(fd, i, &msg, sizeof(msg));
		if (sent % PORTION == 0)
			take_cookies(fd, PORTION_MS);
	}
	take_cookies(fd, SILENCE_MS);
	return sent;
}

void do_crowd(char *const *words, int n)
{
	u32 i, count = number(words, n, 0, 0);
	int round, fd = open_crowd(number(words, n, 1, 0));

	if (fd < 0 || count > MAX_CROWD) {
		puts("error: no such crowd");
		return;
	}
	first = number(words, n, 2, 0);
	for (i = 0; i < count; i++)
		cookie_init(&cookies[i], state.craft.remote);
	memset(have, 0, sizeof(have));
	cookie_count = 0;
	for (round = 0; round < ROUNDS && cookie_count < count; round++)
		send_all(fd, count, false);
	printf("crowd %ld sent %lu\n", cookie_count, send_all(fd, count, true));
	close(fd);
}
