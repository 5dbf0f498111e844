// SPDX-License-Identifier: GPL-2.0
/*
 * The way out:
 *
 *	mytun_tx_xmit	which peer? (allowed IPs)
 *	push_staged	split GSO packets, take counters: a batch, or part of the newest
 *	stage		wait until a session exists
 *	encrypt_run	seal, on any CPU
 *	send_batch	in order: to the transport
 */
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/dst_metadata.h>
#include <net/gso.h>
#include <net/icmp.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>

#include "capabilities.h"
#include "core/session_policy.h"
#include "crypt.h"
#include "peer.h"
#include "tx.h"

static struct mytun_peer *peer_of_destination(struct mytun_device *device, struct sk_buff *skb)
{
	struct allowedips_owner *owner;

	if (skb->protocol == htons(ETH_P_IP))
		owner = allowedips_lookup4(&device->allowedips, &ip_hdr(skb)->daddr);
	else
		owner = allowedips_lookup6(&device->allowedips, &ipv6_hdr(skb)->daddr);
	return owner ? container_of(owner, struct mytun_peer, allowedips) : NULL;
}

/* Tell the sender that this goes nowhere. Where IPv6 is switched off, it has no ICMP either. */
static void tell_unreachable(struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	else if (skb->protocol == htons(ETH_P_IPV6) && ipv6_mod_enabled())
		icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, 0);
}

/* Of a virtual machine's packet gso_segs need not be right. */
static unsigned int messages_of(const struct sk_buff *skb)
{
	return skb_is_gso(skb) ? DIV_ROUND_UP(skb->len, skb_shinfo(skb)->gso_size) : 1;
}

/* Move the oldest packets to @dropped, until there is room for so many messages. */
static void make_room(struct sk_buff_head *staged, unsigned int messages,
		      struct sk_buff_head *dropped)
{
	struct sk_buff *skb;

	skb_queue_walk(staged, skb)
		messages += messages_of(skb);
	while (messages > MYTUN_MAX_STAGED && (skb = __skb_dequeue(staged))) {
		messages -= messages_of(skb);
		__skb_queue_tail(dropped, skb);
	}
}

/*
 * While it waits for a handshake, a packet does not count against its socket. Messages are what is
 * bounded, so that they fit into the queue once there is a session.
 */
static void stage(struct mytun_peer *peer, struct sk_buff *skb)
{
	struct sk_buff_head *staged = &peer->tx.staged, dropped;

	/* Nor does a user wait as long for his pages */
	if (unlikely(skb_orphan_frags_rx(skb, GFP_ATOMIC))) {
		mytun_drop(peer->device, MYTUN_DROP_TX_NO_MEMORY);
		kfree_skb(skb);
		return;
	}
	skb_orphan(skb);
	__skb_queue_head_init(&dropped);
	spin_lock_bh(&staged->lock);
	make_room(staged, messages_of(skb), &dropped);
	__skb_queue_tail(staged, skb);
	spin_unlock_bh(&staged->lock);
	if (likely(skb_queue_empty(&dropped)))
		return;
	mytun_drop_n(peer->device, MYTUN_DROP_TX_STAGED_FULL, skb_queue_len(&dropped));
	__skb_queue_purge(&dropped);
}

/* With the smallest MTU 64 kB are fewer. In the packets of a virtual machine there may be any. */
enum { MAX_SEGMENTS = 4096 };

/* One message for each segment of a GSO packet. Return: their list or NULL. */
static struct sk_buff *split(struct mytun_device *device, struct sk_buff *skb)
{
	struct sk_buff *segments;

	skb_mark_not_on_list(skb);
	if (!skb_is_gso(skb))
		return skb;
	if (unlikely(messages_of(skb) > MAX_SEGMENTS)) {
		mytun_drop(device, MYTUN_DROP_TX_QUEUE_FULL);
		kfree_skb(skb);
		return NULL;
	}
	/* Neither data nor checksums: who seals the segments touches their bytes anyway. */
	segments = skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM);
	if (IS_ERR(segments)) {
		mytun_drop(device, MYTUN_DROP_TX_NO_MEMORY);
		kfree_skb(skb);
		return NULL;
	}
	if (!segments)
		return skb;
	consume_skb(skb);
	return segments;
}

/* What the outer header may show of the inner one: ECN alone, as it is (RFC 6040, 4.1). */
static u8 outer_ds(const struct sk_buff *skb)
{
	return skb->len ? ip_tunnel_get_dsfield(ip_hdr(skb), skb) & INET_ECN_MASK : 0;
}

/**
 * struct collected - messages on their way into a batch
 * @first: oldest
 * @tail: where the next goes
 * @count: how many
 */
struct collected {
	struct sk_buff *first;
	struct sk_buff **tail;
	unsigned int count;
};

static void collect(struct collected *messages, struct mytun_device *device, struct sk_buff *skb)
{
	struct mytun_message message = *mytun_message(skb);
	struct sk_buff *segment, *next;

	skb_list_walk_safe(split(device, skb), segment, next) {
		segment = skb_share_check(segment, GFP_ATOMIC);
		if (unlikely(!segment)) {
			mytun_drop(device, MYTUN_DROP_TX_NO_MEMORY);
			continue;
		}
		skb_mark_not_on_list(segment);
		message.ds = outer_ds(segment);
		*mytun_message(segment) = message;
		*messages->tail = segment;
		messages->tail = &segment->next;
		messages->count++;
	}
}

/* Put messages that got no counters, and what is behind them, in front of what waits. */
static void restage(struct mytun_peer *peer, struct sk_buff *messages,
		    struct sk_buff_head *packets)
{
	struct sk_buff *skb, *next;
	struct sk_buff_head list;

	__skb_queue_head_init(&list);
	skb_list_walk_safe(messages, skb, next) {
		skb_mark_not_on_list(skb);
		__skb_queue_tail(&list, skb);
	}
	skb_queue_splice_tail_init(packets, &list);
	spin_lock_bh(&peer->tx.staged.lock);
	skb_queue_splice(&list, &peer->tx.staged);
	spin_unlock_bh(&peer->tx.staged.lock);
}

/* A range of counters for the batch. Return: false when the keypair has no more. */
static bool take_counters(struct noise_keypair *keypair, struct collected *messages)
{
	s64 counter = atomic64_read(&keypair->sending_counter);
	struct sk_buff *skb;

	do {
		if (unlikely((u64)counter >= REJECT_AFTER_MESSAGES ||
			     messages->count > REJECT_AFTER_MESSAGES - counter)) {
			WRITE_ONCE(keypair->sending_valid, false);
			return false;
		}
	} while (!atomic64_try_cmpxchg(&keypair->sending_counter, &counter,
				       counter + messages->count));
	for (skb = messages->first; skb; skb = skb->next)
		mytun_message(skb)->counter = counter++;
	return true;
}

/* What could not be sealed does not leave. Return: the others or NULL. */
static struct sk_buff *drop_failed(struct mytun_device *device, struct sk_buff *messages)
{
	struct sk_buff *skb, *next, *sealed, **tail = &sealed;

	skb_list_walk_safe(messages, skb, next) {
		if (mytun_message(skb)->drop) {
			mytun_drop(device, mytun_message(skb)->drop);
			kfree_skb(skb);
			continue;
		}
		*tail = skb;
		tail = &skb->next;
	}
	*tail = NULL;
	return sealed;
}

/*
 * No keepalive, and no probe either: one that is not answered is no reason for a new handshake.
 * In a train the first message is the longest.
 */
static bool is_data(struct sk_buff *skb)
{
	unsigned int len = skb_is_gso(skb) ? skb_shinfo(skb)->gso_size : skb->len;

	return len > MESSAGE_MIN_LEN && !mytun_message(skb)->df;
}

/* In order, one at a time for each peer: what is sealed goes to the transport. */
static void send_batch(struct mytun_batch *batch)
{
	struct noise_keypair *keypair = batch->keypair;
	struct sk_buff *first = mytun_batch_first(batch);
	struct mytun_peer *peer = keypair->peer;
	struct session_age age;
	struct sk_buff *skb;
	bool data = false;

	if (unlikely(READ_ONCE(peer->dead))) {
		kfree_skb_list(first);
		goto out_put;
	}
	if (unlikely(batch->state == BATCH_FAILED))
		first = drop_failed(peer->device, first);
	if (unlikely(!first))
		goto out_put;
	for (skb = first; skb; skb = skb->next)
		data |= is_data(skb);
	mytun_timers_events(peer, BIT(SESSION_PACKET_SENT) | BIT(SESSION_TRAVERSAL));
	if (mytun_transport_send(peer, first) && data)
		mytun_timers_event(peer, SESSION_DATA_SENT);
	age = mytun_keypair_age(keypair, atomic64_read(&keypair->sending_counter));
	if (unlikely(session_policy_rekey_after_send(&age, ktime_get_coarse_boottime_ns())))
		mytun_session_start(peer);
	if (unlikely(mytun_capabilities_due(keypair)))
		mytun_session_offer(peer);
out_put:
	mytun_keypair_put(keypair);
}

static void seal(struct mytun_batch *batch)
{
	mytun_batch_finish(batch, mytun_crypt_seal(batch) ? BATCH_FAILED : BATCH_DONE);
}

/*
 * A crypto worker. The reference keeps the peer when somebody else drains the batch. One
 * that is finished has been taken out of its order, and the drain bit comes with it.
 */
static void encrypt_run(void *ctx, void *entry)
{
	struct mytun_batch *batch = entry;
	struct mytun_peer *peer = mytun_peer_get(batch->keypair->peer);
	struct mytun_device *device = ctx;

	if (likely(batch->state == BATCH_OPEN)) {
		mytun_order_close(&peer->tx.order, batch);
		mytun_spread_release(&device->encrypt, mytun_batch_places(batch));
		if (batch->begun_by_one)
			mytun_gather_judge(&peer->tx.gather, batch->count);
		seal(batch);
		mytun_order_drain(&peer->tx.order, send_batch);
	} else {
		mytun_spread_release(&device->encrypt, mytun_batch_places(batch));
		rcu_read_lock_bh();
		send_batch(batch);
		rcu_read_unlock_bh();
		mytun_order_drain_on(&peer->tx.order, send_batch);
	}
	mytun_peer_put(peer);
}

/*
 * Whoever sends is not to go on sending for others: what they have finished meanwhile is a
 * worker's. Return: false when there is no place for it.
 */
static bool hand_over(struct mytun_device *device, struct mytun_batch *batch)
{
	if (!mytun_spread_reserve(&device->encrypt, NULL, mytun_batch_places(batch)))
		return false;
	mytun_spread_push(&device->encrypt, batch);
	return true;
}

/* On this CPU, in the midst of somebody's sending: no second time on top of the first. */
static DEFINE_PER_CPU(bool, sealing_here);

/*
 * Seal a batch and send it, here and now. Those that were in the order before it are some
 * worker's, who will then find this one finished.
 */
static void encrypt_here(struct mytun_peer *peer, struct mytun_batch *batch)
{
	struct mytun_order *order = &peer->tx.order;
	bool first = true;

	this_cpu_write(sealing_here, true);
	seal(batch);
	while (mytun_order_begin_drain(order)) {
		while ((batch = mytun_order_pop(order))) {
			if (!first && hand_over(peer->device, batch))
				goto out;
			first = false;
			send_batch(batch);
		}
		if (likely(!mytun_order_end_drain(order)))
			break;
	}
out:
	this_cpu_write(sealing_here, false);
}

static bool may_seal_here(struct mytun_peer *peer, const struct collected *messages)
{
	const struct mytun_spread *spread = &peer->device->encrypt;

	return messages->count == 1 && !this_cpu_read(sealing_here) &&
	       mytun_order_at_once(&peer->tx.order, spread, messages->first->len,
				   mytun_gather_pays(&peer->tx.gather));
}

/*
 * The worker that was woken for the newest batch may not come for long, when its CPU is somebody
 * else's. What joins the batch then must not wait for it as well: another one in each tick.
 */
static void wake_another(struct mytun_peer *peer)
{
	unsigned long tick = jiffies;

	if (likely(peer->tx.woken_tick == tick))
		return;
	peer->tx.woken_tick = tick;
	mytun_spread_wake(&peer->device->encrypt);
}

/*
 * The keypair's reference goes to the batch. Return: the batch when it is to be sealed here,
 * once nobody is held up by it; else NULL.
 */
static struct mytun_batch *push_batch(struct mytun_peer *peer, struct noise_keypair *keypair,
				      const struct collected *messages)
{
	struct mytun_batch *batch = mytun_batch(messages->first);
	struct mytun_device *device = peer->device;

	batch->keypair = keypair;
	batch->count = messages->count;
	batch->begun_by_one = messages->count == 1;
	batch->last = container_of(messages->tail, struct sk_buff, next);
	if (may_seal_here(peer, messages)) {
		mytun_order_push(&peer->tx.order, batch, BATCH_PENDING);
		return batch;
	}
	if (unlikely(!mytun_spread_reserve(&device->encrypt, &peer->tx.order,
					   mytun_batch_places(batch)))) {
		mytun_drop_n(device, MYTUN_DROP_TX_QUEUE_FULL, messages->count);
		kfree_skb_list(messages->first);
		mytun_keypair_put(keypair);
		return NULL;
	}
	if (mytun_order_join(&peer->tx.order, batch)) {
		wake_another(peer);
		mytun_keypair_put(keypair);
		return NULL;
	}
	peer->tx.woken_tick = jiffies;
	mytun_order_push(&peer->tx.order, batch, BATCH_OPEN);
	mytun_spread_push(&device->encrypt, batch);
	return NULL;
}

/* What was to be said in a session that is over has no meaning in the next. */
static bool belongs(struct sk_buff *skb, const struct noise_keypair *keypair)
{
	u64 session = mytun_message(skb)->counter;

	return !session || session == keypair->id;
}

/*
 * One batch of what is at the head of @packets; @here is it if it is to be sealed here.
 * Return: false when the keypair has no more.
 */
static bool push_some(struct mytun_peer *peer, struct noise_keypair *keypair,
		      struct sk_buff_head *packets, struct mytun_batch **here)
{
	struct collected messages = { .tail = &messages.first };
	struct sk_buff *skb;

	while (messages.count < MYTUN_MAX_BATCH && (skb = __skb_dequeue(packets))) {
		if (likely(belongs(skb, keypair)))
			collect(&messages, peer->device, skb);
		else
			consume_skb(skb);
	}
	if (unlikely(!messages.first))
		return true;
	if (unlikely(!take_counters(keypair, &messages))) {
		restage(peer, messages.first, packets);
		return false;
	}
	kref_get(&keypair->refcount);
	*here = push_batch(peer, keypair, &messages);
	return true;
}

static void take_staged(struct mytun_peer *peer, struct sk_buff_head *packets)
{
	__skb_queue_head_init(packets);
	if (skb_queue_empty_lockless(&peer->tx.staged))
		return;
	spin_lock_bh(&peer->tx.staged.lock);
	skb_queue_splice_init(&peer->tx.staged, packets);
	spin_unlock_bh(&peer->tx.staged.lock);
}

/*
 * Make batches of what is staged and of @skb (or NULL), which is staged when there is no session
 * for it; @here is the last of them if it is to be sealed here. Return: false when there is none.
 */
static bool push_staged(struct mytun_peer *peer, struct sk_buff *skb, struct mytun_batch **here)
{
	struct noise_keypair *keypair;
	struct sk_buff_head packets;
	bool pushed = true;

	keypair = mytun_keypair_get_sending(&peer->keypairs);
	if (unlikely(!keypair)) {
		if (skb)
			stage(peer, skb);
		return false;
	}
	take_staged(peer, &packets);
	if (skb)
		__skb_queue_tail(&packets, skb);
	while (pushed && !skb_queue_empty(&packets))
		pushed = push_some(peer, keypair, &packets, here);
	mytun_keypair_put(keypair);
	return pushed;
}

/*
 * Send what is staged, and @skb behind it (or NULL), or see that a session comes about.
 *
 * One CPU at a time, so that what was staged first is first in the order. The lock is held
 * for %MYTUN_MAX_STAGED messages and a packet at most: nobody works for others without end.
 */
static void transmit(struct mytun_peer *peer, struct sk_buff *skb)
{
	struct mytun_batch *here = NULL;
	bool pushed;

	if (unlikely(READ_ONCE(peer->dead))) {
		kfree_skb(skb);
		return;
	}
	spin_lock(&peer->tx.flush_lock);
	pushed = push_staged(peer, skb, &here);
	spin_unlock(&peer->tx.flush_lock);
	if (here)
		encrypt_here(peer, here);
	if (unlikely(!pushed))
		mytun_session_start(peer);
}

/**
 * mytun_tx_flush() - send what is staged, or see that a session comes about
 * @peer: peer
 *
 * Context: rcu_read_lock_bh() held.
 */
void mytun_tx_flush(struct mytun_peer *peer)
{
	bool empty;

	/* Who has found no session stages his packet before he lets go of the lock. */
	spin_lock(&peer->tx.flush_lock);
	empty = skb_queue_empty_lockless(&peer->tx.staged);
	spin_unlock(&peer->tx.flush_lock);
	if (!empty)
		transmit(peer, NULL);
}

/*
 * Does it begin with its IP header, and nothing of it lie before that? Who redirects frames may
 * leave their link-layer header in front, and a checksum that is to be filled in may begin there.
 */
static bool is_ip_packet(struct sk_buff *skb)
{
	return likely(!skb_network_offset(skb) && pskb_inet_may_pull(skb) &&
		      ip_tunnel_parse_protocol(skb) == skb->protocol) &&
	       (skb->ip_summed != CHECKSUM_PARTIAL || likely(skb_checksum_start_offset(skb) >= 0));
}

/* Whoever redirects packets of another device to this one is not held to its MTU. */
static bool is_too_big(const struct sk_buff *skb, const struct net_device *dev)
{
	if (likely(skb->len <= dev->max_mtu))
		return false;
	return !skb_is_gso(skb) || !skb_gso_validate_network_len(skb, dev->max_mtu);
}

/**
 * mytun_tx_xmit() - ndo_start_xmit
 * @skb: inner packet
 * @dev: interface
 *
 * Context: BH off, RCU.
 * Return: NETDEV_TX_OK; what cannot be sent is dropped.
 */
netdev_tx_t mytun_tx_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct mytun_device *device = netdev_priv(dev);
	enum mytun_drop drop;
	struct mytun_peer *peer;

	drop = MYTUN_DROP_TX_NOT_IP;
	if (unlikely(!is_ip_packet(skb)))
		goto err_drop;
	drop = MYTUN_DROP_TX_TOO_BIG;
	if (unlikely(is_too_big(skb, dev)))
		goto err_drop;
	drop = MYTUN_DROP_TX_NO_PEER;
	peer = peer_of_destination(device, skb);
	if (unlikely(!peer))
		goto err_unreachable;
	drop = MYTUN_DROP_TX_NO_ENDPOINT;
	if (unlikely(!mytun_path_has_endpoint(&peer->path)))
		goto err_unreachable;
	drop = MYTUN_DROP_TX_NO_KEY;
	if (unlikely(!READ_ONCE(device->identity.valid)))
		goto err_unreachable;

	*mytun_message(skb) = (struct mytun_message){
		.mtu = min_t(unsigned int, U16_MAX,
			     skb_valid_dst(skb) ? dst_mtu(skb_dst(skb)) : dev->mtu),
	};
	skb_dst_drop(skb);
	transmit(peer, skb);
	return NETDEV_TX_OK;

err_unreachable:
	net_dbg_ratelimited("%s: No way to the destination (reason %d)\n", dev->name, drop);
	tell_unreachable(skb);
err_drop:
	mytun_drop(device, drop);
	kfree_skb(skb);
	return NETDEV_TX_OK;
}

/**
 * mytun_tx_drop_staged() - give up what waits for a session
 * @peer: peer
 * @count: it counts as dropped: nobody answered (not when it is purged on purpose)
 */
void mytun_tx_drop_staged(struct mytun_peer *peer, bool count)
{
	struct sk_buff_head packets;

	__skb_queue_head_init(&packets);
	spin_lock_bh(&peer->tx.staged.lock);
	skb_queue_splice_init(&peer->tx.staged, &packets);
	spin_unlock_bh(&peer->tx.staged.lock);
	if (count)
		mytun_drop_n(peer->device, MYTUN_DROP_TX_NO_KEY, skb_queue_len(&packets));
	__skb_queue_purge(&packets);
}

void mytun_tx_peer_init(struct mytun_peer *peer)
{
	skb_queue_head_init(&peer->tx.staged);
	spin_lock_init(&peer->tx.flush_lock);
	mytun_order_init(&peer->tx.order);
	mytun_gather_init(&peer->tx.gather);
	peer->tx.woken_tick = jiffies;
}

/**
 * mytun_tx_device_init() - the sending part of a device
 * @device: device
 *
 * Return: 0 or -ENOMEM.
 */
int mytun_tx_device_init(struct mytun_device *device)
{
	return mytun_spread_init(&device->encrypt, mytun_crypt_wq, MYTUN_MAX_QUEUED_OUT,
				 encrypt_run, device);
}

/**
 * mytun_tx_device_uninit() - undo mytun_tx_device_init()
 * @device: device; nothing is sent any longer. What is queued is sealed first and then
 *	dropped, since its peers are dead
 */
void mytun_tx_device_uninit(struct mytun_device *device)
{
	mytun_spread_flush(&device->encrypt);
	mytun_spread_uninit(&device->encrypt, NULL);
}
