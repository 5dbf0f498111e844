// SPDX-License-Identifier: GPL-2.0
/* ip link add NAME type mytun [listen-port PORT] [fwmark MARK], and ip -d link show. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/uapi/mytun.h"
#include "ip_link.h"

static void print_help(struct link_util *util, int argc, char **argv, FILE *out)
{
	(void)util;
	(void)argc;
	(void)argv;
	fputs("Usage: ... " MYTUN_LINK_KIND " [ listen-port PORT ]\n"
	      "                 [ fwmark MARK ]\n"
	      "\n"
	      "Where: PORT := { 0..65535 }, 0: the kernel chooses\n"
	      "       MARK := { 0..0xffffffff | off }, 0 or off: none\n"
	      "Keys and peers: vpnctl(8)\n",
	      out);
}

/* Decimal, or hexadecimal behind 0x. Return: whether it is a number up to @max. */
static bool parse_number(const char *text, unsigned long max, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(text, &end, strncasecmp(text, "0x", 2) ? 10 : 16);
	return !errno && isdigit((unsigned char)*text) && !*end && *number <= max;
}

/* Return: 0, or -1 after a message. */
static int add_option(struct nlmsghdr *request, const char *name, const char *value)
{
	bool is_port = !strcmp(name, "listen-port");
	unsigned long number = 0;

	if (!is_port && strcmp(name, "fwmark")) {
		fprintf(stderr, MYTUN_LINK_KIND ": unknown option \"%s\"?\n", name);
		return -1;
	}
	if (!value) {
		fprintf(stderr, MYTUN_LINK_KIND ": %s: a value is missing\n", name);
		return -1;
	}
	if ((is_port || strcmp(value, "off")) &&
	    !parse_number(value, is_port ? 0xffff : 0xffffffff, &number)) {
		fprintf(stderr, MYTUN_LINK_KIND ": \"%s\" is no %s\n", value, name);
		return -1;
	}
	return is_port ? addattr16(request, IP_REQUEST_LEN, IFLA_MYTUN_LISTEN_PORT, number) :
			 addattr32(request, IP_REQUEST_LEN, IFLA_MYTUN_FWMARK, number);
}

static int parse_opt(struct link_util *util, int argc, char **argv, struct nlmsghdr *request)
{
	int i;

	for (i = 0; i < argc; i += 2) {
		if (!strcmp(argv[i], "help")) {
			print_help(util, argc, argv, stdout);
			return -1;
		}
		if (add_option(request, argv[i], i + 1 < argc ? argv[i + 1] : NULL))
			return -1;
	}
	return 0;
}

static bool has(struct rtattr *tb[], int type, size_t len)
{
	return tb[type] && RTA_PAYLOAD(tb[type]) >= len;
}

static void print_opt(struct link_util *util, FILE *out, struct rtattr *tb[])
{
	__u16 port;
	__u32 mark;

	(void)util;
	(void)out;
	if (tb && has(tb, IFLA_MYTUN_LISTEN_PORT, sizeof(port))) {
		memcpy(&port, RTA_DATA(tb[IFLA_MYTUN_LISTEN_PORT]), sizeof(port));
		print_color_uint(PRINT_ANY, COLOR_NONE, "listen_port", "listen-port %u ", port);
	}
	if (tb && has(tb, IFLA_MYTUN_FWMARK, sizeof(mark))) {
		memcpy(&mark, RTA_DATA(tb[IFLA_MYTUN_FWMARK]), sizeof(mark));
		if (mark)
			print_color_0xhex(PRINT_ANY, COLOR_NONE, "fwmark", "fwmark %#llx ", mark);
	}
}

extern struct link_util mytun_link_util;

struct link_util mytun_link_util = {
	.id = MYTUN_LINK_KIND,
	.maxattr = IFLA_MYTUN_MAX,
	.parse_opt = parse_opt,
	.print_opt = print_opt,
	.print_help = print_help,
};
