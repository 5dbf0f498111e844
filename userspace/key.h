/* SPDX-License-Identifier: GPL-2.0 */
/* New keys. */
#ifndef VPNCTL_KEY_H
#define VPNCTL_KEY_H

#include "model.h"

int key_generate(uint8_t key[KEY_LEN], bool is_private);

#endif /* VPNCTL_KEY_H */
