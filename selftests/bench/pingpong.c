// SPDX-License-Identifier: GPL-2.0
/*
 * What does a datagram, or a byte of TCP, cost on its way? A closed loop: W datagrams
 * there and one answer back, or N bytes there and one back, between two reads of the
 * clock. In a guest that counts instructions (QEMU -icount shift=0,sleep=off) a
 * nanosecond is an instruction, so that the quotient is instructions of both ends
 * together; but for those in which the processor has nothing to do, when the clock jumps
 * to the next timer.
 *
 *	pingpong serve
 *	pingpong [-b] udp ADDRESS SIZE WINDOW DATAGRAMS REPETITIONS	ns per datagram
 *	pingpong [-b] tcp ADDRESS BYTES REPETITIONS			ns per byte
 *
 * SIZE is the datagram's payload. Each repetition is a line on standard output. The
 * first one of a process warms up and is not shown. -b: of one processor, without those
 * ns in which it was idle, which are a second column.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 7001
#define MAX_DATAGRAM 65507
#define LOST_MS 2000

/* The first bytes of a datagram: which round, and how many datagrams it has */
struct head {
	uint32_t round;
	uint32_t window;
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* A point in time, and the time spent idle until then */
struct moment {
	double now_ns;
	double idle_ns;
};

static char buffer[1 << 18];
static bool busy_alone;

static void die(const char *what)
{
	fprintf(stderr, "pingpong: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

/* Of all processors, as the kernel's clock tick has noted it; -1: Linux 7.2 does not tell. */
static double idle_ns(void)
{
	FILE *in = fopen("/proc/timer_list", "r");
	double idle, sum = -1;
	char line[256];

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, " .idle_sleeptime : %lf nsecs", &idle) == 1)
			sum = sum < 0 ? idle : sum + idle;
	if (!in)
		die("/proc/timer_list");
	fclose(in);
	return sum;
}

static struct moment begin(void)
{
	double idle = busy_alone ? idle_ns() : 0;

	return (struct moment){ .idle_ns = idle, .now_ns = now_ns() };
}

/* What each of @count took since @from */
static void tell(const struct moment *from, double count, int digits)
{
	double took = now_ns() - from->now_ns, idle;

	if (!busy_alone) {
		printf("%.*f\n", digits, took / count);
		return;
	}
	if (from->idle_ns < 0) {
		printf("%.*f -\n", digits, took / count);
		return;
	}
	idle = idle_ns() - from->idle_ns;
	printf("%.*f %.*f\n", digits, (took - idle) / count, digits, idle / count);
}

static int socket_to(const char *text, int type)
{
	union address to = {};
	socklen_t length = sizeof(to.v4);
	int fd;

	if (inet_pton(AF_INET, text, &to.v4.sin_addr) == 1) {
		to.v4.sin_family = AF_INET;
		to.v4.sin_port = htons(PORT);
	} else if (inet_pton(AF_INET6, text, &to.v6.sin6_addr) == 1) {
		to.v6.sin6_family = AF_INET6;
		to.v6.sin6_port = htons(PORT);
		length = sizeof(to.v6);
	} else {
		fprintf(stderr, "pingpong: %s: not an address\n", text);
		exit(2);
	}
	fd = socket(to.any.sa_family, type, 0);
	if (fd < 0 || connect(fd, &to.any, length))
		die(text);
	return fd;
}

static int socket_at(int type)
{
	union address at = { .v6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) } };
	int fd = socket(AF_INET6, type, 0);

	if (fd < 0 || bind(fd, &at.any, sizeof(at.v6)) || (type == SOCK_STREAM && listen(fd, 4)))
		die("serve");
	return fd;
}

/* Answer when all datagrams of a round are there */
static void serve_datagram(int fd)
{
	static uint32_t round, seen;
	union address from;
	socklen_t length = sizeof(from);
	struct head head;
	ssize_t got;

	got = recvfrom(fd, buffer, sizeof(buffer), 0, &from.any, &length);
	if (got < (ssize_t)sizeof(head))
		return;
	memcpy(&head, buffer, sizeof(head));
	if (head.round != round) {
		round = head.round;
		seen = 0;
	}
	if (++seen == head.window)
		sendto(fd, &head, sizeof(head), 0, &from.any, length);
}

/* Take as many bytes as the first eight say, and answer with one, again and again */
static void serve_stream(int fd)
{
	uint64_t left;
	ssize_t got;

	while (recv(fd, &left, sizeof(left), MSG_WAITALL) == sizeof(left)) {
		while (left) {
			got = recv(fd, buffer, left < sizeof(buffer) ? left : sizeof(buffer), 0);
			if (got <= 0)
				break;
			left -= got;
		}
		if (left || send(fd, "", 1, MSG_NOSIGNAL) != 1)
			break;
	}
	close(fd);
}

static void serve(void)
{
	struct pollfd fds[] = {
		{ .fd = socket_at(SOCK_DGRAM), .events = POLLIN },
		{ .fd = socket_at(SOCK_STREAM), .events = POLLIN },
	};
	int accepted;

	signal(SIGCHLD, SIG_IGN);
	while (poll(fds, 2, -1) > 0) {
		if (fds[0].revents)
			serve_datagram(fds[0].fd);
		if (!fds[1].revents)
			continue;
		accepted = accept(fds[1].fd, NULL, NULL);
		if (accepted < 0)
			continue;
		/* A connection each: they may be many at a time */
		if (!fork()) {
			serve_stream(accepted);
			exit(0);
		}
		close(accepted);
	}
	die("poll");
}

/* One round; false if the answer did not come */
static int udp_round(int fd, size_t size, const struct head *head)
{
	struct pollfd answered = { .fd = fd, .events = POLLIN };
	struct head answer;
	uint32_t i;

	memcpy(buffer, head, sizeof(*head));
	for (i = 0; i < head->window; i++)
		if (send(fd, buffer, size, 0) != (ssize_t)size)
			die("send");
	do {
		if (poll(&answered, 1, LOST_MS) != 1)
			return 0;
		if (recv(fd, &answer, sizeof(answer), 0) != sizeof(answer))
			die("recv");
	} while (answer.round != head->round);
	return 1;
}

static void udp(const char *address, size_t size, uint32_t window, unsigned long datagrams,
		unsigned int repetitions)
{
	struct head head = { .round = (uint32_t)getpid() << 16, .window = window };
	int fd = socket_to(address, SOCK_DGRAM);
	unsigned long sent, lost;
	struct moment from;
	unsigned int i;

	for (i = 0; i <= repetitions; i++) {
		lost = 0;
		from = begin();
		for (sent = 0; sent < datagrams; sent += window) {
			head.round++;
			lost += !udp_round(fd, size, &head);
		}
		if (!i)
			continue;
		/* The time would be that of the waiting */
		if (lost) {
			fprintf(stderr, "pingpong: %lu rounds without an answer\n", lost);
			exit(1);
		}
		tell(&from, sent, 1);
	}
	close(fd);
}

static void tcp(const char *address, uint64_t bytes, unsigned int repetitions)
{
	int fd = socket_to(address, SOCK_STREAM);
	unsigned int i;
	uint64_t left;
	struct moment from;
	ssize_t sent;

	for (i = 0; i <= repetitions; i++) {
		from = begin();
		if (send(fd, &bytes, sizeof(bytes), MSG_MORE) != sizeof(bytes))
			die("send");
		for (left = bytes; left; left -= sent) {
			sent = send(fd, buffer, left < sizeof(buffer) ? left : sizeof(buffer), 0);
			if (sent <= 0)
				die("send");
		}
		if (recv(fd, buffer, 1, 0) != 1)
			die("recv");
		if (i)
			tell(&from, bytes, 3);
	}
	close(fd);
}

/* number: a whole number from low to high */
static unsigned long number(const char *text, unsigned long low, unsigned long high)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || value < low || value > high) {
		fprintf(stderr, "pingpong: %s: not from %lu to %lu\n", text, low, high);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && !strcmp(argv[1], "-b")) {
		busy_alone = true;
		argc--;
		argv++;
	}
	if (argc == 2 && !strcmp(argv[1], "serve")) {
		serve();
	} else if (argc == 7 && !strcmp(argv[1], "udp")) {
		udp(argv[2], number(argv[3], sizeof(struct head), MAX_DATAGRAM),
		    number(argv[4], 1, 1024), number(argv[5], 1, 1UL << 32),
		    number(argv[6], 1, 1000));
	} else if (argc == 5 && !strcmp(argv[1], "tcp")) {
		tcp(argv[2], number(argv[3], 1, 1UL << 40), number(argv[4], 1, 1000));
	} else {
		fputs("usage: pingpong serve |\n"
		      "       [-b] udp ADDRESS SIZE WINDOW DATAGRAMS REPETITIONS |\n"
		      "       [-b] tcp ADDRESS BYTES REPETITIONS\n", stderr);
		return 2;
	}
	return 0;
}
