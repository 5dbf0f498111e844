// SPDX-License-Identifier: GPL-2.0
/*
 * vpnctl's configuration parser on any bytes. What it takes has to survive a round
 * trip: printed by showconf and parsed again it prints the same. Link with config.c,
 * encoding.c, model.c, format.c and show_text.c of userspace/.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "settle.h"
#include "show.h"

static struct device *parse(const void *text, size_t len)
{
	struct config cfg = { .source = "fuzz", .dev = device_alloc() };
	FILE *in = fmemopen((void *)text, len, "r");

	if (!cfg.dev || !in)
		abort();
	if (config_read(&cfg, in)) {
		device_free(cfg.dev);
		cfg.dev = NULL;
	}
	fclose(in);
	return cfg.dev;
}

static void check_prefixes(const struct device *dev)
{
	const struct peer *peer;
	size_t i;

	for (peer = dev->peers; peer; peer = peer->next)
		for (i = 0; i < peer->n_ips; i++)
			if (peer->ips[i].prefix_len > family_bits(peer->ips[i].family))
				abort();
}

static char *print(struct device *dev, size_t *len)
{
	char *text;
	FILE *out = open_memstream(&text, len);

	if (!out)
		abort();
	check_prefixes(dev);
	settle(dev);
	show_config(out, dev);
	fclose(out);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct device *once, *twice;
	size_t first_len, second_len;
	char *first, *second;

	/* fmemopen() wants at least one byte */
	if (!size)
		return 0;
	once = parse(data, size);
	if (!once)
		return 0;
	first = print(once, &first_len);
	twice = parse(first, first_len);
	if (!twice)
		abort();
	second = print(twice, &second_len);
	if (first_len != second_len || memcmp(first, second, first_len))
		abort();
	free(first);
	free(second);
	device_free(once);
	device_free(twice);
	return 0;
}
