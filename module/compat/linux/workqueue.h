/* SPDX-License-Identifier: GPL-2.0 */
/* WQ_PERCPU must be said where it exists and was the default where it does not. */
#include_next <linux/workqueue.h>

#ifndef _MYTUN_COMPAT_WORKQUEUE_H
#define _MYTUN_COMPAT_WORKQUEUE_H

#ifndef HAVE_WQ_PERCPU
#define WQ_PERCPU 0
#endif

#endif /* _MYTUN_COMPAT_WORKQUEUE_H */
