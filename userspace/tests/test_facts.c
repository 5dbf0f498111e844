// SPDX-License-Identifier: GPL-2.0
/*
 * What `up` and `down` find, and that they do not take for nothing what they could not ask. The
 * tools are scripts that stand in for ip and nft; the device is one of the test's own.
 */
#include <errno.h>

#include "facts.h"
#include "nl.h"
#include "temp.h"
#include "test_tunnel.h"

#define PEER "[Peer]\nPublicKey = " KEY_A "\n"
#define FULL "[Interface]\nMTU = 1400\n" PEER "AllowedIPs = 0.0.0.0/0\n"
#define SPLIT "[Interface]\nMTU = 1400\n" PEER "AllowedIPs = 10.0.0.0/8\n"
#define MARKED "[Interface]\nMTU = 1400\nFwMark = 51820\n" PEER "AllowedIPs = 10.0.0.0/8\n"

/* Another tunnel's rules, or ours. */
#define RULES \
	"echo '[{\"priority\":0,\"table\":\"255\"}, {\"priority\":32764, \"table\":\"254\"}, " \
	"{\"priority\":32765, \"not\":null, \"fwmark\":\"0xca6c\", \"table\":\"51820\"}]'"
#define NO_TABLE "echo 'Error: ipv4: FIB table does not exist.' >&2; exit 2"
#define NO_TABLES "echo '{\"nftables\": [{\"metainfo\": {}}]}'"
#define OWN_TABLE \
	"case \"$*\" in\n" \
	"*tables) echo '{\"nftables\": [{\"table\": {\"name\": \"vpnctl-mt0\"}}]}' ;;\n*) "
#define NO_CHAIN OWN_TABLE "echo 'Error: No such file or directory' >&2; exit 1;; esac"
#define BAD_CHAIN OWN_TABLE "echo 'Error: Could not process rule' >&2; exit 1;; esac"
#define RECORDS \
	OWN_TABLE "echo '{\"nftables\": [{\"rule\": {\"comment\": \"mark=51820\"}}]}';; esac"

static char dir[TEMP_LEN];
static char log_text[512];
static bool have_device;
static int device_error;	/* from the kernel, in place of a device */
static uint32_t device_mark;

int __wrap_nl_open(struct nl *nl)
{
	(void)nl;
	return 0;
}

void __wrap_nl_close(struct nl *nl)
{
	(void)nl;
}

int __wrap_nl_get_device(struct nl *nl, const char *ifname, struct device **dev)
{
	(void)nl;
	(void)ifname;
	if (device_error)
		return device_error;
	if (!have_device)
		return -ENODEV;
	*dev = device_alloc();
	(*dev)->fwmark = device_mark;
	return 0;
}

/* The script in place of a program; NULL: there is no such program. */
static void put_tool(const char *name, const char *text)
{
	char script[1024];

	unlink(name);
	if (!text)
		return;
	assert_in_range(snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", text), 0,
			sizeof(script) - 1);
	put_file(name, script, 0700);
}

/* ip as of a host whose table 51820 leads to a device; NULL: to none */
static void put_ip(const char *dev)
{
	char text[640];

	snprintf(text, sizeof(text), "case \"$*\" in\n*rule*) " RULES " ;;\n"
		 "*route*51820*dev\\ %s) echo '[{\"dst\":\"default\"}]' ;;\n"
		 "*) " NO_TABLE " ;;\nesac", dev ? dev : "none");
	put_tool("ip", text);
}

static int enter(void **state)
{
	(void)state;
	return temp_enter(dir) || setenv("PATH", dir, 1) ? -1 : 0;
}

static int leave(void **state)
{
	(void)state;
	return temp_leave(dir);
}

static struct tunnel *parse(const char *text)
{
	struct tunnel *tun = parse_tunnel(text, stderr);

	assert_non_null(tun);
	strcpy(tun->dev->name, "mt0");
	return tun;
}

static int traces_of(struct traces *traces, const char *config)
{
	struct tunnel *tun = parse(config);
	FILE *log;
	int ret;

	memset(log_text, 0, sizeof(log_text));
	log = fmemopen(log_text, sizeof(log_text), "w");
	ret = traces_read(traces, tun, log);
	fclose(log);
	tunnel_free(tun);
	return ret;
}

static int facts_of(struct facts *facts, const char *config, bool strict)
{
	struct tunnel *tun = parse(config);
	FILE *log;
	int ret;

	memset(log_text, 0, sizeof(log_text));
	log = fmemopen(log_text, sizeof(log_text), "w");
	ret = facts_read(facts, tun, strict ? log : NULL);
	fclose(log);
	tunnel_free(tun);
	return ret;
}

static void set_device(bool have, uint32_t mark)
{
	have_device = have;
	device_mark = mark;
}

/* No firewall is what nft says, and not that nft says nothing. */
static void test_nft_fails(void **state)
{
	static const struct {
		const char *script;
		const char *says;
	} cases[] = {
		{ NULL, "nft: No such file or directory\n" },
		{ "echo 'no memory' >&2; exit 1", "nft: no memory\n" },
		{ "echo 'libx.so: No such file or directory' >&2; exit 127",
		  "nft: libx.so: No such file or directory\n" },
		{ "kill -9 $$", "nft: no answer, exit status 137\n" },
		{ "echo '{'", "nft: no answer, exit status 0\n" },
		{ BAD_CHAIN, "nft: Error: Could not process rule\n" },
	};
	struct traces traces;
	struct facts facts;
	size_t i;

	(void)state;
	put_ip("mt0");
	set_device(true, 51820);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_tool("nft", cases[i].script);
		assert_int_equal(traces_of(&traces, FULL), -EIO);
		assert_string_equal(log_text, cases[i].says);
		/* `up --kill-switch' has chosen the mark, the file knows nothing of it */
		assert_int_equal(traces_of(&traces, SPLIT), -EIO);
		assert_int_equal(facts_of(&facts, FULL, true), -EIO);
		assert_string_equal(log_text, cases[i].says);
	}
	put_tool("nft", NULL);
	assert_int_equal(facts_of(&facts, FULL, false), 0);
	assert_int_equal(facts.priority, 32763);
}

/* Who needs no firewall needs no nft. */
static void test_no_nft(void **state)
{
	struct traces traces;
	struct facts facts;

	(void)state;
	put_ip(NULL);
	put_tool("nft", NULL);
	set_device(true, 0);
	assert_int_equal(traces_of(&traces, SPLIT), 0);
	assert_true(traces.link && !traces.firewall);
	assert_string_equal(log_text, "");
	set_device(true, 51820);
	assert_int_equal(traces_of(&traces, MARKED), 0);
	set_device(false, 0);
	assert_int_equal(traces_of(&traces, SPLIT), -ENODEV);
	assert_int_equal(traces_of(&traces, MARKED), -ENODEV);
	assert_int_equal(facts_of(&facts, SPLIT, true), 0);
}

/* A table without a chain "restore" is ours as well. */
static void test_no_chain(void **state)
{
	struct traces traces;

	(void)state;
	put_ip(NULL);
	put_tool("nft", NO_CHAIN);
	set_device(false, 0);
	assert_int_equal(traces_of(&traces, FULL), 0);
	assert_true(traces.firewall && !traces.mark);
}

static void test_ip_fails(void **state)
{
	struct traces traces;
	struct facts facts;

	(void)state;
	put_tool("ip", "echo 'Cannot talk to rtnetlink' >&2; exit 1");
	put_tool("nft", NO_TABLES);
	set_device(true, 51820);
	assert_int_equal(traces_of(&traces, FULL), -EIO);
	assert_string_equal(log_text, "ip: Cannot talk to rtnetlink\n");
	assert_int_equal(facts_of(&facts, FULL, true), -EIO);
}

/* Only a full tunnel has rules: those with our mark may be another's. */
static void test_rules(void **state)
{
	struct traces traces;

	(void)state;
	put_ip("wg0");
	put_tool("nft", NO_TABLES);
	set_device(true, 51820);
	assert_int_equal(traces_of(&traces, MARKED), 0);
	assert_int_equal(traces.rules4, 0);
	assert_int_equal(traces.rules6, 0);
	/* the firewall is gone, by "nft flush ruleset" */
	assert_int_equal(traces_of(&traces, FULL), 0);
	assert_int_equal(traces.rules4, 32765);
	assert_int_equal(traces.rules6, 0);
	/* the file has changed since `up' */
	put_ip("mt0");
	assert_int_equal(traces_of(&traces, MARKED), 0);
	assert_int_equal(traces.rules4, 32765);
	/* the device is gone */
	set_device(false, 0);
	put_ip(NULL);
	put_tool("nft", RECORDS);
	assert_int_equal(traces_of(&traces, FULL), 0);
	assert_int_equal(traces.mark, 51820);
	assert_int_equal(traces.rules4, 32765);
}

#define TABLE(name) "{\"table\": {\"name\": \"vpnctl-" name "\"}}"

/* nft, with tables of two tunnels and a stranger's, and what is in their chains "restore". */
static void put_nft(const char *own, const char *other)
{
	char text[900];

	assert_in_range(snprintf(text, sizeof(text),
				 "case \"$*\" in\n"
				 "*tables) echo '{\"nftables\": [" TABLE("mt0") "," TABLE("mt1") ","
				 TABLE("x; delete table inet a") "]}' ;;\n"
				 "*delete*) echo \"$*\" >injected ;;\n"
				 "*vpnctl-mt0*) echo '{\"nftables\": [%s]}' ;;\n"
				 "*) echo '{\"nftables\": [%s]}' ;;\nesac", own, other), 0,
			(int)sizeof(text) - 1);
	put_tool("nft", text);
}

#define COMMENT(text) "{\"rule\": {\"comment\": \"" text "\"}}"

/* Who may write into the tables must not be able to have anything else written. */
static void test_records_of_strangers(void **state)
{
	struct traces traces;

	(void)state;
	put_ip(NULL);
	put_nft(COMMENT("kernel.core_pattern=|/tmp/x") "," COMMENT("kernel.modprobe=1") ","
		COMMENT("net.ipv4.ip_forward=|/tmp/x") "," COMMENT("net.ipv4.ip_forward=") ","
		COMMENT("net.ipv6.conf.all.forwarding=1111111111111") ","
		COMMENT("net.ipv6.conf.all.forwarding=0"), "");
	set_device(false, 0);
	assert_int_equal(traces_of(&traces, FULL), 0);
	assert_int_equal(traces.n_restore, 1);
	assert_string_equal(traces.restore[0].name, "net.ipv6.conf.all.forwarding");
	assert_string_equal(traces.restore[0].value, "0");
	assert_int_equal(access("injected", F_OK), -1);
}

/* What another tunnel needs is left to it. */
static void test_restore(void **state)
{
	struct traces traces;

	(void)state;
	put_ip(NULL);
	put_nft(COMMENT("net.ipv4.ip_forward=0") "," COMMENT("net.ipv4.conf.all.src_valid_mark=0"),
		COMMENT("net.ipv4.ip_forward=0"));
	set_device(true, 0);
	assert_int_equal(traces_of(&traces, FULL), 0);
	assert_int_equal(traces.n_restore, 1);
	assert_string_equal(traces.restore[0].name, "net.ipv4.conf.all.src_valid_mark");
	assert_true(records_elsewhere("mt0", "net.ipv4.ip_forward"));
	assert_false(records_elsewhere("mt0", "net.ipv4.conf.all.src_valid_mark"));
}

/* A mark that a kill switch lets pass is no free one, though its table is empty. */
static void test_mark(void **state)
{
	struct facts facts;

	(void)state;
	put_ip(NULL);
	put_tool("nft", NO_TABLES);
	assert_int_equal(facts_of(&facts, FULL, true), 0);
	assert_int_equal(facts.mark, 51820);
	put_tool("nft", "case \"$*\" in\n"
			"*tables) echo '{\"nftables\": [{\"table\": {\"name\": \"vpnctl-mt1\"}}]}' ;;\n"
			"*) echo '{\"nftables\": [" COMMENT("mark=51820") "]}' ;;\nesac");
	assert_int_equal(facts_of(&facts, FULL, true), 0);
	assert_int_equal(facts.mark, 51821);
}

/* The device is gone, and the file has changed: the rule is still known. */
static void test_recorded_rule(void **state)
{
	struct traces traces;

	(void)state;
	put_ip(NULL);
	put_nft(COMMENT("mark=51820") "," COMMENT("rule4=32765"), "");
	set_device(false, 0);
	assert_int_equal(traces_of(&traces, SPLIT), 0);
	assert_int_equal(traces.rules4, 32765);
	assert_int_equal(traces.rules6, 0);
	/* another tunnel's, with the same mark */
	put_nft(COMMENT("mark=51820") "," COMMENT("rule4=100"), "");
	assert_int_equal(traces_of(&traces, SPLIT), 0);
	assert_int_equal(traces.rules4, 0);
}

/* A device that cannot be read is not one that is not there. */
static void test_device_fails(void **state)
{
	static const int errors[] = { -EPERM, -ENOMEM, -EINTR, -EBADMSG };
	static const int none[] = { -ENODEV, -EOPNOTSUPP, -EPROTONOSUPPORT };
	struct traces traces;
	size_t i;

	(void)state;
	put_ip(NULL);
	put_tool("nft", NO_TABLES);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		device_error = errors[i];
		assert_int_equal(traces_of(&traces, SPLIT), errors[i]);
	}
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		device_error = none[i];
		assert_int_equal(traces_of(&traces, SPLIT), -ENODEV);
	}
	device_error = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nft_fails),
		cmocka_unit_test(test_no_nft),
		cmocka_unit_test(test_no_chain),
		cmocka_unit_test(test_ip_fails),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_records_of_strangers),
		cmocka_unit_test(test_restore),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_recorded_rule),
		cmocka_unit_test(test_device_fails),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
