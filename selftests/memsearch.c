// SPDX-License-Identifier: GPL-2.0
/*
 * Search the machine's memory for secrets:
 *
 *	memsearch [BACK] <LIST
 *
 * LIST has a line for each: a name and 32 bytes in hexadecimal. All of the RAM is looked at
 * through /proc/kcore, free pages too, but for the memory of processes and the contents of
 * files (/proc/kpageflags).
 * For each secret a line "NAME COUNT" tells in how many places it was found. With BACK, each
 * place also has a line "back NAME HEX": the 32 bytes that lie that many bytes before it. On
 * the standard error is where it was. We keep the complement of what we look for, and leave
 * nothing behind that the next search could find.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SECRET_LEN = 32,
	MAX_SECRETS = 32,
	NAME_LEN = 32,
	PAGE_LEN = 4096,
	CHUNK_PAGES = 256,
	CHUNK_LEN = CHUNK_PAGES * PAGE_LEN,
	OVERLAP = 2 * PAGE_LEN,		/* of chunks: a secret, and what is before it */
};

/*
 * Flags of a page, see the kernel's pagemap.rst: of a process, or of a file; and of a slab, which
 * Linux 6.12 takes for a process's as well when a counter that lies there is odd
 */
#define FLAGS_OF_OTHERS 0x1020ull
#define FLAG_SLAB 0x80ull

/* Where the kernel's own image is mapped a second time */
#define TEXT_START 0xffffffff80000000ull

/**
 * struct secret - what to look for
 * @name: for people
 * @bytes: each of them inverted
 * @count: places
 */
struct secret {
	char name[NAME_LEN];
	uint8_t bytes[SECRET_LEN];
	unsigned int count;
};

static struct secret secrets[MAX_SECRETS];
static int secret_count;
static bool begins[1 << 16];		/* by the first two bytes, as they are in memory */
static uint8_t window[OVERLAP + CHUNK_LEN] __attribute__((__aligned__(PAGE_LEN)));
static uint64_t flags[CHUNK_PAGES];
static uint64_t read_pages;
static int kcore, kpageflags;
static long back;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void read_secrets(void)
{
	char name[NAME_LEN], hex[2 * SECRET_LEN + 1], digits[3] = "";
	struct secret *s;
	int i;

	while (secret_count < MAX_SECRETS && scanf("%31s %64s", name, hex) == 2) {
		s = &secrets[secret_count++];
		if (strlen(hex) != 2 * SECRET_LEN) {
			fprintf(stderr, "%s: not %d bytes\n", name, SECRET_LEN);
			exit(1);
		}
		strcpy(s->name, name);
		for (i = 0; i < SECRET_LEN; i++) {
			memcpy(digits, hex + 2 * i, 2);
			s->bytes[i] = ~strtoul(digits, NULL, 16);
		}
		begins[(uint8_t)~s->bytes[0] << 8 | (uint8_t)~s->bytes[1]] = true;
	}
}

static bool is_secret(const struct secret *s, const uint8_t *at)
{
	int i;

	for (i = 0; i < SECRET_LEN; i++)
		if ((at[i] ^ s->bytes[i]) != 0xff)
			return false;
	return true;
}

static void found(struct secret *s, const uint8_t *at, uint64_t place)
{
	long page = (at - (window + OVERLAP)) / PAGE_LEN;
	int i;

	s->count++;
	fprintf(stderr, "%s at %#llx, flags %#llx\n", s->name, (unsigned long long)place,
		at < window + OVERLAP ? 0 : (unsigned long long)flags[page]);
	if (!back || at - window < back)
		return;
	printf("back %s ", s->name);
	for (i = 0; i < SECRET_LEN; i++)
		printf("%02x", at[i - back]);
	putchar('\n');
}

/* Most of a machine that was started a minute ago */
static bool is_zero(const uint8_t *page)
{
	const uint64_t *words = (const void *)page;
	uint64_t any = 0;
	int i;

	for (i = 0; i < PAGE_LEN / 8; i++)
		any |= words[i];
	return !any;
}

/* The window's end has @len new bytes, the first of them is at @place. */
static void scan(size_t len, uint64_t place)
{
	const uint8_t *begin = window + OVERLAP - (SECRET_LEN - 1);
	const uint8_t *end = window + OVERLAP + len - (SECRET_LEN - 1);
	const uint8_t *at;
	int i;

	for (at = begin; at < end; at++) {
		while ((at - window) % PAGE_LEN == 0 && at + PAGE_LEN <= end && is_zero(at))
			at += PAGE_LEN;
		if (at >= end)
			break;
		if (!begins[at[0] << 8 | at[1]])
			continue;
		for (i = 0; i < secret_count; i++) {
			if (!is_secret(&secrets[i], at))
				continue;
			found(&secrets[i], at, place + (at - (window + OVERLAP)));
		}
	}
}

static bool is_of_others(uint64_t page_flags)
{
	return page_flags & FLAGS_OF_OTHERS && !(page_flags & FLAG_SLAB);
}

/* What belongs to processes and files is none of our business: there it is zero */
static void read_chunk(const Elf64_Phdr *segment, uint64_t done, size_t len)
{
	size_t i, run, pages = len / PAGE_LEN, flags_len = pages * sizeof(flags[0]);
	uint64_t first = (segment->p_paddr + done) / PAGE_LEN;

	if (pread(kpageflags, flags, flags_len, first * sizeof(flags[0])) != (ssize_t)flags_len)
		die("/proc/kpageflags");
	memset(window + OVERLAP, 0, len);
	for (i = 0; i < pages; i += run) {
		for (run = 0; i + run < pages && !is_of_others(flags[i + run]); run++)
			;
		if (run && pread(kcore, window + OVERLAP + i * PAGE_LEN, run * PAGE_LEN,
				 segment->p_offset + done + i * PAGE_LEN) !=
				   (ssize_t)(run * PAGE_LEN))
			die("/proc/kcore");
		read_pages += run;
		run += !run;
	}
}

static void search_segment(const Elf64_Phdr *segment)
{
	uint64_t done;
	size_t len;

	memset(window, 0, sizeof(window));
	for (done = 0; done < segment->p_memsz; done += len) {
		len = segment->p_memsz - done;
		if (len > CHUNK_LEN)
			len = CHUNK_LEN;
		read_chunk(segment, done, len);
		scan(len, segment->p_paddr + done);
		memcpy(window, window + len, OVERLAP);
	}
}

/* The kernel copies what we read by a page of its own, which must not keep it */
static void read_harmless(const Elf64_Phdr *text)
{
	if (text && pread(kcore, window, PAGE_LEN, text->p_offset) != PAGE_LEN)
		die("/proc/kcore");
}

int main(int argc, char *argv[])
{
	static Elf64_Phdr segments[64];
	const Elf64_Phdr *text = NULL;
	Elf64_Ehdr header;
	int i;

	back = argc > 1 ? atol(argv[1]) : 0;
	if (back < 0 || back > OVERLAP - SECRET_LEN)
		return 1;
	read_secrets();
	kcore = open("/proc/kcore", O_RDONLY);
	kpageflags = open("/proc/kpageflags", O_RDONLY);
	if (kcore < 0 || kpageflags < 0)
		die("/proc/kcore, /proc/kpageflags");
	if (pread(kcore, &header, sizeof(header), 0) != sizeof(header) || header.e_phnum > 64 ||
	    pread(kcore, segments, header.e_phnum * sizeof(segments[0]), header.e_phoff) !=
	    (ssize_t)(header.e_phnum * sizeof(segments[0])))
		die("/proc/kcore");
	for (i = 0; i < header.e_phnum; i++) {
		if (segments[i].p_type != PT_LOAD || !~segments[i].p_paddr)
			continue;
		if (segments[i].p_vaddr >= TEXT_START) {
			text = &segments[i];
			continue;
		}
		search_segment(&segments[i]);
	}
	read_harmless(text);
	explicit_bzero(window, sizeof(window));
	fprintf(stderr, "%llu MB searched\n",
		(unsigned long long)read_pages * PAGE_LEN >> 20);
	for (i = 0; i < secret_count; i++)
		printf("%s %u\n", secrets[i].name, secrets[i].count);
	return !read_pages;
}
