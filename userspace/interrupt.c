// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "interrupt.h"

/* The signal that has come since interrupt_catch(), or 0. */
volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

/**
 * interrupt_catch() - from now on SIGINT, SIGTERM and SIGHUP are noted in @interrupted
 *
 * A system call that waits returns -EINTR for them. That nobody reads our complaints is no
 * reason to end: what is half done has to be undone all the same.
 */
void interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}
