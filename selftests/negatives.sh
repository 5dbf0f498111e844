#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B4 to B14: messages that are altered, cut, repeated, old, out of turn, or made of bad
# points. Each is dropped for the right reason, gets no answer, and changes nothing: the
# unaltered message is accepted afterwards. Topology: rawpeer/lib.sh.
#
#	FLIP_BITS	bits flipped in bytes that cost a curve operation ("0 7")

. "${0%/*}/lib.sh"
. "${0%/*}/rawpeer/lib.sh"

[[ -x $RAWPEER ]] || skip_all "missing: $RAWPEER"
plan 22
shopt -s extglob

read -r -a FLIP_BITS <<<"${FLIP_BITS:-0 7}"

# fresh: no session, nothing under way
fresh()
{
	peer_again r 5000 10.9.0.2
	raw r replies >/dev/null
}

# asked: the device has sent an initiation, and we have taken it. Its peer is a new one, so
# it need not wait. Sent away and not home, what follows would move the endpoint if accepted.
asked()
{
	fresh
	on b ping -q -c 1 -W 1 10.9.0.2 >/dev/null &
	raws initiation r await initiation 10
}

# accepted_response: what was built as a response makes a session
accepted_response()
{
	raws "sent 1" r send home
	[[ $(raw r begin) == "session "+([0-9]) ]]
	works r
}

# cases: how many, for the reader
cases()
{
	echo "# $CASES cases" >&3
}

# ---- B4 ----

flipped_initiation()
{
	local before

	establish r
	before=$(peer_state r)
	raws "built 148" r initiation
	flips rx-malformed 0 4 raw
	flips rx-bad-mac1 4 132 raw
	flips rx-bad-handshake 8 116 mac "${FLIP_BITS[@]}"
	silent r
	same "$before" "$(peer_state r)"
	works r
	raws "built 148" r initiation
	raws "sent 1" r send home
	raws response r await response 10
	works r
	cases
}

flipped_response()
{
	local from before

	for ((from = 12; from < 60; from += 16)); do
		asked
		before=$(peer_state r)
		raws "built 92" r response
		flips rx-bad-handshake "$from" $((from + 16)) mac "${FLIP_BITS[@]}"
		if ((from == 12)); then
			flips rx-unknown-index 8 12 mac
			flips rx-malformed 0 4 raw
			flips rx-bad-mac1 4 76 raw
		fi
		silent r
		same "$before" "$(peer_state r)"
		accepted_response
	done
	cases
}

flipped_cookie()
{
	local before

	asked
	before=$(peer_state r)
	raws "built 64" r cookie
	flips rx-malformed 0 4 raw
	flips rx-unknown-index 4 8 raw
	flips rx-bad-cookie 8 64 raw
	silent r
	same "$before" "$(peer_state r)"
	# None was taken: the right one still is, and the next initiation proves it
	raws "sent 1" r send home
	raws initiation+cookie r await initiation 10
	raws "built 92" r response
	accepted_response
	cases
}

flipped_data()
{
	local before counter=77

	establish r
	before=$(peer_state r)
	raws "built 128" r data "$counter"
	flips rx-malformed 0 4 raw
	flips rx-unknown-index 4 8 raw
	flips rx-auth 8 128 raw
	silent r
	same "$before" "$(peer_state r)"
	# Its counter has not been used up
	[[ $(raw r echo "$counter") == "answered "* ]]
	endpoint_is b mt0 r 10.0.0.1:5000
	cases
}

# ---- B5 ----

# lengths TYPE BUILT COMMAND: every length but the right one
lengths()
{
	raws "built $1" r "${@:2}"
	refused 200 rx-malformed lengths 0 201 away
}

lengths_of_handshakes()
{
	local before

	asked
	before=$(peer_state r)
	lengths 64 cookie
	lengths 92 response
	silent r
	same "$before" "$(peer_state r)"
	accepted_response
	before=$(peer_state r)
	lengths 148 initiation
	silent r
	same "$before" "$(peer_state r)"
	works r
	cases
}

lengths_of_data()
{
	local before

	establish r
	before=$(peer_state r)
	raws "built 128" r data 50
	refused 32 rx-malformed lengths 0 32 away
	refused 168 rx-auth lengths 32 201 away
	raws "built 32" r keepalive 50
	refused 32 rx-malformed lengths 0 32 away
	refused 168 rx-auth lengths 32 201 away
	silent r
	same "$before" "$(peer_state r)"
	[[ $(raw r echo 50) == "answered "* ]]
	cases
}

# ---- B6 ----

# fresh_counter N: a message with this counter is accepted, and then no more
fresh_counter()
{
	[[ $(raw r echo "$1") == "answered "* ]] || { echo "$1 was refused"; return 1; }
	used_counter "$1"
}

# used_counter N: is refused
used_counter()
{
	raw r data "$1" >/dev/null
	refused 1 rx-replay send home
}

replay_window()
{
	local window=$((8192 - 64)) greatest

	establish r
	fresh_counter 5
	fresh_counter 1
	fresh_counter 2
	greatest=20000
	fresh_counter "$greatest"
	# The far edge
	fresh_counter $((greatest - window))
	used_counter $((greatest - window - 1))
	fresh_counter $((greatest - window + 1))
	fresh_counter $((greatest - 1))
	# One further: the edge moves with it
	fresh_counter $((greatest + 1))
	used_counter $((greatest - window))
	fresh_counter $((greatest + 1 - window + 2))
	cases
}

replay_jump()
{
	local greatest=100000 jump

	establish r
	fresh_counter "$greatest"
	for jump in 63 64 65 8127 8128 8129 8191 8192 8193 65536 $((1 << 32)); do
		fresh_counter $((greatest + jump))
		used_counter "$greatest"
		# Nothing but what came is taken for seen, next to it and a turn of the ring away
		fresh_counter $((greatest + jump - 1))
		fresh_counter $((greatest + jump - 8000))
		greatest=$((greatest + jump))
	done
	cases
}

# The last one that may be received is REJECT_AFTER_MESSAGES - 1, 2^64 - 2^13 - 2
replay_end()
{
	establish r
	fresh_counter 9223372036854775807
	fresh_counter 9223372036854775808
	used_counter 18446744073709543423
	used_counter 18446744073709551615
	used_counter 18446744073709551614
	fresh_counter 18446744073709543422
	fresh_counter 18446744073709543421
	used_counter 18446744073709543423
	used_counter 0
	cases
}

# ---- B7 ----

old_timestamps()
{
	local before stamp=5000000

	fresh
	raws "built 148" r initiation "$stamp"
	raws "sent 1" r send home
	raws response r await response 10
	works r
	before=$(peer_state r)
	for stamp in 5000000 4999999 1 0; do
		raws "built 148" r initiation "$stamp"
		refused 1 rx-bad-handshake send away
	done
	silent r
	same "$before" "$(peer_state r)"
	works r
	raws "built 148" r initiation 5000001
	raws "sent 1" r send home
	# The same message once more, from elsewhere
	raws response r await response 10
	works r
	before=$(peer_state r)
	refused 1 rx-bad-handshake flip 132 133 raw away 0
	silent r
	same "$before" "$(peer_state r)"
	cases
}

repeated_initiation()
{
	local before

	fresh
	raws "built 148" r initiation 6000000
	raws "sent 1" r send home
	raws response r await response 10
	before=$(peer_state r)
	# Nothing else was built since
	refused 1 rx-bad-handshake send away
	refused 1 rx-bad-handshake send home
	silent r
	same "$before" "$(peer_state r)"
	works r
	cases
}

# ---- B8 ----

low_ephemeral()
{
	local point before

	establish r
	before=$(peer_state r)
	for point in {0..6}; do
		raws "built 148" r initiation $((7000000 + point)) "$point"
		refused 1 rx-bad-handshake send away
	done
	silent r
	same "$before" "$(peer_state r)"
	works r
	asked
	raws "built 92" r response
	accepted_response
	for point in {0..6}; do
		asked
		raws "built 92" r response "$point"
		refused 1 rx-bad-handshake send away
		silent r
	done
	cases
}

# A peer of that key exists, and the message is what it would send if it could
low_static()
{
	local point key

	establish r
	for point in {0..6}; do
		key=$(raw r lowpoint "$point")
		defer vpn b set mt0 peer "$key" remove
		vpn b set mt0 peer "$key" allowed-ips 10.9.0.9/32
		raws "built 148" r initiation $((8000000 + point)) -1 "$point"
		refused 1 rx-bad-handshake send away
	done
	silent r
	works r
	cases
}

# ---- B9 ----

# In any second, 50 at most: they are 20 ms apart
initiations_a_second()
{
	local begin end sent=0 accepted drops

	fresh
	drops_begin
	begin=${EPOCHREALTIME/./}
	for ((sent = 0; sent < 200; sent++)); do
		raws "built 148" r initiation
		raws "sent 1" r send home
	done
	# Not one of them is still under way when the next has been answered
	sleep 0.1
	end=${EPOCHREALTIME/./}
	raw r replies >/dev/null
	establish r
	read_drops
	drops=$((NOW[rx-bad-handshake] - BEFORE[rx-bad-handshake]))
	same "$drops" "$((NOW[all] - BEFORE[all]))"
	accepted=$((sent - drops))
	echo "# $accepted of $sent accepted in $(((end - begin) / 1000)) ms" >&3
	((accepted >= 2 && drops >= 10))
	((accepted <= (end - begin) / 20000 + 1))
}

# ---- B10, B11 ----

# Both have sent an initiation; ours came before our answer to theirs
crossing()
{
	asked
	raws "built 148" r initiation
	raws "sent 1" r send home
	raws response r await response 10
	works r
	# The device has left its own handshake for ours: our answer comes too late
	asked
	raws "built 92" r response
	crossed_by_another
	works r
}

# crossed_by_another: the device's handshake is over before its answer comes, which was built
crossed_by_another()
{
	local before

	raws kept r keep
	raws "built 148" r initiation
	raws "sent 1" r send home
	raws response r await response 10
	works r
	before=$(peer_state r)
	raws "built 92" r recall
	refused 1 rx-unknown-index send away
	silent r
	same "$before" "$(peer_state r)"
}

expired_index()
{
	local before

	asked
	raws "built 92" r response
	raws kept r keep
	# Nobody answers: there is another initiation, with another index
	raws initiation r await initiation 10
	before=$(peer_state r)
	raws "built 92" r recall
	refused 1 rx-unknown-index send away
	silent r
	same "$before" "$(peer_state r)"
	raws "built 92" r response
	accepted_response
	# And once more, when it has become a session
	before=$(peer_state r)
	refused 1 rx-unknown-index send away
	silent r
	same "$before" "$(peer_state r)"
	works r
	cases
}

# ---- B12 ----

# The device answered a second initiation of ours, whose session we do not use yet
old_keypair()
{
	local old new

	establish r
	old=$(raw r echo)
	raws "built 148" r initiation
	raws "sent 1" r send home
	raws response r await response 10
	# What it sends of itself, and what it answers: by the old one
	on b ping -q -c 1 -W 1 10.9.0.2 >/dev/null &
	same "${old/answered/asked}" "$(raw r request 5)"
	raws "session ${old##* }" r session "${old##* }"
	same "$old" "$(raw r echo)"
	raws "session $((${old##* } + 1))" r session $((${old##* } + 1))
	new=$(raw r echo)
	same "answered in session $((${old##* } + 1))" "$new"
	# Confirmed: the device uses the new one, and still takes the old one
	on b ping -q -c 1 -W 1 10.9.0.2 >/dev/null &
	same "${new/answered/asked}" "$(raw r request 5)"
	raws "session ${old##* }" r session "${old##* }"
	same "$new" "$(raw r echo)"
	# A third and a fourth: the first is not kept
	establish r
	establish r
	raws "session ${old##* }" r session "${old##* }"
	raw r data >/dev/null
	refused 1 rx-unknown-index send home
	cases
}

# ---- B14 ----

reserved_initiation()
{
	raws "built 148" r initiation
	flips rx-malformed 1 4 mac
	drops_begin
	raws "sent 255" r types away
	# As long as this, 4 is data
	drops_are rx-malformed 254 rx-unknown-index 1
	silent r
	CASES=$((CASES + 255))
	raws "sent 1" r send home
	raws response r await response 10
	works r
	cases
}

reserved_answers()
{
	asked
	raws "built 64" r cookie
	flips rx-malformed 1 4 raw
	raws "built 92" r response
	flips rx-malformed 1 4 mac
	drops_begin
	raws "sent 255" r types away
	drops_are rx-malformed 254 rx-unknown-index 1
	silent r
	CASES=$((CASES + 255))
	accepted_response
	cases
}

reserved_data()
{
	establish r
	raws "built 128" r data 60
	flips rx-malformed 1 4 raw
	refused 255 rx-malformed types away
	silent r
	[[ $(raw r echo 60) == "answered "* ]]
	cases
}

exec 3>&1
device_make
keys r
raw_start r 5000 10.9.0.2
fresh
A="every byte flipped"
check "B4 $A: initiation" flipped_initiation
check "B4 $A: response" flipped_response
check "B4 $A: cookie" flipped_cookie
check "B4 $A: data" flipped_data
check "B5 every length, 0 to 200: handshakes and cookies" lengths_of_handshakes
check "B5 every length, 0 to 200: data" lengths_of_data
check "B6 replays: the window's edges" replay_window
check "B6 replays: jumps" replay_jump
check "B6 replays: the last counters" replay_end
check "B7 an initiation with a time stamp that is not later" old_timestamps
check "B7 an initiation sent again" repeated_initiation
check "B8 a low-order ephemeral key" low_ephemeral
check "B8 a low-order static key" low_static
check "B9 50 initiations a second" initiations_a_second
check "B10 initiations that cross" crossing
check "B11 a response for an index that is gone" expired_index
check "B12 the old keypair until the next is confirmed" old_keypair
check "B14 reserved bytes and other types: initiation" reserved_initiation
check "B14 reserved bytes and other types: cookie, response" reserved_answers
check "B14 reserved bytes and other types: data" reserved_data
finish
