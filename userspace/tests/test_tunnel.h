/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of `up` share. */
#ifndef VPNCTL_TEST_TUNNEL_H
#define VPNCTL_TEST_TUNNEL_H

#include "test.h"
#include "tunnel.h"

/* The C library's, where the linker has put a function of the test in its place. */
void __real_free(void *text);

/* Return: what `up` would read from a file F; NULL after an error, which @log has. */
static inline struct tunnel *parse_tunnel(const char *text, FILE *log)
{
	struct tunnel *tun = tunnel_alloc();
	struct config cfg = { .source = "F", .log = log, .dev = tun->dev, .tun = tun };
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	int ret = config_read(&cfg, in);

	fclose(in);
	if (!ret)
		return tun;
	tunnel_free(tun);
	return NULL;
}

#endif /* VPNCTL_TEST_TUNNEL_H */
