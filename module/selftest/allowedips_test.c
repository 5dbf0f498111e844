// SPDX-License-Identifier: GPL-2.0
/* Plain C: the unit tests run it in user space too. */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "../core/allowedips.h"
#include "naive_allowedips.h"
#include "selftest.h"

enum step_kind { INSERT, REMOVE, REMOVE_OWNER, LEADS_TO };

enum { A, B, C, D };

/**
 * struct step - one thing that is done to a table, or one answer expected of it
 * @kind: which
 * @len: 4 or 16
 * @addr: network order
 * @prefix_len: of @addr, unless @kind is LEADS_TO or REMOVE_OWNER
 * @owner: its number, for LEADS_TO also NAIVE_NOBODY
 */
struct step {
	enum step_kind kind;
	u8 len;
	u8 addr[16];
	u8 prefix_len;
	int owner;
};

#define V4(a, b, c, d) .len = 4, .addr = { a, b, c, d }
#define V6(a, b, c, d) .len = 16, .addr = { 0x20, 0x01, 0x0d, 0xb8, a, b, 0, 0, c, d }

static const struct step steps[] = {
	{ LEADS_TO, V4(10, 0, 0, 1), .owner = NAIVE_NOBODY },
	{ LEADS_TO, V6(0, 0, 0, 0), .owner = NAIVE_NOBODY },
	{ INSERT, V4(10, 0, 0, 0), 8, A },
	{ INSERT, V4(10, 1, 255, 255), 16, B },		/* host bits do not count */
	{ INSERT, V4(10, 1, 2, 3), 32, C },
	{ INSERT, V4(10, 128, 0, 0), 9, D },
	{ LEADS_TO, V4(10, 0, 0, 1), .owner = A },
	{ LEADS_TO, V4(10, 1, 0, 1), .owner = B },
	{ LEADS_TO, V4(10, 1, 2, 3), .owner = C },
	{ LEADS_TO, V4(10, 1, 2, 2), .owner = B },
	{ LEADS_TO, V4(10, 255, 0, 0), .owner = D },
	{ LEADS_TO, V4(11, 0, 0, 0), .owner = NAIVE_NOBODY },
	{ INSERT, V4(0, 0, 0, 0), 0, D },
	{ LEADS_TO, V4(11, 0, 0, 0), .owner = D },
	{ LEADS_TO, V6(0, 0, 0, 0), .owner = NAIVE_NOBODY },
	{ INSERT, V6(0, 0, 0, 0), 32, A },
	{ INSERT, V6(1, 0, 0, 0), 64, B },		/* either side of the border of words */
	{ INSERT, V6(1, 0, 0x80, 0), 65, C },
	{ INSERT, V6(1, 0, 0, 1), 128, D },
	{ LEADS_TO, V6(2, 0, 0, 0), .owner = A },
	{ LEADS_TO, V6(1, 0, 0, 0), .owner = B },
	{ LEADS_TO, V6(1, 0, 0xff, 0), .owner = C },
	{ LEADS_TO, V6(1, 0, 0, 1), .owner = D },
	{ REMOVE, V4(10, 1, 0, 0), 16, A },		/* not its own */
	{ LEADS_TO, V4(10, 1, 0, 1), .owner = B },
	{ INSERT, V4(10, 1, 0, 0), 16, A },		/* moves */
	{ LEADS_TO, V4(10, 1, 0, 1), .owner = A },
	{ REMOVE, V4(10, 1, 2, 3), 32, C },
	{ LEADS_TO, V4(10, 1, 2, 3), .owner = A },
	{ REMOVE_OWNER, .owner = A },
	{ LEADS_TO, V4(10, 1, 2, 3), .owner = D },
	{ LEADS_TO, V4(10, 255, 0, 0), .owner = D },
	{ LEADS_TO, V6(2, 0, 0, 0), .owner = NAIVE_NOBODY },
	{ LEADS_TO, V6(1, 0, 0, 0), .owner = B },
};

/**
 * struct tables - the table under test and the list that it must agree with
 * @trie: under test
 * @owners: what lookups tell
 * @list: what holds
 */
struct tables {
	struct allowedips trie;
	struct allowedips_owner owners[NAIVE_OWNERS];
	struct naive_table list;
};

static void clear(struct tables *t)
{
	int i;

	allowedips_init(&t->trie);
	for (i = 0; i < NAIVE_OWNERS; i++)
		allowedips_owner_init(&t->owners[i]);
	t->list.count = 0;
}

static bool leads_to(struct tables *t, const u8 *addr, u8 len, int owner)
{
	struct allowedips_owner *found;

	rcu_read_lock_bh();
	found = len == 4 ? allowedips_lookup4(&t->trie, addr) :
			   allowedips_lookup6(&t->trie, addr);
	rcu_read_unlock_bh();
	return found == (owner == NAIVE_NOBODY ? NULL : &t->owners[owner]);
}

static bool passes(struct tables *t, const struct step *step)
{
	struct allowedips_owner *owner;

	if (step->kind == LEADS_TO)
		return leads_to(t, step->addr, step->len, step->owner);

	owner = &t->owners[step->owner];
	switch (step->kind) {
	case INSERT:
		return !allowedips_insert(&t->trie, step->addr, step->len, step->prefix_len, owner);
	case REMOVE:
		allowedips_remove(&t->trie, step->addr, step->len, step->prefix_len, owner);
		return true;
	case REMOVE_OWNER:
		allowedips_remove_owner(&t->trie, owner);
		return !allowedips_next(owner, NULL);
	default:
		return false;
	}
}

static bool fixed_cases(struct tables *t)
{
	bool success = true;
	size_t i;

	clear(t);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if (passes(t, &steps[i]))
			continue;
		pr_err("allowedips self-tests: step %zu: FAIL\n", i);
		success = false;
	}
	allowedips_free(&t->trie);
	return success;
}

/* The same numbers each time (Lehmer, 1951): a failure can be had again. */
static u32 next_random(u64 *state)
{
	u32 rest;

	div_u64_rem(*state * 48271, 0x7fffffff, &rest);
	*state = rest;
	return rest;
}

/* Addresses of few different bits, so that prefixes meet. */
static void random_prefix(struct step *step, u64 *state)
{
	int i;

	step->len = next_random(state) & 1 ? 4 : 16;
	step->prefix_len = next_random(state) % (step->len * 8 + 1);
	step->owner = next_random(state) % NAIVE_OWNERS;
	for (i = 0; i < step->len; i++)
		step->addr[i] = 0xff << next_random(state) % 9;
}

static bool change_both(struct tables *t, const struct step *step, u32 what)
{
	struct allowedips_owner *owner = &t->owners[step->owner];
	struct naive_table *list = &t->list;

	if (what < 5 && list->count < NAIVE_ROOM) {
		naive_insert(list, step->addr, step->len, step->prefix_len, step->owner);
		return !allowedips_insert(&t->trie, step->addr, step->len, step->prefix_len, owner);
	}
	if (what < 9) {
		naive_remove(list, step->addr, step->len, step->prefix_len, step->owner);
		allowedips_remove(&t->trie, step->addr, step->len, step->prefix_len, owner);
	} else {
		naive_remove_owner(list, step->owner);
		allowedips_remove_owner(&t->trie, owner);
	}
	return true;
}

static bool against_list(struct tables *t)
{
	enum { ROUNDS = 3000 };
	struct step step = {};
	u64 random = 1;
	int i, n;

	clear(t);
	for (i = 0; i < ROUNDS; i++) {
		random_prefix(&step, &random);
		if (!change_both(t, &step, next_random(&random) % 10))
			break;
		for (n = 0; n < 2; n++) {
			random_prefix(&step, &random);
			if (!leads_to(t, step.addr, step.len,
				      naive_lookup(&t->list, step.addr, step.len)))
				goto out;
		}
	}
out:
	allowedips_free(&t->trie);
	if (i < ROUNDS)
		pr_err("allowedips self-tests: round %d: FAIL\n", i);
	return i == ROUNDS;
}

bool mytun_allowedips_selftest(void)
{
	struct tables *t = kvzalloc(sizeof(*t), GFP_KERNEL);
	bool success;

	if (!t) {
		pr_err("allowedips self-tests: no memory: FAIL\n");
		return false;
	}
	success = fixed_cases(t) && against_list(t);
	rcu_barrier();		/* nothing of ours is left behind when the module goes on */
	kvfree(t);
	if (success)
		pr_info("allowedips self-tests: pass\n");
	return success;
}
