// SPDX-License-Identifier: GPL-2.0
/*
 * Every message is read or written on a struct symmetric on the stack, token by token;
 * the handshake itself changes in one place of each function, after the last check.
 */
#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <asm/byteorder.h>

#include "crypto.h"
#include "hkdf.h"
#include "noise.h"

static const char construction[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
static const char identifier[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";

/* What chaining key and hash are before the responder's static key is known. */
static u8 initial_chaining_key[NOISE_HASH_LEN] __ro_after_init;
static u8 initial_hash[NOISE_HASH_LEN] __ro_after_init;

static const u8 zero_key[NOISE_KEY_LEN];

/**
 * struct symmetric - Noise's SymmetricState and CipherState (revision 34, section 5)
 * @chaining_key: ck
 * @hash: h
 * @key: k; each is used for one nonce only, which is 0
 */
struct symmetric {
	u8 chaining_key[NOISE_HASH_LEN];
	u8 hash[NOISE_HASH_LEN];
	u8 key[NOISE_KEY_LEN];
};

void noise_init(void)
{
	crypto_hash(initial_chaining_key, (const u8 *)construction, sizeof(construction) - 1, NULL,
		    0);
	crypto_hash(initial_hash, initial_chaining_key, sizeof(initial_chaining_key),
		    (const u8 *)identifier, sizeof(identifier) - 1);
}

static bool is_zero(const u8 key[NOISE_KEY_LEN])
{
	return crypto_equal(key, zero_key, NOISE_KEY_LEN);
}

/* Noise's operations (revision 34, section 5.2), by their names there. */

static void mix_hash(struct symmetric *s, const u8 *data, size_t len)
{
	crypto_hash(s->hash, s->hash, sizeof(s->hash), data, len);
}

static void mix_key(struct symmetric *s, const u8 input[NOISE_KEY_LEN])
{
	hkdf_derive(s->chaining_key, s->key, NULL, s->chaining_key, input, NOISE_KEY_LEN);
}

static void mix_key_and_hash(struct symmetric *s, const u8 input[NOISE_KEY_LEN])
{
	u8 temp_hash[NOISE_HASH_LEN];

	hkdf_derive(s->chaining_key, temp_hash, s->key, s->chaining_key, input, NOISE_KEY_LEN);
	mix_hash(s, temp_hash, sizeof(temp_hash));

	memzero_explicit(temp_hash, sizeof(temp_hash));
}

static void encrypt_and_hash(struct symmetric *s, u8 *dst, const u8 *src, size_t len)
{
	crypto_seal(dst, src, len, s->hash, sizeof(s->hash), 0, s->key);
	mix_hash(s, dst, len + NOISE_TAG_LEN);
}

static bool __must_check decrypt_and_hash(struct symmetric *s, u8 *dst, const u8 *src, size_t len)
{
	if (!crypto_open(dst, src, len, s->hash, sizeof(s->hash), 0, s->key))
		return false;
	mix_hash(s, src, len);
	return true;
}

/* The tokens "ee", "es", "se": a Diffie-Hellman result goes into the chaining key. */
static bool __must_check mix_dh(struct symmetric *s, const u8 secret[NOISE_KEY_LEN],
				const u8 point[NOISE_KEY_LEN])
{
	u8 shared[NOISE_KEY_LEN];
	bool ok;

	ok = crypto_x25519(shared, secret, point);
	if (ok)
		mix_key(s, shared);

	memzero_explicit(shared, sizeof(shared));
	return ok;
}

/* The token "ss", computed once for each peer. */
static bool __must_check mix_static_static(struct symmetric *s, const struct noise_handshake *hs)
{
	if (is_zero(hs->static_static))
		return false;
	mix_key(s, hs->static_static);
	return true;
}

/* The token "e" with a PSK in the pattern (revision 34, section 9.2): hash and key. */
static void mix_ephemeral(struct symmetric *s, const u8 ephemeral[NOISE_KEY_LEN])
{
	mix_hash(s, ephemeral, NOISE_KEY_LEN);
	mix_key(s, ephemeral);
}

/* "e" as the sender: @secret and @pub are made from @random. */
static bool __must_check mix_own_ephemeral(struct symmetric *s, u8 secret[NOISE_KEY_LEN],
					   u8 pub[NOISE_KEY_LEN], const u8 random[NOISE_KEY_LEN])
{
	memcpy(secret, random, NOISE_KEY_LEN);
	crypto_x25519_clamp(secret);
	if (!crypto_x25519_public(pub, secret))
		return false;
	mix_ephemeral(s, pub);
	return true;
}

/* The pre-message "<- s": the initiator knows the responder's static key beforehand. */
static void start(struct symmetric *s, const u8 responder_static[NOISE_KEY_LEN])
{
	memcpy(s->chaining_key, initial_chaining_key, sizeof(s->chaining_key));
	memcpy(s->hash, initial_hash, sizeof(s->hash));
	mix_hash(s, responder_static, NOISE_KEY_LEN);
}

static void resume(struct symmetric *s, const u8 chaining_key[NOISE_HASH_LEN],
		   const u8 hash[NOISE_HASH_LEN])
{
	memcpy(s->chaining_key, chaining_key, sizeof(s->chaining_key));
	memcpy(s->hash, hash, sizeof(s->hash));
}

static void commit(struct noise_handshake *hs, const struct symmetric *s,
		   enum noise_handshake_state state)
{
	memcpy(hs->chaining_key, s->chaining_key, sizeof(hs->chaining_key));
	memcpy(hs->hash, s->hash, sizeof(hs->hash));
	hs->state = state;
}

void noise_identity_set(struct noise_identity *id, const u8 private_key[NOISE_KEY_LEN])
{
	memcpy(id->static_private, private_key, sizeof(id->static_private));
	id->valid = !is_zero(private_key);
	crypto_x25519_clamp(id->static_private);
	id->valid = id->valid && crypto_x25519_public(id->static_public, id->static_private);
	if (!id->valid)
		memzero_explicit(id, sizeof(*id));
}

void noise_handshake_init(struct noise_handshake *hs, const struct noise_identity *id,
			  const u8 remote_static[NOISE_KEY_LEN],
			  const u8 preshared_key[NOISE_KEY_LEN])
{
	memzero_explicit(hs, sizeof(*hs));
	memcpy(hs->remote_static, remote_static, sizeof(hs->remote_static));
	if (preshared_key)
		memcpy(hs->preshared_key, preshared_key, sizeof(hs->preshared_key));
	noise_handshake_set_identity(hs, id);
}

bool noise_handshake_set_identity(struct noise_handshake *hs, const struct noise_identity *id)
{
	bool ok;

	noise_handshake_clear(hs);
	ok = id->valid && crypto_x25519(hs->static_static, id->static_private, hs->remote_static);
	if (!ok)
		memzero_explicit(hs->static_static, sizeof(hs->static_static));
	return ok;
}

void noise_handshake_clear(struct noise_handshake *hs)
{
	memzero_explicit(hs->ephemeral_private, sizeof(hs->ephemeral_private));
	memzero_explicit(hs->remote_ephemeral, sizeof(hs->remote_ephemeral));
	memzero_explicit(hs->hash, sizeof(hs->hash));
	memzero_explicit(hs->chaining_key, sizeof(hs->chaining_key));
	hs->local_index = 0;
	hs->remote_index = 0;
	hs->state = HANDSHAKE_ZEROED;
}

/* -> e, es, s, ss, {t} */
bool noise_create_initiation(struct message_initiation *dst, struct noise_handshake *hs,
			     const struct noise_identity *id, const u8 ephemeral[NOISE_KEY_LEN],
			     const u8 timestamp[NOISE_TIMESTAMP_LEN], __le32 sender_index)
{
	u8 secret[NOISE_KEY_LEN];
	struct symmetric s;
	bool ok = false;

	if (!id->valid)
		goto out;
	start(&s, hs->remote_static);

	/* e */
	if (!mix_own_ephemeral(&s, secret, dst->ephemeral, ephemeral))
		goto out;
	/* es */
	if (!mix_dh(&s, secret, hs->remote_static))
		goto out;
	/* s */
	encrypt_and_hash(&s, dst->encrypted_static, id->static_public, NOISE_KEY_LEN);
	/* ss */
	if (!mix_static_static(&s, hs))
		goto out;
	/* {t} */
	encrypt_and_hash(&s, dst->encrypted_timestamp, timestamp, NOISE_TIMESTAMP_LEN);

	dst->header.type = cpu_to_le32(MESSAGE_INITIATION);
	dst->sender_index = sender_index;

	memcpy(hs->ephemeral_private, secret, sizeof(hs->ephemeral_private));
	memzero_explicit(hs->remote_ephemeral, sizeof(hs->remote_ephemeral));
	hs->local_index = sender_index;
	hs->remote_index = 0;
	commit(hs, &s, HANDSHAKE_CREATED_INITIATION);
	ok = true;
out:
	memzero_explicit(secret, sizeof(secret));
	memzero_explicit(&s, sizeof(s));
	return ok;
}

/* -> e, es, s; the rest needs the peer: noise_consume_initiation() */
bool noise_open_initiation(struct noise_opening *opening, const struct message_initiation *src,
			   const struct noise_identity *id)
{
	u8 remote_static[NOISE_KEY_LEN];
	struct symmetric s;
	bool ok = false;

	if (!id->valid)
		goto out;
	start(&s, id->static_public);

	/* e */
	mix_ephemeral(&s, src->ephemeral);
	/* es */
	if (!mix_dh(&s, id->static_private, src->ephemeral))
		goto out;
	/* s */
	if (!decrypt_and_hash(&s, remote_static, src->encrypted_static,
			      sizeof(src->encrypted_static)))
		goto out;

	memcpy(opening->remote_static, remote_static, sizeof(opening->remote_static));
	memcpy(opening->remote_ephemeral, src->ephemeral, sizeof(opening->remote_ephemeral));
	memcpy(opening->chaining_key, s.chaining_key, sizeof(opening->chaining_key));
	memcpy(opening->hash, s.hash, sizeof(opening->hash));
	ok = true;
out:
	memzero_explicit(remote_static, sizeof(remote_static));
	memzero_explicit(&s, sizeof(s));
	return ok;
}

/* Whether an authentic initiation is also new, and not one of too many. */
static int check_freshness(const struct noise_handshake *hs,
			   const u8 timestamp[NOISE_TIMESTAMP_LEN], u64 now_ns)
{
	const u64 spacing_ns = NSEC_PER_SEC / INITIATIONS_PER_SECOND;

	/* TAI64N is big endian: the later one is the greater string. */
	if (memcmp(timestamp, hs->latest_timestamp, NOISE_TIMESTAMP_LEN) <= 0)
		return -EALREADY;
	if (hs->last_initiation_ns && now_ns < hs->last_initiation_ns + spacing_ns)
		return -EBUSY;
	return 0;
}

/* -> ss, {t} */
int noise_consume_initiation(struct noise_handshake *hs, const struct noise_opening *opening,
			     const struct message_initiation *src, u64 now_ns)
{
	u8 timestamp[NOISE_TIMESTAMP_LEN];
	struct symmetric s;
	int ret = -EBADMSG;

	resume(&s, opening->chaining_key, opening->hash);

	/* ss */
	if (!mix_static_static(&s, hs))
		goto out;
	/* {t} */
	if (!decrypt_and_hash(&s, timestamp, src->encrypted_timestamp,
			      sizeof(src->encrypted_timestamp)))
		goto out;
	ret = check_freshness(hs, timestamp, now_ns);
	if (ret)
		goto out;

	memcpy(hs->latest_timestamp, timestamp, sizeof(hs->latest_timestamp));
	hs->last_initiation_ns = now_ns;
	memzero_explicit(hs->ephemeral_private, sizeof(hs->ephemeral_private));
	memcpy(hs->remote_ephemeral, opening->remote_ephemeral, sizeof(hs->remote_ephemeral));
	hs->remote_index = src->sender_index;
	commit(hs, &s, HANDSHAKE_CONSUMED_INITIATION);
out:
	memzero_explicit(&s, sizeof(s));
	return ret;
}

/* <- e, ee, se, psk, {} */
bool noise_create_response(struct message_response *dst, struct noise_handshake *hs,
			   const u8 ephemeral[NOISE_KEY_LEN], __le32 sender_index)
{
	u8 secret[NOISE_KEY_LEN];
	struct symmetric s;
	bool ok = false;

	if (hs->state != HANDSHAKE_CONSUMED_INITIATION)
		goto out;
	resume(&s, hs->chaining_key, hs->hash);

	/* e */
	if (!mix_own_ephemeral(&s, secret, dst->ephemeral, ephemeral))
		goto out;
	/* ee */
	if (!mix_dh(&s, secret, hs->remote_ephemeral))
		goto out;
	/* se */
	if (!mix_dh(&s, secret, hs->remote_static))
		goto out;
	/* psk */
	mix_key_and_hash(&s, hs->preshared_key);
	/* {} */
	encrypt_and_hash(&s, dst->encrypted_nothing, NULL, 0);

	dst->header.type = cpu_to_le32(MESSAGE_RESPONSE);
	dst->sender_index = sender_index;
	dst->receiver_index = hs->remote_index;

	memcpy(hs->ephemeral_private, secret, sizeof(hs->ephemeral_private));
	hs->local_index = sender_index;
	commit(hs, &s, HANDSHAKE_CREATED_RESPONSE);
	ok = true;
out:
	memzero_explicit(secret, sizeof(secret));
	memzero_explicit(&s, sizeof(s));
	return ok;
}

/* <- e, ee, se, psk, {} */
bool noise_consume_response(struct noise_handshake *hs, const struct message_response *src,
			    const struct noise_identity *id)
{
	struct symmetric s;
	bool ok = false;

	if (hs->state != HANDSHAKE_CREATED_INITIATION || !id->valid)
		goto out;
	resume(&s, hs->chaining_key, hs->hash);

	/* e */
	mix_ephemeral(&s, src->ephemeral);
	/* ee */
	if (!mix_dh(&s, hs->ephemeral_private, src->ephemeral))
		goto out;
	/* se */
	if (!mix_dh(&s, id->static_private, src->ephemeral))
		goto out;
	/* psk */
	mix_key_and_hash(&s, hs->preshared_key);
	/* {} */
	if (!decrypt_and_hash(&s, NULL, src->encrypted_nothing, sizeof(src->encrypted_nothing)))
		goto out;

	memcpy(hs->remote_ephemeral, src->ephemeral, sizeof(hs->remote_ephemeral));
	hs->remote_index = src->sender_index;
	commit(hs, &s, HANDSHAKE_CONSUMED_RESPONSE);
	ok = true;
out:
	memzero_explicit(&s, sizeof(s));
	return ok;
}

/* The first key is for what the initiator sends, as with the others. */
static void derive_gcm(u8 initiator[NOISE_KEY_LEN], u8 responder[NOISE_KEY_LEN],
		       const u8 chaining_key[NOISE_HASH_LEN])
{
	static const u8 label[] = "mytun v1 AES-256-GCM";

	hkdf_derive(initiator, responder, NULL, chaining_key, label, sizeof(label) - 1);
}

/* Noise's Split(): the first key is for what the initiator sends. */
bool noise_begin_session(struct noise_session_keys *keys, struct noise_handshake *hs)
{
	if (hs->state != HANDSHAKE_CREATED_RESPONSE && hs->state != HANDSHAKE_CONSUMED_RESPONSE)
		return false;

	keys->initiator = hs->state == HANDSHAKE_CONSUMED_RESPONSE;
	keys->local_index = hs->local_index;
	keys->remote_index = hs->remote_index;
	if (keys->initiator) {
		hkdf_derive(keys->sending, keys->receiving, NULL, hs->chaining_key, NULL, 0);
		derive_gcm(keys->gcm_sending, keys->gcm_receiving, hs->chaining_key);
	} else {
		hkdf_derive(keys->receiving, keys->sending, NULL, hs->chaining_key, NULL, 0);
		derive_gcm(keys->gcm_receiving, keys->gcm_sending, hs->chaining_key);
	}
	noise_handshake_clear(hs);
	return true;
}
