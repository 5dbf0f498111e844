/* SPDX-License-Identifier: GPL-2.0 */
/* A text as a QR code for a terminal. */
#ifndef VPNCTL_QR_H
#define VPNCTL_QR_H

#include <stdbool.h>
#include <stdio.h>
#include <qrencode.h>

#define QR_LONGEST 2953 /* bytes of text that the largest code has room for */

int qr_make(QRcode **code, const char *text);
void qr_print(FILE *out, const QRcode *code, bool color);
void qr_free(QRcode *code);

#endif /* VPNCTL_QR_H */
