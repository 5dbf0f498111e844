/* SPDX-License-Identifier: GPL-2.0 */
/* Looking for the largest MTU that passes; no probes here. */
#ifndef VPNCTL_MTU_H
#define VPNCTL_MTU_H

#include <stdbool.h>

/**
 * struct mtu_search - what is known so far, in bytes
 * @passes: the largest size that came through; 0: none yet
 * @fails: the smallest size above it that did not
 */
struct mtu_search {
	unsigned int passes;
	unsigned int fails;
};

void mtu_search_begin(struct mtu_search *search);
unsigned int mtu_search_next(const struct mtu_search *search);
void mtu_search_tell(struct mtu_search *search, unsigned int size, bool passed);

#endif /* VPNCTL_MTU_H */
