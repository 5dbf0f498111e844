/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cryptokey routing (the paper, section 2): a compressed binary trie of prefixes for
 * each family, read under RCU, changed under the caller's lock.
 */
#ifndef _MYTUN_CORE_ALLOWEDIPS_H
#define _MYTUN_CORE_ALLOWEDIPS_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct allowedips_node;

/**
 * struct allowedips - one device's table
 * @root4: IPv4 trie
 * @root6: IPv6 trie
 */
struct allowedips {
	struct allowedips_node __rcu *root4;
	struct allowedips_node __rcu *root6;
};

/**
 * struct allowedips_owner - what a prefix leads to; embedded in a peer
 * @prefixes: its nodes, in the order in which they were added
 */
struct allowedips_owner {
	struct list_head prefixes;
};

/**
 * struct allowedips_prefix - one entry, as allowedips_read() tells it
 * @addr: network order, host bits zero; 4 or 16 bytes
 * @len: 4 or 16
 * @prefix_len: 0 to 32 or 128
 */
struct allowedips_prefix {
	u8 addr[16] __aligned(8);
	u8 len;
	u8 prefix_len;
};

void allowedips_init(struct allowedips *table);
void allowedips_owner_init(struct allowedips_owner *owner);

/**
 * allowedips_insert() - give a prefix to an owner
 * @table: table; the caller holds its lock
 * @addr: network order, 4 or 16 bytes, any alignment; host bits are ignored
 * @len: 4 or 16
 * @prefix_len: 0 to 32 or 128, checked by the caller
 * @owner: new owner; taken away from any other that had exactly this prefix
 *
 * Context: may sleep (GFP_KERNEL).
 * Return: 0 or -ENOMEM, then nothing changed.
 */
int __must_check allowedips_insert(struct allowedips *table, const u8 *addr, u8 len,
				   u8 prefix_len, struct allowedips_owner *owner);

/**
 * allowedips_remove() - take a prefix away from an owner, if it is its own
 * @table: table; the caller holds its lock
 * @addr: as for allowedips_insert()
 * @len: 4 or 16
 * @prefix_len: 0 to 32 or 128
 * @owner: owner
 */
void allowedips_remove(struct allowedips *table, const u8 *addr, u8 len, u8 prefix_len,
		       struct allowedips_owner *owner);

/**
 * allowedips_remove_owner() - take everything away from an owner
 * @table: table; the caller holds its lock
 * @owner: owner; not reached by new lookups after this, old readers end with a grace period
 */
void allowedips_remove_owner(struct allowedips *table, struct allowedips_owner *owner);

/**
 * allowedips_owner_of() - who has exactly this prefix?
 * @table: table; the caller holds its lock
 * @addr: as for allowedips_insert()
 * @len: 4 or 16
 * @prefix_len: 0 to 32 or 128
 *
 * allowedips_insert() of a prefix that somebody has takes no memory: that is how a caller
 * gives it back.
 * Return: its owner or NULL.
 */
struct allowedips_owner *allowedips_owner_of(struct allowedips *table, const u8 *addr, u8 len,
					     u8 prefix_len);

/**
 * allowedips_set_aside() - begin to take away from an owner all but what is kept
 * @owner: owner; the caller holds the table's lock. Lookups lead to it as before
 * @aside: takes over its list; uninitialised
 *
 * Go on with allowedips_keep(), and end with allowedips_remove_owner() of @aside. All this
 * takes no memory.
 */
void allowedips_set_aside(struct allowedips_owner *owner, struct allowedips_owner *aside);

/**
 * allowedips_keep() - leave a prefix to an owner whose prefixes have been set aside
 * @table: table; the caller holds its lock
 * @addr: as for allowedips_insert()
 * @len: 4 or 16
 * @prefix_len: 0 to 32 or 128
 * @owner: owner; the prefix is the last of its list then. Nothing happens if it is not its own
 */
void allowedips_keep(struct allowedips *table, const u8 *addr, u8 len, u8 prefix_len,
		     struct allowedips_owner *owner);

/**
 * allowedips_free() - remove everything
 * @table: table; the caller holds its lock. Nodes are freed after a grace period.
 */
void allowedips_free(struct allowedips *table);

/**
 * allowedips_lookup4() - longest prefix that covers an IPv4 address
 * @table: table
 * @addr: 4 bytes, network order, any alignment
 *
 * Context: rcu_read_lock() or rcu_read_lock_bh() held.
 * Return: its owner or NULL; valid until the RCU section ends.
 */
struct allowedips_owner *allowedips_lookup4(const struct allowedips *table, const void *addr);

/**
 * allowedips_lookup6() - longest prefix that covers an IPv6 address
 * @table: table
 * @addr: 16 bytes, network order, any alignment
 *
 * Context: rcu_read_lock() or rcu_read_lock_bh() held.
 * Return: its owner or NULL; valid until the RCU section ends.
 */
struct allowedips_owner *allowedips_lookup6(const struct allowedips *table, const void *addr);

/**
 * allowedips_next() - walk an owner's prefixes
 * @owner: owner; the caller holds the table's lock
 * @prev: the node returned before, NULL to begin
 *
 * Return: the next node or NULL. A dump keeps the node as its place; it must not be used
 * after the table changed.
 */
struct allowedips_node *allowedips_next(const struct allowedips_owner *owner,
					struct allowedips_node *prev);

/**
 * allowedips_read() - what a node stands for
 * @node: node
 * @prefix: filled in
 */
void allowedips_read(const struct allowedips_node *node, struct allowedips_prefix *prefix);

/* Slab cache for nodes: once per module. */
int allowedips_cache_init(void);
void allowedips_cache_uninit(void);	/* waits for nodes on their way to be freed */

#endif /* _MYTUN_CORE_ALLOWEDIPS_H */
