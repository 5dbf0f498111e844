/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The unit of work: a batch is one or more messages of one keypair that go through the
 * stages together. Its messages are skbs chained by skb->next; what is known of the batch
 * stands in the control block of the first.
 */
#ifndef _MYTUN_PIPELINE_H
#define _MYTUN_PIPELINE_H

#include <linux/skbuff.h>

#include "mytun.h"

/**
 * enum mytun_batch_state - where a batch stands with the crypto workers
 * @BATCH_OPEN: out: no worker has it yet: others may join it, see mytun_order_join()
 * @BATCH_PENDING: a worker has it or will have it
 * @BATCH_DONE: sealed or opened; may leave in its turn
 * @BATCH_FAILED: out: the same, but some of its messages could not be sealed, and are to be
 *	dropped in their turn
 */
enum mytun_batch_state {
	BATCH_OPEN,
	BATCH_PENDING,
	BATCH_DONE,
	BATCH_FAILED,
};

/**
 * struct mytun_message - what a stage leaves for the next about one message
 * @counter: the message's nonce. Of what is staged: 0, or the &noise_keypair.id of the session
 *	in which alone it may be sent
 * @mtu: out: the inner MTU that bounds the padding, bytes
 * @df: out: leaves alone in its packet, and unfragmented or not at all: a path-MTU probe
 * @ds: the outer header's traffic class: out: to be sent; in: as received
 * @gcm: in: sealed with AES-256-GCM
 * @drop: why this message could not be sealed or opened, enum mytun_drop
 */
struct mytun_message {
	u64 counter;
	u16 mtu;
	bool df;
	u8 ds;
	bool gcm;
	u8 drop;
};

/**
 * struct mytun_batch - what the stages know about a batch
 * @keypair: keypair of all its messages; the batch holds a reference
 * @next: the batch behind it in a struct mytun_order
 * @state: enum mytun_batch_state; written with release, read with acquire; from and to
 *	BATCH_OPEN under the order's lock
 * @begun_by_one: out: a single message was the first; see mytun_gather_judge()
 * @count: messages, at least 1; while it is BATCH_OPEN under the order's lock
 * @last: out: the last message, as long as it is BATCH_OPEN; in the same way
 * @stride: in: the first skb is a train: a message begins every so many bytes. It has the
 *	outer headers of all; once opened they follow it. 0: each skb is a message
 */
struct mytun_batch {
	struct noise_keypair *keypair;
	struct mytun_batch *next;
	u8 state;
	bool begun_by_one;
	unsigned int count;
	union {
		struct sk_buff *last;
		unsigned int stride;
	};
};

/**
 * struct mytun_cb - a message's skb->cb
 * @message: of every message
 * @batch: of the first message alone
 */
struct mytun_cb {
	struct mytun_message message;
	struct mytun_batch batch;
};

static inline struct mytun_cb *mytun_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct mytun_cb) > sizeof_field(struct sk_buff, cb));
	return (struct mytun_cb *)skb->cb;
}

static inline struct mytun_message *mytun_message(struct sk_buff *skb)
{
	return &mytun_cb(skb)->message;
}

static inline struct mytun_batch *mytun_batch(struct sk_buff *first)
{
	return &mytun_cb(first)->batch;
}

/* Messages in an skb that is sealed: a train has several. */
static inline unsigned int mytun_message_count(const struct sk_buff *skb)
{
	return skb_is_gso(skb) ? skb_shinfo(skb)->gso_segs : 1;
}

/* The first message of a batch. */
static inline struct sk_buff *mytun_batch_first(struct mytun_batch *batch)
{
	void *cb = container_of(batch, struct mytun_cb, batch);

	return container_of(cb, struct sk_buff, cb);
}

/*
 * Places of a batch in queues: one for each message. One GSO packet of tiny segments may be
 * more of them than any queue has; two such fill one.
 */
static inline int mytun_batch_places(const struct mytun_batch *batch)
{
	return min_t(unsigned int, batch->count, MYTUN_MAX_QUEUED_OUT / 2);
}

#endif /* _MYTUN_PIPELINE_H */
