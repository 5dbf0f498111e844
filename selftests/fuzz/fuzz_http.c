// SPDX-License-Identifier: GPL-2.0
/*
 * A caller of the metrics server sends any bytes, in pieces of any size. What he is answered is
 * what he is answered when he sends all of it at once, and is 200 for nothing but a GET of the
 * page. Bytes that have not come are not looked at: they are poisoned.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sanitizer/asan_interface.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "http.h"

#define PIECES 15
#define MOST (HTTP_REQUEST + 64) /* bytes of a request */

/**
 * struct caller - what an input says
 * @by_port: he comes by a port
 * @pieces: bytes of each piece; the last piece is all the rest
 * @n: how many there are before the last one
 * @request: what he sends
 * @len: bytes of it
 */
struct caller {
	bool by_port;
	size_t pieces[PIECES];
	size_t n;
	const unsigned char *request;
	size_t len;
};

static struct http http;

static int make_page(FILE *out, void *arg)
{
	fputs("page\n", out);
	return 0;
}

/* Up to 191 bytes by one; steps of 64 above, so that a piece can be all that there is room for. */
static size_t piece_len(unsigned char byte)
{
	return byte < 192 ? byte : (size_t)(byte - 191) * 64;
}

static struct caller read_caller(const unsigned char *data, size_t size)
{
	struct fuzz_input in = { data, size };
	unsigned char head = fuzz_byte(&in);
	struct caller caller = { .by_port = head & 1, .n = (head >> 1) % (PIECES + 1) };
	size_t i;

	for (i = 0; i < caller.n; i++)
		caller.pieces[i] = piece_len(fuzz_byte(&in));
	caller.request = in.data;
	caller.len = in.size < MOST ? in.size : MOST;
	return caller;
}

/* One turn of the agent's loop. */
static void turn(void)
{
	struct pollfd fds[HTTP_FDS];

	if (poll(fds, http_fds(&http, fds), 0) < 0)
		abort();
	http_handle(&http, fds, 0);
}

/* A piece comes, and is looked at before there is more. Return: whether he is still there. */
static bool send_piece(int fd, const unsigned char *piece, size_t len)
{
	struct http_client *client = &http.clients[0];
	size_t room = sizeof(client->request) - client->got, reads = len < room ? len : room;

	if (!len)
		return true;
	if (send(fd, piece, len, MSG_NOSIGNAL) != (ssize_t)len)
		abort();
	ASAN_POISON_MEMORY_REGION(client->request + client->got + reads, room - reads);
	turn();
	ASAN_UNPOISON_MEMORY_REGION(client->request, sizeof(client->request));
	return client->fd >= 0;
}

/* Return: the status of the answer; 0: there is none. */
static int take_status(int fd)
{
	char text[1024];
	ssize_t got = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	int status = 0;

	if (got <= 0)
		return 0;
	text[got] = '\0';
	if (sscanf(text, "HTTP/1.0 %d ", &status) != 1 || !strstr(text, "\r\n\r\n"))
		abort();
	return status;
}

static int call(const struct caller *caller, bool at_once)
{
	struct http_client *client = &http.clients[0];
	const unsigned char *at = caller->request, *end = at + caller->len;
	int fds[2], status;
	bool there = true;
	size_t i;

	http_init(&http);
	http.make = make_page;
	http.content_type = "text/plain";
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds))
		abort();
	client->fd = fds[0];
	client->by_port = caller->by_port;
	for (i = 0; there && !at_once && i < caller->n; i++) {
		size_t left = (size_t)(end - at);
		size_t len = caller->pieces[i] < left ? caller->pieces[i] : left;

		there = send_piece(fds[1], at, len);
		at += len;
	}
	if (there && send_piece(fds[1], at, (size_t)(end - at))) {
		shutdown(fds[1], SHUT_WR);
		turn();
	}
	/* whatever he has sent, he is not waited for */
	if (client->fd >= 0)
		abort();
	status = take_status(fds[1]);
	close(fds[1]);
	http_close(&http);
	return status;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const char get[] = "GET /metrics";
	const struct caller caller = read_caller(data, size);
	int status = call(&caller, true);

	if (call(&caller, false) != status)
		abort();
	if (status == 200 &&
	    (caller.len < strlen(get) || memcmp(caller.request, get, strlen(get))))
		abort();
	return 0;
}
