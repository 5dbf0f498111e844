#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B15: AES-256-GCM, agreed on inside a session, and nothing but WireGuard without it.
#
#   +-------- a --------+          +-------- b --------+
#   | out 10.0.0.1      |==========| out 10.0.0.2      |
#   |     fd00::1       |          |     fd00::2       |
#   | mt0 10.9.0.1      |..........| mt0 10.9.0.2      |
#   |     fd09::1       |          |     fd09::2       |
#   +-------------------+          +-------------------+
#
# The packets of each kind that come in are counted by nftables: data has 4 as its type, with 1
# behind it where it is sealed with AES-256-GCM. A capability message is 48 bytes long, and as
# long as that no packet can be.

. "${0%/*}/lib.sh"

plan 15
need nft
need ethtool

CHACHA=chacha20-poly1305
GCM=aes-256-gcm
NATURE="$CHACHA $CHACHA"

setup()
{
	ns_add a b
	keys a b
	veth a out 10.0.0.1/24 fd00::1/64 b out 10.0.0.2/24 fd00::2/64
	device a mt0 a 1 10.9.0.1/24 fd09::1/64
	device b mt0 b 2 10.9.0.2/24 fd09::2/64
	rules a
	rules b
	peers_again
}

# rules NS [RULE]: count from here on; the rule is about what was counted
rules()
{
	on "$1" nft -f - <<-RULES
		table inet sniffer
		flush table inet sniffer
		delete table inet sniffer
		table inet sniffer {
			chain in {
				type filter hook prerouting priority raw
				udp dport != 1-2 accept
				@th,64,32 0x04000000 counter comment "chacha"
				@th,64,32 0x04010000 counter comment "gcm"
				udp length 56 counter comment "control"
				${2-}
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

# peers_again: without any session; as they come, without wishes
peers_again()
{
	part a b mt0
	peer a mt0 b allowed-ips 10.9.0.2/32,fd09::2/128 endpoint 10.0.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128 endpoint 10.0.0.1:1
}

# wish NS CIPHER
wish()
{
	local other=b

	[[ $1 == a ]] || other=a
	peer "$1" mt0 "$other" cipher "$2"
}

# ciphers NS: what is wished for, and what is in use
ciphers()
{
	local other=b

	[[ $1 == a ]] || other=a
	field "$1" mt0 ciphers "$other" | tr '\t' ' '
}

# use A B: in use at each end
use()
{
	[[ $(ciphers a) == *" $1" && $(ciphers b) == *" $2" ]]
}

# soon_use A B: with a little traffic, without which nobody says anything. The second ping is
# behind all that was sealed before, in the orders of both ends.
soon_use()
{
	ping_one a 10.9.0.2 && use "$@" && ping_one a 10.9.0.2
}

# sessions_settle: both hosts may have something to send at once; of two sessions that begin so
# the second is there 5 s later, with messages of its own
sessions_settle()
{
	sleep 6
}

# sizes: packets of many lengths, both families, and bulk
sizes()
{
	local size

	for size in 0 1 15 16 17 500 1391 1392; do
		ping_one a 10.9.0.2 -s "$size"
		ping_one b fd09::1 -s "$((size < 1373 ? size : 1372))"
	done
	iperf a 10.9.0.2 -n 2M
	iperf b fd09::1 -n 2M
}

without_a_wish()
{
	rules a
	rules b
	ping_one a 10.9.0.2
	same "$NATURE" "$(ciphers a)"
	same "$NATURE" "$(ciphers b)"
	sizes
	same "0 0 0 0" "$(came a gcm) $(came b gcm) $(came a control) $(came b control)"
	(($(came a chacha) > 0 && $(came b chacha) > 0))
}

no_session()
{
	peers_again
	wish a auto
	same "auto (none)" "$(ciphers a)"
	[[ $(vpn a show mt0) == *"cipher: none yet (auto)"* ]]
	[[ $(vpn a showconf mt0) == *"#! Cipher = auto"* ]]
}

# both_wish CIPHER CIPHER: traffic is sealed by AES-256-GCM, at once
both_wish()
{
	peers_again
	wish a "$1"
	wish b "$2"
	wait_for 10 soon_use "$GCM" "$GCM"
	sessions_settle
	wait_for 10 soon_use "$GCM" "$GCM"
	rules a
	rules b
	sizes
	same "0 0" "$(came a chacha) $(came b chacha)"
	(($(came a gcm) > 0 && $(came b gcm) > 0))
	same "0 0" "$(came a control) $(came b control)"
}

# One has not asked for anything: to it the other's messages are nothing, and they end
one_side()
{
	local before

	peers_again
	wait_for 20 ping_one a 10.9.0.2
	sessions_settle
	before=$(vpn b show mt0 drops | awk '$1 == "rx-control" { print $2 }')
	rules b
	rules a
	wish a "$GCM"
	for _ in {1..12}; do
		ping_one a 10.9.0.2
		sleep 1
	done
	use "$CHACHA" "$CHACHA"
	sizes
	same 8 "$(came b control)"
	same 8 "$(($(vpn b show mt0 drops | awk '$1 == "rx-control" { print $2 }') - before))"
	same "0 0 0" "$(came a gcm) $(came b gcm) $(came a control)"
}

# offloads on|off: without them no capability message passes the rules as the end of a train
offloads()
{
	on a ethtool -K out tx "$1" gso "$1" >/dev/null
	on b ethtool -K out tx "$1" gso "$1" >/dev/null
}

# The most that somebody on the path can do; and once he lets go, they find each other
withheld()
{
	defer offloads on
	offloads off
	peers_again
	rules a "udp length 56 drop"
	rules b "udp length 56 drop"
	wish a auto
	wish b auto
	ping_one a 10.9.0.2
	sleep 2
	sizes
	use "$CHACHA" "$CHACHA"
	(($(came a control) >= 2 && $(came b control) >= 2))
	same "0 0" "$(came a gcm) $(came b gcm)"
	rules a
	rules b
	# They may have given up
	wish a "$CHACHA"
	wish a auto
	wait_for 10 soon_use "$GCM" "$GCM"
}

# Only b hears: it may use it, and a may not
withheld_from_one()
{
	defer offloads on
	offloads off
	peers_again
	rules a "udp length 56 drop"
	rules b
	wish a auto
	wish b auto
	wait_for 10 soon_use "$CHACHA" "$GCM"
	sizes
	use "$CHACHA" "$GCM"
	(($(came a gcm) > 0 && $(came a chacha) == 0 || $(came a gcm) > $(came a chacha)))
	same 0 "$(came b gcm)"
	rules a
	# It may have given up
	wish a "$CHACHA"
	wish a auto
	wait_for 10 soon_use "$GCM" "$GCM"
}

# The first message of each is lost
lost()
{
	defer offloads on
	offloads off
	peers_again
	# Of 76 bytes each
	rules a "udp length 56 quota until 100 bytes drop"
	rules b "udp length 56 quota until 100 bytes drop"
	wish a auto
	wish b auto
	wait_for 15 soon_use "$GCM" "$GCM"
	(($(came a control) >= 2 || $(came b control) >= 2))
	rules a
	rules b
}

# toggle: while there is traffic
toggle()
{
	for _ in {1..8}; do
		wish a "$GCM"
		sleep 0.2
		wish b auto
		sleep 0.4
		wish a "$CHACHA"
		sleep 0.2
		wish b "$CHACHA"
		sleep 0.2
	done
}

switches_under_traffic()
{
	local pid

	peers_again
	ping_one a 10.9.0.2
	rules a
	rules b
	toggle &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		on a ping -q -c 50 -i 0.02 -W $((5 * SLOW)) -s 1000 10.9.0.2 >"$TMP/ping"
		[[ $(<"$TMP/ping") == *"50 packets transmitted, 50 received"* ]]
	done
	wait "$pid"
	(($(came a gcm) > 10 && $(came b gcm) > 10 && $(came a chacha) > 10 && $(came b chacha) > 10))
	same "" "$(vpn a show mt0 drops | awk '$2 && $1 != "tx-no-peer" && $1 != "rx-control"')"
}

# The peer is told, and does not wait for the next session
taken_back()
{
	peers_again
	wish a auto
	wish b auto
	wait_for 10 soon_use "$GCM" "$GCM"
	wish a "$CHACHA"
	wait_for 5 use "$CHACHA" "$CHACHA"
	sizes
	same "auto $CHACHA" "$(ciphers b)"
	wish a auto
	wait_for 5 soon_use "$GCM" "$GCM"
}

# Each session agrees anew: b has forgotten all about a
next_session()
{
	peers_again
	wish a auto
	wish b auto
	wait_for 10 soon_use "$GCM" "$GCM"
	# The same key again ends the session, as another would
	vpn a set mt0 private-key <(echo "${PRIV[a]}")
	wait_for 10 soon_use "$GCM" "$GCM"
	vpn b set mt0 peer "${PUB[a]}" remove
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128 endpoint 10.0.0.1:1
	ping_one b 10.9.0.1
	wait_for 10 soon_use "$CHACHA" "$CHACHA"
	sizes
}

refused()
{
	wish a "$CHACHA"
	vpn a showconf mt0 >"$TMP/conf"
	fails vpn a set mt0 peer "${PUB[b]}" cipher aes-128-gcm
	same "$(<"$TMP/conf")" "$(vpn a showconf mt0)"
	wish a "$GCM"
	vpn a syncconf mt0 "$TMP/conf"
	[[ $(ciphers a) == "$CHACHA "* ]]
	wish a auto
	vpn a showconf mt0 >"$TMP/conf"
	wish a "$CHACHA"
	vpn a setconf mt0 "$TMP/conf"
	[[ $(ciphers a) == "auto "* ]]
}

setup
iperf_serve a b
check "B15 without a wish: nothing but WireGuard" without_a_wish
check "B15 before there is a session" no_session
check "B15 both want AES-256-GCM" both_wish "$GCM" "$GCM"
check "B15 both want what is faster" both_wish auto auto
check "B15 one wants it, the other what is faster" both_wish "$GCM" auto
check "B15 one alone wants it" one_side
check "B15 capability messages are withheld" withheld
check "B15 they are withheld from one" withheld_from_one
check "B15 they are lost" lost
check "B15 switching loses no packet" switches_under_traffic
check "B15 a wish is taken back" taken_back
check "B15 each session agrees anew" next_session
check "B15 what files and the command line say" refused
finish
