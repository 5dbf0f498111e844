// SPDX-License-Identifier: GPL-2.0
/*
 * One table of fields serves the file ("ListenPort = 1") and the command line
 * ("listen-port 1"): a field has a word for each, a section, and one function that
 * reads its value. The values are those of wg(8).
 */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <arpa/inet.h>

#include "config_parse.h"
#include "encoding.h"
#include "format.h"

#define BAD_CIPHER "Cipher is not auto, chacha20-poly1305 or aes-256-gcm"
#define BAD_INTERVAL "Persistent keepalive interval is neither 0/off nor 1-65535"

/**
 * config_complain() - say what is wrong and where
 * @cfg: knows where
 * @fmt: what
 *
 * Return: -EINVAL, for the caller to pass on.
 */
int config_complain(const struct config *cfg, const char *fmt, ...)
{
	va_list args;

	if (!cfg->log)
		return -EINVAL;
	if (cfg->source && cfg->line)
		fprintf(cfg->log, "%s:%u: ", cfg->source, cfg->line);
	else if (cfg->source)
		fprintf(cfg->log, "%s: ", cfg->source);
	if (cfg->field)
		fprintf(cfg->log, "%s: ", cfg->field);
	va_start(args, fmt);
	vfprintf(cfg->log, fmt, args);
	va_end(args);
	fputc('\n', cfg->log);
	return -EINVAL;
}

/**
 * config_no_memory() - say that there is no memory
 * @cfg: knows where
 *
 * Return: -ENOMEM, for the caller to pass on.
 */
int config_no_memory(const struct config *cfg)
{
	config_complain(cfg, "%s", strerror(ENOMEM));
	return -ENOMEM;
}

/**
 * config_number() - digits and nothing else
 * @text: the digits
 * @base: 10 or 16
 * @max: the largest that is taken
 * @number: gets it
 *
 * Return: 0 or -EINVAL, without a complaint.
 */
int config_number(const char *text, unsigned int base, uint64_t max, uint64_t *number)
{
	static const char digits[] = "0123456789abcdef";
	const char *found;
	uint64_t n = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		found = strchr(digits, tolower((unsigned char)*text));
		if (!found || (unsigned int)(found - digits) >= base)
			return -EINVAL;
		n = n * base + (uint64_t)(found - digits);
		if (n > max)
			return -EINVAL;
	}
	*number = n;
	return 0;
}

/**
 * config_strip_space() - remove white space; wg ignores it wherever it stands
 * @text: changed in place
 */
void config_strip_space(char *text)
{
	char *out = text;

	for (; *text; text++)
		if (!isspace((unsigned char)*text))
			*out++ = *text;
	*out = '\0';
}

/* The text may be a secret: it is never repeated in a message. */
static int parse_key(struct config *cfg, const char *text, uint8_t key[KEY_LEN])
{
	if (key_from_base64(key, text))
		return config_complain(cfg, "Key is not the correct length or format");
	return 0;
}

static int parse_private_key(struct config *cfg, const char *value)
{
	cfg->dev->flags |= DEVICE_HAS_PRIVATE_KEY;
	return parse_key(cfg, value, cfg->dev->private_key);
}

static int parse_listen_port(struct config *cfg, const char *value)
{
	uint64_t port;

	if (config_number(value, 10, UINT16_MAX, &port))
		return config_complain(cfg, "Port is not 0-65535: `%s'", value);
	cfg->dev->listen_port = (uint16_t)port;
	cfg->dev->flags |= DEVICE_HAS_LISTEN_PORT;
	return 0;
}

static int parse_fwmark(struct config *cfg, const char *value)
{
	bool hex = value[0] == '0' && (value[1] == 'x' || value[1] == 'X');
	uint64_t mark = 0;

	if (strcasecmp(value, "off") &&
	    config_number(hex ? value + 2 : value, hex ? 16 : 10, UINT32_MAX, &mark))
		return config_complain(cfg, "Fwmark is neither 0/off nor 0-0xffffffff: `%s'",
				       value);
	cfg->dev->fwmark = (uint32_t)mark;
	cfg->dev->flags |= DEVICE_HAS_FWMARK;
	return 0;
}

static int parse_public_key(struct config *cfg, const char *value)
{
	struct peer *peer = cfg->dev->last_peer;

	if (key_from_base64(peer->public_key, value))
		return config_complain(cfg, "Key is not the correct length or format: `%s'", value);
	peer->flags |= PEER_HAS_PUBLIC_KEY;
	return 0;
}

static int parse_preshared_key(struct config *cfg, const char *value)
{
	struct peer *peer = cfg->dev->last_peer;

	peer->flags |= PEER_HAS_PRESHARED_KEY;
	return parse_key(cfg, value, peer->preshared_key);
}

static int parse_keepalive(struct config *cfg, const char *value)
{
	struct peer *peer = cfg->dev->last_peer;
	uint64_t seconds = 0;

	if (strcasecmp(value, "off") && config_number(value, 10, UINT16_MAX, &seconds))
		return config_complain(cfg, BAD_INTERVAL ": `%s'", value);
	peer->keepalive = (uint16_t)seconds;
	peer->flags |= PEER_HAS_KEEPALIVE;
	return 0;
}

/* Fill in a numeric address. Return: whether the text is one. */
static bool endpoint_from_number(union endpoint *ep, const char *host)
{
	struct addrinfo hints = { .ai_family = AF_INET6, .ai_flags = AI_NUMERICHOST };
	struct addrinfo *found;

	memset(ep, 0, sizeof(*ep));
	if (inet_pton(AF_INET, host, &ep->sin.sin_addr) == 1) {
		ep->sin.sin_family = AF_INET;
		return true;
	}
	/* unlike inet_pton() this knows scopes */
	if (!strchr(host, ':') || getaddrinfo(host, NULL, &hints, &found))
		return false;
	memcpy(&ep->sin6, found->ai_addr, sizeof(ep->sin6));
	freeaddrinfo(found);
	return true;
}

/*
 * Whether it is an address on a link that is not there. It may come before the endpoint is used,
 * and a tunnel must go down without it.
 */
static bool is_on_missing_link(const char *host)
{
	size_t len = strcspn(host, "%");
	const char *link = host + len + 1;
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (!host[len] || len >= sizeof(copy))
		return false;
	if (!*link || strlen(link) >= IFNAMSIZ || link[strcspn(link, "/:[]%")])
		return false;
	memcpy(copy, host, len);
	copy[len] = '\0';
	return inet_pton(AF_INET6, copy, &addr) == 1 && IN6_IS_ADDR_LINKLOCAL(&addr);
}

/* Whether a name can be asked of DNS: not empty, not a broken address. */
static bool is_host_name(const char *host)
{
	return *host && !strpbrk(host, ":[]") && host[strspn(host, "0123456789.")];
}

/*
 * Split host:port or [host]:port in place. Return: the port, or NULL after a
 * complaint.
 */
static char *split_endpoint(struct config *cfg, char **host, const char *value)
{
	char *end, *text = *host;

	if (!*text) {
		config_complain(cfg, "Unable to parse empty endpoint");
		return NULL;
	}
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end) {
			config_complain(cfg, "Unable to find matching brace of endpoint: `%s'",
					value);
			return NULL;
		}
		*host = text + 1;
		*end++ = '\0';
		if (*end != ':')
			end = NULL;
	} else {
		end = strrchr(text, ':');
	}
	if (!end || !end[1]) {
		config_complain(cfg, "Unable to find port of endpoint: `%s'", value);
		return NULL;
	}
	*end = '\0';
	return end + 1;
}

static int store_endpoint(struct config *cfg, struct peer *peer, const char *host,
			  const char *value)
{
	if (endpoint_from_number(&peer->endpoint, host)) {
		if (endpoint_is_host(&peer->endpoint))
			return 0;
		return config_complain(cfg, "Endpoint is not the address of one host: `%s'", value);
	}
	if (!is_host_name(host) && !is_on_missing_link(host))
		return config_complain(cfg, "Endpoint is neither an address nor a host name: `%s'",
				       value);
	peer->endpoint_line = cfg->line;
	peer->endpoint_host = strdup(host);
	return peer->endpoint_host ? 0 : config_no_memory(cfg);
}

static int parse_endpoint(struct config *cfg, const char *value)
{
	struct peer *peer = cfg->dev->last_peer;
	char *copy = strdup(value), *host = copy, *service;
	int ret = -EINVAL;
	uint64_t port;

	if (!copy)
		return config_no_memory(cfg);
	free(peer->endpoint_host);
	peer->endpoint_host = NULL;
	service = split_endpoint(cfg, &host, value);
	if (!service)
		goto out;
	if (config_number(service, 10, UINT16_MAX, &port) || !port) {
		config_complain(cfg, "Port of endpoint is not 1-65535: `%s'", value);
		goto out;
	}
	ret = store_endpoint(cfg, peer, host, value);
	/* the port is at the same place for both families and for a name yet to be resolved */
	peer->endpoint.sin.sin_port = htons((uint16_t)port);
	peer->flags |= PEER_HAS_ENDPOINT;
out:
	free(copy);
	return ret;
}

/**
 * config_prefix() - read address[/length]
 * @cfg: for complaints
 * @ip: gets it, with the bits behind the length
 * @text: changed, and whole again in the end
 *
 * Return: 0, or -EINVAL after a complaint.
 */
int config_prefix(struct config *cfg, struct allowedip *ip, char *text)
{
	char *slash = strchr(text, '/');
	uint64_t len;
	int ret = 0;

	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, text, &ip->addr.ip4) == 1)
		ip->family = AF_INET;
	else if (inet_pton(AF_INET6, text, &ip->addr.ip6) == 1)
		ip->family = AF_INET6;
	else
		return config_complain(cfg, "Unable to parse IP address: `%s'", text);
	len = family_bits(ip->family);
	if (slash) {
		*slash = '/';
		ret = config_number(slash + 1, 10, len, &len);
	}
	ip->prefix_len = (uint8_t)len;
	if (ret)
		config_complain(cfg, "Prefix is not in the correct format: `%s'", text);
	return ret;
}

/*
 * One of the list. With a sign before any of them the list changes what the peer has
 * instead of replacing it.
 */
static int parse_allowed_ip(struct config *cfg, char *text)
{
	struct peer *peer = cfg->dev->last_peer;
	struct allowedip *ip = peer_add_ip(peer);
	int ret;

	if (!ip)
		return config_no_memory(cfg);
	if (*text == '+' || *text == '-') {
		ip->remove = *text++ == '-';
		peer->flags &= ~PEER_REPLACE_ALLOWEDIPS;
	}
	ret = config_prefix(cfg, ip, text);
	if (!ret && allowedip_mask(ip))
		config_complain(cfg, "Warning: AllowedIP has nonzero host part: %s", text);
	return ret;
}

/* An empty value is an empty list; an empty element is an error. */
static int parse_allowed_ips(struct config *cfg, const char *value)
{
	char *copy = strdup(value), *rest = copy, *text;
	int ret = 0;

	if (!copy)
		return config_no_memory(cfg);
	config_strip_space(copy);
	if (!*copy)
		rest = NULL;
	while (!ret && (text = strsep(&rest, ",")))
		ret = parse_allowed_ip(cfg, text);
	free(copy);
	return ret;
}

static int parse_cipher(struct config *cfg, const char *value)
{
	struct peer *peer = cfg->dev->last_peer;
	int cipher = cipher_by_name(value);

	if (cipher < 0)
		return config_complain(cfg, BAD_CIPHER ": `%s'", value);
	peer->cipher = (uint32_t)cipher;
	peer->flags |= PEER_HAS_CIPHER;
	return 0;
}

const struct field config_fields[] = {
	{ "PrivateKey", "private-key", CONFIG_INTERFACE, true, parse_private_key },
	{ "ListenPort", "listen-port", CONFIG_INTERFACE, false, parse_listen_port },
	{ "FwMark", "fwmark", CONFIG_INTERFACE, false, parse_fwmark },
	{ "PublicKey", NULL, CONFIG_PEER, false, parse_public_key },
	{ "PresharedKey", "preshared-key", CONFIG_PEER, true, parse_preshared_key },
	{ "AllowedIPs", "allowed-ips", CONFIG_PEER, false, parse_allowed_ips },
	{ "Endpoint", "endpoint", CONFIG_PEER, false, parse_endpoint },
	{ "PersistentKeepalive", "persistent-keepalive", CONFIG_PEER, false, parse_keepalive },
	{ .key = NULL },
};

const struct field peer_extension_fields[] = {
	{ "Cipher", "cipher", CONFIG_PEER, false, parse_cipher },
	{ .key = NULL },
};
