/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RCU of one thread. Callbacks run in rcu_barrier() and nowhere else, so a test decides
 * when a grace period ends; a callback that is queued twice, a barrier or a wait inside a
 * read section and a dereference outside of one end the test. In place of readers on other
 * CPUs a test may have a function called after each pointer that a writer sets.
 */
#ifndef _SHIM_LINUX_RCUPDATE_H
#define _SHIM_LINUX_RCUPDATE_H

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/types.h>

extern unsigned int shim_rcu_readers;
extern void (*shim_rcu_reader)(void);	/* for tests: plays the readers; NULL: nobody */

static inline void rcu_read_lock(void)
{
	shim_rcu_readers++;
}

static inline void rcu_read_unlock(void)
{
	WARN_ON(!shim_rcu_readers);
	shim_rcu_readers--;
}

static inline bool rcu_read_lock_held(void)
{
	return shim_rcu_readers;
}

#define rcu_read_lock_bh() rcu_read_lock()
#define rcu_read_unlock_bh() rcu_read_unlock()
#define rcu_read_lock_bh_held() rcu_read_lock_held()

#define rcu_access_pointer(p) READ_ONCE(p)
#define rcu_dereference_protected(p, cond)  \
	__extension__({                     \
		WARN_ON(!(cond));           \
		READ_ONCE(p);               \
	})
#define rcu_dereference_check(p, cond)                          \
	__extension__({                                         \
		WARN_ON(!rcu_read_lock_held() && !(cond));      \
		__atomic_load_n(&(p), __ATOMIC_CONSUME);        \
	})
#define rcu_dereference(p) rcu_dereference_check(p, false)
#define rcu_dereference_bh(p) rcu_dereference_check(p, false)
#define rcu_assign_pointer(p, v)                                \
	do {                                                    \
		__atomic_store_n(&(p), (v), __ATOMIC_RELEASE);  \
		if (shim_rcu_reader)                            \
			shim_rcu_reader();                      \
	} while (0)
#define RCU_INIT_POINTER(p, v) rcu_assign_pointer(p, v)

typedef void (*rcu_callback_t)(struct rcu_head *head);

void call_rcu(struct rcu_head *head, rcu_callback_t func);
void rcu_barrier(void);
static inline void synchronize_rcu(void)
{
	rcu_barrier();
}

/* For tests: how many callbacks wait. */
size_t shim_rcu_pending(void);

#endif /* _SHIM_LINUX_RCUPDATE_H */
