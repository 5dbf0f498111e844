// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sys/random.h>

#include "key.h"

/**
 * key_generate() - make a key
 * @key: gets it
 * @is_private: a scalar of Curve25519 (RFC 7748, section 5); else any 32 bytes, for two to share
 *
 * Return: 0 or -errno.
 */
int key_generate(uint8_t key[KEY_LEN], bool is_private)
{
	/* not more than 256 bytes: all of them or none */
	if (getrandom(key, KEY_LEN, 0) != KEY_LEN)
		return -errno;
	if (is_private) {
		key[0] &= 248;
		key[31] = (key[31] & 127) | 64;
	}
	return 0;
}
