/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets at both ends of a tunnel, and one case after the other through it: shapes.c. */
#ifndef _SHAPES_BENCH_H
#define _SHAPES_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shapes.h"

enum {
	QUIET_MS = 300,
	TUNNEL_PORT = 2,		/* of the receiver */
};

/**
 * struct bench - the sockets, and how it goes
 * @sender: namespace, open
 * @receiver: namespace, open
 * @dev: the tunnel's name
 * @argument: of the group
 * @shaper: /dev/skb_shapes, or -1
 * @out: a packet socket to send by
 * @tap: sees what the sender gives to the tunnel
 * @in: sees what the receiver gets from it
 * @wire: sees what comes to the receiver, -1: nothing does
 * @incoming: shaper of what comes in, or -1
 * @mtu: of the tunnel
 * @number: of the next packet
 * @failed: cases
 */
struct bench {
	int sender, receiver;
	const char *dev, *argument;
	int shaper, out, tap, in, wire, incoming;
	unsigned int mtu;
	unsigned int number;
	unsigned int failed;
};

/**
 * struct lot - one case
 * @name: of its shape
 * @shape: how to send it
 * @kind: what to send
 * @tos: traffic class that arrives, -1: nothing does
 */
struct lot {
	const char *name;
	struct skb_shape shape;
	struct packet_kind kind;
	int tos;
};

/**
 * struct group - a group of cases
 * @name: how to ask for it; NULL: the table's end
 * @shapes: it needs the module
 * @run: all of its cases
 */
struct group {
	const char *name;
	bool shapes;
	void (*run)(struct bench *bench);
};

extern const struct group groups[];

void die(const char *what);
/* Return: length of what has come within @ms, 0: nothing has. */
size_t receive(int fd, uint8_t *bytes, bool outgoing, int ms);
bool send_shaped(const struct bench *bench, const struct lot *lot, const struct packet *packet);
/* Send it. Return: all of it has arrived, and nobody has seen what he should not. */
bool goes_through(const struct bench *bench, const struct lot *lot);
/* Forget what has come so far */
void drain(const struct bench *bench);
/* A case: say what has failed, and go on */
void bench_try(struct bench *bench, struct lot *lot);

#endif /* _SHAPES_BENCH_H */
