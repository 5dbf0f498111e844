/* SPDX-License-Identifier: GPL-2.0 */
/* Known-answer tests that run at insmod in a debug build (make modules DEBUG=1). */
#ifndef _MYTUN_SELFTEST_SELFTEST_H
#define _MYTUN_SELFTEST_SELFTEST_H

#include <linux/types.h>

/*
 * Each runs in process context, one caller at a time, says "... self-tests: pass" or what
 * is wrong in the log, and returns false when something is.
 */
bool mytun_allowedips_selftest(void);
bool mytun_replay_selftest(void);
bool mytun_ratelimit_selftest(void);
bool mytun_crypto_selftest(void);
bool mytun_aead_selftest(void);

/**
 * mytun_selftest() - run them all
 *
 * Return: false when the module must not be used; true where they are not built in.
 */
static inline bool mytun_selftest(void)
{
#ifdef DEBUG_SELFTEST
	return mytun_allowedips_selftest() && mytun_replay_selftest() &&
	       mytun_ratelimit_selftest() && mytun_crypto_selftest() &&
	       mytun_aead_selftest();
#else
	return true;
#endif
}

#endif /* _MYTUN_SELFTEST_SELFTEST_H */
