/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a device, a peer and an allowed IP are for vpnctl. The parser and the
 * netlink reader fill the same structs; the printers and the netlink writer read
 * them.
 */
#ifndef VPNCTL_MODEL_H
#define VPNCTL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "../module/uapi/mytun.h"

#define KEY_LEN MYTUN_KEY_LEN

/**
 * struct allowedip - one prefix
 * @family: AF_INET or AF_INET6
 * @prefix_len: 0 to 32 or 128
 * @remove: take it away from the peer instead of giving it
 * @addr: the address, network order; bits behind the prefix are zero
 */
struct allowedip {
	sa_family_t family;
	uint8_t prefix_len;
	bool remove;
	union {
		uint8_t bytes[16];
		struct in_addr ip4;
		struct in6_addr ip6;
	} addr;
};

/**
 * union endpoint - where a peer is, with the scope of a link-local address
 * @sa: for the family
 * @sin: AF_INET
 * @sin6: AF_INET6
 */
union endpoint {
	struct sockaddr sa;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
};

enum peer_flags {
	PEER_HAS_PUBLIC_KEY = 1U << 0,
	PEER_HAS_PRESHARED_KEY = 1U << 1,
	PEER_HAS_ENDPOINT = 1U << 2,
	PEER_HAS_KEEPALIVE = 1U << 3,
	PEER_REMOVE = 1U << 4,		   /* remove the peer */
	PEER_REPLACE_ALLOWEDIPS = 1U << 5, /* remove its allowed IPs first */
	PEER_HAS_CIPHER = 1U << 6,
	PEER_HAS_CIPHER_USED = 1U << 7, /* there is a session */
};

/**
 * struct peer - one peer
 * @next: the next one of the device
 * @flags: enum peer_flags
 * @public_key: its name
 * @preshared_key: all zero: none
 * @endpoint: valid with PEER_HAS_ENDPOINT
 * @endpoint_host: a host name, or an address on a link that was not there, which still has to
 *	be resolved into @endpoint, whose
 *	port is already set; NULL when there is none. Owned by the peer
 * @endpoint_line: where @endpoint_host was written, as @line
 * @name: what people call it, from a file; NULL: nothing. Owned by the peer
 * @keepalive: seconds between persistent keepalives; 0: off
 * @cipher: enum mytun_cipher, as configured
 * @cipher_used: of the session, with PEER_HAS_CIPHER_USED
 * @last_handshake: CLOCK_REALTIME; zero: never
 * @rx_bytes: received
 * @tx_bytes: sent
 * @ips: the allowed IPs
 * @n_ips: how many
 * @room_ips: how many fit into @ips
 * @line: where it was written: line of a file, 0 for arguments
 */
struct peer {
	struct peer *next;
	uint32_t flags;
	uint8_t public_key[KEY_LEN];
	uint8_t preshared_key[KEY_LEN];
	union endpoint endpoint;
	char *endpoint_host;
	unsigned int endpoint_line;
	char *name;
	uint16_t keepalive;
	uint32_t cipher;
	uint32_t cipher_used;
	struct timespec last_handshake;
	uint64_t rx_bytes;
	uint64_t tx_bytes;
	struct allowedip *ips;
	size_t n_ips;
	size_t room_ips;
	unsigned int line;
};

enum device_flags {
	DEVICE_HAS_PRIVATE_KEY = 1U << 0,
	DEVICE_HAS_PUBLIC_KEY = 1U << 1,
	DEVICE_HAS_LISTEN_PORT = 1U << 2,
	DEVICE_HAS_FWMARK = 1U << 3,
	DEVICE_REPLACE_PEERS = 1U << 4, /* remove every peer first */
};

/**
 * struct device - one device
 * @next: the next one of a list
 * @name: interface name
 * @ifindex: interface index, 0 when unknown
 * @flags: enum device_flags
 * @private_key: all zero: none
 * @public_key: read only
 * @listen_port: UDP port; 0: chosen by the kernel
 * @fwmark: mark of outgoing packets; 0: none
 * @drops: packets dropped, by enum mytun_drop
 * @peers: first peer
 * @last_peer: last peer, NULL when there is none
 * @n_peers: how many
 */
struct device {
	struct device *next;
	char name[IFNAMSIZ];
	uint32_t ifindex;
	uint32_t flags;
	uint8_t private_key[KEY_LEN];
	uint8_t public_key[KEY_LEN];
	uint16_t listen_port;
	uint32_t fwmark;
	uint64_t drops[MYTUN_DROP_MAX + 1];
	struct peer *peers;
	struct peer *last_peer;
	size_t n_peers;
};

struct device *device_alloc(void);
void device_free(struct device *dev);
void device_list_free(struct device *list);
struct peer *device_add_peer(struct device *dev);
struct peer *device_find_peer(const struct device *dev, const uint8_t key[KEY_LEN]);
struct peer **device_sorted_peers(const struct device *dev,
				  int (*cmp)(const void *, const void *));
int peer_by_key(const void *a, const void *b);
struct peer *peers_find(struct peer *const *sorted, size_t n, const struct peer *peer);

void peer_free(struct peer *peer);
struct allowedip *peer_add_ip(struct peer *peer);

int allowedip_cmp(const struct allowedip *a, const struct allowedip *b);
bool allowedip_mask(struct allowedip *ip);
bool endpoint_is_host(const union endpoint *ep);
bool endpoint_equal(const union endpoint *a, const union endpoint *b);
bool key_is_zero(const uint8_t key[KEY_LEN]);

/* Bits in an address of the family. */
static inline unsigned int family_bits(sa_family_t family)
{
	return family == AF_INET ? 32 : 128;
}

#endif /* VPNCTL_MODEL_H */
