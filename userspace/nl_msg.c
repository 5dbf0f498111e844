// SPDX-License-Identifier: GPL-2.0
/*
 * Build and read messages. What comes from the kernel is read with its length
 * checked, an attribute that is unknown is passed over, one of a wrong length makes
 * the message -EBADMSG.
 */
#include <errno.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "nl_msg.h"

/**
 * msg_start() - begin a message that names its device
 * @buf: aligned, with MSG_ROOM bytes
 * @family: number of the family mytun
 * @flags: NLM_F_*
 * @cmd: enum mytun_cmd
 * @dev: named by its index, or by its name when that is 0; NULL: none
 *
 * Return: the message.
 */
struct nlmsghdr *msg_start(void *buf, uint16_t family, uint16_t flags, uint8_t cmd,
			   const struct device *dev)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = flags;
	genl->cmd = cmd;
	genl->version = MYTUN_GENL_VERSION;
	if (dev && dev->ifindex)
		mnl_attr_put_u32(nlh, MYTUN_A_IFINDEX, dev->ifindex);
	else if (dev)
		mnl_attr_put_strz(nlh, MYTUN_A_IFNAME, dev->name);
	return nlh;
}

/**
 * msg_put_probe() - append what is asked for by MYTUN_CMD_PEER_PROBE
 * @nlh: the message
 * @peer: its key
 * @probe: the probe
 */
void msg_put_probe(struct nlmsghdr *nlh, const struct peer *peer, const struct probe *probe)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, MYTUN_A_PEER);

	mnl_attr_put(nlh, MYTUN_PEER_A_PUBLIC_KEY, KEY_LEN, peer->public_key);
	mnl_attr_put_u32(nlh, MYTUN_PEER_A_PROBE_ID, probe->id);
	mnl_attr_put_u16(nlh, MYTUN_PEER_A_PROBE_SIZE, probe->size);
	mnl_attr_nest_end(nlh, nest);
}

/**
 * msg_put_device() - append what is to be set of a device
 * @nlh: the message
 * @dev: flags say what
 */
void msg_put_device(struct nlmsghdr *nlh, const struct device *dev)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, MYTUN_A_DEV);

	if (dev->flags & DEVICE_REPLACE_PEERS)
		mnl_attr_put_u32(nlh, MYTUN_DEV_A_FLAGS, MYTUN_DEV_F_REPLACE_PEERS);
	if (dev->flags & DEVICE_HAS_PRIVATE_KEY)
		mnl_attr_put(nlh, MYTUN_DEV_A_PRIVATE_KEY, KEY_LEN, dev->private_key);
	if (dev->flags & DEVICE_HAS_LISTEN_PORT)
		mnl_attr_put_u16(nlh, MYTUN_DEV_A_LISTEN_PORT, dev->listen_port);
	if (dev->flags & DEVICE_HAS_FWMARK)
		mnl_attr_put_u32(nlh, MYTUN_DEV_A_FWMARK, dev->fwmark);
	mnl_attr_nest_end(nlh, nest);
}

static void put_endpoint(struct nlmsghdr *nlh, const union endpoint *ep)
{
	if (ep->sa.sa_family == AF_INET) {
		mnl_attr_put(nlh, MYTUN_PEER_A_ENDPOINT_ADDR, sizeof(ep->sin.sin_addr),
			     &ep->sin.sin_addr);
	} else {
		mnl_attr_put(nlh, MYTUN_PEER_A_ENDPOINT_ADDR, sizeof(ep->sin6.sin6_addr),
			     &ep->sin6.sin6_addr);
		if (ep->sin6.sin6_scope_id)
			mnl_attr_put_u32(nlh, MYTUN_PEER_A_ENDPOINT_SCOPE, ep->sin6.sin6_scope_id);
	}
	mnl_attr_put_u16(nlh, MYTUN_PEER_A_ENDPOINT_PORT, ntohs(ep->sin.sin_port));
}

/* Everything but the key and the allowed IPs. */
static void put_peer_fields(struct nlmsghdr *nlh, const struct peer *peer)
{
	if (peer->flags & PEER_REPLACE_ALLOWEDIPS)
		mnl_attr_put_u32(nlh, MYTUN_PEER_A_FLAGS, MYTUN_PEER_F_REPLACE_ALLOWEDIPS);
	if (peer->flags & PEER_HAS_PRESHARED_KEY)
		mnl_attr_put(nlh, MYTUN_PEER_A_PRESHARED_KEY, KEY_LEN, peer->preshared_key);
	if (peer->flags & PEER_HAS_KEEPALIVE)
		mnl_attr_put_u16(nlh, MYTUN_PEER_A_PERSISTENT_KEEPALIVE, peer->keepalive);
	if (peer->flags & PEER_HAS_CIPHER)
		mnl_attr_put_u32(nlh, MYTUN_PEER_A_CIPHER, peer->cipher);
	if (peer->flags & PEER_HAS_ENDPOINT)
		put_endpoint(nlh, &peer->endpoint);
}

static bool put_allowedip(struct nlmsghdr *nlh, size_t room, const struct allowedip *ip)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, room, MYTUN_ALLOWEDIP_A_ENTRY);

	if (!nest)
		return false;
	if (!mnl_attr_put_check(nlh, room, MYTUN_ALLOWEDIP_A_ADDR, family_bits(ip->family) / 8,
				ip->addr.bytes) ||
	    !mnl_attr_put_u8_check(nlh, room, MYTUN_ALLOWEDIP_A_PREFIX_LEN, ip->prefix_len) ||
	    (ip->remove && !mnl_attr_put_u32_check(nlh, room, MYTUN_ALLOWEDIP_A_FLAGS,
						   MYTUN_ALLOWEDIP_F_REMOVE))) {
		mnl_attr_nest_cancel(nlh, nest);
		return false;
	}
	mnl_attr_nest_end(nlh, nest);
	return true;
}

/**
 * msg_put_peer() - append what is to be set of a peer, or as much as fits
 * @nlh: the message
 * @room: bytes it may have in all; enough for all but the allowed IPs
 * @peer: flags say what; with PEER_REMOVE nothing but the key is put
 * @first: the first allowed IP; from the second message on only the key and allowed
 *	IPs are put, so that REPLACE_ALLOWEDIPS does not remove those before
 *
 * Return: the first allowed IP that did not fit, or n_ips.
 */
size_t msg_put_peer(struct nlmsghdr *nlh, size_t room, const struct peer *peer, size_t first)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, MYTUN_A_PEER);
	struct nlattr *ips;

	mnl_attr_put(nlh, MYTUN_PEER_A_PUBLIC_KEY, KEY_LEN, peer->public_key);
	if (peer->flags & PEER_REMOVE) {
		mnl_attr_nest_end(nlh, nest);
		return peer->n_ips;
	}
	if (!first)
		put_peer_fields(nlh, peer);
	if (first < peer->n_ips) {
		ips = mnl_attr_nest_start(nlh, MYTUN_PEER_A_ALLOWEDIPS);
		while (first < peer->n_ips && put_allowedip(nlh, room, &peer->ips[first]))
			first++;
		mnl_attr_nest_end(nlh, ips);
	}
	mnl_attr_nest_end(nlh, nest);
	return first;
}

/* Sort attributes by type; the last of a type wins, types above @max are passed over. */
static void sort_attr(const struct nlattr *attr, const struct nlattr **tb, uint16_t max)
{
	uint16_t type = mnl_attr_get_type(attr);

	if (type <= max)
		tb[type] = attr;
}

static void sort_nest(const struct nlattr *nest, const struct nlattr **tb, uint16_t max)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1U) * sizeof(*tb));
	mnl_attr_for_each_nested(attr, nest)
		sort_attr(attr, tb, max);
}

static int sort_message(const struct nlmsghdr *nlh, const struct nlattr **tb)
{
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct genlmsghdr))
		return -EBADMSG;
	memset(tb, 0, (MYTUN_A_MAX + 1) * sizeof(*tb));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		sort_attr(attr, tb, MYTUN_A_MAX);
	return 0;
}

/*
 * Copy an attribute of exactly @len bytes; when it is missing @to stays as it is.
 * Return: 1 when it was there, 0 when it was not, -EBADMSG for another length.
 */
static int get(const struct nlattr *attr, void *to, size_t len)
{
	if (!attr)
		return 0;
	if (mnl_attr_get_payload_len(attr) != len)
		return -EBADMSG;
	memcpy(to, mnl_attr_get_payload(attr), len);
	return 1;
}

/* Copy an attribute and remember in @flags that it was there. */
static int get_flag(const struct nlattr *attr, void *to, size_t len, uint32_t *flags,
		    uint32_t flag)
{
	int ret = get(attr, to, len);

	if (ret > 0)
		*flags |= flag;
	return ret;
}

/* A key that is all zero is none. */
static int get_key(const struct nlattr *attr, uint8_t *key, uint32_t *flags, uint32_t flag)
{
	int ret = get(attr, key, KEY_LEN);

	if (ret > 0 && !key_is_zero(key))
		*flags |= flag;
	return ret;
}

static int get_names(const struct nlattr **tb, struct device *dev)
{
	size_t len;

	if (get(tb[MYTUN_A_IFINDEX], &dev->ifindex, sizeof(dev->ifindex)) < 0)
		return -EBADMSG;
	if (!tb[MYTUN_A_IFNAME])
		return 0;
	len = strnlen(mnl_attr_get_payload(tb[MYTUN_A_IFNAME]),
		      mnl_attr_get_payload_len(tb[MYTUN_A_IFNAME]));
	if (len >= sizeof(dev->name))
		return -EBADMSG;
	memcpy(dev->name, mnl_attr_get_payload(tb[MYTUN_A_IFNAME]), len);
	dev->name[len] = '\0';
	return 0;
}

static int get_drops(const struct nlattr *nest, struct device *dev)
{
	const struct nlattr *tb[MYTUN_DROP_MAX + 1];
	size_t i;

	if (!nest)
		return 0;
	sort_nest(nest, tb, MYTUN_DROP_MAX);
	/* MYTUN_DROP_UNSPEC is padding, in kernels that align what is 64 bits wide */
	for (i = MYTUN_DROP_UNSPEC + 1; i <= MYTUN_DROP_MAX; i++)
		if (get(tb[i], &dev->drops[i], sizeof(dev->drops[i])) < 0)
			return -EBADMSG;
	return 0;
}

/**
 * msg_get_device() - read an answer to MYTUN_CMD_DEV_GET
 * @nlh: the message
 * @dev: gets everything but the peers
 *
 * Return: 0 or -EBADMSG.
 */
int msg_get_device(const struct nlmsghdr *nlh, struct device *dev)
{
	const struct nlattr *top[MYTUN_A_MAX + 1], *tb[MYTUN_DEV_A_MAX + 1];

	if (sort_message(nlh, top) || get_names(top, dev) || !top[MYTUN_A_DEV])
		return -EBADMSG;
	sort_nest(top[MYTUN_A_DEV], tb, MYTUN_DEV_A_MAX);
	if (get_key(tb[MYTUN_DEV_A_PRIVATE_KEY], dev->private_key, &dev->flags,
		    DEVICE_HAS_PRIVATE_KEY) < 0 ||
	    get_key(tb[MYTUN_DEV_A_PUBLIC_KEY], dev->public_key, &dev->flags,
		    DEVICE_HAS_PUBLIC_KEY) < 0 ||
	    get_flag(tb[MYTUN_DEV_A_LISTEN_PORT], &dev->listen_port, sizeof(dev->listen_port),
		     &dev->flags, DEVICE_HAS_LISTEN_PORT) < 0 ||
	    get_flag(tb[MYTUN_DEV_A_FWMARK], &dev->fwmark, sizeof(dev->fwmark), &dev->flags,
		     DEVICE_HAS_FWMARK) < 0)
		return -EBADMSG;
	return get_drops(tb[MYTUN_DEV_A_DROPS], dev);
}

/* Address and port make an endpoint; neither of them is none. */
static int get_endpoint(const struct nlattr **tb, struct peer *peer)
{
	const struct nlattr *addr = tb[MYTUN_PEER_A_ENDPOINT_ADDR];
	union endpoint *ep = &peer->endpoint;
	uint16_t port;

	if (!addr)
		return 0;
	if (get(tb[MYTUN_PEER_A_ENDPOINT_PORT], &port, sizeof(port)) <= 0)
		return -EBADMSG;
	if (get(addr, &ep->sin.sin_addr, sizeof(ep->sin.sin_addr)) > 0)
		ep->sa.sa_family = AF_INET;
	else if (get(addr, &ep->sin6.sin6_addr, sizeof(ep->sin6.sin6_addr)) > 0)
		ep->sa.sa_family = AF_INET6;
	else
		return -EBADMSG;
	ep->sin.sin_port = htons(port);
	peer->flags |= PEER_HAS_ENDPOINT;
	if (ep->sa.sa_family == AF_INET)
		return 0;
	if (get(tb[MYTUN_PEER_A_ENDPOINT_SCOPE], &ep->sin6.sin6_scope_id,
		sizeof(ep->sin6.sin6_scope_id)) < 0)
		return -EBADMSG;
	return 0;
}

static int get_allowedip(const struct nlattr *entry, struct peer *peer)
{
	const struct nlattr *tb[MYTUN_ALLOWEDIP_A_MAX + 1];
	struct allowedip *ip = peer_add_ip(peer);

	if (!ip)
		return -ENOMEM;
	sort_nest(entry, tb, MYTUN_ALLOWEDIP_A_MAX);
	if (get(tb[MYTUN_ALLOWEDIP_A_ADDR], &ip->addr.ip4, sizeof(ip->addr.ip4)) > 0)
		ip->family = AF_INET;
	else if (get(tb[MYTUN_ALLOWEDIP_A_ADDR], &ip->addr.ip6, sizeof(ip->addr.ip6)) > 0)
		ip->family = AF_INET6;
	else
		return -EBADMSG;
	if (get(tb[MYTUN_ALLOWEDIP_A_PREFIX_LEN], &ip->prefix_len, 1) <= 0 ||
	    ip->prefix_len > family_bits(ip->family))
		return -EBADMSG;
	return 0;
}

static int get_allowedips(const struct nlattr *nest, struct peer *peer)
{
	const struct nlattr *attr;
	int ret = 0;

	if (!nest)
		return 0;
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == MYTUN_ALLOWEDIP_A_ENTRY)
			ret = get_allowedip(attr, peer);
		if (ret)
			return ret;
	}
	return 0;
}

static int get_peer_fields(const struct nlattr **tb, struct peer *peer)
{
	uint64_t sec = 0;
	uint32_t nsec = 0;

	if (get_key(tb[MYTUN_PEER_A_PRESHARED_KEY], peer->preshared_key, &peer->flags,
		    PEER_HAS_PRESHARED_KEY) < 0 ||
	    get_flag(tb[MYTUN_PEER_A_PERSISTENT_KEEPALIVE], &peer->keepalive,
		     sizeof(peer->keepalive), &peer->flags, PEER_HAS_KEEPALIVE) < 0 ||
	    get_flag(tb[MYTUN_PEER_A_CIPHER], &peer->cipher, sizeof(peer->cipher), &peer->flags,
		     PEER_HAS_CIPHER) < 0 ||
	    get_flag(tb[MYTUN_PEER_A_CIPHER_USED], &peer->cipher_used, sizeof(peer->cipher_used),
		     &peer->flags, PEER_HAS_CIPHER_USED) < 0 ||
	    get(tb[MYTUN_PEER_A_LAST_HANDSHAKE_SEC], &sec, sizeof(sec)) < 0 ||
	    get(tb[MYTUN_PEER_A_LAST_HANDSHAKE_NSEC], &nsec, sizeof(nsec)) < 0 ||
	    get(tb[MYTUN_PEER_A_RX_BYTES], &peer->rx_bytes, sizeof(peer->rx_bytes)) < 0 ||
	    get(tb[MYTUN_PEER_A_TX_BYTES], &peer->tx_bytes, sizeof(peer->tx_bytes)) < 0)
		return -EBADMSG;
	if (sec || nsec) {
		peer->last_handshake.tv_sec = (time_t)sec;
		peer->last_handshake.tv_nsec = (long)nsec;
	}
	return get_endpoint(tb, peer);
}

/* The peer a message is about: the last one when the message continues it. */
static int find_peer(const struct nlattr **tb, struct device *dev, struct peer **found)
{
	const struct nlattr *attr = tb[MYTUN_PEER_A_PUBLIC_KEY];
	struct peer *peer = dev->last_peer;
	uint8_t key[KEY_LEN];

	if (get(attr, key, sizeof(key)) <= 0)
		return -EBADMSG;
	if (!peer || memcmp(peer->public_key, key, sizeof(key))) {
		peer = device_add_peer(dev);
		if (!peer)
			return -ENOMEM;
		memcpy(peer->public_key, key, sizeof(key));
		peer->flags |= PEER_HAS_PUBLIC_KEY;
	}
	*found = peer;
	return 0;
}

/**
 * msg_get_peer() - read an answer to MYTUN_CMD_PEER_GET
 * @nlh: the message
 * @dev: gets the peer, or more allowed IPs for its last peer
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int msg_get_peer(const struct nlmsghdr *nlh, struct device *dev)
{
	const struct nlattr *top[MYTUN_A_MAX + 1], *tb[MYTUN_PEER_A_MAX + 1];
	struct peer *peer;
	int ret;

	if (sort_message(nlh, top) || !top[MYTUN_A_PEER])
		return -EBADMSG;
	sort_nest(top[MYTUN_A_PEER], tb, MYTUN_PEER_A_MAX);
	ret = find_peer(tb, dev, &peer);
	if (ret)
		return ret;
	ret = get_peer_fields(tb, peer);
	if (ret)
		return ret;
	return get_allowedips(tb[MYTUN_PEER_A_ALLOWEDIPS], peer);
}

/**
 * msg_get_event() - read a message of the multicast group
 * @nlh: the message
 * @event: dev is set to an empty device, which gets what the message says
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int msg_get_event(const struct nlmsghdr *nlh, struct event *event)
{
	const struct nlattr *top[MYTUN_A_MAX + 1], *tb[MYTUN_PEER_A_MAX + 1];
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	if (sort_message(nlh, top) || get_names(top, event->dev))
		return -EBADMSG;
	event->cmd = genl->cmd;
	event->peer = NULL;
	event->reason = MYTUN_DEAD_UNSPEC;
	event->probe = (struct probe){ .id = 0 };
	if (!top[MYTUN_A_PEER])
		return 0;
	sort_nest(top[MYTUN_A_PEER], tb, MYTUN_PEER_A_MAX);
	if (get(tb[MYTUN_PEER_A_REASON], &event->reason, sizeof(event->reason)) < 0 ||
	    get(tb[MYTUN_PEER_A_PROBE_ID], &event->probe.id, sizeof(event->probe.id)) < 0 ||
	    get(tb[MYTUN_PEER_A_PROBE_SIZE], &event->probe.size, sizeof(event->probe.size)) < 0)
		return -EBADMSG;
	if (find_peer(tb, event->dev, &event->peer))
		return -EBADMSG;
	return get_peer_fields(tb, event->peer);
}

/**
 * msg_get_extack() - the kernel's own words in an acknowledgment
 * @nlh: an NLMSG_ERROR, or an NLMSG_DONE, whose payload begins with the error
 *
 * Return: the text within the message, or NULL.
 */
const char *msg_get_extack(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t offset = nlh->nlmsg_type == NLMSG_DONE ? sizeof(int) : sizeof(*err);
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || mnl_nlmsg_get_payload_len(nlh) < offset)
		return NULL;
	if (nlh->nlmsg_type == NLMSG_ERROR && err->error && !(nlh->nlmsg_flags & NLM_F_CAPPED))
		offset += mnl_nlmsg_get_payload_len(&err->msg);
	if (mnl_nlmsg_get_payload_len(nlh) < offset)
		return NULL;
	mnl_attr_for_each(attr, nlh, (unsigned int)offset) {
		if (mnl_attr_get_type(attr) != NLMSGERR_ATTR_MSG || !mnl_attr_get_payload_len(attr))
			continue;
		if (!memchr(mnl_attr_get_payload(attr), 0, mnl_attr_get_payload_len(attr)))
			return NULL;
		return mnl_attr_get_str(attr);
	}
	return NULL;
}
