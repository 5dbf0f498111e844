/* SPDX-License-Identifier: GPL-2.0 */
/* linux/unaligned.h came after 6.1; before, the architecture had it. */
#ifdef HAVE_LINUX_UNALIGNED
#include_next <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif
