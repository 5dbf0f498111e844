// SPDX-License-Identifier: GPL-2.0
/* The command table. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "commands.h"
#include "run.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

const char *prog_name = "vpnctl";
bool want_json;

#define USAGE(...) ((const char *const []){ __VA_ARGS__, NULL })
#define FILE_USAGE USAGE("<interface> <configuration filename>")
#define TUNNEL_USAGE USAGE("{ <configuration filename> | <name> }")

static const struct command commands[] = {
	{ "show", cmd_show,
	  USAGE("[-j] [<interface> | all | interfaces]",
		"[public-key | private-key | listen-port | fwmark | peers |",
		" preshared-keys | endpoints | allowed-ips | latest-handshakes |",
		" transfer | persistent-keepalive | ciphers | dump | drops]"),
	  "Shows the current configuration and device information" },
	{ "showconf", cmd_showconf, USAGE("<interface>"),
	  "Writes the configuration of an interface to stdout, for `setconf'" },
	{ "set", cmd_set,
	  USAGE("<interface>",
		"[listen-port <port>] [fwmark <mark>] [private-key <file path>]",
		"[peer <base64 public key> [remove] [preshared-key <file path>]",
		" [endpoint <ip>:<port>] [persistent-keepalive <interval seconds>]",
		" [cipher {auto | chacha20-poly1305 | aes-256-gcm}]",
		" [allowed-ips [+|-]<ip1>/<cidr1>[,[+|-]<ip2>/<cidr2>]...] ]..."),
	  "Changes an interface, and adds, changes or removes its peers" },
	{ "setconf", cmd_setconf, FILE_USAGE, "Applies a configuration file to an interface" },
	{ "addconf", cmd_addconf, FILE_USAGE, "Appends a configuration file to an interface" },
	{ "syncconf", cmd_syncconf, FILE_USAGE,
	  "Synchronizes a configuration file to an interface" },
	{ "up", cmd_up,
	  USAGE("[--dry-run] [--[no-]kill-switch] [--[no-]gateway] [--mtu <mtu>]",
		"[--listen-port <port>] [--endpoint <host>:<port>]",
		"[--private-key <file path>] { <configuration filename> | <name> }"),
	  "Brings a tunnel up, with routes and name servers, as wg-quick(8) does" },
	{ "down", cmd_down, USAGE("[--dry-run] { <configuration filename> | <name> }"),
	  "Takes a tunnel of `up' down" },
	{ "save", cmd_save, TUNNEL_USAGE, "Writes the state of a tunnel of `up' to its file" },
	{ "strip", cmd_strip, TUNNEL_USAGE,
	  "Writes a file of `up' to stdout without what `setconf' does not know" },
	{ "reload", cmd_reload, TUNNEL_USAGE,
	  "Gives a tunnel of `up' keys, port and peers as its file has them now" },
	{ "addclient", cmd_addclient,
	  USAGE("[--hub { <configuration filename> | <name> }]",
		"[--endpoint <host>[:<port>]] [--dns <servers and domains>]",
		"[--allowed-ips <prefixes>] [--keepalive <seconds>]",
		"[--psk] [--qr] <name of the client>"),
	  "Makes a client of a hub, and writes the client's file to stdout" },
	{ "genkey", cmd_genkey, USAGE(NULL),
	  "Generates a new private key and writes it to stdout" },
	{ "genpsk", cmd_genpsk, USAGE(NULL),
	  "Generates a new preshared key and writes it to stdout" },
	{ "pubkey", cmd_pubkey, USAGE(NULL),
	  "Reads a private key from stdin and writes a public key to stdout" },
	{ "monitor", cmd_monitor, USAGE("[-j] [<interface>]"),
	  "Writes a line for each event, until it is interrupted" },
	{ "mtu", cmd_mtu, USAGE("[-j] <interface> peer <base64 public key>"),
	  "Finds the largest MTU that the path to a peer takes" },
	{ "agent", cmd_agent,
	  USAGE("[--interval <seconds>] [--hooks <directory>]",
		"[--listen { unix:<path> | <loopback address>:<port> }]...",
		"[<configuration filename> | <name>]..."),
	  "Looks after all devices: names that move, hooks for events, metrics" },
	{ "top", cmd_top, USAGE("[-d <seconds>] [-n <count>] [<interface>]"),
	  "Shows rates, handshakes and drops of all peers, again and again" },
	{ "metrics", cmd_metrics, USAGE("[<interface>]"),
	  "Writes counters and state as OpenMetrics text, for Prometheus" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < N_COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static void show_commands(FILE *out)
{
	size_t i;

	/* With the shell's next line it is just as high as a terminal of 24 lines */
	fprintf(out, "Usage: %s [-j] <cmd> [<args>]\nAvailable subcommands:\n", prog_name);
	for (i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %s: %s\n", commands[i].name, commands[i].summary);
	fputs("You may pass `--help' to any of these subcommands to view usage.\n", out);
}

static void show_usage(FILE *out, const struct command *command)
{
	const char *const *piece;

	fprintf(out, "Usage: %s %s", prog_name, command->name);
	for (piece = command->usage; *piece; piece++)
		fprintf(out, "%s%s", piece == command->usage ? " " : "\n        ", *piece);
	fputc('\n', out);
}

/**
 * usage_error() - say on stderr how a command is used
 * @name: the command
 *
 * Return: the exit code.
 */
int usage_error(const char *name)
{
	show_usage(stderr, find_command(name));
	return 1;
}

/**
 * warn_world_readable() - warn before a secret is written to a file that all may read
 */
void warn_world_readable(void)
{
	struct stat st;

	if (!fstat(1, &st) && S_ISREG(st.st_mode) && (st.st_mode & 0007))
		fputs("Warning: writing to world accessible file.\n"
		      "Consider setting the umask to 077 and trying again.\n", stderr);
}

/**
 * finish_output() - make sure that everything was written
 *
 * Return: the exit code.
 */
int finish_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	fprintf(stderr, "%s: write: %s\n", prog_name, strerror(errno));
	return 1;
}

static bool take_json(const char *arg)
{
	if (strcmp(arg, "-j") && strcmp(arg, "--json"))
		return false;
	want_json = true;
	return true;
}

size_t take_words(char *const *args, const char **words, size_t room)
{
	size_t n = 0;

	for (; *args; args++)
		if (!take_json(*args) && n++ < room)
			words[n - 1] = *args;
	return n;
}

static bool is_one_of(const char *arg, const char *a, const char *b, const char *c)
{
	return !strcmp(arg, a) || !strcmp(arg, b) || !strcmp(arg, c);
}

/* Those that do say so first of all. */
static bool writes_json(const struct command *command)
{
	static const char flag[] = "[-j]";

	return command->usage[0] && !strncmp(command->usage[0], flag, strlen(flag));
}

/* The environment is shown to other programs, and inherited by those that we start. */
void forget_key_variable(void)
{
	char *value = getenv(KEY_VARIABLE);

	if (value)
		explicit_bzero(value, strlen(value));
	unsetenv(KEY_VARIABLE);
}

static int run(const char *name, char *const *args)
{
	const struct command *command = find_command(name);

	if (!command) {
		fprintf(stderr, "Invalid subcommand: `%s'; `%s --help' lists them\n", name,
			prog_name);
		return 1;
	}
	if (args[0] && !args[1] && is_one_of(args[0], "-h", "--help", "help")) {
		fprintf(stdout, "%s\n", command->summary);
		show_usage(stdout, command);
		return finish_output();
	}
	if (want_json && !writes_json(command)) {
		fprintf(stderr, "There is no JSON of `%s'\n", name);
		return 1;
	}
	if (command->run != cmd_up && command->run != cmd_reload)
		forget_key_variable();
	return command->run(args);
}

/*
 * Where the caller has closed one of the first three files, the next that is opened would be
 * in its place: a socket that messages are written to, or a program's input that is closed
 * before it begins. To read from what was closed, or to write to it, stays an error.
 */
static void open_standard_files(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char *argv[])
{
	static char *const none[] = { NULL };
	char *const *args = argv + 1;

	open_standard_files();
	/* who starts us may ignore it, and would have taken from us how our tools end */
	signal(SIGCHLD, SIG_DFL);
	tools_extend_path();
	if (argc > 0) {
		const char *slash = strrchr(argv[0], '/');

		prog_name = slash ? slash + 1 : argv[0];
	}
	if (argc > 1 && take_json(args[0]))
		args++;
	if (argc < 1 || !args[0])
		return run("show", none);
	if (is_one_of(args[0], "-v", "--version", "version")) {
		puts("vpnctl " VERSION);
		return finish_output();
	}
	if (is_one_of(args[0], "-h", "--help", "help")) {
		show_commands(stdout);
		return finish_output();
	}
	return run(args[0], args + 1);
}
