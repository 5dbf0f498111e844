// SPDX-License-Identifier: GPL-2.0
/*
 * One table of fields serves the file ("ListenPort = 1") and the command line
 * ("listen-port 1"): a field has a word for each, a section, and one function that
 * reads its value. The values are those of wg(8).
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <arpa/inet.h>

#include "config.h"
#include "encoding.h"

/**
 * struct field - one thing that can be configured
 * @key: its name in a file, any case
 * @word: its name on the command line; NULL: not there
 * @section: where it may stand
 * @secret: the value is a key: on the command line the name of a file with it
 * @parse: reads the value into the device, or into the last peer
 */
struct field {
	const char *key;
	const char *word;
	enum config_section section;
	bool secret;
	int (*parse)(struct config *cfg, const char *value);
};

/* Say what is wrong and where. Return: -EINVAL, for the caller to pass on. */
static int __attribute__((format(printf, 2, 3)))
complain(const struct config *cfg, const char *fmt, ...)
{
	va_list args;

	if (!cfg->log)
		return -EINVAL;
	if (cfg->source)
		fprintf(cfg->log, "%s:%u: ", cfg->source, cfg->line);
	if (cfg->field)
		fprintf(cfg->log, "%s: ", cfg->field);
	va_start(args, fmt);
	vfprintf(cfg->log, fmt, args);
	va_end(args);
	fputc('\n', cfg->log);
	return -EINVAL;
}

static int no_memory(const struct config *cfg)
{
	complain(cfg, "%s", strerror(ENOMEM));
	return -ENOMEM;
}

/* Digits of the base and nothing else, at most @max. Return: 0 or -EINVAL. */
static int parse_number(const char *text, unsigned int base, uint64_t max, uint64_t *number)
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

/* Remove white space; wg ignores it wherever it stands. */
static void strip_space(char *text)
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
		return complain(cfg, "Key is not the correct length or format");
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

	if (parse_number(value, 10, UINT16_MAX, &port))
		return complain(cfg, "Port is not 0-65535: `%s'", value);
	cfg->dev->listen_port = (uint16_t)port;
	cfg->dev->flags |= DEVICE_HAS_LISTEN_PORT;
	return 0;
}

static int parse_fwmark(struct config *cfg, const char *value)
{
	bool hex = value[0] == '0' && (value[1] == 'x' || value[1] == 'X');
	uint64_t mark = 0;

	if (strcasecmp(value, "off") &&
	    parse_number(hex ? value + 2 : value, hex ? 16 : 10, UINT32_MAX, &mark))
		return complain(cfg, "Fwmark is neither 0/off nor 0-0xffffffff: `%s'", value);
	cfg->dev->fwmark = (uint32_t)mark;
	cfg->dev->flags |= DEVICE_HAS_FWMARK;
	return 0;
}

static int parse_public_key(struct config *cfg, const char *value)
{
	struct peer *peer = cfg->dev->last_peer;

	if (key_from_base64(peer->public_key, value))
		return complain(cfg, "Key is not the correct length or format: `%s'", value);
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

	if (strcasecmp(value, "off") && parse_number(value, 10, UINT16_MAX, &seconds))
		return complain(cfg,
				"Persistent keepalive interval is neither 0/off nor 1-65535: `%s'",
				value);
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

/* Whether a name can be asked of DNS: not empty, not a broken address. */
static bool is_host_name(const char *host)
{
	return *host && !strchr(host, ':') && host[strspn(host, "0123456789.")];
}

/*
 * Split host:port or [host]:port in place. Return: the port, or NULL after a
 * complaint.
 */
static char *split_endpoint(struct config *cfg, char **host, const char *value)
{
	char *end, *text = *host;

	if (!*text) {
		complain(cfg, "Unable to parse empty endpoint");
		return NULL;
	}
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end) {
			complain(cfg, "Unable to find matching brace of endpoint: `%s'", value);
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
		complain(cfg, "Unable to find port of endpoint: `%s'", value);
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
		return complain(cfg, "Endpoint is not the address of one host: `%s'", value);
	}
	if (!is_host_name(host))
		return complain(cfg, "Endpoint is neither an address nor a host name: `%s'", value);
	peer->endpoint_line = cfg->line;
	peer->endpoint_host = strdup(host);
	return peer->endpoint_host ? 0 : no_memory(cfg);
}

static int parse_endpoint(struct config *cfg, const char *value)
{
	struct peer *peer = cfg->dev->last_peer;
	char *copy = strdup(value), *host = copy, *service;
	int ret = -EINVAL;
	uint64_t port;

	if (!copy)
		return no_memory(cfg);
	free(peer->endpoint_host);
	peer->endpoint_host = NULL;
	service = split_endpoint(cfg, &host, value);
	if (!service)
		goto out;
	if (parse_number(service, 10, UINT16_MAX, &port) || !port) {
		complain(cfg, "Port of endpoint is not 1-65535: `%s'", value);
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

/* Read address[/length]. Return: 0 or -EINVAL after a complaint. */
static int parse_prefix(struct config *cfg, struct allowedip *ip, char *text)
{
	char *slash = strchr(text, '/');
	uint64_t len;

	if (slash)
		*slash++ = '\0';
	if (inet_pton(AF_INET, text, &ip->addr.ip4) == 1)
		ip->family = AF_INET;
	else if (inet_pton(AF_INET6, text, &ip->addr.ip6) == 1)
		ip->family = AF_INET6;
	else
		return complain(cfg, "Unable to parse IP address: `%s'", text);
	len = family_bits(ip->family);
	if (slash && parse_number(slash, 10, len, &len))
		return complain(cfg, "AllowedIP is not in the correct format: `%s/%s'", text,
				slash);
	ip->prefix_len = (uint8_t)len;
	if (allowedip_mask(ip))
		complain(cfg, "Warning: AllowedIP has nonzero host part: %s/%s", text, slash);
	return 0;
}

/*
 * One of the list. With a sign before any of them the list changes what the peer has
 * instead of replacing it.
 */
static int parse_allowed_ip(struct config *cfg, char *text)
{
	struct peer *peer = cfg->dev->last_peer;
	struct allowedip *ip = peer_add_ip(peer);

	if (!ip)
		return no_memory(cfg);
	if (*text == '+' || *text == '-') {
		ip->remove = *text++ == '-';
		peer->flags &= ~PEER_REPLACE_ALLOWEDIPS;
	}
	return parse_prefix(cfg, ip, text);
}

/* An empty value is an empty list; an empty element is an error. */
static int parse_allowed_ips(struct config *cfg, const char *value)
{
	char *copy = strdup(value), *rest = copy, *text;
	int ret = 0;

	if (!copy)
		return no_memory(cfg);
	strip_space(copy);
	if (!*copy)
		rest = NULL;
	while (!ret && (text = strsep(&rest, ",")))
		ret = parse_allowed_ip(cfg, text);
	free(copy);
	return ret;
}

static const struct field fields[] = {
	{ "PrivateKey", "private-key", CONFIG_INTERFACE, true, parse_private_key },
	{ "ListenPort", "listen-port", CONFIG_INTERFACE, false, parse_listen_port },
	{ "FwMark", "fwmark", CONFIG_INTERFACE, false, parse_fwmark },
	{ "PublicKey", NULL, CONFIG_PEER, false, parse_public_key },
	{ "PresharedKey", "preshared-key", CONFIG_PEER, true, parse_preshared_key },
	{ "AllowedIPs", "allowed-ips", CONFIG_PEER, false, parse_allowed_ips },
	{ "Endpoint", "endpoint", CONFIG_PEER, false, parse_endpoint },
	{ "PersistentKeepalive", "persistent-keepalive", CONFIG_PEER, false, parse_keepalive },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static int begin_peer(struct config *cfg, uint32_t flags)
{
	struct peer *peer = device_add_peer(cfg->dev);

	if (!peer)
		return no_memory(cfg);
	peer->line = cfg->line;
	peer->flags = flags;
	cfg->section = CONFIG_PEER;
	return 0;
}

static int read_section(struct config *cfg, const char *text)
{
	if (!strcasecmp(text, "[Interface]")) {
		cfg->section = CONFIG_INTERFACE;
		return 0;
	}
	if (!strcasecmp(text, "[Peer]"))
		return begin_peer(cfg, PEER_REPLACE_ALLOWEDIPS);
	return complain(cfg, "Unknown section: `%s'", text);
}

static int read_assignment(struct config *cfg, const char *key, const char *value)
{
	const struct field *field = fields;

	while (field < fields + N_FIELDS && strcasecmp(key, field->key))
		field++;
	if (field == fields + N_FIELDS)
		return complain(cfg, "Line unrecognized: `%s'", key);
	if (field->section != cfg->section)
		return complain(cfg, "%s belongs under [%s]", field->key,
				field->section == CONFIG_PEER ? "Peer" : "Interface");
	cfg->field = field->key;
	return field->parse(cfg, value);
}

/* Whatever is behind the '=' may be a secret and is not repeated here. */
static int read_line(struct config *cfg, char *line, size_t len)
{
	char *equals;

	cfg->field = NULL;
	if (strlen(line) != len)
		return complain(cfg, "Line contains a NUL");
	line[strcspn(line, "#")] = '\0';
	strip_space(line);
	if (!*line)
		return 0;
	if (*line == '[')
		return read_section(cfg, line);
	equals = strchr(line, '=');
	if (!equals)
		return complain(cfg, "Line unrecognized: no `=' after the name");
	*equals = '\0';
	return read_assignment(cfg, line, equals + 1);
}

static int check_public_keys(struct config *cfg)
{
	const struct peer *peer;

	cfg->field = NULL;
	for (peer = cfg->dev->peers; peer; peer = peer->next) {
		cfg->line = peer->line;
		if (!(peer->flags & PEER_HAS_PUBLIC_KEY))
			return complain(cfg, "A peer is missing a public key");
	}
	return 0;
}

/**
 * config_read() - parse a configuration file
 * @cfg: with source, log and dev set
 * @in: the open file
 *
 * Every peer gets PEER_REPLACE_ALLOWEDIPS unless a sign before one of its allowed IPs
 * says otherwise. Host names are left in endpoint_host.
 *
 * Return: 0, -EINVAL for a bad file, -ENOMEM, or the errno of a failed read.
 */
int config_read(struct config *cfg, FILE *in)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int ret = 0;

	cfg->section = CONFIG_NOWHERE;
	cfg->line = 0;
	while (!ret && (len = getline(&line, &room, in)) >= 0) {
		cfg->line++;
		ret = read_line(cfg, line, (size_t)len);
		/* now, because getline() may leave this memory for a larger piece */
		explicit_bzero(line, (size_t)len);
	}
	if (!ret && ferror(in)) {
		ret = -errno;
		cfg->field = NULL;
		complain(cfg, "%s", strerror(-ret));
	}
	if (!ret)
		ret = check_public_keys(cfg);
	free(line);
	return ret;
}

/**
 * config_read_file() - parse a configuration file
 * @cfg: with log and dev set
 * @path: its name
 *
 * Return: as config_read().
 */
int config_read_file(struct config *cfg, const char *path)
{
	/* stdio's buffer would keep keys after fclose(): it gets ours, which is wiped */
	static char buffer[4096];
	FILE *in = fopen(path, "re");
	int ret;

	cfg->source = path;
	if (!in) {
		ret = -errno;
		if (cfg->log)
			fprintf(cfg->log, "%s: %s\n", path, strerror(-ret));
		return ret;
	}
	setvbuf(in, buffer, _IOFBF, sizeof(buffer));
	ret = config_read(cfg, in);
	fclose(in);
	explicit_bzero(buffer, sizeof(buffer));
	return ret;
}

/* Fill @text from the file. Return: the length, at most @room, or -errno. */
static ssize_t read_whole(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got, len = 0;

	if (fd < 0)
		return -errno;
	do {
		got = read(fd, text + len, room - (size_t)len);
		if (got > 0)
			len += got;
	} while ((got > 0 && (size_t)len < room) || (got < 0 && errno == EINTR));
	if (got < 0)
		len = -errno;
	close(fd);
	return len;
}

/* A key file holds one key and perhaps white space behind it; an empty one is no key. */
static int parse_key_file(struct config *cfg, const struct field *field, const char *path)
{
	char text[128];
	ssize_t len = read_whole(path, text, sizeof(text) - 1);
	const uint8_t none[KEY_LEN] = { 0 };
	int ret;

	if (len < 0) {
		complain(cfg, "%s: %s", path, strerror((int)-len));
		return (int)len;
	}
	text[len] = '\0';
	if (!len)
		key_to_base64(text, none);
	else if (strlen(text) != (size_t)len)
		text[0] = '\0';
	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	ret = field->parse(cfg, text);
	explicit_bzero(text, sizeof(text));
	return ret;
}

static int read_peer_args(struct config *cfg, const char *value)
{
	int ret = begin_peer(cfg, 0);

	return ret ? ret : parse_public_key(cfg, value);
}

static int read_arg(struct config *cfg, const char *word, const char *value)
{
	const struct field *field = fields;

	while (field < fields + N_FIELDS && (!field->word || strcmp(word, field->word)))
		field++;
	if (field == fields + N_FIELDS || field->section != cfg->section)
		return complain(cfg, "Invalid argument: %s", word);
	if (!value)
		return complain(cfg, "Invalid argument: %s: a value is missing", word);
	cfg->field = word;
	if (field->secret)
		return parse_key_file(cfg, field, value);
	if (field->parse == parse_allowed_ips)
		cfg->dev->last_peer->flags |= PEER_REPLACE_ALLOWEDIPS;
	return field->parse(cfg, value);
}

/**
 * config_read_args() - parse the arguments of `set`
 * @cfg: with log and dev set
 * @args: the arguments after the interface, ended by NULL
 *
 * A peer gets PEER_REPLACE_ALLOWEDIPS only when allowed-ips is given without signs.
 *
 * Return: 0, -EINVAL, -ENOMEM, or the errno of a key file that cannot be read.
 */
int config_read_args(struct config *cfg, char *const *args)
{
	int ret = 0;

	cfg->source = NULL;
	cfg->section = CONFIG_INTERFACE;
	while (!ret && *args) {
		const char *word = *args++;

		cfg->field = NULL;
		if (cfg->section == CONFIG_PEER && !strcmp(word, "remove")) {
			cfg->dev->last_peer->flags |= PEER_REMOVE;
			continue;
		}
		if (!strcmp(word, "peer") && *args) {
			cfg->field = word;
			ret = read_peer_args(cfg, *args++);
			continue;
		}
		ret = read_arg(cfg, word, *args);
		if (*args)
			args++;
	}
	return ret;
}
