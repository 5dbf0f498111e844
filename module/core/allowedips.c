// SPDX-License-Identifier: GPL-2.0
/*
 * A path-compressed binary trie (Morrison's PATRICIA, 1968). What holds at any time, for
 * readers too:
 *
 *  - the prefix of a node covers those of its children, and each child is on the side
 *    that the first bit after the node's prefix says;
 *  - a node without an owner has two children (it is a fork, made for them alone);
 *  - an owned node is on the list of its owner.
 *
 * Addresses are 128 bits as two words in host order; an IPv4 address is the first 32 of
 * them, so that one algorithm serves both families. A node is one cache line: a lookup
 * waits once for each node on its way and for nothing else.
 *
 * Writers are serialised by a lock of the caller's. A change is published by one pointer;
 * all memory that it takes is there before.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "allowedips.h"

enum {
	WORD_BITS = 64,
	IPV4_LEN = 4,
	IPV4_BITS = 32,
};

/**
 * struct bits - an address, or as much of it as its user says
 * @word: most significant bit first
 */
struct bits {
	u64 word[2];
};

/**
 * struct allowedips_node - a prefix that has an owner, or a fork of two
 * @child: by the first bit after the prefix
 * @owner: NULL: a fork
 * @key: the prefix, zero after its end
 * @prefix_len: its length in bits
 * @len: of addresses in this trie in bytes, 4 or 16
 * @link: place among the owner's prefixes, or in free_trie()'s queue; writers only
 * @rcu: on its way to be freed
 */
struct allowedips_node {
	struct allowedips_node __rcu *child[2];
	struct allowedips_owner __rcu *owner;
	struct bits key;
	u8 prefix_len;
	u8 len;
	union {
		struct list_head link;
		struct rcu_head rcu;
	};
};

static_assert(sizeof(struct allowedips_node) <= 64, "one cache line");

static struct kmem_cache *node_cache;

/* For readers, who hold either kind of RCU lock; and for writers, see allowedips.h. */
#define reader_dereference(p) rcu_dereference_check(p, rcu_read_lock_bh_held())
#define writer_dereference(p) rcu_dereference_protected(p, true)

int allowedips_cache_init(void)
{
	node_cache = kmem_cache_create("mytun_allowedips", sizeof(struct allowedips_node), 0,
				       SLAB_HWCACHE_ALIGN, NULL);
	return node_cache ? 0 : -ENOMEM;
}

void allowedips_cache_uninit(void)
{
	rcu_barrier();
	kmem_cache_destroy(node_cache);
	node_cache = NULL;
}

void allowedips_init(struct allowedips *table)
{
	RCU_INIT_POINTER(table->root4, NULL);
	RCU_INIT_POINTER(table->root6, NULL);
}

void allowedips_owner_init(struct allowedips_owner *owner)
{
	INIT_LIST_HEAD(&owner->prefixes);
}

/* --- lookup ------------------------------------------------------------------------- */

/*
 * Go down while @word agrees with the nodes, which differ in @key.word[@at] alone.
 * Return where the nodes go on to end in the next word, or NULL; @found is the last owner.
 */
static __always_inline const struct allowedips_node *
descend(const struct allowedips_node *node, int at, u64 word, struct allowedips_owner **found)
{
	const int end = (at + 1) * WORD_BITS;
	struct allowedips_owner *owner;

	while (node && (at || node->prefix_len < end)) {
		if (fls64(node->key.word[at] ^ word) > end - node->prefix_len)
			return NULL;
		owner = reader_dereference(node->owner);
		if (owner)
			*found = owner;
		node = reader_dereference(node->child[word >> ((end - 1 - node->prefix_len) &
							       (WORD_BITS - 1)) & 1]);
	}
	return node;
}

struct allowedips_owner *allowedips_lookup4(const struct allowedips *table, const void *addr)
{
	u64 word = (u64)get_unaligned_be32(addr) << IPV4_BITS;
	struct allowedips_owner *found = NULL;

	descend(reader_dereference(table->root4), 0, word, &found);
	return found;
}

struct allowedips_owner *allowedips_lookup6(const struct allowedips *table, const void *addr)
{
	u64 high = get_unaligned_be64(addr);
	struct allowedips_owner *found = NULL;
	const struct allowedips_node *node;

	node = descend(reader_dereference(table->root6), 0, high, &found);
	if (node && node->key.word[0] == high)
		descend(node, 1, get_unaligned_be64((const u8 *)addr + sizeof(high)), &found);
	return found;
}

/* --- change ------------------------------------------------------------------------- */

static struct allowedips_node __rcu **root_of(struct allowedips *table, u8 len)
{
	return len == IPV4_LEN ? &table->root4 : &table->root6;
}

/* The first @keep bits of @word. */
static u64 trim(u64 word, int keep)
{
	if (keep <= 0)
		return 0;
	return keep >= WORD_BITS ? word : word & ~(U64_MAX >> keep);
}

static struct bits trim_bits(struct bits b, u8 prefix_len)
{
	b.word[0] = trim(b.word[0], prefix_len);
	b.word[1] = trim(b.word[1], prefix_len - WORD_BITS);
	return b;
}

static struct bits read_key(const u8 *addr, u8 len, u8 prefix_len)
{
	struct bits b = {};

	if (len == IPV4_LEN) {
		b.word[0] = (u64)get_unaligned_be32(addr) << IPV4_BITS;
	} else {
		b.word[0] = get_unaligned_be64(addr);
		b.word[1] = get_unaligned_be64(addr + sizeof(u64));
	}
	return trim_bits(b, prefix_len);
}

static u8 common_bits(struct bits a, struct bits b)
{
	if (a.word[0] != b.word[0])
		return WORD_BITS - fls64(a.word[0] ^ b.word[0]);
	return 2 * WORD_BITS - fls64(a.word[1] ^ b.word[1]);
}

static int bit_at(struct bits b, u8 pos)
{
	return b.word[pos / WORD_BITS] >> (WORD_BITS - 1 - pos % WORD_BITS) & 1;
}

/**
 * struct place - where in a trie a prefix is or would be
 * @slot: the pointer to it
 * @parent: the node that @slot is in, NULL at the root
 * @parent_slot: the pointer to @parent, NULL at the root
 */
struct place {
	struct allowedips_node __rcu **slot;
	struct allowedips_node *parent;
	struct allowedips_node __rcu **parent_slot;
};

/* What @place->slot holds then is NULL, the node of just this prefix, or one not above it. */
static struct place find_place(struct allowedips_node __rcu **root, struct bits key,
			       u8 prefix_len)
{
	struct place place = { .slot = root };
	struct allowedips_node *node;

	for (;;) {
		node = writer_dereference(*place.slot);
		if (!node || node->prefix_len >= prefix_len ||
		    common_bits(node->key, key) < node->prefix_len)
			return place;
		place.parent = node;
		place.parent_slot = place.slot;
		place.slot = &node->child[bit_at(key, node->prefix_len)];
	}
}

static bool is_prefix(const struct allowedips_node *node, struct bits key, u8 prefix_len)
{
	return node && node->prefix_len == prefix_len && node->key.word[0] == key.word[0] &&
	       node->key.word[1] == key.word[1];
}

static struct allowedips_node *alloc_node(struct bits key, u8 len, u8 prefix_len)
{
	struct allowedips_node *node = kmem_cache_zalloc(node_cache, GFP_KERNEL);

	if (!node)
		return NULL;
	node->key = trim_bits(key, prefix_len);
	node->len = len;
	node->prefix_len = prefix_len;
	return node;
}

static void free_node_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(node_cache, container_of(rcu, struct allowedips_node, rcu));
}

/* Hang @child below @parent, which no reader can see yet. */
static void adopt(struct allowedips_node *parent, struct allowedips_node *child)
{
	RCU_INIT_POINTER(parent->child[bit_at(child->key, parent->prefix_len)], child);
}

/*
 * Give @node its place. @below, which may be NULL, is what was there: it goes below @node,
 * or both below a new fork.
 */
static int add_node(struct allowedips_node __rcu **slot, struct allowedips_node *below,
		    struct allowedips_node *node)
{
	struct allowedips_node *top = node;
	u8 common;

	if (below) {
		common = common_bits(below->key, node->key);
		if (common < node->prefix_len) {
			top = alloc_node(node->key, node->len, common);
			if (!top)
				return -ENOMEM;
			adopt(top, node);
		}
		adopt(top, below);
	}
	rcu_assign_pointer(*slot, top);
	return 0;
}

static void set_owner(struct allowedips_node *node, struct allowedips_owner *owner)
{
	struct allowedips_owner *old = writer_dereference(node->owner);

	if (old == owner)
		return;
	if (old)
		list_del(&node->link);
	list_add_tail(&node->link, &owner->prefixes);
	rcu_assign_pointer(node->owner, owner);
}

int allowedips_insert(struct allowedips *table, const u8 *addr, u8 len, u8 prefix_len,
		      struct allowedips_owner *owner)
{
	struct bits key = read_key(addr, len, prefix_len);
	struct place place = find_place(root_of(table, len), key, prefix_len);
	struct allowedips_node *there = writer_dereference(*place.slot);
	struct allowedips_node *node;

	if (is_prefix(there, key, prefix_len)) {
		set_owner(there, owner);
		return 0;
	}

	node = alloc_node(key, len, prefix_len);
	if (!node)
		return -ENOMEM;
	RCU_INIT_POINTER(node->owner, owner);
	if (add_node(place.slot, there, node)) {
		kmem_cache_free(node_cache, node);
		return -ENOMEM;
	}
	list_add_tail(&node->link, &owner->prefixes);
	return 0;
}

/* The only child or NULL; of two the second. */
static struct allowedips_node *any_child(const struct allowedips_node *node)
{
	struct allowedips_node *child = writer_dereference(node->child[1]);

	return child ?: writer_dereference(node->child[0]);
}

static bool has_two_children(const struct allowedips_node *node)
{
	return rcu_access_pointer(node->child[0]) && rcu_access_pointer(node->child[1]);
}

/* Put the only child of the node at @slot in its place; readers in it still find the child. */
static void cut_out(struct allowedips_node __rcu **slot)
{
	struct allowedips_node *node = writer_dereference(*slot);

	rcu_assign_pointer(*slot, any_child(node));
	call_rcu(&node->rcu, free_node_rcu);
}

/* Take its owner from the node at @place, and from the trie what has no use without it. */
static void disown(const struct place *place)
{
	struct allowedips_node *node = writer_dereference(*place->slot);
	bool leaf = !any_child(node);

	list_del(&node->link);
	RCU_INIT_POINTER(node->owner, NULL);
	if (has_two_children(node))
		return;

	cut_out(place->slot);
	if (leaf && place->parent && !rcu_access_pointer(place->parent->owner))
		cut_out(place->parent_slot);
}

void allowedips_remove(struct allowedips *table, const u8 *addr, u8 len, u8 prefix_len,
		       struct allowedips_owner *owner)
{
	struct bits key = read_key(addr, len, prefix_len);
	struct place place = find_place(root_of(table, len), key, prefix_len);
	struct allowedips_node *node = writer_dereference(*place.slot);

	if (is_prefix(node, key, prefix_len) && rcu_access_pointer(node->owner) == owner)
		disown(&place);
}

void allowedips_remove_owner(struct allowedips *table, struct allowedips_owner *owner)
{
	struct allowedips_node *node, *next;
	struct place place;

	list_for_each_entry_safe(node, next, &owner->prefixes, link) {
		place = find_place(root_of(table, node->len), node->key, node->prefix_len);
		disown(&place);
	}
}

static struct allowedips_node *find_exact(struct allowedips *table, const u8 *addr, u8 len,
					  u8 prefix_len)
{
	struct bits key = read_key(addr, len, prefix_len);
	struct place place = find_place(root_of(table, len), key, prefix_len);
	struct allowedips_node *node = writer_dereference(*place.slot);

	return is_prefix(node, key, prefix_len) ? node : NULL;
}

struct allowedips_owner *allowedips_owner_of(struct allowedips *table, const u8 *addr, u8 len,
					     u8 prefix_len)
{
	struct allowedips_node *node = find_exact(table, addr, len, prefix_len);

	return node ? writer_dereference(node->owner) : NULL;
}

void allowedips_set_aside(struct allowedips_owner *owner, struct allowedips_owner *aside)
{
	list_replace_init(&owner->prefixes, &aside->prefixes);
}

void allowedips_keep(struct allowedips *table, const u8 *addr, u8 len, u8 prefix_len,
		     struct allowedips_owner *owner)
{
	struct allowedips_node *node = find_exact(table, addr, len, prefix_len);

	if (node && rcu_access_pointer(node->owner) == owner)
		list_move_tail(&node->link, &owner->prefixes);
}

static void enqueue(struct list_head *queue, struct allowedips_node *node)
{
	if (!node)
		return;
	if (rcu_access_pointer(node->owner))
		list_del(&node->link);
	list_add(&node->link, queue);
}

/* Iterative, for a trie may be 128 nodes deep; readers may still be in it. */
static void free_trie(struct allowedips_node *root)
{
	struct allowedips_node *node;
	LIST_HEAD(queue);

	enqueue(&queue, root);
	while (!list_empty(&queue)) {
		node = list_first_entry(&queue, struct allowedips_node, link);
		list_del(&node->link);
		enqueue(&queue, writer_dereference(node->child[0]));
		enqueue(&queue, writer_dereference(node->child[1]));
		call_rcu(&node->rcu, free_node_rcu);
	}
}

void allowedips_free(struct allowedips *table)
{
	struct allowedips_node *root4 = writer_dereference(table->root4);
	struct allowedips_node *root6 = writer_dereference(table->root6);

	allowedips_init(table);
	free_trie(root4);
	free_trie(root6);
}

/* --- dump --------------------------------------------------------------------------- */

struct allowedips_node *allowedips_next(const struct allowedips_owner *owner,
					struct allowedips_node *prev)
{
	struct list_head *next = prev ? prev->link.next : owner->prefixes.next;

	return next == &owner->prefixes ? NULL : list_entry(next, struct allowedips_node, link);
}

void allowedips_read(const struct allowedips_node *node, struct allowedips_prefix *prefix)
{
	memset(prefix, 0, sizeof(*prefix));
	prefix->len = node->len;
	prefix->prefix_len = node->prefix_len;
	put_unaligned_be64(node->key.word[0], prefix->addr);
	put_unaligned_be64(node->key.word[1], prefix->addr + sizeof(u64));
}
