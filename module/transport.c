// SPDX-License-Identifier: GPL-2.0
/* Endpoints and roaming, and what every transport shares; see transport.h. */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "peer.h"
#include "pipeline.h"
#include "transport.h"

/* Room for a link layer, IPv6 and UDP in front of a message that we build ourselves. */
enum { BUFFER_HEADROOM = LL_MAX_HEADER + sizeof(struct ipv6hdr) + sizeof(struct udphdr) };

/**
 * mytun_path_init() - no endpoint yet
 * @path: path
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int mytun_path_init(struct mytun_path *path)
{
	seqlock_init(&path->lock);
	return dst_cache_init(&path->cache, GFP_KERNEL);
}

void mytun_path_free(struct mytun_path *path)
{
	dst_cache_destroy(&path->cache);
}

/* Return: what read_seqretry() takes to tell whether @endpoint still holds. */
static unsigned int path_read(struct mytun_path *path, struct mytun_endpoint *endpoint)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&path->lock);
		*endpoint = path->endpoint;
	} while (read_seqretry(&path->lock, seq));
	return seq;
}

/**
 * mytun_path_get() - where is the peer?
 * @path: path
 * @endpoint: copied to
 *
 * Context: any.
 */
void mytun_path_get(struct mytun_path *path, struct mytun_endpoint *endpoint)
{
	path_read(path, endpoint);
}

bool mytun_path_has_endpoint(const struct mytun_path *path)
{
	sa_family_t family = READ_ONCE(path->endpoint.addr.sa_family);

	return family == AF_INET || family == AF_INET6;
}

static bool same_endpoint(const struct mytun_endpoint *a, const struct mytun_endpoint *b)
{
	if (a->addr.sa_family != b->addr.sa_family)
		return false;
	if (a->addr.sa_family == AF_INET)
		return a->addr4.sin_port == b->addr4.sin_port &&
		       a->addr4.sin_addr.s_addr == b->addr4.sin_addr.s_addr &&
		       a->src4.s_addr == b->src4.s_addr && a->src_if4 == b->src_if4;
	if (a->addr.sa_family == AF_INET6)
		return a->addr6.sin6_port == b->addr6.sin6_port &&
		       ipv6_addr_equal(&a->addr6.sin6_addr, &b->addr6.sin6_addr) &&
		       a->addr6.sin6_scope_id == b->addr6.sin6_scope_id &&
		       ipv6_addr_equal(&a->src6, &b->src6);
	return true;
}

static bool same_address(const struct mytun_endpoint *a, const struct mytun_endpoint *b)
{
	if (a->addr.sa_family != b->addr.sa_family)
		return false;
	if (a->addr.sa_family == AF_INET)
		return a->addr4.sin_port == b->addr4.sin_port &&
		       a->addr4.sin_addr.s_addr == b->addr4.sin_addr.s_addr;
	return a->addr6.sin6_port == b->addr6.sin6_port &&
	       ipv6_addr_equal(&a->addr6.sin6_addr, &b->addr6.sin6_addr);
}

/**
 * mytun_path_set() - the peer is there
 * @path: path
 * @endpoint: where
 *
 * Context: any but hardirq.
 */
void mytun_path_set(struct mytun_path *path, const struct mytun_endpoint *endpoint)
{
	write_seqlock_bh(&path->lock);
	path->endpoint = *endpoint;
	dst_cache_reset(&path->cache);
	write_sequnlock_bh(&path->lock);
}

/**
 * mytun_path_roam() - an authenticated message came from there
 * @path: path
 * @endpoint: where it came from, and which of our addresses it was sent to
 *
 * Context: any but hardirq.
 * Return: true when the peer's own address is another one than before.
 */
bool mytun_path_roam(struct mytun_path *path, const struct mytun_endpoint *endpoint)
{
	struct mytun_endpoint old;

	mytun_path_get(path, &old);
	if (likely(same_endpoint(&old, endpoint)))
		return false;
	mytun_path_set(path, endpoint);
	return !same_address(&old, endpoint);
}

/**
 * mytun_path_clear_source() - forget which of our addresses the peer knows, and the route
 * @path: path
 *
 * Context: any but hardirq.
 */
void mytun_path_clear_source(struct mytun_path *path)
{
	write_seqlock_bh(&path->lock);
	memset(&path->endpoint.src6, 0, sizeof(path->endpoint.src6));
	dst_cache_reset(&path->cache);
	write_sequnlock_bh(&path->lock);
}

/* The peer that the device would send to for this address, or NULL. RCU held. */
static struct mytun_peer *peer_towards(struct mytun_device *device,
				       const struct mytun_endpoint *endpoint)
{
	const struct allowedips *table = &device->allowedips;
	struct allowedips_owner *owner;

	if (endpoint->addr.sa_family == AF_INET)
		owner = allowedips_lookup4(table, &endpoint->addr4.sin_addr);
	else
		owner = allowedips_lookup6(table, &endpoint->addr6.sin6_addr);
	return owner ? container_of(owner, struct mytun_peer, allowedips) : NULL;
}

/**
 * mytun_path_loops() - would a packet come back?
 * @path: of a peer whose endpoint is routed into the device itself
 *
 * A peer may lie behind another one of the same device (onion routing). But when one of
 * those on the way is reached through this peer, packets would go round for ever.
 *
 * Context: rcu_read_lock_bh() held.
 */
bool mytun_path_loops(struct mytun_path *path)
{
	struct mytun_peer *peer = container_of(path, struct mytun_peer, path);
	struct mytun_endpoint endpoint;
	struct mytun_peer *next = peer;
	int hops;

	for (hops = 0; hops < MYTUN_MAX_NESTED_PEERS; hops++) {
		mytun_path_get(&next->path, &endpoint);
		next = peer_towards(peer->device, &endpoint);
		if (next == peer)
			return true;
		if (!next || !READ_ONCE(next->path.through_device))
			return false;
	}
	return true;
}

/**
 * mytun_endpoint_from_skb() - where a received message came from
 * @endpoint: filled in
 * @skb: message with its outer headers
 *
 * Return: 0 or -EPFNOSUPPORT.
 */
int mytun_endpoint_from_skb(struct mytun_endpoint *endpoint, const struct sk_buff *skb)
{
	memset(endpoint, 0, sizeof(*endpoint));
	if (skb->protocol == htons(ETH_P_IP)) {
		endpoint->addr4.sin_family = AF_INET;
		endpoint->addr4.sin_port = udp_hdr(skb)->source;
		endpoint->addr4.sin_addr.s_addr = ip_hdr(skb)->saddr;
		endpoint->src4.s_addr = ip_hdr(skb)->daddr;
		endpoint->src_if4 = skb->skb_iif;
		return 0;
	}
	if (IS_ENABLED(CONFIG_IPV6) && skb->protocol == htons(ETH_P_IPV6)) {
		endpoint->addr6.sin6_family = AF_INET6;
		endpoint->addr6.sin6_port = udp_hdr(skb)->source;
		endpoint->addr6.sin6_addr = ipv6_hdr(skb)->saddr;
		endpoint->addr6.sin6_scope_id =
			ipv6_iface_scope_id(&ipv6_hdr(skb)->saddr, skb->skb_iif);
		endpoint->src6 = ipv6_hdr(skb)->daddr;
		return 0;
	}
	return -EPFNOSUPPORT;
}

/**
 * mytun_endpoint_to_source() - an endpoint as cookies know it
 * @endpoint: IPv4 or IPv6
 * @src: filled in
 */
void mytun_endpoint_to_source(const struct mytun_endpoint *endpoint, struct cookie_source *src)
{
	memset(src, 0, sizeof(*src));
	if (endpoint->addr.sa_family == AF_INET) {
		src->len = sizeof(endpoint->addr4.sin_addr);
		memcpy(src->addr, &endpoint->addr4.sin_addr, src->len);
		src->port = endpoint->addr4.sin_port;
	} else {
		src->len = sizeof(endpoint->addr6.sin6_addr);
		memcpy(src->addr, &endpoint->addr6.sin6_addr, src->len);
		src->port = endpoint->addr6.sin6_port;
	}
}

/**
 * mytun_transport_ds() - the outer traffic class of a received message
 * @skb: message with its outer headers
 */
u8 mytun_transport_ds(const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return ip_hdr(skb)->tos;
	return ipv6_get_dsfield(ipv6_hdr(skb));
}

/**
 * mytun_transport_detach() - make a received message ours
 * @dev: our interface
 * @skb: message; it may wait in a queue from now on, and lets go of all that must not
 */
void mytun_transport_detach(struct net_device *dev, struct sk_buff *skb)
{
	skb_orphan(skb);
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	skb->dev = dev;
}

static unsigned int list_bytes(struct sk_buff *messages)
{
	unsigned int bytes = 0;

	for (; messages; messages = messages->next)
		bytes += messages->len;
	return bytes;
}

/**
 * mytun_transport_send() - send messages to a peer
 * @peer: peer
 * @messages: chained by skb->next, sealed; all consumed
 *
 * Context: rcu_read_lock_bh() held.
 * Return: true when they went out.
 */
bool mytun_transport_send(struct mytun_peer *peer, struct sk_buff *messages)
{
	struct mytun_transport *transport = &peer->device->transport;
	unsigned int bytes = list_bytes(messages);
	struct mytun_path *path = &peer->path;
	struct mytun_endpoint endpoint;
	struct in6_addr source;
	unsigned int seq;
	int ret;

	seq = path_read(path, &endpoint);
	source = endpoint.src6;
	ret = transport->ops->send(transport, messages, &endpoint, path);
	/* The endpoint moved meanwhile: the route to the old one may be in the cache now. */
	if (unlikely(read_seqretry(&path->lock, seq)))
		dst_cache_reset(&path->cache);
	if (ret)
		return false;
	/* The address of ours that the peer knew is gone: choose anew next time as well. */
	if (unlikely(!ipv6_addr_equal(&source, &endpoint.src6)))
		mytun_path_clear_source(path);
	atomic64_add(bytes, &peer->tx_bytes);
	return true;
}

static struct sk_buff *build_skb_of(const void *buf, size_t len, u8 ds)
{
	struct sk_buff *skb = alloc_skb(BUFFER_HEADROOM + len, GFP_ATOMIC);

	if (!skb)
		return NULL;
	skb_reserve(skb, BUFFER_HEADROOM);
	skb_put_data(skb, buf, len);
	*mytun_message(skb) = (struct mytun_message){ .ds = ds };
	return skb;
}

/**
 * mytun_transport_send_buffer() - send one message to a peer
 * @peer: peer; a reference held
 * @buf: message
 * @len: its length, bytes
 * @ds: traffic class
 *
 * Context: any but hardirq. Return: 0, -ENOMEM, -EHOSTUNREACH.
 */
int mytun_transport_send_buffer(struct mytun_peer *peer, const void *buf, size_t len, u8 ds)
{
	struct sk_buff *skb = build_skb_of(buf, len, ds);
	bool sent;

	if (!skb) {
		mytun_drop(peer->device, MYTUN_DROP_TX_NO_MEMORY);
		return -ENOMEM;
	}
	rcu_read_lock_bh();
	sent = mytun_transport_send(peer, skb);
	rcu_read_unlock_bh();
	return sent ? 0 : -EHOSTUNREACH;
}

/**
 * mytun_transport_reply() - answer a message whose sender is no known peer
 * @device: device
 * @to: the message, with its outer headers
 * @buf: answer, never longer than @to
 * @len: its length, bytes
 *
 * Context: any but hardirq. Return: 0 or -errno.
 */
int mytun_transport_reply(struct mytun_device *device, const struct sk_buff *to, const void *buf,
			  size_t len)
{
	struct mytun_transport *transport = &device->transport;
	struct mytun_endpoint endpoint;
	struct sk_buff *skb;
	int ret;

	if (WARN_ON_ONCE(len > to->len))
		return -EINVAL;
	ret = mytun_endpoint_from_skb(&endpoint, to);
	if (ret)
		return ret;
	skb = build_skb_of(buf, len, 0);
	if (!skb) {
		mytun_drop(device, MYTUN_DROP_TX_NO_MEMORY);
		return -ENOMEM;
	}
	rcu_read_lock_bh();
	ret = transport->ops->send(transport, skb, &endpoint, NULL);
	rcu_read_unlock_bh();
	return ret;
}
