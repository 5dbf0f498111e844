#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B52: packets of every shape, each compared to the last bit where it comes out, while packet
# sockets on all devices see it; ECN as in RFC 6040; every MTU.
#
#   +-------- a --------+          +-------- b --------+
#   | out 10.0.0.1      |==========| out 10.0.0.2      |
#   |     fd00::1       |          |     fd00::2       |
#   | mt0 10.9.0.1      |..........| mt0 10.9.0.2      |
#   |     fd09::1       |          |     fd09::2       |
#   +-------------------+          +-------------------+
#
# The packets go to addresses behind b, who does not forward: nobody answers.
#
#   MTUS		MTUs to try (68 ... 65455)

. "${0%/*}/lib.sh"

SHAPES=${0%/*}/shapes
MTUS=${MTUS:-68 69 95 96 97 576 1279 1280 1281 1420 1500 9000 65454 65455}
MAX_MTU=65455
WIRE_MTU=65535

plan 25
[[ -x $SHAPES ]] || skip_all "the program shapes is not built"

setup()
{
	modprobe skb_shapes 2>/dev/null || true
	ns_add a b
	keys a b
	veth a out 10.0.0.1/24 fd00::1/64 b out 10.0.0.2/24 fd00::2/64
	# Messages come one by one, with whole checksums
	on a ethtool -K out tx off gso off >/dev/null || true
	device a mt0 a 1 10.9.0.1/24 fd09::1/64
	device b mt0 b 2 10.9.0.2/24 fd09::2/64
	# What arrives is looked at one by one, too
	on b ethtool -K mt0 gro off >/dev/null || true
	peer a mt0 b allowed-ips 10.9.0.2/32,fd09::2/128,10.9.7.0/24,fd09:7::/64
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128
	outer 10.0.0.2
}

# outer ADDRESS: of b, from now on
outer()
{
	peer a mt0 b endpoint "$1:2"
	ping_one a 10.9.0.2
}

# drops NS: each reason, and how often
drops()
{
	vpn "$1" show mt0 drops
}

# drops_note: drops_since() counts from here on
drops_note()
{
	{ drops a; drops b; } >"$TMP/before"
}

# drops_since: of both ends: REASON COUNT. That the kernel asks for routers, and tells which
# groups it is in, is nobody's packet.
drops_since()
{
	{ drops a; drops b; } | paste "$TMP/before" - |
		awk '$1 != "tx-no-peer" && $2 != $4 { print $1, $4 - $2 }'
}

# shapes GROUP [ARGUMENT]: all that is sent arrives, and nothing is dropped
shapes()
{
	drops_note
	run_shapes out "$@"
	same "" "$(drops_since)"
}

# run_shapes WIRE GROUP [ARGUMENT]
run_shapes()
{
	local rc=0 out

	out=$("$SHAPES" "$2" "/run/netns/a-$RUN_ID" "/run/netns/b-$RUN_ID" mt0 "$1" "${@:3}") || rc=$?
	((rc != KSFT_SKIP)) || skip "no module skb_shapes"
	echo "$out"
	((rc == 0))
	[[ $out =~ cases\ ([1-9][0-9]*) ]]
	echo "${BASH_REMATCH[1]}" >>"$TMP/cases"
}

# cases: how many there have been since the last time, for people
cases()
{
	echo "# $(awk '{ sum += $1 } END { print sum + 0 }' "$TMP/cases" 2>/dev/null) cases"
	rm -f "$TMP/cases"
}

# A layer-3 device has no place for a tag: what has one is dropped, and counted, and Linux refuses
# to make vlan devices on it.
vlan()
{
	drops_note
	run_shapes - vlan 6
	same "tx-not-ip 6" "$(drops_since)"
	fails ipn a link add link mt0 name mt0.5 type vlan id 5
}

# What another device's larger MTU lets pass, by way of tc, has no place in an outer packet
too_long()
{
	local before

	before=$(tx_dropped)
	drops_note
	run_shapes out too-long 4
	same "tx-too-big 8" "$(drops_since)"
	# And what the kernel itself sends to no peer, if anything
	(($(tx_dropped) - before >= 8))
}

# tx_dropped: of the interface's own counters
tx_dropped()
{
	ipn a -s link show mt0 | awk '/TX:/ { getline; print $4 }'
}

# A checksum that would be taken of the link-layer header in front of a packet
csum_before()
{
	drops_note
	run_shapes - csum-before 2
	same "tx-not-ip 100" "$(drops_since)"
}

# What a rule forwards from another device has its link-layer header in front
forwarded()
{
	have nft || skip "missing: nft"
	ns_add c
	defer ns_del c
	veth c out 10.0.3.1/24 - a in - -
	ipn c neighbour add 10.0.3.2 lladdr 02:00:00:00:00:01 dev out
	ipn c route add 10.9.0.2/32 via 10.0.3.2
	on a nft -f - <<-RULES || skip "no nft fwd"
		table netdev forward {
			chain in {
				type filter hook ingress device in priority 0
				ip daddr 10.9.0.2 fwd to mt0
			}
		}
	RULES
	defer on a nft delete table netdev forward
	drops_note
	ping_fails c 10.9.0.2
	same "tx-not-ip 1" "$(drops_since)"
}

tiny_segments()
{
	drops_note
	run_shapes - tiny-segments 1
	same "tx-queue-full 1" "$(drops_since)"
}

# mtu_set NS DEV MTU
mtu_set()
{
	ipn "$1" link set "$2" mtu "$3"
}

# mtus WIRE-MTU: each of MTUS. Beyond what the wire takes, messages go in fragments, which are
# not looked at.
mtus()
{
	local mtu wire

	defer mtu_set a mt0 1420
	defer mtu_set b mt0 1420
	for mtu in $MTUS; do
		wire=out
		((mtu + 80 <= $1)) || wire=-
		mtu_set a mt0 "$mtu"
		mtu_set b mt0 "$mtu"
		run_shapes "$wire" mtu "$mtu"
	done
}

wire_mtu()
{
	mtu_set a out "$1"
	mtu_set b out "$1"
}

fragmented()
{
	drops_note
	wire_mtu 1500
	MTUS="1480 9000 $MAX_MTU" mtus 1500
	wire_mtu "$WIRE_MTU"
	same "" "$(drops_since)"
}

all_mtus()
{
	drops_note
	mtus "$WIRE_MTU"
	fails ipn a link set mt0 mtu $((MAX_MTU + 1))
	same "" "$(drops_since)"
}

# set_ecn FAMILY VALUE: in the terms of nft. With IPv6, two bytes at once: 7.2 does not write one
# alone there.
set_ecn()
{
	local marks=(not-ect ect1 ect0 ce)

	if [[ $1 == ip ]]; then
		echo "ip ecn set ${marks[$2]}"
	else
		echo "@nh,0,16 set $((0x6000 | $2 << 4))"
	fi
}

# ecn FAMILY: the wire gives each of the four values to the outer header
ecn()
{
	local outer

	have nft || skip "missing: nft"
	defer on b nft flush ruleset
	drops_note
	for outer in 0 1 2 3; do
		on b nft -f - <<-RULES
			flush ruleset
			table $1 marks {
				chain in {
					type filter hook prerouting priority raw
					udp dport 2 $(set_ecn "$1" "$outer")
				}
			}
		RULES
		run_shapes out ecn "$outer"
	done
	# Not-ECT with CE outside, of both families
	same "rx-ecn 2" "$(drops_since)"
}

# both OUTER: what has to do with the outer header
both()
{
	check "B52 what comes in, of every shape and every checksum, $1" shapes incoming
	check "B52 heads of every kind, $1" shapes heads
	check "B52 MTU 68 to $MAX_MTU, $1" all_mtus
	check "B52 MTU beyond the wire's, $1" fragmented
}

setup
wire_mtu "$WIRE_MTU"
both "outer v4"
check "B52 ECN of both headers, outer v4" ecn ip
outer "[fd00::2]"
both "outer v6"
check "B52 ECN of both headers, outer v6" ecn ip6
check "B52 pages, 17 fragments" shapes pages
check "B52 lists of fragments" shapes lists
check "B52 clones stay as they are" shapes clones
check "B52 shared packets stay as they are" shapes shared
check "B52 every checksum state" shapes summed
check "B52 trains of TCP, v4 and v6" shapes tcp-trains
check "B52 trains of UDP, v4 and v6" shapes udp-trains
check "B52 tagged packets are dropped and counted" vlan
check "B52 packets too long for any message are dropped and counted" too_long
check "B52 a checksum that begins before the packet" csum_before
check "B52 a link-layer header in front of the packet" forwarded
check "B52 a train of more segments than any queue takes" tiny_segments
check "B52 a train of 500 segments" shapes many-segments
cases
finish
