// SPDX-License-Identifier: GPL-2.0
/* The request for a path-MTU probe. Its answer comes as an event. */
#include <net/genetlink.h>

#include "capabilities.h"
#include "device.h"
#include "netlink.h"
#include "own.h"
#include "peer.h"
#include "uapi/mytun.h"

/* Without a session one is begun, and capabilities that are missing are asked for once more. */
static int check_peer(struct mytun_peer *peer, u64 *session, struct netlink_ext_ack *extack)
{
	int ret = mytun_capabilities_may_probe(peer, session);

	switch (ret) {
	case -EOPNOTSUPP:
		NL_SET_ERR_MSG(extack,
			       "nothing beyond WireGuard is switched on for the peer (cipher)");
		break;
	case -ENOTCONN:
		NL_SET_ERR_MSG(extack, "there is no session with the peer");
		mytun_own_keepalive(peer);
		break;
	case -EPROTONOSUPPORT:
		NL_SET_ERR_MSG(extack, "the peer has not said that it answers path-MTU probes");
		if (mytun_capabilities_peer_due(peer))
			mytun_session_offer(peer);
		break;
	}
	return ret;
}

static int send_probe(struct mytun_peer *peer, struct nlattr **tb, struct netlink_ext_ack *extack)
{
	u16 size = nla_get_u16(tb[MYTUN_PEER_A_PROBE_SIZE]);
	u8 msg[PROBE_LEN];
	u64 session;
	int ret;

	BUILD_BUG_ON(MYTUN_PROBE_SIZE_MIN != PROBE_MIN_SIZE);
	BUILD_BUG_ON(MYTUN_PROBE_SIZE_MAX != PROBE_MAX_SIZE);
	if (!netif_running(peer->device->dev)) {
		NL_SET_ERR_MSG(extack, "the device is down");
		return -ENETDOWN;
	}
	ret = check_peer(peer, &session, extack);
	if (ret)
		return ret;
	if (!mytun_probe_begin(peer, nla_get_u32(tb[MYTUN_PEER_A_PROBE_ID]), size, msg)) {
		NL_SET_ERR_MSG(extack, "it is too soon after the last probe");
		return -EBUSY;
	}
	mytun_own_probe(peer, session, msg, size);
	return 0;
}

/* MYTUN_CMD_PEER_PROBE */
int mytun_netlink_peer_probe(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[MYTUN_PEER_A_MAX + 1];
	struct mytun_device *device;
	struct mytun_peer *peer;
	int ret;

	ret = mytun_netlink_parse_nest(tb, MYTUN_PEER_A_MAX, info, MYTUN_A_PEER);
	if (ret)
		return ret;
	if (NL_REQ_ATTR_CHECK(info->extack, info->attrs[MYTUN_A_PEER], tb,
			      MYTUN_PEER_A_PROBE_ID) ||
	    NL_REQ_ATTR_CHECK(info->extack, info->attrs[MYTUN_A_PEER], tb,
			      MYTUN_PEER_A_PROBE_SIZE)) {
		NL_SET_ERR_MSG(info->extack, "a probe has a number and a size");
		return -EINVAL;
	}
	device = mytun_netlink_get_locked(info);
	if (IS_ERR(device))
		return PTR_ERR(device);
	peer = mytun_netlink_find_peer(device, info);
	ret = PTR_ERR_OR_ZERO(peer);
	if (!ret) {
		ret = send_probe(peer, tb, info->extack);
		mytun_peer_put(peer);
	}
	mytun_netlink_put_locked(device);
	return ret;
}
