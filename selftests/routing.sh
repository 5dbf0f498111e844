#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# E20, E21, E23, E54: sockets bound to the device, marks that change the route, and the
# default route into the tunnel as wg-quick sets it.
#
#   +--------- a ---------+          +------------ b ------------+
#   | out 10.0.0.1        |==========| out 10.0.0.2, fd00::2     |
#   |     fd00::1         |          | lo  10.7.0.2, fd07::2     |  the endpoint
#   | mt0 10.9.0.1        |..........| mt0 10.9.0.2, fd09::2     |
#   |     fd09::1         |          |     10.4.0.2, fd04::2     |  "the Internet"
#   +---------------------+          +---------------------------+

. "${0%/*}/lib.sh"

plan 11
need nft

setup()
{
	ns_add a b
	keys a b
	veth a out 10.0.0.1/24 fd00::1/64 b out 10.0.0.2/24 fd00::2/64
	addresses b lo 10.7.0.2/32 fd07::2/128
	ipn a route add default via 10.0.0.2
	ipn a route add default via fd00::2
	device a mt0 a 1 10.9.0.1/24 fd09::1/64
	device b mt0 b 2 10.9.0.2/24 fd09::2/64 10.4.0.2/32 fd04::2/128
	peer a mt0 b allowed-ips 0.0.0.0/0,::/0 endpoint 10.7.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128
}

# The outer packet must not inherit what the inner one's socket is bound to
bound()
{
	ping_one a 10.9.0.2 -I mt0
	ping_one a fd09::2 -I mt0
	ping_one a 10.9.0.2 -I 10.9.0.1
	ping_one a fd09::2 -I fd09::1
}

bound_elsewhere()
{
	peer a mt0 b endpoint "[fd07::2]:2"
	ping_one a 10.9.0.2 -I mt0
	ping_one a fd09::2 -I mt0
	peer a mt0 b endpoint 10.7.0.2:2
	# A socket bound to the outer device reaches the outer network as ever
	ping_one a 10.7.0.2 -I out
}

# mark_reroutes FAMILY TARGET SOURCE: the mark that is put on a packet on its way out sends it
# into the tunnel, where the outer packet does not have it
mark_reroutes()
{
	local family=$1 target=$2 source=$3

	defer ipn a "-$family" route flush table 7
	ipn a "-$family" route add default dev mt0 table 7
	ipn a "-$family" rule add fwmark 1 table 7
	defer ipn a "-$family" rule delete fwmark 1
	# Without the mark it goes out, and nobody answers
	on b nft -f - <<-RULES
		table inet guard {
			chain in {
				type filter hook input priority 0
				iifname out ip daddr 10.4.0.2 counter drop
				iifname out ip6 daddr fd04::2 counter drop
			}
		}
	RULES
	defer on b nft delete table inet guard
	ping_fails a "$target" -I "$source"
	on a nft -f - <<-RULES
		table inet mangle {
			chain out {
				type route hook output priority mangle
				meta l4proto { icmp, ipv6-icmp } mark set 1
			}
		}
	RULES
	defer on a nft delete table inet mangle
	ping_all a "$target" 5 -I "$source"
}

# default_route FAMILY TARGET: all but what the tunnel itself sends goes into it
default_route()
{
	local family=$1 target=$2 before

	vpn a set mt0 fwmark 51820
	defer vpn a set mt0 fwmark off
	ipn a "-$family" route add default dev mt0 table 51820
	defer ipn a "-$family" route flush table 51820
	ipn a "-$family" rule add not fwmark 51820 table 51820
	defer ipn a "-$family" rule delete table 51820
	ipn a "-$family" rule add table main suppress_prefixlength 0
	defer ipn a "-$family" rule delete table main suppress_prefixlength 0
	before=$(received b mt0 a)
	on a ping -q -f -c 100 -w 20 "$target"
	# Not past the tunnel
	(($(received b mt0 a) >= before + 100 * 128))
}

# A firewall takes each third of the packets that have the device's mark: as many are lost as
# it counts, and without the mark none
marked_losses()
{
	local out

	ping_one a 10.9.0.2
	on a nft -f - <<-RULES
		table inet guard {
			chain out {
				type filter hook output priority 0
				meta mark 54 meta length > 150 numgen inc mod 3 == 0 counter drop
			}
		}
	RULES
	defer on a nft delete table inet guard
	vpn a set mt0 fwmark 54
	defer vpn a set mt0 fwmark off
	out=$(on a ping -q -c 30 -i 0.05 -W 1 -s 128 10.9.0.2)
	[[ $out == *"30 packets transmitted, 20 received"* ]] || { echo "$out"; return 1; }
	[[ $(on a nft list table inet guard) == *"counter packets 10 "* ]]
	vpn a set mt0 fwmark off
	ping_all a 10.9.0.2 5 -s 128
	[[ $(on a nft list table inet guard) == *"counter packets 10 "* ]]
}

setup
check "E20 a socket that is bound to the device" bound
check "E20 and one that is bound to another" bound_elsewhere
check "E21 a mark set on the way out changes the route, v4" mark_reroutes 4 10.4.0.2 10.9.0.1
check "E21 a mark set on the way out changes the route, v6" mark_reroutes 6 fd04::2 fd09::1
check "E23 default route by fwmark, v4, outer v4" default_route 4 10.4.0.2
check "E23 default route by fwmark, v6, outer v4" default_route 6 fd04::2
check "E54 what a firewall drops by mark is what is lost" marked_losses
peer a mt0 b endpoint "[fd07::2]:2"
check "E23 default route by fwmark, v4, outer v6" default_route 4 10.4.0.2
check "E23 default route by fwmark, v6, outer v6" default_route 6 fd04::2
finish
