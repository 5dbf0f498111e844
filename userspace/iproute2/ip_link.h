/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What ip(8) and a plug-in for a kind of link have in common, as iproute2 5.3 to 6.1 and later have
 * it. iproute2 installs no header of it. ip looks for the symbol KIND_link_util in link_KIND.so and
 * has the functions below.
 */
#ifndef MYTUN_IP_LINK_H
#define MYTUN_IP_LINK_H

#include <stdio.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#define IP_REQUEST_LEN 1024 /* at least, of the message that parse_opt adds to */
#define PRINT_ANY 4	    /* as text, or as JSON when that was asked for */
#define COLOR_NONE 6

/**
 * struct link_util - a kind of link
 * @next: ip's own
 * @id: its name
 * @maxattr: greatest type of attribute
 * @parse_opt: arguments of `ip link add` or `set` into attributes; 0, or -1 after a message
 * @print_opt: attributes as text or JSON; the array may be NULL
 * @print_xstats: for `ip -s`
 * @print_help: for `ip link help KIND`
 * @parse_ifla_xstats: for `ip link xstats`
 * @print_ifla_xstats: the same
 */
struct link_util {
	struct link_util *next;
	const char *id;
	int maxattr;
	int (*parse_opt)(struct link_util *util, int argc, char **argv, struct nlmsghdr *request);
	void (*print_opt)(struct link_util *util, FILE *out, struct rtattr *tb[]);
	void (*print_xstats)(struct link_util *util, FILE *out, struct rtattr *xstats);
	void (*print_help)(struct link_util *util, int argc, char **argv, FILE *out);
	int (*parse_ifla_xstats)(struct link_util *util, int argc, char **argv);
	int (*print_ifla_xstats)(struct nlmsghdr *message, void *arg);
};

int addattr16(struct nlmsghdr *request, int room, int type, __u16 value);
int addattr32(struct nlmsghdr *request, int room, int type, __u32 value);
int print_color_uint(int type, int color, const char *key, const char *format, unsigned int value);
int print_color_0xhex(int type, int color, const char *key, const char *format,
		      unsigned long long value);

#endif /* MYTUN_IP_LINK_H */
