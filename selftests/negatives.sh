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
	raw r replies
	drops_begin
}

# asked COMMAND...: the device has sent an initiation, and we have taken it. Its peer is a
# new one, so it need not wait. An answer is built, which we have up to 5 s to give.
asked()
{
	fresh
	on b ping -q -c 1 -W 1 10.9.0.2 >/dev/null &
	raws initiation r await initiation 10
	raws "built *" r "$@"
}

# accepted_response: what was built as a response, and altered, makes a session after all
accepted_response()
{
	raws "sent 1" r send home
	raws "session *" r begin
	raws "asked in session *" r request 10
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

	fresh
	establish r
	before=$(peer_state)
	raws "built 148" r initiation
	flips rx-malformed 0 4 raw
	flips rx-bad-mac1 4 132 raw
	flips rx-bad-handshake 8 116 mac "${FLIP_BITS[@]}"
	silent r
	same "$before" "$(peer_state)"
	works r
	raws "built 148" r initiation
	raws "sent 1" r send home
	raws response r await response 10
	works r
	cases
}

# altered_response REASON FROM TO MACS [BIT...]: before the device tries again
altered_response()
{
	local before

	asked response
	before=$(peer_state)
	flips "$@"
	silent r
	same "$before" "$(peer_state)"
	accepted_response
}

flipped_response()
{
	local from

	altered_response rx-malformed 0 4 raw
	altered_response rx-bad-mac1 4 40 raw
	altered_response rx-bad-mac1 40 76 raw
	altered_response rx-unknown-index 8 12 mac
	for ((from = 12; from < 60; from += 16)); do
		altered_response rx-bad-handshake "$from" $((from + 16)) mac "${FLIP_BITS[@]}"
	done
	cases
}

# altered_cookie REASON FROM TO: none is taken, so that the right one still is, and the next
# initiation proves it
altered_cookie()
{
	local before

	asked cookie
	before=$(peer_state)
	flips "$@" raw
	silent r
	same "$before" "$(peer_state)"
	raws "sent 1" r send home
	raws initiation+cookie r await initiation 10
	raws "built 92" r response
	accepted_response
}

flipped_cookie()
{
	altered_cookie rx-malformed 0 4
	altered_cookie rx-unknown-index 4 8
	altered_cookie rx-bad-cookie 8 36
	altered_cookie rx-bad-cookie 36 64
	cases
}

flipped_data()
{
	local before counter=77

	fresh
	establish r
	before=$(peer_state)
	raws "built 128" r data "$counter"
	flips rx-malformed 0 4 raw
	flips rx-unknown-index 4 8 raw
	flips rx-auth 8 128 raw
	silent r
	same "$before" "$(peer_state)"
	# Its counter has not been used up
	raws "answered *" r echo "$counter"
	endpoint_is b mt0 r 10.0.0.1:5000
	cases
}

# ---- B5 ----

lengths_of_handshakes()
{
	local before

	asked cookie
	before=$(peer_state)
	refused 200 rx-malformed lengths 0 201 away
	raws "built 92" r response
	refused 200 rx-malformed lengths 0 201 away
	silent r
	same "$before" "$(peer_state)"
	accepted_response
	before=$(peer_state)
	raws "built 148" r initiation
	refused 200 rx-malformed lengths 0 201 away
	silent r
	same "$before" "$(peer_state)"
	works r
	cases
}

lengths_of_data()
{
	local before

	fresh
	establish r
	before=$(peer_state)
	raws "built 128" r data 50
	refused 32 rx-malformed lengths 0 32 away
	refused 168 rx-auth lengths 32 201 away
	raws "built 32" r keepalive 50
	refused 32 rx-malformed lengths 0 32 away
	refused 168 rx-auth lengths 32 201 away
	silent r
	same "$before" "$(peer_state)"
	raws "answered *" r echo 50
	cases
}

# ---- B6 ----

# fresh_counter N: a message with this counter is accepted, and then no more
fresh_counter()
{
	raws "answered *" r echo "$1"
	used_counter "$1"
}

# used_counter N: is refused
used_counter()
{
	raws "built *" r data "$1"
	refused 1 rx-replay send home
}

replay_window()
{
	local window=$((8192 - 64)) greatest

	fresh
	establish r
	fresh_counter 9
	fresh_counter 2
	fresh_counter 5
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

	fresh
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
	fresh
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

# initiate [STAMP]: a session by an initiation with that time stamp, which is then kept
initiate()
{
	raws "built 148" r initiation "$@"
	raws kept r keep
	raws "sent 1" r send home
	raws response r await response 10
	works r
	raws "built 148" r recall
}

old_timestamps()
{
	local before stamp

	fresh
	initiate 5000000
	before=$(peer_state)
	for stamp in 5000000 4999999 1 0; do
		raws "built 148" r initiation "$stamp"
		refused 1 rx-bad-handshake send away
	done
	silent r
	same "$before" "$(peer_state)"
	works r
	initiate 5000001
	cases
}

repeated_initiation()
{
	local before

	fresh
	initiate 6000000
	before=$(peer_state)
	refused 1 rx-bad-handshake send away
	refused 1 rx-bad-handshake send home
	# Nobody looks at mac2, so it could be made another message
	refused 128 rx-bad-handshake flip 132 148 raw away
	silent r
	same "$before" "$(peer_state)"
	works r
	cases
}

# ---- B8 ----

low_ephemeral()
{
	local point before

	fresh
	establish r
	before=$(peer_state)
	for point in {0..6}; do
		raws "built 148" r initiation $((7000000 + point)) "$point"
		refused 1 rx-bad-handshake send away
	done
	silent r
	same "$before" "$(peer_state)"
	works r
	for point in {0..6}; do
		asked response "$point"
		refused 1 rx-bad-handshake send away
		silent r
	done
	cases
}

# A peer of that key exists, and the message is what it would send if it could
low_static()
{
	local point

	fresh
	establish r
	for point in {0..6}; do
		raw r lowpoint "$point"
		defer vpn b set mt0 peer "$ANSWER" remove
		vpn b set mt0 peer "$ANSWER" allowed-ips 10.9.0.9/32
		raws "built 148" r initiation $((8000000 + point)) -1 "$point"
		refused 1 rx-bad-handshake send away
	done
	silent r
	works r
	cases
}

# ---- B9 ----

# They are made first and then sent all at once; a fiftieth of a second must lie between two
# that are accepted
initiations_a_second()
{
	local begin elapsed_ms sent=100 accepted replies

	fresh
	begin=${EPOCHREALTIME/./}
	raws "sent $sent" r initiations "$sent" home
	wait_for 20 drops_reach $((sent / 2))
	sleep 0.2
	elapsed_ms=$(((${EPOCHREALTIME/./} - begin) / 1000))
	read_drops
	accepted=$((sent - (NOW[all] - BEFORE[all])))
	same $((NOW[all] - BEFORE[all])) $((NOW[rx-bad-handshake] - BEFORE[rx-bad-handshake]))
	raw r replies
	read -ra replies <<<"$ANSWER"
	echo "# $accepted of $sent accepted in $elapsed_ms ms" >&3
	# So many were answered
	same "$accepted" "${replies[2]}"
	((accepted >= 1 && accepted <= elapsed_ms / 20 + 1))
	establish r
}

# ---- B10, B11 ----

# stale_response: the response that was kept is of no use any longer, and changes nothing
stale_response()
{
	local before

	before=$(peer_state)
	raws "built 92" r recall
	refused 1 rx-unknown-index send away
	silent r
	same "$before" "$(peer_state)"
}

# Both have sent an initiation. Ours comes before our answer to theirs: the device leaves its
# own handshake for ours.
crossing()
{
	asked response
	raws kept r keep
	raws "built 148" r initiation
	raws "sent 1" r send home
	raws response r await response 10
	works r
	stale_response
	works r
	cases
}

expired_index()
{
	asked response
	raws kept r keep
	# Nobody answers: there is another initiation, with another index
	raws initiation r await initiation 10
	stale_response
	raws "built 92" r response
	raws kept r keep
	accepted_response
	# And once more, when it has become a session
	stale_response
	works r
	cases
}

# ---- B12 ----

# asks_in SESSION: the device sends something of its own, by that session
asks_in()
{
	on b ping -q -c 1 -W 1 10.9.0.2 >/dev/null &
	raws "asked in session $1" r request 5
}

# The device answered a second initiation of ours, whose session we do not use yet
old_keypair()
{
	local old new

	fresh
	establish r
	raws "answered in session *" r echo
	old=${ANSWER##* }
	new=$((old + 1))
	# Not so soon after the first that it counts as a flood
	pause
	raws "built 148" r initiation
	raws "sent 1" r send home
	raws response r await response 10
	# What it sends of itself, and what it answers: by the old one
	asks_in "$old"
	raws "session $old" r session "$old"
	raws "answered in session $old" r echo
	raws "session $new" r session "$new"
	raws "answered in session $new" r echo
	# Confirmed: the device uses the new one, and still takes the old one
	asks_in "$new"
	raws "session $old" r session "$old"
	raws "answered in session $new" r echo
	# A third and a fourth: the first is not kept
	pause
	establish r
	pause
	establish r
	raws "session $old" r session "$old"
	raws "built 128" r data
	refused 1 rx-unknown-index send home
	cases
}

# ---- B14 ----

# other_types: of a handshake message, which is long enough for data
other_types()
{
	raws "sent 255" r types away
	drops_are rx-malformed 254 rx-unknown-index 1
	CASES=$((CASES + 255))
}

reserved_handshakes()
{
	fresh
	raws "built 148" r initiation
	flips rx-malformed 1 4 mac
	other_types
	silent r
	raws "sent 1" r send home
	raws response r await response 10
	works r
	asked response
	flips rx-malformed 1 4 mac
	other_types
	silent r
	accepted_response
	asked cookie
	flips rx-malformed 1 4 raw
	other_types
	silent r
	cases
}

reserved_data()
{
	fresh
	establish r
	raws "built 128" r data 60
	flips rx-malformed 1 4 raw
	refused 255 rx-malformed types away
	silent r
	raws "answered *" r echo 60
	cases
}

# What one message of a train says of itself holds for no other; and nobody has agreed on it
reserved_train()
{
	local odd

	fresh
	establish r
	for odd in 0 3 7; do
		raws "sent 8" r train 8 "$odd" home
		drops_are rx-malformed 1
		# Its answer is behind those to the train
		raws "answered *" r echo
		raws "home 0 0 0 8 away 0 0 0 0 bytes *" r replies
		CASES=$((CASES + 1))
	done
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
check "B14 reserved bytes and other types: handshakes, cookies" reserved_handshakes
check "B14 reserved bytes and other types: data" reserved_data
check "B14 a train of which one message says AES-256-GCM" reserved_train
finish
