// SPDX-License-Identifier: GPL-2.0
/*
 * Let through what a rule queues, as it is: a GSO packet stays one.
 *
 *	nfqueue NUMBER
 *
 * "ready" tells that packets are taken, a line "N packets" after each how many have been let
 * through. linux/netfilter/nfnetlink_queue.h
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "genl.h"

/* Both headers have four bytes behind netlink's. */
static void begin_queue(uint8_t type, uint16_t queue)
{
	struct nfgenmsg header = { .nfgen_family = AF_UNSPEC, .res_id = htons(queue) };

	_Static_assert(sizeof(header) == GENL_HDRLEN, "no other attributes' offset");
	begin(NFNL_SUBSYS_QUEUE << 8 | type, 0, 0);
	memcpy(&msg.genl, &header, sizeof(header));
}

static void ask(int fd, const char *what)
{
	const struct nlmsgerr *error = NLMSG_DATA(&msg.nl);

	if (answer(fd) < (ssize_t)NLMSG_LENGTH(sizeof(*error)) ||
	    msg.nl.nlmsg_type != NLMSG_ERROR || error->error) {
		fprintf(stderr, "nfqueue: %s: %s\n", what, strerror(-error->error));
		exit(1);
	}
}

static void open_queue(int fd, uint16_t queue)
{
	const struct nfqnl_msg_config_params params = { .copy_mode = NFQNL_COPY_META };
	const struct nfqnl_msg_config_cmd bind = { .command = NFQNL_CFG_CMD_BIND };

	begin_queue(NFQNL_MSG_CONFIG, queue);
	put(NFQA_CFG_CMD, &bind, sizeof(bind));
	ask(fd, "bind");
	begin_queue(NFQNL_MSG_CONFIG, queue);
	put(NFQA_CFG_PARAMS, &params, sizeof(params));
	put_u32(NFQA_CFG_FLAGS, htonl(NFQA_CFG_F_GSO));
	put_u32(NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO));
	ask(fd, "parameters");
}

/* false: it was no packet. */
static bool let_through(int fd, uint16_t queue, size_t len)
{
	const size_t header = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	struct nfqnl_msg_verdict_hdr verdict = { .verdict = htonl(NF_ACCEPT) };
	const struct nfqnl_msg_packet_hdr *packet;
	const struct nlattr *attr;

	if (len < header || msg.nl.nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
		return false;
	attr = find(msg.bytes + header, len - header, NFQA_PACKET_HDR);
	if (!attr)
		return false;
	packet = (const void *)((const char *)attr + NLA_HDRLEN);
	verdict.id = packet->packet_id;
	begin_queue(NFQNL_MSG_VERDICT, queue);
	put(NFQA_VERDICT_HDR, &verdict, sizeof(verdict));
	/* An answer could be overtaken by the next packet. */
	msg.nl.nlmsg_flags &= ~NLM_F_ACK;
	return send(fd, &msg, msg.nl.nlmsg_len, 0) >= 0;
}

int main(int argc, char *argv[])
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	unsigned long packets = 0;
	uint16_t queue;
	ssize_t len;

	if (argc != 2) {
		fprintf(stderr, "usage: %s NUMBER\n", argv[0]);
		return 1;
	}
	queue = atoi(argv[1]);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror("nfqueue");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	open_queue(fd, queue);
	puts("ready");
	while ((len = recv(fd, &msg, sizeof(msg), 0)) >= 0)
		if (let_through(fd, queue, len))
			printf("%lu packets\n", ++packets);
	perror("nfqueue");
	return 1;
}
