/* SPDX-License-Identifier: GPL-2.0 */
/* Version, limits, and the names that headers share. */
#ifndef _MYTUN_H
#define _MYTUN_H

#define MYTUN_VERSION "0.1.0"

enum {
	MYTUN_MAX_PEERS = 1 << 20,		/* for each device */
	MYTUN_MAX_NESTED_PEERS = 8,		/* of one device, each behind the next */
	MYTUN_MAX_STAGED = 128,			/* messages of a peer that wait for a session */
	MYTUN_MAX_BATCH = 64,			/* messages, but one GSO packet is not divided */
	MYTUN_MAX_TRAIN = 128,			/* messages in one UDP packet */
	MYTUN_MAX_QUEUED_OUT = 4096,		/* messages, for each device */
	MYTUN_MAX_QUEUED_IN = 1024,
	MYTUN_MAX_QUEUED_HANDSHAKES = 4096,	/* for each device */
	MYTUN_UNDER_LOAD_HANDSHAKES = MYTUN_MAX_QUEUED_HANDSHAKES / 8,
	MYTUN_UNDER_LOAD_SECONDS = 1,		/* after the queue was last that long */
};

struct mytun_device;
struct mytun_peer;
struct mytun_batch;
struct mytun_endpoint;
struct mytun_transport;
struct noise_keypair;
struct sk_buff;

#endif /* _MYTUN_H */
