/* SPDX-License-Identifier: GPL-2.0 */
/* The state was an array of words and became a struct. Code is written for the struct. */
#include_next <crypto/chacha.h>

#ifndef _MYTUN_COMPAT_CHACHA_H
#define _MYTUN_COMPAT_CHACHA_H

#ifndef HAVE_CHACHA_STATE
#include <linux/string.h>

struct chacha_state {
	u32 x[CHACHA_STATE_WORDS];
};

#define chacha_init(state, key, iv) chacha_init((state)->x, key, iv)
#define chacha20_crypt(state, dst, src, bytes) chacha20_crypt((state)->x, dst, src, bytes)

static inline void chacha_zeroize_state(struct chacha_state *state)
{
	memzero_explicit(state, sizeof(*state));
}
#endif

#endif /* _MYTUN_COMPAT_CHACHA_H */
