// SPDX-License-Identifier: GPL-2.0
/*
 * Batches and the AEAD (the paper, 5.4.6). Messages of one size, such as the segments of a
 * GSO packet give, are sealed into one train, which leaves as a single UDP GSO packet; a
 * train that arrives is opened into packets of their own. Others are sealed and opened in
 * place.
 */
#include <crypto/chacha20poly1305.h>
#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/sock.h>

#include "aead.h"
#include "core/wire.h"
#include "crypt.h"
#include "gcm.h"
#include "keypair.h"

/* Headers of ours and of the layers below, which push theirs without asking for room. */
enum {
	CRYPT_HEADROOM = LL_MAX_HEADER + sizeof(struct ipv6hdr) + sizeof(struct udphdr) +
			 sizeof(struct message_data),
};

/* Fragments of one message: skb_to_sgvec() of a full skb, its trailer and some to spare. */
enum { CRYPT_MAX_FRAGS = MAX_SKB_FRAGS + 8 };

/**
 * struct cipher - the AEAD that the messages of a batch go through, one after the other
 * @keypair: keys
 * @gcm: AES-256-GCM, to be sealed with, or opened what was; NULL: not yet, or ChaCha20-Poly1305
 * @room: for @gcm; must not move
 */
struct cipher {
	const struct noise_keypair *keypair;
	struct aead_request *gcm;
	struct mytun_gcm_room room;
};

static void cipher_init(struct cipher *cipher, const struct noise_keypair *keypair)
{
	cipher->keypair = keypair;
	cipher->gcm = NULL;
}

/* Without memory for AES-256-GCM it is the other: the peer takes both. */
static void begin_sealing(struct cipher *cipher, const struct noise_keypair *keypair)
{
	cipher_init(cipher, keypair);
	/* Pairs with the release in settle(): what is sent with is there. */
	if (smp_load_acquire(&keypair->ext.send_gcm))
		cipher->gcm = mytun_gcm_begin(READ_ONCE(keypair->ext.gcm)->sending,
					      &cipher->room);
}

static void cipher_end(struct cipher *cipher)
{
	if (cipher->gcm)
		mytun_gcm_end(cipher->gcm, &cipher->room);
}

/* Zeroes behind the plaintext: up to a multiple of 16, but never beyond the inner MTU. */
static unsigned int padding_len(const struct sk_buff *skb, unsigned int mtu)
{
	unsigned int padded = ALIGN(skb->len, MESSAGE_PADDING);

	if (unlikely(skb->len >= mtu))
		return 0;
	return min(padded, mtu) - skb->len;
}

static void fill_header(struct message_data *header, u64 counter, const struct cipher *cipher)
{
	header->header.type = cpu_to_le32(cipher->gcm ? MESSAGE_DATA_GCM : MESSAGE_DATA);
	header->receiver_index = cipher->keypair->remote_index;
	header->counter = cpu_to_le64(counter);
}

/* One piece of memory, with room for the tag. */
static bool seal_text(const struct cipher *cipher, u8 *text, unsigned int len, u64 counter)
{
	if (cipher->gcm)
		return mytun_gcm_seal(cipher->gcm, text, len, counter);
	mytun_aead_seal(text, len, counter, cipher->keypair->sending_key);
	return true;
}

static bool seal_sg(const struct cipher *cipher, struct scatterlist *sg, unsigned int len,
		    u64 counter)
{
	if (cipher->gcm)
		return mytun_gcm_seal_sg(cipher->gcm, sg, len, counter);
	return chacha20poly1305_encrypt_sg_inplace(sg, len, NULL, 0, counter,
						   cipher->keypair->sending_key);
}

/* Room before and behind the plaintext, in one piece of memory that nobody shares. */
static bool make_room(struct sk_buff *skb, unsigned int trailer_len)
{
	unsigned int headroom = skb_headroom(skb), tailroom = skb_tailroom(skb);

	if (likely(headroom >= CRYPT_HEADROOM && tailroom >= trailer_len && !skb_cloned(skb)))
		return true;
	headroom = headroom < CRYPT_HEADROOM ? CRYPT_HEADROOM - headroom : 0;
	tailroom = tailroom < trailer_len ? trailer_len - tailroom : 0;
	return !pskb_expand_head(skb, ALIGN(headroom, NET_SKB_PAD), tailroom, GFP_ATOMIC);
}

static enum mytun_drop seal_linear(struct sk_buff *skb, unsigned int padding,
				   const struct cipher *cipher)
{
	u64 counter = mytun_message(skb)->counter;
	unsigned int plain_len = skb->len + padding;

	if (unlikely(!make_room(skb, padding + NOISE_TAG_LEN)))
		return MYTUN_DROP_TX_NO_MEMORY;
	memset(__skb_put(skb, padding + NOISE_TAG_LEN), 0, padding);
	if (unlikely(!seal_text(cipher, skb->data, plain_len, counter)))
		return MYTUN_DROP_TX_CRYPTO;
	fill_header(__skb_push(skb, sizeof(struct message_data)), counter, cipher);
	return MYTUN_DROP_UNSPEC;
}

/* Where the packet is a list of others, as reassembly leaves it: each in place. */
static enum mytun_drop seal_fragments(struct sk_buff *skb, unsigned int padding,
				      const struct cipher *cipher)
{
	struct mytun_message *message = mytun_message(skb);
	unsigned int plain_len = skb->len + padding;
	struct scatterlist sg[CRYPT_MAX_FRAGS];
	struct sk_buff *trailer;
	int frags;

	if (unlikely(skb_cow_head(skb, CRYPT_HEADROOM)))
		return MYTUN_DROP_TX_NO_MEMORY;
	frags = skb_cow_data(skb, padding + NOISE_TAG_LEN, &trailer);
	if (unlikely(frags < 0 || frags > CRYPT_MAX_FRAGS)) {
		if (skb_linearize(skb))
			return MYTUN_DROP_TX_NO_MEMORY;
		return seal_linear(skb, padding, cipher);
	}
	memset(pskb_put(skb, trailer, padding + NOISE_TAG_LEN), 0, padding);
	fill_header(skb_push(skb, sizeof(struct message_data)), message->counter, cipher);
	sg_init_table(sg, frags);
	if (skb_to_sgvec(skb, sg, sizeof(struct message_data), plain_len + NOISE_TAG_LEN) <= 0 ||
	    !seal_sg(cipher, sg, plain_len, message->counter))
		return MYTUN_DROP_TX_CRYPTO;
	return MYTUN_DROP_UNSPEC;
}

static enum mytun_drop seal_message(struct sk_buff *skb, const struct cipher *cipher)
{
	unsigned int padding = padding_len(skb, mytun_message(skb)->mtu);

	/* The checksum is computed before it is hidden. */
	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb))
		return MYTUN_DROP_TX_CRYPTO;
	if (unlikely(skb_has_frag_list(skb)))
		return seal_fragments(skb, padding, cipher);
	if (unlikely(skb_linearize(skb)))
		return MYTUN_DROP_TX_NO_MEMORY;
	return seal_linear(skb, padding, cipher);
}

/*
 * The pages of a train: a message never straddles two of these, so that it can be sealed
 * as one piece of memory. A train and its outer headers are one IP packet.
 */
enum {
	TRAIN_ORDER = 3,
	TRAIN_CHUNK = PAGE_SIZE << TRAIN_ORDER,
	TRAIN_MAX_LEN = U16_MAX - sizeof(struct ipv6hdr) - sizeof(struct udphdr),
};

/**
 * struct train - messages that leave as one packet
 * @first: the first of them, whose skb becomes the packet
 * @count: messages
 * @message_len: bytes of each but the last, which may be shorter
 */
struct train {
	struct sk_buff *first;
	unsigned int count;
	unsigned int message_len;
};

static unsigned int sealed_len(struct sk_buff *skb)
{
	return sizeof(struct message_data) + skb->len +
	       padding_len(skb, mytun_message(skb)->mtu) + NOISE_TAG_LEN;
}

/* What skb_copy_and_csum_dev() takes for granted; that it starts in the packet has been seen to. */
static bool checksum_in_head(const struct sk_buff *skb)
{
	return skb->ip_summed != CHECKSUM_PARTIAL ||
	       skb_checksum_start_offset(skb) + skb->csum_offset + sizeof(__sum16) <=
		       skb_headlen(skb);
}

/* The longest train that begins with this message; of none when it has to leave alone. */
static struct train train_of(struct sk_buff *first)
{
	struct train train = { .first = first, .message_len = sealed_len(first) };
	unsigned int room = TRAIN_MAX_LEN;
	struct sk_buff *skb;
	unsigned int len;

	for (skb = first; skb && train.count < UDP_MAX_SEGMENTS; skb = skb->next) {
		len = sealed_len(skb);
		if (len > train.message_len || len > room || len > TRAIN_CHUNK ||
		    !checksum_in_head(skb) || mytun_message(skb)->df ||
		    mytun_message(skb)->ds != mytun_message(first)->ds)
			break;
		room -= len;
		train.count++;
		if (len < train.message_len)
			break;
	}
	return train;
}

/* The inner packet, its checksum filled in as skb_checksum_help() would. */
static void copy_packet(struct sk_buff *skb, u8 *to)
{
	__sum16 *check;

	if (skb->ip_summed != CHECKSUM_PARTIAL) {
		skb_copy_bits(skb, 0, to, skb->len);
		return;
	}
	skb_copy_and_csum_dev(skb, to);
	check = (__sum16 *)(to + skb_checksum_start_offset(skb) + skb->csum_offset);
	*check = *check ?: CSUM_MANGLED_0;
}

/* Return: bytes of the message, 0 when it could not be sealed. */
static unsigned int seal_into(struct sk_buff *skb, u8 *to, const struct cipher *cipher)
{
	struct mytun_message *message = mytun_message(skb);
	unsigned int padding = padding_len(skb, message->mtu);
	u8 *plain = to + sizeof(struct message_data);

	fill_header((struct message_data *)to, message->counter, cipher);
	copy_packet(skb, plain);
	memset(plain + skb->len, 0, padding);
	if (unlikely(!seal_text(cipher, plain, skb->len + padding, message->counter)))
		return 0;
	return MESSAGE_DATA_LEN(skb->len + padding);
}

/**
 * struct train_pages - where the messages of a train go
 * @chunk: pages
 * @len: bytes used in each
 * @count: chunks
 */
struct train_pages {
	struct page *chunk[TRAIN_MAX_LEN / (TRAIN_CHUNK / 2) + 1];
	unsigned int len[TRAIN_MAX_LEN / (TRAIN_CHUNK / 2) + 1];
	unsigned int count;
};

static void train_pages_free(struct train_pages *pages)
{
	while (pages->count)
		put_page(pages->chunk[--pages->count]);
}

static bool train_pages_alloc(struct train_pages *pages, const struct train *train)
{
	const unsigned int per_chunk = TRAIN_CHUNK / train->message_len;
	unsigned int left = train->count;

	pages->count = 0;
	while (left) {
		unsigned int count = min(left, per_chunk);
		/* Without them there are smaller buffers: the reserves are for those */
		struct page *page = alloc_pages(GFP_NOWAIT | __GFP_COMP | __GFP_NOWARN,
						get_order(count * train->message_len));

		if (unlikely(!page)) {
			train_pages_free(pages);
			return false;
		}
		pages->len[pages->count] = 0;
		pages->chunk[pages->count++] = page;
		left -= count;
	}
	return true;
}

/*
 * Does it owe its socket so many bytes? Then what two of them owe can be in one. How TCP charges
 * is no symbol of each kernel; what it sends besides (on 7.2 a listening socket's RST, for one)
 * holds a reference, and each of those has to be given back.
 */
static bool owes_truesize(const struct sk_buff *skb)
{
	if (skb->destructor == sock_wfree)
		return true;
	if (skb->destructor == sock_edemux || skb->destructor == sock_efree ||
	    skb->destructor == sock_pfree)
		return false;
	return skb->sk && sk_fullsock(skb->sk) && skb->sk->sk_protocol == IPPROTO_TCP;
}

/*
 * What segments owe to their socket (TCP and UDP have each of them charged, others the last
 * for all) is to last as long as the train does: TCP's small queues live on it. Anything else
 * stays with its skb: a packet socket's ring finds its frame through the rest of it.
 */
static void take_charges(struct sk_buff *first, const struct sk_buff *last)
{
	struct sk_buff *skb = first;

	while (skb != last) {
		skb = skb->next;
		if (!skb->destructor || !owes_truesize(skb))
			continue;
		if (!first->destructor) {
			swap(first->truesize, skb->truesize);
			swap(first->destructor, skb->destructor);
			swap(first->sk, skb->sk);
		} else if (first->sk == skb->sk && first->destructor == skb->destructor) {
			first->truesize += skb->truesize;
			skb->destructor = NULL;
			skb->sk = NULL;
		}
	}
}

/* The first message's skb, of which nobody has a clone, gets the train in place of its packet. */
static bool train_carry(const struct train *train, const struct train_pages *pages,
			struct sk_buff *last)
{
	struct sk_buff *skb = train->first;
	unsigned int i;

	if (unlikely(pskb_trim(skb, 0)))
		return false;
	skb_zcopy_clear(skb, true);
	take_charges(skb, last);
	for (i = 0; i < pages->count; i++) {
		/* Of what is charged to nobody the size may be told as it is */
		if (!skb->destructor)
			skb->truesize += page_size(pages->chunk[i]);
		skb_fill_page_desc(skb, i, pages->chunk[i], 0, pages->len[i]);
		skb->len += pages->len[i];
		skb->data_len += pages->len[i];
	}
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	skb_shinfo(skb)->gso_size = train->message_len;
	skb_shinfo(skb)->gso_segs = train->count;
	return true;
}

/* What is in the train by now has not been dropped. */
static void consume_list(struct sk_buff *skb)
{
	struct sk_buff *next;

	skb_list_walk_safe(skb, skb, next)
		consume_skb(skb);
}

/* Return: false when there is no memory or no cipher: nothing has been done. */
static bool seal_train(const struct train *train, const struct cipher *cipher)
{
	const unsigned int per_chunk = TRAIN_CHUNK / train->message_len;
	struct sk_buff *skb = train->first, *last = skb;
	struct train_pages pages;
	unsigned int i;

	/* Not skb_cow_head(): of a clone that TCP keeps, what tells of fragments is TCP's, too. */
	if (unlikely(skb_cow(skb, CRYPT_HEADROOM)) || !train_pages_alloc(&pages, train))
		return false;
	for (i = 0; i < train->count; i++, skb = skb->next) {
		unsigned int *len = &pages.len[i / per_chunk], sealed;

		sealed = seal_into(skb, page_address(pages.chunk[i / per_chunk]) + *len, cipher);
		if (unlikely(!sealed))
			goto err_free_pages;
		*len += sealed;
		last = skb;
	}
	if (unlikely(!train_carry(train, &pages, last)))
		goto err_free_pages;
	skb = train->first->next;
	train->first->next = last->next;
	last->next = NULL;
	consume_list(skb);
	return true;

err_free_pages:
	train_pages_free(&pages);
	return false;
}

/* Return: whether a message and some that follow it are a train now. */
static bool seal_train_of(struct sk_buff *skb, const struct cipher *cipher)
{
	struct train train = train_of(skb);

	return train.count > 1 && seal_train(&train, cipher);
}

/**
 * mytun_crypt_seal() - turn the plaintexts of a batch into messages
 * @batch: messages are inner packets, their counters set; where several leave as one GSO
 *	packet, the batch has one skb for them afterwards. &mytun_message.drop of the others
 *	tells which could not be sealed, and why
 *
 * Context: any but hardirq, where may_use_simd() holds.
 * Return: how many could not be sealed.
 */
unsigned int mytun_crypt_seal(struct mytun_batch *batch)
{
	unsigned int failed = 0;
	struct cipher cipher;
	struct sk_buff *skb;

	begin_sealing(&cipher, batch->keypair);
	for (skb = mytun_batch_first(batch); skb; skb = skb->next) {
		enum mytun_drop drop = MYTUN_DROP_UNSPEC;

		if (!skb->next || !seal_train_of(skb, &cipher))
			drop = seal_message(skb, &cipher);
		mytun_message(skb)->drop = drop;
		failed += drop != MYTUN_DROP_UNSPEC;
	}
	cipher_end(&cipher);
	return failed;
}

/*
 * AES-256-GCM from the first message on that wants it. Where nobody has agreed on it, what says
 * so are reserved bits. (To be looked at here, once the message is ours: in the memory of a
 * train they may change.)
 */
static enum mytun_drop begin_opening(struct cipher *cipher)
{
	const struct mytun_gcm *gcm = READ_ONCE(cipher->keypair->ext.gcm);

	if (cipher->gcm)
		return MYTUN_DROP_UNSPEC;
	if (!gcm)
		return MYTUN_DROP_RX_MALFORMED;
	cipher->gcm = mytun_gcm_begin(gcm->receiving, &cipher->room);
	return cipher->gcm ? MYTUN_DROP_UNSPEC : MYTUN_DROP_RX_NO_MEMORY;
}

static bool open_text(const struct cipher *cipher, bool gcm, u8 *text, unsigned int len,
		      u64 counter)
{
	if (gcm)
		return mytun_gcm_open(cipher->gcm, text, len, counter);
	return mytun_aead_open(text, len, counter, cipher->keypair->receiving_key);
}

static bool open_sg(const struct cipher *cipher, bool gcm, struct scatterlist *sg,
		    unsigned int len, u64 counter)
{
	if (gcm)
		return mytun_gcm_open_sg(cipher->gcm, sg, len, counter);
	return chacha20poly1305_decrypt_sg_inplace(sg, len, NULL, 0, counter,
						   cipher->keypair->receiving_key);
}

/* In one piece of memory that nobody shares. */
static enum mytun_drop open_linear(struct sk_buff *skb, const struct cipher *cipher)
{
	const unsigned int header_len = sizeof(struct message_data);
	const struct mytun_message *message = mytun_message(skb);
	unsigned int len = skb->len - header_len;

	if (!open_text(cipher, message->gcm, skb->data + header_len, len, message->counter))
		return MYTUN_DROP_RX_AUTH;
	__skb_pull(skb, header_len);
	__skb_trim(skb, len - NOISE_TAG_LEN);
	return MYTUN_DROP_UNSPEC;
}

/* Over its fragments, or those of a copy. */
static enum mytun_drop open_fragments(struct sk_buff *skb, const struct cipher *cipher)
{
	const unsigned int header_len = sizeof(struct message_data);
	const struct mytun_message *message = mytun_message(skb);
	struct scatterlist sg[CRYPT_MAX_FRAGS];
	unsigned int len = skb->len - header_len;
	struct sk_buff *trailer;
	int frags;

	frags = skb_cow_data(skb, 0, &trailer);
	if (unlikely(frags > CRYPT_MAX_FRAGS)) {
		if (skb_linearize(skb))
			return MYTUN_DROP_RX_NO_MEMORY;
		frags = skb_cow_data(skb, 0, &trailer);
	}
	if (unlikely(frags < 0))
		return MYTUN_DROP_RX_NO_MEMORY;
	sg_init_table(sg, frags);
	if (skb_to_sgvec(skb, sg, header_len, len) <= 0)
		return MYTUN_DROP_RX_NO_MEMORY;
	if (!open_sg(cipher, message->gcm, sg, len, message->counter))
		return MYTUN_DROP_RX_AUTH;
	skb_pull(skb, header_len);
	return pskb_trim(skb, len - NOISE_TAG_LEN) ? MYTUN_DROP_RX_NO_MEMORY : MYTUN_DROP_UNSPEC;
}

static enum mytun_drop open_message(struct sk_buff *skb, struct cipher *cipher)
{
	enum mytun_drop drop = MYTUN_DROP_UNSPEC;

	if (mytun_message(skb)->gcm)
		drop = begin_opening(cipher);
	if (unlikely(drop))
		return drop;
	if (likely(!skb_is_nonlinear(skb) && !skb_cloned(skb)))
		return open_linear(skb, cipher);
	return open_fragments(skb, cipher);
}

/*
 * A message of a train, in memory of its own: that of the train may be shared, and what is
 * to be opened must not change after its tag was checked.
 */
static struct sk_buff *message_of(const struct sk_buff *train, unsigned int offset,
				  unsigned int len)
{
	const struct message_data *header;
	struct sk_buff *skb;

	skb = netdev_alloc_skb(train->dev, len);
	if (unlikely(!skb))
		return NULL;
	header = skb_put(skb, len);
	if (unlikely(skb_copy_bits(train, offset, skb->data, len))) {
		kfree_skb(skb);
		return NULL;
	}
	mytun_message(skb)->counter = le64_to_cpu(header->counter);
	mytun_message(skb)->ds = mytun_message((struct sk_buff *)train)->ds;
	mytun_message(skb)->gcm = message_is_gcm(header);
	return skb;
}

/* Return: how many messages were lost for want of memory. */
static unsigned int open_train(struct sk_buff *train, unsigned int stride,
			       struct cipher *cipher)
{
	struct sk_buff **tail = &train->next;
	unsigned int offset, lost = 0;
	struct sk_buff *skb;

	for (offset = 0; offset < train->len; offset += stride) {
		skb = message_of(train, offset, min(stride, train->len - offset));
		if (unlikely(!skb)) {
			lost++;
			continue;
		}
		mytun_message(skb)->drop = open_message(skb, cipher);
		*tail = skb;
		tail = &skb->next;
	}
	return lost;
}

/**
 * mytun_crypt_open() - turn the messages of a batch into plaintexts
 * @batch: messages from their header on; &mytun_message.drop tells how each fared. Those
 *	of a train are chained behind it afterwards
 *
 * Context: any but hardirq, where may_use_simd() holds.
 * Return: how many messages were lost for want of memory.
 */
unsigned int mytun_crypt_open(struct mytun_batch *batch)
{
	struct sk_buff *skb = mytun_batch_first(batch);
	struct cipher cipher;
	unsigned int lost = 0;

	cipher_init(&cipher, batch->keypair);
	if (batch->stride)
		lost = open_train(skb, batch->stride, &cipher);
	else
		for (; skb; skb = skb->next)
			mytun_message(skb)->drop = open_message(skb, &cipher);
	cipher_end(&cipher);
	return lost;
}
