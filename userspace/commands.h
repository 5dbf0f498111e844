/* SPDX-License-Identifier: GPL-2.0 */
/* One function for each command. All of them return the exit code: 0 or 1. */
#ifndef VPNCTL_COMMANDS_H
#define VPNCTL_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct command - a word after `vpnctl`
 * @name: the word
 * @run: does it; @args are the arguments after the word, ended by NULL
 * @usage: its arguments in pieces, ended by NULL, to be printed with spaces between them
 * @summary: what it does, for the list
 */
struct command {
	const char *name;
	int (*run)(char *const *args);
	const char *const *usage;
	const char *summary;
};

/* The name the program was called by, and whether -j was given. */
extern const char *prog_name;
extern bool want_json;

/* The private key, for `up` and `reload`, which forget it when they have it. */
#define KEY_VARIABLE "VPNCTL_PRIVATE_KEY"
void forget_key_variable(void);

int usage_error(const char *command);

/* Pick the words out, -j may stand among them. Return: how many, of which @words has @room. */
size_t take_words(char *const *args, const char **words, size_t room);

int cmd_show(char *const *args);
int cmd_showconf(char *const *args);
int cmd_set(char *const *args);
int cmd_setconf(char *const *args);
int cmd_addconf(char *const *args);
int cmd_syncconf(char *const *args);
int cmd_genkey(char *const *args);
int cmd_genpsk(char *const *args);
int cmd_pubkey(char *const *args);
int cmd_monitor(char *const *args);
int cmd_mtu(char *const *args);
int cmd_agent(char *const *args);
int cmd_top(char *const *args);
int cmd_metrics(char *const *args);
int cmd_up(char *const *args);
int cmd_down(char *const *args);
int cmd_save(char *const *args);
int cmd_strip(char *const *args);
int cmd_reload(char *const *args);
int cmd_addclient(char *const *args);

void warn_world_readable(void);
int finish_output(void);

#endif /* VPNCTL_COMMANDS_H */
