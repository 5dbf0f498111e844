/* SPDX-License-Identifier: GPL-2.0 */
/* What may be said to the netlink family; the tables are netlink_grammar.py's. */
#ifndef _SELFTESTS_KCOV_GRAMMAR_H
#define _SELFTESTS_KCOV_GRAMMAR_H

#include <stdbool.h>

#include <linux/types.h>

enum rule_kind {
	KIND_U8,
	KIND_U16,
	KIND_U32,
	KIND_U64,
	KIND_STRING,
	KIND_BINARY,
	KIND_NEST,
	KIND_PAD,
};

/**
 * struct rule - an attribute
 * @name: as in the YAML
 * @type: its number
 * @kind: what it holds
 * @nested: the set of what is in a nest; -1: none
 * @least: bytes at least
 * @most: bytes at most
 * @min: the least number
 * @max: the greatest
 */
struct rule {
	const char *name;
	u16 type;
	enum rule_kind kind;
	int nested;
	u32 least, most;
	u64 min, max;
};

/**
 * struct rule_set - what may stand together
 * @rules: attributes
 * @count: how many
 */
struct rule_set {
	const struct rule *rules;
	int count;
};

/**
 * struct operation - what may be asked
 * @name: as in the YAML
 * @cmd: its number
 * @set: of its attributes
 * @dump: it can be a dump
 */
struct operation {
	const char *name;
	u8 cmd;
	int set;
	bool dump;
};

extern const struct rule_set rule_sets[];
extern const int rule_set_count;
extern const struct operation operations[];
extern const int operation_count;

#endif /* _SELFTESTS_KCOV_GRAMMAR_H */
