// SPDX-License-Identifier: GPL-2.0
/* A tunnel as JSON: that it is the tunnel of a file with lines, and what is refused. */
#include <arpa/inet.h>
#include <jansson.h>
#include <malloc.h>

#include "save.h"
#include "temp.h"
#include "test_tunnel.h"
#include "tunnel_file.h"

static char log_text[512];

/* Return: what `up` would read from a file F; NULL after an error, which is in log_text. */
static struct tunnel *parse(const char *text)
{
	struct tunnel *tun = tunnel_alloc();
	struct config cfg = { .source = "F", .dev = tun->dev, .tun = tun };
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	int ret;

	memset(log_text, 0, sizeof(log_text));
	cfg.log = fmemopen(log_text, sizeof(log_text), "w");
	ret = config_read_json(&cfg, in);
	fclose(in);
	fclose(cfg.log);
	assert_null(cfg.field);
	if (!ret)
		return tun;
	tunnel_free(tun);
	return NULL;
}

static char *write_tunnel(const struct tunnel *tun)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	tunnel_write(out, tun, tun->dev);
	fclose(out);
	return text;
}

/* The JSON means what the file with lines means. */
static void assert_same(const char *json, const char *lines)
{
	struct tunnel *tun = parse(json), *same = parse_tunnel(lines, stderr);
	char *text, *wanted;

	assert_string_equal(log_text, "");
	assert_non_null(tun);
	assert_non_null(same);
	text = write_tunnel(tun);
	wanted = write_tunnel(same);
	assert_string_equal(text, wanted);
	free(text);
	free(wanted);
	tunnel_free(tun);
	tunnel_free(same);
}

#define PEER "{ \"public_key\": \"" KEY_A "\", \"allowed_ips\": \"10.0.0.0/24\" }"
#define PEERS "\"peers\": [ " PEER " ]"
#define CLIENT "\"mode\": \"client\", \"remote_addr\": \"192.0.2.1:9000\", "
#define SERVER "\"mode\": \"server\", \"local_addr\": \"0.0.0.0:9000\", "

/* The configuration of the program that came before, as it was, and keys added to it. */
static void test_client(void **state)
{
	(void)state;
	assert_same("{\n"
		    "  \"mode\": \"client\",\n"
		    "  \"local_addr\": \"0.0.0.0:9000\",\n"
		    "  \"remote_addr\": \"192.0.2.1:9000\",\n"
		    "  \"tunnel_addr\": \"10.0.0.2/24\",\n"
		    "  \"mtu\": 1400,\n"
		    "  \"fec_data\": 10,\n"
		    "  \"fec_parity\": 0,\n"
		    "  \"timeout\": 30,\n"
		    "  \"keepalive\": 10,\n"
		    "  \"private_key\": \"" KEY_B "\",\n"
		    "  " PEERS "\n"
		    "}\n",
		    "[Interface]\n"
		    "ListenPort = 9000\n"
		    "Address = 10.0.0.2/24\n"
		    "MTU = 1400\n"
		    "#! Timeout = 30\n"
		    "PrivateKey = " KEY_B "\n"
		    "[Peer]\n"
		    "PublicKey = " KEY_A "\n"
		    "AllowedIPs = 10.0.0.0/24\n"
		    "Endpoint = 192.0.2.1:9000\n"
		    "PersistentKeepalive = 10\n");
}

/* Every key that there is, most of them in their other forms. */
static void test_server(void **state)
{
	(void)state;
	assert_same("{ \"mode\": \"server\", \"local_addr\": \"[::]:51820\", \"keepalive\": 25,\n"
		    "\"tunnel_addr\": [ \"10.0.0.1/24\", \"fd00::1/64, fd01::1/64\" ],\n"
		    "\"private_key_file\": \" /etc/the key \", \"dns\": [ \"1.1.1.1\", \"lan\" ],\n"
		    "\"table\": 7, \"fwmark\": \"0xf\", \"kill_switch\": true, \"gateway\": true,\n"
		    "\"timeout\": 0, \"pre_up\": \"a %i\", \"post_up\": [ \"b\", \"c\" ],\n"
		    "\"pre_down\": \"d\", \"post_down\": \"e\",\n"
		    "\"peers\": [ { \"public_key\": \"" KEY_A "\",\n"
		    "\"preshared_key\": \"" KEY_B "\",\n"
		    "\"allowed_ips\": [ \"10.0.0.2/32\", \"fd00::2\" ], \"keepalive\": 0,\n"
		    "\"remote_addr\": \"[2001:db8::1]:7\", \"cipher\": \"auto\",\n"
		    "\"name\": \"a\" },\n"
		    "{ \"allowed_ips\": [], \"public_key\": \"" KEY_C "\" } ] }",
		    "[Interface]\n"
		    "ListenPort = 51820\n"
		    "Address = 10.0.0.1/24, fd00::1/64, fd01::1/64\n"
		    "#! PrivateKeyFile = /etc/the key\n"
		    "DNS = 1.1.1.1, lan\n"
		    "Table = 7\n"
		    "FwMark = 15\n"
		    "#! KillSwitch = yes\n"
		    "#! Gateway = yes\n"
		    "PreUp = a %i\n"
		    "PostUp = b\n"
		    "PostUp = c\n"
		    "PreDown = d\n"
		    "PostDown = e\n"
		    "[Peer]\n"
		    "PublicKey = " KEY_A "\n"
		    "PresharedKey = " KEY_B "\n"
		    "AllowedIPs = 10.0.0.2/32, fd00::2\n"
		    "Endpoint = [2001:db8::1]:7\n"
		    "#! Cipher = auto\n"
		    "#! Name = a\n"
		    "[Peer]\n"
		    "PublicKey = " KEY_C "\n"
		    "PersistentKeepalive = 25\n");
}

/* In a command and in the name of a file a # is no comment. */
static void test_free_text(void **state)
{
	struct tunnel *tun = parse("{ " CLIENT "\"pre_up\": \"echo ${x#y}\",\n"
				   "\"private_key_file\": \"/etc/the #key\", " PEERS " }");

	(void)state;
	assert_non_null(tun);
	assert_string_equal(tun->hooks[HOOK_PRE_UP].items[0], "echo ${x#y}");
	assert_string_equal(tun->key_file, "/etc/the #key");
	tunnel_free(tun);
}

static void test_host_name(void **state)
{
	struct tunnel *tun = parse("{ \"mode\": \"client\", \"remote_addr\": \"vpn.example:9\", "
				   PEERS " }");

	(void)state;
	assert_non_null(tun);
	assert_string_equal(tun->dev->peers->endpoint_host, "vpn.example");
	assert_int_equal(tun->dev->peers->endpoint_line, 0);
	assert_int_equal(ntohs(tun->dev->peers->endpoint.sin.sin_port), 9);
	assert_true(tun->dev->peers->flags & PEER_REPLACE_ALLOWEDIPS);
	tunnel_free(tun);
}

#define NOT_YET ": Forward error correction is not built yet, so this must be 0\n"

struct refused {
	const char *text;
	const char *message;
};

/* The last one has no text. */
static void assert_all_refused(const struct refused *cases)
{
	for (; cases->text; cases++) {
		struct tunnel *tun = parse(cases->text);

		assert_refused(tun, cases->text, log_text, cases->message);
		assert_null(strstr(log_text, "SECRET"));
	}
}

/* Features that are not there. */
static void test_refused_not_there(void **state)
{
	static const struct refused cases[] = {
		{ "{ " CLIENT "\"fec_parity\": 3, " PEERS " }", "F: fec_parity" NOT_YET },
		{ "{ " CLIENT "\"fec_parity\": \"0\", " PEERS " }", "F: fec_parity" NOT_YET },
		{ "{ " CLIENT "\"fec_parity\": 0.0, " PEERS " }", "F: fec_parity" NOT_YET },
		{ "{ " CLIENT "\"fec_data\": 10, " PEERS " }",
		  "F: fec_data: It must come with fec_parity\n" },
		{ "{ " CLIENT "\"fec_data\": 256, \"fec_parity\": 0, " PEERS " }",
		  "F: fec_data: Not a whole number from 0 to 255\n" },
		{ "{ " CLIENT "\"fec_data\": -1, \"fec_parity\": 0, " PEERS " }", "F: fec_data: " },
		{ "{ " CLIENT "\"fake_tcp\": true, " PEERS " }",
		  "F: fake_tcp: There is no such key\n" },
		{ "{ " CLIENT "\"MTU\": 1400, " PEERS " }", "F: MTU: There is no such key\n" },
		{ "{ " CLIENT "\"peers\": [ { \"public_key\": \"" KEY_A "\", \"mtu\": 1,\n"
		  "\"allowed_ips\": [] } ] }", "F: peers[0].mtu: There is no such key\n" },
		{ NULL, NULL },
	};

	(void)state;
	assert_all_refused(cases);
}

static void test_refused_modes(void **state)
{
	static const struct refused cases[] = {
		{ "{ " PEERS " }", "F: mode: Neither \"client\" nor \"server\"\n" },
		{ "{ \"mode\": \"p2p\", " PEERS " }", "F: mode: " },
		{ "{ \"mode\": 1, " PEERS " }", "F: mode: " },
		{ "{ \"mode\": \"client\", " PEERS " }",
		  "F: remote_addr: A client must have it\n" },
		{ "{ " CLIENT "\"peers\": [ " PEER ", " PEER " ] }",
		  "F: peers: A client has one peer, its server\n" },
		{ "{ \"mode\": \"server\", " PEERS " }",
		  "F: local_addr: A server must have it, with a port\n" },
		{ "{ \"mode\": \"server\", \"local_addr\": \":0\", " PEERS " }",
		  "F: local_addr: A server must have it, with a port\n" },
		{ "{ " SERVER "\"remote_addr\": \"192.0.2.1:9\", " PEERS " }",
		  "F: remote_addr: A server can have it for one of its peers, not for itself\n" },
		{ NULL, NULL },
	};

	(void)state;
	assert_all_refused(cases);
}

static void test_refused_addresses(void **state)
{
	static const struct refused cases[] = {
		{ "{ " CLIENT "\"local_addr\": \"192.0.2.2:9\", " PEERS " }",
		  "so this is 0.0.0.0 or [::] and a port: `192.0.2.2:9'\n" },
		{ "{ " CLIENT "\"local_addr\": \"0.0.0.00:9\", " PEERS " }", "`0.0.0.00:9'" },
		{ "{ " CLIENT "\"local_addr\": \"0.0:9\", " PEERS " }", "`0.0:9'" },
		{ "{ " CLIENT "\"local_addr\": \"9000\", " PEERS " }",
		  "F: local_addr: Not a string with a colon and a port in it\n" },
		{ "{ " CLIENT "\"local_addr\": 9000, " PEERS " }", "F: local_addr: Not a string" },
		{ "{ " CLIENT "\"local_addr\": \":65536\", " PEERS " }",
		  "F: local_addr: Port is not 0-65535: `65536'\n" },
		{ "{ \"mode\": \"client\", \"remote_addr\": \"192.0.2.1\", " PEERS " }",
		  "F: remote_addr: Unable to find port of endpoint: `192.0.2.1'\n" },
		{ "{ " CLIENT "\"tunnel_addr\": \"10.0.0.1/33\", " PEERS " }",
		  "F: tunnel_addr: Prefix is not in the correct format: `10.0.0.1/33'\n" },
		{ NULL, NULL },
	};

	(void)state;
	assert_all_refused(cases);
}

static void test_refused_values(void **state)
{
	static const struct refused cases[] = {
		{ "{ " CLIENT "\"mtu\": 67, " PEERS " }",
		  "F: mtu: MTU is not 68-65455: `67'\n" },
		{ "{ " CLIENT "\"mtu\": \"1400\", " PEERS " }", "F: mtu: Not a whole number\n" },
		{ "{ " CLIENT "\"mtu\": 1400.5, " PEERS " }", "F: mtu: Not a whole number\n" },
		{ "{ " CLIENT "\"timeout\": 3601, " PEERS " }",
		  "F: timeout: Timeout is not 0-3600 seconds: `3601'\n" },
		{ "{ " CLIENT "\"timeout\": -1, " PEERS " }", "F: timeout: " },
		{ "{ " CLIENT "\"keepalive\": 65536, " PEERS " }",
		  "F: keepalive: Persistent keepalive interval is neither 0/off nor 1-65535" },
		{ "{ " CLIENT "\"gateway\": \"yes\", " PEERS " }",
		  "F: gateway: Neither true nor false\n" },
		{ "{ " CLIENT "\"table\": null, " PEERS " }", "F: table: Not a string\n" },
		{ "{ " CLIENT "\"dns\": [ 1 ], " PEERS " }", "F: dns: Not a string\n" },
		{ NULL, NULL },
	};

	(void)state;
	assert_all_refused(cases);
}

/* Characters that no line can have. */
static void test_refused_characters(void **state)
{
	static const struct refused cases[] = {
		{ "{ " CLIENT "\"pre_up\": \"a\\nb\", " PEERS " }",
		  "F: pre_up: There is a control character in it\n" },
		{ "{ " CLIENT "\"table\": \"7#\", " PEERS " }", "F: table: There is a # in it\n" },
		{ "{ " CLIENT "\"pre_up\": \"a\\u0000b\", " PEERS " }",
		  "F:1: \\u0000 is not allowed without JSON_ALLOW_NUL\n" },
		{ NULL, NULL },
	};

	(void)state;
	assert_all_refused(cases);
}

static void test_refused_keys(void **state)
{
	static const struct refused cases[] = {
		{ "{ " CLIENT "\"private_key\": \"SECRET\", " PEERS " }",
		  "F: private_key: Key is not the correct length or format\n" },
		{ "{ " CLIENT "\"private_key\": \"" KEY_A "\", \"private_key_file\": \"k\", " PEERS
		  " }", "F: private_key_file: PrivateKey and PrivateKeyFile exclude each other\n" },
		{ NULL, NULL },
	};

	(void)state;
	assert_all_refused(cases);
}

static void test_refused_peers(void **state)
{
	static const struct refused cases[] = {
		{ "{ " CLIENT "\"peers\": {} }",
		  "F: peers: A client has one peer, its server\n" },
		{ "{ " SERVER "\"peers\": [] }",
		  "F: peers: Not an array with at least one peer\n" },
		{ "{ " SERVER "\"mtu\": 1400 }", "F: peers: " },
		{ "{ " SERVER "\"peers\": [ " PEER ", 1 ] }", "F: peers[1]: Not an object\n" },
		{ "{ " SERVER "\"peers\": [ { \"allowed_ips\": [] } ] }",
		  "F: peers[0]: public_key is missing\n" },
		{ "{ " SERVER "\"peers\": [ { \"public_key\": \"" KEY_A "\" } ] }",
		  "F: peers[0]: allowed_ips is missing\n" },
		{ "{ " SERVER "\"peers\": [ " PEER ", { \"public_key\": \"x\",\n"
		  "\"allowed_ips\": [] } ] }",
		  "F: peers[1].public_key: Key is not the correct length or format: `x'\n" },
		{ "{ " CLIENT "\"peers\": [ { \"public_key\": \"" KEY_A "\", \"allowed_ips\": [],\n"
		  "\"remote_addr\": \"192.0.2.1:9\" } ] }",
		  "F: peers[0]: There is a remote_addr outside, too\n" },
		{ NULL, NULL },
	};

	(void)state;
	assert_all_refused(cases);
}

static void test_refused_no_json(void **state)
{
	static const struct refused cases[] = {
		{ "[]", "F: Not an object\n" },
		{ " ", "F:1: '[' or '{' expected\n" },
		{ "{\n \"mtu\": 1400,\n \"mtu\": 1401 }", "F:3: duplicate object key\n" },
		{ "{\n \"private_key\": \"SECRET,\n}", "F:2: " },
		{ "{}\n}", "F:2: end of file expected\n" },
		{ NULL, NULL },
	};

	(void)state;
	assert_all_refused(cases);
}

/* A key with any name is repeated in part at most. */
static void test_long_key(void **state)
{
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "{ \"%0*d\": 1 }", 300, 0);
	assert_null(parse(text));
	assert_int_equal(strlen(log_text),
			 strlen("F: : There is no such key\n") + 48);
}

static unsigned int freed, freed_keys;

/* In place of free(): a look at what is freed. */
void __wrap_free(void *text)
{
	freed++;
	if (text && memmem(text, malloc_usable_size(text), KEY_B, strlen(KEY_B)))
		freed_keys++;
	__real_free(text);
}

/* No memory with a key is freed, and the library's functions are as they were. */
static void test_wiped(void **state)
{
	json_malloc_t before_malloc, after_malloc;
	json_free_t before_free, after_free;

	(void)state;
	json_get_alloc_funcs(&before_malloc, &before_free);
	freed = 0;
	freed_keys = 0;
	tunnel_free(parse("{ " CLIENT "\"private_key\": \"" KEY_B "\", " PEERS " }"));
	assert_true(freed > 10);
	assert_int_equal(freed_keys, 0);
	assert_null(parse("{ " CLIENT "\"private_key\": \"" KEY_B));
	assert_int_equal(freed_keys, 0);
	json_get_alloc_funcs(&after_malloc, &after_free);
	assert_ptr_equal(before_malloc, after_malloc);
	assert_ptr_equal(before_free, after_free);
}

static void assert_found(const char *dir, const char *arg, const char *wanted, bool in_dir)
{
	char path[PATH_MAX], whole[PATH_MAX];

	assert_int_equal(tunnel_file_find(path, sizeof(path), dir, arg), 0);
	snprintf(whole, sizeof(whole), "%s%s%s", in_dir ? dir : "", in_dir ? "/" : "", wanted);
	assert_string_equal(path, whole);
}

/* A name stands for NAME.conf, or for NAME.json when that is what there is. */
static void test_find(void **state)
{
	char dir[TEMP_LEN], ifname[IFNAMSIZ];

	(void)state;
	assert_int_equal(temp_enter(dir), 0);
	put_file("both.conf", "", 0600);
	put_file("both.json", "", 0600);
	put_file("one.json", "", 0600);
	put_file("a.json.conf", "", 0600);
	assert_found(dir, "both", "both.conf", true);
	assert_found(dir, "one", "one.json", true);
	assert_found(dir, "none", "none.conf", true);
	assert_found(dir, "one.json", "one.json", false);
	assert_found(dir, "./one", "./one", false);
	assert_found(dir, "mt.0", "mt.0.conf", true);
	assert_int_equal(tunnel_file_device(ifname, "/x.conf/mt.0.json"), 0);
	assert_string_equal(ifname, "mt.0");
	assert_int_equal(tunnel_file_device(ifname, "/x.conf/mt0"), -EINVAL);
	assert_int_equal(tunnel_file_device(ifname, "/.json"), -EINVAL);
	assert_int_equal(tunnel_file_device(ifname, "..conf"), -EINVAL);
	assert_int_equal(tunnel_file_device(ifname, "/x/...json"), -EINVAL);
	assert_int_equal(tunnel_file_device(ifname, "....conf"), 0);
	assert_int_equal(tunnel_file_device(ifname, "sixteencharacter.json"), -EINVAL);
	assert_int_equal(tunnel_file_device(ifname, "fifteencharacte.json"), 0);
	assert_int_equal(temp_leave(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_free_text),
		cmocka_unit_test(test_host_name),
		cmocka_unit_test(test_refused_not_there),
		cmocka_unit_test(test_refused_modes),
		cmocka_unit_test(test_refused_addresses),
		cmocka_unit_test(test_refused_values),
		cmocka_unit_test(test_refused_characters),
		cmocka_unit_test(test_refused_keys),
		cmocka_unit_test(test_refused_peers),
		cmocka_unit_test(test_refused_no_json),
		cmocka_unit_test(test_long_key),
		cmocka_unit_test(test_wiped),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
