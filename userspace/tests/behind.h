/* SPDX-License-Identifier: GPL-2.0 */
/* What is behind a test: functions that it stands in for, and ASan. */
#ifndef VPNCTL_TEST_BEHIND_H
#define VPNCTL_TEST_BEHIND_H

#include <glob.h>
#include <stddef.h>

#include "config.h"

typedef int (*glob_error)(const char *path, int err);

int __real_glob(const char *pattern, int flags, glob_error error, glob_t *found);
int __real_tunnel_file_parse(struct config *cfg, const char *path);
_Noreturn void __real__exit(int status);

/* gcc has no header of these */
typedef void (*malloc_hook)(const volatile void *memory, size_t len);
typedef void (*free_hook)(const volatile void *memory);

int __sanitizer_install_malloc_and_free_hooks(malloc_hook on_malloc, free_hook on_free);
size_t __sanitizer_get_allocated_size(const volatile void *memory);

#endif /* VPNCTL_TEST_BEHIND_H */
