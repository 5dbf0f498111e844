/* SPDX-License-Identifier: GPL-2.0 */
/* What ethtool(8) sees of a device. */
#ifndef _MYTUN_ETHTOOL_H
#define _MYTUN_ETHTOOL_H

#include <linux/ethtool.h>

extern const struct ethtool_ops mytun_ethtool_ops;

#endif /* _MYTUN_ETHTOOL_H */
