/* SPDX-License-Identifier: GPL-2.0 */
/* A warning is a bug of ours, so it ends the test. */
#ifndef _SHIM_LINUX_BUG_H
#define _SHIM_LINUX_BUG_H

#include <linux/build_bug.h>
#include <linux/compiler.h>

void shim_bug(const char *file, int line, const char *what);

#define BUG() shim_bug(__FILE__, __LINE__, "BUG")
#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (unlikely(cond))                                                                \
			shim_bug(__FILE__, __LINE__, #cond);                                       \
	} while (0)

#define WARN_ON(cond)                                                                              \
	__extension__({                                                                            \
		if (unlikely(cond))                                                                \
			shim_bug(__FILE__, __LINE__, #cond);                                       \
		false;                                                                             \
	})
#define WARN_ON_ONCE(cond) WARN_ON(cond)
#define WARN(cond, ...) WARN_ON(cond)
#define WARN_ONCE(cond, ...) WARN_ON(cond)

#endif /* _SHIM_LINUX_BUG_H */
