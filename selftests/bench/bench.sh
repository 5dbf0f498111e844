#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In a guest that counts instructions: what a datagram and a byte of TCP cost over one
# path after the other, each between two namespaces that a cable joins. Prints CSV:
#
#	path,metric,size,window,value,spread,idle
#
# metric is udp (instructions for each datagram with `size` bytes of payload, `window` of
# them in flight) or tcp (for each byte of a bulk transfer; tcpcut: over a cable that takes single
# packets and no trains), both ends together; the value
# is the median of the repetitions, the spread half of what lies between the extremes; idle is
# the median of the time in which there was nothing to do, which the value leaves out; "-" where the
# kernel does not tell (Linux 7.2).
# Over the cable and the tunnels of WireGuard's kind there are more: udp6 and tcp6, IPv6
# inside and outside; fragments, datagrams that are longer than the MTU; tcp576, with that
# MTU inside.
#
#	bench.sh [PATH...]	(all: veth vxlan esp-gcm esp-chacha wireguard mytun mytun-gcm)
#	UDP			datagrams in a repetition	(1600)
#	TCP			bytes in a repetition		(4194304)
#	REPETITIONS		(5)
#	PROFILE			"udp SIZE WINDOW" or "tcp": where its instructions go instead,
#				path by path, as perf sees them: lines
#				"path,samples,symbol,module"

. "${0%/*}/../lib.sh"

DATAGRAMS=${UDP:-1600}
BYTES=${TCP:-4194304}
REPETITIONS=${REPETITIONS:-5}
PROFILE=${PROFILE:-}
PINGPONG=${0%/*}/pingpong
TMP=$(mktemp -d)
exec {PAUSE_FD}<> <(:)
# What the far end is called inside the tunnel, where there is one
INNER=10.9.0.2

trap 'end_jobs; ns_delete; rm -rf "$TMP"' EXIT

# ---- the paths: each sets $TO, the address to measure with, and where it carries IPv6 $TO6
# and $DEVICE, whose MTU bounds its packets ----

path_veth()
{
	TO=10.0.0.2
	TO6=fd00::2
	DEVICE=one
}

path_vxlan()
{
	vxlan a 10.0.0.1 10.0.0.2 10.9.0.1/24
	vxlan b 10.0.0.2 10.0.0.1 10.9.0.2/24
	TO=$INNER
}

# vxlan NS LOCAL REMOTE ADDRESS
vxlan()
{
	ipn "$1" link add vx0 type vxlan id 7 local "$2" remote "$3" dstport 4789
	addresses "$1" vx0 "$4"
}

# esp NAME DRIVER: ESP in tunnel mode, an AEAD with a key of 32 bytes, a salt of 4 and a tag of 16,
# whose implementation has that in its name
esp()
{
	local key ns from to

	key=$(printf '5a%.0s' {1..36})
	addresses a lo 10.9.0.1/32
	addresses b lo 10.9.0.2/32
	ipn a route add 10.9.0.2/32 dev one src 10.9.0.1
	ipn b route add 10.9.0.1/32 dev one src 10.9.0.2
	for ns in a b; do
		for from in 1 2; do
			to=$((3 - from))
			ipn $ns xfrm state add src 10.0.0.$from dst 10.0.0.$to proto esp spi 0x10$from \
				reqid 7 mode tunnel replay-window 64 aead "$1" "0x$key" 128
			ipn $ns xfrm policy add src 10.9.0.$from dst 10.9.0.$to \
				dir "$([[ $ns$from == a1 || $ns$from == b2 ]] && echo out || echo in)" \
				tmpl src 10.0.0.$from dst 10.0.0.$to proto esp reqid 7 mode tunnel
		done
	done
	awk -v name="$1" -v driver="$2" '
		$1 == "name" { ours = $3 == name }
		$1 == "driver" && ours && $3 ~ driver { found = 1 }
		END { exit !found }' /proc/crypto ||
		{ echo "bench: $1 is not what $2 does" >&2; return 1; }
	TO=$INNER
	ESP=1
}

# esp_carried: everything that was measured has gone through it
esp_carried()
{
	(($(ipn a -s xfrm state | sed -n 's/.* \([0-9]*\)(packets).*/\1/p' | sort -n | tail -n 1) >
		DATAGRAMS * REPETITIONS))
}

path_esp-gcm()
{
	esp 'rfc4106(gcm(aes))' 'aesni|vaes'
}

path_esp-chacha()
{
	esp 'rfc7539esp(chacha20,poly1305)' 'chacha20.*poly1305'
}

# tunnel KIND TOOL: between devices of this kind
tunnel()
{
	KIND=$1 TOOL=$2
	keys a b
	device a t0 a 1 10.9.0.1/24 fd09::1/64
	device b t0 b 2 10.9.0.2/24 fd09::2/64
	peer a t0 b allowed-ips 10.9.0.2/32,fd09::2/128 endpoint 10.0.0.2:2
	peer b t0 a allowed-ips 10.9.0.1/32,fd09::1/128
	TO=$INNER
	TO6=fd09::2
	DEVICE=t0
}

path_wireguard()
{
	tunnel wireguard wg
}

path_mytun()
{
	tunnel mytun vpnctl
	CIPHER=chacha20-poly1305
	wait_for 20 in_use
}

path_mytun-gcm()
{
	tunnel mytun vpnctl
	peer a t0 b cipher aes-256-gcm
	peer b t0 a cipher aes-256-gcm
	CIPHER=aes-256-gcm
	wait_for 20 in_use
}

# in_use: this cipher, at both ends
in_use()
{
	on a ping -q -c 1 -W 1 "$TO" && [[ $(field a t0 ciphers b) == *\ $CIPHER ]] &&
		[[ $(field b t0 ciphers a) == *\ $CIPHER ]]
}

# ---- measuring ----

# result PATH METRIC SIZE WINDOW: the median of the numbers on standard input
result()
{
	sort -n | awk -v head="$1,$2,$3,$4" '
		{ value[NR] = $1; idle[NR] = $2 }
		END {
			if (!NR)
				exit 1
			middle = NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2
			printf "%s,%.2f,%.2f,%s\n", head, middle, (value[NR] - value[1]) / 2,
				idle[int((NR + 1) / 2)]
		}'
}

# udp PATH METRIC ADDRESS SIZE WINDOW
udp()
{
	on a "$PINGPONG" -b udp "$3" "$4" "$5" "$DATAGRAMS" "$REPETITIONS" | result "$1" "$2" "$4" "$5"
}

# tcp PATH METRIC ADDRESS
tcp()
{
	on a "$PINGPONG" -b tcp "$3" "$BYTES" "$REPETITIONS" | result "$1" "$2" "$BYTES" 0
}

# cable on|off: does it take trains? If not, the receiving end may put packets together.
cable()
{
	local ns gro=off

	[[ $1 == on ]] || gro=on
	for ns in a b; do
		on "$ns" ethtool -K one gso "$1" tso "$1" tx-udp-segmentation "$1" gro "$gro"
		[[ $(on "$ns" ethtool -k one) == *tx-udp-segmentation:\ "$1"* ]]
	done
}

# measure PATH
measure()
{
	local size window

	for window in 32 1; do
		for size in 64 512 1300; do
			udp "$1" udp "$TO" $size $window
		done
	done
	tcp "$1" tcp "$TO"
	cable off
	tcp "$1" tcpcut "$TO"
	cable on
	[[ $TO6 ]] || return 0
	# Eight of them are what a receive buffer holds
	for window in 8 1; do
		udp "$1" fragments "$TO" 4000 $window
	done
	[[ $DEVICE != t0 ]] || peer a t0 b endpoint '[fd00::2]:2'
	wait_for 10 on a ping -q -c 1 -W 1 "$TO6"
	for window in 32 1; do
		udp "$1" udp6 "$TO6" 512 $window
	done
	tcp "$1" tcp6 "$TO6"
	# The end of IPv6 on this device
	ipn a link set "$DEVICE" mtu 576
	ipn b link set "$DEVICE" mtu 576
	tcp "$1" tcp576 "$TO"
}

# profile PATH: the symbols into which the samples fall, of both ends
profile()
{
	local load size window

	read -r load size window <<<"$PROFILE"
	case $load in
	udp) set -- "$1" udp "$TO" "$size" "$window" "$DATAGRAMS" "$REPETITIONS" ;;
	tcp) set -- "$1" tcp "$TO" "$BYTES" "$REPETITIONS" ;;
	esac
	on a perf record -q -e cpu-clock -c 20011 -a -o "$TMP/perf" -- "$PINGPONG" "${@:2}" >&2
	perf script -i "$TMP/perf" -F ip,sym,dso |
		awk -v path="$1" '
			{ gsub(/.*\/|[][()]/, "", $NF); count[$2 "," $NF]++ }
			END { for (symbol in count) print path "," count[symbol] "," symbol }' |
		sort -t, -k 2,2nr
}

LOG_PID=
(($#)) || set -- veth vxlan esp-gcm esp-chacha wireguard mytun mytun-gcm
modprobe -a mytun wireguard vxlan esp4 xfrm_user aesni_intel
# Not in every kernel
modprobe -q ghash_clmulni_intel || true
for path; do
	TO6='' DEVICE='' ESP=''
	ns_add a b
	veth a one 10.0.0.1/24 fd00::1/64 b one 10.0.0.2/24 fd00::2/64
	"path_$path"
	spawn b "$PINGPONG" serve
	wait_for 10 on a ping -q -c 1 -W 1 "$TO"
	if [[ $PROFILE ]]; then
		profile "$path"
	else
		measure "$path"
		[[ ! $ESP ]] || esp_carried
	fi
	end_jobs
	ns_delete
done
