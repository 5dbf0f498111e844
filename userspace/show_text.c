// SPDX-License-Identifier: GPL-2.0
/* For scripts: tabs between fields, a line for each device, peer or reason. */
#include <inttypes.h>
#include <string.h>

#include "show.h"

static const char *const field_names[SHOW_N_FIELDS] = {
	[SHOW_PUBLIC_KEY] = "public-key",
	[SHOW_PRIVATE_KEY] = "private-key",
	[SHOW_LISTEN_PORT] = "listen-port",
	[SHOW_FWMARK] = "fwmark",
	[SHOW_PEERS] = "peers",
	[SHOW_PRESHARED_KEYS] = "preshared-keys",
	[SHOW_ENDPOINTS] = "endpoints",
	[SHOW_ALLOWED_IPS] = "allowed-ips",
	[SHOW_LATEST_HANDSHAKES] = "latest-handshakes",
	[SHOW_TRANSFER] = "transfer",
	[SHOW_PERSISTENT_KEEPALIVE] = "persistent-keepalive",
	[SHOW_CIPHERS] = "ciphers",
	[SHOW_DUMP] = "dump",
	[SHOW_DROPS] = "drops",
};

/**
 * show_field_by_name() - what a word on the command line means
 * @name: the word
 *
 * Return: enum show_field, or -1.
 */
int show_field_by_name(const char *name)
{
	int field;

	for (field = 0; field < SHOW_N_FIELDS; field++)
		if (field_names[field] && !strcmp(field_names[field], name))
			return field;
	return -1;
}

static void put_key(FILE *out, const uint8_t key[KEY_LEN], bool is_set)
{
	char text[KEY_BASE64_LEN];

	if (is_set)
		key_to_base64(text, key);
	fputs(is_set ? text : "(none)", out);
	explicit_bzero(text, sizeof(text));
}

static void put_fwmark(FILE *out, uint32_t fwmark)
{
	if (fwmark)
		fprintf(out, "0x%" PRIx32, fwmark);
	else
		fputs("off", out);
}

static void put_keepalive(FILE *out, uint16_t keepalive)
{
	if (keepalive)
		fprintf(out, "%u", keepalive);
	else
		fputs("off", out);
}

static void put_endpoint(FILE *out, const struct peer *peer)
{
	char text[ENDPOINT_LEN];

	fputs(peer->flags & PEER_HAS_ENDPOINT ? format_endpoint(text, &peer->endpoint) : "(none)",
	      out);
}

static void put_allowed_ips(FILE *out, const struct peer *peer, char between)
{
	char text[PREFIX_LEN];
	size_t i;

	if (!peer->n_ips)
		fputs("(none)", out);
	for (i = 0; i < peer->n_ips; i++) {
		if (i)
			fputc(between, out);
		fputs(format_prefix(text, &peer->ips[i]), out);
	}
}

static void put_peer_dump(FILE *out, const struct peer *peer)
{
	put_key(out, peer->preshared_key, peer->flags & PEER_HAS_PRESHARED_KEY);
	fputc('\t', out);
	put_endpoint(out, peer);
	fputc('\t', out);
	put_allowed_ips(out, peer, ',');
	fprintf(out, "\t%lld\t%" PRIu64 "\t%" PRIu64 "\t", (long long)peer->last_handshake.tv_sec,
		peer->rx_bytes, peer->tx_bytes);
	put_keepalive(out, peer->keepalive);
}

/* What follows the peer's key in a line. */
static void put_peer_value(FILE *out, const struct peer *peer, enum show_field field)
{
	switch (field) {
	case SHOW_PRESHARED_KEYS:
		put_key(out, peer->preshared_key, peer->flags & PEER_HAS_PRESHARED_KEY);
		break;
	case SHOW_ENDPOINTS:
		put_endpoint(out, peer);
		break;
	case SHOW_ALLOWED_IPS:
		put_allowed_ips(out, peer, ' ');
		break;
	case SHOW_LATEST_HANDSHAKES:
		fprintf(out, "%lld", (long long)peer->last_handshake.tv_sec);
		break;
	case SHOW_TRANSFER:
		fprintf(out, "%" PRIu64 "\t%" PRIu64, peer->rx_bytes, peer->tx_bytes);
		break;
	case SHOW_PERSISTENT_KEEPALIVE:
		put_keepalive(out, peer->keepalive);
		break;
	case SHOW_CIPHERS:
		fprintf(out, "%s\t%s", cipher_name(peer->cipher),
			peer->flags & PEER_HAS_CIPHER_USED ? cipher_name(peer->cipher_used) :
							     "(none)");
		break;
	default:
		put_peer_dump(out, peer);
	}
}

static void put_name(FILE *out, const struct device *dev, bool with_name)
{
	if (with_name)
		fprintf(out, "%s\t", dev->name);
}

static void show_peers(FILE *out, const struct device *dev, enum show_field field, bool with_name)
{
	const struct peer *peer;

	for (peer = dev->peers; peer; peer = peer->next) {
		put_name(out, dev, with_name);
		put_key(out, peer->public_key, true);
		if (field != SHOW_PEERS) {
			fputc('\t', out);
			put_peer_value(out, peer, field);
		}
		fputc('\n', out);
	}
}

static void put_device_dump(FILE *out, const struct device *dev)
{
	put_key(out, dev->private_key, dev->flags & DEVICE_HAS_PRIVATE_KEY);
	fputc('\t', out);
	put_key(out, dev->public_key, dev->flags & DEVICE_HAS_PUBLIC_KEY);
	fprintf(out, "\t%u\t", dev->listen_port);
	put_fwmark(out, dev->fwmark);
}

static void show_device(FILE *out, const struct device *dev, enum show_field field,
			bool with_name)
{
	put_name(out, dev, with_name);
	if (field == SHOW_PUBLIC_KEY)
		put_key(out, dev->public_key, dev->flags & DEVICE_HAS_PUBLIC_KEY);
	else if (field == SHOW_PRIVATE_KEY)
		put_key(out, dev->private_key, dev->flags & DEVICE_HAS_PRIVATE_KEY);
	else if (field == SHOW_LISTEN_PORT)
		fprintf(out, "%u", dev->listen_port);
	else if (field == SHOW_FWMARK)
		put_fwmark(out, dev->fwmark);
	else
		put_device_dump(out, dev);
	fputc('\n', out);
}

static void show_drops(FILE *out, const struct device *dev, bool with_name)
{
	char spare[16];
	unsigned int drop;

	for (drop = MYTUN_DROP_UNSPEC + 1; drop <= MYTUN_DROP_MAX; drop++) {
		put_name(out, dev, with_name);
		fprintf(out, "%s\t%" PRIu64 "\n", drop_name(drop, spare), dev->drops[drop]);
	}
}

/**
 * show_text() - one field of a device, for scripts
 * @out: where to
 * @dev: the device
 * @field: any but SHOW_ALL
 * @with_name: each line begins with the name of the device
 */
void show_text(FILE *out, const struct device *dev, enum show_field field, bool with_name)
{
	switch (field) {
	case SHOW_PUBLIC_KEY:
	case SHOW_PRIVATE_KEY:
	case SHOW_LISTEN_PORT:
	case SHOW_FWMARK:
		show_device(out, dev, field, with_name);
		break;
	case SHOW_DUMP:
		show_device(out, dev, field, with_name);
		show_peers(out, dev, field, with_name);
		break;
	case SHOW_DROPS:
		show_drops(out, dev, with_name);
		break;
	default:
		show_peers(out, dev, field, with_name);
	}
}

static void config_secret(FILE *out, const char *name, const uint8_t key[KEY_LEN], bool hide)
{
	fprintf(out, "%s = ", name);
	if (hide)
		fputs("(hidden)", out);
	else
		put_key(out, key, true);
	fputc('\n', out);
}

/**
 * show_config_interface() - what a configuration file says below [Interface]
 * @out: where to
 * @dev: the device
 * @hide: print no secret keys
 */
void show_config_interface(FILE *out, const struct device *dev, bool hide)
{
	if (dev->listen_port)
		fprintf(out, "ListenPort = %u\n", dev->listen_port);
	if (dev->fwmark)
		fprintf(out, "FwMark = 0x%" PRIx32 "\n", dev->fwmark);
	if (dev->flags & DEVICE_HAS_PRIVATE_KEY)
		config_secret(out, "PrivateKey", dev->private_key, hide);
}

static void config_allowed_ips(FILE *out, const struct peer *peer)
{
	char text[PREFIX_LEN];
	size_t i;

	for (i = 0; i < peer->n_ips; i++)
		fprintf(out, "%s%s", i ? ", " : "AllowedIPs = ",
			format_prefix(text, &peer->ips[i]));
	if (peer->n_ips)
		fputc('\n', out);
}

static void config_peer(FILE *out, const struct peer *peer, bool hide)
{
	char endpoint[ENDPOINT_LEN];

	fputs("\n[Peer]\n", out);
	if (peer->name)
		fprintf(out, "#! Name = %s\n", peer->name);
	fputs("PublicKey = ", out);
	put_key(out, peer->public_key, true);
	fputc('\n', out);
	if (peer->flags & PEER_HAS_PRESHARED_KEY)
		config_secret(out, "PresharedKey", peer->preshared_key, hide);
	config_allowed_ips(out, peer);
	if (peer->endpoint_host)
		/* what has a colon is an address whose link is not there */
		fprintf(out, strchr(peer->endpoint_host, ':') ? "Endpoint = [%s]:%u\n" :
								"Endpoint = %s:%u\n",
			peer->endpoint_host, ntohs(peer->endpoint.sin.sin_port));
	else if (peer->flags & PEER_HAS_ENDPOINT)
		fprintf(out, "Endpoint = %s\n", format_endpoint(endpoint, &peer->endpoint));
	if (peer->cipher != MYTUN_CIPHER_CHACHA20_POLY1305)
		fprintf(out, "#! Cipher = %s\n", cipher_name(peer->cipher));
	if (peer->keepalive)
		fprintf(out, "PersistentKeepalive = %u\n", peer->keepalive);
}

/**
 * show_config_peers() - the peers of a device as sections of a configuration file
 * @out: where to
 * @dev: the device
 * @hide: print no secret keys
 */
void show_config_peers(FILE *out, const struct device *dev, bool hide)
{
	const struct peer *peer;

	for (peer = dev->peers; peer; peer = peer->next)
		config_peer(out, peer, hide);
}

/**
 * show_config() - a device as a configuration file, keys included
 * @out: where to
 * @dev: the device
 */
void show_config(FILE *out, const struct device *dev)
{
	fputs("[Interface]\n", out);
	show_config_interface(out, dev, false);
	if (!dev->peers)
		fputc('\n', out);
	show_config_peers(out, dev, false);
}
