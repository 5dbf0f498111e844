// SPDX-License-Identifier: GPL-2.0
/*
 * Put the responder of a tunnel under load: send handshake initiations whose mac1 is
 * right and whose contents are noise, in bursts, until SIGTERM or SIGINT.
 *
 *	flood ADDRESS PORT PUBLIC-KEY BURST INTERVAL-MS
 *
 * A right mac1 needs no more than the responder's public key (the WireGuard paper, 5.4.4),
 * so each message costs the responder a curve operation, unless it asks for a cookie.
 * At the end "sent N cookies N other N" tells what came back. It stands alone, with a
 * BLAKE2s of its own (RFC 7693), so that it can be linked statically and run in a guest.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../blake2s.h"

enum {
	KEY_LEN = 32,
	KEY_BASE64_LEN = 44,
	MAC_LEN = 16,
	INITIATION_LEN = 148,
	INITIATION_MACS = 116,	/* offset of mac1; mac2 is last */
	COOKIE_REPLY_LEN = 64,
	MESSAGES = 64,		/* different initiations that are sent in turn */
	RECEIVE_BUFFER_LEN = 8 << 20,	/* for the replies to a burst */
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	stopped = signal;
}

/* Return: false when it is not the base64 of 32 bytes */
static bool decode_key(uint8_t key[KEY_LEN], const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	const char *digit;
	size_t i, n = 0;

	if (strlen(text) != KEY_BASE64_LEN || text[KEY_BASE64_LEN - 1] != '=')
		return false;
	for (i = 0; i < KEY_BASE64_LEN - 1; i++) {
		digit = strchr(digits, text[i]);
		if (!digit)
			return false;
		bits = bits << 6 | (digit - digits);
		/* The first digit of each four completes no byte */
		if (i % 4)
			key[n++] = bits >> (6 - 2 * (i % 4));
	}
	return true;
}

static bool make_initiation(uint8_t msg[INITIATION_LEN], const uint8_t public_key[KEY_LEN])
{
	static const char label[] = "mac1----";
	uint8_t labelled[sizeof(label) - 1 + KEY_LEN], mac1_key[KEY_LEN];

	if (getrandom(msg, INITIATION_LEN, 0) != INITIATION_LEN)
		return false;
	memcpy(labelled, label, sizeof(label) - 1);
	memcpy(labelled + sizeof(label) - 1, public_key, KEY_LEN);
	blake2s(mac1_key, KEY_LEN, NULL, 0, labelled, sizeof(labelled));
	memcpy(msg, "\x01\0\0\0", 4);
	blake2s(msg + INITIATION_MACS, MAC_LEN, mac1_key, KEY_LEN, msg, INITIATION_MACS);
	memset(msg + INITIATION_MACS + MAC_LEN, 0, MAC_LEN);
	return true;
}

/* Return: a socket, or -1 when the address or the port is none */
static int connect_to(const char *address, const char *port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	struct sockaddr *to = (struct sockaddr *)&v4;
	const int buffer = RECEIVE_BUFFER_LEN;
	socklen_t len = sizeof(v4);
	int fd;

	if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1) {
		to = (struct sockaddr *)&v6;
		len = sizeof(v6);
	} else if (inet_pton(AF_INET, address, &v4.sin_addr) != 1) {
		return -1;
	}
	fd = socket(to->sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) ||
	    connect(fd, to, len)) {
		close(fd);
		return -1;
	}
	return fd;
}

struct counts {
	unsigned long sent, cookies, other;
};

static void count_replies(int fd, struct counts *counts)
{
	uint8_t reply[INITIATION_LEN];
	ssize_t len;

	while ((len = recv(fd, reply, sizeof(reply), MSG_TRUNC)) >= 0) {
		if (len == COOKIE_REPLY_LEN && reply[0] == 3)
			counts->cookies++;
		else
			counts->other++;
	}
}

static void send_burst(int fd, struct mmsghdr *messages, long burst, struct counts *counts)
{
	int n;

	while (burst > 0 && !stopped) {
		n = sendmmsg(fd, messages, burst < MESSAGES ? burst : MESSAGES, 0);
		/* A full queue or an ICMP error: the rest of this burst is not missed */
		if (n < 0)
			return;
		counts->sent += n;
		burst -= n;
	}
}

static void flood(int fd, struct mmsghdr *messages, long burst, long interval_ms)
{
	const struct timespec pause = { interval_ms / 1000, interval_ms % 1000 * 1000000 };
	struct counts counts = { 0 };

	while (!stopped) {
		send_burst(fd, messages, burst, &counts);
		nanosleep(&pause, NULL);
		count_replies(fd, &counts);
	}
	printf("sent %lu cookies %lu other %lu\n", counts.sent, counts.cookies, counts.other);
}

int main(int argc, char *argv[])
{
	static uint8_t initiations[MESSAGES][INITIATION_LEN];
	static struct mmsghdr messages[MESSAGES];
	static struct iovec iovecs[MESSAGES];
	uint8_t public_key[KEY_LEN];
	int fd, i;

	if (argc != 6 || !decode_key(public_key, argv[3]) || atol(argv[4]) <= 0 ||
	    atol(argv[5]) <= 0) {
		fprintf(stderr, "usage: %s ADDRESS PORT PUBLIC-KEY BURST INTERVAL-MS\n", argv[0]);
		return 1;
	}
	fd = connect_to(argv[1], argv[2]);
	if (fd < 0) {
		fprintf(stderr, "%s: cannot reach %s port %s\n", argv[0], argv[1], argv[2]);
		return 1;
	}
	for (i = 0; i < MESSAGES; i++) {
		if (!make_initiation(initiations[i], public_key))
			return 1;
		iovecs[i] = (struct iovec){ initiations[i], INITIATION_LEN };
		messages[i].msg_hdr.msg_iov = &iovecs[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	flood(fd, messages, atol(argv[4]), atol(argv[5]));
	close(fd);
	return 0;
}
