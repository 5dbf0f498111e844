#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# E48 (and E12): what a sniffer between two peers sees, byte by byte.
#
#   +-------- a --------+          +-------- b --------+
#   | out 10.0.0.1      |==========| out 10.0.0.2      |
#   |     fd00::1       | tcpdump  |     fd00::2       |
#   | mt0 10.9.0.1      |..........| mt0 10.9.0.2      |
#   |     fd09::1       |          |     fd09::2       |
#   +-------------------+          +-------------------+

. "${0%/*}/lib.sh"

plan 17
need tcpdump nft

PACKETS=()
FROM=()
MARKS=0
AF41=88

setup()
{
	ns_add a b
	keys a b
	veth a out 10.0.0.1/24 fd00::1/64 b out 10.0.0.2/24 fd00::2/64
	# Whole checksums on the wire
	on a ethtool -K out tx off gso off >/dev/null || true
	on b ethtool -K out tx off gso off >/dev/null || true
	capture
	device a mt0 a 1 10.9.0.1/24 fd09::1/64
	device b mt0 b 2 10.9.0.2/24 fd09::2/64
	peers_again "[fd00::2]"
}

# peers_again ADDRESS: without any session
peers_again()
{
	vpn a set mt0 peer "${PUB[b]}" remove
	vpn b set mt0 peer "${PUB[a]}" remove
	peer a mt0 b allowed-ips 10.9.0.2/32,fd09::2/128 endpoint "$1:2"
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128
}

says_listening()
{
	[[ $(<"$TMP/tcpdump") == *"listening on"* ]]
}

# capture: one sniffer for the whole script, started before there is any traffic. (That each
# one changes the kernel's code as it runs is more than some emulators can take.)
capture()
{
	: >"$TMP/tcpdump"
	echo 0 >"$TMP/marks"
	# shellcheck disable=SC2016 # for the inner shell
	spawn b sh -c 'exec tcpdump -Z root -i out -n -U --immediate-mode -w "$1" udp 2>"$0"' \
		"$TMP/tcpdump" "$TMP/pcap"
	wait_for 20 says_listening
}

# mark: a packet that parts what comes before from what comes after. (Their number is in a
# file, for every check is a shell of its own.)
mark()
{
	MARKS=$(($(<"$TMP/marks") + 1))
	echo "$MARKS" >"$TMP/marks"
	on a bash -c "echo >/dev/udp/10.0.0.2/9"
}

# read_capture: what lies between the last two marks: PACKETS in hexadecimal from the IP
# header on, and FROM, whose they are; false while the last mark is missing
read_capture()
{
	local line marks=0 from=

	while IFS= read -r line; do
		case $line in
		*0x????:*)
			line=${line#*:}
			[[ ! $from ]] || PACKETS[-1]+=${line//[[:space:]]/}
			continue ;;
		*" > 10.0.0.2.9: "*)
			from=
			marks=$((marks + 1))
			((marks < MARKS)) || return 0
			PACKETS=() FROM=()
			continue ;;
		*" 10.0.0.1."*" > "* | *" fd00::1."*" > "*) from=a ;;
		*) from=b ;;
		esac
		PACKETS+=("")
		FROM+=("$from")
	done < <(tcpdump -n -x -r "$TMP/pcap" 2>/dev/null)
	return 1
}

capture_begin()
{
	mark
}

# capture_end [SENDER]: read what was captured, of one sender or of both
capture_end()
{
	local all from i

	mark
	wait_for 10 read_capture
	all=("${PACKETS[@]}") from=("${FROM[@]}")
	PACKETS=() FROM=()
	for i in "${!all[@]}"; do
		[[ ${1:-${from[i]}} == "${from[i]}" ]] || continue
		PACKETS+=("${all[i]}")
		FROM+=("${from[i]}")
	done
}

# payload N: UDP's, of the Nth packet
payload()
{
	case ${PACKETS[$1]} in
	4*) echo "${PACKETS[$1]:56}" ;;
	6*) echo "${PACKETS[$1]:96}" ;;
	esac
}

# part N OFFSET LENGTH: bytes of the payload
part()
{
	local all

	all=$(payload "$1")
	echo "${all:$2 * 2:$3 * 2}"
}

# bytes N: how long the payload is
bytes()
{
	local all

	all=$(payload "$1")
	echo $((${#all} / 2))
}

# traffic_class N: of the outer header, two digits
traffic_class()
{
	case ${PACKETS[$1]} in
	4*) echo "${PACKETS[$1]:2:2}" ;;
	6*) echo "${PACKETS[$1]:1:2}" ;;
	esac
}

zeros()
{
	printf '00%.0s' $(seq "$1")
}

# A session, three pings: packets 0 and 1 are the handshake, then requests and answers
session()
{
	local i

	peers_again "$1"
	capture_begin
	for i in 1 2 3; do
		ping_one a 10.9.0.2 -p c0ffee11 -s 100
	done >/dev/null
	capture_end
}

initiation()
{
	same a "${FROM[0]}"
	same 148 "$(bytes 0)"
	same 01000000 "$(part 0 0 4)"
	same "$(zeros 16)" "$(part 0 132 16)"
	[[ $(part 0 116 16) != "$(zeros 16)" ]]
	same "$AF41" "$(traffic_class 0)"
}

response()
{
	same b "${FROM[1]}"
	same 92 "$(bytes 1)"
	same 02000000 "$(part 1 0 4)"
	same "$(part 0 4 4)" "$(part 1 8 4)"
	same "$(zeros 16)" "$(part 1 76 16)"
	same "$AF41" "$(traffic_class 1)"
}

# Each side's data names the other's index, and counts from zero
data()
{
	local i counter next_a=0 next_b=0 index_a index_b

	((${#PACKETS[@]} == 8 || ${#PACKETS[@]} == 9))
	index_a=$(part 0 4 4)
	index_b=$(part 1 4 4)
	for ((i = 2; i < ${#PACKETS[@]}; i++)); do
		same 04000000 "$(part "$i" 0 4)"
		same 00 "$(traffic_class "$i")"
		if [[ ${FROM[i]} == a ]]; then
			same "$index_b" "$(part "$i" 4 4)"
			counter=$((next_a++))
		else
			same "$index_a" "$(part "$i" 4 4)"
			counter=$((next_b++))
		fi
		same "$(printf '%02x%s' "$counter" "$(zeros 7)")" "$(part "$i" 8 8)"
		# 128 bytes inside, or an empty message that confirms the session
		[[ $(bytes "$i") == 160 || $i == 2 && $(bytes "$i") == 32 ]]
	done
	((next_a >= 3 && next_b == 3))
}

ciphertext_only()
{
	fails grep -q c0ffee11c0ffee11 <<<"${PACKETS[*]}"
	fails grep -q 0a0900010a090002 <<<"${PACKETS[*]}"
	# Nor does one packet repeat anything of another
	[[ $(part 3 16 64) != "$(part 5 16 64)" ]]
}

checksums()
{
	local text

	have ethtool || skip "missing: ethtool"
	text=$(tcpdump -n -vv -r "$TMP/pcap" 2>/dev/null)
	fails grep -E 'bad (udp )?cksum' <<<"$text"
	(($(grep -c 'udp sum ok' <<<"$text") > 40))
}

# next_data I: the first data message from there on; keepalives and new handshakes may come
# in between
next_data()
{
	local i=$1

	while [[ $(part "$i" 0 4) != 04000000 || $(bytes "$i") == 32 ]]; do
		((++i < ${#PACKETS[@]}))
	done
	echo "$i"
}

# inner length -> payload: padded to 16 and never beyond the MTU, a header of 16, a tag of 16
padding()
{
	local i=0 size sizes=(0 3 4 5 20 21 1376 1377 1391 1392) inner padded

	ping_one a 10.9.0.2
	capture_begin
	for size in "${sizes[@]}"; do
		ping_one a 10.9.0.2 -s "$size"
	done
	capture_end a
	for size in "${sizes[@]}"; do
		i=$(next_data "$i")
		inner=$((size + 28))
		padded=$(((inner + 15) / 16 * 16))
		((padded <= 1420)) || padded=1420
		same "$inner -> $((padded + 32))" "$inner -> $(bytes "$i")"
		i=$((i + 1))
	done
}

# What is inside shows outside in the ECN bits alone (RFC 6040). "Congestion experienced" may
# go out as "capable", as RFC 3168 had it and Linux has it.
outer_header()
{
	local i=0 ecn

	ping_one a "$1"
	capture_begin
	for ecn in 0 1 2 3; do
		ping_one a "$1" -Q $((0xb8 | ecn)) -t 7
	done
	capture_end a
	for ecn in 0 1 2 3; do
		i=$(next_data "$i")
		[[ $ecn == 3 && $(traffic_class "$i") == 02 ]] ||
			same "0$ecn" "$(traffic_class "$i")"
		case ${PACKETS[i]} in
		4*) same 40 "${PACKETS[i]:16:2}" ;;
		6*) same 40 "${PACKETS[i]:14:2}" ;;
		esac
		i=$((i + 1))
	done
}

# counted COMMENT: packets that the rule with it has seen
counted()
{
	on a nft list table inet classes | sed -n "s/.* packets \([0-9]*\) .*\"$1\".*/\1/p"
}

# What IP makes of the inner packet's TOS stays inside: on a VLAN it might be in the frame
priority()
{
	on a nft -f - <<-RULES
		table inet classes {
			chain out {
				type filter hook postrouting priority filter; policy accept;
				oifname "mt0" meta priority != none counter comment "inner"
				oifname "out" udp sport 1 counter comment "outer"
				oifname "out" udp sport 1 meta priority != none counter comment "shown"
			}
		}
	RULES
	defer on a nft delete table inet classes
	ping_one a 10.9.0.2 -Q 0xb8
	ping_one a fd09::2 -Q 0xb8
	(($(counted inner) >= 1 && $(counted outer) >= 2))
	same 0 "$(counted shown)"
}

# The answer calls the next try off, however quick it comes
one_handshake()
{
	local i types=''

	peers_again 10.0.0.2
	capture_begin
	ping_one a 10.9.0.2
	sleep 6
	capture_end a
	for i in "${!PACKETS[@]}"; do
		types+=$(part "$i" 0 1)
	done
	# An initiation and a message of data
	same 0104 "$types"
}

keepalive()
{
	peer a mt0 b persistent-keepalive off
	ping_one a 10.9.0.2
	capture_begin
	peer a mt0 b persistent-keepalive 1
	sleep 1.5
	peer a mt0 b persistent-keepalive off
	capture_end a
	((${#PACKETS[@]} >= 1))
	same 04000000 "$(part 0 0 4)"
	same 32 "$(bytes 0)"
}

# Nobody who is not authentic gets any answer
silence()
{
	local i answers=

	capture_begin
	# shellcheck disable=SC2016 # for the inner shell
	on a bash -c 'for message; do
			read -r length type <<<"$message"
			printf "\\x0$type\\0\\0\\0%0$((length - 4))d" 7 >/dev/udp/10.0.0.2/2
		done' - "148 1" "92 2" "64 3" "160 4" "32 4" "31 4" "147 1" "149 1" "5 1" "200 5" \
		"148 0"
	# An answer to this proves that all before it have been handled
	ping_one a 10.9.0.2
	capture_end b
	for i in "${!PACKETS[@]}"; do
		# a's keepalive may be due
		[[ $(part "$i" 0 4) == 04000000 ]]
		[[ $(bytes "$i") == 32 ]] || answers+="$(bytes "$i") "
	done
	same "128 " "$answers"
}

setup
W="E48 on the wire:"
session 10.0.0.2
check "$W an initiation" initiation
check "$W a response" response
check "$W no second initiation behind a response" one_handshake
check "$W data" data
check "$W ciphertext only" ciphertext_only
check "$W of an inner header the ECN bits alone, v4 in v4" outer_header 10.9.0.2
check "$W a keepalive is an empty message" keepalive
check "$W silence to what is not authentic" silence
check "E12 padded to 16, and never beyond the MTU" padding
session "[fd00::2]"
check "$W of an inner packet's priority nothing" priority
check "$W an initiation, outer v6" initiation
check "$W a response, outer v6" response
check "$W data, outer v6" data
check "$W of an inner header the ECN bits alone, v6 in v6" outer_header fd09::2
check "$W checksums, of all that was captured" checksums
finish
