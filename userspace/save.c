// SPDX-License-Identifier: GPL-2.0
/* SaveConfig: what the file said, with peers, port, mark and addresses as they are now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts.h"
#include "nl.h"
#include "save.h"
#include "tunnel_file.h"

#define NOT_SAVED "%s: has neither a private key nor peers; %s, which has, stays as it is\n"

/* Return: 0 or -errno. */
static int replace_file(const char *path, const struct tunnel *tun, const struct device *dev)
{
	static struct replacement new;	/* large */
	int ret = replacement_begin(&new, path);

	if (ret)
		return ret;
	tunnel_write(new.out, tun, dev);
	ret = replacement_close(&new);
	if (!ret)
		ret = replacement_commit(&new);
	if (ret)
		replacement_abort(&new);
	return ret;
}

static bool has_endpoint(const struct peer *peer)
{
	return (peer->flags & PEER_HAS_ENDPOINT) || peer->endpoint_host;
}

/*
 * The kernel knows no names. Nor does it know who comes when he likes: with an endpoint `up` would
 * wait for him. Return: 0 or -ENOMEM.
 */
static int take_from_file(struct device *dev, const struct tunnel *tun)
{
	struct peer **sorted = device_sorted_peers(tun->dev, peer_by_key), *found, *peer;
	int ret = sorted ? 0 : -ENOMEM;

	for (peer = dev->peers; peer && !ret; peer = peer->next) {
		found = peers_find(sorted, tun->dev->n_peers, peer);
		if (tun->timeout && !(found && has_endpoint(found)))
			peer->flags &= ~PEER_HAS_ENDPOINT;
		if (!found || !found->name)
			continue;
		peer->name = strdup(found->name);
		if (!peer->name)
			ret = -ENOMEM;
	}
	free(sorted);
	return ret;
}

/* What is now in place of what was configured. Return: 0 or -errno. */
static int refresh(struct tunnel *now, const struct device *dev)
{
	int ret = facts_addresses(now);

	if (now->mtu && !ret)
		now->mtu = facts_device_mtu(dev->name);
	return ret;
}

/* The file as it was read, with the state of the device. Return: 0 or -errno. */
static int write_state(const struct tunnel *tun, struct device *dev, const char *path)
{
	struct tunnel now = *tun;
	int ret;

	now.addresses = NULL;
	now.n_addresses = 0;
	/* it may come from elsewhere now, and what stands in the file does not */
	dev->flags &= ~DEVICE_HAS_PRIVATE_KEY;
	dev->flags |= tun->dev->flags & DEVICE_HAS_PRIVATE_KEY;
	memcpy(dev->private_key, tun->dev->private_key, KEY_LEN);
	/* the mark that `up` has chosen is chosen again; without need of one it was set by hand */
	if (!tun->dev->fwmark && tunnel_needs_mark(tun))
		dev->fwmark = 0;
	ret = refresh(&now, dev);
	if (!ret)
		ret = take_from_file(dev, tun);
	if (!ret)
		ret = replace_file(path, &now, dev);
	free(now.addresses);
	return ret;
}

static int read_device(const char *name, struct device **dev)
{
	struct nl nl;
	int ret = nl_open(&nl);

	if (!ret)
		ret = nl_get_device(&nl, name, dev);
	nl_close(&nl);
	return ret;
}

/* An `up` that was killed may have left a device that has got nothing yet. */
static bool is_unconfigured(const struct device *dev, const struct tunnel *tun)
{
	return key_is_zero(dev->private_key) && !dev->peers &&
	       (!key_is_zero(tun->dev->private_key) || tun->key_file || tun->dev->peers);
}

/* Return: 0, or -errno after a complaint. */
static int save_locked(struct tunnel *tun, const char *path, FILE *log)
{
	struct config cfg = { .log = log, .tun = tun, .dev = tun->dev };
	struct device *dev = NULL;
	int ret = tunnel_file_parse(&cfg, path);

	if (ret)
		return ret;
	ret = read_device(tun->dev->name, &dev);
	if (!ret && is_unconfigured(dev, tun)) {
		fprintf(log, NOT_SAVED, tun->dev->name, path);
		ret = -ENODATA;
		goto out;
	}
	if (!ret)
		ret = write_state(tun, dev, path);
	if (ret)
		fprintf(log, "%s: save the configuration: %s: %s\n", tun->dev->name, path,
			strerror(-ret));
out:
	device_free(dev);
	return ret;
}

/**
 * tunnel_save() - write the state of a tunnel to its file
 * @ifname: its device
 * @path: the file, which is read anew: others may have changed it
 * @log: for complaints
 *
 * Return: 0, or -errno after a complaint; the file is then as it was.
 */
int tunnel_save(const char *ifname, const char *path, FILE *log)
{
	struct tunnel *tun = tunnel_alloc();
	int lock, ret;

	if (!tun) {
		fprintf(log, "%s: save the configuration: %s\n", ifname, strerror(ENOMEM));
		return -ENOMEM;
	}
	snprintf(tun->dev->name, sizeof(tun->dev->name), "%s", ifname);
	lock = tunnel_file_lock(path, log);
	ret = lock < 0 ? lock : save_locked(tun, path, log);
	if (lock >= 0)
		close(lock);
	tunnel_free(tun);
	return ret;
}
