// SPDX-License-Identifier: GPL-2.0
/* HTTP/1.0 (RFC 1945): one request, one answer, and the connection ends. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "child.h"
#include "http.h"

#define PATH "/metrics"

/**
 * http_init() - begin with no listener
 * @http: to be filled in; the caller sets make, arg and content_type
 */
void http_init(struct http *http)
{
	size_t i;

	memset(http, 0, sizeof(*http));
	for (i = 0; i < HTTP_LISTENERS; i++)
		http->listeners[i] = -1;
	for (i = 0; i < HTTP_CLIENTS; i++)
		http->clients[i].fd = -1;
}

/* The head ends with an empty line. Return: its bytes, that line's too; 0: the end has not come. */
static size_t head_len(const char *request, size_t len)
{
	const char *line = request, *end;
	bool empty = false;

	while (!empty) {
		end = memchr(line, '\n', len - (size_t)(line - request));
		if (!end)
			return 0;
		empty = end == line || (end == line + 1 && *line == '\r');
		line = end + 1;
	}
	return (size_t)(line - request);
}

/* Of "GET /path?query HTTP/1.x" the path alone counts. */
static int line_status(const char *line, size_t len)
{
	const char *path = memchr(line, ' ', len), *end;
	size_t path_len = strlen(PATH);

	if (!path || memchr(line, '\0', len))
		return 400;
	path++;
	end = memchr(path, ' ', len - (size_t)(path - line));
	if (!end || len - (size_t)(end - line) < strlen(" HTTP/1.0") ||
	    memcmp(end, " HTTP/1.", strlen(" HTTP/1.")))
		return 400;
	if (memcmp(line, "GET ", 4))
		return 405;
	if ((size_t)(end - path) < path_len || memcmp(path, PATH, path_len) ||
	    (path + path_len != end && path[path_len] != '?'))
		return 404;
	return 200;
}

/**
 * http_status() - what a request is answered with
 * @request: what has come so far
 * @len: bytes
 *
 * Return: 0: the request is not complete; or the status.
 */
int http_status(const char *request, size_t len)
{
	const char *end;

	if (!head_len(request, len))
		return len >= HTTP_REQUEST ? 431 : 0;
	end = memchr(request, '\n', len);
	return line_status(request, (size_t)(end - request) - (end > request && end[-1] == '\r'));
}

/* Return: whether a line is "Host: ..." with something else than this machine. */
static bool names_another(const char *line, size_t len)
{
	static const char field[] = "Host:";
	const char *host = line + strlen(field), *end = line + len;

	if (len < strlen(field) || strncasecmp(line, field, strlen(field)))
		return false;
	while (host < end && isspace((unsigned char)*host))
		host++;
	while (host < end && isspace((unsigned char)end[-1]))
		end--;
	return !http_is_local(host, (size_t)(end - host));
}

/**
 * http_is_for_us() - whether the caller knows whom it has called
 * @request: a complete one
 * @len: bytes
 *
 * A page of somebody else, open in a browser on this machine, can make a name of its own stand
 * for a loopback address (DNS rebinding). The browser then asks us, and lets that page read the
 * answer; but it says by which name it has called. What comes behind the head does not matter:
 * it may have come by now or not.
 *
 * Return: false when it has called a name that is not this machine's.
 */
bool http_is_for_us(const char *request, size_t len)
{
	const char *end;

	len = head_len(request, len);
	while ((end = memchr(request, '\n', len))) {
		if (names_another(request, (size_t)(end - request)))
			return false;
		len -= (size_t)(end + 1 - request);
		request = end + 1;
	}
	return true;
}

static void put_page(struct page *page)
{
	if (!page || --page->refs)
		return;
	free(page->text);
	free(page);
}

/* Return: a page with the head and the body, NULL without memory. */
static struct page *new_page(const char *status, const char *type, const char *body, size_t len)
{
	struct page *page = calloc(1, sizeof(*page));
	FILE *out;

	if (!page)
		return NULL;
	page->refs = 1;
	out = open_memstream(&page->text, &page->len);
	if (!out) {
		free(page);
		return NULL;
	}
	fprintf(out, "HTTP/1.0 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		     "Connection: close\r\n\r\n", status, type, len);
	fwrite(body, 1, len, out);
	if (!fclose(out))
		return page;
	put_page(page);
	return NULL;
}

static struct page *error_page(int status)
{
	const char *text = status == 400 ? "400 Bad Request\n" :
			   status == 404 ? "404 Not Found\n" :
			   status == 405 ? "405 Method Not Allowed\n" :
			   status == 421 ? "421 Misdirected Request\n" :
			   status == 431 ? "431 Request Header Fields Too Large\n" :
					   "500 Internal Server Error\n";
	char line[64];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	return new_page(line, "text/plain", text, strlen(text));
}

/* The page as it is now, or was a moment ago. */
static struct page *metrics_page(struct http *http, int64_t now)
{
	char *body = NULL;
	size_t len = 0;
	FILE *out;
	int ret;

	if (http->cache && now - http->cache->made < HTTP_CACHE_MS) {
		http->cache->refs++;
		return http->cache;
	}
	put_page(http->cache);
	http->cache = NULL;
	out = open_memstream(&body, &len);
	if (!out)
		return NULL;
	ret = http->make(out, http->arg);
	if (fclose(out))
		ret = -ENOMEM;
	if (!ret)
		http->cache = new_page("200 OK", http->content_type, body, len);
	free(body);
	if (!http->cache)
		return error_page(500);
	http->cache->made = now;
	http->cache->refs++;
	return http->cache;
}

/*
 * The end of the connection is announced first, because a process that resolves a name has a
 * copy of the socket for a moment.
 */
static void hang_up(struct http_client *client)
{
	shutdown(client->fd, SHUT_RDWR);
	close(client->fd);
	put_page(client->page);
	client->page = NULL;
	client->fd = -1;
}

static void send_page(struct http_client *client)
{
	ssize_t put = send(client->fd, client->page->text + client->sent,
			   client->page->len - client->sent, MSG_NOSIGNAL);

	if (put < 0) {
		if (errno != EAGAIN && errno != EINTR)
			hang_up(client);
		return;
	}
	client->sent += (size_t)put;
	if (client->sent == client->page->len)
		hang_up(client);
}

static void read_request(struct http *http, struct http_client *client, int64_t now)
{
	ssize_t got = recv(client->fd, client->request + client->got,
			   sizeof(client->request) - client->got, 0);
	int status;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		hang_up(client);
		return;
	}
	client->got += (size_t)got;
	status = http_status(client->request, client->got);
	if (!status)
		return;
	if (status == 200 && client->by_port && !http_is_for_us(client->request, client->got))
		status = 421;
	client->page = status == 200 ? metrics_page(http, now) : error_page(status);
	if (client->page)
		send_page(client);
	else
		hang_up(client);
}

static struct http_client *free_place(struct http *http)
{
	size_t i;

	for (i = 0; i < HTTP_CLIENTS; i++)
		if (http->clients[i].fd < 0)
			return &http->clients[i];
	return NULL;
}

static void take_caller(struct http *http, int listener, int64_t now)
{
	struct http_client *client = free_place(http);
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);

	if (!client)
		return;
	client->fd = accept4(listener, (struct sockaddr *)&addr, &len,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client->fd < 0) {
		/* The caller waits on: to look again at once would be to do nothing else. */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			http->closed_until = now + HTTP_CLOSED_MS;
		return;
	}
	client->by_port = addr.ss_family != AF_UNIX;
	client->deadline = now + HTTP_LIMIT_MS;
	client->got = 0;
	client->sent = 0;
}

/**
 * http_fds() - what to wait for
 * @http: the server
 * @fds: gets HTTP_FDS descriptors, -1 where there is nothing. New callers are not looked at
 *	while all places are taken, nor for a moment after there was no descriptor for one
 *
 * Return: HTTP_FDS.
 */
nfds_t http_fds(const struct http *http, struct pollfd fds[HTTP_FDS])
{
	bool full = true;
	size_t i;

	for (i = 0; i < HTTP_CLIENTS; i++) {
		const struct http_client *client = &http->clients[i];

		fds[HTTP_LISTENERS + i] = (struct pollfd){
			.fd = client->fd,
			.events = client->page ? POLLOUT : POLLIN,
		};
		full = full && client->fd >= 0;
	}
	for (i = 0; i < HTTP_LISTENERS; i++)
		fds[i] = (struct pollfd){
			.fd = full || http->closed_until ? -1 : http->listeners[i],
			.events = POLLIN,
		};
	return HTTP_FDS;
}

/**
 * http_handle() - do what can be done at once
 * @http: the server
 * @fds: from http_fds(), after poll()
 * @now: now_ms()
 */
void http_handle(struct http *http, const struct pollfd fds[HTTP_FDS], int64_t now)
{
	size_t i;

	for (i = 0; i < HTTP_CLIENTS; i++) {
		struct http_client *client = &http->clients[i];

		if (client->fd < 0 || !fds[HTTP_LISTENERS + i].revents)
			continue;
		if (client->page)
			send_page(client);
		else
			read_request(http, client, now);
	}
	for (i = 0; i < HTTP_LISTENERS; i++)
		if (fds[i].fd >= 0 && fds[i].revents)
			take_caller(http, fds[i].fd, now);
}

/**
 * http_expire() - hang up on those that take too long, and let callers in again
 * @http: the server
 * @now: now_ms()
 *
 * Return: when to call it again; INT64_MAX: never.
 */
int64_t http_expire(struct http *http, int64_t now)
{
	int64_t next = INT64_MAX;
	size_t i;

	for (i = 0; i < HTTP_CLIENTS; i++) {
		struct http_client *client = &http->clients[i];

		if (client->fd >= 0 && client->deadline <= now)
			hang_up(client);
		else if (client->fd >= 0)
			next = sooner(next, client->deadline);
	}
	if (http->closed_until <= now)
		http->closed_until = 0;
	return http->closed_until ? sooner(next, http->closed_until) : next;
}

/**
 * http_close() - hang up on everyone, and take no more callers
 * @http: the server
 */
void http_close(struct http *http)
{
	size_t i;

	for (i = 0; i < HTTP_CLIENTS; i++)
		if (http->clients[i].fd >= 0)
			hang_up(&http->clients[i]);
	for (i = 0; i < HTTP_LISTENERS; i++) {
		if (http->listeners[i] >= 0)
			close(http->listeners[i]);
		if (http->paths[i])
			unlink(http->paths[i]);
		free(http->paths[i]);
	}
	put_page(http->cache);
	http_init(http);
}
