/* SPDX-License-Identifier: GPL-2.0 */
/* The family: policies and op table, as docs/netlink/mytun.yaml has them. */
#ifndef _MYTUN_NETLINK_GEN_H
#define _MYTUN_NETLINK_GEN_H

int mytun_netlink_init(void);
void mytun_netlink_uninit(void);

#endif /* _MYTUN_NETLINK_GEN_H */
