#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A tunnel on one screen, in a guest: `make demo`. Every line that begins with a
# tick was checked just before; the first thing that is not true ends it.
#
#	KIND	kind of the devices (mytun), TOOL what configures them (vpnctl)
#	COLOUR	use colours

set -eu

KIND=${KIND:-mytun}
TOOL=${TOOL:-vpnctl}
PORT=51820
MARKER='a secret that nobody on the way may read'

TMP=$(mktemp -d)
declare -A PRIVATE PUBLIC

# ---- what is shown ----

bold='' green='' red='' dim='' plain=''
if [[ ${COLOUR:-} ]]; then
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[m'
fi

title()
{
	echo "$bold$*$plain"
}

passed()
{
	echo " $green✓$plain $*"
}

fail()
{
	echo " $red✗ $*$plain"
	exit 1
}

# indent: at most 80 columns of what comes in
indent()
{
	cut -c 1-76 | sed "s/^/    $dim/; s/\$/$plain/"
}

# last_words: the command that has failed, as "set -e" is silent about it
last_words()
{
	echo " $red✗ failed: line $1: $2$plain"
}

# ---- the hosts ----

picture()
{
	cat <<-END
	   client 10.1.0.2 ----- 10.1.0.1  r  10.2.0.1 ----- 10.2.0.2 server
	      ║                            o                             ║
	     mt0 10.9.0.2 ═════════════════u═══════════════ 10.9.0.1 mt0
	                                   t                             ║
	     wg0 10.9.0.3 ═════════════════e═════════════════════════════╝
	      ║                            r
	   laptop 10.3.0.2 ----- 10.3.0.1            (laptop: wireguard.ko)
	END
}

# cable HOST NUMBER: between the host and the router, as 10.NUMBER.0.0/24
cable()
{
	ip link add eth0 netns "$1" type veth peer name "to-$1" netns router
	ip -n "$1" address add "10.$2.0.2/24" dev eth0
	ip -n router address add "10.$2.0.1/24" dev "to-$1"
	ip -n "$1" link set eth0 up
	ip -n router link set "to-$1" up
	ip -n "$1" route add default via "10.$2.0.1"
}

on()
{
	nsenter --net="/run/netns/$1" "${@:2}"
}

hosts()
{
	local name

	for name in client router server laptop; do
		ip netns add "$name"
		ip -n "$name" link set lo up
		PRIVATE[$name]=$("$TOOL" genkey)
		PUBLIC[$name]=$("$TOOL" pubkey <<<"${PRIVATE[$name]}")
	done
	cable client 1
	cable server 2
	cable laptop 3
	on router sysctl -q -w net.ipv4.ip_forward=1
}

# device HOST NAME KIND TOOL ADDRESS [SETTING...]
device()
{
	ip -n "$1" link add "$2" type "$3"
	on "$1" "$4" set "$2" private-key <(echo "${PRIVATE[$1]}") "${@:6}"
	ip -n "$1" address add "$5/24" dev "$2"
	ip -n "$1" link set "$2" up
}

tunnel()
{
	local to_server=(peer "${PUBLIC[server]}" endpoint "10.2.0.2:$PORT" allowed-ips 10.9.0.0/24)

	device server mt0 "$KIND" "$TOOL" 10.9.0.1 listen-port $PORT \
		peer "${PUBLIC[client]}" allowed-ips 10.9.0.2/32 \
		peer "${PUBLIC[laptop]}" allowed-ips 10.9.0.3/32
	device client mt0 "$KIND" "$TOOL" 10.9.0.2 "${to_server[@]}"
	device laptop wg0 wireguard wg 10.9.0.3 "${to_server[@]}"
}

# ---- what happens ----

# pings HOST: five to the server through the tunnel, all answered; prints the times
pings()
{
	on "$1" ping -q -c 5 -i 0.2 -W 5 10.9.0.1 >"$TMP/ping"
	grep -q ' 5 received' "$TMP/ping" || fail "pings were lost"
	sed -nE 's:^rtt .* = [^/]*/([^/]*)/.*:5 of 5 pings answered, \1 ms on average:p' "$TMP/ping"
}

# handshake HOST: with whom the server has had one, by its own word
handshake()
{
	on server "$TOOL" show mt0 latest-handshakes |
		awk -v key="${PUBLIC[$1]}" '$1 == key && $2 > 0 { yes = 1 } END { exit !yes }'
}

listens()
{
	[[ $(on server ss -Hltn "sport = :7000") ]]
}

# wait_for COMMAND...
wait_for()
{
	local i

	for ((i = 0; i < 100; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	fail "did not come true within 10 s: $*"
}

# transfer HOST: a file to the server through the tunnel; prints how fast
transfer()
{
	local receiver start

	on server timeout 90 socat -u TCP-LISTEN:7000,reuseaddr "CREATE:$TMP/received" &
	receiver=$!
	wait_for listens
	start=${EPOCHREALTIME/[.,]/}
	on "$1" timeout 60 socat -u "OPEN:$TMP/file" TCP:10.9.0.1:7000
	wait "$receiver"
	cmp "$TMP/file" "$TMP/received" || fail "what arrived is not what was sent"
	awk -v bytes="$(stat -c %s "$TMP/file")" -v us=$((${EPOCHREALTIME/[.,]/} - start)) 'BEGIN {
		printf "%.1f MB by TCP, unaltered, %.0f Mbit/s (in emulation)\n", bytes / 1e6, bytes * 8 / us
	}'
}

# sniff HOST DEVICE NAME: keep what passes there in the file
sniff()
{
	# Not by on(), whose shell would get the signal at the end
	nsenter --net="/run/netns/$1" tcpdump -i "$2" -U --immediate-mode -B 16384 \
		-w "$TMP/$3" 2>"$TMP/$3.log" &
	SNIFFERS+=($!)
	wait_for grep -qs 'listening on' "$TMP/$3.log"
}
SNIFFERS=()

sniff_end()
{
	sleep 0.5
	kill "${SNIFFERS[@]}"
	wait "${SNIFFERS[@]}" || true
}

# dump FILE FILTER SKIP: one packet's first bytes, without the first SKIP lines
dump()
{
	tcpdump -r "$TMP/$1" -n -X -c 1 "$2" 2>/dev/null | sed -n "$(($3 + 2)),$(($3 + 4))p" | tr '\t' ' ' |
		sed 's/^ *//'
}

# How often it is there, over and over in the file as it is
markers()
{
	grep -aoF "$MARKER" "$TMP/$1" | wc -l
}

# sniffed: the router has seen the whole transfer, and could read none of it
sniffed()
{
	local inside outside other

	inside=$(markers inside)
	outside=$(markers outside)
	other=$(tcpdump -r "$TMP/outside" -n "not udp port $PORT and not arp and ip" 2>/dev/null | wc -l)
	((inside > 10000)) || fail "the text is not in the tunnel: $inside times"
	(($(stat -c %s "$TMP/outside") > $(stat -c %s "$TMP/file"))) || fail "the router has not seen the transfer"
	((outside == 0)) || fail "the router could read the text, $outside times"
	((other == 0)) || fail "$other packets were not the tunnel's"
	passed "the text is in the tunnel $inside times, and on the router not once"
	echo "   what goes into mt0 on the client"
	dump inside 'tcp dst port 7000 and greater 1000' 3 | indent
	echo "   what the router forwards: UDP port $PORT, nothing else"
	dump outside 'greater 1000' 3 | indent
}

main()
{
	local result

	modprobe "$KIND"
	modprobe wireguard
	yes "$MARKER" | head -c 2000000 >"$TMP/file" || true
	title "$KIND: three hosts and a router on Linux $(uname -r)"
	picture
	hosts
	tunnel

	title "The tunnel"
	result=$(pings client)
	handshake client || fail "the server knows of no handshake"
	passed "handshake; $result"
	sniff client mt0 inside
	sniff router to-client outside
	result=$(transfer client)
	sniff_end
	passed "$result"

	title "The man in the middle"
	sniffed

	title "The same server, and a stock WireGuard peer"
	[[ $(ip -n laptop -d link show wg0) == *wireguard* ]] || fail "the laptop has no WireGuard"
	result=$(pings laptop)
	handshake laptop || fail "the server knows of no handshake with the laptop"
	passed "handshake; $result"
	result=$(transfer laptop)
	passed "$result"

	title "server# $TOOL show"
	on server env WG_COLOR_MODE="${bold:+always}" "$TOOL" show mt0 >"$TMP/show"
	(($(grep -c 'latest handshake' "$TMP/show") == 2)) || fail "$TOOL show does not show two handshakes"
	sed -n 's/./    &/p' "$TMP/show"
}

trap 'last_words "$LINENO" "$BASH_COMMAND"' ERR
set -E
main
