// SPDX-License-Identifier: GPL-2.0
/*
 * A fuzzer in the guest, led by coverage (CONFIG_KCOV):
 *
 *	kcov_fuzz packet IFNAME PUBLIC-KEY PORT		(our private key on the standard input)
 *	kcov_fuzz netlink IFNAME
 *
 * Inputs that reach an edge (a pair of basic blocks that follow each other) which none has
 * reached before are kept, and what comes next is made of those that are kept. It ends when
 * the time is up, and prints:
 *
 *	TARGET: seed N: N inputs in N s, N blocks, N edges, corpus N, N of them first
 *
 * A crash is the kernel's to report. In the environment:
 *
 *	SECONDS_EACH	how long	(60)
 *	SEED		of the random numbers, to do the same again	(of the time)
 *	UNGUIDED	if set: nothing is kept. To see what the guidance is worth
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/kcov.h>

#include "kcov.h"

enum {
	COVER_LEN = 1 << 16,		/* blocks of one input */
	MAX_CORPUS = 4096,
	MAX_CHANGES = 4,		/* to an input at once */
	MAP_BITS = 18,
	OUR_HANDLE = 0x6d79,
};

/**
 * struct cover - what the kernel reports
 * @blocks: their number, and their addresses
 */
struct cover {
	unsigned long *blocks;
};

static struct cover own, workers;
static u8 seen_edges[1 << MAP_BITS], seen_blocks[1 << MAP_BITS];
static unsigned long edges, blocks;
static struct input corpus[MAX_CORPUS];
static int kept;
static u64 random_state;

void die(const char *what)
{
	fprintf(stderr, "kcov_fuzz: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) */
u64 any_number(void)
{
	u64 z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

u32 below(u32 bound)
{
	return any_number() % bound;
}

bool once_in(u32 n)
{
	return !below(n);
}

void any_bytes(u8 *out, size_t len)
{
	while (len--)
		*out++ = any_number();
}

/* ---- mutation of bytes ---- */

static const u8 telling[] = { 0, 1, 0x7f, 0x80, 0xff, 4, 6, 0x45, 0x60, 0xf0, 16, 32, 64, 128 };

static void insert(struct input *input, size_t at, const u8 *from, size_t len)
{
	if (len > INPUT_MAX_LEN - input->len)
		len = INPUT_MAX_LEN - input->len;
	memmove(input->data + at + len, input->data + at, input->len - at);
	if (from)
		memcpy(input->data + at, from, len);
	else
		any_bytes(input->data + at, len);
	input->len += len;
}

static void splice_in(struct input *input, const struct input *other)
{
	size_t from, at = input->len ? below(input->len) : 0;

	if (!other->len)
		return;
	from = below(other->len);
	insert(input, at, other->data + from, 1 + below(other->len - from));
}

void mutate_bytes(struct input *input, const struct input *other)
{
	size_t at = input->len ? below(input->len) : 0, len;

	switch (below(input->len ? 8 : 2)) {
	case 0:
		insert(input, at, NULL, 1 + below(32));
		break;
	case 1:
		splice_in(input, other);
		break;
	case 2:
		input->data[at] ^= 1 << below(8);
		break;
	case 3:
		input->data[at] = any_number();
		break;
	case 4:
		input->data[at] = telling[below(sizeof(telling))];
		break;
	case 5:
		input->len = at;
		break;
	case 6:
		len = 1 + below(input->len - at);
		memmove(input->data + at, input->data + at + len, input->len - at - len);
		input->len -= len;
		break;
	default:
		input->data[at] += once_in(2) ? 1 : -1;
	}
}

/* ---- coverage ---- */

static int cover_open(struct cover *cover)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR);

	if (fd < 0)
		die("/sys/kernel/debug/kcov");
	if (ioctl(fd, KCOV_INIT_TRACE, (unsigned long)COVER_LEN))
		die("KCOV_INIT_TRACE");
	cover->blocks = mmap(NULL, COVER_LEN * sizeof(unsigned long), PROT_READ | PROT_WRITE,
			     MAP_SHARED, fd, 0);
	if (cover->blocks == MAP_FAILED)
		die("mmap of kcov");
	return fd;
}

/* What the packets of this process and its children do in workers and softirqs */
static void cover_workers(void)
{
	struct kcov_remote_arg arg = {
		.trace_mode = KCOV_TRACE_PC,
		.area_size = COVER_LEN,
		.common_handle = kcov_remote_handle(KCOV_SUBSYSTEM_COMMON, OUR_HANDLE),
	};

	if (ioctl(cover_open(&workers), KCOV_REMOTE_ENABLE, &arg))
		die("KCOV_REMOTE_ENABLE");
}

static void cover_own(void)
{
	if (ioctl(cover_open(&own), KCOV_ENABLE, KCOV_TRACE_PC))
		die("KCOV_ENABLE");
}

static void cover_begin(struct cover *cover)
{
	if (cover->blocks)
		__atomic_store_n(&cover->blocks[0], 0, __ATOMIC_RELAXED);
}

static bool first_time(u8 *map, u64 what)
{
	u8 *entry = &map[what * 0x9e3779b97f4a7c15ULL >> (64 - MAP_BITS)];

	return !*entry && ++*entry;
}

/* Return: something was new */
static bool cover_take(const struct cover *cover)
{
	unsigned long i, count, before = edges, last = 0;

	if (!cover->blocks)
		return false;
	count = __atomic_load_n(&cover->blocks[0], __ATOMIC_RELAXED);
	for (i = 1; i <= count && i < COVER_LEN; i++) {
		blocks += first_time(seen_blocks, cover->blocks[i]);
		edges += first_time(seen_edges, cover->blocks[i] ^ last << 20);
		last = cover->blocks[i];
	}
	return edges != before;
}

/* ---- the loop ---- */

static void keep(const struct input *input)
{
	corpus[kept < MAX_CORPUS ? kept++ : (int)below(MAX_CORPUS)] = *input;
}

static bool try(const struct target *target, const struct input *input)
{
	bool new;

	cover_begin(&own);
	cover_begin(&workers);
	target->run(input);
	/* Both, whatever the first says */
	new = cover_take(&own);
	new |= cover_take(&workers);
	return new;
}

/* What was found last is worth more than its share. */
static const struct input *choose(void)
{
	return &corpus[kept > 8 && once_in(2) ? kept - 1 - below(8) : below(kept)];
}

static void next_input(const struct target *target, struct input *input)
{
	int changes;

	if (once_in(16)) {
		target->make(input, below(target->first));
		return;
	}
	*input = *choose();
	for (changes = 1 + below(MAX_CHANGES); changes; changes--)
		target->mutate(input, choose());
}

static long now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void loop(const struct target *target, u64 seed, long seconds)
{
	long begin = now_s();
	unsigned long inputs;
	struct input input;

	random_state = seed;
	for (inputs = 0; now_s() < begin + seconds; inputs++) {
		if (inputs < (unsigned long)target->first)
			target->make(&input, inputs);
		else
			next_input(target, &input);
		if (try(target, &input) && (inputs < (unsigned long)target->first ||
					    !getenv("UNGUIDED")))
			keep(&input);
		/* Whatever becomes of the machine, this is what it had to do */
		if (!kept)
			keep(&input);
	}
	printf("%s: seed %llu: %lu inputs in %ld s, %lu blocks, %lu edges, corpus %d, %d first\n",
	       target->name, (unsigned long long)seed, inputs, seconds, blocks, edges, kept,
	       target->first);
}

static long setting(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 0) : otherwise;
}

/* A process of its own: one that has its workers watched cannot be watched itself */
static int in_child(const struct target *target, u64 seed)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		cover_own();
		loop(target, seed, setting("SECONDS_EACH", 60));
		exit(0);
	}
	waitpid(pid, &status, 0);
	return status ? 1 : 0;
}

int main(int argc, char *argv[])
{
	const struct target *target = argc > 1 && !strcmp(argv[1], "packet") ? &packet_target :
									       &netlink_target;
	u64 seed = setting("SEED", time(NULL) ^ getpid() << 16);
	cpu_set_t cpu;

	if (argc < 3 || strcmp(argv[1], target->name)) {
		fprintf(stderr, "usage: %s packet|netlink IFNAME ...\n", argv[0]);
		return 1;
	}
	printf("# %s: seed %llu\n", target->name, (unsigned long long)seed);
	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	target->open(argv + 2, argc - 2);
	if (target->workers)
		cover_workers();
	return in_child(target, seed);
}
