// SPDX-License-Identifier: GPL-2.0
/* Where callers may come from: a Unix socket, or a port of the loopback device. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "http.h"

#define BACKLOG 16
#define SOCKET_UMASK 0117 /* of 0777, which a socket begins with */

static int parse_unix(const char *path, struct sockaddr_storage *addr, socklen_t *len)
{
	struct sockaddr_un *sun = (struct sockaddr_un *)addr;

	if (*path != '/' || strlen(path) >= sizeof(sun->sun_path))
		return -EINVAL;
	sun->sun_family = AF_UNIX;
	strcpy(sun->sun_path, path);
	*len = sizeof(*sun);
	return 0;
}

static int parse_port(const char *text, in_port_t *port)
{
	unsigned long n;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	n = strtoul(text, &end, 10);
	if (*end || n > 65535)
		return -EINVAL;
	*port = htons((uint16_t)n);
	return 0;
}

static int parse_v4(const char *host, in_port_t port, struct sockaddr_storage *addr,
		    socklen_t *len)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)addr;

	if (inet_pton(AF_INET, host, &sin->sin_addr) != 1)
		return -EINVAL;
	if (ntohl(sin->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
		return -EPERM;
	sin->sin_family = AF_INET;
	sin->sin_port = port;
	*len = sizeof(*sin);
	return 0;
}

static int parse_v6(const char *host, in_port_t port, struct sockaddr_storage *addr,
		    socklen_t *len)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)addr;

	if (inet_pton(AF_INET6, host, &sin6->sin6_addr) != 1)
		return -EINVAL;
	if (!IN6_IS_ADDR_LOOPBACK(&sin6->sin6_addr))
		return -EPERM;
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = port;
	*len = sizeof(*sin6);
	return 0;
}

/**
 * http_parse_address() - what --listen says
 * @where: unix:/path, 127.0.0.1:port or [::1]:port
 * @addr: gets the address
 * @len: gets its length
 *
 * Return: 0, -EPERM for an address that others can reach, -EINVAL for anything else.
 */
int http_parse_address(const char *where, struct sockaddr_storage *addr, socklen_t *len)
{
	const char *colon = strrchr(where, ':');
	char host[INET6_ADDRSTRLEN + 2];
	size_t host_len;
	in_port_t port;

	memset(addr, 0, sizeof(*addr));
	if (!strncmp(where, "unix:", 5))
		return parse_unix(where + 5, addr, len);
	host_len = colon ? (size_t)(colon - where) : 0;
	if (!host_len || host_len >= sizeof(host) || parse_port(colon + 1, &port))
		return -EINVAL;
	memcpy(host, where, host_len);
	host[host_len] = '\0';
	if (*host != '[')
		return parse_v4(host, port, addr, len);
	if (host[host_len - 1] != ']')
		return -EINVAL;
	host[host_len - 1] = '\0';
	return parse_v6(host + 1, port, addr, len);
}

/**
 * http_is_local() - whether a name can be nobody's but this machine's
 * @host: localhost or a loopback address, with or without a port
 * @len: bytes of it
 *
 * Return: whether it is one of these.
 */
bool http_is_local(const char *host, size_t len)
{
	static const char name[] = "localhost:", any_port[] = ":80";
	char where[INET6_ADDRSTRLEN + sizeof("[]:65535")];
	struct sockaddr_storage addr;
	socklen_t addr_len;
	in_port_t port;

	if (!len || len + sizeof(any_port) > sizeof(where) || memchr(host, '\0', len))
		return false;
	memcpy(where, host, len);
	where[len] = '\0';
	if (!strchr(where, ':') || where[len - 1] == ']')
		strcat(where, any_port);
	if (!strncasecmp(where, name, strlen(name)))
		return !parse_port(where + strlen(name), &port);
	return !http_parse_address(where, &addr, &addr_len) && addr.ss_family != AF_UNIX;
}

/* A socket that is left over from an agent that was killed: nobody answers there. */
static void remove_stale(const struct sockaddr_storage *addr, socklen_t len)
{
	const struct sockaddr_un *sun = (const struct sockaddr_un *)addr;
	struct stat st;
	int fd;

	if (lstat(sun->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)addr, len) && errno == ECONNREFUSED)
		unlink(sun->sun_path);
	close(fd);
}

static int open_listener(const struct sockaddr_storage *addr, socklen_t len)
{
	int fd = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	mode_t mask;
	int ret;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* nobody else may come in even for a moment */
	mask = umask(SOCKET_UMASK);
	ret = bind(fd, (const struct sockaddr *)addr, len);
	umask(mask);
	if (!ret && !listen(fd, BACKLOG))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

/* "listening on 127.0.0.1:9586": with port 0 it is the kernel that has chosen. */
static void say_port(int fd)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);
	char host[INET6_ADDRSTRLEN];

	getsockname(fd, (struct sockaddr *)&addr, &len);
	if (addr.ss_family == AF_INET) {
		const struct sockaddr_in *sin = (const struct sockaddr_in *)&addr;

		fprintf(stderr, "listening on %s:%u\n",
			inet_ntop(AF_INET, &sin->sin_addr, host, sizeof(host)),
			ntohs(sin->sin_port));
	} else if (addr.ss_family == AF_INET6) {
		fprintf(stderr, "listening on [::1]:%u\n",
			ntohs(((const struct sockaddr_in6 *)&addr)->sin6_port));
	}
}

/**
 * http_listen() - take callers there, too
 * @http: the server
 * @where: as for http_parse_address()
 *
 * A Unix socket is for its owner and group.
 *
 * Return: 0, or -errno after a message on stderr.
 */
int http_listen(struct http *http, const char *where)
{
	struct sockaddr_storage addr;
	socklen_t len = 0;
	size_t i = 0;
	int ret = http_parse_address(where, &addr, &len);

	while (i < HTTP_LISTENERS && http->listeners[i] >= 0)
		i++;
	if (!ret && i == HTTP_LISTENERS)
		ret = -ENOSPC;
	if (!ret && addr.ss_family == AF_UNIX)
		remove_stale(&addr, len);
	if (!ret)
		ret = open_listener(&addr, len);
	if (ret < 0) {
		fprintf(stderr, "--listen: `%s': %s\n", where,
			ret == -EPERM ? "not on this machine only" :
			ret == -EINVAL ? "neither unix:/path nor loopback-address:port" :
			strerror(-ret));
		return ret;
	}
	http->listeners[i] = ret;
	if (addr.ss_family != AF_UNIX) {
		say_port(ret);
		return 0;
	}
	http->paths[i] = strdup(where + 5);
	return 0;
}
