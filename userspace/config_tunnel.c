// SPDX-License-Identifier: GPL-2.0
/*
 * The fields that `up` and `down` read besides those of wg(8): those of wg-quick(8), and
 * our own in comment lines, which stock tools do not see.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <arpa/inet.h>

#include "config_parse.h"
#include "encoding.h"

#define MOST_TIMEOUT 3600

/* Call @each for the words of a value: white space and commas are between them. */
static int each_word(struct config *cfg, const char *value,
		     int (*each)(struct config *cfg, char *word))
{
	char *copy = strdup(value), *rest = copy, *word;
	int ret = 0;

	if (!copy)
		return config_no_memory(cfg);
	while (!ret && (word = strsep(&rest, ", \t\n\v\f\r")))
		if (*word)
			ret = each(cfg, word);
	free(copy);
	return ret;
}

/* Return: 0 or -ENOMEM after a complaint. */
static int add_text(struct config *cfg, struct texts *texts, const char *text)
{
	return texts_add(texts, text) ? config_no_memory(cfg) : 0;
}

static int replace_text(struct config *cfg, char **text, const char *value)
{
	free(*text);
	*text = strdup(value);
	return *text ? 0 : config_no_memory(cfg);
}

static int parse_bool(struct config *cfg, const char *value, const char *yes, const char *no,
		      bool *result)
{
	*result = !strcasecmp(value, yes);
	if (*result || !strcasecmp(value, no))
		return 0;
	return config_complain(cfg, "Neither %s nor %s: `%s'", yes, no, value);
}

static int add_address(struct config *cfg, char *word)
{
	struct allowedip *ip = tunnel_add_address(cfg->tun);

	return ip ? config_prefix(cfg, ip, word) : config_no_memory(cfg);
}

static int parse_address(struct config *cfg, const char *value)
{
	return each_word(cfg, value, add_address);
}

/* Whether the text is an address; that of a link may have the name of the link behind a '%'. */
static bool is_address(const char *text)
{
	size_t len = strcspn(text, "%");
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr any;

	if (inet_pton(AF_INET, text, &any) == 1)
		return true;
	if (len >= sizeof(copy) || (text[len] && !text[len + 1]))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(AF_INET6, copy, &any) == 1;
}

/* What is an address is a server; what looks like one and is none must not become a domain. */
static int add_dns(struct config *cfg, char *word)
{
	const char *c;

	if (is_address(word))
		return add_text(cfg, &cfg->tun->dns, word);
	for (c = word; isalnum((unsigned char)*c) || (*c && strchr("-._~", *c)); c++)
		;
	if (*c || !word[strspn(word, "0123456789.")])
		return config_complain(cfg, "Neither an address nor a domain: `%s'", word);
	return add_text(cfg, &cfg->tun->search, word);
}

static int parse_dns(struct config *cfg, const char *value)
{
	return each_word(cfg, value, add_dns);
}

static int parse_mtu(struct config *cfg, const char *value)
{
	uint64_t mtu;

	if (config_number(value, 10, MOST_MTU, &mtu) || mtu < LEAST_MTU)
		return config_complain(cfg, "MTU is not %d-%d: `%s'", LEAST_MTU, MOST_MTU, value);
	cfg->tun->mtu = (unsigned int)mtu;
	return 0;
}

/* The value becomes a word of a command of ip(8), so it must be one. */
static int parse_table(struct config *cfg, const char *value)
{
	const char *c = value;

	while (isalnum((unsigned char)*c) || (*c && strchr("-._", *c)))
		c++;
	if (c == value || *c || *value == '-')
		return config_complain(cfg, "Neither auto, off nor a table: `%s'", value);
	if (strcasecmp(value, "auto"))
		return replace_text(cfg, &cfg->tun->table,
				    strcasecmp(value, "off") ? value : "off");
	free(cfg->tun->table);
	cfg->tun->table = NULL;
	return 0;
}

static int parse_save(struct config *cfg, const char *value)
{
	return parse_bool(cfg, value, "true", "false", &cfg->tun->save);
}

static int parse_pre_up(struct config *cfg, const char *value)
{
	return add_text(cfg, &cfg->tun->hooks[HOOK_PRE_UP], value);
}

static int parse_post_up(struct config *cfg, const char *value)
{
	return add_text(cfg, &cfg->tun->hooks[HOOK_POST_UP], value);
}

static int parse_pre_down(struct config *cfg, const char *value)
{
	return add_text(cfg, &cfg->tun->hooks[HOOK_PRE_DOWN], value);
}

static int parse_post_down(struct config *cfg, const char *value)
{
	return add_text(cfg, &cfg->tun->hooks[HOOK_POST_DOWN], value);
}

const struct field tunnel_fields[] = {
	{ "Address", NULL, CONFIG_INTERFACE, false, parse_address },
	{ "DNS", NULL, CONFIG_INTERFACE, false, parse_dns },
	{ "MTU", NULL, CONFIG_INTERFACE, false, parse_mtu },
	{ "Table", NULL, CONFIG_INTERFACE, false, parse_table },
	{ "PreUp", NULL, CONFIG_INTERFACE, false, parse_pre_up },
	{ "PostUp", NULL, CONFIG_INTERFACE, false, parse_post_up },
	{ "PreDown", NULL, CONFIG_INTERFACE, false, parse_pre_down },
	{ "PostDown", NULL, CONFIG_INTERFACE, false, parse_post_down },
	{ "SaveConfig", NULL, CONFIG_INTERFACE, false, parse_save },
	{ .key = NULL },
};

static int parse_kill_switch(struct config *cfg, const char *value)
{
	return parse_bool(cfg, value, "yes", "no", &cfg->tun->kill_switch);
}

static int parse_gateway(struct config *cfg, const char *value)
{
	return parse_bool(cfg, value, "yes", "no", &cfg->tun->gateway);
}

static int parse_timeout(struct config *cfg, const char *value)
{
	uint64_t seconds;

	if (config_number(value, 10, MOST_TIMEOUT, &seconds))
		return config_complain(cfg, "Timeout is not 0-%d seconds: `%s'", MOST_TIMEOUT,
				       value);
	cfg->tun->timeout = (unsigned int)seconds;
	return 0;
}

static int parse_key_path(struct config *cfg, const char *value)
{
	uint8_t key[KEY_LEN];
	bool is_key = !key_from_base64(key, value);

	explicit_bzero(key, sizeof(key));
	/* it would be in the complaint about the file that is not there */
	if (is_key)
		return config_complain(cfg, "This is a key, and not the name of a file");
	if (!*value)
		return config_complain(cfg, "The name of a file is missing");
	return replace_text(cfg, &cfg->tun->key_file, value);
}

static int parse_client_endpoint(struct config *cfg, const char *value)
{
	return replace_text(cfg, &cfg->tun->client_endpoint, value);
}

static int parse_client_dns(struct config *cfg, const char *value)
{
	return replace_text(cfg, &cfg->tun->client_dns, value);
}

static int parse_name(struct config *cfg, const char *value)
{
	if (!*value)
		return config_complain(cfg, "A name is missing");
	return replace_text(cfg, &cfg->dev->last_peer->name, value);
}

const struct field extension_fields[] = {
	{ "KillSwitch", NULL, CONFIG_INTERFACE, false, parse_kill_switch },
	{ "Gateway", NULL, CONFIG_INTERFACE, false, parse_gateway },
	{ "Timeout", NULL, CONFIG_INTERFACE, false, parse_timeout },
	{ "PrivateKeyFile", NULL, CONFIG_INTERFACE, false, parse_key_path },
	{ "ClientEndpoint", NULL, CONFIG_INTERFACE, false, parse_client_endpoint },
	{ "ClientDNS", NULL, CONFIG_INTERFACE, false, parse_client_dns },
	{ "Name", NULL, CONFIG_PEER, false, parse_name },
	{ .key = NULL },
};
