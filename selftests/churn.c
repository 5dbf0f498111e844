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
 *	churn send ADDRESS PORT COUNT		that many datagrams, numbered, one at a time
 *	churn receive PORT			say how many of them came, and how many of those
 *						behind one with a greater number; ends after a
 *						second in which none comes, but not before the first
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
	SEND_INTERVAL_US = 200,
	RECEIVE_BUFFER_LEN = 4 << 20,
	FIRST_WAIT_S = 20,
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
		fail("no rest");
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
		fail("send");
	if (!piece(&interrupted, &messages)) {
		fprintf(stderr, "churn: all peers came at once: %s\n", strerror(errno));
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

static void send_numbered(const struct in_addr *to, int port, int count)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port),
				    .sin_addr = *to };
	int i, sock = socket(AF_INET, SOCK_DGRAM, 0);

	for (i = 0; i < count; i++) {
		sendto(sock, &i, sizeof(i), 0, (void *)&addr, sizeof(addr));
		usleep(SEND_INTERVAL_US);
	}
}

static void receive_numbered(int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };
	int sock = socket(AF_INET, SOCK_DGRAM, 0), size = RECEIVE_BUFFER_LEN;
	struct timeval wait = { .tv_sec = FIRST_WAIT_S };
	int i, greatest = -1, count = 0, swapped = 0;

	setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (bind(sock, (struct sockaddr *)&addr, sizeof(addr)))
		fail("bind");
	wait.tv_sec = 1;
	for (; recv(sock, &i, sizeof(i), 0) == sizeof(i); count++) {
		setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
		if (i < greatest)
			swapped++;
		else
			greatest = i;
	}
	printf("received %d, out of order %d\n", count, swapped);
}

static void print_usage(void)
{
	fprintf(stderr, "usage: churn add IFNAME COUNT [ADDRESS PORT]\n"
			"       churn turn IFNAME COUNT ADDRESS PORT\n"
			"       churn dump IFNAME\n"
			"       churn flood ADDRESS PORT\n"
			"       churn send ADDRESS PORT COUNT\n"
			"       churn receive PORT\n");
	exit(1);
}

/* Return: 0, or -1 when @argv is none of these. */
static int datagrams(int argc, char **argv)
{
	struct in_addr addr;

	if (argc == 3 && !strcmp(argv[1], "receive")) {
		receive_numbered(number(argv[2]));
		return 0;
	}
	if (argc < 4 || inet_pton(AF_INET, argv[2], &addr) != 1)
		return -1;
	if (!strcmp(argv[1], "flood") && argc == 4)
		flood(&addr, number(argv[3]));
	if (strcmp(argv[1], "send") || argc != 5)
		return -1;
	send_numbered(&addr, number(argv[3]), number(argv[4]));
	return 0;
}

/* Return: as datagrams(). */
static int peers(int argc, char **argv)
{
	const struct in_addr *endpoint = NULL;
	struct in_addr addr;
	int i, port = 0;

	if (argc == 6 && inet_pton(AF_INET, argv[4], &addr) == 1) {
		endpoint = &addr;
		port = number(argv[5]);
	}
	if (argc < 3)
		return -1;
	ifname = argv[2];
	fd = genl_open(&family_id);
	if (fd < 0)
		fail("no family");
	if (!strcmp(argv[1], "add") && (argc == 4 || endpoint)) {
		for (i = 0; i < number(argv[3]); i++)
			add(i, endpoint, port);
	} else if (!strcmp(argv[1], "turn") && endpoint) {
		turn(number(argv[3]), endpoint, port);
	} else if (!strcmp(argv[1], "dump") && argc == 3) {
		dump();
	} else {
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (datagrams(argc, argv) && peers(argc, argv))
		print_usage();
	return 0;
}
