// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305 (RFC 8439, 2.8) without associated data, put together from the kernel's
 * ChaCha20 and Poly1305, as its chacha20poly1305_encrypt() is. That one asks for the 32
 * bytes that key Poly1305 (2.6) by themselves, and a single block is computed by the
 * portable code, which takes longer than all the rest of a short message. Here block 0 is
 * computed together with the blocks for the text, by one call where the text is short.
 */
#include <asm/byteorder.h>
#include <crypto/algapi.h>
#include <crypto/chacha.h>
#include <crypto/poly1305.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "aead.h"

enum {
	BLOCK = CHACHA_BLOCK_SIZE,
	/* What the widest code computes at a time is block 0 and the head of the text. */
	STREAM_LEN = 8 * BLOCK,
	HEAD_LEN = STREAM_LEN - BLOCK,
	/* A head so long where the rest would be a single block again */
	SHORT_HEAD_LEN = HEAD_LEN - 2 * BLOCK,
};

/**
 * struct aead - what is known of a message under way
 * @chacha: state, its block counter behind @stream
 * @head: bytes of the text that went through @stream
 * @stream: block 0 of the key stream, and the head, en- or decrypted
 */
struct aead {
	struct chacha_state chacha;
	unsigned int head;
	u8 stream[STREAM_LEN];
};

static unsigned int head_len(unsigned int len)
{
	if (len <= HEAD_LEN)
		return len;
	return len - HEAD_LEN > BLOCK ? HEAD_LEN : SHORT_HEAD_LEN;
}

static void aead_begin(struct aead *aead, const u8 *text, unsigned int len, u64 nonce,
		       const u8 key[NOISE_KEY_LEN])
{
	__le64 iv[CHACHA_IV_SIZE / sizeof(__le64)] = { 0, cpu_to_le64(nonce) };
	u32 words[CHACHA_KEY_SIZE / sizeof(u32)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = get_unaligned_le32(key + i * sizeof(u32));
	chacha_init(&aead->chacha, words, (const u8 *)iv);
	memzero_explicit(words, sizeof(words));
	aead->head = head_len(len);
	/* Of two blocks at least, for the same reason. */
	memset(aead->stream, 0, 2 * BLOCK);
	memcpy(aead->stream + BLOCK, text, aead->head);
	chacha20_crypt(&aead->chacha, aead->stream, aead->stream,
		       BLOCK + max_t(unsigned int, aead->head, BLOCK));
}

/* The text, from the stream and what is behind it. */
static void aead_text(struct aead *aead, u8 *text, unsigned int len)
{
	memcpy(text, aead->stream + BLOCK, aead->head);
	if (len > aead->head)
		chacha20_crypt(&aead->chacha, text + aead->head, text + aead->head,
			       len - aead->head);
}

/* The tag of a ciphertext. */
static void aead_tag(const struct aead *aead, const u8 *text, unsigned int len,
		     u8 tag[NOISE_TAG_LEN])
{
	unsigned int padding = -len % POLY1305_BLOCK_SIZE;
	struct poly1305_desc_ctx poly;
	struct {
		u8 padding[POLY1305_BLOCK_SIZE];
		__le64 data_len;
		__le64 text_len;
	} end = { .text_len = cpu_to_le64(len) };

	poly1305_init(&poly, aead->stream);
	poly1305_update(&poly, text, len);
	poly1305_update(&poly, end.padding + sizeof(end.padding) - padding,
			padding + sizeof(end.data_len) + sizeof(end.text_len));
	poly1305_final(&poly, tag);
}

static void aead_end(struct aead *aead)
{
	chacha_zeroize_state(&aead->chacha);
	memzero_explicit(aead->stream, BLOCK + max_t(unsigned int, aead->head, BLOCK));
}

/**
 * mytun_aead_seal() - encrypt in place and add the tag
 * @text: plaintext, %NOISE_TAG_LEN bytes of room behind it
 * @len: its length, bytes, 0 or more
 * @nonce: a message's counter
 * @key: key
 *
 * Context: any.
 */
void mytun_aead_seal(u8 *text, unsigned int len, u64 nonce, const u8 key[NOISE_KEY_LEN])
{
	struct aead aead;

	aead_begin(&aead, text, len, nonce, key);
	aead_text(&aead, text, len);
	aead_tag(&aead, text, len, text + len);
	aead_end(&aead);
}

/**
 * mytun_aead_open() - check the tag, then decrypt in place
 * @text: ciphertext and tag, which nobody else can write to
 * @len: length of both, bytes, at least that of the tag
 * @nonce: the message's counter
 * @key: key
 *
 * Context: any.
 * Return: false when the tag is another: @text is as it was.
 */
bool mytun_aead_open(u8 *text, unsigned int len, u64 nonce, const u8 key[NOISE_KEY_LEN])
{
	const unsigned int text_len = len - NOISE_TAG_LEN;
	u8 tag[NOISE_TAG_LEN];
	struct aead aead;
	bool good;

	aead_begin(&aead, text, text_len, nonce, key);
	aead_tag(&aead, text, text_len, tag);
	good = !crypto_memneq(tag, text + text_len, sizeof(tag));
	if (likely(good))
		aead_text(&aead, text, text_len);
	aead_end(&aead);
	memzero_explicit(tag, sizeof(tag));
	return good;
}
