// SPDX-License-Identifier: GPL-2.0
/* Messages in UDP, over IPv4 and IPv6; see struct mytun_transport_ops. */
#include <linux/inetdevice.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/udp_tunnel.h>

#include "device.h"
#include "pipeline.h"
#include "transport.h"
#include "udp_train.h"

/* A free port of both families is looked for so many times. */
enum { PORT_ATTEMPTS = 100 };

enum {
	UDP4_HEADERS_LEN = sizeof(struct iphdr) + sizeof(struct udphdr),
	UDP6_HEADERS_LEN = sizeof(struct ipv6hdr) + sizeof(struct udphdr),
};

static int udp_drop(struct mytun_transport *transport, struct sk_buff *messages,
		    enum mytun_drop reason, int ret)
{
	unsigned int count = 0;
	struct sk_buff *skb;

	for (skb = messages; skb; skb = skb->next)
		count += mytun_message_count(skb);
	mytun_drop_n(transport->device, reason, count);
	kfree_skb_list(messages);
	return ret;
}

static int udp_route_failed(struct mytun_transport *transport, struct sk_buff *messages, int ret)
{
	net_dbg_ratelimited("%s: No route to the endpoint (%d)\n", transport->device->dev->name,
			    ret);
	return udp_drop(transport, messages,
			ret == -ELOOP ? MYTUN_DROP_TX_LOOP : MYTUN_DROP_TX_NO_ROUTE, ret);
}

/*
 * May this route be used? One that leads into the device itself is looked up every time,
 * since what lies behind it can change without the route.
 */
static bool udp_keep_route(struct mytun_device *device, const struct dst_entry *dst,
			   struct mytun_path *path)
{
	bool through_device = dst->dev == device->dev;

	if (path)
		WRITE_ONCE(path->through_device, through_device);
	return likely(!through_device) || (path && !mytun_path_loops(path));
}

/*
 * Look a route up. The source that the peer knows is kept while it is ours and the route
 * leaves by the interface on which the peer reached us; else it is forgotten.
 */
static struct rtable *udp_route4(struct mytun_device *device, struct sock *sk, struct flowi4 *fl,
				 struct mytun_endpoint *endpoint, struct mytun_path *path)
{
	struct net *net = sock_net(sk);
	struct rtable *rt;

	if (endpoint->src4.s_addr &&
	    unlikely(!inet_confirm_addr(net, NULL, 0, endpoint->src4.s_addr, RT_SCOPE_HOST)))
		endpoint->src4.s_addr = 0;
	fl->saddr = endpoint->src4.s_addr;
	rt = ip_route_output_flow(net, fl, sk);
	if (endpoint->src_if4 &&
	    ((IS_ERR(rt) && PTR_ERR(rt) == -EINVAL) ||
	     (!IS_ERR(rt) && rt->dst.dev->ifindex != endpoint->src_if4))) {
		endpoint->src4.s_addr = 0;
		endpoint->src_if4 = 0;
		fl->saddr = 0;
		/* The first look has put its own here */
		fl->flowi4_oif = 0;
		if (!IS_ERR(rt))
			ip_rt_put(rt);
		rt = ip_route_output_flow(net, fl, sk);
	}
	if (IS_ERR(rt) || udp_keep_route(device, &rt->dst, path))
		return rt;
	ip_rt_put(rt);
	return ERR_PTR(-ELOOP);
}

/*
 * Prepare a message for the outer IP layer. What the inner packet's way has left in the skb
 * must not show there: its connection tracking entry would hide the outer flow from
 * netfilter, and its inner offsets would misdirect checksum offloading.
 */
static void udp_prepare(struct mytun_device *device, struct sk_buff *skb, bool df)
{
	skb_mark_not_on_list(skb);
	skb_scrub_packet(skb, true);
	skb->encapsulation = 0;
	skb->ip_summed = CHECKSUM_NONE;
	if (skb_is_gso(skb)) {
		/* Who splits it fills the checksums in; the UDP header goes right before. */
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_headroom(skb) - sizeof(struct udphdr);
		skb->csum_offset = offsetof(struct udphdr, check);
		/* The tunnel helpers count one packet. */
		dev_sw_netstats_tx_add(device->dev, mytun_message_count(skb) - 1, 0);
	}
	skb->dev = device->dev;
	skb->mark = READ_ONCE(device->fwmark);
	/* IP has set it by the inner packet's TOS, and a VLAN may put it on the wire */
	skb->priority = 0;
	skb->ignore_df = !df;
	/* What the interface's statistics count as sent begins here. */
	skb_set_inner_network_header(skb, 0);
}

/*
 * Will IP send a path-MTU probe as it is? It must neither be torn nor come to IP's notice, which
 * would take the MTU down for the route.
 */
static bool udp_fits(const struct sk_buff *skb, const struct dst_entry *dst,
		     unsigned int headers_len)
{
	return skb->len + headers_len <= min(dst_mtu(dst), READ_ONCE(dst->dev->mtu));
}

/* Where the route's MTU is locked, IPv4 does not set DF. */
static bool udp_fits4(const struct sk_buff *skb, const struct dst_entry *dst)
{
	return udp_fits(skb, dst, UDP4_HEADERS_LEN) && !ip_mtu_locked(dst);
}

static void udp_drop_probe(struct mytun_device *device, struct sk_buff *skb)
{
	mytun_drop(device, MYTUN_DROP_TX_TOO_BIG);
	skb_mark_not_on_list(skb);
	kfree_skb(skb);
}

static int udp_send4(struct mytun_transport *transport, struct sk_buff *messages,
		     struct mytun_endpoint *endpoint, struct mytun_path *path)
{
	struct sock *sk = rcu_dereference_bh(transport->sock4);
	struct mytun_device *device = transport->device;
	struct sk_buff *skb, *next;
	struct rtable *rt = NULL;
	int ret = -EMSGSIZE;
	struct flowi4 fl = {
		.daddr = endpoint->addr4.sin_addr.s_addr,
		.fl4_dport = endpoint->addr4.sin_port,
		.flowi4_mark = READ_ONCE(device->fwmark),
		.flowi4_proto = IPPROTO_UDP,
	};

	if (unlikely(!sk))
		return udp_drop(transport, messages, MYTUN_DROP_TX_SOCKET, -ENONET);
	fl.fl4_sport = inet_sk(sk)->inet_sport;
	if (path)
		rt = dst_cache_get_ip4(&path->cache, &fl.saddr);
	if (!rt) {
		rt = udp_route4(device, sk, &fl, endpoint, path);
		if (IS_ERR(rt))
			return udp_route_failed(transport, messages, PTR_ERR(rt));
		if (path && rt->dst.dev != device->dev)
			dst_cache_set_ip4(&path->cache, &rt->dst, fl.saddr);
	}
	skb_list_walk_safe(messages, skb, next) {
		bool df = mytun_message(skb)->df;
		u8 ds = mytun_message(skb)->ds;

		if (next)
			dst_hold(&rt->dst);
		if (unlikely(df && !udp_fits4(skb, &rt->dst))) {
			udp_drop_probe(device, skb);
			ip_rt_put(rt);
			continue;
		}
		udp_prepare(device, skb, df);
		udp_tunnel_xmit_skb(rt, sk, skb, fl.saddr, fl.daddr, ds,
				    ip4_dst_hoplimit(&rt->dst), df ? htons(IP_DF) : 0,
				    fl.fl4_sport, fl.fl4_dport, false, false, 0);
		ret = 0;
	}
	return ret;
}

#if IS_ENABLED(CONFIG_IPV6)
static struct dst_entry *udp_route6(struct mytun_device *device, struct sock *sk,
				    struct flowi6 *fl, struct mytun_endpoint *endpoint,
				    struct mytun_path *path)
{
	struct net *net = sock_net(sk);
	struct dst_entry *dst;

	if (!ipv6_addr_any(&endpoint->src6) &&
	    unlikely(!ipv6_chk_addr(net, &endpoint->src6, NULL, 0)))
		memset(&endpoint->src6, 0, sizeof(endpoint->src6));
	fl->saddr = endpoint->src6;
	dst = ip6_dst_lookup_flow(net, sk, fl, NULL);
	if (IS_ERR(dst) || udp_keep_route(device, dst, path))
		return dst;
	dst_release(dst);
	return ERR_PTR(-ELOOP);
}

/* Return: false when it is too long. Else it is what is_about_probe6() looks for. */
static bool udp_note_probe6(struct mytun_transport *transport, const struct sk_buff *skb,
			    const struct dst_entry *dst)
{
	const struct message_data *header = (void *)skb->data;

	if (!udp_fits(skb, dst, UDP6_HEADERS_LEN))
		return false;
	WRITE_ONCE(transport->probe_index, header->receiver_index);
	WRITE_ONCE(transport->probe_counter, header->counter);
	return true;
}

static int udp_send6(struct mytun_transport *transport, struct sk_buff *messages,
		     struct mytun_endpoint *endpoint, struct mytun_path *path)
{
	struct sock *sk = rcu_dereference_bh(transport->sock6);
	struct mytun_device *device = transport->device;
	struct dst_entry *dst = NULL;
	struct sk_buff *skb, *next;
	int ret = -EMSGSIZE;
	struct flowi6 fl = {
		.daddr = endpoint->addr6.sin6_addr,
		.fl6_dport = endpoint->addr6.sin6_port,
		.flowi6_mark = READ_ONCE(device->fwmark),
		.flowi6_oif = endpoint->addr6.sin6_scope_id,
		.flowi6_proto = IPPROTO_UDP,
	};

	if (unlikely(!sk))
		return udp_drop(transport, messages, MYTUN_DROP_TX_SOCKET, -ENONET);
	fl.fl6_sport = inet_sk(sk)->inet_sport;
	if (path)
		dst = dst_cache_get_ip6(&path->cache, &fl.saddr);
	if (!dst) {
		dst = udp_route6(device, sk, &fl, endpoint, path);
		if (IS_ERR(dst))
			return udp_route_failed(transport, messages, PTR_ERR(dst));
		if (path && dst->dev != device->dev)
			dst_cache_set_ip6(&path->cache, dst, &fl.saddr);
	}
	skb_list_walk_safe(messages, skb, next) {
		bool df = mytun_message(skb)->df;
		u8 ds = mytun_message(skb)->ds;

		if (next)
			dst_hold(dst);
		if (unlikely(df && !udp_note_probe6(transport, skb, dst))) {
			udp_drop_probe(device, skb);
			dst_release(dst);
			continue;
		}
		udp_prepare(device, skb, df);
		udp_tunnel6_xmit_skb(dst, sk, skb, skb->dev, &fl.saddr, &fl.daddr, ds,
				     ip6_dst_hoplimit(dst), 0, fl.fl6_sport, fl.fl6_dport, false,
				     0);
		ret = 0;
	}
	return ret;
}
#else
static int udp_send6(struct mytun_transport *transport, struct sk_buff *messages,
		     struct mytun_endpoint *endpoint, struct mytun_path *path)
{
	return udp_drop(transport, messages, MYTUN_DROP_TX_SOCKET, -EAFNOSUPPORT);
}
#endif

static int udp_send(struct mytun_transport *transport, struct sk_buff *messages,
		    struct mytun_endpoint *endpoint, struct mytun_path *path)
{
	if (endpoint->addr.sa_family == AF_INET)
		return udp_send4(transport, messages, endpoint, path);
	if (endpoint->addr.sa_family == AF_INET6)
		return udp_send6(transport, messages, endpoint, path);
	return udp_drop(transport, messages, MYTUN_DROP_TX_NO_ENDPOINT, -EDESTADDRREQ);
}

/* encap_rcv: skb->data is at the UDP header, the checksum is verified. */
static int udp_receive(struct sock *sk, struct sk_buff *skb)
{
	struct mytun_transport *transport = rcu_dereference_sk_user_data(sk);
	unsigned int linear;

	if (unlikely(!transport))
		goto err_free;
	if (unlikely(!pskb_may_pull(skb, sizeof(struct udphdr))))
		goto err_malformed;
	__skb_pull(skb, sizeof(struct udphdr));
	linear = min_t(unsigned int, skb->len, sizeof(struct message_data));
	if (unlikely(!pskb_may_pull(skb, linear)))
		goto err_malformed;
	/* What another tunnel has made and nobody has cut is not one message */
	if (unlikely(skb_is_gso(skb)))
		goto err_malformed;
	mytun_transport_detach(transport->device->dev, skb);
	transport->rx(transport->device, skb);
	return 0;

err_malformed:
	mytun_drop(transport->device, MYTUN_DROP_RX_MALFORMED);
err_free:
	kfree_skb(skb);
	return 0;
}

static void udp_set_up(struct mytun_transport *transport, struct sock *sk)
{
	struct udp_tunnel_sock_cfg cfg = {
		.sk_user_data = transport,
		.encap_type = 1,
		.encap_rcv = udp_receive,
	};

	sk->sk_allocation = GFP_ATOMIC;
	sk->sk_sndbuf = INT_MAX;
	sk_set_memalloc(sk);
	/* GRO may join datagrams; see udp_train.c for where they go. */
	udp_set_bit(GRO_ENABLED, sk);
	setup_udp_tunnel_sock(sock_net(sk), sk, &cfg);
}

static void udp_release(struct sock *sk)
{
	if (!sk)
		return;
	sk_clear_memalloc(sk);
	udp_tunnel_sock_release(sk);
}

/* The union of its addresses is zero: any, also where there is no member for IPv6. */
static int udp_create6(struct net *net, u16 port, struct socket **sock)
{
	struct udp_port_cfg cfg = {
		.family = AF_INET6,
		.local_udp_port = htons(port),
		.use_udp6_tx_checksums = true,
		.use_udp6_rx_checksums = true,
		.ipv6_v6only = true,
	};

	*sock = NULL;
	if (!IS_ENABLED(CONFIG_IPV6) || !ipv6_mod_enabled())
		return 0;
	return udp_sock_create(net, &cfg, sock);
}

/*
 * Of a socket that is destroyed (ss -K) the kernel gives up a port that it has chosen itself, but
 * none that was asked for. Return: the port, 0 when that has happened already.
 */
static u16 udp_keep_port(struct sock *sk)
{
	u16 port;

	lock_sock(sk);
	sk->sk_userlocks |= SOCK_BINDPORT_LOCK;
	port = ntohs(inet_sk(sk)->inet_sport);
	release_sock(sk);
	return port;
}

/* Both sockets on one port. With @port 0 the kernel chooses one that is free for both. */
static int udp_create(struct net *net, u16 port, struct socket **sock4, struct socket **sock6)
{
	struct udp_port_cfg cfg = {
		.family = AF_INET,
		.local_ip.s_addr = htonl(INADDR_ANY),
		.local_udp_port = htons(port),
		.use_udp_checksums = true,
	};
	int attempt, ret;
	u16 chosen;

	for (attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
		ret = udp_sock_create(net, &cfg, sock4);
		if (ret)
			return ret;
		chosen = udp_keep_port((*sock4)->sk);
		ret = chosen ? udp_create6(net, chosen, sock6) : -EADDRINUSE;
		if (!ret)
			return 0;
		udp_tunnel_sock_release((*sock4)->sk);
		if (ret != -EADDRINUSE || port)
			return ret;
	}
	return -EADDRINUSE;
}

/*
 * Put sockets on a port, or none, in place of the present ones, which nobody uses afterwards.
 */
static void udp_swap(struct mytun_transport *transport, struct sock *sk4, struct sock *sk6,
		     u16 port)
{
	struct mytun_device *device = transport->device;
	u16 old_port = transport->train_port;
	struct sock *old4, *old6;

	lockdep_assert_held(&device->transport_lock);
	old4 = rcu_replace_pointer(transport->sock4, sk4,
				   lockdep_is_held(&device->transport_lock));
	old6 = rcu_replace_pointer(transport->sock6, sk6,
				   lockdep_is_held(&device->transport_lock));
	transport->train_port = port;
	if (old4)
		mytun_udp_train_remove(sock_net(old4), transport, old_port);
	synchronize_net();
	udp_release(old4);
	udp_release(old6);
}

static int udp_open(struct mytun_transport *transport, u16 port)
{
	struct net *net = read_pnet(&transport->device->creating_net);
	struct socket *sock4 = NULL, *sock6 = NULL;
	int ret;

	if (!net)
		return -ENONET;
	ret = udp_create(net, port, &sock4, &sock6);
	if (ret)
		return ret;
	port = ntohs(inet_sk(sock4->sk)->inet_sport);
	ret = mytun_udp_train_add(net, transport, port);
	if (ret)
		goto err_release;
	WRITE_ONCE(transport->port, port);
	udp_set_up(transport, sock4->sk);
	if (sock6)
		udp_set_up(transport, sock6->sk);
	udp_swap(transport, sock4->sk, sock6 ? sock6->sk : NULL, port);
	return 0;

err_release:
	udp_tunnel_sock_release(sock4->sk);
	if (sock6)
		udp_tunnel_sock_release(sock6->sk);
	return ret;
}

static void udp_close(struct mytun_transport *transport)
{
	udp_swap(transport, NULL, NULL, 0);
}

const struct mytun_transport_ops mytun_transport_udp = {
	.open = udp_open,
	.close = udp_close,
	.send = udp_send,
};
