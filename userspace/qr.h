/* SPDX-License-Identifier: GPL-2.0 */
/* A text as a QR code for a terminal. */
#ifndef VPNCTL_QR_H
#define VPNCTL_QR_H

#include <stdbool.h>
#include <stdio.h>

int qr_write(FILE *out, const char *text, bool color);

#endif /* VPNCTL_QR_H */
