/* SPDX-License-Identifier: GPL-2.0 */
/* Path-MTU probes: a peer's part of them. */
#ifndef _MYTUN_PROBE_H
#define _MYTUN_PROBE_H

#include <linux/spinlock.h>

#include "core/probe.h"
#include "mytun.h"
#include "uapi/mytun.h"

struct mytun_peer;
struct noise_keypair;

/**
 * struct mytun_probes - the probing part of a peer
 * @lock: protects @state; BH off, innermost
 * @state: of the last probe, and how many more there may be
 */
struct mytun_probes {
	spinlock_t lock;
	struct probe_state state;
};

void mytun_probe_peer_init(struct mytun_peer *peer);
bool mytun_probe_begin(struct mytun_peer *peer, u32 id, u16 size, u8 msg[PROBE_LEN]);
enum mytun_drop mytun_probe_receive(struct noise_keypair *keypair, const u8 *msg, size_t len,
				    u8 answer[PROBE_LEN], bool *answering);

#endif /* _MYTUN_PROBE_H */
