#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# P7, E58: several messages in one UDP packet, out and in, and what becomes of a packet
# that is not what it seems.
#
#   +-- a --+          +-- b --+
#   | out   |==========| out   |
#   | mt0   |..........| mt0   |
#   +-------+          +-------+

. "${0%/*}/lib.sh"

plan 16
need iperf3
need socat

NFQUEUE=${0%/*}/nfqueue
SHAPES=${0%/*}/shapes
# A data message of 64 bytes for a session that nobody has
DATA='\x04\x00\x00\x00\xde\xad\xbe\xef'
JUNK='\x04\x00\x01\x00\xde\xad\xbe\xef'
REST=$(printf '\\x5a%.0s' {1..56})

setup()
{
	ns_add a b
	keys a b
	veth a out 10.0.0.1/24 fd00::1/64 b out 10.0.0.2/24 fd00::2/64
	device a mt0 a 1 10.9.0.1/24
	device b mt0 b 2 10.9.0.2/24
	peer a mt0 b allowed-ips 10.9.0.2/32,10.9.7.0/24 endpoint 10.0.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32
	modprobe skb_shapes 2>/dev/null || true
	iperf_serve b
}

# datagrams FAMILY: that b's UDP has handed on one by one
datagrams()
{
	case $1 in
	v4) on b cat /proc/net/snmp | awk '/^Udp: [0-9]/ { print $2 }' ;;
	v6) on b cat /proc/net/snmp6 | awk '$1 == "Udp6InDatagrams" { print $2 }' ;;
	esac
}

# bulk FAMILY: 16 messages in an outer packet, and the other end takes them as they come
bulk()
{
	local messages packets received

	ping_one a 10.9.0.2
	messages=$(link_packets a mt0) packets=$(link_packets a out) received=$(datagrams "$1")
	iperf a 10.9.0.2 -n 16M
	messages=$(($(link_packets a mt0) - messages)) packets=$(($(link_packets a out) - packets))
	received=$(($(datagrams "$1") - received))
	echo "$messages messages in $packets packets, $received of them by themselves"
	((messages > 10000))
	# A TCP that is held up by a slow guest does not make trains of any length
	((messages >= (SLOW > 1 ? 3 : 32) * packets / 2))
	((10 * received < messages))
}

over_v6()
{
	peer a mt0 b endpoint "[fd00::2]:2"
	bulk v6
	peer a mt0 b endpoint 10.0.0.2:2
	ping_one a 10.9.0.2
}

# As long as its sender lets nobody else run, what is sent waits for a worker, who then finds
# all of it together
together()
{
	local messages packets received

	have chrt || skip "missing: chrt"
	spawn b socat -u UDP-RECV:9 /dev/null
	wait_for 5 has_port b 9
	ping_one a 10.9.0.2
	messages=$(link_packets a mt0) packets=$(link_packets a out) received=$(datagrams v4)
	# shellcheck disable=SC2016 # for the inner shell
	on a chrt -f 50 bash -c 'exec 3<>/dev/udp/10.9.0.2/9
		for ((i = 0; i < 200; i++)); do echo "datagram $i" >&3; done'
	wait_for 5 all_came $((received + 200))
	messages=$(($(link_packets a mt0) - messages)) packets=$(($(link_packets a out) - packets))
	echo "$messages messages in $packets packets"
	((messages >= 200 && packets <= 60))
}

# trains_of GROUP: packets of a group of shapes become trains, and are what they should be
trains_of()
{
	local messages packets

	messages=$(link_packets a mt0) packets=$(link_packets a out)
	"$SHAPES" "$1" "/run/netns/a-$RUN_ID" "/run/netns/b-$RUN_ID" mt0 - 200 ||
		{ (($? != KSFT_SKIP)) || skip "no module skb_shapes"; return 1; }
	messages=$(($(link_packets a mt0) - messages)) packets=$(($(link_packets a out) - packets))
	echo "$messages messages in $packets packets"
	((messages >= 200 && packets <= 60))
}

# all_came DATAGRAMS
all_came()
{
	(($(datagrams v4) >= $1))
}

# train PORT MESSAGES: as one packet, cut after each 64 bytes where it has to be
train()
{
	# shellcheck disable=SC2059 # bytes
	printf "$2" >"$TMP/train"
	on a socat -u -b 65000 "OPEN:$TMP/train" \
		"UDP4:10.0.0.2:2,sourceport=$1,setsockopt-int=17:103:64"
}

# times N WORDS: as they are
times()
{
	local i

	for ((i = 0; i < $1; i++)); do
		printf %s "$2"
	done
}

more_drops()
{
	vpn b show mt0 drops | awk 'FNR == NR { before[$1] = $2; next }
		$2 != before[$1] { print $1, $2 - before[$1] }' "$TMP/before" -
}

drops_are()
{
	[[ $(more_drops) == "$1" ]]
}

# counted MESSAGES DROPS
counted()
{
	vpn b show mt0 drops >"$TMP/before"
	train 9 "$1"
	wait_for 5 drops_are "$2" || same "$2" "$(more_drops)"
}

# Taken whole: UDP has seen none of them
whole()
{
	local before

	before=$(datagrams v4)
	counted "$(times 10 "$DATA$REST")" "rx-unknown-index 10"
	(($(datagrams v4) - before < 10))
}

short_end()
{
	counted "$(times 4 "$DATA$REST")${DATA}12345678" "rx-malformed 1
rx-unknown-index 4"
}

mixed()
{
	counted "$(times 5 "$DATA$REST")$(times 3 "$JUNK$REST")" "rx-malformed 3
rx-unknown-index 5"
}

# What b's rules drop never reaches the device
guarded()
{
	have nft || skip "missing: nft"
	on b nft -f - <<-RULES
		table inet guard {
			chain in {
				type filter hook input priority 200
				udp sport 9 counter drop
			}
		}
	RULES
	defer on b nft delete table inet guard
	vpn b show mt0 drops >"$TMP/before"
	train 9 "$(times 10 "$DATA$REST")"
	train 10 "$DATA$REST$DATA$REST"
	wait_for 5 drops_are "rx-unknown-index 2"
	# No "| grep -q": it does not wait for who writes, who then fails
	grep -q "packets 1 " <<<"$(on b nft list table inet guard)"
}

# Connection tracking enters a flow though it begins with a train, and lets it go on
tracked()
{
	have nft || skip "missing: nft"
	have conntrack || skip "missing: conntrack"
	on b nft -f - <<-RULES
		table inet track {
			chain in {
				type filter hook input priority 0
				ct state invalid drop
			}
		}
	RULES
	defer on b nft delete table inet track
	counted "$(times 10 "$DATA$REST")" "rx-unknown-index 10"
	grep -q dport=2 <<<"$(on b conntrack -L -p udp --sport 9)"
	iperf a 10.9.0.2 -n 2M
	on b conntrack -F
	iperf a 10.9.0.2 -n 2M
}

# A program has a say; the train goes on in its context, and is still one
queued()
{
	local before

	have nft || skip "missing: nft"
	[[ -x $NFQUEUE ]] || skip "missing: nfqueue (make all)"
	# shellcheck disable=SC2016 # for the inner shell
	spawn b sh -c 'exec "$0" 7 >"$1" 2>&1' "$NFQUEUE" "$TMP/queue"
	wait_for 5 grep -q ready "$TMP/queue"
	on b nft -f - <<-RULES
		table inet ask {
			chain in {
				type filter hook input priority 0
				iifname lo accept
				udp dport 2 queue num 7
			}
		}
	RULES
	defer on b nft delete table inet ask
	before=$(datagrams v4)
	counted "$(times 10 "$DATA$REST")" "rx-unknown-index 10"
	(($(datagrams v4) - before < 10))
	iperf a 10.9.0.2 -n 1M
	ping_all a 10.9.0.2 5
	# Trains, not messages: some 750 of them
	tail -n 1 "$TMP/queue"
	(($(grep -c packets "$TMP/queue") < 400))
}

# sums_ok FILE: tcpdump has seen as many packets as can be expected, and their checksums are right
sums_ok()
{
	(($(grep -c "udp sum ok" "$1") > 100))
}

# offloads_off FAMILY: then whole datagrams are on the wire, none longer than it may be, and
# every checksum is right
offloads_off()
{
	local text

	have ethtool || skip "missing: ethtool"
	have tcpdump || skip "missing: tcpdump"
	[[ $1 == v4 ]] || peer a mt0 b endpoint "[fd00::2]:2"
	on a ethtool -K out tx off gso off >/dev/null
	on b ethtool -K out tx off gso off >/dev/null
	# shellcheck disable=SC2016 # for the inner shell
	spawn b sh -c 'exec tcpdump -Z root -i out -n -vv -s 0 -l udp >"$1" 2>"$0"' \
		"$TMP/tcpdump" "$TMP/text"
	wait_for 5 grep -q "listening on" "$TMP/tcpdump"
	iperf a 10.9.0.2 -n 1M
	# It has more to say about each than it takes to send it
	wait_for 20 sums_ok "$TMP/text"
	end_jobs
	on a ethtool -K out tx on gso on >/dev/null
	on b ethtool -K out tx on gso on >/dev/null
	[[ $1 == v4 ]] || peer a mt0 b endpoint 10.0.0.2:2
	text=$(<"$TMP/text")
	fails grep -E "bad (udp )?cksum" <<<"$text"
	# The longest message, and the UDP header
	awk 'match($0, /UDP, length [0-9]+/) {
		len = substr($0, RSTART + 12, RLENGTH - 12) + 0
		if (len > most)
			most = len
	} END { print "the longest has", most; exit most != 1452 }' <<<"$text"
}

setup
check "P7 bulk TCP, 16 messages in an outer packet, v4" bulk v4
check "P7 bulk TCP, 16 messages in an outer packet, v6" over_v6
check "datagrams that wait together leave together" together
# Which of them belongs to a socket only as a reference that it holds gives that back, whoever's
# place it takes in the train. (Of TCP's own that are charged for, what they owe is moved.)
check "packets that hold a reference to their socket give it back" trains_of owned
# The train must not lie in what they have in common
check "B52 the originals of cloned packets stay as they are" trains_of originals
check "B52 a foreign destructor gets its own packet" trains_of foreign
check "a train is taken whole, its drops are counted one by one" whole
check "a train whose end is too short" short_end
check "a train of data and something else" mixed
check "the host's rules come first" guarded
check "a flow that begins with a train is tracked" tracked
check "trains go by way of NFQUEUE" queued
check "E58 without offloads, v4: sizes and checksums" offloads_off v4
check "E58 without offloads, v6: sizes and checksums" offloads_off v6
finish
