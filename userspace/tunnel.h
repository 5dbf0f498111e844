/* SPDX-License-Identifier: GPL-2.0 */
/* What `up` makes of a configuration file: the device, and the network around it. */
#ifndef VPNCTL_TUNNEL_H
#define VPNCTL_TUNNEL_H

#include "model.h"

/* Of the device: what IPv4 wants (RFC 791), and what still makes a message that UDP takes */
#define LEAST_MTU 68
#define MOST_MTU 65455

/* When the commands of a configuration are run. */
enum tunnel_hook {
	HOOK_PRE_UP,
	HOOK_POST_UP,
	HOOK_PRE_DOWN,
	HOOK_POST_DOWN,
	HOOK_N
};

/**
 * struct texts - a list of strings
 * @items: the strings; they and the array belong to the list
 * @n: how many
 */
struct texts {
	char **items;
	size_t n;
};

/**
 * struct tunnel - everything that a configuration file says
 * @dev: name, keys, port, mark and peers; owned
 * @addresses: of the device, with the bits behind their prefix
 * @n_addresses: how many
 * @dns: addresses of name servers
 * @search: domains to search
 * @mtu: 0: found out from the routes to the endpoints
 * @table: where the routes go: NULL: to the main table, or for default routes to one
 *	of their own; "off": nowhere; else the name or number of a table
 * @hooks: commands, by enum tunnel_hook; "%i" stands for the device
 * @save: `down` writes the configuration to the file
 * @kill_switch: nothing leaves but through the tunnel
 * @gateway: others may go out through this host
 * @timeout: seconds that `up` waits for handshakes with all whose endpoint is known; 0: does
 *	not wait
 * @key_file: where the private key is; NULL: in the file itself
 * @client_endpoint: where clients reach this host, HOST or HOST:PORT; NULL: not said
 * @client_dns: name servers for clients; NULL: not said
 * @foreign_key: the private key does not come from the file, nor from @key_file
 */
struct tunnel {
	struct device *dev;
	struct allowedip *addresses;
	size_t n_addresses;
	struct texts dns;
	struct texts search;
	unsigned int mtu;
	char *table;
	struct texts hooks[HOOK_N];
	bool save;
	bool kill_switch;
	bool gateway;
	unsigned int timeout;
	char *key_file;
	char *client_endpoint;
	char *client_dns;
	bool foreign_key;
};

struct tunnel *tunnel_alloc(void);
void tunnel_free(struct tunnel *tun);
struct allowedip *tunnel_add_address(struct tunnel *tun);
bool tunnel_has_family(const struct tunnel *tun, sa_family_t family);

int texts_add(struct texts *texts, const char *text);
void texts_clear(struct texts *texts);

#endif /* VPNCTL_TUNNEL_H */
