/* SPDX-License-Identifier: GPL-2.0 */
/* The file of a tunnel: where it is, what device it is for, what it says. */
#ifndef VPNCTL_TUNNEL_FILE_H
#define VPNCTL_TUNNEL_FILE_H

#include <limits.h>
#include <stdio.h>
#include <net/if.h>

#include "config.h"

#define CONFIG_DIR "/etc/vpnctl"
#define CONFIG_SUFFIX ".conf"
#define JSON_SUFFIX ".json"
#define TUNNEL_NAME_RULE \
	"The name must be that of a device (1 to 15 of a-zA-Z0-9_=+.-) and " CONFIG_SUFFIX \
	" or " JSON_SUFFIX

/**
 * struct replacement - a file on its way to take the place of another
 * @path: the file to be replaced, no symbolic link
 * @temporary: the new one, beside it, until it takes the place
 * @out: to write to; NULL once it is closed
 * @buffer: of @out, whose own would keep keys
 */
struct replacement {
	char path[PATH_MAX];
	char temporary[PATH_MAX];
	FILE *out;
	char buffer[4096];
};

int tunnel_file_find(char *path, size_t room, const char *dir, const char *arg);
bool tunnel_file_is_json(const char *path);
int tunnel_file_device(char ifname[IFNAMSIZ], const char *path);
int tunnel_file_names(const char *arg, char path[PATH_MAX], char ifname[IFNAMSIZ]);
int tunnel_file_parse(struct config *cfg, const char *path);
int tunnel_file_read(struct config *cfg, const char *path);
bool tunnel_file_changed(const struct config *cfg, const char *path);
int tunnel_file_key(struct config *cfg);
int tunnel_file_lock(const char *path, FILE *log);

int replacement_begin(struct replacement *new, const char *path);
int replacement_close(struct replacement *new);
int replacement_commit(struct replacement *new);
void replacement_abort(struct replacement *new);

#endif /* VPNCTL_TUNNEL_FILE_H */
