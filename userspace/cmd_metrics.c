// SPDX-License-Identifier: GPL-2.0
/* metrics: what the agent serves, once, on standard output. */
#include <errno.h>
#include <stdio.h>

#include "collect.h"
#include "commands.h"
#include "metrics.h"

/**
 * cmd_metrics() - print devices in the format of OpenMetrics
 * @args: [<interface>]
 *
 * Without the module there are no devices, which is no error.
 *
 * Return: the exit code.
 */
int cmd_metrics(char *const *args)
{
	struct device *list = NULL;
	struct nl nl;
	int ret;

	if ((args[0] && args[1]) || (args[0] && args[0][0] == '-'))
		return usage_error("metrics");
	ret = nl_open(&nl);
	if (!ret)
		ret = collect(&nl, args[0], &list);
	else if (ret == -EPROTONOSUPPORT && !args[0])
		ret = 0;
	if (ret)
		nl_complain(&nl, "Unable to access interface", args[0], ret);
	nl_close(&nl);
	if (!ret) {
		metrics_write(stdout, list);
		metrics_end(stdout);
	}
	device_list_free(list);
	return finish_output() || ret ? 1 : 0;
}
