// SPDX-License-Identifier: GPL-2.0
/* Two hash tables of a device, read under RCU; see peerlookup.h. */
#include <linux/random.h>

#include "keypair.h"
#include "peer.h"
#include "peerlookup.h"

static const struct rhashtable_params peer_params = {
	.head_offset = offsetof(struct mytun_peer, hash_node),
	.key_offset = offsetof(struct mytun_peer, session.handshake.remote_static),
	.key_len = NOISE_KEY_LEN,
	.automatic_shrinking = true,
};

static const struct rhashtable_params index_params = {
	.head_offset = offsetof(struct mytun_index, node),
	.key_offset = offsetof(struct mytun_index, value),
	.key_len = sizeof(__le32),
	.automatic_shrinking = true,
};

/**
 * mytun_lookup_init() - make the tables
 * @lookup: tables
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int mytun_lookup_init(struct mytun_lookup *lookup)
{
	int ret = rhashtable_init(&lookup->peers, &peer_params);

	if (ret)
		return ret;
	ret = rhashtable_init(&lookup->indices, &index_params);
	if (ret)
		rhashtable_destroy(&lookup->peers);
	return ret;
}

/**
 * mytun_lookup_uninit() - free the tables; both are empty
 * @lookup: tables
 */
void mytun_lookup_uninit(struct mytun_lookup *lookup)
{
	rhashtable_destroy(&lookup->indices);
	rhashtable_destroy(&lookup->peers);
}

/**
 * mytun_lookup_add_peer() - let a peer be found by its public key
 * @lookup: tables; the device's lock held
 * @peer: peer
 *
 * Return: 0, -EEXIST, -ENOMEM.
 */
int mytun_lookup_add_peer(struct mytun_lookup *lookup, struct mytun_peer *peer)
{
	return rhashtable_lookup_insert_fast(&lookup->peers, &peer->hash_node, peer_params);
}

/**
 * mytun_lookup_remove_peer() - let it be found no longer
 * @lookup: tables; the device's lock held
 * @peer: peer
 */
void mytun_lookup_remove_peer(struct mytun_lookup *lookup, struct mytun_peer *peer)
{
	rhashtable_remove_fast(&lookup->peers, &peer->hash_node, peer_params);
}

/**
 * mytun_lookup_peer() - find a peer by its public key
 * @lookup: tables
 * @public_key: key
 *
 * Context: any. Return: the peer with a reference, or NULL.
 */
struct mytun_peer *mytun_lookup_peer(struct mytun_lookup *lookup,
				     const u8 public_key[NOISE_KEY_LEN])
{
	struct mytun_peer *peer;

	rcu_read_lock();
	peer = rhashtable_lookup(&lookup->peers, public_key, peer_params);
	peer = mytun_peer_get_unless_zero(peer);
	rcu_read_unlock();
	return peer;
}

/**
 * mytun_lookup_add_index_as() - let something be found by a given index
 * @lookup: tables
 * @index: not in the table
 * @value: wanted
 *
 * Context: any but hardirq. Return: 0, -EEXIST, -ENOMEM.
 */
int mytun_lookup_add_index_as(struct mytun_lookup *lookup, struct mytun_index *index,
			      __le32 value)
{
	int ret;

	index->value = value;
	ret = rhashtable_lookup_insert_fast(&lookup->indices, &index->node, index_params);
	index->hashed = !ret;
	return ret;
}

/**
 * mytun_lookup_add_index() - let something be found by a new random index
 * @lookup: tables
 * @index: not in the table
 *
 * Context: any but hardirq. Return: 0, -ENOMEM.
 */
int mytun_lookup_add_index(struct mytun_lookup *lookup, struct mytun_index *index)
{
	int ret;

	do {
		ret = mytun_lookup_add_index_as(lookup, index,
						(__force __le32)get_random_u32());
	} while (ret == -EEXIST);
	return ret;
}

/**
 * mytun_lookup_remove_index() - let it be found no longer
 * @lookup: tables
 * @index: may not be in the table
 *
 * Context: any but hardirq. Readers may hold on to it for a grace period.
 */
void mytun_lookup_remove_index(struct mytun_lookup *lookup, struct mytun_index *index)
{
	if (!index->hashed)
		return;
	rhashtable_remove_fast(&lookup->indices, &index->node, index_params);
	index->hashed = false;
}

/**
 * mytun_lookup_index() - what has this index?
 * @lookup: tables
 * @value: as on the wire
 *
 * Context: RCU held. Return: the entry, valid until the RCU section ends, or NULL.
 */
struct mytun_index *mytun_lookup_index(struct mytun_lookup *lookup, __le32 value)
{
	return rhashtable_lookup(&lookup->indices, &value, index_params);
}
