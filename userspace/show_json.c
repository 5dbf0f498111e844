// SPDX-License-Identifier: GPL-2.0
/*
 * For programs: an object for each device. A field that is asked for alone gives the
 * same object with only that field; what is not set is null, 0 or an empty array.
 */
#include <stdlib.h>
#include <string.h>

#include "show.h"

/**
 * json_text() - a string for JSON
 * @text: any bytes; those that are not UTF-8, which the name of a device may have, are
 *	written in hexadecimal, as metrics_label() does
 *
 * Return: the string; NULL without memory.
 */
json_t *json_text(const char *text)
{
	const unsigned char *in = (const unsigned char *)text;
	char *copy = malloc(4 * strlen(text) + 1), *out = copy;
	json_t *json;
	size_t len;

	if (!copy)
		return NULL;
	for (; *in; in += len ? len : 1) {
		len = utf8_len(in);
		if (len)
			out = mempcpy(out, in, len);
		else
			out += sprintf(out, "\\x%02x", *in);
	}
	*out = '\0';
	json = json_string(copy);
	free(copy);
	return json;
}

static json_t *json_key(const uint8_t key[KEY_LEN], bool is_set)
{
	char text[KEY_BASE64_LEN];
	json_t *json;

	if (!is_set)
		return json_null();
	key_to_base64(text, key);
	json = json_string(text);
	explicit_bzero(text, sizeof(text));
	return json;
}

/* Amounts are unsigned 64 bits, JSON integers signed: the last of them stands for more. */
static json_t *json_u64(uint64_t n)
{
	return json_integer((json_int_t)(n > INT64_MAX ? INT64_MAX : n));
}

static json_t *json_endpoint(const struct peer *peer)
{
	char text[ENDPOINT_LEN];

	if (!(peer->flags & PEER_HAS_ENDPOINT))
		return json_null();
	return json_text(format_endpoint(text, &peer->endpoint));
}

static json_t *json_allowed_ips(const struct peer *peer)
{
	json_t *list = json_array();
	char text[PREFIX_LEN];
	size_t i;

	for (i = 0; i < peer->n_ips; i++)
		json_array_append_new(list, json_string(format_prefix(text, &peer->ips[i])));
	return list;
}

/* Whether @field includes @part. */
static bool wants(enum show_field field, enum show_field part)
{
	return field == part || field == SHOW_ALL || (field == SHOW_DUMP && part != SHOW_DROPS);
}

/* Keys are hidden from those who asked for everything, as in the output for people. */
static bool wants_secret(const struct style *style, enum show_field field, enum show_field part)
{
	return wants(field, part) && (field != SHOW_ALL || style->show_keys);
}

static json_t *json_peer(const struct style *style, const struct peer *peer,
			 enum show_field field)
{
	json_t *json = json_object();

	json_object_set_new(json, "public_key", json_key(peer->public_key, true));
	if (wants_secret(style, field, SHOW_PRESHARED_KEYS))
		json_object_set_new(json, "preshared_key",
				    json_key(peer->preshared_key,
					     peer->flags & PEER_HAS_PRESHARED_KEY));
	if (wants(field, SHOW_ENDPOINTS))
		json_object_set_new(json, "endpoint", json_endpoint(peer));
	if (wants(field, SHOW_ALLOWED_IPS))
		json_object_set_new(json, "allowed_ips", json_allowed_ips(peer));
	if (wants(field, SHOW_LATEST_HANDSHAKES))
		json_object_set_new(json, "latest_handshake",
				    json_integer(peer->last_handshake.tv_sec));
	if (wants(field, SHOW_TRANSFER)) {
		json_object_set_new(json, "rx_bytes", json_u64(peer->rx_bytes));
		json_object_set_new(json, "tx_bytes", json_u64(peer->tx_bytes));
	}
	if (wants(field, SHOW_PERSISTENT_KEEPALIVE))
		json_object_set_new(json, "persistent_keepalive", json_integer(peer->keepalive));
	if (wants(field, SHOW_CIPHERS)) {
		json_object_set_new(json, "cipher", json_string(cipher_name(peer->cipher)));
		json_object_set_new(json, "cipher_used",
				    peer->flags & PEER_HAS_CIPHER_USED ?
					    json_string(cipher_name(peer->cipher_used)) :
					    json_null());
	}
	return json;
}

static json_t *json_peers(const struct style *style, const struct device *dev,
			  enum show_field field)
{
	const struct peer *peer;
	json_t *list = json_array();

	for (peer = dev->peers; peer; peer = peer->next)
		json_array_append_new(list, json_peer(style, peer, field));
	return list;
}

static json_t *json_drops(const struct device *dev)
{
	json_t *json = json_object();
	unsigned int drop;
	char spare[16];

	for (drop = MYTUN_DROP_UNSPEC + 1; drop <= MYTUN_DROP_MAX; drop++)
		json_object_set_new(json, drop_name(drop, spare), json_u64(dev->drops[drop]));
	return json;
}

static bool is_about_device(enum show_field field)
{
	return field == SHOW_PUBLIC_KEY || field == SHOW_PRIVATE_KEY || field == SHOW_LISTEN_PORT ||
	       field == SHOW_FWMARK || field == SHOW_DROPS;
}

/**
 * show_json() - a device, or one field of it
 * @style: says whether secrets may be seen when SHOW_ALL is asked for
 * @dev: the device
 * @field: which
 *
 * Return: an object, to be released by json_decref(); NULL without memory.
 */
json_t *show_json(const struct style *style, const struct device *dev, enum show_field field)
{
	json_t *json = json_object();

	json_object_set_new(json, "ifname", json_text(dev->name));
	if (wants(field, SHOW_PUBLIC_KEY))
		json_object_set_new(json, "public_key",
				    json_key(dev->public_key, dev->flags & DEVICE_HAS_PUBLIC_KEY));
	if (wants_secret(style, field, SHOW_PRIVATE_KEY))
		json_object_set_new(json, "private_key",
				    json_key(dev->private_key,
					     dev->flags & DEVICE_HAS_PRIVATE_KEY));
	if (wants(field, SHOW_LISTEN_PORT))
		json_object_set_new(json, "listen_port", json_integer(dev->listen_port));
	if (wants(field, SHOW_FWMARK))
		json_object_set_new(json, "fwmark", json_integer(dev->fwmark));
	if (wants(field, SHOW_DROPS))
		json_object_set_new(json, "drops", json_drops(dev));
	if (!is_about_device(field))
		json_object_set_new(json, "peers", json_peers(style, dev, field));
	return json;
}
