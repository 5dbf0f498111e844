#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Path-MTU probes (B52): the largest inner packet that gets through is found exactly, nothing
# is torn on the way or learnt by the host, and who has not asked for probes gets none.
#
#   +------- a -------+           +--- r ---+           +------- b -------+
#   | out 10.0.1.2    |===========| ra   rb |===========| out 10.0.2.2    |
#   |     fd00:1::2   |   2000    |         |   varies  |     fd00:2::2   |
#   | mt0 10.9.0.1    |           +---------+           | mt0 10.9.0.2    |
#   +-----------------+                                 +-----------------+
#
# What comes is counted by nftables.

. "${0%/*}/lib.sh"

[[ $KIND == mytun ]] || skip_all "probes are mytun's"
plan 17
need nft

NEAR_MTU=2000

setup()
{
	ns_add a b r
	keys a b
	sysctl_set r net.ipv4.ip_forward 1
	sysctl_set r net.ipv6.conf.all.forwarding 1
	veth a out 10.0.1.2/24 fd00:1::2/64 r ra 10.0.1.1/24 fd00:1::1/64
	veth b out 10.0.2.2/24 fd00:2::2/64 r rb 10.0.2.1/24 fd00:2::1/64
	ipn a link set out mtu "$NEAR_MTU"
	ipn r link set ra mtu "$NEAR_MTU"
	ipn a route add default via 10.0.1.1
	ipn a route add default via fd00:1::1
	ipn b route add default via 10.0.2.1
	ipn b route add default via fd00:2::1
	device a mt0 a 1 10.9.0.1/24
	device b mt0 b 2 10.9.0.2/24
	again 10.0.2.2 auto auto
	watch a
	watch b
}

# again ADDRESS CIPHER CIPHER: no session; b is there, with these wishes of a and b
again()
{
	part a b mt0
	peer a mt0 b allowed-ips 10.9.0.2/32 endpoint "$1:2" cipher "$2"
	peer b mt0 a allowed-ips 10.9.0.1/32 cipher "$3"
}

# watch NS: count from here on
watch()
{
	on "$1" nft -f - <<-RULES
		table inet sniffer
		delete table inet sniffer
		table inet sniffer {
			chain in {
				type filter hook prerouting priority -450
				ip frag-off & 0x3fff != 0 counter comment "torn"
				exthdr frag exists counter comment "torn6"
				icmp type destination-unreachable icmp code frag-needed counter comment "told"
				icmpv6 type packet-too-big counter comment "told6"
				udp length > 56 udp dport 1-2 @th,64,8 4 counter comment "long"
				udp dport 1-2 counter comment "all"
			}
		}
	RULES
}

# came NS COUNTER: packets
came()
{
	on "$1" nft list table inet sniffer |
		sed -n "s/.*counter packets \([0-9]*\) .*comment \"$2\"/\1/p"
}

# path MTU: what the way takes from here on
path()
{
	ipn r link set rb mtu "$1"
	ipn b link set out mtu "$1"
}

forget()
{
	ipn a -4 route flush cache
	ipn a -6 route flush cache
}

probe()
{
	vpn a mtu mt0 peer "${PUB[b]}"
}

# knows_mtu TO: has a learnt of an MTU of its own for the way?
knows_mtu()
{
	[[ $(ipn a route get "$1") == *" mtu "* ]]
}

# inner LENGTH: a ping of that length in all
inner()
{
	ping_one a 10.9.0.2 -s $(($1 - 28)) -M dont
}

# found TO MTU WANTED: it is found, and nobody learns anything by that; what is as long goes
# in one piece, and a byte more does not
found()
{
	local torn=torn told=told

	[[ $1 != *:* ]] || { torn=torn6 told=told6; }
	path "$2"
	forget
	watch a
	watch b
	same "$3" "$(probe)"
	(($(came a "$told") > 0))
	ipn a route get "$1"
	fails knows_mtu "$1"
	same "0 0" "$(came b torn) $(came b torn6)"
	same 0 "$(came a torn)"
	ipn a link set mt0 mtu "$3"
	defer ipn a link set mt0 mtu 1420
	inner "$3"
	inner "$(($3 - 1))"
	same "0 0" "$(came b torn) $(came b torn6)"
	ipn a link set mt0 mtu "$(($3 + 1))"
	wait_for 10 inner "$(($3 + 1))"
	(($(came b "$torn") > 0))
	forget
}

# The answers are short, whatever they answer
short_answers()
{
	path 1500
	ping_one a 10.9.0.2
	watch a
	watch b
	same 1440 "$(probe)"
	same 0 "$(came a long)"
	(($(came b long) >= 4 && $(came a all) >= 4))
}

# What a's own link does not take is not sent at all
own_link()
{
	local before

	before=$(too_big)
	path 1600
	ipn a link set out mtu 1500
	defer ipn a link set out mtu "$NEAR_MTU"
	watch a
	same 1440 "$(probe)"
	same "0 0" "$(came a told) $(came a told6)"
	(($(too_big) > before))
}

# Where IPv4 would not set DF, since the route's MTU is locked
locked()
{
	local before

	before=$(too_big)
	path 1500
	ipn a route add 10.0.2.2 via 10.0.1.1 mtu lock 1400
	defer ipn a route del 10.0.2.2
	watch b
	fails probe
	same 0 "$(came b long)"
	(($(too_big) >= before + 4))
}

is_down()
{
	ipn a link set mt0 down
	defer ipn a link set mt0 up
	refused "Network is down: the device is down"
}

too_big()
{
	vpn a show mt0 drops | awk '$1 == "tx-too-big" { print $2 }'
}

# It narrows, and is wide again
other_path()
{
	path 1500
	same 1440 "$(probe)"
	path 1480
	same 1420 "$(probe)"
	path 1500
	same 1440 "$(probe)"
}

# It narrows while it is looked at
narrows()
{
	local pid

	path 1472
	watch b
	probe >"$TMP/mtu" &
	pid=$!
	wait_for 5 passed 2
	path 1339
	wait "$pid"
	same 1279 "$(<"$TMP/mtu")"
}

# passed N: b has had so many probes
passed()
{
	(($(came b long) >= $1))
}

# vanish N: when so many probes have come
vanish()
{
	local pid

	path 1454
	again 10.0.2.2 auto auto
	ping_one a 10.9.0.2
	# Who comes back knows nothing of the session
	defer again 10.0.2.2 auto auto
	defer ipn b link set mt0 up
	watch b
	probe >"$TMP/mtu" 2>&1 &
	pid=$!
	wait_for 5 passed "$1"
	ipn b link set mt0 down
	fails wait "$pid"
	cat "$TMP/mtu"
	[[ $(<"$TMP/mtu") == *"The peer does not answer"* ]]
}

# refused TEXT: in these words, and nothing longer than a keepalive or capabilities has come
refused()
{
	watch b
	fails probe >"$TMP/out" 2>&1
	cat "$TMP/out"
	[[ $(<"$TMP/out") == *"$1"* ]]
	same 0 "$(came b long)"
}

# Whoever has not asked for it
not_wanted()
{
	path 1500
	again 10.0.2.2 auto chacha20-poly1305
	ping_one a 10.9.0.2
	refused "the peer has not said that it answers path-MTU probes"
	again 10.0.2.2 chacha20-poly1305 auto
	ping_one a 10.9.0.2
	refused "nothing beyond WireGuard is switched on for the peer"
	again 10.0.2.2 auto auto
	same 1440 "$(probe)"
	defer again 10.0.2.2 auto auto
	peer b mt0 a cipher chacha20-poly1305
	wait_for 10 taken_back
}

# b has said that it answers no longer
taken_back()
{
	fails probe >"$TMP/out" 2>&1
	[[ $(<"$TMP/out") == *"the peer has not said that it answers path-MTU probes"* ]]
}

# A stock peer hears of it by no packet that it would not have had without
stock()
{
	have wg || skip "no wg"
	modprobe wireguard || skip "no module wireguard"
	ipn b link set mt0 down
	defer ipn b link set mt0 up
	ipn b link add wg0 type wireguard
	defer ipn b link del wg0
	on b wg set wg0 private-key <(echo "${PRIV[b]}") listen-port 2 peer "${PUB[a]}" allowed-ips 10.9.0.1/32
	ipn b link set wg0 up
	again 10.0.2.2 auto auto
	defer again 10.0.2.2 auto auto
	refused "the peer has not said that it answers path-MTU probes"
	(($(came b all) > 0))
}

begins()
{
	path 1500
	again 10.0.2.2 auto auto
	same 0 "$(sent a mt0 b)"
	same 1440 "$(probe)"
}

# a_knows STAMP: has a heard from b in a session that is not of that second?
a_knows()
{
	fails same "$1" "$(field a mt0 latest-handshakes b)"
}

key_back()
{
	vpn b set mt0 private-key <(echo "${PRIV[b]}")
}

# While b has no private key it sends nothing in the session that it still receives in. Were
# answers left waiting for the next one, they would not be sent in it, but b's keepalive would
# not be either: a would not hear that the session stands.
keyless()
{
	local before

	path 1500
	again 10.0.2.2 auto auto
	defer again 10.0.2.2 auto auto
	ping_one a 10.9.0.2
	peer b mt0 a persistent-keepalive 60
	same 1440 "$(probe)"
	before=$(field a mt0 latest-handshakes b)
	vpn b set mt0 private-key /dev/null
	defer key_back
	watch b
	fails probe
	(($(came b long) > 0))
	# Nor is anything else to be said in the new session
	peer b mt0 a cipher chacha20-poly1305
	key_back
	wait_for 3 a_knows "$before"
}

as_json()
{
	path 1500
	same "{\"ifname\":\"mt0\",\"peer\":\"${PUB[b]}\",\"mtu\":1440}" \
		"$(vpn a -j mtu mt0 peer "${PUB[b]}")"
}

# Of PPPoE on optical fibre; and where 1450 or 1412 are what passes
all_v4()
{
	found 10.0.2.2 1454 1394
	found 10.0.2.2 1510 1450
	found 10.0.2.2 1472 1412
}

all_v6()
{
	again "[fd00:2::2]" auto auto
	defer again 10.0.2.2 auto auto
	found fd00:2::2 1500 1420
}

setup
check "B52 what passes is found exactly, outer v4" all_v4
check "B52 what passes is found exactly, outer v6" all_v6
check "an answer is no longer than a probe" short_answers
check "what the own link does not take is not sent" own_link
check "nothing is sent without DF" locked
check "another path is looked at anew" other_path
check "the path narrows while it is looked at" narrows
check "a peer that has vanished" vanish 0
check "a peer that vanishes" vanish 2
check "no probe to who has not asked for it" not_wanted
check "no probe to a stock peer" stock
check "no answer waits for the next session while there is no private key" keyless
check "as JSON" as_json
check "a device that is down" is_down
check "without a session one is begun" begins
finish
