// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that the kernel must refuse, each for a reason of its own, with text (extack):
 *
 *	netlink_input			list the cases
 *	netlink_input IFNAME		send all, and tell of each whether it was refused as it
 *					should be: "ok CASE: text" or "not ok CASE: text"
 *
 * The interface has one peer, whose public key is 32 times 0x42. input.sh looks whether
 * anything has changed.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "genl.h"

static const char *ifname;
static const uint8_t known[MYTUN_KEY_LEN] = { [0 ... MYTUN_KEY_LEN - 1] = 0x42 };
static const uint8_t other[MYTUN_KEY_LEN] = { [0 ... MYTUN_KEY_LEN - 1] = 0x17 };

static void put_name(void)
{
	put(MYTUN_A_IFNAME, ifname, strlen(ifname) + 1);
}

/* ---- the cases: what is in the message, and the error that it must bring ---- */

static void no_name(void)
{
}

static void name_of_none(void)
{
	put(MYTUN_A_IFNAME, "nosuch0", 8);
}

static void name_of_another_kind(void)
{
	put(MYTUN_A_IFNAME, "lo", 3);
}

static void name_too_long(void)
{
	put(MYTUN_A_IFNAME, "a-name-of-20-letters", 21);
}

static void name_not_ended(void)
{
	put(MYTUN_A_IFNAME, ifname, strlen(ifname));
}

static void index_zero(void)
{
	put_u32(MYTUN_A_IFINDEX, 0);
}

static void index_short(void)
{
	put_u16(MYTUN_A_IFINDEX, 1);
}

static void unknown_attribute(void)
{
	put_name();
	put_u32(MYTUN_A_MAX + 5, 1);
}

static void only_name(void)
{
	put_name();
}

/* One attribute in the nest of the device */
static void in_dev(uint16_t type, const void *data, size_t len)
{
	struct nlattr *dev;

	put_name();
	dev = nest(MYTUN_A_DEV);
	put(type, data, len);
	end(dev);
}

static void private_key_short(void)
{
	in_dev(MYTUN_DEV_A_PRIVATE_KEY, known, MYTUN_KEY_LEN - 1);
}

static void private_key_long(void)
{
	uint8_t key[MYTUN_KEY_LEN + 1] = {};

	in_dev(MYTUN_DEV_A_PRIVATE_KEY, key, sizeof(key));
}

static void port_long(void)
{
	in_dev(MYTUN_DEV_A_LISTEN_PORT, known, 4);
}

static void dev_flag_unknown(void)
{
	uint32_t flags = 1U << 31 | MYTUN_DEV_F_REPLACE_PEERS;

	in_dev(MYTUN_DEV_A_FLAGS, &flags, sizeof(flags));
}

static void dev_read_only(void)
{
	in_dev(MYTUN_DEV_A_PUBLIC_KEY, known, MYTUN_KEY_LEN);
}

static void nest_not_marked(void)
{
	struct nlattr *dev;

	put_name();
	dev = put(MYTUN_A_DEV, NULL, 0);
	put_u16(MYTUN_DEV_A_LISTEN_PORT, 1);
	end(dev);
}

static void nest_cut_short(void)
{
	struct nlattr *dev, *port;
	uint16_t value = 1;

	put_name();
	dev = nest(MYTUN_A_DEV);
	port = put(MYTUN_DEV_A_LISTEN_PORT, &value, sizeof(value));
	end(dev);
	port->nla_len = 200;
}

/* A peer's nest is begun with its key, and ended by the caller */
static struct nlattr *peer(const uint8_t *key, size_t len)
{
	struct nlattr *attr;

	put_name();
	attr = nest(MYTUN_A_PEER);
	if (key)
		put(MYTUN_PEER_A_PUBLIC_KEY, key, len);
	return attr;
}

static void peer_without_key(void)
{
	struct nlattr *attr = peer(NULL, 0);

	put_u16(MYTUN_PEER_A_PERSISTENT_KEEPALIVE, 1);
	end(attr);
}

static void peer_key_short(void)
{
	end(peer(other, MYTUN_KEY_LEN - 1));
}

static void peer_known(void)
{
	end(peer(known, MYTUN_KEY_LEN));
}

static void peer_unknown(void)
{
	end(peer(other, MYTUN_KEY_LEN));
}

static void psk_short(void)
{
	struct nlattr *attr = peer(known, MYTUN_KEY_LEN);

	put(MYTUN_PEER_A_PRESHARED_KEY, known, 16);
	end(attr);
}

static void peer_flag_unknown(void)
{
	struct nlattr *attr = peer(known, MYTUN_KEY_LEN);

	put_u32(MYTUN_PEER_A_FLAGS, 1U << 30);
	end(attr);
}

static void peer_read_only(void)
{
	struct nlattr *attr = peer(known, MYTUN_KEY_LEN);

	put(MYTUN_PEER_A_RX_BYTES, known, 8);
	end(attr);
}

static void endpoint(const char *addr, size_t len, int port)
{
	struct nlattr *attr = peer(known, MYTUN_KEY_LEN);

	if (addr)
		put(MYTUN_PEER_A_ENDPOINT_ADDR, addr, len);
	if (port >= 0)
		put_u16(MYTUN_PEER_A_ENDPOINT_PORT, port);
	end(attr);
}

static void endpoint_of_5_bytes(void)
{
	endpoint("\12\0\0\1\1", 5, 1);
}

static void endpoint_without_port(void)
{
	endpoint("\12\0\0\1", 4, -1);
}

static void endpoint_without_address(void)
{
	endpoint(NULL, 0, 1);
}

static void endpoint_port_zero(void)
{
	endpoint("\12\0\0\1", 4, 0);
}

static void endpoint_any(void)
{
	endpoint("\0\0\0\0", 4, 1);
}

static void endpoint_multicast(void)
{
	endpoint("\340\0\0\1", 4, 1);
}

static void endpoint_multicast6(void)
{
	endpoint("\377\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16, 1);
}

/* First one that is right, so that something would be seen to have changed */
static void allowed_ip(size_t len, int prefix_len, uint32_t flags)
{
	struct nlattr *attr = peer(known, MYTUN_KEY_LEN), *ips, *entry;
	uint8_t addr[17] = { 10, 77 };

	ips = nest(MYTUN_PEER_A_ALLOWEDIPS);
	entry = nest(MYTUN_ALLOWEDIP_A_ENTRY);
	put(MYTUN_ALLOWEDIP_A_ADDR, addr, 4);
	put_u8(MYTUN_ALLOWEDIP_A_PREFIX_LEN, 16);
	end(entry);
	entry = nest(MYTUN_ALLOWEDIP_A_ENTRY);
	if (len)
		put(MYTUN_ALLOWEDIP_A_ADDR, addr, len);
	if (prefix_len >= 0)
		put_u8(MYTUN_ALLOWEDIP_A_PREFIX_LEN, prefix_len);
	if (flags)
		put_u32(MYTUN_ALLOWEDIP_A_FLAGS, flags);
	end(entry);
	end(ips);
	end(attr);
}

static void prefix_33(void)
{
	allowed_ip(4, 33, 0);
}

static void prefix_129(void)
{
	allowed_ip(16, 129, 0);
}

static void prefix_missing(void)
{
	allowed_ip(4, -1, 0);
}

static void prefix_of_3_bytes(void)
{
	allowed_ip(3, 8, 0);
}

static void prefix_of_7_bytes(void)
{
	allowed_ip(7, 8, 0);
}

static void prefix_of_17_bytes(void)
{
	allowed_ip(17, 8, 0);
}

static void prefix_without_address(void)
{
	allowed_ip(0, 8, 0);
}

static void prefix_flag_unknown(void)
{
	allowed_ip(4, 8, 1U << 7);
}

#define NAMED(name, build, cmd, flags, err) { name, build, MYTUN_CMD_##cmd, flags, err }
#define CASE(build, cmd, flags, err) NAMED(#build, build, cmd, flags, err)
static const struct refusal {
	const char *name;
	void (*build)(void);
	int cmd;
	int flags;
	int err;	/* 0: any */
} refusals[] = {
	CASE(no_name, DEV_GET, 0, EINVAL),
	CASE(name_of_none, DEV_GET, 0, ENODEV),
	CASE(name_of_another_kind, DEV_GET, 0, 0),
	CASE(name_too_long, DEV_GET, 0, 0),
	CASE(name_not_ended, DEV_GET, 0, 0),
	CASE(index_zero, DEV_GET, 0, 0),
	CASE(index_short, DEV_GET, 0, 0),
	CASE(unknown_attribute, DEV_GET, 0, EINVAL),
	NAMED("device_missing", only_name, DEV_SET, 0, EINVAL),
	NAMED("peer_missing", only_name, PEER_NEW, 0, EINVAL),
	NAMED("peer_to_delete_missing", only_name, PEER_DEL, 0, EINVAL),
	CASE(private_key_short, DEV_SET, 0, 0),
	CASE(private_key_long, DEV_SET, 0, 0),
	CASE(port_long, DEV_SET, 0, 0),
	CASE(dev_flag_unknown, DEV_SET, 0, EINVAL),
	CASE(dev_read_only, DEV_SET, 0, EINVAL),
	CASE(nest_not_marked, DEV_SET, 0, EINVAL),
	CASE(nest_cut_short, DEV_SET, 0, EINVAL),
	CASE(peer_without_key, PEER_NEW, 0, EINVAL),
	CASE(peer_key_short, PEER_NEW, 0, 0),
	CASE(peer_known, PEER_NEW, NLM_F_EXCL, EEXIST),
	NAMED("peer_to_set_unknown", peer_unknown, PEER_SET, 0, ENOENT),
	NAMED("peer_to_delete_unknown", peer_unknown, PEER_DEL, 0, ENOENT),
	NAMED("peer_to_get_unknown", peer_unknown, PEER_GET, 0, ENOENT),
	CASE(psk_short, PEER_SET, 0, 0),
	CASE(peer_flag_unknown, PEER_SET, 0, EINVAL),
	CASE(peer_read_only, PEER_SET, 0, EINVAL),
	CASE(endpoint_of_5_bytes, PEER_SET, 0, EINVAL),
	CASE(endpoint_without_port, PEER_SET, 0, EINVAL),
	CASE(endpoint_without_address, PEER_SET, 0, EINVAL),
	CASE(endpoint_port_zero, PEER_SET, 0, 0),
	CASE(endpoint_any, PEER_SET, 0, EINVAL),
	CASE(endpoint_multicast, PEER_SET, 0, EINVAL),
	CASE(endpoint_multicast6, PEER_SET, 0, EINVAL),
	CASE(prefix_33, PEER_SET, 0, EINVAL),
	CASE(prefix_129, PEER_SET, 0, 0),
	CASE(prefix_missing, PEER_SET, 0, EINVAL),
	CASE(prefix_of_3_bytes, PEER_SET, 0, 0),
	CASE(prefix_of_7_bytes, PEER_SET, 0, EINVAL),
	CASE(prefix_of_17_bytes, PEER_SET, 0, 0),
	CASE(prefix_without_address, PEER_SET, 0, EINVAL),
	CASE(prefix_flag_unknown, PEER_SET, 0, EINVAL),
};

/* ---- sending them ---- */

/* Is it an error, this one, and has it text? */
static bool refused(ssize_t len, int err, char *said, size_t size)
{
	const struct nlmsgerr *error = NLMSG_DATA(&msg.nl);
	const char *words;

	if (len < (ssize_t)NLMSG_LENGTH(sizeof(*error)) || msg.nl.nlmsg_type != NLMSG_ERROR ||
	    !error->error) {
		snprintf(said, size, "accepted");
		return false;
	}
	words = error_words(len);
	snprintf(said, size, "%s: %s%s%s", strerror(-error->error), words ? words : "(no text)",
		 err && -error->error != err ? ", wanted: " : "",
		 err && -error->error != err ? strerror(err) : "");
	return words && (!err || -error->error == err);
}

static void check(int fd, int id, const struct refusal *refusal)
{
	char said[256];
	bool ok;

	begin(id, refusal->cmd, refusal->flags);
	refusal->build();
	ok = refused(answer(fd), refusal->err, said, sizeof(said));
	printf("%s %s: %s\n", ok ? "ok" : "not ok", refusal->name, said);
}

int main(int argc, char **argv)
{
	int fd = -1, id = -1;
	size_t i;

	ifname = argv[1];
	if (ifname)
		fd = genl_open(&id);
	if (ifname && fd < 0) {
		perror("no family");
		return 1;
	}
	for (i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		if (ifname)
			check(fd, id, &refusals[i]);
		else
			puts(refusals[i].name);
	}
	close(fd);
	return argc > 2;
}
