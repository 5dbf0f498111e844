// SPDX-License-Identifier: GPL-2.0
/*
 * The tunnel's table of nftables. Besides rules it keeps what has to be known when the
 * tunnel goes: the comments in the chain "restore", which no packet ever enters; see records.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "plan.h"

/* Neighbours, routers and groups of this link: without them there is no link. */
#define LINK_ICMPV6 "nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, " \
		    "mld-listener-report, mld2-listener-report"

#define STRANGER "\t\tiifname != \"%s\" %s daddr %s fib saddr type != local drop\n"

/**
 * firewall_name() - the name of a tunnel's table
 * @name: gets it
 * @ifname: the device
 *
 * What may stand in the name of a device but not in that of a table has '/' before it,
 * which is in no name of a device.
 */
void firewall_name(char name[3 * IFNAMSIZ], const char *ifname)
{
	char *out = stpcpy(name, "vpnctl-");

	for (; *ifname; ifname++) {
		if (*ifname == '=' || *ifname == '+')
			*out++ = '/';
		*out++ = *ifname == '=' ? 'e' : *ifname == '+' ? 'p' : *ifname;
	}
	*out = '\0';
}

/**
 * firewall_needed() - whether a tunnel has a table
 * @tun: the tunnel
 *
 * Return: whether it has.
 */
bool firewall_needed(const struct tunnel *tun)
{
	return tunnel_needs_mark(tun) || tun->gateway;
}

static void put_record(FILE *out, const char *name, const char *value)
{
	fprintf(out, "\t\tcounter comment \"%s=%s\"\n", name, value);
}

static void put_number(FILE *out, const char *name, uint32_t value)
{
	char text[RECORD_VALUE_LEN];

	snprintf(text, sizeof(text), "%" PRIu32, value);
	put_record(out, name, text);
}

static void put_restore(FILE *out, const struct tunnel *tun, const struct facts *facts)
{
	size_t i;

	fputs("\tchain restore {\n", out);
	if (tunnel_needs_mark(tun))
		put_number(out, RECORD_MARK, tun->dev->fwmark);
	if (tunnel_is_full(tun, AF_INET))
		put_number(out, RECORD_RULE4, facts->priority);
	if (tunnel_is_full(tun, AF_INET6))
		put_number(out, RECORD_RULE6, facts->priority);
	for (i = 0; i < facts->n_sysctls; i++)
		if (facts_must_keep(facts, tun, i))
			put_record(out, facts->sysctls[i].name, facts->sysctls[i].value);
	fputs("\t}\n", out);
}

/* Nobody on the outer link may speak to the tunnel's addresses, and learn which they are. */
static void put_strangers(FILE *out, const struct tunnel *tun)
{
	char text[INET6_ADDRSTRLEN];
	size_t i;

	fputs("\tchain strangers {\n"
	      "\t\ttype filter hook prerouting priority raw; policy accept;\n", out);
	for (i = 0; i < tun->n_addresses; i++) {
		const struct allowedip *ip = &tun->addresses[i];

		if (tunnel_is_full(tun, ip->family))
			fprintf(out, STRANGER, tun->dev->name,
				ip->family == AF_INET ? "ip" : "ip6", format_address(text, ip));
	}
	fputs("\t}\n", out);
}

/*
 * With src_valid_mark the reverse path filter looks the route of an answer up with the
 * answer's mark: it must be that of the question, or the route is that of the tunnel.
 */
static void put_marks(FILE *out, uint32_t mark)
{
	fprintf(out,
		"\tchain questions {\n"
		"\t\ttype filter hook postrouting priority mangle; policy accept;\n"
		"\t\tmeta l4proto udp meta mark %" PRIu32 " ct mark set meta mark\n"
		"\t}\n"
		"\tchain answers {\n"
		"\t\ttype filter hook prerouting priority mangle; policy accept;\n"
		"\t\tmeta l4proto udp ct mark %" PRIu32 " meta mark set ct mark\n"
		"\t}\n", mark, mark);
}

static void put_kill_switch(FILE *out, const char *ifname, uint32_t mark)
{
	fprintf(out,
		"\tchain kill_switch {\n"
		"\t\ttype filter hook output priority filter; policy accept;\n"
		"\t\toifname { \"lo\", \"%s\" } accept\n"
		"\t\tmeta mark %" PRIu32 " accept\n"
		"\t\tfib daddr type local accept\n"
		"\t\ticmpv6 type { " LINK_ICMPV6 " } accept\n"
		"\t\tudp sport 68 udp dport 67 accept\n"
		"\t\tudp sport 546 udp dport 547 accept\n"
		"\t\tcounter reject with icmpx admin-prohibited\n"
		"\t}\n"
		"\tchain kill_switch_forward {\n"
		"\t\ttype filter hook forward priority filter; policy accept;\n"
		"\t\toifname \"%s\" accept\n"
		"\t\tiifname \"%s\" accept\n"
		"\t\tcounter reject with icmpx admin-prohibited\n"
		"\t}\n", ifname, mark, ifname, ifname);
}

/* Who comes through the tunnel goes out with our address, in segments that fit into it. */
static void put_gateway(FILE *out, const char *ifname)
{
	fprintf(out,
		"\tchain gateway {\n"
		"\t\ttype filter hook forward priority mangle; policy accept;\n"
		"\t\tiifname \"%s\" tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu\n"
		"\t\toifname \"%s\" tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu\n"
		"\t}\n"
		"\tchain gateway_nat {\n"
		"\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
		"\t\tiifname \"%s\" oifname != \"%s\" masquerade\n"
		"\t}\n", ifname, ifname, ifname, ifname);
}

/**
 * firewall_text() - what nft has to do for a tunnel
 * @tun: the tunnel, with its mark
 * @facts: what settings were before
 *
 * Return: the text, to be freed; NULL without memory.
 */
char *firewall_text(const struct tunnel *tun, const struct facts *facts)
{
	bool full = tunnel_is_full(tun, AF_INET) || tunnel_is_full(tun, AF_INET6);
	const char *ifname = tun->dev->name;
	char name[3 * IFNAMSIZ], *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	firewall_name(name, ifname);
	fprintf(out, "table inet %s {\n", name);
	put_restore(out, tun, facts);
	if (full) {
		put_strangers(out, tun);
		put_marks(out, tun->dev->fwmark);
	}
	if (tun->kill_switch)
		put_kill_switch(out, ifname, tun->dev->fwmark);
	if (tun->gateway)
		put_gateway(out, ifname);
	fputs("}\n", out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}
