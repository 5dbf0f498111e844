/* SPDX-License-Identifier: GPL-2.0 */
/* BLAKE2s (RFC 7693), for programs that are linked statically and run in a guest. */
#ifndef _SELFTESTS_BLAKE2S_H
#define _SELFTESTS_BLAKE2S_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BLAKE2S_BLOCK_LEN = 64 };

static const uint32_t blake2s_iv[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static const uint8_t blake2s_sigma[10][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint32_t rotate_right(uint32_t word, unsigned int bits)
{
	return word >> bits | word << (32 - bits);
}

/* The function G of RFC 7693, section 3.1 */
static void mix(uint32_t v[16], int a, int b, int c, int d, uint32_t x, uint32_t y)
{
	v[a] += v[b] + x;
	v[d] = rotate_right(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = rotate_right(v[b] ^ v[c], 12);
	v[a] += v[b] + y;
	v[d] = rotate_right(v[d] ^ v[a], 8);
	v[c] += v[d];
	v[b] = rotate_right(v[b] ^ v[c], 7);
}

/* The function F of RFC 7693, section 3.2; @total counts the bytes up to here */
static void compress(uint32_t h[8], const uint8_t block[BLAKE2S_BLOCK_LEN], uint32_t total,
		     bool last)
{
	uint32_t v[16], m[16];
	const uint8_t *s;
	int i;

	for (i = 0; i < 16; i++)
		m[i] = block[4 * i] | block[4 * i + 1] << 8 | block[4 * i + 2] << 16 |
		       (uint32_t)block[4 * i + 3] << 24;
	memcpy(v, h, 8 * sizeof(v[0]));
	memcpy(v + 8, blake2s_iv, sizeof(blake2s_iv));
	v[12] ^= total;
	v[14] ^= last ? UINT32_MAX : 0;
	for (i = 0; i < 10; i++) {
		s = blake2s_sigma[i];
		mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
		mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
		mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
		mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
		mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
		mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
		mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
		mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
	}
	for (i = 0; i < 8; i++)
		h[i] ^= v[i] ^ v[i + 8];
}

/* Of @in, keyed if there is a key; out_len up to 32, key_len up to 32 */
static void blake2s(uint8_t *out, size_t out_len, const uint8_t *key, size_t key_len,
		    const uint8_t *in, size_t len)
{
	uint8_t block[BLAKE2S_BLOCK_LEN] = { 0 };
	uint32_t h[8], total = 0;
	size_t i;

	memcpy(h, blake2s_iv, sizeof(h));
	h[0] ^= 0x01010000 | key_len << 8 | out_len;
	if (key_len) {
		memcpy(block, key, key_len);
		total = BLAKE2S_BLOCK_LEN;
		compress(h, block, total, !len);
	}
	while (len > BLAKE2S_BLOCK_LEN) {
		total += BLAKE2S_BLOCK_LEN;
		compress(h, in, total, false);
		in += BLAKE2S_BLOCK_LEN;
		len -= BLAKE2S_BLOCK_LEN;
	}
	if (len || !key_len) {
		memset(block, 0, sizeof(block));
		memcpy(block, in, len);
		compress(h, block, total + len, true);
	}
	for (i = 0; i < out_len; i++)
		out[i] = h[i / 4] >> 8 * (i % 4);
}

#endif /* _SELFTESTS_BLAKE2S_H */
