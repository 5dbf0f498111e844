// SPDX-License-Identifier: GPL-2.0
/* setconf, addconf, syncconf: three ways to put a file onto a device. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "config.h"
#include "endpoint.h"
#include "nl.h"
#include "sync.h"

enum mode {
	MODE_SET,	/* the device is to have what the file says and nothing else */
	MODE_ADD,	/* what the file says, and what there was */
	MODE_SYNC,	/* as MODE_SET, but only what differs is touched */
};

static int apply(struct nl *nl, struct device *want, enum mode mode)
{
	struct device *have;
	int ret;

	if (mode == MODE_SET)
		want->flags |= DEVICE_HAS_PRIVATE_KEY | DEVICE_HAS_LISTEN_PORT | DEVICE_HAS_FWMARK |
			       DEVICE_REPLACE_PEERS;
	if (mode == MODE_SYNC) {
		ret = nl_get_device(nl, want->name, &have);
		if (ret) {
			nl_complain(nl, "Unable to access interface", want->name, ret);
			return ret;
		}
		ret = sync_reduce(want, have);
		device_free(have);
		if (ret)
			return ret;
	}
	ret = nl_set_device(nl, want);
	if (ret)
		nl_complain(nl, "Unable to modify interface", want->name, ret);
	return ret;
}

static int read_file(struct device *dev, const char *path)
{
	struct config cfg = { .log = stderr, .dev = dev };
	int ret = config_read_file(&cfg, path);

	if (ret == -EINVAL)
		fputs("Configuration parsing error\n", stderr);
	return ret ? ret : endpoints_resolve(dev, path);
}

static int put_file(const char *name, const char *path, enum mode mode)
{
	struct device *dev = device_alloc();
	struct nl nl;
	int ret;

	if (!dev)
		return -ENOMEM;
	if (strlen(name) >= sizeof(dev->name)) {
		fprintf(stderr, "Unable to modify interface: %s: %s\n", name, strerror(ENODEV));
		ret = -ENODEV;
		goto out;
	}
	strcpy(dev->name, name);
	ret = read_file(dev, path);
	if (ret)
		goto out;
	ret = nl_open(&nl);
	if (ret)
		nl_complain(&nl, "Unable to modify interface", name, ret);
	else
		ret = apply(&nl, dev, mode);
	nl_close(&nl);
out:
	device_free(dev);
	return ret;
}

static int run(char *const *args, const char *command, enum mode mode)
{
	if (!args[0] || !args[1] || args[2])
		return usage_error(command);
	return put_file(args[0], args[1], mode) ? 1 : 0;
}

/**
 * cmd_setconf() - the device gets what the file says, and nothing else remains
 * @args: <interface> <file>
 *
 * Return: the exit code.
 */
int cmd_setconf(char *const *args)
{
	return run(args, "setconf", MODE_SET);
}

/**
 * cmd_addconf() - the device also gets what the file says
 * @args: <interface> <file>
 *
 * Return: the exit code.
 */
int cmd_addconf(char *const *args)
{
	return run(args, "addconf", MODE_ADD);
}

/**
 * cmd_syncconf() - as setconf, without touching what is as it should be
 * @args: <interface> <file>
 *
 * Return: the exit code.
 */
int cmd_syncconf(char *const *args)
{
	return run(args, "syncconf", MODE_SYNC);
}
