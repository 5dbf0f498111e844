// SPDX-License-Identifier: GPL-2.0
/* core/crypto.h on libsodium, and on libcrypto for BLAKE2s. */
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
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

void crypto_hash(u8 out[NOISE_HASH_LEN], const u8 *a, size_t alen, const u8 *b, size_t blen)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	must(ctx && EVP_DigestInit_ex(ctx, EVP_blake2s256(), NULL));
	must(EVP_DigestUpdate(ctx, a, alen));
	must(EVP_DigestUpdate(ctx, b, blen));
	must(EVP_DigestFinal_ex(ctx, out, NULL));
	EVP_MD_CTX_free(ctx);
}

void crypto_mac(u8 out[MAC_LEN], const u8 *key, size_t keylen, const u8 *in, size_t inlen)
{
	size_t size = MAC_LEN;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "BLAKE2SMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

	must(ctx && EVP_MAC_init(ctx, key, keylen, params));
	must(EVP_MAC_update(ctx, in, inlen));
	must(EVP_MAC_final(ctx, out, &size, MAC_LEN) && size == MAC_LEN);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
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
