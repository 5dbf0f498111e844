// SPDX-License-Identifier: GPL-2.0
/*
 * Policies and op table of the family, and nothing else: docs/netlink/mytun.yaml in C.
 * selftests/unit/check-netlink.py reads this file, line by line: keep its shape.
 *
 * What a policy does not name is refused: the kernel validates strictly here.
 */
#include <linux/if.h>
#include <linux/module.h>
#include <net/genetlink.h>

#include "netlink.h"
#include "netlink_gen.h"
#include "notify.h"
#include "uapi/mytun.h"

static const struct nla_policy allowedip_entry_policy[] = {
	[MYTUN_ALLOWEDIP_A_ADDR] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[MYTUN_ALLOWEDIP_A_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U8, 128),
	[MYTUN_ALLOWEDIP_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, __MYTUN_ALLOWEDIP_F_ALL),
};

static const struct nla_policy allowedips_policy[] = {
	[MYTUN_ALLOWEDIP_A_ENTRY] = NLA_POLICY_NESTED(allowedip_entry_policy),
};

static const struct nla_policy peer_config_policy[] = {
	[MYTUN_PEER_A_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(MYTUN_KEY_LEN),
	[MYTUN_PEER_A_PRESHARED_KEY] = NLA_POLICY_EXACT_LEN(MYTUN_KEY_LEN),
	[MYTUN_PEER_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, __MYTUN_PEER_F_ALL),
	[MYTUN_PEER_A_ENDPOINT_ADDR] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[MYTUN_PEER_A_ENDPOINT_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[MYTUN_PEER_A_ENDPOINT_SCOPE] = { .type = NLA_U32 },
	[MYTUN_PEER_A_PERSISTENT_KEEPALIVE] = { .type = NLA_U16 },
	[MYTUN_PEER_A_ALLOWEDIPS] = NLA_POLICY_NESTED(allowedips_policy),
	[MYTUN_PEER_A_CIPHER] = NLA_POLICY_MAX(NLA_U32, 2),
};

static const struct nla_policy peer_key_policy[] = {
	[MYTUN_PEER_A_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(MYTUN_KEY_LEN),
};

static const struct nla_policy peer_probe_config_policy[] = {
	[MYTUN_PEER_A_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(MYTUN_KEY_LEN),
	[MYTUN_PEER_A_PROBE_ID] = { .type = NLA_U32 },
	[MYTUN_PEER_A_PROBE_SIZE] = NLA_POLICY_RANGE(NLA_U16, MYTUN_PROBE_SIZE_MIN,
						     MYTUN_PROBE_SIZE_MAX),
};

static const struct nla_policy dev_config_policy[] = {
	[MYTUN_DEV_A_PRIVATE_KEY] = NLA_POLICY_EXACT_LEN(MYTUN_KEY_LEN),
	[MYTUN_DEV_A_LISTEN_PORT] = { .type = NLA_U16 },
	[MYTUN_DEV_A_FWMARK] = { .type = NLA_U32 },
	[MYTUN_DEV_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, __MYTUN_DEV_F_ALL),
};

static const struct nla_policy dev_get_policy[] = {
	[MYTUN_A_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MYTUN_A_IFNAME] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
};

static const struct nla_policy dev_set_policy[] = {
	[MYTUN_A_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MYTUN_A_IFNAME] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[MYTUN_A_DEV] = NLA_POLICY_NESTED(dev_config_policy),
};

static const struct nla_policy peer_set_policy[] = {
	[MYTUN_A_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MYTUN_A_IFNAME] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[MYTUN_A_PEER] = NLA_POLICY_NESTED(peer_config_policy),
};

static const struct nla_policy peer_get_policy[] = {
	[MYTUN_A_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MYTUN_A_IFNAME] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[MYTUN_A_PEER] = NLA_POLICY_NESTED(peer_key_policy),
};

static const struct nla_policy peer_probe_policy[] = {
	[MYTUN_A_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MYTUN_A_IFNAME] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[MYTUN_A_PEER] = NLA_POLICY_NESTED(peer_probe_config_policy),
};

/* All need CAP_NET_ADMIN in the user namespace of the socket's network namespace. */
static const struct genl_ops ops[] = {
	{
		.cmd = MYTUN_CMD_DEV_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = dev_get_policy,
		.maxattr = ARRAY_SIZE(dev_get_policy) - 1,
		.doit = mytun_netlink_dev_get,
		.dumpit = mytun_netlink_dev_dump,
	}, {
		.cmd = MYTUN_CMD_DEV_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = dev_set_policy,
		.maxattr = ARRAY_SIZE(dev_set_policy) - 1,
		.doit = mytun_netlink_dev_set,
	}, {
		.cmd = MYTUN_CMD_PEER_NEW,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = peer_set_policy,
		.maxattr = ARRAY_SIZE(peer_set_policy) - 1,
		.doit = mytun_netlink_peer_new,
	}, {
		.cmd = MYTUN_CMD_PEER_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = peer_set_policy,
		.maxattr = ARRAY_SIZE(peer_set_policy) - 1,
		.doit = mytun_netlink_peer_set,
	}, {
		.cmd = MYTUN_CMD_PEER_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = peer_get_policy,
		.maxattr = ARRAY_SIZE(peer_get_policy) - 1,
		.doit = mytun_netlink_peer_get,
		.dumpit = mytun_netlink_peer_dump,
	}, {
		.cmd = MYTUN_CMD_PEER_DEL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = peer_get_policy,
		.maxattr = ARRAY_SIZE(peer_get_policy) - 1,
		.doit = mytun_netlink_peer_del,
	}, {
		.cmd = MYTUN_CMD_PEER_PROBE,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = peer_probe_policy,
		.maxattr = ARRAY_SIZE(peer_probe_policy) - 1,
		.doit = mytun_netlink_peer_probe,
	},
};

/* By number: notify.c sends to the first. */
static const struct genl_multicast_group groups[] = {
	{ .name = MYTUN_MCGRP_EVENTS, .flags = GENL_MCAST_ADMIN_FLAGS },
};

static struct genl_family family __ro_after_init = {
	.name = MYTUN_GENL_NAME,
	.version = MYTUN_GENL_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,
	.resv_start_op = MYTUN_CMD_MAX + 1,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/**
 * mytun_netlink_init() - take requests, and send events
 *
 * Context: may sleep. Return: 0 or -errno.
 */
int __init mytun_netlink_init(void)
{
	int ret;

	mytun_notify_init(&family);
	ret = genl_register_family(&family);
	if (!ret)
		mytun_notify_start();
	return ret;
}

/**
 * mytun_netlink_uninit() - take no more requests; events go nowhere from here on
 *
 * Context: may sleep; waits for requests under way.
 */
void mytun_netlink_uninit(void)
{
	mytun_notify_stop();
	genl_unregister_family(&family);
}
