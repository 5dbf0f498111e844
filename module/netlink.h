/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handlers of the family's commands. netlink.c and netlink_peer.c change things,
 * netlink_probe.c sends probes, netlink_get.c answers; netlink_gen.c has the table that leads
 * here, with the policies that every attribute has passed before.
 */
#ifndef _MYTUN_NETLINK_H
#define _MYTUN_NETLINK_H

#include <linux/types.h>

#include "mytun.h"

struct genl_info;
struct net;
struct netlink_callback;
struct netlink_ext_ack;
struct nlattr;

struct mytun_device *mytun_netlink_get_device(struct net *net, struct nlattr **attrs,
					      struct netlink_ext_ack *extack);
void mytun_netlink_lock(struct mytun_device *device);
int mytun_netlink_check_alive(const struct mytun_device *device, struct netlink_ext_ack *extack);
struct mytun_device *mytun_netlink_get_locked(struct genl_info *info);
void mytun_netlink_put_locked(struct mytun_device *device);
void mytun_netlink_changed(struct mytun_device *device);
int mytun_netlink_parse_nest(struct nlattr **tb, int max, struct genl_info *info, int type);
int mytun_netlink_set_port(struct mytun_device *device, const struct nlattr *attr,
			   struct netlink_ext_ack *extack);
void mytun_netlink_wipe(struct nlattr *attr);
struct mytun_peer *mytun_netlink_find_peer(struct mytun_device *device, struct genl_info *info);

int mytun_netlink_dev_set(struct sk_buff *skb, struct genl_info *info);
int mytun_netlink_peer_new(struct sk_buff *skb, struct genl_info *info);
int mytun_netlink_peer_set(struct sk_buff *skb, struct genl_info *info);
int mytun_netlink_peer_del(struct sk_buff *skb, struct genl_info *info);
int mytun_netlink_peer_probe(struct sk_buff *skb, struct genl_info *info);

int mytun_netlink_dev_get(struct sk_buff *skb, struct genl_info *info);
int mytun_netlink_dev_dump(struct sk_buff *skb, struct netlink_callback *cb);
int mytun_netlink_peer_get(struct sk_buff *skb, struct genl_info *info);
int mytun_netlink_peer_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _MYTUN_NETLINK_H */
