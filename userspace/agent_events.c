// SPDX-License-Identifier: GPL-2.0
/*
 * What the agent does about events, host names and metrics. A netlink socket is opened for
 * each thing that is asked of the kernel, since the module may come and go.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent.h"
#include "collect.h"
#include "metrics.h"
#include "notify.h"

/**
 * agent_read_names() - read the configuration files again
 * @agent: the agent
 * @log: for complaints about them; NULL: nowhere
 * @now: now_ms()
 */
void agent_read_names(struct agent *agent, FILE *log, int64_t now)
{
	if (names_read(&agent->names, log, now))
		fputs("Out of memory: the names are as before\n", stderr);
	notify("STATUS=%zu host names of endpoints\n", agent->names.n);
}

/**
 * agent_hear() - open the socket that hears events
 * @agent: the agent; a socket that it has is closed first
 *
 * Return: 0 or -errno after a message on stderr.
 */
int agent_hear(struct agent *agent)
{
	int ret;

	nl_close(&agent->events);
	ret = nl_open(&agent->events);
	if (!ret || ret == -EPROTONOSUPPORT)
		ret = nl_subscribe(&agent->events);
	if (!ret && fcntl(nl_fd(&agent->events), F_SETFL, O_NONBLOCK))
		ret = -errno;
	if (ret)
		nl_complain(&agent->events, "Unable to receive events", NULL, ret);
	return ret;
}

static void run_hooks(struct agent *agent, const struct event *event, const char *device)
{
	struct hook_event told = { .event = "lost" };
	const char *reason;

	if (event) {
		reason = reason_name(event->reason);
		snprintf(told.event, sizeof(told.event), "%s", event_name(event->cmd));
		snprintf(told.device, sizeof(told.device), "%s", device);
		snprintf(told.reason, sizeof(told.reason), "%s", reason ? reason : "");
		if (event->peer)
			key_to_base64(told.peer, event->peer->public_key);
		if (event->peer && (event->peer->flags & PEER_HAS_ENDPOINT))
			format_endpoint(told.endpoint, &event->peer->endpoint);
	}
	hooks_add(&agent->hooks, &told);
}

/* A peer that was removed, or whose device went down, needs no other address. */
static bool may_have_moved(const struct event *event)
{
	return event->cmd == MYTUN_CMD_PEER_DEAD_NTF &&
	       event->reason != MYTUN_DEAD_REMOVED && event->reason != MYTUN_DEAD_DOWN;
}

static int take_event(struct event *event, void *arg)
{
	struct agent *agent = arg;
	struct device *dev = event->dev;
	struct name *name = NULL;

	/* What somebody has asked for is nothing to react to */
	if (event->cmd == MYTUN_CMD_PROBE_NTF)
		return 0;
	if (!dev->name[0] && dev->ifindex)
		if_indextoname(dev->ifindex, dev->name);
	if (event->cmd >= MYTUN_CMD_PEER_UP_NTF && event->cmd <= MYTUN_CMD_ENDPOINT_NTF)
		agent->n_events[event->cmd - MYTUN_CMD_PEER_UP_NTF]++;
	run_hooks(agent, event, dev->name);
	if (event->peer)
		name = names_find(&agent->names, dev->name, event->peer->public_key);
	if (name && event->cmd == MYTUN_CMD_PEER_UP_NTF)
		name_alive(&agent->names, name, now_ms());
	else if (name && may_have_moved(event))
		name_hurry(name, now_ms());
	return 0;
}

/*
 * What the lost events were about is not known, be it that they were not sent or that there was no
 * memory to read them: every peer is looked at.
 */
static void resync(struct agent *agent, int64_t now)
{
	struct name *name;

	fputs("Events were lost: looking at every peer\n", stderr);
	agent->n_lost++;
	run_hooks(agent, NULL, NULL);
	for (name = agent->names.list; name; name = name->next)
		name_hurry(name, now);
}

/**
 * agent_take_events() - do what the waiting events call for
 * @agent: the agent
 * @now: now_ms()
 *
 * Return: 0, or -errno after a message on stderr when events cannot be heard any more.
 */
int agent_take_events(struct agent *agent, int64_t now)
{
	int ret = nl_take_events(&agent->events, take_event, agent);

	if (ret == -ENOBUFS || ret == -ENOMEM)
		resync(agent, now);
	else if (ret == -ESTALE)
		return agent_hear(agent);
	else if (ret && ret != -EAGAIN)
		nl_complain(&agent->events, "Unable to receive events", NULL, ret);
	return 0;
}

/**
 * struct sight - a device as it is now
 * @nl: to ask for it
 * @ifname: what was asked for; empty: nothing yet
 * @dev: the device; NULL: it is not there, or that is not known
 * @sorted: its peers by their keys; NULL without memory
 */
struct sight {
	struct nl nl;
	char ifname[IFNAMSIZ];
	struct device *dev;
	struct peer **sorted;
};

static void forget_device(struct sight *sight)
{
	free(sight->sorted);
	device_free(sight->dev);
	sight->sorted = NULL;
	sight->dev = NULL;
}

/* The device of a name, which is that of the name before in most cases. */
static void see_device(struct sight *sight, const char *ifname)
{
	struct nl *nl = &sight->nl;
	int ret;

	if (!strcmp(sight->ifname, ifname))
		return;
	forget_device(sight);
	strcpy(sight->ifname, ifname);
	ret = nl->family ? nl_get_device(nl, ifname, &sight->dev) : 0;
	if (ret && ret != -ENODEV)
		nl_complain(nl, "Unable to access interface", ifname, ret);
	if (sight->dev)
		sight->sorted = device_sorted_peers(sight->dev, peer_by_key);
}

/* Return: whether there is such a peer, and no session with it. */
static bool needs_look(const struct sight *sight, const struct name *name)
{
	struct peer wanted = { 0 }, *peer;

	if (!sight->dev)
		return false;
	memcpy(wanted.public_key, name->key, KEY_LEN);
	peer = sight->sorted ? peers_find(sight->sorted, sight->dev->n_peers, &wanted) :
			       device_find_peer(sight->dev, name->key);
	return peer && handshake_is_old(peer, time(NULL));
}

static void start_lookup(struct agent *agent, struct resolution *place, struct name *name,
			 int64_t now)
{
	int ret;

	memcpy(place->ifname, name->ifname, sizeof(place->ifname));
	memcpy(place->key, name->key, KEY_LEN);
	ret = resolver_start(&agent->resolver, place, name->host, name->port, now);
	if (!ret) {
		name->busy = true;
		return;
	}
	fprintf(stderr, "%s: %s: %s\n", name->ifname, name->host, strerror(-ret));
	agent->n_unresolved++;
	name_tried(&agent->names, name, now);
}

/*
 * Those whose time has come and that are well are done with. Each is looked at once: those that
 * then wait for a place are many, perhaps, and this is called for each place that becomes free.
 */
static void pass_over_alive(struct agent *agent, int64_t now)
{
	struct sight sight = { 0 };
	struct name *name;

	nl_open(&sight.nl);
	for (name = agent->names.list; name; name = name->next) {
		if (!name_is_due(name, now) || now < name->seen + NAME_FRESH_MS)
			continue;
		see_device(&sight, name->ifname);
		if (needs_look(&sight, name))
			name->seen = now;
		else
			name_alive(&agent->names, name, now);
	}
	forget_device(&sight);
	nl_close(&sight.nl);
}

/**
 * agent_look() - look at the peers whose time has come, and resolve the names of those that
 * may be elsewhere now
 * @agent: the agent
 * @now: now_ms()
 */
void agent_look(struct agent *agent, int64_t now)
{
	struct resolution *place;
	struct name *name;

	if (names_next(&agent->names) > now || !resolver_place(&agent->resolver))
		return;
	if (!names_are_fresh(&agent->names, now))
		agent_read_names(agent, NULL, now);
	pass_over_alive(agent, now);
	while ((place = resolver_place(&agent->resolver))) {
		name = names_due(&agent->names, now);
		if (!name)
			break;
		start_lookup(agent, place, name, now);
	}
}

static void move_peer(struct agent *agent, struct nl *nl, const struct device *dev,
		      const struct name *name, const union endpoint *where)
{
	struct peer peer = { .endpoint = *where };
	char key[KEY_BASE64_LEN], text[ENDPOINT_LEN];
	int ret;

	memcpy(peer.public_key, name->key, KEY_LEN);
	ret = nl_set_endpoint(nl, dev, &peer);
	if (ret) {
		if (ret != -ENOENT && ret != -ENODEV)
			nl_complain(nl, "Unable to set an endpoint", dev->name, ret);
		return;
	}
	agent->n_moved++;
	key_to_base64(key, name->key);
	fprintf(stderr, "%s: peer %s: %s is now %s\n", dev->name, key, name->host,
		format_endpoint(text, where));
}

/* The kernel is asked again: much may have happened while the name was resolved. */
static void use_answer(struct agent *agent, const struct name *name, const struct answer *answer)
{
	const union endpoint *where = NULL;
	const struct peer *peer = NULL;
	struct device *dev = NULL;
	struct nl nl;

	if (!nl_open(&nl) && !nl_get_device(&nl, name->ifname, &dev))
		peer = device_find_peer(dev, name->key);
	if (peer)
		where = resolve_choose(peer, answer, time(NULL));
	if (where)
		move_peer(agent, &nl, dev, name, where);
	device_free(dev);
	nl_close(&nl);
}

/* Return: what was asked about, unless the file has another name there by now. */
static struct name *find_asked(const struct agent *agent, const struct resolution *asked)
{
	struct name *name = names_find(&agent->names, asked->ifname, asked->key);

	return name && name->port == asked->port && !strcmp(name->host, asked->host) ? name : NULL;
}

/**
 * agent_take_answer() - a name has been resolved, or not
 * @agent: the agent
 * @running: its place, whose descriptor can be read
 * @now: now_ms()
 */
void agent_take_answer(struct agent *agent, struct resolution *running, int64_t now)
{
	struct answer answer;
	struct name *name;

	resolver_finish(running, &answer);
	name = find_asked(agent, running);
	if (answer.err)
		agent->n_unresolved++;
	else
		agent->n_resolved++;
	if (!name)
		return;
	if (answer.err)
		fprintf(stderr, "%s: %s: %s\n", name->ifname, name->host,
			resolve_error(&answer));
	else
		use_answer(agent, name, &answer);
	name_tried(&agent->names, name, now);
}

static void agent_families(FILE *out, const struct agent *agent)
{
	unsigned int i;

	metrics_family(out, "mytun_agent_events", "counter", NULL, "Events of all devices.");
	for (i = 0; i < 3; i++)
		fprintf(out, "mytun_agent_events_total{event=\"%s\"} %" PRIu64 "\n",
			event_name((uint8_t)(MYTUN_CMD_PEER_UP_NTF + i)), agent->n_events[i]);
	metrics_family(out, "mytun_agent_resyncs", "counter", NULL, "How often events were lost.");
	fprintf(out, "mytun_agent_resyncs_total %" PRIu64 "\n", agent->n_lost);
	metrics_family(out, "mytun_agent_resolutions", "counter", NULL,
		       "Host names of endpoints that were resolved.");
	fprintf(out, "mytun_agent_resolutions_total{result=\"done\"} %" PRIu64 "\n"
		     "mytun_agent_resolutions_total{result=\"failed\"} %" PRIu64 "\n",
		agent->n_resolved, agent->n_unresolved);
	metrics_family(out, "mytun_agent_endpoints_set", "counter", NULL,
		       "Endpoints that were set because a host name has moved.");
	fprintf(out, "mytun_agent_endpoints_set_total %" PRIu64 "\n", agent->n_moved);
	metrics_family(out, "mytun_agent_hooks", "counter", NULL, "Programs run for events.");
	fprintf(out, "mytun_agent_hooks_total{result=\"done\"} %" PRIu64 "\n"
		     "mytun_agent_hooks_total{result=\"failed\"} %" PRIu64 "\n",
		agent->hooks.done, agent->hooks.failed);
}

/**
 * agent_metrics() - what `vpnctl metrics` prints, and the agent's own counters
 * @out: where to
 * @arg: the agent
 *
 * Return: 0 or -errno.
 */
int agent_metrics(FILE *out, void *arg)
{
	struct device *list = NULL;
	struct nl nl;
	int ret = nl_open(&nl);

	if (!ret)
		ret = collect(&nl, NULL, &list);
	/* no module, or gone in this moment: no devices */
	if (ret == -EPROTONOSUPPORT || ret == -ENOENT)
		ret = 0;
	if (ret)
		nl_complain(&nl, "Unable to read devices", NULL, ret);
	nl_close(&nl);
	metrics_write(out, list);
	agent_families(out, arg);
	metrics_end(out);
	device_list_free(list);
	return ret;
}
