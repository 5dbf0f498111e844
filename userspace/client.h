/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client that a hub makes: a tunnel with one peer, which is the hub. What it gets is
 * decided here, from the hub's file; nothing here knows netlink.
 */
#ifndef VPNCTL_CLIENT_H
#define VPNCTL_CLIENT_H

#include "config.h"

#define MOST_CLIENT_NAME 63

bool client_name_is_good(const char *name);
bool client_name_is_taken(const struct tunnel *hub, const char *name);
int client_give_addresses(struct tunnel *client, const struct tunnel *hub,
			  const struct device *live, FILE *log);
int client_give_endpoint(struct config *cfg, const char *name, const char *text, uint16_t port);
int client_give_allowed_ips(struct tunnel *client, const struct tunnel *hub);
int client_make_keys(struct tunnel *client, bool preshared);
int client_add_to_hub(struct device *hub, const struct tunnel *client, const char *name);
void client_write(FILE *out, const struct tunnel *client);
int client_text(char *text, size_t room, const struct tunnel *client);
bool address_is_public(const union endpoint *ep);

#endif /* VPNCTL_CLIENT_H */
