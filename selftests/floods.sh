#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B16 to B20: more messages than a device can take, from strangers and from peers.
# Topology: rawpeer/lib.sh.
#
#	FLOOD	initiations with a bad mac1 (100000, where it is slow in proportion)
#	ROUNDS	data messages of a well-behaved peer while another floods (150)
#	GREED	messages that the other sends for each of them (32)

. "${0%/*}/lib.sh"
. "${0%/*}/rawpeer/lib.sh"

[[ -x $RAWPEER ]] || skip_all "missing: $RAWPEER"
plan 9
need chrt awk
shopt -s extglob

FLOOD=${FLOOD:-$((100000 / SLOW))}
# From each address, to see how many the limiter lets through: more than in the time for which
# they wait behind others
NOISE=$((SLOW > 1 ? 40 * SLOW : 20))
ROUNDS=${ROUNDS:-150}
GREED=${GREED:-32}
# So much that opening a message takes longer than sending it
PAYLOAD=7900
JUMBO=8200
PEERS=(p0 p1 p2 p3 p4 p5 p6 p7)
OTHERS=7
# MYTUN_MAX_QUEUED_IN, messages
QUEUE=1024
PROBES=/sys/kernel/tracing

# ---- B16 ----

# probe_curve: have the kernel count curve operations, whichever of its functions does them
probe_curve()
{
	local name probes=0

	[[ -e $PROBES/kprobe_events ]] || return
	for name in curve25519 curve25519_arch curve25519_generic; do
		! echo "p:selftest/$name $name" >>"$PROBES/kprobe_events" 2>/dev/null ||
			probes=$((probes + 1))
	done
	((probes)) || return
	echo 1 >"$PROBES/events/selftest/enable"
}

probe_end()
{
	echo 0 >"$PROBES/events/selftest/enable"
	echo >"$PROBES/kprobe_events"
}

# curve_operations: how many so far
curve_operations()
{
	awk '$1 ~ /^curve25519/ { n += $2 } END { print n + 0 }' "$PROBES/kprobe_profile"
}

bad_mac1()
{
	local before probed='' curves=0

	fresh
	establish r
	before=$(peer_state)
	if probe_curve; then
		defer probe_end
		probed=1
		# They are seen when there are any
		establish r
		before=$(peer_state)
		curves=$(curve_operations)
		((curves >= 3))
	fi
	raws "sent $FLOOD" r flood "$FLOOD" 0 bad away
	drops_are rx-bad-mac1 "$FLOOD"
	echo "# $FLOOD initiations with a bad mac1" >&3
	if [[ $probed ]]; then
		same "$curves" "$(curve_operations)"
	else
		echo "# no kprobes: curve operations were not counted, only drops" >&3
		[[ ! -e $PROBES/kprobe_events ]]
	fi
	silent r
	same "$before" "$(peer_state)"
	works r
}

# ---- B17 to B19 ----

cookie_needed()
{
	fresh
	load
	baked r
	raws "built 148" r initiation
	raws "sent 1" r send home
	raws response r await response 10
	works r
	unload
}

# crumbs_reach COUNT: so many cookies have come home, of those who send no handshake
crumbs_reach()
{
	local words

	raws "home * 0 * * away 0 0 0 0 *" r replies
	read -ra words <<<"$ANSWER"
	CRUMBS=$((CRUMBS + words[3]))
	((CRUMBS >= $1))
}

# crumbs_alone: a new initiation with a cookie gets nothing but a cookie from elsewhere, nor with
# any bit of its mac2 flipped. (In a condition: each step by itself.)
crumbs_alone()
{
	fresh && raws "built 148" r initiation && raws "sent 1" r send away || return
	wait_for 5 raws "home * 0 0 * away 0 0 1 0 *" r replies &&
		raws "sent 128" r flip 132 148 raw home || return
	CRUMBS=0
	wait_for 5 crumbs_reach 128
}

cookie_refused()
{
	local alone='' try

	fresh
	load
	baked r
	# Proves that somebody receives at home, not there. Again, should the load have ended for a
	# moment: without it nobody is asked for a cookie.
	for try in {1..5}; do
		! crumbs_alone || { alone=$try; break; }
	done
	[[ $alone ]]
	# Were it not for that, this would have been good
	raws "sent 1" r send home
	raws response r await response 10
	works r
	unload
	raws "* longer 0" r replies
}

# passed_limit NAME...: all of them, each with a cookie, send NOISE initiations at once. Prints
# how many the limiter let through, and what one bucket may have held meanwhile.
passed_limit()
{
	local name begin elapsed_ms try

	for name; do
		baked "$name"
	done
	# Again, should the load have ended for a moment: its noise was counted then
	for try in {1..5}; do
		passed_limit_once "$@"
		(($(dropped rx-rate-limit) + PASSED != $# * NOISE)) || break
	done
	same $(($# * NOISE)) $(($(dropped rx-rate-limit) + PASSED))
	echo "# $# sources: $PASSED of $(($# * NOISE)) passed in $elapsed_ms ms" >&3
}

passed_limit_once()
{
	# Every bucket is full again
	sleep 1.1
	drops_begin
	begin=${EPOCHREALTIME/./}
	for name; do
		echo "noise $NOISE home" >&"${RAW_TO[$name]}"
	done
	for name; do
		answers "sent $NOISE" "$name"
	done
	wait_for 10 limited $(($# * NOISE))
	elapsed_ms=$(((${EPOCHREALTIME/./} - begin) / 1000))
	PASSED=$(dropped rx-bad-handshake)
	MAY_PASS=$((5 + elapsed_ms * 20 / 1000 + 1))
}

limited()
{
	read_drops
	(($(dropped rx-rate-limit) + $(dropped rx-bad-handshake) >= $1))
}

# share_bucket NAME...: all of them together. Once more, should the load have ended for a
# moment: without it nobody is limited. Or should it have taken so long that nobody had to be.
share_bucket()
{
	local try

	for try in {1..5}; do
		passed_limit "$@"
		((PASSED > MAY_PASS || MAY_PASS >= $# * NOISE)) || break
	done
	((MAY_PASS < $# * NOISE))
	((PASSED >= 5 && PASSED <= MAY_PASS))
}

limit_of_address()
{
	fresh
	load
	share_bucket r
	# Each other address has a bucket of its own
	passed_limit r v4a v4b v4c
	((PASSED >= 20))
	unload
}

limit_of_network()
{
	fresh
	load
	# All in one /64
	share_bucket v6a v6b v6c v6d
	# Each in another
	passed_limit v6a v6x v6y v6z
	((PASSED >= 20))
	unload
}

# What does not come from a peer never gets more than it has sent; a peer's initiation does
# not either
amplification()
{
	local longer=0 name
	local -A received=([r]=0 [f]=0) asked=([r]=0 [f]=0)

	fresh
	raws crumbled r crumble
	load
	raws "built 148" r initiation
	raw r lengths 0 201 away
	raw r types away
	raw r flip 0 148 raw away
	# Again, should the load have ended for a moment, or its queue be full
	wait_for 20 cookies_come
	unload
	account r
	account f
	same 0 "$longer"
	((received[r] > 0))
	# Of all of it: an answer may come a while after what it answers
	for name in r f; do
		((received[$name] <= asked[$name]))
	done
}

# Of initiations with another timestamp and a good mac1, which take a cookie under load
cookies_come()
{
	raw r flip 0 116 mac away 0
	sleep 0.3
	account r
	((received[r] > 0))
}

# account NAME: what came to it since the last time, and what it had sent
account()
{
	local words

	raw "$1" replies
	echo "# $1: ${ANSWER#*away * * * * }" >&3
	read -ra words <<<"$ANSWER"
	# bytes N of M longer L
	received[$1]=$((received[$1] + words[11]))
	asked[$1]=$((asked[$1] + words[13]))
	longer=$((longer + words[15]))
}

# ---- B20 ----

# fairness: sent and received messages of each peer in, a line each; out: Jain's index of what
# each got in parts of what max-min fairness would have given it, and the least part of what a
# peer other than the first sent that arrived
fairness()
{
	awk '
	{ sent[NR] = $1; got[NR] = $2; left += $2 }
	END {
		# Water is poured in until nothing is left; a full peer takes no more
		for (open = NR; open; open = still) {
			level = left / open
			still = 0
			taken = 0
			for (i = 1; i <= NR; i++)
				if (!(i in fair)) {
					if (sent[i] <= level) {
						fair[i] = sent[i]
						left -= sent[i]
						taken++
					} else {
						still++
					}
				}
			if (!taken) {
				for (i = 1; i <= NR; i++)
					if (!(i in fair))
						fair[i] = level
				break
			}
		}
		least = 1
		for (i = 1; i <= NR; i++) {
			x = got[i] / fair[i]
			sum += x
			squares += x * x
			if (i > 1 && got[i] / sent[i] < least)
				least = got[i] / sent[i]
		}
		printf "%d %d\n", 100 * sum * sum / (NR * squares), 100 * least
	}'
}

# greedy RATE: p0 sends GREED messages for each one of the others, RATE rounds a second (0: at
# once). Sets passed and lost (messages), took (ms), jain and least (%).
greedy()
{
	local name sent before=() got i files=() lines=''

	sysctl_set b net.ipv4.icmp_echo_ignore_all 0
	for name in "${PEERS[@]}"; do
		sent=$ROUNDS
		[[ $name != p0 ]] || sent=$((ROUNDS * GREED))
		establish "$name" || return
		raws "recorded $sent" "$name" record "$sent" "$PAYLOAD" "$TMP/$name" || return
		before+=("$(received b mt0 "$name")")
		files+=("$TMP/$name")
	done
	# Only one way is to be measured
	sysctl_set b net.ipv4.icmp_echo_ignore_all 1
	drops_begin
	# Whatever the endpoint: they are all played from one socket
	raws "sent $((ROUNDS * (GREED + OTHERS))) in *" f play home "$GREED" "$1" "${files[@]}" ||
		return
	took=${ANSWER% ms}
	took=$((${took##* } + 1))
	wait_for 30 settled || return
	passed=0
	for i in "${!PEERS[@]}"; do
		sent=$((i ? ROUNDS : ROUNDS * GREED))
		got=$((($(received b mt0 "${PEERS[i]}") - before[i]) / (PAYLOAD + 64)))
		passed=$((passed + got))
		lines+="$sent $got"$'\n'
	done
	lost=$(dropped rx-queue-full)
	read -r jain least < <(fairness <<<"${lines%$'\n'}")
	echo "# $1 rounds/s, sent and received: ${lines//$'\n'/; }" >&3
	echo "# $took ms, dropped $lost; Jain's index $jain %, least part $least %" >&3
}

# fair_share: twice what the device can take, of which the others want little more than a third.
# How much it can take depends on the machine, so it is measured until that is what it gets.
fair_share()
{
	local rate=0 passed lost took jain least meanwhile

	defer sysctl_set b net.ipv4.icmp_echo_ignore_all 0
	for _ in {1..8}; do
		greedy "$rate" || return
		meanwhile=$passed
		# What was in the queue at the end does not tell how fast it is
		((lost <= ROUNDS)) || meanwhile=$((passed > 2 * QUEUE ? passed - QUEUE : passed / 2))
		((lost <= ROUNDS || meanwhile < OTHERS * ROUNDS * 3 / 2)) || break
		rate=$((2 * meanwhile * 1000 / took / (GREED + OTHERS) + 1))
	done
	# Or it was no overload, or one by the others themselves
	((lost > ROUNDS && meanwhile >= OTHERS * ROUNDS * 3 / 2))
	((jain >= 80 && least >= 80))
}

# settled: nothing has come for a moment
settled()
{
	local before

	before=$(vpn b show mt0 transfer)
	sleep 0.3
	read_drops
	[[ $before == "$(vpn b show mt0 transfer)" ]]
}

setup()
{
	local i name

	device_make
	ipn a link set out mtu $JUMBO
	ipn b link set out mtu $JUMBO
	keys r f v4a v4b v4c v6a v6b v6c v6d v6x v6y v6z "${PEERS[@]}"
	ipn b route add 10.9.1.0/24 dev mt0
	raw_start r 5000 10.9.0.2
	raw_start f 5001 10.9.0.3
	chrt -a -f -p 1 "$RAW_PID"
	addresses a out 10.0.0.3/24 10.0.0.4/24 10.0.0.5/24 fd00::3/64 fd00::4/64 fd00::5/64 \
		fd00:0:0:1::1/64 fd00:0:0:2::1/64 fd00:0:0:3::1/64
	ipn b route add fd00:0:0::/46 via fd00::1
	raw_start v4a 5000 10.9.0.2 10.0.0.3
	raw_start v4b 5000 10.9.0.2 10.0.0.4
	raw_start v4c 5000 10.9.0.2 10.0.0.5
	i=2
	for name in v6a v6b v6c v6d; do
		raw_start "$name" 5000 10.9.0.2 "fd00::${i/2/1}" fd00::2
		i=$((i + 1))
	done
	i=1
	for name in v6x v6y v6z; do
		raw_start "$name" 5000 10.9.0.2 "fd00:0:0:$((i++))::1" fd00::2
	done
	i=0
	for name in "${PEERS[@]}"; do
		raw_start "$name" $((5100 + i)) "10.9.1.$i"
		vpn b set mt0 peer "${PUB[$name]}" allowed-ips "10.9.1.$i/32" \
			endpoint "10.0.0.1:$((5100 + i))"
		i=$((i + 1))
	done
}

exec 3>&1
setup
check "B20 a peer that floods leaves the others their share" fair_share
check "B16 a flood of initiations with a bad mac1" bad_mac1
check "B17 under load a cookie is asked for, and takes one further" cookie_needed
check "B17 a cookie is of use to its source alone" cookie_refused
check "B18 handshakes a second of an IPv4 address" limit_of_address
check "B18 handshakes a second of an IPv6 /64" limit_of_network
check "B19 no reply is longer than what it answers" amplification
finish
