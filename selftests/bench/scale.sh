#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In a guest that counts instructions: what many peers cost, WireGuard's and ours. Each peer
# has an IPv4 and an IPv6 address as allowed IPs, and has never been heard of. Prints CSV:
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
#	handshake	instructions from a ping without a session to its answer, both ends
#
#	scale.sh [PEERS...]	(1 10000 100000)

. "${0%/*}/../lib.sh"

PINGPONG=${0%/*}/pingpong
ROUNDS=5
TMP=$(mktemp -d)
exec {PAUSE_FD}<> <(:)

trap 'end_jobs; ns_delete; rm -rf "$TMP"' EXIT

# configuration PEERS: with public keys made of noise. 33 bytes are 44 characters, of which
# the last may have to be another.
configuration()
{
	head -c $((33 * $1)) /dev/urandom | base64 -w 44 | cut -c 1-42 | awk '{
		print "[Peer]\nPublicKey = " $0 "A="
		printf "AllowedIPs = 10.%d.%d.%d/32, fd10::%x/128\n", 16 + NR / 65536, NR / 256 % 256,
			NR % 256, NR
	}'
}

# memory: bytes that the kernel has taken. What a grace period holds back is given up first.
memory()
{
	echo 3 >/proc/sys/vm/drop_caches
	sleep 2
	awk '/^(Slab|Percpu|VmallocUsed):/ { sum += $2 } END { printf "%d\n", sum * 1024 }' \
		/proc/meminfo
}

# now: nanoseconds, which are instructions
now()
{
	local seconds fraction

	IFS=. read -r seconds fraction <<<"$EPOCHREALTIME"
	echo $((seconds * 1000000000 + 10#$fraction * 1000))
}

# cost COMMAND...: its instructions, in $COST
cost()
{
	local begin

	begin=$(now)
	"$@"
	COST=$(($(now) - begin))
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

# handshakes: the median of some
handshakes()
{
	local i

	for ((i = 0; i < ROUNDS; i++)); do
		ipn a link set t0 down
		ipn a link set t0 up
		cost on a ping -q -c 1 -W 9 10.9.0.2 >&2
		echo "$COST"
	done | sort -n | sed -n "$((ROUNDS / 2 + 1))p"
}

datagrams()
{
	on a "$PINGPONG" udp 10.9.0.2 64 32 320 "$ROUNDS" | sort -n | sed -n "$((ROUNDS / 2 + 1))p"
}

# with PEERS peers more than the one that answers
measure()
{
	local before after value

	ns_add a b
	veth a one 10.0.0.1/24 - b one 10.0.0.2/24 -
	device a t0 a 1 10.9.0.1/24
	device b t0 b 2 10.9.0.2/24
	peer a t0 b allowed-ips 10.9.0.2/32 endpoint 10.0.0.2:2
	peer b t0 a allowed-ips 10.9.0.1/32
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
	wait_for 10 on a ping -q -c 1 -W 1 10.9.0.2
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
