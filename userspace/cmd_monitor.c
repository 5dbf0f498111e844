// SPDX-License-Identifier: GPL-2.0
/* monitor: a line for each event, written at once. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "nl.h"
#include "show.h"

/* "2026-11-21T01:48:01.123+00:00" and the NUL */
#define TIME_LEN 40

static void format_time(char text[TIME_LEN])
{
	struct timespec now;
	char zone[8];
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	len = strftime(text, TIME_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	snprintf(text + len, TIME_LEN - len, ".%03ld%.3s:%s", now.tv_nsec / 1000000, zone,
		 zone + 3);
}

static void print_text(const char *when, const struct event *event)
{
	const char *reason = reason_name(event->reason);
	char key[KEY_BASE64_LEN], endpoint[ENDPOINT_LEN];

	printf("%s %s %s", when, event->dev->name, event_name(event->cmd));
	if (event->peer) {
		key_to_base64(key, event->peer->public_key);
		printf(" peer %s", key);
		if (event->peer->flags & PEER_HAS_ENDPOINT)
			printf(" endpoint %s", format_endpoint(endpoint, &event->peer->endpoint));
	}
	if (reason)
		printf(" reason %s", reason);
	if (event->probe.size)
		printf(" size %u", event->probe.size);
	putchar('\n');
}

static void print_json(const char *when, const struct event *event)
{
	const char *reason = reason_name(event->reason);
	char key[KEY_BASE64_LEN], endpoint[ENDPOINT_LEN];
	json_t *json = json_object();

	json_object_set_new(json, "time", json_string(when));
	json_object_set_new(json, "ifname", json_text(event->dev->name));
	json_object_set_new(json, "event", json_string(event_name(event->cmd)));
	if (event->peer) {
		key_to_base64(key, event->peer->public_key);
		json_object_set_new(json, "peer", json_string(key));
		if (event->peer->flags & PEER_HAS_ENDPOINT)
			json_object_set_new(json, "endpoint",
					    json_text(format_endpoint(endpoint,
								      &event->peer->endpoint)));
	}
	if (reason)
		json_object_set_new(json, "reason", json_string(reason));
	if (event->probe.size)
		json_object_set_new(json, "size", json_integer(event->probe.size));
	json_dumpf(json, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(json);
	putchar('\n');
}

/* @arg points to the name of the one device to be heard, or to NULL. */
static int print_event(struct event *event, void *arg)
{
	const char *only = *(const char **)arg;
	char when[TIME_LEN];

	if (!event) {
		fputs("Events were lost: they came faster than they were read\n", stderr);
		return 0;
	}
	if (!event->dev->name[0] && event->dev->ifindex)
		if_indextoname(event->dev->ifindex, event->dev->name);
	if (only && strcmp(only, event->dev->name))
		return 0;
	format_time(when);
	if (want_json)
		print_json(when, event);
	else
		print_text(when, event);
	return finish_output() ? -EIO : 0;
}

static int watch(const char *only)
{
	struct nl nl;
	int ret = nl_open(&nl);

	if (!ret)
		ret = nl_watch(&nl, print_event, &only);
	if (ret && ret != -EIO)
		nl_complain(&nl, "Unable to receive events", NULL, ret);
	nl_close(&nl);
	return 1;
}

/**
 * cmd_monitor() - print events until interrupted
 * @args: [-j] [<interface>]
 *
 * Return: the exit code.
 */
int cmd_monitor(char *const *args)
{
	const char *only = NULL;

	if (take_words(args, &only, 1) > 1)
		return usage_error("monitor");
	return watch(only);
}
