/* SPDX-License-Identifier: GPL-2.0 */
/* Netlink messages of family mytun to and from the model; no socket here. */
#ifndef VPNCTL_NL_MSG_H
#define VPNCTL_NL_MSG_H

#include <linux/netlink.h>

#include "model.h"

/* A nest's length is 16 bits; the rest of the message needs a little of it. */
#define MSG_ROOM 60000

/**
 * struct probe - a path-MTU probe
 * @id: random
 * @size: of the inner packet that it stands for, bytes
 */
struct probe {
	uint32_t id;
	uint16_t size;
};

/**
 * struct event - what a message of the multicast group says
 * @cmd: MYTUN_CMD_*_NTF
 * @dev: name, index and, as its only peer, whom it is about
 * @peer: that peer
 * @reason: enum mytun_dead_reason
 * @probe: that was answered
 */
struct event {
	uint8_t cmd;
	struct device *dev;
	struct peer *peer;
	uint32_t reason;
	struct probe probe;
};

struct nlmsghdr *msg_start(void *buf, uint16_t family, uint16_t flags, uint8_t cmd,
			   const struct device *dev);
void msg_put_device(struct nlmsghdr *nlh, const struct device *dev);
size_t msg_put_peer(struct nlmsghdr *nlh, size_t room, const struct peer *peer, size_t first);
void msg_put_probe(struct nlmsghdr *nlh, const struct peer *peer, const struct probe *probe);

int msg_get_device(const struct nlmsghdr *nlh, struct device *dev);
int msg_get_peer(const struct nlmsghdr *nlh, struct device *dev);
int msg_get_event(const struct nlmsghdr *nlh, struct event *event);
const char *msg_get_extack(const struct nlmsghdr *nlh);

#endif /* VPNCTL_NL_MSG_H */
