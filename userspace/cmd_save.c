// SPDX-License-Identifier: GPL-2.0
/* save, strip: a device into its file, and a file as setconf wants it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "lock.h"
#include "save.h"
#include "show.h"
#include "tunnel_file.h"

/* The one argument. Return: 0, or -errno after a complaint. */
static int read_args(char *const *args, const char *command, char path[PATH_MAX],
		     char ifname[IFNAMSIZ])
{
	if (args[0] && !args[1])
		return tunnel_file_names(args[0], path, ifname);
	usage_error(command);
	return -EINVAL;
}

/**
 * cmd_save() - write the state of a tunnel to its file, which stays up
 * @args: <file> or <name>
 *
 * Return: the exit code.
 */
int cmd_save(char *const *args)
{
	char path[PATH_MAX], ifname[IFNAMSIZ];
	struct lock lock;
	int ret;

	if (read_args(args, "save", path, ifname))
		return 1;
	if (tunnel_file_is_json(path)) {
		fprintf(stderr, "%s: JSON is read and not written\n", path);
		return 1;
	}
	/* not in the middle of `up', when the device has not got everything */
	if (lock_take(&lock, LOCK_PATH, stderr))
		return 1;
	ret = tunnel_save(ifname, path, stderr);
	lock_release(&lock);
	return ret ? 1 : 0;
}

/* What the file says, without what it refers to. Return: 0, or -errno after a complaint. */
static int read_file(struct config *cfg, const char *path)
{
	cfg->tun = tunnel_alloc();
	if (!cfg->tun)
		return -ENOMEM;
	cfg->dev = cfg->tun->dev;
	return tunnel_file_read(cfg, path);
}

static int strip_lines(struct config *cfg, FILE *in)
{
	return config_strip(cfg, in, stdout);
}

static int strip(struct config *cfg, const char *path)
{
	int ret = 0;

	if (cfg->tun->key_file)
		ret = tunnel_file_key(cfg);
	if (ret)
		return ret;
	warn_world_readable();
	if (!tunnel_file_is_json(path))
		return config_open(cfg, path, strip_lines);
	show_config(stdout, cfg->dev);
	return 0;
}

/**
 * cmd_strip() - print a tunnel's file without what setconf does not know
 * @args: <file> or <name>
 *
 * Return: the exit code.
 */
int cmd_strip(char *const *args)
{
	/* stdio's own buffer would keep keys */
	static char buffer[4096];
	struct config cfg = { .log = stderr };
	char path[PATH_MAX], ifname[IFNAMSIZ];
	int ret = read_args(args, "strip", path, ifname), failed = 0;

	if (!ret)
		ret = read_file(&cfg, path);
	if (!ret) {
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
		ret = strip(&cfg, path);
		failed = finish_output();
		explicit_bzero(buffer, sizeof(buffer));
	}
	tunnel_free(cfg.tun);
	return failed || ret ? 1 : 0;
}
