// SPDX-License-Identifier: GPL-2.0
/*
 * The way in:
 *
 *	mytun_rx_receive	from the transport: what is it, whose is it?
 *	mytun_rx_receive_train	the same for several messages in one packet
 *	decrypt_run		open, on any CPU
 *	rx_poll			NAPI, in order, one CPU at a time for each peer, or
 *	receive_here		straight on, for a message alone:
 *	receive_batch		replay, endpoint, keypair, timers
 *	deliver			into the stack, if the peer may use this source
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kcov.h>
#include <net/gro.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>

#include "core/control.h"
#include "core/session_policy.h"
#include "crypt.h"
#include "handshakes.h"
#include "notify.h"
#include "own.h"
#include "peer.h"
#include "rx.h"

/* The keypair whose session has this index, with a reference, or NULL. RCU held. */
static struct noise_keypair *keypair_of_index(struct mytun_device *device, __le32 value)
{
	struct mytun_index *index = mytun_lookup_index(&device->lookup, value);

	if (!index || index->kind != INDEX_KEYPAIR)
		return NULL;
	return mytun_keypair_get_unless_zero(container_of(index, struct noise_keypair, index));
}

static bool may_receive(const struct noise_keypair *keypair)
{
	struct session_age age = mytun_keypair_age(keypair, READ_ONCE(keypair->greatest_received));

	return READ_ONCE(keypair->receiving_valid) &&
	       session_policy_usable(&age, ktime_get_coarse_boottime_ns());
}

/*
 * Have this CPU's NAPI drain a peer's order, whose drain bit the caller has: it and a reference
 * go with the place in the cell. BH off, RCU.
 */
static void enter_cell(struct mytun_peer *peer)
{
	struct mytun_rx_cell *cell = this_cpu_ptr(peer->device->rx_cells);

	if (unlikely(!mytun_peer_get_unless_zero(peer))) {
		/* Its last batch is gone already, and with it all there was to drain. */
		mytun_order_end_drain(&peer->rx.order);
		return;
	}
	spin_lock(&cell->lock);
	list_add_tail(&peer->rx.node, &cell->ready);
	spin_unlock(&cell->lock);
	napi_schedule(&cell->napi);
}

/* Have this CPU drain a peer's order, unless somebody does already. BH off, RCU. */
static void schedule_drain(struct mytun_peer *peer)
{
	if (mytun_order_peek(&peer->rx.order) && mytun_order_begin_drain(&peer->rx.order))
		enter_cell(peer);
}

/* The RCU section keeps the peer when somebody else drains the batch. */
static void open_batch(struct mytun_device *device, struct mytun_batch *batch)
{
	struct mytun_peer *peer = batch->keypair->peer;
	unsigned int lost = mytun_crypt_open(batch);

	if (unlikely(lost))
		mytun_drop_n(device, MYTUN_DROP_RX_NO_MEMORY, lost);
	rcu_read_lock_bh();
	mytun_batch_finish(batch, BATCH_DONE);
	schedule_drain(peer);
	rcu_read_unlock_bh();
}

/* A crypto worker. */
static void decrypt_run(void *ctx, void *entry)
{
	struct mytun_device *device = ctx;

	/* A fuzzer wants to know what its packet does, here as well; no code without CONFIG_KCOV */
	kcov_remote_start_common(skb_get_kcov_handle(mytun_batch_first(entry)));
	mytun_spread_release(&device->decrypt, mytun_batch_places(entry));
	open_batch(device, entry);
	kcov_remote_stop();
}

static bool source_allowed(struct mytun_peer *peer, const struct sk_buff *skb)
{
	const struct allowedips *table = &peer->device->allowedips;
	struct allowedips_owner *owner;

	if (skb->protocol == htons(ETH_P_IP))
		owner = allowedips_lookup4(table, &ip_hdr(skb)->saddr);
	else
		owner = allowedips_lookup6(table, &ipv6_hdr(skb)->saddr);
	return owner == &peer->allowedips;
}

/*
 * The length that the inner header tells, or 0 when there is no such packet. To be an IPv6
 * packet for ip_tunnel_parse_protocol(), it has to have its header in the skb's head.
 */
static unsigned int inner_len(struct sk_buff *skb)
{
	unsigned int linear = min_t(unsigned int, skb->len, sizeof(struct ipv6hdr));
	unsigned int len;

	skb_reset_network_header(skb);
	if (linear < sizeof(struct iphdr) || !pskb_network_may_pull(skb, linear))
		return 0;
	skb->protocol = ip_tunnel_parse_protocol(skb);
	if (skb->protocol == htons(ETH_P_IP)) {
		len = ntohs(ip_hdr(skb)->tot_len);
		return len >= sizeof(struct iphdr) ? len : 0;
	}
	if (skb->protocol == htons(ETH_P_IPV6))
		return ntohs(ipv6_hdr(skb)->payload_len) + sizeof(struct ipv6hdr);
	return 0;
}

static bool is_control(struct sk_buff *skb)
{
	return pskb_may_pull(skb, 1) && skb->data[0] >> 4 == CONTROL_NIBBLE;
}

/* A message between the peer and us, nothing for the stack. */
static bool is_own(struct sk_buff *skb)
{
	return !skb->len || is_control(skb);
}

/* Strip the padding and check what the sender may not choose. */
static enum mytun_drop inspect(struct mytun_peer *peer, struct sk_buff *skb)
{
	unsigned int len = inner_len(skb);
	u8 inner_ds;

	if (unlikely(!len || len > skb->len))
		return MYTUN_DROP_RX_FRAME;
	if (unlikely(!source_allowed(peer, skb)))
		return MYTUN_DROP_RX_SOURCE;
	if (unlikely(pskb_trim(skb, len)))
		return MYTUN_DROP_RX_NO_MEMORY;
	inner_ds = skb->protocol == htons(ETH_P_IP) ? ip_hdr(skb)->tos :
						      ipv6_get_dsfield(ipv6_hdr(skb));
	if (unlikely(INET_ECN_decapsulate(skb, mytun_message(skb)->ds, inner_ds) > 1))
		return MYTUN_DROP_RX_ECN;
	return MYTUN_DROP_UNSPEC;
}

static void count_received(struct mytun_peer *peer, unsigned int plain_len)
{
	unsigned int len = MESSAGE_DATA_LEN(plain_len);

	dev_sw_netstats_rx_add(peer->device->dev, len);
	atomic64_add(len, &peer->rx_bytes);
}

/* The end of the way: an authenticated, fresh plaintext; @napi: for GRO, or NULL. */
static void deliver(struct napi_struct *napi, struct noise_keypair *keypair, struct sk_buff *skb)
{
	struct mytun_peer *peer = keypair->peer;
	struct net_device *dev = peer->device->dev;
	unsigned int plain_len = skb->len;
	bool own = is_own(skb);
	enum mytun_drop drop;

	drop = own ? mytun_own_receive(keypair, skb) : inspect(peer, skb);
	if (unlikely(drop)) {
		net_dbg_ratelimited("%s: Packet from peer %u dropped (reason %d)\n", dev->name,
				    peer->id, drop);
		mytun_drop(peer->device, drop);
		kfree_skb(skb);
		return;
	}
	count_received(peer, plain_len);
	if (own) {
		consume_skb(skb);
		return;
	}
	skb->dev = dev;
	skb_scrub_packet(skb, true);
	skb_clear_hash(skb);
	skb->queue_mapping = 0;
	skb_reset_mac_header(skb);
	skb_reset_mac_len(skb);
	skb->encapsulation = 0;
	/* The tag vouches for every byte: no checksum has to be looked at again. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = ~0;
	/* Until IP finds it: the outer one is gone. */
	skb_reset_transport_header(skb);
	if (napi)
		napi_gro_receive(napi, skb);
	else
		netif_receive_skb(skb);
}

/* Is this message new? Only the one who drains the peer's order comes here. */
static enum mytun_drop check_message(struct noise_keypair *keypair,
				     const struct mytun_message *message)
{
	if (unlikely(message->drop))
		return message->drop;
	if (unlikely(!replay_accept(&keypair->replay, message->counter)))
		return MYTUN_DROP_RX_REPLAY;
	if (message->counter > keypair->greatest_received)
		WRITE_ONCE(keypair->greatest_received, message->counter);
	return MYTUN_DROP_UNSPEC;
}

/*
 * A batch brought authenticated messages: what follows for the peer as a whole. @outer has
 * the outer headers.
 */
static void note_received(struct mytun_peer *peer, struct noise_keypair *keypair,
			  const struct sk_buff *outer, bool data)
{
	struct mytun_endpoint endpoint;
	struct session_age age;

	if (!mytun_endpoint_from_skb(&endpoint, outer) && mytun_path_roam(&peer->path, &endpoint))
		mytun_notify_endpoint(peer);
	if (unlikely(mytun_keypairs_confirm(&peer->keypairs, keypair))) {
		mytun_session_confirmed(peer);
		mytun_tx_flush(peer);
	}
	age = mytun_keypair_age(keypair, 0);
	if (unlikely(session_policy_rekey_after_receive(&age, ktime_get_coarse_boottime_ns())) &&
	    rcu_access_pointer(peer->keypairs.current_keypair) == keypair)
		mytun_session_start(peer);
	mytun_timers_events(peer, BIT(SESSION_PACKET_RECEIVED) | BIT(SESSION_TRAVERSAL) |
				  (data ? BIT(SESSION_DATA_RECEIVED) : 0));
}

/* See deliver(). Return: the number of messages, dropped ones included. */
static unsigned int receive_batch(struct napi_struct *napi, struct mytun_batch *batch)
{
	struct sk_buff *train = batch->stride ? mytun_batch_first(batch) : NULL;
	struct sk_buff *messages = train ? train->next : mytun_batch_first(batch);
	struct sk_buff *skb, *next, *first = NULL, *last = NULL;
	struct noise_keypair *keypair = batch->keypair;
	struct mytun_peer *peer = keypair->peer;
	unsigned int count = batch->count;
	bool data = false;

	if (READ_ONCE(peer->dead)) {
		kfree_skb_list(mytun_batch_first(batch));
		goto out_put;
	}
	skb_list_walk_safe(messages, skb, next) {
		enum mytun_drop drop = check_message(keypair, mytun_message(skb));

		skb_mark_not_on_list(skb);
		if (unlikely(drop)) {
			mytun_drop(peer->device, drop);
			kfree_skb(skb);
			continue;
		}
		data |= skb->len;
		if (last)
			last->next = skb;
		else
			first = skb;
		last = skb;
	}
	if (first)
		note_received(peer, keypair, train ?: last, data);
	skb_list_walk_safe(first, skb, next) {
		skb_mark_not_on_list(skb);
		deliver(napi, keypair, skb);
	}
	if (train) {
		skb_mark_not_on_list(train);
		consume_skb(train);
	}
out_put:
	mytun_keypair_put(keypair);
	return count;
}

/* On this CPU, in the midst of a message's way into the stack: no second on top of it. */
static DEFINE_PER_CPU(bool, receiving_here);

/* Has GRO nothing to do with it? Not for TCP; what fills whole trains does not come alone. */
static bool nothing_to_join(struct sk_buff *skb)
{
	if (mytun_message(skb)->drop || !skb->len)
		return true;
	if (skb_headlen(skb) < sizeof(struct iphdr))
		return false;
	if (skb->data[0] >> 4 == 4)
		return ((struct iphdr *)skb->data)->protocol != IPPROTO_TCP;
	return ((struct ipv6hdr *)skb->data)->nexthdr != IPPROTO_TCP;
}

static bool may_receive_here(struct mytun_device *device, struct mytun_batch *batch)
{
	return batch->count == 1 && !batch->stride && !this_cpu_read(receiving_here) &&
	       !napi_gro_holds(&this_cpu_ptr(device->rx_cells)->napi) &&
	       nothing_to_join(mytun_batch_first(batch));
}

/*
 * A message alone, opened where it came in: from here into the stack, which saves a round by
 * way of NAPI. What is behind it in the order takes the other way. BH off, RCU. (Who writes to a
 * tun device comes here himself, and a fuzzer who does so sees what it has run.)
 */
static void receive_here(struct mytun_device *device, struct mytun_batch *batch)
{
	struct mytun_peer *peer = batch->keypair->peer;
	struct mytun_order *order = &peer->rx.order;

	mytun_crypt_open(batch);
	mytun_batch_finish(batch, BATCH_DONE);
	if (!mytun_order_begin_drain(order))
		return;
	batch = mytun_order_peek(order);
	if (batch && !may_receive_here(device, batch)) {
		enter_cell(peer);
		return;
	}
	if (likely(batch)) {
		mytun_order_pop(order);
		this_cpu_write(receiving_here, true);
		receive_batch(NULL, batch);
		this_cpu_write(receiving_here, false);
	}
	if (mytun_order_end_drain(order))
		schedule_drain(peer);
}

/*
 * Messages of one session, whose index this is, on their way to be opened. Return: why they
 * are to be dropped; else they are the queue's.
 */
static enum mytun_drop push_messages(struct mytun_device *device, struct sk_buff *first,
				     __le32 index, unsigned int count, unsigned int stride)
{
	struct mytun_batch *batch = mytun_batch(first);
	enum mytun_drop drop = MYTUN_DROP_RX_KEY_EXPIRED;
	struct noise_keypair *keypair;
	struct mytun_order *order;

	keypair = keypair_of_index(device, index);
	if (unlikely(!keypair))
		return MYTUN_DROP_RX_UNKNOWN_INDEX;
	if (unlikely(!may_receive(keypair)))
		goto err_put_keypair;
	skb_mark_not_on_list(first);
	batch->keypair = keypair;
	batch->count = count;
	batch->stride = stride;
	order = &keypair->peer->rx.order;
	if (count == 1 && mytun_order_at_once(order, &device->decrypt, first->len, false)) {
		mytun_order_push(order, batch, BATCH_PENDING);
		receive_here(device, batch);
		return MYTUN_DROP_UNSPEC;
	}
	drop = MYTUN_DROP_RX_QUEUE_FULL;
	if (unlikely(!mytun_spread_reserve(&device->decrypt, order, mytun_batch_places(batch))))
		goto err_put_keypair;
	mytun_order_push(order, batch, BATCH_PENDING);
	mytun_spread_push(&device->decrypt, batch);
	return MYTUN_DROP_UNSPEC;

err_put_keypair:
	mytun_keypair_put(keypair);
	return drop;
}

static enum mytun_drop receive_data(struct mytun_device *device, struct sk_buff *skb)
{
	const struct message_data *header = (void *)skb->data;

	mytun_message(skb)->counter = le64_to_cpu(header->counter);
	mytun_message(skb)->ds = mytun_transport_ds(skb);
	mytun_message(skb)->gcm = message_is_gcm(header);
	return push_messages(device, skb, header->receiver_index, 1, 0);
}

/* Is this nothing but data of one session? Then @index is its. */
static bool one_session(const struct sk_buff *train, unsigned int stride, __le32 *index)
{
	const struct message_data *header;
	struct message_data buffer;
	unsigned int offset, len;

	for (offset = 0; offset < train->len; offset += stride) {
		len = min(stride, train->len - offset);
		header = skb_header_pointer(train, offset, min_t(unsigned int, len,
								 sizeof(buffer)), &buffer);
		if (!header || message_classify(header, len) != MESSAGE_DATA)
			return false;
		if (offset && header->receiver_index != *index)
			return false;
		*index = header->receiver_index;
	}
	return true;
}

/**
 * mytun_rx_receive_train() - take a GSO packet from a transport
 * @device: device
 * @skb: messages of gso_size bytes each but the last, skb->data at the first
 *
 * Context: BH off, RCU.
 * Return: false when it is more than data of one session: nothing has been done.
 */
bool mytun_rx_receive_train(struct mytun_device *device, struct sk_buff *skb)
{
	unsigned int stride = skb_shinfo(skb)->gso_size;
	unsigned int count = DIV_ROUND_UP(skb->len, stride);
	enum mytun_drop drop;
	__le32 index = 0;

	if (count < 2 || count > MYTUN_MAX_TRAIN || !one_session(skb, stride, &index))
		return false;
	mytun_transport_detach(device->dev, skb);
	mytun_message(skb)->ds = mytun_transport_ds(skb);
	drop = push_messages(device, skb, index, count, stride);
	if (unlikely(drop)) {
		mytun_drop_n(device, drop, count);
		kfree_skb(skb);
	}
	return true;
}

/**
 * mytun_rx_receive() - take a message from a transport
 * @device: device
 * @skb: message, skb->data at its start; up to 16 bytes of it are linear; consumed
 *
 * Context: BH off, RCU.
 */
void mytun_rx_receive(struct mytun_device *device, struct sk_buff *skb)
{
	enum mytun_drop drop = MYTUN_DROP_RX_MALFORMED;

	switch (message_classify(skb->data, skb->len)) {
	case MESSAGE_DATA:
		drop = receive_data(device, skb);
		break;
	case MESSAGE_INITIATION:
	case MESSAGE_RESPONSE:
	case MESSAGE_COOKIE:
		mytun_handshakes_receive(device, skb);
		return;
	case MESSAGE_INVALID:
		break;
	}
	if (unlikely(drop)) {
		mytun_drop(device, drop);
		kfree_skb(skb);
	}
}

static struct mytun_peer *first_ready(struct mytun_rx_cell *cell)
{
	struct mytun_peer *peer;

	spin_lock(&cell->lock);
	peer = list_first_entry_or_null(&cell->ready, struct mytun_peer, rx.node);
	if (peer)
		list_del(&peer->rx.node);
	spin_unlock(&cell->lock);
	return peer;
}

/* GRO has let go of these peers' packets: any CPU may drain them again. */
static void release_drained(struct list_head *drained)
{
	struct mytun_peer *peer, *next;

	list_for_each_entry_safe(peer, next, drained, rx.node) {
		list_del(&peer->rx.node);
		if (mytun_order_end_drain(&peer->rx.order))
			schedule_drain(peer);
		mytun_peer_put(peer);
	}
}

static int rx_poll(struct napi_struct *napi, int budget)
{
	struct mytun_rx_cell *cell = container_of(napi, struct mytun_rx_cell, napi);
	struct mytun_batch *batch;
	struct mytun_peer *peer;
	LIST_HEAD(drained);
	int done = 0;

	while (done < budget && (peer = first_ready(cell))) {
		while (done < budget && (batch = mytun_order_pop(&peer->rx.order))) {
			kcov_remote_start_common(skb_get_kcov_handle(mytun_batch_first(batch)));
			done += receive_batch(napi, batch);
			kcov_remote_stop();
		}
		if (done < budget) {
			list_add_tail(&peer->rx.node, &cell->flushing);
			continue;
		}
		/* There may be more of it: at the end of the line. */
		spin_lock(&cell->lock);
		list_add_tail(&peer->rx.node, &cell->ready);
		spin_unlock(&cell->lock);
	}
	if (done >= budget) {
		/* Who has been drained gets his turn again, behind those who still wait. */
		spin_lock(&cell->lock);
		list_splice_tail_init(&cell->flushing, &cell->ready);
		spin_unlock(&cell->lock);
		return budget;
	}
	list_splice_init(&cell->flushing, &drained);
	/* Flushing GRO wholly: order is kept only until the peers are let go. */
	napi_complete(napi);
	release_drained(&drained);
	return done;
}

void mytun_rx_peer_init(struct mytun_peer *peer)
{
	mytun_order_init(&peer->rx.order);
}

/**
 * mytun_rx_device_init() - the receiving part of a device
 * @device: device; its net_device is being registered
 *
 * Return: 0 or -ENOMEM.
 */
int mytun_rx_device_init(struct mytun_device *device)
{
	int cpu, ret;

	device->rx_cells = alloc_percpu(struct mytun_rx_cell);
	if (!device->rx_cells)
		return -ENOMEM;
	ret = mytun_spread_init(&device->decrypt, mytun_crypt_wq, MYTUN_MAX_QUEUED_IN,
				decrypt_run, device);
	if (ret) {
		free_percpu(device->rx_cells);
		return ret;
	}
	for_each_possible_cpu(cpu) {
		struct mytun_rx_cell *cell = per_cpu_ptr(device->rx_cells, cpu);

		spin_lock_init(&cell->lock);
		INIT_LIST_HEAD(&cell->ready);
		INIT_LIST_HEAD(&cell->flushing);
		set_bit(NAPI_STATE_NO_BUSY_POLL, &cell->napi.state);
		netif_napi_add(device->dev, &cell->napi, rx_poll);
		napi_enable(&cell->napi);
	}
	return 0;
}

/* NAPI will not run again: drop what it left, as it would have: the peers are dead. */
static void cell_drop(struct mytun_rx_cell *cell)
{
	struct mytun_batch *batch;
	struct mytun_peer *peer;
	LIST_HEAD(left);

	local_bh_disable();
	list_splice_init(&cell->ready, &left);
	list_splice_init(&cell->flushing, &left);
	while ((peer = list_first_entry_or_null(&left, struct mytun_peer, rx.node))) {
		list_del(&peer->rx.node);
		while ((batch = mytun_order_pop(&peer->rx.order)))
			receive_batch(NULL, batch);
		mytun_order_end_drain(&peer->rx.order);
		mytun_peer_put(peer);
	}
	local_bh_enable();
}

/**
 * mytun_rx_device_uninit() - undo mytun_rx_device_init()
 * @device: device; its sockets are closed, all peers are dead
 *
 * Context: may sleep.
 */
void mytun_rx_device_uninit(struct mytun_device *device)
{
	struct mytun_rx_cell *cell;
	int cpu;

	mytun_spread_flush(&device->decrypt);
	mytun_spread_uninit(&device->decrypt, NULL);
	for_each_possible_cpu(cpu)
		napi_disable(&per_cpu_ptr(device->rx_cells, cpu)->napi);
	/* A poll that has completed may still put a peer into the line of its CPU's cell */
	synchronize_net();
	for_each_possible_cpu(cpu) {
		cell = per_cpu_ptr(device->rx_cells, cpu);
		cell_drop(cell);
		__netif_napi_del(&cell->napi);
	}
	synchronize_net();
	free_percpu(device->rx_cells);
}
