# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Two hosts with a tunnel between them, each end of a kind of its own. Sourced by
# interop-*.sh, on top of the functions of ../lib.sh.
#
#   +------- namespace A -------+               +------- namespace B -------+
#   | ita 192.168.241.1         |               | itb 192.168.241.2         |
#   |     fd00:241::1           |               |     fd00:241::2           |
#   |          va 10.241.0.1    |===============| vb 10.241.0.2             |
#   |             fd10:241::1   |               |    fd10:241::2            |
#   +---------------------------+               +---------------------------+
#
# PAIRS are the kinds to put at the ends: "mytun:wireguard wireguard-go:mytun" is two
# pairs, and in each the first is A, which initiates. Kinds: mytun, wireguard (the
# kernel's), wireguard-go. A script made of the last two can be tried without us:
# PAIRS=wireguard:wireguard-go KIND=wireguard TOOL=wg interop-fast.sh
# ONLY=REGEX runs the checks whose names it matches; then some may lack what others do.

INTEROP_DIR=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
. "$INTEROP_DIR/../lib.sh"

PAIRS=${PAIRS-mytun:wireguard wireguard:mytun mytun:wireguard-go wireguard-go:mytun}
PORT=51820 PORT2=51999

# shellcheck disable=SC2034 # the scripts use them
{
	declare -A END_KIND DEV=([A]=ita [B]=itb) VETH=([A]=va [B]=vb) OTHER=([A]=B [B]=A)
	declare -A IN4=([A]=192.168.241.1 [B]=192.168.241.2)
	declare -A IN6=([A]=fd00:241::1 [B]=fd00:241::2)
	declare -A OUT4=([A]=10.241.0.1 [B]=10.241.0.2)
	declare -A OUT6=([A]=fd10:241::1 [B]=fd10:241::2)
	# Where a side goes when it roams
	declare -A ROAM4=([A]=10.241.0.11 [B]=10.241.0.12)
	declare -A ROAM6=([A]=fd10:241::11 [B]=fd10:241::12)

	# Message types, as conditions for heard()
	INITIATION='type == 1 && len == 148'
	RESPONSE='type == 2 && len == 92'
	COOKIE_REPLY='type == 3 && len == 64'
	DATA='type == 4 && len > 32'
	KEEPALIVE='type == 4 && len == 32'
}

# --- the ends ---

# end_tool SIDE ARGUMENTS...: the side's configuration tool
end_tool()
{
	if [[ ${END_KIND[$1]} == mytun ]]; then
		on "$1" vpnctl "${@:2}"
	else
		on "$1" wg "${@:2}"
	fi
}

# end_create SIDE: the device, with a key and addresses
end_create()
{
	local dev=${DEV[$1]}

	if [[ ${END_KIND[$1]} == wireguard-go ]]; then
		(umask 077; LOG_LEVEL=verbose on "$1" wireguard-go "$dev") >"$TMP/wireguard-go.$1" 2>&1
		wait_for 20 test -S "/var/run/wireguard/$dev.sock"
	else
		ipn "$1" link add "$dev" type "${END_KIND[$1]}"
	fi
	end_tool "$1" set "$dev" private-key <(echo "${PRIV[$1]}")
	ipn "$1" -batch - <<-END
		address add ${IN4[$1]}/24 dev $dev
		address add ${IN6[$1]}/64 dev $dev nodad
		link set $dev up
	END
}

# hosts_create: both namespaces, the link between them, and both ends
hosts_create()
{
	local side

	ns_add A B
	veth A va "${OUT4[A]}/24" "${OUT6[A]}/64" B vb "${OUT4[B]}/24" "${OUT6[B]}/64"
	for side in A B; do
		# One message is one packet, so that they can be counted
		on "$side" ethtool -K "${VETH[$side]}" tx-udp-segmentation off gro off >/dev/null
		end_create "$side"
	done
}

# hosts_delete: with what runs in them
hosts_delete()
{
	local side pid pids

	touch "$TMP/stream.stop"
	for side in A B; do
		[[ -e /run/netns/$side-$RUN_ID ]] || continue
		pids=$(ip netns pids "$side-$RUN_ID")
		for pid in $pids; do
			kill "$pid" 2>/dev/null || true
		done
		# wireguard-go has its socket's name until it has ended
		for pid in $pids; do
			wait_for 10 test ! -e "/proc/$pid" || true
		done
		ns_del "$side"
	done
	# shellcheck disable=SC2034 # of the other lib.sh
	NAMESPACES=()
}

# endpoint SIDE FAMILY: where the side listens
endpoint()
{
	if [[ $2 == 4 ]]; then
		echo "${OUT4[$1]}:$PORT"
	else
		echo "[${OUT6[$1]}]:$PORT"
	fi
}

# fresh FAMILY [SETTINGS...]: both ends have never heard of each other; A alone knows the
# other's endpoint
fresh()
{
	local side peer where

	for side in A B; do
		# A check that failed half-way may have left these
		[[ ! -e $TMP/deaf.$side ]] || hearing "$side"
		[[ ! -e $TMP/slow.$side ]] || quick "$side"
		peer=${OTHER[$side]}
		where=()
		[[ $side == B ]] || where=(endpoint "$(endpoint B "$1")")
		end_tool "$side" set "${DEV[$side]}" listen-port "$PORT" \
			peer "${PUB[$peer]}" remove peer "${PUB[$peer]}" "${where[@]}" allowed-ips \
			"${IN4[$peer]}/32,${IN6[$peer]}/128" "${@:2}"
	done
}

# set_peer SIDE SETTINGS...: change what the side knows of the other
set_peer()
{
	end_tool "$1" set "${DEV[$1]}" peer "${PUB[${OTHER[$1]}]}" "${@:2}"
}

# shown SIDE FIELD: a value of the side's one peer
shown()
{
	end_tool "$1" show "${DEV[$1]}" "$2" | cut -f 2
}

# peer_is_at SIDE ENDPOINT: where the side believes the other
peer_is_at()
{
	local got

	got=$(shown "$1" endpoints)
	same "$2" "$got"
}

# move SIDE FAMILY: the host gets another address in the place of its own
move()
{
	if [[ $2 == 4 ]]; then
		ipn "$1" -batch - <<-END
			address del ${OUT4[$1]}/24 dev ${VETH[$1]}
			address add ${ROAM4[$1]}/24 dev ${VETH[$1]}
		END
	else
		ipn "$1" -batch - <<-END
			address del ${OUT6[$1]}/64 dev ${VETH[$1]}
			address add ${ROAM6[$1]}/64 dev ${VETH[$1]} nodad
		END
	fi
}

# deaf SIDE: nothing reaches the host any more, though it can send
deaf()
{
	on "$1" nft -f - <<-END
		table inet deaf {
			chain in {
				type filter hook prerouting priority -300; policy drop;
			}
		}
	END
	touch "$TMP/deaf.$1"
}

# hearing SIDE: undo it
hearing()
{
	rm "$TMP/deaf.$1"
	on "$1" nft delete table inet deaf
}

# slow SIDE: what the host sends arrives 50 ms later
slow()
{
	on "$1" tc qdisc add dev "${VETH[$1]}" root netem delay 50ms
	touch "$TMP/slow.$1"
}

# quick SIDE: undo it
quick()
{
	rm "$TMP/slow.$1"
	on "$1" tc qdisc del dev "${VETH[$1]}" root
}

# --- traffic ---

# pings SIDE [OPTION...]: the other answers; patient enough for a handshake
pings()
{
	ping_all "$1" "${IN4[${OTHER[$1]}]}" 3 -W 6 "${@:2}"
}

pings6()
{
	ping_all "$1" "${IN6[${OTHER[$1]}]}" 3 -W 6 "${@:2}"
}

# push SIDE: one datagram, which nobody answers as long as sink() runs
push()
{
	on "$1" bash -c "echo datagram >/dev/udp/${IN4[${OTHER[$1]}]}/9"
}

# sink SIDE: swallow such datagrams
sink()
{
	on "$1" socat -u UDP4-RECV:9 OPEN:/dev/null &
	wait_for 10 listens_at "$1" -u 9
}

# listens_at SIDE -t|-u PORT
listens_at()
{
	[[ $(on "$1" ss -Hln "$2" "sport = :$3") ]]
}

# exchange FAMILY: one TCP connection, a file to either side, complete and unaltered
exchange()
{
	local address=${IN4[B]} listener

	[[ $1 == 4 ]] || address=[${IN6[B]}]
	on B timeout 60 socat -t 60 - "TCP$1-LISTEN:5001,reuseaddr" \
		<"$TMP/payload" >"$TMP/received.B" &
	listener=$!
	wait_for 10 listens_at B -t 5001
	on A timeout 60 socat -t 60 - "TCP$1:$address:5001" <"$TMP/payload" >"$TMP/received.A"
	wait "$listener"
	cmp "$TMP/payload" "$TMP/received.A"
	cmp "$TMP/payload" "$TMP/received.B"
}

# ticks SECONDS: numbered lines, one each so many seconds, until the stream stops
ticks()
{
	local n=0 never padding

	exec {never}<> <(:)
	printf -v padding '%0800d' 0
	while [[ ! -e $TMP/stream.stop ]]; do
		echo "$((++n)) $padding"
		read -rt "$1" -u "$never" || true
	done
	echo "end $n"
}

# stream_start SECONDS: one TCP connection, with such lines in both directions
stream_start()
{
	rm -f "$TMP"/stream.*
	touch "$TMP"/stream.{A,B}
	STREAM_SEEN=([A]=0 [B]=0)
	ticks "$1" | on B timeout 900 socat -t 60 - TCP4-LISTEN:5002,reuseaddr >"$TMP/stream.B" &
	STREAM=($!)
	wait_for 10 listens_at B -t 5002
	ticks "$1" | on A timeout 900 socat -t 60 - "TCP4:${IN4[B]}:5002" >"$TMP/stream.A" &
	STREAM+=($!)
	wait_for 10 stream_flows
}
declare -A STREAM_SEEN
STREAM=()

# stream_flows: lines have come in both directions since it was last true
stream_flows()
{
	local side
	local -A lines

	for side in A B; do
		lines[$side]=$(wc -l <"$TMP/stream.$side")
		((lines[$side] > STREAM_SEEN[$side])) || return 1
	done
	STREAM_SEEN=([A]=${lines[A]} [B]=${lines[B]})
}

# stream_stop: the connection was never lost, and every line has come, in order
stream_stop()
{
	local side pid

	touch "$TMP/stream.stop"
	for pid in "${STREAM[@]}"; do
		wait "$pid" || { echo "the inner TCP connection was lost"; return 1; }
	done
	for side in A B; do
		awk '$1 == "end" { complete = $2 == NR - 1; next }
			$1 != NR { exit }
			END { exit !complete }' "$TMP/stream.$side" ||
			{ echo "lines are missing at $side"; return 1; }
	done
}

# --- the wire ---

# tap_start: listen to the messages on the outer link
tap_start()
{
	# What is left of an earlier one must not be taken for this one's
	rm -f "$TMP/tap"
	# Not by on(): the number of the process is wanted
	nsenter --net="/run/netns/A-$RUN_ID" "$INTEROP_DIR/wiretap" va "$PORT" "$PORT2" >"$TMP/tap" &
	TAP=$!
	wait_for 10 grep -qs listening "$TMP/tap"
}

# tap_stop: from now on heard() tells what passed
tap_stop()
{
	kill "$TAP"
	wait "$TAP"
	# Shown if the check fails
	head -n 20 "$TMP/tap"
	grep -q '^lost 0$' "$TMP/tap"
}

# heard CONDITION [PRINT]: what passed and fulfils the condition, an awk expression of from (A
# or B), time, family, type, len, tos (a string of two hexadecimal digits), mac2; PRINT, an
# expression too, is the time by default
heard()
{
	awk 'NF == 7 {
		time = $1; from = $2 == "out" ? "A" : "B"
		family = $3; type = $4; len = $5; tos = $6 ""; mac2 = $7
		if ('"$1"')
			printf "%s\n", '"${2:-time}"'
	}' "$TMP/tap"
}

# count CONDITION
count()
{
	heard "$1" | wc -l
}

# between LOW HIGH VALUE WHAT: the value, which may be a fraction, lies there
between()
{
	awk -v low="$1" -v high="$2" -v value="$3" 'BEGIN {
		exit !(value != "" && value >= low + 0 && value <= high + 0)
	}' || { echo "$4: ${3:-none}, wanted $1 to $2"; return 1; }
}

# none CONDITION WHAT: no such message passed
none()
{
	local times

	times=$(count "$1")
	same "no $2" "no $2${times/#0/}"
}

# --- running ---

# kind_missing KIND: why it cannot be used, or nothing
kind_missing()
{
	case $1 in
	mytun | wireguard)
		modprobe "$1" 2>/dev/null || true
		if ! ip link add it-probe type "$1" 2>/dev/null; then
			echo "this kernel has no device of type $1"
		else
			ip link del it-probe
		fi
		[[ $1 == mytun ]] || have wg || echo "no wg" ;;
	wireguard-go)
		modprobe tun 2>/dev/null || true
		if ! have wireguard-go wg; then
			echo "no wireguard-go or no wg"
		elif [[ ! -c /dev/net/tun ]]; then
			echo "no /dev/net/tun for wireguard-go"
		fi ;;
	*)
		echo "unknown kind $1" ;;
	esac
}

# selected NAME: is it to be run?
selected()
{
	[[ $1 =~ ${ONLY:-} ]]
}

# busy_ms: how long the processors have not been idle; with --icount that is what costs time
busy_ms()
{
	awk '$1 == "cpu" { print ($2 + $3 + $4 + $7 + $8) * 10 }' /proc/stat
}

# run_pair PAIR CHECK...: the functions, with the hosts that they need
run_pair()
{
	local function missing start busy

	END_KIND=([A]=${1%:*} [B]=${1#*:})
	missing=$(kind_missing "${END_KIND[A]}")
	[[ $missing ]] || missing=$(kind_missing "${END_KIND[B]}")
	if [[ $missing ]]; then
		for function in setup "${@:2}"; do
			! selected "$function" || check "$1 $function" skip "$missing"
		done
		return
	fi
	check "$1 setup" hosts_create
	for function in "${@:2}"; do
		selected "$function" || continue
		start=$SECONDS busy=$(busy_ms)
		check "$1 $function" "$function"
		echo "# $function took $((SECONDS - start)) s, busy $(($(busy_ms) - busy)) ms"
	done
	hosts_delete
}

# run_pairs CHECK...: for each pair all functions; does not return
run_pairs()
{
	local function pair checks=1

	for function; do
		! selected "$function" || ((++checks))
	done
	plan $((checks * $(wc -w <<<"$PAIRS") + 2))
	need awk cmp ethtool socat ss
	[[ -x $INTEROP_DIR/wiretap ]] || skip_all "not built: make -C selftests/interop"
	keys A B
	head -c 500000 /dev/urandom >"$TMP/payload"
	for pair in $PAIRS; do
		run_pair "$pair" "$@"
	done
	finish
}
