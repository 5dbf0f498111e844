/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Endpoints, and what carries messages to them. A transport knows addresses and skbs,
 * nothing of peers' keys; it hands what arrives to the function it was opened with.
 */
#ifndef _MYTUN_TRANSPORT_H
#define _MYTUN_TRANSPORT_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/seqlock.h>
#include <linux/skbuff.h>
#include <net/dst_cache.h>

#include "core/cookie.h"
#include "mytun.h"

/**
 * struct mytun_endpoint - where a peer is, and the address of ours that it knows
 * @addr: the peer's; sa_family 0: none
 * @addr4: the same as IPv4
 * @addr6: the same as IPv6
 * @src4: our address, 0: any
 * @src_if4: the interface it was seen on, 0: any
 * @src6: our address, all zero: any
 */
struct mytun_endpoint {
	union {
		struct sockaddr addr;
		struct sockaddr_in addr4;
		struct sockaddr_in6 addr6;
	};
	union {
		struct {
			struct in_addr src4;
			int src_if4;
		};
		struct in6_addr src6;
	};
};

/**
 * struct mytun_path - a peer's endpoint; its transport part
 * @lock: protects @endpoint; writers with BH off, innermost
 * @endpoint: where the peer is
 * @cache: routes to it
 * @through_device: the last route found leads into the device itself, to another peer
 */
struct mytun_path {
	seqlock_t lock;
	struct mytun_endpoint endpoint;
	struct dst_cache cache;
	bool through_device;
};

/**
 * struct mytun_transport_ops - one way to carry messages
 * @open: open sockets on @port (0: any; see &mytun_transport.port). May sleep.
 * @close: close them; nothing is delivered after it. May sleep.
 * @send: send a list of messages (chained by skb->next, all consumed) to @endpoint, whose
 *	source is cleared when it is no longer ours. The traffic class is each message's
 *	own. @path has the peer's routes; NULL for a reply to a stranger. BH off. Return: 0
 *	when any went to IP, else -errno, then all were dropped and counted. A path-MTU
 *	probe (&mytun_message.df) that is too long for the route is dropped and counted, and
 *	what ICMP says of one is ignored.
 */
struct mytun_transport_ops {
	int (*open)(struct mytun_transport *transport, u16 port);
	void (*close)(struct mytun_transport *transport);
	int (*send)(struct mytun_transport *transport, struct sk_buff *messages,
		    struct mytun_endpoint *endpoint, struct mytun_path *path);
};

/**
 * struct mytun_transport - a device's way out
 * @ops: how
 * @device: whose
 * @rx: takes what arrives: one message, skb->data at its start, the outer headers still
 *	at their offsets; softirq, RCU
 * @rx_train: takes a GSO packet, skb->data at the first message, if it is a train of one
 *	session's data: then it returns true; else it has changed nothing. The same context
 * @sock4: IPv4 socket or NULL
 * @sock6: IPv6 socket or NULL
 * @port: the port in use, or to be used when opened, host order
 * @train_port: the one for which mytun_udp_train_add() was called, while there is @sock4
 * @probe_index: receiver index of the last path-MTU probe that was sent over IPv6
 * @probe_counter: its counter
 */
struct mytun_transport {
	const struct mytun_transport_ops *ops;
	struct mytun_device *device;
	void (*rx)(struct mytun_device *device, struct sk_buff *skb);
	bool (*rx_train)(struct mytun_device *device, struct sk_buff *skb);
	struct sock __rcu *sock4;
	struct sock __rcu *sock6;
	u16 port;
	u16 train_port;
	__le32 probe_index;
	__le64 probe_counter;
};

extern const struct mytun_transport_ops mytun_transport_udp;

int mytun_path_init(struct mytun_path *path);
void mytun_path_free(struct mytun_path *path);
void mytun_path_get(struct mytun_path *path, struct mytun_endpoint *endpoint);
bool mytun_path_has_endpoint(const struct mytun_path *path);
void mytun_path_set(struct mytun_path *path, const struct mytun_endpoint *endpoint);
bool mytun_path_roam(struct mytun_path *path, const struct mytun_endpoint *endpoint);
void mytun_path_clear_source(struct mytun_path *path);
bool mytun_path_loops(struct mytun_path *path);

int mytun_endpoint_from_skb(struct mytun_endpoint *endpoint, const struct sk_buff *skb);
void mytun_endpoint_to_source(const struct mytun_endpoint *endpoint, struct cookie_source *src);
u8 mytun_transport_ds(const struct sk_buff *skb);
void mytun_transport_detach(struct net_device *dev, struct sk_buff *skb);

bool mytun_transport_send(struct mytun_peer *peer, struct sk_buff *messages);
int mytun_transport_send_buffer(struct mytun_peer *peer, const void *buf, size_t len, u8 ds);
int mytun_transport_reply(struct mytun_device *device, const struct sk_buff *to, const void *buf,
			  size_t len);

#endif /* _MYTUN_TRANSPORT_H */
