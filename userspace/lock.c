// SPDX-License-Identifier: GPL-2.0
/*
 * A lock file is there as long as the lock is held, so that no trace is left. In it stands
 * who holds the lock: a command of a configuration may call vpnctl for another tunnel, and
 * who waits for that command must not be waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "interrupt.h"
#include "lock.h"

#define MOST_ANCESTORS 64

/* The parent of a process, or 0. */
static pid_t parent_of(pid_t pid)
{
	char path[32], text[512] = "", *end;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	in = fopen(path, "re");
	if (!in)
		return 0;
	/* "pid (name) state parent", and the name may be anything */
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	end = strrchr(text, ')');
	return end && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : 0;
}

static bool is_ancestor(pid_t pid)
{
	pid_t above = getppid();
	int i;

	for (i = 0; i < MOST_ANCESTORS && above > 1 && above != pid; i++)
		above = parent_of(above);
	return above > 1 && above == pid;
}

static pid_t holder(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

/**
 * lock_is_on() - whether a lock still counts: who had it may have removed or replaced the file
 * @fd: the open file
 * @path: its name
 *
 * Return: whether the name still leads to this file.
 */
bool lock_is_on(int fd, const char *path)
{
	struct stat mine, there;

	return !fstat(fd, &mine) && !stat(path, &there) && mine.st_dev == there.st_dev &&
	       mine.st_ino == there.st_ino;
}

static int wait_for(int fd, FILE *log)
{
	fprintf(log, "Another vpnctl is under way; waiting for it\n");
	while (flock(fd, LOCK_EX))
		if (errno != EINTR || interrupted)
			return -errno;
	return 0;
}

/* Return: a descriptor with the lock, -EALREADY when an ancestor has it, or -errno. */
static int open_locked(const char *path, FILE *log)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB))
		ret = -errno;
	if (ret == -EWOULDBLOCK)
		ret = is_ancestor(holder(fd)) ? -EALREADY : wait_for(fd, log);
	if (!ret && !lock_is_on(fd, path))
		ret = -ESTALE;
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/**
 * lock_take() - wait for the lock and take it; from here on signals are caught
 * @lock: to be given to lock_release()
 * @path: the lock file
 * @log: for complaints, and that there is something to wait for
 *
 * A process whose ancestor holds the lock goes on without. SIGINT, SIGTERM and SIGHUP end the wait;
 * who has the lock looks at @interrupted where it can still leave everything as it was.
 *
 * Return: 0, -EINTR or another -errno, after a complaint.
 */
int lock_take(struct lock *lock, const char *path, FILE *log)
{
	int fd;

	lock->path = path;
	lock->fd = -1;
	/* who is ended with the lock leaves the file */
	interrupt_catch();
	do {
		fd = open_locked(path, log);
	} while (fd == -ESTALE);
	if (fd == -EALREADY)
		return 0;
	if (fd < 0) {
		fprintf(log, "%s: %s\n", path, strerror(-fd));
		return fd;
	}
	lock->fd = fd;
	if (ftruncate(fd, 0) || dprintf(fd, "%d\n", (int)getpid()) < 0) {
		fprintf(log, "%s: %s\n", path, strerror(errno));
		lock_release(lock);
		return -EIO;
	}
	return 0;
}

/**
 * lock_release() - let others have the lock
 * @lock: taken, or with fd -1
 */
void lock_release(struct lock *lock)
{
	if (lock->fd < 0)
		return;
	unlink(lock->path);
	close(lock->fd);
	lock->fd = -1;
}
