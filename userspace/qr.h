/* SPDX-License-Identifier: GPL-2.0 */
/* A text as a QR code for a terminal. */
#ifndef VPNCTL_QR_H
#define VPNCTL_QR_H

#include <stdbool.h>
#include <stdio.h>

#define QR_LONGEST 2953 /* bytes of text that the largest code has room for */
#define QR_WIDEST 177	/* modules */

/**
 * struct qr - a QR code
 * @ret: whether it has been made: 0 or -errno
 * @width: modules, and as many lines
 * @dark: which of them are
 */
struct qr {
	int ret;
	int width;
	bool dark[QR_WIDEST * QR_WIDEST];
};

int qr_make(struct qr **code, const char *text);
void qr_print(FILE *out, const struct qr *code, bool color);
void qr_free(struct qr *code);

#endif /* VPNCTL_QR_H */
