/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Newer kernels take struct sock where older ones took struct socket, and one more
 * argument for the control block's flags. Code is written for the newer ones.
 */
#include_next <net/udp_tunnel.h>

#ifndef _MYTUN_COMPAT_UDP_TUNNEL_H
#define _MYTUN_COMPAT_UDP_TUNNEL_H

#ifndef HAVE_UDP_TUNNEL_SK
#define setup_udp_tunnel_sock(net, sk, cfg) setup_udp_tunnel_sock(net, (sk)->sk_socket, cfg)
#define udp_tunnel_sock_release(sk) udp_tunnel_sock_release((sk)->sk_socket)
#endif

#ifndef HAVE_UDP_TUNNEL_CB_FLAGS
#define udp_tunnel_xmit_skb(rt, sk, skb, src, dst, tos, ttl, df, sport, dport, xnet, nocheck,  \
			    flags)                                                             \
	udp_tunnel_xmit_skb(rt, sk, skb, src, dst, tos, ttl, df, sport, dport, xnet, nocheck)
#define udp_tunnel6_xmit_skb(dst, sk, skb, dev, saddr, daddr, prio, ttl, label, sport, dport,  \
			     nocheck, flags)                                                   \
	udp_tunnel6_xmit_skb(dst, sk, skb, dev, saddr, daddr, prio, ttl, label, sport, dport,  \
			     nocheck)
#endif

#endif /* _MYTUN_COMPAT_UDP_TUNNEL_H */
