// SPDX-License-Identifier: GPL-2.0
/* set: change what the arguments say. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "config.h"
#include "endpoint.h"
#include "nl.h"

static int apply(struct device *dev)
{
	struct nl nl;
	int ret = nl_open(&nl);

	if (!ret)
		ret = nl_set_device(&nl, dev);
	if (ret)
		nl_complain(&nl, "Unable to modify interface", dev->name, ret);
	nl_close(&nl);
	return ret;
}

/**
 * cmd_set() - change a device
 * @args: <interface> and what to set; all of it is understood before anything is changed
 *
 * Return: the exit code.
 */
int cmd_set(char *const *args)
{
	struct config cfg = { .log = stderr };
	int ret;

	if (!args[0] || !args[1])
		return usage_error("set");
	cfg.dev = device_alloc();
	if (!cfg.dev)
		return 1;
	if (strlen(args[0]) >= sizeof(cfg.dev->name)) {
		fprintf(stderr, "Unable to modify interface: %s: %s\n", args[0], strerror(ENODEV));
		ret = -ENODEV;
		goto out;
	}
	strcpy(cfg.dev->name, args[0]);
	ret = config_read_args(&cfg, args + 1);
	if (!ret)
		ret = endpoints_resolve(cfg.dev, NULL);
	if (!ret)
		ret = apply(cfg.dev);
out:
	device_free(cfg.dev);
	return ret ? 1 : 0;
}
