/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_MODULE_H
#define _SHIM_LINUX_MODULE_H

#define MODULE_SOFTDEP(text) _Static_assert(sizeof(text) > 1, "modules")

#endif /* _SHIM_LINUX_MODULE_H */
