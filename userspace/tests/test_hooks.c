// SPDX-License-Identifier: GPL-2.0
/* Hooks: which programs are run, what they are told, how many at once and for how long. */
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include "hooks.h"
#include "temp.h"

static char dir[TEMP_LEN];

static int begin(void **state)
{
	struct hooks *hooks = malloc(sizeof(*hooks));

	assert_int_equal(temp_enter(dir), 0);
	hooks_init(hooks, dir);
	*state = hooks;
	return 0;
}

static int end(void **state)
{
	hooks_close(*state);
	free(*state);
	return temp_leave(dir);
}

/* Each hook's output goes to a file of the folder, which is the current one. */
static void put_hook(const char *name, const char *body, mode_t mode)
{
	char text[256];

	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", body);
	put_file(name, text, mode);
}

static unsigned int running(const struct hooks *hooks)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < HOOKS_RUNNING; i++)
		n += !!hooks->running[i].path;
	return n;
}

/* Wait for one child. */
static void reap_one(struct hooks *hooks)
{
	int status;
	pid_t pid = waitpid(-1, &status, 0);

	assert_true(pid > 0);
	assert_true(hooks_reap(hooks, pid, status));
	assert_false(hooks_reap(hooks, pid, status));
}

static void run_all(struct hooks *hooks)
{
	for (;;) {
		hooks_run(hooks, 0);
		if (!running(hooks))
			break;
		reap_one(hooks);
	}
}

static const struct hook_event up = {
	"peer-up", "mt0", KEY_A, "[2001:db8::1]:7", "",
};

static const struct hook_event dead = { "peer-dead", "mt0", KEY_A, "", "timeout" };

static void test_environment(void **state)
{
	struct hooks *hooks = *state;

	put_hook("hook", "echo $MYTUN_EVENT,$MYTUN_DEVICE,$MYTUN_PEER,$MYTUN_ENDPOINT >>out\n"
			 "echo ${MYTUN_REASON-none},${NOTIFY_SOCKET-none},$OTHER >>out\n"
			 "readlink /proc/self/fd/0 >>out; exit 3", 0755);
	setenv("NOTIFY_SOCKET", "/x", 1);
	setenv("OTHER", "other", 1);
	setenv("MYTUN_REASON", "of another", 1);
	hooks_add(hooks, &up);
	hooks_add(hooks, &dead);
	run_all(hooks);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("MYTUN_REASON");
	assert_string_equal(get_file("out"),
			    "peer-up,mt0," KEY_A ",[2001:db8::1]:7\n"
			    "none,none,other\n/dev/null\n"
			    "peer-dead,mt0," KEY_A ",\n"
			    "timeout,none,other\n/dev/null\n");
	assert_int_equal(hooks->failed, 2);
}

static void test_which(void **state)
{
	struct hooks *hooks = *state;

	put_hook("50-b", "echo b >>out", 0700);
	put_hook("10_a", "echo a >>out; sleep 0.2", 0755);
	put_hook("not-executable", "echo 1 >>out", 0644);
	put_hook("of.dpkg-old", "echo 2 >>out", 0755);
	put_hook("copy~", "echo 3 >>out", 0755);
	put_hook(".hidden", "echo 4 >>out", 0755);
	put_hook("group", "echo 5 >>out", 0775);
	put_hook("world", "echo 6 >>out", 0757);
	assert_int_equal(mkdir("folder", 0755), 0);
	hooks_add(hooks, &up);
	assert_int_equal(hooks->n_waiting, 2);
	hooks_run(hooks, 0);
	assert_int_equal(running(hooks), 2);
	run_all(hooks);
	assert_int_equal(hooks->done, 2);
	assert_int_equal(strlen(get_file("out")), 4);
	assert_int_equal(hooks->failed, 0);
}

/* Others could put a program there, or another in the place of one. */
static void test_folder_of_others(void **state)
{
	static const mode_t modes[] = { 0775, 0757, 01777 };
	struct hooks *hooks = *state;
	size_t i;

	put_hook("hook", "echo 1 >>out", 0755);
	for (i = 0; i < 3; i++) {
		assert_int_equal(chmod(dir, modes[i]), 0);
		hooks_add(hooks, &up);
		assert_int_equal(hooks->n_waiting, 0);
	}
	assert_int_equal(chmod(dir, 0755), 0);
	if (!geteuid()) {
		assert_int_equal(chown(dir, 1, -1), 0);
		hooks_add(hooks, &up);
		assert_int_equal(hooks->n_waiting, 0);
		assert_int_equal(chown(dir, 0, -1), 0);
	}
	hooks_add(hooks, &up);
	assert_int_equal(hooks->n_waiting, 1);
}

/* A link is as good as the folder that it leads to. */
static void test_link(void **state)
{
	struct hooks *hooks = *state;

	assert_int_equal(mkdir("elsewhere", 0755), 0);
	put_hook("elsewhere/program", "", 0755);
	assert_int_equal(symlink("elsewhere/program", "hook"), 0);
	hooks_add(hooks, &up);
	assert_int_equal(hooks->n_waiting, 1);
	assert_int_equal(chmod("elsewhere", 0777), 0);
	hooks_add(hooks, &up);
	assert_int_equal(hooks->n_waiting, 1);
}

static void test_no_folder(void **state)
{
	struct hooks *hooks = *state;

	hooks->dir = "/nowhere/hooks.d";
	hooks_add(hooks, &up);
	assert_int_equal(hooks->n_waiting, 0);
}

/* One program sees the events one after the other, in their order. */
static void test_order(void **state)
{
	struct hooks *hooks = *state;

	put_hook("hook", "[ \"$MYTUN_EVENT\" = peer-dead ] || sleep 0.2; echo $MYTUN_EVENT >>out",
		 0755);
	hooks_add(hooks, &up);
	hooks_add(hooks, &dead);
	hooks_run(hooks, 0);
	assert_int_equal(running(hooks), 1);
	assert_int_equal(hooks->n_waiting, 1);
	run_all(hooks);
	assert_string_equal(get_file("out"), "peer-up\npeer-dead\n");
}

static void test_how_many(void **state)
{
	struct hooks *hooks = *state;
	char name[16];
	size_t i;

	for (i = 0; i < HOOKS_RUNNING + 2; i++) {
		snprintf(name, sizeof(name), "hook%zu", i);
		put_hook(name, "sleep 60", 0755);
	}
	hooks_add(hooks, &up);
	hooks_run(hooks, 0);
	assert_int_equal(running(hooks), HOOKS_RUNNING);
	assert_int_equal(hooks->n_waiting, 2);
	for (i = 0; i < HOOKS_WAITING; i++)
		hooks_add(hooks, &up);
	assert_int_equal(hooks->n_waiting, HOOKS_WAITING);
	assert_int_equal(hooks->failed, 2 + HOOKS_WAITING * (HOOKS_RUNNING + 2) - HOOKS_WAITING);
}

/* One that hangs is ended with all that it has started, and the next one has its turn. */
static void test_time_limit(void **state)
{
	struct hooks *hooks = *state;
	int fds[2];
	struct pollfd fd = { .events = POLLIN };

	hooks->limit_ms = 500;
	put_hook("hook", "[ $MYTUN_EVENT = peer-up ] || exit 0; sleep 60 & sleep 60", 0755);
	hooks_add(hooks, &up);
	hooks_add(hooks, &dead);
	/* the end of the pipe says that none of them has it any more */
	assert_int_equal(pipe(fds), 0);
	hooks_run(hooks, 1000);
	close(fds[1]);
	usleep(200000);
	assert_int_equal(hooks_expire(hooks, 1499), 1500);
	assert_int_equal(hooks_expire(hooks, 1500), INT64_MAX);
	fd.fd = fds[0];
	assert_int_equal(poll(&fd, 1, 5000), 1);
	assert_int_equal(fd.revents, POLLHUP);
	close(fds[0]);
	reap_one(hooks);
	assert_int_equal(hooks->failed, 1);
	run_all(hooks);
	assert_int_equal(hooks->done, 1);
}

static void test_cannot_run(void **state)
{
	struct hooks *hooks = *state;

	put_file("hook", "#!/no/such/shell\n", 0755);
	hooks_add(hooks, &up);
	run_all(hooks);
	assert_int_equal(hooks->failed, 1);
}

#define HOOK_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOOK_TEST(test_environment),
		HOOK_TEST(test_which),
		HOOK_TEST(test_folder_of_others),
		HOOK_TEST(test_link),
		HOOK_TEST(test_no_folder),
		HOOK_TEST(test_order),
		HOOK_TEST(test_how_many),
		HOOK_TEST(test_time_limit),
		HOOK_TEST(test_cannot_run),
	};

	/* not what hooks are to have */
	assert_non_null(freopen("/dev/zero", "r", stdin));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
