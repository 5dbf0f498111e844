/* SPDX-License-Identifier: GPL-2.0 */
/* Messages of our own: to a peer and from it. */
#ifndef _MYTUN_OWN_H
#define _MYTUN_OWN_H

#include <linux/skbuff.h>

#include "core/probe.h"
#include "uapi/mytun.h"

struct mytun_peer;
struct noise_keypair;

void mytun_own_keepalive(struct mytun_peer *peer);
void mytun_own_control(struct mytun_peer *peer, u64 session, const u8 *msg, unsigned int len);
void mytun_own_probe(struct mytun_peer *peer, u64 session, const u8 msg[PROBE_LEN],
		     unsigned int size);
void mytun_own_act(struct mytun_peer *peer, u32 actions);
enum mytun_drop mytun_own_receive(struct noise_keypair *keypair, struct sk_buff *skb);

#endif /* _MYTUN_OWN_H */
