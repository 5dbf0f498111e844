// SPDX-License-Identifier: GPL-2.0
/*
 * Files in memory stand between us and the programs: nobody waits for a pipe, and keys
 * are in none of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "interrupt.h"
#include "nl.h"
#include "records.h"
#include "run.h"
#include "save.h"
#include "wait.h"

extern char **environ;

/* What a shell adds to the number of the signal that has ended a program. */
#define KILLED 128

/* A file with the text, to be read from its beginning. Return: its descriptor or -errno. */
static int memory_file(const char *text)
{
	size_t len = strlen(text), done = 0;
	int fd = memfd_create("vpnctl", MFD_CLOEXEC);
	ssize_t put;

	if (fd < 0)
		return -errno;
	while (done < len) {
		put = write(fd, text + done, len - done);
		if (put < 0) {
			put = -errno;
			close(fd);
			return (int)put;
		}
		done += (size_t)put;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* What is in the file. Return: a string, to be freed; NULL without memory. */
static char *file_content(int fd)
{
	off_t len = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, len < 0 ? 1 : (size_t)len + 1);

	if (text && len > 0 && pread(fd, text, (size_t)len, 0) != len)
		*text = '\0';
	return text;
}

/**
 * tools_extend_path() - have programs found where those of the administrator are, too
 *
 * A crontab's PATH has no sbin, and nft(8) is in one.
 */
void tools_extend_path(void)
{
	const char *old = getenv("PATH");
	char *path;

	if (asprintf(&path, "%s:/usr/sbin:/sbin", old ? old : "/usr/bin:/bin") < 0)
		return;
	setenv("PATH", path, 1);
	free(path);
}

/* Return: the exit status of the program, or -errno. */
static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
}

/*
 * Start a program with these descriptors, and wait. Ctrl-C goes to all of a process group:
 * @flags say whether the program gets one of its own. Return: its exit status or -errno.
 */
static int spawn(char *const *args, const int fds[3], short flags)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t signals;
	pid_t pid;
	int i, ret;

	sigemptyset(&signals);
	/* what we catch has its default again by itself, and what our caller ignores stays so */
	sigaddset(&signals, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &signals);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | flags);
	for (i = 0; i < 3; i++)
		if (fds[i] != i)
			posix_spawn_file_actions_adddup2(&files, fds[i], i);
	ret = -posix_spawnp(&pid, args[0], &files, &attr, args, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return ret ? ret : wait_for(pid);
}

/**
 * tool_run() - run a program and keep what it says
 * @output: to be given to output_free(), also after an error
 * @args: the program, found in PATH, and its arguments
 * @input: its standard input
 *
 * The user's Ctrl-C does not reach it: what is under way is not left half done.
 *
 * Return: 0 when it was run, whatever came of it; -errno when it was not.
 */
int tool_run(struct output *output, char *const *args, const char *input)
{
	int fds[3] = { -1, -1, -1 }, i, ret = 0;

	memset(output, 0, sizeof(*output));
	for (i = 0; i < 3 && !ret; i++) {
		fds[i] = memory_file(i ? "" : input);
		if (fds[i] < 0)
			ret = fds[i];
	}
	if (!ret)
		ret = spawn(args, fds, POSIX_SPAWN_SETPGROUP);
	if (ret >= 0) {
		output->status = ret;
		output->out = file_content(fds[1]);
		output->err = file_content(fds[2]);
		ret = output->out && output->err ? 0 : -ENOMEM;
	}
	for (i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return ret;
}

/**
 * output_free() - free what a program has said
 * @output: filled in by tool_run()
 */
void output_free(struct output *output)
{
	free(output->out);
	free(output->err);
}

/* The line of the batch that ip says it failed in. */
static void say_line(FILE *log, const char *text, const char *err)
{
	const char *found = strstr(err, "Command failed -:");
	unsigned long n = found ? strtoul(strchr(found, ':') + 1, NULL, 10) : 0;

	while (n > 1 && *text) {
		text += strcspn(text, "\n");
		text += *text == '\n';
		n--;
	}
	if (n)
		fprintf(log, " (%.*s)", (int)strcspn(text, "\n"), text);
}

/* What the tool has said, without the line about the line. */
static void say_why(FILE *log, const struct output *output, const char *text)
{
	const char *err = *output->err ? output->err : output->out;
	const char *end = strstr(err, "Command failed -:");
	size_t len = end ? (size_t)(end - err) : strlen(err);

	while (len && err[len - 1] == '\n')
		len--;
	if (len)
		fprintf(log, "%.*s", (int)len, err);
	else
		fprintf(log, "exit status %d", output->status);
	say_line(log, text, err);
	fputc('\n', log);
}

static int run_tool(const struct plan *plan, const char *name, char *const *args,
		    const char *text, FILE *log)
{
	struct output output;
	int ret = tool_run(&output, args, text);

	if (ret) {
		fprintf(log, "%s: %s: %s: %s\n", plan->ifname, name, args[0], strerror(-ret));
	} else if (output.status) {
		fprintf(log, "%s: %s: ", plan->ifname, name);
		say_why(log, &output, text);
		ret = output.status > KILLED ? -ECANCELED : -EIO;
	}
	output_free(&output);
	return ret;
}

static int run_sysctl(const struct plan *plan, const char *name, const char *text, FILE *log)
{
	char path[sizeof("/proc/sys/") + SYSCTL_NAME_LEN] = "/proc/sys/";
	size_t len = strcspn(text, "="), at = strlen(path), i;
	const char *value = text + len + 1;
	int fd, ret = 0;

	for (i = 0; i < len && i < SYSCTL_NAME_LEN; i++)
		path[at++] = text[i] == '.' ? '/' : text[i];
	path[at] = '\0';
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0) {
		ret = -errno;
		fprintf(log, "%s: %s: %s: %s\n", plan->ifname, name, path, strerror(-ret));
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

/* A command of the user has our terminal, if there is one, and the shell of wg-quick(8). */
static int run_hook(const struct plan *plan, const char *name, const char *text, FILE *log)
{
	char *const args[] = { "bash", "-e", "-o", "pipefail", "-O", "extglob", "-c",
			       (char *)text, NULL };
	const int fds[3] = { 0, 1, 2 };
	int ret = spawn(args, fds, 0);

	if (ret < 0)
		fprintf(log, "%s: %s: bash: %s\n", plan->ifname, name, strerror(-ret));
	else if (ret)
		fprintf(log, "%s: %s: exit status %d (%s)\n", plan->ifname, name, ret, text);
	return ret > 0 ? -EIO : ret;
}

static int run_configure(const struct plan *plan, const char *name, struct tunnel *tun, FILE *log)
{
	struct nl nl;
	int ret = nl_open(&nl);

	if (!ret)
		ret = nl_set_device(&nl, tun->dev);
	if (ret) {
		fprintf(log, "%s: %s: ", plan->ifname, name);
		nl_complain(&nl, "Unable to modify interface", tun->dev->name, ret);
	}
	nl_close(&nl);
	return ret;
}

/* That the user has interrupted it is seen by who does the steps. */
static int run_wait(const struct tunnel *tun, FILE *log)
{
	int ret = wait_for_handshakes(tun, &interrupted, log);

	return ret == -EINTR ? 0 : ret;
}

#define ARGS(...) ((char *const []){ __VA_ARGS__, NULL })

static int run_action(const struct plan *plan, const char *name, const struct action *action,
		      struct tunnel *tun, FILE *log)
{
	char *dns = (char *)plan->dns_name, *text = action->text;

	switch (action->tool) {
	case TOOL_NONE:
		return 0;
	case TOOL_IP:
		return run_tool(plan, name, ARGS("ip", "-batch", "-"), text, log);
	case TOOL_IP4:
		return run_tool(plan, name, ARGS("ip", "-4", "-batch", "-"), text, log);
	case TOOL_IP6:
		return run_tool(plan, name, ARGS("ip", "-6", "-batch", "-"), text, log);
	case TOOL_NFT:
		return run_tool(plan, name, ARGS("nft", "-f", "-"), text, log);
	case TOOL_SYSCTL:
		return run_sysctl(plan, name, text, log);
	case TOOL_DEVICE:
		return run_configure(plan, name, tun, log);
	case TOOL_DNS_ADD:
		return run_tool(plan, name, ARGS("resolvconf", "-a", dns, "-m", "0", "-x"), text,
				log);
	case TOOL_DNS_DELETE:
		return run_tool(plan, name, ARGS("resolvconf", "-d", dns, "-f"), text, log);
	case TOOL_BASH:
		return run_hook(plan, name, text, log);
	case TOOL_WAIT:
		return run_wait(tun, log);
	case TOOL_SAVE:
		return tunnel_save(plan->ifname, text, log);
	}
	return -EINVAL;
}

/* Take a step back, but for what another tunnel still needs, and will set back. */
static int take_back(const struct plan *plan, const struct step *step, struct tunnel *tun,
		     FILE *log)
{
	char name[SYSCTL_NAME_LEN];

	if (step->undo.tool == TOOL_SYSCTL) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(step->undo.text, "="),
			 step->undo.text);
		if (records_elsewhere(plan->ifname, name))
			return 0;
	}
	return run_action(plan, step->name, &step->undo, tun, log);
}

/*
 * Take a step back that has failed, whatever comes of it: a tool that was killed may have done its
 * work before, and a resolvconf that has failed may already have known of the name servers.
 */
static void take_back_failed(const struct plan *plan, const struct step *step, int err,
			     struct tunnel *tun)
{
	FILE *nowhere;

	if (err != -ECANCELED && step->undo.tool != TOOL_DNS_DELETE)
		return;
	nowhere = fopen("/dev/null", "we");
	if (!nowhere)
		return;
	take_back(plan, step, tun, nowhere);
	fclose(nowhere);
}

/* Take the first @n steps back, and with an error what there is of the next. */
static void undo(const struct plan *plan, size_t n, int err, struct tunnel *tun, FILE *log)
{
	size_t i = n;
	int ret = 0;

	if (err)
		take_back_failed(plan, &plan->steps[n], err, tun);
	while (i--)
		if (take_back(plan, &plan->steps[i], tun, log))
			ret = -EIO;
	fprintf(log, "%s: %s\n", plan->ifname,
		ret ? "not all of what was done could be undone" : "what was done is undone");
}

/**
 * plan_run() - do all steps, or none
 * @plan: the plan
 * @tun: the tunnel
 * @log: where the tools' complaints go
 *
 * SIGINT, SIGTERM and SIGHUP end it after the step that is under way.
 *
 * Return: 0, or -errno when a step has failed and those before it have been undone.
 */
int plan_run(const struct plan *plan, struct tunnel *tun, FILE *log)
{
	size_t i;
	int ret = 0;

	interrupt_catch();
	for (i = 0; i < plan->n && !interrupted; i++) {
		ret = run_action(plan, plan->steps[i].name, &plan->steps[i].act, tun, log);
		if (ret)
			break;
	}
	if (!ret && interrupted) {
		fprintf(log, "%s: interrupted\n", plan->ifname);
		undo(plan, i, 0, tun, log);
		return -EINTR;
	}
	if (ret)
		undo(plan, i, ret, tun, log);
	return ret;
}

/**
 * plan_run_all() - do all steps, also when some fail that are not decisive
 * @plan: the plan
 * @tun: the tunnel
 * @log: where the tools' complaints go
 *
 * Who is interrupted before the first step does none; later all are done.
 *
 * Return: 0, -EINTR, or the last error.
 */
int plan_run_all(const struct plan *plan, struct tunnel *tun, FILE *log)
{
	int ret = 0, err;
	size_t i;

	interrupt_catch();
	if (interrupted) {
		fprintf(log, "%s: interrupted\n", plan->ifname);
		return -EINTR;
	}
	for (i = 0; i < plan->n; i++) {
		err = run_action(plan, plan->steps[i].name, &plan->steps[i].act, tun, log);
		if (err)
			ret = err;
		if (err && plan->steps[i].decisive)
			break;
	}
	return ret;
}
