/* SPDX-License-Identifier: GPL-2.0 */
/*
 * User-space stand-in for the part of the crypto API that module/gcm.c uses; test_gcm.c has
 * the functions.
 */
#ifndef _SHIM_CRYPTO_AEAD_H
#define _SHIM_CRYPTO_AEAD_H

#include <asm/byteorder.h>
#include <linux/slab.h>
#include <linux/types.h>

#define CRYPTO_ALG_ASYNC 0x80U
#define CRYPTO_ALG_INTERNAL 0x2000U
#define CRYPTO_MINALIGN_ATTR __attribute__((aligned(16)))

struct scatterlist;

struct aead_alg {
	struct {
		int cra_priority;
	} base;
};

struct crypto_aead {
	struct aead_alg alg;
	unsigned int authsize;
	unsigned int reqsize;
	u8 key[32];
};

struct aead_request {
	struct crypto_aead *tfm;
	struct scatterlist *src, *dst;
	unsigned int assoclen, cryptlen;
	u8 *iv;
};

struct crypto_aead *crypto_alloc_aead(const char *name, u32 type, u32 mask);
void crypto_free_aead(struct crypto_aead *tfm);
int crypto_aead_setauthsize(struct crypto_aead *tfm, unsigned int authsize);
int crypto_aead_setkey(struct crypto_aead *tfm, const u8 *key, unsigned int len);
int crypto_aead_encrypt(struct aead_request *request);
int crypto_aead_decrypt(struct aead_request *request);

static inline struct aead_alg *crypto_aead_alg(struct crypto_aead *tfm)
{
	return &tfm->alg;
}

static inline unsigned int crypto_aead_reqsize(struct crypto_aead *tfm)
{
	return tfm->reqsize;
}

static inline struct crypto_aead *crypto_aead_reqtfm(struct aead_request *request)
{
	return request->tfm;
}

static inline void aead_request_set_tfm(struct aead_request *request, struct crypto_aead *tfm)
{
	request->tfm = tfm;
}

static inline struct aead_request *aead_request_alloc(struct crypto_aead *tfm, gfp_t gfp)
{
	struct aead_request *request = kmalloc(sizeof(*request) + tfm->reqsize, gfp);

	if (request)
		aead_request_set_tfm(request, tfm);
	return request;
}

static inline void aead_request_free(struct aead_request *request)
{
	kfree(request);
}

static inline void aead_request_set_callback(struct aead_request *request, u32 flags,
					     void (*complete)(void *data, int err), void *data)
{
}

static inline void aead_request_set_ad(struct aead_request *request, unsigned int len)
{
	request->assoclen = len;
}

static inline void aead_request_set_crypt(struct aead_request *request, struct scatterlist *src,
					  struct scatterlist *dst, unsigned int len, u8 *iv)
{
	request->src = src;
	request->dst = dst;
	request->cryptlen = len;
	request->iv = iv;
}

#endif /* _SHIM_CRYPTO_AEAD_H */
