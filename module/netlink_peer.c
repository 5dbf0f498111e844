// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that change peers. Each is checked wholly before its first change; what can fail
 * after that, for want of memory, is done first, and undone.
 */
#include <linux/mm.h>
#include <linux/string.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "core/crypto.h"
#include "device.h"
#include "netlink.h"
#include "own.h"
#include "peer.h"
#include "uapi/mytun.h"

/* --- what a request says -------------------------------------------------------------- */

/**
 * struct peer_request - a request about a peer, checked
 * @public_key: whom
 * @preshared_key: NULL: stays as it is
 * @endpoint: family 0: stays as it is
 * @keepalive: persistent keepalive in seconds; negative: stays as it is
 * @cipher: enum mytun_cipher; negative: stays as it is
 * @gcm: which means AES-256-GCM here
 * @replace: its allowed IPs are those of this request alone
 * @allowedips: nest of entries; @no_entries when there is none
 * @additions: how many of them are to be added
 */
struct peer_request {
	const u8 *public_key;
	const u8 *preshared_key;
	struct mytun_endpoint endpoint;
	int keepalive;
	int cipher;
	bool gcm;
	bool replace;
	const struct nlattr *allowedips;
	unsigned int additions;
};

static const struct nlattr no_entries = { .nla_len = NLA_HDRLEN };

/**
 * struct entry - one allowed IP of a request
 * @addr: network order
 * @len: 4 or 16
 * @prefix_len: 0 to 32 or 128
 * @remove: it is to be removed
 */
struct entry {
	const u8 *addr;
	u8 len;
	u8 prefix_len;
	bool remove;
};

static bool is_addr_len(const struct nlattr *addr)
{
	return nla_len(addr) == sizeof(struct in_addr) || nla_len(addr) == sizeof(struct in6_addr);
}

static int parse_entry(struct entry *entry, const struct nlattr *nest,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MYTUN_ALLOWEDIP_A_MAX + 1], *addr, *prefix_len;
	int ret;

	ret = nla_parse_nested(tb, MYTUN_ALLOWEDIP_A_MAX, nest, NULL, extack);
	if (ret)
		return ret;
	addr = tb[MYTUN_ALLOWEDIP_A_ADDR];
	prefix_len = tb[MYTUN_ALLOWEDIP_A_PREFIX_LEN];
	if (!addr || !prefix_len) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "an allowed IP is an address and a prefix length");
		return -EINVAL;
	}
	if (!is_addr_len(addr)) {
		NL_SET_ERR_MSG_ATTR(extack, addr, "an address has 4 or 16 bytes");
		return -EINVAL;
	}
	if (nla_get_u8(prefix_len) > nla_len(addr) * BITS_PER_BYTE) {
		NL_SET_ERR_MSG_ATTR(extack, prefix_len, "the prefix is longer than the address");
		return -EINVAL;
	}
	entry->addr = nla_data(addr);
	entry->len = nla_len(addr);
	entry->prefix_len = nla_get_u8(prefix_len);
	entry->remove = tb[MYTUN_ALLOWEDIP_A_FLAGS] &&
			nla_get_u32(tb[MYTUN_ALLOWEDIP_A_FLAGS]) & MYTUN_ALLOWEDIP_F_REMOVE;
	return 0;
}

static int check_entries(struct peer_request *request, struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	struct entry entry;
	int rem, ret;

	request->additions = 0;
	nla_for_each_nested(attr, request->allowedips, rem) {
		ret = parse_entry(&entry, attr, extack);
		if (ret)
			return ret;
		request->additions += !entry.remove;
	}
	return 0;
}

static bool is_one_host4(const struct in_addr *addr)
{
	return addr->s_addr && !ipv4_is_multicast(addr->s_addr) && !ipv4_is_lbcast(addr->s_addr);
}

static bool is_one_host6(const struct in6_addr *addr)
{
	return !ipv6_addr_any(addr) && !ipv6_addr_is_multicast(addr) && !ipv6_addr_v4mapped(addr);
}

static bool is_link_local(const struct in6_addr *addr)
{
	return ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL;
}

static int parse_endpoint4(struct sockaddr_in *sin, struct nlattr **tb,
			   struct netlink_ext_ack *extack)
{
	const struct nlattr *addr = tb[MYTUN_PEER_A_ENDPOINT_ADDR];

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = nla_get_in_addr(addr);
	sin->sin_port = htons(nla_get_u16(tb[MYTUN_PEER_A_ENDPOINT_PORT]));
	if (!is_one_host4(&sin->sin_addr)) {
		NL_SET_ERR_MSG_ATTR(extack, addr, "the endpoint is not the address of one host");
		return -EINVAL;
	}
	if (tb[MYTUN_PEER_A_ENDPOINT_SCOPE]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[MYTUN_PEER_A_ENDPOINT_SCOPE],
				    "an IPv4 endpoint has no scope");
		return -EINVAL;
	}
	return 0;
}

static int parse_endpoint6(struct sockaddr_in6 *sin6, struct nlattr **tb,
			   struct netlink_ext_ack *extack)
{
	const struct nlattr *addr = tb[MYTUN_PEER_A_ENDPOINT_ADDR];
	const struct nlattr *scope = tb[MYTUN_PEER_A_ENDPOINT_SCOPE];

	sin6->sin6_family = AF_INET6;
	sin6->sin6_addr = nla_get_in6_addr(addr);
	sin6->sin6_port = htons(nla_get_u16(tb[MYTUN_PEER_A_ENDPOINT_PORT]));
	sin6->sin6_scope_id = scope ? nla_get_u32(scope) : 0;
	if (!is_one_host6(&sin6->sin6_addr)) {
		NL_SET_ERR_MSG_ATTR(extack, addr, "the endpoint is not the address of one host");
		return -EINVAL;
	}
	if (sin6->sin6_scope_id && !is_link_local(&sin6->sin6_addr)) {
		NL_SET_ERR_MSG_ATTR(extack, scope, "only a link-local endpoint has a scope");
		return -EINVAL;
	}
	return 0;
}

static int parse_endpoint(struct mytun_endpoint *endpoint, struct nlattr **tb,
			  struct netlink_ext_ack *extack)
{
	const struct nlattr *addr = tb[MYTUN_PEER_A_ENDPOINT_ADDR];
	const struct nlattr *port = tb[MYTUN_PEER_A_ENDPOINT_PORT];
	const struct nlattr *scope = tb[MYTUN_PEER_A_ENDPOINT_SCOPE];

	memset(endpoint, 0, sizeof(*endpoint));
	if (!addr && !port && !scope)
		return 0;
	if (!addr || !port) {
		NL_SET_ERR_MSG_ATTR(extack, addr ?: port ?: scope,
				    "an endpoint is an address and a port");
		return -EINVAL;
	}
	if (nla_len(addr) == sizeof(struct in_addr))
		return parse_endpoint4(&endpoint->addr4, tb, extack);
	if (nla_len(addr) == sizeof(struct in6_addr))
		return parse_endpoint6(&endpoint->addr6, tb, extack);
	NL_SET_ERR_MSG_ATTR(extack, addr, "an address has 4 or 16 bytes");
	return -EINVAL;
}

static int check_key(struct nlattr **tb, struct genl_info *info)
{
	if (!NL_REQ_ATTR_CHECK(info->extack, info->attrs[MYTUN_A_PEER], tb,
			       MYTUN_PEER_A_PUBLIC_KEY))
		return 0;
	NL_SET_ERR_MSG(info->extack, "the peer's public key is missing");
	return -EINVAL;
}

static int parse_cipher(struct peer_request *request, const struct nlattr *cipher,
			struct netlink_ext_ack *extack)
{
	int ret;

	request->cipher = cipher ? nla_get_u32(cipher) : -1;
	if (!cipher)
		return 0;
	ret = mytun_session_check_cipher(request->cipher, &request->gcm);
	if (ret == -ENOENT) {
		NL_SET_ERR_MSG_ATTR(extack, cipher, "this kernel has no AES-256-GCM");
		return -EOPNOTSUPP;
	}
	if (ret)
		NL_SET_ERR_MSG_ATTR(extack, cipher, "AES-256-GCM is not to be had now");
	return ret;
}

static int parse_peer(struct peer_request *request, struct nlattr **tb, struct genl_info *info)
{
	const struct nlattr *keepalive = tb[MYTUN_PEER_A_PERSISTENT_KEEPALIVE];
	const struct nlattr *flags = tb[MYTUN_PEER_A_FLAGS];
	const struct nlattr *psk = tb[MYTUN_PEER_A_PRESHARED_KEY];

	if (check_key(tb, info))
		return -EINVAL;
	request->public_key = nla_data(tb[MYTUN_PEER_A_PUBLIC_KEY]);
	request->preshared_key = psk ? nla_data(psk) : NULL;
	request->keepalive = keepalive ? nla_get_u16(keepalive) : -1;
	request->replace = flags && nla_get_u32(flags) & MYTUN_PEER_F_REPLACE_ALLOWEDIPS;
	request->allowedips = tb[MYTUN_PEER_A_ALLOWEDIPS] ?: &no_entries;
	return parse_endpoint(&request->endpoint, tb, info->extack) ?:
	       parse_cipher(request, tb[MYTUN_PEER_A_CIPHER], info->extack) ?:
	       check_entries(request, info->extack);
}

/* --- what is done about it ------------------------------------------------------------ */

/*
 * Give what was inserted, @count entries, back to whom it was taken from. This takes no
 * memory. Of entries for the same prefix the first knows whose it was before.
 */
static void undo_entries(struct allowedips *table, const struct peer_request *request,
			 struct allowedips_owner *owner, struct allowedips_owner **before,
			 unsigned int count)
{
	const struct nlattr *attr;
	unsigned int i = 0;
	struct entry entry;
	int rem;

	nla_for_each_nested(attr, request->allowedips, rem) {
		if (i == count)
			return;
		if (parse_entry(&entry, attr, NULL) || entry.remove)
			continue;
		if (!before[i])
			allowedips_remove(table, entry.addr, entry.len, entry.prefix_len, owner);
		else if (before[i] != owner)
			WARN_ON_ONCE(allowedips_insert(table, entry.addr, entry.len,
						       entry.prefix_len, before[i]));
		i++;
	}
}

/* All or nothing. @before has room for what each entry was before. */
static int add_entries(struct allowedips *table, const struct peer_request *request,
		       struct allowedips_owner *owner, struct allowedips_owner **before)
{
	const struct nlattr *attr;
	unsigned int count = 0;
	struct entry entry;
	int rem, ret;

	nla_for_each_nested(attr, request->allowedips, rem) {
		if (parse_entry(&entry, attr, NULL) || entry.remove)
			continue;
		before[count] = allowedips_owner_of(table, entry.addr, entry.len,
						    entry.prefix_len);
		ret = allowedips_insert(table, entry.addr, entry.len, entry.prefix_len, owner);
		if (ret) {
			undo_entries(table, request, owner, before, count);
			return ret;
		}
		count++;
	}
	return 0;
}

static void remove_entries(struct allowedips *table, const struct peer_request *request,
			   struct allowedips_owner *owner)
{
	const struct nlattr *attr;
	struct entry entry;
	int rem;

	nla_for_each_nested(attr, request->allowedips, rem)
		if (!parse_entry(&entry, attr, NULL) && entry.remove)
			allowedips_remove(table, entry.addr, entry.len, entry.prefix_len, owner);
}

/* Remove all but the request's entries, which have been added. */
static void remove_others(struct allowedips *table, const struct peer_request *request,
			  struct allowedips_owner *owner)
{
	struct allowedips_owner aside;
	const struct nlattr *attr;
	struct entry entry;
	int rem;

	allowedips_set_aside(owner, &aside);
	nla_for_each_nested(attr, request->allowedips, rem)
		if (!parse_entry(&entry, attr, NULL))
			allowedips_keep(table, entry.addr, entry.len, entry.prefix_len, owner);
	allowedips_remove_owner(table, &aside);
}

/*
 * All or nothing: additions, which take memory, come first; then goes what is replaced or
 * to be removed. A prefix that was there before and is there after is never missing.
 */
static int set_allowedips(struct mytun_peer *peer, const struct peer_request *request)
{
	struct allowedips *table = &peer->device->allowedips;
	struct allowedips_owner **before;
	int ret;

	before = kvmalloc_array(request->additions, sizeof(*before), GFP_KERNEL);
	if (!before)
		return -ENOMEM;
	ret = add_entries(table, request, &peer->allowedips, before);
	kvfree(before);
	if (ret)
		return ret;
	if (request->replace)
		remove_others(table, request, &peer->allowedips);
	remove_entries(table, request, &peer->allowedips);
	return 0;
}

/* Nothing here fails. */
static void set_rest(struct mytun_peer *peer, const struct peer_request *request)
{
	bool running = peer->device->up;

	lockdep_assert_held(&peer->device->lock);
	if (request->preshared_key)
		mytun_session_set_psk(peer, request->preshared_key);
	if (request->cipher >= 0)
		mytun_session_set_cipher(peer, request->cipher, request->gcm);
	if (request->endpoint.addr.sa_family)
		mytun_path_set(&peer->path, &request->endpoint);
	if (request->keepalive >= 0 && mytun_timers_set_persistent(peer, request->keepalive) &&
	    running)
		mytun_own_keepalive(peer);
	if (running) {
		rcu_read_lock_bh();
		mytun_tx_flush(peer);
		rcu_read_unlock_bh();
	}
}

static int set_peer(struct mytun_peer *peer, const struct peer_request *request,
		    struct genl_info *info)
{
	int ret;

	/* Also when it is undone: the lists have another order then. */
	mytun_netlink_changed(peer->device);
	ret = set_allowedips(peer, request);
	if (ret) {
		NL_SET_ERR_MSG(info->extack, "no memory for the allowed IPs");
		return ret;
	}
	set_rest(peer, request);
	return 0;
}

static int create_peer(struct mytun_device *device, const struct peer_request *request,
		       struct genl_info *info)
{
	struct mytun_peer *peer;
	int ret;

	peer = mytun_peer_create(device, request->public_key, request->preshared_key);
	if (IS_ERR(peer)) {
		if (PTR_ERR(peer) == -EUSERS)
			NL_SET_ERR_MSG(info->extack, "the device takes no more peers");
		else
			NL_SET_ERR_MSG(info->extack, "no memory for the peer");
		return PTR_ERR(peer);
	}
	ret = set_peer(peer, request, info);
	if (ret)
		mytun_peer_remove(peer);
	return ret;
}

/* A warning and no error: scripts hand one list of all peers to each of them. */
static bool is_self(const struct mytun_device *device, const struct peer_request *request,
		    struct genl_info *info)
{
	if (!device->identity.valid ||
	    !crypto_equal(request->public_key, device->identity.static_public, NOISE_KEY_LEN))
		return false;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[MYTUN_A_PEER],
			    "the device itself has this key, it is no peer of its own");
	return true;
}

static int new_peer(struct mytun_device *device, const struct peer_request *request,
		    struct genl_info *info)
{
	struct mytun_peer *peer;
	int ret;

	peer = mytun_lookup_peer(&device->lookup, request->public_key);
	if (!peer)
		return is_self(device, request, info) ? 0 : create_peer(device, request, info);
	if (info->nlhdr->nlmsg_flags & NLM_F_EXCL) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[MYTUN_A_PEER],
				    "the device has this peer already");
		ret = -EEXIST;
	} else {
		ret = set_peer(peer, request, info);
	}
	mytun_peer_put(peer);
	return ret;
}

/**
 * mytun_netlink_find_peer() - the peer that a request names
 * @device: device, locked
 * @info: request
 *
 * Return: the peer with a reference, or ERR_PTR().
 */
struct mytun_peer *mytun_netlink_find_peer(struct mytun_device *device, struct genl_info *info)
{
	struct nlattr *tb[MYTUN_PEER_A_MAX + 1];
	struct mytun_peer *peer;
	int ret;

	lockdep_assert_held(&device->lock);
	ret = mytun_netlink_parse_nest(tb, MYTUN_PEER_A_MAX, info, MYTUN_A_PEER) ?:
	      check_key(tb, info);
	if (ret)
		return ERR_PTR(ret);
	peer = mytun_lookup_peer(&device->lookup, nla_data(tb[MYTUN_PEER_A_PUBLIC_KEY]));
	if (peer)
		return peer;
	NL_SET_ERR_MSG_ATTR(info->extack, tb[MYTUN_PEER_A_PUBLIC_KEY],
			    "the device has no such peer");
	return ERR_PTR(-ENOENT);
}

static int set_existing_peer(struct mytun_device *device, const struct peer_request *request,
			     struct genl_info *info)
{
	struct mytun_peer *peer;
	int ret;

	if (is_self(device, request, info))
		return 0;
	peer = mytun_netlink_find_peer(device, info);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	ret = set_peer(peer, request, info);
	mytun_peer_put(peer);
	return ret;
}

static int change_peer(struct genl_info *info,
		       int (*change)(struct mytun_device *device,
				     const struct peer_request *request, struct genl_info *info))
{
	struct nlattr *tb[MYTUN_PEER_A_MAX + 1];
	struct peer_request request;
	struct mytun_device *device;
	int ret;

	ret = mytun_netlink_parse_nest(tb, MYTUN_PEER_A_MAX, info, MYTUN_A_PEER);
	if (ret)
		return ret;
	ret = parse_peer(&request, tb, info);
	if (ret)
		goto out_wipe;
	device = mytun_netlink_get_locked(info);
	if (IS_ERR(device)) {
		ret = PTR_ERR(device);
		goto out_wipe;
	}
	ret = change(device, &request, info);
	mytun_netlink_put_locked(device);
out_wipe:
	mytun_netlink_wipe(tb[MYTUN_PEER_A_PRESHARED_KEY]);
	return ret;
}

/* MYTUN_CMD_PEER_NEW */
int mytun_netlink_peer_new(struct sk_buff *skb, struct genl_info *info)
{
	return change_peer(info, new_peer);
}

/* MYTUN_CMD_PEER_SET */
int mytun_netlink_peer_set(struct sk_buff *skb, struct genl_info *info)
{
	return change_peer(info, set_existing_peer);
}

/* MYTUN_CMD_PEER_DEL */
int mytun_netlink_peer_del(struct sk_buff *skb, struct genl_info *info)
{
	struct mytun_device *device = mytun_netlink_get_locked(info);
	struct mytun_peer *peer;
	int ret;

	if (IS_ERR(device))
		return PTR_ERR(device);
	peer = mytun_netlink_find_peer(device, info);
	ret = PTR_ERR_OR_ZERO(peer);
	if (!ret) {
		mytun_peer_remove(peer);
		mytun_peer_put(peer);
		mytun_netlink_changed(device);
	}
	mytun_netlink_put_locked(device);
	return ret;
}
