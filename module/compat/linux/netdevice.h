/* SPDX-License-Identifier: GPL-2.0 */
/* "No transmit lock" was a feature flag and became a field; so did what GRO holds back. */
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

/* Does GRO keep packets of this context for later? */
static inline bool napi_gro_holds(const struct napi_struct *napi)
{
#ifdef HAVE_GRO_NODE
	return napi->gro.bitmask;
#else
	return napi->gro_bitmask;
#endif
}

#endif /* _MYTUN_COMPAT_NETDEVICE_H */
