/* SPDX-License-Identifier: GPL-2.0 */
/* Two hash tables of a device, read under RCU: peers by public key, sessions by index. */
#ifndef _MYTUN_PEERLOOKUP_H
#define _MYTUN_PEERLOOKUP_H

#include <linux/rhashtable.h>
#include <linux/types.h>

#include "core/wire.h"
#include "mytun.h"

/**
 * enum mytun_index_kind - what an index names
 * @INDEX_HANDSHAKE: the handshake of a struct mytun_peer
 * @INDEX_KEYPAIR: a struct noise_keypair
 */
enum mytun_index_kind {
	INDEX_HANDSHAKE,
	INDEX_KEYPAIR,
};

/**
 * struct mytun_index - our name for a session, as peers use it
 * @node: in &mytun_lookup.indices
 * @value: random, unique in the device, as on the wire
 * @kind: what it is embedded in
 * @hashed: is in the table; changed under the session's mutex or at the end of life
 */
struct mytun_index {
	struct rhash_head node;
	__le32 value;
	u8 kind;
	bool hashed;
};

/**
 * struct mytun_lookup - the tables
 * @peers: by public key; changed under the device's lock
 * @indices: by index; changed by anyone, the table has its own locks
 */
struct mytun_lookup {
	struct rhashtable peers;
	struct rhashtable indices;
};

int mytun_lookup_init(struct mytun_lookup *lookup);
void mytun_lookup_uninit(struct mytun_lookup *lookup);

int mytun_lookup_add_peer(struct mytun_lookup *lookup, struct mytun_peer *peer);
void mytun_lookup_remove_peer(struct mytun_lookup *lookup, struct mytun_peer *peer);
struct mytun_peer *mytun_lookup_peer(struct mytun_lookup *lookup,
				     const u8 public_key[NOISE_KEY_LEN]);

int mytun_lookup_add_index(struct mytun_lookup *lookup, struct mytun_index *index);
int mytun_lookup_add_index_as(struct mytun_lookup *lookup, struct mytun_index *index,
			      __le32 value);
void mytun_lookup_remove_index(struct mytun_lookup *lookup, struct mytun_index *index);
struct mytun_index *mytun_lookup_index(struct mytun_lookup *lookup, __le32 value);

#endif /* _MYTUN_PEERLOOKUP_H */
