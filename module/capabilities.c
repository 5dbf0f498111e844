// SPDX-License-Identifier: GPL-2.0
/*
 * What goes beyond WireGuard, agreed on with a peer inside each session (docs/wire-format.md).
 * Each side that wants it says what it takes, and repeats that until it has heard the same of
 * the other. One that is not heard, or does not answer, gets plain WireGuard.
 */
#include <linux/ktime.h>

#include "capabilities.h"
#include "gcm.h"
#include "keypair.h"
#include "peer.h"

enum {
	/* For each session: somebody who does not understand them is not told for ever. */
	MAX_OFFERS = 8,
	OFFER_INTERVAL_NS = NSEC_PER_SEC,
};

/* Draw the conclusions of what has changed. */
static void settle(struct noise_keypair *keypair)
{
	const struct mytun_session *session = &keypair->peer->session;
	bool wanted = READ_ONCE(session->gcm_wanted) && keypair->ext.gcm;
	struct noise_extensions *ext = &keypair->ext;

	lockdep_assert_held(&keypair->peer->keypairs.lock);
	/* Pairs with the acquire of who seals: @gcm comes first. */
	smp_store_release(&ext->send_gcm, wanted && ext->remote_aeads & AEAD_AES_256_GCM);
	WRITE_ONCE(ext->offering,
		   READ_ONCE(session->extended) && !ext->heard && ext->offers < MAX_OFFERS);
}

static struct noise_keypair *take(struct noise_keypairs *keypairs,
				  struct noise_keypair __rcu *slot)
{
	struct noise_keypair *keypair;

	keypair = rcu_dereference_protected(slot, lockdep_is_held(&keypairs->lock));
	return mytun_keypair_get_unless_zero(keypair);
}

/* A session that began when nobody wanted AES-256-GCM has its keys all the same. */
static void change_session(struct noise_keypair *keypair, bool extended, bool gcm)
{
	struct noise_extensions *ext = &keypair->ext;
	struct mytun_gcm *created = NULL;

	if (gcm && !ext->gcm)
		created = mytun_gcm_create(ext->sending_key, ext->receiving_key);
	spin_lock_bh(&keypair->peer->keypairs.lock);
	if (created) {
		/* Pairs with the address dependency of those who read it. */
		smp_store_release(&ext->gcm, created);
	}
	/* The peer is to say that it has heard of the change. */
	if (extended)
		ext->heard = false;
	else	/* From now on it is not heard, should it take back what it has announced */
		WRITE_ONCE(ext->remote_probes, false);
	ext->offers = 0;
	settle(keypair);
	spin_unlock_bh(&keypair->peer->keypairs.lock);
}

/**
 * mytun_capabilities_want() - our wishes have changed
 * @peer: peer; its session's mutex held
 * @extended: what goes beyond WireGuard is
 * @gcm: and AES-256-GCM, too
 *
 * Sessions that exist follow, as far as there is memory. The peer has to be told:
 * mytun_capabilities_next().
 *
 * Context: may sleep.
 * Return: false when it is what we wanted before.
 */
bool mytun_capabilities_want(struct mytun_peer *peer, bool extended, bool gcm)
{
	struct noise_keypairs *keypairs = &peer->keypairs;
	struct noise_keypair *found[3];
	unsigned int i;

	lockdep_assert_held(&peer->session.lock);
	if (gcm == peer->session.gcm_wanted && extended == peer->session.extended)
		return false;
	WRITE_ONCE(peer->session.extended, extended);
	WRITE_ONCE(peer->session.gcm_wanted, gcm);
	spin_lock_bh(&keypairs->lock);
	found[0] = take(keypairs, keypairs->current_keypair);
	found[1] = take(keypairs, keypairs->previous);
	found[2] = take(keypairs, keypairs->next);
	spin_unlock_bh(&keypairs->lock);
	for (i = 0; i < ARRAY_SIZE(found); i++) {
		if (!found[i])
			continue;
		change_session(found[i], extended, gcm);
		mytun_keypair_put(found[i]);
	}
	return true;
}

/**
 * mytun_capabilities_due() - is it time to tell the peer what we take?
 * @keypair: of the session
 *
 * Context: any.
 */
bool mytun_capabilities_due(const struct noise_keypair *keypair)
{
	if (likely(!READ_ONCE(keypair->ext.offering)))
		return false;
	return ktime_get_coarse_boottime_ns() - READ_ONCE(keypair->ext.offered_ns) >=
	       OFFER_INTERVAL_NS;
}

/**
 * mytun_capabilities_next() - what to tell the peer in the current session
 * @peer: peer
 * @msg: gets the plaintext of the message
 *
 * Return: the session's &noise_keypair.id, or 0 when there is nothing to tell.
 */
u64 mytun_capabilities_next(struct mytun_peer *peer, u8 msg[CAPABILITIES_LEN])
{
	struct noise_keypairs *keypairs = &peer->keypairs;
	struct capabilities caps = { 0 };
	struct noise_keypair *keypair;
	u64 id = 0;

	spin_lock_bh(&keypairs->lock);
	keypair = rcu_dereference_protected(keypairs->current_keypair,
					    lockdep_is_held(&keypairs->lock));
	/* What was said is taken back, too. */
	if (keypair && (READ_ONCE(peer->session.extended) || keypair->ext.told)) {
		id = keypair->id;
		caps.heard = keypair->ext.heard;
		caps.probes = READ_ONCE(peer->session.extended);
		if (READ_ONCE(peer->session.gcm_wanted) && keypair->ext.gcm)
			caps.aeads = AEAD_AES_256_GCM;
		keypair->ext.told = true;
		keypair->ext.offers++;
		WRITE_ONCE(keypair->ext.offered_ns, ktime_get_coarse_boottime_ns());
		settle(keypair);
	}
	spin_unlock_bh(&keypairs->lock);
	if (id)
		capabilities_write(msg, &caps);
	return id;
}

/**
 * mytun_capabilities_receive() - the peer tells what it takes
 * @keypair: of the session
 * @counter: the message's
 * @msg: plaintext of a capability message
 * @len: its length, bytes
 * @answer: set when the peer wants to be told as well: mytun_capabilities_next()
 *
 * Context: BH off.
 * Return: MYTUN_DROP_UNSPEC, or the reason when not all of it was understood or wanted.
 */
enum mytun_drop mytun_capabilities_receive(struct noise_keypair *keypair, u64 counter,
					   const u8 *msg, size_t len, bool *answer)
{
	struct noise_extensions *ext = &keypair->ext;
	struct noise_keypairs *keypairs = &keypair->peer->keypairs;
	enum capabilities_verdict verdict;
	struct capabilities caps;

	*answer = false;
	/* To whom nothing was switched on for, we are plain WireGuard. */
	if (!READ_ONCE(keypair->peer->session.extended))
		return MYTUN_DROP_RX_CONTROL;
	verdict = capabilities_read(&caps, msg, len);
	if (verdict == CAPABILITIES_BAD)
		return MYTUN_DROP_RX_CONTROL;
	spin_lock_bh(&keypairs->lock);
	ext->heard = true;
	/* One that was overtaken says what was so before. */
	if (counter >= ext->heard_counter) {
		ext->heard_counter = counter;
		ext->remote_aeads = caps.aeads;
		WRITE_ONCE(ext->remote_probes, caps.probes);
	}
	settle(keypair);
	spin_unlock_bh(&keypairs->lock);
	*answer = !caps.heard;
	return verdict == CAPABILITIES_GOOD ? MYTUN_DROP_UNSPEC : MYTUN_DROP_RX_CONTROL;
}

/**
 * mytun_capabilities_peer_due() - the same of the current session, if there is one
 * @peer: peer
 *
 * Context: any.
 */
bool mytun_capabilities_peer_due(struct mytun_peer *peer)
{
	const struct noise_keypair *keypair;
	bool due;

	rcu_read_lock();
	keypair = rcu_dereference(peer->keypairs.current_keypair);
	due = keypair && mytun_capabilities_due(keypair);
	rcu_read_unlock();
	return due;
}

/**
 * mytun_capabilities_may_probe() - does the peer answer path-MTU probes?
 * @peer: peer
 * @session: gets the &noise_keypair.id of the session in which it does
 *
 * Return: 0; -EOPNOTSUPP: nothing is switched on for the peer; -ENOTCONN: there is no session;
 * -EPROTONOSUPPORT: the peer has not said so.
 */
int mytun_capabilities_may_probe(struct mytun_peer *peer, u64 *session)
{
	const struct noise_keypair *keypair;
	int ret = -ENOTCONN;

	if (!READ_ONCE(peer->session.extended))
		return -EOPNOTSUPP;
	rcu_read_lock_bh();
	keypair = rcu_dereference_bh(peer->keypairs.current_keypair);
	if (keypair && mytun_keypairs_may_send(&peer->keypairs)) {
		*session = keypair->id;
		ret = READ_ONCE(keypair->ext.remote_probes) ? 0 : -EPROTONOSUPPORT;
	}
	rcu_read_unlock_bh();
	return ret;
}

/**
 * mytun_capabilities_cipher() - what the current session seals with
 * @peer: peer
 * @cipher: gets enum mytun_cipher
 *
 * Return: false when there is no session.
 */
bool mytun_capabilities_cipher(struct mytun_peer *peer, u32 *cipher)
{
	const struct noise_keypair *keypair;

	rcu_read_lock();
	keypair = rcu_dereference(peer->keypairs.current_keypair);
	if (keypair)
		*cipher = READ_ONCE(keypair->ext.send_gcm) ? MYTUN_CIPHER_AES_256_GCM :
							     MYTUN_CIPHER_CHACHA20_POLY1305;
	rcu_read_unlock();
	return keypair;
}
