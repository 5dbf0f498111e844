// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "collect.h"

/* Put a list in place of the names in it. One that has gone away since is not missed. */
static int fill(struct nl *nl, const struct device *names, struct device **list)
{
	struct device **end = list;
	int ret;

	for (; names; names = names->next) {
		ret = nl_get_device(nl, names->name, end);
		if (!ret)
			end = &(*end)->next;
		else if (ret != -ENODEV)
			return ret;
	}
	return 0;
}

/**
 * collect() - read devices with all their peers
 * @nl: open
 * @name: of the only one; NULL: every device of the namespace
 * @list: gets the first one, to be given to device_list_free()
 *
 * Return: 0 or -errno; the list is then empty.
 */
int collect(struct nl *nl, const char *name, struct device **list)
{
	struct device *names;
	int ret;

	*list = NULL;
	if (name)
		return nl_get_device(nl, name, list);
	ret = nl_list_devices(nl, &names);
	if (ret)
		return ret;
	ret = fill(nl, names, list);
	device_list_free(names);
	if (!ret)
		return 0;
	device_list_free(*list);
	*list = NULL;
	return ret;
}
