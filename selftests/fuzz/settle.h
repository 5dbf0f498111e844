/* SPDX-License-Identifier: GPL-2.0 */
/* What happens to a configuration between its file and the question what it is. */
#ifndef FUZZ_SETTLE_H
#define FUZZ_SETTLE_H

#include "model.h"

/* A key of zeroes is none for the kernel. */
static inline void settle(struct device *dev)
{
	struct peer *peer;

	if (key_is_zero(dev->private_key))
		dev->flags &= ~DEVICE_HAS_PRIVATE_KEY;
	for (peer = dev->peers; peer; peer = peer->next) {
		if (key_is_zero(peer->preshared_key))
			peer->flags &= ~PEER_HAS_PRESHARED_KEY;
	}
}

#endif /* FUZZ_SETTLE_H */
