// SPDX-License-Identifier: GPL-2.0
/*
 * Send to somebody, and keep what he sends:
 *
 *	hog ADDRESS PORT SECONDS SHORT
 *
 * Datagrams go to ADDRESS PORT as fast as they can, 45 at a time: what carries them on needs
 * much memory at once, and cannot wait for it as we can. Those that come to PORT wait in the
 * socket for ever, and so fill the kernel's memory. All of our own is there from the beginning.
 * If the kernel needs a victim, we are one. Each second, and at the end, a line "sent N failed
 * N lowest N kB": N of 45 datagrams, and the least memory that has been free. It ends after
 * SECONDS, or when a tenth of them has passed since less than SHORT kB were free.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

enum {
	SEGMENT_LEN = 1300,
	PAYLOAD_LEN = 45 * SEGMENT_LEN,
	BURST = 2,
};

static unsigned long free_kb(void)
{
	struct sysinfo info;

	return sysinfo(&info) ? ULONG_MAX : info.freeram * info.mem_unit / 1024;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The last of all; lowmem.sh has smaller ones, so that we go on for a while. */
static void be_a_victim(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd < 0 || write(fd, "900", 3) != 3)
		die("oom_score_adj");
	close(fd);
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		die("mlockall");
}

static int open_socket(const struct sockaddr_in *to)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = to->sin_port };
	const int buffer = INT_MAX / 2, segment = SEGMENT_LEN;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) ||
	    setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment)) ||
	    bind(fd, (void *)&own, sizeof(own)))
		die("socket");
	return fd;
}

int main(int argc, char *argv[])
{
	unsigned long sent = 0, failed = 0, lowest = ULONG_MAX, now;
	struct sockaddr_in to = { .sin_family = AF_INET };
	static char payload[PAYLOAD_LEN];
	time_t end, next;
	bool is_short = false;
	int i, fd;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: %s ADDRESS PORT SECONDS SHORT\n", argv[0]);
		return 1;
	}
	to.sin_port = htons(atoi(argv[2]));
	fd = open_socket(&to);
	be_a_victim();
	setvbuf(stdout, NULL, _IOLBF, 0);
	next = time(NULL) + 1;
	end = time(NULL) + atoi(argv[3]);
	while (time(NULL) < end) {
		for (i = 0; i < BURST; i++) {
			if (sendto(fd, payload, sizeof(payload), 0, (void *)&to, sizeof(to)) < 0)
				failed++;
			else
				sent++;
		}
		now = free_kb();
		if (now < lowest)
			lowest = now;
		if (!is_short && lowest < strtoul(argv[4], NULL, 10)) {
			is_short = true;
			end = time(NULL) + atoi(argv[3]) / 10;
		}
		if (time(NULL) < next)
			continue;
		printf("sent %lu failed %lu lowest %lu kB\n", sent, failed, lowest);
		next++;
	}
	printf("sent %lu failed %lu lowest %lu kB\n", sent, failed, lowest);
	return 0;
}
