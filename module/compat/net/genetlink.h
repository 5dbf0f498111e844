/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A multicast group that asks for CAP_NET_ADMIN: by flag where there is one. And the
 * attributes of a dump's request, which have moved into a struct genl_info.
 */
#include_next <net/genetlink.h>

#ifndef _MYTUN_COMPAT_GENETLINK_H
#define _MYTUN_COMPAT_GENETLINK_H

#ifdef HAVE_GENL_MCAST_CAP
#define GENL_MCAST_ADMIN_FLAGS GENL_MCAST_CAP_NET_ADMIN
#else
#define GENL_MCAST_ADMIN_FLAGS GENL_UNS_ADMIN_PERM
#endif

static inline struct nlattr **genl_dump_attrs(struct netlink_callback *cb)
{
#ifdef HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#endif /* _MYTUN_COMPAT_GENETLINK_H */
