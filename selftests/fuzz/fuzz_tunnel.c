// SPDX-License-Identifier: GPL-2.0
/*
 * The parser of `up` on any bytes. What it takes has to survive a round trip, and a plan
 * is made of it: whatever the file says, ip(8) must get lines that begin with what we
 * wrote, made of the letters that names, addresses and numbers have, and nft(8) no line
 * and no bracket more than we wrote.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "plan.h"
#include "save.h"
#include "settle.h"

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

static char *print(struct tunnel *tun)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	settle(tun->dev);
	tunnel_write(out, tun, tun->dev);
	fclose(out);
	return text;
}

static bool is_word_of_ip(const char *line)
{
	return !strncmp(line, "link ", 5) || !strncmp(line, "address add ", 12) ||
	       !strncmp(line, "route add ", 10) || !strncmp(line, "rule ", 5);
}

static void check_batch(const char *text)
{
	const char *c;

	while (*text) {
		if (!is_word_of_ip(text))
			abort();
		for (c = text; *c != '\n'; c++)
			if (!isalnum((unsigned char)*c) && !strchr(" .:/_-", *c))
				abort();
		text = c + 1;
	}
}

static void check_ruleset(const char *text)
{
	int depth = 0;

	for (; *text; text++) {
		depth += (*text == '{') - (*text == '}');
		if (depth < 0 || depth > 3 || (unsigned char)*text > 126)
			abort();
	}
	if (depth)
		abort();
}

static void check_plan(struct tunnel *tun)
{
	static const struct facts facts = {
		.route_mtu = 1500,
		.mark = 51820,
		.priority = 32765,
		.sysctls = { { "net.ipv4.ip_forward", "0", "0" } },
		.n_sysctls = 1,
	};
	struct plan plan;
	size_t i;

	plan_init(&plan, tun->dev->name, false);
	if (plan_up(&plan, tun, &facts))
		abort();
	for (i = 0; i < plan.n; i++) {
		const struct action *act = &plan.steps[i].act;

		if (act->tool == TOOL_IP || act->tool == TOOL_IP4 || act->tool == TOOL_IP6)
			check_batch(act->text);
		if (act->tool == TOOL_NFT)
			check_ruleset(act->text);
	}
	plan_free(&plan);
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
	first = print(once);
	twice = parse(first, strlen(first));
	if (!twice)
		abort();
	second = print(twice);
	if (strcmp(first, second))
		abort();
	free(first);
	free(second);
	check_plan(twice);
	tunnel_free(once);
	tunnel_free(twice);
	return 0;
}
