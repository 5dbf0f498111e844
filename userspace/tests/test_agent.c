// SPDX-License-Identifier: GPL-2.0
/*
 * What the agent does about events and names, with a kernel that is made up here: the linker
 * puts the __wrap functions in place of those that ask the real one.
 */
#include <poll.h>
#include <time.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "agent.h"
#include "notify.h"
#include "openmetrics.h"
#include "temp.h"

/* The kernel: a device, an event to come, and what was asked of it. */
static struct {
	struct device *dev;
	struct event event;
	int events_ret;
	int open_ret;
	int set_ret;
	unsigned int gets;
	unsigned int sets;
	unsigned int subscribed;
	union endpoint endpoint;
} kernel;

int __wrap_nl_open(struct nl *nl)
{
	memset(nl, 0, sizeof(*nl));
	nl->family = kernel.open_ret ? 0 : 33;
	return kernel.open_ret;
}

void __wrap_nl_close(struct nl *nl)
{
	(void)nl;
}

int __wrap_nl_subscribe(struct nl *nl)
{
	(void)nl;
	kernel.subscribed++;
	return 0;
}

int __wrap_nl_fd(const struct nl *nl)
{
	(void)nl;
	return STDERR_FILENO;
}

int __wrap_nl_get_device(struct nl *nl, const char *name, struct device **dev)
{
	const struct peer *from;
	struct peer *to;

	(void)nl;
	kernel.gets++;
	*dev = NULL;
	if (!kernel.dev || strcmp(kernel.dev->name, name))
		return -ENODEV;
	*dev = device_alloc();
	memcpy((*dev)->name, kernel.dev->name, IFNAMSIZ);
	for (from = kernel.dev->peers; from; from = from->next) {
		to = device_add_peer(*dev);
		to->flags = from->flags;
		memcpy(to->public_key, from->public_key, KEY_LEN);
		to->endpoint = from->endpoint;
		to->last_handshake = from->last_handshake;
	}
	return 0;
}

int __wrap_nl_list_devices(struct nl *nl, struct device **list)
{
	*list = NULL;
	return kernel.dev ? __wrap_nl_get_device(nl, kernel.dev->name, list) : 0;
}

int __wrap_nl_set_endpoint(struct nl *nl, const struct device *dev, const struct peer *peer)
{
	(void)nl;
	assert_string_equal(dev->name, kernel.dev->name);
	assert_memory_equal(peer->public_key, kernel.dev->peers->public_key, KEY_LEN);
	kernel.sets++;
	if (!kernel.set_ret)
		kernel.dev->peers->endpoint = peer->endpoint;
	return kernel.set_ret;
}

int __wrap_nl_take_events(struct nl *nl, int (*fn)(struct event *event, void *arg), void *arg)
{
	(void)nl;
	return kernel.events_ret ? kernel.events_ret : fn(&kernel.event, arg);
}

#define DEVICE "[Peer]\nPublicKey=" KEY_A "\nEndpoint=192.0.2.1:7\n"
#define FILE_TEXT "[Peer]\nPublicKey=" KEY_A "\nEndpoint=a.example:7\n"
#define INTERVAL 120000

static char dir[TEMP_LEN];

/* In a child. */
static void lookup(const char *host, in_port_t port, struct answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	if (strcmp(host, "a.example")) {
		answer->err = EAI_NONAME;
		return;
	}
	answer->n = 1;
	answer->addrs[0].sin.sin_family = AF_INET;
	answer->addrs[0].sin.sin_addr.s_addr = htonl(0xc6336401); /* 198.51.100.1 */
	answer->addrs[0].sin.sin_port = port;
}

static int begin(void **state)
{
	struct agent *agent = calloc(1, sizeof(*agent));

	memset(&kernel, 0, sizeof(kernel));
	kernel.dev = parse_good(DEVICE);
	strcpy(kernel.dev->name, "mt0");
	assert_int_equal(temp_enter(dir), 0);
	put_file("mt0.conf", FILE_TEXT, 0600);
	put_file("hook", "#!/bin/sh\n", 0755);
	hooks_init(&agent->hooks, dir);
	resolver_init(&agent->resolver);
	http_init(&agent->http);
	agent->resolver.lookup = lookup;
	agent->names.dir = dir;
	agent->names.interval = INTERVAL;
	kernel.event.dev = kernel.dev;
	kernel.event.peer = kernel.dev->peers;
	agent_read_names(agent, NULL, 0);
	*state = agent;
	return 0;
}

static int end(void **state)
{
	struct agent *agent = *state;

	hooks_close(&agent->hooks);
	resolver_close(&agent->resolver);
	names_close(&agent->names);
	free(agent);
	device_free(kernel.dev);
	return temp_leave(dir);
}

static unsigned int resolving(const struct agent *agent)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < RESOLVE_RUNNING; i++)
		n += agent->resolver.running[i].pid != 0;
	return n;
}

/* Take the answer that is to come. */
static void answer_one(struct agent *agent, int64_t now)
{
	struct pollfd fds[RESOLVE_RUNNING];
	size_t i;

	assert_true(poll(fds, resolver_fds(&agent->resolver, fds), 30000) > 0);
	for (i = 0; i < RESOLVE_RUNNING; i++)
		if (fds[i].fd >= 0 && fds[i].revents)
			agent_take_answer(agent, &agent->resolver.running[i], now);
}

static void hear(struct agent *agent, uint8_t cmd, uint32_t reason)
{
	kernel.event.cmd = cmd;
	kernel.event.reason = reason;
	assert_int_equal(agent_take_events(agent, now_ms()), 0);
}

static void test_moves(void **state)
{
	struct agent *agent = *state;

	agent_look(agent, 0);
	assert_int_equal(resolving(agent), 1);
	/* it is being resolved: not again */
	agent_look(agent, 1);
	assert_int_equal(resolving(agent), 1);
	answer_one(agent, 2);
	assert_int_equal(kernel.sets, 1);
	assert_int_equal(kernel.dev->peers->endpoint.sin.sin_addr.s_addr, htonl(0xc6336401));
	assert_int_equal(kernel.dev->peers->endpoint.sin.sin_port, htons(7));
	assert_int_equal(agent->n_moved, 1);
	assert_int_equal(agent->n_resolved, 1);
	/* not before the interval is over, and then it is there already */
	agent_look(agent, INTERVAL - 1);
	assert_int_equal(resolving(agent), 0);
	agent_look(agent, INTERVAL + 2);
	answer_one(agent, INTERVAL + 3);
	assert_int_equal(kernel.sets, 1);
}

/* A peer with a session is left alone: its name is not even resolved. */
static void test_alive(void **state)
{
	struct agent *agent = *state;

	kernel.dev->peers->last_handshake.tv_sec = time(NULL) - 130;
	agent_look(agent, 0);
	assert_int_equal(resolving(agent), 0);
	assert_int_equal(agent->names.list->due, INTERVAL);
	/* it was dead, but while its name is resolved a handshake succeeds */
	kernel.dev->peers->last_handshake.tv_sec = time(NULL) - 140;
	agent_look(agent, INTERVAL);
	assert_int_equal(resolving(agent), 1);
	kernel.dev->peers->last_handshake.tv_sec = time(NULL);
	answer_one(agent, INTERVAL);
	assert_int_equal(kernel.sets, 0);
	assert_int_equal(agent->n_resolved, 1);
}

#define MANY 10000
#define MOST_CPU_MS 700 /* it is 90 ms; it was 2 s when all were looked through for each */

/* The file and the device of MANY peers. Every @step-th has no session; 0: all have one. */
static void make_many(struct agent *agent, unsigned int step)
{
	char base64[KEY_BASE64_LEN];
	uint8_t key[KEY_LEN] = { 0 };
	struct peer *peer;
	uint32_t i;
	FILE *out = fopen("mt0.conf", "w");

	device_free(kernel.dev);
	kernel.dev = device_alloc();
	strcpy(kernel.dev->name, "mt0");
	for (i = 0; i < MANY; i++) {
		memcpy(key, &i, sizeof(i));
		key_to_base64(base64, key);
		fprintf(out, "[Peer]\nPublicKey=%s\nEndpoint=b.example:7\n", base64);
		peer = device_add_peer(kernel.dev);
		memcpy(peer->public_key, key, KEY_LEN);
		if (!step || i % step)
			peer->last_handshake.tv_sec = time(NULL);
	}
	fclose(out);
	agent_read_names(agent, NULL, 0);
	assert_int_equal(agent->names.n, MANY);
}

static size_t count_due(const struct agent *agent, int64_t now)
{
	const struct name *name;
	size_t n = 0;

	for (name = agent->names.list; name; name = name->next)
		n += name_is_due(name, now);
	return n;
}

static int64_t cpu_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void test_many_alive(void **state)
{
	struct agent *agent = *state;
	int64_t begun;

	make_many(agent, 0);
	begun = cpu_ms();
	agent_look(agent, 0);
	assert_in_range(cpu_ms() - begun, 0, MOST_CPU_MS);
	assert_int_equal(count_due(agent, INTERVAL - 1), 0);
	assert_int_equal(resolving(agent), 0);
}

/* Those that must wait for a place keep nobody else waiting. */
static void test_many_dead(void **state)
{
	struct agent *agent = *state;

	make_many(agent, 100);
	agent_look(agent, 0);
	assert_int_equal(resolving(agent), RESOLVE_RUNNING);
	assert_int_equal(count_due(agent, INTERVAL - 1), MANY / 100 - RESOLVE_RUNNING);
}

#define ANSWERS 20

/* While they wait for a place, neither files nor devices are read again for each answer. */
static void test_many_answers(void **state)
{
	struct agent *agent = *state;
	int64_t now, reread;

	make_many(agent, 1);
	kernel.gets = 0;
	reread = agent->names.reread;
	for (now = 0; now < ANSWERS; now++) {
		agent_look(agent, now);
		assert_int_equal(resolving(agent), RESOLVE_RUNNING);
		answer_one(agent, now);
	}
	assert_int_equal(kernel.gets, 1);
	assert_int_equal(agent->names.reread, reread);
	/* but after a while */
	agent_look(agent, NAME_FRESH_MS);
	assert_int_equal(kernel.gets, 2);
	assert_int_equal(agent->names.reread, NAME_FRESH_MS + INTERVAL);
}

/* A device that is not there is asked for once, and not for each of its peers. */
static void test_many_gone(void **state)
{
	struct agent *agent = *state;

	make_many(agent, 1);
	strcpy(kernel.dev->name, "mt1");
	kernel.gets = 0;
	agent_look(agent, 0);
	assert_int_equal(kernel.gets, 1);
	assert_int_equal(resolving(agent), 0);
	assert_int_equal(count_due(agent, INTERVAL - 1), 0);
}

static void test_gone(void **state)
{
	struct agent *agent = *state;

	strcpy(kernel.dev->name, "mt1");
	agent_look(agent, 0);
	assert_int_equal(resolving(agent), 0);
	strcpy(kernel.dev->name, "mt0");
	kernel.open_ret = -EPROTONOSUPPORT;
	agent_look(agent, INTERVAL);
	assert_int_equal(resolving(agent), 0);
	kernel.open_ret = 0;
	kernel.dev->peers->public_key[0] ^= 1;
	agent_look(agent, 2 * INTERVAL);
	assert_int_equal(resolving(agent), 0);
	kernel.dev->peers->public_key[0] ^= 1;
	/* in the moment that it is set */
	kernel.set_ret = -ENOENT;
	agent_look(agent, 3 * INTERVAL);
	answer_one(agent, 3 * INTERVAL);
	assert_int_equal(kernel.sets, 1);
	assert_int_equal(agent->n_moved, 0);
	/* and the file goes while the name is resolved */
	agent_look(agent, 4 * INTERVAL);
	put_file("mt0.conf", "", 0600);
	agent_read_names(agent, NULL, 4 * INTERVAL);
	answer_one(agent, 4 * INTERVAL);
	assert_int_equal(kernel.sets, 1);
}

/* The file has another name, or the name another port, by the time the answer comes. */
static void test_renamed(void **state)
{
	static const char *const others[] = { "b.example:7", "a.example:8" };
	struct agent *agent = *state;
	char text[128];
	size_t i;

	for (i = 0; i < 2; i++) {
		agent_look(agent, i * INTERVAL);
		assert_int_equal(resolving(agent), 1);
		snprintf(text, sizeof(text), "[Peer]\nPublicKey=" KEY_A "\nEndpoint=%s\n",
			 others[i]);
		put_file("mt0.conf", text, 0600);
		agent_read_names(agent, NULL, i * INTERVAL + 1);
		answer_one(agent, i * INTERVAL + 2);
		assert_int_equal(kernel.sets, 0);
		/* and that one is still to be asked for */
		assert_int_equal(agent->names.list->due, i * INTERVAL + 1);
		put_file("mt0.conf", FILE_TEXT, 0600);
		agent_read_names(agent, NULL, i * INTERVAL + 3);
	}
	assert_int_equal(agent->n_resolved, 2);
}

static void test_not_resolved(void **state)
{
	struct agent *agent = *state;

	put_file("mt0.conf", "[Peer]\nPublicKey=" KEY_A "\nEndpoint=b.example:7\n", 0600);
	agent_look(agent, INTERVAL);
	answer_one(agent, INTERVAL + 1);
	assert_int_equal(kernel.sets, 0);
	assert_int_equal(agent->n_unresolved, 1);
	assert_int_equal(agent->names.list->due, 2 * INTERVAL + 1);
}

static void test_dead(void **state)
{
	struct agent *agent = *state;
	struct name *name = agent->names.list;
	int64_t far = now_ms() + INTERVAL;

	static const uint32_t alive[] = { MYTUN_DEAD_REMOVED, MYTUN_DEAD_DOWN };
	static const uint32_t dead[] = { MYTUN_DEAD_TIMEOUT, MYTUN_DEAD_EXPIRED,
					 MYTUN_DEAD_SUSPENDED };
	size_t i;

	for (i = 0; i < 2; i++) {
		name->due = far;
		hear(agent, MYTUN_CMD_PEER_DEAD_NTF, alive[i]);
		assert_int_equal(name->due, far);
	}
	for (i = 0; i < 3; i++) {
		name->due = far;
		hear(agent, MYTUN_CMD_PEER_DEAD_NTF, dead[i]);
		assert_true(name->due <= now_ms());
		assert_int_equal(name->delay, NAME_FIRST_DELAY_MS);
	}
	hear(agent, MYTUN_CMD_PEER_UP_NTF, 0);
	assert_true(name->due > now_ms());
	assert_int_equal(name->delay, INTERVAL);
	name->due = far;
	hear(agent, MYTUN_CMD_ENDPOINT_NTF, 0);
	assert_int_equal(name->due, far);
	assert_int_equal(agent->n_events[0], 1);
	assert_int_equal(agent->n_events[1], 5);
	assert_int_equal(agent->n_events[2], 1);
}

static void test_lost(void **state)
{
	struct agent *agent = *state;

	agent->names.list->due = now_ms() + INTERVAL;
	kernel.events_ret = -ENOBUFS;
	assert_int_equal(agent_take_events(agent, now_ms()), 0);
	assert_int_equal(agent->n_lost, 1);
	assert_true(agent->names.list->due <= now_ms());
	assert_int_equal(agent->hooks.n_waiting, 1);
	assert_string_equal(agent->hooks.waiting[0].event.event, "lost");
	assert_string_equal(agent->hooks.waiting[0].event.device, "");
	/* the module went or came: a new socket, and nothing else */
	kernel.events_ret = -ESTALE;
	kernel.open_ret = -EPROTONOSUPPORT;
	assert_int_equal(agent_take_events(agent, now_ms()), 0);
	assert_int_equal(kernel.subscribed, 1);
	kernel.open_ret = -EMFILE;
	assert_int_equal(agent_take_events(agent, now_ms()), -EMFILE);
}

/* Events that there was no memory to read, and a name that could not even be asked for. */
static void test_no_resources(void **state)
{
	struct agent *agent = *state;
	char text[NI_MAXHOST + 100], host[NI_MAXHOST + 1] = "";

	agent->names.list->due = now_ms() + INTERVAL;
	kernel.events_ret = -ENOMEM;
	assert_int_equal(agent_take_events(agent, now_ms()), 0);
	assert_int_equal(agent->n_lost, 1);
	assert_true(agent->names.list->due <= now_ms());
	memset(host, 'x', sizeof(host) - 1);
	snprintf(text, sizeof(text), "[Peer]\nPublicKey=" KEY_A "\nEndpoint=%s:7\n", host);
	put_file("mt0.conf", text, 0600);
	agent_look(agent, INTERVAL);
	assert_int_equal(resolving(agent), 0);
	assert_int_equal(agent->n_unresolved, 1);
	assert_int_equal(agent->names.list->due, 2 * INTERVAL);
}

static void test_hook(void **state)
{
	struct agent *agent = *state;
	const struct hook_event *told;

	hear(agent, MYTUN_CMD_PEER_DEAD_NTF, MYTUN_DEAD_TIMEOUT);
	assert_int_equal(agent->hooks.n_waiting, 1);
	told = &agent->hooks.waiting[0].event;
	assert_string_equal(told->event, "peer-dead");
	assert_string_equal(told->device, "mt0");
	assert_string_equal(told->peer, KEY_A);
	assert_string_equal(told->endpoint, "192.0.2.1:7");
	assert_string_equal(told->reason, "timeout");
}

static void test_metrics(void **state)
{
	struct agent *agent = *state;
	struct om *om;
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	agent->n_moved = 3;
	hear(agent, MYTUN_CMD_PEER_UP_NTF, 0);
	assert_int_equal(agent_metrics(out, agent), 0);
	fclose(out);
	om = om_read(text);
	assert_string_equal(om_get(om, "mytun_device_peers{device=\"mt0\"}"), "1");
	assert_string_equal(om_get(om, "mytun_agent_events_total{event=\"peer-up\"}"), "1");
	assert_string_equal(om_get(om, "mytun_agent_endpoints_set_total"), "3");
	free(om);
	free(text);
	/* without the module, an empty page; when it cannot be asked, none */
	kernel.open_ret = -EPROTONOSUPPORT;
	out = open_memstream(&text, &len);
	assert_int_equal(agent_metrics(out, agent), 0);
	kernel.open_ret = -EPERM;
	assert_int_equal(agent_metrics(out, agent), -EPERM);
	fclose(out);
	free(text);
}

static void check_notify(int fd, const char *path)
{
	char text[64] = "";

	setenv("NOTIFY_SOCKET", path, 1);
	assert_int_equal(notify("READY=%d\n", 1), 0);
	assert_int_equal(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), 8);
	assert_string_equal(text, "READY=1\n");
	close(fd);
}

static int notify_socket(struct sockaddr_un *addr, size_t len)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)addr, (socklen_t)len), 0);
	return fd;
}

static void test_notify(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char path[120], pid[24];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify("READY=1\n"), 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/notify", dir);
	check_notify(notify_socket(&addr, sizeof(addr)), addr.sun_path);
	assert_int_equal(notify("READY=1\n"), -ECONNREFUSED);
	snprintf(path, sizeof(path), "@%s", dir);
	memcpy(addr.sun_path, path, strlen(path));
	addr.sun_path[0] = '\0';
	check_notify(notify_socket(&addr, sizeof(sa_family_t) + strlen(path)), path);
	unsetenv("NOTIFY_SOCKET");

	assert_int_equal(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(notify_watchdog_ms(), 15000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog_ms(), 15000);
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
}

#define AGENT_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AGENT_TEST(test_moves),
		AGENT_TEST(test_alive),
		AGENT_TEST(test_many_alive),
		AGENT_TEST(test_many_dead),
		AGENT_TEST(test_many_answers),
		AGENT_TEST(test_many_gone),
		AGENT_TEST(test_gone),
		AGENT_TEST(test_renamed),
		AGENT_TEST(test_not_resolved),
		AGENT_TEST(test_dead),
		AGENT_TEST(test_lost),
		AGENT_TEST(test_no_resources),
		AGENT_TEST(test_hook),
		AGENT_TEST(test_metrics),
		AGENT_TEST(test_notify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
