/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a tunnel writes down when it comes up, so that it can go without a trace: comments in the
 * chain "restore" of its table of nftables, NAME=NUMBER each.
 */
#ifndef VPNCTL_RECORDS_H
#define VPNCTL_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SYSCTL_NAME_LEN 48
#define RECORD_VALUE_LEN 12

#define RECORD_MARK "mark"	/* of the tunnel's own packets */
#define RECORD_RULE4 "rule4"	/* priority of the rule for IPv4 */
#define RECORD_RULE6 "rule6"	/* the same for IPv6 */

#define SYSCTL_SRC_VALID_MARK "net.ipv4.conf.all.src_valid_mark"
#define SYSCTL_REDIRECTS "net.ipv4.conf.all.accept_redirects"
#define SYSCTL_FORWARD4 "net.ipv4.ip_forward"
#define SYSCTL_FORWARD6 "net.ipv6.conf.all.forwarding"
#define SYSCTL_N 4

/**
 * struct record - what is written down
 * @own: by the tunnel that is looked at
 * @name: one of RECORD_..., or of a setting
 * @value: a number: of a setting what it was before the first of our tunnels came up
 */
struct record {
	bool own;
	char name[SYSCTL_NAME_LEN];
	char value[RECORD_VALUE_LEN];
};

/**
 * struct records - what all tunnels of a network namespace have written down
 * @items: the records; owned: to be freed
 * @n: how many
 * @own_table: the table of the tunnel that is looked at is there
 */
struct records {
	struct record *items;
	size_t n;
	bool own_table;
};

extern const char *const sysctl_names[SYSCTL_N];

int records_read(struct records *all, const char *ifname, FILE *log);
const struct record *records_find(const struct records *all, const char *name, bool own);
bool records_elsewhere(const char *ifname, const char *name);
uint32_t record_number(const struct record *record);
bool record_is_sysctl(const struct record *record);

#endif /* VPNCTL_RECORDS_H */
