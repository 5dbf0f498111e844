// SPDX-License-Identifier: GPL-2.0
/*
 * One request after the other, each answered before the next; but the peers of a
 * configuration go in batches, several messages in one sendmsg().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "encoding.h"
#include "nl.h"

/* One message of MSG_ROOM must fit; the kernel's default send buffer is 208 KiB. */
#define TX_SIZE 65536
/* The acknowledgments of one batch wait in the receive buffer, 1 KiB each. */
#define BATCH_MESSAGES 64
/* A dump that is disturbed again and again: give up. */
#define DUMP_RETRIES 64

/* Called for each message of an answer. Return: 0, or -errno to be handed on. */
typedef int (*answer_fn)(const struct nlmsghdr *nlh, void *arg);

/**
 * struct answer - what has come back so far
 * @fn: gets each message that is not an acknowledgment; may be NULL
 * @arg: for @fn
 * @first_seq: sequence number of the first request
 * @pending: how many requests are not yet acknowledged
 * @err: the first error, or 0
 * @err_seq: sequence number of the request that it was about
 * @interrupted: the kernel's table changed in the middle of the dump
 */
struct answer {
	answer_fn fn;
	void *arg;
	uint32_t first_seq;
	unsigned int pending;
	int err;
	uint32_t err_seq;
	bool interrupted;
};

/* An acknowledgment may carry a warning. A peer in many messages gives one warning. */
static void note_warning(struct nl *nl, const struct nlmsghdr *nlh)
{
	const char *text = msg_get_extack(nlh);

	if (!text || !strcmp(text, nl->warning))
		return;
	snprintf(nl->warning, sizeof(nl->warning), "%s", text);
	fprintf(stderr, "Warning: %s\n", text);
}

static void note_error(struct nl *nl, struct answer *answer, const struct nlmsghdr *nlh, int err)
{
	const char *text;

	if (answer->err)
		return;
	answer->err = err;
	answer->err_seq = nlh->nlmsg_seq;
	text = msg_get_extack(nlh);
	snprintf(nl->text, sizeof(nl->text), "%s", text ? text : "");
}

/* The end of the answer to one request: an acknowledgment, or the end of a dump. */
static void take_end(struct nl *nl, struct answer *answer, const struct nlmsghdr *nlh)
{
	int err = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(err))
		memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
	if (err)
		note_error(nl, answer, nlh, err);
	else
		note_warning(nl, nlh);
	answer->pending--;
}

static void take_message(struct nl *nl, struct answer *answer, const struct nlmsghdr *nlh)
{
	int err = 0;

	/* an answer to something that was given up before */
	if (nlh->nlmsg_seq - answer->first_seq > nl->seq - answer->first_seq)
		return;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
		take_end(nl, answer, nlh);
	} else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && answer->fn && !answer->err) {
		err = answer->fn(nlh, answer->arg);
		if (err) {
			answer->err = err;
			answer->err_seq = nlh->nlmsg_seq;
		}
	}
}

/**
 * nl_receive() - wait for a message
 * @nl: open
 *
 * Return: bytes in @nl->rx, or -errno.
 */
int nl_receive(struct nl *nl)
{
	ssize_t len;

	do {
		len = mnl_socket_recvfrom(nl->sk, nl->rx, NL_RX_SIZE);
	} while (len < 0 && errno == EINTR);
	return len < 0 ? -errno : (int)len;
}

/*
 * Send what is in nl->tx and take the answers until everything is acknowledged.
 * Return: 0, the kernel's error, or -EINTR for a dump that has to be repeated.
 */
static int talk(struct nl *nl, size_t tx_len, struct answer *answer)
{
	const struct nlmsghdr *nlh;
	int len;

	nl->text[0] = '\0';
	nl->has_bad_peer = false;
	if (mnl_socket_sendto(nl->sk, nl->tx, tx_len) < 0)
		return -errno;
	while (answer->pending) {
		len = nl_receive(nl);
		if (len < 0)
			return len;
		for (nlh = nl->rx; answer->pending && mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len))
			take_message(nl, answer, nlh);
	}
	if (!answer->err && answer->interrupted)
		return -EINTR;
	return answer->err;
}

/* One request that msg_start() made at nl->tx. */
static int request(struct nl *nl, struct nlmsghdr *nlh, answer_fn fn, void *arg)
{
	struct answer answer = { .fn = fn, .arg = arg, .pending = 1 };

	nlh->nlmsg_seq = ++nl->seq;
	answer.first_seq = nl->seq;
	return talk(nl, nlh->nlmsg_len, &answer);
}

static void take_group(struct nl *nl, const struct nlattr *group)
{
	const struct nlattr *attr, *name = NULL, *id = NULL;

	mnl_attr_for_each_nested(attr, group) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
			name = attr;
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
			id = attr;
	}
	if (name && id && !strcmp(mnl_attr_get_str(name), MYTUN_MCGRP_EVENTS))
		nl->group = mnl_attr_get_u32(id);
}

static int take_family(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *group;
	struct nl *nl = arg;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			nl->family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		mnl_attr_for_each_nested(group, attr)
			take_group(nl, group);
	}
	return 0;
}

/**
 * nl_find_family() - learn the numbers behind the family's name
 * @nl: with an open socket
 *
 * Return: 0, -EPROTONOSUPPORT without the module, or another -errno.
 */
int nl_find_family(struct nl *nl)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(nl->tx);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	int ret;

	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, MYTUN_GENL_NAME);
	ret = request(nl, nlh, take_family, nl);
	if (ret == -ENOENT || (!ret && !nl->family)) {
		snprintf(nl->text, sizeof(nl->text), "the module mytun is not loaded");
		ret = -EPROTONOSUPPORT;
	}
	return ret;
}

static void set_option(struct nl *nl, int option)
{
	int on = 1;

	/* an old kernel says less, which is no reason to stop */
	mnl_socket_setsockopt(nl->sk, option, &on, sizeof(on));
}

/**
 * nl_open() - open a socket and find the family
 * @nl: to be filled in; also after an error to be given to nl_close()
 *
 * Return: 0, -EPROTONOSUPPORT when the module is not there, or another -errno.
 */
int nl_open(struct nl *nl)
{
	memset(nl, 0, sizeof(*nl));
	/* libmnl leaves what pads an attribute as it was */
	nl->tx = calloc(1, TX_SIZE);
	nl->rx = malloc(NL_RX_SIZE);
	if (!nl->tx || !nl->rx)
		return -ENOMEM;
	nl->sk = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl->sk || mnl_socket_bind(nl->sk, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	set_option(nl, NETLINK_EXT_ACK);
	set_option(nl, NETLINK_CAP_ACK);
	return nl_find_family(nl);
}

/**
 * nl_close() - close the socket and wipe the keys that went through it
 * @nl: what nl_open() was given
 */
void nl_close(struct nl *nl)
{
	if (nl->sk)
		mnl_socket_close(nl->sk);
	if (nl->tx)
		explicit_bzero(nl->tx, TX_SIZE);
	if (nl->rx)
		explicit_bzero(nl->rx, NL_RX_SIZE);
	free(nl->tx);
	free(nl->rx);
	memset(nl, 0, sizeof(*nl));
}

/* @arg is the end of a list, which gets one more. */
static int take_listed(const struct nlmsghdr *nlh, void *arg)
{
	struct device *dev, **end = arg;

	while (*end)
		end = &(*end)->next;
	dev = device_alloc();
	if (!dev)
		return -ENOMEM;
	*end = dev;
	return msg_get_device(nlh, dev);
}

/**
 * nl_list_devices() - every device of the namespace, without peers
 * @nl: open
 * @list: gets the first one, to be given to device_list_free()
 *
 * Return: 0 or -errno.
 */
int nl_list_devices(struct nl *nl, struct device **list)
{
	unsigned int tries = DUMP_RETRIES;
	struct nlmsghdr *nlh;
	int ret;

	*list = NULL;
	do {
		device_list_free(*list);
		*list = NULL;
		nlh = msg_start(nl->tx, nl->family, NLM_F_REQUEST | NLM_F_DUMP,
				MYTUN_CMD_DEV_GET, NULL);
		ret = request(nl, nlh, take_listed, list);
	} while (ret == -EINTR && --tries);
	if (!ret)
		return 0;
	device_list_free(*list);
	*list = NULL;
	return ret;
}

static int take_device(const struct nlmsghdr *nlh, void *arg)
{
	return msg_get_device(nlh, arg);
}

static int take_peer(const struct nlmsghdr *nlh, void *arg)
{
	return msg_get_peer(nlh, arg);
}

/* One attempt to read a device and its peers. */
static int read_device(struct nl *nl, struct device *dev)
{
	struct nlmsghdr *nlh;
	int ret;

	nlh = msg_start(nl->tx, nl->family, NLM_F_REQUEST | NLM_F_ACK, MYTUN_CMD_DEV_GET, dev);
	ret = request(nl, nlh, take_device, dev);
	if (ret)
		return ret;
	/* the name may be an alternative one, or be given away in between: from here the index */
	nlh = msg_start(nl->tx, nl->family, NLM_F_REQUEST | NLM_F_DUMP, MYTUN_CMD_PEER_GET, dev);
	return request(nl, nlh, take_peer, dev);
}

static int set_name(struct device *dev, const char *name)
{
	if (!*name || strlen(name) >= sizeof(dev->name))
		return -ENODEV;
	memcpy(dev->name, name, strlen(name) + 1);
	return 0;
}

/**
 * nl_get_device() - read a device with all its peers
 * @nl: open
 * @name: its name
 * @dev: gets the device, to be given to device_free()
 *
 * Return: 0 or -errno.
 */
int nl_get_device(struct nl *nl, const char *name, struct device **dev)
{
	unsigned int tries = DUMP_RETRIES;
	int ret;

	*dev = NULL;
	do {
		device_free(*dev);
		*dev = device_alloc();
		if (!*dev)
			return -ENOMEM;
		ret = set_name(*dev, name);
		if (!ret)
			ret = read_device(nl, *dev);
	} while (ret == -EINTR && --tries);
	if (!ret)
		return 0;
	device_free(*dev);
	*dev = NULL;
	return ret;
}

/**
 * struct batch - messages about peers that wait to be sent
 * @dev: the device they are for
 * @len: bytes in nl->tx
 * @n: messages there
 * @peers: whom each of them is about
 */
struct batch {
	const struct device *dev;
	size_t len;
	unsigned int n;
	const struct peer *peers[BATCH_MESSAGES];
};

/* A peer that is not there has been removed already. */
static bool is_harmless(const struct peer *peer, int err)
{
	return err == -ENOENT && (peer->flags & PEER_REMOVE);
}

static int batch_flush(struct nl *nl, struct batch *batch)
{
	struct answer answer = {
		.first_seq = nl->seq - batch->n + 1,
		.pending = batch->n,
	};
	const struct peer *peer;
	int ret;

	if (!batch->n)
		return 0;
	ret = talk(nl, batch->len, &answer);
	batch->len = 0;
	batch->n = 0;
	if (ret && ret == answer.err) {
		peer = batch->peers[answer.err_seq - answer.first_seq];
		memcpy(nl->bad_peer, peer->public_key, KEY_LEN);
		nl->has_bad_peer = true;
	}
	return ret;
}

/* Removals go alone, because one of them may fail without harm. */
static int remove_peer(struct nl *nl, struct batch *batch, const struct peer *peer)
{
	struct nlmsghdr *nlh;
	int ret = batch_flush(nl, batch);

	if (ret)
		return ret;
	nlh = msg_start(nl->tx, nl->family, NLM_F_REQUEST | NLM_F_ACK, MYTUN_CMD_PEER_DEL,
			batch->dev);
	msg_put_peer(nlh, MSG_ROOM, peer, 0);
	nlh->nlmsg_seq = ++nl->seq;
	batch->len = MNL_ALIGN(nlh->nlmsg_len);
	batch->peers[batch->n++] = peer;
	ret = batch_flush(nl, batch);
	return is_harmless(peer, ret) ? 0 : ret;
}

/* Room for what a message about a peer has without its allowed IPs, and for one of them. */
#define PEER_ROOM 512

/* Append one message about the peer. Return: 0 or -errno; @first moves on. */
static int batch_add(struct nl *nl, struct batch *batch, const struct peer *peer, size_t *first)
{
	uint16_t flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
	struct nlmsghdr *nlh;
	int ret = 0;

	if (batch->n == BATCH_MESSAGES || batch->len + PEER_ROOM > MSG_ROOM)
		ret = batch_flush(nl, batch);
	if (ret)
		return ret;
	/* not PEER_SET for the rest: a peer with the device's own key is passed over each time */
	nlh = msg_start((char *)nl->tx + batch->len, nl->family, flags, MYTUN_CMD_PEER_NEW,
			batch->dev);
	*first = msg_put_peer(nlh, MSG_ROOM - batch->len, peer, *first);
	nlh->nlmsg_seq = ++nl->seq;
	batch->len += MNL_ALIGN(nlh->nlmsg_len);
	batch->peers[batch->n++] = peer;
	return 0;
}

static int set_peer(struct nl *nl, struct batch *batch, const struct peer *peer)
{
	size_t first = 0;
	int ret;

	if (peer->flags & PEER_REMOVE)
		return remove_peer(nl, batch, peer);
	do {
		ret = batch_add(nl, batch, peer, &first);
	} while (!ret && first < peer->n_ips);
	return ret;
}

static int set_peers(struct nl *nl, const struct device *dev)
{
	struct batch batch = { .dev = dev };
	const struct peer *peer;
	int ret = 0;

	for (peer = dev->peers; peer && !ret; peer = peer->next)
		ret = set_peer(nl, &batch, peer);
	return ret ? ret : batch_flush(nl, &batch);
}

/**
 * nl_set_device() - change a device and its peers
 * @nl: open
 * @dev: its name, and by flags what to change; the first thing that is refused ends it
 *
 * Return: 0 or -errno.
 */
int nl_set_device(struct nl *nl, const struct device *dev)
{
	struct nlmsghdr *nlh;
	int ret;

	/* with nothing to change, at least the device has to be there */
	nlh = msg_start(nl->tx, nl->family, NLM_F_REQUEST | NLM_F_ACK,
			dev->flags ? MYTUN_CMD_DEV_SET : MYTUN_CMD_DEV_GET, dev);
	if (dev->flags)
		msg_put_device(nlh, dev);
	ret = request(nl, nlh, NULL, NULL);
	return ret ? ret : set_peers(nl, dev);
}

/**
 * nl_set_endpoint() - change where an existing peer is, and nothing else
 * @nl: open
 * @dev: the device, by index or name
 * @peer: key and endpoint
 *
 * Return: 0, -ENOENT when there is no such peer any more, or another -errno.
 */
int nl_set_endpoint(struct nl *nl, const struct device *dev, const struct peer *peer)
{
	struct peer only = { .flags = PEER_HAS_ENDPOINT, .endpoint = peer->endpoint };
	struct nlmsghdr *nlh;

	memcpy(only.public_key, peer->public_key, KEY_LEN);
	nlh = msg_start(nl->tx, nl->family, NLM_F_REQUEST | NLM_F_ACK, MYTUN_CMD_PEER_SET, dev);
	msg_put_peer(nlh, MSG_ROOM, &only, 0);
	return request(nl, nlh, NULL, NULL);
}

/**
 * nl_probe() - send a path-MTU probe; its answer is an event
 * @nl: open
 * @dev: the device, by index or name
 * @peer: whom, by its key
 * @probe: number and size
 *
 * Return: 0 or -errno.
 */
int nl_probe(struct nl *nl, const struct device *dev, const struct peer *peer,
	     const struct probe *probe)
{
	struct nlmsghdr *nlh;

	nlh = msg_start(nl->tx, nl->family, NLM_F_REQUEST | NLM_F_ACK, MYTUN_CMD_PEER_PROBE, dev);
	msg_put_probe(nlh, peer, probe);
	return request(nl, nlh, NULL, NULL);
}

/**
 * nl_complain() - say on stderr what failed, with the kernel's own words
 * @nl: what was used
 * @what: "Unable to access interface"
 * @name: the interface's, or NULL
 * @err: -errno
 */
void nl_complain(const struct nl *nl, const char *what, const char *name, int err)
{
	char key[KEY_BASE64_LEN];

	fprintf(stderr, "%s: ", what);
	if (name)
		fprintf(stderr, "%s: ", name);
	fputs(strerror(-err), stderr);
	if (nl->has_bad_peer) {
		key_to_base64(key, nl->bad_peer);
		fprintf(stderr, ": peer %s", key);
	}
	if (nl->text[0])
		fprintf(stderr, ": %s", nl->text);
	fputc('\n', stderr);
}
