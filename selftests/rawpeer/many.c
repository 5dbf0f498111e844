// SPDX-License-Identifier: GPL-2.0
/* Commands of rawpeer that send more than one message; rawpeer.c says what they are. */
#include <stdio.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asm/byteorder.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "rawpeer.h"

enum {
	MAX_INITIATIONS = 256,
	FLOOD_MESSAGES = 64,
	PLAY_BUFFER_LEN = 1 << 20,
	UDP_MAX_SEGMENTS = 64,
};

void do_flip(char *const *words, int n)
{
	static const int all[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	int bits = n > 4 ? n - 4 : (int)ARRAY_SIZE(all);
	unsigned long sent = 0;
	u8 msg[CRAFT_MAX_LEN];
	long at;
	int i;

	for (at = number(words, n, 0, 0); at < number(words, n, 1, 0); at++) {
		for (i = 0; i < bits; i++) {
			memcpy(msg, state.craft.msg, state.craft.len);
			msg[at] ^= 1 << number(words, n, 4 + i, all[i]);
			if (!strcmp(words[2], "mac"))
				craft_macs(&state.craft, msg, state.craft.len);
			sent += transmit(side_of(words, n, 3), msg, state.craft.len);
		}
	}
	printf("sent %lu\n", sent);
}

void do_lengths(char *const *words, int n)
{
	unsigned long sent = 0;
	u8 msg[CRAFT_MAX_LEN];
	long len;

	for (len = number(words, n, 0, 0); len < number(words, n, 1, 0); len++) {
		if (len == (long)state.craft.len)
			continue;
		if (getrandom(msg, sizeof(msg), 0) != sizeof(msg))
			abort();
		memcpy(msg, state.craft.msg, state.craft.len);
		sent += transmit(side_of(words, n, 2), msg, len);
	}
	printf("sent %lu\n", sent);
}

void do_types(char *const *words, int n)
{
	unsigned long sent = 0;
	u8 msg[CRAFT_MAX_LEN];
	int type;

	memcpy(msg, state.craft.msg, state.craft.len);
	for (type = 0; type < 256; type++) {
		if (type == state.craft.msg[0])
			continue;
		msg[0] = type;
		if (state.craft.msg[0] <= MESSAGE_RESPONSE)
			craft_macs(&state.craft, msg, state.craft.len);
		sent += transmit(side_of(words, n, 0), msg, state.craft.len);
	}
	printf("sent %lu\n", sent);
}

void do_initiations(char *const *words, int n)
{
	static struct message_initiation msgs[MAX_INITIATIONS];
	long i, count = number(words, n, 0, 0);
	unsigned long sent = 0;

	for (i = 0; i < count && i < MAX_INITIATIONS; i++) {
		if (!craft_initiation(&state.craft, state.craft.stamp + 1, -1, -1))
			break;
		memcpy(&msgs[i], state.craft.msg, sizeof(msgs[i]));
	}
	count = i;
	for (i = 0; i < count; i++)
		sent += transmit(side_of(words, n, 1), (u8 *)&msgs[i], sizeof(msgs[i]));
	printf("sent %lu\n", sent);
}

void make_noise(struct message_initiation *msg, struct cookie *macs)
{
	if (getrandom(msg, sizeof(*msg), 0) != sizeof(*msg))
		abort();
	msg->header.type = cpu_to_le32(MESSAGE_INITIATION);
	msg->sender_index = cpu_to_le32(++state.craft.index);
	if (macs)
		cookie_add_macs(macs, (u8 *)msg, sizeof(*msg), CRAFT_NOW_NS);
}

void do_noise(char *const *words, int n)
{
	struct message_initiation msg;
	unsigned long sent = 0;
	long i;

	for (i = 0; i < number(words, n, 0, 0); i++) {
		make_noise(&msg, &state.craft.cookie);
		sent += transmit(side_of(words, n, 1), (u8 *)&msg, sizeof(msg));
	}
	printf("sent %lu\n", sent);
}

/* In portions, one each millisecond */
void do_flood(char *const *words, int n)
{
	long i, portion, count = number(words, n, 0, 0), rate = number(words, n, 1, 0);
	static struct message_initiation msgs[FLOOD_MESSAGES];
	enum side side = side_of(words, n, 3);
	unsigned long sent = 0;
	long begin;

	for (i = 0; i < FLOOD_MESSAGES; i++)
		make_noise(&msgs[i], strcmp(words[2], "good") ? NULL : &state.craft.cookie);
	begin = now_ms();
	for (i = 0; i < count; i += portion) {
		long due = rate ? (now_ms() - begin) * rate / 1000 : count;

		for (portion = 0; i + portion < due && i + portion < count; portion++)
			sent += transmit(side, (u8 *)&msgs[(i + portion) % FLOOD_MESSAGES],
					 sizeof(msgs[0]));
		if (i + portion < count)
			usleep(1000);
	}
	printf("sent %lu\n", sent);
}

void do_record(char *const *words, int n)
{
	FILE *out = fopen(words[2], "w");
	struct craft *craft = &state.craft;
	long i, count = number(words, n, 0, 0);
	bool ok = out;

	for (i = 0; ok && i < count; i++)
		ok = craft_data(craft, state.session, craft->sessions[state.session].counter,
				number(words, n, 1, 0), false) &&
		     fwrite(&craft->len, sizeof(craft->len), 1, out) == 1 &&
		     fwrite(craft->msg, craft->len, 1, out) == 1;
	if (out)
		ok = !fclose(out) && ok;
	if (ok)
		printf("recorded %ld\n", i);
	else
		puts("error: not recorded");
}

void do_train(char *const *words, int n)
{
	long i, count = number(words, n, 0, 0), odd = number(words, n, 1, -1);
	static u8 train[UDP_MAX_SEGMENTS * CRAFT_MAX_LEN];
	struct craft *craft = &state.craft;
	enum side side = side_of(words, n, 2);
	int segment = 0;
	bool ok = count > 0 && count <= UDP_MAX_SEGMENTS;

	for (i = 0; ok && i < count; i++) {
		ok = craft_data(craft, state.session, craft->sessions[state.session].counter, 0,
				false);
		if (!ok)
			break;
		/* The second byte is the first of the reserved ones */
		craft->msg[1] = i == odd;
		memcpy(train + i * craft->len, craft->msg, craft->len);
	}
	if (ok) {
		segment = craft->len;
		ok = !setsockopt(state.lanes[side].fd, SOL_UDP, UDP_SEGMENT, &segment,
				 sizeof(segment)) &&
		     transmit(side, train, count * segment);
		segment = 0;
		setsockopt(state.lanes[side].fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment));
	}
	if (ok)
		printf("sent %ld\n", count);
	else
		puts("error: not sent");
}

static bool play_one(FILE *in, enum side side)
{
	u8 msg[CRAFT_MAX_LEN];
	size_t len;

	if (fread(&len, sizeof(len), 1, in) != 1 || len > sizeof(msg) ||
	    fread(msg, len, 1, in) != 1)
		return false;
	return transmit(side, msg, len);
}

void do_play(char *const *words, int n)
{
	long i, round, weight = number(words, n, 1, 1), rate = number(words, n, 2, 0);
	unsigned long sent = 0;
	FILE *in[MAX_WORDS];
	bool more = true;
	long begin;

	for (i = 3; i < n; i++) {
		in[i] = fopen(words[i], "r");
		if (!in[i]) {
			puts("error: no such file");
			return;
		}
		setvbuf(in[i], NULL, _IOFBF, PLAY_BUFFER_LEN);
	}
	begin = now_ms();
	for (round = 0; more; round++) {
		while (rate && (now_ms() - begin) * rate < round * 1000)
			usleep(200);
		for (i = 0; i < weight && more; i++) {
			more = play_one(in[3], side_of(words, n, 0));
			sent += more;
		}
		for (i = 4; i < n && more; i++)
			sent += play_one(in[i], side_of(words, n, 0));
	}
	printf("sent %lu in %ld ms\n", sent, now_ms() - begin);
	for (i = 3; i < n; i++)
		fclose(in[i]);
}
