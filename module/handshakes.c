// SPDX-License-Identifier: GPL-2.0
/*
 * Handshake messages from the wire to the session: one hash, a bounded queue, and under load
 * cookies and a rate limit.
 */
#include <linux/kcov.h>
#include <linux/ktime.h>
#include <linux/random.h>

#include "core/ratelimit.h"
#include "handshakes.h"
#include "peer.h"
#include "session.h"

static struct ratelimit ratelimit;

/**
 * mytun_handshakes_init() - what all devices share
 *
 * Return: 0 or -ENOMEM.
 */
int mytun_handshakes_init(void)
{
	siphash_key_t key;

	get_random_bytes(&key, sizeof(key));
	return ratelimit_init(&ratelimit, &key);
}

void mytun_handshakes_uninit(void)
{
	ratelimit_uninit(&ratelimit);
}

static bool under_load(struct mytun_device *device, u64 now_ns)
{
	if (atomic_read(&device->handshake_count) >= MYTUN_UNDER_LOAD_HANDSHAKES) {
		WRITE_ONCE(device->under_load_until_ns,
			   now_ns + MYTUN_UNDER_LOAD_SECONDS * (u64)NSEC_PER_SEC);
		return true;
	}
	return now_ns < READ_ONCE(device->under_load_until_ns);
}

static void send_cookie(struct mytun_device *device, struct sk_buff *skb,
			const struct cookie_source *source, u64 now_ns)
{
	/* Both handshake messages have the sender's index behind their type. */
	__le32 sender_index = ((struct message_initiation *)skb->data)->sender_index;
	u8 secret[NOISE_HASH_LEN], nonce[COOKIE_NONCE_LEN];
	struct message_cookie msg;

	get_random_bytes_wait(secret, sizeof(secret));
	get_random_bytes_wait(nonce, sizeof(nonce));
	write_lock_bh(&device->checker_lock);
	if (cookie_checker_stale(&device->checker, now_ns))
		cookie_checker_renew(&device->checker, secret, now_ns);
	cookie_create_reply(&msg, &device->checker, skb->data, skb->len, sender_index, source,
			    nonce);
	write_unlock_bh(&device->checker_lock);
	memzero_explicit(secret, sizeof(secret));
	net_dbg_ratelimited("%s: Sending cookie reply\n", device->dev->name);
	mytun_transport_reply(device, skb, &msg, sizeof(msg));
}

/* Under load a sender first shows that it receives at its address, then waits its turn. */
static enum mytun_drop admit(struct mytun_device *device, struct sk_buff *skb, u64 now_ns)
{
	struct mytun_endpoint endpoint;
	struct cookie_source source;
	enum cookie_verdict verdict;

	if (!under_load(device, now_ns))
		return MYTUN_DROP_UNSPEC;
	if (mytun_endpoint_from_skb(&endpoint, skb))
		return MYTUN_DROP_RX_MALFORMED;
	mytun_endpoint_to_source(&endpoint, &source);
	read_lock_bh(&device->checker_lock);
	verdict = cookie_check_macs(&device->checker, skb->data, skb->len, &source, true, now_ns);
	read_unlock_bh(&device->checker_lock);
	if (verdict == COOKIE_BAD_MAC1)
		return MYTUN_DROP_RX_BAD_MAC1;
	if (verdict == COOKIE_NO_MAC2) {
		send_cookie(device, skb, &source, now_ns);
		return MYTUN_DROP_RX_COOKIE_SENT;
	}
	if (!ratelimit_allow(&ratelimit, (unsigned long)read_pnet(&device->creating_net),
			     source.addr, source.len, now_ns))
		return MYTUN_DROP_RX_RATE_LIMIT;
	return MYTUN_DROP_UNSPEC;
}

static enum mytun_drop process_handshake(struct mytun_device *device, struct sk_buff *skb)
{
	enum message_type type = message_classify(skb->data, skb->len);
	enum mytun_drop drop = MYTUN_DROP_UNSPEC;

	if (type != MESSAGE_COOKIE)
		drop = admit(device, skb, ktime_get_coarse_boottime_ns());
	if (drop)
		return drop;
	return mytun_session_receive(device, skb, type);
}

static void handshake_run(void *ctx, void *entry)
{
	struct mytun_device *device = ctx;
	struct sk_buff *skb = entry;
	enum mytun_drop drop = MYTUN_DROP_UNSPEC;

	kcov_remote_start_common(skb_get_kcov_handle(skb));
	mytun_spread_release(&device->handshakes, 1);
	/* A device that is on its way out does not wait for curve operations. */
	if (!READ_ONCE(device->dead))
		drop = process_handshake(device, skb);
	atomic_dec(&device->handshake_count);
	if (drop) {
		mytun_drop(device, drop);
		kfree_skb(skb);
	} else {
		consume_skb(skb);
	}
	kcov_remote_stop();
}

static bool mac1_holds(struct mytun_device *device, const struct sk_buff *skb)
{
	enum cookie_verdict verdict;

	read_lock_bh(&device->checker_lock);
	verdict = cookie_check_macs(&device->checker, skb->data, skb->len, NULL, false, 0);
	read_unlock_bh(&device->checker_lock);
	return verdict != COOKIE_BAD_MAC1;
}

/* A cookie answers a message of ours, whose index a stranger would have to guess. */
static enum mytun_drop precheck(struct mytun_device *device, const struct sk_buff *skb)
{
	const struct message_cookie *cookie = (const void *)skb->data;

	if (message_classify(skb->data, skb->len) != MESSAGE_COOKIE)
		return mac1_holds(device, skb) ? MYTUN_DROP_UNSPEC : MYTUN_DROP_RX_BAD_MAC1;
	return mytun_lookup_index(&device->lookup, cookie->receiver_index) ?
		       MYTUN_DROP_UNSPEC : MYTUN_DROP_RX_UNKNOWN_INDEX;
}

/**
 * mytun_handshakes_receive() - take a handshake or cookie message
 * @device: device
 * @skb: message of the right length for its type; consumed
 *
 * One hash, or one look into a table, decides here whether it is worth a place in the
 * queue: a sender that knows neither our public key nor an index costs no more than that.
 *
 * Context: softirq, RCU.
 */
void mytun_handshakes_receive(struct mytun_device *device, struct sk_buff *skb)
{
	enum mytun_drop drop = MYTUN_DROP_RX_NO_MEMORY;
	int count;

	if (skb_linearize(skb))
		goto err_drop;
	drop = precheck(device, skb);
	if (drop)
		goto err_drop;
	/* The queue's length is what tells load, so it is counted before the ring is tried. */
	drop = MYTUN_DROP_RX_HANDSHAKE_QUEUE_FULL;
	count = atomic_inc_return(&device->handshake_count);
	if (count > MYTUN_MAX_QUEUED_HANDSHAKES ||
	    !mytun_spread_reserve(&device->handshakes, NULL, 1))
		goto err_uncount;
	mytun_spread_push(&device->handshakes, skb);
	return;

err_uncount:
	atomic_dec(&device->handshake_count);
err_drop:
	mytun_drop(device, drop);
	kfree_skb(skb);
}

static void drop_handshake(void *entry)
{
	dev_kfree_skb(entry);
}

/**
 * mytun_handshakes_device_init() - the queue and the cookies of a device
 * @device: device
 *
 * Return: 0 or -ENOMEM.
 */
int mytun_handshakes_device_init(struct mytun_device *device)
{
	rwlock_init(&device->checker_lock);
	cookie_checker_init(&device->checker, NULL);
	return mytun_spread_init(&device->handshakes, mytun_handshake_wq,
				 MYTUN_MAX_QUEUED_HANDSHAKES, handshake_run, device);
}

/**
 * mytun_handshakes_device_uninit() - undo mytun_handshakes_device_init()
 * @device: device; its sockets are closed and its peers gone
 */
void mytun_handshakes_device_uninit(struct mytun_device *device)
{
	mytun_spread_uninit(&device->handshakes, drop_handshake);
	memzero_explicit(&device->checker, sizeof(device->checker));
}
