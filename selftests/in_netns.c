// SPDX-License-Identifier: GPL-2.0
/*
 * in_netns FILE COMMAND...: run a command in a network namespace, as "nsenter --net=FILE"
 * does. Static and tiny: in an emulated guest most of the time of the scripts goes into
 * starting programs, and half of that was nsenter.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd;

	if (argc < 3) {
		fprintf(stderr, "usage: in_netns FILE COMMAND...\n");
		return 1;
	}
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) {
		fprintf(stderr, "in_netns: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	execvp(argv[2], argv + 2);
	fprintf(stderr, "in_netns: %s: %s\n", argv[2], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}
