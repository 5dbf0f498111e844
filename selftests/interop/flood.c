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

enum {
	KEY_LEN = 32,
	KEY_BASE64_LEN = 44,
	MAC_LEN = 16,
	INITIATION_LEN = 148,
	INITIATION_MACS = 116,	/* offset of mac1; mac2 is last */
	COOKIE_REPLY_LEN = 64,
	BLOCK_LEN = 64,		/* BLAKE2s */
	MESSAGES = 64,		/* different initiations that are sent in turn */
};

static const uint32_t blake2s_iv[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static const uint8_t blake2s_sigma[10][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	stopped = signal;
}

static uint32_t rotate_right(uint32_t word, unsigned int bits)
{
	return word >> bits | word << (32 - bits);
}

/* The function G of RFC 7693, section 3.1 */
static void mix(uint32_t v[16], int a, int b, int c, int d, uint32_t x, uint32_t y)
{
	v[a] += v[b] + x;
	v[d] = rotate_right(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = rotate_right(v[b] ^ v[c], 12);
	v[a] += v[b] + y;
	v[d] = rotate_right(v[d] ^ v[a], 8);
	v[c] += v[d];
	v[b] = rotate_right(v[b] ^ v[c], 7);
}

/* The function F of RFC 7693, section 3.2; @total counts the bytes up to here */
static void compress(uint32_t h[8], const uint8_t block[BLOCK_LEN], uint32_t total, bool last)
{
	uint32_t v[16], m[16];
	const uint8_t *s;
	int i;

	for (i = 0; i < 16; i++)
		m[i] = block[4 * i] | block[4 * i + 1] << 8 | block[4 * i + 2] << 16 |
		       (uint32_t)block[4 * i + 3] << 24;
	memcpy(v, h, 8 * sizeof(v[0]));
	memcpy(v + 8, blake2s_iv, sizeof(blake2s_iv));
	v[12] ^= total;
	v[14] ^= last ? UINT32_MAX : 0;
	for (i = 0; i < 10; i++) {
		s = blake2s_sigma[i];
		mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
		mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
		mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
		mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
		mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
		mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
		mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
		mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
	}
	for (i = 0; i < 8; i++)
		h[i] ^= v[i] ^ v[i + 8];
}

static void blake2s(uint8_t *out, size_t out_len, const uint8_t *key, size_t key_len,
		    const uint8_t *in, size_t len)
{
	uint8_t block[BLOCK_LEN] = { 0 };
	uint32_t h[8], total = 0;
	size_t i;

	memcpy(h, blake2s_iv, sizeof(h));
	h[0] ^= 0x01010000 | key_len << 8 | out_len;
	if (key_len) {
		memcpy(block, key, key_len);
		total = BLOCK_LEN;
		compress(h, block, total, !len);
	}
	while (len > BLOCK_LEN) {
		total += BLOCK_LEN;
		compress(h, in, total, false);
		in += BLOCK_LEN;
		len -= BLOCK_LEN;
	}
	if (len || !key_len) {
		memset(block, 0, sizeof(block));
		memcpy(block, in, len);
		compress(h, block, total + len, true);
	}
	for (i = 0; i < out_len; i++)
		out[i] = h[i / 4] >> 8 * (i % 4);
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
	socklen_t len = sizeof(v4);
	int fd;

	if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1) {
		to = (struct sockaddr *)&v6;
		len = sizeof(v6);
	} else if (inet_pton(AF_INET, address, &v4.sin_addr) != 1) {
		return -1;
	}
	fd = socket(to->sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, to, len)) {
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
