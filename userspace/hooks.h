/* SPDX-License-Identifier: GPL-2.0 */
/* Programs of the administrator that are run for each event. */
#ifndef VPNCTL_HOOKS_H
#define VPNCTL_HOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "format.h"

#define HOOKS_DIR "/etc/vpnctl/hooks.d"
#define HOOKS_RUNNING 4 /* at once */
#define HOOKS_WAITING 64
#define HOOK_LIMIT_MS 10000

/**
 * struct hook_event - what a hook is told
 * @event: MYTUN_EVENT: a word of `monitor`, or "lost"
 * @device: MYTUN_DEVICE; empty: not about one
 * @peer: MYTUN_PEER, the public key; empty: not about one
 * @endpoint: MYTUN_ENDPOINT; empty: not known
 * @reason: MYTUN_REASON; empty: none
 */
struct hook_event {
	char event[16];
	char device[IFNAMSIZ];
	char peer[KEY_BASE64_LEN];
	char endpoint[ENDPOINT_LEN];
	char reason[16];
};

/**
 * struct hook - one program for one event
 * @path: the program; owned. NULL: the place is free
 * @event: what it is told
 * @pid: its process, when it runs
 * @deadline: when it is ended, by now_ms()
 */
struct hook {
	char *path;
	struct hook_event event;
	pid_t pid;
	int64_t deadline;
};

/**
 * struct hooks - all of them
 * @dir: the folder whose programs are run
 * @waiting: in the order of their events
 * @n_waiting: how many
 * @running: those that run
 * @full: that too many wait has been said
 * @limit_ms: how long each may
 * @done: ended with status 0
 * @failed: ended otherwise, or were never run because too many waited
 */
struct hooks {
	const char *dir;
	struct hook waiting[HOOKS_WAITING];
	size_t n_waiting;
	struct hook running[HOOKS_RUNNING];
	bool full;
	int64_t limit_ms;
	uint64_t done;
	uint64_t failed;
};

void hooks_init(struct hooks *hooks, const char *dir);
void hooks_add(struct hooks *hooks, const struct hook_event *event);
void hooks_run(struct hooks *hooks, int64_t now);
bool hooks_reap(struct hooks *hooks, pid_t pid, int status);
int64_t hooks_expire(struct hooks *hooks, int64_t now);
void hooks_close(struct hooks *hooks);

#endif /* VPNCTL_HOOKS_H */
