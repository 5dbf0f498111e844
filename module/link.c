// SPDX-License-Identifier: GPL-2.0
/*
 * The link type, as rtnetlink sees it. Port and mark can be given when a link is made and be
 * changed later; what is secret or long goes by the netlink family.
 */
#include <linux/capability.h>
#include <linux/netlink.h>
#include <net/netlink.h>
#include <net/rtnetlink.h>

#include "device.h"
#include "link.h"
#include "netlink.h"
#include "uapi/mytun.h"

/* Strict from the first one on: what is longer than its type is refused, not cut. */
static const struct nla_policy policy[] = {
	[IFLA_MYTUN_UNSPEC] = { .strict_start_type = IFLA_MYTUN_UNSPEC + 1 },
	[IFLA_MYTUN_LISTEN_PORT] = { .type = NLA_U16 },
	[IFLA_MYTUN_FWMARK] = { .type = NLA_U32 },
};

/* What can fail comes first. */
static int configure(struct mytun_device *device, struct nlattr *data[],
		     struct netlink_ext_ack *extack)
{
	int ret;

	lockdep_assert_held(&device->lock);
	if (data[IFLA_MYTUN_LISTEN_PORT]) {
		ret = mytun_netlink_set_port(device, data[IFLA_MYTUN_LISTEN_PORT], extack);
		if (ret)
			return ret;
	}
	if (data[IFLA_MYTUN_FWMARK])
		mytun_device_set_fwmark(device, nla_get_u32(data[IFLA_MYTUN_FWMARK]));
	mytun_netlink_changed(device);
	return 0;
}

static int link_newlink(struct net_device *dev, struct rtnl_newlink_params *params,
			struct netlink_ext_ack *extack)
{
	struct mytun_device *device = netdev_priv(dev);
	int ret = 0;

	write_pnet(&device->creating_net, rtnl_newlink_link_net(params));
	if (params->data) {
		mutex_lock(&device->lock);
		ret = configure(device, params->data, extack);
		mutex_unlock(&device->lock);
	}
	return ret ?: register_netdevice(dev);
}

RTNL_NEWLINK(link_newlink)

/*
 * rtnetlink has asked for a right over the namespace where the device is; the sockets, to which
 * port and mark belong, may be in another one.
 */
static int link_changelink(struct net_device *dev, struct nlattr *tb[], struct nlattr *data[],
			   struct netlink_ext_ack *extack)
{
	struct mytun_device *device = netdev_priv(dev);
	const struct net *net = read_pnet(&device->creating_net);
	int ret;

	ASSERT_RTNL();
	if (net && !ns_capable(net->user_ns, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG(extack, "the sockets are in a namespace that is not yours");
		return -EPERM;
	}
	mutex_lock(&device->lock);
	ret = configure(device, data, extack);
	mutex_unlock(&device->lock);
	return ret;
}

static size_t link_get_size(const struct net_device *dev)
{
	return nla_total_size(sizeof(u16)) + nla_total_size(sizeof(u32));
}

/* Without the device's lock: it is not told in which contexts this is called. */
static int link_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct mytun_device *device = netdev_priv(dev);

	if (nla_put_u16(skb, IFLA_MYTUN_LISTEN_PORT, READ_ONCE(device->transport.port)) ||
	    nla_put_u32(skb, IFLA_MYTUN_FWMARK, READ_ONCE(device->fwmark)))
		return -EMSGSIZE;
	return 0;
}

static struct rtnl_link_ops link_ops = {
	.kind = MYTUN_LINK_KIND,
	.priv_size = sizeof(struct mytun_device),
	.maxtype = IFLA_MYTUN_MAX,
	.policy = policy,
	.setup = mytun_device_setup,
	.newlink = rtnl_newlink_fn(link_newlink),
	.changelink = link_changelink,
	.get_size = link_get_size,
	.fill_info = link_fill_info,
};

/**
 * mytun_link_init() - register the link type
 *
 * Context: may sleep. Return: 0 or -errno.
 */
int mytun_link_init(void)
{
	return rtnl_link_register(&link_ops);
}

/**
 * mytun_link_uninit() - undo mytun_link_init(); every device goes
 *
 * Context: may sleep.
 */
void mytun_link_uninit(void)
{
	rtnl_link_unregister(&link_ops);
}
