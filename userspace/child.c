// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "child.h"

/* What belongs to the agent alone. */
static const char *const own_variables[] = {
	"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID",
};

/**
 * child_fork() - fork a child with a process group of its own, and no signal blocked
 *
 * Return: as fork().
 */
pid_t child_fork(void)
{
	pid_t pid = fork();
	sigset_t none;
	size_t i;

	if (pid) {
		/* both do it, so that it is done whoever runs first */
		if (pid > 0)
			setpgid(pid, pid);
		return pid;
	}
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (i = 0; i < sizeof(own_variables) / sizeof(own_variables[0]); i++)
		unsetenv(own_variables[i]);
	return 0;
}

/**
 * child_kill() - end a child and all that it has started
 * @pid: its number, as long as it has not been waited for
 */
void child_kill(pid_t pid)
{
	kill(-pid, SIGKILL);
}
