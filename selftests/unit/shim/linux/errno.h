/* SPDX-License-Identifier: GPL-2.0 */
/* libc's <errno.h> comes here too: all that is wanted is the UAPI header of this name. */
#ifndef _SHIM_LINUX_ERRNO_H
#define _SHIM_LINUX_ERRNO_H

#include_next <linux/errno.h>

#endif /* _SHIM_LINUX_ERRNO_H */
