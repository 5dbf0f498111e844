// SPDX-License-Identifier: GPL-2.0
/* ip(8) and nft(8) are asked, as they are what is going to be told. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <jansson.h>
#include <sys/ioctl.h>

#include "facts.h"
#include "format.h"
#include "nl.h"
#include "run.h"

#define FIRST_TABLE 51820	/* where wg-quick(8) looks first, too */
#define LAST_TABLE 52843

#define ARGS(...) ((char *const []){ __VA_ARGS__, NULL })

static void complain(FILE *log, const char *tool, int err, const struct output *output)
{
	if (err)
		fprintf(log, "%s: %s\n", tool, strerror(-err));
	else if (*output->err)
		fprintf(log, "%s: %.*s\n", tool, (int)strcspn(output->err, "\n"), output->err);
	else
		fprintf(log, "%s: no answer, exit status %d\n", tool, output->status);
}

/* Whether it has answered, be it that there is no such table or chain. */
static bool has_answered(const struct output *output, const json_t *answer)
{
	if (output->status)
		return strstr(output->err, "Error: No such file or directory");
	return answer || !*output->out;
}

/*
 * What a program answers in JSON; NULL when it answers nothing. Who takes it for nothing that the
 * program cannot be asked may leave things behind, and gives no @log if that does not matter.
 * Return: 0, or -EIO after a complaint.
 */
static int ask(json_t **answer, char *const *args, FILE *log)
{
	struct output output;
	int err = tool_run(&output, args, ""), ret = 0;

	*answer = NULL;
	if (!err && !output.status)
		*answer = json_loads(output.out, 0, NULL);
	if (log && (err || !has_answered(&output, *answer))) {
		complain(log, args[0], err, &output);
		ret = -EIO;
	}
	output_free(&output);
	return ret;
}

/* The same, where an answer would be good to have. */
static json_t *ask_casually(char *const *args)
{
	json_t *answer;

	ask(&answer, args, NULL);
	return answer;
}

/* A number that is one, or stands in a string. */
static uint32_t number_of(const json_t *value)
{
	if (json_is_integer(value))
		return (uint32_t)json_integer_value(value);
	return json_is_string(value) ? (uint32_t)strtoul(json_string_value(value), NULL, 0) : 0;
}

/**
 * facts_device_mtu() - MTU of any device
 * @ifname: its name
 *
 * Return: the MTU; 0 when there is no such device.
 */
unsigned int facts_device_mtu(const char *ifname)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };
	unsigned int mtu = 0;

	if (fd < 0)
		return 0;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", ifname);
	if (!ioctl(fd, SIOCGIFMTU, &request))
		mtu = (unsigned int)request.ifr_mtu;
	close(fd);
	return mtu;
}

/* The MTU of the first route of an answer of ip(8), or of its device. Takes the answer. */
static unsigned int route_mtu(json_t *answer)
{
	json_t *route = json_array_get(answer, 0), *dev = json_object_get(route, "dev");
	json_t *metrics = json_array_get(json_object_get(route, "metrics"), 0);
	unsigned int mtu = number_of(json_object_get(metrics, "mtu"));

	if (!mtu && json_is_string(dev))
		mtu = facts_device_mtu(json_string_value(dev));
	json_decref(answer);
	return mtu;
}

static unsigned int endpoint_mtu(const union endpoint *ep)
{
	char host[INET6_ADDRSTRLEN], ifname[IF_NAMESIZE];

	if (ep->sa.sa_family == AF_INET)
		inet_ntop(AF_INET, &ep->sin.sin_addr, host, sizeof(host));
	else
		inet_ntop(AF_INET6, &ep->sin6.sin6_addr, host, sizeof(host));
	if (ep->sa.sa_family == AF_INET6 && ep->sin6.sin6_scope_id &&
	    if_indextoname(ep->sin6.sin6_scope_id, ifname))
		return route_mtu(ask_casually(ARGS("ip", "-j", "route", "get", host, "oif",
						   ifname)));
	return route_mtu(ask_casually(ARGS("ip", "-j", "route", "get", host)));
}

/* The smallest on the way to any endpoint, else that of the default route. */
static unsigned int find_route_mtu(const struct device *dev)
{
	unsigned int least = 0, mtu;
	const struct peer *peer;

	for (peer = dev->peers; peer; peer = peer->next) {
		mtu = peer->flags & PEER_HAS_ENDPOINT ? endpoint_mtu(&peer->endpoint) : 0;
		if (mtu && (!least || mtu < least))
			least = mtu;
	}
	if (!least)
		least = route_mtu(ask_casually(ARGS("ip", "-4", "-j", "route", "show",
						    "default")));
	if (!least)
		least = route_mtu(ask_casually(ARGS("ip", "-6", "-j", "route", "show",
						    "default")));
	return least;
}

static const char *option_of(sa_family_t family)
{
	return family == AF_INET ? "-4" : "-6";
}

static int rules_of(json_t **rules, sa_family_t family, FILE *log)
{
	return ask(rules, ARGS("ip", (char *)option_of(family), "-N", "-j", "rule", "show"), log);
}

/* Lower @least to the first priority behind that of the table local. Return: 0 or -EIO. */
static int first_priority(uint32_t *least, sa_family_t family, FILE *log)
{
	json_t *rules, *rule;
	int ret = rules_of(&rules, family, log);
	uint32_t priority;
	size_t i;

	json_array_foreach(rules, i, rule) {
		priority = number_of(json_object_get(rule, "priority"));
		if (priority && priority < *least)
			*least = priority;
	}
	json_decref(rules);
	return ret;
}

/* Whether ip(8) has nothing to say about the routes of a table. */
static bool table_is_empty(const char *family, uint32_t table)
{
	struct output output;
	char number[16];
	bool empty;

	snprintf(number, sizeof(number), "%" PRIu32, table);
	empty = tool_run(&output, ARGS("ip", (char *)family, "route", "show", "table", number),
			 "") || !*output.out;
	output_free(&output);
	return empty;
}

static int find_mark(struct facts *facts)
{
	uint32_t table;

	for (table = FIRST_TABLE; table <= LAST_TABLE; table++)
		if (table_is_empty("-4", table) && table_is_empty("-6", table)) {
			facts->mark = table;
			return 0;
		}
	return -ENOSPC;
}

/**
 * struct record - a setting that a tunnel has changed, in the comment of a rule
 * @own: the tunnel is the one that is looked at
 * @sysctl: name and old value
 */
struct record {
	bool own;
	struct old_sysctl sysctl;
};

/**
 * struct records - all of them
 * @items: the records; owned
 * @n: how many
 * @own_table: the table of the tunnel that is looked at is there
 * @mark: of that tunnel
 */
struct records {
	struct record *items;
	size_t n;
	bool own_table;
	uint32_t mark;
};

static int add_record(struct records *all, const char *text, bool own)
{
	const char *equals = strchr(text, '=');
	struct record *items;

	if (!equals || (size_t)(equals - text) >= SYSCTL_NAME_LEN)
		return 0;
	if (!strncmp(text, "mark=", 5)) {
		if (own)
			all->mark = (uint32_t)strtoul(equals + 1, NULL, 10);
		return 0;
	}
	items = reallocarray(all->items, all->n + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	all->items = items;
	memset(&items[all->n], 0, sizeof(*items));
	items[all->n].own = own;
	memcpy(items[all->n].sysctl.name, text, (size_t)(equals - text));
	snprintf(items[all->n].sysctl.value, sizeof(items->sysctl.value), "%s", equals + 1);
	all->n++;
	return 0;
}

static int read_records_of(struct records *all, const char *table, bool own, FILE *log)
{
	json_t *answer, *item, *comment;
	int ret = ask(&answer, ARGS("nft", "-j", "list", "chain", "inet", (char *)table,
				    "restore"), log);
	size_t i;

	all->own_table |= own;
	json_array_foreach(json_object_get(answer, "nftables"), i, item) {
		comment = json_object_get(json_object_get(item, "rule"), "comment");
		if (json_is_string(comment) && !ret)
			ret = add_record(all, json_string_value(comment), own);
	}
	json_decref(answer);
	return ret;
}

/* What all tunnels of this network namespace have written down. */
static int read_records(struct records *all, const char *ifname, FILE *log)
{
	json_t *answer, *item, *table;
	int ret = ask(&answer, ARGS("nft", "-j", "list", "tables"), log);
	char own[3 * IFNAMSIZ];
	const char *name;
	size_t i;

	memset(all, 0, sizeof(*all));
	firewall_name(own, ifname);
	json_array_foreach(json_object_get(answer, "nftables"), i, item) {
		table = json_object_get(item, "table");
		name = json_string_value(json_object_get(table, "name"));
		if (name && !strncmp(name, "vpnctl-", 7) && !ret)
			ret = read_records_of(all, name, !strcmp(name, own), log);
	}
	json_decref(answer);
	return ret;
}

static const struct record *find_record(const struct records *all, const char *name, bool own)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->items[i].own == own && !strcmp(all->items[i].sysctl.name, name))
			return &all->items[i];
	return NULL;
}

/* Whether the setting is there: without IPv6 its are not. */
static bool read_sysctl(const char *name, char value[8])
{
	char path[sizeof("/proc/sys/") + SYSCTL_NAME_LEN], *c;
	FILE *in;
	bool ok;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	for (c = path; *c; c++)
		if (*c == '.')
			*c = '/';
	in = fopen(path, "re");
	if (!in)
		return false;
	ok = fgets(value, 8, in);
	if (ok)
		value[strcspn(value, "\n")] = '\0';
	fclose(in);
	return ok;
}

static int read_sysctls(struct facts *facts, const struct tunnel *tun, FILE *log)
{
	static const char *const names[] = {
		"net.ipv4.conf.all.src_valid_mark",
		"net.ipv4.ip_forward",
		"net.ipv6.conf.all.forwarding",
	};
	const struct record *record;
	struct old_sysctl *sysctl;
	struct records all;
	size_t i;
	int ret = read_records(&all, tun->dev->name, log);

	for (i = 0; i < sizeof(names) / sizeof(names[0]) && !ret; i++) {
		sysctl = &facts->sysctls[facts->n_sysctls];
		snprintf(sysctl->name, sizeof(sysctl->name), "%s", names[i]);
		if (!read_sysctl(names[i], sysctl->now))
			continue;
		record = find_record(&all, names[i], false);
		memcpy(sysctl->value, record ? record->sysctl.value : sysctl->now,
		       sizeof(sysctl->value));
		facts->n_sysctls++;
	}
	if (!ret && all.own_table)
		ret = -EEXIST;
	free(all.items);
	return ret;
}

static bool dns_has_prefix(void)
{
	return !access("/etc/resolvconf/interface-order", F_OK);
}

/**
 * facts_read() - find out what plan_up() has to know
 * @facts: gets it
 * @tun: the configuration, with all endpoints resolved
 * @log: where it goes that a tool cannot be asked; NULL: it is taken to answer nothing
 *
 * Return: 0; -EEXIST when the firewall of an earlier tunnel of this name is still there;
 * -ENOSPC when there is no unused table or no room before the first rule; -EIO after a complaint;
 * -ENOMEM.
 */
int facts_read(struct facts *facts, const struct tunnel *tun, FILE *log)
{
	bool full4 = tunnel_is_full(tun, AF_INET), full6 = tunnel_is_full(tun, AF_INET6);
	uint32_t first = UINT32_MAX;
	int ret = 0;

	memset(facts, 0, sizeof(*facts));
	facts->dns_prefix = dns_has_prefix();
	if (!tun->mtu)
		facts->route_mtu = find_route_mtu(tun->dev);
	if (firewall_needed(tun))
		ret = read_sysctls(facts, tun, log);
	/* a host need not have both families */
	if (!ret && full4)
		ret = first_priority(&first, AF_INET, log);
	if (!ret && full6)
		ret = first_priority(&first, AF_INET6, log);
	if (ret || !tunnel_needs_mark(tun))
		return ret;
	if (first < 3)
		return -ENOSPC;
	facts->priority = first - 1;
	return tun->dev->fwmark ? 0 : find_mark(facts);
}

/* Whether `up` may have made rules: the file says so, or the table still leads here. */
static bool may_have_rules(const struct tunnel *tun, sa_family_t family, uint32_t table)
{
	char number[16];
	json_t *answer;
	bool leads;

	if (tunnel_is_full(tun, family))
		return true;
	snprintf(number, sizeof(number), "%" PRIu32, table);
	answer = ask_casually(ARGS("ip", (char *)option_of(family), "-j", "route", "show",
				   "default", "table", number, "dev", tun->dev->name));
	leads = json_array_size(answer) > 0;
	json_decref(answer);
	return leads;
}

/*
 * Get the priority of the rule that leads all without the mark to the table; 0: none. Another
 * tunnel may have the same mark, which is its table. Return: 0 or -EIO.
 */
static int find_rule(uint32_t *priority, const struct tunnel *tun, sa_family_t family,
		     uint32_t mark, FILE *log)
{
	json_t *rules, *rule;
	size_t i;
	int ret;

	if (!mark || !may_have_rules(tun, family, mark))
		return 0;
	ret = rules_of(&rules, family, log);
	json_array_foreach(rules, i, rule)
		if (json_object_get(rule, "not") &&
		    number_of(json_object_get(rule, "fwmark")) == mark &&
		    number_of(json_object_get(rule, "table")) == mark)
			*priority = number_of(json_object_get(rule, "priority"));
	json_decref(rules);
	return ret;
}

/* Whether the device is there and one of ours, and its mark. */
static int read_device(struct traces *traces, const char *ifname)
{
	struct device *dev = NULL;
	struct nl nl;
	int ret = nl_open(&nl);

	if (!ret)
		ret = nl_get_device(&nl, ifname, &dev);
	if (!ret) {
		traces->link = true;
		traces->mark = dev->fwmark;
	}
	device_free(dev);
	nl_close(&nl);
	return ret;
}

/*
 * Whether there may be a table: the file says so, or the device has a mark that the file does not
 * have. Where there is none, nft need not be there either.
 */
static bool may_have_firewall(const struct traces *traces, const struct tunnel *tun)
{
	return firewall_needed(tun) || (traces->link && traces->mark != tun->dev->fwmark);
}

/**
 * traces_read() - find out what a tunnel has left
 * @traces: gets it
 * @tun: the configuration as it is by now
 * @log: where it goes that a tool cannot be asked
 *
 * The device may be gone: the rest is found without it.
 *
 * Return: 0; -ENODEV when there is nothing; -EPERM when that is not for us to know; -EIO after a
 * complaint; -ENOMEM.
 */
int traces_read(struct traces *traces, const struct tunnel *tun, FILE *log)
{
	struct records all;
	FILE *nft_log;
	size_t i;
	int ret;

	memset(traces, 0, sizeof(*traces));
	traces->dns_prefix = dns_has_prefix();
	/* who may not ask would be told that there is nothing */
	if (read_device(traces, tun->dev->name) == -EPERM)
		return -EPERM;
	nft_log = may_have_firewall(traces, tun) ? log : NULL;
	ret = read_records(&all, tun->dev->name, nft_log);
	traces->firewall = all.own_table;
	if (all.mark)
		traces->mark = all.mark;
	for (i = 0; i < all.n && traces->n_restore < MAX_OLD_SYSCTLS; i++)
		if (all.items[i].own && !find_record(&all, all.items[i].sysctl.name, false))
			traces->restore[traces->n_restore++] = all.items[i].sysctl;
	free(all.items);
	if (!ret)
		ret = find_rule(&traces->rules4, tun, AF_INET, traces->mark, log);
	if (!ret)
		ret = find_rule(&traces->rules6, tun, AF_INET6, traces->mark, log);
	if (!ret && !traces->link && !traces->firewall)
		ret = -ENODEV;
	return ret;
}

/**
 * facts_addresses() - the addresses that a device has now
 * @tun: knows the device, and gets them
 *
 * Return: 0, -ENODEV or -ENOMEM.
 */
int facts_addresses(struct tunnel *tun)
{
	json_t *answer = ask_casually(ARGS("ip", "-j", "address", "show", "dev",
					   tun->dev->name)), *item;
	json_t *all = json_object_get(json_array_get(answer, 0), "addr_info");
	struct allowedip *ip;
	const char *text;
	int ret = json_is_array(all) ? 0 : -ENODEV;
	size_t i;

	json_array_foreach(all, i, item) {
		text = json_string_value(json_object_get(item, "local"));
		ip = text ? tunnel_add_address(tun) : NULL;
		if (!ip) {
			ret = -ENOMEM;
			continue;
		}
		ip->family = strchr(text, ':') ? AF_INET6 : AF_INET;
		inet_pton(ip->family, text, ip->addr.bytes);
		ip->prefix_len = (uint8_t)number_of(json_object_get(item, "prefixlen"));
	}
	json_decref(answer);
	return ret;
}
