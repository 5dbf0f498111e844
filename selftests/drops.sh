#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# E54, E57 and B21: what waits for a session, and what is lost: every loss is counted,
# once, with its reason.
#
#   +-------- a --------+          +-------- b --------+
#   | out 10.0.0.1      |==========| out 10.0.0.2      |
#   | mt0 10.9.0.1      |..........| mt0 10.9.0.2      |
#   |     fd09::1       |          |     fd09::2       |
#   +-------------------+          +-------------------+

. "${0%/*}/lib.sh"

# WireGuard does not count by reason
[[ $KIND == mytun ]] || skip_all "drop counters by reason are mytun's"
plan 8
need socat ethtool jq

STAGED=128	# messages of a peer that may wait for a session
HOG=${0%/*}/hog

setup()
{
	ns_add a b
	keys a b c
	veth a out 10.0.0.1/24 - b out 10.0.0.2/24 -
	device a mt0 a 1 10.9.0.1/24 fd09::1/64
	device b mt0 b 2 10.9.0.2/24 fd09::2/64
	peer a mt0 b allowed-ips 10.9.0.2/32,fd09::2/128 endpoint 10.0.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128
}

# receive NS ADDRESS: every datagram to its port 7000 goes to $TMP/received
receive()
{
	: >"$TMP/received"
	spawn "$1" socat -u "UDP-RECV:7000,pf=ip${2:-4}" "OPEN:$TMP/received,append"
	wait_for 10 has_port "$1" 7000
}

# send NS ADDRESS FIRST LAST: a datagram for each number
send()
{
	# shellcheck disable=SC2016 # for the inner shell
	on "$1" bash -c 'exec 3>"/dev/udp/$0/7000"
		for ((i = $1; i <= $2; i++)); do echo "$i" >&3; done' "${@:2}"
}

has_received()
{
	[[ $(wc -l <"$TMP/received") -ge $1 ]]
}

# drops NS: each reason, and how often
drops()
{
	vpn "$1" show mt0 drops
}

# more_drops NS FILE: what has been added to drops() since it was written to the file
more_drops()
{
	drops "$1" | awk 'FNR == NR { before[$1] = $2; next }
		$2 != before[$1] { print $1, $2 - before[$1] }' "$2" -
}

# Two more than may wait: the oldest two go, and are counted; the others leave in the order
# in which they came, once b knows a again and answers.
staged()
{
	local first=3 last=$((STAGED + 2))

	vpn b set mt0 peer "${PUB[a]}" remove
	receive b
	drops a >"$TMP/before"
	send a 10.9.0.2 1 "$last"
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128
	# The first initiation was to nobody, the next comes after 5 s
	wait_for 15 has_received "$STAGED"
	same "$(seq "$first" "$last")" "$(<"$TMP/received")"
	same "tx-staged-full 2" "$(more_drops a "$TMP/before")"
}

has_bytes()
{
	(($(stat -c %s "$TMP/received") >= $1))
}

# Of packets of 45 messages each two may wait, and both fit into the queue
staged_trains()
{
	local sent

	[[ -x $HOG ]]
	vpn a set mt0 peer "${PUB[b]}" remove
	vpn b set mt0 peer "${PUB[a]}" remove
	peer a mt0 b allowed-ips 10.9.0.2/32,fd09::2/128 endpoint 10.0.0.2:2
	receive b
	drops a >"$TMP/before"
	on a "$HOG" 10.9.0.2 7000 1 0 >"$TMP/hog"
	sent=$(sed -n '$s/^sent \([0-9]*\) .*/\1/p' "$TMP/hog")
	((sent > STAGED))
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128
	wait_for 15 has_bytes $((2 * 45 * 1300))
	wait_for 10 ping_one a 10.9.0.2
	has_bytes $((2 * 45 * 1300))
	fails has_bytes $((2 * 45 * 1300 + 1))
	same "tx-staged-full $((sent - 2))" "$(more_drops a "$TMP/before")"
}

# Of 90 packets 30 arrive; the others are what the counters have more, here and there
losses()
{
	ping_one a 10.9.0.2
	ipn a address add 10.9.0.66/32 dev mt0
	defer ipn a address delete 10.9.0.66/32 dev mt0
	peer a mt0 c allowed-ips 10.9.0.4/32
	defer peer a mt0 c remove
	receive b
	drops a >"$TMP/before-a"
	drops b >"$TMP/before-b"
	send a 10.9.0.2 1 10
	send a 10.9.0.3 11 30			# nobody's
	send a 10.9.0.4 31 50			# of a peer without an endpoint
	send a 10.9.0.2 51 60
	ipn a route replace 10.9.0.2/32 dev mt0 src 10.9.0.66
	send a 10.9.0.2 61 80			# from an address that is not a's
	ipn a route delete 10.9.0.2/32 dev mt0
	send a 10.9.0.2 81 90
	wait_for 10 has_received 30
	same "$(seq 1 10; seq 51 60; seq 81 90)" "$(<"$TMP/received")"
	same "tx-no-peer 20
tx-no-endpoint 20" "$(more_drops a "$TMP/before-a")"
	same "rx-source 20" "$(more_drops b "$TMP/before-b")"
}

# rx_dropped NS: of the interface
rx_dropped()
{
	ipn "$1" -s -j link show mt0 | sed -E 's/.*"rx":\{[^}]*"dropped":([0-9]+).*/\1/'
}

# spoofed ADDRESS LENGTH TO GOOD: a may not send from this address: 5 pings, 5 drops, and
# one from its own is taken
spoofed()
{
	local before

	ping_one a "$3"
	addresses a mt0 "$1/$2"
	defer ipn a address delete "$1/$2" dev mt0
	drops b >"$TMP/before"
	before=$(rx_dropped b)
	fails on a ping -q -c 5 -i 0.2 -W 1 -I "$1" "$3"
	same "rx-source 5" "$(more_drops b "$TMP/before")"
	same $((before + 5)) "$(rx_dropped b)"
	ping_one a "$3" -I "$4"
	same "rx-source 5" "$(more_drops b "$TMP/before")"
}

# by_ethtool NS: what ethtool -S prints, in the form of drops()
by_ethtool()
{
	on "$1" ethtool -S mt0 | sed -nE 's/^ +([^ ]+): ([0-9]+)$/\1 \2/p'
}

# totals NS: of the interface, in the order of ethtool
totals()
{
	ipn "$1" -s -j link show mt0 | jq -r '.[0].stats64 |
		(.rx, .tx) | .packets, .bytes, .dropped'
}

# The same counters by another way: totals, then each reason by its name, nothing left out
ethtool_agrees()
{
	local all

	(($(drops a | awk '$2 > 0' | wc -l) >= 2))
	all=$(by_ethtool a)
	same "$(drops a | tr '\t' ' ')" "$(tail -n +7 <<<"$all")"
	same "rx-packets rx-bytes rx-dropped tx-packets tx-bytes tx-dropped" \
		"$(head -n 6 <<<"$all" | cut -d ' ' -f 1 | xargs)"
	same "$(totals a)" "$(head -n 6 <<<"$all" | cut -d ' ' -f 2)"
	same "mytun" "$(on a ethtool -i mt0 | sed -n 's/^driver: //p')"
	same "$(</sys/module/mytun/version)" \
		"$(on a ethtool -i mt0 | sed -n 's/^version: //p')"
}

setup
check "E57 $STAGED packets wait for the handshake, and leave in order" staged
check "E57 of messages that wait, not of packets, there are $STAGED" staged_trains
check "E54 drop counters equal losses" losses
check "B21 a spoofed inner source is dropped and counted, v4" \
	spoofed 10.9.0.77 32 10.9.0.2 10.9.0.1
check "B21 a spoofed inner source is dropped and counted, v6" \
	spoofed fd09::77 128 fd09::2 fd09::1
check "E54 ethtool -S has the same counters by the same names" ethtool_agrees
finish
