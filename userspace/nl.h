/* SPDX-License-Identifier: GPL-2.0 */
/* The conversation with the kernel. */
#ifndef VPNCTL_NL_H
#define VPNCTL_NL_H

#include "model.h"
#include "nl_msg.h"

/* Dumps come in pieces of at most 32 KiB. */
#define NL_RX_SIZE 65536

struct mnl_socket;

/**
 * struct nl - an open netlink socket
 * @sk: the socket
 * @family: number of the family mytun
 * @group: number of its multicast group
 * @seq: of the last message sent
 * @text: what the kernel said about the last error, empty when nothing
 * @warning: the last warning that was passed on
 * @bad_peer: public key of the peer that was refused, valid with @has_bad_peer
 * @has_bad_peer: the last error was about a peer
 * @tx: messages to be sent
 * @rx: what is received
 */
struct nl {
	struct mnl_socket *sk;
	uint16_t family;
	uint32_t group;
	uint32_t seq;
	char text[256];
	char warning[256];
	uint8_t bad_peer[KEY_LEN];
	bool has_bad_peer;
	void *tx;
	void *rx;
};

int nl_open(struct nl *nl);
void nl_close(struct nl *nl);
int nl_list_devices(struct nl *nl, struct device **list);
int nl_get_device(struct nl *nl, const char *name, struct device **dev);
int nl_set_device(struct nl *nl, const struct device *dev);
int nl_set_endpoint(struct nl *nl, const struct device *dev, const struct peer *peer);
int nl_probe(struct nl *nl, const struct device *dev, const struct peer *peer,
	     const struct probe *probe);
int nl_find_family(struct nl *nl);
int nl_receive(struct nl *nl);
int nl_subscribe(struct nl *nl);
int nl_fd(const struct nl *nl);
int nl_take_events(struct nl *nl, int (*fn)(struct event *event, void *arg), void *arg);
int nl_watch(struct nl *nl, int (*fn)(struct event *event, void *arg), void *arg);
void nl_complain(const struct nl *nl, const char *what, const char *name, int err);

#endif /* VPNCTL_NL_H */
