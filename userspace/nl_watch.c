// SPDX-License-Identifier: GPL-2.0
/* The multicast group: events of the namespace, and the module's coming and going. */
#include <errno.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "nl.h"

/* The group "notify" of nlctrl: its number has never been another. */
#define CTRL_NOTIFY_GROUP GENL_ID_CTRL

static int join(struct nl *nl, uint32_t group)
{
	return mnl_socket_setsockopt(nl->sk, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) ?
		       -errno : 0;
}

/**
 * nl_subscribe() - have events sent to the socket
 * @nl: from nl_open(), which may have ended with -EPROTONOSUPPORT
 *
 * Without the module that is heard of when it is loaded, and nothing else.
 *
 * Return: 0 or -errno.
 */
int nl_subscribe(struct nl *nl)
{
	int ret = join(nl, CTRL_NOTIFY_GROUP);

	/* it may have been loaded since nl_open() */
	if (!ret && !nl->family)
		ret = nl_find_family(nl);
	if (ret == -EPROTONOSUPPORT)
		return 0;
	return ret ? ret : join(nl, nl->group);
}

/**
 * nl_fd() - the descriptor to be polled for events
 * @nl: open
 *
 * Return: the descriptor.
 */
int nl_fd(const struct nl *nl)
{
	return mnl_socket_get_fd(nl->sk);
}

static int take_event(const struct nlmsghdr *nlh, int (*fn)(struct event *, void *), void *arg)
{
	struct event event = { .dev = device_alloc() };
	int ret;

	if (!event.dev)
		return -ENOMEM;
	ret = msg_get_event(nlh, &event);
	if (!ret)
		ret = fn(&event, arg);
	device_free(event.dev);
	return ret;
}

/* Whether the message says that our family has come or gone. */
static bool is_about_family(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (nlh->nlmsg_type != GENL_ID_CTRL || mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl) ||
	    (genl->cmd != CTRL_CMD_NEWFAMILY && genl->cmd != CTRL_CMD_DELFAMILY))
		return false;
	mnl_attr_for_each(attr, nlh, sizeof(*genl))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_NAME &&
		    mnl_attr_get_payload_len(attr) == sizeof(MYTUN_GENL_NAME))
			return !memcmp(mnl_attr_get_payload(attr), MYTUN_GENL_NAME,
				       sizeof(MYTUN_GENL_NAME));
	return false;
}

/**
 * nl_take_events() - wait for a datagram, and hand on what is in it
 * @nl: from nl_subscribe()
 * @fn: called for each event; anything but 0 ends it
 * @arg: for @fn
 *
 * Return: 0, what @fn returned, -ENOBUFS when events were lost, -ESTALE when the module was
 * loaded or removed and the socket has to be made anew, or another -errno.
 */
int nl_take_events(struct nl *nl, int (*fn)(struct event *event, void *arg), void *arg)
{
	const struct nlmsghdr *nlh;
	int len = nl_receive(nl), ret = 0;

	if (len < 0)
		return len;
	for (nlh = nl->rx; !ret && mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nl->family && nlh->nlmsg_type == nl->family)
			ret = take_event(nlh, fn, arg);
		else if (is_about_family(nlh))
			ret = -ESTALE;
	}
	return ret;
}

/**
 * nl_watch() - hear the events of the namespace, forever
 * @nl: open
 * @fn: called for each; anything but 0 ends it. When events were lost, because
 *	nobody read them in time, it is called with NULL
 * @arg: for @fn
 *
 * Return: what @fn returned, or -errno.
 */
int nl_watch(struct nl *nl, int (*fn)(struct event *event, void *arg), void *arg)
{
	int ret;

	if (!nl->group)
		return -EOPNOTSUPP;
	ret = join(nl, nl->group);
	while (!ret) {
		ret = nl_take_events(nl, fn, arg);
		if (ret == -ENOBUFS)
			ret = fn(NULL, arg);
	}
	return ret;
}
