// SPDX-License-Identifier: GPL-2.0
/*
 * Reduce a configuration to its difference from what a device has. A session ends
 * when its peer is removed, so a peer that stays is never removed and made again.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "sync.h"

#define MARK_STAYS                                                                            \
	"Warning: %s: FwMark stays 0x%" PRIx32 ", as rules and firewall have it, until `down' " \
	"and `up'\n"

static int by_prefix(const void *a, const void *b)
{
	return allowedip_cmp(a, b);
}

/**
 * struct claim - an allowed IP and the place of its peer in the file
 * @ip: the prefix
 * @order: the place
 */
struct claim {
	struct allowedip *ip;
	size_t order;
};

static int by_claim(const void *a, const void *b)
{
	const struct claim *p = a, *q = b;
	int diff = allowedip_cmp(p->ip, q->ip);

	if (diff)
		return diff;
	return p->order < q->order ? -1 : p->order > q->order;
}

/* Drop the allowed IPs of @peer that have no family. */
static void compact_ips(struct peer *peer)
{
	size_t i, n = 0;

	for (i = 0; i < peer->n_ips; i++)
		if (peer->ips[i].family)
			peer->ips[n++] = peer->ips[i];
	peer->n_ips = n;
}

/*
 * A prefix belongs to one peer: the last one that names it. The others must not be
 * seen to lack it, or each run would hand it around.
 */
static int settle_claims(struct device *dev)
{
	struct claim *claims;
	struct peer *peer;
	size_t i, n = 0;

	for (peer = dev->peers; peer; peer = peer->next)
		n += peer->n_ips;
	claims = calloc(n + 1, sizeof(*claims));
	if (!claims)
		return -ENOMEM;
	n = 0;
	for (peer = dev->peers; peer; peer = peer->next)
		for (i = 0; i < peer->n_ips; i++, n++)
			claims[n] = (struct claim){ .ip = &peer->ips[i], .order = n };
	qsort(claims, n, sizeof(*claims), by_claim);
	/* backwards: a later claim is still there to compare with when an earlier one goes */
	for (i = n; i > 1; i--)
		if (!allowedip_cmp(claims[i - 1].ip, claims[i - 2].ip))
			claims[i - 2].order = SIZE_MAX;
	for (i = 0; i < n; i++)
		if (claims[i].order == SIZE_MAX)
			claims[i].ip->family = 0;
	free(claims);
	for (peer = dev->peers; peer; peer = peer->next)
		compact_ips(peer);
	return 0;
}

static int add_removal(struct peer *peer, const struct allowedip *ip)
{
	struct allowedip *removal = peer_add_ip(peer);

	if (!removal)
		return -ENOMEM;
	*removal = *ip;
	removal->remove = true;
	return 0;
}

/*
 * Leave in @want what @have lacks, and the removal of what it must lose. Without
 * PEER_REPLACE_ALLOWEDIPS only what is marked for removal is lost.
 */
static int reduce_ips(struct peer *want, const struct peer *have)
{
	bool replace = want->flags & PEER_REPLACE_ALLOWEDIPS;
	size_t w, h, n_wanted = want->n_ips;
	int diff, ret = 0;

	want->flags &= ~PEER_REPLACE_ALLOWEDIPS;
	if (want->n_ips)
		qsort(want->ips, want->n_ips, sizeof(*want->ips), by_prefix);
	for (w = h = 0; !ret && (w < n_wanted || h < have->n_ips);) {
		diff = w == n_wanted ? 1 : h == have->n_ips ? -1 :
		       allowedip_cmp(&want->ips[w], &have->ips[h]);
		if (!diff && !want->ips[w].remove)
			want->ips[w].family = 0;
		if (diff < 0 && want->ips[w].remove)
			want->ips[w].family = 0;
		if (diff > 0 && replace)
			ret = add_removal(want, &have->ips[h]);
		w += diff <= 0;
		h += diff >= 0;
	}
	compact_ips(want);
	return ret;
}

/* A file that says nothing about a field of a peer means "none", except for the endpoint. */
static void reduce_fields(struct peer *want, const struct peer *have)
{
	want->flags |= PEER_HAS_PRESHARED_KEY | PEER_HAS_KEEPALIVE | PEER_HAS_CIPHER;
	if (!memcmp(want->preshared_key, have->preshared_key, KEY_LEN))
		want->flags &= ~PEER_HAS_PRESHARED_KEY;
	if (want->keepalive == have->keepalive)
		want->flags &= ~PEER_HAS_KEEPALIVE;
	if (want->cipher == have->cipher)
		want->flags &= ~PEER_HAS_CIPHER;
	if ((want->flags & have->flags & PEER_HAS_ENDPOINT) &&
	    endpoint_equal(&want->endpoint, &have->endpoint))
		want->flags &= ~PEER_HAS_ENDPOINT;
}

static bool is_unchanged(const struct peer *peer)
{
	return !peer->n_ips && !(peer->flags & ~PEER_HAS_PUBLIC_KEY);
}

/* Take the peers out of the list that have nothing left to say, and find the last one. */
static void drop_unchanged(struct device *dev)
{
	struct peer **link = &dev->peers, *peer;

	dev->last_peer = NULL;
	while ((peer = *link)) {
		if (!is_unchanged(peer)) {
			dev->last_peer = peer;
			link = &peer->next;
			continue;
		}
		*link = peer->next;
		dev->n_peers--;
		peer_free(peer);
	}
}

/* Of two peers with one key the later one counts. @sorted are the peers of @dev by key. */
static void drop_duplicates(struct device *dev, struct peer **sorted)
{
	size_t i, n = 0;

	for (i = 0; i < dev->n_peers; i++) {
		if (i + 1 < dev->n_peers && !peer_by_key(&sorted[i], &sorted[i + 1])) {
			sorted[i]->flags = PEER_HAS_PUBLIC_KEY;
			sorted[i]->n_ips = 0;
			continue;
		}
		sorted[n++] = sorted[i];
	}
	drop_unchanged(dev);
}

static int by_key_and_line(const void *a, const void *b)
{
	const struct peer *p = *(struct peer *const *)a, *q = *(struct peer *const *)b;
	int diff = peer_by_key(a, b);

	if (diff)
		return diff;
	return p->line < q->line ? -1 : p->line > q->line;
}

static void reduce_device(struct device *want, const struct device *have)
{
	want->flags |= DEVICE_HAS_PRIVATE_KEY | DEVICE_HAS_FWMARK;
	if (!memcmp(want->private_key, have->private_key, KEY_LEN))
		want->flags &= ~DEVICE_HAS_PRIVATE_KEY;
	if (want->fwmark == have->fwmark)
		want->flags &= ~DEVICE_HAS_FWMARK;
	/* without a port in the file any port will do, also the one there is */
	if (want->listen_port == have->listen_port || !want->listen_port)
		want->flags &= ~DEVICE_HAS_LISTEN_PORT;
}

/* Add the removal of each peer that is not wanted. They go first, as their IPs may move. */
static int remove_unwanted(struct device *want, struct peer **wanted, size_t n_wanted,
			   const struct device *have)
{
	const struct peer *peer;
	struct peer *removal;

	for (peer = have->peers; peer; peer = peer->next) {
		if (peers_find(wanted, n_wanted, peer))
			continue;
		removal = calloc(1, sizeof(*removal));
		if (!removal)
			return -ENOMEM;
		memcpy(removal->public_key, peer->public_key, KEY_LEN);
		removal->flags = PEER_HAS_PUBLIC_KEY | PEER_REMOVE;
		removal->next = want->peers;
		want->peers = removal;
		want->n_peers++;
	}
	return 0;
}

static int reduce_peers(struct device *want, const struct device *have)
{
	struct peer **had = device_sorted_peers(have, peer_by_key);
	struct peer *peer, *old;
	int ret = had ? 0 : -ENOMEM;

	for (peer = want->peers; peer && !ret; peer = peer->next) {
		old = peers_find(had, have->n_peers, peer);
		if (!old)
			continue;
		if (old->n_ips)
			qsort(old->ips, old->n_ips, sizeof(*old->ips), by_prefix);
		reduce_fields(peer, old);
		ret = reduce_ips(peer, old);
	}
	free(had);
	return ret;
}

/* Whether rules and firewall have the mark, by the file or by what the device has. */
static bool mark_is_bound(const struct tunnel *tun, const struct device *have)
{
	struct tunnel was = *tun;

	was.dev = (struct device *)have;
	return have->fwmark && (tunnel_needs_mark(tun) || tunnel_needs_mark(&was));
}

/**
 * sync_keep() - before a reload: what `up` has chosen, or was given beside the file, stays
 * @tun: the file, its device with what is wanted
 * @have: what the device has
 * @log: where it is said that the file's mark is not taken
 */
void sync_keep(struct tunnel *tun, const struct device *have, FILE *log)
{
	struct device *want = tun->dev;

	if (want->fwmark && want->fwmark != have->fwmark && mark_is_bound(tun, have)) {
		fprintf(log, MARK_STAYS, want->name, have->fwmark);
		want->fwmark = have->fwmark;
	}
	if (!want->fwmark)
		want->fwmark = have->fwmark;
	if (!(want->flags & DEVICE_HAS_PRIVATE_KEY))
		memcpy(want->private_key, have->private_key, KEY_LEN);
}

/**
 * sync_reduce() - leave only what differs
 * @want: a configuration file, parsed and resolved; becomes what has to be sent
 * @have: what the device has; its allowed IPs are sorted
 *
 * Return: 0 or -ENOMEM.
 */
int sync_reduce(struct device *want, const struct device *have)
{
	struct peer **wanted = device_sorted_peers(want, by_key_and_line);
	size_t n_wanted;
	int ret;

	if (!wanted)
		return -ENOMEM;
	drop_duplicates(want, wanted);
	n_wanted = want->n_peers;
	reduce_device(want, have);
	ret = settle_claims(want);
	if (!ret)
		ret = reduce_peers(want, have);
	if (!ret)
		ret = remove_unwanted(want, wanted, n_wanted, have);
	free(wanted);
	if (!ret)
		drop_unchanged(want);
	return ret;
}
