// SPDX-License-Identifier: GPL-2.0
/* core/crypto.h on libsodium, but for BLAKE2s: crypto_host_blake2s.c. */
#include <stdlib.h>

/* Not <sodium.h>: its crypto_hash() is another. */
#include <sodium/crypto_aead_chacha20poly1305.h>
#include <sodium/crypto_aead_xchacha20poly1305.h>
#include <sodium/crypto_scalarmult_curve25519.h>
#include <sodium/utils.h>

#include <linux/string.h>
#include <linux/unaligned.h>

#include "crypto.h"
#include "crypto_host.h"

/* A library that fails here is no outcome that a test could go on with. */
static void must(int ok)
{
	if (!ok)
		abort();
}

static unsigned int fail_in;

void crypto_host_fail(unsigned int nth)
{
	fail_in = nth;
}

static bool fails(void)
{
	return fail_in && !--fail_in;
}

bool crypto_x25519(u8 out[NOISE_KEY_LEN], const u8 secret[NOISE_KEY_LEN],
		   const u8 point[NOISE_KEY_LEN])
{
	/* libsodium refuses low-order points, which are those with an all-zero result. */
	return !fails() && crypto_scalarmult_curve25519(out, secret, point) == 0;
}

bool crypto_x25519_public(u8 pub[NOISE_KEY_LEN], const u8 secret[NOISE_KEY_LEN])
{
	if (fails() || sodium_is_zero(secret, NOISE_KEY_LEN))
		return false;
	return crypto_scalarmult_curve25519_base(pub, secret) == 0;
}

static void make_nonce(u8 iv[crypto_aead_chacha20poly1305_ietf_NPUBBYTES], u64 nonce)
{
	memset(iv, 0, 4);
	put_unaligned_le64(nonce, iv + 4);
}

void crypto_seal(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t adlen, u64 nonce,
		 const u8 key[NOISE_KEY_LEN])
{
	u8 iv[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	make_nonce(iv, nonce);
	must(!crypto_aead_chacha20poly1305_ietf_encrypt(dst, NULL, src, len, ad, adlen, NULL, iv,
							key));
}

bool crypto_open(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t adlen, u64 nonce,
		 const u8 key[NOISE_KEY_LEN])
{
	u8 iv[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	make_nonce(iv, nonce);
	return !crypto_aead_chacha20poly1305_ietf_decrypt(dst, NULL, NULL, src, len, ad, adlen, iv,
							  key);
}

void crypto_xseal(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t adlen,
		  const u8 nonce[COOKIE_NONCE_LEN], const u8 key[NOISE_KEY_LEN])
{
	must(!crypto_aead_xchacha20poly1305_ietf_encrypt(dst, NULL, src, len, ad, adlen, NULL,
							 nonce, key));
}

bool crypto_xopen(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t adlen,
		  const u8 nonce[COOKIE_NONCE_LEN], const u8 key[NOISE_KEY_LEN])
{
	return !crypto_aead_xchacha20poly1305_ietf_decrypt(dst, NULL, NULL, src, len, ad, adlen,
							   nonce, key);
}

bool crypto_equal(const u8 *a, const u8 *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}
