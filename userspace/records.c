// SPDX-License-Identifier: GPL-2.0
/*
 * Who may write into the tables of a network namespace need not be root of the host, who reads
 * them and acts on them: nothing is taken that `up` would not have written.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "plan.h"
#include "records.h"

#define TABLE_PREFIX "vpnctl-"

/*
 * The settings that tunnels change, in the order in which they are changed. They are set back from
 * the last to the first: the kernel touches the second when the third changes.
 */
const char *const sysctl_names[SYSCTL_N] = {
	SYSCTL_SRC_VALID_MARK,
	SYSCTL_REDIRECTS,
	SYSCTL_FORWARD4,
	SYSCTL_FORWARD6,
};

/**
 * record_is_sysctl() - whether it is the old value of a setting
 * @record: what is written down
 *
 * Return: whether it is.
 */
bool record_is_sysctl(const struct record *record)
{
	size_t i;

	for (i = 0; i < SYSCTL_N; i++)
		if (!strcmp(record->name, sysctl_names[i]))
			return true;
	return false;
}

static bool name_is_known(const struct record *record)
{
	return !strcmp(record->name, RECORD_MARK) || !strcmp(record->name, RECORD_RULE4) ||
	       !strcmp(record->name, RECORD_RULE6) || record_is_sysctl(record);
}

/* Return: whether the text of a comment is one that `up` writes. */
static bool parse_record(struct record *record, const char *text)
{
	size_t name_len = strcspn(text, "="), len;
	const char *value = text + name_len + 1;

	memset(record, 0, sizeof(*record));
	if (!text[name_len] || name_len >= sizeof(record->name))
		return false;
	memcpy(record->name, text, name_len);
	len = strspn(value, "0123456789");
	if (!len || value[len] || len >= sizeof(record->value))
		return false;
	strcpy(record->value, value);
	return name_is_known(record);
}

static int add_record(struct records *all, const char *text, bool own)
{
	struct record record, *items;

	if (!parse_record(&record, text))
		return 0;
	record.own = own;
	items = reallocarray(all->items, all->n + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	all->items = items;
	items[all->n++] = record;
	return 0;
}

static int read_table(struct records *all, const char *table, bool own, FILE *log)
{
	json_t *answer, *item, *comment;
	int ret = ask(&answer, ARGS("nft", "-j", "list", "chain", "inet", (char *)table,
				    "restore"), log);
	size_t i;

	all->own_table |= own;
	json_array_foreach(json_object_get(answer, "nftables"), i, item) {
		comment = json_object_get(json_object_get(item, "rule"), "comment");
		if (json_is_string(comment) && !ret)
			ret = add_record(all, json_string_value(comment), own);
	}
	json_decref(answer);
	return ret;
}

/* nft(8) reads what it is given as arguments like a file: nothing may be in it but a name. */
static bool is_our_table(const char *name)
{
	const char *c = name + strlen(TABLE_PREFIX);

	if (strncmp(name, TABLE_PREFIX, strlen(TABLE_PREFIX)) || !*c)
		return false;
	while (isascii(*c) && (isalnum(*c) || strchr("_.-/", *c)) && *c)
		c++;
	return !*c;
}

/**
 * records_read() - what all tunnels of this network namespace have written down
 * @all: gets it; its items are to be freed, also after an error
 * @ifname: the tunnel that is looked at
 * @log: where it goes that nft(8) cannot be asked; NULL: it is taken to answer nothing
 *
 * Return: 0; -EIO after a complaint; -ENOMEM.
 */
int records_read(struct records *all, const char *ifname, FILE *log)
{
	json_t *answer, *item, *table;
	int ret = ask(&answer, ARGS("nft", "-j", "list", "tables"), log);
	char own[3 * IFNAMSIZ];
	const char *name;
	size_t i;

	memset(all, 0, sizeof(*all));
	firewall_name(own, ifname);
	json_array_foreach(json_object_get(answer, "nftables"), i, item) {
		table = json_object_get(item, "table");
		name = json_string_value(json_object_get(table, "name"));
		if (name && is_our_table(name) && !ret)
			ret = read_table(all, name, !strcmp(name, own), log);
	}
	json_decref(answer);
	return ret;
}

/**
 * records_find() - look for a record
 * @all: the records
 * @name: its name
 * @own: of the tunnel that is looked at, or of any other
 *
 * Return: the first one, or NULL.
 */
const struct record *records_find(const struct records *all, const char *name, bool own)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->items[i].own == own && !strcmp(all->items[i].name, name))
			return &all->items[i];
	return NULL;
}

/**
 * records_elsewhere() - whether another tunnel needs a setting, and will set it back
 * @ifname: the tunnel that does not count
 * @name: the setting
 *
 * Return: whether one does.
 */
bool records_elsewhere(const char *ifname, const char *name)
{
	struct records all;
	bool found;

	records_read(&all, ifname, NULL);
	found = records_find(&all, name, false);
	free(all.items);
	return found;
}

/**
 * record_number() - the number of a record
 * @record: what is written down
 *
 * Return: the number.
 */
uint32_t record_number(const struct record *record)
{
	return (uint32_t)strtoul(record->value, NULL, 10);
}
