#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# E58, P7: what leaves a device, written down for somebody else's judgement:
# scripts/judge-captures.sh has tshark look at it. Bulk TCP over IPv4 and IPv6, with each cipher, where the sender's card has
# no offloads, and where it has all: then whole trains go to a router, who cuts them up.
#
#   +-- a --+      +--- m ---+      +-- b --+
#   | out   |======| in  out |======| out   |  tcpdump
#   | mt0   |.......................| mt0   |
#   +-------+      +---------+      +-------+
#
# The files go to $OUT (/out), which "run.sh --out" brings home: OFFLOADS-FAMILY-CIPHER.pcap

. "${0%/*}/lib.sh"

OUT=${OUT:-/out}
[[ -d $OUT ]] || skip_all "no folder $OUT for the captures"
plan 10
need iperf3
need tcpdump
need ethtool

setup()
{
	ns_add a m b
	keys a b
	veth a out 10.0.1.1/24 fd01::1/64 m in 10.0.1.2/24 fd01::2/64
	veth m out 10.0.2.2/24 fd02::2/64 b out 10.0.2.1/24 fd02::1/64
	sysctl_set m net.ipv4.ip_forward 1
	sysctl_set m net.ipv6.conf.all.forwarding 1
	ipn a route add default via 10.0.1.2
	ipn a route add default via fd01::2
	ipn b route add default via 10.0.2.2
	ipn b route add default via fd02::2
	# What comes to b has been cut up, and has whole checksums
	on m ethtool -K out tx off gso off >/dev/null
	device a mt0 a 1 10.9.0.1/24
	device b mt0 b 2 10.9.0.2/24
	iperf_serve b
}

# offloads on|off: of a's card
offloads()
{
	on a ethtool -K out tx "$1" gso "$1" >/dev/null
}

in_use()
{
	on a ping -q -c 1 -W 1 10.9.0.2
	[[ $(field a mt0 ciphers b) == *" $1" ]]
}

# session ADDRESS CIPHER: a new one
session()
{
	part a b mt0
	peer a mt0 b allowed-ips 10.9.0.2/32 endpoint "$1:2" cipher "$2"
	peer b mt0 a allowed-ips 10.9.0.1/32 cipher "$2"
}

says_listening()
{
	[[ $(<"$TMP/tcpdump") == *"listening on"* ]]
}

# record OFFLOADS FAMILY CIPHER
record()
{
	local address=10.0.2.1 before packets messages

	[[ $2 == v4 ]] || address="[fd02::1]"
	offloads "$1"
	session "$address" "$3"
	: >"$TMP/tcpdump"
	# shellcheck disable=SC2016 # for the inner shell
	spawn b sh -c 'exec tcpdump -Z root -i out -n -s 0 -B 32768 -U --immediate-mode -Q in -w "$1" udp 2>"$0"' \
		"$TMP/tcpdump" "$OUT/$1-$2-$3.pcap"
	wait_for 20 says_listening
	wait_for 20 in_use "$3"
	packets=$(link_packets a out) messages=$(link_packets a mt0)
	iperf a 10.9.0.2 -n 2M
	packets=$(($(link_packets a out) - packets)) messages=$(($(link_packets a mt0) - messages))
	echo "$messages messages in $packets packets"
	# Whether it was trains that left a is what the offloads are about
	if [[ $1 == on ]]; then
		((2 * packets < messages))
	else
		((packets >= messages))
	fi
	before=$(stat -c %s "$OUT/$1-$2-$3.pcap")
	wait_for 10 settled "$OUT/$1-$2-$3.pcap"
	end_jobs
	grep -qx "0 packets dropped by kernel" "$TMP/tcpdump"
}

# settled FILE: the sniffer has written all that it has seen
settled()
{
	local size=$before

	before=$(stat -c %s "$1")
	((size == before && size > 1500000))
}

setup
for offloads in off on; do
	for family in v4 v6; do
		for cipher in chacha20-poly1305 aes-256-gcm; do
			check "E58 P7 offloads $offloads, $family, $cipher" \
				record "$offloads" "$family" "$cipher"
		done
	done
done
finish
