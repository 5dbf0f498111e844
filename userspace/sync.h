/* SPDX-License-Identifier: GPL-2.0 */
/* What syncconf has to change. */
#ifndef VPNCTL_SYNC_H
#define VPNCTL_SYNC_H

#include "model.h"

int sync_reduce(struct device *want, const struct device *have);

#endif /* VPNCTL_SYNC_H */
