// SPDX-License-Identifier: GPL-2.0
/* The screen of top: what stands where, in which order, and that nothing is too wide. */
#include <arpa/inet.h>
#include <time.h>

#include "test.h"
#include "top.h"

#define NOW 1795225741
#define LONG_ADDRESS "2001:db8:1111:2222:3333:4444:5555:6666"

static void set_endpoint(struct peer *peer, const char *text, uint16_t port)
{
	peer->endpoint.sin6.sin6_family = AF_INET6;
	assert_int_equal(inet_pton(AF_INET6, text, &peer->endpoint.sin6.sin6_addr), 1);
	peer->endpoint.sin6.sin6_port = htons(port);
	peer->flags |= PEER_HAS_ENDPOINT;
}

/* Three peers, of which the first has no endpoint, and whose counters say nothing. */
static struct device *make_device(const char *name)
{
	struct device *dev = parse_good("[Peer]\nPublicKey=" KEY_A "\n"
					"[Peer]\nPublicKey=" KEY_B "\nEndpoint=192.0.2.1:51820\n"
					"[Peer]\nPublicKey=" KEY_C "\n");

	strcpy(dev->name, name);
	set_endpoint(dev->last_peer, LONG_ADDRESS, 65535);
	dev->peers->next->last_handshake.tv_sec = NOW - 75;
	dev->last_peer->last_handshake.tv_sec = NOW - 200;
	return dev;
}

static char *screen(const struct top *top, bool color)
{
	struct style style = { .color = color, .now = NOW };
	size_t len;
	char *text;

	style.out = open_memstream(&text, &len);
	assert_int_equal(top_screen(&style, top), 0);
	fclose(style.out);
	return text;
}

#define DEVICES "DEVICE     PEERS       RX/s       TX/s    DROPS  DROPS/s MOSTLY\n"
#define TITLES "DEVICE PEER      ENDPOINT                              RX/s       TX/s HANDSHAKE\n"

#define SCREEN \
	"mytun  01:49:01  devices 1  peers 1/3  rx 1.0 MiB/s  tx 1.0 KiB/s\n" \
	DEVICES \
	"mt0          1/3    1.0 MiB    1.0 KiB       43      1.5 rx-replay\n" \
	TITLES \
	"mt0    AQIDBAUG~ 192.0.2.1:51820                    1.0 MiB    1.0 KiB     1m15s\n" \
	"mt0    AgMEBQYH~ [2001:db8:1111:~555:6666]:65535        0 B        5 B     3m20s\n" \
	"mt0    AAECAwQF~ -                                      0 B        0 B     never\n"

static void test_screen(void **state)
{
	struct device *now = make_device("mt0"), *before = make_device("mt0");
	struct top top = { now, before, 2, 80, 0 };
	char *text;

	(void)state;
	now->peers->next->rx_bytes = 3 << 20;
	now->peers->next->tx_bytes = 2048;
	before->peers->next->rx_bytes = 1 << 20;
	now->last_peer->tx_bytes = 10;
	before->drops[MYTUN_DROP_TX_NO_KEY] = 40;
	now->drops[MYTUN_DROP_TX_NO_KEY] = 41;
	now->drops[MYTUN_DROP_RX_REPLAY] = 2;
	text = screen(&top, false);
	assert_string_equal(text, SCREEN);
	free(text);
	device_free(now);
	device_free(before);
}

static void test_no_rates(void **state)
{
	struct device *now = make_device("mt0");
	struct top top = { now, NULL, 0, 80, 0 };
	char *text = screen(&top, false);

	(void)state;
	assert_non_null(strstr(text, "  rx -  tx -\n"));
	assert_non_null(strstr(text, "  1/3          -          -        0        - -\n"));
	assert_non_null(strstr(text, "192.0.2.1:51820                          -          -    "));
	free(text);
	device_free(now);
}

/* By rate, then by handshake, then as they are called. */
static void test_order(void **state)
{
	struct device *now = make_device("mt1"), *before = make_device("mt1");
	struct top top = { now, before, 1, 80, 0 };
	struct top_row *rows;
	size_t n;

	(void)state;
	now->next = make_device("mt0");
	before->next = make_device("mt0");
	now->peers->tx_bytes = 100;
	now->next->last_peer->rx_bytes = 60;
	now->next->last_peer->tx_bytes = 60;
	rows = top_rows(&top, &n);
	assert_int_equal(n, 6);
	assert_ptr_equal(rows[0].peer, now->next->last_peer);
	assert_ptr_equal(rows[1].peer, now->peers);
	assert_ptr_equal(rows[2].peer, now->next->peers->next);
	assert_ptr_equal(rows[3].peer, now->peers->next);
	assert_ptr_equal(rows[4].peer, now->last_peer);
	assert_ptr_equal(rows[5].peer, now->next->peers);
	free(rows);
	device_list_free(now);
	device_list_free(before);
}

/* A peer or a device that was not there before, or is another one, has no rate yet. */
static void test_new(void **state)
{
	struct device *now = make_device("mt0"), *before = make_device("mt0");
	struct top top = { now, before, 1, 80, 0 };
	struct top_row *rows;
	size_t n, i;

	(void)state;
	before->peers->rx_bytes = 1000;
	now->peers->rx_bytes = 999;
	before->last_peer->public_key[0] ^= 1;
	rows = top_rows(&top, &n);
	for (i = 0; i < n; i++) {
		if (rows[i].peer == now->peers->next)
			assert_true(rows[i].rx >= 0);
		else
			assert_true(rows[i].rx < 0);
	}
	free(rows);
	before->ifindex = 7;
	rows = top_rows(&top, &n);
	for (i = 0; i < n; i++)
		assert_true(rows[i].rx < 0);
	free(rows);
	device_free(now);
	device_free(before);
}

static void test_rate(void **state)
{
	static const struct {
		double bytes;
		const char *text;
	} cases[] = {
		{ -1, "-" }, { 0, "0 B" }, { 1023.4, "1023 B" }, { 1023.6, "1.0 KiB" },
		{ 1024, "1.0 KiB" }, { 1536, "1.5 KiB" }, { 1048500, "1023.9 KiB" },
		{ 1048570, "1.0 MiB" }, { 12.3 * 1048576, "12.3 MiB" }, { 1e300, "9999.0 TiB" },
	};
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(top_rate(text, cases[i].bytes), cases[i].text);
		assert_true(strlen(text) <= 10);
	}
}

static void test_count(void **state)
{
	static const struct {
		double n;
		const char *text;
	} cases[] = {
		{ -1, "-" }, { 0, "0" }, { 0.5, "0.5" }, { 7, "7" }, { 999.9, "999.9" },
		{ 999.96, "1000" }, { 99999999, "99999999" }, { 100000000, "100.0M" },
		{ 999960000, "1.0G" }, { 18446744073709551615.0, "18.4E" }, { 1e300, "9999.0E" },
	};
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(top_count(text, cases[i].n), cases[i].text);
		assert_true(strlen(text) <= 8);
	}
}

static void test_age(void **state)
{
	static const struct {
		time_t age;
		const char *text;
	} cases[] = {
		{ 0, "0s" }, { 59, "59s" }, { 60, "1m00s" }, { 3599, "59m59s" },
		{ 3600, "1h00m" }, { 86399, "23h59m" }, { 86400, "1d00h" }, { -1, "in future" },
		{ 12345 * 86400, "12345d00h" }, { NOW, "never" },
	};
	struct timespec when = { 0 };
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		when.tv_sec = NOW - cases[i].age;
		assert_string_equal(top_age(text, &when, NOW), cases[i].text);
		assert_true(strlen(text) <= 9);
	}
}

/* Without what is between an escape and an 'm'. */
static void strip_colors(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\x1b')
			text += strcspn(text, "m");
		else
			*to++ = *text;
	}
	*to = '\0';
}

/* Without spaces at the ends of lines: a bar of titles has them where there are colours. */
static void strip_ends(char *text)
{
	char *to = text, *end = text;

	for (; *text; text++) {
		if (*text == '\n')
			to = end;
		*to++ = *text;
		if (*text != ' ')
			end = to;
	}
	*to = '\0';
}

static size_t longest_line(const char *text)
{
	size_t max = 0, len;

	for (; *text; text += len + 1) {
		len = strcspn(text, "\n");
		max = len > max ? len : max;
	}
	return max;
}

/* The largest of everything, and names that would play with the terminal. */
static struct device *make_big(void)
{
	struct device *dev = make_device("\x1b[31m\xff\tinterf"), *two = make_device("b");
	struct peer *peer;
	unsigned int drop;

	dev->next = two;
	for (peer = dev->peers; peer; peer = peer->next) {
		set_endpoint(peer, LONG_ADDRESS, 65535);
		peer->rx_bytes = UINT64_MAX;
		peer->tx_bytes = UINT64_MAX;
	}
	for (drop = 1; drop <= MYTUN_DROP_MAX; drop++)
		dev->drops[drop] = UINT64_MAX / MYTUN_DROP_MAX - 1;
	dev->drops[MYTUN_DROP_RX_HANDSHAKE_QUEUE_FULL]++;
	return dev;
}

static void test_width(void **state)
{
	static const unsigned int widths[] = { 80, 79, 140, 300, 60, 40, 1 };
	struct device *now = make_big(), *before = make_device(now->name);
	struct top top = { now, before, 0.5, 0, 0 };
	char *plain, *color;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		top.width = widths[i];
		plain = screen(&top, false);
		color = screen(&top, true);
		assert_null(strchr(plain, '\x1b'));
		assert_null(strpbrk(plain, "\t\xff"));
		assert_non_null(strchr(color, '\x1b'));
		assert_true(longest_line(plain) <= widths[i]);
		assert_int_equal(!strstr(plain, " ENDPOINT "), widths[i] < 79);
		if (widths[i] >= 60)
			assert_non_null(strstr(plain, " never\n"));
		if (widths[i] >= 40)
			assert_non_null(strstr(plain, "\n?[31m??interf "));
		if (widths[i] >= 140)
			assert_non_null(strstr(plain, KEY_A " [" LONG_ADDRESS "]:65535 "));
		strip_colors(color);
		strip_ends(color);
		strip_ends(plain);
		assert_string_equal(color, plain);
		free(plain);
		free(color);
	}
	device_list_free(now);
	device_free(before);
}

/* Where a number does not fit there is none, in the head no word without its number. */
static void test_no_half_numbers(void **state)
{
	struct device *now = make_device("mt0"), *before = make_device("mt0");
	struct top top = { now, before, 1, 0, 0 };
	char *text, *row;

	(void)state;
	now->peers->rx_bytes = 1234 << 10;
	for (top.width = 27; top.width <= 65; top.width++) {
		text = screen(&top, false);
		assert_int_equal(!strstr(text, "  rx 1.2 MiB/s"), top.width < 51);
		assert_int_equal(!strstr(text, "  rx "), top.width < 51);
		assert_int_equal(!strstr(text, "  tx 0 B/s\n"), top.width < 61);
		row = strstr(text, "\nmt0 ") + 1;
		row[strcspn(row, "\n")] = '\0';
		assert_int_equal(!strstr(row, " 1/3    1.2 MiB"), false);
		assert_int_equal(!strstr(row, "   0 B"), top.width < 38);
		assert_null(strchr(row, '~'));
		free(text);
	}
	device_free(now);
	device_free(before);
}

/* Numbers have the room that they need, and titles stay above them. */
static void test_many_peers(void **state)
{
	struct device *now = device_alloc();
	struct top top = { now, NULL, 0, 80, 24 };
	struct peer *peer;
	uint32_t i;
	char *text;

	(void)state;
	strcpy(now->name, "mt0");
	for (i = 0; i < 10000; i++) {
		peer = device_add_peer(now);
		assert_non_null(peer);
		memcpy(peer->public_key, &i, sizeof(i));
		peer->last_handshake.tv_sec = NOW - 1;
	}
	text = screen(&top, false);
	assert_non_null(strstr(text, "\nDEVICE       PEERS       RX/s       TX/s    DROPS "));
	assert_non_null(strstr(text, "\nmt0    10000/10000          -          -        0 "));
	free(text);
	device_free(now);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void test_height(void **state)
{
	struct device *now = make_big();
	struct top top = { now, NULL, 0, 80, 24 };
	unsigned int height;
	char *text;

	(void)state;
	for (height = 3; height < 14; height++) {
		top.height = height;
		text = screen(&top, false);
		assert_true(count_lines(text) <= height);
		/* on a low one the peers, for the devices are in the head, too */
		assert_int_equal(!strstr(text, "MOSTLY"), height < 8);
		assert_int_equal(!strstr(text, " more peers)\n"), height >= 11);
		assert_int_equal(count_lines(text), height < 11 ? height : 11);
		free(text);
	}
	device_list_free(now);
}

/* Of devices there are as many as half of the screen takes, and a word for the others. */
static void test_many_devices(void **state)
{
	struct device *now = make_device("mt0"), *dev = now;
	struct top top = { now, NULL, 0, 80, 24 };
	char name[16], *text;
	unsigned int i;

	(void)state;
	for (i = 1; i < 17; i++, dev = dev->next) {
		snprintf(name, sizeof(name), "mt%u", i);
		dev->next = make_device(name);
	}
	text = screen(&top, false);
	assert_int_equal(count_lines(text), 24);
	assert_non_null(strstr(text, "\nmt8 "));
	assert_non_null(strstr(text, "\n(8 more devices)\nDEVICE PEER "));
	assert_non_null(strstr(text, "\n(41 more peers)\n"));
	free(text);
	top.height = 0;
	text = screen(&top, false);
	assert_null(strstr(text, " more "));
	assert_int_equal(count_lines(text), 3 + 17 + 51);
	free(text);
	device_list_free(now);
}

static void test_no_color(void **state)
{
	FILE *tty = fopen("/dev/ptmx", "r+");
	struct style style;

	(void)state;
	assert_non_null(tty);
	unsetenv("WG_COLOR_MODE");
	setenv("NO_COLOR", "", 1);
	style_init(&style, tty);
	assert_true(style.color);
	setenv("NO_COLOR", "1", 1);
	style_init(&style, tty);
	assert_false(style.color);
	setenv("WG_COLOR_MODE", "always", 1);
	style_init(&style, tty);
	assert_true(style.color);
	unsetenv("WG_COLOR_MODE");
	unsetenv("NO_COLOR");
	fclose(tty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_screen),
		cmocka_unit_test(test_no_rates),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_no_half_numbers),
		cmocka_unit_test(test_many_peers),
		cmocka_unit_test(test_height),
		cmocka_unit_test(test_many_devices),
		cmocka_unit_test(test_no_color),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
