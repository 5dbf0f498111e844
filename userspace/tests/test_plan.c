// SPDX-License-Identifier: GPL-2.0
/*
 * What `up --dry-run` prints, compared with what wg-quick(8) says that a file means. The
 * wanted texts were written by hand.
 */
#include "plan.h"
#include "test_tunnel.h"

/* A host with an Ethernet and nothing special. */
static const struct facts usual = {
	.route_mtu = 1500,
	.mark = 51820,
	.priority = 32765,
	.sysctls = {
		{ "net.ipv4.conf.all.src_valid_mark", "0", "0" },
		{ "net.ipv4.conf.all.accept_redirects", "0", "0" },
		{ "net.ipv4.ip_forward", "0", "0" },
		{ "net.ipv6.conf.all.forwarding", "0", "0" },
	},
	.n_sysctls = 4,
};

static struct tunnel *parse(const char *text)
{
	struct tunnel *tun = parse_tunnel(text, stderr);

	assert_non_null(tun);
	strcpy(tun->dev->name, "mt0");
	return tun;
}

/* Return: the plan in print, to be freed. */
static char *print(const struct plan *plan)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	plan_print(out, plan);
	fclose(out);
	return text;
}

static char *plan_of(const char *config, const struct facts *facts)
{
	struct tunnel *tun = parse(config);
	struct plan plan;
	char *text;

	plan_init(&plan, tun->dev->name, facts->dns_prefix);
	assert_int_equal(plan_hooks(&plan, tun, HOOK_PRE_UP), 0);
	assert_int_equal(plan_up(&plan, tun, facts), 0);
	text = print(&plan);
	plan_free(&plan);
	tunnel_free(tun);
	return text;
}

static void assert_plan(const char *config, const struct facts *facts, const char *wanted)
{
	char *text = plan_of(config, facts);

	assert_string_equal(text, wanted);
	free(text);
}

/* The plan has this part, or with @has false has not. */
static void assert_part(const char *config, const struct facts *facts, const char *part, bool has)
{
	char *text = plan_of(config, facts);

	if (!strstr(text, part) == has)
		fail_msg("%s %s: %s", part, has ? "is not in" : "is in", text);
	free(text);
}

#define CREATE \
	"# create the device\nip -batch - <<'END'\nlink add dev mt0 type mytun\nEND\n"
#define CONFIGURE(text) \
	"# configure the device\nvpnctl setconf mt0 /dev/stdin <<'END'\n" text "END\n"
#define ADDRESSES(text) "# addresses\nip -batch - <<'END'\n" text "END\n"
#define ROUTES(text) "# routes\nip -batch - <<'END'\n" text "END\n"
#define RULE_MAIN(option) \
	"# rule for the main table\nip " option " -batch - <<'END'\n" \
	"rule add priority 32764 table main suppress_prefixlength 0\nEND\n"
#define RULE_REST(option) \
	"# rule for the tunnel\nip " option " -batch - <<'END'\n" \
	"rule add priority 32765 not fwmark 51820 table 51820\nEND\n"

/* The example of a server in wg-quick(8), and a prefix that no address covers. */
static void test_server(void **state)
{
	(void)state;
	assert_plan("[Interface]\n"
		    "Address = 10.192.122.1/24\n"
		    "Address = 10.10.0.1/16\n"
		    "SaveConfig = true\n"
		    "PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n"
		    "ListenPort = 51820\n"
		    "[Peer]\n"
		    "PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n"
		    "AllowedIPs = 10.192.122.3/32, 10.192.124.0/24\n"
		    "[Peer]\n"
		    "PublicKey = TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=\n"
		    "AllowedIPs = 10.192.122.4/32, 192.168.0.0/16\n"
		    "[Peer]\n"
		    "PublicKey = gN65BkIKy1eCE9pP1wdc8ROUtkHLF2PfAqYdyYBz6EA=\n"
		    "AllowedIPs = 10.10.10.230/32\n", &usual,
		    CREATE
		    CONFIGURE("[Interface]\n"
			      "ListenPort = 51820\n"
			      "PrivateKey = (hidden)\n"
			      "\n[Peer]\n"
			      "PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n"
			      "AllowedIPs = 10.192.122.3/32, 10.192.124.0/24\n"
			      "\n[Peer]\n"
			      "PublicKey = TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=\n"
			      "AllowedIPs = 10.192.122.4/32, 192.168.0.0/16\n"
			      "\n[Peer]\n"
			      "PublicKey = gN65BkIKy1eCE9pP1wdc8ROUtkHLF2PfAqYdyYBz6EA=\n"
			      "AllowedIPs = 10.10.10.230/32\n")
		    ADDRESSES("address add 10.192.122.1/24 dev mt0\n"
			      "address add 10.10.0.1/16 dev mt0\n"
			      "link set dev mt0 mtu 1420 up\n")
		    ROUTES("route add 10.192.124.0/24 dev mt0\n"
			   "route add 192.168.0.0/16 dev mt0\n"));
}

#define PEER_A "[Peer]\nPublicKey = " KEY_A "\n"
#define FULL4 PEER_A "AllowedIPs = 0.0.0.0/0\nEndpoint = 192.0.2.1:5\n"
#define CLIENT4 \
	"[Interface]\nAddress = 10.200.100.8/24\nPrivateKey = " KEY_B "\n"

#define STRANGER(to) "\t\tiifname != \"mt0\" " to " fib saddr type != local drop\n"
#define LINK_ICMPV6 NEIGHBOURS ", " GROUPS
#define NEIGHBOURS "nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert"
#define GROUPS "mld-listener-report, mld2-listener-report"
#define CLAMP(way) \
	"\t\t" way " \"mt0\" tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu\n"

#define QUESTIONS(mark) \
	"\tchain questions {\n" \
	"\t\ttype filter hook postrouting priority mangle; policy accept;\n" \
	"\t\tmeta l4proto udp meta mark " mark " ct mark set meta mark\n" \
	"\t}\n"
#define ANSWERS(mark) \
	"\tchain answers {\n" \
	"\t\ttype filter hook prerouting priority mangle; policy accept;\n" \
	"\t\tmeta l4proto udp ct mark " mark " meta mark set ct mark\n" \
	"\t}\n"

static void test_full_tunnel(void **state)
{
	(void)state;
	assert_plan("[Interface]\nAddress = 10.200.100.8/24\nDNS = 10.200.100.1, corp.example\n"
		    "PrivateKey = " KEY_B "\n"
		    PEER_A "PresharedKey = " KEY_C "\nAllowedIPs = 0.0.0.0/0\n"
		    "Endpoint = 192.0.2.1:51820\n", &usual,
		    CREATE
		    CONFIGURE("[Interface]\n"
			      "FwMark = 0xca6c\n"
			      "PrivateKey = (hidden)\n"
			      "\n[Peer]\n"
			      "PublicKey = " KEY_A "\n"
			      "PresharedKey = (hidden)\n"
			      "AllowedIPs = 0.0.0.0/0\n"
			      "Endpoint = 192.0.2.1:51820\n")
		    "# firewall\nnft -f - <<'END'\n"
		    "table inet vpnctl-mt0 {\n"
		    "\tchain restore {\n"
		    "\t\tcounter comment \"mark=51820\"\n"
		    "\t\tcounter comment \"rule4=32765\"\n"
		    "\t\tcounter comment \"net.ipv4.conf.all.src_valid_mark=0\"\n"
		    "\t}\n"
		    "\tchain strangers {\n"
		    "\t\ttype filter hook prerouting priority raw; policy accept;\n"
		    STRANGER("ip daddr 10.200.100.8")
		    "\t}\n"
		    QUESTIONS("51820") ANSWERS("51820")
		    "}\nEND\n"
		    ADDRESSES("address add 10.200.100.8/24 dev mt0\n"
			      "link set dev mt0 mtu 1420 up\n")
		    "# sysctl\necho 1 >/proc/sys/net/ipv4/conf/all/src_valid_mark\n"
		    "# name servers\nresolvconf -a mt0 -m 0 -x <<'END'\n"
		    "nameserver 10.200.100.1\nsearch corp.example\nEND\n"
		    ROUTES("route add 0.0.0.0/0 dev mt0 table 51820\n")
		    RULE_MAIN("-4") RULE_REST("-4"));
}

/* IPv6 has no src_valid_mark, and its rules are its own. */
static void test_full_tunnel6(void **state)
{
	static const char config[] = "[Interface]\nAddress = fd09::1/64, 10.9.0.1\n"
				     PEER_A "AllowedIPs = ::/0, 10.9.0.0/24\n";
	char *text = plan_of(config, &usual);
	const char *tail = strstr(text, "# addresses\n");

	(void)state;
	assert_non_null(strstr(text, STRANGER("ip6 daddr fd09::1")));
	assert_null(strstr(text, "ip daddr"));
	assert_null(strstr(text, "src_valid_mark"));
	assert_string_equal(tail,
			    ADDRESSES("address add fd09::1/64 dev mt0\n"
				      "address add 10.9.0.1/32 dev mt0\n"
				      "link set dev mt0 mtu 1420 up\n")
			    ROUTES("route add 10.9.0.0/24 dev mt0\n"
				   "route add ::/0 dev mt0 table 51820\n")
			    RULE_MAIN("-6") RULE_REST("-6"));
	free(text);
}

static void test_both_families(void **state)
{
	static const char config[] = "[Interface]\n" PEER_A "AllowedIPs = 0.0.0.0/0, ::/0\n";
	char *text = plan_of(config, &usual);

	(void)state;
	assert_non_null(strstr(text, ROUTES("route add 0.0.0.0/0 dev mt0 table 51820\n"
					    "route add ::/0 dev mt0 table 51820\n")
			       RULE_MAIN("-4") RULE_REST("-4") RULE_MAIN("-6") RULE_REST("-6")));
	free(text);
}

/* Longest first, each once, removed ones not at all, and none of another family's length. */
static void test_routes(void **state)
{
	static const char config[] =
		"[Interface]\nAddress = 10.0.0.1/24, 10.7.0.1/32, fd00::1/128\n"
		PEER_A "AllowedIPs = 10.0.0.0/8, 10.0.0.0/25, fd01::/16, 10.7.0.1/32\n"
		"[Peer]\nPublicKey = " KEY_B "\n"
		"AllowedIPs = +10.0.0.0/8, -10.2.0.0/16, fd00::1/128, 0.0.0.0/1, 128.0.0.0/1\n";

	(void)state;
	assert_part(config, &usual,
		    ROUTES("route add 10.7.0.1/32 dev mt0\n"
			   "route add fd01::/16 dev mt0\n"
			   "route add 10.0.0.0/8 dev mt0\n"
			   "route add 0.0.0.0/1 dev mt0\n"
			   "route add 128.0.0.0/1 dev mt0\n"), true);
	/* two halves are not a default route */
	assert_part(config, &usual, "rule", false);
	assert_part(config, &usual, "nft", false);
}

static void test_table(void **state)
{
	(void)state;
	assert_part(CLIENT4 "Table = off\n" FULL4, &usual, "route", false);
	assert_part(CLIENT4 "Table = off\n" FULL4, &usual, "rule", false);
	assert_part(CLIENT4 "Table = off\n" FULL4, &usual, "FwMark", false);
	assert_part(CLIENT4 "Table = 1234\n" FULL4, &usual,
		    ROUTES("route add 0.0.0.0/0 dev mt0 table 1234\n"), true);
	assert_part(CLIENT4 "Table = 1234\n" FULL4, &usual, "rule add", false);
	/* in a table of its own the route of an address is not there */
	assert_part("[Interface]\nAddress = 10.0.0.1/8\nTable = vpn\n"
		    PEER_A "AllowedIPs = 10.1.0.0/16\n", &usual,
		    ROUTES("route add 10.1.0.0/16 dev mt0 table vpn\n"), true);
}

/* A mark in the file is the number of the table, too. */
static void test_mark(void **state)
{
	static const char config[] = CLIENT4 "FwMark = 0x10\n" FULL4;

	(void)state;
	assert_part(config, &usual, "FwMark = 0x10\n", true);
	assert_part(config, &usual, QUESTIONS("16") ANSWERS("16"), true);
	assert_part(config, &usual, "counter comment \"mark=16\"\n", true);
	assert_part(config, &usual, ROUTES("route add 0.0.0.0/0 dev mt0 table 16\n"), true);
	assert_part(config, &usual, "rule add priority 32765 not fwmark 16 table 16\n", true);
	assert_part(CLIENT4 "FwMark = off\n" FULL4, &usual, "FwMark = 0xca6c\n", true);
	assert_part(CLIENT4 PEER_A "AllowedIPs = 10.0.0.0/8\n", &usual, "FwMark", false);
}

static void test_mtu(void **state)
{
	struct facts facts = usual;

	(void)state;
	facts.route_mtu = 1492;
	assert_part(CLIENT4 FULL4, &facts, "mtu 1412 up\n", true);
	assert_part(CLIENT4 "MTU = 1300\n" FULL4, &facts, "mtu 1300 up\n", true);
	facts.route_mtu = 0;
	assert_part(CLIENT4 FULL4, &facts, "mtu 1420 up\n", true);
	facts.route_mtu = 100;
	assert_part(CLIENT4 FULL4, &facts, "mtu 68 up\n", true);
	/* Of the loopback device */
	facts.route_mtu = 65536;
	assert_part(CLIENT4 FULL4, &facts, "mtu 65455 up\n", true);
}

static void test_kill_switch(void **state)
{
	static const char rules[] =
		"\tchain kill_switch {\n"
		"\t\ttype filter hook output priority filter; policy accept;\n"
		"\t\toifname { \"lo\", \"mt0\" } accept\n"
		"\t\tmeta mark 51820 accept\n"
		"\t\tfib daddr type local accept\n"
		"\t\ticmpv6 type { " LINK_ICMPV6 " } accept\n"
		"\t\tudp sport 68 udp dport 67 accept\n"
		"\t\tudp sport 546 udp dport 547 accept\n"
		"\t\tcounter reject with icmpx admin-prohibited\n"
		"\t}\n"
		"\tchain kill_switch_forward {\n"
		"\t\ttype filter hook forward priority filter; policy accept;\n"
		"\t\toifname \"mt0\" accept\n"
		"\t\tiifname \"mt0\" accept\n"
		"\t\tcounter reject with icmpx admin-prohibited\n"
		"\t}\n";
	static const char split[] = CLIENT4 "#! KillSwitch = yes\n"
				    PEER_A "AllowedIPs = 10.0.0.0/8\n";

	(void)state;
	assert_part(CLIENT4 "#! KillSwitch = yes\n" FULL4, &usual, rules, true);
	assert_part(CLIENT4 FULL4, &usual, "kill_switch", false);
	/* without a default route it needs the mark alone */
	assert_part(split, &usual, rules, true);
	assert_part(split, &usual, "FwMark = 0xca6c\n", true);
	assert_part(split, &usual, "questions", false);
	assert_part(split, &usual, "rule add", false);
	assert_part(split, &usual, "src_valid_mark", false);
}

static void test_gateway(void **state)
{
	static const char config[] = "[Interface]\nAddress = 10.0.0.1/24, fd00::1/64\n"
				     "#! Gateway = yes\n"
				     PEER_A "AllowedIPs = 10.0.0.2/32\n";
	static const char only4[] = "[Interface]\nAddress = 10.0.0.1/24\n#! Gateway = yes\n";
	struct facts facts = usual;

	(void)state;
	assert_part(config, &facts,
		    "table inet vpnctl-mt0 {\n"
		    "\tchain restore {\n"
		    "\t\tcounter comment \"net.ipv4.conf.all.accept_redirects=0\"\n"
		    "\t\tcounter comment \"net.ipv4.ip_forward=0\"\n"
		    "\t\tcounter comment \"net.ipv6.conf.all.forwarding=0\"\n"
		    "\t}\n"
		    "\tchain gateway {\n"
		    "\t\ttype filter hook forward priority mangle; policy accept;\n"
		    CLAMP("iifname") CLAMP("oifname")
		    "\t}\n"
		    "\tchain gateway_nat {\n"
		    "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
		    "\t\tiifname \"mt0\" oifname != \"mt0\" masquerade\n"
		    "\t}\n"
		    "}\n", true);
	assert_part(config, &facts, "# sysctl\necho 1 >/proc/sys/net/ipv4/ip_forward\n"
		    "# sysctl\necho 1 >/proc/sys/net/ipv6/conf/all/forwarding\n", true);
	assert_part(config, &facts, "FwMark", false);
	assert_part(only4, &facts, "net.ipv4.ip_forward=0", true);
	assert_part(only4, &facts, "net.ipv6", false);
	/* another tunnel has switched it on: what it was is written down again, nothing is set */
	strcpy(facts.sysctls[2].now, "1");
	assert_part(config, &facts, "net.ipv4.ip_forward=0", true);
	assert_part(config, &facts, "echo 1 >/proc/sys/net/ipv4/ip_forward", false);
	/* a host that forwards anyway goes on doing so */
	strcpy(facts.sysctls[2].value, "1");
	assert_part(config, &facts, "ip_forward", false);
	assert_part(config, &facts, "accept_redirects", false);
}

static void test_hooks(void **state)
{
	static const char config[] = "[Interface]\nPreUp = a %i-%i %\nPreUp = b\n"
				     "PostUp = c 100%%i\nPreDown = d\nPostDown = e\n";

	(void)state;
	assert_plan(config, &usual,
		    "# PreUp\na mt0-mt0 %\n# PreUp\nb\n"
		    CREATE CONFIGURE("[Interface]\n")
		    ADDRESSES("link set dev mt0 mtu 1420 up\n")
		    "# PostUp\nc 100%mt0\n");
}

static void test_dns_name(void **state)
{
	struct facts facts = usual;

	(void)state;
	facts.dns_prefix = true;
	assert_part("[Interface]\nDNS = 1.1.1.1\nDNS = 9.9.9.9\n", &facts,
		    "resolvconf -a tun.mt0 -m 0 -x <<'END'\n"
		    "nameserver 1.1.1.1\nnameserver 9.9.9.9\nEND\n", true);
	assert_part("[Interface]\nDNS = a.example, b.example\n", &usual,
		    "resolvconf -a mt0 -m 0 -x <<'END'\nsearch a.example b.example\nEND\n", true);
}

/* Each step takes back exactly what it has done; what goes with the device is not named. */
static void test_undo(void **state)
{
	struct tunnel *tun = parse(CLIENT4 "DNS = 1.1.1.1\n#! Gateway = yes\nPostUp = b\n" FULL4);
	static const struct {
		const char *name;
		enum tool tool;
		const char *undo;
	} wanted[] = {
		{ "create the device", TOOL_IP, "link delete dev mt0\n" },
		{ "configure the device", TOOL_NONE, NULL },
		{ "firewall", TOOL_NFT, "delete table inet vpnctl-mt0\n" },
		{ "addresses", TOOL_NONE, NULL },
		{ "sysctl", TOOL_SYSCTL, "net.ipv4.conf.all.src_valid_mark=0" },
		{ "sysctl", TOOL_SYSCTL, "net.ipv4.conf.all.accept_redirects=0" },
		{ "sysctl", TOOL_SYSCTL, "net.ipv4.ip_forward=0" },
		{ "name servers", TOOL_DNS_DELETE, "" },
		{ "routes", TOOL_NONE, NULL },
		{ "rule for the main table", TOOL_IP4,
		  "rule delete priority 32764 table main suppress_prefixlength 0\n" },
		{ "rule for the tunnel", TOOL_IP4,
		  "rule delete priority 32765 not fwmark 51820 table 51820\n" },
		{ "PostUp", TOOL_NONE, NULL },
	};
	struct plan plan;
	size_t i;

	(void)state;
	plan_init(&plan, "mt0", false);
	assert_int_equal(plan_up(&plan, tun, &usual), 0);
	assert_int_equal(plan.n, sizeof(wanted) / sizeof(wanted[0]));
	for (i = 0; i < plan.n; i++) {
		assert_string_equal(plan.steps[i].name, wanted[i].name);
		assert_int_equal(plan.steps[i].undo.tool, wanted[i].tool);
		if (wanted[i].undo)
			assert_string_equal(plan.steps[i].undo.text, wanted[i].undo);
	}
	plan_free(&plan);
	tunnel_free(tun);
}

static void test_down(void **state)
{
	static const struct traces traces = {
		.link = true,
		.firewall = true,
		.rules4 = 32765,
		.rules6 = 100,
		.mark = 51820,
		.restore = {
			{ true, "net.ipv4.conf.all.accept_redirects", "0" },
			{ true, "net.ipv4.ip_forward", "0" },
		},
		.n_restore = 2,
	};
	struct tunnel *tun = parse("[Interface]\nDNS = 1.1.1.1\nSaveConfig = true\n"
				   "PreDown = a %i\nPostDown = b %i\nPreUp = c\n");
	struct plan plan;
	char *text;

	(void)state;
	plan_init(&plan, "mt0", false);
	assert_int_equal(plan_hooks(&plan, tun, HOOK_PRE_DOWN), 0);
	assert_int_equal(plan_down(&plan, tun, &traces, "./mt0.conf"), 0);
	text = print(&plan);
	assert_string_equal(text,
			    "# PreDown\na mt0\n"
			    "# save the configuration\nvpnctl showconf mt0 >./mt0.conf\n"
			    "# remove the device\nip -batch - <<'END'\n"
			    "link delete dev mt0\nEND\n"
			    "# name servers\nresolvconf -d mt0 -f\n"
			    "# rule for the tunnel\nip -4 -batch - <<'END'\n"
			    "rule delete priority 32765 not fwmark 51820 table 51820\nEND\n"
			    "# rule for the main table\nip -4 -batch - <<'END'\n"
			    "rule delete priority 32764 table main suppress_prefixlength 0\nEND\n"
			    "# rule for the tunnel\nip -6 -batch - <<'END'\n"
			    "rule delete priority 100 not fwmark 51820 table 51820\nEND\n"
			    "# rule for the main table\nip -6 -batch - <<'END'\n"
			    "rule delete priority 99 table main suppress_prefixlength 0\nEND\n"
			    "# sysctl\necho 0 >/proc/sys/net/ipv4/ip_forward\n"
			    "# sysctl\necho 0 >/proc/sys/net/ipv4/conf/all/accept_redirects\n"
			    "# firewall\nnft -f - <<'END'\n"
			    "delete table inet vpnctl-mt0\nEND\n"
			    "# PostDown\nb mt0\n");
	free(text);
	assert_true(plan.steps[0].decisive);
	assert_true(plan.steps[1].decisive);
	assert_false(plan.steps[2].decisive);
	plan_free(&plan);
	tunnel_free(tun);
}

/* A device that someone else has removed: the rest goes all the same. */
static void test_down_without_device(void **state)
{
	static const struct traces traces = { .firewall = true };
	struct tunnel *tun = parse("[Interface]\nSaveConfig = true\n");
	struct plan plan;
	char *text;

	(void)state;
	plan_init(&plan, "mt0", false);
	assert_int_equal(plan_down(&plan, tun, &traces, "mt0.conf"), 0);
	text = print(&plan);
	assert_string_equal(text, "# firewall\nnft -f - <<'END'\n"
				  "delete table inet vpnctl-mt0\nEND\n");
	free(text);
	plan_free(&plan);
	tunnel_free(tun);
}

/* Nothing is there that could be seen, so that only name servers can be left. */
static void test_forget_dns(void **state)
{
	struct tunnel *tun = parse("[Interface]\nDNS = 1.1.1.1\nPreDown = a\nPostDown = b\n");
	struct tunnel *none = parse("[Interface]\nPostDown = b\n");
	struct plan plan;
	char *text;

	(void)state;
	plan_init(&plan, "mt0", true);
	assert_int_equal(plan_forget_dns(&plan, none), 0);
	assert_int_equal(plan.n, 0);
	assert_int_equal(plan_forget_dns(&plan, tun), 0);
	text = print(&plan);
	assert_string_equal(text, "# name servers\nresolvconf -d tun.mt0 -f\n");
	free(text);
	plan_free(&plan);
	tunnel_free(tun);
	tunnel_free(none);
}

static void test_firewall_name(void **state)
{
	char name[3 * IFNAMSIZ];

	(void)state;
	firewall_name(name, "a=b+c_d.e-f");
	assert_string_equal(name, "vpnctl-a/eb/pc_d.e-f");
	firewall_name(name, "===============");
	assert_string_equal(name, "vpnctl-/e/e/e/e/e/e/e/e/e/e/e/e/e/e/e");
}

#define GREP "timeout 30 sh -c 'while vpnctl show mt0 latest-handshakes | grep -q"
#define POLL "; do sleep 0.1; done'\n"

/* Peers whose endpoint is known are waited for, before any command of the user. */
static void test_wait(void **state)
{
	(void)state;
	assert_part(CLIENT4 "#! Timeout = 30\nPostUp = echo up\n" FULL4, &usual,
		    "# wait for handshakes\n"
		    "vpnctl set mt0 peer " KEY_A " persistent-keepalive 5\n"
		    GREP " -e \"^" KEY_A "\t0$\"" POLL
		    "vpnctl set mt0 peer " KEY_A " persistent-keepalive off\n"
		    "# PostUp\necho up\n", true);
	assert_part(CLIENT4 "#! Timeout = 30\n" FULL4 "PersistentKeepalive = 25\n"
		    "[Peer]\nPublicKey = " KEY_B "\n"
		    "[Peer]\nPublicKey = " KEY_C "\nEndpoint = h.example:1\n"
		    "PersistentKeepalive = 1\n", &usual,
		    "# wait for handshakes\n"
		    GREP " -e \"^" KEY_A "\t0$\" -e \"^" KEY_C "\t0$\"" POLL, true);
	assert_part(CLIENT4 "#! Timeout = 0\n" FULL4, &usual, "wait", false);
	assert_part(CLIENT4 "#! Timeout = 30\n" PEER_A, &usual, "wait", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_full_tunnel),
		cmocka_unit_test(test_full_tunnel6),
		cmocka_unit_test(test_both_families),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_mtu),
		cmocka_unit_test(test_kill_switch),
		cmocka_unit_test(test_gateway),
		cmocka_unit_test(test_hooks),
		cmocka_unit_test(test_dns_name),
		cmocka_unit_test(test_undo),
		cmocka_unit_test(test_down),
		cmocka_unit_test(test_down_without_device),
		cmocka_unit_test(test_forget_dns),
		cmocka_unit_test(test_firewall_name),
		cmocka_unit_test(test_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
