// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "child.h"
#include "resolve.h"

_Static_assert(sizeof(struct answer) <= PIPE_BUF, "an answer is written at once");

/**
 * resolver_init() - begin with nothing to resolve
 * @resolver: to be filled in
 */
void resolver_init(struct resolver *resolver)
{
	memset(resolver, 0, sizeof(*resolver));
	resolver->lookup = resolve_lookup;
	resolver->limit_ms = RESOLVE_LIMIT_MS;
}

/**
 * resolve_lookup() - ask the C library
 * @host: the name
 * @port: network order
 * @answer: to be filled in, with those addresses that can be a peer's
 *
 * May take minutes.
 */
void resolve_lookup(const char *host, in_port_t port, struct answer *answer)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found, *one;
	union endpoint *addr;

	memset(answer, 0, sizeof(*answer));
	answer->err = getaddrinfo(host, NULL, &hints, &found);
	answer->sys_err = errno;
	if (answer->err)
		return;
	for (one = found; one && answer->n < RESOLVE_ADDRS; one = one->ai_next) {
		addr = &answer->addrs[answer->n];
		if (one->ai_addrlen > sizeof(*addr))
			continue;
		memcpy(addr, one->ai_addr, one->ai_addrlen);
		addr->sin.sin_port = port;
		if (endpoint_is_host(addr))
			answer->n++;
		else
			memset(addr, 0, sizeof(*addr));
	}
	freeaddrinfo(found);
	if (!answer->n)
		answer->err = EAI_NONAME;
}

/**
 * resolve_error() - why a name stands for nothing
 * @answer: with an error
 *
 * Return: the words.
 */
const char *resolve_error(const struct answer *answer)
{
	return answer->err == EAI_SYSTEM ? strerror(answer->sys_err) : gai_strerror(answer->err);
}

/**
 * resolver_place() - room for one more
 * @resolver: all of them
 *
 * Return: a free place, whose ifname and key are the caller's to set, or NULL.
 */
struct resolution *resolver_place(struct resolver *resolver)
{
	size_t i;

	for (i = 0; i < RESOLVE_RUNNING; i++)
		if (!resolver->running[i].pid)
			return &resolver->running[i];
	return NULL;
}

/* In the child. Clients of the agent must not wait for it to close their sockets. */
static void __attribute__((noreturn)) answer_and_exit(const struct resolver *resolver,
						      const char *host, in_port_t port, int fd)
{
	struct answer answer;
	int own = dup2(fd, STDERR_FILENO + 1);

	close_range((unsigned int)own + 1, UINT_MAX, 0);
	resolver->lookup(host, port, &answer);
	_exit(write(own, &answer, sizeof(answer)) != sizeof(answer));
}

/**
 * resolver_start() - resolve a name in the background
 * @resolver: all of them
 * @place: from resolver_place()
 * @host: the name
 * @port: network order
 * @now: now_ms()
 *
 * Return: 0 or -errno.
 */
int resolver_start(struct resolver *resolver, struct resolution *place, const char *host,
		   in_port_t port, int64_t now)
{
	int fds[2], ret;

	if (strlen(host) >= sizeof(place->host))
		return -ENAMETOOLONG;
	strcpy(place->host, host);
	place->port = port;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	place->pid = child_fork();
	if (!place->pid)
		answer_and_exit(resolver, host, port, fds[1]);
	ret = place->pid < 0 ? -errno : 0;
	close(fds[1]);
	if (ret) {
		place->pid = 0;
		close(fds[0]);
		return ret;
	}
	place->fd = fds[0];
	place->deadline = now + resolver->limit_ms;
	return 0;
}

/**
 * resolver_fds() - what to wait for
 * @resolver: all of them
 * @fds: gets RESOLVE_RUNNING descriptors; a place that is free has -1
 *
 * Return: RESOLVE_RUNNING.
 */
nfds_t resolver_fds(const struct resolver *resolver, struct pollfd *fds)
{
	size_t i;

	for (i = 0; i < RESOLVE_RUNNING; i++) {
		const struct resolution *running = &resolver->running[i];

		fds[i] = (struct pollfd){ .fd = running->pid ? running->fd : -1, .events = POLLIN };
	}
	return RESOLVE_RUNNING;
}

/**
 * resolver_finish() - take the answer of a process that has given one, or has died
 * @running: its place, free afterwards, but what was asked still stands there
 * @answer: to be filled in
 */
void resolver_finish(struct resolution *running, struct answer *answer)
{
	ssize_t got = read(running->fd, answer, sizeof(*answer));

	if (got != sizeof(*answer) || answer->n > RESOLVE_ADDRS) {
		memset(answer, 0, sizeof(*answer));
		answer->err = EAI_AGAIN;
	}
	child_kill(running->pid);
	waitpid(running->pid, NULL, 0);
	close(running->fd);
	running->pid = 0;
}

/**
 * resolver_expire() - end those that take too long: their pipes are then at an end
 * @resolver: all of them
 * @now: now_ms()
 *
 * Return: when to call it again; INT64_MAX: never.
 */
int64_t resolver_expire(struct resolver *resolver, int64_t now)
{
	int64_t next = INT64_MAX;
	size_t i;

	for (i = 0; i < RESOLVE_RUNNING; i++) {
		struct resolution *running = &resolver->running[i];

		if (!running->pid || running->deadline == INT64_MAX)
			continue;
		if (running->deadline <= now) {
			child_kill(running->pid);
			running->deadline = INT64_MAX;
		} else {
			next = sooner(next, running->deadline);
		}
	}
	return next;
}

/**
 * resolver_close() - end all of them
 * @resolver: empty afterwards
 */
void resolver_close(struct resolver *resolver)
{
	struct answer answer;
	size_t i;

	for (i = 0; i < RESOLVE_RUNNING; i++)
		if (resolver->running[i].pid)
			resolver_finish(&resolver->running[i], &answer);
}

/**
 * handshake_is_old() - whether there is no session that is in use
 * @peer: as the kernel knows it
 * @now: CLOCK_REALTIME
 *
 * Return: whether there was none, or the last one is so old, or, by a clock that was set back, so
 * far in the future that it says nothing.
 */
bool handshake_is_old(const struct peer *peer, time_t now)
{
	time_t age = now - peer->last_handshake.tv_sec;

	/* a host without a clock of its own begins with 1970 */
	return !peer->last_handshake.tv_sec || age > RESOLVE_HANDSHAKE_AGE ||
	       age < -RESOLVE_HANDSHAKE_AGE;
}

/**
 * resolve_choose() - which endpoint a peer is to be given
 * @peer: as the kernel knows it
 * @answer: what its name stands for
 * @now: CLOCK_REALTIME
 *
 * A peer with which there is a session is where it says it is. Without one, it stays where it
 * is as long as that is one of the addresses of its name.
 *
 * Return: one of the answer's, or NULL: it stays.
 */
const union endpoint *resolve_choose(const struct peer *peer, const struct answer *answer,
				     time_t now)
{
	uint32_t i;

	if (answer->err || !answer->n || !handshake_is_old(peer, now))
		return NULL;
	for (i = 0; i < answer->n; i++)
		if ((peer->flags & PEER_HAS_ENDPOINT) &&
		    endpoint_equal(&peer->endpoint, &answer->addrs[i]))
			return NULL;
	return &answer->addrs[0];
}
