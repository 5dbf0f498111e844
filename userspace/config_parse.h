/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the parser share. */
#ifndef VPNCTL_CONFIG_PARSE_H
#define VPNCTL_CONFIG_PARSE_H

#include "config.h"

/**
 * struct field - one thing that can be configured
 * @key: its name in a file, any case
 * @word: its name on the command line; NULL: not there
 * @section: where it may stand
 * @secret: the value is a key: on the command line the name of a file with it
 * @parse: reads the value into the device, into the last peer, or into the tunnel
 */
struct field {
	const char *key;
	const char *word;
	enum config_section section;
	bool secret;
	int (*parse)(struct config *cfg, const char *value);
};

/* Each of them ends with a key of NULL. */
extern const struct field config_fields[];	/* of wg(8); values have no white space */
extern const struct field tunnel_fields[];	/* of wg-quick(8), trimmed */
extern const struct field extension_fields[];	/* of lines that begin with "#!", trimmed */
extern const struct field peer_extension_fields[];	/* of them what is not for `up' alone */

int config_begin_peer(struct config *cfg, uint32_t flags);
int config_apply(struct config *cfg, const char *key, const char *value);
int config_complain(const struct config *cfg, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int config_no_memory(const struct config *cfg);
int config_number(const char *text, unsigned int base, uint64_t max, uint64_t *number);
void config_strip_space(char *text);
int config_prefix(struct config *cfg, struct allowedip *ip, char *text);

#endif /* VPNCTL_CONFIG_PARSE_H */
