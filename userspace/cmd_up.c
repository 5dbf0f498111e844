// SPDX-License-Identifier: GPL-2.0
/* up, down, reload: a file becomes a tunnel with all that belongs to it, changes, and goes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "endpoint.h"
#include "facts.h"
#include "lock.h"
#include "nl.h"
#include "run.h"
#include "sync.h"
#include "tunnel_file.h"

#define EARLIER "%s: the firewall of an earlier tunnel is still there; `%s down %s' removes it"

#define CHANGED "%s has changed since it was read"

/**
 * enum setting - what can be set without the file, too
 * @SET_PRIVATE_KEY: on the command line a file, in the environment the key itself
 * @SET_LISTEN_PORT: a port
 * @SET_ENDPOINT: of the one peer
 * @SET_MTU: an MTU
 * @SET_N: how many there are
 */
enum setting {
	SET_PRIVATE_KEY,
	SET_LISTEN_PORT,
	SET_ENDPOINT,
	SET_MTU,
	SET_N
};

static const struct {
	const char *option;
	const char *variable;
	const char *key;
} settings[SET_N] = {
	[SET_PRIVATE_KEY] = { "--private-key", KEY_VARIABLE, "PrivateKey" },
	[SET_LISTEN_PORT] = { "--listen-port", "VPNCTL_LISTEN_PORT", "ListenPort" },
	[SET_ENDPOINT] = { "--endpoint", "VPNCTL_ENDPOINT", "Endpoint" },
	[SET_MTU] = { "--mtu", "VPNCTL_MTU", "MTU" },
};

/**
 * struct request - the command line
 * @dry_run: print and do nothing
 * @kill_switch: 0 or 1; -1: as the file says
 * @gateway: the same
 * @values: what was given for each setting; NULL: nothing
 * @path: the configuration file
 * @ifname: the device
 */
struct request {
	bool dry_run;
	int kill_switch;
	int gateway;
	const char *values[SET_N];
	char path[PATH_MAX];
	char ifname[IFNAMSIZ];
};

static bool read_switch(struct request *req, const char *arg)
{
	if (!strcmp(arg, "--kill-switch"))
		req->kill_switch = 1;
	else if (!strcmp(arg, "--no-kill-switch"))
		req->kill_switch = 0;
	else if (!strcmp(arg, "--gateway"))
		req->gateway = 1;
	else if (!strcmp(arg, "--no-gateway"))
		req->gateway = 0;
	else
		return false;
	return true;
}

/* An option with a value. Return: whether it is one and has one. */
static bool read_setting(struct request *req, const char *arg, const char *value)
{
	size_t i;

	for (i = 0; i < SET_N; i++)
		if (!strcmp(arg, settings[i].option))
			break;
	if (i == SET_N)
		return false;
	req->values[i] = value;
	return value;
}

/* Return: 0 or -EINVAL, after a complaint unless the form is wrong as a whole. */
static int read_request(struct request *req, char *const *args, const char *command)
{
	const char *file = NULL;
	bool up = !strcmp(command, "up"), dry = strcmp(command, "reload"), wrong = false;

	memset(req, 0, sizeof(*req));
	req->kill_switch = -1;
	req->gateway = -1;
	for (; *args && !wrong; args++) {
		if (dry && !strcmp(*args, "--dry-run"))
			req->dry_run = true;
		else if (up && read_switch(req, *args))
			continue;
		else if (up && read_setting(req, *args, args[1]))
			args++;
		else if (**args == '-' || file)
			wrong = true;
		else
			file = *args;
	}
	if (file && !wrong)
		return tunnel_file_names(file, req->path, req->ifname);
	usage_error(command);
	return -EINVAL;
}

/* Which peer an endpoint is for must not be guessed. */
static int check_one_peer(const struct device *dev, const char *name)
{
	if (dev->n_peers == 1)
		return 0;
	fprintf(stderr, "%s: there must be one peer, and there are %zu\n", name, dev->n_peers);
	return -EINVAL;
}

static int override(struct config *cfg, const struct request *req, enum setting which)
{
	const char *name = settings[which].option, *value = req->values[which];
	bool from_file = which == SET_PRIVATE_KEY && value;
	int ret = 0;

	if (!value) {
		name = settings[which].variable;
		value = getenv(name);
		if (!value || !*value)
			return 0;
	}
	if (which == SET_ENDPOINT)
		ret = check_one_peer(cfg->dev, name);
	if (!ret)
		ret = config_override(cfg, name, settings[which].key, value, from_file);
	if (!ret && which == SET_PRIVATE_KEY)
		cfg->tun->foreign_key = true;
	return ret;
}

/* Command line, environment, file: what comes first in this order counts. */
static int override_all(struct config *cfg, const struct request *req)
{
	struct tunnel *tun = cfg->tun;
	int i, ret = 0;

	for (i = 0; i < SET_N && !ret; i++)
		ret = override(cfg, req, (enum setting)i);
	forget_key_variable();
	if (!ret && tun->key_file && !tun->foreign_key)
		ret = tunnel_file_key(cfg);
	if (req->kill_switch >= 0)
		tun->kill_switch = req->kill_switch;
	if (req->gateway >= 0)
		tun->gateway = req->gateway;
	return ret;
}

static void complain_facts(const char *ifname, int err)
{
	if (err == -EEXIST)
		fprintf(stderr, EARLIER "\n", ifname, prog_name, ifname);
	else if (err == -ENOSPC)
		fprintf(stderr, "%s: there is no routing table or no priority of a rule left\n",
			ifname);
	else if (err == -EIO)
		fprintf(stderr, "%s: what is there cannot be found out, so nothing was done\n",
			ifname);
	else if (err == -EBUSY)
		fprintf(stderr, "%s: nothing was done\n", ifname);
	else
		fprintf(stderr, "%s: %s\n", ifname,
			err == -ENODEV ? "is not up" : strerror(-err));
}

static int check_name(const struct request *req)
{
	if (req->dry_run || !if_nametoindex(req->ifname))
		return 0;
	fprintf(stderr, "%s: there is a device of this name already\n", req->ifname);
	return -EEXIST;
}

static int take_lock(struct lock *lock, const struct request *req)
{
	return req->dry_run ? 0 : lock_take(lock, LOCK_PATH, stderr);
}

/*
 * Do, or show, what the user wants to be done before anything else. It may change what there is: to
 * be found out again when there was anything to do.
 */
static int do_first(const struct request *req, struct tunnel *tun, enum tunnel_hook hook)
{
	struct plan plan;
	int ret;

	plan_init(&plan, tun->dev->name, false);
	ret = plan_hooks(&plan, tun, hook);
	if (!ret && req->dry_run)
		plan_print(stdout, &plan);
	else if (!ret)
		ret = hook == HOOK_PRE_UP ? plan_run(&plan, tun, stderr) :
					    plan_run_all(&plan, tun, stderr);
	plan_free(&plan);
	return ret;
}

static int read_facts(struct facts *facts, const struct tunnel *tun, const struct request *req)
{
	/* who may not ask may see a plan all the same */
	int ret = facts_read(facts, tun, req->dry_run ? NULL : stderr);

	if (ret)
		complain_facts(req->ifname, ret);
	return ret;
}

/*
 * Names may take minutes to be resolved, which is before the lock. Who adds a client meanwhile
 * finds no device to tell of it; who has the lock adds none.
 */
static int make_up(struct plan *plan, const struct config *cfg, const struct request *req,
		   struct lock *lock)
{
	struct tunnel *tun = cfg->tun;
	struct facts facts;
	int ret = check_name(req);

	if (!ret)
		ret = endpoints_resolve(tun->dev, req->path);
	if (!ret)
		ret = take_lock(lock, req);
	if (!ret)
		ret = check_name(req);
	if (ret)
		return ret;
	if (tunnel_file_changed(cfg, req->path))
		fprintf(stderr, CHANGED "; `%s reload %s' takes that over\n", req->path, prog_name,
			req->ifname);
	ret = read_facts(&facts, tun, req);
	if (!ret)
		ret = do_first(req, tun, HOOK_PRE_UP);
	if (!ret && tun->hooks[HOOK_PRE_UP].n && !req->dry_run)
		ret = read_facts(&facts, tun, req);
	if (ret)
		return ret;
	plan_init(plan, tun->dev->name, facts.dns_prefix);
	return plan_up(plan, tun, &facts);
}

/*
 * Of a tunnel without a firewall whose device is gone, name servers may be left, and resolvconf
 * does not tell. The user's commands are for a tunnel that was up, which nobody knows.
 */
static void forget_dns(struct tunnel *tun, bool dns_prefix, bool dry_run)
{
	struct plan plan;

	plan_init(&plan, tun->dev->name, dns_prefix);
	if (!plan_forget_dns(&plan, tun)) {
		if (dry_run)
			plan_print(stdout, &plan);
		else
			plan_run_all(&plan, tun, stderr);
	}
	plan_free(&plan);
}

static int make_down(struct plan *plan, struct tunnel *tun, const struct request *req,
		     struct lock *lock)
{
	struct traces traces;
	int ret = take_lock(lock, req);

	if (ret)
		return ret;
	ret = traces_read(&traces, tun, stderr);
	if (ret == -ENODEV)
		forget_dns(tun, traces.dns_prefix, req->dry_run);
	if (ret) {
		complain_facts(req->ifname, ret);
		return ret;
	}
	ret = do_first(req, tun, HOOK_PRE_DOWN);
	if (ret)
		return ret;
	if (tun->hooks[HOOK_PRE_DOWN].n && !req->dry_run)
		ret = traces_read(&traces, tun, stderr);
	/* the rest goes also when the commands have removed the device */
	if (ret && ret != -ENODEV) {
		complain_facts(req->ifname, ret);
		return ret;
	}
	plan_init(plan, tun->dev->name, traces.dns_prefix);
	return plan_down(plan, tun, &traces, req->path);
}

static int up(const struct request *req, struct config *cfg)
{
	struct lock lock = { .fd = -1 };
	struct plan plan = { 0 };
	int ret = override_all(cfg, req);

	if (!ret)
		ret = make_up(&plan, cfg, req, &lock);
	if (!ret && req->dry_run)
		plan_print(stdout, &plan);
	else if (!ret)
		ret = plan_run(&plan, cfg->tun, stderr);
	lock_release(&lock);
	plan_free(&plan);
	return ret;
}

static int down(const struct request *req, struct config *cfg)
{
	struct tunnel *tun = cfg->tun;
	struct lock lock = { .fd = -1 };
	struct plan plan = { 0 };
	int ret = make_down(&plan, tun, req, &lock);

	if (!ret && req->dry_run)
		plan_print(stdout, &plan);
	else if (!ret)
		ret = plan_run_all(&plan, tun, stderr);
	lock_release(&lock);
	plan_free(&plan);
	return ret;
}

/* Only what differs is sent, so that sessions go on. */
static int apply_changes(struct tunnel *tun)
{
	struct device *want = tun->dev, *have = NULL;
	struct nl nl;
	int ret = nl_open(&nl);

	if (!ret)
		ret = nl_get_device(&nl, want->name, &have);
	if (ret) {
		nl_complain(&nl, "Unable to access interface", want->name, ret);
		goto out;
	}
	sync_keep(tun, have, stderr);
	ret = sync_reduce(want, have);
	if (!ret)
		ret = nl_set_device(&nl, want);
	if (ret)
		nl_complain(&nl, "Unable to modify interface", want->name, ret);
out:
	device_free(have);
	nl_close(&nl);
	return ret;
}

/* A client that was added since the file was read would be taken away from the device. */
static int apply_unless_changed(const struct request *req, const struct config *cfg)
{
	int lock = tunnel_file_lock(req->path, stderr), ret;

	if (lock < 0)
		return lock;
	if (tunnel_file_changed(cfg, req->path)) {
		fprintf(stderr, CHANGED "; nothing was done\n", req->path);
		ret = -EAGAIN;
	} else {
		ret = apply_changes(cfg->tun);
	}
	close(lock);
	return ret;
}

static int reload(const struct request *req, struct config *cfg)
{
	struct lock lock = { .fd = -1 };
	int ret = override_all(cfg, req);

	if (!ret)
		ret = endpoints_resolve(cfg->dev, req->path);
	if (!ret)
		ret = take_lock(&lock, req);
	if (!ret)
		ret = apply_unless_changed(req, cfg);
	lock_release(&lock);
	return ret;
}

static int run(char *const *args, const char *command,
	       int (*act)(const struct request *req, struct config *cfg))
{
	struct config cfg = { .log = stderr };
	struct request req;
	int ret;

	if (read_request(&req, args, command))
		return 1;
	cfg.tun = tunnel_alloc();
	if (!cfg.tun)
		return 1;
	cfg.dev = cfg.tun->dev;
	strcpy(cfg.dev->name, req.ifname);
	ret = tunnel_file_read(&cfg, req.path);
	if (!ret)
		ret = act(&req, &cfg);
	tunnel_free(cfg.tun);
	return finish_output() || ret ? 1 : 0;
}

/**
 * cmd_up() - bring a tunnel up as a file says
 * @args: options and <file> or <name>
 *
 * Return: the exit code.
 */
int cmd_up(char *const *args)
{
	return run(args, "up", up);
}

/**
 * cmd_down() - take a tunnel down
 * @args: options and <file> or <name>
 *
 * Return: the exit code.
 */
int cmd_down(char *const *args)
{
	return run(args, "down", down);
}

/**
 * cmd_reload() - give the device of a tunnel what its file says by now
 * @args: <file> or <name>
 *
 * Addresses, routes, name servers and firewall stay as they are.
 *
 * Return: the exit code.
 */
int cmd_reload(char *const *args)
{
	return run(args, "reload", reload);
}
