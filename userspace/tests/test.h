/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of vpnctl share. */
#ifndef VPNCTL_TEST_H
#define VPNCTL_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config.h"
#include "encoding.h"
#include "model.h"

/* Keys of no one: bytes counting up from 0, 1 and 2, in base64. */
#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_B "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define KEY_C "AgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICE="

/* Parse a file. Return: the device; NULL after an error, whose text is then in @log. */
static inline struct device *parse_file(const char *text, size_t len, char *log, size_t room)
{
	struct config cfg = { .source = "F", .dev = device_alloc() };
	FILE *in = len ? fmemopen((void *)text, len, "r") : fopen("/dev/null", "r");
	int ret;

	memset(log, 0, room);
	cfg.log = fmemopen(log, room, "w");
	ret = config_read(&cfg, in);
	fclose(in);
	fclose(cfg.log);
	if (!ret)
		return cfg.dev;
	device_free(cfg.dev);
	return NULL;
}

static inline struct device *parse_good(const char *text)
{
	char log[512];
	struct device *dev = parse_file(text, strlen(text), log, sizeof(log));

	assert_string_equal(log, "");
	assert_non_null(dev);
	return dev;
}

/* @text yielded nothing: @parsed is NULL. One line of the log says why, with @message in it. */
static inline void assert_refused(const void *parsed, const char *text, const char *log,
				  const char *message)
{
	if (parsed)
		fail_msg("taken: %s", text);
	if (!strstr(log, message))
		fail_msg("%s instead of %s", log, message);
	assert_ptr_equal(strchr(log, '\n'), log + strlen(log) - 1);
}

#endif /* VPNCTL_TEST_H */
