// SPDX-License-Identifier: GPL-2.0
/* showconf: a device as a file that setconf reads. */
#include <stdio.h>

#include "commands.h"
#include "nl.h"
#include "show.h"

/**
 * cmd_showconf() - print a device as a configuration file
 * @args: <interface>
 *
 * Return: the exit code.
 */
int cmd_showconf(char *const *args)
{
	struct device *dev = NULL;
	struct nl nl;
	int ret;

	if (!args[0] || args[1])
		return usage_error("showconf");
	ret = nl_open(&nl);
	if (!ret)
		ret = nl_get_device(&nl, args[0], &dev);
	if (ret) {
		nl_complain(&nl, "Unable to access interface", args[0], ret);
	} else {
		warn_world_readable();
		show_config(stdout, dev);
	}
	device_free(dev);
	nl_close(&nl);
	return finish_output() || ret ? 1 : 0;
}
