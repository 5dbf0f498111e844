// SPDX-License-Identifier: GPL-2.0
/*
 * Messages between the peer and us, in a session like any other, that no inner packet is behind:
 * keepalives, capabilities, path-MTU probes. And what else the session policy asks for.
 */
#include "capabilities.h"
#include "core/control.h"
#include "core/session_policy.h"
#include "own.h"
#include "peer.h"

/* Room that the outer headers and our own need in front of a message. */
enum { OWN_HEADROOM = LL_MAX_HEADER + 64 };

/* An skb for a message of our own, @len bytes of plaintext. Return: NULL: counted as dropped. */
static struct sk_buff *alloc(struct mytun_peer *peer, unsigned int len)
{
	struct sk_buff *skb;

	skb = alloc_skb(OWN_HEADROOM + MESSAGE_DATA_LEN(ALIGN(len, MESSAGE_PADDING)), GFP_ATOMIC);
	if (unlikely(!skb)) {
		mytun_drop(peer->device, MYTUN_DROP_TX_NO_MEMORY);
		return NULL;
	}
	skb_reserve(skb, OWN_HEADROOM);
	skb_reset_network_header(skb);
	*mytun_message(skb) = (struct mytun_message){
		.mtu = len ? READ_ONCE(peer->device->dev->mtu) : 0,
	};
	return skb;
}

/*
 * A device that goes down stops its timers, and then takes the lock to drop what is staged:
 * what comes later must not be the first to leave when it is up again.
 */
static void stage(struct mytun_peer *peer, struct sk_buff *skb)
{
	struct sk_buff_head *staged = &peer->tx.staged;
	bool running;

	spin_lock_bh(&staged->lock);
	running = mytun_timers_running(peer);
	if (running)
		__skb_queue_tail(staged, skb);
	spin_unlock_bh(&staged->lock);
	if (!running)
		kfree_skb(skb);
}

static void flush(struct mytun_peer *peer)
{
	rcu_read_lock_bh();
	mytun_tx_flush(peer);
	rcu_read_unlock_bh();
}

/**
 * mytun_own_keepalive() - send what is staged, or an empty message
 * @peer: peer
 *
 * Context: any but hardirq; a reference to the peer, or RCU.
 */
void mytun_own_keepalive(struct mytun_peer *peer)
{
	struct sk_buff *skb;

	if (skb_queue_empty_lockless(&peer->tx.staged)) {
		skb = alloc(peer, 0);
		if (unlikely(!skb))
			return;
		stage(peer, skb);
		net_dbg_ratelimited("%s: Sending keepalive to peer %u\n", peer->device->dev->name,
				    peer->id);
	}
	flush(peer);
}

/* @len bytes of plaintext, of which @msg is the beginning; the rest is zero. */
static void send(struct mytun_peer *peer, u64 session, struct sk_buff *skb, const u8 *msg,
		 unsigned int msg_len, unsigned int len)
{
	mytun_message(skb)->counter = session;
	skb_put_data(skb, msg, msg_len);
	skb_put_zero(skb, len - msg_len);
	stage(peer, skb);
	flush(peer);
}

/**
 * mytun_own_control() - send a control message
 * @peer: peer
 * @session: &noise_keypair.id of the one that it belongs to; not sent in another
 * @msg: plaintext
 * @len: its length, bytes; fits into any MTU
 *
 * Context: any but hardirq; a reference to the peer, or RCU.
 */
void mytun_own_control(struct mytun_peer *peer, u64 session, const u8 *msg, unsigned int len)
{
	struct sk_buff *skb = alloc(peer, len);

	if (likely(skb))
		send(peer, session, skb, msg, len, len);
}

/**
 * mytun_own_probe() - send a path-MTU probe
 * @peer: peer
 * @session: as for mytun_own_control()
 * @msg: what the plaintext begins with
 * @size: its length, bytes: the MTU that it is to show; zeroes follow @msg
 *
 * Context: as mytun_own_control().
 */
void mytun_own_probe(struct mytun_peer *peer, u64 session, const u8 msg[PROBE_LEN],
		     unsigned int size)
{
	struct sk_buff *skb = alloc(peer, size);

	if (unlikely(!skb))
		return;
	mytun_message(skb)->df = true;
	mytun_message(skb)->mtu = size;
	send(peer, session, skb, msg, PROBE_LEN, size);
}

/**
 * mytun_own_act() - carry out what the session policy asks for
 * @peer: peer
 * @actions: enum session_action bits
 *
 * Context: any but hardirq; RCU held or a reference to the peer.
 */
void mytun_own_act(struct mytun_peer *peer, u32 actions)
{
	if (actions & ACTION_CLEAR_SOURCE)
		mytun_path_clear_source(&peer->path);
	if (actions & ACTION_DROP_STAGED) {
		mytun_tx_drop_staged(peer, true);
		mytun_session_given_up(peer);
	}
	if (actions & ACTION_START_HANDSHAKE)
		mytun_session_start(peer);
	if (actions & ACTION_SEND_INITIATION)
		mytun_session_retry(peer);
	if (actions & ACTION_SEND_KEEPALIVE)
		mytun_own_keepalive(peer);
	if (actions & ACTION_ZERO_KEYS)
		mytun_session_zero(peer);
}

/* What follows its first bytes is nothing but length. */
static enum mytun_drop receive_probe(struct noise_keypair *keypair, struct sk_buff *skb)
{
	u8 answer[PROBE_LEN];
	enum mytun_drop drop;
	bool answering;

	if (unlikely(!pskb_may_pull(skb, min_t(unsigned int, skb->len, PROBE_LEN))))
		return MYTUN_DROP_RX_NO_MEMORY;
	drop = mytun_probe_receive(keypair, skb->data, skb->len, answer, &answering);
	if (answering && mytun_keypairs_may_send(&keypair->peer->keypairs))
		mytun_own_control(keypair->peer, keypair->id, answer, sizeof(answer));
	return drop;
}

/**
 * mytun_own_receive() - take a message that is not for the stack
 * @keypair: of the session
 * @skb: plaintext, authenticated and fresh: empty, or a control message; not consumed
 *
 * Context: BH off.
 * Return: MYTUN_DROP_UNSPEC, or the reason when it was not wanted or not understood.
 */
enum mytun_drop mytun_own_receive(struct noise_keypair *keypair, struct sk_buff *skb)
{
	struct mytun_peer *peer = keypair->peer;
	enum mytun_drop drop;
	bool answer;

	if (!skb->len) {
		net_dbg_ratelimited("%s: Receiving keepalive from peer %u\n",
				    peer->device->dev->name, peer->id);
		return MYTUN_DROP_UNSPEC;
	}
	if (skb->data[0] == CONTROL_PROBE)
		return receive_probe(keypair, skb);
	if (skb->data[0] != CONTROL_CAPABILITIES)
		return MYTUN_DROP_RX_CONTROL;
	if (unlikely(skb_linearize(skb)))
		return MYTUN_DROP_RX_NO_MEMORY;
	drop = mytun_capabilities_receive(keypair, mytun_message(skb)->counter, skb->data, skb->len,
					  &answer);
	if (answer)
		mytun_session_offer(peer);
	return drop;
}
