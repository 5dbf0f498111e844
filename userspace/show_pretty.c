// SPDX-License-Identifier: GPL-2.0
/* For people: what is set, and nothing else. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

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
}

static void pretty_allowed_ips(const struct style *style, const struct peer *peer)
{
	char address[INET6_ADDRSTRLEN];
	size_t i;

	put_label(style, "allowed ips");
	if (!peer->n_ips)
		fputs("(none)", style->out);
	for (i = 0; i < peer->n_ips; i++) {
		fprintf(style->out, "%s%s", i ? ", " : "",
			format_address(address, &peer->ips[i]));
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
	if (!(peer->flags & PEER_HAS_CIPHER_USED) || peer->cipher != peer->cipher_used)
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
