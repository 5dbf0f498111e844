/* SPDX-License-Identifier: GPL-2.0 */
/* A multicast group that asks for CAP_NET_ADMIN: by flag where there is one. */
#include_next <net/genetlink.h>

#ifndef _MYTUN_COMPAT_GENETLINK_H
#define _MYTUN_COMPAT_GENETLINK_H

#ifdef HAVE_GENL_MCAST_CAP
#define GENL_MCAST_ADMIN_FLAGS GENL_MCAST_CAP_NET_ADMIN
#else
#define GENL_MCAST_ADMIN_FLAGS GENL_UNS_ADMIN_PERM
#endif

#endif /* _MYTUN_COMPAT_GENETLINK_H */
