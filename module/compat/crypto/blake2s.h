/* SPDX-License-Identifier: GPL-2.0 */
/* The state was renamed; only the incremental functions kept their argument order. */
#include_next <crypto/blake2s.h>

#ifndef _MYTUN_COMPAT_BLAKE2S_H
#define _MYTUN_COMPAT_BLAKE2S_H

#ifndef HAVE_BLAKE2S_CTX
#define blake2s_ctx blake2s_state
#endif

#endif /* _MYTUN_COMPAT_BLAKE2S_H */
