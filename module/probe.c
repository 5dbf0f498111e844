// SPDX-License-Identifier: GPL-2.0
/*
 * Path-MTU probes: core/probe.c under a lock, with a clock, and with somebody to tell. To whom
 * one may be sent is capabilities.c's; own.c sends it, and the answer.
 */
#include <linux/ktime.h>

#include "notify.h"
#include "peer.h"
#include "probe.h"

void mytun_probe_peer_init(struct mytun_peer *peer)
{
	spin_lock_init(&peer->probes.lock);
}

/**
 * mytun_probe_begin() - a probe is about to be sent
 * @peer: peer, which answers probes
 * @id: to be found in the answer
 * @size: bytes of plaintext, %PROBE_MIN_SIZE to %PROBE_MAX_SIZE
 * @msg: gets what it begins with
 *
 * Context: any but hardirq.
 * Return: false when it is too soon after the last one.
 */
bool mytun_probe_begin(struct mytun_peer *peer, u32 id, u16 size, u8 msg[PROBE_LEN])
{
	struct mytun_probes *probes = &peer->probes;
	struct probe probe = { .id = id };
	bool begun;

	spin_lock_bh(&probes->lock);
	begun = probe_begin(&probes->state, id, size, ktime_get_boottime_ns());
	spin_unlock_bh(&probes->lock);
	if (begun)
		probe_write(msg, &probe);
	return begun;
}

/**
 * mytun_probe_receive() - a probe of the peer's, or its answer to ours
 * @keypair: of the session
 * @msg: the plaintext's first %PROBE_LEN bytes, or all that there are
 * @len: of the plaintext, bytes
 * @answer: gets the answer
 * @answering: set when there is one to be sent
 *
 * Context: BH off.
 * Return: MYTUN_DROP_UNSPEC, or the reason when it was not wanted or not understood.
 */
enum mytun_drop mytun_probe_receive(struct noise_keypair *keypair, const u8 *msg, size_t len,
				    u8 answer[PROBE_LEN], bool *answering)
{
	struct mytun_peer *peer = keypair->peer;
	struct mytun_probes *probes = &peer->probes;
	enum probe_verdict verdict;
	struct probe probe;

	*answering = false;
	/* To whom nothing was switched on for, we are plain WireGuard. */
	if (!READ_ONCE(peer->session.extended))
		return MYTUN_DROP_RX_CONTROL;
	spin_lock_bh(&probes->lock);
	verdict = probe_receive(&probes->state, &probe, msg, len, ktime_get_boottime_ns());
	spin_unlock_bh(&probes->lock);
	switch (verdict) {
	case PROBE_TO_ANSWER:
		probe_write(answer, &probe);
		*answering = true;
		return MYTUN_DROP_UNSPEC;
	case PROBE_ANSWERED:
		mytun_notify_probe(peer, probe.id, probe.size);
		return MYTUN_DROP_UNSPEC;
	default:
		return MYTUN_DROP_RX_CONTROL;
	}
}
