/* SPDX-License-Identifier: GPL-2.0 */
/* Values as text, in the words of wg(8), and the colours of a terminal. */
#ifndef VPNCTL_FORMAT_H
#define VPNCTL_FORMAT_H

#include <netdb.h>
#include <stdio.h>
#include <net/if.h>

#include "encoding.h"
#include "model.h"

/* "[address%scope]:65535" */
#define ENDPOINT_LEN (INET6_ADDRSTRLEN + IFNAMSIZ + 10)
#define PREFIX_LEN (INET6_ADDRSTRLEN + 5)

#define COLOR_RESET "\x1b[0m"
#define COLOR_BOLD "\x1b[1m"
#define COLOR_RED "\x1b[31m"
#define COLOR_GREEN "\x1b[32m"
#define COLOR_YELLOW "\x1b[33m"
#define COLOR_CYAN "\x1b[36m"

/**
 * struct style - how a human is to see it
 * @out: where it goes
 * @color: with colours
 * @show_keys: private and preshared keys are shown
 * @now: CLOCK_REALTIME, for ages
 * @width: columns of the terminal; 0: it is none, and lines are as long as they are
 * @as_wg: what wg(8) has no line for is left out
 */
struct style {
	FILE *out;
	bool color;
	bool show_keys;
	time_t now;
	size_t width;
	bool as_wg;
};

void style_init(struct style *style, FILE *out);
void style_put(const struct style *style, const char *color, const char *text);

const char *format_endpoint(char text[ENDPOINT_LEN], const union endpoint *ep);
const char *format_address(char text[INET6_ADDRSTRLEN], const struct allowedip *ip);
const char *format_prefix(char text[PREFIX_LEN], const struct allowedip *ip);
const char *format_secret(char text[KEY_BASE64_LEN], const struct style *style,
			  const uint8_t key[KEY_LEN]);
void format_bytes(const struct style *style, uint64_t bytes);
void format_duration(const struct style *style, uint64_t seconds);
void format_age(const struct style *style, const struct timespec *when);

const char *drop_name(unsigned int drop, char spare[16]);
const char *cipher_name(uint32_t cipher);
int cipher_by_name(const char *name);
const char *reason_name(uint32_t reason);
const char *event_name(uint8_t cmd);

#endif /* VPNCTL_FORMAT_H */
