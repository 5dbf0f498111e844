// SPDX-License-Identifier: GPL-2.0
/*
 * Peers: each stage owns its part of a peer; this file alone puts the parts together and
 * takes them apart.
 *
 * Who holds a reference: the configuration (&mytun_device.peers) one; each keypair one, so
 * that a batch, which holds its keypair, holds the peer; the session's work while it is
 * queued or runs; a place in a struct mytun_rx_cell; netlink, the handshake workers and a
 * crypto worker that seals for the length of a call. A removed peer is marked dead and waits a
 * grace period, so that nobody who found it before under RCU starts anything new; then its
 * timer, its work and its keypairs are stopped, which leaves batches under way: they are
 * dropped in their turn, and the last of them releases the peer. A device waits for its
 * batches before it goes.
 */
#include <linux/slab.h>

#include "notify.h"
#include "peer.h"

static void peer_free_rcu(struct rcu_head *rcu)
{
	struct mytun_peer *peer = container_of(rcu, struct mytun_peer, rcu);

	mytun_path_free(&peer->path);
	mytun_session_peer_free(peer);
	kfree_sensitive(peer);
}

/**
 * mytun_peer_release() - the last reference is gone
 * @refcount: the peer's
 *
 * Context: any.
 */
void mytun_peer_release(struct kref *refcount)
{
	struct mytun_peer *peer = container_of(refcount, struct mytun_peer, refcount);

	pr_debug("%s: Peer %u destroyed\n", peer->device->dev->name, peer->id);
	/* The table would lead to memory that is free. */
	WARN_ON_ONCE(peer->session.index.hashed);
	mytun_tx_drop_staged(peer, false);
	call_rcu(&peer->rcu, peer_free_rcu);
}

/* Make the peer known: by number, then by key. */
static int publish(struct mytun_device *device, struct mytun_peer *peer)
{
	int ret;

	ret = xa_alloc_cyclic(&device->peers, &peer->id, peer, xa_limit_31b,
			      &device->next_peer_id, GFP_KERNEL);
	if (ret < 0)
		return ret;
	ret = mytun_lookup_add_peer(&device->lookup, peer);
	if (ret)
		xa_erase(&device->peers, peer->id);
	return ret;
}

/**
 * mytun_peer_create() - make a peer
 * @device: device; its lock held
 * @public_key: the peer's key
 * @preshared_key: or NULL
 *
 * Context: may sleep.
 * Return: the peer, whose reference is the configuration's, or ERR_PTR: -EUSERS (there are
 * MYTUN_MAX_PEERS), -EEXIST, -ENOMEM.
 */
struct mytun_peer *mytun_peer_create(struct mytun_device *device,
				     const u8 public_key[NOISE_KEY_LEN],
				     const u8 preshared_key[NOISE_KEY_LEN])
{
	struct mytun_peer *peer;
	int ret;

	lockdep_assert_held(&device->lock);
	if (device->peer_count >= MYTUN_MAX_PEERS)
		return ERR_PTR(-EUSERS);
	peer = kzalloc(sizeof(*peer), GFP_KERNEL);
	if (!peer)
		return ERR_PTR(-ENOMEM);
	peer->device = device;
	ret = mytun_path_init(&peer->path);
	if (ret)
		goto err_free_peer;
	kref_init(&peer->refcount);
	allowedips_owner_init(&peer->allowedips);
	mytun_keypairs_init(&peer->keypairs);
	mytun_session_peer_init(peer, public_key, preshared_key);
	mytun_timers_peer_init(peer);
	mytun_tx_peer_init(peer);
	mytun_rx_peer_init(peer);
	mytun_probe_peer_init(peer);
	ret = publish(device, peer);
	if (ret)
		goto err_free_session;
	device->peer_count++;
	if (device->up)
		mytun_timers_start(peer);
	pr_debug("%s: Peer %u created\n", device->dev->name, peer->id);
	return peer;

err_free_session:
	mytun_session_peer_free(peer);
	mytun_path_free(&peer->path);
err_free_peer:
	kfree_sensitive(peer);
	return ERR_PTR(ret);
}

/* Let nobody find it any longer. */
static void withdraw(struct mytun_peer *peer)
{
	struct mytun_device *device = peer->device;

	lockdep_assert_held(&device->lock);
	allowedips_remove_owner(&device->allowedips, &peer->allowedips);
	mytun_lookup_remove_peer(&device->lookup, peer);
	WRITE_ONCE(peer->dead, true);
}

/* A grace period after withdraw(): stop what runs by itself. */
static void dismantle(struct mytun_peer *peer)
{
	struct mytun_device *device = peer->device;

	mytun_timers_shutdown(peer);
	mytun_session_peer_stop(peer);
	mytun_tx_drop_staged(peer, false);
	xa_erase(&device->peers, peer->id);
	device->peer_count--;
	mytun_peer_put(peer);
}

/**
 * mytun_peer_remove() - remove a peer
 * @peer: peer; its device's lock held
 *
 * Context: may sleep. The caller may use @peer no longer unless it has a reference.
 */
void mytun_peer_remove(struct mytun_peer *peer)
{
	withdraw(peer);
	/* Expedited: a tool that removes peers one by one would wait for each grace period. */
	synchronize_rcu_expedited();
	dismantle(peer);
}

/**
 * mytun_peer_remove_all() - remove every peer
 * @device: device; its lock held
 *
 * Context: may sleep. One grace period for all of them.
 */
void mytun_peer_remove_all(struct mytun_device *device)
{
	struct mytun_peer *peer;
	unsigned long id;

	lockdep_assert_held(&device->lock);
	if (xa_empty(&device->peers))
		return;
	xa_for_each(&device->peers, id, peer)
		withdraw(peer);
	synchronize_net();
	xa_for_each(&device->peers, id, peer)
		dismantle(peer);
}
