// SPDX-License-Identifier: GPL-2.0
/* Whom `up` waits for, and how the waiting is shown; wait.c does it. */
#include <stdlib.h>

#include "encoding.h"
#include "wait.h"

/**
 * wait_is_for() - whether a handshake with a peer is waited for
 * @peer: the peer
 *
 * Return: whether its endpoint is known; others come when they like.
 */
bool wait_is_for(const struct peer *peer)
{
	return peer->flags & PEER_HAS_ENDPOINT;
}

/**
 * wait_needed() - whether there is anything to wait for
 * @tun: the tunnel
 *
 * Return: whether there is.
 */
bool wait_needed(const struct tunnel *tun)
{
	const struct peer *peer = tun->dev->peers;

	while (peer && !wait_is_for(peer))
		peer = peer->next;
	return tun->timeout && peer;
}

static void put_keepalives(FILE *out, const struct device *dev, const char *interval)
{
	char key[KEY_BASE64_LEN];
	const struct peer *peer;

	for (peer = dev->peers; peer; peer = peer->next) {
		if (!wait_is_for(peer) || peer->keepalive)
			continue;
		key_to_base64(key, peer->public_key);
		fprintf(out, "vpnctl set %s peer %s persistent-keepalive %s\n", dev->name, key,
			interval);
	}
}

/**
 * wait_text() - the waiting as commands of a shell
 * @tun: the tunnel
 *
 * Return: the commands, to be freed; NULL without memory.
 */
char *wait_text(const struct tunnel *tun)
{
	char key[KEY_BASE64_LEN], interval[8], *text;
	const struct peer *peer;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	snprintf(interval, sizeof(interval), "%d", WAIT_KEEPALIVE);
	put_keepalives(out, tun->dev, interval);
	fprintf(out, "timeout %u sh -c 'while vpnctl show %s latest-handshakes | grep -q",
		tun->timeout, tun->dev->name);
	for (peer = tun->dev->peers; peer; peer = peer->next) {
		if (!wait_is_for(peer))
			continue;
		key_to_base64(key, peer->public_key);
		fprintf(out, " -e \"^%s\t0$\"", key);
	}
	fputs("; do sleep 0.1; done'\n", out);
	put_keepalives(out, tun->dev, "off");
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}
