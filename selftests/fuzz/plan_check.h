/* SPDX-License-Identifier: GPL-2.0 */
/* What must hold for a tunnel of which nobody knows where it comes from. */
#ifndef FUZZ_PLAN_CHECK_H
#define FUZZ_PLAN_CHECK_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "save.h"
#include "settle.h"

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

#endif /* FUZZ_PLAN_CHECK_H */
