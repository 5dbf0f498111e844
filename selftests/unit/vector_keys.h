/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is chosen rather than recorded in the handshakes with wireguard-go: the recorder and
 * the test that replays noise_vectors.h must agree on it. Private keys are clamped later.
 */
#ifndef _VECTOR_KEYS_H
#define _VECTOR_KEYS_H

#include <asm/byteorder.h>

#include <linux/types.h>

#include "wire.h"

static const u8 vector_go_private[NOISE_KEY_LEN] = "static key of wireguard-go";
static const u8 vector_initiator_private[NOISE_KEY_LEN] = "static key, we start";
static const u8 vector_responder_private[NOISE_KEY_LEN] = "static key, we answer";
static const u8 vector_initiator_psk[NOISE_KEY_LEN] = "pre-shared key, we start";
static const u8 vector_responder_psk[NOISE_KEY_LEN] = "pre-shared key, we answer";
static const u8 vector_initiator_ephemeral[NOISE_KEY_LEN] = "ephemeral, we start";
static const u8 vector_responder_ephemeral[NOISE_KEY_LEN] = "ephemeral, we answer";
static const u8 vector_cookie_ephemeral[NOISE_KEY_LEN] = "ephemeral, with a cookie";
static const u8 vector_timestamp[NOISE_TIMESTAMP_LEN] = { 0x40, [11] = 1 };
static const u8 vector_cookie_timestamp[NOISE_TIMESTAMP_LEN] = { 0x40, [7] = 1 };

#define VECTOR_INITIATOR_INDEX cpu_to_le32(0x01020304)
#define VECTOR_RESPONDER_INDEX cpu_to_le32(0x05060708)
#define VECTOR_COOKIE_INDEX cpu_to_le32(0x090a0b0c)

/* When the messages are taken to be sent and to arrive; the wire does not show it. */
#define VECTOR_NOW_NS 1000000000ULL

#endif /* _VECTOR_KEYS_H */
