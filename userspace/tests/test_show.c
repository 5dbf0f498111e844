// SPDX-License-Identifier: GPL-2.0
/*
 * What is shown, compared byte for byte with what wg showed for the same device
 * (data/; the name of the interface is the only difference).
 */
#include "show.h"
#include "test.h"

#define NOW 1795225741

/* The counters of the peers in data/showconf.txt, in its order. */
static const struct {
	int64_t handshake;
	uint64_t rx, tx;
} counters[] = {
	{ NOW - 75, 1372, 1460 },
	{ NOW - 5, 1048576, 12345678901 },
	{ 0, 0, 0 },
	{ NOW - 94694461, 1023, 1024 },
	{ NOW, 1099511627776, 1125899906842624 },
	{ 99999999999, 0, 1 },
	{ NOW - 1, 0, 1 },
	{ NOW - 3600, 1, 0 },
	{ NOW - 86401, 1, 0 },
};

static char *read_data(const char *name)
{
	char path[512], *text = calloc(1, 65536);
	FILE *in;

	snprintf(path, sizeof(path), DATA "%s.txt", name);
	in = fopen(path, "r");
	assert_non_null(in);
	assert_true(fread(text, 1, 65535, in) < 65535);
	fclose(in);
	return text;
}

static struct device *make_device(void)
{
	char *text = read_data("showconf");
	struct device *dev = parse_good(text);
	struct peer *peer;
	size_t i = 0;

	free(text);
	strcpy(dev->name, "mt0");
	dev->flags |= DEVICE_HAS_PUBLIC_KEY;
	key_from_base64(dev->public_key, "B7jFQkh2hqeDAYVfy20/aoqRHNfxmDqbRNydzSKDnSM=");
	for (peer = dev->peers; peer; peer = peer->next, i++) {
		peer->last_handshake.tv_sec = counters[i].handshake;
		peer->rx_bytes = counters[i].rx;
		peer->tx_bytes = counters[i].tx;
	}
	assert_int_equal(i, sizeof(counters) / sizeof(counters[0]));
	return dev;
}

static void check_output(char *text, const char *name)
{
	char *wanted = read_data(name);

	assert_string_equal(text, wanted);
	free(wanted);
	free(text);
}

static void test_fields(void **state)
{
	static const char *const names[] = {
		"public-key", "private-key", "listen-port", "fwmark", "peers", "preshared-keys",
		"endpoints", "allowed-ips", "latest-handshakes", "transfer",
		"persistent-keepalive", "dump",
	};
	struct device *dev = make_device();
	char *text;
	size_t i, len;
	FILE *out;
	int field;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		field = show_field_by_name(names[i]);
		assert_true(field > 0);
		out = open_memstream(&text, &len);
		show_text(out, dev, (enum show_field)field, false);
		fclose(out);
		check_output(text, names[i]);
	}
	out = open_memstream(&text, &len);
	show_text(out, dev, SHOW_DUMP, true);
	fclose(out);
	check_output(text, "all-dump");
	assert_int_equal(show_field_by_name("bogus"), -1);
	device_free(dev);
}

static void test_empty(void **state)
{
	struct device *dev = device_alloc();
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	show_config(out, dev);
	fclose(out);
	check_output(text, "showconf-empty");
	out = open_memstream(&text, &len);
	show_text(out, dev, SHOW_DUMP, false);
	fclose(out);
	check_output(text, "dump-empty");
	device_free(dev);
}

static void test_config(void **state)
{
	struct device *dev = make_device();
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	show_config(out, dev);
	fclose(out);
	check_output(text, "showconf");
	device_free(dev);
}

static char *pretty(bool color, bool show_keys)
{
	struct style style = { .color = color, .show_keys = show_keys, .now = NOW };
	struct device *dev = make_device();
	size_t len;
	char *text;

	style.out = open_memstream(&text, &len);
	assert_int_equal(show_pretty(&style, dev), 0);
	fclose(style.out);
	device_free(dev);
	return text;
}

static void test_pretty(void **state)
{
	(void)state;
	check_output(pretty(false, false), "pretty");
	check_output(pretty(true, true), "pretty-color");
}

/* How a peer's cipher is shown: in a line, for people, as JSON, and in a file. */
static void check_cipher(struct peer *peer, const char *line, const char *people,
			 const char *json, const char *file)
{
	struct device dev = { .name = "mt0", .peers = peer, .last_peer = peer, .n_peers = 1 };
	struct style style = { .now = NOW };
	char *text, *found;
	json_t *shown;
	size_t len;
	FILE *out;

	out = open_memstream(&text, &len);
	show_text(out, &dev, SHOW_CIPHERS, false);
	fclose(out);
	assert_string_equal(strchr(text, '\t') + 1, line);
	free(text);
	style.out = open_memstream(&text, &len);
	assert_int_equal(show_pretty(&style, &dev), 0);
	fclose(style.out);
	found = strstr(text, "cipher");
	if (people)
		assert_int_equal(strncmp(found, people, strlen(people)), 0);
	else
		assert_null(found);
	free(text);
	shown = show_json(&style, &dev, SHOW_CIPHERS);
	text = json_dumps(shown, JSON_COMPACT | JSON_SORT_KEYS);
	assert_non_null(strstr(text, json));
	free(text);
	json_decref(shown);
	out = open_memstream(&text, &len);
	show_config(out, &dev);
	fclose(out);
	assert_int_equal(!strstr(text, "#!"), !*file);
	assert_non_null(strstr(text, file));
	free(text);
}

static void test_ciphers(void **state)
{
	struct peer peer = { .flags = PEER_HAS_PUBLIC_KEY };

	(void)state;
	check_cipher(&peer, "chacha20-poly1305\t(none)\n", NULL,
		     "\"cipher\":\"chacha20-poly1305\",\"cipher_used\":null", "");
	peer.cipher = MYTUN_CIPHER_AUTO;
	check_cipher(&peer, "auto\t(none)\n", "cipher: none yet (auto)\n",
		     "\"cipher\":\"auto\",\"cipher_used\":null", "\n#! Cipher = auto\n");
	peer.flags |= PEER_HAS_CIPHER_USED;
	peer.cipher_used = MYTUN_CIPHER_AES_256_GCM;
	check_cipher(&peer, "auto\taes-256-gcm\n", "cipher: aes-256-gcm (auto)\n",
		     "\"cipher_used\":\"aes-256-gcm\"", "\n#! Cipher = auto\n");
	peer.cipher = MYTUN_CIPHER_AES_256_GCM;
	check_cipher(&peer, "aes-256-gcm\taes-256-gcm\n", "cipher: aes-256-gcm\n",
		     "\"cipher\":\"aes-256-gcm\"", "\n#! Cipher = aes-256-gcm\n");
	peer.cipher_used = MYTUN_CIPHER_CHACHA20_POLY1305;
	check_cipher(&peer, "aes-256-gcm\tchacha20-poly1305\n",
		     "cipher: chacha20-poly1305 (aes-256-gcm is wanted)\n",
		     "\"cipher_used\":\"chacha20-poly1305\"", "\n#! Cipher = aes-256-gcm\n");
}

static char *pretty_of(const struct device *dev, size_t width)
{
	struct style style = { .now = NOW, .width = width };
	size_t len;
	char *text;

	style.out = open_memstream(&text, &len);
	assert_int_equal(show_pretty(&style, dev), 0);
	fclose(style.out);
	return text;
}

/* On a terminal a prefix is in one line; in a file all of them are, as wg has it. */
static void test_wrapped(void **state)
{
	struct device *dev = parse_good("[Peer]\nPublicKey=" KEY_A "\nAllowedIPs=10.0.0.0/8\n"
					"AllowedIPs=192.168.100.0/24,2001:db8::/32,10.1.1.1/32\n");
	char *text = pretty_of(dev, 40);

	(void)state;
	assert_non_null(strstr(text, "  allowed ips: 10.0.0.0/8,\n"
				     "               192.168.100.0/24,\n"
				     "               2001:db8::/32,\n"
				     "               10.1.1.1/32\n"));
	free(text);
	/* as wide as the first two and the comma behind them */
	text = pretty_of(dev, 44);
	assert_non_null(strstr(text, "10.0.0.0/8, 192.168.100.0/24,\n"));
	free(text);
	text = pretty_of(dev, 43);
	assert_non_null(strstr(text, "10.0.0.0/8,\n"));
	free(text);
	text = pretty_of(dev, 0);
	assert_non_null(strstr(text, "10.0.0.0/8, 192.168.100.0/24, 2001:db8::/32, 10.1.1.1/32\n"));
	free(text);
	device_free(dev);
}

/* The most frequent first, in the order of their numbers those that are equally so. */
static void test_pretty_drops(void **state)
{
	struct device *dev = device_alloc();
	struct style style = { .as_wg = true };
	char *text = pretty_of(dev, 0);
	size_t len;

	(void)state;
	assert_null(strstr(text, "drops"));
	free(text);
	dev->drops[MYTUN_DROP_RX_REPLAY] = 7;
	dev->drops[MYTUN_DROP_TX_NO_PEER] = 7;
	dev->drops[MYTUN_DROP_RX_MALFORMED] = UINT64_MAX;
	dev->drops[MYTUN_DROP_TX_TOO_BIG] = 1;
	text = pretty_of(dev, 60);
	assert_non_null(strstr(text, "\n  drops: 18446744073709551615 rx-malformed, 7 tx-no-peer,\n"
				     "         7 rx-replay, 1 tx-too-big\n"));
	free(text);
	/* and as wg has it, which knows of none */
	strcpy(dev->name, "mt0");
	style.out = open_memstream(&text, &len);
	assert_int_equal(show_pretty(&style, dev), 0);
	fclose(style.out);
	assert_string_equal(text, "interface: mt0\n");
	free(text);
	device_free(dev);
}

static void test_duration(void **state)
{
	struct style style = { .color = false };
	size_t len;
	char *text;

	(void)state;
	style.out = open_memstream(&text, &len);
	format_duration(&style, 2 * 365 * 86400 + 2 * 86400 + 2 * 3600 + 2 * 60 + 2);
	fclose(style.out);
	assert_string_equal(text, "2 years, 2 days, 2 hours, 2 minutes, 2 seconds");
	free(text);
}

static void test_style(void **state)
{
	struct style style;
	FILE *out = tmpfile();

	(void)state;
	setenv("WG_COLOR_MODE", "always", 1);
	setenv("WG_HIDE_KEYS", "never", 1);
	style_init(&style, out);
	assert_true(style.color && style.show_keys);
	setenv("WG_COLOR_MODE", "bogus", 1);
	setenv("WG_HIDE_KEYS", "bogus", 1);
	style_init(&style, out);
	assert_true(!style.color && !style.show_keys);
	fclose(out);
}

/* Every reason has a word of its own. */
static void test_drops(void **state)
{
	struct device *dev = device_alloc();
	char spare[16], other[16], *text, *line;
	unsigned int a, b;
	size_t len;
	FILE *out;

	(void)state;
	for (a = 1; a <= MYTUN_DROP_MAX; a++) {
		dev->drops[a] = a * 1000ULL;
		assert_string_not_equal(drop_name(a, spare), "");
		assert_null(strstr(drop_name(a, spare), "reason-"));
		for (b = 1; b < a; b++)
			assert_string_not_equal(drop_name(a, spare), drop_name(b, other));
	}
	assert_string_equal(drop_name(MYTUN_DROP_MAX + 1, spare), spare);
	out = open_memstream(&text, &len);
	show_text(out, dev, SHOW_DROPS, false);
	fclose(out);
	assert_non_null(strstr(text, "tx-no-peer\t2000\n"));
	for (a = 0, line = text; (line = strchr(line, '\n')); line++)
		a++;
	assert_int_equal(a, MYTUN_DROP_MAX);
	free(text);
	device_free(dev);
}

static const char *member(json_t *json, const char *name)
{
	return json_string_value(json_object_get(json, name));
}

/* The name of a device may be any bytes, and JSON is UTF-8: no name may get lost. */
static void test_json_bytes(void **state)
{
	struct style style = { .now = 0 };
	struct device dev = { .name = "mt\xff\xc3\xbc\xc3" };
	json_t *json = show_json(&style, &dev, SHOW_PUBLIC_KEY);

	(void)state;
	assert_non_null(json_object_get(json, "ifname"));
	assert_string_equal(member(json, "ifname"), "mt\\xff\xc3\xbc\\xc3");
	json_decref(json);
}

static void test_json(void **state)
{
	struct style style = { .show_keys = false };
	struct device *dev = make_device();
	json_t *json, *peers, *first;

	(void)state;
	dev->drops[MYTUN_DROP_RX_REPLAY] = 7;
	json = show_json(&style, dev, SHOW_ALL);
	assert_string_equal(member(json, "ifname"), "mt0");
	assert_null(json_object_get(json, "private_key"));
	assert_int_equal(json_integer_value(json_object_get(json, "fwmark")), 0x1234);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "drops"),
							    "rx-replay")), 7);
	peers = json_object_get(json, "peers");
	assert_int_equal(json_array_size(peers), 9);
	first = json_array_get(peers, 0);
	assert_null(json_object_get(first, "preshared_key"));
	assert_string_equal(member(first, "endpoint"), "192.95.5.67:1234");
	assert_int_equal(json_array_size(json_object_get(first, "allowed_ips")), 3);
	assert_int_equal(json_integer_value(json_object_get(first, "rx_bytes")), 1372);
	assert_int_equal(json_integer_value(json_object_get(first, "latest_handshake")), NOW - 75);
	assert_true(json_is_null(json_object_get(json_array_get(peers, 2), "endpoint")));
	json_decref(json);
	device_free(dev);
}

/* One field: it and the names of things, nothing else. Keys that are asked for are shown. */
static void test_json_field(void **state)
{
	struct style style = { .show_keys = false };
	struct device *dev = make_device();
	json_t *json = show_json(&style, dev, SHOW_PRIVATE_KEY);

	(void)state;
	assert_int_equal(json_object_size(json), 2);
	assert_string_equal(member(json, "private_key"),
			    "BwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSY=");
	json_decref(json);
	json = show_json(&style, dev, SHOW_PRESHARED_KEYS);
	assert_int_equal(json_object_size(json), 2);
	json_decref(json);
	json = show_json(&style, dev, SHOW_ENDPOINTS);
	assert_int_equal(json_object_size(json_array_get(json_object_get(json, "peers"), 0)), 2);
	json_decref(json);
	device_free(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_ciphers),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_pretty_drops),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_style),
		cmocka_unit_test(test_drops),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_bytes),
		cmocka_unit_test(test_json_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
