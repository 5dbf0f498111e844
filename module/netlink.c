// SPDX-License-Identifier: GPL-2.0
/* What every request begins with, and requests that change a device. */
#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/string.h>
#include <net/genetlink.h>

#include "core/crypto.h"
#include "device.h"
#include "netlink.h"
#include "peer.h"
#include "uapi/mytun.h"

/**
 * mytun_netlink_get_device() - the device that a request is about
 * @net: the requester's namespace
 * @attrs: top-level attributes
 * @extack: for a refusal
 *
 * Return: the device with a reference (mytun_device_put()), or ERR_PTR().
 */
struct mytun_device *mytun_netlink_get_device(struct net *net, struct nlattr **attrs,
					      struct netlink_ext_ack *extack)
{
	const struct nlattr *index = attrs[MYTUN_A_IFINDEX], *name = attrs[MYTUN_A_IFNAME];
	struct mytun_device *device;

	if (!index == !name) {
		NL_SET_ERR_MSG(extack, "name the interface by its index or by its name");
		return ERR_PTR(-EINVAL);
	}
	device = mytun_device_get(net, index ? nla_get_u32(index) : 0,
				  name ? nla_data(name) : NULL);
	if (PTR_ERR_OR_ZERO(device) == -EOPNOTSUPP)
		NL_SET_ERR_MSG_ATTR(extack, index ?: name, "the interface is not of kind mytun");
	else if (IS_ERR(device))
		NL_SET_ERR_MSG_ATTR(extack, index ?: name, "there is no such interface");
	return device;
}

/**
 * mytun_netlink_lock() - lock a device's configuration
 * @device: device; may be on its way out: mytun_netlink_check_alive()
 *
 * Context: may sleep.
 */
void mytun_netlink_lock(struct mytun_device *device)
{
	mutex_lock(&device->lock);
}

/**
 * mytun_netlink_check_alive() - may the device be looked at and configured?
 * @device: device, locked
 * @extack: for a refusal, may be NULL
 *
 * Return: 0 or -ENODEV.
 */
int mytun_netlink_check_alive(const struct mytun_device *device, struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&device->lock);
	if (!device->dead)
		return 0;
	NL_SET_ERR_MSG(extack, "the interface is being removed");
	return -ENODEV;
}

/**
 * mytun_netlink_get_locked() - get and lock the device that a request is about
 * @info: request
 *
 * Return: the device (mytun_netlink_put_locked()), or ERR_PTR().
 */
struct mytun_device *mytun_netlink_get_locked(struct genl_info *info)
{
	struct mytun_device *device;
	int ret;

	device = mytun_netlink_get_device(genl_info_net(info), info->attrs, info->extack);
	if (IS_ERR(device))
		return device;
	mytun_netlink_lock(device);
	ret = mytun_netlink_check_alive(device, info->extack);
	if (!ret)
		return device;
	mytun_netlink_put_locked(device);
	return ERR_PTR(ret);
}

void mytun_netlink_put_locked(struct mytun_device *device)
{
	mutex_unlock(&device->lock);
	mytun_device_put(device);
}

/**
 * mytun_netlink_changed() - tell dumps that they are no longer of one piece
 * @device: device, locked
 */
void mytun_netlink_changed(struct mytun_device *device)
{
	static atomic64_t last = ATOMIC64_INIT(1);	/* a new device begins with 1 */

	lockdep_assert_held(&device->lock);
	device->generation = atomic64_inc_return(&last);
}

/**
 * mytun_netlink_parse_nest() - take apart the nest that a request must have
 * @tb: becomes its attributes by type
 * @max: greatest type
 * @info: request
 * @type: of the nest
 *
 * Return: 0 or -errno.
 */
int mytun_netlink_parse_nest(struct nlattr **tb, int max, struct genl_info *info, int type)
{
	if (GENL_REQ_ATTR_CHECK(info, type)) {
		NL_SET_ERR_MSG(info->extack, "what the request is about is missing");
		return -EINVAL;
	}
	/* The policy has been applied to nests, too. */
	return nla_parse_nested(tb, max, info->attrs[type], NULL, info->extack);
}

/**
 * mytun_netlink_wipe() - take a secret from a request's buffer, however the request went
 * @attr: attribute or NULL
 */
void mytun_netlink_wipe(struct nlattr *attr)
{
	if (attr)
		memzero_explicit(nla_data(attr), nla_len(attr));
}

/* --- devices -------------------------------------------------------------------------- */

static void set_private_key(struct mytun_device *device, const u8 *private_key)
{
	struct noise_identity new = {};
	struct mytun_peer *self;

	noise_identity_set(&new, private_key);
	if (crypto_equal(new.static_private, device->identity.static_private, NOISE_KEY_LEN))
		goto out;
	/* Nobody talks to himself: the paper's handshake would, with his own packets. */
	self = new.valid ? mytun_lookup_peer(&device->lookup, new.static_public) : NULL;
	if (self) {
		mytun_peer_remove(self);
		mytun_peer_put(self);
	}
	mytun_session_set_identity(device, private_key);
out:
	memzero_explicit(&new, sizeof(new));
}

/*
 * Port and mark are those of sockets that stay in the namespace where the device was made: who
 * was given the device for another one may not open ports, or pass rules by mark, there.
 */
static int check_sockets_capable(const struct sk_buff *request, const struct mytun_device *device,
				 const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	const struct net *net = read_pnet(&device->creating_net);

	lockdep_assert_held(&device->lock);
	if (!attr || !net || netlink_ns_capable(request, net->user_ns, CAP_NET_ADMIN))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "the sockets are in a namespace that is not yours");
	return -EPERM;
}

/**
 * mytun_netlink_set_port() - listen where a request says
 * @device: device, locked
 * @attr: u16
 * @extack: for a refusal
 *
 * Context: may sleep.
 * Return: 0 or -errno: then the present port stays.
 */
int mytun_netlink_set_port(struct mytun_device *device, const struct nlattr *attr,
			   struct netlink_ext_ack *extack)
{
	int ret = mytun_device_set_port(device, nla_get_u16(attr));

	if (ret == -EADDRINUSE)
		NL_SET_ERR_MSG_ATTR(extack, attr, "the port is in use");
	else if (ret)
		NL_SET_ERR_MSG_ATTR(extack, attr, "the port cannot be opened");
	return ret;
}

static int set_device(const struct sk_buff *request, struct mytun_device *device,
		      struct nlattr **tb, struct netlink_ext_ack *extack)
{
	const struct nlattr *flags = tb[MYTUN_DEV_A_FLAGS];
	int ret;

	ret = check_sockets_capable(request, device, tb[MYTUN_DEV_A_LISTEN_PORT], extack) ?:
	      check_sockets_capable(request, device, tb[MYTUN_DEV_A_FWMARK], extack);
	if (ret)
		return ret;
	if (tb[MYTUN_DEV_A_LISTEN_PORT]) {
		ret = mytun_netlink_set_port(device, tb[MYTUN_DEV_A_LISTEN_PORT], extack);
		if (ret)
			return ret;
	}
	/* From here on nothing fails. */
	if (tb[MYTUN_DEV_A_FWMARK])
		mytun_device_set_fwmark(device, nla_get_u32(tb[MYTUN_DEV_A_FWMARK]));
	if (flags && nla_get_u32(flags) & MYTUN_DEV_F_REPLACE_PEERS)
		mytun_peer_remove_all(device);
	if (tb[MYTUN_DEV_A_PRIVATE_KEY])
		set_private_key(device, nla_data(tb[MYTUN_DEV_A_PRIVATE_KEY]));
	mytun_netlink_changed(device);
	return 0;
}

/* MYTUN_CMD_DEV_SET */
int mytun_netlink_dev_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[MYTUN_DEV_A_MAX + 1];
	struct mytun_device *device;
	int ret;

	ret = mytun_netlink_parse_nest(tb, MYTUN_DEV_A_MAX, info, MYTUN_A_DEV);
	if (ret)
		return ret;
	device = mytun_netlink_get_locked(info);
	if (IS_ERR(device)) {
		ret = PTR_ERR(device);
		goto out_wipe;
	}
	ret = set_device(skb, device, tb, info->extack);
	mytun_netlink_put_locked(device);
out_wipe:
	mytun_netlink_wipe(tb[MYTUN_DEV_A_PRIVATE_KEY]);
	return ret;
}
