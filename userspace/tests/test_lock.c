// SPDX-License-Identifier: GPL-2.0
/* One at a time, but for who is waited for. */
#include <time.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lock.h"
#include "notify.h"
#include "temp.h"

#define AT_ONCE 8
#define ROUNDS 3
#define WAITING "Another vpnctl is under way; waiting for it\n"

static char dir[TEMP_LEN];
static char path[TEMP_LEN + 8];
static char log_text[256];

static int enter(void **state)
{
	(void)state;
	if (temp_enter(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/lock", dir);
	return 0;
}

/* The folder is empty: no lock is left. */
static int leave(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void pause_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

static int take(struct lock *lock)
{
	FILE *log;
	int ret;

	memset(log_text, 0, sizeof(log_text));
	log = fmemopen(log_text, sizeof(log_text), "w");
	ret = lock_take(lock, path, log);
	fclose(log);
	return ret;
}

static int status_of(pid_t child)
{
	int status = -1;

	return waitpid(child, &status, 0) == child ? status : -1;
}

/*
 * Read, wait, write one more: any two at a time would lose one. Who comes again finds the file
 * removed for which others still wait.
 */
static int count_up(int *count)
{
	struct lock lock;
	int i, seen;

	for (i = 0; i < ROUNDS; i++) {
		if (take(&lock))
			return 1;
		seen = *count;
		pause_ms(10);
		*count = seen + 1;
		lock_release(&lock);
	}
	return 0;
}

static void test_one_at_a_time(void **state)
{
	int *count = *state, i;
	pid_t children[AT_ONCE];

	for (i = 0; i < AT_ONCE; i++) {
		children[i] = fork();
		if (!children[i])
			_exit(count_up(count));
	}
	for (i = 0; i < AT_ONCE; i++)
		assert_int_equal(status_of(children[i]), 0);
	assert_int_equal(*count, AT_ONCE * ROUNDS);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_waits(void **state)
{
	int64_t start;
	struct lock lock;
	int pipes[2];
	pid_t child;
	char byte;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (!child) {
		if (take(&lock) || write(pipes[1], "x", 1) != 1)
			_exit(1);
		pause_ms(300);
		lock_release(&lock);
		_exit(0);
	}
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	start = now_ms();
	assert_int_equal(take(&lock), 0);
	assert_in_range(now_ms() - start, 100, 20000);
	assert_string_equal(log_text, WAITING);
	assert_true(lock.fd >= 0);
	lock_release(&lock);
	assert_int_equal(status_of(child), 0);
	close(pipes[0]);
	close(pipes[1]);
}

/* Until it sleeps. */
static void wait_asleep(pid_t child)
{
	char name[32], state = 'R';
	int64_t end = now_ms() + 10000;
	FILE *in;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)child);
	while (state != 'S' && now_ms() < end) {
		in = fopen(name, "r");
		assert_non_null(in);
		assert_int_equal(fscanf(in, "%*d (%*[^)]) %c", &state), 1);
		fclose(in);
		pause_ms(1);
	}
}

/* Who is told to end while it waits does, and leaves the lock to its holder. */
static void test_interrupted(void **state)
{
	struct lock lock, own;
	int pipes[2], status;
	pid_t child;
	char byte;
	FILE *log;
	bool there;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(take(&lock), 0);
	/* as if the holder were no ancestor */
	assert_int_equal(ftruncate(lock.fd, 0), 0);
	child = fork();
	if (!child) {
		alarm(20);
		log = fdopen(pipes[1], "w");
		setlinebuf(log);
		_exit(lock_take(&own, path, log) == -EINTR ? 0 : 1);
	}
	/* it says that it waits, and then does */
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	wait_asleep(child);
	assert_int_equal(kill(child, SIGTERM), 0);
	status = status_of(child);
	there = !access(path, F_OK);
	lock_release(&lock);
	assert_int_equal(status, 0);
	assert_true(there);
	close(pipes[0]);
	close(pipes[1]);
}

/* A grandchild of the holder does not wait, and leaves the lock as it is. */
static void test_nested(void **state)
{
	struct lock lock, inner;
	pid_t child;

	(void)state;
	assert_int_equal(take(&lock), 0);
	assert_string_equal(log_text, "");
	child = fork();
	if (!child) {
		child = fork();
		if (!child) {
			alarm(10);
			if (take(&inner) || *log_text || inner.fd != -1)
				_exit(1);
			lock_release(&inner);
			_exit(0);
		}
		_exit(status_of(child) ? 1 : 0);
	}
	assert_int_equal(status_of(child), 0);
	assert_int_equal(access(path, F_OK), 0);
	lock_release(&lock);
	assert_int_equal(access(path, F_OK), -1);
}

/* What a killed holder has left is no lock. */
static void test_left_behind(void **state)
{
	struct lock lock;
	FILE *out = fopen(path, "w");

	(void)state;
	fprintf(out, "%d\n", (int)getppid());
	fclose(out);
	assert_int_equal(take(&lock), 0);
	assert_true(lock.fd >= 0);
	lock_release(&lock);
}

static void test_refused(void **state)
{
	struct lock lock;
	char wanted[128];

	(void)state;
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(take(&lock), -ELOOP);
	snprintf(wanted, sizeof(wanted), "%s: %s\n", path, strerror(ELOOP));
	assert_string_equal(log_text, wanted);
	lock_release(&lock);
	assert_int_equal(unlink(path), 0);
}

static int share(void **state)
{
	*state = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return *state == MAP_FAILED;
}

static int unshare_all(void **state)
{
	return munmap(*state, sizeof(int));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_at_a_time, share, unshare_all),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_left_behind),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
