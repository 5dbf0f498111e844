// SPDX-License-Identifier: GPL-2.0
/* What a hub gives its clients: names, addresses, an endpoint, files. */
#include <arpa/inet.h>

#include "behind.h"
#include "client.h"
#include "format.h"
#include "save.h"
#include "test_tunnel.h"

#define HUB "[Interface]\nPrivateKey = " KEY_A "\nListenPort = 51820\n"
#define TEN "abcdefghij"
#define PEER "[Peer]\nPublicKey = " KEY_B "\n"

static struct tunnel *parse(const char *text)
{
	struct tunnel *tun = parse_tunnel(text, stderr);

	assert_non_null(tun);
	return tun;
}

/* The addresses that a client gets, with spaces between them; or what is said instead. */
static const char *addresses(const char *hub_text, const struct device *live)
{
	static char text[512];
	struct tunnel *hub = parse(hub_text), *client = tunnel_alloc();
	char prefix[PREFIX_LEN];
	FILE *log;
	size_t i;
	int ret;

	memset(text, 0, sizeof(text));
	strcpy(hub->dev->name, "mt0");
	log = fmemopen(text, sizeof(text) - 1, "w");
	ret = client_give_addresses(client, hub, live, log);
	fclose(log);
	assert_int_equal(!ret, !*text);
	for (i = 0; i < client->n_addresses && !ret; i++) {
		strcat(text, i ? " " : "");
		strcat(text, format_prefix(prefix, &client->addresses[i]));
	}
	tunnel_free(client);
	tunnel_free(hub);
	return text;
}

static void test_first(void **state)
{
	(void)state;
	assert_string_equal(addresses(HUB "Address = 10.8.0.1/24\n", NULL), "10.8.0.2/32");
	assert_string_equal(addresses(HUB "Address = 10.8.0.2/24\n", NULL), "10.8.0.1/32");
	assert_string_equal(addresses(HUB "Address = 10.8.0.7/24, fd00::7/64\n", NULL),
			    "10.8.0.1/32 fd00::1/128");
	/* two of one subnet are one subnet; one alone is none */
	assert_string_equal(addresses(HUB "Address = 10.8.0.1/24, 10.8.0.2/24, 192.0.2.1\n", NULL),
			    "10.8.0.3/32");
	assert_string_equal(addresses(HUB "Address = 10.8.0.1/16, 10.8.1.1/24\n", NULL),
			    "10.8.0.2/32");
	assert_string_equal(addresses(HUB "Address = 10.8.0.1/24, 10.9.0.1/24\n", NULL),
			    "10.8.0.2/32 10.9.0.2/32");
}

static void test_used(void **state)
{
	(void)state;
	assert_string_equal(addresses(HUB "Address = 10.8.0.1/24\n" PEER
				      "AllowedIPs = 10.8.0.3/32, 10.8.0.2/32, 10.8.0.5/32\n",
				      NULL), "10.8.0.4/32");
	/* a peer with a part of the subnet has all of that part */
	assert_string_equal(addresses(HUB "Address = 10.8.0.1/24\n" PEER
				      "AllowedIPs = 10.8.0.2/32, 10.8.0.0/28, 10.8.0.16/29\n",
				      NULL), "10.8.0.24/32");
	/* one with the whole of it, or more, is a way out and takes none */
	assert_string_equal(addresses(HUB "Address = 10.8.0.1/24\n" PEER
				      "AllowedIPs = 0.0.0.0/0, 10.8.0.0/24, 10.0.0.0/8\n", NULL),
			    "10.8.0.2/32");
	/* others' subnets do not matter, nor do those of the other family */
	assert_string_equal(addresses(HUB "Address = 10.8.0.1/24, fd00::1/64\n" PEER
				      "AllowedIPs = 10.9.0.2/32, fd01::2/128, fd00::2/127\n", NULL),
			    "10.8.0.2/32 fd00::4/128");
}

/* What only the device knows is taken, too. */
static void test_live(void **state)
{
	struct tunnel *live = parse("[Interface]\n" PEER "AllowedIPs = 10.8.0.2/32\n");

	(void)state;
	assert_string_equal(addresses(HUB "Address = 10.8.0.1/24\n", live->dev), "10.8.0.3/32");
	tunnel_free(live);
}

static void test_small(void **state)
{
	(void)state;
	/* of four addresses of IPv4 two are for hosts, of IPv6 three, of two all */
	assert_string_equal(addresses(HUB "Address = 10.8.0.1/30\n", NULL), "10.8.0.2/32");
	assert_string_equal(addresses(HUB "Address = 10.8.0.1/30\n" PEER
				      "AllowedIPs = 10.8.0.2/32\n", NULL),
			    "10.8.0.0/30: all addresses of this subnet are taken\n");
	assert_string_equal(addresses(HUB "Address = fd00::1/126\n" PEER
				      "AllowedIPs = fd00::2/128\n", NULL), "fd00::3/128");
	assert_string_equal(addresses(HUB "Address = fd00::1/126\n" PEER
				      "AllowedIPs = fd00::2/127\n", NULL),
			    "fd00::/126: all addresses of this subnet are taken\n");
	assert_string_equal(addresses(HUB "Address = 10.8.0.1/31\n", NULL), "10.8.0.0/32");
	assert_string_equal(addresses(HUB "Address = fd00::/127\n", NULL), "fd00::1/128");
	/* the end of all addresses */
	assert_string_equal(addresses(HUB "Address = 255.255.255.254/31\n" PEER
				      "AllowedIPs = 255.255.255.255/32\n", NULL),
			    "255.255.255.254/31: all addresses of this subnet are taken\n");
	assert_string_equal(addresses(HUB "Address = 10.8.0.1/0\n" PEER
				      "AllowedIPs = 0.0.0.0/1, 128.0.0.0/1\n", NULL),
			    "0.0.0.0/0: all addresses of this subnet are taken\n");
	/* one family full: the client does not get the other */
	assert_string_equal(addresses(HUB "Address = fd00::1/64, 10.8.0.1/31\n" PEER
				      "AllowedIPs = 10.8.0.0/32\n", NULL),
			    "10.8.0.0/31: all addresses of this subnet are taken\n");
}

static void test_none(void **state)
{
	const char *none = "mt0: the file has no Address with a subnet, such as 10.8.0.1/24\n";

	(void)state;
	assert_string_equal(addresses(HUB, NULL), none);
	assert_string_equal(addresses(HUB "Address = 10.8.0.1, fd00::1/128\n", NULL), none);
}

/* A /16 to the last address, and in any order. */
static void test_full(void **state)
{
	struct tunnel *hub = parse(HUB "Address = 10.8.0.1/16\n" PEER), *client;
	struct peer *peer = hub->dev->peers;
	unsigned int i, n;
	int ret;

	(void)state;
	for (n = 2; n < 65535; n++) {
		struct allowedip *ip = peer_add_ip(peer);

		i = n * 7919 % 65536;	/* an odd factor: all of them */
		ip->family = AF_INET;
		ip->prefix_len = 32;
		ip->addr.ip4.s_addr = htonl(0x0a080000 + (i == 40000 ? 1 : i));
	}
	client = tunnel_alloc();
	ret = client_give_addresses(client, hub, NULL, stderr);
	assert_int_equal(ret, 0);
	/* 7919 * 0, 1 and 65535 modulo 65536 and the one left out are not in the list */
	assert_int_equal(ntohl(client->addresses[0].addr.ip4.s_addr), 0x0a080000 + 7919);
	tunnel_free(client);
	tunnel_free(hub);
}

static void test_names(void **state)
{
	static const char *const bad[] = {
		"a.example:1\nPostUp = x:7", "a.example\nPostUp = x", "a.example\r", "a b.example",
		"a.example#b:7", "\ta.example", "a.example:7\n", "[2001:db8::1]:7\n",
		"a\x7f.example",
	};
	struct tunnel *hub = parse(HUB PEER "#! Name = phone\n");
	size_t i;

	(void)state;
	assert_true(client_name_is_good("Bob.s_phone-2@home+1"));
	assert_true(client_name_is_good(TEN TEN TEN TEN TEN TEN "123"));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(client_name_is_good(bad[i]));
	assert_true(client_name_is_taken(hub, "phone"));
	assert_false(client_name_is_taken(hub, "Phone"));
	tunnel_free(hub);
}

static const char *endpoint(const char *text, uint16_t port)
{
	static char result[1024];
	struct config cfg = { .tun = tunnel_alloc() };
	char *written = NULL;
	size_t len;
	FILE *out;
	int ret;

	memset(result, 0, sizeof(result));
	cfg.dev = cfg.tun->dev;
	device_add_peer(cfg.dev);
	cfg.log = fmemopen(result, sizeof(result) - 1, "w");
	ret = client_give_endpoint(&cfg, "E", text, port);
	fclose(cfg.log);
	assert_int_equal(!ret, !*result);
	if (!ret) {
		out = open_memstream(&written, &len);
		client_write(out, cfg.tun);
		fclose(out);
		strcpy(result, strstr(written, "Endpoint = ") + 11);
		free(written);
	}
	tunnel_free(cfg.tun);
	return result;
}

/* What would not be the same text again in the client's file. */
static void test_bad_endpoint(void **state)
{
	static const char *const bad[] = {
		"a.example:1\nPostUp = x:7", "a.example\nPostUp = x", "a.example\r", "a b.example",
		"a.example#b:7", "\ta.example", "a.example:7\n", "[2001:db8::1]:7\n",
		"a\x7f.example",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!strstr(endpoint(bad[i], 5), "E: neither an address nor a host name"))
			fail_msg("%zu: %s", i, bad[i]);
	assert_string_equal(endpoint("\xc3\xbc.example", 5), "\xc3\xbc.example:5\n");
}

static void test_endpoint(void **state)
{
	(void)state;
	assert_string_equal(endpoint("vpn.example", 51820), "vpn.example:51820\n");
	assert_string_equal(endpoint("vpn.example:7", 51820), "vpn.example:7\n");
	assert_string_equal(endpoint("8.8.8.8", 5), "8.8.8.8:5\n");
	assert_string_equal(endpoint("8.8.8.8:6", 0), "8.8.8.8:6\n");
	assert_string_equal(endpoint("2001:db8::1", 5), "[2001:db8::1]:5\n");
	assert_string_equal(endpoint("[2001:db8::1]", 5), "[2001:db8::1]:5\n");
	assert_string_equal(endpoint("[2001:db8::1]:8", 5), "[2001:db8::1]:8\n");
	assert_non_null(strstr(endpoint("vpn.example", 0),
			       "E: `vpn.example' is without a port, and the hub's file"));
	assert_string_equal(endpoint("0.0.0.0", 5),
			    "E: Endpoint is not the address of one host: `0.0.0.0:5'\n");
	assert_string_equal(endpoint("vpn.example:0", 5),
			    "E: Port of endpoint is not 1-65535: `vpn.example:0'\n");
	assert_string_not_equal(endpoint("", 5), ":5\n");
}

static const char *allowed(const char *hub_text)
{
	static char text[256];
	struct tunnel *hub = parse(hub_text), *client = tunnel_alloc();
	struct peer *peer = device_add_peer(client->dev);
	char prefix[PREFIX_LEN];
	size_t i;

	assert_int_equal(client_give_addresses(client, hub, NULL, stderr), 0);
	assert_int_equal(client_give_allowed_ips(client, hub), 0);
	*text = '\0';
	for (i = 0; i < peer->n_ips; i++) {
		strcat(text, i ? " " : "");
		strcat(text, format_prefix(prefix, &peer->ips[i]));
	}
	tunnel_free(client);
	tunnel_free(hub);
	return text;
}

static void test_allowed_ips(void **state)
{
	(void)state;
	assert_string_equal(allowed(HUB "Address = 10.8.0.1/24, 10.8.0.2/24, fd00::1/64\n"),
			    "10.8.0.0/24 fd00::/64");
	assert_string_equal(allowed(HUB "#! Gateway = yes\nAddress = 10.8.0.1/24, 10.9.0.1/24\n"),
			    "0.0.0.0/0");
	assert_string_equal(allowed(HUB "#! Gateway = yes\nAddress = 10.8.0.1/24, fd00::1/64\n"),
			    "0.0.0.0/0 ::/0");
	/* no route into nowhere: an address alone is of no subnet, and the client has none */
	assert_string_equal(allowed(HUB "#! Gateway = yes\nAddress = 10.8.0.1/24, fd00::1\n"),
			    "0.0.0.0/0");
}

static void test_keys(void **state)
{
	struct tunnel *one = tunnel_alloc(), *two = tunnel_alloc();

	(void)state;
	device_add_peer(one->dev);
	device_add_peer(two->dev);
	assert_int_equal(client_make_keys(one, true), 0);
	assert_int_equal(client_make_keys(two, false), 0);
	assert_memory_not_equal(one->dev->private_key, two->dev->private_key, KEY_LEN);
	assert_int_equal(one->dev->private_key[0] & 7, 0);
	assert_int_equal(one->dev->private_key[31] & 0xc0, 0x40);
	assert_false(key_is_zero(one->dev->public_key));
	assert_false(key_is_zero(one->dev->peers->preshared_key));
	assert_false(two->dev->peers->flags & PEER_HAS_PRESHARED_KEY);
	tunnel_free(one);
	tunnel_free(two);
}

static char secret[KEY_BASE64_LEN];
static unsigned int freed, freed_keys;

/* Called before the memory is gone, whoever frees it. */
static void look_at_freed(const volatile void *memory)
{
	size_t len = __sanitizer_get_allocated_size(memory);

	freed++;
	if (*secret && memmem((const void *)memory, len, secret, strlen(secret)))
		freed_keys++;
}

static void ignore_allocated(const volatile void *memory, size_t len)
{
	(void)memory;
	(void)len;
}

/* The text is that of the file, and no other memory had the key. */
static void test_text(void **state)
{
	struct tunnel *client = parse(HUB "Address = 10.8.0.2/32\n" PEER
				      "Endpoint = a.example:1\nPresharedKey = " KEY_C "\n");
	struct tunnel *big = parse(HUB PEER "Endpoint = a.example:1\n");
	char text[512], *written, small[512];
	char *volatile copy;	/* else a compiler may do without it */
	size_t len, i;
	FILE *out = open_memstream(&written, &len);

	(void)state;
	client_write(out, client);
	fclose(out);
	assert_true(len < sizeof(text));
	strcpy(secret, KEY_A);
	assert_true(__sanitizer_install_malloc_and_free_hooks(ignore_allocated, look_at_freed) > 0);
	copy = strdup(written);
	free(copy);
	assert_int_equal(freed_keys, 1);
	freed = 0;
	freed_keys = 0;
	assert_int_equal(client_text(text, sizeof(text), client), 0);
	assert_true(freed > 0);
	assert_int_equal(freed_keys, 0);
	assert_string_equal(text, written);
	/* a byte less than it takes, and many less */
	assert_int_equal(client_text(small, len + 1, client), 0);
	assert_int_equal(client_text(small, len, client), -EFBIG);
	assert_int_equal(client_text(small, 10, client), -EFBIG);
	for (i = 0; i < 1000; i++)
		peer_add_ip(big->dev->peers)->family = AF_INET;
	assert_int_equal(client_text(text, sizeof(text), big), -EFBIG);
	*secret = '\0';
	free(written);
	tunnel_free(client);
	tunnel_free(big);
}

/* SaveConfig keeps what only the file knows of clients. */
static void test_saved(void **state)
{
	const char *file = "[Interface]\nAddress = 10.8.0.1/24\nSaveConfig = true\n"
			   "#! ClientEndpoint = vpn.example\n#! ClientDNS = 10.8.0.1, lan\n"
			   "ListenPort = 51820\nPrivateKey = " KEY_A "\n"
			   "\n[Peer]\n#! Name = phone\nPublicKey = " KEY_B "\n";
	struct tunnel *hub = parse(file);
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_string_equal(hub->dev->peers->name, "phone");
	tunnel_write(out, hub, hub->dev);
	fclose(out);
	assert_string_equal(text, file);
	free(text);
	tunnel_free(hub);
}

static union endpoint host(const char *text)
{
	union endpoint ep;

	memset(&ep, 0, sizeof(ep));
	ep.sa.sa_family = AF_INET;
	if (inet_pton(AF_INET, text, &ep.sin.sin_addr) != 1) {
		ep.sa.sa_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, text, &ep.sin6.sin6_addr), 1);
	}
	return ep;
}

static void test_public(void **state)
{
	static const char *const yes[] = {
		"8.8.8.8", "11.0.0.1", "100.63.255.255", "100.128.0.0", "172.15.0.1",
		"172.32.0.1", "192.167.1.1", "223.255.255.1", "2a00::1", "2001:db9::1",
		"2001:db7:ffff::1", "2001:200::1", "2000::1", "2003::1", "3ffe:ffff::1",
		"3fff:1000::1",
	};
	static const char *const no[] = {
		"0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1",
		"169.254.1.1", "172.16.0.1", "172.31.255.1", "192.168.1.1", "192.0.2.1",
		"198.18.0.1", "198.19.9.9", "198.51.100.1", "203.0.113.9", "224.0.0.1",
		"255.255.255.255", "::1", "fe80::1", "fd00::1", "2001:db8::1", "::ffff:8.8.8.8",
		"2001:db8:ffff::1", "2001:2::1", "3fff::1", "3fff:fff:ffff::1", "4000::1",
		"1fff::1", "2001::1", "2001:1::1", "2001:20::1", "2001:1ff:ffff::1", "2002::1",
		"2002:808:808::1",
	};
	union endpoint ep;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		ep = host(yes[i]);
		assert_true(address_is_public(&ep));
	}
	for (i = 0; i < sizeof(no) / sizeof(*no); i++) {
		ep = host(no[i]);
		assert_false(address_is_public(&ep));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),	    cmocka_unit_test(test_used),
		cmocka_unit_test(test_live),	    cmocka_unit_test(test_small),
		cmocka_unit_test(test_none),	    cmocka_unit_test(test_full),
		cmocka_unit_test(test_bad_endpoint),
		cmocka_unit_test(test_names),	    cmocka_unit_test(test_endpoint),
		cmocka_unit_test(test_allowed_ips), cmocka_unit_test(test_keys),
		cmocka_unit_test(test_saved),	    cmocka_unit_test(test_text),
		cmocka_unit_test(test_public),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
