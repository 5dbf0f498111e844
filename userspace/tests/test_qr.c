// SPDX-License-Identifier: GPL-2.0
/* A QR code, and that what it says is left nowhere. What is drawn test_addclient.sh reads. */
#include <limits.h>
#include <malloc.h>
#include <unistd.h>
#include <sys/mman.h>

#include "behind.h"
#include "qr.h"
#include "test.h"

#define BLOCK 4096
#define LARGE (128UL << 20) /* bytes: larger mappings are ASan's own */

/* In the heap of brk(2), which ASan leaves alone; and what the library's process has there. */
static char *block, *seen;
FILE *__real_fopen(const char *path, const char *mode);

/* Nothing can be known of the heap; the heap cannot be told what to do. */
static bool no_maps, no_options;
/* What the heap was told. */
static int mmap_max = -1, trim_threshold = -1;

FILE *__wrap_fopen(const char *path, const char *mode)
{
	return no_maps && !strcmp(path, "/proc/self/maps") ? NULL : __real_fopen(path, mode);
}

/* ASan's own refuses everything. */
int __wrap_mallopt(int option, int value)
{
	if (option == M_MMAP_MAX)
		mmap_max = value;
	if (option == M_TRIM_THRESHOLD)
		trim_threshold = value;
	return !no_options;
}

/* The library's process ends. */
_Noreturn void __wrap__exit(int status)
{
	memcpy(seen, block, BLOCK);
	if (mmap_max || trim_threshold != INT_MAX)
		seen[0] = 2;
	__real__exit(status);
}

static int enter(void **state)
{
	(void)state;
	block = sbrk(BLOCK);
	seen = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return block == (void *)-1 || seen == MAP_FAILED;
}

static int leave(void **state)
{
	(void)state;
	return munmap(seen, BLOCK);
}

/* It must not stand in memory, or that is found. */
static void make_secret(char *secret, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		secret[i] = (char)('!' + i * 31 % 89);
	secret[len] = '\0';
}

/* How often it is there; in what has been freed, too, which ASan would not have read. */
__attribute__((no_sanitize("address")))
static unsigned int count_in(const char *at, const char *end, const char *secret, size_t len)
{
	unsigned int n = 0;
	size_t same;

	for (; at + len <= end; at++) {
		for (same = 0; same < len && at[same] == secret[same]; same++)
			;
		n += same == len;
	}
	return n;
}

/* In all that this process can write to, as it is and half a byte off, as codes have it. */
static unsigned int count_all(const char *secret)
{
	size_t len = strlen(secret), i;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], off[64], mode[8];
	void *from, *to;
	unsigned int n = 0;

	assert_non_null(maps);
	for (i = 0; i + 1 < len; i++)
		off[i] = (char)((unsigned char)secret[i] << 4 | (unsigned char)secret[i + 1] >> 4);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%p-%p %4s", &from, &to, mode) != 3 || strncmp(mode, "rw", 2) ||
		    (size_t)((char *)to - (char *)from) > LARGE)
			continue;
		n += count_in(from, to, secret, len);
		n += count_in(from, to, off, len - 1);
	}
	fclose(maps);
	explicit_bzero(off, sizeof(off));
	return n;
}

static void test_nothing_is_left(void **state)
{
	char *text = calloc(1, 300);
	struct qr *code = NULL;
	unsigned int before;
	char secret[45];
	size_t i;

	(void)state;
	make_secret(secret, sizeof(secret) - 1);
	snprintf(text, 300, "[Interface]\nPrivateKey = %s\n", secret);
	before = count_all(secret);
	assert_in_range(before, 2, 100);
	memset(block, 1, BLOCK);
	assert_int_equal(qr_make(&code, text), 0);
	assert_int_equal(count_all(secret), before);
	/* nor in the memory of the process that has ended */
	for (i = 0; i < BLOCK; i++)
		assert_int_equal(seen[i], 0);
	assert_int_equal(block[0], 1);
	assert_in_range(code->width, 21, QR_WIDEST);
	qr_free(code);
	free(text);
}

/* A code that may have left its text somewhere is not given out. */
static void test_not_wiped(void **state)
{
	struct qr *code = NULL;

	(void)state;
	no_maps = true;
	assert_int_equal(qr_make(&code, "secret"), -EIO);
	no_maps = false;
	no_options = true;
	assert_int_equal(qr_make(&code, "secret"), -EIO);
	no_options = false;
	assert_null(code);
	assert_int_equal(qr_make(&code, "secret"), 0);
	qr_free(code);
}

static void test_longest(void **state)
{
	static char text[QR_LONGEST + 2];
	struct qr *code = NULL;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	assert_int_equal(qr_make(&code, text), -EFBIG);
	assert_null(code);
	text[QR_LONGEST] = '\0';
	assert_int_equal(qr_make(&code, text), 0);
	assert_int_equal(code->width, QR_WIDEST);
	qr_free(code);
	qr_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_not_wiped),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
