/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The netlink and link-type ABI of mytun. docs/netlink/mytun.yaml describes the
 * same in words; a test (selftests/unit/check-netlink.py) holds the two together.
 */
#ifndef _UAPI_LINUX_MYTUN_H
#define _UAPI_LINUX_MYTUN_H

#define MYTUN_LINK_KIND "mytun"
#define MYTUN_GENL_NAME "mytun"
#define MYTUN_GENL_VERSION 1
#define MYTUN_MCGRP_EVENTS "events"

#define MYTUN_KEY_LEN 32
#define MYTUN_PROBE_SIZE_MIN 68
#define MYTUN_PROBE_SIZE_MAX 16384

/* Commands. *_NTF are sent to the multicast group "events" and are never requests. */
enum mytun_cmd {
	MYTUN_CMD_UNSPEC,
	MYTUN_CMD_DEV_GET,	/* do: one device; dump: every device of the namespace */
	MYTUN_CMD_DEV_SET,	/* do */
	MYTUN_CMD_PEER_NEW,	/* do: create or set; with NLM_F_EXCL -EEXIST when it exists */
	MYTUN_CMD_PEER_SET,	/* do: change an existing peer, -ENOENT when there is none */
	MYTUN_CMD_PEER_GET,	/* do: one peer; dump: every peer of one device */
	MYTUN_CMD_PEER_DEL,	/* do: -ENOENT when there is none */
	MYTUN_CMD_PEER_UP_NTF,	/* a session was established with a peer that had none */
	MYTUN_CMD_PEER_DEAD_NTF,	/* one that had a session is dead: MYTUN_PEER_A_REASON */
	MYTUN_CMD_ENDPOINT_NTF,	/* an authenticated packet moved the peer's endpoint */
	MYTUN_CMD_PEER_PROBE,	/* do: send a path-MTU probe, if the peer answers them */
	MYTUN_CMD_PROBE_NTF,	/* the peer has answered the last probe */
	__MYTUN_CMD_MAX
};

#define MYTUN_CMD_MAX (__MYTUN_CMD_MAX - 1)

/* In IFLA_INFO_DATA of rtnetlink, for links of kind MYTUN_LINK_KIND. */
enum mytun_link_attr {
	IFLA_MYTUN_UNSPEC,
	IFLA_MYTUN_LISTEN_PORT,	/* u16, host order; 0: the kernel chooses */
	IFLA_MYTUN_FWMARK,	/* u32; 0: none */
	__IFLA_MYTUN_MAX
};

#define IFLA_MYTUN_MAX (__IFLA_MYTUN_MAX - 1)

/* Top-level attributes of every message: the device by index or name, then one nest. */
enum mytun_attr {
	MYTUN_A_UNSPEC,
	MYTUN_A_IFINDEX,	/* u32 */
	MYTUN_A_IFNAME,		/* string, at most IFNAMSIZ - 1 */
	MYTUN_A_DEV,		/* nest of enum mytun_dev_attr */
	MYTUN_A_PEER,		/* nest of enum mytun_peer_attr */
	__MYTUN_A_MAX
};

#define MYTUN_A_MAX (__MYTUN_A_MAX - 1)

enum mytun_dev_attr {
	MYTUN_DEV_A_UNSPEC,
	MYTUN_DEV_A_PAD,
	MYTUN_DEV_A_PRIVATE_KEY,	/* binary, 32; all zero: clear */
	MYTUN_DEV_A_PUBLIC_KEY,		/* binary, 32; read only */
	MYTUN_DEV_A_LISTEN_PORT,	/* u16; set 0: the kernel chooses */
	MYTUN_DEV_A_FWMARK,		/* u32; 0: none */
	MYTUN_DEV_A_FLAGS,		/* u32, enum mytun_dev_flags; set only */
	MYTUN_DEV_A_PEER_COUNT,		/* u32; read only */
	MYTUN_DEV_A_DROPS,		/* nest: enum mytun_drop -> u64; read only */
	__MYTUN_DEV_A_MAX
};

#define MYTUN_DEV_A_MAX (__MYTUN_DEV_A_MAX - 1)

enum mytun_dev_flags {
	MYTUN_DEV_F_REPLACE_PEERS = 1U << 0,	/* remove every peer first */
	__MYTUN_DEV_F_ALL = MYTUN_DEV_F_REPLACE_PEERS
};

enum mytun_peer_attr {
	MYTUN_PEER_A_UNSPEC,
	MYTUN_PEER_A_PAD,
	MYTUN_PEER_A_PUBLIC_KEY,	/* binary, 32; names the peer everywhere */
	MYTUN_PEER_A_PRESHARED_KEY,	/* binary, 32; all zero: none */
	MYTUN_PEER_A_FLAGS,		/* u32, enum mytun_peer_flags; set only */
	MYTUN_PEER_A_ENDPOINT_ADDR,	/* binary, 4 or 16: IPv4 or IPv6 address, network order */
	MYTUN_PEER_A_ENDPOINT_PORT,	/* u16, host order */
	MYTUN_PEER_A_ENDPOINT_SCOPE,	/* u32; interface index of a link-local IPv6 address */
	MYTUN_PEER_A_PERSISTENT_KEEPALIVE,	/* u16, seconds; 0: off */
	MYTUN_PEER_A_LAST_HANDSHAKE_SEC,	/* u64, CLOCK_REALTIME; 0: never; read only */
	MYTUN_PEER_A_LAST_HANDSHAKE_NSEC,	/* u32; read only */
	MYTUN_PEER_A_RX_BYTES,		/* u64; read only */
	MYTUN_PEER_A_TX_BYTES,		/* u64; read only */
	MYTUN_PEER_A_ALLOWEDIPS,	/* nest: any number of MYTUN_ALLOWEDIP_A_ENTRY */
	MYTUN_PEER_A_REASON,		/* u32, enum mytun_dead_reason; events only */
	MYTUN_PEER_A_CIPHER,		/* u32, enum mytun_cipher */
	MYTUN_PEER_A_CIPHER_USED,	/* u32, enum mytun_cipher, not AUTO; read only */
	MYTUN_PEER_A_PROBE_ID,		/* u32; random; PEER_PROBE and its event only */
	MYTUN_PEER_A_PROBE_SIZE,	/* u16, inner packet; PEER_PROBE and its event only */
	__MYTUN_PEER_A_MAX
};

#define MYTUN_PEER_A_MAX (__MYTUN_PEER_A_MAX - 1)

enum mytun_peer_flags {
	MYTUN_PEER_F_REPLACE_ALLOWEDIPS = 1U << 0,	/* it has those of this request alone */
	__MYTUN_PEER_F_ALL = MYTUN_PEER_F_REPLACE_ALLOWEDIPS
};

/* MYTUN_PEER_A_ALLOWEDIPS holds entries; each entry is a nest of these. */
enum mytun_allowedip_attr {
	MYTUN_ALLOWEDIP_A_UNSPEC,
	MYTUN_ALLOWEDIP_A_ENTRY,	/* nest: one allowed IP; the only type inside ALLOWEDIPS */
	MYTUN_ALLOWEDIP_A_ADDR,		/* binary, 4 or 16, network order */
	MYTUN_ALLOWEDIP_A_PREFIX_LEN,	/* u8, 0 to 32 or 128 */
	MYTUN_ALLOWEDIP_A_FLAGS,	/* u32, enum mytun_allowedip_flags; set only */
	__MYTUN_ALLOWEDIP_A_MAX
};

#define MYTUN_ALLOWEDIP_A_MAX (__MYTUN_ALLOWEDIP_A_MAX - 1)

enum mytun_allowedip_flags {
	MYTUN_ALLOWEDIP_F_REMOVE = 1U << 0,	/* take it away from this peer if it has it */
	__MYTUN_ALLOWEDIP_F_ALL = MYTUN_ALLOWEDIP_F_REMOVE
};

/* Why a peer that had a session is dead (MYTUN_PEER_A_REASON). */
enum mytun_dead_reason {
	MYTUN_DEAD_UNSPEC,
	MYTUN_DEAD_TIMEOUT,	/* handshakes were given up after 90 s without an answer */
	MYTUN_DEAD_EXPIRED,	/* keys were zeroed after 540 s without a new handshake */
	MYTUN_DEAD_REMOVED,	/* the peer was removed */
	MYTUN_DEAD_DOWN,	/* the device went down */
	MYTUN_DEAD_SUSPENDED,	/* the machine was suspended, or forked as a virtual machine */
	__MYTUN_DEAD_MAX
};

/* What data to a peer is sealed with, once it agrees (MYTUN_PEER_A_CIPHER). */
enum mytun_cipher {
	MYTUN_CIPHER_CHACHA20_POLY1305,	/* nothing but WireGuard */
	MYTUN_CIPHER_AUTO,		/* AES-256-GCM where this processor has instructions */
	MYTUN_CIPHER_AES_256_GCM,
	__MYTUN_CIPHER_MAX
};

/*
 * Why a packet was dropped. A drop counts exactly once. The numbers are ABI: new
 * reasons go to the end.
 */
enum mytun_drop {
	MYTUN_DROP_UNSPEC,
	/* out */
	MYTUN_DROP_TX_NOT_IP,		/* no IPv4 or IPv6 packet, or not from its beginning on */
	MYTUN_DROP_TX_NO_PEER,		/* no allowed IP covers the destination */
	MYTUN_DROP_TX_NO_ENDPOINT,	/* the peer has no endpoint yet */
	MYTUN_DROP_TX_NO_KEY,		/* handshakes went unanswered, or the device has no key */
	MYTUN_DROP_TX_STAGED_FULL,	/* pushed out of the queue that waits for a session */
	MYTUN_DROP_TX_QUEUE_FULL,	/* the crypto queue is full, or too many segments */
	MYTUN_DROP_TX_NO_MEMORY,	/* or a GSO packet that cannot be segmented */
	MYTUN_DROP_TX_CRYPTO,		/* sealing failed */
	MYTUN_DROP_TX_LOOP,		/* the outer route leads back to the peer itself */
	MYTUN_DROP_TX_NO_ROUTE,		/* no route to the endpoint */
	MYTUN_DROP_TX_SOCKET,		/* no socket of the endpoint's family */
	/* in, before authentication */
	MYTUN_DROP_RX_MALFORMED,	/* too short, wrong length, unknown type, reserved bits */
	MYTUN_DROP_RX_NO_MEMORY,
	MYTUN_DROP_RX_BAD_MAC1,
	MYTUN_DROP_RX_HANDSHAKE_QUEUE_FULL,
	MYTUN_DROP_RX_COOKIE_SENT,	/* under load, answered with a cookie */
	MYTUN_DROP_RX_RATE_LIMIT,	/* too many handshakes from this address */
	MYTUN_DROP_RX_BAD_HANDSHAKE,	/* not decryptable, unknown peer, replayed, or too often */
	MYTUN_DROP_RX_BAD_COOKIE,
	MYTUN_DROP_RX_UNKNOWN_INDEX,	/* no session has this receiver index */
	MYTUN_DROP_RX_KEY_EXPIRED,
	MYTUN_DROP_RX_QUEUE_FULL,
	MYTUN_DROP_RX_AUTH,		/* the tag does not match */
	/* in, after authentication */
	MYTUN_DROP_RX_REPLAY,
	MYTUN_DROP_RX_FRAME,		/* no IP packet inside, or it lies about its length */
	MYTUN_DROP_RX_SOURCE,		/* the inner source is not in the peer's allowed IPs */
	MYTUN_DROP_RX_CONTROL,		/* a control message not wanted, or not understood */
	MYTUN_DROP_RX_ECN,		/* outer CE, but inside not ECN-capable (RFC 6040) */
	/* out */
	MYTUN_DROP_TX_TOO_BIG,		/* too long for any message; a probe: for its route */
	__MYTUN_DROP_MAX
};

#define MYTUN_DROP_MAX (__MYTUN_DROP_MAX - 1)

#endif /* _UAPI_LINUX_MYTUN_H */
