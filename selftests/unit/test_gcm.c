// SPDX-License-Identifier: GPL-2.0
/*
 * gcm.c: what it makes of a message, against bytes of another implementation, and what it asks
 * of the kernel's crypto API, in whose place stands libcrypto.
 */
#include "test_cmocka.h"

#include <linux/minmax.h>
#include <linux/string.h>
#include <openssl/evp.h>

#include "../../module/gcm.c"

/* The crypto API: what it has, and what it was asked for. */
static struct {
	int internal; /* priority of "__gcm(aes)", 0: there is none */
	int plain; /* of "gcm(aes)" */
	unsigned int reqsize; /* of either, a request's context */
	bool bad_key;
	unsigned int asked_internal;
	unsigned int asked_plain;
} api;

struct crypto_aead *crypto_alloc_aead(const char *name, u32 type, u32 mask)
{
	bool internal = type & CRYPTO_ALG_INTERNAL;
	int priority = internal ? api.internal : api.plain;
	struct crypto_aead *tfm;

	assert_string_equal(name, internal ? "__gcm(aes)" : "gcm(aes)");
	/* never one that goes on after the call has returned */
	assert_true(mask & CRYPTO_ALG_ASYNC && !(type & CRYPTO_ALG_ASYNC));
	assert_true((mask & CRYPTO_ALG_INTERNAL) == (type & CRYPTO_ALG_INTERNAL));
	if (internal)
		api.asked_internal++;
	else
		api.asked_plain++;
	if (!priority)
		return ERR_PTR(-ENOENT);
	tfm = kzalloc(sizeof(*tfm), GFP_KERNEL);
	if (!tfm)
		return ERR_PTR(-ENOMEM);
	tfm->alg.base.cra_priority = priority;
	tfm->reqsize = api.reqsize;
	return tfm;
}

void crypto_free_aead(struct crypto_aead *tfm)
{
	kfree(tfm);
}

int crypto_aead_setauthsize(struct crypto_aead *tfm, unsigned int authsize)
{
	tfm->authsize = authsize;
	return 0;
}

int crypto_aead_setkey(struct crypto_aead *tfm, const u8 *key, unsigned int len)
{
	assert_int_equal(len, sizeof(tfm->key));
	memcpy(tfm->key, key, len);
	return api.bad_key ? -EINVAL : 0;
}

/* All pieces into one buffer, or back. */
static void move(struct scatterlist *sg, u8 *buffer, unsigned int len, bool back)
{
	unsigned int part;

	for (; len; sg++) {
		part = min(len, sg->length);
		memcpy(back ? sg->addr : buffer, back ? buffer : sg->addr, part);
		buffer += part;
		len -= part;
		assert_true(!len || !sg->last);
	}
}

/* libcrypto's way with the request. Return: whether it has worked, or the tag was right. */
static int run(struct aead_request *request, bool seal)
{
	unsigned int tag = request->tfm->authsize;
	unsigned int text_len = request->cryptlen - (seal ? 0 : tag);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	u8 buffer[256];
	int len, ok;

	/* the context is there, and something is left in it */
	memset(request + 1, 0xa5, request->tfm->reqsize);
	assert_int_equal(request->assoclen, 0);
	assert_ptr_equal(request->src, request->dst);
	assert_int_equal(tag, 16);
	assert_true(text_len + tag <= sizeof(buffer));
	move(request->src, buffer, request->cryptlen, false);
	assert_int_equal(EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, request->tfm->key,
					   request->iv, seal),
			 1);
	if (!seal)
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, tag, buffer + text_len);
	assert_int_equal(EVP_CipherUpdate(ctx, buffer, &len, buffer, text_len), 1);
	ok = EVP_CipherFinal_ex(ctx, buffer + text_len, &len);
	if (seal)
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, tag, buffer + text_len);
	EVP_CIPHER_CTX_free(ctx);
	if (ok > 0)
		move(request->dst, buffer, seal ? text_len + tag : text_len, true);
	return ok > 0;
}

int crypto_aead_encrypt(struct aead_request *request)
{
	return run(request, true) ? 0 : -EINVAL;
}

int crypto_aead_decrypt(struct aead_request *request)
{
	return run(request, false) ? 0 : -EBADMSG;
}

#define COUNTER 0x0807060504030201ULL

/*
 * Made by Python's cryptography, AESGCM(bytes(range(32))).encrypt(nonce, text, b""), where nonce is
 * 00000000 0102030405060708, as docs/wire-format.md says; text is empty, and 33 bytes from 0x40 on.
 */
static const u8 sealed_empty[] = {
	0x4f, 0x2e, 0xe1, 0xcb, 0x89, 0xce, 0xf0, 0xa8,
	0x99, 0xac, 0x0c, 0x62, 0xda, 0xa4, 0xd4, 0x43,
};

static const u8 sealed_text[] = {
	0x44, 0x10, 0x27, 0x4d, 0x99, 0xa4, 0x4f, 0xd9, 0x4b, 0xd6, 0xb7, 0xa4, 0x52,
	0x2a, 0x77, 0xbf, 0x2a, 0xa8, 0x0e, 0x91, 0x83, 0x80, 0x1e, 0x3b, 0xb1, 0xa2,
	0x0e, 0x0b, 0x37, 0x6a, 0x81, 0x92, 0x4f, 0x20, 0x1f, 0x14, 0xa4, 0x97, 0x35,
	0x9b, 0xbf, 0xe8, 0xd3, 0x3c, 0x76, 0x18, 0x90, 0x99, 0xd7,
};

enum { TEXT_LEN = sizeof(sealed_text) - NOISE_TAG_LEN };

static u8 key[NOISE_KEY_LEN], other_key[NOISE_KEY_LEN], text[TEXT_LEN];

static int setup(void **state)
{
	size_t i;

	memset(&api, 0, sizeof(api));
	api.internal = 400;
	api.plain = 100;
	no_internal = false;
	shim_alloc_fail(0);
	for (i = 0; i < sizeof(key); i++) {
		key[i] = i;
		other_key[i] = 0xff - i;
	}
	for (i = 0; i < sizeof(text); i++)
		text[i] = 0x40 + i;
	return 0;
}

static int teardown(void **state)
{
	return shim_alloc_objects() ? -1 : 0;
}

static void test_seal(void **state)
{
	struct mytun_gcm *gcm = mytun_gcm_create(key, other_key);
	struct mytun_gcm_room room;
	struct aead_request *request = mytun_gcm_begin(gcm->sending, &room);
	u8 message[sizeof(sealed_text)];

	memcpy(message, text, sizeof(text));
	assert_true(mytun_gcm_seal(request, message, sizeof(text), COUNTER));
	assert_memory_equal(message, sealed_text, sizeof(message));
	/* one after the other */
	assert_true(mytun_gcm_seal(request, message, 0, COUNTER));
	assert_memory_equal(message, sealed_empty, sizeof(sealed_empty));
	mytun_gcm_end(request, &room);
	mytun_gcm_free(gcm);
}

static void test_open(void **state)
{
	struct mytun_gcm *gcm = mytun_gcm_create(other_key, key);
	struct mytun_gcm_room room;
	struct aead_request *request = mytun_gcm_begin(gcm->receiving, &room);
	u8 message[sizeof(sealed_text)];
	u64 counter;
	size_t i;

	memcpy(message, sealed_text, sizeof(message));
	assert_true(mytun_gcm_open(request, message, sizeof(message), COUNTER));
	assert_memory_equal(message, text, sizeof(text));
	memcpy(message, sealed_empty, sizeof(sealed_empty));
	assert_true(mytun_gcm_open(request, message, sizeof(sealed_empty), COUNTER));
	for (i = 0; i < sizeof(message) * 8; i++) {
		memcpy(message, sealed_text, sizeof(message));
		message[i / 8] ^= 1 << (i % 8);
		assert_false(mytun_gcm_open(request, message, sizeof(message), COUNTER));
	}
	/* every bit of the counter is in the nonce */
	for (i = 0; i < 64; i++) {
		memcpy(message, sealed_text, sizeof(message));
		counter = COUNTER ^ 1ULL << i;
		assert_false(mytun_gcm_open(request, message, sizeof(message), counter));
	}
	mytun_gcm_end(request, &room);
	mytun_gcm_free(gcm);
}

/* In three pieces, of which the last has the tag and more. */
static void test_pieces(void **state)
{
	struct mytun_gcm *gcm = mytun_gcm_create(key, key);
	struct mytun_gcm_room room;
	u8 first[5], second[20], third[sizeof(sealed_text) - 25];
	struct scatterlist sg[] = {
		{ first, sizeof(first), false },
		{ second, sizeof(second), false },
		{ third, sizeof(third), true },
	};
	struct aead_request *request = mytun_gcm_begin(gcm->sending, &room);

	memcpy(first, text, 5);
	memcpy(second, text + 5, 20);
	memcpy(third, text + 25, sizeof(text) - 25);
	assert_true(mytun_gcm_seal_sg(request, sg, sizeof(text), COUNTER));
	assert_memory_equal(first, sealed_text, 5);
	assert_memory_equal(second, sealed_text + 5, 20);
	assert_memory_equal(third, sealed_text + 25, sizeof(third));
	mytun_gcm_end(request, &room);
	request = mytun_gcm_begin(gcm->receiving, &room);
	assert_true(mytun_gcm_open_sg(request, sg, sizeof(sealed_text), COUNTER));
	assert_memory_equal(second, text + 5, 20);
	third[0] ^= 1;
	assert_false(mytun_gcm_open_sg(request, sg, sizeof(sealed_text), COUNTER));
	mytun_gcm_end(request, &room);
	mytun_gcm_free(gcm);
}

/* Without memory, or with a key that is refused: nothing is left over. teardown() counts. */
static void test_failures(void **state)
{
	unsigned int nth;

	for (nth = 1; nth <= 3; nth++) {
		shim_alloc_fail(nth);
		assert_null(mytun_gcm_create(key, other_key));
	}
	api.bad_key = true;
	assert_null(mytun_gcm_create(key, other_key));
	api.bad_key = false;
	api.internal = 0;
	api.plain = 0;
	assert_null(mytun_gcm_create(key, other_key));
	mytun_gcm_free(NULL);
}

/* Up to its size the room is used, and wiped; a larger context is allocated. */
static void test_room(void **state)
{
	struct mytun_gcm_room room;
	static const u8 wiped[sizeof(room.bytes) - sizeof(struct aead_request)];
	u8 message[sizeof(sealed_text)];
	struct aead_request *request;
	unsigned int reqsize;
	struct mytun_gcm *gcm;

	for (reqsize = 0; reqsize <= sizeof(wiped) + 1; reqsize++) {
		api.reqsize = reqsize;
		gcm = mytun_gcm_create(key, key);
		memset(&room, 0xff, sizeof(room));
		request = mytun_gcm_begin(gcm->sending, &room);
		assert_true((request == (void *)&room) == (reqsize <= sizeof(wiped)));
		memcpy(message, text, sizeof(text));
		assert_true(mytun_gcm_seal(request, message, sizeof(text), COUNTER));
		assert_memory_equal(message, sealed_text, sizeof(message));
		mytun_gcm_end(request, &room);
		if (reqsize <= sizeof(wiped))
			assert_memory_equal(room.bytes + sizeof(*request), wiped, reqsize);
		mytun_gcm_free(gcm);
	}
}

static void test_no_request(void **state)
{
	struct mytun_gcm_room room;
	struct mytun_gcm *gcm;

	api.reqsize = sizeof(room);
	gcm = mytun_gcm_create(key, key);
	shim_alloc_fail(1);
	assert_null(mytun_gcm_begin(gcm->sending, &room));
	mytun_gcm_free(gcm);
}

static void test_available(void **state)
{
	assert_int_equal(mytun_gcm_available(true), 0);
	assert_int_equal(api.asked_plain, 0);
	/* a want of memory is not that there is none */
	shim_alloc_fail(1);
	assert_int_equal(mytun_gcm_available(false), -ENOMEM);
	assert_false(no_internal);
	api.internal = 0;
	assert_int_equal(mytun_gcm_available(false), 0);
	assert_int_equal(mytun_gcm_available(true), -ENOENT);
	api.plain = 200;
	assert_int_equal(mytun_gcm_available(true), -ENOENT);
	api.plain = 201;
	assert_int_equal(mytun_gcm_available(true), 0);
	api.plain = 0;
	assert_int_equal(mytun_gcm_available(false), -ENOENT);
	/* of the internal one, whether it is there is asked but once when it is not */
	assert_int_equal(api.asked_internal, 3);
}

#define GCM_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GCM_TEST(test_seal),	 GCM_TEST(test_open),	    GCM_TEST(test_pieces),
		GCM_TEST(test_failures), GCM_TEST(test_room),	    GCM_TEST(test_no_request),
		GCM_TEST(test_available),
	};

	return cmocka_run_group_tests_name("gcm", tests, NULL, NULL);
}
