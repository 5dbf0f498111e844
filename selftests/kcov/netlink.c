// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to the netlink family, made by its grammar (netlink_grammar.py) and then spoilt: of
 * random nesting, cut short, of a wrong type or length, repeated, spliced. Netlink is
 * synchronous: all that a request does is done when it is answered.
 */
#include <errno.h>
#include <net/if.h>
#include <unistd.h>

#include "../genl.h"
#include "grammar.h"
#include "kcov.h"

enum {
	HEAD_CMD,		/* bytes of an input's head */
	HEAD_FLAGS,
	KEYS = 4,		/* so many different ones, or peers would never meet */
	MAX_DEPTH = 6,
	MAX_ATTRS = 12,
	WRONG = 12,		/* one attribute of so many is not what it should be */
	FIRST = 24,		/* a few of each operation */
};

static int genl, family_id;
static const char *ifname;

/* ---- what is made by the grammar ---- */

static u8 *attr_at(struct input *input, size_t at)
{
	return input->data + at;
}

static void append(struct input *input, const void *data, size_t len)
{
	if (len > INPUT_MAX_LEN - input->len)
		len = INPUT_MAX_LEN - input->len;
	memcpy(input->data + input->len, data, len);
	input->len += len;
}

static u64 some_number(const struct rule *rule)
{
	switch (below(8)) {
	case 0:
		return rule->min;
	case 1:
		return rule->max;
	case 2:
		return rule->max + 1;
	case 3:
		return rule->min - 1;
	case 4:
		return any_number();
	case 5:
		return 1ULL << below(64);
	default:
		return rule->min + any_number() % (rule->max - rule->min + 1 ?: 1);
	}
}

static bool is_called(const struct rule *rule, const char *name)
{
	return !strcmp(rule->name, name);
}

/* Bytes that mean something to the module, if it is known what they are called */
static void some_bytes(u8 *out, const struct rule *rule, size_t len)
{
	static const u8 hosts[][4] = { { 127, 0, 0, 1 }, { 192, 0, 2, 1 }, { 224, 0, 0, 1 },
				       { 10, 9, 0, 2 }, { 255, 255, 255, 255 } };

	memset(out, 0, len);
	if (is_called(rule, "ifname"))
		memcpy(out, ifname, strlen(ifname) + 1 < len ? strlen(ifname) + 1 : len);
	else if (len == MYTUN_KEY_LEN)
		out[0] = below(KEYS);
	else if (len == 4)
		memcpy(out, hosts[below(5)], len);
	else
		any_bytes(out, len);
	if (once_in(WRONG) && len)
		out[below(len)] = any_number();
}

static size_t some_len(const struct rule *rule)
{
	if (is_called(rule, "ifname"))
		return strlen(ifname) + 1;
	/* Addresses are of 4 or 16 */
	if (rule->least != rule->most && !once_in(WRONG))
		return once_in(2) ? rule->least : rule->most;
	return rule->least + below(rule->most - rule->least + 1);
}

static size_t value(u8 *out, const struct rule *rule)
{
	u64 number = is_called(rule, "ifindex") ? if_nametoindex(ifname) : some_number(rule);
	size_t len = rule->most;

	switch (rule->kind) {
	case KIND_U8:
	case KIND_U16:
	case KIND_U32:
	case KIND_U64:
		memcpy(out, &number, len);
		return len;
	default:
		len = some_len(rule);
		some_bytes(out, rule, len);
		return len;
	}
}

static void attributes(struct input *input, int set, int depth);

static void attribute(struct input *input, const struct rule *rule, int depth)
{
	struct nlattr head = { .nla_type = rule->type };
	static const u8 padding[NLA_ALIGNTO];
	size_t at = input->len;
	u8 data[64];

	append(input, &head, sizeof(head));
	if (rule->kind == KIND_NEST) {
		head.nla_type |= NLA_F_NESTED;
		if (depth < MAX_DEPTH)
			attributes(input, rule->nested, depth + 1);
	} else {
		append(input, data, value(data, rule));
	}
	head.nla_len = input->len - at;
	append(input, padding, NLA_ALIGN(head.nla_len) - head.nla_len);
	if (at + sizeof(head) <= INPUT_MAX_LEN)
		memcpy(attr_at(input, at), &head, sizeof(head));
}

/* Mostly each of the set at most once, an attribute of any set now and then */
static void attributes(struct input *input, int set, int depth)
{
	const struct rule_set *rules = &rule_sets[set];
	int i, count;

	for (i = 0; i < rules->count; i++) {
		/* The name and the number exclude each other */
		if (is_called(&rules->rules[i], "ifindex") && !once_in(WRONG))
			continue;
		if (is_called(&rules->rules[i], "entry"))
			for (count = below(3); count; count--)
				attribute(input, &rules->rules[i], depth);
		if (!once_in(3) || is_called(&rules->rules[i], "ifname") ||
		    is_called(&rules->rules[i], "public-key"))
			attribute(input, &rules->rules[i], depth);
	}
	if (once_in(WRONG)) {
		rules = &rule_sets[below(rule_set_count)];
		attribute(input, &rules->rules[below(rules->count)], depth);
	}
}

static void make(struct input *input, int number)
{
	const struct operation *op = &operations[number % operation_count];

	memset(input, 0, sizeof(*input));
	input->head[HEAD_CMD] = op->cmd;
	input->head[HEAD_FLAGS] = number / operation_count;
	attributes(input, op->set, 0);
}

/* ---- what is spoilt ---- */

/* Where a random attribute begins, on any level; INPUT_MAX_LEN: nowhere */
static size_t pick(const struct input *input)
{
	size_t begin = 0, end = input->len, at, len, chosen = INPUT_MAX_LEN;
	struct nlattr head;
	int seen, depth;

	for (depth = 0; depth < MAX_DEPTH; depth++) {
		for (at = begin, seen = 0; at + sizeof(head) <= end; at += NLA_ALIGN(len)) {
			memcpy(&head, input->data + at, sizeof(head));
			len = head.nla_len;
			if (len < sizeof(head) || len > end - at)
				break;
			if (once_in(++seen))
				chosen = at;
		}
		if (!seen)
			break;
		memcpy(&head, input->data + chosen, sizeof(head));
		if (!(head.nla_type & NLA_F_NESTED) || once_in(3))
			break;
		begin = chosen + sizeof(head);
		end = chosen + head.nla_len;
	}
	return chosen;
}

/* All that is behind @at moves; nests that end behind it are too short or too long then */
static void replace(struct input *input, size_t at, size_t len, const u8 *with, size_t with_len)
{
	struct input old = *input;

	if (len > old.len - at)
		len = old.len - at;
	input->len = at;
	append(input, with, with_len);
	append(input, old.data + at + len, old.len - at - len);
}

static void spoil(struct input *input, size_t at, const struct input *other)
{
	const struct rule_set *rules = &rule_sets[below(rule_set_count)];
	struct input piece = { .len = 0 };
	struct nlattr head;
	size_t from;

	memcpy(&head, input->data + at, sizeof(head));
	switch (below(9)) {
	case 0:
		head.nla_len = below(2) ? sizeof(head) : head.nla_len + below(9) - 4;
		break;
	case 1:
		head.nla_len = any_number();
		break;
	case 2:
		head.nla_type ^= once_in(2) ? NLA_F_NESTED : NLA_F_NET_BYTEORDER;
		break;
	case 3:
		head.nla_type = below(20) | (head.nla_type & NLA_F_NESTED);
		break;
	case 4:
		replace(input, at, NLA_ALIGN(head.nla_len), NULL, 0);
		return;
	case 5:
		memcpy(piece.data, input->data + at, head.nla_len);
		replace(input, at, 0, piece.data, NLA_ALIGN(head.nla_len));
		return;
	case 6:
		/* One of the others' in its place, or before it */
		from = pick(other);
		if (from == INPUT_MAX_LEN)
			return;
		memcpy(&piece, other, sizeof(piece));
		memcpy(&head, piece.data + from, sizeof(head));
		replace(input, at, 0, piece.data + from, NLA_ALIGN(head.nla_len));
		return;
	case 7:
		attribute(&piece, &rules->rules[below(rules->count)], 0);
		replace(input, at, once_in(2) ? NLA_ALIGN(head.nla_len) : 0, piece.data, piece.len);
		return;
	default:
		/* Zero length, and nothing in its place */
		replace(input, at + sizeof(head), NLA_ALIGN(head.nla_len) - sizeof(head), NULL, 0);
		head.nla_len = sizeof(head);
	}
	memcpy(input->data + at, &head, sizeof(head));
}

/* Every level up to the attribute that holds @at again ends where what it holds ends */
static void mend(struct input *input, size_t begin, size_t end)
{
	struct nlattr head;
	size_t at, len;

	for (at = begin; at + sizeof(head) <= end; at += NLA_ALIGN(len)) {
		memcpy(&head, input->data + at, sizeof(head));
		len = head.nla_len;
		if (len < sizeof(head))
			break;
		if (len > end - at) {
			len = end - at;
			head.nla_len = len;
			memcpy(input->data + at, &head, sizeof(head));
		}
		if (head.nla_type & NLA_F_NESTED)
			mend(input, at + sizeof(head), at + len);
	}
}

static void mutate(struct input *input, const struct input *other)
{
	size_t at = pick(input);

	if (once_in(16))
		input->head[HEAD_CMD] = below(12);
	if (once_in(8))
		input->head[HEAD_FLAGS] = any_number();
	if (at == INPUT_MAX_LEN || once_in(4))
		mutate_bytes(input, other);
	else
		spoil(input, at, other);
	if (once_in(2))
		mend(input, 0, input->len);
}

/* ---- what is sent ---- */

/* Read until the answer's end; a dump comes in pieces. Nobody else uses the socket. */
static void answered(void)
{
	static u8 buffer[1 << 16];
	const struct nlmsghdr *nl = (const void *)buffer;
	ssize_t len;

	do {
		len = recv(genl, buffer, sizeof(buffer), 0);
		/* Its last message tells the outcome, or the end of a dump */
		while (len > 0 && NLMSG_ALIGN(nl->nlmsg_len) < (size_t)len) {
			len -= NLMSG_ALIGN(nl->nlmsg_len);
			nl = (const void *)((const u8 *)nl + NLMSG_ALIGN(nl->nlmsg_len));
		}
		if (len > 0 && (nl->nlmsg_type == NLMSG_ERROR || nl->nlmsg_type == NLMSG_DONE))
			return;
		nl = (const void *)buffer;
	} while (len > 0);
	die("no answer to a request");
}

static void run(const struct input *input)
{
	static const u16 flags[] = { 0, 0, 0, NLM_F_DUMP, NLM_F_EXCL,
				     NLM_F_CREATE | NLM_F_REPLACE };

	begin(family_id, input->head[HEAD_CMD], flags[input->head[HEAD_FLAGS] % 6]);
	memcpy(msg.bytes + msg.nl.nlmsg_len, input->data, input->len);
	msg.nl.nlmsg_len += input->len;
	if (send(genl, &msg, msg.nl.nlmsg_len, 0) < 0)
		die("send");
	answered();
}

void netlink_open(const char *name)
{
	struct timeval patience = { .tv_sec = 60 };

	ifname = name;
	genl = genl_open(&family_id);
	if (genl < 0)
		die("netlink");
	setsockopt(genl, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static void open_target(char *const *words, int n)
{
	netlink_open(words[0]);
}

const struct target netlink_target = {
	.name = "netlink",
	.open = open_target,
	.make = make,
	.first = FIRST,
	.mutate = mutate,
	.run = run,
};

/* ---- for the other target ---- */

static struct nlattr *about_peer(u8 cmd, const u8 *public_key)
{
	struct nlattr *peer;

	begin(family_id, cmd, 0);
	put(MYTUN_A_IFNAME, ifname, strlen(ifname) + 1);
	peer = nest(MYTUN_A_PEER);
	put(MYTUN_PEER_A_PUBLIC_KEY, public_key, MYTUN_KEY_LEN);
	return peer;
}

void peer_renew(const u8 *public_key, const u8 endpoint[4], u16 port, const u8 inner[4])
{
	struct nlattr *peer, *ips, *entry;

	end(about_peer(MYTUN_CMD_PEER_DEL, public_key));
	answer(genl);
	peer = about_peer(MYTUN_CMD_PEER_NEW, public_key);
	put(MYTUN_PEER_A_ENDPOINT_ADDR, endpoint, 4);
	put_u16(MYTUN_PEER_A_ENDPOINT_PORT, port);
	/* Has it send at once */
	put_u16(MYTUN_PEER_A_PERSISTENT_KEEPALIVE, 3600);
	ips = nest(MYTUN_PEER_A_ALLOWEDIPS);
	entry = nest(MYTUN_ALLOWEDIP_A_ENTRY);
	put(MYTUN_ALLOWEDIP_A_ADDR, inner, 4);
	put_u8(MYTUN_ALLOWEDIP_A_PREFIX_LEN, 32);
	end(entry);
	end(ips);
	end(peer);
	if (answer(genl) < 0 || ((const struct nlmsgerr *)NLMSG_DATA(&msg.nl))->error)
		die("no new peer");
}
