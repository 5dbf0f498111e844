/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One page by HTTP, for callers on this machine. Nothing that a caller does makes it use more
 * than HTTP_CLIENTS requests of HTTP_REQUEST bytes, and as many pages.
 */
#ifndef VPNCTL_HTTP_H
#define VPNCTL_HTTP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#define HTTP_LISTENERS 4
#define HTTP_CLIENTS 8
#define HTTP_REQUEST 4096
#define HTTP_LIMIT_MS 5000
#define HTTP_CACHE_MS 1000
#define HTTP_CLOSED_MS 1000
#define HTTP_FDS (HTTP_LISTENERS + HTTP_CLIENTS)

/**
 * struct page - an answer, which several clients may be reading
 * @refs: how many do, and one for the cache
 * @made: when, by now_ms()
 * @text: head and body; owned
 * @len: bytes
 */
struct page {
	unsigned int refs;
	int64_t made;
	char *text;
	size_t len;
};

/**
 * struct http_client - a caller
 * @fd: its socket, -1: the place is free
 * @by_port: it has come by a port, as a browser can, and not by a Unix socket
 * @deadline: when it is hung up on, by now_ms()
 * @request: what it has sent
 * @got: bytes of it
 * @page: what it is sent; NULL: it has not asked yet
 * @sent: bytes of it
 */
struct http_client {
	int fd;
	bool by_port;
	int64_t deadline;
	char request[HTTP_REQUEST];
	size_t got;
	struct page *page;
	size_t sent;
};

/**
 * struct http - a server
 * @listeners: sockets, -1: the place is free
 * @paths: of those that are Unix sockets; owned
 * @clients: the places
 * @closed_until: callers wait until then, by now_ms(), for there was no descriptor for one; 0: not
 * @cache: the last page
 * @make: writes the body of the page; anything but 0 is an error
 * @arg: for @make
 * @content_type: of the page
 */
struct http {
	int listeners[HTTP_LISTENERS];
	char *paths[HTTP_LISTENERS];
	struct http_client clients[HTTP_CLIENTS];
	int64_t closed_until;
	struct page *cache;
	int (*make)(FILE *out, void *arg);
	void *arg;
	const char *content_type;
};

/* http_listen.c */
int http_parse_address(const char *where, struct sockaddr_storage *addr, socklen_t *len);
int http_listen(struct http *http, const char *where);
bool http_is_local(const char *host, size_t len);

/* http.c */
void http_init(struct http *http);
int http_status(const char *request, size_t len);
bool http_is_for_us(const char *request, size_t len);
nfds_t http_fds(const struct http *http, struct pollfd fds[HTTP_FDS]);
void http_handle(struct http *http, const struct pollfd fds[HTTP_FDS], int64_t now);
int64_t http_expire(struct http *http, int64_t now);
void http_close(struct http *http);

#endif /* VPNCTL_HTTP_H */
