/* SPDX-License-Identifier: GPL-2.0 */
/* Other programs, and plans. */
#ifndef VPNCTL_RUN_H
#define VPNCTL_RUN_H

#include <stdio.h>

#include "plan.h"

/**
 * struct output - what a program has said
 * @out: its standard output; owned
 * @err: its standard error; owned
 * @status: its exit status, 128 and more for a signal
 */
struct output {
	char *out;
	char *err;
	int status;
};

void tools_extend_path(void);
int tool_run(struct output *output, char *const *args, const char *input);
void output_free(struct output *output);

int plan_run(const struct plan *plan, struct tunnel *tun, FILE *log);
int plan_run_all(const struct plan *plan, struct tunnel *tun, FILE *log);

#endif /* VPNCTL_RUN_H */
