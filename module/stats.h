/* SPDX-License-Identifier: GPL-2.0 */
/* Drops by reason: per-CPU counters of one device, read by netlink. */
#ifndef _MYTUN_STATS_H
#define _MYTUN_STATS_H

#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>

#include "uapi/mytun.h"

/**
 * struct mytun_drops - counters of one CPU
 * @count: packets, by enum mytun_drop
 */
struct mytun_drops {
	unsigned long count[MYTUN_DROP_MAX + 1];
};

static inline bool mytun_drop_is_tx(enum mytun_drop reason)
{
	return reason < MYTUN_DROP_RX_MALFORMED || reason == MYTUN_DROP_TX_TOO_BIG;
}

/**
 * mytun_drop_count() - count packets that are dropped
 * @dev: the mytun device
 * @drops: its counters
 * @reason: why
 * @packets: how many
 *
 * Also shows in the interface's own statistics. Context: any.
 */
static inline void mytun_drop_count(struct net_device *dev, struct mytun_drops __percpu *drops,
				    enum mytun_drop reason, unsigned int packets)
{
	this_cpu_add(drops->count[reason], packets);
	if (mytun_drop_is_tx(reason))
		DEV_STATS_ADD(dev, tx_dropped, packets);
	else
		DEV_STATS_ADD(dev, rx_dropped, packets);
}

/**
 * mytun_drops_sum() - add a counter up over the CPUs
 * @drops: counters
 * @reason: which
 *
 * Return: packets dropped since the device was made.
 */
static inline u64 mytun_drops_sum(const struct mytun_drops __percpu *drops, unsigned int reason)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(drops, cpu)->count[reason]);
	return sum;
}

#endif /* _MYTUN_STATS_H */
