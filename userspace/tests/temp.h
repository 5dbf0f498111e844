/* SPDX-License-Identifier: GPL-2.0 */
/* A folder of the test's own, and small files. */
#ifndef VPNCTL_TEST_TEMP_H
#define VPNCTL_TEST_TEMP_H

#include <ftw.h>
#include <unistd.h>
#include <sys/stat.h>

#include "test.h"

#define TEMP_LEN 32

/* Make a folder that nobody else has, and enter it; @dir becomes its path. Return: 0 or -1. */
static inline int temp_enter(char dir[TEMP_LEN])
{
	int len = snprintf(dir, TEMP_LEN, "/tmp/vpnctl-test.");

	/* the letters that mkdtemp() takes others for */
	memset(dir + len, 'X', 6);
	dir[len + 6] = '\0';
	return mkdtemp(dir) ? chdir(dir) : -1;
}

static inline int temp_remove_one(const char *path, const struct stat *st, int type,
				  struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Leave it, and remove it with all that is in it. Return: 0 or -1. */
static inline int temp_leave(const char *dir)
{
	return chdir("/") ? -1 : nftw(dir, temp_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void put_file(const char *path, const char *text, mode_t mode)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* Return: what is in the file, until the next call; nothing when there is none. */
static inline const char *get_file(const char *path)
{
	static char text[4096];
	FILE *in = fopen(path, "r");
	size_t len = in ? fread(text, 1, sizeof(text) - 1, in) : 0;

	text[len] = '\0';
	if (in)
		fclose(in);
	return text;
}

#endif /* VPNCTL_TEST_TEMP_H */
