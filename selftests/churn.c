// SPDX-License-Identifier: GPL-2.0
/*
 * What the scripts about lifetimes do often, quickly, or for a long time:
 *
 *	churn add IFNAME COUNT [ADDRESS PORT]	add peers, numbered from 0. With an endpoint
 *						they get a keepalive, and so begin a handshake
 *	churn turn IFNAME COUNT ADDRESS PORT	add and remove that many peers; 32 of them are
 *						there at a time, with handshakes in flight
 *	churn dump IFNAME			begin a dump of the peers and say "open"; at the
 *						end of the input read the rest, and say whether
 *						it is "complete", "interrupted" or an error
 *	churn flood ADDRESS PORT		UDP datagrams, until SIGTERM
 *
 * Static, as it runs in a guest. Addresses are those of IPv4.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "genl.h"

enum {
	PEERS_AT_A_TIME = 32,
	KEEPALIVE_S = 1,
	DATAGRAM_LEN = 200,
	BURST = 16,
	BURST_INTERVAL_US = 4000,
	DUMP_BUFFER_LEN = 4096,	/* small, so that a dump takes many pieces */
};

static int fd, family_id;
static const char *ifname;

static void fail(const char *what)
{
	fprintf(stderr, "churn: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int number(const char *word)
{
	char *rest;
	long value = strtol(word, &rest, 10);

	if (*rest || value < 0 || value > 1 << 24) {
		errno = EINVAL;
		fail(word);
	}
	return value;
}

static void request(uint8_t cmd, uint16_t flags)
{
	begin(family_id, cmd, flags);
	put(MYTUN_A_IFNAME, ifname, strlen(ifname) + 1);
}

/* The request is done: 0, or an error */
static int done(void)
{
	const struct nlmsgerr *error = (const void *)(msg.bytes + NLMSG_HDRLEN);
	ssize_t len = answer(fd);

	if (len < (ssize_t)NLMSG_LENGTH(sizeof(error->error)) || msg.nl.nlmsg_type != NLMSG_ERROR)
		fail("no answer");
	return -error->error;
}

static struct nlattr *peer(int i)
{
	uint8_t key[MYTUN_KEY_LEN] = { 9, 1, i, i >> 8, i >> 16 };
	struct nlattr *attr = nest(MYTUN_A_PEER);

	put(MYTUN_PEER_A_PUBLIC_KEY, key, sizeof(key));
	return attr;
}

static void add(int i, const struct in_addr *addr, int port)
{
	struct nlattr *attr;

	request(MYTUN_CMD_PEER_NEW, 0);
	attr = peer(i);
	if (addr) {
		put(MYTUN_PEER_A_ENDPOINT_ADDR, addr, sizeof(*addr));
		put_u16(MYTUN_PEER_A_ENDPOINT_PORT, port);
		put_u16(MYTUN_PEER_A_PERSISTENT_KEEPALIVE, KEEPALIVE_S);
	}
	end(attr);
	errno = done();
	if (errno)
		fail("add");
}

static void del(int i)
{
	request(MYTUN_CMD_PEER_DEL, 0);
	end(peer(i));
	errno = done();
	if (errno)
		fail("remove");
}

static void turn(int count, const struct in_addr *addr, int port)
{
	int i;

	for (i = 0; i < count + PEERS_AT_A_TIME; i++) {
		if (i < count)
			add(i, addr, port);
		if (i >= PEERS_AT_A_TIME)
			del(i - PEERS_AT_A_TIME);
	}
	printf("%d peers added and removed\n", count);
}

/* One piece of a dump. Return: true when there is more. */
static bool piece(bool *interrupted, int *messages)
{
	static char buf[DUMP_BUFFER_LEN] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t left = recv(fd, buf, sizeof(buf), 0);
	struct nlmsghdr *nl = (struct nlmsghdr *)buf;

	if (left < 0)
		fail("dump");
	for (; NLMSG_OK(nl, left); nl = NLMSG_NEXT(nl, left)) {
		*interrupted |= nl->nlmsg_flags & NLM_F_DUMP_INTR;
		if (nl->nlmsg_type == NLMSG_DONE || nl->nlmsg_type == NLMSG_ERROR) {
			errno = -*(int *)NLMSG_DATA(nl);
			return false;
		}
		*messages += 1;
	}
	return true;
}

static void dump(void)
{
	bool interrupted = false, more;
	int messages = 0;
	char c;

	request(MYTUN_CMD_PEER_GET, NLM_F_DUMP);
	if (send(fd, &msg, msg.nl.nlmsg_len, 0) < 0)
		fail("dump");
	if (!piece(&interrupted, &messages)) {
		fprintf(stderr, "churn: the dump is over at once: %s\n", strerror(errno));
		exit(1);
	}
	printf("open\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	do {
		more = piece(&interrupted, &messages);
	} while (more);
	if (errno)
		printf("%s\n", strerror(errno));
	else
		printf("%s\n", interrupted ? "interrupted" : "complete");
	printf("%d messages\n", messages);
}

static void flood(const struct in_addr *to, int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port),
				    .sin_addr = *to };
	char datagram[DATAGRAM_LEN] = "";
	int i, sock = socket(AF_INET, SOCK_DGRAM, 0);

	for (;;) {
		/* There may be no way for a while: that is what the scripts are about */
		for (i = 0; i < BURST; i++)
			sendto(sock, datagram, sizeof(datagram), 0, (void *)&addr, sizeof(addr));
		usleep(BURST_INTERVAL_US);
	}
}

static void usage(void)
{
	fprintf(stderr, "usage: churn add IFNAME COUNT [ADDRESS PORT]\n"
			"       churn turn IFNAME COUNT ADDRESS PORT\n"
			"       churn dump IFNAME\n"
			"       churn flood ADDRESS PORT\n");
	exit(1);
}

int main(int argc, char **argv)
{
	const char *command = argc > 2 ? argv[1] : "";
	bool has_endpoint = argc > 5 || !strcmp(command, "flood");
	struct in_addr addr;
	int i, port = 0;

	if (has_endpoint) {
		if (argc < 4 || inet_pton(AF_INET, argv[argc - 2], &addr) != 1)
			usage();
		port = number(argv[argc - 1]);
	}
	if (!strcmp(command, "flood"))
		flood(&addr, port);
	ifname = argv[2];
	fd = genl_open(&family_id);
	if (fd < 0)
		fail("no family");
	if (!strcmp(command, "add") && argc > 3) {
		for (i = 0; i < number(argv[3]); i++)
			add(i, has_endpoint ? &addr : NULL, port);
	} else if (!strcmp(command, "turn") && has_endpoint) {
		turn(number(argv[3]), &addr, port);
	} else if (!strcmp(command, "dump")) {
		dump();
	} else {
		usage();
	}
	close(fd);
	return 0;
}
