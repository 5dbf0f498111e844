/* SPDX-License-Identifier: GPL-2.0 */
/* A strict reader of OpenMetrics 1.0 text, as far as vpnctl uses it. */
#ifndef VPNCTL_TEST_OPENMETRICS_H
#define VPNCTL_TEST_OPENMETRICS_H

#include <ctype.h>
#include <locale.h>

#include "test.h"

#define OM_MAX 1024
#define OM_LEN 512

/**
 * struct om - what was read
 * @family: name of the family that the samples belong to
 * @type: its type
 * @seen: the families so far
 * @n_seen: how many
 * @samples: each up to its value: name{label="value",...}
 * @values: their values
 * @n: how many
 */
struct om {
	char family[OM_LEN];
	char type[16];
	char seen[64][OM_LEN];
	size_t n_seen;
	char samples[OM_MAX][OM_LEN];
	char values[OM_MAX][64];
	size_t n;
};

static inline size_t om_name_len(const char *text)
{
	size_t len = 0;

	while (isalnum((unsigned char)text[len]) || text[len] == '_')
		len++;
	assert_true(len && !isdigit((unsigned char)*text));
	return len;
}

/* "# TYPE name type": a family that was not there before begins. */
static inline void om_type(struct om *om, const char *line)
{
	size_t len = om_name_len(line + 7), i;

	snprintf(om->family, sizeof(om->family), "%.*s", (int)len, line + 7);
	assert_int_equal(line[7 + len], ' ');
	snprintf(om->type, sizeof(om->type), "%s", line + 7 + len + 1);
	assert_true(!strcmp(om->type, "counter") || !strcmp(om->type, "gauge") ||
		    !strcmp(om->type, "info"));
	for (i = 0; i < om->n_seen; i++)
		assert_string_not_equal(om->seen[i], om->family);
	strcpy(om->seen[om->n_seen++], om->family);
}

/* "# UNIT name unit" and "# HELP name text" belong to the family of the TYPE before. */
static inline void om_about(struct om *om, const char *line)
{
	size_t len = strlen(om->family), unit;
	const char *rest = line + 7;

	assert_true(!strncmp(line, "# UNIT ", 7) || !strncmp(line, "# HELP ", 7));
	assert_memory_equal(rest, om->family, len);
	assert_int_equal(rest[len], ' ');
	rest += len + 1;
	assert_true(*rest);
	if (line[2] == 'H') {
		assert_null(strpbrk(rest, "\\\""));
		return;
	}
	unit = strlen(rest);
	assert_true(len > unit + 1 && om->family[len - unit - 1] == '_');
	assert_string_equal(om->family + len - unit, rest);
	assert_string_not_equal(om->type, "info");
}

static inline const char *om_label(const char *at)
{
	at += om_name_len(at);
	assert_memory_equal(at, "=\"", 2);
	for (at += 2; *at != '"'; at++) {
		assert_true(*at);
		if (*at == '\\') {
			at++;
			assert_true(*at == '\\' || *at == '"' || *at == 'n');
		}
	}
	return at + 1;
}

static inline void om_value(struct om *om, const char *text)
{
	size_t len = strspn(text, "0123456789");

	assert_true(len);
	if (text[len] == '.' && !strcmp(om->type, "gauge"))
		len += 1 + strspn(text + len + 1, "0123456789");
	assert_int_equal(text[len], 0);
	if (!strcmp(om->type, "info"))
		assert_string_equal(text, "1");
	snprintf(om->values[om->n], sizeof(om->values[0]), "%s", text);
}

static inline void om_sample(struct om *om, const char *line)
{
	const char *suffix = !strcmp(om->type, "counter") ? "_total" :
			     !strcmp(om->type, "info") ? "_info" : "";
	size_t len = om_name_len(line), i;
	char wanted[OM_LEN + 8];
	const char *at = line + len;

	snprintf(wanted, sizeof(wanted), "%s%s", om->family, suffix);
	assert_int_equal(len, strlen(wanted));
	assert_memory_equal(line, wanted, len);
	if (*at == '{') {
		do {
			at = om_label(at + 1);
		} while (*at == ',');
		assert_int_equal(*at, '}');
		at++;
	}
	assert_int_equal(*at, ' ');
	assert_true(om->n < OM_MAX && at - line < OM_LEN);
	memcpy(om->samples[om->n], line, (size_t)(at - line));
	om->samples[om->n][at - line] = '\0';
	for (i = 0; i < om->n; i++)
		assert_string_not_equal(om->samples[i], om->samples[om->n]);
	om_value(om, at + 1);
	om->n++;
}

/* Every byte is part of a character; mbstowcs() is asked, in a locale of UTF-8. */
static inline void om_utf8(const char *text)
{
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	assert_true(mbstowcs(NULL, text, 0) != (size_t)-1);
	setlocale(LC_CTYPE, "C");
}

/* Read it all; the test fails at the first thing that the format does not allow. */
static inline struct om *om_read(const char *text)
{
	struct om *om = calloc(1, sizeof(*om));
	char line[2 * OM_LEN];
	size_t len;

	om_utf8(text);
	for (; strcmp(text, "# EOF\n"); text += len + 1) {
		len = strcspn(text, "\n");
		assert_true(text[len] == '\n' && len && len < sizeof(line));
		memcpy(line, text, len);
		line[len] = '\0';
		if (!strncmp(line, "# TYPE ", 7))
			om_type(om, line);
		else if (*line == '#')
			om_about(om, line);
		else
			om_sample(om, line);
	}
	return om;
}

/* Return: the value of a sample, NULL when there is none. */
static inline const char *om_get(const struct om *om, const char *sample)
{
	size_t i;

	for (i = 0; i < om->n; i++)
		if (!strcmp(om->samples[i], sample))
			return om->values[i];
	return NULL;
}

#endif /* VPNCTL_TEST_OPENMETRICS_H */
