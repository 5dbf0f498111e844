// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel begins a handshake when there is something to send. A peer without persistent
 * keepalive has one as long as we wait, because the first goes out at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "encoding.h"
#include "nl.h"
#include "notify.h"
#include "wait.h"

#define POLL_MS 100
#define STEP "%s: wait for handshakes: "

/* Peers whose keepalive is off get this interval. Return: 0 or -errno. */
static int set_keepalives(struct nl *nl, const struct device *dev, uint16_t seconds)
{
	struct device *change = device_alloc();
	const struct peer *peer;
	struct peer *copy;
	int ret = change ? 0 : -ENOMEM;

	for (peer = dev->peers; peer && !ret; peer = peer->next) {
		if (!wait_is_for(peer) || peer->keepalive)
			continue;
		copy = device_add_peer(change);
		if (!copy) {
			ret = -ENOMEM;
			break;
		}
		memcpy(copy->public_key, peer->public_key, KEY_LEN);
		copy->keepalive = seconds;
		copy->flags = PEER_HAS_PUBLIC_KEY | PEER_HAS_KEEPALIVE;
	}
	if (!ret && change->n_peers) {
		memcpy(change->name, dev->name, IFNAMSIZ);
		ret = nl_set_device(nl, change);
	}
	device_free(change);
	return ret;
}

static bool is_connected(const struct device *now, const uint8_t key[KEY_LEN])
{
	const struct peer *peer = device_find_peer(now, key);

	return peer && peer->last_handshake.tv_sec;
}

/* A peer without a handshake so far in *@missing, or NULL. Return: 0 or -errno. */
static int find_missing(struct nl *nl, const struct device *dev, const struct peer **missing)
{
	struct device *now = NULL;
	const struct peer *peer;
	int ret = nl_get_device(nl, dev->name, &now);

	if (ret)
		return ret;
	for (peer = dev->peers; peer; peer = peer->next)
		if (wait_is_for(peer) && !is_connected(now, peer->public_key))
			break;
	*missing = peer;
	device_free(now);
	return 0;
}

static int poll_peers(struct nl *nl, const struct tunnel *tun, const volatile sig_atomic_t *stop,
		      const struct peer **missing)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	int64_t end = now_ms() + (int64_t)tun->timeout * 1000;
	int ret;

	do {
		ret = find_missing(nl, tun->dev, missing);
		if (ret || !*missing)
			return ret;
		nanosleep(&pause, NULL);
	} while (!*stop && now_ms() < end);
	return *stop ? -EINTR : -ETIMEDOUT;
}

static void complain(const struct nl *nl, const struct tunnel *tun, const struct peer *missing,
		     int err, FILE *log)
{
	char key[KEY_BASE64_LEN];

	fprintf(log, STEP, tun->dev->name);
	if (err == -ETIMEDOUT) {
		key_to_base64(key, missing->public_key);
		fprintf(log, "no answer from %s within %u s\n", key, tun->timeout);
	} else {
		fprintf(log, "%s\n", *nl->text ? nl->text : strerror(-err));
	}
}

/**
 * wait_for_handshakes() - wait until there was one with each peer whose endpoint is known
 * @tun: the tunnel, which is up
 * @stop: set when the user does not want to wait any more
 * @log: for complaints
 *
 * May sleep for tun->timeout seconds.
 *
 * Return: 0, -EINTR when @stop was set, or -errno after a complaint.
 */
int wait_for_handshakes(const struct tunnel *tun, const volatile sig_atomic_t *stop, FILE *log)
{
	const struct peer *missing = NULL;
	struct nl nl;
	int ret = nl_open(&nl);

	if (!ret)
		ret = set_keepalives(&nl, tun->dev, WAIT_KEEPALIVE);
	if (!ret)
		ret = poll_peers(&nl, tun, stop, &missing);
	if (!ret)
		ret = set_keepalives(&nl, tun->dev, 0);
	/* not the user: the peers were changed again and again while they were read */
	if (ret == -EINTR && !*stop)
		ret = -EAGAIN;
	if (ret && ret != -EINTR)
		complain(&nl, tun, missing, ret, log);
	nl_close(&nl);
	return ret;
}
