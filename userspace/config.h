/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parser: configuration files and the arguments of `set` into a struct device.
 * It knows no netlink and resolves no names, so that it can be fuzzed alone.
 */
#ifndef VPNCTL_CONFIG_H
#define VPNCTL_CONFIG_H

#include <stdio.h>
#include <sys/stat.h>

#include "tunnel.h"

enum config_section {
	CONFIG_NOWHERE,
	CONFIG_INTERFACE,
	CONFIG_PEER,
};

/**
 * struct config - state of one parse
 * @source: name of the file for messages; NULL when arguments are parsed
 * @file: what it was when config_open() opened it
 * @line: the line in @source, from 1; 0: it is not known
 * @field: the field or argument whose value is looked at, NULL for none
 * @section: what the fields are about
 * @log: where errors and warnings go; NULL: nowhere
 * @dev: gets what is read; belongs to the caller, also after an error
 * @tun: gets what `up` wants to know besides; @dev is its device. NULL: what is for
 *	wg-quick(8) is an error, and what is for `up` behind "#!" is a comment
 */
struct config {
	const char *source;
	struct stat file;
	unsigned int line;
	const char *field;
	enum config_section section;
	FILE *log;
	struct device *dev;
	struct tunnel *tun;
};

int config_read(struct config *cfg, FILE *in);
int config_read_file(struct config *cfg, const char *path);
int config_open(struct config *cfg, const char *path, int (*read)(struct config *cfg, FILE *in));
int config_strip(struct config *cfg, FILE *in, FILE *out);
int config_read_json(struct config *cfg, FILE *in);
int config_read_json_file(struct config *cfg, const char *path);
int config_read_args(struct config *cfg, char *const *args);
int config_override(struct config *cfg, const char *name, const char *key, const char *value,
		    bool from_file);

#endif /* VPNCTL_CONFIG_H */
