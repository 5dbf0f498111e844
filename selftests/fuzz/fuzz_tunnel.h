/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must hold for a tunnel of which nobody knows where it comes from: written as a file with
 * lines it is read as the same; and whatever it says, ip(8) must get lines that begin with what
 * we wrote, made of the letters that names, addresses and numbers have, and nft(8) no line and
 * no bracket more than we wrote.
 */
#ifndef FUZZ_TUNNEL_H
#define FUZZ_TUNNEL_H

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "plan.h"
#include "save.h"
#include "settle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* With the messages made, and thrown away. Return: to be freed; NULL: what is refused. */
static inline struct tunnel *parse_tunnel(const void *text, size_t len,
					  int (*read)(struct config *cfg, FILE *in))
{
	static FILE *log;
	struct tunnel *tun;
	struct config cfg;
	FILE *in;

	/* fmemopen() wants at least one byte */
	if (!len)
		return NULL;
	tun = tunnel_alloc();
	in = fmemopen((void *)text, len, "r");
	if (!log)
		log = fopen("/dev/null", "w");
	if (!tun || !in || !log)
		abort();
	cfg = (struct config){ .source = "fuzz", .log = log, .dev = tun->dev, .tun = tun };
	strcpy(tun->dev->name, "mt0");
	if (read(&cfg, in)) {
		tunnel_free(tun);
		tun = NULL;
	}
	fclose(in);
	return tun;
}

/* The tunnel as a file with lines. Return: the text, to be freed. */
static inline char *print_tunnel(struct tunnel *tun)
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

static inline void check_round_trip(struct tunnel *once)
{
	char *first = print_tunnel(once), *second;
	struct tunnel *twice = parse_tunnel(first, strlen(first), config_read);

	if (!twice)
		abort();
	second = print_tunnel(twice);
	if (strcmp(first, second))
		abort();
	free(first);
	free(second);
	tunnel_free(twice);
}

static inline bool is_word_of_ip(const char *line)
{
	return !strncmp(line, "link ", 5) || !strncmp(line, "address add ", 12) ||
	       !strncmp(line, "route add ", 10) || !strncmp(line, "rule ", 5);
}

static inline void check_batch(const char *text)
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

static inline void check_ruleset(const char *text)
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

static inline void check_plan(struct tunnel *tun)
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

#endif /* FUZZ_TUNNEL_H */
