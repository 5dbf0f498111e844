// SPDX-License-Identifier: GPL-2.0
/* SipHash-2-4, from the paper's section 2. */
#include <linux/bitops.h>
#include <linux/siphash.h>
#include <linux/unaligned.h>

static void sip_round(u64 v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rol64(v[1], 13) ^ v[0];
	v[3] = rol64(v[3], 16) ^ v[2];
	v[0] = rol64(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rol64(v[1], 17) ^ v[2];
	v[3] = rol64(v[3], 21) ^ v[0];
	v[2] = rol64(v[2], 32);
}

static void compress(u64 v[4], u64 word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

u64 siphash(const void *data, size_t len, const siphash_key_t *key)
{
	u64 v[4] = {
		key->key[0] ^ 0x736f6d6570736575ULL, key->key[1] ^ 0x646f72616e646f6dULL,
		key->key[0] ^ 0x6c7967656e657261ULL, key->key[1] ^ 0x7465646279746573ULL,
	};
	const u8 *p = data;
	u8 last[8] = {};
	int i;

	for (; (size_t)(p - (const u8 *)data) + 8 <= len; p += 8)
		compress(v, get_unaligned_le64(p));
	memcpy(last, p, len % 8);
	last[7] = len;
	compress(v, get_unaligned_le64(last));

	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static u64 siphash_words(const u64 *words, size_t n, const siphash_key_t *key)
{
	u8 bytes[3 * 8];
	size_t i;

	for (i = 0; i < n; i++)
		put_unaligned_le64(words[i], bytes + 8 * i);
	return siphash(bytes, 8 * n, key);
}

u64 siphash_2u64(u64 a, u64 b, const siphash_key_t *key)
{
	const u64 words[] = { a, b };

	return siphash_words(words, 2, key);
}

u64 siphash_3u64(u64 a, u64 b, u64 c, const siphash_key_t *key)
{
	const u64 words[] = { a, b, c };

	return siphash_words(words, 3, key);
}
