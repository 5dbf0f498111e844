// SPDX-License-Identifier: GPL-2.0
/*
 * Host names: from which files, when they are looked at, how they are resolved, and when the
 * answer is used.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <time.h>

#include "behind.h"
#include "child.h"
#include "names.h"
#include "notify.h"
#include "resolve.h"
#include "temp.h"

#define INTERVAL 120000

static char dir[TEMP_LEN];

static int begin(void **state)
{
	struct names *names = calloc(1, sizeof(*names));

	assert_int_equal(temp_enter(dir), 0);
	names->dir = dir;
	names->interval = INTERVAL;
	*state = names;
	return 0;
}

static int end(void **state)
{
	names_close(*state);
	free(*state);
	return temp_leave(dir);
}

static void put_names(const char *name, const char *text)
{
	put_file(name, text, 0600);
}

static struct name *find(const struct names *names, const char *ifname, const char *base64)
{
	uint8_t key[KEY_LEN];

	assert_int_equal(key_from_base64(key, base64), 0);
	return names_find(names, ifname, key);
}

#define PEER(key, endpoint) "[Peer]\nPublicKey=" key "\nEndpoint=" endpoint "\n"

#define JSON(endpoint)                                                       \
	"{ \"mode\": \"client\", \"remote_addr\": \"" endpoint "\", \"peers\": [" \
	"{ \"public_key\": \"" KEY_A "\", \"allowed_ips\": [] } ] }\n"

static void test_files(void **state)
{
	char *const files[] = { "other/mt1.conf", "none/mt9.conf", NULL };
	struct names *names = *state;
	const struct name *name;

	put_names("mt0.conf", "[Interface]\nAddress=10.0.0.1/24\nPostUp=x\n#! KillSwitch = yes\n"
			     PEER(KEY_A, "a.example:7") PEER(KEY_B, "192.0.2.1:1")
			     PEER(KEY_C, "c.example:8"));
	put_names("mt1.conf", PEER(KEY_A, "of-the-folder.example:1") PEER(KEY_B, "b.example:1"));
	put_names("wrong.conf", PEER(KEY_A, "wrong.example:1") "Nonsense = 1\n");
	put_names("not a device.conf", PEER(KEY_A, "wrong.example:1"));
	put_names("mt2.conf.bak", PEER(KEY_A, "wrong.example:1"));
	/* JSON is a file like any other, and the second one about a device */
	put_names("mt3.json", JSON("json.example:3"));
	put_names("mt0.json", JSON("wrong.example:1"));
	assert_int_equal(mkdir("other", 0755), 0);
	put_names("other/mt1.conf", PEER(KEY_A, "of-the-argument.example:1"));
	names->files = files;
	assert_int_equal(names_read(names, NULL, 0), 0);
	assert_int_equal(names->n, 4);
	assert_string_equal(find(names, "mt3", KEY_A)->host, "json.example");
	name = find(names, "mt0", KEY_A);
	assert_string_equal(name->host, "a.example");
	assert_int_equal(name->port, htons(7));
	assert_null(find(names, "mt0", KEY_B));
	assert_string_equal(find(names, "mt0", KEY_C)->host, "c.example");
	/* the file of the command line in place of that of the folder */
	assert_string_equal(find(names, "mt1", KEY_A)->host, "of-the-argument.example");
	assert_null(find(names, "mt1", KEY_B));
}

/* It counts also when it has no names, or is wrong: another may be of long ago. */
static void test_first_without_names(void **state)
{
	char *const files[] = { "other/mt1.conf", "other/mt2.conf", NULL };
	struct names *names = *state;

	put_names("mt0.conf", PEER(KEY_A, "192.0.2.1:1"));
	put_names("mt0.json", JSON("stale.example:1"));
	put_names("mt1.conf", PEER(KEY_A, "stale.example:1"));
	put_names("mt2.conf", PEER(KEY_A, "stale.example:1"));
	assert_int_equal(mkdir("other", 0755), 0);
	put_names("other/mt1.conf", "Nonsense = 1\n");
	put_names("other/mt2.conf", "");
	names->files = files;
	assert_int_equal(names_read(names, NULL, 0), 0);
	assert_int_equal(names->n, 0);
	/* nor is that forgotten, or remembered for ever */
	assert_int_equal(unlink("other/mt2.conf"), 0);
	assert_int_equal(names_read(names, NULL, 0), 0);
	assert_int_equal(names->n, 1);
	assert_non_null(find(names, "mt2", KEY_A));
}

static void test_twice(void **state)
{
	struct names *names = *state;

	put_names("mt0.conf", PEER(KEY_A, "first.example:1") PEER(KEY_B, "b.example:1")
			     PEER(KEY_C, "c.example:1") PEER(KEY_A, "last.example:2")
			     PEER(KEY_B, "192.0.2.1:1")
			     "[Peer]\nPublicKey=" KEY_C "\nAllowedIPs=10.0.0.3/32\n");
	names_read(names, NULL, 0);
	assert_int_equal(names->n, 2);
	assert_string_equal(find(names, "mt0", KEY_A)->host, "last.example");
	assert_int_equal(find(names, "mt0", KEY_A)->port, htons(2));
	assert_null(find(names, "mt0", KEY_B));
	assert_string_equal(find(names, "mt0", KEY_C)->host, "c.example");
}

/* In place of the C library's and of ours: there is no memory. */
static bool no_memory_glob, no_memory_parse;

int __wrap_glob(const char *pattern, int flags, glob_error error, glob_t *found)
{
	return no_memory_glob ? GLOB_NOSPACE : __real_glob(pattern, flags, error, found);
}

int __wrap_tunnel_file_parse(struct config *cfg, const char *path)
{
	return no_memory_parse ? -ENOMEM : __real_tunnel_file_parse(cfg, path);
}

/* What could not be read for lack of memory is not gone. */
static void test_no_memory(void **state)
{
	struct names *names = *state;

	put_names("mt0.conf", PEER(KEY_A, "a.example:7"));
	assert_int_equal(names_read(names, NULL, 0), 0);
	no_memory_glob = true;
	assert_int_equal(names_read(names, NULL, 0), -ENOMEM);
	assert_non_null(find(names, "mt0", KEY_A));
	no_memory_glob = false;
	no_memory_parse = true;
	assert_int_equal(names_read(names, NULL, 0), -ENOMEM);
	assert_non_null(find(names, "mt0", KEY_A));
	no_memory_parse = false;
	assert_int_equal(names_read(names, NULL, 0), 0);
	assert_int_equal(names->n, 1);
}

static void test_complaints(void **state)
{
	struct names *names = *state;
	char log[512] = "";
	FILE *out = fmemopen(log, sizeof(log), "w");

	put_names("wrong.conf", "[Interface]\nNonsense = 1\n");
	put_names("not a device.conf", "");
	assert_int_equal(names_read(names, out, 0), 0);
	fclose(out);
	assert_non_null(strstr(log, "wrong.conf:2: Line unrecognized: `Nonsense'"));
	assert_non_null(strstr(log, "not a device.conf: The name must be that of a device"));
}

/* A name that stays keeps its time; one that is another is due at once; one may go. */
static void test_reread(void **state)
{
	struct names *names = *state;
	struct name *name;

	put_names("mt0.conf", PEER(KEY_A, "a.example:7") PEER(KEY_B, "b.example:7")
			     PEER(KEY_C, "c.example:7"));
	names_read(names, NULL, 1000);
	while ((name = names_due(names, 1000)))
		name_alive(names, name, 1000);
	find(names, "mt0", KEY_A)->busy = true;
	put_names("mt0.conf", PEER(KEY_A, "a.example:7") PEER(KEY_B, "other.example:7"));
	names_read(names, NULL, 2000);
	assert_int_equal(names->n, 2);
	assert_int_equal(find(names, "mt0", KEY_A)->due, 1000 + INTERVAL);
	assert_true(find(names, "mt0", KEY_A)->busy);
	assert_int_equal(find(names, "mt0", KEY_B)->due, 2000);
	assert_int_equal(names->reread, 2000 + INTERVAL);
	assert_ptr_equal(names_due(names, 2000), find(names, "mt0", KEY_B));
}

/* Without names, the files are read again all the same. */
static void test_next(void **state)
{
	struct names *names = *state;
	struct name *name;

	names_read(names, NULL, 5);
	assert_int_equal(names_next(names), 5 + INTERVAL);
	put_names("mt0.conf", PEER(KEY_A, "a.example:7"));
	names_read(names, NULL, 10);
	assert_int_equal(names_next(names), 10);
	name = names_due(names, 10);
	name->busy = true;
	assert_null(names_due(names, 10));
	assert_int_equal(names_next(names), 10 + INTERVAL);
	assert_null(names_due(names, 9));
}

/* There are more dead peers than can be looked at in time: each has its turn all the same. */
static void test_turns(void **state)
{
	static const char *const keys[] = { KEY_A, KEY_B, KEY_C };
	struct names *names = *state;
	struct name *name;
	int64_t now = 0;
	size_t i;

	put_names("mt0.conf", PEER(KEY_A, "a.example:7") PEER(KEY_B, "b.example:7")
			     PEER(KEY_C, "c.example:7"));
	names_read(names, NULL, now);
	/* one at a time, each for longer than the interval */
	for (i = 0; i < 6; i++) {
		name = names_due(names, now);
		assert_non_null(name);
		now += 2 * INTERVAL;
		name_tried(names, name, now);
	}
	for (i = 0; i < 3; i++)
		assert_true(find(names, "mt0", keys[i])->last >= now - 3 * 2 * INTERVAL);
}

static void test_schedule(void **state)
{
	struct names *names = *state;
	struct name *name;
	int64_t now = 1000000, delays[8], i;

	put_names("mt0.conf", PEER(KEY_A, "a.example:7"));
	names_read(names, NULL, now);
	name = names_due(names, now);
	assert_non_null(name);
	name_tried(names, name, now);
	assert_int_equal(name->due, now + INTERVAL);
	/* dead: at once, unless it was tried a moment ago */
	name_hurry(name, now + 60000);
	assert_int_equal(name->due, now + 60000);
	name_tried(names, name, now + 60000);
	name_hurry(name, now + 61000);
	assert_int_equal(name->due, now + 65000);
	/* then with longer and longer delays, up to the usual one */
	now += 65000;
	for (i = 0; i < 8; i++) {
		name_tried(names, name, now);
		delays[i] = name->due - now;
		now = name->due;
	}
	assert_int_equal(delays[0], 5000);
	assert_int_equal(delays[1], 10000);
	assert_int_equal(delays[4], 80000);
	assert_int_equal(delays[5], INTERVAL);
	assert_int_equal(delays[7], INTERVAL);
	/* dying all the time does not make it more often than each 5 s */
	for (i = 0; i < 100; i++)
		name_hurry(name, name->last + 100);
	assert_int_equal(name->due, name->last + NAME_FIRST_DELAY_MS);
	name_alive(names, name, now);
	assert_int_equal(name->due, now + INTERVAL);
	assert_int_equal(name->delay, INTERVAL);
}

static union endpoint address(const char *text, uint16_t port)
{
	union endpoint ep = { 0 };

	if (inet_pton(AF_INET, text, &ep.sin.sin_addr) == 1) {
		ep.sa.sa_family = AF_INET;
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &ep.sin6.sin6_addr), 1);
		ep.sa.sa_family = AF_INET6;
	}
	ep.sin.sin_port = htons(port);
	return ep;
}

#define NOW 1795225741

static void test_choose(void **state)
{
	struct answer answer = { .n = 2, .addrs = { address("2001:db8::1", 7),
						    address("192.0.2.1", 7) } };
	struct peer peer = { .flags = PEER_HAS_ENDPOINT, .endpoint = address("192.0.2.9", 7) };
	const union endpoint *first = &answer.addrs[0];

	(void)state;
	/* elsewhere, and never heard of */
	assert_ptr_equal(resolve_choose(&peer, &answer, NOW), first);
	assert_ptr_equal(resolve_choose(&peer, &answer, 5), first);
	/* elsewhere, but alive: it has roamed */
	peer.last_handshake.tv_sec = NOW - 135;
	assert_null(resolve_choose(&peer, &answer, NOW));
	peer.last_handshake.tv_sec = NOW;
	assert_null(resolve_choose(&peer, &answer, NOW));
	peer.last_handshake.tv_sec = NOW - 136;
	assert_ptr_equal(resolve_choose(&peer, &answer, NOW), first);
	/* the clock was set back: a little, and so far that it says nothing */
	peer.last_handshake.tv_sec = NOW + 135;
	assert_null(resolve_choose(&peer, &answer, NOW));
	peer.last_handshake.tv_sec = NOW + 136;
	assert_ptr_equal(resolve_choose(&peer, &answer, NOW), first);
	/* one of its addresses, not the first */
	peer.last_handshake.tv_sec = 0;
	peer.endpoint = address("192.0.2.1", 7);
	assert_null(resolve_choose(&peer, &answer, NOW));
	peer.endpoint = address("192.0.2.1", 8);
	assert_ptr_equal(resolve_choose(&peer, &answer, NOW), first);
	peer.flags = 0;
	peer.endpoint = address("2001:db8::1", 7);
	assert_ptr_equal(resolve_choose(&peer, &answer, NOW), first);
	answer.err = EAI_NONAME;
	assert_null(resolve_choose(&peer, &answer, NOW));
	answer.err = 0;
	answer.n = 0;
	assert_null(resolve_choose(&peer, &answer, NOW));
}

/* Wait for the answer of a place. */
static void wait_answer(struct resolver *resolver, struct resolution *place,
			struct answer *answer)
{
	struct pollfd fds[RESOLVE_RUNNING];

	resolver_fds(resolver, fds);
	assert_int_equal(fds[place - resolver->running].fd, place->fd);
	assert_int_equal(poll(&fds[place - resolver->running], 1, 30000), 1);
	resolver_finish(place, answer);
	assert_int_equal(place->pid, 0);
}

static void test_lookup(void **state)
{
	struct resolver resolver;
	struct resolution *place;
	char name[NI_MAXHOST + 1] = "";
	struct answer answer;

	(void)state;
	resolver_init(&resolver);
	place = resolver_place(&resolver);
	assert_int_equal(resolver_start(&resolver, place, "localhost", htons(7), 0), 0);
	wait_answer(&resolver, place, &answer);
	assert_int_equal(answer.err, 0);
	assert_true(answer.n >= 1);
	assert_int_equal(answer.addrs[0].sin.sin_port, htons(7));
	assert_int_equal(resolver_start(&resolver, place, "no-such-host.invalid", 0, 0), 0);
	wait_answer(&resolver, place, &answer);
	assert_int_not_equal(answer.err, 0);
	/* what no peer can be at */
	resolve_lookup("255.255.255.255", 0, &answer);
	assert_int_equal(answer.err, EAI_NONAME);
	/* what went wrong, by its own name */
	answer.err = EAI_SYSTEM;
	answer.sys_err = EMFILE;
	assert_string_equal(resolve_error(&answer), strerror(EMFILE));
	answer.err = EAI_NONAME;
	assert_string_equal(resolve_error(&answer), gai_strerror(EAI_NONAME));
	/* longer than any name */
	memset(name, 'x', sizeof(name) - 1);
	assert_int_equal(resolver_start(&resolver, place, name, 0, 0), -ENAMETOOLONG);
	assert_ptr_equal(resolver_place(&resolver), place);
	resolver_close(&resolver);
}

static void hang(const char *host, in_port_t port, struct answer *answer)
{
	(void)host;
	(void)port;
	(void)answer;
	sleep(60);
}

static void crash(const char *host, in_port_t port, struct answer *answer)
{
	(void)host;
	(void)port;
	(void)answer;
	_exit(3);
}

/* Nobody waits for one that hangs, and in time it is ended. */
static void test_hang(void **state)
{
	struct resolver resolver;
	struct resolution *place;
	struct answer answer;
	int64_t before = now_ms();
	int i;

	(void)state;
	resolver_init(&resolver);
	resolver.lookup = hang;
	for (i = 0; i < RESOLVE_RUNNING; i++) {
		place = resolver_place(&resolver);
		assert_int_equal(resolver_start(&resolver, place, "x", 0, 100), 0);
	}
	assert_null(resolver_place(&resolver));
	assert_int_equal(resolver_expire(&resolver, 30099), 30100);
	assert_int_equal(resolver_expire(&resolver, 30100), INT64_MAX);
	wait_answer(&resolver, place, &answer);
	assert_int_equal(answer.err, EAI_AGAIN);
	assert_int_equal(answer.n, 0);
	assert_ptr_equal(resolver_place(&resolver), place);
	resolver_close(&resolver);
	assert_true(now_ms() - before < 20000);
}

static void test_crash(void **state)
{
	struct resolver resolver;
	struct resolution *place;
	struct answer answer;

	(void)state;
	resolver_init(&resolver);
	resolver.lookup = crash;
	place = resolver_place(&resolver);
	assert_int_equal(resolver_start(&resolver, place, "x", 0, 0), 0);
	wait_answer(&resolver, place, &answer);
	assert_int_equal(answer.err, EAI_AGAIN);
	resolver_close(&resolver);
}

#define NAMES_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NAMES_TEST(test_files),
		NAMES_TEST(test_first_without_names),
		NAMES_TEST(test_twice),
		NAMES_TEST(test_no_memory),
		NAMES_TEST(test_complaints),
		NAMES_TEST(test_reread),
		NAMES_TEST(test_next),
		NAMES_TEST(test_turns),
		NAMES_TEST(test_schedule),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_hang),
		cmocka_unit_test(test_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
