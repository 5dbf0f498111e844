// SPDX-License-Identifier: GPL-2.0
/*
 * Batches and the AEAD: ChaCha20-Poly1305 of the kernel's library, in place, over the
 * fragments of each message (RFC 8439; the paper, 5.4.6).
 */
#include <crypto/chacha20poly1305.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include <linux/udp.h>

#include "core/wire.h"
#include "crypt.h"
#include "keypair.h"

/* Headers of ours and of the layers below, which push theirs without asking for room. */
enum {
	CRYPT_HEADROOM = LL_MAX_HEADER + sizeof(struct ipv6hdr) + sizeof(struct udphdr) +
			 sizeof(struct message_data),
};

/* Fragments of one message: skb_to_sgvec() of a full skb, its trailer and some to spare. */
enum { CRYPT_MAX_FRAGS = MAX_SKB_FRAGS + 8 };

/* Zeroes behind the plaintext: up to a multiple of 16, but never beyond the inner MTU. */
static unsigned int padding_len(const struct sk_buff *skb, unsigned int mtu)
{
	unsigned int padded = ALIGN(skb->len, MESSAGE_PADDING);

	if (unlikely(skb->len >= mtu))
		return 0;
	return min(padded, mtu) - skb->len;
}

/* Room before and behind the plaintext, in memory that nobody shares. */
static int make_room(struct sk_buff *skb, unsigned int trailer_len, struct sk_buff **trailer)
{
	int frags;

	/* The checksum is computed before it is hidden. */
	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb))
		return -EIO;
	if (unlikely(skb_cow_head(skb, CRYPT_HEADROOM)))
		return -ENOMEM;
	frags = skb_cow_data(skb, trailer_len, trailer);
	if (unlikely(frags > CRYPT_MAX_FRAGS)) {
		if (skb_linearize(skb))
			return -ENOMEM;
		frags = skb_cow_data(skb, trailer_len, trailer);
	}
	return frags;
}

static bool seal_message(struct sk_buff *skb, const struct noise_keypair *keypair)
{
	struct mytun_message *message = mytun_message(skb);
	unsigned int padding = padding_len(skb, message->mtu);
	unsigned int plain_len = skb->len + padding;
	struct scatterlist sg[CRYPT_MAX_FRAGS];
	struct message_data *header;
	struct sk_buff *trailer;
	int frags;

	frags = make_room(skb, padding + NOISE_TAG_LEN, &trailer);
	if (unlikely(frags < 0))
		return false;
	memset(pskb_put(skb, trailer, padding + NOISE_TAG_LEN), 0, padding);
	header = skb_push(skb, sizeof(*header));
	header->header.type = cpu_to_le32(MESSAGE_DATA);
	header->receiver_index = keypair->remote_index;
	header->counter = cpu_to_le64(message->counter);
	sg_init_table(sg, frags);
	if (skb_to_sgvec(skb, sg, sizeof(*header), plain_len + NOISE_TAG_LEN) <= 0)
		return false;
	return chacha20poly1305_encrypt_sg_inplace(sg, plain_len, NULL, 0, message->counter,
						   keypair->sending_key);
}

/**
 * mytun_crypt_seal() - turn the plaintexts of a batch into messages
 * @batch: messages are inner packets, their counters set
 *
 * Context: process context, may not sleep for long.
 * Return: false when one could not be sealed: the batch is dead.
 */
bool mytun_crypt_seal(struct mytun_batch *batch)
{
	struct sk_buff *skb, *next;

	mytun_batch_for_each(skb, next, batch) {
		if (unlikely(!seal_message(skb, batch->keypair)))
			return false;
	}
	return true;
}

static bool open_message(struct sk_buff *skb, const struct noise_keypair *keypair)
{
	const unsigned int header_len = sizeof(struct message_data);
	struct mytun_message *message = mytun_message(skb);
	struct scatterlist sg[CRYPT_MAX_FRAGS];
	unsigned int len = skb->len - header_len;
	struct sk_buff *trailer;
	int frags;

	frags = skb_cow_data(skb, 0, &trailer);
	if (unlikely(frags > CRYPT_MAX_FRAGS)) {
		if (skb_linearize(skb))
			return false;
		frags = skb_cow_data(skb, 0, &trailer);
	}
	if (unlikely(frags < 0))
		return false;
	sg_init_table(sg, frags);
	if (skb_to_sgvec(skb, sg, header_len, len) <= 0)
		return false;
	if (!chacha20poly1305_decrypt_sg_inplace(sg, len, NULL, 0, message->counter,
						 keypair->receiving_key))
		return false;
	skb_pull(skb, header_len);
	return !pskb_trim(skb, len - NOISE_TAG_LEN);
}

/**
 * mytun_crypt_open() - turn the messages of a batch into plaintexts
 * @batch: messages from their header on; &mytun_message.failed tells how each fared
 *
 * Context: process context, may not sleep for long.
 */
void mytun_crypt_open(struct mytun_batch *batch)
{
	struct sk_buff *skb, *next;

	mytun_batch_for_each(skb, next, batch)
		mytun_message(skb)->failed = !open_message(skb, batch->keypair);
}
