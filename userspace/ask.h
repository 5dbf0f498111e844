/* SPDX-License-Identifier: GPL-2.0 */
/* Programs that answer in JSON. */
#ifndef VPNCTL_ASK_H
#define VPNCTL_ASK_H

#include <stdio.h>
#include <jansson.h>

#define ARGS(...) ((char *const []){ __VA_ARGS__, NULL })

int ask(json_t **answer, char *const *args, FILE *log);
json_t *ask_casually(char *const *args);

#endif /* VPNCTL_ASK_H */
