// SPDX-License-Identifier: GPL-2.0
/* Work spread over the CPUs, and order kept all the same; see queue.h. */
#include <asm/simd.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "queue.h"

struct workqueue_struct *mytun_crypt_wq;
struct workqueue_struct *mytun_handshake_wq;

/**
 * mytun_queue_init() - make the module's workqueues
 *
 * Return: 0 or -ENOMEM.
 */
int mytun_queue_init(void)
{
	mytun_crypt_wq = alloc_workqueue("mytun-crypt",
					 WQ_CPU_INTENSIVE | WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	if (!mytun_crypt_wq)
		return -ENOMEM;
	mytun_handshake_wq = alloc_workqueue("mytun-handshake",
					     WQ_CPU_INTENSIVE | WQ_FREEZABLE | WQ_PERCPU, 0);
	if (!mytun_handshake_wq) {
		destroy_workqueue(mytun_crypt_wq);
		return -ENOMEM;
	}
	return 0;
}

void mytun_queue_uninit(void)
{
	destroy_workqueue(mytun_handshake_wq);
	destroy_workqueue(mytun_crypt_wq);
}

/* A ring may keep so many places for a while after they were consumed (in a batch). */
enum { RING_SLACK = 2 * SMP_CACHE_BYTES / sizeof(void *) };

static void spread_work(struct work_struct *work)
{
	struct mytun_spread *spread =
		container_of(work, struct mytun_spread_worker, work)->spread;
	void *entry;

	while ((entry = ptr_ring_consume_bh(&spread->ring))) {
		spread->run(spread->ctx, entry);
		cond_resched();
	}
}

/**
 * mytun_spread_init() - make a queue and its workers
 * @spread: queue
 * @wq: a per-CPU workqueue
 * @size: entries at most, or what mytun_spread_reserve() counts, which is no less
 * @run: does the work on one entry, and calls mytun_spread_release(); process context
 * @ctx: for @run
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int mytun_spread_init(struct mytun_spread *spread, struct workqueue_struct *wq, int size,
		      void (*run)(void *ctx, void *entry), void *ctx)
{
	int cpu, ret;

	spread->wq = wq;
	spread->run = run;
	spread->ctx = ctx;
	spread->next_cpu = 0;
	spread->size = size;
	atomic_set(&spread->reserved, 0);
	ret = ptr_ring_init(&spread->ring, size + RING_SLACK, GFP_KERNEL);
	if (ret)
		return ret;
	spread->workers = alloc_percpu(struct mytun_spread_worker);
	if (!spread->workers)
		goto err_free_ring;
	for_each_possible_cpu(cpu) {
		struct mytun_spread_worker *worker = per_cpu_ptr(spread->workers, cpu);

		worker->spread = spread;
		INIT_WORK(&worker->work, spread_work);
	}
	return 0;

err_free_ring:
	ptr_ring_cleanup(&spread->ring, NULL);
	return -ENOMEM;
}

/**
 * mytun_spread_flush() - wait until everything that was pushed before is done
 * @spread: queue
 *
 * Context: may sleep; no lock that a worker takes may be held.
 */
void mytun_spread_flush(struct mytun_spread *spread)
{
	int cpu;

	for_each_possible_cpu(cpu)
		flush_work(&per_cpu_ptr(spread->workers, cpu)->work);
}

/**
 * mytun_spread_uninit() - undo mytun_spread_init()
 * @spread: queue; nobody pushes any longer
 * @drop: for entries that no worker has taken
 *
 * Context: may sleep.
 */
void mytun_spread_uninit(struct mytun_spread *spread, void (*drop)(void *entry))
{
	int cpu;

	for_each_possible_cpu(cpu)
		cancel_work_sync(&per_cpu_ptr(spread->workers, cpu)->work);
	free_percpu(spread->workers);
	ptr_ring_cleanup(&spread->ring, drop);
}

static int spread_next_cpu(struct mytun_spread *spread)
{
	int cpu = cpumask_next(READ_ONCE(spread->next_cpu), cpu_online_mask);

	if (cpu >= nr_cpu_ids)
		cpu = cpumask_first(cpu_online_mask);
	WRITE_ONCE(spread->next_cpu, cpu);
	return cpu;
}

/* A peer may have that many places for each one that is still free. */
enum { SPREAD_SHARE = 4 };

/**
 * mytun_spread_reserve() - take places for an entry
 * @spread: queue
 * @order: of the peer and direction whose batch it is, or NULL: it is nobody's
 * @places: how many it needs: one for each message, as a batch of many is as much work
 *
 * For those who must know that the queue takes the entry before they commit themselves.
 *
 * The queue is first come, first served, so a peer gets the part of the workers that it has
 * of the queue. That is bounded by how much is free ("dynamic thresholds": Choudhury and
 * Hahne, IEEE/ACM Transactions on Networking 6(2), 1998): one peer that floods leaves a fifth
 * of the places to others, and several get the same number each, however many there are and
 * however much more one of them sends. Who is below that number is not held up by them.
 *
 * Context: any. Return: false when the queue is full, or as full of this peer's as it may
 * be; else mytun_order_join() or mytun_spread_push() must follow.
 */
bool mytun_spread_reserve(struct mytun_spread *spread, const struct mytun_order *order,
			  int places)
{
	int free = spread->size - atomic_add_return(places, &spread->reserved);

	/* Several CPUs may add to an order at a time: each goes too far by one entry at most. */
	if (likely(free >= 0 && (!order || READ_ONCE(order->count) <= SPREAD_SHARE * free)))
		return true;
	atomic_sub(places, &spread->reserved);
	return false;
}

/**
 * mytun_spread_release() - give the places of an entry back
 * @spread: queue
 * @places: as many as were reserved, by those that joined it, too
 *
 * Context: any.
 */
void mytun_spread_release(struct mytun_spread *spread, int places)
{
	atomic_sub(places, &spread->reserved);
}

/**
 * mytun_spread_wake() - wake the next worker in turn
 * @spread: queue; has an entry, which another worker that was woken for it may never come for
 *
 * Context: any but hardirq.
 */
void mytun_spread_wake(struct mytun_spread *spread)
{
	int cpu = spread_next_cpu(spread);

	queue_work_on(cpu, spread->wq, &per_cpu_ptr(spread->workers, cpu)->work);
}

/**
 * mytun_spread_push() - have an entry worked on
 * @spread: queue
 * @entry: entry; mytun_spread_reserve() took a place for it
 *
 * Context: any but hardirq.
 */
void mytun_spread_push(struct mytun_spread *spread, void *entry)
{
	WARN_ON_ONCE(ptr_ring_produce_bh(&spread->ring, entry));
	mytun_spread_wake(spread);
}

/*
 * So many messages have to be in a batch on the average to be worth waking a worker. A scheduler
 * that is fair owes something to one who has slept for long: for the first milliseconds he may
 * come at once, and find each message alone, so it takes that long to tell. The more often it has
 * been in vain, the longer it is not tried.
 */
enum {
	GATHERED = 3,
	AVERAGE_OVER = 32,
	TRIAL_TICKS = HZ / 60 + 1,
	PAUSE_TICKS = HZ / 4 + 1,
	MAX_FAILURES = 4,
};

/**
 * mytun_gather_init() - nothing is known yet: let it be tried
 * @gather: of a peer
 */
void mytun_gather_init(struct mytun_gather *gather)
{
	gather->average = AVERAGE_OVER;
	gather->failures = 0;
	gather->good_at = jiffies;
	gather->judged_at = jiffies;
	gather->pause_at = jiffies;
	gather->pause_ticks = 0;
}

/**
 * mytun_gather_judge() - learn what becomes of single messages that are left to a worker
 * @gather: of their peer
 * @count: how many there were in a batch that one had begun when the worker took it
 *
 * Where a sender goes on until it has nothing more to send, a worker finds all of that together.
 * Where the worker comes at once, it finds each alone, and for a while it is better to do
 * without. Which of them it is depends on the scheduler, CPUs and senders.
 *
 * Context: any.
 */
void mytun_gather_judge(struct mytun_gather *gather, unsigned int count)
{
	unsigned int average = READ_ONCE(gather->average);
	u32 now = jiffies;

	average += count - average / AVERAGE_OVER;
	WRITE_ONCE(gather->average, average);
	if (average >= GATHERED * AVERAGE_OVER) {
		WRITE_ONCE(gather->good_at, now);
		WRITE_ONCE(gather->failures, 0);
	} else if (now - READ_ONCE(gather->judged_at) > TRIAL_TICKS) {
		WRITE_ONCE(gather->good_at, now);
	} else if (now - READ_ONCE(gather->good_at) > TRIAL_TICKS) {
		unsigned int failures = READ_ONCE(gather->failures);

		WRITE_ONCE(gather->pause_at, now);
		WRITE_ONCE(gather->pause_ticks, PAUSE_TICKS << failures);
		WRITE_ONCE(gather->failures, min_t(unsigned int, failures + 1, MAX_FAILURES));
	}
	WRITE_ONCE(gather->judged_at, now);
}

/**
 * mytun_gather_pays() - is it worth it to leave single messages to a worker?
 * @gather: of their peer
 *
 * Not when there are several CPUs: what one of them sends at once and what another's worker sends
 * behind it go by way of queues of their own, where the latter may be the first.
 *
 * Context: any. Return: true when it may be, for all that mytun_gather_judge() has learnt.
 */
bool mytun_gather_pays(const struct mytun_gather *gather)
{
	if (num_online_cpus() > 1)
		return false;
	return (u32)jiffies - READ_ONCE(gather->pause_at) >= READ_ONCE(gather->pause_ticks);
}

void mytun_order_init(struct mytun_order *order)
{
	spin_lock_init(&order->lock);
	order->head = NULL;
	order->tail = NULL;
	order->count = 0;
	order->draining = 0;
	order->at_once_tick = jiffies;
	order->at_once = 0;
}

/**
 * mytun_order_push() - take a place in the order
 * @order: order
 * @batch: batch, its count set; if @state is BATCH_OPEN, its last message and keypair, too
 * @state: BATCH_PENDING until mytun_batch_finish(), or BATCH_OPEN until mytun_order_close()
 *
 * Context: BH off.
 */
void mytun_order_push(struct mytun_order *order, struct mytun_batch *batch,
		      enum mytun_batch_state state)
{
	batch->next = NULL;
	batch->state = state;
	spin_lock(&order->lock);
	if (order->tail)
		order->tail->next = batch;
	else
		WRITE_ONCE(order->head, batch);
	order->tail = batch;
	WRITE_ONCE(order->count, order->count + mytun_batch_places(batch));
	spin_unlock(&order->lock);
}

/**
 * mytun_order_join() - become part of the newest batch, which no worker has taken yet
 * @order: order
 * @batch: messages of one keypair, places for them reserved; not in the order
 *
 * So what waits for the same worker is sealed in one go, and may leave as one packet. They keep
 * their places: who takes the newest batch gives back those of all that have joined.
 *
 * Context: BH off. Return: true when @batch is a part now, and no batch any longer.
 */
bool mytun_order_join(struct mytun_order *order, struct mytun_batch *batch)
{
	struct mytun_batch *tail;
	bool joined = false;

	if (!READ_ONCE(order->head))
		return false;
	spin_lock(&order->lock);
	tail = order->tail;
	if (tail && READ_ONCE(tail->state) == BATCH_OPEN && tail->keypair == batch->keypair &&
	    tail->count + batch->count <= MYTUN_MAX_BATCH) {
		tail->last->next = mytun_batch_first(batch);
		tail->last = batch->last;
		tail->count += batch->count;
		WRITE_ONCE(order->count, order->count + batch->count);
		joined = true;
	}
	spin_unlock(&order->lock);
	return joined;
}

/**
 * mytun_order_close() - nobody may join any longer
 * @order: order
 * @batch: a batch in it that is BATCH_OPEN; becomes BATCH_PENDING
 *
 * Context: any but hardirq.
 */
void mytun_order_close(struct mytun_order *order, struct mytun_batch *batch)
{
	spin_lock_bh(&order->lock);
	WRITE_ONCE(batch->state, BATCH_PENDING);
	spin_unlock_bh(&order->lock);
}

static bool head_finished(const struct mytun_order *order)
{
	/* Pairs with the release in mytun_batch_finish(). */
	return order->head && smp_load_acquire(&order->head->state) > BATCH_PENDING;
}

/**
 * mytun_order_pop() - take the oldest batch if it is finished
 * @order: order; the caller drains: mytun_order_begin_drain()
 *
 * Context: BH off.
 * Return: the batch, or NULL.
 */
struct mytun_batch *mytun_order_pop(struct mytun_order *order)
{
	struct mytun_batch *batch = NULL;

	/* One that comes this moment is seen by mytun_order_end_drain() */
	if (!READ_ONCE(order->head))
		return NULL;
	spin_lock(&order->lock);
	if (head_finished(order)) {
		batch = order->head;
		WRITE_ONCE(order->head, batch->next);
		if (!batch->next)
			order->tail = NULL;
		WRITE_ONCE(order->count, order->count - mytun_batch_places(batch));
	}
	spin_unlock(&order->lock);
	return batch;
}

/**
 * mytun_order_peek() - is the oldest batch finished?
 * @order: order
 *
 * Context: BH off.
 * Return: the batch, which stays where it is as long as the caller drains, or NULL.
 */
struct mytun_batch *mytun_order_peek(struct mytun_order *order)
{
	struct mytun_batch *batch;

	if (!READ_ONCE(order->head))
		return NULL;
	spin_lock(&order->lock);
	batch = head_finished(order) ? order->head : NULL;
	spin_unlock(&order->lock);
	return batch;
}

/**
 * mytun_order_begin_drain() - become the one who drains
 * @order: order
 *
 * Return: false when somebody else does; he will see what was finished before this call.
 */
bool mytun_order_begin_drain(struct mytun_order *order)
{
	return !test_and_set_bit(0, &order->draining);
}

/**
 * mytun_order_end_drain() - stop draining
 * @order: order
 *
 * Context: BH off.
 * Return: true when a batch was finished meanwhile and nobody drains: begin again.
 */
bool mytun_order_end_drain(struct mytun_order *order)
{
	clear_bit_unlock(0, &order->draining);
	/*
	 * A batch finished before the bit was cleared by one who then saw it set: he relies
	 * on us to see it here, at the head. Pairs with the full barrier of test_and_set_bit().
	 */
	smp_mb__after_atomic();
	return mytun_order_peek(order);
}

/**
 * mytun_order_drain_on() - mytun_order_drain() for the one who drains already
 * @order: order; its drain bit is given up
 * @fn: see there
 *
 * Context: process context, a reference to the peer.
 */
void mytun_order_drain_on(struct mytun_order *order, void (*fn)(struct mytun_batch *batch))
{
	struct mytun_batch *batch;

	rcu_read_lock_bh();
	do {
		while ((batch = mytun_order_pop(order))) {
			fn(batch);
			rcu_read_unlock_bh();
			cond_resched();
			rcu_read_lock_bh();
		}
	} while (mytun_order_end_drain(order) && mytun_order_begin_drain(order));
	rcu_read_unlock_bh();
}

/**
 * mytun_order_drain() - pass on what is finished, oldest first
 * @order: order
 * @fn: takes a batch over, rcu_read_lock_bh() held; never runs twice at a time for one order
 *
 * While others go on finishing batches this does not end: BH is off for one at a time only.
 *
 * Context: process context, a reference to the peer.
 */
void mytun_order_drain(struct mytun_order *order, void (*fn)(struct mytun_batch *batch))
{
	if (mytun_order_begin_drain(order))
		mytun_order_drain_on(order, fn);
}

/*
 * What is worked on at once is on the CPU that it came by. For a flood that would be one
 * CPU for all: a peer has so many messages in a tick, the rest goes to the workers. Where these
 * find several together, they get the most part.
 */
enum {
	AT_ONCE_PER_TICK = 256,
	AT_ONCE_GATHERED = 8,
	AT_ONCE_WAITING = 8,
	AT_ONCE_LEN = 2048,
};

/**
 * mytun_order_at_once() - is a message to be worked on here and now?
 * @order: its peer's
 * @spread: the queue that it would go to
 * @len: its length, bytes
 * @gathers: a worker may well find several together: mytun_gather_pays(), or false where
 *	none can join another
 *
 * A message alone on its way is done before a worker has been woken. It is not worth it
 * when the queue holds something already, for then a worker is awake; nor is a long one.
 *
 * Context: BH off. Return: false when it is to be queued.
 */
bool mytun_order_at_once(struct mytun_order *order, const struct mytun_spread *spread,
			 unsigned int len, bool gathers)
{
	unsigned long tick = jiffies;

	if (len > AT_ONCE_LEN || READ_ONCE(order->count) >= AT_ONCE_WAITING ||
	    atomic_read(&spread->reserved) || !may_use_simd())
		return false;
	if (READ_ONCE(order->at_once_tick) != tick) {
		WRITE_ONCE(order->at_once_tick, tick);
		WRITE_ONCE(order->at_once, 0);
	}
	if (READ_ONCE(order->at_once) >= (gathers ? AT_ONCE_GATHERED : AT_ONCE_PER_TICK))
		return false;
	WRITE_ONCE(order->at_once, READ_ONCE(order->at_once) + 1);
	return true;
}
