// SPDX-License-Identifier: GPL-2.0
/* addclient: one more client for a hub, here and now and in its file. */
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sodium/crypto_scalarmult_curve25519.h>

#include "client.h"
#include "commands.h"
#include "interrupt.h"
#include "lock.h"
#include "nl.h"
#include "qr.h"
#include "show.h"
#include "tunnel_file.h"

#define ENDPOINT_UNKNOWN                                                         \
	"%s: where clients reach this host is not known: it has no public address. " \
	"Say it with --endpoint HOST[:PORT], or by `#! ClientEndpoint = HOST' in this file\n"

#define NOT_TO_JSON                                                           \
	"%s: A client is a section behind the others of a file, and JSON has " \
	"no sections\n"

#define NOT_LOCKED                                                              \
	"%s: %s: an `up' that is under way will not know of this client; then " \
	"`%s reload %s' tells the device of it\n"

/**
 * struct request - the command line, and what it means
 * @hub: file or name of the hub; NULL: the only one there is
 * @name: of the client
 * @endpoint: where clients reach the hub; NULL: as its file says
 * @dns: name servers of the client; NULL: as its file says
 * @allowed_ips: what the client sends to the hub; NULL: what follows from the hub's file
 * @keepalive: seconds; NULL: off
 * @psk: make a preshared key
 * @qr: print a QR code instead of the file
 * @path: the hub's file
 * @ifname: the hub's device
 */
struct request {
	const char *hub;
	const char *name;
	const char *endpoint;
	const char *dns;
	const char *allowed_ips;
	const char *keepalive;
	bool psk;
	bool qr;
	char path[PATH_MAX];
	char ifname[IFNAMSIZ];
};

/**
 * struct work - what a run has at hand
 * @req: the command line
 * @hub: the hub's file
 * @live: the hub's device; NULL: it is not there
 * @client: the client's file
 * @added: a device with the client as its only peer
 * @code: the client's file as a QR code; NULL: it is printed as it is
 */
struct work {
	struct request req;
	struct config hub;
	struct device *live;
	struct config client;
	struct device *added;
	struct qr *code;
};

static const char **option_value(struct request *req, const char *arg)
{
	if (!strcmp(arg, "--hub"))
		return &req->hub;
	if (!strcmp(arg, "--endpoint"))
		return &req->endpoint;
	if (!strcmp(arg, "--dns"))
		return &req->dns;
	if (!strcmp(arg, "--allowed-ips"))
		return &req->allowed_ips;
	if (!strcmp(arg, "--keepalive"))
		return &req->keepalive;
	return NULL;
}

static int read_request(struct request *req, char *const *args)
{
	const char **value;

	for (; *args; args++) {
		value = option_value(req, *args);
		if (value && args[1])
			*value = *++args;
		else if (!strcmp(*args, "--psk"))
			req->psk = true;
		else if (!strcmp(*args, "--qr"))
			req->qr = true;
		else if (!value && **args != '-' && !req->name)
			req->name = *args;
		else
			return usage_error("addclient"), -EINVAL;
	}
	if (!req->name)
		return usage_error("addclient"), -EINVAL;
	if (client_name_is_good(req->name))
		return 0;
	fprintf(stderr, "The name of a client is 1 to %d of a-zA-Z0-9_@+.-, not - first: `%s'\n",
		MOST_CLIENT_NAME, req->name);
	return -EINVAL;
}

/* Without --hub it is the only file there is. */
static int find_hub(struct request *req)
{
	glob_t found = { 0 };
	int ret = -EINVAL, err;

	if (req->hub)
		return tunnel_file_names(req->hub, req->path, req->ifname);
	err = glob(CONFIG_DIR "/*" CONFIG_SUFFIX, 0, NULL, &found);
	if (err == GLOB_NOSPACE)
		ret = -ENOMEM;
	else if (!err && found.gl_pathc == 1)
		ret = tunnel_file_names(found.gl_pathv[0], req->path, req->ifname);
	else
		fprintf(stderr, "There are %zu files in " CONFIG_DIR "; say which one with --hub\n",
			found.gl_pathc);
	globfree(&found);
	return ret;
}

/*
 * Not in the middle of `up': it has read the file and would not know of the client, and this would
 * find no device to tell of it, or one whose peers are still to be set. Who may write the file need
 * not be who brings the tunnel up, nor be allowed to take the lock: then it can only be said.
 */
static int take_lock(struct lock *lock, const struct request *req)
{
	lock->fd = -1;
	if (!access(LOCK_DIR, W_OK) || (errno != EACCES && errno != EROFS))
		return lock_take(lock, LOCK_PATH, stderr);
	fprintf(stderr, NOT_LOCKED, LOCK_PATH, strerror(errno), prog_name, req->ifname);
	return 0;
}

static int read_live(struct work *work)
{
	struct nl nl;
	int ret;

	if (!if_nametoindex(work->req.ifname))
		return 0;
	ret = nl_open(&nl);
	if (!ret)
		ret = nl_get_device(&nl, work->req.ifname, &work->live);
	if (ret)
		nl_complain(&nl, "Unable to access interface", work->req.ifname, ret);
	nl_close(&nl);
	return ret;
}

static int read_hub(struct work *work)
{
	struct tunnel *hub = work->hub.tun;
	int ret;

	if (tunnel_file_is_json(work->req.path)) {
		fprintf(stderr, NOT_TO_JSON, work->req.path);
		return -EINVAL;
	}
	/* two at a time would find the same address free; it goes when the program ends */
	ret = tunnel_file_lock(work->req.path, stderr);
	if (ret >= 0)
		ret = tunnel_file_read(&work->hub, work->req.path);
	if (ret)
		return ret;
	strcpy(hub->dev->name, work->req.ifname);
	if (client_name_is_taken(hub, work->req.name)) {
		fprintf(stderr, "%s: there is a client `%s' already\n", work->req.path,
			work->req.name);
		return -EEXIST;
	}
	return read_live(work);
}

/* The public key of the hub: of the device, or else of the private key in its file. */
static int find_public_key(struct work *work, uint8_t key[KEY_LEN])
{
	struct tunnel *hub = work->hub.tun;
	int ret = 0;

	if (work->live && !key_is_zero(work->live->public_key)) {
		memcpy(key, work->live->public_key, KEY_LEN);
		return 0;
	}
	if (hub->key_file)
		ret = tunnel_file_key(&work->hub);
	if (ret)
		return ret;
	if (!key_is_zero(hub->dev->private_key) &&
	    !crypto_scalarmult_curve25519_base(key, hub->dev->private_key))
		return 0;
	fprintf(stderr, "%s: the hub has no private key\n", work->req.path);
	return -EINVAL;
}

/* Return: whether this host would send from a public address to there; nothing is sent. */
static bool find_source(union endpoint *ep, sa_family_t family, const char *far)
{
	socklen_t len = sizeof(*ep);
	bool found;
	int fd;

	memset(ep, 0, sizeof(*ep));
	ep->sa.sa_family = family;
	ep->sin.sin_port = htons(9);
	inet_pton(family, far, family == AF_INET ? (void *)&ep->sin.sin_addr :
						   (void *)&ep->sin6.sin6_addr);
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	found = !connect(fd, &ep->sa, len) && !getsockname(fd, &ep->sa, &len) &&
		address_is_public(ep);
	close(fd);
	return found;
}

/* The address that this host has towards the Internet. */
static bool find_public_address(char text[ENDPOINT_LEN])
{
	union endpoint ep;

	if (!find_source(&ep, AF_INET, "192.0.2.1") && !find_source(&ep, AF_INET6, "2001:db8::1"))
		return false;
	return !getnameinfo(&ep.sa, sizeof(ep), text, ENDPOINT_LEN, NULL, 0, NI_NUMERICHOST);
}

static int give_endpoint(struct work *work)
{
	const struct tunnel *hub = work->hub.tun;
	uint16_t port = hub->dev->listen_port;
	char found[ENDPOINT_LEN];

	if (work->req.endpoint)
		return client_give_endpoint(&work->client, "--endpoint", work->req.endpoint, port);
	if (hub->client_endpoint)
		return client_give_endpoint(&work->client, "ClientEndpoint", hub->client_endpoint,
					    port);
	if (find_public_address(found))
		return client_give_endpoint(&work->client, "this host's address", found, port);
	fprintf(stderr, ENDPOINT_UNKNOWN, work->req.path);
	return -EINVAL;
}

/* A sign before a prefix changes what a peer has: the client's file would lose it. */
static int give_allowed_ips(struct work *work)
{
	const char *value = work->req.allowed_ips;

	if (!value)
		return client_give_allowed_ips(work->client.tun, work->hub.tun);
	if (!strpbrk(value, "+-"))
		return config_override(&work->client, "--allowed-ips", "AllowedIPs", value, false);
	fprintf(stderr, "--allowed-ips: a new client has none to add to or to remove: `%s'\n",
		value);
	return -EINVAL;
}

static int give_options(struct work *work)
{
	const struct tunnel *hub = work->hub.tun;
	const struct request *req = &work->req;
	int ret = 0;

	if (req->dns)
		ret = config_override(&work->client, "--dns", "DNS", req->dns, false);
	else if (hub->client_dns)
		ret = config_override(&work->client, "ClientDNS", "DNS", hub->client_dns, false);
	if (!ret && req->keepalive)
		ret = config_override(&work->client, "--keepalive", "PersistentKeepalive",
				      req->keepalive, false);
	return ret ? ret : give_allowed_ips(work);
}

/* All that can be wrong is found here, before anything is changed. */
static int make_client(struct work *work)
{
	struct tunnel *hub = work->hub.tun, *client = work->client.tun;
	struct peer *peer = device_add_peer(client->dev);
	int ret;

	if (!peer)
		return -ENOMEM;
	peer->flags = PEER_HAS_PUBLIC_KEY;
	ret = find_public_key(work, peer->public_key);
	if (!ret)
		ret = client_give_addresses(client, hub, work->live, stderr);
	if (!ret)
		ret = give_endpoint(work);
	if (!ret)
		ret = give_options(work);
	if (ret)
		return ret;
	ret = client_make_keys(client, work->req.psk);
	if (ret) {
		fprintf(stderr, "New keys: %s\n", strerror(-ret));
		return ret;
	}
	client->mtu = hub->mtu;
	strcpy(work->added->name, work->req.ifname);
	return client_add_to_hub(work->added, client, work->req.name);
}

/* What is too long for a code is found before anything is changed. */
static int make_code(struct work *work)
{
	static char text[QR_LONGEST + 1];
	int ret = client_text(text, sizeof(text), work->client.tun);

	if (!ret)
		ret = qr_make(&work->code, text);
	explicit_bzero(text, sizeof(text));
	if (ret)
		fprintf(stderr, "QR code: %s\n", strerror(-ret));
	return ret;
}

static void put_client(const struct work *work)
{
	const char *mode = getenv("WG_COLOR_MODE");

	if (work->code)
		qr_print(stdout, work->code, !mode || strcmp(mode, "never"));
	else
		client_write(stdout, work->client.tun);
}

/* The file as it is, byte by byte, and the client behind it. */
static int write_file(struct replacement *new, const struct work *work)
{
	int c, last = '\n', ret = 0;
	static char buffer[4096];
	FILE *old;

	old = fopen(new->path, "re");
	if (!old)
		return -errno;
	setvbuf(old, buffer, _IOFBF, sizeof(buffer));
	while ((c = getc(old)) != EOF) {
		putc(c, new->out);
		last = c;
	}
	if (ferror(old))
		ret = -EIO;
	fclose(old);
	explicit_bzero(buffer, sizeof(buffer));
	if (last != '\n')
		putc('\n', new->out);
	show_config_peers(new->out, work->added, false);
	return ret ? ret : replacement_close(new);
}

/* The device gets the peer, or loses it again. */
static int change_live(struct work *work, bool remove)
{
	struct nl nl;
	int ret;

	if (!work->live)
		return 0;
	if (remove)
		work->added->peers->flags |= PEER_REMOVE;
	ret = nl_open(&nl);
	if (!ret)
		ret = nl_set_device(&nl, work->added);
	if (ret)
		nl_complain(&nl, "Unable to modify interface", work->req.ifname, ret);
	nl_close(&nl);
	return ret;
}

/* Neither Ctrl-C nor a reader that is gone ends the program half way. */
static void hold_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/*
 * What can fail comes in this order: the new file beside the old one, the device, the
 * output, and last that the new file takes the old one's place.
 */
static int apply(struct work *work)
{
	static struct replacement new;	/* large */
	int ret = replacement_begin(&new, work->req.path);

	if (ret)
		goto err;
	ret = write_file(&new, work);
	if (ret)
		goto err_abort;
	ret = change_live(work, false);
	if (ret) {
		replacement_abort(&new);
		return ret;
	}
	put_client(work);
	if (finish_output()) {
		change_live(work, true);
		replacement_abort(&new);
		return -EIO;
	}
	ret = replacement_commit(&new);
	if (!ret)
		return 0;
	change_live(work, true);
err_abort:
	replacement_abort(&new);
err:
	fprintf(stderr, "%s: %s\n", work->req.path, strerror(-ret));
	return ret;
}

static int make_and_apply(struct work *work)
{
	/* stdio's own buffer would keep the client's key */
	static char buffer[4096];
	int ret = read_hub(work);

	if (!ret)
		ret = make_client(work);
	if (!ret && work->req.qr)
		ret = make_code(work);
	if (ret)
		return ret;
	warn_world_readable();
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	hold_signals();
	if (interrupted) {
		fprintf(stderr, "%s: interrupted\n", work->req.name);
		return -EINTR;
	}
	ret = apply(work);
	explicit_bzero(buffer, sizeof(buffer));
	return ret;
}

static int run(struct work *work)
{
	struct lock lock;
	int ret = find_hub(&work->req);

	if (!ret)
		ret = take_lock(&lock, &work->req);
	if (ret)
		return ret;
	ret = make_and_apply(work);
	lock_release(&lock);
	return ret;
}

/**
 * cmd_addclient() - make a client of a hub
 * @args: options and the name of the client
 *
 * Return: the exit code.
 */
int cmd_addclient(char *const *args)
{
	struct work work = { .hub.log = stderr, .client.log = stderr };
	int ret = -ENOMEM;

	if (read_request(&work.req, args))
		return 1;
	work.hub.tun = tunnel_alloc();
	work.client.tun = tunnel_alloc();
	work.added = device_alloc();
	if (work.hub.tun && work.client.tun && work.added) {
		work.hub.dev = work.hub.tun->dev;
		work.client.dev = work.client.tun->dev;
		ret = run(&work);
	}
	if (ret == -ENOMEM)
		fprintf(stderr, "%s\n", strerror(ENOMEM));
	qr_free(work.code);
	device_free(work.added);
	device_free(work.live);
	tunnel_free(work.client.tun);
	tunnel_free(work.hub.tun);
	return ret ? 1 : 0;
}
