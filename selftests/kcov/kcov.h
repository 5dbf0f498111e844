/* SPDX-License-Identifier: GPL-2.0 */
/* A fuzzer that the guest's kernel leads by telling what was covered; kcov.c says how. */
#ifndef _SELFTESTS_KCOV_H
#define _SELFTESTS_KCOV_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

enum {
	INPUT_MAX_LEN = 1600,
	INPUT_HEAD_LEN = 8,
};

/**
 * struct input - what a target is given once
 * @head: how to use it, each byte as the target likes
 * @len: bytes of @data
 * @data: the rest
 */
struct input {
	u8 head[INPUT_HEAD_LEN];
	size_t len;
	u8 data[INPUT_MAX_LEN];
};

/**
 * struct target - a way into the module
 * @name: of the target
 * @workers: what it starts goes on in workers and softirqs
 * @open: prepare, by the words of the command line; ends the program on failure
 * @make: an input from nothing. The first ones, by @number, are the same in each run
 * @first: how many of those there are
 * @mutate: change an input; @other is one of the corpus
 * @run: have the module work on it; @input may not be changed
 */
struct target {
	const char *name;
	bool workers;
	void (*open)(char *const *words, int n);
	void (*make)(struct input *input, int number);
	int first;
	void (*mutate)(struct input *input, const struct input *other);
	void (*run)(const struct input *input);
};

extern const struct target packet_target, netlink_target;

void __attribute__((__noreturn__)) die(const char *what);

/* A random number below @bound, which is not 0 */
u32 below(u32 bound);
/* True once in @n times */
bool once_in(u32 n);
u64 any_number(void);
void any_bytes(u8 *out, size_t len);

/* Change bytes, their number too */
void mutate_bytes(struct input *input, const struct input *other);

/* The first attribute of a device by netlink; to be called before peer_renew() */
void netlink_open(const char *ifname);
/* The device knows this peer as on its first day, and sends it an initiation */
void peer_renew(const u8 *public_key, const u8 endpoint[4], u16 port, const u8 inner[4]);

#endif /* _SELFTESTS_KCOV_H */
