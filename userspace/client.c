// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sodium/crypto_scalarmult_curve25519.h>

#include "client.h"
#include "key.h"
#include "show.h"

#define NO_PORT "%s: `%s' is without a port, and the hub's file has no ListenPort\n"

/**
 * client_name_is_good() - whether a name can stand in a file and on a command line
 * @name: the name
 *
 * Return: whether it is 1 to 63 letters, digits and "_@+.-", and no option.
 */
bool client_name_is_good(const char *name)
{
	const char *c = name;

	while (isalnum((unsigned char)*c) || (*c && strchr("_@+.-", *c)))
		c++;
	return !*c && c != name && *name != '-' && c - name <= MOST_CLIENT_NAME;
}

/**
 * client_name_is_taken() - whether a peer has this name
 * @hub: the hub
 * @name: the name
 *
 * Return: whether one has.
 */
bool client_name_is_taken(const struct tunnel *hub, const char *name)
{
	const struct peer *peer;

	for (peer = hub->dev->peers; peer; peer = peer->next)
		if (peer->name && !strcmp(peer->name, name))
			return true;
	return false;
}

/**
 * client_make_keys() - a key pair, and a key that it shares with the hub
 * @client: with its peer, which has the hub's public key
 * @preshared: make the shared one, too
 *
 * Return: 0 or -errno.
 */
int client_make_keys(struct tunnel *client, bool preshared)
{
	struct device *dev = client->dev;
	int ret = key_generate(dev->private_key, true);

	if (ret)
		return ret;
	dev->flags |= DEVICE_HAS_PRIVATE_KEY | DEVICE_HAS_PUBLIC_KEY;
	if (crypto_scalarmult_curve25519_base(dev->public_key, dev->private_key))
		return -EINVAL;
	if (!preshared)
		return 0;
	dev->peers->flags |= PEER_HAS_PRESHARED_KEY;
	return key_generate(dev->peers->preshared_key, false);
}

/*
 * Whether it is one word that no file takes apart: it goes into that of the client, where what
 * comes after a newline could be a command.
 */
static bool is_word(const char *text)
{
	const char *c = text;

	while (*c && *c != '#' && !isspace((unsigned char)*c) && !iscntrl((unsigned char)*c))
		c++;
	return !*c;
}

/**
 * client_give_endpoint() - where the client finds the hub
 * @cfg: of the client, with log, dev and tun set
 * @name: what messages call @text
 * @text: HOST or HOST:PORT; an IPv6 address with a port is in brackets
 * @port: the hub's, for a @text without one; 0: there is none
 *
 * Return: 0, or -errno after a complaint.
 */
int client_give_endpoint(struct config *cfg, const char *name, const char *text, uint16_t port)
{
	const char *colon = strchr(text, ':'), *end = *text == '[' ? strchr(text, ']') : NULL;
	bool bare = !end && colon && strchr(colon + 1, ':');
	bool has_port = end ? end[1] == ':' : colon && !bare;
	char *whole;
	int ret;

	if (!is_word(text)) {
		fprintf(cfg->log, "%s: neither an address nor a host name: `%s'\n", name, text);
		return -EINVAL;
	}
	if (has_port)
		return config_override(cfg, name, "Endpoint", text, false);
	if (!port) {
		fprintf(cfg->log, NO_PORT, name, text);
		return -EINVAL;
	}
	if (asprintf(&whole, bare ? "[%s]:%u" : "%s:%u", text, port) < 0)
		return -ENOMEM;
	ret = config_override(cfg, name, "Endpoint", whole, false);
	free(whole);
	return ret;
}

static int add_allowed_ip(struct peer *peer, const struct allowedip *ip)
{
	struct allowedip *copy = peer_add_ip(peer);
	size_t i;

	if (!copy)
		return -ENOMEM;
	*copy = *ip;
	allowedip_mask(copy);
	for (i = 0; i + 1 < peer->n_ips; i++)
		if (!allowedip_cmp(&peer->ips[i], copy))
			break;
	if (i + 1 < peer->n_ips)
		peer->n_ips--;
	return 0;
}

/**
 * client_give_allowed_ips() - what the client sends to the hub
 * @client: with its addresses, and its peer
 * @hub: the hub
 *
 * Through a gateway everything in the families that the client has addresses of, else
 * what is in the tunnel's subnets.
 *
 * Return: 0 or -ENOMEM.
 */
int client_give_allowed_ips(struct tunnel *client, const struct tunnel *hub)
{
	struct allowedip ip;
	size_t i;
	int ret = 0;

	for (i = 0; i < hub->n_addresses && !ret; i++) {
		ip = hub->addresses[i];
		if (!tunnel_has_family(client, ip.family))
			continue;
		if (hub->gateway)
			ip.prefix_len = 0;
		ret = add_allowed_ip(client->dev->peers, &ip);
	}
	return ret;
}

/**
 * client_add_to_hub() - the client as a peer
 * @hub: device that gets the peer
 * @client: the client
 * @name: its name
 *
 * Return: 0 or -ENOMEM.
 */
int client_add_to_hub(struct device *hub, const struct tunnel *client, const char *name)
{
	const struct peer *shared = client->dev->peers;
	struct peer *peer = device_add_peer(hub);
	struct allowedip *ip;
	size_t i;

	if (!peer)
		return -ENOMEM;
	peer->flags = PEER_HAS_PUBLIC_KEY | PEER_REPLACE_ALLOWEDIPS;
	memcpy(peer->public_key, client->dev->public_key, KEY_LEN);
	if (shared->flags & PEER_HAS_PRESHARED_KEY) {
		peer->flags |= PEER_HAS_PRESHARED_KEY;
		memcpy(peer->preshared_key, shared->preshared_key, KEY_LEN);
	}
	peer->name = strdup(name);
	if (!peer->name)
		return -ENOMEM;
	for (i = 0; i < client->n_addresses; i++) {
		ip = peer_add_ip(peer);
		if (!ip)
			return -ENOMEM;
		*ip = client->addresses[i];
	}
	return 0;
}

static void put_list(FILE *out, const char *key, const struct texts *texts, bool first)
{
	size_t i;

	for (i = 0; i < texts->n; i++)
		fprintf(out, "%s%s", i || !first ? ", " : key, texts->items[i]);
}

static void put_prefixes(FILE *out, const char *key, const struct allowedip *ips, size_t n)
{
	char text[PREFIX_LEN];
	size_t i;

	for (i = 0; i < n; i++)
		fprintf(out, "%s%s", i ? ", " : key, format_prefix(text, &ips[i]));
	if (n)
		fputc('\n', out);
}

/**
 * client_write() - the client's file
 * @out: where to
 * @client: the client; it has an endpoint
 *
 * No comments: every byte makes a QR code larger.
 */
void client_write(FILE *out, const struct tunnel *client)
{
	fputs("[Interface]\n", out);
	show_config_interface(out, client->dev, false);
	put_prefixes(out, "Address = ", client->addresses, client->n_addresses);
	put_list(out, "DNS = ", &client->dns, true);
	put_list(out, "DNS = ", &client->search, !client->dns.n);
	if (client->dns.n + client->search.n)
		fputc('\n', out);
	if (client->mtu)
		fprintf(out, "MTU = %u\n", client->mtu);
	show_config_peers(out, client->dev, false);
}

/**
 * client_text() - the client's file as a string
 * @text: gets it; the caller wipes it
 * @room: bytes there
 * @client: the client
 *
 * Its key stands in no other memory afterwards.
 *
 * Return: 0, -EFBIG when it does not fit, or -errno.
 */
int client_text(char *text, size_t room, const struct tunnel *client)
{
	static char buffer[512];
	FILE *out = fmemopen(text, room, "w");
	int ret = 0;

	if (!out)
		return -errno;
	setvbuf(out, buffer, _IOFBF, sizeof(buffer));
	client_write(out, client);
	/* the last byte is the string's end */
	if (fflush(out) || ferror(out) || (size_t)ftell(out) >= room)
		ret = -EFBIG;
	fclose(out);
	explicit_bzero(buffer, sizeof(buffer));
	return ret;
}
