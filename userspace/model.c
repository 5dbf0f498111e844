// SPDX-License-Identifier: GPL-2.0
/* Memory and comparison of the structs in model.h. */
#include <stdlib.h>
#include <string.h>

#include "model.h"

/**
 * device_alloc() - an empty device
 *
 * Return: the device, to be given to device_free(); NULL without memory.
 */
struct device *device_alloc(void)
{
	return calloc(1, sizeof(struct device));
}

/**
 * peer_free() - free a peer and wipe its keys
 * @peer: the peer, in no list; may be NULL
 */
void peer_free(struct peer *peer)
{
	if (!peer)
		return;
	free(peer->ips);
	free(peer->endpoint_host);
	free(peer->name);
	explicit_bzero(peer, sizeof(*peer));
	free(peer);
}

/**
 * device_free() - free a device and its peers, and wipe their keys
 * @dev: the device; may be NULL
 */
void device_free(struct device *dev)
{
	struct peer *peer, *next;

	if (!dev)
		return;
	for (peer = dev->peers; peer; peer = next) {
		next = peer->next;
		peer_free(peer);
	}
	explicit_bzero(dev, sizeof(*dev));
	free(dev);
}

/**
 * device_list_free() - free every device of a list
 * @list: the first one; may be NULL
 */
void device_list_free(struct device *list)
{
	struct device *next;

	for (; list; list = next) {
		next = list->next;
		device_free(list);
	}
}

/**
 * device_add_peer() - append an empty peer
 * @dev: the device, which owns the peer
 *
 * Return: the peer; NULL without memory.
 */
struct peer *device_add_peer(struct device *dev)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	if (dev->last_peer)
		dev->last_peer->next = peer;
	else
		dev->peers = peer;
	dev->last_peer = peer;
	dev->n_peers++;
	return peer;
}

/**
 * device_find_peer() - the peer with a key
 * @dev: the device
 * @key: the public key
 *
 * Return: the first one, or NULL.
 */
struct peer *device_find_peer(const struct device *dev, const uint8_t key[KEY_LEN])
{
	struct peer *peer = dev->peers;

	while (peer && memcmp(peer->public_key, key, KEY_LEN))
		peer = peer->next;
	return peer;
}

/**
 * device_sorted_peers() - the peers of a device in another order
 * @dev: the device
 * @cmp: compares two struct peer **, as qsort() wants it
 *
 * Return: an array of @dev->n_peers pointers, to be freed; NULL without memory.
 */
struct peer **device_sorted_peers(const struct device *dev,
				  int (*cmp)(const void *, const void *))
{
	struct peer **sorted = calloc(dev->n_peers + 1, sizeof(*sorted));
	struct peer *peer;
	size_t n = 0;

	if (!sorted)
		return NULL;
	for (peer = dev->peers; peer; peer = peer->next)
		sorted[n++] = peer;
	qsort(sorted, n, sizeof(*sorted), cmp);
	return sorted;
}

/**
 * peer_by_key() - an order of peers, for device_sorted_peers()
 * @a: struct peer **, one
 * @b: struct peer **, the other
 *
 * Return: less than, equal to or greater than 0.
 */
int peer_by_key(const void *a, const void *b)
{
	const struct peer *const *one = a, *const *other = b;

	return memcmp((*one)->public_key, (*other)->public_key, KEY_LEN);
}

/**
 * peers_find() - the same peer elsewhere
 * @sorted: peers in the order of peer_by_key()
 * @n: how many
 * @peer: has the key
 *
 * Return: one of @sorted with this key, or NULL.
 */
struct peer *peers_find(struct peer *const *sorted, size_t n, const struct peer *peer)
{
	struct peer *const *found = bsearch(&peer, sorted, n, sizeof(*sorted), peer_by_key);

	return found ? *found : NULL;
}

/**
 * peer_add_ip() - append an empty allowed IP
 * @peer: the peer, which owns it
 *
 * Return: the allowed IP, valid until the next one is added; NULL without memory.
 */
struct allowedip *peer_add_ip(struct peer *peer)
{
	struct allowedip *ips, *ip;
	size_t room;

	if (peer->n_ips == peer->room_ips) {
		room = peer->room_ips ? 2 * peer->room_ips : 4;
		ips = reallocarray(peer->ips, room, sizeof(*ips));
		if (!ips)
			return NULL;
		peer->ips = ips;
		peer->room_ips = room;
	}
	ip = &peer->ips[peer->n_ips++];
	memset(ip, 0, sizeof(*ip));
	return ip;
}

/**
 * allowedip_cmp() - an order of prefixes: family, address, length
 * @a: one
 * @b: the other
 *
 * Return: less than, equal to or greater than 0.
 */
int allowedip_cmp(const struct allowedip *a, const struct allowedip *b)
{
	int diff;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	diff = memcmp(a->addr.bytes, b->addr.bytes, family_bits(a->family) / 8);
	if (diff)
		return diff;
	return (int)a->prefix_len - (int)b->prefix_len;
}

/**
 * allowedip_mask() - clear the bits behind the prefix
 * @ip: family, address and length are set
 *
 * Return: whether any of them was set.
 */
bool allowedip_mask(struct allowedip *ip)
{
	unsigned int bit, bits = family_bits(ip->family);
	bool changed = false;

	for (bit = ip->prefix_len; bit < bits; bit++) {
		uint8_t mask = 0x80 >> (bit % 8);

		changed |= ip->addr.bytes[bit / 8] & mask;
		ip->addr.bytes[bit / 8] &= ~mask;
	}
	return changed;
}

/**
 * endpoint_is_host() - whether an endpoint is the address of one host
 * @ep: the endpoint
 *
 * Return: false for an address of none or of many, and for IPv4 in IPv6's clothes.
 */
bool endpoint_is_host(const union endpoint *ep)
{
	const struct in6_addr *ip6 = &ep->sin6.sin6_addr;
	in_addr_t ip4 = ntohl(ep->sin.sin_addr.s_addr);

	if (ep->sa.sa_family == AF_INET)
		return ip4 != INADDR_ANY && ip4 != INADDR_BROADCAST && !IN_MULTICAST(ip4);
	return !IN6_IS_ADDR_UNSPECIFIED(ip6) && !IN6_IS_ADDR_MULTICAST(ip6) &&
	       !IN6_IS_ADDR_V4MAPPED(ip6);
}

/**
 * endpoint_equal() - same family, address, port and scope
 * @a: one
 * @b: the other
 *
 * Return: whether they are.
 */
bool endpoint_equal(const union endpoint *a, const union endpoint *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->sin.sin_port == b->sin.sin_port &&
		       a->sin.sin_addr.s_addr == b->sin.sin_addr.s_addr;
	return a->sin6.sin6_port == b->sin6.sin6_port &&
	       a->sin6.sin6_scope_id == b->sin6.sin6_scope_id &&
	       !memcmp(&a->sin6.sin6_addr, &b->sin6.sin6_addr, sizeof(a->sin6.sin6_addr));
}

/**
 * key_is_zero() - whether a key means "none"; takes the same time for every key
 * @key: the key
 *
 * Return: whether it is all zero.
 */
bool key_is_zero(const uint8_t key[KEY_LEN])
{
	volatile uint8_t any = 0;
	size_t i;

	for (i = 0; i < KEY_LEN; i++)
		any |= key[i];
	return !any;
}
