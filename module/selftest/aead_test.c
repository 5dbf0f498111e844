// SPDX-License-Identifier: GPL-2.0
/* aead.c against the kernel's own ChaCha20-Poly1305, for every length around its seams. */
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../aead.h"
#include "../core/crypto.h"
#include "selftest.h"

enum {
	MAX_TEXT = 2100,	/* beyond two rounds of the widest code behind the head */
	MAX_OFFSET = 3,		/* texts begin anywhere */
	FLIPS_STEP = 7,		/* one bit in so many bytes is flipped */
};

static const u8 key[NOISE_KEY_LEN] = { 0x80, 1, 2, 3, 4, 0x42, [31] = 0xff };

/**
 * struct pages - what a test works in
 * @plain: plaintext
 * @expected: sealed by the kernel's library
 * @text: by ours
 */
struct pages {
	u8 plain[MAX_TEXT];
	u8 expected[MAX_TEXT + NOISE_TAG_LEN];
	u8 text[MAX_TEXT + NOISE_TAG_LEN + MAX_OFFSET + 1];
};

static bool seals_and_opens(struct pages *pages, unsigned int len)
{
	u64 nonce = len * 0x0123456789abcdefULL;
	u8 *text = pages->text + len % (MAX_OFFSET + 1);

	crypto_seal(pages->expected, pages->plain, len, NULL, 0, nonce, key);
	memcpy(text, pages->plain, len);
	text[len + NOISE_TAG_LEN] = 0x5a;
	mytun_aead_seal(text, len, nonce, key);
	if (memcmp(text, pages->expected, len + NOISE_TAG_LEN))
		return false;
	if (!mytun_aead_open(text, len + NOISE_TAG_LEN, nonce, key))
		return false;
	return !memcmp(text, pages->plain, len) && text[len + NOISE_TAG_LEN] == 0x5a;
}

static bool refuses_flips(struct pages *pages, unsigned int len)
{
	const unsigned int sealed_len = len + NOISE_TAG_LEN;
	unsigned int i;

	crypto_seal(pages->expected, pages->plain, len, NULL, 0, len, key);
	memcpy(pages->text, pages->expected, sealed_len);
	for (i = 0; i < sealed_len; i += FLIPS_STEP) {
		pages->text[i] ^= 1 << i % 8;
		if (mytun_aead_open(pages->text, sealed_len, len, key))
			return false;
		pages->text[i] ^= 1 << i % 8;
		if (memcmp(pages->text, pages->expected, sealed_len))
			return false;
	}
	return !mytun_aead_open(pages->text, sealed_len, len + 1, key) &&
	       mytun_aead_open(pages->text, sealed_len, len, key);
}

bool mytun_aead_selftest(void)
{
	static const unsigned int altered[] = { 0, 1, 64, 448, 449, 512, 513, 1420 };
	struct pages *pages = kmalloc(sizeof(*pages), GFP_KERNEL);
	bool pass = pages;
	unsigned int i;

	if (!pass)
		goto out;
	for (i = 0; i < sizeof(pages->plain); i++)
		pages->plain[i] = i * 31 + (i >> 8);
	for (i = 0; pass && i <= MAX_TEXT; i++)
		pass = seals_and_opens(pages, i);
	for (i = 0; pass && i < ARRAY_SIZE(altered); i++)
		pass = refuses_flips(pages, altered[i]);
out:
	kfree(pages);
	if (pass)
		pr_info("aead self-tests: pass\n");
	else
		pr_err("aead self-tests: FAIL\n");
	return pass;
}
