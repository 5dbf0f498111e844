// SPDX-License-Identifier: GPL-2.0
/* The part of core/crypto.h that is BLAKE2s, on libcrypto. */
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "crypto.h"

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
