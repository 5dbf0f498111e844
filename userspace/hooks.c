// SPDX-License-Identifier: GPL-2.0
/*
 * A program sees the events in their order: it is not run again while it still runs. Several
 * programs run side by side.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "child.h"
#include "hooks.h"

/**
 * hooks_init() - begin with nothing to run
 * @hooks: to be filled in
 * @dir: the folder of the programs, which need not exist; stays the caller's
 */
void hooks_init(struct hooks *hooks, const char *dir)
{
	memset(hooks, 0, sizeof(*hooks));
	hooks->dir = dir;
	hooks->limit_ms = HOOK_LIMIT_MS;
}

/* As run-parts(8): no editor's copies, nothing of a package manager. */
static int is_hook_name(const struct dirent *entry)
{
	const char *c = entry->d_name;

	while (isalnum((unsigned char)*c) || (*c && strchr("_-", *c)))
		c++;
	return !*c;
}

/* Who can write to it, or put another program in its place, could become us. */
static bool is_ours_alone(const char *path, const struct stat *st)
{
	if ((st->st_uid == 0 || st->st_uid == geteuid()) && !(st->st_mode & 0022))
		return true;
	fprintf(stderr, "%s: not run, because others may change it\n", path);
	return false;
}

static bool may_run(const char *path)
{
	char real[PATH_MAX];
	struct stat st;

	if (!realpath(path, real) || stat(real, &st) || !S_ISREG(st.st_mode) ||
	    !(st.st_mode & 0111) || !is_ours_alone(path, &st))
		return false;
	/* a link may lead to a folder that is not ours */
	return !stat(dirname(real), &st) && is_ours_alone(path, &st);
}

static void add_one(struct hooks *hooks, const char *name, const struct hook_event *event)
{
	struct hook *hook = &hooks->waiting[hooks->n_waiting];
	char *path;

	if (asprintf(&path, "%s/%s", hooks->dir, name) < 0)
		return;
	if (!may_run(path)) {
		free(path);
		return;
	}
	if (hooks->n_waiting == HOOKS_WAITING) {
		if (!hooks->full)
			fprintf(stderr, "%s: not run for %s: too many wait\n", path, event->event);
		hooks->full = true;
		hooks->failed++;
		free(path);
		return;
	}
	hook->path = path;
	hook->event = *event;
	hooks->n_waiting++;
}

/**
 * hooks_add() - have every program of the folder run for an event
 * @hooks: all of them
 * @event: what they are told; hooks_run() starts them
 */
void hooks_add(struct hooks *hooks, const struct hook_event *event)
{
	struct dirent **names;
	struct stat st;
	int i, n;

	if (stat(hooks->dir, &st) || !is_ours_alone(hooks->dir, &st))
		return;
	n = scandir(hooks->dir, &names, is_hook_name, alphasort);
	for (i = 0; i < n; i++) {
		add_one(hooks, names[i]->d_name, event);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static void set_variable(const char *name, const char *value)
{
	if (*value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

/* In the child. */
static void __attribute__((noreturn)) become(const struct hook *hook)
{
	char *const args[] = { hook->path, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0)
		dup2(null, STDIN_FILENO);
	set_variable("MYTUN_EVENT", hook->event.event);
	set_variable("MYTUN_DEVICE", hook->event.device);
	set_variable("MYTUN_PEER", hook->event.peer);
	set_variable("MYTUN_ENDPOINT", hook->event.endpoint);
	set_variable("MYTUN_REASON", hook->event.reason);
	execv(hook->path, args);
	dprintf(STDERR_FILENO, "%s: %s\n", hook->path, strerror(errno));
	_exit(127);
}

static bool is_running(const struct hooks *hooks, const char *path)
{
	size_t i;

	for (i = 0; i < HOOKS_RUNNING; i++)
		if (hooks->running[i].path && !strcmp(hooks->running[i].path, path))
			return true;
	return false;
}

static struct hook *free_place(struct hooks *hooks)
{
	size_t i;

	for (i = 0; i < HOOKS_RUNNING; i++)
		if (!hooks->running[i].path)
			return &hooks->running[i];
	return NULL;
}

static void start(struct hooks *hooks, struct hook *place, size_t which, int64_t now)
{
	struct hook hook = hooks->waiting[which];

	hooks->full = false;
	hooks->n_waiting--;
	memmove(&hooks->waiting[which], &hooks->waiting[which + 1],
		(hooks->n_waiting - which) * sizeof(hook));
	hook.pid = child_fork();
	if (!hook.pid)
		become(&hook);
	if (hook.pid > 0) {
		hook.deadline = now + hooks->limit_ms;
		*place = hook;
		return;
	}
	fprintf(stderr, "%s: %s\n", hook.path, strerror(errno));
	hooks->failed++;
	free(hook.path);
}

/**
 * hooks_run() - start those that wait, as far as they may run now
 * @hooks: all of them
 * @now: now_ms()
 */
void hooks_run(struct hooks *hooks, int64_t now)
{
	struct hook *place;
	size_t i = 0;

	while (i < hooks->n_waiting && (place = free_place(hooks))) {
		if (is_running(hooks, hooks->waiting[i].path))
			i++;
		else
			start(hooks, place, i, now);
	}
}

/**
 * hooks_reap() - a child has ended
 * @hooks: all of them
 * @pid: which
 * @status: from waitpid()
 *
 * Return: whether it was one of them.
 */
bool hooks_reap(struct hooks *hooks, pid_t pid, int status)
{
	struct hook *hook = hooks->running;

	while (hook < hooks->running + HOOKS_RUNNING && (!hook->path || hook->pid != pid))
		hook++;
	if (hook == hooks->running + HOOKS_RUNNING)
		return false;
	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		hooks->done++;
	} else {
		hooks->failed++;
		fprintf(stderr, "%s: %s %d for %s\n", hook->path,
			WIFEXITED(status) ? "exit status" : "ended by signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
			hook->event.event);
	}
	free(hook->path);
	memset(hook, 0, sizeof(*hook));
	return true;
}

/**
 * hooks_expire() - end those that have run for too long
 * @hooks: all of them
 * @now: now_ms()
 *
 * Return: when to call it again; INT64_MAX: never.
 */
int64_t hooks_expire(struct hooks *hooks, int64_t now)
{
	int64_t next = INT64_MAX;
	size_t i;

	for (i = 0; i < HOOKS_RUNNING; i++) {
		struct hook *hook = &hooks->running[i];

		if (!hook->path || hook->deadline == INT64_MAX)
			continue;
		if (hook->deadline <= now) {
			fprintf(stderr, "%s: ended after %lld s\n", hook->path,
				(long long)hooks->limit_ms / 1000);
			child_kill(hook->pid);
			/* hooks_reap() will hear of it */
			hook->deadline = INT64_MAX;
		} else {
			next = sooner(next, hook->deadline);
		}
	}
	return next;
}

/**
 * hooks_close() - forget those that wait, and end those that run
 * @hooks: all of them
 */
void hooks_close(struct hooks *hooks)
{
	size_t i;

	while (hooks->n_waiting)
		free(hooks->waiting[--hooks->n_waiting].path);
	for (i = 0; i < HOOKS_RUNNING; i++) {
		if (!hooks->running[i].path)
			continue;
		child_kill(hooks->running[i].pid);
		waitpid(hooks->running[i].pid, NULL, 0);
		free(hooks->running[i].path);
		memset(&hooks->running[i], 0, sizeof(hooks->running[i]));
	}
}
