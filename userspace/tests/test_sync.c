// SPDX-License-Identifier: GPL-2.0
/* syncconf: what is left of a file when a device already has most of it. */
#include <arpa/inet.h>

#include "sync.h"
#include "test.h"

#define DEVICE "[Interface]\nPrivateKey=" KEY_C "\nListenPort=5\nFwMark=1\n"
#define PEER_A "[Peer]\nPublicKey=" KEY_A "\nPresharedKey=" KEY_C "\nEndpoint=1.2.3.4:5\n" \
	"PersistentKeepalive=25\nAllowedIPs=10.0.0.0/8,fd00::/64\n"
#define PEER_B "[Peer]\nPublicKey=" KEY_B "\nAllowedIPs=11.0.0.0/8\n"

/* Return: what has to be sent to a device that has @have for it to have @want. */
static struct device *diff(const char *want, const char *have)
{
	struct device *w = parse_good(want), *h = parse_good(have);

	assert_int_equal(sync_reduce(w, h), 0);
	device_free(h);
	return w;
}

static void check_peer(const struct peer *peer, const char *key, uint32_t flags, size_t n_ips)
{
	char text[KEY_BASE64_LEN];

	assert_non_null(peer);
	key_to_base64(text, peer->public_key);
	assert_string_equal(text, key);
	assert_int_equal(peer->flags, PEER_HAS_PUBLIC_KEY | flags);
	assert_int_equal(peer->n_ips, n_ips);
}

static void check_ip(const struct allowedip *ip, const char *addr, bool remove)
{
	char text[INET6_ADDRSTRLEN];

	assert_string_equal(inet_ntop(ip->family, &ip->addr, text, sizeof(text)), addr);
	assert_int_equal(ip->remove, remove);
}

static void test_same(void **state)
{
	struct device *dev = diff(DEVICE PEER_A PEER_B, DEVICE PEER_B PEER_A);

	(void)state;
	assert_int_equal(dev->flags, 0);
	assert_null(dev->peers);
	assert_null(dev->last_peer);
	assert_int_equal(dev->n_peers, 0);
	device_free(dev);
}

static void test_device_fields(void **state)
{
	struct device *dev = diff("[Interface]\nPrivateKey=" KEY_A "\nListenPort=6\n", DEVICE);

	(void)state;
	assert_int_equal(dev->flags, DEVICE_HAS_PRIVATE_KEY | DEVICE_HAS_LISTEN_PORT |
			 DEVICE_HAS_FWMARK);
	assert_int_equal(dev->fwmark, 0);
	device_free(dev);
	/* any port will do, so the one there is stays */
	dev = diff("[Interface]\nPrivateKey=" KEY_C "\nFwMark=1\n", DEVICE);
	assert_int_equal(dev->flags, 0);
	device_free(dev);
	dev = diff("[Interface]\nPrivateKey=" KEY_C "\nFwMark=1\nListenPort=0\n", DEVICE);
	assert_int_equal(dev->flags, 0);
	device_free(dev);
}

static void test_peer_fields(void **state)
{
	struct device *dev = diff(DEVICE "[Peer]\nPublicKey=" KEY_A "\nEndpoint=1.2.3.4:6\n"
				  "AllowedIPs=10.0.0.0/8,fd00::/64\n", DEVICE PEER_A);

	(void)state;
	assert_int_equal(dev->n_peers, 1);
	check_peer(dev->peers, KEY_A, PEER_HAS_PRESHARED_KEY | PEER_HAS_ENDPOINT |
		   PEER_HAS_KEEPALIVE, 0);
	assert_true(key_is_zero(dev->peers->preshared_key));
	assert_int_equal(dev->peers->keepalive, 0);
	device_free(dev);
	/* what is not in the file is not wanted */
	dev = diff(DEVICE PEER_B, DEVICE PEER_B "#! Cipher = auto\n");
	assert_int_equal(dev->n_peers, 1);
	check_peer(dev->peers, KEY_B, PEER_HAS_CIPHER, 0);
	assert_int_equal(dev->peers->cipher, MYTUN_CIPHER_CHACHA20_POLY1305);
	device_free(dev);
	dev = diff(DEVICE PEER_B "#! Cipher = auto\n", DEVICE PEER_B "#! Cipher = auto\n");
	assert_null(dev->peers);
	device_free(dev);
	/* a peer that roamed stays where it is when the file does not say otherwise */
	dev = diff(DEVICE PEER_B, DEVICE PEER_B "Endpoint=9.9.9.9:9\n");
	assert_null(dev->peers);
	device_free(dev);
}

static void test_peers(void **state)
{
	struct device *dev = diff(DEVICE PEER_B, DEVICE PEER_A);

	(void)state;
	assert_int_equal(dev->n_peers, 2);
	check_peer(dev->peers, KEY_A, PEER_REMOVE, 0);
	check_peer(dev->peers->next, KEY_B, PEER_REPLACE_ALLOWEDIPS, 1);
	assert_ptr_equal(dev->last_peer, dev->peers->next);
	device_free(dev);
}

static void test_allowed_ips(void **state)
{
	struct device *dev = diff(DEVICE "[Peer]\nPublicKey=" KEY_B "\n"
					 "AllowedIPs=12.0.0.0/8,11.0.0.0/8\n",
				  DEVICE "[Peer]\nPublicKey=" KEY_B "\n"
					 "AllowedIPs=11.0.0.0/8,10.0.0.0/8,13.0.0.0/8\n");

	(void)state;
	check_peer(dev->peers, KEY_B, 0, 3);
	check_ip(&dev->peers->ips[0], "12.0.0.0", false);
	check_ip(&dev->peers->ips[1], "10.0.0.0", true);
	check_ip(&dev->peers->ips[2], "13.0.0.0", true);
	device_free(dev);
}

static void test_signs(void **state)
{
	struct device *dev = diff(DEVICE "[Peer]\nPublicKey=" KEY_B "\n"
				  "AllowedIPs=+12.0.0.0/8,+11.0.0.0/8,-10.0.0.0/8,-9.0.0.0/8\n",
				  DEVICE "[Peer]\nPublicKey=" KEY_B "\n"
				  "AllowedIPs=11.0.0.0/8,10.0.0.0/8,13.0.0.0/8\n");

	(void)state;
	check_peer(dev->peers, KEY_B, 0, 2);
	check_ip(&dev->peers->ips[0], "10.0.0.0", true);
	check_ip(&dev->peers->ips[1], "12.0.0.0", false);
	device_free(dev);
}

/* Two peers name one prefix: it is the last one's, and running again changes nothing. */
static void test_overlap(void **state)
{
	static const char file[] = DEVICE "[Peer]\nPublicKey=" KEY_A "\nAllowedIPs=10.0.0.0/8\n"
				   "[Peer]\nPublicKey=" KEY_B "\nAllowedIPs=10.0.0.0/8\n";
	struct device *dev = diff(file, DEVICE "[Peer]\nPublicKey=" KEY_A "\n"
				  "[Peer]\nPublicKey=" KEY_B "\nAllowedIPs=10.0.0.0/8\n");

	(void)state;
	assert_null(dev->peers);
	device_free(dev);
	dev = diff(file, DEVICE "[Peer]\nPublicKey=" KEY_A "\nAllowedIPs=10.0.0.0/8\n"
				"[Peer]\nPublicKey=" KEY_B "\n");
	check_peer(dev->last_peer, KEY_B, 0, 1);
	device_free(dev);
}

static void test_duplicate(void **state)
{
	struct device *dev = diff(DEVICE PEER_A PEER_B PEER_A "AllowedIPs=12.0.0.0/8\n",
				  DEVICE PEER_A PEER_B);

	(void)state;
	assert_int_equal(dev->n_peers, 1);
	check_peer(dev->peers, KEY_A, 0, 1);
	device_free(dev);
}

/* Return: the mark that the device has after a reload; @log gets what is said. */
static uint32_t mark_kept(const char *want, const char *have, char log[128])
{
	struct tunnel tun = { .dev = parse_good(want) };
	struct device *h = parse_good(have);
	FILE *out = fmemopen(log, 128, "w");
	uint32_t mark;

	strcpy(tun.dev->name, "mt0");
	sync_keep(&tun, h, out);
	fclose(out);
	mark = tun.dev->fwmark;
	device_free(tun.dev);
	device_free(h);
	return mark;
}

#define ALL "[Peer]\nPublicKey=" KEY_A "\nAllowedIPs=0.0.0.0/0\n"

/* Rules and firewall of a full tunnel have the mark, and a reload leaves them as they are. */
static void test_keep_mark(void **state)
{
	static const char changed[] = "[Interface]\nPrivateKey=" KEY_C "\nFwMark=9\n";
	static const char full[] = "[Interface]\nFwMark=9\n" ALL;
	char log[128];

	(void)state;
	assert_int_equal(mark_kept(full, DEVICE ALL, log), 1);
	assert_ptr_equal(strstr(log, "Warning: mt0: FwMark stays 0x1, as rules and "), log);
	/* also when the file makes it a split one */
	assert_int_equal(mark_kept(changed, DEVICE ALL, log), 1);
	assert_non_null(strstr(log, "stays 0x1"));
	memset(log, 0, sizeof(log));
	assert_int_equal(mark_kept(changed, DEVICE PEER_A, log), 9);
	assert_int_equal(mark_kept(ALL, DEVICE ALL, log), 1);
	assert_int_equal(mark_kept(DEVICE ALL, DEVICE ALL, log), 1);
	assert_string_equal(log, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keep_mark),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_device_fields),
		cmocka_unit_test(test_peer_fields),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_allowed_ips),
		cmocka_unit_test(test_signs),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_duplicate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
