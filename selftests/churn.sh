#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B32 to B35, B37, B39, E57: things come and go in great numbers, and the machine itself
# changes, while packets and handshakes are under way.
#
#   +------- a ------+      +------- b ------+
#   | ab 10.1.0.1    |======| ab 10.1.0.2    |
#   | mt0 10.9.0.1   |......| mt0 10.9.0.2   |
#   +----------------+      +----------------+
#
#	ONLY	a regular expression: only the scenarios whose number it matches
#	FULL	1: as many as the scenarios ask for	(fewer, for an emulated guest)

. "${0%/*}/lib.sh"
. "${0%/*}/rawpeer/lib.sh"

if [[ ${FULL:-} ]]; then
	PEERS=10000 UNLOADS=100 DEVICES=1000 DUMPS=20 TOGGLES=50 BURSTS=100 LATE=100
else
	PEERS=300 UNLOADS=3 DEVICES=60 DUMPS=2 TOGGLES=3 BURSTS=5 LATE=8
fi
LIMIT=20
CHURN=${BASH_SOURCE[0]%/*}/churn

[[ -x $CHURN ]] || skip_all "missing: churn (make all)"
ONLY=${ONLY:-.}
SCENARIOS=(B32 B32 B33 B34 B35 B37 B39 E57)
planned=2
for name in "${SCENARIOS[@]}"; do
	[[ ! "$name " =~ $ONLY ]] || planned=$((planned + 1))
done
plan "$planned"

setup()
{
	ns_add a b
	keys a b
	echo "${PRIV[a]}" >"$TMP/key.a"
	echo "${PRIV[b]}" >"$TMP/key.b"
	veth a ab 10.1.0.1/24 - b ab 10.1.0.2/24 -
	# A task that waits longer is a complaint in the log
	[[ ! -e /proc/sys/kernel/hung_task_timeout_secs ]] ||
		echo "$LIMIT" >/proc/sys/kernel/hung_task_timeout_secs
	first_unreachable a 10.1.0.2
	devices
}

devices()
{
	device a mt0 a 1 10.9.0.1/24
	device b mt0 b 2 10.9.0.2/24
	peer a mt0 b allowed-ips 10.9.0.2/32 endpoint 10.1.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32 endpoint 10.1.0.1:1
}

floods()
{
	spawn a "$CHURN" flood 10.9.0.2 9
	spawn b "$CHURN" flood 10.9.0.1 9
}

# flow: both floods do get through from now on
flow()
{
	local a b

	a=$(received a mt0 b)
	b=$(received b mt0 a)
	wait_for 20 more_than $((a + 5000)) a b
	wait_for 20 more_than $((b + 5000)) b a
}

# more_than BYTES NS KEY: received from that peer
more_than()
{
	(($(received "$2" mt0 "$3") > $1))
}

# works: in both directions, nothing is lost
works()
{
	ping_all a 10.9.0.2 5
	ping_all b 10.9.0.1 5
}

# Each peer begins a handshake when it is added, and is soon removed
peers_turn()
{
	floods
	flow
	on a "$CHURN" turn mt0 "$PEERS" 10.1.0.2 2
	flow
	end_jobs
	works
	same "${PUB[b]}" "$(vpn a show mt0 peers)"
}

# worker_policy POLICY: one of chrt's, for the kernel's workers that do handshakes, and for those
# that may; their numbers into WORKERS
worker_policy()
{
	local file comm pid

	WORKERS=()
	for file in /proc/[0-9]*/comm; do
		{ read -r comm <"$file"; } 2>/dev/null || continue
		[[ $comm =~ ^kworker/[0-9]+:[0-9]+(-|\+|$) ]] || continue
		pid=${file%/comm}
		WORKERS+=("${pid##*/}")
		chrt "$1" -p 0 "${pid##*/}" || true
	done
}

# at_work [PATTERN]: has one of them a handshake to do, and lost the processor there?
at_work()
{
	local pid comm top

	for pid in "${WORKERS[@]}"; do
		{ read -r comm <"/proc/$pid/comm"; } 2>/dev/null || continue
		[[ $comm == *+mytun-handshake ]] || continue
		[[ ${1:-} ]] || return 0
		{ read -r top <"/proc/$pid/stack"; } 2>/dev/null || continue
		[[ $top != *"$1"* ]] || return 0
	done
	return 1
}

# One of some initiations has found its peer, which is removed before the handshake is taken.
# Workers that run only while nobody else wants the processor give it up right behind that, where
# they would take the mutex, and for about as long as the hogs go on.
late_initiations()
{
	local i hogs=() met=0 log=$TMP/log

	have chrt taskset || skip "no chrt, or no taskset"
	[[ -x $RAWPEER ]] || skip "missing: $RAWPEER"
	keys r
	raw_start r 5000 10.9.0.3 10.1.0.1 10.1.0.2
	defer worker_policy -o
	for ((i = 0; i < $(nproc); i++)); do
		spawn a taskset -c "$i" bash -c 'while :; do :; done'
		hogs+=($!)
		kill -STOP $!
		defer kill -CONT $!
	done
	for ((i = 0; i < LATE; i++)); do
		peer b mt0 r allowed-ips 10.9.0.3/32
		worker_policy -i
		kill -CONT "${hogs[@]}"
		raws "sent 16" r initiations 16 home
		! wait_for 2 at_work receive_initiation || met=$((met + 1))
		vpn b set mt0 peer "${PUB[r]}" remove
		kill -STOP "${hogs[@]}"
		wait_for 20 fails at_work
		fails grep 'WARNING: .* mytun_peer_release' "$log"
	done
	echo "# $met of $LATE met" >&3
	((met))
}

unloads()
{
	local i

	for ((i = 0; i < UNLOADS; i++)); do
		floods
		on a "$CHURN" add mt0 50 10.1.0.2 2
		flow
		modprobe -r "$KIND" 2>/dev/null || rmmod "$KIND"
		end_jobs
		module_load
		devices
	done
	works
}

# creations NAME COUNT: what ip has to do to create devices in a namespace, every third of
# which goes to b, without its sockets' namespace
creations()
{
	local i

	for ((i = 0; i < $2; i++)); do
		echo "link add $1$i type $KIND"
		echo "link set $1$i up"
		((i % 3)) || echo "link set $1$i netns b-$RUN_ID"
	done
}

# Ten at a time in three namespaces, which are deleted meanwhile
namespaces_go()
{
	local round ns pids

	for ((round = 0; round * 30 < DEVICES; round++)); do
		pids=()
		for ns in x y z; do
			ns_add "$ns"
			creations "$ns$round." 10 >"$TMP/$ns"
			ipn "$ns" -batch "$TMP/$ns" &
			pids+=($!)
		done
		for ns in x y z; do
			ns_del "$ns"
		done
		for ns in "${pids[@]}"; do
			wait "$ns"
		done
	done
	same $((round * 12)) "$(ipn b -o link show type "$KIND" | grep -c '[xyz][0-9]')"
	ipn b -o link show type "$KIND" | sed -n 's/^[0-9]*: \([xyz][0-9.]*\)[@:].*/link delete \1/p' \
		>"$TMP/batch"
	ipn b -batch "$TMP/batch"
	works
	wait_for 30 interfaces_left 2
}

# interfaces_left COUNT: so many are there, of those created since this script began
interfaces_left()
{
	local created destroyed

	((BALANCE)) || return 0
	created=$(grep -c ': Interface created' "$TMP/log" || true)
	destroyed=$(grep -c ': Interface destroyed' "$TMP/log" || true)
	((created - destroyed == $1))
}

# Peers, and then the device, go while a dump has told half of them
dumps_open()
{
	local i input pid

	mkfifo "$TMP/dump"
	for ((i = 0; i < DUMPS; i++)); do
		on a "$CHURN" add mt0 100
		on a "$CHURN" dump mt0 <"$TMP/dump" >"$TMP/dump.out" &
		pid=$!
		exec {input}>"$TMP/dump"
		wait_for 10 grep -q open "$TMP/dump.out"
		floods
		if ((i % 2)); then
			# All peers at once
			vpn a setconf mt0 <(printf '[Interface]\nPrivateKey = %s\n' "${PRIV[a]}")
		fi
		ipn a link delete mt0
		end_all_but "$pid"
		exec {input}>&-
		wait "$pid"
		same "open No such device" "$(head -n 2 "$TMP/dump.out" | paste -sd ' ')"
		ipn b link delete mt0
		devices
	done
	rm "$TMP/dump"
	works
}

# end_all_but PID: end the background jobs but one
end_all_but()
{
	local pid

	for pid in $(jobs -p); do
		[[ $pid != "$1" && $pid != "$LOG_PID" ]] || continue
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

# What waits for the handshake is first on the wire, and all of it in order. (The cable
# itself must not swap packets: one CPU receives all.)
in_order()
{
	local i

	ip netns exec "b-$RUN_ID" sh -c 'echo 1 >/sys/class/net/ab/queues/rx-0/rps_cpus'
	for ((i = 0; i < BURSTS; i++)); do
		on b "$CHURN" receive 7 >"$TMP/received" &
		wait_for 10 on b grep -q ':0007 ' /proc/net/udp
		ipn a link set mt0 down
		ipn a link set mt0 up
		on a "$CHURN" send 10.9.0.2 7 3000
		wait $!
		cat "$TMP/received"
		[[ $(<"$TMP/received") =~ ^received\ ([0-9]+),\ out\ of\ order\ ([0-9]+) ]]
		((BASH_REMATCH[1] >= 100))
		same 0 "${BASH_REMATCH[2]}"
	done
}

# cpu1 STATE: 1 on, 0 off
cpu1()
{
	echo "$1" >/sys/devices/system/cpu/cpu1/online
}

hotplug()
{
	local i

	[[ -w /sys/devices/system/cpu/cpu1/online ]] || skip "no CPU that can be taken away"
	defer cpu1 1
	for ((i = 0; i < TOGGLES; i++)); do
		floods
		flow
		cpu1 0
		flow
		end_jobs
		works
		floods
		flow
		cpu1 1
		flow
		end_jobs
		works
	done
}

handshake_time()
{
	field b mt0 latest-handshakes a
}

# new_handshake: a comes up with no session, and the next packet makes one
new_handshake()
{
	ipn a link set mt0 down
	ipn a link set mt0 up
	wait_for 10 ping_one a 10.9.0.2
}

# clock SECONDS: put it forward, or back
clock()
{
	date -s "@$(($(date +%s) + $1))" >/dev/null
}

clock_jumps()
{
	local before

	works
	before=$(handshake_time)
	clock 3600
	defer clock -3600
	works
	same "$before" "$(handshake_time)"
	new_handshake
	(($(handshake_time) >= before + 3600))
	clock -7200
	defer clock 7200
	works
	(($(handshake_time) >= before + 3600))
	# The peer takes no time stamp that is not later than the last one
	new_handshake
	(($(handshake_time) < before + 1800))
	works
}

# one NAME COMMAND: a check, if it is among those wanted
one()
{
	[[ ! "${1%% *} " =~ $ONLY ]] || check "$@"
}

exec 3>&1
setup
one "B32 $PEERS peers added and removed, with handshakes in flight" peers_turn
one "B32 an initiation comes late for a peer that is removed, $LATE times" late_initiations
one "B33 the module goes $UNLOADS times under load" unloads
one "B34 $DEVICES devices created while their namespaces go" namespaces_go
one "B35 a dump held open while everything goes, $DUMPS times" dumps_open
one "B37 a CPU goes and comes back under load, $TOGGLES times" hotplug
one "B39 the clock jumps by an hour, forward and back" clock_jumps
one "E57 what waits for a handshake leaves in order, $BURSTS times" in_order
finish
