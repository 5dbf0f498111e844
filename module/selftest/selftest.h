/* SPDX-License-Identifier: GPL-2.0 */
/* Tests that run at insmod in a debug build. */
#ifndef _MYTUN_SELFTEST_SELFTEST_H
#define _MYTUN_SELFTEST_SELFTEST_H

#include <linux/types.h>

/**
 * mytun_crypto_selftest() - known-answer tests of everything behind core/crypto.h
 *
 * Context: process context, one caller at a time.
 * Return: true when all answers are right; the log says so, or which is wrong.
 */
bool mytun_crypto_selftest(void);

#endif /* _MYTUN_SELFTEST_SELFTEST_H */
