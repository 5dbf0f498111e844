/* SPDX-License-Identifier: GPL-2.0 */
/* Events to the netlink multicast group; below everything that has something to tell. */
#ifndef _MYTUN_NOTIFY_H
#define _MYTUN_NOTIFY_H

#include <linux/types.h>

#include "mytun.h"

struct genl_family;

void mytun_notify_init(const struct genl_family *family);
void mytun_notify_start(void);
void mytun_notify_stop(void);
const struct genl_family *mytun_notify_family(void);
int mytun_notify_put_device(struct sk_buff *msg, const struct mytun_device *device);
void mytun_notify_peer_up(struct mytun_peer *peer);
void mytun_notify_peer_dead(struct mytun_peer *peer, u32 reason);
void mytun_notify_endpoint(struct mytun_peer *peer);
void mytun_notify_probe(struct mytun_peer *peer, u32 id, u16 size);
int mytun_notify_put_endpoint(struct sk_buff *msg, struct mytun_peer *peer);

#endif /* _MYTUN_NOTIFY_H */
