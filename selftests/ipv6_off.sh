#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B45: a kernel whose IPv6 is switched off (ipv6.disable=1): the tunnel works over IPv4, may
# even carry IPv6, and a peer that is said to be at an IPv6 address is not reached, which is
# counted.
#
#   +-------- a --------+          +-------- b --------+
#   | out 10.0.0.1      |==========| out 10.0.0.2      |
#   | mt0 10.9.0.1      |..........| mt0 10.9.0.2      |
#   +-------------------+          +-------------------+

. "${0%/*}/lib.sh"

SHAPES=${0%/*}/shapes

[[ ! -e /proc/net/if_inet6 ]] || skip_all "IPv6 is there: boot with ipv6.disable=1"
plan 9

setup()
{
	ns_add a b
	keys a b
	veth a out 10.0.0.1/24 - b out 10.0.0.2/24 -
	device a mt0 a 1 10.9.0.1/24
	device b mt0 b 2 10.9.0.2/24
	peer a mt0 b allowed-ips 10.9.0.2/32,10.9.7.0/24,fd09::2/128,fd09:7::/64 \
		endpoint 10.0.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128
}

pings()
{
	ping_all a 10.9.0.2 5
	ping_all b 10.9.0.1 5 -s 1392
}

# carries: packets of both families; nobody looks at those of IPv6 but a packet socket
carries()
{
	[[ -x $SHAPES ]] || skip "the program shapes is not built"
	on b ethtool -K mt0 gro off >/dev/null || true
	"$SHAPES" mtu "/run/netns/a-$RUN_ID" "/run/netns/b-$RUN_ID" mt0 - 1420
}

# drops REASON: how often, at a
drops()
{
	vpn a show mt0 drops | sed -n "s/^$1[[:space:]]*//p"
}

# An IPv6 packet that is nobody's is dropped; who would be told that has no IPv6
nobody()
{
	local before

	[[ -x $SHAPES ]] || skip "the program shapes is not built"
	before=$(drops tx-no-peer)
	peer a mt0 b allowed-ips 10.9.0.2/32,10.9.7.0/24
	defer peer a mt0 b allowed-ips 10.9.0.2/32,10.9.7.0/24,fd09::2/128,fd09:7::/64
	fails "$SHAPES" ecn "/run/netns/a-$RUN_ID" "/run/netns/b-$RUN_ID" mt0 - 0
	(($(drops tx-no-peer) >= before + 4))
}

socket_drops()
{
	(($(drops tx-socket) > $1))
}

# Neither a packet nor a handshake goes there; with an IPv4 address all is well again
endpoint6()
{
	local before

	before=$(drops tx-socket)
	# Or what b still has to say would bring its endpoint back
	ipn b link set mt0 down
	defer ipn b link set mt0 up
	peer a mt0 b endpoint "[fd00::2]:2"
	defer peer a mt0 b endpoint 10.0.0.2:2
	endpoint_is a mt0 b "[[]fd00::2]:2"
	ping_fails a 10.9.0.2
	wait_for 10 socket_drops "$before"
	peer a mt0 b endpoint 10.0.0.2:2
	ipn b link set mt0 up
	# a goes on with keys that b forgot, until nothing has come back for 15 s
	wait_for 30 ping_one a 10.9.0.2
}

# The port is looked for in one family alone
ports()
{
	vpn a set mt0 listen-port 0
	[[ $(vpn a show mt0 listen-port) =~ ^[1-9][0-9]*$ ]]
	wait_for 10 ping_one a 10.9.0.2
	vpn a set mt0 listen-port 1
	wait_for 10 ping_one a 10.9.0.2
}

# In another namespace than the one where it was made
moved()
{
	ns_add m
	ipn a link set mt0 netns "m-$RUN_ID"
	addresses m mt0 10.9.0.1/24
	wait_for 10 ping_one m 10.9.0.2
	ipn m link set mt0 netns "a-$RUN_ID"
	addresses a mt0 10.9.0.1/24
	wait_for 10 ping_one a 10.9.0.2
}

setup
check "B45 without IPv6: a tunnel over IPv4" pings
check "B45 without IPv6: both families inside" carries
check "B45 without IPv6: an IPv6 packet that is nobody's" nobody
check "B45 without IPv6: a peer at an IPv6 address is not reached, and that is counted" endpoint6
check "B45 without IPv6: ports" ports
check "B45 without IPv6: a device moves" moved

unload()
{
	end_jobs
	ns_delete
	wait_for 10 modprobe -r "$KIND"
	module_load
}

check "B45 without IPv6: the module goes and comes" unload
finish
