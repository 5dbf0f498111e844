// SPDX-License-Identifier: GPL-2.0
/*
 * A digit is computed, not looked up, and a bad one is remembered rather than
 * branched on: the time does not tell which key it was.
 */
#include <errno.h>
#include <string.h>

#include "encoding.h"

#define DIGITS (KEY_BASE64_LEN - 2)	/* without pad and NUL */

/* All ones when lo <= v <= hi, else 0; every value is below 256. */
static unsigned int between(unsigned int v, unsigned int lo, unsigned int hi)
{
	return (((v - lo) | (hi - v)) >> 31) - 1U;
}

/* The digit of a 6-bit value: A-Z, a-z, 0-9, +, / */
static char digit(unsigned int v)
{
	unsigned int c = v + 'A';

	c += between(v, 26, 51) & ('a' - 'Z' - 1);
	c -= between(v, 52, 61) & ('A' + 52 - '0');
	c -= between(v, 62, 62) & ('A' + 62 - '+');
	c -= between(v, 63, 63) & ('A' + 63 - '/');
	return (char)c;
}

/* The 6-bit value of a digit; bit 8 is set when it is none. */
static unsigned int value(unsigned int c)
{
	unsigned int v = 0, good;

	v |= between(c, 'A', 'Z') & (c - 'A');
	v |= between(c, 'a', 'z') & (c - 'a' + 26);
	v |= between(c, '0', '9') & (c - '0' + 52);
	v |= between(c, '+', '+') & 62;
	v |= between(c, '/', '/') & 63;
	good = between(c, 'A', 'Z') | between(c, 'a', 'z') | between(c, '0', '9') |
	       between(c, '+', '+') | between(c, '/', '/');
	return v | (~good & 0x100);
}

/**
 * key_to_base64() - write a key
 * @text: gets 44 characters and a NUL
 * @key: the key
 */
void key_to_base64(char text[KEY_BASE64_LEN], const uint8_t key[KEY_LEN])
{
	unsigned int acc = 0, bits = 0, out = 0, in;

	for (in = 0; in < KEY_LEN; in++) {
		acc = acc << 8 | key[in];
		for (bits += 8; bits >= 6; bits -= 6)
			text[out++] = digit(acc >> (bits - 6) & 0x3f);
	}
	text[out++] = digit(acc << (6 - bits) & 0x3f);
	text[out++] = '=';
	text[out] = '\0';
}

/**
 * key_from_base64() - read a key
 * @key: gets 32 bytes, all zero on error
 * @text: exactly 44 characters, the one canonical form
 *
 * Return: 0, or -EINVAL.
 */
int key_from_base64(uint8_t key[KEY_LEN], const char *text)
{
	unsigned int acc = 0, bits = 0, bad = 0, out = 0, in, v;

	memset(key, 0, KEY_LEN);
	if (strlen(text) != KEY_BASE64_LEN - 1 || text[DIGITS] != '=')
		return -EINVAL;
	for (in = 0; in < DIGITS; in++) {
		v = value((uint8_t)text[in]);
		bad |= v & 0x100;
		acc = acc << 6 | (v & 0x3f);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			key[out++] = (uint8_t)(acc >> bits);
		}
	}
	bad |= acc & 3;
	if (!bad)
		return 0;
	explicit_bzero(key, KEY_LEN);
	return -EINVAL;
}

/**
 * utf8_len() - the length of a character of UTF-8 (RFC 3629)
 * @text: ended by a NUL
 *
 * Return: how many bytes at @text are one character, 0: they are none.
 */
size_t utf8_len(const unsigned char *text)
{
	size_t len = *text < 0x80 ? 1 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4, i;

	if ((*text >= 0x80 && *text < 0xc2) || *text > 0xf4)
		return 0;
	for (i = 1; i < len; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* too long, a surrogate, or beyond the last character */
	if ((*text == 0xe0 && text[1] < 0xa0) || (*text == 0xed && text[1] > 0x9f) ||
	    (*text == 0xf0 && text[1] < 0x90) || (*text == 0xf4 && text[1] > 0x8f))
		return 0;
	return len;
}
