/* SPDX-License-Identifier: GPL-2.0 */
/* A tunnel as it is, back into its file. */
#ifndef VPNCTL_SAVE_H
#define VPNCTL_SAVE_H

#include <stdio.h>

#include "tunnel.h"

void tunnel_write(FILE *out, const struct tunnel *tun, const struct device *dev);
int tunnel_save(const char *ifname, const char *path, FILE *log);

#endif /* VPNCTL_SAVE_H */
