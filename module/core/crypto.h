/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The primitives that the handshake and the cookies need. module/crypto.c has them
 * on the kernel's library, selftests/unit/crypto_host.c on libsodium and libcrypto.
 */
#ifndef _MYTUN_CORE_CRYPTO_H
#define _MYTUN_CORE_CRYPTO_H

#include <linux/types.h>

#include "wire.h"

/**
 * crypto_hash() - BLAKE2s-256 of two byte strings in a row (RFC 7693)
 * @out: NOISE_HASH_LEN bytes; may be @a or @b
 * @a: first string
 * @alen: its length in bytes
 * @b: second string, may be NULL when @blen is 0
 * @blen: its length in bytes
 *
 * Context: any.
 */
void crypto_hash(u8 out[NOISE_HASH_LEN], const u8 *a, size_t alen, const u8 *b, size_t blen);

/**
 * crypto_mac() - keyed BLAKE2s-128 (RFC 7693, section 2.9; the paper's MAC())
 * @out: MAC_LEN bytes
 * @key: key
 * @keylen: its length, 1 to 32 bytes
 * @in: message
 * @inlen: its length in bytes
 *
 * Context: any.
 */
void crypto_mac(u8 out[MAC_LEN], const u8 *key, size_t keylen, const u8 *in, size_t inlen);

/**
 * crypto_x25519() - X25519 (RFC 7748, section 5)
 * @out: the shared secret
 * @secret: a clamped scalar
 * @point: the other side's public key
 *
 * Context: any, but long: process context wanted.
 * Return: false when the result is all zero (a low-order point): use nothing then.
 */
bool __must_check crypto_x25519(u8 out[NOISE_KEY_LEN], const u8 secret[NOISE_KEY_LEN],
				const u8 point[NOISE_KEY_LEN]);

/**
 * crypto_x25519_public() - the public key of a secret (RFC 7748, section 6.1)
 * @pub: public key
 * @secret: a clamped scalar
 *
 * Return: false when @secret yields no public key.
 */
bool __must_check crypto_x25519_public(u8 pub[NOISE_KEY_LEN], const u8 secret[NOISE_KEY_LEN]);

/**
 * crypto_x25519_clamp() - make a random string a scalar (RFC 7748, section 5)
 * @secret: NOISE_KEY_LEN bytes, changed in place
 */
static inline void crypto_x25519_clamp(u8 secret[NOISE_KEY_LEN])
{
	secret[0] &= 248;
	secret[31] = (secret[31] & 127) | 64;
}

/**
 * crypto_seal() - ChaCha20-Poly1305 (RFC 8439, section 2.8), nonce 32 zero bits | LE64
 * @dst: @len + NOISE_TAG_LEN bytes; may be @src
 * @src: plaintext, may be NULL when @len is 0
 * @len: its length in bytes
 * @ad: associated data
 * @adlen: its length in bytes
 * @nonce: counter
 * @key: key
 */
void crypto_seal(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t adlen, u64 nonce,
		 const u8 key[NOISE_KEY_LEN]);

/**
 * crypto_open() - the inverse of crypto_seal()
 * @dst: @len - NOISE_TAG_LEN bytes; may be @src
 * @src: ciphertext and tag
 * @len: their length in bytes, tag included
 * @ad: associated data
 * @adlen: its length in bytes
 * @nonce: counter
 * @key: key
 *
 * Return: false when the tag does not match; @dst then holds nothing of use.
 */
bool __must_check crypto_open(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t adlen,
			      u64 nonce, const u8 key[NOISE_KEY_LEN]);

/**
 * crypto_xseal() - XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha, section 2)
 * @dst: @len + NOISE_TAG_LEN bytes
 * @src: plaintext
 * @len: its length in bytes
 * @ad: associated data
 * @adlen: its length in bytes
 * @nonce: random
 * @key: key
 */
void crypto_xseal(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t adlen,
		  const u8 nonce[COOKIE_NONCE_LEN], const u8 key[NOISE_KEY_LEN]);

/**
 * crypto_xopen() - the inverse of crypto_xseal()
 * @dst: @len - NOISE_TAG_LEN bytes
 * @src: ciphertext and tag
 * @len: their length in bytes, tag included
 * @ad: associated data
 * @adlen: its length in bytes
 * @nonce: as it was sealed
 * @key: key
 *
 * Return: false when the tag does not match.
 */
bool __must_check crypto_xopen(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t adlen,
			       const u8 nonce[COOKIE_NONCE_LEN], const u8 key[NOISE_KEY_LEN]);

/**
 * crypto_equal() - compare in constant time
 * @a: one
 * @b: the other
 * @len: bytes of each
 *
 * Return: true when they are the same.
 */
bool crypto_equal(const u8 *a, const u8 *b, size_t len);

#endif /* _MYTUN_CORE_CRYPTO_H */
