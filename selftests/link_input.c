// SPDX-License-Identifier: GPL-2.0
/*
 * Make or change a link of kind mytun by hand, with whatever attributes.
 *
 *	link_input add|set NAME [TYPE HEX]...
 *
 * For each TYPE an attribute in IFLA_INFO_DATA, HEX its bytes ("-": none). Prints the
 * kernel's answer, the number of the error and its words. Exit: 0, or 1 when refused.
 */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "genl.h"

/* The bytes of rtnetlink's header in place of generic netlink's. */
static void begin_link(bool add)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };

	begin(RTM_NEWLINK, 0, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	memcpy(NLMSG_DATA(&msg.nl), &info, sizeof(info));
	msg.nl.nlmsg_len = NLMSG_LENGTH(sizeof(info));
}

static void put_hex(uint16_t type, const char *hex)
{
	unsigned char bytes[256] = { 0 };
	unsigned int byte;
	size_t len = 0;

	while (len < sizeof(bytes) && hex[0] && hex[1] && sscanf(hex, "%2x", &byte) == 1) {
		bytes[len++] = byte;
		hex += 2;
	}
	put(type, bytes, len);
}

static int talk(void)
{
	const struct nlmsgerr *error = NLMSG_DATA(&msg.nl);
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), on = 1;
	const char *words;
	ssize_t len;

	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	len = answer(fd);
	if (len < (ssize_t)NLMSG_LENGTH(sizeof(*error)) || msg.nl.nlmsg_type != NLMSG_ERROR) {
		perror("netlink");
		exit(2);
	}
	close(fd);
	words = error_words(len);
	printf("%d %s\n", -error->error, words ? words : "");
	return error->error ? 1 : 0;
}

int main(int argc, char *argv[])
{
	struct nlattr *info, *data;
	int i;

	if (argc < 3 || argc % 2 == 0) {
		fputs("usage: link_input add|set NAME [TYPE HEX]...\n", stderr);
		return 2;
	}
	begin_link(!strcmp(argv[1], "add"));
	put(IFLA_IFNAME, argv[2], strlen(argv[2]) + 1);
	info = nest(IFLA_LINKINFO);
	put(IFLA_INFO_KIND, MYTUN_LINK_KIND, sizeof(MYTUN_LINK_KIND));
	data = nest(IFLA_INFO_DATA);
	for (i = 3; i + 1 < argc; i += 2)
		put_hex(atoi(argv[i]), argv[i + 1]);
	end(data);
	end(info);
	return talk();
}
