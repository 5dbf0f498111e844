#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# By the clock, in a guest with two processors that do run at the same time: bulk TCP with
# one of them switched off and with both, to one peer and to several at a time. Prints CSV:
#
#	path,peers,cpus,value,spread
#
# The value is the median of the rounds in Mbit/s, all peers together; the spread half of
# what lies between the extremes. Rounds with one and with two processors take turns, so
# that what else the machine does meets both.
#
#	cpus.sh [PATH...]	(wireguard mytun mytun-gcm)
#	BYTES			in a round, of all peers together	(25165824)
#	PEERS			how many at a time			("1 16")
#	ROUNDS			(5)

. "${0%/*}/../lib.sh"

PINGPONG=${0%/*}/pingpong
BYTES=${BYTES:-25165824}
PEERS=${PEERS:-1 16}
ROUNDS=${ROUNDS:-5}
TMP=$(mktemp -d)
exec {PAUSE_FD}<> <(:)

trap 'online 2; end_jobs; ns_delete; rm -rf "$TMP"' EXIT

# online COUNT: so many processors
online()
{
	echo $(($1 - 1)) >/sys/devices/system/cpu/cpu1/online
}

# now: microseconds
now()
{
	local seconds fraction

	IFS=. read -r seconds fraction <<<"$EPOCHREALTIME"
	echo $((seconds * 1000000 + 10#$fraction))
}

# peers CIPHER: one device in a, and one for each peer in b
peers()
{
	local i

	keys a
	device a t0 a 1 10.9.0.1/24
	for ((i = 1; i <= count; i++)); do
		keys "b$i"
		device b "t$i" "b$i" $((i + 1)) "10.9.$i.2/24"
		peer a t0 "b$i" allowed-ips "10.9.$i.2/32" endpoint "10.0.0.2:$((i + 1))"
		peer b "t$i" a allowed-ips 10.9.0.1/32
		[[ ! $1 ]] || { peer a t0 "b$i" cipher "$1"; peer b "t$i" a cipher "$1"; }
		ipn a route add "10.9.$i.2/32" dev t0
		# An answer leaves by the device to whose address it was asked
		ipn b rule add from "10.9.$i.2" table $((100 + i))
		ipn b route add 10.9.0.1/32 dev "t$i" src "10.9.$i.2" table $((100 + i))
		wait_for 20 on a ping -q -c 1 -W 1 "10.9.$i.2"
		[[ ! $1 ]] || wait_for 20 in_use "$i" "$1"
	done
}

# in_use PEER CIPHER: by both of them
in_use()
{
	on a ping -q -c 1 -W 1 "10.9.$1.2"
	[[ $(field a t0 ciphers "b$1") == *\ $2 && $(field b "t$1" ciphers a) == *\ $2 ]]
}

path_wireguard()
{
	KIND=wireguard TOOL=wg
	peers ''
}

path_mytun()
{
	KIND=mytun TOOL=vpnctl
	peers ''
}

path_mytun-gcm()
{
	KIND=mytun TOOL=vpnctl
	peers aes-256-gcm
}

# transfer: to all peers at the same time
transfer()
{
	local i pids=()

	for ((i = 1; i <= count; i++)); do
		# The first transfer of a process is its warming up: half of the bytes
		on a "$PINGPONG" tcp "10.9.$i.2" $((BYTES / count / 2)) 1 >/dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
}

# round CPUS: a line with the rate
round()
{
	local begin

	online "$1"
	begin=$(now)
	transfer
	echo $((BYTES * 8 / ($(now) - begin))) >>"$TMP/$1"
}

# result CPUS
result()
{
	sort -n "$TMP/$1" | awk -v head="$path,$count,$1" '
		{ value[NR] = $1 }
		END {
			middle = NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2
			printf "%s,%.1f,%.1f\n", head, middle, (value[NR] - value[1]) / 2
		}'
}

(($#)) || set -- wireguard mytun mytun-gcm
modprobe -a mytun wireguard aesni_intel ghash_clmulni_intel 2>/dev/null || true
for path; do
	for count in $PEERS; do
		ns_add a b
		veth a one 10.0.0.1/24 - b one 10.0.0.2/24 -
		"path_$path"
		spawn b "$PINGPONG" serve
		rm -f "$TMP"/[12]
		transfer
		for ((i = 0; i < ROUNDS; i++)); do
			round 1
			round 2
		done
		result 1
		result 2
		end_jobs
		ns_delete
	done
done
