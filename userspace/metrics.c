// SPDX-License-Identifier: GPL-2.0
/*
 * The samples of a family must stand together, so each family is written for all devices
 * before the next. Nothing that is secret is looked at.
 */
#include <inttypes.h>
#include <string.h>

#include "format.h"
#include "metrics.h"

/**
 * metrics_family() - the lines that come before the samples of a family
 * @out: where to
 * @name: its name, which ends with the unit if there is one
 * @type: counter, gauge or info
 * @unit: a unit, or NULL
 * @help: a sentence without backslash, quote and newline
 */
void metrics_family(FILE *out, const char *name, const char *type, const char *unit,
		    const char *help)
{
	fprintf(out, "# TYPE %s %s\n", name, type);
	if (unit)
		fprintf(out, "# UNIT %s %s\n", name, unit);
	fprintf(out, "# HELP %s %s\n", name, help);
}

/**
 * metrics_label() - a label's value in its quotes
 * @out: where to
 * @value: any bytes; those that are not UTF-8, which the name of a device may have, are
 *	written in hexadecimal
 */
void metrics_label(FILE *out, const char *value)
{
	const unsigned char *text = (const unsigned char *)value;
	size_t len;

	fputc('"', out);
	for (; *text; text += len ? len : 1) {
		len = utf8_len(text);
		if (!len)
			fprintf(out, "\\\\x%02x", *text);
		else if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			fwrite(text, 1, len, out);
	}
	fputc('"', out);
}

static void put_device_label(FILE *out, const char *sample, const struct device *dev)
{
	fprintf(out, "%s{device=", sample);
	metrics_label(out, dev->name);
}

static void put_key_label(FILE *out, const uint8_t key[KEY_LEN])
{
	char text[KEY_BASE64_LEN];

	key_to_base64(text, key);
	fprintf(out, ",public_key=\"%s\"", text);
}

static void device_info(FILE *out, const struct device *dev)
{
	put_device_label(out, "mytun_device_info", dev);
	if (dev->flags & DEVICE_HAS_PUBLIC_KEY)
		put_key_label(out, dev->public_key);
	fprintf(out, ",listen_port=\"%u\",fwmark=\"0x%" PRIx32 "\"} 1\n", dev->listen_port,
		dev->fwmark);
}

static void device_peers(FILE *out, const struct device *dev)
{
	put_device_label(out, "mytun_device_peers", dev);
	fprintf(out, "} %zu\n", dev->n_peers);
}

static void device_drops(FILE *out, const struct device *dev)
{
	unsigned int drop;
	char spare[16];

	for (drop = MYTUN_DROP_UNSPEC + 1; drop <= MYTUN_DROP_MAX; drop++) {
		put_device_label(out, "mytun_device_dropped_packets_total", dev);
		fprintf(out, ",reason=\"%s\"} %" PRIu64 "\n", drop_name(drop, spare),
			dev->drops[drop]);
	}
}

/* "sample{device=...,public_key=..." */
static void put_peer_labels(FILE *out, const char *sample, const struct device *dev,
			    const struct peer *peer)
{
	put_device_label(out, sample, dev);
	put_key_label(out, peer->public_key);
}

static void peer_endpoint(FILE *out, const struct device *dev, const struct peer *peer)
{
	char text[ENDPOINT_LEN];

	if (!(peer->flags & PEER_HAS_ENDPOINT))
		return;
	put_peer_labels(out, "mytun_peer_endpoint_info", dev, peer);
	fputs(",endpoint=", out);
	metrics_label(out, format_endpoint(text, &peer->endpoint));
	fputs("} 1\n", out);
}

static void peer_allowed_ips(FILE *out, const struct device *dev, const struct peer *peer)
{
	put_peer_labels(out, "mytun_peer_allowed_ips", dev, peer);
	fprintf(out, "} %zu\n", peer->n_ips);
}

static void peer_rx(FILE *out, const struct device *dev, const struct peer *peer)
{
	put_peer_labels(out, "mytun_peer_receive_bytes_total", dev, peer);
	fprintf(out, "} %" PRIu64 "\n", peer->rx_bytes);
}

static void peer_tx(FILE *out, const struct device *dev, const struct peer *peer)
{
	put_peer_labels(out, "mytun_peer_transmit_bytes_total", dev, peer);
	fprintf(out, "} %" PRIu64 "\n", peer->tx_bytes);
}

static void peer_handshake(FILE *out, const struct device *dev, const struct peer *peer)
{
	put_peer_labels(out, "mytun_peer_last_handshake_timestamp_seconds", dev, peer);
	fprintf(out, "} %lld", (long long)peer->last_handshake.tv_sec);
	if (peer->last_handshake.tv_nsec)
		fprintf(out, ".%09ld", peer->last_handshake.tv_nsec);
	fputc('\n', out);
}

static void peer_keepalive(FILE *out, const struct device *dev, const struct peer *peer)
{
	put_peer_labels(out, "mytun_peer_persistent_keepalive_seconds", dev, peer);
	fprintf(out, "} %u\n", peer->keepalive);
}

/**
 * struct family - what is written about each device, or each peer of each device
 * @name: its name
 * @type: its type
 * @unit: its unit, or NULL
 * @device: the samples of a device; NULL: it is about peers
 * @peer: the sample of a peer
 * @help: what it is
 */
struct family {
	const char *name;
	const char *type;
	const char *unit;
	void (*device)(FILE *out, const struct device *dev);
	void (*peer)(FILE *out, const struct device *dev, const struct peer *peer);
	const char *help;
};

static const struct family families[] = {
	{ "mytun_device", "info", NULL, device_info, NULL, "Configuration of a device." },
	{ "mytun_device_peers", "gauge", NULL, device_peers, NULL, "Peers of a device." },
	{ "mytun_device_dropped_packets", "counter", "packets", device_drops, NULL,
	  "Packets that a device has dropped, each counted under one reason." },
	{ "mytun_peer_endpoint", "info", NULL, NULL, peer_endpoint,
	  "Where a peer is, if that is known." },
	{ "mytun_peer_allowed_ips", "gauge", NULL, NULL, peer_allowed_ips,
	  "Prefixes that belong to a peer." },
	{ "mytun_peer_receive_bytes", "counter", "bytes", NULL, peer_rx,
	  "Bytes received from a peer." },
	{ "mytun_peer_transmit_bytes", "counter", "bytes", NULL, peer_tx,
	  "Bytes sent to a peer." },
	{ "mytun_peer_last_handshake_timestamp_seconds", "gauge", "seconds", NULL, peer_handshake,
	  "When the latest handshake with a peer was, since 1970; 0: there was none." },
	{ "mytun_peer_persistent_keepalive_seconds", "gauge", "seconds", NULL, peer_keepalive,
	  "Interval of a peer's persistent keepalives; 0: off." },
};

#define N_FAMILIES (sizeof(families) / sizeof(families[0]))

/**
 * metrics_write() - every family, for every device
 * @out: where to
 * @list: the first device, with its peers; NULL: there is none
 */
void metrics_write(FILE *out, const struct device *list)
{
	const struct device *dev;
	const struct peer *peer;
	size_t i;

	for (i = 0; i < N_FAMILIES; i++) {
		const struct family *f = &families[i];

		metrics_family(out, f->name, f->type, f->unit, f->help);
		for (dev = list; dev; dev = dev->next) {
			if (f->device)
				f->device(out, dev);
			for (peer = dev->peers; peer && f->peer; peer = peer->next)
				f->peer(out, dev, peer);
		}
	}
}

/**
 * metrics_end() - the line that says that nothing is missing
 * @out: where to
 */
void metrics_end(FILE *out)
{
	fputs("# EOF\n", out);
}
