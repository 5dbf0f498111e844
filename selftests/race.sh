#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Traffic in both directions while all that can change does, each in a loop of its own. Made
# for a kernel with KCSAN (two processors), and worth running on any with lockdep or KASAN.
#
#   +-------- a --------+        +-------- b --------+
#   | out 10.0.0.1, .11 |========| out 10.0.0.2, .12 |
#   | mt0 10.9.0.1      |........| mt0 10.9.0.2      |
#   +-------------------+        +-------------------+
#
#   DURATION	seconds of it (15)

. "${0%/*}/lib.sh"

plan 13

DURATION=$((${DURATION:-15} * SLOW))
LOOPS="other_peer allowed_ips roam_a roam_b port identity new_session link dump"

setup()
{
	ns_add a b
	veth a out 10.0.0.1/24 fd00::1/64 b out 10.0.0.2/24 fd00::2/64
	addresses a out 10.0.0.11/24
	addresses b out 10.0.0.12/24
	keys a a2 b other
	device a mt0 a 1 10.9.0.1/24 fd09::1/64
	device b mt0 b 2 10.9.0.2/24 fd09::2/64
	# What a sends as a2 is refused: it has no address
	peer b mt0 a2
	to_b
	to_a
	ping_one a 10.9.0.2
	ping_one b fd09::1
}

to_b()
{
	peer a mt0 b allowed-ips 10.9.0.2/32,fd09::2/128 endpoint 10.0.0.2:2
}

to_a()
{
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128 endpoint 10.0.0.1:1
}

# ---- the loops; each is called until the time is up ----

other_peer()
{
	peer a mt0 other allowed-ips 10.9.0.9/32 persistent-keepalive 1 endpoint 10.0.0.99:9
	peer a mt0 other remove
}

allowed_ips()
{
	peer b mt0 a allowed-ips 10.9.0.1/32,10.77.0.0/16,10.77.1.0/24,fd09::1/128
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128
}

roam_a()
{
	peer b mt0 a endpoint 10.0.0.11:1
	peer b mt0 a endpoint "[fd00::1]:1"
}

roam_b()
{
	peer a mt0 b endpoint 10.0.0.12:2
	peer a mt0 b endpoint "[fd00::2]:2"
}

port()
{
	vpn b set mt0 listen-port 22 fwmark 1
	vpn b set mt0 listen-port 2 fwmark 0
}

identity()
{
	vpn a set mt0 private-key <(echo "${PRIV[a2]}")
	vpn a set mt0 private-key <(echo "${PRIV[a]}")
	# Time for traffic: what comes after this is a handshake and data
	sleep 1
}

new_session()
{
	peer b mt0 a remove
	to_a
	sleep 1
}

link()
{
	ipn a link set mt0 down
	# It went with the link
	addresses a mt0 fd09::1/64
	sleep 1
}

dump()
{
	vpn a show mt0 dump
	vpn b show all transfer
}

# ---- running them ----

# repeat COMMAND: until the time is up; how often it succeeded is what the check wants
repeat()
{
	local end=$((SECONDS + DURATION)) count=0

	while ((SECONDS < end)); do
		"$1"
		count=$((count + 1))
		echo "$count" >"$TMP/count.$1"
	done
	: >"$TMP/done.$1"
}

# storm: all loops at once, with floods in both directions and both families
storm()
{
	local loop pids=() end=$((SECONDS + DURATION * 2 + 60)) to_a to_b

	to_a=$(link_packets a mt0 rx) to_b=$(link_packets b mt0 rx)

	spawn a ping -q -f -s 1200 10.9.0.2
	spawn b ping -q -f -s 1200 10.9.0.1
	spawn a ping -q -f fd09::2
	spawn b ping -q -f fd09::1
	for loop in $LOOPS; do
		echo 0 >"$TMP/count.$loop"
		repeat "$loop" >"$TMP/log.$loop" 2>&1 &
		pids+=($!)
	done
	for loop in "${pids[@]}"; do
		wait "$loop" || echo "a loop has failed"
	done
	((SECONDS < end))
	to_a=$(($(link_packets a mt0 rx) - to_a)) to_b=$(($(link_packets b mt0 rx) - to_b))
	echo "# $to_a packets to a, $to_b to b" >&3
	((to_a > 100 && to_b > 100))
}

# went_round LOOP: without an error, more than once
went_round()
{
	local count

	count=$(<"$TMP/count.$1")
	cat "$TMP/log.$1"
	echo "$1: $count times"
	[[ -e $TMP/done.$1 ]] || { echo "$1 ended by an error"; return 1; }
	((count >= 2))
}

# recovers: afterwards all is as before
recovers()
{
	to_b
	to_a
	wait_for 20 ping_one a 10.9.0.2
	wait_for 20 ping_one b fd09::1
}

exec 3>&1
setup >/dev/null
check "B31 traffic both ways, ${DURATION} s of changes" storm
for loop in $LOOPS; do
	check "B31 loop $loop" went_round "$loop"
	echo "# $loop: $(<"$TMP/count.$loop") times"
done
check "B31 the tunnel works afterwards" recovers
finish
