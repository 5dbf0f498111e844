// SPDX-License-Identifier: GPL-2.0
/* Session keys: three of them for each peer, taken in turns; see keypair.h. */
#include <linux/slab.h>
#include <linux/ktime.h>

#include "gcm.h"
#include "keypair.h"
#include "peer.h"

static atomic64_t keypair_ids = ATOMIC64_INIT(0);

void mytun_keypairs_init(struct noise_keypairs *keypairs)
{
	spin_lock_init(&keypairs->lock);
}

static void keypair_free_rcu(struct rcu_head *rcu)
{
	struct noise_keypair *keypair = container_of(rcu, struct noise_keypair, rcu);

	mytun_gcm_free(keypair->ext.gcm);
	kfree_sensitive(keypair);
}

static void keypair_release(struct kref *refcount)
{
	struct noise_keypair *keypair = container_of(refcount, struct noise_keypair, refcount);
	struct mytun_peer *peer = keypair->peer;

	pr_debug("%s: Keypair %llu destroyed for peer %u\n", peer->device->dev->name, keypair->id,
		 peer->id);
	call_rcu(&keypair->rcu, keypair_free_rcu);
	mytun_peer_put(peer);
}

/**
 * mytun_keypair_put() - give a reference back
 * @keypair: keypair
 *
 * Context: any.
 */
void mytun_keypair_put(struct noise_keypair *keypair)
{
	kref_put(&keypair->refcount, keypair_release);
}

/**
 * mytun_keypair_get_unless_zero() - take a reference to a keypair seen under RCU
 * @keypair: keypair or NULL
 *
 * Return: @keypair with a reference, or NULL.
 */
struct noise_keypair *mytun_keypair_get_unless_zero(struct noise_keypair *keypair)
{
	return keypair && kref_get_unless_zero(&keypair->refcount) ? keypair : NULL;
}

/* Out of its slot: found and used no longer; who has a reference may finish. */
static void keypair_retire(struct noise_keypair *keypair)
{
	if (!keypair)
		return;
	WRITE_ONCE(keypair->sending_valid, false);
	WRITE_ONCE(keypair->receiving_valid, false);
	mytun_lookup_remove_index(&keypair->peer->device->lookup, &keypair->index);
	mytun_keypair_put(keypair);
}

/* Without memory for it the session does without. The session's mutex is held. */
static void init_extensions(struct noise_extensions *ext, const struct mytun_peer *peer,
			    const struct noise_session_keys *keys)
{
	memcpy(ext->sending_key, keys->gcm_sending, NOISE_KEY_LEN);
	memcpy(ext->receiving_key, keys->gcm_receiving, NOISE_KEY_LEN);
	if (peer->session.gcm_wanted)
		ext->gcm = mytun_gcm_create(ext->sending_key, ext->receiving_key);
	ext->offering = peer->session.extended;
}

/**
 * mytun_keypair_create() - make a keypair of what a handshake yielded
 * @peer: peer; its session's mutex held
 * @keys: keys; the index moves from the handshake to the keypair
 *
 * Context: may sleep.
 * Return: the keypair, for mytun_keypairs_add(), or NULL.
 */
struct noise_keypair *mytun_keypair_create(struct mytun_peer *peer,
					   const struct noise_session_keys *keys)
{
	struct mytun_lookup *lookup = &peer->device->lookup;
	struct noise_keypair *keypair;

	lockdep_assert_held(&peer->session.lock);
	keypair = kzalloc(sizeof(*keypair), GFP_KERNEL);
	if (!keypair)
		return NULL;
	keypair->remote_index = keys->remote_index;
	keypair->initiator = keys->initiator;
	keypair->sending_valid = true;
	keypair->receiving_valid = true;
	keypair->born_ns = ktime_get_coarse_boottime_ns();
	memcpy(keypair->sending_key, keys->sending, NOISE_KEY_LEN);
	memcpy(keypair->receiving_key, keys->receiving, NOISE_KEY_LEN);
	init_extensions(&keypair->ext, peer, keys);
	replay_init(&keypair->replay);
	kref_init(&keypair->refcount);
	keypair->id = atomic64_inc_return(&keypair_ids);
	keypair->peer = mytun_peer_get(peer);
	keypair->index.kind = INDEX_KEYPAIR;
	mytun_lookup_remove_index(lookup, &peer->session.index);
	/* From here on messages find it. */
	if (mytun_lookup_add_index_as(lookup, &keypair->index, keys->local_index)) {
		mytun_peer_put(peer);
		mytun_gcm_free(keypair->ext.gcm);
		kfree_sensitive(keypair);
		return NULL;
	}
	pr_debug("%s: Keypair %llu created for peer %u\n", peer->device->dev->name, keypair->id,
		 peer->id);
	return keypair;
}

static struct noise_keypair *slot_swap(struct noise_keypairs *keypairs,
				       struct noise_keypair __rcu **slot,
				       struct noise_keypair *keypair)
{
	return rcu_replace_pointer(*slot, keypair, lockdep_is_held(&keypairs->lock));
}

/**
 * mytun_keypairs_add() - put a new keypair in its slot
 * @keypairs: slots
 * @keypair: new; its reference goes to the slot
 *
 * As initiator we know that the responder has the keys, and use them at once; what was
 * current becomes previous. As responder we wait for the initiator's first data, so that
 * the keypair is only the next one.
 */
void mytun_keypairs_add(struct noise_keypairs *keypairs, struct noise_keypair *keypair)
{
	struct noise_keypair *next, *current_keypair;

	spin_lock_bh(&keypairs->lock);
	if (!keypair->initiator) {
		keypair_retire(slot_swap(keypairs, &keypairs->next, keypair));
		keypair_retire(slot_swap(keypairs, &keypairs->previous, NULL));
		goto out;
	}
	next = slot_swap(keypairs, &keypairs->next, NULL);
	current_keypair = slot_swap(keypairs, &keypairs->current_keypair, keypair);
	if (next) {
		/* The peer may already send with a session that it initiated: keep that one. */
		keypair_retire(slot_swap(keypairs, &keypairs->previous, next));
		keypair_retire(current_keypair);
	} else {
		keypair_retire(slot_swap(keypairs, &keypairs->previous, current_keypair));
	}
out:
	spin_unlock_bh(&keypairs->lock);
}

/**
 * mytun_keypairs_confirm() - authenticated data came with a keypair
 * @keypairs: slots
 * @received: the keypair
 *
 * Context: RCU held.
 * Return: true when it was the next one and is now the current one.
 */
bool mytun_keypairs_confirm(struct noise_keypairs *keypairs, struct noise_keypair *received)
{
	bool confirmed;

	if (likely(received != rcu_access_pointer(keypairs->next)))
		return false;
	spin_lock_bh(&keypairs->lock);
	confirmed = received == rcu_access_pointer(keypairs->next);
	if (confirmed) {
		received = slot_swap(keypairs, &keypairs->next, NULL);
		received = slot_swap(keypairs, &keypairs->current_keypair, received);
		keypair_retire(slot_swap(keypairs, &keypairs->previous, received));
	}
	spin_unlock_bh(&keypairs->lock);
	return confirmed;
}

/**
 * mytun_keypairs_clear() - give all keypairs up
 * @keypairs: slots
 *
 * Return: true when there was any.
 */
bool mytun_keypairs_clear(struct noise_keypairs *keypairs)
{
	bool had_keypair;

	spin_lock_bh(&keypairs->lock);
	had_keypair = rcu_access_pointer(keypairs->previous) ||
		      rcu_access_pointer(keypairs->current_keypair) ||
		      rcu_access_pointer(keypairs->next);
	keypair_retire(slot_swap(keypairs, &keypairs->previous, NULL));
	keypair_retire(slot_swap(keypairs, &keypairs->current_keypair, NULL));
	keypair_retire(slot_swap(keypairs, &keypairs->next, NULL));
	spin_unlock_bh(&keypairs->lock);
	return had_keypair;
}

static u64 born(struct noise_keypairs *keypairs, struct noise_keypair __rcu *slot)
{
	struct noise_keypair *keypair;

	keypair = rcu_dereference_protected(slot, lockdep_is_held(&keypairs->lock));
	return keypair ? keypair->born_ns : 0;
}

/**
 * mytun_keypairs_newest() - when the youngest keypair was derived
 * @keypairs: slots
 *
 * Return: boot time in ns, 0 when there is none.
 */
u64 mytun_keypairs_newest(struct noise_keypairs *keypairs)
{
	u64 newest;

	spin_lock_bh(&keypairs->lock);
	newest = max3(born(keypairs, keypairs->previous), born(keypairs, keypairs->current_keypair),
		      born(keypairs, keypairs->next));
	spin_unlock_bh(&keypairs->lock);
	return newest;
}

static void stop_sending(struct noise_keypairs *keypairs, struct noise_keypair __rcu *slot)
{
	struct noise_keypair *keypair;

	keypair = rcu_dereference_protected(slot, lockdep_is_held(&keypairs->lock));
	if (keypair)
		WRITE_ONCE(keypair->sending_valid, false);
}

/**
 * mytun_keypairs_expire_current() - send nothing more with the present keys
 * @keypairs: slots; they still receive what is under way
 */
void mytun_keypairs_expire_current(struct noise_keypairs *keypairs)
{
	spin_lock_bh(&keypairs->lock);
	stop_sending(keypairs, keypairs->next);
	stop_sending(keypairs, keypairs->current_keypair);
	spin_unlock_bh(&keypairs->lock);
}

/**
 * mytun_keypair_age() - the facts that decide on a rekey
 * @keypair: keypair
 * @counter: the counter in question
 */
struct session_age mytun_keypair_age(const struct noise_keypair *keypair, u64 counter)
{
	return (struct session_age){
		.born_ns = keypair->born_ns,
		.counter = counter,
		.initiator = keypair->initiator,
	};
}

static bool may_send(const struct noise_keypair *keypair)
{
	struct session_age age;

	if (!keypair || !READ_ONCE(keypair->sending_valid))
		return false;
	age = mytun_keypair_age(keypair, atomic64_read(&keypair->sending_counter));
	return session_policy_usable(&age, ktime_get_coarse_boottime_ns());
}

/**
 * mytun_keypairs_may_send() - is there a keypair to send with?
 * @keypairs: slots
 *
 * Context: rcu_read_lock_bh() held.
 */
bool mytun_keypairs_may_send(struct noise_keypairs *keypairs)
{
	return may_send(rcu_dereference_bh(keypairs->current_keypair));
}

/**
 * mytun_keypair_get_sending() - the keypair to send with
 * @keypairs: slots
 *
 * Context: rcu_read_lock_bh() held.
 * Return: the current keypair with a reference, or NULL when there is none in date.
 */
struct noise_keypair *mytun_keypair_get_sending(struct noise_keypairs *keypairs)
{
	struct noise_keypair *keypair = rcu_dereference_bh(keypairs->current_keypair);

	return may_send(keypair) ? mytun_keypair_get_unless_zero(keypair) : NULL;
}
