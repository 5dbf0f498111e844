/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host names of endpoints, which the kernel does not know: they are in the configuration
 * files. Each has a schedule of its own.
 */
#ifndef VPNCTL_NAMES_H
#define VPNCTL_NAMES_H

#include <stdio.h>

#include "tunnel.h"

/* After a death: at once, then after this, and each time after twice as much. */
#define NAME_FIRST_DELAY_MS 5000

/* What the files say and which peers have a session is taken for true so long. */
#define NAME_FRESH_MS 5000

/**
 * struct name - the host name of one peer's endpoint
 * @next: the next one
 * @ifname: the device
 * @key: the peer
 * @host: the name; owned
 * @port: network order
 * @due: when to look at the peer again, by now_ms()
 * @last: when that was done last; INT64_MIN: never
 * @seen: when its peer was found to have no session, as above
 * @delay: what is added to @due each time; it doubles up to the interval
 * @busy: the name is being resolved
 */
struct name {
	struct name *next;
	char ifname[IFNAMSIZ];
	uint8_t key[KEY_LEN];
	char *host;
	in_port_t port;
	int64_t due;
	int64_t last;
	int64_t seen;
	int64_t delay;
	bool busy;
};

/**
 * struct names - all of them
 * @dir: the folder whose *.conf and *.json are read
 * @files: more files, which come first; ended by NULL
 * @list: the first name
 * @by_peer: the same as a tree, see tsearch(3)
 * @n: how many
 * @devices: those that a file is about, also one without names; the first file counts
 * @interval: milliseconds between two looks at a peer
 * @reread: when the files are to be read again at the latest, by now_ms()
 */
struct names {
	const char *dir;
	char *const *files;
	struct name *list;
	void *by_peer;
	size_t n;
	struct texts devices;
	int64_t interval;
	int64_t reread;
};

int names_read(struct names *names, FILE *log, int64_t now);
struct name *names_find(const struct names *names, const char *ifname,
			const uint8_t key[KEY_LEN]);
struct name *names_due(const struct names *names, int64_t now);
int64_t names_next(const struct names *names);
bool names_are_fresh(const struct names *names, int64_t now);
void names_close(struct names *names);

bool name_is_due(const struct name *name, int64_t now);
void name_tried(const struct names *names, struct name *name, int64_t now);
void name_alive(const struct names *names, struct name *name, int64_t now);
void name_hurry(struct name *name, int64_t now);

#endif /* VPNCTL_NAMES_H */
