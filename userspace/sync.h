/* SPDX-License-Identifier: GPL-2.0 */
/* What syncconf and reload have to change. */
#ifndef VPNCTL_SYNC_H
#define VPNCTL_SYNC_H

#include <stdio.h>

#include "tunnel.h"

void sync_keep(struct tunnel *tun, const struct device *have, FILE *log);
int sync_reduce(struct device *want, const struct device *have);

#endif /* VPNCTL_SYNC_H */
