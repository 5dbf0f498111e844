// SPDX-License-Identifier: GPL-2.0
#include <linux/string.h>

#include "crypto.h"
#include "hkdf.h"

enum {
	BLOCK_LEN = 64,	  /* of BLAKE2s (RFC 7693, section 2.1) */
	INNER_PAD = 0x36, /* RFC 2104, section 2 */
	OUTER_PAD = 0x5c,
};

static void pad_key(u8 block[BLOCK_LEN], const u8 key[NOISE_HASH_LEN], u8 pad)
{
	size_t i;

	memset(block, pad, BLOCK_LEN);
	for (i = 0; i < NOISE_HASH_LEN; i++)
		block[i] ^= key[i];
}

void hkdf_hmac(u8 out[NOISE_HASH_LEN], const u8 key[NOISE_HASH_LEN], const u8 *in, size_t inlen)
{
	u8 block[BLOCK_LEN], inner[NOISE_HASH_LEN];

	pad_key(block, key, INNER_PAD);
	crypto_hash(inner, block, sizeof(block), in, inlen);
	pad_key(block, key, OUTER_PAD);
	crypto_hash(out, block, sizeof(block), inner, sizeof(inner));

	memzero_explicit(block, sizeof(block));
	memzero_explicit(inner, sizeof(inner));
}

void hkdf_derive(u8 *first, u8 *second, u8 *third, const u8 chaining_key[NOISE_HASH_LEN],
		 const u8 *in, size_t inlen)
{
	u8 *const outputs[] = { first, second, third };
	u8 block[NOISE_HASH_LEN + 1]; /* the output before and the number of this one */
	u8 secret[NOISE_HASH_LEN];
	u8 i;

	hkdf_hmac(secret, chaining_key, in, inlen);

	block[0] = 1;
	hkdf_hmac(first, secret, block, 1);
	for (i = 1; i < 3 && outputs[i]; i++) {
		memcpy(block, outputs[i - 1], NOISE_HASH_LEN);
		block[NOISE_HASH_LEN] = i + 1;
		hkdf_hmac(outputs[i], secret, block, sizeof(block));
	}

	memzero_explicit(block, sizeof(block));
	memzero_explicit(secret, sizeof(secret));
}
