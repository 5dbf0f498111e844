/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_CACHE_H
#define _SHIM_LINUX_CACHE_H

#include <linux/compiler.h>

#define ____cacheline_aligned __aligned(64)
#define ____cacheline_aligned_in_smp ____cacheline_aligned

#endif /* _SHIM_LINUX_CACHE_H */
