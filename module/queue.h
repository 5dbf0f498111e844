/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work spread over the CPUs (struct mytun_spread), and order kept all the same (struct
 * mytun_order): a batch takes its place in its peer's order, then any CPU works on it;
 * whoever finds the head of the order finished drains it, one at a time.
 */
#ifndef _MYTUN_QUEUE_H
#define _MYTUN_QUEUE_H

#include <linux/atomic.h>
#include <linux/ptr_ring.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "pipeline.h"

struct mytun_order;
struct mytun_spread;

/**
 * struct mytun_spread_worker - one CPU's worker
 * @work: runs the spread's function
 * @spread: whose worker it is
 */
struct mytun_spread_worker {
	struct work_struct work;
	struct mytun_spread *spread;
};

/**
 * struct mytun_spread - a bounded queue with a worker on every CPU
 * @ring: entries; any context produces and consumes with BH off
 * @workers: one for each possible CPU
 * @wq: where they run
 * @run: called by a worker with each entry, BH as the caller of queue_work: on
 * @ctx: for @run
 * @next_cpu: where the next entry goes, round robin; races are harmless
 * @size: places; an entry in @ring has one or more
 * @reserved: places taken by entries in @ring and those about to be pushed, or to join one
 */
struct mytun_spread {
	struct ptr_ring ring;
	struct mytun_spread_worker __percpu *workers;
	struct workqueue_struct *wq;
	void (*run)(void *ctx, void *entry);
	void *ctx;
	int next_cpu;
	int size;
	atomic_t reserved;
};

/* Work that encrypts, and work that does curve operations: a workqueue each. */
extern struct workqueue_struct *mytun_crypt_wq;
extern struct workqueue_struct *mytun_handshake_wq;

int mytun_queue_init(void);
void mytun_queue_uninit(void);

int mytun_spread_init(struct mytun_spread *spread, struct workqueue_struct *wq, int size,
		      void (*run)(void *ctx, void *entry), void *ctx);
void mytun_spread_uninit(struct mytun_spread *spread, void (*drop)(void *entry));
void mytun_spread_flush(struct mytun_spread *spread);
bool __must_check mytun_spread_reserve(struct mytun_spread *spread,
				       const struct mytun_order *order, int places);
void mytun_spread_release(struct mytun_spread *spread, int places);
void mytun_spread_wake(struct mytun_spread *spread);
void mytun_spread_push(struct mytun_spread *spread, void *entry);

/**
 * struct mytun_gather - do messages of a peer gather while they wait for a worker?
 * @average: messages in a batch, times AVERAGE_OVER; the newest counts as 1 of so many
 * @failures: how often in a row it was tried in vain
 * @good_at: low half of jiffies: when there were enough, or a trial began
 * @judged_at: the same: when a batch was last looked at
 * @pause_at: the same: when it turned out not to be worth it
 * @pause_ticks: for so long from then on it is not tried
 *
 * Races are harmless.
 */
struct mytun_gather {
	unsigned int average;
	unsigned int failures;
	u32 good_at;
	u32 judged_at;
	u32 pause_at;
	u32 pause_ticks;
};

void mytun_gather_init(struct mytun_gather *gather);
void mytun_gather_judge(struct mytun_gather *gather, unsigned int count);
bool mytun_gather_pays(const struct mytun_gather *gather);

/**
 * struct mytun_order - batches of one peer and direction in the order of their arrival
 * @lock: protects @head, @tail and @count, and what a batch that is BATCH_OPEN consists of;
 *	innermost, taken with BH off
 * @head: oldest batch; that there is none may be read without the lock
 * @tail: newest batch
 * @count: places of its batches, see mytun_batch_places(); may be read without the lock
 * @draining: somebody drains: bit 0, test_and_set_bit_lock()
 * @at_once_tick: the tick in which @at_once were worked on without a queue
 * @at_once: see mytun_order_at_once(); races are harmless
 */
struct mytun_order {
	spinlock_t lock;
	struct mytun_batch *head;
	struct mytun_batch *tail;
	int count;
	unsigned long draining;
	unsigned long at_once_tick;
	int at_once;
};

void mytun_order_init(struct mytun_order *order);
void mytun_order_push(struct mytun_order *order, struct mytun_batch *batch,
		      enum mytun_batch_state state);
bool mytun_order_join(struct mytun_order *order, struct mytun_batch *batch);
void mytun_order_close(struct mytun_order *order, struct mytun_batch *batch);
struct mytun_batch *mytun_order_pop(struct mytun_order *order);
struct mytun_batch *mytun_order_peek(struct mytun_order *order);
bool mytun_order_begin_drain(struct mytun_order *order);
bool mytun_order_end_drain(struct mytun_order *order);
void mytun_order_drain(struct mytun_order *order, void (*fn)(struct mytun_batch *batch));
void mytun_order_drain_on(struct mytun_order *order, void (*fn)(struct mytun_batch *batch));
bool mytun_order_at_once(struct mytun_order *order, const struct mytun_spread *spread,
			 unsigned int len, bool gathers);

static inline void mytun_batch_finish(struct mytun_batch *batch, enum mytun_batch_state state)
{
	/* Pairs with the acquire in mytun_order_pop(): the messages first, then the state. */
	smp_store_release(&batch->state, state);
}

#endif /* _MYTUN_QUEUE_H */
