/* SPDX-License-Identifier: GPL-2.0 */
/* net/gso.h was part of linux/netdevice.h. */
#ifdef HAVE_NET_GSO
#include_next <net/gso.h>
#else
#include <linux/netdevice.h>
#endif
