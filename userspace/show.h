/* SPDX-License-Identifier: GPL-2.0 */
/* A device on paper: for people, for scripts, as JSON, as a configuration file. */
#ifndef VPNCTL_SHOW_H
#define VPNCTL_SHOW_H

#include <stdio.h>
#include <jansson.h>

#include "format.h"
#include "model.h"

enum show_field {
	SHOW_ALL,	/* for people; in JSON everything but hidden keys */
	SHOW_PUBLIC_KEY,
	SHOW_PRIVATE_KEY,
	SHOW_LISTEN_PORT,
	SHOW_FWMARK,
	SHOW_PEERS,
	SHOW_PRESHARED_KEYS,
	SHOW_ENDPOINTS,
	SHOW_ALLOWED_IPS,
	SHOW_LATEST_HANDSHAKES,
	SHOW_TRANSFER,
	SHOW_PERSISTENT_KEEPALIVE,
	SHOW_CIPHERS,
	SHOW_DUMP,
	SHOW_DROPS,
	SHOW_N_FIELDS
};

int show_field_by_name(const char *name);
void show_text(FILE *out, const struct device *dev, enum show_field field, bool with_name);
int show_pretty(const struct style *style, const struct device *dev);
json_t *json_text(const char *text);
json_t *show_json(const struct style *style, const struct device *dev, enum show_field field);
void show_config(FILE *out, const struct device *dev);
void show_config_interface(FILE *out, const struct device *dev, bool hide);
void show_config_peers(FILE *out, const struct device *dev, bool hide);

#endif /* VPNCTL_SHOW_H */
