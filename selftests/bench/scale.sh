#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In a guest that counts instructions: what many peers cost, WireGuard's and ours. Each peer
# has an IPv4 and an IPv6 address as allowed IPs, and has never been heard of, but for b, whose
# addresses are amid theirs. Times are without those of an idle processor. Prints CSV:
#
#	path,peers,metric,value
#
# metric is
#
#	memory		bytes for each peer, of 1000 or more: slab, per-CPU and vmalloc memory
#	configure	instructions for each peer, addconf and the kernel's part of it
#	dump		instructions for each peer, "show dump"
#	remove		instructions for each peer, when the device goes
#	datagram	instructions for a datagram of 64 bytes, 32 in flight, both ends
#	handshake	instructions from a ping without a session to its answer, less those of one
#			with a session: both ends. b begins it, so its key is looked for
#
#	scale.sh [PEERS...]	(1 10000 100000)

. "${0%/*}/../lib.sh"

PINGPONG=${0%/*}/pingpong
ROUNDS=5
TMP=$(mktemp -d)
exec {PAUSE_FD}<> <(:)

trap 'end_jobs; ns_delete; rm -rf "$TMP"' EXIT

# configuration PEERS: with public keys made of noise. 33 bytes are 44 characters, of which
# the last may have to be another. A number in the middle is left for b.
configuration()
{
	head -c $((33 * $1)) /dev/urandom | base64 -w 44 | cut -c 1-42 |
		awk -v middle=$(($1 / 2 + 1)) '{
			i = NR < middle ? NR : NR + 1
			print "[Peer]\nPublicKey = " $0 "A="
			printf "AllowedIPs = 10.%d.%d.%d/32, fd10::%x:%x/128\n", 16 + i / 65536,
				i / 256 % 256, i % 256, i / 65536, i % 65536
		}'
}

# middle: the address that is left
middle()
{
	local i=$((PEERS / 2 + 1))

	echo "10.$((16 + i / 65536)).$((i / 256 % 256)).$((i % 256))"
}

# memory: bytes that the kernel has taken, when it gives up no more of them. What a grace period
# holds back is given up first.
memory()
{
	local before=0 now i

	for i in {1..20}; do
		echo 3 >/proc/sys/vm/drop_caches
		sleep 2
		now=$(awk '/^(Slab|Percpu|VmallocUsed):/ { sum += $2 } END { printf "%d\n", sum * 1024 }' \
			/proc/meminfo)
		((now - before > 65536 || before - now > 65536)) || break
		before=$now
	done
	((i < 20))
	echo "$now"
}

# now: nanoseconds, which are instructions
now()
{
	local seconds fraction

	IFS=. read -r seconds fraction <<<"$EPOCHREALTIME"
	echo $((seconds * 1000000000 + 10#$fraction * 1000))
}

# idle: nanoseconds in which the processor had nothing to do
idle()
{
	awk '$1 == ".idle_sleeptime" { sum += $3; found = 1 } END { if (!found) exit 1; printf "%d\n", sum }' \
		/proc/timer_list
}

# cost COMMAND...: its instructions, in $COST
cost()
{
	local begin idle

	idle=$(idle)
	begin=$(now)
	"$@"
	COST=$(($(now) - begin))
	COST=$((COST - ($(idle) - idle)))
}

# tell METRIC VALUE
tell()
{
	echo "$KIND,$PEERS,$1,$2"
}

dump()
{
	vpn a show t0 dump >"$TMP/dump"
}

# handshakes: the median of some, less what a ping costs without one
handshakes()
{
	local i with

	for ((i = 0; i < ROUNDS; i++)); do
		ipn b link set t0 down
		ipn b link set t0 up
		ipn b route add 10.9.0.1 dev t0
		# Those that follow each other too soon are refused
		sleep 0.1
		cost on b ping -q -c 1 -W 4 10.9.0.1 >&2
		with=$COST
		cost on b ping -q -c 1 -W 4 10.9.0.1 >&2
		echo $((with - COST))
	done | sort -n | sed -n "$((ROUNDS / 2 + 1))p"
}

datagrams()
{
	on a "$PINGPONG" -b udp "$TO" 64 32 3200 "$ROUNDS" | sort -n |
		sed -n "$((ROUNDS / 2 + 1))s/ .*//p"
}

# with PEERS peers more than the one that answers
measure()
{
	local before after value

	TO=$(middle)
	ns_add a b
	veth a one 10.0.0.1/24 - b one 10.0.0.2/24 -
	device a t0 a 1 10.9.0.1/24
	device b t0 b 2 "$TO/32"
	ipn a route add 10.16.0.0/12 dev t0
	ipn b route add 10.9.0.1 dev t0
	peer a t0 b allowed-ips "$TO/32" endpoint 10.0.0.2:2
	peer b t0 a allowed-ips 10.9.0.1/32 endpoint 10.0.0.1:1
	before=$(memory)
	cost vpn a addconf t0 "$TMP/conf"
	after=$(memory)
	# Of few, it is noise
	((PEERS < 1000)) || tell memory $(((after - before) / PEERS))
	tell configure $((COST / PEERS))
	cost dump
	[[ $(wc -l <"$TMP/dump") == $((PEERS + 2)) ]]
	tell dump $((COST / PEERS))
	spawn b "$PINGPONG" serve
	wait_for 10 on a ping -q -c 1 -W 1 "$TO"
	value=$(datagrams)
	tell datagram "$value"
	value=$(handshakes)
	tell handshake "$value"
	cost ipn a link delete t0
	tell remove $((COST / PEERS))
	end_jobs
	ns_delete
}

(($#)) || set -- 1 10000 100000
modprobe -a mytun wireguard
for PEERS; do
	configuration "$PEERS" >"$TMP/conf"
	for KIND in wireguard mytun; do
		TOOL=wg
		[[ $KIND == wireguard ]] || TOOL=vpnctl
		keys a b
		measure
	done
done
