// SPDX-License-Identifier: GPL-2.0
/* The server of the metrics: who may call, what is answered, and what callers cannot do. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "http.h"
#include "temp.h"

static void test_address(void **state)
{
	static const struct {
		const char *where;
		int ret;
	} cases[] = {
		{ "unix:/run/vpnctl/metrics.sock", 0 },
		{ "127.0.0.1:9586", 0 },
		{ "127.255.255.254:0", 0 },
		{ "[::1]:65535", 0 },
		{ "0.0.0.0:9586", -EPERM },
		{ "192.0.2.1:9586", -EPERM },
		{ "126.255.255.255:1", -EPERM },
		{ "128.0.0.1:1", -EPERM },
		{ "[::]:9586", -EPERM },
		{ "[2001:db8::1]:1", -EPERM },
		{ "[::ffff:127.0.0.1]:1", -EPERM },
		{ "unix:relative", -EINVAL },
		{ "unix:", -EINVAL },
		{ "localhost:1", -EINVAL },
		{ "127.0.0.1", -EINVAL },
		{ "127.0.0.1:", -EINVAL },
		{ "127.0.0.1:65536", -EINVAL },
		{ "127.0.0.1:+1", -EINVAL },
		{ "127.0.0.1:1x", -EINVAL },
		{ ":1", -EINVAL },
		{ "[::1:1", -EINVAL },
		{ "::1:1", -EINVAL },
		{ "", -EINVAL },
	};
	struct sockaddr_storage addr;
	char path[200] = "unix:/";
	socklen_t len;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (http_parse_address(cases[i].where, &addr, &len) != cases[i].ret)
			fail_msg("%s", cases[i].where);
	memset(path + 6, 'x', 102 + 5);
	assert_int_equal(http_parse_address(path, &addr, &len), -EINVAL);
	path[5 + 107] = '\0';
	assert_int_equal(http_parse_address(path, &addr, &len), 0);
	assert_int_equal(http_parse_address("127.1.2.3:258", &addr, &len), 0);
	assert_int_equal(((struct sockaddr_in *)&addr)->sin_port, htons(258));
	assert_int_equal(((struct sockaddr_in *)&addr)->sin_addr.s_addr, htonl(0x7f010203));
}

static int status(const char *request)
{
	return http_status(request, strlen(request));
}

static void test_status(void **state)
{
	char big[HTTP_REQUEST];
	size_t i;

	(void)state;
	assert_int_equal(status("GET /metrics HTTP/1.0\r\n\r\n"), 200);
	assert_int_equal(status("GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"), 200);
	assert_int_equal(status("GET /metrics?a=b HTTP/1.1\r\n\r\n"), 200);
	assert_int_equal(status("GET /metrics HTTP/1.0\n\n"), 200);
	assert_int_equal(status("GET /metrics HTTP/1.0\n\r\n"), 200);
	assert_int_equal(status("GET /metrics2 HTTP/1.0\r\n\r\n"), 404);
	assert_int_equal(status("GET / HTTP/1.0\r\n\r\n"), 404);
	assert_int_equal(status("GET /metric HTTP/1.0\r\n\r\n"), 404);
	assert_int_equal(status("POST /metrics HTTP/1.0\r\n\r\n"), 405);
	assert_int_equal(status("HEAD /metrics HTTP/1.0\r\n\r\n"), 405);
	assert_int_equal(status("GET /metrics\r\n\r\n"), 400);
	assert_int_equal(status("GET /metrics HTTP/\r\n\r\n"), 400);
	assert_int_equal(status("GET /metrics HTTP/2.0\r\n\r\n"), 400);
	assert_int_equal(status("GET\r\n\r\n"), 400);
	assert_int_equal(status("\r\n\r\n"), 400);
	assert_int_equal(http_status("GET /metrics\0HTTP/1.0\r\n\r\n", 25), 400);
	assert_int_equal(status("GET /metrics HTTP/1.0\r\n"), 0);
	assert_int_equal(status(""), 0);
	/* whatever has come, no byte behind it is looked at: ASan would say so */
	for (i = 0; i < 25; i++) {
		char *cut = malloc(i + 1);

		memcpy(cut, "GET /metrics HTTP/1.0\r\n\r\n", i);
		cut = realloc(cut, i ? i : 1);
		assert_int_equal(http_status(cut, i), 0);
		free(cut);
	}
	memset(big, 'a', sizeof(big));
	assert_int_equal(http_status(big, sizeof(big) - 1), 0);
	assert_int_equal(http_status(big, sizeof(big)), 431);
}

static unsigned int made;
static int make_ret;
static size_t make_len;

static int make_page(FILE *out, void *arg)
{
	size_t i;

	made++;
	fprintf(out, "%s\n", (const char *)arg);
	for (i = 0; i < make_len; i++)
		fputc('x', out);
	return make_ret;
}

static char dir[TEMP_LEN], where[TEMP_LEN + 8];

/* In place of listen(): from then on callers can come. */
static mode_t mode_at_listen;

int __wrap_listen(int fd, int backlog)
{
	struct stat st;

	mode_at_listen = stat(where + 5, &st) ? 0 : st.st_mode & 0777;
	return (int)syscall(SYS_listen, fd, backlog);
}

static void begin(struct http *http)
{
	made = 0;
	make_ret = 0;
	make_len = 0;
	assert_int_equal(temp_enter(dir), 0);
	snprintf(where, sizeof(where), "unix:%s/s", dir);
	http_init(http);
	http->make = make_page;
	http->arg = "page";
	http->content_type = "text/x";
	assert_int_equal(http_listen(http, where), 0);
}

static void end(struct http *http)
{
	struct stat st;

	http_close(http);
	assert_int_equal(stat(where + 5, &st), -1);
	assert_int_equal(rmdir(dir), 0);
}

static int call(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(sun.sun_path, where + 5);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

/* One turn of the loop. */
static void turn(struct http *http, int64_t now)
{
	struct pollfd fds[HTTP_FDS];

	assert_true(poll(fds, http_fds(http, fds), 0) >= 0);
	http_handle(http, fds, now);
}

static void ask(int fd, const char *request)
{
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
}

/* All that has come and the end of it. Return: how much; -1: it goes on. */
static ssize_t take_all(int fd, char *text, size_t room)
{
	size_t len = 0;
	ssize_t got;

	while ((got = recv(fd, text + len, room - 1 - len, 0)) > 0)
		len += (size_t)got;
	text[len] = '\0';
	return got < 0 && errno == EAGAIN ? -1 : (ssize_t)len;
}

#define GET "GET /metrics HTTP/1.0\r\n\r\n"
#define PAGE "HTTP/1.0 200 OK\r\nContent-Type: text/x\r\nContent-Length: 5\r\n" \
	     "Connection: close\r\n\r\npage\n"

/* Whatever the mask, callers of the group can come, and never another. */
static void test_mode(void **state)
{
	static const mode_t masks[] = { 0, 022, 0777 };
	mode_t before = umask(0);
	struct http http;
	size_t i;

	(void)state;
	umask(before);
	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		begin(&http);
		http_close(&http);
		umask(masks[i]);
		assert_int_equal(http_listen(&http, where), 0);
		assert_int_equal(umask(before), masks[i]);
		assert_int_equal(mode_at_listen, 0660);
		end(&http);
	}
}

static void test_serve(void **state)
{
	struct http http;
	char text[1024];
	struct stat st;
	int a, b;

	(void)state;
	begin(&http);
	assert_int_equal(stat(where + 5, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	a = call();
	b = call();
	turn(&http, 0);
	turn(&http, 0);
	ask(a, "GET /metrics HT");
	turn(&http, 10);
	assert_int_equal(take_all(a, text, sizeof(text)), -1);
	ask(a, "TP/1.0\r\n\r\n");
	ask(b, GET);
	turn(&http, 20);
	assert_int_equal(take_all(a, text, sizeof(text)), strlen(PAGE));
	assert_string_equal(text, PAGE);
	take_all(b, text, sizeof(text));
	assert_string_equal(text, PAGE);
	/* the same page for both, and another one only when it is older */
	assert_int_equal(made, 1);
	close(a);
	close(b);
	a = call();
	turn(&http, HTTP_CACHE_MS + 19);
	ask(a, GET);
	turn(&http, HTTP_CACHE_MS + 20);
	assert_int_equal(made, 2);
	close(a);
	end(&http);
}

static void test_errors(void **state)
{
	struct http http;
	char text[1024];
	int a, b;

	(void)state;
	begin(&http);
	make_ret = -EIO;
	a = call();
	b = call();
	turn(&http, 0);
	turn(&http, 0);
	ask(a, GET);
	ask(b, "GET /x HTTP/1.0\r\n\r\n");
	turn(&http, 0);
	take_all(a, text, sizeof(text));
	assert_memory_equal(text, "HTTP/1.0 500 Internal Server Error\r\n", 36);
	assert_null(strstr(text, "page"));
	take_all(b, text, sizeof(text));
	assert_memory_equal(text, "HTTP/1.0 404 Not Found\r\n", 24);
	/* a failure is not kept */
	assert_null(http.cache);
	close(a);
	close(b);
	end(&http);
}

/* Those who take all places are hung up on; those who wait then get theirs. */
static void test_slow_callers(void **state)
{
	struct pollfd polled[HTTP_FDS];
	int fds[HTTP_CLIENTS], late, i;
	struct http http;
	char text[1024];

	(void)state;
	begin(&http);
	for (i = 0; i < HTTP_CLIENTS; i++) {
		fds[i] = call();
		turn(&http, i);
	}
	late = call();
	ask(late, GET);
	/* nor does the loop wake up for those that wait */
	http_fds(&http, polled);
	assert_int_equal(polled[0].fd, -1);
	turn(&http, 100);
	turn(&http, 100);
	assert_int_equal(take_all(late, text, sizeof(text)), -1);
	assert_int_equal(http_expire(&http, 100), HTTP_LIMIT_MS);
	ask(fds[0], "G");
	turn(&http, 4000);
	assert_int_equal(http_expire(&http, HTTP_LIMIT_MS), HTTP_LIMIT_MS + 1);
	assert_int_equal(take_all(fds[0], text, sizeof(text)), 0);
	assert_int_equal(take_all(fds[1], text, sizeof(text)), -1);
	turn(&http, HTTP_LIMIT_MS);
	turn(&http, HTTP_LIMIT_MS);
	assert_int_equal(take_all(late, text, sizeof(text)), strlen(PAGE));
	for (i = 0; i < HTTP_CLIENTS; i++)
		close(fds[i]);
	close(late);
	end(&http);
}

/* Without a descriptor for a caller the loop does not turn on the spot; he is let in later. */
static void test_no_descriptor(void **state)
{
	struct pollfd polled[HTTP_FDS];
	struct rlimit before, none;
	struct http http;
	char text[1024];
	int caller;

	(void)state;
	begin(&http);
	caller = call();
	ask(caller, GET);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	http_fds(&http, polled);
	polled[0].revents = POLLIN;
	http_handle(&http, polled, 10);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	http_fds(&http, polled);
	assert_int_equal(polled[0].fd, -1);
	assert_int_equal(http_expire(&http, 10), 10 + HTTP_CLOSED_MS);
	assert_int_equal(http_expire(&http, 10 + HTTP_CLOSED_MS), INT64_MAX);
	turn(&http, 2000);
	turn(&http, 2000);
	assert_int_equal(take_all(caller, text, sizeof(text)), strlen(PAGE));
	close(caller);
	end(&http);
}

/* A page that does not fit into the socket goes piece by piece, and no other waits for it. */
static void test_big_page(void **state)
{
	static char text[3 << 20];
	size_t len = 0, before;
	struct http http;
	ssize_t got;
	int slow, i;

	(void)state;
	begin(&http);
	make_len = 2 << 20;
	slow = call();
	turn(&http, 0);
	ask(slow, GET);
	for (i = 0; i < 9; i++)
		turn(&http, 0);
	assert_non_null(http.clients[0].page);
	before = http.clients[0].sent;
	assert_true(before && before < make_len);
	/* it goes on with the page that it began */
	make_len = 0;
	for (i = 0; i < 100000 && http.clients[0].fd >= 0; i++) {
		got = recv(slow, text + len, 65536, 0);
		len += got > 0 ? (size_t)got : 0;
		turn(&http, 2 * HTTP_CACHE_MS);
	}
	while ((got = recv(slow, text + len, 65536, 0)) > 0)
		len += (size_t)got;
	assert_true(len > (2 << 20) && text[len - 1] == 'x');
	assert_memory_equal(text, "HTTP/1.0 200 OK\r\n", 17);
	close(slow);
	end(&http);
}

static void test_rude_callers(void **state)
{
	struct http http;
	char big[HTTP_REQUEST + 100], text[1024];
	int a, b;

	(void)state;
	begin(&http);
	memset(big, 'a', sizeof(big));
	a = call();
	b = call();
	turn(&http, 0);
	turn(&http, 0);
	assert_int_equal(send(a, big, sizeof(big), 0), sizeof(big));
	close(b);
	turn(&http, 0);
	assert_int_equal(http.clients[0].fd, -1);
	assert_int_equal(http.clients[1].fd, -1);
	recv(a, text, sizeof(text), 0);
	assert_memory_equal(text, "HTTP/1.0 431 ", 13);
	close(a);
	/* gone before it was answered */
	a = call();
	turn(&http, 0);
	ask(a, GET);
	close(a);
	turn(&http, 0);
	assert_int_equal(http.clients[0].fd, -1);
	end(&http);
}

/* A socket that nobody answers at is replaced, one that is in use is not, nor is a file. */
static void test_listen(void **state)
{
	struct http first, second;
	char file[128];
	struct stat st;
	size_t i;

	(void)state;
	begin(&first);
	http_init(&second);
	assert_int_equal(http_listen(&second, where), -EADDRINUSE);
	free(first.paths[0]);
	first.paths[0] = NULL;
	close(first.listeners[0]);
	first.listeners[0] = -1;
	assert_int_equal(stat(where + 5, &st), 0);
	assert_int_equal(http_listen(&first, where), 0);
	snprintf(file, sizeof(file), "unix:%s/file", dir);
	fclose(fopen(file + 5, "w"));
	assert_int_equal(http_listen(&second, file), -EADDRINUSE);
	assert_int_equal(unlink(file + 5), 0);
	for (i = 0; i < HTTP_LISTENERS; i++)
		assert_int_equal(http_listen(&second, "127.0.0.1:0"), 0);
	assert_int_equal(http_listen(&second, "127.0.0.1:0"), -ENOSPC);
	http_close(&second);
	end(&first);
}

/* Nor is the socket of another replaced who is just too busy to answer. */
static void test_listen_busy(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), fds[8], i;
	struct http http;
	struct stat st;

	(void)state;
	begin(&http);
	http_close(&http);
	strcpy(sun.sun_path, where + 5);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, 0), 0);
	for (i = 0; i < 8; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		/* until its queue is full */
		(void)connect(fds[i], (struct sockaddr *)&sun, sizeof(sun));
	}
	assert_int_equal(http_listen(&http, where), -EADDRINUSE);
	assert_int_equal(stat(where + 5, &st), 0);
	for (i = 0; i < 8; i++)
		close(fds[i]);
	close(fd);
	unlink(where + 5);
	assert_int_equal(rmdir(dir), 0);
}

/* A page elsewhere whose name stands for 127.0.0.1 gets nothing out of a browser here. */
static void test_host(void **state)
{
	static const char *const ours[] = {
		"localhost", "LocalHost:9586", "127.0.0.1", "127.0.0.1:9586", "127.255.1.2:1",
		"[::1]", "[::1]:9586", "  localhost\t",
	};
	static const char *const others[] = {
		"", "x", "evil.example", "evil.example:9586", "localhost.evil.example",
		"localhost:x", "127.0.0.1.evil.example", "127.0.0.1.evil.example:9586",
		"192.0.2.1", "192.0.2.1:80", "0.0.0.0:9586", "[::]:9586", "[2001:db8::1]", "::1",
		"unix:/run/vpnctl/metrics.sock", "127.0.0.1:9586, evil.example", "[::1", "]", ":",
		"evil.example\r\nHost: localhost", "localhost\r\nhost: evil.example",
		"1111:1111:1111:1111:1111:1111:111.111.111.111.111.111.111.111.111.111.111",
	};
	char request[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nA: b\r\nhOST:%s\r\n\r\n",
			 ours[i]);
		if (!http_is_for_us(request, strlen(request)))
			fail_msg("%s", ours[i]);
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(request, sizeof(request), "GET / HTTP/1.1\nHost: %s\n\n", others[i]);
		if (http_is_for_us(request, strlen(request)))
			fail_msg("%s", others[i]);
	}
	assert_true(http_is_for_us("GET / HTTP/1.0\r\n\r\n", 18));
	/* it is no part of the head, and may as well not have come yet */
	assert_true(http_is_for_us("GET / HTTP/1.0\r\n\r\nHost: h.example\r\n\r\n", 37));
	assert_false(http_is_for_us("GET / HTTP/1.0\r\nHost: localhost\0.x\r\n\r\n", 38));
}

/* One answer to a request by a port. */
static const char *answer_by_port(struct http *http, const char *request)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	static char text[1024];
	int fd, i;

	assert_int_equal(getsockname(http->listeners[1], (struct sockaddr *)&sin, &len), 0);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	ask(fd, request);
	for (i = 0; i < 3; i++)
		turn(http, 0);
	assert_true(take_all(fd, text, sizeof(text)) > 0);
	close(fd);
	return text;
}

#define GET_FROM(host) "GET /metrics HTTP/1.1\r\nHost: " host "\r\n\r\n"

static void test_host_by_port(void **state)
{
	struct http http;
	char text[1024];
	int fd;

	(void)state;
	begin(&http);
	assert_int_equal(http_listen(&http, "127.0.0.1:0"), 0);
	assert_memory_equal(answer_by_port(&http, GET_FROM("evil.example")),
			    "HTTP/1.0 421 Misdirected Request\r\n", 34);
	assert_string_equal(answer_by_port(&http, GET_FROM("localhost")), PAGE);
	assert_string_equal(answer_by_port(&http, GET), PAGE);
	/* no browser comes by a Unix socket, whose users call it what they like */
	fd = call();
	turn(&http, 0);
	ask(fd, GET_FROM("evil.example"));
	turn(&http, 0);
	assert_int_equal(take_all(fd, text, sizeof(text)), strlen(PAGE));
	close(fd);
	end(&http);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_serve),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_slow_callers),
		cmocka_unit_test(test_no_descriptor),
		cmocka_unit_test(test_big_page),
		cmocka_unit_test(test_rude_callers),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_listen_busy),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_host_by_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
