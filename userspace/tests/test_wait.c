// SPDX-License-Identifier: GPL-2.0
/*
 * `up` that waits for handshakes, with a kernel that is made up here: the linker puts the
 * __wrap functions in place of those that ask the real one.
 */
#include <time.h>

#include "nl.h"
#include "notify.h"
#include "test_tunnel.h"
#include "wait.h"

/*
 * The kernel: a handshake with each peer in @answers is there at the so many-th look. What was
 * set is in @sets, a letter for each peer and its interval.
 */
static struct {
	unsigned int looks;
	unsigned int answers[3];
	int get_ret;
	int stop_at;
	char sets[64];
} kernel;

static volatile sig_atomic_t stop;
static char log_text[256];

static const char *const keys[] = { KEY_A, KEY_B, KEY_C };

int __wrap_nl_open(struct nl *nl)
{
	memset(nl, 0, sizeof(*nl));
	return 0;
}

void __wrap_nl_close(struct nl *nl)
{
	(void)nl;
}

int __wrap_nl_get_device(struct nl *nl, const char *name, struct device **dev)
{
	struct peer *peer;
	size_t i;

	(void)nl;
	assert_string_equal(name, "mt0");
	if (kernel.get_ret)
		return kernel.get_ret;
	kernel.looks++;
	stop = kernel.stop_at && (int)kernel.looks >= kernel.stop_at;
	*dev = device_alloc();
	for (i = 0; i < 3; i++) {
		peer = device_add_peer(*dev);
		key_from_base64(peer->public_key, keys[i]);
		peer->last_handshake.tv_sec = kernel.answers[i] &&
					      kernel.looks >= kernel.answers[i];
	}
	return 0;
}

int __wrap_nl_set_device(struct nl *nl, const struct device *dev)
{
	size_t len = strlen(kernel.sets);
	const struct peer *peer;

	(void)nl;
	assert_string_equal(dev->name, "mt0");
	assert_int_equal(dev->flags, 0);
	for (peer = dev->peers; peer; peer = peer->next) {
		/* nothing but the interval is changed */
		assert_int_equal(peer->flags, PEER_HAS_PUBLIC_KEY | PEER_HAS_KEEPALIVE);
		/* the first byte of a key says whose it is */
		len += (size_t)snprintf(kernel.sets + len, sizeof(kernel.sets) - len, "%c%u ",
					'A' + peer->public_key[0], peer->keepalive);
	}
	return 0;
}

#define KNOWN "Endpoint = 192.0.2.1:5\n"
#define ALL                                                              \
	"[Interface]\n#! Timeout = 1\n"                                  \
	"[Peer]\nPublicKey = " KEY_A "\n" KNOWN                          \
	"[Peer]\nPublicKey = " KEY_B "\n" KNOWN "PersistentKeepalive = 9\n" \
	"[Peer]\nPublicKey = " KEY_C "\n"

static int wait_with(const char *text)
{
	struct tunnel *tun = parse_tunnel(text, stderr);
	FILE *log;
	int ret;

	assert_non_null(tun);
	strcpy(tun->dev->name, "mt0");
	memset(log_text, 0, sizeof(log_text));
	log = fmemopen(log_text, sizeof(log_text), "w");
	ret = wait_for_handshakes(tun, &stop, log);
	fclose(log);
	tunnel_free(tun);
	return ret;
}

static int clear(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	stop = 0;
	return 0;
}

/* The third peer, whose endpoint is not known, is not waited for; the second has a keepalive. */
static void test_answer(void **state)
{
	(void)state;
	kernel.answers[0] = 3;
	kernel.answers[1] = 2;
	assert_int_equal(wait_with(ALL), 0);
	assert_int_equal(kernel.looks, 3);
	assert_string_equal(kernel.sets, "A5 A0 ");
	assert_string_equal(log_text, "");
}

static void test_no_answer(void **state)
{
	int64_t start = now_ms();

	(void)state;
	kernel.answers[0] = 1;
	assert_int_equal(wait_with(ALL), -ETIMEDOUT);
	assert_true(now_ms() - start >= 1000);
	assert_true(kernel.looks > 1);
	/* who has answered and who has not; the device is going to be removed as it is */
	assert_string_equal(kernel.sets, "A5 ");
	assert_string_equal(log_text, "mt0: wait for handshakes: no answer from " KEY_B
				      " within 1 s\n");
}

static void test_interrupted(void **state)
{
	(void)state;
	kernel.stop_at = 2;
	assert_int_equal(wait_with(ALL), -EINTR);
	assert_int_equal(kernel.looks, 2);
	assert_string_equal(log_text, "");
}

static void test_error(void **state)
{
	(void)state;
	kernel.get_ret = -ENODEV;
	assert_int_equal(wait_with(ALL), -ENODEV);
	assert_string_equal(log_text, "mt0: wait for handshakes: No such device\n");
	/* -EINTR is success to `up', which looks itself whether it was interrupted */
	kernel.get_ret = -EINTR;
	assert_int_equal(wait_with(ALL), -EAGAIN);
	assert_string_equal(log_text,
			    "mt0: wait for handshakes: Resource temporarily unavailable\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_answer, clear),
		cmocka_unit_test_setup(test_no_answer, clear),
		cmocka_unit_test_setup(test_interrupted, clear),
		cmocka_unit_test_setup(test_error, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
