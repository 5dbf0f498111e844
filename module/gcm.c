// SPDX-License-Identifier: GPL-2.0
/*
 * AES-256-GCM (NIST SP 800-38D) without associated data; the nonce is 32 zero bits and the
 * message's counter, as with ChaCha20-Poly1305.
 *
 * Only implementations that are done when the call returns are taken. On x86 up to 6.12 the
 * fast one of these is internal to the crypto API ("__gcm(aes)"): it wants the vector
 * registers, and so does its successor. mytun_order_at_once() looks at may_use_simd() before
 * anything is sealed or opened outside of a worker, who always may.
 */
#include <crypto/aead.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "gcm.h"

/*
 * Ciphers in plain C have 100; up to this they are put together from parts without instructions
 * for AES, such as arm64's for NEON.
 */
enum { PORTABLE_PRIORITY = 200 };

/* Asking for a name that is not there looks for modules each time. */
static bool no_internal;

static struct crypto_aead *alloc_tfm(void)
{
	struct crypto_aead *tfm;

	if (!READ_ONCE(no_internal)) {
		tfm = crypto_alloc_aead("__gcm(aes)", CRYPTO_ALG_INTERNAL,
					CRYPTO_ALG_INTERNAL | CRYPTO_ALG_ASYNC);
		if (PTR_ERR_OR_ZERO(tfm) != -ENOENT)
			return tfm;
		WRITE_ONCE(no_internal, true);
	}
	return crypto_alloc_aead("gcm(aes)", 0, CRYPTO_ALG_ASYNC);
}

/**
 * mytun_gcm_available() - is there an AES-256-GCM?
 * @accelerated: one that the processor has instructions for
 *
 * Context: may sleep, and load modules.
 * Return: 0, -ENOENT when there is none, or another error.
 */
int mytun_gcm_available(bool accelerated)
{
	struct crypto_aead *tfm = alloc_tfm();
	int ret = 0;

	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	if (accelerated && crypto_aead_alg(tfm)->base.cra_priority <= PORTABLE_PRIORITY)
		ret = -ENOENT;
	crypto_free_aead(tfm);
	return ret;
}

static struct crypto_aead *keyed_tfm(const u8 key[NOISE_KEY_LEN])
{
	struct crypto_aead *tfm = alloc_tfm();

	if (IS_ERR(tfm))
		return NULL;
	if (crypto_aead_setauthsize(tfm, NOISE_TAG_LEN) ||
	    crypto_aead_setkey(tfm, key, NOISE_KEY_LEN)) {
		crypto_free_aead(tfm);
		return NULL;
	}
	return tfm;
}

/**
 * mytun_gcm_create() - AES-256-GCM of a session
 * @sending: key for what we send
 * @receiving: key for what we receive
 *
 * Context: may sleep, and load modules.
 * Return: for mytun_gcm_free(), or NULL.
 */
struct mytun_gcm *mytun_gcm_create(const u8 sending[NOISE_KEY_LEN],
				   const u8 receiving[NOISE_KEY_LEN])
{
	struct mytun_gcm *gcm = kmalloc(sizeof(*gcm), GFP_KERNEL);

	if (!gcm)
		return NULL;
	gcm->sending = keyed_tfm(sending);
	if (!gcm->sending)
		goto err_free;
	gcm->receiving = keyed_tfm(receiving);
	if (!gcm->receiving)
		goto err_free_sending;
	return gcm;

err_free_sending:
	crypto_free_aead(gcm->sending);
err_free:
	kfree(gcm);
	return NULL;
}

/**
 * mytun_gcm_free() - undo mytun_gcm_create(), keys are wiped
 * @gcm: or NULL
 *
 * Context: any but hardirq.
 */
void mytun_gcm_free(struct mytun_gcm *gcm)
{
	if (!gcm)
		return;
	crypto_free_aead(gcm->sending);
	crypto_free_aead(gcm->receiving);
	kfree(gcm);
}

/* Return: the request in @room, or NULL when its context is too large for that. */
static struct aead_request *request_in(struct mytun_gcm_room *room, struct crypto_aead *tfm)
{
	struct aead_request *request = (struct aead_request *)room->bytes;

	if (sizeof(*request) + crypto_aead_reqsize(tfm) > sizeof(room->bytes))
		return NULL;
	aead_request_set_tfm(request, tfm);
	return request;
}

/**
 * mytun_gcm_begin() - get ready for messages, one after the other
 * @tfm: keyed
 * @room: for the request, of the caller's own until mytun_gcm_end(); may be on the stack, as
 *	nobody but the processor works on it
 *
 * Return: for mytun_gcm_end(), or NULL when there is no memory.
 */
struct aead_request *mytun_gcm_begin(struct crypto_aead *tfm, struct mytun_gcm_room *room)
{
	struct aead_request *request = request_in(room, tfm) ?: aead_request_alloc(tfm, GFP_ATOMIC);

	if (unlikely(!request))
		return NULL;
	aead_request_set_callback(request, 0, NULL, NULL);
	aead_request_set_ad(request, 0);
	return request;
}

/**
 * mytun_gcm_end() - undo mytun_gcm_begin()
 * @request: what it returned
 * @room: what it was given
 */
void mytun_gcm_end(struct aead_request *request, struct mytun_gcm_room *room)
{
	unsigned int context = crypto_aead_reqsize(crypto_aead_reqtfm(request));

	if (request != (void *)room->bytes)
		aead_request_free(request);
	else if (context)
		memzero_explicit(room->bytes + sizeof(*request), context);
}

/* The nonce, as the API wants it: bytes that stay until the call returns. */
struct nonce {
	__le32 zero;
	__le64 counter;
} __packed;

/**
 * mytun_gcm_seal_sg() - encrypt in place and add the tag
 * @request: of the sending key
 * @sg: plaintext and %NOISE_TAG_LEN bytes of room
 * @len: length of the plaintext, bytes
 * @counter: the message's
 *
 * Context: where may_use_simd() holds.
 */
bool mytun_gcm_seal_sg(struct aead_request *request, struct scatterlist *sg, unsigned int len,
		       u64 counter)
{
	struct nonce nonce = { .counter = cpu_to_le64(counter) };

	aead_request_set_crypt(request, sg, sg, len, (u8 *)&nonce);
	return !crypto_aead_encrypt(request);
}

/**
 * mytun_gcm_open_sg() - check the tag and decrypt in place
 * @request: of the receiving key
 * @sg: ciphertext and tag, which nobody else can write to
 * @len: length of both, bytes, at least that of the tag
 * @counter: the message's
 *
 * Context: where may_use_simd() holds.
 * Return: false when the tag is another: what is in @sg is of no use.
 */
bool mytun_gcm_open_sg(struct aead_request *request, struct scatterlist *sg, unsigned int len,
		       u64 counter)
{
	struct nonce nonce = { .counter = cpu_to_le64(counter) };

	aead_request_set_crypt(request, sg, sg, len, (u8 *)&nonce);
	return !crypto_aead_decrypt(request);
}

/* mytun_gcm_seal_sg() of one piece of memory. */
bool mytun_gcm_seal(struct aead_request *request, u8 *text, unsigned int len, u64 counter)
{
	struct scatterlist sg;

	sg_init_one(&sg, text, len + NOISE_TAG_LEN);
	return mytun_gcm_seal_sg(request, &sg, len, counter);
}

/* mytun_gcm_open_sg() of one piece of memory. */
bool mytun_gcm_open(struct aead_request *request, u8 *text, unsigned int len, u64 counter)
{
	struct scatterlist sg;

	sg_init_one(&sg, text, len);
	return mytun_gcm_open_sg(request, &sg, len, counter);
}

MODULE_SOFTDEP("pre: aesni_intel gcm");
