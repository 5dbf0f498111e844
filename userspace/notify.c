// SPDX-License-Identifier: GPL-2.0
/*
 * The protocol of sd_notify(3), which systemd promises to keep: a datagram of lines to the
 * Unix socket that NOTIFY_SOCKET names. libsystemd would bring four other libraries into a
 * tool that scripts call all the time.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "notify.h"

/* Return: the length of the address, or 0 when there is none that is usable. */
static socklen_t notify_address(struct sockaddr_un *addr)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	if (len < 2 || len >= sizeof(addr->sun_path) || (*path != '/' && *path != '@'))
		return 0;
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	memcpy(addr->sun_path, path, len);
	/* an abstract name: it begins with a NUL, and no NUL ends it */
	if (*path == '@')
		addr->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (*path == '/'));
}

/**
 * notify() - tell systemd something
 * @fmt: lines such as READY=1, as for printf()
 *
 * Return: 0, also when nobody wants to hear it, or -errno.
 */
int notify(const char *fmt, ...)
{
	struct sockaddr_un addr;
	socklen_t addr_len = notify_address(&addr);
	char text[512];
	va_list args;
	int fd, len, ret = 0;

	if (!addr_len)
		return 0;
	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(text))
		return -EMSGSIZE;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, text, (size_t)len, MSG_NOSIGNAL, (struct sockaddr *)&addr, addr_len) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/**
 * notify_watchdog_ms() - how often systemd wants to hear that we are alive
 *
 * Return: half of its patience in milliseconds, as sd_watchdog_enabled(3) advises; 0: never.
 */
int64_t notify_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	long long n = usec ? strtoll(usec, NULL, 10) : 0;

	if (n <= 0 || (pid && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	return n < 2000 ? 1 : n / 2000;
}

/**
 * now_ms() - a clock that goes on in suspend and is never set
 *
 * Return: milliseconds.
 */
int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
