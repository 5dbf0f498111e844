/* SPDX-License-Identifier: GPL-2.0 */
/* What goes beyond WireGuard, agreed on with a peer inside each session. */
#ifndef _MYTUN_CAPABILITIES_H
#define _MYTUN_CAPABILITIES_H

#include "core/control.h"
#include "mytun.h"
#include "uapi/mytun.h"

struct mytun_peer;
struct noise_keypair;

bool mytun_capabilities_want(struct mytun_peer *peer, bool extended, bool gcm);
bool mytun_capabilities_due(const struct noise_keypair *keypair);
u64 mytun_capabilities_next(struct mytun_peer *peer, u8 msg[CAPABILITIES_LEN]);
enum mytun_drop mytun_capabilities_receive(struct noise_keypair *keypair, u64 counter,
					   const u8 *msg, size_t len, bool *answer);
bool mytun_capabilities_peer_due(struct mytun_peer *peer);
int mytun_capabilities_may_probe(struct mytun_peer *peer, u64 *session);
bool mytun_capabilities_cipher(struct mytun_peer *peer, u32 *cipher);

#endif /* _MYTUN_CAPABILITIES_H */
