// SPDX-License-Identifier: GPL-2.0
/* ethtool -i and -S: version, totals, and drops by the names that docs/netlink/mytun.yaml has. */
#include <linux/netdevice.h>
#include <linux/string.h>

#include "device.h"
#include "ethtool.h"

/* In front of the drops, in the order of fill_totals(). */
static const char total_names[][ETH_GSTRING_LEN] = {
	"rx-packets", "rx-bytes", "rx-dropped", "tx-packets", "tx-bytes", "tx-dropped",
};

static const char drop_names[][ETH_GSTRING_LEN] = {
	[MYTUN_DROP_TX_NOT_IP] = "tx-not-ip",
	[MYTUN_DROP_TX_NO_PEER] = "tx-no-peer",
	[MYTUN_DROP_TX_NO_ENDPOINT] = "tx-no-endpoint",
	[MYTUN_DROP_TX_NO_KEY] = "tx-no-key",
	[MYTUN_DROP_TX_STAGED_FULL] = "tx-staged-full",
	[MYTUN_DROP_TX_QUEUE_FULL] = "tx-queue-full",
	[MYTUN_DROP_TX_NO_MEMORY] = "tx-no-memory",
	[MYTUN_DROP_TX_CRYPTO] = "tx-crypto",
	[MYTUN_DROP_TX_LOOP] = "tx-loop",
	[MYTUN_DROP_TX_NO_ROUTE] = "tx-no-route",
	[MYTUN_DROP_TX_SOCKET] = "tx-socket",
	[MYTUN_DROP_RX_MALFORMED] = "rx-malformed",
	[MYTUN_DROP_RX_NO_MEMORY] = "rx-no-memory",
	[MYTUN_DROP_RX_BAD_MAC1] = "rx-bad-mac1",
	[MYTUN_DROP_RX_HANDSHAKE_QUEUE_FULL] = "rx-handshake-queue-full",
	[MYTUN_DROP_RX_COOKIE_SENT] = "rx-cookie-sent",
	[MYTUN_DROP_RX_RATE_LIMIT] = "rx-rate-limit",
	[MYTUN_DROP_RX_BAD_HANDSHAKE] = "rx-bad-handshake",
	[MYTUN_DROP_RX_BAD_COOKIE] = "rx-bad-cookie",
	[MYTUN_DROP_RX_UNKNOWN_INDEX] = "rx-unknown-index",
	[MYTUN_DROP_RX_KEY_EXPIRED] = "rx-key-expired",
	[MYTUN_DROP_RX_QUEUE_FULL] = "rx-queue-full",
	[MYTUN_DROP_RX_AUTH] = "rx-auth",
	[MYTUN_DROP_RX_REPLAY] = "rx-replay",
	[MYTUN_DROP_RX_FRAME] = "rx-frame",
	[MYTUN_DROP_RX_SOURCE] = "rx-source",
	[MYTUN_DROP_RX_CONTROL] = "rx-control",
	[MYTUN_DROP_RX_ECN] = "rx-ecn",
	[MYTUN_DROP_TX_TOO_BIG] = "tx-too-big",
};

static_assert(ARRAY_SIZE(drop_names) == MYTUN_DROP_MAX + 1);

static void get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, MYTUN_LINK_KIND, sizeof(info->driver));
	strscpy(info->version, MYTUN_VERSION, sizeof(info->version));
}

static int get_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? ARRAY_SIZE(total_names) + MYTUN_DROP_MAX : -EOPNOTSUPP;
}

/* The core has made room for as many as get_sset_count() says. */
static void get_strings(struct net_device *dev, u32 set, u8 *data)
{
	if (set != ETH_SS_STATS)
		return;
	memcpy(data, total_names, sizeof(total_names));
	memcpy(data + sizeof(total_names), drop_names + MYTUN_DROP_UNSPEC + 1,
	       sizeof(drop_names) - sizeof(drop_names[0]));
}

static u64 *fill_totals(struct net_device *dev, u64 *data)
{
	struct rtnl_link_stats64 stats;

	dev_get_stats(dev, &stats);
	*data++ = stats.rx_packets;
	*data++ = stats.rx_bytes;
	*data++ = stats.rx_dropped;
	*data++ = stats.tx_packets;
	*data++ = stats.tx_bytes;
	*data++ = stats.tx_dropped;
	return data;
}

static void get_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *data)
{
	const struct mytun_device *device = netdev_priv(dev);
	unsigned int reason;

	data = fill_totals(dev, data);
	for (reason = MYTUN_DROP_UNSPEC + 1; reason <= MYTUN_DROP_MAX; reason++)
		*data++ = mytun_drops_sum(device->drops, reason);
}

const struct ethtool_ops mytun_ethtool_ops = {
	.get_drvinfo = get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_ethtool_stats,
};
