/* SPDX-License-Identifier: GPL-2.0 */
/* AES-256-GCM of messages, by the kernel's crypto API. */
#ifndef _MYTUN_GCM_H
#define _MYTUN_GCM_H

#include <crypto/aead.h>
#include <linux/compiler.h>
#include <linux/types.h>

#include "core/wire.h"

struct scatterlist;

/**
 * struct mytun_gcm - AES-256-GCM of a session
 * @sending: keyed for what we send
 * @receiving: keyed for what we receive
 */
struct mytun_gcm {
	struct crypto_aead *sending;
	struct crypto_aead *receiving;
};

/**
 * struct mytun_gcm_room - memory for a request, so that not every message allocates some
 * @bytes: the request and its context, which most implementations have no use for
 */
struct mytun_gcm_room {
	u8 bytes[sizeof(struct aead_request) + 64] CRYPTO_MINALIGN_ATTR;
};

int mytun_gcm_available(bool accelerated);
struct mytun_gcm *mytun_gcm_create(const u8 sending[NOISE_KEY_LEN],
				   const u8 receiving[NOISE_KEY_LEN]);
void mytun_gcm_free(struct mytun_gcm *gcm);

struct aead_request *mytun_gcm_begin(struct crypto_aead *tfm, struct mytun_gcm_room *room);
void mytun_gcm_end(struct aead_request *request, struct mytun_gcm_room *room);
bool __must_check mytun_gcm_seal_sg(struct aead_request *request, struct scatterlist *sg,
				    unsigned int len, u64 counter);
bool __must_check mytun_gcm_open_sg(struct aead_request *request, struct scatterlist *sg,
				    unsigned int len, u64 counter);
bool __must_check mytun_gcm_seal(struct aead_request *request, u8 *text, unsigned int len,
				 u64 counter);
bool __must_check mytun_gcm_open(struct aead_request *request, u8 *text, unsigned int len,
				 u64 counter);

#endif /* _MYTUN_GCM_H */
