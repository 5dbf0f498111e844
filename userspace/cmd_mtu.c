// SPDX-License-Identifier: GPL-2.0
/* mtu: the largest inner packet that gets to a peer and is not torn on its way, by trying. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "commands.h"
#include "encoding.h"
#include "mtu.h"
#include "nl.h"
#include "notify.h"
#include "show.h"

enum {
	TRIES = 4,		/* of a size that fails: one in a hundred may be lost */
	WAIT_FIRST_MS = 1000,	/* for an answer, before there was any */
	WAIT_LEAST_MS = 200,	/* and afterwards, or a multiple of the longest that one took */
	WAIT_FACTOR = 4,
	SESSION_MS = 12000,	/* for a session */
	ANNOUNCE_MS = 4000,	/* from then on, for what the peer says at its beginning */
	PAUSE_MS = 50,		/* until the kernel is asked again */
	ROUNDS = 3,		/* when the path changes meanwhile */
};

/**
 * struct prober - a conversation with one peer
 * @request: for probes
 * @events: for answers
 * @dev: the interface, by name
 * @peer: whom, by key
 * @probe: the last one
 * @answered: its answer has come
 * @longest_ms: what an answer has taken, at most, or %WAIT_FIRST_MS; 0: none has come
 */
struct prober {
	struct nl request;
	struct nl events;
	struct device dev;
	struct peer peer;
	struct probe probe;
	bool answered;
	int longest_ms;
};

/* When there is no sense in asking the kernel again; @lacking: until then there was no session. */
static int64_t give_up(int err, int64_t began, int64_t lacking)
{
	switch (err) {
	case -ENOTCONN:
	case -EBUSY:
		return began + SESSION_MS;
	case -EPROTONOSUPPORT:
		return lacking + ANNOUNCE_MS;
	default:
		return 0;
	}
}

static int send_probe(struct prober *prober, unsigned int size)
{
	int64_t began = now_ms(), lacking = began, now;
	int ret;

	if (getrandom(&prober->probe.id, sizeof(prober->probe.id), 0) < 0)
		return -errno;
	prober->probe.size = (uint16_t)size;
	prober->answered = false;
	for (;;) {
		ret = nl_probe(&prober->request, &prober->dev, &prober->peer, &prober->probe);
		now = now_ms();
		if (!ret || now >= give_up(ret, began, lacking))
			return ret;
		if (ret == -ENOTCONN)
			lacking = now;
		poll(NULL, 0, PAUSE_MS);
	}
}

static int take_event(struct event *event, void *arg)
{
	struct prober *prober = arg;

	if (event->cmd == MYTUN_CMD_PROBE_NTF && event->probe.id == prober->probe.id &&
	    event->probe.size == prober->probe.size)
		prober->answered = true;
	return 0;
}

/* Return: 0, with @answered set or not, or -errno. */
static int wait_answer(struct prober *prober)
{
	struct pollfd fd = { .fd = nl_fd(&prober->events), .events = POLLIN };
	int64_t began = now_ms(), left, took;
	int wait_ms = WAIT_FIRST_MS, ret = 0;

	if (prober->longest_ms)
		wait_ms = WAIT_LEAST_MS + WAIT_FACTOR * prober->longest_ms;
	while (!ret && !prober->answered) {
		left = began + wait_ms - now_ms();
		if (left <= 0 || poll(&fd, 1, (int)left) <= 0)
			break;
		ret = nl_take_events(&prober->events, take_event, prober);
		if (ret == -ENOBUFS)
			ret = 0;
	}
	took = now_ms() - began + 1;
	/* A peer that is slow on purpose does not make it go on for ever */
	if (took > WAIT_FIRST_MS)
		took = WAIT_FIRST_MS;
	if (prober->answered && took > prober->longest_ms)
		prober->longest_ms = (int)took;
	return ret;
}

/* Return: 1: the size passes, 0: it does not, or -errno. */
static int try_size(struct prober *prober, unsigned int size)
{
	int tries, ret;

	for (tries = 0; tries < TRIES; tries++) {
		ret = send_probe(prober, size);
		if (ret) {
			nl_complain(&prober->request, "Unable to probe the path",
				    prober->dev.name, ret);
			return ret;
		}
		ret = wait_answer(prober);
		if (ret) {
			nl_complain(&prober->events, "Unable to receive answers", NULL, ret);
			return ret;
		}
		if (prober->answered)
			return 1;
	}
	return 0;
}

/* Return: 0 with the answer in @search, or -errno. */
static int look(struct prober *prober, struct mtu_search *search)
{
	unsigned int size;
	int ret;

	mtu_search_begin(search);
	while ((size = mtu_search_next(search))) {
		ret = try_size(prober, size);
		if (ret < 0)
			return ret;
		mtu_search_tell(search, size, ret);
	}
	return 0;
}

/* What has passed has to pass in the end, too. Return: the MTU, or -errno after a message. */
static int find_mtu(struct prober *prober)
{
	struct mtu_search search;
	int round, ret;

	for (round = 0; round < ROUNDS; round++) {
		ret = look(prober, &search);
		if (ret)
			return ret;
		if (!search.passes) {
			fputs("The peer does not answer\n", stderr);
			return -ETIMEDOUT;
		}
		ret = try_size(prober, search.passes);
		if (ret)
			return ret < 0 ? ret : (int)search.passes;
	}
	fputs("The path is another each time\n", stderr);
	return -EAGAIN;
}

static int begin(struct prober *prober)
{
	struct nl *nl = &prober->request;
	int ret = nl_open(nl);

	if (!ret) {
		nl = &prober->events;
		ret = nl_open(nl);
	}
	if (!ret)
		ret = nl_subscribe(nl);
	if (ret)
		nl_complain(nl, "Unable to access interface", prober->dev.name, ret);
	return ret;
}

static void print_mtu(const struct prober *prober, int mtu)
{
	char key[KEY_BASE64_LEN];
	json_t *json;

	if (!want_json) {
		printf("%d\n", mtu);
		return;
	}
	key_to_base64(key, prober->peer.public_key);
	json = json_pack("{s:o, s:s, s:i}", "ifname", json_text(prober->dev.name), "peer", key,
			 "mtu", mtu);
	json_dumpf(json, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(json);
	putchar('\n');
}

static int parse_args(struct prober *prober, char *const *args)
{
	const char *words[3];
	size_t len;

	if (take_words(args, words, 3) != 3 || strcmp(words[1], "peer"))
		return usage_error("mtu");
	len = strlen(words[0]);
	if (!len || len >= sizeof(prober->dev.name)) {
		fprintf(stderr, "No name of an interface: `%s'\n", words[0]);
		return 1;
	}
	memcpy(prober->dev.name, words[0], len + 1);
	if (!key_from_base64(prober->peer.public_key, words[2]))
		return 0;
	fprintf(stderr, "Key is not the correct length or format: `%s'\n", words[2]);
	return 1;
}

/**
 * cmd_mtu() - find the largest MTU that a peer's path takes
 * @args: [-j] <interface> peer <public key>
 *
 * Return: the exit code.
 */
int cmd_mtu(char *const *args)
{
	struct prober prober = { .longest_ms = 0 };
	int mtu;

	if (parse_args(&prober, args))
		return 1;
	mtu = begin(&prober);
	if (!mtu)
		mtu = find_mtu(&prober);
	if (mtu > 0)
		print_mtu(&prober, mtu);
	nl_close(&prober.request);
	nl_close(&prober.events);
	return finish_output() || mtu <= 0 ? 1 : 0;
}
