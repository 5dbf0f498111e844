/* SPDX-License-Identifier: GPL-2.0 */
/* ChaCha20-Poly1305 of a message in one piece of memory. */
#ifndef _MYTUN_AEAD_H
#define _MYTUN_AEAD_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "core/wire.h"

void mytun_aead_seal(u8 *text, unsigned int len, u64 nonce, const u8 key[NOISE_KEY_LEN]);
bool __must_check mytun_aead_open(u8 *text, unsigned int len, u64 nonce,
				  const u8 key[NOISE_KEY_LEN]);

#endif /* _MYTUN_AEAD_H */
