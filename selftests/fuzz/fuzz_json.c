// SPDX-License-Identifier: GPL-2.0
/*
 * The JSON parser of `up` on any bytes. What it takes can be written as a file with lines
 * and is read as the same, but for commands and names of files, in which lines cannot have
 * all that JSON can; and the plan that is made of it is as fuzz_tunnel wants it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "plan_check.h"

static struct tunnel *parse(const void *text, size_t len,
			    int (*read)(struct config *cfg, FILE *in))
{
	struct tunnel *tun = tunnel_alloc();
	FILE *in = fmemopen((void *)text, len, "r");
	FILE *log = fopen("/dev/null", "w");
	struct config cfg = { .source = "fuzz", .log = log };

	if (!tun || !in || !log)
		abort();
	cfg.dev = tun->dev;
	cfg.tun = tun;
	strcpy(tun->dev->name, "mt0");
	if (read(&cfg, in)) {
		tunnel_free(tun);
		tun = NULL;
	}
	fclose(in);
	fclose(log);
	return tun;
}

static void forget_free_text(struct tunnel *tun)
{
	size_t i;

	for (i = 0; i < HOOK_N; i++)
		texts_clear(&tun->hooks[i]);
	free(tun->key_file);
	tun->key_file = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tunnel *once, *twice;
	char *first, *second;

	/* fmemopen() wants at least one byte */
	if (!size)
		return 0;
	once = parse(data, size, config_read_json);
	if (!once)
		return 0;
	check_plan(once);
	forget_free_text(once);
	first = print_tunnel(once);
	twice = parse(first, strlen(first), config_read);
	if (!twice)
		abort();
	second = print_tunnel(twice);
	if (strcmp(first, second))
		abort();
	free(first);
	free(second);
	tunnel_free(once);
	tunnel_free(twice);
	return 0;
}
