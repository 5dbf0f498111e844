// SPDX-License-Identifier: GPL-2.0
/* Which message is this? The one place that judges bytes of strangers by their shape. */
#include <asm/byteorder.h>

#include "wire.h"

/* Handshake messages have one length each; data has a least one. */
static bool length_fits(enum message_type type, size_t len)
{
	switch (type) {
	case MESSAGE_INITIATION:
		return len == sizeof(struct message_initiation);
	case MESSAGE_RESPONSE:
		return len == sizeof(struct message_response);
	case MESSAGE_COOKIE:
		return len == sizeof(struct message_cookie);
	case MESSAGE_DATA:
		return len >= MESSAGE_MIN_LEN;
	default:
		return false;
	}
}

enum message_type message_classify(const void *data, size_t len)
{
	const struct message_header *header = data;
	u32 type;

	if (len < MESSAGE_MIN_LEN)
		return MESSAGE_INVALID;
	type = le32_to_cpu(header->type);
	if (type == MESSAGE_DATA_GCM)
		type = MESSAGE_DATA;
	if (type > MESSAGE_DATA || !length_fits(type, len))
		return MESSAGE_INVALID;
	return type;
}

bool message_is_gcm(const struct message_data *header)
{
	return header->header.type == cpu_to_le32(MESSAGE_DATA_GCM);
}
