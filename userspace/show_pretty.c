// SPDX-License-Identifier: GPL-2.0
/* For people: what is set, and nothing else. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"

/* "  name: ", to be followed by the value and a newline. */
static void put_label(const struct style *style, const char *name)
{
	fputs("  ", style->out);
	style_put(style, COLOR_BOLD, name);
	fputs(": ", style->out);
}

static void put_line(const struct style *style, const char *name, const char *value)
{
	put_label(style, name);
	fprintf(style->out, "%s\n", value);
}

/**
 * struct list - values that are separated by commas
 * @style: where to and how; on a terminal no value is torn at the end of a line
 * @indent: where the values begin
 * @column: where the next one would
 */
struct list {
	const struct style *style;
	size_t indent;
	size_t column;
};

static struct list begin_list(const struct style *style, const char *name)
{
	size_t indent = strlen(name) + 4;

	put_label(style, name);
	return (struct list){ .style = style, .indent = indent, .column = indent };
}

/* To be followed by a value of @len columns. */
static void next_value(struct list *list, size_t len)
{
	FILE *out = list->style->out;

	if (list->column == list->indent) {
		list->column += len;
		return;
	}
	/* Another comma may follow */
	if (list->style->width && list->column + 2 + len + 1 > list->style->width) {
		fprintf(out, ",\n%*s", (int)list->indent, "");
		list->column = list->indent + len;
		return;
	}
	fputs(", ", out);
	list->column += 2 + len;
}

/* The reason that counts most of those that count less than the one before it. */
static unsigned int next_drop(const struct device *dev, unsigned int before)
{
	unsigned int drop, best = MYTUN_DROP_UNSPEC;
	uint64_t max = 0, limit = before ? dev->drops[before] : UINT64_MAX;

	for (drop = MYTUN_DROP_UNSPEC + 1; drop <= MYTUN_DROP_MAX; drop++) {
		if (dev->drops[drop] <= max || dev->drops[drop] > limit)
			continue;
		/* Of those that count the same the first comes first */
		if (drop <= before && dev->drops[drop] == limit)
			continue;
		max = dev->drops[drop];
		best = drop;
	}
	return best;
}

/* Why packets have vanished, the most frequent reason first; nothing when none has. */
static void pretty_drops(const struct style *style, const struct device *dev)
{
	unsigned int drop = next_drop(dev, MYTUN_DROP_UNSPEC);
	char count[32], spare[16];
	struct list list;

	if (!drop)
		return;
	list = begin_list(style, "drops");
	for (; drop; drop = next_drop(dev, drop)) {
		snprintf(count, sizeof(count), "%" PRIu64 " ", dev->drops[drop]);
		next_value(&list, strlen(count) + strlen(drop_name(drop, spare)));
		fputs(count, style->out);
		style_put(style, COLOR_CYAN, drop_name(drop, spare));
	}
	fputc('\n', style->out);
}

static void pretty_device(const struct style *style, const struct device *dev)
{
	char key[KEY_BASE64_LEN];

	style_put(style, COLOR_RESET COLOR_GREEN COLOR_BOLD, "interface");
	fputs(": ", style->out);
	style_put(style, COLOR_GREEN, dev->name);
	fputc('\n', style->out);
	if (dev->flags & DEVICE_HAS_PUBLIC_KEY) {
		key_to_base64(key, dev->public_key);
		put_line(style, "public key", key);
	}
	if (dev->flags & DEVICE_HAS_PRIVATE_KEY)
		put_line(style, "private key", format_secret(key, style, dev->private_key));
	if (dev->listen_port) {
		put_label(style, "listening port");
		fprintf(style->out, "%u\n", dev->listen_port);
	}
	if (dev->fwmark) {
		put_label(style, "fwmark");
		fprintf(style->out, "0x%" PRIx32 "\n", dev->fwmark);
	}
	/* nobody need have asked for anything to have these, unlike a cipher */
	if (!style->as_wg)
		pretty_drops(style, dev);
}

static void pretty_allowed_ips(const struct style *style, const struct peer *peer)
{
	struct list list = begin_list(style, "allowed ips");
	char address[INET6_ADDRSTRLEN], text[PREFIX_LEN];
	size_t i;

	if (!peer->n_ips)
		fputs("(none)", style->out);
	for (i = 0; i < peer->n_ips; i++) {
		next_value(&list, strlen(format_prefix(text, &peer->ips[i])));
		fputs(format_address(address, &peer->ips[i]), style->out);
		style_put(style, COLOR_CYAN, "/");
		fprintf(style->out, "%u", peer->ips[i].prefix_len);
	}
	fputc('\n', style->out);
}

/* What has happened, as opposed to what was configured. */
static void pretty_counters(const struct style *style, const struct peer *peer)
{
	if (peer->last_handshake.tv_sec) {
		put_label(style, "latest handshake");
		format_age(style, &peer->last_handshake);
		fputc('\n', style->out);
	}
	if (peer->rx_bytes || peer->tx_bytes) {
		put_label(style, "transfer");
		format_bytes(style, peer->rx_bytes);
		fputs(" received, ", style->out);
		format_bytes(style, peer->tx_bytes);
		fputs(" sent\n", style->out);
	}
}

/* Whoever has not asked for anything has what WireGuard has. */
static void pretty_cipher(const struct style *style, const struct peer *peer)
{
	if (peer->cipher == MYTUN_CIPHER_CHACHA20_POLY1305)
		return;
	put_label(style, "cipher");
	if (!(peer->flags & PEER_HAS_CIPHER_USED))
		fputs("none yet", style->out);
	else
		fputs(cipher_name(peer->cipher_used), style->out);
	if (peer->cipher == MYTUN_CIPHER_AUTO)
		fputs(" (auto)", style->out);
	else if (!(peer->flags & PEER_HAS_CIPHER_USED) || peer->cipher != peer->cipher_used)
		fprintf(style->out, " (%s is wanted)", cipher_name(peer->cipher));
	fputc('\n', style->out);
}

static void pretty_peer(const struct style *style, const struct peer *peer)
{
	char key[KEY_BASE64_LEN], endpoint[ENDPOINT_LEN];

	key_to_base64(key, peer->public_key);
	fputc('\n', style->out);
	style_put(style, COLOR_YELLOW COLOR_BOLD, "peer");
	fputs(": ", style->out);
	style_put(style, COLOR_YELLOW, key);
	fputc('\n', style->out);
	if (peer->flags & PEER_HAS_PRESHARED_KEY)
		put_line(style, "preshared key", format_secret(key, style, peer->preshared_key));
	if (peer->flags & PEER_HAS_ENDPOINT)
		put_line(style, "endpoint", format_endpoint(endpoint, &peer->endpoint));
	pretty_allowed_ips(style, peer);
	pretty_cipher(style, peer);
	pretty_counters(style, peer);
	if (peer->keepalive) {
		put_label(style, "persistent keepalive");
		fputs("every ", style->out);
		format_duration(style, peer->keepalive);
		fputc('\n', style->out);
	}
}

/* The latest handshake first, those that never had one last. */
static int by_handshake(const void *a, const void *b)
{
	const struct peer *p = *(struct peer *const *)a, *q = *(struct peer *const *)b;

	if (p->last_handshake.tv_sec != q->last_handshake.tv_sec)
		return p->last_handshake.tv_sec > q->last_handshake.tv_sec ? -1 : 1;
	if (p->last_handshake.tv_nsec != q->last_handshake.tv_nsec)
		return p->last_handshake.tv_nsec > q->last_handshake.tv_nsec ? -1 : 1;
	return 0;
}

/**
 * show_pretty() - a device for people
 * @style: where to and how
 * @dev: the device
 *
 * Return: 0 or -ENOMEM.
 */
int show_pretty(const struct style *style, const struct device *dev)
{
	struct peer **peers = device_sorted_peers(dev, by_handshake);
	size_t i;

	if (!peers)
		return -ENOMEM;
	pretty_device(style, dev);
	for (i = 0; i < dev->n_peers; i++)
		pretty_peer(style, peers[i]);
	free(peers);
	return 0;
}
