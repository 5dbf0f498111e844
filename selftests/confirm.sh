#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The moment in which a session comes about, with packets under way. Topology: rawpeer/lib.sh.
#
#	ROUNDS	how often a packet is sent in that moment (20)

. "${0%/*}/lib.sh"
. "${0%/*}/rawpeer/lib.sh"

[[ -x $RAWPEER ]] || skip_all "missing: $RAWPEER"
plan 4

ROUNDS=${ROUNDS:-20}
EARLY=400

# fresh: no session, nothing under way
fresh()
{
	peer_again r 5000 10.9.0.2
	raw r replies
	drops_begin
	CAME=0
}

send_one()
{
	on b ping -q -c 1 -W 1 10.9.0.2 >/dev/null &
}

# came COUNT: so many data messages came home since fresh
came()
{
	local words

	raw r replies
	read -ra words <<<"$ANSWER"
	CAME=$((CAME + words[4]))
	((CAME >= $1))
}

# early_once: REFUSED of EARLY messages came before their session, and the others in it. (In a
# condition: each step by itself.)
early_once()
{
	fresh
	send_one
	raws initiation r await initiation 10 && raws "built 92" r response && raws kept r keep &&
		raws "session *" r begin && raws "recorded $EARLY" r record "$EARLY" 0 "$TMP/early" &&
		raws "sent $EARLY in *" r play home 1 0 "$TMP/early" &&
		wait_for 30 drops_reach "$EARLY" || return
	same "rx-unknown-index $EARLY" \
		"rx-unknown-index $((NOW[rx-unknown-index] - BEFORE[rx-unknown-index]))" || return
	drops_next
	raws "built 92" r recall || return
	# Both at once: no shell comes between them
	printf 'send home\nplay home 1 0 %s\n' "$TMP/early" >&"${RAW_TO[r]}"
	answers "sent 1" r && read -rt $((60 * SLOW)) -u "${RAW_FROM[r]}" ANSWER &&
		[[ $ANSWER == "sent $EARLY in "* ]] || return
	# Its answer is behind those to the others
	raws "answered *" r echo || return
	read_drops
	REFUSED=$((NOW[rx-unknown-index] - BEFORE[rx-unknown-index]))
	((REFUSED && REFUSED < EARLY))
}

# The index of an initiation stands in clear in it: whoever sees it can send data to it, before
# there is a session as well as in the moment in which its keypair takes the handshake's place.
# Again when the session came before all of them or after, or the device did not wait so long.
early_data()
{
	local done='' try

	for try in {1..5}; do
		! early_once || { done=$try; break; }
	done
	[[ $done ]]
	echo "# $REFUSED of $EARLY refused" >&3
	same "$REFUSED" $((NOW[all] - BEFORE[all]))
	# And what had waited
	came $((EARLY - REFUSED + 2))
	# An empty message is one more, when an answer has taken along what waited
	((CAME - (EARLY - REFUSED + 2) <= 1))
}

# A packet finds no session and is put by, in the moment in which the peer begins one: it leaves,
# although nothing follows it.
none_stays()
{
	local i

	for ((i = 0; i < ROUNDS; i++)); do
		fresh
		raws "built 148" r initiation
		raws "sent 1" r send home
		raws response r await response 10
		raws "built 32" r keepalive
		send_one
		sleep "$(printf '0.%03d' $((RANDOM % (50 * SLOW))))"
		raws "sent 1" r send home
		wait_for 3 came 1
	done
}

exec 3>&1
device_make
keys r
raw_start r 5000 10.9.0.2
check "B11 data before its session" early_data
check "E57 no packet waits for the next when a session comes" none_stays
finish
