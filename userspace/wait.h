/* SPDX-License-Identifier: GPL-2.0 */
/* `up` that ends when the tunnel works. */
#ifndef VPNCTL_WAIT_H
#define VPNCTL_WAIT_H

#include <signal.h>
#include <stdio.h>

#include "tunnel.h"

/* While we wait, handshakes are begun by keepalives at this interval. */
#define WAIT_KEEPALIVE 5 /* seconds */

bool wait_is_for(const struct peer *peer);
bool wait_needed(const struct tunnel *tun);
char *wait_text(const struct tunnel *tun);
int wait_for_handshakes(const struct tunnel *tun, const volatile sig_atomic_t *stop, FILE *log);

#endif /* VPNCTL_WAIT_H */
