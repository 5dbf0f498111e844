#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mytun against implementations of the same protocol that are not ours: what needs no
# waiting. lib.sh shows the hosts; A initiates.
#
# shellcheck disable=SC2317 # run_pairs calls the checks by their names

. "${0%/*}/lib.sh"

# The responder cannot know that its answer will be refused; but no session may come of it
preshared_key_wrong()
{
	fresh 4
	set_peer A preshared-key <("$TOOL" genpsk)
	set_peer B preshared-key <("$TOOL" genpsk)
	tap_start
	fails on A ping -q -c 1 -W 1 "${IN4[B]}"
	tap_stop
	between 1 2 "$(count "$INITIATION")" initiations
	between 1 2 "$(count "$RESPONSE")" responses
	none "type == 4" "data message"
	same 0 "$(shown A latest-handshakes)"
}

# With a preshared key: ping and TCP, both ways, both families
over_ipv4()
{
	(umask 077; "$TOOL" genpsk >"$TMP/psk")
	fresh 4 preshared-key "$TMP/psk"
	carries_everything 4
}

# Without
over_ipv6()
{
	fresh 6
	carries_everything 6
}

# carries_everything OUTER
carries_everything()
{
	local side

	tap_start
	for side in A B; do
		pings "$side"
		pings6 "$side"
	done
	exchange 4
	exchange 6
	tap_stop
	between 1 1 "$(count "from == \"A\" && $INITIATION")" "initiations of A"
	none "from == \"B\" && $INITIATION" "initiation of B"
	none "family != $1" "message of the other family"
	peer_is_at B "$(endpoint A "$1")"
}

# Lengths: 32 bytes and a multiple of 16 that holds the packet, but never more than an MTU
padding()
{
	local size

	pings A
	tap_start
	for size in 0 4 5 100 1379 1380 1381 1392; do
		ping_one A "${IN4[B]}" -M "do" -s "$size"
	done
	tap_stop
	# A ping is 28 bytes longer inside; there and back
	same "$(printf '%s\n' 64 64 80 160 1440 1440 1452 1452)" \
		"$(heard 'from == "A"' len)"
	same "$(heard 'from == "A"' len)" "$(heard 'from == "B"' len)"
}

# ping_tos SIDE TOS SIZE
ping_tos()
{
	ping_one "$1" "${IN4[${OTHER[$1]}]}" -Q "$2" -s "$3"
}

# Handshakes carry AF41. Of the inner header nothing shows but ECN (RFC 6040). wireguard-go
# does neither, so it is asked of the others alone.
outer_header()
{
	local side

	fresh 4
	tap_start
	pings A
	for side in A B; do
		ping_tos "$side" 0xb8 200
		ping_tos "$side" 0xba 400
	done
	tap_stop
	for side in A B; do
		[[ ${END_KIND[$side]} != wireguard-go ]] || continue
		same 88 "$(heard "from == \"$side\" && ($INITIATION || $RESPONSE)" tos)"
		# Once sent and once answered, by ping's rule with the same TOS
		same "$(printf '%s\n' 00 00)" "$(heard "from == \"$side\" && len == 272" tos)"
		same "$(printf '%s\n' 02 02)" "$(heard "from == \"$side\" && len == 464" tos)"
	done
}

# roams SIDE OUTER: to another address, then to another port
roams()
{
	local address=${ROAM4[$1]}

	[[ $2 == 4 ]] || address=[${ROAM6[$1]}]
	move "$1" "$2"
	# wireguard-go holds on to an IPv4 source address until its next handshake or a new port
	[[ ${END_KIND[$1]} == wireguard-go && $2 == 4 ]] ||
		wait_for 20 peer_is_at "${OTHER[$1]}" "$address:$PORT"
	end_tool "$1" set "${DEV[$1]}" listen-port "$PORT2"
	wait_for 20 peer_is_at "${OTHER[$1]}" "$address:$PORT2"
	wait_for 20 stream_flows
}

# both_roam OUTER: one after the other, under one TCP connection
both_roam()
{
	fresh "$1"
	stream_start 0.1
	roams A "$1"
	roams B "$1"
	stream_stop
}

roaming_ipv4()
{
	both_roam 4
}

roaming_ipv6()
{
	both_roam 6
}

run_pairs preshared_key_wrong over_ipv4 padding outer_header over_ipv6 roaming_ipv4 roaming_ipv6
