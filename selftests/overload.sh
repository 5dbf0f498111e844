#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B16 to B18, by numbers: what a flood costs, how long a cookie is good, how much memory many
# strangers take. Best run in a guest that counts instructions (run.sh --icount): there one
# nanosecond is one instruction of the only processor, so that a rate tells a cost.
#
#   +------- a -------+          +-------- b --------+
#   | out 10.0.0.1    |==========| out 10.0.0.2      |
#   |     fd00::1     |          |     fd00::2       |
#   | mt1 10.9.2.1    |..........| mt0 10.9.0.1      |
#   | rawpeer r, f    |          |                   |
#   +-----------------+          +-------------------+
#
#	RATE	initiations with a bad mac1 each second (10000)
#	TIME	seconds of each transfer (2; with FULL=1 10: then they are 100000)
#	SOURCES	networks of the crowd (4096; with FULL=1 65537)

. "${0%/*}/lib.sh"
. "${0%/*}/rawpeer/lib.sh"

[[ -x $RAWPEER ]] || skip_all "missing: $RAWPEER"
plan 5
need chrt iperf3 jq socat tc
shopt -s extglob

FULL=${FULL:-0}
RATE=${RATE:-10000}
TIME=${TIME:-$((FULL ? 10 : 2))}
SOURCES=${SOURCES:-$((FULL ? 65537 : 4096))}
LEAST=90		# percent of the throughput
SECRET_SECONDS=120	# life of a cookie
PLAIN=9000		# port of a plain UDP socket
NOBODY=9001		# port of which nothing gets into b

# ---- B16 ----

# transfer: bits per second through the tunnel
transfer()
{
	on a iperf3 -c 10.9.0.1 -t "$TIME" -J | jq '.end.sum_received.bits_per_second | floor'
}

# under_flood NAME: the same while this one floods, from before until after it
under_flood()
{
	local result count=$((RATE * (TIME + 1)))

	echo "flood $count $RATE bad away" >&"${RAW_TO[$1]}"
	result=$(transfer)
	# It is still at it
	fails read -rt 0.01 -u "${RAW_FROM[$1]}" ANSWER
	read -rt 300 -u "${RAW_FROM[$1]}" ANSWER
	same "sent $count" "$ANSWER"
	echo "$result"
}

# deaf: a UDP socket in b that nobody reads, the least that a service on UDP can cost
deaf()
{
	spawn b socat -u "UDP-RECV:$PLAIN" /dev/null
	DEAF=$!
	wait_for 10 has_port b "$PLAIN"
	kill -STOP "$DEAF"
	defer kill -KILL "$DEAF"
}

throughput()
{
	local alone sender plain flooded left

	deaf
	# The first one makes the session, and caches warm
	transfer >/dev/null
	alone=$(transfer)
	sender=$(under_flood n)
	plain=$(under_flood p)
	drops_begin
	flooded=$(under_flood f)
	wait_for 10 has_dropped rx-bad-mac1 $((RATE * (TIME + 1)))
	left=$((100 * flooded / sender))
	{
		echo "# $RATE initiations with a bad mac1 each second, $((RATE * TIME)) in $TIME s; bit/s:"
		echo "# alone $alone; only their sender's work $sender; at a plain socket $plain; here $flooded"
		echo "# one costs $(cost "$sender" "$flooded" "$alone") ns, at a plain socket" \
			"$(cost "$sender" "$plain" "$alone") ns; $left % of the throughput is left," \
			"$((100 - 100 * (sender - flooded) / alone)) % if the sender is another machine"
	} >&3
	# The flood was there: its sender took some
	((sender < alone))
	# With the sender on the same processor, which makes the rest look smaller
	((left >= LEAST))
}

# has_dropped REASON COUNT
has_dropped()
{
	read_drops
	same "$2" "$(dropped "$1")"
}

# cost WITHOUT WITH ALONE: ns that one message of the flood takes, were all time the transfer's
cost()
{
	echo $((($1 - $2) * 1000000000 / $3 / RATE))
}

# ---- B17 ----

# answered_with WHAT: what r gets for an initiation, of which everything is right but, if it
# is old, its cookie
answered_with()
{
	local try

	raw r replies
	for try in {1..5}; do
		raws "built 148" r initiation
		raws "sent 1" r send home
		# A full queue drops some
		sleep 1
		raw r replies
		[[ $ANSWER == "home 0 0 0 0 "* ]] || break
	done
	case $1 in
	response) [[ $ANSWER == "home "+([0-9])" 1 0 "* ]] ;;
	cookie) [[ $ANSWER == "home "+([0-9])" 0 1 "* ]] ;;
	esac || { echo "wanted a $1 after $try: $ANSWER"; return 1; }
}

# A load of its own each time: it would be work to sleep under one
cookie_expires()
{
	fresh
	load
	baked r
	answered_with response
	unload
	sleep $((SECRET_SECONDS / 2))
	drops_begin
	load
	answered_with response
	unload
	sleep $((SECRET_SECONDS / 2 + 5))
	drops_begin
	load
	# The secret is another one: nothing that was said before counts
	answered_with cookie
	unload
	echo "# a cookie did after $((SECRET_SECONDS / 2)) s, and not after $((SECRET_SECONDS + 5)) s" >&3
}

# ---- B18 ----

# memory: kB that the kernel has taken for itself, and cannot give back
memory()
{
	awk '/^(SUnreclaim|VmallocUsed|Percpu):/ { sum += $2 } END { print sum }' /proc/meminfo
}

# memory_in_use: the same without what only waits to be used again
memory_in_use()
{
	local cache

	for cache in /sys/kernel/slab/*/shrink; do
		[[ ! -w $cache ]] || echo 1 >"$cache"
	done
	memory
}

# greatest_memory FILE: writes down the most there was, until it is ended
greatest_memory()
{
	local most=0 now

	while :; do
		now=$(memory)
		((now <= most)) || { most=$now; echo "$most" >"$1"; }
		sleep 0.1
	done
}

# crowd FIRST: SOURCES networks from that one on come under load, each with a cookie
crowd()
{
	local name

	fresh
	load
	baked v6
	drops_begin
	echo "crowd $SOURCES 7000 $1" >&"${RAW_TO[v6]}"
	read -rt 900 -u "${RAW_FROM[v6]}" ANSWER
	CAME=${ANSWER#crowd }
	CAME=${CAME%% *}
	read_drops
	unload
	wait_for 10 all_quiet
	# What was said to the senders waits in their sockets, which is memory too
	for name in "${!RAW_TO[@]}"; do
		raw "$name" replies
	done
	echo "# $SOURCES networks, $CAME with a cookie: $(dropped rx-bad-handshake) passed the" \
		"limiter, $(dropped rx-rate-limit) did not" >&3
	# They did come
	((CAME > SOURCES * 9 / 10))
	(($(dropped rx-bad-handshake) > SOURCES * 3 / 4))
}

# One crowd to have the caches filled, and another one that nobody has seen before
many_networks()
{
	local before after most watcher

	crowd 0
	before=$(memory_in_use)
	greatest_memory "$TMP/most" &
	watcher=$!
	crowd "$SOURCES"
	kill "$watcher"
	after=$(memory_in_use)
	most=$(<"$TMP/most")
	echo "# kB before the second $before, at most $most, after it $after" >&3
	# What may wait is 4096 messages: 1280 bytes each, and as much for the allocators' sake
	((most - before < 4096 * 1280 * 2 / 1024))
	# Not 64 bytes of each network are left
	((after - before < SOURCES * 64 / 1024))
}

# all_quiet: no message came for a moment
all_quiet()
{
	local before

	read_drops
	before=${NOW[all]}
	sleep 1.5
	read_drops
	((before == NOW[all]))
}

setup()
{
	device_make
	keys a r f n p v6
	device a mt1 a 9 10.9.2.1/24
	ipn a route add 10.9.0.0/24 dev mt1
	peer a mt1 b allowed-ips 10.9.0.1/32 endpoint 10.0.0.2:2
	peer b mt0 a allowed-ips 10.9.2.1/32
	ipn b route add 10.9.2.0/24 dev mt0
	iperf_serve b
	# The way to its port ends before b has looked at the packet
	on b tc qdisc add dev out ingress
	on b tc filter add dev out ingress protocol ip u32 match ip protocol 17 0xff \
		match ip dport "$NOBODY" 0xffff action drop
	raw_start r 5000 10.9.0.2
	raw_start n 5002 10.9.0.4 10.0.0.1 10.0.0.2 "$NOBODY"
	raw_start p 5003 10.9.0.5 10.0.0.1 10.0.0.2 "$PLAIN"
	raw_start f 5001 10.9.0.3
	FLOODER=$RAW_PID
	# Of local addresses, in networks that b finds by way of a
	ipn a route add local fd01::/32 dev lo
	ipn b route add fd01::/32 via fd00::1
	raw_start v6 5004 10.9.0.6 fd00::1 fd00::2
}

exec 3>&1
setup
check "B16 of the throughput a flood with a bad mac1 leaves $LEAST %" throughput
# From now on its bursts are to go before the device's work
chrt -a -f -p 1 "$FLOODER"
check "B17 a cookie is good for $SECRET_SECONDS s" cookie_expires
check "B18 many networks take no memory" many_networks
finish
