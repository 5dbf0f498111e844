/* SPDX-License-Identifier: GPL-2.0 */
/* The way out: from ndo_start_xmit to the transport. */
#ifndef _MYTUN_TX_H
#define _MYTUN_TX_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>

#include "queue.h"

/**
 * struct mytun_tx - the sending part of a peer
 * @staged: packets that wait for a session; has its own lock
 * @flush_lock: held by the one who puts packets into @order, what is @staged first; BH off
 * @order: batches between their counters and the wire
 * @gather: whether single messages are left to workers
 * @woken_tick: the tick in which a worker was last woken for the newest batch; @flush_lock
 */
struct mytun_tx {
	struct sk_buff_head staged;
	spinlock_t flush_lock;
	struct mytun_order order;
	struct mytun_gather gather;
	unsigned long woken_tick;
};

int mytun_tx_device_init(struct mytun_device *device);
void mytun_tx_device_uninit(struct mytun_device *device);
void mytun_tx_peer_init(struct mytun_peer *peer);

netdev_tx_t mytun_tx_xmit(struct sk_buff *skb, struct net_device *dev);
void mytun_tx_flush(struct mytun_peer *peer);
void mytun_tx_drop_staged(struct mytun_peer *peer, bool count);

#endif /* _MYTUN_TX_H */
