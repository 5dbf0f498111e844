// SPDX-License-Identifier: GPL-2.0
/*
 * Processes for the kernel to kill when it is out of memory:
 *
 *	victims NUMBER SECONDS
 *
 * NUMBER of them wait for SECONDS, each with as little memory as a process can have, and none
 * is killed later than any other program. When victims ends, all are there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Of the caller, and so of its children */
static void be_the_first(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd < 0 || write(fd, "1000", 4) != 4) {
		perror("oom_score_adj");
		exit(1);
	}
	close(fd);
}

int main(int argc, char *argv[])
{
	int i;

	if (argc != 3) {
		fprintf(stderr, "usage: %s NUMBER SECONDS\n", argv[0]);
		return 1;
	}
	be_the_first();
	for (i = 0; i < atoi(argv[1]); i++) {
		switch (fork()) {
		case -1:
			perror("fork");
			return 1;
		case 0:
			/* Its end is not awaited by whoever reads our output */
			close(STDOUT_FILENO);
			close(STDERR_FILENO);
			alarm(atoi(argv[2]));
			pause();
			return 0;
		}
	}
	return 0;
}
