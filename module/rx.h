/* SPDX-License-Identifier: GPL-2.0 */
/* The way in: from the transport to the stack. */
#ifndef _MYTUN_RX_H
#define _MYTUN_RX_H

#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>

#include "queue.h"

/**
 * struct mytun_rx - the receiving part of a peer
 * @order: batches between their arrival and the stack
 * @node: in a struct mytun_rx_cell while the order is being drained
 */
struct mytun_rx {
	struct mytun_order order;
	struct list_head node;
};

/**
 * struct mytun_rx_cell - one CPU's way into the stack
 * @napi: its context, for GRO
 * @lock: protects @ready; BH off
 * @ready: peers whose order has finished batches, oldest first; each holds a reference
 *	and its order's drain bit
 * @flushing: peers drained by the poll that is running, whose packets GRO may still hold:
 *	they stay with this CPU until it has let go, or packets would overtake; only the
 *	poll touches it, and leaves it empty
 */
struct mytun_rx_cell {
	struct napi_struct napi;
	spinlock_t lock;
	struct list_head ready;
	struct list_head flushing;
};

int mytun_rx_device_init(struct mytun_device *device);
void mytun_rx_device_uninit(struct mytun_device *device);
void mytun_rx_peer_init(struct mytun_peer *peer);
void mytun_rx_receive(struct mytun_device *device, struct sk_buff *skb);
bool mytun_rx_receive_train(struct mytun_device *device, struct sk_buff *skb);

#endif /* _MYTUN_RX_H */
