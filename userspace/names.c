// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "config.h"
#include "names.h"
#include "tunnel_file.h"

static int by_peer(const void *a, const void *b)
{
	const struct name *one = a, *other = b;
	int diff = memcmp(one->key, other->key, KEY_LEN);

	return diff ? diff : strcmp(one->ifname, other->ifname);
}

/* What is in a tree belongs to another. */
static void forget(void *item)
{
	(void)item;
}

static void free_all(struct names *names)
{
	struct name *name, *next;

	for (name = names->list; name; name = next) {
		next = name->next;
		free(name->host);
		free(name);
	}
	tdestroy(names->by_peer, forget);
	texts_clear(&names->devices);
	names->list = NULL;
	names->by_peer = NULL;
	names->n = 0;
}

/**
 * names_find() - the name of a peer's endpoint
 * @names: all of them
 * @ifname: the device
 * @key: the peer
 *
 * Return: the name, or NULL.
 */
struct name *names_find(const struct names *names, const char *ifname,
			const uint8_t key[KEY_LEN])
{
	struct name wanted = { .ifname = "" }, *const *found;

	snprintf(wanted.ifname, sizeof(wanted.ifname), "%s", ifname);
	memcpy(wanted.key, key, KEY_LEN);
	found = tfind(&wanted, &names->by_peer, by_peer);
	return found ? *found : NULL;
}

/* Take over what is known of a name that was there before. */
static void keep_schedule(const struct names *old, struct name *name)
{
	const struct name *was = names_find(old, name->ifname, name->key);

	if (!was || strcmp(was->host, name->host) || was->port != name->port)
		return;
	name->due = was->due;
	name->last = was->last;
	name->seen = was->seen;
	name->delay = was->delay;
	name->busy = was->busy;
}

static int add_name(struct names *names, const struct names *old, const struct device *dev,
		    const struct peer *peer, int64_t now)
{
	struct name *name = calloc(1, sizeof(*name));

	if (!name)
		return -ENOMEM;
	memcpy(name->ifname, dev->name, sizeof(name->ifname));
	memcpy(name->key, peer->public_key, KEY_LEN);
	name->host = strdup(peer->endpoint_host);
	if (!name->host || !tsearch(name, &names->by_peer, by_peer)) {
		free(name->host);
		free(name);
		return -ENOMEM;
	}
	name->port = peer->endpoint.sin.sin_port;
	name->due = now;
	name->last = INT64_MIN;
	name->seen = INT64_MIN;
	name->delay = names->interval;
	keep_schedule(old, name);
	name->next = names->list;
	names->list = name;
	names->n++;
	return 0;
}

static int by_key(const void *a, const void *b)
{
	return memcmp(((const struct peer *)a)->public_key, ((const struct peer *)b)->public_key,
		      KEY_LEN);
}

/* A peer may stand in a file more than once: the kernel is left with its last endpoint. */
static int find_last(void **last, const struct device *dev)
{
	const struct peer *peer, **place;

	for (peer = dev->peers; peer; peer = peer->next) {
		if (!(peer->flags & PEER_HAS_ENDPOINT))
			continue;
		place = tsearch(peer, last, by_key);
		if (!place)
			return -ENOMEM;
		*place = peer;
	}
	return 0;
}

static int add_names(struct names *names, const struct names *old, const struct device *dev,
		     int64_t now)
{
	const struct peer *peer;
	void *last = NULL;
	int ret;

	ret = find_last(&last, dev);
	for (peer = dev->peers; peer && !ret; peer = peer->next)
		if (peer->endpoint_host && *(struct peer **)tfind(peer, &last, by_key) == peer)
			ret = add_name(names, old, dev, peer, now);
	tdestroy(last, forget);
	return ret;
}

static bool has_file(const struct names *names, const char *ifname)
{
	size_t i;

	for (i = 0; i < names->devices.n; i++)
		if (!strcmp(names->devices.items[i], ifname))
			return true;
	return false;
}

/*
 * The first file that is about a device counts, also one without names: those of another are not
 * those that the device was brought up with. A file that is not there is none.
 */
static int read_first(struct names *names, const struct names *old, struct config *cfg,
		      const char *path, int64_t now)
{
	int ret;

	if (has_file(names, cfg->dev->name))
		return 0;
	ret = tunnel_file_parse(cfg, path);
	if (ret == -ENOENT || ret == -ENOMEM)
		return ret;
	if (texts_add(&names->devices, cfg->dev->name))
		return -ENOMEM;
	return ret ? ret : add_names(names, old, cfg->dev, now);
}

/* A file that is wrong has no names; that it is wrong is said in @log. */
static int add_file(struct names *names, const struct names *old, const char *path, FILE *log,
		    int64_t now)
{
	struct config cfg = { .log = log, .tun = tunnel_alloc() };
	int ret = 0;

	if (!cfg.tun)
		return -ENOMEM;
	cfg.dev = cfg.tun->dev;
	if (tunnel_file_device(cfg.dev->name, path)) {
		if (log)
			fprintf(log, "%s: " TUNNEL_NAME_RULE "\n", path);
	} else {
		ret = read_first(names, old, &cfg, path, now);
		if (ret != -ENOMEM)
			ret = 0;
	}
	tunnel_free(cfg.tun);
	return ret;
}

static int add_dir(struct names *names, const struct names *old, FILE *log, int64_t now)
{
	char pattern[PATH_MAX];
	glob_t found;
	size_t i;
	int ret;

	snprintf(pattern, sizeof(pattern), "%s/*.{conf,json}", names->dir);
	ret = glob(pattern, GLOB_BRACE, NULL, &found);
	if (ret)
		return ret == GLOB_NOSPACE ? -ENOMEM : 0;
	for (i = 0; i < found.gl_pathc && !ret; i++)
		ret = add_file(names, old, found.gl_pathv[i], log, now);
	globfree(&found);
	return ret;
}

/**
 * names_read() - read the files again
 * @names: what is in them; a name that stays keeps its schedule
 * @log: for complaints about files; NULL: nowhere
 * @now: now_ms(), when a new name is due
 *
 * Return: 0, or -ENOMEM: then all is as before.
 */
int names_read(struct names *names, FILE *log, int64_t now)
{
	struct names old = *names;
	char *const *file;
	int ret = 0;

	names->list = NULL;
	names->by_peer = NULL;
	names->n = 0;
	names->devices = (struct texts){ 0 };
	names->reread = now + names->interval;
	for (file = names->files; file && *file && !ret; file++)
		ret = add_file(names, &old, *file, log, now);
	if (!ret)
		ret = add_dir(names, &old, log, now);
	free_all(ret ? names : &old);
	if (ret) {
		names->list = old.list;
		names->by_peer = old.by_peer;
		names->n = old.n;
		names->devices = old.devices;
	}
	return ret;
}

/**
 * names_are_fresh() - whether the files need not be read again yet
 * @names: what is in them
 * @now: now_ms()
 *
 * Return: whether they were read just now.
 */
bool names_are_fresh(const struct names *names, int64_t now)
{
	return now < names->reread && now < names->reread - names->interval + NAME_FRESH_MS;
}

/**
 * name_is_due() - whether its peer is to be looked at
 * @name: the name
 * @now: now_ms()
 *
 * Return: whether its time has come, and it is not being resolved.
 */
bool name_is_due(const struct name *name, int64_t now)
{
	return !name->busy && name->due <= now;
}

/**
 * names_due() - a peer that is to be looked at
 * @names: all of them
 * @now: now_ms()
 *
 * Return: of those whose time has come and that are not busy the one that has waited longest,
 * so that each has its turn when there is not time enough for all; or NULL.
 */
struct name *names_due(const struct names *names, int64_t now)
{
	struct name *name, *first = NULL;

	for (name = names->list; name; name = name->next)
		if (name_is_due(name, now) && (!first || name->due < first->due))
			first = name;
	return first;
}

/**
 * names_next() - when the next one is due, or the files are to be read again
 * @names: all of them
 *
 * Return: the time, by now_ms().
 */
int64_t names_next(const struct names *names)
{
	const struct name *name;
	int64_t next = names->reread;

	for (name = names->list; name; name = name->next)
		if (!name->busy)
			next = sooner(next, name->due);
	return next;
}

/**
 * names_close() - forget all of them
 * @names: empty afterwards
 */
void names_close(struct names *names)
{
	free_all(names);
}

/**
 * name_tried() - its peer was looked at and may be dead
 * @names: all of them
 * @name: the name
 * @now: now_ms()
 */
void name_tried(const struct names *names, struct name *name, int64_t now)
{
	name->busy = false;
	name->last = now;
	name->due = now + name->delay;
	name->delay = sooner(2 * name->delay, names->interval);
}

/**
 * name_alive() - its peer was looked at, and nothing is wrong with it
 * @names: all of them
 * @name: the name
 * @now: now_ms()
 */
void name_alive(const struct names *names, struct name *name, int64_t now)
{
	name->delay = names->interval;
	name->due = now + names->interval;
}

/**
 * name_hurry() - its peer is dead: look at it at once, unless that was just done
 * @name: the name
 * @now: now_ms()
 */
void name_hurry(struct name *name, int64_t now)
{
	int64_t soonest = name->last == INT64_MIN ? now : name->last + NAME_FIRST_DELAY_MS;

	name->due = sooner(name->due, soonest > now ? soonest : now);
	name->delay = sooner(name->delay, NAME_FIRST_DELAY_MS);
}
