/* SPDX-License-Identifier: GPL-2.0 */
/* One process that looks after all devices of the namespace; they work without it. */
#ifndef VPNCTL_AGENT_H
#define VPNCTL_AGENT_H

#include "hooks.h"
#include "http.h"
#include "names.h"
#include "nl.h"
#include "resolve.h"

#define AGENT_INTERVAL 120 /* seconds */

/**
 * struct agent - everything it has
 * @events: the netlink socket that hears events
 * @signals: a signalfd
 * @names: host names of endpoints
 * @resolver: resolves them
 * @hooks: programs for events
 * @http: serves the metrics
 * @watchdog_ms: how often systemd wants to hear of us; 0: never
 * @watchdog_next: when, by now_ms()
 * @stop: leave the loop
 * @n_events: by command, from MYTUN_CMD_PEER_UP_NTF on
 * @n_lost: how often events were lost
 * @n_resolved: names that had an answer
 * @n_unresolved: names that had none
 * @n_moved: endpoints that were set
 */
struct agent {
	struct nl events;
	int signals;
	struct names names;
	struct resolver resolver;
	struct hooks hooks;
	struct http http;
	int64_t watchdog_ms;
	int64_t watchdog_next;
	bool stop;
	uint64_t n_events[3];
	uint64_t n_lost;
	uint64_t n_resolved;
	uint64_t n_unresolved;
	uint64_t n_moved;
};

int agent_run(struct agent *agent);

/* agent_events.c */
void agent_read_names(struct agent *agent, FILE *log, int64_t now);
int agent_hear(struct agent *agent);
int agent_take_events(struct agent *agent, int64_t now);
void agent_look(struct agent *agent, int64_t now);
void agent_take_answer(struct agent *agent, struct resolution *running, int64_t now);
int agent_metrics(FILE *out, void *arg);

#endif /* VPNCTL_AGENT_H */
