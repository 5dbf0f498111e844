// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qr.h"

#define QUIET 4 /* modules of margin that a reader may ask for (ISO/IEC 18004) */

/* Black on white by number, as themes change what the first 16 colours are. */
#define COLORS "\x1b[38;5;16;48;5;231m"
#define NO_COLORS "\x1b[0m"

static bool is_dark(const QRcode *code, int x, int y)
{
	x -= QUIET;
	y -= QUIET;
	return x >= 0 && y >= 0 && x < code->width && y < code->width &&
	       (code->data[y * code->width + x] & 1);
}

/* A character is two modules, one above the other. */
static void put_pair(FILE *out, bool upper, bool lower)
{
	static const char *const blocks[] = { " ", "\u2584", "\u2580", "\u2588" };

	fputs(blocks[2 * upper + lower], out);
}

/**
 * qr_make() - make a QR code
 * @code: gets it, to be given to qr_free()
 * @text: what it says
 *
 * The library wipes none of the memory that it frees, in which the text was, too.
 *
 * Return: 0, -EFBIG when the text is too long, or -errno.
 */
int qr_make(QRcode **code, const char *text)
{
	/* screens have no stains: the lowest of the levels makes the smallest code */
	*code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	if (*code)
		return 0;
	return errno == ERANGE ? -EFBIG : -errno;
}

/**
 * qr_print() - print a QR code
 * @out: where to
 * @code: made by qr_make()
 * @color: dark modules are black and the others white, whatever the terminal has; without,
 *	the light ones are drawn in the colour of text, which is right where that is the lighter
 */
void qr_print(FILE *out, const QRcode *code, bool color)
{
	int x, y, size = code->width + 2 * QUIET;

	for (y = 0; y < size; y += 2) {
		if (color)
			fputs(COLORS, out);
		for (x = 0; x < size; x++)
			put_pair(out, is_dark(code, x, y) == color,
				 (y + 1 < size && is_dark(code, x, y + 1)) == color);
		fputs(color ? NO_COLORS "\n" : "\n", out);
	}
}

/**
 * qr_free() - free a QR code, which is as secret as its text, and wipe it
 * @code: the code; may be NULL
 */
void qr_free(QRcode *code)
{
	if (!code)
		return;
	explicit_bzero(code->data, (size_t)code->width * (size_t)code->width);
	QRcode_free(code);
}
