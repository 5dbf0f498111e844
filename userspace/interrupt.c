// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>
#include <string.h>

#include "interrupt.h"

/* The signal that has come since interrupt_catch(), or 0. */
volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

/* What the caller ignores stays so: nohup(1), or a script's job in the background. */
static void catch_one(int number)
{
	struct sigaction action;

	if (sigaction(number, NULL, &action) || action.sa_handler == SIG_IGN)
		return;
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	sigaction(number, &action, NULL);
}

/**
 * interrupt_catch() - from now on SIGINT, SIGTERM and SIGHUP are noted in @interrupted
 *
 * A system call that waits returns -EINTR for them. Those that are ignored stay ignored. That
 * nobody reads our complaints is no reason to end: what is half done has to be undone all the
 * same.
 */
void interrupt_catch(void)
{
	catch_one(SIGINT);
	catch_one(SIGTERM);
	catch_one(SIGHUP);
	signal(SIGPIPE, SIG_IGN);
}
