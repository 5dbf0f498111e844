/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* What one writes to /dev/skb_shapes: this, and behind it the bytes of a packet. */
#ifndef _SKB_SHAPES_H
#define _SKB_SHAPES_H

#include <linux/types.h>

#define SKB_SHAPES_DEV "/dev/skb_shapes"

enum {
	SHAPE_MAX_LEN = 65535,		/* of a packet */
	SHAPE_MAX_LIST = 64,		/* skbs of a frag_list */
	SHAPE_NAME_LEN = 16,		/* of a device */
};

/**
 * enum shape_gso - what kind of train a packet is
 * @SHAPE_GSO_NONE: none
 * @SHAPE_GSO_TCP4: TCP over IPv4
 * @SHAPE_GSO_TCP6: TCP over IPv6
 * @SHAPE_GSO_UDP: UDP, one header, to be repeated
 */
enum shape_gso {
	SHAPE_GSO_NONE,
	SHAPE_GSO_TCP4,
	SHAPE_GSO_TCP6,
	SHAPE_GSO_UDP,
};

/**
 * enum shape_summed - what the skb says of its checksum, as the kernel numbers it
 * @SHAPE_SUMMED_NONE: nothing
 * @SHAPE_SUMMED_UNNECESSARY: it was verified
 * @SHAPE_SUMMED_COMPLETE: the sum of all is in the skb
 * @SHAPE_SUMMED_PARTIAL: the field has the pseudo header's, the rest is to be done
 */
enum shape_summed {
	SHAPE_SUMMED_NONE,
	SHAPE_SUMMED_UNNECESSARY,
	SHAPE_SUMMED_COMPLETE,
	SHAPE_SUMMED_PARTIAL,
};

/**
 * enum shape_flag - what else
 * @SHAPE_CLONED: somebody has a clone of it, and looks at it when it is over
 * @SHAPE_SHARED: somebody has a reference to it, and does the same
 * @SHAPE_DIRECT: into the device's ndo_start_xmit, past what the stack would mend first
 * @SHAPE_NO_TAILROOM: no byte is free behind the head's data
 * @SHAPE_INCOMING: not a packet to send: from now on every datagram to the UDP port @port
 *	of the caller's namespace takes this shape before UDP gets it, until the file is closed
 * @SHAPE_LIST_OF_SEGMENTS: each skb of the list has @gso_size bytes, but for the last one
 * @SHAPE_OWNED: it holds a reference to a TCP socket, all of a file to the same
 * @SHAPE_ORIGINAL: what is sent is a clone. The original and those of all copies stay, as in
 *	TCP's queue: their headers are the clone's alone
 * @SHAPE_FOREIGN: each third one has a destructor that wants its own skb, the others have none
 */
enum shape_flag {
	SHAPE_CLONED = 1 << 0,
	SHAPE_SHARED = 1 << 1,
	SHAPE_DIRECT = 1 << 2,
	SHAPE_NO_TAILROOM = 1 << 3,
	SHAPE_INCOMING = 1 << 4,
	SHAPE_LIST_OF_SEGMENTS = 1 << 5,
	SHAPE_OWNED = 1 << 6,
	SHAPE_ORIGINAL = 1 << 7,
	SHAPE_FOREIGN = 1 << 8,
};

/**
 * struct skb_shape - how the bytes of a packet lie in an skb
 * @dev: device to send by, in the caller's namespace
 * @flags: enum shape_flag
 * @headroom: bytes free in front
 * @linear: bytes in the head; what is left goes to pages and list, in equal parts
 * @frags: page fragments
 * @list: skbs of the frag_list
 * @gso_size: payload of each segment
 * @gso: enum shape_gso
 * @summed: enum shape_summed
 * @csum_start: where a partial checksum begins, from the packet's first byte; it may be before
 * @csum_offset: and where it goes, from there
 * @vlan: tag, 0: none
 * @port: for SHAPE_INCOMING
 * @copies: send it so many times more, before anybody else has the processor
 *
 * read() tells how what was kept of the last packet (its clone, its reference, its pages, the
 * originals) fared: 0, or -EBADMSG when somebody has written into it, -ENODATA: nothing kept,
 * -EBUSY: somebody still has a reference to the socket of SHAPE_OWNED, or a packet of
 * SHAPE_FOREIGN, -EXDEV: a destructor of SHAPE_FOREIGN got another one's skb.
 */
struct skb_shape {
	char dev[SHAPE_NAME_LEN];
	__u32 flags;
	__u16 headroom;
	__u16 linear;
	__u16 frags;
	__u16 list;
	__u16 gso_size;
	__u16 gso;
	__u16 summed;
	__s16 csum_start;
	__u16 csum_offset;
	__u16 vlan;
	__u16 port;
	__u16 copies;
};

#endif /* _SKB_SHAPES_H */
