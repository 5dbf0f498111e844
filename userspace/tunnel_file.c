// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "interrupt.h"
#include "lock.h"
#include "tunnel_file.h"

/* Where the suffix of a configuration file begins; NULL: it has none. */
static const char *suffix_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (!strcmp(dot, CONFIG_SUFFIX) || !strcmp(dot, JSON_SUFFIX)) ? dot : NULL;
}

/**
 * tunnel_file_is_json() - which of the two formats a file has
 * @path: its name
 *
 * Return: whether it is JSON.
 */
bool tunnel_file_is_json(const char *path)
{
	const char *suffix = suffix_of(path);

	return suffix && !strcmp(suffix, JSON_SUFFIX);
}

/**
 * tunnel_file_find() - the file that an argument means
 * @path: gets its path
 * @room: bytes there
 * @dir: where the files are that are called by name
 * @arg: a path, or a name of a file in @dir without suffix
 *
 * Of two files of a name it is the one that is not JSON.
 *
 * Return: 0 or -ENAMETOOLONG.
 */
int tunnel_file_find(char *path, size_t room, const char *dir, const char *arg)
{
	bool is_name = !strchr(arg, '/') && (!suffix_of(arg) || suffix_of(arg) == arg);
	int put;

	if (is_name)
		put = snprintf(path, room, "%s/%s" CONFIG_SUFFIX, dir, arg);
	else
		put = snprintf(path, room, "%s", arg);
	/* both suffixes are equally long */
	if (put < 0 || (size_t)put >= room)
		return -ENAMETOOLONG;
	if (!is_name || !access(path, F_OK))
		return 0;
	memcpy(path + put - strlen(JSON_SUFFIX), JSON_SUFFIX, strlen(JSON_SUFFIX));
	if (access(path, F_OK))
		memcpy(path + put - strlen(JSON_SUFFIX), CONFIG_SUFFIX, strlen(CONFIG_SUFFIX));
	return 0;
}

/**
 * tunnel_file_device() - which device a file is about
 * @ifname: gets the name of the file without folder and suffix
 * @path: the file
 *
 * Return: 0, or -EINVAL when that is no name of a device, as "." and ".." are none.
 */
int tunnel_file_device(char ifname[IFNAMSIZ], const char *path)
{
	const char *name = strrchr(path, '/'), *suffix = suffix_of(path), *c;
	size_t len;

	name = name ? name + 1 : path;
	for (c = name; isalnum((unsigned char)*c) || (*c && strchr("_=+.-", *c)); c++)
		;
	if (*c || !suffix || suffix <= name || suffix - name >= IFNAMSIZ)
		return -EINVAL;
	len = (size_t)(suffix - name);
	memcpy(ifname, name, len);
	ifname[len] = '\0';
	return strcmp(ifname, ".") && strcmp(ifname, "..") ? 0 : -EINVAL;
}

/**
 * tunnel_file_names() - what <name> or <file> on a command line stand for
 * @arg: the argument
 * @path: gets the name of the file
 * @ifname: gets that of the device, which is the file's
 *
 * Return: 0, or -errno after a complaint.
 */
int tunnel_file_names(const char *arg, char path[PATH_MAX], char ifname[IFNAMSIZ])
{
	int ret = tunnel_file_find(path, PATH_MAX, CONFIG_DIR, arg);

	if (ret) {
		fprintf(stderr, "%s: %s\n", arg, strerror(-ret));
		return ret;
	}
	ret = tunnel_file_device(ifname, path);
	if (ret)
		fprintf(stderr, "%s: " TUNNEL_NAME_RULE "\n", path);
	return ret;
}

static void warn_open_file(const struct config *cfg, const char *path)
{
	if (S_ISREG(cfg->file.st_mode) && (cfg->file.st_mode & 0007))
		fprintf(stderr, "Warning: %s is accessible for everyone\n", path);
}

/**
 * tunnel_file_parse() - parse a file of either format
 * @cfg: with log, dev and tun set
 * @path: its name
 *
 * Return: 0, or -errno after a complaint in the log.
 */
int tunnel_file_parse(struct config *cfg, const char *path)
{
	return tunnel_file_is_json(path) ? config_read_json_file(cfg, path) :
					   config_read_file(cfg, path);
}

/**
 * tunnel_file_read() - read the file, and nothing that it refers to
 * @cfg: with log, dev and tun set
 * @path: its name
 *
 * Return: 0, or -errno after a complaint.
 */
int tunnel_file_read(struct config *cfg, const char *path)
{
	int ret = tunnel_file_parse(cfg, path);

	warn_open_file(cfg, path);
	if (ret == -EINVAL)
		fputs("Configuration parsing error\n", stderr);
	return ret;
}

/**
 * tunnel_file_changed() - whether a file is not what it was when it was read
 * @cfg: has read it
 * @path: its name
 *
 * Return: true also when it is gone.
 */
bool tunnel_file_changed(const struct config *cfg, const char *path)
{
	const struct stat *was = &cfg->file;
	struct stat now;

	return stat(path, &now) || now.st_dev != was->st_dev || now.st_ino != was->st_ino ||
	       now.st_size != was->st_size || now.st_mtim.tv_sec != was->st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != was->st_mtim.tv_nsec;
}

/**
 * tunnel_file_key() - read the private key from the file that PrivateKeyFile names
 * @cfg: with log, dev and tun set, and tun->key_file
 *
 * A name without a slash is that of one of systemd's credentials.
 *
 * Return: 0, or -errno after a complaint.
 */
int tunnel_file_key(struct config *cfg)
{
	const char *name = cfg->tun->key_file, *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];

	if (strchr(name, '/'))
		return config_override(cfg, "PrivateKeyFile", "PrivateKey", name, true);
	if (!dir) {
		fprintf(stderr, "PrivateKeyFile: %s: CREDENTIALS_DIRECTORY is not set\n", name);
		return -EINVAL;
	}
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= PATH_MAX)
		return -ENAMETOOLONG;
	return config_override(cfg, "PrivateKeyFile", "PrivateKey", path, true);
}

/* Return: 0 or -errno. */
static int wait_for_lock(int fd, const char *path, FILE *log)
{
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	if (errno == EWOULDBLOCK)
		fprintf(log, "%s: another vpnctl is changing it; waiting\n", path);
	while (flock(fd, LOCK_EX))
		if (errno != EINTR || interrupted)
			return -errno;
	return 0;
}

/* Return: a descriptor with the lock, or -errno. */
static int open_locked(const char *path, FILE *log)
{
	/* what is no regular file must not be waited for here */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = wait_for_lock(fd, path, log);
	if (!ret && !lock_is_on(fd, path))
		ret = -ESTALE;
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/**
 * tunnel_file_lock() - wait until nobody else changes the file
 * @path: the file
 * @log: for complaints, and that there is something to wait for
 *
 * To be held from before the file is read until the new one has taken its place. Who holds it
 * runs no commands of the user, which may want it too. Signals that are caught end the wait.
 *
 * It keeps those apart whom LOCK_PATH does not: commands that one `up` or `down` calls, and those
 * who may write the file and not LOCK_DIR. It is the file that is locked, as nobody can open that
 * who may not see its keys; the folder could be locked, and everybody made to wait, by anyone.
 *
 * Return: a descriptor, to be closed, which ends it; or -errno after a complaint.
 */
int tunnel_file_lock(const char *path, FILE *log)
{
	int ret;

	do {
		ret = open_locked(path, log);
	} while (ret == -ESTALE);
	if (ret < 0)
		fprintf(log, "%s: %s\n", path, strerror(-ret));
	return ret;
}

/* The new file belongs to whom the old one does. Return: 0 or -errno. */
static int take_after(int fd, const char *path)
{
	struct stat st;

	if (stat(path, &st) || fchown(fd, st.st_uid, st.st_gid) ||
	    fchmod(fd, st.st_mode & 07777))
		return -errno;
	return 0;
}

enum { TEMPORARY_LEN = 6 };

/**
 * replacement_begin() - begin to write a file that is to take the place of another
 * @new: to be filled in
 * @path: a file that exists
 *
 * Return: 0 or -errno; then there is nothing to be undone.
 */
int replacement_begin(struct replacement *new, const char *path)
{
	int fd, len, ret;

	memset(new, 0, sizeof(*new));
	/* a link stays, and leads to the new file */
	if (!realpath(path, new->path))
		return -errno;
	len = snprintf(new->temporary, PATH_MAX, "%s.", new->path);
	if (len + TEMPORARY_LEN >= PATH_MAX)
		return -ENAMETOOLONG;
	/* the letters that mkostemp() takes others for */
	memset(new->temporary + len, 'X', TEMPORARY_LEN);
	fd = mkostemp(new->temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = take_after(fd, new->path);
	if (!ret) {
		new->out = fdopen(fd, "w");
		if (!new->out)
			ret = -errno;
	}
	if (!ret) {
		setvbuf(new->out, new->buffer, _IOFBF, sizeof(new->buffer));
		return 0;
	}
	close(fd);
	unlink(new->temporary);
	return ret;
}

/**
 * replacement_close() - all has been written: bring it to the disk
 * @new: begun
 *
 * Return: 0; or -errno, then replacement_abort() is all that remains to be done.
 */
int replacement_close(struct replacement *new)
{
	int ret = 0;

	errno = EIO;
	if (fflush(new->out) || ferror(new->out) || fsync(fileno(new->out)))
		ret = -errno;
	if (fclose(new->out) && !ret)
		ret = -errno;
	new->out = NULL;
	explicit_bzero(new->buffer, sizeof(new->buffer));
	return ret;
}

/* That the name leads to the new file must be on the disk, too. */
static void sync_folder(char *path)
{
	int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/**
 * replacement_commit() - take the place
 * @new: closed
 *
 * A crash leaves the old file or the new one.
 *
 * Return: 0; or -errno, then replacement_abort() is all that remains to be done.
 */
int replacement_commit(struct replacement *new)
{
	if (rename(new->temporary, new->path))
		return -errno;
	sync_folder(new->path);
	return 0;
}

/**
 * replacement_abort() - leave the old file as it is
 * @new: begun or closed
 */
void replacement_abort(struct replacement *new)
{
	if (new->out)
		fclose(new->out);
	new->out = NULL;
	explicit_bzero(new->buffer, sizeof(new->buffer));
	unlink(new->temporary);
}
