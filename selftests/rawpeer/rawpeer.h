/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands of rawpeer work on; rawpeer.c says what they are. */
#ifndef _RAWPEER_H
#define _RAWPEER_H

#include <stdbool.h>

#include "craft.h"

enum {
	MAX_WORDS = 16,
	MESSAGE_TYPES = MESSAGE_DATA + 1,
	TAGS = 1 << 16,
};

enum side { HOME, AWAY, SIDES };

/**
 * struct lane - a socket, and what has come to it
 * @fd: the socket
 * @source: its address, as it goes into a cookie
 * @came: messages since the last "replies", by type; 0: others
 */
struct lane {
	int fd;
	struct cookie_source source;
	unsigned long came[MESSAGE_TYPES];
};

/**
 * struct state - all there is
 * @craft: the protocol
 * @lanes: the sockets
 * @session: the current one
 * @kept: a message that was built
 * @kept_len: its length
 * @pending: last handshake message that came home, by type; its length is 0: none
 * @echo: last echo that came
 * @echoes: replies and requests that came
 * @asked: length of the message that had these last bits in its sender's index
 * @sent: bytes sent since the last "replies"
 * @received: bytes that came in answer to handshake messages since then
 * @amplified: replies that were longer than what they answer
 */
struct state {
	struct craft craft;
	struct lane lanes[SIDES];
	int session;
	u8 kept[CRAFT_MAX_LEN];
	size_t kept_len;
	struct {
		u8 data[sizeof(struct message_initiation)];
		size_t len;
	} pending[MESSAGE_TYPES];
	struct craft_echo echo;
	unsigned long echoes[2];
	size_t asked[TAGS];
	unsigned long sent, received, amplified;
};

extern struct state state;

/* Take what has come, wait for it up to @ms. Return: something has. */
bool pump(int ms);
bool transmit(enum side side, const u8 *data, size_t len);
long now_ms(void);

/* Words after the command; the @i-th as a number, or what it is otherwise */
long number(char *const *words, int n, int i, long otherwise);
/* AWAY unless the @i-th word is home */
enum side side_of(char *const *words, int n, int i);
/* Print what has become of the message that was to be built */
void say_built(bool ok);

/* many.c: commands that send more than one message */
void do_flip(char *const *words, int n);
void do_lengths(char *const *words, int n);
void do_types(char *const *words, int n);
void do_initiations(char *const *words, int n);
void do_noise(char *const *words, int n);
/* An initiation of random contents but for its index; @macs: who has the cookie; NULL: none */
void make_noise(struct message_initiation *msg, struct cookie *macs);
void do_flood(char *const *words, int n);
void do_record(char *const *words, int n);
void do_train(char *const *words, int n);
void do_play(char *const *words, int n);

/* crowd.c: many senders at once */
void do_crowd(char *const *words, int n);

#endif /* _RAWPEER_H */
