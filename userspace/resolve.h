/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Host names are resolved in a process for each: the C library may take minutes over one, and
 * a process, unlike a thread, can be ended.
 */
#ifndef VPNCTL_RESOLVE_H
#define VPNCTL_RESOLVE_H

#include <netdb.h>
#include <poll.h>

#include "model.h"

#define RESOLVE_RUNNING 4 /* at once */
#define RESOLVE_LIMIT_MS 30000
#define RESOLVE_ADDRS 32

/* A session with traffic has a handshake every 120 s; so old, and there is none. */
#define RESOLVE_HANDSHAKE_AGE 135 /* seconds */

/**
 * struct answer - what a name stands for
 * @err: 0, or an error of getaddrinfo()
 * @sys_err: errno, when @err is EAI_SYSTEM
 * @n: how many addresses
 * @addrs: the addresses, with the port; the best comes first
 */
struct answer {
	int32_t err;
	int32_t sys_err;
	uint32_t n;
	union endpoint addrs[RESOLVE_ADDRS];
};

/**
 * struct resolution - a name that is being resolved
 * @pid: the process; 0: the place is free
 * @fd: where its answer is read
 * @deadline: when it is ended, by now_ms()
 * @ifname: the device
 * @key: the peer
 * @host: the name
 * @port: network order
 */
struct resolution {
	pid_t pid;
	int fd;
	int64_t deadline;
	char ifname[IFNAMSIZ];
	uint8_t key[KEY_LEN];
	char host[NI_MAXHOST];
	in_port_t port;
};

/**
 * struct resolver - all of them
 * @running: the places
 * @lookup: resolves one name: getaddrinfo(), or a test's
 * @limit_ms: how long each may take
 */
struct resolver {
	struct resolution running[RESOLVE_RUNNING];
	void (*lookup)(const char *host, in_port_t port, struct answer *answer);
	int64_t limit_ms;
};

void resolver_init(struct resolver *resolver);
struct resolution *resolver_place(struct resolver *resolver);
int resolver_start(struct resolver *resolver, struct resolution *place, const char *host,
		   in_port_t port, int64_t now);
nfds_t resolver_fds(const struct resolver *resolver, struct pollfd *fds);
void resolver_finish(struct resolution *running, struct answer *answer);
int64_t resolver_expire(struct resolver *resolver, int64_t now);
void resolver_close(struct resolver *resolver);

void resolve_lookup(const char *host, in_port_t port, struct answer *answer);
const char *resolve_error(const struct answer *answer);
bool handshake_is_old(const struct peer *peer, time_t now);
const union endpoint *resolve_choose(const struct peer *peer, const struct answer *answer,
				     time_t now);

#endif /* VPNCTL_RESOLVE_H */
