/* SPDX-License-Identifier: GPL-2.0 */
/* Generic netlink by hand, for small static programs; one message at a time. */
#ifndef _SELFTESTS_GENL_H
#define _SELFTESTS_GENL_H

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "../module/uapi/mytun.h"

static union {
	struct {
		struct nlmsghdr nl;
		struct genlmsghdr genl;
	};
	char bytes[8192];
} msg;

static inline void begin(uint16_t type, uint8_t cmd, uint16_t flags)
{
	memset(&msg, 0, sizeof(msg));
	msg.nl.nlmsg_type = type;
	msg.nl.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	msg.nl.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	msg.genl.cmd = cmd;
	msg.genl.version = 1;
}

static inline struct nlattr *put(uint16_t type, const void *data, size_t len)
{
	struct nlattr *attr = (struct nlattr *)(msg.bytes + NLMSG_ALIGN(msg.nl.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)attr + NLA_HDRLEN, data, len);
	msg.nl.nlmsg_len = NLMSG_ALIGN(msg.nl.nlmsg_len) + NLA_ALIGN(attr->nla_len);
	return attr;
}

static inline void put_u8(uint16_t type, uint8_t value)
{
	put(type, &value, sizeof(value));
}

static inline void put_u16(uint16_t type, uint16_t value)
{
	put(type, &value, sizeof(value));
}

static inline void put_u32(uint16_t type, uint32_t value)
{
	put(type, &value, sizeof(value));
}

static inline struct nlattr *nest(uint16_t type)
{
	return put(type | NLA_F_NESTED, NULL, 0);
}

static inline void end(struct nlattr *attr)
{
	attr->nla_len = msg.bytes + msg.nl.nlmsg_len - (char *)attr;
}

static inline const struct nlattr *find(const void *data, size_t len, int type)
{
	const struct nlattr *attr;
	size_t offset, size;

	for (offset = 0; offset + NLA_HDRLEN <= len; offset += size) {
		attr = (const void *)((const char *)data + offset);
		size = NLA_ALIGN(attr->nla_len);
		if (size < NLA_HDRLEN || attr->nla_len > len - offset)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
	}
	return NULL;
}

static inline ssize_t answer(int fd)
{
	if (send(fd, &msg, msg.nl.nlmsg_len, 0) < 0)
		return -1;
	return recv(fd, &msg, sizeof(msg), 0);
}

/* What the kernel says of the error in msg, which has @len bytes; NULL: nothing. */
static inline const char *error_words(size_t len)
{
	const struct nlmsgerr *error = NLMSG_DATA(&msg.nl);
	size_t offset = NLMSG_HDRLEN + sizeof(*error);
	const struct nlattr *text;

	if (!(msg.nl.nlmsg_flags & NLM_F_CAPPED))
		offset += NLMSG_ALIGN(error->msg.nlmsg_len - NLMSG_HDRLEN);
	if (len <= offset)
		return NULL;
	text = find(msg.bytes + offset, len - offset, NLMSGERR_ATTR_MSG);
	return text ? (const char *)text + NLA_HDRLEN : NULL;
}

static inline int family(int fd)
{
	const struct nlattr *id;
	char ack[256];
	ssize_t len;

	begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	put(CTRL_ATTR_FAMILY_NAME, MYTUN_GENL_NAME, sizeof(MYTUN_GENL_NAME));
	len = answer(fd);
	if (len < (ssize_t)NLMSG_LENGTH(GENL_HDRLEN) || msg.nl.nlmsg_type != GENL_ID_CTRL)
		return -1;
	id = find(msg.bytes + NLMSG_LENGTH(GENL_HDRLEN), msg.nl.nlmsg_len -
		  NLMSG_LENGTH(GENL_HDRLEN), CTRL_ATTR_FAMILY_ID);
	recv(fd, ack, sizeof(ack), 0);
	return id ? *(const uint16_t *)((const char *)id + NLA_HDRLEN) : -1;
}

/* A socket that tells why, and the family's number; or -1. */
static inline int genl_open(int *id)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC), one = 1;

	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	*id = family(fd);
	return *id < 0 ? -1 : fd;
}

#endif /* _SELFTESTS_GENL_H */
