/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys as base64 (RFC 4648, section 4), without branches or tables that depend on the key, and
 * what is UTF-8.
 */
#ifndef VPNCTL_ENCODING_H
#define VPNCTL_ENCODING_H

#include <stdint.h>

#include "model.h"

/* 32 bytes are 43 digits and one pad; with the terminating NUL. */
#define KEY_BASE64_LEN 45

void key_to_base64(char text[KEY_BASE64_LEN], const uint8_t key[KEY_LEN]);
int key_from_base64(uint8_t key[KEY_LEN], const char *text);
size_t utf8_len(const unsigned char *text);

#endif /* VPNCTL_ENCODING_H */
