// SPDX-License-Identifier: GPL-2.0
/*
 * UDP packets that hold several messages of one size: GRO has joined them, or they come
 * whole from a sender on this machine. UDP takes such a packet apart before it calls
 * encap_rcv (udp_unexpected_gso()), so it is caught one step earlier, at the last place of
 * netfilter's LOCAL_IN, where the host's rules have let it pass. Whatever is odd about it
 * is left to UDP: trains are faster, never necessary.
 *
 * No look into the table of sockets is needed: ours are bound to any address and share
 * their port with nobody in their namespace. IP has let go of the sender's socket, so that
 * a packet with a socket here has got that one as its receiver.
 *
 * At the same place ICMP's words about path-MTU probes come by, and go no further: the first that
 * udp_err() does is to take the MTU that they name for the route, and it asks no socket. (Nor
 * does udpv6_err() of Linux 7.2; that of 6.12 does.)
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/udp.h>
#include <linux/xarray.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netns/generic.h>
#include <net/xfrm.h>

#include "core/wire.h"
#include "transport.h"
#include "udp_train.h"

/**
 * struct train_net - our sockets in one namespace
 * @ports: transports by port; changed under @train_lock, read under RCU
 */
struct train_net {
	struct xarray ports;
};

static unsigned int train_net_id __read_mostly;
static DEFINE_MUTEX(train_lock);	/* which ports there are, and the hooks; innermost */

/*
 * A UDP packet whose checksum holds and which is nothing but datagrams of gso_size. One that
 * has a socket already, by a rule for a transparent proxy or by tc, is that socket's.
 */
static bool is_train(const struct sk_buff *skb)
{
	return skb_is_gso(skb) && !skb->sk &&
	       (skb_shinfo(skb)->gso_type & ~SKB_GSO_DODGY) == SKB_GSO_UDP_L4 &&
	       skb->ip_summed == CHECKSUM_PARTIAL && !skb->encapsulation;
}

/* Connection tracking enters a new flow behind us: the first packet has to get there. */
static bool starts_flow(const struct sk_buff *skb)
{
	enum ip_conntrack_info info;
	struct nf_conn *ct = nf_ct_get(skb, &info);

	return ct && !nf_ct_is_confirmed(ct);
}

/* As UDP would ask for the socket. */
static bool policy_allows(u8 family, struct sk_buff *skb)
{
	if (family == NFPROTO_IPV4)
		return xfrm4_policy_check(NULL, XFRM_POLICY_IN, skb);
	return xfrm6_policy_check(NULL, XFRM_POLICY_IN, skb);
}

/* @header_len: bytes in front of the UDP header, where skb->data is not yet. */
static unsigned int take(const struct nf_hook_state *state, struct sk_buff *skb,
			 unsigned int header_len)
{
	const unsigned int pull = header_len + sizeof(struct udphdr);
	struct train_net *trains = net_generic(state->net, train_net_id);
	struct mytun_transport *transport;
	const struct udphdr *udp;
	bool taken;

	if (starts_flow(skb) || !pskb_may_pull(skb, pull))
		return NF_ACCEPT;
	udp = (const void *)(skb->data + header_len);
	if (ntohs(udp->len) != skb->len - header_len)
		return NF_ACCEPT;
	transport = xa_load(&trains->ports, ntohs(udp->dest));
	if (!transport || !policy_allows(state->pf, skb))
		return NF_ACCEPT;
	skb_set_transport_header(skb, header_len);
	__skb_pull(skb, pull);
	/* After a verdict of NFQUEUE, hooks run in its program's context */
	local_bh_disable();
	taken = transport->rx_train(transport->device, skb);
	local_bh_enable();
	if (taken)
		return NF_STOLEN;
	__skb_push(skb, pull);
	return NF_ACCEPT;
}

/*
 * Does ICMP say that a path-MTU probe of ours is too long for the path? That is no reason to take
 * another MTU for the route. Of all that we send over IPv4, probes alone have DF.
 */
static bool is_about_probe4(const struct net *net, const struct sk_buff *skb)
{
	struct train_net *trains = net_generic(net, train_net_id);
	unsigned int offset = ip_hdrlen(skb);
	const struct icmphdr *icmp;
	const struct udphdr *udp;
	const struct iphdr *ip;
	struct icmphdr icmp_buffer;
	struct udphdr udp_buffer;
	struct iphdr ip_buffer;

	icmp = skb_header_pointer(skb, offset, sizeof(*icmp), &icmp_buffer);
	if (!icmp || icmp->type != ICMP_DEST_UNREACH || icmp->code != ICMP_FRAG_NEEDED)
		return false;
	offset += sizeof(*icmp);
	ip = skb_header_pointer(skb, offset, sizeof(*ip), &ip_buffer);
	if (!ip || ip->protocol != IPPROTO_UDP || ip->frag_off != htons(IP_DF))
		return false;
	udp = skb_header_pointer(skb, offset + ip->ihl * 4, sizeof(*udp), &udp_buffer);
	return udp && xa_load(&trains->ports, ntohs(udp->source));
}

/* The same over IPv6, where the last probe alone is known: of several one may be taken for data. */
static bool is_about_probe6(const struct net *net, const struct sk_buff *skb)
{
	struct train_net *trains = net_generic(net, train_net_id);
	unsigned int offset = sizeof(struct ipv6hdr);
	const struct mytun_transport *transport;
	struct message_data message_buffer;
	const struct message_data *message;
	struct icmp6hdr icmp_buffer;
	const struct icmp6hdr *icmp;
	struct udphdr udp_buffer;
	const struct udphdr *udp;
	struct ipv6hdr ip_buffer;
	const struct ipv6hdr *ip;

	icmp = skb_header_pointer(skb, offset, sizeof(*icmp), &icmp_buffer);
	if (!icmp || icmp->icmp6_type != ICMPV6_PKT_TOOBIG)
		return false;
	offset += sizeof(*icmp);
	ip = skb_header_pointer(skb, offset, sizeof(*ip), &ip_buffer);
	if (!ip || ip->nexthdr != IPPROTO_UDP)
		return false;
	offset += sizeof(*ip);
	udp = skb_header_pointer(skb, offset, sizeof(*udp), &udp_buffer);
	transport = udp ? xa_load(&trains->ports, ntohs(udp->source)) : NULL;
	if (!transport)
		return false;
	offset += sizeof(*udp);
	message = skb_header_pointer(skb, offset, sizeof(*message), &message_buffer);
	return message && message->counter == READ_ONCE(transport->probe_counter) &&
	       message->receiver_index == READ_ONCE(transport->probe_index);
}

static unsigned int local_in4(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (unlikely(ip_hdr(skb)->protocol == IPPROTO_ICMP))
		return is_about_probe4(state->net, skb) ? NF_DROP : NF_ACCEPT;
	if (likely(!is_train(skb)) || ip_hdr(skb)->protocol != IPPROTO_UDP || inet_sdif(skb))
		return NF_ACCEPT;
	return take(state, skb, ip_hdrlen(skb));
}

static unsigned int local_in6(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (unlikely(ipv6_hdr(skb)->nexthdr == IPPROTO_ICMPV6))
		return is_about_probe6(state->net, skb) ? NF_DROP : NF_ACCEPT;
	if (likely(!is_train(skb)) || ipv6_hdr(skb)->nexthdr != IPPROTO_UDP || inet6_sdif(skb))
		return NF_ACCEPT;
	return take(state, skb, sizeof(struct ipv6hdr));
}

static const struct nf_hook_ops hooks[] = {
	{
		.hook = local_in4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_CONNTRACK_CONFIRM - 1,
	},
	{
		.hook = local_in6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_CONNTRACK_CONFIRM - 1,
	},
};

/**
 * mytun_udp_train_add() - hand trains for a port to a transport
 * @net: namespace
 * @transport: takes them by its rx_train
 * @port: ours in @net, host order
 *
 * Context: may sleep. Return: 0 or -ENOMEM, -E2BIG, -EBUSY.
 */
int mytun_udp_train_add(struct net *net, struct mytun_transport *transport, u16 port)
{
	struct train_net *trains = net_generic(net, train_net_id);
	int ret = 0;

	mutex_lock(&train_lock);
	if (xa_empty(&trains->ports))
		ret = nf_register_net_hooks(net, hooks, ARRAY_SIZE(hooks));
	if (ret)
		goto out_unlock;
	ret = xa_insert(&trains->ports, port, transport, GFP_KERNEL);
	if (ret && xa_empty(&trains->ports))
		nf_unregister_net_hooks(net, hooks, ARRAY_SIZE(hooks));
out_unlock:
	mutex_unlock(&train_lock);
	return ret;
}

/**
 * mytun_udp_train_remove() - undo mytun_udp_train_add()
 * @net: namespace
 * @transport: the same as there
 * @port: the same
 *
 * Context: may sleep. A grace period later no train is handed over any longer.
 */
void mytun_udp_train_remove(struct net *net, struct mytun_transport *transport, u16 port)
{
	struct train_net *trains = net_generic(net, train_net_id);

	mutex_lock(&train_lock);
	if (xa_cmpxchg(&trains->ports, port, transport, NULL, 0) == transport &&
	    xa_empty(&trains->ports))
		nf_unregister_net_hooks(net, hooks, ARRAY_SIZE(hooks));
	mutex_unlock(&train_lock);
}

static int train_net_init(struct net *net)
{
	struct train_net *trains = net_generic(net, train_net_id);

	xa_init(&trains->ports);
	return 0;
}

static struct pernet_operations train_net_ops = {
	.init = train_net_init,
	.id = &train_net_id,
	.size = sizeof(struct train_net),
};

/**
 * mytun_udp_train_init() - make room for ports in every namespace
 *
 * Return: 0 or -ENOMEM.
 */
int mytun_udp_train_init(void)
{
	return register_pernet_subsys(&train_net_ops);
}

void mytun_udp_train_uninit(void)
{
	unregister_pernet_subsys(&train_net_ops);
}
