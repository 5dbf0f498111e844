/* SPDX-License-Identifier: GPL-2.0 */
/* Processes that the agent starts: each of them may hang, so each has a time limit. */
#ifndef VPNCTL_CHILD_H
#define VPNCTL_CHILD_H

#include <stdint.h>
#include <sys/types.h>

pid_t child_fork(void);
void child_kill(pid_t pid);

/* The sooner of two deadlines in milliseconds; INT64_MAX: none. */
static inline int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

#endif /* VPNCTL_CHILD_H */
