// SPDX-License-Identifier: GPL-2.0
/*
 * What a configuration means for the network around the device, with the meaning that
 * wg-quick(8) gives it. A full tunnel is one to which a default route leads: what does
 * not carry the mark of the tunnel's own packets looks at a table with that route alone,
 * unless the main table has something more special than a default route.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "plan.h"
#include "show.h"
#include "wait.h"

#define OVERHEAD 80	/* IPv6 40, UDP 8, data message 32: the most that a packet grows */
#define USUAL_MTU 1500

static const char *const hook_names[HOOK_N] = {
	[HOOK_PRE_UP] = "PreUp",
	[HOOK_POST_UP] = "PostUp",
	[HOOK_PRE_DOWN] = "PreDown",
	[HOOK_POST_DOWN] = "PostDown",
};

static bool has_default(const struct device *dev, sa_family_t family)
{
	const struct peer *peer;
	size_t i;

	for (peer = dev->peers; peer; peer = peer->next)
		for (i = 0; i < peer->n_ips; i++)
			if (peer->ips[i].family == family && !peer->ips[i].prefix_len &&
			    !peer->ips[i].remove)
				return true;
	return false;
}

/**
 * tunnel_is_full() - whether everything is to go through the tunnel
 * @tun: the tunnel
 * @family: AF_INET or AF_INET6
 *
 * Return: false when the routes go to a table that the configuration names, or nowhere.
 */
bool tunnel_is_full(const struct tunnel *tun, sa_family_t family)
{
	return !tun->table && has_default(tun->dev, family);
}

/**
 * tunnel_needs_mark() - whether the tunnel's own packets must be told from others
 * @tun: the tunnel
 *
 * Return: whether they must.
 */
bool tunnel_needs_mark(const struct tunnel *tun)
{
	return tun->kill_switch || tunnel_is_full(tun, AF_INET) || tunnel_is_full(tun, AF_INET6);
}

/* With forwarding a host ignores routers, so not without need. */
static bool must_forward(const struct facts *facts, const struct tunnel *tun, const char *setting)
{
	bool is6 = !strcmp(setting, SYSCTL_FORWARD6);
	size_t i;

	if (!tun->gateway || !tunnel_has_family(tun, is6 ? AF_INET6 : AF_INET))
		return false;
	for (i = 0; i < facts->n_sysctls; i++)
		if (!strcmp(facts->sysctls[i].name, setting))
			return strcmp(facts->sysctls[i].value, "1");
	return false;
}

/**
 * facts_must_keep() - whether the value that a setting had has to be written down
 * @facts: the settings
 * @tun: the tunnel
 * @i: which setting
 *
 * Return: whether it changes by this tunnel or an earlier one, and is to be set back when the last
 * goes that needs it.
 */
bool facts_must_keep(const struct facts *facts, const struct tunnel *tun, size_t i)
{
	const struct old_sysctl *sysctl = &facts->sysctls[i];

	if (!strcmp(sysctl->name, SYSCTL_SRC_VALID_MARK))
		return strcmp(sysctl->value, "1") && tunnel_is_full(tun, AF_INET);
	/* the kernel sets it, each time that forwarding changes */
	if (!strcmp(sysctl->name, SYSCTL_REDIRECTS))
		return must_forward(facts, tun, SYSCTL_FORWARD4);
	return must_forward(facts, tun, sysctl->name);
}

/**
 * facts_must_set() - whether a setting has to become 1 for this tunnel
 * @facts: the settings
 * @tun: the tunnel
 * @i: which setting
 *
 * Return: whether it has to be set now. One that is 1 already is not written: for IPv6 that alone
 * would forget the routes that routers have announced.
 */
bool facts_must_set(const struct facts *facts, const struct tunnel *tun, size_t i)
{
	const struct old_sysctl *sysctl = &facts->sysctls[i];

	return strcmp(sysctl->name, SYSCTL_REDIRECTS) && strcmp(sysctl->now, "1") &&
	       facts_must_keep(facts, tun, i);
}

/* The command with the name of the device in place of each "%i". Return: NULL without memory. */
static char *expand(const char *command, const char *ifname)
{
	const char *found;
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	while ((found = strstr(command, "%i"))) {
		fprintf(out, "%.*s%s", (int)(found - command), command, ifname);
		command = found + 2;
	}
	fputs(command, out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/**
 * plan_hooks() - the commands of the user, of one kind
 * @plan: made by plan_init()
 * @tun: the configuration
 * @hook: which
 *
 * Those before the tunnel comes or goes may change what facts_read() and traces_read() find, and
 * are a plan of their own.
 *
 * Return: 0 or -ENOMEM.
 */
int plan_hooks(struct plan *plan, const struct tunnel *tun, enum tunnel_hook hook)
{
	const struct texts *commands = &tun->hooks[hook];
	struct step *step;
	char *command;
	size_t i;

	for (i = 0; i < commands->n; i++) {
		command = expand(commands->items[i], plan->ifname);
		step = command ? plan_step(plan, hook_names[hook], TOOL_BASH, "%s", command) : NULL;
		if (step)
			step->decisive = hook == HOOK_PRE_DOWN;
		else
			plan->err = -ENOMEM;
		free(command);
	}
	return plan->err;
}

static void add_configure(struct plan *plan, const struct device *dev)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out) {
		plan->err = -ENOMEM;
		return;
	}
	fputs("[Interface]\n", out);
	show_config_interface(out, dev, true);
	show_config_peers(out, dev, true);
	if (fclose(out))
		plan->err = -ENOMEM;
	else
		plan_step(plan, "configure the device", TOOL_DEVICE, "%s", text);
	free(text);
}

static void add_firewall(struct plan *plan, const struct tunnel *tun, const struct facts *facts)
{
	char name[3 * IFNAMSIZ];
	struct step *step;
	char *text;

	if (!firewall_needed(tun))
		return;
	text = firewall_text(tun, facts);
	if (!text) {
		plan->err = -ENOMEM;
		return;
	}
	firewall_name(name, plan->ifname);
	step = plan_step(plan, "firewall", TOOL_NFT, "%s", text);
	plan_undo(plan, step, TOOL_NFT, "delete table inet %s\n", name);
	free(text);
}

static unsigned int mtu_of(const struct tunnel *tun, const struct facts *facts)
{
	unsigned int route = facts->route_mtu ? facts->route_mtu : USUAL_MTU;

	if (tun->mtu)
		return tun->mtu;
	if (route <= OVERHEAD + LEAST_MTU)
		return LEAST_MTU;
	return route < OVERHEAD + MOST_MTU ? route - OVERHEAD : MOST_MTU;
}

static void add_addresses(struct plan *plan, const struct tunnel *tun, const struct facts *facts)
{
	char prefix[PREFIX_LEN];
	size_t i, len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out) {
		plan->err = -ENOMEM;
		return;
	}
	for (i = 0; i < tun->n_addresses; i++)
		fprintf(out, "address add %s dev %s\n", format_prefix(prefix, &tun->addresses[i]),
			plan->ifname);
	fprintf(out, "link set dev %s mtu %u up\n", plan->ifname, mtu_of(tun, facts));
	if (fclose(out))
		plan->err = -ENOMEM;
	else
		plan_step(plan, "addresses", TOOL_IP, "%s", text);
	free(text);
}

static void add_dns(struct plan *plan, const struct tunnel *tun)
{
	struct step *step;
	size_t i, len;
	char *text;
	FILE *out;

	if (!tun->dns.n && !tun->search.n)
		return;
	out = open_memstream(&text, &len);
	if (!out) {
		plan->err = -ENOMEM;
		return;
	}
	for (i = 0; i < tun->dns.n; i++)
		fprintf(out, "nameserver %s\n", tun->dns.items[i]);
	for (i = 0; i < tun->search.n; i++)
		fprintf(out, "%s%s", i ? " " : "search ", tun->search.items[i]);
	if (tun->search.n)
		fputc('\n', out);
	if (fclose(out)) {
		plan->err = -ENOMEM;
	} else {
		step = plan_step(plan, "name servers", TOOL_DNS_ADD, "%s", text);
		plan_undo(plan, step, TOOL_DNS_DELETE, "%s", "");
	}
	free(text);
}

/* The longest prefix first; those of one length in the order of their addresses. */
static int by_length(const void *a, const void *b)
{
	const struct allowedip *p = *(const struct allowedip *const *)a;
	const struct allowedip *q = *(const struct allowedip *const *)b;

	if (p->prefix_len != q->prefix_len)
		return p->prefix_len < q->prefix_len ? 1 : -1;
	return allowedip_cmp(p, q);
}

/* Return: an array of @n, to be freed, without duplicates; NULL without memory. */
static const struct allowedip **sorted_ips(const struct device *dev, size_t *n)
{
	const struct allowedip **ips;
	const struct peer *peer;
	size_t i, all = 0;

	for (peer = dev->peers; peer; peer = peer->next)
		all += peer->n_ips;
	ips = calloc(all + 1, sizeof(*ips));
	if (!ips)
		return NULL;
	all = 0;
	for (peer = dev->peers; peer; peer = peer->next)
		for (i = 0; i < peer->n_ips; i++)
			if (!peer->ips[i].remove)
				ips[all++] = &peer->ips[i];
	qsort(ips, all, sizeof(*ips), by_length);
	*n = 0;
	for (i = 0; i < all; i++)
		if (!*n || allowedip_cmp(ips[*n - 1], ips[i]))
			ips[(*n)++] = ips[i];
	return ips;
}

/* Whether the kernel makes a route to the prefix of an address when it is given. */
static bool makes_route(const struct allowedip *address)
{
	return address->family == AF_INET6 || address->prefix_len < 32;
}

/* Whether the route of one of the addresses leads there already. */
static bool is_connected(const struct tunnel *tun, const struct allowedip *ip)
{
	struct allowedip network, within;
	size_t i;

	for (i = 0; i < tun->n_addresses; i++) {
		network = tun->addresses[i];
		if (!makes_route(&network) || network.prefix_len > ip->prefix_len)
			continue;
		within = *ip;
		within.prefix_len = network.prefix_len;
		allowedip_mask(&within);
		allowedip_mask(&network);
		if (!allowedip_cmp(&within, &network))
			return true;
	}
	return false;
}

static void put_route(FILE *out, const struct tunnel *tun, const struct allowedip *ip)
{
	char prefix[PREFIX_LEN];

	format_prefix(prefix, ip);
	if (tun->table)
		fprintf(out, "route add %s dev %s table %s\n", prefix, tun->dev->name, tun->table);
	else if (!ip->prefix_len)
		fprintf(out, "route add %s dev %s table %" PRIu32 "\n", prefix, tun->dev->name,
			tun->dev->fwmark);
	else if (!is_connected(tun, ip))
		fprintf(out, "route add %s dev %s\n", prefix, tun->dev->name);
}

static void add_routes(struct plan *plan, const struct tunnel *tun)
{
	const struct allowedip **ips;
	size_t i, n, len;
	char *text;
	FILE *out;

	if (tun->table && !strcmp(tun->table, "off"))
		return;
	ips = sorted_ips(tun->dev, &n);
	out = ips ? open_memstream(&text, &len) : NULL;
	if (!out) {
		plan->err = -ENOMEM;
		goto free_ips;
	}
	for (i = 0; i < n; i++)
		put_route(out, tun, ips[i]);
	if (fclose(out))
		plan->err = -ENOMEM;
	else if (len)
		plan_step(plan, "routes", TOOL_IP, "%s", text);
	free(text);
free_ips:
	free(ips);
}

#define RULE_MAIN "priority %" PRIu32 " table main suppress_prefixlength 0\n"
#define RULE_REST "priority %" PRIu32 " not fwmark %" PRIu32 " table %" PRIu32 "\n"

/* Each rule is a step of its own: of two in one batch the first might stay behind. */
static void add_rules(struct plan *plan, const struct tunnel *tun, const struct facts *facts,
		      sa_family_t family)
{
	enum tool tool = family == AF_INET ? TOOL_IP4 : TOOL_IP6;
	uint32_t mark = tun->dev->fwmark, priority = facts->priority;
	struct step *step;

	if (!tunnel_is_full(tun, family))
		return;
	step = plan_step(plan, "rule for the main table", tool, "rule add " RULE_MAIN,
			 priority - 1);
	plan_undo(plan, step, tool, "rule delete " RULE_MAIN, priority - 1);
	step = plan_step(plan, "rule for the tunnel", tool, "rule add " RULE_REST, priority, mark,
			 mark);
	plan_undo(plan, step, tool, "rule delete " RULE_REST, priority, mark, mark);
}

/* The kernel sets the one with the other: to be taken back after it, and so a step before it. */
static void keep_redirects(struct plan *plan, const struct facts *facts)
{
	struct step *step;
	size_t i;

	for (i = 0; i < facts->n_sysctls; i++) {
		if (strcmp(facts->sysctls[i].name, SYSCTL_REDIRECTS))
			continue;
		step = plan_step(plan, "sysctl", TOOL_NONE, "%s", "");
		plan_undo(plan, step, TOOL_SYSCTL, "%s=%s", SYSCTL_REDIRECTS,
			  facts->sysctls[i].now);
	}
}

static void add_sysctls(struct plan *plan, const struct tunnel *tun, const struct facts *facts)
{
	const struct old_sysctl *sysctl;
	struct step *step;
	size_t i;

	for (i = 0; i < facts->n_sysctls; i++) {
		sysctl = &facts->sysctls[i];
		if (!facts_must_set(facts, tun, i))
			continue;
		if (!strcmp(sysctl->name, SYSCTL_FORWARD4))
			keep_redirects(plan, facts);
		step = plan_step(plan, "sysctl", TOOL_SYSCTL, "%s=1", sysctl->name);
		plan_undo(plan, step, TOOL_SYSCTL, "%s=%s", sysctl->name, sysctl->now);
	}
}

static void add_wait(struct plan *plan, const struct tunnel *tun)
{
	char *text;

	if (!wait_needed(tun))
		return;
	text = wait_text(tun);
	if (text)
		plan_step(plan, "wait for handshakes", TOOL_WAIT, "%s", text);
	else
		plan->err = -ENOMEM;
	free(text);
}

/**
 * plan_up() - what brings a tunnel up
 * @plan: made by plan_init()
 * @tun: the configuration, with all endpoints resolved; gets a mark if it needs one
 * @facts: what is known about this host
 *
 * The firewall comes before anything can pass, and the commands of the user come where
 * wg-quick(8) has them; those of PreUp have been run.
 *
 * Return: 0 or -ENOMEM.
 */
int plan_up(struct plan *plan, struct tunnel *tun, const struct facts *facts)
{
	struct step *step;

	if (tunnel_needs_mark(tun) && !tun->dev->fwmark) {
		tun->dev->fwmark = facts->mark;
		tun->dev->flags |= DEVICE_HAS_FWMARK;
	}
	step = plan_step(plan, "create the device", TOOL_IP, "link add dev %s type mytun\n",
			 plan->ifname);
	plan_undo(plan, step, TOOL_IP, "link delete dev %s\n", plan->ifname);
	add_configure(plan, tun->dev);
	add_firewall(plan, tun, facts);
	add_addresses(plan, tun, facts);
	add_sysctls(plan, tun, facts);
	add_dns(plan, tun);
	add_routes(plan, tun);
	add_rules(plan, tun, facts, AF_INET);
	add_rules(plan, tun, facts, AF_INET6);
	/* what the user's commands do is not undone, so all that can fail comes before */
	add_wait(plan, tun);
	plan_hooks(plan, tun, HOOK_POST_UP);
	return plan->err;
}

static void remove_rules(struct plan *plan, uint32_t priority, uint32_t mark, enum tool tool)
{
	if (!priority)
		return;
	plan_step(plan, "rule for the tunnel", tool, "rule delete " RULE_REST, priority, mark,
		  mark);
	plan_step(plan, "rule for the main table", tool, "rule delete " RULE_MAIN, priority - 1);
}

/**
 * plan_forget_dns() - what takes name servers away, whatever else is there
 * @plan: made by plan_init()
 * @tun: the configuration
 *
 * Return: 0 or -ENOMEM.
 */
int plan_forget_dns(struct plan *plan, const struct tunnel *tun)
{
	if (tun->dns.n || tun->search.n)
		plan_step(plan, "name servers", TOOL_DNS_DELETE, "%s", "");
	return plan->err;
}

/**
 * plan_down() - what takes a tunnel down
 * @plan: made by plan_init()
 * @tun: the configuration
 * @traces: what is there
 * @path: the file to save the configuration in
 *
 * Until the firewall goes last, the kill switch holds. The commands of PreDown have been run.
 *
 * Return: 0 or -ENOMEM.
 */
int plan_down(struct plan *plan, const struct tunnel *tun, const struct traces *traces,
	      const char *path)
{
	char name[3 * IFNAMSIZ];
	struct step *step;
	size_t i;

	/* as long as the saving fails, everything stays */
	if (tun->save && traces->link) {
		step = plan_step(plan, "save the configuration", TOOL_SAVE, "%s", path);
		if (step)
			step->decisive = true;
	}
	if (traces->link)
		plan_step(plan, "remove the device", TOOL_IP, "link delete dev %s\n", plan->ifname);
	plan_forget_dns(plan, tun);
	remove_rules(plan, traces->rules4, traces->mark, TOOL_IP4);
	remove_rules(plan, traces->rules6, traces->mark, TOOL_IP6);
	for (i = traces->n_restore; i--;)
		plan_step(plan, "sysctl", TOOL_SYSCTL, "%s=%s", traces->restore[i].name,
			  traces->restore[i].value);
	if (traces->firewall) {
		firewall_name(name, plan->ifname);
		plan_step(plan, "firewall", TOOL_NFT, "delete table inet %s\n", name);
	}
	plan_hooks(plan, tun, HOOK_POST_DOWN);
	return plan->err;
}
