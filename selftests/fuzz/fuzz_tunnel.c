// SPDX-License-Identifier: GPL-2.0
/*
 * The parser of `up` on any bytes. What it takes has to survive a round trip, and a plan
 * is made of it: whatever the file says, ip(8) must get lines that begin with what we
 * wrote, made of the letters that names, addresses and numbers have, and nft(8) no line
 * and no bracket more than we wrote.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "plan_check.h"

static struct tunnel *parse(const void *text, size_t len)
{
	struct tunnel *tun = tunnel_alloc();
	FILE *in = fmemopen((void *)text, len, "r");
	struct config cfg = { .source = "fuzz" };

	if (!tun || !in)
		abort();
	cfg.dev = tun->dev;
	cfg.tun = tun;
	strcpy(tun->dev->name, "mt0");
	if (config_read(&cfg, in)) {
		tunnel_free(tun);
		tun = NULL;
	}
	fclose(in);
	return tun;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tunnel *once, *twice;
	char *first, *second;

	/* fmemopen() wants at least one byte */
	if (!size)
		return 0;
	once = parse(data, size);
	if (!once)
		return 0;
	first = print_tunnel(once);
	twice = parse(first, strlen(first));
	if (!twice)
		abort();
	second = print_tunnel(twice);
	if (strcmp(first, second))
		abort();
	free(first);
	free(second);
	check_plan(twice);
	tunnel_free(once);
	tunnel_free(twice);
	return 0;
}
