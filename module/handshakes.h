/* SPDX-License-Identifier: GPL-2.0 */
/* Handshake messages from the wire to the session: queue, load, cookies, rate limit. */
#ifndef _MYTUN_HANDSHAKES_H
#define _MYTUN_HANDSHAKES_H

struct mytun_device;
struct sk_buff;

int mytun_handshakes_init(void);
void mytun_handshakes_uninit(void);
int mytun_handshakes_device_init(struct mytun_device *device);
void mytun_handshakes_device_uninit(struct mytun_device *device);
void mytun_handshakes_receive(struct mytun_device *device, struct sk_buff *skb);

#endif /* _MYTUN_HANDSHAKES_H */
