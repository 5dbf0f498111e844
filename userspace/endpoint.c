// SPDX-License-Identifier: GPL-2.0
/*
 * At boot the network may not be there yet when a device is configured: names that
 * cannot be resolved for the moment are tried again, WG_ENDPOINT_RESOLUTION_RETRIES times.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "endpoint.h"
#include "resolve.h"

#define DEFAULT_RETRIES 15
#define FIRST_DELAY 1.0 /* seconds */
#define DELAY_GROWTH 1.2
#define LONGEST_DELAY 20.0 /* seconds */

/* How often to try again; UINT_MAX: forever. */
static unsigned int retries(void)
{
	const char *set = getenv("WG_ENDPOINT_RESOLUTION_RETRIES");
	unsigned long n;
	char *end;

	if (!set || !*set)
		return DEFAULT_RETRIES;
	if (!strcmp(set, "infinity"))
		return UINT_MAX;
	n = strtoul(set, &end, 10);
	if (*end || set[0] == '-' || n >= UINT_MAX) {
		fprintf(stderr,
			"WG_ENDPOINT_RESOLUTION_RETRIES is neither a number nor infinity: `%s'\n",
			set);
		return DEFAULT_RETRIES;
	}
	return (unsigned int)n;
}

static bool is_temporary(const struct answer *answer)
{
	return answer->err == EAI_AGAIN ||
	       (answer->err == EAI_SYSTEM && answer->sys_err != ENOMEM);
}

static void wait_for(double seconds)
{
	struct timespec delay = { .tv_sec = (time_t)seconds };

	delay.tv_nsec = (long)((seconds - (double)delay.tv_sec) * 1e9);
	while (nanosleep(&delay, &delay) && errno == EINTR)
		;
}

static void complain(const struct peer *peer, const char *source, const struct answer *answer)
{
	if (source && peer->endpoint_line)
		fprintf(stderr, "%s:%u: ", source, peer->endpoint_line);
	else if (source)
		fprintf(stderr, "%s: ", source);
	fprintf(stderr, "%s: `%s:%u'", resolve_error(answer), peer->endpoint_host,
		ntohs(peer->endpoint.sin.sin_port));
}

static int resolve(struct peer *peer, const char *source)
{
	unsigned int left = retries();
	double delay = FIRST_DELAY;
	struct answer answer;

	for (;;) {
		resolve_lookup(peer->endpoint_host, peer->endpoint.sin.sin_port, &answer);
		if (!answer.err)
			break;
		complain(peer, source, &answer);
		if (!is_temporary(&answer) || !left) {
			fputc('\n', stderr);
			return -EHOSTUNREACH;
		}
		fprintf(stderr, ". Trying again in %.2f seconds...\n", delay);
		wait_for(delay);
		delay = delay * DELAY_GROWTH < LONGEST_DELAY ? delay * DELAY_GROWTH : LONGEST_DELAY;
		if (left != UINT_MAX)
			left--;
	}
	peer->endpoint = answer.addrs[0];
	free(peer->endpoint_host);
	peer->endpoint_host = NULL;
	return 0;
}

/**
 * endpoints_resolve() - resolve every host name that the parser left
 * @dev: the device
 * @source: the configuration file, for messages; NULL for arguments
 *
 * May sleep for minutes.
 *
 * Return: 0, or -EHOSTUNREACH after a message on stderr.
 */
int endpoints_resolve(struct device *dev, const char *source)
{
	struct peer *peer;
	int ret = 0;

	for (peer = dev->peers; peer && !ret; peer = peer->next)
		if (peer->endpoint_host && !(peer->flags & PEER_REMOVE))
			ret = resolve(peer, source);
	return ret;
}
