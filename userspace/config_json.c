// SPDX-License-Identifier: GPL-2.0
/*
 * A tunnel as JSON. Each key leads to a field of the other format, which judges the value;
 * what has no such field is judged here. JSON has no lines by the time that values are
 * looked at, so messages name the key.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "config_parse.h"

#define MOST_FEC_DATA 255
#define ANY_ADDRESS                                                    \
	"The device listens on all addresses, so this is 0.0.0.0 or [::] " \
	"and a port: `%s'"
#define NO_FEC "Forward error correction is not built yet, so this must be 0"

/**
 * enum form - what a value looks like in JSON
 * @FORM_TEXT: a string
 * @FORM_COMMAND: a string, or an array of them; a # is a character like any other
 * @FORM_PATH: a string with the same freedom
 * @FORM_LIST: a string, or an array of them
 * @FORM_NUMBER: an integer
 * @FORM_WORD: a string or an integer
 * @FORM_SWITCH: true or false
 * @FORM_LATER: not to be looked at with the others
 */
enum form {
	FORM_TEXT,
	FORM_COMMAND,
	FORM_PATH,
	FORM_LIST,
	FORM_NUMBER,
	FORM_WORD,
	FORM_SWITCH,
	FORM_LATER,
};

/**
 * struct key - a key of an object
 * @name: the key
 * @field: the name of the field in a file with lines; NULL with FORM_LATER
 * @form: what its value is
 */
struct key {
	const char *name;
	const char *field;
	enum form form;
};

static const struct key tunnel_keys[] = {
	{ "mode", NULL, FORM_LATER },
	{ "local_addr", NULL, FORM_LATER },
	{ "remote_addr", NULL, FORM_LATER },
	{ "tunnel_addr", "Address", FORM_LIST },
	{ "mtu", "MTU", FORM_NUMBER },
	{ "fec_data", NULL, FORM_LATER },
	{ "fec_parity", NULL, FORM_LATER },
	{ "timeout", "Timeout", FORM_NUMBER },
	{ "keepalive", NULL, FORM_LATER },
	{ "private_key", "PrivateKey", FORM_TEXT },
	{ "private_key_file", "PrivateKeyFile", FORM_PATH },
	{ "peers", NULL, FORM_LATER },
	{ "dns", "DNS", FORM_LIST },
	{ "table", "Table", FORM_WORD },
	{ "fwmark", "FwMark", FORM_WORD },
	{ "kill_switch", "KillSwitch", FORM_SWITCH },
	{ "gateway", "Gateway", FORM_SWITCH },
	{ "pre_up", "PreUp", FORM_COMMAND },
	{ "post_up", "PostUp", FORM_COMMAND },
	{ "pre_down", "PreDown", FORM_COMMAND },
	{ "post_down", "PostDown", FORM_COMMAND },
	{ .name = NULL },
};

static const struct key peer_keys[] = {
	{ "public_key", "PublicKey", FORM_TEXT },
	{ "preshared_key", "PresharedKey", FORM_TEXT },
	{ "allowed_ips", "AllowedIPs", FORM_LIST },
	{ "remote_addr", "Endpoint", FORM_TEXT },
	{ "keepalive", "PersistentKeepalive", FORM_NUMBER },
	{ "cipher", "Cipher", FORM_TEXT },
	{ "name", "Name", FORM_TEXT },
	{ .name = NULL },
};

/* What is freed may have held a key, and this library wipes nothing. */
static void *alloc_sized(size_t len)
{
	size_t *block = len < SIZE_MAX - sizeof(max_align_t) ? malloc(sizeof(max_align_t) + len) :
							       NULL;

	if (!block)
		return NULL;
	*block = len;
	return (char *)block + sizeof(max_align_t);
}

static void wipe_and_free(void *text)
{
	size_t *block = text ? (size_t *)((char *)text - sizeof(max_align_t)) : NULL;

	if (!block)
		return;
	explicit_bzero(text, *block);
	free(block);
}

/* Between two objects' messages the field must not point to a name that is gone. */
static int complain_key(struct config *cfg, const char *key, const char *what)
{
	cfg->field = key;
	config_complain(cfg, "%s", what);
	cfg->field = NULL;
	return -EINVAL;
}

/* A line of the other format has none of these, so no field expects them. */
static int check_text(const struct config *cfg, const char *text, enum form form)
{
	bool free_text = form == FORM_COMMAND || form == FORM_PATH;

	for (; *text; text++) {
		if (iscntrl((unsigned char)*text))
			return config_complain(cfg, "There is a control character in it");
		if (*text == '#' && !free_text)
			return config_complain(cfg, "There is a # in it");
	}
	return 0;
}

static int apply_string(struct config *cfg, const struct key *key, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text)
		return config_complain(cfg, "Not a string");
	if (check_text(cfg, text, key->form))
		return -EINVAL;
	return config_apply(cfg, key->field, text);
}

static int apply_number(struct config *cfg, const char *field, const json_t *value)
{
	char text[24];

	if (!json_is_integer(value))
		return config_complain(cfg, "Not a whole number");
	snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return config_apply(cfg, field, text);
}

static int apply_list(struct config *cfg, const struct key *key, const json_t *value)
{
	size_t i;
	int ret = 0;

	if (!json_is_array(value))
		return apply_string(cfg, key, value);
	for (i = 0; i < json_array_size(value) && !ret; i++)
		ret = apply_string(cfg, key, json_array_get(value, i));
	return ret;
}

static int apply_switch(struct config *cfg, const char *field, const json_t *value)
{
	if (!json_is_boolean(value))
		return config_complain(cfg, "Neither true nor false");
	return config_apply(cfg, field, json_is_true(value) ? "yes" : "no");
}

static int apply(struct config *cfg, const struct key *key, const json_t *value)
{
	switch (key->form) {
	case FORM_TEXT:
	case FORM_PATH:
		return apply_string(cfg, key, value);
	case FORM_COMMAND:
	case FORM_LIST:
		return apply_list(cfg, key, value);
	case FORM_NUMBER:
		return apply_number(cfg, key->field, value);
	case FORM_WORD:
		return json_is_integer(value) ? apply_number(cfg, key->field, value) :
						apply_string(cfg, key, value);
	case FORM_SWITCH:
		return apply_switch(cfg, key->field, value);
	case FORM_LATER:
		break;
	}
	return 0;
}

static const struct key *find_key(const struct key *keys, const char *name)
{
	while (keys->name && strcmp(keys->name, name))
		keys++;
	return keys->name ? keys : NULL;
}

/* All keys of an object, in their order. @where stands before them in messages. */
static int read_object(struct config *cfg, json_t *object, const struct key *keys,
		       const char *where)
{
	const struct key *key;
	const char *name;
	json_t *value;
	char path[96];
	int ret = 0;

	json_object_foreach(object, name, value) {
		snprintf(path, sizeof(path), "%s%.48s", where, name);
		key = find_key(keys, name);
		if (!key)
			return complain_key(cfg, path, "There is no such key");
		cfg->field = path;
		ret = apply(cfg, key, value);
		if (ret)
			break;
	}
	cfg->field = NULL;
	return ret;
}

/* The device has a port alone, and hears what comes to any address. */
static int read_local(struct config *cfg, const json_t *root)
{
	const json_t *value = json_object_get(root, "local_addr");
	const char *text = json_string_value(value), *colon = text ? strrchr(text, ':') : NULL;
	size_t len;

	if (!value)
		return 0;
	cfg->field = "local_addr";
	if (!colon || check_text(cfg, text, FORM_TEXT))
		return config_complain(cfg, "Not a string with a colon and a port in it");
	len = (size_t)(colon - text);
	if (len && strncmp(text, "0.0.0.0:", len + 1) && strncmp(text, "[::]:", len + 1))
		return config_complain(cfg, ANY_ADDRESS, text);
	return config_apply(cfg, "ListenPort", colon + 1);
}

static int read_fec(struct config *cfg, const json_t *root)
{
	const json_t *data = json_object_get(root, "fec_data");
	const json_t *parity = json_object_get(root, "fec_parity");
	json_int_t n = json_integer_value(data);

	if (parity && (!json_is_integer(parity) || json_integer_value(parity)))
		return complain_key(cfg, "fec_parity", NO_FEC);
	if (data && (!json_is_integer(data) || n < 0 || n > MOST_FEC_DATA))
		return complain_key(cfg, "fec_data", "Not a whole number from 0 to 255");
	if (data && !parity)
		return complain_key(cfg, "fec_data", "It must come with fec_parity");
	return 0;
}

/* What stands at the top is for each peer that says nothing else. */
static int read_common(struct config *cfg, const json_t *root, const json_t *object)
{
	static const struct key address = { "remote_addr", "Endpoint", FORM_TEXT };
	const json_t *keepalive = json_object_get(root, "keepalive");
	const json_t *remote = json_object_get(root, "remote_addr");
	int ret = 0;

	if (keepalive && !json_object_get(object, "keepalive")) {
		cfg->field = "keepalive";
		ret = apply_number(cfg, "PersistentKeepalive", keepalive);
	}
	if (remote && !ret) {
		cfg->field = address.name;
		ret = apply_string(cfg, &address, remote);
	}
	return ret;
}

static int read_peer(struct config *cfg, const json_t *root, json_t *object, size_t n)
{
	char where[32];
	int ret;

	snprintf(where, sizeof(where), "peers[%zu]", n);
	if (!json_is_object(object))
		return complain_key(cfg, where, "Not an object");
	if (!json_object_get(object, "public_key"))
		return complain_key(cfg, where, "public_key is missing");
	if (!json_object_get(object, "allowed_ips"))
		return complain_key(cfg, where, "allowed_ips is missing");
	if (json_object_get(object, "remote_addr") && json_object_get(root, "remote_addr"))
		return complain_key(cfg, where, "There is a remote_addr outside, too");
	ret = config_begin_peer(cfg, PEER_REPLACE_ALLOWEDIPS);
	strcat(where, ".");
	if (!ret)
		ret = read_object(cfg, object, peer_keys, where);
	return ret ? ret : read_common(cfg, root, object);
}

static int read_peers(struct config *cfg, const json_t *root)
{
	const json_t *peers = json_object_get(root, "peers");
	size_t i;
	int ret = 0;

	if (!json_array_size(peers))
		return complain_key(cfg, "peers", "Not an array with at least one peer");
	for (i = 0; i < json_array_size(peers) && !ret; i++)
		ret = read_peer(cfg, root, json_array_get(peers, i), i);
	cfg->field = NULL;
	return ret;
}

static int check_client(struct config *cfg, const json_t *root)
{
	if (json_array_size(json_object_get(root, "peers")) != 1)
		return complain_key(cfg, "peers", "A client has one peer, its server");
	if (!json_object_get(root, "remote_addr"))
		return complain_key(cfg, "remote_addr", "A client must have it");
	return 0;
}

static int check_server(struct config *cfg, const json_t *root)
{
	if (json_object_get(root, "remote_addr"))
		return complain_key(cfg, "remote_addr",
				    "A server can have it for one of its peers, not for itself");
	if (!cfg->dev->listen_port)
		return complain_key(cfg, "local_addr", "A server must have it, with a port");
	return 0;
}

static int check_mode(struct config *cfg, const json_t *root)
{
	const char *mode = json_string_value(json_object_get(root, "mode"));

	if (mode && !strcmp(mode, "client"))
		return check_client(cfg, root);
	if (mode && !strcmp(mode, "server"))
		return check_server(cfg, root);
	return complain_key(cfg, "mode", "Neither \"client\" nor \"server\"");
}

static int read_root(struct config *cfg, json_t *root)
{
	int ret;

	if (!json_is_object(root))
		return config_complain(cfg, "Not an object");
	ret = read_object(cfg, root, tunnel_keys, "");
	if (!ret)
		ret = read_local(cfg, root);
	cfg->field = NULL;
	if (!ret)
		ret = read_fec(cfg, root);
	if (!ret)
		ret = check_mode(cfg, root);
	return ret ? ret : read_peers(cfg, root);
}

/* The library's words end with a piece of the file, which may be of a key. */
static int complain_json(struct config *cfg, json_error_t *error)
{
	char *near = strstr(error->text, " near ");

	if (near)
		*near = '\0';
	cfg->line = error->line > 0 ? (unsigned int)error->line : 0;
	if (json_error_code(error) == json_error_out_of_memory)
		return config_no_memory(cfg);
	return config_complain(cfg, "%s", error->text);
}

/**
 * config_read_json() - parse a configuration that is JSON
 * @cfg: with source, log, dev and tun set
 * @in: the open file
 *
 * Host names are left in endpoint_host.
 *
 * Return: 0, -EINVAL for a bad file, -ENOMEM, or the errno of a failed read.
 */
int config_read_json(struct config *cfg, FILE *in)
{
	json_malloc_t old_malloc;
	json_error_t error;
	json_free_t old_free;
	json_t *root;
	int ret;

	cfg->line = 0;
	cfg->field = NULL;
	json_get_alloc_funcs(&old_malloc, &old_free);
	json_set_alloc_funcs(alloc_sized, wipe_and_free);
	errno = 0;
	root = json_loadf(in, JSON_REJECT_DUPLICATES, &error);
	if (root) {
		ret = read_root(cfg, root);
	} else if (ferror(in)) {
		ret = errno ? -errno : -EIO;
		config_complain(cfg, "%s", strerror(-ret));
	} else {
		ret = complain_json(cfg, &error);
	}
	json_decref(root);
	explicit_bzero(&error, sizeof(error));
	json_set_alloc_funcs(old_malloc, old_free);
	return ret;
}

/**
 * config_read_json_file() - parse a configuration that is JSON
 * @cfg: with log, dev and tun set
 * @path: its name
 *
 * Return: as config_read_json().
 */
int config_read_json_file(struct config *cfg, const char *path)
{
	return config_open(cfg, path, config_read_json);
}
