/* SPDX-License-Identifier: GPL-2.0 */
/* What this host is like, as far as tunnels care. Nothing here changes anything. */
#ifndef VPNCTL_FACTS_H
#define VPNCTL_FACTS_H

#include "plan.h"

int facts_read(struct facts *facts, const struct tunnel *tun, FILE *log);
int traces_read(struct traces *traces, const struct tunnel *tun, FILE *log);
unsigned int facts_device_mtu(const char *ifname);
int facts_addresses(struct tunnel *tun);

#endif /* VPNCTL_FACTS_H */
