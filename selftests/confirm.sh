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

# The index of an initiation stands in clear in it: whoever sees it can send data to it, before
# there is a session as well as in the moment in which its keypair takes the handshake's place.
early_data()
{
	local refused

	fresh
	send_one
	raws initiation r await initiation 10
	raws "built 92" r response
	raws kept r keep
	raws "session *" r begin
	raws "recorded $EARLY" r record "$EARLY" 0 "$TMP/early"
	raws "sent $EARLY in *" r play home 1 0 "$TMP/early"
	drops_are rx-unknown-index "$EARLY"
	raws "built 92" r recall
	# Both at once: no shell comes between them
	printf 'send home\nplay home 1 0 %s\n' "$TMP/early" >&"${RAW_TO[r]}"
	answers "sent 1" r
	read -rt $((60 * SLOW)) -u "${RAW_FROM[r]}" ANSWER
	[[ $ANSWER == "sent $EARLY in "* ]]
	# Its answer is behind those to the others
	raws "answered *" r echo
	read_drops
	refused=$((NOW[rx-unknown-index] - BEFORE[rx-unknown-index]))
	echo "# $refused of $EARLY refused" >&3
	((refused && refused < EARLY))
	same "$refused" $((NOW[all] - BEFORE[all]))
	# And what had waited
	came $((EARLY - refused + 2))
	same $((EARLY - refused + 2)) "$CAME"
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
		sleep "0.0$((RANDOM % 5))"
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
