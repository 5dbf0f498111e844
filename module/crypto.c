// SPDX-License-Identifier: GPL-2.0
/* core/crypto.h on the kernel's crypto library. */
#include <crypto/algapi.h>
#include <crypto/blake2s.h>
#include <crypto/chacha20poly1305.h>
#include <crypto/curve25519.h>

#include "core/crypto.h"

void crypto_hash(u8 out[NOISE_HASH_LEN], const u8 *a, size_t alen, const u8 *b, size_t blen)
{
	struct blake2s_ctx state;

	blake2s_init(&state, NOISE_HASH_LEN);
	blake2s_update(&state, a, alen);
	blake2s_update(&state, b, blen);
	blake2s_final(&state, out);
}

void crypto_mac(u8 out[MAC_LEN], const u8 *key, size_t keylen, const u8 *in, size_t inlen)
{
	struct blake2s_ctx state;

	blake2s_init_key(&state, MAC_LEN, key, keylen);
	blake2s_update(&state, in, inlen);
	blake2s_final(&state, out);
}

bool crypto_x25519(u8 out[NOISE_KEY_LEN], const u8 secret[NOISE_KEY_LEN],
		   const u8 point[NOISE_KEY_LEN])
{
	return curve25519(out, secret, point);
}

bool crypto_x25519_public(u8 pub[NOISE_KEY_LEN], const u8 secret[NOISE_KEY_LEN])
{
	return curve25519_generate_public(pub, secret);
}

void crypto_seal(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t adlen, u64 nonce,
		 const u8 key[NOISE_KEY_LEN])
{
	chacha20poly1305_encrypt(dst, src, len, ad, adlen, nonce, key);
}

bool crypto_open(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t adlen, u64 nonce,
		 const u8 key[NOISE_KEY_LEN])
{
	return chacha20poly1305_decrypt(dst, src, len, ad, adlen, nonce, key);
}

void crypto_xseal(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t adlen,
		  const u8 nonce[COOKIE_NONCE_LEN], const u8 key[NOISE_KEY_LEN])
{
	xchacha20poly1305_encrypt(dst, src, len, ad, adlen, nonce, key);
}

bool crypto_xopen(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t adlen,
		  const u8 nonce[COOKIE_NONCE_LEN], const u8 key[NOISE_KEY_LEN])
{
	return xchacha20poly1305_decrypt(dst, src, len, ad, adlen, nonce, key);
}

bool crypto_equal(const u8 *a, const u8 *b, size_t len)
{
	return !crypto_memneq(a, b, len);
}
