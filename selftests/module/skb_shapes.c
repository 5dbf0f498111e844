// SPDX-License-Identifier: GPL-2.0
/*
 * Packets in whatever shape an skb can have: skb_shapes.h says how to ask for one. What is
 * sent goes to a device as it would from a driver, a bridge or a socket. What comes in takes
 * its shape in LOCAL_IN, between IP and UDP.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/nsproxy.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "skb_shapes.h"

/* Fragments begin at odd places of their pages. */
enum { FRAG_OFFSET = 3 };

/**
 * struct shaper - an open file
 * @lock: serialises writers and readers
 * @shape: of what comes in
 * @net: where the hooks are, with a reference; NULL: there are none
 * @kept_lock: protects @kept, @bytes; taken in softirq
 * @kept: what was kept of the last packet, or NULL
 * @bytes: what it held then, from its first byte on
 * @originals: of all clones that were sent; they hold @bytes, too
 * @owner: TCP socket of the packets that hold a reference to one, NULL: none does
 */
struct shaper {
	struct mutex lock;
	struct skb_shape shape;
	struct net *net;
	spinlock_t kept_lock;
	struct sk_buff *kept;
	u8 *bytes;
	struct sk_buff_head originals;
	struct socket *owner;
};

/* ---- building ---- */

static bool add_frag(struct sk_buff *skb, const u8 *data, unsigned int len)
{
	unsigned int offset = FRAG_OFFSET * (skb_shinfo(skb)->nr_frags + 1);
	unsigned int order = get_order(offset + len);
	struct page *page;

	page = alloc_pages(GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN, order);
	if (!page)
		return false;
	memcpy(page_address(page) + offset, data, len);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, offset, len, PAGE_SIZE << order);
	return true;
}

static bool add_listed(struct sk_buff *skb, struct sk_buff ***tail, const u8 *data,
		       unsigned int len)
{
	struct sk_buff *listed = alloc_skb(len, GFP_ATOMIC);

	if (!listed)
		return false;
	skb_put_data(listed, data, len);
	**tail = listed;
	*tail = &listed->next;
	skb->len += len;
	skb->data_len += len;
	skb->truesize += listed->truesize;
	return true;
}

/* What is not in the head: so many equal parts, the last with what is left over. */
static bool add_parts(struct sk_buff *skb, const struct skb_shape *shape, const u8 *data,
		      unsigned int len)
{
	struct sk_buff **tail = &skb_shinfo(skb)->frag_list;
	unsigned int count = shape->frags + shape->list;
	unsigned int i, part;

	for (i = 0; i < count; i++) {
		part = i == count - 1 ? len : len / (count - i);
		if (shape->flags & SHAPE_LIST_OF_SEGMENTS)
			part = min_t(unsigned int, len, shape->gso_size);
		if (i < shape->frags ? !add_frag(skb, data, part) :
				       !add_listed(skb, &tail, data, part))
			return false;
		data += part;
		len -= part;
	}
	return true;
}

static void set_offload(struct sk_buff *skb, const struct skb_shape *shape)
{
	static const unsigned int types[] = {
		[SHAPE_GSO_TCP4] = SKB_GSO_TCPV4,
		[SHAPE_GSO_TCP6] = SKB_GSO_TCPV6,
		[SHAPE_GSO_UDP] = SKB_GSO_UDP_L4,
	};

	skb->ip_summed = shape->summed;
	if (shape->summed == SHAPE_SUMMED_PARTIAL) {
		skb->csum_start = skb_headroom(skb) + shape->csum_start;
		skb->csum_offset = shape->csum_offset;
	} else if (shape->summed == SHAPE_SUMMED_COMPLETE) {
		skb->csum = skb_checksum(skb, 0, skb->len, 0);
	}
	if (shape->gso) {
		skb_shinfo(skb)->gso_type = types[shape->gso];
		skb_shinfo(skb)->gso_size = shape->gso_size;
		skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(skb->len, shape->gso_size);
	}
	if (shape->vlan)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), shape->vlan);
}

static struct sk_buff *build(const struct skb_shape *shape, const u8 *data, unsigned int len)
{
	unsigned int linear = shape->linear;
	struct sk_buff *skb;

	if (linear > len || !(shape->frags + shape->list))
		linear = len;
	skb = alloc_skb(shape->headroom + linear, GFP_ATOMIC);
	if (!skb)
		return NULL;
	if (shape->flags & SHAPE_NO_TAILROOM)
		skb_reserve(skb, skb_tailroom(skb) - linear);
	else
		skb_reserve(skb, shape->headroom);
	skb_put_data(skb, data, linear);
	skb_shinfo(skb)->destructor_arg = NULL;
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	if (len > linear && !add_parts(skb, shape, data + linear, len - linear)) {
		kfree_skb(skb);
		return NULL;
	}
	set_offload(skb, shape);
	return skb;
}

/* ---- keeping ---- */

/* Its pages alone, as a cache of files or a user's buffer would hold them. */
static struct sk_buff *keep_pages(const struct sk_buff *skb)
{
	unsigned int linear = skb_headlen(skb);
	struct sk_buff *kept;
	int i;

	if (!skb_shinfo(skb)->nr_frags)
		return NULL;
	kept = alloc_skb(linear, GFP_ATOMIC);
	if (!kept)
		return NULL;
	skb_put_data(kept, skb->data, linear);
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		get_page(skb_frag_page(frag));
		skb_add_rx_frag(kept, i, skb_frag_page(frag), skb_frag_off(frag),
				skb_frag_size(frag), PAGE_SIZE);
	}
	return kept;
}

static void keep_set(struct shaper *shaper, struct sk_buff *kept, u8 *bytes)
{
	spin_lock_bh(&shaper->kept_lock);
	swap(shaper->kept, kept);
	swap(shaper->bytes, bytes);
	spin_unlock_bh(&shaper->kept_lock);
	kfree_skb(kept);
	kfree(bytes);
}

static void keep(struct shaper *shaper, const struct skb_shape *shape, struct sk_buff *skb)
{
	struct sk_buff *kept = NULL;
	u8 *bytes = NULL;

	if (shape->flags & SHAPE_CLONED)
		kept = skb_clone(skb, GFP_ATOMIC);
	else if (shape->flags & SHAPE_SHARED)
		kept = skb_get(skb);
	else if (shape->flags & SHAPE_ORIGINAL)
		kept = skb_copy(skb, GFP_ATOMIC);
	else
		kept = keep_pages(skb);
	if (kept)
		bytes = kmalloc(kept->len, GFP_ATOMIC);
	if (bytes && skb_copy_bits(kept, 0, bytes, kept->len))
		memset(bytes, 0, kept->len);
	keep_set(shaper, kept, bytes);
}

static bool holds(const struct sk_buff *skb, const u8 *bytes)
{
	unsigned int i;
	u8 byte;

	for (i = 0; i < skb->len; i++) {
		if (skb_copy_bits(skb, i, &byte, 1) || byte != bytes[i])
			return false;
	}
	return true;
}

/* It was linear, and no train. */
static bool original_as_it_was(const struct sk_buff *skb, const u8 *bytes)
{
	const struct skb_shared_info *info = skb_shinfo(skb);

	return holds(skb, bytes) && !info->nr_frags && !info->gso_size && !info->gso_segs &&
	       !info->gso_type;
}

/* As TCP keeps what it sends until that is acknowledged. Return: the clone to send, or NULL. */
static struct sk_buff *keep_original(struct shaper *shaper, struct sk_buff *skb)
{
	struct sk_buff *clone;

	__skb_header_release(skb);
	clone = skb_clone(skb, GFP_ATOMIC);
	skb_queue_tail(&shaper->originals, skb);
	return clone;
}

/* Return: 0 when it is as it was, else -errno. */
static ssize_t kept_as_it_was(struct shaper *shaper)
{
	ssize_t ret = -ENODATA;
	struct sk_buff *skb;

	spin_lock_bh(&shaper->kept_lock);
	if (!shaper->kept || !shaper->bytes)
		goto out_unlock;
	/* All packets of one write() are the same */
	ret = holds(shaper->kept, shaper->bytes) ? 0 : -EBADMSG;
	skb_queue_walk(&shaper->originals, skb) {
		if (!original_as_it_was(skb, shaper->bytes))
			ret = -EBADMSG;
	}
out_unlock:
	spin_unlock_bh(&shaper->kept_lock);
	return ret;
}

/* ---- what goes out ---- */

static int xmit_direct(struct sk_buff *skb)
{
	int ret;

	rcu_read_lock_bh();
	ret = skb->dev->netdev_ops->ndo_start_xmit(skb, skb->dev);
	rcu_read_unlock_bh();
	return ret;
}

/* TCP has its RSTs hold a reference to the socket in whose name they go, as this one does. */
static void own(struct sk_buff *skb, struct sock *owner)
{
	sock_hold(owner);
	skb->sk = owner;
	skb->destructor = sock_edemux;
}

static atomic_t foreign_left;	/* destructors that have not been called */
static atomic_t foreign_strayed;	/* calls with an skb that was not the destructor's own */

static void foreign_destruct(struct sk_buff *skb)
{
	atomic_dec(&foreign_left);
	if (skb_shinfo(skb)->destructor_arg != skb)
		atomic_inc(&foreign_strayed);
}

static void make_foreign(struct sk_buff *skb)
{
	skb_shinfo(skb)->destructor_arg = skb;
	skb->destructor = foreign_destruct;
	atomic_inc(&foreign_left);
}

/* Return: a packet that is ready to be sent, or NULL for want of memory. */
static struct sk_buff *make_one(struct shaper *shaper, const struct skb_shape *shape,
				const u8 *data, unsigned int len, struct net_device *dev,
				unsigned int number)
{
	struct sk_buff *skb = build(shape, data, len);

	if (!skb)
		return NULL;
	if (shape->flags & SHAPE_OWNED)
		own(skb, shaper->owner->sk);
	if (shape->flags & SHAPE_FOREIGN && number % 3 == 2)
		make_foreign(skb);
	skb->dev = dev;
	skb->protocol = data[0] >> 4 == 4 ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	skb_set_transport_header(skb, skb->protocol == htons(ETH_P_IP) ?
					      sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	keep(shaper, shape, skb);
	if (shape->flags & SHAPE_ORIGINAL)
		skb = keep_original(shaper, skb);
	return skb;
}

static int send_one(const struct skb_shape *shape, struct sk_buff *skb)
{
	int ret = shape->flags & SHAPE_DIRECT ? xmit_direct(skb) : dev_queue_xmit(skb);

	/* NET_XMIT_DROP is the device's word, and no error of ours */
	return min(ret, 0);
}

/* All are made before the first is sent, so that they follow each other closely. */
static int send_all(struct shaper *shaper, const struct skb_shape *shape, const u8 *data,
		    unsigned int len, struct net_device *dev)
{
	struct sk_buff_head burst;
	struct sk_buff *skb;
	int i, ret = 0;

	__skb_queue_head_init(&burst);
	for (i = 0; i <= shape->copies && !ret; i++) {
		skb = make_one(shaper, shape, data, len, dev, i);
		if (skb)
			__skb_queue_tail(&burst, skb);
		else
			ret = -ENOMEM;
	}
	/* No softirq, and so none of the device's workers, in between */
	local_bh_disable();
	while (!ret && (skb = __skb_dequeue(&burst)))
		ret = send_one(shape, skb);
	local_bh_enable();
	__skb_queue_purge(&burst);
	return ret;
}

static int send_shaped(struct shaper *shaper, const struct skb_shape *shape, const u8 *data,
		       unsigned int len)
{
	struct net_device *dev;
	int ret = 0;

	if (shape->flags & SHAPE_OWNED && !shaper->owner)
		ret = sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP,
				       &shaper->owner);
	if (ret)
		return ret;
	dev = dev_get_by_name(current->nsproxy->net_ns, shape->dev);
	if (!dev)
		return -ENODEV;
	ret = send_all(shaper, shape, data, len, dev);
	dev_put(dev);
	return ret;
}

/* ---- what comes in ---- */

static struct sk_buff *rebuild(struct shaper *shaper, struct sk_buff *skb)
{
	unsigned int transport = skb_transport_offset(skb);
	struct skb_shape shape = shaper->shape;
	struct sk_buff *shaped = NULL;
	u8 *data;

	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb))
		return NULL;
	data = kmalloc(skb->len, GFP_ATOMIC);
	if (!data || skb_copy_bits(skb, 0, data, skb->len))
		goto out_free;
	shaped = build(&shape, data, skb->len);
	if (!shaped)
		goto out_free;
	skb_copy_header(shaped, skb);
	skb_reset_mac_header(shaped);
	skb_reset_network_header(shaped);
	skb_set_transport_header(shaped, transport);
	shape.csum_start = transport;
	shape.csum_offset = offsetof(struct udphdr, check);
	set_offload(shaped, &shape);
	keep(shaper, &shape, shaped);
out_free:
	kfree(data);
	return shaped;
}

static bool is_wanted(const struct shaper *shaper, struct sk_buff *skb)
{
	u8 protocol = skb->protocol == htons(ETH_P_IP) ? ip_hdr(skb)->protocol :
							 ipv6_hdr(skb)->nexthdr;

	return protocol == IPPROTO_UDP &&
	       pskb_may_pull(skb, skb_transport_offset(skb) + sizeof(struct udphdr)) &&
	       udp_hdr(skb)->dest == htons(shaper->shape.port);
}

static unsigned int reshape(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct shaper *shaper = priv;
	struct sk_buff *shaped;

	if (!is_wanted(shaper, skb))
		return NF_ACCEPT;
	shaped = rebuild(shaper, skb);
	if (!shaped)
		return NF_DROP;
	consume_skb(skb);
	state->okfn(state->net, state->sk, shaped);
	return NF_STOLEN;
}

/* One file at a time has the hooks. */
static struct nf_hook_ops hooks[] = {
	{ .hook = reshape, .pf = NFPROTO_IPV4, .hooknum = NF_INET_LOCAL_IN,
	  .priority = NF_IP_PRI_LAST },
	{ .hook = reshape, .pf = NFPROTO_IPV6, .hooknum = NF_INET_LOCAL_IN,
	  .priority = NF_IP6_PRI_LAST },
};

static DEFINE_MUTEX(hooks_lock);	/* protects hooks; inside shaper->lock */
static struct shaper *hooks_owner;

static int shape_incoming(struct shaper *shaper, const struct skb_shape *shape)
{
	struct net *net = current->nsproxy->net_ns;
	size_t i;
	int ret = -EBUSY;

	mutex_lock(&hooks_lock);
	if (hooks_owner)
		goto out_unlock;
	shaper->shape = *shape;
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		hooks[i].priv = shaper;
	ret = nf_register_net_hooks(net, hooks, ARRAY_SIZE(hooks));
	if (ret)
		goto out_unlock;
	shaper->net = get_net(net);
	hooks_owner = shaper;
out_unlock:
	mutex_unlock(&hooks_lock);
	return ret;
}

static void leave_incoming(struct shaper *shaper)
{
	mutex_lock(&hooks_lock);
	if (hooks_owner == shaper) {
		nf_unregister_net_hooks(shaper->net, hooks, ARRAY_SIZE(hooks));
		/* A packet may still be in them */
		synchronize_net();
		put_net(shaper->net);
		hooks_owner = NULL;
	}
	mutex_unlock(&hooks_lock);
}

/* ---- the file ---- */

static bool is_valid(const struct skb_shape *shape, size_t len)
{
	return strnlen(shape->dev, SHAPE_NAME_LEN) < SHAPE_NAME_LEN &&
	       shape->frags <= MAX_SKB_FRAGS && shape->list <= SHAPE_MAX_LIST &&
	       shape->gso <= SHAPE_GSO_UDP && !shape->gso == !shape->gso_size &&
	       shape->summed <= SHAPE_SUMMED_PARTIAL && len <= SHAPE_MAX_LEN &&
	       !len == !!(shape->flags & SHAPE_INCOMING);
}

static ssize_t shaper_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct shaper *shaper = file->private_data;
	size_t packet_len = len - sizeof(struct skb_shape);
	struct skb_shape *shape;
	int ret = -EINVAL;

	if (len < sizeof(*shape) || packet_len > SHAPE_MAX_LEN)
		return ret;
	shape = memdup_user(buf, len);
	if (IS_ERR(shape))
		return PTR_ERR(shape);
	if (!is_valid(shape, packet_len))
		goto out_free;
	mutex_lock(&shaper->lock);
	if (shape->flags & SHAPE_INCOMING)
		ret = shape_incoming(shaper, shape);
	else
		ret = send_shaped(shaper, shape, (u8 *)(shape + 1), packet_len);
	mutex_unlock(&shaper->lock);
out_free:
	kfree(shape);
	return ret ? ret : len;
}

static ssize_t shaper_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct shaper *shaper = file->private_data;
	bool owned;

	mutex_lock(&shaper->lock);
	owned = shaper->owner && refcount_read(&shaper->owner->sk->sk_refcnt) > 1;
	mutex_unlock(&shaper->lock);
	if (owned || atomic_read(&foreign_left))
		return -EBUSY;
	return atomic_xchg(&foreign_strayed, 0) ? -EXDEV : kept_as_it_was(shaper);
}

static int shaper_open(struct inode *inode, struct file *file)
{
	struct shaper *shaper = kzalloc(sizeof(*shaper), GFP_KERNEL);

	if (!shaper)
		return -ENOMEM;
	mutex_init(&shaper->lock);
	spin_lock_init(&shaper->kept_lock);
	skb_queue_head_init(&shaper->originals);
	file->private_data = shaper;
	return 0;
}

static int shaper_release(struct inode *inode, struct file *file)
{
	struct shaper *shaper = file->private_data;

	leave_incoming(shaper);
	keep_set(shaper, NULL, NULL);
	skb_queue_purge(&shaper->originals);
	if (shaper->owner)
		sock_release(shaper->owner);
	kfree(shaper);
	return 0;
}

static const struct file_operations shaper_ops = {
	.owner = THIS_MODULE,
	.open = shaper_open,
	.release = shaper_release,
	.read = shaper_read,
	.write = shaper_write,
};

static struct miscdevice shaper_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "skb_shapes",
	.mode = 0600,
	.fops = &shaper_ops,
};

module_misc_device(shaper_device);

MODULE_DESCRIPTION("Packets in every shape, for tests");
MODULE_LICENSE("GPL");
