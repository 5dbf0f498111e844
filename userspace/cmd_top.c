// SPDX-License-Identifier: GPL-2.0
/* top: screens one after the other; on a terminal each in place of the one before. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

#include "collect.h"
#include "commands.h"
#include "notify.h"
#include "top.h"

#define SCREEN_ON "\x1b[?1049h\x1b[?25l"
#define SCREEN_OFF "\x1b[?25h\x1b[?1049l"
#define HOME "\x1b[H"
#define CLEAR_LINE "\x1b[K"
#define CLEAR_REST "\x1b[J"
#define LONGEST_DELAY 3600 /* seconds */

/**
 * struct view - what is asked for, and the terminal
 * @name: of the only device; NULL: all of them
 * @delay_ms: between two screens
 * @count: how many screens; 0: until it is ended
 * @live: standard output is a terminal
 * @signals: a signalfd; -1: signals do what they do to any program
 * @keys: standard input is a terminal, and gives each key at once
 * @saved: how it was
 * @taken: the terminal is ours, and is to be given back
 */
struct view {
	const char *name;
	int64_t delay_ms;
	unsigned long count;
	bool live;
	int signals;
	bool keys;
	struct termios saved;
	bool taken;
};

static int read_count(struct view *view, const char *text)
{
	char *end;

	view->count = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && view->count)
		return 0;
	fprintf(stderr, "-n: not a number of screens: `%s'\n", text);
	return -EINVAL;
}

static int read_delay(struct view *view, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (((*text >= '0' && *text <= '9') || *text == '.') && !*end && seconds >= 0.1 &&
	    seconds <= LONGEST_DELAY) {
		view->delay_ms = (int64_t)(seconds * 1000);
		return 0;
	}
	fprintf(stderr, "-d: not 0.1-%d seconds: `%s'\n", LONGEST_DELAY, text);
	return -EINVAL;
}

static int read_args(struct view *view, char *const *args)
{
	int ret = 0;

	while (*args && !ret) {
		const char *arg = *args++;

		if (!strcmp(arg, "-n") && *args)
			ret = read_count(view, *args++);
		else if (!strcmp(arg, "-d") && *args)
			ret = read_delay(view, *args++);
		else if (*arg == '-' || view->name)
			ret = -EBADMSG;
		else
			view->name = arg;
	}
	if (ret == -EBADMSG)
		usage_error("top");
	return ret;
}

/*
 * In the background a job stops itself until it is in the foreground; tcsetattr() would see to that
 * only where standard input is the terminal, too. An orphaned group is not stopped, as there is
 * nobody who could continue it, and that is seen by SIGCONT, which is blocked, not having come.
 */
static void wait_for_foreground(void)
{
	sigset_t pending;
	pid_t front;

	while ((front = tcgetpgrp(STDOUT_FILENO)) > 0 && front != getpgrp()) {
		raise(SIGTTOU);
		sigpending(&pending);
		if (!sigismember(&pending, SIGCONT))
			return;
	}
}

/*
 * Also when it is ours already: who has stopped us may have changed it. In the background nothing
 * is printed.
 */
static void take_terminal(struct view *view)
{
	struct termios raw = view->saved;

	wait_for_foreground();
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	if (view->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fputs(SCREEN_ON, stdout);
	view->taken = true;
}

static void give_terminal(struct view *view)
{
	if (!view->taken)
		return;
	fputs(SCREEN_OFF, stdout);
	fflush(stdout);
	if (view->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &view->saved);
	view->taken = false;
}

/* Where there is nothing to give back, no signal is held up by a reader who does not read. */
static void begin(struct view *view)
{
	static const int signals[] = {
		SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH,
	};
	sigset_t set;
	size_t i;

	if (!view->live)
		return;
	sigemptyset(&set);
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	view->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	view->keys = !tcgetattr(STDIN_FILENO, &view->saved);
	take_terminal(view);
}

static void end(struct view *view)
{
	give_terminal(view);
	if (view->signals >= 0)
		close(view->signals);
}

/* Ctrl-Z. To go on at once, where there is nobody who could continue us, is no error. */
static void stop(struct view *view)
{
	sigset_t set;

	give_terminal(view);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	take_terminal(view);
}

static void get_size(const struct view *view, struct top *top)
{
	struct winsize size;

	top->width = TOP_WIDTH;
	top->height = 0;
	if (!view->live || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return;
	top->width = size.ws_col;
	top->height = size.ws_row;
}

/* In one write, so that it does not flicker; the last line has no newline, or it would scroll. */
static void show_live(char *text)
{
	char *line = text, *rest;

	fputs(HOME, stdout);
	while ((rest = strchr(line, '\n'))) {
		*rest = '\0';
		printf("%s%s" CLEAR_LINE, line == text ? "" : "\n", line);
		line = rest + 1;
	}
	fputs(CLEAR_REST, stdout);
}

static int draw(const struct view *view, struct top *top)
{
	char *text = NULL;
	struct style style;
	size_t len;
	FILE *out;
	int ret;

	style_init(&style, stdout);
	get_size(view, top);
	out = open_memstream(&text, &len);
	if (!out)
		return -ENOMEM;
	style.out = out;
	ret = top_screen(&style, top);
	if (fclose(out))
		ret = -ENOMEM;
	if (!ret && view->live)
		show_live(text);
	else if (!ret)
		puts(text);
	free(text);
	return !ret && finish_output() ? -EIO : ret;
}

/* Return: whether it says that it is enough. */
static bool take_signal(struct view *view)
{
	struct signalfd_siginfo info;

	if (read(view->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	switch (info.ssi_signo) {
	case SIGTSTP:
		stop(view);
		return false;
	case SIGCONT:
		take_terminal(view);
		return false;
	case SIGWINCH:
		return false;
	default:
		return true;
	}
}

/* Return: whether a key or a signal says that it is enough. */
static bool take_input(struct view *view, const struct pollfd *fds)
{
	char keys[64];
	ssize_t got;

	/* a key of before a stop may have been read by another since: the next poll() tells */
	if (fds[0].revents)
		return take_signal(view);
	if (!fds[1].revents)
		return false;
	got = read(STDIN_FILENO, keys, sizeof(keys));
	return got <= 0 || memchr(keys, 'q', (size_t)got) || memchr(keys, 'Q', (size_t)got);
}

/* Until the next screen is due. Return: 0, 1 for the end, or -errno. */
static int wait_next(struct view *view, struct top *top, int64_t due)
{
	int64_t left;
	int ret;

	while ((left = due - now_ms()) > 0) {
		struct pollfd fds[] = {
			{ .fd = view->signals, .events = POLLIN },
			{ .fd = view->keys ? STDIN_FILENO : -1, .events = POLLIN },
		};

		if (poll(fds, 2, (int)left) <= 0)
			continue;
		if (take_input(view, fds))
			return 1;
		/* another size, a key, or we were stopped */
		ret = draw(view, top);
		if (ret)
			return ret;
	}
	return 0;
}

static int get_devices(struct view *view, struct device **list)
{
	struct nl nl;
	int ret = nl_open(&nl);

	*list = NULL;
	if (!ret)
		ret = collect(&nl, view->name, list);
	else if (ret == -EPROTONOSUPPORT && !view->name)
		ret = 0;
	if (ret) {
		give_terminal(view);
		nl_complain(&nl, "Unable to access interface", view->name, ret);
	}
	nl_close(&nl);
	return ret;
}

static int loop(struct view *view)
{
	struct device *now = NULL, *before = NULL;
	int64_t last = 0, time;
	struct top top;
	unsigned long n;
	int ret = 0;

	for (n = 0; !ret && (!view->count || n < view->count); n++) {
		device_list_free(before);
		before = now;
		ret = get_devices(view, &now);
		if (ret)
			break;
		time = now_ms();
		top = (struct top){ .now = now, .before = before };
		top.seconds = (double)(time - last) / 1000;
		last = time;
		ret = draw(view, &top);
		if (!ret && (!view->count || n + 1 < view->count))
			ret = wait_next(view, &top, time + view->delay_ms);
	}
	device_list_free(now);
	device_list_free(before);
	return ret;
}

/**
 * cmd_top() - show rates until q is pressed
 * @args: [-d <seconds>] [-n <count>] [<interface>]
 *
 * Return: the exit code.
 */
int cmd_top(char *const *args)
{
	struct view view = { .delay_ms = 1000, .live = isatty(STDOUT_FILENO), .signals = -1 };
	int ret;

	if (read_args(&view, args))
		return 1;
	begin(&view);
	ret = loop(&view);
	end(&view);
	return ret < 0 ? 1 : 0;
}
