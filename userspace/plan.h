/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What `up` and `down` are going to do, as text for the tools that do it. A plan is
 * made without touching anything; plan_print() shows it, plan_run() does it.
 */
#ifndef VPNCTL_PLAN_H
#define VPNCTL_PLAN_H

#include <stdio.h>

#include "records.h"
#include "tunnel.h"

/**
 * enum tool - who does a thing, and what its text is
 * @TOOL_NONE: nobody: there is nothing to do
 * @TOOL_IP: ip -batch: its commands
 * @TOOL_IP4: ip -4 -batch: the same
 * @TOOL_IP6: ip -6 -batch: the same
 * @TOOL_NFT: nft -f: its commands, all of which are done or none
 * @TOOL_SYSCTL: ourselves: name=value
 * @TOOL_DEVICE: ourselves, by netlink: what the device gets, keys hidden
 * @TOOL_DNS_ADD: resolvconf -a: the lines of resolv.conf
 * @TOOL_DNS_DELETE: resolvconf -d: nothing
 * @TOOL_BASH: bash -e -o pipefail -O extglob -c: a command
 * @TOOL_WAIT: ourselves, by netlink: what the same would be in a shell
 * @TOOL_SAVE: ourselves: the name of the configuration file
 */
enum tool {
	TOOL_NONE,
	TOOL_IP,
	TOOL_IP4,
	TOOL_IP6,
	TOOL_NFT,
	TOOL_SYSCTL,
	TOOL_DEVICE,
	TOOL_DNS_ADD,
	TOOL_DNS_DELETE,
	TOOL_BASH,
	TOOL_WAIT,
	TOOL_SAVE,
};

/**
 * struct action - one call of a tool
 * @tool: who
 * @text: what; owned
 */
struct action {
	enum tool tool;
	char *text;
};

/**
 * struct step - a part of a plan. When it fails nothing of it has been done, or what has
 * been done goes with an earlier step
 * @name: what messages call it
 * @act: does it
 * @undo: takes it back
 * @decisive: when it fails the rest is left undone, also by plan_run_all()
 */
struct step {
	const char *name;
	struct action act;
	struct action undo;
	bool decisive;
};

/**
 * struct plan - steps in their order
 * @ifname: the device
 * @dns_name: what resolvconf calls the device
 * @steps: the steps; owned
 * @n: how many
 * @err: -ENOMEM when there was no memory for a step, else 0
 */
struct plan {
	const char *ifname;
	char dns_name[IFNAMSIZ + 8];
	struct step *steps;
	size_t n;
	int err;
};

/**
 * struct old_sysctl - a setting that tunnels change
 * @name: of the setting
 * @value: what it was before the first of our tunnels came up
 * @now: what it is
 */
struct old_sysctl {
	char name[SYSCTL_NAME_LEN];
	char value[RECORD_VALUE_LEN];
	char now[8];
};

/**
 * struct facts - what has to be known about this host to bring a tunnel up
 * @route_mtu: the smallest MTU on the way to an endpoint, or that of the default route;
 *	0: not known
 * @mark: number of an unused routing table, which is its mark as well
 * @priority: for the two rules of a full tunnel: this one and the one before are free,
 *	and before all others but that of the table local
 * @sysctls: the settings that `up` may change
 * @n_sysctls: how many
 * @dns_prefix: resolvconf orders devices by the beginning of their names
 */
struct facts {
	unsigned int route_mtu;
	uint32_t mark;
	uint32_t priority;
	struct old_sysctl sysctls[SYSCTL_N];
	size_t n_sysctls;
	bool dns_prefix;
};

/**
 * struct traces - what a tunnel has left on this host
 * @link: the device is there
 * @firewall: its table of nftables is there
 * @rules4: priority of the rule for IPv4; 0: none
 * @rules6: priority of the rule for IPv6; 0: none
 * @mark: in the rules
 * @restore: settings that no other tunnel needs, in the order in which they were changed
 * @n_restore: how many
 * @dns_prefix: as in struct facts
 */
struct traces {
	bool link;
	bool firewall;
	uint32_t rules4;
	uint32_t rules6;
	uint32_t mark;
	struct record restore[SYSCTL_N];
	size_t n_restore;
	bool dns_prefix;
};

void plan_init(struct plan *plan, const char *ifname, bool dns_prefix);
void plan_free(struct plan *plan);
struct step *plan_step(struct plan *plan, const char *name, enum tool tool, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void plan_undo(struct plan *plan, struct step *step, enum tool tool, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void plan_print(FILE *out, const struct plan *plan);

int plan_hooks(struct plan *plan, const struct tunnel *tun, enum tunnel_hook hook);
int plan_up(struct plan *plan, struct tunnel *tun, const struct facts *facts);
int plan_down(struct plan *plan, const struct tunnel *tun, const struct traces *traces,
	      const char *path);
int plan_forget_dns(struct plan *plan, const struct tunnel *tun);

bool tunnel_is_full(const struct tunnel *tun, sa_family_t family);
bool tunnel_needs_mark(const struct tunnel *tun);
void firewall_name(char name[3 * IFNAMSIZ], const char *ifname);
bool firewall_needed(const struct tunnel *tun);
char *firewall_text(const struct tunnel *tun, const struct facts *facts);
bool facts_must_keep(const struct facts *facts, const struct tunnel *tun, size_t i);
bool facts_must_set(const struct facts *facts, const struct tunnel *tun, size_t i);

#endif /* VPNCTL_PLAN_H */
