// SPDX-License-Identifier: GPL-2.0
/* The net_device: features, open and stop, namespaces, suspend. */
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/pm.h>
#include <linux/random.h>
#include <net/addrconf.h>
#include <net/ip_tunnels.h>

#include "device.h"
#include "ethtool.h"
#include "handshakes.h"
#include "own.h"
#include "peer.h"
#include "tx.h"

/* What a data message costs in front of and behind the inner packet, at most. */
enum {
	OUTER_HEADROOM = sizeof(struct ipv6hdr) + sizeof(struct udphdr) +
			 sizeof(struct message_data),
	OUTER_TAILROOM = NOISE_TAG_LEN + MESSAGE_PADDING,
	OUTER_OVERHEAD = OUTER_HEADROOM + NOISE_TAG_LEN,
	DEFAULT_MTU = ETH_DATA_LEN - OUTER_OVERHEAD,
	MAX_MTU = U16_MAX - OUTER_OVERHEAD,	/* the outer length has 16 bits as well */
};

static LIST_HEAD(devices);
static DEFINE_MUTEX(devices_lock);	/* protects devices; inside rtnl, outside device->lock */

static const struct mytun_upcalls upcalls = {
	.act = mytun_own_act,
	.send_control = mytun_own_control,
	.peer_release = mytun_peer_release,
};

static void start_peers(struct mytun_device *device)
{
	struct mytun_peer *peer;
	unsigned long id;

	lockdep_assert_held(&device->lock);
	xa_for_each(&device->peers, id, peer) {
		mytun_timers_start(peer);
		mytun_timers_event(peer, SESSION_TRAVERSAL);
		if (mytun_timers_get_persistent(peer)) {
			mytun_own_keepalive(peer);
			continue;
		}
		rcu_read_lock_bh();
		mytun_tx_flush(peer);
		rcu_read_unlock_bh();
	}
}

static void stop_peers(struct mytun_device *device, enum mytun_dead_reason reason)
{
	struct mytun_peer *peer;
	unsigned long id;

	lockdep_assert_held(&device->lock);
	xa_for_each(&device->peers, id, peer) {
		mytun_timers_stop(peer);
		mytun_tx_drop_staged(peer, false);
		mytun_session_clear(peer, reason);
	}
}

/* A point-to-point device neither redirects nor makes up link-local addresses. */
static void quiet_inet(struct net_device *dev)
{
	struct in_device *in_dev = __in_dev_get_rtnl(dev);
#if IS_ENABLED(CONFIG_IPV6)
	struct inet6_dev *in6_dev = __in6_dev_get(dev);

	if (in6_dev)
		in6_dev->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;
#endif
	if (in_dev) {
		IN_DEV_CONF_SET(in_dev, SEND_REDIRECTS, false);
		IPV4_DEVCONF_ALL(dev_net(dev), SEND_REDIRECTS) = false;
	}
}

static int device_open(struct net_device *dev)
{
	struct mytun_device *device = netdev_priv(dev);
	int ret;

	quiet_inet(dev);
	mutex_lock(&device->lock);
	mutex_lock(&device->transport_lock);
	ret = device->transport.ops->open(&device->transport, device->transport.port);
	mutex_unlock(&device->transport_lock);
	if (!ret) {
		device->up = true;
		start_peers(device);
	}
	mutex_unlock(&device->lock);
	return ret;
}

static int device_stop(struct net_device *dev)
{
	struct mytun_device *device = netdev_priv(dev);

	mutex_lock(&device->lock);
	device->up = false;
	stop_peers(device, MYTUN_DEAD_DOWN);
	mutex_lock(&device->transport_lock);
	device->transport.ops->close(&device->transport);
	mutex_unlock(&device->transport_lock);
	mutex_unlock(&device->lock);
	return 0;
}

static int device_ndo_init(struct net_device *dev)
{
	struct mytun_device *device = netdev_priv(dev);
	int ret = -ENOMEM;

	device->drops = alloc_percpu(struct mytun_drops);
	if (!device->drops)
		return ret;
	ret = mytun_lookup_init(&device->lookup);
	if (ret)
		goto err_free_drops;
	init_rwsem(&device->identity_lock);
	ret = mytun_handshakes_device_init(device);
	if (ret)
		goto err_uninit_lookup;
	ret = mytun_tx_device_init(device);
	if (ret)
		goto err_uninit_handshakes;
	ret = mytun_rx_device_init(device);
	if (ret)
		goto err_uninit_tx;
	mutex_lock(&devices_lock);
	list_add_tail(&device->list, &devices);
	mutex_unlock(&devices_lock);
	pr_debug("%s: Interface created\n", dev->name);
	return 0;

err_uninit_tx:
	mytun_tx_device_uninit(device);
err_uninit_handshakes:
	mytun_handshakes_device_uninit(device);
err_uninit_lookup:
	mytun_lookup_uninit(&device->lookup);
err_free_drops:
	free_percpu(device->drops);
	return ret;
}

/*
 * The device is down, so that nothing new comes in. First the peers, then what is under
 * way in both directions, which releases them; only then what they stand on.
 */
static void device_ndo_uninit(struct net_device *dev)
{
	struct mytun_device *device = netdev_priv(dev);

	mutex_lock(&devices_lock);
	list_del(&device->list);
	mutex_unlock(&devices_lock);
	mutex_lock(&device->lock);
	WRITE_ONCE(device->dead, true);
	mytun_peer_remove_all(device);
	allowedips_free(&device->allowedips);
	mutex_unlock(&device->lock);
	mytun_tx_device_uninit(device);
	mytun_rx_device_uninit(device);
	mytun_handshakes_device_uninit(device);
	memzero_explicit(&device->identity, sizeof(device->identity));
	/* Peers and keypairs are on their way to be freed and point here. */
	rcu_barrier();
	mytun_lookup_uninit(&device->lookup);
	xa_destroy(&device->peers);
	free_percpu(device->drops);
	pr_debug("%s: Interface destroyed\n", dev->name);
}

static const struct net_device_ops device_ops = {
	.ndo_init = device_ndo_init,
	.ndo_uninit = device_ndo_uninit,
	.ndo_open = device_open,
	.ndo_stop = device_stop,
	.ndo_start_xmit = mytun_tx_xmit,
	.ndo_get_stats64 = dev_get_tstats64,
};

/*
 * Keys do not outlive the machine as it was: it slept, or there are two of it now. On return none
 * is in memory but for packets that NAPI still has.
 */
static void forget_sessions(struct mytun_device *device)
{
	bool had_keypair = false;
	struct mytun_peer *peer;
	unsigned long id;

	mutex_lock(&device->lock);
	xa_for_each(&device->peers, id, peer)
		had_keypair |= mytun_session_clear(peer, MYTUN_DEAD_SUSPENDED);
	mutex_unlock(&device->lock);
	if (!had_keypair)
		return;
	mytun_spread_flush(&device->encrypt);
	mytun_spread_flush(&device->decrypt);
	/* They are wiped a grace period after the last packet has let go of them */
	rcu_barrier();
}

/*
 * The machine is about to sleep, and the workers that do handshakes are frozen: until it is awake
 * again no session begins. (Not earlier: what is written to disks until then may go by way of a
 * tunnel.) Where it sleeps whenever it is idle, keys last until their time is up.
 */
static int device_prepare_sleep(struct device *dev)
{
	if (!IS_ENABLED(CONFIG_PM_AUTOSLEEP) && !IS_ENABLED(CONFIG_PM_USERSPACE_AUTOSLEEP))
		forget_sessions(netdev_priv(to_net_dev(dev)));
	return 0;
}

static const struct dev_pm_ops device_pm_ops = { .prepare = device_prepare_sleep };
static const struct device_type device_type = { .name = MYTUN_LINK_KIND, .pm = &device_pm_ops };

/**
 * mytun_device_setup() - what a new interface is, before it is registered
 * @dev: the interface
 *
 * creating_net is left to be set.
 */
void mytun_device_setup(struct net_device *dev)
{
	const netdev_features_t features = NETIF_F_HW_CSUM | NETIF_F_RXCSUM | NETIF_F_SG |
					   NETIF_F_GSO | NETIF_F_GSO_SOFTWARE | NETIF_F_HIGHDMA;
	struct mytun_device *device = netdev_priv(dev);

	dev->netdev_ops = &device_ops;
	dev->ethtool_ops = &mytun_ethtool_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->hard_header_len = 0;
	dev->addr_len = 0;
	dev->needed_headroom = LL_MAX_HEADER + OUTER_HEADROOM;
	dev->needed_tailroom = OUTER_TAILROOM;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE | IFF_DISABLE_NETPOLL;
	netdev_set_lltx(dev);
	dev->features |= features;
	dev->hw_features |= features;
	dev->hw_enc_features |= features;
	dev->mtu = DEFAULT_MTU;
	dev->min_mtu = 0;
	dev->max_mtu = MAX_MTU;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->needs_free_netdev = true;
	SET_NETDEV_DEVTYPE(dev, &device_type);
	/* Routes are looked at for their MTU. */
	netif_keep_dst(dev);

	memset(device, 0, sizeof(*device));
	device->dev = dev;
	device->upcalls = &upcalls;
	mutex_init(&device->lock);
	mutex_init(&device->transport_lock);
	xa_init_flags(&device->peers, XA_FLAGS_ALLOC1);
	device->generation = 1;
	allowedips_init(&device->allowedips);
	device->transport.ops = &mytun_transport_udp;
	device->transport.device = device;
	device->transport.rx = mytun_rx_receive;
	device->transport.rx_train = mytun_rx_receive_train;
}

/**
 * mytun_device_get() - find a mytun interface
 * @net: namespace
 * @ifindex: its number, or 0 to go by name
 * @ifname: its name, used when @ifindex is 0
 *
 * Context: may sleep or not.
 * Return: the device with a reference to its net_device, ERR_PTR(-ENODEV), or
 * ERR_PTR(-EOPNOTSUPP) when it is of another kind.
 */
struct mytun_device *mytun_device_get(struct net *net, int ifindex, const char *ifname)
{
	struct net_device *dev;

	dev = ifindex ? dev_get_by_index(net, ifindex) : dev_get_by_name(net, ifname);
	if (!dev)
		return ERR_PTR(-ENODEV);
	if (dev->netdev_ops != &device_ops) {
		dev_put(dev);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return netdev_priv(dev);
}

static void forget_routes(struct mytun_device *device)
{
	struct mytun_peer *peer;
	unsigned long id;

	xa_for_each(&device->peers, id, peer)
		mytun_path_clear_source(&peer->path);
}

/**
 * mytun_device_set_port() - listen on another port
 * @device: device; its lock held
 * @port: host order, 0: the kernel chooses
 *
 * Context: may sleep.
 * Return: 0, or -errno (-EADDRINUSE): then the present port stays.
 */
int mytun_device_set_port(struct mytun_device *device, u16 port)
{
	struct mytun_transport *transport = &device->transport;
	int ret = 0;

	lockdep_assert_held(&device->lock);
	mutex_lock(&device->transport_lock);
	if (transport->port == port)
		goto out_unlock;
	if (rcu_access_pointer(transport->sock4))
		ret = transport->ops->open(transport, port);
	else
		WRITE_ONCE(transport->port, port);
	if (!ret)
		forget_routes(device);
out_unlock:
	mutex_unlock(&device->transport_lock);
	return ret;
}

/**
 * mytun_device_set_fwmark() - mark outer packets
 * @device: device; its lock held
 * @fwmark: mark, 0: none
 */
void mytun_device_set_fwmark(struct mytun_device *device, u32 fwmark)
{
	lockdep_assert_held(&device->lock);
	WRITE_ONCE(device->fwmark, fwmark);
	forget_routes(device);
}

/* The sockets go with the namespace they are in; the device may be in another one. */
static void abandon_net(struct mytun_device *device)
{
	struct mytun_peer *peer;
	unsigned long id;

	mutex_lock(&device->lock);
	mutex_lock(&device->transport_lock);
	device->transport.ops->close(&device->transport);
	write_pnet(&device->creating_net, NULL);
	mutex_unlock(&device->transport_lock);
	netif_carrier_off(device->dev);
	xa_for_each(&device->peers, id, peer) {
		mytun_path_clear_source(&peer->path);
		dst_cache_reset_now(&peer->path.cache);
	}
	mutex_unlock(&device->lock);
}

static void device_net_pre_exit(struct net *net)
{
	struct mytun_device *device;

	rtnl_lock();
	mutex_lock(&devices_lock);
	list_for_each_entry(device, &devices, list) {
		if (net_eq(read_pnet(&device->creating_net), net))
			abandon_net(device);
	}
	mutex_unlock(&devices_lock);
	rtnl_unlock();
}

static struct pernet_operations net_ops = {
	.pre_exit = device_net_pre_exit,
};

static int device_vmfork_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	struct mytun_device *device;

	mutex_lock(&devices_lock);
	list_for_each_entry(device, &devices, list)
		forget_sessions(device);
	mutex_unlock(&devices_lock);
	return 0;
}

static struct notifier_block vmfork_notifier = { .notifier_call = device_vmfork_notify };

/**
 * mytun_device_init() - watch namespaces and forks of the machine
 *
 * Return: 0 or -errno.
 */
int mytun_device_init(void)
{
	int ret;

	ret = register_random_vmfork_notifier(&vmfork_notifier);
	if (ret)
		return ret;
	ret = register_pernet_device(&net_ops);
	if (ret)
		goto err_unregister_vmfork;
	return 0;

err_unregister_vmfork:
	unregister_random_vmfork_notifier(&vmfork_notifier);
	return ret;
}

/**
 * mytun_device_uninit() - undo mytun_device_init(); there are no devices any more
 */
void mytun_device_uninit(void)
{
	unregister_pernet_device(&net_ops);
	unregister_random_vmfork_notifier(&vmfork_notifier);
	rcu_barrier();
}
