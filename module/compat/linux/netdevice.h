/* SPDX-License-Identifier: GPL-2.0 */
/* "No transmit lock" was a feature flag and became a field. */
#include_next <linux/netdevice.h>

#ifndef _MYTUN_COMPAT_NETDEVICE_H
#define _MYTUN_COMPAT_NETDEVICE_H

static inline void netdev_set_lltx(struct net_device *dev)
{
#ifdef HAVE_NETDEV_LLTX
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

#endif /* _MYTUN_COMPAT_NETDEVICE_H */
