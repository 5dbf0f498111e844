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

/* What the kernel would do before it is asked for the configuration. */
static void settle(struct device *dev)
{
	struct peer *peer;
	size_t i;

	if (key_is_zero(dev->private_key))
		dev->flags &= ~DEVICE_HAS_PRIVATE_KEY;
	for (peer = dev->peers; peer; peer = peer->next) {
		if (peer->endpoint_host)
			peer->flags &= ~PEER_HAS_ENDPOINT;
		if (key_is_zero(peer->preshared_key))
			peer->flags &= ~PEER_HAS_PRESHARED_KEY;
		for (i = 0; i < peer->n_ips; i++)
			if (peer->ips[i].prefix_len > family_bits(peer->ips[i].family))
				abort();
	}
}

static char *print(struct device *dev, size_t *len)
{
	char *text;
	FILE *out = open_memstream(&text, len);

	if (!out)
		abort();
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
