// SPDX-License-Identifier: GPL-2.0
/* Plain C: the unit tests run it in user space too. */
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "../core/crypto.h"
#include "../core/hkdf.h"
#include "selftest.h"
#include "vectors.h"

/* Large enough for the longest vector; the tests run one after the other. */
static u8 buffer[512];

static bool hash_of_abc(void)
{
	static const u8 abc[] = { 'a', 'b', 'c' };
	u8 out[NOISE_HASH_LEN];
	size_t split;

	for (split = 0; split <= sizeof(abc); split++) {
		crypto_hash(out, abc, split, abc + split, sizeof(abc) - split);
		if (memcmp(out, blake2s_abc, sizeof(out)))
			return false;
	}
	crypto_hash(out, abc, sizeof(abc), NULL, 0);
	return !memcmp(out, blake2s_abc, sizeof(out));
}

static void fill_sequence(u8 *dst, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		dst[i] = i;
}

static bool hash_chain(void)
{
	u8 chain[NOISE_HASH_LEN] = { 0 };
	size_t n;

	fill_sequence(buffer, 256);
	for (n = 0; n < 256; n++)
		crypto_hash(chain, chain, sizeof(chain), buffer, n);
	return !memcmp(chain, blake2s_chain, sizeof(chain));
}

static bool mac_chain(void)
{
	u8 chain[NOISE_HASH_LEN] = { 0 }, mac[MAC_LEN];
	size_t n;

	fill_sequence(buffer, 256);
	for (n = 0; n < 256; n++) {
		crypto_mac(mac, buffer, n % 32 + 1, buffer, n);
		crypto_hash(chain, chain, sizeof(chain), mac, sizeof(mac));
	}
	return !memcmp(chain, blake2s_mac_chain, sizeof(chain));
}

static bool hkdf_matches(const u8 *input, size_t len, const u8 *expected)
{
	u8 out[3][NOISE_HASH_LEN], salt[NOISE_HASH_LEN];
	size_t i;

	for (i = 0; i < sizeof(salt); i++)
		salt[i] = 0x20 + i;
	hkdf_derive(out[0], out[1], out[2], salt, input, len);
	return !memcmp(out, expected, sizeof(out));
}

static bool hkdf_three_outputs(void)
{
	size_t i;

	for (i = 0; i < NOISE_KEY_LEN; i++)
		buffer[i] = 0x60 + i;
	return hkdf_matches(buffer, NOISE_KEY_LEN, hkdf_32) && hkdf_matches(NULL, 0, hkdf_empty);
}

static bool x25519_matches(const struct x25519_vector *v)
{
	static const u8 base[NOISE_KEY_LEN] = { 9 };
	u8 scalar[NOISE_KEY_LEN], out[NOISE_KEY_LEN];

	memcpy(scalar, v->scalar, sizeof(scalar));
	crypto_x25519_clamp(scalar);
	if (!crypto_x25519(out, scalar, v->point) || memcmp(out, v->result, sizeof(out)))
		return false;
	if (memcmp(v->point, base, sizeof(base)))
		return true;
	return crypto_x25519_public(out, scalar) && !memcmp(out, v->result, sizeof(out));
}

static bool x25519_all_match(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(x25519_vectors); i++)
		if (!x25519_matches(&x25519_vectors[i]))
			return false;
	return true;
}

static bool x25519_low_order_refused(void)
{
	u8 scalar[NOISE_KEY_LEN], point[NOISE_KEY_LEN], out[NOISE_KEY_LEN];
	size_t i;

	memcpy(scalar, x25519_vectors[0].scalar, sizeof(scalar));
	crypto_x25519_clamp(scalar);
	for (i = 0; i < ARRAY_SIZE(x25519_low_order); i++) {
		memcpy(point, x25519_low_order[i], sizeof(point));
		if (crypto_x25519(out, scalar, point))
			return false;
		point[sizeof(point) - 1] ^= 0x80;
		if (crypto_x25519(out, scalar, point))
			return false;
	}
	memset(scalar, 0, sizeof(scalar));
	return !crypto_x25519_public(out, scalar);
}

static bool chacha_seals(void)
{
	crypto_seal(buffer, chacha_plain, sizeof(chacha_plain), chacha_ad, sizeof(chacha_ad),
		    CHACHA_NONCE, chacha_key);
	if (memcmp(buffer, chacha_sealed, sizeof(chacha_sealed)))
		return false;

	/* In place. */
	memcpy(buffer, chacha_plain, sizeof(chacha_plain));
	crypto_seal(buffer, buffer, sizeof(chacha_plain), chacha_ad, sizeof(chacha_ad),
		    CHACHA_NONCE, chacha_key);
	return !memcmp(buffer, chacha_sealed, sizeof(chacha_sealed));
}

static bool chacha_opens(void)
{
	memcpy(buffer, chacha_sealed, sizeof(chacha_sealed));
	return crypto_open(buffer, buffer, sizeof(chacha_sealed), chacha_ad, sizeof(chacha_ad),
			   CHACHA_NONCE, chacha_key) &&
	       !memcmp(buffer, chacha_plain, sizeof(chacha_plain));
}

static bool chacha_opens_nothing(void)
{
	u8 tag[NOISE_TAG_LEN];

	crypto_seal(tag, NULL, 0, chacha_ad, sizeof(chacha_ad), 0, chacha_key);
	if (!crypto_open(NULL, tag, sizeof(tag), chacha_ad, sizeof(chacha_ad), 0, chacha_key))
		return false;
	tag[0] ^= 1;
	return !crypto_open(NULL, tag, sizeof(tag), chacha_ad, sizeof(chacha_ad), 0, chacha_key);
}

static bool chacha_refuses_flips(void)
{
	u8 ad[sizeof(chacha_ad)];
	size_t i;

	for (i = 0; i < sizeof(chacha_sealed); i++) {
		memcpy(buffer, chacha_sealed, sizeof(chacha_sealed));
		buffer[i] ^= 1 << (i % 8);
		if (crypto_open(buffer, buffer, sizeof(chacha_sealed), chacha_ad, sizeof(chacha_ad),
				CHACHA_NONCE, chacha_key))
			return false;
	}
	memcpy(ad, chacha_ad, sizeof(ad));
	ad[0] ^= 1;
	return !crypto_open(buffer, chacha_sealed, sizeof(chacha_sealed), ad, sizeof(ad),
			    CHACHA_NONCE, chacha_key) &&
	       !crypto_open(buffer, chacha_sealed, sizeof(chacha_sealed), chacha_ad,
			    sizeof(chacha_ad), CHACHA_NONCE + 1, chacha_key);
}

static bool xchacha_seals(void)
{
	crypto_xseal(buffer, xchacha_plain, sizeof(xchacha_plain), xchacha_ad, sizeof(xchacha_ad),
		     xchacha_nonce, xchacha_key);
	return !memcmp(buffer, xchacha_sealed, sizeof(xchacha_sealed));
}

static bool xchacha_opens(void)
{
	return crypto_xopen(buffer, xchacha_sealed, sizeof(xchacha_sealed), xchacha_ad,
			    sizeof(xchacha_ad), xchacha_nonce, xchacha_key) &&
	       !memcmp(buffer, xchacha_plain, sizeof(xchacha_plain));
}

static bool xchacha_refuses_flips(void)
{
	u8 sealed[sizeof(xchacha_sealed)];
	size_t i;

	for (i = 0; i < sizeof(sealed); i++) {
		memcpy(sealed, xchacha_sealed, sizeof(sealed));
		sealed[i] ^= 1 << (i % 8);
		if (crypto_xopen(buffer, sealed, sizeof(sealed), xchacha_ad, sizeof(xchacha_ad),
				 xchacha_nonce, xchacha_key))
			return false;
	}
	return true;
}

static bool equal_sees_each_bit(void)
{
	u8 a[MAC_LEN], b[MAC_LEN];
	size_t i;

	fill_sequence(a, sizeof(a));
	fill_sequence(b, sizeof(b));
	for (i = 0; i < sizeof(b) * 8; i++) {
		b[i / 8] ^= 1 << (i % 8);
		if (crypto_equal(a, b, sizeof(b)))
			return false;
		b[i / 8] ^= 1 << (i % 8);
	}
	return crypto_equal(a, b, sizeof(b));
}

static const struct {
	const char *name;
	bool (*passes)(void);
} tests[] = {
	{ "BLAKE2s of abc", hash_of_abc },
	{ "BLAKE2s of 0 to 255 bytes", hash_chain },
	{ "keyed BLAKE2s-128", mac_chain },
	{ "HKDF", hkdf_three_outputs },
	{ "X25519", x25519_all_match },
	{ "X25519 with a low-order point", x25519_low_order_refused },
	{ "ChaCha20-Poly1305, sealing", chacha_seals },
	{ "ChaCha20-Poly1305, opening", chacha_opens },
	{ "ChaCha20-Poly1305 of nothing", chacha_opens_nothing },
	{ "ChaCha20-Poly1305, altered", chacha_refuses_flips },
	{ "XChaCha20-Poly1305, sealing", xchacha_seals },
	{ "XChaCha20-Poly1305, opening", xchacha_opens },
	{ "XChaCha20-Poly1305, altered", xchacha_refuses_flips },
	{ "constant-time comparison", equal_sees_each_bit },
};

bool mytun_crypto_selftest(void)
{
	bool pass = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		if (tests[i].passes())
			continue;
		pr_err("crypto self-tests: %s: FAIL\n", tests[i].name);
		pass = false;
	}
	if (pass)
		pr_info("crypto self-tests: pass\n");
	return pass;
}
