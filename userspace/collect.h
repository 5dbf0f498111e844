/* SPDX-License-Identifier: GPL-2.0 */
/* Devices with their peers, as many as there are. */
#ifndef VPNCTL_COLLECT_H
#define VPNCTL_COLLECT_H

#include "nl.h"

int collect(struct nl *nl, const char *name, struct device **list);

#endif /* VPNCTL_COLLECT_H */
