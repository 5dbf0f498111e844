/* SPDX-License-Identifier: GPL-2.0 */
/* Trains: UDP packets that hold several messages, caught before UDP takes them apart. */
#ifndef _MYTUN_UDP_TRAIN_H
#define _MYTUN_UDP_TRAIN_H

#include <net/net_namespace.h>

#include "mytun.h"

int mytun_udp_train_init(void);
void mytun_udp_train_uninit(void);
int mytun_udp_train_add(struct net *net, struct mytun_transport *transport, u16 port);
void mytun_udp_train_remove(struct net *net, struct mytun_transport *transport, u16 port);

#endif /* _MYTUN_UDP_TRAIN_H */
