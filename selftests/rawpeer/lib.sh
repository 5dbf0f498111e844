# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# A device, and a peer that does what it is told. Sourced on top of ../lib.sh.
#
#   +------- a -------+          +-------- b --------+
#   | out 10.0.0.1    |==========| out 10.0.0.2      |
#   |     fd00::1     |          |     fd00::2       |
#   | rawpeer r       |          | mt0 10.9.0.1      |
#   |     10.9.0.2    |          |                   |
#   +-----------------+          +-------------------+

RAWPEER=${BASH_SOURCE[0]%/*}/rawpeer
# How many different messages were sent that had to be refused
CASES=0
LOAD=
declare -A RAW_TO RAW_FROM BEFORE NOW

# raw_start NAME PORT INNER [ADDRESS DEVICE-ADDRESS [DEVICE-PORT]]: rawpeer in a, its key is
# NAME's
raw_start()
{
	local fd

	mkfifo "$TMP/raw.$1.to" "$TMP/raw.$1.from"
	exec {fd}<>"$TMP/raw.$1.to"
	RAW_TO[$1]=$fd
	exec {fd}<>"$TMP/raw.$1.from"
	RAW_FROM[$1]=$fd
	# Not by on(): it would stay when its parent is ended
	nsenter --net="/run/netns/a-$RUN_ID" "$RAWPEER" "${5:-10.0.0.2}" "${6:-2}" "${PUB[b]}" \
		"${4:-10.0.0.1}" "$2" "$3" 10.9.0.1 <"$TMP/raw.$1.to" >"$TMP/raw.$1.from" &
	# shellcheck disable=SC2034 # of who was started last, for the scripts
	RAW_PID=$!
	echo "${PRIV[$1]}" >&"${RAW_TO[$1]}"
	answers ready "$1"
}

# answers WANTED NAME
answers()
{
	read -rt $((60 * SLOW)) -u "${RAW_FROM[$2]}" ANSWER
	same "$1" "$ANSWER"
}

# raw NAME COMMAND...: tell it to; it answers in ANSWER
raw()
{
	echo "${@:2}" >&"${RAW_TO[$1]}"
	read -rt $((60 * SLOW)) -u "${RAW_FROM[$1]}" ANSWER
}

# raws WANTED NAME COMMAND...: tell it to; this must be the answer, a pattern
raws()
{
	raw "${@:2}"
	# shellcheck disable=SC2053 # a pattern
	[[ $ANSWER == $1 ]] || { echo "$2 ${*:3}: wanted $1, got $ANSWER"; return 1; }
}

# device_make: both namespaces, and the device
device_make()
{
	ns_add a b
	keys b
	veth a out 10.0.0.1/24 fd00::1/64 b out 10.0.0.2/24 fd00::2/64
	device b mt0 b 2 10.9.0.1/24
}

# peer_again NAME PORT INNER: the device knows nothing but its key and endpoint
peer_again()
{
	vpn b set mt0 peer "${PUB[$1]}" remove
	peer b mt0 "$1" allowed-ips "$3/32" endpoint "10.0.0.1:$2"
}

# establish NAME: a session that it starts
establish()
{
	raws "built 148" "$1" initiation
	raws "sent 1" "$1" send home
	raws response "$1" await response 10
	works "$1"
}

# works NAME: its current session does, both ways. What has come before is forgotten.
works()
{
	raws "answered in session *" "$1" echo
	# Or the device would wait for a sign of life
	raws "built 32" "$1" keepalive
	raws "sent 1" "$1" send home
	raw "$1" replies
}

# read_drops: the counters of mt0 into NOW
read_drops()
{
	local reason count all

	all=$(vpn b show mt0 drops)
	NOW[all]=0
	while read -r reason count; do
		NOW[$reason]=$count
		[[ $reason != rx-* ]] || NOW[all]=$((NOW[all] + count))
	done <<<"$all"
}

# drops_begin: count from here on
drops_begin()
{
	read_drops
	drops_next
}

drops_next()
{
	local reason

	for reason in "${!NOW[@]}"; do
		BEFORE[$reason]=${NOW[$reason]}
	done
}

drops_reach()
{
	read_drops
	((NOW[all] - BEFORE[all] >= $1))
}

# drops_are REASON COUNT...: since drops_begin, or the last time, that many were dropped on
# their way in for these reasons, and none for another
drops_are()
{
	local all=0 i reason
	local -A wanted

	for ((i = 1; i < $#; i += 2)); do
		reason=${*:i:1}
		wanted[$reason]=${*:i+1:1}
		all=$((all + ${*:i+1:1}))
	done
	wait_for 30 drops_reach "$all" || true
	for reason in "${!NOW[@]}"; do
		[[ $reason == rx-* ]] || continue
		same "$reason ${wanted[$reason]:-0}" "$reason $((NOW[$reason] - BEFORE[$reason]))"
	done
	drops_next
}

# refused COUNT REASON COMMAND...: rawpeer r sends that many, all are dropped for the reason,
# and nothing else has been since drops_begin
refused()
{
	raws "sent $1" r "${@:3}"
	drops_are "$2" "$1"
	CASES=$((CASES + $1))
}

# flips REASON FROM TO MACS [BIT...]: those bits of those bytes of what was built, in
# portions that no queue finds too big
flips()
{
	local from bits=("${@:5}") step to

	step=$((256 / (${#bits[@]} ? ${#bits[@]} : 8)))
	for ((from = $2; from < $3; from = to)); do
		to=$((from + step < $3 ? from + step : $3))
		refused $(((to - from) * (${#bits[@]} ? ${#bits[@]} : 8))) "$1" \
			flip "$from" "$to" "$4" away "${bits[@]}"
	done
}

# peer_state: all that the device shows of its peers, but what it has sent to them: it may
# want something
peer_state()
{
	vpn b show mt0 dump | cut -f 1-6,8-
}

# silent NAME: nothing has come in answer to what was sent away, nor a handshake home
silent()
{
	raws "home +([0-9]) 0 0 +([0-9]) away 0 0 0 0 bytes 0 of *" "$1" replies
}

# ---- load: rawpeer r is the one who is looked at, f the one who floods ----

# fresh: nothing is known of r, and nothing counted
fresh()
{
	peer_again r 5000 10.9.0.2
	raw r replies
	drops_begin
}

dropped()
{
	echo $((NOW[$1] - BEFORE[$1]))
}

# load: keep the device under load, by noise that is worth a curve operation, until unload or
# the end of the check. The real-time priority of its sender lets a whole burst queue up before
# anyone works on it. Others are to find a place in the queue, too, of 4096, and it must not have
# held fewer than 512 for a second: in a kernel that takes long to say how many there are, the
# next burst comes while many wait.
load()
{
	local before waiting=0

	defer unload
	while :; do
		read_drops
		before=${NOW[all]}
		raw f flood 800 0 good away
		waiting=$((waiting + 800))
		sleep 0.3
		read_drops
		while ((waiting - (NOW[all] - before) > 1600)); do
			sleep 0.1
			read_drops
		done
		waiting=$((waiting > NOW[all] - before ? waiting - (NOW[all] - before) : 0))
	done &
	LOAD=$!
	wait_for 20 under_load
}

under_load()
{
	read_drops
	((NOW[rx-cookie-sent] > BEFORE[rx-cookie-sent]))
}

# unload: and forget what has been counted. The last burst is over when it has been answered.
unload()
{
	[[ $LOAD ]] || return 0
	kill "$LOAD"
	wait "$LOAD" || true
	LOAD=
	# An answer may have been left behind
	raw f keep
	until [[ $ANSWER == kept ]]; do
		read -rt $((60 * SLOW)) -u "${RAW_FROM[f]}" ANSWER
	done
}

# baked NAME: it has a cookie, a new one
baked()
{
	raws crumbled "$1" crumble
	# A full queue drops some; and what answers an earlier one is no good for a later one
	for _ in {1..5}; do
		raws "built 148" "$1" initiation
		raws "sent 1" "$1" send home
		raw "$1" await cookie $((2 * SLOW))
		[[ $ANSWER != cookie ]] || break
	done
	same cookie "$ANSWER"
}
