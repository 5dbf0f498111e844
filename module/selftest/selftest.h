/* SPDX-License-Identifier: GPL-2.0 */
/* Known-answer tests that run at insmod in a debug build (make modules DEBUG=1). */
#ifndef _MYTUN_SELFTEST_H
#define _MYTUN_SELFTEST_H

#include <linux/types.h>

bool mytun_allowedips_selftest(void);
bool mytun_replay_selftest(void);
bool mytun_ratelimit_selftest(void);
bool mytun_crypto_selftest(void);

/* Return: false when the module must not be used. */
static inline bool mytun_selftest(void)
{
#ifdef DEBUG_SELFTEST
	return mytun_allowedips_selftest() && mytun_replay_selftest() &&
	       mytun_ratelimit_selftest() && mytun_crypto_selftest();
#else
	return true;
#endif
}

#endif /* _MYTUN_SELFTEST_H */
