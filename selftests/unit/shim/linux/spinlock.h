/* SPDX-License-Identifier: GPL-2.0 */
/* Locks of one thread: what can be seen is taking one twice and giving back none. */
#ifndef _SHIM_LINUX_SPINLOCK_H
#define _SHIM_LINUX_SPINLOCK_H

#include <linux/bug.h>
#include <linux/types.h>

#define SHIM_SPINLOCK_MAGIC 0x6c6f636bU

typedef struct {
	u32 magic;
	bool held;
} spinlock_t;

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->magic = SHIM_SPINLOCK_MAGIC;
	lock->held = false;
}

static inline void spin_lock(spinlock_t *lock)
{
	WARN_ON(lock->magic != SHIM_SPINLOCK_MAGIC || lock->held);
	lock->held = true;
}

static inline void spin_unlock(spinlock_t *lock)
{
	WARN_ON(!lock->held);
	lock->held = false;
}

#define spin_lock_bh(lock) spin_lock(lock)
#define spin_unlock_bh(lock) spin_unlock(lock)

#endif /* _SHIM_LINUX_SPINLOCK_H */
