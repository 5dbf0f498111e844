// SPDX-License-Identifier: GPL-2.0
/*
 * Events to the netlink multicast group, and the attributes that events and answers share.
 * Knows the family by a pointer: everything else may be above this file.
 */
#include <linux/rcupdate.h>
#include <net/genetlink.h>

#include "device.h"
#include "notify.h"
#include "peer.h"
#include "uapi/mytun.h"

enum {
	GROUP_EVENTS,	/* in the family's table of groups */
};

static const struct genl_family *family;
static bool started;

/**
 * mytun_notify_init() - hand over the family
 * @the_family: what messages are sent by; not yet registered
 */
void mytun_notify_init(const struct genl_family *the_family)
{
	family = the_family;
}

/**
 * mytun_notify_start() - send events from here on; the family is registered
 */
void mytun_notify_start(void)
{
	WRITE_ONCE(started, true);
}

/**
 * mytun_notify_stop() - send no more events; none is under way on return
 *
 * Context: may sleep.
 */
void mytun_notify_stop(void)
{
	WRITE_ONCE(started, false);
	synchronize_rcu();
}

/**
 * mytun_notify_family() - the family, for those who answer requests
 */
const struct genl_family *mytun_notify_family(void)
{
	return family;
}

/**
 * mytun_notify_put_device() - say which device a message is about
 * @msg: message
 * @device: device
 *
 * Return: 0 or -EMSGSIZE.
 */
int mytun_notify_put_device(struct sk_buff *msg, const struct mytun_device *device)
{
	char name[IFNAMSIZ];

	/* It may be renamed meanwhile */
	strscpy(name, device->dev->name, sizeof(name));
	return nla_put_u32(msg, MYTUN_A_IFINDEX, device->dev->ifindex) ?:
	       nla_put_string(msg, MYTUN_A_IFNAME, name);
}

static int put_endpoint4(struct sk_buff *msg, const struct sockaddr_in *addr)
{
	return nla_put_in_addr(msg, MYTUN_PEER_A_ENDPOINT_ADDR, addr->sin_addr.s_addr) ?:
	       nla_put_u16(msg, MYTUN_PEER_A_ENDPOINT_PORT, ntohs(addr->sin_port));
}

static int put_endpoint6(struct sk_buff *msg, const struct sockaddr_in6 *addr)
{
	int ret = nla_put_in6_addr(msg, MYTUN_PEER_A_ENDPOINT_ADDR, &addr->sin6_addr) ?:
		  nla_put_u16(msg, MYTUN_PEER_A_ENDPOINT_PORT, ntohs(addr->sin6_port));

	if (ret || !addr->sin6_scope_id)
		return ret;
	return nla_put_u32(msg, MYTUN_PEER_A_ENDPOINT_SCOPE, addr->sin6_scope_id);
}

/**
 * mytun_notify_put_endpoint() - say where a peer is, if that is known
 * @msg: message, in the peer's nest
 * @peer: peer
 *
 * Context: any but hardirq. Return: 0 or -EMSGSIZE.
 */
int mytun_notify_put_endpoint(struct sk_buff *msg, struct mytun_peer *peer)
{
	struct mytun_endpoint endpoint;

	mytun_path_get(&peer->path, &endpoint);
	switch (endpoint.addr.sa_family) {
	case AF_INET:
		return put_endpoint4(msg, &endpoint.addr4);
	case AF_INET6:
		return put_endpoint6(msg, &endpoint.addr6);
	default:
		return 0;
	}
}

/**
 * struct happening - what an event says besides the peer
 * @cmd: enum mytun_cmd
 * @reason: of MYTUN_CMD_PEER_DEAD_NTF
 * @probe_id: of MYTUN_CMD_PROBE_NTF
 * @probe_size: of the same
 */
struct happening {
	u8 cmd;
	u32 reason;
	u32 probe_id;
	u16 probe_size;
};

static int put_probe(struct sk_buff *msg, const struct happening *what)
{
	if (what->cmd != MYTUN_CMD_PROBE_NTF)
		return 0;
	return nla_put_u32(msg, MYTUN_PEER_A_PROBE_ID, what->probe_id) ?:
	       nla_put_u16(msg, MYTUN_PEER_A_PROBE_SIZE, what->probe_size);
}

static int put_event(struct sk_buff *msg, struct mytun_peer *peer, const struct happening *what)
{
	struct nlattr *nest;
	void *hdr;

	hdr = genlmsg_put(msg, 0, 0, family, 0, what->cmd);
	if (!hdr || mytun_notify_put_device(msg, peer->device))
		return -EMSGSIZE;
	nest = nla_nest_start(msg, MYTUN_A_PEER);
	if (!nest ||
	    nla_put(msg, MYTUN_PEER_A_PUBLIC_KEY, NOISE_KEY_LEN, mytun_peer_public_key(peer)) ||
	    mytun_notify_put_endpoint(msg, peer) ||
	    (what->reason && nla_put_u32(msg, MYTUN_PEER_A_REASON, what->reason)) ||
	    put_probe(msg, what))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	genlmsg_end(msg, hdr);
	return 0;
}

/* An event that nobody listens to, or for which there is no memory, is not sent. */
static void notify(struct mytun_peer *peer, const struct happening *what)
{
	struct sk_buff *msg;
	struct net *net;

	/* For mytun_notify_stop(), and for the namespace, which the device may leave meanwhile */
	rcu_read_lock();
	net = dev_net(peer->device->dev);
	if (!READ_ONCE(started) || !genl_has_listeners(family, net, GROUP_EVENTS))
		goto out;
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!msg)
		goto out;
	if (WARN_ON_ONCE(put_event(msg, peer, what)))
		nlmsg_free(msg);
	else
		genlmsg_multicast_netns(family, net, msg, 0, GROUP_EVENTS, GFP_ATOMIC);
out:
	rcu_read_unlock();
}

/**
 * mytun_notify_peer_up() - a session was established with a peer that had none
 * @peer: peer
 *
 * Context: any but hardirq; a reference to the peer, or RCU.
 */
void mytun_notify_peer_up(struct mytun_peer *peer)
{
	notify(peer, &(struct happening){ .cmd = MYTUN_CMD_PEER_UP_NTF });
}

/**
 * mytun_notify_peer_dead() - a peer that had a session has none
 * @peer: peer
 * @reason: enum mytun_dead_reason
 *
 * Context: any but hardirq; a reference to the peer, or RCU.
 */
void mytun_notify_peer_dead(struct mytun_peer *peer, u32 reason)
{
	notify(peer, &(struct happening){ .cmd = MYTUN_CMD_PEER_DEAD_NTF, .reason = reason });
}

/**
 * mytun_notify_endpoint() - an authenticated packet moved a peer's endpoint
 * @peer: peer
 *
 * Context: any but hardirq; a reference to the peer, or RCU.
 */
void mytun_notify_endpoint(struct mytun_peer *peer)
{
	notify(peer, &(struct happening){ .cmd = MYTUN_CMD_ENDPOINT_NTF });
}

/**
 * mytun_notify_probe() - a path-MTU probe was answered
 * @peer: peer
 * @id: of the probe
 * @size: of the inner packet that has come through, bytes
 *
 * Context: any but hardirq; a reference to the peer, or RCU.
 */
void mytun_notify_probe(struct mytun_peer *peer, u32 id, u16 size)
{
	const struct happening what = {
		.cmd = MYTUN_CMD_PROBE_NTF,
		.probe_id = id,
		.probe_size = size,
	};

	notify(peer, &what);
}
