// SPDX-License-Identifier: GPL-2.0
/*
 * Speaks our side of three conversations with a wireguard-go in the same network namespace,
 * and prints what went over the wire as noise_vectors.h. record_vectors.sh starts both.
 *
 *   record_vectors key NAME     write a key of vector_keys.h, 32 bytes
 *   record_vectors record PORT  wireguard-go listens on 127.0.0.1:PORT
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "cookie.h"
#include "crypto.h"
#include "noise.h"
#include "vector_keys.h"

enum {
	RESPONDER_PORT = 51901, /* where record_vectors.sh tells wireguard-go to find us */
	TIMEOUT_MS = 5000,
	QUIET_MS = 100, /* well below the second for which load is remembered */
	FLOOD_COUNT = 4000,
	ECHO_REQUEST_LEN = 48, /* a multiple of MESSAGE_PADDING */
	MESSAGE_MAX_LEN = 2048,
};

static const char discard_address[] = "10.9.0.3"; /* routed to the peer that we answer as */

/**
 * struct wire_message - a datagram
 * @len: its length in bytes
 * @bytes: what was sent or received
 */
struct wire_message {
	size_t len;
	u8 bytes[MESSAGE_MAX_LEN];
};

static struct noise_identity go;

static void print_array(const char *name, const void *data, size_t len)
{
	const u8 *bytes = data;
	size_t i;

	printf("static const u8 %s[%zu] = {", name, len);
	for (i = 0; i < len; i++)
		printf("%s0x%02x,", i % 12 ? " " : "\n\t", bytes[i]);
	printf("\n};\n\n");
}

static int open_socket(u16 own_port, u16 go_port)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(own_port) };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(go_port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "socket");
	return fd;
}

static void send_message(int fd, const void *msg, size_t len)
{
	if (send(fd, msg, len, 0) != (ssize_t)len)
		err(1, "send");
}

/* Wait for a message of @type; others are passed over. */
static void receive_message(int fd, struct wire_message *msg, enum message_type type)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t len;

	do {
		if (poll(&pfd, 1, TIMEOUT_MS) != 1)
			errx(1, "no message of type %d came", type);
		len = recv(fd, msg->bytes, sizeof(msg->bytes), 0);
		if (len < 0)
			err(1, "recv");
		msg->len = len;
	} while (msg->len < sizeof(struct message_header) || msg->bytes[0] != type);
}

static void pass_over_all(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	u8 bytes[MESSAGE_MAX_LEN];

	while (poll(&pfd, 1, QUIET_MS) == 1)
		if (recv(fd, bytes, sizeof(bytes), 0) < 0)
			err(1, "recv");
}

static void open_data(const char *name, const struct wire_message *msg,
		      const struct noise_session_keys *keys)
{
	const struct message_data *data = (const struct message_data *)msg->bytes;
	size_t len = msg->len - sizeof(*data);
	char array[64];
	u8 plain[MESSAGE_MAX_LEN];

	if (msg->len < MESSAGE_MIN_LEN || !crypto_open(plain, data->encrypted, len, NULL, 0,
						       le64_to_cpu(data->counter), keys->receiving))
		errx(1, "%s does not open", name);
	print_array(name, msg->bytes, msg->len);
	snprintf(array, sizeof(array), "%s_plain", name);
	if (len > NOISE_TAG_LEN)
		print_array(array, plain, len - NOISE_TAG_LEN);
}

/* One UDP packet into wireguard-go's TUN: it has to start a handshake. */
static void make_go_talk(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	static const char text[] = "a packet that waits for a session";
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, discard_address, &to.sin_addr);
	if (fd < 0 || sendto(fd, text, sizeof(text), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		err(1, "sendto");
	close(fd);
}

static void record_go_initiates(u16 port)
{
	int fd = open_socket(RESPONDER_PORT, port);
	const struct message_initiation *initiation;
	struct noise_session_keys keys;
	struct message_response response;
	struct noise_opening opening;
	struct noise_handshake hs;
	struct noise_identity id;
	struct wire_message msg;
	struct cookie cookie;

	noise_identity_set(&id, vector_responder_private);
	noise_handshake_init(&hs, &id, go.static_public, vector_responder_psk);
	cookie_init(&cookie, go.static_public);

	make_go_talk();
	receive_message(fd, &msg, MESSAGE_INITIATION);
	initiation = (const struct message_initiation *)msg.bytes;
	if (msg.len != sizeof(*initiation) || !noise_open_initiation(&opening, initiation, &id) ||
	    noise_consume_initiation(&hs, &opening, initiation, VECTOR_NOW_NS) ||
	    !noise_create_response(&response, &hs, vector_responder_ephemeral,
				   VECTOR_RESPONDER_INDEX) ||
	    !noise_begin_session(&keys, &hs))
		errx(1, "wireguard-go's initiation is not accepted");
	cookie_add_macs(&cookie, (u8 *)&response, sizeof(response), VECTOR_NOW_NS);
	send_message(fd, &response, sizeof(response));

	printf("/* wireguard-go starts: its initiation, our response, its first data. */\n");
	print_array("go_initiation", msg.bytes, msg.len);
	print_array("our_response", &response, sizeof(response));
	receive_message(fd, &msg, MESSAGE_DATA);
	open_data("go_first_data", &msg, &keys);
	close(fd);
}

static u16 internet_checksum(const u8 *data, size_t len)
{
	u32 sum = 0;
	size_t i;

	for (i = 0; i < len; i += 2)
		sum += get_unaligned_be16(data + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* 10.9.0.2 asks 10.9.0.1, which is wireguard-go's TUN. */
static void build_echo_request(u8 packet[ECHO_REQUEST_LEN])
{
	static const u8 ip[20] = {
		0x45, 0, 0, ECHO_REQUEST_LEN, [8] = 64, IPPROTO_ICMP, 0, 0, 10, 9, 0, 2, 10,
		9,    0, 1,
	};
	static const u8 icmp[8] = { 8, 0, 0, 0, 0x12, 0x34, 0, 1 };
	size_t i;

	memcpy(packet, ip, sizeof(ip));
	put_unaligned_be16(internet_checksum(packet, sizeof(ip)), packet + 10);
	memcpy(packet + 20, icmp, sizeof(icmp));
	for (i = 28; i < ECHO_REQUEST_LEN; i++)
		packet[i] = i;
	put_unaligned_be16(internet_checksum(packet + 20, ECHO_REQUEST_LEN - 20), packet + 22);
}

static void send_echo_request(int fd, const struct noise_session_keys *keys)
{
	u8 msg[MESSAGE_DATA_LEN(ECHO_REQUEST_LEN)], packet[ECHO_REQUEST_LEN];
	struct message_data *data = (struct message_data *)msg;

	build_echo_request(packet);
	data->header.type = cpu_to_le32(MESSAGE_DATA);
	data->receiver_index = keys->remote_index;
	data->counter = 0;
	crypto_seal(data->encrypted, packet, sizeof(packet), NULL, 0, 0, keys->sending);
	send_message(fd, msg, sizeof(msg));
	print_array("our_echo_request", msg, sizeof(msg));
	print_array("our_echo_request_plain", packet, sizeof(packet));
}

static void create_initiation(struct message_initiation *dst, struct noise_handshake *hs,
			      const struct noise_identity *id, const u8 ephemeral[NOISE_KEY_LEN],
			      const u8 timestamp[NOISE_TIMESTAMP_LEN], __le32 index,
			      struct cookie *cookie)
{
	if (!noise_create_initiation(dst, hs, id, ephemeral, timestamp, index))
		errx(1, "no initiation");
	cookie_add_macs(cookie, (u8 *)dst, sizeof(*dst), VECTOR_NOW_NS);
}

static void consume_response(const char *name, int fd, struct noise_session_keys *keys,
			     struct noise_handshake *hs, const struct noise_identity *id)
{
	struct wire_message msg;

	receive_message(fd, &msg, MESSAGE_RESPONSE);
	if (msg.len != sizeof(struct message_response) ||
	    !noise_consume_response(hs, (const struct message_response *)msg.bytes, id) ||
	    !noise_begin_session(keys, hs))
		errx(1, "wireguard-go's response is not accepted");
	print_array(name, msg.bytes, msg.len);
}

/*
 * Under load wireguard-go answers with a cookie; with that cookie a handshake goes through,
 * while one without still gets a cookie, so the load had not ended before.
 */
static void record_cookie(int fd, struct noise_handshake *hs, const struct noise_identity *id,
			  struct cookie *cookie, const struct message_initiation *stale)
{
	struct message_initiation initiation;
	struct noise_session_keys keys;
	struct wire_message msg;
	int i;

	for (i = 0; i < FLOOD_COUNT; i++)
		send_message(fd, stale, sizeof(*stale));
	receive_message(fd, &msg, MESSAGE_COOKIE);
	if (msg.len != sizeof(struct message_cookie) ||
	    !cookie_consume_reply(cookie, (const struct message_cookie *)msg.bytes, VECTOR_NOW_NS))
		errx(1, "wireguard-go's cookie is not accepted");

	printf("/* Under load: a cookie in reply to our_initiation, and its use. */\n");
	print_array("go_cookie_reply", msg.bytes, msg.len);
	/* Let its queue run empty: a full one drops what comes. */
	pass_over_all(fd);
	create_initiation(&initiation, hs, id, vector_cookie_ephemeral, vector_cookie_timestamp,
			  VECTOR_COOKIE_INDEX, cookie);
	send_message(fd, &initiation, sizeof(initiation));
	print_array("our_cookie_initiation", &initiation, sizeof(initiation));
	consume_response("go_cookie_response", fd, &keys, hs, id);

	pass_over_all(fd);
	send_message(fd, stale, sizeof(*stale));
	receive_message(fd, &msg, MESSAGE_COOKIE);
}

static void record_we_initiate(u16 port)
{
	int fd = open_socket(0, port);
	struct message_initiation initiation;
	struct noise_session_keys keys;
	struct noise_handshake hs;
	struct noise_identity id;
	struct wire_message msg;
	struct cookie cookie;

	noise_identity_set(&id, vector_initiator_private);
	noise_handshake_init(&hs, &id, go.static_public, vector_initiator_psk);
	cookie_init(&cookie, go.static_public);

	printf("/* We start: our initiation, its response, our ping and its answer. */\n");
	create_initiation(&initiation, &hs, &id, vector_initiator_ephemeral, vector_timestamp,
			  VECTOR_INITIATOR_INDEX, &cookie);
	send_message(fd, &initiation, sizeof(initiation));
	print_array("our_initiation", &initiation, sizeof(initiation));
	consume_response("go_response", fd, &keys, &hs, &id);
	send_echo_request(fd, &keys);
	receive_message(fd, &msg, MESSAGE_DATA);
	open_data("go_echo_reply", &msg, &keys);

	record_cookie(fd, &hs, &id, &cookie, &initiation);
	close(fd);
}

/* Private keys as they are, PSKs as they are, public keys of private ones: what wg wants. */
static int print_key(const char *name)
{
	static const struct {
		const char *name;
		const u8 *key;
		bool public;
	} known[] = {
		{ "go-private", vector_go_private, false },
		{ "initiator-public", vector_initiator_private, true },
		{ "initiator-psk", vector_initiator_psk, false },
		{ "responder-public", vector_responder_private, true },
		{ "responder-psk", vector_responder_psk, false },
	};
	struct noise_identity id;
	const u8 *key;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(name, known[i].name))
			continue;
		noise_identity_set(&id, known[i].key);
		key = known[i].public ? id.static_public : known[i].key;
		return fwrite(key, NOISE_KEY_LEN, 1, stdout) != 1;
	}
	errx(1, "no key is called %s", name);
}

int main(int argc, char **argv)
{
	noise_init();
	noise_identity_set(&go, vector_go_private);
	if (argc == 3 && !strcmp(argv[1], "key"))
		return print_key(argv[2]);
	if (argc != 3 || strcmp(argv[1], "record"))
		errx(1, "usage: %s key NAME | record PORT", argv[0]);

	record_go_initiates(atoi(argv[2]));
	record_we_initiate(atoi(argv[2]));
	return 0;
}
