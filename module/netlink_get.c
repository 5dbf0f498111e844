// SPDX-License-Identifier: GPL-2.0
/*
 * Answers. A dump keeps numbers between its calls and no reference, so that one left open
 * holds nothing up; each call looks the device up again and goes on where it was.
 */
#include <linux/rtnetlink.h>
#include <linux/xarray.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "capabilities.h"
#include "device.h"
#include "netlink.h"
#include "notify.h"
#include "peer.h"
#include "uapi/mytun.h"

enum {
	/* Room for a peer's own message; the kernel gives dumps no more than this either. */
	PEER_ANSWER_LEN = SKB_WITH_OVERHEAD(32768) - NLMSG_HDRLEN - GENL_HDRLEN,
};

/* --- devices -------------------------------------------------------------------------- */

static int put_identity(struct sk_buff *msg, struct mytun_device *device)
{
	const struct noise_identity *id = &device->identity;
	int ret = 0;

	down_read(&device->identity_lock);
	if (id->valid)
		ret = nla_put(msg, MYTUN_DEV_A_PRIVATE_KEY, NOISE_KEY_LEN, id->static_private) ?:
		      nla_put(msg, MYTUN_DEV_A_PUBLIC_KEY, NOISE_KEY_LEN, id->static_public);
	up_read(&device->identity_lock);
	return ret;
}

static int put_drops(struct sk_buff *msg, const struct mytun_device *device)
{
	struct nlattr *nest = nla_nest_start(msg, MYTUN_DEV_A_DROPS);
	unsigned int reason;

	if (!nest)
		return -EMSGSIZE;
	for (reason = MYTUN_DROP_UNSPEC + 1; reason <= MYTUN_DROP_MAX; reason++)
		if (nla_put_u64_64bit(msg, reason, mytun_drops_sum(device->drops, reason),
				      MYTUN_DROP_UNSPEC))
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int put_dev(struct sk_buff *msg, struct mytun_device *device)
{
	struct nlattr *nest;

	lockdep_assert_held(&device->lock);
	if (mytun_notify_put_device(msg, device))
		return -EMSGSIZE;
	nest = nla_nest_start(msg, MYTUN_A_DEV);
	if (!nest || put_identity(msg, device) ||
	    nla_put_u16(msg, MYTUN_DEV_A_LISTEN_PORT, device->transport.port) ||
	    nla_put_u32(msg, MYTUN_DEV_A_FWMARK, device->fwmark) ||
	    nla_put_u32(msg, MYTUN_DEV_A_PEER_COUNT, device->peer_count) ||
	    put_drops(msg, device))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int fill_dev(struct sk_buff *msg, struct genl_info *info, struct mytun_device *device)
{
	return put_dev(msg, device);
}

/* --- peers ---------------------------------------------------------------------------- */

static int put_keys(struct sk_buff *msg, struct mytun_peer *peer)
{
	int ret;

	mutex_lock(&peer->session.lock);
	ret = nla_put(msg, MYTUN_PEER_A_PUBLIC_KEY, NOISE_KEY_LEN, mytun_peer_public_key(peer)) ?:
	      nla_put(msg, MYTUN_PEER_A_PRESHARED_KEY, NOISE_KEY_LEN,
		      peer->session.handshake.preshared_key);
	mutex_unlock(&peer->session.lock);
	return ret;
}

static int put_last_handshake(struct sk_buff *msg, const struct mytun_peer *peer)
{
	const struct timespec64 *at = &peer->session.completed;

	return nla_put_u64_64bit(msg, MYTUN_PEER_A_LAST_HANDSHAKE_SEC, at->tv_sec,
				 MYTUN_PEER_A_PAD) ?:
	       nla_put_u32(msg, MYTUN_PEER_A_LAST_HANDSHAKE_NSEC, at->tv_nsec);
}

static int put_cipher(struct sk_buff *msg, struct mytun_peer *peer)
{
	u32 used;
	int ret;

	ret = nla_put_u32(msg, MYTUN_PEER_A_CIPHER, peer->session.cipher);
	if (!ret && mytun_capabilities_cipher(peer, &used))
		ret = nla_put_u32(msg, MYTUN_PEER_A_CIPHER_USED, used);
	return ret;
}

/* All about a peer but its allowed IPs. */
static int put_peer(struct sk_buff *msg, struct mytun_peer *peer)
{
	return put_keys(msg, peer) ?: mytun_notify_put_endpoint(msg, peer) ?:
	       nla_put_u16(msg, MYTUN_PEER_A_PERSISTENT_KEEPALIVE,
			   mytun_timers_get_persistent(peer)) ?:
	       put_cipher(msg, peer) ?:
	       put_last_handshake(msg, peer) ?:
	       nla_put_u64_64bit(msg, MYTUN_PEER_A_RX_BYTES, atomic64_read(&peer->rx_bytes),
				 MYTUN_PEER_A_PAD) ?:
	       nla_put_u64_64bit(msg, MYTUN_PEER_A_TX_BYTES, atomic64_read(&peer->tx_bytes),
				 MYTUN_PEER_A_PAD);
}

static int put_allowedip(struct sk_buff *msg, const struct allowedips_node *node)
{
	struct nlattr *nest = nla_nest_start(msg, MYTUN_ALLOWEDIP_A_ENTRY);
	struct allowedips_prefix prefix;

	if (!nest)
		return -EMSGSIZE;
	allowedips_read(node, &prefix);
	if (nla_put(msg, MYTUN_ALLOWEDIP_A_ADDR, prefix.len, prefix.addr) ||
	    nla_put_u8(msg, MYTUN_ALLOWEDIP_A_PREFIX_LEN, prefix.prefix_len)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

/*
 * As many of a peer's allowed IPs as there is room for, from the one after @last on; @last
 * moves along. Return 0 when these were the last ones, or -EMSGSIZE.
 */
static int put_allowedips(struct sk_buff *msg, const struct mytun_peer *peer,
			  struct allowedips_node **last)
{
	struct nlattr *nest = nla_nest_start(msg, MYTUN_PEER_A_ALLOWEDIPS);
	struct allowedips_node *node;
	int ret = 0;

	lockdep_assert_held(&peer->device->lock);
	if (!nest)
		return -EMSGSIZE;
	while ((node = allowedips_next(&peer->allowedips, *last))) {
		ret = put_allowedip(msg, node);
		if (ret)
			break;
		*last = node;
	}
	nla_nest_end(msg, nest);
	return ret;
}

static int fill_peer(struct sk_buff *msg, struct genl_info *info, struct mytun_device *device)
{
	struct mytun_peer *peer = mytun_netlink_find_peer(device, info);
	struct allowedips_node *last = NULL;
	struct nlattr *nest;
	int ret = -EMSGSIZE;

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	if (mytun_notify_put_device(msg, device))
		goto out_put;
	nest = nla_nest_start(msg, MYTUN_A_PEER);
	if (!nest || put_peer(msg, peer))
		goto out_put;
	ret = put_allowedips(msg, peer, &last);
	if (ret)
		NL_SET_ERR_MSG(info->extack,
			       "the peer has too many allowed IPs for one message: dump the peers");
	else
		nla_nest_end(msg, nest);
out_put:
	mytun_peer_put(peer);
	return ret;
}

/* --- one answer to one request -------------------------------------------------------- */

static int fill_locked(struct sk_buff *msg, struct genl_info *info,
		       int (*fill)(struct sk_buff *msg, struct genl_info *info,
				   struct mytun_device *device))
{
	struct mytun_device *device = mytun_netlink_get_locked(info);
	int ret;

	if (IS_ERR(device))
		return PTR_ERR(device);
	ret = fill(msg, info, device);
	mytun_netlink_put_locked(device);
	return ret;
}

static int answer(struct genl_info *info, size_t len,
		  int (*fill)(struct sk_buff *msg, struct genl_info *info,
			      struct mytun_device *device))
{
	struct sk_buff *msg = genlmsg_new(len, GFP_KERNEL);
	void *hdr;
	int ret;

	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, mytun_notify_family(), 0, info->genlhdr->cmd);
	ret = hdr ? fill_locked(msg, info, fill) : -EMSGSIZE;
	if (ret) {
		nlmsg_free(msg);
		return ret;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/* MYTUN_CMD_DEV_GET */
int mytun_netlink_dev_get(struct sk_buff *skb, struct genl_info *info)
{
	return answer(info, GENLMSG_DEFAULT_SIZE, fill_dev);
}

/* MYTUN_CMD_PEER_GET */
int mytun_netlink_peer_get(struct sk_buff *skb, struct genl_info *info)
{
	return answer(info, PEER_ANSWER_LEN, fill_peer);
}

/* --- dumps ---------------------------------------------------------------------------- */

static void *begin_message(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				mytun_notify_family(), NLM_F_MULTI, cmd);

	if (hdr)
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

/**
 * struct dev_dump - where a dump of the devices is
 * @next: number of the next interface in the namespace's list
 */
struct dev_dump {
	int next;
};

static int dump_device(struct sk_buff *skb, struct netlink_callback *cb,
		       struct mytun_device *device)
{
	void *hdr;
	int ret;

	/* One that is being removed is passed by. */
	if (mytun_netlink_check_alive(device, NULL))
		return 0;
	hdr = begin_message(skb, cb, MYTUN_CMD_DEV_GET);
	if (!hdr)
		return -EMSGSIZE;
	ret = put_dev(skb, device);
	if (ret)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return ret;
}

/* Interfaces of other kinds are passed by. */
static int dump_interface(struct sk_buff *skb, struct netlink_callback *cb,
			  struct net_device *dev)
{
	struct mytun_device *device = mytun_device_get(dev_net(dev), dev->ifindex, NULL);
	int ret;

	if (IS_ERR(device))
		return 0;
	mytun_netlink_lock(device);
	ret = dump_device(skb, cb, device);
	mytun_netlink_put_locked(device);
	return ret;
}

static int check_no_device(struct netlink_callback *cb)
{
	struct nlattr **attrs = genl_dump_attrs(cb);
	const struct nlattr *named = attrs[MYTUN_A_IFINDEX] ?: attrs[MYTUN_A_IFNAME];

	if (!named)
		return 0;
	NL_SET_ERR_MSG_ATTR(cb->extack, named, "a dump tells all devices");
	return -EINVAL;
}

/* MYTUN_CMD_DEV_GET, all of a namespace; rtnl keeps its list of interfaces as it is. */
int mytun_netlink_dev_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dev_dump *dump = (struct dev_dump *)cb->ctx;
	struct net *net = sock_net(cb->skb->sk);
	struct net_device *dev;
	int i = 0, ret;

	BUILD_BUG_ON(sizeof(*dump) > sizeof(cb->ctx));
	ret = check_no_device(cb);
	if (ret)
		return ret;
	rtnl_lock();
	cb->seq = net->dev_base_seq;
	for_each_netdev(net, dev) {
		ret = i < dump->next ? 0 : dump_interface(skb, cb, dev);
		if (ret)
			break;
		i++;
	}
	dump->next = i;
	rtnl_unlock();
	return skb->len ?: ret;
}

/**
 * struct peer_dump - where a dump of a device's peers is
 * @generation: of the device when @last was found; unique, so that it also tells when
 *	@ifindex has become another device
 * @last: the last allowed IP told of the peer @id; NULL: none yet
 * @id: of the peer that is next
 * @ifindex: device, once it has been looked up
 * @inside: of the peer @id all has been told but the allowed IPs after @last
 */
struct peer_dump {
	u64 generation;
	struct allowedips_node *last;
	unsigned long id;
	int ifindex;
	bool inside;
};

/* All about a peer, or of one told before only what it is called. */
static int put_peer_once(struct sk_buff *skb, struct mytun_peer *peer, const struct peer_dump *dump)
{
	if (dump->inside)
		return nla_put(skb, MYTUN_PEER_A_PUBLIC_KEY, NOISE_KEY_LEN,
			       mytun_peer_public_key(peer));
	return put_peer(skb, peer);
}

/*
 * One message about a peer; one that would say nothing new is not made.
 * Return 0 when all of the peer has been told, or -EMSGSIZE: go on in another buffer.
 */
static int dump_peer(struct sk_buff *skb, struct netlink_callback *cb, struct mytun_peer *peer)
{
	struct peer_dump *dump = (struct peer_dump *)cb->ctx;
	const struct allowedips_node *before = dump->last;
	void *hdr = begin_message(skb, cb, MYTUN_CMD_PEER_GET);
	struct nlattr *nest;
	int ret;

	if (!hdr)
		return -EMSGSIZE;
	if (mytun_notify_put_device(skb, peer->device))
		goto err_cancel;
	nest = nla_nest_start(skb, MYTUN_A_PEER);
	if (!nest || put_peer_once(skb, peer, dump))
		goto err_cancel;
	ret = put_allowedips(skb, peer, &dump->last);
	if (ret && dump->inside && dump->last == before)
		goto err_cancel;
	nla_nest_end(skb, nest);
	genlmsg_end(skb, hdr);
	dump->inside = true;
	return ret;

err_cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

static void next_peer(struct peer_dump *dump, unsigned long id)
{
	dump->id = id;
	dump->last = NULL;
	dump->inside = false;
}

static int dump_peers(struct sk_buff *skb, struct netlink_callback *cb,
		      struct mytun_device *device)
{
	struct peer_dump *dump = (struct peer_dump *)cb->ctx;
	struct mytun_peer *peer;
	unsigned long id;
	int ret;

	/*
	 * After a change @last may be gone, and the peer as well. The rest of its allowed IPs
	 * is not told: the reader learns from NLM_F_DUMP_INTR that he has to ask again.
	 */
	if (dump->inside && dump->generation != device->generation)
		next_peer(dump, dump->id + 1);
	dump->generation = device->generation;
	cb->seq = (u32)device->generation ?: 1;

	xa_for_each_start(&device->peers, id, peer, dump->id) {
		if (id != dump->id)
			next_peer(dump, id);
		ret = dump_peer(skb, cb, peer);
		if (ret)
			return ret;
		next_peer(dump, id + 1);
	}
	return 0;
}

/* The first call goes by the request; here and not in .start, whose words may be lost. */
static struct mytun_device *get_dumped_device(struct netlink_callback *cb)
{
	struct peer_dump *dump = (struct peer_dump *)cb->ctx;
	struct net *net = sock_net(cb->skb->sk);
	struct nlattr **attrs = genl_dump_attrs(cb);
	struct mytun_device *device;

	if (dump->ifindex) {
		device = mytun_device_get(net, dump->ifindex, NULL);
		if (IS_ERR(device))
			NL_SET_ERR_MSG(cb->extack, "the interface has gone");
		return device;
	}
	if (attrs[MYTUN_A_PEER]) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[MYTUN_A_PEER], "a dump tells all peers");
		return ERR_PTR(-EINVAL);
	}
	device = mytun_netlink_get_device(net, attrs, cb->extack);
	if (!IS_ERR(device))
		dump->ifindex = device->dev->ifindex;
	return device;
}

/* MYTUN_CMD_PEER_GET, all of a device */
int mytun_netlink_peer_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct mytun_device *device = get_dumped_device(cb);
	int ret;

	BUILD_BUG_ON(sizeof(struct peer_dump) > sizeof(cb->ctx));
	if (IS_ERR(device))
		return PTR_ERR(device);
	mytun_netlink_lock(device);
	ret = mytun_netlink_check_alive(device, cb->extack) ?: dump_peers(skb, cb, device);
	mytun_netlink_put_locked(device);
	return skb->len ?: ret;
}
