/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One `up`, `down`, `save`, `reload` or `addclient` at a time: what one has found free another must
 * not take, and nobody looks at a device that is half made.
 */
#ifndef VPNCTL_LOCK_H
#define VPNCTL_LOCK_H

#include <stdbool.h>
#include <stdio.h>

#define LOCK_DIR "/run"
#define LOCK_PATH LOCK_DIR "/vpnctl.lock"

/**
 * struct lock - a lock file
 * @path: its name; must stay
 * @fd: the open file; -1: not held by us
 */
struct lock {
	const char *path;
	int fd;
};

int lock_take(struct lock *lock, const char *path, FILE *log);
void lock_release(struct lock *lock);
bool lock_is_on(int fd, const char *path);

#endif /* VPNCTL_LOCK_H */
