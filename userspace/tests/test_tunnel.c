// SPDX-License-Identifier: GPL-2.0
/* The fields of `up`: those of wg-quick(8), and our own in "#!" lines. */
#include <arpa/inet.h>

#include "save.h"
#include "test_tunnel.h"

/* Return: the tunnel; NULL after an error, whose text is then in @log. */
static struct tunnel *parse_log(const char *text, char *log, size_t room)
{
	struct tunnel *tun;
	FILE *out;

	memset(log, 0, room);
	out = fmemopen(log, room, "w");
	tun = parse_tunnel(text, out);
	fclose(out);
	return tun;
}

static struct tunnel *parse(const char *text)
{
	char log[512];
	struct tunnel *tun = parse_log(text, log, sizeof(log));

	assert_string_equal(log, "");
	assert_non_null(tun);
	return tun;
}

/* The example of a client in wg-quick(8). */
static void test_client(void **state)
{
	struct tunnel *tun =
		parse("[Interface]\n"
		      "Address = 10.200.100.8/24\n"
		      "DNS = 10.200.100.1\n"
		      "PrivateKey = oK56DE9Ue9zK76rAc8pBl6opph+1v36lm7cXXsQKrQM=\n"
		      "\n"
		      "[Peer]\n"
		      "PublicKey = GtL7fZc/bLnqZldpVofMCD6hDjrK28SsdLxevJ+qtKU=\n"
		      "PresharedKey = /UwcSPg38hW/D9Y3tcS1FOV0K1wuURMbS0sesJEP5ak=\n"
		      "AllowedIPs = 0.0.0.0/0\n"
		      "Endpoint = demo.wireguard.com:51820\n");

	(void)state;
	assert_int_equal(tun->n_addresses, 1);
	/* the bits behind the prefix are the address of the host */
	assert_int_equal(ntohl(tun->addresses[0].addr.ip4.s_addr), 0x0ac86408);
	assert_int_equal(tun->addresses[0].prefix_len, 24);
	assert_int_equal(tun->dns.n, 1);
	assert_string_equal(tun->dns.items[0], "10.200.100.1");
	assert_int_equal(tun->search.n, 0);
	assert_int_equal(tun->mtu, 0);
	assert_null(tun->table);
	assert_false(tun->save);
	assert_string_equal(tun->dev->peers->endpoint_host, "demo.wireguard.com");
	tunnel_free(tun);
}

/* Several values for a key, in one line and in many; words with white space or commas between. */
static void test_many(void **state)
{
	struct tunnel *tun =
		parse("[Interface]\n"
		      "Address = 10.192.122.1/24, fd00::1/64\n"
		      "address=10.10.0.1/16 fd01::1\n"
		      "DNS = 1.1.1.1, corp.example\t2606:4700::1111,\n"
		      "dns = example.org,9.9.9.9, fe80::1%eth0\n"
		      "MTU = 1280\n"
		      "Table = 1234\n"
		      "saveconfig = TRUE\n"
		      "PreUp = echo a = %i; echo b # comment\n"
		      "PreUp = echo  'two  words'\n"
		      "PostUp = ip rule add ipproto tcp dport 22 table 1234\n"
		      "PreDown=x\n"
		      "PostDown = y");

	(void)state;
	assert_int_equal(tun->n_addresses, 4);
	assert_int_equal(tun->addresses[1].family, AF_INET6);
	assert_int_equal(tun->addresses[2].prefix_len, 16);
	assert_int_equal(tun->addresses[3].prefix_len, 128);
	assert_int_equal(tun->dns.n, 4);
	assert_string_equal(tun->dns.items[1], "2606:4700::1111");
	assert_string_equal(tun->dns.items[3], "fe80::1%eth0");
	assert_int_equal(tun->search.n, 2);
	assert_string_equal(tun->search.items[1], "example.org");
	assert_int_equal(tun->mtu, 1280);
	assert_string_equal(tun->table, "1234");
	assert_true(tun->save);
	assert_int_equal(tun->hooks[HOOK_PRE_UP].n, 2);
	assert_string_equal(tun->hooks[HOOK_PRE_UP].items[0], "echo a = %i; echo b");
	assert_string_equal(tun->hooks[HOOK_PRE_UP].items[1], "echo  'two  words'");
	assert_string_equal(tun->hooks[HOOK_POST_UP].items[0],
			    "ip rule add ipproto tcp dport 22 table 1234");
	assert_string_equal(tun->hooks[HOOK_PRE_DOWN].items[0], "x");
	assert_string_equal(tun->hooks[HOOK_POST_DOWN].items[0], "y");
	tunnel_free(tun);
}

static void test_table(void **state)
{
	struct tunnel *tun = parse("[Interface]\nTable = 7\nTable = AUTO\n");

	(void)state;
	assert_null(tun->table);
	tunnel_free(tun);
	tun = parse("[Interface]\nTable = Off\n");
	assert_string_equal(tun->table, "off");
	tunnel_free(tun);
	tun = parse("[Interface]\nTable = vpn_1.x-y\n");
	assert_string_equal(tun->table, "vpn_1.x-y");
	tunnel_free(tun);
}

static void test_extensions(void **state)
{
	struct tunnel *tun = parse("# ! a comment\n"
				   "[Interface]\n"
				   "#!KillSwitch=yes # comment\n"
				   "  #! gateway = YES\r\n"
				   "#! Timeout = 3600\n"
				   "#! PrivateKeyFile = /run/a key\n"
				   "ListenPort = 5 #! Foo = 1\n"
				   "[Peer]\n"
				   "PublicKey = " KEY_A "\n"
				   "#! Cipher = auto\n");

	(void)state;
	assert_true(tun->kill_switch);
	assert_true(tun->gateway);
	assert_int_equal(tun->timeout, 3600);
	assert_string_equal(tun->key_file, "/run/a key");
	assert_int_equal(tun->dev->peers->cipher, MYTUN_CIPHER_AUTO);
	tunnel_free(tun);
	tun = parse("[Interface]\n#! KillSwitch = yes\n#! KillSwitch = no\n#!\n#! # nothing\n");
	assert_false(tun->kill_switch);
	tunnel_free(tun);
}

#define INTERFACE "[Interface]\n"
#define PEER "[Peer]\nPublicKey=" KEY_A "\n"

static void test_bad_files(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ INTERFACE "Adr = 10.0.0.1\n", "F:2: Line unrecognized: `Adr'\n" },
		{ "Address = 10.0.0.1\n", "F:1: Address belongs under [Interface]\n" },
		{ PEER "DNS = 10.0.0.1\n", "F:3: DNS belongs under [Interface]\n" },
		{ INTERFACE "Address = 10.0.0.1/33\n",
		  "F:2: Address: Prefix is not in the correct format: `10.0.0.1/33'\n" },
		{ INTERFACE "Address = 10.0.0.1/8/8\n", "`10.0.0.1/8/8'" },
		{ INTERFACE "Address = 10.0.0.1, host\n",
		  "F:2: Address: Unable to parse IP address: `host'\n" },
		{ INTERFACE "DNS = 1.1.1.300\n",
		  "F:2: DNS: Neither an address nor a domain: `1.1.1.300'\n" },
		{ INTERFACE "DNS = a;b\n", "`a;b'" },
		{ INTERFACE "DNS = fe80::1::\n", "`fe80::1::'" },
		{ INTERFACE "DNS = fe80::1%\n", "`fe80::1%'" },
		{ INTERFACE "MTU = 67\n", "F:2: MTU: MTU is not 68-65455: `67'\n" },
		{ INTERFACE "MTU = 65456\n", "`65456'" },
		{ INTERFACE "MTU =\n", "`'" },
		{ INTERFACE "Table = a b\n",
		  "F:2: Table: Neither auto, off nor a table: `a b'\n" },
		{ INTERFACE "Table = -1\n", "`-1'" },
		{ INTERFACE "Table =\n", "`'" },
		{ INTERFACE "SaveConfig = yes\n",
		  "F:2: SaveConfig: Neither true nor false: `yes'\n" },
		{ INTERFACE "\n#! KillSwitch = true\n",
		  "F:3: KillSwitch: Neither yes nor no: `true'\n" },
		{ INTERFACE "#! Kill = yes\n", "F:2: Line with #! unrecognized: `Kill'\n" },
		{ INTERFACE "#! MTU = 1400\n", "F:2: Line with #! unrecognized: `MTU'\n" },
		{ "#!/bin/sh\n", "F:1: Line unrecognized: no `=' after the name\n" },
		{ INTERFACE "#! [Peer]\n", "F:2: Line unrecognized: no `=' after the name\n" },
		{ "#! KillSwitch = yes\n", "F:1: KillSwitch belongs under [Interface]\n" },
		{ INTERFACE "#! Cipher = auto\n", "F:2: Cipher belongs under [Peer]\n" },
		{ PEER "#! Cipher = aes\n",
		  "F:3: Cipher: Cipher is not auto, chacha20-poly1305 or aes-256-gcm: `aes'\n" },
		{ PEER "Cipher = auto\n", "F:3: Line unrecognized: `Cipher'\n" },
		{ INTERFACE "#! Timeout = 3601\n",
		  "F:2: Timeout: Timeout is not 0-3600 seconds: `3601'\n" },
		{ INTERFACE "#! Timeout = x\n", "F:2: Timeout: " },
		{ INTERFACE "PrivateKey = " KEY_A "\n\n#! PrivateKeyFile = k\n",
		  "F:4: PrivateKeyFile: PrivateKey and PrivateKeyFile exclude each other\n" },
		{ INTERFACE "#! PrivateKeyFile = k\nPrivateKey = " KEY_A "\n" PEER,
		  "F:3: PrivateKey: PrivateKey and PrivateKeyFile exclude each other\n" },
		{ INTERFACE "#! PrivateKeyFile =\n",
		  "F:2: PrivateKeyFile: The name of a file is missing\n" },
		{ INTERFACE "KillSwitch = yes\n", "F:2: Line unrecognized: `KillSwitch'\n" },
	};
	char log[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tunnel *tun = parse_log(cases[i].text, log, sizeof(log));

		assert_refused(tun, cases[i].text, log, cases[i].message);
	}
}

/*
 * Without `up` the fields of wg-quick are errors, and "#!" begins a comment, as for wg, but for
 * what a peer has in the kernel.
 */
static void test_wg_alone(void **state)
{
	static const char text[] = "[Interface]\nAddress = 10.0.0.1\n";
	char log[512];

	(void)state;
	assert_null(parse_file(text, sizeof(text) - 1, log, sizeof(log)));
	assert_string_equal(log, "F:2: Line unrecognized: `Address'\n");
	device_free(parse_good("[Interface]\n#! Gateway = aes\n#!/bin/wg\n#! Cipher\n"
			       "#! a very long name of nothing = 5\nListenPort = 5\n"));
}

static void test_override(void **state)
{
	struct tunnel *tun = parse(INTERFACE "ListenPort = 5\nMTU = 1300\n" PEER
				   "Endpoint = host.example:5\n");
	char log[512] = "";
	struct config cfg = { .dev = tun->dev, .tun = tun };
	uint8_t key[KEY_LEN];

	(void)state;
	cfg.log = fmemopen(log, sizeof(log), "w");
	assert_int_equal(config_override(&cfg, "--mtu", "MTU", "1400", false), 0);
	assert_int_equal(tun->mtu, 1400);
	assert_int_equal(config_override(&cfg, "V", "Endpoint", "10.0.0.1:7", false), 0);
	assert_null(tun->dev->peers->endpoint_host);
	assert_int_equal(tun->dev->peers->endpoint.sa.sa_family, AF_INET);
	assert_int_equal(config_override(&cfg, "V", "PrivateKey", KEY_B, false), 0);
	key_from_base64(key, KEY_B);
	assert_memory_equal(tun->dev->private_key, key, KEY_LEN);
	assert_int_equal(config_override(&cfg, "--listen-port", "ListenPort", "x", false), -EINVAL);
	assert_int_equal(config_override(&cfg, "KEY", "PrivateKey", "SECRET", false), -EINVAL);
	fclose(cfg.log);
	assert_string_equal(log, "--listen-port: Port is not 0-65535: `x'\n"
				 "KEY: Key is not the correct length or format\n");
	tunnel_free(tun);
}

/* What SaveConfig writes is read as the same again. */
static void test_save(void **state)
{
	static const char text[] = "[Interface]\n"
				   "Address = 10.192.122.1/24\n"
				   "Address = fd00::1/64\n"
				   "DNS = 1.1.1.1\n"
				   "DNS = corp.example\n"
				   "MTU = 1400\n"
				   "Table = off\n"
				   "SaveConfig = true\n"
				   "PreUp = echo %i\n"
				   "PostUp = a\n"
				   "PostUp = b\n"
				   "PreDown = c\n"
				   "PostDown = d\n"
				   "#! KillSwitch = yes\n"
				   "#! Gateway = yes\n"
				   "#! Timeout = 30\n"
				   "#! PrivateKeyFile = /k\n"
				   "ListenPort = 51820\n"
				   "\n"
				   "[Peer]\n"
				   "PublicKey = " KEY_B "\n"
				   "PresharedKey = " KEY_C "\n"
				   "AllowedIPs = 10.192.122.3/32, 10.192.124.0/24\n";
	struct tunnel *tun = parse(text);
	char *written;
	size_t len;
	FILE *out = open_memstream(&written, &len);

	(void)state;
	tunnel_write(out, tun, tun->dev);
	fclose(out);
	assert_string_equal(written, text);
	free(written);
	tunnel_free(tun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_wg_alone),
		cmocka_unit_test(test_override),
		cmocka_unit_test(test_save),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
