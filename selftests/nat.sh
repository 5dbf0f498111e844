#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# E19, E24, E29, E30: keepalives hold a NAT open, and errors find their way back
# through one.
#
#   +------ a ------+      +-------- gate --------+      +------- b -------+
#   | in 10.1.0.1   |======| in  10.1.0.254       |      |                 |
#   |    fd01::1    |      |     fd01::254        |      |                 |
#   |               |      | out 10.0.0.254       |======| out 10.0.0.2    |
#   | mt0 10.9.0.1  |......|........ SNAT ........|......| mt0 10.9.0.2    |
#   |               |      | mt0 10.9.0.254       |......|     fd09::2     |
#   |               |      |     fd09::254        |      |                 |
#   +---------------+      +----------------------+      +-----------------+

. "${0%/*}/lib.sh"

plan 8
need nft

setup()
{
	ns_add a gate b
	keys a gate b
	veth a in 10.1.0.1/24 fd01::1/64 gate in 10.1.0.254/24 fd01::254/64
	veth gate out 10.0.0.254/24 - b out 10.0.0.2/24 -
	ipn a route add default via 10.1.0.254
	ipn a route add default via fd01::254
	sysctl_set gate net.ipv4.ip_forward 1
	sysctl_set gate net.ipv6.conf.all.forwarding 1
	on gate nft -f - <<-RULES
		table inet nat {
			chain post {
				type nat hook postrouting priority 100
				ip saddr 10.1.0.0/24 oifname out counter masquerade
				oifname mt0 counter masquerade
			}
		}
	RULES
	sysctl_set gate net.netfilter.nf_conntrack_udp_timeout 2
	sysctl_set gate net.netfilter.nf_conntrack_udp_timeout_stream 2
	device a mt0 a 1 10.9.0.1/24
	device gate mt0 gate 3 10.9.0.254/24 fd09::254/64
	device b mt0 b 2 10.9.0.2/24 fd09::2/64
	peer a mt0 b allowed-ips 10.9.0.2/32 endpoint 10.0.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32
}

# Without keepalives the NAT forgets a, and b cannot reach it any more; with them it can
nat_stays_open()
{
	ping_one a 10.9.0.2
	endpoint_is b mt0 a "10.0.0.254:*"
	ping_one b 10.9.0.1
	sleep 3
	ping_fails b 10.9.0.1
	peer a mt0 b persistent-keepalive 1
	wait_for 5 ping_one b 10.9.0.1
	sleep 3
	ping_one b 10.9.0.1
	peer a mt0 b persistent-keepalive off
}

# error_comes_back ADDRESS WORDS: a's packets enter gate's tunnel with gate's address; when the
# peer is gone, the error has to find a
error_comes_back()
{
	local out

	peer gate mt0 b allowed-ips 10.9.0.2/32,fd09::2/128 endpoint 10.0.0.2:2
	peer b mt0 gate allowed-ips 10.9.0.254/32,fd09::254/128
	ipn a link set mt0 down
	defer addresses a mt0
	ping_all a "$1" 3
	peer gate mt0 b remove
	out=$(on a ping -c 1 -W 2 "$1") && return 1
	echo "$out"
	[[ $out == *"$2"* && $out == *"+1 errors"* ]]
}

no_bytes()
{
	same "0 0" "$(field a mt0 transfer b)"
}

has_bytes()
{
	(($(received a mt0 b) > 0 && $(sent a mt0 b) > 0))
}

# a_again: a's device anew, with nothing counted, and not up
a_again()
{
	ipn a link delete mt0
	ipn a link add mt0 type "$KIND"
}

keepalive_on_link_up()
{
	a_again
	vpn a set mt0 private-key <(echo "${PRIV[a]}") peer "${PUB[b]}" \
		allowed-ips 10.9.0.2/32 endpoint 10.0.0.2:2 persistent-keepalive 1
	no_bytes
	addresses a mt0 10.9.0.1/24
	wait_for 5 has_bytes
}

keepalive_when_key_is_set()
{
	a_again
	vpn a set mt0 peer "${PUB[b]}" \
		allowed-ips 10.9.0.2/32 endpoint 10.0.0.2:2 persistent-keepalive 1
	addresses a mt0 10.9.0.1/24
	sleep 1.5
	no_bytes
	vpn a set mt0 private-key <(echo "${PRIV[a]}")
	wait_for 8 has_bytes
}

# Switched on for a session that exists, one leaves at once
keepalive_when_switched_on()
{
	local before

	peer a mt0 b persistent-keepalive off
	ping_one a 10.9.0.2
	before=$(sent a mt0 b)
	peer a mt0 b persistent-keepalive 60
	# Before any other is due
	sleep 2
	more_sent_than "$before"
}

more_sent_than()
{
	(($(sent a mt0 b) > $1))
}

setup
check "E19 persistent keepalive holds a NAT of 2 s open" nat_stays_open
check "E24 host unreachable comes back through a NAT, v4" \
	error_comes_back 10.9.0.2 "Destination Host Unreachable"
check "E24 address unreachable comes back through a NAT, v6" \
	error_comes_back fd09::2 "Destination unreachable: Address unreachable"
check "E29 persistent keepalive begins when the link is up" keepalive_on_link_up
check "E29 persistent keepalive begins when it is switched on" keepalive_when_switched_on
check "E30 persistent keepalive begins when the key is set later" keepalive_when_key_is_set
finish
