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
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_left_behind),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
