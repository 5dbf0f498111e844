// SPDX-License-Identifier: GPL-2.0
/* SaveConfig: what the file said, with peers, port, key and addresses as they are now. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts.h"
#include "nl.h"
#include "save.h"

/* Write it all, so that a crash leaves the old file or the new one. Return: 0 or -errno. */
static int replace_file(const char *path, const struct tunnel *tun, const struct device *dev)
{
	/* stdio's own buffer would keep keys */
	static char buffer[4096];
	char temporary[PATH_MAX];
	int fd, ret = 0;
	FILE *out;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= PATH_MAX)
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		ret = -errno;
		if (fd < 0)
			return ret;
		close(fd);
		goto err_unlink;
	}
	setvbuf(out, buffer, _IOFBF, sizeof(buffer));
	tunnel_write(out, tun, dev);
	if (fflush(out) || fsync(fd))
		ret = -errno;
	else if (ferror(out))	/* what was written before the last flush */
		ret = -EIO;
	fclose(out);
	explicit_bzero(buffer, sizeof(buffer));
	if (!ret && rename(temporary, path))
		ret = -errno;
	if (!ret)
		return 0;
err_unlink:
	unlink(temporary);
	return ret;
}

/* What is now in place of what was configured. Return: 0 or -errno. */
static int refresh(struct tunnel *now, const struct device *dev)
{
	int ret = facts_addresses(now);

	if (now->mtu && !ret)
		now->mtu = facts_device_mtu(dev->name);
	return ret;
}

static int read_device(const char *name, struct device **dev, FILE *log)
{
	struct nl nl;
	int ret = nl_open(&nl);

	if (!ret)
		ret = nl_get_device(&nl, name, dev);
	if (ret)
		fprintf(log, "%s: save the configuration: %s\n", name, strerror(-ret));
	nl_close(&nl);
	return ret;
}

/**
 * tunnel_save() - write the state of a tunnel to its file
 * @tun: what the file says
 * @path: the file
 * @log: for complaints
 *
 * Return: 0, or -errno after a complaint; the file is then as it was.
 */
int tunnel_save(const struct tunnel *tun, const char *path, FILE *log)
{
	struct tunnel now = *tun;
	struct device *dev = NULL;
	int ret = read_device(tun->dev->name, &dev, log);

	if (ret)
		return ret;
	now.addresses = NULL;
	now.n_addresses = 0;
	if (tun->foreign_key)
		dev->flags &= ~DEVICE_HAS_PRIVATE_KEY;
	/* the mark that `up` has chosen is chosen again */
	if (!tun->dev->fwmark)
		dev->fwmark = 0;
	ret = refresh(&now, dev);
	if (!ret)
		ret = replace_file(path, &now, dev);
	if (ret)
		fprintf(log, "%s: save the configuration: %s: %s\n", tun->dev->name, path,
			strerror(-ret));
	free(now.addresses);
	device_free(dev);
	return ret;
}
