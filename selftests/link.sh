#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Port and mark by rtnetlink: ip(8) with our plug-in and without it, and requests by hand.
#
#   +------ a ------+
#   | mt0           |   no traffic
#   +---------------+
#
#   IP_LIB_DIR	where link_mytun.so is, if not where ip looks for it

. "${0%/*}/lib.sh"

INPUT=${0%/*}/link_input
PORT=1		# IFLA_MYTUN_LISTEN_PORT, a u16
MARK=2		# IFLA_MYTUN_FWMARK, a u32

[[ $KIND == mytun ]] || skip_all "another kind's ABI"
plan 9
need jq

setup()
{
	ns_add a
	keys a
}

# make ARGUMENT...: mt0 with these options, for one check
make()
{
	ipn a link add mt0 type mytun "$@"
	defer ipn a link delete mt0
}

# is PORT MARK: as both ways of asking tell
is()
{
	same "$1 $2" "$(vpn a show mt0 listen-port) $(vpn a show mt0 fwmark)"
}

have_plugin()
{
	ip link help mytun >"$TMP/help" || skip "ip has no link_mytun.so"
	grep -q "listen-port PORT" "$TMP/help"
	grep -q "fwmark MARK" "$TMP/help"
}

with_plugin()
{
	have_plugin
	make listen-port 51820 fwmark 7
	is 51820 0x7
	same '51820 "0x7"' "$(ipn a -d -j link show mt0 | jq -r '.[0].linkinfo.info_data |
		"\(.listen_port) \(.fwmark | tojson)"')"
	grep -q "^    mytun listen-port 51820 fwmark 0x7 " <<<"$(ipn a -d link show mt0)"
	ipn a link set mt0 type mytun fwmark off
	is 51820 off
	ipn a -d link show mt0 >"$TMP/shown"
	fails grep fwmark "$TMP/shown"
	ipn a link set mt0 type mytun listen-port 5
	is 5 off
}

plugin_refuses()
{
	local options

	have_plugin
	for options in "listen-port 65536" "listen-port" "listen-port x" "listen-port -1" \
		"fwmark 0x100000000" "fwmark 7x" "key 5" "listen-port 5 fwmark"; do
		# shellcheck disable=SC2086 # words
		fails ipn a link add mt0 type mytun $options 2>"$TMP/error"
		grep -q "^mytun: " "$TMP/error"
		link_gone a mt0
	done
}

# As with any kind that ip knows nothing of
without_plugin()
{
	export IP_LIB_DIR=/nonexistent
	ipn a link add mt0 type mytun
	defer ipn a link delete mt0
	is 0 off
	grep -q "^    mytun " <<<"$(ipn a -d link show mt0)"
	ipn a -d -j link show mt0 | jq -e '.[0].linkinfo.info_kind == "mytun"'
	fails ipn a link add mt1 type mytun listen-port 5
	ipn a link set mt0 up
}

# raw ANSWER NAME ARGUMENT...: what link_input prints; a pattern
raw()
{
	local got

	got=$(on a "$INPUT" "${@:2}" 2>&1) || true
	# shellcheck disable=SC2053 # a pattern
	[[ $got == $1 ]] || { echo "wanted: $1"; echo "   got: $got"; return 1; }
}

by_hand()
{
	raw "0 " add mt0 "$PORT" 3412 "$MARK" 78563412
	defer ipn a link delete mt0
	is 4660 0x12345678
	raw "0 " set mt0
	raw "0 " set mt0 "$MARK" 00000000
	is 4660 off
	raw "0 " set mt0 "$PORT" 0500 "$MARK" 01000000
	is 5 0x1
	raw "17 *" add mt0
}

# Attributes that are too short, too long or empty: refused with words, and nothing is made or changed
malformed()
{
	local case

	make
	for case in "$PORT -" "$PORT 05" "$PORT 050000" "$PORT 05000000" "$MARK -" "$MARK 0700" \
		"$MARK 0700000000" "$MARK 0100000000000000" "$PORT 0600 $MARK 07" "$MARK 09000000 $PORT 01"; do
		# shellcheck disable=SC2086 # words
		raw "[1-9]* ?*" set mt0 $case
		# shellcheck disable=SC2086 # words
		raw "[1-9]* ?*" add mt1 $case
		is 0 off
		link_gone a mt1
	done
}

# A port that is taken: when the link comes up, or at once when it is. The mark of the same request
# is not set either.
port_in_use()
{
	ipn a link add mt1 type mytun
	defer ipn a link delete mt1
	ipn a link set mt1 up
	vpn a set mt1 listen-port 4321
	raw "0 " add mt0 "$PORT" E110
	defer ipn a link delete mt0
	is 4321 off
	fails ipn a link set mt0 up
	raw "0 " set mt0 "$PORT" E210
	ipn a link set mt0 up
	raw "98 the port is in use" set mt0 "$PORT" E110 "$MARK" 07000000
	is 4322 off
	raw "0 " set mt0 "$PORT" E310
	is 4323 off
	grep -q ":10E3 " <<<"$(on a cat /proc/net/udp)"
}

# other_user PID: it has a user namespace of its own
other_user()
{
	[[ $(readlink "/proc/$1/ns/user") != $(readlink /proc/self/ns/user) ]]
}

# The sockets stay where the link was made: who was given it may do all but change them
given_away()
{
	local pid guest

	have unshare || skip "missing: unshare"
	spawn a unshare --user --map-root-user --net sleep 100
	pid=$!
	wait_for 10 other_user "$pid"
	ipn a link add mt0 type mytun
	ipn a link set mt0 netns "$pid"
	guest=(nsenter --target "$pid" --user --net)
	"${guest[@]}" ip link set mt0 mtu 1300
	same "1 the sockets are in a namespace that is not yours" \
		"$("${guest[@]}" "$INPUT" set mt0 "$PORT" 0500 || true)"
	same "1 the sockets are in a namespace that is not yours" \
		"$("${guest[@]}" "$INPUT" set mt0 "$MARK" 05000000 || true)"
	same "0 off" "$(nsenter --target "$pid" --net "$TOOL" show mt0 listen-port
		) $(nsenter --target "$pid" --net "$TOOL" show mt0 fwmark)"
	same "0 " "$(nsenter --target "$pid" --net "$INPUT" set mt0 "$MARK" 05000000)"
}

setup
check "ip with the plug-in: port and mark" with_plugin
check "the plug-in says what is wrong, and no link is made" plugin_refuses
check "ip without the plug-in" without_plugin
check "port and mark by hand" by_hand
check "E50 malformed attributes are refused with words" malformed
check "B36 B49 a port in use changes nothing" port_in_use
check "port and mark are not for whom the link was given to" given_away
finish
