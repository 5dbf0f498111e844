#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own client for netlink, YNL, knows of us what docs/netlink/mytun.yaml says: each
# request, each dump and each event by its command line.
#
#   +-------- a --------+          +-------- b --------+
#   | out 10.0.0.1      |==========| out 10.0.0.2      |
#   | mt0 10.9.0.1      |..........| mt0 10.9.0.2      |
#   +-------------------+          +-------------------+
#
#   YNL		the client, cli.py of tools/net/ynl
#   SPEC	the description of the family
#
# Both are where "vm/run.sh --with python --add $(vm/ynl.sh):/ynl ..." has put them; check.sh
# has the whole command.

. "${0%/*}/lib.sh"

YNL=${YNL:-/ynl/tools/net/ynl/pyynl/cli.py}
SPEC=${SPEC:-/ynl/mytun.yaml}

[[ $KIND == mytun ]] || skip_all "another family"
[[ -e $YNL && -e $SPEC ]] || skip_all "no YNL, or no description"
plan 9
need python3 jq

# ynl NS ARGUMENT...: its answer as JSON
ynl()
{
	on "$1" python3 "$YNL" --spec "$SPEC" --no-schema --output-json "${@:2}"
}

# request --do|--dump NS OPERATION JSON: and note that it was tried
request()
{
	echo "$3 ${1#--}" >>"$TMP/tried"
	ynl "$2" "$1" "$3" --json "$4"
}

# hex KEY: as YNL wants it
hex()
{
	base64 -d <<<"$1" | od -An -v -tx1 | tr -d ' \n'
}

setup()
{
	ns_add a b
	keys a b c
	veth a out 10.0.0.1/24 - b out 10.0.0.2/24 -
	device b mt0 b 2 10.9.0.2/24
	peer b mt0 a allowed-ips 10.9.0.1/32
	ipn a link add mt0 type mytun
	addresses a mt0 10.9.0.1/24
	PSK=$("$TOOL" genpsk)
}

dev_set()
{
	peer a mt0 c
	request --do a dev-set '{"ifname": "mt0", "dev": {"private-key": "'"$(hex "${PRIV[a]}")"'",
		"listen-port": 1, "fwmark": 7, "flags": ["replace-peers"]}}'
	same "${PRIV[a]}" "$(vpn a show mt0 private-key)"
	same "1 0x7" "$(vpn a show mt0 listen-port) $(vpn a show mt0 fwmark)"
	same "" "$(vpn a show mt0 peers)"
}

# dev_is WHAT: the answer says what vpnctl says
dev_is()
{
	jq -e --arg key "$(hex "${PUB[a]}")" "$1"' | .ifname == "mt0" and .dev."listen-port" == 1 and
		.dev.fwmark == 7 and (.dev."public-key" | gsub("[ :]"; "")) == $key and
		.dev."peer-count" == 0 and .dev.drops."tx-no-peer" == 0' "$TMP/answer"
}

dev_get()
{
	request --do a dev-get '{"ifname": "mt0"}' >"$TMP/answer"
	cat "$TMP/answer"
	dev_is .
	request --dump a dev-get '{}' >"$TMP/answer"
	cat "$TMP/answer"
	jq -e 'length == 1' "$TMP/answer"
	dev_is '.[0]'
}

peer_new()
{
	request --do a peer-new '{"ifname": "mt0", "peer": {"public-key": "'"$(hex "${PUB[c]}")"'",
		"preshared-key": "'"$(hex "$PSK")"'", "endpoint-addr": "10.0.0.9", "endpoint-port": 9,
		"persistent-keepalive": 25, "allowedips": {"entry": [
			{"addr": "10.9.0.9", "prefix-len": 32}, {"addr": "fd09::", "prefix-len": 64}]}}}'
	same "${PUB[c]} $PSK 10.0.0.9:9 10.9.0.9/32,fd09::/64 0 0 25" "$(dumped)"
}

# dumped: a's first peer as vpnctl tells it, without the bytes sent
dumped()
{
	vpn a show mt0 dump | sed -n 2p | awk '{ print $1, $2, $3, $4, $5, $6, $8 }'
}

peer_set()
{
	request --do a peer-set '{"ifname": "mt0", "peer": {"public-key": "'"$(hex "${PUB[c]}")"'",
		"persistent-keepalive": 0, "allowedips": {"entry": [
			{"addr": "10.9.0.9", "prefix-len": 32, "flags": ["remove"]}]}}}'
	same "${PUB[c]} $PSK 10.0.0.9:9 fd09::/64 0 0 off" "$(dumped)"
	request --do a peer-set '{"ifname": "mt0", "peer": {"public-key": "'"$(hex "${PUB[c]}")"'",
		"flags": ["replace-allowedips"], "allowedips": {"entry": [
			{"addr": "10.9.0.0", "prefix-len": 25}]}}}'
	same "${PUB[c]} $PSK 10.0.0.9:9 10.9.0.0/25 0 0 off" "$(dumped)"
}

# peer_is WHAT: of the answer
peer_is()
{
	jq -e --arg key "$(hex "${PUB[c]}")" "$1"' | .ifname == "mt0" and
		(.peer."public-key" | gsub("[ :]"; "")) == $key and .peer."endpoint-addr" == "10.0.0.9" and
		.peer."endpoint-port" == 9 and .peer."persistent-keepalive" == 0 and
		.peer.allowedips.entry == [{"addr": "10.9.0.0", "prefix-len": 25}] and
		.peer."last-handshake-sec" == 0' "$TMP/answer"
}

peer_get()
{
	request --do a peer-get '{"ifname": "mt0", "peer": {"public-key": "'"$(hex "${PUB[c]}")"'"}}' \
		>"$TMP/answer"
	cat "$TMP/answer"
	peer_is .
	request --dump a peer-get '{"ifname": "mt0"}' >"$TMP/answer"
	cat "$TMP/answer"
	jq -e 'length == 1' "$TMP/answer"
	peer_is '.[0]'
	# What it says of a refusal are the kernel's words
	fails request --do a peer-get '{"ifname": "mt0", "peer": {"public-key": "'"$(hex "${PUB[b]}")"'"}}' \
		>"$TMP/answer"
	grep -q "no such peer" "$TMP/answer"
}

has_event()
{
	grep -q "\"name\": *\"$1\"" "$TMP/events"
}

events()
{
	local key

	key=$(hex "${PUB[b]}")
	# shellcheck disable=SC2016 # for sh
	spawn a sh -c 'exec python3 -u "$0" --spec "$1" --no-schema --output-json --subscribe events \
		--duration 120 >"$2"' "$YNL" "$SPEC" "$TMP/events"
	peer a mt0 b allowed-ips 10.9.0.2/32 endpoint 10.0.0.2:2
	# It may not have subscribed yet: until it has, a session comes and goes
	wait_for 60 one_session
	vpn b set mt0 peer "${PUB[a]}" cipher auto
	vpn a set mt0 peer "${PUB[b]}" cipher auto
	wait_for 10 probed
	vpn b set mt0 listen-port 3
	ping_one b 10.9.0.1
	wait_for 10 has_event endpoint-ntf
	request --do a peer-del '{"ifname": "mt0", "peer": {"public-key": "'"$key"'"}}'
	same "${PUB[c]}" "$(vpn a show mt0 peers)"
	wait_for 10 removed_is_told
	cat "$TMP/events"
}

one_session()
{
	ping_one a 10.9.0.2
	has_event peer-up-ntf || {
		ipn a link set mt0 down
		ipn a link set mt0 up
		return 1
	}
}

# The peer has to say first that it answers
probed()
{
	ping_one a 10.9.0.2
	request --do a peer-probe '{"ifname": "mt0", "peer": {"public-key": "'"$(hex "${PUB[b]}")"'",
		"probe-id": 7, "probe-size": 1000}}'
	wait_for 2 has_event probe-ntf
	jq -es 'map(select(.name == "probe-ntf" and .msg.peer."probe-id" == 7 and
		.msg.peer."probe-size" == 1000)) | length >= 1' "$TMP/events"
}

removed_is_told()
{
	jq -es --arg key "$(hex "${PUB[b]}")" 'map(select(.name == "peer-dead-ntf" and
		.msg.peer.reason == "removed" and (.msg.peer."public-key" | gsub("[ :]"; "")) == $key)) |
		length == 1' "$TMP/events"
}

# Everything that the description has, was tried
all_tried()
{
	local name modes

	ynl a --list-msgs >"$TMP/messages"
	cat "$TMP/messages"
	(($(grep -c . "$TMP/messages") >= 11))
	while read -r name modes; do
		case $modes in
		*event*) has_event "$name" ;;
		*)
			[[ $modes != *do* ]] || grep -qx "$name do" "$TMP/tried"
			[[ $modes != *dump* ]] || grep -qx "$name dump" "$TMP/tried" ;;
		esac
	done <"$TMP/messages"
}

setup
check "YNL dev-set" dev_set
check "YNL dev-get, and as a dump" dev_get
check "YNL peer-new" peer_new
check "YNL peer-set" peer_set
check "YNL peer-get, and as a dump" peer_get
check "YNL peer-del, and the events" events
check "YNL has driven all that there is" all_tried
finish
