// SPDX-License-Identifier: GPL-2.0
/* What `up` and `down` have to know, by what ip(8), nft(8) and the kernel say. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <sys/ioctl.h>

#include "ask.h"
#include "facts.h"
#include "format.h"
#include "nl.h"
#include "records.h"
#include "run.h"

#define FIRST_TABLE 51820	/* where wg-quick(8) looks first, too */
#define LAST_TABLE 52843

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

/* A tunnel whose device is gone may still have a kill switch that lets its mark pass. */
static bool mark_is_taken(const struct records *all, uint32_t mark)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (!strcmp(all->items[i].name, RECORD_MARK) &&
		    record_number(&all->items[i]) == mark)
			return true;
	return false;
}

static int find_mark(struct facts *facts, const struct records *all)
{
	uint32_t table;

	for (table = FIRST_TABLE; table <= LAST_TABLE; table++)
		if (!mark_is_taken(all, table) && table_is_empty("-4", table) &&
		    table_is_empty("-6", table)) {
			facts->mark = table;
			return 0;
		}
	return -ENOSPC;
}

/* Whether the setting is there: without IPv6 its are not. With '/' in its name '.' is no '/'. */
static bool read_sysctl(const char *name, char value[8])
{
	char path[sizeof("/proc/sys/") + SYSCTL_NAME_LEN + NAME_MAX], *c;
	FILE *in;
	bool ok;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	for (c = path; *c && !strchr(name, '/'); c++)
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

static void read_sysctls(struct facts *facts, const struct records *all)
{
	const struct record *record;
	struct old_sysctl *sysctl;
	size_t i;

	for (i = 0; i < SYSCTL_N; i++) {
		sysctl = &facts->sysctls[facts->n_sysctls];
		snprintf(sysctl->name, sizeof(sysctl->name), "%s", sysctl_names[i]);
		if (!read_sysctl(sysctl_names[i], sysctl->now))
			continue;
		record = records_find(all, sysctl_names[i], false);
		snprintf(sysctl->value, sizeof(sysctl->value), "%s",
			 record ? record->value : sysctl->now);
		facts->n_sysctls++;
	}
}

#define ALONE "%s: %s forwards already, which would be lost with %s switched on and off: " \
	      "switch that on yourself, for good"

/* The first device that forwards packets of a family; "" if there is none. */
static void first_forwarder(char name[NAME_MAX + 1], const char *family)
{
	char path[64], setting[SYSCTL_NAME_LEN + NAME_MAX], value[8];
	struct dirent *entry;
	DIR *dir;

	*name = '\0';
	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf", family);
	dir = opendir(path);
	while (dir && !*name && (entry = readdir(dir))) {
		snprintf(setting, sizeof(setting), "net/%s/conf/%s/forwarding", family,
			 entry->d_name);
		if (strcmp(entry->d_name, "all") && *entry->d_name != '.' &&
		    read_sysctl(setting, value) && strcmp(value, "0"))
			strcpy(name, entry->d_name);
	}
	if (dir)
		closedir(dir);
}

/*
 * What forwards for all devices sets each of them, when it is switched on and when it is switched
 * off. Return: 0, or -EBUSY after a complaint when some have settings of their own.
 */
static int check_forwarding(const struct facts *facts, const struct tunnel *tun, FILE *log)
{
	char name[NAME_MAX + 1];
	const char *setting;
	size_t i;

	for (i = 0; i < facts->n_sysctls; i++) {
		setting = facts->sysctls[i].name;
		if (!strstr(setting, "forward") || !facts_must_set(facts, tun, i))
			continue;
		first_forwarder(name, strstr(setting, "ipv4") ? "ipv4" : "ipv6");
		if (!*name)
			continue;
		if (log)
			fprintf(log, ALONE "\n", tun->dev->name, name, setting);
		return -EBUSY;
	}
	return 0;
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
 * -ENOSPC when there is no unused table or no room before the first rule; -EIO or -EBUSY after a
 * complaint; -ENOMEM.
 */
int facts_read(struct facts *facts, const struct tunnel *tun, FILE *log)
{
	bool full4 = tunnel_is_full(tun, AF_INET), full6 = tunnel_is_full(tun, AF_INET6);
	struct records all = { 0 };
	uint32_t first = UINT32_MAX;
	int ret = 0;

	memset(facts, 0, sizeof(*facts));
	facts->dns_prefix = dns_has_prefix();
	if (!tun->mtu)
		facts->route_mtu = find_route_mtu(tun->dev);
	if (firewall_needed(tun)) {
		ret = records_read(&all, tun->dev->name, log);
		read_sysctls(facts, &all);
	}
	if (!ret && all.own_table)
		ret = -EEXIST;
	if (!ret)
		ret = check_forwarding(facts, tun, log);
	/* a host need not have both families */
	if (!ret && full4)
		ret = first_priority(&first, AF_INET, log);
	if (!ret && full6)
		ret = first_priority(&first, AF_INET6, log);
	if (!ret && first < 3)
		ret = -ENOSPC;
	facts->priority = first - 1;
	if (!ret && tunnel_needs_mark(tun) && !tun->dev->fwmark)
		ret = find_mark(facts, &all);
	free(all.items);
	return ret;
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
 * tunnel may have the same mark, which is its table; @record, if there is one, says which rule is
 * ours. Return: 0 or -EIO.
 */
static int find_rule(uint32_t *priority, const struct tunnel *tun, sa_family_t family,
		     uint32_t mark, const struct record *record, FILE *log)
{
	json_t *rules, *rule;
	uint32_t found;
	size_t i;
	int ret;

	if (!mark || (!record && !may_have_rules(tun, family, mark)))
		return 0;
	ret = rules_of(&rules, family, log);
	json_array_foreach(rules, i, rule) {
		found = number_of(json_object_get(rule, "priority"));
		if (json_object_get(rule, "not") &&
		    number_of(json_object_get(rule, "fwmark")) == mark &&
		    number_of(json_object_get(rule, "table")) == mark &&
		    (!record || record_number(record) == found))
			*priority = found;
	}
	json_decref(rules);
	return ret;
}

/*
 * Whether the device is there and one of ours, and its mark. Return: 0, or -errno when that cannot
 * be found out: who may not ask would be told that there is nothing.
 */
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
	/* no module, no device, none of ours */
	return ret == -EPROTONOSUPPORT || ret == -ENODEV || ret == -EOPNOTSUPP ? 0 : ret;
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
 * complaint; another -errno when the device cannot be read.
 */
int traces_read(struct traces *traces, const struct tunnel *tun, FILE *log)
{
	const struct record *record;
	struct records all;
	size_t i;
	int ret;

	memset(traces, 0, sizeof(*traces));
	traces->dns_prefix = dns_has_prefix();
	ret = read_device(traces, tun->dev->name);
	if (ret)
		return ret;
	ret = records_read(&all, tun->dev->name, may_have_firewall(traces, tun) ? log : NULL);
	traces->firewall = all.own_table;
	record = records_find(&all, RECORD_MARK, true);
	if (record)
		traces->mark = record_number(record);
	for (i = 0; i < all.n && traces->n_restore < SYSCTL_N; i++)
		if (all.items[i].own && record_is_sysctl(&all.items[i]) &&
		    !records_find(&all, all.items[i].name, false))
			traces->restore[traces->n_restore++] = all.items[i];
	if (!ret)
		ret = find_rule(&traces->rules4, tun, AF_INET, traces->mark,
				records_find(&all, RECORD_RULE4, true), log);
	if (!ret)
		ret = find_rule(&traces->rules6, tun, AF_INET6, traces->mark,
				records_find(&all, RECORD_RULE6, true), log);
	free(all.items);
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
