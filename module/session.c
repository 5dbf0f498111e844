// SPDX-License-Identifier: GPL-2.0
/* Handshakes with peers: sending, answering, new keypairs. */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/random.h>
#include <net/inet_ecn.h>

#include "capabilities.h"
#include "core/session_policy.h"
#include "gcm.h"
#include "notify.h"
#include "peer.h"
#include "session.h"
#include "uapi/mytun.h"

/* Handshake messages ask for low delay: DSCP AF41, not ECN-capable. */
enum { HANDSHAKE_DS = 0x88 };

/* The TAI64 label of 1970-01-01 00:00:00 (TAI64N: 8 bytes of seconds, 4 of nanoseconds). */
#define TAI64_EPOCH 0x400000000000000aULL

/* Initiations are not told apart in time more finely than this: 2^24 ns, about 1/60 s. */
enum { TIMESTAMP_GRANULARITY_NS = 1 << 24 };

/*
 * The time for an initiation, later than that of any before it: the peer takes no other, and
 * the clock may have been put back. The session's mutex is held.
 */
static void next_timestamp(struct mytun_session *session, u8 timestamp[NOISE_TIMESTAMP_LEN])
{
	u64 now_ns = ALIGN_DOWN(ktime_get_real_ns(), TIMESTAMP_GRANULARITY_NS);
	__be64 seconds;
	__be32 nanoseconds;
	u32 rest_ns;

	lockdep_assert_held(&session->lock);
	session->timestamp_ns = max(now_ns, session->timestamp_ns + TIMESTAMP_GRANULARITY_NS);
	seconds = cpu_to_be64(TAI64_EPOCH +
			      div_u64_rem(session->timestamp_ns, NSEC_PER_SEC, &rest_ns));
	nanoseconds = cpu_to_be32(rest_ns);
	memcpy(timestamp, &seconds, sizeof(seconds));
	memcpy(timestamp + sizeof(seconds), &nanoseconds, sizeof(nanoseconds));
}

static bool sent_recently(const struct mytun_session *session, u64 now_ns)
{
	u64 last_ns = atomic64_read(&session->last_sent_ns);

	return last_ns && now_ns < last_ns + REKEY_TIMEOUT * (u64)NSEC_PER_SEC;
}

/* A handshake message of ours is about to leave. */
static void mark_sent(struct mytun_peer *peer)
{
	atomic64_set(&peer->session.last_sent_ns, ktime_get_coarse_boottime_ns());
}

static bool send_handshake(struct mytun_peer *peer, const void *msg, size_t len)
{
	mytun_timers_event(peer, SESSION_PACKET_SENT);
	mytun_timers_event(peer, SESSION_TRAVERSAL);
	return !mytun_transport_send_buffer(peer, msg, len, HANDSHAKE_DS);
}

/* A new random index for the handshake. The session's mutex is held. */
static bool renew_index(struct mytun_peer *peer)
{
	struct mytun_lookup *lookup = &peer->device->lookup;
	struct mytun_session *session = &peer->session;

	lockdep_assert_held(&session->lock);
	mytun_lookup_remove_index(lookup, &session->index);
	return !mytun_lookup_add_index(lookup, &session->index);
}

static bool create_initiation(struct mytun_peer *peer, struct message_initiation *msg)
{
	struct mytun_session *session = &peer->session;
	struct mytun_device *device = peer->device;
	u8 ephemeral[NOISE_KEY_LEN], timestamp[NOISE_TIMESTAMP_LEN];
	u64 now_ns = ktime_get_coarse_boottime_ns();
	bool created = false;

	get_random_bytes_wait(ephemeral, sizeof(ephemeral));
	down_read(&device->identity_lock);
	mutex_lock(&session->lock);
	if (!mytun_timers_running(peer) || sent_recently(session, now_ns))
		goto out_unlock;
	mark_sent(peer);
	if (!renew_index(peer)) {
		/* No memory: it counts as lost on the way, so that it is tried again. */
		mytun_timers_event(peer, SESSION_INITIATION_SENT);
		goto out_unlock;
	}
	next_timestamp(session, timestamp);
	created = noise_create_initiation(msg, &session->handshake, &device->identity, ephemeral,
					  timestamp, session->index.value);
	if (created) {
		cookie_add_macs(&session->cookie, (u8 *)msg, sizeof(*msg), now_ns);
		/* Before it leaves: the answer, which calls the retry off, may be quick */
		mytun_timers_event(peer, SESSION_INITIATION_SENT);
	} else {
		mytun_lookup_remove_index(&device->lookup, &session->index);
	}
out_unlock:
	mutex_unlock(&session->lock);
	up_read(&device->identity_lock);
	memzero_explicit(ephemeral, sizeof(ephemeral));
	return created;
}

static void send_initiation(struct mytun_peer *peer)
{
	struct message_initiation msg;

	if (!create_initiation(peer, &msg))
		return;
	net_dbg_ratelimited("%s: Sending handshake initiation to peer %u\n",
			    peer->device->dev->name, peer->id);
	send_handshake(peer, &msg, sizeof(msg));
}

/*
 * If a session has been announced, say that there is none any longer: under the lock, so that
 * what is said last is how it is.
 */
static void end_session(struct mytun_peer *peer, u32 reason)
{
	spin_lock_bh(&peer->keypairs.lock);
	if (peer->keypairs.had_session)
		mytun_notify_peer_dead(peer, reason);
	peer->keypairs.had_session = false;
	spin_unlock_bh(&peer->keypairs.lock);
}

/*
 * Wipe the handshake and every keypair. The mutex is held from the first to the last, so that
 * a handshake that is finished meanwhile is either wiped as a whole or begins anew.
 * Return: true when there was a keypair.
 */
static bool wipe(struct mytun_peer *peer, u32 reason)
{
	struct mytun_session *session = &peer->session;
	bool had_keypair;

	lockdep_assert_held(&session->lock);
	noise_handshake_clear(&session->handshake);
	mytun_lookup_remove_index(&peer->device->lookup, &session->index);
	atomic64_set(&session->last_sent_ns, 0);
	had_keypair = mytun_keypairs_clear(&peer->keypairs);
	end_session(peer, reason);
	return had_keypair;
}

/* The timer said so, but a session may have come about since it fired: that one lives on. */
static void wipe_expired(struct mytun_peer *peer)
{
	struct session_age newest;

	mutex_lock(&peer->session.lock);
	newest.born_ns = mytun_keypairs_newest(&peer->keypairs);
	if (session_policy_zero_due(&newest, ktime_get_coarse_boottime_ns()))
		wipe(peer, MYTUN_DEAD_EXPIRED);
	mutex_unlock(&peer->session.lock);
}

/* In a session that there is; one is not begun for this. */
static void send_capabilities(struct mytun_peer *peer)
{
	u8 msg[CAPABILITIES_LEN];
	u64 session = 0;
	bool may_send;

	rcu_read_lock_bh();
	may_send = mytun_keypairs_may_send(&peer->keypairs);
	rcu_read_unlock_bh();
	if (may_send)
		session = mytun_capabilities_next(peer, msg);
	if (session)
		peer->device->upcalls->send_control(peer, session, msg, sizeof(msg));
}

static void session_work(struct work_struct *work)
{
	struct mytun_peer *peer = container_of(work, struct mytun_peer, session.work);

	if (test_and_clear_bit(SESSION_WORK_ZERO, &peer->session.work_bits))
		wipe_expired(peer);
	if (test_and_clear_bit(SESSION_WORK_INITIATE, &peer->session.work_bits))
		send_initiation(peer);
	if (test_and_clear_bit(SESSION_WORK_OFFER, &peer->session.work_bits))
		send_capabilities(peer);
	mytun_peer_put(peer);
}

/*
 * The work holds a reference to the peer. RCU held or a reference. The RCU section is for
 * the removal of peers: after its grace period nobody queues what it is about to cancel.
 */
static void queue_session_work(struct mytun_peer *peer, enum mytun_session_work bit)
{
	rcu_read_lock();
	if (READ_ONCE(peer->dead) || !mytun_peer_get_unless_zero(peer))
		goto out_unlock;
	set_bit(bit, &peer->session.work_bits);
	if (!queue_work(mytun_handshake_wq, &peer->session.work))
		mytun_peer_put(peer);
out_unlock:
	rcu_read_unlock();
}

/**
 * mytun_session_retry() - send another initiation
 * @peer: peer
 *
 * Context: any; RCU held or a reference to the peer. At most one each REKEY_TIMEOUT leaves.
 */
void mytun_session_retry(struct mytun_peer *peer)
{
	if (!sent_recently(&peer->session, ktime_get_coarse_boottime_ns()))
		queue_session_work(peer, SESSION_WORK_INITIATE);
}

/**
 * mytun_session_start() - a session is wanted
 * @peer: peer
 *
 * Context: as mytun_session_retry().
 */
void mytun_session_start(struct mytun_peer *peer)
{
	mytun_timers_fresh_handshake(peer);
	mytun_session_retry(peer);
}

/**
 * mytun_session_zero() - wipe the keys soon
 * @peer: peer
 *
 * Context: as mytun_session_retry().
 */
void mytun_session_zero(struct mytun_peer *peer)
{
	queue_session_work(peer, SESSION_WORK_ZERO);
}

/**
 * mytun_session_offer() - tell the peer soon what we take beyond WireGuard
 * @peer: peer
 *
 * Context: as mytun_session_retry().
 */
void mytun_session_offer(struct mytun_peer *peer)
{
	queue_session_work(peer, SESSION_WORK_OFFER);
}

/**
 * mytun_session_given_up() - nobody answered our handshakes
 * @peer: peer
 */
void mytun_session_given_up(struct mytun_peer *peer)
{
	end_session(peer, MYTUN_DEAD_TIMEOUT);
}

/**
 * mytun_session_clear() - wipe the handshake and every keypair
 * @peer: peer
 * @reason: enum mytun_dead_reason
 *
 * Context: may sleep. Return: whether there was a keypair, which is gone after a grace period, or
 * when no packet is worked on with it any longer.
 */
bool mytun_session_clear(struct mytun_peer *peer, u32 reason)
{
	bool had_keypair;

	mutex_lock(&peer->session.lock);
	had_keypair = wipe(peer, reason);
	mutex_unlock(&peer->session.lock);
	return had_keypair;
}

/*
 * A peer that was removed, or whose device went down, begins none: whoever does that first
 * stops the timers and then takes the session's mutex, which is held here, to clear it.
 */
static bool may_begin(const struct mytun_peer *peer)
{
	lockdep_assert_held(&peer->session.lock);
	return mytun_timers_running(peer);
}

/* The handshake is finished on our side: make the keypair. The session's mutex is held. */
static bool begin_session(struct mytun_peer *peer)
{
	struct noise_session_keys keys;
	struct noise_keypair *keypair = NULL;

	if (!may_begin(peer))
		return false;
	if (noise_begin_session(&keys, &peer->session.handshake))
		keypair = mytun_keypair_create(peer, &keys);
	memzero_explicit(&keys, sizeof(keys));
	if (keypair)
		mytun_keypairs_add(&peer->keypairs, keypair);
	return keypair;
}

/**
 * mytun_session_confirmed() - both sides have the keys
 * @peer: peer
 *
 * Context: any but hardirq; RCU held or a reference to the peer.
 */
void mytun_session_confirmed(struct mytun_peer *peer)
{
	ktime_get_real_ts64(&peer->session.completed);
	mytun_timers_event(peer, SESSION_HANDSHAKE_COMPLETE);
	spin_lock_bh(&peer->keypairs.lock);
	/* The keys may have been wiped meanwhile, and the peer said to be dead. */
	if (!peer->keypairs.had_session && rcu_access_pointer(peer->keypairs.current_keypair)) {
		peer->keypairs.had_session = true;
		mytun_notify_peer_up(peer);
	}
	spin_unlock_bh(&peer->keypairs.lock);
	if (READ_ONCE(peer->session.extended))
		mytun_session_offer(peer);
}

static bool create_response(struct mytun_peer *peer, struct message_response *msg)
{
	struct mytun_session *session = &peer->session;
	u8 ephemeral[NOISE_KEY_LEN];
	bool created;

	lockdep_assert_held(&session->lock);
	get_random_bytes_wait(ephemeral, sizeof(ephemeral));
	created = renew_index(peer) &&
		  noise_create_response(msg, &session->handshake, ephemeral, session->index.value);
	memzero_explicit(ephemeral, sizeof(ephemeral));
	if (!created)
		return false;
	cookie_add_macs(&session->cookie, (u8 *)msg, sizeof(*msg), ktime_get_coarse_boottime_ns());
	return begin_session(peer);
}

/* An authenticated handshake message came. */
static void mark_received(struct mytun_peer *peer, const struct sk_buff *skb)
{
	struct mytun_endpoint endpoint;

	if (!mytun_endpoint_from_skb(&endpoint, skb) && mytun_path_roam(&peer->path, &endpoint))
		mytun_notify_endpoint(peer);
	atomic64_add(skb->len, &peer->rx_bytes);
	local_bh_disable();
	dev_sw_netstats_rx_add(peer->device->dev, skb->len);
	local_bh_enable();
	mytun_timers_event(peer, SESSION_PACKET_RECEIVED);
	mytun_timers_event(peer, SESSION_TRAVERSAL);
}

static void answer_initiation(struct mytun_peer *peer, const struct message_response *msg)
{
	net_dbg_ratelimited("%s: Sending handshake response to peer %u\n",
			    peer->device->dev->name, peer->id);
	mark_sent(peer);
	mytun_timers_event(peer, SESSION_DERIVED);
	send_handshake(peer, msg, sizeof(*msg));
}

static enum mytun_drop receive_initiation(struct mytun_device *device, struct sk_buff *skb)
{
	const struct message_initiation *src = (void *)skb->data;
	struct mytun_peer *peer = NULL;
	struct message_response response;
	struct noise_opening opening;
	bool accepted = false, answered = false;

	/* Early at boot this may take seconds, and others want the locks */
	wait_for_random_bytes();
	down_read(&device->identity_lock);
	if (noise_open_initiation(&opening, src, &device->identity))
		peer = mytun_lookup_peer(&device->lookup, opening.remote_static);
	if (!peer)
		goto out_unlock;
	mutex_lock(&peer->session.lock);
	accepted = may_begin(peer) &&
		   !noise_consume_initiation(&peer->session.handshake, &opening, src,
					     ktime_get_coarse_boottime_ns());
	if (accepted)
		answered = create_response(peer, &response);
	mutex_unlock(&peer->session.lock);
out_unlock:
	up_read(&device->identity_lock);
	memzero_explicit(&opening, sizeof(opening));
	if (accepted)
		mark_received(peer, skb);
	if (answered)
		answer_initiation(peer, &response);
	mytun_peer_put(peer);
	return accepted ? MYTUN_DROP_UNSPEC : MYTUN_DROP_RX_BAD_HANDSHAKE;
}

/* The peer whose handshake has this index, with a reference, or NULL. */
static struct mytun_peer *peer_of_handshake(struct mytun_device *device, __le32 value)
{
	struct mytun_peer *peer = NULL;
	struct mytun_index *index;

	rcu_read_lock();
	index = mytun_lookup_index(&device->lookup, value);
	if (index && index->kind == INDEX_HANDSHAKE)
		peer = mytun_peer_get_unless_zero(container_of(index, struct mytun_peer,
							       session.index));
	rcu_read_unlock();
	return peer;
}

static enum mytun_drop receive_response(struct mytun_device *device, struct sk_buff *skb)
{
	const struct message_response *src = (void *)skb->data;
	struct mytun_peer *peer = peer_of_handshake(device, src->receiver_index);
	bool accepted, begun = false;

	if (!peer)
		return MYTUN_DROP_RX_UNKNOWN_INDEX;
	down_read(&device->identity_lock);
	mutex_lock(&peer->session.lock);
	accepted = src->receiver_index == peer->session.handshake.local_index &&
		   noise_consume_response(&peer->session.handshake, src, &device->identity);
	if (accepted)
		begun = begin_session(peer);
	mutex_unlock(&peer->session.lock);
	up_read(&device->identity_lock);
	if (accepted)
		mark_received(peer, skb);
	if (begun) {
		mytun_timers_event(peer, SESSION_DERIVED);
		mytun_session_confirmed(peer);
		/* The responder uses the keys once it has heard from us. */
		device->upcalls->act(peer, ACTION_SEND_KEEPALIVE);
	}
	mytun_peer_put(peer);
	return accepted ? MYTUN_DROP_UNSPEC : MYTUN_DROP_RX_BAD_HANDSHAKE;
}

/* A cookie may answer an initiation or a response: the index is then a keypair's. */
static struct mytun_peer *peer_of_index(struct mytun_device *device, __le32 value)
{
	struct mytun_peer *peer = NULL;
	struct mytun_index *index;

	rcu_read_lock();
	index = mytun_lookup_index(&device->lookup, value);
	if (index && index->kind == INDEX_HANDSHAKE)
		peer = container_of(index, struct mytun_peer, session.index);
	else if (index)
		peer = container_of(index, struct noise_keypair, index)->peer;
	peer = mytun_peer_get_unless_zero(peer);
	rcu_read_unlock();
	return peer;
}

static enum mytun_drop receive_cookie(struct mytun_device *device, struct sk_buff *skb)
{
	const struct message_cookie *src = (void *)skb->data;
	struct mytun_peer *peer = peer_of_index(device, src->receiver_index);
	bool accepted;

	if (!peer)
		return MYTUN_DROP_RX_UNKNOWN_INDEX;
	mutex_lock(&peer->session.lock);
	accepted = cookie_consume_reply(&peer->session.cookie, src,
					ktime_get_coarse_boottime_ns());
	mutex_unlock(&peer->session.lock);
	mytun_peer_put(peer);
	return accepted ? MYTUN_DROP_UNSPEC : MYTUN_DROP_RX_BAD_COOKIE;
}

/**
 * mytun_session_receive() - act on a handshake or cookie message
 * @device: device
 * @skb: message of the right length for its type, linear; stays the caller's
 * @type: what it is, not MESSAGE_DATA
 *
 * Context: may sleep; a curve operation or several.
 * Return: MYTUN_DROP_UNSPEC when it was good for something, else why it was not.
 */
enum mytun_drop mytun_session_receive(struct mytun_device *device, struct sk_buff *skb,
				      enum message_type type)
{
	switch (type) {
	case MESSAGE_INITIATION:
		return receive_initiation(device, skb);
	case MESSAGE_RESPONSE:
		return receive_response(device, skb);
	case MESSAGE_COOKIE:
		return receive_cookie(device, skb);
	default:
		return MYTUN_DROP_RX_MALFORMED;
	}
}

/**
 * mytun_session_peer_init() - the handshake part of a peer
 * @peer: zeroed
 * @public_key: the peer's
 * @preshared_key: or NULL
 *
 * Context: may sleep; the device's lock held.
 */
void mytun_session_peer_init(struct mytun_peer *peer, const u8 public_key[NOISE_KEY_LEN],
			     const u8 preshared_key[NOISE_KEY_LEN])
{
	struct mytun_session *session = &peer->session;

	mutex_init(&session->lock);
	INIT_WORK(&session->work, session_work);
	session->index.kind = INDEX_HANDSHAKE;
	cookie_init(&session->cookie, public_key);
	down_read(&peer->device->identity_lock);
	noise_handshake_init(&session->handshake, &peer->device->identity, public_key,
			     preshared_key);
	up_read(&peer->device->identity_lock);
}

/**
 * mytun_session_peer_stop() - the peer is being removed
 * @peer: peer; marked dead a grace period ago, its timers are shut down
 *
 * Context: may sleep.
 */
void mytun_session_peer_stop(struct mytun_peer *peer)
{
	if (cancel_work_sync(&peer->session.work))
		mytun_peer_put(peer);
	mytun_session_clear(peer, MYTUN_DEAD_REMOVED);
}

/**
 * mytun_session_peer_free() - wipe what is left
 * @peer: nobody has a reference any longer
 */
void mytun_session_peer_free(struct mytun_peer *peer)
{
	memzero_explicit(&peer->session.handshake, sizeof(peer->session.handshake));
	memzero_explicit(&peer->session.cookie, sizeof(peer->session.cookie));
}

/* Persistent keepalives that had no key to be sent with need not wait for their interval. */
static void wake_persistent(struct mytun_device *device)
{
	struct mytun_peer *peer;
	unsigned long id;

	xa_for_each(&device->peers, id, peer) {
		if (mytun_timers_running(peer) && mytun_timers_get_persistent(peer))
			device->upcalls->act(peer, ACTION_SEND_KEEPALIVE);
	}
}

/**
 * mytun_session_set_identity() - the device has another private key
 * @device: device; its lock held
 * @private_key: new, all zero: none
 *
 * Context: may sleep; one X25519 for each peer.
 */
void mytun_session_set_identity(struct mytun_device *device, const u8 private_key[NOISE_KEY_LEN])
{
	struct mytun_peer *peer;
	unsigned long id;

	lockdep_assert_held(&device->lock);
	down_write(&device->identity_lock);
	noise_identity_set(&device->identity, private_key);
	xa_for_each(&device->peers, id, peer) {
		mutex_lock(&peer->session.lock);
		noise_handshake_set_identity(&peer->session.handshake, &device->identity);
		mytun_lookup_remove_index(&device->lookup, &peer->session.index);
		mutex_unlock(&peer->session.lock);
		mytun_keypairs_expire_current(&peer->keypairs);
		atomic64_set(&peer->session.last_sent_ns, 0);
		cond_resched();
	}
	write_lock_bh(&device->checker_lock);
	cookie_checker_init(&device->checker,
			    device->identity.valid ? device->identity.static_public : NULL);
	write_unlock_bh(&device->checker_lock);
	up_write(&device->identity_lock);
	if (device->identity.valid)
		wake_persistent(device);
}

/**
 * mytun_session_set_psk() - the peer has another pre-shared key
 * @peer: peer
 * @preshared_key: new, all zero: none; used from the next handshake on
 *
 * Context: may sleep.
 */
void mytun_session_set_psk(struct mytun_peer *peer, const u8 preshared_key[NOISE_KEY_LEN])
{
	mutex_lock(&peer->session.lock);
	memcpy(peer->session.handshake.preshared_key, preshared_key, NOISE_KEY_LEN);
	mutex_unlock(&peer->session.lock);
}

/**
 * mytun_session_check_cipher() - can this be had, and what does it mean here?
 * @cipher: enum mytun_cipher
 * @gcm: set when it is AES-256-GCM, as AUTO is where the processor has instructions for it
 *
 * Context: may sleep, and load modules.
 * Return: 0, -ENOENT when the kernel has no such cipher, or another error.
 */
int mytun_session_check_cipher(u32 cipher, bool *gcm)
{
	int ret;

	*gcm = false;
	if (cipher == MYTUN_CIPHER_CHACHA20_POLY1305)
		return 0;
	ret = mytun_gcm_available(cipher == MYTUN_CIPHER_AUTO);
	*gcm = !ret;
	return ret == -ENOENT && cipher == MYTUN_CIPHER_AUTO ? 0 : ret;
}

/**
 * mytun_session_set_cipher() - seal with another cipher as soon as the peer agrees
 * @peer: peer; the device's lock held
 * @cipher: enum mytun_cipher
 * @gcm: what mytun_session_check_cipher() says that it means
 *
 * Context: may sleep.
 */
void mytun_session_set_cipher(struct mytun_peer *peer, u32 cipher, bool gcm)
{
	bool changed;

	lockdep_assert_held(&peer->device->lock);
	peer->session.cipher = cipher;
	mutex_lock(&peer->session.lock);
	changed = mytun_capabilities_want(peer, cipher != MYTUN_CIPHER_CHACHA20_POLY1305, gcm);
	mutex_unlock(&peer->session.lock);
	if (changed)
		mytun_session_offer(peer);
}
