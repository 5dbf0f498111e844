/* SPDX-License-Identifier: GPL-2.0 */
/* HMAC (RFC 2104) and HKDF (RFC 5869) over BLAKE2s-256, as Noise uses them. */
#ifndef _MYTUN_CORE_HKDF_H
#define _MYTUN_CORE_HKDF_H

#include <linux/types.h>

#include "wire.h"

/**
 * hkdf_hmac() - HMAC-BLAKE2s (RFC 2104)
 * @out: NOISE_HASH_LEN bytes; may be @key or @in
 * @key: key
 * @in: message, may be NULL when @inlen is 0
 * @inlen: its length in bytes
 *
 * Context: any.
 */
void hkdf_hmac(u8 out[NOISE_HASH_LEN], const u8 key[NOISE_HASH_LEN], const u8 *in, size_t inlen);

/**
 * hkdf_derive() - Noise's HKDF (revision 34, section 4.3): RFC 5869 with an empty info
 * @first: NOISE_HASH_LEN bytes; may be @chaining_key
 * @second: NOISE_HASH_LEN bytes, or NULL when only one output is wanted
 * @third: NOISE_HASH_LEN bytes, or NULL when only two are wanted
 * @chaining_key: the salt
 * @in: input key material, may be NULL when @inlen is 0
 * @inlen: its length in bytes
 *
 * Context: any.
 */
void hkdf_derive(u8 *first, u8 *second, u8 *third, const u8 chaining_key[NOISE_HASH_LEN],
		 const u8 *in, size_t inlen);

#endif /* _MYTUN_CORE_HKDF_H */
