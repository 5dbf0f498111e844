// SPDX-License-Identifier: GPL-2.0
/*
 * A peer of a device under test that does what it is told, right or wrong:
 *
 *	rawpeer ADDRESS PORT PUBLIC-KEY OWN-ADDRESS OWN-PORT INNER-ADDRESS INNER-DEST
 *
 * ADDRESS, PORT and PUBLIC-KEY are the device's. Our private key, in base64, is the first
 * line of the standard input; each line after it is a command, and gets one line of answer.
 * There are two sockets, home with OWN-PORT and away with another port. SIDE is one of them.
 *
 *	initiation [STAMP [E [S]]]	build one, with that TAI64N (seconds), default: the
 *					next one; E and S: low-order points in place of the
 *					ephemeral and the static key, -1: none
 *	response [E]			build the answer to the last initiation that came
 *	cookie				build a cookie as an answer to that
 *	data [COUNTER [LEN]]		build an echo request of the current session
 *	keepalive [COUNTER]		build an empty message of it
 *	lowpoint N			that low-order point, as a key
 *	keep, recall			keep what was built; have it again
 *	send SIDE			send what was built
 *	train N ODD SIDE		send N echo requests of the session as one GSO packet; the
 *					ODDth, from 0 on, says that it is AES-256-GCM
 *	flip FROM TO MACS SIDE [BIT...]	send it once for each of those bits of each byte in
 *					[FROM, TO) flipped; MACS: mac (made anew) or raw
 *	lengths FROM TO SIDE		send it cut, or random bytes added, to each length
 *	types SIDE			send it with each other value of its first byte
 *	initiations N SIDE		send N initiations, made beforehand
 *	noise N SIDE			send N initiations of random contents, macs right
 *	flood N RATE MACS SIDE		the same with a few different ones again and again, RATE
 *					each second (0: at once); MACS: good or bad
 *	crowd N PORT [FIRST]		from each of N networks fd01:0:X:Y::/64, X:Y from FIRST on,
 *					random contents with good macs, then once more with the
 *					cookie that came
 *	record N LEN FILE		write N echo requests of the session, LEN inside
 *	play SIDE WEIGHT RATE FILE...	send them in rounds, RATE each second (0: at once):
 *					WEIGHT of the first file and one of each of the others,
 *					until the first has no more
 *	await TYPE SECONDS		wait for initiation, response, cookie at home, take it;
 *					"initiation+cookie": with the mac2 of a cookie of ours
 *	crumble				forget the device's cookie
 *	begin				make the session, after a response was sent
 *	echo [COUNTER]			send an echo request home, wait for the reply
 *	request SECONDS			wait for an echo request of the device
 *	session N			go on with an earlier one
 *	replies				what has come since the last time; it is forgotten
 *	secrets				what we share with the device, in hexadecimal: chaining key
 *					of the handshake under way, product of the static keys, both
 *					keys of the session for each cipher
 *	ephemeral HEX			is that the private key of the last initiation that came?
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <sodium/utils.h>

#include <linux/kernel.h>
#include <linux/string.h>

#include "crypto.h"
#include "rawpeer.h"

enum {
	LINE_LEN = 512,
	ECHO_SECONDS = 10,
	ECHO_PAYLOAD_LEN = 56,
	FIRST_STAMP = 1000000,
	RECEIVE_BUFFER_LEN = 8 << 20,
};

struct state state;

/* ---- the wire ---- */

/* A reply names the index of the message that it answers. What names none is too long. */
static void weigh(const u8 *data, size_t len)
{
	size_t at = data[0] == MESSAGE_RESPONSE ?
			    offsetof(struct message_response, receiver_index) :
			    offsetof(struct message_cookie, receiver_index);

	state.received += len;
	if (len < at + sizeof(__le32) || len > state.asked[data[at] | data[at + 1] << 8])
		state.amplified++;
}

static void take(enum side side, const u8 *data, size_t len)
{
	int type = message_classify(data, len);
	struct craft_echo echo;

	state.lanes[side].came[type]++;
	/* An initiation or data is not sent as an answer */
	if (data[0] != MESSAGE_INITIATION && data[0] != MESSAGE_DATA)
		weigh(data, len);
	if (type == MESSAGE_DATA) {
		if (!craft_take_data(&state.craft, data, len, &echo))
			return;
		state.echo = echo;
		state.echoes[echo.reply]++;
	} else if (type != MESSAGE_INVALID && side == HOME) {
		memcpy(state.pending[type].data, data, len);
		state.pending[type].len = len;
	}
}

/* Take what has come, wait for it up to @ms. Return: something has. */
bool pump(int ms)
{
	struct pollfd ready[SIDES];
	u8 data[CRAFT_MAX_LEN];
	bool any = false;
	ssize_t len;
	int i;

	for (i = 0; i < SIDES; i++)
		ready[i] = (struct pollfd){ .fd = state.lanes[i].fd, .events = POLLIN };
	if (poll(ready, SIDES, ms) <= 0)
		return false;
	for (i = 0; i < SIDES; i++) {
		/* An ICMP error is no message. */
		while ((len = recv(state.lanes[i].fd, data, sizeof(data), MSG_DONTWAIT)) >= 0) {
			take(i, data, len);
			any = true;
		}
	}
	return any;
}

long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool transmit(enum side side, const u8 *data, size_t len)
{
	/* An ICMP error that came for an earlier one is reported once. */
	if (send(state.lanes[side].fd, data, len, 0) < 0 &&
	    send(state.lanes[side].fd, data, len, 0) < 0)
		return false;
	if (len >= 8)
		state.asked[data[4] | data[5] << 8] = len;
	state.sent += len;
	return true;
}

/* ---- commands: words after the first; each prints its answer ---- */

long number(char *const *words, int n, int i, long otherwise)
{
	return i < n ? strtol(words[i], NULL, 0) : otherwise;
}

/* Return: AWAY unless the word says home */
enum side side_of(char *const *words, int n, int i)
{
	return i < n && !strcmp(words[i], "home") ? HOME : AWAY;
}

void say_built(bool ok)
{
	if (ok)
		printf("built %zu\n", state.craft.len);
	else
		puts("error: not built");
}

static void do_lowpoint(char *const *words, int n)
{
	char text[sodium_base64_ENCODED_LEN(NOISE_KEY_LEN, sodium_base64_VARIANT_ORIGINAL)];

	puts(sodium_bin2base64(text, sizeof(text), craft_low_order(number(words, n, 0, 0)),
			       NOISE_KEY_LEN, sodium_base64_VARIANT_ORIGINAL));
}

static void do_keep(char *const *words, int n)
{
	memcpy(state.kept, state.craft.msg, state.craft.len);
	state.kept_len = state.craft.len;
	puts("kept");
}

static void do_recall(char *const *words, int n)
{
	memcpy(state.craft.msg, state.kept, state.kept_len);
	state.craft.len = state.kept_len;
	say_built(state.kept_len);
}

static void do_initiation(char *const *words, int n)
{
	say_built(craft_initiation(&state.craft, number(words, n, 0, state.craft.stamp + 1),
				   number(words, n, 1, -1), number(words, n, 2, -1)));
}

static void do_response(char *const *words, int n)
{
	say_built(craft_response(&state.craft, number(words, n, 0, -1)));
}

static void do_cookie(char *const *words, int n)
{
	say_built(craft_cookie(&state.craft, (void *)state.pending[MESSAGE_INITIATION].data,
			       &state.lanes[HOME].source));
}

/* The counter is up to 2^64 - 1. */
static u64 counter_of(char *const *words, int n)
{
	return n ? strtoull(words[0], NULL, 0) : state.craft.sessions[state.session].counter;
}

static void do_data(char *const *words, int n)
{
	say_built(craft_data(&state.craft, state.session, counter_of(words, n),
			     number(words, n, 1, ECHO_PAYLOAD_LEN), false));
}

static void do_keepalive(char *const *words, int n)
{
	say_built(craft_data(&state.craft, state.session, counter_of(words, n), 0, true));
}

static void do_send(char *const *words, int n)
{
	printf("sent %d\n", transmit(side_of(words, n, 0), state.craft.msg, state.craft.len));
}

static bool take_pending(int type)
{
	const void *msg = state.pending[type].data;

	switch (type) {
	case MESSAGE_INITIATION:
		return craft_take_initiation(&state.craft, msg);
	case MESSAGE_RESPONSE:
		if (!craft_take_response(&state.craft, msg))
			return false;
		state.session = craft_begin_session(&state.craft);
		return true;
	default:
		return craft_take_cookie(&state.craft, msg);
	}
}

/* Does the initiation that came last prove that the device has our cookie? */
static bool has_cookie(void)
{
	return cookie_check_macs(&state.craft.checker, state.pending[MESSAGE_INITIATION].data,
				 sizeof(struct message_initiation), &state.lanes[HOME].source,
				 true, 1) == COOKIE_VALID;
}

static void do_await(char *const *words, int n)
{
	static const char *const names[] = { "", "initiation", "response", "cookie" };
	long end = now_ms() + number(words, n, 1, ECHO_SECONDS) * 1000;
	size_t type;

	for (type = 1; type < ARRAY_SIZE(names) - 1; type++)
		if (n && !strcmp(words[0], names[type]))
			break;
	while (!state.pending[type].len && now_ms() < end)
		pump(10);
	if (!state.pending[type].len) {
		puts("none");
		return;
	}
	state.pending[type].len = 0;
	printf("%s%s\n", take_pending(type) ? names[type] : "bad",
	       type == MESSAGE_INITIATION && has_cookie() ? "+cookie" : "");
}

static void do_crumble(char *const *words, int n)
{
	cookie_init(&state.craft.cookie, state.craft.remote);
	puts("crumbled");
}

static void do_begin(char *const *words, int n)
{
	state.session = craft_begin_session(&state.craft);
	printf("session %d\n", state.session);
}

/* Wait for the echo whose sequence number is the counter's, or for any request. */
static bool await_echo(bool reply, u16 sequence, long seconds)
{
	long end = now_ms() + seconds * 1000;
	unsigned long before = state.echoes[reply];

	while (now_ms() < end) {
		pump(10);
		if (state.echoes[reply] != before && state.echo.reply == reply &&
		    (!reply || state.echo.sequence == sequence))
			return true;
	}
	return false;
}

static void do_echo(char *const *words, int n)
{
	u64 counter = counter_of(words, n);

	if (!craft_data(&state.craft, state.session, counter, ECHO_PAYLOAD_LEN, false) ||
	    !transmit(HOME, state.craft.msg, state.craft.len)) {
		puts("error: not sent");
		return;
	}
	if (await_echo(true, counter, ECHO_SECONDS))
		printf("answered in session %d\n", state.echo.session);
	else
		puts("silent");
}

static void do_request(char *const *words, int n)
{
	if (await_echo(false, 0, number(words, n, 0, ECHO_SECONDS)))
		printf("asked in session %d\n", state.echo.session);
	else
		puts("silent");
}

static void do_session(char *const *words, int n)
{
	long session = number(words, n, 0, 0);

	if (session < 0 || session >= state.craft.count) {
		puts("error: no such session");
		return;
	}
	state.session = session;
	printf("session %ld\n", session);
}

static void do_replies(char *const *words, int n)
{
	const unsigned long *home = state.lanes[HOME].came, *away = state.lanes[AWAY].came;
	int type;

	while (pump(0))
		;
	printf("home %lu %lu %lu %lu away %lu %lu %lu %lu bytes %lu of %lu longer %lu\n",
	       home[MESSAGE_INITIATION], home[MESSAGE_RESPONSE], home[MESSAGE_COOKIE],
	       home[MESSAGE_DATA], away[MESSAGE_INITIATION], away[MESSAGE_RESPONSE],
	       away[MESSAGE_COOKIE], away[MESSAGE_DATA] + away[MESSAGE_INVALID],
	       state.received, state.sent, state.amplified);
	memset(state.lanes[HOME].came, 0, sizeof(state.lanes[HOME].came));
	memset(state.lanes[AWAY].came, 0, sizeof(state.lanes[AWAY].came));
	for (type = 0; type < MESSAGE_TYPES; type++)
		state.pending[type].len = 0;
	state.sent = 0;
	state.received = 0;
	state.amplified = 0;
}

static void say_secret(const char *name, const u8 secret[NOISE_KEY_LEN])
{
	char text[2 * NOISE_KEY_LEN + 1];

	printf("%s %s ", name, sodium_bin2hex(text, sizeof(text), secret, NOISE_KEY_LEN));
}

static void do_secrets(char *const *words, int n)
{
	const struct noise_session_keys *keys = &state.craft.sessions[state.session].keys;

	say_secret("chaining", state.craft.hs.chaining_key);
	say_secret("static-static", state.craft.hs.static_static);
	say_secret("sending", keys->sending);
	say_secret("receiving", keys->receiving);
	say_secret("gcm-sending", keys->gcm_sending);
	say_secret("gcm-receiving", keys->gcm_receiving);
	putchar('\n');
}

static void do_ephemeral(char *const *words, int n)
{
	const struct message_initiation *msg = (void *)state.pending[MESSAGE_INITIATION].data;
	u8 secret[NOISE_KEY_LEN], public[NOISE_KEY_LEN];
	size_t len;

	if (sodium_hex2bin(secret, sizeof(secret), words[0], strlen(words[0]), NULL, &len, NULL) ||
	    len != sizeof(secret) || !crypto_x25519_public(public, secret)) {
		puts("error: no key");
		return;
	}
	puts(memcmp(public, msg->ephemeral, sizeof(public)) ? "no" : "yes");
}

/**
 * struct command - one word of the language
 * @name: the word
 * @least: words that have to follow
 * @run: prints the answer
 */
static const struct command {
	const char *name;
	int least;
	void (*run)(char *const *words, int n);
} commands[] = {
	{ "initiation", 0, do_initiation },
	{ "response", 0, do_response },
	{ "cookie", 0, do_cookie },
	{ "data", 0, do_data },
	{ "keepalive", 0, do_keepalive },
	{ "lowpoint", 1, do_lowpoint },
	{ "keep", 0, do_keep },
	{ "recall", 0, do_recall },
	{ "send", 1, do_send },
	{ "flip", 4, do_flip },
	{ "lengths", 3, do_lengths },
	{ "types", 1, do_types },
	{ "initiations", 2, do_initiations },
	{ "noise", 2, do_noise },
	{ "flood", 4, do_flood },
	{ "crowd", 2, do_crowd },
	{ "record", 3, do_record },
	{ "train", 3, do_train },
	{ "play", 4, do_play },
	{ "await", 2, do_await },
	{ "crumble", 0, do_crumble },
	{ "begin", 0, do_begin },
	{ "echo", 0, do_echo },
	{ "request", 1, do_request },
	{ "session", 1, do_session },
	{ "replies", 0, do_replies },
	{ "secrets", 0, do_secrets },
	{ "ephemeral", 1, do_ephemeral },
};

static void obey(char *line)
{
	char *words[MAX_WORDS];
	int n = 0;
	size_t i;

	for (words[n] = strtok(line, "\n "); words[n] && n < MAX_WORDS - 1;)
		words[++n] = strtok(NULL, "\n ");
	for (i = 0; n && i < ARRAY_SIZE(commands); i++) {
		if (strcmp(words[0], commands[i].name) || n - 1 < commands[i].least)
			continue;
		commands[i].run(words + 1, n - 1);
		return;
	}
	puts("error: no such command");
}

/* ---- the beginning ---- */

static bool decode_key(u8 key[NOISE_KEY_LEN], const char *text)
{
	size_t len;

	return !sodium_base642bin(key, NOISE_KEY_LEN, text, strlen(text), "\n", &len, NULL,
				  sodium_base64_VARIANT_ORIGINAL) && len == NOISE_KEY_LEN;
}

/* A numeric address of either family, and a port */
static socklen_t parse_address(struct sockaddr_storage *out, const char *address, int port)
{
	struct sockaddr_in6 *v6 = (void *)out;
	struct sockaddr_in *v4 = (void *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		return sizeof(*v6);
	}
	if (inet_pton(AF_INET, address, &v4->sin_addr) != 1)
		return 0;
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	return sizeof(*v4);
}

static void note_source(struct cookie_source *source, int fd)
{
	struct sockaddr_storage own;
	const struct sockaddr_in6 *v6 = (void *)&own;
	const struct sockaddr_in *v4 = (void *)&own;
	socklen_t len = sizeof(own);

	if (getsockname(fd, (void *)&own, &len))
		abort();
	source->port = v4->sin_port;
	source->len = own.ss_family == AF_INET ? sizeof(v4->sin_addr) : sizeof(v6->sin6_addr);
	memcpy(source->addr, own.ss_family == AF_INET ? (void *)&v4->sin_addr :
							(void *)&v6->sin6_addr, source->len);
}

static bool open_lane(struct lane *lane, char *const *argv, int port)
{
	struct sockaddr_storage own, device;
	const int buffer = RECEIVE_BUFFER_LEN;
	socklen_t len;

	len = parse_address(&device, argv[0], atoi(argv[1]));
	if (!len || parse_address(&own, argv[3], port) != len)
		return false;
	lane->fd = socket(device.ss_family, SOCK_DGRAM, 0);
	if (lane->fd < 0 || bind(lane->fd, (void *)&own, len) ||
	    connect(lane->fd, (void *)&device, len) ||
	    setsockopt(lane->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)))
		return false;
	note_source(&lane->source, lane->fd);
	return true;
}

int main(int argc, char *argv[])
{
	u8 private_key[NOISE_KEY_LEN], remote[NOISE_KEY_LEN];
	struct craft *craft = &state.craft;
	char line[LINE_LEN];

	if (argc != 8 || !decode_key(remote, argv[3]) ||
	    inet_pton(AF_INET, argv[6], &craft->inner_source) != 1 ||
	    inet_pton(AF_INET, argv[7], &craft->inner_dest) != 1) {
		fprintf(stderr, "usage: %s ADDRESS PORT PUBLIC-KEY OWN-ADDRESS OWN-PORT %s\n",
			argv[0], "INNER-ADDRESS INNER-DEST");
		return 1;
	}
	if (!fgets(line, sizeof(line), stdin) || !decode_key(private_key, line)) {
		fprintf(stderr, "%s: no private key\n", argv[0]);
		return 1;
	}
	craft_init(craft, private_key, remote);
	craft->stamp = FIRST_STAMP;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!open_lane(&state.lanes[HOME], argv + 1, atoi(argv[5])) ||
	    !open_lane(&state.lanes[AWAY], argv + 1, 0)) {
		perror(argv[0]);
		return 1;
	}
	puts("ready");
	while (fgets(line, sizeof(line), stdin))
		obey(line);
	return 0;
}
