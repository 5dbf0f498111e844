/* SPDX-License-Identifier: GPL-2.0 */
/* A peer: the composition of what the stages know about it. */
#ifndef _MYTUN_PEER_H
#define _MYTUN_PEER_H

#include <linux/kref.h>
#include <linux/rcupdate.h>

#include "core/allowedips.h"
#include "device.h"
#include "keypair.h"
#include "probe.h"
#include "rx.h"
#include "session.h"
#include "timers.h"
#include "transport.h"
#include "tx.h"

/**
 * struct mytun_peer - somebody we share keys with
 * @device: whose peer; outlives the peer
 * @hash_node: in &mytun_lookup.peers
 * @id: number in &mytun_device.peers and in the log
 * @dead: removed; nothing new may begin. Set under the device's lock, read anywhere
 * @allowedips: its prefixes
 * @keypairs: session keys
 * @session: handshake
 * @path: endpoint
 * @timers: deadlines
 * @tx: sending
 * @rx: receiving
 * @probes: path-MTU probes
 * @rx_bytes: bytes of authenticated messages received
 * @tx_bytes: bytes of messages sent
 * @refcount: one for the configuration, one for each keypair, each work under way, each
 *	place in a struct mytun_rx_cell
 * @rcu: freed after a grace period
 */
struct mytun_peer {
	struct mytun_device *device;
	struct rhash_head hash_node;
	u32 id;
	bool dead;
	struct allowedips_owner allowedips;
	struct noise_keypairs keypairs;
	struct mytun_session session;
	struct mytun_path path;
	struct mytun_timers timers;
	struct mytun_tx tx;
	struct mytun_rx rx;
	struct mytun_probes probes;
	atomic64_t rx_bytes;
	atomic64_t tx_bytes;
	struct kref refcount;
	struct rcu_head rcu;
};

struct mytun_peer *mytun_peer_create(struct mytun_device *device,
				     const u8 public_key[NOISE_KEY_LEN],
				     const u8 preshared_key[NOISE_KEY_LEN]);
void mytun_peer_remove(struct mytun_peer *peer);
void mytun_peer_remove_all(struct mytun_device *device);
void mytun_peer_release(struct kref *refcount);

static inline const u8 *mytun_peer_public_key(const struct mytun_peer *peer)
{
	return peer->session.handshake.remote_static;
}

static inline struct mytun_peer *mytun_peer_get(struct mytun_peer *peer)
{
	kref_get(&peer->refcount);
	return peer;
}

/* Return: @peer with a reference, or NULL when it is on its way out. RCU held. */
static inline struct mytun_peer *mytun_peer_get_unless_zero(struct mytun_peer *peer)
{
	return peer && kref_get_unless_zero(&peer->refcount) ? peer : NULL;
}

static inline void mytun_peer_put(struct mytun_peer *peer)
{
	if (peer)
		kref_put(&peer->refcount, peer->device->upcalls->peer_release);
}

#endif /* _MYTUN_PEER_H */
