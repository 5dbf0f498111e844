/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rtnl_link_ops::newlink takes its arguments in a struct in newer kernels. Code is
 * written for these; RTNL_NEWLINK() makes the wrapper that older ones call.
 */
#include_next <net/rtnetlink.h>

#ifndef _MYTUN_COMPAT_RTNETLINK_H
#define _MYTUN_COMPAT_RTNETLINK_H

#ifdef HAVE_NEWLINK_PARAMS
#define RTNL_NEWLINK(fn)
#define rtnl_newlink_fn(fn) fn
#else
struct rtnl_newlink_params {
	struct net *src_net;
	struct nlattr **tb;
	struct nlattr **data;
};

static inline struct net *rtnl_newlink_link_net(struct rtnl_newlink_params *params)
{
	return params->src_net;
}

#define RTNL_NEWLINK(fn)                                                                     \
	static int fn##_compat(struct net *src_net, struct net_device *dev,                  \
			       struct nlattr *tb[], struct nlattr *data[],                   \
			       struct netlink_ext_ack *extack)                               \
	{                                                                                    \
		struct rtnl_newlink_params params = {                                        \
			.src_net = src_net, .tb = tb, .data = data                           \
		};                                                                           \
											     \
		return fn(dev, &params, extack);                                             \
	}
#define rtnl_newlink_fn(fn) fn##_compat
#endif

#endif /* _MYTUN_COMPAT_RTNETLINK_H */
