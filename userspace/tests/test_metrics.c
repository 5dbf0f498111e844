// SPDX-License-Identifier: GPL-2.0
/* Metrics: read back strictly, with odd names, and without secrets. */
#include <jansson.h>

#include "metrics.h"
#include "openmetrics.h"

#define PRIVATE "cHJpdmF0ZS1wcml2YXRlLXByaXZhdGUtcHJpdmF0ZSE="
#define PSK "cHJlc2hhcmVkLXByZXNoYXJlZC1wcmVzaGFyZWQtISE="

static struct device *make_device(const char *name)
{
	struct device *dev = parse_good("[Interface]\nPrivateKey=" PRIVATE "\nListenPort=5\n"
					"FwMark=0x1f\n"
					"[Peer]\nPublicKey=" KEY_A "\nPresharedKey=" PSK "\n"
					"Endpoint=[2001:db8::1]:7\nAllowedIPs=10.0.0.0/8,::/0\n"
					"PersistentKeepalive=25\n"
					"[Peer]\nPublicKey=" KEY_B "\n");

	strcpy(dev->name, name);
	dev->flags |= DEVICE_HAS_PUBLIC_KEY;
	key_from_base64(dev->public_key, KEY_C);
	dev->drops[MYTUN_DROP_RX_REPLAY] = UINT64_MAX;
	dev->peers->rx_bytes = 1234;
	dev->peers->tx_bytes = UINT64_MAX;
	dev->peers->last_handshake.tv_sec = 1795225741;
	dev->peers->last_handshake.tv_nsec = 5000;
	return dev;
}

static char *write_all(const struct device *list)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	metrics_write(out, list);
	metrics_end(out);
	fclose(out);
	return text;
}

static struct om *read_all(const struct device *list)
{
	char *text = write_all(list);
	struct om *om = om_read(text);

	free(text);
	return om;
}

#define DEVICE "{device=\"mt0\"}"
#define PEER(key) "{device=\"mt0\",public_key=\"" key "\"}"

static void has(const struct om *om, const char *sample, const char *value)
{
	const char *got = om_get(om, sample);

	if (!got)
		fail_msg("no %s", sample);
	assert_string_equal(got, value);
}

static void test_values(void **state)
{
	struct device *dev = make_device("mt0");
	struct om *om = read_all(dev);

	(void)state;
	has(om, "mytun_device_info{device=\"mt0\",public_key=\"" KEY_C
		"\",listen_port=\"5\",fwmark=\"0x1f\"}", "1");
	has(om, "mytun_device_peers" DEVICE, "2");
	has(om, "mytun_device_dropped_packets_total{device=\"mt0\",reason=\"rx-replay\"}",
	    "18446744073709551615");
	has(om, "mytun_peer_endpoint_info{device=\"mt0\",public_key=\"" KEY_A
		"\",endpoint=\"[2001:db8::1]:7\"}", "1");
	has(om, "mytun_peer_allowed_ips" PEER(KEY_A), "2");
	has(om, "mytun_peer_receive_bytes_total" PEER(KEY_A), "1234");
	has(om, "mytun_peer_transmit_bytes_total" PEER(KEY_A), "18446744073709551615");
	has(om, "mytun_peer_last_handshake_timestamp_seconds" PEER(KEY_A), "1795225741.000005000");
	has(om, "mytun_peer_last_handshake_timestamp_seconds" PEER(KEY_B), "0");
	has(om, "mytun_peer_persistent_keepalive_seconds" PEER(KEY_A), "25");
	has(om, "mytun_peer_persistent_keepalive_seconds" PEER(KEY_B), "0");
	/* device, number of peers, reasons; peers with 5 samples each, and one endpoint */
	assert_int_equal(om->n, 2 + MYTUN_DROP_MAX + 2 * 5 + 1);
	free(om);
	device_free(dev);
}

/* Two devices with the same peers: the samples of a family stand together. */
static void test_two_devices(void **state)
{
	struct device *dev = make_device("mt0");
	struct om *om;

	(void)state;
	dev->next = make_device("mt1");
	om = read_all(dev);
	has(om, "mytun_device_peers{device=\"mt1\"}", "2");
	assert_int_equal(om->n, 2 * (2 + MYTUN_DROP_MAX + 2 * 5 + 1));
	free(om);
	device_list_free(dev);
}

static void test_no_device(void **state)
{
	struct om *om = read_all(NULL);

	(void)state;
	assert_int_equal(om->n, 0);
	assert_int_equal(om->n_seen, 9);
	free(om);
}

/* What the kernel lets an interface be called: anything without '/', ':' and white space. */
static void test_odd_names(void **state)
{
	static const struct {
		const char *name;
		const char *label;
	} cases[] = {
		{ "a\"b", "a\\\"b" },
		{ "back\\slash", "back\\\\slash" },
		{ "\\", "\\\\" },
		{ "new\nline", "new\\nline" },
		{ "},x=\"", "},x=\\\"" },
		{ "\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac" },
		{ "\xf0\x9f\x9a\x80", "\xf0\x9f\x9a\x80" },
		{ "a\xffz", "a\\\\xffz" },
		{ "cut\xe2\x82", "cut\\\\xe2\\\\x82" },
		{ "\xc0\xaf", "\\\\xc0\\\\xaf" },
		{ "\xed\xa0\x80", "\\\\xed\\\\xa0\\\\x80" },
		{ "\xf4\x90\x80\x80", "\\\\xf4\\\\x90\\\\x80\\\\x80" },
		{ "\xe0\x9f\xbf", "\\\\xe0\\\\x9f\\\\xbf" },
		{ "\x01#\x7f", "\x01#\x7f" },
	};
	char sample[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device *dev = make_device(cases[i].name);
		struct om *om = read_all(dev);

		snprintf(sample, sizeof(sample), "mytun_device_peers{device=\"%s\"}",
			 cases[i].label);
		has(om, sample, "2");
		free(om);
		device_free(dev);
	}
}

static void test_no_secrets(void **state)
{
	struct device *dev = make_device("mt0");
	char *text = write_all(dev);

	(void)state;
	assert_true(dev->flags & DEVICE_HAS_PRIVATE_KEY);
	assert_true(dev->peers->flags & PEER_HAS_PRESHARED_KEY);
	assert_non_null(strstr(text, KEY_A));
	assert_null(strstr(text, PRIVATE));
	assert_null(strstr(text, PSK));
	free(text);
	device_free(dev);
}

/* The length of a word of letters, digits and underscores. */
static size_t word_len(const char *text)
{
	size_t len = 0;

	while (isalnum((unsigned char)text[len]) || text[len] == '_')
		len++;
	return len;
}

/* Whether @what occurs in the samples in this place: before it @first, behind it @last. */
static bool is_emitted(const struct om *om, const char *first, const char *what, size_t len,
		       const char *last)
{
	char wanted[128];
	size_t i;

	snprintf(wanted, sizeof(wanted), "%s%.*s%s", first, (int)len, what, last);
	for (i = 0; i < om->n; i++)
		if (*first ? !!strstr(om->samples[i], wanted) :
			     !strncmp(om->samples[i], wanted, strlen(wanted)))
			return true;
	return false;
}

static unsigned int queries, legends;

/* Every word of a query that begins with mytun_ is a metric. */
static void check_query(const struct om *om, const char *text)
{
	const char *at = text;
	size_t len;

	for (; (at = strstr(at, "mytun_")); at += len) {
		len = word_len(at);
		if (!is_emitted(om, "", at, len, "{"))
			fail_msg("no metric %.*s: %s", (int)len, at, text);
		queries++;
	}
}

/* Every {{word}} of a legend is a label. */
static void check_legend(const struct om *om, const char *text)
{
	const char *at = text;

	while ((at = strstr(at, "{{"))) {
		at += 2;
		if (!is_emitted(om, "{", at, word_len(at), "=\"") &&
		    !is_emitted(om, ",", at, word_len(at), "=\""))
			fail_msg("no label: %s", text);
		legends++;
	}
}

static void walk(const struct om *om, const char *key, json_t *json)
{
	const char *name;
	json_t *value;
	size_t i;

	if (json_is_string(json) && !strcmp(key, "legendFormat"))
		check_legend(om, json_string_value(json));
	else if (json_is_string(json))
		check_query(om, json_string_value(json));
	json_object_foreach(json, name, value)
		walk(om, name, value);
	json_array_foreach(json, i, value)
		walk(om, key, value);
}

/* What the dashboard asks for is what there is. */
static void test_dashboard(void **state)
{
	struct device *dev = make_device("mt0");
	struct om *om = read_all(dev);
	json_error_t error;
	json_t *json = json_load_file(DATA "../../../docs/grafana/mytun.json",
				      JSON_REJECT_DUPLICATES, &error);

	(void)state;
	if (!json)
		fail_msg("%d: %s", error.line, error.text);
	walk(om, "", json);
	assert_true(json_array_size(json_object_get(json, "panels")) >= 8);
	assert_true(queries >= 13);
	assert_true(legends >= 8);
	json_decref(json);
	free(om);
	device_free(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_two_devices),
		cmocka_unit_test(test_no_device),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_no_secrets),
		cmocka_unit_test(test_dashboard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
