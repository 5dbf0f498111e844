// SPDX-License-Identifier: GPL-2.0
/*
 * The next free address of a subnet is the lowest one that is neither the hub's, nor one of
 * its peers', nor reserved. Peers whose allowed IPs are the whole subnet or more take no
 * address: a longer prefix comes before theirs.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#include "client.h"
#include "format.h"

/**
 * struct used - prefixes of a subnet that are not free
 * @ips: the prefixes
 * @n: how many
 * @room: how many fit into @ips
 */
struct used {
	struct allowedip *ips;
	size_t n;
	size_t room;
};

static bool covers(const struct allowedip *net, const struct allowedip *ip)
{
	struct allowedip cut = *ip, masked = *net;

	if (net->family != ip->family || net->prefix_len > ip->prefix_len)
		return false;
	cut.prefix_len = net->prefix_len;
	allowedip_mask(&cut);
	allowedip_mask(&masked);
	return !allowedip_cmp(&cut, &masked);
}

static unsigned int host_bits(const struct allowedip *net)
{
	return family_bits(net->family) - net->prefix_len;
}

/* The last address of a prefix. */
static struct allowedip last_of(const struct allowedip *net)
{
	unsigned int bit, bits = family_bits(net->family);
	struct allowedip last = *net;

	for (bit = net->prefix_len; bit < bits; bit++)
		last.addr.bytes[bit / 8] |= 0x80 >> (bit % 8);
	last.prefix_len = (uint8_t)bits;
	return last;
}

/* Return: whether there is an address behind it. */
static bool step(struct allowedip *ip)
{
	unsigned int i = family_bits(ip->family) / 8;

	while (i--)
		if (++ip->addr.bytes[i])
			return true;
	return false;
}

static int add_used(struct used *used, const struct allowedip *ip)
{
	struct allowedip *ips;

	if (used->n == used->room) {
		used->room = used->room ? 2 * used->room : 64;
		ips = reallocarray(used->ips, used->room, sizeof(*ips));
		if (!ips)
			return -ENOMEM;
		used->ips = ips;
	}
	used->ips[used->n++] = *ip;
	return 0;
}

/*
 * The first address of an IPv4 subnet is the subnet itself and the last is for all; the
 * first one of an IPv6 subnet is for any router (RFC 4291, section 2.6.1). Subnets of two
 * addresses have none of these (RFC 3021, RFC 6164).
 */
static int add_reserved(struct used *used, const struct allowedip *subnet)
{
	struct allowedip first = *subnet, last = last_of(subnet);
	int ret;

	if (host_bits(subnet) < 2)
		return 0;
	first.prefix_len = last.prefix_len;
	ret = add_used(used, &first);
	if (!ret && subnet->family == AF_INET)
		ret = add_used(used, &last);
	return ret;
}

static int add_peers(struct used *used, const struct allowedip *subnet, const struct device *dev)
{
	const struct peer *peer;
	size_t i;
	int ret = 0;

	for (peer = dev ? dev->peers : NULL; peer; peer = peer->next)
		for (i = 0; i < peer->n_ips && !ret; i++)
			if (!peer->ips[i].remove && covers(subnet, &peer->ips[i]) &&
			    peer->ips[i].prefix_len > subnet->prefix_len)
				ret = add_used(used, &peer->ips[i]);
	return ret;
}

static int add_addresses(struct used *used, const struct allowedip *subnet,
			 const struct tunnel *hub)
{
	struct allowedip ip;
	size_t i;
	int ret = 0;

	for (i = 0; i < hub->n_addresses && !ret; i++) {
		ip = hub->addresses[i];
		ip.prefix_len = (uint8_t)family_bits(ip.family);
		if (covers(subnet, &ip))
			ret = add_used(used, &ip);
	}
	return ret;
}

static int by_address(const void *a, const void *b)
{
	return allowedip_cmp(a, b);
}

/* Prefixes are in one another or apart: one way through their order finds the first gap. */
static int find_gap(struct allowedip *found, const struct allowedip *subnet, struct used *used)
{
	const struct allowedip *ip;
	size_t i;

	qsort(used->ips, used->n, sizeof(*used->ips), by_address);
	*found = *subnet;
	found->prefix_len = (uint8_t)family_bits(subnet->family);
	for (i = 0; i < used->n; i++) {
		ip = &used->ips[i];
		if (!covers(ip, found))
			continue;
		*found = last_of(ip);
		if (!step(found) || !covers(subnet, found))
			return -ENOSPC;
	}
	return 0;
}

static int find_free(struct allowedip *found, const struct allowedip *subnet,
		     const struct tunnel *hub, const struct device *live)
{
	struct used used = { 0 };
	int ret = add_reserved(&used, subnet);

	if (!ret)
		ret = add_addresses(&used, subnet, hub);
	if (!ret)
		ret = add_peers(&used, subnet, hub->dev);
	if (!ret)
		ret = add_peers(&used, subnet, live);
	if (!ret)
		ret = find_gap(found, subnet, &used);
	free(used.ips);
	return ret;
}

/* An address that stands alone is in no subnet, and two of one subnet are in one. */
static bool is_new_subnet(const struct tunnel *hub, size_t which)
{
	const struct allowedip *ip = &hub->addresses[which];
	size_t i;

	for (i = 0; i < which; i++)
		if (host_bits(&hub->addresses[i]) &&
		    (covers(&hub->addresses[i], ip) || covers(ip, &hub->addresses[i])))
			return false;
	return host_bits(ip);
}

static int give_one(struct tunnel *client, const struct tunnel *hub, size_t which,
		    const struct device *live, FILE *log)
{
	struct allowedip subnet = hub->addresses[which], *ip = tunnel_add_address(client);
	char text[PREFIX_LEN];
	int ret;

	if (!ip)
		return -ENOMEM;
	allowedip_mask(&subnet);
	ret = find_free(ip, &subnet, hub, live);
	if (ret == -ENOSPC)
		fprintf(log, "%s: all addresses of this subnet are taken\n",
			format_prefix(text, &subnet));
	return ret;
}

/**
 * client_give_addresses() - one of each subnet that the hub has an address in
 * @client: gets them
 * @hub: the hub, as its file says
 * @live: its device as it is; NULL: it is not there
 * @log: for complaints
 *
 * Return: 0, -ENOMEM, -ENOSPC or -EINVAL, these after a complaint.
 */
int client_give_addresses(struct tunnel *client, const struct tunnel *hub,
			  const struct device *live, FILE *log)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < hub->n_addresses && !ret; i++)
		if (is_new_subnet(hub, i))
			ret = give_one(client, hub, i, live, log);
	if (ret || client->n_addresses)
		return ret;
	fprintf(log, "%s: the file has no Address with a subnet, such as 10.8.0.1/24\n",
		hub->dev->name);
	return -EINVAL;
}

static bool ip4_is_public(uint32_t ip)
{
	/* those that RFC 6890 and its registry call not globally reachable */
	static const struct {
		uint32_t net;
		unsigned int len;
	} others[] = {
		{ 0x00000000, 8 }, { 0x0a000000, 8 }, { 0x64400000, 10 }, { 0x7f000000, 8 },
		{ 0xa9fe0000, 16 }, { 0xac100000, 12 }, { 0xc0000000, 24 }, { 0xc0000200, 24 },
		{ 0xc0a80000, 16 }, { 0xc6120000, 15 }, { 0xc6336400, 24 }, { 0xcb007100, 24 },
		{ 0xe0000000, 3 },
	};
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!((ip ^ others[i].net) >> (32 - others[i].len)))
			return false;
	return true;
}

/* Of the first half of an address. */
static bool ip6_is_public(uint64_t ip)
{
	/*
	 * Those of global unicast, 2000::/3, with an entry in the registry of RFC 6890, IANA's of
	 * special-purpose addresses. Some of it is globally reachable, but belongs to protocols
	 * (Teredo, ORCHID, benchmarks, anycast), or with 6to4 depends on whatever relay there is:
	 * no address that a hub should be known by.
	 */
	static const struct {
		uint64_t net;
		unsigned int len;
	} others[] = {
		{ 0x2001000000000000, 23 }, /* protocol assignments, RFC 2928 */
		{ 0x20010db800000000, 32 }, /* documentation, RFC 3849 */
		{ 0x2002000000000000, 16 }, /* 6to4, RFC 3056 */
		{ 0x3fff000000000000, 20 }, /* documentation, RFC 9637 */
	};
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!((ip ^ others[i].net) >> (64 - others[i].len)))
			return false;
	return ip >> 61 == 1;
}

/**
 * address_is_public() - whether a host with this address can be reached from everywhere
 * @ep: the address
 *
 * Return: false for private, shared, link-local, documentation's and all such addresses.
 */
bool address_is_public(const union endpoint *ep)
{
	uint64_t half;

	if (ep->sa.sa_family == AF_INET)
		return ip4_is_public(ntohl(ep->sin.sin_addr.s_addr));
	memcpy(&half, &ep->sin6.sin6_addr, sizeof(half));
	return ip6_is_public(be64toh(half));
}
