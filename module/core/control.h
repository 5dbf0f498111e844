/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control messages: what peers tell each other inside a session (docs/wire-format.md). The
 * first byte of the plaintext is 0xF0 to 0xFF, which no IP packet has.
 */
#ifndef _MYTUN_CORE_CONTROL_H
#define _MYTUN_CORE_CONTROL_H

#include <linux/types.h>

enum control_type {
	CONTROL_CAPABILITIES = 0xF0,
	CONTROL_PROBE = 0xF3,	/* probe.h */
};

/* The upper half of the first byte. */
enum { CONTROL_NIBBLE = 0xF };

/* Ciphers for data besides ChaCha20-Poly1305: bits of struct capabilities.aeads. */
enum {
	AEAD_AES_256_GCM = 1 << 0,
};

/**
 * struct capabilities - what the sender of a capability message offers
 * @aeads: ciphers that it takes from now on, in this session
 * @heard: it has had a capability message of the other side, which need not repeat its own
 * @probes: it answers path-MTU probes from now on, in this session
 */
struct capabilities {
	u32 aeads;
	bool heard;
	bool probes;
};

enum {
	CAPABILITIES_LEN = 14,	/* of what capabilities_write() writes */
	CAPABILITIES_VERSION = 1,
};

/**
 * enum capabilities_verdict - what capabilities_read() makes of a message
 * @CAPABILITIES_GOOD: all of it was understood
 * @CAPABILITIES_PARTLY: it has fields of a kind that is not known; the others count
 * @CAPABILITIES_BAD: a field does not fit, or the version is missing: nothing counts
 */
enum capabilities_verdict {
	CAPABILITIES_GOOD,
	CAPABILITIES_PARTLY,
	CAPABILITIES_BAD,
};

/**
 * capabilities_write() - make a capability message
 * @to: the plaintext
 * @caps: what to say
 */
void capabilities_write(u8 to[CAPABILITIES_LEN], const struct capabilities *caps);

/**
 * capabilities_read() - read a capability message
 * @caps: what it says, valid unless the verdict is CAPABILITIES_BAD
 * @msg: plaintext, %CONTROL_CAPABILITIES its first byte; zeroes may follow its fields
 * @len: its length in bytes, at least 1
 */
enum capabilities_verdict __must_check capabilities_read(struct capabilities *caps, const u8 *msg,
							 size_t len);

#endif /* _MYTUN_CORE_CONTROL_H */
