#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B52: who sends what is too long for the tunnel, or for what lies behind it, is told so; and
# a tunnel whose own way narrows goes on.
#
#   +--- c ---+       +------ a ------+       +-- r --+       +------ b ------+       +--- d ---+
#   | in      |=======| in   out      |=======| ra rb |=======| out      in   |=======| in      |
#   | 10.1.0.2|       |      10.0.1.2 |       |       |       | 10.0.2.2      |       | 10.2.0.2|
#   | fd01::2 |       |  mt0          |       +-------+       |         mt0   |       | fd02::2 |
#   +---------+       +---------------+                       +---------------+       +---------+
#
# The tunnel has an MTU of 1420, the link of b and d 1300.

. "${0%/*}/lib.sh"

plan 8

INNER_MTU=1420
FAR_MTU=1300

forward()
{
	local ns

	for ns; do
		sysctl_set "$ns" net.ipv4.ip_forward 1
		sysctl_set "$ns" net.ipv6.conf.all.forwarding 1
	done
}

# default_via NS GATEWAY...
default_via()
{
	local gateway

	for gateway in "${@:2}"; do
		ipn "$1" route add default via "$gateway"
	done
}

setup()
{
	ns_add a b c d r
	keys a b
	forward a b r
	veth c in 10.1.0.2/24 fd01::2/64 a in 10.1.0.1/24 fd01::1/64
	veth a out 10.0.1.2/24 fd00:1::2/64 r ra 10.0.1.1/24 fd00:1::1/64
	veth b out 10.0.2.2/24 fd00:2::2/64 r rb 10.0.2.1/24 fd00:2::1/64
	veth d in 10.2.0.2/24 fd02::2/64 b in 10.2.0.1/24 fd02::1/64
	ipn b link set in mtu "$FAR_MTU"
	default_via c 10.1.0.1 fd01::1
	default_via d 10.2.0.1 fd02::1
	default_via a 10.0.1.1 fd00:1::1
	default_via b 10.0.2.1 fd00:2::1
	device a mt0 a 1 10.9.0.1/24 fd09::1/64
	device b mt0 b 2 10.9.0.2/24 fd09::2/64
	peer a mt0 b allowed-ips 10.9.0.2/32,fd09::2/128,10.2.0.0/24,fd02::/64
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128,10.1.0.0/24,fd01::/64
	ipn a route add 10.2.0.0/24 dev mt0
	ipn a route add fd02::/64 dev mt0
	ipn b route add 10.1.0.0/24 dev mt0
	ipn b route add fd01::/64 dev mt0
}

# outer ADDRESS: b is there from now on, and nothing is known of the way
outer()
{
	forget
	peer a mt0 b endpoint "$1:2"
	ping_one c 10.2.0.2
	ping_one c fd02::2
}

forget()
{
	local ns

	for ns in a b c d r; do
		ipn "$ns" -4 route flush cache
		ipn "$ns" -6 route flush cache
	done
}

# knows_mtu NS TO MTU: has it learnt that no more goes there?
knows_mtu()
{
	[[ $(ipn "$1" route get "$2") == *" mtu $3"* ]]
}

# sized LENGTH TO: a ping of that length in all, which must not be torn
sized()
{
	local headers=28

	[[ $2 != *:* ]] || headers=48
	on c ping -q -c 1 -W $((2 * SLOW)) -M "do" -s $(($1 - headers)) "$2"
}

# told TO: a packet as long as c's link takes is too long for the tunnel: a tells c. What just
# fits the tunnel is too long for the link behind it: b tells c, through the tunnel. What fits
# that, too, arrives.
told()
{
	fails sized 1500 "$1"
	knows_mtu c "$1" "$INNER_MTU"
	fails sized "$INNER_MTU" "$1"
	wait_for 5 knows_mtu c "$1" "$FAR_MTU"
	fails sized $((FAR_MTU + 1)) "$1"
	sized "$FAR_MTU" "$1"
}

# narrows TO: the way of the outer packets takes less than it did. They go in fragments; over
# IPv6 it is a who has to make them, when it has been told so.
narrows()
{
	local to

	ipn r link set rb mtu 1300
	defer ipn r link set rb mtu 1500
	ipn b link set out mtu 1300
	defer ipn b link set out mtu 1500
	forget
	for to in 10.9.0.2 fd09::2; do
		wait_for 10 on a ping -q -c 1 -W 1 -s 1350 "$to"
		on a ping -q -c 5 -i 0.2 -W $((2 * SLOW)) -s 1350 "$to" >"$TMP/ping"
		[[ $(<"$TMP/ping") == *"5 received"* ]]
	done
}

# Who sends on the machine itself is told by the socket, as long as it asks for it
local_sender()
{
	local out to

	for to in 10.9.0.2 fd09::2; do
		out=$(on a ping -c 1 -W 1 -M "do" -s 1400 "$to" 2>&1) && return 1
		[[ $out == *"mtu=$INNER_MTU"* || $out == *"mtu: $INNER_MTU"* ||
			$out == *"essage too long"* ]] || { echo "$out"; return 1; }
	done
}

setup
outer 10.0.2.2
check "B52 PTB reaches the inner sender, v4" told 10.2.0.2
check "B52 PTB reaches the inner sender, v6" told fd02::2
check "B52 a sender on the same machine is told" local_sender
check "B52 the outer way narrows, outer v4" narrows
outer "[fd00:2::2]"
check "B52 PTB reaches the inner sender over IPv6" told 10.2.0.2
check "B52 the outer way narrows, outer v6" narrows
finish
