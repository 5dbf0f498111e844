// SPDX-License-Identifier: GPL-2.0
/* agent: the command line, and the end. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "commands.h"
#include "metrics.h"
#include "tunnel_file.h"

#define LONGEST_INTERVAL 86400 /* seconds */

static int read_interval(struct agent *agent, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1 || n > LONGEST_INTERVAL) {
		fprintf(stderr, "--interval: not 1-%d: `%s'\n", LONGEST_INTERVAL, text);
		return -EINVAL;
	}
	agent->names.interval = n * 1000;
	return 0;
}

static int add_file(struct texts *files, const char *arg)
{
	char ifname[IFNAMSIZ], path[PATH_MAX];
	int ret = tunnel_file_names(arg, path, ifname);

	return ret ? ret : texts_add(files, path);
}

/* Return: 0, or -errno; -EBADMSG: the form is wrong. */
static int read_option(struct agent *agent, const char *name, const char *value)
{
	if (!value)
		return -EBADMSG;
	if (!strcmp(name, "--interval"))
		return read_interval(agent, value);
	if (!strcmp(name, "--listen"))
		return http_listen(&agent->http, value);
	if (strcmp(name, "--hooks"))
		return -EBADMSG;
	agent->hooks.dir = value;
	return 0;
}

static int read_args(struct agent *agent, struct texts *files, char *const *args)
{
	int ret = 0;

	while (*args && !ret) {
		if (**args != '-') {
			ret = add_file(files, *args++);
			continue;
		}
		ret = read_option(agent, args[0], args[1]);
		args += args[1] ? 2 : 1;
	}
	if (ret == -EBADMSG)
		usage_error("agent");
	return ret;
}

/* With a NULL behind the last, as the list of names wants it. */
static int end_files(struct agent *agent, struct texts *files)
{
	char **items = reallocarray(files->items, files->n + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	items[files->n] = NULL;
	files->items = items;
	agent->names.files = items;
	return 0;
}

/**
 * cmd_agent() - look after all devices until SIGTERM
 * @args: options and files
 *
 * Return: the exit code.
 */
int cmd_agent(char *const *args)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	struct texts files = { 0 };
	int ret;

	if (!agent)
		return 1;
	agent->signals = -1;
	agent->names.dir = CONFIG_DIR;
	agent->names.interval = AGENT_INTERVAL * 1000;
	hooks_init(&agent->hooks, HOOKS_DIR);
	resolver_init(&agent->resolver);
	http_init(&agent->http);
	agent->http.make = agent_metrics;
	agent->http.arg = agent;
	agent->http.content_type = METRICS_CONTENT_TYPE;
	ret = read_args(agent, &files, args);
	if (!ret)
		ret = end_files(agent, &files);
	if (!ret)
		ret = agent_run(agent);
	http_close(&agent->http);
	resolver_close(&agent->resolver);
	hooks_close(&agent->hooks);
	names_close(&agent->names);
	nl_close(&agent->events);
	if (agent->signals >= 0)
		close(agent->signals);
	texts_clear(&files);
	free(agent);
	return ret ? 1 : 0;
}
