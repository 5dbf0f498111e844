// SPDX-License-Identifier: GPL-2.0
/* The parser: files, arguments, and above all what it refuses. */
#include <fcntl.h>
#include <arpa/inet.h>

#include "endpoint.h"
#include "show.h"
#include "temp.h"

static struct device *parse_args(char *const *args, char *log, size_t room, int *ret)
{
	struct config cfg = { .dev = device_alloc() };

	memset(log, 0, room);
	cfg.log = fmemopen(log, room, "w");
	*ret = config_read_args(&cfg, args);
	fclose(cfg.log);
	return cfg.dev;
}

#define ARGS(...) ((char *const []){ __VA_ARGS__, NULL })

static void test_example(void **state)
{
	struct device *dev = parse_good("[Interface]\n"
					"PrivateKey = " KEY_A "\n"
					"ListenPort = 51820\n"
					"FwMark = 0xca6c\n"
					"\n"
					"[Peer]\n"
					"PublicKey = " KEY_B "\n"
					"PresharedKey = " KEY_C "\n"
					"Endpoint = 192.95.5.67:1234\n"
					"AllowedIPs = 10.192.122.3/32, 10.192.124.0/24\n"
					"AllowedIPs = fd00::/64\n"
					"PersistentKeepalive = 25\n"
					"[Peer]\n"
					"PublicKey = " KEY_C "\n"
					"Endpoint = [2607:5300:60:6b0::c05f:543]:2468\n");
	struct peer *peer = dev->peers;
	uint8_t key[KEY_LEN];

	(void)state;
	key_from_base64(key, KEY_A);
	assert_memory_equal(dev->private_key, key, KEY_LEN);
	assert_int_equal(dev->flags, DEVICE_HAS_PRIVATE_KEY | DEVICE_HAS_LISTEN_PORT |
			 DEVICE_HAS_FWMARK);
	assert_int_equal(dev->listen_port, 51820);
	assert_int_equal(dev->fwmark, 0xca6c);
	assert_int_equal(dev->n_peers, 2);
	assert_int_equal(peer->flags, PEER_HAS_PUBLIC_KEY | PEER_HAS_PRESHARED_KEY |
			 PEER_HAS_ENDPOINT | PEER_HAS_KEEPALIVE | PEER_REPLACE_ALLOWEDIPS);
	assert_int_equal(peer->keepalive, 25);
	assert_int_equal(peer->n_ips, 3);
	assert_int_equal(peer->ips[0].prefix_len, 32);
	assert_int_equal(peer->ips[1].prefix_len, 24);
	assert_int_equal(peer->ips[2].family, AF_INET6);
	assert_int_equal(peer->ips[2].prefix_len, 64);
	assert_int_equal(ntohs(peer->endpoint.sin.sin_port), 1234);
	assert_int_equal(peer->endpoint.sin.sin_addr.s_addr, inet_addr("192.95.5.67"));
	assert_int_equal(peer->next->endpoint.sa.sa_family, AF_INET6);
	assert_int_equal(ntohs(peer->next->endpoint.sin6.sin6_port), 2468);
	device_free(dev);
}

/* Case, white space, comments, CRLF, a last line without an end: as wg takes them. */
static void test_free_form(void **state)
{
	struct device *dev = parse_good("# first\r\n"
					"[ interface ] # comment\r\n"
					"  listenport\t=\t5#0\r\n"
					"FWMARK=off\r\n"
					"\t\r\n"
					"[PEER]\r\n"
					"publickey=" KEY_A "\r\n"
					"ALLOWEDIPS =\r\n"
					"persistentKeepalive = OFF\r\n"
					"endPoint = [ ::1 ] : 7");

	(void)state;
	assert_int_equal(dev->listen_port, 5);
	assert_int_equal(dev->flags, DEVICE_HAS_LISTEN_PORT | DEVICE_HAS_FWMARK);
	assert_int_equal(dev->peers->n_ips, 0);
	assert_int_equal(ntohs(dev->peers->endpoint.sin6.sin6_port), 7);
	device_free(dev);
	device_free(parse_good(""));
}

static void test_signs(void **state)
{
	struct device *dev = parse_good("[Peer]\nPublicKey=" KEY_A "\n"
					"AllowedIPs = +10.0.0.0/8, -10.1.0.0/16, 10.2.0.0/16\n");
	struct peer *peer = dev->peers;

	(void)state;
	assert_false(peer->flags & PEER_REPLACE_ALLOWEDIPS);
	assert_false(peer->ips[0].remove);
	assert_true(peer->ips[1].remove);
	assert_false(peer->ips[2].remove);
	device_free(dev);
}

static void test_scope_and_name(void **state)
{
	struct device *dev = parse_good("[Peer]\nPublicKey=" KEY_A "\nEndpoint = [fe80::1%lo]:5\n"
					"[Peer]\nPublicKey=" KEY_B "\nEndpoint = host.example:6\n"
					"[Peer]\nPublicKey=" KEY_C "\nEndpoint = ::1:7\n");

	(void)state;
	assert_int_equal(dev->peers->endpoint.sin6.sin6_scope_id, if_nametoindex("lo"));
	assert_null(dev->peers->endpoint_host);
	assert_string_equal(dev->peers->next->endpoint_host, "host.example");
	assert_int_equal(ntohs(dev->peers->next->endpoint.sin.sin_port), 6);
	assert_int_equal(ntohs(dev->last_peer->endpoint.sin6.sin6_port), 7);
	device_free(dev);
}

/* A tunnel goes down without the link of an endpoint; to come up it must be there. */
static void test_missing_link(void **state)
{
	static const char text[] = "\n[Peer]\nPublicKey = " KEY_A "\n"
				   "Endpoint = [fe80::1%nosuchlink]:5\n";
	struct device *dev = parse_good(text);
	FILE *out;
	char *shown;
	size_t len;

	(void)state;
	assert_string_equal(dev->peers->endpoint_host, "fe80::1%nosuchlink");
	assert_int_equal(ntohs(dev->peers->endpoint.sin.sin_port), 5);
	out = open_memstream(&shown, &len);
	show_config_peers(out, dev, false);
	fclose(out);
	assert_string_equal(shown, text);
	free(shown);
	assert_int_equal(endpoints_resolve(dev, "F"), -EHOSTUNREACH);
	device_free(dev);
}

/* Where the name's '=' is missing, the key's is the first; what is before it stays secret. */
static void test_no_equals(void **state)
{
	static const char *const texts[] = { "PrivateKey: " KEY_A "\n", KEY_A "\n" };
	char log[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_refused(parse_file(texts[i], strlen(texts[i]), log, sizeof(log)), texts[i],
			       log, "F:1: Line unrecognized: what is before its `=' is no name\n");
}

#define PEER "[Peer]\nPublicKey=" KEY_A "\n"

static void test_bad_files(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ "Foo = 1\n", "F:1: Line unrecognized: `Foo'" },
		{ "[Foo]\n", "F:1: Unknown section: `[Foo]'" },
		{ "[Interface\n", "F:1: Unknown section: `[Interface'" },
		{ "\n\n[Interface]\nListenPort\n", "F:4: Line unrecognized" },
		{ "[Interface]\nPublicKey=" KEY_A "\n", "F:2: PublicKey belongs under [Peer]" },
		{ PEER "ListenPort=6\n", "F:3: ListenPort belongs under [Interface]" },
		{ "ListenPort=6\n", "F:1: ListenPort belongs under [Interface]" },
		{ "[Interface]\nListenPort=\n", "F:2: ListenPort: Port is not 0-65535: `'" },
		{ "[Interface]\nListenPort=65536\n", "`65536'" },
		{ "[Interface]\nListenPort=-1\n", "`-1'" },
		{ "[Interface]\nListenPort=0x10\n", "`0x10'" },
		{ "[Interface]\nListenPort=18446744073709551617\n", "ListenPort" },
		{ "[Interface]\nFwMark=0x100000000\n", "F:2: FwMark: " },
		{ "[Interface]\nFwMark=0x\n", "`0x'" },
		{ "[Interface]\nFwMark=12z\n", "`12z'" },
		{ "[Interface]\nPrivateKey=\n", "F:2: PrivateKey: Key is not" },
		{ "[Interface]\nPrivateKey=(none)\n", "F:2: PrivateKey: Key is not" },
		{ "[Peer]\n", "F:1: A peer is missing a public key" },
		{ "[Peer]\nEndpoint=1.2.3.4:5\n" PEER, "F:1: A peer is missing a public key" },
		{ "[Peer]\nPublicKey=abc\n",
		  "F:2: PublicKey: Key is not the correct length or format: `abc'" },
		{ PEER "PresharedKey=abc\n", "F:3: PresharedKey: Key is not" },
		{ PEER "AllowedIPs=10.0.0.0/8,\n",
		  "F:3: AllowedIPs: Unable to parse IP address: `'" },
		{ PEER "AllowedIPs=10.0.0.0/8,,::/0\n", "address: `'" },
		{ PEER "AllowedIPs=10.0.0.0/33\n", "`10.0.0.0/33'" },
		{ PEER "AllowedIPs=::/129\n", "`::/129'" },
		{ PEER "AllowedIPs=10.0.0.0/\n", "`10.0.0.0/'" },
		{ PEER "AllowedIPs=10.0.0.0/-1\n", "`10.0.0.0/-1'" },
		{ PEER "AllowedIPs=10.0.0.0/8/8\n", "`10.0.0.0/8/8'" },
		{ PEER "AllowedIPs=10.0.0/8\n", "`10.0.0'" },
		{ PEER "AllowedIPs=foo\n", "`foo'" },
		{ PEER "AllowedIPs=++1.1.1.1\n", "`+1.1.1.1'" },
		{ PEER "Endpoint=\n", "F:3: Endpoint: Unable to parse empty endpoint" },
		{ PEER "Endpoint=1.2.3.4\n", "Unable to find port of endpoint: `1.2.3.4'" },
		{ PEER "Endpoint=1.2.3.4:\n", "Unable to find port" },
		{ PEER "Endpoint=1.2.3.4:0\n", "Port of endpoint" },
		{ PEER "Endpoint=1.2.3.4:65536\n", "Port of endpoint" },
		{ PEER "Endpoint=1.2.3.4:http\n", "Port of endpoint" },
		{ PEER "Endpoint=1.2.3.256:5\n", "neither an address nor a host name" },
		{ PEER "Endpoint=0.0.0.0:5\n",
		  "F:3: Endpoint: Endpoint is not the address of one host: `0.0.0.0:5'" },
		{ PEER "Endpoint=224.0.0.1:5\n", "not the address of one host" },
		{ PEER "Endpoint=255.255.255.255:5\n", "not the address of one host" },
		{ PEER "Endpoint=[::]:5\n", "not the address of one host" },
		{ PEER "Endpoint=[ff02::1]:5\n", "not the address of one host" },
		{ PEER "Endpoint=[::ffff:1.2.3.4]:5\n", "not the address of one host" },
		{ PEER "Endpoint=1.2.3:5\n", "neither an address nor a host name" },
		{ PEER "Endpoint=:5\n", "neither an address nor a host name" },
		{ PEER "Endpoint=[]:5\n", "neither an address nor a host name" },
		{ PEER "Endpoint=[::1\n", "matching brace" },
		{ PEER "Endpoint=[::1]5\n", "Unable to find port" },
		{ PEER "Endpoint=[fe80::1%]:5\n", "neither an address nor a host name" },
		{ PEER "Endpoint=[fe80::1%a%b]:5\n", "neither an address nor a host name" },
		{ PEER "Endpoint=[fe80::x%nosuchlink]:5\n", "neither an address nor a host name" },
		{ PEER "Endpoint=[fd00::1%nosuchlink]:5\n", "neither an address nor a host name" },
		{ PEER "Endpoint=[ff02::1%nosuchlink]:5\n", "neither an address nor a host name" },
		{ PEER "Endpoint=[fe80::1%too-long-for-a-link]:5\n",
		  "neither an address nor a host name" },
		{ PEER "PersistentKeepalive=65536\n", "F:3: PersistentKeepalive: " },
		{ PEER "PersistentKeepalive=1s\n", "`1s'" },
	};
	char log[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device *dev = parse_file(cases[i].text, strlen(cases[i].text), log,
						sizeof(log));

		assert_refused(dev, cases[i].text, log, cases[i].message);
	}
}

/* A key that was mistyped is still a key: it is not to be found in the message. */
static void test_no_secret_in_message(void **state)
{
	static const char *const texts[] = {
		"[Interface]\nPrivateKey = SECRETSECRET\n",
		"[Interface]\nPrivateKy = SECRETSECRET\n",
		"[Interface]\nPrivateKey SECRETSECRET\n",
		PEER "PresharedKey = SECRETSECRET\n",
	};
	char log[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_null(parse_file(texts[i], strlen(texts[i]), log, sizeof(log)));
		assert_null(strstr(log, "SECRET"));
	}
}

static void test_nul_and_warning(void **state)
{
	static const char nul[] = "[Interface]\nListen\0Port=1\n";
	static const char host[] = PEER "AllowedIPs = 10.0.0.1/8, fe80::1/10\n";
	struct device *dev;
	char log[512];

	(void)state;
	assert_null(parse_file(nul, sizeof(nul) - 1, log, sizeof(log)));
	assert_string_equal(log, "F:2: Line contains a NUL\n");
	dev = parse_file(host, strlen(host), log, sizeof(log));
	assert_non_null(dev);
	assert_non_null(strstr(log, "Warning: AllowedIP has nonzero host part: 10.0.0.1/8\n"));
	assert_non_null(strstr(log, "Warning: AllowedIP has nonzero host part: fe80::1/10\n"));
	assert_int_equal(ntohl(dev->peers->ips[0].addr.ip4.s_addr), 10U << 24);
	device_free(dev);
}

static void test_args(void **state)
{
	char log[512];
	int ret;
	struct device *dev = parse_args(ARGS("listen-port", "5", "fwmark", "0xffffffff",
					     "peer", KEY_A, "remove",
					     "peer", KEY_B, "endpoint", "1.2.3.4:5",
					     "persistent-keepalive", "off", "allowed-ips", "",
					     "cipher", "aes-256-gcm",
					     "peer", KEY_C, "allowed-ips", "+10.0.0.0/8,-::1"),
					log, sizeof(log), &ret);
	struct peer *peer = dev->peers;

	(void)state;
	assert_int_equal(ret, 0);
	assert_string_equal(log, "");
	assert_int_equal(dev->fwmark, 0xffffffff);
	assert_int_equal(peer->flags, PEER_HAS_PUBLIC_KEY | PEER_REMOVE);
	peer = peer->next;
	assert_int_equal(peer->flags, PEER_HAS_PUBLIC_KEY | PEER_HAS_ENDPOINT |
			 PEER_HAS_KEEPALIVE | PEER_REPLACE_ALLOWEDIPS | PEER_HAS_CIPHER);
	assert_int_equal(peer->cipher, MYTUN_CIPHER_AES_256_GCM);
	assert_int_equal(peer->n_ips, 0);
	peer = peer->next;
	assert_int_equal(peer->flags, PEER_HAS_PUBLIC_KEY);
	assert_int_equal(peer->n_ips, 2);
	assert_true(peer->ips[1].remove);
	assert_int_equal(peer->ips[1].prefix_len, 128);
	device_free(dev);
}

static void test_bad_args(void **state)
{
	const struct {
		char *const *args;
		const char *message;
	} cases[] = {
		{ ARGS("bogus"), "Invalid argument: bogus\n" },
		{ ARGS("peer"), "Invalid argument: peer\n" },
		{ ARGS("remove"), "Invalid argument: remove\n" },
		{ ARGS("LISTEN-PORT", "5"), "Invalid argument: LISTEN-PORT\n" },
		{ ARGS("listen-port"), "Invalid argument: listen-port: a value is missing\n" },
		{ ARGS("listen-port", "70000"), "listen-port: Port is not 0-65535: `70000'\n" },
		{ ARGS("allowed-ips", "::/0"), "Invalid argument: allowed-ips\n" },
		{ ARGS("peer", KEY_A, "listen-port", "5"), "Invalid argument: listen-port\n" },
		{ ARGS("peer", "xx"), "peer: Key is not the correct length or format: `xx'\n" },
		{ ARGS("peer", KEY_A, "endpoint", "nothing"),
		  "endpoint: Unable to find port of endpoint: `nothing'\n" },
		{ ARGS("private-key", "/nonexistent/key"),
		  "private-key: /nonexistent/key: No such file or directory\n" },
		{ ARGS("cipher", "auto"), "Invalid argument: cipher\n" },
		{ ARGS("peer", KEY_A, "cipher", "none"),
		  "cipher: Cipher is not auto, chacha20-poly1305 or aes-256-gcm: `none'\n" },
		{ ARGS("private-key", "/"), "private-key: /: Is a directory\n" },
	};
	struct device *dev;
	char log[512];
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dev = parse_args(cases[i].args, log, sizeof(log), &ret);
		assert_true(ret < 0);
		assert_string_equal(log, cases[i].message);
		device_free(dev);
	}
}

/* Return: 0 when a key file of this content is taken, with the key in @key. */
static int read_key_file(const void *content, size_t len, uint8_t key[KEY_LEN])
{
	char dir[TEMP_LEN], log[512];
	struct device *dev;
	FILE *out;
	int ret;

	assert_int_equal(temp_enter(dir), 0);
	out = fopen("key", "w");
	assert_int_equal(fwrite(content, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
	dev = parse_args(ARGS("private-key", "key"), log, sizeof(log), &ret);
	assert_int_equal(temp_leave(dir), 0);
	if (!ret) {
		assert_true(dev->flags & DEVICE_HAS_PRIVATE_KEY);
		memcpy(key, dev->private_key, KEY_LEN);
	}
	device_free(dev);
	return ret;
}

static void test_key_files(void **state)
{
	uint8_t key[KEY_LEN], a[KEY_LEN];

	(void)state;
	key_from_base64(a, KEY_A);
	assert_int_equal(read_key_file(KEY_A, 44, key), 0);
	assert_memory_equal(key, a, KEY_LEN);
	assert_int_equal(read_key_file(KEY_A "\r\n", 46, key), 0);
	assert_memory_equal(key, a, KEY_LEN);
	assert_int_equal(read_key_file("", 0, key), 0);
	assert_true(key_is_zero(key));
	assert_int_equal(read_key_file("\n", 1, key), -EINVAL);
	assert_int_equal(read_key_file(KEY_A " x", 46, key), -EINVAL);
	assert_int_equal(read_key_file(KEY_A "\0x", 46, key), -EINVAL);
	assert_int_equal(read_key_file(KEY_A KEY_A KEY_A KEY_A, 176, key), -EINVAL);
	assert_int_equal(read_key_file(KEY_A, 43, key), -EINVAL);
}

static void test_dev_null_clears(void **state)
{
	char log[512];
	int ret;
	struct device *dev = parse_args(ARGS("private-key", "/dev/null", "peer", KEY_A,
					     "preshared-key", "/dev/null"), log, sizeof(log), &ret);

	(void)state;
	assert_int_equal(ret, 0);
	assert_true(dev->flags & DEVICE_HAS_PRIVATE_KEY);
	assert_true(dev->peers->flags & PEER_HAS_PRESHARED_KEY);
	assert_true(key_is_zero(dev->private_key));
	assert_true(key_is_zero(dev->peers->preshared_key));
	device_free(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_free_form),
		cmocka_unit_test(test_signs),
		cmocka_unit_test(test_scope_and_name),
		cmocka_unit_test(test_missing_link),
		cmocka_unit_test(test_no_equals),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_no_secret_in_message),
		cmocka_unit_test(test_nul_and_warning),
		cmocka_unit_test(test_args),
		cmocka_unit_test(test_bad_args),
		cmocka_unit_test(test_key_files),
		cmocka_unit_test(test_dev_null_clears),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
