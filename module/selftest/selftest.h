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

/**
 * mytun_allowedips_selftest() - fixed cases and a random comparison with a list
 *
 * Context: process context, after allowedips_cache_init().
 * Return: true when all is right; the log says so, or what is wrong.
 */
bool mytun_allowedips_selftest(void);

/**
 * mytun_replay_selftest() - the edges of the replay window
 *
 * Context: process context.
 * Return: true when all is right; the log says so, or what is wrong.
 */
bool mytun_replay_selftest(void);

/**
 * mytun_ratelimit_selftest() - rate, sharing and a flood, in simulated time
 *
 * Context: process context.
 * Return: true when all is right; the log says so, or what is wrong.
 */
bool mytun_ratelimit_selftest(void);

#endif /* _MYTUN_SELFTEST_SELFTEST_H */
