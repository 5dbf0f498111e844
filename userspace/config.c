// SPDX-License-Identifier: GPL-2.0
/* Lines, sections and arguments; config_values.c and config_tunnel.c read the values. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config_parse.h"
#include "encoding.h"

/* Of what is before a '=', to be repeated in a complaint; half a key is longer. */
#define LONGEST_NAME 20

/**
 * config_begin_peer() - what follows is about one more peer
 * @cfg: with dev set
 * @flags: enum peer_flags that it begins with
 *
 * Return: 0 or -ENOMEM.
 */
int config_begin_peer(struct config *cfg, uint32_t flags)
{
	struct peer *peer = device_add_peer(cfg->dev);

	if (!peer)
		return config_no_memory(cfg);
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
		return config_begin_peer(cfg, PEER_REPLACE_ALLOWEDIPS);
	return config_complain(cfg, "Unknown section: `%s'", text);
}

static char *trim(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text;
}

static const struct field *find_key(const struct field *fields, const char *key)
{
	while (fields->key && strcasecmp(key, fields->key))
		fields++;
	return fields->key ? fields : NULL;
}

static const struct field *find_extension(const struct config *cfg, const char *key)
{
	const struct field *field = find_key(peer_extension_fields, key);

	return field || !cfg->tun ? field : find_key(extension_fields, key);
}

/* Where the '=' is missing, a key is taken for a part of the name: that ends with its last '='. */
static void complain_name(struct config *cfg, const char *name, bool extension)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	if (len > LONGEST_NAME || name[len])
		config_complain(cfg, "Line unrecognized: what is before its `=' is no name");
	else
		config_complain(cfg, extension ? "Line with #! unrecognized: `%s'" :
						 "Line unrecognized: `%s'", name);
}

/* Put an end behind the name, and find its field. Return: the field, or NULL after a complaint. */
static const struct field *find_field(struct config *cfg, char *line, char *equals, bool extension)
{
	const struct field *field;

	*equals = '\0';
	config_strip_space(line);
	field = extension ? find_extension(cfg, line) : find_key(config_fields, line);
	/* in the values of wg no white space counts, in those of wg-quick that between words */
	if (field && !extension)
		config_strip_space(equals + 1);
	if (!field && !extension && cfg->tun)
		field = find_key(tunnel_fields, line);
	if (!field)
		complain_name(cfg, line, extension);
	return field;
}

/* To be looked at after each field, so that the second one of the two is named. */
static int check_key_source(const struct config *cfg)
{
	if (!cfg->tun || !cfg->tun->key_file || !(cfg->dev->flags & DEVICE_HAS_PRIVATE_KEY))
		return 0;
	return config_complain(cfg, "PrivateKey and PrivateKeyFile exclude each other");
}

/* Whatever is behind the '=' may be a secret and is not repeated here. */
static int read_assignment(struct config *cfg, char *line, bool extension)
{
	char *equals = strchr(line, '=');
	const struct field *field;
	int ret;

	if (!equals)
		return config_complain(cfg, "Line unrecognized: no `=' after the name");
	field = find_field(cfg, line, equals, extension);
	if (!field)
		return -EINVAL;
	if (field->section != cfg->section)
		return config_complain(cfg, "%s belongs under [%s]", field->key,
				       field->section == CONFIG_PEER ? "Peer" : "Interface");
	cfg->field = field->key;
	ret = field->parse(cfg, trim(equals + 1));
	return ret ? ret : check_key_source(cfg);
}

/* To wg it is a comment, and so it is where `up' alone would know what to do with it. */
static bool is_comment(const struct config *cfg, const char *line)
{
	char name[16];
	size_t len;

	if (cfg->tun)
		return false;
	line += strspn(line, " \t");
	len = strcspn(line, " \t=");
	if (len >= sizeof(name))
		return true;
	memcpy(name, line, len);
	name[len] = '\0';
	return line[len + strspn(line + len, " \t")] != '=' || !find_extension(cfg, name);
}

static int read_line(struct config *cfg, char *line, size_t len)
{
	bool extension;

	cfg->field = NULL;
	if (strlen(line) != len)
		return config_complain(cfg, "Line contains a NUL");
	line = trim(line);
	extension = !strncmp(line, "#!", 2) && !is_comment(cfg, line + 2);
	if (extension)
		line += 2;
	line[strcspn(line, "#")] = '\0';
	line = trim(line);
	if (!*line)
		return 0;
	if (*line != '[' || extension)
		return read_assignment(cfg, line, extension);
	config_strip_space(line);
	return read_section(cfg, line);
}

static int check_public_keys(struct config *cfg)
{
	const struct peer *peer;

	cfg->field = NULL;
	for (peer = cfg->dev->peers; peer; peer = peer->next) {
		cfg->line = peer->line;
		if (!(peer->flags & PEER_HAS_PUBLIC_KEY))
			return config_complain(cfg, "A peer is missing a public key");
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
		config_complain(cfg, "%s", strerror(-ret));
	}
	if (!ret)
		ret = check_public_keys(cfg);
	free(line);
	return ret;
}

/**
 * config_open() - open a file and have it read
 * @cfg: with log set
 * @path: its name
 * @read: reads it
 *
 * Return: what @read returns, or the errno of fopen() after a complaint.
 */
int config_open(struct config *cfg, const char *path, int (*read)(struct config *cfg, FILE *in))
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
	fstat(fileno(in), &cfg->file);
	setvbuf(in, buffer, _IOFBF, sizeof(buffer));
	ret = read(cfg, in);
	fclose(in);
	explicit_bzero(buffer, sizeof(buffer));
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
	return config_open(cfg, path, config_read);
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
		config_complain(cfg, "%s: %s", path, strerror((int)-len));
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
	int ret = config_begin_peer(cfg, 0);

	return ret ? ret : find_key(config_fields, "PublicKey")->parse(cfg, value);
}

static const struct field *find_word(const struct field *fields, const char *word)
{
	while (fields->key && (!fields->word || strcmp(word, fields->word)))
		fields++;
	return fields->key ? fields : NULL;
}

static int read_arg(struct config *cfg, const char *word, const char *value)
{
	const struct field *field = find_word(config_fields, word);

	if (!field)
		field = find_word(peer_extension_fields, word);
	if (!field || field->section != cfg->section)
		return config_complain(cfg, "Invalid argument: %s", word);
	if (!value)
		return config_complain(cfg, "Invalid argument: %s: a value is missing", word);
	cfg->field = word;
	if (field->secret)
		return parse_key_file(cfg, field, value);
	if (!strcmp(word, "allowed-ips"))
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

/* Whether wg-quick(8) keeps the line from wg(8). @line is changed. */
static bool is_for_quick(struct config *cfg, char *line)
{
	char *equals;

	line[strcspn(line, "#")] = '\0';
	config_strip_space(line);
	if (*line == '[')
		cfg->section = strcasecmp(line, "[Interface]") ? CONFIG_PEER : CONFIG_INTERFACE;
	equals = strchr(line, '=');
	if (!equals || cfg->section != CONFIG_INTERFACE)
		return false;
	*equals = '\0';
	return find_key(tunnel_fields, line);
}

static void put_private_key(FILE *out, const struct device *dev)
{
	char key[KEY_BASE64_LEN];

	key_to_base64(key, dev->private_key);
	fprintf(out, "PrivateKey = %s\n", key);
	explicit_bzero(key, sizeof(key));
}

/* @put_key: the private key is still to be put behind the first [Interface] */
static int strip_line(struct config *cfg, const char *line, FILE *out, bool *put_key)
{
	char *copy = strdup(line);
	bool leave_out;

	if (!copy)
		return config_no_memory(cfg);
	leave_out = is_for_quick(cfg, copy);
	explicit_bzero(copy, strlen(line));
	free(copy);
	if (leave_out)
		return 0;
	fprintf(out, "%s%s", line, strchr(line, '\n') ? "" : "\n");
	if (*put_key && cfg->section == CONFIG_INTERFACE) {
		put_private_key(out, cfg->dev);
		*put_key = false;
	}
	return 0;
}

/**
 * config_strip() - copy a file without the lines that are for wg-quick(8) alone
 * @cfg: has read the file without error; with the key from tun->key_file if there is one,
 *	which is put into the copy
 * @in: the file once more
 * @out: where to
 *
 * Return: 0, -ENOMEM, or the errno of a failed read.
 */
int config_strip(struct config *cfg, FILE *in, FILE *out)
{
	bool put_key = cfg->tun->key_file;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int ret = 0;

	cfg->section = CONFIG_NOWHERE;
	while (!ret && (len = getline(&line, &room, in)) >= 0) {
		ret = strip_line(cfg, line, out, &put_key);
		explicit_bzero(line, (size_t)len);
	}
	if (!ret && ferror(in)) {
		ret = -errno;
		config_complain(cfg, "%s", strerror(-ret));
	}
	free(line);
	/* wg-quick(8) has this line, too */
	fputc('\n', out);
	return ret;
}

static const struct field *find_any(const char *key)
{
	static const struct field *const all[] = {
		config_fields, tunnel_fields, extension_fields, peer_extension_fields,
	};
	const struct field *field = NULL;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]) && !field; i++)
		field = find_key(all[i], key);
	return field;
}

/**
 * config_apply() - a value from a file that has no lines
 * @cfg: with source, field, log, dev and tun set; a peer has begun when @key is about one
 * @key: name of a field in a file with lines
 * @value: its value
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int config_apply(struct config *cfg, const char *key, const char *value)
{
	const struct field *field = find_any(key);
	char *copy = strdup(value);
	size_t len = strlen(value);
	int ret;

	if (!copy)
		return config_no_memory(cfg);
	if (find_key(config_fields, key))
		config_strip_space(copy);
	ret = field->parse(cfg, trim(copy));
	explicit_bzero(copy, len);
	free(copy);
	return ret ? ret : check_key_source(cfg);
}

/**
 * config_override() - a value that does not stand in the file
 * @cfg: with log and dev set; @cfg->dev has one peer when @key is about a peer
 * @name: what messages call it
 * @key: name of a field in a file
 * @value: its value, or for @from_file the name of a file with the key in it
 * @from_file: see @value
 *
 * Return: 0, -EINVAL, -ENOMEM, or the errno of a key file that cannot be read.
 */
int config_override(struct config *cfg, const char *name, const char *key, const char *value,
		    bool from_file)
{
	const struct field *field = find_any(key);

	cfg->source = NULL;
	cfg->line = 0;
	cfg->field = name;
	return from_file ? parse_key_file(cfg, field, value) : field->parse(cfg, value);
}
