// SPDX-License-Identifier: GPL-2.0
/*
 * The state of a tunnel into its file, and a file without what setconf does not know. The
 * device is made up here: the linker puts the __wrap functions in place of those that ask.
 */
#include <fcntl.h>
#include <time.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "facts.h"
#include "interrupt.h"
#include "lock.h"
#include "nl.h"
#include "save.h"
#include "temp.h"
#include "test_tunnel.h"
#include "tunnel_file.h"

static char dir[TEMP_LEN];
static const char path[] = "mt0.conf";

int __wrap_nl_open(struct nl *nl)
{
	memset(nl, 0, sizeof(*nl));
	return 0;
}

void __wrap_nl_close(struct nl *nl)
{
	(void)nl;
}

#define LIVE "[Interface]\nPrivateKey = " KEY_B "\nListenPort = 7\n[Peer]\nPublicKey = " KEY_C "\n"

/* It has key B, and a port of its own. */
static const char *live = LIVE;

int __wrap_nl_get_device(struct nl *nl, const char *name, struct device **dev)
{
	(void)nl;
	if (strcmp(name, "mt0"))
		return -ENODEV;
	*dev = parse_good(live);
	strcpy((*dev)->name, name);
	return 0;
}

int __wrap_facts_addresses(struct tunnel *tun)
{
	struct allowedip *ip = tunnel_add_address(tun);

	ip->family = AF_INET;
	ip->prefix_len = 8;
	ip->addr.bytes[0] = 10;
	return 0;
}

static int save_as(const char *name)
{
	FILE *log = fopen("/dev/null", "w");
	int ret = tunnel_save(name, path, log);

	fclose(log);
	return ret;
}

#define STATE(lines, key)                                                       \
	"[Interface]\nAddress = 10.0.0.0/8\nSaveConfig = true\n" lines          \
	"ListenPort = 7\n" key "\n[Peer]\nPublicKey = " KEY_C "\n"

/* Whatever key the device has, the file keeps its own, or none. */
static void test_key(void **state)
{
	(void)state;
	put_file(path, "# gone\n[Interface]\nSaveConfig = true\nPrivateKey = " KEY_A "\n", 0600);
	assert_int_equal(save_as("mt0"), 0);
	assert_string_equal(get_file(path), STATE("", "PrivateKey = " KEY_A "\n"));
	put_file(path, "[Interface]\nSaveConfig = true\n", 0600);
	assert_int_equal(save_as("mt0"), 0);
	assert_string_equal(get_file(path), STATE("", ""));
	put_file(path, "[Interface]\nSaveConfig = true\n#! PrivateKeyFile = k\n", 0600);
	assert_int_equal(save_as("mt0"), 0);
	assert_string_equal(get_file(path), STATE("#! PrivateKeyFile = k\n", ""));
}

/* That a mark was set by hand is seen where `up` chooses none. */
static void test_mark(void **state)
{
	(void)state;
	live = LIVE "[Interface]\nFwMark = 5\n";
	put_file(path, "[Interface]\nSaveConfig = true\n", 0600);
	assert_int_equal(save_as("mt0"), 0);
	assert_non_null(strstr(get_file(path), "FwMark = 0x5\n"));
	put_file(path, "[Interface]\n#! KillSwitch = yes\n", 0600);
	assert_int_equal(save_as("mt0"), 0);
	assert_null(strstr(get_file(path), "FwMark"));
	put_file(path, "[Interface]\nFwMark = 6\n#! KillSwitch = yes\n", 0600);
	assert_int_equal(save_as("mt0"), 0);
	assert_non_null(strstr(get_file(path), "FwMark = 0x5\n"));
	live = LIVE;
}

/* Who has come by himself is not to be waited for by the next `up`. */
static void test_timeout(void **state)
{
	(void)state;
	live = LIVE "Endpoint = 192.0.2.1:5\n"
	       "[Peer]\nPublicKey = " KEY_A "\nEndpoint = 192.0.2.2:6\n";
	put_file(path, "[Interface]\n#! Timeout = 9\n[Peer]\nPublicKey = " KEY_C "\n"
		       "[Peer]\nPublicKey = " KEY_A "\nEndpoint = 192.0.2.9:6\n", 0600);
	assert_int_equal(save_as("mt0"), 0);
	assert_null(strstr(get_file(path), "192.0.2.1:5"));
	assert_non_null(strstr(get_file(path), "Endpoint = 192.0.2.2:6\n"));
	put_file(path, "[Interface]\n[Peer]\nPublicKey = " KEY_C "\n", 0600);
	assert_int_equal(save_as("mt0"), 0);
	assert_non_null(strstr(get_file(path), "Endpoint = 192.0.2.1:5\n"));
	live = LIVE;
}

/* An `up` that was killed has left a device and has told it nothing. */
static void test_unconfigured(void **state)
{
	static const char *const texts[] = {
		"[Interface]\nPrivateKey = " KEY_A "\n",
		"[Interface]\n#! PrivateKeyFile = k\n",
		"[Interface]\n[Peer]\nPublicKey = " KEY_C "\n",
	};
	size_t i;

	(void)state;
	live = "[Interface]\nListenPort = 7\n";
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put_file(path, texts[i], 0600);
		assert_int_equal(save_as("mt0"), -ENODATA);
		assert_string_equal(get_file(path), texts[i]);
	}
	/* there is nothing to be lost */
	put_file(path, "[Interface]\n", 0600);
	assert_int_equal(save_as("mt0"), 0);
	assert_non_null(strstr(get_file(path), "ListenPort = 7\n"));
	live = LIVE;
}

static void test_no_device(void **state)
{
	static const char text[] = "# stays\n[Interface]\nPrivateKey = " KEY_A "\n";

	(void)state;
	put_file(path, text, 0600);
	assert_int_equal(save_as("mt1"), -ENODEV);
	assert_string_equal(get_file(path), text);
}

/* What another has written who had the lock before us is not lost. */
static void test_lock(void **state)
{
	const struct timespec pause = { .tv_nsec = 300000000 };
	int lock, pipes[2], status;
	pid_t child;
	char byte;

	(void)state;
	put_file(path, "[Interface]\nSaveConfig = true\n[Peer]\nPublicKey = " KEY_C "\n", 0600);
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (!child) {
		lock = tunnel_file_lock(path, stderr);
		if (lock < 0 || write(pipes[1], "x", 1) != 1)
			_exit(1);
		nanosleep(&pause, NULL);
		put_file(path, "[Interface]\nSaveConfig = true\n"
			 "[Peer]\n#! Name = phone\nPublicKey = " KEY_C "\n", 0600);
		_exit(0);
	}
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(save_as("mt0"), 0);
	assert_non_null(strstr(get_file(path), "[Peer]\n#! Name = phone\nPublicKey = " KEY_C "\n"));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(pipes[0]);
	close(pipes[1]);
	/* nor is it kept */
	lock = tunnel_file_lock(path, stderr);
	assert_true(lock >= 0);
	close(lock);
	assert_int_equal(tunnel_file_lock("/nonexistent/mt0.conf", stderr), -ENOENT);
}

static void give_up(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* The folder can be opened, and so be locked, by those who may not see its files: nothing waits. */
static void test_folder_locked(void **state)
{
	const struct sigaction act = { .sa_handler = give_up };
	int folder = open(".", O_RDONLY | O_DIRECTORY), ret;

	(void)state;
	assert_int_equal(flock(folder, LOCK_EX | LOCK_NB), 0);
	put_file(path, "[Interface]\n", 0600);
	sigaction(SIGALRM, &act, NULL);
	alarm(5);
	ret = save_as("mt0");
	alarm(0);
	close(folder);
	assert_int_equal(ret, 0);
}

/* Who waits for a file that is replaced meanwhile gets a lock on the new one. */
static void test_lock_moves(void **state)
{
	const struct timespec pause = { .tv_nsec = 300000000 };
	int lock = tunnel_file_lock(path, stderr);
	FILE *log = fopen("/dev/null", "w");
	pid_t child = fork();

	(void)state;
	if (!child) {
		nanosleep(&pause, NULL);
		put_file("new", "[Interface]\n", 0600);
		_exit(rename("new", path));
	}
	close(lock);
	lock = tunnel_file_lock(path, log);
	assert_true(lock_is_on(lock, path));
	waitpid(child, NULL, 0);
	close(lock);
	fclose(log);
}

static void assert_stripped(const char *text, const char *wanted, const char *key_file)
{
	struct tunnel *tun = tunnel_alloc();
	struct config cfg = { .source = "F", .log = stderr, .dev = tun->dev, .tun = tun };
	FILE *in = fmemopen((void *)text, strlen(text), "r"), *out;
	char *stripped;
	size_t len;

	if (key_file) {
		tun->key_file = strdup(key_file);
		key_from_base64(tun->dev->private_key, KEY_B);
	}
	out = open_memstream(&stripped, &len);
	assert_int_equal(config_strip(&cfg, in, out), 0);
	fclose(in);
	fclose(out);
	assert_string_equal(stripped, wanted);
	free(stripped);
	tunnel_free(tun);
}

/* What is for wg stays as it is, with comments and white space, and an empty line follows. */
static void test_strip(void **state)
{
	static const char text[] = "# Address = a comment\n"
				   "[Interface]\n"
				   "Address = 10.0.0.1/24\n"
				   "  dns=10.0.0.1 # a server\n"
				   "MTU=1400\nTable = off\nSaveConfig = true\n"
				   "PreUp = a\nPostUp = b = c\nPreDown = c\nPostDown = d\n"
				   "ListenPort = 5 # for all\n"
				   "FwMark = 7\n"
				   "#! Gateway = yes\n"
				   "\n"
				   "[ Peer ]\n"
				   "Address = of nobody\n"
				   "PublicKey = " KEY_A "\n"
				   "[interface]\n"
				   "Private Key = " KEY_A "\n"
				   "Address = 10.0.0.2";

	(void)state;
	assert_stripped(text,
			"# Address = a comment\n"
			"[Interface]\n"
			"ListenPort = 5 # for all\n"
			"FwMark = 7\n"
			"#! Gateway = yes\n"
			"\n"
			"[ Peer ]\n"
			"Address = of nobody\n"
			"PublicKey = " KEY_A "\n"
			"[interface]\n"
			"Private Key = " KEY_A "\n"
			"\n", NULL);
	assert_stripped("[Interface]\n#! PrivateKeyFile = k\n[Peer]\nPublicKey = x\n[Interface]",
			"[Interface]\nPrivateKey = " KEY_B "\n#! PrivateKeyFile = k\n[Peer]\n"
			"PublicKey = x\n[Interface]\n\n", "k");
	/* also when it is not the first section */
	assert_stripped("[Peer]\nPublicKey = x\n[Interface]\n#! PrivateKeyFile = k\n",
			"[Peer]\nPublicKey = x\n[Interface]\nPrivateKey = " KEY_B "\n"
			"#! PrivateKeyFile = k\n\n", "k");
}

static int enter(void **state)
{
	(void)state;
	return temp_enter(dir);
}

static int leave(void **state)
{
	(void)state;
	return temp_leave(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_unconfigured),
		cmocka_unit_test(test_no_device),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_folder_locked),
		cmocka_unit_test(test_lock_moves),
		cmocka_unit_test(test_strip),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
