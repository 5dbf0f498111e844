/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_SCATTERLIST_H
#define _SHIM_LINUX_SCATTERLIST_H

#include <linux/types.h>

struct scatterlist {
	u8 *addr;
	unsigned int length;
	bool last;
};

static inline void sg_init_one(struct scatterlist *sg, void *addr, unsigned int length)
{
	*sg = (struct scatterlist){ .addr = addr, .length = length, .last = true };
}

#endif /* _SHIM_LINUX_SCATTERLIST_H */
