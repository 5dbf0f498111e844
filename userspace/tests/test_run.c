// SPDX-License-Identifier: GPL-2.0
/* Plans that are done, and taken back. The tools are commands of the shell. */
#include <signal.h>
#include <sys/wait.h>

#include "interrupt.h"
#include "run.h"
#include "temp.h"

#define NO_FILE "No such file or directory\n"

static char dir[TEMP_LEN];
static char log_text[1024];

/* Programs that stand in for ip and the like: the one named here says what it got and fails. */
static void put_program(const char *name, const char *text)
{
	char script[512];

	assert_in_range(snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", text), 0,
			sizeof(script) - 1);
	put_file(name, script, 0700);
}

static int enter(void **state)
{
	char path[256];

	(void)state;
	/* a script's job in the background is born with it ignored */
	signal(SIGINT, SIG_DFL);
	if (temp_enter(dir))
		return -1;
	snprintf(path, sizeof(path), "%s:%s", dir, getenv("PATH"));
	return setenv("PATH", path, 1);
}

static int leave(void **state)
{
	(void)state;
	return temp_leave(dir);
}

/* What the steps have written. */
static const char *trace(void)
{
	const char *text = get_file("trace");

	unlink("trace");
	return text;
}

static int run(const struct plan *plan, bool all)
{
	FILE *log;
	int ret;

	memset(log_text, 0, sizeof(log_text));
	log = fmemopen(log_text, sizeof(log_text), "w");
	ret = all ? plan_run_all(plan, NULL, log) : plan_run(plan, NULL, log);
	fclose(log);
	return ret;
}

static void add(struct plan *plan, const char *name, const char *act, const char *back)
{
	struct step *step = plan_step(plan, name, TOOL_BASH, "%s", act);

	if (back)
		plan_undo(plan, step, TOOL_BASH, "echo %s >>trace", back);
}

static void test_all_done(void **state)
{
	struct plan plan;

	(void)state;
	plan_init(&plan, "mt0", false);
	add(&plan, "one", "echo 1 >>trace", "-1");
	add(&plan, "two", "echo 2 >>trace", "-2");
	assert_int_equal(run(&plan, false), 0);
	assert_string_equal(trace(), "1\n2\n");
	assert_string_equal(log_text, "");
	plan_free(&plan);
}

/* Backwards, and not the step that failed. */
static void test_undone(void **state)
{
	struct plan plan;

	(void)state;
	plan_init(&plan, "mt0", false);
	add(&plan, "one", "echo 1 >>trace", "-1");
	add(&plan, "two", "echo 2 >>trace", NULL);
	add(&plan, "three", "echo 3 >>trace", "-3");
	add(&plan, "four", "exit 7", "-4");
	add(&plan, "five", "echo 5 >>trace", "-5");
	assert_true(run(&plan, false) < 0);
	assert_string_equal(trace(), "1\n2\n3\n-3\n-1\n");
	assert_string_equal(log_text, "mt0: four: exit status 7 (exit 7)\n"
				      "mt0: what was done is undone\n");
	plan_free(&plan);
}

static void test_not_undone(void **state)
{
	struct plan plan;
	struct step *step;

	(void)state;
	plan_init(&plan, "mt0", false);
	add(&plan, "one", "true", "-1");
	step = plan_step(&plan, "two", TOOL_BASH, "true");
	plan_undo(&plan, step, TOOL_BASH, "exit 3");
	add(&plan, "three", "exit 7", NULL);
	assert_true(run(&plan, false) < 0);
	assert_string_equal(trace(), "-1\n");
	assert_string_equal(log_text, "mt0: three: exit status 7 (exit 7)\n"
				      "mt0: two: exit status 3 (exit 3)\n"
				      "mt0: not all of what was done could be undone\n");
	plan_free(&plan);
}

/* The user's ^C lets the step that is under way end, and takes all of it back. */
static void test_interrupted(void **state)
{
	struct plan plan;

	(void)state;
	plan_init(&plan, "mt0", false);
	add(&plan, "one", "echo 1 >>trace", "-1");
	add(&plan, "two", "kill -INT $PPID; echo 2 >>trace", "-2");
	add(&plan, "three", "echo 3 >>trace", "-3");
	assert_int_equal(run(&plan, false), -EINTR);
	assert_string_equal(trace(), "1\n2\n-2\n-1\n");
	assert_string_equal(log_text, "mt0: interrupted\nmt0: what was done is undone\n");
	plan_free(&plan);
}

/* In a process of its own, which the signal may end: a log that nobody reads. */
static void __attribute__((noreturn)) run_unread(bool all)
{
	struct plan plan;
	int fds[2];
	FILE *log;

	signal(SIGPIPE, SIG_DFL);
	if (pipe(fds))
		_exit(1);
	close(fds[0]);
	log = fdopen(fds[1], "w");
	setbuf(log, NULL);
	plan_init(&plan, "mt0", false);
	add(&plan, "one", "echo 1 >>trace", "-1");
	add(&plan, "two", "exit 7", NULL);
	add(&plan, "three", "echo 3 >>trace", NULL);
	if (all)
		plan_run_all(&plan, NULL, log);
	else
		plan_run(&plan, NULL, log);
	_exit(0);
}

/* Return: how it has ended, as from waitpid(). */
static int unread(bool all)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid)
		run_unread(all);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void test_unread(void **state)
{
	(void)state;
	assert_int_equal(unread(false), 0);
	assert_string_equal(trace(), "1\n-1\n");
	assert_int_equal(unread(true), 0);
	assert_string_equal(trace(), "1\n3\n");
}

/* The first that fails ends a line, also in a pipeline, as it does for wg-quick(8). */
static void test_shell(void **state)
{
	static const char *const failing[] = {
		"false; echo 1 >>trace", "false | true; echo 1 >>trace",
	};
	struct plan plan;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
		plan_init(&plan, "mt0", false);
		add(&plan, "one", failing[i], NULL);
		assert_true(run(&plan, false) < 0);
		assert_string_equal(trace(), "");
		plan_free(&plan);
	}
	plan_init(&plan, "mt0", false);
	add(&plan, "one", "false || [[ a == @(a|b) ]]; x=bab; echo ${x##+(a|b)}0 >>trace", NULL);
	assert_int_equal(run(&plan, false), 0);
	assert_string_equal(trace(), "0\n");
	plan_free(&plan);
}

/* What a plan ignores is not ignored by what it runs. */
static void test_pipe_in_hook(void **state)
{
	struct plan plan;

	(void)state;
	plan_init(&plan, "mt0", false);
	add(&plan, "one", "kill -PIPE $$; echo 1 >>trace", NULL);
	assert_true(run(&plan, false) < 0);
	assert_string_equal(trace(), "");
	plan_free(&plan);
}

/* Return: the number in the file. */
static pid_t number_in(const char *path)
{
	pid_t number = (pid_t)strtol(get_file(path), NULL, 10);

	unlink(path);
	return number;
}

/* ^C goes to a process group: a tool is not in ours, and a command of the user is. */
static void test_groups(void **state)
{
	struct plan plan;

	(void)state;
	put_program("ip", "cut -d' ' -f5 /proc/$$/stat >group");
	plan_init(&plan, "mt0", false);
	plan_step(&plan, "one", TOOL_IP, "link\n");
	assert_int_equal(run(&plan, false), 0);
	assert_int_not_equal(number_in("group"), getpgrp());
	plan_free(&plan);
	plan_init(&plan, "mt0", false);
	add(&plan, "one", "cut -d' ' -f5 /proc/$$/stat >group", NULL);
	assert_int_equal(run(&plan, false), 0);
	assert_int_equal(number_in("group"), getpgrp());
	plan_free(&plan);
}

static void test_all(void **state)
{
	struct plan plan;

	(void)state;
	plan_init(&plan, "mt0", false);
	add(&plan, "one", "exit 1", NULL);
	add(&plan, "two", "echo 2 >>trace", NULL);
	plan_step(&plan, "three", TOOL_BASH, "exit 3")->decisive = true;
	add(&plan, "four", "echo 4 >>trace", NULL);
	assert_true(run(&plan, true) < 0);
	assert_string_equal(trace(), "2\n");
	assert_string_equal(log_text, "mt0: one: exit status 1 (exit 1)\n"
				      "mt0: three: exit status 3 (exit 3)\n");
	plan_free(&plan);
}

/* As under nohup(1): neither we nor the user's command hear of it. */
static void test_ignored(void **state)
{
	struct plan plan;

	(void)state;
	signal(SIGHUP, SIG_IGN);
	plan_init(&plan, "mt0", false);
	add(&plan, "one", "kill -HUP $$ $PPID; echo 1 >>trace", NULL);
	add(&plan, "two", "echo 2 >>trace", NULL);
	assert_int_equal(run(&plan, false), 0);
	assert_string_equal(trace(), "1\n2\n");
	signal(SIGHUP, SIG_DFL);
	plan_free(&plan);
}

/* Before the first step nothing has to be brought to its end; after it everything has. */
static void test_all_interrupted(void **state)
{
	struct plan plan;

	(void)state;
	plan_init(&plan, "mt0", false);
	add(&plan, "one", "kill -INT $PPID; echo 1 >>trace", NULL);
	add(&plan, "two", "echo 2 >>trace", NULL);
	assert_int_equal(run(&plan, true), 0);
	assert_string_equal(trace(), "1\n2\n");
	assert_int_equal(run(&plan, true), -EINTR);
	assert_string_equal(trace(), "");
	assert_string_equal(log_text, "mt0: interrupted\n");
	interrupted = 0;
	plan_free(&plan);
}

/* Each tool gets its text on its standard input, and says in its own words what is wrong. */
static void test_tools(void **state)
{
	static const struct {
		enum tool tool;
		const char *program;
		const char *args;
	} cases[] = {
		{ TOOL_IP, "ip", "-batch -" },
		{ TOOL_IP4, "ip", "-4 -batch -" },
		{ TOOL_IP6, "ip", "-6 -batch -" },
		{ TOOL_NFT, "nft", "-f -" },
		{ TOOL_DNS_ADD, "resolvconf", "-a tun.mt0 -m 0 -x" },
		{ TOOL_DNS_DELETE, "resolvconf", "-d tun.mt0 -f" },
	};
	char wanted[256];
	struct plan plan;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_program(cases[i].program,
			    "echo \"$*\" >>trace; cat >>trace; echo no >&2; exit 2");
		plan_init(&plan, "mt0", true);
		plan_step(&plan, "step", cases[i].tool, "first\nsecond\n");
		assert_true(run(&plan, true) < 0);
		snprintf(wanted, sizeof(wanted), "%s\nfirst\nsecond\n", cases[i].args);
		assert_string_equal(trace(), wanted);
		assert_string_equal(log_text, "mt0: step: no\n");
		plan_free(&plan);
	}
}

/* ip says in which line of the batch, and we say what stands there. */
static void test_line(void **state)
{
	struct plan plan;

	(void)state;
	put_program("ip", "printf 'Error: File exists\\nCommand failed -:2\\n' >&2; exit 1");
	plan_init(&plan, "mt0", false);
	plan_step(&plan, "routes", TOOL_IP, "one\ntwo three\nfour\n");
	assert_true(run(&plan, true) < 0);
	assert_string_equal(log_text, "mt0: routes: Error: File exists (two three)\n");
	plan_free(&plan);
	put_program("ip", "exit 9");
	plan_init(&plan, "mt0", false);
	plan_step(&plan, "routes", TOOL_IP, "one\n");
	assert_true(run(&plan, true) < 0);
	assert_string_equal(log_text, "mt0: routes: exit status 9\n");
	plan_free(&plan);
}

static void test_no_tool(void **state)
{
	char *path = strdup(getenv("PATH"));
	struct plan plan;

	(void)state;
	setenv("PATH", "/nonexistent", 1);
	plan_init(&plan, "mt0", false);
	plan_step(&plan, "name servers", TOOL_DNS_ADD, "nameserver 1.1.1.1\n");
	assert_true(run(&plan, true) < 0);
	assert_string_equal(log_text,
			    "mt0: name servers: resolvconf: No such file or directory\n");
	plan_free(&plan);
	setenv("PATH", path, 1);
	free(path);
}

/* Behind what the user has chosen. */
static void test_path(void **state)
{
	char *path = strdup(getenv("PATH"));

	(void)state;
	setenv("PATH", "/a:/b", 1);
	tools_extend_path();
	assert_string_equal(getenv("PATH"), "/a:/b:/usr/sbin:/sbin");
	unsetenv("PATH");
	tools_extend_path();
	assert_string_equal(getenv("PATH"), "/usr/bin:/bin:/usr/sbin:/sbin");
	setenv("PATH", path, 1);
	free(path);
}

/* A resolvconf that fails may have begun: it is told to forget. */
static void test_dns_undone(void **state)
{
	struct plan plan;
	struct step *step;

	(void)state;
	put_program("resolvconf", "echo \"$*\" >>trace; test \"$1\" = -d");
	plan_init(&plan, "mt0", false);
	step = plan_step(&plan, "name servers", TOOL_DNS_ADD, "nameserver 1.1.1.1\n");
	plan_undo(&plan, step, TOOL_DNS_DELETE, "%s", "");
	assert_true(run(&plan, false) < 0);
	assert_string_equal(trace(), "-a mt0 -m 0 -x\n-d mt0 -f\n");
	plan_free(&plan);
}

/* A tool that was killed may have done its work. */
static void test_killed(void **state)
{
	struct plan plan;
	struct step *step;

	(void)state;
	put_program("nft", "echo \"$*\" >>trace; cat >>trace; kill -TERM $$");
	plan_init(&plan, "mt0", false);
	step = plan_step(&plan, "firewall", TOOL_NFT, "add\n");
	plan_undo(&plan, step, TOOL_NFT, "delete\n");
	assert_true(run(&plan, false) < 0);
	assert_string_equal(trace(), "-f -\nadd\n-f -\ndelete\n");
	assert_string_equal(log_text, "mt0: firewall: exit status 143\n"
				      "mt0: what was done is undone\n");
	plan_free(&plan);
}

#define FORWARDING "{\"rule\": {\"comment\": \"net.ipv4.ip_forward=0\"}}"

/* A setting that a tunnel needs which has come up meanwhile is left as it is. */
static void test_needed_elsewhere(void **state)
{
	struct plan plan;
	struct step *step;

	(void)state;
	put_program("nft", "case \"$*\" in\n"
			   "*tables) echo '{\"nftables\": [{\"table\": {\"name\": \"vpnctl-mt1\"}}]}' ;;\n"
			   "*) echo '{\"nftables\": [" FORWARDING "]}' ;;\nesac");
	plan_init(&plan, "mt0", false);
	step = plan_step(&plan, "one", TOOL_BASH, "true");
	/* not one that is there: nothing of this host is touched if it goes wrong */
	plan_undo(&plan, step, TOOL_SYSCTL, "net.ipv4.ip_forward=wrong");
	step = plan_step(&plan, "two", TOOL_BASH, "true");
	plan_undo(&plan, step, TOOL_SYSCTL, "net.ipv4.no_such_thing=1");
	add(&plan, "three", "exit 7", NULL);
	assert_true(run(&plan, false) < 0);
	assert_string_equal(log_text, "mt0: three: exit status 7 (exit 7)\n"
				      "mt0: two: /proc/sys/net/ipv4/no_such_thing: " NO_FILE
				      "mt0: not all of what was done could be undone\n");
	plan_free(&plan);
}

static void test_sysctl(void **state)
{
	struct plan plan;

	(void)state;
	plan_init(&plan, "mt0", false);
	plan_step(&plan, "sysctl", TOOL_SYSCTL, "net.ipv4.no_such_thing=1");
	assert_true(run(&plan, true) < 0);
	assert_string_equal(log_text, "mt0: sysctl: /proc/sys/net/ipv4/no_such_thing: " NO_FILE);
	plan_free(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_done),
		cmocka_unit_test(test_undone),
		cmocka_unit_test(test_not_undone),
		cmocka_unit_test(test_unread),
		cmocka_unit_test(test_pipe_in_hook),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_shell),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_all_interrupted),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_tools),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_no_tool),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_dns_undone),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_needed_elsewhere),
		cmocka_unit_test(test_sysctl),
		/* the last one: an interruption is not forgotten */
		cmocka_unit_test(test_interrupted),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
