/* SPDX-License-Identifier: GPL-2.0 */
/* The net_device and what hangs on it. */
#ifndef _MYTUN_DEVICE_H
#define _MYTUN_DEVICE_H

#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

#include "core/allowedips.h"
#include "core/cookie.h"
#include "core/noise.h"
#include "mytun.h"
#include "peerlookup.h"
#include "queue.h"
#include "rx.h"
#include "stats.h"
#include "transport.h"

/**
 * struct mytun_upcalls - the calls that go up, handed over when the device is made
 * @act: carry out session_policy's actions (enum session_action bits) for a peer; any
 *	context, RCU held or a reference to the peer
 * @send_control: send a control message, @len bytes of plaintext, to a peer, in the session
 *	with that &noise_keypair.id or not at all
 * @peer_release: the last reference to a peer is gone
 */
struct mytun_upcalls {
	void (*act)(struct mytun_peer *peer, u32 actions);
	void (*send_control)(struct mytun_peer *peer, u64 session, const u8 *msg,
			     unsigned int len);
	void (*peer_release)(struct kref *refcount);
};

/**
 * struct mytun_device - netdev_priv of a mytun interface
 * @dev: the interface
 * @upcalls: see there; constant
 * @creating_net: where the sockets are; NULL once that namespace is gone; no reference
 * @list: in the list of all devices
 * @lock: configuration: serialises changes of peers, allowed IPs, identity, port, mark;
 *	outermost of ours, inside rtnl; sleeps
 * @dead: under @lock: being unregistered, takes no more configuration
 * @up: under @lock: opened; netif_running() says so before it is and when that fails
 * @peers: by id; changed under @lock, iterated under @lock or RCU
 * @next_peer_id: for xa_alloc_cyclic()
 * @peer_count: number of @peers
 * @generation: changes with every change of configuration, never to a value that any device
 *	has had before; dumps compare it. Under @lock
 * @allowedips: cryptokey routing; changed under @lock
 * @lookup: peers by key, sessions by index
 * @identity_lock: protects @identity; sleeps; inside @lock, outside the session's mutexes
 * @identity: our static key
 * @checker_lock: protects @checker; BH off, innermost
 * @checker: receiving side of the cookies
 * @handshakes: received handshake messages on their way to the workers
 * @handshake_count: how many of them wait or are being worked on
 * @under_load_until_ns: boot time until which handshakes have to bring a cookie
 * @encrypt: batches to be sealed
 * @decrypt: batches to be opened
 * @rx_cells: each CPU's way into the stack
 * @transport: sockets; opened and closed under @transport_lock
 * @transport_lock: sleeps; inside @lock and rtnl
 * @fwmark: mark of outer packets
 * @drops: counters by reason
 */
struct mytun_device {
	struct net_device *dev;
	const struct mytun_upcalls *upcalls;
	possible_net_t creating_net;
	struct list_head list;
	struct mutex lock;
	bool dead;
	bool up;
	struct xarray peers;
	u32 next_peer_id;
	unsigned int peer_count;
	u64 generation;
	struct allowedips allowedips;
	struct mytun_lookup lookup;
	struct rw_semaphore identity_lock;
	struct noise_identity identity;
	rwlock_t checker_lock;
	struct cookie_checker checker;
	struct mytun_spread handshakes;
	atomic_t handshake_count;
	u64 under_load_until_ns;
	struct mytun_spread encrypt;
	struct mytun_spread decrypt;
	struct mytun_rx_cell __percpu *rx_cells;
	struct mytun_transport transport;
	struct mutex transport_lock;
	u32 fwmark;
	struct mytun_drops __percpu *drops;
};

int mytun_device_init(void);
void mytun_device_uninit(void);
void mytun_device_setup(struct net_device *dev);
struct mytun_device *mytun_device_get(struct net *net, int ifindex, const char *ifname);
int mytun_device_set_port(struct mytun_device *device, u16 port);
void mytun_device_set_fwmark(struct mytun_device *device, u32 fwmark);

static inline void mytun_device_put(struct mytun_device *device)
{
	dev_put(device->dev);
}

static inline void mytun_drop_n(struct mytun_device *device, enum mytun_drop reason,
				unsigned int packets)
{
	mytun_drop_count(device->dev, device->drops, reason, packets);
}

static inline void mytun_drop(struct mytun_device *device, enum mytun_drop reason)
{
	mytun_drop_n(device, reason, 1);
}

#endif /* _MYTUN_DEVICE_H */
