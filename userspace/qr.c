// SPDX-License-Identifier: GPL-2.0
/*
 * libqrencode wipes none of the memory that it frees, in which the text was, and neither lets it
 * be wiped nor takes another's malloc(). So it works in a process of its own, which overwrites
 * its heap before it ends.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>
#include <qrencode.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "qr.h"

#define QUIET 4 /* modules of margin that a reader may ask for (ISO/IEC 18004) */

/* Black on white by number, as themes change what the first 16 colours are. */
#define COLORS "\x1b[38;5;16;48;5;231m"
#define NO_COLORS "\x1b[0m"

static bool is_dark(const struct qr *code, int x, int y)
{
	x -= QUIET;
	y -= QUIET;
	return x >= 0 && y >= 0 && x < code->width && y < code->width &&
	       code->dark[y * code->width + x];
}

/* A character is two modules, one above the other. */
static void put_pair(FILE *out, bool upper, bool lower)
{
	static const char *const blocks[] = { " ", "\u2584", "\u2580", "\u2588" };

	fputs(blocks[2 * upper + lower], out);
}

static int encode(struct qr *code, const char *text)
{
	/* screens have no stains: the lowest of the levels makes the smallest code */
	QRcode *made = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	int i;

	if (!made)
		return errno == ERANGE ? -EFBIG : -errno;
	code->width = made->width;
	for (i = 0; i < made->width * made->width; i++)
		code->dark[i] = made->data[i] & 1;
	return 0;
}

/* What is large is no mapping of its own then, and nothing is given back before it is wiped. */
static bool keep_to_heap(void)
{
	return mallopt(M_MMAP_MAX, 0) && mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

/*
 * Of this process; nothing that has been allocated can be used afterwards. Return: whether there
 * was one.
 */
static bool wipe_heap(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	void *from = NULL, *to = NULL;
	bool found = false;
	char line[512];

	if (!maps)
		return false;
	while (!found && fgets(line, sizeof(line), maps))
		found = strstr(line, "[heap]") && sscanf(line, "%p-%p", &from, &to) == 2;
	fclose(maps);
	if (found)
		explicit_bzero(from, (size_t)((char *)to - (char *)from));
	return found;
}

/* In a process of its own. A code whose text may be left somewhere is none. */
_Noreturn static void work(struct qr *code, const char *text)
{
	int ret = keep_to_heap() ? encode(code, text) : -EIO;

	code->ret = wipe_heap() ? ret : -EIO;
	_exit(0);
}

/**
 * qr_make() - make a QR code
 * @code: gets it, to be given to qr_free()
 * @text: what it says
 *
 * Return: 0, -EFBIG when the text is too long, or -errno.
 */
int qr_make(struct qr **code, const char *text)
{
	struct qr *new = mmap(NULL, sizeof(*new), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;
	int ret;

	if (new == MAP_FAILED)
		return -errno;
	new->ret = -EIO;
	child = fork();
	if (!child)
		work(new, text);
	if (child < 0)
		new->ret = -errno;
	else
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	ret = new->ret;
	if (ret)
		qr_free(new);
	else
		*code = new;
	return ret;
}

/**
 * qr_print() - print a QR code
 * @out: where to
 * @code: made by qr_make()
 * @color: dark modules are black and the others white, whatever the terminal has; without,
 *	the light ones are drawn in the colour of text, which is right where that is the lighter
 */
void qr_print(FILE *out, const struct qr *code, bool color)
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
void qr_free(struct qr *code)
{
	if (!code)
		return;
	explicit_bzero(code, sizeof(*code));
	munmap(code, sizeof(*code));
}
