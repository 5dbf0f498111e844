#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mytun against implementations of the same protocol that are not ours: what waits for
# timers (the WireGuard paper, section 6), and what has to be alone on a processor. To be
# run in a guest that skips idle time (run.sh --icount): these are 20 minutes for each pair.
# lib.sh shows the hosts; A initiates.
#
# shellcheck disable=SC2317 # run_pairs calls the checks by their names

. "${0%/*}/lib.sh"

# spans LOW HIGH WHAT: between any two lines of the input lie so many seconds
spans()
{
	awk -v low="$1" -v high="$2" -v what="$3" '
		NR > 1 && ($1 - last < low || $1 - last > high) {
			printf "%s: %.3f s apart, wanted %s to %s\n", what, $1 - last, low, high
			bad = 1
		}
		{ last = $1 }
		END { exit bad }'
}

# after START TIME: how long after
after()
{
	awk -v start="$1" -v time="$2" 'BEGIN { if (time != "") printf "%.3f\n", time - start }'
}

# A connection that never pauses; the one who initiated the session renews it, once
rekey()
{
	fresh 4
	tap_start
	stream_start 2
	sleep 130
	stream_stop
	tap_stop
	same 2 "$(count "from == \"A\" && $INITIATION")"
	none "from == \"B\" && $INITIATION" "initiation of B"
	same 2 "$(count "from == \"B\" && $RESPONSE")"
	heard "$INITIATION" | spans 120 123 "sessions"
	none "($INITIATION || $RESPONSE) && mac2" "mac2"
}

# keepalive_of SIDE: it gets a datagram that it does not answer, and 10 s later says that
# it is there; once
keepalive_of()
{
	local peer=${OTHER[$1]} sent

	tap_start
	push "$peer"
	sleep 40
	tap_stop
	sent=$(heard "from == \"$peer\" && $DATA")
	between 9.9 10.6 "$(after "$sent" "$(heard "from == \"$1\" && $KEEPALIVE")")" \
		"seconds until the keepalive of $1"
	none "from == \"$peer\" && $KEEPALIVE" "keepalive of $peer"
}

passive_keepalive()
{
	fresh 4
	sink A
	sink B
	keepalive_of B
	keepalive_of A
}

# It starts the session without any traffic, and goes on until it is switched off
persistent_keepalive()
{
	fresh 4
	tap_start
	set_peer A persistent-keepalive 7
	sleep 60
	set_peer A persistent-keepalive 0
	sleep 30
	tap_stop
	same 1 "$(count "$INITIATION")"
	between 8 10 "$(count "from == \"A\" && $KEEPALIVE")" "keepalives of A"
	heard "from == \"A\" && $KEEPALIVE" | spans 6.9 7.6 keepalives
	none "from == \"B\" && type == 4" "data message of B"
}

# Data that stays unanswered for 10 + 5 s: the session may be gone, a new one is tried
unanswered_data()
{
	local sent

	fresh 4
	pings A
	# What the pings started has to end
	sleep 30
	deaf B
	tap_start
	push A
	sleep 18
	tap_stop
	sent=$(heard "$DATA")
	between 14.9 15.8 "$(after "$sent" "$(heard "$INITIATION")")" "seconds until the initiation"
	hearing B
	pings A
}

# Nobody answers: a try each 5 s and 0 to 333 ms (and a timer may be 256 ms late), for 90 s,
# and then no more; the next packet starts anew
giving_up()
{
	local times

	fresh 4
	deaf B
	tap_start
	push A
	sleep 150
	tap_stop
	times=$(heard "from == \"A\" && $INITIATION")
	spans 4.9 5.7 initiations <<<"$times"
	between 85 105 "$(after "$(head -n 1 <<<"$times")" "$(tail -n 1 <<<"$times")")" \
		"seconds from the first to the last initiation"
	none "type != 1" "message but initiations"
	hearing B
	tap_start
	sleep 60
	tap_stop
	none 1 message
	pings A
}

# zeroings SIDE: how often the side has said that it wiped a peer's keys
zeroings()
{
	case ${END_KIND[$1]} in
	wireguard-go)
		grep -c 'Removing all keys' "$TMP/wireguard-go.$1" ;;
	wireguard)
		grep -c "wireguard: ${DEV[$1]}: Zeroing out all keys" "$TMP/log" ;;
	mytun)
		grep -c " ${DEV[$1]}: Keypair .* destroyed" "$TMP/log" ;;
	esac || true
}

# Idle for 540 s, both ends forget every key; a new session then works
idle_keys()
{
	local side
	local -A before

	echo 'module wireguard format "Zeroing out all keys" +p' >/proc/dynamic_debug/control
	fresh 4
	pings A
	for side in A B; do
		before[$side]=$(zeroings "$side")
	done
	sleep 535
	for side in A B; do
		same "${before[$side]}" "$(zeroings "$side")"
	done
	# The kernel's timer wheel may be 16 s late with a timer that long
	sleep 25
	for side in A B; do
		same "$((before[$side] + 1))" "$(zeroings "$side")"
	done
	tap_start
	pings B
	tap_stop
	same 1 "$(count "from == \"B\" && $INITIATION")"
}

# Both start at the same moment and their initiations cross: a session comes of it, and
# peace
simultaneous()
{
	local side quiet

	fresh 4
	set_peer B endpoint "$(endpoint A 4)"
	for side in A B; do
		slow "$side"
	done
	# Neither may wait for the other's address
	on A ping -q -c 1 -W 2 "${OUT4[B]}"
	tap_start
	push A &
	push B
	wait $!
	# As often as their jitter is about the same, they collide again
	sleep 60
	quiet=$EPOCHREALTIME
	pings A -W 1
	pings B -W 1
	sleep 30
	tap_stop
	for side in A B; do
		quick "$side"
	done
	same "1 1" "$(heard 1 type | head -n 2 | xargs)"
	same "A B" "$(heard 1 from | head -n 2 | sort | xargs)"
	between 2 16 "$(count "$INITIATION")" initiations
	none "time > $quiet && type < 4" "handshake message after the session"
}

# drops SIDE REASON: how many a mytun has counted
drops()
{
	end_tool "$1" show "${DEV[$1]}" drops | awk -v reason="$2" '$1 == reason { print $2 }'
}

# under_load SIDE: noise that costs it a curve operation each, until $FLOOD is ended. The
# real-time priority lets the whole burst queue up before anyone works on it.
under_load()
{
	nsenter --net="/run/netns/${OTHER[$1]}-$RUN_ID" chrt -f 1 "$INTEROP_DIR/flood" \
		"${OUT4[$1]}" "$PORT" "${PUB[$1]}" 800 900 >"$TMP/flood" &
	FLOOD=$!
	wait_for 20 grep -qsE '^[0-9.]+ in 4 3 64 ' "$TMP/tap"
}

# B is under load: it answers A with a cookie, and A comes through with it, 5 s later (or
# 10, should that try be lost among the noise)
cookie()
{
	local sent cookies other

	fresh 4
	tap_start
	under_load B
	ping_one A "${IN4[B]}" -W 20
	kill "$FLOOD"
	wait "$FLOOD"
	tap_stop
	# wireguard.ko remembers for a second, for all of its devices, that there was a load
	sleep 2
	read -r _ sent _ cookies _ other <"$TMP/flood"
	between 100 "$sent" "$cookies" "cookies for the noise"
	same 0 "$other"
	# Some may have got lost on their way
	[[ ${END_KIND[B]} != mytun ]] || between "$(count "$COOKIE_REPLY")" "$((sent + 3))" \
		"$(drops B rx-cookie-sent)" "drops because of a cookie"
	between 1 3 "$(count "from == \"A\" && $INITIATION && mac2")" "initiations with a mac2"
	between 1 2 "$(count "from == \"B\" && $RESPONSE")" responses
}

run_pairs rekey passive_keepalive persistent_keepalive unanswered_data giving_up idle_keys \
	simultaneous cookie
