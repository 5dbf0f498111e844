#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# E13 to E15 and E25 to E28: endpoints that move, and source addresses that stay
# with the one who was addressed, as long as they can.
#
#   +----------- a -----------+          +----------- b -----------+
#   | one  10.0.0.1 .. .4     |==========| one  10.0.0.100         |
#   |      fd00::1 .. ::4     |          |      fd00::100          |
#   | two  10.0.1.1, fd01::1  |==========| two  10.0.1.100         |
#   | own  10.5.0.1, fd05::1  |          |      fd01::100          |
#   |      (dummy)            |          | lo   10.7.0.100         |
#   |                         |          |      fd07::100          |
#   | mt0  10.9.0.1, fd09::1  |..........| mt0  10.9.0.2, fd09::2  |
#   +-------------------------+          +-------------------------+

. "${0%/*}/lib.sh"

plan 13

setup()
{
	local i

	ns_add a b
	keys a b c
	veth a one 10.0.0.1/24 fd00::1/64 b one 10.0.0.100/24 fd00::100/64
	# A removed IPv4 address must not take the others with it
	sysctl_set a net.ipv4.conf.all.promote_secondaries 1
	veth a two 10.0.1.1/24 fd01::1/64 b two 10.0.1.100/24 fd01::100/64
	for i in 2 3 4; do
		addresses a one "10.0.0.$i/24" "fd00::$i/64"
	done
	ipn a link add own type dummy
	addresses a own 10.5.0.1/24 fd05::1/64
	addresses b lo 10.7.0.100/32 fd07::100/128
	device a mt0 a 1 10.9.0.1/24 fd09::1/64
	device b mt0 b 2 10.9.0.2/24 fd09::2/64
	peer a mt0 b allowed-ips 10.9.0.2/32,fd09::2/128
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128
}

# sees_from PATTERN: after a packet from a, b knows a at this endpoint
sees_from()
{
	ping_one a 10.9.0.2
	endpoint_is b mt0 a "$1"
}

# roam_source TO SOURCE...: a sends from another address each time, and b follows
roam_source()
{
	local to=$1 source

	for source in "${@:2}"; do
		ipn a route replace "$to" dev one src "$source"
		peer a mt0 b endpoint "$(outside "$to"):2"
		sees_from "$(literal "$source"):1"
		ping_one b fd09::1
	done
	ipn a route delete "$to" dev one
}

# roam OUTSIDE SOURCE...: a's port changes, then the address that it sends from
roam()
{
	peer a mt0 b endpoint "$(outside "$1"):2"
	defer vpn a set mt0 listen-port 1
	sees_from "*:1"
	vpn a set mt0 listen-port 11
	sees_from "*:11"
	ping_one b fd09::1
	vpn a set mt0 listen-port 1
	sees_from "*:1"
	roam_source "$@"
}

# outside ADDRESS: as it stands before a port
outside()
{
	case $1 in
	*:*) echo "[$1]" ;;
	*) echo "$1" ;;
	esac
}

# literal ADDRESS: the same in a pattern, where a bracket would begin a set
literal()
{
	case $1 in
	*:*) echo "?$1?" ;;
	*) echo "$1" ;;
	esac
}

# source_falls_over ADDRESS LENGTH OTHERS: the address that a answers from is removed
source_falls_over()
{
	peer b mt0 a endpoint "$(outside "$1"):1"
	ping_one b 10.9.0.1
	endpoint_is b mt0 a "$(literal "$1"):1"
	ipn a address delete "$1/$2" dev one
	defer addresses a one "$1/$2"
	sees_from "$3"
	fails endpoint_is b mt0 a "$(literal "$1"):1"
	ping_one b 10.9.0.1
}

# answers_from ADDRESS...: a answers from the address that was addressed, each in turn
answers_from()
{
	local address

	for address; do
		peer b mt0 a endpoint "$(outside "$address"):1"
		ping_all b 10.9.0.1 2
		endpoint_is b mt0 a "$(literal "$address"):1"
		# and so does what a sends of itself
		sees_from "$(literal "$address"):1"
	done
}

# answers_from_dummy ADDRESS ROUTE: the address that b sends to is none of the cable's
answers_from_dummy()
{
	ipn b route add "$1" via "$2"
	defer ipn b route delete "$1"
	answers_from "$1"
}

# leaves_by DEV PATTERN: what a sends to b goes out by this device, and from there
leaves_by()
{
	local before after

	before=$(link_packets a "$1")
	sees_from "$2"
	after=$(link_packets a "$1")
	((after > before))
	ping_one b 10.9.0.1
}

# better_route TARGET VIA_ONE VIA_TWO FROM_ONE FROM_TWO: a's way to b changes devices.
# (Over IPv6 the old source may be kept, because it is still an address of a's.)
better_route()
{
	ipn a route add "$1" via "$2" dev one metric 200
	defer ipn a route delete "$1" metric 200
	peer a mt0 b endpoint "$(outside "$1"):2"
	leaves_by one "$4"
	ipn a route add "$1" via "$3" dev two metric 100
	leaves_by two "$5"
	# and back
	ipn a route delete "$1" metric 100
	leaves_by one "$4"
}

# a's inner address belongs to another peer now, whose prefix is longer: what a sends is
# dropped, but it is authentic, so that a's endpoint moves
source_of_another()
{
	peer b mt0 a endpoint 10.0.0.1:1 allowed-ips 10.9.0.0/24
	peer a mt0 b endpoint 10.0.0.100:2
	ping_one a 10.9.0.2
	peer b mt0 c allowed-ips 10.9.0.1/32
	defer peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128
	defer peer b mt0 c remove
	vpn a set mt0 listen-port 12
	defer vpn a set mt0 listen-port 1
	ping_fails a 10.9.0.2
	endpoint_is b mt0 a 10.0.0.1:12
	same 0 "$(sent b mt0 c)"
	# The peer's other addresses are its own still
	ipn a address add 10.9.0.7/32 dev mt0
	defer ipn a address delete 10.9.0.7/32 dev mt0
	ping_one a 10.9.0.2 -I 10.9.0.7
}

setup
check "E13 roaming v4: port and source address" \
	roam 10.0.0.100 10.0.0.1 10.0.0.2 10.0.0.3
check "E14 roaming v6: port and source address" \
	roam fd00::100 fd00::1 fd00::2 fd00::3
check "E15 a source of another peer is dropped, its sender's endpoint moves" source_of_another
check "E25 source address falls over, v4" source_falls_over 10.0.0.1 24 "10.0.0.[2-4]:1"
check "E25 source address falls over, v6" source_falls_over fd00::1 64 "?fd00::[2-4]?:1"
check "E26 the answer comes from the address that was addressed, v4" \
	answers_from 10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4
check "E26 the answer comes from the address that was addressed, v6" \
	answers_from fd00::1 fd00::2 fd00::3 fd00::4
check "E27 addressed at a dummy device, v4" answers_from_dummy 10.5.0.1 10.0.0.1
check "E27 addressed at a dummy device, v6" answers_from_dummy fd05::1 fd00::1
check "E28 a better route takes over, v4" \
	better_route 10.7.0.100 10.0.0.100 10.0.1.100 "10.0.0.*" "10.0.1.1:1"
check "E28 a better route takes over, v6" \
	better_route fd07::100 fd00::100 fd01::100 "?fd00::*" "?fd0[01]::*"
finish
