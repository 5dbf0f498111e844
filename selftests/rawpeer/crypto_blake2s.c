// SPDX-License-Identifier: GPL-2.0
/* The part of core/crypto.h that is BLAKE2s, without a library. */
#include <stdlib.h>

#include "../blake2s.h"
#include "crypto.h"

/* The longest string that Noise hashes is HMAC's block and a message behind it. */
enum { HASH_MAX_LEN = 512 };

void crypto_hash(u8 out[NOISE_HASH_LEN], const u8 *a, size_t alen, const u8 *b, size_t blen)
{
	u8 both[HASH_MAX_LEN];

	if (alen > sizeof(both) || blen > sizeof(both) - alen)
		abort();
	memcpy(both, a, alen);
	if (blen)
		memcpy(both + alen, b, blen);
	blake2s(out, NOISE_HASH_LEN, NULL, 0, both, alen + blen);
}

void crypto_mac(u8 out[MAC_LEN], const u8 *key, size_t keylen, const u8 *in, size_t inlen)
{
	blake2s(out, MAC_LEN, key, keylen, in, inlen);
}
