// SPDX-License-Identifier: GPL-2.0
/* The loop: everything waits in one poll(), and nothing else may. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "agent.h"
#include "child.h"
#include "notify.h"

enum {
	FD_SIGNALS,
	FD_EVENTS,
	FD_RESOLVER,
	FD_HTTP = FD_RESOLVER + RESOLVE_RUNNING,
	N_FDS = FD_HTTP + HTTP_FDS
};

/* Return: -errno. */
static int complain(const char *what)
{
	int ret = -errno;

	fprintf(stderr, "%s: %s\n", what, strerror(-ret));
	return ret;
}

static int open_signals(struct agent *agent)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	/* who has started us may have ignored it: then children leave no status to wait for */
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	agent->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return agent->signals < 0 ? complain("signalfd") : 0;
}

static void reload(struct agent *agent, int64_t now)
{
	struct timespec mono;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	notify("RELOADING=1\nMONOTONIC_USEC=%lld\n",
	       (long long)mono.tv_sec * 1000000 + mono.tv_nsec / 1000);
	agent_read_names(agent, stderr, now);
	notify("READY=1\n");
}

/* Those that resolve names are waited for when their pipe ends. */
static void reap_hooks(struct agent *agent)
{
	int status;
	size_t i;

	for (i = 0; i < HOOKS_RUNNING; i++) {
		pid_t pid = agent->hooks.running[i].path ? agent->hooks.running[i].pid : 0;

		if (pid > 0 && waitpid(pid, &status, WNOHANG) == pid)
			hooks_reap(&agent->hooks, pid, status);
	}
}

static void take_signal(struct agent *agent, int64_t now)
{
	struct signalfd_siginfo info;

	if (read(agent->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		reap_hooks(agent);
	else if (info.ssi_signo == SIGHUP)
		reload(agent, now);
	else
		agent->stop = true;
}

static int64_t feed_watchdog(struct agent *agent, int64_t now)
{
	if (!agent->watchdog_ms)
		return INT64_MAX;
	if (now >= agent->watchdog_next) {
		notify("WATCHDOG=1\n");
		agent->watchdog_next = now + agent->watchdog_ms;
	}
	return agent->watchdog_next;
}

/* Do what the time has come for. Return: the timeout for poll(). */
static int run_timers(struct agent *agent)
{
	int64_t now = now_ms(), next;

	agent_look(agent, now);
	hooks_run(&agent->hooks, now);
	next = feed_watchdog(agent, now);
	next = sooner(next, hooks_expire(&agent->hooks, now));
	next = sooner(next, resolver_expire(&agent->resolver, now));
	next = sooner(next, http_expire(&agent->http, now));
	/* with no place left, an answer comes before the next look */
	if (resolver_place(&agent->resolver))
		next = sooner(next, names_next(&agent->names));
	if (next == INT64_MAX)
		return -1;
	return next <= now ? 0 : next - now > 3600000 ? 3600000 : (int)(next - now);
}

/* Return: 0, or -errno after a message on stderr. */
static int take_input(struct agent *agent, const struct pollfd *fds)
{
	int64_t now = now_ms();
	size_t i;
	int ret = 0;

	if (fds[FD_SIGNALS].revents)
		take_signal(agent, now);
	if (fds[FD_EVENTS].revents)
		ret = agent_take_events(agent, now);
	for (i = 0; i < RESOLVE_RUNNING; i++)
		if (fds[FD_RESOLVER + i].revents)
			agent_take_answer(agent, &agent->resolver.running[i], now);
	http_handle(&agent->http, fds + FD_HTTP, now);
	return ret;
}

static int loop(struct agent *agent)
{
	struct pollfd fds[N_FDS];
	int timeout, ret = 0;

	while (!agent->stop && !ret) {
		timeout = run_timers(agent);
		fds[FD_SIGNALS] = (struct pollfd){ .fd = agent->signals, .events = POLLIN };
		fds[FD_EVENTS] = (struct pollfd){ .fd = nl_fd(&agent->events), .events = POLLIN };
		resolver_fds(&agent->resolver, fds + FD_RESOLVER);
		http_fds(&agent->http, fds + FD_HTTP);
		if (poll(fds, N_FDS, timeout) >= 0)
			ret = take_input(agent, fds);
		else if (errno != EINTR)
			ret = complain("poll");
	}
	return ret;
}

/**
 * agent_run() - look after the devices until SIGTERM or SIGINT
 * @agent: with its listeners, hooks and names
 *
 * Return: 0, or -errno after a message on stderr.
 */
int agent_run(struct agent *agent)
{
	int ret = open_signals(agent);

	if (!ret)
		ret = agent_hear(agent);
	if (ret)
		return ret;
	agent->watchdog_ms = notify_watchdog_ms();
	agent_read_names(agent, stderr, now_ms());
	notify("READY=1\n");
	ret = loop(agent);
	notify("STOPPING=1\n");
	return ret;
}
