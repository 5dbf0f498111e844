// SPDX-License-Identifier: GPL-2.0
/* Capability messages: a type byte, then fields of type, length and value. */
#include <linux/string.h>
#include <linux/unaligned.h>

#include "control.h"

enum field_type {
	FIELD_END = 0,		/* no length: the rest is padding */
	FIELD_VERSION = 1,	/* u8 */
	FIELD_AEADS = 2,	/* le32 */
	FIELD_HEARD = 3,	/* empty */
	FIELD_PROBES = 4,	/* empty */
};

enum { FIELD_HEADER_LEN = 2 };

void capabilities_write(u8 to[CAPABILITIES_LEN], const struct capabilities *caps)
{
	u8 *pos = to;

	memset(to, FIELD_END, CAPABILITIES_LEN);
	*pos++ = CONTROL_CAPABILITIES;
	*pos++ = FIELD_VERSION;
	*pos++ = sizeof(u8);
	*pos++ = CAPABILITIES_VERSION;
	*pos++ = FIELD_AEADS;
	*pos++ = sizeof(u32);
	put_unaligned_le32(caps->aeads, pos);
	pos += sizeof(u32);
	if (caps->probes) {
		*pos = FIELD_PROBES;
		pos += FIELD_HEADER_LEN;
	}
	if (caps->heard)
		*pos = FIELD_HEARD;
}

/* A longer value than is known is one of later days: its beginning means the same. */
static bool read_field(struct capabilities *caps, u32 *version, enum field_type type,
		       const u8 *value, size_t len)
{
	switch (type) {
	case FIELD_VERSION:
		if (len < sizeof(u8))
			return false;
		*version = value[0];
		return true;
	case FIELD_AEADS:
		if (len < sizeof(u32))
			return false;
		caps->aeads = get_unaligned_le32(value);
		return true;
	case FIELD_HEARD:
		caps->heard = true;
		return true;
	case FIELD_PROBES:
		caps->probes = true;
		return true;
	default:
		return true;
	}
}

enum capabilities_verdict capabilities_read(struct capabilities *caps, const u8 *msg, size_t len)
{
	enum capabilities_verdict verdict = CAPABILITIES_GOOD;
	u32 version = 0;
	size_t pos = 1;

	*caps = (struct capabilities){ 0 };
	while (pos < len && msg[pos] != FIELD_END) {
		size_t value_len;

		if (len - pos < FIELD_HEADER_LEN)
			return CAPABILITIES_BAD;
		value_len = msg[pos + 1];
		if (len - pos - FIELD_HEADER_LEN < value_len ||
		    !read_field(caps, &version, msg[pos], msg + pos + FIELD_HEADER_LEN, value_len))
			return CAPABILITIES_BAD;
		if (msg[pos] > FIELD_PROBES)
			verdict = CAPABILITIES_PARTLY;
		pos += FIELD_HEADER_LEN + value_len;
	}
	return version ? verdict : CAPABILITIES_BAD;
}
