// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "format.h"

static bool env_is(const char *name, const char *value)
{
	const char *set = getenv(name);

	return set && !strcmp(set, value);
}

static size_t terminal_width(FILE *out)
{
	struct winsize size;

	return isatty(fileno(out)) && !ioctl(fileno(out), TIOCGWINSZ, &size) ? size.ws_col : 0;
}

/**
 * style_init() - what WG_COLOR_MODE, WG_HIDE_KEYS, NO_COLOR and the terminal ask for
 * @style: to be filled in
 * @out: where the output goes
 */
void style_init(struct style *style, FILE *out)
{
	style->out = out;
	style->show_keys = env_is("WG_HIDE_KEYS", "never");
	style->now = time(NULL);
	style->width = terminal_width(out);
	style->as_wg = false;
	if (env_is("WG_COLOR_MODE", "always"))
		style->color = true;
	else if (env_is("WG_COLOR_MODE", "never") ||
		 (getenv("NO_COLOR") && !env_is("NO_COLOR", "")))
		style->color = false;
	else
		style->color = isatty(fileno(out));
}

/**
 * style_put() - text in a colour, then back to none
 * @style: how
 * @color: one or more of COLOR_*
 * @text: the text
 */
void style_put(const struct style *style, const char *color, const char *text)
{
	if (style->color)
		fprintf(style->out, "%s%s" COLOR_RESET, color, text);
	else
		fputs(text, style->out);
}

/**
 * format_endpoint() - 1.2.3.4:5 or [fe80::1%eth0]:5
 * @text: gets it
 * @ep: the endpoint
 *
 * Return: @text.
 */
const char *format_endpoint(char text[ENDPOINT_LEN], const union endpoint *ep)
{
	bool v6 = ep->sa.sa_family == AF_INET6;
	char host[INET6_ADDRSTRLEN + IFNAMSIZ + 1];
	socklen_t len = v6 ? sizeof(ep->sin6) : sizeof(ep->sin);

	if (getnameinfo(&ep->sa, len, host, sizeof(host), NULL, 0, NI_NUMERICHOST))
		snprintf(text, ENDPOINT_LEN, "(unknown)");
	else
		snprintf(text, ENDPOINT_LEN, v6 ? "[%s]:%u" : "%s:%u", host,
			 ntohs(ep->sin.sin_port));
	return text;
}

/**
 * format_address() - the address of a prefix
 * @text: gets it
 * @ip: the prefix
 *
 * Return: @text.
 */
const char *format_address(char text[INET6_ADDRSTRLEN], const struct allowedip *ip)
{
	return inet_ntop(ip->family, ip->addr.bytes, text, INET6_ADDRSTRLEN);
}

/**
 * format_prefix() - address/length
 * @text: gets it
 * @ip: the prefix
 *
 * Return: @text.
 */
const char *format_prefix(char text[PREFIX_LEN], const struct allowedip *ip)
{
	char address[INET6_ADDRSTRLEN];

	snprintf(text, PREFIX_LEN, "%s/%u", format_address(address, ip), ip->prefix_len);
	return text;
}

/**
 * format_secret() - a key for human eyes
 * @text: room for it
 * @style: says whether it may be seen
 * @key: the key
 *
 * Return: the key, or "(hidden)".
 */
const char *format_secret(char text[KEY_BASE64_LEN], const struct style *style,
			  const uint8_t key[KEY_LEN])
{
	if (!style->show_keys)
		return "(hidden)";
	key_to_base64(text, key);
	return text;
}

/**
 * format_bytes() - print an amount, "1.34 KiB"
 * @style: how
 * @bytes: how many
 */
void format_bytes(const struct style *style, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0, last = sizeof(units) / sizeof(units[0]) - 1;
	uint64_t scale = 1;

	while (unit < last && bytes / scale >= 1024) {
		scale *= 1024;
		unit++;
	}
	if (unit)
		fprintf(style->out, "%.2f ", (double)bytes / (double)scale);
	else
		fprintf(style->out, "%" PRIu64 " ", bytes);
	style_put(style, COLOR_CYAN, units[unit]);
}

/**
 * format_duration() - print "1 hour, 2 seconds"
 * @style: how
 * @seconds: at least 1
 */
void format_duration(const struct style *style, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *one;
		const char *many;
	} units[] = {
		{ 365 * 24 * 60 * 60, "year", "years" },
		{ 24 * 60 * 60, "day", "days" },
		{ 60 * 60, "hour", "hours" },
		{ 60, "minute", "minutes" },
		{ 1, "second", "seconds" },
	};
	const char *between = "";
	uint64_t n;
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		n = seconds / units[i].seconds;
		seconds %= units[i].seconds;
		if (!n)
			continue;
		fprintf(style->out, "%s%" PRIu64 " ", between, n);
		style_put(style, COLOR_CYAN, n == 1 ? units[i].one : units[i].many);
		between = ", ";
	}
}

/**
 * format_age() - print how long ago something was
 * @style: how, with the time of now
 * @when: CLOCK_REALTIME
 */
void format_age(const struct style *style, const struct timespec *when)
{
	if (style->now == when->tv_sec) {
		fputs("Now", style->out);
	} else if (style->now < when->tv_sec) {
		fputc('(', style->out);
		style_put(style, COLOR_RED,
			  "System clock wound backward; connection problems may ensue.");
		fputc(')', style->out);
	} else {
		format_duration(style, (uint64_t)(style->now - when->tv_sec));
		fputs(" ago", style->out);
	}
}

static const char *const drop_names[] = {
	[MYTUN_DROP_TX_NOT_IP] = "tx-not-ip",
	[MYTUN_DROP_TX_NO_PEER] = "tx-no-peer",
	[MYTUN_DROP_TX_NO_ENDPOINT] = "tx-no-endpoint",
	[MYTUN_DROP_TX_NO_KEY] = "tx-no-key",
	[MYTUN_DROP_TX_STAGED_FULL] = "tx-staged-full",
	[MYTUN_DROP_TX_QUEUE_FULL] = "tx-queue-full",
	[MYTUN_DROP_TX_NO_MEMORY] = "tx-no-memory",
	[MYTUN_DROP_TX_CRYPTO] = "tx-crypto",
	[MYTUN_DROP_TX_LOOP] = "tx-loop",
	[MYTUN_DROP_TX_NO_ROUTE] = "tx-no-route",
	[MYTUN_DROP_TX_SOCKET] = "tx-socket",
	[MYTUN_DROP_RX_MALFORMED] = "rx-malformed",
	[MYTUN_DROP_RX_NO_MEMORY] = "rx-no-memory",
	[MYTUN_DROP_RX_BAD_MAC1] = "rx-bad-mac1",
	[MYTUN_DROP_RX_HANDSHAKE_QUEUE_FULL] = "rx-handshake-queue-full",
	[MYTUN_DROP_RX_COOKIE_SENT] = "rx-cookie-sent",
	[MYTUN_DROP_RX_RATE_LIMIT] = "rx-rate-limit",
	[MYTUN_DROP_RX_BAD_HANDSHAKE] = "rx-bad-handshake",
	[MYTUN_DROP_RX_BAD_COOKIE] = "rx-bad-cookie",
	[MYTUN_DROP_RX_UNKNOWN_INDEX] = "rx-unknown-index",
	[MYTUN_DROP_RX_KEY_EXPIRED] = "rx-key-expired",
	[MYTUN_DROP_RX_QUEUE_FULL] = "rx-queue-full",
	[MYTUN_DROP_RX_AUTH] = "rx-auth",
	[MYTUN_DROP_RX_REPLAY] = "rx-replay",
	[MYTUN_DROP_RX_FRAME] = "rx-frame",
	[MYTUN_DROP_RX_SOURCE] = "rx-source",
	[MYTUN_DROP_RX_CONTROL] = "rx-control",
	[MYTUN_DROP_RX_ECN] = "rx-ecn",
	[MYTUN_DROP_TX_TOO_BIG] = "tx-too-big",
};

/**
 * drop_name() - the word for a reason
 * @drop: enum mytun_drop
 * @spare: room for the number of a reason that has no word yet
 *
 * Return: the word.
 */
const char *drop_name(unsigned int drop, char spare[16])
{
	if (drop < sizeof(drop_names) / sizeof(drop_names[0]) && drop_names[drop])
		return drop_names[drop];
	snprintf(spare, 16, "reason-%u", drop % 100000U);
	return spare;
}

static const char *const cipher_names[] = {
	[MYTUN_CIPHER_CHACHA20_POLY1305] = "chacha20-poly1305",
	[MYTUN_CIPHER_AUTO] = "auto",
	[MYTUN_CIPHER_AES_256_GCM] = "aes-256-gcm",
};

#define N_CIPHERS ((int)(sizeof(cipher_names) / sizeof(cipher_names[0])))

/**
 * cipher_name() - the word for a cipher
 * @cipher: enum mytun_cipher
 *
 * Return: the word.
 */
const char *cipher_name(uint32_t cipher)
{
	return cipher < N_CIPHERS ? cipher_names[cipher] : "unknown";
}

/**
 * cipher_by_name() - the inverse
 * @name: the word, any case
 *
 * Return: enum mytun_cipher, or -1.
 */
int cipher_by_name(const char *name)
{
	int cipher;

	for (cipher = 0; cipher < N_CIPHERS; cipher++)
		if (!strcasecmp(cipher_names[cipher], name))
			return cipher;
	return -1;
}

/**
 * reason_name() - why a session is gone
 * @reason: enum mytun_dead_reason
 *
 * Return: the word, or NULL for MYTUN_DEAD_UNSPEC.
 */
const char *reason_name(uint32_t reason)
{
	static const char *const names[] = {
		[MYTUN_DEAD_TIMEOUT] = "timeout",
		[MYTUN_DEAD_EXPIRED] = "expired",
		[MYTUN_DEAD_REMOVED] = "removed",
		[MYTUN_DEAD_DOWN] = "down",
		[MYTUN_DEAD_SUSPENDED] = "suspended",
	};

	if (reason == MYTUN_DEAD_UNSPEC)
		return NULL;
	return reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown";
}

/**
 * event_name() - what has happened
 * @cmd: MYTUN_CMD_*_NTF
 *
 * Return: the word.
 */
const char *event_name(uint8_t cmd)
{
	switch (cmd) {
	case MYTUN_CMD_PEER_UP_NTF:
		return "peer-up";
	case MYTUN_CMD_PEER_DEAD_NTF:
		return "peer-dead";
	case MYTUN_CMD_ENDPOINT_NTF:
		return "endpoint";
	case MYTUN_CMD_PROBE_NTF:
		return "probe";
	default:
		return "unknown";
	}
}
